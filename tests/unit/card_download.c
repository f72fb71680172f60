/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES10b and ES8+ of the card: mutual authentication, PrepareDownload, LoadBoundProfilePackage,
 * CancelSession, every result code that each can give. The SM-DP+ is tests/support/card_download.h.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "host/config/files.h"
#include "tests/support/card_expect.h"

static int code_of(struct tern_bytes response, tern_tag outer, tern_tag tag)
{
    const tern_tag path[] = {outer, 0xA1, tag};
    struct tern_tlv tlv;
    if (tern_der_path(response, path, 3, &tlv) != TERN_OK) return -1;
    return tlv.value.data[0];
}

/* ---- AuthenticateServer ---- */

static void authenticates(enum tern_curve curve)
{
    struct world *world = world_new();
    struct download good = {.n = 1};
    world->curve = curve;
    struct tern_bytes response = world_authenticate(world, &good);
    struct tern_tlv signed1 = FIND(response, 0xBF38, 0xA0, 0x30);
    struct tern_tlv signature = FIND(response, 0xBF38, 0xA0, 0x5F37);
    assert_int_equal(signature.value.size, 64);
    assert_true(world_card_signed(curve, signature.value, &signed1.raw, 1));
    assert_false(
        world_card_signed(curve == TERN_CURVE_P256 ? TERN_CURVE_BRAINPOOLP256R1 : TERN_CURVE_P256,
                          signature.value, &signed1.raw, 1));
    /* transactionId, serverAddress, serverChallenge are echoed; ctxParams1 is verbatim. */
    struct tern_tlv id = FIND(signed1.raw, 0x30, 0x80);
    assert_memory_equal(id.value.data, world->transaction_id, 16);
    struct tern_tlv address = FIND(signed1.raw, 0x30, 0x83);
    assert_memory_equal(address.value.data, WORLD_SMDP, address.value.size);
    struct tern_tlv context = FIND(signed1.raw, 0x30, 0xA0);
    assert_int_equal(context.raw.size, 17);
    FIND(signed1.raw, 0x30, 0xBF22);
    world_free(world);
}

static void authenticates_on_both_curves(void **state)
{
    (void)state;
    authenticates(TERN_CURVE_P256);
    authenticates(TERN_CURVE_BRAINPOOLP256R1);
}

static void refuses_servers_with_the_right_code(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct download download;
        int code;
    } CASES[] = {
        {"invalidCertificate",     {.foreign_certificate = true},  1},
        {"invalidSignature",       {.bad_server_signature = true}, 2},
        {"noSessionContext",       {.no_challenge = true},         4},
        {"invalidOid",             {.pb_certificate = true},       5},
        {"euiccChallengeMismatch", {.wrong_challenge = true},      6},
        {"ciPKUnknown",            {.wrong_ci = true},             7},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        struct world *world = world_new();
        struct tern_bytes response = world_authenticate(world, &CASES[i].download);
        int code = code_of(response, 0xBF38, 0x02);
        if (code != CASES[i].code) fail_msg("%s: %d", CASES[i].what, code);
        /* And there is no session. */
        struct download good = {.n = 1};
        assert_int_equal(code_of(world_prepare(world, &good), 0xBF21, 0x02), 4);
        world_free(world);
    }
}

/* ---- PrepareDownload ---- */

static void prepares_and_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct download download;
        int code;
    } CASES[] = {
        {"ok",                            {.n = 1},                       -1},
        {"ok with hashCc",                {.hash_cc = true},              -1},
        {"invalidCertificate: other OID", {.other_oid = true},            1 },
        {"invalidCertificate: DPauth",    {.auth_certificate = true},     1 },
        {"invalidSignature",              {.bad_smdp_signature = true},   2 },
        {"noSessionContext: SM-DS",       {.smds = true},                 4 },
        {"invalidTransactionId",          {.wrong_transaction_id = true}, 5 },
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        struct world *world = world_new();
        world_authenticate(world, &CASES[i].download);
        struct tern_bytes response = world_prepare(world, &CASES[i].download);
        int code = code_of(response, 0xBF21, 0x02);
        if (code != CASES[i].code) fail_msg("%s: %d", CASES[i].what, code);
        if (code == -1) {
            struct tern_tlv signed2 = FIND(response, 0xBF21, 0xA0, 0x30);
            FIND(signed2.raw, 0x30, 0x5F49);
            struct tern_tlv hash;
            bool has_hash = tern_der_find(signed2.value, 0x04, &hash) == TERN_OK;
            assert_int_equal(has_hash, CASES[i].download.hash_cc);
        }
        world_free(world);
    }
    struct world *world = world_new();
    struct download good = {.n = 1};
    assert_int_equal(code_of(world_prepare(world, &good), 0xBF21, 0x02), 4);
    world_free(world);
}

