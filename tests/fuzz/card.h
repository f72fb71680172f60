/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card for searches: cryptography that protects nothing, an eIM, two profiles of which one is
 * enabled, a download that is prepared. Made once; every input starts from a copy of its memory.
 */
#ifndef TESTS_FUZZ_CARD_H
#define TESTS_FUZZ_CARD_H

#include <string.h>

#include "host/card/blocks.h"
#include "tern/bpp.h"
#include "tests/fuzz/card_certificates.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/open_crypto.h"
#include "tests/support/upp.h"

#define CARD_MEMORY 65536
#define CARD_EID    "89049032123451234512345678901235"

static inline int open_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 0x42, size);
    return TERN_OK;
}

static inline int open_sha1(void *context, uint8_t digest[TERN_SHA1_SIZE], struct tern_bytes in)
{
    (void)context, (void)in;
    memset(digest, 0, TERN_SHA1_SIZE);
    return TERN_OK;
}

static inline int open_sign(void *context, uint8_t signature[TERN_SIGNATURE_SIZE],
                            struct tern_key key, const struct tern_bytes *parts, size_t count)
{
    (void)context, (void)key, (void)parts, (void)count;
    memset(signature, 0x11, TERN_SIGNATURE_SIZE);
    return TERN_OK;
}

static inline int open_generate(void *context, enum tern_curve curve,
                                uint8_t scalar[TERN_SCALAR_SIZE], uint8_t point[TERN_POINT_SIZE])
{
    (void)context, (void)curve;
    memset(scalar, 1, TERN_SCALAR_SIZE);
    memset(point, 2, TERN_POINT_SIZE);
    point[0] = 4;
    return TERN_OK;
}

struct fuzz_card {
    struct tern_card card;
    struct tern_crypto crypto;
    struct card_blocks blocks;
    struct tern_card_ci ci;
    struct tern_card_config config;
    struct tern_card_store_entry entries[TERN_CARD_ENTRY_COUNT(CARD_MEMORY)];
    uint64_t work[TERN_CARD_WORK_SIZE / 8];
    uint8_t response[TERN_CARD_RESPONSE_SIZE];
    size_t response_size;
};

static struct fuzz_card fuzz_card;
static uint8_t *fuzz_saved;
static size_t fuzz_saved_size;

static inline uint16_t card_apdu(struct tern_bytes command)
{
    struct tern_writer out = TERN_WRITER_OF(fuzz_card.response);
    tern_card_transmit(&fuzz_card.card, &out, command);
    FUZZ_CHECK(out.size >= 2 && out.size <= TERN_CARD_RESPONSE_SIZE);
    FUZZ_CHECK(!fuzz_card.card.mute);
    fuzz_card.response_size = out.size - 2;
    return (uint16_t)(fuzz_card.response[out.size - 2] << 8 | fuzz_card.response[out.size - 1]);
}

static inline uint16_t card_hex(const char *text)
{
    uint8_t bytes[300];
    return card_apdu(hex(bytes, sizeof bytes, text));
}

/* One ES10 command or segment on channel 0; the whole response is fetched. */
static inline uint16_t card_command(struct tern_bytes data)
{
    uint8_t number = 0;
    uint16_t status = 0x9000;
    while (data.size > 0 && (status == 0x9000 || number == 0)) {
        uint8_t apdu[261];
        struct tern_writer out = TERN_WRITER_OF(apdu);
        struct tern_bytes part = tern_bytes_slice(data, 0, 255);
        data = tern_bytes_slice(data, part.size, data.size);
        tern_write_uint(&out, 0x80E2, 2);
        tern_write_byte(&out, data.size == 0 ? 0x91 : 0x11);
        tern_write_byte(&out, number++);
        tern_write_byte(&out, (uint8_t)part.size);
        tern_write(&out, part);
        status = card_apdu(tern_writer_bytes(&out));
    }
    while (status >> 8 == 0x61) {
        uint8_t get[] = {0x80, 0xC0, 0x00, 0x00, (uint8_t)status};
        status = card_apdu(TERN_BYTES_OF(get));
    }
    return status;
}

static inline void card_power_on(void)
{
    FUZZ_CHECK(tern_card_init(&fuzz_card.card, &fuzz_card.config) == TERN_OK);
    tern_card_lend(&fuzz_card.card, (uint8_t *)fuzz_card.work, sizeof fuzz_card.work);
}

