/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LoadEuiccPackage: the ladder of checks, every PSMO and eCO with every result code, rollback.
 * The cases are those of sgp32.md 11.3; numbers in comments are its numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/card_expect.h"

#define NO_NOTIFICATIONS ""
#define PPR1             "B7058003 62F210 99020640"
#define PPR2             "B7058003 62F210 99020520"
#define ECALL            "9F7B01FF"
#define FALLBACK         "9F6701FF"

/* A card with an eIM (counter 10, no token) and profiles 1 .. count, all disabled. */
static struct world *card_with(unsigned count)
{
    struct world *world = world_new();
    for (unsigned n = 1; n <= count; n++)
        world_install(world, n, NO_NOTIFICATIONS);
    EXPECT_HEX(world_add_initial_eim(world, 10, false), "BF5704A0020500");
    return world;
}

/* One PSMO on profile `n`: its results as hex. */
#define ON(tag, n, more)                      world_on((char[80]){0}, tag, n, more)
#define EXPECT_PSMO(world, commands, results) EXPECT_HEX(world_psmo(world, commands), results)
#define EXPECT_ECO(world, commands, results)  EXPECT_HEX(world_eco(world, commands), results)

static const char *join(char *out, const char *a, const char *b, const char *c)
{
    sprintf(out, "%s%s%s", a, b, c);
    return out;
}
#define JOIN(a, b, c) join((char[512]){0}, a, b, c)

/* ---- The ladder (15, 16) ---- */

#define UNSIGNED_ERROR "BF5114A212800B65696D2E6578616D706C658203010203"

static void answers_unsigned_until_it_trusts(void **state)
{
    (void)state;
    struct world *world = card_with(0);
    struct world_package package = {.commands = "A600", .eim_id = "other.example"};
    EXPECT_HEX(world_load_package(world, &package), "BF5116A214800D6F746865722E6578616D706C65"
                                                    "8203010203");
    package = (struct world_package){.commands = "A600", .bad_signature = true};
    EXPECT_HEX(world_load_package(world, &package), UNSIGNED_ERROR);
    package = (struct world_package){.commands = "A600", .token = -1};
    EXPECT_HEX(world_load_package(world, &package), UNSIGNED_ERROR);
    package = (struct world_package){
        .commands = "A600", .bad_signature = true, .no_transaction_id = true};
    EXPECT_HEX(world_load_package(world, &package), "BF510FA20D800B65696D2E6578616D706C65");
    world_free(world);
}

static void tells_the_token_when_there_is_one(void **state)
{
    (void)state;
    struct world *world = world_new();
    EXPECT_HEX(world_add_initial_eim(world, 10, true), "BF5705A003840101");
    struct world_package package = {.commands = "A600", .bad_signature = true};
    EXPECT_HEX(world_load_package(world, &package),
               "BF5117A215800B65696D2E6578616D706C658203010203840101");
    /* Signed with the token in the input it is accepted, without it not. */
    world->token = 0;
    package = (struct world_package){.commands = "A600"};
    EXPECT_HEX(world_load_package(world, &package),
               "BF5117A215800B65696D2E6578616D706C658203010203840101");
    world->token = 1;
    assert_int_equal(world_psmo(world, "A600").data[0], 0xA6);
    world_free(world);
}

static void expect_signed_error(struct world *world, const struct world_package *package, int code)
{
    struct tern_bytes response = world_load_package(world, package);
    struct tern_tlv data = FIND(response, 0xBF51, 0xA1, 0x30);
    struct tern_tlv signature = FIND(response, 0xBF51, 0xA1, 0x5F37);
    struct tern_tlv value = FIND(data.raw, 0x30, 0x02);
    assert_int_equal(value.value.data[0], code);
    static const uint8_t NO_TOKEN[] = {0x84, 0x01, 0x00};
    struct tern_bytes parts[] = {data.raw, TERN_BYTES_OF(NO_TOKEN)};
    assert_true(world_card_signed(TERN_CURVE_P256, signature.value, parts, 2));
}

