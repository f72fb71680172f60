/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A card under power at a front door: memory to work in, the clock, the trace; and the end of the
 * process when a test cut the power.
 */
#ifndef HOST_CARD_POWER_H
#define HOST_CARD_POWER_H

#include "host/card/card_directory.h"
#include "host/trace/trace.h"

/** Exit status of a process whose card lost its power (--power-cut-after). */
#define POWER_CUT_STATUS 75

struct powered_card {
    struct card_host *host;
    struct trace *trace; /**< NULL: none */
};

/** One APDU. Lends the card memory from the pool of the process while it needs any. */
void power_transmit(struct powered_card *powered, struct tern_writer *response,
                    struct tern_bytes command);
void power_reset(struct powered_card *powered);

/** Free the pool of work memory. */
void power_release_pool(void);

#endif
