/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evhttp over OpenSSL bufferevents, with the fences evhttp lacks: see server.h.
 *
 * A connection record hangs on its SSL object and dies with it (ex_data), so that whatever ends a
 * connection, evhttp, the peer or our deadline, the counts are right. evhttp gives no hook between
 * accept and request: bevcb makes the record and a timer of 0 ms looks at the socket right after.
 * A deadline shuts the socket down and leaves the cleaning up to evhttp, which then sees an end of
 * file in whatever state it is in.
 */
#include "host/http/server.h"
#include "host/http/kill_point.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "host/http/address.h"
#include "host/log/log.h"
#include "tern/limits.h"

#define PATH_KEPT      200
#define ADDRESS_BUCKET 256

struct worker;

struct connection {
    struct worker *worker;
    struct connection *next;
    struct connection **link; /* the pointer that points here */
    struct bufferevent *stream;
    SSL *ssl;
    struct event *timer;
    char peer[INET6_ADDRSTRLEN];
    uint16_t port;
    bool seen; /* the socket has been looked at, and counts for its address */
    uint64_t received;
    uint64_t sent;
    unsigned exchanges;
    char method[8];
    char path[PATH_KEPT];
    int status;
};

struct worker {
    struct http_server *server;
    unsigned index;
    struct loop *loop;
    bool own_loop;
    bool started;
    pthread_t thread;
    struct evhttp *http;
    struct evconnlistener *listener;
    struct connection *buckets[ADDRESS_BUCKET];
    unsigned count;
};

struct http_server {
    struct http_server_options options;
    SSL_CTX *tls; /* for new connections; `tls_lock` guards the pointer */
    pthread_mutex_t tls_lock;
    char address[80];
    uint16_t port;
    unsigned worker_count;
    struct worker *workers;
};

/* What http_request points into; freed when the reply is handed to evhttp. */
struct request {
    struct http_request public;
    struct evhttp_request *raw;
    struct worker *worker;
    struct connection *connection; /* only good while evhttp still knows the connection */
    char host[260];
    char peer[INET6_ADDRSTRLEN];
    uint8_t *certificate;
};

/* ---- connections ---- */

static unsigned bucket_of(const char *peer)
{
    unsigned hash = 5381;
    for (; *peer != '\0'; peer++) {
        hash = hash * 33 + (unsigned char)*peer;
    }
    return hash % ADDRESS_BUCKET;
}

static void link_connection(struct connection *connection)
{
    struct connection **first = &connection->worker->buckets[bucket_of(connection->peer)];
    connection->next = *first;
    connection->link = first;
    if (*first != NULL) {
        (*first)->link = &connection->next;
    }
    *first = connection;
}

static void unlink_connection(struct connection *connection)
{
    *connection->link = connection->next;
    if (connection->next != NULL) {
        connection->next->link = connection->link;
    }
}

static unsigned count_of(const struct worker *worker, const char *peer)
{
    unsigned count = 0;
    for (const struct connection *at = worker->buckets[bucket_of(peer)]; at != NULL;
         at = at->next) {
        count += at->seen && strcmp(at->peer, peer) == 0 ? 1 : 0;
    }
    return count;
}

/* The SSL object dies, and with it our record. */
static void free_connection(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index, long argl,
                            void *argp)
{
    struct connection *connection = pointer;
    (void)parent;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    if (connection == NULL) {
        return;
    }
    struct worker *worker = connection->worker;
    unlink_connection(connection);
    event_free(connection->timer);
    free(connection);
    worker->count--;
    if (worker->listener != NULL) {
        evconnlistener_enable(worker->listener);
    }
}

static int connection_index(void)
{
    static int index = -1;
    if (index < 0) {
        index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_connection);
    }
    return index;
}

__attribute__((constructor)) static void claim_index(void)
{
    connection_index();
}

static void set_deadline(struct connection *connection, unsigned after_ms)
{
    struct timeval after = {(time_t)(after_ms / 1000), (suseconds_t)(after_ms % 1000 * 1000)};
    event_add(connection->timer, &after);
}

