/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An eIM inside somebody's platform: libtern-eim with the platform's own transport (here lines of
 * hexadecimal text), storage (an array) and crypto (OpenSSL). This gets a package, signed:
 *     printf 'BF4F125A1089044045930000000000002153893210\n' | embedded-eim
 */
/* Build: libtern-eim libcrypto */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tern/der.h"
#include "tern/eim.h"

/* ---- Storage: eight verbs over records ---- */

struct record {
    char space[32];
    uint8_t key[64];
    size_t key_size;
    uint8_t *value;
    size_t value_size;
    uint64_t counter;
};
static struct record records[1000];
static size_t record_count;

static struct record *find(const char *space, struct tern_bytes key)
{
    for (size_t i = 0; i < record_count; i++) {
        if (strcmp(records[i].space, space) == 0 &&
            tern_bytes_equal(tern_bytes(records[i].key, records[i].key_size), key)) {
            return &records[i];
        }
    }
    return NULL;
}

static int load(void *context, const char *space, struct tern_bytes key, struct tern_writer *value)
{
    struct record *record = find(space, key);
    (void)context;
    if (record == NULL) return TERN_ERR_NOT_FOUND;
    tern_write(value, tern_bytes(record->value, record->value_size));
    return tern_writer_status(value);
}

static int save(void *context, const char *space, struct tern_bytes key, struct tern_bytes value)
{
    struct record *record = find(space, key);
    (void)context;
    if (record == NULL) {
        if (record_count == 1000 || key.size > sizeof(records[0].key)) return TERN_ERR_NO_SPACE;
        record = &records[record_count++];
        snprintf(record->space, sizeof(record->space), "%s", space);
        memcpy(record->key, key.data, key.size);
        record->key_size = key.size;
    }
    record->value = realloc(record->value, value.size + 1);
    memcpy(record->value, value.data, value.size);
    record->value_size = value.size;
    return TERN_OK;
}

static int insert(void *context, const char *space, struct tern_bytes key, struct tern_bytes value)
{
    return find(space, key) != NULL ? TERN_ERR_CONFLICT : save(context, space, key, value);
}

static int discard(void *context, const char *space, struct tern_bytes key)
{
    struct record *record = find(space, key);
    (void)context;
    if (record == NULL) return TERN_ERR_NOT_FOUND;
    free(record->value);
    *record = records[--record_count];
    return TERN_OK;
}

static int next(void *context, const char *space, struct tern_bytes prefix, struct tern_bytes after,
                struct tern_writer *key, struct tern_writer *value)
{
    struct record *best = NULL;
    (void)context;
    for (size_t i = 0; i < record_count; i++) {
        struct tern_bytes have = tern_bytes(records[i].key, records[i].key_size);
        bool fits = strcmp(records[i].space, space) == 0 && tern_bytes_starts_with(have, prefix) &&
                    (after.data == NULL || tern_bytes_compare(have, after) > 0);
        bool first = best == NULL || memcmp(have.data, best->key, have.size) < 0;
        best = fits && first ? &records[i] : best;
    }
    if (best == NULL) return 0;
    tern_write(key, tern_bytes(best->key, best->key_size));
    tern_write(value, tern_bytes(best->value, best->value_size));
    return 1;
}

static int counter_set(void *context, const char *space, struct tern_bytes key, uint64_t expected,
                       uint64_t value, uint64_t *actual)
{
    struct record *record = find(space, key);
    if (record == NULL) {
        int error = save(context, space, key, TERN_BYTES_TEXT(""));
        if (error != TERN_OK) return error;
        record = find(space, key);
    }
    *actual = record->counter;
    if (record->counter != expected) return TERN_ERR_CONFLICT;
    record->counter = value;
    return TERN_OK;
}

/* ---- Crypto: what this much of the engine asks for ---- */

static int fill_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    return RAND_bytes(out, (int)size) == 1 ? TERN_OK : TERN_ERR_CRYPTO;
}

