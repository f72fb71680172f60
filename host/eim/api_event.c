/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events to those who asked: long polls that wait in a list, webhooks that are called with an HMAC
 * and retried. Both read the same stored records by number, so nothing is lost over a restart; a
 * webhook's number moves only when its server said 2xx.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/crypto/openssl.h"
#include "host/eim/api.h"
#include "host/log/log.h"

#define LIST_DEFAULT   100
#define LIST_MAX       1000
#define WAIT_MAX_S     55
#define WAITERS_MAX    256
#define HOOK_BATCH     50
#define WAITER_TICK_MS 500
#define HOOK_TICK_MS   1000
#define HOOK_DELAY_MAX ((uint64_t)3600 * 1000)
#define PIECE_SIZE     28 /* kind, sequence, code (4 each), EID */

struct api_waiter {
    struct api_call *call;
    struct api_waiter *next;
    uint64_t deadline_ms;
    uint64_t after;
    uint64_t limit;
};

/* ---- Reading stored events ---- */

static bool of_tenant(struct eim_worker *worker, const char *tenant, const uint8_t *eid)
{
    struct tern_eim_device device;
    struct tern_eim_step step = eim_step(worker);
    return tenant[0] == '\0' ||
           (tern_eim_device_load(&worker->eim, &step, eid, &device) == TERN_OK &&
            tern_bytes_equal(device.tenant, tern_bytes_text(tenant)));
}

static cJSON *json_event(uint64_t number, uint64_t time_ms, struct tern_bytes piece)
{
    char eid[33];
    char id[64];
    enum tern_eim_event_kind kind =
        (enum tern_eim_event_kind)tern_read_uint(tern_bytes_slice(piece, 0, 4));
    int64_t sequence = (int64_t)tern_read_uint(tern_bytes_slice(piece, 4, 4));
    int64_t code = (int64_t)tern_read_uint(tern_bytes_slice(piece, 8, 4));
    cJSON *out = cJSON_CreateObject();
    eid_text(eid, piece.data + 12);
    cJSON_AddNumberToObject(out, "number", (double)number);
    json_time(out, "time", (int64_t)time_ms);
    cJSON_AddStringToObject(out, "event", tern_eim_event_name(kind));
    cJSON_AddStringToObject(out, "eid", eid);
    if (sequence != 0) {
        operation_id(id, piece.data + 12, sequence);
        cJSON_AddStringToObject(out, "operation", id);
    }
    if (kind == TERN_EIM_EVENT_FINISHED) {
        cJSON_AddStringToObject(out, "state", tern_eim_state_name(code));
    } else if (kind == TERN_EIM_EVENT_QUIRK) {
        const char *name = tern_eim_quirk_name((uint32_t)code);
        cJSON_AddStringToObject(out, "quirk", name == NULL ? "several" : name);
    } else if (code != 0) {
        cJSON_AddNumberToObject(out, "code", (double)code);
    }
    return out;
}

/* Events after `after`, at most `limit` records; `after` becomes the last number looked at. */
static cJSON *read_events(struct eim_worker *worker, const char *tenant, uint64_t *after,
                          uint64_t limit)
{
    const struct tern_store *store = worker->eim.store;
    cJSON *items = cJSON_CreateArray();
    for (uint64_t count = 0; count < limit; count++) {
        uint8_t from[8];
        uint8_t key[8];
        uint8_t value[1024];
        struct tern_writer key_out = TERN_WRITER_OF(key);
        struct tern_writer out = TERN_WRITER_OF(value);
        if (store->next(store->context, "api.event", TERN_BYTES_TEXT(""), number_key(from, *after),
                        &key_out, &out) != 1) {
            break;
        }
        *after = tern_read_uint(TERN_BYTES_OF(key));
        uint64_t time_ms = tern_read_uint(tern_bytes(value, 8));
        for (size_t at = 8; at + PIECE_SIZE <= out.size; at += PIECE_SIZE) {
            if (of_tenant(worker, tenant, value + at + 12)) {
                cJSON_AddItemToArray(
                    items, json_event(*after, time_ms, tern_bytes(value + at, PIECE_SIZE)));
            }
        }
    }
    return items;
}

/* ---- Long polls ---- */

static void answer_events(struct api_call *call, cJSON *items, uint64_t after)
{
    char text[24];
    cJSON *answer = cJSON_CreateObject();
    snprintf(text, sizeof(text), "%llu", (unsigned long long)after);
    cJSON_AddItemToObject(answer, "items", items);
    cJSON_AddStringToObject(answer, "next", text);
    api_answer(call, 200, answer);
}

