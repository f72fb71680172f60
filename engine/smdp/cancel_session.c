/* SPDX-License-Identifier: Apache-2.0 */
/* ES9+.CancelSession: the eUICC says, signed, why there will be no download. SGP.22, 5.6.5;
 * sgp22.md 10.5. */
#include "engine/smdp/es9plus.h"

struct checked {
    int64_t reason;
};

int cancel_session_check(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    struct smdp_session session;
    struct tern_cancel_session_response response;
    const struct tern_es9plus_request *request = &call->rsp.request;
    struct checked *checked = checked_make(call, sizeof *checked);
    if (checked == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    int status = session_load(smdp, call, request->transaction_id, &session);
    if (status < 0) {
        return status == TERN_ERR_NOT_FOUND ? refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN)
                                            : status;
    }
    if (tern_asn_decode_as(&TERN_CANCEL_SESSION_RESPONSE, &response, NULL,
                           request->cancel_session_response, 0, ES9PLUS_MERCY) < 0) {
        return refuse_member(call, "cancelSessionResponse");
    }
    if (response.arm != TERN_CANCEL_SESSION_RESPONSE_IS_CANCEL_SESSION_RESPONSE_OK) {
        return refuse(call, TERN_STATUS_EUICC_ERROR); /* Unsigned: it changes nothing here. */
    }
    const struct tern_cancel_session_response_ok *ok = &response.cancel_session_response_ok;
    const struct tern_euicc_cancel_session_signed *data = &ok->euicc_cancel_session_signed;
    const struct tern_rsp_identity *identity = session_identity(smdp, &session);
    if (!tern_bytes_equal(data->transaction_id, request->transaction_id)) {
        return refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN);
    }
    struct tern_public_key key = session_key(&session);
    if (!rsp_signature_holds(&smdp->server, &key, ok->euicc_cancel_session_signature, &data->raw,
                             1)) {
        return refuse(call, TERN_STATUS_EUICC_SIGNATURE);
    }
    if (identity == NULL || !tern_bytes_equal(data->smdp_oid, identity->oid)) {
        return refuse(call, TERN_STATUS_SMDP_OID);
    }
    checked->reason = data->reason;
    call->commit = true;
    return TERN_OK;
}

/* Later is not never. All other reasons end the order. [U] sgp22.md 10.5 */
static bool keeps_order(int64_t reason)
{
    return reason == TERN_CANCEL_SESSION_REASON_postponed ||
           reason == TERN_CANCEL_SESSION_REASON_timeout;
}

static int cancel(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                  struct smdp_session *session, struct smdp_order *order)
{
    const struct checked *checked = call->checked;
    struct tern_arena *arena = call->rsp.arena;
    if (keeps_order(checked->reason)) {
        order->state = TERN_SMDP_STATE_Released;
        order->transaction_id = TERN_BYTES_NONE;
        return order_save(smdp, arena, session->iccid, order);
    }
    const char *why = tern_asn_name(TERN_CANCEL_SESSION_REASON_NAMES, checked->reason);
    struct tern_status said = tern_status(TERN_STATUS_EUICC_ERROR);
    if (why != NULL) {
        said.message = tern_bytes_text(why);
    }
    int status = progress_queue(smdp, arena, call->rsp.now, session->iccid, order,
                                PROGRESS_ELIGIBILITY, &said, TERN_BYTES_NONE);
    return status < 0 ? status
                      : order_end(smdp, arena, call->rsp.now, session->iccid, order,
                                  TERN_SMDP_STATE_Error, why);
}

int cancel_session_commit(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    struct smdp_session session;
    struct smdp_order order;
    struct tern_bytes transaction_id = call->rsp.request.transaction_id;
    int status = session_load(smdp, call, transaction_id, &session);
    if (status < 0) {
        return status;
    }
    if (session.state == SESSION_ENDED) {
        return refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN);
    }
    session.state = SESSION_ENDED;
    status = session_save(smdp, call, transaction_id, &session);
    if (status == TERN_OK) {
        status = order_load(smdp, call->rsp.arena, session.iccid, &order);
    }
    if (status != TERN_OK) {
        return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
    }
    bool waits =
        order.state == TERN_SMDP_STATE_Released || order.state == TERN_SMDP_STATE_Downloaded;
    if (!waits || !tern_bytes_equal(order.transaction_id, transaction_id)) {
        return TERN_OK; /* A newer session holds the order. */
    }
    return cancel(smdp, call, &session, &order);
}
