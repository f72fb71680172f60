/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of ESipa, ASN.1 function binding. */
#include "tern/messages/esipa.h"
#include "tern/asn_table.h"
#include "tern/messages/es8plus.h"

NAMES(TERN_IPA_FEATURES);
NAMES(TERN_IPA_SUPPORTED_PROTOCOLS);
NAMES(TERN_IPA_EUICC_DATA_ERROR_CODE);
NAMES(TERN_PROFILE_DOWNLOAD_ERROR_REASON);
NAMES(TERN_STATE_CHANGE_CAUSE);
NAMES(TERN_EIM_PACKAGE_ERROR);
NAMES(TERN_EIM_PACKAGE_RESULT_ERROR_CODE);
NAMES(TERN_PROVIDE_EIM_PACKAGE_RESULT_ERROR);
NAMES(TERN_INITIATE_AUTHENTICATION_ERROR_ESIPA);
NAMES(TERN_AUTHENTICATE_CLIENT_ERROR_ESIPA);
NAMES(TERN_GET_BOUND_PROFILE_PACKAGE_ERROR_ESIPA);
NAMES(TERN_CANCEL_SESSION_ERROR);

/* clang-format off */

#define TYPE tern_sequence_number
VALUE_OF(TERN_SEQUENCE_NUMBER, "SequenceNumber", 0x80,
    FIELD(value, "SequenceNumber", 0x80, UINT));
#undef TYPE

#define TYPE tern_eim_acknowledgements
VALUE_OF(TERN_EIM_ACKNOWLEDGEMENTS, "EimAcknowledgements", 0xBF53,
    FIELD(sequence_numbers, "EimAcknowledgements", 0xBF53, LIST(TERN_SEQUENCE_NUMBER)));
#undef TYPE

#define TYPE tern_euicc_package_result_search_criteria
CHOICE_OF(TERN_EUICC_PACKAGE_RESULT_SEARCH_CRITERIA, "searchCriteriaEuiccPackageResult", 0,
    ARM(TERN_EUICC_PACKAGE_RESULT_SEARCH_CRITERIA_IS_SEQ_NUMBER, seq_number, "seqNumber", 0x80, UINT));
#undef TYPE

#define TYPE tern_ipa_euicc_data_request
SEQUENCE(TERN_IPA_EUICC_DATA_REQUEST, "IpaEuiccDataRequest", 0xBF52,
    FIELD(tag_list,                             "tagList",                          0x5C, BYTES),
    FIELD(euicc_ci_pk_identifier_to_be_used,    "euiccCiPKIdentifierToBeUsed",      0x04, BYTES, OPTIONAL),
    FIELD(search_criteria_notification,         "searchCriteriaNotification",       0xA1, CHOICE(TERN_NOTIFICATION_SEARCH_CRITERIA), OPTIONAL),
    FIELD(search_criteria_euicc_package_result, "searchCriteriaEuiccPackageResult", 0xA2, CHOICE(TERN_EUICC_PACKAGE_RESULT_SEARCH_CRITERIA), OPTIONAL),
    FIELD(eim_transaction_id,                   "eimTransactionId",                 0x83, BYTES, SIZE(1, 16), OPTIONAL));
#undef TYPE

#define TYPE tern_ipa_capabilities
SEQUENCE(TERN_IPA_CAPABILITIES, "IpaCapabilities", 0x30,
    FIELD(ipa_features,            "ipaFeatures",           0x80, BITS(TERN_IPA_FEATURES)),
    MAYBE(ipa_supported_protocols, "ipaSupportedProtocols", 0x81, BITS(TERN_IPA_SUPPORTED_PROTOCOLS)));
#undef TYPE

/* sgp32.md 1.4: tags of v1.0. */
static const struct tern_asn_alias DATA_ALIASES[] = {
    {TERN_MERCY_VERSION_1_0, 0,  0xBF2B},
    {TERN_MERCY_VERSION_1_0, 1,  0x80  },
    {TERN_MERCY_VERSION_1_0, 10, 0x88  },
    {0,                      0,  0     },
};

