/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The SM-DP+: orders in (ES2+), bound profile packages out (ES9+).
 *
 * An engine without clock, socket and heap: the host decodes and encodes the HTTP around it, gives
 * time and memory with each call, and wraps each step that says so into a store transaction.
 *
 * ES9+, for one request:
 *
 *     tern_es9plus_request_decode(&call.rsp.request, ...)
 *     tern_smdp_check(smdp, &call)              certificates and signatures; at most reads
 *     if (call.commit) { begin; tern_smdp_commit(smdp, &call); commit }
 *     tern_es9plus_response_encode(..., &call.rsp.response)
 *
 * The costly signatures of the peer are verified outside the transaction, so that workers do not
 * wait for each other's elliptic curves.
 *
 * Spec  SGP.22, 3.1, 5.3, 5.6; sgp22.md 7, 10, 13
 */
#ifndef TERN_SMDP_H
#define TERN_SMDP_H

#include "tern/asn.h"
#include "tern/rsp_server.h"

#define TERN_SMDP_SEAL_KEY_SIZE     16  /**< AES-128 for what is secret in the store */
#define TERN_SMDP_TYPE_SIZE         100 /**< profileType */
#define TERN_SMDP_REQUESTER_SIZE    100 /**< functionRequesterIdentifier */
#define TERN_SMDP_CALL_ID_SIZE      100 /**< functionCallIdentifier */
#define TERN_SMDP_CONFIRMATION_SIZE 64  /**< a confirmation code */
/** Arena for one call: the largest package, its answer, and what is read on the way. */
#define TERN_SMDP_ARENA_SIZE (4u << 20)

/* clang-format off */
/** Profile states. SGP.22, 3.1.6; sgp22.md 10.3 */
#define TERN_SMDP_STATE_LIST(X, P)                                                             \
    X(P, Available, 0)                                                                         \
    X(P, Allocated, 1)                                                                         \
    X(P, Linked, 2)                                                                            \
    X(P, Confirmed, 3) X(P, Released, 4) X(P, Downloaded, 5) X(P, Installed, 6) X(P, Error, 7) \
        X(P, Unavailable, 8) X(P, Deleted, 9)
/* clang-format on */
TERN_CODES(tern_smdp_state, TERN_SMDP_STATE);

/** How this SM-DP+ decides where the spec leaves it to the server. */
struct tern_smdp_policy {
    uint32_t order_lifetime_s; /**< From ConfirmOrder; 0: orders do not expire. */
    uint32_t attempts_max;     /**< Downloads tried for one order; 0: any number. */
    uint32_t confirmation_failures_max;
    uint32_t session_keep_s; /**< How long results of a session are waited for. */
    uint32_t answer_keep_s;  /**< How long an ES2+ call can be repeated. */
    bool refuse_rebinding;   /**< 8.2/3.7 for another one-time key of the same eUICC. */
    bool
        confirmation_hex; /**< Accept a code's digits as hexadecimal bytes, too. [U] sgp22.md 4.3 */
};

struct tern_smdp {
    struct tern_rsp_server server;
    const struct tern_store *store;
    struct tern_smdp_policy policy;
    uint8_t seal_key[TERN_SMDP_SEAL_KEY_SIZE]; /**< From a 0600 file; wipe after use. */
};

/* ---- ES9+ ---- */

struct tern_smdp_call {
    struct tern_rsp_call rsp;
    bool commit; /**< Set by tern_smdp_check(): tern_smdp_commit() is wanted. */

    /** For logs and traces, as far as known. */
    bool has_eid;
    uint8_t eid[16];
    struct tern_bytes iccid; /**< 10 bytes, or absent */

    void *checked; /**< Private: what tern_smdp_check() found. */
};

/**
 * Verify what can be verified without changing anything. The answer is complete unless
 * `call->commit` was set. HANDLE_NOTIFICATION never answers; its status is for the log.
 *
 * Fails  TERN_ERR_CRYPTO, TERN_ERR_NO_SPACE, TERN_ERR_IO: HTTP 500. What a peer did wrong is a
 *        status in the response, not an error.
 */
int tern_smdp_check(const struct tern_smdp *smdp, struct tern_smdp_call *call);
/** Inside a transaction. On an error undo it. */
int tern_smdp_commit(const struct tern_smdp *smdp, struct tern_smdp_call *call);

/* ---- ES2+ ---- */

enum tern_es2plus_function {
    TERN_ES2PLUS_NONE = 0,
    TERN_ES2PLUS_DOWNLOAD_ORDER,
    TERN_ES2PLUS_CONFIRM_ORDER,
    TERN_ES2PLUS_CANCEL_ORDER,
    TERN_ES2PLUS_RELEASE_PROFILE,
};

/** Of a path such as "/gsma/rsp2/es2plus/downloadOrder". */
enum tern_es2plus_function tern_es2plus_function_of_path(struct tern_bytes path);
/** "ES2+.DownloadOrder" */
const char *tern_es2plus_name(enum tern_es2plus_function function);

