/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTPS server and client against each other, and the server against rude peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/http/client.h"
#include "host/http/server.h"
#include "tests/support/certificates.h"

static struct test_certificate ci;
static struct test_certificate other_ci;
static struct test_certificate leaf;
static struct test_certificate client_leaf;
static struct test_certificate wrong_client;
static struct test_certificate brainpool_ci;
static struct test_certificate brainpool_leaf;

/* ---- a server in a thread of its own ---- */

struct bench {
    struct loop *loop;
    struct http_server *server;
    pthread_t thread;
    char resolve[100];
    const char *resolves[1];
    struct http_client *client;
    struct http_request *held;
    struct loop_timer *timer;
    struct http_exchange last;
    unsigned exchanges;
    unsigned handler_calls;
    struct tern_bytes seen_certificate;
    uint8_t certificate[2048];
};

static void answer_held(void *context)
{
    struct bench *bench = context;
    http_reply(bench->held, 200, NULL, 0, TERN_BYTES_TEXT("later"));
    bench->held = NULL;
}

static void *answer_from_thread(void *context)
{
    struct http_request *request = context;
    http_reply(request, 200, NULL, 0, TERN_BYTES_TEXT("thread"));
    return NULL;
}

static void handle(void *context, struct http_request *request)
{
    struct bench *bench = context;
    static const struct http_header HEADERS[] = {
        {"X-Admin-Protocol", "gsma/rsp/v2.1.0"   },
        {"Content-Type",     "application/x-test"}
    };
    __atomic_add_fetch(&bench->handler_calls, 1, __ATOMIC_SEQ_CST);
    if (request->client_certificate.data != NULL &&
        request->client_certificate.size <= sizeof(bench->certificate)) {
        memcpy(bench->certificate, request->client_certificate.data,
               request->client_certificate.size);
        bench->seen_certificate = tern_bytes(bench->certificate, request->client_certificate.size);
    }
    if (strcmp(request->path, "/echo") == 0) {
        http_reply(request, 200, HEADERS, 2, request->body);
    } else if (strcmp(request->path, "/none") == 0) {
        http_reply(request, 204, HEADERS, 1, TERN_BYTES_NONE);
    } else if (strcmp(request->path, "/later") == 0) {
        bench->held = request;
        loop_timer_set(bench->timer, 30);
    } else if (strcmp(request->path, "/thread") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, answer_from_thread, request);
        pthread_detach(thread);
    } else if (strcmp(request->path, "/header") == 0) {
        const char *value = http_request_header(request, "x-TEST");
        char text[200];
        snprintf(text, sizeof(text), "%s|%s|%s|%s|%s", request->method, request->query,
                 request->host, request->peer, value == NULL ? "" : value);
        http_reply(request, 200, NULL, 0, tern_bytes_text(text));
    } else {
        http_reply(request, 404, NULL, 0, TERN_BYTES_TEXT("no"));
    }
}

static void on_exchange(void *context, const struct http_exchange *exchange)
{
    struct bench *bench = context;
    bench->last = *exchange;
    __atomic_add_fetch(&bench->exchanges, 1, __ATOMIC_SEQ_CST);
}

static void *run(void *context)
{
    struct bench *bench = context;
    loop_run(bench->loop);
    return NULL;
}

static void start(struct bench *bench, struct http_server_options options)
{
    const char *error = "";
    *bench = (struct bench){.loop = loop_new()};
    options.loop = bench->loop;
    options.listen = "127.0.0.1:0";
    if (options.identity.key.data == NULL) {
        options.identity = test_identity(&leaf);
    }
    options.handler = handle;
    options.context = bench;
    options.on_exchange = on_exchange;
    bench->server = http_server_start(&options, &error);
    if (bench->server == NULL) {
        fail_msg("%s", error);
    }
    bench->timer = loop_timer_new(bench->loop, answer_held, bench);
    snprintf(bench->resolve, sizeof(bench->resolve), "smdp.sweden.example:8443:%s",
             http_server_address(bench->server));
    bench->resolves[0] = bench->resolve;
    struct http_client_options client = {.resolve = bench->resolves, .resolve_count = 1};
    bench->client = http_client_new(&client);
    assert_non_null(bench->client);
    pthread_create(&bench->thread, NULL, run, bench);
}

