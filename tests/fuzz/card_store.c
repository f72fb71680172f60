/* SPDX-License-Identifier: Apache-2.0 */
/* Any two banks: the first two bytes say where the second one begins. Whatever they hold, the store
 * mounts or says that it cannot, and what is committed afterwards is there the next time. */
#include <string.h>

#include "engine/card/store.h"
#include "host/card/blocks.h"
#include "tests/fuzz/fuzz.h"

#define BANK_SIZE 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tern_card_store_entry entries[256];
    struct card_blocks blocks;
    struct tern_bytes rest = tern_bytes(data, size);
    size_t split = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];
    struct tern_bytes banks[] = {tern_bytes_slice(rest, 2, split),
                                 tern_bytes_slice(rest, 2 + split, SIZE_MAX)};
    card_blocks_open_memory(&blocks, BANK_SIZE);
    for (unsigned bank = 0; bank < 2; bank++) {
        struct tern_bytes content = tern_bytes_slice(banks[bank], 0, BANK_SIZE);
        if (content.size > 0) blocks.blocks.program(&blocks, bank, 0, content);
    }
    struct tern_card_store store = {.blocks = &blocks.blocks,
                                    .entries = entries,
                                    .entry_capacity = TERN_COUNT_OF(entries),
                                    .capacity = BANK_SIZE / 2};
    if (store_mount(&store) == TERN_OK) {
        uint8_t value[16];
        struct tern_writer out = TERN_WRITER_OF(value);
        int status = store_put(&store, 0x01000000, TERN_BYTES_TEXT("written"));
        FUZZ_CHECK(status == TERN_OK || status == TERN_ERR_NO_SPACE);
        if (status == TERN_OK && store_commit(&store) == TERN_OK) {
            size_t count = store.entry_count;
            FUZZ_CHECK(store_mount(&store) == TERN_OK);
            FUZZ_CHECK(store.entry_count == count);
            FUZZ_CHECK(store_load(&store, 0x01000000, &out) == TERN_OK);
            FUZZ_CHECK(tern_bytes_equal(tern_writer_bytes(&out), TERN_BYTES_TEXT("written")));
        }
    }
    card_blocks_close(&blocks);
    return 0;
}
