/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of ESep: eUICC packages and their results, eIM configuration data. */
#include "tern/messages/esep.h"
#include "tern/asn_table.h"

NAMES(TERN_EIM_ID_TYPE);
NAMES(TERN_EIM_SUPPORTED_PROTOCOL);
NAMES(TERN_PROFILE_INFO_LIST_ERROR);
NAMES(TERN_SET_DEFAULT_DP_ADDRESS_RESULT);
NAMES(TERN_ENABLE_PROFILE_RESULT);
NAMES(TERN_DISABLE_PROFILE_RESULT);
NAMES(TERN_DELETE_PROFILE_RESULT);
NAMES(TERN_CONFIGURE_IMMEDIATE_ENABLE_RESULT);
NAMES(TERN_ROLLBACK_PROFILE_RESULT);
NAMES(TERN_SET_FALLBACK_ATTRIBUTE_RESULT);
NAMES(TERN_UNSET_FALLBACK_ATTRIBUTE_RESULT);
NAMES(TERN_ADD_EIM_RESULT_CODE);
NAMES(TERN_DELETE_EIM_RESULT);
NAMES(TERN_UPDATE_EIM_RESULT);
NAMES(TERN_LIST_EIM_ERROR);
NAMES(TERN_PROCESSING_TERMINATED);
NAMES(TERN_EUICC_PACKAGE_ERROR_CODE);

/* clang-format off */

#define TYPE tern_eim_public_key_data
CHOICE_OF(TERN_EIM_PUBLIC_KEY_DATA, "eimPublicKeyData", 0,
    ARM(TERN_EIM_PUBLIC_KEY_DATA_IS_EIM_PUBLIC_KEY,  eim_public_key,  "eimPublicKey",   0xA0, X509(TERN_X509_SUBJECT_PUBLIC_KEY_INFO)),
    ARM(TERN_EIM_PUBLIC_KEY_DATA_IS_EIM_CERTIFICATE, eim_certificate, "eimCertificate", 0xA1, X509(TERN_X509_CERTIFICATE)));
#undef TYPE

#define TYPE tern_trusted_public_key_data_tls
CHOICE_OF(TERN_TRUSTED_PUBLIC_KEY_DATA_TLS, "trustedPublicKeyDataTls", 0,
    ARM(TERN_TRUSTED_PUBLIC_KEY_DATA_TLS_IS_TRUSTED_EIM_PK_TLS,      trusted_eim_pk_tls,      "trustedEimPkTls",       0xA0, X509(TERN_X509_SUBJECT_PUBLIC_KEY_INFO)),
    ARM(TERN_TRUSTED_PUBLIC_KEY_DATA_TLS_IS_TRUSTED_CERTIFICATE_TLS, trusted_certificate_tls, "trustedCertificateTls", 0xA1, X509(TERN_X509_CERTIFICATE)));
#undef TYPE

#define TYPE tern_eim_configuration_data
SEQUENCE(TERN_EIM_CONFIGURATION_DATA, "EimConfigurationData", 0x30,
    FIELD(eim_id,                      "eimId",                   0x80, TEXT, SIZE(1, 128)),
    FIELD(eim_fqdn,                    "eimFqdn",                 0x81, TEXT, OPTIONAL),
    MAYBE(eim_id_type,                 "eimIdType",               0x82, CODE(TERN_EIM_ID_TYPE)),
    MAYBE(counter_value,               "counterValue",            0x83, INT),
    MAYBE(association_token,           "associationToken",        0x84, INT),
    FIELD(eim_public_key_data,         "eimPublicKeyData",        0xA5, CHOICE(TERN_EIM_PUBLIC_KEY_DATA), OPTIONAL),
    FIELD(trusted_public_key_data_tls, "trustedPublicKeyDataTls", 0xA6, CHOICE(TERN_TRUSTED_PUBLIC_KEY_DATA_TLS), OPTIONAL),
    MAYBE(eim_supported_protocol,      "eimSupportedProtocol",    0x87, BITS(TERN_EIM_SUPPORTED_PROTOCOL)),
    FIELD(euicc_ci_pk_id,              "euiccCiPKId",             0x88, BYTES, OPTIONAL),
    FIELD(indirect_profile_download,   "indirectProfileDownload", 0x89, PRESENT));
#undef TYPE

