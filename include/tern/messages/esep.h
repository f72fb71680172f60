/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ESep: what the eIM and the eUICC say to each other end to end. eUICC packages (profile state
 * management and eIM configuration), their results, eIM configuration data.
 *
 * Signatures cover `raw` followed by the association token as a data object: 84 len token, or
 * 84 01 00 when none is assigned (sgp32.md 2.3, 3.2).
 *
 * Spec  SGP.32, 2.11.1.1, 2.11.2.1, 3.3 to 3.5; sgp32.md 2, 3
 */
#ifndef TERN_MESSAGES_ESEP_H
#define TERN_MESSAGES_ESEP_H

#include "tern/messages/rsp.h"

/* Lists of codes and their comments are aligned by hand. */
/* clang-format off */

/* eIM configuration data */

#define TERN_EIM_ID_TYPE_LIST(X, P)                                            \
    X(P, eimIdTypeOid, 1) X(P, eimIdTypeFqdn, 2) X(P, eimIdTypeProprietary, 3)
TERN_CODES(tern_eim_id_type, TERN_EIM_ID_TYPE);

#define TERN_EIM_SUPPORTED_PROTOCOL_LIST(X, P)                                  \
    X(P, eimRetrieveHttps, 0) X(P, eimRetrieveCoaps, 1) X(P, eimInjectHttps, 2) \
    X(P, eimInjectCoaps, 3) X(P, eimProprietary, 4)
TERN_BITS_NAMED(tern_eim_supported_protocol, TERN_EIM_SUPPORTED_PROTOCOL);

/** eimPublicKeyData: whole elements, tag A0 or A1 in place of 30. */
struct tern_eim_public_key_data {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes eim_public_key;  /**< SubjectPublicKeyInfo */
        struct tern_bytes eim_certificate; /**< Certificate */
    };
};
enum {
    TERN_EIM_PUBLIC_KEY_DATA_IS_EIM_PUBLIC_KEY = 1,
    TERN_EIM_PUBLIC_KEY_DATA_IS_EIM_CERTIFICATE,
};
extern const struct tern_asn_record TERN_EIM_PUBLIC_KEY_DATA;

/** trustedPublicKeyDataTls: whole elements, tag A0 or A1 in place of 30. */
struct tern_trusted_public_key_data_tls {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes trusted_eim_pk_tls;      /**< SubjectPublicKeyInfo */
        struct tern_bytes trusted_certificate_tls; /**< Certificate */
    };
};
enum {
    TERN_TRUSTED_PUBLIC_KEY_DATA_TLS_IS_TRUSTED_EIM_PK_TLS = 1,
    TERN_TRUSTED_PUBLIC_KEY_DATA_TLS_IS_TRUSTED_CERTIFICATE_TLS,
};
extern const struct tern_asn_record TERN_TRUSTED_PUBLIC_KEY_DATA_TLS;

/** EimConfigurationData. */
struct tern_eim_configuration_data {
    struct tern_bytes eim_id;
    struct tern_bytes eim_fqdn;
    bool has_eim_id_type;
    int64_t eim_id_type;
    bool has_counter_value;
    int64_t counter_value;
    bool has_association_token;
    int64_t association_token; /**< in a request only -1: assign one */
    struct tern_eim_public_key_data eim_public_key_data;
    struct tern_trusted_public_key_data_tls trusted_public_key_data_tls;
    bool has_eim_supported_protocol;
    uint64_t eim_supported_protocol;
    struct tern_bytes euicc_ci_pk_id;
    bool indirect_profile_download;
};
extern const struct tern_asn_record TERN_EIM_CONFIGURATION_DATA;

/** EimIdInfo. */
struct tern_eim_id_info {
    struct tern_bytes eim_id;
    bool has_eim_id_type;
    int64_t eim_id_type;
};
extern const struct tern_asn_record TERN_EIM_ID_INFO;

/* Commands */

/** Psmo.enable. */
struct tern_psmo_enable {
    struct tern_bytes iccid;
    bool rollback_flag;
};
extern const struct tern_asn_record TERN_PSMO_ENABLE;

/** Psmo.disable, delete and setFallbackAttribute. */
struct tern_psmo_iccid {
    struct tern_bytes iccid;
};
extern const struct tern_asn_record TERN_PSMO_ICCID;

