/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Status codes of the RSP servers: a subject code and a reason code, what they mean, and who has to
 * act. SGP.22, 5.2.6 (sgp22.md 14). docs/STATUS-CODES.md is made from this list and names the test
 * that produces each.
 */
#ifndef TERN_STATUS_CODE_H
#define TERN_STATUS_CODE_H

#include "tern/bytes.h"

struct tern_json;
struct tern_json_writer;
struct tern_arena;

/* name, subject code, reason code, meaning, who has to act */
/* clang-format off */
#define TERN_STATUS_CODES(X) \
    X(CALLER_NOT_ALLOWED,     "1.2",    "1.2",  "the function requester is not allowed to do this",             "the operator of the server: list the requester") \
    X(REQUESTER_MISSING,      "1.2",    "2.2",  "functionRequesterIdentifier or functionCallIdentifier is missing", "the requester: fill in the header") \
    X(FUNCTION_INVALID,       "1.3",    "2.1",  "a parameter of the function is invalid",                       "the requester: correct the parameter that the message names") \
    X(FUNCTION_MISSING,       "1.3",    "2.2",  "a mandatory parameter of the function is missing",             "the requester: send the parameter that the message names") \
    X(FUNCTION_UNSUPPORTED,   "1.3",    "3.1",  "the function is not supported",                                "the requester: use another function or version") \
    X(FUNCTION_FAILED,        "1.3",    "4.2",  "the server failed to execute the function",                    "the operator of the server: see its log; the requester may retry") \
    X(EUICC_ERROR,            "8.1",    "4.2",  "the eUICC itself reported an error",                           "the owner of the device: decode the eUICC's error and start again") \
    X(EUICC_MEMORY,           "8.1",    "4.8",  "the eUICC has not enough free memory for the profile",         "the owner of the device: delete a profile, or order a smaller one") \
    X(EUICC_SIGNATURE,        "8.1",    "6.1",  "the eUICC's signature or the server challenge does not verify", "the owner of the device: look for a tampered or mixed-up session, then start again") \
    X(EID_MISSING,            "8.1.1",  "2.2",  "the EID is missing",                                           "the requester: send the EID") \
    X(EID_OTHER,              "8.1.1",  "3.10", "another EID is associated with the profile",                   "the requester: use the EID of the DownloadOrder, or cancel that order") \
    X(EID_REFUSED,            "8.1.1",  "3.8",  "the order is for another EID, or none is waiting for this one", "the operator: check which EID the order names") \
    X(EUM_CERTIFICATE,        "8.1.2",  "6.1",  "the EUM certificate does not verify",                          "the eUICC manufacturer: the chain, role or revocation status is wrong") \
    X(EUM_EXPIRED,            "8.1.2",  "6.3",  "the EUM certificate has expired",                              "the eUICC manufacturer: the chain needs a valid EUM certificate") \
    X(EUICC_CERTIFICATE,      "8.1.3",  "6.1",  "the eUICC certificate does not verify, or its EID is not the EUM's to give", "the eUICC manufacturer: the certificate is wrong") \
    X(EUICC_EXPIRED,          "8.1.3",  "6.3",  "the eUICC certificate has expired",                            "the eUICC manufacturer: the eUICC needs a valid certificate") \
    X(PROFILE_NOT_RELEASED,   "8.2",    "1.2",  "the profile is not released yet",                              "the operator: ReleaseProfile") \
    X(PROFILE_UNAVAILABLE,    "8.2",    "3.7",  "the profile was bound before and cannot be bound anew",        "the operator: order another profile, or free this one") \
    X(ICCID_NOT_ALLOWED,      "8.2.1",  "1.2",  "the requester may not use this ICCID",                         "the operator: use an ICCID of its own") \
    X(ICCID_IN_USE,           "8.2.1",  "3.3",  "the profile with this ICCID is not available",                 "the operator: use another ICCID, or cancel the order that holds it") \
    X(ICCID_TRANSITION,       "8.2.1",  "3.5",  "the profile cannot be released from the state it is in",       "the operator: ConfirmOrder before ReleaseProfile") \
    X(ICCID_UNKNOWN,          "8.2.1",  "3.9",  "no profile has this ICCID",                                    "the operator: import the profile, or correct the ICCID") \
    X(PROFILE_TYPE_NOT_ALLOWED, "8.2.5", "1.2", "the requester may not use this profile type",                  "the operator: use a profile type of its own") \
    X(PROFILE_TYPE_EMPTY,     "8.2.5",  "3.7",  "no profile of this type is left",                              "the operator: import more profiles of this type") \
    X(PROFILE_TYPE_MISMATCH,  "8.2.5",  "3.8",  "the profile with this ICCID is of another type",               "the operator: correct the ICCID or the profile type") \
    X(PROFILE_TYPE_UNKNOWN,   "8.2.5",  "3.9",  "no profile type has this name",                                "the operator: correct the profile type, or import profiles of it") \
    X(PROFILE_NOT_ELIGIBLE,   "8.2.5",  "4.3",  "the eUICC or the device lacks what the profile needs",         "the operator: order a profile that suits the device") \
    X(MATCHING_ID_IN_USE,     "8.2.6",  "3.3",  "the MatchingID is used by another order",                      "the operator: choose another MatchingID, or leave it out") \
    X(MATCHING_ID_REFUSED,    "8.2.6",  "3.8",  "no order has this MatchingID",                                 "the owner of the device: check the activation code") \
    X(MATCHING_ID_OTHER,      "8.2.6",  "3.10", "another MatchingID is associated with the order",              "the operator: correct the MatchingID") \
    X(CONFIRMATION_MISSING,   "8.2.7",  "2.2",  "the confirmation code is missing",                             "the owner of the device: enter the confirmation code") \
    X(CONFIRMATION_REFUSED,   "8.2.7",  "3.8",  "the confirmation code is wrong",                               "the owner of the device: enter the right confirmation code") \
    X(CONFIRMATION_EXHAUSTED, "8.2.7",  "6.4",  "the confirmation code was wrong too often",                    "the operator: make a new order") \
    X(SMDP_OID,               "8.8",    "3.10", "the SM-DP+ OID is not that of this server",                    "the owner of the device: the eUICC answered for another server") \
    X(SMDP_ADDRESS,           "8.8.1",  "3.8",  "the SM-DP+ address is not that of this server",                "the owner of the device: check the address in the activation code") \
    X(SMDP_SECURITY,          "8.8.2",  "3.1",  "no certificate issuer that the eUICC signs under is trusted here", "the operator: use an SM-DP+ that knows the eUICC's CI") \
    X(SMDP_SVN,               "8.8.3",  "3.1",  "the eUICC's specification version is not supported",           "the operator: use an SM-DP+ of the eUICC's version") \
    X(SMDP_CERTIFICATE,       "8.8.4",  "3.7",  "this server has no certificate under a CI that the eUICC accepts", "the operator: use an SM-DP+ that has one") \
    X(ORDER_EXPIRED,          "8.8.5",  "4.10", "the download order has expired",                               "the operator: make a new order") \
    X(ORDER_ATTEMPTS,         "8.8.5",  "6.4",  "the download was attempted too often",                         "the operator: make a new order") \
    X(SMDS_ERROR,             "8.9",    "4.2",  "the SM-DS answered with an error",                             "the operator of the SM-DP+: see the error of the SM-DS") \
    X(SMDS_INACCESSIBLE,      "8.9",    "5.1",  "the SM-DS cannot be reached",                                  "the operator of the SM-DP+: check the address and the outbound policy") \
    X(SMDS_ADDRESS,           "8.9.1",  "3.8",  "the SM-DS address is not that of this server, or is none",     "the requester: correct the SM-DS address") \
    X(SMDS_SECURITY,          "8.9.2",  "3.1",  "no certificate issuer that the eUICC signs under is trusted here", "the operator: use an SM-DS that knows the eUICC's CI") \
    X(SMDS_SVN,               "8.9.3",  "3.1",  "the eUICC's specification version is not supported",           "the operator: use an SM-DS of the eUICC's version") \
    X(SMDS_CERTIFICATE,       "8.9.4",  "3.7",  "this server has no certificate under a CI that the eUICC accepts", "the operator: use an SM-DS that has one") \
    X(EVENT_NOT_ALLOWED,      "8.9.5",  "1.2",  "the event record belongs to another requester",                "the requester: delete only its own events") \
    X(EVENT_EXISTS,           "8.9.5",  "3.3",  "an event record with this EventID exists for the EID",         "the requester: choose another EventID") \
    X(EVENT_UNKNOWN,          "8.9.5",  "3.9",  "no event record has this EventID",                             "the requester: nothing, the event is gone") \
    X(TRANSACTION_UNKNOWN,    "8.10.1", "3.9",  "the transaction is unknown, finished or expired",              "the device: start again with InitiateAuthentication") \
    X(CI_UNKNOWN,             "8.11.1", "3.9",  "the CI of the EUM certificate is not the one chosen",          "the owner of the device: the eUICC answered under another CI")
