/* SPDX-License-Identifier: Apache-2.0 */
/* Devices in the API: import of enrolment files, list, search, change, removal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/eim/api.h"

#define LIST_DEFAULT 100
#define LIST_MAX     1000
#define SCAN_MAX     20000 /* devices looked at for one page of a search */

int api_device(struct api_call *call, struct tern_eim_step *step, struct tern_eim_device *device)
{
    uint8_t eid[TERN_EID_SIZE];
    if (tern_eid_from_text(eid, tern_bytes_text(call->parameters[0])) != TERN_OK) {
        return api_refuse(call, 400, "eid.malformed", "an EID has 32 digits", "eid",
                          "use the EID as printed on the device");
    }
    int error = tern_eim_device_load(&call->worker->eim, step, eid, device);
    bool foreign = error == TERN_OK && call->tenant[0] != '\0' &&
                   !tern_bytes_equal(device->tenant, tern_bytes_text(call->tenant));
    if (error == TERN_ERR_NOT_FOUND || foreign) {
        return api_refuse(call, 404, "device.unknown", "no device has this EID", "eid",
                          "import its enrolment file first");
    }
    return error;
}

static bool contains(struct tern_bytes text, const char *part)
{
    size_t size = strlen(part);
    for (size_t i = 0; i + size <= text.size; i++) {
        if (memcmp(text.data + i, part, size) == 0) {
            return true;
        }
    }
    return false;
}

static bool wanted(const struct api_call *call, const struct tern_eim_device *device,
                   const cJSON *shown, const char *label, const char *query, const char *flag)
{
    if (call->tenant[0] != '\0' &&
        !tern_bytes_equal(device->tenant, tern_bytes_text(call->tenant))) {
        return false;
    }
    if (label[0] != '\0' && !tern_bytes_equal(device->label, tern_bytes_text(label))) {
        return false;
    }
    const char *eid = cJSON_GetObjectItem(shown, "eid")->valuestring;
    if (query[0] != '\0' && strstr(eid, query) == NULL && !contains(device->label, query)) {
        return false;
    }
    const cJSON *item;
    bool flagged = flag[0] == '\0';
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(shown, "flags"))
    {
        flagged = flagged || strcmp(item->valuestring, flag) == 0;
    }
    return flagged;
}

int api_list_devices(struct api_call *call)
{
    char after_text[64] = "";
    char label[API_TEXT_SIZE] = "";
    char query[API_TEXT_SIZE] = "";
    char flag[32] = "";
    uint8_t after[TERN_EID_SIZE];
    uint64_t limit = api_query_number(call, "limit", LIST_DEFAULT);
    limit = limit > LIST_MAX ? LIST_MAX : limit;
    (void)api_query(call, "label", label, sizeof(label));
    (void)api_query(call, "q", query, sizeof(query));
    (void)api_query(call, "flag", flag, sizeof(flag));
    bool from = api_query(call, "after", after_text, sizeof(after_text)) != NULL;
    if (from && tern_eid_from_text(after, tern_bytes_text(after_text)) != TERN_OK) {
        return api_refuse(call, 400, "after.malformed", "`after` is not an EID", "after",
                          "use the `next` of the page before");
    }
    cJSON *answer = cJSON_CreateObject();
    cJSON *items = cJSON_AddArrayToObject(answer, "items");
    int got = 1;
    uint64_t count = 0;
    for (uint64_t scanned = 0; count < limit && scanned < SCAN_MAX && got == 1; scanned++) {
        struct tern_eim_step step = eim_step(call->worker);
        struct tern_eim_device device;
        got = tern_eim_device_next(&call->worker->eim, &step, from ? after : NULL, &device);
        if (got != 1) {
            break;
        }
        from = true;
        memcpy(after, device.eid, sizeof(after));
        cJSON *shown = json_device(&device);
        if (wanted(call, &device, shown, label, query, flag)) {
            cJSON_AddItemToArray(items, shown);
            count++;
        } else {
            cJSON_Delete(shown);
        }
    }
    if (got == 1) {
        char text[33];
        eid_text(text, after);
        cJSON_AddStringToObject(answer, "next", text);
    }
    return got < 0 ? (cJSON_Delete(answer), got) : api_answer(call, 200, answer);
}

/* ---- Import ---- */

struct import {
    struct api_call *call;
    cJSON *failed;
    unsigned added, known;
    const char *tenant;
};

static void fail_one(struct import *import, const char *eid, const char *code, const char *what)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "eid", eid == NULL ? "" : eid);
    cJSON_AddStringToObject(item, "code", code);
    cJSON_AddStringToObject(item, "what", what);
    cJSON_AddItemToArray(import->failed, item);
}

