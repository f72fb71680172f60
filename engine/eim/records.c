/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the eIM keeps, as tables: the records of include/tern/eim.h and those of one session, one
 * outbound message and one ticket. The value of a record is its DER; members that are empty are not
 * written, so a record grows only with what it knows and old records read in new versions.
 */
#include "engine/eim/turn.h"
#include "tern/asn.h"
#include "tern/asn_table.h"

/* clang-format off */
#define TYPE tern_eim_device
SEQUENCE(EIM_DEVICE, "EimDevice", 0x30,
         FIELD(key_id,             "keyId",            0x80, UINT),
         FIELD(counter,            "counter",          0x81, UINT, DEFAULT(0)),
         FIELD(token,              "token",            0x82, UINT, DEFAULT(0)),
         FIELD(next_sequence,      "nextSequence",     0x83, UINT),
         FIELD(quirks,             "quirks",           0x84, UINT, DEFAULT(0)),
         FIELD(features,           "features",         0x85, UINT, DEFAULT(0)),
         FIELD(protocols,          "protocols",        0x86, UINT, DEFAULT(0)),
         FIELD(flags,              "flags",            0x87, UINT, DEFAULT(0)),
         FIELD(state_change_cause, "stateChangeCause", 0x88, UINT, DEFAULT(0)),
         FIELD(added_ms,           "addedMs",          0x89, UINT, DEFAULT(0)),
         FIELD(seen_ms,            "seenMs",           0x8A, UINT, DEFAULT(0)),
         FIELD(curve,              "curve",            0x8B, UINT, DEFAULT(0)),
         FIELD(euicc_key,          "euiccKey",         0x8C, BYTES, OPTIONAL),
         FIELD(ci_key_id,          "ciKeyId",          0x8D, BYTES, OPTIONAL),
         FIELD(open,               "open",             0x8E, BYTES, OPTIONAL),
         FIELD(recent,             "recent",           0x8F, BYTES, OPTIONAL),
         FIELD(tenant,             "tenant",           0x90, BYTES, OPTIONAL),
         FIELD(label,              "label",            0x91, BYTES, OPTIONAL),
         FIELD(plmn,               "plmn",             0x92, BYTES, OPTIONAL),
         FIELD(enabled,            "enabled",          0x93, BYTES, OPTIONAL),
         FIELD(address,            "address",          0x94, BYTES, OPTIONAL),
         FIELD(last_session,       "lastSession",      0x95, BYTES, OPTIONAL));
#undef TYPE

#define TYPE tern_eim_device_data
SEQUENCE(EIM_DEVICE_DATA, "EimDeviceData", 0x30,
         FIELD(eum_certificate,   "eumCertificate",   0x80, BYTES, OPTIONAL),
         FIELD(euicc_certificate, "euiccCertificate", 0x81, BYTES, OPTIONAL),
         FIELD(euicc_info1,       "euiccInfo1",       0x82, BYTES, OPTIONAL),
         FIELD(euicc_info2,       "euiccInfo2",       0x83, BYTES, OPTIONAL),
         FIELD(ipa_capabilities,  "ipaCapabilities",  0x84, BYTES, OPTIONAL),
         FIELD(device_info,       "deviceInfo",       0x85, BYTES, OPTIONAL),
         FIELD(profiles,          "profiles",         0x86, BYTES, OPTIONAL),
         FIELD(rat,               "rat",              0x87, BYTES, OPTIONAL),
         FIELD(eims,              "eims",             0x88, BYTES, OPTIONAL),
         FIELD(default_smdp,      "defaultSmdp",      0x89, BYTES, OPTIONAL),
         FIELD(root_smds,         "rootSmds",         0x8A, BYTES, OPTIONAL),
         FIELD(profiles_ms,       "profilesMs",       0x8B, UINT, DEFAULT(0)),
         FIELD(infos_ms,          "infosMs",          0x8C, UINT, DEFAULT(0)));
#undef TYPE

#define TYPE tern_eim_operation
SEQUENCE(EIM_OPERATION, "EimOperation", 0x30,
         FIELD(kind,              "kind",             0x80, UINT),
         FIELD(state,             "state",            0x81, UINT),
         FIELD(options,           "options",          0x82, UINT, DEFAULT(0)),
         FIELD(counter,           "counter",          0x83, UINT, DEFAULT(0)),
         FIELD(key_id,            "keyId",            0x84, UINT, DEFAULT(0)),
         FIELD(new_key_id,        "newKeyId",         0x85, UINT, DEFAULT(0)),
         FIELD(attempts,          "attempts",         0x86, UINT, DEFAULT(0)),
         FIELD(origin,            "origin",           0x87, UINT, DEFAULT(0)),
         FIELD(where,             "where",            0x88, UINT, DEFAULT(0)),
         FIELD(code,              "code",             0x89, UINT, DEFAULT(0)),
         FIELD(created_ms,        "createdMs",        0x8A, UINT, DEFAULT(0)),
         FIELD(fetched_ms,        "fetchedMs",        0x8B, UINT, DEFAULT(0)),
         FIELD(finished_ms,       "finishedMs",       0x8C, UINT, DEFAULT(0)),
         FIELD(expires_ms,        "expiresMs",        0x8D, UINT, DEFAULT(0)),
         FIELD(transaction,       "transaction",      0x8E, BYTES, OPTIONAL),
         FIELD(request,           "request",          0x8F, BYTES, OPTIONAL),
         FIELD(message,           "message",          0x90, BYTES, OPTIONAL),
         FIELD(to_sign,           "toSign",           0x91, BYTES, OPTIONAL),
         FIELD(result,            "result",           0x92, BYTES, OPTIONAL),
         FIELD(confirmation_code, "confirmationCode", 0x93, BYTES, OPTIONAL, SECRET),
         FIELD(smdp_oid,          "smdpOid",          0x94, BYTES, OPTIONAL),
         FIELD(iccid,             "iccid",            0x95, BYTES, OPTIONAL),
         FIELD(reference,         "reference",        0x96, BYTES, OPTIONAL));
