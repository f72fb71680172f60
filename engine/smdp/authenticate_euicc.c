/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first half of AuthenticateClient: is this the eUICC that it says it is? SGP.22, 5.6.3;
 * sgp22.md 6.5. No store is needed: what InitiateAuthentication decided is in the transactionId.
 */
#include <string.h>

#include "engine/smdp/transaction.h"
#include "tern/messages/es10b.h"

#define MERCY (TERN_MERCY_LONG_LENGTHS | TERN_MERCY_DOUBLE_WRAP | TERN_MERCY_NESTED_X509)

struct tern_trust rsp_trust(const struct tern_rsp_server *server, const struct tern_rsp_call *call)
{
    struct tern_trust trust = server->trust;
    trust.crypto = server->crypto;
    trust.now = call->now;
    return trust;
}

bool rsp_signature_holds(const struct tern_rsp_server *server, const struct tern_public_key *key,
                         struct tern_bytes signature, const struct tern_bytes *parts, size_t count)
{
    return signature.size == TERN_SIGNATURE_SIZE &&
           server->crypto->ecdsa_verify(server->crypto->context, key, signature, parts, count) ==
               TERN_OK;
}

enum tern_status_code rsp_chain_status(int error, const struct tern_fault *fault)
{
    bool eum = fault->offset > 0;
    if (error == TERN_ERR_EXPIRED) {
        return eum ? TERN_STATUS_EUM_EXPIRED : TERN_STATUS_EUICC_EXPIRED;
    }
    return eum ? TERN_STATUS_EUM_CERTIFICATE : TERN_STATUS_EUICC_CERTIFICATE;
}

/* Our certificates under the CI that the transaction carries. */
static const struct tern_rsp_identity *identity_of(const struct tern_rsp_server *server,
                                                   struct tern_bytes transaction_id)
{
    size_t index = transaction_server_ci(transaction_id);
    return index < server->identity_count ? &server->identities[index] : NULL;
}

static bool ci_is_the_chosen_one(const struct tern_rsp_server *server,
                                 const struct tern_certificate *eum,
                                 struct tern_bytes transaction_id)
{
    const struct tern_anchor *anchor = tern_trust_find(&server->trust, eum->authority_key_id);
    return anchor != NULL &&
           (size_t)(anchor - server->trust.anchors) == transaction_euicc_ci(transaction_id);
}

/* Without a key identifier above, or signed by itself: there is no CI to be unknown. */
static bool names_no_ci(const struct tern_certificate *eum)
{
    return eum->authority_key_id.size == 0 ||
           tern_bytes_equal(eum->authority_key_id, eum->subject_key_id) ||
           tern_bytes_equal(eum->issuer, eum->subject);
}

/* CERT.EUICC and CERT.EUM. */
static enum tern_status_code check_chain(const struct tern_rsp_server *server,
                                         struct tern_rsp_call *call,
                                         const struct tern_authenticate_response_ok *ok,
                                         struct rsp_euicc *euicc)
{
    struct tern_certificate leaf;
    struct tern_certificate eum;
    struct tern_fault fault = {NULL, 1};
    if (tern_certificate_parse(&eum, NULL, ok->eum_certificate) < 0 || names_no_ci(&eum)) {
        return TERN_STATUS_EUM_CERTIFICATE;
    }
    if (!ci_is_the_chosen_one(server, &eum, call->request.transaction_id)) {
        return TERN_STATUS_CI_UNKNOWN;
    }
    if (eum.role != TERN_ROLE_EUM) { /* Said of the EUM, not of the eUICC below it. */
        return TERN_STATUS_EUM_CERTIFICATE;
    }
    if (tern_certificate_parse(&leaf, NULL, ok->euicc_certificate) < 0) {
        return TERN_STATUS_EUICC_CERTIFICATE;
    }
    const struct tern_certificate *const chain[] = {&leaf, &eum};
    struct tern_trust trust = rsp_trust(server, call);
    int status = tern_chain_verify(&trust, &fault, NULL, chain, 2, TERN_ROLE_EUICC);
    if (status < 0) {
        return rsp_chain_status(status, &fault);
    }
    if (tern_certificate_eid(&leaf, euicc->eid) < 0) {
        return TERN_STATUS_EUICC_CERTIFICATE;
    }
    euicc->public_key = leaf.public_key;
    return TERN_STATUS_SUCCESS;
}

