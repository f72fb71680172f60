/* SPDX-License-Identifier: Apache-2.0 */
/* Deterministic CBOR: see tern/cbor.h. RFC 8949, 3 and 4.2.1. */
#include "tern/cbor.h"

void tern_cbor_write_head(struct tern_writer *out, enum tern_cbor_major major, uint64_t value)
{
    unsigned bits = (unsigned)major << 5;
    if (value < 24) {
        tern_write_byte(out, (uint8_t)(bits | (unsigned)value));
        return;
    }
    unsigned power = value <= 0xFF ? 0 : value <= 0xFFFF ? 1 : value <= 0xFFFFFFFF ? 2 : 3;
    tern_write_byte(out, (uint8_t)(bits | (24 + power)));
    tern_write_uint(out, value, (size_t)1 << power);
}

void tern_cbor_write_int(struct tern_writer *out, int64_t value)
{
    if (value < 0) {
        tern_cbor_write_head(out, TERN_CBOR_NINT, (uint64_t)(-1 - value));
    } else {
        tern_cbor_write_head(out, TERN_CBOR_UINT, (uint64_t)value);
    }
}

void tern_cbor_write_bytes(struct tern_writer *out, struct tern_bytes bytes)
{
    tern_cbor_write_head(out, TERN_CBOR_BYTES, bytes.size);
    tern_write(out, bytes);
}

void tern_cbor_write_text(struct tern_writer *out, const char *text)
{
    struct tern_bytes bytes = tern_bytes_text(text);
    tern_cbor_write_head(out, TERN_CBOR_TEXT, bytes.size);
    tern_write(out, bytes);
}

int tern_cbor_next(struct tern_bytes *rest, struct tern_cbor_item *item)
{
    if (rest->size == 0) {
        return 0;
    }
    unsigned additional = rest->data[0] & 31;
    struct tern_cbor_item found = {.major = (enum tern_cbor_major)(rest->data[0] >> 5),
                                   .value = additional};
    size_t head = 1;
    if (additional > 27) {
        return TERN_ERR_MALFORMED; /* reserved, or an indefinite length */
    }
    if (additional >= 24) {
        size_t size = (size_t)1 << (additional - 24);
        if (rest->size < 1 + size) {
            return TERN_ERR_TRUNCATED;
        }
        found.value = tern_read_uint(tern_bytes(rest->data + 1, size));
        uint64_t least = size == 1 ? 24 : (uint64_t)1 << (size * 4);
        if (found.value < least || found.major == TERN_CBOR_SIMPLE) {
            return TERN_ERR_MALFORMED; /* padded; or a float, or a simple value nobody uses */
        }
        head += size;
    }
    size_t string = 0;
    if (found.major == TERN_CBOR_BYTES || found.major == TERN_CBOR_TEXT) {
        if (found.value > rest->size - head) {
            return TERN_ERR_TRUNCATED;
        }
        string = (size_t)found.value;
        found.string = tern_bytes_slice(*rest, head, string);
    }
    found.raw = tern_bytes_slice(*rest, 0, head + string);
    *rest = tern_bytes_slice(*rest, head + string, rest->size);
    *item = found;
    return 1;
}

int tern_cbor_skip(struct tern_bytes *rest, struct tern_bytes *raw)
{
    struct tern_bytes left = *rest;
    uint64_t open[TERN_CBOR_DEPTH_MAX + 1] = {1}; /* items still to come, a level */
    size_t depth = 0;
    if (left.size == 0) {
        return 0;
    }
    for (;;) {
        while (open[depth] == 0) {
            if (depth == 0) {
                *raw = tern_bytes_slice(*rest, 0, rest->size - left.size);
                *rest = left;
                return 1;
            }
            depth--;
        }
        open[depth]--;
        struct tern_cbor_item item;
        int status = tern_cbor_next(&left, &item);
        if (status != 1) {
            return status == 0 ? TERN_ERR_TRUNCATED : status;
        }
        uint64_t children = item.major == TERN_CBOR_ARRAY ? item.value
                            : item.major == TERN_CBOR_MAP ? item.value * 2
                            : item.major == TERN_CBOR_TAG ? 1
                                                          : 0;
        if (children > left.size * 2) {
            return TERN_ERR_TRUNCATED; /* more than there are bytes; guards the doubling too */
        }
        if (children > 0) {
            if (depth == TERN_CBOR_DEPTH_MAX) {
                return TERN_ERR_MALFORMED;
            }
            open[++depth] = children;
        }
    }
}

int tern_cbor_int(const struct tern_cbor_item *item, int64_t *value)
{
    if (item->major > TERN_CBOR_NINT) {
        return TERN_ERR_UNEXPECTED;
    }
    if (item->value > INT64_MAX) {
        return TERN_ERR_RANGE;
    }
    *value = item->major == TERN_CBOR_UINT ? (int64_t)item->value : -1 - (int64_t)item->value;
    return TERN_OK;
}