static void answers_signed_errors(void **state)
{
    (void)state;
    struct world *world = card_with(0);
    static char big[2 * 9000];
    struct world_package package = {.commands = "A600", .eid = "89049032123451234512345678901335"};
    expect_signed_error(world, &package, 3);
    package = (struct world_package){.commands = "A600", .counter = 10};
    expect_signed_error(world, &package, 4);
    package.counter = 9;
    expect_signed_error(world, &package, 4);
    package.counter = 8388608;
    expect_signed_error(world, &package, 6);
    /* EID before range before replay: sgp32.md 12, no. 13. */
    package.eid = "89049032123451234512345678901335";
    expect_signed_error(world, &package, 3);
    for (size_t i = 0; i + 4 < 2 * 8500; i += 4)
        memcpy(big + i, "A600", 4);
    package = (struct world_package){.commands = big};
    expect_signed_error(world, &package, 15);
    /* None of them moved the counter. */
    package = (struct world_package){.commands = "A600", .counter = 11};
    FIND(world_load_package(world, &package), 0xBF51, 0xA0, 0x30, 0x30, 0xA6);
    /* Gaps are fine, up to the maximum; then the counter is used up. */
    package.counter = 8388607;
    FIND(world_load_package(world, &package), 0xBF51, 0xA0);
    expect_signed_error(world, &package, 4);
    world_free(world);
}

static void survives_damaged_packages(void **state)
{
    (void)state;
    struct world *world = card_with(0);
    /* eimId can be read: unsigned error. sgp32.md 12, no. 34 */
    EXPECT_HEX(world_es10_hex(world, "BF5109300780036162633000"
                                     "00"),
               "");
    EXPECT_HEX(world_es10_hex(world, "BF510730058003616263"), "BF5107A2058003616263");
    EXPECT_HEX(world_es10_hex(world, "BF51023000"), "");
    assert_int_equal(world->sw, 0x6A80);
    /* An unknown command, a damaged one: 02 01 02 in its place, what came before stands (31). */
    EXPECT_PSMO(world,
                "A600"
                "BF7700"
                "A600",
                "A612301080020560A10730058003EEEEEE820100"
                "020102");
    EXPECT_PSMO(world, "A3035A0199", "020102");
    /* An empty list is an accepted package. */
    struct world_package package = {.commands = ""};
    FIND(world_load_package(world, &package), 0xBF51, 0xA0, 0x30, 0x30);
    world_free(world);
}

static void cuts_results_that_are_too_long(void **state)
{
    (void)state;
    struct world *world = card_with(0);
    static char commands[2 * 700 + 1];
    for (size_t i = 0; i < 350; i++)
        memcpy(commands + 4 * i, "A600", 4);
    struct tern_bytes results = world_psmo(world, commands);
    assert_true(results.size > 6000 && results.size <= 6144);
    EXPECT_HEX(tern_bytes_slice(results, results.size - 3, 3), "020101");
    world_free(world);
}

/* ---- The signed result ---- */

static void signs_results_under_the_right_ci(void **state)
{
    (void)state;
    struct world *world = world_new();
    uint8_t list[900];
    uint8_t command[1000];
    char ci[64] = "8814";
    struct tern_writer key_id = tern_writer(ci + 4, sizeof ci - 5);
    tern_hex_encode(
        &key_id,
        world_entry(TERN_PKI_CI, NULL, TERN_CURVE_BRAINPOOLP256R1)->certificate.subject_key_id);
    struct tern_writer eims = TERN_WRITER_OF(list);
    struct tern_writer out = TERN_WRITER_OF(command);
    world_write_eim(&eims, WORLD_EIM, 0, true, world->eim_key, ci);
    tern_der_write_header(&out, 0xBF57, tern_der_header_size(0xA0, eims.size) + eims.size);
    tern_der_write(&out, 0xA0, tern_writer_bytes(&eims));
    EXPECT_HEX(world_es10(world, tern_writer_bytes(&out)), "BF5705A003840101");
    world->token = 1;
    struct world_package package = {.commands = "A600"};
    struct tern_bytes response = world_load_package(world, &package);
    struct tern_tlv data = FIND(response, 0xBF51, 0xA0, 0x30);
    struct tern_tlv signature = FIND(response, 0xBF51, 0xA0, 0x5F37);
    static const uint8_t TOKEN[] = {0x84, 0x01, 0x01};
    struct tern_bytes parts[] = {data.raw, TERN_BYTES_OF(TOKEN)};
    assert_true(world_card_signed(TERN_CURVE_BRAINPOOLP256R1, signature.value, parts, 2));
    assert_false(world_card_signed(TERN_CURVE_BRAINPOOLP256R1, signature.value, parts, 1));
    world_free(world);
}

