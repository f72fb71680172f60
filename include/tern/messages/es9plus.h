/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ES9+ and ES11, ASN.1 function binding: LPA, IPA or eIM to SM-DP+ and SM-DS. The JSON binding
 * carries the same objects in base64; the requests that it shares with ESipa are in
 * messages/esipa.h: tern_authenticate_client_request, tern_get_bound_profile_package_request,
 * tern_cancel_session_request_es9, tern_cancel_session_response_es9. ES12 has no ASN.1 binding.
 *
 * Spec  SGP.22, 5.6, 5.8, 6.6; sgp22.md 10.6, 11
 */
#ifndef TERN_MESSAGES_ES9PLUS_H
#define TERN_MESSAGES_ES9PLUS_H

#include "tern/messages/es8plus.h"
#include "tern/messages/esipa.h"

/* Lists of codes and their comments are aligned by hand. */
/* clang-format off */

/** InitiateAuthenticationRequest, BF39. */
struct tern_initiate_authentication_request {
    struct tern_bytes euicc_challenge;
    struct tern_bytes smdp_address;
    struct tern_bytes euicc_info1; /**< TLV, BF20 */
};
extern const struct tern_asn_record TERN_INITIATE_AUTHENTICATION_REQUEST;

/** InitiateAuthenticationOkEs9. */
struct tern_initiate_authentication_ok_es9 {
    struct tern_bytes transaction_id;
    struct tern_server_signed1 server_signed1;
    struct tern_bytes server_signature1;
    struct tern_bytes euicc_ci_pk_id_to_be_used;
    struct tern_bytes server_certificate;
};
extern const struct tern_asn_record TERN_INITIATE_AUTHENTICATION_OK_ES9;

#define TERN_INITIATE_AUTHENTICATION_ERROR_LIST(X, P)               \
    X(P, invalidDpAddress, 1) X(P, euiccVersionNotSupportedByDp, 2) \
    X(P, ciPKNotSupported, 3)
TERN_CODES(tern_initiate_authentication_error, TERN_INITIATE_AUTHENTICATION_ERROR);

/** InitiateAuthenticationResponse, BF39. */
struct tern_initiate_authentication_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_initiate_authentication_ok_es9 initiate_authentication_ok;
        int64_t initiate_authentication_error;
    };
};
enum {
    TERN_INITIATE_AUTHENTICATION_RESPONSE_IS_INITIATE_AUTHENTICATION_OK = 1,
    TERN_INITIATE_AUTHENTICATION_RESPONSE_IS_INITIATE_AUTHENTICATION_ERROR,
};
extern const struct tern_asn_record TERN_INITIATE_AUTHENTICATION_RESPONSE;

/** AuthenticateClientOk. */
struct tern_authenticate_client_ok {
    struct tern_bytes transaction_id;
    struct tern_bytes profile_meta_data; /**< TLV of TERN_STORE_METADATA_REQUEST, BF25 */
    struct tern_smdp_signed2 smdp_signed2;
    struct tern_bytes smdp_signature2;
    struct tern_bytes smdp_certificate;
};
extern const struct tern_asn_record TERN_AUTHENTICATE_CLIENT_OK;

#define TERN_AUTHENTICATE_CLIENT_ERROR_LIST(X, P)                                  \
    X(P, eumCertificateInvalid, 1) X(P, eumCertificateExpired, 2)                  \
    X(P, euiccCertificateInvalid, 3) X(P, euiccCertificateExpired, 4)              \
    X(P, euiccSignatureInvalid, 5) X(P, matchingIdRefused, 6) X(P, eidMismatch, 7) \
    X(P, noEligibleProfile, 8) X(P, ciPKUnknown, 9) X(P, invalidTransactionId, 10) \
    X(P, insufficientMemory, 11) X(P, undefinedError, 127)
TERN_CODES(tern_authenticate_client_error, TERN_AUTHENTICATE_CLIENT_ERROR);

/** AuthenticateClientResponseEs9, BF3B. */
struct tern_authenticate_client_response_es9 {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_authenticate_client_ok authenticate_client_ok;
        int64_t authenticate_client_error;
    };
};
enum {
    TERN_AUTHENTICATE_CLIENT_RESPONSE_ES9_IS_AUTHENTICATE_CLIENT_OK = 1,
    TERN_AUTHENTICATE_CLIENT_RESPONSE_ES9_IS_AUTHENTICATE_CLIENT_ERROR,
};
extern const struct tern_asn_record TERN_AUTHENTICATE_CLIENT_RESPONSE_ES9;

/** GetBoundProfilePackageOk. */
struct tern_get_bound_profile_package_ok {
    struct tern_bytes transaction_id;
    struct tern_bytes bound_profile_package; /**< TLV, BF36 */
};
extern const struct tern_asn_record TERN_GET_BOUND_PROFILE_PACKAGE_OK;

