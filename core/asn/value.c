/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values: what the bytes of a primitive element say, and how strict DER has them.
 *
 *   INTEGER      signed, shortest form           BOOLEAN   00 or FF
 *   BIT STRING   unused count, then bits from the top; DER drops trailing zero bits, deployed peers
 *                do not, and sgp32.md 0.2 forbids to insist, so any count from 0 to 7 is taken
 */
#include <string.h>

#include "core/asn/walk.h"

bool asn_in_range(const struct tern_asn_field *field, int64_t value)
{
    return field->max == 0 || (value >= field->min && value <= field->max);
}

size_t asn_character_count(struct tern_bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += (text.data[i] & 0xC0) != 0x80;
    }
    return count;
}

bool asn_oid_valid(struct tern_bytes oid)
{
    bool at_start = true;
    for (size_t i = 0; i < oid.size; i++) {
        if (at_start && oid.data[i] == 0x80) {
            return false; /* a padded arc */
        }
        at_start = (oid.data[i] & 0x80) == 0;
    }
    return oid.size > 0 && at_start;
}

int tern_asn_bits(struct tern_bytes content, uint64_t *bits)
{
    if (content.size == 0 || content.data[0] > 7 || (content.size == 1 && content.data[0] != 0)) {
        return TERN_ERR_MALFORMED;
    }
    uint64_t value = 0;
    for (size_t n = 0; n < 64 && n / 8 + 1 < content.size; n++) {
        if ((content.data[n / 8 + 1] & (0x80 >> (n % 8))) != 0) {
            value |= (uint64_t)1 << n;
        }
    }
    *bits = value;
    return TERN_OK;
}

/* A negative INTEGER where none can be is an unsigned one without its leading 00: lpac does that
 * with sequence numbers (sgp22.md 1.9). */
static int read_int(const struct asn_walk *walk, const struct tern_asn_field *field,
                    struct tern_bytes content, int64_t *value)
{
    int error = tern_der_int(content, value);
    if (error != TERN_OK || field->kind != TERN_ASN_UINT || *value >= 0) {
        return error;
    }
    if (!asn_mercy(walk, TERN_MERCY_UNSIGNED) || content.size > 7) {
        return TERN_ERR_RANGE;
    }
    *value = (int64_t)tern_read_uint(content);
    return TERN_OK;
}

static int take_int(const struct asn_walk *walk, const struct tern_asn_field *field, void *member,
                    struct tern_bytes content)
{
    int64_t value = 0;
    int error = read_int(walk, field, content, &value);
    if (error == TERN_OK && !asn_in_range(field, value)) {
        error = TERN_ERR_RANGE;
    }
    if (error == TERN_OK && field->defaults && value == field->extra &&
        !asn_mercy(walk, TERN_MERCY_DEFAULT)) {
        error = TERN_ERR_MALFORMED;
    }
    if (error != TERN_OK) {
        return asn_fail(walk, error, field->name, content.data);
    }
    if (member != NULL) {
        *(int64_t *)member = value;
    }
    return TERN_OK;
}

static int take_bool(const struct asn_walk *walk, const struct tern_asn_field *field, void *member,
                     struct tern_bytes content)
{
    bool strict = content.size == 1 && (content.data[0] == 0x00 || content.data[0] == 0xFF);
    if (!strict && !(content.size == 1 && asn_mercy(walk, TERN_MERCY_BOOLEAN))) {
        return asn_fail(walk, TERN_ERR_MALFORMED, field->name, content.data);
    }
    bool value = content.data[0] != 0;
    if (field->defaults && value == (field->extra != 0) && !asn_mercy(walk, TERN_MERCY_DEFAULT)) {
        return asn_fail(walk, TERN_ERR_MALFORMED, field->name, content.data);
    }
    if (member != NULL) {
        *(bool *)member = value;
    }
    return TERN_OK;
}

static int take_bits(const struct asn_walk *walk, const struct tern_asn_field *field, void *member,
                     struct tern_bytes content)
{
    uint64_t bits = 0;
    int error = tern_asn_bits(content, &bits);
    if (error != TERN_OK) {
        return asn_fail(walk, error, field->name, content.data);
    }
    if (member != NULL) {
        *(uint64_t *)member = bits;
    }
    return TERN_OK;
}

static int check_slice(const struct tern_asn_field *field, struct tern_bytes content)
{
    size_t size = content.size;
    if (field->kind == TERN_ASN_TEXT) {
        if (!tern_utf8_valid(content)) {
            return TERN_ERR_MALFORMED;
        }
        size = asn_character_count(content);
    }
    if (field->kind == TERN_ASN_OID && !asn_oid_valid(content)) {
        return TERN_ERR_MALFORMED;
    }
    return asn_in_range(field, (int64_t)size) ? TERN_OK : TERN_ERR_RANGE;
}

static int take_slice(const struct asn_walk *walk, const struct tern_asn_field *field, void *member,
                      struct tern_bytes content)
{
    int error = check_slice(field, content);
    if (error != TERN_OK) {
        return asn_fail(walk, error, field->name, content.data);
    }
    if (member != NULL) {
        *(struct tern_bytes *)member = content;
    }
    return TERN_OK;
}

int asn_take_value(const struct asn_walk *walk, const struct tern_asn_field *field, void *member,
                   const struct tern_tlv *element)
{
    switch ((enum tern_asn_kind)field->kind) {
    case TERN_ASN_INT:
    case TERN_ASN_UINT:
        return take_int(walk, field, member, element->value);
    case TERN_ASN_BOOL:
        return take_bool(walk, field, member, element->value);
    case TERN_ASN_BITS:
        return take_bits(walk, field, member, element->value);
    case TERN_ASN_PRESENT:
        if (element->value.size != 0) {
            return asn_fail(walk, TERN_ERR_MALFORMED, field->name, element->value.data);
        }
        if (member != NULL) {
            *(bool *)member = true;
        }
        return TERN_OK;
    default:
        return take_slice(walk, field, member, element->value);
    }
}

int tern_asn_signature(uint8_t plain[64], struct tern_bytes signature, unsigned mercy)
{
    if (signature.size == 64) {
        memcpy(plain, signature.data, 64);
        return TERN_OK;
    }
    struct tern_tlv sequence;
    if ((mercy & TERN_MERCY_DER_SIGNATURE) == 0 ||
        tern_der_single(signature, &sequence, TERN_DER_STRICT) != TERN_OK || sequence.tag != 0x30) {
        return TERN_ERR_MALFORMED;
    }
    uint8_t both[64] = {0};
    struct tern_bytes rest = sequence.value;
    for (size_t i = 0; i < 2; i++) {
        struct tern_tlv number;
        if (tern_der_next(&rest, &number, TERN_DER_STRICT) != 1 || number.tag != 0x02) {
            return TERN_ERR_MALFORMED;
        }
        struct tern_bytes value = number.value;
        if (value.size > 0 && value.data[0] == 0) {
            value = tern_bytes_slice(value, 1, value.size);
        }
        if (value.size == 0 || value.size > 32) {
            return TERN_ERR_MALFORMED;
        }
        memcpy(both + 32 * (i + 1) - value.size, value.data, value.size);
    }
    if (rest.size != 0) {
        return TERN_ERR_MALFORMED;
    }
    memcpy(plain, both, sizeof(both));
    return TERN_OK;
}
