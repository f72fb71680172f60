/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ES9+ and ES11 messages on the wire, both directions, both bindings: the LPA side (an IPA, or an
 * eIM as ES9+' and ES11') and the server side (SM-DP+, SM-DS) use the same code.
 *
 * SGP.22, 5.6, 5.8, 6.5 (JSON) and 6.6 (ASN.1); sgp22.md 10, 11. Objects that the eUICC or a server
 * signed pass as the bytes received: members are whole DER elements, tag and length included,
 * unless their line says otherwise.
 */
#ifndef TERN_ES9PLUS_H
#define TERN_ES9PLUS_H

#include "tern/arena.h"
#include "tern/bytes.h"
#include "tern/status_code.h"

enum tern_es9plus_binding {
    TERN_ES9PLUS_JSON = 0, /**< application/json, one path a function. */
    TERN_ES9PLUS_ASN1 = 1, /**< application/x-gsma-rsp-asn1, TERN_ES9PLUS_ASN1_PATH for all. */
};

#define TERN_ES9PLUS_ASN1_PATH "/gsma/rsp2/asn1"
#define TERN_ES9PLUS_JSON_TYPE "application/json;charset=UTF-8"
#define TERN_ES9PLUS_ASN1_TYPE "application/x-gsma-rsp-asn1"
/** Value of X-Admin-Protocol that both sides of tern send; a peer's needs only the prefix. */
#define TERN_ES9PLUS_PROTOCOL        "gsma/rsp/v2.5.0"
#define TERN_ES9PLUS_PROTOCOL_PREFIX "gsma/rsp/v"

enum tern_es9plus_function {
    TERN_ES9PLUS_NONE = 0,
    TERN_ES9PLUS_INITIATE_AUTHENTICATION, /**< also of ES11 */
    TERN_ES9PLUS_AUTHENTICATE_CLIENT,
    TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE,
    TERN_ES9PLUS_HANDLE_NOTIFICATION, /**< answered by 204 without a body, whatever happens */
    TERN_ES9PLUS_CANCEL_SESSION,
    TERN_ES11_AUTHENTICATE_CLIENT, /**< same path as ES9+, other response */
    TERN_ES9PLUS_FUNCTION_COUNT
};

struct tern_es9plus_request {
    enum tern_es9plus_function function;
    struct tern_bytes transaction_id;               /**< 1 to 16 raw bytes; hex in JSON. */
    struct tern_bytes euicc_challenge;              /**< 16 raw bytes. */
    struct tern_bytes smdp_address;                 /**< UTF-8; the SM-DS address in ES11. */
    struct tern_bytes euicc_info1;                  /**< BF20 */
    struct tern_bytes authenticate_server_response; /**< BF38 */
    struct tern_bytes prepare_download_response;    /**< BF21 */
    struct tern_bytes pending_notification;         /**< BF37 or 30 */
    struct tern_bytes cancel_session_response;      /**< BF41 */
};

struct tern_es9plus_response {
    enum tern_es9plus_function function;
    struct tern_status status;                  /**< When it failed, nothing else is there. */
    struct tern_bytes transaction_id;           /**< 1 to 16 raw bytes. */
    struct tern_bytes server_signed1;           /**< 30 */
    struct tern_bytes server_signature1;        /**< 5F37 */
    struct tern_bytes euicc_ci_pkid_to_be_used; /**< 04 */
    struct tern_bytes server_certificate;       /**< 30 */
    struct tern_bytes profile_metadata;         /**< BF25 */
    struct tern_bytes smdp_signed2;             /**< 30 */
    struct tern_bytes smdp_signature2;          /**< 5F37 */
    struct tern_bytes smdp_certificate;         /**< 30 */
    struct tern_bytes bound_profile_package;    /**< BF36 */
    struct tern_bytes event_entries; /**< ES11: EventEntries one after the other, each 30 {80
                                        eventId, 81 rspServerAddress}. Empty: no event. */
};

/** "/gsma/rsp2/es9plus/initiateAuthentication"; NULL for a function that is none. */
const char *tern_es9plus_path(enum tern_es9plus_function function);
/** The function of a JSON path, TERN_ES9PLUS_NONE for any other; never the ES11 one. */
enum tern_es9plus_function tern_es9plus_function_of_path(struct tern_bytes path);
/** "ES9+.InitiateAuthentication", for logs and traces. */
const char *tern_es9plus_name(enum tern_es9plus_function function);

/** Write the body of a request: `request->function` decides which members. */
int tern_es9plus_request_encode(struct tern_writer *out, enum tern_es9plus_binding binding,
                                const struct tern_es9plus_request *request);

/**
 * Read the body of a request. In the JSON binding `function` is that of the path; in the ASN.1
 * binding it is found in the body and `function` is ignored.
 *
 * Memory  Members borrow from `body` or `arena`.
 * Fails   TERN_ERR_MISSING, TERN_ERR_MALFORMED and the like; `fault` names the member.
 */
int tern_es9plus_request_decode(struct tern_es9plus_request *request,
                                enum tern_es9plus_binding binding,
                                enum tern_es9plus_function function, struct tern_bytes body,
                                struct tern_arena *arena, struct tern_fault *fault);

/** Write the body of a response. HANDLE_NOTIFICATION writes nothing (204). */
int tern_es9plus_response_encode(struct tern_writer *out, enum tern_es9plus_binding binding,
                                 const struct tern_es9plus_response *response);

/** Read the body of the response to `function`. A failed status is TERN_OK with that status. */
int tern_es9plus_response_decode(struct tern_es9plus_response *response,
                                 enum tern_es9plus_binding binding,
                                 enum tern_es9plus_function function, struct tern_bytes body,
                                 struct tern_arena *arena, struct tern_fault *fault);

/**
 * The integer that the ASN.1 binding (and ESipa, sgp32.md 5.4) has for a failed status of this
 * function: authenticateClientError and its relatives. 127 (undefinedError) when there is none.
 */
int tern_es9plus_error_number(enum tern_es9plus_function function,
                              const struct tern_status *status);
/** The code behind such an integer; TERN_STATUS_FUNCTION_FAILED for 127 and unknown ones. */
enum tern_status_code tern_es9plus_error_code(enum tern_es9plus_function function, int64_t number);

/** One event of ES11. Slices borrow from `event_entries`. */
struct tern_es11_event {
    struct tern_bytes event_id;           /**< UTF-8; the MatchingID towards rspServerAddress. */
    struct tern_bytes rsp_server_address; /**< UTF-8 */
};

/** Take the next event off `entries`. @return 1, 0 at the end, or an error. */
int tern_es11_next_event(struct tern_bytes *entries, struct tern_es11_event *event);
/** Append one entry. */
void tern_es11_write_event(struct tern_writer *entries, const struct tern_es11_event *event);

#endif