/** searchCriteria of ProfileInfoListRequest. */
struct tern_profile_search_criteria {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes isdp_aid;
        struct tern_bytes iccid;
        int64_t profile_class;
    };
};
enum {
    TERN_PROFILE_SEARCH_CRITERIA_IS_ISDP_AID = 1,
    TERN_PROFILE_SEARCH_CRITERIA_IS_ICCID,
    TERN_PROFILE_SEARCH_CRITERIA_IS_PROFILE_CLASS,
};
extern const struct tern_asn_record TERN_PROFILE_SEARCH_CRITERIA;

/** ProfileInfoListRequest, BF2D. Also ES10b/ES10c.GetProfilesInfo. */
struct tern_profile_info_list_request {
    struct tern_profile_search_criteria search_criteria; /**< may be absent: arm 0 */
    struct tern_bytes tag_list;                          /**< tags one after the other, or absent */
};
extern const struct tern_asn_record TERN_PROFILE_INFO_LIST_REQUEST;

#define TERN_PROFILE_INFO_LIST_ERROR_LIST(X, P)                                            \
    X(P, incorrectInputValues, 1) X(P, profileChangeOngoing, 11) X(P, undefinedError, 127)
TERN_CODES(tern_profile_info_list_error, TERN_PROFILE_INFO_LIST_ERROR);

/** ProfileInfoListResponse, BF2D. Also ES10b/ES10c.GetProfilesInfo. */
struct tern_profile_info_list_response {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes profile_info_list_ok; /**< of TERN_PROFILE_INFO */
        int64_t profile_info_list_error;
    };
};
enum {
    TERN_PROFILE_INFO_LIST_RESPONSE_IS_PROFILE_INFO_LIST_OK = 1,
    TERN_PROFILE_INFO_LIST_RESPONSE_IS_PROFILE_INFO_LIST_ERROR,
};
extern const struct tern_asn_record TERN_PROFILE_INFO_LIST_RESPONSE;

/** Psmo.configureImmediateEnable; ES10b.ConfigureImmediateProfileEnabling, BF59, has the same. */
struct tern_configure_immediate_enable {
    bool immediate_enable_flag;
    struct tern_bytes default_smdp_oid;
    struct tern_bytes default_smdp_address;
};
extern const struct tern_asn_record TERN_CONFIGURE_IMMEDIATE_ENABLE;

/** SGP32-SetDefaultDpAddressRequest, BF65. */
struct tern_sgp32_set_default_dp_address_request {
    struct tern_bytes default_dp_address;
};
extern const struct tern_asn_record TERN_SGP32_SET_DEFAULT_DP_ADDRESS_REQUEST;

#define TERN_SET_DEFAULT_DP_ADDRESS_RESULT_LIST(X, P) X(P, ok, 0) X(P, undefinedError, 127)
TERN_CODES(tern_set_default_dp_address_result, TERN_SET_DEFAULT_DP_ADDRESS_RESULT);

/** SGP32-SetDefaultDpAddressResponse, BF65. */
struct tern_sgp32_set_default_dp_address_response {
    int64_t set_default_dp_address_result;
};
extern const struct tern_asn_record TERN_SGP32_SET_DEFAULT_DP_ADDRESS_RESPONSE;

/** Psmo. A command this version does not know has arm TERN_ASN_RAW. */
struct tern_psmo {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_psmo_enable enable;
        struct tern_psmo_iccid disable;
        struct tern_psmo_iccid delete;
        struct tern_profile_info_list_request list_profile_info;
        struct tern_configure_immediate_enable configure_immediate_enable;
        struct tern_psmo_iccid set_fallback_attribute;
        struct tern_sgp32_set_default_dp_address_request set_default_dp_address;
    };
};
enum {
    TERN_PSMO_IS_ENABLE = 1,
    TERN_PSMO_IS_DISABLE,
    TERN_PSMO_IS_DELETE,
    TERN_PSMO_IS_LIST_PROFILE_INFO,
    TERN_PSMO_IS_GET_RAT,
    TERN_PSMO_IS_CONFIGURE_IMMEDIATE_ENABLE,
    TERN_PSMO_IS_SET_FALLBACK_ATTRIBUTE,
    TERN_PSMO_IS_UNSET_FALLBACK_ATTRIBUTE,
    TERN_PSMO_IS_SET_DEFAULT_DP_ADDRESS,
};
extern const struct tern_asn_record TERN_PSMO;

