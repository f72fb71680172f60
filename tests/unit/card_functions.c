/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of ES10 that are neither packages nor downloads, each with its result codes:
 * information, addresses, certificates, notifications, commissioning, immediate enabling, fallback,
 * emergency profile, memory reset, ES10c, revocation lists; and quirks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "host/config/files.h"
#include "tests/support/card_expect.h"

#define ECALL    "9F7B01FF"
#define FALLBACK "9F6701FF"
#define PPR1     "B705800362F210 99020640"

#define ON(tag, n, more)               world_on((char[80]){0}, tag, n, more)
#define ES10(world, command, response) EXPECT_HEX(world_es10_hex(world, command), response)

static void expect_sw(struct world *world, const char *command, uint16_t status)
{
    world_es10_hex(world, command);
    if (world->sw != status) fail_msg("%s: SW %04X", command, world->sw);
}

/* ---- Information ---- */

static void tells_about_itself(void **state)
{
    (void)state;
    struct world *world = world_new();
    ES10(world, "BF3E035C015A", "BF3E125A1089049032123451234512345678901235");
    expect_sw(world, "BF3E035C015B", 0x6A80);
    expect_sw(world, "BF3E00", 0x6A80);
    struct tern_bytes info = world_es10_hex(world, "BF2000");
    assert_int_equal(count_children(FIND(info, 0xBF20, 0xA9).value), 2);
    struct tern_tlv signing = FIND(info, 0xBF20, 0xAA);
    struct tern_bytes p256 =
        world_entry(TERN_PKI_CI, NULL, TERN_CURVE_P256)->certificate.subject_key_id;
    assert_memory_equal(signing.value.data + 2, p256.data, 20);
    struct tern_bytes info2 = world_es10_hex(world, "BF2200");
    EXPECT_HEX(FIND(info2, 0xBF22, 0x90).value, "00");
    EXPECT_HEX(FIND(info2, 0xBF22, 0xB4).raw, "B40BA005040301020081008200");
    EXPECT_HEX(FIND(info2, 0xBF22, 0x04).value, "010000");
    ES10(world, "BF4300", "BF4314A012301080020560A10730058003EEEEEE820100");
    ES10(world, "BF3C00", "BF3C0E810C736D64732E6578616D706C65");
    ES10(world, "BF5F00", "BF5F03810101");
    expect_sw(world, "BF7000", 0x6A88);
    /* extra content is skipped: EXTENSIBILITY IMPLIED */
    ES10(world, "BF4303800101", "BF4314A012301080020560A10730058003EEEEEE820100");
    world_free(world);
}

static void has_true_memory_figures(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct tern_bytes info = world_es10_hex(world, "BF2200");
    struct tern_tlv resource = FIND(info, 0xBF22, 0x84);
    uint32_t before = (uint32_t)tern_read_uint(tern_bytes(resource.value.data + 5, 4));
    assert_int_equal(before, tern_card_memory_free(&world->card));
    world_install(world, 1, "");
    info = world_es10_hex(world, "BF2200");
    resource = FIND(info, 0xBF22, 0x84);
    uint32_t after = (uint32_t)tern_read_uint(tern_bytes(resource.value.data + 5, 4));
    assert_int_equal(resource.value.data[2], 1); /* one application */
    assert_true(before - after > 770 && before - after < 8000);
    world_free(world);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->config.memory = TERN_CARD_RESERVE + 9000;
    world_power_on(world);
    world_install(world, 1, "");
    size_t room = tern_card_memory_free(&world->card);
    struct download download = {.n = 2};
    int command = -1;
    struct tern_bytes result = world_download(world, &download);
    assert_int_equal(world_error_reason(result, &command), 10);
    assert_true(room - tern_card_memory_free(&world->card) < 400);
    ES10(world, "BF2D045C029F70", "BF2D08A006E3049F700100");
    /* What was there still works, and once it is gone there is room. */
    world_add_initial_eim(world, 0, false);
    EXPECT_HEX(world_psmo(world, ON("A5", 1, "")), "850100");
    world_install(world, 2, "");
    world_free(world);
}

/* Others take the room while a profile is being loaded: at every size it ends in 10 or installed.
 */
static void survives_the_loss_of_room_in_a_load(void **state)
{
    (void)state;
    unsigned refused = 0;
    unsigned installed = 0;
    for (size_t room = 4300; room < 6600; room += 90) {
        struct world *world = world_new();
        world->config.memory = TERN_CARD_RESERVE + room;
        world_power_on(world);
        world_add_initial_eim(world, 0, false);
        struct download download = {.n = 1, .stop_after = 5};
        world_authenticate(world, &download);
        world_prepare(world, &download);
        struct tern_bytes package = world_bind(world, &download);
        world_load_segments(world, package, &download);
        if (world->response_size == 0) {
            for (int i = 0; i < 4; i++)
                world_psmo(world, "A600");
            struct tern_bpp_segmenter segmenter = {.state = 0};
            struct tern_bytes segment;
            for (int i = 0; tern_bpp_next_segment(&segmenter, &segment, &package) == 1; i++) {
                if (i >= 5) world_store_data(world, segment, 255);
            }
        }
        int reason = world_error_reason(tern_bytes(world->response, world->response_size), NULL);
        if (reason != 0 && reason != 10) fail_msg("room %zu: %d, SW %04X", room, reason, world->sw);
        refused += reason == 10;
        installed += reason == 0;
        assert_false(world->card.mute);
        assert_int_equal(profile_state(world, 1), reason == 0 ? 0 : -1);
        world_free(world);
    }
    assert_true(refused > 0);
    assert_true(installed > 0);
}

