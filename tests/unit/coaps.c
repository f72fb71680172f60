/* SPDX-License-Identifier: Apache-2.0 */
/* The CoAP carrier of a device against the CoAP server of an eIM, over DTLS on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/carrier/coap.h"
#include "host/carrier/coap_server.h"
#include "host/carrier/oscore_file.h"
#include "host/config/files.h"
#include "host/loop/loop.h"
#include "host/store/sqlite_store.h"
#include "host/udp/dtls.h"
#include "tests/support/certificates.h"

static struct test_certificate ci;
static struct test_certificate leaf;
static struct test_certificate other;
static char folder[64];

/* Loopback answers within a millisecond; a lost datagram should not cost the test seconds. */
static const struct tern_coap_timing FAST = {
    .ack_timeout_ms = 60,
    .ack_random_ms = 20,
    .retransmit_max = 4,
    .separate_ms = 20,
    .response_wait_ms = 5000,
    .exchange_lifetime_ms = 20000,
};

/* Where bytes or requests are counted nothing is lost, and a busy machine is given the time it
 * needs: a repetition would be counted as well. */
static const struct tern_coap_timing PATIENT = {
    .ack_timeout_ms = 20000,
    .ack_random_ms = 20,
    .retransmit_max = 4,
    .separate_ms = 20000,
    .response_wait_ms = 60000,
    .exchange_lifetime_ms = 60000,
};

struct bench {
    const struct tern_coap_timing *timing; /* NULL: FAST */
    struct loop *loop;
    struct coap_server *server;
    struct sqlite_store *store;
    pthread_t thread;
    struct loop_timer *timer;
    struct coap_request *held;
    unsigned handled;
    unsigned exchanges;
    char peer_identity[64];
    char listen[80];
    char resolve[120];
    const char *resolves[1];
    bool psk;
    struct oscore_server oscore;
};

static uint8_t big[40000];

static void answer(struct bench *bench, struct coap_request *request)
{
    struct coap_reply reply = {.code = TERN_COAP_CHANGED,
                               .content_format = TERN_COAP_FORMAT_OCTETS,
                               .body = request->body};
    __atomic_add_fetch(&bench->handled, 1, __ATOMIC_SEQ_CST);
    if (strcmp(request->path, "/big") == 0) {
        reply.body = tern_bytes(big, 12790);
        reply.nothing_waits = true;
    } else if (strcmp(request->path, "/none") == 0) {
        reply.body = TERN_BYTES_NONE;
    } else if (strcmp(request->path, "/no") == 0) {
        reply.code = TERN_COAP_NOT_FOUND;
    }
    coap_reply(request, &reply);
}

static void answer_held(void *context)
{
    struct bench *bench = context;
    answer(bench, bench->held);
}

static void handle(void *context, struct coap_request *request)
{
    struct bench *bench = context;
    snprintf(bench->peer_identity, sizeof(bench->peer_identity), "%.*s",
             (int)request->psk_identity.size, (const char *)request->psk_identity.data);
    if (strcmp(request->path, "/later") == 0) {
        bench->held = request;
        loop_timer_set(bench->timer, 300);
    } else {
        answer(bench, request);
    }
}

static void count_exchange(void *context, const struct coap_exchange *exchange)
{
    struct bench *bench = context;
    (void)exchange;
    bench->exchanges++;
}

static void give_psk(void *context, struct tern_bytes identity, struct tern_writer *key)
{
    (void)context;
    if (tern_bytes_equal(identity, TERN_BYTES_TEXT("89049032123451234512345678901235"))) {
        tern_write(key, TERN_BYTES_TEXT("0123456789abcdef"));
    }
}

static void *run(void *context)
{
    struct bench *bench = context;
    loop_run(bench->loop);
    return NULL;
}

