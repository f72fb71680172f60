/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AuthenticateClient (SGP.32, 5.14.3; sgp32.md 5.4 to 5.8).
 *
 *     BF3B {80 transactionId, BF38 {A0 full | A1 error | A2 compact}}
 *        -> ES9+' / ES11' AuthenticateClient, always with the full form
 *     BF3B {A0 {80?, BF25?, 30 smdpSigned2, 5F37, 30 certificate, 04? hashCc}}   SM-DP+
 *     BF3B {A1 {80, BF54?}}                                                     SM-DS
 *
 * What the card signed is verified before it is forwarded: the chain, the EID that the trigger was
 * meant for, and the signature over the bytes received or rebuilt.
 */
#include <string.h>

#include "engine/eim/turn.h"

#define FEATURE_METADATA   (1 << 4)
#define FEATURE_MINIMIZE   (1 << 5)
#define SESSION_MS_DEFAULT (10 * 60 * 1000)

enum client_error {
    CLIENT_CERTIFICATE = 3,
    CLIENT_SIGNATURE = 5,
    CLIENT_EID = 7,
    CLIENT_TRANSACTION = 10,
    CLIENT_PPR = 50,
    CLIENT_UNDEFINED = 127
};
enum cancel_reason { CANCEL_PPR = 3 };

static void refuse(struct turn *turn, int64_t code)
{
    turn_reply_code(turn, 0xBF3B, 0x82, code);
}

bool open_session(struct turn *turn, struct tern_bytes transaction, struct session *session)
{
    uint64_t limit = turn->eim->session_ms == 0 ? SESSION_MS_DEFAULT : turn->eim->session_ms;
    if (load_session(turn, transaction, session) != TERN_OK) {
        return false;
    }
    bool late = (uint64_t)session->touched_ms + limit < turn->now_ms;
    bool foreign =
        turn->peer_eid != NULL && memcmp(turn->peer_eid, session->eid.data, TERN_EID_SIZE) != 0;
    return !late && !foreign;
}

bool session_operation(struct turn *turn, const struct session *session,
                       struct tern_eim_device *device, struct tern_eim_operation *operation)
{
    if (load_device(turn, session->eid.data, device) != TERN_OK ||
        tern_bytes_equal(device->last_session, session->transaction) || /* it has ended */
        load_operation(turn, device->eid, session->sequence, operation) != TERN_OK) {
        return false;
    }
    turn_known(turn, device);
    return true;
}

/* The value of BF38, one wrapping less when it is double. */
struct tern_bytes response_arm(struct turn *turn, struct tern_bytes value, tern_tag tag,
                               struct tern_tlv *arm)
{
    struct tern_bytes rest = value;
    *arm = (struct tern_tlv){0};
    if (next_tlv(&rest, arm) && arm->tag == tag) {
        turn->quirks_seen |= TERN_EIM_QUIRK_WRAPPED_TWICE;
        rest = arm->value;
        *arm = (struct tern_tlv){0};
        (void)next_tlv(&rest, arm);
    }
    return arm->value;
}

/* A0 {30 euiccSigned1, 5F37, 30 CERT.EUICC, 30 CERT.EUM} */
static int64_t check_full(struct turn *turn, const struct session *session,
                          struct tern_eim_device *device, struct tern_bytes full)
{
    static const tern_tag PATH[] = {0xBF38, 0xA0};
    struct tern_tlv ok;
    struct tern_tlv item[4];
    if (tern_der_path(full, PATH, 2, &ok) != TERN_OK) {
        return CLIENT_UNDEFINED;
    }
    struct tern_bytes rest = ok.value;
    for (size_t i = 0; i < 4; i++) {
        if (!next_tlv(&rest, &item[i])) {
            return CLIENT_UNDEFINED;
        }
    }
    if (!tern_bytes_equal(child_value(item[0].value, 0x80), session->transaction)) {
        return CLIENT_TRANSACTION;
    }
    uint8_t eid[TERN_EID_SIZE];
    if (!certificate_eid(item[2].raw, eid)) {
        return CLIENT_CERTIFICATE;
    }
    if (memcmp(eid, device->eid, TERN_EID_SIZE) != 0) {
        return CLIENT_EID;
    }
    struct tern_eim_device_data data;
    if (load_data(turn, device->eid, &data) != TERN_OK) {
        return CLIENT_UNDEFINED;
    }
    /* The chain may end in another CI than the one of our packages: verify it on a copy. */
    struct tern_eim_device signer = *device;
    signer.ci_key_id = TERN_BYTES_NONE;
    bool known = tern_bytes_equal(item[2].raw, data.euicc_certificate) && device->curve != 0;
    if (!known && adopt_chain(turn, &signer, &data, item[2].raw, item[3].raw) != TERN_OK) {
        return CLIENT_CERTIFICATE;
    }
    if (!euicc_signed(turn, &signer, item[1].value, &item[0].raw, 1)) {
        return CLIENT_SIGNATURE;
    }
    if (device->curve == TERN_CURVE_NONE && device->ci_key_id.size == 0) {
        device->curve = signer.curve;
        device->euicc_key = signer.euicc_key;
        data.euicc_info2 = child_raw(item[0].value, 0xBF22);
        save_data(turn, device->eid, &data);
        save_device(turn, device);
    }
    return 0;
}

