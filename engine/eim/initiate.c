/* SPDX-License-Identifier: Apache-2.0 */
/*
 * InitiateAuthentication (SGP.32, 5.14.1; sgp32.md 5.4): the first message of an indirect download
 * or of a look at the SM-DS.
 *
 *     BF39 {81 euiccChallenge, 83? smdpAddress, BF20? euiccInfo1, 82? eimTransactionId}
 *        -> ES9+' / ES11' InitiateAuthentication
 *     BF39 {A0 {80?, 30 serverSigned1, 5F37, 04 ciPKId, 30 certificate, 0C? matchingId, A2? ctx} }
 *
 * The address the IPA names must be the one we triggered: an IPA is no proxy client.
 */
#include <string.h>

#include "engine/eim/turn.h"

#define FEATURE_DATA_HANDLING (1 << 2)
#define FEATURE_CTX_PARAMS    (1 << 3)
#define FEATURE_MINIMIZE      (1 << 5)
#define CHALLENGE_SIZE        16

enum initiate_error {
    INITIATE_ADDRESS = 1,
    INITIATE_MISMATCH = 50,
    INITIATE_OID = 51,
    INITIATE_TRANSACTION = 52,
    INITIATE_UNDEFINED = 127
};

static void refuse(struct turn *turn, int64_t code)
{
    turn_reply_code(turn, 0xBF39, 0x81, code);
}

static bool same_address(struct tern_bytes a, struct tern_bytes b)
{
    if (a.size != b.size) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        uint8_t x = a.data[i];
        uint8_t y = b.data[i];
        x = x >= 'A' && x <= 'Z' ? (uint8_t)(x + 32) : x;
        y = y >= 'A' && y <= 'Z' ? (uint8_t)(y + 32) : y;
        if (x != y) {
            return false;
        }
    }
    return true;
}

/* An address without its ":port": serverAddress may leave the port out. */
static struct tern_bytes host_of(struct tern_bytes address)
{
    for (size_t i = 0; i < address.size; i++) {
        if (address.data[i] == ':') {
            return tern_bytes(address.data, i);
        }
    }
    return address;
}

/* The operation that this belongs to. */
static bool find_trigger(struct turn *turn, struct tern_bytes transaction,
                         struct tern_eim_device *device, struct tern_eim_operation *operation)
{
    uint8_t eid[TERN_EID_SIZE];
    int64_t sequence;
    if (transaction.data != NULL) {
        return find_transaction(turn, transaction, eid, &sequence) == TERN_OK &&
               load_device(turn, eid, device) == TERN_OK &&
               load_operation(turn, eid, sequence, operation) == TERN_OK &&
               operation->kind == TERN_EIM_KIND_DOWNLOAD && operation->state != TERN_EIM_QUEUED;
    }
    return turn->peer_eid != NULL && load_device(turn, turn->peer_eid, device) == TERN_OK &&
           find_fetched(turn, device, TERN_EIM_KIND_DOWNLOAD, operation) == TERN_OK;
}

/* Which server the trigger is about; empty when only the device knows. */
static struct tern_bytes trigger_address(const struct tern_eim_device_data *data,
                                         const struct tern_eim_operation *operation)
{
    struct tern_tlv trigger;
    struct activation_code code;
    if (tern_der_single(operation->request, &trigger, 0) != TERN_OK) {
        return TERN_BYTES_NONE;
    }
    if (trigger.tag == 0x80) {
        return parse_activation_code(&code, trigger.value) ? code.address : TERN_BYTES_NONE;
    }
    if (trigger.tag == 0x81) {
        return data->default_smdp;
    }
    struct tern_bytes address = child_value(trigger.value, 0x80);
    return address.size > 0 ? address : data->root_smds;
}

static struct tern_bytes trigger_matching_id(const struct tern_eim_operation *operation)
{
    struct tern_tlv trigger;
    struct activation_code code;
    if (tern_der_single(operation->request, &trigger, 0) == TERN_OK && trigger.tag == 0x80 &&
        parse_activation_code(&code, trigger.value)) {
        return code.matching_id;
    }
    return TERN_BYTES_NONE;
}

