/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES9+.GetBoundProfilePackage. SGP.22, 5.6.2; sgp22.md 7.2, 7.3.
 *
 * The eUICC answers with a one-time key. The same key as before gets the package made before, only
 * its BF23 signed anew for this transaction; a new key gets a new binding. With profile protection
 * keys the profile was encrypted when it came into the inventory, so that binding costs two hundred
 * bytes of AES whatever its size.
 */
#include <string.h>

#include "engine/smdp/es9plus.h"
#include "engine/smdp/seal.h"
#include "tern/bpp.h"

struct checked {
    struct tern_euicc_signed2 signed2;
    struct tern_bytes package_hash;
    enum tern_curve curve; /* Of the one-time keys: that of CERT.DPpb, not of the eUICC. */
};

static const char CONFIRMATION_WHY[] = "confirmation code wrong too often";

int get_package_check(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    struct smdp_session session;
    struct tern_prepare_download_response response;
    const struct tern_es9plus_request *request = &call->rsp.request;
    struct checked *checked = checked_make(call, sizeof *checked);
    if (checked == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    int status = TERN_ERR_NOT_FOUND;
    if (rsp_transaction_is_live(&smdp->server, request->transaction_id, call->rsp.now)) {
        status = session_load(smdp, call, request->transaction_id, &session);
    }
    if (status < 0) {
        return status == TERN_ERR_NOT_FOUND ? refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN)
                                            : status;
    }
    if (tern_asn_decode_as(&TERN_PREPARE_DOWNLOAD_RESPONSE, &response, NULL,
                           request->prepare_download_response, 0, ES9PLUS_MERCY) < 0) {
        return refuse_member(call, "prepareDownloadResponse");
    }
    if (response.arm != TERN_PREPARE_DOWNLOAD_RESPONSE_IS_DOWNLOAD_RESPONSE_OK) {
        return refuse(call, TERN_STATUS_EUICC_ERROR);
    }
    const struct tern_prepare_download_response_ok *ok = &response.download_response_ok;
    if (!tern_bytes_equal(ok->euicc_signed2.transaction_id, request->transaction_id)) {
        return refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN);
    }
    struct tern_public_key key = session_key(&session);
    const struct tern_bytes parts[] = {ok->euicc_signed2.raw, session.smdp_signature2};
    if (!rsp_signature_holds(&smdp->server, &key, ok->euicc_signature2, parts, 2)) {
        return refuse(call, TERN_STATUS_EUICC_SIGNATURE);
    }
    checked->signed2 = ok->euicc_signed2;
    call->commit = true;
    return hash_of(smdp, call->rsp.arena, request->prepare_download_response,
                   &checked->package_hash);
}

/* A wrong code is counted, and counted out. */
static int confirmation_failed(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                               struct tern_bytes iccid, struct smdp_order *order)
{
    order->confirmation_failures++;
    if (order->confirmation_failures < (int64_t)smdp->policy.confirmation_failures_max) {
        refuse(call, TERN_STATUS_CONFIRMATION_REFUSED);
        return order_save(smdp, call->rsp.arena, iccid, order);
    }
    struct tern_status said = tern_status(TERN_STATUS_CONFIRMATION_EXHAUSTED);
    refuse(call, TERN_STATUS_CONFIRMATION_EXHAUSTED);
    int status = progress_queue(smdp, call->rsp.arena, call->rsp.now, iccid, order,
                                PROGRESS_CONFIRMATION, &said, TERN_BYTES_NONE);
    return status < 0 ? status
                      : order_end(smdp, call->rsp.arena, call->rsp.now, iccid, order,
                                  TERN_SMDP_STATE_Error, CONFIRMATION_WHY);
}

/* SUCCESS in call->rsp.response.status when there is no code, or it was given rightly. */
static int check_confirmation(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                              struct tern_bytes iccid, struct smdp_order *order)
{
    const struct checked *checked = call->checked;
    bool right;
    if (order->confirmation.data == NULL) {
        return TERN_OK;
    }
    if (checked->signed2.hash_cc.data == NULL) {
        return refuse(call, TERN_STATUS_CONFIRMATION_MISSING);
    }
    int status =
        confirmation_check(smdp, call->rsp.arena, iccid, order->confirmation,
                           call->rsp.request.transaction_id, checked->signed2.hash_cc, &right);
    if (status < 0 || right) {
        return status;
    }
    return confirmation_failed(smdp, call, iccid, order);
}

