/* SPDX-License-Identifier: Apache-2.0 */
/* `tern smds serve|show`: the SM-DS, root or alternative. docs/SERVERS.md. */
#include "app/smds.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/verbs.h"
#include "host/config/files.h"
#include "host/config/ready.h"
#include "host/log/log.h"
#include "tern/json.h"

#define HOUSEKEEPING_MS 250
#define SWEEP_COUNT     1000

static volatile sig_atomic_t reload_wanted;

static void on_hangup(int number)
{
    (void)number;
    reload_wanted = 1;
}

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct smds_options, data, "data", "DIR", "what is kept: smds.db, secret.key"),
    OPTION_TEXT(struct smds_options, pki, "pki", "DIR", "certificates and keys"),
    OPTION_TEXT(struct smds_options, name, "name", "FQDN", "the SM-DS address of this server"),
    OPTION_TEXT(struct smds_options, parent, "parent", "HOST[:PORT]",
                "ES12 of the SM-DS above, for events with forwardingIndicator"),
    OPTION_TEXT(struct smds_options, parent_path, "parent-path", "PATH",
                "of RegisterEvent there; default /gsma/rsp2/es12/registerEvent"),
    OPTION_TEXT(struct smds_options, listen_es11, "listen-es11", "ADDR:PORT", "ES11 for devices"),
    OPTION_TEXT(struct smds_options, listen_es12, "listen-es12", "ADDR:PORT",
                "ES12 for SM-DP+s and SM-DSs, mutual TLS"),
    OPTION_TEXT(struct smds_options, listen_admin, "listen-admin", "ADDR:PORT",
                "/healthz and /metrics over HTTPS; default none"),
    OPTION_TEXT(struct smds_options, ready, "ready", "FILE", "written once it listens"),
    OPTION_TEXT(struct smds_options, trace, "trace", "DIR", "keep every message"),
    OPTION_TEXT(struct smds_options, log_level, "log-level", "LEVEL", "debug, info, warn, error"),
    OPTION_UINT(struct smds_options, event_lifetime, "event-lifetime", 0, UINT32_MAX,
                "seconds until an event expires; 0: never"),
    OPTION_UINT(struct smds_options, events_per_eid, "events-per-eid", 1, 1000,
                "events kept for one eUICC"),
    OPTION_LIST(struct smds_options, resolve, "resolve", "HOST:PORT:ADDR", "instead of DNS"),
    OPTION_LIST(struct smds_options, allow_networks, "allow-network", "NET/BITS",
                "private networks that may be called"),
    OPTION_LIST(struct smds_options, allow_ports, "allow-port", "PORT[-PORT]",
                "other ports than 443 that may be called"),
};
static const struct option_table TABLE =
    OPTION_TABLE("tern smds serve --data DIR --pki DIR --name FQDN [OPTION ...]",
                 "Runs an SM-DS. All options may stand in a YAML file given with --config.", ROWS);

static int prepare_policy(struct smds_options *options)
{
    int status = TERN_OK;
    for (size_t i = 0; status == TERN_OK && i < options->allow_networks.count; i++) {
        status = outbound_allow_network(&options->policy, options->allow_networks.items[i]);
    }
    for (size_t i = 0; status == TERN_OK && i < options->allow_ports.count; i++) {
        status = outbound_allow_ports(&options->policy, options->allow_ports.items[i]);
    }
    return status;
}

static void reload(struct smds_server *server)
{
    struct rsp_material *fresh = rsp_material_load(server->options.pki, server->name, true);
    if (fresh == NULL) {
        log_error("pki.reload", "result", "kept the old one", "pki", server->options.pki);
        return;
    }
    pthread_rwlock_wrlock(&server->caller.lock);
    struct rsp_material *old = server->caller.material;
    server->caller.material = fresh;
    pthread_rwlock_unlock(&server->caller.lock);
    (void)http_server_set_identity(server->es11, &fresh->tls.identity, TERN_BYTES_NONE);
    (void)http_server_set_identity(server->es12, &fresh->tls.identity, fresh->anchors);
    if (server->admin != NULL) {
        (void)http_server_set_identity(server->admin, &fresh->tls.identity, TERN_BYTES_NONE);
    }
    rsp_material_free(old);
    log_info("pki.reload", "result", "loaded", "pki", server->options.pki);
}

static void sweep(struct smds_server *server)
{
    void *memory = malloc(SMDS_ARENA_SIZE);
    struct tern_arena arena = tern_arena(memory, memory == NULL ? 0 : SMDS_ARENA_SIZE);
    commit_group_flush(server->group);
    if (memory != NULL && sqlite_store_begin(server->store) == TERN_OK) {
        if (tern_smds_sweep(&server->smds, &arena, (int64_t)time(NULL), SWEEP_COUNT) < 0) {
            sqlite_store_rollback(server->store);
        } else {
            (void)sqlite_store_commit(server->store);
        }
    }
    free(memory);
}

