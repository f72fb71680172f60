/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations in the API: packages from named commands, downloads, data requests; cancelling,
 * listing; key rollover and hand-over, which are packages with rules of their own.
 *
 * What would strand a device is refused unless the request says so by name ("force").
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/eim/api.h"
#include "host/eim/api_command.h"
#include "tern/asn.h"

#define LIST_DEFAULT 100
#define LIST_MAX     1000
#define SCAN_MAX     20000
#define REQUEST_SIZE 8192

/* ---- Queueing ---- */

static int refuse_body(struct api_call *call, const char *where, const char *next)
{
    return api_refuse(call, 400, "body.malformed", "the request is not what this path takes", where,
                      next);
}

static int queue(struct api_call *call, struct tern_eim_step *step, const uint8_t *eid,
                 struct tern_eim_operation *operation)
{
    int64_t expires = api_number(call->body, "expires_in_s", 0);
    if (expires < 0) {
        return refuse_body(call, "expires_in_s", "give seconds from now, or leave it out");
    }
    operation->expires_ms = expires == 0 ? 0 : (int64_t)step->now_ms + expires * 1000;
    int error = tern_eim_queue(&call->worker->eim, step, eid, operation);
    if (error == TERN_ERR_NO_SPACE) {
        return api_refuse(call, 429, "device.queue-full",
                          "too many operations of this device are open", "eid",
                          "wait until the device has fetched some, or cancel some");
    }
    if (error == TERN_ERR_STATE || error == TERN_ERR_MALFORMED || error == TERN_ERR_MISSING ||
        error == TERN_ERR_UNEXPECTED || error == TERN_ERR_RANGE) {
        return api_refuse(call, 422, "operation.refused",
                          step->fault.field != NULL ? step->fault.field : tern_error_text(error),
                          "commands", "correct the request; the rules are in docs/GUIDE.md");
    }
    if (error != TERN_OK) {
        return error;
    }
    call->wants_inject = true;
    memcpy(call->inject_eid, eid, TERN_EID_SIZE);
    return api_answer(call, 201, json_operation(eid, operation));
}

static int queue_package(struct api_call *call, struct tern_eim_step *step,
                         struct tern_eim_device *device)
{
    static uint8_t request[REQUEST_SIZE]; /* the API has one thread */
    struct tern_writer out = TERN_WRITER_OF(request);
    int error = commands_read(call, &out, cJSON_GetObjectItem(call->body, "commands"));
    if (error != TERN_OK) {
        return error;
    }
    error = commands_judge(call, step, device, tern_writer_bytes(&out));
    if (error != TERN_OK) {
        return error;
    }
    bool bad = false;
    const char *reference = api_text(call->body, "reference", &bad);
    struct tern_eim_operation operation = {
        .kind = TERN_EIM_KIND_PACKAGE,
        .request = tern_writer_bytes(&out),
        .reference = reference == NULL ? TERN_BYTES_NONE : tern_bytes_text(reference)};
    return queue(call, step, device->eid, &operation);
}

static int queue_data(struct api_call *call, struct tern_eim_step *step,
                      struct tern_eim_device *device)
{
    static const struct {
        const char *name;
        const char *tag;
    } TAGS[] = {
        {"notificationsList",      "\xA0"    },
        {"defaultSmdpAddress",     "\x81"    },
        {"euiccPackageResultList", "\xA2"    },
        {"euiccInfo1",             "\xBF\x20"},
        {"euiccInfo2",             "\xBF\x22"},
        {"rootSmdsAddress",        "\x83"    },
        {"associationToken",       "\x84"    },
        {"eumCertificate",         "\xA5"    },
        {"euiccCertificate",       "\xA6"    },
        {"ipaCapabilities",        "\xA8"    },
        {"deviceInfo",             "\xA9"    },
    };
    uint8_t list[64];
    struct tern_writer out = TERN_WRITER_OF(list);
    const cJSON *names = cJSON_GetObjectItem(call->body, "tags");
    const cJSON *name;
    if (names == NULL) {
        tern_write(&out, TERN_BYTES_TEXT("\xBF\x20\xBF\x22\xA5\xA6\xA8")); /* sgp32.md 4.4 */
    }
    cJSON_ArrayForEach(name, names)
    {
        size_t before = out.size;
        for (size_t i = 0; i < TERN_COUNT_OF(TAGS); i++) {
            if (cJSON_IsString(name) && strcmp(name->valuestring, TAGS[i].name) == 0) {
                tern_write_text(&out, TAGS[i].tag);
            }
        }
        if (out.size == before) {
            return refuse_body(call, "tags", "use the names of IpaEuiccData, such as euiccInfo2");
        }
    }
    struct tern_eim_operation operation = {.kind = TERN_EIM_KIND_DATA,
                                           .request = tern_writer_bytes(&out)};
    return queue(call, step, device->eid, &operation);
}

