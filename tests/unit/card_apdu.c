/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card on the wire: cases, classes, channels, selection, GET RESPONSE, STORE DATA, REFRESH.
 * ETSI TS 102 221; sgp22.md 17; the first APDUs of known clients (17.7) word for word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/card_expect.h"

#define ISDR "A0000005591010FFFFFFFF8900000100"

static void expect_apdu(struct world *world, int line, const char *command, const char *response)
{
    uint8_t bytes[600];
    char text[1300];
    world_apdu_hex(world, command);
    struct tern_writer out = tern_writer(text, sizeof text - 1);
    tern_hex_encode(&out, tern_bytes(world->response, world->response_size));
    uint8_t status[] = {(uint8_t)(world->sw >> 8), (uint8_t)world->sw};
    tern_hex_encode(&out, TERN_BYTES_OF(status));
    text[out.size] = 0;
    struct tern_bytes wanted = hex(bytes, sizeof bytes, response);
    char wanted_text[1300];
    struct tern_writer expected = tern_writer(wanted_text, sizeof wanted_text - 1);
    tern_hex_encode(&expected, wanted);
    wanted_text[expected.size] = 0;
    if (strcmp(text, wanted_text) != 0) {
        fail_msg("line %d: %s: expected %s, got %s", line, command, wanted_text, text);
    }
}
#define APDU(world, command, response) expect_apdu(world, __LINE__, command, response)

static void says_euicc_in_its_atr(void **state)
{
    (void)state;
    struct world *world = world_new();
    uint8_t atr[40];
    struct tern_writer out = TERN_WRITER_OF(atr);
    tern_card_atr(&world->card, &out);
    EXPECT_HEX(tern_writer_bytes(&out), "3B9F96803FC7828031A073BE2113674320071800000107");
    uint8_t check = 0;
    for (size_t i = 1; i < out.size; i++)
        check ^= atr[i];
    assert_int_equal(check, 0);
    world->card.config.protocol = TERN_CARD_T1;
    out.size = 0;
    tern_card_atr(&world->card, &out);
    for (size_t i = 1; i < out.size; i++)
        check ^= atr[i];
    assert_int_equal(check, 0);
    world_free(world);
}

static void selects_the_isdr(void **state)
{
    (void)state;
    struct world *world = world_new();
    APDU(world, "00A4040010" ISDR, "6127");
    APDU(world, "00C0000027", "6F25 8410" ISDR "A5059F650200FF E0058203020500 E103800100 9000");
    APDU(world, "00A4040410" ISDR "00",
         "6F25 8410" ISDR "A5059F650200FF E0058203020500 E103800100 9000");
    APDU(world, "00A4040C10" ISDR, "9000");
    APDU(world,
         "00A404020F"
         "A0000005591010FFFFFFFF89000001",
         "6A82"); /* next occurrence */
    APDU(world,
         "00A404000F"
         "A0000005591010FFFFFFFF89000001",
         "6127");
    APDU(world,
         "00A4040010"
         "A0000005591010FFFFFFFF8900001000",
         "6A82"); /* an ISD-P */
    APDU(world, "00A4041010" ISDR, "6A86");
    APDU(world, "80F2000100", "6C12");
    APDU(world, "80F2000112", "8410" ISDR "9000");
    APDU(world, "80F2030100", "6A86");
    APDU(world,
         "00A4040C10"
         "A0000005591010FFFFFFFF8900000200",
         "9000");
    APDU(world, "00CA005A12", "5A1089049032123451234512345678901235 9000");
    APDU(world, "00CA006612", "6A88");
    world_free(world);
}

static void has_files_without_a_profile(void **state)
{
    (void)state;
    struct world *world = world_new();
    assert_int_equal(world_apdu_hex(world, "00A40004023F00") >> 8, 0x61);
    assert_int_equal(world_apdu_hex(world, "00A40004022F00") >> 8, 0x61);
    assert_int_equal(world_apdu_hex(world, "00A40004022FE2") >> 8, 0x61);
    assert_int_equal(world_apdu_hex(world, "00A4080C022FE2"), 0x9000);
    APDU(world, "00A40004027FFF", "6A82");
    APDU(world, "00A4040407A0000000871002", "6A82");
    world_free(world);
}

