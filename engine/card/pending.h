/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Notifications and package results that wait for their acknowledgement, under one row of
 * numbers. sgp22.md 16; sgp32.md 3.5 no. 9, 6.
 */
#ifndef ENGINE_CARD_PENDING_H
#define ENGINE_CARD_PENDING_H

#include "engine/card/es10.h"

enum pending_kind {
    PENDING_OTHER = 1,        /**< BF2F | 5F37; the certificates are added when it is read. */
    PENDING_INSTALLATION = 2, /**< BF37 whole */
    PENDING_RESULT = 3,       /**< BF51 whole */
};

struct pending_record {
    int64_t kind;
    int64_t ci;
    struct tern_bytes body;
};
extern const struct tern_asn_record PENDING_RECORD;

/** Keep it. When there is no room, the oldest ones go (SGP.32, 2.11.2). */
int pending_add(struct es10 *call, int64_t sequence, const struct pending_record *record);

/** Make the notifications that a profile's metadata asks for at this event. */
int pending_notify(struct es10 *call, int slot, uint64_t event);

/** Remove one. @return 1 when it was there, 0 when not, or an error. */
int pending_remove(struct tern_card *card, int64_t sequence);

/** Put bytes before all that was written. */
int es10_prepend(struct tern_writer *out, struct tern_bytes front);
/** Wrap what was written since `mark` into an element. */
int es10_wrap(struct tern_writer *out, size_t mark, tern_tag tag);

#endif
