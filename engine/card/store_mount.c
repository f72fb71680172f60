/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the state after power came back: the newest bank with a whole header, its records up to
 * the last valid commit. Bytes behind that are the remains of a transaction that never was. They
 * cannot be written over (a chip only programs erased cells), so the living are copied away.
 */
#include <string.h>

#include "engine/card/store_internal.h"

/** Generation in a bank's header; TERN_ERR_NOT_FOUND when the bank holds none. */
static int read_header(const struct tern_card_store *store, unsigned bank, uint32_t *generation)
{
    uint8_t header[BANK_HEADER_SIZE];
    int status = store_bank_read(store, bank, 0, header, sizeof header);
    if (status != TERN_OK) return status;
    uint32_t crc = (uint32_t)tern_read_uint(tern_bytes(header + 8, 4));
    if (memcmp(header, "TRNC", 4) != 0) return TERN_ERR_NOT_FOUND;
    if (crc != store_crc(0, tern_bytes(header, 8))) return TERN_ERR_NOT_FOUND;
    *generation = (uint32_t)tern_read_uint(tern_bytes(header + 4, 4));
    return TERN_OK;
}

/** Continue the CRC over a piece of the bank. */
static int crc_bank(const struct tern_card_store *store, uint32_t *crc, size_t offset, size_t size)
{
    uint8_t piece[128];
    while (size > 0) {
        size_t step = size < sizeof piece ? size : sizeof piece;
        int status = store_bank_read(store, store->bank, offset, piece, step);
        if (status != TERN_OK) return status;
        *crc = store_crc(*crc, tern_bytes(piece, step));
        offset += step;
        size -= step;
    }
    return TERN_OK;
}

/** One item of the log. */
struct item {
    uint32_t key;
    uint32_t size; /**< Of the data; SIZE_REMOVED for a removal. */
    size_t total;  /**< Bytes it takes. */
};

/** @return 1 with an item, 0 where nothing readable follows, TERN_ERR_IO. */
static int read_item(const struct tern_card_store *store, size_t offset, struct item *item)
{
    size_t left = store->blocks->bank_size - offset;
    uint8_t header[RECORD_HEADER_SIZE];
    if (left < sizeof header) return 0;
    int status = store_bank_read(store, store->bank, offset, header, sizeof header);
    if (status != TERN_OK) return status;
    item->key = (uint32_t)tern_read_uint(tern_bytes(header, 4));
    item->size = (uint32_t)tern_read_uint(tern_bytes(header + 4, 4));
    if (item->key == KEY_BLANK) return 0;
    item->total = RECORD_HEADER_SIZE;
    if (item->key == KEY_COMMIT) {
        item->total = COMMIT_SIZE;
    } else if (item->key != KEY_ABORT && item->size != SIZE_REMOVED) {
        if (item->size > left) return 0;
        item->total += item->size;
    }
    return item->total <= left ? 1 : 0;
}

/** Does the commit at `offset` fit what came before it? */
static int commit_holds(struct tern_card_store *store, size_t offset, uint32_t crc)
{
    uint8_t commit[COMMIT_SIZE];
    int status = store_bank_read(store, store->bank, offset, commit, sizeof commit);
    if (status != TERN_OK) return status;
    uint32_t sequence = (uint32_t)tern_read_uint(tern_bytes(commit + 4, 4));
    uint32_t expected = (uint32_t)tern_read_uint(tern_bytes(commit + 8, 4));
    return sequence == store->sequence && expected == store_crc(crc, tern_bytes(commit, 8)) ? 1 : 0;
}

/** Find the end of the last valid transaction: `tail`, and the sequence number after it. */
static int find_tail(struct tern_card_store *store)
{
    size_t offset = BANK_HEADER_SIZE;
    uint32_t crc = 0;
    store->tail = BANK_HEADER_SIZE;
    store->sequence = 1;
    for (;;) {
        struct item item = {0, 0, 0};
        int status = read_item(store, offset, &item);
        if (status <= 0) return status;
        if (item.key == KEY_COMMIT) {
            status = commit_holds(store, offset, crc);
            if (status <= 0) return status;
            store->sequence++;
        } else if (item.key != KEY_ABORT) {
            status = crc_bank(store, &crc, offset, item.total);
            if (status != TERN_OK) return status;
        }
        offset += item.total;
        if (item.key == KEY_COMMIT || item.key == KEY_ABORT) {
            store->tail = (uint32_t)offset;
            crc = 0;
        }
    }
}

