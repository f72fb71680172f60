/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools of activation codes: imported from CSV, QR images or one by one, reserved, assigned to a
 * download, then used or failed. The states used and failed are those of the download itself.
 *
 * Space api.code: number (8) -> JSON; api.code-of: SHA-256 of the code -> number, so that a list
 * imported twice adds nothing. Codes are secrets of their owner: lists show the SM-DP+ only.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/crypto/openssl.h"
#include "host/eim/api_code.h"
#include "host/eim/qr.h"

#define LIST_DEFAULT 100
#define LIST_MAX     1000
#define SCAN_MAX     50000
#define FIELDS_MAX   8
#define QR_TEXT_SIZE 2048

static const char *const MEMBERS[] = {"activation_code", "confirmation_code", "iccid", "operator",
                                      "note"};

struct code_import {
    struct api_call *call;
    const char *pool;
    unsigned added, known;
    cJSON *ids;
    cJSON *failed;
    unsigned line;
};

static bool plausible(const char *code)
{
    const char *text = strncmp(code, "LPA:", 4) == 0 ? code + 4 : code;
    const char *address = strncmp(text, "1$", 2) == 0 ? text + 2 : NULL;
    const char *end = address == NULL ? NULL : strchr(address, '$');
    return strlen(code) <= TERN_ACTIVATION_CODE_SIZE && end != NULL && end > address &&
           end - address <= TERN_ADDRESS_SIZE;
}

static void fail_one(struct code_import *import, const char *what)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "line", import->line);
    cJSON_AddStringToObject(item, "code", "code.malformed");
    cJSON_AddStringToObject(item, "what", what);
    cJSON_AddItemToArray(import->failed, item);
}

/* `record` has activation_code and what else is known; taken over. */
static int add_code(struct code_import *import, cJSON *record)
{
    struct api_call *call = import->call;
    const struct tern_store *store = call->worker->eim.store;
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t digest[TERN_SHA256_SIZE];
    uint8_t key[8];
    bool bad = false;
    const char *text = api_text(record, "activation_code", &bad);
    if (text == NULL || !plausible(text)) {
        fail_one(import, "not an activation code: 1$ADDRESS$MATCHINGID is what it begins with");
        cJSON_Delete(record);
        return TERN_OK;
    }
    if (strncmp(text, "LPA:", 4) == 0) {
        char bare[TERN_ACTIVATION_CODE_SIZE + 1];
        snprintf(bare, sizeof(bare), "%s", text + 4);
        cJSON_ReplaceItemInObject(record, "activation_code", cJSON_CreateString(bare));
        text = api_text(record, "activation_code", &bad);
    }
    struct tern_bytes parts[] = {tern_bytes_text(call->tenant), TERN_BYTES_TEXT("\n"),
                                 tern_bytes_text(text)};
    if (crypto->sha256(crypto->context, digest, parts, TERN_COUNT_OF(parts)) != TERN_OK) {
        cJSON_Delete(record);
        return TERN_ERR_CRYPTO;
    }
    uint8_t known[8];
    struct tern_writer known_out = TERN_WRITER_OF(known);
    int error = store->load(store->context, "api.code-of", TERN_BYTES_OF(digest), &known_out);
    if (error == TERN_OK) {
        import->known++;
        cJSON_AddItemToArray(import->ids,
                             cJSON_CreateNumber((double)tern_read_uint(TERN_BYTES_OF(known))));
        cJSON_Delete(record);
        return TERN_OK;
    }
    uint64_t number = record_number(call->worker, "api.code", &error);
    cJSON_AddNumberToObject(record, "id", (double)number);
    cJSON_AddStringToObject(record, "state", "free");
    cJSON_AddStringToObject(record, "pool", import->pool);
    cJSON_AddStringToObject(record, "tenant", call->tenant);
    cJSON_AddNumberToObject(record, "added_ms", (double)unix_ms());
    if (error == TERN_OK) {
        error = record_save(call->worker, "api.code", number_key(key, number), record);
    }
    if (error == TERN_OK) {
        error =
            store->save(store->context, "api.code-of", TERN_BYTES_OF(digest), TERN_BYTES_OF(key));
    }
    import->added++;
    cJSON_AddItemToArray(import->ids, cJSON_CreateNumber((double)number));
    cJSON_Delete(record);
    return error;
}

