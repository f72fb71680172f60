/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Emergency Profile, for eCall: enabled at once, left again to what was enabled before, and
 * nobody is notified. SGP.32, 5.9.22 and 5.9.23; sgp32.md 3.10.
 */
#include <string.h>

#include "engine/card/functions.h"
#include "engine/card/proactive.h"
#include "engine/card/profile_change.h"
#include "tern/messages/es10b_iot.h"

#define ENABLE(name)  TERN_ENABLE_EMERGENCY_PROFILE_RESULT_##name
#define DISABLE(name) TERN_DISABLE_EMERGENCY_PROFILE_RESULT_##name

static int find_emergency_profile(const struct tern_card *card)
{
    for (int slot = 0; slot < TERN_CARD_PROFILE_COUNT_MAX; slot++) {
        if (card->profiles[slot].installed && card->profiles[slot].ecall) return slot;
    }
    return PROFILE_NONE;
}

static int switch_silently(struct es10 *call, int slot)
{
    struct profile_changes *changes = tern_arena_take(&call->scratch, sizeof *changes);
    if (changes == NULL) return TERN_ERR_NO_SPACE;
    change_begin(call->card, changes);
    changes->silent = true;
    change_enable(call->card, changes, slot);
    int status = state_save_numbers(call->card);
    if (status == TERN_OK) status = change_apply(call, changes);
    return status == TERN_OK ? change_clear_rollback(call->card) : status;
}

int es10_enable_emergency_profile(struct es10 *call)
{
    struct tern_card *card = call->card;
    struct tern_refresh_flag request;
    int status = es10_decode(call, &TERN_ENABLE_EMERGENCY_PROFILE_REQUEST, &request);
    if (status != TERN_OK) return status;
    int slot = find_emergency_profile(card);
    int current = state_enabled_slot(card);
    int64_t code = ENABLE(ok);
    if (slot == PROFILE_NONE) {
        code = ENABLE(ecallNotAvailable);
    } else if (card->profiles[slot].enabled) {
        code = ENABLE(profileNotInDisabledState);
    } else if (proactive_busy(card)) {
        code = ENABLE(catBusy);
    }
    if (code == ENABLE(ok)) {
        card->numbers.emergency_active = true;
        card->numbers.emergency_return = current != PROFILE_NONE;
        if (current != PROFILE_NONE) {
            memcpy(card->numbers.emergency_iccid, card->profiles[current].iccid, TERN_ICCID_SIZE);
        }
        status = switch_silently(call, slot);
        call->refresh = request.refresh_flag;
    }
    return status == TERN_OK ? es10_code(call, 0xBF5B, code) : status;
}

int es10_disable_emergency_profile(struct es10 *call)
{
    struct tern_card *card = call->card;
    struct tern_refresh_flag request;
    int status = es10_decode(call, &TERN_DISABLE_EMERGENCY_PROFILE_REQUEST, &request);
    if (status != TERN_OK) return status;
    int64_t code = DISABLE(ok);
    if (!card->numbers.emergency_active) {
        code = DISABLE(profileNotInEnabledState);
    } else if (proactive_busy(card)) {
        code = DISABLE(catBusy);
    }
    if (code == DISABLE(ok)) {
        int slot = PROFILE_NONE;
        if (card->numbers.emergency_return) {
            slot = state_find_iccid(card, TERN_BYTES_OF(card->numbers.emergency_iccid));
        }
        card->numbers.emergency_active = false;
        card->numbers.emergency_return = false;
        status = switch_silently(call, slot);
        call->refresh = request.refresh_flag;
    }
    return status == TERN_OK ? es10_code(call, 0xBF5C, code) : status;
}
