/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ES10b, the functions that SGP.32 adds: commissioning, immediate enabling, rollback, fallback,
 * emergency profile, certificates, connectivity parameters, memory reset; and IPAe activation.
 * LoadEuiccPackage is in messages/esep.h, what SGP.22 has as well in messages/es10b.h.
 *
 * Spec  SGP.32, 5.9; sgp32.md 8.5
 */
#ifndef TERN_MESSAGES_ES10B_IOT_H
#define TERN_MESSAGES_ES10B_IOT_H

#include "tern/messages/es10b.h"
#include "tern/messages/esep.h"

/* Lists of codes and their comments are aligned by hand. */
/* clang-format off */

/** AddInitialEimRequest, BF57. */
struct tern_add_initial_eim_request {
    struct tern_bytes eim_configuration_data_list; /**< of TERN_EIM_CONFIGURATION_DATA */
};
extern const struct tern_asn_record TERN_ADD_INITIAL_EIM_REQUEST;

/** One element of addInitialEimOk. */
struct tern_add_initial_eim_ok {
    int arm;
    struct tern_bytes raw;
    int64_t association_token;
};
enum {
    TERN_ADD_INITIAL_EIM_OK_IS_ASSOCIATION_TOKEN = 1,
    TERN_ADD_INITIAL_EIM_OK_IS_ADD_OK,
};
extern const struct tern_asn_record TERN_ADD_INITIAL_EIM_OK;

#define TERN_ADD_INITIAL_EIM_ERROR_LIST(X, P)                                              \
    X(P, insufficientMemory, 1) X(P, associatedEimAlreadyExists, 2) X(P, ciPKUnknown, 3)   \
    X(P, invalidAssociationToken, 5) X(P, counterValueOutOfRange, 6) X(P, commandError, 7) \
    X(P, undefinedError, 127)
TERN_CODES(tern_add_initial_eim_error, TERN_ADD_INITIAL_EIM_ERROR);

/** AddInitialEimResponse, BF57. */
struct tern_add_initial_eim_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes add_initial_eim_ok; /**< of TERN_ADD_INITIAL_EIM_OK */
        int64_t add_initial_eim_error;
    };
};
enum {
    TERN_ADD_INITIAL_EIM_RESPONSE_IS_ADD_INITIAL_EIM_OK = 1,
    TERN_ADD_INITIAL_EIM_RESPONSE_IS_ADD_INITIAL_EIM_ERROR,
};
extern const struct tern_asn_record TERN_ADD_INITIAL_EIM_RESPONSE;

#define TERN_SGP32_RESET_OPTIONS_LIST(X, P)                                   \
    X(P, deleteOperationalProfiles, 0) X(P, deleteFieldLoadedTestProfiles, 1) \
    X(P, resetDefaultSmdpAddress, 2) X(P, deletePreLoadedTestProfiles, 3)     \
    X(P, deleteProvisioningProfiles, 4) X(P, resetEimConfigData, 5)           \
    X(P, resetImmediateEnableConfig, 6)
TERN_BITS_NAMED(tern_sgp32_reset_options, TERN_SGP32_RESET_OPTIONS);

/** SGP32-EuiccMemoryResetRequest, BF64. */
struct tern_sgp32_euicc_memory_reset_request {
    uint64_t reset_options;
};
extern const struct tern_asn_record TERN_SGP32_EUICC_MEMORY_RESET_REQUEST;

#define TERN_SGP32_RESET_RESULT_LIST(X, P)                                       \
    X(P, ok, 0) X(P, nothingToDelete, 1) X(P, catBusy, 5) X(P, ecallActive, 104) \
    X(P, undefinedError, 127)
TERN_CODES(tern_sgp32_reset_result, TERN_SGP32_RESET_RESULT);
#define TERN_RESET_EIM_RESULT_LIST(X, P)                               \
    X(P, ok, 0) X(P, nothingToDelete, 1) X(P, eimResetNotSupported, 2) \
    X(P, undefinedError, 127)