static void start(struct bench *bench, bool secure)
{
    const char *error = "";
    bench->loop = loop_new();
    bench->timer = loop_timer_new(bench->loop, answer_held, bench);
    struct coap_server_options options = {
        .loop = bench->loop,
        .listen = bench->listen[0] == '\0' ? "127.0.0.1:0" : bench->listen,
        .secure = secure,
        .identity = test_identity(&leaf),
        .psk = bench->psk ? give_psk : NULL,
        .timing = bench->timing == NULL ? &FAST : bench->timing,
        .handler = handle,
        .context = bench,
        .on_exchange = count_exchange,
        .store = bench->store == NULL ? NULL : sqlite_store_interface(bench->store),
    };
    if (bench->oscore.file != NULL) {
        options.oscore_find = oscore_server_find;
        options.oscore_save = oscore_server_save;
        options.oscore_context = &bench->oscore;
    }
    bench->server = coap_server_start(&options, &error);
    if (bench->server == NULL) {
        fail_msg("%s", error);
    }
    snprintf(bench->listen, sizeof(bench->listen), "%s", coap_server_address(bench->server));
    snprintf(bench->resolve, sizeof(bench->resolve), "eim.example:5684:%s", bench->listen);
    bench->resolves[0] = bench->resolve;
    pthread_create(&bench->thread, NULL, run, bench);
}

static void stop(struct bench *bench)
{
    loop_stop(bench->loop);
    pthread_join(bench->thread, NULL);
    coap_server_stop(bench->server);
    loop_timer_free(bench->timer);
    loop_free(bench->loop);
}

static struct coap_options device(const struct bench *bench)
{
    return (struct coap_options){.resolve = bench->resolves,
                                 .resolve_count = 1,
                                 .timing = bench->timing == NULL ? &FAST : bench->timing,
                                 .attempts = 4};
}

static struct tls_trust ci_trust(void)
{
    return (struct tls_trust){.anchors = test_certificate_der(&ci)};
}

static uint8_t received[40000];

/* One exchange; returns the bytes read or a negative error. */
static int exchange(struct carrier *carrier, const char *path, size_t size, struct tls_trust trust,
                    bool *nothing_waits)
{
    const struct carrier_request request = {
        .address = "eim.example", .path = path, .trust = trust, .total_size = size};
    int status = carrier->verbs->begin(carrier, &request);
    for (size_t sent = 0; status == TERN_OK && (sent < size || size == 0);) {
        size_t piece = size - sent < 300 ? size - sent : 300;
        sent += piece;
        status = carrier->verbs->send(carrier, tern_bytes(big + sent - piece, piece), sent == size);
        if (size == 0) {
            break;
        }
    }
    bool last = false;
    size_t got = 0;
    *nothing_waits = false;
    while (status == TERN_OK && !last) {
        size_t piece = 0;
        status = carrier->verbs->read(carrier, received + got, 500, &piece, &last, nothing_waits);
        got += piece;
    }
    return status == TERN_OK ? (int)got : status;
}

static void check_echo(struct carrier *carrier, size_t size)
{
    bool nothing_waits = true;
    int got = exchange(carrier, "/gsma/rsp2/asn1", size, ci_trust(), &nothing_waits);
    if (got != (int)size) {
        fail_msg("%zu bytes: %d %s", size, got, coap_carrier_reason(carrier));
    }
    assert_memory_equal(received, big, size);
    assert_false(nothing_waits);
}

