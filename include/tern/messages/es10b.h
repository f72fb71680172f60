/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ES10b, the part that SGP.22 and SGP.32 share: mutual authentication, download, cancel,
 * notifications, eUICC information. The compact forms of SGP.32 (made by the IPA, never by the
 * card; sgp32.md 5.7) are arms of the same responses.
 *
 * A signature over `x` is made and verified over `x.raw`; see tern/asn.h.
 *
 * Spec  SGP.22, 5.7; SGP.32, 5.9; sgp22.md 6, 7, 10.5, 15; sgp32.md 5, 8
 */
#ifndef TERN_MESSAGES_ES10B_H
#define TERN_MESSAGES_ES10B_H

#include "tern/messages/rsp.h"

/* Lists of codes and their comments are aligned by hand. */
/* clang-format off */

/* AuthenticateServer, BF38 */

/** ServerSigned1. */
struct tern_server_signed1 {
    struct tern_bytes raw;
    struct tern_bytes transaction_id;
    struct tern_bytes euicc_challenge;
    struct tern_bytes server_address;
    struct tern_bytes server_challenge;
};
extern const struct tern_asn_record TERN_SERVER_SIGNED1;

/** AuthenticateServerRequest. */
struct tern_authenticate_server_request {
    struct tern_server_signed1 server_signed1;
    struct tern_bytes server_signature1;
    struct tern_bytes euicc_ci_pk_id_to_be_used;
    struct tern_bytes server_certificate;
    struct tern_ctx_params1 ctx_params1;
};
extern const struct tern_asn_record TERN_AUTHENTICATE_SERVER_REQUEST;

/** EuiccSigned1. */
struct tern_euicc_signed1 {
    struct tern_bytes raw;
    struct tern_bytes transaction_id;
    struct tern_bytes server_address;
    struct tern_bytes server_challenge;
    struct tern_bytes euicc_info2; /**< TLV of TERN_EUICC_INFO2 */
    struct tern_ctx_params1 ctx_params1;
};
extern const struct tern_asn_record TERN_EUICC_SIGNED1;

/** AuthenticateResponseOk. */
struct tern_authenticate_response_ok {
    struct tern_euicc_signed1 euicc_signed1;
    struct tern_bytes euicc_signature1;
    struct tern_bytes euicc_certificate;
    struct tern_bytes eum_certificate;
};
extern const struct tern_asn_record TERN_AUTHENTICATE_RESPONSE_OK;

#define TERN_AUTHENTICATE_ERROR_CODE_LIST(X, P)                                     \
    X(P, invalidCertificate, 1) X(P, invalidSignature, 2) X(P, unsupportedCurve, 3) \
    X(P, noSessionContext, 4) X(P, invalidOid, 5) X(P, euiccChallengeMismatch, 6)   \
    X(P, ciPKUnknown, 7) X(P, undefinedError, 127)
TERN_CODES(tern_authenticate_error_code, TERN_AUTHENTICATE_ERROR_CODE);

/** AuthenticateResponseError. */
struct tern_authenticate_response_error {
    struct tern_bytes transaction_id;
    int64_t authenticate_error_code;
};
extern const struct tern_asn_record TERN_AUTHENTICATE_RESPONSE_ERROR;

/** CompactEuiccSigned1. */
struct tern_compact_euicc_signed1 {
    struct tern_bytes ext_card_resource;
    struct tern_ctx_params1 ctx_params1; /**< may be absent: arm 0 */
};
extern const struct tern_asn_record TERN_COMPACT_EUICC_SIGNED1;

/** signedData of CompactAuthenticateResponseOk. */
struct tern_compact_signed_data {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_euicc_signed1 euicc_signed1;
        struct tern_compact_euicc_signed1 compact_euicc_signed1;
    };
};
enum {
    TERN_COMPACT_SIGNED_DATA_IS_EUICC_SIGNED1 = 1,
    TERN_COMPACT_SIGNED_DATA_IS_COMPACT_EUICC_SIGNED1,
};
extern const struct tern_asn_record TERN_COMPACT_SIGNED_DATA;

/** CompactAuthenticateResponseOk. */
struct tern_compact_authenticate_response_ok {
    struct tern_compact_signed_data signed_data;
    struct tern_bytes euicc_signature1;
    struct tern_bytes euicc_certificate; /**< may be absent */
    struct tern_bytes eum_certificate;   /**< may be absent */
};
extern const struct tern_asn_record TERN_COMPACT_AUTHENTICATE_RESPONSE_OK;