TERN_CODES(tern_reset_eim_result, TERN_RESET_EIM_RESULT);
#define TERN_RESET_IMMEDIATE_ENABLE_CONFIG_RESULT_LIST(X, P)            \
    X(P, ok, 0) X(P, resetIECNotSupported, 1) X(P, undefinedError, 127)
TERN_CODES(tern_reset_immediate_enable_config_result, TERN_RESET_IMMEDIATE_ENABLE_CONFIG_RESULT);

/** SGP32-EuiccMemoryResetResponse, BF64. */
struct tern_sgp32_euicc_memory_reset_response {
    int64_t reset_result;
    bool has_reset_eim_result;
    int64_t reset_eim_result;
    bool has_reset_immediate_enable_config_result;
    int64_t reset_immediate_enable_config_result;
};
extern const struct tern_asn_record TERN_SGP32_EUICC_MEMORY_RESET_RESPONSE;

/** GetCertsRequest, BF56. */
struct tern_get_certs_request {
    struct tern_bytes euicc_ci_pk_id; /**< may be absent */
};
extern const struct tern_asn_record TERN_GET_CERTS_REQUEST;

/** certs of GetCertsResponse. */
struct tern_certs {
    struct tern_bytes eum_certificate;   /**< A5 in place of 30 */
    struct tern_bytes euicc_certificate; /**< A6 in place of 30 */
};
extern const struct tern_asn_record TERN_CERTS;

/** The module spells it undfinedError. */
#define TERN_GET_CERTS_ERROR_LIST(X, P) X(P, invalidCiPKId, 1) X(P, undfinedError, 127)
TERN_CODES(tern_get_certs_error, TERN_GET_CERTS_ERROR);

/** GetCertsResponse, BF56. */
struct tern_get_certs_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_certs certs;
        int64_t get_certs_error;
    };
};
enum { TERN_GET_CERTS_RESPONSE_IS_CERTS = 1, TERN_GET_CERTS_RESPONSE_IS_GET_CERTS_ERROR };
extern const struct tern_asn_record TERN_GET_CERTS_RESPONSE;

/** { refreshFlag }: the request of BF58, BF5A, BF5B, BF5C, BF5D and BF5E. */
struct tern_refresh_flag {
    bool refresh_flag;
};
extern const struct tern_asn_record TERN_IMMEDIATE_ENABLE_REQUEST;             /**< BF5A */
extern const struct tern_asn_record TERN_PROFILE_ROLLBACK_REQUEST;             /**< BF58 */
extern const struct tern_asn_record TERN_EXECUTE_FALLBACK_MECHANISM_REQUEST;   /**< BF5D */
extern const struct tern_asn_record TERN_RETURN_FROM_FALLBACK_REQUEST;         /**< BF5E */
extern const struct tern_asn_record TERN_ENABLE_EMERGENCY_PROFILE_REQUEST;     /**< BF5B */
extern const struct tern_asn_record TERN_DISABLE_EMERGENCY_PROFILE_REQUEST;    /**< BF5C */

#define TERN_IMMEDIATE_ENABLE_RESULT_LIST(X, P)                                \
    X(P, ok, 0) X(P, immediateEnableNotAvailable, 1) X(P, noSessionContext, 4) \
    X(P, catBusy, 5) X(P, undefinedError, 127)
TERN_CODES(tern_immediate_enable_result, TERN_IMMEDIATE_ENABLE_RESULT);

/** ImmediateEnableResponse, BF5A. */
struct tern_immediate_enable_response {
    int64_t immediate_enable_result;
};
extern const struct tern_asn_record TERN_IMMEDIATE_ENABLE_RESPONSE;

#define TERN_PROFILE_ROLLBACK_CMD_RESULT_LIST(X, P)                                \
    X(P, ok, 0) X(P, rollbackNotAllowed, 1) X(P, catBusy, 5) X(P, commandError, 7) \
    X(P, undefinedError, 127)
