/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON function binding (SGP.32, 6.1.2, 6.4) as a translation: each request becomes the ASN.1
 * binding's message, each response is taken apart into members. There is one set of handlers.
 *
 * Objects are base64 of whole TLVs, transactionId and EIDs are hexadecimal text; serverSignature1
 * and its like are the whole 5F37. Where peers differ (sgp32.md 7.5) both spellings are read.
 */
#include <string.h>

#include "engine/eim/turn.h"
#include "tern/json.h"

struct reader {
    struct turn *turn;
    struct tern_json object;
    bool broken;
};

enum form { FORM_BASE64, FORM_HEX, FORM_TEXT };

/* A member's bytes; data NULL when it is absent, `broken` when it is there and wrong. */
static struct tern_bytes member(struct reader *reader, const char *key, enum form form)
{
    struct tern_bytes value = TERN_BYTES_NONE;
    struct tern_arena *arena = reader->turn->arena;
    int error = form == FORM_BASE64 ? tern_json_member_base64(&reader->object, key, arena, &value)
                : form == FORM_HEX  ? tern_json_member_hex(&reader->object, key, arena, &value)
                                    : tern_json_member_text(&reader->object, key, arena, &value);
    if (error == TERN_ERR_MISSING) {
        return TERN_BYTES_NONE;
    }
    reader->broken = reader->broken || error != TERN_OK;
    return error == TERN_OK ? value : TERN_BYTES_NONE;
}

static struct tern_bytes tagged(struct reader *reader, tern_tag tag, const char *key,
                                enum form form)
{
    struct tern_bytes value = member(reader, key, form);
    return value.data == NULL ? value : WRAP(reader->turn, tag, value);
}

