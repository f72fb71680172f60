/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES10c of a consumer card: EnableProfile, DisableProfile, DeleteProfile, SetNickname. SGP.22,
 * 5.7.16 to 5.7.18 and 5.7.21; sgp22.md 15.4.
 */
#include "engine/card/functions.h"
#include "engine/card/proactive.h"
#include "engine/card/profile_change.h"
#include "tern/messages/es10c.h"
#include "tern/messages/esep.h"

#define ENABLE(name)  TERN_ENABLE_PROFILE_RESULT_##name
#define DISABLE(name) TERN_DISABLE_PROFILE_RESULT_##name
#define DELETE(name)  TERN_DELETE_PROFILE_RESULT_##name

static int find(const struct tern_card *card, const struct tern_profile_identifier *identifier)
{
    return identifier->arm == TERN_PROFILE_IDENTIFIER_IS_ISDP_AID
               ? state_find_aid(card, identifier->isdp_aid)
               : state_find_iccid(card, identifier->iccid);
}

/** Switch to this slot, or to none. */
static int switch_to(struct es10 *call, int slot, bool refresh)
{
    struct profile_changes *changes = tern_arena_take(&call->scratch, sizeof *changes);
    if (changes == NULL) return TERN_ERR_NO_SPACE;
    change_begin(call->card, changes);
    change_enable(call->card, changes, slot);
    call->refresh = refresh;
    int status = change_apply(call, changes);
    return status == TERN_OK ? change_clear_rollback(call->card) : status;
}

int es10_enable_profile(struct es10 *call)
{
    struct tern_card *card = call->card;
    struct tern_enable_profile_request request;
    int status = es10_decode(call, &TERN_ENABLE_PROFILE_REQUEST, &request);
    if (status != TERN_OK) return status;
    int slot = find(card, &request.profile_identifier);
    int64_t code = ENABLE(ok);
    if (slot == PROFILE_NONE) {
        code = ENABLE(iccidOrAidNotFound);
    } else if (card->profiles[slot].enabled) {
        code = ENABLE(profileNotInDisabledState);
    } else if (change_forbidden(card, state_enabled_slot(card), TERN_PPR_IDS_ppr1)) {
        code = ENABLE(disallowedByPolicy);
    } else if (proactive_busy(card)) {
        code = ENABLE(catBusy);
    }
    if (code == ENABLE(ok)) status = switch_to(call, slot, request.refresh_flag);
    return status == TERN_OK ? es10_code(call, 0xBF31, code) : status;
}

int es10_disable_profile(struct es10 *call)
{
    struct tern_card *card = call->card;
    struct tern_enable_profile_request request;
    int status = es10_decode(call, &TERN_DISABLE_PROFILE_REQUEST, &request);
    if (status != TERN_OK) return status;
    int slot = find(card, &request.profile_identifier);
    int64_t code = DISABLE(ok);
    if (slot == PROFILE_NONE) {
        code = DISABLE(iccidOrAidNotFound);
    } else if (!card->profiles[slot].enabled) {
        code = DISABLE(profileNotInEnabledState);
    } else if (change_forbidden(card, slot, TERN_PPR_IDS_ppr1)) {
        code = DISABLE(disallowedByPolicy);
    } else if (proactive_busy(card)) {
        code = DISABLE(catBusy);
    }
    if (code == DISABLE(ok)) status = switch_to(call, PROFILE_NONE, request.refresh_flag);
    return status == TERN_OK ? es10_code(call, 0xBF32, code) : status;
}

int es10_delete_profile(struct es10 *call)
{
    struct tern_card *card = call->card;
    struct tern_profile_identifier request;
    int status = es10_decode(call, &TERN_DELETE_PROFILE_REQUEST, &request);
    if (status != TERN_OK) return status;
    int slot = find(card, &request);
    int64_t code = DELETE(ok);
    if (slot == PROFILE_NONE) {
        code = DELETE(iccidOrAidNotFound);
    } else if (card->profiles[slot].enabled) {
        code = DELETE(profileNotInDisabledState);
    } else if (change_forbidden(card, slot, TERN_PPR_IDS_ppr2)) {
        code = DELETE(disallowedByPolicy);
    }
    if (code == DELETE(ok)) {
        struct profile_changes *changes = tern_arena_take(&call->scratch, sizeof *changes);
        if (changes == NULL) return TERN_ERR_NO_SPACE;
        change_begin(card, changes);
        change_delete(card, changes, slot);
        status = change_apply(call, changes);
    }
    return status == TERN_OK ? es10_code(call, 0xBF33, code) : status;
}

int es10_set_nickname(struct es10 *call)
{
    struct tern_card *card = call->card;
    struct tern_set_nickname_request request;
    int status = es10_decode(call, &TERN_SET_NICKNAME_REQUEST, &request);
    if (status != TERN_OK) return status;
    int slot = state_find_iccid(card, request.iccid);
    int64_t code = TERN_SET_NICKNAME_RESULT_ok;
    if (slot == PROFILE_NONE) {
        code = TERN_SET_NICKNAME_RESULT_iccidNotFound;
    } else {
        uint32_t key = STORE_KEY(RECORD_NICKNAME, slot, 0);
        status = request.profile_nickname.size == 0
                     ? store_remove(&card->store, key)
                     : state_put(card, key, request.profile_nickname);
        if (status == TERN_ERR_NO_SPACE) {
            code = TERN_SET_NICKNAME_RESULT_undefinedError;
            status = TERN_OK;
        }
    }
    return status == TERN_OK ? es10_code(call, 0xBF29, code) : status;
}