static int64_t take_compact(struct turn *turn, const struct session *session,
                            struct tern_eim_device *device, struct tern_bytes compact,
                            struct tern_bytes *full)
{
    struct tern_eim_device_data data;
    if (load_data(turn, device->eid, &data) != TERN_OK) {
        return CLIENT_UNDEFINED;
    }
    *full = expand_authenticate(turn, session, &data, compact);
    int64_t wrong =
        full->data == NULL ? CLIENT_SIGNATURE : check_full(turn, session, device, *full);
    if (wrong != 0) {
        /* We do not have what it was signed over: forget the snapshot, ask for full forms. */
        data.euicc_info2 = TERN_BYTES_NONE;
        save_data(turn, device->eid, &data);
        learn_quirk(turn, device, TERN_EIM_QUIRK_FULL_FORMS);
        save_device(turn, device);
        return CLIENT_SIGNATURE;
    }
    return 0;
}

void handle_authenticate_client(struct turn *turn, struct tern_bytes message)
{
    struct session session;
    struct tern_eim_device device;
    struct tern_eim_operation operation;
    struct tern_bytes transaction = child_value(message, 0x80);
    if (!open_session(turn, transaction, &session) ||
        !session_operation(turn, &session, &device, &operation) ||
        session.state != SESSION_CLIENT) {
        refuse(turn, CLIENT_TRANSACTION);
        return;
    }
    struct tern_tlv arm;
    struct tern_bytes value = response_arm(turn, child_value(message, 0xBF38), 0xBF38, &arm);
    struct tern_bytes full = WRAP(turn, 0xBF38, arm.raw);
    int64_t wrong = 0;
    if (arm.tag == 0xA2) {
        wrong = take_compact(turn, &session, &device, value, &full);
    } else if (arm.tag == 0xA0) {
        wrong = check_full(turn, &session, &device, full);
    } else if (arm.tag != 0xA1) {
        turn_refuse(turn, 400);
        return;
    }
    if (wrong != 0) {
        refuse(turn, wrong);
        return;
    }
    struct ticket ticket = {.stage = STAGE_CLIENT,
                            .binding = turn->binding,
                            .message_tag = 0xBF3B,
                            .transaction = transaction};
    if (arm.tag == 0xA1) { /* the card refused the server: the server hears it, the download ends */
        uint32_t code = 127;
        (void)read_number(child_value(value, 0x02), &code);
        ticket.extra = (int64_t)code + 1;
    }
    turn_ask_call(turn, TERN_EIM_CALL_AUTHENTICATE_CLIENT, session.address,
                  es9_session_call(turn, TERN_EIM_CALL_AUTHENTICATE_CLIENT, transaction, full),
                  &ticket);
}

/* SHA256(SHA256(CC) | transactionId): sgp22.md 4.3 */
static struct tern_bytes hash_confirmation_code(struct turn *turn, struct tern_bytes code,
                                                struct tern_bytes transaction)
{
    const struct tern_crypto *crypto = turn->eim->crypto;
    uint8_t inner[TERN_SHA256_SIZE];
    uint8_t *outer = (uint8_t *)turn_take(turn, TERN_SHA256_SIZE);
    if (outer == NULL || crypto->sha256(crypto->context, inner, &code, 1) != TERN_OK) {
        turn_fail(turn, TERN_ERR_CRYPTO);
        return TERN_BYTES_NONE;
    }
    struct tern_bytes parts[2] = {TERN_BYTES_OF(inner), transaction};
    if (crypto->sha256(crypto->context, outer, parts, 2) != TERN_OK) {
        turn_fail(turn, TERN_ERR_CRYPTO);
    }
    tern_wipe(inner, sizeof(inner));
    return tern_bytes(outer, TERN_SHA256_SIZE);
}

