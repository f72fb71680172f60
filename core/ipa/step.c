/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step: an event is taken, then rows run until one wants something of the host.
 *
 * There is no stack of calls between two steps; where the IPA is, is a row and a phase. So it may
 * lose power, link or card at any border, and a test may enumerate all of them.
 */
#include <string.h>

#include "core/ipa/machine.h"

int tern_ipa_init(struct tern_ipa *ipa, const struct tern_ipa_config *config, uint8_t *buffer,
                  size_t buffer_size, struct tern_bytes saved)
{
    TERN_ASSERT(ipa != NULL);
    TERN_ASSERT(config != NULL);
    memset(ipa, 0, sizeof(*ipa));
    if (buffer_size < TERN_IPA_BUFFER_SIZE_MIN) {
        return TERN_ERR_NO_SPACE;
    }
    ipa->config = config;
    ipa->buffer = buffer;
    ipa->buffer_size = (uint16_t)(buffer_size > UINT16_MAX ? UINT16_MAX : buffer_size);
    ipa->row = IPA_SLEEP;
    ipa->wake_row = IPA_BOOT;
    ipa->idle = true;
    ipa_saved_read(ipa, saved);
    return TERN_OK;
}

int ipa_go(struct tern_ipa *ipa, const struct tern_ipa_step *row)
{
    ipa->row = row;
    ipa->phase = PHASE_ASK;
    return JUMPED;
}

void ipa_finish_row(struct tern_ipa *ipa)
{
    int verdict = ipa->row->take != NULL ? ipa->row->take(ipa) : NEXT;
    if (verdict == JUMPED) {
        return;
    }
    ipa->phase = PHASE_ASK;
    if (verdict == NEXT) {
        ipa->row++;
    }
}

void ipa_fail_row(struct tern_ipa *ipa, enum outcome outcome)
{
    ipa->outcome = (uint8_t)outcome;
    ipa->loading = LOADING_NOTHING;
    ipa_finish_row(ipa);
}

/* What a reply goes through begins empty. */
void ipa_read_begin(struct tern_ipa *ipa)
{
    ipa->hold_size = 0;
    memset(ipa->slots, 0, sizeof(ipa->slots));
    ipa_slots_begin(ipa, ipa->text ? 0 : 2);
    ipa_json_begin(ipa);
    ipa_load_begin(ipa);
    ipa->phase = PHASE_READ;
}

static void start_row(struct tern_ipa *ipa)
{
    switch (ipa->row->kind) {
    case STEP_APDU:
    case STEP_CARD:
        walk_begin(&ipa->walk);
        ipa_command_start(ipa);
        break;
    case STEP_PEER:
        ipa_message_start(ipa);
        break;
    case STEP_READ:
        ipa_read_begin(ipa);
        break;
    case STEP_TRUST:
        ipa->phase = PHASE_TRUST;
        ipa->out_size = 0;
        ipa->trust_last = true;
        break;
    case STEP_SAVE:
        ipa->phase = PHASE_SAVE;
        break;
    case STEP_RESET:
        ipa->phase = PHASE_RESET;
        break;
    case STEP_SLEEP:
        ipa->phase = PHASE_SLEEP;
        break;
    default:
        ipa->row++;
        break;
    }
}

static void ask(struct tern_ipa *ipa)
{
    ipa->outcome = OUTCOME_OK;
    ipa->loading = LOADING_NOTHING;
    int verdict = ipa->row->ask != NULL ? ipa->row->ask(ipa) : NEXT;
    if (verdict < 0) {
        ipa_fail_row(ipa, OUTCOME_FULL);
    } else if (verdict == SKIP) {
        ipa->row++;
    } else if (verdict == NEXT) {
        start_row(ipa);
    }
}

static void push_trust(struct tern_ipa *ipa, struct tern_ipa_action *action)
{
    action->want = TERN_IPA_WANT_TRUST;
    action->data = tern_bytes(ipa->buffer, ipa->out_size);
    action->first = ipa->trust_first;
    action->last = ipa->trust_last;
    ipa->trust_first = false;
}

/* One move; `action` is filled when the host is needed. */
static void run(struct tern_ipa *ipa, struct tern_ipa_action *action)
{
    switch (ipa->phase) {
    case PHASE_ASK:
        ask(ipa);
        break;
    case PHASE_COMMAND:
        ipa_next_block(ipa, action);
        break;
    case PHASE_LOAD:
        ipa_load_block(ipa, action);
        break;
    case PHASE_RESPONSE:
        ipa_get_response(ipa, action);
        break;
    case PHASE_PUSH:
        ipa_message_push(ipa, action);
        break;
    case PHASE_TRUST:
        push_trust(ipa, action);
        break;
    case PHASE_READ:
        action->want = TERN_IPA_WANT_READ;
        action->size_max = ipa_load_room(ipa);
        break;
    case PHASE_SAVE:
        action->want = TERN_IPA_WANT_SAVE;
        action->data = ipa_saved_write(ipa);
        break;
    case PHASE_RESET:
        action->want = TERN_IPA_WANT_RESET;
        ipa->booted = false;
        break;
    default:
        action->want = TERN_IPA_WANT_SLEEP;
        action->wake_ms = ipa->wake_ms;
        action->idle = ipa->idle;
        break;
    }
}

