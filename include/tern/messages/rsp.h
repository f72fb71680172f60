/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Types that several interfaces share: eUICC information, device information, profiles and their
 * metadata, notifications, certificates as the messages carry them.
 *
 * Where SGP.32 widens a type of SGP.22 in a way that the wire can tell (a new optional element, a
 * new arm, a new code), there is one table with both. Names are those of the modules in snake case;
 * how a member reads is in tern/asn.h.
 *
 * Spec  RSPDefinitions (SGP.22 v2.5), SGP32Definitions (v1.2)
 */
#ifndef TERN_MESSAGES_RSP_H
#define TERN_MESSAGES_RSP_H

#include "tern/asn.h"

/* Lists of codes and their comments are aligned by hand. */
/* clang-format off */

/* Single elements, for walking lists. */

/** SubjectKeyIdentifier, 04. */
struct tern_subject_key_identifier {
    struct tern_bytes value;
};
extern const struct tern_asn_record TERN_SUBJECT_KEY_IDENTIFIER;

/** VersionType in a list, 04 03 xx xx xx. */
struct tern_version_type {
    struct tern_bytes value;
};
extern const struct tern_asn_record TERN_VERSION_TYPE;

/** INTEGER in a list, 02. */
struct tern_integer {
    int64_t value;
};
extern const struct tern_asn_record TERN_INTEGER;

/*
 * X.509. Messages keep certificates and keys whole: a TLV whose tag is 30, or the tag of its field
 * where the module says so (A5, A6, A1, A2: IMPLICIT, sgp32.md 0.1 rule 4). The value is the same;
 * tern_asn_retag(out, 0x30, element) writes the X.509 DER. These tables check the outermost shape.
 */

struct tern_x509_certificate {
    struct tern_bytes tbs_certificate;
    struct tern_bytes signature_algorithm;
    struct tern_bytes signature;
};
extern const struct tern_asn_record TERN_X509_CERTIFICATE;
/** CertificateList has the same three. */
extern const struct tern_asn_record TERN_X509_CERTIFICATE_LIST;

struct tern_x509_subject_public_key_info {
    struct tern_bytes algorithm;
    struct tern_bytes subject_public_key;
};
extern const struct tern_asn_record TERN_X509_SUBJECT_PUBLIC_KEY_INFO;

/* eUICC information */

#define TERN_RSP_CAPABILITY_LIST(X, P)                                  \
    X(P, additionalProfile, 0) X(P, crlSupport, 1) X(P, rpmSupport, 2)  \
    X(P, testProfileSupport, 3) X(P, deviceInfoExtensibilitySupport, 4) \
    X(P, serviceSpecificDataSupport, 5)
TERN_BITS_NAMED(tern_rsp_capability, TERN_RSP_CAPABILITY);

#define TERN_EUICC_CATEGORY_LIST(X, P)                                                \
    X(P, other, 0) X(P, basicEuicc, 1) X(P, mediumEuicc, 2) X(P, contactlessEuicc, 3)
TERN_CODES(tern_euicc_category, TERN_EUICC_CATEGORY);

#define TERN_TRE_PROPERTIES_LIST(X, P)                                  \
    X(P, isDiscrete, 0) X(P, isIntegrated, 1) X(P, usesRemoteMemory, 2)
TERN_BITS_NAMED(tern_tre_properties, TERN_TRE_PROPERTIES);

#define TERN_IPA_MODE_LIST(X, P) X(P, ipad, 0) X(P, ipae, 1)
TERN_CODES(tern_ipa_mode, TERN_IPA_MODE);

/* Profile Policy Rule identifiers. */
#define TERN_PPR_IDS_LIST(X, P) X(P, pprUpdateControl, 0) X(P, ppr1, 1) X(P, ppr2, 2)
TERN_BITS_NAMED(tern_ppr_ids, TERN_PPR_IDS);

