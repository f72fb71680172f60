/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of an API request: route, token, role, rate, idempotency key, the route's function inside
 * the transaction, audit, commit, reply. What a refused request changed is undone; that it was
 * refused is in the audit all the same.
 */
#include "host/eim/api.h"
#include "host/eim/api_code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/log/log.h"
#include "tern/json.h"

#define PREFIX          "/api/v1"
#define RATE_SLOTS      256
#define RATE_DEFAULT    50
#define IDEMPOTENT_MS   ((uint64_t)24 * 3600 * 1000)
#define RECORD_SIZE_MAX (256 * 1024)
#define BURST           4

/* clang-format off */
const struct api_route API_ROUTES[] = {
    {"GET",    "/healthz",                   API_ANYONE,        api_healthz,           "Is the server alive and its store sound", NULL, NULL, "Health", false},
    {"GET",    "/metrics",                   API_ANYONE,        api_metrics,           "Counters in Prometheus' text format", NULL, NULL, NULL, false},
    {"GET",    "/openapi.json",              API_ANYONE,        api_openapi,           "This document", NULL, NULL, NULL, false},
    {"GET",    "/me",                        API_VIEWER,        api_me,                "Who the token belongs to", NULL, NULL, "User", false},
    {"GET",    "/eim",                       API_VIEWER,        api_eim,               "This eIM: eimId, FQDN, signing keys", NULL, NULL, "Eim", false},
    {"GET",    "/trust",                     API_VIEWER,        api_trust,             "CIs that eUICC chains may end in", NULL, NULL, "Trust", true},
    {"GET",    "/devices",                   API_VIEWER,        api_list_devices,      "Devices, by EID", "limit,after,label,q,flag", NULL, "Device", true},
    {"POST",   "/devices",                   API_OPERATOR,      api_import_devices,    "Import enrolment files: one object, a list, or a line each", "tenant", "Enrolment", "ImportResult", false},
    {"GET",    "/devices/{eid}",             API_VIEWER,        api_show_device,       "One device with its profiles, eIMs and certificates", NULL, NULL, "Device", false},
    {"PATCH",  "/devices/{eid}",             API_OPERATOR,      api_change_device,     "Change label, tenant, address, quirks or token", NULL, "DeviceChange", "Device", false},
    {"DELETE", "/devices/{eid}",             API_ADMINISTRATOR, api_remove_device,     "Forget a device; needs ?force=forget-device", "force", NULL, "Done", false},
    {"GET",    "/devices/{eid}/operations",  API_VIEWER,        api_device_operations, "Operations of a device", "limit,after", NULL, "Operation", true},
    {"POST",   "/devices/{eid}/operations",  API_OPERATOR,      api_queue_operation,   "Queue a package, a download or a data request", NULL, "OperationRequest", "Operation", false},
    {"POST",   "/devices/{eid}/rollover",    API_ADMINISTRATOR, api_rollover,          "Move the device to another signing key of this eIM", NULL, "Rollover", "Operation", false},
    {"POST",   "/devices/{eid}/handover",    API_ADMINISTRATOR, api_handover,          "Hand the device to another eIM: add, undo or finish", NULL, "Handover", "Operation", false},
    {"POST",   "/devices/{eid}/inject",      API_OPERATOR,      api_inject,            "Send what waits to an IPA that serves", NULL, NULL, "Done", false},
    {"GET",    "/operations",                API_VIEWER,        api_list_operations,   "Operations of all devices", "limit,after,state,kind", NULL, "Operation", true},
    {"GET",    "/operations/{id}",           API_VIEWER,        api_show_operation,    "One operation with its commands, results and explanation", NULL, NULL, "Operation", false},
    {"DELETE", "/operations/{id}",           API_OPERATOR,      api_cancel_operation,  "Cancel an operation that was not fetched", NULL, NULL, "Operation", false},
    {"GET",    "/codes",                     API_VIEWER,        api_list_codes,        "Activation codes", "limit,after,pool,state", NULL, "Code", true},
    {"POST",   "/codes",                     API_OPERATOR,      api_import_codes,      "Import codes: JSON, CSV (text/csv) or a QR image (image/png)", "pool,tenant", "CodeRequest", "ImportResult", false},
    {"GET",    "/codes/{id}",                API_VIEWER,        api_show_code,         "One code; ?reveal=true shows it to an operator", "reveal", NULL, "Code", false},
    {"PATCH",  "/codes/{id}",                API_OPERATOR,      api_change_code,       "Reserve, free or annotate a code", NULL, "CodeChange", "Code", false},
    {"DELETE", "/codes/{id}",                API_OPERATOR,      api_remove_code,       "Remove a code", NULL, NULL, "Done", false},
    {"GET",    "/notifications",             API_VIEWER,        api_outbound,          "Notifications on their way to SM-DP+s", "limit,after", NULL, "Notification", true},
    {"GET",    "/events",                    API_VIEWER,        api_events,            "Events after a number; waits up to `wait` seconds", "after,limit,wait", NULL, "Event", true},
    {"GET",    "/webhooks",                  API_ADMINISTRATOR, api_list_webhooks,     "Webhooks", NULL, NULL, "Webhook", true},
    {"POST",   "/webhooks",                  API_ADMINISTRATOR, api_add_webhook,       "Add a webhook; the secret is shown once", NULL, "WebhookRequest", "Webhook", false},
    {"DELETE", "/webhooks/{id}",             API_ADMINISTRATOR, api_remove_webhook,    "Remove a webhook", NULL, NULL, "Done", false},
    {"GET",    "/users",                     API_ADMINISTRATOR, api_list_users,        "Tokens: name, role, tenant, expiry", NULL, NULL, "User", true},
    {"POST",   "/users",                     API_ADMINISTRATOR, api_add_user,          "Make a token; it is shown once", NULL, "UserRequest", "User", false},
    {"DELETE", "/users/{id}",                API_ADMINISTRATOR, api_remove_user,       "Revoke a token", NULL, NULL, "Done", false},
    {"GET",    "/audit",                     API_ADMINISTRATOR, api_audit,             "The audit trail, each record with the hash of the one before", "limit,after", NULL, "Audit", true},
    {"POST",   "/backup",                    API_ADMINISTRATOR, api_backup,            "Write a consistent copy of the database into DATA/backup", NULL, "Backup", "Done", false},
};
/* clang-format on */
const size_t API_ROUTE_COUNT = TERN_COUNT_OF(API_ROUTES);

