/* SPDX-License-Identifier: Apache-2.0 */
/* The members of each ES9+ message as rows that both bindings walk. */
#ifndef CORE_JSON_ES9PLUS_ROWS_H
#define CORE_JSON_ES9PLUS_ROWS_H

#include "tern/der.h"
#include "tern/es9plus.h"

enum row_kind {
    ROW_TRANSACTION,  /* JSON: hex of the content. ASN.1: the content under `tag`. */
    ROW_CONTENT,      /* JSON: base64 of the content. ASN.1: the content under `tag`. */
    ROW_TEXT,         /* JSON: the text. ASN.1: the content under `tag`. */
    ROW_ELEMENT,      /* JSON: base64 of the whole element with `tag`. ASN.1: the element. */
    ROW_NOTIFICATION, /* The same, BF37 or 30. ASN.1: wrapped in A0 (a CHOICE without a tag). */
    ROW_CANCEL,       /* The same, BF41. ASN.1: A1 takes the place of BF41 (sgp22.md 1.1). */
    ROW_EVENTS,       /* JSON: an array of objects. ASN.1: the entries inside A1. */
};

struct row {
    const char *name;
    size_t offset; /* Of the struct tern_bytes in the request or response. */
    enum row_kind kind;
    tern_tag tag;
};

struct rows {
    const char *name; /* "ES9+.InitiateAuthentication" */
    const char *path;
    tern_tag request_tag;  /* ASN.1 binding */
    tern_tag response_tag; /* ASN.1 binding */
    const struct row *request;
    size_t request_count;
    const struct row *response;
    size_t response_count;
};

/* NULL for a function that is none. */
const struct rows *es9plus_rows(enum tern_es9plus_function function);

/* The member that a row is about. */
static inline struct tern_bytes *row_member(const struct row *row, void *message)
{
    return (struct tern_bytes *)(void *)((uint8_t *)message + row->offset);
}

static inline struct tern_bytes row_value(const struct row *row, const void *message)
{
    return *(const struct tern_bytes *)(const void *)((const uint8_t *)message + row->offset);
}

/* TERN_OK when `value` is one element as the row wants it, or a content in its range. */
int row_check(const struct row *row, struct tern_bytes value);

int es9plus_request_encode_asn1(struct tern_writer *out,
                                const struct tern_es9plus_request *request);
int es9plus_request_decode_asn1(struct tern_es9plus_request *request, struct tern_bytes body,
                                struct tern_arena *arena, struct tern_fault *fault);
int es9plus_response_encode_asn1(struct tern_writer *out,
                                 const struct tern_es9plus_response *response);
int es9plus_response_decode_asn1(struct tern_es9plus_response *response, struct tern_bytes body,
                                 struct tern_arena *arena, struct tern_fault *fault);

#endif
