/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DER, one TLV at a time.
 *
 * Tags are written as the spec prints them: 0x30, 0x5F37, 0xBF25; at most three bytes.
 * Three tools: a reader over a slice, a reader of headers that arrive in any pieces, and a writer
 * that fills a buffer from its end, so that every length is known when it is time to write it.
 */
#ifndef TERN_DER_H
#define TERN_DER_H

#include "tern/bytes.h"

typedef uint32_t tern_tag;

/** True for a constructed tag (bit 6 of its first byte). */
bool tern_tag_constructed(tern_tag tag);

/** Mercy for named peers. 0 is strict DER. */
enum tern_der_mercy {
    TERN_DER_STRICT = 0,
    TERN_DER_LONG_LENGTHS = 1, /**< Accept a length in more bytes than it needs. sgp22.md 1.4 */
};

/** One element. All slices borrow from the input. */
struct tern_tlv {
    tern_tag tag;
    struct tern_bytes value; /**< Never NULL `data` after a successful read. */
    struct tern_bytes raw;   /**< Tag, length and value as received. */
};

/**
 * Take the next element off `rest`.
 *
 * @return 1 with an element (`rest` moved behind it), 0 when `rest` is empty, or
 *         TERN_ERR_TRUNCATED  the input ends inside the element
 *         TERN_ERR_MALFORMED  indefinite or padded length, tag of more than three bytes, padded tag
 *         On failure `rest` and `tlv` are untouched.
 */
int tern_der_next(struct tern_bytes *rest, struct tern_tlv *tlv, unsigned mercy);

/** The one element that fills `in` whole. TERN_ERR_MALFORMED when something follows it. */
int tern_der_single(struct tern_bytes in, struct tern_tlv *tlv, unsigned mercy);

/** First child of `value` with this tag. TERN_ERR_NOT_FOUND, or the error met on the way. */
int tern_der_find(struct tern_bytes value, tern_tag tag, struct tern_tlv *tlv);

/** Follow a path of tags inside `in`: {0xBF51, 0xA0, 0x30} and a count of 3. */
int tern_der_path(struct tern_bytes in, const tern_tag *path, size_t count, struct tern_tlv *tlv);

/** The content of an INTEGER. TERN_ERR_MALFORMED when empty or padded, TERN_ERR_RANGE over 8 bytes.
 */
int tern_der_int(struct tern_bytes content, int64_t *value);

/**
 * A header that arrives in any pieces: feed bytes one run at a time until it is complete.
 * Zero the struct to begin.
 */
struct tern_der_header {
    uint8_t raw[7];   /**< Tag and length as received. */
    uint8_t raw_size; /**< Bytes of `raw` so far. */
    uint8_t tag_size; /**< 0 until the tag is complete. */
    bool complete;    /**< `tag` and `value_size` hold. */
    tern_tag tag;
    uint32_t value_size;
};

/**
 * Take bytes off the front of `in` until the header is complete or `in` is empty.
 *
 * @return 1 when complete, 0 when more bytes are needed, TERN_ERR_MALFORMED as tern_der_next().
 */
int tern_der_header_feed(struct tern_der_header *header, struct tern_bytes *in);

/** Tag and length of an element of `value_size` bytes, forward. */
void tern_der_write_header(struct tern_writer *out, tern_tag tag, size_t value_size);
/** A whole primitive element, forward. */
void tern_der_write(struct tern_writer *out, tern_tag tag, struct tern_bytes value);
/** An INTEGER in its shortest signed form. */
void tern_der_write_int(struct tern_writer *out, tern_tag tag, int64_t value);

/** Bytes that the header of an element of this size takes. */
size_t tern_der_header_size(tern_tag tag, size_t value_size);

/**
 * The backward writer: fills `data` from its end towards its beginning and keeps counting when it
 * is full, as struct tern_writer does.
 */
struct tern_back_writer {
    uint8_t *data;
    size_t capacity;
    size_t size; /**< Bytes asked for; what fits lies at data + capacity - size. */
};

static inline struct tern_back_writer tern_back_writer(void *data, size_t capacity)
{
    return (struct tern_back_writer){(uint8_t *)data, capacity, 0};
}

void tern_back_write(struct tern_back_writer *writer, struct tern_bytes bytes);
/** The header of an element whose value is all that was written since `size` was `mark`. */
void tern_back_write_header(struct tern_back_writer *writer, tern_tag tag, size_t mark);
void tern_back_write_int(struct tern_back_writer *writer, tern_tag tag, int64_t value);
void tern_back_write_tlv(struct tern_back_writer *writer, tern_tag tag, struct tern_bytes value);
/** What was written; empty when it did not fit. */
struct tern_bytes tern_back_writer_bytes(const struct tern_back_writer *writer);

#endif
