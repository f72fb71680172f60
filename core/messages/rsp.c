/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of the types that several interfaces share. Proofread against RSPDefinitions (SGP.22 v2.5)
 * and SGP32Definitions (v1.2), line by line; AUTOMATIC TAGS resolved by hand (sgp32.md 0.1). */
#include "tern/messages/rsp.h"
#include "tern/asn_table.h"

NAMES(TERN_RSP_CAPABILITY);
NAMES(TERN_EUICC_CATEGORY);
NAMES(TERN_TRE_PROPERTIES);
NAMES(TERN_IPA_MODE);
NAMES(TERN_PPR_IDS);
NAMES(TERN_PROFILE_CLASS);
NAMES(TERN_PROFILE_STATE);
NAMES(TERN_ICON_TYPE);
NAMES(TERN_NOTIFICATION_EVENT);
NAMES(TERN_PPR_FLAGS);
NAMES(TERN_BPP_COMMAND_ID);
NAMES(TERN_ERROR_REASON);

/* clang-format off */

#ifdef TERN_ASN_NO_NAMES
NAMES(TERN_UICC_CAPABILITY);
#else
/* By hand: some names have hyphens, which no enumerator can. */
const struct tern_asn_name TERN_UICC_CAPABILITY_NAMES[] = {
    {0, "contactlessSupport"},
    {1, "usimSupport"},
    {2, "isimSupport"},
    {3, "csimSupport"},
    {4, "akaMilenage"},
    {5, "akaCave"},
    {6, "akaTuak128"},
    {7, "akaTuak256"},
    {8, "usimTestAlgorithm"},
    {9, "rfu2"},
    {10, "gbaAuthenUsim"},
    {11, "gbaAuthenISim"},
    {12, "mbmsAuthenUsim"},
    {13, "eapClient"},
    {14, "javacard"},
    {15, "multos"},
    {16, "multipleUsimSupport"},
    {17, "multipleIsimSupport"},
    {18, "multipleCsimSupport"},
    {19, "berTlvFileSupport"},
    {20, "dfLinkSupport"},
    {21, "catTp"},
    {22, "getIdentity"},
    {23, "profile-a-x25519"},
    {24, "profile-b-p256"},
    {25, "suciCalculatorApi"},
    {26, "dns-resolution"},
    {27, "scp11ac"},
    {28, "scp11c-authorization-mechanism"},
    {29, "s16mode"},
    {30, "eaka"},
    {31, "iotminimal"},
    {0, NULL},
};
#endif


#define TYPE tern_subject_key_identifier
VALUE_OF(TERN_SUBJECT_KEY_IDENTIFIER, "SubjectKeyIdentifier", 0x04,
    FIELD(value, "SubjectKeyIdentifier", 0x04, BYTES));
#undef TYPE

#define TYPE tern_version_type
VALUE_OF(TERN_VERSION_TYPE, "VersionType", 0x04,
    FIELD(value, "VersionType", 0x04, BYTES, SIZE(3, 3)));
#undef TYPE

#define TYPE tern_integer
VALUE_OF(TERN_INTEGER, "INTEGER", 0x02,
    FIELD(value, "INTEGER", 0x02, INT));
#undef TYPE

#define TYPE tern_x509_certificate
SEQUENCE(TERN_X509_CERTIFICATE, "Certificate", 0x30,
    FIELD(tbs_certificate,     "tbsCertificate",     0x30, ANY),
    FIELD(signature_algorithm, "signatureAlgorithm", 0x30, ANY),
    FIELD(signature,           "signature",          0x03, BYTES));
SEQUENCE(TERN_X509_CERTIFICATE_LIST, "CertificateList", 0x30,
    FIELD(tbs_certificate,     "tbsCertList",        0x30, ANY),
    FIELD(signature_algorithm, "signatureAlgorithm", 0x30, ANY),
    FIELD(signature,           "signature",          0x03, BYTES));
#undef TYPE

#define TYPE tern_x509_subject_public_key_info
SEQUENCE(TERN_X509_SUBJECT_PUBLIC_KEY_INFO, "SubjectPublicKeyInfo", 0x30,
    FIELD(algorithm,          "algorithm",        0x30, ANY),
    FIELD(subject_public_key, "subjectPublicKey", 0x03, BYTES));
#undef TYPE

