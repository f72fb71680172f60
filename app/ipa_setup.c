/* SPDX-License-Identifier: Apache-2.0 */
/* A device from options: reader, carriers, state folder, trust anchors. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/ipa.h"
#include "host/carrier/coap.h"
#include "host/carrier/https.h"
#include "host/config/files.h"
#include "host/crypto/openssl.h"

#define CA_SIZE_MAX      (256 * 1024)
#define PACKAGE_SIZE_MAX (1024 * 1024)

int ipa_open_reader(struct tern_reader *reader, const char *specification)
{
    char why[200] = "";
    struct tern_writer text = tern_writer(why, sizeof(why) - 1);
    if (specification == NULL) {
        fputs("tern ipa: --reader is needed\n", stderr);
        return 2;
    }
    int status = reader_open(reader, specification, &text);
    if (status != TERN_OK) {
        fprintf(stderr, "tern ipa: reader %s: %s %s\n", specification, tern_error_text(status),
                why);
        return 2;
    }
    return 0;
}

/* "direct,indirect,eim-data,..." as ipaFeatures. */
static int take_features(uint32_t *features, const char *text)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } NAMES[] = {
        {"direct",            TERN_IPA_DIRECT           },
        {"indirect",          TERN_IPA_INDIRECT         },
        {"eim-download-data", TERN_IPA_EIM_DOWNLOAD_DATA},
        {"eim-ctx-params1",   TERN_IPA_EIM_CTX_PARAMS1  },
        {"eim-metadata",      TERN_IPA_EIM_METADATA     },
        {"minimize",          TERN_IPA_MINIMIZE_BYTES   },
    };
    *features = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, ",");
        uint32_t bit = 0;
        for (size_t i = 0; i < TERN_COUNT_OF(NAMES); i++) {
            if (strlen(NAMES[i].name) == size && memcmp(NAMES[i].name, text, size) == 0) {
                bit = NAMES[i].bit;
            }
        }
        if (bit == 0) {
            fprintf(stderr, "tern ipa: no feature '%.*s'\n", (int)size, text);
            return 2;
        }
        *features |= bit;
        text += size + (text[size] == ',');
    }
    return 0;
}

/* OSCORE is no protocol of GSMA's: a device that speaks it says "proprietary". */
static uint32_t protocols_of(const struct ipa_options *options)
{
    bool oscore = options->carrier != NULL && strncmp(options->carrier, "oscore", 6) == 0;
    return (uint32_t)(TERN_IPA_RETRIEVE_HTTPS | TERN_IPA_RETRIEVE_COAPS | TERN_IPA_INJECT_HTTPS) |
           (oscore ? (uint32_t)TERN_IPA_PROPRIETARY : 0);
}

static void write_bits(struct tern_writer *out, tern_tag tag, uint32_t bits)
{
    uint8_t value[2] = {0, 0};
    for (unsigned bit = 0; bit < 8; bit++) {
        if ((bits & 1U << bit) != 0) {
            value[1] |= (uint8_t)(0x80 >> bit);
            value[0] = (uint8_t)(7 - bit);
        }
    }
    tern_der_write(out, tag, TERN_BYTES_OF(value));
}

int ipa_write_capabilities(struct tern_writer *out, const struct ipa_options *options)
{
    uint32_t features;
    if (take_features(&features, options->features) != 0) {
        return 2;
    }
    tern_der_write_header(out, 0xA8, 8);
    write_bits(out, 0x80, features);
    write_bits(out, 0x81, protocols_of(options));
    return 0;
}

