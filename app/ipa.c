/* SPDX-License-Identifier: Apache-2.0 */
/* `tern ipa`: the IPA of a device on this machine. */
#include "app/ipa.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/verbs.h"

/* clang-format off */
#define DEVICE_ROWS                                                                                \
    OPTION_TEXT(struct ipa_options, reader, "reader", "SPEC", "the card: tcp:HOST:PORT, unix:PATH, pcsc:NAME, at:DEVICE"), \
    OPTION_TEXT(struct ipa_options, state, "state", "DIR", "where the IPA keeps what must survive a power cut"), \
    OPTION_TEXT(struct ipa_options, ca, "ca", "FILE", "CI certificates (PEM or DER) that servers are checked against"), \
    OPTION_TEXT(struct ipa_options, carrier, "carrier", "NAME", "how the eIM is reached: https, coaps, oscore, coaps-nb-iot, oscore-nb-iot"), \
    OPTION_TEXT(struct ipa_options, psk, "psk", "FILE", "DTLS pre-shared key for --carrier coaps, YAML; else the eIM's certificate"), \
    OPTION_UINT(struct ipa_options, ack_timeout_ms, "ack-timeout-ms", 0, 600000, "CoAP: before a datagram is repeated; 0: by the carrier"), \
    OPTION_TEXT(struct ipa_options, oscore, "oscore", "FILE", "keys for --carrier oscore, which is ours and not GSMA's"), \
    OPTION_TEXT(struct ipa_options, features, "feature", "LIST", "direct,indirect,eim-download-data,eim-ctx-params1,eim-metadata,minimize"), \
    OPTION_TEXT(struct ipa_options, modem, "modem", "SPEC", "sim:FILE[,gateway], a simulated modem and a second link; none: always covered"), \
    OPTION_TEXT(struct ipa_options, trace, "trace", "DIR", "keep every message that crossed an interface"), \
    OPTION_TEXT(struct ipa_options, tac, "tac", "DIGITS", "type allocation code, 8 digits"), \
    OPTION_TEXT(struct ipa_options, imei, "imei", "DIGITS", "15 digits"), \
    OPTION_TEXT(struct ipa_options, confirmation_code, "confirmation-code", "CODE", "for direct downloads that ask for one"), \
    OPTION_LIST(struct ipa_options, resolve, "resolve", "HOST:PORT:ADDR", "instead of DNS; repeatable"), \
    OPTION_UINT(struct ipa_options, poll_s, "poll", 0, 31536000, "seconds between wakes; 0: a day"), \
    OPTION_UINT(struct ipa_options, retry_ms, "retry-ms", 0, 86400000, "first wait after a failure; 0: 10 s"), \
    OPTION_UINT(struct ipa_options, timeout_ms, "timeout-ms", 0, 86400000, "of one network operation; 0: 120 s"), \
    OPTION_UINT(struct ipa_options, rollback_attempts, "rollback-attempts", 0, 255, "deliveries over a new profile before a rollback; 0: 3"), \
    OPTION_UINT(struct ipa_options, fallback_failures, "fallback-failures", 0, 255, "failed wakes before the fallback profile; 0: never"), \
    OPTION_UINT(struct ipa_options, stop_after, "stop-after", 0, 1000000, "cut power behind the n-th write to the card (tests)"), \
    OPTION_TEXT(struct ipa_options, swap_package, "swap-package", "FILE", "malware: another reply in place of the bound profile package (tests)"), \
    OPTION_UINT(struct ipa_options, stop_in, "stop-in", 0, 0xFFFF, "count only writes of this ES10 tag: 0xBF51, 0xBF36"), \
    OPTION_UINT(struct ipa_options, stop_after_exchanges, "stop-after-exchanges", 0, 1000000, "cut power behind the n-th reply (tests)"), \
    OPTION_FLAG(struct ipa_options, prefer_direct, "prefer-direct", "download directly where both ways are possible"), \
    OPTION_FLAG(struct ipa_options, immediate_enable, "immediate-enable", "enable a profile at once where the card is configured so"), \
    OPTION_FLAG(struct ipa_options, json, "json", "print JSON")
