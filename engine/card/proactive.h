/* SPDX-License-Identifier: Apache-2.0 */
/**
 * REFRESH, the one proactive command of the card, and the moment a switched profile takes effect.
 * ETSI TS 102 223, 6.4.7; SGP.22, 5.7.16; sgp22.md 15.4 and 17.6.
 */
#ifndef ENGINE_CARD_PROACTIVE_H
#define ENGINE_CARD_PROACTIVE_H

#include "tern/card.h"

enum refresh_state {
    REFRESH_NONE = 0,
    REFRESH_WAITING, /**< Announced by 91xx until somebody fetches it. */
    REFRESH_FETCHED, /**< The terminal works on it. */
};

/** How long a terminal may take to fetch REFRESH, and then to answer it. */
#define REFRESH_TIMEOUT_MS 10000

/** The enabled profile has changed in the store. `refresh`: ask the terminal first. */
void proactive_switch(struct tern_card *card, bool refresh);

/** Mount what is enabled now. The ISD-R stays selected where it is; other channels close. */
void proactive_switch_now(struct tern_card *card);

/** True while a proactive session keeps the card from another switch: catBusy. */
bool proactive_busy(const struct tern_card *card);

/** 9000, or 91xx when a command waits and this is a moment to say so. */
uint16_t proactive_announce(const struct tern_card *card);

#endif