#define TYPE tern_ipa_euicc_data
SEQUENCE_WITH(DATA_ALIASES, TERN_IPA_EUICC_DATA, "IpaEuiccData", 0x30,
    FIELD(notifications_list,        "notificationsList",      0xA0,   LIST(TERN_PENDING_NOTIFICATION), OPTIONAL),
    FIELD(default_smdp_address,      "defaultSmdpAddress",     0x81,   TEXT, OPTIONAL),
    FIELD(euicc_package_result_list, "euiccPackageResultList", 0xA2,   LIST(TERN_EUICC_PACKAGE_RESULT), OPTIONAL),
    FIELD(euicc_info1,               "euiccInfo1",             0xBF20, TLV(TERN_EUICC_INFO1), OPTIONAL),
    FIELD(euicc_info2,               "euiccInfo2",             0xBF22, TLV(TERN_EUICC_INFO2), OPTIONAL),
    FIELD(root_smds_address,         "rootSmdsAddress",        0x83,   TEXT, OPTIONAL),
    MAYBE(association_token,         "associationToken",       0x84,   INT),
    FIELD(eum_certificate,           "eumCertificate",         0xA5,   X509(TERN_X509_CERTIFICATE), OPTIONAL),
    FIELD(euicc_certificate,         "euiccCertificate",       0xA6,   X509(TERN_X509_CERTIFICATE), OPTIONAL),
    FIELD(eim_transaction_id,        "eimTransactionId",       0x87,   BYTES, SIZE(1, 16), OPTIONAL),
    FIELD(ipa_capabilities,          "ipaCapabilities",        0xA8,   TLV(TERN_IPA_CAPABILITIES), OPTIONAL),
    FIELD(device_info,               "deviceInfo",             0xA9,   TLV(TERN_DEVICE_INFO), OPTIONAL));
#undef TYPE

#define TYPE tern_ipa_euicc_data_response_error
SEQUENCE(TERN_IPA_EUICC_DATA_RESPONSE_ERROR, "IpaEuiccDataResponseError", 0x30,
    FIELD(eim_transaction_id,        "eimTransactionId",      0x80, BYTES, SIZE(1, 16), OPTIONAL),
    FIELD(ipa_euicc_data_error_code, "ipaEuiccDataErrorCode", 0x02, CODE(TERN_IPA_EUICC_DATA_ERROR_CODE)));
#undef TYPE

#define TYPE tern_ipa_euicc_data_response
CHOICE_OF(TERN_IPA_EUICC_DATA_RESPONSE, "IpaEuiccDataResponse", 0xBF52,
    ARM(TERN_IPA_EUICC_DATA_RESPONSE_IS_IPA_EUICC_DATA,                ipa_euicc_data,                "ipaEuiccData",              0xA0, RECORD(TERN_IPA_EUICC_DATA)),
    ARM(TERN_IPA_EUICC_DATA_RESPONSE_IS_IPA_EUICC_DATA_RESPONSE_ERROR, ipa_euicc_data_response_error, "ipaEuiccDataResponseError", 0xA1, RECORD(TERN_IPA_EUICC_DATA_RESPONSE_ERROR)));
#undef TYPE

#define TYPE tern_contact_smds
SEQUENCE(TERN_CONTACT_SMDS, "contactSmds", 0x30,
    FIELD(smds_address, "smdsAddress", 0x80, TEXT, OPTIONAL));
#undef TYPE

#define TYPE tern_profile_download_data
CHOICE_OF(TERN_PROFILE_DOWNLOAD_DATA, "ProfileDownloadData", 0,
    ARM(TERN_PROFILE_DOWNLOAD_DATA_IS_ACTIVATION_CODE,      activation_code, "activationCode",     0x80, TEXT, SIZE(0, 255)),
    NULL_ARM(TERN_PROFILE_DOWNLOAD_DATA_IS_CONTACT_DEFAULT_SMDP,             "contactDefaultSmdp", 0x81),
    ARM(TERN_PROFILE_DOWNLOAD_DATA_IS_CONTACT_SMDS,         contact_smds,    "contactSmds",        0xA2, RECORD(TERN_CONTACT_SMDS)));