/* What to download: an activation code from the request or a pool, the default SM-DP+, an SM-DS. */
struct source {
    struct code_taken code;
    bool from_pool;
};

static int read_source(struct api_call *call, const struct tern_eim_device *device,
                       struct tern_writer *out, struct source *source)
{
    bool bad = false;
    const cJSON *body = call->body;
    const char *text = api_text(body, "activation_code", &bad);
    const char *code = api_text(body, "code", &bad);
    const char *pool = api_text(body, "pool", &bad);
    const char *confirmation = api_text(body, "confirmation_code", &bad);
    const cJSON *smds = cJSON_GetObjectItem(body, "smds");
    if (confirmation != NULL) {
        snprintf(source->code.confirmation_code, sizeof(source->code.confirmation_code), "%s",
                 confirmation);
    }
    if (code != NULL || pool != NULL) {
        source->from_pool = true;
        int error = code_take(call, code, pool, device->eid, &source->code);
        tern_der_write(out, 0x80, tern_bytes_text(source->code.activation_code));
        return error;
    }
    if (text != NULL && strlen(text) <= TERN_ACTIVATION_CODE_SIZE) {
        tern_der_write(out, 0x80, tern_bytes_text(text));
    } else if (api_flag(body, "default_smdp")) {
        tern_der_write(out, 0x81, TERN_BYTES_TEXT(""));
    } else if (cJSON_IsString(smds)) {
        uint8_t address[TERN_ADDRESS_SIZE + 8];
        struct tern_writer inner = TERN_WRITER_OF(address);
        tern_der_write(&inner, 0x80, tern_bytes_text(smds->valuestring));
        tern_der_write(out, 0xA2, tern_writer_bytes(&inner));
    } else if (cJSON_IsTrue(smds)) {
        tern_der_write(out, 0xA2, TERN_BYTES_TEXT(""));
    } else {
        return refuse_body(call, "activation_code",
                           "give activation_code, code, pool, default_smdp or smds");
    }
    return bad ? refuse_body(call, "body", "see OperationRequest in openapi.json") : TERN_OK;
}

static int queue_download(struct api_call *call, struct tern_eim_step *step,
                          struct tern_eim_device *device)
{
    uint8_t request[TERN_ACTIVATION_CODE_SIZE + 64];
    struct tern_writer out = TERN_WRITER_OF(request);
    struct source source = {.from_pool = false};
    int error = read_source(call, device, &out, &source);
    if (error != TERN_OK) {
        return error;
    }
    struct tern_eim_operation operation = {
        .kind = TERN_EIM_KIND_DOWNLOAD,
        .request = tern_writer_bytes(&out),
        .options = api_flag(call->body, "direct") ? TERN_EIM_OPTION_DIRECT : 0,
        .confirmation_code = source.code.confirmation_code[0] == '\0'
                                 ? TERN_BYTES_NONE
                                 : tern_bytes_text(source.code.confirmation_code),
        .reference = source.code.reference[0] == '\0' ? TERN_BYTES_NONE
                                                      : tern_bytes_text(source.code.reference)};
    error = queue(call, step, device->eid, &operation);
    if (error == TERN_OK && source.from_pool) {
        char id[64];
        operation_id(id, device->eid, operation.sequence);
        error = code_assigned(call, source.code.reference, id);
    }
    tern_wipe(&source, sizeof(source));
    return error;
}