static void housekeeping(void *context)
{
    static unsigned turn;
    struct smds_server *server = context;
    rsp_outbox_run(&server->outbox);
    if (turn++ % 40 == 39) {
        sweep(server);
    }
    if (turn % 8 == 0 && rsp_pki_changed(server->options.pki)) { /* every two seconds */
        reload_wanted = 1;
    }
    if (reload_wanted) {
        reload_wanted = 0;
        reload(server);
    }
    loop_timer_set(server->housekeeping, HOUSEKEEPING_MS);
}

static int open_store(const struct smds_options *options, struct sqlite_store **store,
                      struct tern_smds *smds)
{
    char path[512];
    *store = NULL;
    if (options->data == NULL) {
        fprintf(stderr, "tern smds: --data DIR is missing\n");
        return TERN_ERR_MISSING;
    }
    int status = rsp_secret_load(options->data, smds->server.secret, TERN_RSP_SECRET_SIZE);
    if (status == TERN_OK) {
        status = path_join(path, sizeof path, options->data, "smds.db");
    }
    if (status == TERN_OK) {
        status = sqlite_store_open(store, path);
    }
    if (status < 0 || *store == NULL) {
        fprintf(stderr, "tern smds: cannot open %s: %s\n", options->data, tern_error_text(status));
        return status < 0 ? status : TERN_ERR_IO;
    }
    smds->store = sqlite_store_interface(*store);
    return TERN_OK;
}

static struct http_server *listen_on(struct smds_server *server, const char *address,
                                     struct tern_bytes client_anchors, http_handler handler)
{
    const char *error = NULL;
    struct http_server_options options = {
        .loop = server->loop,
        .listen = address,
        .identity = server->caller.material->tls.identity,
        .client_anchors = client_anchors,
        .handler = handler,
        .context = server,
        .body_size_max = 65536,
    };
    struct http_server *listener = http_server_start(&options, &error);
    if (listener == NULL) {
        fprintf(stderr, "tern smds: cannot listen on %s: %s\n", address, error);
    }
    return listener;
}

static void tear_down(struct smds_server *server)
{
    if (server->es11 != NULL) {
        http_server_stop(server->es11);
    }
    if (server->es12 != NULL) {
        http_server_stop(server->es12);
    }
    if (server->admin != NULL) {
        http_server_stop(server->admin);
    }
    if (server->caller.client != NULL) {
        http_client_free(server->caller.client);
    }
    if (server->group != NULL) {
        commit_group_free(server->group);
    }
    rsp_outbox_free(&server->outbox);
    if (server->housekeeping != NULL) {
        loop_timer_free(server->housekeeping);
    }
    if (server->loop != NULL) {
        loop_free(server->loop);
    }
    sqlite_store_close(server->store);
    rsp_material_free(server->caller.material);
    trace_close(server->caller.trace);
    tern_wipe(&server->smds, sizeof server->smds);
}

static int run(struct smds_server *server)
{
    struct http_client_options client = {.resolve = server->options.resolve.items,
                                         .resolve_count = server->options.resolve.count,
                                         .policy = &server->options.policy};
    server->loop = loop_new();
    if (server->loop == NULL) {
        return 2;
    }
    client.loop = server->loop;
    server->caller.client = http_client_new(&client);
    server->housekeeping = loop_timer_new(server->loop, housekeeping, server);
    server->group = commit_group_new(server->loop, server->store, 0);
    if (server->caller.client == NULL || server->housekeeping == NULL || server->group == NULL) {
        fprintf(stderr, "tern smds: out of resources\n");
        return 2;
    }
    server->outbox.caller = &server->caller;
    server->outbox.store = server->store;
    server->outbox.group = server->group;
    (void)loop_stop_on_signals(server->loop);
    signal(SIGHUP, on_hangup);
    server->es11 = listen_on(server, server->options.listen_es11, TERN_BYTES_NONE, smds_on_es11);
    server->es12 = listen_on(server, server->options.listen_es12, server->caller.material->anchors,
                             smds_on_es12);
    if (server->es11 == NULL || server->es12 == NULL) {
        return 2;
    }
    struct ready_entry entries[3] = {
        {"es11", http_server_address(server->es11)},
        {"es12", http_server_address(server->es12)},
    };
    size_t count = 2;
    if (server->options.listen_admin != NULL) {
        server->admin =
            listen_on(server, server->options.listen_admin, TERN_BYTES_NONE, smds_on_admin);
        if (server->admin == NULL) {
            return 2;
        }
        entries[count++] = (struct ready_entry){"admin", http_server_address(server->admin)};
    }
    log_info("smds.listening", "name", server->name, "es11", entries[0].address, "es12",
             entries[1].address);
    if (ready_write(server->options.ready, entries, count) != TERN_OK) {
        return 2;
    }
    loop_timer_set(server->housekeeping, 0);
    int status = loop_run(server->loop);
    log_info("smds.stopping", "name", server->name);
    return status == TERN_OK ? 0 : 2;
}