/* ---- Records ---- */

struct tern_bytes number_key(uint8_t out[8], uint64_t number)
{
    struct tern_writer writer = tern_writer(out, 8);
    tern_write_uint(&writer, number, 8);
    return tern_writer_bytes(&writer);
}

cJSON *api_parse(struct tern_bytes text)
{
    struct tern_json checked;
    if (tern_json_parse(&checked, text) != TERN_OK) {
        return NULL;
    }
    return cJSON_ParseWithLength((const char *)text.data, text.size);
}

cJSON *record_load(struct api_call *call, const char *space, struct tern_bytes key)
{
    const struct tern_store *store = call->worker->eim.store;
    uint8_t *buffer = malloc(RECORD_SIZE_MAX);
    struct tern_writer value = tern_writer(buffer, RECORD_SIZE_MAX);
    cJSON *record = NULL;
    if (buffer != NULL && store->load(store->context, space, key, &value) == TERN_OK) {
        record = cJSON_ParseWithLength((const char *)buffer, value.size);
    }
    free(buffer);
    return record;
}

int record_save(struct eim_worker *worker, const char *space, struct tern_bytes key,
                const cJSON *value)
{
    const struct tern_store *store = worker->eim.store;
    char *text = cJSON_PrintUnformatted(value);
    if (text == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    int error = store->save(store->context, space, key, tern_bytes_text(text));
    free(text);
    return error;
}

int record_remove(struct api_call *call, const char *space, struct tern_bytes key)
{
    const struct tern_store *store = call->worker->eim.store;
    return store->remove(store->context, space, key);
}

cJSON *record_next(struct eim_worker *worker, const char *space, struct tern_bytes after,
                   uint8_t *key, size_t *key_size)
{
    const struct tern_store *store = worker->eim.store;
    uint8_t *buffer = malloc(RECORD_SIZE_MAX);
    uint8_t found[TERN_STORE_KEY_SIZE_MAX];
    struct tern_writer key_out = TERN_WRITER_OF(found);
    struct tern_writer value = tern_writer(buffer, RECORD_SIZE_MAX);
    cJSON *record = NULL;
    struct tern_bytes from = after.size == 0 ? TERN_BYTES_NONE : after;
    if (buffer != NULL &&
        store->next(store->context, space, TERN_BYTES_TEXT(""), from, &key_out, &value) == 1) {
        record = cJSON_ParseWithLength((const char *)buffer, value.size);
        *key_size = key_out.size < *key_size ? key_out.size : *key_size;
        memcpy(key, found, *key_size);
    }
    free(buffer);
    return record;
}

uint64_t record_number(struct eim_worker *worker, const char *space, int *error)
{
    const struct tern_store *store = worker->eim.store;
    struct tern_bytes key = TERN_BYTES_TEXT("number");
    uint64_t expected = 0;
    uint64_t actual = 0;
    *error = store->counter_set(store->context, space, key, expected, 1, &actual);
    while (*error == TERN_ERR_CONFLICT) {
        expected = actual;
        *error = store->counter_set(store->context, space, key, expected, expected + 1, &actual);
    }
    return expected + 1;
}

/* ---- Answers ---- */

int api_answer(struct api_call *call, int status, cJSON *answer)
{
    call->status = status;
    call->answer = answer;
    return TERN_OK;
}

int api_refuse(struct api_call *call, int status, const char *code, const char *what,
               const char *where, const char *next)
{
    cJSON *error = cJSON_CreateObject();
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(error, "code", code);
    cJSON_AddStringToObject(error, "what", what);
    if (where != NULL) {
        cJSON_AddStringToObject(error, "where", where);
    }
    cJSON_AddStringToObject(error, "next", next);
    cJSON_AddItemToObject(answer, "error", error);
    cJSON_Delete(call->answer);
    api_answer(call, status, answer);
    return TERN_ERR_STATE;
}

void api_finish(struct api_call *call)
{
    char *text = call->answer != NULL ? cJSON_PrintUnformatted(call->answer) : NULL;
    struct tern_bytes body = text != NULL         ? tern_bytes_text(text)
                             : call->text != NULL ? tern_bytes_text(call->text)
                                                  : TERN_BYTES_NONE;
    const struct http_header headers[] = {
        {"Content-Type",           call->type != NULL ? call->type : "application/json"},
        {"Cache-Control",          "no-store"                                          },
        {"X-Content-Type-Options", "nosniff"                                           },
        {"Idempotency-Replayed",   call->replayed ? "true" : "false"                   },
    };
    http_reply(call->request, call->status, headers, TERN_COUNT_OF(headers), body);
    if (call->wants_inject) {
        esipa_inject(call->worker, call->inject_eid);
    }
    free(text);
    free(call->text_owned);
    cJSON_Delete(call->answer);
    cJSON_Delete(call->body);
    free(call);
}

/* ---- Reading ---- */

/* What stands in a query, %XX and + undone. */
static void unescape(char *out, size_t out_size, const char *text, size_t size)
{
    struct tern_writer writer = tern_writer(out, out_size - 1);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte[1];
        struct tern_writer one = TERN_WRITER_OF(byte);
        if (text[i] == '%' && i + 2 < size &&
            tern_hex_decode(&one, tern_bytes(text + i + 1, 2)) == TERN_OK) {
            tern_write_byte(&writer, byte[0]);
            i += 2;
        } else {
            tern_write_byte(&writer, text[i] == '+' ? ' ' : (uint8_t)text[i]);
        }
    }
    out[tern_writer_bytes(&writer).size] = '\0';
}

