/* SPDX-License-Identifier: Apache-2.0 */
/*
 * StoreMetadata. Profile policy rules are allowed only as the Rules Authorisation Table has it:
 * for every rule of the profile the first row that names it and the profile's owner (sgp22.md
 * 16.6). In the table E is any digit; an empty gid is any gid, an absent one means none.
 */
#include "engine/card/store_metadata.h"

#include <string.h>

#include "tern/messages/rsp.h"

#define REASON(name) TERN_ERROR_REASON_##name
#define ISDP_FIRST   0x0010
#define ISDP_LAST    0xFFFF

static bool digits_match(struct tern_bytes pattern, struct tern_bytes value)
{
    if (pattern.size != value.size) return false;
    for (size_t i = 0; i < pattern.size; i++) {
        uint8_t high = pattern.data[i] >> 4;
        uint8_t low = pattern.data[i] & 0x0F;
        if (high != 0x0E && high != value.data[i] >> 4) return false;
        if (low != 0x0E && low != (value.data[i] & 0x0F)) return false;
    }
    return true;
}

static bool gid_matches(struct tern_bytes pattern, struct tern_bytes value)
{
    if (pattern.data == NULL) return value.data == NULL;
    return pattern.size == 0 || tern_bytes_equal(pattern, value);
}

static bool row_allows(const struct tern_profile_policy_authorisation_rule *row, uint64_t ppr,
                       const struct tern_operator_id *owner)
{
    if ((row->ppr_ids & ppr) == 0) return false;
    struct tern_bytes rest = row->allowed_operators;
    struct tern_operator_id allowed;
    while (tern_asn_next(&TERN_OPERATOR_ID, &allowed, &rest, 0) == 1) {
        if (digits_match(allowed.mcc_mnc, owner->mcc_mnc) &&
            gid_matches(allowed.gid1, owner->gid1) && gid_matches(allowed.gid2, owner->gid2)) {
            return true;
        }
    }
    return false;
}

static bool table_allows(const struct tern_card *card, uint64_t ppr,
                         const struct tern_operator_id *owner)
{
    struct tern_bytes rest = card->config.rules_authorisation_table;
    struct tern_profile_policy_authorisation_rule row;
    while (tern_asn_next(&TERN_PROFILE_POLICY_AUTHORISATION_RULE, &row, &rest, 0) == 1) {
        if (row_allows(&row, ppr, owner)) return true;
    }
    return false;
}

static bool has_operational_profile(const struct tern_card *card)
{
    for (size_t i = 0; i < TERN_CARD_PROFILE_COUNT_MAX; i++) {
        if (card->profiles[i].installed &&
            card->profiles[i].profile_class == TERN_PROFILE_CLASS_operational) {
            return true;
        }
    }
    return false;
}

static bool pprs_allowed(const struct tern_card *card,
                         const struct tern_store_metadata_request *metadata)
{
    uint64_t pprs = metadata->profile_policy_rules & (TERN_PPR_IDS_ppr1 | TERN_PPR_IDS_ppr2);
    if ((metadata->profile_policy_rules & card->config.forbidden_pprs) != 0) return false;
    if (pprs == 0) return true;
    struct tern_operator_id owner;
    if (metadata->profile_owner.data == NULL ||
        tern_asn_decode_as(&TERN_OPERATOR_ID, &owner, NULL, metadata->profile_owner,
                           TERN_ASN_ANY_TAG, ES10_MERCY) != TERN_OK) {
        return false;
    }
    for (uint64_t ppr = TERN_PPR_IDS_ppr1; ppr <= TERN_PPR_IDS_ppr2; ppr <<= 1) {
        if ((pprs & ppr) != 0 && !table_allows(card, ppr, &owner)) return false;
    }
    /* A profile that may not be disabled must come first. */
    return (pprs & TERN_PPR_IDS_ppr1) == 0 || !has_operational_profile(card);
}