#define TYPE tern_eim_id_info
SEQUENCE(TERN_EIM_ID_INFO, "EimIdInfo", 0x30,
    FIELD(eim_id,      "eimId",     0x80, TEXT, SIZE(1, 128)),
    MAYBE(eim_id_type, "eimIdType", 0x82, CODE(TERN_EIM_ID_TYPE)));
#undef TYPE

/* sgp32.md 12, no. 4: one peer sends rollbackFlag as 81. */
static const struct tern_asn_alias ENABLE_ALIASES[] = {{TERN_MERCY_ROLLBACK_FLAG, 1, 0x81}, {0, 0, 0}};

#define TYPE tern_psmo_enable
SEQUENCE_WITH(ENABLE_ALIASES, TERN_PSMO_ENABLE, "enable", 0x30,
    FIELD(iccid,         "iccid",        0x5A, BYTES, SIZE(10, 10)),
    FIELD(rollback_flag, "rollbackFlag", 0x05, PRESENT));
#undef TYPE

#define TYPE tern_psmo_iccid
SEQUENCE(TERN_PSMO_ICCID, "SEQUENCE", 0x30,
    FIELD(iccid, "iccid", 0x5A, BYTES, SIZE(10, 10)));
#undef TYPE

#define TYPE tern_profile_search_criteria
CHOICE_OF(TERN_PROFILE_SEARCH_CRITERIA, "searchCriteria", 0,
    ARM(TERN_PROFILE_SEARCH_CRITERIA_IS_ISDP_AID,      isdp_aid,      "isdpAid",      0x4F, BYTES, SIZE(1, 16)),
    ARM(TERN_PROFILE_SEARCH_CRITERIA_IS_ICCID,         iccid,         "iccid",        0x5A, BYTES, SIZE(10, 10)),
    ARM(TERN_PROFILE_SEARCH_CRITERIA_IS_PROFILE_CLASS, profile_class, "profileClass", 0x95, CODE(TERN_PROFILE_CLASS)));
#undef TYPE

#define TYPE tern_profile_info_list_request
SEQUENCE(TERN_PROFILE_INFO_LIST_REQUEST, "ProfileInfoListRequest", 0xBF2D,
    FIELD(search_criteria, "searchCriteria", 0xA0, CHOICE(TERN_PROFILE_SEARCH_CRITERIA), OPTIONAL),
    FIELD(tag_list,        "tagList",        0x5C, BYTES, OPTIONAL));
#undef TYPE

#define TYPE tern_profile_info_list_response
CHOICE_OF(TERN_PROFILE_INFO_LIST_RESPONSE, "ProfileInfoListResponse", 0xBF2D,
    ARM(TERN_PROFILE_INFO_LIST_RESPONSE_IS_PROFILE_INFO_LIST_OK,    profile_info_list_ok,    "profileInfoListOk",    0xA0, LIST(TERN_PROFILE_INFO)),
    ARM(TERN_PROFILE_INFO_LIST_RESPONSE_IS_PROFILE_INFO_LIST_ERROR, profile_info_list_error, "profileInfoListError", 0x81, CODE(TERN_PROFILE_INFO_LIST_ERROR)));
#undef TYPE

#define TYPE tern_configure_immediate_enable
SEQUENCE(TERN_CONFIGURE_IMMEDIATE_ENABLE, "configureImmediateEnable", 0x30,
    FIELD(immediate_enable_flag, "immediateEnableFlag", 0x80, PRESENT),
    FIELD(default_smdp_oid,      "defaultSmdpOid",      0x81, OID, OPTIONAL),
    FIELD(default_smdp_address,  "defaultSmdpAddress",  0x82, TEXT, OPTIONAL));
#undef TYPE

#define TYPE tern_sgp32_set_default_dp_address_request
SEQUENCE(TERN_SGP32_SET_DEFAULT_DP_ADDRESS_REQUEST, "SGP32-SetDefaultDpAddressRequest", 0xBF65,
    FIELD(default_dp_address, "defaultDpAddress", 0x80, TEXT));
#undef TYPE

#define TYPE tern_sgp32_set_default_dp_address_response
SEQUENCE(TERN_SGP32_SET_DEFAULT_DP_ADDRESS_RESPONSE, "SGP32-SetDefaultDpAddressResponse", 0xBF65,
    FIELD(set_default_dp_address_result, "setDefaultDpAddressResult", 0x80, CODE(TERN_SET_DEFAULT_DP_ADDRESS_RESULT)));