static void uses_a_one_time_key_again(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct download download = {.n = 1};
    uint8_t first[65];
    world_authenticate(world, &download);
    world_prepare(world, &download);
    memcpy(first, world->euicc_otpk, 65);
    tern_card_reset(&world->card); /* the battery went empty */
    download.otpk = first;
    world_authenticate(world, &download);
    world_prepare(world, &download);
    assert_memory_equal(first, world->euicc_otpk, 65);
    /* Not for another SM-DP+, and not when it was not asked for. */
    world->smdp = "smdp2.example";
    world_authenticate(world, &download);
    world_prepare(world, &download);
    assert_memory_not_equal(first, world->euicc_otpk, 65);
    world->smdp = WORLD_SMDP;
    download.otpk = NULL;
    world_authenticate(world, &download);
    world_prepare(world, &download);
    assert_memory_not_equal(first, world->euicc_otpk, 65);
    world_free(world);
}

/* ---- LoadBoundProfilePackage ---- */

static void check_result(struct world *world, struct tern_bytes result, enum tern_curve curve)
{
    struct tern_tlv data = FIND(result, 0xBF37, 0xBF27);
    struct tern_tlv signature = FIND(result, 0xBF37, 0x5F37);
    assert_true(world_card_signed(curve, signature.value, &data.raw, 1));
    struct tern_tlv id = FIND(data.raw, 0xBF27, 0x80);
    assert_memory_equal(id.value.data, world->transaction_id, 16);
    struct tern_tlv address = FIND(data.raw, 0xBF27, 0xBF2F, 0x0C);
    assert_memory_equal(address.value.data, WORLD_SMDP, strlen(WORLD_SMDP));
    struct tern_tlv event = FIND(data.raw, 0xBF27, 0xBF2F, 0x81);
    assert_memory_equal(event.value.data, "\x07\x80", 2);
    FIND(data.raw, 0xBF27, 0x06);
}

static void installs(struct download download, enum tern_curve curve)
{
    struct world *world = world_new();
    world->curve = curve;
    struct tern_bytes result = world_download(world, &download);
    int command = -1;
    int reason = world_error_reason(result, &command);
    if (reason != 0) fail_msg("reason %d, command %d, SW %04X", reason, command, world->sw);
    check_result(world, result, curve);
    struct tern_tlv aid = FIND(result, 0xBF37, 0xBF27, 0xA2, 0xA0, 0x4F);
    uint8_t expected[16];
    hex(expected, 16, "A0000005591010FFFFFFFF8900001000");
    assert_memory_equal(aid.value.data, expected, 16);
    struct tern_tlv sima = FIND(result, 0xBF37, 0xBF27, 0xA2, 0xA0, 0x04);
    static const uint8_t OK[] = {0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00};
    assert_int_equal(sima.value.size, sizeof OK);
    assert_memory_equal(sima.value.data, OK, sizeof OK);
    /* Disabled, with its metadata. */
    struct tern_bytes list = world_es10_hex(world, "BF2D00");
    struct tern_tlv state = FIND(list, 0xBF2D, 0xA0, 0xE3, 0x9F70);
    assert_int_equal(state.value.data[0], 0);
    struct tern_tlv name = FIND(list, 0xBF2D, 0xA0, 0xE3, 0x91);
    assert_memory_equal(name.value.data, "Operator", 8);
    /* Nothing more is taken for this package. */
    assert_int_equal(world_apdu_hex(world, "80E29100028600"), 0x6A88);
    world_free(world);
}

static void installs_with_and_without_ppk_in_any_blocks(void **state)
{
    (void)state;
    installs((struct download){.n = 1}, TERN_CURVE_P256);
    installs((struct download){.n = 1, .ppk = true}, TERN_CURVE_P256);
    installs((struct download){.n = 2}, TERN_CURVE_BRAINPOOLP256R1);
    installs((struct download){.n = 3, .block = 1}, TERN_CURVE_P256);
    installs((struct download){.n = 3, .block = 120, .ppk = true}, TERN_CURVE_P256);
    installs((struct download){.n = 3, .block = 254}, TERN_CURVE_P256);
    installs((struct download){.n = 4, .configure = "BF240AB80880060388370A0500"}, TERN_CURVE_P256);
}

