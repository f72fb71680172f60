/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSCORE and EDHOC against other people's implementations: aiocoap as client and as server, lakers
 * as Initiator and as Responder (PyPI; scripts/venv).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/carrier/coap.h"
#include "host/carrier/coap_server.h"
#include "host/carrier/oscore_file.h"
#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/store/sqlite_store.h"
#include "tern/edhoc.h"

static char folder[64];
static char python[600];
static char support[600];

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static unsigned turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

static void write_text(const char *name, const char *text)
{
    assert_int_equal(file_write(in_folder(name), tern_bytes_text(text), 0600), TERN_OK);
}

/* aiocoap's context in a folder: its sender and recipient ID. */
static void write_context(const char *name, const char *sender, const char *recipient)
{
    char text[300];
    char file[100];
    assert_int_equal(folder_make(in_folder(name), 0700), TERN_OK);
    snprintf(
        text, sizeof(text),
        "{\"secret_hex\":\"0102030405060708090a0b0c0d0e0f10\",\"salt_hex\":\"9e7ca92223786340\","
        "\"sender-id_hex\":\"%s\",\"recipient-id_hex\":\"%s\"}",
        sender, recipient);
    snprintf(file, sizeof(file), "%s/secret.json", name);
    write_text(file, text);
}

static const char KEYS[] = "oscore:\n  - {secret: 0102030405060708090A0B0C0D0E0F10, salt: "
                           "9E7CA92223786340, device: 07, eim: 01}\n";

/* ---- aiocoap asks, we answer ---- */

static void echo(void *context, struct coap_request *request)
{
    (void)context;
    const struct coap_reply reply = {
        .code = TERN_COAP_CHANGED, .content_format = TERN_COAP_FORMAT_NONE, .body = request->body};
    coap_reply(request, &reply);
}

static void *run(void *context)
{
    loop_run(context);
    return NULL;
}

static void aiocoap_asks(void **state)
{
    (void)state;
    char error[300] = "";
    char command[1600];
    struct sqlite_store *store = NULL;
    write_text("keys.yaml", KEYS);
    write_context("client", "07", "01");
    assert_int_equal(sqlite_store_open(&store, in_folder("eim.db")), TERN_OK);
    struct oscore_file *file = oscore_file_load(in_folder("keys.yaml"), error, sizeof(error));
    assert_non_null(file);
    struct oscore_server oscore = {file, sqlite_store_interface(store)};
    for (int restart = 0; restart < 2; restart++) { /* the second time we have lost the window */
        struct loop *loop = loop_new();
        const char *why = "";
        pthread_t thread;
        const struct coap_server_options options = {.loop = loop,
                                                    .listen = "127.0.0.1:0",
                                                    .handler = echo,
                                                    .oscore_find = oscore_server_find,
                                                    .oscore_save = oscore_server_save,
                                                    .oscore_context = &oscore};
        struct coap_server *server = coap_server_start(&options, &why);
        if (server == NULL) {
            fail_msg("%s", why);
        }
        pthread_create(&thread, NULL, run, loop);
        snprintf(command, sizeof(command),
                 "%s %s/aiocoap_client.py coap://127.0.0.1:%u/ %s 0 10 1000 1025 5000", python,
                 support, coap_server_port(server), in_folder("client"));
        int status = system(command);
        loop_stop(loop);
        pthread_join(thread, NULL);
        coap_server_stop(server);
        loop_free(loop);
        assert_int_equal(status, 0);
    }
    oscore_file_free(file);
    sqlite_store_close(store);
}

/* ---- we ask, aiocoap answers ---- */

struct child {
    pid_t pid;
    FILE *to;
    FILE *from;
};