/** An ES12 call that must succeed before an order is confirmed or released. */
struct tern_smdp_question {
    struct tern_bytes smds_address;
    struct tern_bytes body;        /**< JSON of RegisterEvent */
    struct tern_bytes matching_id; /**< To be given back with the answer. */
};

struct tern_smdp_answer {
    struct tern_bytes smds_address;
    struct tern_bytes matching_id;
    enum tern_status_code code; /**< SUCCESS, SMDS_INACCESSIBLE, SMDS_ERROR or SMDS_ADDRESS */
};

struct tern_es2plus_call {
    int64_t now;
    struct tern_arena *arena;
    enum tern_es2plus_function function;
    struct tern_bytes body;                /**< JSON */
    const struct tern_bytes *names;        /**< Of the client's certificate: CN, dNSNames, OID. */
    size_t name_count;                     /**< One must be functionRequesterIdentifier. */
    const struct tern_smdp_answer *answer; /**< To the question of the call before; or NULL. */

    struct tern_bytes response; /**< JSON; absent when something is asked. */
    struct tern_status status;  /**< What the response says. */
    bool asks;
    struct tern_smdp_question question;
    struct tern_bytes iccid; /**< For the log. */
};

/**
 * Inside a transaction. When `call->asks`, nothing was changed: do what the question says and call
 * again with the same body and the answer.
 * Fails  TERN_ERR_MALFORMED  no JSON object: HTTP 400.  Others: HTTP 500.
 */
int tern_smdp_es2plus(const struct tern_smdp *smdp, struct tern_es2plus_call *call);

/* ---- Upkeep. What is to be sent later waits in tern/outbox.h. ---- */

/** Forget sessions and answers past their time, at most `count_max`. Inside a transaction. */
int tern_smdp_sweep(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                    size_t count_max);

/* ---- Inventory ---- */

/** A profile to take in. */
struct tern_smdp_import {
    struct tern_bytes profile_type;
    struct tern_bytes owner;    /**< Operator that may order it; empty: any. */
    struct tern_bytes metadata; /**< BF25; its iccid names the profile. */
    struct tern_bytes upp;
    uint64_t needs;    /**< UICCCapability bits */
    int64_t memory;    /**< Bytes on the eUICC; 0: the size of the UPP. */
    bool session_keys; /**< Without profile protection keys. */
    bool replace;      /**< An Available one with the same ICCID may be replaced. */
};

/**
 * What a profile package says of itself: ICCID in EF.ICCID coding, and as UICCCapability bits the
 * services it needs. TERN_ERR_UNEXPECTED when it does not begin with a ProfileHeader.
 */
int tern_smdp_read_upp(struct tern_bytes upp, uint8_t iccid[TERN_ICCID_SIZE], uint64_t *needs);

/**
 * Take a profile in, encrypted. Inside a transaction.
 * Fails  TERN_ERR_MALFORMED, TERN_ERR_RANGE  metadata;  TERN_ERR_CONFLICT  the ICCID is there
 */
int tern_smdp_import_profile(const struct tern_smdp *smdp, struct tern_arena *arena,
                             const struct tern_smdp_import *profile);
/** Take an Available or finished one out. TERN_ERR_NOT_FOUND, TERN_ERR_STATE. */
int tern_smdp_remove_profile(const struct tern_smdp *smdp, struct tern_arena *arena,
                             struct tern_bytes iccid);

/** A profile and its order. Slices in the arena; absent ones have NULL data. */
struct tern_smdp_view {
    struct tern_bytes iccid;
    struct tern_bytes owner;
    struct tern_bytes profile_type;
    struct tern_bytes metadata;
    enum tern_smdp_state state;
    struct tern_bytes requester;
    struct tern_bytes eid;
    struct tern_bytes matching_id;
    bool confirmation_required;
    int64_t confirmation_failures;
    int64_t attempts;
    int64_t created;
    int64_t expires;
    struct tern_bytes smds_address;
    bool event_registered;
    struct tern_bytes transaction_id;
    struct tern_bytes why;
};

/** The profile behind `after` (absent: the first), in order of ICCID. @return 1, 0 or an error. */
int tern_smdp_next_profile(const struct tern_smdp *smdp, struct tern_arena *arena,
                           struct tern_bytes after, struct tern_smdp_view *view);

/** A session that is kept. */
struct tern_smdp_session_view {
    struct tern_bytes transaction_id;
    struct tern_bytes eid;
    struct tern_bytes iccid;
    int64_t began;
    const char *state; /**< "authenticated", "package sent", "ended" */
};
int tern_smdp_next_session(const struct tern_smdp *smdp, struct tern_arena *arena,
                           struct tern_bytes after, struct tern_smdp_session_view *view);

#endif
