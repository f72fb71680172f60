/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interop with libcoap, as Debian has it: its client against our server, our client against its
 * server; plain, PSK and certificates; bodies of several blocks both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
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
#include "host/config/files.h"
#include "tests/support/certificates.h"

#define CLIENT   "coap-client-openssl"
#define SERVER   "coap-server-openssl"
#define IDENTITY "device-7"
#define KEY      "0123456789abcdef"

static struct test_certificate ci;
static struct test_certificate leaf;
static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static unsigned turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

/* ---- its client, our server ---- */

static struct loop *loop;
static struct coap_server *server;
static pthread_t thread;
static unsigned handled;

static void echo(void *context, struct coap_request *request)
{
    (void)context;
    handled++;
    const struct coap_reply reply = {.code = request->method == TERN_COAP_GET ? TERN_COAP_CONTENT
                                                                              : TERN_COAP_CHANGED,
                                     .content_format = TERN_COAP_FORMAT_OCTETS,
                                     .body = request->body};
    coap_reply(request, &reply);
}

static void give_psk(void *context, struct tern_bytes identity, struct tern_writer *key)
{
    (void)context;
    if (tern_bytes_equal(identity, TERN_BYTES_TEXT(IDENTITY))) {
        tern_write(key, TERN_BYTES_TEXT(KEY));
    }
}

static void *run(void *context)
{
    loop_run(context);
    return NULL;
}

static void start(bool secure)
{
    const char *error = "";
    loop = loop_new();
    handled = 0;
    const struct coap_server_options options = {.loop = loop,
                                                .listen = "127.0.0.1:0",
                                                .secure = secure,
                                                .identity = test_identity(&leaf),
                                                .psk = give_psk,
                                                .handler = echo};
    server = coap_server_start(&options, &error);
    if (server == NULL) {
        fail_msg("%s", error);
    }
    pthread_create(&thread, NULL, run, loop);
}

static void stop(void)
{
    loop_stop(loop);
    pthread_join(thread, NULL);
    coap_server_stop(server);
    loop_free(loop);
}

static void post(const char *scheme, const char *options, size_t size)
{
    char command[600];
    static uint8_t body[20000];
    uint8_t *data = NULL;
    size_t got = 0;
    for (size_t i = 0; i < size; i++) {
        body[i] = (uint8_t)('a' + i % 23);
    }
    assert_int_equal(file_write(in_folder("up"), tern_bytes(body, size), 0600), TERN_OK);
    unlink(in_folder("down"));
    snprintf(command, sizeof(command),
             CLIENT " -v 4 -B 20 -m post -f %s -o %s %s %s://127.0.0.1:%u/gsma/rsp2/asn1 >%s 2>&1",
             in_folder("up"), in_folder("down"), options, scheme, coap_server_port(server),
             in_folder("log"));
    int status = system(command);
    if (status != 0 || file_read(in_folder("down"), 30000, &data, &got) != TERN_OK ||
        !tern_bytes_equal(tern_bytes(data, got), tern_bytes(body, size))) {
        uint8_t *log = NULL;
        size_t log_size = 0;
        file_read(in_folder("log"), 30000, &log, &log_size);
        fail_msg("%s\n%zu bytes of %zu came back\n%s", command, got, size,
                 log == NULL ? "" : (char *)log);
    }
    free(data);
}

static void its_client_reaches_us(void **state)
{
    (void)state;
    char options[300];
    start(false);
    post("coap", "", 10);
    post("coap", "", 5000);
    post("coap", "-b 256", 5000);
    post("coap", "-N", 100);
    assert_int_equal(handled, 4);
    stop();
    start(true);
    post("coaps", "-u " IDENTITY " -k " KEY, 10);
    post("coaps", "-u " IDENTITY " -k " KEY, 12790);
    snprintf(options, sizeof(options), "-R %s", in_folder("ci.pem"));
    post("coaps", options, 12790);
    assert_int_equal(handled, 3);
    stop();
}

/* ---- our client, its server ---- */

static uint16_t free_ports(void)
{
    for (uint16_t port = 20000; port < 60000; port = (uint16_t)(port + 7)) {
        bool both = true;
        for (uint16_t i = 0; i < 2; i++) {
            struct sockaddr_in address = {.sin_family = AF_INET,
                                          .sin_port = htons((uint16_t)(port + i)),
                                          .sin_addr = {htonl(INADDR_LOOPBACK)}};
            int fd = socket(AF_INET, SOCK_DGRAM, 0);
            both = both && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
            close(fd);
        }
        if (both) {
            return port;
        }
    }
    fail_msg("no two free ports");
    return 0;
}

