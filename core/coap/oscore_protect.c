/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSCORE on messages: see tern/oscore.h. RFC 8613, 4, 5.3, 8; B.1.2 for a lost replay window.
 *
 *     plain   | header | all options            | payload |
 *     outer   | header | class U, Observe, OSCORE | FF | AEAD( code, class E options, payload ) |
 *
 * A request is remembered by its message ID and token until its response is through: a repetition
 * of the same bytes must give the same ciphertext, and other bytes must never meet the same nonce.
 */
#include <string.h>

#include "core/coap/oscore.h"

bool oscore_is_outer(uint32_t number)
{
    return number == TERN_COAP_URI_HOST || number == TERN_COAP_URI_PORT ||
           number == TERN_COAP_HOP_LIMIT || number == TERN_COAP_PROXY_URI ||
           number == TERN_COAP_PROXY_SCHEME || number == TERN_COAP_OSCORE ||
           number == TERN_COAP_EDHOC;
}

/* ---- exchanges ---- */

static int digest_of(const struct tern_oscore *oscore, uint8_t digest[8],
                     const struct tern_coap_message *message)
{
    uint8_t whole[TERN_SHA256_SIZE];
    const struct tern_bytes parts[] = {tern_bytes(&message->code, 1), message->options,
                                       message->payload};
    int status = oscore->crypto->sha256(oscore->crypto->context, whole, parts, 3);
    memcpy(digest, whole, 8);
    return status;
}

static bool has_token(const struct tern_oscore_exchange *exchange, struct tern_bytes token)
{
    return tern_bytes_equal(tern_bytes(exchange->token, exchange->token_size), token);
}

struct tern_oscore_exchange *oscore_find(struct tern_oscore *oscore, enum exchange_state state,
                                         struct tern_bytes token)
{
    /* The youngest first: tokens come again. */
    for (size_t i = 1; i <= TERN_OSCORE_EXCHANGES; i++) {
        size_t at = (oscore->next_exchange + TERN_OSCORE_EXCHANGES - i) % TERN_OSCORE_EXCHANGES;
        struct tern_oscore_exchange *exchange = &oscore->exchanges[at];
        if (exchange->state == state && has_token(exchange, token)) {
            return exchange;
        }
    }
    return NULL;
}

struct tern_oscore_exchange *oscore_remember(struct tern_oscore *oscore, enum exchange_state state,
                                             const struct tern_coap_message *message,
                                             uint64_t sequence)
{
    struct tern_oscore_exchange *exchange = &oscore->exchanges[oscore->next_exchange];
    oscore->next_exchange = (uint8_t)((oscore->next_exchange + 1) % TERN_OSCORE_EXCHANGES);
    *exchange = (struct tern_oscore_exchange){.state = (uint8_t)state,
                                              .id = message->id,
                                              .token_size = (uint8_t)message->token.size,
                                              .sequence = sequence};
    if (message->token.size > 0) {
        memcpy(exchange->token, message->token.data, message->token.size);
    }
    return exchange;
}

struct tern_bytes oscore_own_id(const struct tern_oscore *oscore)
{
    return tern_bytes(oscore->sender_id, oscore->sender_id_size);
}

struct tern_bytes oscore_peer_id(const struct tern_oscore *oscore)
{
    return tern_bytes(oscore->recipient_id, oscore->recipient_id_size);
}

/* ---- protect ---- */

static int seal_for_request(struct tern_oscore *oscore, struct seal *seal,
                            const struct tern_coap_message *message)
{
    struct tern_oscore_exchange *exchange = oscore_find(oscore, EXCHANGE_OURS, message->token);
    uint8_t digest[8];
    int status = digest_of(oscore, digest, message);
    if (status != TERN_OK) {
        return status;
    }
    bool again = exchange != NULL && exchange->id == message->id &&
                 memcmp(exchange->digest, digest, sizeof(digest)) == 0;
    if (!again) {
        uint64_t sequence = 0;
        status = oscore_take_sequence(oscore, &sequence);
        if (status != TERN_OK) {
            return status;
        }
        exchange = oscore_remember(oscore, EXCHANGE_OURS, message, sequence);
        memcpy(exchange->digest, digest, sizeof(digest));
    }
    seal->request = true;
    seal->shown = partial_iv(exchange->sequence);
    struct tern_bytes sequence = tern_bytes(seal->shown.data, seal->shown.size);
    oscore_nonce(oscore, seal->nonce, oscore_own_id(oscore), sequence);
    seal->aad = oscore_aad(seal->aad_buffer, oscore_own_id(oscore), sequence);
    return TERN_OK;
}