/** Bits 0 to 31; PEDefinitions. The enumerator is the bit number: bit 31 is no int as a mask. */
#define TERN_UICC_CAPABILITY_LIST(X, P)                                                     \
    X(P, contactlessSupport, 0) X(P, usimSupport, 1) X(P, isimSupport, 2)                   \
    X(P, csimSupport, 3) X(P, akaMilenage, 4) X(P, akaCave, 5) X(P, akaTuak128, 6)          \
    X(P, akaTuak256, 7) X(P, usimTestAlgorithm, 8) X(P, rfu2, 9) X(P, gbaAuthenUsim, 10)    \
    X(P, gbaAuthenISim, 11) X(P, mbmsAuthenUsim, 12) X(P, eapClient, 13) X(P, javacard, 14) \
    X(P, multos, 15) X(P, multipleUsimSupport, 16) X(P, multipleIsimSupport, 17)            \
    X(P, multipleCsimSupport, 18) X(P, berTlvFileSupport, 19) X(P, dfLinkSupport, 20)       \
    X(P, catTp, 21) X(P, getIdentity, 22) X(P, profile_a_x25519, 23)                        \
    X(P, profile_b_p256, 24) X(P, suciCalculatorApi, 25) X(P, dns_resolution, 26)           \
    X(P, scp11ac, 27) X(P, scp11c_authorization_mechanism, 28) X(P, s16mode, 29)            \
    X(P, eaka, 30) X(P, iotminimal, 31)
TERN_CODES(tern_uicc_capability, TERN_UICC_CAPABILITY);

/** EUICCInfo1, BF20. */
struct tern_euicc_info1 {
    struct tern_bytes svn;
    struct tern_bytes euicc_ci_pk_id_list_for_verification; /**< of TERN_SUBJECT_KEY_IDENTIFIER */
    struct tern_bytes euicc_ci_pk_id_list_for_signing;      /**< of TERN_SUBJECT_KEY_IDENTIFIER */
};
extern const struct tern_asn_record TERN_EUICC_INFO1;

/** CertificationDataObject. */
struct tern_certification_data_object {
    struct tern_bytes platform_label;
    struct tern_bytes discovery_base_url;
};
extern const struct tern_asn_record TERN_CERTIFICATION_DATA_OBJECT;

/** IoTSpecificInfo. */
struct tern_iot_specific_info {
    struct tern_bytes iot_version; /**< of TERN_VERSION_TYPE */
    bool ecall_supported;
    bool fallback_supported;
};
extern const struct tern_asn_record TERN_IOT_SPECIFIC_INFO;

/** EUICCInfo2, BF22: SGP.22's and SGP.32's. */
struct tern_euicc_info2 {
    struct tern_bytes profile_version;
    struct tern_bytes svn;
    struct tern_bytes euicc_firmware_ver;
    struct tern_bytes ext_card_resource;
    uint64_t uicc_capability; /**< bit n is TERN_UICC_CAPABILITY_... n */
    struct tern_bytes ts102241_version;
    struct tern_bytes globalplatform_version;
    uint64_t rsp_capability;
    struct tern_bytes euicc_ci_pk_id_list_for_verification; /**< of TERN_SUBJECT_KEY_IDENTIFIER */
    struct tern_bytes euicc_ci_pk_id_list_for_signing;      /**< of TERN_SUBJECT_KEY_IDENTIFIER */
    bool has_euicc_category;
    int64_t euicc_category;
    bool has_forbidden_profile_policy_rules;
    uint64_t forbidden_profile_policy_rules;
    struct tern_bytes pp_version;
    struct tern_bytes sas_acreditation_number;
    bool has_certification_data_object;
    struct tern_certification_data_object certification_data_object;
    bool has_tre_properties;
    uint64_t tre_properties;
    struct tern_bytes tre_product_reference;
    struct tern_bytes additional_euicc_profile_package_versions; /**< of TERN_VERSION_TYPE */
    bool has_ipa_mode;                                           /**< always there in SGP.32 */
    int64_t ipa_mode;
    struct tern_bytes euicc_ci_pk_id_list_for_signing_v3; /**< of TERN_SUBJECT_KEY_IDENTIFIER */
    struct tern_bytes additional_euicc_info;
    struct tern_bytes highest_svn;
    bool has_iot_specific_info; /**< always there in SGP.32 */
    struct tern_iot_specific_info iot_specific_info;
};
extern const struct tern_asn_record TERN_EUICC_INFO2;

