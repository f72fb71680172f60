/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The two shapes that carry all data: a slice that borrows, a writer that fills a caller's buffer.
 * Beside them hex, base64, BCD, constant-time comparison and wiping.
 */
#ifndef TERN_BYTES_H
#define TERN_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tern/error.h"

#define TERN_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** A borrowed run of bytes. `data` NULL means absent; a present empty value has non-NULL `data`. */
struct tern_bytes {
    const uint8_t *data;
    size_t size;
};

#define TERN_BYTES_NONE ((struct tern_bytes){NULL, 0})
/** A slice of a whole array. */
#define TERN_BYTES_OF(array) ((struct tern_bytes){(const uint8_t *)(array), sizeof(array)})
/** A slice of a string literal, without its NUL. */
#define TERN_BYTES_TEXT(literal) \
    ((struct tern_bytes){(const uint8_t *)("" literal), sizeof(literal) - 1})

static inline struct tern_bytes tern_bytes(const void *data, size_t size)
{
    return (struct tern_bytes){(const uint8_t *)data, size};
}

/** A slice of a NUL-terminated string, without its NUL. */
struct tern_bytes tern_bytes_text(const char *text);

/** True when both have the same size and content. Not constant-time; absent equals empty. */
bool tern_bytes_equal(struct tern_bytes a, struct tern_bytes b);

/** Lexicographic order as memcmp has it, the shorter first: negative, 0 or positive. */
int tern_bytes_compare(struct tern_bytes a, struct tern_bytes b);

bool tern_bytes_starts_with(struct tern_bytes bytes, struct tern_bytes prefix);

/** `size` bytes from `offset`, cut to what is there. */
struct tern_bytes tern_bytes_slice(struct tern_bytes bytes, size_t offset, size_t size);

/** Compare secrets: time depends on `size` alone. True when equal. */
bool tern_constant_time_equal(const void *a, const void *b, size_t size);

/** Overwrite a secret so that the compiler cannot leave it out. */
void tern_wipe(void *data, size_t size);

/**
 * A writer into a caller's buffer. It keeps counting past the end: `size` is what was asked for,
 * so that `size > capacity` tells both that it did not fit and how much is needed. Nothing is
 * written past `capacity`; what fits before is written.
 */
struct tern_writer {
    uint8_t *data;
    size_t capacity;
    size_t size;
};

#define TERN_WRITER_OF(array) ((struct tern_writer){(uint8_t *)(array), sizeof(array), 0})

static inline struct tern_writer tern_writer(void *data, size_t capacity)
{
    return (struct tern_writer){(uint8_t *)data, capacity, 0};
}

void tern_write(struct tern_writer *writer, struct tern_bytes bytes);
void tern_write_byte(struct tern_writer *writer, uint8_t byte);
void tern_write_text(struct tern_writer *writer, const char *text);
/** Unsigned decimal, no padding. */
void tern_write_decimal(struct tern_writer *writer, uint64_t value);
/** Big endian in exactly `size` bytes, 1 to 8. */
void tern_write_uint(struct tern_writer *writer, uint64_t value, size_t size);

/** TERN_OK, or TERN_ERR_NO_SPACE when more was written than fits. */
int tern_writer_status(const struct tern_writer *writer);

/** What was written, cut to what fitted. Borrowed from the writer's buffer. */
struct tern_bytes tern_writer_bytes(const struct tern_writer *writer);

/* Hex. Upper case on output; both cases on input. */

void tern_hex_encode(struct tern_writer *out, struct tern_bytes in);
/** TERN_ERR_MALFORMED for an odd count or a character that is none; nothing is written then. */
int tern_hex_decode(struct tern_writer *out, struct tern_bytes text);

/* Base64, RFC 4648 section 4 (standard alphabet, padded) and section 5 (URL alphabet, not padded).
 */

void tern_base64_encode(struct tern_writer *out, struct tern_bytes in);
/**
 * Strict: padding required, no white space, unused bits zero. TERN_ERR_MALFORMED else.
 * In-place decoding (out->data == text.data) is allowed.
 */
int tern_base64_decode(struct tern_writer *out, struct tern_bytes text);
void tern_base64url_encode(struct tern_writer *out, struct tern_bytes in);
int tern_base64url_decode(struct tern_writer *out, struct tern_bytes text);

/* BCD. */

/** An EID as printed, "8904..." to 16 bytes, not swapped. TERN_ERR_MALFORMED unless 32 digits. */
int tern_eid_from_text(uint8_t eid[16], struct tern_bytes text);
void tern_eid_to_text(struct tern_writer *out, const uint8_t eid[16]);
/** True when the 32 digits of the EID are 1 modulo 97 (ISO 7064 MOD 97-10; sgp22.md section 3). */
bool tern_eid_check(const uint8_t eid[16]);

/** ICCID digits (18 to 20, a trailing F allowed) to EF.ICCID coding: swapped nibbles, F filler. */
int tern_iccid_from_text(uint8_t iccid[10], struct tern_bytes text);
/** EF.ICCID coding to digits, filler left out. */
int tern_iccid_to_text(struct tern_writer *out, struct tern_bytes iccid);

/** Big endian unsigned, 0 to 8 bytes. */
uint64_t tern_read_uint(struct tern_bytes bytes);

/** True for well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
bool tern_utf8_valid(struct tern_bytes text);

#endif
