/* SPDX-License-Identifier: Apache-2.0 */
/** StoreMetadata: a slot for a profile, if its metadata allow it. sgp22.md 7.3, 16.6. */
#ifndef ENGINE_CARD_STORE_METADATA_H
#define ENGINE_CARD_STORE_METADATA_H

#include "engine/card/es10.h"

/**
 * Check BF25 and store it in a free slot, in state LOADING.
 * `reason` is 0, or the errorReason of the ProfileInstallationResult.
 */
int store_metadata(struct es10 *call, struct tern_bytes tlv, int *slot, int64_t *reason);

#endif