/* A base64 member that must be one whole TLV. */
static struct tern_bytes element(struct reader *reader, const char *key)
{
    struct tern_tlv tlv;
    struct tern_bytes value = member(reader, key, FORM_BASE64);
    if (value.data != NULL && tern_der_single(value, &tlv, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        reader->broken = true;
    }
    return value;
}

static struct tern_bytes number(struct reader *reader, tern_tag tag, const char *key)
{
    int64_t value;
    int error = tern_json_member_int(&reader->object, key, &value);
    if (error == TERN_ERR_MISSING) {
        return TERN_BYTES_NONE;
    }
    reader->broken = reader->broken || error != TERN_OK;
    return error == TERN_OK ? turn_int(reader->turn, tag, value) : TERN_BYTES_NONE;
}

static struct tern_bytes eid_member(struct reader *reader)
{
    uint8_t raw[TERN_EID_SIZE];
    struct tern_bytes text = member(reader, "eidValue", FORM_TEXT);
    if (text.data == NULL) {
        return TERN_BYTES_NONE;
    }
    bool whole = tern_eid_from_text(raw, text) == TERN_OK;
    return WRAP(reader->turn, 0x5A, whole ? TERN_BYTES_OF(raw) : TERN_BYTES_TEXT("\0"));
}

static struct tern_bytes read_get_eim_package(struct reader *reader)
{
    struct turn *turn = reader->turn;
    bool notify = false;
    int error = tern_json_member_bool(&reader->object, "notifyStateChange", &notify);
    reader->broken = reader->broken || (error != TERN_OK && error != TERN_ERR_MISSING);
    return WRAP(turn, 0xBF4F, eid_member(reader),
                notify ? TERN_BYTES_TEXT("\x80\x00") : TERN_BYTES_NONE,
                number(reader, 0x81, "stateChangeCause"), tagged(reader, 0x82, "rPLMN", FORM_HEX));
}

static struct tern_bytes read_provide_result(struct reader *reader)
{
    struct tern_bytes eid = eid_member(reader);
    struct tern_bytes result = element(reader, "eimPackageResult");
    reader->broken = reader->broken || result.data == NULL;
    return WRAP(reader->turn, 0xBF50, eid, result);
}

static struct tern_bytes read_notification(struct reader *reader)
{
    struct turn *turn = reader->turn;
    struct tern_bytes pending = element(reader, "pendingNotification");
    struct tern_bytes result = element(reader, "provideEimPackageResult");
    if ((pending.data == NULL) == (result.data == NULL)) {
        reader->broken = true; /* exactly one of them: sgp32.md 7.5 */
    }
    if (result.data != NULL) {
        return turn_wrap(turn, 0xBF3D, &result, 1);
    }
    return WRAP(turn, 0xBF3D, WRAP(turn, 0xA0, pending));
}

static struct tern_bytes read_initiate(struct reader *reader)
{
    return WRAP(reader->turn, 0xBF39, tagged(reader, 0x81, "euiccChallenge", FORM_BASE64),
                tagged(reader, 0x83, "smdpAddress", FORM_TEXT), element(reader, "euiccInfo1"),
                tagged(reader, 0x82, "eimTransactionId", FORM_HEX));
}

static struct tern_bytes read_session(struct reader *reader, tern_tag tag, const char *key)
{
    struct tern_bytes transaction = tagged(reader, 0x80, "transactionId", FORM_HEX);
    struct tern_bytes message = element(reader, key);
    reader->broken = reader->broken || transaction.data == NULL || message.data == NULL;
    return WRAP(reader->turn, tag, transaction, message);
}

static struct tern_bytes read_client(struct reader *reader)
{
    return read_session(reader, 0xBF3B, "authenticateServerResponse");
}

static struct tern_bytes read_package(struct reader *reader)
{
    return read_session(reader, 0xBF3A, "prepareDownloadResponse");
}

static struct tern_bytes read_cancel(struct reader *reader)
{
    return read_session(reader, 0xBF41, "cancelSessionResponse");
}

struct function_row {
    const char *name;
    struct tern_bytes (*read)(struct reader *reader);
};

/* clang-format off */
static const struct function_row FUNCTIONS[] = {
    {"getEimPackage",           read_get_eim_package},
    {"provideEimPackageResult", read_provide_result},
    {"handleNotification",      read_notification},
    {"initiateAuthentication",  read_initiate},
    {"authenticateClient",      read_client},
    {"getBoundProfilePackage",  read_package},
    {"cancelSession",           read_cancel},
};
/* clang-format on */

struct tern_bytes json_request(struct turn *turn, struct tern_bytes function,
                               struct tern_bytes body)
{
    struct reader reader = {.turn = turn};
    if (tern_json_parse(&reader.object, body) != TERN_OK ||
        reader.object.kind != TERN_JSON_OBJECT) {
        return TERN_BYTES_NONE;
    }
    for (size_t i = 0; i < TERN_COUNT_OF(FUNCTIONS); i++) {
        if (tern_bytes_equal(function, tern_bytes_text(FUNCTIONS[i].name))) {
            struct tern_bytes message = FUNCTIONS[i].read(&reader);
            return reader.broken ? TERN_BYTES_NONE : message;
        }
    }
    return TERN_BYTES_NONE;
}

/* ---- Responses ---- */

/* One row: a member of the ok answer and the child it comes from. */
struct response_member {
    tern_tag tag;
    const char *key;
    enum { AS_TLV, AS_HEX_VALUE, AS_TEXT_VALUE, AS_BASE64_VALUE } as;
};

/* clang-format off */
static const struct response_member INITIATE_MEMBERS[] = {
    {0x80, "transactionId", AS_HEX_VALUE},
    {0x30, "serverSigned1", AS_TLV},
    {0x5F37, "serverSignature1", AS_TLV},
    {0x04, "euiccCiPKIdentifierToBeUsed", AS_TLV},
    {0x0C, "matchingId", AS_TEXT_VALUE},
    {0xA2, "ctxParams1", AS_BASE64_VALUE},
};
static const struct response_member CLIENT_MEMBERS[] = {
    {0x80, "transactionId", AS_HEX_VALUE}, {0xBF25, "profileMetadata", AS_TLV},
    {0x30, "smdpSigned2", AS_TLV},         {0x5F37, "smdpSignature2", AS_TLV},
    {0x04, "hashCc", AS_BASE64_VALUE},     {0xBF54, "profileDownloadTrigger", AS_TLV},
};
static const struct response_member PACKAGE_MEMBERS[] = {
    {0x80, "transactionId", AS_HEX_VALUE},
    {0xBF36, "boundProfilePackage", AS_TLV},
};
static const struct response_member POLL_MEMBERS[] = {
    {0xBF51, "euiccPackageRequest", AS_TLV},
    {0xBF52, "ipaEuiccDataRequest", AS_TLV},
    {0xBF54, "profileDownloadTriggerRequest", AS_TLV},
};
static const struct response_member RESULT_MEMBERS[] = {{0xBF53, "eimAcknowledgements", AS_TLV}};
/* clang-format on */

static void write_member(struct tern_json_writer *json, const struct response_member *row,
                         const struct tern_tlv *item)
{
    switch (row->as) {
    case AS_TLV:
        tern_json_write_base64(json, row->key, item->raw);
        break;
    case AS_HEX_VALUE:
        tern_json_write_hex(json, row->key, item->value);
        break;
    case AS_TEXT_VALUE:
        tern_json_write_text(json, row->key, item->value);
        break;
    case AS_BASE64_VALUE:
        tern_json_write_base64(json, row->key, item->value);
        break;
    }
}

/* Children by their rows; the second 30 is the certificate. */
static void write_members(struct tern_json_writer *json, struct tern_bytes value,
                          const struct response_member *rows, size_t count, const char *certificate)
{
    struct tern_tlv item;
    unsigned sequences = 0;
    while (next_tlv(&value, &item)) {
        if (item.tag == 0x30 && sequences++ == 1) {
            tern_json_write_base64(json, certificate, item.raw);
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            if (rows[i].tag == item.tag) {
                write_member(json, &rows[i], &item);
            }
        }
    }
}

/* Where the error integer of each function stands, and what its member is called. */
struct response_row {
    tern_tag tag;
    const struct response_member *members;
    size_t count;
    bool nested; /* the ok answer is inside A0 or A1 */
    tern_tag error_tag;
    const char *error_key;
    const char *certificate;
};

/* clang-format off */
#define MEMBERS(rows) rows, TERN_COUNT_OF(rows)
static const struct response_row RESPONSES[] = {
    {0xBF4F, MEMBERS(POLL_MEMBERS), false, 0x02, "eimPackageError", NULL},
    {0xBF50, MEMBERS(RESULT_MEMBERS), false, 0x02, "provideEimPackageResultError", NULL},
    {0xBF39, MEMBERS(INITIATE_MEMBERS), true, 0x81, "initiateAuthenticationError",
     "serverCertificate"},
    {0xBF3B, MEMBERS(CLIENT_MEMBERS), true, 0x82, "authenticateClientError", "smdpCertificate"},
    {0xBF3A, MEMBERS(PACKAGE_MEMBERS), true, 0x81, "getBoundProfilePackageError", NULL},
    {0xBF41, NULL, 0, true, 0x81, "cancelSessionError", NULL},
};
/* clang-format on */

/* Subject and reason beside the integer, so that either reader is served: sgp32.md 7.5. */
static struct tern_status failed_status(tern_tag tag, int64_t code)
{
    enum tern_es9plus_function function = tag == 0xBF39   ? TERN_ES9PLUS_INITIATE_AUTHENTICATION
                                          : tag == 0xBF3B ? TERN_ES9PLUS_AUTHENTICATE_CLIENT
                                          : tag == 0xBF3A ? TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE
                                                          : TERN_ES9PLUS_CANCEL_SESSION;
    if (tag == 0xBF4F || tag == 0xBF50) {
        return tern_status(TERN_STATUS_FUNCTION_FAILED);
    }
    return tern_status(tern_es9plus_error_code(function, code));
}

static void write_response(struct tern_json_writer *json, const struct response_row *row,
                           struct tern_bytes value)
{
    struct tern_tlv first = {0};
    struct tern_bytes rest = value;
    (void)next_tlv(&rest, &first);
    bool failed = first.tag == row->error_tag;
    uint32_t code = 127;
    struct tern_status status = {.execution = TERN_EXECUTED_SUCCESS};
    if (failed) {
        (void)read_number(first.value, &code);
        /* "Nothing waiting" is an answer, not a failure. */
        bool nothing = row->tag == 0xBF4F && code == 1;
        status = nothing ? status : failed_status(row->tag, code);
    }
    tern_status_write_header(json, &status);
    if (failed) {
        tern_json_write_int(json, row->error_key, code);
    } else {
        write_members(json, row->nested ? first.value : value, row->members, row->count,
                      row->certificate);
    }
}

struct tern_bytes json_response(struct turn *turn, struct tern_bytes message)
{
    struct tern_tlv outer;
    if (tern_der_single(message, &outer, TERN_DER_STRICT) != TERN_OK) {
        return TERN_BYTES_NONE;
    }
    struct tern_writer out = tern_arena_writer(turn->arena);
    struct tern_json_writer json = tern_json_writer(&out);
    tern_json_begin_object(&json, NULL);
    for (size_t i = 0; i < TERN_COUNT_OF(RESPONSES); i++) {
        if (RESPONSES[i].tag == outer.tag) {
            write_response(&json, &RESPONSES[i], outer.value);
        }
    }
    tern_json_end_object(&json);
    struct tern_bytes text = tern_arena_keep(turn->arena, &out);
    if (text.data == NULL) {
        turn_fail(turn, TERN_ERR_NO_SPACE);
    }
    return text;
}
