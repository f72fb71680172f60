/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES12: RegisterEvent and DeleteEvent, from SM-DP+s and from SM-DSs below us (there it is called
 * ES15). SGP.22, 5.9, 5.10; sgp22.md 12.
 *
 * With forwardingIndicator and a parent the event is first announced there, under a random EventID
 * of ours: the engine asks, the host calls, the engine is called again with the answer.
 */
#include <string.h>

#include "engine/smdp/requester.h"
#include "engine/smds/events.h"
#include "tern/json.h"

struct request {
    bool has_eid;
    struct tern_bytes event_id;
    struct tern_bytes address;
    bool has_forwarding;
    bool forwarding;
    const char *member; /* that a refusal is about */
};

static const char *const PATHS[][2] = {
    [TERN_ES12_REGISTER_EVENT] = {"/gsma/rsp2/es12/registerEvent", "/gsma/rsp2/es15/registerEvent"},
    [TERN_ES12_DELETE_EVENT] = {"/gsma/rsp2/es12/deleteEvent",   "/gsma/rsp2/es15/deleteEvent"  },
};

enum tern_es12_function tern_es12_function_of_path(struct tern_bytes path)
{
    for (size_t i = 1; i < TERN_COUNT_OF(PATHS); i++) {
        if (tern_bytes_equal(path, tern_bytes_text(PATHS[i][0])) ||
            tern_bytes_equal(path, tern_bytes_text(PATHS[i][1]))) {
            return (enum tern_es12_function)i;
        }
    }
    return TERN_ES12_NONE;
}

const char *tern_es12_name(enum tern_es12_function function)
{
    static const char *const NAMES[] = {"ES12", "ES12.RegisterEvent", "ES12.DeleteEvent"};
    size_t index = (size_t)function;
    return NAMES[index < TERN_COUNT_OF(NAMES) ? index : 0];
}

static enum tern_status_code take_text(const struct tern_es12_call *call,
                                       const struct tern_json *object, struct request *request,
                                       const char *key, struct tern_bytes *text)
{
    int status = tern_json_member_text(object, key, call->arena, text);
    if (status == TERN_OK && text->size > 0 && text->size <= TERN_SMDS_EVENT_ID_SIZE) {
        return TERN_STATUS_SUCCESS;
    }
    request->member = key;
    return status == TERN_ERR_MISSING ? TERN_STATUS_FUNCTION_MISSING : TERN_STATUS_FUNCTION_INVALID;
}

static enum tern_status_code take_header(const struct tern_es12_call *call,
                                         const struct tern_json *object)
{
    struct tern_json header;
    struct tern_bytes text;
    static const char *const KEYS[] = {"functionRequesterIdentifier", "functionCallIdentifier"};
    if (tern_json_member(object, "header", &header) < 0) {
        return TERN_STATUS_REQUESTER_MISSING;
    }
    for (size_t i = 0; i < TERN_COUNT_OF(KEYS); i++) {
        if (tern_json_member_text(&header, KEYS[i], call->arena, &text) < 0 || text.size == 0) {
            return TERN_STATUS_REQUESTER_MISSING;
        }
    }
    return call->requester.size == 0 ? TERN_STATUS_CALLER_NOT_ALLOWED : TERN_STATUS_SUCCESS;
}

static enum tern_status_code take_forwarding(const struct tern_json *object,
                                             struct request *request)
{
    int status = tern_json_member_bool(object, "forwardingIndicator", &request->forwarding);
    request->member = status < 0 ? "forwardingIndicator" : NULL;
    return status == TERN_OK            ? TERN_STATUS_SUCCESS
           : status == TERN_ERR_MISSING ? TERN_STATUS_FUNCTION_MISSING
                                        : TERN_STATUS_FUNCTION_INVALID;
}

static enum tern_status_code read_members(struct tern_es12_call *call,
                                          const struct tern_json *object, struct request *request)
{
    struct tern_bytes eid;
    enum tern_status_code code = take_header(call, object);
    if (code == TERN_STATUS_SUCCESS) {
        code = take_text(call, object, request, "eid", &eid);
    }
    if (code == TERN_STATUS_SUCCESS && tern_eid_from_text(call->eid, eid) < 0) {
        request->member = "eid";
        code = TERN_STATUS_FUNCTION_INVALID;
    }
    call->has_eid = code == TERN_STATUS_SUCCESS;
    if (code == TERN_STATUS_SUCCESS) {
        code = take_text(call, object, request, "eventId", &request->event_id);
    }
    if (code != TERN_STATUS_SUCCESS || call->function == TERN_ES12_DELETE_EVENT) {
        return code;
    }
    code = take_text(call, object, request, "rspServerAddress", &request->address);
    return code == TERN_STATUS_SUCCESS ? take_forwarding(object, request) : code;
}

/* 16 random bytes in hexadecimal: the EventID under which the parent announces us. */
static int ask_parent(const struct tern_smds *smds, struct tern_es12_call *call)
{
    uint8_t id[16];
    const struct tern_crypto *crypto = smds->server.crypto;
    int status = crypto->random(crypto->context, id, sizeof id);
    struct tern_writer out = tern_arena_writer(call->arena);
    tern_hex_encode(&out, TERN_BYTES_OF(id));
    call->cascade_id = tern_arena_keep(call->arena, &out);
    out = tern_arena_writer(call->arena);
    if (status == TERN_OK) {
        status = requester_register_body(&smds->server, &out, tern_bytes(call->eid, 16),
                                         call->cascade_id, true);
    }
    call->question = tern_arena_keep(call->arena, &out);
    call->asks = true;
    return status;
}

