/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetProfilesInfo. SGP.22, 5.7.15; SGP.32, 5.9.14; sgp22.md 15.3, sgp32.md 3.6.
 *
 * Most of a ProfileInfo is the metadata as the SM-DP+ gave it; state, AID, nickname and the
 * fallback attribute are the card's. Tags of the list that the card does not know are ignored.
 */
#include "engine/card/profiles_info.h"

#include <string.h>

#include "engine/card/functions.h"
#include "engine/card/pending.h"
#include "tern/messages/rsp.h"

/* What is asked for, a bit a tag. */
enum wanted {
    WANT_ICCID = 1 << 0,
    WANT_AID = 1 << 1,
    WANT_STATE = 1 << 2,
    WANT_NICKNAME = 1 << 3,
    WANT_PROVIDER = 1 << 4,
    WANT_NAME = 1 << 5,
    WANT_ICON_TYPE = 1 << 6,
    WANT_ICON = 1 << 7,
    WANT_CLASS = 1 << 8,
    WANT_NOTIFICATIONS = 1 << 9,
    WANT_OWNER = 1 << 10,
    WANT_PROPRIETARY = 1 << 11,
    WANT_PPRS = 1 << 12,
    WANT_SERVICE_DATA = 1 << 13,
    WANT_ECALL = 1 << 14,
    WANT_FALLBACK_ATTRIBUTE = 1 << 15,
    WANT_FALLBACK_ALLOWED = 1 << 16,
};

static const struct {
    tern_tag tag;
    uint32_t bit;
    bool consumer_default;
    bool iot_default;
} TAGS[] = {
    {0x5A,   WANT_ICCID,              true,  true },
    {0x4F,   WANT_AID,                true,  true },
    {0x9F70, WANT_STATE,              true,  true },
    {0x90,   WANT_NICKNAME,           true,  false},
    {0x91,   WANT_PROVIDER,           true,  true },
    {0x92,   WANT_NAME,               true,  true },
    {0x93,   WANT_ICON_TYPE,          true,  false},
    {0x94,   WANT_ICON,               true,  false},
    {0x95,   WANT_CLASS,              true,  true },
    {0xB6,   WANT_NOTIFICATIONS,      false, false},
    {0xB7,   WANT_OWNER,              false, false},
    {0xB8,   WANT_PROPRIETARY,        false, false},
    {0x99,   WANT_PPRS,               false, false},
    {0xBF22, WANT_SERVICE_DATA,       false, false},
    {0x9F7B, WANT_ECALL,              false, true },
    {0x9F26, WANT_FALLBACK_ATTRIBUTE, false, true },
    {0x9F67, WANT_FALLBACK_ALLOWED,   false, true },
};

static uint32_t wanted_by_default(const struct tern_card *card)
{
    uint32_t wanted = 0;
    for (size_t i = 0; i < TERN_COUNT_OF(TAGS); i++) {
        bool want = card->config.without_iot ? TAGS[i].consumer_default : TAGS[i].iot_default;
        if (want || (card->config.consumer && TAGS[i].consumer_default)) wanted |= TAGS[i].bit;
    }
    return wanted;
}

/** One- and two-byte tags, one after the other. */
static int wanted_by_list(uint32_t *wanted, struct tern_bytes list)
{
    *wanted = 0;
    for (size_t i = 0; i < list.size; i++) {
        tern_tag tag = list.data[i];
        if ((tag & 0x1F) == 0x1F) {
            if (++i == list.size) return TERN_ERR_TRUNCATED;
            tag = tag << 8 | list.data[i];
        }
        for (size_t row = 0; row < TERN_COUNT_OF(TAGS); row++) {
            if (TAGS[row].tag == tag) *wanted |= TAGS[row].bit;
        }
    }
    return TERN_OK;
}

static struct tern_bytes only_if(uint32_t wanted, uint32_t bit, struct tern_bytes value)
{
    return (wanted & bit) != 0 ? value : TERN_BYTES_NONE;
}

static void fill_metadata(struct tern_profile_info *info, uint32_t wanted,
                          const struct tern_store_metadata_request *metadata)
{
    info->service_provider_name = only_if(wanted, WANT_PROVIDER, metadata->service_provider_name);
    info->profile_name = only_if(wanted, WANT_NAME, metadata->profile_name);
    info->has_icon_type = (wanted & WANT_ICON_TYPE) != 0 && metadata->has_icon_type;
    info->icon_type = metadata->icon_type;
    info->icon = only_if(wanted, WANT_ICON, metadata->icon);
    info->has_profile_class = (wanted & WANT_CLASS) != 0;
    info->profile_class = metadata->profile_class;
    info->notification_configuration_info =
        only_if(wanted, WANT_NOTIFICATIONS, metadata->notification_configuration_info);
    info->profile_owner = only_if(wanted, WANT_OWNER, metadata->profile_owner);
    info->has_profile_policy_rules =
        (wanted & WANT_PPRS) != 0 && metadata->has_profile_policy_rules;
    info->profile_policy_rules = metadata->profile_policy_rules;
    info->service_specific_data_stored_in_euicc =
        only_if(wanted, WANT_SERVICE_DATA, metadata->service_specific_data_stored_in_euicc);
    info->has_ecall_indication = (wanted & WANT_ECALL) != 0 && metadata->has_ecall_indication;
    info->ecall_indication = metadata->ecall_indication;
    info->has_fallback_allowed =
        (wanted & WANT_FALLBACK_ALLOWED) != 0 && metadata->has_fallback_allowed;
    info->fallback_allowed = metadata->fallback_allowed;
}

