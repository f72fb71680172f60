/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CancelSession: the eUICC's signed word that a download was given up. SGP.22, 5.7.14.
 * Clients call it after every failure, also when the session is long gone: invalidTransactionId.
 */
#include "engine/card/bound_package.h"
#include "engine/card/functions.h"
#include "engine/card/one_time_key.h"
#include "tern/messages/es10b.h"

static int refuse(struct es10 *call, int64_t code)
{
    struct tern_cancel_session_response response = {
        .arm = TERN_CANCEL_SESSION_RESPONSE_IS_CANCEL_SESSION_RESPONSE_ERROR,
        .cancel_session_response_error = code,
    };
    return es10_encode(call, &TERN_CANCEL_SESSION_RESPONSE, &response);
}

/** Reasons that leave the order to be tried again keep the one-time key. sgp22.md 10.5 */
static bool is_final(int64_t reason)
{
    return reason != TERN_CANCEL_SESSION_REASON_postponed &&
           reason != TERN_CANCEL_SESSION_REASON_timeout;
}

int es10_cancel_session(struct es10 *call)
{
    struct tern_card_session *session = call->card->session;
    struct tern_cancel_session_request request;
    int status = es10_decode(call, &TERN_CANCEL_SESSION_REQUEST, &request);
    if (status != TERN_OK) return status;
    struct tern_bytes id = tern_bytes(session->transaction_id, session->transaction_id_size);
    if (!session->authenticated || !tern_bytes_equal(id, request.transaction_id)) {
        return refuse(call, TERN_CANCEL_SESSION_RESPONSE_ERROR_invalidTransactionId);
    }
    if (tern_asn_name(TERN_CANCEL_SESSION_REASON_NAMES, request.reason) == NULL) {
        return refuse(call, TERN_CANCEL_SESSION_RESPONSE_ERROR_undefinedError);
    }
    struct tern_cancel_session_response response = {
        .arm = TERN_CANCEL_SESSION_RESPONSE_IS_CANCEL_SESSION_RESPONSE_OK,
    };
    struct tern_cancel_session_response_ok *ok = &response.cancel_session_response_ok;
    ok->euicc_cancel_session_signed = (struct tern_euicc_cancel_session_signed){
        .transaction_id = request.transaction_id,
        .smdp_oid = tern_bytes(session->server_oid, session->server_oid_size),
        .reason = request.reason,
    };
    struct tern_writer data = tern_arena_writer(&call->scratch);
    status =
        tern_asn_encode(&TERN_EUICC_CANCEL_SESSION_SIGNED, &data, &ok->euicc_cancel_session_signed);
    if (status != TERN_OK) return status;
    ok->euicc_cancel_session_signed.raw = tern_arena_keep(&call->scratch, &data);
    uint8_t signature[TERN_SIGNATURE_SIZE];
    status = es10_sign(call, session->ci, signature, &ok->euicc_cancel_session_signed.raw, 1);
    if (status != TERN_OK) return status;
    ok->euicc_cancel_session_signature = TERN_BYTES_OF(signature);
    status = es10_encode(call, &TERN_CANCEL_SESSION_RESPONSE, &response);
    if (status == TERN_OK && is_final(request.reason)) status = one_time_key_forget(call->card);
    if (status == TERN_OK) status = bound_package_forget(call->card);
    session_drop(call->card);
    return status;
}
