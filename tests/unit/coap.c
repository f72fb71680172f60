/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CoAP: messages against bytes of the RFCs, then client and server against each other over a link
 * that loses, repeats and reorders, in simulated time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tern/coap.h"

static struct tern_bytes hex(const char *text)
{
    static uint8_t buffer[4][256];
    static unsigned turn;
    turn = (turn + 1) % 4;
    struct tern_writer out = TERN_WRITER_OF(buffer[turn]);
    assert_int_equal(tern_hex_decode(&out, tern_bytes_text(text)), TERN_OK);
    return tern_writer_bytes(&out);
}

/* ---- messages ---- */

static void messages_are_built_and_parsed(void **state)
{
    (void)state;
    /* GET coap://localhost/tv1, the outside of RFC 8613, C.4 without its protection. */
    uint8_t buffer[128];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    struct tern_coap_builder builder =
        tern_coap_build(&out, TERN_COAP_CON, TERN_COAP_GET, 0x5D1F, hex("00003974"));
    tern_coap_put(&builder, TERN_COAP_URI_HOST, TERN_BYTES_TEXT("localhost"));
    tern_coap_put_path(&builder, TERN_BYTES_TEXT("/tv1"));
    assert_true(tern_bytes_equal(tern_writer_bytes(&out),
                                 hex("44015d1f00003974396c6f63616c686f737483747631")));
    struct tern_coap_message message;
    assert_int_equal(tern_coap_parse(&message, tern_writer_bytes(&out)), TERN_OK);
    assert_int_equal(message.id, 0x5D1F);
    assert_true(tern_bytes_equal(tern_coap_find_option(&message, TERN_COAP_URI_PATH),
                                 TERN_BYTES_TEXT("tv1")));
    assert_null(message.payload.data);

    /* POST /.well-known/edhoc: coap-oscore-edhoc.md 13.5. */
    out = TERN_WRITER_OF(buffer);
    builder = tern_coap_build(&out, TERN_COAP_CON, TERN_COAP_POST, 0x5D1D, hex("00003972"));
    tern_coap_put_path(&builder, TERN_BYTES_TEXT("/.well-known/edhoc"));
    tern_coap_put_uint(&builder, TERN_COAP_CONTENT_FORMAT, 65);
    tern_coap_put_payload(&builder, hex("f503"));
    assert_true(
        tern_bytes_equal(tern_writer_bytes(&out),
                         hex("44025d1d00003972bb2e77656c6c2d6b6e6f776e056564686f631141fff503")));
}

static void paths_become_segments(void **state)
{
    (void)state;
    /* coap-oscore-edhoc.md 2.3, rule 10. */
    static const char *const CASES[][2] = {
        {"",      ""          },
        {"/",     ""          },
        {"/a",    "B161"      },
        {"/a/b",  "B1610162"  },
        {"/a/",   "B16100"    },
        {"a/b",   "B1610162"  },
        {"/a//b", "B161000162"},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        uint8_t buffer[64];
        struct tern_writer out = TERN_WRITER_OF(buffer);
        struct tern_coap_builder builder = tern_coap_build_options(&out);
        tern_coap_put_path(&builder, tern_bytes_text(CASES[i][0]));
        if (!tern_bytes_equal(tern_writer_bytes(&out), hex(CASES[i][1]))) {
            fail_msg("path '%s'", CASES[i][0]);
        }
    }
}

