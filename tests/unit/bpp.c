/* SPDX-License-Identifier: Apache-2.0 */
/* KDF, BSP and bound profile packages: vectors of sgp22.md 19, then bind, cut and open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/crypto/openssl.h"
#include "tern/bpp.h"
#include "tern/certificate.h"
#include "tests/support/hex.h"
#include "tests/support/seeded_crypto.h"

#define HEX(name, size, text)  \
    uint8_t name##_data[size]; \
    struct tern_bytes name = hex(name##_data, sizeof name##_data, text)

static const struct tern_crypto *crypto;

static void kdf_follows_nist_x963(void **state)
{
    (void)state;
    /* NIST CAVS ANSX963 2001, SHA-256. */
    static const struct {
        const char *secret, *info, *key;
    } VECTORS[] = {
        {"96c05619d56c328ab95fe84b18264b08725b85e33fd34f08", "",
         "443024c3dae66b95e6f5670601558f71"                                                },
        {"22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d", "75eef81aa3041e33b80971203d2c0c52",
         "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e52a13d9c7c6fc878c50c5ea0"
         "bc7b00e0da2447cfd874f6cf92f30d0097111485500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0a"
         "babc11f0bd496269142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21"},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        HEX(secret, 32, VECTORS[i].secret);
        HEX(info, 32, VECTORS[i].info);
        HEX(key, 128, VECTORS[i].key);
        for (size_t size = 1; size <= key.size; size++) {
            uint8_t out[129];
            out[size] = 0xA5;
            assert_int_equal(tern_kdf_x963(crypto, out, size, secret, info), TERN_OK);
            assert_memory_equal(out, key.data, size);
            assert_int_equal(out[size], 0xA5);
        }
    }
}

static void session_keys_follow_sgp22(void **state)
{
    (void)state;
    static const struct {
        const char *secret, *eid, *mcv, *enc, *mac;
    } VECTORS[] = {
        {"c9a993dd4879a8f7161f2085410edd4f9652f1df37be097ba96ba2ca6be528fe",
         "89049032123451234512345678901235", "406d507b448a699e7a36a38494debbde",
         "472f5bfadd97f21d34f3ce9b51b92751", "9ec07f5b36a13e12a991d66e294e6242"},
        {"8902dca391bbb22570fe60c176076246f568b1941265dff1d729e63039658089",
         "89049032123451234512345678901335", "734bc93ddb10c71c5ad13d420dc08b5b",
         "d782d575b22a38334556a3d9a1e2ae6b", "a35addc192ae8f934e2932116c7e89e7"},
    };
    HEX(host_id, 8, "8080808080808080");
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        HEX(secret, 32, VECTORS[i].secret);
        HEX(eid, 16, VECTORS[i].eid);
        HEX(mcv, 16, VECTORS[i].mcv);
        HEX(enc, 16, VECTORS[i].enc);
        HEX(mac, 16, VECTORS[i].mac);
        struct tern_bsp_keys keys;
        assert_int_equal(tern_kdf_bsp_secret(crypto, &keys, secret.data, host_id, eid.data),
                         TERN_OK);
        assert_memory_equal(keys.initial_mac_chaining_value, mcv.data, 16);
        assert_memory_equal(keys.s_enc, enc.data, 16);
        assert_memory_equal(keys.s_mac, mac.data, 16);
        assert_int_equal(tern_kdf_bsp_secret(crypto, &keys, secret.data, TERN_BYTES_NONE, eid.data),
                         TERN_ERR_RANGE);
    }
}

#define METADATA                                                                                   \
    "bf252d5a0a98001032547698103214910947534d415f54455354921147534d415f544553545f50524f46494c4595" \
    "0100"
#define REPLACE                                                                                    \
    "bf26368010000102030405060708090a0b0c0d0e0f8110010102030405060708090a0b0c0d0e0f82100201020304" \
    "05060708090a0b0c0d0e0f"

