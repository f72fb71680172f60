/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the card's records look like: DER by these tables. docs/FORMATS.md describes them.
 */
#ifndef ENGINE_CARD_RECORDS_H
#define ENGINE_CARD_RECORDS_H

#include "tern/asn.h"

struct numbers_record {
    int64_t sequence_number;
    int64_t association_token;
    int64_t isdp;
    int64_t dropped;
    bool fallback_active;
    bool emergency_active;
    bool rollback_granted;
    bool ipae_active;
    struct tern_bytes fallback_iccid;  /**< Absent: nothing to return to. */
    struct tern_bytes emergency_iccid; /**< Absent: no profile was enabled. */
    struct tern_bytes rollback_iccid;  /**< Absent: roll back to no profile. */
};
extern const struct tern_asn_record NUMBERS_RECORD;

enum profile_record_state {
    PROFILE_LOADING = 0,
    PROFILE_DISABLED = 1,
    PROFILE_ENABLED = 2,
};

/** The small part of a profile; its metadata (BF25) and nickname are records of their own. */
struct profile_record {
    struct tern_bytes iccid;
    int64_t state; /**< enum profile_record_state */
    int64_t isdp;
    int64_t image_size;
    int64_t profile_class;
    uint64_t pprs;
    bool ecall;
    bool fallback_allowed;
    bool fallback_attribute;
    int64_t ci; /**< Index of the CI that was used; signs its notifications. */
};
extern const struct tern_asn_record PROFILE_RECORD;

struct eim_record {
    struct tern_bytes configuration; /**< EimConfigurationData (30), without counter and token */
    int64_t counter;
    bool has_token;
    int64_t token;
    bool used; /**< A package was accepted since the counter was set. */
};
extern const struct tern_asn_record EIM_RECORD;

/** What a granted rollback needs to make its result. */
struct rollback_record {
    struct tern_bytes eim_id;
    int64_t counter;
    struct tern_bytes transaction_id; /**< Absent: none */
    struct tern_bytes results;        /**< Elements of euiccResult */
    struct tern_bytes token;          /**< The token data object, 84 .. */
    int64_t ci;                       /**< Index of the CI that signs */
    int64_t sequence_number;          /**< Of the result that the new one replaces */
};
extern const struct tern_asn_record ROLLBACK_RECORD;

/** configureImmediateEnable. */
struct immediate_record {
    bool flag;
    struct tern_bytes smdp_oid;
    struct tern_bytes smdp_address;
};
extern const struct tern_asn_record IMMEDIATE_RECORD;

/** A one-time key of an unfinished download, kept for a retry. sgp22.md 7.1 */
struct one_time_key_record {
    struct tern_bytes smdp_oid;
    int64_t curve;
    struct tern_bytes scalar;
    struct tern_bytes point;
};
extern const struct tern_asn_record ONE_TIME_KEY_RECORD;

/** A bound profile package is being loaded. */
struct loading_record {
    struct tern_bytes transaction_id;
    struct tern_bytes smdp_address;
    struct tern_bytes smdp_oid;
    int64_t ci;
    struct tern_bytes iccid; /**< Absent: not known yet */
};
extern const struct tern_asn_record LOADING_RECORD;

#endif