static void gives_certificates(void **state)
{
    (void)state;
    struct world *world = world_new();
    const struct tern_pki_entry *euicc = world_entry(TERN_PKI_EUICC, WORLD_EID, TERN_CURVE_P256);
    struct tern_bytes certs = world_es10_hex(world, "BF5600");
    struct tern_tlv own = FIND(certs, 0xBF56, 0xA0, 0xA6);
    assert_int_equal(own.raw.size, euicc->certificate.raw.size);
    assert_memory_equal(own.raw.data + 1, euicc->certificate.raw.data + 1, own.raw.size - 1);
    FIND(certs, 0xBF56, 0xA0, 0xA5);
    char command[64] = "BF56168014";
    struct tern_writer key_id = tern_writer(command + 10, sizeof command - 11);
    tern_hex_encode(
        &key_id,
        world_entry(TERN_PKI_CI, NULL, TERN_CURVE_BRAINPOOLP256R1)->certificate.subject_key_id);
    certs = world_es10_hex(world, command);
    euicc = world_entry(TERN_PKI_EUICC, WORLD_EID, TERN_CURVE_BRAINPOOLP256R1);
    own = FIND(certs, 0xBF56, 0xA0, 0xA6);
    assert_memory_equal(own.raw.data + 1, euicc->certificate.raw.data + 1, own.raw.size - 1);
    ES10(world, "BF561680140000000000000000000000000000000000000000", "BF5603810101");
    world_free(world);
}

static void hands_over_to_an_ipae(void **state)
{
    (void)state;
    struct world *world = world_new();
    ES10(world, "BF420480020780", "BF4203800101");
    world->config.ipae_supported = true;
    world_power_on(world);
    ES10(world, "BF4203800100", "BF4203800100"); /* no bit: nothing is activated */
    ES10(world, "BF3E035C015A", "BF3E125A1089049032123451234512345678901235");
    ES10(world, "BF420480020780", "BF4203800100");
    expect_sw(world, "BF3E035C015A", 0x6985);
    expect_sw(world, "BF2E00", 0x6985);
    tern_card_reset(&world->card);
    ES10(world, "BF3E035C015A", "BF3E125A1089049032123451234512345678901235");
    world_free(world);
}

/* ---- Commissioning ---- */

static void check_initial_eim(struct world *world, const char *id, int64_t counter,
                              const char *find, const char *replace, const char *expected)
{
    uint8_t list[800];
    uint8_t command[900];
    char text[1900];
    struct tern_writer eims = TERN_WRITER_OF(list);
    struct tern_writer out = TERN_WRITER_OF(command);
    world_write_eim(&eims, id, counter, true, world->eim_key, "");
    world_write_eim(&eims, "second", 0, false, world->eim_key, "");
    tern_der_write_header(&out, 0xBF57, tern_der_header_size(0xA0, eims.size) + eims.size);
    tern_der_write(&out, 0xA0, tern_writer_bytes(&eims));
    struct tern_writer hex_out = tern_writer(text, sizeof text - 1);
    tern_hex_encode(&hex_out, tern_writer_bytes(&out));
    text[hex_out.size] = 0;
    if (find != NULL) {
        char *place = strstr(text, find);
        assert_non_null(place);
        memcpy(place, replace, strlen(replace));
    }
    ES10(world, text, expected);
}

static void binds_first_eims(void **state)
{
    (void)state;
    struct world *world = world_new();
    ES10(world, "BF5500", "BF5502A000");
    check_initial_eim(world, "first", 8388608, NULL, NULL, "BF5703810106");
    check_initial_eim(world, "first", 0, "8401FF", "840105", "BF5703810105");
    check_initial_eim(world, "first", -1, NULL, NULL, "BF5703810107");
    check_initial_eim(world, "first", 0, "A55BA059", "A55BA159", "BF5703810107");
    check_initial_eim(world, "first", 0, "8401FFA5", "880055A5", "BF5703810107");
    ES10(world, "BF5702A000", "BF5703810107");
    ES10(world, "BF5700", "BF5703810107");
    ES10(world, "BF5500", "BF5502A000"); /* nothing of all that was stored */
    check_initial_eim(world, "first", 0, NULL, NULL, "BF5707A0058401010500");
    check_initial_eim(world, "third", 0, NULL, NULL, "BF5703810102");
    struct tern_bytes list = world_es10_hex(world, "BF5500");
    assert_int_equal(count_children(FIND(list, 0xBF55, 0xA0).value), 2);
    struct tern_tlv first = FIND(list, 0xBF55, 0xA0, 0x30);
    struct tern_tlv tlv;
    assert_int_equal(tern_der_find(first.value, 0x83, &tlv), TERN_ERR_NOT_FOUND);
    EXPECT_HEX(FIND(first.raw, 0x30, 0x84).raw, "840101");
    list = world_es10_hex(world, "BF550AA00880067365636F6E64");
    assert_int_equal(count_children(FIND(list, 0xBF55, 0xA0).value), 1);
    EXPECT_HEX(FIND(list, 0xBF55, 0xA0, 0x30, 0x80).value, "7365636F6E64");
    ES10(world, "BF5505A003800178", "BF5502A000");
    /* A CI that the card does not sign under. */
    uint8_t eim[600];
    uint8_t command[700];
    struct tern_writer one = TERN_WRITER_OF(eim);
    struct tern_writer out = TERN_WRITER_OF(command);
    world_write_eim(&one, "x", 0, false, world->eim_key,
                    "88140000000000000000000000000000000000000000");
    tern_der_write_header(&out, 0xBF57, tern_der_header_size(0xA0, one.size) + one.size);
    tern_der_write(&out, 0xA0, tern_writer_bytes(&one));
    ES10(world, "BF640482020204", "BF6406800100810100");
    EXPECT_HEX(world_es10(world, tern_writer_bytes(&out)), "BF5703810103");
    /* Tokens go on after the reset. sgp32.md 12, no. 29 */
    check_initial_eim(world, "first", 0, NULL, NULL, "BF5707A0058401020500");
    world_free(world);
}

static void runs_out_of_room_for_eims(void **state)
{
    (void)state;
    struct world *world = world_new();
    uint8_t list[4000];
    uint8_t command[4100];
    struct tern_writer eims = TERN_WRITER_OF(list);
    struct tern_writer out = TERN_WRITER_OF(command);
    char id[16];
    for (int i = 0; i < 9; i++) {
        snprintf(id, sizeof id, "eim%d", i);
        world_write_eim(&eims, id, 0, true, world->eim_key, "");
    }
    tern_der_write_header(&out, 0xBF57, tern_der_header_size(0xA0, eims.size) + eims.size);
    tern_der_write(&out, 0xA0, tern_writer_bytes(&eims));
    EXPECT_HEX(world_es10(world, tern_writer_bytes(&out)), "BF5703810101");
    ES10(world, "BF5500", "BF5502A000");
    world_free(world);
}