/* Device information */

/** DeviceCapabilities: each the highest release, three bytes. */
struct tern_device_capabilities {
    struct tern_bytes gsm_supported_release;
    struct tern_bytes utran_supported_release;
    struct tern_bytes cdma2000onex_supported_release;
    struct tern_bytes cdma2000hrpd_supported_release;
    struct tern_bytes cdma2000ehrpd_supported_release;
    struct tern_bytes eutran_epc_supported_release;
    struct tern_bytes contactless_supported_release;
    struct tern_bytes rsp_crl_supported_version;
    struct tern_bytes nr_epc_supported_release;
    struct tern_bytes nr5gc_supported_release;
    struct tern_bytes eutran5gc_supported_release;
    struct tern_bytes lpa_svn;
    struct tern_bytes cat_supported_classes; /**< content of a BIT STRING, no bits named */
    bool has_euicc_form_factor_type;
    int64_t euicc_form_factor_type;
    struct tern_bytes device_additional_feature_support; /**< TERN_DEVICE_ADDITIONAL_... */
};
extern const struct tern_asn_record TERN_DEVICE_CAPABILITIES;

/** DeviceAdditionalFeatureSupport. */
struct tern_device_additional_feature_support {
    struct tern_bytes nai_support;
};
extern const struct tern_asn_record TERN_DEVICE_ADDITIONAL_FEATURE_SUPPORT;

/** DeviceInfo. Kept as TLV by what carries it: decode it with TERN_ASN_ANY_TAG. */
struct tern_device_info {
    struct tern_bytes tac; /**< 4 bytes */
    struct tern_device_capabilities device_capabilities;
    struct tern_bytes imei; /**< 8 bytes, or absent */
};
extern const struct tern_asn_record TERN_DEVICE_INFO;

/** CtxParamsForCommonAuthentication. */
struct tern_ctx_params_for_common_authentication {
    struct tern_bytes matching_id; /**< absent, empty, activation code token or EventID */
    struct tern_bytes device_info; /**< TLV of TERN_DEVICE_INFO, tag A1 */
};
extern const struct tern_asn_record TERN_CTX_PARAMS_FOR_COMMON_AUTHENTICATION;

/** CtxParams1. To copy one verbatim choose TERN_ASN_RAW and set `raw`. */
struct tern_ctx_params1 {
    int arm;
    struct tern_bytes raw;
    struct tern_ctx_params_for_common_authentication ctx_params_for_common_authentication;
};
enum { TERN_CTX_PARAMS1_IS_CTX_PARAMS_FOR_COMMON_AUTHENTICATION = 1 };
extern const struct tern_asn_record TERN_CTX_PARAMS1;

/* Profiles */

#define TERN_PROFILE_CLASS_LIST(X, P) X(P, test, 0) X(P, provisioning, 1) X(P, operational, 2)
TERN_CODES(tern_profile_class, TERN_PROFILE_CLASS);

#define TERN_PROFILE_STATE_LIST(X, P) X(P, disabled, 0) X(P, enabled, 1)
TERN_CODES(tern_profile_state, TERN_PROFILE_STATE);

#define TERN_ICON_TYPE_LIST(X, P) X(P, jpg, 0) X(P, png, 1)
TERN_CODES(tern_icon_type, TERN_ICON_TYPE);

#define TERN_NOTIFICATION_EVENT_LIST(X, P)                                                \
    X(P, notificationInstall, 0) X(P, notificationEnable, 1) X(P, notificationDisable, 2) \
    X(P, notificationDelete, 3)