/* DeviceInfo: 80 tac, A1 deviceCapabilities{85 eutranEpc}, 82 imei? (sgp22.md 6.2) */
int ipa_write_device_info(struct tern_writer *out, const struct ipa_options *options)
{
    static const uint8_t CAPABILITIES[] = {0xA1, 0x05, 0x85, 0x03, 0x0D, 0x00, 0x00};
    uint8_t value[8];
    char digits[17];
    struct tern_writer tac = TERN_WRITER_OF(value);
    const char *text = options->tac != NULL ? options->tac : "35290611";
    if (tern_hex_decode(&tac, tern_bytes_text(text)) != TERN_OK || tac.size != 4) {
        fputs("tern ipa: --tac wants 8 digits\n", stderr);
        return 2;
    }
    tern_der_write(out, 0x80, tern_bytes(value, 4));
    tern_write(out, TERN_BYTES_OF(CAPABILITIES));
    if (options->imei == NULL) {
        return 0;
    }
    size_t size = strlen(options->imei);
    snprintf(digits, sizeof(digits), "%sF", size == 15 ? options->imei : "");
    for (size_t i = 0; i + 1 < sizeof(digits); i += 2) { /* nibbles swapped, as 24.008 has it */
        char swap = digits[i];
        digits[i] = digits[i + 1];
        digits[i + 1] = swap;
    }
    struct tern_writer imei = TERN_WRITER_OF(value);
    if (size != 15 || tern_hex_decode(&imei, tern_bytes(digits, 16)) != TERN_OK) {
        fputs("tern ipa: --imei wants 15 digits\n", stderr);
        return 2;
    }
    tern_der_write(out, 0x82, TERN_BYTES_OF(value));
    return 0;
}

/* The sanitizers bring their own heap. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* Heap in use before each thing the IPA wants: its peak is what the device needs. */
static void note_action(void *context)
{
    struct ipa_setup *setup = context;
    size_t used = __sanitizer_get_current_allocated_bytes != NULL
                      ? __sanitizer_get_current_allocated_bytes()
                      : mallinfo2().uordblks;
    setup->peak_bytes = used > setup->peak_bytes ? used : setup->peak_bytes;
}

static void note_exchange(void *context, const struct device_exchange *exchange)
{
    struct ipa_setup *setup = context;
    if (setup->exchange_count == IPA_EXCHANGES_MAX) {
        return;
    }
    size_t i = setup->exchange_count++;
    snprintf(setup->exchanges[i].name, sizeof(setup->exchanges[i].name), "%s%s",
             exchange->interface, exchange->name);
    setup->exchanges[i].outcome = exchange->outcome;
    setup->exchanges[i].request_size = exchange->request_size;
    setup->exchanges[i].reply_size = exchange->reply_size;
    setup->exchanges[i].ms = exchange->ms;
}

static int take_configuration(struct ipa_setup *setup, const struct ipa_options *options,
                              struct tern_ipa_config *config)
{
    int status = take_features(&config->features, options->features);
    if (status != 0) {
        return status;
    }
    struct tern_writer info = TERN_WRITER_OF(setup->device_info);
    status = ipa_write_device_info(&info, options);
    config->device = tern_writer_bytes(&info);
    config->protocols = protocols_of(options);
    config->prefer_direct = options->prefer_direct;
    config->immediate_enable = options->immediate_enable;
    config->poll_ms = options->poll_s * 1000;
    config->retry_ms = (uint32_t)options->retry_ms;
    config->rollback_attempts = (uint8_t)options->rollback_attempts;
    config->fallback_failures = (uint8_t)options->fallback_failures;
    config->crypto = tern_openssl();
    if (options->confirmation_code != NULL) {
        config->confirmation_code = tern_bytes_text(options->confirmation_code);
    }
    return status;
}

/* A file that stays in memory: `data` is freed at the end, `bytes` is the view of it. */
static int take_file(const char *path, size_t size_max, uint8_t **data, struct tern_bytes *bytes)
{
    size_t size;
    if (path == NULL) {
        return 0;
    }
    if (file_read(path, size_max, data, &size) != TERN_OK) {
        fprintf(stderr, "tern ipa: cannot read %s\n", path);
        return 2;
    }
    *bytes = tern_bytes(*data, size);
    return 0;
}

/* What leads to the eIM. DTLS sessions and OSCORE's sequence number live beside the saved bytes:
 * all survive a power cut. */
