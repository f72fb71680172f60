/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES12 over HTTPS with mutual TLS. Who calls is the registeredID of the client's certificate, which
 * must have the role of an SM-DP+ or SM-DS. An event to be forwarded makes the engine ask: the
 * parent is called, then the engine again with its answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/smds.h"
#include "host/log/log.h"
#include "tern/asn.h"

struct exchange {
    struct smds_server *server;
    struct http_request *request;
    struct tern_arena arena;
    struct tern_es12_call call;
    uint8_t requester[80];
    uint8_t *body;
    char cascade_id[64];
    struct tern_smds_answer answer;
};

static void run(struct exchange *exchange);

static void finish(struct exchange *exchange)
{
    free(exchange->arena.data);
    free(exchange->body);
    free(exchange);
}

static void on_registered(void *context, const struct http_response *response)
{
    struct exchange *exchange = context;
    enum tern_status_code code = rsp_es12_outcome(response);
    log_info("es15.register", "parent", exchange->server->options.parent, "status",
             tern_status_text(code)->name, "why",
             response->error == TERN_OK ? NULL : response->reason);
    exchange->answer =
        (struct tern_smds_answer){tern_bytes_text(exchange->cascade_id),
                                  code == TERN_STATUS_EVENT_EXISTS ? TERN_STATUS_SMDS_ERROR : code};
    exchange->call.answer = &exchange->answer;
    run(exchange);
}

static void ask(struct exchange *exchange)
{
    struct smds_server *server = exchange->server;
    struct tern_bytes id = exchange->call.cascade_id;
    snprintf(exchange->cascade_id, sizeof exchange->cascade_id, "%.*s", (int)id.size,
             (const char *)id.data);
    int status = rsp_call_out(&server->caller, server->options.parent, server->options.parent_path,
                              exchange->call.question, on_registered, exchange);
    if (status < 0) {
        struct http_response failed = {.error = status};
        on_registered(exchange, &failed);
    }
}

static void reply(void *context, int error)
{
    static const struct http_header HEADERS[] = {
        {"Content-Type",     TERN_ES9PLUS_JSON_TYPE},
        {"X-Admin-Protocol", TERN_ES9PLUS_PROTOCOL },
    };
    struct exchange *exchange = context;
    const struct tern_es12_call *call = &exchange->call;
    char eid[33] = "";
    char name[64];
    struct tern_writer digits = tern_writer(eid, 32);
    if (error == TERN_OK && call->asks) {
        ask(exchange);
        return;
    }
    if (error < 0) {
        if (error == TERN_ERR_MALFORMED) {
            exchange->server->metrics.refused++;
        } else {
            exchange->server->metrics.failed++;
        }
        log_warn("es12.failed", "why", tern_error_text(error));
        http_reply(exchange->request, error == TERN_ERR_MALFORMED ? 400 : 500, NULL, 0,
                   tern_bytes_text(tern_error_text(error)));
        finish(exchange);
        return;
    }
    if (call->has_eid) {
        tern_eid_to_text(&digits, call->eid);
    }
    enum tern_status_code code =
        tern_status_find(call->status.subject_code, call->status.reason_code);
    exchange->server->metrics.es12[call->function][code]++;
    log_info("es12", "function", tern_es12_name(call->function), "status",
             tern_status_text(code)->name, "eid", call->has_eid ? eid : NULL, "requester",
             (const char *)exchange->requester);
    snprintf(name, sizeof name, "%s-response", tern_es12_name(call->function));
    trace_message(exchange->server->caller.trace, name, "json", call->response);
    http_reply(exchange->request, 200, HEADERS, 2, call->response);
    finish(exchange);
}

static int work(void *context)
{
    struct exchange *exchange = context;
    return tern_smds_es12(&exchange->server->smds, &exchange->call);
}

static void run(struct exchange *exchange)
{
    exchange->arena.used = 0;
    int status = commit_group_run(exchange->server->group, work, reply, exchange);
    if (status < 0) {
        reply(exchange, status);
    }
}

/* The OID in dots, "" for a certificate that is no SM-DP+'s or SM-DS's. */
static void read_requester(struct exchange *exchange)
{
    struct tern_certificate certificate;
    struct tern_writer out = tern_writer(exchange->requester, sizeof exchange->requester - 1);
    if (tern_certificate_parse(&certificate, NULL, exchange->request->client_certificate) < 0 ||
        (certificate.role != TERN_ROLE_DP_TLS && certificate.role != TERN_ROLE_DS_TLS)) {
        return;
    }
    if (tern_asn_oid_to_text(&out, certificate.registered_id) == TERN_OK) {
        exchange->call.requester = tern_writer_bytes(&out);
    }
}

void smds_on_es12(void *context, struct http_request *request)
{
    struct smds_server *server = context;
    char name[64];
    enum tern_es12_function function = tern_es12_function_of_path(tern_bytes_text(request->path));
    if (function == TERN_ES12_NONE || strcmp(request->method, "POST") != 0) {
        http_reply(request, function == TERN_ES12_NONE ? 404 : 405, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    struct exchange *exchange = calloc(1, sizeof *exchange);
    uint8_t *body = malloc(request->body.size + 1);
    void *memory = malloc(SMDS_ARENA_SIZE);
    if (exchange == NULL || body == NULL || memory == NULL) {
        free(exchange);
        free(body);
        free(memory);
        http_reply(request, 503, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    if (request->body.size > 0) {
        memcpy(body, request->body.data, request->body.size);
    }
    exchange->server = server;
    exchange->request = request;
    exchange->body = body;
    exchange->arena = tern_arena(memory, SMDS_ARENA_SIZE);
    exchange->call = (struct tern_es12_call){.now = (int64_t)time(NULL),
                                             .arena = &exchange->arena,
                                             .function = function,
                                             .body = tern_bytes(body, request->body.size)};
    read_requester(exchange);
    snprintf(name, sizeof name, "%s-request", tern_es12_name(function));
    trace_message(server->caller.trace, name, "json", exchange->call.body);
    run(exchange);
}
