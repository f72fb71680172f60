/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES2+ on the wire: JSON with a header, from operators that TLS has identified. SGP.22, 5.3, 6.5;
 * sgp22.md 13.
 *
 * A call that is repeated with the same functionCallIdentifier and the same content gets the answer
 * that it got before: an operator whose connection broke may simply ask again.
 */
#include "engine/smdp/es2plus.h"

#include "tern/json.h"

struct function_row {
    const char *path;
    const char *name;
    int (*run)(struct es2plus *es2, enum tern_status_code *code);
};

static const struct function_row FUNCTIONS[] = {
    [TERN_ES2PLUS_DOWNLOAD_ORDER] = {"/gsma/rsp2/es2plus/downloadOrder",  "ES2+.DownloadOrder",
                                     download_order },
    [TERN_ES2PLUS_CONFIRM_ORDER] = {"/gsma/rsp2/es2plus/confirmOrder",   "ES2+.ConfirmOrder",
                                     confirm_order  },
    [TERN_ES2PLUS_CANCEL_ORDER] = {"/gsma/rsp2/es2plus/cancelOrder",    "ES2+.CancelOrder",
                                     cancel_order   },
    [TERN_ES2PLUS_RELEASE_PROFILE] = {"/gsma/rsp2/es2plus/releaseProfile", "ES2+.ReleaseProfile",
                                     release_profile},
};

enum tern_es2plus_function tern_es2plus_function_of_path(struct tern_bytes path)
{
    for (size_t i = 1; i < TERN_COUNT_OF(FUNCTIONS); i++) {
        if (tern_bytes_equal(path, tern_bytes_text(FUNCTIONS[i].path))) {
            return (enum tern_es2plus_function)i;
        }
    }
    return TERN_ES2PLUS_NONE;
}

const char *tern_es2plus_name(enum tern_es2plus_function function)
{
    size_t index = (size_t)function;
    return index > 0 && index < TERN_COUNT_OF(FUNCTIONS) ? FUNCTIONS[index].name : "ES2+";
}

/* Optional text of at most `size_max` bytes. FUNCTION_INVALID for anything else. */
static enum tern_status_code take_text(struct es2plus *es2, const struct tern_json *object,
                                       const char *key, size_t size_max, struct tern_bytes *text)
{
    int status = tern_json_member_text(object, key, es2->call->arena, text);
    if (status == TERN_ERR_MISSING) {
        *text = TERN_BYTES_NONE;
        return TERN_STATUS_SUCCESS;
    }
    if (status < 0 || text->size > size_max) {
        es2->member = key;
        return TERN_STATUS_FUNCTION_INVALID;
    }
    return TERN_STATUS_SUCCESS;
}

static enum tern_status_code take_header(struct es2plus *es2, const struct tern_json *object)
{
    struct tern_json header;
    struct es2plus_request *request = &es2->request;
    if (tern_json_member(object, "header", &header) < 0) {
        return TERN_STATUS_REQUESTER_MISSING;
    }
    enum tern_status_code code = take_text(es2, &header, "functionRequesterIdentifier",
                                           TERN_SMDP_REQUESTER_SIZE, &request->requester);
    if (code == TERN_STATUS_SUCCESS) {
        code = take_text(es2, &header, "functionCallIdentifier", TERN_SMDP_CALL_ID_SIZE,
                         &request->call_id);
    }
    if (code != TERN_STATUS_SUCCESS) {
        return code;
    }
    if (request->requester.size == 0 || request->call_id.size == 0) {
        return TERN_STATUS_REQUESTER_MISSING;
    }
    for (size_t i = 0; i < es2->call->name_count; i++) {
        if (tern_bytes_equal(request->requester, es2->call->names[i])) {
            return TERN_STATUS_SUCCESS;
        }
    }
    return TERN_STATUS_CALLER_NOT_ALLOWED;
}

static enum tern_status_code take_iccid(struct es2plus *es2, const struct tern_json *object)
{
    struct tern_bytes text;
    enum tern_status_code code = take_text(es2, object, "iccid", 20, &text);
    if (code != TERN_STATUS_SUCCESS || text.data == NULL) {
        return code;
    }
    uint8_t *iccid = tern_arena_take(es2->call->arena, TERN_ICCID_SIZE);
    if (iccid == NULL || tern_iccid_from_text(iccid, text) < 0) {
        es2->member = "iccid";
        return TERN_STATUS_FUNCTION_INVALID;
    }
    es2->request.iccid = tern_bytes(iccid, TERN_ICCID_SIZE);
    return TERN_STATUS_SUCCESS;
}