static void option_heads_have_three_sizes(void **state)
{
    (void)state;
    static const uint32_t NUMBERS[] = {0, 12, 13, 268, 269, 65535};
    static const size_t SIZES[] = {0, 12, 13, 268, 269, 1000};
    static uint8_t value[1000];
    for (size_t n = 0; n < 36; n++) {
        uint8_t buffer[1100];
        struct tern_writer out = TERN_WRITER_OF(buffer);
        struct tern_coap_builder builder =
            tern_coap_build(&out, TERN_COAP_NON, TERN_COAP_GET, 1, TERN_BYTES_NONE);
        tern_coap_put(&builder, NUMBERS[n / 6], tern_bytes(value, SIZES[n % 6]));
        struct tern_coap_message message;
        assert_int_equal(tern_coap_parse(&message, tern_writer_bytes(&out)), TERN_OK);
        struct tern_coap_walk walk = {.rest = message.options};
        assert_int_equal(tern_coap_next_option(&walk), 1);
        assert_int_equal(walk.number, NUMBERS[n / 6]);
        assert_int_equal(walk.value.size, SIZES[n % 6]);
        assert_int_equal(tern_coap_next_option(&walk), 0);
        for (size_t cut = 5; cut < out.size; cut++) { /* no prefix passes but the bare header */
            assert_int_not_equal(tern_coap_parse(&message, tern_bytes(buffer, cut)), TERN_OK);
        }
    }
}

static void malformed_messages_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int error;
    } CASES[] = {
        {"400100",                     TERN_ERR_TRUNCATED  },
        {"80010001",                   TERN_ERR_UNSUPPORTED}, /* version 2 */
        {"49010001000000000000000000", TERN_ERR_MALFORMED  }, /* token of 9 bytes */
        {"4100000100",                 TERN_ERR_MALFORMED  }, /* an empty message with a token */
        {"40000001FF",                 TERN_ERR_MALFORMED  },
        {"40010001FF",                 TERN_ERR_MALFORMED  }, /* a marker and no payload */
        {"40010001F0",                 TERN_ERR_MALFORMED  }, /* nibble 15 */
        {"400100010F",                 TERN_ERR_MALFORMED  },
        {"4001000131",                 TERN_ERR_TRUNCATED  },
        {"40010001D0",                 TERN_ERR_TRUNCATED  },
        {"4001000170E0FFFF",           TERN_ERR_MALFORMED  }, /* number above 65535 */
        {"4201000100",                 TERN_ERR_TRUNCATED  },
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        struct tern_coap_message message;
        if (tern_coap_parse(&message, hex(CASES[i].text)) != CASES[i].error) {
            fail_msg("%s", CASES[i].text);
        }
    }
}

/* ---- a link in simulated time ---- */

#define IN_FLIGHT_MAX 64

struct packet {
    bool used;
    bool to_server;
    uint64_t at_ms;
    size_t size;
    uint8_t data[TERN_COAP_DATAGRAM_MAX];
};

struct world {
    struct tern_coap_client client;
    struct tern_coap_server server;
    uint8_t client_memory[TERN_COAP_CLIENT_MEMORY(1024, 4)];
    uint8_t server_memory[TERN_COAP_SERVER_MEMORY(8, 20000)];
    struct packet packets[IN_FLIGHT_MAX];
    uint64_t now_ms;
    uint32_t random;
    unsigned loss; /* per cent */
    unsigned repeat;
    unsigned delay_ms;
    unsigned jitter_ms;
    unsigned processing_ms; /* how long the host takes */
    bool cut;               /* nothing passes */
    unsigned sent_up;
    unsigned sent_down;
    unsigned at_once;   /* most client requests on the way at once */
    unsigned cut_after; /* this many packets, 0: never */
    unsigned handled;
    /* what the server's host knows */
    uint8_t request[20000];
    size_t request_size;
    uint8_t response[20000];
    size_t response_size;
    uint8_t code;
    int pending; /* entry to be answered at pending_ms, -1 none */
    uint64_t pending_ms;
    bool body_is_gone;
    uint8_t etag[4];
};

static struct world world;

static unsigned dice(unsigned sides)
{
    world.random = world.random * 1103515245u + 12345u;
    return (world.random >> 16) % sides;
}

