/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a server engine keeps: records under (space, key), in the key's byte order.
 *
 * The host opens a transaction, lets the engine handle one or many messages, commits, and only then
 * releases the replies: what was answered is durable. The engine never begins or commits. A
 * record's value is DER by a table of the engine that owns its space. A platform may put its own
 * store behind these verbs.
 */
#ifndef TERN_STORE_H
#define TERN_STORE_H

#include "tern/bytes.h"

#define TERN_STORE_KEY_SIZE_MAX 300

struct tern_store {
    void *context;

    /** Append the value to `value`. TERN_ERR_NOT_FOUND, TERN_ERR_NO_SPACE, TERN_ERR_IO. */
    int (*load)(void *context, const char *space, struct tern_bytes key, struct tern_writer *value);
    /** Insert or replace. */
    int (*save)(void *context, const char *space, struct tern_bytes key, struct tern_bytes value);
    /** Insert only: TERN_ERR_CONFLICT when the key exists. */
    int (*insert)(void *context, const char *space, struct tern_bytes key, struct tern_bytes value);
    /** TERN_ERR_NOT_FOUND when there was none. */
    int (*remove)(void *context, const char *space, struct tern_bytes key);
    /**
     * The first record whose key is greater than `after` and starts with `prefix`; an `after` with
     * NULL data means from the prefix on. Appends to `key` and `value`; `key` may not overlap
     * `after`.
     * @return 1 with a record, 0 at the end, or a negative error.
     */
    int (*next)(void *context, const char *space, struct tern_bytes prefix, struct tern_bytes after,
                struct tern_writer *key, struct tern_writer *value);
    /**
     * Move a counter by compare-and-set; a counter that was never set is 0.
     * TERN_ERR_CONFLICT when it is not `expected`; `actual` then has what it is.
     */
    int (*counter_set)(void *context, const char *space, struct tern_bytes key, uint64_t expected,
                       uint64_t value, uint64_t *actual);
};

#endif