/* clang-format on */

/** Ours: 0 means success. The order may change between versions; never store the number. */
enum tern_status_code {
    TERN_STATUS_SUCCESS = 0,
#define TERN_STATUS_ENUM(name, subject, reason, meaning, action) TERN_STATUS_##name,
    TERN_STATUS_CODES(TERN_STATUS_ENUM)
#undef TERN_STATUS_ENUM
        TERN_STATUS_CODE_COUNT
};

struct tern_status_text {
    const char *name;    /**< "MATCHING_ID_REFUSED" */
    const char *subject; /**< "8.2.6" */
    const char *reason;  /**< "3.8" */
    const char *meaning; /**< What happened, in words. */
    const char *action;  /**< Who has to act, and how. */
};

/** Never NULL: a code that is none gives empty texts. */
const struct tern_status_text *tern_status_text(enum tern_status_code code);

/** The code with this subject and reason; TERN_STATUS_SUCCESS when the list has no such pair. */
enum tern_status_code tern_status_find(struct tern_bytes subject, struct tern_bytes reason);

/** functionExecutionStatus.status. SGP.22, 6.5.1.4 */
enum tern_execution {
    TERN_EXECUTED_SUCCESS = 0,
    TERN_EXECUTED_WITH_WARNING,
    TERN_EXECUTION_FAILED,
    TERN_EXECUTION_EXPIRED,
};