static size_t waiter_count(const struct eim_server *server)
{
    size_t count = 0;
    for (const struct api_waiter *at = server->waiters; at != NULL; at = at->next) {
        count++;
    }
    return count;
}

int api_events(struct api_call *call)
{
    uint64_t after = api_query_number(call, "after", 0);
    uint64_t limit = api_query_number(call, "limit", LIST_DEFAULT);
    uint64_t wait = api_query_number(call, "wait", 0);
    limit = limit > LIST_MAX ? LIST_MAX : limit;
    wait = wait > WAIT_MAX_S ? WAIT_MAX_S : wait;
    uint64_t last = after;
    cJSON *items = read_events(call->worker, call->tenant, &last, limit);
    bool wait_for_it = cJSON_GetArraySize(items) == 0 && wait > 0 && limit > 0;
    struct api_waiter *waiter =
        wait_for_it && waiter_count(call->server) < WAITERS_MAX ? calloc(1, sizeof(*waiter)) : NULL;
    if (waiter == NULL) {
        answer_events(call, items, last);
        return TERN_OK;
    }
    cJSON_Delete(items);
    *waiter = (struct api_waiter){.call = call,
                                  .next = call->server->waiters,
                                  .deadline_ms = loop_now_ms() + wait * 1000,
                                  .after = last,
                                  .limit = limit};
    call->server->waiters = waiter;
    call->later = true;
    loop_timer_set(call->server->waiter_timer, WAITER_TICK_MS);
    return TERN_OK;
}

