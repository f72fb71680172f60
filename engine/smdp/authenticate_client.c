/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES9+.AuthenticateClient. SGP.22, 5.6.3; sgp22.md 6.5, 7.1, 10.3.
 *
 * The eUICC has proved itself (authenticate_euicc.c); now an order is found for it, and with the
 * order the eUICC becomes the only one that may have this profile. The same request sent again, its
 * answer having got lost, gets the same answer.
 */
#include "engine/smdp/eligibility.h"
#include "engine/smdp/es9plus.h"

struct checked {
    struct rsp_euicc euicc;
    struct tern_bytes request_hash;
};

int authenticate_client_check(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    struct checked *checked = checked_make(call, sizeof *checked);
    if (checked == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    int status = rsp_authenticate(&smdp->server, &call->rsp, &checked->euicc);
    if (status < 0 || !tern_status_ok(&call->rsp.response.status)) {
        return status;
    }
    note_subject(call, TERN_BYTES_OF(checked->euicc.eid), TERN_BYTES_NONE);
    call->commit = true;
    return hash_of(smdp, call->rsp.arena, call->rsp.request.authenticate_server_response,
                   &checked->request_hash);
}

/* The response from a session, new or kept. */
static int respond(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                   const struct smdp_session *session)
{
    struct smdp_profile profile;
    struct tern_es9plus_response *response = &call->rsp.response;
    const struct tern_rsp_identity *identity = session_identity(smdp, session);
    int status = profile_load(smdp, call->rsp.arena, session->iccid, &profile);
    if (status < 0 || identity == NULL) {
        return refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN);
    }
    response->transaction_id = call->rsp.request.transaction_id;
    response->profile_metadata = profile.metadata;
    response->smdp_signed2 = session->smdp_signed2;
    response->smdp_signature2 = session->smdp_signature2;
    response->smdp_certificate = identity->pb_certificate;
    return TERN_OK;
}

/* The order itself says no: the operator hears of it, once. */
static int refuse_order(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                        struct tern_bytes iccid, struct smdp_order *order,
                        enum tern_status_code code)
{
    struct tern_status said = tern_status(code);
    bool first = code == TERN_STATUS_ORDER_ATTEMPTS
                     ? order->attempts == (int64_t)smdp->policy.attempts_max
                     : true;
    order->attempts++;
    int status = first ? progress_queue(smdp, call->rsp.arena, call->rsp.now, iccid, order,
                                        PROGRESS_ELIGIBILITY, &said, TERN_BYTES_NONE)
                       : TERN_OK;
    if (status == TERN_OK) {
        status = order_save(smdp, call->rsp.arena, iccid, order);
    }
    refuse(call, code);
    return status;
}

static bool attempts_are_used_up(const struct tern_smdp *smdp, const struct smdp_order *order)
{
    return smdp->policy.attempts_max != 0 && order->attempts >= (int64_t)smdp->policy.attempts_max;
}

/* bppEuiccOtpk of an earlier binding for this eUICC, absent when there was none. */
static int earlier_key(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                       struct tern_bytes iccid, struct tern_bytes *euicc_otpk)
{
    struct smdp_binding binding;
    int status = smdp_load(smdp, call->rsp.arena, SPACE_BINDING, iccid, &SMDP_BINDING, &binding);
    *euicc_otpk = TERN_BYTES_NONE;
    if (status == TERN_OK && tern_bytes_equal(binding.eid, TERN_BYTES_OF(call->eid))) {
        *euicc_otpk = binding.euicc_otpk;
    }
    return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
}

