/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the store: put, remove, commit, rollback, and the copy to the other bank. */
#include "engine/card/store_internal.h"

static const struct tern_card_store_entry *find(const struct tern_card_store *store, uint32_t key)
{
    size_t at = store_index_find(store, key);
    if (at == store->entry_count || store->entries[at].key != key) return NULL;
    return &store->entries[at];
}

int store_read(struct tern_card_store *store, uint32_t key, size_t offset, uint8_t *out,
               size_t size)
{
    const struct tern_card_store_entry *entry = find(store, key);
    if (entry == NULL) return TERN_ERR_NOT_FOUND;
    if (offset >= entry->size) return 0;
    if (size > entry->size - offset) size = entry->size - offset;
    int status =
        store_bank_read(store, store->bank, entry->offset + RECORD_HEADER_SIZE + offset, out, size);
    return status == TERN_OK ? (int)size : TERN_ERR_IO;
}

int store_load(struct tern_card_store *store, uint32_t key, struct tern_writer *out)
{
    const struct tern_card_store_entry *entry = find(store, key);
    if (entry == NULL) return TERN_ERR_NOT_FOUND;
    if (out->size > out->capacity || entry->size > out->capacity - out->size) {
        out->size += entry->size;
        return TERN_ERR_NO_SPACE;
    }
    int read = store_read(store, key, 0, out->data + out->size, entry->size);
    if (read < 0) return read;
    out->size += entry->size;
    return TERN_OK;
}

int store_size(struct tern_card_store *store, uint32_t key)
{
    const struct tern_card_store_entry *entry = find(store, key);
    return entry == NULL ? TERN_ERR_NOT_FOUND : (int)entry->size;
}

int store_next(const struct tern_card_store *store, uint32_t from, uint32_t *key)
{
    size_t at = store_index_find(store, from);
    if (at == store->entry_count) return 0;
    *key = store->entries[at].key;
    return 1;
}

/** Copy one record from the old bank to the tail of the new one. */
static int copy_record(struct tern_card_store *store, unsigned from,
                       struct tern_card_store_entry *entry)
{
    uint8_t piece[128];
    size_t left = RECORD_HEADER_SIZE + entry->size;
    size_t offset = entry->offset;
    uint32_t place = store->tail;
    while (left > 0) {
        size_t step = left < sizeof piece ? left : sizeof piece;
        int status = store_bank_read(store, from, offset, piece, step);
        if (status == TERN_OK) status = store_append(store, tern_bytes(piece, step));
        if (status != TERN_OK) return status;
        offset += step;
        left -= step;
    }
    entry->offset = place;
    return TERN_OK;
}

int store_compact(struct tern_card_store *store)
{
    /* Twice within one transaction would erase the bank that is still the truth. */
    if (store->switching) return TERN_ERR_NO_SPACE;
    unsigned from = store->bank;
    unsigned to = from ^ 1u;
    if (store->blocks->erase(store->blocks->context, to) != TERN_OK) {
        store->broken = true;
        return TERN_ERR_IO;
    }
    store->bank = (uint8_t)to;
    store->tail = BANK_HEADER_SIZE;
    store->crc = 0;
    store->switching = true;
    store->changed = true;
    for (size_t i = 0; i < store->entry_count; i++) {
        int status = copy_record(store, from, &store->entries[i]);
        if (status != TERN_OK) {
            store->broken = true;
            return status;
        }
    }
    return TERN_OK;
}

/** Make sure that `size` bytes and a commit or abort fit. */
static int make_room(struct tern_card_store *store, size_t size)
{
    size_t needed = size + COMMIT_SIZE + RECORD_HEADER_SIZE;
    if (store->tail + needed <= store->blocks->bank_size) return TERN_OK;
    if (store->live + BANK_HEADER_SIZE + needed > store->blocks->bank_size) {
        return TERN_ERR_NO_SPACE;
    }
    return store_compact(store);
}

