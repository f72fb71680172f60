/* SPDX-License-Identifier: Apache-2.0 */
/* The relay counts what IP would carry, spoils what it is told to, and the model's seconds and
 * joules are those of a calculation by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/http/address.h"
#include "host/link/preset.h"

/* ---- sockets ---- */

static int open_socket(int kind, char address[80])
{
    struct sockaddr_storage at;
    socklen_t size = 0;
    uint16_t port = 0;
    assert_int_equal(address_parse("127.0.0.1:0", &at, &size), TERN_OK);
    int fd = socket(at.ss_family, kind, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    address_print((struct sockaddr *)&at, address, 80, &port);
    const struct timeval patience = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

static int connect_to(int kind, const char *address)
{
    struct sockaddr_storage at;
    socklen_t size = 0;
    char own[80];
    int fd = open_socket(kind, own);
    assert_int_equal(address_parse(address, &at, &size), TERN_OK);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, size), 0);
    return fd;
}

static void receive(int fd, size_t size)
{
    uint8_t data[8192];
    for (size_t got = 0; got < size;) {
        ssize_t piece = recv(fd, data, sizeof(data), 0);
        assert_true(piece > 0);
        got += (size_t)piece;
    }
}

static void transmit(int fd, size_t size)
{
    static const uint8_t DATA[8192];
    assert_int_equal(send(fd, DATA, size, 0), size);
}

static struct relay *start(const struct relay_faults *faults, bool udp, const char *target,
                           char address[80])
{
    struct relay *relay = relay_new(faults);
    assert_non_null(relay);
    assert_int_equal(relay_add(relay, udp, "127.0.0.1:0", target, address, 80), TERN_OK);
    assert_int_equal(relay_start(relay), TERN_OK);
    return relay;
}

/* ---- counting ---- */

static void test_counts_datagrams(void **state)
{
    const struct relay_faults none = {0};
    struct relay_count count;
    struct sockaddr_storage peer;
    socklen_t peer_size = sizeof(peer);
    uint8_t data[2000];
    char server_at[80], relay_at[80];
    (void)state;
    int server = open_socket(SOCK_DGRAM, server_at);
    struct relay *relay = start(&none, true, server_at, relay_at);
    int device = connect_to(SOCK_DGRAM, relay_at);
    transmit(device, 100);
    ssize_t size = recvfrom(server, data, sizeof(data), 0, (struct sockaddr *)&peer, &peer_size);
    assert_int_equal(size, 100);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sendto(server, data, 1000, 0, (struct sockaddr *)&peer, peer_size), 1000);
        receive(device, 1000);
    }
    relay_sync(relay, &count);
    assert_int_equal(count.bytes[RELAY_UP], 100 + 28); /* IPv4 20, UDP 8 */
    assert_int_equal(count.packets[RELAY_UP], 1);
    assert_int_equal(count.bytes[RELAY_DOWN], 3 * (1000 + 28));
    assert_int_equal(count.packets[RELAY_DOWN], 3);
    relay_free(relay);
    close(device);
    close(server);
}

/* A request of 10 bytes, an answer of 3,000: with an MTU of 1,400 and 52 bytes of IP and TCP that
 * is 1 segment up, 1348 + 1348 + 304 down; SYN, SYN+ACK 60 each, ACK 52; one ACK for the two full
 * segments; FIN+ACK, FIN+ACK, ACK. */
static void test_counts_tcp(void **state)
{
    const struct relay_faults none = {0};
    struct relay_count count;
    char server_at[80], relay_at[80];
    (void)state;
    int listener = open_socket(SOCK_STREAM, server_at);
    assert_int_equal(listen(listener, 4), 0);
    struct relay *relay = start(&none, false, server_at, relay_at);
    int device = connect_to(SOCK_STREAM, relay_at);
    int server = accept(listener, NULL, NULL);
    transmit(device, 10);
    receive(server, 10);
    transmit(server, 3000);
    receive(device, 3000);
    close(device);
    assert_int_equal(recv(server, &(uint8_t){0}, 1, 0), 0); /* the end came through */
    close(server);
    relay_sync(relay, &count);
    assert_int_equal(count.connections, 1);
    assert_int_equal(count.bytes[RELAY_UP], 60 + 52 + (10 + 52) + 52 + 52 + 52);
    assert_int_equal(count.packets[RELAY_UP], 2 + 1 + 1 + 2);
    assert_int_equal(count.bytes[RELAY_DOWN], 60 + (3000 + 3 * 52) + 52);
    assert_int_equal(count.packets[RELAY_DOWN], 1 + 3 + 1);
    relay_free(relay);
    close(listener);
}

static void test_same_seed_same_luck(void **state)
{
    const struct relay_faults bad = {.seed = 7, .loss = 0.3, .duplicate = 0.2};
    struct relay_count first = {0};
    (void)state;
    for (int run = 0; run < 2; run++) {
        struct relay_count count;
        char server_at[80], relay_at[80];
        int server = open_socket(SOCK_DGRAM, server_at);
        struct relay *relay = start(&bad, true, server_at, relay_at);
        int device = connect_to(SOCK_DGRAM, relay_at);
        for (int i = 0; i < 200; i++) {
            transmit(device, 50);
        }
        relay_sync(relay, &count);
        assert_int_equal(count.packets[RELAY_UP], 200);
        assert_in_range(count.dropped, 30, 90);
        assert_in_range(count.duplicated, 10, 60);
        assert_true(run == 0 || memcmp(&count, &first, sizeof(count)) == 0);
        first = count;
        relay_free(relay);
        close(device);
        close(server);
    }
}

