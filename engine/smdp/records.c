/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the SM-DP+'s store, and the few verbs that use them. */
#include "engine/smdp/records.h"

#include <string.h>

#include "tern/asn_table.h"
#include "tern/messages/rsp.h"

/* clang-format off */
#define TYPE smdp_profile
SEQUENCE(SMDP_PROFILE, "Profile", 0x30,
         FIELD(iccid,        "iccid",       0x80, BYTES, SIZE(10, 10)),
         FIELD(owner,        "owner",       0x81, TEXT),
         FIELD(profile_type, "profileType", 0x82, TEXT),
         FIELD(metadata,     "metadata",    0xBF25, ANY),
         FIELD(needs,        "needs",       0x84, BITS(TERN_UICC_CAPABILITY)),
         FIELD(memory,       "memory",      0x85, UINT));
#undef TYPE

#define TYPE smdp_package
SEQUENCE(SMDP_PACKAGE, "Package", 0x30,
         FIELD(nonce,        "nonce",       0x80, BYTES),
         FIELD(session_keys, "sessionKeys", 0x81, BOOL),
         FIELD(sealed,       "sealed",      0x82, BYTES, SECRET),
         FIELD(body,         "body",        0x83, BYTES, OPTIONAL));
#undef TYPE

#define TYPE smdp_order
SEQUENCE(SMDP_ORDER, "Order", 0x30,
         FIELD(state,                 "state",                0x80, CODE(TERN_SMDP_STATE)),
         FIELD(requester,             "requester",            0x81, TEXT),
         FIELD(profile_type,          "profileType",          0x82, TEXT, OPTIONAL),
         FIELD(ordered_eid,           "orderedEid",           0x83, BYTES, OPTIONAL, SIZE(16, 16)),
         FIELD(eid,                   "eid",                  0x84, BYTES, OPTIONAL, SIZE(16, 16)),
         FIELD(matching_id,           "matchingId",           0x85, TEXT, OPTIONAL),
         FIELD(confirmation,          "confirmation",         0x86, BYTES, OPTIONAL, SECRET),
         FIELD(confirmation_failures, "confirmationFailures", 0x87, UINT),
         FIELD(attempts,              "attempts",             0x88, UINT),
         FIELD(created,               "created",              0x89, INT),
         FIELD(expires,               "expires",              0x8A, INT),
         FIELD(smds_address,          "smdsAddress",          0x8B, TEXT, OPTIONAL),
         FIELD(event_registered,      "eventRegistered",      0x8C, BOOL),
         FIELD(transaction_id,        "transactionId",        0x8D, BYTES, OPTIONAL),
         FIELD(seq_number,            "seqNumber",            0x8E, INT),
         FIELD(why,                   "why",                  0x8F, TEXT, OPTIONAL));
#undef TYPE

#define TYPE smdp_binding
SEQUENCE(SMDP_BINDING, "Binding", 0x30,
         FIELD(eid,        "eid",       0x80, BYTES, SIZE(16, 16)),
         FIELD(euicc_otpk, "euiccOtpk", 0x81, BYTES, SIZE(65, 65)),
         FIELD(smdp_otpk,  "smdpOtpk",  0x82, BYTES, SIZE(65, 65)),
         FIELD(host_id,    "hostId",    0x83, BYTES, SIZE(1, 16)),
         FIELD(body,       "body",      0x84, BYTES));
#undef TYPE

#define TYPE smdp_session
SEQUENCE(SMDP_SESSION, "Session", 0x30,
         FIELD(state,           "state",          0x80, UINT),
         FIELD(eid,             "eid",            0x81, BYTES, SIZE(16, 16)),
         FIELD(iccid,           "iccid",          0x82, BYTES, SIZE(10, 10)),
         FIELD(curve,           "curve",          0x83, UINT),
         FIELD(euicc_key,       "euiccKey",       0x84, BYTES, SIZE(65, 65)),
         FIELD(server_ci,       "serverCi",       0x85, BYTES),
         FIELD(smdp_signed2,    "smdpSigned2",    0x30, ANY),
         FIELD(smdp_signature2, "smdpSignature2", 0x5F37, ANY),
         FIELD(request_hash,    "requestHash",    0x88, BYTES),
         FIELD(package_hash,    "packageHash",    0x89, BYTES, OPTIONAL));
#undef TYPE

#define TYPE smdp_answer
SEQUENCE(SMDP_ANSWER, "Answer", 0x30,
         FIELD(request_hash, "requestHash", 0x80, BYTES),
         FIELD(when,         "when",        0x81, INT),
         FIELD(response,     "response",    0x82, BYTES));
#undef TYPE

NAMES(TERN_SMDP_STATE);
/* clang-format on */

struct smdp_key smdp_key(struct tern_bytes first, struct tern_bytes second)
{
    struct smdp_key key;
    struct tern_writer out = TERN_WRITER_OF(key.data);
    tern_write(&out, first);
    tern_write(&out, second);
    key.size = tern_writer_bytes(&out).size;
    return key;
}

struct smdp_key smdp_key_pair(struct tern_bytes first, struct tern_bytes second)
{
    struct smdp_key key;
    struct tern_writer out = TERN_WRITER_OF(key.data);
    tern_write(&out, first);
    tern_write_byte(&out, 0);
    tern_write(&out, second);
    key.size = tern_writer_bytes(&out).size;
    return key;
}

int smdp_load(const struct tern_smdp *smdp, struct tern_arena *arena, const char *space,
              struct tern_bytes key, const struct tern_asn_record *record, void *message)
{
    struct tern_writer value = tern_arena_writer(arena);
    int status = smdp->store->load(smdp->store->context, space, key, &value);
    if (status < 0) {
        return status;
    }
    struct tern_bytes bytes = tern_arena_keep(arena, &value);
    if (bytes.data == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    return tern_asn_decode(record, message, NULL, bytes);
}

static int put(const struct tern_smdp *smdp, struct tern_arena *arena, const char *space,
               struct tern_bytes key, const struct tern_asn_record *record, const void *message,
               int (*verb)(void *, const char *, struct tern_bytes, struct tern_bytes))
{
    struct tern_writer value = tern_arena_writer(arena);
    int status = tern_asn_encode(record, &value, message);
    return status < 0 ? status : verb(smdp->store->context, space, key, tern_writer_bytes(&value));
}

int smdp_save(const struct tern_smdp *smdp, struct tern_arena *arena, const char *space,
              struct tern_bytes key, const struct tern_asn_record *record, const void *message)
{
    return put(smdp, arena, space, key, record, message, smdp->store->save);
}

int smdp_insert(const struct tern_smdp *smdp, struct tern_arena *arena, const char *space,
                struct tern_bytes key, const struct tern_asn_record *record, const void *message)
{
    return put(smdp, arena, space, key, record, message, smdp->store->insert);
}

int smdp_remove(const struct tern_smdp *smdp, const char *space, struct tern_bytes key)
{
    int status = smdp->store->remove(smdp->store->context, space, key);
    return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
}
