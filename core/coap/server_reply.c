/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CoAP server sends: responses, piggybacked or separate, cut in blocks, kept for
 * repetitions. RFC 7252, 4.2, 4.5, 5.2; RFC 7959, 2.4.
 *
 * Every response is one datagram in the memory of its entry: a repeated request is answered with
 * the same bytes and never handled twice.
 */
#include <string.h>

#include "core/coap/server.h"

void server_queue(struct tern_coap_server *server, enum tern_coap_type type, uint16_t id)
{
    if (server->answer_count < TERN_COUNT_OF(server->answers)) {
        server->answers[server->answer_count].type = (uint8_t)type;
        server->answers[server->answer_count++].id = id;
    }
}

static struct tern_writer entry_writer(struct tern_coap_server *server,
                                       const struct tern_coap_entry *entry)
{
    size_t index = (size_t)(entry - server->entries);
    return tern_writer(server->memory + index * TERN_COAP_DATAGRAM_MAX, TERN_COAP_DATAGRAM_MAX);
}

/* Header of the response. What was acknowledged already goes as a message of its own. */
static struct tern_coap_builder begin(struct tern_coap_server *server,
                                      struct tern_coap_entry *entry, struct tern_writer *out,
                                      uint8_t code)
{
    enum tern_coap_type type = entry->non     ? TERN_COAP_NON
                               : entry->acked ? TERN_COAP_CON
                                              : TERN_COAP_ACK;
    entry->response_id = type == TERN_COAP_ACK ? entry->id : server->next_id++;
    *out = entry_writer(server, entry);
    return tern_coap_build(out, type, code, entry->response_id,
                           tern_bytes(entry->token, entry->token_size));
}

static void finish(struct tern_coap_entry *entry, const struct tern_writer *out)
{
    TERN_ASSERT(tern_writer_status(out) == TERN_OK);
    entry->size = (uint16_t)out->size;
    entry->state = ENTRY_SEND;
    entry->retransmits = 0;
}

/* Block1 in the answer: what was taken, the size we like, and whether more is to come. */
static void put_block1(const struct tern_coap_server *server, const struct tern_coap_entry *entry,
                       struct tern_coap_builder *builder, uint8_t code)
{
    if (entry->has_block1) {
        struct tern_coap_block block = entry->block1;
        block.more = code == TERN_COAP_CONTINUE;
        block.szx = block.szx < server->szx_max ? block.szx : server->szx_max;
        tern_coap_put_block(builder, TERN_COAP_BLOCK1, block);
    }
}

void server_answer(struct tern_coap_server *server, struct tern_coap_entry *entry, uint8_t code,
                   struct tern_bytes text)
{
    struct tern_writer out;
    struct tern_coap_builder builder = begin(server, entry, &out, code);
    put_block1(server, entry, &builder, code);
    if (code == TERN_COAP_TOO_LARGE) {
        tern_coap_put_uint(&builder, TERN_COAP_SIZE1, (uint32_t)server->body_capacity);
    }
    if (code == TERN_COAP_UNAUTHORIZED && server->echo.data != NULL) {
        tern_coap_put(&builder, TERN_COAP_ECHO, server->echo);
    }
    tern_coap_put_payload(&builder, text);
    finish(entry, &out);
}

void server_answer_block(struct tern_coap_server *server, struct tern_coap_entry *entry,
                         uint32_t number)
{
    uint8_t szx = entry->block2.szx < server->szx_max ? entry->block2.szx : server->szx_max;
    size_t block_size = (size_t)16 << szx;
    struct tern_bytes body = server->response;
    size_t offset = (size_t)number << (szx + 4);
    bool blockwise = body.size > block_size && server->etag_size > 0;
    if (number > 0 && (!blockwise || offset >= body.size)) {
        server_answer(server, entry, TERN_COAP_BAD_REQUEST, TERN_BYTES_TEXT("no such block"));
        return;
    }
    struct tern_writer out;
    struct tern_coap_builder builder = begin(server, entry, &out, server->response_code);
    if (blockwise) {
        tern_coap_put(&builder, TERN_COAP_ETAG, tern_bytes(server->etag, server->etag_size));
    }
    if (server->response_format != TERN_COAP_FORMAT_NONE) { /* in every block: libcoap compares */
        tern_coap_put_uint(&builder, TERN_COAP_CONTENT_FORMAT, server->response_format);
    }
    if (server->response_max_age_s != 60 && number == 0) {
        tern_coap_put_uint(&builder, TERN_COAP_MAX_AGE, server->response_max_age_s);
    }
    struct tern_bytes payload = tern_bytes_slice(body, offset, block_size);
    if (blockwise) {
        struct tern_coap_block block = {number, offset + block_size < body.size, szx};
        tern_coap_put_block(&builder, TERN_COAP_BLOCK2, block);
    }
    put_block1(server, entry, &builder, server->response_code);
    if (blockwise && number == 0) {
        tern_coap_put_uint(&builder, TERN_COAP_SIZE2, (uint32_t)body.size);
    }
    if (server->response_nothing_waits && number == 0) {
        tern_coap_put(&builder, TERN_COAP_NOTHING_WAITS, TERN_BYTES_TEXT(""));
    }
    if (server->response_certificate_size > 0 && number == 0) {
        tern_coap_put(&builder, TERN_COAP_CERTIFICATE,
                      tern_bytes(server->response_certificate, server->response_certificate_size));
    }
    tern_coap_put_payload(&builder, payload);
    finish(entry, &out);
}

