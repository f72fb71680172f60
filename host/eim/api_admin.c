/* SPDX-License-Identifier: Apache-2.0 */
/* Users and their tokens, the audit trail, the eIM about itself, health, metrics, backup. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/eim/api.h"
#include "host/log/log.h"

#define LIST_DEFAULT 100
#define LIST_MAX     1000
#define TOKEN_BYTES  32
#define ENROLMENT_MS ((uint64_t)30 * 24 * 3600 * 1000)

/* ---- Tokens ---- */

int token_make(char token[64], uint8_t digest[TERN_SHA256_SIZE])
{
    uint8_t raw[TOKEN_BYTES];
    const struct tern_crypto *crypto = tern_openssl();
    struct tern_writer out = tern_writer(token, 63);
    int error = crypto->random(crypto->context, raw, sizeof(raw));
    tern_write_text(&out, "tern_");
    tern_base64url_encode(&out, TERN_BYTES_OF(raw));
    token[out.size] = '\0';
    tern_wipe(raw, sizeof(raw));
    struct tern_bytes text = tern_bytes_text(token);
    return error == TERN_OK ? crypto->sha256(crypto->context, digest, &text, 1) : error;
}

int user_save(struct eim_worker *worker, const uint8_t digest[TERN_SHA256_SIZE],
              const struct api_user *user)
{
    const struct tern_store *store = worker->eim.store;
    uint8_t key[8];
    cJSON *record = cJSON_CreateObject();
    cJSON_AddNumberToObject(record, "id", (double)user->number);
    cJSON_AddStringToObject(record, "name", user->name);
    cJSON_AddStringToObject(record, "role", user->role);
    cJSON_AddStringToObject(record, "tenant", user->tenant == NULL ? "" : user->tenant);
    cJSON_AddNumberToObject(record, "expires_ms", (double)user->expires_ms);
    cJSON_AddNumberToObject(record, "added_ms", (double)unix_ms());
    int error = record_save(worker, "api.user", tern_bytes(digest, TERN_SHA256_SIZE), record);
    cJSON_Delete(record);
    return error != TERN_OK
               ? error
               : store->save(store->context, "api.user-of", number_key(key, user->number),
                             tern_bytes(digest, TERN_SHA256_SIZE));
}

int api_first_start(struct eim_worker *worker)
{
    char path[1024];
    char token[64];
    uint8_t digest[TERN_SHA256_SIZE];
    uint8_t key[TERN_SHA256_SIZE];
    size_t key_size = sizeof(key);
    int error;
    cJSON *any = record_next(worker, "api.user", TERN_BYTES_NONE, key, &key_size);
    if (any != NULL) {
        cJSON_Delete(any);
        return TERN_OK;
    }
    if (sqlite_store_begin(worker->store) != TERN_OK) {
        return TERN_ERR_IO;
    }
    uint64_t number = record_number(worker, "api.user", &error);
    error = error == TERN_OK ? token_make(token, digest) : error;
    const struct api_user user = {.number = number,
                                  .name = "enrolment",
                                  .role = "administrator",
                                  .expires_ms = unix_ms() + ENROLMENT_MS};
    error = error == TERN_OK ? user_save(worker, digest, &user) : error;
    if (error == TERN_OK) {
        error = path_join(path, sizeof(path), worker->server->options->data, "enrolment-token");
    }
    if (error == TERN_OK) {
        char line[80];
        int size = snprintf(line, sizeof(line), "%s\n", token);
        error = file_write(path, tern_bytes(line, (size_t)size), 0600);
        tern_wipe(line, sizeof(line));
    }
    tern_wipe(token, sizeof(token));
    if (error != TERN_OK) {
        sqlite_store_rollback(worker->store);
        return error;
    }
    log_info("eim.first-start", "enrolment_token", path);
    return sqlite_store_commit(worker->store);
}

static cJSON *show_user(cJSON *user)
{
    json_time(user, "expires", api_number(user, "expires_ms", 0));
    json_time(user, "added", api_number(user, "added_ms", 0));
    cJSON_DeleteItemFromObject(user, "expires_ms");
    cJSON_DeleteItemFromObject(user, "added_ms");
    return user;
}