const char *api_query(const struct api_call *call, const char *name, char *out, size_t out_size)
{
    const char *at = call->request->query;
    size_t size = strlen(name);
    while (at != NULL && *at != '\0') {
        const char *end = strchr(at, '&');
        size_t length = end == NULL ? strlen(at) : (size_t)(end - at);
        if (length > size && strncmp(at, name, size) == 0 && at[size] == '=') {
            unescape(out, out_size, at + size + 1, length - size - 1);
            return out;
        }
        at = end == NULL ? NULL : end + 1;
    }
    return NULL;
}

uint64_t api_query_number(const struct api_call *call, const char *name, uint64_t otherwise)
{
    char text[32];
    if (api_query(call, name, text, sizeof(text)) == NULL) {
        return otherwise;
    }
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    return *end == '\0' && end != text ? value : otherwise;
}

const char *api_text(const cJSON *object, const char *name, bool *bad)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item == NULL || cJSON_IsNull(item)) {
        return NULL;
    }
    if (!cJSON_IsString(item)) {
        *bad = true;
        return NULL;
    }
    return item->valuestring;
}

bool api_flag(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

int64_t api_number(const cJSON *object, const char *name, int64_t otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : otherwise;
}

/* ---- Routing ---- */

static bool match(const char *pattern, const char *path, struct api_call *call)
{
    size_t count = 0;
    while (*pattern != '\0' && *path != '\0') {
        if (*pattern != '{') {
            if (*pattern++ != *path++) {
                return false;
            }
            continue;
        }
        size_t size = strcspn(path, "/");
        if (size == 0 || size >= API_TEXT_SIZE || count >= API_PARAMETERS) {
            return false;
        }
        memcpy(call->parameters[count], path, size);
        call->parameters[count++][size] = '\0';
        path += size;
        pattern = strchr(pattern, '}') + 1;
    }
    return *pattern == '\0' && *path == '\0';
}

static bool find_route(struct api_call *call)
{
    const char *path = call->request->path;
    bool other_method = false;
    if (strncmp(path, PREFIX "/", sizeof(PREFIX)) == 0) {
        path += sizeof(PREFIX) - 1;
    }
    for (size_t i = 0; i < API_ROUTE_COUNT; i++) {
        if (!match(API_ROUTES[i].pattern, path, call)) {
            continue;
        }
        if (strcmp(API_ROUTES[i].method, call->request->method) == 0) {
            call->route = &API_ROUTES[i];
            return true;
        }
        other_method = true;
    }
    if (other_method) {
        api_refuse(call, 405, "method.unknown", "this path does not know this method", "method",
                   "see /api/v1/openapi.json for the methods of each path");
    } else {
        api_refuse(call, 404, "path.unknown", "there is nothing under this path", "path",
                   "see /api/v1/openapi.json for all paths");
    }
    return false;
}

/* ---- Who ---- */

struct rate {
    uint8_t digest[8];
    double tokens;
    uint64_t at_ms;
};
static struct rate rates[RATE_SLOTS]; /* the API has one thread */

static bool rate_allows(const struct eim_server *server, const uint8_t *digest)
{
    uint64_t per_second = server->options->requests_per_second;
    double most = (double)(per_second == 0 ? RATE_DEFAULT : per_second);
    struct rate *rate = &rates[digest[0]];
    uint64_t now = loop_now_ms();
    if (memcmp(rate->digest, digest, sizeof(rate->digest)) != 0) {
        memcpy(rate->digest, digest, sizeof(rate->digest));
        rate->tokens = most * BURST;
        rate->at_ms = now;
    }
    rate->tokens += (double)(now - rate->at_ms) * most / 1000.0;
    rate->tokens = rate->tokens > most * BURST ? most * BURST : rate->tokens;
    rate->at_ms = now;
    if (rate->tokens < 1) {
        return false;
    }
    rate->tokens -= 1;
    return true;
}

static enum api_role role_of(const char *name)
{
    return name == NULL                         ? API_ANYONE
           : strcmp(name, "administrator") == 0 ? API_ADMINISTRATOR
           : strcmp(name, "operator") == 0      ? API_OPERATOR
           : strcmp(name, "viewer") == 0        ? API_VIEWER
                                                : API_ANYONE;
}

static bool authenticate(struct api_call *call, uint8_t digest[TERN_SHA256_SIZE])
{
    const char *header = http_request_header(call->request, "Authorization");
    const struct tern_crypto *crypto = tern_openssl();
    bool bad = false;
    if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0) {
        api_refuse(
            call, 401, "token.missing", "the request has no token", "Authorization",
            "send 'Authorization: Bearer TOKEN'; the first token is in DATA/enrolment-token");
        return false;
    }
    struct tern_bytes token = tern_bytes_text(header + 7);
    if (crypto->sha256(crypto->context, digest, &token, 1) != TERN_OK) {
        return false;
    }
    cJSON *user = record_load(call, "api.user", tern_bytes(digest, TERN_SHA256_SIZE));
    const char *name = api_text(user, "name", &bad);
    const char *tenant = api_text(user, "tenant", &bad);
    int64_t expires = api_number(user, "expires_ms", 0);
    bool known = name != NULL && (expires == 0 || (uint64_t)expires > unix_ms());
    if (known) {
        snprintf(call->user, sizeof(call->user), "%s", name);
        snprintf(call->tenant, sizeof(call->tenant), "%s", tenant == NULL ? "" : tenant);
        call->role = role_of(api_text(user, "role", &bad));
    } else {
        api_refuse(call, 401, name == NULL ? "token.unknown" : "token.expired",
                   name == NULL ? "the token is not known" : "the token has expired",
                   "Authorization", "ask an administrator for a token: tern eim user add");
    }
    cJSON_Delete(user);
    return known;
}