static struct tern_bytes member(struct tern_arena *arena, const cJSON *object, const char *name,
                                bool *bad)
{
    const char *text = api_text(object, name, bad);
    if (text == NULL) {
        return TERN_BYTES_NONE;
    }
    size_t room = strlen(text);
    uint8_t *out = tern_arena_take(arena, room + 1);
    struct tern_bytes bytes = out == NULL ? TERN_BYTES_NONE : json_unbase64(text, out, room);
    *bad = *bad || bytes.data == NULL;
    return bytes;
}

static int add_device(struct import *import, const cJSON *object, struct tern_eim_step *step,
                      const char *eid, bool *bad)
{
    struct tern_arena *arena = step->arena;
    const char *label = api_text(object, "label", bad);
    const char *address = api_text(object, "address", bad);
    int64_t token = api_number(object, "association_token", 0);
    struct tern_eim_device device = {
        .counter = api_number(object, "initial_counter", 0),
        .token = token > 0 ? token : 0,
        .key_id = api_number(object, "key_id", 0),
        .label = label == NULL ? TERN_BYTES_NONE : tern_bytes_text(label),
        .address = address == NULL ? TERN_BYTES_NONE : tern_bytes_text(address),
        .tenant = import->tenant[0] == '\0' ? TERN_BYTES_NONE : tern_bytes_text(import->tenant),
    };
    struct tern_eim_device_data data = {
        .eum_certificate = member(arena, object, "eum_certificate", bad),
        .euicc_certificate = member(arena, object, "euicc_certificate", bad),
        .euicc_info1 = member(arena, object, "euicc_info1", bad),
        .euicc_info2 = member(arena, object, "euicc_info2", bad),
        .ipa_capabilities = member(arena, object, "ipa_capabilities", bad),
        .device_info = member(arena, object, "device_info", bad),
    };
    if (tern_eid_from_text(device.eid, tern_bytes_text(eid)) != TERN_OK || device.counter < 0 ||
        device.counter > TERN_COUNTER_MAX || token > INT32_MAX) {
        *bad = true;
    }
    if (*bad) {
        return TERN_ERR_MALFORMED;
    }
    return tern_eim_device_add(&import->call->worker->eim, step, &device, &data);
}

static void import_one(struct import *import, const cJSON *object)
{
    struct tern_eim_step step = eim_step(import->call->worker);
    bool bad = false;
    const char *eid = api_text(object, "eid", &bad);
    const char *format = api_text(object, "format", &bad);
    const char *eim_id = api_text(object, "eim_id", &bad);
    if (eid == NULL || (format != NULL && strcmp(format, "tern-device-1") != 0)) {
        fail_one(import, eid, "enrolment.malformed", "not an enrolment file of this version");
        return;
    }
    if (eim_id != NULL && strcmp(eim_id, import->call->server->eim_id) != 0) {
        fail_one(import, eid, "enrolment.other-eim", "the enrolment is for another eIM");
        return;
    }
    int error = add_device(import, object, &step, eid, &bad);
    if (error == TERN_OK) {
        import->added++;
    } else if (error == TERN_ERR_CONFLICT) {
        import->known++;
    } else if (error == TERN_ERR_MALFORMED) {
        fail_one(import, eid, "enrolment.malformed", "a member is missing or malformed");
    } else {
        fail_one(import, eid, "certificate.untrusted",
                 step.fault.field != NULL ? step.fault.field : tern_error_text(error));
    }
}

static void import_lines(struct import *import, struct tern_bytes text)
{
    while (text.size > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end == NULL ? text.size : (size_t)(end - text.data);
        struct tern_bytes line = tern_bytes(text.data, size);
        text = tern_bytes_slice(text, size + 1, text.size);
        if (line.size == 0 || (line.size == 1 && line.data[0] == '\r')) {
            continue;
        }
        cJSON *object = api_parse(line);
        import_one(import, object);
        cJSON_Delete(object);
    }
}

