/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of ES10b, the part that SGP.22 and SGP.32 share. */
#include "tern/messages/es10b.h"
#include "tern/asn_table.h"
#include "tern/messages/esep.h"

NAMES(TERN_AUTHENTICATE_ERROR_CODE);
NAMES(TERN_DOWNLOAD_ERROR_CODE);
NAMES(TERN_CANCEL_SESSION_REASON);
NAMES(TERN_CANCEL_SESSION_RESPONSE_ERROR);
NAMES(TERN_LIST_NOTIFICATIONS_RESULT_ERROR);
NAMES(TERN_NOTIFICATIONS_LIST_RESULT_ERROR);
NAMES(TERN_DELETE_NOTIFICATION_STATUS);
NAMES(TERN_LOAD_CRL_RESPONSE_ERROR);
NAMES(TERN_LPAE_SUPPORT);

/* clang-format off */

#define TYPE tern_server_signed1
SIGNED(TERN_SERVER_SIGNED1, "ServerSigned1", 0x30,
    FIELD(transaction_id,   "transactionId",   0x80, BYTES, SIZE(1, 16)),
    FIELD(euicc_challenge,  "euiccChallenge",  0x81, BYTES, SIZE(16, 16)),
    FIELD(server_address,   "serverAddress",   0x83, TEXT),
    FIELD(server_challenge, "serverChallenge", 0x84, BYTES, SIZE(16, 16)));
#undef TYPE

#define TYPE tern_authenticate_server_request
SEQUENCE(TERN_AUTHENTICATE_SERVER_REQUEST, "AuthenticateServerRequest", 0xBF38,
    FIELD(server_signed1,            "serverSigned1",       0x30,   RECORD(TERN_SERVER_SIGNED1)),
    FIELD(server_signature1,         "serverSignature1",    0x5F37, BYTES),
    FIELD(euicc_ci_pk_id_to_be_used, "euiccCiPKIdToBeUsed", 0x04,   BYTES),
    FIELD(server_certificate,        "serverCertificate",   0x30,   X509(TERN_X509_CERTIFICATE)),
    FIELD(ctx_params1,               "ctxParams1",          0,      CHOICE(TERN_CTX_PARAMS1)));
#undef TYPE

#define TYPE tern_euicc_signed1
SIGNED(TERN_EUICC_SIGNED1, "EuiccSigned1", 0x30,
    FIELD(transaction_id,   "transactionId",   0x80,   BYTES, SIZE(1, 16)),
    FIELD(server_address,   "serverAddress",   0x83,   TEXT),
    FIELD(server_challenge, "serverChallenge", 0x84,   BYTES, SIZE(16, 16)),
    FIELD(euicc_info2,      "euiccInfo2",      0xBF22, TLV(TERN_EUICC_INFO2)),
    FIELD(ctx_params1,      "ctxParams1",      0,      CHOICE(TERN_CTX_PARAMS1)));
#undef TYPE

#define TYPE tern_authenticate_response_ok
SEQUENCE(TERN_AUTHENTICATE_RESPONSE_OK, "AuthenticateResponseOk", 0x30,
    FIELD(euicc_signed1,     "euiccSigned1",     0x30,   RECORD(TERN_EUICC_SIGNED1)),
    FIELD(euicc_signature1,  "euiccSignature1",  0x5F37, BYTES),
    FIELD(euicc_certificate, "euiccCertificate", 0x30,   X509(TERN_X509_CERTIFICATE)),
    FIELD(eum_certificate,   "eumCertificate",   0x30,   X509(TERN_X509_CERTIFICATE)));
#undef TYPE

#define TYPE tern_authenticate_response_error
SEQUENCE(TERN_AUTHENTICATE_RESPONSE_ERROR, "AuthenticateResponseError", 0x30,
    FIELD(transaction_id,          "transactionId",         0x80, BYTES, SIZE(1, 16)),
    FIELD(authenticate_error_code, "authenticateErrorCode", 0x02, CODE(TERN_AUTHENTICATE_ERROR_CODE)));
#undef TYPE

#define TYPE tern_compact_euicc_signed1
SEQUENCE(TERN_COMPACT_EUICC_SIGNED1, "CompactEuiccSigned1", 0x30,
    FIELD(ext_card_resource, "extCardResource", 0x84, BYTES),
    FIELD(ctx_params1,       "ctxParams1",      0xA2, CHOICE(TERN_CTX_PARAMS1), OPTIONAL));