/* Derive the session keys for this eUICC's key and make everything of the package but BF23. */
static int bind(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                const struct smdp_session *session, const struct tern_bpp_content *content,
                struct smdp_binding *binding, struct tern_bytes *body)
{
    const struct checked *checked = call->checked;
    const struct tern_crypto *crypto = smdp->server.crypto;
    struct tern_arena *arena = call->rsp.arena;
    struct tern_bsp_keys keys;
    uint8_t scalar[TERN_SCALAR_SIZE];
    struct tern_public_key peer = {.curve = checked->curve};
    uint8_t *point = tern_arena_take(arena, TERN_POINT_SIZE);
    uint8_t *host_id = tern_arena_take(arena, 16);
    if (point == NULL || host_id == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    memcpy(peer.point, checked->signed2.euicc_otpk.data, sizeof peer.point);
    *binding = (struct smdp_binding){.eid = session->eid,
                                     .euicc_otpk = checked->signed2.euicc_otpk,
                                     .smdp_otpk = tern_bytes(point, TERN_POINT_SIZE),
                                     .host_id = tern_bytes(host_id, 16)};
    int status = crypto->random(crypto->context, host_id, 16);
    if (status == TERN_OK) {
        status = crypto->ec_generate(crypto->context, peer.curve, scalar, point);
    }
    if (status == TERN_OK) {
        status = tern_kdf_bsp(crypto, &keys, scalar, &peer, binding->host_id, session->eid.data);
    }
    if (status == TERN_OK) {
        struct tern_writer out = tern_arena_writer(arena);
        status = tern_bpp_bind_body(crypto, &out, &keys, content);
        *body = tern_arena_keep(arena, &out);
    }
    tern_wipe(scalar, sizeof scalar);
    tern_wipe(&keys, sizeof keys);
    return status == TERN_OK && body->data == NULL ? TERN_ERR_NO_SPACE : status;
}

/* The A3 that every package of this profile ends with: its header and the protected profile. */
static size_t tail_size(const struct tern_bpp_content *content)
{
    size_t size = content->protected_profile.size;
    return size == 0 ? 0 : tern_der_header_size(0xA3, size) + size;
}

/* Reuse the binding that was made for this one-time key, or make one and keep it. */
static int body_of(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                   const struct smdp_session *session, const struct tern_bpp_content *content,
                   struct smdp_binding *binding, struct tern_bytes *body)
{
    const struct checked *checked = call->checked;
    struct tern_arena *arena = call->rsp.arena;
    int status = smdp_load(smdp, arena, SPACE_BINDING, session->iccid, &SMDP_BINDING, binding);
    if (status < 0 && status != TERN_ERR_NOT_FOUND) {
        return status;
    }
    bool same_euicc = status == TERN_OK && tern_bytes_equal(binding->eid, session->eid);
    if (same_euicc && tern_bytes_equal(binding->euicc_otpk, checked->signed2.euicc_otpk)) {
        struct tern_writer out = tern_arena_writer(arena);
        tern_write(&out, binding->body);
        if (content->protected_profile.size > 0) {
            tern_der_write(&out, 0xA3, content->protected_profile);
        }
        *body = tern_arena_keep(arena, &out);
        return body->data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
    }
    if (same_euicc && smdp->policy.refuse_rebinding) {
        return refuse(call, TERN_STATUS_PROFILE_UNAVAILABLE);
    }
    status = bind(smdp, call, session, content, binding, body);
    if (status == TERN_ERR_RANGE) { /* euiccOtpk is no point of the curve. */
        return refuse(call, TERN_STATUS_EUICC_SIGNATURE);
    }
    if (status < 0) {
        return status;
    }
    binding->body = tern_bytes_slice(*body, 0, body->size - tail_size(content));
    return smdp_save(smdp, arena, SPACE_BINDING, session->iccid, &SMDP_BINDING, binding);
}

/* What is bound: metadata, and the profile under its protection keys or in the open. */
static int content_of(const struct tern_smdp *smdp, struct tern_arena *arena,
                      struct tern_bytes iccid, struct tern_bpp_content *content,
                      struct tern_bsp_keys *ppk, struct tern_bytes *secret)
{
    struct smdp_profile profile;
    struct smdp_package package;
    int status = profile_load(smdp, arena, iccid, &profile);
    if (status == TERN_OK) {
        status = smdp_load(smdp, arena, SPACE_PACKAGE, iccid, &SMDP_PACKAGE, &package);
    }
    if (status == TERN_OK) {
        status = unseal(smdp, arena, iccid, package.nonce, package.sealed, secret);
    }
    if (status != TERN_OK) {
        return status;
    }
    *content = (struct tern_bpp_content){.store_metadata = profile.metadata};
    if (package.session_keys) {
        content->upp = *secret;
        return TERN_OK;
    }
    if (secret->size != sizeof *ppk) {
        return TERN_ERR_MALFORMED;
    }
    memcpy(ppk, secret->data, sizeof *ppk);
    content->ppk = ppk;
    content->protected_profile = package.body;
    return TERN_OK;
}

/* BF23 signed for this transaction, then the body. */
static int assemble(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                    const struct tern_rsp_identity *identity, const struct smdp_binding *binding,
                    struct tern_bytes body)
{
    const struct tern_crypto *crypto = smdp->server.crypto;
    struct tern_arena *arena = call->rsp.arena;
    uint8_t signature[TERN_SIGNATURE_SIZE];
    struct tern_bpp_initialise initialise = {.transaction_id = call->rsp.request.transaction_id,
                                             .host_id = binding->host_id,
                                             .smdp_otpk = binding->smdp_otpk};
    struct tern_writer out = tern_arena_writer(arena);
    int status = tern_bpp_signed_bytes(&out, &initialise, binding->euicc_otpk);
    struct tern_bytes signed_bytes = tern_arena_keep(arena, &out);
    if (status < 0 || signed_bytes.data == NULL) {
        return status < 0 ? status : TERN_ERR_NO_SPACE;
    }
    status = crypto->ecdsa_sign(crypto->context, signature, identity->pb_key, &signed_bytes, 1);
    if (status < 0) {
        return status;
    }
    out = tern_arena_writer(arena);
    status = tern_bpp_assemble(&out, &initialise, signature, body);
    call->rsp.response.bound_profile_package = tern_arena_keep(arena, &out);
    call->rsp.response.transaction_id = call->rsp.request.transaction_id;
    return status < 0                                              ? status
           : call->rsp.response.bound_profile_package.data == NULL ? TERN_ERR_NO_SPACE
                                                                   : TERN_OK;
}

static int make_package(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                        const struct smdp_session *session)
{
    struct tern_bpp_content content;
    struct tern_bsp_keys ppk;
    struct tern_bytes secret = TERN_BYTES_NONE;
    struct smdp_binding binding;
    struct tern_bytes body = TERN_BYTES_NONE;
    const struct tern_rsp_identity *identity = session_identity(smdp, session);
    struct checked *checked = call->checked;
    if (identity == NULL) {
        return refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN);
    }
    checked->curve = identity->pb_key.curve;
    int status = content_of(smdp, call->rsp.arena, session->iccid, &content, &ppk, &secret);
    if (status == TERN_OK) {
        status = body_of(smdp, call, session, &content, &binding, &body);
    }
    if (status == TERN_OK && tern_status_ok(&call->rsp.response.status)) {
        status = assemble(smdp, call, identity, &binding, body);
    }
    tern_wipe(&ppk, sizeof ppk);
    if (secret.data != NULL) { /* It lies in the arena, which is ours to write. */
        tern_wipe(call->rsp.arena->data + (secret.data - call->rsp.arena->data), secret.size);
    }
    return status;
}