#undef TYPE

#define TYPE tern_profile_download_trigger_request
SEQUENCE(TERN_PROFILE_DOWNLOAD_TRIGGER_REQUEST, "ProfileDownloadTriggerRequest", 0xBF54,
    FIELD(profile_download_data, "profileDownloadData", 0xA0, CHOICE(TERN_PROFILE_DOWNLOAD_DATA), OPTIONAL),
    FIELD(eim_transaction_id,    "eimTransactionId",    0x82, BYTES, SIZE(1, 16), OPTIONAL));
#undef TYPE

#define TYPE tern_profile_download_error
SEQUENCE(TERN_PROFILE_DOWNLOAD_ERROR, "profileDownloadError", 0x30,
    FIELD(profile_download_error_reason, "profileDownloadErrorReason", 0x80, CODE(TERN_PROFILE_DOWNLOAD_ERROR_REASON)),
    FIELD(error_response,                "errorResponse",              0x04, BYTES, OPTIONAL));
#undef TYPE

#define TYPE tern_profile_download_trigger_result_data
CHOICE_OF(TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT_DATA, "profileDownloadTriggerResultData", 0,
    ARM(TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT_DATA_IS_PROFILE_INSTALLATION_RESULT, profile_installation_result, "profileInstallationResult", 0xBF37, TLV(TERN_PROFILE_INSTALLATION_RESULT)),
    ARM(TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT_DATA_IS_PROFILE_DOWNLOAD_ERROR,      profile_download_error,      "profileDownloadError",      0x30,   RECORD(TERN_PROFILE_DOWNLOAD_ERROR)));
#undef TYPE

#define TYPE tern_profile_download_trigger_result
SEQUENCE(TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT, "ProfileDownloadTriggerResult", 0xBF54,
    FIELD(eim_transaction_id,                   "eimTransactionId",                 0x82, BYTES, SIZE(1, 16), OPTIONAL),
    FIELD(profile_download_trigger_result_data, "profileDownloadTriggerResultData", 0,    CHOICE(TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT_DATA)));
#undef TYPE

#define TYPE tern_get_eim_package_request
SEQUENCE(TERN_GET_EIM_PACKAGE_REQUEST, "GetEimPackageRequest", 0xBF4F,
    FIELD(eid_value,           "eidValue",          0x5A, BYTES, SIZE(16, 16)),
    FIELD(notify_state_change, "notifyStateChange", 0x80, PRESENT),
    MAYBE(state_change_cause,  "stateChangeCause",  0x81, CODE(TERN_STATE_CHANGE_CAUSE)),
    FIELD(r_plmn,              "rPLMN",             0x82, BYTES, SIZE(3, 3), OPTIONAL));
#undef TYPE

#define TYPE tern_get_eim_package_response
CHOICE_OF(TERN_GET_EIM_PACKAGE_RESPONSE, "GetEimPackageResponse", 0xBF4F,
    ARM(TERN_GET_EIM_PACKAGE_RESPONSE_IS_EUICC_PACKAGE_REQUEST,            euicc_package_request,            "euiccPackageRequest",           0xBF51, TLV(TERN_EUICC_PACKAGE_REQUEST)),
    ARM(TERN_GET_EIM_PACKAGE_RESPONSE_IS_IPA_EUICC_DATA_REQUEST,           ipa_euicc_data_request,           "ipaEuiccDataRequest",           0xBF52, TLV(TERN_IPA_EUICC_DATA_REQUEST)),
    ARM(TERN_GET_EIM_PACKAGE_RESPONSE_IS_PROFILE_DOWNLOAD_TRIGGER_REQUEST, profile_download_trigger_request, "profileDownloadTriggerRequest", 0xBF54, TLV(TERN_PROFILE_DOWNLOAD_TRIGGER_REQUEST)),
    ARM(TERN_GET_EIM_PACKAGE_RESPONSE_IS_EIM_PACKAGE_ERROR,                eim_package_error,                "eimPackageError",               0x02,   CODE(TERN_EIM_PACKAGE_ERROR)));
#undef TYPE