static void set_response(struct tern_coap_server *server, const struct tern_coap_response *response)
{
    server->response = response->body;
    server->response_code = response->code;
    server->response_format = response->content_format;
    server->response_max_age_s = response->max_age_s;
    server->response_nothing_waits = response->nothing_waits;
    server->response_certificate_size = 0;
    if (response->certificate.size > 0 &&
        response->certificate.size <= sizeof(server->response_certificate)) {
        memcpy(server->response_certificate, response->certificate.data,
               response->certificate.size);
        server->response_certificate_size = (uint8_t)response->certificate.size;
    }
    server->etag_size =
        (uint8_t)(response->etag.size < TERN_COAP_ETAG_SIZE_MAX ? response->etag.size
                                                                : TERN_COAP_ETAG_SIZE_MAX);
    if (server->etag_size > 0) {
        memcpy(server->etag, response->etag.data, server->etag_size);
    }
}

void tern_coap_server_reply(struct tern_coap_server *server, uint8_t index,
                            const struct tern_coap_response *response, uint64_t now_ms)
{
    (void)now_ms;
    TERN_ASSERT(index < server->entry_count);
    struct tern_coap_entry *entry = &server->entries[index];
    if (entry->state != ENTRY_PROCESSING) {
        return;
    }
    set_response(server, response);
    server_answer_block(server, entry, 0);
}

void tern_coap_server_offer(struct tern_coap_server *server,
                            const struct tern_coap_response *response, uint64_t now_ms)
{
    (void)now_ms;
    struct tern_coap_entry *entry = &server->entries[server->wanted];
    if (entry->state == ENTRY_PROCESSING) {
        set_response(server, response);
        server_answer_block(server, entry, entry->block2.number);
    }
}

void tern_coap_server_no_body(struct tern_coap_server *server, uint64_t now_ms)
{
    (void)now_ms;
    struct tern_coap_entry *entry = &server->entries[server->wanted];
    if (entry->state == ENTRY_PROCESSING) {
        server->etag_size = 0;
        server->response = TERN_BYTES_NONE;
        server_answer(server, entry, TERN_COAP_INCOMPLETE, TERN_BYTES_NONE);
    }
}

static uint32_t first_timeout(struct tern_coap_server *server)
{
    uint32_t *state = &server->random;
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    uint32_t range = server->timing->ack_random_ms;
    return server->timing->ack_timeout_ms + (range == 0 ? 0 : *state % range);
}

/* What this entry sends now, if anything: true with its datagram in `out`. */
static bool entry_due(struct tern_coap_server *server, struct tern_coap_entry *entry,
                      struct tern_writer *out, uint64_t now_ms)
{
    if (entry->state == ENTRY_PROCESSING && !entry->non && !entry->acked &&
        now_ms >= entry->due_ms) {
        entry->acked = true;
        tern_coap_build(out, TERN_COAP_ACK, TERN_COAP_EMPTY, entry->id, TERN_BYTES_NONE);
        return true;
    }
    bool again = entry->state == ENTRY_CONFIRM && now_ms >= entry->due_ms;
    if (again && entry->retransmits == server->timing->retransmit_max) {
        entry->state = ENTRY_ANSWERED; /* nobody takes it; a repeated request still gets it */
        return false;
    }
    if (entry->state != ENTRY_SEND && !again) {
        return false;
    }
    struct tern_writer kept = entry_writer(server, entry);
    tern_write(out, tern_bytes(kept.data, entry->size));
    if (entry->acked && !entry->non) {
        entry->timeout_ms = again ? entry->timeout_ms * 2 : first_timeout(server);
        entry->retransmits = (uint8_t)(entry->retransmits + (again ? 1 : 0));
        entry->due_ms = now_ms + entry->timeout_ms;
        entry->state = ENTRY_CONFIRM;
    } else {
        entry->state = ENTRY_ANSWERED;
    }
    entry->ends_ms = now_ms + server->timing->exchange_lifetime_ms;
    return true;
}

int tern_coap_server_send(struct tern_coap_server *server, struct tern_writer *out, uint64_t now_ms)
{
    if (server->answer_count > 0) {
        server->answer_count--;
        tern_coap_build(out, (enum tern_coap_type)server->answers[server->answer_count].type,
                        TERN_COAP_EMPTY, server->answers[server->answer_count].id, TERN_BYTES_NONE);
        return 1;
    }
    for (size_t i = 0; i < server->entry_count; i++) {
        if (entry_due(server, &server->entries[i], out, now_ms)) {
            return 1;
        }
    }
    return 0;
}

uint64_t tern_coap_server_due_ms(const struct tern_coap_server *server)
{
    uint64_t due_ms = server->answer_count > 0 ? 0 : UINT64_MAX;
    for (size_t i = 0; i < server->entry_count; i++) {
        const struct tern_coap_entry *entry = &server->entries[i];
        bool timed = entry->state == ENTRY_CONFIRM ||
                     (entry->state == ENTRY_PROCESSING && !entry->non && !entry->acked);
        uint64_t entry_ms = entry->state == ENTRY_SEND ? 0 : timed ? entry->due_ms : UINT64_MAX;
        due_ms = entry_ms < due_ms ? entry_ms : due_ms;
    }
    return due_ms;
}
