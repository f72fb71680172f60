/* SPDX-License-Identifier: Apache-2.0 */
/** Settings that ES10 and eUICC packages both change. */
#ifndef ENGINE_CARD_SETTINGS_H
#define ENGINE_CARD_SETTINGS_H

#include "engine/card/es10.h"

/** Store or (empty) remove the default SM-DP+ address. TERN_ERR_RANGE, TERN_ERR_NO_SPACE. */
int settings_set_default_dp(struct tern_card *card, struct tern_bytes address);

/** Store the configuration of immediate enabling; flag false removes it. sgp32.md 3.6, 3.8 */
int settings_set_immediate(struct es10 *call, const struct immediate_record *record);
/** Read it; `flag` is false when there is none. Slices lie in scratch. */
int settings_load_immediate(struct es10 *call, struct immediate_record *record);

/** A profile was installed: may ImmediateEnable have it? */
int settings_remember_source(struct es10 *call, int slot, struct tern_bytes oid,
                             struct tern_bytes address);

#endif
