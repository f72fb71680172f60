/* SPDX-License-Identifier: Apache-2.0 */
/** The Associated eIMs: their configuration, counters and tokens. sgp32.md 2. */
#ifndef ENGINE_CARD_EIM_TABLE_H
#define ENGINE_CARD_EIM_TABLE_H

#include "engine/card/es10.h"
#include "tern/messages/esep.h"

/** One eIM, read into scratch. */
struct eim {
    uint32_t key;
    struct eim_record record;
    struct tern_eim_configuration_data data;
};

size_t eim_count(const struct tern_card *card);

/** The next eIM at or behind `key` (0 to begin). @return 1, 0 at the end, or an error. */
int eim_next(struct es10 *call, uint32_t key, struct eim *eim);
/** Find by eimId, byte for byte. @return 1 found, 0 not, or an error. */
int eim_find(struct es10 *call, struct tern_bytes eim_id, struct eim *eim);

/** Save counter, token and configuration (`data`, without its counter and token). */
int eim_save(struct es10 *call, const struct eim *eim);

/**
 * Add one by the rules of AddInitialEim and addEim. Nothing is stored unless `code` is 0.
 * `token` is the association token assigned, 0 for none.
 * `code`: enum tern_add_eim_result_code; that of BF57 has the same numbers.
 */
int eim_add(struct es10 *call, const struct tern_eim_configuration_data *data, int64_t *code,
            int64_t *token);

/** The CI that signs for this eIM: its euiccCiPKId, else the first. CI_NONE when gone. */
int eim_ci(const struct tern_card *card, const struct tern_eim_configuration_data *data);

/** The public key out of eimPublicKeyData. */
int eim_public_key(const struct tern_eim_configuration_data *data, struct tern_public_key *key);

/** Room for a token data object: 84 len token. */
#define EIM_TOKEN_SIZE_MAX 11
/** Append 84 len token, or 84 01 00. sgp32.md 2.3 */
void eim_write_token(struct tern_writer *out, const struct eim_record *record);

#endif
