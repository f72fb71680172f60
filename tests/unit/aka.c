/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The algorithms of AKA against published vectors: TS 35.208 (Milenage), TS 35.233 (TUAK), the log
 * of osmo-hlr (test algorithm), and TUAK against OpenSSL's SHAKE256: TUAK's state has exactly the
 * padding of SHAKE256 over 96 bytes, so each permutation is one block of its output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "engine/profile/image.h"
#include "engine/uicc/aka.h"
#include "host/crypto/openssl.h"

static void hex(uint8_t *out, const char *text)
{
    struct tern_writer writer = tern_writer(out, strlen(text) / 2);
    assert_int_equal(tern_hex_decode(&writer, tern_bytes_text(text)), TERN_OK);
}

static void expect(const uint8_t *actual, const char *text)
{
    uint8_t expected[64];
    hex(expected, text);
    assert_memory_equal(actual, expected, strlen(text) / 2);
}

static struct aka_parameters milenage(const char *key, const char *opc)
{
    static const uint8_t ROTATION[5] = {0x40, 0x00, 0x20, 0x40, 0x60};
    struct aka_parameters parameters = {.algorithm = AKA_MILENAGE, .key_size = 16};
    hex(parameters.key, key);
    hex(parameters.opc, opc);
    memcpy(parameters.rotation, ROTATION, sizeof ROTATION);
    parameters.xoring[31] = 1;
    parameters.xoring[47] = 2;
    parameters.xoring[63] = 4;
    parameters.xoring[79] = 8;
    return parameters;
}

/* TS 35.208, 4.3: sets 1 to 6, which Annex 3 and 4 of TS 35.207 have too. */
static const struct {
    const char *key, *rand, *sqn, *amf, *opc, *f1, *f1_star, *f2, *f5, *f3, *f4, *f5_star;
} SETS[] = {
    {"465b5ce8b199b49faa5f0a2ee238a6bc", "23553cbe9637a89d218ae64dae47bf35", "ff9bb4d0b607", "b9b9",
     "cd63cb71954a9f4e48a5994e37a02baf", "4a9ffac354dfafb3", "01cfaf9ec4e871e9", "a54211d5e3ba50bf",
     "aa689c648370", "b40ba9a3c58b2a05bbf0d987b21bf8cb", "f769bcd751044604127672711c6d3441",
     "451e8beca43b"},
    {"0396eb317b6d1c36f19c1c84cd6ffd16", "c00d603103dcee52c4478119494202e8", "fd8eef40df7d", "af17",
     "53c15671c60a4b731c55b4a441c0bde2", "5df5b31807e258b0", "a8c016e51ef4a343", "d3a628ed988620f0",
     "c47783995f72", "58c433ff7a7082acd424220f2b67c556", "21a8c1f929702adb3e738488b9f5c5da",
     "30f1197061c1"},
    {"fec86ba6eb707ed08905757b1bb44b8f", "9f7c8d021accf4db213ccff0c7f71a6a", "9d0277595ffc", "725c",
     "1006020f0a478bf6b699f15c062e42b3", "9cabc3e99baf7281", "95814ba2b3044324", "8011c48c0c214ed2",
     "33484dc2136b", "5dbdbb2954e8f3cde665b046179a5098", "59a92d3b476a0443487055cf88b2307b",
     "deacdd848cc6"},
};

static void milenage_has_the_vectors_of_ts_35_208(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(SETS); i++) {
        struct aka_parameters parameters = milenage(SETS[i].key, SETS[i].opc);
        uint8_t rand[16], sqn[6], amf[2], mac[8], ak[6];
        struct aka_answer answer;
        hex(rand, SETS[i].rand);
        hex(sqn, SETS[i].sqn);
        hex(amf, SETS[i].amf);
        assert_int_equal(aka_mac(&parameters, tern_openssl(), mac,
                                 &(struct aka_challenge){rand, sqn, amf, false}),
                         TERN_OK);
        expect(mac, SETS[i].f1);
        assert_int_equal(aka_mac(&parameters, tern_openssl(), mac,
                                 &(struct aka_challenge){rand, sqn, amf, true}),
                         TERN_OK);
        expect(mac, SETS[i].f1_star);
        assert_int_equal(aka_answer(&parameters, tern_openssl(), &answer, rand), TERN_OK);
        assert_int_equal(answer.res_size, 8);
        expect(answer.res, SETS[i].f2);
        expect(answer.ak, SETS[i].f5);
        expect(answer.ck, SETS[i].f3);
        expect(answer.ik, SETS[i].f4);
        assert_int_equal(aka_resync_key(&parameters, tern_openssl(), ak, rand), TERN_OK);
        expect(ak, SETS[i].f5_star);
        if (i == 0) {
            uint8_t sres[4], kc[8];
            aka_gsm_answer(sres, kc, &answer);
            expect(sres, "46f8416a");
            expect(kc, "eae4be823af9a08b");
        }
    }
}