static enum tern_status_code take_eid(struct es2plus *es2, const struct tern_json *object)
{
    struct tern_bytes text;
    enum tern_status_code code = take_text(es2, object, "eid", 32, &text);
    if (code != TERN_STATUS_SUCCESS || text.data == NULL) {
        return code;
    }
    uint8_t *eid = tern_arena_take(es2->call->arena, TERN_EID_SIZE);
    if (eid == NULL || tern_eid_from_text(eid, text) < 0) {
        es2->member = "eid";
        return TERN_STATUS_FUNCTION_INVALID;
    }
    es2->request.eid = tern_bytes(eid, TERN_EID_SIZE);
    return TERN_STATUS_SUCCESS;
}

static bool is_matching_id(struct tern_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_') {
            return false; /* '_' as test suites have it, sgp22.md 13.9 */
        }
    }
    return true;
}

static enum tern_status_code take_release_flag(struct es2plus *es2, const struct tern_json *object)
{
    int status = tern_json_member_bool(object, "releaseFlag", &es2->request.release_flag);
    es2->request.has_release_flag = status == TERN_OK;
    if (status < 0 && status != TERN_ERR_MISSING) {
        es2->member = "releaseFlag";
        return TERN_STATUS_FUNCTION_INVALID;
    }
    return TERN_STATUS_SUCCESS;
}

static enum tern_status_code take_members(struct es2plus *es2, const struct tern_json *object)
{
    struct es2plus_request *request = &es2->request;
    enum tern_status_code code;
    if ((code = take_header(es2, object)) != TERN_STATUS_SUCCESS ||
        (code = take_iccid(es2, object)) != TERN_STATUS_SUCCESS ||
        (code = take_eid(es2, object)) != TERN_STATUS_SUCCESS ||
        (code = take_text(es2, object, "profileType", TERN_SMDP_TYPE_SIZE,
                          &request->profile_type)) != TERN_STATUS_SUCCESS ||
        (code = take_text(es2, object, "matchingId", TERN_MATCHING_ID_SIZE,
                          &request->matching_id)) != TERN_STATUS_SUCCESS ||
        (code = take_text(es2, object, "confirmationCode", TERN_SMDP_CONFIRMATION_SIZE,
                          &request->confirmation_code)) != TERN_STATUS_SUCCESS ||
        (code = take_text(es2, object, "smdsAddress", TERN_ADDRESS_SIZE, &request->smds_address)) !=
            TERN_STATUS_SUCCESS ||
        (code = take_text(es2, object, "finalProfileStatusIndicator", 16,
                          &request->final_status)) != TERN_STATUS_SUCCESS ||
        (code = take_release_flag(es2, object)) != TERN_STATUS_SUCCESS) {
        return code;
    }
    if (!is_matching_id(request->matching_id)) {
        es2->member = "matchingId";
        return TERN_STATUS_FUNCTION_INVALID;
    }
    return TERN_STATUS_SUCCESS;
}

int es2plus_read(struct es2plus *es2, struct tern_bytes body, enum tern_status_code *code)
{
    struct tern_json object;
    int status = tern_json_parse(&object, body);
    if (status < 0 || object.kind != TERN_JSON_OBJECT) {
        return TERN_ERR_MALFORMED;
    }
    *code = take_members(es2, &object);
    return TERN_OK;
}

static void write_identifiers(struct tern_json_writer *json, const struct es2plus *es2)
{
    uint8_t digits[32];
    struct tern_writer out = TERN_WRITER_OF(digits);
    if (es2->iccid.data != NULL && tern_iccid_to_text(&out, es2->iccid) == TERN_OK) {
        while (out.size < 20) { /* 19 digits are sent with their filler. */
            tern_write_byte(&out, 'F');
        }
        tern_json_write_text(json, "iccid", tern_writer_bytes(&out));
    }
    if (es2->eid.data != NULL) {
        out = TERN_WRITER_OF(digits);
        tern_eid_to_text(&out, es2->eid.data);
        tern_json_write_text(json, "eid", tern_writer_bytes(&out));
    }
    if (es2->matching_id.data != NULL) {
        tern_json_write_text(json, "matchingId", es2->matching_id);
    }
    if (es2->names_server) {
        tern_json_write_text(json, "smdpAddress", es2->smdp->server.address);
    }
}

