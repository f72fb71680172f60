/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The OpenSSL provider of tern/crypto.h, and private keys that live in it.
 *
 * The provider is one for the process and may be used from every thread: contexts that are costly
 * to make are kept for each thread and freed when it ends. Keys may be shared between threads; who
 * loaded one frees it when no thread uses it any more.
 */
#ifndef HOST_CRYPTO_OPENSSL_H
#define HOST_CRYPTO_OPENSSL_H

#include <openssl/types.h>

#include "tern/crypto.h"

/** The provider. Never NULL; it ends the process when OpenSSL lacks an algorithm it needs. */
const struct tern_crypto *tern_openssl(void);

/**
 * A private key from a file: PEM (SEC1 or PKCS#8, not encrypted) or DER.
 * TERN_ERR_IO unreadable, TERN_ERR_MALFORMED no private key, TERN_ERR_UNSUPPORTED another curve.
 */
int tern_openssl_key_load(struct tern_key *key, const char *path);
/** The same from memory. */
int tern_openssl_key_read(struct tern_key *key, struct tern_bytes text);
/** From a scalar, 1 to order - 1. TERN_ERR_RANGE. */
int tern_openssl_key_from_scalar(struct tern_key *key, enum tern_curve curve,
                                 const uint8_t scalar[TERN_SCALAR_SIZE]);
int tern_openssl_key_generate(struct tern_key *key, enum tern_curve curve);
/** Write as PKCS#8 PEM, mode 0600, atomically (a temporary file, then rename). TERN_ERR_IO. */
int tern_openssl_key_save(struct tern_key key, const char *path);
/** Free and forget it. A key without a handle is fine. */
void tern_openssl_key_free(struct tern_key *key);

/** The public half. */
struct tern_public_key tern_openssl_key_public(struct tern_key key);
/** The key as OpenSSL has it, for SSL_CTX_use_PrivateKey() and the like. Borrowed. */
EVP_PKEY *tern_openssl_key_pkey(struct tern_key key);

/** scalar * G. TERN_ERR_RANGE when the scalar is not 1 to order - 1. */
int tern_openssl_point(uint8_t point[TERN_POINT_SIZE], enum tern_curve curve,
                       const uint8_t scalar[TERN_SCALAR_SIZE]);

/** "p256", "brainpool" or "none". */
const char *tern_curve_name(enum tern_curve curve);

#endif
