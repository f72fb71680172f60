/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a card must never lose: records under 32-bit keys, changed by transactions.
 *
 * The idea is a log in two banks. A transaction appends its records to the active bank and ends
 * with a commit that carries a CRC over them all; what has no valid commit does not exist. Nothing
 * is ever overwritten, so a power cut at any byte leaves the state before or after. When a bank is
 * full, what still lives is copied to the other one, whose header is written last:
 *
 *     bank    "TRNC" | generation(4) | crc(4) | record ...           blank bytes are FF
 *     record  key(4) | size(4) | data                                size FFFFFFFF deletes
 *     commit  FFFFFFFE | sequence(4) | crc(4)                        crc over all since the last
 * one abort   FFFFFFFD | 00000000                                    what came before is void
 *
 * A copy may become necessary in the middle of a transaction. Then the header of the new bank waits
 * for the commit, and the old bank is the truth until then.
 *
 * In memory there is an index of (key, place), sorted; it is rebuilt at mount.
 */
#ifndef ENGINE_CARD_STORE_H
#define ENGINE_CARD_STORE_H

#include "tern/card.h"

/** Keys are kind(8) | place(8) | number(16), so that one kind, and one profile, lies together. */
#define STORE_KEY(kind, place, number) \
    ((uint32_t)(kind) << 24 | (uint32_t)(place) << 16 | (uint32_t)(number))

/** What a record takes beside its data. */
#define STORE_RECORD_OVERHEAD 8

/** Find the newest valid bank, or start an empty one. TERN_ERR_IO. */
int store_mount(struct tern_card_store *store);

/**
 * Read up to `size` bytes of a record's data from `offset`.
 * @return the number of bytes read (0 behind the end), TERN_ERR_NOT_FOUND, TERN_ERR_IO.
 */
int store_read(struct tern_card_store *store, uint32_t key, size_t offset, uint8_t *out,
               size_t size);
/** Append a whole record to `out`. TERN_ERR_NOT_FOUND, TERN_ERR_NO_SPACE, TERN_ERR_IO. */
int store_load(struct tern_card_store *store, uint32_t key, struct tern_writer *out);
/** Size of a record's data. TERN_ERR_NOT_FOUND, TERN_ERR_IO. */
int store_size(struct tern_card_store *store, uint32_t key);

/** Insert or replace. TERN_ERR_NO_SPACE leaves the transaction as it was. */
int store_put(struct tern_card_store *store, uint32_t key, struct tern_bytes data);
/** TERN_OK also when there was none. */
int store_remove(struct tern_card_store *store, uint32_t key);
/** Remove every record with first <= key <= last. */
int store_remove_range(struct tern_card_store *store, uint32_t first, uint32_t last);

/** The smallest key that is at least `from`. @return 1 with a key, 0 when there is none. */
int store_next(const struct tern_card_store *store, uint32_t from, uint32_t *key);

/** True when something was put or removed since the last commit. */
bool store_changed(const struct tern_card_store *store);
/** Make all changes durable, or (TERN_ERR_IO) perhaps none: mount again to know. */
int store_commit(struct tern_card_store *store);
/** Forget all changes since the last commit. TERN_ERR_IO. */
int store_rollback(struct tern_card_store *store);

/** Bytes that records may still take, the reserve for small state already taken off. */
size_t store_free(const struct tern_card_store *store);

#endif
