/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Cards on sockets, in the framing of vpcd (host/reader/vpcd.h). A card listens on TCP or a unix
 * socket and takes any number of readers at once, which share it as a modem and an IPA share a
 * chip; or it connects out to the vpcd driver of pcscd, as that wants it.
 */
#ifndef HOST_CARD_SOCKET_DOOR_H
#define HOST_CARD_SOCKET_DOOR_H

#include "host/card/power.h"
#include "host/loop/loop.h"

struct socket_door;

/**
 * Listen at "unix:PATH" or "HOST:PORT" (port 0: any free one). `address` gets where, as a reader
 * is to be told: "unix:PATH" or "tcp:HOST:PORT". NULL with `error` filled.
 */
struct socket_door *socket_door_listen(struct loop *loop, struct powered_card *card,
                                       const char *where, char *address, size_t address_size,
                                       struct card_error *error);

/** Connect to a vpcd driver at HOST:PORT; its end ends the loop. */
struct socket_door *socket_door_connect(struct loop *loop, struct powered_card *card,
                                        const char *where, struct card_error *error);

void socket_door_close(struct socket_door *door);

#endif
