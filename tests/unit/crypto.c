/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenSSL provider against published vectors: RFC 4231, 4493, 3610, 6979, 7027, NIST. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/crypto/openssl.h"
#include "tern/certificate.h"
#include "tests/support/hex.h"

#define HEX(name, size, text)  \
    uint8_t name##_data[size]; \
    struct tern_bytes name = hex(name##_data, sizeof name##_data, text)

static const struct tern_crypto *crypto;

static void sha_follows_fips_180(void **state)
{
    (void)state;
    uint8_t digest[32];
    HEX(abc, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct tern_bytes parts[] = {TERN_BYTES_TEXT("a"), TERN_BYTES_TEXT(""), TERN_BYTES_TEXT("bc")};
    assert_int_equal(crypto->sha256(crypto->context, digest, parts, 3), TERN_OK);
    assert_memory_equal(digest, abc.data, 32);
    HEX(empty, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(crypto->sha256(crypto->context, digest, NULL, 0), TERN_OK);
    assert_memory_equal(digest, empty.data, 32);
    HEX(sha1, 20, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_int_equal(crypto->sha1(crypto->context, digest, TERN_BYTES_TEXT("abc")), TERN_OK);
    assert_memory_equal(digest, sha1.data, 20);
}

static void hmac_follows_rfc_4231(void **state)
{
    (void)state;
    static const struct {
        const char *key, *data, *mac;
    } VECTORS[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",                                                        "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"                                                                                                                                                               },
        {"4a656665",                                                                                        "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"                                                                                                                                                               },
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368"
         "204b6579204669727374",                             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
 /* HMAC with an empty key and message, widely published. */
        {"",                                                                                                "",                                                         "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        uint8_t mac[32];
        HEX(key, 200, VECTORS[i].key);
        HEX(data, 200, VECTORS[i].data);
        HEX(expected, 32, VECTORS[i].mac);
        /* In two parts, as if joined. */
        struct tern_bytes parts[] = {tern_bytes_slice(data, 0, 3), tern_bytes_slice(data, 3, 200)};
        assert_int_equal(crypto->hmac_sha256(crypto->context, mac, key, parts, 2), TERN_OK);
        assert_memory_equal(mac, expected.data, 32);
    }
}

static const char *const SP800_38A_TEXT =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

static void cmac_follows_rfc_4493_in_any_pieces(void **state)
{
    (void)state;
    static const char *const KEY_128 = "2b7e151628aed2a6abf7158809cf4f3c";
    static const char *const KEY_256 =
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
    const struct {
        const char *key;
        size_t size;
        const char *mac;
    } VECTORS[] = {
        {KEY_128, 0,  "bb1d6929e95937287fa37d129b756746"},
        {KEY_128, 16, "070a16b46b4d4144f79bdd9dd04a287c"},
        {KEY_128, 40, "dfa66747de9ae63030ca32611497c827"},
        {KEY_128, 64, "51f0bebf7e3b9d92fc49741779363cfe"},
        {KEY_256, 0,  "028962f61b7bf89efc6b551f4667d983"},
        {KEY_256, 40, "aaf3d8f1de5640c232f5b169b9c911e6"},
    };
    HEX(text, 64, SP800_38A_TEXT);
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        HEX(key, 32, VECTORS[i].key);
        HEX(expected, 16, VECTORS[i].mac);
        for (size_t first = 0; first <= VECTORS[i].size; first++) {
            for (size_t second = first; second <= VECTORS[i].size; second++) {
                struct tern_bytes parts[] = {
                    tern_bytes_slice(text, 0, first),
                    tern_bytes_slice(text, first, second - first),
                    tern_bytes_slice(text, second, VECTORS[i].size - second),
                };
                uint8_t mac[16];
                assert_int_equal(crypto->aes_cmac(crypto->context, mac, key, parts, 3), TERN_OK);
                assert_memory_equal(mac, expected.data, 16);
            }
        }
    }
}

static void aes_follows_sp_800_38a(void **state)
{
    (void)state;
    HEX(key, 16, "2b7e151628aed2a6abf7158809cf4f3c");
    HEX(iv, 16, "000102030405060708090a0b0c0d0e0f");
    HEX(text, 64, SP800_38A_TEXT);
    HEX(cbc, 64,
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
        "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7");
    HEX(ecb, 16, "3ad77bb40d7a3660a89ecaf32466ef97");
    uint8_t out[64];
    assert_int_equal(crypto->aes_encrypt_block(crypto->context, out, key, text.data), TERN_OK);
    assert_memory_equal(out, ecb.data, 16);
    assert_int_equal(crypto->aes_cbc_encrypt(crypto->context, out, key, iv.data, text), TERN_OK);
    assert_memory_equal(out, cbc.data, 64);
    /* In place, as the header allows. */
    assert_int_equal(
        crypto->aes_cbc_decrypt(crypto->context, out, key, iv.data, TERN_BYTES_OF(out)), TERN_OK);
    assert_memory_equal(out, text.data, 64);
    assert_int_equal(
        crypto->aes_cbc_encrypt(crypto->context, out, key, iv.data, tern_bytes(out, 15)),
        TERN_ERR_CRYPTO);
}

static void ccm_follows_sp_800_38c_and_rfc_3610(void **state)
{
    (void)state;
    static const struct {
        const char *key, *nonce, *aad, *text, *sealed;
        size_t tag_size;
    } VECTORS[] = {
        {"404142434445464748494a4b4c4d4e4f", "10111213141516",             "0001020304050607",                 "20212223",
         "7162015b4dac255d",                                                                                                                                                                 4},
        {"404142434445464748494a4b4c4d4e4f", "1011121314151617",           "000102030405060708090a0b0c0d0e0f",
         "202122232425262728292a2b2c2d2e2f",                                                                               "d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd",                   6},
        {"c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000003020100a0a1a2a3a4a5", "0001020304050607",
         "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",                                                                 "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0", 8},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        HEX(key, 16, VECTORS[i].key);
        HEX(nonce, 16, VECTORS[i].nonce);
        HEX(aad, 16, VECTORS[i].aad);
        HEX(text, 32, VECTORS[i].text);
        HEX(sealed, 64, VECTORS[i].sealed);
        uint8_t out[64];
        size_t tag = VECTORS[i].tag_size;
        assert_int_equal(crypto->aes_ccm_seal(crypto->context, out, tag, key, nonce, aad, text),
                         TERN_OK);
        assert_memory_equal(out, sealed.data, sealed.size);
        assert_int_equal(crypto->aes_ccm_open(crypto->context, out, tag, key, nonce, aad, sealed),
                         TERN_OK);
        assert_memory_equal(out, text.data, text.size);
        for (size_t j = 0; j < sealed.size; j++) {
            sealed_data[j] ^= 0x10;
            assert_int_equal(
                crypto->aes_ccm_open(crypto->context, out, tag, key, nonce, aad, sealed),
                TERN_ERR_SIGNATURE);
            sealed_data[j] ^= 0x10;
        }
    }
    /* Nothing to hide: a tag over the AAD alone opens again, and only with that AAD. */
    HEX(key, 16, "404142434445464748494a4b4c4d4e4f");
    HEX(nonce, 13, "00000003020100a0a1a2a3a4a5");
    uint8_t tag[8], none[1];
    assert_int_equal(
        crypto->aes_ccm_seal(crypto->context, tag, 8, key, nonce, key, TERN_BYTES_NONE), TERN_OK);
    assert_int_equal(
        crypto->aes_ccm_open(crypto->context, none, 8, key, nonce, key, TERN_BYTES_OF(tag)),
        TERN_OK);
    assert_int_equal(
        crypto->aes_ccm_open(crypto->context, none, 8, key, nonce, nonce, TERN_BYTES_OF(tag)),
        TERN_ERR_SIGNATURE);
}

/* sgp32.md 13.1: the RFC 6979 example key over an euiccPackageSigned. */
static const char *const RFC_6979_KEY =
    "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";

static void known_signatures_of_sgp32_verify(void **state)
{
    (void)state;
    HEX(scalar, 32, RFC_6979_KEY);
    HEX(spki, 91,
        "3059301306072A8648CE3D020106082A8648CE3D0301070342000460FED4BA255A9D31C961EB74C6356D68C049"
        "B8923B61FA6CE669622E60F29FB67903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D44622"
        "99");
    static const char *const PACKAGE =
        "304A800F65696D2E6578616D706C652E636F6D5A1089044045930000000000002153893210810101821000112"
        "233445566778899AABBCCDDEEFFA010A30E5A0A985822322420228481140500";
    static const char *const RESULT =
        "302E800F65696D2E6578616D706C652E636F6D810101821000112233445566778899AABBCCDDEEFF8301073003"
        "830100";
    const struct {
        const char *object, *token, *signature;
    } VECTORS[] = {
        {PACKAGE, "840100",
         "BC7C27C73CA1EC5392A9C3EFCC41F6455222184E11EE2F89E09A9E8A27856CF7F6F99C2A0508A02775C556564"
         "7A20315E3E2B4E9FF24E5101C10FA55E45EED40"},
        {PACKAGE, "840107",
         "F2415CF130E6EE6C856D6C13A802A49CE3D3C6F3B72176033BC117B9517C0964EC468D3DEA321976205E97E71"
         "9B80760DDDF5D339D69F1C86CAEDE6EC9BA21F5"},
        {RESULT,  "840100",
         "C473B95FE2EEDE384B6A3E9F6CC82593A938FB6B98A6E718C8E03284F44321C4878BFC2A82D99AC2551AFA1E2"
         "ED1768D6A09151323FFD7EDBADF3538ABF7E874"},
    };
    struct tern_public_key key;
    assert_int_equal(tern_spki_parse(&key, spki), TERN_OK);
    uint8_t point[TERN_POINT_SIZE];
    assert_int_equal(tern_openssl_point(point, TERN_CURVE_P256, scalar.data), TERN_OK);
    assert_memory_equal(point, key.point, sizeof point);
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        HEX(object, 200, VECTORS[i].object);
        HEX(token, 3, VECTORS[i].token);
        HEX(signature, 64, VECTORS[i].signature);
        struct tern_bytes parts[] = {object, token};
        assert_int_equal(crypto->ecdsa_verify(crypto->context, &key, signature, parts, 2), TERN_OK);
        assert_int_equal(crypto->ecdsa_verify(crypto->context, &key, signature, parts, 1),
                         TERN_ERR_SIGNATURE);
    }
}

static void ecdh_follows_nist_and_rfc_7027(void **state)
{
    (void)state;
    static const struct {
        enum tern_curve curve;
        const char *scalar, *peer, *shared;
    } VECTORS[] = {
  /* NIST CAVS, ECC CDH primitive, P-256, count 0. */
        {TERN_CURVE_P256,            "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
         "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
         "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",                                                                             "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"},
 /* RFC 7027, A.1, both directions. */
        {TERN_CURVE_BRAINPOOLP256R1,
         "81DB1EE100150FF2EA338D708271BE38300CB54241D79950F77B063039804F1D",                             "048D2D688C6CF93E1160AD04CC4429117DC2C41825E1E9FCA0ADDD34E6F1B39F7B"
         "990C57520812BE512641E47034832106BC7D3E8DD0E4C7F1136D7006547CEC6A", "89AFC39D41D3B327814B80940B042590F96556EC91E6AE7939BCE31F3A18BF2B"},
        {TERN_CURVE_BRAINPOOLP256R1,
         "55E40BC41E37E3E2AD25C3C6654511FFA8474A91A0032087593852D3E7D76BD3",                             "0444106E913F92BC02A1705D9953A8414DB95E1AAA49E81D9E85F929A8E3100BE5"
         "8AB4846F11CACCB73CE49CBDD120F5A900A69FD32C272223F789EF10EB089BDC", "89AFC39D41D3B327814B80940B042590F96556EC91E6AE7939BCE31F3A18BF2B"},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        HEX(scalar, 32, VECTORS[i].scalar);
        HEX(peer, 65, VECTORS[i].peer);
        HEX(expected, 32, VECTORS[i].shared);
        struct tern_public_key key = {.curve = VECTORS[i].curve};
        memcpy(key.point, peer.data, 65);
        uint8_t shared[32];
        assert_int_equal(crypto->ecdh(crypto->context, shared, scalar.data, &key), TERN_OK);
        assert_memory_equal(shared, expected.data, 32);
    }
}

static const enum tern_curve CURVES[] = {TERN_CURVE_P256, TERN_CURVE_BRAINPOOLP256R1};

static void points_off_the_curve_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(CURVES); i++) {
        struct tern_key signer;
        assert_int_equal(tern_openssl_key_generate(&signer, CURVES[i]), TERN_OK);
        struct tern_public_key good = tern_openssl_key_public(signer);
        uint8_t signature[64], scalar[32], point[65], shared[32];
        struct tern_bytes text = TERN_BYTES_TEXT("text");
        assert_int_equal(crypto->ecdsa_sign(crypto->context, signature, signer, &text, 1), TERN_OK);
        assert_int_equal(crypto->ec_generate(crypto->context, CURVES[i], scalar, point), TERN_OK);
        struct tern_public_key bad[5] = {good, good, good, good, good};
        bad[0].point[64] ^= 1;                            /* off the curve */
        bad[1].point[0] = 0x02;                           /* compressed, with a tail */
        memset(bad[2].point, 0, sizeof bad[2].point);     /* infinity, with a tail */
        memset(bad[3].point + 1, 0xFF, TERN_SCALAR_SIZE); /* x over p */
        bad[4].curve = TERN_CURVE_NONE;
        for (size_t j = 0; j < TERN_COUNT_OF(bad); j++) {
            assert_int_equal(
                crypto->ecdsa_verify(crypto->context, &bad[j], TERN_BYTES_OF(signature), &text, 1),
                TERN_ERR_SIGNATURE);
            assert_int_equal(crypto->ecdh(crypto->context, shared, scalar, &bad[j]),
                             TERN_ERR_RANGE);
            /* A refused point leaves nothing behind that would spoil the next good one. */
            assert_int_equal(
                crypto->ecdsa_verify(crypto->context, &good, TERN_BYTES_OF(signature), &text, 1),
                TERN_OK);
        }
        static const uint8_t ZERO[32];
        assert_int_equal(tern_openssl_point(point, CURVES[i], ZERO), TERN_ERR_RANGE);
        tern_openssl_key_free(&signer);
    }
}

static void signatures_hold_for_what_was_signed_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(CURVES); i++) {
        /* More keys than signing slots, used in turn. */
        struct tern_key keys[12];
        for (size_t j = 0; j < TERN_COUNT_OF(keys); j++) {
            assert_int_equal(tern_openssl_key_generate(&keys[j], CURVES[i]), TERN_OK);
        }
        for (size_t round = 0; round < 3 * TERN_COUNT_OF(keys); round++) {
            size_t j = round % TERN_COUNT_OF(keys);
            struct tern_public_key own = tern_openssl_key_public(keys[j]);
            struct tern_public_key other =
                tern_openssl_key_public(keys[(j + 1) % TERN_COUNT_OF(keys)]);
            uint8_t text[40], signature[64];
            assert_int_equal(crypto->random(crypto->context, text, sizeof text), TERN_OK);
            struct tern_bytes parts[] = {tern_bytes(text, round % 40),
                                         tern_bytes(text + round % 40, 40 - round % 40)};
            struct tern_bytes whole = TERN_BYTES_OF(text), sign = TERN_BYTES_OF(signature);
            assert_int_equal(crypto->ecdsa_sign(crypto->context, signature, keys[j], parts, 2),
                             TERN_OK);
            assert_int_equal(crypto->ecdsa_verify(crypto->context, &own, sign, &whole, 1), TERN_OK);
            assert_int_equal(crypto->ecdsa_verify(crypto->context, &other, sign, &whole, 1),
                             TERN_ERR_SIGNATURE);
            text[round % 40] ^= 1;
            assert_int_equal(crypto->ecdsa_verify(crypto->context, &own, sign, &whole, 1),
                             TERN_ERR_SIGNATURE);
            text[round % 40] ^= 1;
            signature[round % 64] ^= 0x80;
            assert_int_equal(crypto->ecdsa_verify(crypto->context, &own, sign, &whole, 1),
                             TERN_ERR_SIGNATURE);
        }
        for (size_t j = 0; j < TERN_COUNT_OF(keys); j++) {
            tern_openssl_key_free(&keys[j]);
        }
    }
}