#define TYPE tern_eim_package_result_response_error
SEQUENCE(TERN_EIM_PACKAGE_RESULT_RESPONSE_ERROR, "EimPackageResultResponseError", 0x30,
    FIELD(eim_transaction_id,            "eimTransactionId",          0x80, BYTES, SIZE(1, 16), OPTIONAL),
    FIELD(eim_package_result_error_code, "eimPackageResultErrorCode", 0x02, CODE(TERN_EIM_PACKAGE_RESULT_ERROR_CODE)));
#undef TYPE

#define TYPE tern_epr_and_notifications
SEQUENCE(TERN_EPR_AND_NOTIFICATIONS, "ePRAndNotifications", 0x30,
    FIELD(euicc_package_result, "euiccPackageResult", 0xBF51, TLV(TERN_EUICC_PACKAGE_RESULT)),
    FIELD(notification_list,    "notificationList",   0xA0,   LIST(TERN_PENDING_NOTIFICATION)));
#undef TYPE

#define TYPE tern_eim_package_result
CHOICE_OF(TERN_EIM_PACKAGE_RESULT, "EimPackageResult", 0,
    ARM(TERN_EIM_PACKAGE_RESULT_IS_EUICC_PACKAGE_RESULT,              euicc_package_result,              "euiccPackageResult",            0xBF51, TLV(TERN_EUICC_PACKAGE_RESULT)),
    ARM(TERN_EIM_PACKAGE_RESULT_IS_EPR_AND_NOTIFICATIONS,             epr_and_notifications,             "ePRAndNotifications",           0x30,   RECORD(TERN_EPR_AND_NOTIFICATIONS)),
    ARM(TERN_EIM_PACKAGE_RESULT_IS_IPA_EUICC_DATA_RESPONSE,           ipa_euicc_data_response,           "ipaEuiccDataResponse",          0xBF52, TLV(TERN_IPA_EUICC_DATA_RESPONSE)),
    ARM(TERN_EIM_PACKAGE_RESULT_IS_PROFILE_DOWNLOAD_TRIGGER_RESULT,   profile_download_trigger_result,   "profileDownloadTriggerResult",  0xBF54, TLV(TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT)),
    ARM(TERN_EIM_PACKAGE_RESULT_IS_EIM_PACKAGE_RESULT_RESPONSE_ERROR, eim_package_result_response_error, "eimPackageResultResponseError", 0xA0,   RECORD(TERN_EIM_PACKAGE_RESULT_RESPONSE_ERROR)));
#undef TYPE

#define TYPE tern_provide_eim_package_result
SEQUENCE(TERN_PROVIDE_EIM_PACKAGE_RESULT, "ProvideEimPackageResult", 0xBF50,
    FIELD(eid_value,          "eidValue",         0x5A, BYTES, SIZE(16, 16), OPTIONAL),
    FIELD(eim_package_result, "eimPackageResult", 0,    CHOICE(TERN_EIM_PACKAGE_RESULT)));
#undef TYPE

#define TYPE tern_provide_eim_package_result_response
CHOICE_OF(TERN_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE, "ProvideEimPackageResultResponse", 0xBF50,
    ARM(TERN_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE_IS_EIM_ACKNOWLEDGEMENTS,             eim_acknowledgements,             "eimAcknowledgements",          0xBF53, LIST(TERN_SEQUENCE_NUMBER)),
    EMPTY_ARM(TERN_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE_IS_EMPTY_RESPONSE,                                               "emptyResponse",                0x30),
    ARM(TERN_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE_IS_PROVIDE_EIM_PACKAGE_RESULT_ERROR, provide_eim_package_result_error, "provideEimPackageResultError", 0x02,   CODE(TERN_PROVIDE_EIM_PACKAGE_RESULT_ERROR)));
#undef TYPE

