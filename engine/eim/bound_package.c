/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetBoundProfilePackage (SGP.32, 5.14.2; sgp32.md 5.4).
 *
 *     BF3A {80 transactionId, BF21 {A0 full | A1 error | A2 compact}}
 *        -> ES9+' GetBoundProfilePackage
 *     BF3A {A0 {80?, BF36}}
 *
 * The package's StoreMetadata is only MACed, so we can read it and compare it with the metadata
 * that AuthenticateClient gave.
 */
#include "engine/eim/turn.h"

#define FEATURE_METADATA (1 << 4)
#define FEATURE_MINIMIZE (1 << 5)
#define MAC_SIZE         8 /* BSP, at the end of every 88: sgp22.md 8 */

enum package_error {
    PACKAGE_SIGNATURE = 1,
    PACKAGE_METADATA = 50,
    PACKAGE_TRANSACTION = 95,
    PACKAGE_UNDEFINED = 127
};
enum cancel_reason { CANCEL_METADATA = 4 };

static void refuse(struct turn *turn, int64_t code)
{
    turn_reply_code(turn, 0xBF3A, 0x81, code);
}

/* euiccSignature2 over euiccSigned2 | smdpSignature2: sgp22.md 7.1 */
static bool prepared_by_card(struct turn *turn, const struct session *session,
                             struct tern_eim_device *device, struct tern_bytes full)
{
    static const tern_tag PATH[] = {0xBF21, 0xA0};
    struct tern_tlv ok;
    if (tern_der_path(full, PATH, 2, &ok) != TERN_OK) {
        return false;
    }
    struct tern_bytes parts[2] = {child_raw(ok.value, 0x30), session->smdp_signature2};
    return parts[0].data != NULL &&
           tern_bytes_equal(child_value(child_value(ok.value, 0x30), 0x80), session->transaction) &&
           euicc_signed(turn, device, child_value(ok.value, 0x5F37), parts, 2);
}

void handle_get_bound_profile_package(struct turn *turn, struct tern_bytes message)
{
    struct session session;
    struct tern_eim_device device;
    struct tern_eim_operation operation;
    struct tern_tlv arm;
    struct tern_bytes transaction = child_value(message, 0x80);
    if (!open_session(turn, transaction, &session) ||
        !session_operation(turn, &session, &device, &operation) ||
        session.state == SESSION_CLIENT || session.refused != 0) {
        refuse(turn, PACKAGE_TRANSACTION);
        return;
    }
    struct tern_bytes value = response_arm(turn, child_value(message, 0xBF21), 0xBF21, &arm);
    struct tern_bytes full = WRAP(turn, 0xBF21, arm.raw);
    struct ticket ticket = {.stage = STAGE_PACKAGE,
                            .binding = turn->binding,
                            .message_tag = 0xBF3A,
                            .transaction = transaction};
    if (arm.tag == 0xA1) {
        uint32_t code = 127;
        (void)read_number(child_value(value, 0x02), &code);
        ticket.extra = (int64_t)code + 1;
    } else if (arm.tag == 0xA0 || arm.tag == 0xA2) {
        full = arm.tag == 0xA2 ? expand_prepare(turn, &session, value) : full;
        /* A card that signs for this SM-DP+ with another CI's key is left to the SM-DP+. */
        if (device.ci_key_id.size == 0 && !prepared_by_card(turn, &session, &device, full)) {
            refuse(turn, PACKAGE_SIGNATURE);
            return;
        }
    } else {
        turn_refuse(turn, 400);
        return;
    }
    turn_ask_call(
        turn, TERN_EIM_CALL_GET_BOUND_PROFILE_PACKAGE, session.address,
        es9_session_call(turn, TERN_EIM_CALL_GET_BOUND_PROFILE_PACKAGE, transaction, full),
        &ticket);
}

struct tern_bytes package_metadata(struct turn *turn, struct tern_bytes bound_profile_package)
{
    struct tern_tlv outer;
    struct tern_tlv block;
    if (tern_der_single(bound_profile_package, &outer, 0) != TERN_OK) {
        return TERN_BYTES_NONE;
    }
    struct tern_bytes rest = child_value(outer.value, 0xA1);
    struct tern_writer out = tern_arena_writer(turn->arena);
    while (next_tlv(&rest, &block)) {
        if (block.tag != 0x88 || block.value.size < MAC_SIZE) {
            return TERN_BYTES_NONE;
        }
        tern_write(&out, tern_bytes(block.value.data, block.value.size - MAC_SIZE));
    }
    return out.size == 0 ? TERN_BYTES_NONE : tern_arena_keep(turn->arena, &out);
}

void answer_package(struct turn *turn, const struct ticket *ticket,
                    const struct tern_eim_answer *answer)
{
    struct session session;
    struct tern_eim_device device;
    struct tern_eim_operation operation;
    struct es9_answer server;
    if (load_session(turn, ticket->transaction, &session) != TERN_OK ||
        !session_operation(turn, &session, &device, &operation)) {
        refuse(turn, PACKAGE_TRANSACTION);
        return;
    }
    if (ticket->extra != 0) { /* the card refused the profile's metadata or signature */
        if (tern_eim_state_open(operation.state)) {
            fail_operation(turn, &device, &operation, TERN_EIM_ORIGIN_PREPARE, 0,
                           ticket->extra - 1);
            save_device(turn, &device);
        }
        remove_session(turn, session.transaction);
        refuse(turn, PACKAGE_UNDEFINED);
        return;
    }
    es9_read(turn, TERN_EIM_CALL_GET_BOUND_PROFILE_PACKAGE, answer, &server);
    if (!server.ok) {
        download_refused(turn, &device, &operation, &server);
        refuse(turn, es9_error(TERN_EIM_CALL_GET_BOUND_PROFILE_PACKAGE, &server));
        return;
    }
    struct tern_bytes metadata = package_metadata(turn, server.bound_profile_package);
    if ((device.features & FEATURE_METADATA) != 0 &&
        !tern_bytes_equal(metadata, session.metadata)) {
        session.refused = CANCEL_METADATA + 1;
        save_session(turn, &session);
        if (tern_eim_state_open(operation.state)) {
            fail_operation(turn, &device, &operation, TERN_EIM_ORIGIN_EIM, 0,
                           TERN_EIM_OWN_METADATA_MISMATCH);
            save_device(turn, &device);
        }
        refuse(turn, PACKAGE_METADATA);
        return;
    }
    session.state = SESSION_LOAD;
    session.touched_ms = (int64_t)turn->now_ms;
    save_session(turn, &session);
    bool minimal = (device.features & FEATURE_MINIMIZE) != 0;
    turn_reply(turn, WRAP(turn, 0xBF3A,
                          WRAP(turn, 0xA0,
                               minimal ? TERN_BYTES_NONE : WRAP(turn, 0x80, session.transaction),
                               server.bound_profile_package)));
}