TERN_BITS_NAMED(tern_notification_event, TERN_NOTIFICATION_EVENT);

/** OperatorId. Kept as TLV (B7) in ProfileInfo and metadata. */
struct tern_operator_id {
    struct tern_bytes mcc_mnc; /**< 3 bytes as in TS 24.008: 262-01 is 62 F2 10 */
    struct tern_bytes gid1;
    struct tern_bytes gid2;
};
extern const struct tern_asn_record TERN_OPERATOR_ID;

/** DpProprietaryData; more may follow the OID. */
struct tern_dp_proprietary_data {
    struct tern_bytes dp_oid;
};
extern const struct tern_asn_record TERN_DP_PROPRIETARY_DATA;

/** NotificationConfigurationInformation. */
struct tern_notification_configuration_information {
    uint64_t profile_management_operation; /**< TERN_NOTIFICATION_EVENT_... */
    struct tern_bytes notification_address;
};
extern const struct tern_asn_record TERN_NOTIFICATION_CONFIGURATION_INFORMATION;

/** One element of VendorSpecificExtension. */
struct tern_vendor_specific_extension {
    struct tern_bytes vendor_oid;
    struct tern_bytes vendor_specific_data; /**< A1 around anything */
};
extern const struct tern_asn_record TERN_VENDOR_SPECIFIC_EXTENSION;

/** ProfileInfo, E3: SGP.22's and SGP.32's. */
struct tern_profile_info {
    struct tern_bytes iccid;
    struct tern_bytes isdp_aid;
    bool has_profile_state;
    int64_t profile_state;
    struct tern_bytes profile_nickname;
    struct tern_bytes service_provider_name;
    struct tern_bytes profile_name;
    bool has_icon_type;
    int64_t icon_type;
    struct tern_bytes icon;
    bool has_profile_class;
    int64_t profile_class;
    struct tern_bytes notification_configuration_info; /**< of TERN_NOTIFICATION_CONFIGURATION_.. */
    struct tern_bytes profile_owner;                   /**< TLV of TERN_OPERATOR_ID, B7 */
    struct tern_bytes dp_proprietary_data;             /**< TLV of TERN_DP_PROPRIETARY_DATA, B8 */
    bool has_profile_policy_rules;
    uint64_t profile_policy_rules;
    struct tern_bytes service_specific_data_stored_in_euicc; /**< of TERN_VENDOR_SPECIFIC_EXT.. */
    bool has_ecall_indication;
    bool ecall_indication;
    bool fallback_attribute; /**< DEFAULT FALSE */
    bool has_fallback_allowed;
    bool fallback_allowed;
};
extern const struct tern_asn_record TERN_PROFILE_INFO;

/** ProfilePolicyAuthorisationRule, an element of RulesAuthorisationTable. */
struct tern_profile_policy_authorisation_rule {
    uint64_t ppr_ids;                    /**< TERN_PPR_IDS_... */
    struct tern_bytes allowed_operators; /**< of TERN_OPERATOR_ID */
    uint64_t ppr_flags;                  /**< TERN_PPR_FLAGS_consentRequired */
};
#define TERN_PPR_FLAGS_LIST(X, P) X(P, consentRequired, 0)
TERN_BITS_NAMED(tern_ppr_flags, TERN_PPR_FLAGS);
extern const struct tern_asn_record TERN_PROFILE_POLICY_AUTHORISATION_RULE;

/** RulesAuthorisationTable by itself, 30. */
struct tern_rules_authorisation_table {
    struct tern_bytes rules; /**< of TERN_PROFILE_POLICY_AUTHORISATION_RULE */
};
extern const struct tern_asn_record TERN_RULES_AUTHORISATION_TABLE;