#define TYPE tern_transfer_eim_package_request
CHOICE_OF(TERN_TRANSFER_EIM_PACKAGE_REQUEST, "TransferEimPackageRequest", 0xBF4E,
    ARM(TERN_TRANSFER_EIM_PACKAGE_REQUEST_IS_EUICC_PACKAGE_REQUEST,            euicc_package_request,            "euiccPackageRequest",           0xBF51, TLV(TERN_EUICC_PACKAGE_REQUEST)),
    ARM(TERN_TRANSFER_EIM_PACKAGE_REQUEST_IS_IPA_EUICC_DATA_REQUEST,           ipa_euicc_data_request,           "ipaEuiccDataRequest",           0xBF52, TLV(TERN_IPA_EUICC_DATA_REQUEST)),
    ARM(TERN_TRANSFER_EIM_PACKAGE_REQUEST_IS_EIM_ACKNOWLEDGEMENTS,             eim_acknowledgements,             "eimAcknowledgements",           0xBF53, LIST(TERN_SEQUENCE_NUMBER)),
    ARM(TERN_TRANSFER_EIM_PACKAGE_REQUEST_IS_PROFILE_DOWNLOAD_TRIGGER_REQUEST, profile_download_trigger_request, "profileDownloadTriggerRequest", 0xBF54, TLV(TERN_PROFILE_DOWNLOAD_TRIGGER_REQUEST)));
#undef TYPE

#define TYPE tern_transfer_eim_package_response
CHOICE_OF(TERN_TRANSFER_EIM_PACKAGE_RESPONSE, "TransferEimPackageResponse", 0xBF4E,
    ARM(TERN_TRANSFER_EIM_PACKAGE_RESPONSE_IS_EUICC_PACKAGE_RESULT,    euicc_package_result,    "euiccPackageResult",   0xBF51, TLV(TERN_EUICC_PACKAGE_RESULT)),
    ARM(TERN_TRANSFER_EIM_PACKAGE_RESPONSE_IS_EPR_AND_NOTIFICATIONS,   epr_and_notifications,   "ePRAndNotifications",  0x30,   RECORD(TERN_EPR_AND_NOTIFICATIONS)),
    ARM(TERN_TRANSFER_EIM_PACKAGE_RESPONSE_IS_IPA_EUICC_DATA_RESPONSE, ipa_euicc_data_response, "ipaEuiccDataResponse", 0xBF52, TLV(TERN_IPA_EUICC_DATA_RESPONSE)),
    NULL_ARM(TERN_TRANSFER_EIM_PACKAGE_RESPONSE_IS_EIM_PACKAGE_RECEIVED,                        "eimPackageReceived",   0x05),
    ARM(TERN_TRANSFER_EIM_PACKAGE_RESPONSE_IS_EIM_PACKAGE_ERROR,       eim_package_error,       "eimPackageError",      0x02,   CODE(TERN_EIM_PACKAGE_RESULT_ERROR_CODE)));
#undef TYPE

#define TYPE tern_initiate_authentication_request_esipa
SEQUENCE(TERN_INITIATE_AUTHENTICATION_REQUEST_ESIPA, "InitiateAuthenticationRequestEsipa", 0xBF39,
    FIELD(euicc_challenge,    "euiccChallenge",   0x81,   BYTES, SIZE(16, 16)),
    FIELD(smdp_address,       "smdpAddress",      0x83,   TEXT, OPTIONAL),
    FIELD(euicc_info1,        "euiccInfo1",       0xBF20, TLV(TERN_EUICC_INFO1), OPTIONAL),
    FIELD(eim_transaction_id, "eimTransactionId", 0x82,   BYTES, SIZE(1, 16), OPTIONAL));
#undef TYPE

#define TYPE tern_initiate_authentication_ok_esipa
SEQUENCE(TERN_INITIATE_AUTHENTICATION_OK_ESIPA, "InitiateAuthenticationOkEsipa", 0x30,
    FIELD(transaction_id,                    "transactionId",               0x80,   BYTES, SIZE(1, 16), OPTIONAL),
    FIELD(server_signed1,                    "serverSigned1",               0x30,   RECORD(TERN_SERVER_SIGNED1)),
    FIELD(server_signature1,                 "serverSignature1",            0x5F37, BYTES),
    FIELD(euicc_ci_pk_identifier_to_be_used, "euiccCiPKIdentifierToBeUsed", 0x04,   BYTES),
    FIELD(server_certificate,                "serverCertificate",           0x30,   X509(TERN_X509_CERTIFICATE)),
    FIELD(matching_id,                       "matchingId",                  0x0C,   TEXT, OPTIONAL),
    FIELD(ctx_params1,                       "ctxParams1",                  0xA2,   CHOICE(TERN_CTX_PARAMS1), OPTIONAL));
