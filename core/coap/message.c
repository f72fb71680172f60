/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CoAP messages as bytes: see tern/coap.h. RFC 7252, 3; RFC 7959, 2.2.
 *
 *     | Ver 01 | T | TKL | Code | Message ID | Token 0-8 | Options | FF Payload (at least 1) |
 *     option: | delta 4 | length 4 | delta ext 0-2 | length ext 0-2 | value |
 */
#include "tern/coap.h"

#define MARKER 0xFF

/* One extended nibble: 13 has a byte, 14 two, 15 is none. */
static int take_extended(struct tern_bytes *rest, uint32_t *value)
{
    size_t size = *value == 13 ? 1 : *value == 14 ? 2 : 0;
    if (*value == 15) {
        return TERN_ERR_MALFORMED;
    }
    if (rest->size < size) {
        return TERN_ERR_TRUNCATED;
    }
    if (size > 0) {
        uint32_t base = size == 1 ? 13 : 269;
        *value = base + (uint32_t)tern_read_uint(tern_bytes(rest->data, size));
        *rest = tern_bytes_slice(*rest, size, rest->size);
    }
    return TERN_OK;
}

int tern_coap_next_option(struct tern_coap_walk *walk)
{
    struct tern_bytes rest = walk->rest;
    if (rest.size == 0 || rest.data[0] == MARKER) {
        return 0;
    }
    uint32_t delta = rest.data[0] >> 4;
    uint32_t length = rest.data[0] & 15;
    rest = tern_bytes_slice(rest, 1, rest.size);
    int status = take_extended(&rest, &delta);
    status = status == TERN_OK ? take_extended(&rest, &length) : status;
    if (status != TERN_OK) {
        return status;
    }
    if (rest.size < length) {
        return TERN_ERR_TRUNCATED;
    }
    if (walk->number + delta > 65535) {
        return TERN_ERR_MALFORMED;
    }
    walk->number += delta;
    walk->value = tern_bytes_slice(rest, 0, length);
    walk->rest = tern_bytes_slice(rest, length, rest.size);
    return 1;
}

int tern_coap_parse(struct tern_coap_message *message, struct tern_bytes datagram)
{
    *message = (struct tern_coap_message){0};
    if (datagram.size < 4) {
        return TERN_ERR_TRUNCATED;
    }
    const uint8_t *head = datagram.data;
    if (head[0] >> 6 != 1) {
        return TERN_ERR_UNSUPPORTED;
    }
    size_t token_size = head[0] & 15;
    message->type = (enum tern_coap_type)(head[0] >> 4 & 3);
    message->code = head[1];
    message->id = (uint16_t)(head[2] << 8 | head[3]);
    if (token_size > TERN_COAP_TOKEN_SIZE_MAX ||
        (message->code == TERN_COAP_EMPTY && datagram.size > 4)) {
        return TERN_ERR_MALFORMED;
    }
    if (datagram.size < 4 + token_size) {
        return TERN_ERR_TRUNCATED;
    }
    message->token = tern_bytes_slice(datagram, 4, token_size);
    struct tern_bytes rest = tern_bytes_slice(datagram, 4 + token_size, datagram.size);
    struct tern_coap_walk walk = {.rest = rest};
    int status = 1;
    while (status == 1) {
        status = tern_coap_next_option(&walk);
    }
    if (status < 0) {
        return status;
    }
    message->options = tern_bytes_slice(rest, 0, rest.size - walk.rest.size);
    if (walk.rest.size == 1) {
        return TERN_ERR_MALFORMED; /* a marker and nothing behind it */
    }
    if (walk.rest.size > 1) {
        message->payload = tern_bytes_slice(walk.rest, 1, walk.rest.size);
    }
    return TERN_OK;
}

struct tern_bytes tern_coap_find_option(const struct tern_coap_message *message, uint32_t number)
{
    struct tern_coap_walk walk = {.rest = message->options};
    while (tern_coap_next_option(&walk) == 1 && walk.number <= number) {
        if (walk.number == number) {
            return walk.value;
        }
    }
    return TERN_BYTES_NONE;
}

uint32_t tern_coap_option_uint(const struct tern_coap_message *message, uint32_t number,
                               uint32_t otherwise)
{
    struct tern_bytes value = tern_coap_find_option(message, number);
    return value.data == NULL || value.size > 4 ? otherwise : (uint32_t)tern_read_uint(value);
}