static void put_on_link(bool to_server, struct tern_bytes datagram)
{
    unsigned copies = dice(100) < world.repeat ? 2 : 1;
    (to_server ? &world.sent_up : &world.sent_down)[0]++;
    if (world.cut_after > 0 && world.sent_up + world.sent_down >= world.cut_after) {
        world.cut = true;
    }
    for (unsigned c = 0; c < copies; c++) {
        if (world.cut || dice(100) < world.loss) {
            continue;
        }
        for (size_t i = 0; i < IN_FLIGHT_MAX; i++) {
            struct packet *packet = &world.packets[i];
            if (!packet->used) {
                packet->used = true;
                packet->to_server = to_server;
                packet->at_ms = world.now_ms + world.delay_ms +
                                (world.jitter_ms == 0 ? 0 : dice(world.jitter_ms));
                packet->size = datagram.size;
                memcpy(packet->data, datagram.data, datagram.size);
                break;
            }
        }
    }
}

static struct tern_coap_response host_response(void)
{
    return (struct tern_coap_response){
        .code = world.code,
        .content_format = TERN_COAP_FORMAT_NONE,
        .body = tern_bytes(world.response, world.response_size),
        .etag = TERN_BYTES_OF(world.etag),
        .max_age_s = 60,
    };
}

static void server_takes(struct tern_bytes datagram)
{
    struct tern_coap_incoming incoming;
    switch (tern_coap_server_receive(&world.server, &incoming, datagram, world.now_ms)) {
    case TERN_COAP_REQUEST:
        world.handled++;
        assert_true(tern_bytes_equal(incoming.path, TERN_BYTES_TEXT("/gsma/rsp2/asn1")));
        assert_true(incoming.body.size <= sizeof(world.request));
        world.request_size = incoming.body.size;
        memcpy(world.request, incoming.body.data, incoming.body.size);
        world.pending = incoming.entry;
        world.pending_ms = world.now_ms + world.processing_ms;
        break;
    case TERN_COAP_BODY_WANTED: {
        struct tern_coap_response response = host_response();
        if (world.body_is_gone ||
            !tern_bytes_equal(tern_bytes(world.server.etag, 4), TERN_BYTES_OF(world.etag))) {
            tern_coap_server_no_body(&world.server, world.now_ms);
        } else {
            tern_coap_server_offer(&world.server, &response, world.now_ms);
        }
        break;
    }
    default:
        break;
    }
}

static void drain(void)
{
    uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
    if (world.pending >= 0 && world.now_ms >= world.pending_ms) {
        struct tern_coap_response response = host_response();
        tern_coap_server_reply(&world.server, (uint8_t)world.pending, &response, world.now_ms);
        world.pending = -1;
    }
    for (;;) {
        struct tern_writer out = TERN_WRITER_OF(buffer);
        if (tern_coap_client_send(&world.client, &out, world.now_ms) == 1) {
            assert_int_equal(tern_writer_status(&out), TERN_OK);
            put_on_link(true, tern_writer_bytes(&out));
            continue;
        }
        if (tern_coap_server_send(&world.server, &out, world.now_ms) == 1) {
            assert_int_equal(tern_writer_status(&out), TERN_OK);
            put_on_link(false, tern_writer_bytes(&out));
            continue;
        }
        return;
    }
}

/* Deliver what is due, then jump to the next moment. False when nothing will ever happen. */
static bool tick(void)
{
    drain();
    uint64_t next = tern_coap_client_due_ms(&world.client);
    uint64_t due = tern_coap_server_due_ms(&world.server);
    next = due < next ? due : next;
    if (world.pending >= 0 && world.pending_ms < next) {
        next = world.pending_ms;
    }
    struct packet *first = NULL;
    unsigned up = 0;
    for (size_t i = 0; i < IN_FLIGHT_MAX; i++) {
        struct packet *packet = &world.packets[i];
        up += packet->used && packet->to_server ? 1 : 0;
        if (packet->used && (first == NULL || packet->at_ms < first->at_ms)) {
            first = packet;
        }
    }
    world.at_once = up > world.at_once ? up : world.at_once;
    if (first != NULL && first->at_ms <= next) {
        world.now_ms = first->at_ms > world.now_ms ? first->at_ms : world.now_ms;
        first->used = false;
        /* An exact-size copy: the sanitizer sees a read past its end. */
        uint8_t *exact = malloc(first->size);
        memcpy(exact, first->data, first->size);
        if (first->to_server) {
            server_takes(tern_bytes(exact, first->size));
        } else {
            tern_coap_client_receive(&world.client, tern_bytes(exact, first->size), world.now_ms);
        }
        free(exact);
        return true;
    }
    if (next == UINT64_MAX) {
        return false;
    }
    world.now_ms = next > world.now_ms ? next : world.now_ms;
    return true;
}