static int write_response(struct es2plus *es2, enum tern_status_code code)
{
    struct tern_es2plus_call *call = es2->call;
    call->status = tern_status(code);
    if (es2->member != NULL) {
        call->status.subject_identifier = tern_bytes_text(es2->member);
    }
    struct tern_writer out = tern_arena_writer(call->arena);
    struct tern_json_writer json = tern_json_writer(&out);
    tern_json_begin_object(&json, NULL);
    tern_status_write_header(&json, &call->status);
    if (code == TERN_STATUS_SUCCESS) {
        write_identifiers(&json, es2);
    }
    tern_json_end_object(&json);
    call->response = tern_arena_keep(call->arena, &out);
    return call->response.data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

static int hash_request(const struct tern_smdp *smdp, const struct tern_es2plus_call *call,
                        uint8_t hash[TERN_SHA256_SIZE])
{
    const struct tern_bytes parts[] = {tern_bytes_text(FUNCTIONS[call->function].path), call->body};
    return smdp->server.crypto->sha256(smdp->server.crypto->context, hash, parts, 2);
}

/* 1 when this call was answered before. */
static int answered_before(struct es2plus *es2, const struct smdp_key *key,
                           const uint8_t hash[TERN_SHA256_SIZE])
{
    struct smdp_answer answer;
    int status = smdp_load(es2->smdp, es2->call->arena, SPACE_CALL, smdp_key_bytes(key),
                           &SMDP_ANSWER, &answer);
    if (status < 0) {
        return status == TERN_ERR_NOT_FOUND ? 0 : status;
    }
    if (!tern_bytes_equal(answer.request_hash, tern_bytes(hash, TERN_SHA256_SIZE))) {
        return 0;
    }
    es2->call->response = answer.response;
    return 1;
}

static int run(struct es2plus *es2)
{
    const struct tern_smdp *smdp = es2->smdp;
    struct tern_es2plus_call *call = es2->call;
    uint8_t hash[TERN_SHA256_SIZE];
    enum tern_status_code code = TERN_STATUS_SUCCESS;
    struct smdp_key key = smdp_key_pair(es2->request.requester, es2->request.call_id);
    int status = hash_request(smdp, call, hash);
    if (status == TERN_OK) {
        status = answered_before(es2, &key, hash);
    }
    if (status != 0) {
        return status < 0 ? status : TERN_OK;
    }
    status = FUNCTIONS[call->function].run(es2, &code);
    if (status < 0 || call->asks) {
        return status;
    }
    call->iccid = es2->iccid.data != NULL ? es2->iccid : es2->request.iccid;
    if ((status = write_response(es2, code)) < 0 || code != TERN_STATUS_SUCCESS) {
        return status;
    }
    struct smdp_answer answer = {
        .request_hash = TERN_BYTES_OF(hash), .when = call->now, .response = call->response};
    return smdp_save(smdp, call->arena, SPACE_CALL, smdp_key_bytes(&key), &SMDP_ANSWER, &answer);
}

int tern_smdp_es2plus(const struct tern_smdp *smdp, struct tern_es2plus_call *call)
{
    struct es2plus es2 = {.smdp = smdp, .call = call};
    enum tern_status_code code;
    TERN_ASSERT(call->function > TERN_ES2PLUS_NONE);
    TERN_ASSERT((size_t)call->function < TERN_COUNT_OF(FUNCTIONS));
    call->response = TERN_BYTES_NONE;
    call->status = tern_status(TERN_STATUS_SUCCESS);
    call->asks = false;
    call->iccid = TERN_BYTES_NONE;
    int status = es2plus_read(&es2, call->body, &code);
    if (status < 0) {
        return status;
    }
    return code == TERN_STATUS_SUCCESS ? run(&es2) : write_response(&es2, code);
}
