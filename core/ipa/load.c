/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a reply into the card, without holding it: an eUICC package (BF51) as one command, a bound
 * profile package (BF36) as its segments, one command each.
 *
 *   out:  | 5 | 255 staged bytes             |       the walk has gone over `scanned` of them
 *
 * Bytes are staged as they come. The walk tells where a command ends: there the block is cut and
 * leaves for the card, and what is staged behind it moves to the front. SGP.22, 2.5.5 (sgp22.md
 * 7.4): BF36+BF23; A0 whole; A1 alone; each 88; A2 whole; A3 alone; each 86.
 */
#include <string.h>

#include "core/ipa/machine.h"

#define MAC_SIZE 8
#define TAG_ICON 0x94

enum load_verdict {
    GO_ON,
    CUT,
    COMPLETE,
};

static uint8_t *stage(struct tern_ipa *ipa)
{
    return ipa->buffer + APDU_HEADER;
}

void ipa_load_begin(struct tern_ipa *ipa)
{
    ipa->staged = 0;
    ipa->scanned = 0;
    ipa->block = 0;
    ipa->loading = LOADING_NOTHING;
    ipa->load_complete = false;
    ipa->answered = false;
    ipa->mismatch = false;
    ipa->compared = 0;
    ipa->marks = 0;
    ipa->package_marks = 0;
    ipa->arm = 0;
    ipa->code = 0;
    walk_begin(&ipa->inner);
}

/* Until a target opens, its header may still have to be put in front of what is staged. */
uint32_t ipa_load_room(const struct tern_ipa *ipa)
{
    uint32_t reserve = ipa->loading == LOADING_NOTHING ? sizeof(ipa->walk.header.raw) : 0;
    uint32_t room = STAGE_SIZE - reserve - ipa->staged;
    return ipa->text ? (room * 171 >> 9) * 4 - 4 : room; /* thirds, without a division */
}

int ipa_load_stage(struct tern_ipa *ipa, struct tern_bytes data)
{
    if (data.size > (size_t)(STAGE_SIZE - ipa->staged)) {
        return TERN_ERR_NO_SPACE;
    }
    memcpy(stage(ipa) + ipa->staged, data.data, data.size);
    ipa->staged = (uint8_t)(ipa->staged + data.size);
    return TERN_OK;
}

int ipa_load_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    if (ipa->text) {
        return ipa_json_piece(ipa, data, last);
    }
    int status = data.size > 0 ? ipa_load_stage(ipa, data) : TERN_OK;
    return status == TERN_OK ? SINK_LOAD : status;
}

static void drop_scanned(struct tern_ipa *ipa)
{
    memmove(stage(ipa), stage(ipa) + ipa->scanned, (size_t)(ipa->staged - ipa->scanned));
    ipa->staged = (uint8_t)(ipa->staged - ipa->scanned);
    ipa->scanned = 0;
}

/* The element for the card begins: its header to the front. */
static void begin(struct tern_ipa *ipa, enum loading loading)
{
    const struct tern_der_header *header = &ipa->walk.header;
    drop_scanned(ipa);
    memmove(stage(ipa) + header->raw_size, stage(ipa), ipa->staged);
    memcpy(stage(ipa), header->raw, header->raw_size);
    ipa->staged = (uint8_t)(ipa->staged + header->raw_size);
    ipa->scanned = header->raw_size;
    ipa->loading = (uint8_t)loading;
    ipa->base = ipa->walk.depth;
    ipa->eim_tx[0] = loading == LOADING_PACKAGE ? 0 : ipa->eim_tx[0];
}

/* Tokens before a target: find it, or collect the one child that is none. */
static int outer_token(struct tern_ipa *ipa, int kind, struct tern_bytes chunk)
{
    struct tern_ipa_walk *walk = &ipa->walk;
    tern_tag tag = walk_tag(walk, walk->depth);
    if (kind == WALK_OPEN && tag == 0xBF36 && walk->depth == (ipa->text ? 1 : 3)) {
        begin(ipa, LOADING_BPP);
        return GO_ON;
    }
    if (walk->depth != 2 || tag == 0xA0) {
        return GO_ON;
    }
    if (kind == WALK_OPEN && tag == 0xBF51) {
        begin(ipa, LOADING_PACKAGE);
    } else if (kind == WALK_OPEN) {
        ipa->arm = (uint16_t)tag;
        walk->whole = true;
        return ipa_hold_add(ipa, tern_bytes(walk->header.raw, walk->header.raw_size));
    } else if (kind == WALK_DATA) {
        ipa->code = chunk.data[chunk.size - 1];
        return ipa_hold_add(ipa, chunk);
    }
    return GO_ON;
}

