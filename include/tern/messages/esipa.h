/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ESipa, ASN.1 function binding: what the eIM and the IPA say to each other.
 *
 * A message that carries another party's message (an eUICC package, its result, a card's answer,
 * metadata, a bound profile package) keeps it whole as a TLV: relay the bytes, decode the TLV with
 * its own table when its content matters.
 *
 * The outermost types are CHOICEs without a tag of their own: TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM
 * and TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA; or look at the first tag and take the type's own table.
 *
 * Spec  SGP.32, 5.14, 6.3; sgp32.md 4, 5, 7
 */
#ifndef TERN_MESSAGES_ESIPA_H
#define TERN_MESSAGES_ESIPA_H

#include "tern/messages/es10b.h"
#include "tern/messages/esep.h"

/* Lists of codes and their comments are aligned by hand. */
/* clang-format off */

/** SequenceNumber, 80: element of EimAcknowledgements. */
struct tern_sequence_number {
    int64_t value;
};
extern const struct tern_asn_record TERN_SEQUENCE_NUMBER;

/** EimAcknowledgements, BF53. */
struct tern_eim_acknowledgements {
    struct tern_bytes sequence_numbers; /**< of TERN_SEQUENCE_NUMBER */
};
extern const struct tern_asn_record TERN_EIM_ACKNOWLEDGEMENTS;

/* IPA/eUICC data */

/** searchCriteriaEuiccPackageResult. */
struct tern_euicc_package_result_search_criteria {
    int arm;
    struct tern_bytes raw;
    int64_t seq_number;
};
enum { TERN_EUICC_PACKAGE_RESULT_SEARCH_CRITERIA_IS_SEQ_NUMBER = 1 };
extern const struct tern_asn_record TERN_EUICC_PACKAGE_RESULT_SEARCH_CRITERIA;

/** IpaEuiccDataRequest, BF52. */
struct tern_ipa_euicc_data_request {
    struct tern_bytes tag_list;                           /**< tags one after the other */
    struct tern_bytes euicc_ci_pk_identifier_to_be_used; /**< possibly truncated; may be absent */
    struct tern_notification_search_criteria search_criteria_notification; /**< arm 0: absent */
    struct tern_euicc_package_result_search_criteria search_criteria_euicc_package_result;
    struct tern_bytes eim_transaction_id;
};
extern const struct tern_asn_record TERN_IPA_EUICC_DATA_REQUEST;

#define TERN_IPA_FEATURES_LIST(X, P)                                              \
    X(P, directRspServerCommunication, 0) X(P, indirectRspServerCommunication, 1) \
    X(P, eimDownloadDataHandling, 2) X(P, eimCtxParams1Generation, 3)             \
    X(P, eimProfileMetadataVerification, 4) X(P, minimizeEsipaBytes, 5)
TERN_BITS_NAMED(tern_ipa_features, TERN_IPA_FEATURES);

#define TERN_IPA_SUPPORTED_PROTOCOLS_LIST(X, P)                                 \
    X(P, ipaRetrieveHttps, 0) X(P, ipaRetrieveCoaps, 1) X(P, ipaInjectHttps, 2) \
    X(P, ipaInjectCoaps, 3) X(P, ipaProprietary, 4)
TERN_BITS_NAMED(tern_ipa_supported_protocols, TERN_IPA_SUPPORTED_PROTOCOLS);

/** IpaCapabilities. */
struct tern_ipa_capabilities {
    uint64_t ipa_features;
    bool has_ipa_supported_protocols;
    uint64_t ipa_supported_protocols;
};
extern const struct tern_asn_record TERN_IPA_CAPABILITIES;