/** Eco.deleteEim. */
struct tern_eco_delete_eim {
    struct tern_bytes eim_id;
};
extern const struct tern_asn_record TERN_ECO_DELETE_EIM;

/** Eco. */
struct tern_eco {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_eim_configuration_data add_eim;
        struct tern_eco_delete_eim delete_eim;
        struct tern_eim_configuration_data update_eim;
    };
};
enum {
    TERN_ECO_IS_ADD_EIM = 1,
    TERN_ECO_IS_DELETE_EIM,
    TERN_ECO_IS_UPDATE_EIM,
    TERN_ECO_IS_LIST_EIM,
};
extern const struct tern_asn_record TERN_ECO;

/**
 * EuiccPackage. The lists are LOOSE: decoding frames their elements and tern_asn_next() checks each
 * on its own, so that a damaged command can be answered by unknownOrDamagedCommand in its place.
 */
struct tern_euicc_package {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes psmo_list; /**< of TERN_PSMO */
        struct tern_bytes eco_list;  /**< of TERN_ECO */
    };
};
enum { TERN_EUICC_PACKAGE_IS_PSMO_LIST = 1, TERN_EUICC_PACKAGE_IS_ECO_LIST };
extern const struct tern_asn_record TERN_EUICC_PACKAGE;

/** EuiccPackageSigned. */
struct tern_euicc_package_signed {
    struct tern_bytes raw;
    struct tern_bytes eim_id;
    struct tern_bytes eid_value;
    int64_t counter_value;
    struct tern_bytes eim_transaction_id;
    struct tern_euicc_package euicc_package;
};
extern const struct tern_asn_record TERN_EUICC_PACKAGE_SIGNED;

/** EuiccPackageRequest, BF51. */
struct tern_euicc_package_request {
    struct tern_euicc_package_signed euicc_package_signed;
    struct tern_bytes eim_signature;
};
extern const struct tern_asn_record TERN_EUICC_PACKAGE_REQUEST;

/* Results */

#define TERN_ENABLE_PROFILE_RESULT_LIST(X, P)                                    \
    X(P, ok, 0) X(P, iccidOrAidNotFound, 1) X(P, profileNotInDisabledState, 2)   \
    X(P, disallowedByPolicy, 3) X(P, wrongProfileReenabling, 4) X(P, catBusy, 5) \
    X(P, rollbackNotAvailable, 20) X(P, undefinedError, 127)
TERN_CODES(tern_enable_profile_result, TERN_ENABLE_PROFILE_RESULT);

#define TERN_DISABLE_PROFILE_RESULT_LIST(X, P)                                \
    X(P, ok, 0) X(P, iccidOrAidNotFound, 1) X(P, profileNotInEnabledState, 2) \
    X(P, disallowedByPolicy, 3) X(P, catBusy, 5) X(P, undefinedError, 127)
TERN_CODES(tern_disable_profile_result, TERN_DISABLE_PROFILE_RESULT);

#define TERN_DELETE_PROFILE_RESULT_LIST(X, P)                                  \
    X(P, ok, 0) X(P, iccidOrAidNotFound, 1) X(P, profileNotInDisabledState, 2) \
    X(P, disallowedByPolicy, 3) X(P, rollbackNotAvailable, 20)                 \
    X(P, returnFallbackProfile, 21) X(P, undefinedError, 127)
TERN_CODES(tern_delete_profile_result, TERN_DELETE_PROFILE_RESULT);

#define TERN_CONFIGURE_IMMEDIATE_ENABLE_RESULT_LIST(X, P)                                   \
    X(P, ok, 0) X(P, insufficientMemory, 1) X(P, commandError, 7) X(P, undefinedError, 127)
TERN_CODES(tern_configure_immediate_enable_result, TERN_CONFIGURE_IMMEDIATE_ENABLE_RESULT);

#define TERN_ROLLBACK_PROFILE_RESULT_LIST(X, P) X(P, ok, 0) X(P, undefinedError, 127)
TERN_CODES(tern_rollback_profile_result, TERN_ROLLBACK_PROFILE_RESULT);

#define TERN_SET_FALLBACK_ATTRIBUTE_RESULT_LIST(X, P)                   \
    X(P, ok, 0) X(P, iccidOrAidNotFound, 1) X(P, fallbackNotAllowed, 2) \
    X(P, fallbackProfileEnabled, 3) X(P, undefinedError, 127)
TERN_CODES(tern_set_fallback_attribute_result, TERN_SET_FALLBACK_ATTRIBUTE_RESULT);