static void on_deadline(evutil_socket_t none, short what, void *context)
{
    struct connection *connection = context;
    struct worker *worker = connection->worker;
    int fd = (int)bufferevent_getfd(connection->stream);
    (void)none;
    (void)what;
    if (connection->seen || fd < 0) {
        shutdown(fd, SHUT_RDWR);
        return;
    }
    struct sockaddr_storage peer;
    socklen_t peer_size = sizeof(peer);
    int one = 1;
    unlink_connection(connection);
    if (getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0) {
        address_text((struct sockaddr *)&peer, connection->peer, &connection->port);
    }
    connection->seen = true;
    link_connection(connection);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    const struct http_server_options *options = &worker->server->options;
    if (count_of(worker, connection->peer) > options->connection_address_max) {
        log_warn("http.too_many_connections", "peer", connection->peer);
        shutdown(fd, SHUT_RDWR);
        return;
    }
    set_deadline(connection, options->request_deadline_ms);
}

/* evhttp asks for the stream of a new connection. It never gets a plain one: without memory for
 * TLS the process ends, for a NULL here would make evhttp serve in the clear. */
static struct bufferevent *new_stream(struct event_base *base, void *context)
{
    struct worker *worker = context;
    struct connection *connection = calloc(1, sizeof(*connection));
    pthread_mutex_lock(&worker->server->tls_lock);
    SSL *ssl = SSL_new(worker->server->tls); /* keeps its context when that is replaced */
    pthread_mutex_unlock(&worker->server->tls_lock);
    if (connection == NULL || ssl == NULL) {
        abort();
    }
    connection->worker = worker;
    connection->ssl = ssl;
    connection->timer = event_new(base, -1, 0, on_deadline, connection);
    link_connection(connection);
    if (connection->timer == NULL || SSL_set_ex_data(ssl, connection_index(), connection) != 1) {
        abort();
    }
    connection->stream = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                                        BEV_OPT_CLOSE_ON_FREE);
    if (connection->stream == NULL) {
        abort();
    }
    bufferevent_openssl_set_allow_dirty_shutdown(connection->stream, 1);
    set_deadline(connection, 0);
    worker->count++;
    if (worker->count >= worker->server->options.connection_count_max) {
        evconnlistener_disable(worker->listener); /* the rest waits in the kernel's queue */
    }
    return connection->stream;
}

static void enable_listener(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    evconnlistener_enable(context);
}

/* Out of file descriptors: stop asking for a moment instead of spinning. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    static const struct timeval PAUSE = {0, 100000};
    (void)context;
    log_warn("http.accept", "reason", strerror(errno));
    evconnlistener_disable(listener);
    event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, enable_listener, listener,
                    &PAUSE);
}

/* ---- requests ---- */

static const char *method_name(enum evhttp_cmd_type type)
{
    switch (type) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_PUT:
        return "PUT";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    case EVHTTP_REQ_PATCH:
        return "PATCH";
    case EVHTTP_REQ_HEAD:
        return "HEAD";
    default:
        return "OPTIONS";
    }
}

/* RFC 9112, 6.3: what two parsers may read differently is refused. */
static bool framing_is_clear(struct evhttp_request *raw)
{
    unsigned lengths = 0;
    unsigned encodings = 0;
    struct evkeyvalq *headers = evhttp_request_get_input_headers(raw);
    for (struct evkeyval *header = headers->tqh_first; header != NULL;
         header = header->next.tqe_next) {
        if (strcasecmp(header->key, "Content-Length") == 0) {
            lengths++;
            const char *digits = header->value;
            if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0') {
                return false;
            }
        }
        if (strcasecmp(header->key, "Transfer-Encoding") == 0) {
            encodings++;
            if (strcasecmp(header->value, "chunked") != 0) {
                return false;
            }
        }
    }
    return lengths + encodings <= 1;
}