static struct tern_bsp_keys vector_keys(void)
{
    struct tern_bsp_keys keys;
    hex(keys.initial_mac_chaining_value, 16, "406d507b448a699e7a36a38494debbde");
    hex(keys.s_enc, 16, "472f5bfadd97f21d34f3ce9b51b92751");
    hex(keys.s_mac, 16, "9ec07f5b36a13e12a991d66e294e6242");
    return keys;
}

static void bsp_follows_the_trace_of_sgp22_19(void **state)
{
    (void)state;
    static const struct {
        tern_tag tag;
        const char *plain, *protected;
    } TRACE[] = {
        {0x87, "bf2400", "8718f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d89"},
        {0x88, METADATA, "8838" METADATA "8a62cc9adbb5ccbc"                    },
        {0x87, REPLACE,
         "8748a14c800a001992351cd46ad2945654674369701d82b7b46567652bc8fbed234939fc57fba748015525fd6"
         "c"
         "651e9d3d1330652d42a0cfad950e912122af4ec5362d3c0bc535729c40"          },
    };
    struct tern_bsp_keys keys = vector_keys();
    struct tern_bsp sender, receiver;
    tern_bsp_init(&sender, &keys);
    tern_bsp_init(&receiver, &keys);
    for (size_t i = 0; i < TERN_COUNT_OF(TRACE); i++) {
        HEX(plain, 100, TRACE[i].plain);
        HEX(expected, 100, TRACE[i].protected);
        uint8_t buffer[100];
        struct tern_writer out = TERN_WRITER_OF(buffer);
        assert_int_equal(tern_bsp_protect(&sender, crypto, &out, TRACE[i].tag, plain), TERN_OK);
        assert_int_equal(out.size, expected.size);
        assert_int_equal(out.size, tern_bsp_protected_size(TRACE[i].tag, plain.size));
        assert_memory_equal(buffer, expected.data, expected.size);
        struct tern_bytes opened;
        assert_int_equal(tern_bsp_unprotect(&receiver, crypto, &opened, buffer, out.size), TERN_OK);
        assert_true(tern_bytes_equal(opened, plain));
    }
    HEX(mcv, 16, "9412d7722a6a2d8930d8ba424f048693");
    tern_bsp_init(&sender, &keys);
    HEX(configure, 3, "bf2400");
    uint8_t buffer[32];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    assert_int_equal(tern_bsp_protect(&sender, crypto, &out, 0x87, configure), TERN_OK);
    assert_memory_equal(sender.keys.initial_mac_chaining_value, mcv.data, 16);
    assert_int_equal(sender.counter, 2);
}

/* Any flipped bit is refused and leaves the state as it was; sizes around a block all work. */
static void bsp_refuses_what_was_changed(void **state)
{
    (void)state;
    static const tern_tag TAGS[] = {0x86, 0x87, 0x88};
    struct tern_bsp_keys keys = vector_keys();
    for (size_t i = 0; i < 3 * 34; i++) {
        tern_tag tag = TAGS[i % 3];
        uint8_t plain[34], good[80], copy[80];
        memset(plain, 0, sizeof plain); /* zeros: the padding must not eat them */
        struct tern_bsp sender, receiver;
        tern_bsp_init(&sender, &keys);
        tern_bsp_init(&receiver, &keys);
        struct tern_writer out = TERN_WRITER_OF(good);
        assert_int_equal(tern_bsp_protect(&sender, crypto, &out, tag, tern_bytes(plain, i / 3)),
                         TERN_OK);
        struct tern_bytes opened;
        for (size_t bit = 0; bit < 8 * out.size; bit += 3) {
            memcpy(copy, good, out.size);
            copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
            struct tern_bsp before = receiver;
            assert_true(tern_bsp_unprotect(&receiver, crypto, &opened, copy, out.size) < 0);
            assert_memory_equal(&before, &receiver, sizeof before);
        }
        for (size_t size = 0; size < out.size; size++) {
            memcpy(copy, good, out.size);
            assert_int_equal(tern_bsp_unprotect(&receiver, crypto, &opened, copy, size),
                             TERN_ERR_MALFORMED);
        }
        memcpy(copy, good, out.size);
        assert_int_equal(tern_bsp_unprotect(&receiver, crypto, &opened, copy, out.size), TERN_OK);
        assert_true(tern_bytes_equal(opened, tern_bytes(plain, i / 3)));
        /* Twice is a replay. */
        assert_int_equal(tern_bsp_unprotect(&receiver, crypto, &opened, good, out.size),
                         TERN_ERR_SIGNATURE);
    }
}