/** IpaEuiccData. Everything may be absent. Tags that a tagList names: sgp32.md 4.2. */
struct tern_ipa_euicc_data {
    struct tern_bytes notifications_list; /**< of TERN_PENDING_NOTIFICATION */
    struct tern_bytes default_smdp_address;
    struct tern_bytes euicc_package_result_list; /**< of TERN_EUICC_PACKAGE_RESULT */
    struct tern_bytes euicc_info1;               /**< TLV, BF20 */
    struct tern_bytes euicc_info2;               /**< TLV, BF22 */
    struct tern_bytes root_smds_address;
    bool has_association_token;
    int64_t association_token;
    struct tern_bytes eum_certificate;   /**< A5 in place of 30 */
    struct tern_bytes euicc_certificate; /**< A6 in place of 30 */
    struct tern_bytes eim_transaction_id;
    struct tern_bytes ipa_capabilities; /**< TLV of TERN_IPA_CAPABILITIES, A8 */
    struct tern_bytes device_info;      /**< TLV of TERN_DEVICE_INFO, A9 */
};
extern const struct tern_asn_record TERN_IPA_EUICC_DATA;

#define TERN_IPA_EUICC_DATA_ERROR_CODE_LIST(X, P)                                 \
    X(P, incorrectTagList, 1) X(P, euiccCiPKIdNotFound, 5) X(P, ecallActive, 104) \
    X(P, undefinedError, 127)
TERN_CODES(tern_ipa_euicc_data_error_code, TERN_IPA_EUICC_DATA_ERROR_CODE);

/** IpaEuiccDataResponseError. */
struct tern_ipa_euicc_data_response_error {
    struct tern_bytes eim_transaction_id;
    int64_t ipa_euicc_data_error_code;
};
extern const struct tern_asn_record TERN_IPA_EUICC_DATA_RESPONSE_ERROR;

/** IpaEuiccDataResponse, BF52. */
struct tern_ipa_euicc_data_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_ipa_euicc_data ipa_euicc_data;
        struct tern_ipa_euicc_data_response_error ipa_euicc_data_response_error;
    };
};
enum {
    TERN_IPA_EUICC_DATA_RESPONSE_IS_IPA_EUICC_DATA = 1,
    TERN_IPA_EUICC_DATA_RESPONSE_IS_IPA_EUICC_DATA_RESPONSE_ERROR,
};
extern const struct tern_asn_record TERN_IPA_EUICC_DATA_RESPONSE;

/* Download trigger */

/** contactSmds. */
struct tern_contact_smds {
    struct tern_bytes smds_address; /**< may be absent */
};
extern const struct tern_asn_record TERN_CONTACT_SMDS;

/** ProfileDownloadData. */
struct tern_profile_download_data {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes activation_code;
        struct tern_contact_smds contact_smds;
    };
};
enum {
    TERN_PROFILE_DOWNLOAD_DATA_IS_ACTIVATION_CODE = 1,
    TERN_PROFILE_DOWNLOAD_DATA_IS_CONTACT_DEFAULT_SMDP,
    TERN_PROFILE_DOWNLOAD_DATA_IS_CONTACT_SMDS,
};
extern const struct tern_asn_record TERN_PROFILE_DOWNLOAD_DATA;

/** ProfileDownloadTriggerRequest, BF54. */
struct tern_profile_download_trigger_request {
    struct tern_profile_download_data profile_download_data; /**< may be absent: arm 0 */
    struct tern_bytes eim_transaction_id;
};
extern const struct tern_asn_record TERN_PROFILE_DOWNLOAD_TRIGGER_REQUEST;

#define TERN_PROFILE_DOWNLOAD_ERROR_REASON_LIST(X, P) \
    X(P, ecallActive, 104) X(P, undefinedError, 127)
TERN_CODES(tern_profile_download_error_reason, TERN_PROFILE_DOWNLOAD_ERROR_REASON);

/** profileDownloadError. */
struct tern_profile_download_error {
    int64_t profile_download_error_reason;
    struct tern_bytes error_response; /**< may be absent */
};
extern const struct tern_asn_record TERN_PROFILE_DOWNLOAD_ERROR;