int api_queue_operation(struct api_call *call)
{
    struct tern_eim_step step = eim_step(call->worker);
    struct tern_eim_device device;
    bool bad = false;
    int error = api_device(call, &step, &device);
    if (error != TERN_OK) {
        return error;
    }
    const char *kind = api_text(call->body, "kind", &bad);
    if (kind == NULL) {
        return refuse_body(call, "kind", "give kind: package, download or data");
    }
    if (strcmp(kind, "package") == 0) {
        return queue_package(call, &step, &device);
    }
    if (strcmp(kind, "download") == 0) {
        return queue_download(call, &step, &device);
    }
    if (strcmp(kind, "data") == 0) {
        return queue_data(call, &step, &device);
    }
    return refuse_body(call, "kind", "give kind: package, download or data");
}

/* ---- Looking ---- */

int api_device_operations(struct api_call *call)
{
    struct tern_eim_step step = eim_step(call->worker);
    struct tern_eim_device device;
    int error = api_device(call, &step, &device);
    if (error != TERN_OK) {
        return error;
    }
    uint64_t limit = api_query_number(call, "limit", LIST_DEFAULT);
    limit = limit > LIST_MAX ? LIST_MAX : limit;
    int64_t after = (int64_t)api_query_number(call, "after", 0);
    uint8_t eid[TERN_EID_SIZE];
    memcpy(eid, device.eid, sizeof(eid));
    cJSON *answer = cJSON_CreateObject();
    cJSON *items = cJSON_AddArrayToObject(answer, "items");
    int got = 1;
    for (uint64_t count = 0; count < limit; count++) {
        struct tern_eim_operation operation;
        step = eim_step(call->worker);
        got = tern_eim_operation_next(&call->worker->eim, &step, eid, after, &operation);
        if (got != 1) {
            break;
        }
        after = operation.sequence;
        cJSON_AddItemToArray(items, json_operation(eid, &operation));
    }
    if (got == 1) {
        char text[24];
        snprintf(text, sizeof(text), "%lld", (long long)after);
        cJSON_AddStringToObject(answer, "next", text);
    }
    return got < 0 ? (cJSON_Delete(answer), got) : api_answer(call, 200, answer);
}

static bool matches(const struct tern_eim_operation *operation, const char *state, const char *kind)
{
    bool open = strcmp(state, "open") == 0 && tern_eim_state_open(operation->state);
    return (state[0] == '\0' || open ||
            strcmp(state, tern_eim_state_name(operation->state)) == 0) &&
           (kind[0] == '\0' || strcmp(kind, tern_eim_kind_name(operation->kind)) == 0);
}

