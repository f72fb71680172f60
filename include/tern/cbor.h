/* SPDX-License-Identifier: Apache-2.0 */
/**
 * CBOR in its deterministic form (RFC 8949, 4.2.1), as OSCORE, EDHOC and SenML need it: shortest
 * heads and definite lengths only, in both directions. coap-oscore-edhoc.md 4.1.
 */
#ifndef TERN_CBOR_H
#define TERN_CBOR_H

#include "tern/bytes.h"

#define TERN_CBOR_DEPTH_MAX 8

enum tern_cbor_major {
    TERN_CBOR_UINT = 0,
    TERN_CBOR_NINT = 1, /**< the number is -1 - value */
    TERN_CBOR_BYTES = 2,
    TERN_CBOR_TEXT = 3,
    TERN_CBOR_ARRAY = 4, /**< value is the count of elements that follow */
    TERN_CBOR_MAP = 5,   /**< value is the count of pairs that follow */
    TERN_CBOR_TAG = 6,
    TERN_CBOR_SIMPLE = 7, /**< value 20 false, 21 true, 22 null */
};
#define TERN_CBOR_FALSE 20
#define TERN_CBOR_TRUE  21
#define TERN_CBOR_NULL  22

void tern_cbor_write_head(struct tern_writer *out, enum tern_cbor_major major, uint64_t value);
/** Any integer that int64_t holds. */
void tern_cbor_write_int(struct tern_writer *out, int64_t value);
void tern_cbor_write_bytes(struct tern_writer *out, struct tern_bytes bytes);
void tern_cbor_write_text(struct tern_writer *out, const char *text);

/** One head, with its string for the majors 2 and 3. Slices borrow from the input. */
struct tern_cbor_item {
    enum tern_cbor_major major;
    uint64_t value;
    struct tern_bytes string; /**< majors 2 and 3 */
    struct tern_bytes raw;    /**< head and string as received */
};

/**
 * Take the next head off `rest`. The elements of arrays, maps and tags are items of their own.
 * @return 1, 0 when `rest` is empty, TERN_ERR_TRUNCATED, or TERN_ERR_MALFORMED: indefinite length,
 *         a head that is not the shortest, floating point. On failure nothing is changed.
 */
int tern_cbor_next(struct tern_bytes *rest, struct tern_cbor_item *item);

/** Take a whole item off `rest`, with all that is in it. As tern_cbor_next(); at most
 * TERN_CBOR_DEPTH_MAX deep. */
int tern_cbor_skip(struct tern_bytes *rest, struct tern_bytes *raw);

/** An integer item as a number. TERN_ERR_UNEXPECTED for another kind, TERN_ERR_RANGE. */
int tern_cbor_int(const struct tern_cbor_item *item, int64_t *value);

#endif
