/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The persistent bytes of one profile: all that must survive a power cut, from the file contents
 * to the sequence numbers of AKA and the retry counters of the PINs.
 *
 * The card's block store owns them; engine/profile writes them once at installation and
 * engine/uicc reads and changes them afterwards. What lies in them is private to those two. An
 * image is addressed by offset and holds no pointers, so it may be moved, copied and compared.
 *
 * Transactions belong to the owner: it opens one before it calls an engine and commits it (or rolls
 * back) before the answer leaves the card. Within the transaction a read sees earlier writes.
 */
#ifndef TERN_IMAGE_H
#define TERN_IMAGE_H

#include "tern/bytes.h"

struct tern_image {
    void *context; /**< Passed to both functions. */
    /** Copy `size` bytes from `offset` on. Never asked beyond `capacity`. TERN_ERR_IO. */
    int (*read)(void *context, size_t offset, uint8_t *out, size_t size);
    /** Never asked beyond `capacity`. TERN_ERR_NO_SPACE, TERN_ERR_IO. */
    int (*write)(void *context, size_t offset, struct tern_bytes bytes);
    size_t capacity; /**< Bytes at hand: at installation the free ones, later the image's size. */
};

/** An image in plain memory, for tests and tools. `memory` must outlive the result. */
struct tern_image_memory {
    uint8_t *data;
    size_t size;
    size_t write_count; /**< Counts the writes; a test may cut power at any of them. */
};
struct tern_image tern_image_in_memory(struct tern_image_memory *memory);

#endif
