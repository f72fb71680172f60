/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of ES9+ and ES11, ASN.1 function binding. */
#include "tern/messages/es9plus.h"
#include "tern/asn_table.h"

NAMES(TERN_INITIATE_AUTHENTICATION_ERROR);
NAMES(TERN_AUTHENTICATE_CLIENT_ERROR);
NAMES(TERN_GET_BOUND_PROFILE_PACKAGE_ERROR);
NAMES(TERN_AUTHENTICATE_CLIENT_ERROR_ES11);

/* clang-format off */

#define TYPE tern_initiate_authentication_request
SEQUENCE(TERN_INITIATE_AUTHENTICATION_REQUEST, "InitiateAuthenticationRequest", 0xBF39,
    FIELD(euicc_challenge, "euiccChallenge", 0x81,   BYTES, SIZE(16, 16)),
    FIELD(smdp_address,    "smdpAddress",    0x83,   TEXT),
    FIELD(euicc_info1,     "euiccInfo1",     0xBF20, TLV(TERN_EUICC_INFO1)));
#undef TYPE

#define TYPE tern_initiate_authentication_ok_es9
SEQUENCE(TERN_INITIATE_AUTHENTICATION_OK_ES9, "InitiateAuthenticationOkEs9", 0x30,
    FIELD(transaction_id,            "transactionId",       0x80,   BYTES, SIZE(1, 16)),
    FIELD(server_signed1,            "serverSigned1",       0x30,   RECORD(TERN_SERVER_SIGNED1)),
    FIELD(server_signature1,         "serverSignature1",    0x5F37, BYTES),
    FIELD(euicc_ci_pk_id_to_be_used, "euiccCiPKIdToBeUsed", 0x04,   BYTES),
    FIELD(server_certificate,        "serverCertificate",   0x30,   X509(TERN_X509_CERTIFICATE)));
#undef TYPE

#define TYPE tern_initiate_authentication_response
CHOICE_OF(TERN_INITIATE_AUTHENTICATION_RESPONSE, "InitiateAuthenticationResponse", 0xBF39,
    ARM(TERN_INITIATE_AUTHENTICATION_RESPONSE_IS_INITIATE_AUTHENTICATION_OK,    initiate_authentication_ok,    "initiateAuthenticationOk",    0xA0, RECORD(TERN_INITIATE_AUTHENTICATION_OK_ES9)),
    ARM(TERN_INITIATE_AUTHENTICATION_RESPONSE_IS_INITIATE_AUTHENTICATION_ERROR, initiate_authentication_error, "initiateAuthenticationError", 0x81, CODE(TERN_INITIATE_AUTHENTICATION_ERROR)));
#undef TYPE

#define TYPE tern_authenticate_client_ok
SEQUENCE(TERN_AUTHENTICATE_CLIENT_OK, "AuthenticateClientOk", 0x30,
    FIELD(transaction_id,    "transactionId",   0x80,   BYTES, SIZE(1, 16)),
    FIELD(profile_meta_data, "profileMetaData", 0xBF25, TLV(TERN_STORE_METADATA_REQUEST)),
    FIELD(smdp_signed2,      "smdpSigned2",     0x30,   RECORD(TERN_SMDP_SIGNED2)),
    FIELD(smdp_signature2,   "smdpSignature2",  0x5F37, BYTES),
    FIELD(smdp_certificate,  "smdpCertificate", 0x30,   X509(TERN_X509_CERTIFICATE)));
#undef TYPE

#define TYPE tern_authenticate_client_response_es9
CHOICE_OF(TERN_AUTHENTICATE_CLIENT_RESPONSE_ES9, "AuthenticateClientResponseEs9", 0xBF3B,
    ARM(TERN_AUTHENTICATE_CLIENT_RESPONSE_ES9_IS_AUTHENTICATE_CLIENT_OK,    authenticate_client_ok,    "authenticateClientOk",    0xA0, RECORD(TERN_AUTHENTICATE_CLIENT_OK)),
    ARM(TERN_AUTHENTICATE_CLIENT_RESPONSE_ES9_IS_AUTHENTICATE_CLIENT_ERROR, authenticate_client_error, "authenticateClientError", 0x81, CODE(TERN_AUTHENTICATE_CLIENT_ERROR)));
#undef TYPE

#define TYPE tern_get_bound_profile_package_ok
SEQUENCE(TERN_GET_BOUND_PROFILE_PACKAGE_OK, "GetBoundProfilePackageOk", 0x30,
    FIELD(transaction_id,        "transactionId",       0x80,   BYTES, SIZE(1, 16)),
    FIELD(bound_profile_package, "boundProfilePackage", 0xBF36, TLV(TERN_BOUND_PROFILE_PACKAGE)));
#undef TYPE

#define TYPE tern_get_bound_profile_package_response
CHOICE_OF(TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE, "GetBoundProfilePackageResponse", 0xBF3A,
    ARM(TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_IS_GET_BOUND_PROFILE_PACKAGE_OK,    get_bound_profile_package_ok,    "getBoundProfilePackageOk",    0xA0, RECORD(TERN_GET_BOUND_PROFILE_PACKAGE_OK)),
    ARM(TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_IS_GET_BOUND_PROFILE_PACKAGE_ERROR, get_bound_profile_package_error, "getBoundProfilePackageError", 0x81, CODE(TERN_GET_BOUND_PROFILE_PACKAGE_ERROR)));
