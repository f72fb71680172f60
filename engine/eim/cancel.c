/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CancelSession (SGP.32, 5.14.8; sgp32.md 5.6).
 *
 *     BF41 {80 transactionId, A1 {A0 full | 81 error | A2 compact}}  ->  ES9+' CancelSession
 *     BF41 {A0 00 | 81 error}
 *
 * When the SM-DP+ cannot be reached the cancel waits in the outbound queue and the device is let
 * go: it has done its part.
 */
#include "engine/eim/turn.h"

enum cancel_error { CANCEL_TRANSACTION = 1, CANCEL_SIGNATURE = 2, CANCEL_UNDEFINED = 127 };
enum cancel_reason { REASON_POSTPONED = 1, REASON_TIMEOUT = 2 };

static void refuse(struct turn *turn, int64_t code)
{
    turn_reply_code(turn, 0xBF41, 0x81, code);
}

static void accept(struct turn *turn)
{
    turn_reply(turn, TERN_BYTES_TEXT("\xBF\x41\x02\xA0\x00"));
}

static bool cancel_signed(struct turn *turn, const struct session *session,
                          struct tern_eim_device *device, struct tern_bytes full, uint32_t *reason)
{
    static const tern_tag PATH[] = {0xBF41, 0xA0};
    struct tern_tlv ok;
    if (tern_der_path(full, PATH, 2, &ok) != TERN_OK) {
        return false;
    }
    struct tern_bytes data = child_raw(ok.value, 0x30);
    struct tern_bytes value = child_value(ok.value, 0x30);
    return data.data != NULL && tern_bytes_equal(child_value(value, 0x80), session->transaction) &&
           read_number(child_value(value, 0x82), reason) &&
           (device->ci_key_id.size > 0 ||
            euicc_signed(turn, device, child_value(ok.value, 0x5F37), &data, 1));
}

static void end_download(struct turn *turn, struct tern_eim_device *device,
                         struct tern_eim_operation *operation, uint32_t reason)
{
    if (!tern_eim_state_open(operation->state)) {
        return;
    }
    if (reason == REASON_POSTPONED || reason == REASON_TIMEOUT) {
        operation->state = TERN_EIM_FETCHED; /* the order stays: offered again on the next poll */
        operation->origin = TERN_EIM_ORIGIN_CANCEL;
        operation->code = reason;
        save_operation(turn, device->eid, operation);
        return;
    }
    fail_operation(turn, device, operation, TERN_EIM_ORIGIN_CANCEL, 0, reason);
    save_device(turn, device);
}

void handle_cancel_session(struct turn *turn, struct tern_bytes message)
{
    struct session session;
    struct tern_eim_device device;
    struct tern_eim_operation operation;
    struct tern_tlv arm = {0};
    struct tern_bytes transaction = child_value(message, 0x80);
    if (!open_session(turn, transaction, &session) ||
        !session_operation(turn, &session, &device, &operation)) {
        refuse(turn, CANCEL_TRANSACTION);
        return;
    }
    struct tern_bytes response = child_value(message, 0xA1);
    if (response.data == NULL) {
        response = child_value(message, 0xBF41); /* untagged: sgp32.md 5.6, a likely peer error */
    }
    struct tern_bytes value = response_arm(turn, response, 0xBF41, &arm);
    struct tern_bytes full = WRAP(turn, 0xBF41, arm.raw);
    uint32_t reason = 127;
    if (arm.tag == 0x81) { /* the card has no such session any more: nothing signed to forward */
        end_download(turn, &device, &operation, 127);
        remove_session(turn, session.transaction);
        accept(turn);
        return;
    }
    if (arm.tag == 0xA2) {
        full = expand_cancel(turn, &session, value);
    } else if (arm.tag != 0xA0) {
        turn_refuse(turn, 400);
        return;
    }
    if (full.data == NULL || !cancel_signed(turn, &session, &device, full, &reason)) {
        refuse(turn, CANCEL_SIGNATURE);
        return;
    }
    struct ticket ticket = {.stage = STAGE_CANCEL,
                            .binding = turn->binding,
                            .message_tag = 0xBF41,
                            .extra = reason,
                            .transaction = transaction,
                            .detail = full};
    turn_ask_call(turn, TERN_EIM_CALL_CANCEL_SESSION, session.address,
                  es9_session_call(turn, TERN_EIM_CALL_CANCEL_SESSION, transaction, full), &ticket);
}

void answer_cancel(struct turn *turn, const struct ticket *ticket,
                   const struct tern_eim_answer *answer)
{
    struct session session;
    struct tern_eim_device device;
    struct tern_eim_operation operation;
    struct es9_answer server;
    if (load_session(turn, ticket->transaction, &session) != TERN_OK ||
        !session_operation(turn, &session, &device, &operation)) {
        refuse(turn, CANCEL_TRANSACTION);
        return;
    }
    es9_read(turn, TERN_EIM_CALL_CANCEL_SESSION, answer, &server);
    end_download(turn, &device, &operation, (uint32_t)ticket->extra);
    remove_session(turn, session.transaction);
    if (!server.reached) {
        queue_outbound(turn, OUTBOUND_CANCEL, device.eid, session.address, session.transaction,
                       ticket->detail);
    }
    if (server.ok || !server.reached) {
        accept(turn);
    } else {
        refuse(turn, es9_error(TERN_EIM_CALL_CANCEL_SESSION, &server));
    }
}