static int write_profile(struct es10 *call, struct tern_writer *out, int slot, uint32_t wanted)
{
    const struct tern_card_profile *profile = &call->card->profiles[slot];
    struct tern_bytes raw;
    struct tern_bytes nickname;
    struct tern_bytes proprietary;
    uint8_t aid[16];
    state_aid(profile, aid);
    int status = es10_load(call, STORE_KEY(RECORD_METADATA, slot, 0), &raw);
    if (status == TERN_OK) status = es10_load(call, STORE_KEY(RECORD_NICKNAME, slot, 0), &nickname);
    if (status == TERN_OK) {
        status = es10_load(call, STORE_KEY(RECORD_PROPRIETARY, slot, 0), &proprietary);
    }
    if (status != TERN_OK) return status;
    struct tern_store_metadata_request metadata;
    status = tern_asn_decode_as(&TERN_STORE_METADATA_REQUEST, &metadata, NULL, raw, 0, ES10_MERCY);
    if (status != TERN_OK) return status;
    struct tern_profile_info info = {
        .iccid = only_if(wanted, WANT_ICCID, TERN_BYTES_OF(profile->iccid)),
        .isdp_aid = only_if(wanted, WANT_AID, TERN_BYTES_OF(aid)),
        .has_profile_state = (wanted & WANT_STATE) != 0,
        .profile_state =
            profile->enabled ? TERN_PROFILE_STATE_enabled : TERN_PROFILE_STATE_disabled,
        .profile_nickname = only_if(wanted, WANT_NICKNAME, nickname),
        .dp_proprietary_data = only_if(wanted, WANT_PROPRIETARY, proprietary),
        .fallback_attribute =
            (wanted & WANT_FALLBACK_ATTRIBUTE) != 0 && profile->fallback_attribute,
    };
    fill_metadata(&info, wanted, &metadata);
    return tern_asn_encode(&TERN_PROFILE_INFO, out, &info);
}

static bool matches(const struct tern_card *card, int slot,
                    const struct tern_profile_search_criteria *criteria)
{
    const struct tern_card_profile *profile = &card->profiles[slot];
    uint8_t aid[16];
    switch (criteria->arm) {
    case TERN_PROFILE_SEARCH_CRITERIA_IS_ISDP_AID:
        state_aid(profile, aid);
        return tern_bytes_equal(criteria->isdp_aid, TERN_BYTES_OF(aid));
    case TERN_PROFILE_SEARCH_CRITERIA_IS_ICCID:
        return tern_bytes_equal(criteria->iccid, TERN_BYTES_OF(profile->iccid));
    case TERN_PROFILE_SEARCH_CRITERIA_IS_PROFILE_CLASS:
        return criteria->profile_class == profile->profile_class;
    default:
        return true;
    }
}

static int write_error(struct tern_writer *out, int64_t code)
{
    struct tern_profile_info_list_response response = {
        .arm = TERN_PROFILE_INFO_LIST_RESPONSE_IS_PROFILE_INFO_LIST_ERROR,
        .profile_info_list_error = code,
    };
    return tern_asn_encode(&TERN_PROFILE_INFO_LIST_RESPONSE, out, &response);
}

int profiles_info_write(struct es10 *call, struct tern_writer *out,
                        const struct tern_profile_info_list_request *request)
{
    uint32_t wanted = wanted_by_default(call->card);
    int status = TERN_OK;
    if (request->tag_list.data != NULL) status = wanted_by_list(&wanted, request->tag_list);
    if (status != TERN_OK || request->search_criteria.arm == TERN_ASN_RAW) {
        return write_error(out, TERN_PROFILE_INFO_LIST_ERROR_incorrectInputValues);
    }
    size_t mark = out->size;
    for (int slot = 0; slot < TERN_CARD_PROFILE_COUNT_MAX; slot++) {
        if (!call->card->profiles[slot].installed) continue;
        if (!matches(call->card, slot, &request->search_criteria)) continue;
        struct tern_arena scratch = call->scratch;
        status = write_profile(call, out, slot, wanted);
        call->scratch = scratch;
        if (status != TERN_OK) return status;
    }
    status = es10_wrap(out, mark, 0xA0);
    return status == TERN_OK ? es10_wrap(out, mark, 0xBF2D) : status;
}

int es10_get_profiles_info(struct es10 *call)
{
    struct tern_profile_info_list_request request;
    int status = es10_decode(call, &TERN_PROFILE_INFO_LIST_REQUEST, &request);
    if (status == TERN_ERR_RANGE || status == TERN_ERR_UNEXPECTED) {
        return write_error(&call->out, TERN_PROFILE_INFO_LIST_ERROR_incorrectInputValues);
    }
    if (status != TERN_OK) return status;
    status = profiles_info_write(call, &call->out, &request);
    if (status != TERN_ERR_NO_SPACE) return status;
    call->out.size = 0;
    return write_error(&call->out, TERN_PROFILE_INFO_LIST_ERROR_undefinedError);
}