static struct child start(const char *const *arguments)
{
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (int fd = 3; fd < 64; fd++) {
            close(fd);
        }
        execv(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    return (struct child){pid, fdopen(in[1], "w"), fdopen(out[0], "r")};
}

static void stop(struct child *child)
{
    fclose(child->to);
    fclose(child->from);
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    bind(fd, (struct sockaddr *)&address, size);
    getsockname(fd, (struct sockaddr *)&address, &size);
    close(fd);
    return ntohs(address.sin_port);
}

static void check_echo(struct carrier *carrier, size_t size)
{
    static uint8_t body[6000];
    static uint8_t answer[6000];
    for (size_t i = 0; i < size; i++) {
        body[i] = (uint8_t)(i * 5);
    }
    const struct carrier_request request = {
        .address = "127.0.0.1", .path = "/gsma/rsp2/asn1", .total_size = size};
    int status = carrier->verbs->begin(carrier, &request);
    if (status == TERN_OK) {
        status = carrier->verbs->send(carrier, tern_bytes(body, size), true);
    }
    size_t got = 0;
    bool last = false;
    while (status == TERN_OK && !last) {
        size_t piece = 0;
        bool nothing_waits;
        status = carrier->verbs->read(carrier, answer + got, sizeof(answer) - got, &piece, &last,
                                      &nothing_waits);
        got += piece;
    }
    if (status != TERN_OK) {
        fail_msg("%zu bytes: %s", size, coap_carrier_reason(carrier));
    }
    assert_int_equal(got, size);
    assert_memory_equal(answer, body, size);
}

static void aiocoap_answers(void **state)
{
    (void)state;
    char port[8], resolve[80], script[700], line[80] = "";
    const char *resolves[1] = {resolve};
    write_text("keys.yaml", KEYS);
    write_context("server", "01", "07");
    snprintf(port, sizeof(port), "%u", free_port());
    snprintf(script, sizeof(script), "%s/aiocoap_server.py", support);
    const char *const arguments[] = {python, script, port, in_folder("server"), NULL};
    struct child child = start(arguments);
    assert_non_null(fgets(line, sizeof(line), child.from));
    snprintf(resolve, sizeof(resolve), "127.0.0.1:5684:127.0.0.1:%s", port);
    for (int restart = 0; restart < 2; restart++) {
        const struct coap_options options = {.resolve = resolves,
                                             .resolve_count = 1,
                                             .plain = true,
                                             .oscore_file = in_folder("keys.yaml"),
                                             .oscore_state = in_folder("device.state")};
        struct carrier *carrier = coap_carrier_new(&options);
        assert_non_null(carrier);
        static const size_t SIZES[] = {1, 500, 1024, 1025, 5000};
        for (size_t i = 0; i < TERN_COUNT_OF(SIZES); i++) {
            check_echo(carrier, SIZES[i]);
        }
        carrier->verbs->free(carrier);
    }
    stop(&child);
}

/* ---- EDHOC with lakers: suite 2, static DH on both sides, credentials by kid (its only mode) ----
 */

/* CCS with a P-256 key: RFC 9529, section 3, shape. */
static struct tern_bytes make_ccs(uint8_t place[120], const char *subject, uint8_t kid,
                                  const uint8_t point[65])
{
    struct tern_writer out = tern_writer(place, 120);
    tern_write(&out, TERN_BYTES_TEXT("\xA2\x02"));
    tern_write_byte(&out, (uint8_t)(0x60 + strlen(subject)));
    tern_write_text(&out, subject);
    tern_write(&out, TERN_BYTES_TEXT("\x08\xA1\x01\xA5\x01\x02\x02\x41"));
    tern_write_byte(&out, kid);
    tern_write(&out, TERN_BYTES_TEXT("\x20\x01\x21\x58\x20"));
    tern_write(&out, tern_bytes(point + 1, 32));
    tern_write(&out, TERN_BYTES_TEXT("\x22\x58\x20"));
    tern_write(&out, tern_bytes(point + 33, 32));
    return tern_writer_bytes(&out);
}

static void to_hex(char *text, size_t text_size, struct tern_bytes bytes)
{
    struct tern_writer out = tern_writer(text, text_size - 1);
    tern_hex_encode(&out, bytes);
    text[tern_writer_bytes(&out).size] = '\0';
}

static void say(struct child *child, const struct tern_writer *message)
{
    char text[2 * TERN_EDHOC_MESSAGE_SIZE_MAX + 1];
    to_hex(text, sizeof(text), tern_writer_bytes(message));
    fprintf(child->to, "%s\n", text);
    fflush(child->to);
}

static struct tern_bytes hear(struct child *child)
{
    static char text[2 * TERN_EDHOC_MESSAGE_SIZE_MAX + 2];
    static uint8_t bytes[TERN_EDHOC_MESSAGE_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(bytes);
    if (fgets(text, sizeof(text), child->from) == NULL) {
        fail_msg("lakers has nothing to say");
    }
    text[strcspn(text, "\n")] = '\0';
    assert_int_equal(tern_hex_decode(&out, tern_bytes_text(text)), TERN_OK);
    return tern_writer_bytes(&out);
}

static void with_lakers(bool we_initiate)
{
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t scalar[2][32], point[2][65], ccs[2][120];
    struct tern_edhoc_credential ours = {.id_cred = TERN_BYTES_TEXT("\xA1\x04\x41\x10"),
                                         .key = {.curve = TERN_CURVE_P256},
                                         .static_scalar = scalar[0]};
    struct tern_edhoc_credential theirs = {.id_cred = TERN_BYTES_TEXT("\xA1\x04\x41\x11"),
                                           .key = {.curve = TERN_CURVE_P256}};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(crypto->ec_generate(crypto->context, TERN_CURVE_P256, scalar[i], point[i]),
                         TERN_OK);
    }
    ours.cred = make_ccs(ccs[0], "tern", 0x10, point[0]);
    theirs.cred = make_ccs(ccs[1], "lakers", 0x11, point[1]);
    memcpy(ours.key.point, point[0], 65);
    memcpy(theirs.key.point, point[1], 65);