static struct carrier *eim_carrier(struct ipa_setup *setup, const struct ipa_options *options,
                                   const struct https_options *https)
{
    bool oscore = strncmp(options->carrier, "oscore", 6) == 0;
    if (strcmp(options->carrier, "https") == 0) {
        return https_carrier_new(https);
    }
    if (path_join(setup->oscore_state, sizeof(setup->oscore_state), options->state,
                  "oscore.state") != TERN_OK ||
        (oscore && options->oscore == NULL)) {
        return NULL;
    }
    char why[300];
    setup->coap_timing = strstr(options->carrier, "nb-iot") != NULL ? TERN_COAP_TIMING_NB_IOT
                                                                    : TERN_COAP_TIMING_DEFAULT;
    if (options->ack_timeout_ms != 0) {
        setup->coap_timing.ack_timeout_ms = (uint32_t)options->ack_timeout_ms;
        setup->coap_timing.ack_random_ms = (uint32_t)options->ack_timeout_ms / 2;
    }
    setup->psk = options->psk == NULL ? NULL : psk_file_load(options->psk, why, sizeof(why));
    if (options->psk != NULL && setup->psk == NULL) {
        fprintf(stderr, "tern ipa: %s\n", why);
        return NULL;
    }
    struct coap_options coap = {
        .resolve = options->resolve.items,
        .resolve_count = options->resolve.count,
        .timing = &setup->coap_timing,
        .session_folder = options->state,
        .certificate_folder = options->state,
        .no_certificates = strstr(options->features, "minimize") == NULL,
        .plain = oscore,
        .oscore_file = oscore ? options->oscore : NULL,
        .oscore_state = setup->oscore_state,
    };
    if (setup->psk != NULL) {
        psk_file_device(setup->psk, &coap.psk_identity, &coap.psk);
    }
    return coap_carrier_new(&coap);
}

static bool carrier_is_known(const char *name)
{
    static const char *const NAMES[] = {"https", "coaps", "coaps-nb-iot", "oscore",
                                        "oscore-nb-iot"};
    for (size_t i = 0; i < TERN_COUNT_OF(NAMES); i++) {
        if (strcmp(NAMES[i], name) == 0) {
            return true;
        }
    }
    return false;
}

int ipa_setup(struct ipa_setup *setup, const struct ipa_options *options)
{
    struct device_options device = {.state_folder = options->state,
                                    .trace_folder = options->trace,
                                    .stop_after = (unsigned)options->stop_after,
                                    .stop_in = (unsigned)options->stop_in,
                                    .stop_after_exchanges = (unsigned)options->stop_after_exchanges,
                                    .on_exchange = note_exchange,
                                    .on_action = note_action,
                                    .context = setup};
    signal(SIGPIPE, SIG_IGN);
    memset(setup, 0, sizeof(*setup));
    if (options->state == NULL || !carrier_is_known(options->carrier)) {
        fputs("tern ipa: --state is needed, and a --carrier that --help names\n", stderr);
        return 2;
    }
    int status = take_configuration(setup, options, &device.ipa);
    if (status == 0) {
        status = take_file(options->ca, CA_SIZE_MAX, &setup->anchors, &device.anchors);
    }
    if (status == 0) {
        status = take_file(options->swap_package, PACKAGE_SIZE_MAX, &setup->swapped,
                           &device.swapped_package);
    }
    if (status == 0) {
        status = ipa_open_reader(&device.reader, options->reader);
    }
    if (status == 0 && radio_open(&setup->radio, &device.modem, options->modem,
                                  &setup->device.options.reader) != TERN_OK) {
        fputs("tern ipa: --modem wants sim:FILE, sim:FILE,gateway or none\n", stderr);
        status = 2;
    }
    if (status != 0) {
        return status;
    }
    struct https_options https = {
        .resolve = {options->resolve.items, options->resolve.count},
        .timeout_ms = (unsigned)options->timeout_ms
    };
    device.server_carrier = https_carrier_new(&https);
    device.eim_carrier = eim_carrier(setup, options, &https);
    if (device.server_carrier == NULL || device.eim_carrier == NULL ||
        device_open(&setup->device, &device) != TERN_OK) {
        fprintf(stderr, "tern ipa: cannot use %s\n", options->state);
        return 2;
    }
    return 0;
}

void ipa_teardown(struct ipa_setup *setup)
{
    device_close(&setup->device);
    psk_file_free(setup->psk);
    setup->psk = NULL;
    free(setup->anchors);
    free(setup->swapped);
}

/* ---- The report ---- */