static void test_cuts_and_rebinds(void **state)
{
    const struct relay_faults cut = {.cut_at = 2, .cut_ms = 1};
    struct relay_count count;
    struct sockaddr_storage before = {0}, after = {0};
    socklen_t size = sizeof(before);
    uint8_t data[100];
    char server_at[80], relay_at[80];
    (void)state;
    int server = open_socket(SOCK_DGRAM, server_at);
    struct relay *relay = start(&cut, true, server_at, relay_at);
    int device = connect_to(SOCK_DGRAM, relay_at);
    transmit(device, 1);
    assert_int_equal(recvfrom(server, data, 100, 0, (struct sockaddr *)&before, &size), 1);
    transmit(device, 2); /* swallowed */
    do {
        relay_sync(relay, &count);
    } while (count.rebinds == 0);
    transmit(device, 3);
    size = sizeof(after);
    assert_int_equal(recvfrom(server, data, 100, 0, (struct sockaddr *)&after, &size), 3);
    assert_memory_not_equal(&before, &after, size);
    assert_int_equal(count.cuts, 1);
    relay_free(relay);
    close(device);
    close(server);
}

/* ---- the model ---- */

/* 1,000 bytes at 8,000 bit/s are a second. */
static const struct link_preset HAND = {.rate_up_bps = 8000,
                                        .rate_down_bps = 16000,
                                        .round_trip_ms = 400,
                                        .wake_ms = 500,
                                        .wake_mj = 100,
                                        .transmit_mw = 1000,
                                        .receive_mw = 500,
                                        .connected_mw = 100,
                                        .tail_ms = 10000,
                                        .released_ms = 1000,
                                        .coap_ms = 2000};

static void test_seconds_by_hand(void **state)
{
    /* up 1,000 (1 s), half a round trip, down 1,000 (0.5 s), half a round trip: 1.9 s; then two in
     * flight at once: 2 s of air and 0.2 s. */
    static const struct relay_packet PACKETS[] = {
        {1000, RELAY_UP,   false, false},
        {1000, RELAY_DOWN, false, false},
        {1000, RELAY_UP,   false, false},
        {1000, RELAY_UP,   false, false},
        {1000, RELAY_DOWN, false, false},
    };
    (void)state;
    struct link_cost two = link_replay(&HAND, PACKETS, 2, false, 1, 3);
    assert_int_equal((int)(two.seconds * 1000 + 0.5), 500 + 1900);
    /* 0.1 J to wake, 1 s at 1 W, 0.5 s at 0.5 W, 0.4 s and the tail of 10 s at 0.1 W */
    assert_int_equal((int)(two.joules * 1000 + 0.5), 100 + 1000 + 250 + 40 + 1000);
    struct link_cost released = link_replay(&HAND, PACKETS, 2, true, 1, 1);
    assert_int_equal((int)(released.joules * 1000 + 0.5), 100 + 1000 + 250 + 40 + 100);
    struct link_cost all = link_replay(&HAND, PACKETS, 5, false, 1, 1);
    assert_int_equal((int)(all.seconds * 1000 + 0.5), 500 + 1900 + 2200 + 700);
    assert_int_equal((int)all.bytes_paid, 5000);
}

static void test_losses_cost_time_and_bytes(void **state)
{
    static const struct relay_packet PACKET[] = {
        {1000, RELAY_UP, false, false}
    };
    struct link_preset lossy = HAND;
    lossy.loss_permille = 500;
    (void)state;
    struct link_cost cost = link_replay(&lossy, PACKET, 1, false, 3, 4000);
    /* half of the packets once more, a quarter twice more ..: 1 on average */
    assert_in_range((int)(cost.retransmitted * 1000), 900, 1100);
    assert_in_range((int)cost.bytes_paid, 1900, 2100);
    assert_true(cost.seconds > 0.5 + 1.2 + 2);
}

static void test_presets_have_sources(void **state)
{
    static const char *const NAMES[] = {"nb-iot-ce0", "nb-iot-ce1", "nb-iot-ce2", "lte-m",
                                        "cat-1",      "ntn-geo",    "ntn-leo"};
    static struct link_preset presets[LINK_PRESET_MAX];
    char path[1000];
    char why[300] = "";
    const char *source = getenv("TERN_SOURCE");
    (void)state;
    snprintf(path, sizeof(path), "%s/data/links.yaml", source == NULL ? "." : source);
    int count = link_presets_load(presets, LINK_PRESET_MAX, path, why, sizeof(why));
    assert_string_equal(why, "");
    assert_int_equal(count, TERN_COUNT_OF(NAMES));
    for (size_t i = 0; i < TERN_COUNT_OF(NAMES); i++) {
        assert_non_null(link_preset_find(presets, (size_t)count, NAMES[i]));
    }
    assert_null(link_preset_find(presets, (size_t)count, "carrier-pigeon"));
    /* A figure of which nobody says where it comes from is refused. */
    char copy[] = "/tmp/tern-links-XXXXXX";
    int fd = mkstemp(copy);
    static const char TEXT[] = "links:\n  wire:\n    title: A wire\n    rate_up_bps: {is: 5}\n";
    assert_int_equal(write(fd, TEXT, sizeof(TEXT) - 1), sizeof(TEXT) - 1);
    close(fd);
    assert_true(link_presets_load(presets, LINK_PRESET_MAX, copy, why, sizeof(why)) < 0);
    assert_non_null(strstr(why, "source"));
    unlink(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_datagrams),
        cmocka_unit_test(test_counts_tcp),
        cmocka_unit_test(test_same_seed_same_luck),
        cmocka_unit_test(test_cuts_and_rebinds),
        cmocka_unit_test(test_seconds_by_hand),
        cmocka_unit_test(test_losses_cost_time_and_bytes),
        cmocka_unit_test(test_presets_have_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
