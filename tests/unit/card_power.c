/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power is cut at every single write of every operation: each write is torn, and one byte that no
 * sync had made durable is lost. Whatever the moment, afterwards
 *
 *     - the card is in the state before the operation or in the state after it,
 *     - it is the state after it when the operation had answered,
 *     - no counter went back and no profile was lost,
 *     - the result of an executed package can be had, and the operation can be done (again).
 *
 * Each operation runs twice: with much room in the bank, and with so little that the store copies
 * itself to the other bank in the middle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/card_expect.h"

#define MEMORY 49152

/* The state that must be old or new: every record, but of random content only that it is there. */
struct picture {
    char text[60000];
    size_t size;
    int64_t sequence;
    int64_t token;
};

/* Kinds of engine/card/state.h whose content is random or tells of a load under way. */
#define KIND_NUMBERS      1
#define KIND_ROLLBACK     4
#define KIND_PENDING      6
#define KIND_ONE_TIME_KEY 9
#define KIND_LOADING      13

static void take_picture(struct world *world, struct picture *picture, bool download)
{
    static uint8_t data[65536];
    struct tern_writer text = tern_writer(picture->text, sizeof picture->text);
    for (uint32_t key = 0;; key++) {
        struct tern_writer out = TERN_WRITER_OF(data);
        int got = tern_card_record_next(&world->card, &key, &out);
        assert_true(got >= 0);
        if (got == 0) break;
        unsigned kind = key >> 24;
        /* A download is many commands: its key and its mark come and go between. */
        if (download &&
            (kind == KIND_ONE_TIME_KEY || kind == KIND_LOADING || kind == KIND_NUMBERS)) {
            continue;
        }
        tern_write_decimal(&text, key);
        tern_write_text(&text, ":");
        tern_write_decimal(&text, out.size);
        tern_write_text(&text, ":");
        if (kind != KIND_PENDING && kind != KIND_ONE_TIME_KEY && kind != KIND_ROLLBACK) {
            tern_hex_encode(&text, tern_writer_bytes(&out));
        }
        tern_write_text(&text, "\n");
    }
    assert_true(text.size < sizeof picture->text);
    picture->size = text.size;
    picture->sequence = world->card.numbers.sequence_number;
    picture->token = world->card.numbers.association_token;
}