/* ---- PSMO: enable, disable, delete (17 to 22) ---- */

static void enables(void **state)
{
    (void)state;
    struct world *world = card_with(3);
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    assert_int_equal(profile_state(world, 1), 1);
    EXPECT_PSMO(world, ON("A3", 9, ""), "830101");
    EXPECT_PSMO(world, ON("A3", 1, ""), "830102");
    EXPECT_PSMO(world, ON("A3", 2, ""), "830100"); /* and implicitly disables 1 */
    assert_int_equal(profile_state(world, 1), 0);
    assert_int_equal(profile_state(world, 2), 1);
    /* Two enables, a disable after an enable: the second fails and nothing follows (21). */
    EXPECT_PSMO(world, JOIN(ON("A3", 1, ""), ON("A3", 3, ""), "A600"),
                "830100"
                "83017F");
    assert_int_equal(profile_state(world, 1), 1);
    EXPECT_PSMO(world, JOIN(ON("A3", 2, ""), ON("A4", 2, ""), "A600"),
                "830100"
                "84017F");
    assert_int_equal(profile_state(world, 2), 1);
    /* A failing first command: one result, and the counter moved (17). */
    int64_t counter = world->counter;
    EXPECT_PSMO(world, JOIN(ON("A3", 9, ""), "A600", ""), "830101");
    assert_int_equal(world->counter, counter + 1);
    struct world_package again = {.commands = "A600", .counter = counter + 1};
    expect_signed_error(world, &again, 4);
    world_free(world);
}

static void respects_policy_rules(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_install(world, 1, PPR1);
    world_install(world, 2, PPR2);
    world_add_initial_eim(world, 0, false);
    EXPECT_PSMO(world, ON("A5", 2, ""), "850103");
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    EXPECT_PSMO(world, ON("A3", 2, ""), "830103");
    EXPECT_PSMO(world, ON("A4", 1, ""), "840103");
    EXPECT_PSMO(world, ON("A5", 1, ""), "850102");
    world_free(world);
}

static void disables_and_deletes(void **state)
{
    (void)state;
    struct world *world = card_with(3);
    EXPECT_PSMO(world, ON("A4", 9, ""), "840101");
    EXPECT_PSMO(world, ON("A4", 1, ""), "840102");
    EXPECT_PSMO(world, ON("A5", 9, ""), "850101");
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    EXPECT_PSMO(world, ON("A5", 1, ""), "850102");
    EXPECT_PSMO(world, ON("A4", 1, ""), "840100");
    assert_int_equal(profile_state(world, 1), 0);
    EXPECT_PSMO(world, ON("A5", 3, ""), "850100");
    assert_int_equal(profile_state(world, 3), -1);
    /* Disable and delete in one (20); disable and enable another. */
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    EXPECT_PSMO(world, JOIN(ON("A4", 1, ""), ON("A3", 2, ""), ""),
                "840100"
                "830100");
    assert_int_equal(profile_state(world, 2), 1);
    EXPECT_PSMO(world, JOIN(ON("A4", 2, ""), ON("A5", 2, ""), ""),
                "840100"
                "850100");
    assert_int_equal(profile_state(world, 2), -1);
    /* Its memory is free again, but for results and notifications. */
    EXPECT_PSMO(world, ON("A5", 1, ""), "850100");
    EXPECT_HEX(world_es10_hex(world, "BF2D00"), "BF2D02A000");
    world_free(world);
}

