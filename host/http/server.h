/* SPDX-License-Identifier: Apache-2.0 */
/**
 * An HTTPS server over evhttp and OpenSSL: requests in, replies now or later.
 *
 * Around evhttp stands what it lacks: a deadline for each request (one byte a second does not hold
 * a connection open), limits on connections in total and for each address, and refusal of a doubled
 * Content-Length or one beside Transfer-Encoding.
 */
#ifndef HOST_HTTP_SERVER_H
#define HOST_HTTP_SERVER_H

#include "host/loop/loop.h"
#include "host/tls/tls.h"

struct http_server;

/** One request, alive until http_reply(). Everything in it is borrowed from it. */
struct http_request {
    const char *method; /**< "POST" */
    const char *path;   /**< decoded by nobody: as on the wire, without the query */
    const char *query;  /**< after '?', or NULL */
    const char *host;   /**< Host header without its port, or "" */
    struct tern_bytes body;
    const char *peer; /**< "192.0.2.1", "2001:db8::1" */
    uint16_t peer_port;
    struct tern_bytes client_certificate; /**< DER of the leaf; data NULL without one. Verified. */
    unsigned worker;                      /**< 0 to workers - 1 */
    struct loop *loop;                    /**< of that worker */
    void *user;                           /**< the handler's own, NULL at first */
};

struct http_header {
    const char *name;
    const char *value;
};

/** What a finished exchange cost on the wire, bytes of TLS records (TCP payload). */
struct http_exchange {
    const char *method;
    const char *path;
    const char *peer;
    int status;
    uint64_t bytes_received; /**< since the exchange before on this connection; the first one has */
    uint64_t bytes_sent;     /**< the handshake in it */
    unsigned handshake;      /**< 1 when it was the first on its connection */
    unsigned resumed;        /**< 1 when that handshake resumed a session */
};

/**
 * Called in the worker's thread for every complete request. Answer with http_reply(), at once or
 * later, from this thread or another, exactly once.
 */
typedef void (*http_handler)(void *context, struct http_request *request);

struct http_server_options {
    struct loop *loop;  /**< worker 0 runs here, driven by the caller. Required. */
    const char *listen; /**< "127.0.0.1:8443", "[::1]:0"; port 0 takes a free one */
    struct tls_identity identity;
    struct tern_bytes client_anchors; /**< mutual TLS: PEM or DER; data NULL asks for no one */
    unsigned workers; /**< 0 and 1: only `loop`; more: threads of their own, SO_REUSEPORT */
    http_handler handler;
    void *context;
    void (*on_exchange)(void *context, const struct http_exchange *exchange); /**< may be NULL */

    /* Limits; 0 means the default named in tern/limits.h. */
    size_t body_size_max;            /**< 413 above. TERN_HTTP_BODY_SIZE */
    size_t headers_size_max;         /**< 400 above. TERN_HTTP_HEADERS_SIZE */
    unsigned connection_count_max;   /**< each worker. TERN_HTTP_CONNECTION_COUNT */
    unsigned connection_address_max; /**< from one address. TERN_HTTP_CONNECTION_ADDRESS */
    unsigned request_deadline_ms;    /**< connection or last reply to request whole. */
    unsigned reply_deadline_ms;      /**< reply begun to reply taken by the peer. */
};

/** Listen and serve. On failure NULL, and `error` (may be NULL) says why in static text. */
struct http_server *http_server_start(const struct http_server_options *options,
                                      const char **error);
/** The address it listens on, with the real port: "127.0.0.1:40123". */
const char *http_server_address(const struct http_server *server);
uint16_t http_server_port(const struct http_server *server);
/**
 * Another certificate, key and set of client anchors for connections from now on; those that are
 * open keep theirs. TERN_ERR_CERTIFICATE (see tls_error()) leaves everything as it was. Any thread.
 */
int http_server_set_identity(struct http_server *server, const struct tls_identity *identity,
                             struct tern_bytes client_anchors);
/** Stop listening, drop connections, join workers. Requests not answered yet: reply first. */
void http_server_stop(struct http_server *server);

/** Value of a request header, any case; NULL when absent. */
const char *http_request_header(const struct http_request *request, const char *name);

/**
 * Answer and release a request. Headers and body are copied. Status 204 sends no body.
 * If the peer has gone, this only releases it.
 */
void http_reply(struct http_request *request, int status, const struct http_header *headers,
                size_t header_count, struct tern_bytes body);

#endif