TERN_CODES(tern_profile_rollback_cmd_result, TERN_PROFILE_ROLLBACK_CMD_RESULT);

/** ProfileRollbackResponse, BF58. */
struct tern_profile_rollback_response {
    int64_t cmd_result;
    struct tern_bytes euicc_package_result; /**< TLV of TERN_EUICC_PACKAGE_RESULT, or absent */
};
extern const struct tern_asn_record TERN_PROFILE_ROLLBACK_RESPONSE;

/** ConfigureImmediateProfileEnablingRequest, BF59: struct tern_configure_immediate_enable. */
extern const struct tern_asn_record TERN_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_REQUEST;

#define TERN_CONFIG_IMMEDIATE_ENABLE_RESULT_LIST(X, P)                          \
    X(P, ok, 0) X(P, insufficientMemory, 1) X(P, associatedEimAlreadyExists, 2) \
    X(P, undefinedError, 127)
TERN_CODES(tern_config_immediate_enable_result, TERN_CONFIG_IMMEDIATE_ENABLE_RESULT);

/** ConfigureImmediateProfileEnablingResponse, BF59. */
struct tern_configure_immediate_profile_enabling_response {
    int64_t config_immediate_enable_result;
};
extern const struct tern_asn_record TERN_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_RESPONSE;

/** searchCriteria of GetEimConfigurationDataRequest. */
struct tern_eim_search_criteria {
    int arm;
    struct tern_bytes raw;
    struct tern_bytes eim_id;
};
enum { TERN_EIM_SEARCH_CRITERIA_IS_EIM_ID = 1 };
extern const struct tern_asn_record TERN_EIM_SEARCH_CRITERIA;

/** GetEimConfigurationDataRequest, BF55. */
struct tern_get_eim_configuration_data_request {
    struct tern_eim_search_criteria search_criteria; /**< may be absent: arm 0 */
};
extern const struct tern_asn_record TERN_GET_EIM_CONFIGURATION_DATA_REQUEST;

/** GetEimConfigurationDataResponse, BF55. */
struct tern_get_eim_configuration_data_response {
    struct tern_bytes eim_configuration_data_list; /**< of TERN_EIM_CONFIGURATION_DATA */
};
extern const struct tern_asn_record TERN_GET_EIM_CONFIGURATION_DATA_RESPONSE;

#define TERN_EXECUTE_FALLBACK_MECHANISM_RESULT_LIST(X, P)                      \
    X(P, ok, 0) X(P, profileNotInDisabledState, 2) X(P, catBusy, 5)            \
    X(P, fallbackNotAvailable, 6) X(P, commandError, 7) X(P, ecallActive, 104) \
    X(P, undefinedError, 127)
TERN_CODES(tern_execute_fallback_mechanism_result, TERN_EXECUTE_FALLBACK_MECHANISM_RESULT);

/** ExecuteFallbackMechanismResponse, BF5D. */
struct tern_execute_fallback_mechanism_response {
    int64_t execute_fallback_mechanism_result;
};
extern const struct tern_asn_record TERN_EXECUTE_FALLBACK_MECHANISM_RESPONSE;

#define TERN_RETURN_FROM_FALLBACK_RESULT_LIST(X, P)                                  \
    X(P, ok, 0) X(P, catBusy, 5) X(P, fallbackNotAvailable, 6) X(P, commandError, 7) \
    X(P, undefinedError, 127)
TERN_CODES(tern_return_from_fallback_result, TERN_RETURN_FROM_FALLBACK_RESULT);

/** ReturnFromFallbackResponse, BF5E. */
struct tern_return_from_fallback_response {
    int64_t return_from_fallback_result;
};
extern const struct tern_asn_record TERN_RETURN_FROM_FALLBACK_RESPONSE;

#define TERN_ENABLE_EMERGENCY_PROFILE_RESULT_LIST(X, P)             \
    X(P, ok, 0) X(P, profileNotInDisabledState, 2) X(P, catBusy, 5) \
    X(P, ecallNotAvailable, 8) X(P, undefinedError, 127)
