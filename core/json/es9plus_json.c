/* SPDX-License-Identifier: Apache-2.0 */
/* ES9+ and ES11 in JSON. SGP.22, 6.5; sgp22.md 10.1, 11. */
#include "core/json/es9plus_rows.h"
#include "tern/json.h"
#include "tern/limits.h"

/* EventEntries as the array [{"eventId":...,"rspServerAddress":...}]. */
static int write_events(struct tern_json_writer *json, const char *name, struct tern_bytes entries)
{
    struct tern_es11_event event;
    int status;
    tern_json_begin_array(json, name);
    while ((status = tern_es11_next_event(&entries, &event)) == 1) {
        tern_json_begin_object(json, NULL);
        tern_json_write_text(json, "eventId", event.event_id);
        tern_json_write_text(json, "rspServerAddress", event.rsp_server_address);
        tern_json_end_object(json);
    }
    tern_json_end_array(json);
    return status;
}

static int write_row(struct tern_json_writer *json, const struct row *row, struct tern_bytes value)
{
    switch (row->kind) {
    case ROW_EVENTS:
        return write_events(json, row->name, value);
    case ROW_TRANSACTION:
        tern_json_write_hex(json, row->name, value);
        return TERN_OK;
    case ROW_TEXT:
        tern_json_write_text(json, row->name, value);
        return TERN_OK;
    default:
        tern_json_write_base64(json, row->name, value);
        return TERN_OK;
    }
}

static int write_rows(struct tern_json_writer *json, const struct row *rows, size_t count,
                      const void *message)
{
    for (size_t i = 0; i < count; i++) {
        struct tern_bytes value = row_value(&rows[i], message);
        bool absent = value.data == NULL && rows[i].kind != ROW_EVENTS;
        int status = absent ? TERN_OK : write_row(json, &rows[i], value);
        if (status < 0) {
            return status;
        }
    }
    return TERN_OK;
}

/*
 * Each entry is made in the arena behind the last one, so that they lie together: the texts are
 * taken first, into `texts` on the stack, because the arena must not be used in between.
 */
static int read_event(const struct tern_json *entry, struct tern_writer *entries)
{
    uint8_t texts[2 * (TERN_MATCHING_ID_SIZE + TERN_ADDRESS_SIZE)];
    struct tern_arena scratch = tern_arena(texts, sizeof texts);
    struct tern_es11_event event;
    int status = tern_json_member_text(entry, "eventId", &scratch, &event.event_id);
    if (status == TERN_OK) {
        status =
            tern_json_member_text(entry, "rspServerAddress", &scratch, &event.rsp_server_address);
    }
    if (status == TERN_OK) {
        tern_es11_write_event(entries, &event);
    }
    return status;
}

static int read_events(const struct tern_json *array, struct tern_arena *arena,
                       struct tern_bytes *entries)
{
    struct tern_json_walk walk;
    struct tern_json entry;
    struct tern_writer out = tern_arena_writer(arena);
    if (array->kind != TERN_JSON_ARRAY || tern_json_walk(&walk, array) < 0) {
        return TERN_ERR_UNEXPECTED;
    }
    while (tern_json_next(&walk, NULL, &entry) == 1) {
        int status = read_event(&entry, &out);
        if (status < 0) {
            return status;
        }
    }
    *entries = tern_arena_keep(arena, &out);
    return entries->data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

static int read_value(const struct row *row, const struct tern_json *value,
                      struct tern_arena *arena, struct tern_bytes *member)
{
    int status;
    switch (row->kind) {
    case ROW_EVENTS:
        return read_events(value, arena, member);
    case ROW_TRANSACTION:
        status = tern_json_hex(value, arena, member);
        break;
    case ROW_TEXT:
        status = tern_json_text(value, arena, member);
        break;
    default:
        status = tern_json_base64(value, arena, member);
    }
    return status < 0 ? status : row_check(row, *member);
}

static int read_rows(const struct tern_json *object, const struct row *rows, size_t count,
                     void *message, struct tern_arena *arena, struct tern_fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        struct tern_json value;
        *fault = (struct tern_fault){rows[i].name, 0};
        int status = tern_json_member(object, rows[i].name, &value);
        if (status < 0) {
            return status == TERN_ERR_NOT_FOUND ? TERN_ERR_MISSING : status;
        }
        fault->offset = (size_t)(value.raw.data - object->raw.data);
        status = read_value(&rows[i], &value, arena, row_member(&rows[i], message));
        if (status < 0) {
            return status;
        }
    }
    *fault = (struct tern_fault){NULL, 0};
    return TERN_OK;
}

