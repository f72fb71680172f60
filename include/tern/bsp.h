/* SPDX-License-Identifier: Apache-2.0 */
/**
 * BSP (SCP03t): the protection of the 86, 87 and 88 TLVs of a bound profile package.
 *
 *   86, 87   tag | L | AES-CBC(plaintext | 80 | 00..) | first 8 bytes of the CMAC
 *   88       tag | L | plaintext                      | first 8 bytes of the CMAC
 *
 * One chain value and one counter run through all TLVs in order; 88 counts as well.
 * Spec  sgp22.md 8 (SGP.22, 2.5.4.1 and its annex).
 */
#ifndef TERN_BSP_H
#define TERN_BSP_H

#include "tern/der.h"
#include "tern/kdf.h"

#define TERN_BSP_MAC_SIZE 8
/** Plaintext of one TLV as we send it: TERN_SEGMENT_SIZE with header, padding and MAC. */
#define TERN_BSP_PLAINTEXT_SIZE     1007 /**< 86 and 87 */
#define TERN_BSP_MAC_ONLY_TEXT_SIZE 1008 /**< 88 */

/** The state of one direction. Plain data: it may be copied, stored and compared; wipe it. */
struct tern_bsp {
    struct tern_bsp_keys keys; /**< The chaining value in it moves with every TLV. */
    uint32_t counter;          /**< Of the next TLV; 1 to begin. */
};

void tern_bsp_init(struct tern_bsp *bsp, const struct tern_bsp_keys *keys);

/** After ReplaceSessionKeys: the PPKs take over, the counter is 1 again. */
void tern_bsp_replace_session_keys(struct tern_bsp *bsp, const struct tern_bsp_keys *ppk);

/** Size of the whole TLV that protects `plaintext_size` bytes under `tag`. */
size_t tern_bsp_protected_size(tern_tag tag, size_t plaintext_size);

/**
 * Append the TLV that protects `plaintext` under `tag` (0x86, 0x87 or 0x88).
 * `plaintext` must not lie in the writer's buffer. TERN_ERR_NO_SPACE leaves the state untouched.
 */
int tern_bsp_protect(struct tern_bsp *bsp, const struct tern_crypto *crypto,
                     struct tern_writer *out, tern_tag tag, struct tern_bytes plaintext);

/**
 * Check and open one received TLV in place: `raw` is the whole TLV, its bytes are overwritten with
 * the plaintext that `plaintext` then points at.
 *
 * Fails  TERN_ERR_MALFORMED  structure: too short, not whole blocks (scp03tStructureError)
 *        TERN_ERR_SIGNATURE  MAC or padding does not hold (scp03tSecurityError)
 *        On failure the state is untouched; the bytes of `raw` may be spoiled.
 */
int tern_bsp_unprotect(struct tern_bsp *bsp, const struct tern_crypto *crypto,
                       struct tern_bytes *plaintext, uint8_t *raw, size_t raw_size);

#endif