static void both_sides_agree_on_a_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(CURVES); i++) {
        uint8_t scalars[2][32], shared[2][32];
        struct tern_public_key keys[2] = {{.curve = CURVES[i]}, {.curve = CURVES[i]}};
        for (size_t j = 0; j < 2; j++) {
            assert_int_equal(
                crypto->ec_generate(crypto->context, CURVES[i], scalars[j], keys[j].point),
                TERN_OK);
        }
        for (size_t j = 0; j < 2; j++) {
            assert_int_equal(crypto->ecdh(crypto->context, shared[j], scalars[j], &keys[1 - j]),
                             TERN_OK);
        }
        assert_memory_equal(shared[0], shared[1], 32);
        keys[0].curve = CURVES[1 - i];
        assert_int_equal(crypto->ecdh(crypto->context, shared[0], scalars[1], &keys[0]),
                         TERN_ERR_RANGE);
    }
}

static void keys_survive_their_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/tern-crypto-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    snprintf(path, sizeof path, "%s/key.pem", folder);
    for (size_t i = 0; i < TERN_COUNT_OF(CURVES); i++) {
        struct tern_key made, loaded;
        assert_int_equal(tern_openssl_key_generate(&made, CURVES[i]), TERN_OK);
        assert_int_equal(tern_openssl_key_save(made, path), TERN_OK);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_int_equal(tern_openssl_key_load(&loaded, path), TERN_OK);
        struct tern_public_key a = tern_openssl_key_public(made);
        struct tern_public_key b = tern_openssl_key_public(loaded);
        assert_int_equal(a.curve, CURVES[i]);
        assert_int_equal(b.curve, CURVES[i]);
        assert_memory_equal(a.point, b.point, sizeof a.point);
        tern_openssl_key_free(&made);
        tern_openssl_key_free(&loaded);
    }
    unlink(path);
    struct tern_key key;
    assert_int_equal(tern_openssl_key_load(&key, path), TERN_ERR_IO);
    assert_int_equal(tern_openssl_key_read(&key, TERN_BYTES_TEXT("no key")), TERN_ERR_MALFORMED);
    assert_null(key.handle);
    rmdir(folder);
}