static int seal_for_response(struct tern_oscore *oscore, struct seal *seal,
                             const struct tern_coap_message *message)
{
    struct tern_oscore_exchange *exchange = oscore_find(oscore, EXCHANGE_THEIRS, message->token);
    uint8_t digest[8];
    if (exchange == NULL) {
        return TERN_ERR_NOT_FOUND;
    }
    int status = digest_of(oscore, digest, message);
    bool again = exchange->answered && memcmp(exchange->digest, digest, sizeof(digest)) == 0;
    if (status == TERN_OK && exchange->answered && !again) {
        /* Another response to the same request: the request's nonce is used up. */
        status = oscore_take_sequence(oscore, &exchange->own_sequence);
        exchange->own_nonce = status == TERN_OK || exchange->own_nonce;
    }
    if (status != TERN_OK) {
        return status;
    }
    exchange->answered = true;
    memcpy(exchange->digest, digest, sizeof(digest));
    struct partial_iv request = partial_iv(exchange->sequence);
    struct tern_bytes sequence = tern_bytes(request.data, request.size);
    seal->aad = oscore_aad(seal->aad_buffer, oscore_peer_id(oscore), sequence);
    if (exchange->own_nonce) {
        seal->shown = partial_iv(exchange->own_sequence);
        oscore_nonce(oscore, seal->nonce, oscore_own_id(oscore),
                     tern_bytes(seal->shown.data, seal->shown.size));
    } else {
        oscore_nonce(oscore, seal->nonce, oscore_peer_id(oscore), sequence);
    }
    return TERN_OK;
}

/* Class U options of the plain message, the OSCORE option at its place. */
static void write_outer(const struct tern_oscore *oscore, struct tern_coap_builder *builder,
                        const struct tern_coap_message *message, const struct seal *seal)
{
    struct tern_coap_walk walk = {.rest = message->options};
    bool written = false;
    int more = 1;
    while (more == 1) {
        more = tern_coap_next_option(&walk);
        if (!written && (more != 1 || walk.number > TERN_COAP_OSCORE)) {
            bool context = seal->request && oscore->send_id_context;
            oscore_write_option(builder, tern_bytes(seal->shown.data, seal->shown.size),
                                context ? tern_bytes(oscore->id_context, oscore->id_context_size)
                                        : TERN_BYTES_NONE,
                                seal->request ? oscore_own_id(oscore) : TERN_BYTES_NONE);
            written = true;
        }
        if (more == 1 && (oscore_is_outer(walk.number) || walk.number == TERN_COAP_OBSERVE)) {
            tern_coap_put(builder, walk.number, walk.value);
        }
    }
}

static void write_inner(struct tern_writer *out, const struct tern_coap_message *message,
                        bool request)
{
    struct tern_coap_walk walk = {.rest = message->options};
    tern_write_byte(out, message->code);
    struct tern_coap_builder builder = tern_coap_build_options(out);
    while (tern_coap_next_option(&walk) == 1) {
        if (!oscore_is_outer(walk.number)) {
            bool empty = walk.number == TERN_COAP_OBSERVE && !request;
            tern_coap_put(&builder, walk.number, empty ? TERN_BYTES_NONE : walk.value);
        }
    }
    tern_coap_put_payload(&builder, message->payload);
}

int tern_oscore_protect(struct tern_oscore *oscore, struct tern_writer *out,
                        struct tern_bytes plain)
{
    struct tern_coap_message message;
    int status = tern_coap_parse(&message, plain);
    if (status != TERN_OK) {
        return status;
    }
    if (message.code == TERN_COAP_EMPTY) {
        tern_write(out, plain);
        return tern_writer_status(out) == TERN_OK ? 1 : TERN_ERR_NO_SPACE;
    }
    if (tern_coap_find_option(&message, TERN_COAP_OSCORE).data != NULL) {
        return TERN_ERR_UNEXPECTED; /* no nesting */
    }
    if (out->size + plain.size + TERN_OSCORE_OVERHEAD > out->capacity) {
        return TERN_ERR_NO_SPACE; /* asked before a number is used up */
    }
    struct seal seal = {0};
    bool request = TERN_COAP_CLASS(message.code) == 0;
    status = request ? seal_for_request(oscore, &seal, &message)
                     : seal_for_response(oscore, &seal, &message);
    if (status != TERN_OK) {
        return status;
    }
    bool observe = tern_coap_find_option(&message, TERN_COAP_OBSERVE).data != NULL;
    uint8_t code = request ? (observe ? TERN_COAP_FETCH : TERN_COAP_POST)
                           : (observe ? TERN_COAP_CONTENT : TERN_COAP_CHANGED);
    struct tern_coap_builder builder =
        tern_coap_build(out, message.type, code, message.id, message.token);
    write_outer(oscore, &builder, &message, &seal);
    tern_write_byte(out, 0xFF);
    size_t begin = out->size;
    write_inner(out, &message, request);
    size_t size = out->size - begin;
    out->size += TERN_OSCORE_TAG_SIZE;
    if (tern_writer_status(out) != TERN_OK) {
        return TERN_ERR_NO_SPACE;
    }
    status = oscore->crypto->aes_ccm_seal(oscore->crypto->context, out->data + begin,
                                          TERN_OSCORE_TAG_SIZE, TERN_BYTES_OF(oscore->sender_key),
                                          TERN_BYTES_OF(seal.nonce), seal.aad,
                                          tern_bytes(out->data + begin, size));
    return status == TERN_OK ? 1 : status;
}
