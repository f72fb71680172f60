/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tern ipa run`: wakes by a timer and, with --listen, by eIMs that inject packages
 * (TransferEimPackage over HTTPS, SGP.32, 3.1.1.2; sgp32.md 7.3).
 *
 * An injecting eIM is the TLS client: it shows its certificate, which must be the one, or have the
 * key, that trustedPublicKeyDataTls in the card names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/ipa.h"
#include "host/config/files.h"
#include "host/config/ready.h"
#include "host/http/server.h"
#include "host/loop/loop.h"

#define ESIPA_PATH   "/gsma/rsp2/asn1"
#define CONTENT_TYPE "application/x-gsma-rsp-asn1"
#define ANSWER_SIZE  65536

struct serve {
    struct ipa_setup *setup;
    const struct ipa_options *options;
    struct loop *loop;
    struct loop_timer *wake;
    struct loop_timer *after; /* what an injected package leaves to do */
    struct http_server *server;
    uint8_t *certificate;
    uint8_t *key;
    size_t key_size;
    uint8_t answer[ANSWER_SIZE];
};

static void settle(struct serve *serve)
{
    ipa_report(serve->setup, serve->options->json);
    loop_timer_set(serve->wake, device_sleep_ms(&serve->setup->device));
}

static void on_wake(void *context)
{
    struct serve *serve = context;
    (void)device_wake(&serve->setup->device);
    settle(serve);
}

static void after_answer(void *context)
{
    struct serve *serve = context;
    (void)device_continue(&serve->setup->device);
    settle(serve);
}

static void refuse(struct http_request *request, int status)
{
    http_reply(request, status, NULL, 0, TERN_BYTES_NONE);
}

static void on_request(void *context, struct http_request *request)
{
    static const struct http_header HEADERS[] = {
        {"Content-Type",     CONTENT_TYPE     },
        {"X-Admin-Protocol", "gsma/rsp/v2.1.0"}
    };
    struct serve *serve = context;
    struct device *device = &serve->setup->device;
    struct tern_writer answer = TERN_WRITER_OF(serve->answer);
    const char *type = http_request_header(request, "Content-Type");
    if (strcmp(request->path, ESIPA_PATH) != 0) {
        refuse(request, 404);
    } else if (strcmp(request->method, "POST") != 0) {
        refuse(request, 405);
    } else if (type == NULL || strncmp(type, CONTENT_TYPE, strlen(CONTENT_TYPE)) != 0) {
        refuse(request, 415);
    } else if (request->client_certificate.data == NULL ||
               !device_trusts(device, request->client_certificate)) {
        refuse(request, 403);
    } else if (device->paused || device_inject(device, &answer, request->body) != TERN_OK ||
               answer.size == 0 || answer.size > sizeof(serve->answer)) {
        refuse(request, 503);
        loop_timer_set(serve->after, 0);
    } else {
        http_reply(request, 200, HEADERS, TERN_COUNT_OF(HEADERS), tern_writer_bytes(&answer));
        loop_timer_set(serve->after, 1); /* the answer leaves first */
    }
}

static int listen_for_eims(struct serve *serve)
{
    const struct ipa_options *options = serve->options;
    size_t size = 0;
    const char *why = "";
    if (options->certificate == NULL || options->key == NULL || options->ca == NULL) {
        fputs("tern ipa run: --listen needs --certificate, --key and --ca\n", stderr);
        return 2;
    }
    if (file_read(options->certificate, 65536, &serve->certificate, &size) != TERN_OK ||
        file_read(options->key, 65536, &serve->key, &serve->key_size) != TERN_OK) {
        fputs("tern ipa run: cannot read --certificate or --key\n", stderr);
        return 2;
    }
    struct http_server_options server = {
        .loop = serve->loop,
        .listen = options->listen,
        .identity = {tern_bytes(serve->certificate, size), tern_bytes(serve->key, serve->key_size)},
        .client_anchors = serve->setup->device.options.anchors,
        .handler = on_request,
        .context = serve,
    };
    serve->server = http_server_start(&server, &why);
    if (serve->server == NULL) {
        fprintf(stderr, "tern ipa run: cannot listen on %s: %s\n", options->listen, why);
        return 2;
    }
    return 0;
}

static int say_ready(const struct serve *serve)
{
    struct ready_entry entry = {"inject", ""};
    if (serve->server != NULL) {
        entry.address = http_server_address(serve->server);
    }
    return ready_write(serve->options->ready, &entry, serve->server != NULL) == TERN_OK ? 0 : 2;
}

int ipa_serve(struct ipa_setup *setup, const struct ipa_options *options)
{
    static struct serve serve;
    serve = (struct serve){.setup = setup, .options = options, .loop = loop_new()};
    if (serve.loop == NULL) {
        return 2;
    }
    (void)loop_stop_on_signals(serve.loop);
    serve.wake = loop_timer_new(serve.loop, on_wake, &serve);
    serve.after = loop_timer_new(serve.loop, after_answer, &serve);
    int status = options->listen != NULL ? listen_for_eims(&serve) : 0;
    if (status == 0) {
        on_wake(&serve); /* boots the card and learns whom to trust */
        status = say_ready(&serve);
    }
    if (status == 0) {
        (void)loop_run(serve.loop);
    }
    if (serve.server != NULL) {
        http_server_stop(serve.server);
    }
    loop_timer_free(serve.wake);
    loop_timer_free(serve.after);
    loop_free(serve.loop);
    tern_wipe(serve.key, serve.key_size);
    free(serve.key);
    free(serve.certificate);
    return status;
}
