/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies as slots: the children of one container, each found again by name.
 *
 *   ESipa   BF39{A0{80?, 30, 5F37, 04, 30, 0C?, A2?}}      the container is at depth 2
 *           BF3B{A0{80?, BF25?, 30, 5F37, 30, 04?}}
 *   ES9+    "serverSigned1":"MGk..."                       each member is decoded and walked alone
 *
 * So the procedures above do not know which binding a reply came in. A picture in the metadata is
 * not collected (it may be longer than all the rest, and no check of ours looks at it); its header
 * is, so BF25 in the hold is the received one without the content of 94.
 */
#include <string.h>

#include "core/ipa/machine.h"

#define TAG_ICON 0x94

void ipa_slots_begin(struct tern_ipa *ipa, uint8_t base)
{
    ipa->base = base;
    ipa->slot = SLOT_COUNT;
    walk_begin(&ipa->walk);
}

struct tern_bytes ipa_slot(struct tern_ipa *ipa, enum slot slot)
{
    return ipa->slots[slot].size > 0 ? ipa_span(ipa, ipa->slots[slot]) : TERN_BYTES_NONE;
}

static uint8_t slot_of(const struct tern_ipa *ipa, tern_tag tag)
{
    /* clang-format off */
    static const struct { uint16_t tag; uint8_t slot; } SLOTS[] = {
        {0x80,   SLOT_TRANSACTION}, {0xBF25, SLOT_METADATA}, {0x5F37, SLOT_SIGNATURE},
        {0x04,   SLOT_OCTETS},      {0x0C,   SLOT_MATCHING_ID}, {0xA2, SLOT_CONTEXT}, {0xBF54, SLOT_CONTEXT},
    };
    /* clang-format on */
    if (tag == 0x30) {
        return ipa->slots[SLOT_SIGNED].size == 0 ? SLOT_SIGNED : SLOT_CERTIFICATE;
    }
    for (size_t i = 0; i < TERN_COUNT_OF(SLOTS); i++) {
        if (SLOTS[i].tag == tag) {
            return SLOTS[i].slot;
        }
    }
    return SLOT_COUNT;
}

/* One token inside the container. */
static int collect_token(struct tern_ipa *ipa, int kind, struct tern_bytes chunk)
{
    const struct tern_ipa_walk *walk = &ipa->walk;
    bool child = walk->depth == ipa->base + 1U;
    if (kind == WALK_OPEN && child) {
        if (ipa->base > 0) { /* JSON named its slot */
            ipa->slot = slot_of(ipa, walk->header.tag);
        }
        if (ipa->slot < SLOT_COUNT) {
            ipa->slots[ipa->slot].offset = ipa->hold_size;
        }
    }
    if (ipa->slot == SLOT_COUNT) {
        return TERN_OK;
    }
    if (kind == WALK_OPEN) {
        return ipa_hold_add(ipa, tern_bytes(walk->header.raw, walk->header.raw_size));
    }
    if (kind == WALK_CLOSE && child) {
        struct tern_ipa_span *span = &ipa->slots[ipa->slot];
        span->size = (uint16_t)(ipa->hold_size - span->offset);
        return TERN_OK;
    }
    bool icon = walk_tag(walk, walk->depth) == TAG_ICON && ipa->slot == SLOT_METADATA;
    return kind == WALK_DATA && !icon ? ipa_hold_add(ipa, chunk) : TERN_OK;
}

int ipa_collect_slots(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    while ((kind = walk_next(&ipa->walk, &chunk, &data)) > 0) {
        if (ipa->walk.depth == 2 && ipa->base == 2 && kind == WALK_OPEN) {
            ipa->arm = (uint16_t)ipa->walk.header.tag;
        }
        int status = TERN_OK;
        if (ipa->walk.depth > ipa->base) {
            status = collect_token(ipa, kind, chunk);
        } else if (ipa->walk.depth == 2 && kind == WALK_DATA && chunk.size > 0) {
            ipa->code = chunk.data[chunk.size - 1]; /* 81 or 82: an error code */
        }
        if (status != TERN_OK) {
            return status;
        }
    }
    if (kind < 0) {
        return kind;
    }
    return last && ipa->base > 0 && !ipa->walk.done ? TERN_ERR_TRUNCATED : SINK_MORE;
}