static void stop(struct bench *bench)
{
    http_client_free(bench->client);
    loop_stop(bench->loop);
    pthread_join(bench->thread, NULL);
    http_server_stop(bench->server);
    loop_timer_free(bench->timer);
    loop_free(bench->loop);
}

static struct http_call call_to(const char *path)
{
    static char url[4][200];
    static unsigned turn;
    turn = (turn + 1) % 4;
    snprintf(url[turn], sizeof(url[turn]), "https://smdp.sweden.example:8443%s", path);
    return (struct http_call){
        .url = url[turn], .trust = {.anchors = test_certificate_der(&ci)}, .timeout_ms = 5000};
}

static int make_certificates(void **state)
{
    (void)state;
    test_certificate_make(&ci, "P-256", "Test CI", NULL, NULL, NULL);
    test_certificate_make(&other_ci, "P-256", "Other CI", NULL, NULL, NULL);
    test_certificate_make(&leaf, "P-256", "SM-DP+", "smdp.sweden.example", &ci, "serverAuth");
    test_certificate_make(&client_leaf, "P-256", "MSP", "msp.example", &ci, "clientAuth");
    test_certificate_make(&wrong_client, "P-256", "MSP", "msp.example", &other_ci, "clientAuth");
    test_certificate_make(&brainpool_ci, "brainpoolP256r1", "BP CI", NULL, NULL, NULL);
    test_certificate_make(&brainpool_leaf, "brainpoolP256r1", "BP", "smdp.sweden.example",
                          &brainpool_ci, "serverAuth");
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    test_certificate_free(&ci);
    test_certificate_free(&other_ci);
    test_certificate_free(&leaf);
    test_certificate_free(&client_leaf);
    test_certificate_free(&wrong_client);
    test_certificate_free(&brainpool_ci);
    test_certificate_free(&brainpool_leaf);
    return 0;
}

/* ---- what works ---- */

static void requests_are_answered(void **state)
{
    (void)state;
    struct bench bench;
    struct http_response response;
    char value[100];
    start(&bench, (struct http_server_options){0});
    static uint8_t body[70000];
    memset(body, 'x', sizeof(body));
    struct http_call call = call_to("/echo");
    call.body = TERN_BYTES_OF(body);
    assert_int_equal(http_client_call(bench.client, &call, &response), TERN_OK);
    assert_int_equal(response.status, 200);
    assert_true(tern_bytes_equal(response.body, call.body));
    assert_true(http_response_header(&response, "x-admin-protocol", value, sizeof(value)));
    assert_string_equal(value, "gsma/rsp/v2.1.0");
    assert_true(response.connected);
    assert_true(response.bytes_sent > sizeof(body) && response.bytes_sent < sizeof(body) + 3000);
    assert_true(response.bytes_received > sizeof(body) + 500);
    http_response_release(&response);

    call = call_to("/none");
    call.method = "POST";
    assert_int_equal(http_client_call(bench.client, &call, &response), TERN_OK);
    assert_int_equal(response.status, 204);
    assert_int_equal(response.body.size, 0);
    assert_false(response.connected); /* kept alive */
    assert_true(response.bytes_sent < 300);
    assert_true(response.bytes_received < 300);
    http_response_release(&response);

    static const struct http_header HEADER = {"X-Test", "va lue"};
    call = call_to("/header?a=b%20c");
    call.headers = &HEADER;
    call.header_count = 1;
    assert_int_equal(http_client_call(bench.client, &call, &response), TERN_OK);
    assert_true(tern_bytes_equal(
        response.body, TERN_BYTES_TEXT("GET|a=b%20c|smdp.sweden.example|127.0.0.1|va lue")));
    http_response_release(&response);

    static const char *const LATER[][2] = {
        {"/later",   "later" },
        {"/thread",  "thread"},
        {"/nothing", "no"    }
    };
    for (size_t i = 0; i < TERN_COUNT_OF(LATER); i++) {
        call = call_to(LATER[i][0]);
        assert_int_equal(http_client_call(bench.client, &call, &response), TERN_OK);
        assert_true(tern_bytes_equal(response.body, tern_bytes_text(LATER[i][1])));
        http_response_release(&response);
    }
    stop(&bench);
    assert_int_equal(bench.exchanges, 6);
    assert_int_equal(bench.last.status, 404);
    assert_int_equal(bench.last.handshake, 0);
    assert_true(bench.last.bytes_received > 50 && bench.last.bytes_received < 300);
}

