/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doors of decoding: settle the tag of the outermost element, then let the walk of decode.c go.
 */
#include <string.h>

#include "core/asn/walk.h"

const struct tern_asn_record TERN_EMPTY = {
    .name = "SEQUENCE", .tag = 0x30, .size = sizeof(struct tern_empty)};

int asn_fail(const struct asn_walk *walk, int error, const char *field, const uint8_t *at)
{
    if (walk->fault != NULL && walk->fault->field == NULL) {
        walk->fault->field = field;
        walk->fault->offset = (size_t)(at - walk->start);
    }
    return error;
}

/* The outermost element: its tag is still to be settled. */
static int take_outermost(const struct asn_walk *walk, const struct tern_asn_record *record,
                          void *message, const struct tern_tlv *outer, tern_tag tag)
{
    struct tern_tlv element = *outer;
    bool wanted = record->form == TERN_ASN_FORM_CHOICE && record->tag == 0 && tag == 0;
    wanted = wanted ? asn_find_arm(record, element.tag) != NULL
                    : element.tag == (tag != 0 ? tag : record->tag);
    struct tern_tlv inner;
    if (!wanted && element.tag == 0xA2 && asn_mercy(walk, TERN_MERCY_ES9_WRAPPER) &&
        tern_der_single(element.value, &inner, TERN_DER_STRICT) == TERN_OK) {
        element = inner;
    }
    if (record->form == TERN_ASN_FORM_CHOICE && record->tag == 0 && tag == 0) {
        return asn_take_arm(walk, record, message, &element);
    }
    if (tag != TERN_ASN_ANY_TAG && element.tag != (tag != 0 ? tag : record->tag)) {
        return asn_fail(walk, TERN_ERR_UNEXPECTED, record->name, element.raw.data);
    }
    return asn_take_record(walk, record, message, &element);
}

static int decode(const struct asn_walk *walk, const struct tern_asn_record *record, void *message,
                  struct tern_bytes in, tern_tag tag)
{
    TERN_ASSERT(record->field_count <= 64);
    if (message != NULL) {
        memset(message, 0, record->size);
    }
    if (walk->fault != NULL) {
        *walk->fault = (struct tern_fault){NULL, 0};
    }
    struct tern_bytes rest = in;
    struct tern_tlv element;
    int got = asn_next_element(walk, record->name, &rest, &element);
    if (got <= 0) {
        return got < 0 ? got : asn_fail(walk, TERN_ERR_TRUNCATED, record->name, in.data);
    }
    if (rest.size != 0) {
        return asn_fail(walk, TERN_ERR_MALFORMED, record->name, rest.data);
    }
    asn_visit(walk, TERN_ASN_ENTER, record->name, NULL, record, &element);
    int error = take_outermost(walk, record, message, &element, tag);
    asn_visit(walk, TERN_ASN_LEAVE, record->name, NULL, record, &element);
    return error;
}

int tern_asn_decode_as(const struct tern_asn_record *record, void *message,
                       struct tern_fault *fault, struct tern_bytes in, tern_tag tag, unsigned mercy)
{
    struct asn_walk walk = {mercy, fault, in.data, NULL};
    return decode(&walk, record, message, in, tag);
}

int tern_asn_decode(const struct tern_asn_record *record, void *message, struct tern_fault *fault,
                    struct tern_bytes in)
{
    return tern_asn_decode_as(record, message, fault, in, 0, TERN_MERCY_NONE);
}

int tern_asn_walk(const struct tern_asn_record *record, struct tern_bytes in, tern_tag tag,
                  unsigned mercy, struct tern_fault *fault, struct tern_asn_visitor *visitor)
{
    struct asn_walk walk = {mercy, fault, in.data, visitor};
    return decode(&walk, record, NULL, in, tag);
}

int tern_asn_next(const struct tern_asn_record *element, void *message, struct tern_bytes *rest,
                  unsigned mercy)
{
    struct tern_tlv tlv;
    unsigned lengths = (mercy & TERN_MERCY_LONG_LENGTHS) != 0 ? TERN_DER_LONG_LENGTHS : 0;
    int got = tern_der_next(rest, &tlv, lengths);
    if (got <= 0) {
        return got;
    }
    int error = tern_asn_decode_as(element, message, NULL, tlv.raw, 0, mercy);
    return error != TERN_OK ? error : 1;
}

size_t tern_asn_count(struct tern_bytes list)
{
    size_t count = 0;
    struct tern_tlv tlv;
    while (tern_der_next(&list, &tlv, TERN_DER_LONG_LENGTHS) == 1) {
        count++;
    }
    return count;
}
