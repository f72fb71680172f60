/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of ES10b, the functions that SGP.32 adds. */
#include "tern/messages/es10b_iot.h"
#include "tern/asn_table.h"

NAMES(TERN_ADD_INITIAL_EIM_ERROR);
NAMES(TERN_SGP32_RESET_OPTIONS);
NAMES(TERN_SGP32_RESET_RESULT);
NAMES(TERN_RESET_EIM_RESULT);
NAMES(TERN_RESET_IMMEDIATE_ENABLE_CONFIG_RESULT);
NAMES(TERN_GET_CERTS_ERROR);
NAMES(TERN_IMMEDIATE_ENABLE_RESULT);
NAMES(TERN_PROFILE_ROLLBACK_CMD_RESULT);
NAMES(TERN_CONFIG_IMMEDIATE_ENABLE_RESULT);
NAMES(TERN_EXECUTE_FALLBACK_MECHANISM_RESULT);
NAMES(TERN_RETURN_FROM_FALLBACK_RESULT);
NAMES(TERN_ENABLE_EMERGENCY_PROFILE_RESULT);
NAMES(TERN_DISABLE_EMERGENCY_PROFILE_RESULT);
NAMES(TERN_CONNECTIVITY_PARAMETERS_ERROR);
NAMES(TERN_EUICC_CONFIGURATION);
NAMES(TERN_IPAE_OPTION);
NAMES(TERN_IPAE_ACTIVATION_RESULT);

/* clang-format off */

#define TYPE tern_add_initial_eim_request
SEQUENCE(TERN_ADD_INITIAL_EIM_REQUEST, "AddInitialEimRequest", 0xBF57,
    FIELD(eim_configuration_data_list, "eimConfigurationDataList", 0xA0, LIST(TERN_EIM_CONFIGURATION_DATA)));
#undef TYPE

#define TYPE tern_add_initial_eim_ok
CHOICE_OF(TERN_ADD_INITIAL_EIM_OK, "addInitialEimOk", 0,
    ARM(TERN_ADD_INITIAL_EIM_OK_IS_ASSOCIATION_TOKEN, association_token, "associationToken", 0x84, INT),
    NULL_ARM(TERN_ADD_INITIAL_EIM_OK_IS_ADD_OK,                          "addOk",            0x05));
#undef TYPE

#define TYPE tern_add_initial_eim_response
CHOICE_OF(TERN_ADD_INITIAL_EIM_RESPONSE, "AddInitialEimResponse", 0xBF57,
    ARM(TERN_ADD_INITIAL_EIM_RESPONSE_IS_ADD_INITIAL_EIM_OK,    add_initial_eim_ok,    "addInitialEimOk",    0xA0, LIST(TERN_ADD_INITIAL_EIM_OK)),
    ARM(TERN_ADD_INITIAL_EIM_RESPONSE_IS_ADD_INITIAL_EIM_ERROR, add_initial_eim_error, "addInitialEimError", 0x81, CODE(TERN_ADD_INITIAL_EIM_ERROR)));
#undef TYPE

#define TYPE tern_sgp32_euicc_memory_reset_request
SEQUENCE(TERN_SGP32_EUICC_MEMORY_RESET_REQUEST, "SGP32-EuiccMemoryResetRequest", 0xBF64,
    FIELD(reset_options, "resetOptions", 0x82, BITS(TERN_SGP32_RESET_OPTIONS)));
#undef TYPE

#define TYPE tern_sgp32_euicc_memory_reset_response
SEQUENCE(TERN_SGP32_EUICC_MEMORY_RESET_RESPONSE, "SGP32-EuiccMemoryResetResponse", 0xBF64,
    FIELD(reset_result,                         "resetResult",                      0x80, CODE(TERN_SGP32_RESET_RESULT)),
    MAYBE(reset_eim_result,                     "resetEimResult",                   0x81, CODE(TERN_RESET_EIM_RESULT)),
    MAYBE(reset_immediate_enable_config_result, "resetImmediateEnableConfigResult", 0x82, CODE(TERN_RESET_IMMEDIATE_ENABLE_CONFIG_RESULT)));
#undef TYPE

/* sgp32.md 12, no. 5: one peer sends it as 04. */
static const struct tern_asn_alias GET_CERTS_ALIASES[] = {{TERN_MERCY_GET_CERTS, 0, 0x04}, {0, 0, 0}};

#define TYPE tern_get_certs_request
SEQUENCE_WITH(GET_CERTS_ALIASES, TERN_GET_CERTS_REQUEST, "GetCertsRequest", 0xBF56,
    FIELD(euicc_ci_pk_id, "euiccCiPKId", 0x80, BYTES, OPTIONAL));
#undef TYPE