static void send_now(struct connection *connection, struct evhttp_request *raw, int status,
                     struct evbuffer *body)
{
    connection->status = status;
    set_deadline(connection, connection->worker->server->options.reply_deadline_ms);
    evhttp_send_reply(raw, status, NULL, body);
    /* Head and body in one TLS record instead of two: 29 bytes and perhaps a packet less. */
    evbuffer_pullup(bufferevent_get_output(connection->stream), -1);
}

static void on_complete(struct evhttp_request *raw, void *context)
{
    struct connection *connection = context;
    const struct http_server_options *options = &connection->worker->server->options;
    uint64_t received = 0;
    uint64_t sent = 0;
    (void)raw;
    tls_bytes(connection->ssl, &received, &sent);
    struct http_exchange exchange = {
        .method = connection->method,
        .path = connection->path,
        .peer = connection->peer,
        .status = connection->status,
        .bytes_received = received - connection->received,
        .bytes_sent = sent - connection->sent,
        .handshake = connection->exchanges == 0 ? 1 : 0,
        .resumed = connection->exchanges == 0 && SSL_session_reused(connection->ssl) == 1 ? 1 : 0,
    };
    connection->received = received;
    connection->sent = sent;
    connection->exchanges++;
    set_deadline(connection, options->request_deadline_ms);
    if (options->on_exchange != NULL) {
        options->on_exchange(options->context, &exchange);
    }
}

static void copy_host(struct request *request)
{
    const char *host = evhttp_request_get_host(request->raw);
    snprintf(request->host, sizeof(request->host), "%s", host == NULL ? "" : host);
    request->public.host = request->host;
}

static void copy_certificate(struct request *request)
{
    X509 *leaf = SSL_get0_peer_certificate(request->connection->ssl);
    unsigned char *at = NULL;
    int size = leaf == NULL ? 0 : i2d_X509(leaf, NULL);
    request->certificate = size <= 0 ? NULL : malloc((size_t)size);
    if (request->certificate != NULL) {
        at = request->certificate;
        i2d_X509(leaf, &at);
        request->public.client_certificate = tern_bytes(request->certificate, (size_t)size);
    }
}

static void refuse(struct connection *connection, struct evhttp_request *raw, int status)
{
    evhttp_add_header(evhttp_request_get_output_headers(raw), "Connection", "close");
    send_now(connection, raw, status, NULL);
}

static void on_request(struct evhttp_request *raw, void *context)
{
    struct worker *worker = context;
    struct bufferevent *stream =
        evhttp_connection_get_bufferevent(evhttp_request_get_connection(raw));
    struct connection *connection =
        SSL_get_ex_data(bufferevent_openssl_get_ssl(stream), connection_index());
    event_del(connection->timer); /* from here on it is the handler that takes its time */
    evhttp_request_set_on_complete_cb(raw, on_complete, connection);

    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(raw);
    const char *path = evhttp_uri_get_path(uri);
    path = path == NULL || *path == '\0' ? "/" : path;
    snprintf(connection->method, sizeof(connection->method), "%s",
             method_name(evhttp_request_get_command(raw)));
    snprintf(connection->path, sizeof(connection->path), "%s", path);
    if (!framing_is_clear(raw)) {
        refuse(connection, raw, 400);
        return;
    }
    struct request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        refuse(connection, raw, 503);
        return;
    }
    struct evbuffer *input = evhttp_request_get_input_buffer(raw);
    size_t size = evbuffer_get_length(input);
    request->raw = raw;
    request->worker = worker;
    request->connection = connection;
    snprintf(request->peer, sizeof(request->peer), "%s", connection->peer);
    request->public = (struct http_request){
        .method = method_name(evhttp_request_get_command(raw)),
        .path = path,
        .query = evhttp_uri_get_query(uri),
        .body = tern_bytes(size == 0 ? (const uint8_t *)"" : evbuffer_pullup(input, -1), size),
        .peer = request->peer,
        .peer_port = connection->port,
        .worker = worker->index,
        .loop = worker->loop,
    };
    copy_host(request);
    copy_certificate(request);
    kill_point("accepted", request->public.path);
    worker->server->options.handler(worker->server->options.context, &request->public);
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    const struct request *own = (const struct request *)(const void *)request;
    return evhttp_find_header(evhttp_request_get_input_headers(own->raw), name);
}