static int64_t check(const struct tern_card *card,
                     const struct tern_store_metadata_request *metadata)
{
    if (metadata->icon.data != NULL && !metadata->has_icon_type) {
        return REASON(incorrectInputValues);
    }
    if (state_find_iccid(card, metadata->iccid) != PROFILE_NONE) {
        return REASON(installFailedDueToIccidAlreadyExistsOnEuicc);
    }
    if (metadata->profile_class < TERN_PROFILE_CLASS_test ||
        metadata->profile_class > TERN_PROFILE_CLASS_operational) {
        return REASON(unsupportedProfileClass);
    }
    return pprs_allowed(card, metadata) ? 0 : REASON(pprNotAllowed);
}

static int free_slot(const struct tern_card *card)
{
    for (int slot = 0; slot < TERN_CARD_PROFILE_COUNT_MAX; slot++) {
        if (!card->profiles[slot].used) return slot;
    }
    return PROFILE_NONE;
}

/** The next ISD-P AID that no profile has; the counter goes round at its end. */
static uint16_t next_isdp(struct tern_card *card)
{
    for (;;) {
        int64_t next = card->numbers.isdp + 1;
        if (next < ISDP_FIRST || next > ISDP_LAST) next = ISDP_FIRST;
        card->numbers.isdp = next;
        bool taken = false;
        for (size_t i = 0; i < TERN_CARD_PROFILE_COUNT_MAX; i++) {
            if (card->profiles[i].used && card->profiles[i].isdp == next) taken = true;
        }
        if (!taken) return (uint16_t)next;
    }
}

/** Take the slot: the record says LOADING. */
static int take_slot(struct es10 *call, int slot, struct tern_bytes tlv,
                     const struct tern_store_metadata_request *metadata)
{
    struct tern_card *card = call->card;
    struct tern_card_profile *profile = &card->profiles[slot];
    *profile = (struct tern_card_profile){
        .used = true,
        .ecall = metadata->has_ecall_indication && metadata->ecall_indication,
        .fallback_allowed = metadata->has_fallback_allowed && metadata->fallback_allowed,
        .profile_class = (uint8_t)metadata->profile_class,
        .pprs = (uint8_t)metadata->profile_policy_rules,
        .ci = card->session->ci,
        .isdp = next_isdp(card),
    };
    memcpy(profile->iccid, metadata->iccid.data, TERN_ICCID_SIZE);
    int status = state_save_numbers(card);
    if (status == TERN_OK) status = state_save_profile(card, slot);
    if (status == TERN_OK) {
        status = state_put(card, STORE_KEY(RECORD_METADATA, slot, 0), tlv);
    }
    const struct tern_card_session *session = card->session;
    if (status == TERN_OK && session->proprietary_size > 0) {
        status = state_put(card, STORE_KEY(RECORD_PROPRIETARY, slot, 0),
                           tern_bytes(session->proprietary, session->proprietary_size));
    }
    return status;
}

int store_metadata(struct es10 *call, struct tern_bytes tlv, int *slot, int64_t *reason)
{
    struct tern_card_session *session = call->card->session;
    struct tern_store_metadata_request metadata;
    *reason = REASON(incorrectInputValues);
    if (tern_asn_decode_as(&TERN_STORE_METADATA_REQUEST, &metadata, NULL, tlv, 0, ES10_MERCY) !=
        TERN_OK) {
        return TERN_OK;
    }
    session->iccid_known = true;
    memcpy(session->iccid, metadata.iccid.data, TERN_ICCID_SIZE);
    *reason = check(call->card, &metadata);
    if (*reason != 0) return TERN_OK;
    *slot = free_slot(call->card);
    int status = TERN_ERR_NO_SPACE;
    bool fits = tern_card_memory_free(call->card) > tlv.size;
    if (*slot != PROFILE_NONE && fits) status = take_slot(call, *slot, tlv, &metadata);
    if (status == TERN_ERR_NO_SPACE) {
        if (*slot != PROFILE_NONE) status = state_remove_profile(call->card, *slot);
        if (*slot == PROFILE_NONE) status = TERN_OK;
        *reason = REASON(installFailedDueToInsufficientMemoryForProfile);
    }
    return status;
}
