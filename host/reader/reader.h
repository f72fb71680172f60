/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A card reader, whatever stands behind it: a socket to `tern euicc serve`, a PC/SC reader, the AT
 * port of a modem, a card in this process.
 *
 * One command APDU goes in, one response APDU (data and status word) comes out; what T=0 does with
 * 61xx and 6Cxx is left to the caller, who sees what the card said. Calls block, with a deadline.
 */
#ifndef HOST_READER_READER_H
#define HOST_READER_READER_H

#include "tern/bytes.h"

/** A response APDU is never longer than this: 256 bytes and the status word. */
#define TERN_READER_RESPONSE_SIZE 258

struct tern_reader {
    void *context; /**< The adapter's own. */

    /**
     * Send one command APDU and append its response, status word included.
     * TERN_ERR_IO when the card or the reader is gone, TERN_ERR_TIMEOUT after the deadline.
     */
    int (*transmit)(void *context, struct tern_writer *response, struct tern_bytes command);
    /** Reset the card: channels and selections are gone afterwards. */
    int (*reset)(void *context);
    /** Append the ATR. TERN_ERR_UNSUPPORTED where the reader cannot tell it (AT). */
    int (*atr)(void *context, struct tern_writer *atr);
    /** Release all; the struct is not used again. */
    void (*close)(void *context);
};

/**
 * Open a reader by its specification:
 *
 *     tcp:HOST:PORT   a card that listens, vpcd framing (sgp22.md 17.11)
 *     unix:PATH       the same on a unix socket
 *     pcsc:NAME       the first PC/SC reader whose name contains NAME; empty NAME: the first reader
 *     at:DEVICE       a modem's AT port: AT+CSIM, or AT+CCHO/CGLA/CCHC where CSIM is refused
 *
 * `why` (may be NULL) gets a sentence for a person when it fails.
 * @return TERN_OK, TERN_ERR_MALFORMED for a specification that is none, TERN_ERR_NOT_FOUND,
 *         TERN_ERR_IO, TERN_ERR_TIMEOUT.
 */
int reader_open(struct tern_reader *reader, const char *specification, struct tern_writer *why);

/* The adapters, each in its file. All as reader_open(). */

int reader_open_tcp(struct tern_reader *reader, const char *target, struct tern_writer *why);
int reader_open_unix(struct tern_reader *reader, const char *target, struct tern_writer *why);
int reader_open_pcsc(struct tern_reader *reader, const char *target, struct tern_writer *why);
int reader_open_at(struct tern_reader *reader, const char *target, struct tern_writer *why);

#endif
