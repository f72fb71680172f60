/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card's store: what was committed is there, what was not is not, and no power cut at any
 * write makes a third thing of it. The model is a plain array of values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/card/store.h"
#include "host/card/blocks.h"

#define KEYS      24
#define BANK_SIZE 4096

struct world {
    struct card_blocks blocks;
    struct tern_card_store store;
    struct tern_card_store_entry entries[64];
};

static void begin(struct world *world, size_t bank_size)
{
    memset(world, 0, sizeof *world);
    card_blocks_open_memory(&world->blocks, bank_size);
    world->store = (struct tern_card_store){.blocks = &world->blocks.blocks,
                                            .entries = world->entries,
                                            .entry_capacity = TERN_COUNT_OF(world->entries),
                                            .capacity = bank_size / 2};
    assert_int_equal(store_mount(&world->store), TERN_OK);
}

static void put_text(struct world *world, uint32_t key, const char *text)
{
    assert_int_equal(store_put(&world->store, key, tern_bytes_text(text)), TERN_OK);
}

static void expect_text(struct world *world, uint32_t key, const char *text)
{
    uint8_t buffer[512];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    int status = store_load(&world->store, key, &out);
    if (text == NULL) {
        assert_int_equal(status, TERN_ERR_NOT_FOUND);
        return;
    }
    assert_int_equal(status, TERN_OK);
    assert_int_equal(out.size, strlen(text));
    assert_memory_equal(buffer, text, out.size);
}

static void keeps_what_was_committed(void **state)
{
    (void)state;
    struct world world;
    begin(&world, BANK_SIZE);
    put_text(&world, 7, "seven");
    put_text(&world, 3, "");
    assert_int_equal(store_commit(&world.store), TERN_OK);
    put_text(&world, 7, "other");
    put_text(&world, 9, "nine");
    expect_text(&world, 7, "other");
    assert_int_equal(store_mount(&world.store), TERN_OK);
    expect_text(&world, 7, "seven");
    expect_text(&world, 3, "");
    expect_text(&world, 9, NULL);
    card_blocks_close(&world.blocks);
}

static void rolls_back(void **state)
{
    (void)state;
    struct world world;
    begin(&world, BANK_SIZE);
    put_text(&world, 1, "one");
    assert_int_equal(store_commit(&world.store), TERN_OK);
    put_text(&world, 1, "changed");
    put_text(&world, 2, "two");
    assert_int_equal(store_remove(&world.store, 1), TERN_OK);
    assert_int_equal(store_rollback(&world.store), TERN_OK);
    expect_text(&world, 1, "one");
    expect_text(&world, 2, NULL);
    put_text(&world, 2, "again");
    assert_int_equal(store_commit(&world.store), TERN_OK);
    assert_int_equal(store_mount(&world.store), TERN_OK);
    expect_text(&world, 1, "one");
    expect_text(&world, 2, "again");
    card_blocks_close(&world.blocks);
}

static void walks_and_removes_ranges(void **state)
{
    (void)state;
    struct world world;
    begin(&world, BANK_SIZE);
    put_text(&world, STORE_KEY(2, 1, 0), "a");
    put_text(&world, STORE_KEY(2, 1, 9), "b");
    put_text(&world, STORE_KEY(2, 2, 0), "c");
    uint32_t key = 0;
    assert_int_equal(store_next(&world.store, 0, &key), 1);
    assert_int_equal(key, STORE_KEY(2, 1, 0));
    assert_int_equal(store_remove_range(&world.store, STORE_KEY(2, 1, 0), STORE_KEY(2, 1, 0xFFFF)),
                     TERN_OK);
    assert_int_equal(store_next(&world.store, 0, &key), 1);
    assert_int_equal(key, STORE_KEY(2, 2, 0));
    assert_int_equal(store_next(&world.store, key + 1, &key), 0);
    card_blocks_close(&world.blocks);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    struct world world;
    static uint8_t big[BANK_SIZE];
    begin(&world, BANK_SIZE);
    put_text(&world, 1, "kept");
    assert_int_equal(store_commit(&world.store), TERN_OK);
    assert_int_equal(store_put(&world.store, 2, TERN_BYTES_OF(big)), TERN_ERR_NO_SPACE);
    assert_int_equal(store_put(&world.store, 2, tern_bytes(big, BANK_SIZE / 2)), TERN_OK);
    assert_int_equal(store_put(&world.store, 3, tern_bytes(big, BANK_SIZE / 2)), TERN_ERR_NO_SPACE);
    assert_int_equal(store_rollback(&world.store), TERN_OK);
    expect_text(&world, 1, "kept");
    for (uint32_t i = 0; i < 63; i++)
        put_text(&world, 100 + i, "x");
    assert_int_equal(store_put(&world.store, 999, TERN_BYTES_TEXT("y")), TERN_ERR_NO_SPACE);
    card_blocks_close(&world.blocks);
}