/** A functionExecutionStatus as sent or received. Texts borrow. */
struct tern_status {
    enum tern_execution execution;
    struct tern_bytes subject_code;       /**< "8.2.6"; NULL `data` on success. */
    struct tern_bytes reason_code;        /**< "3.8" */
    struct tern_bytes subject_identifier; /**< Optional. */
    struct tern_bytes message;            /**< Optional. */
};

/** The status of `code` with its meaning as message; success for TERN_STATUS_SUCCESS. */
struct tern_status tern_status(enum tern_status_code code);

static inline bool tern_status_ok(const struct tern_status *status)
{
    return status->execution == TERN_EXECUTED_SUCCESS ||
           status->execution == TERN_EXECUTED_WITH_WARNING;
}

/** Write "functionExecutionStatus":{...} into the open object, `key` being that name. */
void tern_status_write(struct tern_json_writer *json, const char *key,
                       const struct tern_status *status);
/** Write "header":{"functionExecutionStatus":{...}} into the open object. */
void tern_status_write_header(struct tern_json_writer *json, const struct tern_status *status);
/** Read the header of a response. TERN_ERR_MISSING, TERN_ERR_MALFORMED. */
int tern_status_read_header(const struct tern_json *response, struct tern_arena *arena,
                            struct tern_status *status);

#endif