#undef TYPE

#define TYPE tern_compact_signed_data
CHOICE_OF(TERN_COMPACT_SIGNED_DATA, "signedData", 0,
    ARM(TERN_COMPACT_SIGNED_DATA_IS_EUICC_SIGNED1,         euicc_signed1,         "euiccSigned1",        0x30, RECORD(TERN_EUICC_SIGNED1)),
    ARM(TERN_COMPACT_SIGNED_DATA_IS_COMPACT_EUICC_SIGNED1, compact_euicc_signed1, "compactEuiccSigned1", 0xA0, RECORD(TERN_COMPACT_EUICC_SIGNED1)));
#undef TYPE

#define TYPE tern_compact_authenticate_response_ok
SEQUENCE(TERN_COMPACT_AUTHENTICATE_RESPONSE_OK, "CompactAuthenticateResponseOk", 0x30,
    FIELD(signed_data,       "signedData",       0,      CHOICE(TERN_COMPACT_SIGNED_DATA)),
    FIELD(euicc_signature1,  "euiccSignature1",  0x5F37, BYTES),
    FIELD(euicc_certificate, "euiccCertificate", 0xA1,   X509(TERN_X509_CERTIFICATE), OPTIONAL),
    FIELD(eum_certificate,   "eumCertificate",   0xA2,   X509(TERN_X509_CERTIFICATE), OPTIONAL));
#undef TYPE

#define TYPE tern_authenticate_server_response
CHOICE_OF(TERN_AUTHENTICATE_SERVER_RESPONSE, "AuthenticateServerResponse", 0xBF38,
    ARM(TERN_AUTHENTICATE_SERVER_RESPONSE_IS_AUTHENTICATE_RESPONSE_OK,         authenticate_response_ok,         "authenticateResponseOk",        0xA0, RECORD(TERN_AUTHENTICATE_RESPONSE_OK)),
    ARM(TERN_AUTHENTICATE_SERVER_RESPONSE_IS_AUTHENTICATE_RESPONSE_ERROR,      authenticate_response_error,      "authenticateResponseError",     0xA1, RECORD(TERN_AUTHENTICATE_RESPONSE_ERROR)),
    ARM(TERN_AUTHENTICATE_SERVER_RESPONSE_IS_COMPACT_AUTHENTICATE_RESPONSE_OK, compact_authenticate_response_ok, "compactAuthenticateResponseOk", 0xA2, RECORD(TERN_COMPACT_AUTHENTICATE_RESPONSE_OK)));
#undef TYPE

#define TYPE tern_smdp_signed2
SIGNED(TERN_SMDP_SIGNED2, "SmdpSigned2", 0x30,
    FIELD(transaction_id,   "transactionId",  0x80,   BYTES, SIZE(1, 16)),
    FIELD(cc_required_flag, "ccRequiredFlag", 0x01,   BOOL),
    FIELD(bpp_euicc_otpk,   "bppEuiccOtpk",   0x5F49, BYTES, OPTIONAL));
#undef TYPE

#define TYPE tern_prepare_download_request
SEQUENCE(TERN_PREPARE_DOWNLOAD_REQUEST, "PrepareDownloadRequest", 0xBF21,
    FIELD(smdp_signed2,     "smdpSigned2",     0x30,   RECORD(TERN_SMDP_SIGNED2)),
    FIELD(smdp_signature2,  "smdpSignature2",  0x5F37, BYTES),
    FIELD(hash_cc,          "hashCc",          0x04,   BYTES, SIZE(32, 32), OPTIONAL),
    FIELD(smdp_certificate, "smdpCertificate", 0x30,   X509(TERN_X509_CERTIFICATE)));
#undef TYPE

#define TYPE tern_euicc_signed2
SIGNED(TERN_EUICC_SIGNED2, "EUICCSigned2", 0x30,
    FIELD(transaction_id, "transactionId", 0x80,   BYTES, SIZE(1, 16)),
    FIELD(euicc_otpk,     "euiccOtpk",     0x5F49, BYTES),
    FIELD(hash_cc,        "hashCc",        0x04,   BYTES, SIZE(32, 32), OPTIONAL));
#undef TYPE