struct tern_coap_builder tern_coap_build(struct tern_writer *out, enum tern_coap_type type,
                                         uint8_t code, uint16_t id, struct tern_bytes token)
{
    TERN_ASSERT(token.size <= TERN_COAP_TOKEN_SIZE_MAX);
    tern_write_byte(out, (uint8_t)(0x40 | (unsigned)type << 4 | (unsigned)token.size));
    tern_write_byte(out, code);
    tern_write_uint(out, id, 2);
    tern_write(out, token);
    return (struct tern_coap_builder){out, 0};
}

struct tern_coap_builder tern_coap_build_options(struct tern_writer *out)
{
    return (struct tern_coap_builder){out, 0};
}

static uint8_t nibble_of(uint32_t value)
{
    return (uint8_t)(value < 13 ? value : value < 269 ? 13 : 14);
}

static void write_extended(struct tern_writer *out, uint32_t value)
{
    if (value >= 269) {
        tern_write_uint(out, value - 269, 2);
    } else if (value >= 13) {
        tern_write_byte(out, (uint8_t)(value - 13));
    }
}

void tern_coap_put(struct tern_coap_builder *builder, uint32_t number, struct tern_bytes value)
{
    TERN_ASSERT(number >= builder->number);
    uint32_t delta = number - builder->number;
    uint32_t length = (uint32_t)value.size;
    tern_write_byte(builder->out, (uint8_t)(nibble_of(delta) << 4 | nibble_of(length)));
    write_extended(builder->out, delta);
    write_extended(builder->out, length);
    tern_write(builder->out, value);
    builder->number = number;
}

void tern_coap_put_uint(struct tern_coap_builder *builder, uint32_t number, uint32_t value)
{
    uint8_t bytes[4];
    struct tern_writer writer = TERN_WRITER_OF(bytes);
    size_t size = value == 0          ? 0
                  : value < 0x100     ? 1
                  : value < 0x10000   ? 2
                  : value < 0x1000000 ? 3
                                      : 4;
    if (size > 0) {
        tern_write_uint(&writer, value, size);
    }
    tern_coap_put(builder, number, tern_bytes(bytes, size));
}

void tern_coap_put_path(struct tern_coap_builder *builder, struct tern_bytes path)
{
    size_t begin = 0;
    for (size_t i = 0; i <= path.size; i++) {
        if (i == path.size || path.data[i] == '/') {
            /* What stands before the first slash is nothing; "/" alone is no segment. */
            if (i > 0 && (begin > 0 || path.data[0] != '/') && (i > begin || path.size > 1)) {
                tern_coap_put(builder, TERN_COAP_URI_PATH,
                              tern_bytes_slice(path, begin, i - begin));
            }
            begin = i + 1;
        }
    }
}

void tern_coap_put_payload(struct tern_coap_builder *builder, struct tern_bytes payload)
{
    if (payload.size > 0) {
        tern_write_byte(builder->out, MARKER);
        tern_write(builder->out, payload);
    }
}

int tern_coap_get_block(struct tern_coap_block *block, const struct tern_coap_message *message,
                        uint32_t number)
{
    struct tern_bytes value = tern_coap_find_option(message, number);
    *block = (struct tern_coap_block){0};
    if (value.data == NULL) {
        return 0;
    }
    if (value.size > 3) {
        return TERN_ERR_MALFORMED;
    }
    uint32_t bits = (uint32_t)tern_read_uint(value);
    block->number = bits >> 4;
    block->more = (bits & 8) != 0;
    block->szx = bits & 7;
    return block->szx == 7 ? TERN_ERR_MALFORMED : 1;
}

void tern_coap_put_block(struct tern_coap_builder *builder, uint32_t number,
                         struct tern_coap_block block)
{
    tern_coap_put_uint(builder, number,
                       block.number << 4 | (block.more ? 8u : 0u) | (uint32_t)block.szx);
}

const struct tern_coap_timing TERN_COAP_TIMING_DEFAULT = {
    .ack_timeout_ms = 2000,
    .ack_random_ms = 1000,
    .retransmit_max = 4,
    .separate_ms = 500,
    .response_wait_ms = 120000,
    .exchange_lifetime_ms = 247000,
};

/* Both ends take these: what one end changes changes the derived times of the other. */
const struct tern_coap_timing TERN_COAP_TIMING_NB_IOT = {
    .ack_timeout_ms = 10000,
    .ack_random_ms = 5000,
    .retransmit_max = 4,
    .separate_ms = 2500,
    .response_wait_ms = 180000,
    .exchange_lifetime_ms = 427000, /* span 225 s, 2 * 100 s latency, 2 s processing */
};
