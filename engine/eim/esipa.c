/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door: a message of an IPA goes to its handler, the answer to a question to the handler that
 * asked it. SGP.32, 5.14, 6.
 */
#include "engine/eim/turn.h"

struct door {
    tern_tag tag;
    void (*handle)(struct turn *turn, struct tern_bytes content);
};

static const struct door DOORS[] = {
    {0xBF4F, handle_get_eim_package          },
    {0xBF50, handle_provide_result           },
    {0xBF3D, handle_notification             },
    {0xBF39, handle_initiate_authentication  },
    {0xBF3B, handle_authenticate_client      },
    {0xBF3A, handle_get_bound_profile_package},
    {0xBF41, handle_cancel_session           },
};

static void dispatch(struct turn *turn, struct tern_bytes message)
{
    struct tern_tlv outer;
    if (message.size > TERN_EIM_MESSAGE_SIZE_MAX) {
        turn_refuse(turn, 413);
        return;
    }
    if (tern_der_single(message, &outer, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        turn_refuse(turn, 400);
        return;
    }
    if (outer.tag == 0xA2) { /* as ES9+ has it: sgp32.md 7.5 */
        turn->quirks_seen |= TERN_EIM_QUIRK_OUTER_A2;
        if (tern_der_single(outer.value, &outer, TERN_DER_LONG_LENGTHS) != TERN_OK) {
            turn_refuse(turn, 400);
            return;
        }
    }
    turn->message_tag = outer.tag;
    for (size_t i = 0; i < TERN_COUNT_OF(DOORS); i++) {
        if (DOORS[i].tag == outer.tag && well_formed(outer.value)) {
            DOORS[i].handle(turn, outer.value);
            return;
        }
    }
    turn_refuse(turn, 400);
}

/* After a result or a notification the device would ask whether more waits: say it now when nothing
 * does. Saves the poll that ends a wake. */
static void tell_what_waits(struct turn *turn)
{
    struct tern_eim_device device;
    struct tern_eim_step *step = turn->step;
    bool ends = turn->message_tag == 0xBF50 || turn->message_tag == 0xBF3D;
    if (ends && turn->error == TERN_OK && step->outcome == TERN_EIM_REPLY && step->status < 300 &&
        step->eid_known && load_device(turn, step->eid, &device) == TERN_OK) {
        step->nothing_waits = device.open.size == 0;
    }
}

int tern_eim_receive(struct tern_eim *eim, struct tern_eim_step *step,
                     const struct tern_eim_peer *peer, struct tern_bytes message)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    turn.binding = peer->binding;
    turn.peer_eid = peer->eid;
    if (peer->binding == TERN_EIM_BINDING_JSON) {
        message = json_request(&turn, peer->function, message);
        if (message.data == NULL) {
            turn_refuse(&turn, 400);
            return turn_end(&turn);
        }
    }
    dispatch(&turn, message);
    tell_what_waits(&turn);
    return turn_end(&turn);
}

int tern_eim_answer(struct tern_eim *eim, struct tern_eim_step *step, struct tern_bytes ticket,
                    const struct tern_eim_answer *answer)
{
    static void (*const STAGES[])(struct turn *, const struct ticket *,
                                  const struct tern_eim_answer *) = {
        [STAGE_SIGN] = answer_sign,         [STAGE_INITIATE] = answer_initiate,
        [STAGE_CLIENT] = answer_client,     [STAGE_PACKAGE] = answer_package,
        [STAGE_CANCEL] = answer_cancel,     [STAGE_OUTBOUND] = answer_outbound,
        [STAGE_TRANSFER] = answer_transfer,
    };
    struct turn turn;
    struct ticket asked;
    turn_begin(&turn, eim, step);
    int error = decode_ticket(&asked, ticket);
    if (error != TERN_OK) {
        return error;
    }
    if (asked.stage < STAGE_SIGN || asked.stage > STAGE_TRANSFER) {
        return TERN_ERR_RANGE;
    }
    turn.binding = (enum tern_eim_binding)asked.binding;
    turn.message_tag = (tern_tag)asked.message_tag;
    STAGES[asked.stage](&turn, &asked, answer);
    return turn_end(&turn);
}
