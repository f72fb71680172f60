/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ES8+: what the SM-DP+ says to the eUICC inside a bound profile package. StoreMetadataRequest is
 * in messages/rsp.h.
 *
 * Spec  SGP.22, 5.5, 2.5; sgp22.md 7.3, 8
 */
#ifndef TERN_MESSAGES_ES8PLUS_H
#define TERN_MESSAGES_ES8PLUS_H

#include "tern/messages/rsp.h"

/* Lists of codes and their comments are aligned by hand. */
/* clang-format off */

#define TERN_REMOTE_OP_ID_LIST(X, P) X(P, installBoundProfilePackage, 1)
TERN_CODES(tern_remote_op_id, TERN_REMOTE_OP_ID);

/** ControlRefTemplate. */
struct tern_control_ref_template {
    struct tern_bytes key_type; /**< 1 byte: 88, AES */
    struct tern_bytes key_len;  /**< 1 byte: 10 */
    struct tern_bytes host_id;
};
extern const struct tern_asn_record TERN_CONTROL_REF_TEMPLATE;

/**
 * InitialiseSecureChannelRequest, BF23. smdpSign covers the first four elements as sent, without
 * the header of BF23, and the eUICC's one-time key after them (sgp22.md 7.3): take the content of
 * `raw` up to the 5F37.
 */
struct tern_initialise_secure_channel_request {
    struct tern_bytes raw;
    int64_t remote_op_id;
    struct tern_bytes transaction_id;
    struct tern_control_ref_template control_ref_template;
    struct tern_bytes smdp_otpk;
    struct tern_bytes smdp_sign;
};
extern const struct tern_asn_record TERN_INITIALISE_SECURE_CHANNEL_REQUEST;

/** One protected segment: 86, 87 or 88. */
struct tern_segment {
    struct tern_bytes value;
};
extern const struct tern_asn_record TERN_SEGMENT_86;
extern const struct tern_asn_record TERN_SEGMENT_87;
extern const struct tern_asn_record TERN_SEGMENT_88;

/** BoundProfilePackage, BF36. Its stream is handled by core/bpp; this is the whole of it. */
struct tern_bound_profile_package {
    struct tern_initialise_secure_channel_request initialise_secure_channel_request;
    struct tern_bytes first_sequence_of_87;  /**< of TERN_SEGMENT_87 */
    struct tern_bytes sequence_of_88;        /**< of TERN_SEGMENT_88 */
    struct tern_bytes second_sequence_of_87; /**< of TERN_SEGMENT_87; may be absent */
    struct tern_bytes sequence_of_86;        /**< of TERN_SEGMENT_86 */
};
extern const struct tern_asn_record TERN_BOUND_PROFILE_PACKAGE;

/** ConfigureISDPRequest, BF24. */
struct tern_configure_isdp_request {
    struct tern_bytes dp_proprietary_data; /**< TLV of TERN_DP_PROPRIETARY_DATA, B8; or absent */
};
extern const struct tern_asn_record TERN_CONFIGURE_ISDP_REQUEST;

/** ReplaceSessionKeysRequest, BF26. Secret: wipe what held it. */
struct tern_replace_session_keys_request {
    struct tern_bytes initial_mac_chaining_value;
    struct tern_bytes ppk_enc;
    struct tern_bytes ppk_cmac;
};
extern const struct tern_asn_record TERN_REPLACE_SESSION_KEYS_REQUEST;

/** UpdateMetadataRequest, BF2A; ES6. */
struct tern_update_metadata_request {
    struct tern_bytes service_provider_name;
    struct tern_bytes profile_name;
    bool has_icon_type;
    int64_t icon_type;
    struct tern_bytes icon;
    bool has_profile_policy_rules;
    uint64_t profile_policy_rules;
    struct tern_bytes service_specific_data_stored_in_euicc; /**< of TERN_VENDOR_SPECIFIC_EXT.. */
};
extern const struct tern_asn_record TERN_UPDATE_METADATA_REQUEST;

#endif