/* ---- Whole packages ---- */

struct world {
    enum tern_curve curve;
    struct tern_key dppb;
    struct tern_public_key dppb_key;
    uint8_t euicc_otsk[32], smdp_otsk[32];
    struct tern_public_key euicc_otpk, smdp_otpk;
    uint8_t eid[16];
    uint8_t transaction_id[16];
    struct tern_bsp_keys session_keys, ppk;
    struct tern_bpp_initialise initialise;
};

static void world_make(struct world *world, enum tern_curve curve)
{
    memset(world, 0, sizeof *world);
    world->curve = curve;
    assert_int_equal(tern_openssl_key_generate(&world->dppb, curve), TERN_OK);
    world->dppb_key = tern_openssl_key_public(world->dppb);
    world->euicc_otpk.curve = world->smdp_otpk.curve = curve;
    crypto->ec_generate(crypto->context, curve, world->euicc_otsk, world->euicc_otpk.point);
    crypto->ec_generate(crypto->context, curve, world->smdp_otsk, world->smdp_otpk.point);
    hex(world->eid, 16, "89049032123451234512345678901235");
    crypto->random(crypto->context, world->transaction_id, 16);
    crypto->random(crypto->context, (uint8_t *)&world->ppk, sizeof world->ppk);
    world->initialise = (struct tern_bpp_initialise){
        .transaction_id = TERN_BYTES_OF(world->transaction_id),
        .host_id = TERN_BYTES_TEXT("host"),
        .smdp_otpk = TERN_BYTES_OF(world->smdp_otpk.point),
    };
    assert_int_equal(tern_kdf_bsp(crypto, &world->session_keys, world->smdp_otsk,
                                  &world->euicc_otpk, world->initialise.host_id, world->eid),
                     TERN_OK);
}

static struct tern_bytes world_bind(const struct world *world, uint8_t *buffer, size_t capacity,
                                    const struct tern_bpp_content *content)
{
    uint8_t *body = malloc(capacity);
    uint8_t tbs[256], signature[64];
    struct tern_writer body_out = tern_writer(body, capacity), tbs_out = TERN_WRITER_OF(tbs);
    struct tern_writer out = tern_writer(buffer, capacity);
    assert_int_equal(tern_bpp_bind_body(crypto, &body_out, &world->session_keys, content), TERN_OK);
    assert_int_equal(
        tern_bpp_signed_bytes(&tbs_out, &world->initialise, TERN_BYTES_OF(world->euicc_otpk.point)),
        TERN_OK);
    struct tern_bytes part = tern_writer_bytes(&tbs_out);
    assert_int_equal(crypto->ecdsa_sign(crypto->context, signature, world->dppb, &part, 1),
                     TERN_OK);
    assert_int_equal(
        tern_bpp_assemble(&out, &world->initialise, signature, tern_writer_bytes(&body_out)),
        TERN_OK);
    assert_true(out.size <= tern_bpp_size_max(content));
    free(body);
    return tern_writer_bytes(&out);
}

/* What an opening gave. */
struct opened {
    unsigned configured, stored, replaced, done;
    uint8_t *profile;
    size_t profile_size;
    uint8_t metadata[4096];
    size_t metadata_size;
    int error;
    uint8_t reason, command_id;
};

