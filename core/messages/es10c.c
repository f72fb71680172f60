/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of ES10a and ES10c of SGP.22. */
#include "tern/messages/es10c.h"
#include "tern/asn_table.h"

NAMES(TERN_RESET_OPTIONS);
NAMES(TERN_RESET_RESULT);
NAMES(TERN_SET_NICKNAME_RESULT);
NAMES(TERN_LPAE_OPTION);
NAMES(TERN_LPAE_ACTIVATION_RESULT);

/* clang-format off */

EMPTY(TERN_EUICC_CONFIGURED_ADDRESSES_REQUEST, "EuiccConfiguredAddressesRequest", 0xBF3C);

#define TYPE tern_euicc_configured_addresses_response
SEQUENCE(TERN_EUICC_CONFIGURED_ADDRESSES_RESPONSE, "EuiccConfiguredAddressesResponse", 0xBF3C,
    FIELD(default_dp_address, "defaultDpAddress", 0x80, TEXT, OPTIONAL),
    FIELD(root_ds_address,    "rootDsAddress",    0x81, TEXT));
#undef TYPE

#define TYPE tern_set_default_dp_address_request
SEQUENCE(TERN_SET_DEFAULT_DP_ADDRESS_REQUEST, "SetDefaultDpAddressRequest", 0xBF3F,
    FIELD(default_dp_address, "defaultDpAddress", 0x80, TEXT));
#undef TYPE

#define TYPE tern_set_default_dp_address_response
SEQUENCE(TERN_SET_DEFAULT_DP_ADDRESS_RESPONSE, "SetDefaultDpAddressResponse", 0xBF3F,
    FIELD(set_default_dp_address_result, "setDefaultDpAddressResult", 0x80, CODE(TERN_SET_DEFAULT_DP_ADDRESS_RESULT)));
#undef TYPE

#define TYPE tern_get_euicc_data_request
SEQUENCE(TERN_GET_EUICC_DATA_REQUEST, "GetEuiccDataRequest", 0xBF3E,
    FIELD(tag_list, "tagList", 0x5C, BYTES, SIZE(1, 1)));
#undef TYPE

#define TYPE tern_get_euicc_data_response
SEQUENCE(TERN_GET_EUICC_DATA_RESPONSE, "GetEuiccDataResponse", 0xBF3E,
    FIELD(eid_value, "eidValue", 0x5A, BYTES, SIZE(16, 16)));
#undef TYPE

#define TYPE tern_profile_identifier
#define IDENTIFIER_ROWS                                                                       \
    ARM(TERN_PROFILE_IDENTIFIER_IS_ISDP_AID, isdp_aid, "isdpAid", 0x4F, BYTES, SIZE(1, 16)),  \
    ARM(TERN_PROFILE_IDENTIFIER_IS_ICCID,    iccid,    "iccid",   0x5A, BYTES, SIZE(10, 10))
CHOICE_OF(TERN_PROFILE_IDENTIFIER,     "profileIdentifier",    0,      IDENTIFIER_ROWS);
CHOICE_OF(TERN_DELETE_PROFILE_REQUEST, "DeleteProfileRequest", 0xBF33, IDENTIFIER_ROWS);
#undef TYPE

#define TYPE tern_enable_profile_request
#define ENABLE_ROWS                                                                           \
    FIELD(profile_identifier, "profileIdentifier", 0xA0, CHOICE(TERN_PROFILE_IDENTIFIER)),    \
    FIELD(refresh_flag,       "refreshFlag",       0x81, BOOL)
SEQUENCE(TERN_ENABLE_PROFILE_REQUEST,  "EnableProfileRequest",  0xBF31, ENABLE_ROWS);
SEQUENCE(TERN_DISABLE_PROFILE_REQUEST, "DisableProfileRequest", 0xBF32, ENABLE_ROWS);
#undef TYPE

#define TYPE tern_enable_profile_response
SEQUENCE(TERN_ENABLE_PROFILE_RESPONSE, "EnableProfileResponse", 0xBF31,
    FIELD(enable_result, "enableResult", 0x80, CODE(TERN_ENABLE_PROFILE_RESULT)));
#undef TYPE

#define TYPE tern_disable_profile_response
SEQUENCE(TERN_DISABLE_PROFILE_RESPONSE, "DisableProfileResponse", 0xBF32,
    FIELD(disable_result, "disableResult", 0x80, CODE(TERN_DISABLE_PROFILE_RESULT)));
#undef TYPE

#define TYPE tern_delete_profile_response
SEQUENCE(TERN_DELETE_PROFILE_RESPONSE, "DeleteProfileResponse", 0xBF33,
    FIELD(delete_result, "deleteResult", 0x80, CODE(TERN_DELETE_PROFILE_RESULT)));
#undef TYPE

#define TYPE tern_euicc_memory_reset_request
SEQUENCE(TERN_EUICC_MEMORY_RESET_REQUEST, "EuiccMemoryResetRequest", 0xBF34,
    FIELD(reset_options, "resetOptions", 0x82, BITS(TERN_RESET_OPTIONS)));
#undef TYPE

#define TYPE tern_euicc_memory_reset_response
SEQUENCE(TERN_EUICC_MEMORY_RESET_RESPONSE, "EuiccMemoryResetResponse", 0xBF34,
    FIELD(reset_result, "resetResult", 0x80, CODE(TERN_RESET_RESULT)));
#undef TYPE

#define TYPE tern_set_nickname_request
SEQUENCE(TERN_SET_NICKNAME_REQUEST, "SetNicknameRequest", 0xBF29,
    FIELD(iccid,            "iccid",           0x5A, BYTES, SIZE(10, 10)),
    FIELD(profile_nickname, "profileNickname", 0x90, TEXT, SIZE(0, 64)));
#undef TYPE

#define TYPE tern_set_nickname_response
SEQUENCE(TERN_SET_NICKNAME_RESPONSE, "SetNicknameResponse", 0xBF29,
    FIELD(set_nickname_result, "setNicknameResult", 0x80, CODE(TERN_SET_NICKNAME_RESULT)));
#undef TYPE

#define TYPE tern_lpae_activation_request
SEQUENCE(TERN_LPAE_ACTIVATION_REQUEST, "LpaeActivationRequest", 0xBF42,
    FIELD(lpae_option, "lpaeOption", 0x80, BITS(TERN_LPAE_OPTION)));
#undef TYPE

#define TYPE tern_lpae_activation_response
SEQUENCE(TERN_LPAE_ACTIVATION_RESPONSE, "LpaeActivationResponse", 0xBF42,
    FIELD(lpae_activation_result, "lpaeActivationResult", 0x80, CODE(TERN_LPAE_ACTIVATION_RESULT)));
#undef TYPE