static void workers_share_a_port(void **state)
{
    (void)state;
    struct bench bench;
    start(&bench, (struct http_server_options){.workers = 3});
    for (int i = 0; i < 12; i++) {
        struct http_response response;
        struct http_call call = call_to(i % 2 == 0 ? "/echo" : "/later");
        call.body = TERN_BYTES_TEXT("x");
        call.url = "https://smdp.sweden.example:8443/echo";
        call.fresh = true;
        assert_int_equal(http_client_call(bench.client, &call, &response), TERN_OK);
        assert_int_equal(response.status, 200);
        http_response_release(&response);
    }
    stop(&bench);
    assert_int_equal(bench.handler_calls, 12);
}

static void trust_decides(void **state)
{
    (void)state;
    struct bench bench;
    start(&bench, (struct http_server_options){0});
    const struct tern_bytes none = TERN_BYTES_NONE;
    const struct {
        struct tls_trust trust;
        const char *url;
        int error;
    } CASES[] = {
        {{.anchors = test_certificate_der(&ci)},                                            NULL,                        TERN_OK             },
        {{.anchors = test_certificate_der(&other_ci)},                                      NULL,                        TERN_ERR_CERTIFICATE},
        {{.spki = tern_bytes(leaf.spki, leaf.spki_size)},                                   NULL,                        TERN_OK             },
        {{.spki = tern_bytes(ci.spki, ci.spki_size)},                                       NULL,                        TERN_ERR_CERTIFICATE},
        {{.certificate = test_certificate_der(&leaf)},                                      NULL,                        TERN_OK             },
        {{.certificate = test_certificate_der(&ci)},                                        NULL,                        TERN_OK             },
        {{.certificate = test_certificate_der(&client_leaf)},                               NULL,                        TERN_ERR_CERTIFICATE},
        {{.certificate = test_certificate_der(&other_ci)},                                  NULL,                        TERN_ERR_CERTIFICATE},
 /* The pin wins over anchors that would do. */
        {{.spki = tern_bytes(ci.spki, ci.spki_size), .anchors = test_certificate_der(&ci)},
         NULL,                                                                                                           TERN_ERR_CERTIFICATE},
        {{.anchors = none},                                                                 NULL,                        TERN_ERR_CERTIFICATE},
 /* Another name: the chain is not enough, a pin is. */
        {{.anchors = test_certificate_der(&ci)},                                            "https://127.0.0.1:%u/echo", TERN_ERR_CERTIFICATE},
        {{.certificate = test_certificate_der(&ci)},
         "https://127.0.0.1:%u/echo",                                                                                    TERN_ERR_CERTIFICATE},
        {{.spki = tern_bytes(leaf.spki, leaf.spki_size)},                                   "https://127.0.0.1:%u/echo", TERN_OK             },
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        char url[100];
        struct http_response response;
        struct http_call call = call_to("/echo");
        call.trust = CASES[i].trust;
        call.body = TERN_BYTES_TEXT("x");
        if (CASES[i].url != NULL) {
            snprintf(url, sizeof(url), "https://127.0.0.1:%u/echo", http_server_port(bench.server));
            call.url = url;
        }
        if (http_client_call(bench.client, &call, &response) != CASES[i].error) {
            fail_msg("case %zu: %d %s", i, response.error, response.reason);
        }
        http_response_release(&response);
    }
    stop(&bench);
}

