/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of ES8+ (and UpdateMetadata of ES6). */
#include "tern/messages/es8plus.h"
#include "tern/asn_table.h"

NAMES(TERN_REMOTE_OP_ID);

/* clang-format off */

#define TYPE tern_control_ref_template
SEQUENCE(TERN_CONTROL_REF_TEMPLATE, "ControlRefTemplate", 0x30,
    FIELD(key_type, "keyType", 0x80, BYTES, SIZE(1, 1)),
    FIELD(key_len,  "keyLen",  0x81, BYTES, SIZE(1, 1)),
    FIELD(host_id,  "hostId",  0x84, BYTES, SIZE(1, 16)));
#undef TYPE

#define TYPE tern_initialise_secure_channel_request
SIGNED(TERN_INITIALISE_SECURE_CHANNEL_REQUEST, "InitialiseSecureChannelRequest", 0xBF23,
    FIELD(remote_op_id,         "remoteOpId",         0x82,   CODE(TERN_REMOTE_OP_ID)),
    FIELD(transaction_id,       "transactionId",      0x80,   BYTES, SIZE(1, 16)),
    FIELD(control_ref_template, "controlRefTemplate", 0xA6,   RECORD(TERN_CONTROL_REF_TEMPLATE)),
    FIELD(smdp_otpk,            "smdpOtpk",           0x5F49, BYTES),
    FIELD(smdp_sign,            "smdpSign",           0x5F37, BYTES));
#undef TYPE

#define TYPE tern_segment
VALUE_OF(TERN_SEGMENT_86, "OCTET STRING", 0x86, FIELD(value, "86", 0x86, BYTES));
VALUE_OF(TERN_SEGMENT_87, "OCTET STRING", 0x87, FIELD(value, "87", 0x87, BYTES));
VALUE_OF(TERN_SEGMENT_88, "OCTET STRING", 0x88, FIELD(value, "88", 0x88, BYTES));
#undef TYPE

#define TYPE tern_bound_profile_package
SEQUENCE(TERN_BOUND_PROFILE_PACKAGE, "BoundProfilePackage", 0xBF36,
    FIELD(initialise_secure_channel_request, "initialiseSecureChannelRequest", 0xBF23, RECORD(TERN_INITIALISE_SECURE_CHANNEL_REQUEST)),
    FIELD(first_sequence_of_87,              "firstSequenceOf87",              0xA0,   LIST(TERN_SEGMENT_87)),
    FIELD(sequence_of_88,                    "sequenceOf88",                   0xA1,   LIST(TERN_SEGMENT_88)),
    FIELD(second_sequence_of_87,             "secondSequenceOf87",             0xA2,   LIST(TERN_SEGMENT_87), OPTIONAL),
    FIELD(sequence_of_86,                    "sequenceOf86",                   0xA3,   LIST(TERN_SEGMENT_86)));
#undef TYPE

#define TYPE tern_configure_isdp_request
SEQUENCE(TERN_CONFIGURE_ISDP_REQUEST, "ConfigureISDPRequest", 0xBF24,
    FIELD(dp_proprietary_data, "dpProprietaryData", 0xB8, TLV(TERN_DP_PROPRIETARY_DATA), OPTIONAL));
#undef TYPE

#define TYPE tern_replace_session_keys_request
SEQUENCE(TERN_REPLACE_SESSION_KEYS_REQUEST, "ReplaceSessionKeysRequest", 0xBF26,
    FIELD(initial_mac_chaining_value, "initialMacChainingValue", 0x80, BYTES, SECRET),
    FIELD(ppk_enc,                    "ppkEnc",                  0x81, BYTES, SECRET),
    FIELD(ppk_cmac,                   "ppkCmac",                 0x82, BYTES, SECRET));
#undef TYPE

#define TYPE tern_update_metadata_request
SEQUENCE(TERN_UPDATE_METADATA_REQUEST, "UpdateMetadataRequest", 0xBF2A,
    FIELD(service_provider_name, "serviceProviderName", 0x91, TEXT, SIZE(0, 32), OPTIONAL),
    FIELD(profile_name,          "profileName",         0x92, TEXT, SIZE(0, 64), OPTIONAL),
    MAYBE(icon_type,             "iconType",            0x93, CODE(TERN_ICON_TYPE)),
    FIELD(icon,                  "icon",                0x94, BYTES, SIZE(0, 1024), OPTIONAL),
    MAYBE(profile_policy_rules,  "profilePolicyRules",  0x99, BITS(TERN_PPR_IDS)),
    FIELD(service_specific_data_stored_in_euicc, "serviceSpecificDataStoredInEuicc", 0xBF22, LIST(TERN_VENDOR_SPECIFIC_EXTENSION), OPTIONAL));
#undef TYPE