static void bodies_cross(void **state)
{
    (void)state;
    struct tern_coap_timing timing = PATIENT;
    timing.separate_ms = 20; /* /later is answered after its ACK */
    struct bench bench = {.timing = &timing};
    start(&bench, true);
    struct coap_options options = device(&bench);
    struct carrier *carrier = coap_carrier_new(&options);
    static const size_t SIZES[] = {1, 500, 1024, 1025, 5000, 30000, 0};
    for (size_t i = 0; i < TERN_COUNT_OF(SIZES); i++) {
        check_echo(carrier, SIZES[i]);
    }
    assert_int_equal(carrier->traffic.handshakes, 1); /* one connection for all */
    bool nothing_waits = false;
    assert_int_equal(exchange(carrier, "/big", 100, ci_trust(), &nothing_waits), 12790);
    assert_memory_equal(received, big, 12790);
    assert_true(nothing_waits);
    assert_int_equal(exchange(carrier, "/none", 1, ci_trust(), &nothing_waits), 0);
    assert_int_equal(exchange(carrier, "/no", 1, ci_trust(), &nothing_waits), TERN_ERR_UNEXPECTED);
    assert_string_equal(coap_carrier_reason(carrier), "4.04");
    assert_int_equal(exchange(carrier, "/later", 2000, ci_trust(), &nothing_waits), 2000);
    assert_int_equal(bench.handled, TERN_COUNT_OF(SIZES) + 4);
    assert_int_equal(bench.exchanges, bench.handled);
    carrier->verbs->free(carrier);
    stop(&bench);
}

/* DESIGN.md 7: DTLS 1.2 handshake with cookie, IP bytes both ways. */
static void handshakes_are_lean(void **state)
{
    (void)state;
    struct bench bench = {.timing = &PATIENT, .psk = true};
    start(&bench, true);
    struct coap_options options = device(&bench);
    struct carrier *carrier = coap_carrier_new(&options);
    check_echo(carrier, 1);
    uint64_t cost = carrier->traffic.bytes_up + carrier->traffic.bytes_down;
    print_message("certificate of %zu bytes: %llu bytes with a small exchange\n", leaf.der_size,
                  (unsigned long long)cost);
    assert_true(cost <= 1700 + 210);
    carrier->verbs->free(carrier);

    options.psk_identity = TERN_BYTES_TEXT("89049032123451234512345678901235");
    options.psk = TERN_BYTES_TEXT("0123456789abcdef");
    carrier = coap_carrier_new(&options);
    check_echo(carrier, 1);
    cost = carrier->traffic.bytes_up + carrier->traffic.bytes_down;
    print_message("PSK: %llu bytes with a small exchange\n", (unsigned long long)cost);
    assert_true(cost <= 1000 + 210);
    assert_string_equal(bench.peer_identity, "89049032123451234512345678901235");
    carrier->verbs->free(carrier);
    options.psk = TERN_BYTES_TEXT("0123456789abcdeX");
    options.attempts = 1;
    options.timing = &FAST; /* no answer comes to this */
    carrier = coap_carrier_new(&options);
    bool nothing_waits;
    assert_true(exchange(carrier, "/x", 1, ci_trust(), &nothing_waits) < 0);
    carrier->verbs->free(carrier);
    stop(&bench);
}

struct flights {
    unsigned sent;
};

static void count_flight(void *context, struct tern_bytes datagram)
{
    struct flights *flights = context;
    (void)datagram;
    flights->sent++;
}

/* OpenSSL repeats a flight by itself when something comes just as its time is over; these count as
 * well. (A peer with another key repeats its own flight in step with ours: two minutes were lost.)
 */
static void a_dead_handshake_ends_whatever_comes(void **state)
{
    (void)state;
    struct flights flights = {0};
    const struct dtls_events events = {.context = &flights, .send = count_flight};
    const struct tern_coap_timing timing = {.ack_timeout_ms = 20};
    const struct dtls_client_options options = {.psk_identity = TERN_BYTES_TEXT("device"),
                                                .psk = TERN_BYTES_TEXT("0123456789abcdef")};
    uint64_t began = loop_now_ms();
    struct dtls *dtls = dtls_client_new(&options, &events, &timing);
    assert_non_null(dtls);
    dtls_start(dtls);
    while (dtls_status(dtls) == TERN_OK) {
        poll(NULL, 0, (int)dtls_wait_ms(dtls) + 1);
        dtls_receive(dtls, TERN_BYTES_TEXT("noise"));
        dtls_tick(dtls);
        assert_true(flights.sent < 10);
    }
    assert_int_equal(dtls_status(dtls), TERN_ERR_TIMEOUT);
    assert_true(flights.sent >= 3);
    assert_true(loop_now_ms() - began < 20000);
    dtls_free(dtls);
}