TERN_CODES(tern_enable_emergency_profile_result, TERN_ENABLE_EMERGENCY_PROFILE_RESULT);

/** EnableEmergencyProfileResponse, BF5B. */
struct tern_enable_emergency_profile_response {
    int64_t enable_emergency_profile_result;
};
extern const struct tern_asn_record TERN_ENABLE_EMERGENCY_PROFILE_RESPONSE;

#define TERN_DISABLE_EMERGENCY_PROFILE_RESULT_LIST(X, P)                                     \
    X(P, ok, 0) X(P, profileNotInEnabledState, 2) X(P, catBusy, 5) X(P, undefinedError, 127)
TERN_CODES(tern_disable_emergency_profile_result, TERN_DISABLE_EMERGENCY_PROFILE_RESULT);

/** DisableEmergencyProfileResponse, BF5C. */
struct tern_disable_emergency_profile_response {
    int64_t disable_emergency_profile_result;
};
extern const struct tern_asn_record TERN_DISABLE_EMERGENCY_PROFILE_RESPONSE;

extern const struct tern_asn_record TERN_GET_CONNECTIVITY_PARAMETERS_REQUEST; /**< BF5F, empty */

/** ConnectivityParameters. */
struct tern_connectivity_parameters {
    struct tern_bytes http_params; /**< opaque; may be absent */
};
extern const struct tern_asn_record TERN_CONNECTIVITY_PARAMETERS;

#define TERN_CONNECTIVITY_PARAMETERS_ERROR_LIST(X, P)         \
    X(P, parametersNotAvailable, 1) X(P, undefinedError, 127)
TERN_CODES(tern_connectivity_parameters_error, TERN_CONNECTIVITY_PARAMETERS_ERROR);

/** GetConnectivityParametersResponse, BF5F. */
struct tern_get_connectivity_parameters_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_connectivity_parameters connectivity_parameters;
        int64_t connectivity_parameters_error;
    };
};
enum {
    TERN_GET_CONNECTIVITY_PARAMETERS_RESPONSE_IS_CONNECTIVITY_PARAMETERS = 1,
    TERN_GET_CONNECTIVITY_PARAMETERS_RESPONSE_IS_CONNECTIVITY_PARAMETERS_ERROR,
};
extern const struct tern_asn_record TERN_GET_CONNECTIVITY_PARAMETERS_RESPONSE;

/* The ISD-R of an IoT eUICC */

#define TERN_EUICC_CONFIGURATION_LIST(X, P) X(P, ipaeSupported, 0) X(P, enabledProfile, 1)
TERN_BITS_NAMED(tern_euicc_configuration, TERN_EUICC_CONFIGURATION);

/** ISDRProprietaryApplicationTemplateIoT, E1. */
struct tern_isdr_proprietary_application_template_iot {
    uint64_t euicc_configuration;
};
extern const struct tern_asn_record TERN_ISDR_PROPRIETARY_APPLICATION_TEMPLATE_IOT;

#define TERN_IPAE_OPTION_LIST(X, P) X(P, activateIpae, 0)
TERN_BITS_NAMED(tern_ipae_option, TERN_IPAE_OPTION);

/** IpaeActivationRequest, BF42. */
struct tern_ipae_activation_request {
    uint64_t ipae_option;
};
extern const struct tern_asn_record TERN_IPAE_ACTIVATION_REQUEST;

#define TERN_IPAE_ACTIVATION_RESULT_LIST(X, P) X(P, ok, 0) X(P, notSupported, 1)
TERN_CODES(tern_ipae_activation_result, TERN_IPAE_ACTIVATION_RESULT);

/** IpaeActivationResponse, BF42. */
struct tern_ipae_activation_response {
    int64_t ipae_activation_result;
};
extern const struct tern_asn_record TERN_IPAE_ACTIVATION_RESPONSE;

#endif