#undef TYPE

#define TYPE tern_initiate_authentication_response_esipa
CHOICE_OF(TERN_INITIATE_AUTHENTICATION_RESPONSE_ESIPA, "InitiateAuthenticationResponseEsipa", 0xBF39,
    ARM(TERN_INITIATE_AUTHENTICATION_RESPONSE_ESIPA_IS_INITIATE_AUTHENTICATION_OK_ESIPA,    initiate_authentication_ok_esipa,    "initiateAuthenticationOkEsipa",    0xA0, RECORD(TERN_INITIATE_AUTHENTICATION_OK_ESIPA)),
    ARM(TERN_INITIATE_AUTHENTICATION_RESPONSE_ESIPA_IS_INITIATE_AUTHENTICATION_ERROR_ESIPA, initiate_authentication_error_esipa, "initiateAuthenticationErrorEsipa", 0x81, CODE(TERN_INITIATE_AUTHENTICATION_ERROR_ESIPA)));
#undef TYPE

#define TYPE tern_authenticate_client_request
SEQUENCE(TERN_AUTHENTICATE_CLIENT_REQUEST, "AuthenticateClientRequest", 0xBF3B,
    FIELD(transaction_id,               "transactionId",              0x80,   BYTES, SIZE(1, 16)),
    FIELD(authenticate_server_response, "authenticateServerResponse", 0xBF38, TLV(TERN_AUTHENTICATE_SERVER_RESPONSE)));
#undef TYPE

#define TYPE tern_authenticate_client_ok_dp_esipa
SEQUENCE(TERN_AUTHENTICATE_CLIENT_OK_DP_ESIPA, "AuthenticateClientOkDPEsipa", 0x30,
    FIELD(transaction_id,    "transactionId",   0x80,   BYTES, SIZE(1, 16), OPTIONAL),
    FIELD(profile_meta_data, "profileMetaData", 0xBF25, TLV(TERN_STORE_METADATA_REQUEST), OPTIONAL),
    FIELD(smdp_signed2,      "smdpSigned2",     0x30,   RECORD(TERN_SMDP_SIGNED2)),
    FIELD(smdp_signature2,   "smdpSignature2",  0x5F37, BYTES),
    FIELD(smdp_certificate,  "smdpCertificate", 0x30,   X509(TERN_X509_CERTIFICATE)),
    FIELD(hash_cc,           "hashCc",          0x04,   BYTES, SIZE(32, 32), OPTIONAL));
#undef TYPE

#define TYPE tern_authenticate_client_ok_ds_esipa
SEQUENCE(TERN_AUTHENTICATE_CLIENT_OK_DS_ESIPA, "AuthenticateClientOkDSEsipa", 0x30,
    FIELD(transaction_id,           "transactionId",          0x80,   BYTES, SIZE(1, 16)),
    FIELD(profile_download_trigger, "profileDownloadTrigger", 0xBF54, TLV(TERN_PROFILE_DOWNLOAD_TRIGGER_REQUEST), OPTIONAL));
#undef TYPE

#define TYPE tern_authenticate_client_response_esipa
CHOICE_OF(TERN_AUTHENTICATE_CLIENT_RESPONSE_ESIPA, "AuthenticateClientResponseEsipa", 0xBF3B,
    ARM(TERN_AUTHENTICATE_CLIENT_RESPONSE_ESIPA_IS_AUTHENTICATE_CLIENT_OK_DP_ESIPA, authenticate_client_ok_dp_esipa, "authenticateClientOkDPEsipa",  0xA0, RECORD(TERN_AUTHENTICATE_CLIENT_OK_DP_ESIPA)),
    ARM(TERN_AUTHENTICATE_CLIENT_RESPONSE_ESIPA_IS_AUTHENTICATE_CLIENT_OK_DS_ESIPA, authenticate_client_ok_ds_esipa, "authenticateClientOkDSEsipa",  0xA1, RECORD(TERN_AUTHENTICATE_CLIENT_OK_DS_ESIPA)),
    ARM(TERN_AUTHENTICATE_CLIENT_RESPONSE_ESIPA_IS_AUTHENTICATE_CLIENT_ERROR_ESIPA, authenticate_client_error_esipa, "authenticateClientErrorEsipa", 0x82, CODE(TERN_AUTHENTICATE_CLIENT_ERROR_ESIPA)));
