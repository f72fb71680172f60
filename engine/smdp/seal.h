/* SPDX-License-Identifier: Apache-2.0 */
/* What is secret in the store is sealed: AES-128-CCM under the key of the server, which lives in a
 * 0600 file beside it. The ICCID is authenticated with it, so records cannot be swapped. */
#ifndef ENGINE_SMDP_SEAL_H
#define ENGINE_SMDP_SEAL_H

#include "engine/smdp/records.h"

#define SEAL_NONCE_SIZE 12 /* leaves three bytes for the length: up to 16 MB */
#define SEAL_TAG_SIZE   16

/* Into the arena. The nonce is new; it is in the arena too. */
int seal(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
         struct tern_bytes secret, struct tern_bytes *nonce, struct tern_bytes *sealed);
/* Into the arena: the caller wipes it. TERN_ERR_SIGNATURE when it was tampered with. */
int unseal(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
           struct tern_bytes nonce, struct tern_bytes sealed, struct tern_bytes *secret);

/* Confirmation codes: what is kept is sealed hashes. nonce | sealed */
int confirmation_seal(const struct tern_smdp *smdp, struct tern_arena *arena,
                      struct tern_bytes iccid, struct tern_bytes code,
                      struct tern_bytes *confirmation);
/* Whether hashCc is SHA256(SHA256(CC) | transactionId). */
int confirmation_check(const struct tern_smdp *smdp, struct tern_arena *arena,
                       struct tern_bytes iccid, struct tern_bytes confirmation,
                       struct tern_bytes transaction_id, struct tern_bytes hash_cc, bool *right);
/* Whether this is the code that was sealed. */
int confirmation_equal(const struct tern_smdp *smdp, struct tern_arena *arena,
                       struct tern_bytes iccid, struct tern_bytes confirmation,
                       struct tern_bytes code, bool *equal);

#endif
