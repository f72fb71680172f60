/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider that protects nothing: every signature verifies, every MAC is zero, encryption is the
 * identity. A search gets past the cryptography with it and reaches the code behind.
 */
#ifndef TESTS_FUZZ_OPEN_CRYPTO_H
#define TESTS_FUZZ_OPEN_CRYPTO_H

#include <string.h>

#include "tern/crypto.h"

static inline int open_sha256(void *context, uint8_t digest[TERN_SHA256_SIZE],
                              const struct tern_bytes *parts, size_t count)
{
    (void)context, (void)parts, (void)count;
    memset(digest, 0, TERN_SHA256_SIZE);
    return TERN_OK;
}

static inline int open_block(void *context, uint8_t out[16], struct tern_bytes key,
                             const uint8_t in[16])
{
    (void)context, (void)key;
    memmove(out, in, 16);
    return TERN_OK;
}

static inline int open_cbc(void *context, uint8_t *out, struct tern_bytes key, const uint8_t iv[16],
                           struct tern_bytes in)
{
    (void)context, (void)key, (void)iv;
    memmove(out, in.data, in.size);
    return TERN_OK;
}

static inline int open_cmac(void *context, uint8_t mac[16], struct tern_bytes key,
                            const struct tern_bytes *parts, size_t count)
{
    (void)context, (void)key, (void)parts, (void)count;
    memset(mac, 0, 16);
    return TERN_OK;
}

static inline int open_verify(void *context, const struct tern_public_key *key,
                              struct tern_bytes signature, const struct tern_bytes *parts,
                              size_t count)
{
    (void)context, (void)key, (void)parts, (void)count;
    return signature.size == TERN_SIGNATURE_SIZE ? TERN_OK : TERN_ERR_SIGNATURE;
}

static inline int open_ecdh(void *context, uint8_t shared[32],
                            const uint8_t scalar[TERN_SCALAR_SIZE],
                            const struct tern_public_key *peer)
{
    (void)context, (void)scalar, (void)peer;
    memset(shared, 0, 32);
    return TERN_OK;
}

static const struct tern_crypto OPEN_CRYPTO = {
    .sha256 = open_sha256,
    .aes_encrypt_block = open_block,
    .aes_cbc_encrypt = open_cbc,
    .aes_cbc_decrypt = open_cbc,
    .aes_cmac = open_cmac,
    .ecdsa_verify = open_verify,
    .ecdh = open_ecdh,
};

#endif