    char script[700], key[70], own[260], peer[260];
    to_hex(key, sizeof(key), TERN_BYTES_OF(scalar[1]));
    to_hex(own, sizeof(own), theirs.cred);
    to_hex(peer, sizeof(peer), ours.cred);
    snprintf(script, sizeof(script), "%s/lakers_peer.py", support);
    const char *const arguments[] = {
        python, script, we_initiate ? "responder" : "initiator", key, own, peer, NULL};
    struct child child = start(arguments);
    struct tern_edhoc edhoc;
    uint8_t buffer[TERN_EDHOC_MESSAGE_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    if (we_initiate) {
        tern_edhoc_initiate(&edhoc, crypto, &ours, TERN_EDHOC_STATIC_STATIC, 2,
                            TERN_BYTES_TEXT("\x05"));
        assert_int_equal(tern_edhoc_message_1(&edhoc, &out), TERN_OK);
        say(&child, &out);
        assert_int_equal(tern_edhoc_take_2(&edhoc, hear(&child)), TERN_OK);
        assert_true(tern_bytes_equal(edhoc.peer_id_cred, theirs.id_cred));
        assert_int_equal(tern_edhoc_verify(&edhoc, &theirs), TERN_OK);
        out = TERN_WRITER_OF(buffer);
        assert_int_equal(tern_edhoc_message_3(&edhoc, &out), TERN_OK);
        say(&child, &out);
        assert_int_equal(tern_edhoc_take_4(&edhoc, hear(&child)), TERN_OK);
    } else {
        tern_edhoc_respond(&edhoc, crypto, &ours, TERN_BYTES_TEXT("\x05"));
        assert_int_equal(tern_edhoc_take_1(&edhoc, &out, hear(&child)), TERN_OK);
        assert_int_equal(tern_edhoc_message_2(&edhoc, &out), TERN_OK);
        say(&child, &out);
        assert_int_equal(tern_edhoc_take_3(&edhoc, hear(&child)), TERN_OK);
        assert_true(tern_bytes_equal(edhoc.peer_id_cred, theirs.id_cred));
        assert_int_equal(tern_edhoc_verify(&edhoc, &theirs), TERN_OK);
        out = TERN_WRITER_OF(buffer);
        assert_int_equal(tern_edhoc_message_4(&edhoc, &out), TERN_OK);
        say(&child, &out);
    }
    uint8_t secret[16], salt[8];
    assert_int_equal(tern_edhoc_export(&edhoc, secret, 16, 0, TERN_BYTES_NONE), TERN_OK);
    assert_int_equal(tern_edhoc_export(&edhoc, salt, 8, 1, TERN_BYTES_NONE), TERN_OK);
    assert_true(tern_bytes_equal(hear(&child), TERN_BYTES_OF(secret)));
    assert_true(tern_bytes_equal(hear(&child), TERN_BYTES_OF(salt)));
    stop(&child);
}

static void lakers_responds(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        with_lakers(true);
    }
}

static void lakers_initiates(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        with_lakers(false);
    }
}

static int make(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/tern-peers-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int unmake(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const char *source = getenv("TERN_SOURCE");
    char command[600];
    if (source == NULL) {
        puts("skipped: TERN_SOURCE is not set");
        return 77;
    }
    signal(SIGPIPE, SIG_IGN);
    snprintf(support, sizeof(support), "%s/tests/support", source);
    snprintf(command, sizeof(command), "%s/scripts/venv", source);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL || fgets(python, sizeof(python), pipe) == NULL || pclose(pipe) != 0) {
        puts("the virtual environment of the Python peers cannot be made");
        return 1;
    }
    python[strcspn(python, "\n")] = '\0';
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aiocoap_asks),
        cmocka_unit_test(aiocoap_answers),
        cmocka_unit_test(lakers_responds),
        cmocka_unit_test(lakers_initiates),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
