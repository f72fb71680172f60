/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLVs that arrive in any pieces.
 *
 * tern_der_header reads one header over piece borders; the walk adds the stack: which elements are
 * open and how many bytes each still has. An element takes its whole size off its parent when it
 * opens, so a child that is longer than its parent shows at once.
 */
#include "core/ipa/walk.h"

#include <string.h>

void walk_begin(struct tern_ipa_walk *walk)
{
    memset(walk, 0, sizeof(*walk));
}

static int open_element(struct tern_ipa_walk *walk)
{
    uint32_t value_size = walk->header.value_size;
    if (walk->depth > 0) {
        uint32_t *left = &walk->left[walk->depth - 1];
        uint32_t header_size = walk->header.raw_size;
        if (*left < header_size || *left - header_size < value_size) {
            return TERN_ERR_MALFORMED;
        }
        *left -= header_size + value_size;
    }
    walk->tags[walk->depth] = (uint16_t)(walk->header.tag > UINT16_MAX ? 0 : walk->header.tag);
    walk->left[walk->depth] = value_size;
    walk->depth++;
    walk->whole = !tern_tag_constructed(walk->header.tag) || walk->depth == TERN_IPA_WALK_DEPTH;
    return WALK_OPEN;
}

int walk_next(struct tern_ipa_walk *walk, struct tern_bytes *data, struct tern_bytes *in)
{
    if (walk->closing) {
        walk->closing = false;
        walk->whole = false;
        walk->depth--;
        walk->done = walk->depth == 0;
    }
    if (walk->done) {
        return WALK_MORE;
    }
    if (walk->header.complete) {
        memset(&walk->header, 0, sizeof(walk->header));
    }
    if (walk->depth > 0 && walk->left[walk->depth - 1] == 0) {
        walk->closing = true;
        return WALK_CLOSE;
    }
    if (in->size == 0) {
        return WALK_MORE;
    }
    if (walk->whole) {
        uint32_t *left = &walk->left[walk->depth - 1];
        *data = tern_bytes_slice(*in, 0, *left);
        *in = tern_bytes_slice(*in, data->size, in->size);
        *left -= (uint32_t)data->size;
        return WALK_DATA;
    }
    int complete = tern_der_header_feed(&walk->header, in);
    return complete == 1 ? open_element(walk) : complete;
}

tern_tag walk_tag(const struct tern_ipa_walk *walk, unsigned depth)
{
    return depth >= 1 && depth <= walk->depth ? walk->tags[depth - 1] : 0;
}

bool walk_at(const struct tern_ipa_walk *walk, const uint16_t *path, size_t count)
{
    return walk->depth == count && memcmp(walk->tags, path, count * sizeof(*path)) == 0;
}
