/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encode: from the last byte to the first, so that every length is known when it is time to write
 * it. The message grows down from the end of the free room and is then moved to where it belongs:
 *
 *   out->data [ what is there | ........ free ........ [ message ] ]
 *                             ^ moved here
 */
#include <string.h>

#include "core/asn/walk.h"

static int put_record(struct tern_back_writer *out, const struct tern_asn_record *record,
                      const void *message, tern_tag tag);

static const void *member_at(const void *message, size_t offset)
{
    return (const uint8_t *)message + offset;
}

/* The BIT STRING of these named bits, trailing zero bits dropped. X.690, 11.2.2. */
static void put_bits(struct tern_back_writer *out, tern_tag tag, uint64_t bits)
{
    uint8_t content[9] = {0};
    size_t size = 1;
    for (unsigned n = 0; n < 64; n++) {
        if ((bits >> n & 1) != 0) {
            content[n / 8 + 1] |= (uint8_t)(0x80 >> (n % 8));
            content[0] = (uint8_t)(7 - n % 8);
            size = n / 8 + 2;
        }
    }
    tern_back_write_tlv(out, tag, tern_bytes(content, size));
}

static int put_int(struct tern_back_writer *out, const struct tern_asn_field *field, tern_tag tag,
                   int64_t value)
{
    if (field->defaults && value == field->extra) {
        return TERN_OK;
    }
    if (!asn_in_range(field, value) || (field->kind == TERN_ASN_UINT && value < 0)) {
        return TERN_ERR_RANGE;
    }
    tern_back_write_int(out, tag, value);
    return TERN_OK;
}

static int put_bool(struct tern_back_writer *out, const struct tern_asn_field *field, tern_tag tag,
                    bool value)
{
    if (field->defaults && value == (field->extra != 0)) {
        return TERN_OK;
    }
    uint8_t content = value ? 0xFF : 0x00;
    tern_back_write_tlv(out, tag, tern_bytes(&content, 1));
    return TERN_OK;
}

