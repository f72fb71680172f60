/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ES10 over a card reader, whole messages at a time: for tools that talk to the card themselves
 * (commissioning, inject, probe). The IPA has its own, streaming way.
 */
#ifndef HOST_IPA_ES10_H
#define HOST_IPA_ES10_H

#include "host/reader/reader.h"

struct es10 {
    struct tern_reader *reader; /**< borrowed */
    uint8_t channel;
    uint16_t sw; /**< last status word */
};

/** Open a logical channel and select the ISD-R. TERN_ERR_NOT_FOUND: the card has none. */
int es10_open(struct es10 *es10, struct tern_reader *reader);
/** Close the channel; the reader stays open. */
void es10_close(struct es10 *es10);

/**
 * Send one command in STORE DATA blocks, append the response data.
 * @return TERN_OK, TERN_ERR_IO, or TERN_ERR_DENIED when the card ends with an error (es10->sw)
 */
int es10_command(struct es10 *es10, struct tern_writer *response, struct tern_bytes command);

#endif
