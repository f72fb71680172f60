/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CoAP server of one peer receives: repetitions are recognised, bodies put together,
 * blocks of a response looked up. RFC 7252, 4.5 and 5.4; RFC 7959, 2.5; RFC 9175, 2 and 3.
 */
#include "core/coap/server.h"

#include <string.h>

int tern_coap_server_init(struct tern_coap_server *server, const struct tern_coap_timing *timing,
                          uint8_t *memory, size_t memory_size, uint8_t entry_count, uint8_t szx,
                          struct tern_bytes echo, uint64_t random)
{
    if (entry_count < 1 || entry_count > TERN_COAP_SERVER_ENTRIES_MAX || szx > 6 ||
        echo.size > TERN_COAP_ECHO_SIZE_MAX) {
        return TERN_ERR_RANGE;
    }
    if (memory_size < TERN_COAP_SERVER_MEMORY(entry_count, (size_t)16 << szx)) {
        return TERN_ERR_NO_SPACE;
    }
    memset(server, 0, sizeof(*server));
    server->timing = timing;
    server->memory = memory;
    server->entry_count = entry_count;
    server->szx_max = szx;
    server->body = memory + (size_t)entry_count * TERN_COAP_DATAGRAM_MAX;
    server->body_capacity = memory_size - (size_t)entry_count * TERN_COAP_DATAGRAM_MAX;
    server->next_id = (uint16_t)random;
    server->random = (uint32_t)(random >> 32) | 1;
    server->echo = echo;
    return TERN_OK;
}

/* ---- entries ---- */

static struct tern_coap_entry *find_entry(struct tern_coap_server *server, uint16_t id,
                                          uint64_t now_ms)
{
    for (size_t i = 0; i < server->entry_count; i++) {
        struct tern_coap_entry *entry = &server->entries[i];
        if (entry->state == ENTRY_ANSWERED && now_ms >= entry->ends_ms) {
            entry->state = ENTRY_FREE;
        }
        if (entry->state != ENTRY_FREE && entry->id == id) {
            return entry;
        }
    }
    return NULL;
}

/* A free entry, or the one answered longest ago; NULL when all are busy. */
static struct tern_coap_entry *new_entry(struct tern_coap_server *server)
{
    struct tern_coap_entry *oldest = NULL;
    for (size_t i = 0; i < server->entry_count; i++) {
        struct tern_coap_entry *entry = &server->entries[i];
        if (entry->state == ENTRY_FREE) {
            return entry;
        }
        if (entry->state == ENTRY_ANSWERED &&
            (oldest == NULL || entry->ends_ms < oldest->ends_ms)) {
            oldest = entry;
        }
    }
    return oldest;
}

static void take_repetition(struct tern_coap_server *server, struct tern_coap_entry *entry)
{
    if (entry->state == ENTRY_PROCESSING && entry->acked) {
        server_queue(server, TERN_COAP_ACK, entry->id);
    } else if (entry->state == ENTRY_ANSWERED && !entry->acked) {
        entry->state = ENTRY_SEND;
    } else if (entry->state == ENTRY_ANSWERED || entry->state == ENTRY_CONFIRM) {
        server_queue(server, TERN_COAP_ACK, entry->id);
    }
}

/* ---- requests ---- */

static const uint16_t KNOWN_CRITICAL[] = {
    TERN_COAP_URI_HOST, TERN_COAP_URI_PORT, TERN_COAP_URI_PATH, TERN_COAP_URI_QUERY,
    TERN_COAP_ACCEPT,   TERN_COAP_BLOCK1,   TERN_COAP_BLOCK2};

/* Path and query as text, and whether an option forbids going on: the code to refuse with, or 0. */
static uint8_t read_options(struct tern_coap_server *server,
                            const struct tern_coap_message *message,
                            struct tern_coap_incoming *incoming, struct tern_writer *path)
{
    struct tern_coap_walk walk = {.rest = message->options};
    size_t query = 0;
    while (tern_coap_next_option(&walk) == 1) {
        bool known = (walk.number & 1) == 0;
        for (size_t i = 0; i < TERN_COUNT_OF(KNOWN_CRITICAL); i++) {
            known = known || walk.number == KNOWN_CRITICAL[i];
        }
        if (!known) {
            return walk.number == TERN_COAP_PROXY_URI || walk.number == TERN_COAP_PROXY_SCHEME
                       ? 0xA5
                       : TERN_COAP_BAD_OPTION;
        }
        if (walk.number == TERN_COAP_URI_PATH) {
            tern_write_byte(path, '/');
            tern_write(path, walk.value);
        } else if (walk.number == TERN_COAP_URI_QUERY) {
            query = query == 0 ? path->size : query;
            tern_write_byte(path, '&');
            tern_write(path, walk.value);
        }
    }
    if (tern_writer_status(path) != TERN_OK) {
        return TERN_COAP_NOT_FOUND;
    }
    size_t path_end = query == 0 ? path->size : query;
    incoming->path = tern_bytes(server->path, path_end);
    incoming->query = query == 0 ? tern_bytes(server->path, 0)
                                 : tern_bytes(server->path + query + 1, path->size - query - 1);
    incoming->method = message->code;
    incoming->certificates_held = tern_coap_find_option(message, TERN_COAP_CERTIFICATES_HELD);
    incoming->content_format =
        tern_coap_option_uint(message, TERN_COAP_CONTENT_FORMAT, TERN_COAP_FORMAT_NONE);
    return 0;
}

