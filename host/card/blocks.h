/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Non-volatile memory for software cards: in this process, or in two files of a directory.
 *
 * Both keep only what was programmed; behind it a bank reads as FF. Files are written through at
 * once and synced when the card asks, so that an answered change survives the loss of power.
 * For tests power can be cut at any write: the write is torn in half, a byte that no sync had made
 * durable is lost, and everything later fails.
 */
#ifndef HOST_CARD_BLOCKS_H
#define HOST_CARD_BLOCKS_H

#include "tern/card.h"

struct card_blocks {
    struct tern_card_blocks blocks; /**< For struct tern_card_config. */
    uint8_t *data[2];
    size_t size[2];     /**< Programmed bytes. */
    size_t capacity[2]; /**< Allocated. */
    int fd[2];          /**< -1: memory only. */
    bool fast;          /**< Do not sync: for simulations that need no durability. */
    uint64_t write_count;
    uint64_t cut_after; /**< The write after so many is torn; UINT64_MAX: never. */
    bool cut;           /**< Power is gone. */
    size_t synced[2];   /**< Bytes of a bank that a sync made durable. */
};

/** Memory only. The struct must stay where it is: `blocks` points to it. */
void card_blocks_open_memory(struct card_blocks *blocks, size_t bank_size);

/** The files state-0 and state-1 in `directory`, made when missing, 0600. TERN_ERR_IO. */
int card_blocks_open_files(struct card_blocks *blocks, const char *directory, size_t bank_size);

/** Power is back: writes succeed again; `cut_after` counts from now. */
void card_blocks_power(struct card_blocks *blocks, uint64_t cut_after);

/** Bytes of memory held. */
size_t card_blocks_memory(const struct card_blocks *blocks);

void card_blocks_close(struct card_blocks *blocks);

#endif