/* ---- CSV ---- */

/* One field off `at`, in place: double quotes with "" inside. Returns what follows it. */
static char *take_field(char *at)
{
    char *out = at;
    bool quoted = *at == '"';
    at += quoted;
    while (*at != '\0' && (quoted || *at != ',')) {
        if (quoted && *at == '"') {
            at++;
            quoted = *at == '"';
        }
        if (quoted || *at != ',') {
            *out = *at;
            out += *at != '\0';
            at += *at != '\0';
        }
    }
    bool more = *at == ',';
    *out = '\0';
    return more ? at + 1 : NULL;
}

static size_t split(char *line, char *fields[FIELDS_MAX])
{
    size_t count = 0;
    for (char *at = line; at != NULL && count < FIELDS_MAX;) {
        fields[count++] = at;
        at = take_field(at);
    }
    return count;
}

struct csv_columns {
    char names[FIELDS_MAX][32];
    size_t count;
};

static cJSON *csv_record(const struct csv_columns *columns, char *const fields[FIELDS_MAX],
                         size_t count)
{
    cJSON *record = cJSON_CreateObject();
    for (size_t i = 0; i < count && i < columns->count; i++) {
        for (size_t n = 0; n < TERN_COUNT_OF(MEMBERS); n++) {
            if (strcmp(columns->names[i], MEMBERS[n]) == 0 && fields[i][0] != '\0' &&
                tern_utf8_valid(tern_bytes_text(fields[i]))) {
                cJSON_AddStringToObject(record, MEMBERS[n], fields[i]);
            }
        }
    }
    return record;
}

static int import_line(struct code_import *import, struct csv_columns *columns, char *line)
{
    char *fields[FIELDS_MAX];
    line[strcspn(line, "\r")] = '\0';
    if (line[0] == '\0' || line[0] == '#') {
        return TERN_OK;
    }
    size_t count = split(line, fields);
    if (strcmp(fields[0], "activation_code") != 0) {
        return add_code(import, csv_record(columns, fields, count));
    }
    columns->count = count;
    for (size_t i = 0; i < count; i++) {
        snprintf(columns->names[i], sizeof(columns->names[i]), "%s", fields[i]);
    }
    return TERN_OK;
}

static int import_csv(struct code_import *import, struct tern_bytes text)
{
    struct csv_columns columns = {.names = {"activation_code"}, .count = 1};
    int error = TERN_OK;
    while (text.size > 0 && error == TERN_OK) {
        char line[2048];
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end == NULL ? text.size : (size_t)(end - text.data);
        import->line++;
        snprintf(line, sizeof(line), "%.*s", (int)(size < 2047 ? size : 2047),
                 (const char *)text.data);
        text = tern_bytes_slice(text, size + 1, text.size);
        error = import_line(import, &columns, line);
    }
    return error;
}

static int import_json(struct code_import *import, const cJSON *object)
{
    bool bad = false;
    cJSON *record = cJSON_CreateObject();
    for (size_t i = 0; i < TERN_COUNT_OF(MEMBERS); i++) {
        const char *text = api_text(object, MEMBERS[i], &bad);
        if (text != NULL) {
            cJSON_AddStringToObject(record, MEMBERS[i], text);
        }
    }
    import->line++;
    return add_code(import, record);
}

static int import_all(struct code_import *import, const char *qr_text)
{
    struct api_call *call = import->call;
    const cJSON *item;
    int error = TERN_OK;
    if (qr_text != NULL) {
        return import_csv(import, tern_bytes_text(qr_text));
    }
    if (cJSON_IsArray(call->body)) {
        cJSON_ArrayForEach(item, call->body)
        {
            error = error == TERN_OK ? import_json(import, item) : error;
        }
        return error;
    }
    return cJSON_IsObject(call->body) ? import_json(import, call->body)
                                      : import_csv(import, call->request->body);
}

