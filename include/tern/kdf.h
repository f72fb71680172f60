/* SPDX-License-Identifier: Apache-2.0 */
/**
 * From a shared secret to the keys that protect a bound profile package.
 *
 * Spec  ANSI X9.63 with SHA-256; SharedInfo and the split as in sgp22.md 5.
 */
#ifndef TERN_KDF_H
#define TERN_KDF_H

#include "tern/crypto.h"

#define TERN_BSP_KEY_SIZE     16
#define TERN_HOST_ID_SIZE_MAX 16

/** The keys of one BSP session. PPKs have the same shape. The holder wipes them. */
struct tern_bsp_keys {
    uint8_t initial_mac_chaining_value[TERN_BSP_KEY_SIZE];
    uint8_t s_enc[TERN_BSP_KEY_SIZE];
    uint8_t s_mac[TERN_BSP_KEY_SIZE];
};

/** H(secret | 00000001 | info) | H(secret | 00000002 | info) | ..., cut to `size` bytes. */
int tern_kdf_x963(const struct tern_crypto *crypto, uint8_t *out, size_t size,
                  struct tern_bytes secret, struct tern_bytes shared_info);

/**
 * Key agreement and derivation in one: ECKA of `scalar` with `peer`, then the KDF over
 * 88 | 10 | LV(hostId) | LV(EID). Both sides get the same keys.
 *
 * Fails  TERN_ERR_RANGE  `peer` is not a point of its curve, or host_id is not 1 to 16 bytes
 */
int tern_kdf_bsp(const struct tern_crypto *crypto, struct tern_bsp_keys *keys,
                 const uint8_t scalar[TERN_SCALAR_SIZE], const struct tern_public_key *peer,
                 struct tern_bytes host_id, const uint8_t eid[16]);

/** The second half of tern_kdf_bsp(), from the shared secret ShS. */
int tern_kdf_bsp_secret(const struct tern_crypto *crypto, struct tern_bsp_keys *keys,
                        const uint8_t shared_secret[32], struct tern_bytes host_id,
                        const uint8_t eid[16]);

#endif
