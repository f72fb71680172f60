/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET IDENTITY with the known answers of TS 33.501, C.4.3 and C.4.4: IMSI 274012001002086, the home
 * network's keys, and the ephemeral keys that the annex prints, by way of a provider that hands
 * them out. The two packages were built by `tern profile build` from those values.
 */
#include "tests/support/sim.h"

/* clang-format off */
static const char *const PROFILE_A =
    "a03c800102810103830a8946012345678901234fa506810095009600a620060667810f010201060667810f010204"
    "060667810f01020d060667810f01020eb08201c1a0058000810101810667810f010201a206a104c602010aa40c83"
    "0a986410325476981032f4a521a109820442210014800114831461124f10a0000000871002ffffffff8907090000"
    "a6820175a10a820442210021800201ce831b8001019000800102a406830101950108800158a40683010a95010882"
    "01068316800101a40683010195010880015aa40683010a95010882010b830b80015ba40683010a95010882011683"
    "15800101900080011a9700800140a40683010a95010882010c8316800103a406830101950108800158a40683010a"
    "95010882010b8316800111a40683010195010880014aa40683010a95010882010b835d800103a406830101950108"
    "800158a40683010a950108840132a406830101950108800101a406830101950108800102a4068301819501088001"
    "58a40683010a950108800101900080011aa406830101950108800140a40683010a95010882010683108001019000"
    "80015aa40683010a95010882011183158001019000800118a40683010a950108800142970082010c8310800101a4"
    "0683010195010880015a97008201118316800113a406830101950108800148a40683010a95010882010b830b8001"
    "5ea40683010a950108a21da0058000810102a114a0123010800101810830303030ffffffff830106b3819fa00580"
    "00810103810667810f010204a21ca11a83027fd08410a0000000871002ffffffff8907090000c602010aa30b8309"
    "082947100210000268a406a104c7022f06a817a10380011083100000040000000000000010000000001aa9028000"
    "aa028000ab028000ac028000ad13831100ffffffffffffffffffffffffffffffffae03830100b20483020040b506"
    "830400000003b606830411f2ff00b7028000bc25a0058000810104810667810f01020da206a104c602010aa300a4"
    "00a500ac06830476f80000bd4ba0058000810105810667810f01020ea206a104c602010aa332a10380012b832ba0"
    "020101a12580011b81205a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650aa07a005"
    "8000810106";
static const char *const PROFILE_B =
    "a03c800102810103830a8946012345678901234fa506810095009700a620060667810f010201060667810f010204"
    "060667810f01020d060667810f01020eb08201c1a0058000810101810667810f010201a206a104c602010aa40c83"
    "0a986410325476981032f4a521a109820442210014800114831461124f10a0000000871002ffffffff8907090000"
    "a6820175a10a820442210021800201ce831b8001019000800102a406830101950108800158a40683010a95010882"
    "01068316800101a40683010195010880015aa40683010a95010882010b830b80015ba40683010a95010882011683"
    "15800101900080011a9700800140a40683010a95010882010c8316800103a406830101950108800158a40683010a"
    "95010882010b8316800111a40683010195010880014aa40683010a95010882010b835d800103a406830101950108"
    "800158a40683010a950108840132a406830101950108800101a406830101950108800102a4068301819501088001"
    "58a40683010a950108800101900080011aa406830101950108800140a40683010a95010882010683108001019000"
    "80015aa40683010a95010882011183158001019000800118a40683010a950108800142970082010c8310800101a4"
    "0683010195010880015a97008201118316800113a406830101950108800148a40683010a95010882010b830b8001"
    "5ea40683010a950108a21da0058000810102a114a0123010800101810830303030ffffffff830106b3819fa00580"
    "00810103810667810f010204a21ca11a83027fd08410a0000000871002ffffffff8907090000c602010aa30b8309"
    "082947100210000268a406a104c7022f06a817a10380011083100000040000000000000010000000001aa9028000"
    "aa028000ab028000ac028000ad13831100ffffffffffffffffffffffffffffffffae03830100b20483020040b506"
    "830400000003b606830411f2ff00b7028000bc25a0058000810104810667810f01020da206a104c602010aa300a4"
    "00a500ac06830476f80000bd4ca0058000810105810667810f01020ea206a104c602010aa333a10380012c832ca0"
    "020201a12680011b81210272da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1aa07a0"
    "058000810106";