/** True in the end of a transaction that was aborted: its records do not count. */
static int transaction_aborted(const struct tern_card_store *store, size_t offset)
{
    for (;;) {
        struct item item = {0, 0, 0};
        int status = read_item(store, offset, &item);
        if (status <= 0) return status < 0 ? status : 1;
        if (item.key == KEY_COMMIT) return 0;
        if (item.key == KEY_ABORT) return 1;
        offset += item.total;
    }
}

/** Build the index from the log up to `tail`. */
static int build_index(struct tern_card_store *store)
{
    size_t offset = BANK_HEADER_SIZE;
    bool begins = true;
    int aborted = 0;
    while (offset < store->tail) {
        struct item item = {0, 0, 0};
        int status = read_item(store, offset, &item);
        if (status <= 0) return TERN_ERR_IO;
        if (begins) aborted = transaction_aborted(store, offset);
        if (aborted < 0) return aborted;
        begins = item.key == KEY_COMMIT || item.key == KEY_ABORT;
        if (!begins && aborted == 0) {
            if (item.size == SIZE_REMOVED) {
                store_index_remove(store, item.key);
            } else {
                status = store_index_set(store, item.key, (uint32_t)offset, item.size);
                if (status != TERN_OK) return status;
            }
        }
        offset += item.total;
    }
    return TERN_OK;
}

/** 1 when all from `tail` on is blank, 0 when not, TERN_ERR_IO. */
static int rest_is_blank(const struct tern_card_store *store)
{
    uint8_t piece[128];
    for (size_t offset = store->tail; offset < store->blocks->bank_size;) {
        size_t step = store->blocks->bank_size - offset;
        if (step > sizeof piece) step = sizeof piece;
        int status = store_bank_read(store, store->bank, offset, piece, step);
        if (status != TERN_OK) return status;
        for (size_t i = 0; i < step; i++) {
            if (piece[i] != 0xFF) return 0;
        }
        offset += step;
    }
    return 1;
}

static int start_empty(struct tern_card_store *store)
{
    int status = store->blocks->erase(store->blocks->context, 0);
    if (status != TERN_OK) return TERN_ERR_IO;
    store->bank = 0;
    store->generation = 1;
    store->tail = BANK_HEADER_SIZE;
    store->sequence = 1;
    status = store_write_header(store, 0, 1);
    return status;
}

/** Choose the bank. @return 1 when there is one, 0 when the store is new, TERN_ERR_IO. */
static int choose_bank(struct tern_card_store *store)
{
    int found = 0;
    for (unsigned bank = 0; bank < 2; bank++) {
        uint32_t generation = 0;
        int status = read_header(store, bank, &generation);
        if (status == TERN_ERR_NOT_FOUND) continue;
        if (status != TERN_OK) return TERN_ERR_IO;
        if (found == 0 || generation > store->generation) {
            store->bank = (uint8_t)bank;
            store->generation = generation;
        }
        found = 1;
    }
    return found;
}

int store_mount(struct tern_card_store *store)
{
    store->entry_count = 0;
    store->live = 0;
    store->crc = 0;
    store->changed = false;
    store->switching = false;
    store->broken = false;
    int status = choose_bank(store);
    if (status == 0) return start_empty(store);
    if (status > 0) status = find_tail(store);
    if (status == TERN_OK) status = build_index(store);
    if (status == TERN_OK) status = rest_is_blank(store);
    if (status == 0) {
        status = store_compact(store);
        if (status == TERN_OK) status = store_commit(store);
    }
    if (status < 0) store->broken = true;
    return status < 0 ? TERN_ERR_IO : TERN_OK;
}
