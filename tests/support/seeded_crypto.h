/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider for tests whose randomness comes from a seed, so that a bound profile package can be
 * compared byte for byte: SHA-256(seed | counter). Everything else is the OpenSSL provider; ECDSA
 * stays randomised, so compare signatures by verifying them. Never for anything but tests.
 */
#ifndef TESTS_SUPPORT_SEEDED_CRYPTO_H
#define TESTS_SUPPORT_SEEDED_CRYPTO_H

#include <string.h>

#include "host/crypto/openssl.h"

struct seeded_crypto {
    struct tern_crypto crypto; /* Hand out a pointer to this. */
    uint64_t seed;
    uint64_t counter;
};

static inline int seeded_random(void *context, uint8_t *out, size_t size)
{
    struct seeded_crypto *seeded = context;
    const struct tern_crypto *real = tern_openssl();
    while (size > 0) {
        uint8_t block[32];
        struct tern_bytes parts[] = {tern_bytes(&seeded->seed, sizeof seeded->seed),
                                     tern_bytes(&seeded->counter, sizeof seeded->counter)};
        int error = real->sha256(real->context, block, parts, 2);
        if (error != TERN_OK) {
            return error;
        }
        seeded->counter++;
        size_t run = size < sizeof block ? size : sizeof block;
        memcpy(out, block, run);
        out += run;
        size -= run;
    }
    return TERN_OK;
}

static inline int seeded_generate(void *context, enum tern_curve curve,
                                  uint8_t scalar[TERN_SCALAR_SIZE], uint8_t point[TERN_POINT_SIZE])
{
    int error;
    do {
        error = seeded_random(context, scalar, TERN_SCALAR_SIZE);
        if (error == TERN_OK) {
            error = tern_openssl_point(point, curve, scalar);
        }
    } while (error == TERN_ERR_RANGE);
    return error;
}

/* The other functions of the OpenSSL provider ignore their context, so it may be ours. */
static inline const struct tern_crypto *seeded_crypto(struct seeded_crypto *seeded, uint64_t seed)
{
    seeded->crypto = *tern_openssl();
    seeded->crypto.context = seeded;
    seeded->crypto.random = seeded_random;
    seeded->crypto.ec_generate = seeded_generate;
    seeded->seed = seed;
    seeded->counter = 0;
    return &seeded->crypto;
}

#endif
