/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's way in: an exchange begins, its bodies are written and read. See tern/coap.h.
 *
 * The upload keeps one block until the peer has it, cut again when the peer wants smaller ones.
 * The download keeps a window of blocks: block n lives in slot n % window, whether it is asked for,
 * or has come and waits for the reader. A slot that the reader has emptied asks for the block one
 * window further on, so that blocks are in flight while the card writes.
 */
#include "core/coap/client.h"

#include <string.h>

int tern_coap_client_init(struct tern_coap_client *client, const struct tern_coap_timing *timing,
                          uint8_t *memory, size_t memory_size, uint8_t szx, uint8_t window,
                          uint64_t random)
{
    if (szx > 6 || window < 1 || window > TERN_COAP_WINDOW_MAX) {
        return TERN_ERR_RANGE;
    }
    if (memory_size < TERN_COAP_CLIENT_MEMORY((size_t)16 << szx, window)) {
        return TERN_ERR_NO_SPACE;
    }
    memset(client, 0, sizeof(*client));
    client->timing = timing;
    client->memory = memory;
    client->block_size = (uint16_t)(16u << szx);
    client->window = window;
    client->szx_max = szx;
    client->next_id = (uint16_t)random;
    client->next_token = (uint32_t)(random >> 16) & 0x3F;
    client->random = (uint32_t)(random >> 32) | 1;
    return TERN_OK;
}

void tern_coap_client_begin(struct tern_coap_client *client,
                            const struct tern_coap_request *request)
{
    bool broke_off = client->phase == TERN_COAP_SENDING || client->phase == TERN_COAP_WAITING ||
                     (client->phase == TERN_COAP_FAILED && !client->head_known);
    if (broke_off) {
        client->request_tag = (uint8_t)(client->request_tag % 255 + 1);
    }
    client->request = *request;
    client->phase = TERN_COAP_SENDING;
    client->error = TERN_OK;
    client->code = 0;
    client->content_format = TERN_COAP_FORMAT_NONE;
    client->max_age_s = 60;
    client->nothing_waits = false;
    client->certificate_size = 0;
    client->up_size = client->up_acked = 0;
    client->up_offset = 0;
    client->up_last = false;
    client->up_szx = client->szx_max;
    client->down_szx = client->szx_max;
    client->etag_size = 0;
    client->read_number = 0;
    client->read_offset = 0;
    client->last_known = false;
    client->resumed = false;
    client->head_known = false;
    client->echo_size = 0;
    client->echo_used = false;
    memset(client->slots, 0, sizeof(client->slots));
}

/* A request goes out at the next send, with a message ID and a token of its own. */
void slot_ready(struct tern_coap_client *client, struct tern_coap_slot *slot, uint32_t number)
{
    slot->state = SLOT_READY;
    slot->number = number;
    slot->id = client->next_id++;
    slot->token = client->next_token++;
    slot->retransmits = 0;
    slot->size = 0;
    slot->due_ms = 0;
}

void client_fail(struct tern_coap_client *client, int error)
{
    client->phase = TERN_COAP_FAILED;
    client->error = error;
}

int tern_coap_client_write(struct tern_coap_client *client, size_t *taken, struct tern_bytes bytes,
                           bool last, uint64_t now_ms)
{
    (void)now_ms;
    *taken = 0;
    if (client->phase == TERN_COAP_FAILED) {
        return client->error;
    }
    if (client->phase == TERN_COAP_RECEIVING || client->phase == TERN_COAP_WAITING) {
        *taken = bytes.size; /* the peer has answered already: the rest is not wanted */
        return TERN_OK;
    }
    if (client->phase != TERN_COAP_SENDING) {
        return TERN_ERR_STATE;
    }
    if (client->slots[0].state != SLOT_FREE) {
        return TERN_OK; /* a block is under way */
    }
    size_t room = (size_t)(client->block_size - client->up_size);
    size_t size = bytes.size < room ? bytes.size : room;
    if (size > 0) {
        memcpy(client->memory + client->up_size, bytes.data, size);
    }
    client->up_size = (uint16_t)(client->up_size + size);
    *taken = size;
    client->up_last = last && size == bytes.size;
    /* A full block goes out once it is known whether another follows. */
    if (client->up_last || size < bytes.size) {
        slot_ready(client, &client->slots[0], 0);
        client->phase = client->up_last ? TERN_COAP_WAITING : TERN_COAP_SENDING;
    }
    return TERN_OK;
}