/* A value of at most 16 bytes, its size in front. */
void ipa_take_short(uint8_t value[17], int kind, struct tern_bytes chunk)
{
    if (kind == WALK_OPEN) {
        value[0] = 0;
    }
    if (kind == WALK_DATA && value[0] + chunk.size <= 16) {
        memcpy(value + 1 + value[0], chunk.data, chunk.size);
        value[0] = (uint8_t)(value[0] + chunk.size);
    }
}

/* Whose package it is: its result is looked for under this name. */
static void take_eim_id(struct tern_ipa *ipa, int kind, struct tern_bytes chunk)
{
    struct tern_writer id = TERN_WRITER_OF(ipa->eim_id);
    id.size = kind == WALK_OPEN ? 0 : ipa->eim_id_size;
    tern_write(&id, kind == WALK_DATA ? chunk : TERN_BYTES_NONE);
    ipa->eim_id_size = (uint8_t)tern_writer_bytes(&id).size;
}

/* BF51{30{.., A0{ A3{5A, 05?} | A4{5A} | .. }}, 5F37}: what will it do? */
static int package_token(struct tern_ipa *ipa, int kind, struct tern_bytes chunk)
{
    struct tern_ipa_walk *walk = &ipa->walk;
    unsigned depth = walk->depth;
    bool commands = walk_tag(walk, 4) == 0xA0; /* psmoList */
    if (depth == 4 && walk_tag(walk, 4) == 0x82) {
        ipa_take_short(ipa->eim_tx, kind, chunk);
    }
    if (depth == 4 && walk_tag(walk, 4) == 0x80 && ipa->injected) {
        take_eim_id(ipa, kind, chunk);
    }
    if (kind == WALK_CLOSE && depth == 2) {
        ipa->load_complete = true;
        return CUT;
    }
    if (kind != WALK_OPEN) {
        return GO_ON;
    }
    tern_tag tag = walk_tag(walk, depth);
    if (commands && depth == 5 && tag == 0xA3) {
        ipa->package_marks |= tag == 0xA3 ? MARK_ENABLE : 0;
    } else if (commands && depth == 6 && (tag == 0x05 || tag == 0x81)) {
        ipa->package_marks |= MARK_ROLLBACK; /* 81: sgp32.md 12, no. 4 */
    } else if (depth > 3 && !(depth == 4 && commands)) {
        walk->whole = true; /* the card's to judge */
    }
    return GO_ON;
}

/* Compare with the metadata that the server showed first; a picture is not compared. */
static int compare_metadata(struct tern_ipa *ipa, struct tern_bytes data)
{
    const uint8_t *keep = ipa->buffer + ipa->buffer_size - ipa->keep_size;
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    while ((kind = walk_next(&ipa->inner, &chunk, &data)) > 0) {
        if (kind == WALK_OPEN) {
            chunk = tern_bytes(ipa->inner.header.raw, ipa->inner.header.raw_size);
        } else if (kind == WALK_CLOSE || walk_tag(&ipa->inner, 2) == TAG_ICON) {
            continue;
        }
        if (chunk.size > (size_t)(ipa->keep_size - ipa->compared) ||
            memcmp(keep + ipa->compared, chunk.data, chunk.size) != 0) {
            ipa->mismatch = true;
            return TERN_ERR_CONFLICT;
        }
        ipa->compared = (uint16_t)(ipa->compared + chunk.size);
    }
    return kind;
}

static int metadata_token(struct tern_ipa *ipa, int kind, struct tern_bytes chunk)
{
    const struct tern_ipa_walk *walk = &ipa->walk;
    if (kind == WALK_DATA && walk->depth == ipa->base + 2U) {
        uint32_t left = walk->left[walk->depth - 1];
        size_t mac = left >= MAC_SIZE ? 0 : MAC_SIZE - left;
        return compare_metadata(
            ipa, tern_bytes_slice(chunk, 0, chunk.size - (mac < chunk.size ? mac : chunk.size)));
    }
    if (kind == WALK_CLOSE && walk->depth == ipa->base + 1U && ipa->compared != ipa->keep_size) {
        ipa->mismatch = true;
        return TERN_ERR_CONFLICT;
    }
    return TERN_OK;
}

static int bpp_token(struct tern_ipa *ipa, int kind, struct tern_bytes chunk)
{
    struct tern_ipa_walk *walk = &ipa->walk;
    tern_tag section = walk_tag(walk, ipa->base + 1U);
    bool list = section == 0xA1 || section == 0xA3;
    if (section == 0xA1 && ipa->keep_size > 0) {
        int status = metadata_token(ipa, kind, chunk);
        if (status < 0) {
            return status;
        }
    }
    if (walk->depth == ipa->base + 1U) {
        if (kind == WALK_OPEN) {
            walk->whole = !list;
            return list ? CUT : GO_ON;
        }
        return kind == WALK_CLOSE && !list ? CUT : GO_ON;
    }
    if (kind == WALK_CLOSE && walk->depth == ipa->base) {
        ipa->load_complete = true;
        return COMPLETE;
    }
    return kind == WALK_CLOSE && walk->depth == ipa->base + 2U ? CUT : GO_ON;
}