/* What must be equal in all blocks of one body: method and Request-Tag; the path is compared
 * apart. RFC 9175, 3. */
static void body_key(uint8_t key[16], const struct tern_coap_message *message)
{
    struct tern_bytes tag = tern_coap_find_option(message, TERN_COAP_REQUEST_TAG);
    memset(key, 0, 16);
    key[0] = message->code;
    key[1] = tag.data == NULL ? 0xFF : (uint8_t)tag.size;
    if (tag.size > 0) {
        memcpy(key + 2, tag.data, tag.size < 8 ? tag.size : 8);
    }
}

/*
 * One block of a request body. 0 when the body is whole, else the code to answer with. Blocks come
 * in order; one that was taken before is acknowledged again.
 */
static uint8_t gather(struct tern_coap_server *server, const struct tern_coap_message *message,
                      struct tern_bytes path, struct tern_bytes path_before,
                      struct tern_coap_block block, uint64_t now_ms)
{
    uint8_t key[16];
    size_t offset = (size_t)block.number << (block.szx + 4);
    body_key(key, message);
    if (block.number == 0) {
        server->gathering = true;
        server->body_size = 0;
        memcpy(server->body_key, key, sizeof(key));
    } else if (!server->gathering || now_ms >= server->body_ends_ms ||
               memcmp(server->body_key, key, sizeof(key)) != 0 ||
               !tern_bytes_equal(path, path_before) || offset > server->body_size) {
        return TERN_COAP_INCOMPLETE;
    }
    if (block.more && message->payload.size != (size_t)16 << block.szx) {
        return TERN_COAP_BAD_REQUEST;
    }
    if (offset < server->body_size) {
        return block.more ? TERN_COAP_CONTINUE : TERN_COAP_INCOMPLETE;
    }
    if (message->payload.size > server->body_capacity - server->body_size) {
        server->gathering = false;
        return TERN_COAP_TOO_LARGE;
    }
    if (message->payload.size > 0) {
        memcpy(server->body + server->body_size, message->payload.data, message->payload.size);
    }
    server->body_size += message->payload.size;
    server->body_ends_ms = now_ms + server->timing->exchange_lifetime_ms;
    server->gathering = block.more;
    return block.more ? TERN_COAP_CONTINUE : 0;
}

/* A request for a further block of a response, or to go on with one after a lost link. */
static enum tern_coap_server_event take_block_request(struct tern_coap_server *server,
                                                      const struct tern_coap_message *message,
                                                      struct tern_coap_entry *entry)
{
    struct tern_bytes etag = tern_coap_find_option(message, TERN_COAP_ETAG);
    bool have = server->response.data != NULL && server->etag_size > 0;
    if (etag.size > TERN_COAP_ETAG_SIZE_MAX) {
        server_answer(server, entry, TERN_COAP_BAD_OPTION, TERN_BYTES_NONE);
        return TERN_COAP_NOTHING;
    }
    if (have &&
        (etag.size == 0 || tern_bytes_equal(etag, tern_bytes(server->etag, server->etag_size)))) {
        server_answer_block(server, entry, entry->block2.number);
        return TERN_COAP_NOTHING;
    }
    if (etag.size == 0) {
        server_answer(server, entry, TERN_COAP_INCOMPLETE, TERN_BYTES_NONE);
        return TERN_COAP_NOTHING;
    }
    memcpy(server->etag, etag.data, etag.size);
    server->etag_size = (uint8_t)etag.size;
    server->response = TERN_BYTES_NONE;
    server->wanted = (uint8_t)(entry - server->entries);
    return TERN_COAP_BODY_WANTED;
}

static bool echo_is_missing(struct tern_coap_server *server,
                            const struct tern_coap_message *message)
{
    if (server->echo.data == NULL || server->echo_seen) {
        return false;
    }
    struct tern_bytes echo = tern_coap_find_option(message, TERN_COAP_ECHO);
    server->echo_seen = echo.size == server->echo.size &&
                        tern_constant_time_equal(echo.data, server->echo.data, echo.size);
    return !server->echo_seen;
}