static bool same(const struct picture *a, const struct picture *b)
{
    return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

/* The banks as they are, to begin again from. */
struct snapshot {
    uint8_t *data[2];
    size_t size[2];
    int64_t counter;
    unsigned next_transaction;
};

static void save(const struct world *world, struct snapshot *snapshot)
{
    for (int bank = 0; bank < 2; bank++) {
        snapshot->size[bank] = world->blocks.size[bank];
        snapshot->data[bank] = malloc(world->blocks.size[bank] + 1);
        if (snapshot->size[bank] > 0) {
            memcpy(snapshot->data[bank], world->blocks.data[bank], snapshot->size[bank]);
        }
    }
    snapshot->counter = world->counter;
    snapshot->next_transaction = world->next_transaction;
}

static void restore(struct world *world, const struct snapshot *snapshot)
{
    for (int bank = 0; bank < 2; bank++) {
        free(world->blocks.data[bank]);
        world->blocks.data[bank] = malloc(snapshot->size[bank] + 1);
        world->blocks.capacity[bank] = snapshot->size[bank] + 1;
        world->blocks.size[bank] = snapshot->size[bank];
        world->blocks.synced[bank] = snapshot->size[bank];
        memcpy(world->blocks.data[bank], snapshot->data[bank], snapshot->size[bank]);
    }
    world->counter = snapshot->counter;
    world->next_transaction = snapshot->next_transaction;
    card_blocks_power(&world->blocks, UINT64_MAX);
    world_power_on(world);
}

static void power_back(struct world *world)
{
    card_blocks_power(&world->blocks, UINT64_MAX);
    world_power_on(world);
}

/* ---- Operations ---- */

static void psmo(struct world *world, const char *tag, unsigned n, const char *more)
{
    char text[80];
    world_psmo(world, world_on(text, tag, n, more));
}

static void op_add_initial(struct world *world)
{
    world_add_initial_eim(world, 5, true);
}
static void op_enable(struct world *world)
{
    psmo(world, "A3", 2, "");
}
static void op_enable_rollback(struct world *world)
{
    psmo(world, "A3", 2, "0500");
}
static void op_disable(struct world *world)
{
    psmo(world, "A4", 1, "");
}
static void op_delete(struct world *world)
{
    psmo(world, "A5", 2, "");
}
static void op_fallback_attribute(struct world *world)
{
    psmo(world, "A8", 2, "");
}
static void op_many(struct world *world)
{
    char disable[80];
    char delete[80];
    char all[400];
    world_on(disable, "A4", 1, "");
    world_on(delete, "A5", 1, "");
    snprintf(all, sizeof all, "%s%sA7028000BF6503800161", disable, delete);
    world_psmo(world, all);
}
static void op_delete_last_eim(struct world *world)
{
    world_eco(world, "A90D800B65696D2E6578616D706C65");
}
static void op_update_eim(struct world *world)
{
    world_eco(world, "AA0F800B65696D2E6578616D706C658900");
}
static void op_rollback(struct world *world)
{
    world_es10_hex(world, "BF5803800100");
}
static void op_execute_fallback(struct world *world)
{
    world_es10_hex(world, "BF5D03800100");
}
static void op_return_from_fallback(struct world *world)
{
    world_es10_hex(world, "BF5E03800100");
}
static void op_emergency_on(struct world *world)
{
    world_es10_hex(world, "BF5B03800100");
}
static void op_emergency_off(struct world *world)
{
    world_es10_hex(world, "BF5C03800100");
}
static void op_memory_reset(struct world *world)
{
    world_es10_hex(world, "BF6404820201E6");
}
static void op_remove_notification(struct world *world)
{
    world_es10_hex(world, "BF3003800101");
}
static void op_default_address(struct world *world)
{
    world_es10_hex(world, "BF65038001"
                          "61");
}
static void op_immediate(struct world *world)
{
    world_es10_hex(world, "BF59028000");
}
static void op_prepare(struct world *world)
{
    struct download download = {.n = 7};
    world_authenticate(world, &download);
    world_prepare(world, &download);
}
/* A write to the SIM: the retry counter of ADM1 goes down. */
static void op_verify_pin(struct world *world)
{
    world_apdu_hex(world, "00A4040C07A0000000871002");
    world_apdu_hex(world, "0020000A08"
                          "39393939FFFFFFFF");
}
static void op_download(struct world *world)
{
    struct download download = {.n = 7, .ppk = true};
    /* Without its segments when power went before: there is nobody to talk to. */
    world_authenticate(world, &download);
    world_prepare(world, &download);
    if (world->sw == 0x9000) world_load_segments(world, world_bind(world, &download), &download);
}

/* ---- Beginnings ---- */

static void no_eim(struct world *world)
{
    world_install(world, 1, "");
}
static void two_profiles(struct world *world)
{
    world_install(world, 1, NULL);
    world_install(world, 2, "9F6701FF");
    world_add_initial_eim(world, 5, false);
    psmo(world, "A3", 1, "");
}
static void rollback_granted(struct world *world)
{
    two_profiles(world);
    psmo(world, "A3", 2, "0500");
}
static void fallback_set(struct world *world)
{
    two_profiles(world);
    psmo(world, "A8", 2, "");
}
static void in_fallback(struct world *world)
{
    fallback_set(world);
    op_execute_fallback(world);
}
static void emergency_there(struct world *world)
{
    two_profiles(world);
    world_install(world, 3, "9F7B01FF");
}
static void in_emergency(struct world *world)
{
    emergency_there(world);
    op_emergency_on(world);
}

static const struct operation {
    const char *name;
    void (*begin)(struct world *world);
    void (*run)(struct world *world);
    bool download;
    bool package;
} OPERATIONS[] = {
    {"AddInitialEim",                       no_eim,           op_add_initial,          false, false},
    {"ConfigureImmediateProfileEnabling",   no_eim,           op_immediate,            false, false},
    {"enable",                              two_profiles,     op_enable,               false, true },
    {"enable with rollback",                two_profiles,     op_enable_rollback,      false, true },
    {"disable",                             two_profiles,     op_disable,              false, true },
    {"delete",                              two_profiles,     op_delete,               false, true },
    {"setFallbackAttribute",                two_profiles,     op_fallback_attribute,   false, true },
    {"disable, delete, configure, address", two_profiles,     op_many,                 false, true },
    {"deleteEim",                           two_profiles,     op_delete_last_eim,      false, true },
    {"updateEim",                           two_profiles,     op_update_eim,           false, true },
    {"ProfileRollback",                     rollback_granted, op_rollback,             false, true },
    {"ExecuteFallbackMechanism",            fallback_set,     op_execute_fallback,     false, false},
    {"ReturnFromFallback",                  in_fallback,      op_return_from_fallback, false, false},
    {"EnableEmergencyProfile",              emergency_there,  op_emergency_on,         false, false},
    {"DisableEmergencyProfile",             in_emergency,     op_emergency_off,        false, false},
    {"EuiccMemoryReset",                    two_profiles,     op_memory_reset,         false, false},
    {"RemoveNotificationFromList",          two_profiles,     op_remove_notification,  false, false},
    {"SetDefaultDpAddress",                 two_profiles,     op_default_address,      false, false},
    {"PrepareDownload",                     two_profiles,     op_prepare,              true,  false},
    {"VERIFY PIN",                          two_profiles,     op_verify_pin,           false, false},
    {"LoadBoundProfilePackage",             two_profiles,     op_download,             true,  false},
};

/* Write until hardly more than `left` bytes of the bank remain. */
static void fill_bank(struct world *world, size_t left)
{
    uint8_t command[300];
    for (size_t n = 0;; n++) {
        size_t room = world->blocks.blocks.bank_size - world->card.store.tail;
        if (room <= left + 30) return;
        size_t size = room - left - 20 > 200 ? 64 + n % 2 : room - left - 20;
        struct tern_writer out = TERN_WRITER_OF(command);
        tern_der_write_header(&out, 0xBF65, tern_der_header_size(0x80, size) + size);
        tern_der_write_header(&out, 0x80, size);
        while (size-- > 0)
            tern_write_byte(&out, (uint8_t)('a' + n % 26));
        world_es10(world, tern_writer_bytes(&out));
        assert_int_equal(world->sw, 0x9000);
    }
}

static struct world *begin(const struct operation *operation, bool nearly_full)
{
    struct world *world = world_new();
    card_blocks_close(&world->blocks);
    card_blocks_open_memory(&world->blocks, MEMORY + TERN_CARD_BANK_SLACK);
    world->config.memory = MEMORY;
    world_power_on(world);
    operation->begin(world);
    if (nearly_full) fill_bank(world, operation->run == op_download ? 3000 : 24);
    tern_card_reset(&world->card);
    return world;
}

/* Can what was cut be finished? A result must be there if its package was executed. */
static void check_afterwards(struct world *world, const struct operation *operation, bool is_new)
{
    if (operation->package && is_new) {
        struct tern_bytes results = world_es10_hex(world, "BF2B04A0028200");
        FIND(results, 0xBF2B, 0xA2, 0xBF51);
    }
    if (operation->run == op_download) {
        if (profile_state(world, 7) == -1) world_install(world, 7, NULL);
        assert_int_equal(profile_state(world, 7), 0);
    }
    /* The card still does its work. */
    EXPECT_HEX(world_es10_hex(world, "BF3E035C015A"), "BF3E125A1089049032123451234512345678901235");
}

static unsigned cut_everywhere(const struct operation *operation, bool nearly_full)
{
    static struct picture before;
    static struct picture after;
    static struct picture now;
    struct snapshot snapshot;
    struct world *world = begin(operation, nearly_full);
    save(world, &snapshot);
    take_picture(world, &before, operation->download);
    operation->run(world);
    tern_card_reset(&world->card);
    take_picture(world, &after, operation->download);
    if (operation->run != op_prepare) assert_false(same(&before, &after));
    unsigned cuts = 0;
    for (bool went = true; went; cuts++) {
        restore(world, &snapshot);
        card_blocks_power(&world->blocks, cuts);
        operation->run(world);
        went = world->blocks.cut;
        bool answered = world->sw == 0x9000 && !went;
        power_back(world);
        take_picture(world, &now, operation->download);
        bool is_old = same(&before, &now);
        bool is_new = same(&after, &now);
        if (!is_old && !is_new) {
            fail_msg("%s: a third state after a cut at write %u\nbefore:\n%s\nafter:\n%s\nnow:\n%s",
                     operation->name, cuts, before.text, after.text, now.text);
        }
        if (answered && !is_new) fail_msg("%s: answered, and undone", operation->name);
        assert_true(now.sequence >= before.sequence);
        assert_true(now.token >= before.token);
        check_afterwards(world, operation, is_new);
    }
    for (int bank = 0; bank < 2; bank++)
        free(snapshot.data[bank]);
    world_free(world);
    return cuts;
}

static void every_operation_survives(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(OPERATIONS); i++) {
        unsigned roomy = cut_everywhere(&OPERATIONS[i], false);
        unsigned full = cut_everywhere(&OPERATIONS[i], true);
        print_message("%-36s %3u and %3u writes\n", OPERATIONS[i].name, roomy, full);
        assert_true(roomy >= 2);
        /* The second run did copy the store. */
        assert_true(full > roomy);
    }
}