/** profileDownloadTriggerResultData. */
struct tern_profile_download_trigger_result_data {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes profile_installation_result; /**< TLV, BF37 */
        struct tern_profile_download_error profile_download_error;
    };
};
enum {
    TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT_DATA_IS_PROFILE_INSTALLATION_RESULT = 1,
    TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT_DATA_IS_PROFILE_DOWNLOAD_ERROR,
};
extern const struct tern_asn_record TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT_DATA;

/** ProfileDownloadTriggerResult, BF54. */
struct tern_profile_download_trigger_result {
    struct tern_bytes eim_transaction_id;
    struct tern_profile_download_trigger_result_data profile_download_trigger_result_data;
};
extern const struct tern_asn_record TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT;

/* Packages: GetEimPackage, ProvideEimPackageResult, TransferEimPackage */

#define TERN_STATE_CHANGE_CAUSE_LIST(X, P)                                       \
    X(P, otherEim, 0) X(P, fallback, 1) X(P, emergencyProfile, 2) X(P, local, 3) \
    X(P, reset, 4) X(P, immediateEnableProfile, 5) X(P, deviceChange, 6)         \
    X(P, undefined, 127)
TERN_CODES(tern_state_change_cause, TERN_STATE_CHANGE_CAUSE);

/** GetEimPackageRequest, BF4F. */
struct tern_get_eim_package_request {
    struct tern_bytes eid_value;
    bool notify_state_change;
    bool has_state_change_cause;
    int64_t state_change_cause;
    struct tern_bytes r_plmn; /**< 3 bytes as in TS 24.008, or absent */
};
extern const struct tern_asn_record TERN_GET_EIM_PACKAGE_REQUEST;

#define TERN_EIM_PACKAGE_ERROR_LIST(X, P)                                   \
    X(P, noEimPackageAvailable, 1) X(P, eidNotFound, 2) X(P, invalidEid, 3) \
    X(P, missingEid, 4) X(P, undefinedError, 127)
TERN_CODES(tern_eim_package_error, TERN_EIM_PACKAGE_ERROR);

/** GetEimPackageResponse, BF4F. An arm of TERN_ASN_RAW is an unknown package. */
struct tern_get_eim_package_response {
    int arm;
    struct tern_bytes raw; /**< the chosen package whole */
    union {
        struct tern_bytes euicc_package_request;            /**< TLV, BF51 */
        struct tern_bytes ipa_euicc_data_request;           /**< TLV, BF52 */
        struct tern_bytes profile_download_trigger_request; /**< TLV, BF54 */
        int64_t eim_package_error;
    };
};
enum {
    TERN_GET_EIM_PACKAGE_RESPONSE_IS_EUICC_PACKAGE_REQUEST = 1,
    TERN_GET_EIM_PACKAGE_RESPONSE_IS_IPA_EUICC_DATA_REQUEST,
    TERN_GET_EIM_PACKAGE_RESPONSE_IS_PROFILE_DOWNLOAD_TRIGGER_REQUEST,
    TERN_GET_EIM_PACKAGE_RESPONSE_IS_EIM_PACKAGE_ERROR,
};
extern const struct tern_asn_record TERN_GET_EIM_PACKAGE_RESPONSE;

#define TERN_EIM_PACKAGE_RESULT_ERROR_CODE_LIST(X, P)                               \
    X(P, invalidPackageFormat, 1) X(P, unknownPackage, 2) X(P, undefinedError, 127)
TERN_CODES(tern_eim_package_result_error_code, TERN_EIM_PACKAGE_RESULT_ERROR_CODE);

/** EimPackageResultResponseError. */
struct tern_eim_package_result_response_error {
    struct tern_bytes eim_transaction_id;
    int64_t eim_package_result_error_code;
};
extern const struct tern_asn_record TERN_EIM_PACKAGE_RESULT_RESPONSE_ERROR;

/** ePRAndNotifications. */
struct tern_epr_and_notifications {
    struct tern_bytes euicc_package_result; /**< TLV of TERN_EUICC_PACKAGE_RESULT, BF51 */
    struct tern_bytes notification_list;    /**< of TERN_PENDING_NOTIFICATION */
};
extern const struct tern_asn_record TERN_EPR_AND_NOTIFICATIONS;

