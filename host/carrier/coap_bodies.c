/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies by ETag: see coap_bodies.h.
 *
 * An ETag is 8 random bytes: whoever names it was given it, and a bound profile package is of use
 * to its eUICC only. In the store: "coap.body", ETag -> expiry (8) | code | format (4) | body, and
 * "coap.session", ID -> expiry (8) | session.
 */
#include "host/carrier/coap_bodies.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/log/log.h"

#define ETAG_SIZE    8
#define BODY_HEAD    13
#define BUCKET_COUNT 1024
#define BODY_MAX     (2u << 20)

static const char BODY_SPACE[] = "coap.body";
static const char SESSION_SPACE[] = "coap.session";

struct coap_body {
    struct coap_body *next;
    unsigned references; /* the table's and the sessions' */
    uint64_t ends_s;
    uint8_t etag[ETAG_SIZE];
    uint8_t code;
    uint32_t content_format;
    size_t size;
    uint8_t data[];
};

struct coap_bodies {
    const struct tern_store *store;
    uint64_t (*now_s)(void);
    unsigned keep_s;
    uint64_t swept_s;
    struct coap_body *buckets[BUCKET_COUNT];
};

static uint64_t calendar(void)
{
    return (uint64_t)time(NULL);
}

struct coap_bodies *coap_bodies_new(const struct tern_store *store, uint64_t (*now_s)(void),
                                    unsigned keep_s)
{
    struct coap_bodies *bodies = calloc(1, sizeof(*bodies));
    if (bodies != NULL) {
        bodies->store = store;
        bodies->now_s = now_s == NULL ? calendar : now_s;
        bodies->keep_s = keep_s;
    }
    return bodies;
}

static struct coap_body **bucket_of(struct coap_bodies *bodies, const uint8_t etag[ETAG_SIZE])
{
    return &bodies->buckets[(size_t)(etag[0] << 8 | etag[1]) % BUCKET_COUNT];
}

void coap_body_release(struct coap_body *body)
{
    if (body != NULL && --body->references == 0) {
        free(body);
    }
}

void coap_bodies_free(struct coap_bodies *bodies)
{
    for (size_t i = 0; bodies != NULL && i < BUCKET_COUNT; i++) {
        while (bodies->buckets[i] != NULL) {
            struct coap_body *body = bodies->buckets[i];
            bodies->buckets[i] = body->next;
            coap_body_release(body);
        }
    }
    free(bodies);
}

/* A body in the table, referenced by it and by the caller. */
static struct coap_body *put(struct coap_bodies *bodies, const uint8_t etag[ETAG_SIZE],
                             uint64_t ends_s, uint8_t code, uint32_t format, struct tern_bytes data)
{
    struct coap_body *body = malloc(sizeof(*body) + data.size);
    if (body == NULL) {
        return NULL;
    }
    *body = (struct coap_body){.references = 2,
                               .ends_s = ends_s,
                               .code = code,
                               .content_format = format,
                               .size = data.size};
    memcpy(body->etag, etag, ETAG_SIZE);
    if (data.size > 0) {
        memcpy(body->data, data.data, data.size);
    }
    struct coap_body **first = bucket_of(bodies, etag);
    body->next = *first;
    *first = body;
    return body;
}

static void save(const struct coap_bodies *bodies, const struct coap_body *body)
{
    size_t size = BODY_HEAD + body->size;
    uint8_t *record = malloc(size);
    int status = TERN_ERR_NO_SPACE;
    if (record != NULL) {
        struct tern_writer out = tern_writer(record, size);
        tern_write_uint(&out, body->ends_s, 8);
        tern_write_byte(&out, body->code);
        tern_write_uint(&out, body->content_format, 4);
        tern_write(&out, tern_bytes(body->data, body->size));
        status = bodies->store->save(bodies->store->context, BODY_SPACE, TERN_BYTES_OF(body->etag),
                                     tern_writer_bytes(&out));
        free(record);
    }
    if (status != TERN_OK) {
        log_warn("coap.body", "reason", tern_error_text(status));
    }
}

struct coap_body *coap_bodies_add(struct coap_bodies *bodies, const struct coap_reply *reply)
{
    uint8_t etag[ETAG_SIZE];
    if (reply->body.size > BODY_MAX || RAND_bytes(etag, sizeof(etag)) != 1) {
        return NULL;
    }
    struct coap_body *body = put(bodies, etag, bodies->now_s() + bodies->keep_s, reply->code,
                                 reply->content_format, reply->body);
    if (body != NULL && bodies->store != NULL &&
        body->size > TERN_COAP_BLOCK_SIZE_MAX) { /* of one block nothing can be left over */
        save(bodies, body);
    }
    return body;
}

