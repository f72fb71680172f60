/* SPDX-License-Identifier: Apache-2.0 */
/**
 * JSON over a slice: a strict reader that checks the whole text once and then hands out slices, and
 * a writer. No heap, no copies except where an escape or base64 must be undone.
 *
 * tern_json_parse() refuses what two parsers could read in two ways: trailing bytes, doubled keys
 * (compared after their escapes are undone), NUL, bad UTF-8, lone surrogates, numbers with leading
 * zeros, and nesting or open keys over the limits below.
 */
#ifndef TERN_JSON_H
#define TERN_JSON_H

#include "tern/arena.h"
#include "tern/bytes.h"

#define TERN_JSON_DEPTH_MAX 16 /**< Objects and arrays inside each other; RSP messages need 4. */
#define TERN_JSON_KEYS_MAX  96 /**< Keys of all objects that are open at one place of the text. */

enum tern_json_kind {
    TERN_JSON_NONE = 0,
    TERN_JSON_NULL,
    TERN_JSON_BOOL,
    TERN_JSON_NUMBER,
    TERN_JSON_STRING,
    TERN_JSON_ARRAY,
    TERN_JSON_OBJECT,
};

/** One value: what it is and where it stands in the text, quotes and brackets included. */
struct tern_json {
    enum tern_json_kind kind;
    struct tern_bytes raw; /**< Borrowed from the text given to tern_json_parse(). */
};

/**
 * Check `text` whole and give its one value.
 *
 * Fails  TERN_ERR_TRUNCATED  it ends inside a value
 *        TERN_ERR_MALFORMED  not JSON, or one of the doubtful things named above
 *        TERN_ERR_RANGE      deeper than TERN_JSON_DEPTH_MAX or more keys than TERN_JSON_KEYS_MAX
 */
int tern_json_parse(struct tern_json *value, struct tern_bytes text);

/**
 * The member `key` of an object.
 * TERN_ERR_NOT_FOUND when there is none, TERN_ERR_UNEXPECTED when `object` is no object.
 */
int tern_json_member(const struct tern_json *object, const char *key, struct tern_json *value);

/** A walk over the members of an object or the elements of an array. */
struct tern_json_walk {
    struct tern_bytes rest;
    bool members;
};

/** TERN_ERR_UNEXPECTED when `container` is neither an object nor an array. */
int tern_json_walk(struct tern_json_walk *walk, const struct tern_json *container);
/** @return 1 with a value (and its `key`, a string; NULL is allowed), 0 at the end. */
int tern_json_next(struct tern_json_walk *walk, struct tern_json *key, struct tern_json *value);

/* Values. All: TERN_ERR_UNEXPECTED for another kind; TERN_ERR_NO_SPACE when the arena is full. */

/** A string, escapes undone: a slice of the text where there are none, else inside the arena. */
int tern_json_text(const struct tern_json *value, struct tern_arena *arena,
                   struct tern_bytes *text);
/** An integer without fraction and exponent. TERN_ERR_RANGE when it does not fit. */
int tern_json_int(const struct tern_json *value, int64_t *number);
int tern_json_bool(const struct tern_json *value, bool *flag);
/** A string of strict base64 (RFC 4648, section 4), decoded into the arena. TERN_ERR_MALFORMED. */
int tern_json_base64(const struct tern_json *value, struct tern_arena *arena,
                     struct tern_bytes *bytes);
/** A string of hexadecimal digits, decoded into the arena. TERN_ERR_MALFORMED. */
int tern_json_hex(const struct tern_json *value, struct tern_arena *arena,
                  struct tern_bytes *bytes);

/* The same for the member `key` of `object`: TERN_ERR_MISSING when it is absent or null. */

int tern_json_member_text(const struct tern_json *object, const char *key, struct tern_arena *arena,
                          struct tern_bytes *text);
int tern_json_member_int(const struct tern_json *object, const char *key, int64_t *number);
int tern_json_member_bool(const struct tern_json *object, const char *key, bool *flag);
int tern_json_member_base64(const struct tern_json *object, const char *key,
                            struct tern_arena *arena, struct tern_bytes *bytes);
int tern_json_member_hex(const struct tern_json *object, const char *key, struct tern_arena *arena,
                         struct tern_bytes *bytes);

/**
 * The writer puts commas and quotes; `out` says at the end whether it fitted. `key` is NULL inside
 * an array and for the outermost value. Keys are written as they are: they are ours.
 */
struct tern_json_writer {
    struct tern_writer *out;
    bool comma; /**< Something stands before the next value on this level. */
};

static inline struct tern_json_writer tern_json_writer(struct tern_writer *out)
{
    return (struct tern_json_writer){out, false};
}

void tern_json_begin_object(struct tern_json_writer *json, const char *key);
void tern_json_end_object(struct tern_json_writer *json);
void tern_json_begin_array(struct tern_json_writer *json, const char *key);
void tern_json_end_array(struct tern_json_writer *json);
/** `text` is UTF-8; quotes, backslashes and control characters are escaped. */
void tern_json_write_text(struct tern_json_writer *json, const char *key, struct tern_bytes text);
void tern_json_write_int(struct tern_json_writer *json, const char *key, int64_t number);
void tern_json_write_bool(struct tern_json_writer *json, const char *key, bool flag);
void tern_json_write_base64(struct tern_json_writer *json, const char *key,
                            struct tern_bytes bytes);
/** Upper case, as SGP.22 has transactionId. */
void tern_json_write_hex(struct tern_json_writer *json, const char *key, struct tern_bytes bytes);
/** A value that is JSON already. */
void tern_json_write_raw(struct tern_json_writer *json, const char *key, struct tern_bytes text);

#endif