static void make_world(uint32_t seed, uint8_t szx_client, uint8_t szx_server, uint8_t window)
{
    memset(&world, 0, sizeof(world));
    world.random = seed;
    world.delay_ms = 100;
    world.pending = -1;
    world.code = TERN_COAP_CHANGED;
    memcpy(world.etag, "body", 4);
    assert_int_equal(tern_coap_client_init(&world.client, &TERN_COAP_TIMING_DEFAULT,
                                           world.client_memory, sizeof(world.client_memory),
                                           szx_client, window, 0x1122334455667788u * seed),
                     TERN_OK);
    assert_int_equal(tern_coap_server_init(&world.server, &TERN_COAP_TIMING_DEFAULT,
                                           world.server_memory, sizeof(world.server_memory), 8,
                                           szx_server, TERN_BYTES_NONE, 0x99 * seed),
                     TERN_OK);
}

/* One exchange, the reader taking `gulp` bytes at a time. Returns what was read. */
static size_t exchange_from(uint8_t *body, size_t up_size, uint8_t *read, size_t read_capacity,
                            size_t gulp)
{
    size_t written = 0;
    bool closed = false;
    size_t got = 0;
    for (unsigned turns = 0; turns < 100000; turns++) {
        while (!closed) {
            size_t taken = 0;
            size_t piece = up_size - written < 700 ? up_size - written : 700;
            bool last = written + piece == up_size;
            if (tern_coap_client_write(&world.client, &taken, tern_bytes(body + written, piece),
                                       last, world.now_ms) != TERN_OK) {
                return got;
            }
            written += taken;
            closed = last && taken == piece && world.client.phase != TERN_COAP_SENDING;
            if (taken < piece || (piece == 0 && !closed) || (last && !closed)) {
                break;
            }
        }
        struct tern_writer out =
            tern_writer(read + got, gulp < read_capacity - got ? gulp : read_capacity - got);
        bool done = tern_coap_client_read(&world.client, &out);
        got += out.size;
        if (done || world.client.phase == TERN_COAP_FAILED) {
            return got;
        }
        if (out.size == 0 && !tick()) {
            return got;
        }
    }
    fail_msg("no end");
    return 0;
}

static uint8_t up_body[20000];
static uint8_t read_body[20000];

static size_t exchange(size_t up_size, size_t down_size)
{
    static const struct tern_coap_request REQUEST = {
        .method = TERN_COAP_POST,
        .path = {(const uint8_t *)"/gsma/rsp2/asn1", 15},
        .content_format = TERN_COAP_FORMAT_NONE,
        .accept = TERN_COAP_FORMAT_NONE,
    };
    for (size_t i = 0; i < sizeof(up_body); i++) {
        up_body[i] = (uint8_t)dice(256);
        world.response[i] = (uint8_t)dice(256);
    }
    world.response_size = down_size;
    tern_coap_client_begin(&world.client, &REQUEST);
    return exchange_from(up_body, up_size, read_body, sizeof(read_body), 333);
}