static int append_record_header(struct tern_card_store *store, uint32_t key, uint32_t size)
{
    uint8_t header[RECORD_HEADER_SIZE];
    struct tern_writer out = TERN_WRITER_OF(header);
    tern_write_uint(&out, key, 4);
    tern_write_uint(&out, size, 4);
    return store_append(store, TERN_BYTES_OF(header));
}

int store_put(struct tern_card_store *store, uint32_t key, struct tern_bytes data)
{
    TERN_ASSERT(key < KEY_MAX);
    if (store->broken) return TERN_ERR_IO;
    const struct tern_card_store_entry *old = find(store, key);
    if (old == NULL && store->entry_count == store->entry_capacity) return TERN_ERR_NO_SPACE;
    if (data.size > store->blocks->bank_size) return TERN_ERR_NO_SPACE;
    int status = make_room(store, RECORD_HEADER_SIZE + data.size);
    if (status != TERN_OK) return status;
    uint32_t place = store->tail;
    status = append_record_header(store, key, (uint32_t)data.size);
    if (status == TERN_OK) status = store_append(store, data);
    if (status != TERN_OK) return status;
    store->changed = true;
    return store_index_set(store, key, place, (uint32_t)data.size);
}

int store_remove(struct tern_card_store *store, uint32_t key)
{
    if (store->broken) return TERN_ERR_IO;
    if (find(store, key) == NULL) return TERN_OK;
    int status = make_room(store, RECORD_HEADER_SIZE);
    if (status != TERN_OK) return status;
    /* In a bank that is being switched to, the removed record may have been copied already. */
    status = append_record_header(store, key, SIZE_REMOVED);
    if (status != TERN_OK) return status;
    store->changed = true;
    store_index_remove(store, key);
    return TERN_OK;
}

int store_remove_range(struct tern_card_store *store, uint32_t first, uint32_t last)
{
    uint32_t key = 0;
    while (store_next(store, first, &key) == 1 && key <= last) {
        int status = store_remove(store, key);
        if (status != TERN_OK) return status;
    }
    return TERN_OK;
}

bool store_changed(const struct tern_card_store *store)
{
    return store->changed;
}

int store_commit(struct tern_card_store *store)
{
    if (store->broken) return TERN_ERR_IO;
    if (!store->changed) return TERN_OK;
    if (store->switching) store->sequence = 1;
    uint8_t commit[COMMIT_SIZE];
    struct tern_writer out = TERN_WRITER_OF(commit);
    tern_write_uint(&out, KEY_COMMIT, 4);
    tern_write_uint(&out, store->sequence, 4);
    tern_write_uint(&out, store_crc(store->crc, tern_bytes(commit, 8)), 4);
    int status = store_append(store, TERN_BYTES_OF(commit));
    if (status == TERN_OK && store->switching) {
        /* The header makes the copy the truth: all of it must be there before. */
        status = store->blocks->sync(store->blocks->context);
    }
    if (status == TERN_OK && store->switching) {
        status = store_write_header(store, store->bank, store->generation + 1);
        if (status == TERN_OK) store->generation++;
    }
    if (status == TERN_OK) status = store->blocks->sync(store->blocks->context);
    if (status != TERN_OK) {
        store->broken = true;
        return TERN_ERR_IO;
    }
    bool switched = store->switching;
    store->sequence++;
    store->crc = 0;
    store->changed = false;
    store->switching = false;
    /* The old bank is of no use any more; a failure here takes nothing away. */
    if (switched) (void)store->blocks->erase(store->blocks->context, store->bank ^ 1u);
    return TERN_OK;
}

int store_rollback(struct tern_card_store *store)
{
    if (!store->changed && !store->broken) return TERN_OK;
    if (!store->switching && !store->broken && store->tail > BANK_HEADER_SIZE) {
        (void)append_record_header(store, KEY_ABORT, 0);
    }
    return store_mount(store);
}

size_t store_free(const struct tern_card_store *store)
{
    size_t used = store->live + store->reserve;
    return used < store->capacity ? store->capacity - used : 0;
}
