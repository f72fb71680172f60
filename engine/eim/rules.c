/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile policy rules against the card's Rules Authorisation Table, for IPAs that leave it to us
 * (eimProfileMetadataVerification; sgp32.md 5.5, sgp22.md 16.6).
 *
 *     RAT     30 { 80 pprIds, A1 { 30 {80 mccMnc, 81? gid1, 82? gid2} .. }, 82 pprFlags } ..
 *     profile 99 pprIds, B7 {80 mccMnc, ..}
 *
 * Every rule of the profile needs a row that has it and that allows its owner. A row that asks for
 * the user's consent does not count: there is no user. PPR1 needs a card without profiles.
 */
#include "engine/eim/turn.h"

#define PPR1             (1U << 1)
#define PPR_COUNT        4
#define CONSENT_REQUIRED (1U << 0)

/* Digit-wise, E as a wildcard; EE EE EE is any operator. */
static bool operator_matches(struct tern_bytes allowed, struct tern_bytes owner)
{
    struct tern_bytes a = child_value(allowed, 0x80);
    struct tern_bytes o = child_value(owner, 0x80);
    if (a.size != 3) {
        return false;
    }
    bool any = true;
    bool same = o.size == 3;
    for (size_t i = 0; i < 6; i++) {
        unsigned digit = (unsigned)a.data[i / 2] >> (4 * (i % 2)) & 0x0FU;
        any = any && digit == 0x0E;
        if (same) {
            same = digit == 0x0E || digit == ((unsigned)o.data[i / 2] >> (4 * (i % 2)) & 0x0FU);
        }
    }
    static const tern_tag GIDS[] = {0x81, 0x82};
    for (size_t i = 0; i < 2 && same; i++) {
        struct tern_bytes gid = child_value(allowed, GIDS[i]);
        same = gid.size == 0 || tern_bytes_equal(gid, child_value(owner, GIDS[i]));
    }
    return any || same;
}

static bool rule_authorised(struct tern_bytes rat, uint32_t rule, struct tern_bytes owner)
{
    struct tern_tlv row;
    struct tern_tlv operator_id;
    while (next_tlv(&rat, &row)) {
        if ((read_bits(child_value(row.value, 0x80)) & rule) == 0) {
            continue;
        }
        struct tern_bytes operators = child_value(row.value, 0xA1);
        while (next_tlv(&operators, &operator_id)) {
            if (operator_matches(operator_id.value, owner)) {
                return (read_bits(child_value(row.value, 0x82)) & CONSENT_REQUIRED) == 0;
            }
        }
    }
    return false;
}

bool rules_allowed(struct turn *turn, const uint8_t *eid, struct tern_bytes metadata)
{
    struct tern_tlv outer;
    struct tern_eim_device_data data;
    if (tern_der_single(metadata, &outer, 0) != TERN_OK || load_data(turn, eid, &data) != TERN_OK) {
        return false;
    }
    uint32_t rules = read_bits(child_value(outer.value, 0x99));
    struct tern_bytes owner = child_value(outer.value, 0xB7);
    if ((rules & PPR1) != 0 && data.profiles.size > 0) {
        return false;
    }
    for (uint32_t bit = 1; bit < PPR_COUNT; bit++) {
        if ((rules & 1U << bit) != 0 && !rule_authorised(data.rat, 1U << bit, owner)) {
            return false;
        }
    }
    return true;
}