static void der_signatures_are_padded_and_strict(void **state)
{
    (void)state;
    uint8_t raw[64], buffer[80];
    static const struct {
        const char *der;
        int result;
    } VECTORS[] = {
        {"3006020101020102",       TERN_OK           }, /* short numbers are padded to the left */
        {"30080202008002020080",   TERN_OK           }, /* a sign byte where one is needed */
        {"300702020001020102",     TERN_ERR_MALFORMED}, /* a zero too many */
        {"3006020181020102",       TERN_ERR_MALFORMED}, /* negative */
        {"300402000200",           TERN_ERR_MALFORMED},
        {"300602010102010200",     TERN_ERR_MALFORMED}, /* a byte behind */
        {"3009020101020102020103", TERN_ERR_MALFORMED}, /* a third number */
        {"3003020101",             TERN_ERR_MALFORMED},
        {"3106020101020102",       TERN_ERR_MALFORMED},
        {"30060201010201",         TERN_ERR_TRUNCATED},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        HEX(der, 16, VECTORS[i].der);
        assert_int_equal(tern_signature_from_der(raw, der), VECTORS[i].result);
    }
    HEX(der, 16, "300702010102020080");
    assert_int_equal(tern_signature_from_der(raw, der), TERN_OK);
    assert_int_equal(raw[31], 1);
    assert_int_equal(raw[63], 0x80);
    assert_int_equal(raw[0] | raw[30] | raw[32] | raw[62], 0);
    struct tern_writer out = TERN_WRITER_OF(buffer);
    tern_signature_to_der(&out, raw);
    assert_int_equal(out.size, der.size);
    assert_memory_equal(buffer, der.data, der.size);
}