/* SM-DS: the first event becomes the trigger of the same operation. SGP.32, 3.9.2 */
static void take_event(struct turn *turn, const struct session *session,
                       struct tern_eim_device *device, struct tern_eim_operation *operation,
                       const struct es9_answer *server)
{
    struct tern_bytes trigger = TERN_BYTES_NONE;
    remove_session(turn, session->transaction);
    if (server->event_id.data != NULL) {
        operation->request = WRAP(turn, 0x80, TERN_BYTES_TEXT("1$"), server->event_address,
                                  TERN_BYTES_TEXT("$"), server->event_id);
        operation->message = trigger_message(turn, device, operation);
        operation->state = TERN_EIM_FETCHED;
        save_operation(turn, device->eid, operation);
        trigger = operation->message;
    } else {
        fail_operation(turn, device, operation, TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_NO_EVENT);
        save_device(turn, device);
    }
    turn_reply(turn, WRAP(turn, 0xBF3B,
                          WRAP(turn, 0xA1, WRAP(turn, 0x80, session->transaction), trigger)));
}

static void take_profile(struct turn *turn, struct session *session, struct tern_eim_device *device,
                         struct tern_eim_operation *operation, const struct es9_answer *server)
{
    struct tern_tlv signed2;
    struct tern_tlv metadata;
    if (tern_der_single(server->smdp_signed2, &signed2, 0) != TERN_OK ||
        !tern_bytes_equal(child_value(signed2.value, 0x80), session->transaction) ||
        tern_der_single(server->metadata, &metadata, 0) != TERN_OK || metadata.tag != 0xBF25) {
        refuse(turn, CLIENT_UNDEFINED);
        return;
    }
    struct tern_bytes required = child_value(signed2.value, 0x01);
    bool needs_code = required.size == 1 && required.data[0] != 0;
    session->state = SESSION_PREPARE;
    session->touched_ms = (int64_t)turn->now_ms;
    session->metadata = server->metadata;
    session->smdp_signed2 = server->smdp_signed2;
    session->smdp_signature2 = server->smdp_signature2;
    if (needs_code && operation->confirmation_code.size > 0) {
        session->hash_cc =
            hash_confirmation_code(turn, operation->confirmation_code, session->transaction);
    }
    operation->iccid = child_value(metadata.value, 0x5A);
    bool verifies = (device->features & FEATURE_METADATA) != 0;
    bool allowed = !verifies || rules_allowed(turn, device->eid, server->metadata);
    if (!allowed) {
        session->refused = CANCEL_PPR + 1;
        fail_operation(turn, device, operation, TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_PPR_REFUSED);
        save_device(turn, device);
        save_session(turn, session);
        refuse(turn, CLIENT_PPR);
        return;
    }
    save_session(turn, session);
    save_operation(turn, device->eid, operation);
    bool minimal = (device->features & FEATURE_MINIMIZE) != 0;
    turn_reply(turn, WRAP(turn, 0xBF3B,
                          WRAP(turn, 0xA0,
                               minimal ? TERN_BYTES_NONE : WRAP(turn, 0x80, session->transaction),
                               minimal && verifies ? TERN_BYTES_NONE : server->metadata,
                               server->smdp_signed2, server->smdp_signature2, server->certificate,
                               session->hash_cc.size > 0 ? WRAP(turn, 0x04, session->hash_cc)
                                                         : TERN_BYTES_NONE)));
}

void answer_client(struct turn *turn, const struct ticket *ticket,
                   const struct tern_eim_answer *answer)
{
    struct session session;
    struct tern_eim_device device;
    struct tern_eim_operation operation;
    struct es9_answer server;
    if (load_session(turn, ticket->transaction, &session) != TERN_OK ||
        !session_operation(turn, &session, &device, &operation)) {
        refuse(turn, CLIENT_TRANSACTION);
        return;
    }
    if (ticket->extra != 0) {
        if (tern_eim_state_open(operation.state)) {
            fail_operation(turn, &device, &operation, TERN_EIM_ORIGIN_AUTHENTICATE, 0,
                           ticket->extra - 1);
            save_device(turn, &device);
        }
        remove_session(turn, session.transaction);
        refuse(turn, CLIENT_UNDEFINED);
        return;
    }
    es9_read(turn, TERN_EIM_CALL_AUTHENTICATE_CLIENT, answer, &server);
    if (!server.ok) {
        download_refused(turn, &device, &operation, &server);
        refuse(turn, es9_error(TERN_EIM_CALL_AUTHENTICATE_CLIENT, &server));
        return;
    }
    if (!tern_eim_state_open(operation.state)) {
        refuse(turn, CLIENT_TRANSACTION);
    } else if (server.has_events) {
        take_event(turn, &session, &device, &operation, &server);
    } else {
        take_profile(turn, &session, &device, &operation, &server);
    }
}