/* ---- Immediate enabling (34, 37) ---- */

static void enables_immediately(void **state)
{
    (void)state;
    struct world *world = world_new();
    ES10(world, "BF5A03800100", "BF5A03800101"); /* not configured */
    ES10(world, "BF59028000", "BF5903800100");
    ES10(world, "BF5A03800100", "BF5A03800104"); /* nothing installed */
    world_install(world, 1, "");
    ES10(world, "BF5A03800100", "BF5A03800100");
    assert_int_equal(profile_state(world, 1), 1);
    ES10(world, "BF5A03800100", "BF5A03800104"); /* once */
    world_install(world, 2, "");
    tern_card_reset(&world->card);
    ES10(world, "BF5A03800100", "BF5A03800104"); /* after a reset */
    /* Only from a certain SM-DP+. */
    ES10(world,
         "BF59128000820E"
         "6F746865722E6578616D706C6531",
         "BF5903800100");
    world_install(world, 3, "");
    ES10(world, "BF5A03800100", "BF5A03800101");
    ES10(world, "BF59108000820C736D64702E6578616D706C65", "BF5903800100");
    world_install(world, 4, "");
    ES10(world, "BF5A03800100", "BF5A03800100");
    ES10(world, "BF590780008103883763", "BF5903800100"); /* another OID */
    world_install(world, 5, "");
    ES10(world, "BF5A03800100", "BF5A03800101");
    /* While the terminal works on a REFRESH: 5. */
    ES10(world, "BF59028000", "BF5903800100");
    world_apdu_hex(world, "8010000001FF");
    world_install(world, 6, "");
    ES10(world, "BF5A038001FF", "BF5A03800100");
    assert_int_equal(world->sw, 0x910B);
    world_install(world, 7, "");
    ES10(world, "BF5A038001FF", "BF5A03800105");
    world_apdu_hex(world, "801200000B");
    world_apdu_hex(world, "801400000C810301010982028281830100");
    ES10(world, "BF5A038001FF", "BF5A03800100");
    /* Off; and not by the device while an eIM is there. */
    ES10(world, "BF5900", "BF5903800100");
    world_install(world, 8, "");
    ES10(world, "BF5A03800100", "BF5A03800101");
    world_add_initial_eim(world, 0, false);
    ES10(world, "BF59028000", "BF5903800102");
    world_free(world);
}

static void does_not_enable_against_policy(void **state)
{
    (void)state;
    struct world *world = world_new();
    ES10(world, "BF59028000", "BF5903800100");
    world_install(world, 1, PPR1);
    ES10(world, "BF5A03800100", "BF5A03800100");
    world_install(world, 2, "");
    ES10(world, "BF5A03800100", "BF5A0380017F");
    char address[700] = "BF59820117"
                        "8000"
                        "82820111";
    for (int i = 0; i < 273; i++)
        strcat(address, "61");
    ES10(world, address, "BF590380017F"); /* an address that is too long */
    world_free(world);
}

/* ---- Fallback and emergency (35) ---- */

static void falls_back_and_returns(void **state)
{
    (void)state;
    struct world *world = world_new();
    ES10(world, "BF5D03800100", "BF5D03800107");
    ES10(world, "BF5E03800100", "BF5E03800106");
    world_install(world, 1, FALLBACK);
    world_install(world, 2, "");
    world_add_initial_eim(world, 0, false);
    EXPECT_HEX(world_psmo(world, ON("A3", 2, "")), "830100");
    ES10(world, "BF5D03800100", "BF5D03800106");
    EXPECT_HEX(world_psmo(world, ON("A8", 1, "")), "8D0100");
    world_apdu_hex(world, "8010000001FF");
    ES10(world, "BF5D038001FF", "BF5D03800100");
    assert_int_equal(world->sw, 0x910B);
    ES10(world, "BF5D038001FF", "BF5D03800102");
    ES10(world, "BF5E038001FF", "BF5E03800105");
    tern_card_reset(&world->card); /* remembered */
    assert_int_equal(profile_state(world, 1), 1);
    ES10(world, "BF5E03800100", "BF5E03800100");
    assert_int_equal(profile_state(world, 2), 1);
    ES10(world, "BF5E03800100", "BF5E03800106");
    world_apdu_hex(world, "8010000001FF");
    EXPECT_HEX(world_psmo(world, ON("A3", 1, "")), "830100");
    ES10(world, "BF5D03800100", "BF5D03800102");
    tern_card_reset(&world->card);
    world_apdu_hex(world, "8010000001FF");
    EXPECT_HEX(world_psmo(world, ON("A3", 2, "")), "830100");
    ES10(world, "BF5D03800100", "BF5D03800105");
    /* refreshFlag under 01, as some send it. sgp32.md 12, no. 3 */
    tern_card_reset(&world->card);
    ES10(world, "BF5D03010100", "BF5D03800100");
    expect_sw(world, "BF5D00", 0x6A80);
    world_free(world);
}