static void milenage_sees_one_bit_of_the_key(void **state)
{
    (void)state;
    struct aka_parameters parameters = milenage(SETS[0].key, SETS[0].opc);
    struct aka_answer right, wrong;
    uint8_t rand[16];
    hex(rand, SETS[0].rand);
    assert_int_equal(aka_answer(&parameters, tern_openssl(), &right, rand), TERN_OK);
    parameters.key[9] ^= 0x10;
    assert_int_equal(aka_answer(&parameters, tern_openssl(), &wrong, rand), TERN_OK);
    assert_memory_not_equal(right.res, wrong.res, 8);
}

static void the_test_algorithm_has_the_vector_of_osmo_hlr(void **state)
{
    (void)state;
    struct aka_parameters parameters = {.algorithm = AKA_TEST, .options = 2, .key_size = 16};
    uint8_t rand[16], sqn[6] = {0}, amf[2] = {0}, mac[8], autn[16], sres[4], kc[8];
    struct aka_answer answer;
    hex(parameters.key, "000102030405060708090a0b0c0d0e0f");
    hex(rand, "b5039c57e4a75051551d1a390a71ce48");
    assert_int_equal(
        aka_mac(&parameters, NULL, mac, &(struct aka_challenge){rand, sqn, amf, false}), TERN_OK);
    assert_int_equal(aka_answer(&parameters, NULL, &answer, rand), TERN_OK);
    memcpy(autn, answer.ak, 6);
    memcpy(autn + 6, amf, 2);
    memcpy(autn + 8, mac, 8);
    expect(autn, "54e0a256565d0000b5029e54e0a25656");
    assert_int_equal(answer.res_size, 16);
    expect(answer.res, "b5029e54e0a256565d141032067cc047");
    expect(answer.ck, "029e54e0a256565d141032067cc047b5");
    expect(answer.ik, "9e54e0a256565d141032067cc047b502");
    aka_gsm_answer(sres, kc, &answer);
    expect(sres, "0ec81877");
    expect(kc, "98e880384887f9fe");
}

static void tail(const uint8_t *state, size_t at, size_t size, const char *text)
{
    uint8_t bytes[64];
    for (size_t i = 0; i < size; i++)
        bytes[i] = state[at + size - 1 - i];
    expect(bytes, text);
}

static void tuak_has_the_vector_of_ts_35_233(void **unused)
{
    (void)unused;
    uint8_t top[32], topc[32], rand[16], sqn[6], state[200], mac[8], ak[6];
    struct aka_parameters parameters = {.algorithm = AKA_TUAK, .key_size = 16, .keccak = 1};
    static const uint8_t AMF[2] = {0xFF, 0xFF};
    memset(parameters.key, 0xAB, 16);
    memset(top, 0x55, sizeof top);
    memset(rand, 0x42, sizeof rand);
    memset(sqn, 0x11, sizeof sqn);
    struct tern_bytes key = tern_bytes(parameters.key, 16);
    tuak_topc(topc, key, top, 1);
    expect(topc, "bd04d9530e87513c5d837ac2ad954623a8e2330c115305a73eb45d1f40cccbff");
    memcpy(parameters.opc, topc, 32);
    assert_int_equal(
        aka_mac(&parameters, NULL, mac, &(struct aka_challenge){rand, sqn, AMF, false}), TERN_OK);
    expect(mac, "f9a54e6aeaa8618d");
    assert_int_equal(aka_mac(&parameters, NULL, mac, &(struct aka_challenge){rand, sqn, AMF, true}),
                     TERN_OK);
    expect(mac, "e94b4dc6c7297df3");
    tuak_run(state, &(struct tuak_input){
                        .key = key, .top = topc, .keccak = 1, .instance = 0x40, .rand = rand});
    tail(state, 0, 4, "657acd64");
    tail(state, 32, 16, "d71a1e5c6caffe986a26f783e5c78be1");
    tail(state, 64, 16, "be849fa2564f869aecee6f62d4337e72");
    tail(state, 96, 6, "719f1e9b9054");
    assert_int_equal(aka_resync_key(&parameters, NULL, ak, rand), TERN_OK);
    expect(ak, "e7af6b3d0e38");
}