static void lists_profiles(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_install(world, 1, "950102" FALLBACK);
    world_install(world, 2, "950101");
    world_install(world, 3,
                  "950100"
                  "B705800362F210");
    world_add_initial_eim(world, 0, false);
    /* Default tags, DER: no FALSE written for the fallback attribute; 95 is always told. */
    EXPECT_PSMO(world,
                "BF2D11A00C5A0A98001032547698100010"
                "5C015A",
                "BF2D10A00EE30C5A0A98001032547698100010");
    EXPECT_HEX(world_es10_hex(world, "BF2D0EA00C5A0A98001032547698100010"),
               "BF2D3DA03BE3395A0A980010325476981000104F10A0000005591010FFFFFFFF8900001000"
               "9F700100"
               "91084F70657261746F72"
               "920454657374"
               "950102"
               "9F6701FF");
    /* By class, by AID, without a match, with unknown and with broken tags. */
    struct tern_bytes list = world_es10_hex(world, "BF2D08A003950101"
                                                   "5C015A");
    assert_int_equal(count_children(FIND(list, 0xBF2D, 0xA0).value), 1);
    EXPECT_HEX(world_es10_hex(world, "BF2D18A0124F10A0000005591010FFFFFFFF8900001200"
                                     "5C02B795"),
               "BF2D0EA00CE30A950100B705800362F210");
    EXPECT_HEX(world_es10_hex(world, "BF2D0EA00C5A0A98001032547698109999"), "BF2D02A000");
    EXPECT_HEX(world_es10_hex(world, "BF2D11A00C5A0A98001032547698100010"
                                     "5C01C1"),
               "BF2D04A002E300");
    EXPECT_HEX(world_es10_hex(world, "BF2D035C019F"), "BF2D03810101");
    EXPECT_HEX(world_es10_hex(world, "BF2D05A003960101"), "BF2D03810101");
    /* Not after a change (22). */
    EXPECT_PSMO(world, JOIN(ON("A3", 1, ""), "BF2D00", ""),
                "830100"
                "BF2D0381010B");
    EXPECT_PSMO(world, JOIN("BF2D035C019F", "A600", ""), "BF2D03810101");
    world_free(world);
}

static void is_busy_while_a_refresh_is_pending(void **state)
{
    (void)state;
    struct world *world = card_with(2);
    /* A terminal that fetches proactive commands. */
    assert_int_equal(world_apdu_hex(world, "8010000003FFFFFF"), 0x9000);
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    assert_int_equal(world->sw, 0x910B);
    EXPECT_PSMO(world, ON("A3", 2, ""), "830105");
    EXPECT_PSMO(world, ON("A4", 1, ""), "840105");
    assert_int_equal(world_apdu_hex(world, "801200000B"), 0x9000);
    EXPECT_HEX(tern_bytes(world->response, world->response_size), "D009810301010982028182");
    assert_int_equal(world_apdu_hex(world, "801400000C810301010982028281830100"), 0x9000);
    EXPECT_PSMO(world, ON("A3", 2, ""), "830100");
    world_free(world);
}

/* ---- Settings (24, 25) ---- */

static void configures(void **state)
{
    (void)state;
    struct world *world = card_with(1);
    EXPECT_PSMO(world,
                "BF651280"
                "10"
                "736D64702E6578616D706C652E636F6D",
                "BF6503800100");
    EXPECT_HEX(world_es10_hex(world, "BF3C00"), "BF3C20"
                                                "8010736D64702E6578616D706C652E636F6D"
                                                "810C736D64732E6578616D706C65");
    EXPECT_PSMO(world, "BF65028000", "BF6503800100");
    EXPECT_HEX(world_es10_hex(world, "BF3C00"), "BF3C0E810C736D64732E6578616D706C65");
    EXPECT_PSMO(world, "A700", "870100");
    EXPECT_PSMO(world, "A7028000", "870100");
    EXPECT_PSMO(world, "A600", "A612301080020560A10730058003EEEEEE820100");
    world_free(world);
}

static void moves_the_fallback_attribute(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_install(world, 1, FALLBACK);
    world_install(world, 2, FALLBACK);
    world_install(world, 3, NO_NOTIFICATIONS);
    world_install(world, 4, ECALL FALLBACK);
    world_add_initial_eim(world, 0, false);
    EXPECT_PSMO(world, "A900", "8E0102");
    EXPECT_PSMO(world, ON("A8", 9, ""), "8D0101");
    EXPECT_PSMO(world, ON("A8", 3, ""), "8D0102");
    EXPECT_PSMO(world, ON("A8", 4, ""), "8D0102");
    EXPECT_PSMO(world, ON("A8", 1, ""), "8D0100");
    EXPECT_PSMO(world, ON("A8", 1, ""), "8D0100");
    EXPECT_PSMO(world, ON("A8", 2, ""), "8D0100");
    EXPECT_HEX(world_es10_hex(world, "BF2D045C029F26"), "BF2D0EA00CE300E3049F2601FFE300E300");
    EXPECT_PSMO(world, "A900", "8E0100");
    /* While it is enabled as fallback: 3. Deleting the profile to return to: 21. */
    EXPECT_PSMO(world, ON("A8", 2, ""), "8D0100");
    EXPECT_PSMO(world, ON("A3", 3, ""), "830100");
    EXPECT_HEX(world_es10_hex(world, "BF5D03800100"), "BF5D03800100");
    assert_int_equal(profile_state(world, 2), 1);
    EXPECT_PSMO(world, ON("A8", 1, ""), "8D0103");
    EXPECT_PSMO(world, ON("A8", 2, ""), "8D0100");
    EXPECT_PSMO(world, "A900", "8E0103");
    EXPECT_PSMO(world, ON("A5", 3, ""), "850115");
    /* An enable by the eIM ends it. */
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    EXPECT_HEX(world_es10_hex(world, "BF5E03800100"), "BF5E03800106");
    EXPECT_PSMO(world, "A900", "8E0100");
    /* Nobody enables the Emergency Profile by a package. */
    EXPECT_PSMO(world, ON("A3", 4, ""), "830103");
    world_free(world);
}

