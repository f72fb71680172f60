/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metadata of a profile that is about to come: kept at the end of the buffer until the bound
 * profile package brought the same, and checked against the rules the eUICC authorises.
 *
 *   ProfilePolicyRules 99, owner B7{80 mccMnc, 81 gid1?, 82 gid2?}
 *   RAT BF43{A0{ 30{80 pprIds, A1{30{80 mccMnc, 81?, 82?}..}, 82 pprFlags}.. }}
 *
 * A rule is allowed when some row names it and an operator that matches; EE bytes are wildcards.
 * Rows that want the consent of an end user do not count: there is none (sgp32.md 5.3, no. 7).
 * SGP.22, 2.4.12; sgp22.md 16.6.
 */
#include <string.h>

#include "core/ipa/machine.h"

#define TAG_ICON 0x94
#define RULES    0x60 /* PPR1 and PPR2, the bits that forbid something */

void ipa_metadata_keep(struct tern_ipa *ipa)
{
    struct tern_bytes metadata = ipa_slot(ipa, SLOT_METADATA);
    uint8_t *end = ipa->buffer + ipa->buffer_size;
    ipa->keep_size = 0;
    if (metadata.size == 0) {
        return;
    }
    /* The rest of the reply moves down over it, then it goes to the end. Slots follow. */
    size_t behind = ipa->slots[SLOT_METADATA].offset + metadata.size;
    uint8_t *hold = ipa_hold(ipa);
    if (metadata.size > ipa_hold_room(ipa)) {
        return; /* no room twice: compared by the card alone */
    }
    memcpy(end - metadata.size, metadata.data, metadata.size);
    memmove(hold + behind - metadata.size, hold + behind, ipa->hold_size - behind);
    ipa->hold_size = (uint16_t)(ipa->hold_size - metadata.size);
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        if (ipa->slots[i].offset >= behind) {
            ipa->slots[i].offset = (uint16_t)(ipa->slots[i].offset - metadata.size);
        }
    }
    ipa->keep_size = (uint16_t)metadata.size;
}

struct tern_bytes ipa_metadata_find(struct tern_ipa *ipa, tern_tag tag)
{
    struct tern_bytes rest =
        tern_bytes(ipa->buffer + ipa->buffer_size - ipa->keep_size, ipa->keep_size);
    struct tern_der_header header = {.raw_size = 0};
    (void)tern_der_header_feed(&header, &rest); /* BF25, whose length counts the picture */
    while (rest.size > 0) {
        memset(&header, 0, sizeof(header));
        if (tern_der_header_feed(&header, &rest) != 1) {
            break;
        }
        size_t size = header.tag == TAG_ICON ? 0 : header.value_size;
        if (header.tag == tag && size <= rest.size) {
            return tern_bytes(rest.data, size);
        }
        rest = tern_bytes_slice(rest, size, rest.size);
    }
    return TERN_BYTES_NONE;
}

static uint8_t rules(struct tern_ipa *ipa)
{
    struct tern_bytes ids = ipa_metadata_find(ipa, 0x99);
    return ids.size > 1 ? ids.data[1] & RULES : 0;
}

bool ipa_metadata_has_rules(struct tern_ipa *ipa)
{
    ipa->row_rules = 0;
    ipa->allowed_rules = 0;
    ipa->operator_fits = false;
    return rules(ipa) != 0;
}

/* Digits of mccMnc: E in the table fits any digit. */
static bool digits_fit(struct tern_bytes table, struct tern_bytes owner)
{
    for (size_t i = 0; i < table.size; i++) {
        uint8_t want = table.data[i];
        uint8_t have = i < owner.size ? owner.data[i] : 0;
        bool low = (want & 0x0F) == 0x0E || (want & 0x0F) == (have & 0x0F);
        bool high = (want & 0xF0) == 0xE0 || (want & 0xF0) == (have & 0xF0);
        if (!low || !high) {
            return false;
        }
    }
    return table.size == owner.size;
}

/* One member of an OperatorId in the table: fits the owner's? An empty gid is a wildcard. */
static void operator_member(struct tern_ipa *ipa, tern_tag tag, struct tern_bytes value)
{
    struct tern_tlv member = {.value = TERN_BYTES_NONE};
    bool has = tern_der_find(ipa_metadata_find(ipa, 0xB7), tag, &member) == TERN_OK;
    if (tag == 0x80) {
        ipa->operator_fits = has && digits_fit(value, member.value);
    } else if (value.size > 0) {
        ipa->operator_fits &= has && tern_bytes_equal(value, member.value);
    }
}

int ipa_rules_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    (void)last;
    while ((kind = walk_next(&ipa->walk, &chunk, &data)) > 0) {
        unsigned depth = ipa->walk.depth;
        tern_tag tag = walk_tag(&ipa->walk, depth);
        if (kind == WALK_OPEN && depth == 3) {
            ipa->row_rules = 0;
            ipa->row_fits = false;
            ipa->row_consent = false;
        }
        if (depth == 4 && kind == WALK_DATA && tag == 0x80) {
            ipa->row_rules = chunk.data[chunk.size - 1];
        }
        if (depth == 4 && kind == WALK_DATA && tag == 0x82) {
            ipa->row_consent = (chunk.data[chunk.size - 1] & 0x80) != 0;
        }
        if (depth == 6) {
            ipa_take_short(ipa->operator_value, kind, chunk);
        }
        if (depth == 6 && kind == WALK_CLOSE) {
            operator_member(ipa, tag, tern_bytes(ipa->operator_value + 1, ipa->operator_value[0]));
        }
        if (depth == 5 && kind == WALK_CLOSE) {
            ipa->row_fits |= ipa->operator_fits;
        }
        if (depth == 3 && kind == WALK_CLOSE && ipa->row_fits && !ipa->row_consent) {
            ipa->allowed_rules |= ipa->row_rules;
        }
    }
    return kind;
}

bool ipa_rules_allowed(struct tern_ipa *ipa)
{
    return (rules(ipa) & ~ipa->allowed_rules) == 0;
}
