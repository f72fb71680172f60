/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tern/store.h over an array, for tests: can be copied (a transaction), and can fail at its n-th
 * operation. A counter that was never set is 0.
 */
#ifndef TESTS_SUPPORT_MEMORY_STORE_H
#define TESTS_SUPPORT_MEMORY_STORE_H

#include <stdlib.h>
#include <string.h>

#include "tern/store.h"

#define MEMORY_RECORD_MAX 256
#define MEMORY_VALUE_MAX  4096

struct memory_record {
    char space[24];
    uint8_t key[64];
    size_t key_size;
    uint8_t value[MEMORY_VALUE_MAX];
    size_t value_size;
    uint64_t counter;
    bool is_counter;
};

struct memory_store {
    struct memory_record records[MEMORY_RECORD_MAX];
    size_t count;
    uint64_t operations; /* done so far */
    uint64_t fail_at;    /* this one fails with TERN_ERR_IO; 0: none */
    uint64_t writes;
};

static bool memory_fails(struct memory_store *memory)
{
    memory->operations++;
    return memory->operations == memory->fail_at;
}

static struct memory_record *memory_find(struct memory_store *memory, const char *space,
                                         struct tern_bytes key, bool counter)
{
    for (size_t i = 0; i < memory->count; i++) {
        struct memory_record *record = &memory->records[i];
        if (record->is_counter == counter && strcmp(record->space, space) == 0 &&
            tern_bytes_equal(tern_bytes(record->key, record->key_size), key)) {
            return record;
        }
    }
    return NULL;
}

static struct memory_record *memory_add(struct memory_store *memory, const char *space,
                                        struct tern_bytes key, bool counter)
{
    if (memory->count == MEMORY_RECORD_MAX || key.size > sizeof(memory->records[0].key)) {
        return NULL;
    }
    struct memory_record *record = &memory->records[memory->count++];
    memset(record, 0, sizeof(*record));
    strncpy(record->space, space, sizeof(record->space) - 1);
    memcpy(record->key, key.data, key.size);
    record->key_size = key.size;
    record->is_counter = counter;
    return record;
}

static int memory_load(void *context, const char *space, struct tern_bytes key,
                       struct tern_writer *value)
{
    struct memory_store *memory = (struct memory_store *)context;
    if (memory_fails(memory)) return TERN_ERR_IO;
    struct memory_record *record = memory_find(memory, space, key, false);
    if (record == NULL) return TERN_ERR_NOT_FOUND;
    tern_write(value, tern_bytes(record->value, record->value_size));
    return tern_writer_status(value);
}

static int memory_save(void *context, const char *space, struct tern_bytes key,
                       struct tern_bytes value)
{
    struct memory_store *memory = (struct memory_store *)context;
    if (memory_fails(memory)) return TERN_ERR_IO;
    struct memory_record *record = memory_find(memory, space, key, false);
    record = record != NULL ? record : memory_add(memory, space, key, false);
    if (record == NULL || value.size > MEMORY_VALUE_MAX) return TERN_ERR_NO_SPACE;
    memory->writes++;
    if (value.size > 0) memcpy(record->value, value.data, value.size);
    record->value_size = value.size;
    return TERN_OK;
}

static int memory_insert(void *context, const char *space, struct tern_bytes key,
                         struct tern_bytes value)
{
    struct memory_store *memory = (struct memory_store *)context;
    return memory_find(memory, space, key, false) != NULL ? TERN_ERR_CONFLICT
                                                          : memory_save(context, space, key, value);
}

static int memory_remove(void *context, const char *space, struct tern_bytes key)
{
    struct memory_store *memory = (struct memory_store *)context;
    if (memory_fails(memory)) return TERN_ERR_IO;
    struct memory_record *record = memory_find(memory, space, key, false);
    if (record == NULL) return TERN_ERR_NOT_FOUND;
    memory->writes++;
    *record = memory->records[--memory->count];
    return TERN_OK;
}

static int memory_next(void *context, const char *space, struct tern_bytes prefix,
                       struct tern_bytes after, struct tern_writer *key, struct tern_writer *value)
{
    struct memory_store *memory = (struct memory_store *)context;
    struct memory_record *best = NULL;
    if (memory_fails(memory)) return TERN_ERR_IO;
    for (size_t i = 0; i < memory->count; i++) {
        struct memory_record *record = &memory->records[i];
        struct tern_bytes have = tern_bytes(record->key, record->key_size);
        if (!record->is_counter && strcmp(record->space, space) == 0 &&
            tern_bytes_starts_with(have, prefix) &&
            (after.data == NULL || tern_bytes_compare(have, after) > 0) &&
            (best == NULL || tern_bytes_compare(have, tern_bytes(best->key, best->key_size)) < 0)) {
            best = record;
        }
    }
    if (best == NULL) return 0;
    tern_write(key, tern_bytes(best->key, best->key_size));
    tern_write(value, tern_bytes(best->value, best->value_size));
    return 1;
}

static int memory_counter_set(void *context, const char *space, struct tern_bytes key,
                              uint64_t expected, uint64_t value, uint64_t *actual)
{
    struct memory_store *memory = (struct memory_store *)context;
    if (memory_fails(memory)) return TERN_ERR_IO;
    struct memory_record *record = memory_find(memory, space, key, true);
    record = record != NULL ? record : memory_add(memory, space, key, true);
    if (record == NULL) return TERN_ERR_NO_SPACE;
    *actual = record->counter;
    if (record->counter != expected) return TERN_ERR_CONFLICT;
    memory->writes++;
    record->counter = value;
    return TERN_OK;
}

static inline struct tern_store memory_store_interface(struct memory_store *memory)
{
    return (struct tern_store){.context = memory,
                               .load = memory_load,
                               .save = memory_save,
                               .insert = memory_insert,
                               .remove = memory_remove,
                               .next = memory_next,
                               .counter_set = memory_counter_set};
}

#endif