/* clang-format on */

static const char *const EPHEMERAL_A =
    "C80949F13EBE61AF4EBDBD293EA4F942696B9E815D7E8F0096BBF6ED7DE62256";
static const char *const EPHEMERAL_B =
    "99798858A1DC6A2C68637149A4B1DBFD1FDFF5ADDD62A2142F06699ED7602529";

static void hex(uint8_t *out, const char *text)
{
    struct tern_writer writer = tern_writer(out, strlen(text) / 2);
    assert_int_equal(tern_hex_decode(&writer, tern_bytes_text(text)), TERN_OK);
}

static int fixed_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    assert_int_equal(size, 32);
    hex(out, EPHEMERAL_A);
    return TERN_OK;
}

static int fixed_generate(void *context, enum tern_curve curve, uint8_t scalar[TERN_SCALAR_SIZE],
                          uint8_t point[TERN_POINT_SIZE])
{
    (void)context;
    hex(scalar, EPHEMERAL_B);
    return tern_openssl_point(point, curve, scalar);
}

static void ask(const char *package, const struct tern_crypto *crypto, uint16_t sw,
                const char *identity)
{
    static uint8_t upp[2048];
    uint8_t answer[64];
    struct tern_writer in = TERN_WRITER_OF(upp), response = TERN_WRITER_OF(answer);
    struct tern_profile_install install;
    struct sim *sim = calloc(1, sizeof *sim);
    assert_int_equal(tern_hex_decode(&in, tern_bytes_text(package)), TERN_OK);
    assert_int_equal(sim_install(sim, tern_writer_bytes(&in), &install, &response), TERN_OK);
    sim->uicc.crypto = crypto;
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect_data(sim, "8078000100", sw, identity);
    free(sim);
}

static void profile_a_has_the_answer_of_ts_33_501(void **state)
{
    (void)state;
    struct tern_crypto crypto = *tern_openssl();
    crypto.random = fixed_random;
    ask(PROFILE_A, &crypto, 0x9000,
        "A135"
        "01722410"
        "76F8"
        "01"
        "1B"
        "B2E92F836055A255837DEBF850B528997CE0201CB82ADFE4BE1F587D07D8457D"
        "CB02352410"
        "CDDD9E730EF3FA87");
}

static void profile_b_has_the_answer_of_ts_33_501(void **state)
{
    (void)state;
    struct tern_crypto crypto = *tern_openssl();
    crypto.ec_generate = fixed_generate;
    ask(PROFILE_B, &crypto, 0x9000,
        "A136"
        "01722410"
        "76F8"
        "02"
        "1B"
        "039AAB8376597021E855679A9778EA0B67396E68C66DF32C0F41E9ACCA2DA9B9D1"
        "46A33FC271"
        "6AC7DAE96AA30A4D");
}

/* A provider that cannot do the one scheme the profile has: the terminal has to, so no identity. */
static void without_the_primitive_there_is_no_identity(void **state)
{
    (void)state;
    struct tern_crypto crypto = *tern_openssl();
    crypto.x25519 = NULL;
    crypto.ec_decompress = NULL;
    ask(PROFILE_A, &crypto, 0x6985, "");
    ask(PROFILE_B, &crypto, 0x6985, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profile_a_has_the_answer_of_ts_33_501),
        cmocka_unit_test(profile_b_has_the_answer_of_ts_33_501),
        cmocka_unit_test(without_the_primitive_there_is_no_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