int codes_import(struct api_call *call, const char *qr_text)
{
    char pool[API_TEXT_SIZE] = "default";
    (void)api_query(call, "pool", pool, sizeof(pool));
    struct code_import import = {
        .call = call, .pool = pool, .ids = cJSON_CreateArray(), .failed = cJSON_CreateArray()};
    int error = import_all(&import, qr_text);
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddNumberToObject(answer, "added", import.added);
    cJSON_AddNumberToObject(answer, "known", import.known);
    cJSON_AddItemToObject(answer, "ids", import.ids);
    cJSON_AddItemToObject(answer, "failed", import.failed);
    if (error != TERN_OK || import.added + import.known == 0) {
        cJSON_Delete(answer);
        return error != TERN_OK ? error
                                : api_refuse(call, 422, "code.none",
                                             "there is no activation code in the request", "body",
                                             "see docs/FORMATS.md, Activation codes");
    }
    return api_answer(call, 200, answer);
}

/* ---- QR: the child runs in a thread of its own, the transaction is not open meanwhile ---- */

struct qr_task {
    struct api_call *call;
    void (*done)(struct api_call *call, const char *text, int error);
    int error;
    char text[QR_TEXT_SIZE];
};

static void qr_done(void *context)
{
    struct qr_task *task = context;
    task->done(task->call, task->text, task->error);
    free(task);
}

static void *qr_run(void *context)
{
    struct qr_task *task = context;
    task->error = qr_read(task->call->request->body, task->text, sizeof(task->text));
    if (loop_post(task->call->worker->loop, qr_done, task) != TERN_OK) {
        free(task); /* the loop is gone, and with it the request */
    }
    return NULL;
}

bool codes_start_qr(struct api_call *call,
                    void (*done)(struct api_call *call, const char *text, int error))
{
    pthread_t thread;
    struct qr_task *task = calloc(1, sizeof(*task));
    if (task == NULL) {
        return false;
    }
    task->call = call;
    task->done = done;
    if (pthread_create(&thread, NULL, qr_run, task) != 0) {
        free(task);
        return false;
    }
    pthread_detach(thread);
    return true;
}

int api_import_codes(struct api_call *call)
{
    const char *type = http_request_header(call->request, "Content-Type");
    if (type != NULL && strncasecmp(type, "image/", 6) == 0) {
        call->wants_qr = true;
        call->later = true;
        return TERN_OK;
    }
    return codes_import(call, NULL);
}

/* ---- Looking ---- */

/* used and failed come from the download. */
static void derive_state(struct api_call *call, cJSON *record)
{
    bool bad = false;
    uint8_t eid[TERN_EID_SIZE];
    int64_t sequence;
    const char *state = api_text(record, "state", &bad);
    const char *operation_text = api_text(record, "operation", &bad);
    if (state == NULL || strcmp(state, "assigned") != 0 || operation_text == NULL ||
        !operation_id_read(operation_text, eid, &sequence)) {
        return;
    }
    struct tern_eim_step step = eim_step(call->worker);
    struct tern_eim_operation operation;
    if (tern_eim_operation_load(&call->worker->eim, &step, eid, sequence, &operation) != TERN_OK ||
        tern_eim_state_open(operation.state)) {
        return;
    }
    const char *now = operation.state == TERN_EIM_DONE ? "used" : "failed";
    cJSON_ReplaceItemInObject(record, "state", cJSON_CreateString(now));
}

static cJSON *show(struct api_call *call, cJSON *record, bool reveal)
{
    bool bad = false;
    char smdp[TERN_ADDRESS_SIZE + 1] = "";
    derive_state(call, record);
    const char *code = api_text(record, "activation_code", &bad);
    if (code != NULL) {
        snprintf(smdp, sizeof(smdp), "%.*s", (int)strcspn(code + 2, "$"), code + 2);
    }
    cJSON_AddStringToObject(record, "smdp", smdp);
    cJSON_AddBoolToObject(record, "has_confirmation_code",
                          cJSON_HasObjectItem(record, "confirmation_code"));
    if (!reveal) {
        cJSON_DeleteItemFromObject(record, "activation_code");
        cJSON_DeleteItemFromObject(record, "confirmation_code");
    }
    json_time(record, "added", api_number(record, "added_ms", 0));
    cJSON_DeleteItemFromObject(record, "added_ms");
    return record;
}