int api_me(struct api_call *call)
{
    static const char *const ROLES[] = {"", "viewer", "operator", "administrator"};
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "name", call->user);
    cJSON_AddStringToObject(answer, "role", ROLES[call->role]);
    cJSON_AddStringToObject(answer, "tenant", call->tenant);
    return api_answer(call, 200, answer);
}

int api_list_users(struct api_call *call)
{
    uint8_t key[TERN_SHA256_SIZE];
    size_t key_size = sizeof(key);
    cJSON *answer = cJSON_CreateObject();
    cJSON *items = cJSON_AddArrayToObject(answer, "items");
    cJSON *user = record_next(call->worker, "api.user", TERN_BYTES_NONE, key, &key_size);
    while (user != NULL) {
        bool bad = false;
        const char *tenant = api_text(user, "tenant", &bad);
        if (call->tenant[0] == '\0' || strcmp(tenant == NULL ? "" : tenant, call->tenant) == 0) {
            cJSON_AddItemToArray(items, show_user(user));
        } else {
            cJSON_Delete(user);
        }
        key_size = sizeof(key);
        user = record_next(call->worker, "api.user", TERN_BYTES_OF(key), key, &key_size);
    }
    return api_answer(call, 200, answer);
}

int api_add_user(struct api_call *call)
{
    bool bad = !cJSON_IsObject(call->body);
    const char *name = api_text(call->body, "name", &bad);
    const char *role = api_text(call->body, "role", &bad);
    const char *tenant = api_text(call->body, "tenant", &bad);
    int64_t days = api_number(call->body, "expires_in_days", 365);
    bool known = role != NULL && (strcmp(role, "viewer") == 0 || strcmp(role, "operator") == 0 ||
                                  strcmp(role, "administrator") == 0);
    if (bad || name == NULL || name[0] == '\0' || strlen(name) >= API_TEXT_SIZE || !known ||
        days <= 0 || days > 3650 || (tenant != NULL && strlen(tenant) >= API_TEXT_SIZE)) {
        return api_refuse(call, 400, "user.malformed",
                          "a user needs a name, a role and at most ten years", "body",
                          "give name, role (viewer, operator, administrator), expires_in_days");
    }
    const char *of = call->tenant[0] != '\0' ? call->tenant : tenant == NULL ? "" : tenant;
    char token[64];
    uint8_t digest[TERN_SHA256_SIZE];
    int error;
    uint64_t number = record_number(call->worker, "api.user", &error);
    error = error == TERN_OK ? token_make(token, digest) : error;
    uint64_t expires = unix_ms() + (uint64_t)days * 24 * 3600 * 1000;
    if (error == TERN_OK) {
        const struct api_user user = {number, name, role, of, expires};
        error = user_save(call->worker, digest, &user);
    }
    if (error != TERN_OK) {
        return error;
    }
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddNumberToObject(answer, "id", (double)number);
    cJSON_AddStringToObject(answer, "name", name);
    cJSON_AddStringToObject(answer, "role", role);
    cJSON_AddStringToObject(answer, "tenant", of);
    cJSON_AddStringToObject(answer, "token", token);
    json_time(answer, "expires", (int64_t)expires);
    tern_wipe(token, sizeof(token));
    return api_answer(call, 201, answer);
}

int api_remove_user(struct api_call *call)
{
    const struct tern_store *store = call->worker->eim.store;
    uint8_t key[8];
    uint8_t digest[TERN_SHA256_SIZE];
    struct tern_writer out = TERN_WRITER_OF(digest);
    char *end;
    bool bad = false;
    unsigned long long number = strtoull(call->parameters[0], &end, 10);
    int error = *end == '\0'
                    ? store->load(store->context, "api.user-of", number_key(key, number), &out)
                    : TERN_ERR_NOT_FOUND;
    cJSON *user = error == TERN_OK ? record_load(call, "api.user", TERN_BYTES_OF(digest)) : NULL;
    const char *tenant = api_text(user, "tenant", &bad);
    bool mine = user != NULL && (call->tenant[0] == '\0' ||
                                 strcmp(tenant == NULL ? "" : tenant, call->tenant) == 0);
    cJSON_Delete(user);
    if (!mine) {
        return api_refuse(call, 404, "user.unknown", "no token has this id", "id",
                          "list the users");
    }
    error = record_remove(call, "api.user", TERN_BYTES_OF(digest));
    error = error == TERN_OK ? record_remove(call, "api.user-of", TERN_BYTES_OF(key)) : error;
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddBoolToObject(answer, "ok", true);
    return error == TERN_OK ? api_answer(call, 200, answer) : (cJSON_Delete(answer), error);
}