/** AuthenticateServerResponse. */
struct tern_authenticate_server_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_authenticate_response_ok authenticate_response_ok;
        struct tern_authenticate_response_error authenticate_response_error;
        struct tern_compact_authenticate_response_ok compact_authenticate_response_ok;
    };
};
enum {
    TERN_AUTHENTICATE_SERVER_RESPONSE_IS_AUTHENTICATE_RESPONSE_OK = 1,
    TERN_AUTHENTICATE_SERVER_RESPONSE_IS_AUTHENTICATE_RESPONSE_ERROR,
    TERN_AUTHENTICATE_SERVER_RESPONSE_IS_COMPACT_AUTHENTICATE_RESPONSE_OK, /**< ESipa only */
};
extern const struct tern_asn_record TERN_AUTHENTICATE_SERVER_RESPONSE;

/* PrepareDownload, BF21 */

/** SmdpSigned2. */
struct tern_smdp_signed2 {
    struct tern_bytes raw;
    struct tern_bytes transaction_id;
    bool cc_required_flag;
    struct tern_bytes bpp_euicc_otpk; /**< may be absent */
};
extern const struct tern_asn_record TERN_SMDP_SIGNED2;

/** PrepareDownloadRequest. */
struct tern_prepare_download_request {
    struct tern_smdp_signed2 smdp_signed2;
    struct tern_bytes smdp_signature2;
    struct tern_bytes hash_cc; /**< may be absent */
    struct tern_bytes smdp_certificate;
};
extern const struct tern_asn_record TERN_PREPARE_DOWNLOAD_REQUEST;

/** EUICCSigned2. */
struct tern_euicc_signed2 {
    struct tern_bytes raw;
    struct tern_bytes transaction_id;
    struct tern_bytes euicc_otpk;
    struct tern_bytes hash_cc; /**< may be absent */
};
extern const struct tern_asn_record TERN_EUICC_SIGNED2;

/** PrepareDownloadResponseOk. */
struct tern_prepare_download_response_ok {
    struct tern_euicc_signed2 euicc_signed2;
    struct tern_bytes euicc_signature2;
};
extern const struct tern_asn_record TERN_PREPARE_DOWNLOAD_RESPONSE_OK;

#define TERN_DOWNLOAD_ERROR_CODE_LIST(X, P)                                           \
    X(P, invalidCertificate, 1) X(P, invalidSignature, 2) X(P, unsupportedCurve, 3)   \
    X(P, noSessionContext, 4) X(P, invalidTransactionId, 5) X(P, undefinedError, 127)
TERN_CODES(tern_download_error_code, TERN_DOWNLOAD_ERROR_CODE);

/** PrepareDownloadResponseError. */
struct tern_prepare_download_response_error {
    struct tern_bytes transaction_id;
    int64_t download_error_code;
};
extern const struct tern_asn_record TERN_PREPARE_DOWNLOAD_RESPONSE_ERROR;

/** CompactEuiccSigned2. */
struct tern_compact_euicc_signed2 {
    struct tern_bytes euicc_otpk; /**< may be absent */
    struct tern_bytes hash_cc;    /**< may be absent */
};
extern const struct tern_asn_record TERN_COMPACT_EUICC_SIGNED2;

/** CompactPrepareDownloadResponseOk. */
struct tern_compact_prepare_download_response_ok {
    struct tern_compact_euicc_signed2 compact_euicc_signed2;
    struct tern_bytes euicc_signature2;
};
extern const struct tern_asn_record TERN_COMPACT_PREPARE_DOWNLOAD_RESPONSE_OK;

/** PrepareDownloadResponse. */
struct tern_prepare_download_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_prepare_download_response_ok download_response_ok;
        struct tern_prepare_download_response_error download_response_error;
        struct tern_compact_prepare_download_response_ok compact_download_response_ok;
    };
};
enum {
    TERN_PREPARE_DOWNLOAD_RESPONSE_IS_DOWNLOAD_RESPONSE_OK = 1,
    TERN_PREPARE_DOWNLOAD_RESPONSE_IS_DOWNLOAD_RESPONSE_ERROR,
    TERN_PREPARE_DOWNLOAD_RESPONSE_IS_COMPACT_DOWNLOAD_RESPONSE_OK, /**< ESipa only */
};
extern const struct tern_asn_record TERN_PREPARE_DOWNLOAD_RESPONSE;

/* CancelSession, BF41 */

#define TERN_CANCEL_SESSION_REASON_LIST(X, P)                                            \
    X(P, endUserRejection, 0) X(P, postponed, 1) X(P, timeout, 2) X(P, pprNotAllowed, 3) \
    X(P, metadataMismatch, 4) X(P, loadBppExecutionError, 5) X(P, undefinedReason, 127)
TERN_CODES(tern_cancel_session_reason, TERN_CANCEL_SESSION_REASON);

/** CancelSessionRequest. */
struct tern_cancel_session_request {
    struct tern_bytes transaction_id;
    int64_t reason;
};
extern const struct tern_asn_record TERN_CANCEL_SESSION_REQUEST;