static struct coap_body *load(struct coap_bodies *bodies, struct tern_bytes etag)
{
    struct tern_writer counter = tern_writer(NULL, 0);
    const struct tern_store *store = bodies->store;
    int status = store->load(store->context, BODY_SPACE, etag, &counter);
    if ((status != TERN_OK && status != TERN_ERR_NO_SPACE) || counter.size < BODY_HEAD ||
        counter.size > BODY_HEAD + BODY_MAX) {
        return NULL;
    }
    uint8_t *record = malloc(counter.size);
    struct tern_writer out = tern_writer(record, record == NULL ? 0 : counter.size);
    struct coap_body *body = NULL;
    if (record != NULL && store->load(store->context, BODY_SPACE, etag, &out) == TERN_OK) {
        uint64_t ends_s = tern_read_uint(tern_bytes(record, 8));
        if (ends_s > bodies->now_s()) {
            body = put(bodies, etag.data, ends_s, record[8],
                       (uint32_t)tern_read_uint(tern_bytes(record + 9, 4)),
                       tern_bytes(record + BODY_HEAD, out.size - BODY_HEAD));
        }
    }
    free(record);
    return body;
}

struct coap_body *coap_bodies_find(struct coap_bodies *bodies, struct tern_bytes etag)
{
    if (etag.size != ETAG_SIZE) {
        return NULL;
    }
    for (struct coap_body *body = *bucket_of(bodies, etag.data); body != NULL; body = body->next) {
        if (memcmp(body->etag, etag.data, ETAG_SIZE) == 0) {
            if (body->ends_s <= bodies->now_s()) {
                return NULL;
            }
            body->references++;
            return body;
        }
    }
    return bodies->store == NULL ? NULL : load(bodies, etag);
}

struct tern_coap_response coap_body_response(const struct coap_body *body)
{
    return (struct tern_coap_response){.code = body->code,
                                       .content_format = body->content_format,
                                       .body = tern_bytes(body->data, body->size),
                                       .etag = TERN_BYTES_OF(body->etag),
                                       .max_age_s = 60};
}

/* Records of a space whose first 8 bytes are a time that has passed. */
static void sweep_space(const struct coap_bodies *bodies, const char *space, uint64_t now_s)
{
    const struct tern_store *store = bodies->store;
    uint8_t key[TERN_STORE_KEY_SIZE_MAX];
    uint8_t after[TERN_STORE_KEY_SIZE_MAX];
    struct tern_bytes last = TERN_BYTES_NONE;
    for (;;) {
        uint8_t head[8];
        struct tern_writer key_out = TERN_WRITER_OF(key);
        struct tern_writer value_out = TERN_WRITER_OF(head); /* the rest does not matter */
        int status =
            store->next(store->context, space, TERN_BYTES_NONE, last, &key_out, &value_out);
        if ((status != 1 && status != TERN_ERR_NO_SPACE) || value_out.size < 8 ||
            key_out.size > sizeof(key)) {
            return;
        }
        memcpy(after, key, key_out.size);
        last = tern_bytes(after, key_out.size);
        if (tern_read_uint(TERN_BYTES_OF(head)) <= now_s) {
            store->remove(store->context, space, last);
        }
    }
}

void coap_bodies_sweep(struct coap_bodies *bodies)
{
    uint64_t now_s = bodies->now_s();
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        for (struct coap_body **link = &bodies->buckets[i]; *link != NULL;) {
            struct coap_body *body = *link;
            if (body->ends_s > now_s) {
                link = &body->next;
                continue;
            }
            *link = body->next;
            coap_body_release(body);
        }
    }
    if (bodies->store != NULL && now_s >= bodies->swept_s + 600) {
        bodies->swept_s = now_s;
        sweep_space(bodies, BODY_SPACE, now_s);
        sweep_space(bodies, SESSION_SPACE, now_s);
    }
}

/* ---- sessions ---- */

static void save_session(void *context, struct tern_bytes id, struct tern_bytes session)
{
    const struct coap_bodies *bodies = context;
    uint8_t record[8 + DTLS_SESSION_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(record);
    tern_write_uint(&out, bodies->now_s() + DTLS_SESSION_S, 8);
    tern_write(&out, session);
    if (tern_writer_status(&out) == TERN_OK) {
        bodies->store->save(bodies->store->context, SESSION_SPACE, id, tern_writer_bytes(&out));
    }
    tern_wipe(record, sizeof(record));
}

static void load_session(void *context, struct tern_bytes id, struct tern_writer *session)
{
    const struct coap_bodies *bodies = context;
    uint8_t record[8 + DTLS_SESSION_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(record);
    if (bodies->store->load(bodies->store->context, SESSION_SPACE, id, &out) == TERN_OK &&
        out.size > 8 && tern_read_uint(tern_bytes(record, 8)) > bodies->now_s()) {
        tern_write(session, tern_bytes(record + 8, out.size - 8));
    }
    tern_wipe(record, sizeof(record));
}

static void remove_session(void *context, struct tern_bytes id)
{
    const struct coap_bodies *bodies = context;
    bodies->store->remove(bodies->store->context, SESSION_SPACE, id);
}

struct dtls_sessions coap_bodies_sessions(struct coap_bodies *bodies)
{
    if (bodies->store == NULL) {
        return (struct dtls_sessions){0};
    }
    return (struct dtls_sessions){bodies, save_session, load_session, remove_session};
}