static int take_event(struct opened *opened, struct tern_bpp_opener *opener,
                      const struct world *world, const struct tern_bpp_event *event)
{
    const struct tern_bpp_session session = {
        .transaction_id = TERN_BYTES_OF(world->transaction_id),
        .dppb_key = &world->dppb_key,
        .euicc_otsk = world->euicc_otsk,
        .euicc_otpk = TERN_BYTES_OF(world->euicc_otpk.point),
        .eid = world->eid,
    };
    switch (event->kind) {
    case TERN_BPP_EVENT_INITIALISE:
        return tern_bpp_opener_start(opener, crypto, &session, event->data);
    case TERN_BPP_EVENT_CONFIGURE_ISDP:
        opened->configured++;
        assert_memory_equal(event->data.data, "\xBF\x24\x00", 3);
        break;
    case TERN_BPP_EVENT_STORE_METADATA:
        opened->stored++;
        assert_true(event->data.size <= sizeof opened->metadata);
        memcpy(opened->metadata, event->data.data, event->data.size);
        opened->metadata_size = event->data.size;
        break;
    case TERN_BPP_EVENT_REPLACE_KEYS:
        opened->replaced++;
        break;
    case TERN_BPP_EVENT_PROFILE:
        memcpy(opened->profile + opened->profile_size, event->data.data, event->data.size);
        opened->profile_size += event->data.size;
        break;
    case TERN_BPP_EVENT_DONE:
        opened->done++;
        break;
    }
    return TERN_OK;
}

/* Open `package` in pieces of `piece_size` bytes, each in an allocation of its own. */
static struct opened world_open(const struct world *world, struct tern_bytes package,
                                size_t piece_size, size_t capacity)
{
    struct opened opened = {.profile = malloc(package.size + 1)};
    uint8_t *buffer = malloc(capacity);
    struct tern_bpp_opener opener;
    tern_bpp_opener_init(&opener, buffer, capacity);
    while (opened.error == TERN_OK && package.size > 0) {
        size_t size = piece_size < package.size ? piece_size : package.size;
        uint8_t *copy = malloc(size);
        memcpy(copy, package.data, size);
        package = tern_bytes_slice(package, size, package.size);
        struct tern_bytes in = tern_bytes(copy, size);
        struct tern_bpp_event event;
        int got;
        while (opened.error == TERN_OK &&
               (got = tern_bpp_opener_step(&opener, crypto, &event, &in)) != 0) {
            opened.error = got < 0 ? got : take_event(&opened, &opener, world, &event);
        }
        free(copy);
    }
    opened.reason = opener.reason;
    opened.command_id = opener.command_id;
    tern_bpp_opener_wipe(&opener);
    for (size_t i = 0; i < capacity; i++) {
        assert_int_equal(buffer[i], 0);
    }
    free(buffer);
    return opened;
}

static uint8_t *random_bytes(size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    crypto->random(crypto->context, bytes, size);
    return bytes;
}

/* Metadata of `size` value bytes in one BF25. */
static struct tern_bytes make_metadata(uint8_t *buffer, size_t size)
{
    uint8_t *value = random_bytes(size);
    struct tern_writer out = tern_writer(buffer, size + 8);
    tern_der_write(&out, 0xBF25, tern_bytes(value, size));
    free(value);
    return tern_writer_bytes(&out);
}

