/* SPDX-License-Identifier: Apache-2.0 */
/* tern eim: the standalone eIM, its enrolment file, and the client of its API. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/eim_commands.h"
#include "app/verbs.h"
#include "host/config/options.h"
#include "host/eim/eim_host.h"
#include "host/log/log.h"

/* clang-format off */
static const struct option_row SERVE_ROWS[] = {
    OPTION_TEXT(struct eim_host_options, data, "data", "DIR", "database, enrolment token, api.json"),
    OPTION_TEXT(struct eim_host_options, pki, "pki", "DIR", "signing and TLS keys of this eIM, CIs to trust"),
    OPTION_TEXT(struct eim_host_options, listen_esipa, "listen-esipa", "ADDR:PORT", "ESipa for the devices"),
    OPTION_TEXT(struct eim_host_options, listen_coaps, "listen-coaps", "ADDR:PORT", "ESipa over CoAP and DTLS, usually port 5684; else not"),
    OPTION_TEXT(struct eim_host_options, listen_oscore, "listen-oscore", "ADDR:PORT", "ESipa over CoAP and OSCORE; ours, not GSMA's"),
    OPTION_TEXT(struct eim_host_options, psk, "psk", "FILE", "DTLS pre-shared keys of the devices, YAML; certificates are offered as well"),
    OPTION_TEXT(struct eim_host_options, oscore, "oscore", "FILE", "OSCORE keys of the devices, YAML"),
    OPTION_TEXT(struct eim_host_options, coap_timing, "coap-timing", "default|nb-iot", "how patient CoAP and DTLS are"),
    OPTION_TEXT(struct eim_host_options, listen_api, "listen-api", "ADDR:PORT", "the API"),
    OPTION_TEXT(struct eim_host_options, ready, "ready", "FILE", "write where it listens, once it does"),
    OPTION_TEXT(struct eim_host_options, trace, "trace", "DIR", "keep every message that crosses a border"),
    OPTION_TEXT(struct eim_host_options, eim_id, "eim-id", "TEXT", "eimId; else the CN of the signing certificate"),
    OPTION_TEXT(struct eim_host_options, fqdn, "fqdn", "NAME", "eimFqdn; else the TLS certificate's"),
    OPTION_TEXT(struct eim_host_options, log_level, "log-level", "LEVEL", "debug, info, warn, error or none"),
    OPTION_LIST(struct eim_host_options, resolve, "resolve", "HOST:PORT:ADDR", "instead of DNS"),
    OPTION_LIST(struct eim_host_options, allow_network, "allow-network", "NET", "private network that SM-DP+s and webhooks may be in"),
    OPTION_LIST(struct eim_host_options, allow_port, "allow-port", "PORT", "port or range beside 443 that may be called"),
    OPTION_UINT(struct eim_host_options, workers, "workers", 1, 32, "threads for ESipa"),
    OPTION_UINT(struct eim_host_options, call_timeout_ms, "call-timeout-ms", 100, 600000, "for one call to an SM-DP+"),
    OPTION_UINT(struct eim_host_options, retry_ms, "retry-ms", 1, 86400000, "until the first retry of a notification; it doubles"),
    OPTION_UINT(struct eim_host_options, requests_per_second, "rate", 1, 100000, "API requests a second and token"),
    OPTION_TEXT(struct eim_host_options, api_client_ca, "api-client-ca", "FILE", "API clients must show a certificate under this CA"),
};
static const struct option_row ENROL_ROWS[] = {
    OPTION_TEXT(struct eim_enrol_options, pki, "pki", "DIR", "keys of this eIM"),
    OPTION_TEXT(struct eim_enrol_options, output, "output", "FILE", "where to write; else stdout"),
    OPTION_TEXT(struct eim_enrol_options, eim_id, "eim-id", "TEXT", "eimId; else the CN of the signing certificate"),
    OPTION_TEXT(struct eim_enrol_options, fqdn, "fqdn", "NAME", "eimFqdn, with :port when it is not 443"),
    OPTION_TEXT(struct eim_enrol_options, curve, "curve", "p256|brainpool", "which signing key"),
    OPTION_TEXT(struct eim_enrol_options, ci, "ci", "HEX", "euiccCiPKId: the CI whose key signs results"),
    OPTION_UINT(struct eim_enrol_options, counter, "counter", 0, 8388607, "initial counterValue"),
    OPTION_LIST(struct eim_enrol_options, protocol, "protocol", "NAME", "retrieve-https, retrieve-coaps, inject-https, inject-coaps, proprietary"),
    OPTION_FLAG(struct eim_enrol_options, no_token, "without-token", "do not ask for an association token"),
    OPTION_FLAG(struct eim_enrol_options, certificate, "certificate", "give the signing certificate, not only its key"),
    OPTION_FLAG(struct eim_enrol_options, tls_certificate, "tls-certificate", "give the TLS certificate, not only its key"),
    OPTION_FLAG(struct eim_enrol_options, no_indirect, "without-indirect", "no indirect profile download"),
    OPTION_FLAG(struct eim_enrol_options, json, "json", "say what is in it as JSON (with --output)"),
};
/* clang-format on */

