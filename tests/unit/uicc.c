/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UICC by APDU, on the profile that saip.md 15 prints: selection, files, PINs, access rules,
 * status words. TS 102 221, 10 and 11. Records, BER-TLV and the rest of the file kinds are in
 * tests/unit/uicc_files.c on a profile that has them.
 */
#include "tests/support/minimal_profile.h"
#include "tests/support/sim.h"

static int setup(void **state)
{
    static uint8_t upp[1024], answer[64];
    struct tern_writer out = TERN_WRITER_OF(upp), response = TERN_WRITER_OF(answer);
    struct tern_profile_install install;
    struct sim *sim = calloc(1, sizeof *sim);
    static const uint8_t SUCCESS[] = {0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00};
    minimal_profile(&out);
    assert_int_equal(out.size, 770);
    assert_int_equal(sim_install(sim, tern_writer_bytes(&out), &install, &response), TERN_OK);
    assert_int_equal(response.size, sizeof SUCCESS);
    assert_memory_equal(answer, SUCCESS, sizeof SUCCESS);
    *state = sim;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void files_are_selected_by_name_path_and_application(void **state)
{
    struct sim *sim = *state;
    sim_expect(sim, "00A4000C023F00", 0x9000);
    sim_expect(sim, "00A4000C022FE2", 0x9000);
    sim_expect_data(sim, "00B0000000", 0x9000, "98001032547698103214");
    sim_expect(sim, "00A4000C026F07", 0x6A82); /* IMSI is not below the MF */
    sim_expect(sim, "00A4000C027FD0", 0x6A82); /* the temporary FID is gone */
    sim_expect(sim, "00A4000C027FFF", 0x6A82); /* no application yet */
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect(sim, "00A4000C026F07", 0x9000);
    sim_expect_data(sim, "00B0000009", 0x9000, "080910101032540636");
    sim_expect(sim, "00A4080C027FFF", 0x9000);
    sim_expect(sim, "00A4080C047FFF6F38", 0x9000);
    sim_expect(sim, "00A4080C022FE2", 0x9000);
    sim_expect(sim, "00A4080C042FE26F07", 0x6A82); /* an EF has no children */
    sim_expect(sim, "00A4080C032FE26F", 0x6700);
}

static void wrong_selections_get_their_status_words(void **state)
{
    struct sim *sim = *state;
    sim_expect(sim, "00A4050C023F00", 0x6A86);
    sim_expect(sim, "00A40008023F00", 0x6A86);
    sim_expect(sim, "00A4000C013F", 0x6700);
    sim_expect(sim, "00A4030C", 0x6A82); /* the MF has no parent */
    sim_expect(sim, "00A4040C07A0000000871004", 0x6A82);
    sim_expect(sim, "00A4040C11A0000000871002FFFFFFFF890709000000", 0x6700);
    sim_expect(sim, "80A4000C023F00", 0x6E00);
    sim_expect(sim, "0CA4000C023F00", 0x6882);
    sim_expect(sim, "00FF0000", 0x6D00);
    sim_expect(sim, "F0A40000", 0x6E00);
    sim_expect(sim, "00B0000001", 0x6986); /* no EF selected */
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect(sim, "00A4040E07A0000000871002", 0x6A82); /* there is no second one */
    sim_expect(sim, "00A4030C", 0x9000);
}

static void the_fcp_tells_what_a_file_is(void **state)
{
    struct sim *sim = *state;
    sim_expect_data(sim, "00A40004022FE2", 0x9000,
                    "62168202412183022FE28A01058B032F060B8002000A8800");
}

static void the_directory_status_has_its_pins(void **state)
{
    struct sim *sim = *state;
    sim_expect_data(sim, "80F2000000", 0x9000,
                    "62208202782183023F00A5038001718A01058B032F060EC60990014083010183010A");
    sim_expect(sim, "80F2000C", 0x9000);
    sim_expect(sim, "80F2000100", 0x6985);
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect_data(sim, "80F2000100", 0x9000, "8410A0000000871002FFFFFFFF8907090000");
    sim_expect(sim, "80F2030000", 0x6A86);
    sim_expect(sim, "80F2000200", 0x6A86);
}

static void binary_files_have_their_borders(void **state)
{
    struct sim *sim = *state;
    sim_expect(sim, "00A4000C022FE2", 0x9000);
    sim_expect_data(sim, "00B0000903", 0x6282, "14");
    sim_expect(sim, "00B0000A01", 0x6B00);
    sim_expect(sim, "00B0FFFF01", 0x6A86);
    sim->exact = true;
    sim_expect(sim, "00B0000000", 0x6C0A);
    sim_expect(sim, "00B0000B01", 0x6B00);
    sim_expect_data(sim, "00B0000802", 0x9000, "3214");
    sim_expect(sim, "00B0000803", 0x6C02);
    sim_expect(sim, "00D6000001FF", 0x6982); /* EF.ICCID is never updated */
    sim_expect(sim, "00B2010420", 0x6981);   /* no records in it */
}

static void short_identifiers_select(void **state)
{
    struct sim *sim = *state;
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect_data(sim, "00B0870009", 0x9000, "080910101032540636");
    sim_expect_data(sim, "00B0000001", 0x9000, "08"); /* and it is current now */
    sim_expect(sim, "00B09D0001", 0x6A82);
    sim_expect(sim, "00B0800001", 0x6A86);
}

static void access_rules_hold_until_the_pin_is_presented(void **state)
{
    struct sim *sim = *state;
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect(sim, "00A4000C026F46", 0x9000); /* EF.SPN: read ALW, update ADM1 */
    sim_expect(sim, "00D600000101", 0x6982);
    sim_expect(sim, "0020000A", 0x63C3);
    sim_expect(sim, "0020000A083535353535353530", 0x63C2);
    sim_expect(sim, "00D600000101", 0x6982);
    sim_expect(sim, "0020000A083535353535353535", 0x9000);
    sim_expect(sim, "0020000A", 0x9000);
    sim_expect(sim, "00D600000101", 0x9000);
    assert_true(sim->uicc.changed);
    sim_expect_data(sim, "00B0000002", 0x9000, "0149");
    assert_false(sim->uicc.changed);
    tern_uicc_reset(&sim->uicc);
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect(sim, "00A4000C026F46", 0x9000);
    sim_expect(sim, "00D600000100", 0x6982);
    sim_expect_data(sim, "00B0000001", 0x9000, "01"); /* the change stays */
}

static void pin1_guards_what_it_guards(void **state)
{
    struct sim *sim = *state;
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect(sim, "002000010830303030FFFFFFFF", 0x6984); /* disabled */
    sim_expect(sim, "002800010830303030FFFFFFFF", 0x9000); /* enable */
    tern_uicc_reset(&sim->uicc);
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect(sim, "00A4000C026F07", 0x9000);
    sim_expect(sim, "00B0000009", 0x6982);
    sim_expect(sim,
               "00880081221000000000000000000000000000000000"
               "1000000000000000000000000000000000",
               0x6982);
    sim_expect(sim, "002000010831323334FFFFFFFF", 0x63C2);
    sim_expect(sim, "002000010830303030FFFFFFFF", 0x9000);
    sim_expect(sim, "00B0000009", 0x9000);
    sim_expect(sim, "002600010830303030FFFFFFFF", 0x9000); /* disable again */
    tern_uicc_reset(&sim->uicc);
    sim_expect(sim, "00A4040C07A0000000871002", 0x9000);
    sim_expect(sim, "00A4000C026F07", 0x9000);
    sim_expect(sim, "00B0000009", 0x9000);
}

static void a_pin_blocks_and_its_puk_opens_it(void **state)
{
    struct sim *sim = *state;
    sim_expect(sim, "002800010830303030FFFFFFFF", 0x9000);
    sim_expect(sim, "002000010839393939FFFFFFFF", 0x63C2);
    sim_expect(sim, "002000010839393939FFFFFFFF", 0x63C1);
    tern_uicc_reset(&sim->uicc); /* counters survive */
    sim_expect(sim, "00200001", 0x63C1);
    sim_expect(sim, "002000010839393939FFFFFFFF", 0x63C0);
    sim_expect(sim, "002000010830303030FFFFFFFF", 0x6983);
    sim_expect(sim, "00200001", 0x6983);
    sim_expect(sim, "002C0001", 0x63CA);
    sim_expect(sim, "002C000110323232323232323231323334FFFFFFFF", 0x63C9);
    sim_expect(sim, "002C000110313131313131313131323334FFFFFFFF", 0x9000);
    sim_expect(sim, "002C0001", 0x63CA); /* success resets its counter as well */
    sim_expect(sim, "002000010831323334FFFFFFFF", 0x9000);
    sim_expect(sim, "00200001", 0x9000);
}

static void a_pin_is_changed_and_bad_codes_are_not_taken(void **state)
{
    struct sim *sim = *state;
    sim_expect(sim, "0024000A1035353535353535353738373837383738", 0x9000);
    sim_expect(sim, "0020000A083535353535353535", 0x63C2);
    sim_expect(sim, "0020000A083738373837383738", 0x9000);
    sim_expect(sim, "0024000A10373837383738373831323AFFFFFFFFFF", 0x6A80);
    sim_expect(sim, "0024000A083738373837383738", 0x6700);
    sim_expect(sim, "0020000A0437383738", 0x6700);
    sim_expect(sim, "00200055083738373837383738", 0x6A88);
    sim_expect(sim, "0020010A083738373837383738", 0x6A86);
    sim_expect(sim, "0026000A083738373837383738", 0x6985); /* ADM cannot be switched off */
    sim_expect(sim, "002C000A", 0x6A88);                   /* and has no PUK */
    sim_expect(sim, "002400011030303030FFFFFFFF31323334FFFFFFFF", 0x6984);
}

static void channels_have_their_own_selection(void **state)
{
    struct sim *sim = *state;
    tern_uicc_channel_open(&sim->uicc, 1, 0);
    assert_int_equal(sim_send(sim, 1, "01A4040C07A0000000871002"), 0x9000);
    assert_int_equal(sim_send(sim, 1, "01A4000C026F07"), 0x9000);
    sim_expect(sim, "00B0000009", 0x6986);
    assert_int_equal(sim_send(sim, 1, "01B0000009"), 0x9000);
    tern_uicc_channel_open(&sim->uicc, 2, 1); /* from a channel: inherits */
    assert_int_equal(sim_send(sim, 2, "02B0000009"), 0x9000);
    assert_true(tern_uicc_in_use(&sim->uicc));
    tern_uicc_channel_close(&sim->uicc, 1);
    assert_int_equal(sim_send(sim, 1, "01B0000009"), 0x6A81);
    tern_uicc_channel_close(&sim->uicc, 2);
    assert_false(tern_uicc_in_use(&sim->uicc));
    /* what one channel verified counts on another */
    tern_uicc_channel_open(&sim->uicc, 3, 0);
    assert_int_equal(sim_send(sim, 3, "0320000A083535353535353535"), 0x9000);
    sim_expect(sim, "0020000A", 0x9000);
}

static void a_bare_card_has_its_three_files(void **state)
{
    struct sim *sim = *state;
    assert_int_equal(tern_uicc_mount(&sim->uicc, NULL, tern_openssl()), TERN_OK);
    sim_expect(sim, "00A40004023F00", 0x9000);
    sim_expect(sim, "00A40004022F00", 0x9000);
    sim_expect_data(sim, "00B2010414", 0x9000, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
    sim_expect(sim, "00A4000C022FE2", 0x9000);
    sim_expect_data(sim, "00B000000A", 0x9000, "FFFFFFFFFFFFFFFFFFFF");
    sim_expect(sim, "00D600000100", 0x6982);
    sim_expect(sim, "00A4040C07A0000000871002", 0x6A82);
    assert_false(tern_uicc_has_application(&sim->uicc, TERN_BYTES_TEXT("\xA0")));
    uint8_t junk[64] = {0};
    struct tern_image_memory memory = {.data = junk, .size = sizeof junk};
    struct tern_image image = tern_image_in_memory(&memory);
    assert_int_equal(tern_uicc_mount(&sim->uicc, &image, tern_openssl()), TERN_ERR_MALFORMED);
    sim_expect(sim, "00A40004023F00", 0x9000);
}

/* Whatever bytes come, the card answers and stays within its memory. */
static void random_commands_do_no_harm(void **state)
{
    struct sim *sim = *state;
    uint32_t seed = 1;
    static const uint8_t INS[] = {0x04, 0x20, 0x24, 0x26, 0x28, 0x2C, 0x32, 0x44, 0x78, 0x84,
                                  0x88, 0xA2, 0xA4, 0xB0, 0xB2, 0xCB, 0xD6, 0xDB, 0xDC, 0xF2};
    for (int i = 0; i < 60000; i++) {
        uint8_t bytes[64];
        uint8_t response[TERN_UICC_RESPONSE_SIZE];
        struct tern_writer out = TERN_WRITER_OF(response);
        for (size_t j = 0; j < sizeof bytes; j++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[j] = (uint8_t)(seed >> 24);
        }
        struct tern_apdu apdu = {.cla = bytes[0] & 1 ? 0x00 : 0x80,
                                 .ins = INS[bytes[1] % sizeof INS],
                                 .p1 = bytes[2] % 10,
                                 .p2 = bytes[3] & 0x8F,
                                 .data = tern_bytes(bytes + 8, bytes[4] % 56),
                                 .le = bytes[5],
                                 .exact = (bytes[6] & 1) != 0};
        if (apdu.ins == 0xA4 && (bytes[7] & 3) != 0) { /* most selections hit something */
            static const uint16_t FIDS[] = {0x3F00, 0x2F00, 0x2F06, 0x7FFF, 0x6F07,
                                            0x6F38, 0x6FB7, 0x6F42, 0x6FE4};
            static const uint8_t AID[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
            uint16_t fid = FIDS[bytes[2] % TERN_COUNT_OF(FIDS)];
            bytes[8] = (uint8_t)(fid >> 8);
            bytes[9] = (uint8_t)fid;
            apdu.p1 = (bytes[7] & 3) == 1 ? 4 : 0;
            apdu.p2 = 4;
            apdu.cla = 0;
            apdu.data = apdu.p1 == 4 ? TERN_BYTES_OF(AID) : tern_bytes(bytes + 8, 2);
        }
        uint16_t sw = tern_uicc_command(&sim->uicc, &out, 0, &apdu);
        assert_true(sw >> 12 == 6 || sw >> 12 == 9);
        assert_true(out.size <= sizeof response);
    }
    /* It still is the same SIM. */
    tern_uicc_reset(&sim->uicc);
    sim_expect(sim, "00A4000C022FE2", 0x9000);
    sim_expect_data(sim, "00B000000A", 0x9000, "98001032547698103214");
}

int main(void)
{
#define SIM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        SIM(files_are_selected_by_name_path_and_application),
        SIM(wrong_selections_get_their_status_words),
        SIM(the_fcp_tells_what_a_file_is),
        SIM(the_directory_status_has_its_pins),
        SIM(binary_files_have_their_borders),
        SIM(short_identifiers_select),
        SIM(access_rules_hold_until_the_pin_is_presented),
        SIM(pin1_guards_what_it_guards),
        SIM(a_pin_blocks_and_its_puk_opens_it),
        SIM(a_pin_is_changed_and_bad_codes_are_not_taken),
        SIM(channels_have_their_own_selection),
        SIM(a_bare_card_has_its_three_files),
        SIM(random_commands_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