#undef TYPE

#define TYPE tern_get_bound_profile_package_request
SEQUENCE(TERN_GET_BOUND_PROFILE_PACKAGE_REQUEST, "GetBoundProfilePackageRequest", 0xBF3A,
    FIELD(transaction_id,            "transactionId",           0x80,   BYTES, SIZE(1, 16)),
    FIELD(prepare_download_response, "prepareDownloadResponse", 0xBF21, TLV(TERN_PREPARE_DOWNLOAD_RESPONSE)));
#undef TYPE

#define TYPE tern_get_bound_profile_package_ok_esipa
SEQUENCE(TERN_GET_BOUND_PROFILE_PACKAGE_OK_ESIPA, "GetBoundProfilePackageOkEsipa", 0x30,
    FIELD(transaction_id,        "transactionId",       0x80,   BYTES, SIZE(1, 16), OPTIONAL),
    FIELD(bound_profile_package, "boundProfilePackage", 0xBF36, TLV(TERN_BOUND_PROFILE_PACKAGE)));
#undef TYPE

#define TYPE tern_get_bound_profile_package_response_esipa
CHOICE_OF(TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA, "GetBoundProfilePackageResponseEsipa", 0xBF3A,
    ARM(TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA_IS_GET_BOUND_PROFILE_PACKAGE_OK_ESIPA,    get_bound_profile_package_ok_esipa,    "getBoundProfilePackageOkEsipa",    0xA0, RECORD(TERN_GET_BOUND_PROFILE_PACKAGE_OK_ESIPA)),
    ARM(TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA_IS_GET_BOUND_PROFILE_PACKAGE_ERROR_ESIPA, get_bound_profile_package_error_esipa, "getBoundProfilePackageErrorEsipa", 0x81, CODE(TERN_GET_BOUND_PROFILE_PACKAGE_ERROR_ESIPA)));
#undef TYPE

#define TYPE tern_handle_notification_esipa
CHOICE_OF(TERN_HANDLE_NOTIFICATION_ESIPA, "HandleNotificationEsipa", 0xBF3D,
    ARM(TERN_HANDLE_NOTIFICATION_ESIPA_IS_PENDING_NOTIFICATION,       pending_notification,       "pendingNotification",     0xA0,   CHOICE(TERN_PENDING_NOTIFICATION)),
    ARM(TERN_HANDLE_NOTIFICATION_ESIPA_IS_PROVIDE_EIM_PACKAGE_RESULT, provide_eim_package_result, "provideEimPackageResult", 0xBF50, TLV(TERN_PROVIDE_EIM_PACKAGE_RESULT)));
#undef TYPE

/* sgp22.md 10.6: a bare BF41 in place of the A1. */
static const struct tern_asn_alias CANCEL_ALIASES[] = {{TERN_MERCY_BARE_CHOICE, 1, 0xBF41}, {0, 0, 0}};

#define TYPE tern_cancel_session_request_es9
SEQUENCE_WITH(CANCEL_ALIASES, TERN_CANCEL_SESSION_REQUEST_ES9, "CancelSessionRequestEs9", 0xBF41,
    FIELD(transaction_id,          "transactionId",         0x80, BYTES, SIZE(1, 16)),
    FIELD(cancel_session_response, "cancelSessionResponse", 0xA1, TLV(TERN_CANCEL_SESSION_RESPONSE)));
#undef TYPE

