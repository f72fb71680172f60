/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of `tern smdp`: options, the data directory, the two doors. */
#ifndef APP_SMDP_H
#define APP_SMDP_H

#include <stdatomic.h>

#include "app/rsp_caller.h"
#include "host/config/options.h"
#include "host/http/client.h"
#include "host/http/server.h"
#include "host/policy/policy.h"
#include "host/store/group.h"
#include "host/trace/trace.h"
#include "tern/smdp.h"

#define SMDP_SECRET_SIZE (TERN_RSP_SECRET_SIZE + TERN_SMDP_SEAL_KEY_SIZE)
#define SMDP_WORKERS_MAX 64

/* Options of every sub-command that opens a data directory. */
struct smdp_options {
    const char *data;
    const char *pki;
    const char *name;
    const char *listen_es9;
    const char *listen_es2;
    const char *listen_admin;
    const char *ready;
    const char *trace;
    const char *log_level;
    uint64_t workers;
    uint64_t order_lifetime;
    uint64_t attempts;
    uint64_t confirmation_failures;
    uint64_t session_lifetime;
    bool refuse_rebinding;
    bool confirmation_hex;
    struct option_list operators;
    struct option_list resolve;
    struct option_list allow_networks;
    struct option_list allow_ports;
    struct outbound_policy policy;
};

/*
 * Open DIR/smdp.db and the secret beside it. The name of the server is that of the options or the
 * one the directory was used with before; it is kept there. Messages on stderr.
 */
int smdp_open(const struct smdp_options *options, struct sqlite_store **store,
              struct tern_smdp *smdp);
void smdp_policy(const struct smdp_options *options, struct tern_smdp *smdp);

/* What a worker has of its own. */
struct smdp_worker {
    struct sqlite_store *store;
    struct commit_group *group;
    struct tern_smdp smdp;
    void *arenas[16];
    size_t arena_count;
};

/* Answers counted by function and status code. */
struct smdp_metrics {
    atomic_ulong es9[TERN_ES9PLUS_FUNCTION_COUNT][TERN_STATUS_CODE_COUNT];
    atomic_ulong es2[8][TERN_STATUS_CODE_COUNT];
    atomic_ulong refused; /* HTTP 4xx */
    atomic_ulong failed;  /* HTTP 5xx */
    atomic_ulong bytes_received;
    atomic_ulong bytes_sent;
};

/* The running server. */
struct smdp_server {
    struct smdp_options options;
    char name[TERN_ADDRESS_SIZE + 1];
    struct tern_smdp smdp; /* without store and material: copied to each worker */
    struct rsp_caller caller;
    struct rsp_outbox outbox;
    struct smdp_worker workers[SMDP_WORKERS_MAX];
    struct smdp_worker main; /* ES2+, tasks, sweeping: on the main loop */
    struct loop *loop;
    struct http_server *es9;
    struct http_server *es2;
    struct http_server *admin;
    struct loop_timer *housekeeping;
    struct smdp_metrics metrics;
};

/* A worker's store and group, opened when it is first needed, in its own thread. */
int smdp_worker_open(struct smdp_server *server, struct smdp_worker *worker, struct loop *loop);
void smdp_worker_close(struct smdp_worker *worker);
/* Memory for one request, from a small stock. NULL when out of memory. */
struct tern_arena smdp_arena_get(struct smdp_worker *worker);
void smdp_arena_put(struct smdp_worker *worker, struct tern_arena arena);

/* http handlers; `context` is the server. */
void smdp_on_es9(void *context, struct http_request *request);
void smdp_on_es2(void *context, struct http_request *request);
void smdp_on_admin(void *context, struct http_request *request);

/* "8.2.6/3.8" or "ok" for a log line. */
const char *smdp_status_text(char *out, size_t out_size, const struct tern_status *status);

/* Sub-commands. */
int smdp_serve(int argc, char **argv);
int smdp_order(int argc, char **argv);
int smdp_confirm(int argc, char **argv);
int smdp_release(int argc, char **argv);
int smdp_cancel(int argc, char **argv);
int smdp_show(int argc, char **argv);
int smdp_profile(int argc, char **argv);
int smdp_backup(int argc, char **argv);

#endif