static pid_t start_its_server(uint16_t port)
{
    char number[8];
    snprintf(number, sizeof(number), "%u", port);
    char certificate[128];
    char key[128];
    snprintf(certificate, sizeof(certificate), "%s", in_folder("leaf.pem"));
    snprintf(key, sizeof(key), "%s", in_folder("leaf.key"));
    pid_t child = fork();
    if (child == 0) {
        int log = open(in_folder("server.log"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(log, 1);
        dup2(log, 2);
        execlp(SERVER, SERVER, "-A", "127.0.0.1", "-p", number, "-d", "10", "-k", KEY, "-c",
               certificate, "-j", key, "-n", "-v", "5", (char *)NULL);
        _exit(127);
    }
    return child;
}

/* Returns the bytes of the answer, or a negative error. */
static int exchange(const struct coap_options *options, const char *path, struct tern_bytes body,
                    uint8_t *answer, size_t answer_size)
{
    struct carrier *carrier = coap_carrier_new(options);
    struct carrier_request request = {.address = "eim.example",
                                      .path = path,
                                      .trust = {.anchors = test_certificate_der(&ci)},
                                      .total_size = body.size};
    int status = carrier->verbs->begin(carrier, &request);
    if (status == TERN_OK) {
        status = carrier->verbs->send(carrier, body, true);
    }
    size_t got = 0;
    bool last = false;
    while (status == TERN_OK && !last) {
        size_t piece = 0;
        bool nothing_waits;
        status = carrier->verbs->read(carrier, answer + got, answer_size - got, &piece, &last,
                                      &nothing_waits);
        got += piece;
    }
    if (status != TERN_OK) {
        print_message("%s: %s\n", path, coap_carrier_reason(carrier));
    }
    carrier->verbs->free(carrier);
    return status == TERN_OK ? (int)got : status;
}

static void we_reach_its_server(void **state)
{
    (void)state;
    uint16_t port = free_ports();
    pid_t child = start_its_server(port);
    static uint8_t body[12790];
    static uint8_t answer[20000];
    char resolve[80];
    const char *resolves[1] = {resolve};
    for (size_t i = 0; i < sizeof(body); i++) {
        body[i] = (uint8_t)('A' + i % 19);
    }
    for (int mode = 0; mode < 3; mode++) { /* plain, PSK, certificate */
        snprintf(resolve, sizeof(resolve), "eim.example:5684:127.0.0.1:%u",
                 mode == 0 ? port : port + 1);
        struct coap_options options = {
            .resolve = resolves, .resolve_count = 1, .plain = mode == 0, .attempts = 6};
        if (mode == 1) {
            options.psk_identity = TERN_BYTES_TEXT(IDENTITY);
            options.psk = TERN_BYTES_TEXT(KEY);
        }
        char path[40];
        snprintf(path, sizeof(path), "/mode%d", mode);
        options.method = TERN_COAP_PUT;
        int status = TERN_ERR_IO;
        for (int tries = 0; tries < 50 && status < 0; tries++) { /* until it listens */
            status = exchange(&options, path, TERN_BYTES_OF(body), answer, sizeof(answer));
            if (status < 0) {
                poll(NULL, 0, 100);
            }
        }
        assert_true(status >= 0);
        options.method = TERN_COAP_GET;
        options.content_format = TERN_COAP_FORMAT_NONE;
        for (uint8_t szx = 4; szx <= 6; szx++) {
            options.szx = szx;
            assert_int_equal(exchange(&options, path, TERN_BYTES_NONE, answer, sizeof(answer)),
                             sizeof(body));
            assert_memory_equal(answer, body, sizeof(body));
        }
        assert_int_equal(exchange(&options, "/nowhere", TERN_BYTES_NONE, answer, sizeof(answer)),
                         TERN_ERR_UNEXPECTED);
    }
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
}

static void write_pem(const char *name, X509 *certificate, EVP_PKEY *key)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    if (certificate != NULL) {
        PEM_write_X509(file, certificate);
    } else {
        PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    }
    fclose(file);
}

static int make(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/tern-libcoap-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    test_certificate_make(&ci, "P-256", "Test CI", NULL, NULL, NULL);
    test_certificate_make(&leaf, "P-256", "eIM", "eim.example", &ci, "serverAuth");
    write_pem("ci.pem", ci.x509, NULL);
    write_pem("leaf.pem", leaf.x509, NULL);
    write_pem("leaf.key", NULL, leaf.key);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    char command[100];
    test_certificate_free(&ci);
    test_certificate_free(&leaf);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    if (system("command -v " CLIENT " >/dev/null && command -v " SERVER " >/dev/null") != 0) {
        puts("skipped: " CLIENT " and " SERVER " of libcoap3-bin are not here");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_client_reaches_us),
        cmocka_unit_test(we_reach_its_server),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