/* AuthenticateServer and PrepareDownload: all signatures hold. */
static inline void card_prepare(void)
{
    uint8_t body[2000];
    uint8_t command[2100];
    uint8_t text[200];
    struct tern_writer inner = TERN_WRITER_OF(body);
    struct tern_writer out = TERN_WRITER_OF(command);
    static const uint8_t SIGNATURE[64] = {1};
    struct tern_bytes key_id = tern_bytes(NULL, 0);
    for (size_t i = 0; i + 26 < sizeof CERTIFICATE_DPAUTH; i++) {
        /* AKI extension: 06 03 55 1D 23 04 18 30 16 80 14 id */
        static const uint8_t AKI[] = {0x55, 0x1D, 0x23, 0x04, 0x18, 0x30, 0x16, 0x80, 0x14};
        if (memcmp(CERTIFICATE_DPAUTH + i, AKI, sizeof AKI) == 0) {
            key_id = tern_bytes(CERTIFICATE_DPAUTH + i + sizeof AKI, 20);
        }
    }
    FUZZ_CHECK(card_hex("80E2910003BF2E0000") == 0x9000);
    tern_write(&inner, hex(text, sizeof text,
                           "303B800101811042424242424242424242424242424242830C736D64702E6578616D"
                           "706C65841000000000000000000000000000000000"));
    body[1] = (uint8_t)(inner.size - 2);
    tern_der_write(&inner, 0x5F37, TERN_BYTES_OF(SIGNATURE));
    tern_der_write(&inner, 0x04, key_id);
    tern_write(&inner, TERN_BYTES_OF(CERTIFICATE_DPAUTH));
    tern_write(&inner, hex(text, sizeof text, "A00AA108800400000000A100"));
    tern_der_write(&out, 0xBF38, tern_writer_bytes(&inner));
    FUZZ_CHECK(card_command(tern_writer_bytes(&out)) == 0x9000);
    inner.size = 0;
    out.size = 0;
    tern_write(&inner, hex(text, sizeof text, "3006800101010100"));
    tern_der_write(&inner, 0x5F37, TERN_BYTES_OF(SIGNATURE));
    tern_write(&inner, TERN_BYTES_OF(CERTIFICATE_DPPB));
    tern_der_write(&out, 0xBF21, tern_writer_bytes(&inner));
    FUZZ_CHECK(card_command(tern_writer_bytes(&out)) == 0x9000);
}

/* A package bound by the same cryptography. */
static inline struct tern_bytes card_package(unsigned n)
{
    static uint8_t package[8000];
    static uint8_t body[7000];
    static uint8_t upp[UPP_SIZE_MAX];
    static uint8_t metadata[200];
    uint8_t iccid[10];
    uint8_t point[65] = {4};
    uint8_t signature[64] = {1};
    struct tern_bsp_keys keys = {{0}, {0}, {0}};
    struct tern_writer inner = TERN_WRITER_OF(body);
    struct tern_writer out = TERN_WRITER_OF(package);
    struct tern_writer about = TERN_WRITER_OF(metadata);
    upp_iccid(iccid, n);
    tern_der_write_header(&about, 0xBF25, 12 + 3 + 3);
    tern_der_write(&about, 0x5A, TERN_BYTES_OF(iccid));
    tern_der_write(&about, 0x91, TERN_BYTES_TEXT("a"));
    tern_der_write(&about, 0x92, TERN_BYTES_TEXT("b"));
    struct tern_bpp_content content = {.store_metadata = tern_writer_bytes(&about),
                                       .upp = upp_make(upp, n, "")};
    FUZZ_CHECK(tern_bpp_bind_body(&fuzz_card.crypto, &inner, &keys, &content) == TERN_OK);
    struct tern_bpp_initialise initialise = {.transaction_id = TERN_BYTES_TEXT("\x01"),
                                             .host_id = TERN_BYTES_TEXT("h"),
                                             .smdp_otpk = TERN_BYTES_OF(point)};
    FUZZ_CHECK(tern_bpp_assemble(&out, &initialise, signature, tern_writer_bytes(&inner)) ==
               TERN_OK);
    return tern_writer_bytes(&out);
}

static inline void card_load(struct tern_bytes package)
{
    struct tern_bpp_segmenter segmenter = {.state = 0};
    struct tern_bytes segment;
    while (tern_bpp_next_segment(&segmenter, &segment, &package) == 1)
        card_command(segment);
}