/* clang-format on */

static const struct option_row ONCE_ROWS[] = {
    DEVICE_ROWS,
    OPTION_TEXT(struct ipa_options, local, "local", "HEX",
                "an ES10b request of the device itself, such as BF5D038001FF, before the wake"),
};

static const struct option_row RUN_ROWS[] = {
    DEVICE_ROWS,
    OPTION_TEXT(struct ipa_options, ready, "ready", "FILE", "written once it runs"),
    OPTION_TEXT(struct ipa_options, listen, "listen", "ADDR:PORT",
                "take packages that the eIM injects, usually port 8446; else not"),
    OPTION_TEXT(struct ipa_options, certificate, "certificate", "FILE",
                "with --listen: the device's TLS certificate"),
    OPTION_TEXT(struct ipa_options, key, "key", "FILE", "with --listen: its private key"),
};

const struct option_table IPA_ONCE_TABLE = OPTION_TABLE(
    "tern ipa once --reader SPEC --state DIR [OPTION ...]",
    "One wake: deliver results, ask every eIM for packages, do what they say, sleep.", ONCE_ROWS);

const struct option_table IPA_RUN_TABLE =
    OPTION_TABLE("tern ipa run --reader SPEC --state DIR [OPTION ...]",
                 "Wake again and again, until a signal ends it.", RUN_ROWS);

static const struct ipa_options DEFAULTS = {
    .carrier = "https",
    .features = "direct,indirect",
};

static int run_local(struct ipa_setup *setup, const char *hex)
{
    uint8_t request[256];
    struct tern_writer out = TERN_WRITER_OF(request);
    if (tern_hex_decode(&out, tern_bytes_text(hex)) != TERN_OK ||
        tern_writer_status(&out) != TERN_OK) {
        fputs("tern ipa once: --local wants hex\n", stderr);
        return 2;
    }
    return device_local(&setup->device, tern_writer_bytes(&out)) == TERN_OK ? 0 : 2;
}

static int run_once(int argc, char **argv)
{
    static struct ipa_setup setup;
    struct ipa_options options = DEFAULTS;
    int status = options_parse(&IPA_ONCE_TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    status = ipa_setup(&setup, &options);
    if (status != 0) {
        return status;
    }
    int outcome = device_wake(&setup.device);
    if (outcome == TERN_OK && options.local != NULL) {
        status = run_local(&setup, options.local);
    }
    ipa_report(&setup, options.json);
    bool ok = outcome == TERN_OK && setup.device.failure == NULL;
    ipa_teardown(&setup);
    return status != 0 ? status : ok ? 0 : 1;
}

static int run_forever(int argc, char **argv)
{
    static struct ipa_setup setup;
    struct ipa_options options = DEFAULTS;
    int status = options_parse(&IPA_RUN_TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    status = ipa_setup(&setup, &options);
    if (status == 0) {
        status = ipa_serve(&setup, &options);
        ipa_teardown(&setup);
    }
    return status;
}

int verb_ipa(int argc, char **argv)
{
    static const struct command_row COMMANDS[] = {
        {"once",             run_once,             "one wake, then exit"                         },
        {"run",              run_forever,          "wake again and again; take injected packages"},
        {"probe",            ipa_probe,            "what the card says of itself"                },
        {"commission-serve", ipa_commission_serve, "the device's side of commissioning"          },
        {"commission",       ipa_commission,       "the platform's side: bind the first eIM"     },
        {"inject",           ipa_inject,           "what malware could send to the card"         },
        {NULL,               NULL,                 NULL                                          },
    };
    return command_run("tern ipa COMMAND", COMMANDS, argc, argv);
}