#define TYPE tern_prepare_download_response_ok
SEQUENCE(TERN_PREPARE_DOWNLOAD_RESPONSE_OK, "PrepareDownloadResponseOk", 0x30,
    FIELD(euicc_signed2,    "euiccSigned2",    0x30,   RECORD(TERN_EUICC_SIGNED2)),
    FIELD(euicc_signature2, "euiccSignature2", 0x5F37, BYTES));
#undef TYPE

#define TYPE tern_prepare_download_response_error
SEQUENCE(TERN_PREPARE_DOWNLOAD_RESPONSE_ERROR, "PrepareDownloadResponseError", 0x30,
    FIELD(transaction_id,      "transactionId",     0x80, BYTES, SIZE(1, 16)),
    FIELD(download_error_code, "downloadErrorCode", 0x02, CODE(TERN_DOWNLOAD_ERROR_CODE)));
#undef TYPE

#define TYPE tern_compact_euicc_signed2
SEQUENCE(TERN_COMPACT_EUICC_SIGNED2, "CompactEuiccSigned2", 0x30,
    FIELD(euicc_otpk, "euiccOtpk", 0x5F49, BYTES, OPTIONAL),
    FIELD(hash_cc,    "hashCc",    0x04,   BYTES, SIZE(32, 32), OPTIONAL));
#undef TYPE

#define TYPE tern_compact_prepare_download_response_ok
SEQUENCE(TERN_COMPACT_PREPARE_DOWNLOAD_RESPONSE_OK, "CompactPrepareDownloadResponseOk", 0x30,
    FIELD(compact_euicc_signed2, "compactEuiccSigned2", 0x30,   RECORD(TERN_COMPACT_EUICC_SIGNED2)),
    FIELD(euicc_signature2,      "euiccSignature2",     0x5F37, BYTES));
#undef TYPE

#define TYPE tern_prepare_download_response
CHOICE_OF(TERN_PREPARE_DOWNLOAD_RESPONSE, "PrepareDownloadResponse", 0xBF21,
    ARM(TERN_PREPARE_DOWNLOAD_RESPONSE_IS_DOWNLOAD_RESPONSE_OK,         download_response_ok,         "downloadResponseOk",        0xA0, RECORD(TERN_PREPARE_DOWNLOAD_RESPONSE_OK)),
    ARM(TERN_PREPARE_DOWNLOAD_RESPONSE_IS_DOWNLOAD_RESPONSE_ERROR,      download_response_error,      "downloadResponseError",     0xA1, RECORD(TERN_PREPARE_DOWNLOAD_RESPONSE_ERROR)),
    ARM(TERN_PREPARE_DOWNLOAD_RESPONSE_IS_COMPACT_DOWNLOAD_RESPONSE_OK, compact_download_response_ok, "compactDownloadResponseOk", 0xA2, RECORD(TERN_COMPACT_PREPARE_DOWNLOAD_RESPONSE_OK)));
#undef TYPE

#define TYPE tern_cancel_session_request
SEQUENCE(TERN_CANCEL_SESSION_REQUEST, "CancelSessionRequest", 0xBF41,
    FIELD(transaction_id, "transactionId", 0x80, BYTES, SIZE(1, 16)),
    FIELD(reason,         "reason",        0x81, CODE(TERN_CANCEL_SESSION_REASON)));
#undef TYPE

#define TYPE tern_euicc_cancel_session_signed
SIGNED(TERN_EUICC_CANCEL_SESSION_SIGNED, "EuiccCancelSessionSigned", 0x30,
    FIELD(transaction_id, "transactionId", 0x80, BYTES, SIZE(1, 16)),
    FIELD(smdp_oid,       "smdpOid",       0x81, OID),
    FIELD(reason,         "reason",        0x82, CODE(TERN_CANCEL_SESSION_REASON)));
#undef TYPE

#define TYPE tern_cancel_session_response_ok
SEQUENCE(TERN_CANCEL_SESSION_RESPONSE_OK, "CancelSessionResponseOk", 0x30,
    FIELD(euicc_cancel_session_signed,    "euiccCancelSessionSigned",    0x30,   RECORD(TERN_EUICC_CANCEL_SESSION_SIGNED)),
    FIELD(euicc_cancel_session_signature, "euiccCancelSessionSignature", 0x5F37, BYTES));
#undef TYPE

