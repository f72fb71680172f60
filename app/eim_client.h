/* SPDX-License-Identifier: Apache-2.0 */
/* The client of the eIM's API that `tern eim device`, `code`, `operation` .. share. */
#ifndef APP_EIM_CLIENT_H
#define APP_EIM_CLIENT_H

#include <cjson/cJSON.h>

#include "host/config/options.h"

struct eim_client {
    /* Options. */
    const char *data;       /* DATA of a server on this machine: api.json and the enrolment token */
    const char *api;        /* HOST:PORT */
    const char *token_file; /* or TERN_EIM_TOKEN */
    const char *spki;       /* base64 of the server's key, when there is no api.json */
    const char *ca;         /* or a CA file */
    bool json;
    bool wait;
    uint64_t timeout_s;
    struct option_list resolve;
    /* What commands take. */
    const char *label, *tenant, *pool, *state, *kind, *address, *code, *code_id, *smds,
        *confirmation_code, *force, *reference, *commands, *url, *after, *role;
    bool default_smdp, direct, rollback, reveal;
    uint64_t limit, expires_in_s, expires_in_days, counter;
};

struct column {
    const char *title;
    const char *member;
};

/* Parse; on OPTIONS_GO the client is ready. */
int eim_client_parse(struct eim_client *client, const char *usage, const char *story, int *argc,
                     char **argv);

/* One request. `body` is JSON (deleted) or NULL. @return exit status: 0 with `answer`, else after a
 * message on stderr: 1 the server says no, 2 could not ask. */
int eim_client_call(struct eim_client *client, const char *method, const char *path, cJSON *body,
                    cJSON **answer);
/* The same with raw bytes of this type. */
int eim_client_send(struct eim_client *client, const char *method, const char *path,
                    const char *type, struct tern_bytes body, cJSON **answer);

/* Print a list or an object; as JSON with --json. Deletes `answer`. */
int eim_client_print(struct eim_client *client, cJSON *answer, const struct column *columns,
                     size_t count);
/* Follow an operation to its end when --wait was given; prints it. Deletes `answer`. */
int eim_client_finish(struct eim_client *client, cJSON *answer);

#endif
