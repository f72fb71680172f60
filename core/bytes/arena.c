/* SPDX-License-Identifier: Apache-2.0 */
/* The bump allocator of tern/arena.h. */
#include "tern/arena.h"

#include <stdalign.h>
#include <string.h>

static size_t aligned(const struct tern_arena *arena)
{
    uintptr_t address = (uintptr_t)(arena->data + arena->used);
    size_t padding = (size_t)(-address & (alignof(max_align_t) - 1));
    return arena->used + padding;
}

void *tern_arena_take(struct tern_arena *arena, size_t size)
{
    size_t start = aligned(arena);
    if (start > arena->capacity || size > arena->capacity - start) {
        return NULL;
    }
    arena->used = start + size;
    return memset(arena->data + start, 0, size);
}

struct tern_writer tern_arena_writer(struct tern_arena *arena)
{
    return tern_writer(arena->data + arena->used, arena->capacity - arena->used);
}

struct tern_bytes tern_arena_keep(struct tern_arena *arena, const struct tern_writer *writer)
{
    TERN_ASSERT(writer->data == arena->data + arena->used);
    if (tern_writer_status(writer) != TERN_OK) {
        return TERN_BYTES_NONE;
    }
    arena->used += writer->size;
    return tern_writer_bytes(writer);
}

struct tern_bytes tern_arena_copy(struct tern_arena *arena, struct tern_bytes bytes)
{
    struct tern_writer writer = tern_arena_writer(arena);
    tern_write(&writer, bytes);
    return tern_arena_keep(arena, &writer);
}
