/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Memory from the caller for one request: taken piece by piece, given back all at once.
 * Engines take no other memory.
 */
#ifndef TERN_ARENA_H
#define TERN_ARENA_H

#include "tern/bytes.h"

struct tern_arena {
    uint8_t *data;
    size_t capacity;
    size_t used;
};

static inline struct tern_arena tern_arena(void *data, size_t capacity)
{
    return (struct tern_arena){(uint8_t *)data, capacity, 0};
}

/** Zeroed memory aligned for any object, or NULL when the arena is full. */
void *tern_arena_take(struct tern_arena *arena, size_t size);

/** A writer over all that is left. Call tern_arena_keep() with it before the next take. */
struct tern_writer tern_arena_writer(struct tern_arena *arena);
/** Keep what was written; data NULL when it did not fit. */
struct tern_bytes tern_arena_keep(struct tern_arena *arena, const struct tern_writer *writer);

/** A copy inside the arena; data NULL when it is full. */
struct tern_bytes tern_arena_copy(struct tern_arena *arena, struct tern_bytes bytes);

#endif