/* smdpSigned2 and its signature over it and the eUICC's own signature. */
static int sign_second(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                       const struct rsp_euicc *euicc, const struct tern_smdp_signed2 *signed2,
                       struct smdp_session *session)
{
    uint8_t signature[TERN_SIGNATURE_SIZE];
    uint8_t prefix[] = {0x5F, 0x37, TERN_SIGNATURE_SIZE};
    struct tern_arena *arena = call->rsp.arena;
    const struct tern_crypto *crypto = smdp->server.crypto;
    struct tern_writer out = tern_arena_writer(arena);
    int status = tern_asn_encode(&TERN_SMDP_SIGNED2, &out, signed2);
    if (status < 0) {
        return status;
    }
    session->smdp_signed2 = tern_arena_keep(arena, &out);
    const struct tern_bytes parts[] = {session->smdp_signed2, TERN_BYTES_OF(prefix),
                                       euicc->euicc_signature1};
    status = crypto->ecdsa_sign(crypto->context, signature, euicc->identity->pb_key, parts,
                                TERN_COUNT_OF(parts));
    out = tern_arena_writer(arena);
    tern_der_write(&out, 0x5F37, TERN_BYTES_OF(signature));
    session->smdp_signature2 = tern_arena_keep(arena, &out);
    return status < 0                              ? status
           : session->smdp_signature2.data == NULL ? TERN_ERR_NO_SPACE
                                                   : TERN_OK;
}

static int open_session(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                        struct tern_bytes iccid, struct smdp_order *order)
{
    const struct checked *checked = call->checked;
    struct tern_arena *arena = call->rsp.arena;
    struct smdp_session session = {
        .state = SESSION_AUTHENTICATED,
        .eid = TERN_BYTES_OF(checked->euicc.eid),
        .iccid = iccid,
        .curve = checked->euicc.public_key.curve,
        .euicc_key = TERN_BYTES_OF(checked->euicc.public_key.point),
        .server_ci = checked->euicc.identity->ci,
        .request_hash = checked->request_hash,
    };
    struct tern_smdp_signed2 signed2 = {
        .transaction_id = call->rsp.request.transaction_id,
        .cc_required_flag = order->confirmation.data != NULL,
    };
    int status = earlier_key(smdp, call, iccid, &signed2.bpp_euicc_otpk);
    if (status == TERN_OK) {
        status = sign_second(smdp, call, &checked->euicc, &signed2, &session);
    }
    if (status == TERN_OK) {
        status = smdp_insert(smdp, arena, SPACE_SESSION, call->rsp.request.transaction_id,
                             &SMDP_SESSION, &session);
    }
    order->attempts++;
    order->eid = session.eid;
    order->transaction_id = call->rsp.request.transaction_id;
    if (status == TERN_OK) {
        status = order_save(smdp, arena, iccid, order);
    }
    return status < 0 ? status : respond(smdp, call, &session);
}

static int find_and_open(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    const struct checked *checked = call->checked;
    struct tern_bytes iccid = TERN_BYTES_NONE;
    struct smdp_order order;
    struct smdp_profile profile;
    enum tern_status_code code;
    int status = order_find(smdp, call->rsp.arena, TERN_BYTES_OF(call->eid),
                            checked->euicc.matching_id, &iccid, &order, &code);
    if (status < 0 || code != TERN_STATUS_SUCCESS) {
        return status < 0 ? status : refuse(call, code);
    }
    call->iccid = iccid;
    if (order_expired(&order, call->rsp.now)) {
        return refuse(call, TERN_STATUS_ORDER_EXPIRED);
    }
    if (attempts_are_used_up(smdp, &order)) {
        return refuse_order(smdp, call, iccid, &order, TERN_STATUS_ORDER_ATTEMPTS);
    }
    if ((status = profile_load(smdp, call->rsp.arena, iccid, &profile)) < 0) {
        return status;
    }
    code = eligibility(&profile, &checked->euicc.info2);
    if (code != TERN_STATUS_SUCCESS) {
        return refuse_order(smdp, call, iccid, &order, code);
    }
    return open_session(smdp, call, iccid, &order);
}

int authenticate_client_commit(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    const struct checked *checked = call->checked;
    struct smdp_session session;
    int status = session_load(smdp, call, call->rsp.request.transaction_id, &session);
    if (status == TERN_ERR_NOT_FOUND) {
        return find_and_open(smdp, call);
    }
    if (status < 0) {
        return status;
    }
    bool again = session.state != SESSION_ENDED &&
                 tern_bytes_equal(session.request_hash, checked->request_hash);
    return again ? respond(smdp, call, &session) : refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN);
}