static bool admit(struct api_call *call, uint8_t digest[TERN_SHA256_SIZE])
{
    if (call->route->role == API_ANYONE) {
        return true;
    }
    if (!authenticate(call, digest)) {
        return false;
    }
    if (call->role < call->route->role) {
        api_refuse(call, 403, "role.insufficient", "the role of this token may not do this", "role",
                   "use a token with the role that /api/v1/openapi.json names for this path");
        return false;
    }
    if (!rate_allows(call->server, digest)) {
        api_refuse(call, 429, "rate.exceeded", "too many requests with this token", NULL,
                   "wait a second and try again");
        return false;
    }
    return true;
}

/* ---- Idempotency ---- */

static bool changes(const struct api_call *call)
{
    return strcmp(call->request->method, "GET") != 0;
}

static bool idempotency_key(const struct api_call *call, const uint8_t *digest,
                            uint8_t key[TERN_SHA256_SIZE])
{
    const char *header = http_request_header(call->request, "Idempotency-Key");
    const struct tern_crypto *crypto = tern_openssl();
    if (header == NULL || !changes(call)) {
        return false;
    }
    struct tern_bytes parts[] = {tern_bytes(digest, TERN_SHA256_SIZE), tern_bytes_text(header)};
    return crypto->sha256(crypto->context, key, parts, 2) == TERN_OK;
}

