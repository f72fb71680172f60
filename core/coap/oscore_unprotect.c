/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSCORE from the network: datagrams become plain messages. See tern/oscore.h and oscore_protect.c.
 * RFC 8613, 8.2 and 8.4; B.1.2 for a lost replay window.
 */
#include <string.h>

#include "core/coap/oscore.h"

/*
 * Decrypt to the end of `plain`'s buffer, then write the message from its beginning: what is
 * written never reaches what is still to be read, because the plaintext lies as far back as it can.
 */
static int open_message(const struct tern_oscore *oscore, struct tern_writer *plain,
                        const struct tern_coap_message *outer, const struct seal *seal)
{
    struct tern_bytes sealed = outer->payload;
    if (sealed.size < TERN_OSCORE_TAG_SIZE + 1) {
        return TERN_ERR_TRUNCATED;
    }
    size_t size = sealed.size - TERN_OSCORE_TAG_SIZE;
    size_t head = 4 + outer->token.size + outer->options.size + 8;
    if (plain->size != 0 || head + size > plain->capacity) {
        return TERN_ERR_NO_SPACE;
    }
    uint8_t *text = plain->data + plain->capacity - size;
    int status = oscore->crypto->aes_ccm_open(oscore->crypto->context, text, TERN_OSCORE_TAG_SIZE,
                                              TERN_BYTES_OF(oscore->recipient_key),
                                              TERN_BYTES_OF(seal->nonce), seal->aad, sealed);
    if (status != TERN_OK) {
        return status;
    }
    uint8_t code = text[0];
    bool request = TERN_COAP_CLASS(outer->code) == 0;
    if (code == TERN_COAP_EMPTY || (TERN_COAP_CLASS(code) == 0) != request) {
        return TERN_ERR_UNEXPECTED; /* a response is no request in disguise */
    }
    struct tern_coap_walk inner = {.rest = tern_bytes(text + 1, size - 1)};
    struct tern_coap_walk over = {.rest = outer->options};
    struct tern_coap_builder builder =
        tern_coap_build(plain, outer->type, code, outer->id, outer->token);
    int more_inner = tern_coap_next_option(&inner);
    int more_over = tern_coap_next_option(&over);
    while (more_inner == 1 || more_over == 1) {
        if (more_over == 1 && (more_inner != 1 || over.number < inner.number)) {
            if (oscore_is_outer(over.number) && over.number != TERN_COAP_OSCORE &&
                over.number != TERN_COAP_EDHOC) {
                tern_coap_put(&builder, over.number, over.value);
            }
            more_over = tern_coap_next_option(&over);
        } else {
            if (inner.number == TERN_COAP_OSCORE) {
                return TERN_ERR_UNEXPECTED;
            }
            tern_coap_put(&builder, inner.number, inner.value);
            more_inner = tern_coap_next_option(&inner);
        }
    }
    if (more_inner < 0 || inner.rest.size == 1) {
        return TERN_ERR_MALFORMED;
    }
    if (inner.rest.size > 1) {
        tern_coap_put_payload(&builder, tern_bytes_slice(inner.rest, 1, inner.rest.size));
    }
    return tern_writer_status(plain);
}

/* RFC 8613, B.1.2: the window is unknown, so the request must prove to be fresh. */
static enum tern_oscore_verdict demand_echo(struct tern_oscore *oscore, struct tern_writer *answer,
                                            const struct tern_coap_message *outer,
                                            struct tern_oscore_exchange *exchange)
{
    uint8_t buffer[4 + TERN_COAP_TOKEN_SIZE_MAX + 4 + TERN_OSCORE_ECHO_SIZE];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    const struct tern_crypto *crypto = oscore->crypto;
    if (!oscore->echo_made) {
        if (crypto->random(crypto->context, oscore->echo, sizeof(oscore->echo)) != TERN_OK) {
            return TERN_OSCORE_DROPPED;
        }
        oscore->echo_made = true;
    }
    struct tern_coap_builder builder =
        tern_coap_build(&out, outer->type == TERN_COAP_CON ? TERN_COAP_ACK : TERN_COAP_NON,
                        TERN_COAP_UNAUTHORIZED, outer->id, outer->token);
    tern_coap_put(&builder, TERN_COAP_ECHO, TERN_BYTES_OF(oscore->echo));
    /* The request's nonce may have been used before the restart: it takes one of ours. */
    exchange->answered = true;
    exchange->own_nonce = true;
    memset(exchange->digest, 0, sizeof(exchange->digest));
    bool sealed =
        answer != NULL && tern_oscore_protect(oscore, answer, tern_writer_bytes(&out)) == 1;
    return sealed ? TERN_OSCORE_ANSWER : TERN_OSCORE_DROPPED;
}

static bool echo_fits(const struct tern_oscore *oscore, struct tern_bytes plain)
{
    struct tern_coap_message message;
    if (!oscore->echo_made || tern_coap_parse(&message, plain) != TERN_OK) {
        return false;
    }
    struct tern_bytes echo = tern_coap_find_option(&message, TERN_COAP_ECHO);
    return echo.size == sizeof(oscore->echo) &&
           tern_constant_time_equal(echo.data, oscore->echo, sizeof(oscore->echo));
}