static void what_is_bound_opens_again(void **state)
{
    (void)state;
    static const size_t UPP_SIZES[] = {1, 15, 16, 1006, 1007, 1008, 2014, 2015, 12200};
    static const size_t METADATA_SIZES[] = {10, 1003, 1004, 1005, 2011, 2012, 2013};
    static const size_t PIECES[] = {1, 7, 255, 1020, 100000};
    for (size_t i = 0; i < TERN_COUNT_OF(UPP_SIZES); i++) {
        struct world world;
        world_make(&world, i % 4 == 3 ? TERN_CURVE_BRAINPOOLP256R1 : TERN_CURVE_P256);
        uint8_t metadata[2100];
        uint8_t *upp = random_bytes(UPP_SIZES[i]);
        uint8_t *package = malloc(20000), *protected = malloc(20000);
        for (int ppk = 0; ppk < 3; ppk++) { /* session keys, PPK, PPK with A3 made before */
            struct tern_bpp_content content = {
                .store_metadata = make_metadata(
                    metadata, METADATA_SIZES[(i + (size_t)ppk) % TERN_COUNT_OF(METADATA_SIZES)]),
                .ppk = ppk > 0 ? &world.ppk : NULL,
                .upp = tern_bytes(upp, UPP_SIZES[i]),
            };
            if (ppk == 2) {
                struct tern_writer out = tern_writer(protected, 20000);
                assert_int_equal(tern_bpp_protect_profile(crypto, &out, &world.ppk, content.upp),
                                 TERN_OK);
                content.protected_profile = tern_writer_bytes(&out);
                content.upp = TERN_BYTES_NONE;
            }
            struct tern_bytes whole = world_bind(&world, package, 20000, &content);
            uint8_t extracted[2100];
            struct tern_writer extract = TERN_WRITER_OF(extracted);
            assert_int_equal(tern_bpp_metadata(&extract, whole), TERN_OK);
            assert_true(tern_bytes_equal(tern_writer_bytes(&extract), content.store_metadata));
            for (size_t j = 0; j < TERN_COUNT_OF(PIECES); j++) {
                struct opened opened =
                    world_open(&world, whole, PIECES[j], TERN_BPP_OPENER_BUFFER_SIZE);
                assert_int_equal(opened.error, TERN_OK);
                assert_int_equal(opened.configured, 1);
                assert_int_equal(opened.stored, 1);
                assert_int_equal(opened.replaced, ppk > 0 ? 1 : 0);
                assert_int_equal(opened.done, 1);
                assert_int_equal(opened.profile_size, UPP_SIZES[i]);
                assert_memory_equal(opened.profile, upp, UPP_SIZES[i]);
                assert_true(tern_bytes_equal(tern_bytes(opened.metadata, opened.metadata_size),
                                             content.store_metadata));
                free(opened.profile);
            }
        }
        free(upp);
        free(package);
        free(protected);
        tern_openssl_key_free(&world.dppb);
    }
}

static void every_flipped_byte_is_refused(void **state)
{
    (void)state;
    struct world world;
    world_make(&world, TERN_CURVE_P256);
    uint8_t metadata[64], package[2048], upp[600];
    crypto->random(crypto->context, upp, sizeof upp);
    struct tern_bpp_content content = {.store_metadata = make_metadata(metadata, 30),
                                       .ppk = &world.ppk,
                                       .upp = TERN_BYTES_OF(upp)};
    struct tern_bytes whole = world_bind(&world, package, sizeof package, &content);
    for (size_t i = 0; i < whole.size; i++) {
        package[i] ^= 0x01;
        struct opened opened = world_open(&world, whole, 4096, TERN_BPP_OPENER_BUFFER_SIZE);
        /* A length that now asks for more is simply never done. */
        assert_true(opened.error < 0 || opened.done == 0);
        assert_true(opened.error == 0 || opened.reason != 0);
        package[i] ^= 0x01;
        free(opened.profile);
    }
    for (size_t size = 0; size < whole.size; size++) {
        struct opened opened =
            world_open(&world, tern_bytes(package, size), 4096, TERN_BPP_OPENER_BUFFER_SIZE);
        assert_int_equal(opened.error, TERN_OK);
        assert_int_equal(opened.done, 0);
        free(opened.profile);
    }
    /* A byte behind the end. */
    package[whole.size] = 0;
    struct opened opened =
        world_open(&world, tern_bytes(package, whole.size + 1), 4096, TERN_BPP_OPENER_BUFFER_SIZE);
    assert_true(opened.error < 0);
    free(opened.profile);
    tern_openssl_key_free(&world.dppb);
}

