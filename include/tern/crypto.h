/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The crypto provider: what tern needs from a library, a secure element or an HSM.
 *
 * Every function returns TERN_OK or TERN_ERR_CRYPTO unless its line says more. Outputs are the
 * caller's arrays of the size shown. Messages come as `parts`, hashed or signed in order as if
 * concatenated, so that nothing has to be copied together.
 */
#ifndef TERN_CRYPTO_H
#define TERN_CRYPTO_H

#include "tern/bytes.h"

enum tern_curve {
    TERN_CURVE_NONE = 0,
    TERN_CURVE_P256 = 1,            /**< NIST P-256, prime256v1 */
    TERN_CURVE_BRAINPOOLP256R1 = 2, /**< RFC 5639 */
};

#define TERN_SCALAR_SIZE    32
#define TERN_POINT_SIZE     65 /**< 04 | X | Y */
#define TERN_SIGNATURE_SIZE 64 /**< r | s, BSI TR-03111 plain format */
#define TERN_SHA256_SIZE    32
#define TERN_SHA1_SIZE      20
#define TERN_AES_BLOCK_SIZE 16

/** A private signing key that the provider holds. Copyable; lives as long as the provider says. */
struct tern_key {
    enum tern_curve curve;
    const void *handle; /**< The provider's own. NULL means no key. */
};

/** A public key: an uncompressed point on a named curve. */
struct tern_public_key {
    enum tern_curve curve;
    uint8_t point[TERN_POINT_SIZE];
};

struct tern_crypto {
    void *context; /**< Passed to every function. */

    int (*random)(void *context, uint8_t *out, size_t size);
    int (*sha256)(void *context, uint8_t digest[TERN_SHA256_SIZE], const struct tern_bytes *parts,
                  size_t count);
    /** Only for subject key identifiers (RFC 5280, 4.2.1.2). */
    int (*sha1)(void *context, uint8_t digest[TERN_SHA1_SIZE], struct tern_bytes in);
    int (*hmac_sha256)(void *context, uint8_t mac[TERN_SHA256_SIZE], struct tern_bytes key,
                       const struct tern_bytes *parts, size_t count);

    /** One block, AES-128 (or 256 when key.size is 32). */
    int (*aes_encrypt_block)(void *context, uint8_t out[16], struct tern_bytes key,
                             const uint8_t in[16]);
    /** Whole blocks, no padding; `out` may be in.data. */
    int (*aes_cbc_encrypt)(void *context, uint8_t *out, struct tern_bytes key, const uint8_t iv[16],
                           struct tern_bytes in);
    int (*aes_cbc_decrypt)(void *context, uint8_t *out, struct tern_bytes key, const uint8_t iv[16],
                           struct tern_bytes in);
    int (*aes_cmac)(void *context, uint8_t mac[16], struct tern_bytes key,
                    const struct tern_bytes *parts, size_t count);
    /** `out` takes in.size + tag_size bytes; it may be in.data. */
    int (*aes_ccm_seal)(void *context, uint8_t *out, size_t tag_size, struct tern_bytes key,
                        struct tern_bytes nonce, struct tern_bytes aad, struct tern_bytes in);
    /** `out` takes in.size - tag_size bytes; it may be in.data. TERN_ERR_SIGNATURE when the tag
     * does not verify. */
    int (*aes_ccm_open)(void *context, uint8_t *out, size_t tag_size, struct tern_bytes key,
                        struct tern_bytes nonce, struct tern_bytes aad, struct tern_bytes in);

    /** ECDSA over SHA-256 of `parts`. */
    int (*ecdsa_sign)(void *context, uint8_t signature[TERN_SIGNATURE_SIZE], struct tern_key key,
                      const struct tern_bytes *parts, size_t count);
    /** TERN_ERR_SIGNATURE when it does not verify or the point is not on the curve. */
    int (*ecdsa_verify)(void *context, const struct tern_public_key *key,
                        struct tern_bytes signature, const struct tern_bytes *parts, size_t count);
    /** A one-time key pair, the scalar in the open: the caller wipes it. */
    int (*ec_generate)(void *context, enum tern_curve curve, uint8_t scalar[TERN_SCALAR_SIZE],
                       uint8_t point[TERN_POINT_SIZE]);
    /** X coordinate of scalar * peer. TERN_ERR_RANGE when `peer` is not a point of the curve. */
    int (*ecdh)(void *context, uint8_t shared[32], const uint8_t scalar[TERN_SCALAR_SIZE],
                const struct tern_public_key *peer);

    /* What only the SUCI of a USIM (TS 33.501, C.3) and EDHOC need. Each may be NULL: not
     * supported. */

    /** RFC 7748. `point` is little endian; 9 followed by zeros gives the public key. */
    int (*x25519)(void *context, uint8_t shared[32], const uint8_t scalar[32],
                  const uint8_t point[32]);
    /** 02 or 03 and X to a point of `key->curve`. TERN_ERR_RANGE when there is none. */
    int (*ec_decompress)(void *context, struct tern_public_key *key, const uint8_t compressed[33]);
};

#endif