static void *use_in_a_thread(void *data)
{
    struct tern_key *key = data;
    struct tern_public_key own = tern_openssl_key_public(*key);
    struct tern_bytes text = TERN_BYTES_TEXT("from a thread");
    uint8_t signature[64];
    for (int i = 0; i < 50; i++) {
        if (crypto->ecdsa_sign(crypto->context, signature, *key, &text, 1) != TERN_OK ||
            crypto->ecdsa_verify(crypto->context, &own, TERN_BYTES_OF(signature), &text, 1) !=
                TERN_OK) {
            return NULL;
        }
    }
    return data;
}

static void threads_share_a_key(void **state)
{
    (void)state;
    struct tern_key key;
    assert_int_equal(tern_openssl_key_generate(&key, TERN_CURVE_P256), TERN_OK);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use_in_a_thread, &key), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
    tern_openssl_key_free(&key);
}

int main(void)
{
    crypto = tern_openssl();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha_follows_fips_180),
        cmocka_unit_test(hmac_follows_rfc_4231),
        cmocka_unit_test(cmac_follows_rfc_4493_in_any_pieces),
        cmocka_unit_test(aes_follows_sp_800_38a),
        cmocka_unit_test(ccm_follows_sp_800_38c_and_rfc_3610),
        cmocka_unit_test(known_signatures_of_sgp32_verify),
        cmocka_unit_test(ecdh_follows_nist_and_rfc_7027),
        cmocka_unit_test(points_off_the_curve_are_refused),
        cmocka_unit_test(signatures_hold_for_what_was_signed_only),
        cmocka_unit_test(both_sides_agree_on_a_secret),
        cmocka_unit_test(keys_survive_their_file),
        cmocka_unit_test(der_signatures_are_padded_and_strict),
        cmocka_unit_test(threads_share_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
