/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the engine share. */
#ifndef ASN_WALK_H
#define ASN_WALK_H

#include <stddef.h>

#include "tern/asn.h"

/* One decode: constant while it runs. */
struct asn_walk {
    unsigned mercy;
    struct tern_fault *fault;         /* may be NULL */
    const uint8_t *start;             /* of the input: offsets count from here */
    struct tern_asn_visitor *visitor; /* may be NULL */
};

/* How every struct of a CHOICE begins. Only for its layout: members are reached by their own types,
 * so that the compiler's idea of what may alias holds. */
struct asn_choice {
    int arm;
    struct tern_bytes raw;
};

/* Record the first, innermost fault and pass `error` on. */
int asn_fail(const struct asn_walk *walk, int error, const char *field, const uint8_t *at);

static inline bool asn_mercy(const struct asn_walk *walk, unsigned mercy)
{
    return (walk->mercy & mercy) != 0;
}

static inline void asn_visit(const struct asn_walk *walk, enum tern_asn_event event,
                             const char *name, const struct tern_asn_field *field,
                             const struct tern_asn_record *record, const struct tern_tlv *element)
{
    if (walk->visitor != NULL) {
        walk->visitor->visit(walk->visitor, event, name, field, record, element);
    }
}

/* tern_der_next() with its fault recorded. core/asn/decode.c */
int asn_next_element(const struct asn_walk *walk, const char *name, struct tern_bytes *rest,
                     struct tern_tlv *element);

/* The row of a CHOICE that has this tag, or NULL. */
const struct tern_asn_field *asn_find_arm(const struct tern_asn_record *choice, tern_tag tag);

/* `element` is one of the arms, by itself. */
int asn_take_arm(const struct asn_walk *walk, const struct tern_asn_record *choice, void *message,
                 const struct tern_tlv *element);

/* The tag of `element` is settled; its content is a `record`. */
int asn_take_record(const struct asn_walk *walk, const struct tern_asn_record *record,
                    void *message, const struct tern_tlv *element);

/* Check a single value and store it at `member` unless that is NULL. core/asn/value.c */
int asn_take_value(const struct asn_walk *walk, const struct tern_asn_field *field, void *member,
                   const struct tern_tlv *element);

/* SIZE or range of a row holds. */
bool asn_in_range(const struct tern_asn_field *field, int64_t value);

/* Characters of UTF-8 text. */
size_t asn_character_count(struct tern_bytes text);

/* Well-formed content of an OBJECT IDENTIFIER. */
bool asn_oid_valid(struct tern_bytes oid);

#endif
