/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and stopping the standalone eIM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config/files.h"
#include "host/config/ready.h"
#include "host/eim/eim_server.h"
#include "host/eim/identity.h"
#include "host/log/log.h"

static bool take_policy(struct eim_server *server)
{
    const struct eim_host_options *options = server->options;
    for (size_t i = 0; i < options->allow_network.count; i++) {
        if (outbound_allow_network(&server->policy, options->allow_network.items[i]) != TERN_OK) {
            log_error("eim.policy", "network", options->allow_network.items[i]);
            return false;
        }
    }
    if (options->allow_port.count > 0 &&
        (outbound_allow_ports(&server->policy, "443") != TERN_OK)) {
        return false;
    }
    for (size_t i = 0; i < options->allow_port.count; i++) {
        if (outbound_allow_ports(&server->policy, options->allow_port.items[i]) != TERN_OK) {
            log_error("eim.policy", "port", options->allow_port.items[i]);
            return false;
        }
    }
    return true;
}

/* DATA/api.json: where the API is and which key it has, for the client on this machine. */
static bool write_api_file(const struct eim_server *server)
{
    char path[1024];
    char spki[SPKI_SIZE_MAX * 2];
    char text[1024];
    struct tern_writer out = TERN_WRITER_OF(spki);
    tern_base64_encode(&out, tern_bytes(server->tls_spki, server->tls_spki_size));
    int size = snprintf(text, sizeof(text), "{\"api\":\"%s\",\"host\":\"%s\",\"spki\":\"%.*s\"}\n",
                        http_server_address(server->api), server->fqdn, (int)out.size, spki);
    return path_join(path, sizeof(path), server->options->data, "api.json") == TERN_OK &&
           file_write(path, tern_bytes(text, (size_t)size), 0644) == TERN_OK;
}

static struct http_server *listen_on(struct eim_server *server, struct loop *loop,
                                     const char *address, bool api, struct tern_bytes client_ca)
{
    const char *error = "";
    struct http_server_options options = {
        .loop = loop,
        .listen = address,
        .identity = server->identity,
        .client_anchors = client_ca,
        .workers = api ? 1 : (unsigned)server->options->workers,
        .handler = api ? api_handler : esipa_handler,
        .context = server,
        .body_size_max = TERN_EIM_MESSAGE_SIZE_MAX,
        .reply_deadline_ms = 150 * 1000,
    };
    struct http_server *http = http_server_start(&options, &error);
    if (http == NULL) {
        log_error("eim.listen", "address", address, "error", error);
    }
    return http;
}

static void find_psk(void *context, struct tern_bytes identity, struct tern_writer *key)
{
    const struct eim_server *server = context;
    psk_file_find(server->psk_file, identity, key);
}

static struct coap_server *listen_on_coap(struct eim_server *server, struct eim_worker *worker,
                                          const char *address, bool secure)
{
    const char *timing = server->options->coap_timing;
    const char *error = "";
    struct coap_server_options options = {
        .loop = worker->loop,
        .listen = address,
        .secure = secure,
        .identity = server->identity,
        .timing = timing != NULL && strcmp(timing, "nb-iot") == 0 ? &TERN_COAP_TIMING_NB_IOT
                                                                  : &TERN_COAP_TIMING_DEFAULT,
        .handler = esipa_coap_handler,
        .context = server,
        .store = worker->eim.store,
    };
    if (!secure) {
        options.oscore_find = oscore_server_find;
        options.oscore_save = oscore_server_save;
        options.oscore_context = &server->oscore;
    }
    if (secure && server->psk_file != NULL) {
        options.psk = find_psk;
    }
    struct coap_server *coap = coap_server_start(&options, &error);
    if (coap == NULL) {
        log_error("eim.listen", "address", options.listen, "error", error);
    }
    return coap;
}

/* ESipa over CoAP, when it is wanted. Sessions and bodies outlive a restart in the same store. */
static bool listen_on_coaps(struct eim_server *server, struct eim_worker *worker)
{
    const struct eim_host_options *options = server->options;
    char error[300] = "";
    if (options->psk != NULL) {
        server->psk_file = psk_file_load(options->psk, error, sizeof(error));
        if (server->psk_file == NULL) {
            log_error("eim.psk", "error", error);
            return false;
        }
    }
    if (options->listen_coaps != NULL) {
        server->coaps = listen_on_coap(server, worker, options->listen_coaps, true);
        if (server->coaps == NULL) {
            return false;
        }
    }
    if (options->listen_oscore == NULL) {
        return true;
    }
    snprintf(error, sizeof(error), "--listen-oscore wants --oscore FILE");
    server->oscore_file =
        options->oscore == NULL ? NULL : oscore_file_load(options->oscore, error, sizeof(error));
    if (server->oscore_file == NULL) {
        log_error("eim.oscore", "error", error);
        return false;
    }
    server->oscore = (struct oscore_server){server->oscore_file, worker->eim.store};
    server->coap_oscore = listen_on_coap(server, worker, options->listen_oscore, false);
    return server->coap_oscore != NULL;
}