/* Walks devices and their operations, so that a tenant sees only its own. */
int api_list_operations(struct api_call *call)
{
    char after_text[64] = "";
    char state[32] = "";
    char kind[32] = "";
    uint8_t eid[TERN_EID_SIZE] = {0};
    int64_t sequence = 0;
    uint64_t limit = api_query_number(call, "limit", LIST_DEFAULT);
    limit = limit > LIST_MAX ? LIST_MAX : limit;
    (void)api_query(call, "state", state, sizeof(state));
    (void)api_query(call, "kind", kind, sizeof(kind));
    bool resume = api_query(call, "after", after_text, sizeof(after_text)) != NULL;
    if (resume && !operation_id_read(after_text, eid, &sequence)) {
        return api_refuse(call, 400, "after.malformed", "`after` is not an operation", "after",
                          "use the `next` of the page before");
    }
    cJSON *answer = cJSON_CreateObject();
    cJSON *items = cJSON_AddArrayToObject(answer, "items");
    uint64_t count = 0;
    bool more = true;
    for (uint64_t scanned = 0; more && count < limit && scanned < SCAN_MAX; scanned++) {
        struct tern_eim_step step = eim_step(call->worker);
        struct tern_eim_device device;
        struct tern_eim_operation operation;
        if (!resume) {
            more = tern_eim_device_next(&call->worker->eim, &step, scanned == 0 ? NULL : eid,
                                        &device) == 1;
            sequence = 0;
            if (more) {
                memcpy(eid, device.eid, sizeof(eid));
            }
        } else {
            more = tern_eim_device_load(&call->worker->eim, &step, eid, &device) == TERN_OK;
        }
        resume = more && (call->tenant[0] == '\0' ||
                          tern_bytes_equal(device.tenant, tern_bytes_text(call->tenant)));
        while (resume && count < limit) {
            step = eim_step(call->worker);
            resume =
                tern_eim_operation_next(&call->worker->eim, &step, eid, sequence, &operation) == 1;
            sequence = resume ? operation.sequence : sequence;
            if (resume && matches(&operation, state, kind)) {
                cJSON_AddItemToArray(items, json_operation(eid, &operation));
                count++;
            }
        }
    }
    if (more && count == limit) {
        char id[64];
        operation_id(id, eid, sequence);
        cJSON_AddStringToObject(answer, "next", id);
    }
    return api_answer(call, 200, answer);
}

/* The operation {id} that this caller may see. */
static int find_operation(struct api_call *call, uint8_t eid[TERN_EID_SIZE],
                          struct tern_eim_operation *operation)
{
    int64_t sequence;
    struct tern_eim_device device;
    struct tern_eim_step step = eim_step(call->worker);
    int error = TERN_ERR_NOT_FOUND;
    if (operation_id_read(call->parameters[0], eid, &sequence)) {
        error = tern_eim_device_load(&call->worker->eim, &step, eid, &device);
    }
    if (error == TERN_OK && call->tenant[0] != '\0' &&
        !tern_bytes_equal(device.tenant, tern_bytes_text(call->tenant))) {
        error = TERN_ERR_NOT_FOUND;
    }
    if (error == TERN_OK) {
        error = tern_eim_operation_load(&call->worker->eim, &step, eid, sequence, operation);
    }
    return error != TERN_ERR_NOT_FOUND
               ? error
               : api_refuse(call, 404, "operation.unknown", "no operation has this id", "id",
                            "list the operations of the device");
}

int api_show_operation(struct api_call *call)
{
    uint8_t eid[TERN_EID_SIZE];
    struct tern_eim_operation operation;
    int error = find_operation(call, eid, &operation);
    return error == TERN_OK ? api_answer(call, 200, json_operation(eid, &operation)) : error;
}

int api_cancel_operation(struct api_call *call)
{
    uint8_t eid[TERN_EID_SIZE];
    struct tern_eim_operation operation = {0};
    int error = find_operation(call, eid, &operation);
    if (error != TERN_OK) {
        return error;
    }
    struct tern_eim_step step = eim_step(call->worker);
    int64_t sequence = operation.sequence;
    error = tern_eim_cancel(&call->worker->eim, &step, eid, sequence, TERN_EIM_CANCELLED);
    if (error == TERN_ERR_STATE) {
        return api_refuse(call, 409, "operation.fetched",
                          "the device has it already, or it has ended", "id",
                          "wait for the result; undo it with another operation");
    }
    if (error == TERN_OK) {
        error = eim_store_events(call->worker, &step);
    }
    return error == TERN_OK ? api_show_operation(call) : error;
}

int api_inject(struct api_call *call)
{
    struct tern_eim_step step = eim_step(call->worker);
    struct tern_eim_device device;
    int error = api_device(call, &step, &device);
    if (error != TERN_OK) {
        return error;
    }
    if (device.address.size == 0) {
        return api_refuse(call, 409, "device.no-address", "the IPA's address is not known", "eid",
                          "set `address` of the device: the IPA has to serve for injection");
    }
    call->wants_inject = true;
    memcpy(call->inject_eid, device.eid, TERN_EID_SIZE);
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddBoolToObject(answer, "ok", true);
    return api_answer(call, 202, answer);
}