#define TYPE tern_compact_euicc_cancel_session_signed
SEQUENCE(TERN_COMPACT_EUICC_CANCEL_SESSION_SIGNED, "CompactEuiccCancelSessionSigned", 0x30,
    MAYBE(reason, "reason", 0x80, CODE(TERN_CANCEL_SESSION_REASON)));
#undef TYPE

#define TYPE tern_compact_cancel_session_response_ok
SEQUENCE(TERN_COMPACT_CANCEL_SESSION_RESPONSE_OK, "CompactCancelSessionResponseOk", 0x30,
    FIELD(compact_euicc_cancel_session_signed, "compactEuiccCancelSessionSigned", 0x30,   RECORD(TERN_COMPACT_EUICC_CANCEL_SESSION_SIGNED)),
    FIELD(euicc_cancel_session_signature,      "euiccCancelSessionSignature",     0x5F37, BYTES));
#undef TYPE

#define TYPE tern_cancel_session_response
CHOICE_OF(TERN_CANCEL_SESSION_RESPONSE, "CancelSessionResponse", 0xBF41,
    ARM(TERN_CANCEL_SESSION_RESPONSE_IS_CANCEL_SESSION_RESPONSE_OK,         cancel_session_response_ok,         "cancelSessionResponseOk",        0xA0, RECORD(TERN_CANCEL_SESSION_RESPONSE_OK)),
    ARM(TERN_CANCEL_SESSION_RESPONSE_IS_CANCEL_SESSION_RESPONSE_ERROR,      cancel_session_response_error,      "cancelSessionResponseError",     0x81, CODE(TERN_CANCEL_SESSION_RESPONSE_ERROR)),
    ARM(TERN_CANCEL_SESSION_RESPONSE_IS_COMPACT_CANCEL_SESSION_RESPONSE_OK, compact_cancel_session_response_ok, "compactCancelSessionResponseOk", 0xA2, RECORD(TERN_COMPACT_CANCEL_SESSION_RESPONSE_OK)));
#undef TYPE

EMPTY(TERN_GET_EUICC_CHALLENGE_REQUEST, "GetEuiccChallengeRequest", 0xBF2E);
EMPTY(TERN_GET_EUICC_INFO1_REQUEST,     "GetEuiccInfo1Request",     0xBF20);
EMPTY(TERN_GET_EUICC_INFO2_REQUEST,     "GetEuiccInfo2Request",     0xBF22);
EMPTY(TERN_GET_RAT_REQUEST,             "GetRatRequest",            0xBF43);

#define TYPE tern_get_euicc_challenge_response
SEQUENCE(TERN_GET_EUICC_CHALLENGE_RESPONSE, "GetEuiccChallengeResponse", 0xBF2E,
    FIELD(euicc_challenge, "euiccChallenge", 0x80, BYTES, SIZE(16, 16)));
#undef TYPE

#define TYPE tern_list_notification_request
SEQUENCE(TERN_LIST_NOTIFICATION_REQUEST, "ListNotificationRequest", 0xBF28,
    MAYBE(profile_management_operation, "profileManagementOperation", 0x81, BITS(TERN_NOTIFICATION_EVENT)));
#undef TYPE

#define TYPE tern_list_notification_response
CHOICE_OF(TERN_LIST_NOTIFICATION_RESPONSE, "ListNotificationResponse", 0xBF28,
    ARM(TERN_LIST_NOTIFICATION_RESPONSE_IS_NOTIFICATION_METADATA_LIST,      notification_metadata_list,      "notificationMetadataList",     0xA0, LIST(TERN_NOTIFICATION_METADATA)),
    ARM(TERN_LIST_NOTIFICATION_RESPONSE_IS_LIST_NOTIFICATIONS_RESULT_ERROR, list_notifications_result_error, "listNotificationsResultError", 0x81, CODE(TERN_LIST_NOTIFICATIONS_RESULT_ERROR)));
#undef TYPE

#define TYPE tern_notification_search_criteria
CHOICE_OF(TERN_NOTIFICATION_SEARCH_CRITERIA, "searchCriteria", 0,
    ARM(TERN_NOTIFICATION_SEARCH_CRITERIA_IS_SEQ_NUMBER,                   seq_number,                   "seqNumber",                  0x80, UINT),
    ARM(TERN_NOTIFICATION_SEARCH_CRITERIA_IS_PROFILE_MANAGEMENT_OPERATION, profile_management_operation, "profileManagementOperation", 0x81, BITS(TERN_NOTIFICATION_EVENT)),
    NULL_ARM(TERN_NOTIFICATION_SEARCH_CRITERIA_IS_EUICC_PACKAGE_RESULTS,                                 "euiccPackageResults",        0x82));