/* The platform's key store or HSM: DER from OpenSSL, r | s to the engine. */
static int sign(EVP_PKEY *key, uint8_t signature[64], const struct tern_bytes parts[2])
{
    uint8_t der[80];
    size_t size = sizeof(der);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool ok = EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSignUpdate(digest, parts[0].data, parts[0].size) == 1 &&
              EVP_DigestSignUpdate(digest, parts[1].data, parts[1].size) == 1 &&
              EVP_DigestSignFinal(digest, der, &size) == 1;
    EVP_MD_CTX_free(digest);
    return ok ? tern_signature_from_der(signature, tern_bytes(der, size)) : TERN_ERR_CRYPTO;
}

int main(void)
{
    static const struct tern_store STORE = {.load = load,
                                            .save = save,
                                            .insert = insert,
                                            .remove = discard,
                                            .next = next,
                                            .counter_set = counter_set};
    static const struct tern_crypto CRYPTO = {.random = fill_random};
    static const struct tern_trust TRUST = {0};
    static const struct tern_eim_peer PEER = {.binding = TERN_EIM_BINDING_ASN1};
    static uint8_t memory[1 << 20], message[1 << 16];
    static char line[1 << 17];
    static const uint8_t ICCID[] = {0x98, 0x58, 0x22, 0x32, 0x24, 0x20, 0x22, 0x84, 0x81, 0x14};
    struct tern_arena arena = tern_arena(memory, sizeof(memory));
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct tern_eim_key keys[] = {
        {.id = 1, .key = {.curve = TERN_CURVE_P256, .handle = key}}
    };
    struct tern_eim eim = {.crypto = &CRYPTO,
                           .store = &STORE,
                           .trust = &TRUST,
                           .keys = keys,
                           .eim_id = TERN_BYTES_TEXT("eim.example.com"),
                           .key_count = 1};

    /* The platform knows a device and wants a profile enabled. */
    struct tern_eim_step step = {.arena = &arena, .now_ms = (uint64_t)time(NULL) * 1000};
    struct tern_eim_device device = {0};
    struct tern_eim_device_data data = {0};
    (void)tern_eid_from_text(device.eid, TERN_BYTES_TEXT("89044045930000000000002153893210"));
    uint8_t command[32], list[40];
    struct tern_writer psmo = TERN_WRITER_OF(command), package = TERN_WRITER_OF(list);
    tern_eim_psmo_enable(&psmo, TERN_BYTES_OF(ICCID), true);
    tern_der_write(&package, 0xA0, tern_writer_bytes(&psmo));
    struct tern_eim_operation enable = {.kind = TERN_EIM_KIND_PACKAGE,
                                        .request = tern_writer_bytes(&package)};
    if (tern_eim_device_add(&eim, &step, &device, &data) != TERN_OK ||
        tern_eim_queue(&eim, &step, device.eid, &enable) != TERN_OK)
        return 1;

    /* Messages in, replies out; a question about a signature is answered in between. */
    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct tern_writer in = TERN_WRITER_OF(message), out = TERN_WRITER_OF(line);
        arena.used = 0;
        tern_hex_decode(&in, tern_bytes(line, strcspn(line, "\r\n")));
        int error = tern_eim_receive(&eim, &step, &PEER, tern_writer_bytes(&in));
        if (error == TERN_OK && step.outcome == TERN_EIM_SIGN) { /* here a platform commits */
            uint8_t signature[64];
            struct tern_eim_answer answer = {.body = TERN_BYTES_OF(signature)};
            answer.error = sign((EVP_PKEY *)(uintptr_t)step.key.handle, signature, step.sign);
            error = tern_eim_answer(&eim, &step, step.ticket, &answer);
        }
        if (error != TERN_OK || step.outcome != TERN_EIM_REPLY) return 1;
        tern_hex_encode(&out, step.body); /* and here, before anything leaves */
        printf("%u %.*s\n", step.status, (int)out.size, line);
    }
    EVP_PKEY_free(key);
    return 0;
}