static void enters_and_leaves_the_emergency_profile(void **state)
{
    (void)state;
    struct world *world = world_new();
    ES10(world, "BF5B03800100", "BF5B03800108");
    ES10(world, "BF5C03800100", "BF5C03800102");
    world_install(world, 1, FALLBACK);
    world_install(world, 2, ECALL "");
    world_add_initial_eim(world, 0, false);
    EXPECT_HEX(world_psmo(world, ON("A3", 1, "")), "830100");
    EXPECT_HEX(world_psmo(world, ON("A8", 1, "")), "8D0100");
    int64_t sequence = world->card.numbers.sequence_number;
    world_apdu_hex(world, "8010000001FF");
    ES10(world, "BF5B038001FF", "BF5B03800100");
    ES10(world, "BF5B038001FF", "BF5B03800102");
    ES10(world, "BF5C038001FF", "BF5C03800105");
    tern_card_reset(&world->card);
    assert_int_equal(profile_state(world, 2), 1);
    assert_int_equal(world->card.numbers.sequence_number, sequence); /* nobody is notified */
    /* Everything else has to wait: 104. */
    struct world_package package = {.commands = "A600"};
    struct tern_bytes response = world_load_package(world, &package);
    EXPECT_HEX(FIND(response, 0xBF51, 0xA1, 0x30, 0x02).value, "68");
    ES10(world, "BF640482020780", "BF6403800168");
    ES10(world, "BF5D03800100", "BF5D03800168");
    ES10(world, "BF5C03800100", "BF5C03800100");
    assert_int_equal(profile_state(world, 1), 1);
    assert_int_equal(profile_state(world, 2), 0);
    world_apdu_hex(world, "8010000001FF");
    EXPECT_HEX(world_psmo(world, ON("A4", 1, "")), "840100");
    ES10(world, "BF5B03800100", "BF5B03800105");
    /* From no profile, back to none. */
    tern_card_reset(&world->card);
    ES10(world, "BF5B03800100", "BF5B03800100");
    ES10(world, "BF5C03800100", "BF5C03800100");
    assert_int_equal(profile_state(world, 2), 0);
    world_free(world);
}

/* ---- Memory reset (36) ---- */

static void resets_what_is_asked_for(void **state)
{
    (void)state;
    struct world *world = world_new();
    ES10(world, "BF640482020780", "BF6403800101");
    ES10(world, "BF640482020204", "BF6406800101810101");
    ES10(world, "BF640482020102", "BF6406800100820100");
    world_install(world, 1, "950102");
    world_install(world, 2, "950101");
    world_install(world, 3, "950100");
    world_add_initial_eim(world, 0, false);
    EXPECT_HEX(world_psmo(world, ON("A3", 3, "")), "830100");
    ES10(world, "BF640482020410", "BF6403800101"); /* pre-loaded test profiles: there are none */
    ES10(world, "BF640482020640", "BF6403800100"); /* field-loaded ones: the enabled one goes */
    assert_int_equal(profile_state(world, 3), -1);
    assert_int_equal(world_apdu_hex(world, "00A4040C07A0000000871002"), 0x6A82);
    ES10(world,
         "BF6404820203"
         "08",
         "BF6403800100");
    assert_int_equal(profile_state(world, 2), -1);
    assert_int_equal(profile_state(world, 1), 0);
    ES10(world,
         "BF65038001"
         "61",
         "BF6503800100");
    ES10(world, "BF640482020520", "BF6403800100");
    ES10(world, "BF3C00", "BF3C0E810C736D64732E6578616D706C65");
    ES10(world, "BF6404820201A6", "BF6409800100810100820100");
    ES10(world, "BF5500", "BF5502A000");
    ES10(world, "BF2D00", "BF2D02A000");
    expect_sw(world, "BF6400", 0x6A80);
    world_install(world, 4, "");
    world_add_initial_eim(world, 0, false);
    world_apdu_hex(world, "8010000001FF");
    EXPECT_HEX(world_psmo(world, ON("A3", 4, "")), "830100");
    ES10(world, "BF640482020780", "BF6403800105");
    world_free(world);
}

/* ---- Notifications (30) ---- */

static void notifies_as_configured(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_install(world, 1, NULL); /* two addresses, all events */
    world_install(world, 2,
                  "B614"
                  "3012800205208"
                  "10C6E6F74652E6578616D706C65"); /* disable */
    world_add_initial_eim(world, 0, false);
    /* Installation: the result, and an install notification to each address. */
    struct tern_bytes list = world_es10_hex(world, "BF2800");
    assert_int_equal(count_children(FIND(list, 0xBF28, 0xA0).value), 4);
    list = world_es10_hex(world, "BF280481020780");
    assert_int_equal(count_children(FIND(list, 0xBF28, 0xA0).value), 4);
    ES10(world, "BF280481020640", "BF2802A000");
    EXPECT_HEX(world_psmo(world, ON("A3", 1, "")), "830100");
    list = world_es10_hex(world, "BF280481020640");
    assert_int_equal(count_children(FIND(list, 0xBF28, 0xA0).value), 2);
    /* A switch: disable for one, nothing for the other's enable. */
    EXPECT_HEX(world_psmo(world, ON("A3", 2, "")), "830100");
    list = world_es10_hex(world, "BF280481020520");
    assert_int_equal(count_children(FIND(list, 0xBF28, 0xA0).value), 2);
    EXPECT_HEX(world_psmo(world, ON("A5", 1, "")), "850100");
    list = world_es10_hex(world, "BF280481020410");
    assert_int_equal(count_children(FIND(list, 0xBF28, 0xA0).value), 2);
    world_free(world);
}