static void check_exchange(size_t up_size, size_t down_size)
{
    size_t got = exchange(up_size, down_size);
    if (world.client.phase != TERN_COAP_DONE) {
        fail_msg("up %zu down %zu: phase %d, %s", up_size, down_size, (int)world.client.phase,
                 tern_error_text(world.client.error));
    }
    assert_int_equal(world.client.code, world.code);
    assert_int_equal(world.request_size, up_size);
    assert_memory_equal(world.request, up_body, up_size);
    assert_int_equal(got, down_size);
    assert_memory_equal(read_body, world.response, down_size);
}

static const size_t SIZES[] = {0, 1, 15, 16, 17, 1023, 1024, 1025, 2047, 2048, 2049, 12790};

static void every_size_goes_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(SIZES); i++) {
        for (size_t k = 0; k < TERN_COUNT_OF(SIZES); k++) {
            make_world(7, 6, 6, 4);
            check_exchange(SIZES[i], SIZES[k]);
            assert_int_equal(world.handled, 1);
            assert_int_equal(world.client.retransmissions, 0);
            /* A request a block and a response each, nothing else. */
            size_t up_blocks = SIZES[i] == 0 ? 1 : (SIZES[i] + 1023) / 1024;
            size_t down_blocks = SIZES[k] == 0 ? 1 : (SIZES[k] + 1023) / 1024;
            assert_int_equal(world.sent_up, up_blocks + down_blocks - 1);
            assert_int_equal(world.sent_down, up_blocks + down_blocks - 1);
        }
    }
}

static void small_blocks_are_agreed_on(void **state)
{
    (void)state;
    for (uint8_t client = 0; client <= 6; client++) {
        for (uint8_t server = 0; server <= 6; server++) {
            make_world(3, client, server, 4);
            check_exchange(3000, 3000);
            assert_int_equal(world.handled, 1);
        }
    }
}

static void blocks_are_asked_for_ahead(void **state)
{
    (void)state;
    make_world(1, 6, 6, 4);
    check_exchange(100, 12790);
    assert_int_equal(world.at_once, 4);
    uint64_t pipelined = world.now_ms;
    make_world(1, 6, 6, 1);
    check_exchange(100, 12790);
    assert_int_equal(world.at_once, 1);
    assert_int_equal(world.now_ms, 13 * 200); /* a round trip a block */
    assert_true(pipelined <= 5 * 200);        /* transports.md 5: 13 round trips become 4 */
}

static void a_slow_host_gets_an_empty_ack(void **state)
{
    (void)state;
    make_world(5, 6, 6, 4);
    world.processing_ms = 5000;
    check_exchange(2000, 5000);
    assert_int_equal(world.handled, 1);
    assert_int_equal(world.client.retransmissions, 0);
    /* The next one on the same server, still in the memory of the last. */
    check_exchange(10, 10);
    assert_int_equal(world.handled, 2);
}

static void errors_reach_the_caller(void **state)
{
    (void)state;
    make_world(5, 6, 6, 4);
    world.code = TERN_COAP_UNAVAILABLE;
    assert_int_equal(exchange(100, 5), 5);
    assert_int_equal(world.client.phase, TERN_COAP_DONE);
    assert_int_equal(world.client.code, TERN_COAP_UNAVAILABLE);
    assert_int_equal(tern_coap_client_resume(&world.client, 0), TERN_ERR_STATE);
    /* Broken off in the middle of an upload: only the beginning can bring it back. */
    make_world(5, 6, 6, 4);
    world.cut_after = 5;
    exchange(5000, 5);
    assert_int_equal(world.client.error, TERN_ERR_TIMEOUT);
    assert_int_equal(tern_coap_client_resume(&world.client, 0), TERN_ERR_STATE);
    /* A body that is too large is refused in the middle, with what would fit. */
    make_world(5, 6, 6, 4);
    world.server.body_capacity = 3000;
    exchange(5000, 5);
    assert_int_equal(world.client.phase, TERN_COAP_DONE);
    assert_int_equal(world.client.code, TERN_COAP_TOO_LARGE);
    assert_int_equal(world.handled, 0);
}

