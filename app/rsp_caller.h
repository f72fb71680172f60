/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that an RSP server makes: ES12 and call-backs, now or from its outbox. */
#ifndef APP_RSP_CALLER_H
#define APP_RSP_CALLER_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/rsp_material.h"
#include "host/http/client.h"
#include "host/store/group.h"
#include "host/trace/trace.h"
#include "tern/outbox.h"

/* How to call: as whom, trusting whom, where the policy allows. */
struct rsp_caller {
    struct http_client *client;
    pthread_rwlock_t lock; /* of `material`: read to use it, write to replace it */
    struct rsp_material *material;
    struct trace *trace;
};

/*
 * POST JSON. `base` is "https://HOST[:PORT]" or "HOST[:PORT]". on_done gets the response later.
 * A negative result: no call, no on_done.
 */
int rsp_call_out(struct rsp_caller *caller, const char *base, const char *path,
                 struct tern_bytes body,
                 void (*on_done)(void *context, const struct http_response *response),
                 void *context);

/* What an ES12 answer means: SUCCESS, EVENT_EXISTS, EVENT_UNKNOWN, or an SMDS_ code. */
enum tern_status_code rsp_es12_outcome(const struct http_response *response);

/* The outbox of a server, worked off on the main loop, one task at a time. */
struct rsp_outbox {
    struct rsp_caller *caller;
    struct sqlite_store *store;
    struct commit_group *group; /* of the same thread; flushed before the store is locked */
    /* Base URL of an operator; NULL when it wants no call-backs. */
    const char *(*operator_url)(void *context, struct tern_bytes identifier);
    void *context;
    void *running; /* the task under way, or NULL */
    void *memory;
    atomic_ulong done;
    atomic_ulong failed;
};

#define RSP_OUTBOX_MEMORY_SIZE (2u << 20)

/* At the end, after the client was freed: what was under way stays in the store. */
void rsp_outbox_free(struct rsp_outbox *outbox);
/* Send what is due. Call it now and then. */
void rsp_outbox_run(struct rsp_outbox *outbox);

#endif
