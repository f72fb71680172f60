/* SPDX-License-Identifier: Apache-2.0 */
/** EUICCInfo2, which AuthenticateServer signs as well. */
#ifndef ENGINE_CARD_INFORMATION_H
#define ENGINE_CARD_INFORMATION_H

#include "tern/card.h"

/** Append the whole BF22 as it is now. */
int information_write_info2(const struct tern_card *card, struct tern_writer *out);

#endif