static void a_bad_link_only_costs_time(void **state)
{
    (void)state;
    unsigned finished = 0;
    for (uint32_t seed = 1; seed <= 400; seed++) {
        make_world(seed, (uint8_t)(4 + seed % 3), 6, (uint8_t)(1 + seed % 4));
        world.loss = seed % 16;
        world.repeat = seed % 30;
        world.jitter_ms = seed % 3 == 0 ? 3000 : 50;
        world.processing_ms = seed % 5 == 0 ? 3000 : 0;
        for (unsigned i = 0; i < 3; i++) {
            size_t up = dice(3000);
            size_t down = dice(6000);
            unsigned before = world.handled;
            size_t got = exchange(up, down);
            /* However often a message came, it was handled once. */
            assert_true(world.handled <= before + 1);
            if (world.client.phase == TERN_COAP_DONE) {
                finished++;
                assert_int_equal(world.handled, before + 1);
                assert_int_equal(world.request_size, up);
                assert_memory_equal(world.request, up_body, up);
                assert_int_equal(got, down);
                assert_memory_equal(read_body, world.response, down);
            } else {
                assert_int_equal(world.client.error, TERN_ERR_TIMEOUT);
            }
        }
    }
    assert_true(finished > 1150); /* of 1200; that five sends fail together is rare */
}

/* Cut the link after n packets, for every n; a new server (a new session, a restarted eIM) goes on
 * from the body that its host kept. No block is paid twice but those that were in flight. */
static void a_lost_link_resumes_at_the_block(void **state)
{
    (void)state;
    unsigned resumed = 0;
    for (unsigned cut = 1; cut <= 26; cut++) {
        make_world(11, 6, 6, 4);
        world.cut_after = cut;
        size_t got = exchange(200, 12790);
        assert_int_equal(world.client.phase, TERN_COAP_FAILED);
        assert_int_equal(world.client.error, TERN_ERR_TIMEOUT);
        unsigned down_before = 0;
        for (size_t i = 0; i < world.client.window; i++) {
            down_before += world.client.slots[i].state == 4;
        }
        world.cut_after = 0;
        world.cut = false;
        memset(world.packets, 0, sizeof(world.packets));
        struct tern_coap_server fresh;
        tern_coap_server_init(&fresh, &TERN_COAP_TIMING_DEFAULT, world.server_memory,
                              sizeof(world.server_memory), 8, 6, TERN_BYTES_NONE, cut);
        world.server = fresh;
        world.pending = -1;
        world.sent_down = 0;
        bool answered = world.client.head_known;
        world.handled = answered ? 1 : 0;
        assert_int_equal(tern_coap_client_resume(&world.client, world.now_ms), TERN_OK);
        resumed += answered ? 1 : 0;
        size_t more = exchange_from(NULL, 0, read_body + got, sizeof(read_body) - got, 333);
        assert_int_equal(world.client.phase, TERN_COAP_DONE);
        assert_int_equal(got + more, 12790);
        assert_memory_equal(read_body, world.response, 12790);
        assert_int_equal(world.handled, 1);
        assert_true(world.sent_down + got / 1024 + down_before <= 13);
    }
    assert_true(resumed >= 20);
}

static void a_body_that_is_gone_is_told(void **state)
{
    (void)state;
    make_world(11, 6, 6, 4);
    world.cut_after = 8;
    exchange(200, 12790);
    assert_int_equal(world.client.phase, TERN_COAP_FAILED);
    world.cut_after = 0;
    world.cut = false;
    world.body_is_gone = true;
    tern_coap_server_init(&world.server, &TERN_COAP_TIMING_DEFAULT, world.server_memory,
                          sizeof(world.server_memory), 8, 6, TERN_BYTES_NONE, 1);
    assert_int_equal(tern_coap_client_resume(&world.client, world.now_ms), TERN_OK);
    exchange_from(NULL, 0, read_body, sizeof(read_body), 333);
    assert_int_equal(world.client.phase, TERN_COAP_FAILED);
    assert_int_equal(world.client.error, TERN_ERR_CONFLICT);
}

