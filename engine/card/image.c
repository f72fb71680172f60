/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile's image over the store: pieces of TERN_CARD_CHUNK_SIZE bytes, a record each. The piece
 * being written is held in memory, since an installation writes a few bytes at a time; it goes to
 * the store when another one is touched or when the transaction ends.
 */
#include <string.h>

#include "engine/card/state.h"

static uint32_t chunk_key(uint8_t slot, size_t offset)
{
    return STORE_KEY(RECORD_IMAGE, slot, offset / TERN_CARD_CHUNK_SIZE);
}

void state_forget_chunk(struct tern_card *card)
{
    card->chunk.key = 0;
    card->chunk.dirty = false;
    tern_wipe(card->chunk.data, sizeof card->chunk.data);
}

int state_flush(struct tern_card *card)
{
    struct tern_card_chunk *chunk = &card->chunk;
    if (!chunk->dirty) return TERN_OK;
    bool is_new = store_size(&card->store, chunk->key) < 0;
    if (is_new && store_free(&card->store) < chunk->size + 8u) return TERN_ERR_NO_SPACE;
    int status = store_put(&card->store, chunk->key, tern_bytes(chunk->data, chunk->size));
    if (status == TERN_OK) chunk->dirty = false;
    return status;
}

/** Bring the piece into memory. */
static int hold_chunk(struct tern_card *card, uint32_t key)
{
    struct tern_card_chunk *chunk = &card->chunk;
    if (chunk->key == key) return TERN_OK;
    int status = state_flush(card);
    if (status != TERN_OK) return status;
    state_forget_chunk(card);
    int size = store_read(&card->store, key, 0, chunk->data, sizeof chunk->data);
    if (size < 0 && size != TERN_ERR_NOT_FOUND) return size;
    chunk->key = key;
    chunk->size = (uint16_t)(size < 0 ? 0 : size);
    return TERN_OK;
}

/** Part of one piece, as it is now; bytes never written read as 0. */
static int read_chunk(struct tern_card *card, uint32_t key, size_t offset, uint8_t *out,
                      size_t size)
{
    memset(out, 0, size);
    const struct tern_card_chunk *chunk = &card->chunk;
    if (chunk->key == key) {
        if (offset >= chunk->size) return TERN_OK;
        if (size > chunk->size - offset) size = chunk->size - offset;
        memcpy(out, chunk->data + offset, size);
        return TERN_OK;
    }
    int read = store_read(&card->store, key, offset, out, size);
    return read < 0 && read != TERN_ERR_NOT_FOUND ? TERN_ERR_IO : TERN_OK;
}

static int image_read(void *context, size_t offset, uint8_t *out, size_t size)
{
    const struct tern_card_image *image = context;
    while (size > 0) {
        size_t within = offset % TERN_CARD_CHUNK_SIZE;
        size_t step = TERN_CARD_CHUNK_SIZE - within;
        if (step > size) step = size;
        int status = read_chunk(image->card, chunk_key(image->slot, offset), within, out, step);
        if (status != TERN_OK) return status;
        offset += step;
        out += step;
        size -= step;
    }
    return TERN_OK;
}

static int image_write(void *context, size_t offset, struct tern_bytes bytes)
{
    const struct tern_card_image *image = context;
    struct tern_card_chunk *chunk = &image->card->chunk;
    while (bytes.size > 0) {
        size_t within = offset % TERN_CARD_CHUNK_SIZE;
        struct tern_bytes part = tern_bytes_slice(bytes, 0, TERN_CARD_CHUNK_SIZE - within);
        int status = hold_chunk(image->card, chunk_key(image->slot, offset));
        if (status != TERN_OK) return status;
        if (within > chunk->size) memset(chunk->data + chunk->size, 0, within - chunk->size);
        memcpy(chunk->data + within, part.data, part.size);
        if (within + part.size > chunk->size) chunk->size = (uint16_t)(within + part.size);
        chunk->dirty = true;
        offset += part.size;
        bytes = tern_bytes_slice(bytes, part.size, bytes.size);
    }
    return TERN_OK;
}

struct tern_image state_image(struct tern_card_image *context, struct tern_card *card, int slot,
                              size_t capacity)
{
    *context = (struct tern_card_image){card, (uint8_t)slot};
    return (struct tern_image){context, image_read, image_write, capacity};
}