#define TERN_UNSET_FALLBACK_ATTRIBUTE_RESULT_LIST(X, P)                      \
    X(P, ok, 0) X(P, noFallbackAttribute, 2) X(P, fallbackProfileEnabled, 3) \
    X(P, commandError, 7) X(P, undefinedError, 127)
TERN_CODES(tern_unset_fallback_attribute_result, TERN_UNSET_FALLBACK_ATTRIBUTE_RESULT);

#define TERN_ADD_EIM_RESULT_CODE_LIST(X, P)                                               \
    X(P, ok, 0) X(P, insufficientMemory, 1) X(P, associatedEimAlreadyExists, 2)           \
    X(P, ciPKUnknown, 3) X(P, invalidAssociationToken, 5) X(P, counterValueOutOfRange, 6) \
    X(P, commandError, 7) X(P, undefinedError, 127)
TERN_CODES(tern_add_eim_result_code, TERN_ADD_EIM_RESULT_CODE);

#define TERN_DELETE_EIM_RESULT_LIST(X, P)                                          \
    X(P, ok, 0) X(P, eimNotFound, 1) X(P, lastEimDeleted, 2) X(P, commandError, 7) \
    X(P, undefinedError, 127)
TERN_CODES(tern_delete_eim_result, TERN_DELETE_EIM_RESULT);

#define TERN_UPDATE_EIM_RESULT_LIST(X, P)                                                 \
    X(P, ok, 0) X(P, eimNotFound, 1) X(P, ciPKUnknown, 3) X(P, counterValueOutOfRange, 6) \
    X(P, commandError, 7) X(P, undefinedError, 127)
TERN_CODES(tern_update_eim_result, TERN_UPDATE_EIM_RESULT);

#define TERN_LIST_EIM_ERROR_LIST(X, P) X(P, undefinedError, 127)
TERN_CODES(tern_list_eim_error, TERN_LIST_EIM_ERROR);

#define TERN_PROCESSING_TERMINATED_LIST(X, P)                                          \
    X(P, resultSizeOverflow, 1) X(P, unknownOrDamagedCommand, 2) X(P, interruption, 3) \
    X(P, undefinedError, 127)
TERN_CODES(tern_processing_terminated, TERN_PROCESSING_TERMINATED);

/** AddEimResult. */
struct tern_add_eim_result {
    int arm;
    struct tern_bytes raw;
    union {
        int64_t association_token;
        int64_t add_eim_result_code;
    };
};
enum {
    TERN_ADD_EIM_RESULT_IS_ASSOCIATION_TOKEN = 1,
    TERN_ADD_EIM_RESULT_IS_ADD_EIM_RESULT_CODE,
};
extern const struct tern_asn_record TERN_ADD_EIM_RESULT;

/** ListEimResult. */
struct tern_list_eim_result {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes eim_id_list; /**< of TERN_EIM_ID_INFO */
        int64_t list_eim_error;
    };
};
enum { TERN_LIST_EIM_RESULT_IS_EIM_ID_LIST = 1, TERN_LIST_EIM_RESULT_IS_LIST_EIM_ERROR };
extern const struct tern_asn_record TERN_LIST_EIM_RESULT;