static void delivers_and_removes(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_install(world, 1, NULL);
    world_add_initial_eim(world, 0, false);
    EXPECT_HEX(world_psmo(world, "A7028000"), "870100");
    /* 1: the result of the installation; 2, 3: notifications; 4: the package's result. */
    struct tern_bytes one = world_es10_hex(world, "BF2B05A003800102");
    struct tern_tlv other = FIND(one, 0xBF2B, 0xA0, 0x30);
    struct tern_tlv metadata = FIND(other.raw, 0x30, 0xBF2F);
    EXPECT_HEX(FIND(metadata.raw, 0xBF2F, 0x80).value, "02");
    assert_true(
        world_card_signed(TERN_CURVE_P256, FIND(other.raw, 0x30, 0x5F37).value, &metadata.raw, 1));
    const struct tern_pki_entry *euicc = world_entry(TERN_PKI_EUICC, WORLD_EID, TERN_CURVE_P256);
    struct tern_bytes certificates = tern_bytes_slice(
        other.value,
        other.value.size - euicc->certificate.raw.size - euicc->issuer->certificate.raw.size,
        SIZE_MAX);
    assert_memory_equal(certificates.data, euicc->certificate.raw.data,
                        euicc->certificate.raw.size);
    FIND(world_es10_hex(world, "BF2B05A003800101"), 0xBF2B, 0xA0, 0xBF37);
    FIND(world_es10_hex(world, "BF2B05A003800104"), 0xBF2B, 0xA2, 0xBF51);
    ES10(world, "BF2B05A003800109", "BF2B02A000");
    /* Without a criterion there are no results; by event likewise; unknown criteria: 127. */
    assert_int_equal(count_children(FIND(world_es10_hex(world, "BF2B00"), 0xBF2B, 0xA0).value), 3);
    assert_int_equal(
        count_children(FIND(world_es10_hex(world, "BF2B06A00481020780"), 0xBF2B, 0xA0).value), 3);
    assert_int_equal(
        count_children(FIND(world_es10_hex(world, "BF2B04A0028200"), 0xBF2B, 0xA2).value), 1);
    ES10(world, "BF2B05A003870101", "BF2B0381017F");
    /* RemoveNotificationFromList. */
    ES10(world, "BF3003800104", "BF3003800100");
    ES10(world, "BF3003800104", "BF3003800101");
    ES10(world, "BF300380017F", "BF3003800101");
    ES10(world, "BF3003800103", "BF3003800100");
    ES10(world, "BF2B04A0028200", "BF2B02A200");
    assert_int_equal(count_children(FIND(world_es10_hex(world, "BF2B00"), 0xBF2B, 0xA0).value), 2);
    world_free(world);
}

static void drops_the_oldest(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_add_initial_eim(world, 0, false);
    for (int i = 0; i < 40; i++)
        world_psmo(world, "A7028000");
    struct tern_bytes list = world_es10_hex(world, "BF2B04A0028200");
    struct tern_tlv all = FIND(list, 0xBF2B, 0xA2);
    assert_int_equal(count_children(all.value), TERN_CARD_PENDING_COUNT_MAX);
    assert_int_equal(world->card.numbers.dropped, 8);
    EXPECT_HEX(FIND(list, 0xBF2B, 0xA2, 0xBF51, 0xA0, 0x30, 0x83).value, "09");
    world_free(world);
}

static void gives_long_lists_in_parts(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->config.memory = WORLD_MEMORY;
    world_power_on(world);
    world_install(world, 1, NULL);
    world_add_initial_eim(world, 0, false);
    for (int i = 0; i < 8; i++) {
        EXPECT_HEX(world_psmo(world, ON("A3", 1, "")), "830100");
        EXPECT_HEX(world_psmo(world, ON("A4", 1, "")), "840100");
    }
    /* A small card has room for a few of them in one answer. */
    tern_card_reset(&world->card);
    tern_card_lend(&world->card, world->work, TERN_CARD_WORK_SIZE_MIN);
    unsigned seen = 0;
    for (;;) {
        struct tern_bytes list = world_es10_hex(world, "BF2B00");
        struct tern_bytes rest = FIND(list, 0xBF2B, 0xA0).value;
        struct tern_tlv element;
        uint8_t numbers[40];
        unsigned count = 0;
        while (tern_der_next(&rest, &element, 0) == 1) {
            static const tern_tag OTHER[] = {0x30, 0xBF2F, 0x80};
            static const tern_tag RESULT[] = {0xBF37, 0xBF27, 0xBF2F, 0x80};
            struct tern_tlv number;
            if (tern_der_path(element.raw, OTHER, 3, &number) != TERN_OK) {
                assert_int_equal(tern_der_path(element.raw, RESULT, 4, &number), TERN_OK);
            }
            numbers[count++] = number.value.data[0];
        }
        if (count == 0) break;
        seen += count;
        for (unsigned i = 0; i < count; i++) {
            char remove[20];
            snprintf(remove, sizeof remove, "BF30038001%02X", numbers[i]);
            ES10(world, remove, "BF3003800100");
        }
    }
    /* Results and notifications share the room of 32: the oldest went. */
    assert_true(seen > 14);
    world_free(world);
}

static void counts_through_every_boundary(void **state)
{
    (void)state;
    static const struct {
        int64_t last;
        const char *next;
    } CASES[] = {
        {-1,      "00"    },
        {0,       "01"    },
        {126,     "7F"    },
        {127,     "0080"  },
        {254,     "00FF"  },
        {255,     "0100"  },
        {32766,   "7FFF"  },
        {32767,   "008000"},
        {65535,   "010000"},
        {8388606, "7FFFFF"},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        struct world *world = world_new();
        world_add_initial_eim(world, 0, false);
        world->card.numbers.sequence_number = CASES[i].last;
        struct world_package package = {.commands = "A7028000"};
        struct tern_bytes response = world_load_package(world, &package);
        EXPECT_HEX(FIND(response, 0xBF51, 0xA0, 0x30, 0x83).value, CASES[i].next);
        char command[40];
        size_t size = strlen(CASES[i].next) / 2;
        snprintf(command, sizeof command, "BF30%02zX80%02zX%s", size + 2, size, CASES[i].next);
        tern_card_reset(&world->card);
        ES10(world, command, "BF3003800100");
        world_free(world);
    }
    /* Behind the last number nothing is executed any more, and nothing wraps. */
    struct world *world = world_new();
    world_install(world, 1, NULL);
    world_add_initial_eim(world, 0, false);
    world->card.numbers.sequence_number = 8388607;
    struct world_package package = {.commands = "A7028000"};
    struct tern_bytes response = world_load_package(world, &package);
    EXPECT_HEX(FIND(response, 0xBF51, 0xA1, 0x30, 0x02).value, "7F");
    world->card.numbers.sequence_number = 8388606;
    response = world_load_package(world, &(struct world_package){.commands = ON("A3", 1, "")});
    assert_int_equal(response.size, 0); /* no numbers for its notifications: all undone */
    assert_int_equal(world->sw, 0x6A80);
    tern_card_reset(&world->card);
    assert_int_equal(profile_state(world, 1), 0);
    world_free(world);
}