static void both_sides_show_certificates(void **state)
{
    (void)state;
    struct bench bench;
    struct http_response response;
    start(&bench, (struct http_server_options){.client_anchors = test_certificate_der(&ci)});
    struct http_call call = call_to("/echo");
    call.body = TERN_BYTES_TEXT("x");
    assert_int_not_equal(http_client_call(bench.client, &call, &response), TERN_OK);
    http_response_release(&response);
    call.identity = test_identity(&wrong_client);
    assert_int_not_equal(http_client_call(bench.client, &call, &response), TERN_OK);
    http_response_release(&response);
    call.identity = test_identity(&leaf); /* serverAuth only */
    assert_int_not_equal(http_client_call(bench.client, &call, &response), TERN_OK);
    http_response_release(&response);
    assert_int_equal(bench.handler_calls, 0);
    call.identity = test_identity(&client_leaf);
    assert_int_equal(http_client_call(bench.client, &call, &response), TERN_OK);
    http_response_release(&response);
    /* The connection of that identity is not lent to another one. */
    call.identity = test_identity(&wrong_client);
    assert_int_not_equal(http_client_call(bench.client, &call, &response), TERN_OK);
    http_response_release(&response);
    stop(&bench);
    assert_int_equal(bench.handler_calls, 1);
    assert_true(tern_bytes_equal(bench.seen_certificate, test_certificate_der(&client_leaf)));
}

static void brainpool_works(void **state)
{
    (void)state;
    struct bench bench;
    struct http_response response;
    start(&bench, (struct http_server_options){.identity = test_identity(&brainpool_leaf)});
    struct http_call call = call_to("/echo");
    call.body = TERN_BYTES_TEXT("x");
    call.trust = (struct tls_trust){.anchors = test_certificate_der(&brainpool_ci)};
    if (http_client_call(bench.client, &call, &response) != TERN_OK) {
        fail_msg("%s", response.reason);
    }
    http_response_release(&response);
    stop(&bench);
}

static void policy_and_limits_of_the_client(void **state)
{
    (void)state;
    struct bench bench;
    struct http_response response;
    start(&bench, (struct http_server_options){0});
    struct outbound_policy policy = {0};
    struct http_client_options options = {.policy = &policy};
    struct http_client *client = http_client_new(&options);
    char url[100];
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/echo", http_server_port(bench.server));
    struct http_call call = call_to("/echo");
    call.url = url;
    call.trust = (struct tls_trust){.spki = tern_bytes(leaf.spki, leaf.spki_size)};
    call.body = TERN_BYTES_TEXT("0123456789");
    assert_int_equal(http_client_call(client, &call, &response), TERN_ERR_DENIED); /* port */
    http_response_release(&response);
    assert_int_equal(outbound_allow_ports(&policy, "1-65535"), TERN_OK);
    assert_int_equal(http_client_call(client, &call, &response), TERN_ERR_DENIED); /* address */
    http_response_release(&response);
    assert_int_equal(bench.exchanges, 0);
    assert_int_equal(outbound_allow_network(&policy, "127.0.0.0/8"), TERN_OK);
    assert_int_equal(http_client_call(client, &call, &response), TERN_OK);
    http_response_release(&response);
    call.response_size_max = 9;
    assert_int_equal(http_client_call(client, &call, &response), TERN_ERR_NO_SPACE);
    http_response_release(&response);
    call.url = "http://127.0.0.1:80/";
    assert_int_equal(http_client_call(client, &call, &response), TERN_ERR_DENIED);
    http_response_release(&response);
    http_client_free(client);

    static const char *const BAD[] = {"", "a", "a:b:c", "a:1", "a:1:", "a:0:b"};
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        struct http_client_options bad = {.resolve = &BAD[i], .resolve_count = 1};
        assert_null(http_client_new(&bad));
    }
    stop(&bench);
}

