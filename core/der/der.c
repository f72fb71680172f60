/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DER elements: reader and writers. X.690; the rules that bite are in sgp22.md 1 and sgp32.md 0.
 *
 *   tag      1 to 3 bytes; the low five bits of the first all set announce more
 *   length   00..7F short; 81 xx, 82 xx xx, 83 xx xx xx; shortest form only
 *
 * The slice reader is the streaming one fed with everything at once: there is one header parser.
 */
#include "tern/der.h"

#define TAG_SIZE_MAX    3
#define LENGTH_SIZE_MAX 4 /* 83 xx xx xx: 16 MiB is more than any message here */

bool tern_tag_constructed(tern_tag tag)
{
    while (tag > 0xFF) {
        tag >>= 8;
    }
    return (tag & 0x20) != 0;
}

/* @return 1 when the tag is complete, 0 when more is needed, negative when malformed. */
static int take_tag_byte(struct tern_der_header *header, uint8_t byte)
{
    header->tag = header->tag << 8 | byte;
    if (header->raw_size == 1) {
        return (byte & 0x1F) != 0x1F;
    }
    if (header->raw_size == 2 && (byte == 0x80 || byte < 0x1F)) {
        return TERN_ERR_MALFORMED; /* padded, or a number that fits the short form */
    }
    if ((byte & 0x80) == 0) {
        return 1;
    }
    return header->raw_size == TAG_SIZE_MAX ? TERN_ERR_MALFORMED : 0;
}

/* @return 1 when the length is complete, 0 when more is needed, negative when malformed. */
static int take_length_byte(struct tern_der_header *header, uint8_t byte, unsigned mercy)
{
    uint8_t index = (uint8_t)(header->raw_size - header->tag_size - 1);
    if (index == 0) {
        header->value_size = byte;
        if (byte < 0x80) {
            return 1;
        }
        return byte == 0x80 || byte >= 0x80 + LENGTH_SIZE_MAX ? TERN_ERR_MALFORMED : 0;
    }
    if (index == 1) {
        header->value_size = 0;
    }
    header->value_size = header->value_size << 8 | byte;
    uint8_t count = header->raw[header->tag_size] & 0x7F;
    if (index < count) {
        return 0;
    }
    uint32_t least = count < 2 ? 0x80 : (uint32_t)1 << (8 * (count - 1));
    bool padded = header->value_size < least;
    return padded && (mercy & TERN_DER_LONG_LENGTHS) == 0 ? TERN_ERR_MALFORMED : 1;
}

static int header_feed(struct tern_der_header *header, struct tern_bytes *in, unsigned mercy)
{
    while (!header->complete && in->size > 0) {
        uint8_t byte = in->data[0];
        header->raw[header->raw_size++] = byte;
        in->data++;
        in->size--;
        bool in_tag = header->tag_size == 0;
        int done = in_tag ? take_tag_byte(header, byte) : take_length_byte(header, byte, mercy);
        if (done < 0) {
            return done;
        }
        if (done == 1 && in_tag) {
            header->tag_size = header->raw_size;
        } else if (done == 1) {
            header->complete = true;
        }
    }
    return header->complete ? 1 : 0;
}

int tern_der_header_feed(struct tern_der_header *header, struct tern_bytes *in)
{
    return header_feed(header, in, TERN_DER_STRICT);
}

int tern_der_next(struct tern_bytes *rest, struct tern_tlv *tlv, unsigned mercy)
{
    if (rest->size == 0) {
        return 0;
    }
    struct tern_der_header header = {0};
    struct tern_bytes in = *rest;
    int done = header_feed(&header, &in, mercy);
    if (done < 0) {
        return done;
    }
    if (done == 0 || header.value_size > in.size) {
        return TERN_ERR_TRUNCATED;
    }
    tlv->tag = header.tag;
    tlv->value = tern_bytes(in.data, header.value_size);
    tlv->raw = tern_bytes(rest->data, header.raw_size + (size_t)header.value_size);
    *rest = tern_bytes(in.data + header.value_size, in.size - header.value_size);
    return 1;
}

int tern_der_single(struct tern_bytes in, struct tern_tlv *tlv, unsigned mercy)
{
    int got = tern_der_next(&in, tlv, mercy);
    if (got <= 0) {
        return got == 0 ? TERN_ERR_TRUNCATED : got;
    }
    return in.size == 0 ? TERN_OK : TERN_ERR_MALFORMED;
}