/* ---- Rollback (33) ---- */

static void rolls_back_once(void **state)
{
    (void)state;
    struct world *world = card_with(2);
    EXPECT_HEX(world_es10_hex(world, "BF5803800100"), "BF5803020101");
    EXPECT_PSMO(world, ON("A3", 1, "0500"), "830114"); /* nothing to go back to */
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    EXPECT_PSMO(world, JOIN(ON("A3", 2, "0500"), ON("A5", 1, ""), ""),
                "830100"
                "850114");
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    EXPECT_PSMO(world, ON("A3", 2, "0500"), "830100");
    assert_int_equal(profile_state(world, 2), 1);
    size_t results =
        count_children(FIND(world_es10_hex(world, "BF2B04A0028200"), 0xBF2B, 0xA2).value);
    struct tern_bytes response = world_es10_hex(world, "BF5803800100");
    struct tern_tlv code = FIND(response, 0xBF58, 0x02);
    assert_int_equal(code.value.data[0], 0);
    struct tern_tlv data = FIND(response, 0xBF58, 0xBF51, 0xA0, 0x30);
    EXPECT_HEX(FIND(data.raw, 0x30, 0x30).value, "8301008C0100");
    EXPECT_HEX(FIND(data.raw, 0x30, 0x82).value, "010203");
    assert_int_equal(tern_read_uint(FIND(data.raw, 0x30, 0x81).value), (uint64_t)world->counter);
    static const uint8_t NO_TOKEN[] = {0x84, 0x01, 0x00};
    struct tern_bytes parts[] = {data.raw, TERN_BYTES_OF(NO_TOKEN)};
    assert_true(world_card_signed(TERN_CURVE_P256,
                                  FIND(response, 0xBF58, 0xBF51, 0xA0, 0x5F37).value, parts, 2));
    /* The new result took the place of the old one; once is enough. */
    assert_int_equal(
        count_children(FIND(world_es10_hex(world, "BF2B04A0028200"), 0xBF2B, 0xA2).value), results);
    assert_int_equal(profile_state(world, 1), 1);
    assert_int_equal(profile_state(world, 2), 0);
    EXPECT_HEX(world_es10_hex(world, "BF5803800100"), "BF5803020101");
    world_free(world);
}

static void loses_the_grant(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_install(world, 1, FALLBACK);
    world_install(world, 2, NO_NOTIFICATIONS);
    world_add_initial_eim(world, 0, false);
    EXPECT_PSMO(world, ON("A8", 1, ""), "8D0100");
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    EXPECT_PSMO(world, ON("A3", 2, "0500"), "830100");
    EXPECT_PSMO(world, "A600", "A612301080020560A10730058003EEEEEE820100");
    EXPECT_HEX(world_es10_hex(world, "BF5803800100"), "BF5803020101");
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    EXPECT_PSMO(world, ON("A3", 2, "0500"), "830100");
    EXPECT_HEX(world_es10_hex(world, "BF5D03800100"), "BF5D03800100");
    EXPECT_HEX(world_es10_hex(world, "BF5803800100"), "BF5803020101");
    EXPECT_HEX(world_es10_hex(world, "BF5E03800100"), "BF5E03800100");
    EXPECT_PSMO(world, ON("A3", 1, ""), "830100");
    EXPECT_PSMO(world, ON("A3", 2, "0500"), "830100");
    /* A reset of the card does not take it: that is what the device does after REFRESH. */
    tern_card_reset(&world->card);
    struct tern_bytes response = world_es10_hex(world, "BF5803800100");
    assert_int_equal(FIND(response, 0xBF58, 0x02).value.data[0], 0);
    EXPECT_PSMO(world, ON("A3", 2, "0500"), "830100");
    EXPECT_HEX(world_es10_hex(world, "BF640482020780"), "BF6403800100");
    EXPECT_HEX(world_es10_hex(world, "BF5803800100"), "BF5803020101");
    world_free(world);
}