#define TYPE tern_euicc_info1
SEQUENCE(TERN_EUICC_INFO1, "EUICCInfo1", 0xBF20,
    FIELD(svn,                                  "svn",                            0x82, BYTES, SIZE(3, 3)),
    FIELD(euicc_ci_pk_id_list_for_verification, "euiccCiPKIdListForVerification", 0xA9, LIST(TERN_SUBJECT_KEY_IDENTIFIER)),
    FIELD(euicc_ci_pk_id_list_for_signing,      "euiccCiPKIdListForSigning",      0xAA, LIST(TERN_SUBJECT_KEY_IDENTIFIER)));
#undef TYPE

#define TYPE tern_certification_data_object
SEQUENCE(TERN_CERTIFICATION_DATA_OBJECT, "CertificationDataObject", 0x30,
    FIELD(platform_label,     "platformLabel",    0x80, TEXT),
    FIELD(discovery_base_url, "discoveryBaseURL", 0x81, TEXT));
#undef TYPE

#define TYPE tern_iot_specific_info
SEQUENCE(TERN_IOT_SPECIFIC_INFO, "IoTSpecificInfo", 0x30,
    FIELD(iot_version,        "iotVersion",        0xA0, LIST(TERN_VERSION_TYPE)),
    FIELD(ecall_supported,    "ecallSupported",    0x81, PRESENT),
    FIELD(fallback_supported, "fallbackSupported", 0x82, PRESENT));
#undef TYPE