/* ---- Audit: each record has the hash of the one before ---- */

int audit_append(struct eim_worker *worker, const struct api_call *call, int status)
{
    const struct tern_store *store = worker->eim.store;
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t key[8];
    uint8_t digest[TERN_SHA256_SIZE] = {0};
    uint8_t last[TERN_SHA256_SIZE] = {0};
    struct tern_writer last_out = TERN_WRITER_OF(last);
    int error;
    uint64_t number = record_number(worker, "api.audit", &error);
    (void)store->load(store->context, "api.audit-head", TERN_BYTES_TEXT("head"), &last_out);
    cJSON *record = cJSON_CreateObject();
    cJSON_AddNumberToObject(record, "number", (double)number);
    json_time(record, "time", (int64_t)unix_ms());
    cJSON_AddStringToObject(record, "user", call->user);
    cJSON_AddStringToObject(record, "tenant", call->tenant);
    cJSON_AddStringToObject(record, "peer", call->request->peer);
    cJSON_AddStringToObject(record, "method", call->request->method);
    cJSON_AddStringToObject(record, "path", call->request->path);
    cJSON_AddNumberToObject(record, "status", status);
    const cJSON *id = cJSON_GetObjectItem(call->answer, "id");
    if (cJSON_IsString(id)) {
        cJSON_AddStringToObject(record, "result", id->valuestring);
    }
    const cJSON *kind = cJSON_GetObjectItem(call->body, "kind");
    if (cJSON_IsString(kind)) {
        cJSON_AddStringToObject(record, "kind", kind->valuestring);
    }
    const cJSON *force = cJSON_GetObjectItem(call->body, "force");
    if (cJSON_IsString(force)) {
        cJSON_AddStringToObject(record, "force", force->valuestring);
    }
    json_hex(record, "previous", TERN_BYTES_OF(last));
    char *text = cJSON_PrintUnformatted(record);
    cJSON_Delete(record);
    if (text == NULL || error != TERN_OK) {
        free(text);
        return error == TERN_OK ? TERN_ERR_NO_SPACE : error;
    }
    struct tern_bytes bytes = tern_bytes_text(text);
    error = crypto->sha256(crypto->context, digest, &bytes, 1);
    error = error == TERN_OK
                ? store->insert(store->context, "api.audit", number_key(key, number), bytes)
                : error;
    error = error == TERN_OK ? store->save(store->context, "api.audit-head",
                                           TERN_BYTES_TEXT("head"), TERN_BYTES_OF(digest))
                             : error;
    free(text);
    return error;
}

/* A page of a space whose keys are numbers; `keep` may say no. */
static int list_numbers(struct api_call *call, const char *space,
                        bool (*keep)(const struct api_call *call, const cJSON *record))
{
    uint8_t key[8];
    size_t key_size = 8;
    uint64_t after = api_query_number(call, "after", 0);
    uint64_t limit = api_query_number(call, "limit", LIST_DEFAULT);
    limit = limit > LIST_MAX ? LIST_MAX : limit;
    cJSON *answer = cJSON_CreateObject();
    cJSON *items = cJSON_AddArrayToObject(answer, "items");
    cJSON *record = NULL;
    for (uint64_t count = 0; count < limit;) {
        record = record_next(call->worker, space, number_key(key, after), key, &key_size);
        if (record == NULL) {
            break;
        }
        after = tern_read_uint(TERN_BYTES_OF(key));
        if (keep(call, record)) {
            cJSON_AddItemToArray(items, record);
            count++;
        } else {
            cJSON_Delete(record);
        }
    }
    if (record != NULL) {
        char text[24];
        snprintf(text, sizeof(text), "%llu", (unsigned long long)after);
        cJSON_AddStringToObject(answer, "next", text);
    }
    return api_answer(call, 200, answer);
}

static bool of_my_tenant(const struct api_call *call, const cJSON *record)
{
    bool bad = false;
    const char *tenant = api_text(record, "tenant", &bad);
    return call->tenant[0] == '\0' || (tenant != NULL && strcmp(tenant, call->tenant) == 0);
}

