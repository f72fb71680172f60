/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standalone eIM: the engine of tern/eim.h behind HTTPS, with SQLite, workers and the API.
 * Private to host/eim; app/ uses host/eim/eim_host.h.
 */
#ifndef HOST_EIM_EIM_SERVER_H
#define HOST_EIM_EIM_SERVER_H

#include <pthread.h>

#include "host/carrier/coap_server.h"
#include "host/carrier/oscore_file.h"
#include "host/carrier/psk_file.h"
#include "host/eim/eim_host.h"
#include "host/http/client.h"
#include "host/http/server.h"
#include "host/pki/pki.h"
#include "host/store/group.h"
#include "host/trace/trace.h"
#include "tern/der.h"
#include "tern/eim.h"

#define ESIPA_ARENA_SIZE (8u * 1024 * 1024)
#define EIM_WORKER_MAX   32
#define CONNECTION_KNOWN 1024 /* connections whose EID is remembered, a worker */
#define EIM_KEY_MAX      16
#define SPKI_SIZE_MAX    128

struct exchange;

/* Everything that belongs to one thread. */
struct eim_worker {
    struct eim_server *server;
    struct loop *loop;
    struct sqlite_store *store;
    struct commit_group *group;
    struct http_client *client;
    struct tern_eim eim; /* the same configuration, this thread's store */
    struct tern_arena arena;
    bool changed; /* an event was stored in the open transaction */
    struct {
        uint16_t port;
        char peer[46];
        uint8_t eid[TERN_EID_SIZE];
    } known[CONNECTION_KNOWN];
    struct loop_timer *due_timer;
    uint64_t due_at_ms;         /* when it fires, loop time; 0: not set */
    struct exchange *exchanges; /* under way, so that a stop can answer them */
};

struct eim_metrics {
    _Atomic uint64_t requests, refused, results, signatures, calls, calls_failed, events,
        api_requests, forwarded, suspects;
};

struct api_waiter;

struct eim_server {
    const struct eim_host_options *options;
    struct tern_pki *pki;
    struct tern_trust trust;
    struct tern_bytes client_anchors; /* CI certificates, DER one after the other */
    char eim_id[TERN_EIM_ID_SIZE + 1];
    char fqdn[TERN_FQDN_SIZE + 1];
    struct tern_eim_key keys[EIM_KEY_MAX];
    size_t key_count;
    uint8_t tls_spki[SPKI_SIZE_MAX];
    size_t tls_spki_size;
    struct tls_identity identity;
    struct outbound_policy policy;
    struct http_server *esipa;
    struct coap_server *coaps; /* on worker 0's thread */
    struct coap_server *coap_oscore;
    struct oscore_file *oscore_file;
    struct psk_file *psk_file;
    struct oscore_server oscore;
    struct http_server *api;
    struct eim_worker *workers[EIM_WORKER_MAX];
    pthread_mutex_t workers_lock;
    struct eim_metrics metrics;
    struct api_waiter *waiters; /* long polls; the API's thread only */
    struct loop_timer *webhook_timer;
    struct loop_timer *waiter_timer;
    bool webhook_running;
    uint64_t started_ms;
    struct trace *trace; /* NULL: none */
};

/* ---- worker.c ---- */

/* This thread's worker, made on first use. NULL when it cannot be made. */
struct eim_worker *eim_worker_get(struct eim_server *server, unsigned index, struct loop *loop);
void eim_worker_free(struct eim_worker *worker);
uint64_t unix_ms(void);
/* A step with an empty arena. Not inside another step. */
struct tern_eim_step eim_step(struct eim_worker *worker);
/* Store what happened in the open transaction. */
int eim_store_events(struct eim_worker *worker, const struct tern_eim_step *step);

/* ---- esipa.c ---- */

void esipa_handler(void *context, struct http_request *request);
void esipa_coap_handler(void *context, struct coap_request *request);
/* Look for due notifications soon; on any worker's thread, for that worker. */
void esipa_wake(struct eim_worker *worker);
/* Send what waits for a device whose IPA serves. */
void esipa_inject(struct eim_worker *worker, const uint8_t eid[TERN_EID_SIZE]);

/* Answer what is under way with 503. */
void esipa_stop(struct eim_server *server);

/* ---- trace.c ---- */

void eim_trace(struct eim_server *server, const char *interface, const char *direction,
               const char *name, bool json, struct tern_bytes message);

/* ---- api.c ---- */

void api_handler(void *context, struct http_request *request);
/* First start: an enrolment token in DATA/enrolment-token. */
int api_first_start(struct eim_worker *worker);
void api_events_stored(struct eim_server *server);
void api_stop(struct eim_server *server);

#endif
