/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of the store share. */
#ifndef ENGINE_CARD_STORE_INTERNAL_H
#define ENGINE_CARD_STORE_INTERNAL_H

#include "engine/card/store.h"

#define BANK_HEADER_SIZE   12
#define RECORD_HEADER_SIZE 8
#define COMMIT_SIZE        12
#define KEY_BLANK          0xFFFFFFFFu
#define KEY_COMMIT         0xFFFFFFFEu
#define KEY_ABORT          0xFFFFFFFDu
#define KEY_MAX            0xFFFFFFF0u
#define SIZE_REMOVED       0xFFFFFFFFu

/** CRC-32 (IEEE 802.3), running: begin with 0. */
uint32_t store_crc(uint32_t crc, struct tern_bytes bytes);

int store_bank_read(const struct tern_card_store *store, unsigned bank, size_t offset, uint8_t *out,
                    size_t size);
/** Append to the bank that is being written and keep the CRC of the transaction running. */
int store_append(struct tern_card_store *store, struct tern_bytes bytes);
int store_write_header(struct tern_card_store *store, unsigned bank, uint32_t generation);

/** First place in the index whose key is not below `key`. */
size_t store_index_find(const struct tern_card_store *store, uint32_t key);
/** TERN_ERR_NO_SPACE when the index is full. */
int store_index_set(struct tern_card_store *store, uint32_t key, uint32_t offset, uint32_t size);
void store_index_remove(struct tern_card_store *store, uint32_t key);

/** Copy all that lives to the other bank; its header waits for the commit. */
int store_compact(struct tern_card_store *store);

#endif