int api_audit(struct api_call *call)
{
    return list_numbers(call, "api.audit", of_my_tenant);
}

/* ---- The eIM about itself ---- */

int api_eim(struct api_call *call)
{
    const struct eim_server *server = call->server;
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "eim_id", server->eim_id);
    cJSON_AddStringToObject(answer, "fqdn", server->fqdn);
    cJSON_AddBoolToObject(answer, "test_pki", tern_pki_is_test(server->pki));
    json_base64(answer, "tls_spki", tern_bytes(server->tls_spki, server->tls_spki_size));
    cJSON *keys = cJSON_AddArrayToObject(answer, "keys");
    for (size_t i = 0; i < server->key_count; i++) {
        cJSON *key = cJSON_CreateObject();
        cJSON_AddNumberToObject(key, "id", (double)server->keys[i].id);
        cJSON_AddStringToObject(key, "curve", tern_curve_name(server->keys[i].key.curve));
        cJSON_AddBoolToObject(key, "active", i == 0);
        json_base64(key, "public_key_data", server->keys[i].key_data);
        cJSON_AddItemToArray(keys, key);
    }
    json_time(answer, "started", (int64_t)server->started_ms);
    return api_answer(call, 200, answer);
}

int api_trust(struct api_call *call)
{
    cJSON *answer = cJSON_CreateObject();
    cJSON *items = cJSON_AddArrayToObject(answer, "items");
    for (size_t i = 0; i < call->server->trust.anchor_count; i++) {
        const struct tern_anchor *anchor = &call->server->trust.anchors[i];
        cJSON *item = cJSON_CreateObject();
        json_hex(item, "key_id", anchor->key_id);
        cJSON_AddStringToObject(item, "curve", tern_curve_name(anchor->public_key.curve));
        json_time(item, "not_before", anchor->not_before * 1000);
        json_time(item, "not_after", anchor->not_after * 1000);
        cJSON_AddItemToArray(items, item);
    }
    return api_answer(call, 200, answer);
}

int api_healthz(struct api_call *call)
{
    const struct tern_store *store = call->worker->eim.store;
    uint64_t actual = 0;
    int error =
        store->counter_set(store->context, "api.health", TERN_BYTES_TEXT("probe"), 0, 0, &actual);
    cJSON *answer = cJSON_CreateObject();
    bool sound = error == TERN_OK || error == TERN_ERR_CONFLICT;
    cJSON_AddStringToObject(answer, "status", sound ? "ok" : "store-failed");
    return api_answer(call, sound ? 200 : 503, answer);
}