static int run_serve(int argc, char **argv)
{
    static const struct option_table TABLE = OPTION_TABLE(
        "tern eim serve --data DIR --pki DIR [OPTION ...]",
        "Serves ESipa to devices and the API to operators. The first start writes a token for the\n"
        "API to DIR/enrolment-token.",
        SERVE_ROWS);
    struct eim_host_options options = {.listen_esipa = "127.0.0.1:8443",
                                       .listen_api = "127.0.0.1:8440",
                                       .log_level = "info",
                                       .workers = 1,
                                       .call_timeout_ms = 60000};
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    enum log_level level;
    if (argc != 1 || options.data == NULL || options.pki == NULL ||
        log_level_from_text(options.log_level, &level) != TERN_OK) {
        fprintf(stderr, "usage: %s\n", TABLE.usage);
        return 2;
    }
    log_set_level(level);
    return eim_host_serve(&options);
}

static int run_enrol_file(int argc, char **argv)
{
    static const struct option_table TABLE =
        OPTION_TABLE("tern eim enrol-file --pki DIR [--output FILE] [OPTION ...]",
                     "Writes the AddInitialEimRequest that a factory loads into its devices.\n"
                     "It holds no secret.",
                     ENROL_ROWS);
    struct eim_enrol_options options = {0};
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc != 1 || options.pki == NULL) {
        fprintf(stderr, "usage: %s\n", TABLE.usage);
        return 2;
    }
    return eim_host_enrol_file(&options);
}

int verb_eim(int argc, char **argv)
{
    static const struct command_row ROWS[] = {
        {"serve",      run_serve,      "serve ESipa and the API"                           },
        {"enrol-file", run_enrol_file, "write the AddInitialEim file for the factory"      },
        {"device",     eim_device,     "import, list, show, change, remove devices"        },
        {"profile",    eim_profile,    "list, enable, disable, delete profiles of a device"},
        {"download",   eim_download,   "have a device download a profile"                  },
        {"package",    eim_package,    "queue a package of several commands"               },
        {"data",       eim_data,       "ask a device for its data"                         },
        {"code",       eim_code,       "import, list, show activation codes"               },
        {"operation",  eim_operation,  "list, show, cancel, wait for operations"           },
        {"key",        eim_key,        "this eIM's keys; move a device to another one"     },
        {"handover",   eim_handover,   "hand a device to another eIM"                      },
        {"user",       eim_user,       "tokens of the API"                                 },
        {"audit",      eim_audit,      "who did what"                                      },
        {"event",      eim_event,      "what happened"                                     },
        {"webhook",    eim_webhook,    "who is called when something happens"              },
        {"backup",     eim_backup,     "write a copy of the database"                      },
        {NULL,         NULL,           NULL                                                },
    };
    return command_run("tern eim COMMAND [ARGUMENT ...]", ROWS, argc, argv);
}