/* The block options of the request into its entry. False when one makes no sense. */
static bool read_blocks(struct tern_coap_entry *entry, const struct tern_coap_message *message,
                        int *block2)
{
    int block1 = tern_coap_get_block(&entry->block1, message, TERN_COAP_BLOCK1);
    *block2 = tern_coap_get_block(&entry->block2, message, TERN_COAP_BLOCK2);
    entry->has_block1 = block1 == 1;
    if (*block2 == 0) {
        entry->block2.szx = 6;
    }
    return block1 >= 0 && *block2 >= 0;
}

static enum tern_coap_server_event take_request(struct tern_coap_server *server,
                                                struct tern_coap_incoming *incoming,
                                                const struct tern_coap_message *message,
                                                struct tern_coap_entry *entry, uint64_t now_ms)
{
    uint8_t before[TERN_COAP_PATH_SIZE_MAX];
    struct tern_bytes path_before = tern_bytes(before, server->path_size);
    memcpy(before, server->path, sizeof(before));
    struct tern_writer path = TERN_WRITER_OF(server->path);
    uint8_t refusal = read_options(server, message, incoming, &path);
    server->path_size = (uint8_t)tern_writer_bytes(&path).size;
    int block2 = 0;
    if (refusal == 0 && !read_blocks(entry, message, &block2)) {
        refusal = TERN_COAP_BAD_REQUEST;
    }
    if (refusal == 0 && echo_is_missing(server, message)) {
        refusal = TERN_COAP_UNAUTHORIZED;
    }
    if (refusal != 0) {
        server_answer(server, entry, refusal, TERN_BYTES_NONE);
        return TERN_COAP_NOTHING;
    }
    bool resumes =
        tern_coap_find_option(message, TERN_COAP_ETAG).size > 0 && message->code != TERN_COAP_GET;
    if (block2 == 1 && !entry->has_block1 && message->payload.data == NULL &&
        (entry->block2.number > 0 || resumes)) {
        return take_block_request(server, message, entry);
    }
    struct tern_coap_block whole = {0, false, 6};
    uint8_t code = gather(server, message, tern_bytes(server->path, server->path_size), path_before,
                          entry->has_block1 ? entry->block1 : whole, now_ms);
    if (code != 0) {
        server_answer(server, entry, code, TERN_BYTES_NONE);
        return TERN_COAP_NOTHING;
    }
    incoming->body = tern_bytes(server->body, server->body_size);
    incoming->entry = (uint8_t)(entry - server->entries);
    return TERN_COAP_REQUEST;
}

static void take_empty(struct tern_coap_server *server, const struct tern_coap_message *message)
{
    if (message->type == TERN_COAP_CON) {
        server_queue(server, TERN_COAP_RST, message->id); /* a ping */
        return;
    }
    for (size_t i = 0; i < server->entry_count; i++) {
        struct tern_coap_entry *entry = &server->entries[i];
        if (entry->state == ENTRY_CONFIRM && entry->response_id == message->id) {
            entry->state = ENTRY_ANSWERED;
        }
    }
}

enum tern_coap_server_event tern_coap_server_receive(struct tern_coap_server *server,
                                                     struct tern_coap_incoming *incoming,
                                                     struct tern_bytes datagram, uint64_t now_ms)
{
    struct tern_coap_message message;
    int status = tern_coap_parse(&message, datagram);
    unsigned class = TERN_COAP_CLASS(message.code);
    *incoming = (struct tern_coap_incoming){0};
    if (status == TERN_OK && message.code == TERN_COAP_EMPTY) {
        take_empty(server, &message);
        return TERN_COAP_NOTHING;
    }
    if (status != TERN_OK || class != 0 || message.type > TERN_COAP_NON) {
        if (status != TERN_ERR_UNSUPPORTED && datagram.size >= 4 && message.type == TERN_COAP_CON) {
            server_queue(server, TERN_COAP_RST, message.id);
        }
        return TERN_COAP_NOTHING;
    }
    struct tern_coap_entry *entry = find_entry(server, message.id, now_ms);
    if (entry != NULL) {
        take_repetition(server, entry);
        return TERN_COAP_NOTHING;
    }
    entry = new_entry(server);
    if (entry == NULL) {
        return TERN_COAP_NOTHING; /* all busy: the client will say it again */
    }
    *entry = (struct tern_coap_entry){
        .state = ENTRY_PROCESSING,
        .non = message.type == TERN_COAP_NON,
        .id = message.id,
        .token_size = (uint8_t)message.token.size,
        .due_ms = now_ms + server->timing->separate_ms,
        .ends_ms = now_ms + server->timing->exchange_lifetime_ms,
    };
    if (message.token.size > 0) {
        memcpy(entry->token, message.token.data, message.token.size);
    }
    return take_request(server, incoming, &message, entry, now_ms);
}