static void tuak_agrees_with_shake256(void **unused)
{
    (void)unused;
    struct aka_parameters parameters = {.algorithm = AKA_TUAK};
    for (unsigned round = 0; round < 16; round++) {
        uint8_t rand[16], input[96] = {0}, output[8 * 136], own[200];
        struct aka_answer answer;
        parameters.key_size = round % 2 == 0 ? 16 : 32;
        parameters.keccak = (uint8_t)(1 + round % 8);
        for (size_t i = 0; i < 32; i++)
            parameters.key[i] = (uint8_t)(i * 7 + round * 31);
        for (size_t i = 0; i < 32; i++)
            parameters.opc[i] = (uint8_t)(i * 11 + round * 17);
        for (size_t i = 0; i < 16; i++)
            rand[i] = (uint8_t)(i * 13 + round);
        for (size_t i = 0; i < 32; i++)
            input[i] = parameters.opc[31 - i];
        input[32] = parameters.key_size == 32 ? 0x49 : 0x48;
        static const uint8_t NAME[7] = {'0', '.', '1', 'K', 'A', 'U', 'T'};
        memcpy(input + 33, NAME, sizeof NAME);
        for (size_t i = 0; i < 16; i++)
            input[40 + i] = rand[15 - i];
        for (size_t i = 0; i < parameters.key_size; i++) {
            input[64 + i] = parameters.key[parameters.key_size - 1u - i];
        }
        EVP_MD_CTX *shake = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestInit_ex(shake, EVP_shake256(), NULL), 1);
        assert_int_equal(EVP_DigestUpdate(shake, input, sizeof input), 1);
        assert_int_equal(EVP_DigestFinalXOF(shake, output, sizeof output), 1);
        EVP_MD_CTX_free(shake);
        tuak_run(own, &(struct tuak_input){.key = tern_bytes(parameters.key, parameters.key_size),
                                           .top = parameters.opc,
                                           .keccak = parameters.keccak,
                                           .instance = 0x48,
                                           .rand = rand});
        const uint8_t *block = output + (size_t)136 * (parameters.keccak - 1u);
        assert_memory_equal(own, block, 136);
        assert_int_equal(aka_answer(&parameters, NULL, &answer, rand), TERN_OK);
        for (size_t i = 0; i < 16; i++)
            assert_int_equal(answer.ck[i], block[47 - i]);
        for (size_t i = 0; i < 6; i++)
            assert_int_equal(answer.ak[i], block[101 - i]);
    }
}

static void an_unknown_algorithm_is_refused(void **state)
{
    (void)state;
    struct aka_parameters parameters = {.algorithm = 9};
    struct aka_answer answer;
    uint8_t rand[16] = {0}, mac[8], ak[6];
    assert_int_equal(aka_answer(&parameters, tern_openssl(), &answer, rand), TERN_ERR_UNSUPPORTED);
    assert_int_equal(
        aka_mac(&parameters, tern_openssl(), mac, &(struct aka_challenge){rand, ak, rand, false}),
        TERN_ERR_UNSUPPORTED);
    assert_int_equal(aka_resync_key(&parameters, tern_openssl(), ak, rand), TERN_ERR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(milenage_has_the_vectors_of_ts_35_208),
        cmocka_unit_test(milenage_sees_one_bit_of_the_key),
        cmocka_unit_test(the_test_algorithm_has_the_vector_of_osmo_hlr),
        cmocka_unit_test(tuak_has_the_vector_of_ts_35_233),
        cmocka_unit_test(tuak_agrees_with_shake256),
        cmocka_unit_test(an_unknown_algorithm_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