static const struct {
    const char *name;
    size_t offset;
} TALLY[] = {
    {"packages",          offsetof(struct tern_ipa_tally, packages)         },
    {"package_errors",    offsetof(struct tern_ipa_tally, package_errors)   },
    {"results",           offsetof(struct tern_ipa_tally, results)          },
    {"notifications",     offsetof(struct tern_ipa_tally, notifications)    },
    {"data_requests",     offsetof(struct tern_ipa_tally, data_requests)    },
    {"downloads",         offsetof(struct tern_ipa_tally, downloads)        },
    {"download_errors",   offsetof(struct tern_ipa_tally, download_errors)  },
    {"rollbacks",         offsetof(struct tern_ipa_tally, rollbacks)        },
    {"immediate_enables", offsetof(struct tern_ipa_tally, immediate_enables)},
    {"link_losses",       offsetof(struct tern_ipa_tally, link_losses)      },
};

static unsigned tally_of(const struct ipa_setup *setup, size_t index)
{
    const char *base = (const char *)&setup->device.ipa.tally;
    uint16_t value;
    memcpy(&value, base + TALLY[index].offset, sizeof(value));
    return value;
}

static void report_json(const struct ipa_setup *setup, const struct carrier_traffic *traffic)
{
    const struct device *device = &setup->device;
    printf("{\"ok\":%s", device->failure == NULL ? "true" : "false");
    for (size_t i = 0; i < TERN_COUNT_OF(TALLY); i++) {
        printf(",\"%s\":%u", TALLY[i].name, tally_of(setup, i));
    }
    printf(",\"last_error\":%u,\"failure\":", device->ipa.tally.last_error);
    printf(device->failure == NULL ? "null" : "\"%s\"", device->failure);
    printf(",\"round_trips\":%llu,\"bytes_up\":%llu,\"bytes_down\":%llu,\"packets_up\":%llu,"
           "\"packets_down\":%llu,\"handshakes\":%llu,\"peak_bytes\":%zu,\"messages\":[",
           (unsigned long long)traffic->round_trips, (unsigned long long)traffic->bytes_up,
           (unsigned long long)traffic->bytes_down, (unsigned long long)traffic->packets_up,
           (unsigned long long)traffic->packets_down, (unsigned long long)traffic->handshakes,
           setup->peak_bytes);
    for (size_t i = 0; i < setup->exchange_count; i++) {
        printf("%s{\"name\":\"%s\",\"outcome\":\"%s\",\"request\":%zu,\"reply\":%zu,\"ms\":%llu}",
               i > 0 ? "," : "", setup->exchanges[i].name, setup->exchanges[i].outcome,
               setup->exchanges[i].request_size, setup->exchanges[i].reply_size,
               (unsigned long long)setup->exchanges[i].ms);
    }
    puts("]}");
}

static void report_text(const struct ipa_setup *setup, const struct carrier_traffic *traffic)
{
    for (size_t i = 0; i < setup->exchange_count; i++) {
        printf("  %-34s %6zu B up %7zu B down %6llu ms  %s\n", setup->exchanges[i].name,
               setup->exchanges[i].request_size, setup->exchanges[i].reply_size,
               (unsigned long long)setup->exchanges[i].ms, setup->exchanges[i].outcome);
    }
    for (size_t i = 0; i < TERN_COUNT_OF(TALLY); i++) {
        if (tally_of(setup, i) > 0) {
            printf("  %-34s %6u\n", TALLY[i].name, tally_of(setup, i));
        }
    }
    printf("%llu round trips, on the wire %llu B up and %llu B down\n",
           (unsigned long long)traffic->round_trips, (unsigned long long)traffic->bytes_up,
           (unsigned long long)traffic->bytes_down);
    if (setup->device.failure != NULL) {
        printf("not all was done: %s\n", setup->device.failure);
    }
}

void ipa_report(struct ipa_setup *setup, bool json)
{
    struct carrier_traffic traffic = device_traffic(&setup->device);
    if (json) {
        report_json(setup, &traffic);
    } else {
        report_text(setup, &traffic);
    }
    fflush(stdout);
    setup->exchange_count = 0;
}