/* A load that was cut is reported, once, with the SM-DP+'s address. */
static void reports_the_interruption(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct download download = {.n = 1, .stop_after = 5};
    world_authenticate(world, &download);
    world_prepare(world, &download);
    world_load_segments(world, world_bind(world, &download), &download);
    assert_int_equal(world->response_size, 0);
    tern_card_reset(&world->card);
    EXPECT_HEX(world_es10_hex(world, "BF2D00"), "BF2D02A000");
    struct tern_bytes list = world_es10_hex(world, "BF2B00");
    struct tern_tlv result = FIND(list, 0xBF2B, 0xA0, 0xBF37);
    int command = -1;
    assert_int_equal(world_error_reason(result.raw, &command), 11);
    assert_int_equal(command, 5);
    assert_int_equal(count_children(FIND(list, 0xBF2B, 0xA0).value), 1);
    assert_int_equal(count_children(FIND(world_es10_hex(world, "BF2B00"), 0xBF2B, 0xA0).value), 1);
    /* Also when another authentication broke in. */
    world_authenticate(world, &download);
    world_prepare(world, &download);
    world_load_segments(world, world_bind(world, &download), &download);
    world_authenticate(world, &download);
    assert_int_equal(count_children(FIND(world_es10_hex(world, "BF2B00"), 0xBF2B, 0xA0).value), 2);
    /* A session that was cancelled is not an interruption. */
    world_prepare(world, &download);
    world_load_segments(world, world_bind(world, &download), &download);
    uint8_t cancel[] = {0xBF, 0x41, 0x15, 0x80, 0x10, 0, 0, 0, 0, 0,    0,    0,
                        0,    0,    0,    0,    0,    0, 0, 0, 0, 0x81, 0x01, 0x05};
    memcpy(cancel + 5, world->transaction_id, 16);
    FIND(world_es10(world, TERN_BYTES_OF(cancel)), 0xBF41, 0xA0, 0x5F37);
    assert_int_equal(count_children(FIND(world_es10_hex(world, "BF2B00"), 0xBF2B, 0xA0).value), 2);
    EXPECT_HEX(world_es10(world, TERN_BYTES_OF(cancel)), "BF4103810105");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_survives),
        cmocka_unit_test(reports_the_interruption),
    };
    return cmocka_run_group_tests(tests, world_make_pki, world_remove_pki);
}