static int put_tlv(struct tern_back_writer *out, tern_tag tag, struct tern_bytes element)
{
    struct tern_tlv tlv;
    if (tern_der_single(element, &tlv, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    if (tag == 0 || tlv.tag == tag) {
        tern_back_write(out, element);
    } else {
        tern_back_write_tlv(out, tag, tlv.value);
    }
    return TERN_OK;
}

static int put_slice(struct tern_back_writer *out, const struct tern_asn_field *field, tern_tag tag,
                     struct tern_bytes value)
{
    if (value.data == NULL) {
        return field->optional ? TERN_OK : TERN_ERR_MISSING;
    }
    if (field->kind == TERN_ASN_TLV) {
        return put_tlv(out, tag, value);
    }
    size_t size = field->kind == TERN_ASN_TEXT ? asn_character_count(value) : value.size;
    if (!asn_in_range(field, (int64_t)size)) {
        return TERN_ERR_RANGE;
    }
    if (field->kind == TERN_ASN_TEXT && !tern_utf8_valid(value)) {
        return TERN_ERR_MALFORMED;
    }
    if (field->kind == TERN_ASN_OID && !asn_oid_valid(value)) {
        return TERN_ERR_MALFORMED;
    }
    tern_back_write_tlv(out, tag, value);
    return TERN_OK;
}

/* A member that is there. */
static int put_member(struct tern_back_writer *out, const struct tern_asn_field *field,
                      tern_tag tag, const void *member)
{
    switch ((enum tern_asn_kind)field->kind) {
    case TERN_ASN_INT:
    case TERN_ASN_UINT:
        return put_int(out, field, tag, *(const int64_t *)member);
    case TERN_ASN_BOOL:
        return put_bool(out, field, tag, *(const bool *)member);
    case TERN_ASN_BITS:
        put_bits(out, tag, *(const uint64_t *)member);
        return TERN_OK;
    case TERN_ASN_PRESENT:
        if (field->size == 0 || *(const bool *)member) {
            tern_back_write_tlv(out, tag, tern_bytes("", 0));
        }
        return TERN_OK;
    case TERN_ASN_RECORD:
    case TERN_ASN_CHOICE:
        return put_record(out, field->of.record, member, tag);
    default:
        return put_slice(out, field, tag, *(const struct tern_bytes *)member);
    }
}

static int put_field(struct tern_back_writer *out, const struct tern_asn_field *field, tern_tag tag,
                     const void *message)
{
    if (field->has && !*(const bool *)member_at(message, field->extra)) {
        return TERN_OK;
    }
    const void *member = member_at(message, field->offset);
    if (field->kind == TERN_ASN_CHOICE && field->optional && *(const int *)member == 0) {
        return TERN_OK;
    }
    return put_member(out, field, tag, member);
}

static int put_arm(struct tern_back_writer *out, const struct tern_asn_record *choice,
                   const void *message)
{
    int chosen = *(const int *)message;
    const struct tern_bytes *raw = member_at(message, offsetof(struct asn_choice, raw));
    if (chosen == TERN_ASN_RAW && raw->data != NULL) {
        return put_tlv(out, 0, *raw);
    }
    for (size_t i = 0; i < choice->field_count; i++) {
        const struct tern_asn_field *arm = &choice->fields[i];
        if (arm->extra == chosen) {
            return put_member(out, arm, arm->tag, member_at(message, arm->offset));
        }
    }
    return TERN_ERR_MISSING;
}

/* `tag` 0: the arms of a CHOICE stand for themselves. */
static int put_record(struct tern_back_writer *out, const struct tern_asn_record *record,
                      const void *message, tern_tag tag)
{
    size_t mark = out->size;
    int error = TERN_OK;
    if (record->form == TERN_ASN_FORM_VALUE) {
        return put_field(out, &record->fields[0], tag, message);
    }
    if (record->keeps_raw && ((const struct tern_bytes *)message)->data != NULL) {
        return put_tlv(out, tag, *(const struct tern_bytes *)message);
    }
    if (record->form == TERN_ASN_FORM_CHOICE) {
        error = put_arm(out, record, message);
    } else {
        for (size_t i = record->field_count; error == TERN_OK && i > 0; i--) {
            const struct tern_asn_field *field = &record->fields[i - 1];
            error = put_field(out, field, field->tag, message);
        }
    }
    if (error == TERN_OK && tag != 0) {
        tern_back_write_header(out, tag, mark);
    }
    return error;
}

/* Move what was built backwards to the end of what is there. */
static int finish(struct tern_writer *out, const struct tern_back_writer *back)
{
    if (back->size <= back->capacity && back->size > 0) {
        memmove(back->data, back->data + back->capacity - back->size, back->size);
    }
    out->size += back->size;
    return tern_writer_status(out);
}

static struct tern_back_writer begin(const struct tern_writer *out)
{
    size_t used = out->size < out->capacity ? out->size : out->capacity;
    return tern_back_writer(out->data == NULL ? NULL : out->data + used, out->capacity - used);
}

int tern_asn_encode_as(const struct tern_asn_record *record, struct tern_writer *out,
                       const void *message, tern_tag tag)
{
    struct tern_back_writer back = begin(out);
    int error = put_record(&back, record, message, tag != 0 ? tag : record->tag);
    return error != TERN_OK ? error : finish(out, &back);
}

int tern_asn_encode(const struct tern_asn_record *record, struct tern_writer *out,
                    const void *message)
{
    return tern_asn_encode_as(record, out, message, 0);
}

int tern_asn_retag(struct tern_writer *out, tern_tag tag, struct tern_bytes element)
{
    struct tern_back_writer back = begin(out);
    int error = put_tlv(&back, tag, element);
    return error != TERN_OK ? error : finish(out, &back);
}