static int count_events(const struct tern_smds *smds, struct tern_es12_call *call, uint32_t *count)
{
    uint8_t after_buffer[TERN_STORE_KEY_SIZE_MAX];
    struct tern_bytes after = TERN_BYTES_NONE;
    for (*count = 0;; ++*count) {
        struct tern_arena scratch = *call->arena;
        struct tern_bytes key;
        struct smds_event event;
        int status = event_next(smds, &scratch, tern_bytes(call->eid, 16), after, &key, &event);
        if (status <= 0) {
            return status;
        }
        struct tern_writer copy = TERN_WRITER_OF(after_buffer);
        tern_write(&copy, key);
        after = tern_writer_bytes(&copy);
    }
}

static int save_event(const struct tern_smds *smds, struct tern_es12_call *call,
                      const struct request *request)
{
    uint32_t lifetime = smds->event_lifetime_s;
    struct smds_event event = {
        .event_id = request->event_id,
        .rsp_server_address = request->address,
        .requester = call->requester,
        .cascade_id = call->answer == NULL ? TERN_BYTES_NONE : call->answer->event_id,
        .created = call->now,
        .expires = lifetime == 0 ? 0 : call->now + (int64_t)lifetime,
    };
    return event_save(smds, call->arena, call->eid, &event);
}

/* The parent announces what we will not keep: take that back. */
static int undo_cascade(const struct tern_smds *smds, struct tern_es12_call *call)
{
    if (call->answer == NULL || call->answer->code != TERN_STATUS_SUCCESS) {
        return TERN_OK;
    }
    return requester_delete_event(&smds->server, smds->store, call->arena, call->now, smds->parent,
                                  tern_bytes(call->eid, 16), call->answer->event_id);
}

static int register_event(const struct tern_smds *smds, struct tern_es12_call *call,
                          const struct request *request, enum tern_status_code *code)
{
    struct smds_event event;
    uint32_t count;
    struct event_key key = event_key(call->eid, request->event_id);
    int status = event_load(smds, call->arena, event_key_bytes(&key), &event);
    bool stale = status == TERN_OK && event_expired(&event, call->now);
    if (status == TERN_OK && !stale) {
        *code = TERN_STATUS_EVENT_EXISTS;
        return undo_cascade(smds, call);
    }
    if (status < 0 && status != TERN_ERR_NOT_FOUND) {
        return status;
    }
    if (stale && (status = event_remove(smds, call->arena, call->now, call->eid, &event)) < 0) {
        return status;
    }
    if ((status = count_events(smds, call, &count)) < 0) {
        return status;
    }
    if (count >= (smds->events_per_eid_max == 0 ? 64 : smds->events_per_eid_max)) {
        *code = TERN_STATUS_SMDS_ERROR;
        return undo_cascade(smds, call);
    }
    if (request->forwarding && smds->parent.size > 0 && call->answer == NULL) {
        return ask_parent(smds, call);
    }
    if (call->answer != NULL && call->answer->code != TERN_STATUS_SUCCESS) {
        *code = call->answer->code;
        return TERN_OK;
    }
    return save_event(smds, call, request);
}

static int delete_event(const struct tern_smds *smds, struct tern_es12_call *call,
                        const struct request *request, enum tern_status_code *code)
{
    struct smds_event event;
    struct event_key key = event_key(call->eid, request->event_id);
    int status = event_load(smds, call->arena, event_key_bytes(&key), &event);
    if (status == TERN_ERR_NOT_FOUND) {
        *code = TERN_STATUS_EVENT_UNKNOWN;
        return TERN_OK;
    }
    if (status < 0) {
        return status;
    }
    if (!tern_bytes_equal(event.requester, call->requester)) {
        *code = TERN_STATUS_EVENT_NOT_ALLOWED; /* [U] sgp22.md 12 */
        return TERN_OK;
    }
    return event_remove(smds, call->arena, call->now, call->eid, &event);
}

static int write_response(struct tern_es12_call *call, enum tern_status_code code,
                          const char *member)
{
    call->status = tern_status(code);
    if (member != NULL) {
        call->status.subject_identifier = tern_bytes_text(member);
    }
    struct tern_writer out = tern_arena_writer(call->arena);
    struct tern_json_writer json = tern_json_writer(&out);
    tern_json_begin_object(&json, NULL);
    tern_status_write_header(&json, &call->status);
    tern_json_end_object(&json);
    call->response = tern_arena_keep(call->arena, &out);
    return call->response.data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

int tern_smds_es12(const struct tern_smds *smds, struct tern_es12_call *call)
{
    struct tern_json object;
    struct request request = {.member = NULL};
    call->response = TERN_BYTES_NONE;
    call->asks = false;
    call->has_eid = false;
    int status = tern_json_parse(&object, call->body);
    if (status < 0 || object.kind != TERN_JSON_OBJECT) {
        return TERN_ERR_MALFORMED;
    }
    enum tern_status_code code = read_members(call, &object, &request);
    if (code == TERN_STATUS_SUCCESS) {
        status = call->function == TERN_ES12_REGISTER_EVENT
                     ? register_event(smds, call, &request, &code)
                     : delete_event(smds, call, &request, &code);
    }
    if (status < 0 || call->asks) {
        return status;
    }
    return write_response(call, code, request.member);
}
