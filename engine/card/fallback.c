/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Fallback Profile: enabled by the device when the present one reaches nobody, and left again.
 * SGP.32, 5.9.20 and 5.9.21; sgp32.md 3.9. PPR1 does not stand in its way.
 */
#include <string.h>

#include "engine/card/functions.h"
#include "engine/card/proactive.h"
#include "engine/card/profile_change.h"
#include "tern/messages/es10b_iot.h"

#define EXECUTE(name) TERN_EXECUTE_FALLBACK_MECHANISM_RESULT_##name
#define RETURN(name)  TERN_RETURN_FROM_FALLBACK_RESULT_##name

static int64_t check_execute(const struct tern_card *card, int current, int fallback)
{
    if (current == PROFILE_NONE) return EXECUTE(commandError);
    if (fallback == PROFILE_NONE) return EXECUTE(fallbackNotAvailable);
    if (card->numbers.emergency_active) return EXECUTE(ecallActive);
    if (fallback == current) return EXECUTE(profileNotInDisabledState);
    if (proactive_busy(card)) return EXECUTE(catBusy);
    return EXECUTE(ok);
}

/** Switch, and end a rollback that was granted. */
static int switch_to(struct es10 *call, int slot)
{
    struct profile_changes *changes = tern_arena_take(&call->scratch, sizeof *changes);
    if (changes == NULL) return TERN_ERR_NO_SPACE;
    change_begin(call->card, changes);
    change_enable(call->card, changes, slot);
    int status = state_save_numbers(call->card);
    if (status == TERN_OK) status = change_apply(call, changes);
    return status == TERN_OK ? change_clear_rollback(call->card) : status;
}

int es10_execute_fallback(struct es10 *call)
{
    struct tern_card *card = call->card;
    struct tern_refresh_flag request;
    int status = es10_decode(call, &TERN_EXECUTE_FALLBACK_MECHANISM_REQUEST, &request);
    if (status != TERN_OK) return status;
    int current = state_enabled_slot(card);
    int fallback = change_fallback_slot(card);
    int64_t code = check_execute(card, current, fallback);
    if (code == EXECUTE(ok)) {
        card->numbers.fallback_active = true;
        card->numbers.fallback_return = true;
        memcpy(card->numbers.fallback_iccid, card->profiles[current].iccid, TERN_ICCID_SIZE);
        status = switch_to(call, fallback);
        call->refresh = request.refresh_flag;
    }
    return status == TERN_OK ? es10_code(call, 0xBF5D, code) : status;
}

static int64_t check_return(const struct tern_card *card, int *slot)
{
    *slot = PROFILE_NONE;
    if (!card->numbers.fallback_active) return RETURN(fallbackNotAvailable);
    if (card->numbers.fallback_return) {
        *slot = state_find_iccid(card, TERN_BYTES_OF(card->numbers.fallback_iccid));
    }
    if (*slot == PROFILE_NONE) {
        return (card->config.quirks & TERN_CARD_QUIRK_RETURN_CODE_7) != 0
                   ? RETURN(commandError)
                   : RETURN(fallbackNotAvailable);
    }
    if (card->numbers.emergency_active) return RETURN(undefinedError);
    if (proactive_busy(card)) return RETURN(catBusy);
    return RETURN(ok);
}

int es10_return_from_fallback(struct es10 *call)
{
    struct tern_card *card = call->card;
    struct tern_refresh_flag request;
    int slot = PROFILE_NONE;
    int status = es10_decode(call, &TERN_RETURN_FROM_FALLBACK_REQUEST, &request);
    if (status != TERN_OK) return status;
    int64_t code = check_return(card, &slot);
    if (code == RETURN(ok)) {
        card->numbers.fallback_active = false;
        card->numbers.fallback_return = false;
        status = switch_to(call, slot);
        call->refresh = request.refresh_flag;
    }
    return status == TERN_OK ? es10_code(call, 0xBF5E, code) : status;
}