/* The signature, and that what is signed answers our challenge. */
static enum tern_status_code check_signed(const struct tern_rsp_server *server,
                                          struct tern_rsp_call *call,
                                          const struct tern_authenticate_response_ok *ok,
                                          struct rsp_euicc *euicc)
{
    uint8_t challenge[16];
    const struct tern_euicc_signed1 *signed1 = &ok->euicc_signed1;
    if (!rsp_signature_holds(server, &euicc->public_key, ok->euicc_signature1, &signed1->raw, 1)) {
        return TERN_STATUS_EUICC_SIGNATURE;
    }
    if (transaction_challenge(server, call->request.transaction_id, challenge) < 0 ||
        signed1->server_challenge.size != sizeof challenge ||
        !tern_constant_time_equal(signed1->server_challenge.data, challenge, sizeof challenge) ||
        !rsp_address_is_ours(server, signed1->server_address)) {
        return TERN_STATUS_EUICC_SIGNATURE;
    }
    return TERN_STATUS_SUCCESS;
}

static enum tern_status_code authenticate(const struct tern_rsp_server *server,
                                          struct tern_rsp_call *call, struct rsp_euicc *euicc)
{
    struct tern_authenticate_server_response response;
    struct tern_fault fault;
    if (!rsp_transaction_is_live(server, call->request.transaction_id, call->now)) {
        return TERN_STATUS_TRANSACTION_UNKNOWN;
    }
    if (tern_asn_decode_as(&TERN_AUTHENTICATE_SERVER_RESPONSE, &response, &fault,
                           call->request.authenticate_server_response, 0, MERCY) < 0) {
        return TERN_STATUS_FUNCTION_INVALID;
    }
    if (response.arm != TERN_AUTHENTICATE_SERVER_RESPONSE_IS_AUTHENTICATE_RESPONSE_OK) {
        return TERN_STATUS_EUICC_ERROR;
    }
    const struct tern_authenticate_response_ok *ok = &response.authenticate_response_ok;
    if (!tern_bytes_equal(ok->euicc_signed1.transaction_id, call->request.transaction_id)) {
        return TERN_STATUS_TRANSACTION_UNKNOWN;
    }
    enum tern_status_code code = check_chain(server, call, ok, euicc);
    if (code == TERN_STATUS_SUCCESS) {
        code = check_signed(server, call, ok, euicc);
    }
    euicc->identity = identity_of(server, call->request.transaction_id);
    if (code == TERN_STATUS_SUCCESS && euicc->identity == NULL) {
        code = TERN_STATUS_TRANSACTION_UNKNOWN; /* Its certificate was taken out of service. */
    }
    const struct tern_ctx_params1 *context = &ok->euicc_signed1.ctx_params1;
    if (context->arm == TERN_CTX_PARAMS1_IS_CTX_PARAMS_FOR_COMMON_AUTHENTICATION) {
        euicc->matching_id = context->ctx_params_for_common_authentication.matching_id;
    }
    if (code == TERN_STATUS_SUCCESS &&
        tern_asn_decode_as(&TERN_EUICC_INFO2, &euicc->info2, &fault, ok->euicc_signed1.euicc_info2,
                           0, MERCY) < 0) {
        code = TERN_STATUS_FUNCTION_INVALID;
    }
    euicc->server_address = ok->euicc_signed1.server_address;
    euicc->euicc_signature1 = ok->euicc_signature1;
    return code;
}

int rsp_authenticate(const struct tern_rsp_server *server, struct tern_rsp_call *call,
                     struct rsp_euicc *euicc)
{
    *euicc = (struct rsp_euicc){.identity = NULL};
    enum tern_status_code code = authenticate(server, call, euicc);
    if (code != TERN_STATUS_SUCCESS) {
        rsp_fail(call, code);
    }
    if (code == TERN_STATUS_FUNCTION_INVALID) {
        call->response.status.subject_identifier = TERN_BYTES_TEXT("authenticateServerResponse");
    }
    return TERN_OK;
}