static int load_token(struct tern_ipa *ipa, int kind, struct tern_bytes chunk)
{
    switch (ipa->loading) {
    case LOADING_PACKAGE:
        return package_token(ipa, kind, chunk);
    case LOADING_BPP:
        return bpp_token(ipa, kind, chunk);
    default:
        return outer_token(ipa, kind, chunk);
    }
}

/* The block leaves. Before a package that allows a rollback is complete, that is made durable:
 * after a power cut the right to it must not be forgotten. */
static void send_block(struct tern_ipa *ipa, bool last)
{
    ipa->block_last = last;
    ipa->phase = PHASE_LOAD;
    if (last && ipa->loading == LOADING_PACKAGE && (ipa->package_marks & MARK_ROLLBACK) != 0) {
        ipa->memory.flags |= SAVED_ROLLBACK;
        ipa->phase = PHASE_SAVE;
    }
}

static void scan_staged(struct tern_ipa *ipa)
{
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    do {
        struct tern_bytes rest =
            tern_bytes(stage(ipa) + ipa->scanned, (size_t)(ipa->staged - ipa->scanned));
        kind = walk_next(&ipa->walk, &chunk, &rest);
        ipa->scanned = (uint8_t)(ipa->staged - rest.size);
        int verdict = kind > 0 ? load_token(ipa, kind, chunk) : kind;
        if (verdict < 0) {
            ipa_fail_row(ipa, verdict == TERN_ERR_NO_SPACE ? OUTCOME_FULL : OUTCOME_MALFORMED);
            return;
        }
        if (verdict == CUT) {
            send_block(ipa, true);
            return;
        }
        if (verdict == COMPLETE) {
            ipa_finish_row(ipa);
            return;
        }
    } while (kind > 0);
    if (ipa->walk.done) {
        ipa->scanned = ipa->staged; /* what follows a whole message is nothing to us */
    }
    if (ipa->loading == LOADING_NOTHING) {
        drop_scanned(ipa);
    }
    if (ipa->loading != LOADING_NOTHING && ipa->staged > STAGE_SIZE - (ipa->text ? 6 : 1)) {
        send_block(ipa, false);
    } else if (ipa->reply_last && ipa->loading != LOADING_NOTHING) {
        ipa_fail_row(ipa, OUTCOME_MALFORMED); /* it ends inside */
    } else if (ipa->reply_last) {
        ipa_finish_row(ipa);
    } else {
        ipa->phase = PHASE_READ;
    }
}

void ipa_load_continue(struct tern_ipa *ipa)
{
    if (ipa->phase != PHASE_READ) { /* a block was sent and answered */
        drop_scanned(ipa);
        if (ipa->answered || (ipa->load_complete && ipa->loading == LOADING_PACKAGE)) {
            ipa_finish_row(ipa);
            return;
        }
    }
    scan_staged(ipa);
}

/* BF51{A0{30{.., 30{ results }}, 5F37} | A1{30{.., 02 code}, 5F37} | A2{..}} */
static int package_response(struct tern_ipa *ipa, struct tern_bytes data)
{
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    while ((kind = walk_next(&ipa->inner, &chunk, &data)) > 0) {
        unsigned depth = ipa->inner.depth;
        tern_tag arm = walk_tag(&ipa->inner, 2);
        tern_tag tag = walk_tag(&ipa->inner, depth);
        if (kind == WALK_OPEN && depth == 2 && arm != 0xA0) {
            ipa->marks |= MARK_ERROR;
        }
        if (kind != WALK_DATA || chunk.size != 1) {
            continue;
        }
        if (arm == 0xA1 && depth == 4 && tag == 0x02) {
            ipa->code = chunk.data[0];
        }
        if (arm == 0xA0 && depth == 5 && (tag == 0x83 || tag == 0x84) && chunk.data[0] == 0) {
            ipa->marks |= MARK_SWITCH;
        }
    }
    return kind;
}

/* What the card answers to a package, or to a segment when it is done with the BPP. */
int ipa_load_response(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    (void)last;
    if (!ipa->answered) {
        ipa->answered = true;
        ipa->hold_size = 0;
    }
    size_t room = ipa_hold_room(ipa);
    int status = ipa_hold_add(ipa, tern_bytes_slice(data, 0, room)); /* a long EPR is cut off */
    if (status == TERN_OK && ipa->loading == LOADING_PACKAGE) {
        status = package_response(ipa, data);
    }
    return status < 0 ? status : SINK_MORE;
}
