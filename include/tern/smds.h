/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The SM-DS: SM-DP+s leave word for an eUICC (ES12), its IPA or LPA comes to ask (ES11).
 *
 * An Alternative SM-DS may have a parent: an event registered with forwardingIndicator is announced
 * there as well, under an EventID of its own that leads back here (the cascade).
 *
 * ES11, for one request (common mutual authentication keeps no state, tern/rsp_server.h):
 *
 *     tern_es9plus_request_decode(&call.request, ...)
 *     tern_smds_es11(smds, &call)          reads only: no transaction needed
 *     tern_es9plus_response_encode(..., &call.response)
 *
 * Spec  SGP.22, 3.6, 5.8 to 5.10; sgp22.md 11, 12
 */
#ifndef TERN_SMDS_H
#define TERN_SMDS_H

#include "tern/rsp_server.h"

#define TERN_SMDS_EVENT_ID_SIZE 255 /**< as a MatchingID */

struct tern_smds {
    struct tern_rsp_server server; /**< `smds` is set */
    const struct tern_store *store;
    struct tern_bytes parent;    /**< Address of the SM-DS to cascade to; absent for a root. */
    uint32_t event_lifetime_s;   /**< 0: events do not expire. */
    uint32_t events_per_eid_max; /**< 0: 64 */
};

/** ES11: InitiateAuthentication and AuthenticateClient. Others are refused. */
int tern_smds_es11(const struct tern_smds *smds, struct tern_rsp_call *call, uint8_t eid[16],
                   bool *has_eid);

enum tern_es12_function {
    TERN_ES12_NONE = 0,
    TERN_ES12_REGISTER_EVENT,
    TERN_ES12_DELETE_EVENT,
};

/** Of "/gsma/rsp2/es12/registerEvent"; also of the es15 paths, between SM-DSs. */
enum tern_es12_function tern_es12_function_of_path(struct tern_bytes path);
/** "ES12.RegisterEvent" */
const char *tern_es12_name(enum tern_es12_function function);

/** The answer of the parent to what was asked. */
struct tern_smds_answer {
    struct tern_bytes event_id; /**< As in the question. */
    enum tern_status_code code;
};

struct tern_es12_call {
    int64_t now;
    struct tern_arena *arena;
    enum tern_es12_function function;
    struct tern_bytes body;      /**< JSON */
    struct tern_bytes requester; /**< From the client's certificate: OID in dots, or name. */
    const struct tern_smds_answer *answer; /**< To the question of the call before; or NULL. */

    struct tern_bytes response; /**< JSON; absent when something is asked. */
    struct tern_status status;
    bool asks;                    /**< RegisterEvent at the parent, then call again. */
    struct tern_bytes question;   /**< JSON of it */
    struct tern_bytes cascade_id; /**< To be given back with the answer. */
    bool has_eid;                 /**< For the log. */
    uint8_t eid[16];
};

/**
 * ES12, inside a transaction. When `call->asks` nothing was changed.
 * Fails  TERN_ERR_MALFORMED  no JSON object: HTTP 400.  Others: HTTP 500.
 */
int tern_smds_es12(const struct tern_smds *smds, struct tern_es12_call *call);

/** Forget events past their time, at most `count_max` looked at. Inside a transaction. */
int tern_smds_sweep(const struct tern_smds *smds, struct tern_arena *arena, int64_t now,
                    size_t count_max);

struct tern_smds_event {
    struct tern_bytes key; /**< To go on behind. */
    uint8_t eid[16];
    struct tern_bytes event_id;
    struct tern_bytes rsp_server_address;
    struct tern_bytes requester;
    struct tern_bytes cascade_id; /**< EventID at the parent; absent when not forwarded. */
    int64_t created;
    int64_t expires; /**< 0: never */
};

/** The event behind `after` (absent: the first). @return 1, 0 or an error. */
int tern_smds_next_event(const struct tern_smds *smds, struct tern_arena *arena,
                         struct tern_bytes after, struct tern_smds_event *event);

#endif
