/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What an SM-DP+ and an SM-DS have in common: who they are, and the common mutual authentication
 * with an eUICC. SGP.22, 3.0.1; sgp22.md 6.
 *
 * Nothing is stored for a stranger. The transactionId carries the time, the chosen CIs and a short
 * MAC; the serverChallenge is a MAC of the transactionId under a secret of the server. So the first
 * thing that a store has to keep is the session of an eUICC whose signature has been verified.
 *
 *     transactionId    time 4 | CI of the eUICC 1 | CI of the server 1 | random 6 | MAC 4
 *     serverChallenge  HMAC-SHA-256(secret, "challenge" | transactionId), first 16 bytes
 */
#ifndef TERN_RSP_SERVER_H
#define TERN_RSP_SERVER_H

#include "tern/arena.h"
#include "tern/certificate.h"
#include "tern/crypto.h"
#include "tern/es9plus.h"
#include "tern/store.h"

#define TERN_RSP_SECRET_SIZE 32

/** Our certificates under one CI. Slices borrow and outlive the server. */
struct tern_rsp_identity {
    struct tern_bytes ci;               /**< Key identifier of the CI, 20 bytes. */
    struct tern_bytes auth_certificate; /**< DER of CERT.DPauth or CERT.DSauth */
    struct tern_key auth_key;
    struct tern_bytes pb_certificate; /**< DER of CERT.DPpb; absent for an SM-DS */
    struct tern_key pb_key;
    struct tern_bytes oid; /**< registeredID of both, content bytes */
};

/** Who a server is. Read-only while requests are handled; may be shared by threads. */
struct tern_rsp_server {
    const struct tern_crypto *crypto;
    const struct tern_rsp_identity *identities; /**< In order of our preference. */
    size_t identity_count;
    /** CIs and revocation lists; `crypto`, `cache` as wanted; `now` is set for each call. */
    struct tern_trust trust;
    struct tern_bytes address; /**< FQDN, with or without ":port": how devices name us. */
    uint8_t svn_min[3];        /**< Lowest version of an eUICC that is served. */
    uint8_t svn_max[3];
    uint32_t session_lifetime_s;          /**< From InitiateAuthentication to the last step. */
    uint8_t secret[TERN_RSP_SECRET_SIZE]; /**< Kept over restarts; never shown. */
    bool smds;                            /**< Answers with 8.9.x instead of 8.8.x. */
};

/** One request: what came in, what goes out. */
struct tern_rsp_call {
    int64_t now; /**< Seconds since 1970-01-01 */
    struct tern_arena *arena;
    struct tern_es9plus_request request;   /**< Decoded by tern_es9plus_request_decode() */
    struct tern_es9plus_response response; /**< Filled; slices borrow from arena and request */
};

#endif
