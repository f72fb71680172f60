/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side to the network: requests are composed, sent and sent again; responses find
 * their request and move the exchange on. RFC 7252, 4 and 5.3; RFC 7959, 2 and 3; RFC 9175, 2.3.
 *
 * A retransmission is composed again from the same state and gives the same bytes.
 */
#include <string.h>

#include "core/coap/client.h"

/* xorshift: jitter need not be unpredictable. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static size_t token_bytes(uint8_t out[4], uint32_t token)
{
    struct tern_writer writer = tern_writer(out, 4);
    size_t size = token < 0x100 ? 1 : token < 0x10000 ? 2 : token < 0x1000000 ? 3 : 4;
    tern_write_uint(&writer, token, size);
    return size;
}

/* ---- out ---- */

struct upload_block {
    struct tern_coap_block block;
    struct tern_bytes payload;
    bool used; /* the option is there */
};

static struct upload_block upload_block(const struct tern_coap_client *client)
{
    size_t size = (size_t)16 << client->up_szx;
    size_t left = (size_t)(client->up_size - client->up_acked);
    struct upload_block up = {
        .payload = tern_bytes(client->memory + client->up_acked, left < size ? left : size)};
    up.block.number = (client->up_offset + client->up_acked) >> (client->up_szx + 4);
    up.block.more = !client->up_last || left > size;
    up.block.szx = client->up_szx;
    up.used = up.block.number > 0 || up.block.more;
    return up;
}

static void compose(const struct tern_coap_client *client, const struct tern_coap_slot *slot,
                    struct tern_writer *out)
{
    uint8_t token[4];
    size_t token_size = token_bytes(token, slot->token);
    bool uploading = !client->head_known;
    struct upload_block up = uploading ? upload_block(client) : (struct upload_block){0};
    const struct tern_coap_request *request = &client->request;
    struct tern_coap_builder builder = tern_coap_build(out, TERN_COAP_CON, request->method,
                                                       slot->id, tern_bytes(token, token_size));
    if (request->host.size > 0) {
        tern_coap_put(&builder, TERN_COAP_URI_HOST, request->host);
    }
    if (client->resumed) {
        tern_coap_put(&builder, TERN_COAP_ETAG, tern_bytes(client->etag, client->etag_size));
    }
    tern_coap_put_path(&builder, request->path);
    if (request->content_format != TERN_COAP_FORMAT_NONE) { /* equal in all requests of a body */
        tern_coap_put_uint(&builder, TERN_COAP_CONTENT_FORMAT, request->content_format);
    }
    if (request->accept != TERN_COAP_FORMAT_NONE) {
        tern_coap_put_uint(&builder, TERN_COAP_ACCEPT, request->accept);
    }
    if (!uploading) {
        struct tern_coap_block wanted = {slot->number, false, client->down_szx};
        tern_coap_put_block(&builder, TERN_COAP_BLOCK2, wanted);
    } else if (client->szx_max < 6 && !up.block.more) {
        /* Said before the answer: blocks of ours, not larger. */
        struct tern_coap_block wanted = {0, false, client->szx_max};
        tern_coap_put_block(&builder, TERN_COAP_BLOCK2, wanted);
    }
    if (up.used) {
        tern_coap_put_block(&builder, TERN_COAP_BLOCK1, up.block);
        if (up.block.number == 0 && request->total_size > 0) {
            tern_coap_put_uint(&builder, TERN_COAP_SIZE1, request->total_size);
        }
    }
    if (client->echo_size > 0) {
        tern_coap_put(&builder, TERN_COAP_ECHO, tern_bytes(client->echo, client->echo_size));
    }
    if ((up.used || !uploading) && client->request_tag != 0) {
        tern_coap_put(&builder, TERN_COAP_REQUEST_TAG, tern_bytes(&client->request_tag, 1));
    }
    if (uploading && !up.block.more && request->certificates_held.data != NULL) {
        tern_coap_put(&builder, TERN_COAP_CERTIFICATES_HELD, request->certificates_held);
    }
    tern_coap_put_payload(&builder, up.payload);
}

