/* SPDX-License-Identifier: Apache-2.0 */
/* Build: libtern-smdp libcrypto */
/*
 * The SM-DP+ as a library: an order manager of an operator that brings its own store, its own
 * crypto and its own HTTP. Here the store is an array, the crypto the two functions of OpenSSL that
 * this much needs, and the HTTP a constant: an ES2+.DownloadOrder goes in, the JSON answer comes
 * out.
 */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "tern/smdp.h"

/* ---- A store of sixteen records. A real one commits before the answer is sent. ---- */

struct record {
    char space[16];
    uint8_t key[64];
    size_t key_size;
    uint8_t value[1024];
    size_t value_size;
};
static struct record records[16];

static struct record *find(const char *space, struct tern_bytes key)
{
    for (size_t i = 0; i < TERN_COUNT_OF(records); i++) {
        if (records[i].key_size > 0 && strcmp(records[i].space, space) == 0 &&
            tern_bytes_equal(tern_bytes(records[i].key, records[i].key_size), key)) {
            return &records[i];
        }
    }
    return NULL;
}

static int load(void *context, const char *space, struct tern_bytes key, struct tern_writer *value)
{
    const struct record *record = find(space, key);
    (void)context;
    if (record == NULL) {
        return TERN_ERR_NOT_FOUND;
    }
    tern_write(value, tern_bytes(record->value, record->value_size));
    return tern_writer_status(value);
}

static int save(void *context, const char *space, struct tern_bytes key, struct tern_bytes value)
{
    struct record *record = find(space, key);
    (void)context;
    for (size_t i = 0; record == NULL && i < TERN_COUNT_OF(records); i++) {
        record = records[i].key_size == 0 ? &records[i] : NULL;
    }
    if (record == NULL || key.size > sizeof record->key || value.size > sizeof record->value) {
        return TERN_ERR_NO_SPACE;
    }
    snprintf(record->space, sizeof record->space, "%s", space);
    memcpy(record->key, key.data, record->key_size = key.size);
    memcpy(record->value, value.data, record->value_size = value.size);
    return TERN_OK;
}

static int insert(void *context, const char *space, struct tern_bytes key, struct tern_bytes value)
{
    return find(space, key) != NULL ? TERN_ERR_CONFLICT : save(context, space, key, value);
}

static int drop(void *context, const char *space, struct tern_bytes key)
{
    struct record *record = find(space, key);
    (void)context;
    if (record == NULL) {
        return TERN_ERR_NOT_FOUND;
    }
    record->key_size = 0;
    return TERN_OK;
}

static int next(void *context, const char *space, struct tern_bytes prefix, struct tern_bytes after,
                struct tern_writer *key, struct tern_writer *value)
{
    (void)context, (void)space, (void)prefix, (void)after, (void)key, (void)value;
    return 0; /* nothing is walked here */
}

/* ---- Crypto: what an order needs. Binding needs the rest of tern/crypto.h. ---- */

static int sha256(void *context, uint8_t digest[TERN_SHA256_SIZE], const struct tern_bytes *parts,
                  size_t count)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    int good = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    (void)context;
    for (size_t i = 0; i < count && good; i++) {
        good = EVP_DigestUpdate(hash, parts[i].data, parts[i].size);
    }
    good = good && EVP_DigestFinal_ex(hash, digest, NULL);
    EVP_MD_CTX_free(hash);
    return good ? TERN_OK : TERN_ERR_CRYPTO;
}

static int random_bytes(void *context, uint8_t *out, size_t size)
{
    (void)context;
    return RAND_bytes(out, (int)size) == 1 ? TERN_OK : TERN_ERR_CRYPTO;
}

int main(void)
{
    static uint8_t memory[65536];
    static const char ORDER[] =
        "{\"header\":{\"functionRequesterIdentifier\":\"acme\",\"functionCallIdentifier\":\"1\"},"
        "\"iccid\":\"8949000000000000017\"}";
    const struct tern_crypto crypto = {.random = random_bytes, .sha256 = sha256};
    const struct tern_store store = {NULL, load, save, insert, drop, next, NULL};
    const struct tern_smdp smdp = {
        .server = {.crypto = &crypto, .address = TERN_BYTES_TEXT("smdp.example.com")},
        .store = &store
    };
    const struct tern_bytes acme = TERN_BYTES_TEXT("acme"); /* what the TLS certificate said */
    struct tern_arena arena = tern_arena(memory, sizeof memory);
    struct tern_es2plus_call call = {.now = 1800000000,
                                     .arena = &arena,
                                     .function = TERN_ES2PLUS_DOWNLOAD_ORDER,
                                     .names = &acme,
                                     .name_count = 1};
    call.body = tern_bytes_text(ORDER);
    if (tern_smdp_es2plus(&smdp, &call) != TERN_OK) {
        return 2;
    }
    printf("%.*s\n", (int)call.response.size, (const char *)call.response.data);
    enum tern_status_code code =
        tern_status_find(call.status.subject_code, call.status.reason_code);
    return code == TERN_STATUS_ICCID_UNKNOWN ? 0 : 1;
}
