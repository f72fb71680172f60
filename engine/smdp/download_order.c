/* SPDX-License-Identifier: Apache-2.0 */
/* ES2+.DownloadOrder reserves a profile, ES2+.CancelOrder lets it go. SGP.22, 5.3.1, 5.3.3. */
#include "engine/smdp/es2plus.h"

static bool may_order(const struct smdp_profile *profile, struct tern_bytes requester)
{
    return profile->owner.size == 0 || tern_bytes_equal(profile->owner, requester);
}

/* The first profile of the type that is free and that this operator may have. */
static int take_from_pool(struct es2plus *es2, struct tern_bytes *iccid,
                          enum tern_status_code *code)
{
    const struct tern_store *store = es2->smdp->store;
    struct tern_arena *arena = es2->call->arena;
    struct smdp_key prefix = smdp_key_pair(es2->request.profile_type, TERN_BYTES_NONE);
    struct tern_bytes after = TERN_BYTES_NONE;
    uint8_t value[1];
    struct tern_writer type = TERN_WRITER_OF(value);
    int status = store->load(store->context, SPACE_TYPE, es2->request.profile_type, &type);
    *code = status < 0 ? TERN_STATUS_PROFILE_TYPE_UNKNOWN : TERN_STATUS_PROFILE_TYPE_EMPTY;
    if (status < 0) {
        return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
    }
    for (;;) {
        struct smdp_profile profile;
        uint8_t key[TERN_STORE_KEY_SIZE_MAX];
        struct tern_writer key_out = TERN_WRITER_OF(key);
        struct tern_writer value_out = TERN_WRITER_OF(value);
        status = store->next(store->context, SPACE_FREE, smdp_key_bytes(&prefix), after, &key_out,
                             &value_out);
        if (status <= 0) {
            return status;
        }
        after = tern_arena_copy(arena, tern_writer_bytes(&key_out));
        if (after.data == NULL) {
            return TERN_ERR_NO_SPACE;
        }
        *iccid = tern_bytes_slice(after, prefix.size, TERN_ICCID_SIZE);
        if ((status = profile_load(es2->smdp, arena, *iccid, &profile)) < 0) {
            return status;
        }
        if (may_order(&profile, es2->request.requester)) {
            *code = TERN_STATUS_SUCCESS;
            return TERN_OK;
        }
        *code = TERN_STATUS_PROFILE_TYPE_NOT_ALLOWED;
    }
}

/* The same order again, word by word: the answer is the same. */
static bool same_order(const struct smdp_order *order, const struct es2plus_request *request)
{
    bool reserved =
        order->state == TERN_SMDP_STATE_Allocated || order->state == TERN_SMDP_STATE_Linked;
    return reserved && tern_bytes_equal(order->requester, request->requester) &&
           tern_bytes_equal(order->ordered_eid, request->eid) &&
           tern_bytes_equal(order->profile_type, request->profile_type);
}

static int check_named(struct es2plus *es2, const struct smdp_profile *profile, bool *again,
                       enum tern_status_code *code)
{
    struct smdp_order order;
    const struct es2plus_request *request = &es2->request;
    *again = false;
    *code = TERN_STATUS_SUCCESS;
    if (!may_order(profile, request->requester)) {
        *code = TERN_STATUS_ICCID_NOT_ALLOWED;
        return TERN_OK;
    }
    if (request->profile_type.data != NULL &&
        !tern_bytes_equal(request->profile_type, profile->profile_type)) {
        *code = TERN_STATUS_PROFILE_TYPE_MISMATCH;
        return TERN_OK;
    }
    int status = order_load(es2->smdp, es2->call->arena, request->iccid, &order);
    if (status == TERN_ERR_NOT_FOUND) {
        return TERN_OK;
    }
    if (status == TERN_OK) {
        *again = same_order(&order, request);
        *code = *again ? TERN_STATUS_SUCCESS : TERN_STATUS_ICCID_IN_USE;
    }
    return status;
}

static int reserve(struct es2plus *es2, struct tern_bytes iccid, const struct smdp_profile *profile)
{
    bool linked = es2->request.eid.data != NULL;
    struct smdp_order order = {
        .state = linked ? TERN_SMDP_STATE_Linked : TERN_SMDP_STATE_Allocated,
        .requester = es2->request.requester,
        .profile_type = es2->request.profile_type,
        .ordered_eid = es2->request.eid,
        .eid = es2->request.eid,
        .created = es2->call->now,
        .seq_number = -1,
    };
    struct smdp_key key = smdp_key_pair(profile->profile_type, iccid);
    int status = smdp_remove(es2->smdp, SPACE_FREE, smdp_key_bytes(&key));
    return status < 0 ? status : order_save(es2->smdp, es2->call->arena, iccid, &order);
}

