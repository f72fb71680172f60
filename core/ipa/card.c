/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card: a command leaves in STORE DATA blocks of at most 255 bytes, its response comes by GET
 * RESPONSE. sgp32.md 8.4, sgp22.md 17.4 and 17.5.
 *
 *   8x E2 11|91 block Lc data        91 with the last block
 *   0x C0 00 00 size                 as long as the card says 61xx
 */
#include <string.h>

#include "core/ipa/machine.h"

/* Class byte with the logical channel: 0 to 3 in two bits, 4 to 19 in the further form. */
uint8_t ipa_class(const struct tern_ipa *ipa, uint8_t base)
{
    if (ipa->channel < 4) {
        return (uint8_t)(base | ipa->channel);
    }
    return (uint8_t)(base | 0x40 | (ipa->channel - 4));
}

void ipa_command_start(struct tern_ipa *ipa)
{
    ipa->span_index = 0;
    ipa->span_offset = 0;
    ipa->block = 0;
    ipa->more = 0;
    ipa->phase = PHASE_COMMAND;
}

static void apdu(struct tern_ipa *ipa, struct tern_ipa_action *action, size_t size, bool last)
{
    uint8_t *out = ipa->buffer;
    out[0] = ipa_class(ipa, 0x80);
    out[1] = 0xE2;
    out[2] = last ? 0x91 : 0x11;
    out[3] = ipa->block++;
    out[4] = (uint8_t)size;
    action->want = TERN_IPA_WANT_APDU;
    action->data = tern_bytes(out, APDU_HEADER + size);
}

/* The next block of the command in the spans. */
void ipa_next_block(struct tern_ipa *ipa, struct tern_ipa_action *action)
{
    if (ipa->row->kind == STEP_APDU) {
        action->want = TERN_IPA_WANT_APDU;
        action->data = tern_bytes(ipa->buffer, ipa->staged);
        return;
    }
    size_t size = 0;
    while (ipa->span_index < ipa->span_count && size < BLOCK_SIZE) {
        struct tern_bytes span = ipa_span(ipa, ipa->spans[ipa->span_index]);
        struct tern_bytes run = tern_bytes_slice(span, ipa->span_offset, BLOCK_SIZE - size);
        memcpy(ipa->buffer + APDU_HEADER + size, run.data, run.size);
        size += run.size;
        ipa->span_offset = (uint16_t)(ipa->span_offset + run.size);
        if (ipa->span_offset == span.size) {
            ipa->span_index++;
            ipa->span_offset = 0;
        }
    }
    apdu(ipa, action, size, ipa->span_index == ipa->span_count);
}

/* The first bytes that are staged (load.c has counted them). */
void ipa_load_block(struct tern_ipa *ipa, struct tern_ipa_action *action)
{
    apdu(ipa, action, ipa->scanned, ipa->block_last);
    if (ipa->block_last) {
        ipa->block = 0;
    }
}

void ipa_get_response(struct tern_ipa *ipa, struct tern_ipa_action *action)
{
    uint8_t *out = ipa->buffer + STAGE_SIZE + APDU_HEADER; /* what is staged stays */
    out[0] = ipa_class(ipa, 0x00);
    out[1] = 0xC0;
    out[2] = 0;
    out[3] = 0;
    out[4] = (uint8_t)ipa->more;
    action->want = TERN_IPA_WANT_APDU;
    action->data = tern_bytes(out, APDU_HEADER);
}

static bool command_complete(const struct tern_ipa *ipa)
{
    if (ipa->phase == PHASE_LOAD) {
        return ipa->block_last;
    }
    return ipa->row->kind == STEP_APDU || ipa->span_index == ipa->span_count;
}

static void response_done(struct tern_ipa *ipa)
{
    if (ipa->loading != LOADING_NOTHING) {
        ipa_load_continue(ipa);
    } else if (ipa->row->kind == STEP_PEER) {
        ipa_message_part_done(ipa);
    } else {
        ipa_finish_row(ipa);
    }
}

/* After a piece was dealt with, or pushed on to the peer. */
void ipa_response_continue(struct tern_ipa *ipa)
{
    if (ipa->more != 0) {
        ipa->phase = PHASE_RESPONSE;
    } else {
        response_done(ipa);
    }
}

static int deliver(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    if (ipa->loading != LOADING_NOTHING) {
        return ipa_load_response(ipa, data, last);
    }
    if (ipa->row->kind == STEP_PEER) {
        return ipa_message_piece(ipa, data, last);
    }
    return ipa->row->piece != NULL ? ipa->row->piece(ipa, data, last)
                                   : ipa_collect(ipa, data, last);
}

static void take_data(struct tern_ipa *ipa, struct tern_bytes data)
{
    int sink = data.size > 0 ? deliver(ipa, data, ipa->more == 0) : SINK_MORE;
    if (sink < 0) {
        ipa_fail_row(ipa, sink == TERN_ERR_NO_SPACE ? OUTCOME_FULL : OUTCOME_MALFORMED);
    } else if (sink == SINK_PUSH) {
        ipa->phase = ipa->row->kind == STEP_PEER ? PHASE_PUSH : PHASE_TRUST;
    } else if (sink == SINK_STOP) {
        ipa->more = 0;
        response_done(ipa);
    } else {
        ipa_response_continue(ipa);
    }
}

void ipa_take_response(struct tern_ipa *ipa, struct tern_bytes response)
{
    if (response.size < 2) {
        ipa_fail_row(ipa, OUTCOME_CARD);
        return;
    }
    struct tern_bytes data = tern_bytes(response.data, response.size - 2);
    uint8_t sw1 = response.data[data.size];
    uint16_t offered = response.data[data.size + 1] == 0 ? 256 : response.data[data.size + 1];
    ipa->sw = (uint16_t)(sw1 << 8 | response.data[data.size + 1]);
    if (sw1 == 0x6C && ipa->phase == PHASE_RESPONSE) {
        ipa->more = offered; /* the card corrects Le: ask again */
        return;
    }
    if (sw1 != 0x90 && sw1 != 0x91 && sw1 != 0x61) {
        ipa->more = 0;
        if (ipa->loading != LOADING_NOTHING || !ipa_message_refused(ipa)) {
            ipa_fail_row(ipa, OUTCOME_CARD);
        }
        return;
    }
    ipa->more = sw1 == 0x61 && ipa->row->kind != STEP_APDU ? offered : 0;
    if (ipa->phase != PHASE_RESPONSE && !command_complete(ipa) && data.size == 0 &&
        ipa->more == 0) {
        if (ipa->phase == PHASE_LOAD) {
            ipa_load_continue(ipa);
        }
        return; /* the next block */
    }
    take_data(ipa, data);
}
