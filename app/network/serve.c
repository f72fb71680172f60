/* SPDX-License-Identifier: Apache-2.0 */
/* `tern network serve`: a home network on a socket. One thread a connection, a bounded number. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/network/network.h"
#include "host/config/config.h"
#include "host/config/options.h"
#include "host/config/ready.h"
#include "host/log/log.h"
#include "host/network/network.h"

#define CONNECTION_MAX 64

struct options {
    const char *network;
    const char *listen;
    const char *ready;
    const char *state;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct options, network, "config", "FILE", "the network: PLMN, subscribers (YAML)"),
    OPTION_TEXT(struct options, listen, "listen", "unix:PATH|HOST:PORT", "where the radio is"),
    OPTION_TEXT(struct options, ready, "ready", "FILE", "written once it listens"),
    OPTION_TEXT(struct options, state, "state", "FILE",
                "keep sequence numbers here; without it cards resynchronise after a restart"),
};
static const struct option_table TABLE =
    OPTION_TABLE("tern network serve --config FILE [--listen unix:PATH|HOST:PORT] [OPTION ...]",
                 "Plays a home network: authentication centre and attach (docs/FORMATS.md).", ROWS);

struct server {
    struct network network;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    unsigned connections;
};

struct connection {
    struct server *server;
    struct wire wire;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void *serve_connection(void *context)
{
    struct connection *connection = context;
    struct server *server = connection->server;
    network_serve(&server->network, &connection->wire);
    wire_close(&connection->wire);
    free(connection);
    pthread_mutex_lock(&server->lock);
    server->connections--;
    pthread_cond_signal(&server->idle);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void start_connection(struct server *server, int fd)
{
    pthread_t thread;
    struct connection *connection = calloc(1, sizeof *connection);
    pthread_mutex_lock(&server->lock);
    bool room = connection != NULL && server->connections < CONNECTION_MAX;
    if (room) server->connections++;
    pthread_mutex_unlock(&server->lock);
    if (!room) {
        free(connection);
        close(fd);
        return;
    }
    connection->server = server;
    connection->wire.fd = fd;
    if (pthread_create(&thread, NULL, serve_connection, connection) != 0) {
        pthread_mutex_lock(&server->lock);
        server->connections--;
        pthread_mutex_unlock(&server->lock);
        wire_close(&connection->wire);
        free(connection);
        return;
    }
    pthread_detach(thread);
}

static void accept_until_stopped(struct server *server, int listener)
{
    sigset_t blocked, before;
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    pthread_sigmask(SIG_BLOCK, &blocked, &before); /* threads never take them */
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    while (!stopped) {
        struct pollfd wait = {.fd = listener, .events = POLLIN};
        int ready = ppoll(&wait, 1, NULL, &before);
        if (ready < 0 && errno != EINTR) break;
        if (ready <= 0) continue;
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) start_connection(server, fd);
    }
    pthread_mutex_lock(&server->lock);
    while (server->connections > 0)
        pthread_cond_wait(&server->idle, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

int network_serve_command(int argc, char **argv)
{
    struct options options = {.listen = "127.0.0.1:0"};
    char error[512], bound[300];
    static struct server server;
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    if (options.network == NULL || argc != 1) {
        fprintf(stderr, "tern: --config FILE is needed\n");
        return 2;
    }
    server.network.state_path = options.state;
    pthread_mutex_init(&server.lock, NULL);
    pthread_cond_init(&server.idle, NULL);
    if (network_load(&server.network, options.network, error, sizeof error) != TERN_OK) {
        fprintf(stderr, "tern: %s\n", error);
        return 2;
    }
    int listener = wire_listen(options.listen, bound, sizeof bound);
    struct ready_entry entry = {"network", bound};
    if (listener < 0 || ready_write(options.ready, &entry, 1) != TERN_OK) {
        fprintf(stderr, "tern: cannot listen on %s\n", options.listen);
        network_free(&server.network);
        return 2;
    }
    log_info("network.listening", "plmn", server.network.plmn, "address", bound);
    accept_until_stopped(&server, listener);
    close(listener);
    if (strncmp(bound, "unix:", 5) == 0) (void)unlink(bound + 5);
    network_free(&server.network);
    return 0;
}