#define TYPE tern_euicc_info2
SEQUENCE(TERN_EUICC_INFO2, "EUICCInfo2", 0xBF22,
    FIELD(profile_version,                      "profileVersion",                 0x81, BYTES, SIZE(3, 3)),
    FIELD(svn,                                  "svn",                            0x82, BYTES, SIZE(3, 3)),
    FIELD(euicc_firmware_ver,                   "euiccFirmwareVer",               0x83, BYTES, SIZE(3, 3)),
    FIELD(ext_card_resource,                    "extCardResource",                0x84, BYTES),
    FIELD(uicc_capability,                      "uiccCapability",                 0x85, BITS(TERN_UICC_CAPABILITY)),
    FIELD(ts102241_version,                     "ts102241Version",                0x86, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(globalplatform_version,               "globalplatformVersion",          0x87, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(rsp_capability,                       "rspCapability",                  0x88, BITS(TERN_RSP_CAPABILITY)),
    FIELD(euicc_ci_pk_id_list_for_verification, "euiccCiPKIdListForVerification", 0xA9, LIST(TERN_SUBJECT_KEY_IDENTIFIER)),
    FIELD(euicc_ci_pk_id_list_for_signing,      "euiccCiPKIdListForSigning",      0xAA, LIST(TERN_SUBJECT_KEY_IDENTIFIER)),
    MAYBE(euicc_category,                       "euiccCategory",                  0x8B, CODE(TERN_EUICC_CATEGORY)),
    MAYBE(forbidden_profile_policy_rules,       "forbiddenProfilePolicyRules",    0x99, BITS(TERN_PPR_IDS)),
    FIELD(pp_version,                           "ppVersion",                      0x04, BYTES, SIZE(3, 3)),
    FIELD(sas_acreditation_number,              "sasAcreditationNumber",          0x0C, TEXT, SIZE(0, 64)),
    MAYBE(certification_data_object,            "certificationDataObject",        0xAC, RECORD(TERN_CERTIFICATION_DATA_OBJECT)),
    MAYBE(tre_properties,                       "treProperties",                  0x8D, BITS(TERN_TRE_PROPERTIES)),
    FIELD(tre_product_reference,                "treProductReference",            0x8E, TEXT, OPTIONAL),
    FIELD(additional_euicc_profile_package_versions, "additionalEuiccProfilePackageVersions", 0xAF, LIST(TERN_VERSION_TYPE), OPTIONAL),
    MAYBE(ipa_mode,                             "ipaMode",                        0x90, CODE(TERN_IPA_MODE)),
    FIELD(euicc_ci_pk_id_list_for_signing_v3,   "euiccCiPKIdListForSigningV3",    0xB1, LIST(TERN_SUBJECT_KEY_IDENTIFIER), OPTIONAL),
    FIELD(additional_euicc_info,                "additionalEuiccInfo",            0x92, BYTES, SIZE(0, 32), OPTIONAL),
    FIELD(highest_svn,                          "highestSvn",                     0x93, BYTES, SIZE(3, 3), OPTIONAL),
    MAYBE(iot_specific_info,                    "iotSpecificInfo",                0xB4, RECORD(TERN_IOT_SPECIFIC_INFO)));
#undef TYPE

#define TYPE tern_device_additional_feature_support
SEQUENCE(TERN_DEVICE_ADDITIONAL_FEATURE_SUPPORT, "DeviceAdditionalFeatureSupport", 0x30,
    FIELD(nai_support, "naiSupport", 0x80, BYTES, SIZE(3, 3), OPTIONAL));
#undef TYPE

#define TYPE tern_device_capabilities
SEQUENCE(TERN_DEVICE_CAPABILITIES, "DeviceCapabilities", 0x30,
    FIELD(gsm_supported_release,             "gsmSupportedRelease",            0x80, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(utran_supported_release,           "utranSupportedRelease",          0x81, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(cdma2000onex_supported_release,    "cdma2000onexSupportedRelease",   0x82, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(cdma2000hrpd_supported_release,    "cdma2000hrpdSupportedRelease",   0x83, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(cdma2000ehrpd_supported_release,   "cdma2000ehrpdSupportedRelease",  0x84, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(eutran_epc_supported_release,      "eutranEpcSupportedRelease",      0x85, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(contactless_supported_release,     "contactlessSupportedRelease",    0x86, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(rsp_crl_supported_version,         "rspCrlSupportedVersion",         0x87, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(nr_epc_supported_release,          "nrEpcSupportedRelease",          0x88, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(nr5gc_supported_release,           "nr5gcSupportedRelease",          0x89, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(eutran5gc_supported_release,       "eutran5gcSupportedRelease",      0x8A, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(lpa_svn,                           "lpaSvn",                         0x8B, BYTES, SIZE(3, 3), OPTIONAL),
    FIELD(cat_supported_classes,             "catSupportedClasses",            0x8C, BYTES, OPTIONAL),
    MAYBE(euicc_form_factor_type,            "euiccFormFactorType",            0x8D, INT),
    FIELD(device_additional_feature_support, "deviceAdditionalFeatureSupport", 0xAE, TLV(TERN_DEVICE_ADDITIONAL_FEATURE_SUPPORT), OPTIONAL));
#undef TYPE

#define TYPE tern_device_info
SEQUENCE(TERN_DEVICE_INFO, "DeviceInfo", 0x30,
    FIELD(tac,                 "tac",                0x80, BYTES, SIZE(4, 4)),
    FIELD(device_capabilities, "deviceCapabilities", 0xA1, RECORD(TERN_DEVICE_CAPABILITIES)),
    FIELD(imei,                "imei",               0x82, BYTES, SIZE(8, 8), OPTIONAL));
#undef TYPE

#define TYPE tern_ctx_params_for_common_authentication
SEQUENCE(TERN_CTX_PARAMS_FOR_COMMON_AUTHENTICATION, "CtxParamsForCommonAuthentication", 0x30,
    FIELD(matching_id, "matchingId", 0x80, TEXT, OPTIONAL),
    FIELD(device_info, "deviceInfo", 0xA1, TLV(TERN_DEVICE_INFO)));
#undef TYPE

#define TYPE tern_ctx_params1
CHOICE_OF(TERN_CTX_PARAMS1, "CtxParams1", 0,
    ARM(TERN_CTX_PARAMS1_IS_CTX_PARAMS_FOR_COMMON_AUTHENTICATION, ctx_params_for_common_authentication,
        "ctxParamsForCommonAuthentication", 0xA0, RECORD(TERN_CTX_PARAMS_FOR_COMMON_AUTHENTICATION)));
#undef TYPE

#define TYPE tern_operator_id
SEQUENCE(TERN_OPERATOR_ID, "OperatorId", 0x30,
    FIELD(mcc_mnc, "mccMnc", 0x80, BYTES, SIZE(3, 3)),
    FIELD(gid1,    "gid1",   0x81, BYTES, OPTIONAL),
    FIELD(gid2,    "gid2",   0x82, BYTES, OPTIONAL));
#undef TYPE

#define TYPE tern_dp_proprietary_data
SEQUENCE(TERN_DP_PROPRIETARY_DATA, "DpProprietaryData", 0x30,
    FIELD(dp_oid, "dpOid", 0x80, OID));
#undef TYPE

#define TYPE tern_notification_configuration_information
SEQUENCE(TERN_NOTIFICATION_CONFIGURATION_INFORMATION, "NotificationConfigurationInformation", 0x30,
    FIELD(profile_management_operation, "profileManagementOperation", 0x80, BITS(TERN_NOTIFICATION_EVENT)),
    FIELD(notification_address,         "notificationAddress",        0x81, TEXT));
#undef TYPE

#define TYPE tern_vendor_specific_extension
SEQUENCE(TERN_VENDOR_SPECIFIC_EXTENSION, "VendorSpecificExtension", 0x30,
    FIELD(vendor_oid,           "vendorOid",          0x80, OID),
    FIELD(vendor_specific_data, "vendorSpecificData", 0xA1, ANY));
#undef TYPE

#define TYPE tern_profile_info
SEQUENCE(TERN_PROFILE_INFO, "ProfileInfo", 0xE3,
    FIELD(iccid,                         "iccid",                         0x5A,   BYTES, SIZE(10, 10), OPTIONAL),
    FIELD(isdp_aid,                      "isdpAid",                       0x4F,   BYTES, SIZE(1, 16), OPTIONAL),
    MAYBE(profile_state,                 "profileState",                  0x9F70, CODE(TERN_PROFILE_STATE)),
    FIELD(profile_nickname,              "profileNickname",               0x90,   TEXT, SIZE(0, 64), OPTIONAL),
    FIELD(service_provider_name,         "serviceProviderName",           0x91,   TEXT, SIZE(0, 32), OPTIONAL),
    FIELD(profile_name,                  "profileName",                   0x92,   TEXT, SIZE(0, 64), OPTIONAL),
    MAYBE(icon_type,                     "iconType",                      0x93,   CODE(TERN_ICON_TYPE)),
    FIELD(icon,                          "icon",                          0x94,   BYTES, SIZE(0, 1024), OPTIONAL),
    MAYBE(profile_class,                 "profileClass",                  0x95,   CODE(TERN_PROFILE_CLASS)),
    FIELD(notification_configuration_info, "notificationConfigurationInfo", 0xB6, LIST(TERN_NOTIFICATION_CONFIGURATION_INFORMATION), OPTIONAL),
    FIELD(profile_owner,                 "profileOwner",                  0xB7,   TLV(TERN_OPERATOR_ID), OPTIONAL),
    FIELD(dp_proprietary_data,           "dpProprietaryData",             0xB8,   TLV(TERN_DP_PROPRIETARY_DATA), OPTIONAL),
    MAYBE(profile_policy_rules,          "profilePolicyRules",            0x99,   BITS(TERN_PPR_IDS)),
    FIELD(service_specific_data_stored_in_euicc, "serviceSpecificDataStoredInEuicc", 0xBF22, LIST(TERN_VENDOR_SPECIFIC_EXTENSION), OPTIONAL),
    MAYBE(ecall_indication,              "ecallIndication",               0x9F7B, BOOL),
    FIELD(fallback_attribute,            "fallbackAttribute",             0x9F26, BOOL, DEFAULT(0)),
    MAYBE(fallback_allowed,              "fallbackAllowed",               0x9F67, BOOL));
#undef TYPE

#define TYPE tern_profile_policy_authorisation_rule
SEQUENCE(TERN_PROFILE_POLICY_AUTHORISATION_RULE, "ProfilePolicyAuthorisationRule", 0x30,
    FIELD(ppr_ids,           "pprIds",           0x80, BITS(TERN_PPR_IDS)),
    FIELD(allowed_operators, "allowedOperators", 0xA1, LIST(TERN_OPERATOR_ID)),
    FIELD(ppr_flags,         "pprFlags",         0x82, BITS(TERN_PPR_FLAGS)));
#undef TYPE

#define TYPE tern_rules_authorisation_table
VALUE_OF(TERN_RULES_AUTHORISATION_TABLE, "RulesAuthorisationTable", 0x30,
    FIELD(rules, "RulesAuthorisationTable", 0x30, LIST(TERN_PROFILE_POLICY_AUTHORISATION_RULE)));
#undef TYPE

#define TYPE tern_store_metadata_request
SEQUENCE(TERN_STORE_METADATA_REQUEST, "StoreMetadataRequest", 0xBF25,
    FIELD(iccid,                         "iccid",                         0x5A,   BYTES, SIZE(10, 10)),
    FIELD(service_provider_name,         "serviceProviderName",           0x91,   TEXT, SIZE(0, 32)),
    FIELD(profile_name,                  "profileName",                   0x92,   TEXT, SIZE(0, 64)),
    MAYBE(icon_type,                     "iconType",                      0x93,   CODE(TERN_ICON_TYPE)),
    FIELD(icon,                          "icon",                          0x94,   BYTES, SIZE(0, 1024), OPTIONAL),
    FIELD(profile_class,                 "profileClass",                  0x95,   CODE(TERN_PROFILE_CLASS), DEFAULT(TERN_PROFILE_CLASS_operational)),
    FIELD(notification_configuration_info, "notificationConfigurationInfo", 0xB6, LIST(TERN_NOTIFICATION_CONFIGURATION_INFORMATION), OPTIONAL),
    FIELD(profile_owner,                 "profileOwner",                  0xB7,   TLV(TERN_OPERATOR_ID), OPTIONAL),
    MAYBE(profile_policy_rules,          "profilePolicyRules",            0x99,   BITS(TERN_PPR_IDS)),
    FIELD(service_specific_data_stored_in_euicc, "serviceSpecificDataStoredInEuicc", 0xBF22, LIST(TERN_VENDOR_SPECIFIC_EXTENSION), OPTIONAL),
    FIELD(service_specific_data_not_stored_in_euicc, "serviceSpecificDataNotStoredInEuicc", 0xBF23, LIST(TERN_VENDOR_SPECIFIC_EXTENSION), OPTIONAL),
    MAYBE(ecall_indication,              "ecallIndication",               0x9F7B, BOOL),
    MAYBE(fallback_allowed,              "fallbackAllowed",               0x9F67, BOOL));
#undef TYPE

#define TYPE tern_notification_metadata
SIGNED(TERN_NOTIFICATION_METADATA, "NotificationMetadata", 0xBF2F,
    FIELD(seq_number,                   "seqNumber",                  0x80, UINT),
    FIELD(profile_management_operation, "profileManagementOperation", 0x81, BITS(TERN_NOTIFICATION_EVENT)),
    FIELD(notification_address,         "notificationAddress",        0x0C, TEXT),
    FIELD(iccid,                        "iccid",                      0x5A, BYTES, SIZE(10, 10), OPTIONAL));
#undef TYPE

#define TYPE tern_success_result
SEQUENCE(TERN_SUCCESS_RESULT, "SuccessResult", 0x30,
    FIELD(aid,           "aid",          0x4F, BYTES, SIZE(5, 16)),
    FIELD(sima_response, "simaResponse", 0x04, BYTES));
#undef TYPE

#define TYPE tern_error_result
SEQUENCE(TERN_ERROR_RESULT, "ErrorResult", 0x30,
    FIELD(bpp_command_id, "bppCommandId", 0x80, CODE(TERN_BPP_COMMAND_ID)),
    FIELD(error_reason,   "errorReason",  0x81, CODE(TERN_ERROR_REASON)),
    FIELD(sima_response,  "simaResponse", 0x82, BYTES, OPTIONAL));
#undef TYPE

#define TYPE tern_final_result
CHOICE_OF(TERN_FINAL_RESULT, "finalResult", 0,
    ARM(TERN_FINAL_RESULT_IS_SUCCESS_RESULT, success_result, "successResult", 0xA0, RECORD(TERN_SUCCESS_RESULT)),
    ARM(TERN_FINAL_RESULT_IS_ERROR_RESULT,   error_result,   "errorResult",   0xA1, RECORD(TERN_ERROR_RESULT)));
#undef TYPE

#define TYPE tern_profile_installation_result_data
SIGNED(TERN_PROFILE_INSTALLATION_RESULT_DATA, "ProfileInstallationResultData", 0xBF27,
    FIELD(transaction_id,        "transactionId",        0x80,   BYTES, SIZE(1, 16)),
    FIELD(notification_metadata, "notificationMetadata", 0xBF2F, RECORD(TERN_NOTIFICATION_METADATA)),
    FIELD(smdp_oid,              "smdpOid",              0x06,   OID),
    FIELD(final_result,          "finalResult",          0xA2,   CHOICE(TERN_FINAL_RESULT)));
#undef TYPE

#define TYPE tern_profile_installation_result
SEQUENCE(TERN_PROFILE_INSTALLATION_RESULT, "ProfileInstallationResult", 0xBF37,
    FIELD(profile_installation_result_data, "profileInstallationResultData", 0xBF27, RECORD(TERN_PROFILE_INSTALLATION_RESULT_DATA)),
    FIELD(euicc_sign_pir,                   "euiccSignPIR",                  0x5F37, BYTES));
#undef TYPE

#define TYPE tern_other_signed_notification
SEQUENCE(TERN_OTHER_SIGNED_NOTIFICATION, "OtherSignedNotification", 0x30,
    FIELD(tbs_other_notification,       "tbsOtherNotification",       0xBF2F, RECORD(TERN_NOTIFICATION_METADATA)),
    FIELD(euicc_notification_signature, "euiccNotificationSignature", 0x5F37, BYTES),
    FIELD(euicc_certificate,            "euiccCertificate",           0x30,   X509(TERN_X509_CERTIFICATE)),
    FIELD(eum_certificate,              "eumCertificate",             0x30,   X509(TERN_X509_CERTIFICATE)));
#undef TYPE

#define TYPE tern_compact_success_result
SEQUENCE(TERN_COMPACT_SUCCESS_RESULT, "CompactSuccessResult", 0x30,
    FIELD(compact_aid,   "compactAid",   0x4F, BYTES, SIZE(2, 2)),
    FIELD(sima_response, "simaResponse", 0x04, BYTES, OPTIONAL));
#undef TYPE

#define TYPE tern_compact_final_result
CHOICE_OF(TERN_COMPACT_FINAL_RESULT, "compactFinalResult", 0,
    ARM(TERN_COMPACT_FINAL_RESULT_IS_COMPACT_SUCCESS_RESULT, compact_success_result, "compactSuccessResult", 0xA0, RECORD(TERN_COMPACT_SUCCESS_RESULT)),
    ARM(TERN_COMPACT_FINAL_RESULT_IS_ERROR_RESULT,           error_result,           "errorResult",          0xA1, RECORD(TERN_ERROR_RESULT)));
#undef TYPE

#define TYPE tern_compact_profile_installation_result_data
SEQUENCE(TERN_COMPACT_PROFILE_INSTALLATION_RESULT_DATA, "CompactProfileInstallationResultData", 0x30,
    FIELD(transaction_id,       "transactionId",      0x80, BYTES, SIZE(1, 16)),
    FIELD(seq_number,           "seqNumber",          0x02, UINT),
    FIELD(iccid_present,        "iccidPresent",       0x01, BOOL, DEFAULT(1)),
    FIELD(compact_final_result, "compactFinalResult", 0xA2, CHOICE(TERN_COMPACT_FINAL_RESULT)));
#undef TYPE

#define TYPE tern_compact_profile_installation_result
SEQUENCE(TERN_COMPACT_PROFILE_INSTALLATION_RESULT, "CompactProfileInstallationResult", 0x30,
    FIELD(compact_profile_installation_result_data, "compactProfileInstallationResultData", 0xA0, RECORD(TERN_COMPACT_PROFILE_INSTALLATION_RESULT_DATA)),
    FIELD(euicc_sign_pir,                           "euiccSignPIR",                         0x5F37, BYTES));
#undef TYPE

#define TYPE tern_compact_other_signed_notification
SEQUENCE(TERN_COMPACT_OTHER_SIGNED_NOTIFICATION, "CompactOtherSignedNotification", 0x30,
    FIELD(eid_value,                    "eidValue",                   0x5A,   BYTES, SIZE(16, 16), OPTIONAL),
    FIELD(tbs_other_notification,       "tbsOtherNotification",       0xBF2F, RECORD(TERN_NOTIFICATION_METADATA)),
    FIELD(euicc_notification_signature, "euiccNotificationSignature", 0x5F37, BYTES));
#undef TYPE

#define TYPE tern_pending_notification
CHOICE_OF(TERN_PENDING_NOTIFICATION, "PendingNotification", 0,
    ARM(TERN_PENDING_NOTIFICATION_IS_PROFILE_INSTALLATION_RESULT,         profile_installation_result,         "profileInstallationResult",        0xBF37, RECORD(TERN_PROFILE_INSTALLATION_RESULT)),
    ARM(TERN_PENDING_NOTIFICATION_IS_OTHER_SIGNED_NOTIFICATION,           other_signed_notification,           "otherSignedNotification",          0x30,   RECORD(TERN_OTHER_SIGNED_NOTIFICATION)),
    ARM(TERN_PENDING_NOTIFICATION_IS_COMPACT_PROFILE_INSTALLATION_RESULT, compact_profile_installation_result, "compactProfileInstallationResult", 0xA0,   RECORD(TERN_COMPACT_PROFILE_INSTALLATION_RESULT)),
    ARM(TERN_PENDING_NOTIFICATION_IS_COMPACT_OTHER_SIGNED_NOTIFICATION,   compact_other_signed_notification,   "compactOtherSignedNotification",   0xA1,   RECORD(TERN_COMPACT_OTHER_SIGNED_NOTIFICATION)));
#undef TYPE