int tern_der_find(struct tern_bytes value, tern_tag tag, struct tern_tlv *tlv)
{
    struct tern_tlv child;
    int got;
    while ((got = tern_der_next(&value, &child, TERN_DER_STRICT)) == 1) {
        if (child.tag == tag) {
            *tlv = child;
            return TERN_OK;
        }
    }
    return got == 0 ? TERN_ERR_NOT_FOUND : got;
}

int tern_der_path(struct tern_bytes in, const tern_tag *path, size_t count, struct tern_tlv *tlv)
{
    for (size_t i = 0; i < count; i++) {
        int error = tern_der_find(in, path[i], tlv);
        if (error != TERN_OK) {
            return error;
        }
        in = tlv->value;
    }
    return TERN_OK;
}

int tern_der_int(struct tern_bytes content, int64_t *value)
{
    if (content.size == 0) {
        return TERN_ERR_MALFORMED;
    }
    if (content.size > 1) {
        bool negative = (content.data[1] & 0x80) != 0;
        if (content.data[0] == (negative ? 0xFF : 0x00)) {
            return TERN_ERR_MALFORMED;
        }
    }
    if (content.size > 8) {
        return TERN_ERR_RANGE;
    }
    uint64_t bits = (content.data[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < content.size; i++) {
        bits = bits << 8 | content.data[i];
    }
    *value = (int64_t)bits;
    return TERN_OK;
}

static size_t tag_size(tern_tag tag)
{
    return tag > 0xFFFF ? 3 : tag > 0xFF ? 2 : 1;
}

static size_t length_size(size_t size)
{
    return size < 0x80 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : 4;
}

size_t tern_der_header_size(tern_tag tag, size_t value_size)
{
    return tag_size(tag) + length_size(value_size);
}

void tern_der_write_header(struct tern_writer *out, tern_tag tag, size_t value_size)
{
    tern_write_uint(out, tag, tag_size(tag));
    size_t count = length_size(value_size);
    if (count > 1) {
        tern_write_byte(out, (uint8_t)(0x80 + count - 1));
        count--;
    }
    tern_write_uint(out, value_size, count);
}

void tern_der_write(struct tern_writer *out, tern_tag tag, struct tern_bytes value)
{
    tern_der_write_header(out, tag, value.size);
    tern_write(out, value);
}

static size_t int_size(int64_t value)
{
    size_t size = 1;
    while (size < 8 &&
           (value < -((int64_t)1 << (8 * size - 1)) || value >= (int64_t)1 << (8 * size - 1))) {
        size++;
    }
    return size;
}

void tern_der_write_int(struct tern_writer *out, tern_tag tag, int64_t value)
{
    size_t size = int_size(value);
    tern_der_write_header(out, tag, size);
    tern_write_uint(out, (uint64_t)value, size);
}

void tern_back_write(struct tern_back_writer *writer, struct tern_bytes bytes)
{
    writer->size += bytes.size;
    if (bytes.size == 0 || writer->size > writer->capacity) {
        return;
    }
    struct tern_writer out =
        tern_writer(writer->data + writer->capacity - writer->size, bytes.size);
    tern_write(&out, bytes);
}

void tern_back_write_header(struct tern_back_writer *writer, tern_tag tag, size_t mark)
{
    TERN_ASSERT(mark <= writer->size);
    uint8_t header[7];
    struct tern_writer out = TERN_WRITER_OF(header);
    tern_der_write_header(&out, tag, writer->size - mark);
    tern_back_write(writer, tern_writer_bytes(&out));
}

void tern_back_write_int(struct tern_back_writer *writer, tern_tag tag, int64_t value)
{
    uint8_t element[16];
    struct tern_writer out = TERN_WRITER_OF(element);
    tern_der_write_int(&out, tag, value);
    tern_back_write(writer, tern_writer_bytes(&out));
}

void tern_back_write_tlv(struct tern_back_writer *writer, tern_tag tag, struct tern_bytes value)
{
    size_t mark = writer->size;
    tern_back_write(writer, value);
    tern_back_write_header(writer, tag, mark);
}

struct tern_bytes tern_back_writer_bytes(const struct tern_back_writer *writer)
{
    if (writer->size > writer->capacity) {
        return tern_bytes(writer->data, 0);
    }
    return tern_bytes(writer->data + writer->capacity - writer->size, writer->size);
}