/* A command that is refused takes nothing from a download that goes on beside it. */
static void keeps_a_download_over_refused_commands(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct download download = {.n = 1};
    world_authenticate(world, &download);
    expect_sw(world, "BF3E00", 0x6A80);
    expect_sw(world, "BF7000", 0x6A88);
    world_prepare(world, &download);
    struct tern_bytes package = world_bind(world, &download);
    download.stop_after = 4;
    world_load_segments(world, package, &download);
    expect_sw(world, "BF3E00", 0x6A80);
    ES10(world, "BF5702A000", "BF5703810107");
    ES10(world, "BF2D00", "BF2D02A000"); /* what is being loaded cannot be seen */
    /* The rest of the segments. */
    struct tern_bpp_segmenter segmenter = {.state = 0};
    struct tern_bytes segment;
    for (int i = 0; tern_bpp_next_segment(&segmenter, &segment, &package) == 1; i++) {
        if (i >= 4) world_store_data(world, segment, 255);
    }
    assert_int_equal(world_error_reason(tern_bytes(world->response, world->response_size), NULL),
                     0);
    world_free(world);
}

/* ---- A consumer card: ES10c ---- */

static struct world *consumer_with(unsigned count)
{
    struct world *world = world_new();
    world->config.consumer = true;
    world_power_on(world);
    for (unsigned n = 1; n <= count; n++)
        world_install(world, n, "");
    return world;
}

static const char *local(char *text, const char *tag, unsigned n, const char *refresh, bool wrapped)
{
    char digits[24] = "";
    uint8_t iccid[10];
    struct tern_writer out = tern_writer(digits, sizeof digits - 1);
    upp_iccid(iccid, n);
    tern_hex_encode(&out, TERN_BYTES_OF(iccid));
    if (wrapped) {
        sprintf(text, "%s11A00C5A0A%s8101%s", tag, digits, refresh);
    } else {
        sprintf(text, "%s0C5A0A%s", tag, digits);
    }
    return text;
}
#define LOCAL(tag, n, refresh) local((char[80]){0}, tag, n, refresh, true)
#define DELETE(n)              local((char[80]){0}, "BF33", n, "", false)

static void manages_profiles_locally(void **state)
{
    (void)state;
    struct world *world = consumer_with(3);
    ES10(world, LOCAL("BF31", 9, "00"), "BF3103800101");
    ES10(world, LOCAL("BF32", 9, "00"), "BF3203800101");
    ES10(world, DELETE(9), "BF3303800101");
    ES10(world, LOCAL("BF31", 1, "00"), "BF3103800100");
    ES10(world, LOCAL("BF31", 1, "00"), "BF3103800102");
    ES10(world, LOCAL("BF32", 2, "00"), "BF3203800102");
    ES10(world, DELETE(1), "BF3303800102");
    ES10(world, "BF3117A0124F10A0000005591010FFFFFFFF8900001100810100", "BF3103800100");
    assert_int_equal(profile_state(world, 2), 1);
    world_apdu_hex(world, "8010000001FF");
    ES10(world, LOCAL("BF31", 1, "FF"), "BF3103800100");
    assert_int_equal(world->sw, 0x910B);
    ES10(world, LOCAL("BF31", 2, "FF"), "BF3103800105");
    ES10(world, LOCAL("BF32", 1, "FF"), "BF3203800105");
    ES10(world, "BF340482020780", "BF3403800105");
    tern_card_reset(&world->card);
    ES10(world, LOCAL("BF32", 1, "01"), "BF3203800100"); /* TRUE as pySim writes it */
    ES10(world, DELETE(3), "BF3303800100");
    ES10(world,
         "BF29165A0A980010325476981000109008"
         "48C3A47573636821",
         "BF2903800100");
    ES10(world,
         "BF29165A0A980010325476981000309008"
         "48C3A47573636821",
         "BF2903800101");
    EXPECT_HEX(FIND(world_es10_hex(world, "BF2D00"), 0xBF2D, 0xA0, 0xE3, 0x90).value,
               "48C3A47573636821");
    ES10(world, "BF290E5A0A980010325476981000109000", "BF2903800100");
    ES10(world,
         "BF3F038001"
         "61",
         "BF3F03800100");
    ES10(world, "BF340482020780", "BF3403800100");
    ES10(world, "BF340482020780", "BF3403800101");
    ES10(world, "BF340482020520", "BF3403800100");
    world_free(world);
}

static void respects_rules_locally(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->config.consumer = true;
    world_power_on(world);
    world_install(world, 1, "B705800362F210 99020560");
    world_install(world, 2, "B705800362F210 99020520");
    ES10(world, LOCAL("BF31", 1, "00"), "BF3103800100");
    ES10(world, LOCAL("BF31", 2, "00"), "BF3103800103");
    ES10(world, LOCAL("BF32", 1, "00"), "BF3203800103");
    ES10(world, DELETE(2), "BF3303800103");
    /* Only the first operational profile may forbid its disabling; forbidden rules never. */
    struct download download = {.n = 3, .metadata = PPR1};
    assert_int_equal(world_error_reason(world_download(world, &download), NULL), 15);
    world->config.forbidden_pprs = 1u << 2;
    world_power_on(world);
    download = (struct download){.n = 3, .metadata = "B705800362F210 99020520"};
    assert_int_equal(world_error_reason(world_download(world, &download), NULL), 15);
    world_free(world);
}

