/* SPDX-License-Identifier: Apache-2.0 */
/* PINs, PUKs and administrative keys of a description. saip.md 9 */
#include <string.h>

#include "app/profile/build.h"

/* A code of 4 to 8 digits, or 16 hexadecimal ones for a key. */
static bool read_code(struct build *build, struct config_node node, uint8_t code[8])
{
    const char *text =
        config_is_map(node) ? config_text(config_get(node, "value")) : config_text(node);
    memset(code, 0xFF, 8);
    if (text != NULL && strlen(text) == 16) {
        struct tern_writer out = tern_writer(code, 8);
        if (tern_hex_decode(&out, tern_bytes_text(text)) == TERN_OK) return true;
    }
    if (text == NULL || !only_digits(text, 4, 8)) {
        build_fail(build, node, "wants 4 to 8 digits, or 16 hexadecimal ones");
        return false;
    }
    for (size_t i = 0; text[i] != '\0'; i++)
        code[i] = (uint8_t)text[i];
    return true;
}

static int64_t read_tries(struct build *build, struct config_node node, uint64_t fallback)
{
    uint64_t tries = fallback;
    if (config_uint(config_get(node, "tries"), 1, 15, &tries) != TERN_OK) build->failed = true;
    return (int64_t)(tries << 4 | tries);
}

struct pin_row {
    const char *key;
    uint8_t reference;
    uint8_t puk;
    uint8_t attributes;
    bool local; /* belongs to the application, not to the MF */
};
static const struct pin_row PINS[] = {
    {"pin1", 0x01, 0x01, 7, false},
    {"adm1", 0x0A, 0,    3, false},
    {"adm2", 0x0B, 0,    3, false},
    {"adm3", 0x0C, 0,    3, false},
    {"adm4", 0x0D, 0,    3, false},
    {"adm5", 0x0E, 0,    3, false},
    {"pin2", 0x81, 0x81, 3, true },
};
static const struct pin_row PUKS[] = {
    {"puk1", 0x01, 0, 0, false},
    {"puk2", 0x81, 0, 0, false}
};

static bool has_puk(struct config_node pins, uint8_t reference)
{
    for (size_t i = 0; i < TERN_COUNT_OF(PUKS); i++) {
        if (PUKS[i].reference == reference) return config_present(config_get(pins, PUKS[i].key));
    }
    return false;
}

void describe_puks(struct build *build, struct config_node pins)
{
    uint8_t list[64];
    struct tern_writer out = TERN_WRITER_OF(list);
    for (size_t i = 0; i < TERN_COUNT_OF(PUKS); i++) {
        struct config_node node = config_get(pins, PUKS[i].key);
        uint8_t code[8];
        if (!config_present(node) || !read_code(build, node, code)) continue;
        struct tern_puk_configuration puk = {.key_reference = PUKS[i].reference,
                                             .puk_value = TERN_BYTES_OF(code),
                                             .max_num_of_attempts_retry_left =
                                                 read_tries(build, node, 10)};
        (void)tern_asn_encode(&TERN_PUK_CONFIGURATION, &out, &puk);
    }
    if (out.size == 0) return;
    struct tern_pe_puk_codes codes = {.header = build_header(build),
                                      .puk_codes = tern_writer_bytes(&out)};
    build_record(build, &TERN_PE_PUK_CODES, &codes);
}

void describe_pins(struct build *build, struct config_node pins, bool local)
{
    uint8_t list[256];
    struct tern_writer out = TERN_WRITER_OF(list);
    for (size_t i = 0; i < TERN_COUNT_OF(PINS); i++) {
        struct config_node node = config_get(pins, PINS[i].key);
        uint8_t code[8] = {'0', '0', '0', '0', 0xFF, 0xFF, 0xFF, 0xFF};
        bool pin1 = PINS[i].reference == 0x01, enabled = !pin1;
        if (PINS[i].local != local || (!config_present(node) && !pin1)) continue;
        if (config_present(node) && !read_code(build, node, code)) continue;
        if (pin1 && config_present(node)) enabled = true;
        uint64_t attributes = PINS[i].attributes;
        if (config_bool(config_get(node, "enabled"), &enabled) != TERN_OK ||
            config_uint(config_get(node, "attributes"), 0, 255, &attributes) != TERN_OK) {
            build->failed = true;
        }
        if (!enabled) attributes &= ~(uint64_t)1;
        struct tern_pin_configuration pin = {
            .key_reference = PINS[i].reference,
            .pin_value = TERN_BYTES_OF(code),
            .has_unblocking_pin_reference = PINS[i].puk != 0 && has_puk(pins, PINS[i].puk),
            .unblocking_pin_reference = PINS[i].puk,
            .pin_attributes = (int64_t)attributes,
            .max_num_of_attempts_retry_left =
                read_tries(build, node, PINS[i].reference >= 0x0A && !local ? 10 : 3),
        };
        (void)tern_asn_encode(&TERN_PIN_CONFIGURATION, &out, &pin);
    }
    if (out.size == 0) return;
    struct tern_pe_pin_codes codes = {
        .header = build_header(build),
        .pin_codes = {.arm = TERN_PIN_CODES_IS_CONFIG, .pin_config = tern_writer_bytes(&out)}
    };
    build_record(build, &TERN_PE_PIN_CODES, &codes);
}
