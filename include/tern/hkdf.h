/* SPDX-License-Identifier: Apache-2.0 */
/** HKDF with SHA-256 (RFC 5869), for OSCORE and EDHOC. */
#ifndef TERN_HKDF_H
#define TERN_HKDF_H

#include "tern/crypto.h"

#define TERN_HKDF_SIZE_MAX (255 * TERN_SHA256_SIZE)

/** PRK = HMAC(salt, secret); an empty salt stands for 32 zero bytes. */
int tern_hkdf_extract(const struct tern_crypto *crypto, uint8_t prk[TERN_SHA256_SIZE],
                      struct tern_bytes salt, struct tern_bytes secret);
/** `size` bytes of output, at most TERN_HKDF_SIZE_MAX; `info` comes in parts, at most 6. */
int tern_hkdf_expand(const struct tern_crypto *crypto, uint8_t *out, size_t size,
                     const uint8_t prk[TERN_SHA256_SIZE], const struct tern_bytes *info,
                     size_t info_count);

#endif