/* ---- eCO (26 to 29) ---- */

static const char *eim_text(char *out, const char *tag, const char *id, int64_t counter, bool token,
                            const char *more)
{
    uint8_t bytes[900];
    struct tern_writer writer = TERN_WRITER_OF(bytes);
    struct tern_tlv tlv;
    struct tern_key key = world_entry(TERN_PKI_EIM_SIGN, "eim2.example", TERN_CURVE_P256)->key;
    world_write_eim(&writer, id, counter, token, key, more);
    (void)tern_der_single(tern_writer_bytes(&writer), &tlv, 0);
    struct tern_writer text = tern_writer(out, 2000);
    tern_write_text(&text, tag);
    uint8_t head[4];
    struct tern_writer length = TERN_WRITER_OF(head);
    tern_der_write_header(&length, 0x80, tlv.value.size);
    tern_hex_encode(&text, tern_bytes(head + 1, length.size - 1));
    tern_hex_encode(&text, tlv.value);
    out[text.size] = 0;
    return out;
}
#define EIM(tag, id, counter, token, more) eim_text((char[2001]){0}, tag, id, counter, token, more)

static void adds_eims(void **state)
{
    (void)state;
    struct world *world = card_with(0);
    EXPECT_ECO(world, EIM("A8", "b", 0, false, ""), "A803020100");
    EXPECT_ECO(world, EIM("A8", "c", 0, true, ""), "A803840101");
    EXPECT_ECO(world, EIM("A8", "d", 0, true, ""), "A803840102");
    EXPECT_ECO(world, EIM("A8", "b", 0, false, ""), "A803020102");
    EXPECT_ECO(world, EIM("A8", "e", -1, false, ""), "A803020107");
    EXPECT_ECO(world, EIM("A8", "e", 8388608, false, ""), "A803020106");
    EXPECT_ECO(world,
               EIM("A8", "e", 0, false,
                   "8814"
                   "0000000000000000000000000000000000000000"),
               "A803020103");
    EXPECT_ECO(world, "A809800165830100840105", "A803020107"); /* no key comes first */
    /* Tokens go on over delete and add again. */
    EXPECT_ECO(world, "A903800164", "890100");
    EXPECT_ECO(world, EIM("A8", "d", 0, true, ""), "A803840103");
    EXPECT_ECO(world, EIM("A8", "e", 0, false, ""), "A803020100");
    EXPECT_ECO(world, EIM("A8", "f", 0, false, ""), "A803020100");
    EXPECT_ECO(world, EIM("A8", "g", 0, false, ""), "A803020100");
    EXPECT_ECO(world, EIM("A8", "h", 0, false, ""), "A803020100");
    EXPECT_ECO(world, EIM("A8", "i", 0, false, ""), "A803020101"); /* eight are enough */
    EXPECT_ECO(world, "AB00",
               "AB4CA04A"
               "3010800B65696D2E6578616D706C65820102"
               "3006800162820102"
               "3006800163820102"
               "3006800164820102"
               "3006800165820102"
               "3006800166820102"
               "3006800167820102"
               "300680016882"
               "0102");
    world_free(world);
}

static void refuses_a_token_that_is_given(void **state)
{
    (void)state;
    struct world *world = card_with(0);
    char text[2001];
    /* 84 01 FF asks for one; 84 01 05 is none of the eIM's business. */
    eim_text(text, "A8", "b", 0, true, "");
    char *token = strstr(text, "8401FF");
    assert_non_null(token);
    token[4] = '0';
    token[5] = '5';
    EXPECT_ECO(world, text, "A803020105");
    world_free(world);
}

