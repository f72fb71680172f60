/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole server under `tern bench eim`: a child process serves ESipa, this process plays 32
 * devices at once over HTTPS and reads the child's CPU clock. Warm: one connection a device for
 * all its cycles. Cold: a new connection and TLS handshake for every cycle, whose ECC is part of
 * the limit (the server signs once and agrees once).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/bench_eim.h"
#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/eim/eim_host.h"
#include "host/http/client.h"
#include "host/log/log.h"
#include "host/pki/pki.h"

#define EIM_NAME "eim.example.com"
#define AT_ONCE  32
#define START_MS 20000

struct https_bench {
    struct eim_bench *bench;
    struct loop *loop;
    struct http_client *clients[AT_ONCE]; /* one each, so that connections are the devices' own */
    struct tern_bytes ca;
    char url[64];
    char resolve[64];
    clockid_t clock;
    bool cold;
    size_t first;
    size_t open;
    bool failed;
};

struct visit {
    struct https_bench *https;
    struct eim_bench_device *device;
    struct http_client *client;
    bool reported;
};

static void on_reply(void *context, const struct http_response *response);

static void post(struct visit *visit, struct tern_bytes body)
{
    static const struct http_header HEADERS[] = {
        {"Content-Type",     "application/x-gsma-rsp-asn1"},
        {"X-Admin-Protocol", "gsma/rsp/v2.1.0"            },
        {"User-Agent",       "gsma-rsp-ipad"              }
    };
    struct http_call call = {.method = "POST",
                             .url = visit->https->url,
                             .headers = HEADERS,
                             .header_count = 3,
                             .body = body,
                             .fresh = visit->https->cold && !visit->reported,
                             .trust = {.anchors = visit->https->ca}};
    if (http_client_start(visit->client, &call, on_reply, visit) == NULL) {
        visit->https->failed = true;
    }
}

/* GetEimPackage answered: execute, report; the report answered: done. */
static void on_reply(void *context, const struct http_response *response)
{
    struct visit *visit = context;
    uint8_t message[512];
    if (response->error != TERN_OK || response->status != 200) {
        fprintf(stderr, "tern bench eim: %s %d\n", response->reason, response->status);
        visit->https->failed = true;
    } else if (!visit->reported) {
        size_t size = eim_bench_result(visit->device, message, sizeof(message), response->body);
        visit->reported = true;
        if (size > 0) {
            post(visit, tern_bytes(message, size));
            return;
        }
        visit->https->failed = true;
    } else if (response->body.size < 6 || response->body.data[3] != 0xBF) {
        visit->https->failed = true; /* not acknowledged */
    }
    visit->https->open--;
    if (visit->https->open == 0 || visit->https->failed) {
        loop_stop(visit->https->loop);
    }
}

static double cycle_batch(void *context, uint64_t *ops)
{
    struct https_bench *https = context;
    static struct visit visits[AT_ONCE];
    if (eim_bench_queue(https->bench, https->first, AT_ONCE) != 0) {
        return -1;
    }
    double start = eim_bench_cpu_ns(https->clock);
    https->open = AT_ONCE;
    for (size_t i = 0; i < AT_ONCE; i++) {
        uint8_t message[32];
        struct tern_writer out = TERN_WRITER_OF(message);
        visits[i] =
            (struct visit){https, &https->bench->devices[(https->first + i) % EIM_BENCH_ACTIVE],
                           https->clients[i], false};
        eim_bench_poll(visits[i].device, &out);
        post(&visits[i], tern_writer_bytes(&out));
    }
    loop_run(https->loop);
    https->first = (https->first + AT_ONCE) % EIM_BENCH_ACTIVE;
    *ops += AT_ONCE;
    return https->failed ? -1 : eim_bench_cpu_ns(https->clock) - start;
}

static int serve(const char *folder)
{
    char data[512];
    char pki[512];
    char ready[512];
    snprintf(data, sizeof(data), "%s/data", folder);
    snprintf(pki, sizeof(pki), "%s/pki", folder);
    snprintf(ready, sizeof(ready), "%s/ready", folder);
    log_set_level(LOG_LEVEL_ERROR);
    struct eim_host_options options = {.data = data,
                                       .pki = pki,
                                       .listen_esipa = "127.0.0.1:0",
                                       .listen_api = "127.0.0.1:0",
                                       .ready = ready,
                                       .workers = 1};
    return eim_host_serve(&options);
}