static void evaluates_the_rat(void **state)
{
    (void)state;
    /* ppr1 for 262-01 with gid1 AA only; ppr2 for any operator of 262, any gid1. */
    static const uint8_t RAT[] = {0x30, 0x13, 0x80, 0x02, 0x06, 0x40, 0xA1, 0x0A, 0x30, 0x08, 0x80,
                                  0x03, 0x62, 0xF2, 0x10, 0x81, 0x01, 0xAA, 0x82, 0x01, 0x00, 0x30,
                                  0x12, 0x80, 0x02, 0x05, 0x20, 0xA1, 0x09, 0x30, 0x07, 0x80, 0x03,
                                  0x62, 0xE2, 0xEE, 0x81, 0x00, 0x82, 0x01, 0x00};
    static const struct {
        const char *metadata;
        int reason;
    } CASES[] = {
        {"B708800362F2108101AA 99020640",  0 },
        {"B708800362F2108101AB 99020640",  15},
        {"B705800362F210 99020640",        15},
        {"B708800362F2208101AA 99020640",  15},
        {"B708800362F2208101AA 99020520",  0 },
        {"B7088003621220 8101AA 99020520", 0 },
        {"B7088003621220 8101AA 99020560", 15},
        {"B7058003621220 99020520",        0 },
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        struct world *world = world_new();
        world->config.rules_authorisation_table = TERN_BYTES_OF(RAT);
        world_power_on(world);
        struct download download = {.n = 1, .metadata = CASES[i].metadata};
        int reason = world_error_reason(world_download(world, &download), NULL);
        /* E is any nibble, also the filler F of a two-digit MNC; an empty gid is any or none. */
        if (reason != CASES[i].reason) fail_msg("%s: %d", CASES[i].metadata, reason);
        world_free(world);
    }
}

static void a_pure_consumer_card_knows_nothing_of_iot(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->config.consumer = true;
    world->config.without_iot = true;
    world_power_on(world);
    expect_sw(world, "BF5600", 0x6A88); /* how pySim tells the two apart */
    expect_sw(world, "BF5500", 0x6A88);
    expect_sw(world, "BF640482020780", 0x6A88);
    struct tern_bytes info = world_es10_hex(world, "BF2200");
    static const tern_tag IPA_MODE[] = {0xBF22, 0x90};
    struct tern_tlv tlv;
    assert_int_equal(tern_der_path(info, IPA_MODE, 2, &tlv), TERN_ERR_NOT_FOUND);
    ES10(world, "BF2B04A0028200", "BF2B0381017F");
    world_apdu_hex(world, "00A4040010A0000005591010FFFFFFFF890000010000");
    assert_int_equal(world->response_size, 34);
    world_free(world);
}

/* ---- LoadCRL ---- */

static void loads_revocation_lists(void **state)
{
    (void)state;
    struct world *world = world_new();
    char path[128];
    uint8_t *der = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/p256/ci.crl", world_pki.directory);
    assert_int_equal(file_read(path, 8192, &der, &size), TERN_OK);
    uint8_t command[8300];
    struct tern_writer out = TERN_WRITER_OF(command);
    tern_der_write_header(&out, 0xBF35, size);
    tern_write(&out, tern_bytes(der, size));
    uint8_t *crl = command + out.size - size;
    crl[0] = 0xA0;
    EXPECT_HEX(world_es10(world, tern_writer_bytes(&out)), "BF3502A000");
    EXPECT_HEX(world_es10(world, tern_writer_bytes(&out)), "BF3503810105"); /* not fresher */
    crl[size - 1] ^= 1;
    EXPECT_HEX(world_es10(world, tern_writer_bytes(&out)), "BF3503810101");
    ES10(world, "BF3502A000", "BF3503810102");
    ES10(world, "BF3500", "BF3503810102");
    /* A card that does not know this CI. */
    crl[size - 1] ^= 1;
    world->config.cis = &world->cis[1];
    world->config.ci_count = 1;
    card_blocks_close(&world->blocks);
    card_blocks_open_memory(&world->blocks, WORLD_MEMORY + TERN_CARD_BANK_SLACK);
    world_power_on(world);
    EXPECT_HEX(world_es10(world, tern_writer_bytes(&out)), "BF3503810104");
    free(der);
    world_free(world);
}

/* A list that names CERT.DPauth: the server is refused from then on, also after a reset. */
static void believes_revocation_lists(void **state)
{
    (void)state;
    char command[256];
    char path[128];
    uint8_t *der = NULL;
    size_t size = 0;
    const struct tern_pki_entry *smdp =
        world_entry(TERN_PKI_DP_AUTH, "smdp2.example", TERN_CURVE_P256);
    snprintf(command, sizeof command, "%s pki revoke %s %s >/dev/null 2>&1", getenv("TERN"),
             world_pki.directory, smdp->path);
    if (getenv("TERN") == NULL || system(command) != 0) {
        print_message("no tern pki revoke at hand\n");
        skip();
    }
    struct world *world = world_new();
    struct download download = {.n = 1};
    world->smdp = "smdp2.example";
    FIND(world_authenticate(world, &download), 0xBF38, 0xA0);
    snprintf(path, sizeof path, "%s/p256/ci.crl", world_pki.directory);
    assert_int_equal(file_read(path, 8192, &der, &size), TERN_OK);
    uint8_t bytes[8300];
    struct tern_writer out = TERN_WRITER_OF(bytes);
    tern_der_write_header(&out, 0xBF35, size);
    tern_write(&out, tern_bytes(der, size));
    bytes[out.size - size] = 0xA0;
    EXPECT_HEX(world_es10(world, tern_writer_bytes(&out)), "BF3502A000");
    tern_card_reset(&world->card);
    struct tern_bytes response = world_authenticate(world, &download);
    EXPECT_HEX(FIND(response, 0xBF38, 0xA1, 0x02).value, "01");
    world->smdp = WORLD_SMDP;
    FIND(world_authenticate(world, &download), 0xBF38, 0xA0);
    free(der);
    world_free(world);
}

/* ---- Quirks ---- */

static struct world *quirky(const char *name)
{
    struct world *world = world_new();
    if (tern_card_quirk_from_text(&world->config.quirks, tern_bytes_text(name)) != TERN_OK) {
        fail_msg("no quirk %s", name);
    }
    world_power_on(world);
    return world;
}