static void refuses_malformed_commands(void **state)
{
    (void)state;
    struct world *world = world_new();
    static const struct {
        const char *command;
        const char *response;
    } CASES[] = {
        {"00",                                 "6700"  },
        {"00A404",                             "6700"  },
        {"00A4040010A000",                     "6700"  }, /* Lc says more */
        {"00A4040002A0000000",                 "6700"  }, /* Lc says less */
        {"00A4040000000010" ISDR,              "6700"  }, /* extended length */
        {"00700000000001",                     "6700"  }, /* extended Le */
        {"A0A40000023F00",                     "6E00"  }, /* a SIM's class */
        {"B03C010000",                         "6E00"  }, /* pcscd's helpers */
        {"00A4040007627601FF000000",           "6A82"  },
        {"04A4040010" ISDR,                    "6882"  }, /* secure messaging */
        {"60A4040010" ISDR,                    "6882"  },
        {"01A4040C10" ISDR,                    "6881"  }, /* channel not open */
        {"45A4040C10" ISDR,                    "6881"  },
        {"20A4040C10" ISDR,                    "6E00"  },
        {"00C0000010",                         "6985"  }, /* nothing to give */
        {"0070000101",                         "6A86"  }, /* a number twice */
        {"00700005",                           "9000"  },
        {"00700005",                           "6A86"  },
        {"0070000001",                         "019000"},
        {"00700014",                           "6A86"  }, /* 20: there is none */
        {"00708000",                           "6A86"  },
        {"00708007",                           "6881"  },
        {"00708005",                           "9000"  },
        {"0070400000",                         "6A86"  },
        {"80AA000000",                         "6A80"  },
        {"80AA0000021234",                     "6A80"  },
        {"80AA00000AA9088100820101830107",     "9000"  },
        {"80AA000005A903830107",               "9000"  },
        {"8012000010",                         "6985"  },
        {"801400000C810301010982028281830100", "6985"  },
    };
    world_apdu_hex(world, "0070000100");
    world_apdu_hex(world, "00708001");
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        if (strcmp(CASES[i].command, "0070000101") == 0) world_apdu_hex(world, "0070000100");
        if (strcmp(CASES[i].command, "80AA000000") == 0) continue;
        APDU(world, CASES[i].command, CASES[i].response);
        if (strcmp(CASES[i].command, "0070000101") == 0) world_apdu_hex(world, "00708001");
    }
    /* On the ISD-R: instructions of others, the wrong class for its own. */
    APDU(world, "00A4040C10" ISDR, "9000");
    APDU(world, "00E2910003BF2E00", "6E00");
    APDU(world, "80D0000000", "6D00");
    APDU(world, "00B0000000", "6D00");
    world_free(world);
}

static void keeps_channels_apart(void **state)
{
    (void)state;
    struct world *world = world_new();
    APDU(world, "0070000001", "019000");
    APDU(world, "0070000000", "6C01");
    APDU(world, "00700000", "6C01");
    APDU(world, "0070000001", "029000");
    APDU(world, "00700003", "9000");
    APDU(world, "01A4040C10" ISDR, "9000");
    APDU(world, "81E2910006BF3E035C015A", "6115");
    APDU(world, "00C0000015", "6985"); /* not its channel, and it is lost now */
    APDU(world, "81E2910006BF3E035C015A", "6115");
    APDU(world, "01C0000015", "BF3E125A1089049032123451234512345678901235 9000");
    APDU(world, "82E2910006BF3E035C015A", "6D00");
    APDU(world, "02A4040C10" ISDR, "9000");
    /* A chain belongs to its channel. */
    APDU(world, "81E2110003BF3E03", "9000");
    APDU(world, "82E29101035C015A", "6A86");
    APDU(world, "81E29101035C015A", "6A86"); /* it was dropped */
    /* Closing forgets the selection. */
    APDU(world, "00708001", "9000");
    APDU(world, "00700001", "9000");
    APDU(world, "81E2910006BF3E035C015A", "6D00");
    /* All twenty, by the fourth byte of the class. */
    unsigned opened = 0;
    while (world_apdu_hex(world, "0070000001") == 0x9000)
        opened++;
    assert_int_equal(world->sw, 0x6A81);
    assert_int_equal(opened, 16);
    APDU(world, "4FA4040C10" ISDR, "9000");
    APDU(world, "CFE2910006BF3E035C015A", "6115");
    APDU(world, "4FC0000015", "BF3E125A1089049032123451234512345678901235 9000");
    /* Opened from a channel it inherits what is selected there. */
    APDU(world, "00708004", "9000");
    APDU(world, "0F700000", "6882");
    APDU(world, "4F70000001", "049000");
    APDU(world, "C0E2910006BF3E035C015A", "6115");
    world_free(world);
}