static bool wait_ready(const char *folder, char port[8])
{
    char path[512];
    snprintf(path, sizeof(path), "%s/ready", folder);
    for (int waited = 0; waited < START_MS; waited += 10) {
        uint8_t *text = NULL;
        size_t size = 0;
        if (file_read(path, 4096, &text, &size) == TERN_OK) {
            const char *colon = strchr((const char *)text, '1'); /* 127.0.0.1:PORT */
            colon = colon == NULL ? NULL : strchr(colon, ':');
            size_t digits = colon == NULL ? 0 : strspn(colon + 1, "0123456789");
            snprintf(port, 8, "%.*s", (int)digits, colon == NULL ? "" : colon + 1);
            free(text);
            return digits > 0;
        }
        struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
    }
    return false;
}

static int make_pki(const char *folder)
{
    static const char *const CURVES[] = {"p256"};
    static const char *const EIMS[] = {EIM_NAME};
    char path[512];
    struct tern_pki_why why = {""};
    struct tern_pki_plan plan = {.curves = CURVES,
                                 .curve_count = 1,
                                 .eum_count = 1,
                                 .eims = EIMS,
                                 .eim_count = 1,
                                 .now = (int64_t)time(NULL)};
    snprintf(path, sizeof(path), "%s/pki", folder);
    return tern_pki_create(path, &plan, &why) == TERN_OK ? 0 : 2;
}

/* The devices' keys go into the store the child will open. */
static int prepare_store(struct eim_bench *bench, const char *folder)
{
    char data[512];
    snprintf(data, sizeof(data), "%s/data", folder);
    if (folder_make(data, 0700) != TERN_OK || eim_bench_open(bench, data) != 0) {
        return 2;
    }
    /* key_id 0: the server's first key. The record's keyId is taken from our own: leave it out. */
    bench->eim.key_count = 0;
    int status = eim_bench_fill(bench, 0, EIM_BENCH_ACTIVE);
    bench->eim.key_count = 1;
    return status;
}

static int measure(struct https_bench *https, const char *name, double limit_us)
{
    struct bench_result result;
    for (size_t i = 0; i < AT_ONCE; i++) {
        const char *resolve = https->resolve;
        struct http_client_options options = {.loop = https->loop,
                                              .resolve = &resolve,
                                              .resolve_count = 1,
                                              .connection_count_max = 1};
        https->clients[i] = http_client_new(&options);
        if (https->clients[i] == NULL) {
            return 2;
        }
    }
    int status = eim_bench_runs(&result, cycle_batch, https);
    if (status == 0) {
        bench_print(name, &result, limit_us);
    }
    for (size_t i = 0; i < AT_ONCE; i++) {
        http_client_free(https->clients[i]);
    }
    return status;
}

int bench_eim_https(struct eim_bench *bench, const char *folder, double limit_us)
{
    char port[8];
    char ca_path[512];
    uint8_t *ca = NULL;
    size_t ca_size = 0;
    struct bench_limits limits;
    struct https_bench https = {.bench = bench, .loop = loop_new()};
    if (https.loop == NULL || make_pki(folder) != 0 || prepare_store(bench, folder) != 0 ||
        bench_limits(&limits, TERN_CURVE_P256) != 0) {
        return 2;
    }
    pid_t child = fork();
    if (child == 0) {
        _exit(serve(folder));
    }
    int status = child > 0 && wait_ready(folder, port) ? 0 : 2;
    snprintf(ca_path, sizeof(ca_path), "%s/pki/tls-ca.pem", folder);
    if (status == 0 && (clock_getcpuclockid(child, &https.clock) != 0 ||
                        file_read(ca_path, 1 << 16, &ca, &ca_size) != TERN_OK)) {
        status = 2;
    }
    if (status == 0) {
        https.ca = tern_bytes(ca, ca_size);
        snprintf(https.url, sizeof(https.url), "https://%s:%s/gsma/rsp2/asn1", EIM_NAME, port);
        snprintf(https.resolve, sizeof(https.resolve), "%s:%s:127.0.0.1", EIM_NAME, port);
        status = measure(&https, "eim.psmo.https_warm", limit_us);
    }
    if (status == 0) {
        https.cold = true;
        /* The handshake: the server signs once, makes a one-time key and agrees. */
        status = measure(&https, "eim.psmo.cold_https",
                         limit_us + limits.sign_us + limits.generate_us + limits.ecdh_us);
    }
    if (child > 0) {
        kill(child, SIGTERM);
        (void)waitpid(child, NULL, 0);
    }
    free(ca);
    loop_free(https.loop);
    sqlite_store_close(bench->store);
    tern_openssl_key_free(&bench->key.key);
    return status;
}