#define TYPE tern_certs
SEQUENCE(TERN_CERTS, "certs", 0x30,
    FIELD(eum_certificate,   "eumCertificate",   0xA5, X509(TERN_X509_CERTIFICATE)),
    FIELD(euicc_certificate, "euiccCertificate", 0xA6, X509(TERN_X509_CERTIFICATE)));
#undef TYPE

#define TYPE tern_get_certs_response
CHOICE_OF(TERN_GET_CERTS_RESPONSE, "GetCertsResponse", 0xBF56,
    ARM(TERN_GET_CERTS_RESPONSE_IS_CERTS,           certs,           "certs",         0xA0, RECORD(TERN_CERTS)),
    ARM(TERN_GET_CERTS_RESPONSE_IS_GET_CERTS_ERROR, get_certs_error, "getCertsError", 0x81, CODE(TERN_GET_CERTS_ERROR)));
#undef TYPE

/* sgp32.md 12, no. 3: two peers send refreshFlag as 01. */
static const struct tern_asn_alias REFRESH_ALIASES[] = {{TERN_MERCY_REFRESH_FLAG, 0, 0x01}, {0, 0, 0}};

#define TYPE tern_refresh_flag
#define REFRESH_ROW FIELD(refresh_flag, "refreshFlag", 0x80, BOOL)
SEQUENCE_WITH(REFRESH_ALIASES, TERN_IMMEDIATE_ENABLE_REQUEST,           "ImmediateEnableRequest",          0xBF5A, REFRESH_ROW);
SEQUENCE_WITH(REFRESH_ALIASES, TERN_PROFILE_ROLLBACK_REQUEST,           "ProfileRollbackRequest",          0xBF58, REFRESH_ROW);
SEQUENCE_WITH(REFRESH_ALIASES, TERN_EXECUTE_FALLBACK_MECHANISM_REQUEST, "ExecuteFallbackMechanismRequest", 0xBF5D, REFRESH_ROW);
SEQUENCE_WITH(REFRESH_ALIASES, TERN_RETURN_FROM_FALLBACK_REQUEST,       "ReturnFromFallbackRequest",       0xBF5E, REFRESH_ROW);
SEQUENCE_WITH(REFRESH_ALIASES, TERN_ENABLE_EMERGENCY_PROFILE_REQUEST,   "EnableEmergencyProfileRequest",   0xBF5B, REFRESH_ROW);
SEQUENCE_WITH(REFRESH_ALIASES, TERN_DISABLE_EMERGENCY_PROFILE_REQUEST,  "DisableEmergencyProfileRequest",  0xBF5C, REFRESH_ROW);
#undef TYPE

#define TYPE tern_immediate_enable_response
SEQUENCE(TERN_IMMEDIATE_ENABLE_RESPONSE, "ImmediateEnableResponse", 0xBF5A,
    FIELD(immediate_enable_result, "immediateEnableResult", 0x80, CODE(TERN_IMMEDIATE_ENABLE_RESULT)));
#undef TYPE

/* sgp32.md 12, no. 7: simulators send cmdResult as 80. */
static const struct tern_asn_alias ROLLBACK_ALIASES[] = {{TERN_MERCY_CMD_RESULT, 0, 0x80}, {0, 0, 0}};

#define TYPE tern_profile_rollback_response
SEQUENCE_WITH(ROLLBACK_ALIASES, TERN_PROFILE_ROLLBACK_RESPONSE, "ProfileRollbackResponse", 0xBF58,
    FIELD(cmd_result,           "cmdResult",          0x02,   CODE(TERN_PROFILE_ROLLBACK_CMD_RESULT)),
    FIELD(euicc_package_result, "eUICCPackageResult", 0xBF51, TLV(TERN_EUICC_PACKAGE_RESULT), OPTIONAL));
#undef TYPE

#define TYPE tern_configure_immediate_enable
SEQUENCE(TERN_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_REQUEST, "ConfigureImmediateProfileEnablingRequest", 0xBF59,
    FIELD(immediate_enable_flag, "immediateEnableFlag", 0x80, PRESENT),
    FIELD(default_smdp_oid,      "defaultSmdpOid",      0x81, OID, OPTIONAL),
    FIELD(default_smdp_address,  "defaultSmdpAddress",  0x82, TEXT, OPTIONAL));
#undef TYPE

#define TYPE tern_configure_immediate_profile_enabling_response
SEQUENCE(TERN_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_RESPONSE, "ConfigureImmediateProfileEnablingResponse", 0xBF59,
    FIELD(config_immediate_enable_result, "configImmediateEnableResult", 0x80, CODE(TERN_CONFIG_IMMEDIATE_ENABLE_RESULT)));
#undef TYPE

#define TYPE tern_eim_search_criteria
CHOICE_OF(TERN_EIM_SEARCH_CRITERIA, "searchCriteria", 0,
    ARM(TERN_EIM_SEARCH_CRITERIA_IS_EIM_ID, eim_id, "eimId", 0x80, TEXT, SIZE(1, 128)));