/* ---- many calls on one loop, server and client in the same thread ---- */

struct flight {
    struct loop *loop;
    unsigned done;
    unsigned wanted;
    size_t streamed;
    int errors;
};

static int take_piece(void *context, struct tern_bytes piece)
{
    struct flight *flight = context;
    flight->streamed += piece.size;
    return TERN_OK;
}

static int refuse_piece(void *context, struct tern_bytes piece)
{
    (void)context;
    (void)piece;
    return TERN_ERR_STATE;
}

static void on_done(void *context, const struct http_response *response)
{
    struct flight *flight = context;
    flight->errors += response->error != TERN_OK || response->status != 200;
    if (++flight->done == flight->wanted) {
        loop_stop(flight->loop);
    }
}

static void calls_share_a_loop(void **state)
{
    (void)state;
    struct bench bench = {.loop = loop_new()};
    struct http_server_options options = {.loop = bench.loop,
                                          .listen = "127.0.0.1:0",
                                          .identity = test_identity(&leaf),
                                          .handler = handle,
                                          .context = &bench};
    bench.server = http_server_start(&options, NULL);
    bench.timer = loop_timer_new(bench.loop, answer_held, &bench);
    snprintf(bench.resolve, sizeof(bench.resolve), "smdp.sweden.example:8443:%s",
             http_server_address(bench.server));
    bench.resolves[0] = bench.resolve;
    struct http_client_options client = {
        .loop = bench.loop, .resolve = bench.resolves, .resolve_count = 1};
    bench.client = http_client_new(&client);
    static uint8_t body[30000];
    struct flight flight = {.loop = bench.loop, .wanted = 22};
    for (unsigned i = 0; i < 20; i++) {
        struct http_call call = call_to("/echo");
        call.body = TERN_BYTES_OF(body);
        call.on_body = take_piece;
        call.context = &flight;
        assert_non_null(http_client_start(bench.client, &call, on_done, &flight));
    }
    struct http_call call = call_to("/echo");
    call.body = TERN_BYTES_TEXT("x");
    call.on_body = refuse_piece;
    assert_non_null(http_client_start(bench.client, &call, on_done, &flight));
    call.url = "ftp://smdp.sweden.example/";
    assert_non_null(http_client_start(bench.client, &call, on_done, &flight));
    call = call_to("/later");
    struct http_transfer *cancelled = http_client_start(bench.client, &call, on_done, &flight);
    assert_non_null(cancelled);
    http_transfer_cancel(cancelled);
    assert_int_equal(flight.done, 0); /* never from inside */
    assert_int_equal(loop_run(bench.loop), TERN_OK);
    assert_int_equal(flight.done, 22);
    assert_int_equal(flight.errors, 2);
    assert_int_equal(flight.streamed, 20 * sizeof(body));
    http_client_start(bench.client, &call, on_done, &flight); /* freed with the client */
    http_client_free(bench.client);
    loop_timer_free(bench.timer);
    http_server_stop(bench.server);
    loop_free(bench.loop);
}

/* ---- rude peers ---- */

static int connect_raw(const struct bench *bench)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(bench->server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* True when the peer closes within this time; what it sends before is thrown away. */
static bool closes_within(int fd, int wait_ms)
{
    uint64_t end = loop_now_ms() + (uint64_t)wait_ms;
    while (loop_now_ms() < end) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        char bytes[4096];
        if (poll(&poll_fd, 1, (int)(end - loop_now_ms())) > 0 &&
            recv(fd, bytes, sizeof(bytes), 0) <= 0) {
            return true;
        }
    }
    return false;
}

struct tls_peer {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
};

static struct tls_peer connect_tls(const struct bench *bench)
{
    struct tls_peer peer = {SSL_CTX_new(TLS_client_method()), NULL, connect_raw(bench)};
    peer.ssl = SSL_new(peer.context);
    SSL_set_fd(peer.ssl, peer.fd);
    if (SSL_connect(peer.ssl) != 1) {
        fail_msg("no handshake");
    }
    return peer;
}

