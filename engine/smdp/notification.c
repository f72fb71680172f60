/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES9+.HandleNotification. SGP.22, 5.6.4; sgp22.md 9, 10.4, 16.
 *
 * Always acknowledged, whatever it holds, so that a device does not keep what we cannot use; taken
 * into account only when the eUICC's signature holds, and once: a repetition changes nothing. What
 * became of it is in the status of the response, for the log alone.
 */
#include "engine/smdp/es9plus.h"

struct checked {
    struct tern_pending_notification notification;
    uint8_t eid[16];
};

static int check_result(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                        const struct checked *checked)
{
    const struct tern_profile_installation_result *result =
        &checked->notification.profile_installation_result;
    const struct tern_profile_installation_result_data *data =
        &result->profile_installation_result_data;
    struct smdp_session session;
    int status = session_load(smdp, call, data->transaction_id, &session);
    if (status < 0) {
        return status == TERN_ERR_NOT_FOUND ? refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN)
                                            : status;
    }
    struct tern_public_key key = session_key(&session);
    if (!rsp_signature_holds(&smdp->server, &key, result->euicc_sign_pir, &data->raw, 1)) {
        return refuse(call, TERN_STATUS_EUICC_SIGNATURE);
    }
    call->commit = true;
    return TERN_OK;
}

static int check_other(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                       struct checked *checked)
{
    const struct tern_other_signed_notification *other =
        &checked->notification.other_signed_notification;
    struct tern_certificate leaf;
    struct tern_certificate eum;
    struct tern_fault fault = {NULL, 1};
    if (tern_certificate_parse(&leaf, NULL, other->euicc_certificate) < 0 ||
        tern_certificate_parse(&eum, NULL, other->eum_certificate) < 0) {
        return refuse(call, TERN_STATUS_EUICC_CERTIFICATE);
    }
    const struct tern_certificate *const chain[] = {&leaf, &eum};
    struct tern_trust trust = rsp_trust(&smdp->server, &call->rsp);
    int status = tern_chain_verify(&trust, &fault, NULL, chain, 2, TERN_ROLE_EUICC);
    if (status < 0) {
        return refuse(call, rsp_chain_status(status, &fault));
    }
    if (tern_certificate_eid(&leaf, checked->eid) < 0) {
        return refuse(call, TERN_STATUS_EUICC_CERTIFICATE);
    }
    if (!rsp_signature_holds(&smdp->server, &leaf.public_key, other->euicc_notification_signature,
                             &other->tbs_other_notification.raw, 1)) {
        return refuse(call, TERN_STATUS_EUICC_SIGNATURE);
    }
    if (other->tbs_other_notification.iccid.size != TERN_ICCID_SIZE) {
        return refuse(call, TERN_STATUS_ICCID_UNKNOWN);
    }
    note_subject(call, TERN_BYTES_OF(checked->eid), other->tbs_other_notification.iccid);
    call->commit = true;
    return TERN_OK;
}

