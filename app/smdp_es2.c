/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES2+ over HTTPS with mutual TLS, on the main loop. Who calls is what the client's certificate
 * says: its CN, DNS names and registeredID are the functionRequesterIdentifiers it may use.
 *
 * An order for an SM-DS makes the engine ask: the event is registered over ES12, then the engine is
 * called again with the answer.
 */
#include "app/smdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/log/log.h"

struct exchange {
    struct smdp_server *server;
    struct http_request *request;
    struct tern_arena arena;
    struct tern_es2plus_call call;
    struct tern_bytes names[3];
    uint8_t oid_text[80];
    uint8_t *body; /* the request's own is borrowed; this one outlives a question */
    struct tern_smdp_answer answer;
    char smds_address[TERN_ADDRESS_SIZE + 1];
    char matching_id[TERN_MATCHING_ID_SIZE + 1];
};

static const struct http_header HEADERS[] = {
    {"Content-Type",     TERN_ES9PLUS_JSON_TYPE},
    {"X-Admin-Protocol", TERN_ES9PLUS_PROTOCOL },
};

static void trace_exchange(const struct exchange *exchange, const char *way,
                           struct tern_bytes message)
{
    char name[64];
    snprintf(name, sizeof name, "%s-%s", tern_es2plus_name(exchange->call.function), way);
    trace_message(exchange->server->caller.trace, name, "json", message);
}

static void finish(struct exchange *exchange)
{
    smdp_arena_put(&exchange->server->main, exchange->arena);
    free(exchange->body);
    free(exchange);
}

static void run(struct exchange *exchange);

static void on_registered(void *context, const struct http_response *response)
{
    struct exchange *exchange = context;
    exchange->answer = (struct tern_smdp_answer){
        .smds_address = tern_bytes_text(exchange->smds_address),
        .matching_id = tern_bytes_text(exchange->matching_id),
        .code = rsp_es12_outcome(response),
    };
    if (exchange->answer.code == TERN_STATUS_EVENT_EXISTS) {
        exchange->answer.code = TERN_STATUS_SUCCESS; /* Ours, from a call that was cut short. */
    }
    log_info("es12.register", "smds", exchange->smds_address, "status",
             tern_status_text(exchange->answer.code)->name, "why",
             response->error == TERN_OK ? NULL : response->reason);
    exchange->call.answer = &exchange->answer;
    run(exchange);
}

static void copy_text(char *out, size_t out_size, struct tern_bytes text)
{
    snprintf(out, out_size, "%.*s", (int)text.size, (const char *)text.data);
}

static void ask(struct exchange *exchange)
{
    const struct tern_smdp_question *question = &exchange->call.question;
    copy_text(exchange->smds_address, sizeof exchange->smds_address, question->smds_address);
    copy_text(exchange->matching_id, sizeof exchange->matching_id, question->matching_id);
    int status =
        rsp_call_out(&exchange->server->caller, exchange->smds_address,
                     "/gsma/rsp2/es12/registerEvent", question->body, on_registered, exchange);
    if (status < 0) {
        struct http_response failed = {.error = status};
        on_registered(exchange, &failed);
    }
}

static void reply(void *context, int error)
{
    struct exchange *exchange = context;
    struct smdp_server *server = exchange->server;
    const struct tern_es2plus_call *call = &exchange->call;
    char status[24];
    char iccid[21] = "";
    struct tern_writer out = tern_writer(iccid, 20);
    if (error == TERN_OK && call->asks) {
        ask(exchange);
        return;
    }
    if (error < 0) {
        bool theirs = error == TERN_ERR_MALFORMED;
        atomic_fetch_add(theirs ? &server->metrics.refused : &server->metrics.failed, 1);
        log_warn("es2plus.failed", "why", tern_error_text(error));
        http_reply(exchange->request, theirs ? 400 : 500, NULL, 0,
                   tern_bytes_text(tern_error_text(error)));
        finish(exchange);
        return;
    }
    if (call->iccid.data != NULL) {
        (void)tern_iccid_to_text(&out, call->iccid);
    }
    enum tern_status_code code =
        tern_status_find(call->status.subject_code, call->status.reason_code);
    atomic_fetch_add(&server->metrics.es2[call->function][code], 1);
    log_info("es2plus", "function", tern_es2plus_name(call->function), "status",
             smdp_status_text(status, sizeof status, &call->status), "meaning",
             code == TERN_STATUS_SUCCESS ? NULL : tern_status_text(code)->meaning, "iccid",
             iccid[0] == '\0' ? NULL : iccid, "peer", exchange->request->peer);
    trace_exchange(exchange, "response", call->response);
    http_reply(exchange->request, 200, HEADERS, 2, call->response);
    finish(exchange);
}

static int work(void *context)
{
    struct exchange *exchange = context;
    return tern_smdp_es2plus(&exchange->server->main.smdp, &exchange->call);
}

static void run(struct exchange *exchange)
{
    exchange->arena.used = 0;
    int status = commit_group_run(exchange->server->main.group, work, reply, exchange);
    if (status < 0) {
        reply(exchange, status);
    }
}

/* Names of the client's certificate. The slices borrow from the request. */
static size_t read_names(struct exchange *exchange)
{
    struct tern_certificate certificate;
    size_t count = 0;
    if (tern_certificate_parse(&certificate, NULL, exchange->request->client_certificate) < 0) {
        return 0;
    }
    if (certificate.subject_common_name.size > 0) {
        exchange->names[count++] = certificate.subject_common_name;
    }
    if (certificate.dns_name.size > 0) {
        exchange->names[count++] = certificate.dns_name;
    }
    struct tern_writer out = TERN_WRITER_OF(exchange->oid_text);
    if (certificate.registered_id.size > 0 &&
        tern_asn_oid_to_text(&out, certificate.registered_id) == TERN_OK) {
        exchange->names[count++] = tern_writer_bytes(&out);
    }
    return count;
}

void smdp_on_es2(void *context, struct http_request *request)
{
    struct smdp_server *server = context;
    enum tern_es2plus_function function =
        tern_es2plus_function_of_path(tern_bytes_text(request->path));
    if (function == TERN_ES2PLUS_NONE || strcmp(request->method, "POST") != 0) {
        atomic_fetch_add(&server->metrics.refused, 1);
        http_reply(request, function == TERN_ES2PLUS_NONE ? 404 : 405, NULL, 0,
                   TERN_BYTES_TEXT("no such function\n"));
        return;
    }
    struct exchange *exchange = calloc(1, sizeof *exchange);
    uint8_t *body = malloc(request->body.size + 1);
    if (exchange == NULL || body == NULL) {
        free(exchange);
        free(body);
        http_reply(request, 503, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    if (request->body.size > 0) {
        memcpy(body, request->body.data, request->body.size);
    }
    exchange->server = server;
    exchange->request = request;
    exchange->body = body;
    exchange->arena = smdp_arena_get(&server->main);
    exchange->call = (struct tern_es2plus_call){.now = (int64_t)time(NULL),
                                                .arena = &exchange->arena,
                                                .function = function,
                                                .body = tern_bytes(body, request->body.size),
                                                .names = exchange->names,
                                                .name_count = read_names(exchange)};
    trace_exchange(exchange, "request", exchange->call.body);
    run(exchange);
}