/* A reply on its way to the thread that owns the connection. */
struct reply {
    struct request *request;
    int status;
    struct evbuffer *body;
};

static void deliver(void *context)
{
    struct reply *reply = context;
    struct request *request = reply->request;
    if (evhttp_request_get_connection(request->raw) != NULL) {
        send_now(request->connection, request->raw, reply->status, reply->body);
    } else {
        evhttp_send_reply(request->raw, reply->status, NULL,
                          NULL); /* the peer has gone: frees it */
    }
    evbuffer_free(reply->body);
    free(request->certificate);
    free(request);
}

static void deliver_posted(void *context)
{
    deliver(context);
    free(context);
}

void http_reply(struct http_request *public, int status, const struct http_header *headers,
                size_t header_count, struct tern_bytes body)
{
    struct request *request = (struct request *)(void *)public;
    kill_point("answering", public->path);
    /* The request is out of evhttp's hands while it waits here: its headers are ours alone. */
    struct evkeyvalq *out = evhttp_request_get_output_headers(request->raw);
    for (size_t i = 0; i < header_count; i++) {
        if (evhttp_add_header(out, headers[i].name, headers[i].value) != 0) {
            log_error("http.header", "name", headers[i].name);
        }
    }
    struct reply reply = {request, status, evbuffer_new()};
    if (reply.body == NULL ||
        (status != 204 && body.size > 0 && evbuffer_add(reply.body, body.data, body.size) != 0)) {
        abort();
    }
    if (loop_is_here(request->worker->loop)) {
        deliver(&reply);
        return;
    }
    struct reply *posted = malloc(sizeof(*posted));
    if (posted == NULL) {
        abort();
    }
    *posted = reply;
    if (loop_post(request->worker->loop, deliver_posted, posted) != TERN_OK) {
        abort();
    }
}

/* ---- start and stop ---- */