/** EimPackageResult. */
struct tern_eim_package_result {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes euicc_package_result; /**< TLV, BF51 */
        struct tern_epr_and_notifications epr_and_notifications;
        struct tern_bytes ipa_euicc_data_response;         /**< TLV, BF52 */
        struct tern_bytes profile_download_trigger_result; /**< TLV, BF54 */
        struct tern_eim_package_result_response_error eim_package_result_response_error;
    };
};
enum {
    TERN_EIM_PACKAGE_RESULT_IS_EUICC_PACKAGE_RESULT = 1,
    TERN_EIM_PACKAGE_RESULT_IS_EPR_AND_NOTIFICATIONS,
    TERN_EIM_PACKAGE_RESULT_IS_IPA_EUICC_DATA_RESPONSE,
    TERN_EIM_PACKAGE_RESULT_IS_PROFILE_DOWNLOAD_TRIGGER_RESULT,
    TERN_EIM_PACKAGE_RESULT_IS_EIM_PACKAGE_RESULT_RESPONSE_ERROR,
};
extern const struct tern_asn_record TERN_EIM_PACKAGE_RESULT;

/** ProvideEimPackageResult, BF50. */
struct tern_provide_eim_package_result {
    struct tern_bytes eid_value; /**< may be absent */
    struct tern_eim_package_result eim_package_result;
};
extern const struct tern_asn_record TERN_PROVIDE_EIM_PACKAGE_RESULT;

#define TERN_PROVIDE_EIM_PACKAGE_RESULT_ERROR_LIST(X, P)                                   \
    X(P, eidNotFound, 2) X(P, invalidEid, 3) X(P, missingEid, 4) X(P, undefinedError, 127)
TERN_CODES(tern_provide_eim_package_result_error, TERN_PROVIDE_EIM_PACKAGE_RESULT_ERROR);

/** ProvideEimPackageResultResponse, BF50. */
struct tern_provide_eim_package_result_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes eim_acknowledgements; /**< of TERN_SEQUENCE_NUMBER */
        int64_t provide_eim_package_result_error;
    };
};
enum {
    TERN_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE_IS_EIM_ACKNOWLEDGEMENTS = 1,
    TERN_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE_IS_EMPTY_RESPONSE,
    TERN_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE_IS_PROVIDE_EIM_PACKAGE_RESULT_ERROR,
};
extern const struct tern_asn_record TERN_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE;

/** TransferEimPackageRequest, BF4E. */
struct tern_transfer_eim_package_request {
    int arm;
    struct tern_bytes raw; /**< the chosen package whole */
    union {
        struct tern_bytes euicc_package_request;            /**< TLV, BF51 */
        struct tern_bytes ipa_euicc_data_request;           /**< TLV, BF52 */
        struct tern_bytes eim_acknowledgements;             /**< of TERN_SEQUENCE_NUMBER */
        struct tern_bytes profile_download_trigger_request; /**< TLV, BF54 */
    };
};
enum {
    TERN_TRANSFER_EIM_PACKAGE_REQUEST_IS_EUICC_PACKAGE_REQUEST = 1,
    TERN_TRANSFER_EIM_PACKAGE_REQUEST_IS_IPA_EUICC_DATA_REQUEST,
    TERN_TRANSFER_EIM_PACKAGE_REQUEST_IS_EIM_ACKNOWLEDGEMENTS,
    TERN_TRANSFER_EIM_PACKAGE_REQUEST_IS_PROFILE_DOWNLOAD_TRIGGER_REQUEST,
};
extern const struct tern_asn_record TERN_TRANSFER_EIM_PACKAGE_REQUEST;