/** EuiccResultData. */
struct tern_euicc_result_data {
    int arm;
    struct tern_bytes raw;
    union {
        int64_t enable_result;
        int64_t disable_result;
        int64_t delete_result;
        struct tern_profile_info_list_response list_profile_info_result;
        struct tern_bytes get_rat_result; /**< of TERN_PROFILE_POLICY_AUTHORISATION_RULE */
        int64_t configure_immediate_enable_result;
        struct tern_add_eim_result add_eim_result;
        int64_t delete_eim_result;
        int64_t update_eim_result;
        struct tern_list_eim_result list_eim_result;
        int64_t rollback_result;
        int64_t set_fallback_attribute_result;
        int64_t unset_fallback_attribute_result;
        int64_t processing_terminated;
        struct tern_sgp32_set_default_dp_address_response set_default_dp_address_result;
    };
};
enum {
    TERN_EUICC_RESULT_DATA_IS_ENABLE_RESULT = 1,
    TERN_EUICC_RESULT_DATA_IS_DISABLE_RESULT,
    TERN_EUICC_RESULT_DATA_IS_DELETE_RESULT,
    TERN_EUICC_RESULT_DATA_IS_LIST_PROFILE_INFO_RESULT,
    TERN_EUICC_RESULT_DATA_IS_GET_RAT_RESULT,
    TERN_EUICC_RESULT_DATA_IS_CONFIGURE_IMMEDIATE_ENABLE_RESULT,
    TERN_EUICC_RESULT_DATA_IS_ADD_EIM_RESULT,
    TERN_EUICC_RESULT_DATA_IS_DELETE_EIM_RESULT,
    TERN_EUICC_RESULT_DATA_IS_UPDATE_EIM_RESULT,
    TERN_EUICC_RESULT_DATA_IS_LIST_EIM_RESULT,
    TERN_EUICC_RESULT_DATA_IS_ROLLBACK_RESULT,
    TERN_EUICC_RESULT_DATA_IS_SET_FALLBACK_ATTRIBUTE_RESULT,
    TERN_EUICC_RESULT_DATA_IS_UNSET_FALLBACK_ATTRIBUTE_RESULT,
    TERN_EUICC_RESULT_DATA_IS_PROCESSING_TERMINATED,
    TERN_EUICC_RESULT_DATA_IS_SET_DEFAULT_DP_ADDRESS_RESULT,
};
extern const struct tern_asn_record TERN_EUICC_RESULT_DATA;

/** EuiccPackageResultDataSigned. */
struct tern_euicc_package_result_data_signed {
    struct tern_bytes raw;
    struct tern_bytes eim_id;
    int64_t counter_value;
    struct tern_bytes eim_transaction_id;
    int64_t seq_number;
    struct tern_bytes euicc_result; /**< LOOSE list of TERN_EUICC_RESULT_DATA */
};
extern const struct tern_asn_record TERN_EUICC_PACKAGE_RESULT_DATA_SIGNED;

/** EuiccPackageResultSigned. */
struct tern_euicc_package_result_signed {
    struct tern_euicc_package_result_data_signed euicc_package_result_data_signed;
    struct tern_bytes euicc_sign_epr;
};
extern const struct tern_asn_record TERN_EUICC_PACKAGE_RESULT_SIGNED;

#define TERN_EUICC_PACKAGE_ERROR_CODE_LIST(X, P)                             \
    X(P, invalidEid, 3) X(P, replayError, 4) X(P, counterValueOutOfRange, 6) \
    X(P, sizeOverflow, 15) X(P, ecallActive, 104) X(P, undefinedError, 127)
TERN_CODES(tern_euicc_package_error_code, TERN_EUICC_PACKAGE_ERROR_CODE);

/** EuiccPackageErrorDataSigned. */
struct tern_euicc_package_error_data_signed {
    struct tern_bytes raw;
    struct tern_bytes eim_id;
    int64_t counter_value;
    struct tern_bytes eim_transaction_id;
    int64_t euicc_package_error_code;
};
extern const struct tern_asn_record TERN_EUICC_PACKAGE_ERROR_DATA_SIGNED;

/** EuiccPackageErrorSigned. */
struct tern_euicc_package_error_signed {
    struct tern_euicc_package_error_data_signed euicc_package_error_data_signed;
    struct tern_bytes euicc_sign_epe;
};
extern const struct tern_asn_record TERN_EUICC_PACKAGE_ERROR_SIGNED;

/** EuiccPackageErrorUnsigned. */
struct tern_euicc_package_error_unsigned {
    struct tern_bytes eim_id;
    struct tern_bytes eim_transaction_id;
    bool has_association_token;
    int64_t association_token;
};
extern const struct tern_asn_record TERN_EUICC_PACKAGE_ERROR_UNSIGNED;

/** EuiccPackageResult, BF51. */
struct tern_euicc_package_result {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_euicc_package_result_signed euicc_package_result_signed;
        struct tern_euicc_package_error_signed euicc_package_error_signed;
        struct tern_euicc_package_error_unsigned euicc_package_error_unsigned;
    };
};
enum {
    TERN_EUICC_PACKAGE_RESULT_IS_EUICC_PACKAGE_RESULT_SIGNED = 1,
    TERN_EUICC_PACKAGE_RESULT_IS_EUICC_PACKAGE_ERROR_SIGNED,
    TERN_EUICC_PACKAGE_RESULT_IS_EUICC_PACKAGE_ERROR_UNSIGNED,
};
extern const struct tern_asn_record TERN_EUICC_PACKAGE_RESULT;

#endif