#undef TYPE

#define TYPE session
SEQUENCE(EIM_SESSION, "EimSession", 0x30,
         FIELD(eid,             "eid",            0x80, BYTES, SIZE(16, 16)),
         FIELD(sequence,        "sequence",       0x81, UINT),
         FIELD(state,           "state",          0x82, UINT),
         FIELD(refused,         "refused",        0x83, UINT, DEFAULT(0)),
         FIELD(touched_ms,      "touchedMs",      0x84, UINT),
         FIELD(address,         "address",        0x85, BYTES, OPTIONAL),
         FIELD(smdp_oid,        "smdpOid",        0x86, BYTES, OPTIONAL),
         FIELD(server_signed1,  "serverSigned1",  0x87, BYTES, OPTIONAL),
         FIELD(ctx_params1,     "ctxParams1",     0x88, BYTES, OPTIONAL),
         FIELD(metadata,        "metadata",       0x89, BYTES, OPTIONAL),
         FIELD(smdp_signed2,    "smdpSigned2",    0x8A, BYTES, OPTIONAL),
         FIELD(smdp_signature2, "smdpSignature2", 0x8B, BYTES, OPTIONAL),
         FIELD(hash_cc,         "hashCc",         0x8C, BYTES, OPTIONAL));
#undef TYPE

#define TYPE outbound
SEQUENCE(EIM_OUTBOUND, "EimOutbound", 0x30,
         FIELD(kind,        "kind",        0x80, UINT),
         FIELD(attempts,    "attempts",    0x81, UINT, DEFAULT(0)),
         FIELD(done,        "done",        0x82, UINT, DEFAULT(0)),
         FIELD(due_ms,      "dueMs",       0x83, UINT, DEFAULT(0)),
         FIELD(created_ms,  "createdMs",   0x84, UINT, DEFAULT(0)),
         FIELD(eid,         "eid",         0x85, BYTES, OPTIONAL),
         FIELD(address,     "address",     0x86, BYTES, OPTIONAL),
         FIELD(transaction, "transaction", 0x87, BYTES, OPTIONAL),
         FIELD(message,     "message",     0x88, BYTES, OPTIONAL),
         FIELD(leased,      "leased",      0x89, UINT, DEFAULT(0)));
#undef TYPE

#define TYPE ticket
SEQUENCE(EIM_TICKET, "EimTicket", 0x30,
         FIELD(stage,       "stage",       0x80, UINT),
         FIELD(binding,     "binding",     0x81, UINT),
         FIELD(message_tag, "messageTag",  0x82, UINT),
         FIELD(sequence,    "sequence",    0x83, UINT, DEFAULT(0)),
         FIELD(extra,       "extra",       0x84, UINT, DEFAULT(0)),
         FIELD(eid,         "eid",         0x85, BYTES, OPTIONAL),
         FIELD(transaction, "transaction", 0x86, BYTES, OPTIONAL),
         FIELD(address,     "address",     0x87, BYTES, OPTIONAL),
         FIELD(detail,      "detail",      0x88, BYTES, OPTIONAL));
#undef TYPE
/* clang-format on */

static int load(struct turn *turn, const char *space, struct tern_bytes key,
                const struct tern_asn_record *record, void *out)
{
    struct tern_writer writer = tern_arena_writer(turn->arena);
    const struct tern_store *store = turn->eim->store;
    int error = store->load(store->context, space, key, &writer);
    if (error == TERN_ERR_NOT_FOUND) {
        return error;
    }
    struct tern_bytes value = TERN_BYTES_NONE;
    if (error == TERN_OK) {
        value = tern_arena_keep(turn->arena, &writer);
        error = value.data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
    }
    if (error == TERN_OK) {
        error = tern_asn_decode(record, out, &turn->step->fault, value);
    }
    if (error != TERN_OK) {
        turn_fail(turn, error);
    }
    return error;
}