static void errors_have_the_reason_of_the_spec(void **state)
{
    (void)state;
    struct world world;
    world_make(&world, TERN_CURVE_P256);
    uint8_t metadata[64], package[2048], upp[600];
    crypto->random(crypto->context, upp, sizeof upp);
    struct tern_bpp_content content = {.store_metadata = make_metadata(metadata, 30),
                                       .ppk = &world.ppk,
                                       .upp = TERN_BYTES_OF(upp)};
    struct tern_bytes whole = world_bind(&world, package, sizeof package, &content);
    struct tern_tlv tlv;
    const tern_tag path[2] = {0xBF36, 0xBF23};
    assert_int_equal(tern_der_path(whole, path, 2, &tlv), TERN_OK);
    size_t initialise = (size_t)(tlv.value.data - package);
    const tern_tag metadata_path[3] = {0xBF36, 0xA1, 0x88};
    assert_int_equal(tern_der_path(whole, metadata_path, 3, &tlv), TERN_OK);
    size_t store = (size_t)(tlv.value.data - package);
    const tern_tag profile_path[3] = {0xBF36, 0xA3, 0x86};
    assert_int_equal(tern_der_path(whole, profile_path, 3, &tlv), TERN_OK);
    size_t profile = (size_t)(tlv.value.data - package);
    const struct {
        size_t offset;
        uint8_t mask;
        uint8_t reason, command_id;
    } VECTORS[] = {
        {initialise + 2,           0x02, TERN_BPP_UNSUPPORTED_REMOTE_OPERATION_TYPE, 0},
        {initialise + 5,           0x01, TERN_BPP_INVALID_TRANSACTION_ID,            0},
        {initialise + 3 + 18 + 4,  0x01, TERN_BPP_UNSUPPORTED_CRT_VALUES,            0},
        {initialise + 3 + 18 + 7,  0x01, TERN_BPP_UNSUPPORTED_CRT_VALUES,            0},
        {initialise + 3 + 18 + 10, 0x01, TERN_BPP_INVALID_SIGNATURE,                 0},
        {initialise,               0x01, TERN_BPP_INCORRECT_INPUT_VALUES,            0},
        {store + 5,                0x01, TERN_BPP_SCP03T_SECURITY_ERROR,             2},
        {profile + 5,              0x01, TERN_BPP_SCP03T_SECURITY_ERROR,             5},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        package[VECTORS[i].offset] ^= VECTORS[i].mask;
        struct opened opened = world_open(&world, whole, 100, TERN_BPP_OPENER_BUFFER_SIZE);
        package[VECTORS[i].offset] ^= VECTORS[i].mask;
        assert_true(opened.error < 0);
        assert_int_equal(opened.reason, VECTORS[i].reason);
        assert_int_equal(opened.command_id, VECTORS[i].command_id);
        assert_int_equal(opened.done, 0);
        free(opened.profile);
    }
    /* Another eUICC: other EID, same everything else. */
    world.eid[15] ^= 1;
    struct opened opened = world_open(&world, whole, 100, TERN_BPP_OPENER_BUFFER_SIZE);
    assert_int_equal(opened.reason, TERN_BPP_SCP03T_SECURITY_ERROR);
    assert_int_equal(opened.command_id, 1);
    free(opened.profile);
    world.eid[15] ^= 1;
    /* A TLV larger than the buffer. */
    opened = world_open(&world, whole, 100, 512);
    assert_int_equal(opened.error, TERN_ERR_NO_SPACE);
    assert_int_equal(opened.reason, TERN_BPP_SCP03T_STRUCTURE_ERROR);
    free(opened.profile);
    tern_openssl_key_free(&world.dppb);
}

