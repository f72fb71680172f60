/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetEimPackage (SGP.32, 5.14.5): what a device that asks gets.
 *
 *     BF4F {5A eid, 80? notifyStateChange, 81? cause, 82? rPLMN}
 *       -> BF4F { BF51 | BF52 | BF54 | 02 error }
 *
 * Operations go out in the order they were queued, one at a time, the same bytes again until their
 * result is stored. A poll with nothing waiting writes nothing.
 */
#include "engine/eim/turn.h"

#define SERVER_WAIT_MS   500             /* before an unreachable SM-DP+ is tried again; doubles */
#define SEEN_GRAIN_MS    (5 * 60 * 1000) /* an idle poll writes the device record only this often */
#define OPEN_ENTRY       5
#define ATTEMPTS_DEFAULT 16

enum poll_error {
    POLL_NONE = 1,
    POLL_EID_NOT_FOUND = 2,
    POLL_INVALID_EID = 3,
    POLL_MISSING_EID = 4
};

void touch_device(struct turn *turn, struct tern_eim_device *device)
{
    if (device->seen_ms == 0) {
        turn_event(turn, TERN_EIM_EVENT_SEEN, device->eid, 0, 0);
    }
    device->seen_ms = (int64_t)turn->now_ms;
}

/* notifyStateChange and rPLMN. @return true when the device record changed. */
static bool take_state_change(struct turn *turn, struct tern_eim_device *device,
                              struct tern_bytes message)
{
    bool changed = false;
    struct tern_bytes plmn = child_value(message, 0x82);
    struct tern_bytes cause = child_value(message, 0x81);
    if (plmn.data == NULL && cause.size == 3) {
        plmn = cause; /* v1.0: rPLMN [1] */
        cause = TERN_BYTES_NONE;
    }
    if (plmn.size == 3 && !tern_bytes_equal(plmn, device->plmn)) {
        device->plmn = plmn;
        changed = true;
    }
    if (child_value(message, 0x80).data == NULL) {
        return changed;
    }
    uint32_t code = 127;
    (void)read_number(cause, &code);
    device->state_change_cause = (int64_t)code + 1;
    device->flags |= TERN_EIM_DEVICE_STALE;
    turn_event(turn, TERN_EIM_EVENT_STATE_CHANGE, device->eid, 0, code);
    if (!has_open_option(turn, device, TERN_EIM_OPTION_REFRESH)) {
        queue_profile_list(turn, device, TERN_EIM_OPTION_REFRESH);
        struct tern_eim_operation infos = {.kind = TERN_EIM_KIND_DATA,
                                           .options = TERN_EIM_OPTION_REFRESH,
                                           .request = TERN_BYTES_TEXT("\xBF\x20\xBF\x22\xA8")};
        (void)queue_operation(turn, device, &infos, false);
    }
    return true;
}

/*
 * A download whose SM-DP+ could not be reached waits, longer each time: the device polls again at
 * once after every failure and would else use up all attempts in one wake.
 */
static bool waits_for_server(const struct turn *turn, const struct tern_eim_operation *operation)
{
    int64_t doublings = operation->attempts < 1 ? 0 : operation->attempts - 1;
    int64_t wait = (int64_t)SERVER_WAIT_MS << (doublings < 16 ? doublings : 16);
    return operation->kind == TERN_EIM_KIND_DOWNLOAD && operation->state == TERN_EIM_FETCHED &&
           operation->origin == TERN_EIM_ORIGIN_EIM &&
           operation->code == TERN_EIM_OWN_SMDP_UNREACHABLE &&
           operation->result.size > 0 && /* the device has given up this try and said so */
           (int64_t)turn->now_ms < operation->fetched_ms + wait;
}

/* Repeat what was fetched, or give it up after too many times. */
static bool deliver_again(struct turn *turn, struct tern_eim_device *device,
                          struct tern_eim_operation *operation)
{
    uint32_t most = turn->eim->trigger_attempts;
    most = most == 0 ? ATTEMPTS_DEFAULT : most;
    if (operation->kind != TERN_EIM_KIND_PACKAGE && operation->attempts >= (int64_t)most) {
        int64_t origin = operation->origin == 0 ? TERN_EIM_ORIGIN_EIM : operation->origin;
        int64_t code = operation->origin == 0 ? TERN_EIM_OWN_ATTEMPTS : operation->code;
        fail_operation(turn, device, operation, origin, operation->where, code);
        save_device(turn, device);
        return false;
    }
    operation->attempts++;
    save_operation(turn, device->eid, operation);
    return true;
}

static void deliver_first(struct turn *turn, struct tern_eim_device *device,
                          struct tern_eim_operation *operation)
{
    operation->message = operation->kind == TERN_EIM_KIND_DATA
                             ? data_request(turn, device, operation)
                             : trigger_message(turn, device, operation);
    operation->state = TERN_EIM_FETCHED;
    operation->fetched_ms = (int64_t)turn->now_ms;
    operation->attempts = 1;
    save_operation(turn, device->eid, operation);
    turn_event(turn, TERN_EIM_EVENT_FETCHED, device->eid, operation->sequence, 0);
}

enum delivery { DELIVER_MESSAGE, DELIVER_QUESTION, DELIVER_NEXT };