void handle_initiate_authentication(struct turn *turn, struct tern_bytes message)
{
    struct tern_eim_device device;
    struct tern_eim_operation operation;
    struct tern_eim_device_data data;
    struct tern_bytes challenge = child_value(message, 0x81);
    struct tern_bytes named = child_value(message, 0x83);
    struct tern_bytes info1 = child_raw(message, 0xBF20);
    if (challenge.size != CHALLENGE_SIZE) {
        turn_refuse(turn, 400);
        return;
    }
    if (!find_trigger(turn, child_value(message, 0x82), &device, &operation)) {
        refuse(turn, INITIATE_TRANSACTION);
        return;
    }
    turn_known(turn, &device);
    if (load_data(turn, device.eid, &data) != TERN_OK) {
        return;
    }
    struct tern_bytes address = trigger_address(&data, &operation);
    if (address.size == 0) {
        address = named; /* default SM-DP+ or SM-DS as the card has it */
    }
    bool elsewhere = named.size > 0 && !same_address(named, address);
    if (address.size == 0 || address.size > TERN_ADDRESS_SIZE || elsewhere) {
        refuse(turn, INITIATE_ADDRESS);
        return;
    }
    if (info1.data == NULL) {
        info1 = data.euicc_info1;
    } else if (!tern_bytes_equal(info1, data.euicc_info1)) {
        data.euicc_info1 = info1;
        save_data(turn, device.eid, &data);
    }
    if (info1.data == NULL) {
        refuse(turn, INITIATE_UNDEFINED);
        return;
    }
    struct ticket ticket = {.stage = STAGE_INITIATE,
                            .binding = turn->binding,
                            .message_tag = 0xBF39,
                            .sequence = operation.sequence,
                            .extra = named.size == 0,
                            .eid = TERN_BYTES_OF(device.eid),
                            .address = address,
                            .detail = challenge};
    turn_ask_call(turn, TERN_EIM_CALL_INITIATE_AUTHENTICATION, address,
                  es9_initiate(turn, challenge, info1, address), &ticket);
}

/* sgp32.md 5.4: serverAddress against the address asked, OID against the activation code's. */
static int64_t check_server(const struct ticket *ticket, const struct tern_eim_operation *operation,
                            const struct es9_answer *answer,
                            const struct tern_certificate *certificate)
{
    struct tern_tlv signed1;
    if (tern_der_single(answer->server_signed1, &signed1, 0) != TERN_OK ||
        !tern_bytes_equal(child_value(signed1.value, 0x80), answer->transaction) ||
        !tern_bytes_equal(child_value(signed1.value, 0x81), ticket->detail)) {
        return INITIATE_UNDEFINED;
    }
    struct tern_bytes address = child_value(signed1.value, 0x83);
    if (!same_address(address, ticket->address) &&
        !same_address(host_of(address), host_of(ticket->address))) {
        return INITIATE_MISMATCH;
    }
    if (operation->smdp_oid.size > 0 &&
        !tern_bytes_equal(operation->smdp_oid, certificate->registered_id)) {
        return INITIATE_OID;
    }
    return 0;
}

static struct tern_bytes ctx_params1(struct turn *turn, const struct tern_eim_device *device,
                                     struct tern_bytes matching_id)
{
    struct tern_eim_device_data data;
    struct tern_tlv info;
    if ((device->features & FEATURE_CTX_PARAMS) == 0 ||
        load_data(turn, device->eid, &data) != TERN_OK ||
        tern_der_single(data.device_info, &info, 0) != TERN_OK) {
        return TERN_BYTES_NONE;
    }
    return WRAP(turn, 0xA0, matching_id.size > 0 ? WRAP(turn, 0x80, matching_id) : TERN_BYTES_NONE,
                WRAP(turn, 0xA1, info.value));
}

/* The SM-DP+ said no, or nothing: remember why, end what cannot succeed by asking again. */
void download_refused(struct turn *turn, struct tern_eim_device *device,
                      struct tern_eim_operation *operation, const struct es9_answer *answer)
{
    if (!tern_eim_state_open(operation->state)) {
        return;
    }
    operation->origin = answer->reached ? TERN_EIM_ORIGIN_SMDP : TERN_EIM_ORIGIN_EIM;
    operation->where = answer->subject;
    operation->code = answer->reached ? (int64_t)answer->reason : TERN_EIM_OWN_SMDP_UNREACHABLE;
    if (answer->reached) {
        finish_operation(turn, device, operation, TERN_EIM_FAILED);
        save_device(turn, device);
    } else {
        save_operation(turn, device->eid, operation);
    }
}

