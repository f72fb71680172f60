/* SPDX-License-Identifier: Apache-2.0 */
/* What the SM-DP+ sends by itself: ES2+.HandleDownloadProgressInfo to operators, ES12 to an SM-DS;
 * only where the outbound policy allows. One task at a time; the store remembers them. */
#include "app/smdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/log/log.h"
#include "tern/json.h"

#define CALL_TIMEOUT_MS 15000
#define TASKS_AT_ONCE   100 /* that need no waiting, in one turn of the loop */

struct running {
    struct smdp_server *server;
    struct tern_arena arena;
    uint8_t key[64];
    size_t key_size;
    enum tern_smdp_task_kind kind;
};

int smdp_call_out(struct smdp_server *server, const char *base, const char *path,
                  struct tern_bytes body,
                  void (*on_done)(void *context, const struct http_response *response),
                  void *context)
{
    static const struct http_header HEADERS[] = {
        {"Content-Type",     TERN_ES9PLUS_JSON_TYPE},
        {"X-Admin-Protocol", TERN_ES9PLUS_PROTOCOL },
    };
    char url[700];
    bool has_scheme = strncmp(base, "https://", 8) == 0;
    int size = snprintf(url, sizeof url, "%s%s%s", has_scheme ? "" : "https://", base, path);
    if (size < 0 || (size_t)size >= sizeof url) {
        return TERN_ERR_RANGE;
    }
    pthread_rwlock_rdlock(&server->lock);
    struct http_call call = {.url = url,
                             .headers = HEADERS,
                             .header_count = TERN_COUNT_OF(HEADERS),
                             .body = body,
                             .trust = {.anchors = server->material->anchors},
                             .identity = server->material->tls.identity,
                             .timeout_ms = CALL_TIMEOUT_MS,
                             .response_size_max = 65536};
    struct http_transfer *transfer = http_client_start(server->client, &call, on_done, context);
    pthread_rwlock_unlock(&server->lock);
    return transfer == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

enum tern_status_code smdp_es12_outcome(const struct http_response *response)
{
    uint8_t memory[2048];
    struct tern_arena arena = tern_arena(memory, sizeof memory);
    struct tern_json object;
    struct tern_status status;
    if (response->error == TERN_ERR_DENIED) {
        return TERN_STATUS_SMDS_ADDRESS;
    }
    if (response->error != TERN_OK) {
        return TERN_STATUS_SMDS_INACCESSIBLE;
    }
    if (response->status != 200 || tern_json_parse(&object, response->body) < 0 ||
        tern_status_read_header(&object, &arena, &status) < 0) {
        return TERN_STATUS_SMDS_ERROR;
    }
    if (tern_status_ok(&status)) {
        return TERN_STATUS_SUCCESS;
    }
    enum tern_status_code code = tern_status_find(status.subject_code, status.reason_code);
    /* Ours from before: the SM-DS keeps events of others apart from ours. */
    return code == TERN_STATUS_EVENT_EXISTS || code == TERN_STATUS_EVENT_UNKNOWN
               ? code
               : TERN_STATUS_SMDS_ERROR;
}

/* The base URL of an operator, NULL when it wants no call-backs. */
static const char *operator_url(const struct smdp_server *server, struct tern_bytes identifier)
{
    for (size_t i = 0; i < server->options.operators.count; i++) {
        const char *item = server->options.operators.items[i];
        const char *equals = strchr(item, '=');
        if (equals != NULL && (size_t)(equals - item) == identifier.size &&
            memcmp(item, identifier.data, identifier.size) == 0) {
            return equals + 1;
        }
    }
    return NULL;
}

/* Write down how it went. */
static void finish(struct running *running, bool done)
{
    struct smdp_server *server = running->server;
    struct sqlite_store *store = server->main.store;
    running->arena.used = 0;
    commit_group_flush(server->main.group);
    int status = sqlite_store_begin(store);
    if (status == TERN_OK) {
        status = tern_smdp_finish_task(&server->main.smdp, &running->arena, (int64_t)time(NULL),
                                       tern_bytes(running->key, running->key_size), done);
        if (status == TERN_OK) {
            status = sqlite_store_commit(store);
        } else {
            sqlite_store_rollback(store);
        }
    }
    if (status < 0) {
        log_error("task.store", "why", tern_error_text(status));
    }
    atomic_fetch_add(done ? &server->metrics.tasks_done : &server->metrics.tasks_failed, 1);
    smdp_arena_put(&server->main, running->arena);
    free(running);
}

static void on_done(void *context, const struct http_response *response)
{
    struct running *running = context;
    struct smdp_server *server = running->server;
    bool progress = running->kind == TERN_SMDP_TASK_PROGRESS;
    bool done;
    if (progress) {
        done = response->error == TERN_OK && response->status >= 200 && response->status < 300;
    } else {
        enum tern_status_code code = smdp_es12_outcome(response);
        done = code == TERN_STATUS_SUCCESS || code == TERN_STATUS_EVENT_UNKNOWN;
    }
    log_info("task", "kind", progress ? "HandleDownloadProgressInfo" : "DeleteEvent", "done",
             done ? "yes" : "no", "why", response->error == TERN_OK ? NULL : response->reason);
    finish(running, done);
    server->task_running = false;
    if (done) {
        smdp_tasks_run(server);
    }
}

/* True when the task is under way, false when it was finished at once. */
static bool start(struct running *running, const struct tern_smdp_task *task)
{
    struct smdp_server *server = running->server;
    char address[TERN_ADDRESS_SIZE + 1];
    const char *base = address;
    const char *path = "/gsma/rsp2/es12/deleteEvent";
    snprintf(address, sizeof address, "%.*s", (int)task->target.size,
             (const char *)task->target.data);
    if (task->kind == TERN_SMDP_TASK_PROGRESS) {
        base = operator_url(server, task->target);
        path = "/gsma/rsp2/es2plus/handleDownloadProgressInfo";
    }
    running->kind = task->kind;
    running->key_size = task->key.size;
    memcpy(running->key, task->key.data, task->key.size);
    if (base == NULL) { /* Nobody wants to know. */
        finish(running, true);
        return false;
    }
    trace_message(server->trace, "task", "json", task->body);
    if (smdp_call_out(server, base, path, task->body, on_done, running) < 0) {
        finish(running, false);
        return false;
    }
    return true;
}

/* Take the next task that is due. False when there is none. */
static bool start_next(struct smdp_server *server)
{
    int64_t due;
    struct tern_smdp_task task;
    struct running *running = calloc(1, sizeof *running);
    if (running == NULL) {
        return false;
    }
    running->server = server;
    running->arena = smdp_arena_get(&server->main);
    int status =
        tern_smdp_next_task(&server->main.smdp, &running->arena, (int64_t)time(NULL), &task, &due);
    if (status != 1 || task.key.size > sizeof running->key) {
        smdp_arena_put(&server->main, running->arena);
        free(running);
        return false;
    }
    server->task_running = start(running, &task);
    return true;
}

void smdp_tasks_run(struct smdp_server *server)
{
    for (int i = 0; i < TASKS_AT_ONCE && !server->task_running; i++) {
        if (!start_next(server)) {
            return;
        }
    }
}