/* Segments by the seven rules, and the same ones whatever the pieces. */
static void segments_follow_sgp22_2_5_5(void **state)
{
    (void)state;
    for (int ppk = 0; ppk < 2; ppk++) {
        struct world world;
        world_make(&world, TERN_CURVE_P256);
        static uint8_t metadata[2100], package[8192], upp[3000];
        crypto->random(crypto->context, upp, sizeof upp);
        struct tern_bpp_content content = {.store_metadata = make_metadata(metadata, 1500),
                                           .ppk = ppk == 1 ? &world.ppk : NULL,
                                           .upp = TERN_BYTES_OF(upp)};
        struct tern_bytes whole = world_bind(&world, package, sizeof package, &content);
        /* BF36+BF23, A0, A1, 88, 88, (A2,) A3, 86 x 3; by the first byte of each. */
        static const uint8_t WITH[] = {0xBF, 0xA0, 0xA1, 0x88, 0x88, 0xA2, 0xA3, 0x86, 0x86, 0x86};
        static const uint8_t WITHOUT[] = {0xBF, 0xA0, 0xA1, 0x88, 0x88, 0xA3, 0x86, 0x86, 0x86};
        const uint8_t *expected = ppk == 1 ? WITH : WITHOUT;
        size_t count = ppk == 1 ? sizeof WITH : sizeof WITHOUT;
        struct tern_bytes segments[16], rest = whole;
        struct tern_bpp_segmenter segmenter = {0};
        size_t total = 0;
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(tern_bpp_next_segment(&segmenter, &segments[i], &rest), 1);
            assert_int_equal(segments[i].data[0], expected[i]);
            assert_true(segments[i].size <= TERN_SEGMENT_SIZE);
            total += segments[i].size;
        }
        assert_int_equal(tern_bpp_next_segment(&segmenter, &segments[15], &rest), 0);
        assert_true(segmenter.done);
        assert_int_equal(total, whole.size);
        assert_true(segments[2].size <= 4);
        for (size_t piece_size = 1; piece_size < 300; piece_size += 13) {
            struct tern_bpp_segmenter again = {0};
            size_t index = 0, inside = 0;
            for (size_t offset = 0; offset < whole.size; offset += piece_size) {
                struct tern_bytes in = tern_bytes_slice(whole, offset, piece_size);
                struct tern_bpp_piece piece;
                while (tern_bpp_segmenter_next(&again, &piece, &in) == 1) {
                    assert_ptr_equal(piece.bytes.data, segments[index].data + inside);
                    inside += piece.bytes.size;
                    assert_int_equal(piece.last, inside == segments[index].size);
                    if (piece.last) {
                        index++;
                        inside = 0;
                    }
                }
            }
            assert_int_equal(index, count);
            assert_true(again.done);
        }
        tern_openssl_key_free(&world.dppb);
    }
}

static void wrong_order_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *package;
        int result;
    } VECTORS[] = {
        {"BF360FBF2300A0028700A1028800A3028600",     0                  }, /* empty TLVs, right order */
        {"BF3711BF2300A0028700A1028800A3028600",     TERN_ERR_UNEXPECTED},
        {"BF360CBF2300A1028800A0028700",             TERN_ERR_UNEXPECTED}, /* A1 before A0 */
        {"BF360FBF2300A0028700A3028600A1028800",     TERN_ERR_UNEXPECTED}, /* no A1 */
        {"BF360FBF2300A0028700A1028600A3028600",     TERN_ERR_UNEXPECTED}, /* 86 in A1 */
        {"BF360FBF2300A0028700A1028800A3028800",     TERN_ERR_UNEXPECTED}, /* 88 in A3 */
        {"BF360DBF2300A0028700A10088A3028600",       TERN_ERR_MALFORMED }, /* empty A1 */
        {"BF360BBF2300A0028700A1028800",             TERN_ERR_MALFORMED }, /* ends without A3 */
        {"BF3611BF2300A0028700A1028800A30286000000", TERN_ERR_UNEXPECTED}, /* more behind A3 */
        {"BF360FBF2300A0028700A1028801A3028600",     TERN_ERR_MALFORMED }, /* 88 larger than A1 */
        {"BF360FBF2300A0028700A1028800A3028600FF",   TERN_ERR_MALFORMED }, /* behind the package */
    };
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        HEX(package, 64, VECTORS[i].package);
        struct tern_bpp_segmenter segmenter = {0};
        struct tern_bytes segment;
        int got;
        while ((got = tern_bpp_next_segment(&segmenter, &segment, &package)) == 1) {
        }
        assert_int_equal(got, VECTORS[i].result);
    }
}

