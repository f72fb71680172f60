/* SPDX-License-Identifier: Apache-2.0 */
/** LoadBoundProfilePackage: segments in, ProfileInstallationResult out. sgp22.md 7.3, 7.4, 9. */
#ifndef ENGINE_CARD_BOUND_PACKAGE_H
#define ENGINE_CARD_BOUND_PACKAGE_H

#include "engine/card/es10.h"

/** Does a chain that begins with these bytes belong to a bound profile package? */
bool bound_package_wants(const struct tern_card *card, struct tern_bytes first);

/**
 * Take the bytes of one block. `last` ends a segment: what was done becomes durable, and when the
 * package is done or has failed, the ProfileInstallationResult is the response.
 * @return the status word
 */
uint16_t bound_package_bytes(struct tern_card *card, struct tern_bytes bytes, bool last);

/** Report a load that a power cut or another command broke off, if there was one. */
int bound_package_report_interruption(struct tern_card *card);

/** Forget that a load was going on: it has its result, or was cancelled. */
int bound_package_forget(struct tern_card *card);

#endif