static void chains_store_data(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_select_isdr(world);
    APDU(world, "80E2110001BF", "9000");
    APDU(world, "80E21101013E", "9000");
    APDU(world, "80E2910204035C015A", "6115");
    APDU(world, "80E2910101FF", "6A86"); /* no chain */
    APDU(world, "80E2110001BF", "9000");
    APDU(world, "80E2110201BF", "6A86"); /* out of order: dropped */
    APDU(world, "80E29101013E", "6A86");
    APDU(world, "80E2110001BF", "9000");
    APDU(world, "80E2900006BF3E035C015A", "6115"); /* P2 00 begins anew, 90 is a last block */
    APDU(world, "80E2000003BF2E00", "6A86");
    APDU(world, "80E29100", "6700");
    APDU(world, "80E2910003BF2E01", "6A80"); /* broken TLV */
    APDU(world, "80E2910003BFFF00", "6A80"); /* three-byte tag, cut */
    APDU(world, "80E2910003BF7100", "6A88"); /* unknown */
    APDU(world, "80E2910003BF3100", "6A88"); /* ES10c is not for IoT cards */
    APDU(world, "80E29100048603000000", "6A80");
    /* Le present: data at once, as far as they fit. */
    APDU(world, "80E2910006BF3E035C015A00", "BF3E125A1089049032123451234512345678901235 9000");
    APDU(world, "80E2910006BF3E035C015A05", "BF3E125A10 6110");
    APDU(world, "00C0000010", "89049032123451234512345678901235 9000");
    APDU(world, "80E2910006BF3E035C015A", "6115");
    APDU(world, "80C0000016", "6C15");
    APDU(world, "80C0000010", "BF3E125A108904903212345123451234 6105");
    APDU(world, "80C0000005", "5678901235 9000");
    /* Too long for the card. */
    char block[2 * 260 + 1] = "80E21100FF";
    for (size_t i = 10; i < 2 * 260; i++)
        block[i] = 'A';
    unsigned number = 0;
    do {
        char p2[3];
        snprintf(p2, sizeof p2, "%02X", number++ & 0xFF);
        memcpy(block + 6, p2, 2);
    } while (world_apdu_hex(world, block) == 0x9000 && number < 300);
    assert_int_equal(world->sw, 0x6A84);
    assert_true(number > 40);
    world_free(world);
}

static void speaks_t1(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->config.protocol = TERN_CARD_T1;
    world_power_on(world);
    APDU(world, "0070000000", "019000");
    APDU(world, "01A4040C10" ISDR, "9000");
    APDU(world, "81E2910006BF3E035C015A", "BF3E125A1089049032123451234512345678901235 9000");
    world_install(world, 1, "");
    world_free(world);
}

static void answers_longer_than_256_bytes(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_select_isdr(world);
    APDU(world, "80E2910003BF5600", "6100");
    size_t total = 0;
    while (world->sw >> 8 == 0x61) {
        char get[16];
        snprintf(get, sizeof get, "80C00000%02X", world->sw & 0xFF);
        world_apdu_hex(world, get);
        total += world->response_size;
    }
    assert_int_equal(world->sw, 0x9000);
    assert_true(total > 1000);
    world_free(world);
}