static void look_at_waiters(struct eim_server *server, bool stopping)
{
    struct api_waiter **link = &server->waiters;
    uint64_t now = loop_now_ms();
    commit_group_flush(server->workers[0]->group); /* only what is durable is told */
    while (*link != NULL) {
        struct api_waiter *waiter = *link;
        cJSON *items =
            read_events(waiter->call->worker, waiter->call->tenant, &waiter->after, waiter->limit);
        if (cJSON_GetArraySize(items) == 0 && now < waiter->deadline_ms && !stopping) {
            cJSON_Delete(items);
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        answer_events(waiter->call, items, waiter->after);
        api_finish(waiter->call);
        free(waiter);
    }
}

/* ---- Webhooks ---- */

struct hook_call {
    struct eim_server *server;
    uint64_t id;
    uint64_t upto;
    int status;
    int error;
};

int webhook_secret(char out[65])
{
    uint8_t raw[32];
    const struct tern_crypto *crypto = tern_openssl();
    int error = crypto->random(crypto->context, raw, sizeof(raw));
    struct tern_writer writer = tern_writer(out, 64);
    tern_hex_encode(&writer, TERN_BYTES_OF(raw));
    out[64] = '\0';
    tern_wipe(raw, sizeof(raw));
    return error;
}

static cJSON *load_hook(struct eim_worker *worker, uint64_t id)
{
    uint8_t key[8];
    struct api_call call = {.worker = worker};
    return record_load(&call, "api.webhook", number_key(key, id));
}

static int work_hook(void *context)
{
    struct hook_call *task = context;
    struct eim_worker *worker = task->server->workers[0];
    uint8_t key[8];
    cJSON *hook = load_hook(worker, task->id);
    if (hook == NULL) {
        return TERN_OK; /* removed meanwhile */
    }
    bool taken = task->error == TERN_OK && task->status >= 200 && task->status < 300;
    int64_t attempts = taken ? 0 : api_number(hook, "attempts", 0) + 1;
    uint64_t delay = 1000;
    for (int64_t i = 1; i < attempts && delay < HOOK_DELAY_MAX; i++) {
        delay *= 2;
    }
    cJSON_DeleteItemFromObject(hook, "attempts");
    cJSON_DeleteItemFromObject(hook, "next_ms");
    cJSON_AddNumberToObject(hook, "attempts", (double)attempts);
    cJSON_AddNumberToObject(hook, "next_ms", taken ? 0 : (double)(unix_ms() + delay));
    if (taken) {
        cJSON_DeleteItemFromObject(hook, "after");
        cJSON_AddNumberToObject(hook, "after", (double)task->upto);
    }
    int error = record_save(worker, "api.webhook", number_key(key, task->id), hook);
    cJSON_Delete(hook);
    return error;
}

static void after_hook(void *context, int error)
{
    struct hook_call *task = context;
    (void)error;
    task->server->webhook_running = false;
    if (task->server->webhook_timer != NULL) { /* more may wait, or it is tried again */
        bool taken = task->error == TERN_OK && task->status < 300;
        loop_timer_set(task->server->webhook_timer, taken ? 0 : HOOK_TICK_MS);
    }
    free(task);
}

static void on_hook(void *context, const struct http_response *response)
{
    struct hook_call *task = context;
    task->error = response->error;
    task->status = response->status;
    if (response->error != TERN_OK || response->status >= 300) {
        log_warn("eim.webhook", "error", tern_error_name(response->error), "reason",
                 response->reason);
    }
    struct commit_group *group = task->server->workers[0]->group;
    if (commit_group_run(group, work_hook, after_hook, task) != TERN_OK) {
        after_hook(task, TERN_ERR_IO);
    }
}

/* POST one batch. @return true when a call is under way. */
static bool call_hook(struct eim_server *server, const cJSON *hook, uint64_t id)
{
    struct eim_worker *worker = server->workers[0];
    const struct tern_crypto *crypto = tern_openssl();
    bool bad = false;
    const char *url = api_text(hook, "url", &bad);
    const char *secret = api_text(hook, "secret", &bad);
    const char *tenant = api_text(hook, "tenant", &bad);
    uint64_t after = (uint64_t)api_number(hook, "after", 0);
    uint64_t upto = after;
    if (url == NULL || secret == NULL || (uint64_t)api_number(hook, "next_ms", 0) > unix_ms()) {
        return false;
    }
    cJSON *items = read_events(worker, tenant == NULL ? "" : tenant, &upto, HOOK_BATCH);
    struct hook_call *task = calloc(1, sizeof(*task));
    cJSON *body = cJSON_CreateObject();
    int count = cJSON_GetArraySize(items);
    cJSON_AddItemToObject(body, "events", items);
    char *text = cJSON_PrintUnformatted(body);
    cJSON_Delete(body);
    if (count == 0 || text == NULL || task == NULL) {
        free(text);
        free(task);
        return false;
    }
    uint8_t mac[TERN_SHA256_SIZE];
    char signature[80] = "sha256=";
    struct tern_bytes part = tern_bytes_text(text);
    struct tern_writer out = tern_writer(signature + 7, 64);
    bool sealed =
        crypto->hmac_sha256(crypto->context, mac, tern_bytes_text(secret), &part, 1) == TERN_OK;
    tern_hex_encode(&out, TERN_BYTES_OF(mac));
    signature[7 + 64] = '\0';
    const struct http_header headers[] = {
        {"Content-Type",     "application/json"},
        {"User-Agent",       "tern-eim"        },
        {"X-Tern-Signature", signature         }
    };
    struct http_call call = {.method = "POST",
                             .url = url,
                             .headers = headers,
                             .header_count = TERN_COUNT_OF(headers),
                             .body = part,
                             .trust = {.anchors = server->client_anchors},
                             .timeout_ms = 15000};
    *task = (struct hook_call){.server = server, .id = id, .upto = upto};
    bool started = sealed && worker->client != NULL &&
                   http_client_start(worker->client, &call, on_hook, task) != NULL;
    if (!started) {
        free(task);
    }
    free(text);
    return started;
}

static void look_at_hooks(struct eim_server *server)
{
    struct eim_worker *worker = server->workers[0];
    uint8_t key[8] = {0};
    size_t key_size = sizeof(key);
    uint64_t id = 0;
    bool any = false;
    commit_group_flush(worker->group);
    while (!server->webhook_running) {
        uint8_t from[8];
        cJSON *hook = record_next(worker, "api.webhook", number_key(from, id), key, &key_size);
        if (hook == NULL) {
            break;
        }
        any = true;
        id = tern_read_uint(TERN_BYTES_OF(key));
        server->webhook_running = call_hook(server, hook, id);
        cJSON_Delete(hook);
    }
    if (any && !server->webhook_running) {
        loop_timer_set(server->webhook_timer, HOOK_TICK_MS); /* retries and the rest */
    }
}

static cJSON *show_hook(cJSON *hook)
{
    cJSON_DeleteItemFromObject(hook, "secret");
    cJSON_DeleteItemFromObject(hook, "next_ms");
    return hook;
}

int api_list_webhooks(struct api_call *call)
{
    uint8_t key[8] = {0};
    size_t key_size = sizeof(key);
    uint64_t id = 0;
    cJSON *answer = cJSON_CreateObject();
    cJSON *items = cJSON_AddArrayToObject(answer, "items");
    for (;;) {
        uint8_t from[8];
        bool bad = false;
        cJSON *hook =
            record_next(call->worker, "api.webhook", number_key(from, id), key, &key_size);
        if (hook == NULL) {
            break;
        }
        id = tern_read_uint(TERN_BYTES_OF(key));
        const char *tenant = api_text(hook, "tenant", &bad);
        if (call->tenant[0] == '\0' || (tenant != NULL && strcmp(tenant, call->tenant) == 0)) {
            cJSON_AddItemToArray(items, show_hook(hook));
        } else {
            cJSON_Delete(hook);
        }
    }
    return api_answer(call, 200, answer);
}

int api_add_webhook(struct api_call *call)
{
    const struct tern_store *store = call->worker->eim.store;
    bool bad = !cJSON_IsObject(call->body);
    char secret[65];
    uint8_t key[8];
    int error;
    const char *url = api_text(call->body, "url", &bad);
    if (bad || url == NULL || strncmp(url, "https://", 8) != 0 || strlen(url) > 1000) {
        return api_refuse(call, 400, "webhook.malformed", "a webhook needs an https address", "url",
                          "give url; the outbound policy decides where it may lead");
    }
    uint64_t id = record_number(call->worker, "api.webhook", &error);
    uint64_t last = 0; /* from now on: the number of the last event */
    if (store->counter_set(store->context, "api.event", TERN_BYTES_TEXT("number"), 0, 0, &last) !=
        TERN_ERR_CONFLICT) {
        last = 0;
    }
    error = error == TERN_OK ? webhook_secret(secret) : error;
    cJSON *hook = cJSON_CreateObject();
    cJSON_AddNumberToObject(hook, "id", (double)id);
    cJSON_AddStringToObject(hook, "url", url);
    cJSON_AddStringToObject(hook, "secret", secret);
    cJSON_AddStringToObject(hook, "tenant", call->tenant);
    cJSON_AddNumberToObject(hook, "after", (double)last);
    if (error == TERN_OK) {
        error = record_save(call->worker, "api.webhook", number_key(key, id), hook);
    }
    tern_wipe(secret, sizeof(secret));
    if (error != TERN_OK) {
        cJSON_Delete(hook);
        return error;
    }
    loop_timer_set(call->server->webhook_timer, HOOK_TICK_MS);
    return api_answer(call, 201, hook);
}

int api_remove_webhook(struct api_call *call)
{
    uint8_t key[8];
    char *end;
    bool bad = false;
    unsigned long long id = strtoull(call->parameters[0], &end, 10);
    cJSON *hook = *end == '\0' ? load_hook(call->worker, id) : NULL;
    const char *tenant = api_text(hook, "tenant", &bad);
    bool mine = hook != NULL &&
                (call->tenant[0] == '\0' || (tenant != NULL && strcmp(tenant, call->tenant) == 0));
    cJSON_Delete(hook);
    if (!mine) {
        return api_refuse(call, 404, "webhook.unknown", "no webhook has this id", "id",
                          "list the webhooks");
    }
    int error = record_remove(call, "api.webhook", number_key(key, id));
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddBoolToObject(answer, "ok", true);
    return error == TERN_OK ? api_answer(call, 200, answer) : (cJSON_Delete(answer), error);
}

/* ---- When to look ---- */

static void on_waiter_timer(void *context)
{
    struct eim_server *server = context;
    look_at_waiters(server, false);
    if (server->waiters != NULL) {
        loop_timer_set(server->waiter_timer, WAITER_TICK_MS);
    }
}

static void on_webhook_timer(void *context)
{
    look_at_hooks(context);
}

void api_look_at_events(struct eim_server *server)
{
    struct loop *loop = server->workers[0]->loop;
    if (server->waiter_timer == NULL) {
        server->waiter_timer = loop_timer_new(loop, on_waiter_timer, server);
        server->webhook_timer = loop_timer_new(loop, on_webhook_timer, server);
    }
    if (server->waiter_timer != NULL && server->webhook_timer != NULL) {
        loop_timer_set(server->waiter_timer, 0);
        loop_timer_set(server->webhook_timer, 0);
    }
}

static void wake(void *context)
{
    api_look_at_events(context);
}

/* From any worker's thread. */
void api_events_stored(struct eim_server *server)
{
    struct eim_worker *worker = server->workers[0];
    if (worker != NULL && loop_is_here(worker->loop)) {
        api_look_at_events(server);
    } else if (worker != NULL) {
        (void)loop_post(worker->loop, wake, server);
    }
}

void api_stop(struct eim_server *server)
{
    if (server->workers[0] != NULL) {
        look_at_waiters(server, true);
    }
    loop_timer_free(server->waiter_timer);
    loop_timer_free(server->webhook_timer);
    server->waiter_timer = NULL;
    server->webhook_timer = NULL;
}
