/* SPDX-License-Identifier: Apache-2.0 */
/* The store's ground: banks, CRC, the index. store.h tells the story. */
#include <string.h>

#include "engine/card/store_internal.h"

uint32_t store_crc(uint32_t crc, struct tern_bytes bytes)
{
    /* Four bits at a time: a table of 64 bytes instead of a kilobyte. */
    static const uint32_t TABLE[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    crc = ~crc;
    for (size_t i = 0; i < bytes.size; i++) {
        crc ^= bytes.data[i];
        crc = crc >> 4 ^ TABLE[crc & 0x0F];
        crc = crc >> 4 ^ TABLE[crc & 0x0F];
    }
    return ~crc;
}

int store_bank_read(const struct tern_card_store *store, unsigned bank, size_t offset, uint8_t *out,
                    size_t size)
{
    size_t bank_size = store->blocks->bank_size;
    if (offset > bank_size || size > bank_size - offset) return TERN_ERR_IO;
    return store->blocks->read(store->blocks->context, bank, offset, out, size);
}

int store_append(struct tern_card_store *store, struct tern_bytes bytes)
{
    if (bytes.size == 0) return TERN_OK;
    if (bytes.size > store->blocks->bank_size - store->tail) return TERN_ERR_NO_SPACE;
    int status = store->blocks->program(store->blocks->context, store->bank, store->tail, bytes);
    if (status != TERN_OK) {
        store->broken = true;
        return TERN_ERR_IO;
    }
    store->tail += (uint32_t)bytes.size;
    store->crc = store_crc(store->crc, bytes);
    return TERN_OK;
}

int store_write_header(struct tern_card_store *store, unsigned bank, uint32_t generation)
{
    uint8_t header[BANK_HEADER_SIZE];
    struct tern_writer out = TERN_WRITER_OF(header);
    tern_write_text(&out, "TRNC");
    tern_write_uint(&out, generation, 4);
    tern_write_uint(&out, store_crc(0, tern_bytes(header, 8)), 4);
    int status = store->blocks->program(store->blocks->context, bank, 0, TERN_BYTES_OF(header));
    if (status != TERN_OK) {
        store->broken = true;
        return TERN_ERR_IO;
    }
    return TERN_OK;
}

size_t store_index_find(const struct tern_card_store *store, uint32_t key)
{
    size_t low = 0;
    size_t high = store->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (store->entries[middle].key < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int store_index_set(struct tern_card_store *store, uint32_t key, uint32_t offset, uint32_t size)
{
    size_t at = store_index_find(store, key);
    if (at < store->entry_count && store->entries[at].key == key) {
        store->live -= store->entries[at].size + RECORD_HEADER_SIZE;
    } else {
        if (store->entry_count == store->entry_capacity) return TERN_ERR_NO_SPACE;
        memmove(&store->entries[at + 1], &store->entries[at],
                (store->entry_count - at) * sizeof store->entries[0]);
        store->entry_count++;
    }
    store->entries[at] = (struct tern_card_store_entry){key, offset, size};
    store->live += size + RECORD_HEADER_SIZE;
    return TERN_OK;
}

void store_index_remove(struct tern_card_store *store, uint32_t key)
{
    size_t at = store_index_find(store, key);
    if (at == store->entry_count || store->entries[at].key != key) return;
    store->live -= store->entries[at].size + RECORD_HEADER_SIZE;
    store->entry_count--;
    memmove(&store->entries[at], &store->entries[at + 1],
            (store->entry_count - at) * sizeof store->entries[0]);
}
