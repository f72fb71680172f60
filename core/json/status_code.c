/* SPDX-License-Identifier: Apache-2.0 */
/* The table behind tern/status_code.h and its JSON form. SGP.22, 5.2.6 and 6.5.1.4. */
#include "tern/status_code.h"

#include "tern/json.h"

/* clang-format off */
static const struct tern_status_text TEXTS[] = {
    {"SUCCESS", "", "", "", ""},
#define STATUS_ROW(name, subject, reason, meaning, action) \
    {#name, subject, reason, meaning, action},
    TERN_STATUS_CODES(STATUS_ROW)
#undef STATUS_ROW
};
/* clang-format on */

static const char *const EXECUTIONS[] = {"Executed-Success", "Executed-WithWarning", "Failed",
                                         "Expired"};

const struct tern_status_text *tern_status_text(enum tern_status_code code)
{
    size_t index = (size_t)code;
    return &TEXTS[index < TERN_COUNT_OF(TEXTS) ? index : 0];
}

enum tern_status_code tern_status_find(struct tern_bytes subject, struct tern_bytes reason)
{
    for (size_t i = 1; i < TERN_COUNT_OF(TEXTS); i++) {
        if (tern_bytes_equal(subject, tern_bytes_text(TEXTS[i].subject)) &&
            tern_bytes_equal(reason, tern_bytes_text(TEXTS[i].reason))) {
            return (enum tern_status_code)i;
        }
    }
    return TERN_STATUS_SUCCESS;
}

struct tern_status tern_status(enum tern_status_code code)
{
    struct tern_status status = {.execution = TERN_EXECUTED_SUCCESS};
    if (code != TERN_STATUS_SUCCESS) {
        const struct tern_status_text *text = tern_status_text(code);
        status.execution = TERN_EXECUTION_FAILED;
        status.subject_code = tern_bytes_text(text->subject);
        status.reason_code = tern_bytes_text(text->reason);
        status.message = tern_bytes_text(text->meaning);
    }
    return status;
}

static void write_optional(struct tern_json_writer *json, const char *key, struct tern_bytes text)
{
    if (text.data != NULL) {
        tern_json_write_text(json, key, text);
    }
}

void tern_status_write(struct tern_json_writer *json, const char *key,
                       const struct tern_status *status)
{
    tern_json_begin_object(json, key);
    tern_json_write_text(json, "status", tern_bytes_text(EXECUTIONS[status->execution]));
    if (status->subject_code.data != NULL) {
        tern_json_begin_object(json, "statusCodeData");
        tern_json_write_text(json, "subjectCode", status->subject_code);
        tern_json_write_text(json, "reasonCode", status->reason_code);
        write_optional(json, "subjectIdentifier", status->subject_identifier);
        write_optional(json, "message", status->message);
        tern_json_end_object(json);
    }
    tern_json_end_object(json);
}

void tern_status_write_header(struct tern_json_writer *json, const struct tern_status *status)
{
    tern_json_begin_object(json, "header");
    tern_status_write(json, "functionExecutionStatus", status);
    tern_json_end_object(json);
}

static int optional_text(const struct tern_json *object, const char *key, struct tern_arena *arena,
                         struct tern_bytes *text)
{
    int result = tern_json_member_text(object, key, arena, text);
    return result == TERN_ERR_MISSING ? TERN_OK : result;
}

static int read_code_data(const struct tern_json *execution, struct tern_arena *arena,
                          struct tern_status *status)
{
    struct tern_json data;
    int result = tern_json_member(execution, "statusCodeData", &data);
    if (result == TERN_ERR_NOT_FOUND || (result == TERN_OK && data.kind == TERN_JSON_NULL)) {
        return TERN_OK;
    }
    if (result < 0 ||
        (result = tern_json_member_text(&data, "subjectCode", arena, &status->subject_code)) < 0 ||
        (result = tern_json_member_text(&data, "reasonCode", arena, &status->reason_code)) < 0 ||
        (result = optional_text(&data, "subjectIdentifier", arena, &status->subject_identifier)) <
            0) {
        return result;
    }
    return optional_text(&data, "message", arena, &status->message);
}

int tern_status_read_header(const struct tern_json *response, struct tern_arena *arena,
                            struct tern_status *status)
{
    struct tern_json header;
    struct tern_json execution;
    struct tern_bytes word;
    *status = (struct tern_status){.execution = TERN_EXECUTION_FAILED};
    int result = tern_json_member(response, "header", &header);
    if (result == TERN_OK) {
        result = tern_json_member(&header, "functionExecutionStatus", &execution);
    }
    if (result < 0) {
        return result == TERN_ERR_NOT_FOUND ? TERN_ERR_MISSING : TERN_ERR_MALFORMED;
    }
    if ((result = tern_json_member_text(&execution, "status", arena, &word)) < 0) {
        return result;
    }
    for (size_t i = 0; i < TERN_COUNT_OF(EXECUTIONS); i++) {
        if (tern_bytes_equal(word, tern_bytes_text(EXECUTIONS[i]))) {
            status->execution = (enum tern_execution)i;
            return read_code_data(&execution, arena, status);
        }
    }
    return TERN_ERR_MALFORMED;
}
