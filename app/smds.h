/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of `tern smds`. */
#ifndef APP_SMDS_H
#define APP_SMDS_H

#include "app/rsp_caller.h"
#include "host/config/options.h"
#include "host/http/server.h"
#include "host/policy/policy.h"
#include "tern/smds.h"

struct smds_options {
    const char *data;
    const char *pki;
    const char *name;
    const char *parent;
    const char *parent_path;
    const char *listen_es11;
    const char *listen_es12;
    const char *listen_admin;
    const char *ready;
    const char *trace;
    const char *log_level;
    uint64_t event_lifetime;
    uint64_t events_per_eid;
    struct option_list resolve;
    struct option_list allow_networks;
    struct option_list allow_ports;
    struct outbound_policy policy;
};

/* Answers counted by function and status code; all on one loop. */
struct smds_metrics {
    unsigned long es11[TERN_ES9PLUS_FUNCTION_COUNT][TERN_STATUS_CODE_COUNT];
    unsigned long es12[3][TERN_STATUS_CODE_COUNT];
    unsigned long refused;
    unsigned long failed;
};

struct smds_server {
    struct smds_options options;
    char name[TERN_ADDRESS_SIZE + 1];
    struct tern_smds smds;
    struct rsp_caller caller;
    struct rsp_outbox outbox;
    struct sqlite_store *store;
    struct commit_group *group;
    struct loop *loop;
    struct http_server *es11;
    struct http_server *es12;
    struct http_server *admin;
    struct smds_metrics metrics;
    struct loop_timer *housekeeping;
};

#define SMDS_ARENA_SIZE (1u << 20)

/* http handlers; `context` is the server. All on one loop. */
void smds_on_es11(void *context, struct http_request *request);
void smds_on_es12(void *context, struct http_request *request);
void smds_on_admin(void *context, struct http_request *request);

#endif
