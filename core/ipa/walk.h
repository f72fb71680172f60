/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over TLVs that arrive in any pieces: what opens, what it contains, what closes. */
#ifndef CORE_IPA_WALK_H
#define CORE_IPA_WALK_H

#include "tern/ipa.h"

enum walk_kind {
    WALK_MORE = 0,  /**< The input is used up, or the outermost element is complete. */
    WALK_OPEN = 1,  /**< A header is complete: walk->header; `whole` may be set now. */
    WALK_DATA = 2,  /**< `data` is content of the innermost element. */
    WALK_CLOSE = 3, /**< The innermost element ends; still on the stack during this call. */
};

void walk_begin(struct tern_ipa_walk *walk);

/** @return enum walk_kind, or TERN_ERR_MALFORMED. Takes bytes off the front of `in`. */
int walk_next(struct tern_ipa_walk *walk, struct tern_bytes *data, struct tern_bytes *in);

/** The tag at this depth, 1 the outermost; 0 when not so deep. */
tern_tag walk_tag(const struct tern_ipa_walk *walk, unsigned depth);

/** True when the stack is exactly this path. */
bool walk_at(const struct tern_ipa_walk *walk, const uint16_t *path, size_t count);

#endif