#undef TYPE

#define TYPE tern_psmo
CHOICE_OF(TERN_PSMO, "Psmo", 0,
    ARM(TERN_PSMO_IS_ENABLE,                     enable,                     "enable",                   0xA3,   RECORD(TERN_PSMO_ENABLE)),
    ARM(TERN_PSMO_IS_DISABLE,                    disable,                    "disable",                  0xA4,   RECORD(TERN_PSMO_ICCID)),
    ARM(TERN_PSMO_IS_DELETE,                     delete,                     "delete",                   0xA5,   RECORD(TERN_PSMO_ICCID)),
    ARM(TERN_PSMO_IS_LIST_PROFILE_INFO,          list_profile_info,          "listProfileInfo",          0xBF2D, RECORD(TERN_PROFILE_INFO_LIST_REQUEST)),
    EMPTY_ARM(TERN_PSMO_IS_GET_RAT,                                          "getRAT",                   0xA6),
    ARM(TERN_PSMO_IS_CONFIGURE_IMMEDIATE_ENABLE, configure_immediate_enable, "configureImmediateEnable", 0xA7,   RECORD(TERN_CONFIGURE_IMMEDIATE_ENABLE)),
    ARM(TERN_PSMO_IS_SET_FALLBACK_ATTRIBUTE,     set_fallback_attribute,     "setFallbackAttribute",     0xA8,   RECORD(TERN_PSMO_ICCID)),
    EMPTY_ARM(TERN_PSMO_IS_UNSET_FALLBACK_ATTRIBUTE,                         "unsetFallbackAttribute",   0xA9),
    ARM(TERN_PSMO_IS_SET_DEFAULT_DP_ADDRESS,     set_default_dp_address,     "setDefaultDpAddress",      0xBF65, RECORD(TERN_SGP32_SET_DEFAULT_DP_ADDRESS_REQUEST)));
#undef TYPE

#define TYPE tern_eco_delete_eim
SEQUENCE(TERN_ECO_DELETE_EIM, "deleteEim", 0x30,
    FIELD(eim_id, "eimId", 0x80, TEXT));
#undef TYPE

#define TYPE tern_eco
CHOICE_OF(TERN_ECO, "Eco", 0,
    ARM(TERN_ECO_IS_ADD_EIM,        add_eim,    "addEim",    0xA8, RECORD(TERN_EIM_CONFIGURATION_DATA)),
    ARM(TERN_ECO_IS_DELETE_EIM,     delete_eim, "deleteEim", 0xA9, RECORD(TERN_ECO_DELETE_EIM)),
    ARM(TERN_ECO_IS_UPDATE_EIM,     update_eim, "updateEim", 0xAA, RECORD(TERN_EIM_CONFIGURATION_DATA)),
    EMPTY_ARM(TERN_ECO_IS_LIST_EIM,             "listEim",   0xAB));
#undef TYPE

#define TYPE tern_euicc_package
CHOICE_OF(TERN_EUICC_PACKAGE, "EuiccPackage", 0,
    ARM(TERN_EUICC_PACKAGE_IS_PSMO_LIST, psmo_list, "psmoList", 0xA0, LIST(TERN_PSMO), LOOSE),
    ARM(TERN_EUICC_PACKAGE_IS_ECO_LIST,  eco_list,  "ecoList",  0xA1, LIST(TERN_ECO), LOOSE));
#undef TYPE

#define TYPE tern_euicc_package_signed
SIGNED(TERN_EUICC_PACKAGE_SIGNED, "EuiccPackageSigned", 0x30,
    FIELD(eim_id,             "eimId",            0x80, TEXT, SIZE(1, 128)),
    FIELD(eid_value,          "eidValue",         0x5A, BYTES, SIZE(16, 16)),
    FIELD(counter_value,      "counterValue",     0x81, INT),
    FIELD(eim_transaction_id, "eimTransactionId", 0x82, BYTES, SIZE(1, 16), OPTIONAL),
    FIELD(euicc_package,      "euiccPackage",     0,    CHOICE(TERN_EUICC_PACKAGE)));
#undef TYPE

#define TYPE tern_euicc_package_request
SEQUENCE(TERN_EUICC_PACKAGE_REQUEST, "EuiccPackageRequest", 0xBF51,
    FIELD(euicc_package_signed, "euiccPackageSigned", 0x30,   RECORD(TERN_EUICC_PACKAGE_SIGNED)),
    FIELD(eim_signature,        "eimSignature",       0x5F37, BYTES));