static void a_sleeping_device_resumes(void **state)
{
    (void)state;
    struct tern_coap_timing timing = PATIENT;
    struct bench bench = {.timing = &timing};
    char path[100];
    snprintf(path, sizeof(path), "%s/eim.db", folder);
    assert_int_equal(sqlite_store_open(&bench.store, path), TERN_OK);
    start(&bench, true);
    struct coap_options options = device(&bench);
    options.session_folder = folder;
    struct carrier *carrier = coap_carrier_new(&options);
    check_echo(carrier, 10);
    assert_int_equal(carrier->traffic.handshakes, 1);
    carrier->verbs->free(carrier); /* power off */
    stop(&bench);                  /* and the eIM restarts as well */
    start(&bench, true);
    carrier = coap_carrier_new(&options);
    check_echo(carrier, 10);
    assert_int_equal(carrier->traffic.handshakes, 0);
    assert_int_equal(carrier->traffic.resumptions, 1);
    uint64_t cost = carrier->traffic.bytes_up + carrier->traffic.bytes_down;
    print_message("resumed: %llu bytes with a small exchange\n", (unsigned long long)cost);
    assert_true(cost <= 950 + 220);
    /* The eIM restarts while the device believes in its session. */
    stop(&bench);
    timing = FAST; /* the device has to notice that nobody answers */
    start(&bench, true);
    check_echo(carrier, 10);
    assert_int_equal(carrier->traffic.handshakes, 0);
    assert_true(carrier->traffic.resumptions >= 2);
    carrier->verbs->free(carrier);
    stop(&bench);
    sqlite_store_close(bench.store);
}

static void trust_decides(void **state)
{
    (void)state;
    struct bench bench = {.timing = &PATIENT};
    start(&bench, true);
    const struct {
        struct tls_trust trust;
        bool good;
    } CASES[] = {
        {{.anchors = test_certificate_der(&ci)},            true },
        {{.anchors = test_certificate_der(&other)},         false},
        {{.spki = tern_bytes(leaf.spki, leaf.spki_size)},   true },
        {{.spki = tern_bytes(other.spki, other.spki_size)}, false},
        {{.certificate = test_certificate_der(&leaf)},      true },
        {{.certificate = test_certificate_der(&ci)},        true },
        {{.certificate = test_certificate_der(&other)},     false},
    };
    struct coap_options options = device(&bench);
    options.attempts = 1;
    struct carrier *carrier = coap_carrier_new(&options);
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        bool nothing_waits;
        int got = exchange(carrier, "/x", 5, CASES[i].trust, &nothing_waits);
        if (got != (CASES[i].good ? 5 : TERN_ERR_CERTIFICATE)) {
            fail_msg("case %zu: %d %s", i, got, coap_carrier_reason(carrier));
        }
    }
    carrier->verbs->free(carrier);
    stop(&bench);
}

/* ---- cuts ---- */

struct cut {
    unsigned count;
    unsigned at;
    unsigned length;
};

static bool pass(void *context, bool up)
{
    struct cut *cut = context;
    (void)up;
    cut->count++;
    return cut->count < cut->at || cut->count >= cut->at + cut->length;
}

/* Lose a run of datagrams from number n on, for every n: the exchange ends well, is handled once,
 * and costs resumptions, not handshakes. */
