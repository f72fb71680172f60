/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A card in a pseudo-modem: a pty that speaks AT (3GPP TS 27.007). CSIM, CCHO, CGLA, CCHC and the
 * usual identity commands; no radio. A link names the pty.
 */
#ifndef HOST_CARD_MODEM_DOOR_H
#define HOST_CARD_MODEM_DOOR_H

#include "host/card/power.h"
#include "host/loop/loop.h"

struct modem_door;

/**
 * Open a pty and make `link` point to it. With `channels_only` AT+CSIM is refused, as many modems
 * do: CCHO, CGLA and CCHC remain. NULL with `error` filled.
 */
struct modem_door *modem_door_open(struct loop *loop, struct powered_card *card, const char *link,
                                   bool channels_only, struct card_error *error);
void modem_door_close(struct modem_door *door);

#endif