#define TYPE tern_cancel_session_response_es9
CHOICE_OF(TERN_CANCEL_SESSION_RESPONSE_ES9, "CancelSessionResponseEs9", 0xBF41,
    EMPTY_ARM(TERN_CANCEL_SESSION_RESPONSE_ES9_IS_CANCEL_SESSION_OK,                      "cancelSessionOk",    0xA0),
    ARM(TERN_CANCEL_SESSION_RESPONSE_ES9_IS_CANCEL_SESSION_ERROR,   cancel_session_error, "cancelSessionError", 0x81, CODE(TERN_CANCEL_SESSION_ERROR)));
#undef TYPE

#define TYPE tern_esipa_message_from_ipa_to_eim
CHOICE_OF(TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM, "EsipaMessageFromIpaToEim", 0,
    ARM(TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_INITIATE_AUTHENTICATION_REQUEST_ESIPA,   message, "initiateAuthenticationRequestEsipa", 0xBF39, TLV(TERN_INITIATE_AUTHENTICATION_REQUEST_ESIPA)),
    ARM(TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_AUTHENTICATE_CLIENT_REQUEST_ESIPA,       message, "authenticateClientRequestEsipa",     0xBF3B, TLV(TERN_AUTHENTICATE_CLIENT_REQUEST)),
    ARM(TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_GET_BOUND_PROFILE_PACKAGE_REQUEST_ESIPA, message, "getBoundProfilePackageRequestEsipa", 0xBF3A, TLV(TERN_GET_BOUND_PROFILE_PACKAGE_REQUEST)),
    ARM(TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_CANCEL_SESSION_REQUEST_ESIPA,            message, "cancelSessionRequestEsipa",          0xBF41, TLV(TERN_CANCEL_SESSION_REQUEST_ES9)),
    ARM(TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_HANDLE_NOTIFICATION_ESIPA,               message, "handleNotificationEsipa",            0xBF3D, TLV(TERN_HANDLE_NOTIFICATION_ESIPA)),
    ARM(TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_TRANSFER_EIM_PACKAGE_RESPONSE,           message, "transferEimPackageResponse",         0xBF4E, TLV(TERN_TRANSFER_EIM_PACKAGE_RESPONSE)),
    ARM(TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_GET_EIM_PACKAGE_REQUEST,                 message, "getEimPackageRequest",               0xBF4F, TLV(TERN_GET_EIM_PACKAGE_REQUEST)),
    ARM(TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_PROVIDE_EIM_PACKAGE_RESULT,              message, "provideEimPackageResult",            0xBF50, TLV(TERN_PROVIDE_EIM_PACKAGE_RESULT)));
#undef TYPE

#define TYPE tern_esipa_message_from_eim_to_ipa
CHOICE_OF(TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA, "EsipaMessageFromEimToIpa", 0,
    ARM(TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_INITIATE_AUTHENTICATION_RESPONSE_ESIPA,   message, "initiateAuthenticationResponseEsipa", 0xBF39, TLV(TERN_INITIATE_AUTHENTICATION_RESPONSE_ESIPA)),
    ARM(TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_AUTHENTICATE_CLIENT_RESPONSE_ESIPA,       message, "authenticateClientResponseEsipa",     0xBF3B, TLV(TERN_AUTHENTICATE_CLIENT_RESPONSE_ESIPA)),
    ARM(TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA, message, "getBoundProfilePackageResponseEsipa", 0xBF3A, TLV(TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA)),
    ARM(TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_CANCEL_SESSION_RESPONSE_ESIPA,            message, "cancelSessionResponseEsipa",          0xBF41, TLV(TERN_CANCEL_SESSION_RESPONSE_ES9)),
    ARM(TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_TRANSFER_EIM_PACKAGE_REQUEST,             message, "transferEimPackageRequest",           0xBF4E, TLV(TERN_TRANSFER_EIM_PACKAGE_REQUEST)),
    ARM(TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_GET_EIM_PACKAGE_RESPONSE,                 message, "getEimPackageResponse",               0xBF4F, TLV(TERN_GET_EIM_PACKAGE_RESPONSE)),
    ARM(TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE,      message, "provideEimPackageResultResponse",     0xBF50, TLV(TERN_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE)));
#undef TYPE
