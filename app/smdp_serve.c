/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tern smdp serve`: ES9+ on its workers; ES2+, call-backs, sweeping and the reloading of
 * certificates on the main loop. SIGHUP, or a changed PKI directory, loads the certificates and
 * revocation lists again; requests under way finish with those they began with.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/smdp.h"
#include "host/config/ready.h"
#include "host/log/log.h"

#define HOUSEKEEPING_MS 250
#define SWEEP_COUNT     200

static volatile sig_atomic_t reload_wanted;

static void on_hangup(int number)
{
    (void)number;
    reload_wanted = 1;
}

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct smdp_options, data, "data", "DIR", "what is kept: smdp.db, secret.key"),
    OPTION_TEXT(struct smdp_options, pki, "pki", "DIR", "certificates and keys"),
    OPTION_TEXT(struct smdp_options, name, "name", "FQDN", "the SM-DP+ address of this server"),
    OPTION_TEXT(struct smdp_options, listen_es9, "listen-es9", "ADDR:PORT", "ES9+ for devices"),
    OPTION_TEXT(struct smdp_options, listen_es2, "listen-es2", "ADDR:PORT",
                "ES2+ for operators, mutual TLS; default none"),
    OPTION_TEXT(struct smdp_options, listen_admin, "listen-admin", "ADDR:PORT",
                "/healthz and /metrics over HTTPS; default none"),
    OPTION_TEXT(struct smdp_options, ready, "ready", "FILE", "written once it listens"),
    OPTION_TEXT(struct smdp_options, trace, "trace", "DIR", "keep every message"),
    OPTION_TEXT(struct smdp_options, log_level, "log-level", "LEVEL", "debug, info, warn, error"),
    OPTION_UINT(struct smdp_options, workers, "workers", 1, SMDP_WORKERS_MAX, "threads for ES9+"),
    OPTION_UINT(struct smdp_options, order_lifetime, "order-lifetime", 0, UINT32_MAX,
                "seconds from ConfirmOrder until an order expires; 0: never"),
    OPTION_UINT(struct smdp_options, attempts, "attempts", 0, 1000000,
                "downloads tried for one order; 0: any number"),
    OPTION_UINT(struct smdp_options, confirmation_failures, "confirmation-failures", 1, 100,
                "wrong confirmation codes until an order ends"),
    OPTION_UINT(struct smdp_options, session_lifetime, "session-lifetime", 1, 86400,
                "seconds for one download session"),
    OPTION_FLAG(struct smdp_options, refuse_rebinding, "refuse-rebinding",
                "do not bind a profile again for a new one-time key (8.2/3.7)"),
    OPTION_FLAG(struct smdp_options, confirmation_hex, "confirmation-hex",
                "accept confirmation codes read as hexadecimal bytes, too"),
    OPTION_LIST(struct smdp_options, operators, "operator", "NAME=URL",
                "where an operator takes HandleDownloadProgressInfo"),
    OPTION_LIST(struct smdp_options, resolve, "resolve", "HOST:PORT:ADDR", "instead of DNS"),
    OPTION_LIST(struct smdp_options, allow_networks, "allow-network", "NET/BITS",
                "private networks that may be called"),
    OPTION_LIST(struct smdp_options, allow_ports, "allow-port", "PORT[-PORT]",
                "other ports than 443 that may be called"),
};
static const struct option_table TABLE =
    OPTION_TABLE("tern smdp serve --data DIR --pki DIR --name FQDN [OPTION ...]",
                 "Runs an SM-DP+. All options may stand in a YAML file given with --config.", ROWS);

static int prepare_policy(struct smdp_options *options)
{
    int status = TERN_OK;
    for (size_t i = 0; status == TERN_OK && i < options->allow_networks.count; i++) {
        status = outbound_allow_network(&options->policy, options->allow_networks.items[i]);
    }
    for (size_t i = 0; status == TERN_OK && i < options->allow_ports.count; i++) {
        status = outbound_allow_ports(&options->policy, options->allow_ports.items[i]);
    }
    if (status < 0) {
        fprintf(stderr, "tern smdp: --allow-network or --allow-port makes no sense\n");
    }
    return status;
}

static void reload(struct smdp_server *server)
{
    struct rsp_material *fresh = rsp_material_load(server->options.pki, server->name, false);
    if (fresh == NULL) {
        log_error("pki.reload", "result", "kept the old one", "pki", server->options.pki);
        return;
    }
    pthread_rwlock_wrlock(&server->caller.lock);
    struct rsp_material *old = server->caller.material;
    server->caller.material = fresh;
    pthread_rwlock_unlock(&server->caller.lock);
    (void)http_server_set_identity(server->es9, &fresh->tls.identity, TERN_BYTES_NONE);
    if (server->es2 != NULL) {
        (void)http_server_set_identity(server->es2, &fresh->tls.identity, fresh->anchors);
    }
    if (server->admin != NULL) {
        (void)http_server_set_identity(server->admin, &fresh->tls.identity, TERN_BYTES_NONE);
    }
    rsp_material_free(old);
    log_info("pki.reload", "result", "loaded", "pki", server->options.pki);
}

/* The base URL of an operator, NULL when it wants no call-backs. */
static const char *operator_url(void *context, struct tern_bytes identifier)
{
    const struct smdp_server *server = context;
    for (size_t i = 0; i < server->options.operators.count; i++) {
        const char *item = server->options.operators.items[i];
        const char *equals = strchr(item, '=');
        if (equals != NULL && (size_t)(equals - item) == identifier.size &&
            memcmp(item, identifier.data, identifier.size) == 0) {
            return equals + 1;
        }
    }
    return NULL;
}

static void sweep(struct smdp_server *server)
{
    struct tern_arena arena = smdp_arena_get(&server->main);
    commit_group_flush(server->main.group);
    if (arena.data != NULL && sqlite_store_begin(server->main.store) == TERN_OK) {
        if (tern_smdp_sweep(&server->main.smdp, &arena, (int64_t)time(NULL), SWEEP_COUNT) < 0) {
            sqlite_store_rollback(server->main.store);
        } else {
            (void)sqlite_store_commit(server->main.store);
        }
    }
    smdp_arena_put(&server->main, arena);
}

static void housekeeping(void *context)
{
    static unsigned turn;
    struct smdp_server *server = context;
    rsp_outbox_run(&server->outbox);
    if (turn % 8 == 0 && rsp_pki_changed(server->options.pki)) { /* every two seconds */
        reload_wanted = 1;
    }
    if (turn++ % 240 == 239) { /* every minute */
        sweep(server);
    }
    if (reload_wanted) {
        reload_wanted = 0;
        reload(server);
    }
    loop_timer_set(server->housekeeping, HOUSEKEEPING_MS);
}

static struct http_server *listen_on(struct smdp_server *server, const char *address, bool mutual,
                                     unsigned workers, http_handler handler)
{
    const char *error = NULL;
    struct http_server_options options = {
        .loop = server->loop,
        .listen = address,
        .identity = server->caller.material->tls.identity,
        .client_anchors = mutual ? server->caller.material->anchors : TERN_BYTES_NONE,
        .workers = workers,
        .handler = handler,
        .context = server,
    };
    struct http_server *listener = http_server_start(&options, &error);
    if (listener == NULL) {
        fprintf(stderr, "tern smdp: cannot listen on %s: %s\n", address, error);
    }
    return listener;
}

static int listen_all(struct smdp_server *server)
{
    const struct smdp_options *options = &server->options;
    server->es9 =
        listen_on(server, options->listen_es9, false, (unsigned)options->workers, smdp_on_es9);
    if (server->es9 == NULL) {
        return 2;
    }
    struct ready_entry entries[3] = {
        {"es9plus", http_server_address(server->es9)}
    };
    size_t count = 1;
    if (options->listen_es2 != NULL) {
        server->es2 = listen_on(server, options->listen_es2, true, 1, smdp_on_es2);
        if (server->es2 == NULL) {
            return 2;
        }
        entries[count++] = (struct ready_entry){"es2plus", http_server_address(server->es2)};
    }
    if (options->listen_admin != NULL) {
        server->admin = listen_on(server, options->listen_admin, false, 1, smdp_on_admin);
        if (server->admin == NULL) {
            return 2;
        }
        entries[count++] = (struct ready_entry){"admin", http_server_address(server->admin)};
    }
    log_info("smdp.listening", "name", server->name, "es9plus", entries[0].address, "test_pki",
             tern_pki_is_test(server->caller.material->pki) ? "yes" : "no");
    return ready_write(options->ready, entries, count) == TERN_OK ? 0 : 2;
}

static void tear_down(struct smdp_server *server)
{
    struct http_server *const listeners[] = {server->es9, server->es2, server->admin};
    for (size_t i = 0; i < TERN_COUNT_OF(listeners); i++) {
        if (listeners[i] != NULL) {
            http_server_stop(listeners[i]);
        }
    }
    if (server->caller.client != NULL) {
        http_client_free(server->caller.client);
    }
    for (size_t i = 0; i < SMDP_WORKERS_MAX; i++) {
        smdp_worker_close(&server->workers[i]);
    }
    smdp_worker_close(&server->main);
    rsp_outbox_free(&server->outbox);
    if (server->housekeeping != NULL) {
        loop_timer_free(server->housekeeping);
    }
    if (server->loop != NULL) {
        loop_free(server->loop);
    }
    rsp_material_free(server->caller.material);
    trace_close(server->caller.trace);
    tern_wipe(&server->smdp, sizeof server->smdp);
}

static int run(struct smdp_server *server)
{
    struct http_client_options client = {.resolve = server->options.resolve.items,
                                         .resolve_count = server->options.resolve.count,
                                         .policy = &server->options.policy};
    server->loop = loop_new();
    client.loop = server->loop;
    server->caller.client = server->loop == NULL ? NULL : http_client_new(&client);
    server->housekeeping =
        server->loop == NULL ? NULL : loop_timer_new(server->loop, housekeeping, server);
    if (server->caller.client == NULL || server->housekeeping == NULL ||
        smdp_worker_open(server, &server->main, server->loop) != TERN_OK) {
        fprintf(stderr, "tern smdp: out of resources\n");
        return 2;
    }
    server->outbox.caller = &server->caller;
    server->outbox.store = server->main.store;
    server->outbox.group = server->main.group;
    server->outbox.operator_url = operator_url;
    server->outbox.context = server;
    (void)loop_stop_on_signals(server->loop);
    signal(SIGHUP, on_hangup);
    int status = listen_all(server);
    if (status != 0) {
        return status;
    }
    loop_timer_set(server->housekeeping, 0);
    status = loop_run(server->loop);
    log_info("smdp.stopping", "name", server->name);
    return status == TERN_OK ? 0 : 2;
}

int smdp_serve(int argc, char **argv)
{
    static struct smdp_server server;
    struct smdp_options *options = &server.options;
    enum log_level level;
    *options = (struct smdp_options){.listen_es9 = "127.0.0.1:8444",
                                     .log_level = "info",
                                     .workers = 1,
                                     .attempts = 10,
                                     .confirmation_failures = 3,
                                     .session_lifetime = 3600};
    int status = options_parse(&TABLE, options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (log_level_from_text(options->log_level, &level) != TERN_OK || options->pki == NULL ||
        prepare_policy(options) != TERN_OK) {
        fprintf(stderr, "tern smdp: --pki DIR is missing, or an option makes no sense\n");
        return 2;
    }
    log_set_level(level);
    if (smdp_open(options, &server.main.store, &server.smdp) != TERN_OK) {
        return 2;
    }
    snprintf(server.name, sizeof server.name, "%.*s", (int)server.smdp.server.address.size,
             (const char *)server.smdp.server.address.data);
    server.caller.material = rsp_material_load(options->pki, server.name, false);
    if (server.caller.material == NULL) {
        sqlite_store_close(server.main.store);
        return 2;
    }
    pthread_rwlock_init(&server.caller.lock, NULL);
    server.caller.trace = trace_open(options->trace, "smdp");
    status = run(&server);
    tear_down(&server);
    return status;
}