/* True when this slot has a datagram for now; moves its timer on. */
static bool slot_due(struct tern_coap_client *client, struct tern_coap_slot *slot, uint64_t now_ms)
{
    const struct tern_coap_timing *timing = client->timing;
    if (slot->state == SLOT_READY) {
        uint32_t jitter =
            timing->ack_random_ms == 0 ? 0 : next_random(&client->random) % timing->ack_random_ms;
        slot->timeout_ms = timing->ack_timeout_ms + jitter;
        slot->state = SLOT_SENT;
    } else if (slot->state == SLOT_SENT && now_ms >= slot->due_ms) {
        if (slot->retransmits == timing->retransmit_max) {
            client_fail(client, TERN_ERR_TIMEOUT);
            return false;
        }
        slot->retransmits++;
        slot->timeout_ms *= 2;
        client->retransmissions++;
    } else {
        if (slot->state == SLOT_ACKED && now_ms >= slot->due_ms) {
            client_fail(client, TERN_ERR_TIMEOUT);
        }
        return false;
    }
    slot->due_ms = now_ms + slot->timeout_ms;
    return true;
}

static bool in_progress(const struct tern_coap_client *client)
{
    return client->phase == TERN_COAP_SENDING || client->phase == TERN_COAP_WAITING ||
           client->phase == TERN_COAP_RECEIVING;
}

int tern_coap_client_send(struct tern_coap_client *client, struct tern_writer *out, uint64_t now_ms)
{
    if (client->answer_count > 0) {
        client->answer_count--;
        tern_coap_build(out, (enum tern_coap_type)client->answers[client->answer_count].type,
                        TERN_COAP_EMPTY, client->answers[client->answer_count].id, TERN_BYTES_NONE);
        return 1;
    }
    client_plan(client);
    /* In the order of block numbers, which is not that of the slots. */
    for (uint32_t i = 0; in_progress(client) && i < client->window; i++) {
        struct tern_coap_slot *slot = &client->slots[(client->read_number + i) % client->window];
        if (slot_due(client, slot, now_ms)) {
            compose(client, slot, out);
            return 1;
        }
    }
    return 0;
}

uint64_t tern_coap_client_due_ms(const struct tern_coap_client *client)
{
    uint64_t due_ms = client->answer_count > 0 ? 0 : UINT64_MAX;
    for (size_t i = 0; in_progress(client) && i < client->window; i++) {
        const struct tern_coap_slot *slot = &client->slots[i];
        uint64_t slot_ms = slot->state == SLOT_READY ? 0 : slot->due_ms;
        if (slot->state != SLOT_FREE && slot->state != SLOT_FULL && slot_ms < due_ms) {
            due_ms = slot_ms;
        }
    }
    return due_ms;
}

/* ---- in ---- */

static void answer(struct tern_coap_client *client, enum tern_coap_type type, uint16_t id)
{
    if (client->answer_count < TERN_COUNT_OF(client->answers)) {
        client->answers[client->answer_count].type = (uint8_t)type;
        client->answers[client->answer_count++].id = id;
    }
}

static struct tern_coap_slot *find_slot(struct tern_coap_client *client,
                                        const struct tern_coap_message *message)
{
    for (size_t i = 0; i < client->window; i++) {
        struct tern_coap_slot *slot = &client->slots[i];
        uint8_t token[4];
        size_t size = token_bytes(token, slot->token);
        if ((slot->state == SLOT_SENT || slot->state == SLOT_ACKED) &&
            tern_bytes_equal(message->token, tern_bytes(token, size)) &&
            (message->type != TERN_COAP_ACK || message->id == slot->id)) {
            return slot;
        }
    }
    return NULL;
}

/* A critical option that we do not know makes a response useless (RFC 7252, 5.4.1). */
static bool has_unknown_critical(const struct tern_coap_message *message)
{
    struct tern_coap_walk walk = {.rest = message->options};
    while (tern_coap_next_option(&walk) == 1) {
        if ((walk.number & 1) != 0 && walk.number != TERN_COAP_BLOCK1 &&
            walk.number != TERN_COAP_BLOCK2) {
            return true;
        }
    }
    return false;
}