/** TransferEimPackageResponse, BF4E. Its errors are enum tern_eim_package_result_error_code. */
struct tern_transfer_eim_package_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes euicc_package_result; /**< TLV, BF51 */
        struct tern_epr_and_notifications epr_and_notifications;
        struct tern_bytes ipa_euicc_data_response; /**< TLV, BF52 */
        int64_t eim_package_error;
    };
};
enum {
    TERN_TRANSFER_EIM_PACKAGE_RESPONSE_IS_EUICC_PACKAGE_RESULT = 1,
    TERN_TRANSFER_EIM_PACKAGE_RESPONSE_IS_EPR_AND_NOTIFICATIONS,
    TERN_TRANSFER_EIM_PACKAGE_RESPONSE_IS_IPA_EUICC_DATA_RESPONSE,
    TERN_TRANSFER_EIM_PACKAGE_RESPONSE_IS_EIM_PACKAGE_RECEIVED,
    TERN_TRANSFER_EIM_PACKAGE_RESPONSE_IS_EIM_PACKAGE_ERROR,
};
extern const struct tern_asn_record TERN_TRANSFER_EIM_PACKAGE_RESPONSE;

/* Download through the eIM */

/** InitiateAuthenticationRequestEsipa, BF39. */
struct tern_initiate_authentication_request_esipa {
    struct tern_bytes euicc_challenge;
    struct tern_bytes smdp_address;
    struct tern_bytes euicc_info1; /**< TLV, BF20 */
    struct tern_bytes eim_transaction_id;
};
extern const struct tern_asn_record TERN_INITIATE_AUTHENTICATION_REQUEST_ESIPA;

/** InitiateAuthenticationOkEsipa. */
struct tern_initiate_authentication_ok_esipa {
    struct tern_bytes transaction_id;
    struct tern_server_signed1 server_signed1;
    struct tern_bytes server_signature1;
    struct tern_bytes euicc_ci_pk_identifier_to_be_used;
    struct tern_bytes server_certificate;
    struct tern_bytes matching_id;
    struct tern_ctx_params1 ctx_params1; /**< may be absent: arm 0 */
};
extern const struct tern_asn_record TERN_INITIATE_AUTHENTICATION_OK_ESIPA;

#define TERN_INITIATE_AUTHENTICATION_ERROR_ESIPA_LIST(X, P)                             \
    X(P, invalidDpAddress, 1) X(P, euiccVersionNotSupportedByDp, 2)                     \
    X(P, ciPKIdNotSupported, 3) X(P, smdpAddressMismatch, 50) X(P, smdpOidMismatch, 51) \
    X(P, invalidEimTransactionId, 52) X(P, undefinedError, 127)
TERN_CODES(tern_initiate_authentication_error_esipa, TERN_INITIATE_AUTHENTICATION_ERROR_ESIPA);

/** InitiateAuthenticationResponseEsipa, BF39. */
struct tern_initiate_authentication_response_esipa {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_initiate_authentication_ok_esipa initiate_authentication_ok_esipa;
        int64_t initiate_authentication_error_esipa;
    };
};
enum {
    TERN_INITIATE_AUTHENTICATION_RESPONSE_ESIPA_IS_INITIATE_AUTHENTICATION_OK_ESIPA = 1,
    TERN_INITIATE_AUTHENTICATION_RESPONSE_ESIPA_IS_INITIATE_AUTHENTICATION_ERROR_ESIPA,
};
extern const struct tern_asn_record TERN_INITIATE_AUTHENTICATION_RESPONSE_ESIPA;

/** AuthenticateClientRequestEsipa, BF3B; ES9+ has the same. */
struct tern_authenticate_client_request {
    struct tern_bytes transaction_id;
    struct tern_bytes authenticate_server_response; /**< TLV, BF38 */
};
extern const struct tern_asn_record TERN_AUTHENTICATE_CLIENT_REQUEST;

/** AuthenticateClientOkDPEsipa. */
struct tern_authenticate_client_ok_dp_esipa {
    struct tern_bytes transaction_id;
    struct tern_bytes profile_meta_data; /**< TLV of TERN_STORE_METADATA_REQUEST, BF25 */
    struct tern_smdp_signed2 smdp_signed2;
    struct tern_bytes smdp_signature2;
    struct tern_bytes smdp_certificate;
    struct tern_bytes hash_cc;
};
extern const struct tern_asn_record TERN_AUTHENTICATE_CLIENT_OK_DP_ESIPA;