#define TERN_GET_BOUND_PROFILE_PACKAGE_ERROR_LIST(X, P)                       \
    X(P, euiccSignatureInvalid, 1) X(P, confirmationCodeMissing, 2)           \
    X(P, confirmationCodeRefused, 3) X(P, confirmationCodeRetriesExceeded, 4) \
    X(P, bppRebindingRefused, 5) X(P, downloadOrderExpired, 6)                \
    X(P, invalidTransactionId, 95) X(P, undefinedError, 127)
TERN_CODES(tern_get_bound_profile_package_error, TERN_GET_BOUND_PROFILE_PACKAGE_ERROR);

/** GetBoundProfilePackageResponse, BF3A. */
struct tern_get_bound_profile_package_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_get_bound_profile_package_ok get_bound_profile_package_ok;
        int64_t get_bound_profile_package_error;
    };
};
enum {
    TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_IS_GET_BOUND_PROFILE_PACKAGE_OK = 1,
    TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_IS_GET_BOUND_PROFILE_PACKAGE_ERROR,
};
extern const struct tern_asn_record TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE;

/** HandleNotification, BF3D. The compact arms are not for ES9+. */
struct tern_handle_notification {
    struct tern_pending_notification pending_notification;
};
extern const struct tern_asn_record TERN_HANDLE_NOTIFICATION;

/* ES11 */

/** EventEntries. */
struct tern_event_entries {
    struct tern_bytes event_id;
    struct tern_bytes rsp_server_address;
};
extern const struct tern_asn_record TERN_EVENT_ENTRIES;

/** AuthenticateClientOkEs11. */
struct tern_authenticate_client_ok_es11 {
    struct tern_bytes transaction_id;
    struct tern_bytes event_entries; /**< of TERN_EVENT_ENTRIES */
};
extern const struct tern_asn_record TERN_AUTHENTICATE_CLIENT_OK_ES11;

#define TERN_AUTHENTICATE_CLIENT_ERROR_ES11_LIST(X, P)                                   \
    X(P, eumCertificateInvalid, 1) X(P, eumCertificateExpired, 2)                        \
    X(P, euiccCertificateInvalid, 3) X(P, euiccCertificateExpired, 4)                    \
    X(P, euiccSignatureInvalid, 5) X(P, eventIdUnknown, 6) X(P, invalidTransactionId, 7) \
    X(P, undefinedError, 127)
TERN_CODES(tern_authenticate_client_error_es11, TERN_AUTHENTICATE_CLIENT_ERROR_ES11);

/** AuthenticateClientResponseEs11, BF40. */
struct tern_authenticate_client_response_es11 {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_authenticate_client_ok_es11 authenticate_client_ok;
        int64_t authenticate_client_error;
    };
};
enum {
    TERN_AUTHENTICATE_CLIENT_RESPONSE_ES11_IS_AUTHENTICATE_CLIENT_OK = 1,
    TERN_AUTHENTICATE_CLIENT_RESPONSE_ES11_IS_AUTHENTICATE_CLIENT_ERROR,
};
extern const struct tern_asn_record TERN_AUTHENTICATE_CLIENT_RESPONSE_ES11;

/* The outermost types, A2. Each arm keeps the message whole. */

/** RemoteProfileProvisioningRequest. */
struct tern_remote_profile_provisioning_request {
    int arm;
    struct tern_bytes raw;
    struct tern_bytes message; /**< TLV of the type that the arm names */
};
enum {
    TERN_REMOTE_PROFILE_PROVISIONING_REQUEST_IS_INITIATE_AUTHENTICATION_REQUEST = 1,
    TERN_REMOTE_PROFILE_PROVISIONING_REQUEST_IS_AUTHENTICATE_CLIENT_REQUEST,
    TERN_REMOTE_PROFILE_PROVISIONING_REQUEST_IS_GET_BOUND_PROFILE_PACKAGE_REQUEST,
    TERN_REMOTE_PROFILE_PROVISIONING_REQUEST_IS_CANCEL_SESSION_REQUEST_ES9,
    TERN_REMOTE_PROFILE_PROVISIONING_REQUEST_IS_HANDLE_NOTIFICATION,
};
extern const struct tern_asn_record TERN_REMOTE_PROFILE_PROVISIONING_REQUEST;

/** RemoteProfileProvisioningResponse. */
struct tern_remote_profile_provisioning_response {
    int arm;
    struct tern_bytes raw;
    struct tern_bytes message; /**< TLV of the type that the arm names */
};
enum {
    TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE_IS_INITIATE_AUTHENTICATION_RESPONSE = 1,
    TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE_IS_AUTHENTICATE_CLIENT_RESPONSE_ES9,
    TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE_IS_GET_BOUND_PROFILE_PACKAGE_RESPONSE,
    TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE_IS_CANCEL_SESSION_RESPONSE_ES9,
    TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE_IS_AUTHENTICATE_CLIENT_RESPONSE_ES11,
};
extern const struct tern_asn_record TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE;

#endif