static uint8_t *slot_data(struct tern_coap_client *client, uint32_t number)
{
    return client->memory + client->block_size * (1 + number % client->window);
}

bool tern_coap_client_read(struct tern_coap_client *client, struct tern_writer *out)
{
    while (client->phase == TERN_COAP_RECEIVING) {
        struct tern_coap_slot *slot = &client->slots[client->read_number % client->window];
        if (slot->state != SLOT_FULL || slot->number != client->read_number) {
            return false;
        }
        size_t room = out->size < out->capacity ? out->capacity - out->size : 0;
        size_t left = (size_t)(slot->size - client->read_offset);
        size_t size = left < room ? left : room;
        tern_write(out,
                   tern_bytes(slot_data(client, client->read_number) + client->read_offset, size));
        client->read_offset = (uint16_t)(client->read_offset + size);
        if (size < left) {
            return false;
        }
        bool more = slot->more;
        slot->state = SLOT_FREE;
        client->read_number++;
        client->read_offset = 0;
        if (!more) {
            client->phase = TERN_COAP_DONE;
        }
    }
    return client->phase == TERN_COAP_DONE;
}

void client_keep_block(struct tern_coap_client *client, struct tern_coap_slot *slot,
                       struct tern_bytes payload, bool more)
{
    if (payload.size > 0) {
        memcpy(slot_data(client, slot->number), payload.data, payload.size);
    }
    slot->size = (uint16_t)payload.size;
    slot->more = more;
    slot->state = SLOT_FULL;
}

/* Ask for what the window has room for. Without a known end only one block is asked for at once:
 * a request behind the end would cost a round trip and an error. */
void client_plan(struct tern_coap_client *client)
{
    if (client->phase != TERN_COAP_RECEIVING || !client->head_known) {
        return;
    }
    for (uint32_t n = client->read_number; n < client->read_number + client->window; n++) {
        struct tern_coap_slot *slot = &client->slots[n % client->window];
        if (client->last_known && n > client->last_number) {
            return;
        }
        if (slot->state == SLOT_FREE) {
            slot_ready(client, slot, n);
        }
        if (slot->state == SLOT_FULL ? !slot->more : !client->last_known) {
            return;
        }
    }
}

/* What was on the way is asked for again. */
static void ask_again(struct tern_coap_client *client)
{
    client->error = TERN_OK;
    client->answer_count = 0;
    client->echo_size = 0;
    client->echo_used = false;
    for (size_t i = 0; i < client->window; i++) {
        struct tern_coap_slot *slot = &client->slots[i];
        if (slot->state != SLOT_FREE && slot->state != SLOT_FULL) {
            slot_ready(client, slot, slot->number);
        }
    }
}

int tern_coap_client_resume(struct tern_coap_client *client, uint64_t now_ms)
{
    (void)now_ms;
    bool response_is_there =
        client->head_known && client->etag_size > 0 && TERN_COAP_CLASS(client->code) == 2;
    bool first_block = !client->head_known && client->up_offset + client->up_acked == 0;
    if (client->phase == TERN_COAP_IDLE || client->phase == TERN_COAP_DONE) {
        return TERN_ERR_STATE;
    }
    if (response_is_there) {
        client->phase = TERN_COAP_RECEIVING;
        client->resumed = true;
    } else if (first_block) {
        client->phase = client->up_last ? TERN_COAP_WAITING : TERN_COAP_SENDING;
    } else {
        return TERN_ERR_STATE;
    }
    ask_again(client);
    return TERN_OK;
}
