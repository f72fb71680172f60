/* SPDX-License-Identifier: Apache-2.0 */
/**
 * An HTTPS client over libcurl: many calls on one loop, or one blocking call.
 *
 * It always verifies (host/tls/tls.h), follows no redirects, takes a policy for where it may
 * connect, and `--resolve` entries in place of DNS. Connections are kept and reused between calls
 * to the same place with the same trust and identity.
 */
#ifndef HOST_HTTP_CLIENT_H
#define HOST_HTTP_CLIENT_H

#include "host/http/server.h"
#include "host/loop/loop.h"
#include "host/policy/policy.h"
#include "host/tls/tls.h"

struct http_client;
struct http_transfer;

struct http_client_options {
    struct loop *loop; /**< NULL: only http_client_call() */
    /** "HOST:PORT:ADDRESS" or "HOST:PORT:ADDRESS:PORT" each; borrowed for the client's life. */
    const char *const *resolve;
    size_t resolve_count;
    const struct outbound_policy *policy; /**< borrowed; NULL: anywhere over https */
    unsigned connection_count_max;        /**< kept open; 0: 16 */
};

struct http_call {
    const char *method;                /**< NULL: POST with a body, GET without */
    const char *url;                   /**< https://host[:port]/path */
    const struct http_header *headers; /**< copied */
    size_t header_count;
    struct tern_bytes body;       /**< copied by http_client_start() */
    struct tls_trust trust;       /**< bytes copied */
    struct tls_identity identity; /**< bytes copied; empty: no client certificate */
    unsigned timeout_ms;          /**< the whole call; 0: TERN_HTTP_CLIENT_TIMEOUT_MS */
    size_t response_size_max;     /**< 0: TERN_HTTP_BODY_SIZE; also when streamed */
    bool fresh;                   /**< a new connection, not a kept one */

    /**
     * When set, the body of a 2xx response is given in pieces and not kept. Return TERN_OK, or an
     * error that ends the call with that error.
     */
    int (*on_body)(void *context, struct tern_bytes piece);
    void *context; /**< of on_body */
};

struct http_response {
    int error;                 /**< TERN_OK when a response arrived whole, whatever its status; else
                                    TERN_ERR_TIMEOUT, TERN_ERR_IO, TERN_ERR_CERTIFICATE, TERN_ERR_DENIED
                                    (policy), TERN_ERR_NO_SPACE (too large), or what on_body returned */
    char reason[300];          /**< in words when `error` is set */
    int status;                /**< 0 when none was read */
    struct tern_bytes body;    /**< what was kept; an error page too */
    struct tern_bytes headers; /**< raw lines; see http_response_header() */
    uint64_t bytes_sent;       /**< TCP payload of this call, the handshake in it */
    uint64_t bytes_received;
    uint64_t segments_sent; /**< TCP segments: IP bytes = bytes + segments * header */
    uint64_t segments_received;
    bool connected; /**< a connection was opened for it */
};

/** NULL when out of memory or a resolve entry makes no sense. */
struct http_client *http_client_new(const struct http_client_options *options);
/** Cancels what runs (no on_done), closes connections. */
void http_client_free(struct http_client *client);

/**
 * Begin a call on the loop. `on_done` is called once, later, never from inside this function;
 * `response` and what it points to live until on_done returns.
 * @return NULL when out of memory; on_done is not called then
 */
struct http_transfer *http_client_start(struct http_client *client, const struct http_call *call,
                                        void (*on_done)(void *done_context,
                                                        const struct http_response *response),
                                        void *done_context);
/** Give up a call; its on_done is not called. */
void http_transfer_cancel(struct http_transfer *transfer);

/**
 * A call that waits. `response` is filled always; release it with http_response_release().
 * Not for threads that run a loop with peers on it.
 * @return response->error
 */
int http_client_call(struct http_client *client, const struct http_call *call,
                     struct http_response *response);
void http_response_release(struct http_response *response);

/** Copy a header's value to `out` (NUL-terminated, cut to fit). False when absent. */
bool http_response_header(const struct http_response *response, const char *name, char *out,
                          size_t out_size);

#endif