static void close_tls(struct tls_peer *peer)
{
    SSL_free(peer->ssl);
    SSL_CTX_free(peer->context);
    close(peer->fd);
}

/* Send text, return the status of the reply; 0 when the connection ends without one. */
static int raw_status(const struct bench *bench, const char *text)
{
    struct tls_peer peer = connect_tls(bench);
    char reply[2000] = "";
    int used = 0;
    SSL_write(peer.ssl, text, (int)strlen(text));
    while (used < (int)sizeof(reply) - 1) {
        int got = SSL_read(peer.ssl, reply + used, (int)sizeof(reply) - 1 - used);
        if (got <= 0) {
            break;
        }
        used += got;
        reply[used] = '\0';
    }
    close_tls(&peer);
    return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? atoi(reply + 9) : 0;
}

static void unclear_framing_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
        "chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx",
    };
    struct bench bench;
    start(&bench, (struct http_server_options){.request_deadline_ms = 3000});
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        int status = raw_status(&bench, BAD[i]);
        if (status != 400) {
            fail_msg("case %zu: %d", i, status);
        }
    }
    assert_int_equal(bench.handler_calls, 0);
    assert_int_equal(raw_status(&bench, "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                        "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
                     200);
    /* A second request sent while the first waits for its answer: both are answered. */
    assert_int_equal(raw_status(&bench, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
                                        "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: "
                                        "close\r\n\r\n"),
                     200);
    assert_int_equal(bench.handler_calls, 3);
    stop(&bench);
}

static void sizes_are_limited(void **state)
{
    (void)state;
    struct bench bench;
    struct http_response response;
    start(&bench, (struct http_server_options){.body_size_max = 1000, .headers_size_max = 600});
    static uint8_t body[1001];
    struct http_call call = call_to("/echo");
    call.body = tern_bytes(body, 1000);
    assert_int_equal(http_client_call(bench.client, &call, &response), TERN_OK);
    assert_int_equal(response.status, 200);
    http_response_release(&response);
    call.body = tern_bytes(body, 1001);
    if (http_client_call(bench.client, &call, &response) == TERN_OK) {
        assert_int_equal(response.status, 413);
    }
    http_response_release(&response);
    char value[700];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    const struct http_header header = {"X-Long", value};
    call.body = tern_bytes(body, 1);
    call.headers = &header;
    call.header_count = 1;
    if (http_client_call(bench.client, &call, &response) == TERN_OK) {
        assert_int_equal(response.status, 400);
    }
    http_response_release(&response);
    assert_int_equal(bench.handler_calls, 1);
    stop(&bench);
}