static void an_address_is_proved_by_echo(void **state)
{
    (void)state;
    make_world(2, 6, 6, 4);
    world.server.echo = TERN_BYTES_TEXT("fresh-value");
    check_exchange(2500, 2500);
    assert_int_equal(world.handled, 1);
    check_exchange(1, 1);
    assert_int_equal(world.handled, 2);
}

/* ---- single datagrams to the server ---- */

static struct tern_bytes server_says(const char *datagram, enum tern_coap_server_event *event)
{
    static uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
    struct tern_coap_incoming incoming;
    struct tern_writer out = TERN_WRITER_OF(buffer);
    *event = tern_coap_server_receive(&world.server, &incoming, hex(datagram), world.now_ms);
    tern_coap_server_send(&world.server, &out, world.now_ms);
    return tern_writer_bytes(&out);
}

static void the_server_keeps_the_rules(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *datagram;
        const char *answer;
        enum tern_coap_server_event event;
    } CASES[] = {
        {"a ping",                       "40000007",           "70000007",       TERN_COAP_NOTHING},
        {"a format error in a CON",      "40010008FF",         "70000008",       TERN_COAP_NOTHING},
        {"a format error in a NON",      "50010008FF",         "",               TERN_COAP_NOTHING},
        {"version 2",                    "80010008",           "",               TERN_COAP_NOTHING},
        {"an ACK for nobody",            "60000009",           "",               TERN_COAP_NOTHING},
        {"a reserved class",             "4020000A",           "7000000A",       TERN_COAP_NOTHING},
        {"a response to a server",       "4045000B",           "7000000B",       TERN_COAP_NOTHING},
        {"unknown critical option 9",    "4002000C90",         "6082000C",       TERN_COAP_NOTHING},
        {"unknown elective option 2046", "4002000DE006F1",     "",               TERN_COAP_REQUEST},
        {"Proxy-Uri",                    "4002000ED11661",     "60A5000E",       TERN_COAP_NOTHING},
        {"SZX 7",                        "4002000FD10A07",     "6080000F",       TERN_COAP_NOTHING},
        {"Block1 without a beginning",   "40020010D10E1E",     "60880010D10E16", TERN_COAP_NOTHING},
        {"Block2 of nothing",            "40020011D10A16",     "60880011",       TERN_COAP_NOTHING},
        {"a short block that has more",  "40020012D10E08FF00", "60800012D00E",   TERN_COAP_NOTHING},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        make_world(1, 6, 6, 4);
        enum tern_coap_server_event event;
        struct tern_bytes answer = server_says(CASES[i].datagram, &event);
        if (event != CASES[i].event || !tern_bytes_equal(answer, hex(CASES[i].answer))) {
            char text[200];
            struct tern_writer out = tern_writer(text, sizeof(text) - 1);
            tern_hex_encode(&out, answer);
            text[out.size] = '\0';
            fail_msg("%s: %d, %s", CASES[i].what, (int)event, text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_built_and_parsed),
        cmocka_unit_test(paths_become_segments),
        cmocka_unit_test(option_heads_have_three_sizes),
        cmocka_unit_test(malformed_messages_are_refused),
        cmocka_unit_test(every_size_goes_both_ways),
        cmocka_unit_test(small_blocks_are_agreed_on),
        cmocka_unit_test(blocks_are_asked_for_ahead),
        cmocka_unit_test(a_slow_host_gets_an_empty_ack),
        cmocka_unit_test(errors_reach_the_caller),
        cmocka_unit_test(a_bad_link_only_costs_time),
        cmocka_unit_test(a_lost_link_resumes_at_the_block),
        cmocka_unit_test(a_body_that_is_gone_is_told),
        cmocka_unit_test(an_address_is_proved_by_echo),
        cmocka_unit_test(the_server_keeps_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