static int serve(int argc, char **argv)
{
    static struct smds_server server;
    struct smds_options *options = &server.options;
    enum log_level level;
    *options = (struct smds_options){.listen_es11 = "127.0.0.1:8445",
                                     .listen_es12 = "127.0.0.1:8455",
                                     .parent_path = "/gsma/rsp2/es12/registerEvent",
                                     .log_level = "info",
                                     .events_per_eid = 64};
    int status = options_parse(&TABLE, options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (options->pki == NULL || options->name == NULL ||
        strlen(options->name) > TERN_ADDRESS_SIZE ||
        log_level_from_text(options->log_level, &level) != TERN_OK ||
        prepare_policy(options) != TERN_OK) {
        fprintf(stderr, "usage: %s\n", TABLE.usage);
        return 2;
    }
    log_set_level(level);
    if (open_store(options, &server.store, &server.smds) != TERN_OK) {
        return 2;
    }
    snprintf(server.name, sizeof server.name, "%s", options->name);
    rsp_server_defaults(&server.smds.server, server.name);
    server.smds.server.smds = true;
    server.smds.parent = tern_bytes_text(options->parent);
    server.smds.event_lifetime_s = (uint32_t)options->event_lifetime;
    server.smds.events_per_eid_max = (uint32_t)options->events_per_eid;
    server.caller.material = rsp_material_load(options->pki, server.name, true);
    if (server.caller.material == NULL) {
        sqlite_store_close(server.store);
        return 2;
    }
    pthread_rwlock_init(&server.caller.lock, NULL);
    server.caller.trace = trace_open(options->trace, "smds");
    status = run(&server);
    tear_down(&server);
    return status;
}

static const struct option_row SHOW_ROWS[] = {
    OPTION_TEXT(struct smds_options, data, "data", "DIR", "the data directory of the SM-DS"),
};
static const struct option_table SHOW =
    OPTION_TABLE("tern smds show --data DIR", "The events, one JSON object a line.", SHOW_ROWS);

static void print_event(const struct tern_smds_event *event)
{
    uint8_t buffer[2048];
    uint8_t eid[32];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    struct tern_writer digits = TERN_WRITER_OF(eid);
    struct tern_json_writer json = tern_json_writer(&out);
    tern_eid_to_text(&digits, event->eid);
    tern_json_begin_object(&json, NULL);
    tern_json_write_text(&json, "eid", TERN_BYTES_OF(eid));
    tern_json_write_text(&json, "eventId", event->event_id);
    tern_json_write_text(&json, "rspServerAddress", event->rsp_server_address);
    tern_json_write_text(&json, "requester", event->requester);
    if (event->cascade_id.data != NULL) {
        tern_json_write_text(&json, "cascadeId", event->cascade_id);
    }
    tern_json_write_int(&json, "created", event->created);
    tern_json_write_int(&json, "expires", event->expires);
    tern_json_end_object(&json);
    printf("%.*s\n", (int)tern_writer_bytes(&out).size, (const char *)buffer);
}

static int show_events(const struct tern_smds *smds, void *memory)
{
    uint8_t key[TERN_STORE_KEY_SIZE_MAX];
    struct tern_bytes after = TERN_BYTES_NONE;
    for (;;) {
        struct tern_arena arena = tern_arena(memory, SMDS_ARENA_SIZE);
        struct tern_smds_event event;
        int status = tern_smds_next_event(smds, &arena, after, &event);
        if (status <= 0) {
            return status < 0 ? 2 : 0;
        }
        print_event(&event);
        memcpy(key, event.key.data, event.key.size);
        after = tern_bytes(key, event.key.size);
    }
}

static int show(int argc, char **argv)
{
    struct smds_options options = {.data = NULL};
    struct tern_smds smds = {.store = NULL};
    struct sqlite_store *store;
    int status = options_parse(&SHOW, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (open_store(&options, &store, &smds) != TERN_OK) {
        return 2;
    }
    void *memory = malloc(SMDS_ARENA_SIZE);
    status = memory == NULL ? 2 : show_events(&smds, memory);
    free(memory);
    sqlite_store_close(store);
    return status;
}

static const struct option_table BACKUP = OPTION_TABLE(
    "tern smds backup --data DIR TARGET",
    "Copies the data directory to TARGET while the server runs, key included.", SHOW_ROWS);

static int backup(int argc, char **argv)
{
    struct smds_options options = {.data = NULL};
    struct tern_smds smds = {.store = NULL};
    struct sqlite_store *store;
    int status = options_parse(&BACKUP, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc != 2) {
        fprintf(stderr, "usage: %s\n", BACKUP.usage);
        return 2;
    }
    if (open_store(&options, &store, &smds) != TERN_OK) {
        return 2;
    }
    status = rsp_backup(store, "smds.db", TERN_BYTES_OF(smds.server.secret), argv[1]);
    sqlite_store_close(store);
    tern_wipe(&smds, sizeof smds);
    return status;
}

int verb_smds(int argc, char **argv)
{
    static const struct command_row COMMANDS[] = {
        {"serve",  serve,  "run the SM-DS: ES11 for devices, ES12 for SM-DP+s"},
        {"backup", backup, "a consistent copy of the data directory"          },
        {"show",   show,   "the events it keeps"                              },
        {NULL,     NULL,   NULL                                               },
    };
    return command_run("tern smds COMMAND [OPTION ...]", COMMANDS, argc, argv);
}
