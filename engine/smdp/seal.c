/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing, and confirmation codes (sgp22.md 4.3). */
#include "engine/smdp/seal.h"

#include <string.h>

int seal(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
         struct tern_bytes secret, struct tern_bytes *nonce, struct tern_bytes *sealed)
{
    const struct tern_crypto *crypto = smdp->server.crypto;
    uint8_t *nonce_data = tern_arena_take(arena, SEAL_NONCE_SIZE);
    uint8_t *out = tern_arena_take(arena, secret.size + SEAL_TAG_SIZE);
    if (nonce_data == NULL || out == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    *nonce = tern_bytes(nonce_data, SEAL_NONCE_SIZE);
    *sealed = tern_bytes(out, secret.size + SEAL_TAG_SIZE);
    int status = crypto->random(crypto->context, nonce_data, SEAL_NONCE_SIZE);
    return status < 0 ? status
                      : crypto->aes_ccm_seal(crypto->context, out, SEAL_TAG_SIZE,
                                             TERN_BYTES_OF(smdp->seal_key), *nonce, iccid, secret);
}

int unseal(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
           struct tern_bytes nonce, struct tern_bytes sealed, struct tern_bytes *secret)
{
    const struct tern_crypto *crypto = smdp->server.crypto;
    if (sealed.size < SEAL_TAG_SIZE || nonce.size != SEAL_NONCE_SIZE) {
        return TERN_ERR_MALFORMED;
    }
    uint8_t *out = tern_arena_take(arena, sealed.size);
    if (out == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    *secret = tern_bytes(out, sealed.size - SEAL_TAG_SIZE);
    return crypto->aes_ccm_open(crypto->context, out, SEAL_TAG_SIZE, TERN_BYTES_OF(smdp->seal_key),
                                nonce, iccid, sealed);
}

/* SHA256 of the characters, then SHA256 of the bytes that the characters are as hexadecimal, for
 * peers that read a code so ([U], sgp22.md 4.3); zeros when they are none. */
static int hash_code(const struct tern_smdp *smdp, struct tern_bytes code, uint8_t hashes[64])
{
    const struct tern_crypto *crypto = smdp->server.crypto;
    uint8_t bytes[TERN_SMDP_CONFIRMATION_SIZE];
    struct tern_writer out = TERN_WRITER_OF(bytes);
    memset(hashes, 0, 64);
    int status = crypto->sha256(crypto->context, hashes, &code, 1);
    if (status == TERN_OK && smdp->policy.confirmation_hex &&
        tern_hex_decode(&out, code) == TERN_OK) {
        struct tern_bytes decoded = tern_writer_bytes(&out);
        status = crypto->sha256(crypto->context, hashes + 32, &decoded, 1);
    }
    tern_wipe(bytes, sizeof bytes);
    return status;
}

int confirmation_seal(const struct tern_smdp *smdp, struct tern_arena *arena,
                      struct tern_bytes iccid, struct tern_bytes code,
                      struct tern_bytes *confirmation)
{
    uint8_t hashes[64];
    struct tern_bytes nonce;
    struct tern_bytes sealed;
    int status = hash_code(smdp, code, hashes);
    if (status == TERN_OK) {
        status = seal(smdp, arena, iccid, TERN_BYTES_OF(hashes), &nonce, &sealed);
    }
    tern_wipe(hashes, sizeof hashes);
    if (status != TERN_OK) {
        return status;
    }
    struct tern_writer out = tern_arena_writer(arena);
    tern_write(&out, nonce);
    tern_write(&out, sealed);
    *confirmation = tern_arena_keep(arena, &out);
    return confirmation->data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

static int open_hashes(const struct tern_smdp *smdp, struct tern_arena *arena,
                       struct tern_bytes iccid, struct tern_bytes confirmation,
                       struct tern_bytes *hashes)
{
    struct tern_bytes nonce = tern_bytes_slice(confirmation, 0, SEAL_NONCE_SIZE);
    struct tern_bytes sealed = tern_bytes_slice(confirmation, SEAL_NONCE_SIZE, confirmation.size);
    int status = unseal(smdp, arena, iccid, nonce, sealed, hashes);
    return status == TERN_OK && hashes->size != 64 ? TERN_ERR_MALFORMED : status;
}

static bool is_zero(const uint8_t hash[32])
{
    static const uint8_t ZERO[32];
    return tern_constant_time_equal(hash, ZERO, sizeof ZERO);
}

int confirmation_check(const struct tern_smdp *smdp, struct tern_arena *arena,
                       struct tern_bytes iccid, struct tern_bytes confirmation,
                       struct tern_bytes transaction_id, struct tern_bytes hash_cc, bool *right)
{
    const struct tern_crypto *crypto = smdp->server.crypto;
    struct tern_bytes hashes;
    *right = false;
    int status = open_hashes(smdp, arena, iccid, confirmation, &hashes);
    for (size_t i = 0; status == TERN_OK && hash_cc.size == 32 && i < 64; i += 32) {
        uint8_t expected[32];
        const struct tern_bytes parts[] = {tern_bytes(hashes.data + i, 32), transaction_id};
        status = crypto->sha256(crypto->context, expected, parts, TERN_COUNT_OF(parts));
        bool equal = tern_constant_time_equal(expected, hash_cc.data, sizeof expected);
        *right = *right || (equal && !is_zero(hashes.data + i));
    }
    return status;
}

int confirmation_equal(const struct tern_smdp *smdp, struct tern_arena *arena,
                       struct tern_bytes iccid, struct tern_bytes confirmation,
                       struct tern_bytes code, bool *equal)
{
    uint8_t hashes[64];
    struct tern_bytes kept;
    int status = hash_code(smdp, code, hashes);
    if (status == TERN_OK) {
        status = open_hashes(smdp, arena, iccid, confirmation, &kept);
    }
    *equal = status == TERN_OK && tern_constant_time_equal(hashes, kept.data, 32);
    tern_wipe(hashes, sizeof hashes);
    return status;
}
