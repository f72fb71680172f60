/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of certificates that this process has verified: one verification is 60 us or more, a
 * look here is nothing. A direct-mapped table: a newcomer takes the place of who was there, so
 * memory is bounded and nobody can fill it to keep others out. The key is a SHA-256 over the
 * issuer's key and the certificate, so what is found here was really verified.
 */
#include <pthread.h>
#include <string.h>

#include "host/pki/pki.h"

#define PLACE_COUNT  8192 /* 256 KiB */
#define STRIPE_COUNT 16

#define FOUR_LOCKS                                                                   \
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, \
        PTHREAD_MUTEX_INITIALIZER

static struct {
    pthread_mutex_t locks[STRIPE_COUNT];
    uint8_t digests[PLACE_COUNT][TERN_SHA256_SIZE];
} table = {
    .locks = {FOUR_LOCKS, FOUR_LOCKS, FOUR_LOCKS, FOUR_LOCKS},
};

static size_t place_of(const uint8_t digest[TERN_SHA256_SIZE])
{
    return (size_t)(tern_read_uint(tern_bytes(digest, 8)) % PLACE_COUNT);
}

static bool cache_known(void *context, const uint8_t digest[TERN_SHA256_SIZE])
{
    (void)context;
    size_t place = place_of(digest);
    pthread_mutex_t *lock = &table.locks[place % STRIPE_COUNT];
    pthread_mutex_lock(lock);
    bool known = memcmp(table.digests[place], digest, TERN_SHA256_SIZE) == 0;
    pthread_mutex_unlock(lock);
    return known;
}

static void cache_remember(void *context, const uint8_t digest[TERN_SHA256_SIZE])
{
    (void)context;
    size_t place = place_of(digest);
    pthread_mutex_t *lock = &table.locks[place % STRIPE_COUNT];
    pthread_mutex_lock(lock);
    memcpy(table.digests[place], digest, TERN_SHA256_SIZE);
    pthread_mutex_unlock(lock);
}

const struct tern_chain_cache *tern_pki_chain_cache(void)
{
    static const struct tern_chain_cache CACHE = {NULL, cache_known, cache_remember};
    return &CACHE;
}
