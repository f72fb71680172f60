/* SPDX-License-Identifier: Apache-2.0 */
/* Marks on profiles and their application. profile_change.h tells how. */
#include "engine/card/profile_change.h"

#include <string.h>

#include "engine/card/pending.h"
#include "tern/messages/rsp.h"

void change_begin(const struct tern_card *card, struct profile_changes *changes)
{
    memset(changes, 0, sizeof *changes);
    changes->before = state_enabled_slot(card);
}

static void mark(struct profile_changes *changes, int slot, enum tern_notification_event event)
{
    TERN_ASSERT(changes->count < CHANGE_COUNT_MAX);
    changes->items[changes->count].slot = (uint8_t)slot;
    changes->items[changes->count].event = (uint8_t)event;
    changes->count++;
}

void change_enable(struct tern_card *card, struct profile_changes *changes, int slot)
{
    int current = state_enabled_slot(card);
    if (current != PROFILE_NONE) {
        card->profiles[current].enabled = false;
        mark(changes, current, TERN_NOTIFICATION_EVENT_notificationDisable);
    }
    if (slot != PROFILE_NONE) {
        card->profiles[slot].enabled = true;
        mark(changes, slot, TERN_NOTIFICATION_EVENT_notificationEnable);
    }
}

void change_delete(struct tern_card *card, struct profile_changes *changes, int slot)
{
    card->profiles[slot].installed = false;
    changes->deleted[slot] = true;
    mark(changes, slot, TERN_NOTIFICATION_EVENT_notificationDelete);
}

int change_apply(struct es10 *call, struct profile_changes *changes)
{
    struct tern_card *card = call->card;
    int status = TERN_OK;
    for (size_t i = 0; i < changes->count && status == TERN_OK && !changes->silent; i++) {
        status = pending_notify(call, changes->items[i].slot, changes->items[i].event);
    }
    for (int slot = 0; slot < TERN_CARD_PROFILE_COUNT_MAX && status == TERN_OK; slot++) {
        if (changes->deleted[slot]) {
            status = state_remove_profile(card, slot);
        } else if (card->profiles[slot].installed) {
            status = state_save_profile(card, slot);
        }
    }
    if (state_enabled_slot(card) != changes->before) call->switched = true;
    return status;
}

bool change_forbidden(const struct tern_card *card, int slot, uint64_t ppr)
{
    return slot != PROFILE_NONE && (card->profiles[slot].pprs & ppr) != 0;
}

int change_fallback_slot(const struct tern_card *card)
{
    for (int slot = 0; slot < TERN_CARD_PROFILE_COUNT_MAX; slot++) {
        if (card->profiles[slot].installed && card->profiles[slot].fallback_attribute) return slot;
    }
    return PROFILE_NONE;
}

int change_clear_rollback(struct tern_card *card)
{
    if (!card->numbers.rollback_granted) return TERN_OK;
    card->numbers.rollback_granted = false;
    card->numbers.rollback_return = false;
    int status = store_remove(&card->store, STORE_KEY(RECORD_ROLLBACK, 0, 0));
    return status == TERN_OK ? state_save_numbers(card) : status;
}