/* Two bindings from one seed are the same bytes, one-time keys and PPK included. */
static void a_seed_makes_a_package_again(void **state)
{
    (void)state;
    uint8_t bodies[2][2048], upp[900] = {0}, metadata[] = {0xBF, 0x25, 0x01, 0x00};
    size_t sizes[2];
    for (size_t i = 0; i < 2; i++) {
        struct seeded_crypto seeded;
        const struct tern_crypto *fixed = seeded_crypto(&seeded, 7);
        uint8_t scalars[2][32];
        struct tern_public_key euicc = {.curve = TERN_CURVE_P256}, smdp = euicc;
        struct tern_bsp_keys keys, ppk;
        fixed->ec_generate(fixed->context, TERN_CURVE_P256, scalars[0], euicc.point);
        fixed->ec_generate(fixed->context, TERN_CURVE_P256, scalars[1], smdp.point);
        fixed->random(fixed->context, (uint8_t *)&ppk, sizeof ppk);
        assert_int_equal(tern_kdf_bsp(fixed, &keys, scalars[1], &euicc, TERN_BYTES_TEXT("host"),
                                      (const uint8_t *)"0123456789abcdef"),
                         TERN_OK);
        struct tern_writer out = TERN_WRITER_OF(bodies[i]);
        const struct tern_bpp_content content = {
            .store_metadata = TERN_BYTES_OF(metadata), .ppk = &ppk, .upp = TERN_BYTES_OF(upp)};
        assert_int_equal(tern_bpp_bind_body(fixed, &out, &keys, &content), TERN_OK);
        sizes[i] = out.size;
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bodies[0], bodies[1], sizes[0]);
}

static void print_hex(const char *name, struct tern_bytes bytes)
{
    printf("%s ", name);
    for (size_t i = 0; i < bytes.size; i++) {
        printf("%02x", bytes.data[i]);
    }
    printf("\n");
}

/* `bpp print CURVE PPK UPP-SIZE`: a package and what opens it, for tests/interop/bpp.py. */
static int print_package(char **argv)
{
    struct world world;
    world_make(&world,
               strcmp(argv[2], "brainpool") == 0 ? TERN_CURVE_BRAINPOOLP256R1 : TERN_CURVE_P256);
    size_t size = strtoul(argv[4], NULL, 10);
    uint8_t *upp = random_bytes(size), *package = malloc(2 * size + 8192), metadata[1600];
    struct tern_bpp_content content = {.store_metadata = make_metadata(metadata, 1500),
                                       .ppk = strcmp(argv[3], "ppk") == 0 ? &world.ppk : NULL,
                                       .upp = tern_bytes(upp, size)};
    struct tern_bytes whole = world_bind(&world, package, 2 * size + 8192, &content);
    uint8_t spki[100];
    struct tern_writer out = TERN_WRITER_OF(spki);
    tern_spki_write(&out, &world.dppb_key);
    print_hex("eid", TERN_BYTES_OF(world.eid));
    print_hex("transaction_id", TERN_BYTES_OF(world.transaction_id));
    print_hex("euicc_otsk", TERN_BYTES_OF(world.euicc_otsk));
    print_hex("euicc_otpk", TERN_BYTES_OF(world.euicc_otpk.point));
    print_hex("dppb_spki", tern_writer_bytes(&out));
    print_hex("metadata", content.store_metadata);
    print_hex("upp", content.upp);
    print_hex("package", whole);
    free(upp);
    free(package);
    tern_openssl_key_free(&world.dppb);
    return 0;
}

int main(int argc, char **argv)
{
    crypto = tern_openssl();
    if (argc == 5 && strcmp(argv[1], "print") == 0) {
        return print_package(argv);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kdf_follows_nist_x963),
        cmocka_unit_test(session_keys_follow_sgp22),
        cmocka_unit_test(bsp_follows_the_trace_of_sgp22_19),
        cmocka_unit_test(bsp_refuses_what_was_changed),
        cmocka_unit_test(what_is_bound_opens_again),
        cmocka_unit_test(every_flipped_byte_is_refused),
        cmocka_unit_test(errors_have_the_reason_of_the_spec),
        cmocka_unit_test(segments_follow_sgp22_2_5_5),
        cmocka_unit_test(wrong_order_is_refused),
        cmocka_unit_test(a_seed_makes_a_package_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
