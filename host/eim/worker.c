/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a thread of the eIM has: its connection to the database, its group of commits, its HTTPS
 * client, the engine with that store, and memory for one step at a time.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/eim/eim_server.h"
#include "host/log/log.h"

#define EVENT_KEPT_SIZE 512

uint64_t unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct tern_eim_step eim_step(struct eim_worker *worker)
{
    worker->arena.used = 0;
    return (struct tern_eim_step){.arena = &worker->arena, .now_ms = unix_ms()};
}

/*
 * One record a step: "api.event", key = number (8), value = time (8) then kind, sequence, code
 * (4 each) and EID a piece. The number is a counter, so order is the order of commits.
 */
int eim_store_events(struct eim_worker *worker, const struct tern_eim_step *step)
{
    const struct tern_store *store = worker->eim.store;
    uint8_t value[EVENT_KEPT_SIZE];
    uint8_t key[8];
    uint64_t number = 0;
    struct tern_writer out = TERN_WRITER_OF(value);
    struct tern_bytes name = TERN_BYTES_TEXT("number");
    size_t count =
        step->event_count < TERN_EIM_EVENTS_MAX ? step->event_count : TERN_EIM_EVENTS_MAX;
    if (count == 0) {
        return TERN_OK;
    }
    int error = store->counter_set(store->context, "api.event", name, 0, 1, &number);
    number = error == TERN_OK ? 1 : number;
    while (error == TERN_ERR_CONFLICT) {
        uint64_t actual = number;
        error = store->counter_set(store->context, "api.event", name, actual, actual + 1, &number);
        number = error == TERN_OK ? actual + 1 : number;
    }
    tern_write_uint(&out, step->now_ms, 8);
    for (size_t i = 0; i < count; i++) {
        const struct tern_eim_event *event = &step->events[i];
        tern_write_uint(&out, (uint64_t)event->kind, 4);
        tern_write_uint(&out, event->sequence, 4);
        tern_write_uint(&out, event->code, 4);
        tern_write(&out, TERN_BYTES_OF(event->eid));
        worker->server->metrics.suspects += event->kind == TERN_EIM_EVENT_SUSPECT;
        worker->server->metrics.results += event->kind == TERN_EIM_EVENT_FINISHED;
        worker->server->metrics.forwarded += event->kind == TERN_EIM_EVENT_FORWARDED;
    }
    struct tern_writer key_out = TERN_WRITER_OF(key);
    tern_write_uint(&key_out, number, 8);
    if (error == TERN_OK) {
        error =
            store->save(store->context, "api.event", TERN_BYTES_OF(key), tern_writer_bytes(&out));
    }
    worker->server->metrics.events += count;
    worker->changed = true;
    return error;
}

static bool worker_open(struct eim_worker *worker)
{
    struct eim_server *server = worker->server;
    const struct eim_host_options *options = server->options;
    char path[1024];
    if (path_join(path, sizeof(path), options->data, "eim.db") != TERN_OK ||
        sqlite_store_open(&worker->store, path) != TERN_OK) {
        log_error("eim.store", "path", path, "error",
                  worker->store != NULL ? sqlite_store_error(worker->store) : "cannot open");
        return false;
    }
    struct http_client_options client = {.loop = worker->loop,
                                         .resolve = options->resolve.items,
                                         .resolve_count = options->resolve.count,
                                         .policy = &server->policy,
                                         .connection_count_max = 64};
    worker->client = http_client_new(&client);
    worker->group = commit_group_new(worker->loop, worker->store, 0);
    uint8_t *memory = malloc(ESIPA_ARENA_SIZE);
    if (worker->client == NULL || worker->group == NULL || memory == NULL) {
        free(memory);
        return false;
    }
    worker->arena = tern_arena(memory, ESIPA_ARENA_SIZE);
    worker->eim = (struct tern_eim){
        .crypto = tern_openssl(),
        .store = sqlite_store_interface(worker->store),
        .eim_id = tern_bytes_text(server->eim_id),
        .keys = server->keys,
        .key_count = server->key_count,
        .trust = &server->trust,
        .retry_ms = options->retry_ms,
    };
    return true;
}

struct eim_worker *eim_worker_get(struct eim_server *server, unsigned index, struct loop *loop)
{
    if (index >= EIM_WORKER_MAX) {
        return NULL;
    }
    pthread_mutex_lock(&server->workers_lock);
    struct eim_worker *worker = server->workers[index];
    if (worker == NULL) {
        worker = calloc(1, sizeof(*worker));
        if (worker != NULL) {
            worker->server = server;
            worker->loop = loop;
            if (!worker_open(worker)) {
                eim_worker_free(worker);
                worker = NULL;
            }
        }
        server->workers[index] = worker;
    }
    pthread_mutex_unlock(&server->workers_lock);
    return worker;
}

void eim_worker_free(struct eim_worker *worker)
{
    if (worker == NULL) {
        return;
    }
    loop_timer_free(worker->due_timer);
    if (worker->client != NULL) {
        http_client_free(worker->client);
    }
    if (worker->group != NULL) {
        commit_group_free(worker->group);
    }
    if (worker->store != NULL) {
        sqlite_store_close(worker->store);
    }
    free(worker->arena.data);
    free(worker);
}