/** StoreMetadataRequest, BF25: SGP.22's and SGP.32's. */
struct tern_store_metadata_request {
    struct tern_bytes iccid;
    struct tern_bytes service_provider_name;
    struct tern_bytes profile_name;
    bool has_icon_type;
    int64_t icon_type;
    struct tern_bytes icon;
    int64_t profile_class; /**< DEFAULT operational(2): set it when you build one */
    struct tern_bytes notification_configuration_info; /**< of TERN_NOTIFICATION_CONFIGURATION_.. */
    struct tern_bytes profile_owner;                   /**< TLV of TERN_OPERATOR_ID, B7 */
    bool has_profile_policy_rules;
    uint64_t profile_policy_rules;
    struct tern_bytes service_specific_data_stored_in_euicc;     /**< of TERN_VENDOR_SPECIFIC_.. */
    struct tern_bytes service_specific_data_not_stored_in_euicc; /**< of TERN_VENDOR_SPECIFIC_.. */
    bool has_ecall_indication;
    bool ecall_indication;
    bool has_fallback_allowed;
    bool fallback_allowed;
};
extern const struct tern_asn_record TERN_STORE_METADATA_REQUEST;

/* Notifications */

/** NotificationMetadata, BF2F. What the eUICC signs in an OtherSignedNotification: see `raw`. */
struct tern_notification_metadata {
    struct tern_bytes raw;
    int64_t seq_number;
    uint64_t profile_management_operation; /**< exactly one bit of TERN_NOTIFICATION_EVENT_... */
    struct tern_bytes notification_address;
    struct tern_bytes iccid; /**< may be absent */
};
extern const struct tern_asn_record TERN_NOTIFICATION_METADATA;

/** SuccessResult. */
struct tern_success_result {
    struct tern_bytes aid;
    struct tern_bytes sima_response;
};
extern const struct tern_asn_record TERN_SUCCESS_RESULT;

#define TERN_BPP_COMMAND_ID_LIST(X, P)                                               \
    X(P, initialiseSecureChannel, 0) X(P, configureISDP, 1) X(P, storeMetadata, 2)   \
    X(P, storeMetadata2, 3) X(P, replaceSessionKeys, 4) X(P, loadProfileElements, 5)
TERN_CODES(tern_bpp_command_id, TERN_BPP_COMMAND_ID);

#define TERN_ERROR_REASON_LIST(X, P)                                                       \
    X(P, incorrectInputValues, 1) X(P, invalidSignature, 2) X(P, invalidTransactionId, 3)  \
    X(P, unsupportedCrtValues, 4) X(P, unsupportedRemoteOperationType, 5)                  \
    X(P, unsupportedProfileClass, 6) X(P, scp03tStructureError, 7)                         \
    X(P, scp03tSecurityError, 8) X(P, installFailedDueToIccidAlreadyExistsOnEuicc, 9)      \
    X(P, installFailedDueToInsufficientMemoryForProfile, 10)                               \
    X(P, installFailedDueToInterruption, 11) X(P, installFailedDueToPEProcessingError, 12) \
    X(P, installFailedDueToDataMismatch, 13)                                               \
    X(P, testProfileInstallFailedDueToInvalidNaaKey, 14) X(P, pprNotAllowed, 15)           \
    X(P, installFailedDueToUnknownError, 127)
TERN_CODES(tern_error_reason, TERN_ERROR_REASON);

/** ErrorResult. */
struct tern_error_result {
    int64_t bpp_command_id; /**< enum tern_bpp_command_id */
    int64_t error_reason;   /**< enum tern_error_reason */
    struct tern_bytes sima_response;
};
extern const struct tern_asn_record TERN_ERROR_RESULT;

/** finalResult of ProfileInstallationResultData. */
struct tern_final_result {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_success_result success_result;
        struct tern_error_result error_result;
    };
};
enum { TERN_FINAL_RESULT_IS_SUCCESS_RESULT = 1, TERN_FINAL_RESULT_IS_ERROR_RESULT };
extern const struct tern_asn_record TERN_FINAL_RESULT;