static int delivered(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                     struct smdp_session *session, struct smdp_order *order)
{
    const struct checked *checked = call->checked;
    struct tern_status said = tern_status(TERN_STATUS_SUCCESS);
    bool again = session->state == SESSION_PACKAGE_SENT;
    session->state = SESSION_PACKAGE_SENT;
    session->package_hash = checked->package_hash;
    order->state = TERN_SMDP_STATE_Downloaded;
    int status = session_save(smdp, call, call->rsp.request.transaction_id, session);
    if (status == TERN_OK) {
        status = order_save(smdp, call->rsp.arena, session->iccid, order);
    }
    if (status < 0 || again) {
        return status;
    }
    return progress_queue(smdp, call->rsp.arena, call->rsp.now, session->iccid, order,
                          PROGRESS_DOWNLOADED, &said, TERN_BYTES_NONE);
}

int get_package_commit(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    const struct checked *checked = call->checked;
    struct smdp_session session;
    struct smdp_order order;
    struct tern_bytes transaction_id = call->rsp.request.transaction_id;
    int status = session_load(smdp, call, transaction_id, &session);
    if (status == TERN_OK) {
        status = order_load(smdp, call->rsp.arena, session.iccid, &order);
    }
    if (status != TERN_OK) {
        return status == TERN_ERR_NOT_FOUND ? refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN)
                                            : status;
    }
    bool replay = session.state == SESSION_PACKAGE_SENT &&
                  !tern_bytes_equal(session.package_hash, checked->package_hash);
    bool waits =
        order.state == TERN_SMDP_STATE_Released || order.state == TERN_SMDP_STATE_Downloaded;
    if (session.state == SESSION_ENDED || replay || !waits ||
        !tern_bytes_equal(order.transaction_id, transaction_id)) {
        return refuse(call, TERN_STATUS_TRANSACTION_UNKNOWN);
    }
    if (order_expired(&order, call->rsp.now)) {
        return refuse(call, TERN_STATUS_ORDER_EXPIRED);
    }
    status = check_confirmation(smdp, call, session.iccid, &order);
    if (status < 0 || !tern_status_ok(&call->rsp.response.status)) {
        return status;
    }
    status = make_package(smdp, call, &session);
    if (status < 0 || !tern_status_ok(&call->rsp.response.status)) {
        return status;
    }
    return delivered(smdp, call, &session, &order);
}