/** EuiccCancelSessionSigned. */
struct tern_euicc_cancel_session_signed {
    struct tern_bytes raw;
    struct tern_bytes transaction_id;
    struct tern_bytes smdp_oid;
    int64_t reason;
};
extern const struct tern_asn_record TERN_EUICC_CANCEL_SESSION_SIGNED;

/** CancelSessionResponseOk. */
struct tern_cancel_session_response_ok {
    struct tern_euicc_cancel_session_signed euicc_cancel_session_signed;
    struct tern_bytes euicc_cancel_session_signature;
};
extern const struct tern_asn_record TERN_CANCEL_SESSION_RESPONSE_OK;

#define TERN_CANCEL_SESSION_RESPONSE_ERROR_LIST(X, P)       \
    X(P, invalidTransactionId, 5) X(P, undefinedError, 127)
TERN_CODES(tern_cancel_session_response_error, TERN_CANCEL_SESSION_RESPONSE_ERROR);

/** CompactEuiccCancelSessionSigned. */
struct tern_compact_euicc_cancel_session_signed {
    bool has_reason;
    int64_t reason;
};
extern const struct tern_asn_record TERN_COMPACT_EUICC_CANCEL_SESSION_SIGNED;

/** CompactCancelSessionResponseOk. */
struct tern_compact_cancel_session_response_ok {
    struct tern_compact_euicc_cancel_session_signed compact_euicc_cancel_session_signed;
    struct tern_bytes euicc_cancel_session_signature;
};
extern const struct tern_asn_record TERN_COMPACT_CANCEL_SESSION_RESPONSE_OK;

/** CancelSessionResponse. */
struct tern_cancel_session_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_cancel_session_response_ok cancel_session_response_ok;
        int64_t cancel_session_response_error;
        struct tern_compact_cancel_session_response_ok compact_cancel_session_response_ok;
    };
};
enum {
    TERN_CANCEL_SESSION_RESPONSE_IS_CANCEL_SESSION_RESPONSE_OK = 1,
    TERN_CANCEL_SESSION_RESPONSE_IS_CANCEL_SESSION_RESPONSE_ERROR,
    TERN_CANCEL_SESSION_RESPONSE_IS_COMPACT_CANCEL_SESSION_RESPONSE_OK, /**< ESipa only */
};
extern const struct tern_asn_record TERN_CANCEL_SESSION_RESPONSE;

/* Challenge and information */

extern const struct tern_asn_record TERN_GET_EUICC_CHALLENGE_REQUEST; /**< BF2E, empty */
/** GetEuiccChallengeResponse, BF2E. */
struct tern_get_euicc_challenge_response {
    struct tern_bytes euicc_challenge;
};
extern const struct tern_asn_record TERN_GET_EUICC_CHALLENGE_RESPONSE;

extern const struct tern_asn_record TERN_GET_EUICC_INFO1_REQUEST; /**< BF20, empty */
extern const struct tern_asn_record TERN_GET_EUICC_INFO2_REQUEST; /**< BF22, empty */

/* Notifications */

/** ListNotificationRequest, BF28. */
struct tern_list_notification_request {
    bool has_profile_management_operation;
    uint64_t profile_management_operation;
};
extern const struct tern_asn_record TERN_LIST_NOTIFICATION_REQUEST;

#define TERN_LIST_NOTIFICATIONS_RESULT_ERROR_LIST(X, P) X(P, undefinedError, 127)
TERN_CODES(tern_list_notifications_result_error, TERN_LIST_NOTIFICATIONS_RESULT_ERROR);

/** ListNotificationResponse, BF28. */
struct tern_list_notification_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes notification_metadata_list; /**< of TERN_NOTIFICATION_METADATA */
        int64_t list_notifications_result_error;
    };
};
enum {
    TERN_LIST_NOTIFICATION_RESPONSE_IS_NOTIFICATION_METADATA_LIST = 1,
    TERN_LIST_NOTIFICATION_RESPONSE_IS_LIST_NOTIFICATIONS_RESULT_ERROR,
};
extern const struct tern_asn_record TERN_LIST_NOTIFICATION_RESPONSE;

/** searchCriteria of RetrieveNotificationsListRequest and of IpaEuiccDataRequest. */
struct tern_notification_search_criteria {
    int arm;
    struct tern_bytes raw;
    union {
        int64_t seq_number;
        uint64_t profile_management_operation;
    };
};
enum {
    TERN_NOTIFICATION_SEARCH_CRITERIA_IS_SEQ_NUMBER = 1,
    TERN_NOTIFICATION_SEARCH_CRITERIA_IS_PROFILE_MANAGEMENT_OPERATION,
    TERN_NOTIFICATION_SEARCH_CRITERIA_IS_EUICC_PACKAGE_RESULTS, /**< ES10b of SGP.32 only */
};
extern const struct tern_asn_record TERN_NOTIFICATION_SEARCH_CRITERIA;