static void begin_session(struct turn *turn, const struct ticket *ticket,
                          struct tern_eim_device *device, struct tern_eim_operation *operation,
                          const struct es9_answer *answer,
                          const struct tern_certificate *certificate)
{
    struct session other;
    if (load_session(turn, answer->transaction, &other) == TERN_OK &&
        (!tern_bytes_equal(other.eid, TERN_BYTES_OF(device->eid)) ||
         !same_address(other.address, ticket->address))) {
        refuse(turn, INITIATE_UNDEFINED); /* two servers, one transactionId: not mixed */
        return;
    }
    struct tern_bytes matching_id = trigger_matching_id(operation);
    bool ours = ticket->extra != 0;
    struct tern_bytes context = ours ? ctx_params1(turn, device, matching_id) : TERN_BYTES_NONE;
    struct session session = {.transaction = answer->transaction,
                              .eid = TERN_BYTES_OF(device->eid),
                              .sequence = operation->sequence,
                              .state = SESSION_CLIENT,
                              .touched_ms = (int64_t)turn->now_ms,
                              .address = ticket->address,
                              .smdp_oid = certificate->registered_id,
                              .server_signed1 = answer->server_signed1,
                              .ctx_params1 = context};
    save_session(turn, &session);
    operation->state = TERN_EIM_RUNNING;
    operation->origin = operation->where = operation->code = 0;
    save_operation(turn, device->eid, operation);
    bool minimal = (device->features & FEATURE_MINIMIZE) != 0;
    bool name_it = ours && context.data == NULL && matching_id.size > 0;
    turn_reply(
        turn,
        WRAP(turn, 0xBF39,
             WRAP(turn, 0xA0, minimal ? TERN_BYTES_NONE : WRAP(turn, 0x80, answer->transaction),
                  answer->server_signed1, answer->server_signature1, answer->ci_key_id,
                  answer->certificate, name_it ? WRAP(turn, 0x0C, matching_id) : TERN_BYTES_NONE,
                  context.data != NULL ? WRAP(turn, 0xA2, context) : TERN_BYTES_NONE)));
}

void answer_initiate(struct turn *turn, const struct ticket *ticket,
                     const struct tern_eim_answer *answer)
{
    struct tern_eim_device device;
    struct tern_eim_operation operation;
    struct es9_answer server;
    struct tern_certificate certificate;
    if (ticket->eid.size != TERN_EID_SIZE ||
        load_device(turn, ticket->eid.data, &device) != TERN_OK ||
        load_operation(turn, device.eid, ticket->sequence, &operation) != TERN_OK ||
        !tern_eim_state_open(operation.state)) {
        refuse(turn, INITIATE_TRANSACTION);
        return;
    }
    turn_known(turn, &device);
    es9_read(turn, TERN_EIM_CALL_INITIATE_AUTHENTICATION, answer, &server);
    if (!server.ok) {
        download_refused(turn, &device, &operation, &server);
        refuse(turn, server.reached ? es9_error(TERN_EIM_CALL_INITIATE_AUTHENTICATION, &server)
                                    : INITIATE_ADDRESS);
        return;
    }
    if (tern_certificate_parse(&certificate, NULL, server.certificate) != TERN_OK) {
        refuse(turn, INITIATE_UNDEFINED);
        return;
    }
    int64_t wrong = check_server(ticket, &operation, &server, &certificate);
    if (wrong == 0) {
        begin_session(turn, ticket, &device, &operation, &server, &certificate);
        return;
    }
    if (wrong != INITIATE_UNDEFINED) {
        fail_operation(turn, &device, &operation, TERN_EIM_ORIGIN_EIM, 0,
                       wrong == INITIATE_OID ? TERN_EIM_OWN_OID_MISMATCH
                                             : TERN_EIM_OWN_SMDP_MISMATCH);
        save_device(turn, &device);
    }
    refuse(turn, wrong);
}