int api_metrics(struct api_call *call)
{
    struct eim_metrics *m = &call->server->metrics;
    const struct {
        const char *name;
        const char *help;
        uint64_t value;
    } rows[] = {
        {"tern_eim_esipa_requests_total",          "messages of IPAs",                         m->requests    },
        {"tern_eim_esipa_refused_total",           "messages answered by an HTTP error",       m->refused     },
        {"tern_eim_operations_finished_total",     "operations with a final state",            m->results     },
        {"tern_eim_signatures_total",              "packages signed",                          m->signatures  },
        {"tern_eim_calls_total",                   "calls to SM-DP+, SM-DS and IPAs",          m->calls       },
        {"tern_eim_calls_failed_total",            "calls without an answer",                  m->calls_failed},
        {"tern_eim_notifications_forwarded_total", "notifications an SM-DP+ took",             m->forwarded   },
        {"tern_eim_suspect_total",                 "signatures or chains that did not verify", m->suspects    },
        {"tern_eim_events_total",                  "events stored",                            m->events      },
        {"tern_eim_api_requests_total",            "requests of the API",                      m->api_requests},
        {"tern_eim_commits_total",                 "transactions of the first worker",
         sqlite_store_commit_count(call->worker->store)                                                       },
    };
    size_t size = 0;
    size_t capacity = 8192;
    char *text = malloc(capacity);
    if (text == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    for (size_t i = 0; i < TERN_COUNT_OF(rows); i++) {
        size += (size_t)snprintf(text + size, capacity - size,
                                 "# HELP %s %s\n# TYPE %s counter\n%s %llu\n", rows[i].name,
                                 rows[i].help, rows[i].name, rows[i].name,
                                 (unsigned long long)rows[i].value);
    }
    call->text_owned = text;
    call->text = text;
    call->type = "text/plain; version=0.0.4";
    call->status = 200;
    return TERN_OK;
}

/* A copy by a connection of its own: this one is inside a transaction. */
int api_backup(struct api_call *call)
{
    char folder[1024];
    char file[1100];
    char database[1024];
    char name[64];
    struct sqlite_store *copy = NULL;
    const char *data = call->server->options->data;
    snprintf(name, sizeof(name), "eim-%llu.db", (unsigned long long)unix_ms());
    int error = path_join(folder, sizeof(folder), data, "backup");
    error = error == TERN_OK ? folder_make(folder, 0700) : error;
    error = error == TERN_OK ? path_join(file, sizeof(file), folder, name) : error;
    error = error == TERN_OK ? path_join(database, sizeof(database), data, "eim.db") : error;
    error = error == TERN_OK ? sqlite_store_open(&copy, database) : error;
    error = error == TERN_OK ? sqlite_store_backup(copy, file) : error;
    if (copy != NULL) {
        sqlite_store_close(copy);
    }
    if (error != TERN_OK) {
        return api_refuse(call, 500, "backup.failed", "the copy could not be written", NULL,
                          "look for room and rights in DATA/backup");
    }
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddBoolToObject(answer, "ok", true);
    cJSON_AddStringToObject(answer, "file", file);
    return api_answer(call, 201, answer);
}

/* ---- Notifications under way ---- */

int api_outbound(struct api_call *call)
{
    const struct tern_store *store = call->worker->eim.store;
    uint64_t limit = api_query_number(call, "limit", LIST_DEFAULT);
    limit = limit > LIST_MAX ? LIST_MAX : limit;
    uint8_t key[TERN_STORE_KEY_SIZE_MAX];
    size_t key_size = 0;
    cJSON *answer = cJSON_CreateObject();
    cJSON *items = cJSON_AddArrayToObject(answer, "items");
    for (uint64_t count = 0; count < limit; count++) {
        uint8_t found[TERN_STORE_KEY_SIZE_MAX];
        struct tern_eim_step step = eim_step(call->worker);
        struct tern_writer key_out = TERN_WRITER_OF(found);
        struct tern_writer value = tern_arena_writer(step.arena);
        if (store->next(store->context, "eim.outbound", TERN_BYTES_TEXT(""),
                        key_size == 0 ? TERN_BYTES_NONE : tern_bytes(key, key_size), &key_out,
                        &value) != 1) {
            break;
        }
        memcpy(key, found, key_out.size);
        key_size = key_out.size;
        struct tern_tlv record;
        struct tern_tlv item;
        if (tern_der_single(tern_writer_bytes(&value), &record, TERN_DER_STRICT) != TERN_OK) {
            continue;
        }
        cJSON *shown = cJSON_CreateObject();
        json_hex(shown, "id", tern_bytes(key, key_size));
        if (tern_der_find(record.value, 0x86, &item) == TERN_OK) {
            json_bytes_text(shown, "address", item.value);
        }
        if (tern_der_find(record.value, 0x81, &item) == TERN_OK) {
            cJSON_AddNumberToObject(shown, "attempts", (double)tern_read_uint(item.value));
        }
        if (tern_der_find(record.value, 0x83, &item) == TERN_OK) {
            json_time(shown, "due", (int64_t)tern_read_uint(item.value));
        }
        cJSON_AddBoolToObject(shown, "done", tern_der_find(record.value, 0x82, &item) == TERN_OK);
        struct tern_eim_device device;
        bool mine = call->tenant[0] == '\0';
        if (!mine && tern_der_find(record.value, 0x85, &item) == TERN_OK &&
            item.value.size == TERN_EID_SIZE &&
            tern_eim_device_load(&call->worker->eim, &step, item.value.data, &device) == TERN_OK) {
            mine = tern_bytes_equal(device.tenant, tern_bytes_text(call->tenant));
        }
        if (mine) {
            cJSON_AddItemToArray(items, shown);
        } else {
            cJSON_Delete(shown);
        }
    }
    return api_answer(call, 200, answer);
}