static void has_quirks_by_name(void **state)
{
    (void)state;
    uint32_t all = 0;
    size_t count = 0;
    while (tern_card_quirk_name(count) != NULL) {
        assert_int_equal(
            tern_card_quirk_from_text(&all, tern_bytes_text(tern_card_quirk_name(count++))),
            TERN_OK);
    }
    assert_int_equal(all, 0xFFFF);
    assert_int_equal(tern_card_quirk_from_text(&all, TERN_BYTES_TEXT("v9")), TERN_ERR_NOT_FOUND);

    struct world *world = quirky("v1.0");
    EXPECT_HEX(FIND(world_es10_hex(world, "BF2200"), 0xBF22, 0xB4, 0xA0).value, "0403010000");
    expect_sw(world, "BF640482020780", 0x6A88);
    ES10(world, "BF340482020780", "BF3403800101");
    expect_sw(world, "BF5F00", 0x6A88);
    world_add_initial_eim(world, 0, false);
    uint8_t bytes[600];
    struct tern_writer out = TERN_WRITER_OF(bytes);
    struct world_package package = {.commands = "A600"};
    world_write_package(world, &out, &package);
    struct tern_tlv request = FIND(tern_writer_bytes(&out), 0xBF51, 0x5F37);
    struct tern_bytes response = world_es10(world, tern_writer_bytes(&out));
    struct tern_bytes parts[] = {FIND(response, 0xBF51, 0xA0, 0x30).raw, request.raw};
    assert_true(
        world_card_signed(TERN_CURVE_P256, FIND(response, 0xBF51, 0xA0, 0x5F37).value, parts, 2));
    world_free(world);

    world = quirky("v1.3");
    EXPECT_HEX(FIND(world_es10_hex(world, "BF2200"), 0xBF22, 0xB4, 0xA0).value, "0403010300");
    package = (struct world_package){.commands = "A600", .eim_id = "x"};
    EXPECT_HEX(world_load_package(world, &package), "BF510DA20B800178"
                                                    "8203010203"
                                                    "8F0101");
    world_free(world);

    world = quirky("v1.1");
    EXPECT_HEX(FIND(world_es10_hex(world, "BF2200"), 0xBF22, 0xB4).raw, "B407A0050403010100");
    expect_sw(world, "BF5B03800100", 0x6A88);
    world_free(world);

    world = quirky("cmd-result-80");
    ES10(world, "BF5803800100", "BF5803800101");
    world_free(world);
    world = quirky("untagged-results");
    world_add_initial_eim(world, 0, false);
    EXPECT_HEX(world_eco(world, "A903800178"), "020101");
    world_free(world);
    world = quirky("duplicate-eim-7");
    world_add_initial_eim(world, 0, false);
    EXPECT_HEX(world_eco(world, "A80D800B65696D2E6578616D706C65"), "A803020107");
    world_free(world);
    world = quirky("update-ignores-token");
    world_add_initial_eim(world, 0, false);
    EXPECT_HEX(world_eco(world, "AA12800B65696D2E6578616D706C658401FF8900"), "8A0100");
    world_free(world);
    world = quirky("first-counter-equal");
    world_add_initial_eim(world, 7, false);
    package = (struct world_package){.commands = "A600", .counter = 7};
    FIND(world_load_package(world, &package), 0xBF51, 0xA0);
    EXPECT_HEX(FIND(world_load_package(world, &package), 0xBF51, 0xA1, 0x30, 0x02).value, "04");
    world_free(world);
    world = quirky("reset-eim-only-1");
    world_add_initial_eim(world, 7, false);
    ES10(world, "BF640482020204", "BF6406800101810100");
    world_free(world);
    world = quirky("return-code-7");
    world_install(world, 1, FALLBACK);
    world_install(world, 2, "950101");
    world_add_initial_eim(world, 7, false);
    EXPECT_HEX(world_psmo(world, ON("A8", 1, "")), "8D0100");
    EXPECT_HEX(world_psmo(world, ON("A3", 2, "")), "830100");
    ES10(world, "BF5D03800100", "BF5D03800100");
    world->card.numbers.fallback_return = false;
    ES10(world, "BF5E03800100", "BF5E03800107");
    world_free(world);
    world = quirky("enable-enabled-ok");
    world_install(world, 1, "");
    world_add_initial_eim(world, 7, false);
    EXPECT_HEX(world_psmo(world, ON("A3", 1, "")), "830100");
    EXPECT_HEX(world_psmo(world, ON("A3", 1, "")), "830100");
    world_free(world);
    world = quirky("rollback-result-alone");
    world_install(world, 1, "");
    world_install(world, 2, "");
    world_add_initial_eim(world, 7, false);
    EXPECT_HEX(world_psmo(world, ON("A3", 1, "")), "830100");
    EXPECT_HEX(world_psmo(world, ON("A3", 2, "0500")), "830100");
    response = world_es10_hex(world, "BF5803800100");
    EXPECT_HEX(FIND(response, 0xBF58, 0xBF51, 0xA0, 0x30, 0x30).value, "8C0100");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_about_itself),
        cmocka_unit_test(has_true_memory_figures),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(survives_the_loss_of_room_in_a_load),
        cmocka_unit_test(gives_certificates),
        cmocka_unit_test(hands_over_to_an_ipae),
        cmocka_unit_test(binds_first_eims),
        cmocka_unit_test(runs_out_of_room_for_eims),
        cmocka_unit_test(enables_immediately),
        cmocka_unit_test(does_not_enable_against_policy),
        cmocka_unit_test(falls_back_and_returns),
        cmocka_unit_test(enters_and_leaves_the_emergency_profile),
        cmocka_unit_test(resets_what_is_asked_for),
        cmocka_unit_test(notifies_as_configured),
        cmocka_unit_test(delivers_and_removes),
        cmocka_unit_test(drops_the_oldest),
        cmocka_unit_test(gives_long_lists_in_parts),
        cmocka_unit_test(counts_through_every_boundary),
        cmocka_unit_test(keeps_a_download_over_refused_commands),
        cmocka_unit_test(manages_profiles_locally),
        cmocka_unit_test(respects_rules_locally),
        cmocka_unit_test(evaluates_the_rat),
        cmocka_unit_test(a_pure_consumer_card_knows_nothing_of_iot),
        cmocka_unit_test(loads_revocation_lists),
        cmocka_unit_test(believes_revocation_lists),
        cmocka_unit_test(has_quirks_by_name),
    };
    return cmocka_run_group_tests(tests, world_make_pki, world_remove_pki);
}