static void done(struct tern_ipa *ipa)
{
    switch (ipa->phase) {
    case PHASE_PUSH:
        ipa_message_pushed(ipa);
        break;
    case PHASE_TRUST:
        if (ipa->row->kind == STEP_TRUST) {
            ipa_finish_row(ipa);
        } else {
            ipa_response_continue(ipa);
        }
        break;
    case PHASE_SAVE:
        if (ipa->loading != LOADING_NOTHING) {
            ipa->phase = PHASE_LOAD; /* the last block waited for it */
        } else {
            ipa_finish_row(ipa);
        }
        break;
    default:
        ipa_finish_row(ipa); /* RESET */
        break;
    }
}

static void received(struct tern_ipa *ipa, const struct tern_ipa_event *event)
{
    ipa->reply_last = event->last;
    ipa->nothing_waits = event->nothing_waits;
    int (*piece)(struct tern_ipa *, struct tern_bytes, bool) =
        ipa->row->piece != NULL ? ipa->row->piece : ipa_collect;
    int sink = piece(ipa, event->received, event->last);
    if (sink < 0) {
        ipa_fail_row(ipa, sink == TERN_ERR_NO_SPACE ? OUTCOME_FULL : OUTCOME_MALFORMED);
    } else if (sink == SINK_LOAD) {
        ipa_load_continue(ipa);
    } else if (sink == SINK_STOP || event->last) {
        ipa_finish_row(ipa);
    }
}

/* Which events may come in which phase. */
static bool expected(const struct tern_ipa *ipa, enum tern_ipa_event_kind kind)
{
    bool card =
        ipa->phase == PHASE_COMMAND || ipa->phase == PHASE_RESPONSE || ipa->phase == PHASE_LOAD;
    bool peer = ipa->phase == PHASE_PUSH || ipa->phase == PHASE_READ;
    switch (kind) {
    case TERN_IPA_EVENT_START:
        return true;
    case TERN_IPA_EVENT_RESPONSE:
    case TERN_IPA_EVENT_CARD_LOST:
        return card;
    case TERN_IPA_EVENT_RECEIVED:
        return ipa->phase == PHASE_READ;
    case TERN_IPA_EVENT_LINK_LOST:
    case TERN_IPA_EVENT_REFUSED:
        return peer;
    case TERN_IPA_EVENT_DONE:
        return ipa->phase == PHASE_PUSH || ipa->phase >= PHASE_SAVE;
    default:
        return ipa->phase == PHASE_SLEEP;
    }
}

static void take_event(struct tern_ipa *ipa, const struct tern_ipa_event *event)
{
    switch (event->kind) {
    case TERN_IPA_EVENT_START:
        ipa->booted = false;
        ipa->keep_size = 0;
        ipa_go(ipa, IPA_BOOT);
        break;
    case TERN_IPA_EVENT_RESPONSE:
        ipa_take_response(ipa, event->received);
        break;
    case TERN_IPA_EVENT_DONE:
        done(ipa);
        break;
    case TERN_IPA_EVENT_RECEIVED:
        received(ipa, event);
        break;
    case TERN_IPA_EVENT_LINK_LOST:
        ipa_fail_row(ipa, OUTCOME_LINK);
        break;
    case TERN_IPA_EVENT_REFUSED:
        ipa_fail_row(ipa, OUTCOME_REFUSED);
        break;
    case TERN_IPA_EVENT_CARD_LOST:
        ipa->booted = false;
        ipa->failed = true;
        ipa_go(ipa, IPA_SLEEP);
        break;
    case TERN_IPA_EVENT_INJECTED:
        ipa_go(ipa, IPA_INJECTED);
        break;
    case TERN_IPA_EVENT_LOCAL:
        ipa->hold_size = 0;
        ipa_go(ipa, ipa_hold_add(ipa, event->received) == TERN_OK ? IPA_LOCAL : IPA_SLEEP);
        break;
    default: /* WAKE */
        ipa_go(ipa, ipa->booted ? ipa->wake_row : IPA_BOOT);
        break;
    }
}

int tern_ipa_step(struct tern_ipa *ipa, struct tern_ipa_action *action,
                  const struct tern_ipa_event *event)
{
    int status = TERN_OK;
    memset(action, 0, sizeof(*action));
    ipa->now_ms = event->now_ms;
    if (expected(ipa, event->kind)) {
        take_event(ipa, event);
    } else {
        status = TERN_ERR_STATE;
        ipa->booted = false;
        ipa_go(ipa, IPA_SLEEP);
    }
    while (action->want == 0) {
        run(ipa, action);
    }
    action->name = ipa->row->name;
    return status;
}