/* What the process before us had begun to send is due again. */
static bool recover(struct eim_worker *worker)
{
    struct tern_eim_step step = eim_step(worker);
    int error = sqlite_store_begin(worker->store);
    if (error == TERN_OK) {
        error = tern_eim_recover(&worker->eim, &step);
    }
    if (error == TERN_OK) {
        error = sqlite_store_commit(worker->store);
    } else {
        sqlite_store_rollback(worker->store);
    }
    if (error != TERN_OK) {
        log_error("eim.store", "error", tern_error_name(error), "sqlite",
                  sqlite_store_error(worker->store));
    }
    return error == TERN_OK;
}

static bool start(struct eim_server *server, struct loop *loop)
{
    const struct eim_host_options *options = server->options;
    uint8_t *ca = NULL;
    size_t ca_size = 0;
    struct eim_worker *worker = eim_worker_get(server, 0, loop);
    if (worker == NULL || !recover(worker) || api_first_start(worker) != TERN_OK) {
        return false;
    }
    if (options->api_client_ca != NULL &&
        file_read(options->api_client_ca, 1 << 20, &ca, &ca_size) != TERN_OK) {
        log_error("eim.api", "client_ca", options->api_client_ca);
        return false;
    }
    server->esipa = listen_on(server, loop, options->listen_esipa, false, TERN_BYTES_NONE);
    server->api = server->esipa == NULL
                      ? NULL
                      : listen_on(server, loop, options->listen_api, true, tern_bytes(ca, ca_size));
    free(ca);
    if (server->esipa == NULL || server->api == NULL || !listen_on_coaps(server, worker) ||
        !write_api_file(server)) {
        return false;
    }
    esipa_wake(worker);
    api_events_stored(server);
    const char *coaps = server->coaps == NULL ? NULL : coap_server_address(server->coaps);
    const char *oscore =
        server->coap_oscore == NULL ? NULL : coap_server_address(server->coap_oscore);
    struct ready_entry ready[4] = {
        {"esipa", http_server_address(server->esipa)},
        {"api",   http_server_address(server->api)  },
    };
    size_t count = 2;
    if (coaps != NULL) {
        ready[count++] = (struct ready_entry){"coaps", coaps};
    }
    if (oscore != NULL) {
        ready[count++] = (struct ready_entry){"oscore", oscore};
    }
    log_info("eim.listening", "esipa", ready[0].address, "api", ready[1].address, "eim_id",
             server->eim_id, "fqdn", server->fqdn, "coaps", coaps, "oscore (proprietary)", oscore);
    return ready_write(options->ready, ready, count) == TERN_OK;
}

static void stop(struct eim_server *server)
{
    api_stop(server);
    esipa_stop(server);
    coap_server_stop(server->coaps);
    coap_server_stop(server->coap_oscore);
    oscore_file_free(server->oscore_file);
    psk_file_free(server->psk_file);
    if (server->api != NULL) {
        http_server_stop(server->api);
    }
    if (server->esipa != NULL) {
        http_server_stop(server->esipa);
    }
    for (size_t i = 0; i < EIM_WORKER_MAX; i++) {
        eim_worker_free(server->workers[i]);
    }
}

int eim_host_serve(const struct eim_host_options *options)
{
    struct eim_server *server = calloc(1, sizeof(*server));
    struct loop *loop = loop_new();
    int status = 2;
    struct trace *trace = trace_open(options->trace, "eim");
    if (server == NULL || loop == NULL || folder_make(options->data, 0700) != TERN_OK ||
        (options->trace != NULL && trace == NULL)) {
        log_error("eim.start", "data", options->data, "error", "cannot make the data folder");
        trace_close(trace);
        free(server);
        return 2;
    }
    server->options = options;
    server->trace = trace;
    server->started_ms = unix_ms();
    pthread_mutex_init(&server->workers_lock, NULL);
    if (identity_take(server) && take_policy(server) && start(server, loop)) {
        loop_stop_on_signals(loop);
        status = loop_run(loop) == TERN_OK ? 0 : 2;
        log_info("eim.stopping");
    }
    stop(server);
    loop_free(loop);
    identity_release(server);
    pthread_mutex_destroy(&server->workers_lock);
    trace_close(trace);
    free(server);
    return status;
}
