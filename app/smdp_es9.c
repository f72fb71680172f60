/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES9+ over HTTPS: the two bindings, the engine's two steps, one transaction for many requests.
 *
 * A request is decoded and its signatures are verified in its worker's thread before the store is
 * locked; what changes something joins the worker's group commit, and its answer leaves when that
 * is durable. The answer is encoded before, into the request's own memory.
 */
#include "app/smdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "host/log/log.h"

struct exchange {
    struct smdp_server *server;
    struct smdp_worker *worker;
    struct http_request *request;
    struct tern_arena arena;
    struct tern_smdp_call call;
    enum tern_es9plus_binding binding;
    struct tern_bytes answer;
};

static const struct http_header JSON_HEADERS[] = {
    {"Content-Type",     TERN_ES9PLUS_JSON_TYPE},
    {"X-Admin-Protocol", TERN_ES9PLUS_PROTOCOL },
};
static const struct http_header ASN1_HEADERS[] = {
    {"Content-Type",     TERN_ES9PLUS_ASN1_TYPE},
    {"X-Admin-Protocol", TERN_ES9PLUS_PROTOCOL },
};

static void refuse_http(struct smdp_server *server, struct http_request *request, int status,
                        const char *why)
{
    atomic_fetch_add(status < 500 ? &server->metrics.refused : &server->metrics.failed, 1);
    log_warn("es9plus.http", "peer", request->peer, "path", request->path, "why", why);
    http_reply(request, status, NULL, 0, tern_bytes_text(why));
}

static void trace_exchange(const struct exchange *exchange, const char *way,
                           struct tern_bytes message)
{
    char name[80];
    if (exchange->server->caller.trace != NULL) {
        snprintf(name, sizeof name, "%s-%s", tern_es9plus_name(exchange->call.rsp.request.function),
                 way);
        trace_message(exchange->server->caller.trace, name,
                      exchange->binding == TERN_ES9PLUS_JSON ? "json" : "der", message);
    }
}

static void log_exchange(const struct exchange *exchange)
{
    char eid[33] = "";
    char iccid[21] = "";
    char status[24];
    const struct tern_smdp_call *call = &exchange->call;
    const struct tern_status *said = &call->rsp.response.status;
    struct tern_writer out = tern_writer(eid, 32);
    if (call->has_eid) {
        tern_eid_to_text(&out, call->eid);
    }
    out = tern_writer(iccid, 20);
    if (call->iccid.data != NULL) {
        (void)tern_iccid_to_text(&out, call->iccid);
    }
    enum tern_status_code code = tern_status_find(said->subject_code, said->reason_code);
    atomic_fetch_add(&exchange->server->metrics.es9[call->rsp.request.function][code], 1);
    log_info("es9plus", "function", tern_es9plus_name(call->rsp.request.function), "status",
             smdp_status_text(status, sizeof status, said), "meaning",
             code == TERN_STATUS_SUCCESS ? NULL : tern_status_text(code)->meaning, "eid",
             call->has_eid ? eid : NULL, "iccid", call->iccid.data != NULL ? iccid : NULL, "peer",
             exchange->request->peer);
}