#undef TYPE

#define TYPE tern_get_eim_configuration_data_request
SEQUENCE(TERN_GET_EIM_CONFIGURATION_DATA_REQUEST, "GetEimConfigurationDataRequest", 0xBF55,
    FIELD(search_criteria, "searchCriteria", 0xA0, CHOICE(TERN_EIM_SEARCH_CRITERIA), OPTIONAL));
#undef TYPE

#define TYPE tern_get_eim_configuration_data_response
SEQUENCE(TERN_GET_EIM_CONFIGURATION_DATA_RESPONSE, "GetEimConfigurationDataResponse", 0xBF55,
    FIELD(eim_configuration_data_list, "eimConfigurationDataList", 0xA0, LIST(TERN_EIM_CONFIGURATION_DATA)));
#undef TYPE

#define TYPE tern_execute_fallback_mechanism_response
SEQUENCE(TERN_EXECUTE_FALLBACK_MECHANISM_RESPONSE, "ExecuteFallbackMechanismResponse", 0xBF5D,
    FIELD(execute_fallback_mechanism_result, "executeFallbackMechanismResult", 0x80, CODE(TERN_EXECUTE_FALLBACK_MECHANISM_RESULT)));
#undef TYPE

#define TYPE tern_return_from_fallback_response
SEQUENCE(TERN_RETURN_FROM_FALLBACK_RESPONSE, "ReturnFromFallbackResponse", 0xBF5E,
    FIELD(return_from_fallback_result, "returnFromFallbackResult", 0x80, CODE(TERN_RETURN_FROM_FALLBACK_RESULT)));
#undef TYPE

#define TYPE tern_enable_emergency_profile_response
SEQUENCE(TERN_ENABLE_EMERGENCY_PROFILE_RESPONSE, "EnableEmergencyProfileResponse", 0xBF5B,
    FIELD(enable_emergency_profile_result, "enableEmergencyProfileResult", 0x80, CODE(TERN_ENABLE_EMERGENCY_PROFILE_RESULT)));
#undef TYPE

#define TYPE tern_disable_emergency_profile_response
SEQUENCE(TERN_DISABLE_EMERGENCY_PROFILE_RESPONSE, "DisableEmergencyProfileResponse", 0xBF5C,
    FIELD(disable_emergency_profile_result, "disableEmergencyProfileResult", 0x80, CODE(TERN_DISABLE_EMERGENCY_PROFILE_RESULT)));
#undef TYPE

EMPTY(TERN_GET_CONNECTIVITY_PARAMETERS_REQUEST, "GetConnectivityParametersRequest", 0xBF5F);

#define TYPE tern_connectivity_parameters
SEQUENCE(TERN_CONNECTIVITY_PARAMETERS, "ConnectivityParameters", 0x30,
    FIELD(http_params, "httpParams", 0x81, BYTES, OPTIONAL));
#undef TYPE

#define TYPE tern_get_connectivity_parameters_response
CHOICE_OF(TERN_GET_CONNECTIVITY_PARAMETERS_RESPONSE, "GetConnectivityParametersResponse", 0xBF5F,
    ARM(TERN_GET_CONNECTIVITY_PARAMETERS_RESPONSE_IS_CONNECTIVITY_PARAMETERS,       connectivity_parameters,       "connectivityParameters",      0xA0, RECORD(TERN_CONNECTIVITY_PARAMETERS)),
    ARM(TERN_GET_CONNECTIVITY_PARAMETERS_RESPONSE_IS_CONNECTIVITY_PARAMETERS_ERROR, connectivity_parameters_error, "connectivityParametersError", 0x81, CODE(TERN_CONNECTIVITY_PARAMETERS_ERROR)));
#undef TYPE

#define TYPE tern_isdr_proprietary_application_template_iot
SEQUENCE(TERN_ISDR_PROPRIETARY_APPLICATION_TEMPLATE_IOT, "ISDRProprietaryApplicationTemplateIoT", 0xE1,
    FIELD(euicc_configuration, "euiccConfiguration", 0x80, BITS(TERN_EUICC_CONFIGURATION)));
#undef TYPE

#define TYPE tern_ipae_activation_request
SEQUENCE(TERN_IPAE_ACTIVATION_REQUEST, "IpaeActivationRequest", 0xBF42,
    FIELD(ipae_option, "ipaeOption", 0x80, BITS(TERN_IPAE_OPTION)));
#undef TYPE

#define TYPE tern_ipae_activation_response
SEQUENCE(TERN_IPAE_ACTIVATION_RESPONSE, "IpaeActivationResponse", 0xBF42,
    FIELD(ipae_activation_result, "ipaeActivationResult", 0x80, CODE(TERN_IPAE_ACTIVATION_RESULT)));
#undef TYPE