/* What this caller asked with this key: method, path, body. */
static void request_hash(const struct api_call *call, char out[2 * TERN_SHA256_SIZE + 1])
{
    uint8_t digest[TERN_SHA256_SIZE] = {0};
    const struct tern_crypto *crypto = tern_openssl();
    struct tern_bytes parts[] = {tern_bytes_text(call->request->method), TERN_BYTES_TEXT(" "),
                                 tern_bytes_text(call->request->path), TERN_BYTES_TEXT(" "),
                                 call->request->body};
    (void)crypto->sha256(crypto->context, digest, parts, TERN_COUNT_OF(parts));
    struct tern_writer writer = tern_writer(out, 2 * TERN_SHA256_SIZE);
    tern_hex_encode(&writer, TERN_BYTES_OF(digest));
    out[2 * TERN_SHA256_SIZE] = '\0';
}

/* True when this was asked before: the same answer again, or a refusal when it was another thing.
 */
static bool replay(struct api_call *call, const uint8_t *key)
{
    char hash[2 * TERN_SHA256_SIZE + 1];
    bool bad = false;
    cJSON *kept = record_load(call, "api.idempotency", tern_bytes(key, TERN_SHA256_SIZE));
    if (kept == NULL || (uint64_t)api_number(kept, "at_ms", 0) + IDEMPOTENT_MS < unix_ms()) {
        cJSON_Delete(kept);
        return false;
    }
    request_hash(call, hash);
    const char *before = api_text(kept, "request", &bad);
    if (before == NULL || strcmp(before, hash) != 0) {
        api_refuse(call, 422, "idempotency.reused", "this key was used for another request",
                   "Idempotency-Key", "use a new key for each new request");
    } else {
        api_answer(call, (int)api_number(kept, "status", 200),
                   cJSON_DetachItemFromObject(kept, "answer"));
        call->replayed = true;
    }
    cJSON_Delete(kept);
    return true;
}

static int keep_answer(struct api_call *call, const uint8_t *key)
{
    char hash[2 * TERN_SHA256_SIZE + 1];
    cJSON *kept = cJSON_CreateObject();
    request_hash(call, hash);
    cJSON_AddStringToObject(kept, "request", hash);
    cJSON_AddNumberToObject(kept, "status", call->status);
    cJSON_AddNumberToObject(kept, "at_ms", (double)unix_ms());
    cJSON *answer = cJSON_Duplicate(call->answer, true);
    cJSON_DeleteItemFromObject(answer, "token"); /* secrets are shown once */
    cJSON_DeleteItemFromObject(answer, "secret");
    cJSON_AddItemToObject(kept, "answer", answer);
    int error =
        record_save(call->worker, "api.idempotency", tern_bytes(key, TERN_SHA256_SIZE), kept);
    cJSON_Delete(kept);
    return error;
}