int download_order(struct es2plus *es2, enum tern_status_code *code)
{
    struct smdp_profile profile;
    struct tern_bytes iccid = es2->request.iccid;
    bool again = false;
    int status = TERN_OK;
    if (iccid.data == NULL && es2->request.profile_type.size == 0) {
        es2->member = "iccid";
        *code = TERN_STATUS_FUNCTION_MISSING;
        return TERN_OK;
    }
    if (iccid.data == NULL) {
        status = take_from_pool(es2, &iccid, code);
        if (status < 0 || *code != TERN_STATUS_SUCCESS) {
            return status;
        }
    }
    status = profile_load(es2->smdp, es2->call->arena, iccid, &profile);
    if (status < 0) {
        *code = TERN_STATUS_ICCID_UNKNOWN;
        return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
    }
    if (es2->request.iccid.data != NULL) {
        status = check_named(es2, &profile, &again, code);
    }
    if (status < 0 || *code != TERN_STATUS_SUCCESS) {
        return status;
    }
    es2->iccid = iccid;
    return again ? TERN_OK : reserve(es2, iccid, &profile);
}

static enum tern_status_code check_cancel(const struct es2plus_request *request,
                                          const struct smdp_order *order, bool available)
{
    if (!tern_bytes_equal(order->requester, request->requester)) {
        return TERN_STATUS_ICCID_NOT_ALLOWED;
    }
    if (order->ordered_eid.data != NULL && request->eid.data == NULL) {
        return TERN_STATUS_EID_MISSING;
    }
    if (request->eid.data != NULL && !tern_bytes_equal(order->ordered_eid, request->eid)) {
        return TERN_STATUS_EID_OTHER;
    }
    if (request->matching_id.size > 0 &&
        !tern_bytes_equal(order->matching_id, request->matching_id)) {
        return TERN_STATUS_MATCHING_ID_OTHER;
    }
    switch (order->state) {
    case TERN_SMDP_STATE_Installed:
    case TERN_SMDP_STATE_Unavailable:
    case TERN_SMDP_STATE_Deleted:
        return TERN_STATUS_ICCID_IN_USE;
    case TERN_SMDP_STATE_Downloaded: /* An eUICC has it: it must not go to another. */
        return available ? TERN_STATUS_ICCID_IN_USE : TERN_STATUS_SUCCESS;
    default:
        return TERN_STATUS_SUCCESS;
    }
}

static int let_go(struct es2plus *es2, struct smdp_order *order, bool available)
{
    const struct tern_smdp *smdp = es2->smdp;
    struct tern_arena *arena = es2->call->arena;
    struct tern_bytes iccid = es2->request.iccid;
    struct smdp_profile profile;
    int status = event_delete_queue(smdp, arena, es2->call->now, order);
    if (status == TERN_OK) {
        status = order_unindex(smdp, iccid, order);
    }
    if (status == TERN_OK) {
        status = smdp_remove(smdp, SPACE_BINDING, iccid);
    }
    if (status < 0) {
        return status;
    }
    if (!available) {
        order->state = TERN_SMDP_STATE_Unavailable;
        order->matching_id = TERN_BYTES_NONE;
        return order_save(smdp, arena, iccid, order);
    }
    if ((status = profile_load(smdp, arena, iccid, &profile)) < 0 ||
        (status = smdp_remove(smdp, SPACE_ORDER, iccid)) < 0) {
        return status;
    }
    struct smdp_key key = smdp_key_pair(profile.profile_type, iccid);
    return smdp->store->save(smdp->store->context, SPACE_FREE, smdp_key_bytes(&key),
                             TERN_BYTES_TEXT("1"));
}

int cancel_order(struct es2plus *es2, enum tern_status_code *code)
{
    struct smdp_order order;
    const struct es2plus_request *request = &es2->request;
    bool available = tern_bytes_equal(request->final_status, TERN_BYTES_TEXT("Available"));
    bool unavailable = tern_bytes_equal(request->final_status, TERN_BYTES_TEXT("Unavailable"));
    if (request->iccid.data == NULL || request->final_status.data == NULL) {
        es2->member = request->iccid.data == NULL ? "iccid" : "finalProfileStatusIndicator";
        *code = TERN_STATUS_FUNCTION_MISSING;
        return TERN_OK;
    }
    if (!available && !unavailable) {
        es2->member = "finalProfileStatusIndicator";
        *code = TERN_STATUS_FUNCTION_INVALID;
        return TERN_OK;
    }
    int status = order_load(es2->smdp, es2->call->arena, request->iccid, &order);
    if (status < 0) {
        *code = TERN_STATUS_ICCID_UNKNOWN;
        return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
    }
    *code = check_cancel(request, &order, available);
    return *code == TERN_STATUS_SUCCESS ? let_go(es2, &order, available) : TERN_OK;
}