static void slow_peers_are_dropped(void **state)
{
    (void)state;
    struct bench bench;
    start(&bench, (struct http_server_options){.request_deadline_ms = 300});
    /* Says nothing at all; says nothing after the handshake; sends a byte every 50 ms. */
    int silent = connect_raw(&bench);
    struct tls_peer idle = connect_tls(&bench);
    struct tls_peer slow = connect_tls(&bench);
    static const char REQUEST[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n";
    uint64_t begin = loop_now_ms();
    size_t sent = 0;
    while (sent < 4000 && !closes_within(slow.fd, 50)) {
        char byte = sent < sizeof(REQUEST) - 1 ? REQUEST[sent] : 'x';
        sent += SSL_write(slow.ssl, &byte, 1) == 1 ? 1 : 0;
        if (loop_now_ms() - begin > 5000) {
            fail_msg("a byte at a time holds the connection open");
        }
    }
    assert_true(loop_now_ms() - begin >= 200);
    assert_true(closes_within(silent, 3000));
    assert_true(closes_within(idle.fd, 3000));
    assert_int_equal(bench.handler_calls, 0);
    close(silent);
    close_tls(&idle);
    close_tls(&slow);
    stop(&bench);
}

static void a_reply_nobody_takes_is_dropped(void **state)
{
    (void)state;
    struct bench bench;
    start(&bench,
          (struct http_server_options){.reply_deadline_ms = 300, .body_size_max = 16u << 20});
    struct tls_peer peer = connect_tls(&bench);
    static char body[8u << 20];
    char head[100];
    snprintf(head, sizeof(head), "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
             sizeof(body));
    assert_true(SSL_write(peer.ssl, head, (int)strlen(head)) > 0);
    assert_true(SSL_write(peer.ssl, body, (int)sizeof(body)) > 0);
    uint64_t begin = loop_now_ms();
    /* Reads nothing: the server's end must close by itself. Then the rest ends in an error. */
    while (loop_now_ms() - begin < 700) {
        poll(NULL, 0, 50);
    }
    assert_true(closes_within(peer.fd, 3000));
    close_tls(&peer);
    assert_int_equal(bench.exchanges, 0);
    stop(&bench);
}

static void connections_are_counted(void **state)
{
    (void)state;
    struct bench bench;
    struct http_response response;
    start(&bench, (struct http_server_options){.connection_address_max = 2});
    struct tls_peer one = connect_tls(&bench);
    struct tls_peer two = connect_tls(&bench);
    int three = connect_raw(&bench);
    assert_true(closes_within(three, 3000));
    close(three);
    close_tls(&one);
    close_tls(&two);
    /* As soon as they are gone there is room again. */
    int status = TERN_ERR_IO;
    for (int i = 0; i < 100 && status != TERN_OK; i++) {
        struct http_call call = call_to("/echo");
        call.body = TERN_BYTES_TEXT("x");
        status = http_client_call(bench.client, &call, &response);
        http_response_release(&response);
    }
    assert_int_equal(status, TERN_OK);
    stop(&bench);

    start(&bench, (struct http_server_options){.connection_count_max = 2});
    one = connect_tls(&bench);
    two = connect_tls(&bench);
    three = connect_raw(&bench); /* waits in the kernel's queue */
    close_tls(&one);
    close_tls(&two);
    close(three);
    struct http_call call = call_to("/echo");
    call.body = TERN_BYTES_TEXT("x");
    assert_int_equal(http_client_call(bench.client, &call, &response), TERN_OK);
    http_response_release(&response);
    stop(&bench);
}

static void a_vanished_peer_hurts_nobody(void **state)
{
    (void)state;
    struct bench bench;
    struct http_response response;
    start(&bench, (struct http_server_options){0});
    struct tls_peer peer = connect_tls(&bench);
    static const char REQUEST[] = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    SSL_write(peer.ssl, REQUEST, sizeof(REQUEST) - 1);
    for (int i = 0; i < 200 && __atomic_load_n(&bench.handler_calls, __ATOMIC_SEQ_CST) == 0; i++) {
        poll(NULL, 0, 5);
    }
    close_tls(&peer);
    struct http_call call = call_to("/echo");
    call.body = TERN_BYTES_TEXT("x");
    for (int i = 0; i < 10; i++) {
        assert_int_equal(http_client_call(bench.client, &call, &response), TERN_OK);
        http_response_release(&response);
        poll(NULL, 0, 10);
    }
    stop(&bench);
    assert_null(bench.held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered),
        cmocka_unit_test(workers_share_a_port),
        cmocka_unit_test(trust_decides),
        cmocka_unit_test(both_sides_show_certificates),
        cmocka_unit_test(brainpool_works),
        cmocka_unit_test(policy_and_limits_of_the_client),
        cmocka_unit_test(calls_share_a_loop),
        cmocka_unit_test(unclear_framing_is_refused),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(slow_peers_are_dropped),
        cmocka_unit_test(a_reply_nobody_takes_is_dropped),
        cmocka_unit_test(connections_are_counted),
        cmocka_unit_test(a_vanished_peer_hurts_nobody),
    };
    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
