/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The words of which tables are written. Only for .c files that hold tables: the names are short.
 *
 *     #define TYPE tern_psmo_enable                  the struct, without the word
 *     SEQUENCE(TERN_PSMO_ENABLE, "enable", 0xA3,     symbol, name in the spec, tag, rows
 *              FIELD(iccid,         "iccid",        0x5A, BYTES, SIZE(10, 10)),
 *              FIELD(rollback_flag, "rollbackFlag", 0x05, PRESENT));
 *     #undef TYPE
 *
 * Types    SEQUENCE  SIGNED (keeps `raw`)  EMPTY (a SEQUENCE without rows)  CHOICE_OF  VALUE_OF
 *          ..._WITH variants take a list of aliases before the rows
 * Rows     FIELD(member, "name", tag, kind, options...)   mandatory unless an option says else
 *          MAYBE(...)    optional, with `bool has_MEMBER` in the struct
 *          ARM(TERN_x_IS_y, member, "name", tag, kind)    an alternative of a CHOICE
 *          NULL_ARM(TERN_x_IS_y, "name", tag)             one that is NULL
 *          EMPTY_ARM(TERN_x_IS_y, "name", tag)            one that is SEQUENCE {}
 * Kinds    INT UINT CODE(P) BITS(P) BOOL PRESENT BYTES TEXT OID LIST(T) TLV(T) ANY X509(T)
 *          RECORD(T) CHOICE(T)        P: prefix of a list of codes; T: symbol of a type
 * Options  OPTIONAL (slices and choices)  SIZE(least, most)  DEFAULT(value)  LOOSE  SECRET
 *
 * PRESENT is always optional.
 */
#ifndef TERN_ASN_TABLE_H
#define TERN_ASN_TABLE_H

#include <stddef.h>

#include "tern/asn.h"

#ifdef TERN_ASN_NO_NAMES /* firmware that prints nothing: faults then carry an empty name */
#define TERN_ASN_TEXT_OF(text) ""
#else
#define TERN_ASN_TEXT_OF(text) text
#endif

/* clang-format off */
#define ROW(member, text, wire)                        \
    .name = TERN_ASN_TEXT_OF(text), .tag = (wire),     \
    .offset = (uint16_t)offsetof(struct TYPE, member), \
    .size = (uint16_t)sizeof(((struct TYPE *)0)->member)
#define FIELD(member, text, wire, ...) {ROW(member, text, wire), __VA_ARGS__}
#define MAYBE(member, text, wire, ...)                                             \
    {ROW(member, text, wire), .optional = 1, .has = 1,                             \
     .extra = (uint16_t)offsetof(struct TYPE, has_##member), __VA_ARGS__}
#define ARM(number, member, text, wire, ...) \
    {ROW(member, text, wire), .extra = (number), __VA_ARGS__}
/* These have no member (size 0): the arm says it all. */
#define NULL_ARM(number, text, wire)                                  \
    {.name = TERN_ASN_TEXT_OF(text), .tag = (wire), .extra = (number), \
     .kind = TERN_ASN_PRESENT}
#define EMPTY_ARM(number, text, wire)                                 \
    {.name = TERN_ASN_TEXT_OF(text), .tag = (wire), .extra = (number), \
     .kind = TERN_ASN_RECORD, .of.record = &TERN_EMPTY}
/* clang-format on */

#define INT       .kind = TERN_ASN_INT
#define UINT      .kind = TERN_ASN_UINT
#define CODE(P)   .kind = TERN_ASN_INT, .of.names = P##_NAMES
#define BITS(P)   .kind = TERN_ASN_BITS, .of.names = P##_NAMES
#define BOOL      .kind = TERN_ASN_BOOL
#define PRESENT   .kind = TERN_ASN_PRESENT, .optional = 1
#define BYTES     .kind = TERN_ASN_BYTES
#define TEXT      .kind = TERN_ASN_TEXT
#define OID       .kind = TERN_ASN_OID
#define LIST(T)   .kind = TERN_ASN_LIST, .of.record = &(T)
#define TLV(T)    .kind = TERN_ASN_TLV, .of.record = &(T)
#define ANY       .kind = TERN_ASN_TLV
#define X509(T)   .kind = TERN_ASN_TLV, .x509 = 1, .of.record = &(T)
#define RECORD(T) .kind = TERN_ASN_RECORD, .of.record = &(T)
#define CHOICE(T) .kind = TERN_ASN_CHOICE, .of.record = &(T)

#define OPTIONAL          .optional = 1
#define SIZE(least, most) .min = (least), .max = (most)
#define DEFAULT(value)    .optional = 1, .defaults = 1, .extra = (value)
#define LOOSE             .loose = 1
#define SECRET            .secret = 1

#define RECORD_OF(symbol, text, wire, shape, raw_kept, alias_list, ...) \
    static const struct tern_asn_field symbol##_ROWS[] = {__VA_ARGS__}; \
    const struct tern_asn_record symbol = {                             \
        .name = TERN_ASN_TEXT_OF(text),                                 \
        .tag = (wire),                                                  \
        .form = (shape),                                                \
        .keeps_raw = (raw_kept),                                        \
        .field_count = TERN_COUNT_OF(symbol##_ROWS),                    \
        .size = sizeof(struct TYPE),                                    \
        .fields = symbol##_ROWS,                                        \
        .aliases = (alias_list),                                        \
    }

#define SEQUENCE(symbol, text, wire, ...) \
    RECORD_OF(symbol, text, wire, TERN_ASN_FORM_SEQUENCE, 0, NULL, __VA_ARGS__)
#define SEQUENCE_WITH(aliases, symbol, text, wire, ...) \
    RECORD_OF(symbol, text, wire, TERN_ASN_FORM_SEQUENCE, 0, aliases, __VA_ARGS__)
#define SIGNED(symbol, text, wire, ...) \
    RECORD_OF(symbol, text, wire, TERN_ASN_FORM_SEQUENCE, 1, NULL, __VA_ARGS__)
#define CHOICE_OF(symbol, text, wire, ...) \
    RECORD_OF(symbol, text, wire, TERN_ASN_FORM_CHOICE, 0, NULL, __VA_ARGS__)
#define CHOICE_WITH(aliases, symbol, text, wire, ...) \
    RECORD_OF(symbol, text, wire, TERN_ASN_FORM_CHOICE, 0, aliases, __VA_ARGS__)
#define VALUE_OF(symbol, text, wire, ...) \
    RECORD_OF(symbol, text, wire, TERN_ASN_FORM_VALUE, 0, NULL, __VA_ARGS__)
/* clang-format off */
/** A SEQUENCE {} as a type: its struct is `struct tern_empty`. */
#define EMPTY(symbol, text, wire)                              \
    const struct tern_asn_record symbol = {                    \
        .name = TERN_ASN_TEXT_OF(text), .tag = (wire),         \
        .form = TERN_ASN_FORM_SEQUENCE, .size = sizeof(struct tern_empty)}

#ifdef TERN_ASN_NO_NAMES
#define NAME_ROW(P, text, value)
#else
#define NAME_ROW(P, text, value) {(value), #text},
#endif
/** The names of a list of codes: NAMES(TERN_EIM_ID_TYPE). */
#define NAMES(P) const struct tern_asn_name P##_NAMES[] = {P##_LIST(NAME_ROW, P) {0, NULL}}
/* clang-format on */

#endif