static void reports_every_package_error(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct download download;
        int reason;
        int command;
    } CASES[] = {
        {"incorrectInputValues: icon without type", {.n = 1, .metadata = "9403FFD8FF"},     1,  2},
        {"invalidSignature",                        {.n = 1, .bpp_signature = true},        2,  0},
        {"invalidTransactionId",                    {.n = 1, .bpp_transaction_id = true},   3,  0},
        {"unsupportedCrtValues",                    {.n = 1, .bpp_key_type = true},         4,  0},
        {"unsupportedRemoteOperationType",          {.n = 1, .bpp_operation = true},        5,  0},
        {"unsupportedProfileClass",                 {.n = 1, .metadata = "950105"},         6,  2},
        {"scp03tSecurityError",                     {.n = 1, .flip_mac = true},             8,  5},
        {"installFailedDueToPEProcessingError",     {.n = 1, .elements = "A405A000A10180"}, 12, 5},
        {"installFailedDueToDataMismatch",          {.n = 1, .metadata_n = 7},              13, 5},
        {"pprNotAllowed: no owner",                 {.n = 1, .metadata = "99020640"},       15, 2},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        struct world *world = world_new();
        size_t free_before = tern_card_memory_free(&world->card);
        int command = -1;
        struct tern_bytes result = world_download(world, &CASES[i].download);
        int reason = world_error_reason(result, &command);
        if (reason != CASES[i].reason || command != CASES[i].command) {
            fail_msg("%s: reason %d, command %d, SW %04X", CASES[i].what, reason, command,
                     world->sw);
        }
        check_result(world, result, TERN_CURVE_P256);
        /* Nothing is left of it but the notification, and the next download succeeds. */
        struct tern_bytes list = world_es10_hex(world, "BF2D00");
        assert_int_equal(list.size, 5);
        assert_true(free_before - tern_card_memory_free(&world->card) < 600);
        world_install(world, 1, NULL);
        world_free(world);
    }
}

static void reports_structure_errors(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct download download = {.n = 1, .short_tlv = true};
    int command = -1;
    assert_int_equal(world_error_reason(world_download(world, &download), &command), 7);
    assert_int_equal(command, 5);
    /* A TLV that has no place in a package. */
    download = (struct download){.n = 1};
    world_authenticate(world, &download);
    world_prepare(world, &download);
    world_select_isdr(world);
    uint8_t bytes[20];
    world_store_data(world, hex(bytes, sizeof bytes, "BF3605BF24028000"), 255);
    struct tern_bytes result = tern_bytes(world->response, world->response_size);
    assert_true(world_error_reason(result, &command) > 0);
    assert_int_equal(command, 0);
    world_free(world);
}

static void refuses_segments_without_a_session(void **state)
{
    (void)state;
    struct world *world = world_new();
    uint8_t bytes[20];
    world_select_isdr(world);
    world_store_data(world, hex(bytes, sizeof bytes, "BF3605BF23028000"), 255);
    assert_int_equal(world->sw, 0x6985);
    /* Authenticated is not enough; nor is a session whose package is through. */
    struct download download = {.n = 1};
    world_authenticate(world, &download);
    world_store_data(world, hex(bytes, sizeof bytes, "BF3605BF23028000"), 255);
    assert_int_equal(world->sw, 0x6985);
    world_install(world, 1, "");
    world_store_data(world, hex(bytes, sizeof bytes, "BF3605BF23028000"), 255);
    assert_int_equal(world->sw, 0x6985);
    world_free(world);
}

/* ---- CancelSession ---- */

static void cancels(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct download download = {.n = 1};
    uint8_t cancel[24] = {0xBF, 0x41, 0x15, 0x80, 0x10, [21] = 0x81, 0x01, 0x00};
    struct tern_bytes command = TERN_BYTES_OF(cancel);
    EXPECT_HEX(world_es10(world, command), "BF4103810105");
    static const uint8_t REASONS[] = {0, 1, 2, 3, 4, 5, 127};
    for (size_t i = 0; i < sizeof REASONS; i++) {
        world_authenticate(world, &download);
        world_prepare(world, &download);
        uint8_t first[65];
        memcpy(first, world->euicc_otpk, 65);
        memcpy(cancel + 5, world->transaction_id, 16);
        cancel[23] = REASONS[i];
        struct tern_bytes response = world_es10(world, command);
        struct tern_tlv data = FIND(response, 0xBF41, 0xA0, 0x30);
        assert_true(world_card_signed(TERN_CURVE_P256, FIND(response, 0xBF41, 0xA0, 0x5F37).value,
                                      &data.raw, 1));
        assert_memory_equal(FIND(data.raw, 0x30, 0x80).value.data, world->transaction_id, 16);
        assert_int_equal(FIND(data.raw, 0x30, 0x82).value.data[0], REASONS[i]);
        FIND(data.raw, 0x30, 0x81);
        EXPECT_HEX(world_es10(world, command), "BF4103810105");
        /* Postponed and timeout keep the one-time key for another attempt. */
        download.otpk = first;
        world_authenticate(world, &download);
        world_prepare(world, &download);
        bool kept = memcmp(first, world->euicc_otpk, 65) == 0;
        assert_int_equal(kept, REASONS[i] == 1 || REASONS[i] == 2);
        download.otpk = NULL;
    }
    world_authenticate(world, &download);
    memcpy(cancel + 5, world->transaction_id, 16);
    cancel[23] = 99;
    EXPECT_HEX(world_es10(world, command), "BF410381017F");
    cancel[5] ^= 1;
    EXPECT_HEX(world_es10(world, command), "BF4103810105");
    world_free(world);
}