/* What known clients send first, byte for byte, and what each of them insists on. sgp22.md 17.7 */
static void satisfies_known_clients(void **state)
{
    (void)state;
    /* lpac over PC/SC: no Le anywhere, the FCI is never fetched. */
    struct world *world = world_new();
    APDU(world, "80AA00000AA9088100820101830107", "9000");
    APDU(world, "0070000001", "019000");
    APDU(world, "01A4040010" ISDR, "6127");
    APDU(world, "81E2910006BF3E035C015A", "6115");
    APDU(world, "81C0000015", "BF3E125A1089049032123451234512345678901235 9000");
    APDU(world, "0070800100", "9000");
    /* pySim-shell: probes, then tells an IoT card by GetCerts. */
    tern_card_reset(&world->card);
    assert_int_equal(world_apdu_hex(world, "00A40004023F00") >> 8, 0x61);
    assert_int_equal(world_apdu_hex(world, "00A40004022F00") >> 8, 0x61);
    assert_int_equal(world_apdu_hex(world, "00A4040410" ISDR "00"), 0x9000);
    assert_int_equal(world_apdu_hex(world, "80E2910003BF560000"), 0x6100);
    assert_int_equal(world->response_size, 256);
    assert_int_equal(world_fetch(world), 0x9000);
    APDU(world, "80E2910006BF3E035C015A00", "BF3E125A1089049032123451234512345678901235 9000");
    /* onomondo-ipa: a channel by number with P3 00, SELECT must be answered by 61xx. */
    tern_card_reset(&world->card);
    APDU(world, "80AA000005A903830107", "9000");
    APDU(world, "0070000100", "9000");
    APDU(world, "01A4040410" ISDR, "6127");
    APDU(world, "81E2910006BF3E035C015A", "6115");
    APDU(world, "01C0000015", "BF3E125A1089049032123451234512345678901235 9000");
    world_free(world);
}

/* ---- Profiles and REFRESH ---- */

static void enable(struct world *world, unsigned n)
{
    char text[80];
    EXPECT_HEX(world_psmo(world, world_on(text, "A3", n, "")), "830100");
}

static struct world *card_with_two(void)
{
    struct world *world = world_new();
    world_install(world, 1, "");
    world_install(world, 2, "");
    world_add_initial_eim(world, 0, false);
    return world;
}

static void expect_iccid(struct world *world, const char *iccid)
{
    world_apdu_hex(world, "00A4000C023F00");
    world_apdu_hex(world, "00A4000C022FE2");
    world_apdu_hex(world, "00B000000A");
    EXPECT_HEX(tern_bytes(world->response, world->response_size), iccid);
}

static void switches_at_once_without_a_terminal_profile(void **state)
{
    (void)state;
    struct world *world = card_with_two();
    enable(world, 1);
    assert_int_equal(world->sw, 0x9000);
    expect_iccid(world, "98001032547698100010");
    /* The ISD-R stays selected on its channel; channels of the profile close. */
    world_apdu_hex(world, "00700001");
    world_apdu_hex(world, "01A4040C10" ISDR);
    world_apdu_hex(world, "00700002");
    enable(world, 2);
    APDU(world, "81E2910006BF3E035C015A", "6115");
    APDU(world, "02A4000C023F00", "6881");
    expect_iccid(world, "98001032547698100020");
    /* Enabled is told in the FCI. */
    world_apdu_hex(world, "00A4040010" ISDR "00");
    EXPECT_HEX(tern_bytes(world->response + world->response_size - 4, 4), "80020640");
    world_free(world);
}