static int open_socket(const struct sockaddr *address, socklen_t size, bool shared)
{
    int one = 1;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (shared) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
    }
    if (bind(fd, address, size) != 0 || listen(fd, 1024) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool start_worker(struct worker *worker, int fd)
{
    const struct http_server_options *options = &worker->server->options;
    struct event_base *base = loop_base(worker->loop);
    worker->http = evhttp_new(base);
    worker->listener =
        evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (worker->http == NULL || worker->listener == NULL) {
        if (worker->listener == NULL) {
            close(fd);
        }
        return false;
    }
    evhttp_set_bevcb(worker->http, new_stream, worker);
    evhttp_set_gencb(worker->http, on_request, worker);
    evhttp_set_max_body_size(worker->http, (ev_ssize_t)options->body_size_max);
    evhttp_set_max_headers_size(worker->http, (ev_ssize_t)options->headers_size_max);
    evhttp_set_timeout(worker->http, 3600); /* our deadlines are the shorter ones */
    evhttp_set_default_content_type(worker->http, NULL);
    evhttp_set_allowed_methods(worker->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                                 EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH |
                                                 EVHTTP_REQ_HEAD | EVHTTP_REQ_OPTIONS);
    evconnlistener_set_error_cb(worker->listener, on_accept_error);
    return evhttp_bind_listener(worker->http, worker->listener) != NULL;
}

/* In the worker's thread, its loop not running: connections die in the turns after evhttp_free. */
static void stop_worker(struct worker *worker)
{
    if (worker->http != NULL) {
        worker->listener = NULL;
        evhttp_free(worker->http);
        worker->http = NULL;
        for (int i = 0; i < 1000 && worker->count > 0; i++) {
            loop_turn(worker->loop, 0);
        }
    }
}

static void *run_worker(void *context)
{
    struct worker *worker = context;
    loop_run(worker->loop);
    stop_worker(worker);
    return NULL;
}

static void apply_defaults(struct http_server_options *options)
{
#define DEFAULT_TO(member, value) options->member = options->member == 0 ? (value) : options->member
    DEFAULT_TO(workers, 1);
    DEFAULT_TO(body_size_max, TERN_HTTP_BODY_SIZE);
    DEFAULT_TO(headers_size_max, TERN_HTTP_HEADERS_SIZE);
    DEFAULT_TO(connection_count_max, TERN_HTTP_CONNECTION_COUNT);
    DEFAULT_TO(connection_address_max, TERN_HTTP_CONNECTION_ADDRESS);
    DEFAULT_TO(request_deadline_ms, TERN_HTTP_REQUEST_MS);
    DEFAULT_TO(reply_deadline_ms, TERN_HTTP_REPLY_MS);
#undef DEFAULT_TO
}

/* Sockets and evhttps for all workers, on one port. NULL, or what failed. */
static const char *start_workers(struct http_server *server)
{
    struct sockaddr_storage address;
    socklen_t size = 0;
    if (address_parse(server->options.listen, &address, &size) != TERN_OK) {
        return "the address to listen on is not ADDRESS:PORT";
    }
    for (unsigned i = 0; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        *worker = (struct worker){.server = server, .index = i};
        worker->own_loop = i > 0;
        worker->loop = i == 0 ? server->options.loop : loop_new();
        int fd = open_socket((struct sockaddr *)&address, size, server->worker_count > 1);
        if (worker->loop == NULL || fd < 0) {
            return "cannot listen";
        }
        if (i == 0) { /* the others follow to the port it got */
            getsockname(fd, (struct sockaddr *)&address, &size);
            address_print((struct sockaddr *)&address, server->address, sizeof(server->address),
                          &server->port);
        }
        if (!start_worker(worker, fd)) {
            return "evhttp cannot start";
        }
    }
    for (unsigned i = 1; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        if (pthread_create(&worker->thread, NULL, run_worker, worker) != 0) {
            return "no thread";
        }
        worker->started = true;
    }
    return NULL;
}

struct http_server *http_server_start(const struct http_server_options *options, const char **error)
{
    static const char *const NO_MEMORY = "out of memory";
    const char *why = NO_MEMORY;
    struct http_server *server = calloc(1, sizeof(*server));
    if (server != NULL) {
        server->options = *options;
        pthread_mutex_init(&server->tls_lock, NULL);
        apply_defaults(&server->options);
        server->worker_count = server->options.workers;
        server->workers = calloc(server->worker_count, sizeof(*server->workers));
    }
    if (server != NULL && server->workers != NULL) {
        server->tls = tls_server_context(&options->identity, options->client_anchors, false);
        why = server->tls == NULL ? tls_error() : start_workers(server);
    }
    if (why == NULL) {
        return server;
    }
    if (error != NULL) {
        *error = why;
    }
    http_server_stop(server);
    return NULL;
}

int http_server_set_identity(struct http_server *server, const struct tls_identity *identity,
                             struct tern_bytes client_anchors)
{
    SSL_CTX *fresh = tls_server_context(identity, client_anchors, false);
    if (fresh == NULL) {
        return TERN_ERR_CERTIFICATE;
    }
    pthread_mutex_lock(&server->tls_lock);
    SSL_CTX *old = server->tls;
    server->tls = fresh;
    pthread_mutex_unlock(&server->tls_lock);
    SSL_CTX_free(old);
    return TERN_OK;
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_stop(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    for (unsigned i = 0; server->workers != NULL && i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        if (worker->started) {
            loop_stop(worker->loop);
            pthread_join(worker->thread, NULL);
        } else {
            stop_worker(worker);
        }
        if (worker->own_loop) {
            loop_free(worker->loop);
        }
    }
    free(server->workers);
    SSL_CTX_free(server->tls);
    pthread_mutex_destroy(&server->tls_lock);
    free(server);
}
