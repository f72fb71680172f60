/* SPDX-License-Identifier: Apache-2.0 */
/* Private to host/crypto: what every thread keeps, and what a key handle points at. */
#ifndef HOST_CRYPTO_STATE_H
#define HOST_CRYPTO_STATE_H

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "host/crypto/openssl.h"

#define CURVE_COUNT     2 /* P-256 and brainpoolP256r1; index is enum tern_curve - 1 */
#define SIGN_SLOT_COUNT 8

/* A signing context ready for one key. Slots are found by the key's number, never its address. */
struct sign_slot {
    uint64_t key_number;
    EVP_PKEY_CTX *context;
};

/* A verifying context whose public point is exchanged in place. */
struct verify_slot {
    EVP_PKEY *key;
    EVP_PKEY_CTX *context;
    bool point_set;
    uint8_t point[TERN_POINT_SIZE];
};

struct thread_state {
    EVP_MD_CTX *digest;
    EVP_MAC_CTX *hmac;
    EVP_CIPHER_CTX *ecb;
    EVP_CIPHER_CTX *cbc;
    EVP_CIPHER_CTX *ccm;
    BN_CTX *numbers;
    const EC_GROUP *groups[CURVE_COUNT];
    struct verify_slot verify[CURVE_COUNT];
    struct sign_slot sign[SIGN_SLOT_COUNT];
    unsigned sign_next;
};

/* Algorithms fetched once. */
struct algorithms {
    EVP_MD *sha256;
    EVP_MD *sha1;
    EVP_MAC *hmac;
    EVP_CIPHER *ecb[2], *cbc[2], *ccm[2]; /* AES-128, AES-256 */
};

struct key_handle {
    EVP_PKEY *pkey;
    uint64_t number; /* Unique in the process */
    uint8_t point[TERN_POINT_SIZE];
};

struct thread_state *crypto_thread(void);
const struct algorithms *crypto_algorithms(void);
const EC_GROUP *crypto_group(enum tern_curve curve);
const char *crypto_group_name(enum tern_curve curve);

/* host/crypto/elliptic.c, the provider's functions on curves. */
int crypto_sha256(void *context, uint8_t digest[TERN_SHA256_SIZE], const struct tern_bytes *parts,
                  size_t count);
int crypto_ecdsa_sign(void *context, uint8_t signature[TERN_SIGNATURE_SIZE], struct tern_key key,
                      const struct tern_bytes *parts, size_t count);
int crypto_ecdsa_verify(void *context, const struct tern_public_key *key,
                        struct tern_bytes signature, const struct tern_bytes *parts, size_t count);
int crypto_ec_generate(void *context, enum tern_curve curve, uint8_t scalar[TERN_SCALAR_SIZE],
                       uint8_t point[TERN_POINT_SIZE]);
int crypto_ecdh(void *context, uint8_t shared[32], const uint8_t scalar[TERN_SCALAR_SIZE],
                const struct tern_public_key *peer);
int crypto_x25519(void *context, uint8_t shared[32], const uint8_t scalar[32],
                  const uint8_t point[32]);
int crypto_ec_decompress(void *context, struct tern_public_key *key, const uint8_t compressed[33]);

#endif
