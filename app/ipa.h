/* SPDX-License-Identifier: Apache-2.0 */
/* What the sub-commands of `tern ipa` share: options that describe a device, and its report. */
#ifndef APP_IPA_H
#define APP_IPA_H

#include "host/carrier/psk_file.h"
#include "host/config/options.h"
#include "host/ipa/device.h"
#include "host/ipa/radio.h"
#include "tern/coap.h"

#define IPA_EXCHANGES_MAX 512

struct ipa_options {
    const char *reader;
    const char *state;
    const char *ca;
    const char *carrier;
    const char *oscore;
    const char *psk;
    const char *features;
    const char *modem;
    const char *swap_package;
    const char *trace;
    const char *tac;
    const char *imei;
    const char *confirmation_code;
    struct option_list resolve;
    uint64_t poll_s;
    uint64_t retry_ms;
    uint64_t timeout_ms;
    uint64_t ack_timeout_ms;
    uint64_t rollback_attempts;
    uint64_t fallback_failures;
    uint64_t stop_after;
    uint64_t stop_in;
    uint64_t stop_after_exchanges;
    bool prefer_direct;
    bool immediate_enable;
    bool json;
    /* of some sub-commands */
    const char *ready;
    const char *local;
    const char *listen;
    const char *certificate;
    const char *key;
};

/** The rows for these; sub-commands with rows of their own put them into the same struct. */
extern const struct option_table IPA_ONCE_TABLE;
extern const struct option_table IPA_RUN_TABLE;

/** A device with what it stands on. */
struct ipa_setup {
    struct device device;
    struct radio radio;
    uint8_t *anchors;
    uint8_t *swapped;
    uint8_t device_info[32];
    char oscore_state[1024];
    struct psk_file *psk;
    struct tern_coap_timing coap_timing;
    struct {
        char name[64];
        const char *outcome;
        size_t request_size, reply_size;
        uint64_t ms;
    } exchanges[IPA_EXCHANGES_MAX];
    size_t exchange_count;
    size_t peak_bytes; /* of the heap */
};

/** Open reader, carriers and state. Says on stderr why not. 0 or 2. */
int ipa_setup(struct ipa_setup *setup, const struct ipa_options *options);
void ipa_teardown(struct ipa_setup *setup);

/** Print what happened since the last report. */
void ipa_report(struct ipa_setup *setup, bool json);

/** Only the reader, for tools that talk to the card themselves. 0 or 2. */
int ipa_open_reader(struct tern_reader *reader, const char *specification);

/** A8 ipaCapabilities, and the content of DeviceInfo, from the options. 0 or 2. */
int ipa_write_capabilities(struct tern_writer *out, const struct ipa_options *options);
int ipa_write_device_info(struct tern_writer *out, const struct ipa_options *options);

/** Wake again and again, and take injected packages where `options->listen` is given. */
int ipa_serve(struct ipa_setup *setup, const struct ipa_options *options);

int ipa_commission(int argc, char **argv);
int ipa_commission_serve(int argc, char **argv);
int ipa_inject(int argc, char **argv);
int ipa_probe(int argc, char **argv);

#endif
