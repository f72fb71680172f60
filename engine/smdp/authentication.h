/* SPDX-License-Identifier: Apache-2.0 */
/* Common mutual authentication, server side: shared by SM-DP+ and SM-DS. sgp22.md 6.1, 6.5 */
#ifndef ENGINE_SMDP_AUTHENTICATION_H
#define ENGINE_SMDP_AUTHENTICATION_H

#include "tern/messages/rsp.h"
#include "tern/rsp_server.h"

/* An eUICC that has proved who it is. Slices borrow from the request. */
struct rsp_euicc {
    uint8_t eid[16];
    struct tern_public_key public_key;
    const struct tern_rsp_identity *identity; /* Ours, under the CI that the eUICC accepted. */
    struct tern_bytes server_address;         /* As the eUICC signed it. */
    struct tern_bytes matching_id;            /* Absent or empty: none given. */
    struct tern_bytes euicc_signature1;       /* 64 bytes */
    struct tern_euicc_info2 info2;
};

/* Set a failed status. */
void rsp_fail(struct tern_rsp_call *call, enum tern_status_code code);

/* InitiateAuthentication, whole. The response says how it went; TERN_ERR_CRYPTO, TERN_ERR_NO_SPACE
 * when we could not. */
int rsp_initiate_authentication(const struct tern_rsp_server *server, struct tern_rsp_call *call);

/* AuthenticateClient up to the proof of the eUICC's identity. When call->response.status is a
 * failure `euicc` is not to be used. */
int rsp_authenticate(const struct tern_rsp_server *server, struct tern_rsp_call *call,
                     struct rsp_euicc *euicc);

/* The trust of this call: the server's with the call's time. */
struct tern_trust rsp_trust(const struct tern_rsp_server *server, const struct tern_rsp_call *call);

/* TERN_STATUS_SUCCESS when this is the address of the server, with or without its port. */
bool rsp_address_is_ours(const struct tern_rsp_server *server, struct tern_bytes address);

/* When the transaction began; false when we never made it. */
bool rsp_transaction_is_ours(const struct tern_rsp_server *server, struct tern_bytes transaction_id,
                             int64_t *began);
bool rsp_transaction_is_live(const struct tern_rsp_server *server, struct tern_bytes transaction_id,
                             int64_t now);

/* Verify a raw r|s signature over parts. */
bool rsp_signature_holds(const struct tern_rsp_server *server, const struct tern_public_key *key,
                         struct tern_bytes signature, const struct tern_bytes *parts, size_t count);

/* Which status a failed certificate chain gives: fault.offset 0 is the eUICC, 1 the EUM. */
enum tern_status_code rsp_chain_status(int error, const struct tern_fault *fault);

#endif