static void every_cut_is_survived(void **state)
{
    (void)state;
    struct bench bench = {0};
    start(&bench, true);
    unsigned resumptions = 0;
    for (unsigned at = 1; at <= 29; at += 4) {
        struct cut cut = {.at = 10000};
        struct coap_options options = device(&bench);
        struct carrier *carrier = coap_carrier_new(&options);
        check_echo(carrier, 1); /* a session */
        coap_carrier_filter(carrier, pass, &cut);
        cut = (struct cut){.at = at, .length = at % 8 == 1 ? 2 : 12};
        bool nothing_waits;
        int got = exchange(carrier, "/big", 100, ci_trust(), &nothing_waits);
        if (got != 12790) {
            fail_msg("cut at %u: %d %s", at, got, coap_carrier_reason(carrier));
        }
        assert_memory_equal(received, big, 12790);
        assert_int_equal(carrier->traffic.handshakes, 1);
        resumptions += (unsigned)carrier->traffic.resumptions;
        carrier->verbs->free(carrier);
    }
    assert_true(resumptions > 0);
    stop(&bench);
}

/* The server dies in the middle of a download and comes back: the body is in its store. */
static void a_restarted_server_goes_on(void **state)
{
    (void)state;
    struct bench bench = {0};
    char path[100];
    snprintf(path, sizeof(path), "%s/eim2.db", folder);
    assert_int_equal(sqlite_store_open(&bench.store, path), TERN_OK);
    start(&bench, true);
    struct coap_options options = device(&bench);
    struct carrier *carrier = coap_carrier_new(&options);
    const struct carrier_request request = {
        .address = "eim.example", .path = "/big", .trust = ci_trust(), .total_size = 10};
    assert_int_equal(carrier->verbs->begin(carrier, &request), TERN_OK);
    assert_int_equal(carrier->verbs->send(carrier, tern_bytes(big, 10), true), TERN_OK);
    size_t got = 0;
    bool last = false;
    while (!last) {
        size_t piece = 0;
        bool nothing_waits;
        int status =
            carrier->verbs->read(carrier, received + got, 700, &piece, &last, &nothing_waits);
        if (status != TERN_OK) {
            fail_msg("after %zu: %s", got, coap_carrier_reason(carrier));
        }
        got += piece;
        if (bench.handled == 1 && got > 3000) {
            stop(&bench);
            bench.handled = 100;
            start(&bench, true);
        }
    }
    assert_int_equal(got, 12790);
    assert_memory_equal(received, big, 12790);
    assert_int_equal(bench.handled, 100); /* the new server never saw the request itself */
    assert_int_equal(carrier->traffic.handshakes, 1);
    carrier->verbs->free(carrier);
    stop(&bench);
    sqlite_store_close(bench.store);
}

static void plain_coap_asks_for_echo(void **state)
{
    (void)state;
    struct bench bench = {.timing = &PATIENT};
    start(&bench, false);
    struct coap_options options = device(&bench);
    options.plain = true;
    struct carrier *carrier = coap_carrier_new(&options);
    check_echo(carrier, 3000);
    check_echo(carrier, 10);
    assert_int_equal(bench.handled, 2);
    carrier->verbs->free(carrier);
    stop(&bench);
}