/* 4.01 with Echo: the same request again, with it, twice at most. RFC 9175, 2.3. */
static bool took_echo(struct tern_coap_client *client, struct tern_coap_slot *slot,
                      const struct tern_coap_message *message)
{
    struct tern_bytes echo = tern_coap_find_option(message, TERN_COAP_ECHO);
    if (message->code != TERN_COAP_UNAUTHORIZED || echo.size == 0 ||
        echo.size > TERN_COAP_ECHO_SIZE_MAX || client->echo_used) {
        return false;
    }
    client->echo_used = client->echo_size > 0;
    memcpy(client->echo, echo.data, echo.size);
    client->echo_size = (uint8_t)echo.size;
    slot_ready(client, slot, slot->number);
    return true;
}

/* The response to a block that is not the last, or that wants the upload in smaller blocks. */
static bool went_on_uploading(struct tern_coap_client *client, struct tern_coap_slot *slot,
                              const struct tern_coap_message *message)
{
    struct upload_block up = upload_block(client);
    struct tern_coap_block block;
    int present = tern_coap_get_block(&block, message, TERN_COAP_BLOCK1);
    if (message->code == TERN_COAP_TOO_LARGE && present == 1 && up.block.number == 0 &&
        block.szx < client->up_szx) {
        client->up_szx = block.szx;
        client->phase = TERN_COAP_SENDING;
        slot_ready(client, slot, 0);
        return true;
    }
    bool taken = message->code == TERN_COAP_CONTINUE ||
                 (TERN_COAP_CLASS(message->code) == 2 && present == 1);
    if (!up.block.more || !taken) {
        return false;
    }
    if (present != 1 || block.number != up.block.number) {
        client_fail(client, TERN_ERR_MALFORMED);
        return true;
    }
    client->up_acked = (uint16_t)(client->up_acked + up.payload.size);
    client->up_szx = block.szx < client->up_szx ? block.szx : client->up_szx;
    if (client->up_acked < client->up_size) {
        slot_ready(client, slot, 0);
        return true;
    }
    client->up_offset += client->up_size;
    client->up_size = client->up_acked = 0;
    slot->state = SLOT_FREE; /* the writer may fill the next one */
    return true;
}

/* The first block of the response says what it is. */
static int take_head(struct tern_coap_client *client, const struct tern_coap_message *message,
                     int present, const struct tern_coap_block *block)
{
    struct tern_bytes etag = tern_coap_find_option(message, TERN_COAP_ETAG);
    client->code = message->code;
    client->content_format =
        tern_coap_option_uint(message, TERN_COAP_CONTENT_FORMAT, TERN_COAP_FORMAT_NONE);
    client->max_age_s = tern_coap_option_uint(message, TERN_COAP_MAX_AGE, 60);
    client->nothing_waits = tern_coap_find_option(message, TERN_COAP_NOTHING_WAITS).data != NULL;
    struct tern_bytes certificate = tern_coap_find_option(message, TERN_COAP_CERTIFICATE);
    if (certificate.size > 0 && certificate.size <= sizeof(client->certificate)) {
        memcpy(client->certificate, certificate.data, certificate.size);
        client->certificate_size = (uint8_t)certificate.size;
    }
    client->phase = TERN_COAP_RECEIVING;
    client->head_known = true;
    if (present != 1) {
        return TERN_OK;
    }
    if (block->number != 0 || block->szx > client->szx_max || etag.size > sizeof(client->etag)) {
        return TERN_ERR_MALFORMED;
    }
    client->down_szx = block->szx;
    client->etag_size = (uint8_t)etag.size;
    if (etag.size > 0) {
        memcpy(client->etag, etag.data, etag.size);
    }
    uint32_t size = tern_coap_option_uint(message, TERN_COAP_SIZE2, 0);
    client->last_known = size > 0;
    client->last_number = size == 0 ? 0 : (size - 1) >> (block->szx + 4);
    return TERN_OK;
}

