/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of an RSP server: see rsp_caller.h. */
#include "app/rsp_caller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/crypto/openssl.h"
#include "host/log/log.h"
#include "tern/json.h"

#define CALL_TIMEOUT_MS 15000
#define TASKS_AT_ONCE   100 /* that need no waiting, in one turn of the loop */

struct running {
    struct rsp_outbox *outbox;
    struct tern_arena arena;
    uint8_t key[TERN_OUTBOX_KEY_SIZE];
    enum tern_task_kind kind;
};

int rsp_call_out(struct rsp_caller *caller, const char *base, const char *path,
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
    pthread_rwlock_rdlock(&caller->lock);
    struct http_call call = {.url = url,
                             .headers = HEADERS,
                             .header_count = TERN_COUNT_OF(HEADERS),
                             .body = body,
                             .trust = {.anchors = caller->material->anchors},
                             .identity = caller->material->tls.identity,
                             .timeout_ms = CALL_TIMEOUT_MS,
                             .response_size_max = 65536};
    struct http_transfer *transfer = http_client_start(caller->client, &call, on_done, context);
    pthread_rwlock_unlock(&caller->lock);
    return transfer == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

enum tern_status_code rsp_es12_outcome(const struct http_response *response)
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

/* Write down how it went. */
static void finish(struct running *running, bool done)
{
    struct rsp_outbox *outbox = running->outbox;
    const struct tern_store *records = sqlite_store_interface(outbox->store);
    running->arena.used = 0;
    commit_group_flush(outbox->group);
    int status = sqlite_store_begin(outbox->store);
    if (status == TERN_OK) {
        status = tern_outbox_finish(tern_openssl(), records, &running->arena, (int64_t)time(NULL),
                                    TERN_BYTES_OF(running->key), done);
        if (status == TERN_OK) {
            status = sqlite_store_commit(outbox->store);
        } else {
            sqlite_store_rollback(outbox->store);
        }
    }
    if (status < 0) {
        log_error("task.store", "why", tern_error_text(status));
    }
    atomic_fetch_add(done ? &outbox->done : &outbox->failed, 1);
    free(running);
}

static void on_done(void *context, const struct http_response *response)
{
    struct running *running = context;
    struct rsp_outbox *outbox = running->outbox;
    bool progress = running->kind == TERN_TASK_PROGRESS;
    bool done;
    if (progress) {
        done = response->error == TERN_OK && response->status >= 200 && response->status < 300;
    } else {
        enum tern_status_code code = rsp_es12_outcome(response);
        done = code == TERN_STATUS_SUCCESS || code == TERN_STATUS_EVENT_UNKNOWN;
    }
    log_info("task", "kind", progress ? "HandleDownloadProgressInfo" : "DeleteEvent", "done",
             done ? "yes" : "no", "why", response->error == TERN_OK ? NULL : response->reason);
    finish(running, done);
    outbox->running = NULL;
    if (done) {
        rsp_outbox_run(outbox);
    }
}

/* True when the task is under way, false when it was finished at once. */
static bool start(struct running *running, const struct tern_task *task)
{
    struct rsp_outbox *outbox = running->outbox;
    char address[TERN_ADDRESS_SIZE + 1];
    const char *base = address;
    const char *path = "/gsma/rsp2/es12/deleteEvent";
    snprintf(address, sizeof address, "%.*s", (int)task->target.size,
             (const char *)task->target.data);
    if (task->kind == TERN_TASK_PROGRESS) {
        base = outbox->operator_url == NULL ? NULL
                                            : outbox->operator_url(outbox->context, task->target);
        path = "/gsma/rsp2/es2plus/handleDownloadProgressInfo";
    }
    running->kind = task->kind;
    memcpy(running->key, task->key.data, sizeof running->key);
    if (base == NULL) { /* Nobody wants to know. */
        finish(running, true);
        return false;
    }
    trace_message(outbox->caller->trace,
                  task->kind == TERN_TASK_PROGRESS ? "ES2+.HandleDownloadProgressInfo-request"
                                                   : "ES12.DeleteEvent-request",
                  "json", task->body);
    if (rsp_call_out(outbox->caller, base, path, task->body, on_done, running) < 0) {
        finish(running, false);
        return false;
    }
    return true;
}

/* Take the next task that is due. False when there is none. */
static bool start_next(struct rsp_outbox *outbox)
{
    int64_t due;
    struct tern_task task;
    struct running *running = calloc(1, sizeof *running);
    if (running == NULL) {
        return false;
    }
    running->outbox = outbox;
    running->arena = tern_arena(outbox->memory, RSP_OUTBOX_MEMORY_SIZE);
    int status = tern_outbox_next(sqlite_store_interface(outbox->store), &running->arena,
                                  (int64_t)time(NULL), &task, &due);
    if (status != 1 || task.key.size != sizeof running->key) {
        free(running);
        return false;
    }
    outbox->running = start(running, &task) ? running : NULL;
    return true;
}

void rsp_outbox_run(struct rsp_outbox *outbox)
{
    if (outbox->memory == NULL && (outbox->memory = malloc(RSP_OUTBOX_MEMORY_SIZE)) == NULL) {
        return;
    }
    for (int i = 0; i < TASKS_AT_ONCE && outbox->running == NULL; i++) {
        if (!start_next(outbox)) {
            return;
        }
    }
}

void rsp_outbox_free(struct rsp_outbox *outbox)
{
    free(outbox->running);
    free(outbox->memory);
}
