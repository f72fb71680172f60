/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetEUICCChallenge and AuthenticateServer: the eUICC's side of the common mutual authentication.
 * SGP.22, 5.7.7 and 5.7.13; sgp22.md 6.
 */
#include <string.h>

#include "engine/card/functions.h"
#include "engine/card/information.h"
#include "engine/card/trust.h"
#include "tern/messages/es10b.h"

#define CODE(name) TERN_AUTHENTICATE_ERROR_CODE_##name

int es10_get_euicc_challenge(struct es10 *call)
{
    struct tern_card_session *session = call->card->session;
    const struct tern_crypto *crypto = call->card->config.crypto;
    int status = es10_decode(call, &TERN_GET_EUICC_CHALLENGE_REQUEST, NULL);
    if (status != TERN_OK) return status;
    status = crypto->random(crypto->context, session->challenge, sizeof session->challenge);
    if (status != TERN_OK) return status;
    session->challenge_given = true;
    struct tern_get_euicc_challenge_response response = {TERN_BYTES_OF(session->challenge)};
    return es10_encode(call, &TERN_GET_EUICC_CHALLENGE_RESPONSE, &response);
}

static int refuse(struct es10 *call, struct tern_bytes transaction_id, int64_t code)
{
    struct tern_authenticate_server_response response = {
        .arm = TERN_AUTHENTICATE_SERVER_RESPONSE_IS_AUTHENTICATE_RESPONSE_ERROR,
        .authenticate_response_error = {transaction_id, code},
    };
    return es10_encode(call, &TERN_AUTHENTICATE_SERVER_RESPONSE, &response);
}

/** invalidCertificate, or invalidOid when all is well but the role. */
static int64_t certificate_code(int status)
{
    return status == TERN_ERR_UNEXPECTED    ? CODE(invalidOid)
           : status == TERN_ERR_UNSUPPORTED ? CODE(unsupportedCurve)
                                            : CODE(invalidCertificate);
}

/** The server's certificate, as that of an SM-DP+ or an SM-DS. */
static int verify_server(struct es10 *call, struct tern_certificate *certificate, bool *is_smdp,
                         struct tern_bytes der)
{
    uint8_t *ci = &call->card->session->server_ci;
    int status = trust_verify_server(call, certificate, ci, der, TERN_ROLE_NONE);
    if (status != TERN_OK) return status;
    *is_smdp = certificate->role == TERN_ROLE_DP_AUTH;
    if (!*is_smdp && certificate->role != TERN_ROLE_DS_AUTH) return TERN_ERR_UNEXPECTED;
    return TERN_OK;
}

/** The checks of sgp22.md 6.3 in their order. @return 0 or an authenticateErrorCode. */
static int64_t check(struct es10 *call, const struct tern_authenticate_server_request *request,
                     struct tern_certificate *certificate)
{
    struct tern_card_session *session = call->card->session;
    const struct tern_crypto *crypto = call->card->config.crypto;
    if (!session->challenge_given) return CODE(noSessionContext);
    int ci = trust_find_signing(call->card, request->euicc_ci_pk_id_to_be_used);
    if (ci == CI_NONE) return CODE(ciPKUnknown);
    session->ci = (uint8_t)ci;
    int status = verify_server(call, certificate, &session->is_smdp, request->server_certificate);
    if (status != TERN_OK) return certificate_code(status);
    status = crypto->ecdsa_verify(crypto->context, &certificate->public_key,
                                  request->server_signature1, &request->server_signed1.raw, 1);
    if (status != TERN_OK) return CODE(invalidSignature);
    if (!tern_bytes_equal(request->server_signed1.euicc_challenge,
                          TERN_BYTES_OF(session->challenge))) {
        return CODE(euiccChallengeMismatch);
    }
    return 0;
}

/** Remember what the later steps are held against. */
static int open_session(struct tern_card_session *session,
                        const struct tern_server_signed1 *signed1,
                        const struct tern_certificate *certificate)
{
    if (signed1->server_address.size > sizeof session->server_address ||
        certificate->registered_id.size > sizeof session->server_oid) {
        return TERN_ERR_RANGE;
    }
    session->transaction_id_size = (uint8_t)signed1->transaction_id.size;
    memcpy(session->transaction_id, signed1->transaction_id.data, signed1->transaction_id.size);
    session->server_address_size = (uint16_t)signed1->server_address.size;
    memcpy(session->server_address, signed1->server_address.data, signed1->server_address.size);
    session->server_oid_size = (uint8_t)certificate->registered_id.size;
    if (certificate->registered_id.size > 0) {
        memcpy(session->server_oid, certificate->registered_id.data,
               certificate->registered_id.size);
    }
    session->challenge_given = false;
    session->authenticated = true;
    return TERN_OK;
}

/** euiccSigned1, signed under the CI that the server chose. */
static int answer(struct es10 *call, const struct tern_authenticate_server_request *request)
{
    struct tern_card_session *session = call->card->session;
    const struct tern_card_ci *ci = &call->card->config.cis[session->ci];
    struct tern_authenticate_server_response response = {
        .arm = TERN_AUTHENTICATE_SERVER_RESPONSE_IS_AUTHENTICATE_RESPONSE_OK,
    };
    struct tern_authenticate_response_ok *ok = &response.authenticate_response_ok;
    ok->euicc_signed1 = (struct tern_euicc_signed1){
        .transaction_id = request->server_signed1.transaction_id,
        .server_address = request->server_signed1.server_address,
        .server_challenge = request->server_signed1.server_challenge,
        .ctx_params1 = {.arm = TERN_ASN_RAW, .raw = request->ctx_params1.raw},
    };
    struct tern_writer info = tern_arena_writer(&call->scratch);
    int status = information_write_info2(call->card, &info);
    ok->euicc_signed1.euicc_info2 = tern_arena_keep(&call->scratch, &info);
    if (status != TERN_OK) return status;
    struct tern_writer signed1 = tern_arena_writer(&call->scratch);
    status = tern_asn_encode(&TERN_EUICC_SIGNED1, &signed1, &ok->euicc_signed1);
    if (status != TERN_OK) return status;
    ok->euicc_signed1.raw = tern_arena_keep(&call->scratch, &signed1);
    status = es10_sign(call, session->ci, session->euicc_signature1, &ok->euicc_signed1.raw, 1);
    if (status != TERN_OK) return status;
    ok->euicc_signature1 = TERN_BYTES_OF(session->euicc_signature1);
    ok->euicc_certificate = ci->euicc_certificate;
    ok->eum_certificate = ci->eum_certificate;
    return es10_encode(call, &TERN_AUTHENTICATE_SERVER_RESPONSE, &response);
}

int es10_authenticate_server(struct es10 *call)
{
    struct tern_card_session *session = call->card->session;
    struct tern_authenticate_server_request request;
    int status = es10_decode(call, &TERN_AUTHENTICATE_SERVER_REQUEST, &request);
    if (status != TERN_OK) return status;
    /* A new authentication ends whatever was there. */
    session_drop(call->card);
    struct tern_certificate *certificate = tern_arena_take(&call->scratch, sizeof *certificate);
    if (certificate == NULL) return TERN_ERR_NO_SPACE;
    int64_t code = check(call, &request, certificate);
    if (code != 0) return refuse(call, request.server_signed1.transaction_id, code);
    status = open_session(session, &request.server_signed1, certificate);
    if (status == TERN_OK) status = answer(call, &request);
    if (status != TERN_OK) session_drop(call->card);
    return status;
}