/* A pseudo-random run of transactions, the same every time for a seed. */

struct model {
    uint8_t size[KEYS]; /* 0: absent, else size + 1 */
    uint8_t fill[KEYS];
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static int apply(struct tern_card_store *store, struct model *model, uint32_t *seed)
{
    unsigned changes = 1 + next_random(seed) % 5;
    for (unsigned i = 0; i < changes; i++) {
        uint32_t key = next_random(seed) % KEYS;
        uint8_t size = (uint8_t)(next_random(seed) % 100);
        uint8_t fill = (uint8_t)next_random(seed);
        int status = TERN_OK;
        if (next_random(seed) % 4 == 0) {
            status = store_remove(store, key);
            model->size[key] = 0;
        } else {
            uint8_t data[100];
            memset(data, fill, sizeof data);
            status = store_put(store, key, tern_bytes(data, size));
            model->size[key] = (uint8_t)(size + 1);
            model->fill[key] = fill;
        }
        if (status != TERN_OK) return status;
    }
    return TERN_OK;
}

static bool agrees(struct tern_card_store *store, const struct model *model)
{
    for (uint32_t key = 0; key < KEYS; key++) {
        int size = store_size(store, key);
        if (model->size[key] == 0) {
            if (size != TERN_ERR_NOT_FOUND) return false;
            continue;
        }
        if (size != model->size[key] - 1) return false;
        uint8_t data[100];
        if (store_read(store, key, 0, data, sizeof data) != size) return false;
        for (int i = 0; i < size; i++) {
            if (data[i] != model->fill[key]) return false;
        }
    }
    return true;
}

/** Run until the power goes at write `cut`. @return false when it never went. */
static bool run_with_cut(uint64_t cut, uint32_t seed)
{
    struct world world;
    begin(&world, BANK_SIZE);
    struct model committed = {{0}, {0}};
    card_blocks_power(&world.blocks, cut);
    bool went = false;
    for (int step = 0; step < 60 && !went; step++) {
        struct model after = committed;
        int status = apply(&world.store, &after, &seed);
        if (status == TERN_OK && next_random(&seed) % 8 == 0) {
            status = store_rollback(&world.store);
            after = committed;
        } else if (status == TERN_OK) {
            status = store_commit(&world.store);
        }
        if (status == TERN_ERR_NO_SPACE) {
            status = store_rollback(&world.store);
            after = committed;
        }
        went = world.blocks.cut;
        if (!went) assert_int_equal(status, TERN_OK);
        if (went) {
            card_blocks_power(&world.blocks, UINT64_MAX);
            assert_int_equal(store_mount(&world.store), TERN_OK);
            bool old_state = agrees(&world.store, &committed);
            bool new_state = agrees(&world.store, &after);
            assert_true(old_state || new_state);
            if (status == TERN_OK) assert_true(new_state); /* it was acknowledged */
            /* And it can go on. */
            put_text(&world, 1, "alive");
            assert_int_equal(store_commit(&world.store), TERN_OK);
            assert_int_equal(store_mount(&world.store), TERN_OK);
            expect_text(&world, 1, "alive");
        } else {
            committed = after;
            assert_true(agrees(&world.store, &committed));
        }
    }
    card_blocks_close(&world.blocks);
    return went;
}

static void survives_a_cut_at_every_write(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 6; seed++) {
        uint64_t cut = 0;
        while (run_with_cut(cut, seed))
            cut++;
        assert_true(cut > 100);
    }
}

static void files_hold_what_memory_holds(void **state)
{
    (void)state;
    char directory[] = "/tmp/tern-store-XXXXXX";
    assert_non_null(mkdtemp(directory));
    struct world world;
    begin(&world, BANK_SIZE);
    card_blocks_close(&world.blocks);
    assert_int_equal(card_blocks_open_files(&world.blocks, directory, BANK_SIZE), TERN_OK);
    assert_int_equal(store_mount(&world.store), TERN_OK);
    uint32_t seed = 42;
    struct model model = {{0}, {0}};
    for (int step = 0; step < 200; step++) {
        struct model after = model;
        if (apply(&world.store, &after, &seed) == TERN_OK) {
            assert_int_equal(store_commit(&world.store), TERN_OK);
            model = after;
        } else {
            assert_int_equal(store_rollback(&world.store), TERN_OK);
        }
    }
    card_blocks_close(&world.blocks);
    assert_int_equal(card_blocks_open_files(&world.blocks, directory, BANK_SIZE), TERN_OK);
    assert_int_equal(store_mount(&world.store), TERN_OK);
    assert_true(agrees(&world.store, &model));
    card_blocks_close(&world.blocks);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", directory);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_committed),
        cmocka_unit_test(rolls_back),
        cmocka_unit_test(walks_and_removes_ranges),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(survives_a_cut_at_every_write),
        cmocka_unit_test(files_hold_what_memory_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
