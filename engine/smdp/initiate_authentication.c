/* SPDX-License-Identifier: Apache-2.0 */
/*
 * InitiateAuthentication of ES9+ and ES11. SGP.22, 5.6.1, 5.8.1; sgp22.md 6.1.
 *
 * Checks in the order of the spec: our address, the eUICC's version, a certificate of ours under a
 * CI that the eUICC accepts, a CI of the eUICC that we accept. Nothing is stored.
 */
#include "engine/smdp/transaction.h"
#include "tern/messages/es10b.h"

/* The same question, asked of an SM-DP+ or an SM-DS. */
static enum tern_status_code for_role(const struct tern_rsp_server *server,
                                      enum tern_status_code smdp, enum tern_status_code smds)
{
    return server->smds ? smds : smdp;
}

void rsp_fail(struct tern_rsp_call *call, enum tern_status_code code)
{
    call->response.status = tern_status(code);
}

static uint8_t lower(uint8_t character)
{
    return character >= 'A' && character <= 'Z' ? (uint8_t)(character + 32) : character;
}

static bool equal_ignoring_case(struct tern_bytes a, struct tern_bytes b)
{
    if (a.size != b.size) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

static struct tern_bytes without_port(struct tern_bytes address)
{
    for (size_t i = 0; i < address.size; i++) {
        if (address.data[i] == ':') {
            return tern_bytes_slice(address, 0, i);
        }
    }
    return address;
}

bool rsp_address_is_ours(const struct tern_rsp_server *server, struct tern_bytes address)
{
    return equal_ignoring_case(address, server->address) ||
           equal_ignoring_case(without_port(address), without_port(server->address));
}

static bool version_is_served(const struct tern_rsp_server *server, struct tern_bytes svn)
{
    return tern_bytes_compare(svn, TERN_BYTES_OF(server->svn_min)) >= 0 &&
           tern_bytes_compare(svn, TERN_BYTES_OF(server->svn_max)) <= 0;
}

/* The first CI of the eUICC's list under which we have certificates. */
static const struct tern_rsp_identity *choose_identity(const struct tern_rsp_server *server,
                                                       struct tern_bytes list)
{
    struct tern_subject_key_identifier ci;
    while (tern_asn_next(&TERN_SUBJECT_KEY_IDENTIFIER, &ci, &list, TERN_MERCY_LONG_LENGTHS) == 1) {
        for (size_t i = 0; i < server->identity_count; i++) {
            if (tern_bytes_equal(ci.value, server->identities[i].ci)) {
                return &server->identities[i];
            }
        }
    }
    return NULL;
}

/* The first CI of the eUICC's list that we trust, as 04 14 .. */
static struct tern_bytes choose_ci(const struct tern_rsp_server *server, struct tern_bytes list)
{
    struct tern_subject_key_identifier ci;
    struct tern_bytes before = list;
    while (tern_asn_next(&TERN_SUBJECT_KEY_IDENTIFIER, &ci, &list, TERN_MERCY_LONG_LENGTHS) == 1) {
        if (tern_trust_find(&server->trust, ci.value) != NULL) {
            return tern_bytes_slice(before, 0, before.size - list.size);
        }
        before = list;
    }
    return TERN_BYTES_NONE;
}

/* Append 5F37 40 and the signature of `signed_bytes` to the arena. */
static int sign_into(const struct tern_rsp_server *server, struct tern_arena *arena,
                     struct tern_key key, struct tern_bytes signed_bytes, struct tern_bytes *tlv)
{
    uint8_t signature[TERN_SIGNATURE_SIZE];
    int status =
        server->crypto->ecdsa_sign(server->crypto->context, signature, key, &signed_bytes, 1);
    if (status < 0) {
        return status;
    }
    struct tern_writer out = tern_arena_writer(arena);
    tern_der_write(&out, 0x5F37, TERN_BYTES_OF(signature));
    *tlv = tern_arena_keep(arena, &out);
    return tlv->data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

static int respond(const struct tern_rsp_server *server, struct tern_rsp_call *call,
                   const struct tern_rsp_identity *identity, struct tern_bytes ci_element)
{
    struct tern_tlv ci;
    uint8_t challenge[16];
    uint8_t id[TERN_TRANSACTION_ID_SIZE];
    struct tern_es9plus_response *response = &call->response;
    int status = tern_der_single(ci_element, &ci, TERN_DER_LONG_LENGTHS);
    if (status == TERN_OK) {
        const struct tern_anchor *anchor = tern_trust_find(&server->trust, ci.value);
        TERN_ASSERT(anchor != NULL); /* choose_ci() found it */
        status = transaction_make(server, call->now, (uint8_t)(anchor - server->trust.anchors),
                                  (uint8_t)(identity - server->identities), id);
    }
    if (status == TERN_OK) {
        status = transaction_challenge(server, TERN_BYTES_OF(id), challenge);
    }
    if (status < 0) {
        return status;
    }
    response->transaction_id = tern_arena_copy(call->arena, TERN_BYTES_OF(id));
    struct tern_server_signed1 signed1 = {
        .transaction_id = TERN_BYTES_OF(id),
        .euicc_challenge = call->request.euicc_challenge,
        .server_address = call->request.smdp_address,
        .server_challenge = TERN_BYTES_OF(challenge),
    };
    struct tern_writer out = tern_arena_writer(call->arena);
    if ((status = tern_asn_encode(&TERN_SERVER_SIGNED1, &out, &signed1)) < 0) {
        return status;
    }
    response->server_signed1 = tern_arena_keep(call->arena, &out);
    response->euicc_ci_pkid_to_be_used = ci_element;
    response->server_certificate = identity->auth_certificate;
    return sign_into(server, call->arena, identity->auth_key, response->server_signed1,
                     &response->server_signature1);
}

int rsp_initiate_authentication(const struct tern_rsp_server *server, struct tern_rsp_call *call)
{
    struct tern_euicc_info1 info1;
    struct tern_fault fault;
    if (!rsp_address_is_ours(server, call->request.smdp_address)) {
        rsp_fail(call, for_role(server, TERN_STATUS_SMDP_ADDRESS, TERN_STATUS_SMDS_ADDRESS));
        return TERN_OK;
    }
    if (tern_asn_decode_as(&TERN_EUICC_INFO1, &info1, &fault, call->request.euicc_info1, 0,
                           TERN_MERCY_LONG_LENGTHS) < 0) {
        rsp_fail(call, TERN_STATUS_FUNCTION_INVALID);
        call->response.status.subject_identifier = TERN_BYTES_TEXT("euiccInfo1");
        return TERN_OK;
    }
    if (!version_is_served(server, info1.svn)) {
        rsp_fail(call, for_role(server, TERN_STATUS_SMDP_SVN, TERN_STATUS_SMDS_SVN));
        return TERN_OK;
    }
    const struct tern_rsp_identity *identity =
        choose_identity(server, info1.euicc_ci_pk_id_list_for_verification);
    if (identity == NULL) {
        rsp_fail(call,
                 for_role(server, TERN_STATUS_SMDP_CERTIFICATE, TERN_STATUS_SMDS_CERTIFICATE));
        return TERN_OK;
    }
    struct tern_bytes ci = choose_ci(server, info1.euicc_ci_pk_id_list_for_signing);
    if (ci.data == NULL) {
        rsp_fail(call, for_role(server, TERN_STATUS_SMDP_SECURITY, TERN_STATUS_SMDS_SECURITY));
        return TERN_OK;
    }
    return respond(server, call, identity, ci);
}
