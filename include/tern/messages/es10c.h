/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ES10a and ES10c of SGP.22: addresses, EID, local profile management, LPAe activation. SGP.32
 * keeps ES10a.GetEuiccConfiguredAddresses and GetEID only (sgp32.md 8.5). ProfileInfoListRequest
 * and Response are in messages/esep.h.
 *
 * Spec  SGP.22, 5.7; sgp22.md 15
 */
#ifndef TERN_MESSAGES_ES10C_H
#define TERN_MESSAGES_ES10C_H

#include "tern/messages/esep.h"

/* Lists of codes and their comments are aligned by hand. */
/* clang-format off */

/* ES10a */

extern const struct tern_asn_record TERN_EUICC_CONFIGURED_ADDRESSES_REQUEST; /**< BF3C, empty */
/** EuiccConfiguredAddressesResponse, BF3C. */
struct tern_euicc_configured_addresses_response {
    struct tern_bytes default_dp_address; /**< may be absent */
    struct tern_bytes root_ds_address;
};
extern const struct tern_asn_record TERN_EUICC_CONFIGURED_ADDRESSES_RESPONSE;

/** SetDefaultDpAddressRequest, BF3F. */
struct tern_set_default_dp_address_request {
    struct tern_bytes default_dp_address;
};
extern const struct tern_asn_record TERN_SET_DEFAULT_DP_ADDRESS_REQUEST;

/** SetDefaultDpAddressResponse, BF3F. */
struct tern_set_default_dp_address_response {
    int64_t set_default_dp_address_result; /**< enum tern_set_default_dp_address_result */
};
extern const struct tern_asn_record TERN_SET_DEFAULT_DP_ADDRESS_RESPONSE;

/* ES10c */

/** GetEuiccDataRequest, BF3E: GetEID. */
struct tern_get_euicc_data_request {
    struct tern_bytes tag_list; /**< 1 byte: 5A */
};
extern const struct tern_asn_record TERN_GET_EUICC_DATA_REQUEST;

/** GetEuiccDataResponse, BF3E. */
struct tern_get_euicc_data_response {
    struct tern_bytes eid_value;
};
extern const struct tern_asn_record TERN_GET_EUICC_DATA_RESPONSE;

/** profileIdentifier. */
struct tern_profile_identifier {
    int arm;
    struct tern_bytes raw;
    union {
        struct tern_bytes isdp_aid;
        struct tern_bytes iccid;
    };
};
enum { TERN_PROFILE_IDENTIFIER_IS_ISDP_AID = 1, TERN_PROFILE_IDENTIFIER_IS_ICCID };
extern const struct tern_asn_record TERN_PROFILE_IDENTIFIER;

/** EnableProfileRequest, BF31; DisableProfileRequest, BF32. */
struct tern_enable_profile_request {
    struct tern_profile_identifier profile_identifier;
    bool refresh_flag;
};
extern const struct tern_asn_record TERN_ENABLE_PROFILE_REQUEST;
extern const struct tern_asn_record TERN_DISABLE_PROFILE_REQUEST;

/** EnableProfileResponse, BF31. */
struct tern_enable_profile_response {
    int64_t enable_result; /**< enum tern_enable_profile_result */
};
extern const struct tern_asn_record TERN_ENABLE_PROFILE_RESPONSE;

/** DisableProfileResponse, BF32. */
struct tern_disable_profile_response {
    int64_t disable_result; /**< enum tern_disable_profile_result */
};
extern const struct tern_asn_record TERN_DISABLE_PROFILE_RESPONSE;

/** DeleteProfileRequest, BF33: struct tern_profile_identifier. */
extern const struct tern_asn_record TERN_DELETE_PROFILE_REQUEST;

/** DeleteProfileResponse, BF33. */
struct tern_delete_profile_response {
    int64_t delete_result; /**< enum tern_delete_profile_result */
};
extern const struct tern_asn_record TERN_DELETE_PROFILE_RESPONSE;

#define TERN_RESET_OPTIONS_LIST(X, P)                                         \
    X(P, deleteOperationalProfiles, 0) X(P, deleteFieldLoadedTestProfiles, 1) \
    X(P, resetDefaultSmdpAddress, 2)
TERN_BITS_NAMED(tern_reset_options, TERN_RESET_OPTIONS);

/** EuiccMemoryResetRequest, BF34. */
struct tern_euicc_memory_reset_request {
    uint64_t reset_options;
};
extern const struct tern_asn_record TERN_EUICC_MEMORY_RESET_REQUEST;

#define TERN_RESET_RESULT_LIST(X, P)                                                \
    X(P, ok, 0) X(P, nothingToDelete, 1) X(P, catBusy, 5) X(P, undefinedError, 127)
TERN_CODES(tern_reset_result, TERN_RESET_RESULT);

/** EuiccMemoryResetResponse, BF34. */
struct tern_euicc_memory_reset_response {
    int64_t reset_result;
};
extern const struct tern_asn_record TERN_EUICC_MEMORY_RESET_RESPONSE;

/** SetNicknameRequest, BF29. */
struct tern_set_nickname_request {
    struct tern_bytes iccid;
    struct tern_bytes profile_nickname;
};
extern const struct tern_asn_record TERN_SET_NICKNAME_REQUEST;

#define TERN_SET_NICKNAME_RESULT_LIST(X, P)                      \
    X(P, ok, 0) X(P, iccidNotFound, 1) X(P, undefinedError, 127)
TERN_CODES(tern_set_nickname_result, TERN_SET_NICKNAME_RESULT);

/** SetNicknameResponse, BF29. */
struct tern_set_nickname_response {
    int64_t set_nickname_result;
};
extern const struct tern_asn_record TERN_SET_NICKNAME_RESPONSE;

#define TERN_LPAE_OPTION_LIST(X, P) X(P, activateCatBasedLpae, 0) X(P, activateScwsBasedLpae, 1)
TERN_BITS_NAMED(tern_lpae_option, TERN_LPAE_OPTION);

/** LpaeActivationRequest, BF42. */
struct tern_lpae_activation_request {
    uint64_t lpae_option;
};
extern const struct tern_asn_record TERN_LPAE_ACTIVATION_REQUEST;

#define TERN_LPAE_ACTIVATION_RESULT_LIST(X, P) X(P, ok, 0) X(P, notSupported, 1)
TERN_CODES(tern_lpae_activation_result, TERN_LPAE_ACTIVATION_RESULT);

/** LpaeActivationResponse, BF42. */
struct tern_lpae_activation_response {
    int64_t lpae_activation_result;
};
extern const struct tern_asn_record TERN_LPAE_ACTIVATION_RESPONSE;

#endif