#undef TYPE

#define TYPE tern_handle_notification
SEQUENCE(TERN_HANDLE_NOTIFICATION, "HandleNotification", 0xBF3D,
    FIELD(pending_notification, "pendingNotification", 0xA0, CHOICE(TERN_PENDING_NOTIFICATION)));
#undef TYPE

#define TYPE tern_event_entries
SEQUENCE(TERN_EVENT_ENTRIES, "EventEntries", 0x30,
    FIELD(event_id,           "eventId",          0x80, TEXT),
    FIELD(rsp_server_address, "rspServerAddress", 0x81, TEXT));
#undef TYPE

#define TYPE tern_authenticate_client_ok_es11
SEQUENCE(TERN_AUTHENTICATE_CLIENT_OK_ES11, "AuthenticateClientOkEs11", 0x30,
    FIELD(transaction_id, "transactionId", 0x80, BYTES, SIZE(1, 16)),
    FIELD(event_entries,  "eventEntries",  0xA1, LIST(TERN_EVENT_ENTRIES)));
#undef TYPE

#define TYPE tern_authenticate_client_response_es11
CHOICE_OF(TERN_AUTHENTICATE_CLIENT_RESPONSE_ES11, "AuthenticateClientResponseEs11", 0xBF40,
    ARM(TERN_AUTHENTICATE_CLIENT_RESPONSE_ES11_IS_AUTHENTICATE_CLIENT_OK,    authenticate_client_ok,    "authenticateClientOk",    0xA0, RECORD(TERN_AUTHENTICATE_CLIENT_OK_ES11)),
    ARM(TERN_AUTHENTICATE_CLIENT_RESPONSE_ES11_IS_AUTHENTICATE_CLIENT_ERROR, authenticate_client_error, "authenticateClientError", 0x81, CODE(TERN_AUTHENTICATE_CLIENT_ERROR_ES11)));
#undef TYPE

#define TYPE tern_remote_profile_provisioning_request
CHOICE_OF(TERN_REMOTE_PROFILE_PROVISIONING_REQUEST, "RemoteProfileProvisioningRequest", 0xA2,
    ARM(TERN_REMOTE_PROFILE_PROVISIONING_REQUEST_IS_INITIATE_AUTHENTICATION_REQUEST,   message, "initiateAuthenticationRequest", 0xBF39, TLV(TERN_INITIATE_AUTHENTICATION_REQUEST)),
    ARM(TERN_REMOTE_PROFILE_PROVISIONING_REQUEST_IS_AUTHENTICATE_CLIENT_REQUEST,       message, "authenticateClientRequest",     0xBF3B, TLV(TERN_AUTHENTICATE_CLIENT_REQUEST)),
    ARM(TERN_REMOTE_PROFILE_PROVISIONING_REQUEST_IS_GET_BOUND_PROFILE_PACKAGE_REQUEST, message, "getBoundProfilePackageRequest", 0xBF3A, TLV(TERN_GET_BOUND_PROFILE_PACKAGE_REQUEST)),
    ARM(TERN_REMOTE_PROFILE_PROVISIONING_REQUEST_IS_CANCEL_SESSION_REQUEST_ES9,        message, "cancelSessionRequestEs9",       0xBF41, TLV(TERN_CANCEL_SESSION_REQUEST_ES9)),
    ARM(TERN_REMOTE_PROFILE_PROVISIONING_REQUEST_IS_HANDLE_NOTIFICATION,               message, "handleNotification",            0xBF3D, TLV(TERN_HANDLE_NOTIFICATION)));
#undef TYPE

#define TYPE tern_remote_profile_provisioning_response
CHOICE_OF(TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE, "RemoteProfileProvisioningResponse", 0xA2,
    ARM(TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE_IS_INITIATE_AUTHENTICATION_RESPONSE,   message, "initiateAuthenticationResponse", 0xBF39, TLV(TERN_INITIATE_AUTHENTICATION_RESPONSE)),
    ARM(TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE_IS_AUTHENTICATE_CLIENT_RESPONSE_ES9,   message, "authenticateClientResponseEs9",  0xBF3B, TLV(TERN_AUTHENTICATE_CLIENT_RESPONSE_ES9)),
    ARM(TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE_IS_GET_BOUND_PROFILE_PACKAGE_RESPONSE, message, "getBoundProfilePackageResponse", 0xBF3A, TLV(TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE)),
    ARM(TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE_IS_CANCEL_SESSION_RESPONSE_ES9,        message, "cancelSessionResponseEs9",       0xBF41, TLV(TERN_CANCEL_SESSION_RESPONSE_ES9)),
    ARM(TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE_IS_AUTHENTICATE_CLIENT_RESPONSE_ES11,  message, "authenticateClientResponseEs11", 0xBF40, TLV(TERN_AUTHENTICATE_CLIENT_RESPONSE_ES11)));
#undef TYPE
