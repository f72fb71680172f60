/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message to a peer: head, parts, tail.
 *
 * DER puts lengths first and the parts are longer than our memory, so a message is made in two
 * passes: every part is measured (the card is asked and its response walked until the element
 * begins), the head is written with the lengths known, then every part is copied from a second
 * response straight into the request. Asking the card twice costs milliseconds; radio is what is
 * dear. A command that cannot be repeated (AuthenticateServer) is a live part: its first piece is
 * held, which has the header and with it the size.
 *
 * For a JSON peer the parts are one base64 text between head and tail.
 */
#include <string.h>

#include "core/ipa/machine.h"

void ipa_message(struct tern_ipa *ipa, enum tern_ipa_peer peer, const char *path)
{
    ipa->peer = (uint8_t)peer;
    ipa->path = path;
    ipa->text = peer == TERN_IPA_PEER_SMDP || peer == TERN_IPA_PEER_SMDS;
    ipa->part_count = 0;
    ipa->parts_of_data = false;
    ipa->final = false;
}

void ipa_part(struct tern_ipa *ipa, enum part part)
{
    TERN_ASSERT(ipa->part_count < sizeof(ipa->parts));
    ipa->parts[ipa->part_count++] = (uint8_t)part;
}

uint32_t ipa_parts_size(const struct tern_ipa *ipa)
{
    uint32_t size = 0;
    for (size_t i = 0; i < ipa->part_count; i++) {
        size += ipa->part_sizes[i];
    }
    return size;
}

void ipa_write_envelope(struct tern_ipa *ipa, struct tern_writer *out, size_t inner_size)
{
    if (ipa->peer == TERN_IPA_PEER_INJECTOR) {
        tern_der_write_header(out, 0xBF4E, inner_size);
        return;
    }
    tern_der_write_header(out, 0xBF50, inner_size + 2 + TERN_EID_SIZE);
    tern_der_write(out, 0x5A, TERN_BYTES_OF(ipa->eid));
}

static void start_part(struct tern_ipa *ipa)
{
    enum part part = (enum part)ipa->parts[ipa->part_index];
    ipa->found = false;
    ipa->found_size = 0;
    ipa->part_done = false;
    walk_begin(&ipa->walk);
    if (part != PART_LIVE && ipa_extract_command(ipa, part) != TERN_OK) {
        ipa_fail_row(ipa, OUTCOME_FULL);
        return;
    }
    ipa_command_start(ipa);
}

/* Head and tail are short texts of ours; `out` holds the longest of them. */
static uint32_t written_size(struct tern_ipa *ipa,
                             void (*write)(struct tern_ipa *, struct tern_writer *), bool keep)
{
    struct tern_writer writer = tern_writer(ipa->buffer, keep ? OUT_SIZE : 0);
    if (write != NULL) {
        write(ipa, &writer);
    }
    TERN_ASSERT(!keep || writer.size <= OUT_SIZE);
    return (uint32_t)writer.size;
}

static void push_head(struct tern_ipa *ipa)
{
    ipa->stage = STAGE_HEAD;
    ipa->tail_size = written_size(ipa, ipa->row->tail, false);
    uint32_t parts = ipa_parts_size(ipa);
    uint32_t rest = ipa->text ? parts : 0;
    for (parts = ipa->text ? 0 : parts; rest > 0; rest -= rest < 3 ? rest : 3) {
        parts += 4; /* base64, without a division */
    }
    ipa->sent_size = 0;
    ipa->carry_size = 0;
    ipa->out_size = (uint16_t)written_size(ipa, ipa->row->head, true);
    ipa->total_size = ipa->out_size + parts + ipa->tail_size;
    ipa->phase = PHASE_PUSH;
}

/* The one thing that this message is for, is not there; or the card cannot give what is asked. */
static bool nothing_to_send(const struct tern_ipa *ipa)
{
    bool list =
        ipa->part_count > 0 && (ipa->parts[0] == PART_RESULT || ipa->parts[0] == PART_NOTIFICATION);
    return (list && ipa->part_index > 0 && ipa->part_sizes[0] == 0) ||
           (ipa->parts_of_data && ipa->code != 0);
}

/* Sizes of parts in the hold are known; the others ask the card. */
static void measure(struct tern_ipa *ipa)
{
    while (ipa->part_index < ipa->part_count && ipa->parts[ipa->part_index] == PART_HELD) {
        ipa->part_sizes[ipa->part_index++] = ipa->held.size;
    }
    ipa->nothing = nothing_to_send(ipa);
    if (ipa->nothing) {
        ipa_finish_row(ipa);
    } else if (ipa->part_index < ipa->part_count) {
        start_part(ipa);
    } else {
        push_head(ipa);
    }
}

void ipa_message_start(struct tern_ipa *ipa)
{
    ipa->stage = STAGE_MEASURE;
    ipa->part_index = 0;
    measure(ipa);
}

void ipa_peer_write(struct tern_ipa *ipa, struct tern_bytes data)
{
    struct tern_writer out = tern_writer(ipa->buffer, OUT_SIZE);
    out.size = ipa->out_size;
    if (!ipa->text) {
        tern_write(&out, data);
    }
    while (ipa->text && data.size > 0) {
        ipa->carry[ipa->carry_size++] = data.data[0];
        data = tern_bytes_slice(data, 1, data.size);
        if (ipa->carry_size == 3) {
            tern_base64_encode(&out, TERN_BYTES_OF(ipa->carry));
            ipa->carry_size = 0;
        }
    }
    TERN_ASSERT(out.size <= OUT_SIZE);
    ipa->out_size = (uint16_t)out.size;
}