/** AuthenticateClientOkDSEsipa. */
struct tern_authenticate_client_ok_ds_esipa {
    struct tern_bytes transaction_id;
    struct tern_bytes profile_download_trigger; /**< TLV, BF54; may be absent */
};
extern const struct tern_asn_record TERN_AUTHENTICATE_CLIENT_OK_DS_ESIPA;

#define TERN_AUTHENTICATE_CLIENT_ERROR_ESIPA_LIST(X, P)                            \
    X(P, eumCertificateInvalid, 1) X(P, eumCertificateExpired, 2)                  \
    X(P, euiccCertificateInvalid, 3) X(P, euiccCertificateExpired, 4)              \
    X(P, euiccSignatureInvalid, 5) X(P, matchingIdRefused, 6) X(P, eidMismatch, 7) \
    X(P, noEligibleProfile, 8) X(P, ciPKUnknown, 9) X(P, invalidTransactionId, 10) \
    X(P, insufficientMemory, 11) X(P, pprNotAllowed, 50) X(P, eventIdUnknown, 56)  \
    X(P, undefinedError, 127)
TERN_CODES(tern_authenticate_client_error_esipa, TERN_AUTHENTICATE_CLIENT_ERROR_ESIPA);

/** AuthenticateClientResponseEsipa, BF3B. */
struct tern_authenticate_client_response_esipa {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_authenticate_client_ok_dp_esipa authenticate_client_ok_dp_esipa;
        struct tern_authenticate_client_ok_ds_esipa authenticate_client_ok_ds_esipa;
        int64_t authenticate_client_error_esipa;
    };
};
enum {
    TERN_AUTHENTICATE_CLIENT_RESPONSE_ESIPA_IS_AUTHENTICATE_CLIENT_OK_DP_ESIPA = 1,
    TERN_AUTHENTICATE_CLIENT_RESPONSE_ESIPA_IS_AUTHENTICATE_CLIENT_OK_DS_ESIPA,
    TERN_AUTHENTICATE_CLIENT_RESPONSE_ESIPA_IS_AUTHENTICATE_CLIENT_ERROR_ESIPA,
};
extern const struct tern_asn_record TERN_AUTHENTICATE_CLIENT_RESPONSE_ESIPA;

/** GetBoundProfilePackageRequestEsipa, BF3A; ES9+ has the same. */
struct tern_get_bound_profile_package_request {
    struct tern_bytes transaction_id;
    struct tern_bytes prepare_download_response; /**< TLV, BF21 */
};
extern const struct tern_asn_record TERN_GET_BOUND_PROFILE_PACKAGE_REQUEST;

/** GetBoundProfilePackageOkEsipa. */
struct tern_get_bound_profile_package_ok_esipa {
    struct tern_bytes transaction_id;
    struct tern_bytes bound_profile_package; /**< TLV, BF36 */
};
extern const struct tern_asn_record TERN_GET_BOUND_PROFILE_PACKAGE_OK_ESIPA;

#define TERN_GET_BOUND_PROFILE_PACKAGE_ERROR_ESIPA_LIST(X, P)                             \
    X(P, euiccSignatureInvalid, 1) X(P, confirmationCodeMissing, 2)                       \
    X(P, confirmationCodeRefused, 3) X(P, confirmationCodeRetriesExceeded, 4)             \
    X(P, bppRebindingRefused, 5) X(P, downloadOrderExpired, 6) X(P, metadataMismatch, 50) \
    X(P, invalidTransactionId, 95) X(P, undefinedError, 127)
TERN_CODES(tern_get_bound_profile_package_error_esipa, TERN_GET_BOUND_PROFILE_PACKAGE_ERROR_ESIPA);