static enum delivery deliver(struct turn *turn, struct tern_eim_device *device,
                             struct tern_eim_operation *operation, bool injecting)
{
    struct ticket ticket = {.stage = STAGE_SIGN,
                            .binding = turn->binding,
                            .message_tag = injecting ? 0xBF4E : 0xBF4F,
                            .sequence = operation->sequence,
                            .eid = TERN_BYTES_OF(device->eid)};
    int64_t expires = operation->expires_ms;
    bool expired = expires != 0 && (uint64_t)expires <= turn->now_ms;
    switch (operation->state) {
    case TERN_EIM_QUEUED:
        if (expired) {
            operation->origin = TERN_EIM_ORIGIN_EIM;
            operation->code = TERN_EIM_OWN_EXPIRED;
            finish_operation(turn, device, operation, TERN_EIM_EXPIRED);
            save_device(turn, device);
            return DELIVER_NEXT;
        }
        if (operation->kind == TERN_EIM_KIND_PACKAGE) {
            return sign_package(turn, device, operation, &ticket) ? DELIVER_QUESTION : DELIVER_NEXT;
        }
        deliver_first(turn, device, operation);
        return DELIVER_MESSAGE;
    case TERN_EIM_SIGNING:
        return sign_package(turn, device, operation, &ticket) ? DELIVER_QUESTION : DELIVER_NEXT;
    case TERN_EIM_FETCHED:
    case TERN_EIM_RUNNING:
        if (waits_for_server(turn, operation)) {
            return DELIVER_NEXT;
        }
        return deliver_again(turn, device, operation) ? DELIVER_MESSAGE : DELIVER_NEXT;
    default: /* lost: its recovery stands before it or has just ended */
        return DELIVER_NEXT;
    }
}

int next_message(struct turn *turn, struct tern_eim_device *device, bool injecting,
                 struct tern_bytes *message, int64_t *sequence)
{
    struct tern_bytes open = device->open; /* as it is now; deliver() may shorten the device's */
    for (size_t at = 0; at + OPEN_ENTRY <= open.size && turn->error == TERN_OK; at += OPEN_ENTRY) {
        struct tern_eim_operation operation;
        *sequence = (int64_t)tern_read_uint(tern_bytes_slice(open, at + 1, 4));
        if (load_operation(turn, device->eid, *sequence, &operation) != TERN_OK) {
            turn_fail(turn, TERN_ERR_NOT_FOUND);
            return 0;
        }
        switch (deliver(turn, device, &operation, injecting)) {
        case DELIVER_MESSAGE:
            *message = operation.message;
            return 1;
        case DELIVER_QUESTION:
            return 0;
        case DELIVER_NEXT:
            break;
        }
    }
    return 0;
}

static bool eid_well_formed(struct tern_bytes eid)
{
    if (eid.size != TERN_EID_SIZE) {
        return false;
    }
    for (size_t i = 0; i < eid.size; i++) {
        if ((eid.data[i] & 0x0F) > 9 || eid.data[i] >> 4 > 9) {
            return false;
        }
    }
    return true;
}

void handle_get_eim_package(struct turn *turn, struct tern_bytes message)
{
    struct tern_bytes eid = child_value(message, 0x5A);
    if (eid.data == NULL) {
        turn_reply_code(turn, 0xBF4F, 0x02, POLL_MISSING_EID);
        return;
    }
    if (!eid_well_formed(eid)) {
        turn_reply_code(turn, 0xBF4F, 0x02, POLL_INVALID_EID);
        return;
    }
    struct tern_eim_device device;
    if (load_device(turn, eid.data, &device) != TERN_OK) {
        turn_reply_code(turn, 0xBF4F, 0x02, POLL_EID_NOT_FOUND);
        return;
    }
    turn_known(turn, &device);
    bool changed = take_state_change(turn, &device, message);
    if (changed || device.seen_ms + SEEN_GRAIN_MS <= (int64_t)turn->now_ms) {
        touch_device(turn, &device);
        save_device(turn, &device);
    }
    struct tern_bytes next;
    int64_t sequence;
    if (next_message(turn, &device, false, &next, &sequence) == 1) {
        turn_reply(turn, turn_wrap(turn, 0xBF4F, &next, 1));
    } else if (turn->step->outcome == TERN_EIM_NOTHING) {
        turn_reply_code(turn, 0xBF4F, 0x02, POLL_NONE);
    }
}

void answer_sign(struct turn *turn, const struct ticket *ticket,
                 const struct tern_eim_answer *answer)
{
    struct tern_eim_device device;
    struct tern_eim_operation operation;
    if (answer->error != TERN_OK || answer->body.size != TERN_SIGNATURE_SIZE) {
        turn_refuse(turn, 503); /* the device asks again, the counter stays allotted */
        return;
    }
    if (ticket->eid.size != TERN_EID_SIZE ||
        load_device(turn, ticket->eid.data, &device) != TERN_OK ||
        load_operation(turn, device.eid, ticket->sequence, &operation) != TERN_OK) {
        turn_refuse(turn, 503);
        return;
    }
    turn_known(turn, &device);
    if (operation.state == TERN_EIM_SIGNING) {
        operation.message = WRAP(turn, 0xBF51, operation.to_sign, WRAP(turn, 0x5F37, answer->body));
        operation.to_sign = TERN_BYTES_NONE;
        operation.state = TERN_EIM_FETCHED;
        operation.fetched_ms = (int64_t)turn->now_ms;
        operation.attempts = 1;
        save_operation(turn, device.eid, &operation);
        turn_event(turn, TERN_EIM_EVENT_FETCHED, device.eid, operation.sequence, 0);
    } else if (operation.state != TERN_EIM_FETCHED) {
        turn_refuse(turn, 503); /* it ended meanwhile */
        return;
    }
    if (ticket->message_tag == 0xBF4E) {
        inject_message(turn, device.eid, operation.sequence, device.address, operation.message);
    } else {
        turn_reply(turn, turn_wrap(turn, 0xBF4F, &operation.message, 1));
    }
}