static enum tern_oscore_verdict refuse(struct tern_writer *answer, struct tern_bytes datagram,
                                       uint8_t code, const char *text)
{
    if (answer == NULL) {
        return TERN_OSCORE_DROPPED;
    }
    tern_oscore_refuse(answer, datagram, code, text);
    return answer->size > 0 ? TERN_OSCORE_ANSWER : TERN_OSCORE_DROPPED;
}

static enum tern_oscore_verdict open_request(struct tern_oscore *oscore, struct tern_writer *plain,
                                             struct tern_writer *answer, struct tern_bytes datagram,
                                             const struct tern_coap_message *outer,
                                             const struct tern_oscore_option *option)
{
    struct seal seal = {0};
    bool known = option->kid.data != NULL && option->partial_iv.size > 0 &&
                 tern_bytes_equal(option->kid, oscore_peer_id(oscore)) &&
                 (option->kid_context.data == NULL ||
                  tern_bytes_equal(option->kid_context,
                                   tern_bytes(oscore->id_context, oscore->id_context_size)));
    if (!known) {
        return refuse(answer, datagram, TERN_COAP_UNAUTHORIZED, "Security context not found");
    }
    uint64_t sequence = tern_read_uint(option->partial_iv);
    struct tern_oscore_exchange *exchange = oscore_find(oscore, EXCHANGE_THEIRS, outer->token);
    /* The same message again: core/coap knows it and answers as before. */
    bool again = exchange != NULL && exchange->id == outer->id && exchange->sequence == sequence;
    if (!again && oscore->window_known && !oscore_window_allows(oscore, sequence)) {
        return refuse(answer, datagram, TERN_COAP_UNAUTHORIZED, "Replay detected");
    }
    oscore_nonce(oscore, seal.nonce, oscore_peer_id(oscore), option->partial_iv);
    seal.aad = oscore_aad(seal.aad_buffer, oscore_peer_id(oscore), option->partial_iv);
    int status = open_message(oscore, plain, outer, &seal);
    if (status == TERN_ERR_SIGNATURE || status == TERN_ERR_TRUNCATED) {
        plain->size = 0;
        return refuse(answer, datagram, TERN_COAP_BAD_REQUEST, "Decryption failed");
    }
    if (!again) {
        exchange = oscore_remember(oscore, EXCHANGE_THEIRS, outer, sequence);
    }
    if (!oscore->window_known) {
        if (status != TERN_OK || !echo_fits(oscore, tern_writer_bytes(plain))) {
            plain->size = 0;
            return demand_echo(oscore, answer, outer, exchange);
        }
        oscore->window_known = true;
        oscore->window_used = true;
        oscore->window_top = sequence;
        oscore->window_bits = UINT64_MAX; /* everything before it is refused */
    } else if (!again) {
        oscore_window_accept(oscore, sequence);
    }
    return status == TERN_OK ? TERN_OSCORE_PLAIN : TERN_OSCORE_DROPPED;
}

static enum tern_oscore_verdict open_response(struct tern_oscore *oscore, struct tern_writer *plain,
                                              const struct tern_coap_message *outer,
                                              const struct tern_oscore_option *option)
{
    struct tern_oscore_exchange *exchange = oscore_find(oscore, EXCHANGE_OURS, outer->token);
    struct seal seal = {0};
    if (exchange == NULL || (outer->type == TERN_COAP_ACK && outer->id != exchange->id)) {
        return TERN_OSCORE_DROPPED;
    }
    struct partial_iv request = partial_iv(exchange->sequence);
    struct tern_bytes sequence = tern_bytes(request.data, request.size);
    if (option->partial_iv.size > 0) {
        oscore_nonce(oscore, seal.nonce, oscore_peer_id(oscore), option->partial_iv);
    } else {
        oscore_nonce(oscore, seal.nonce, oscore_own_id(oscore), sequence);
    }
    seal.aad = oscore_aad(seal.aad_buffer, oscore_own_id(oscore), sequence);
    return open_message(oscore, plain, outer, &seal) == TERN_OK ? TERN_OSCORE_PLAIN
                                                                : TERN_OSCORE_DROPPED;
}

enum tern_oscore_verdict tern_oscore_unprotect(struct tern_oscore *oscore,
                                               struct tern_writer *plain,
                                               struct tern_writer *answer,
                                               struct tern_bytes datagram)
{
    struct tern_coap_message outer;
    struct tern_oscore_option option;
    if (tern_coap_parse(&outer, datagram) != TERN_OK) {
        return TERN_OSCORE_DROPPED;
    }
    if (outer.code == TERN_COAP_EMPTY) {
        tern_write(plain, datagram);
        return TERN_OSCORE_PLAIN;
    }
    bool request = TERN_COAP_CLASS(outer.code) == 0;
    struct tern_bytes value = tern_coap_find_option(&outer, TERN_COAP_OSCORE);
    if (value.data == NULL) {
        return request ? refuse(answer, datagram, TERN_COAP_UNAUTHORIZED, "OSCORE is needed")
                       : TERN_OSCORE_DROPPED; /* an error that nobody vouches for */
    }
    if (tern_oscore_read_option(&option, value) != TERN_OK || outer.payload.data == NULL) {
        return request ? refuse(answer, datagram, TERN_COAP_BAD_OPTION, "Failed to decode COSE")
                       : TERN_OSCORE_DROPPED;
    }
    return request ? open_request(oscore, plain, answer, datagram, &outer, &option)
                   : open_response(oscore, plain, &outer, &option);
}