static void save(struct turn *turn, const char *space, struct tern_bytes key,
                 const struct tern_asn_record *record, const void *in)
{
    if (turn->error != TERN_OK) {
        return;
    }
    struct tern_writer writer = tern_arena_writer(turn->arena);
    int error = tern_asn_encode(record, &writer, in);
    if (error == TERN_OK) {
        const struct tern_store *store = turn->eim->store;
        error = store->save(store->context, space, key, tern_writer_bytes(&writer));
    }
    if (error != TERN_OK) {
        turn_fail(turn, error);
    }
}

static void drop(struct turn *turn, const char *space, struct tern_bytes key)
{
    const struct tern_store *store = turn->eim->store;
    int error = store->remove(store->context, space, key);
    if (error != TERN_OK && error != TERN_ERR_NOT_FOUND) {
        turn_fail(turn, error);
    }
}

static void copy_eid(uint8_t *out, const uint8_t *eid)
{
    for (size_t i = 0; i < TERN_EID_SIZE; i++) {
        out[i] = eid[i];
    }
}

int decode_device(struct tern_eim_device *device, struct tern_bytes value)
{
    return tern_asn_decode(&EIM_DEVICE, device, NULL, value);
}

int decode_operation(struct tern_eim_operation *operation, struct tern_bytes value)
{
    return tern_asn_decode(&EIM_OPERATION, operation, NULL, value);
}

int load_device(struct turn *turn, const uint8_t *eid, struct tern_eim_device *device)
{
    uint8_t key[TERN_EID_SIZE];
    copy_eid(key, eid); /* `eid` may be device->eid, which decoding clears */
    int error = load(turn, "eim.device", TERN_BYTES_OF(key), &EIM_DEVICE, device);
    copy_eid(device->eid, key);
    return error;
}

void save_device(struct turn *turn, const struct tern_eim_device *device)
{
    save(turn, "eim.device", TERN_BYTES_OF(device->eid), &EIM_DEVICE, device);
}

int load_data(struct turn *turn, const uint8_t *eid, struct tern_eim_device_data *data)
{
    *data = (struct tern_eim_device_data){0};
    int error = load(turn, "eim.data", tern_bytes(eid, TERN_EID_SIZE), &EIM_DEVICE_DATA, data);
    return error == TERN_ERR_NOT_FOUND ? TERN_OK : error;
}

void save_data(struct turn *turn, const uint8_t *eid, const struct tern_eim_device_data *data)
{
    save(turn, "eim.data", tern_bytes(eid, TERN_EID_SIZE), &EIM_DEVICE_DATA, data);
}

struct tern_bytes operation_key(uint8_t out[20], const uint8_t *eid, int64_t sequence)
{
    struct tern_writer writer = tern_writer(out, 20);
    tern_write(&writer, tern_bytes(eid, TERN_EID_SIZE));
    tern_write_uint(&writer, (uint64_t)sequence, 4);
    return tern_writer_bytes(&writer);
}

int load_operation(struct turn *turn, const uint8_t *eid, int64_t sequence,
                   struct tern_eim_operation *operation)
{
    uint8_t key[20];
    int error =
        load(turn, "eim.operation", operation_key(key, eid, sequence), &EIM_OPERATION, operation);
    operation->sequence = sequence;
    return error;
}

void save_operation(struct turn *turn, const uint8_t *eid,
                    const struct tern_eim_operation *operation)
{
    uint8_t key[20];
    save(turn, "eim.operation", operation_key(key, eid, operation->sequence), &EIM_OPERATION,
         operation);
}

int load_session(struct turn *turn, struct tern_bytes transaction, struct session *session)
{
    if (transaction.size == 0 || transaction.size > TERN_TRANSACTION_ID_SIZE) {
        return TERN_ERR_NOT_FOUND;
    }
    int error = load(turn, "eim.session", transaction, &EIM_SESSION, session);
    session->transaction = transaction;
    return error;
}

void save_session(struct turn *turn, const struct session *session)
{
    save(turn, "eim.session", session->transaction, &EIM_SESSION, session);
}

void remove_session(struct turn *turn, struct tern_bytes transaction)
{
    drop(turn, "eim.session", transaction);
}

int load_outbound(struct turn *turn, struct tern_bytes key, struct outbound *outbound)
{
    return load(turn, "eim.outbound", key, &EIM_OUTBOUND, outbound);
}

void save_outbound(struct turn *turn, struct tern_bytes key, const struct outbound *outbound)
{
    save(turn, "eim.outbound", key, &EIM_OUTBOUND, outbound);
}

void remove_outbound(struct turn *turn, struct tern_bytes key)
{
    drop(turn, "eim.outbound", key);
}

struct tern_bytes encode_ticket(struct turn *turn, const struct ticket *ticket)
{
    struct tern_writer writer = tern_arena_writer(turn->arena);
    int error = tern_asn_encode(&EIM_TICKET, &writer, ticket);
    if (error != TERN_OK) {
        turn_fail(turn, error);
        return TERN_BYTES_NONE;
    }
    return tern_arena_keep(turn->arena, &writer);
}

int decode_ticket(struct ticket *ticket, struct tern_bytes in)
{
    return tern_asn_decode(&EIM_TICKET, ticket, NULL, in);
}