/* ---- Rollover and hand-over ---- */

int api_rollover(struct api_call *call)
{
    uint8_t request[REQUEST_SIZE];
    uint8_t members[2048];
    struct tern_eim_step step = eim_step(call->worker);
    struct tern_eim_device device;
    const struct tern_eim_key *key = NULL;
    int error = api_device(call, &step, &device);
    if (error != TERN_OK) {
        return error;
    }
    int64_t id = api_number(call->body, "key_id", 0);
    for (size_t i = 0; i < call->server->key_count; i++) {
        key = (int64_t)call->server->keys[i].id == id ? &call->server->keys[i] : key;
    }
    if (key == NULL || (int64_t)key->id == device.key_id) {
        return api_refuse(call, 422, "key.unknown", "this eIM has no other key with this id",
                          "key_id", "GET /api/v1/eim lists the keys; add one to the PKI folder");
    }
    struct tern_eim_configuration configuration = {
        .eim_id = tern_bytes_text(call->server->eim_id), .counter = -1, .key_data = key->key_data};
    int64_t counter = api_number(call->body, "counter", -1);
    configuration.counter = counter >= 0 ? counter : -1;
    struct tern_writer inner = TERN_WRITER_OF(members);
    tern_eim_configuration_write(&inner, &configuration);
    uint8_t command[2200];
    struct tern_writer eco = TERN_WRITER_OF(command);
    tern_eim_eco_update(&eco, tern_writer_bytes(&inner));
    struct tern_writer out = TERN_WRITER_OF(request);
    tern_der_write(&out, 0xA1, tern_writer_bytes(&eco));
    struct tern_eim_operation operation = {.kind = TERN_EIM_KIND_PACKAGE,
                                           .new_key_id = (int64_t)key->id,
                                           .request = tern_writer_bytes(&out)};
    return queue(call, &step, device.eid, &operation);
}

/* stage "add": the other eIM's enrolment file; "undo": delete it again; "finish": delete ours. */
int api_handover(struct api_call *call)
{
    static uint8_t request[REQUEST_SIZE];
    uint8_t command[REQUEST_SIZE];
    struct tern_eim_step step = eim_step(call->worker);
    struct tern_eim_device device;
    bool bad = false;
    int error = api_device(call, &step, &device);
    if (error != TERN_OK) {
        return error;
    }
    const char *stage = api_text(call->body, "stage", &bad);
    struct tern_writer eco = TERN_WRITER_OF(command);
    if (stage != NULL && strcmp(stage, "add") == 0) {
        error = command_add_eim(call, &eco, call->body);
        if (error != TERN_OK) {
            return error;
        }
        tern_eim_eco_list(&eco);
    } else if (stage != NULL && strcmp(stage, "undo") == 0) {
        const char *eim_id = api_text(call->body, "eim_id", &bad);
        if (eim_id == NULL || strcmp(eim_id, call->server->eim_id) == 0) {
            return refuse_body(call, "eim_id", "name the other eIM");
        }
        tern_eim_eco_delete(&eco, tern_bytes_text(eim_id));
        tern_eim_eco_list(&eco);
    } else if (stage != NULL && strcmp(stage, "finish") == 0) {
        tern_eim_eco_delete(&eco, tern_bytes_text(call->server->eim_id));
    } else {
        return refuse_body(call, "stage", "give stage: add, undo or finish");
    }
    struct tern_writer out = TERN_WRITER_OF(request);
    tern_der_write(&out, 0xA1, tern_writer_bytes(&eco));
    error = commands_judge(call, &step, &device, tern_writer_bytes(&out));
    if (error != TERN_OK) {
        return error;
    }
    struct tern_eim_operation operation = {.kind = TERN_EIM_KIND_PACKAGE,
                                           .request = tern_writer_bytes(&out)};
    return queue(call, &step, device.eid, &operation);
}
