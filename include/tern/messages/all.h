/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Every type that has a table, for tools that take what comes: decode, tests, fuzzing.
 * A device links the tables it uses and not this.
 */
#ifndef TERN_MESSAGES_ALL_H
#define TERN_MESSAGES_ALL_H

#include "tern/messages/es10b.h"
#include "tern/messages/es10b_iot.h"
#include "tern/messages/es10c.h"
#include "tern/messages/es8plus.h"
#include "tern/messages/es9plus.h"
#include "tern/messages/esep.h"
#include "tern/messages/esipa.h"
#include "tern/messages/rsp.h"

/* clang-format off */
/** X(table, interface). A table that is in no row fails tests/unit/messages.c. */
#define TERN_MESSAGES(X) \
    X(TERN_SUBJECT_KEY_IDENTIFIER, "RSP")                          \
    X(TERN_VERSION_TYPE, "RSP")                                    \
    X(TERN_INTEGER, "RSP")                                         \
    X(TERN_X509_CERTIFICATE, "RSP")                                \
    X(TERN_X509_CERTIFICATE_LIST, "RSP")                           \
    X(TERN_X509_SUBJECT_PUBLIC_KEY_INFO, "RSP")                    \
    X(TERN_EUICC_INFO1, "RSP")                                     \
    X(TERN_CERTIFICATION_DATA_OBJECT, "RSP")                       \
    X(TERN_IOT_SPECIFIC_INFO, "RSP")                               \
    X(TERN_EUICC_INFO2, "RSP")                                     \
    X(TERN_DEVICE_ADDITIONAL_FEATURE_SUPPORT, "RSP")               \
    X(TERN_DEVICE_CAPABILITIES, "RSP")                             \
    X(TERN_DEVICE_INFO, "RSP")                                     \
    X(TERN_CTX_PARAMS_FOR_COMMON_AUTHENTICATION, "RSP")            \
    X(TERN_CTX_PARAMS1, "RSP")                                     \
    X(TERN_OPERATOR_ID, "RSP")                                     \
    X(TERN_DP_PROPRIETARY_DATA, "RSP")                             \
    X(TERN_NOTIFICATION_CONFIGURATION_INFORMATION, "RSP")          \
    X(TERN_VENDOR_SPECIFIC_EXTENSION, "RSP")                       \
    X(TERN_PROFILE_INFO, "RSP")                                    \
    X(TERN_PROFILE_POLICY_AUTHORISATION_RULE, "RSP")               \
    X(TERN_RULES_AUTHORISATION_TABLE, "RSP")                       \
    X(TERN_STORE_METADATA_REQUEST, "RSP")                          \
    X(TERN_NOTIFICATION_METADATA, "RSP")                           \
    X(TERN_SUCCESS_RESULT, "RSP")                                  \
    X(TERN_ERROR_RESULT, "RSP")                                    \
    X(TERN_FINAL_RESULT, "RSP")                                    \
    X(TERN_PROFILE_INSTALLATION_RESULT_DATA, "RSP")                \
    X(TERN_PROFILE_INSTALLATION_RESULT, "RSP")                     \
    X(TERN_OTHER_SIGNED_NOTIFICATION, "RSP")                       \
    X(TERN_COMPACT_SUCCESS_RESULT, "RSP")                          \
    X(TERN_COMPACT_FINAL_RESULT, "RSP")                            \
    X(TERN_COMPACT_PROFILE_INSTALLATION_RESULT_DATA, "RSP")        \
    X(TERN_COMPACT_PROFILE_INSTALLATION_RESULT, "RSP")             \
    X(TERN_COMPACT_OTHER_SIGNED_NOTIFICATION, "RSP")               \
    X(TERN_PENDING_NOTIFICATION, "RSP")                            \
    X(TERN_CONTROL_REF_TEMPLATE, "ES8+")                           \
    X(TERN_INITIALISE_SECURE_CHANNEL_REQUEST, "ES8+")              \
    X(TERN_SEGMENT_86, "ES8+")                                     \
    X(TERN_SEGMENT_87, "ES8+")                                     \
    X(TERN_SEGMENT_88, "ES8+")                                     \
    X(TERN_BOUND_PROFILE_PACKAGE, "ES8+")                          \
    X(TERN_CONFIGURE_ISDP_REQUEST, "ES8+")                         \
    X(TERN_REPLACE_SESSION_KEYS_REQUEST, "ES8+")                   \
    X(TERN_UPDATE_METADATA_REQUEST, "ES8+")                        \
    X(TERN_INITIATE_AUTHENTICATION_REQUEST, "ES9+")                \
    X(TERN_INITIATE_AUTHENTICATION_OK_ES9, "ES9+")                 \
    X(TERN_INITIATE_AUTHENTICATION_RESPONSE, "ES9+")               \
    X(TERN_AUTHENTICATE_CLIENT_OK, "ES9+")                         \
    X(TERN_AUTHENTICATE_CLIENT_RESPONSE_ES9, "ES9+")               \
    X(TERN_GET_BOUND_PROFILE_PACKAGE_OK, "ES9+")                   \
    X(TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE, "ES9+")             \
    X(TERN_HANDLE_NOTIFICATION, "ES9+")                            \
    X(TERN_EVENT_ENTRIES, "ES9+")                                  \
    X(TERN_AUTHENTICATE_CLIENT_OK_ES11, "ES9+")                    \
    X(TERN_AUTHENTICATE_CLIENT_RESPONSE_ES11, "ES9+")              \
    X(TERN_REMOTE_PROFILE_PROVISIONING_REQUEST, "ES9+")            \
    X(TERN_REMOTE_PROFILE_PROVISIONING_RESPONSE, "ES9+")           \
    X(TERN_SERVER_SIGNED1, "ES10b")                                \
    X(TERN_AUTHENTICATE_SERVER_REQUEST, "ES10b")                   \
    X(TERN_EUICC_SIGNED1, "ES10b")                                 \
    X(TERN_AUTHENTICATE_RESPONSE_OK, "ES10b")                      \
    X(TERN_AUTHENTICATE_RESPONSE_ERROR, "ES10b")                   \
    X(TERN_COMPACT_EUICC_SIGNED1, "ES10b")                         \
    X(TERN_COMPACT_SIGNED_DATA, "ES10b")                           \
    X(TERN_COMPACT_AUTHENTICATE_RESPONSE_OK, "ES10b")              \
    X(TERN_AUTHENTICATE_SERVER_RESPONSE, "ES10b")                  \
    X(TERN_SMDP_SIGNED2, "ES10b")                                  \
    X(TERN_PREPARE_DOWNLOAD_REQUEST, "ES10b")                      \
    X(TERN_EUICC_SIGNED2, "ES10b")                                 \
    X(TERN_PREPARE_DOWNLOAD_RESPONSE_OK, "ES10b")                  \
    X(TERN_PREPARE_DOWNLOAD_RESPONSE_ERROR, "ES10b")               \
    X(TERN_COMPACT_EUICC_SIGNED2, "ES10b")                         \
    X(TERN_COMPACT_PREPARE_DOWNLOAD_RESPONSE_OK, "ES10b")          \
    X(TERN_PREPARE_DOWNLOAD_RESPONSE, "ES10b")                     \
    X(TERN_CANCEL_SESSION_REQUEST, "ES10b")                        \
    X(TERN_EUICC_CANCEL_SESSION_SIGNED, "ES10b")                   \
    X(TERN_CANCEL_SESSION_RESPONSE_OK, "ES10b")                    \
    X(TERN_COMPACT_EUICC_CANCEL_SESSION_SIGNED, "ES10b")           \
    X(TERN_COMPACT_CANCEL_SESSION_RESPONSE_OK, "ES10b")            \
    X(TERN_CANCEL_SESSION_RESPONSE, "ES10b")                       \
    X(TERN_GET_EUICC_CHALLENGE_REQUEST, "ES10b")                   \
    X(TERN_GET_EUICC_INFO1_REQUEST, "ES10b")                       \
    X(TERN_GET_EUICC_INFO2_REQUEST, "ES10b")                       \
    X(TERN_GET_RAT_REQUEST, "ES10b")                               \
    X(TERN_GET_EUICC_CHALLENGE_RESPONSE, "ES10b")                  \
    X(TERN_LIST_NOTIFICATION_REQUEST, "ES10b")                     \
    X(TERN_LIST_NOTIFICATION_RESPONSE, "ES10b")                    \
    X(TERN_NOTIFICATION_SEARCH_CRITERIA, "ES10b")                  \
    X(TERN_RETRIEVE_NOTIFICATIONS_LIST_REQUEST, "ES10b")           \
    X(TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE, "ES10b")          \
    X(TERN_NOTIFICATION_SENT_REQUEST, "ES10b")                     \
    X(TERN_NOTIFICATION_SENT_RESPONSE, "ES10b")                    \
    X(TERN_GET_RAT_RESPONSE, "ES10b")                              \
    X(TERN_LOAD_CRL_REQUEST, "ES10b")                              \
    X(TERN_LOAD_CRL_RESPONSE_OK, "ES10b")                          \
    X(TERN_LOAD_CRL_RESPONSE, "ES10b")                             \
    X(TERN_ISDR_PROPRIETARY_APPLICATION_TEMPLATE, "ES10b")         \
    X(TERN_ADD_INITIAL_EIM_REQUEST, "ES10b")                       \
    X(TERN_ADD_INITIAL_EIM_OK, "ES10b")                            \
    X(TERN_ADD_INITIAL_EIM_RESPONSE, "ES10b")                      \
    X(TERN_SGP32_EUICC_MEMORY_RESET_REQUEST, "ES10b")              \
    X(TERN_SGP32_EUICC_MEMORY_RESET_RESPONSE, "ES10b")             \
    X(TERN_GET_CERTS_REQUEST, "ES10b")                             \
    X(TERN_CERTS, "ES10b")                                         \
    X(TERN_GET_CERTS_RESPONSE, "ES10b")                            \
    X(TERN_IMMEDIATE_ENABLE_REQUEST, "ES10b")                      \
    X(TERN_PROFILE_ROLLBACK_REQUEST, "ES10b")                      \
    X(TERN_EXECUTE_FALLBACK_MECHANISM_REQUEST, "ES10b")            \
    X(TERN_RETURN_FROM_FALLBACK_REQUEST, "ES10b")                  \
    X(TERN_ENABLE_EMERGENCY_PROFILE_REQUEST, "ES10b")              \
    X(TERN_DISABLE_EMERGENCY_PROFILE_REQUEST, "ES10b")             \
    X(TERN_IMMEDIATE_ENABLE_RESPONSE, "ES10b")                     \
    X(TERN_PROFILE_ROLLBACK_RESPONSE, "ES10b")                     \
    X(TERN_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_REQUEST, "ES10b")  \
    X(TERN_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_RESPONSE, "ES10b") \
    X(TERN_EIM_SEARCH_CRITERIA, "ES10b")                           \
    X(TERN_GET_EIM_CONFIGURATION_DATA_REQUEST, "ES10b")            \
    X(TERN_GET_EIM_CONFIGURATION_DATA_RESPONSE, "ES10b")           \
    X(TERN_EXECUTE_FALLBACK_MECHANISM_RESPONSE, "ES10b")           \
    X(TERN_RETURN_FROM_FALLBACK_RESPONSE, "ES10b")                 \
    X(TERN_ENABLE_EMERGENCY_PROFILE_RESPONSE, "ES10b")             \
    X(TERN_DISABLE_EMERGENCY_PROFILE_RESPONSE, "ES10b")            \
    X(TERN_GET_CONNECTIVITY_PARAMETERS_REQUEST, "ES10b")           \
    X(TERN_CONNECTIVITY_PARAMETERS, "ES10b")                       \
    X(TERN_GET_CONNECTIVITY_PARAMETERS_RESPONSE, "ES10b")          \
    X(TERN_ISDR_PROPRIETARY_APPLICATION_TEMPLATE_IOT, "ES10b")     \
    X(TERN_IPAE_ACTIVATION_REQUEST, "ES10b")                       \
    X(TERN_IPAE_ACTIVATION_RESPONSE, "ES10b")                      \
    X(TERN_EUICC_CONFIGURED_ADDRESSES_REQUEST, "ES10a/c")          \
    X(TERN_EUICC_CONFIGURED_ADDRESSES_RESPONSE, "ES10a/c")         \
    X(TERN_SET_DEFAULT_DP_ADDRESS_REQUEST, "ES10a/c")              \
    X(TERN_SET_DEFAULT_DP_ADDRESS_RESPONSE, "ES10a/c")             \
    X(TERN_GET_EUICC_DATA_REQUEST, "ES10a/c")                      \
    X(TERN_GET_EUICC_DATA_RESPONSE, "ES10a/c")                     \
    X(TERN_PROFILE_IDENTIFIER, "ES10a/c")                          \
    X(TERN_DELETE_PROFILE_REQUEST, "ES10a/c")                      \
    X(TERN_ENABLE_PROFILE_REQUEST, "ES10a/c")                      \
    X(TERN_DISABLE_PROFILE_REQUEST, "ES10a/c")                     \
    X(TERN_ENABLE_PROFILE_RESPONSE, "ES10a/c")                     \
    X(TERN_DISABLE_PROFILE_RESPONSE, "ES10a/c")                    \
    X(TERN_DELETE_PROFILE_RESPONSE, "ES10a/c")                     \
    X(TERN_EUICC_MEMORY_RESET_REQUEST, "ES10a/c")                  \
    X(TERN_EUICC_MEMORY_RESET_RESPONSE, "ES10a/c")                 \
    X(TERN_SET_NICKNAME_REQUEST, "ES10a/c")                        \
    X(TERN_SET_NICKNAME_RESPONSE, "ES10a/c")                       \
    X(TERN_LPAE_ACTIVATION_REQUEST, "ES10a/c")                     \
    X(TERN_LPAE_ACTIVATION_RESPONSE, "ES10a/c")                    \
    X(TERN_EIM_PUBLIC_KEY_DATA, "ESep")                            \
    X(TERN_TRUSTED_PUBLIC_KEY_DATA_TLS, "ESep")                    \
    X(TERN_EIM_CONFIGURATION_DATA, "ESep")                         \
    X(TERN_EIM_ID_INFO, "ESep")                                    \
    X(TERN_PSMO_ENABLE, "ESep")                                    \
    X(TERN_PSMO_ICCID, "ESep")                                     \
    X(TERN_PROFILE_SEARCH_CRITERIA, "ESep")                        \
    X(TERN_PROFILE_INFO_LIST_REQUEST, "ESep")                      \
    X(TERN_PROFILE_INFO_LIST_RESPONSE, "ESep")                     \
    X(TERN_CONFIGURE_IMMEDIATE_ENABLE, "ESep")                     \
    X(TERN_SGP32_SET_DEFAULT_DP_ADDRESS_REQUEST, "ESep")           \
    X(TERN_SGP32_SET_DEFAULT_DP_ADDRESS_RESPONSE, "ESep")          \
    X(TERN_PSMO, "ESep")                                           \
    X(TERN_ECO_DELETE_EIM, "ESep")                                 \
    X(TERN_ECO, "ESep")                                            \
    X(TERN_EUICC_PACKAGE, "ESep")                                  \
    X(TERN_EUICC_PACKAGE_SIGNED, "ESep")                           \
    X(TERN_EUICC_PACKAGE_REQUEST, "ESep")                          \
    X(TERN_ADD_EIM_RESULT, "ESep")                                 \
    X(TERN_LIST_EIM_RESULT, "ESep")                                \
    X(TERN_EUICC_RESULT_DATA, "ESep")                              \
    X(TERN_EUICC_PACKAGE_RESULT_DATA_SIGNED, "ESep")               \
    X(TERN_EUICC_PACKAGE_RESULT_SIGNED, "ESep")                    \
    X(TERN_EUICC_PACKAGE_ERROR_DATA_SIGNED, "ESep")                \
    X(TERN_EUICC_PACKAGE_ERROR_SIGNED, "ESep")                     \
    X(TERN_EUICC_PACKAGE_ERROR_UNSIGNED, "ESep")                   \
    X(TERN_EUICC_PACKAGE_RESULT, "ESep")                           \
    X(TERN_SEQUENCE_NUMBER, "ESipa")                               \
    X(TERN_EIM_ACKNOWLEDGEMENTS, "ESipa")                          \
    X(TERN_EUICC_PACKAGE_RESULT_SEARCH_CRITERIA, "ESipa")          \
    X(TERN_IPA_EUICC_DATA_REQUEST, "ESipa")                        \
    X(TERN_IPA_CAPABILITIES, "ESipa")                              \
    X(TERN_IPA_EUICC_DATA, "ESipa")                                \
    X(TERN_IPA_EUICC_DATA_RESPONSE_ERROR, "ESipa")                 \
    X(TERN_IPA_EUICC_DATA_RESPONSE, "ESipa")                       \
    X(TERN_CONTACT_SMDS, "ESipa")                                  \
    X(TERN_PROFILE_DOWNLOAD_DATA, "ESipa")                         \
    X(TERN_PROFILE_DOWNLOAD_TRIGGER_REQUEST, "ESipa")              \
    X(TERN_PROFILE_DOWNLOAD_ERROR, "ESipa")                        \
    X(TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT_DATA, "ESipa")          \
    X(TERN_PROFILE_DOWNLOAD_TRIGGER_RESULT, "ESipa")               \
    X(TERN_GET_EIM_PACKAGE_REQUEST, "ESipa")                       \
    X(TERN_GET_EIM_PACKAGE_RESPONSE, "ESipa")                      \
    X(TERN_EIM_PACKAGE_RESULT_RESPONSE_ERROR, "ESipa")             \
    X(TERN_EPR_AND_NOTIFICATIONS, "ESipa")                         \
    X(TERN_EIM_PACKAGE_RESULT, "ESipa")                            \
    X(TERN_PROVIDE_EIM_PACKAGE_RESULT, "ESipa")                    \
    X(TERN_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE, "ESipa")           \
    X(TERN_TRANSFER_EIM_PACKAGE_REQUEST, "ESipa")                  \
    X(TERN_TRANSFER_EIM_PACKAGE_RESPONSE, "ESipa")                 \
    X(TERN_INITIATE_AUTHENTICATION_REQUEST_ESIPA, "ESipa")         \
    X(TERN_INITIATE_AUTHENTICATION_OK_ESIPA, "ESipa")              \
    X(TERN_INITIATE_AUTHENTICATION_RESPONSE_ESIPA, "ESipa")        \
    X(TERN_AUTHENTICATE_CLIENT_REQUEST, "ESipa")                   \
    X(TERN_AUTHENTICATE_CLIENT_OK_DP_ESIPA, "ESipa")               \
    X(TERN_AUTHENTICATE_CLIENT_OK_DS_ESIPA, "ESipa")               \
    X(TERN_AUTHENTICATE_CLIENT_RESPONSE_ESIPA, "ESipa")            \
    X(TERN_GET_BOUND_PROFILE_PACKAGE_REQUEST, "ESipa")             \
    X(TERN_GET_BOUND_PROFILE_PACKAGE_OK_ESIPA, "ESipa")            \
    X(TERN_GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA, "ESipa")      \
    X(TERN_HANDLE_NOTIFICATION_ESIPA, "ESipa")                     \
    X(TERN_CANCEL_SESSION_REQUEST_ES9, "ESipa")                    \
    X(TERN_CANCEL_SESSION_RESPONSE_ES9, "ESipa")                   \
    X(TERN_ESIPA_MESSAGE_FROM_IPA_TO_EIM, "ESipa")                 \
    X(TERN_ESIPA_MESSAGE_FROM_EIM_TO_IPA, "ESipa")
/* clang-format on */

struct tern_message {
    const struct tern_asn_record *record;
    const char *interface; /**< "ESipa", "ES10b", ... "RSP" for what several share. */
};

extern const struct tern_message TERN_ALL_MESSAGES[];
extern const size_t TERN_ALL_MESSAGES_COUNT;

/** The table of the type with this name of the module ("SGP32-" may be left out), or NULL. */
const struct tern_asn_record *tern_message_by_name(struct tern_bytes name);

#endif
