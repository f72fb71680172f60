/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Enabling, disabling and deleting profiles: marks first, then one application of them all, with
 * the notifications that the profiles ask for. sgp32.md 3.5 no. 4; sgp22.md 15.4, 16.2.
 *
 * Marks change the mirrors only, so that later commands of a package see them; change_apply() makes
 * records of them. Giving the transaction up undoes both.
 */
#ifndef ENGINE_CARD_PROFILE_CHANGE_H
#define ENGINE_CARD_PROFILE_CHANGE_H

#include "engine/card/es10.h"

#define CHANGE_COUNT_MAX 40

struct profile_changes {
    int before;  /**< Slot that was enabled, or PROFILE_NONE. */
    bool silent; /**< No notifications: the Emergency Profile comes and goes. */
    size_t count;
    struct {
        uint8_t slot;
        uint8_t event; /**< enum tern_notification_event */
    } items[CHANGE_COUNT_MAX];
    bool deleted[TERN_CARD_PROFILE_COUNT_MAX];
};

void change_begin(const struct tern_card *card, struct profile_changes *changes);
/** Enable this one and disable what is enabled; PROFILE_NONE only disables. */
void change_enable(struct tern_card *card, struct profile_changes *changes, int slot);
/** From now on it cannot be found. */
void change_delete(struct tern_card *card, struct profile_changes *changes, int slot);
/** Write it all. Sets call->switched when another profile is enabled than before. */
int change_apply(struct es10 *call, struct profile_changes *changes);

/** Does the profile in this slot (PROFILE_NONE: no) have this rule of enum tern_ppr_ids? */
bool change_forbidden(const struct tern_card *card, int slot, uint64_t ppr);

/** Slot with the fallback attribute, or PROFILE_NONE. */
int change_fallback_slot(const struct tern_card *card);

/** End a granted rollback: its record goes with the permission. */
int change_clear_rollback(struct tern_card *card);

#endif