/** ProfileInstallationResultData, BF27, signed by the eUICC. */
struct tern_profile_installation_result_data {
    struct tern_bytes raw;
    struct tern_bytes transaction_id;
    struct tern_notification_metadata notification_metadata;
    struct tern_bytes smdp_oid;
    struct tern_final_result final_result;
};
extern const struct tern_asn_record TERN_PROFILE_INSTALLATION_RESULT_DATA;

/** ProfileInstallationResult, BF37. */
struct tern_profile_installation_result {
    struct tern_profile_installation_result_data profile_installation_result_data;
    struct tern_bytes euicc_sign_pir;
};
extern const struct tern_asn_record TERN_PROFILE_INSTALLATION_RESULT;

/** OtherSignedNotification, 30. */
struct tern_other_signed_notification {
    struct tern_notification_metadata tbs_other_notification;
    struct tern_bytes euicc_notification_signature;
    struct tern_bytes euicc_certificate;
    struct tern_bytes eum_certificate;
};
extern const struct tern_asn_record TERN_OTHER_SIGNED_NOTIFICATION;

/** compactFinalResult of CompactProfileInstallationResultData. */
struct tern_compact_success_result {
    struct tern_bytes compact_aid;   /**< bytes 14 and 15 of the ISD-P AID */
    struct tern_bytes sima_response; /**< absent: 30 07 A0 05 30 03 80 01 00 */
};
extern const struct tern_asn_record TERN_COMPACT_SUCCESS_RESULT;
struct tern_compact_final_result {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_compact_success_result compact_success_result;
        struct tern_error_result error_result;
    };
};
enum {
    TERN_COMPACT_FINAL_RESULT_IS_COMPACT_SUCCESS_RESULT = 1,
    TERN_COMPACT_FINAL_RESULT_IS_ERROR_RESULT,
};
extern const struct tern_asn_record TERN_COMPACT_FINAL_RESULT;

/** CompactProfileInstallationResultData, A0. sgp32.md 5.7 */
struct tern_compact_profile_installation_result_data {
    struct tern_bytes transaction_id;
    int64_t seq_number;
    bool iccid_present; /**< DEFAULT TRUE: set it when you build one */
    struct tern_compact_final_result compact_final_result;
};
extern const struct tern_asn_record TERN_COMPACT_PROFILE_INSTALLATION_RESULT_DATA;

/** CompactProfileInstallationResult. */
struct tern_compact_profile_installation_result {
    struct tern_compact_profile_installation_result_data compact_profile_installation_result_data;
    struct tern_bytes euicc_sign_pir;
};
extern const struct tern_asn_record TERN_COMPACT_PROFILE_INSTALLATION_RESULT;

/** CompactOtherSignedNotification. */
struct tern_compact_other_signed_notification {
    struct tern_bytes eid_value; /**< may be absent */
    struct tern_notification_metadata tbs_other_notification;
    struct tern_bytes euicc_notification_signature;
};
extern const struct tern_asn_record TERN_COMPACT_OTHER_SIGNED_NOTIFICATION;

/** PendingNotification: SGP.22's two arms and SGP.32's compact ones. `raw` is what is forwarded. */
struct tern_pending_notification {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_profile_installation_result profile_installation_result;
        struct tern_other_signed_notification other_signed_notification;
        struct tern_compact_profile_installation_result compact_profile_installation_result;
        struct tern_compact_other_signed_notification compact_other_signed_notification;
    };
};
enum {
    TERN_PENDING_NOTIFICATION_IS_PROFILE_INSTALLATION_RESULT = 1,
    TERN_PENDING_NOTIFICATION_IS_OTHER_SIGNED_NOTIFICATION,
    TERN_PENDING_NOTIFICATION_IS_COMPACT_PROFILE_INSTALLATION_RESULT, /**< ESipa only */
    TERN_PENDING_NOTIFICATION_IS_COMPACT_OTHER_SIGNED_NOTIFICATION,   /**< ESipa only */
};
extern const struct tern_asn_record TERN_PENDING_NOTIFICATION;

#endif
