/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The framing of vpcd (sgp22.md 17.11), used between any reader and any card of ours:
 *
 *     size(2, big endian) | size bytes
 *
 * Reader to card: one byte is a control (00 off, 01 on, 02 reset, 04 give the ATR), more is a
 * command APDU. Card to reader: the ATR or the response APDU. 00, 01 and 02 have no answer.
 */
#ifndef HOST_READER_VPCD_H
#define HOST_READER_VPCD_H

#include "tern/bytes.h"

#define VPCD_OFF   0x00
#define VPCD_ON    0x01
#define VPCD_RESET 0x02
#define VPCD_ATR   0x04

/** The longest message either side sends: an extended APDU of 64 KB fits. */
#define VPCD_MESSAGE_SIZE 65535

/** Write one message whole. TERN_ERR_IO, TERN_ERR_TIMEOUT. */
int vpcd_send(int fd, struct tern_bytes message, int timeout_ms);

/**
 * Read one message whole into `message`.
 * @return 1 with a message, 0 when the peer closed between two messages, TERN_ERR_IO (also a
 *         message that does not fit), TERN_ERR_TIMEOUT.
 */
int vpcd_receive(int fd, struct tern_writer *message, int timeout_ms);

#endif
