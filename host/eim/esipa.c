/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ESipa over HTTPS (SGP.32, 6.1) and CoAP (6.2), and the questions of the engine.
 *
 *     request -> step in the open transaction -> commit -> reply
 *                                                      `-> sign, or call an SM-DP+ -> step ..
 *
 * An exchange owns copies of what the step gave, because the arena is used again by the next step
 * of the same batch. Nothing leaves before the commit: neither a reply nor a signature nor a call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/carrier/carrier.h"
#include "host/carrier/certificates.h"
#include "host/crypto/openssl.h"
#include "host/eim/eim_server.h"
#include "host/log/log.h"
#include "tern/es9plus.h"

#define ASN1_PATH   CARRIER_ESIPA_PATH
#define JSON_PATH   "/gsma/rsp2/esipa/"
#define ASN1_TYPE   "application/x-gsma-rsp-asn1"
#define JSON_TYPE   "application/json"
#define PROTOCOL    "gsma/rsp/v2.1.0" /* sgp32.md 12, no. 1 */
#define USER_AGENT  "gsma-rsp-lpad"
#define DUE_IDLE_MS (60 * 1000)
#define FLUSHES     4

struct copy {
    uint8_t *data;
    size_t size;
};

struct exchange {
    struct eim_worker *worker;
    struct exchange *next;
    struct exchange **link;       /* the pointer that points here */
    struct http_request *request; /* one of the two; both NULL for work of our own */
    struct coap_request *coap;
    bool json;
    struct tern_bytes function;
    bool due;    /* ask the engine what is due */
    bool inject; /* ask the engine what waits for `eid` */
    uint8_t eid[TERN_EID_SIZE];
    bool peer_known;
    uint8_t peer_eid[TERN_EID_SIZE];
    /* The answer that is being given, for steps after the first. */
    bool answering;
    struct tern_eim_answer answer;
    struct copy answer_body;
    struct copy ticket;
    /* What the last step wants. */
    enum tern_eim_outcome outcome;
    unsigned status;
    bool nothing_waits;
    struct copy body;
    struct tern_key key;
    struct copy sign[2];
    struct copy call;
    char url[400];
    enum tern_eim_function call_function;
    struct copy next_ticket;
    uint64_t wake_ms;
};

static struct tern_bytes slice(const struct copy *copy)
{
    return tern_bytes(copy->data, copy->size);
}

static int keep(struct copy *copy, struct tern_bytes bytes)
{
    free(copy->data);
    *copy = (struct copy){NULL, 0};
    if (bytes.data == NULL) {
        return TERN_OK;
    }
    copy->data = malloc(bytes.size == 0 ? 1 : bytes.size);
    if (copy->data == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    memcpy(copy->data, bytes.data, bytes.size);
    copy->size = bytes.size;
    return TERN_OK;
}

static struct exchange *new_exchange(struct eim_worker *worker)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange != NULL) {
        exchange->worker = worker;
        exchange->next = worker->exchanges;
        exchange->link = &worker->exchanges;
        if (exchange->next != NULL) {
            exchange->next->link = &exchange->next;
        }
        worker->exchanges = exchange;
    }
    return exchange;
}

static void free_exchange(struct exchange *exchange)
{
    *exchange->link = exchange->next;
    if (exchange->next != NULL) {
        exchange->next->link = exchange->link;
    }
    struct copy *copies[] = {&exchange->answer_body, &exchange->ticket,  &exchange->body,
                             &exchange->sign[0],     &exchange->sign[1], &exchange->call,
                             &exchange->next_ticket};
    for (size_t i = 0; i < TERN_COUNT_OF(copies); i++) {
        free(copies[i]->data);
    }
    free(exchange);
}

/* ---- Which device a connection belongs to ---- */

struct endpoint {
    const char *peer;
    uint16_t port; /* 0 for CoAP, whose peer text has it */
};

static struct endpoint endpoint_of(const struct exchange *exchange)
{
    if (exchange->coap != NULL) {
        return (struct endpoint){exchange->coap->peer, 0};
    }
    return (struct endpoint){exchange->request->peer, exchange->request->peer_port};
}

static unsigned connection_slot(struct endpoint endpoint)
{
    unsigned hash = endpoint.port;
    for (const char *c = endpoint.peer; *c != '\0'; c++) {
        hash = hash * 31 + (unsigned char)*c;
    }
    return hash % CONNECTION_KNOWN;
}

static bool has_peer(const struct exchange *exchange)
{
    return exchange->request != NULL || exchange->coap != NULL;
}

static void recall_connection(struct exchange *exchange)
{
    struct endpoint endpoint = endpoint_of(exchange);
    unsigned slot = connection_slot(endpoint);
    if (exchange->worker->known[slot].port == endpoint.port &&
        strcmp(exchange->worker->known[slot].peer, endpoint.peer) == 0) {
        exchange->peer_known = true;
        memcpy(exchange->peer_eid, exchange->worker->known[slot].eid, TERN_EID_SIZE);
    }
}

static void remember_connection(struct exchange *exchange, const uint8_t *eid)
{
    if (!has_peer(exchange)) {
        return;
    }
    struct endpoint endpoint = endpoint_of(exchange);
    unsigned slot = connection_slot(endpoint);
    exchange->worker->known[slot].port = endpoint.port;
    snprintf(exchange->worker->known[slot].peer, sizeof(exchange->worker->known[slot].peer), "%s",
             endpoint.peer);
    memcpy(exchange->worker->known[slot].eid, eid, TERN_EID_SIZE);
}

/* ---- One step in the transaction ---- */

static int run_step(struct exchange *exchange, struct tern_eim_step *step)
{
    struct tern_eim *eim = &exchange->worker->eim;
    if (exchange->answering) {
        return tern_eim_answer(eim, step, slice(&exchange->ticket), &exchange->answer);
    }
    if (exchange->due) {
        return tern_eim_due(eim, step, &exchange->wake_ms);
    }
    if (exchange->inject) {
        return tern_eim_inject(eim, step, exchange->eid);
    }
    struct tern_eim_peer peer = {.binding =
                                     exchange->json ? TERN_EIM_BINDING_JSON : TERN_EIM_BINDING_ASN1,
                                 .function = exchange->function,
                                 .eid = exchange->peer_known ? exchange->peer_eid : NULL};
    return tern_eim_receive(
        eim, step, &peer, exchange->coap != NULL ? exchange->coap->body : exchange->request->body);
}

static int work(void *context)
{
    struct exchange *exchange = context;
    struct tern_eim_step step = eim_step(exchange->worker);
    int error = run_step(exchange, &step);
    if (error != TERN_OK) {
        return error;
    }
    exchange->outcome = step.outcome;
    exchange->status = step.status;
    exchange->nothing_waits = step.nothing_waits;
    exchange->key = step.key;
    exchange->call_function = step.function;
    if (step.eid_known) {
        remember_connection(exchange, step.eid);
        memcpy(exchange->eid, step.eid, TERN_EID_SIZE);
    }
    if (step.outcome == TERN_EIM_REPLY) {
        error = keep(&exchange->body, step.body);
    } else if (step.outcome == TERN_EIM_SIGN) {
        error = keep(&exchange->sign[0], step.sign[0]);
        error = error == TERN_OK ? keep(&exchange->sign[1], step.sign[1]) : error;
    } else if (step.outcome == TERN_EIM_CALL) {
        snprintf(exchange->url, sizeof(exchange->url), "https://%.*s%.*s", (int)step.address.size,
                 (const char *)step.address.data, (int)step.path.size,
                 (const char *)step.path.data);
        error = keep(&exchange->call, step.call);
    }
    if (error == TERN_OK && step.outcome != TERN_EIM_REPLY) {
        error = keep(&exchange->next_ticket, step.ticket);
    }
    return error == TERN_OK ? eim_store_events(exchange->worker, &step) : error;
}

static void after_commit(void *context, int error);

static void run(struct exchange *exchange)
{
    if (commit_group_run(exchange->worker->group, work, after_commit, exchange) != TERN_OK) {
        after_commit(exchange, TERN_ERR_IO);
    }
}

/* Give an answer to the question asked last. */
static void answer(struct exchange *exchange, int error, unsigned status, struct tern_bytes body)
{
    exchange->answering = true;
    struct copy ticket = exchange->ticket;
    exchange->ticket = exchange->next_ticket;
    exchange->next_ticket = (struct copy){NULL, 0};
    free(ticket.data);
    if (keep(&exchange->answer_body, body) != TERN_OK) {
        error = TERN_ERR_NO_SPACE;
    }
    exchange->answer = (struct tern_eim_answer){
        .error = error, .status = status, .body = slice(&exchange->answer_body)};
    run(exchange);
}

static void sign(struct exchange *exchange)
{
    uint8_t signature[TERN_SIGNATURE_SIZE];
    const struct tern_crypto *crypto = tern_openssl();
    struct tern_bytes parts[2] = {slice(&exchange->sign[0]), slice(&exchange->sign[1])};
    int error = crypto->ecdsa_sign(crypto->context, signature, exchange->key, parts, 2);
    exchange->worker->server->metrics.signatures++;
    answer(exchange, error, 0, TERN_BYTES_OF(signature));
}

static const char *call_name(const struct exchange *exchange)
{
    const char *slash = strrchr(exchange->url, '/');
    return slash == NULL ? "call" : slash + 1;
}

static void on_called(void *context, const struct http_response *response)
{
    struct exchange *exchange = context;
    struct eim_server *server = exchange->worker->server;
    bool esipa = exchange->call_function == TERN_EIM_CALL_TRANSFER_EIM_PACKAGE;
    server->metrics.calls++;
    eim_trace(server, esipa ? "esipa" : "es9plus", "response", call_name(exchange), !esipa,
              response->body);
    if (response->error != TERN_OK) {
        server->metrics.calls_failed++;
        log_warn("eim.call", "url", exchange->url, "error", tern_error_name(response->error),
                 "reason", response->reason);
    }
    answer(exchange, response->error, (unsigned)response->status, response->body);
}

static void call(struct exchange *exchange)
{
    struct eim_server *server = exchange->worker->server;
    bool esipa = exchange->call_function == TERN_EIM_CALL_TRANSFER_EIM_PACKAGE;
    const struct http_header headers[] = {
        {"User-Agent",       esipa ? "gsma-rsp-eim" : USER_AGENT       },
        {"X-Admin-Protocol", esipa ? PROTOCOL : TERN_ES9PLUS_PROTOCOL  },
        {"Content-Type",     esipa ? ASN1_TYPE : TERN_ES9PLUS_JSON_TYPE},
    };
    struct http_call request = {.method = "POST",
                                .url = exchange->url,
                                .headers = headers,
                                .header_count = TERN_COUNT_OF(headers),
                                .body = slice(&exchange->call),
                                .trust = {.anchors = server->client_anchors},
                                .timeout_ms = (unsigned)server->options->call_timeout_ms};
    eim_trace(server, esipa ? "esipa" : "es9plus", "request", call_name(exchange), !esipa,
              slice(&exchange->call));
    if (esipa) { /* the IPA knows our TLS key and shows one of its own: trust as configured */
        request.identity = server->identity;
    }
    if (exchange->worker->client == NULL ||
        http_client_start(exchange->worker->client, &request, on_called, exchange) == NULL) {
        answer(exchange, TERN_ERR_NO_SPACE, 0, TERN_BYTES_NONE);
    }
}

/* SGP.32, 6.2: 2.04 with the message or without one; sgp32.md 7.6. */
static void reply_coap(struct exchange *exchange, unsigned status, struct tern_bytes body)
{
    uint8_t option[TERN_COAP_CERTIFICATE_OPTION_SIZE];
    struct tern_writer place = TERN_WRITER_OF(option);
    uint8_t *rest = malloc(body.size + 1);
    struct tern_writer without = tern_writer(rest, rest == NULL ? 0 : body.size);
    bool reduced = rest != NULL && status < 300 &&
                   certificates_reduce(body, exchange->coap->certificates_held, &without, &place);
    struct coap_reply coap = {.code = status < 300    ? TERN_COAP_CHANGED
                                      : status == 503 ? TERN_COAP_UNAVAILABLE
                                      : status == 404 ? TERN_COAP_NOT_FOUND
                                      : status < 500  ? TERN_COAP_BAD_REQUEST
                                                      : TERN_COAP_INTERNAL_ERROR,
                              .content_format = TERN_COAP_FORMAT_NONE,
                              .body = status >= 300 ? TERN_BYTES_NONE
                                      : reduced     ? tern_writer_bytes(&without)
                                                    : body,
                              .certificate = reduced ? tern_writer_bytes(&place) : TERN_BYTES_NONE,
                              .max_age_s = status == 503 ? 10 : 0,
                              .nothing_waits = exchange->nothing_waits};
    eim_trace(exchange->worker->server, "esipa", "response", "asn1", false, body);
    exchange->worker->server->metrics.refused += status >= 400;
    coap_reply(exchange->coap, &coap);
    free(rest);
    exchange->coap = NULL;
}

static void reply(struct exchange *exchange, unsigned status, struct tern_bytes body)
{
    if (exchange->coap != NULL) {
        reply_coap(exchange, status, body);
        return;
    }
    struct http_header headers[3] = {
        {"X-Admin-Protocol", PROTOCOL}
    };
    size_t count = 1;
    if (status != 204) {
        headers[count++] = (struct http_header){
            "Content-Type", exchange->json ? TERN_ES9PLUS_JSON_TYPE : ASN1_TYPE};
    }
    if (exchange->nothing_waits) { /* ours: who does not know it asks as ever */
        headers[count++] = (struct http_header){"X-Tern-Waiting", "0"};
    }
    eim_trace(exchange->worker->server, "esipa", "response",
              exchange->json ? exchange->request->path + strlen(JSON_PATH) : "asn1", exchange->json,
              body);
    exchange->worker->server->metrics.refused += status >= 400;
    http_reply(exchange->request, (int)status, headers, count, body);
    exchange->request = NULL;
}

static void on_due(void *context)
{
    struct eim_worker *worker = context;
    struct exchange *exchange = new_exchange(worker);
    worker->due_at_ms = 0;
    if (exchange == NULL) {
        esipa_wake(worker);
        return;
    }
    exchange->due = true;
    run(exchange);
}

/* Never later than what was asked for before: two batches may each bring work. */
static void wake_in(struct eim_worker *worker, uint64_t after_ms)
{
    uint64_t at_ms = loop_now_ms() + after_ms;
    if (worker->due_timer == NULL) {
        worker->due_timer = loop_timer_new(worker->loop, on_due, worker);
    }
    if (worker->due_timer != NULL && (worker->due_at_ms == 0 || at_ms < worker->due_at_ms)) {
        worker->due_at_ms = at_ms;
        loop_timer_set(worker->due_timer, after_ms);
    }
}

void esipa_wake(struct eim_worker *worker)
{
    wake_in(worker, 0);
}

/* Work of our own has ended: look again when the next is due. */
static void settle(struct exchange *exchange)
{
    struct eim_worker *worker = exchange->worker;
    uint64_t now = unix_ms();
    if (exchange->due && exchange->answering) {
        wake_in(worker, 0);
    } else if (exchange->due) {
        uint64_t wait = exchange->wake_ms > now ? exchange->wake_ms - now : 0;
        wake_in(worker, wait > DUE_IDLE_MS ? DUE_IDLE_MS : wait);
    }
    free_exchange(exchange);
}

static void after_commit(void *context, int error)
{
    struct exchange *exchange = context;
    struct eim_worker *worker = exchange->worker;
    if (worker->changed) {
        worker->changed = false;
        api_events_stored(worker->server);
        esipa_wake(worker);
    }
    if (error != TERN_OK) {
        log_error("eim.step", "error", tern_error_name(error), "store",
                  sqlite_store_error(worker->store));
        exchange->outcome = TERN_EIM_NOTHING;
        exchange->status = 503;
    }
    switch (exchange->outcome) {
    case TERN_EIM_SIGN:
        sign(exchange);
        return;
    case TERN_EIM_CALL:
        call(exchange);
        return;
    case TERN_EIM_REPLY:
        if (has_peer(exchange)) {
            reply(exchange, exchange->status, slice(&exchange->body));
        }
        break;
    case TERN_EIM_NOTHING:
        if (has_peer(exchange)) {
            reply(exchange, 503, TERN_BYTES_NONE);
        }
        break;
    }
    settle(exchange);
}

void esipa_inject(struct eim_worker *worker, const uint8_t eid[TERN_EID_SIZE])
{
    struct exchange *exchange = new_exchange(worker);
    if (exchange != NULL) {
        exchange->inject = true;
        memcpy(exchange->eid, eid, TERN_EID_SIZE);
        run(exchange);
    }
}

void esipa_stop(struct eim_server *server)
{
    struct eim_worker *worker = server->workers[0]; /* the others end with their threads */
    if (worker == NULL) {
        return;
    }
    http_client_free(worker->client); /* calls under way never come back */
    worker->client = NULL;
    for (int i = 0; i < FLUSHES; i++) { /* a reply may bring one more step, and that one another */
        commit_group_flush(worker->group);
    }
    while (worker->exchanges != NULL) {
        struct exchange *exchange = worker->exchanges;
        if (has_peer(exchange)) {
            reply(exchange, 503, TERN_BYTES_NONE);
        }
        free_exchange(exchange);
    }
}

static bool has_type(const struct http_request *request, const char *type)
{
    const char *value = http_request_header(request, "Content-Type");
    size_t size = strlen(type);
    return value != NULL && strncasecmp(value, type, size) == 0 &&
           (value[size] == '\0' || value[size] == ';' || value[size] == ' ');
}

static int check_headers(const struct http_request *request, bool json)
{
    const char *protocol = http_request_header(request, "X-Admin-Protocol");
    if (strcmp(request->method, "POST") != 0) {
        return 405;
    }
    if (!has_type(request, json ? JSON_TYPE : ASN1_TYPE)) {
        return 415;
    }
    /* Missing is tolerated (sgp32.md 7.5), another protocol is not. */
    return protocol != NULL && strncmp(protocol, "gsma/rsp/v", 10) != 0 ? 400 : 200;
}

void esipa_handler(void *context, struct http_request *request)
{
    struct eim_server *server = context;
    bool json = strncmp(request->path, JSON_PATH, strlen(JSON_PATH)) == 0;
    server->metrics.requests++;
    if (!json && strcmp(request->path, ASN1_PATH) != 0) {
        http_reply(request, 404, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    int status = check_headers(request, json);
    if (status != 200) {
        http_reply(request, status, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    struct eim_worker *worker = eim_worker_get(server, request->worker, request->loop);
    struct exchange *exchange = worker == NULL ? NULL : new_exchange(worker);
    if (exchange == NULL) {
        http_reply(request, 503, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    exchange->request = request;
    exchange->json = json;
    if (json) {
        exchange->function = tern_bytes_text(request->path + strlen(JSON_PATH));
    }
    eim_trace(server, "esipa", "request", json ? request->path + strlen(JSON_PATH) : "asn1", json,
              request->body);
    recall_connection(exchange);
    run(exchange);
}

static bool is_esipa_path(const struct coap_request *request)
{
    return strcmp(request->path, ASN1_PATH) == 0 ||
           (request->oscore_id.data != NULL && strcmp(request->path, CARRIER_OSCORE_PATH) == 0);
}

void esipa_coap_handler(void *context, struct coap_request *request)
{
    struct eim_server *server = context;
    uint8_t code = request->method != TERN_COAP_POST ? TERN_COAP_METHOD_NOT_ALLOWED
                   : !is_esipa_path(request)         ? TERN_COAP_NOT_FOUND
                   : request->content_format != TERN_COAP_FORMAT_NONE &&
                           request->content_format != TERN_COAP_FORMAT_OCTETS
                       ? TERN_COAP_UNSUPPORTED_FORMAT
                       : 0;
    struct eim_worker *worker = server->workers[0];
    struct exchange *exchange = code != 0 ? NULL : new_exchange(worker);
    server->metrics.requests++;
    if (exchange == NULL) {
        const struct coap_reply refusal = {.code = code != 0 ? code : TERN_COAP_UNAVAILABLE,
                                           .content_format = TERN_COAP_FORMAT_NONE};
        coap_reply(request, &refusal);
        return;
    }
    exchange->coap = request;
    eim_trace(server, "esipa", "request", "asn1", false, request->body);
    recall_connection(exchange);
    run(exchange);
}