static bool visible(const struct api_call *call, const cJSON *record)
{
    bool bad = false;
    const char *tenant = api_text(record, "tenant", &bad);
    return call->tenant[0] == '\0' || (tenant != NULL && strcmp(tenant, call->tenant) == 0);
}

static cJSON *load_code(struct api_call *call, const char *id, uint8_t key[8])
{
    char *end;
    unsigned long long number = strtoull(id, &end, 10);
    cJSON *record = *end == '\0' ? record_load(call, "api.code", number_key(key, number)) : NULL;
    if (record != NULL && !visible(call, record)) {
        cJSON_Delete(record);
        record = NULL;
    }
    if (record == NULL) {
        api_refuse(call, 404, "code.unknown", "no activation code has this id", "id",
                   "list the codes");
    }
    return record;
}

static bool equals(const cJSON *record, const char *name, const char *wanted)
{
    bool bad = false;
    const char *text = api_text(record, name, &bad);
    return wanted[0] == '\0' || (text != NULL && strcmp(text, wanted) == 0);
}

int api_list_codes(struct api_call *call)
{
    char pool[API_TEXT_SIZE] = "";
    char state[32] = "";
    uint8_t key[8];
    size_t key_size = 8;
    (void)api_query(call, "pool", pool, sizeof(pool));
    (void)api_query(call, "state", state, sizeof(state));
    uint64_t after = api_query_number(call, "after", 0);
    uint64_t limit = api_query_number(call, "limit", LIST_DEFAULT);
    limit = limit > LIST_MAX ? LIST_MAX : limit;
    cJSON *answer = cJSON_CreateObject();
    cJSON *items = cJSON_AddArrayToObject(answer, "items");
    cJSON *record = NULL;
    uint64_t count = 0;
    for (int scanned = 0; count < limit && scanned < SCAN_MAX; scanned++) {
        record = record_next(call->worker, "api.code", number_key(key, after), key, &key_size);
        if (record == NULL) {
            break;
        }
        after = tern_read_uint(TERN_BYTES_OF(key));
        bool mine = visible(call, record) && equals(record, "pool", pool);
        record = show(call, record, false);
        if (mine && equals(record, "state", state)) {
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

int api_show_code(struct api_call *call)
{
    uint8_t key[8];
    char reveal[8] = "";
    cJSON *record = load_code(call, call->parameters[0], key);
    if (record == NULL) {
        return TERN_ERR_STATE;
    }
    (void)api_query(call, "reveal", reveal, sizeof(reveal));
    bool open = strcmp(reveal, "true") == 0 && call->role >= API_OPERATOR;
    return api_answer(call, 200, show(call, record, open));
}

int api_change_code(struct api_call *call)
{
    uint8_t key[8];
    bool bad = !cJSON_IsObject(call->body);
    const char *state = api_text(call->body, "state", &bad);
    const char *note = api_text(call->body, "note", &bad);
    const char *confirmation = api_text(call->body, "confirmation_code", &bad);
    bool known = state == NULL || strcmp(state, "free") == 0 || strcmp(state, "reserved") == 0;
    if (bad || !known) {
        return api_refuse(call, 400, "body.malformed", "the state can be set to free or reserved",
                          "state", "assigned, used and failed follow from downloads");
    }
    cJSON *record = load_code(call, call->parameters[0], key);
    if (record == NULL) {
        return TERN_ERR_STATE;
    }
    const struct {
        const char *name;
        const char *value;
    } changes[] = {
        {"state",             state       },
        {"note",              note        },
        {"confirmation_code", confirmation}
    };
    for (size_t i = 0; i < TERN_COUNT_OF(changes); i++) {
        if (changes[i].value != NULL) {
            cJSON_DeleteItemFromObject(record, changes[i].name);
            cJSON_AddStringToObject(record, changes[i].name, changes[i].value);
        }
    }
    if (state != NULL && strcmp(state, "free") == 0) {
        cJSON_DeleteItemFromObject(record, "operation");
        cJSON_DeleteItemFromObject(record, "eid");
    }
    int error = record_save(call->worker, "api.code", TERN_BYTES_OF(key), record);
    if (error != TERN_OK) {
        cJSON_Delete(record);
        return error;
    }
    return api_answer(call, 200, show(call, record, false));
}

int api_remove_code(struct api_call *call)
{
    uint8_t key[8];
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t digest[TERN_SHA256_SIZE];
    bool bad = false;
    cJSON *record = load_code(call, call->parameters[0], key);
    if (record == NULL) {
        return TERN_ERR_STATE;
    }
    const char *text = api_text(record, "activation_code", &bad);
    const char *tenant = api_text(record, "tenant", &bad);
    struct tern_bytes parts[] = {tern_bytes_text(tenant == NULL ? "" : tenant),
                                 TERN_BYTES_TEXT("\n"), tern_bytes_text(text == NULL ? "" : text)};
    int error = crypto->sha256(crypto->context, digest, parts, TERN_COUNT_OF(parts));
    if (error == TERN_OK) {
        (void)record_remove(call, "api.code-of", TERN_BYTES_OF(digest));
        error = record_remove(call, "api.code", TERN_BYTES_OF(key));
    }
    cJSON_Delete(record);
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddBoolToObject(answer, "ok", true);
    return error == TERN_OK ? api_answer(call, 200, answer) : (cJSON_Delete(answer), error);
}

/* ---- For downloads ---- */

static cJSON *first_free(struct api_call *call, const char *pool, uint8_t key[8])
{
    uint64_t after = 0;
    size_t key_size = 8;
    for (int scanned = 0; scanned < SCAN_MAX; scanned++) {
        uint8_t from[8];
        cJSON *record =
            record_next(call->worker, "api.code", number_key(from, after), key, &key_size);
        if (record == NULL) {
            return NULL;
        }
        if (visible(call, record) && equals(record, "pool", pool) &&
            equals(record, "state", "free")) {
            return record;
        }
        after = tern_read_uint(tern_bytes(key, 8));
        cJSON_Delete(record);
    }
    return NULL;
}

int code_take(struct api_call *call, const char *id, const char *pool, const uint8_t *eid,
              struct code_taken *taken)
{
    uint8_t key[8];
    char digits[33];
    bool bad = false;
    cJSON *record = id != NULL ? load_code(call, id, key) : first_free(call, pool, key);
    if (record == NULL) {
        return id != NULL ? TERN_ERR_STATE
                          : api_refuse(call, 409, "pool.empty", "no free code is in this pool",
                                       "pool", "import more codes, or free one");
    }
    derive_state(call, record);
    const char *state = api_text(record, "state", &bad);
    if (state == NULL || strcmp(state, "assigned") == 0 || strcmp(state, "used") == 0) {
        cJSON_Delete(record);
        return api_refuse(call, 409, "code.taken", "the code is assigned or used", "code",
                          "take another one, or free it when its download has failed");
    }
    snprintf(taken->activation_code, sizeof(taken->activation_code), "%s",
             api_text(record, "activation_code", &bad));
    const char *confirmation = api_text(record, "confirmation_code", &bad);
    if (confirmation != NULL && taken->confirmation_code[0] == '\0') {
        snprintf(taken->confirmation_code, sizeof(taken->confirmation_code), "%s", confirmation);
    }
    snprintf(taken->reference, sizeof(taken->reference), "code:%llu",
             (unsigned long long)tern_read_uint(TERN_BYTES_OF(key)));
    eid_text(digits, eid);
    cJSON_ReplaceItemInObject(record, "state", cJSON_CreateString("assigned"));
    cJSON_DeleteItemFromObject(record, "eid");
    cJSON_DeleteItemFromObject(record, "operation");
    cJSON_AddStringToObject(record, "eid", digits);
    int error = record_save(call->worker, "api.code", TERN_BYTES_OF(key), record);
    cJSON_Delete(record);
    return error;
}

int code_assigned(struct api_call *call, const char *reference, const char *operation)
{
    uint8_t key[8];
    unsigned long long number = strtoull(reference + strlen("code:"), NULL, 10);
    cJSON *record = record_load(call, "api.code", number_key(key, number));
    if (record == NULL) {
        return TERN_ERR_NOT_FOUND;
    }
    cJSON_AddStringToObject(record, "operation", operation);
    int error = record_save(call->worker, "api.code", TERN_BYTES_OF(key), record);
    cJSON_Delete(record);
    return error;
}