/* ---- In the transaction ---- */

static int run_route(struct api_call *call)
{
    uint8_t digest[TERN_SHA256_SIZE] = {0};
    uint8_t key[TERN_SHA256_SIZE];
    if (!find_route(call) || !admit(call, digest)) {
        return TERN_ERR_STATE;
    }
    bool keyed = idempotency_key(call, digest, key);
    if (keyed && replay(call, key)) {
        return call->status < 400 ? TERN_OK : TERN_ERR_STATE;
    }
    const char *type = http_request_header(call->request, "Content-Type");
    bool json = type == NULL || strncasecmp(type, "application/json", 16) == 0;
    if (call->request->body.size > 0 && json) {
        call->body = api_parse(call->request->body);
    }
    int error = call->route->run(call);
    if (error == TERN_OK && changes(call) && !call->later) {
        error = audit_append(call->worker, call, call->status);
        error = error == TERN_OK && keyed ? keep_answer(call, key) : error;
    }
    return error;
}

static int work(void *context)
{
    return run_route(context);
}

static int work_audit(void *context)
{
    struct api_call *call = context;
    return audit_append(call->worker, call, call->status);
}

static void after_audit(void *context, int error)
{
    (void)error;
    api_finish(context);
}

/* The image was read: import what it said. */
static int work_qr(void *context)
{
    struct api_call *call = context;
    int error = codes_import(call, call->qr_text);
    return error == TERN_OK ? audit_append(call->worker, call, call->status) : error;
}

static void after_commit(void *context, int error);

static void qr_arrived(struct api_call *call, const char *text, int error)
{
    call->later = false;
    call->wants_qr = false;
    call->qr_text = text;
    if (error != TERN_OK) {
        api_refuse(call, 422, "image.unreadable",
                   error == TERN_ERR_UNSUPPORTED ? "zbarimg is not installed"
                                                 : "no QR code was found in the image",
                   "body", "send a sharper image, or the code as text");
        after_commit(call, TERN_ERR_STATE);
    } else if (commit_group_run(call->worker->group, work_qr, after_commit, call) == TERN_OK) {
        commit_group_flush(call->worker->group); /* `text` ends with this function */
    } else {
        after_commit(call, TERN_ERR_IO);
    }
}

static void after_commit(void *context, int error)
{
    struct api_call *call = context;
    if (call->wants_qr && error == TERN_OK) {
        if (!codes_start_qr(call, qr_arrived)) {
            qr_arrived(call, "", TERN_ERR_IO);
        }
        return;
    }
    if (call->later && error == TERN_OK) {
        return;
    }
    if (error != TERN_OK && call->status < 400) {
        log_error("eim.api", "path", call->request->path, "error", tern_error_name(error));
        api_refuse(call, error == TERN_ERR_NO_SPACE ? 507 : 503, "server.busy",
                   "the server could not store the change", NULL, "try again in a moment");
    }
    if (call->worker->changed) {
        call->worker->changed = false;
        api_events_stored(call->server);
        esipa_wake(call->worker);
    }
    bool refused_change = call->status >= 400 && call->user[0] != '\0' && changes(call);
    if (refused_change &&
        commit_group_run(call->worker->group, work_audit, after_audit, call) == TERN_OK) {
        return;
    }
    api_finish(call);
}

void api_handler(void *context, struct http_request *request)
{
    struct eim_server *server = context;
    struct eim_worker *worker = eim_worker_get(server, 0, request->loop);
    struct api_call *call = worker == NULL ? NULL : calloc(1, sizeof(*call));
    server->metrics.api_requests++;
    if (call == NULL) {
        http_reply(request, 503, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    call->worker = worker;
    call->server = server;
    call->request = request;
    call->status = 200;
    if (commit_group_run(worker->group, work, after_commit, call) != TERN_OK) {
        api_refuse(call, 503, "server.busy", "the store is not available", NULL,
                   "try again in a moment");
        api_finish(call);
    }
}