/* OSCORE between both: no handshake ever, numbers kept over power cuts on both sides. */
static void oscore_needs_no_handshake(void **state)
{
    (void)state;
    struct tern_coap_timing timing = PATIENT;
    timing.separate_ms = 20; /* /later is answered after its ACK */
    struct bench bench = {.timing = &timing};
    char path[100];
    char keys[100];
    char sequence[100];
    char error[300] = "";
    snprintf(path, sizeof(path), "%s/eim3.db", folder);
    snprintf(keys, sizeof(keys), "%s/oscore.yaml", folder);
    snprintf(sequence, sizeof(sequence), "%s/oscore.state", folder);
    static const char KEYS[] =
        "oscore:\n  - {secret: 0102030405060708090A0B0C0D0E0F10, device: 07, eim: 01}\n";
    assert_int_equal(file_write(keys, tern_bytes_text(KEYS), 0600), TERN_OK);
    assert_int_equal(sqlite_store_open(&bench.store, path), TERN_OK);
    struct oscore_file *file = oscore_file_load(keys, error, sizeof(error));
    if (file == NULL) {
        fail_msg("%s", error);
    }
    bench.oscore = (struct oscore_server){file, sqlite_store_interface(bench.store)};
    start(&bench, false);
    struct coap_options options = device(&bench);
    options.plain = true;
    options.oscore_file = keys;
    options.oscore_state = sequence;
    struct carrier *carrier = coap_carrier_new(&options);
    assert_non_null(carrier);
    check_echo(carrier, 20);
    uint64_t before = carrier->traffic.bytes_up + carrier->traffic.bytes_down;
    check_echo(carrier, 20);
    uint64_t cost = carrier->traffic.bytes_up + carrier->traffic.bytes_down - before;
    print_message("OSCORE: %llu bytes for 20 there and back\n", (unsigned long long)cost);
    assert_true(cost <= 200); /* DESIGN.md 7, a poll */
    check_echo(carrier, 30000);
    bool nothing_waits;
    assert_int_equal(exchange(carrier, "/later", 3000, ci_trust(), &nothing_waits), 3000);
    assert_int_equal(exchange(carrier, "/big", 1, ci_trust(), &nothing_waits), 12790);
    assert_memory_equal(received, big, 12790);
    unsigned handled = bench.handled;
    /* Power cuts on both sides: the server asks for Echo once, and nothing is used twice. */
    for (int i = 0; i < 3; i++) {
        carrier->verbs->free(carrier);
        stop(&bench);
        start(&bench, false);
        carrier = coap_carrier_new(&options);
        check_echo(carrier, 20);
        check_echo(carrier, 2000);
    }
    assert_int_equal(bench.handled, handled + 6);
    assert_int_equal(carrier->traffic.handshakes + carrier->traffic.resumptions, 0);
    carrier->verbs->free(carrier);

    /* Another secret under the same names gets nothing. */
    static const char WRONG[] =
        "oscore:\n  - {secret: FF02030405060708090A0B0C0D0E0F10, device: 07, eim: 01}\n";
    assert_int_equal(file_write(keys, tern_bytes_text(WRONG), 0600), TERN_OK);
    options.attempts = 1;
    options.timing = &FAST; /* no answer comes to this */
    carrier = coap_carrier_new(&options);
    assert_true(exchange(carrier, "/x", 1, ci_trust(), &nothing_waits) < 0);
    assert_int_equal(bench.handled, handled + 6);
    carrier->verbs->free(carrier);
    stop(&bench);
    sqlite_store_close(bench.store);
    oscore_file_free(file);
}

static int make(void **state)
{
    (void)state;
    test_certificate_make(&ci, "P-256", "Test CI", NULL, NULL, NULL);
    test_certificate_make(&leaf, "P-256", "eIM", "eim.example", &ci, "serverAuth");
    test_certificate_make(&other, "P-256", "Other CI", NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof(big); i++) {
        big[i] = (uint8_t)(i * 7 + i / 251);
    }
    strcpy(folder, "/tmp/tern-coaps-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int unmake(void **state)
{
    (void)state;
    test_certificate_free(&ci);
    test_certificate_free(&leaf);
    test_certificate_free(&other);
    char command[100];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_cross),
        cmocka_unit_test(handshakes_are_lean),
        cmocka_unit_test(a_dead_handshake_ends_whatever_comes),
        cmocka_unit_test(a_sleeping_device_resumes),
        cmocka_unit_test(trust_decides),
        cmocka_unit_test(every_cut_is_survived),
        cmocka_unit_test(a_restarted_server_goes_on),
        cmocka_unit_test(plain_coap_asks_for_echo),
        cmocka_unit_test(oscore_needs_no_handshake),
    };
    cmocka_set_test_filter(getenv("TERN_TEST"));
    return cmocka_run_group_tests(tests, make, unmake);
}
