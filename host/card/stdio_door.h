/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A card on stdin and stdout: one JSON line an APDU, in the shape of lpac's stdio driver
 * (sgp22.md 17.7):
 *
 *     {"type":"apdu","payload":{"func":"transmit","param":"00A40400..."}}
 *     {"type":"apdu","payload":{"ecode":0,"data":"6121"}}
 */
#ifndef HOST_CARD_STDIO_DOOR_H
#define HOST_CARD_STDIO_DOOR_H

#include <stdio.h>

#include "host/card/power.h"

/** Serve until `in` ends. TERN_OK, or TERN_ERR_IO when `out` is gone. */
int stdio_door_serve(struct powered_card *card, FILE *in, FILE *out);

#endif