/** RetrieveNotificationsListRequest, BF2B: SGP.22's and SGP.32's. */
struct tern_retrieve_notifications_list_request {
    struct tern_notification_search_criteria search_criteria; /**< may be absent: arm 0 */
};
extern const struct tern_asn_record TERN_RETRIEVE_NOTIFICATIONS_LIST_REQUEST;

#define TERN_NOTIFICATIONS_LIST_RESULT_ERROR_LIST(X, P) X(P, undefinedError, 127)
TERN_CODES(tern_notifications_list_result_error, TERN_NOTIFICATIONS_LIST_RESULT_ERROR);

/** RetrieveNotificationsListResponse, BF2B: SGP.22's and SGP.32's. */
struct tern_retrieve_notifications_list_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes notification_list; /**< of TERN_PENDING_NOTIFICATION */
        int64_t notifications_list_result_error;
        struct tern_bytes euicc_package_result_list; /**< of TERN_EUICC_PACKAGE_RESULT */
    };
};
enum {
    TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE_IS_NOTIFICATION_LIST = 1,
    TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE_IS_NOTIFICATIONS_LIST_RESULT_ERROR,
    TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE_IS_EUICC_PACKAGE_RESULT_LIST,
};
extern const struct tern_asn_record TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE;

/** NotificationSentRequest, BF30: RemoveNotificationFromList. */
struct tern_notification_sent_request {
    int64_t seq_number;
};
extern const struct tern_asn_record TERN_NOTIFICATION_SENT_REQUEST;

#define TERN_DELETE_NOTIFICATION_STATUS_LIST(X, P)                 \
    X(P, ok, 0) X(P, nothingToDelete, 1) X(P, undefinedError, 127)
TERN_CODES(tern_delete_notification_status, TERN_DELETE_NOTIFICATION_STATUS);

/** NotificationSentResponse, BF30. */
struct tern_notification_sent_response {
    int64_t delete_notification_status;
};
extern const struct tern_asn_record TERN_NOTIFICATION_SENT_RESPONSE;

/* GetRAT, LoadCRL */

extern const struct tern_asn_record TERN_GET_RAT_REQUEST; /**< BF43, empty */
/** GetRatResponse, BF43. */
struct tern_get_rat_response {
    struct tern_bytes rat; /**< of TERN_PROFILE_POLICY_AUTHORISATION_RULE */
};
extern const struct tern_asn_record TERN_GET_RAT_RESPONSE;

/** LoadCRLRequest, BF35. */
struct tern_load_crl_request {
    struct tern_bytes crl; /**< CertificateList under A0 */
};
extern const struct tern_asn_record TERN_LOAD_CRL_REQUEST;

/** LoadCRLResponseOk. */
struct tern_load_crl_response_ok {
    struct tern_bytes missing_parts; /**< of TERN_INTEGER; may be absent */
};
extern const struct tern_asn_record TERN_LOAD_CRL_RESPONSE_OK;

#define TERN_LOAD_CRL_RESPONSE_ERROR_LIST(X, P)                                       \
    X(P, invalidSignature, 1) X(P, invalidCRLFormat, 2) X(P, notEnoughMemorySpace, 3) \
    X(P, verificationKeyNotFound, 4) X(P, fresherCrlAlreadyLoaded, 5)                 \
    X(P, baseCrlMissing, 6) X(P, undefinedError, 127)
TERN_CODES(tern_load_crl_response_error, TERN_LOAD_CRL_RESPONSE_ERROR);

/** LoadCRLResponse, BF35. */
struct tern_load_crl_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_load_crl_response_ok load_crl_response_ok;
        int64_t load_crl_response_error;
    };
};
enum {
    TERN_LOAD_CRL_RESPONSE_IS_LOAD_CRL_RESPONSE_OK = 1,
    TERN_LOAD_CRL_RESPONSE_IS_LOAD_CRL_RESPONSE_ERROR,
};
extern const struct tern_asn_record TERN_LOAD_CRL_RESPONSE;

/* What the ISD-R says of itself */

#define TERN_LPAE_SUPPORT_LIST(X, P) X(P, lpaeUsingCat, 0) X(P, lpaeUsingScws, 1)
TERN_BITS_NAMED(tern_lpae_support, TERN_LPAE_SUPPORT);

/** ISDRProprietaryApplicationTemplate, E0. */
struct tern_isdr_proprietary_application_template {
    struct tern_bytes svn;
    bool has_lpae_support;
    uint64_t lpae_support;
};
extern const struct tern_asn_record TERN_ISDR_PROPRIETARY_APPLICATION_TEMPLATE;

#endif