/* ---- The public test profiles ---- */

static void install_file(const char *path)
{
    uint8_t *upp = NULL;
    size_t size = 0;
    uint8_t iccid[10];
    assert_int_equal(file_read(path, 200000, &upp, &size), TERN_OK);
    /* The header's ICCID, in reading order. */
    struct tern_tlv header = {.tag = 0};
    struct tern_tlv digits = {.tag = 0};
    struct tern_bytes rest = tern_bytes(upp, size);
    assert_int_equal(tern_der_next(&rest, &header, 0), 1);
    assert_int_equal(tern_der_find(header.value, 0x83, &digits), TERN_OK);
    for (size_t i = 0; i < 10; i++) {
        iccid[i] = (uint8_t)(digits.value.data[i] << 4 | digits.value.data[i] >> 4);
    }
    for (int ppk = 0; ppk < 2; ppk++) {
        struct world *world = world_new();
        struct download download = {
            .upp = tern_bytes(upp, size), .iccid = iccid, .metadata = "", .ppk = ppk == 1};
        int command = -1;
        int reason = world_error_reason(world_download(world, &download), &command);
        if (reason != 0) fail_msg("%s: reason %d, command %d", path, reason, command);
        char digits_text[24] = "";
        char text[80];
        struct tern_writer out = tern_writer(digits_text, sizeof digits_text - 1);
        tern_hex_encode(&out, TERN_BYTES_OF(iccid));
        snprintf(text, sizeof text, "A30C5A0A%s", digits_text);
        world_add_initial_eim(world, 0, false);
        EXPECT_HEX(world_psmo(world, text), "830100");
        assert_int_equal(world_apdu_hex(world, "00A4040C07A0000000871002"), 0x9000);
        assert_int_equal(world_apdu_hex(world, "00A4000C026F07"), 0x9000);
        world_apdu_hex(world, "00B0000009");
        EXPECT_HEX(tern_bytes(world->response, world->response_size), "080910101032540636");
        world_free(world);
    }
    free(upp);
}

static void installs_the_test_profiles(void **state)
{
    (void)state;
    const char *refdata = getenv("TERN_REFDATA");
    char path[4096];
    snprintf(path, sizeof path, "%s/upp", refdata == NULL ? "" : refdata);
    DIR *folder = opendir(path);
    const struct dirent *entry;
    unsigned count = 0;
    if (folder == NULL) {
        print_message("no reference profiles at '%s'\n", path);
        skip();
    }
    while ((entry = readdir(folder)) != NULL) {
        char file[4400];
        if (strstr(entry->d_name, ".der") == NULL) continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        install_file(file);
        count++;
    }
    closedir(folder);
    assert_true(count >= 5);
}

static void refuses_the_same_iccid_twice(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_install(world, 1, NULL);
    struct download again = {.n = 1};
    int command = -1;
    assert_int_equal(world_error_reason(world_download(world, &again), &command), 9);
    assert_int_equal(command, 2);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authenticates_on_both_curves),
        cmocka_unit_test(refuses_servers_with_the_right_code),
        cmocka_unit_test(prepares_and_refuses),
        cmocka_unit_test(uses_a_one_time_key_again),
        cmocka_unit_test(installs_with_and_without_ppk_in_any_blocks),
        cmocka_unit_test(reports_every_package_error),
        cmocka_unit_test(reports_structure_errors),
        cmocka_unit_test(refuses_segments_without_a_session),
        cmocka_unit_test(refuses_the_same_iccid_twice),
        cmocka_unit_test(cancels),
        cmocka_unit_test(installs_the_test_profiles),
    };
    return cmocka_run_group_tests(tests, world_make_pki, world_remove_pki);
}