static void asks_a_terminal_that_can_be_asked(void **state)
{
    (void)state;
    struct world *world = card_with_two();
    APDU(world, "8010000001FF", "9000");
    enable(world, 1);
    assert_int_equal(world->sw, 0x910B);
    /* The old SIM (none) is there until the terminal answers. */
    APDU(world, "00A4040407A0000000871002", "6A82");
    APDU(world, "80F2000C00", "910B");
    APDU(world, "801200000A", "6C0B");
    APDU(world, "801200000B", "D009810301010982028182 9000");
    APDU(world, "801200000B", "6985");
    APDU(world, "801400000C810301010982028281830120", "910B"); /* busy: again */
    APDU(world, "801200000B", "D009810301010982028182 9000");
    APDU(world, "8014000005810301010A", "6A80");
    APDU(world, "801400000C810301010982028281830100", "9000");
    expect_iccid(world, "98001032547698100010");
    world_free(world);
}

static void goes_on_when_nobody_fetches(void **state)
{
    (void)state;
    struct world *world = card_with_two();
    tern_card_time(&world->card, 5000);
    APDU(world, "8010000001FF", "9000");
    enable(world, 1);
    assert_int_equal(world->sw, 0x910B);
    tern_card_time(&world->card, 14999);
    APDU(world, "80F2000C00", "910B");
    tern_card_time(&world->card, 15000);
    APDU(world, "80F2000C00", "9000");
    expect_iccid(world, "98001032547698100010");
    /* Fetched and never answered: the same. */
    enable(world, 2);
    APDU(world, "801200000B", "D009810301010982028182 9000");
    tern_card_time(&world->card, 26000);
    expect_iccid(world, "98001032547698100020");
    /* A reset does it as well. */
    enable(world, 1);
    assert_int_equal(world->sw, 0x910B);
    tern_card_reset(&world->card);
    expect_iccid(world, "98001032547698100010");
    world_free(world);
}

static void does_not_disturb_a_transfer(void **state)
{
    (void)state;
    struct world *world = card_with_two();
    APDU(world, "8010000001FF", "9000");
    enable(world, 1);
    /* Blocks of a chain answer 9000 exactly (onomondo); the end of it all tells. */
    APDU(world, "80E2110003BF3E03", "9000");
    APDU(world, "80E29101035C015A", "6115");
    APDU(world, "80C0000015", "BF3E125A1089049032123451234512345678901235 910B");
    world->config.refresh_uicc_reset = true;
    world_power_on(world);
    APDU(world, "8010000001FF", "9000");
    enable(world, 2);
    APDU(world, "801200000B", "D009810301010482028182 9000");
    world_free(world);
}

static void works_as_a_sim(void **state)
{
    (void)state;
    struct world *world = card_with_two();
    enable(world, 1);
    assert_int_equal(world_apdu_hex(world, "00A4040C07A0000000871002"), 0x9000);
    assert_int_equal(world_apdu_hex(world, "00A4000C026F07"), 0x9000);
    world_apdu_hex(world, "00B0000009");
    EXPECT_HEX(tern_bytes(world->response, world->response_size), "080910101032540636");
    /* AUTHENTICATE answers an AUTN that nobody made with 9862, not with a crash. */
    APDU(world,
         "008800812210"
         "00000000000000000000000000000000"
         "10"
         "00000000000000000000000000000000",
         "9862");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_euicc_in_its_atr),
        cmocka_unit_test(selects_the_isdr),
        cmocka_unit_test(has_files_without_a_profile),
        cmocka_unit_test(refuses_malformed_commands),
        cmocka_unit_test(keeps_channels_apart),
        cmocka_unit_test(chains_store_data),
        cmocka_unit_test(speaks_t1),
        cmocka_unit_test(answers_longer_than_256_bytes),
        cmocka_unit_test(satisfies_known_clients),
        cmocka_unit_test(switches_at_once_without_a_terminal_profile),
        cmocka_unit_test(asks_a_terminal_that_can_be_asked),
        cmocka_unit_test(goes_on_when_nobody_fetches),
        cmocka_unit_test(does_not_disturb_a_transfer),
        cmocka_unit_test(works_as_a_sim),
    };
    return cmocka_run_group_tests(tests, world_make_pki, world_remove_pki);
}