static void deletes_eims(void **state)
{
    (void)state;
    struct world *world = card_with(0);
    EXPECT_ECO(world, EIM("A8", "b", 0, false, ""), "A803020100");
    EXPECT_ECO(world, "A903800178", "890101");
    EXPECT_ECO(world, "A903800162", "890100");
    /* The last one, itself: 2 is success, and the list goes on. */
    EXPECT_ECO(world,
               "A90D800B65696D2E6578616D706C65"
               "AB00",
               "890102"
               "AB02A000");
    struct world_package package = {.commands = "A600"};
    EXPECT_HEX(world_load_package(world, &package), UNSIGNED_ERROR);
    /* Its result is still there, and a first eIM may be bound again. */
    FIND(world_es10_hex(world, "BF2B04A0028200"), 0xBF2B, 0xA2, 0xBF51);
    EXPECT_HEX(world_add_initial_eim(world, 3, true), "BF5705A003840101");
    world_free(world);
}

static void updates_eims(void **state)
{
    (void)state;
    struct world *world = card_with(0);
    EXPECT_ECO(world, "AA0780016283020100", "8A0101");
    EXPECT_ECO(world, "AA0D800B65696D2E6578616D706C65", "8A0107");       /* nothing to change */
    EXPECT_ECO(world, "AA10800B65696D2E6578616D706C658401FF", "8A0107"); /* a token */
    EXPECT_ECO(world, "AA10800B65696D2E6578616D706C65830105", "8A0107"); /* lower, same key */
    EXPECT_ECO(world, "AA13800B65696D2E6578616D706C65830400800000", "8A0106");
    EXPECT_ECO(world,
               "AA23800B65696D2E6578616D706C658814"
               "0000000000000000000000000000000000000000",
               "8A0103");
    EXPECT_ECO(world, "AA0F800B65696D2E6578616D706C658900", "8A0100");
    assert_int_equal(FIND(world_es10_hex(world, "BF5500"), 0xBF55, 0xA0, 0x30, 0x89).raw.size, 2);
    /* Key rotation, with a lower counter: this result still stands in the old context. */
    char text[2001];
    eim_text(text, "AA", "eim.example", 2, false, "");
    EXPECT_ECO(world, text, "8A0100");
    struct world_package package = {.commands = "A600"};
    EXPECT_HEX(world_load_package(world, &package), UNSIGNED_ERROR);
    world->eim_key = world_entry(TERN_PKI_EIM_SIGN, "eim2.example", TERN_CURVE_P256)->key;
    world->counter = 1;
    package.counter = 2;
    expect_signed_error(world, &package, 4);
    package.counter = 3;
    FIND(world_load_package(world, &package), 0xBF51, 0xA0, 0x30, 0x30, 0xA6);
    world_free(world);
}

static void refuses_a_replay_after_the_token_changed(void **state)
{
    (void)state;
    struct world *world = card_with(0);
    static uint8_t bytes[500];
    struct tern_writer old = TERN_WRITER_OF(bytes);
    struct world_package package = {.commands = "A600", .counter = 11};
    world_write_package(world, &old, &package);
    EXPECT_ECO(world, "A90D800B65696D2E6578616D706C65", "890102");
    EXPECT_HEX(world_add_initial_eim(world, 3, true), "BF5705A003840101");
    EXPECT_HEX(world_es10(world, tern_writer_bytes(&old)),
               "BF5117A215800B65696D2E6578616D706C658203010203840101");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_unsigned_until_it_trusts),
        cmocka_unit_test(tells_the_token_when_there_is_one),
        cmocka_unit_test(answers_signed_errors),
        cmocka_unit_test(survives_damaged_packages),
        cmocka_unit_test(cuts_results_that_are_too_long),
        cmocka_unit_test(signs_results_under_the_right_ci),
        cmocka_unit_test(enables),
        cmocka_unit_test(respects_policy_rules),
        cmocka_unit_test(disables_and_deletes),
        cmocka_unit_test(lists_profiles),
        cmocka_unit_test(is_busy_while_a_refresh_is_pending),
        cmocka_unit_test(configures),
        cmocka_unit_test(moves_the_fallback_attribute),
        cmocka_unit_test(rolls_back_once),
        cmocka_unit_test(loses_the_grant),
        cmocka_unit_test(adds_eims),
        cmocka_unit_test(refuses_a_token_that_is_given),
        cmocka_unit_test(deletes_eims),
        cmocka_unit_test(updates_eims),
        cmocka_unit_test(refuses_a_replay_after_the_token_changed),
    };
    return cmocka_run_group_tests(tests, world_make_pki, world_remove_pki);
}
