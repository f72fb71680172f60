/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CoAP from the network: datagrams, each behind two bytes of length, go to a parser, a server that
 * answers at once and a client in the middle of an exchange.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "tern/coap.h"

#define BODY_SIZE 4096

static uint8_t client_memory[TERN_COAP_CLIENT_MEMORY(64, 4)];
static uint8_t server_memory[TERN_COAP_SERVER_MEMORY(4, BODY_SIZE)];
static uint8_t reply_body[3000];

/* What was parsed can be walked, and built again. */
static void check_message(struct tern_bytes datagram)
{
    struct tern_coap_message message;
    if (tern_coap_parse(&message, datagram) != TERN_OK) {
        return;
    }
    fuzz_check_inside(message.token, datagram);
    fuzz_check_inside(message.options, datagram);
    fuzz_check_inside(message.payload, datagram);
    FUZZ_CHECK(message.payload.data == NULL || message.payload.size > 0);
    uint8_t *again = malloc(datagram.size + 8);
    struct tern_writer out = tern_writer(again, datagram.size + 8);
    struct tern_coap_builder builder =
        tern_coap_build(&out, message.type, message.code, message.id, message.token);
    struct tern_coap_walk walk = {.rest = message.options};
    int status = 1;
    while ((status = tern_coap_next_option(&walk)) == 1) {
        fuzz_check_inside(walk.value, datagram);
        tern_coap_put(&builder, walk.number, walk.value);
    }
    FUZZ_CHECK(status == 0);
    tern_coap_put_payload(&builder, message.payload);
    FUZZ_CHECK(tern_bytes_equal(tern_writer_bytes(&out), datagram));
    free(again);
}

static void drain(struct tern_coap_server *server, struct tern_coap_client *client, uint64_t now_ms)
{
    uint8_t buffer[TERN_COAP_DATAGRAM_MAX];
    for (int i = 0; i < 40; i++) {
        struct tern_writer out = TERN_WRITER_OF(buffer);
        struct tern_coap_message message;
        if (tern_coap_server_send(server, &out, now_ms) == 0 &&
            tern_coap_client_send(client, &out, now_ms) == 0) {
            return;
        }
        FUZZ_CHECK(tern_writer_status(&out) == TERN_OK);
        FUZZ_CHECK(tern_coap_parse(&message, tern_writer_bytes(&out)) == TERN_OK);
    }
    FUZZ_CHECK(now_ms == 0); /* there is always one more to send */
}

static void to_server(struct tern_coap_server *server, struct tern_bytes datagram, uint64_t now_ms)
{
    struct tern_coap_incoming incoming;
    const struct tern_coap_response response = {.code = TERN_COAP_CHANGED,
                                                .content_format = TERN_COAP_FORMAT_OCTETS,
                                                .body = TERN_BYTES_OF(reply_body),
                                                .etag = TERN_BYTES_TEXT("etag"),
                                                .max_age_s = 60};
    switch (tern_coap_server_receive(server, &incoming, datagram, now_ms)) {
    case TERN_COAP_REQUEST:
        FUZZ_CHECK(incoming.body.size <= BODY_SIZE);
        FUZZ_CHECK(incoming.path.size <= TERN_COAP_PATH_SIZE_MAX);
        if (incoming.method != TERN_COAP_GET) { /* a GET waits for ever */
            tern_coap_server_reply(server, incoming.entry, &response, now_ms);
        }
        break;
    case TERN_COAP_BODY_WANTED:
        if (server->etag[0] == 'e') {
            tern_coap_server_offer(server, &response, now_ms);
        } else {
            tern_coap_server_no_body(server, now_ms);
        }
        break;
    default:
        break;
    }
}

static void to_client(struct tern_coap_client *client, struct tern_bytes datagram, uint64_t now_ms)
{
    uint8_t read[100];
    struct tern_writer out = TERN_WRITER_OF(read);
    size_t taken = 0;
    tern_coap_client_receive(client, datagram, now_ms);
    tern_coap_client_write(client, &taken, tern_bytes(reply_body, 100), true, now_ms);
    FUZZ_CHECK(taken <= 100);
    tern_coap_client_read(client, &out);
    FUZZ_CHECK(tern_writer_status(&out) == TERN_OK);
    if (client->phase == TERN_COAP_FAILED) {
        FUZZ_CHECK(client->error < 0);
        tern_coap_client_resume(client, now_ms);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_coap_client client;
    struct tern_coap_server server;
    struct tern_bytes rest = tern_bytes(data, size);
    uint64_t now_ms = 1;
    tern_coap_client_init(&client, &TERN_COAP_TIMING_DEFAULT, client_memory, sizeof(client_memory),
                          2, 4, 0);
    tern_coap_server_init(&server, &TERN_COAP_TIMING_DEFAULT, server_memory, sizeof(server_memory),
                          4, 2, TERN_BYTES_NONE, 0);
    const struct tern_coap_request request = {.method = TERN_COAP_POST,
                                              .path = TERN_BYTES_TEXT("/a"),
                                              .content_format = TERN_COAP_FORMAT_NONE,
                                              .accept = TERN_COAP_FORMAT_NONE};
    size_t taken = 0;
    tern_coap_client_begin(&client, &request);
    tern_coap_client_write(&client, &taken, tern_bytes(reply_body, 100), true, now_ms);
    drain(&server, &client, now_ms);
    while (rest.size >= 2) {
        size_t length = (size_t)(rest.data[0] & 7) << 8 | rest.data[1];
        now_ms += (uint64_t)(rest.data[0] >> 4) * 500;
        struct tern_bytes piece = tern_bytes_slice(rest, 2, length);
        rest = tern_bytes_slice(rest, 2 + piece.size, rest.size);
        /* An exact-size copy: the sanitizer sees a read past its end. */
        uint8_t *exact = malloc(piece.size == 0 ? 1 : piece.size);
        if (piece.size > 0) {
            memcpy(exact, piece.data, piece.size);
        }
        struct tern_bytes datagram = tern_bytes(exact, piece.size);
        check_message(datagram);
        to_server(&server, datagram, now_ms);
        to_client(&client, datagram, now_ms);
        free(exact);
        drain(&server, &client, now_ms);
    }
    return 0;
}