/* RFC 7959, 2.4: every block belongs to the same representation and has its full size. */
static int take_block(struct tern_coap_client *client, struct tern_coap_slot *slot,
                      const struct tern_coap_message *message)
{
    struct tern_coap_block block;
    int present = tern_coap_get_block(&block, message, TERN_COAP_BLOCK2);
    bool first = !client->head_known;
    int status = present < 0 ? present : TERN_OK;
    if (status == TERN_OK && first) {
        status = take_head(client, message, present, &block);
        slot->number = 0;
    } else if (status == TERN_OK) {
        struct tern_bytes etag = tern_coap_find_option(message, TERN_COAP_ETAG);
        if (message->code != client->code || present != 1 ||
            !tern_bytes_equal(etag, tern_bytes(client->etag, client->etag_size))) {
            return TERN_ERR_CONFLICT; /* gone, or another body */
        }
        status = block.number == slot->number && block.szx == client->down_szx ? TERN_OK
                                                                               : TERN_ERR_MALFORMED;
    }
    size_t full = present == 1 ? (size_t)16 << block.szx : client->block_size;
    if (status == TERN_OK &&
        (message->payload.size > full || (block.more && message->payload.size != full))) {
        status = TERN_ERR_MALFORMED;
    }
    if (status != TERN_OK) {
        return status;
    }
    if (!block.more) {
        client->last_known = true;
        client->last_number = slot->number;
    } else if (client->last_known && slot->number >= client->last_number) {
        client->last_known = false; /* Size2 was only an estimate */
    }
    client_keep_block(client, slot, message->payload, block.more);
    return TERN_OK;
}

static void take_response(struct tern_coap_client *client, const struct tern_coap_message *message)
{
    struct tern_coap_slot *slot = find_slot(client, message);
    if (message->type == TERN_COAP_CON) {
        bool known = slot != NULL;
        for (size_t i = 0; i < TERN_COUNT_OF(client->recent); i++) {
            known = known || client->recent[i] == message->id;
        }
        answer(client, known ? TERN_COAP_ACK : TERN_COAP_RST, message->id);
    }
    if (message->type == TERN_COAP_CON && slot != NULL) {
        client->recent[client->recent_next] = message->id;
        client->recent_next = (uint8_t)((client->recent_next + 1) % 4);
    }
    if (slot == NULL || has_unknown_critical(message) || took_echo(client, slot, message)) {
        return;
    }
    if (!client->head_known && went_on_uploading(client, slot, message)) {
        return;
    }
    int status = take_block(client, slot, message);
    if (status != TERN_OK) {
        client_fail(client, status);
    }
}

static void take_empty(struct tern_coap_client *client, const struct tern_coap_message *message,
                       uint64_t now_ms)
{
    if (message->type == TERN_COAP_CON) {
        answer(client, TERN_COAP_RST, message->id); /* a ping */
    }
    for (size_t i = 0; i < client->window; i++) {
        struct tern_coap_slot *slot = &client->slots[i];
        if (slot->state != SLOT_SENT || slot->id != message->id) {
            continue;
        }
        if (message->type == TERN_COAP_ACK) {
            slot->state = SLOT_ACKED;
            slot->due_ms = now_ms + client->timing->response_wait_ms;
        } else if (message->type == TERN_COAP_RST) {
            client_fail(client, TERN_ERR_IO);
        }
    }
}

void tern_coap_client_receive(struct tern_coap_client *client, struct tern_bytes datagram,
                              uint64_t now_ms)
{
    struct tern_coap_message message;
    int status = tern_coap_parse(&message, datagram);
    if (status != TERN_OK) {
        if (status != TERN_ERR_UNSUPPORTED && datagram.size >= 4 && message.type == TERN_COAP_CON) {
            answer(client, TERN_COAP_RST, message.id);
        }
        return;
    }
    unsigned class = TERN_COAP_CLASS(message.code);
    if (message.code == TERN_COAP_EMPTY) {
        take_empty(client, &message, now_ms);
    } else if (class == 2 || class == 4 || class == 5) {
        if (message.type != TERN_COAP_RST) {
            take_response(client, &message);
        }
    } else if (message.type == TERN_COAP_CON) {
        answer(client, TERN_COAP_RST, message.id);
    }
}
