/* SPDX-License-Identifier: Apache-2.0 */
/* ES11 over HTTPS, both bindings: nothing is written, so every answer leaves at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "app/smds.h"
#include "host/log/log.h"

struct exchange {
    struct tern_arena arena;
    struct tern_rsp_call call;
    enum tern_es9plus_binding binding;
    uint8_t eid[16];
    bool has_eid;
};

static void answer(struct smds_server *server, struct http_request *request,
                   struct exchange *exchange)
{
    bool json = exchange->binding == TERN_ES9PLUS_JSON;
    const struct http_header headers[] = {
        {"Content-Type",     json ? TERN_ES9PLUS_JSON_TYPE : TERN_ES9PLUS_ASN1_TYPE},
        {"X-Admin-Protocol", TERN_ES9PLUS_PROTOCOL                                 },
    };
    char eid[33] = "";
    char name[80];
    struct tern_writer digits = tern_writer(eid, 32);
    const struct tern_status *said = &exchange->call.response.status;
    struct tern_writer out = tern_arena_writer(&exchange->arena);
    if (tern_es9plus_response_encode(&out, exchange->binding, &exchange->call.response) < 0) {
        http_reply(request, 500, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    if (exchange->has_eid) {
        tern_eid_to_text(&digits, exchange->eid);
    }
    enum tern_status_code code = tern_status_find(said->subject_code, said->reason_code);
    server->metrics.es11[exchange->call.response.function][code]++;
    log_info("es11", "function", tern_es9plus_name(exchange->call.response.function), "status",
             tern_status_text(code)->name, "eid", exchange->has_eid ? eid : NULL, "peer",
             request->peer);
    snprintf(name, sizeof name, "%s-response", tern_es9plus_name(exchange->call.response.function));
    trace_message(server->caller.trace, name, json ? "json" : "der", tern_writer_bytes(&out));
    http_reply(request, 200, headers, 2, tern_writer_bytes(&out));
}

/* Decode, run, answer. */
static void run(struct smds_server *server, struct http_request *request, struct exchange *exchange,
                enum tern_es9plus_function function)
{
    struct tern_fault fault;
    struct tern_rsp_call *call = &exchange->call;
    int status = tern_es9plus_request_decode(&call->request, exchange->binding, function,
                                             request->body, &exchange->arena, &fault);
    if (status < 0 && (fault.field == NULL || call->request.function == TERN_ES9PLUS_NONE)) {
        server->metrics.refused++;
        http_reply(request, 400, NULL, 0, tern_bytes_text(tern_error_text(status)));
        return;
    }
    if (status < 0) {
        call->response = (struct tern_es9plus_response){.function = call->request.function};
        call->response.status =
            tern_status(status == TERN_ERR_MISSING ? TERN_STATUS_FUNCTION_MISSING
                                                   : TERN_STATUS_FUNCTION_INVALID);
        call->response.status.subject_identifier = tern_bytes_text(fault.field);
        answer(server, request, exchange);
        return;
    }
    if (call->request.function == TERN_ES9PLUS_HANDLE_NOTIFICATION) {
        http_reply(request, 404, NULL, 0, TERN_BYTES_NONE); /* no function of ES11 */
        return;
    }
    pthread_rwlock_rdlock(&server->caller.lock);
    rsp_material_apply(server->caller.material, &server->smds.server);
    status = tern_smds_es11(&server->smds, call, exchange->eid, &exchange->has_eid);
    pthread_rwlock_unlock(&server->caller.lock);
    if (status < 0) {
        server->metrics.failed++;
        log_error("es11.failed", "why", tern_error_text(status));
        http_reply(request, 500, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    answer(server, request, exchange);
}

static int refusal(const struct http_request *request, bool asn1,
                   enum tern_es9plus_function function)
{
    const char *type = http_request_header(request, "Content-Type");
    const char *wanted = asn1 ? TERN_ES9PLUS_ASN1_TYPE : "application/json";
    if (!asn1 && function == TERN_ES9PLUS_NONE) {
        return 404;
    }
    if (strcmp(request->method, "POST") != 0) {
        return 405;
    }
    return type != NULL && strncasecmp(type, wanted, strlen(wanted)) != 0 ? 415 : 0;
}

void smds_on_es11(void *context, struct http_request *request)
{
    struct smds_server *server = context;
    bool asn1 = strcmp(request->path, TERN_ES9PLUS_ASN1_PATH) == 0;
    enum tern_es9plus_function function =
        tern_es9plus_function_of_path(tern_bytes_text(request->path));
    if (strcmp(request->path, "/healthz") == 0) {
        http_reply(request, 200, NULL, 0, TERN_BYTES_TEXT("ok\n"));
        return;
    }
    int refused = refusal(request, asn1, function);
    void *memory = refused != 0 ? NULL : malloc(SMDS_ARENA_SIZE);
    if (memory == NULL) {
        server->metrics.refused++;
        http_reply(request, refused != 0 ? refused : 503, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    struct exchange exchange = {.arena = tern_arena(memory, SMDS_ARENA_SIZE),
                                .binding = asn1 ? TERN_ES9PLUS_ASN1 : TERN_ES9PLUS_JSON};
    exchange.call.now = (int64_t)time(NULL);
    exchange.call.arena = &exchange.arena;
    char name[80];
    snprintf(name, sizeof name, "%s-request", tern_es9plus_name(function));
    trace_message(server->caller.trace, name, asn1 ? "der" : "json", request->body);
    run(server, request, &exchange, function);
    free(memory);
}