#undef TYPE

#define TYPE tern_add_eim_result
CHOICE_OF(TERN_ADD_EIM_RESULT, "AddEimResult", 0,
    ARM(TERN_ADD_EIM_RESULT_IS_ASSOCIATION_TOKEN,   association_token,   "associationToken", 0x84, INT),
    ARM(TERN_ADD_EIM_RESULT_IS_ADD_EIM_RESULT_CODE, add_eim_result_code, "addEimResultCode", 0x02, CODE(TERN_ADD_EIM_RESULT_CODE)));
#undef TYPE

#define TYPE tern_list_eim_result
CHOICE_OF(TERN_LIST_EIM_RESULT, "ListEimResult", 0,
    ARM(TERN_LIST_EIM_RESULT_IS_EIM_ID_LIST,    eim_id_list,    "eimIdList",    0xA0, LIST(TERN_EIM_ID_INFO)),
    ARM(TERN_LIST_EIM_RESULT_IS_LIST_EIM_ERROR, list_eim_error, "listEimError", 0x81, CODE(TERN_LIST_EIM_ERROR)));
#undef TYPE

#define TYPE tern_euicc_result_data
CHOICE_OF(TERN_EUICC_RESULT_DATA, "EuiccResultData", 0,
    ARM(TERN_EUICC_RESULT_DATA_IS_ENABLE_RESULT,                     enable_result,                     "enableResult",                   0x83,   CODE(TERN_ENABLE_PROFILE_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_DISABLE_RESULT,                    disable_result,                    "disableResult",                  0x84,   CODE(TERN_DISABLE_PROFILE_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_DELETE_RESULT,                     delete_result,                     "deleteResult",                   0x85,   CODE(TERN_DELETE_PROFILE_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_LIST_PROFILE_INFO_RESULT,          list_profile_info_result,          "listProfileInfoResult",          0xBF2D, CHOICE(TERN_PROFILE_INFO_LIST_RESPONSE)),
    ARM(TERN_EUICC_RESULT_DATA_IS_GET_RAT_RESULT,                    get_rat_result,                    "getRATResult",                   0xA6,   LIST(TERN_PROFILE_POLICY_AUTHORISATION_RULE)),
    ARM(TERN_EUICC_RESULT_DATA_IS_CONFIGURE_IMMEDIATE_ENABLE_RESULT, configure_immediate_enable_result, "configureImmediateEnableResult", 0x87,   CODE(TERN_CONFIGURE_IMMEDIATE_ENABLE_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_ADD_EIM_RESULT,                    add_eim_result,                    "addEimResult",                   0xA8,   CHOICE(TERN_ADD_EIM_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_DELETE_EIM_RESULT,                 delete_eim_result,                 "deleteEimResult",                0x89,   CODE(TERN_DELETE_EIM_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_UPDATE_EIM_RESULT,                 update_eim_result,                 "updateEimResult",                0x8A,   CODE(TERN_UPDATE_EIM_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_LIST_EIM_RESULT,                   list_eim_result,                   "listEimResult",                  0xAB,   CHOICE(TERN_LIST_EIM_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_ROLLBACK_RESULT,                   rollback_result,                   "rollbackResult",                 0x8C,   CODE(TERN_ROLLBACK_PROFILE_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_SET_FALLBACK_ATTRIBUTE_RESULT,     set_fallback_attribute_result,     "setFallbackAttributeResult",     0x8D,   CODE(TERN_SET_FALLBACK_ATTRIBUTE_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_UNSET_FALLBACK_ATTRIBUTE_RESULT,   unset_fallback_attribute_result,   "unsetFallbackAttributeResult",   0x8E,   CODE(TERN_UNSET_FALLBACK_ATTRIBUTE_RESULT)),
    ARM(TERN_EUICC_RESULT_DATA_IS_PROCESSING_TERMINATED,             processing_terminated,             "processingTerminated",           0x02,   CODE(TERN_PROCESSING_TERMINATED)),
    ARM(TERN_EUICC_RESULT_DATA_IS_SET_DEFAULT_DP_ADDRESS_RESULT,     set_default_dp_address_result,     "setDefaultDpAddressResult",      0xBF65, RECORD(TERN_SGP32_SET_DEFAULT_DP_ADDRESS_RESPONSE)));
#undef TYPE

#define TYPE tern_euicc_package_result_data_signed
SIGNED(TERN_EUICC_PACKAGE_RESULT_DATA_SIGNED, "EuiccPackageResultDataSigned", 0x30,
    FIELD(eim_id,             "eimId",            0x80, TEXT, SIZE(1, 128)),
    FIELD(counter_value,      "counterValue",     0x81, INT),
    FIELD(eim_transaction_id, "eimTransactionId", 0x82, BYTES, SIZE(1, 16), OPTIONAL),
    FIELD(seq_number,         "seqNumber",        0x83, UINT),
    FIELD(euicc_result,       "euiccResult",      0x30, LIST(TERN_EUICC_RESULT_DATA), LOOSE));
#undef TYPE

#define TYPE tern_euicc_package_result_signed
SEQUENCE(TERN_EUICC_PACKAGE_RESULT_SIGNED, "EuiccPackageResultSigned", 0x30,
    FIELD(euicc_package_result_data_signed, "euiccPackageResultDataSigned", 0x30,   RECORD(TERN_EUICC_PACKAGE_RESULT_DATA_SIGNED)),
    FIELD(euicc_sign_epr,                   "euiccSignEPR",                 0x5F37, BYTES));
#undef TYPE

#define TYPE tern_euicc_package_error_data_signed
SIGNED(TERN_EUICC_PACKAGE_ERROR_DATA_SIGNED, "EuiccPackageErrorDataSigned", 0x30,
    FIELD(eim_id,                   "eimId",                 0x80, TEXT, SIZE(1, 128)),
    FIELD(counter_value,            "counterValue",          0x81, INT),
    FIELD(eim_transaction_id,       "eimTransactionId",      0x82, BYTES, SIZE(1, 16), OPTIONAL),
    FIELD(euicc_package_error_code, "euiccPackageErrorCode", 0x02, CODE(TERN_EUICC_PACKAGE_ERROR_CODE)));
#undef TYPE

#define TYPE tern_euicc_package_error_signed
SEQUENCE(TERN_EUICC_PACKAGE_ERROR_SIGNED, "EuiccPackageErrorSigned", 0x30,
    FIELD(euicc_package_error_data_signed, "euiccPackageErrorDataSigned", 0x30,   RECORD(TERN_EUICC_PACKAGE_ERROR_DATA_SIGNED)),
    FIELD(euicc_sign_epe,                  "euiccSignEPE",                0x5F37, BYTES));
#undef TYPE

#define TYPE tern_euicc_package_error_unsigned
SEQUENCE(TERN_EUICC_PACKAGE_ERROR_UNSIGNED, "EuiccPackageErrorUnsigned", 0x30,
    FIELD(eim_id,             "eimId",            0x80, TEXT, SIZE(1, 128)),
    FIELD(eim_transaction_id, "eimTransactionId", 0x82, BYTES, SIZE(1, 16), OPTIONAL),
    MAYBE(association_token,  "associationToken", 0x84, INT));
#undef TYPE

/* sgp32.md 3.3: one eIM library sends BF51{30 5F37} without the A0 level. */
static const struct tern_asn_alias RESULT_ALIASES[] = {{TERN_MERCY_EPR_WITHOUT_A0, 0, 0x30}, {0, 0, 0}};

#define TYPE tern_euicc_package_result
CHOICE_WITH(RESULT_ALIASES, TERN_EUICC_PACKAGE_RESULT, "EuiccPackageResult", 0xBF51,
    ARM(TERN_EUICC_PACKAGE_RESULT_IS_EUICC_PACKAGE_RESULT_SIGNED,  euicc_package_result_signed,  "euiccPackageResultSigned",  0xA0, RECORD(TERN_EUICC_PACKAGE_RESULT_SIGNED)),
    ARM(TERN_EUICC_PACKAGE_RESULT_IS_EUICC_PACKAGE_ERROR_SIGNED,   euicc_package_error_signed,   "euiccPackageErrorSigned",   0xA1, RECORD(TERN_EUICC_PACKAGE_ERROR_SIGNED)),
    ARM(TERN_EUICC_PACKAGE_RESULT_IS_EUICC_PACKAGE_ERROR_UNSIGNED, euicc_package_error_unsigned, "euiccPackageErrorUnsigned", 0xA2, RECORD(TERN_EUICC_PACKAGE_ERROR_UNSIGNED)));
#undef TYPE