/* Two profiles, the first one enabled; one eIM. */
static inline void card_furnish(void)
{
    FUZZ_CHECK(card_hex("00A4040C10A0000005591010FFFFFFFF8900000100") == 0x9000);
    for (unsigned n = 1; n <= 2; n++) {
        card_prepare();
        card_load(card_package(n));
    }
    uint8_t command[300];
    uint8_t data[250];
    struct tern_writer out = TERN_WRITER_OF(command);
    struct tern_bytes entry =
        hex(data, sizeof data,
            "800165810165820102830100A55BA059301306072A8648CE3D020106082A8648CE3D0301070342000460"
            "FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9"
            "E95628BC64F2F1B20C2D7E9F5177A3C294D44622998702078089"
            "00");
    tern_der_write_header(&out, 0xBF57, entry.size + 4);
    tern_der_write_header(&out, 0xA0, entry.size + 2);
    tern_der_write(&out, 0x30, entry);
    FUZZ_CHECK(card_command(tern_writer_bytes(&out)) == 0x9000);
    /* The enabled one by ES10c, as a consumer card offers it. */
    FUZZ_CHECK(card_hex("80E2910014BF3111A00C5A0A9800103254769810001081010000") == 0x9000);
    FUZZ_CHECK(fuzz_card.card.profiles[0].enabled);
}

static inline void card_save(void)
{
    fuzz_saved_size = fuzz_card.blocks.size[0] + fuzz_card.blocks.size[1] + 16;
    fuzz_saved = malloc(fuzz_saved_size);
    memcpy(fuzz_saved, fuzz_card.blocks.size, 16);
    for (size_t bank = 0, at = 16; bank < 2; bank++) {
        if (fuzz_card.blocks.size[bank] > 0) {
            memcpy(fuzz_saved + at, fuzz_card.blocks.data[bank], fuzz_card.blocks.size[bank]);
        }
        at += fuzz_card.blocks.size[bank];
    }
}

/* The furnished card, newly switched on, with the ISD-R selected on channel 0. */
static inline void card_begin(void)
{
    if (fuzz_saved == NULL) {
        fuzz_card.crypto = OPEN_CRYPTO;
        fuzz_card.crypto.random = open_random;
        fuzz_card.crypto.sha1 = open_sha1;
        fuzz_card.crypto.ecdsa_sign = open_sign;
        fuzz_card.crypto.ec_generate = open_generate;
        card_blocks_open_memory(&fuzz_card.blocks, CARD_MEMORY + TERN_CARD_BANK_SLACK);
        fuzz_card.ci = (struct tern_card_ci){
            .ci_certificate = TERN_BYTES_OF(CERTIFICATE_CI),
            .eum_certificate = TERN_BYTES_OF(CERTIFICATE_EUM),
            .euicc_certificate = TERN_BYTES_OF(CERTIFICATE_EUICC),
            .key = {TERN_CURVE_P256, &fuzz_card},
        };
        fuzz_card.config = (struct tern_card_config){
            .cis = &fuzz_card.ci,
            .ci_count = 1,
            .crypto = &fuzz_card.crypto,
            .blocks = &fuzz_card.blocks.blocks,
            .entries = fuzz_card.entries,
            .entry_capacity = TERN_COUNT_OF(fuzz_card.entries),
            .memory = CARD_MEMORY,
            .consumer = true,
        };
        (void)tern_eid_from_text(fuzz_card.config.eid, TERN_BYTES_TEXT(CARD_EID));
        card_power_on();
        card_furnish();
        card_save();
    }
    size_t sizes[2];
    memcpy(sizes, fuzz_saved, sizeof sizes);
    for (size_t bank = 0, at = 16; bank < 2; bank++) {
        free(fuzz_card.blocks.data[bank]);
        fuzz_card.blocks.data[bank] = malloc(sizes[bank] + 1);
        fuzz_card.blocks.capacity[bank] = sizes[bank] + 1;
        fuzz_card.blocks.size[bank] = sizes[bank];
        fuzz_card.blocks.synced[bank] = sizes[bank];
        memcpy(fuzz_card.blocks.data[bank], fuzz_saved + at, sizes[bank]);
        at += sizes[bank];
    }
    card_power_on();
    FUZZ_CHECK(card_hex("00A4040C10A0000005591010FFFFFFFF8900000100") == 0x9000);
}

/* What was committed is what the next start finds. */
static inline void card_end(void)
{
    struct tern_card_numbers numbers = fuzz_card.card.numbers;
    unsigned installed = 0;
    unsigned found = 0;
    for (size_t i = 0; i < TERN_CARD_PROFILE_COUNT_MAX; i++) {
        installed += fuzz_card.card.profiles[i].installed ? 1 : 0;
    }
    FUZZ_CHECK(tern_card_reset(&fuzz_card.card) == TERN_OK);
    for (size_t i = 0; i < TERN_CARD_PROFILE_COUNT_MAX; i++) {
        found += fuzz_card.card.profiles[i].installed ? 1 : 0;
    }
    FUZZ_CHECK(installed == found);
    FUZZ_CHECK(numbers.sequence_number == fuzz_card.card.numbers.sequence_number);
    FUZZ_CHECK(numbers.association_token == fuzz_card.card.numbers.association_token);
}

#endif
