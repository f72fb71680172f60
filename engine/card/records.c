/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the card's records. */
#include "engine/card/records.h"

#include "tern/asn_table.h"

/* clang-format off */
#define TYPE numbers_record
SEQUENCE(NUMBERS_RECORD, "Numbers", 0x30,
    FIELD(sequence_number,   "sequenceNumber",   0x80, INT),
    FIELD(association_token, "associationToken", 0x81, INT),
    FIELD(isdp,              "isdp",             0x82, INT),
    FIELD(dropped,           "dropped",          0x83, INT),
    FIELD(fallback_active,   "fallbackActive",   0x84, PRESENT),
    FIELD(emergency_active,  "emergencyActive",  0x85, PRESENT),
    FIELD(rollback_granted,  "rollbackGranted",  0x86, PRESENT),
    FIELD(ipae_active,       "ipaeActive",       0x87, PRESENT),
    FIELD(fallback_iccid,    "fallbackReturn",   0x88, BYTES, SIZE(10, 10), OPTIONAL),
    FIELD(emergency_iccid,   "emergencyReturn",  0x89, BYTES, SIZE(10, 10), OPTIONAL),
    FIELD(rollback_iccid,    "rollbackReturn",   0x8A, BYTES, SIZE(10, 10), OPTIONAL));
#undef TYPE

#define TYPE profile_record
SEQUENCE(PROFILE_RECORD, "Profile", 0x30,
    FIELD(iccid,              "iccid",             0x5A, BYTES, SIZE(10, 10)),
    FIELD(state,              "state",             0x80, INT),
    FIELD(isdp,               "isdp",              0x81, INT),
    FIELD(image_size,         "imageSize",         0x82, INT),
    FIELD(profile_class,      "profileClass",      0x83, INT),
    FIELD(pprs,               "pprIds",            0x84, .kind = TERN_ASN_BITS),
    FIELD(ecall,              "ecallIndication",   0x85, PRESENT),
    FIELD(fallback_allowed,   "fallbackAllowed",   0x86, PRESENT),
    FIELD(fallback_attribute, "fallbackAttribute", 0x87, PRESENT),
    FIELD(ci,                 "ci",                0x88, INT));
#undef TYPE

#define TYPE eim_record
SEQUENCE(EIM_RECORD, "Eim", 0x30,
    FIELD(configuration, "configuration",    0x80, BYTES),
    FIELD(counter,       "counterValue",     0x81, INT),
    MAYBE(token,         "associationToken", 0x82, INT),
    FIELD(used,          "used",             0x83, PRESENT));
#undef TYPE

#define TYPE rollback_record
SEQUENCE(ROLLBACK_RECORD, "Rollback", 0x30,
    FIELD(eim_id,          "eimId",            0x80, BYTES),
    FIELD(counter,         "counterValue",     0x81, INT),
    FIELD(transaction_id,  "eimTransactionId", 0x82, BYTES, OPTIONAL),
    FIELD(results,         "results",          0x83, BYTES),
    FIELD(token,           "token",            0x84, BYTES),
    FIELD(ci,              "ci",               0x85, INT),
    FIELD(sequence_number, "sequenceNumber",   0x86, INT));
#undef TYPE

#define TYPE immediate_record
SEQUENCE(IMMEDIATE_RECORD, "ImmediateEnable", 0x30,
    FIELD(flag,         "immediateEnableFlag", 0x80, PRESENT),
    FIELD(smdp_oid,     "defaultSmdpOid",      0x81, BYTES, OPTIONAL),
    FIELD(smdp_address, "defaultSmdpAddress",  0x82, BYTES, OPTIONAL));
#undef TYPE

#define TYPE one_time_key_record
SEQUENCE(ONE_TIME_KEY_RECORD, "OneTimeKey", 0x30,
    FIELD(smdp_oid, "smdpOid", 0x80, BYTES),
    FIELD(curve,    "curve",   0x81, INT),
    FIELD(scalar,   "scalar",  0x82, BYTES, SECRET, SIZE(32, 32)),
    FIELD(point,    "point",   0x83, BYTES, SIZE(65, 65)));
#undef TYPE

#define TYPE loading_record
SEQUENCE(LOADING_RECORD, "Loading", 0x30,
    FIELD(transaction_id, "transactionId", 0x80, BYTES),
    FIELD(smdp_address,   "smdpAddress",   0x81, BYTES),
    FIELD(smdp_oid,       "smdpOid",       0x82, BYTES),
    FIELD(ci,             "ci",            0x83, INT),
    FIELD(iccid,          "iccid",         0x84, BYTES, OPTIONAL));
#undef TYPE
/* clang-format on */