int api_import_devices(struct api_call *call)
{
    char tenant[API_TEXT_SIZE] = "";
    (void)api_query(call, "tenant", tenant, sizeof(tenant));
    struct import import = {.call = call,
                            .failed = cJSON_CreateArray(),
                            .tenant = call->tenant[0] != '\0' ? call->tenant : tenant};
    if (cJSON_IsArray(call->body)) {
        const cJSON *item;
        cJSON_ArrayForEach(item, call->body)
        {
            import_one(&import, item);
        }
    } else if (cJSON_IsObject(call->body)) {
        import_one(&import, call->body);
    } else {
        import_lines(&import, call->request->body);
    }
    cJSON *answer = cJSON_CreateObject();
    bool none = import.added == 0 && import.known == 0;
    cJSON_AddNumberToObject(answer, "added", import.added);
    cJSON_AddNumberToObject(answer, "known", import.known);
    cJSON_AddItemToObject(answer, "failed", import.failed);
    if (none) {
        const cJSON *first = cJSON_GetArrayItem(import.failed, 0);
        const cJSON *what = cJSON_GetObjectItem(first, "what");
        const cJSON *code = cJSON_GetObjectItem(first, "code");
        api_refuse(call, 422, code != NULL ? code->valuestring : "enrolment.empty",
                   what != NULL ? what->valuestring : "there is no device in the request", "body",
                   "see docs/FORMATS.md, Enrolment file of a device");
        cJSON_Delete(answer);
        return TERN_ERR_STATE;
    }
    return api_answer(call, 200, answer);
}

/* ---- One device ---- */

static int show(struct api_call *call, const struct tern_eim_device *device)
{
    struct tern_eim_device_data data;
    cJSON *answer = json_device(device);
    struct tern_eim_step step = {.arena = &call->worker->arena, .now_ms = unix_ms()};
    int error = tern_eim_data_load(&call->worker->eim, &step, device->eid, &data);
    if (error != TERN_OK) {
        cJSON_Delete(answer);
        return error;
    }
    json_device_data(answer, &data);
    return api_answer(call, 200, answer);
}

int api_show_device(struct api_call *call)
{
    struct tern_eim_step step = eim_step(call->worker);
    struct tern_eim_device device = {0};
    int error = api_device(call, &step, &device);
    return error == TERN_OK ? show(call, &device) : error;
}

static bool change_quirks(struct tern_eim_device *device, const cJSON *names)
{
    const cJSON *name;
    int64_t quirks = 0;
    if (names == NULL) {
        return true;
    }
    if (!cJSON_IsArray(names)) {
        return false;
    }
    cJSON_ArrayForEach(name, names)
    {
        int64_t found = 0;
        for (uint32_t bit = 1; tern_eim_quirk_name(bit) != NULL; bit <<= 1) {
            if (cJSON_IsString(name) && strcmp(name->valuestring, tern_eim_quirk_name(bit)) == 0) {
                found = bit;
            }
        }
        if (found == 0) {
            return false;
        }
        quirks |= found;
    }
    device->quirks = quirks;
    return true;
}

int api_change_device(struct api_call *call)
{
    struct tern_eim_step step = eim_step(call->worker);
    struct tern_eim_device device = {0};
    bool bad = !cJSON_IsObject(call->body);
    int error = api_device(call, &step, &device);
    if (error != TERN_OK) {
        return error;
    }
    const char *label = api_text(call->body, "label", &bad);
    const char *address = api_text(call->body, "address", &bad);
    const char *tenant = api_text(call->body, "tenant", &bad);
    int64_t token = api_number(call->body, "association_token", -1);
    bool quirks_ok = change_quirks(&device, cJSON_GetObjectItem(call->body, "quirks"));
    if (bad || !quirks_ok) {
        return api_refuse(call, 400, "body.malformed", "a member has a wrong type or name",
                          quirks_ok ? "body" : "quirks", "see DeviceChange in openapi.json");
    }
    if (tenant != NULL && call->tenant[0] != '\0') {
        return api_refuse(call, 403, "tenant.fixed", "a token of one tenant cannot move devices",
                          "tenant", "use an administrator's token without a tenant");
    }
    device.label = label != NULL ? tern_bytes_text(label) : device.label;
    device.address = address != NULL ? tern_bytes_text(address) : device.address;
    device.tenant = tenant != NULL ? tern_bytes_text(tenant) : device.tenant;
    device.token = token >= 0 ? token : device.token;
    error = tern_eim_device_save(&call->worker->eim, &step, &device);
    return error == TERN_OK ? show(call, &device) : error;
}

int api_remove_device(struct api_call *call)
{
    struct tern_eim_step step = eim_step(call->worker);
    struct tern_eim_device device = {0};
    char force[32] = "";
    int error = api_device(call, &step, &device);
    if (error != TERN_OK) {
        return error;
    }
    (void)api_query(call, "force", force, sizeof(force));
    if (strcmp(force, "forget-device") != 0) {
        return api_refuse(call, 409, "device.kept", "a forgotten device cannot be managed any more",
                          "force", "repeat with ?force=forget-device if that is what you want");
    }
    error = tern_eim_device_remove(&call->worker->eim, &step, device.eid);
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddBoolToObject(answer, "ok", true);
    return error == TERN_OK ? api_answer(call, 200, answer) : (cJSON_Delete(answer), error);
}