int tern_es9plus_request_encode(struct tern_writer *out, enum tern_es9plus_binding binding,
                                const struct tern_es9plus_request *request)
{
    const struct rows *rows = es9plus_rows(request->function);
    TERN_ASSERT(rows != NULL);
    if (binding == TERN_ES9PLUS_ASN1) {
        return es9plus_request_encode_asn1(out, request);
    }
    struct tern_json_writer json = tern_json_writer(out);
    tern_json_begin_object(&json, NULL);
    int status = write_rows(&json, rows->request, rows->request_count, request);
    tern_json_end_object(&json);
    return status < 0 ? status : tern_writer_status(out);
}

int tern_es9plus_request_decode(struct tern_es9plus_request *request,
                                enum tern_es9plus_binding binding,
                                enum tern_es9plus_function function, struct tern_bytes body,
                                struct tern_arena *arena, struct tern_fault *fault)
{
    struct tern_json object;
    *fault = (struct tern_fault){NULL, 0};
    *request = (struct tern_es9plus_request){.function = function};
    if (binding == TERN_ES9PLUS_ASN1) {
        return es9plus_request_decode_asn1(request, body, arena, fault);
    }
    const struct rows *rows = es9plus_rows(function);
    TERN_ASSERT(rows != NULL);
    int status = tern_json_parse(&object, body);
    if (status < 0) {
        return status;
    }
    return read_rows(&object, rows->request, rows->request_count, request, arena, fault);
}

int tern_es9plus_response_encode(struct tern_writer *out, enum tern_es9plus_binding binding,
                                 const struct tern_es9plus_response *response)
{
    const struct rows *rows = es9plus_rows(response->function);
    TERN_ASSERT(rows != NULL);
    if (response->function == TERN_ES9PLUS_HANDLE_NOTIFICATION) {
        return TERN_OK;
    }
    if (binding == TERN_ES9PLUS_ASN1) {
        return es9plus_response_encode_asn1(out, response);
    }
    struct tern_json_writer json = tern_json_writer(out);
    int status = TERN_OK;
    tern_json_begin_object(&json, NULL);
    tern_status_write_header(&json, &response->status);
    if (tern_status_ok(&response->status)) {
        status = write_rows(&json, rows->response, rows->response_count, response);
    }
    tern_json_end_object(&json);
    return status < 0 ? status : tern_writer_status(out);
}

int tern_es9plus_response_decode(struct tern_es9plus_response *response,
                                 enum tern_es9plus_binding binding,
                                 enum tern_es9plus_function function, struct tern_bytes body,
                                 struct tern_arena *arena, struct tern_fault *fault)
{
    struct tern_json object;
    const struct rows *rows = es9plus_rows(function);
    TERN_ASSERT(rows != NULL);
    *fault = (struct tern_fault){NULL, 0};
    *response = (struct tern_es9plus_response){.function = function};
    if (function == TERN_ES9PLUS_HANDLE_NOTIFICATION) {
        return TERN_OK;
    }
    if (binding == TERN_ES9PLUS_ASN1) {
        return es9plus_response_decode_asn1(response, body, arena, fault);
    }
    int status = tern_json_parse(&object, body);
    if (status < 0) {
        return status;
    }
    *fault = (struct tern_fault){"header", 0};
    status = tern_status_read_header(&object, arena, &response->status);
    if (status < 0 || !tern_status_ok(&response->status)) {
        return status;
    }
    return read_rows(&object, rows->response, rows->response_count, response, arena, fault);
}
