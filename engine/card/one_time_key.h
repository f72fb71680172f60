/* SPDX-License-Identifier: Apache-2.0 */
/** The one-time key of an unfinished download. */
#ifndef ENGINE_CARD_ONE_TIME_KEY_H
#define ENGINE_CARD_ONE_TIME_KEY_H

#include "tern/card.h"

/** A profile was installed with it, or never will be: forget it. Part of the transaction. */
int one_time_key_forget(struct tern_card *card);

#endif