/** GetBoundProfilePackageResponseEsipa, BF3A. */
struct tern_get_bound_profile_package_response_esipa {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_get_bound_profile_package_ok_esipa get_bound_profile_package_ok_esipa;
        int64_t get_bound_profile_package_error_esipa;
    };
};
enum {
    TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA_IS_GET_BOUND_PROFILE_PACKAGE_OK_ESIPA = 1,
    TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA_IS_GET_BOUND_PROFILE_PACKAGE_ERROR_ESIPA,
};
extern const struct tern_asn_record TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA;

/** HandleNotificationEsipa, BF3D. pendingNotification.raw is what is forwarded. */
struct tern_handle_notification_esipa {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_pending_notification pending_notification;
        struct tern_bytes provide_eim_package_result; /**< TLV, BF50 */
    };
};
enum {
    TERN_HANDLE_NOTIFICATION_ESIPA_IS_PENDING_NOTIFICATION = 1,
    TERN_HANDLE_NOTIFICATION_ESIPA_IS_PROVIDE_EIM_PACKAGE_RESULT,
};
extern const struct tern_asn_record TERN_HANDLE_NOTIFICATION_ESIPA;

/** CancelSessionRequestEsipa, BF41; CancelSessionRequestEs9 is the same. Give the card's BF41. */
struct tern_cancel_session_request_es9 {
    struct tern_bytes transaction_id;
    struct tern_bytes cancel_session_response; /**< TLV, A1 in place of BF41 */
};
extern const struct tern_asn_record TERN_CANCEL_SESSION_REQUEST_ES9;

#define TERN_CANCEL_SESSION_ERROR_LIST(X, P)                                               \
    X(P, invalidTransactionId, 1) X(P, euiccSignatureInvalid, 2) X(P, undefinedError, 127)
TERN_CODES(tern_cancel_session_error, TERN_CANCEL_SESSION_ERROR);

/** CancelSessionResponseEsipa, BF41; CancelSessionResponseEs9 is the same. */
struct tern_cancel_session_response_es9 {
    int arm;
    struct tern_bytes raw;
    int64_t cancel_session_error;
};
enum {
    TERN_CANCEL_SESSION_RESPONSE_ES9_IS_CANCEL_SESSION_OK = 1,
    TERN_CANCEL_SESSION_RESPONSE_ES9_IS_CANCEL_SESSION_ERROR,
};
extern const struct tern_asn_record TERN_CANCEL_SESSION_RESPONSE_ES9;

/* The outermost types. Each arm keeps the message whole; `raw` is the same bytes. */

/** EsipaMessageFromIpaToEim. */
struct tern_esipa_message_from_ipa_to_eim {
    int arm;
    struct tern_bytes raw;
    struct tern_bytes message; /**< TLV of the type that the arm names */
};
enum {
    TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_INITIATE_AUTHENTICATION_REQUEST_ESIPA = 1,
    TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_AUTHENTICATE_CLIENT_REQUEST_ESIPA,
    TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_GET_BOUND_PROFILE_PACKAGE_REQUEST_ESIPA,
    TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_CANCEL_SESSION_REQUEST_ESIPA,
    TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_HANDLE_NOTIFICATION_ESIPA,
    TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_TRANSFER_EIM_PACKAGE_RESPONSE,
    TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_GET_EIM_PACKAGE_REQUEST,
    TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM_IS_PROVIDE_EIM_PACKAGE_RESULT,
};
extern const struct tern_asn_record TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM;

/** EsipaMessageFromEimToIpa. */
struct tern_esipa_message_from_eim_to_ipa {
    int arm;
    struct tern_bytes raw;
    struct tern_bytes message; /**< TLV of the type that the arm names */
};
enum {
    TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_INITIATE_AUTHENTICATION_RESPONSE_ESIPA = 1,
    TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_AUTHENTICATE_CLIENT_RESPONSE_ESIPA,
    TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA,
    TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_CANCEL_SESSION_RESPONSE_ESIPA,
    TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_TRANSFER_EIM_PACKAGE_REQUEST,
    TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_GET_EIM_PACKAGE_RESPONSE,
    TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA_IS_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE,
};
extern const struct tern_asn_record TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA;

#endif
