/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OBJECT IDENTIFIER, content bytes to dots and back. X.690, 8.19: base 128, and the first two arcs
 * share a number (40 * first + second), so that 2.999.10 is 88 37 0A (sgp22.md 1.10).
 */
#include "core/asn/walk.h"

/* @return false for an arc over 63 bits. */
static bool next_arc(struct tern_bytes *rest, uint64_t *arc)
{
    *arc = 0;
    while (rest->size > 0) {
        uint8_t byte = rest->data[0];
        if (*arc >> 56 != 0) {
            return false;
        }
        *arc = *arc << 7 | (byte & 0x7F);
        *rest = tern_bytes_slice(*rest, 1, rest->size);
        if ((byte & 0x80) == 0) {
            return true;
        }
    }
    return false;
}

static bool all_arcs_fit(struct tern_bytes oid)
{
    uint64_t arc;
    while (oid.size > 0) {
        if (!next_arc(&oid, &arc)) {
            return false;
        }
    }
    return true;
}

int tern_asn_oid_to_text(struct tern_writer *out, struct tern_bytes oid)
{
    if (!asn_oid_valid(oid) || !all_arcs_fit(oid)) {
        return TERN_ERR_MALFORMED;
    }
    uint64_t arc;
    (void)next_arc(&oid, &arc);
    uint64_t first = arc < 80 ? arc / 40 : 2;
    tern_write_decimal(out, first);
    tern_write_byte(out, '.');
    tern_write_decimal(out, arc - 40 * first);
    while (oid.size > 0) {
        (void)next_arc(&oid, &arc);
        tern_write_byte(out, '.');
        tern_write_decimal(out, arc);
    }
    return tern_writer_status(out);
}

static void write_arc(struct tern_writer *out, uint64_t arc)
{
    unsigned shift = 0;
    while (shift < 56 && arc >> (shift + 7) != 0) {
        shift += 7;
    }
    for (; shift > 0; shift -= 7) {
        tern_write_byte(out, (uint8_t)(0x80 | (arc >> shift & 0x7F)));
    }
    tern_write_byte(out, (uint8_t)(arc & 0x7F));
}

/* Digits up to a dot or the end. At most 16 digits, so that nothing overflows. */
static bool take_number(struct tern_bytes *text, uint64_t *number)
{
    size_t digits = 0;
    *number = 0;
    while (text->size > 0 && text->data[0] >= '0' && text->data[0] <= '9' && digits < 16) {
        *number = *number * 10 + (uint64_t)(text->data[0] - '0');
        *text = tern_bytes_slice(*text, 1, text->size);
        digits++;
    }
    return digits > 0 && (text->size == 0 || text->data[0] == '.');
}

static bool take_dot(struct tern_bytes *text)
{
    bool dot = text->size > 0 && text->data[0] == '.';
    *text = tern_bytes_slice(*text, dot ? 1 : 0, text->size);
    return dot;
}

int tern_asn_oid_from_text(struct tern_writer *out, struct tern_bytes text)
{
    struct tern_writer content = *out;
    uint64_t first;
    uint64_t second;
    if (!take_number(&text, &first) || first > 2 || !take_dot(&text) ||
        !take_number(&text, &second) || (first < 2 && second > 39)) {
        return TERN_ERR_MALFORMED;
    }
    write_arc(&content, first * 40 + second);
    while (text.size > 0) {
        uint64_t arc;
        if (!take_dot(&text) || !take_number(&text, &arc)) {
            return TERN_ERR_MALFORMED;
        }
        write_arc(&content, arc);
    }
    *out = content;
    return tern_writer_status(out);
}