/* Encode the answer into what is left of the arena. */
static int encode(struct exchange *exchange)
{
    struct tern_writer out = tern_arena_writer(&exchange->arena);
    int status =
        tern_es9plus_response_encode(&out, exchange->binding, &exchange->call.rsp.response);
    exchange->answer = tern_arena_keep(&exchange->arena, &out);
    return status < 0 ? status : exchange->answer.data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

static void finish(struct exchange *exchange)
{
    smdp_arena_put(exchange->worker, exchange->arena);
    free(exchange);
}

static void reply(void *context, int error)
{
    struct exchange *exchange = context;
    bool empty = exchange->call.rsp.request.function == TERN_ES9PLUS_HANDLE_NOTIFICATION;
    bool json = exchange->binding == TERN_ES9PLUS_JSON;
    if (error < 0) {
        log_error("es9plus.failed", "function",
                  tern_es9plus_name(exchange->call.rsp.request.function), "why",
                  tern_error_text(error));
        refuse_http(exchange->server, exchange->request, 500, "internal error");
        finish(exchange);
        return;
    }
    log_exchange(exchange);
    trace_exchange(exchange, "response", exchange->answer);
    http_reply(exchange->request, empty ? 204 : 200, json ? JSON_HEADERS : ASN1_HEADERS, 2,
               exchange->answer);
    finish(exchange);
}

static int commit(void *context)
{
    struct exchange *exchange = context;
    int status = tern_smdp_commit(&exchange->worker->smdp, &exchange->call);
    return status < 0 ? status : encode(exchange);
}

/* A request that cannot be read is answered as far as it was understood. */
static void refuse_request(struct exchange *exchange, const struct tern_fault *fault, int error)
{
    enum tern_es9plus_function function = exchange->call.rsp.request.function;
    if (fault->field == NULL || function == TERN_ES9PLUS_NONE) {
        refuse_http(exchange->server, exchange->request, 400, tern_error_text(error));
        finish(exchange);
        return;
    }
    struct tern_es9plus_response *response = &exchange->call.rsp.response;
    *response = (struct tern_es9plus_response){.function = function};
    response->status = tern_status(error == TERN_ERR_MISSING ? TERN_STATUS_FUNCTION_MISSING
                                                             : TERN_STATUS_FUNCTION_INVALID);
    response->status.subject_identifier = tern_bytes_text(fault->field);
    int status = encode(exchange);
    reply(exchange, status);
}

static void run(struct exchange *exchange)
{
    struct smdp_server *server = exchange->server;
    pthread_rwlock_rdlock(&server->caller.lock);
    rsp_material_apply(server->caller.material, &exchange->worker->smdp.server);
    int status = tern_smdp_check(&exchange->worker->smdp, &exchange->call);
    if (status == TERN_OK && exchange->call.commit) {
        status = commit_group_run(exchange->worker->group, commit, reply, exchange);
        pthread_rwlock_unlock(&server->caller.lock);
        if (status < 0) {
            reply(exchange, status);
        }
        return;
    }
    if (status == TERN_OK) {
        status = encode(exchange);
    }
    pthread_rwlock_unlock(&server->caller.lock);
    reply(exchange, status);
}

static bool type_is(const struct http_request *request, const char *type)
{
    const char *given = http_request_header(request, "Content-Type");
    return given == NULL || strncasecmp(given, type, strlen(type)) == 0;
}

/* NULL, or why this request is none of ours. */
static const char *check_http(const struct http_request *request, enum tern_es9plus_binding binding,
                              enum tern_es9plus_function function, int *status)
{
    const char *protocol = http_request_header(request, "X-Admin-Protocol");
    *status = 404;
    if (binding == TERN_ES9PLUS_JSON && function == TERN_ES9PLUS_NONE) {
        return "no such function";
    }
    *status = 405;
    if (strcmp(request->method, "POST") != 0) {
        return "POST is wanted";
    }
    *status = 415;
    if (!type_is(request,
                 binding == TERN_ES9PLUS_JSON ? "application/json" : TERN_ES9PLUS_ASN1_TYPE)) {
        return "another Content-Type is wanted";
    }
    *status = 400;
    if (protocol != NULL && strncmp(protocol, TERN_ES9PLUS_PROTOCOL_PREFIX,
                                    strlen(TERN_ES9PLUS_PROTOCOL_PREFIX)) != 0) {
        return "X-Admin-Protocol is not gsma/rsp/v...";
    }
    return NULL;
}

void smdp_on_es9(void *context, struct http_request *request)
{
    struct smdp_server *server = context;
    /* Worker 0 is the main loop: one thread, so one connection to the store. */
    struct smdp_worker *worker =
        request->worker == 0 ? &server->main : &server->workers[request->worker];
    bool asn1 = strcmp(request->path, TERN_ES9PLUS_ASN1_PATH) == 0;
    enum tern_es9plus_function function =
        tern_es9plus_function_of_path(tern_bytes_text(request->path));
    int http_status;
    if (strcmp(request->path, "/healthz") == 0) {
        http_reply(request, 200, NULL, 0, TERN_BYTES_TEXT("ok\n"));
        return;
    }
    const char *why =
        check_http(request, asn1 ? TERN_ES9PLUS_ASN1 : TERN_ES9PLUS_JSON, function, &http_status);
    if (why != NULL) {
        refuse_http(server, request, http_status, why);
        return;
    }
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL || smdp_worker_open(server, worker, request->loop) != TERN_OK) {
        free(exchange);
        refuse_http(server, request, 503, "out of resources");
        return;
    }
    *exchange = (struct exchange){.server = server,
                                  .worker = worker,
                                  .request = request,
                                  .arena = smdp_arena_get(worker),
                                  .binding = asn1 ? TERN_ES9PLUS_ASN1 : TERN_ES9PLUS_JSON};
    exchange->call.rsp.now = (int64_t)time(NULL);
    exchange->call.rsp.arena = &exchange->arena;
    struct tern_fault fault;
    int status = tern_es9plus_request_decode(&exchange->call.rsp.request, exchange->binding,
                                             function, request->body, &exchange->arena, &fault);
    trace_exchange(exchange, "request", request->body);
    if (status < 0) {
        refuse_request(exchange, &fault, status);
        return;
    }
    run(exchange);
}