int notification_check(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    struct checked *checked = checked_make(call, sizeof *checked);
    if (checked == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    if (tern_asn_decode_as(&TERN_PENDING_NOTIFICATION, &checked->notification, NULL,
                           call->rsp.request.pending_notification, 0, ES9PLUS_MERCY) < 0) {
        return refuse_member(call, "pendingNotification");
    }
    switch (checked->notification.arm) {
    case TERN_PENDING_NOTIFICATION_IS_PROFILE_INSTALLATION_RESULT:
        return check_result(smdp, call, checked);
    case TERN_PENDING_NOTIFICATION_IS_OTHER_SIGNED_NOTIFICATION:
        return check_other(smdp, call, checked);
    default:
        return refuse_member(call, "pendingNotification");
    }
}

/*
 * What becomes of the order after a failed installation: another try for what the device can mend,
 * Error for the rest. [U] sgp22.md 9
 */
static enum tern_smdp_state state_after(int64_t error_reason)
{
    bool mendable =
        error_reason == TERN_ERROR_REASON_installFailedDueToInsufficientMemoryForProfile ||
        error_reason == TERN_ERROR_REASON_installFailedDueToInterruption;
    return mendable ? TERN_SMDP_STATE_Released : TERN_SMDP_STATE_Error;
}

static int result_known(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                        struct smdp_session *session, struct smdp_order *order,
                        const struct tern_profile_installation_result_data *data)
{
    struct tern_arena *arena = call->rsp.arena;
    bool success = data->final_result.arm == TERN_FINAL_RESULT_IS_SUCCESS_RESULT;
    struct tern_status said = tern_status(success ? TERN_STATUS_SUCCESS : TERN_STATUS_EUICC_ERROR);
    int64_t reason = success ? 0 : data->final_result.error_result.error_reason;
    const char *why = success ? NULL : tern_asn_name(TERN_ERROR_REASON_NAMES, reason);
    session->state = SESSION_ENDED;
    order->seq_number = data->notification_metadata.seq_number;
    if (why != NULL) {
        said.message = tern_bytes_text(why);
    }
    int status = session_save(smdp, call, data->transaction_id, session);
    if (status == TERN_OK) {
        status = progress_queue(smdp, arena, call->rsp.now, session->iccid, order,
                                PROGRESS_INSTALLED, &said, call->rsp.request.pending_notification);
    }
    if (status < 0) {
        return status;
    }
    enum tern_smdp_state state = success ? TERN_SMDP_STATE_Installed : state_after(reason);
    if (state == TERN_SMDP_STATE_Released) { /* The event at the SM-DS stays, too. */
        order->state = state;
        order->why = tern_bytes_text(why);
        return order_save(smdp, arena, session->iccid, order);
    }
    return order_end(smdp, arena, call->rsp.now, session->iccid, order, state, why);
}

static int commit_result(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                         const struct tern_profile_installation_result_data *data)
{
    struct smdp_session session;
    struct smdp_order order;
    int status = session_load(smdp, call, data->transaction_id, &session);
    if (status == TERN_OK) {
        status = order_load(smdp, call->rsp.arena, session.iccid, &order);
    }
    if (status != TERN_OK) {
        return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
    }
    bool waits =
        order.state == TERN_SMDP_STATE_Downloaded || order.state == TERN_SMDP_STATE_Released;
    bool success = data->final_result.arm == TERN_FINAL_RESULT_IS_SUCCESS_RESULT;
    bool ours = tern_bytes_equal(order.transaction_id, data->transaction_id);
    bool same_euicc = tern_bytes_equal(order.eid, session.eid);
    /* A late success counts even when a newer session was begun; a late failure does not. */
    if (!waits || session.state == SESSION_ENDED || !same_euicc || (!ours && !success)) {
        return TERN_OK;
    }
    return result_known(smdp, call, &session, &order, data);
}

struct event_row {
    uint64_t event;
    enum progress_point point;
};

static const struct event_row EVENTS[] = {
    {TERN_NOTIFICATION_EVENT_notificationEnable,  PROGRESS_ENABLED },
    {TERN_NOTIFICATION_EVENT_notificationDisable, PROGRESS_DISABLED},
    {TERN_NOTIFICATION_EVENT_notificationDelete,  PROGRESS_DELETED },
};

static int commit_other(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                        const struct tern_notification_metadata *metadata)
{
    struct smdp_order order;
    struct tern_status said = tern_status(TERN_STATUS_SUCCESS);
    int status = order_load(smdp, call->rsp.arena, metadata->iccid, &order);
    if (status < 0) {
        return status == TERN_ERR_NOT_FOUND ? refuse(call, TERN_STATUS_ICCID_UNKNOWN) : status;
    }
    bool installed =
        order.state == TERN_SMDP_STATE_Installed || order.state == TERN_SMDP_STATE_Downloaded;
    if (!installed || !tern_bytes_equal(order.eid, TERN_BYTES_OF(call->eid)) ||
        metadata->seq_number <= order.seq_number) {
        return TERN_OK;
    }
    order.seq_number = metadata->seq_number;
    for (size_t i = 0; i < TERN_COUNT_OF(EVENTS); i++) {
        if (metadata->profile_management_operation != EVENTS[i].event) {
            continue;
        }
        if (EVENTS[i].point == PROGRESS_DELETED) {
            order.state = TERN_SMDP_STATE_Deleted;
        }
        status = progress_queue(smdp, call->rsp.arena, call->rsp.now, metadata->iccid, &order,
                                EVENTS[i].point, &said, call->rsp.request.pending_notification);
        if (status < 0) {
            return status;
        }
    }
    return order_save(smdp, call->rsp.arena, metadata->iccid, &order);
}

int notification_commit(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    const struct checked *checked = call->checked;
    const struct tern_pending_notification *notification = &checked->notification;
    if (notification->arm == TERN_PENDING_NOTIFICATION_IS_PROFILE_INSTALLATION_RESULT) {
        return commit_result(
            smdp, call,
            &notification->profile_installation_result.profile_installation_result_data);
    }
    return commit_other(smdp, call,
                        &notification->other_signed_notification.tbs_other_notification);
}