static void push_tail(struct tern_ipa *ipa)
{
    struct tern_writer out = tern_writer(ipa->buffer, OUT_SIZE);
    ipa->stage = STAGE_TAIL;
    tern_base64_encode(&out, tern_bytes(ipa->carry, ipa->carry_size));
    ipa->carry_size = 0;
    if (ipa->row->tail != NULL) {
        ipa->row->tail(ipa, &out);
    }
    TERN_ASSERT(out.size <= OUT_SIZE);
    ipa->out_size = (uint16_t)out.size;
    ipa->phase = PHASE_PUSH;
}

static void copy(struct tern_ipa *ipa)
{
    ipa->stage = STAGE_COPY;
    if (ipa->part_index == ipa->part_count) {
        push_tail(ipa);
    } else if (ipa->parts[ipa->part_index] == PART_HELD ||
               ipa->parts[ipa->part_index] == PART_LIVE) {
        struct tern_bytes chunk =
            tern_bytes_slice(ipa_span(ipa, ipa->held), ipa->held_sent, BLOCK_SIZE);
        ipa->held_sent = (uint16_t)(ipa->held_sent + chunk.size);
        ipa_peer_write(ipa, chunk);
        ipa->part_done = ipa->held_sent == ipa->held.size &&
                         (ipa->parts[ipa->part_index] == PART_HELD || ipa->more == 0);
        ipa->phase = PHASE_PUSH;
    } else if (ipa->part_sizes[ipa->part_index] == 0) {
        ipa->part_index++; /* the card has no such thing */
        copy(ipa);
    } else {
        start_part(ipa);
    }
}

void ipa_message_part_done(struct tern_ipa *ipa)
{
    if (ipa->stage == STAGE_MEASURE) {
        bool empty = !ipa->found || (ipa->found_size <= 2 && !ipa->parts_of_data);
        ipa->part_sizes[ipa->part_index++] = empty ? 0 : ipa->found_size;
        measure(ipa);
    } else {
        ipa->part_index++;
        copy(ipa);
    }
}

/* What the card does not know, it does not have: the part is left out. */
bool ipa_message_refused(struct tern_ipa *ipa)
{
    if (ipa->row->kind != STEP_PEER || ipa->stage != STAGE_MEASURE ||
        ipa->parts[ipa->part_index] == PART_LIVE) {
        return false;
    }
    ipa->found = false;
    ipa_message_part_done(ipa);
    return true;
}

/* The beginning of a live response: keep it until its header is whole, which tells the size. */
static int live_piece(struct tern_ipa *ipa, struct tern_bytes data)
{
    struct tern_der_header header = {.raw_size = 0};
    if (!ipa->found) {
        ipa->found = true;
        ipa->hold_size = 0; /* the command has left */
    }
    int status = ipa_hold_add(ipa, data);
    struct tern_bytes rest = tern_bytes(ipa_hold(ipa), ipa->hold_size);
    int complete = tern_der_header_feed(&header, &rest);
    if (status != TERN_OK || complete != 1) {
        return status != TERN_OK ? status : complete;
    }
    ipa->held = (struct tern_ipa_span){0, ipa->hold_size};
    ipa->held_sent = 0;
    ipa->part_sizes[ipa->part_index++] = header.raw_size + header.value_size;
    push_head(ipa);
    return SINK_PUSH;
}

/* A piece of a card response while a message is made. */
int ipa_message_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    bool live = ipa->parts[ipa->part_index] == PART_LIVE;
    if (ipa->stage == STAGE_MEASURE) {
        return live ? live_piece(ipa, data) : ipa_extract_measure(ipa, data, last);
    }
    if (!live) {
        return ipa_extract_copy(ipa, data, last);
    }
    ipa_peer_write(ipa, data);
    ipa->part_done = last;
    return SINK_PUSH;
}

void ipa_message_push(struct tern_ipa *ipa, struct tern_ipa_action *action)
{
    action->want = TERN_IPA_WANT_EXCHANGE;
    action->data = tern_bytes(ipa->buffer, ipa->out_size);
    action->peer = (enum tern_ipa_peer)ipa->peer;
    action->address = ipa->peer == TERN_IPA_PEER_EIM ? tern_bytes(ipa->eim_fqdn, ipa->eim_fqdn_size)
                                                     : tern_bytes(ipa->address, ipa->address_size);
    action->path = ipa->path;
    action->total_size = ipa->total_size;
    action->first = ipa->sent_size == 0;
    ipa->sent_size += ipa->out_size;
    action->last = ipa->sent_size == ipa->total_size;
    action->final = action->last && ipa->final;
}

/* The host took the piece. */
void ipa_message_pushed(struct tern_ipa *ipa)
{
    ipa->out_size = 0;
    bool complete = ipa->sent_size == ipa->total_size;
    if (ipa->sent_size > ipa->total_size || (ipa->stage == STAGE_TAIL && !complete)) {
        ipa_fail_row(ipa, OUTCOME_MALFORMED); /* the card changed its mind between two passes */
    } else if (complete && ipa->peer == TERN_IPA_PEER_INJECTOR) {
        ipa_finish_row(ipa);
    } else if (complete) {
        ipa_read_begin(ipa);
    } else if (ipa->stage == STAGE_HEAD) {
        ipa->part_index = 0;
        ipa->held_sent = 0;
        copy(ipa);
    } else if (ipa->part_done) {
        ipa_message_part_done(ipa);
    } else if (ipa->parts[ipa->part_index] >= PART_HELD && ipa->held_sent < ipa->held.size) {
        copy(ipa);
    } else {
        ipa_response_continue(ipa);
    }
}
