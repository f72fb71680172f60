/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES2+.ConfirmOrder gives an order its MatchingID, ES2+.ReleaseProfile opens it. SGP.22, 5.3.2,
 * 5.3.5; sgp22.md 13.
 *
 * Where an SM-DS has to know of it, the event is registered before anything is confirmed: the
 * engine asks, the host calls ES12 and calls again with the answer. Should the order have changed
 * meanwhile, the event that nobody needs is deleted again.
 */
#include "engine/smdp/es2plus.h"
#include "engine/smdp/seal.h"

/* "7K3QD-0XVJ1-..." of 100 random bits; no I, L, O or U to be misread. */
static int make_matching_id(struct es2plus *es2, struct tern_bytes *matching_id)
{
    static const char ALPHABET[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t random[20];
    const struct tern_crypto *crypto = es2->smdp->server.crypto;
    struct tern_writer out = tern_arena_writer(es2->call->arena);
    int status = crypto->random(crypto->context, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        if (i > 0 && i % 5 == 0) {
            tern_write_byte(&out, '-');
        }
        tern_write_byte(&out, (uint8_t)ALPHABET[random[i] & 31]);
    }
    *matching_id = tern_arena_keep(es2->call->arena, &out);
    return status < 0 ? status : matching_id->data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

static bool is_address(struct tern_bytes address)
{
    for (size_t i = 0; i < address.size; i++) {
        uint8_t c = address.data[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != ':') {
            return false;
        }
    }
    return address.size > 0;
}

/* EID and MatchingID as they will be, and whether that goes together. */
static int settle(struct es2plus *es2, struct smdp_order *order, enum tern_status_code *code)
{
    const struct es2plus_request *request = &es2->request;
    bool given = request->eid.data != NULL;
    bool for_smds = request->smds_address.data != NULL;
    *code = TERN_STATUS_SUCCESS;
    if (given && order->ordered_eid.data != NULL &&
        !tern_bytes_equal(request->eid, order->ordered_eid)) {
        *code = TERN_STATUS_EID_OTHER;
        return TERN_OK;
    }
    if (given) {
        order->ordered_eid = request->eid;
    }
    order->eid = order->ordered_eid;
    bool by_default = request->matching_id.data != NULL && request->matching_id.size == 0;
    if (order->ordered_eid.data == NULL && (for_smds || by_default)) {
        *code = TERN_STATUS_EID_MISSING;
        return TERN_OK;
    }
    if (for_smds && !is_address(request->smds_address)) {
        *code = TERN_STATUS_SMDS_ADDRESS;
        return TERN_OK;
    }
    order->smds_address = request->smds_address;
    order->matching_id = request->matching_id;
    if (order->matching_id.size == 0 && es2->call->answer != NULL) {
        order->matching_id = es2->call->answer->matching_id; /* Made before we asked. */
    } else if (order->matching_id.data == NULL || (by_default && for_smds)) {
        return make_matching_id(es2, &order->matching_id);
    }
    return TERN_OK;
}

/* MATCHING_ID_IN_USE when another order has it. */
static int check_matching_id(struct es2plus *es2, struct tern_bytes matching_id,
                             enum tern_status_code *code)
{
    uint8_t iccid[TERN_ICCID_SIZE];
    struct tern_writer out = TERN_WRITER_OF(iccid);
    const struct tern_store *store = es2->smdp->store;
    if (matching_id.size == 0) {
        return TERN_OK;
    }
    int status = store->load(store->context, SPACE_MATCH, matching_id, &out);
    if (status == TERN_OK) {
        *code = TERN_STATUS_MATCHING_ID_IN_USE;
    }
    return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
}

/* What makes a repeated ConfirmOrder the same one. */
static int same_confirmation(struct es2plus *es2, const struct smdp_order *order, bool *same)
{
    const struct es2plus_request *request = &es2->request;
    bool released = order->state == TERN_SMDP_STATE_Released;
    *same = (released || order->state == TERN_SMDP_STATE_Confirmed) &&
            released == request->release_flag &&
            (request->matching_id.data == NULL ||
             tern_bytes_equal(request->matching_id, order->matching_id)) &&
            (request->eid.data == NULL || tern_bytes_equal(request->eid, order->ordered_eid)) &&
            tern_bytes_equal(request->smds_address, order->smds_address) &&
            (request->confirmation_code.data == NULL) == (order->confirmation.data == NULL);
    if (!*same || order->confirmation.data == NULL) {
        return TERN_OK;
    }
    return confirmation_equal(es2->smdp, es2->call->arena, request->iccid, order->confirmation,
                              request->confirmation_code, same);
}

/* Ask for the event. */
static int ask_smds(struct es2plus *es2, const struct smdp_order *order)
{
    struct tern_es2plus_call *call = es2->call;
    struct tern_writer out = tern_arena_writer(call->arena);
    int status = event_register_body(es2->smdp, &out, order->ordered_eid, order->matching_id);
    call->asks = true;
    call->question = (struct tern_smdp_question){.smds_address = order->smds_address,
                                                 .body = tern_arena_keep(call->arena, &out),
                                                 .matching_id = order->matching_id};
    return status;
}

/* Release: needs the event first. True when it is to be asked for, or was refused (`code`). */
static int register_event(struct es2plus *es2, struct smdp_order *order, bool *wait,
                          enum tern_status_code *code)
{
    const struct tern_smdp_answer *answer = es2->call->answer;
    *wait = false;
    if (order->smds_address.data == NULL) {
        return TERN_OK;
    }
    if (answer == NULL) {
        *wait = true;
        return ask_smds(es2, order);
    }
    *code = answer->code;
    order->event_registered = answer->code == TERN_STATUS_SUCCESS;
    return TERN_OK;
}

static int confirm(struct es2plus *es2, struct smdp_order *order, enum tern_status_code *code)
{
    const struct tern_smdp *smdp = es2->smdp;
    const struct es2plus_request *request = &es2->request;
    struct tern_arena *arena = es2->call->arena;
    bool wait = false;
    int status = TERN_OK;
    if (request->confirmation_code.size > 0) {
        status = confirmation_seal(smdp, arena, request->iccid, request->confirmation_code,
                                   &order->confirmation);
    }
    if (status == TERN_OK && request->release_flag) {
        status = register_event(es2, order, &wait, code);
    }
    if (status < 0 || wait || *code != TERN_STATUS_SUCCESS) {
        return status;
    }
    uint32_t lifetime = smdp->policy.order_lifetime_s;
    order->expires = lifetime == 0 ? 0 : es2->call->now + (int64_t)lifetime;
    order->state = request->release_flag ? TERN_SMDP_STATE_Released : TERN_SMDP_STATE_Confirmed;
    es2->matching_id = order->matching_id;
    es2->eid = order->ordered_eid;
    es2->names_server = true;
    status = order_index(smdp, request->iccid, order);
    return status < 0 ? status : order_save(smdp, arena, request->iccid, order);
}

static int confirm_or_repeat(struct es2plus *es2, struct smdp_order *order,
                             enum tern_status_code *code)
{
    bool same = false;
    bool waits =
        order->state == TERN_SMDP_STATE_Allocated || order->state == TERN_SMDP_STATE_Linked;
    int status = TERN_OK;
    if (!waits) {
        status = same_confirmation(es2, order, &same);
        *code = same ? TERN_STATUS_SUCCESS : TERN_STATUS_ICCID_IN_USE;
        es2->matching_id = order->matching_id;
        es2->eid = order->ordered_eid;
        es2->names_server = true;
        return status;
    }
    status = settle(es2, order, code);
    if (status == TERN_OK && *code == TERN_STATUS_SUCCESS) {
        status = check_matching_id(es2, order->matching_id, code);
    }
    return status < 0 || *code != TERN_STATUS_SUCCESS ? status : confirm(es2, order, code);
}

/* The order of the request, if its requester may touch it. */
static int load_own(struct es2plus *es2, struct smdp_order *order, enum tern_status_code *code)
{
    *code = TERN_STATUS_SUCCESS;
    if (es2->request.iccid.data == NULL) {
        es2->member = "iccid";
        *code = TERN_STATUS_FUNCTION_MISSING;
        return TERN_OK;
    }
    int status = order_load(es2->smdp, es2->call->arena, es2->request.iccid, order);
    if (status < 0) {
        *code = TERN_STATUS_ICCID_UNKNOWN;
        return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
    }
    if (!tern_bytes_equal(order->requester, es2->request.requester)) {
        *code = TERN_STATUS_ICCID_NOT_ALLOWED;
    }
    return TERN_OK;
}

/* The event was registered, but now there is no order for it: delete it again. */
static int undo_event(struct es2plus *es2, const struct smdp_order *order,
                      enum tern_status_code code)
{
    const struct tern_smdp_answer *answer = es2->call->answer;
    bool orphan =
        answer != NULL && answer->code == TERN_STATUS_SUCCESS && code != TERN_STATUS_SUCCESS;
    struct tern_bytes eid = es2->request.eid.data != NULL ? es2->request.eid : order->ordered_eid;
    if (!orphan || eid.data == NULL) {
        return TERN_OK;
    }
    return event_delete(es2->smdp, es2->call->arena, es2->call->now, answer->smds_address, eid,
                        answer->matching_id);
}

int confirm_order(struct es2plus *es2, enum tern_status_code *code)
{
    struct smdp_order order = {.state = TERN_SMDP_STATE_Available};
    int status = load_own(es2, &order, code);
    if (status == TERN_OK && *code == TERN_STATUS_SUCCESS && !es2->request.has_release_flag) {
        es2->member = "releaseFlag";
        *code = TERN_STATUS_FUNCTION_MISSING;
    }
    if (status == TERN_OK && *code == TERN_STATUS_SUCCESS) {
        status = confirm_or_repeat(es2, &order, code);
    }
    return status < 0 ? status : undo_event(es2, &order, *code);
}

int release_profile(struct es2plus *es2, enum tern_status_code *code)
{
    struct smdp_order order = {.state = TERN_SMDP_STATE_Available};
    bool wait = false;
    int status = load_own(es2, &order, code);
    if (status == TERN_OK && *code == TERN_STATUS_SUCCESS &&
        order.state != TERN_SMDP_STATE_Confirmed) {
        *code = TERN_STATUS_ICCID_TRANSITION;
    }
    if (status == TERN_OK && *code == TERN_STATUS_SUCCESS) {
        status = register_event(es2, &order, &wait, code);
    }
    if (status < 0 || wait || *code != TERN_STATUS_SUCCESS) {
        return status < 0 ? status : undo_event(es2, &order, *code);
    }
    order.state = TERN_SMDP_STATE_Released;
    return order_save(es2->smdp, es2->call->arena, es2->request.iccid, &order);
}