#undef TYPE

#define TYPE tern_retrieve_notifications_list_request
SEQUENCE(TERN_RETRIEVE_NOTIFICATIONS_LIST_REQUEST, "RetrieveNotificationsListRequest", 0xBF2B,
    FIELD(search_criteria, "searchCriteria", 0xA0, CHOICE(TERN_NOTIFICATION_SEARCH_CRITERIA), OPTIONAL));
#undef TYPE

#define TYPE tern_retrieve_notifications_list_response
CHOICE_OF(TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE, "RetrieveNotificationsListResponse", 0xBF2B,
    ARM(TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE_IS_NOTIFICATION_LIST,               notification_list,               "notificationList",             0xA0, LIST(TERN_PENDING_NOTIFICATION)),
    ARM(TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE_IS_NOTIFICATIONS_LIST_RESULT_ERROR, notifications_list_result_error, "notificationsListResultError", 0x81, CODE(TERN_NOTIFICATIONS_LIST_RESULT_ERROR)),
    ARM(TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE_IS_EUICC_PACKAGE_RESULT_LIST,       euicc_package_result_list,       "euiccPackageResultList",       0xA2, LIST(TERN_EUICC_PACKAGE_RESULT)));
#undef TYPE

#define TYPE tern_notification_sent_request
SEQUENCE(TERN_NOTIFICATION_SENT_REQUEST, "NotificationSentRequest", 0xBF30,
    FIELD(seq_number, "seqNumber", 0x80, UINT));
#undef TYPE

#define TYPE tern_notification_sent_response
SEQUENCE(TERN_NOTIFICATION_SENT_RESPONSE, "NotificationSentResponse", 0xBF30,
    FIELD(delete_notification_status, "deleteNotificationStatus", 0x80, CODE(TERN_DELETE_NOTIFICATION_STATUS)));
#undef TYPE

#define TYPE tern_get_rat_response
SEQUENCE(TERN_GET_RAT_RESPONSE, "GetRatResponse", 0xBF43,
    FIELD(rat, "rat", 0xA0, LIST(TERN_PROFILE_POLICY_AUTHORISATION_RULE)));
#undef TYPE

#define TYPE tern_load_crl_request
SEQUENCE(TERN_LOAD_CRL_REQUEST, "LoadCRLRequest", 0xBF35,
    FIELD(crl, "crl", 0xA0, X509(TERN_X509_CERTIFICATE_LIST)));
#undef TYPE

#define TYPE tern_load_crl_response_ok
SEQUENCE(TERN_LOAD_CRL_RESPONSE_OK, "LoadCRLResponseOk", 0x30,
    FIELD(missing_parts, "missingParts", 0xA0, LIST(TERN_INTEGER), OPTIONAL));
#undef TYPE

#define TYPE tern_load_crl_response
CHOICE_OF(TERN_LOAD_CRL_RESPONSE, "LoadCRLResponse", 0xBF35,
    ARM(TERN_LOAD_CRL_RESPONSE_IS_LOAD_CRL_RESPONSE_OK,    load_crl_response_ok,    "loadCRLResponseOk",    0xA0, RECORD(TERN_LOAD_CRL_RESPONSE_OK)),
    ARM(TERN_LOAD_CRL_RESPONSE_IS_LOAD_CRL_RESPONSE_ERROR, load_crl_response_error, "loadCRLResponseError", 0x81, CODE(TERN_LOAD_CRL_RESPONSE_ERROR)));
#undef TYPE

#define TYPE tern_isdr_proprietary_application_template
SEQUENCE(TERN_ISDR_PROPRIETARY_APPLICATION_TEMPLATE, "ISDRProprietaryApplicationTemplate", 0xE0,
    FIELD(svn,          "svn",         0x82, BYTES, SIZE(3, 3)),
    MAYBE(lpae_support, "lpaeSupport", 0x03, BITS(TERN_LPAE_SUPPORT)));
#undef TYPE
