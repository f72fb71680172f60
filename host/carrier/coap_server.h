/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A CoAP server on a loop: coaps (DTLS 1.2), and coap for tests and for OSCORE, on one UDP socket.
 *
 * Requests come whole, replies go now or later; blocks, repetitions and slow hosts are dealt with
 * below. A response of several blocks is kept by its ETag, in the store too when there is one, so
 * that a device goes on at block n after a lost link, over a new session, also when this server was
 * restarted meanwhile (transports.md 4.1).
 */
#ifndef HOST_CARRIER_COAP_SERVER_H
#define HOST_CARRIER_COAP_SERVER_H

#include "host/loop/loop.h"
#include "host/tls/tls.h"
#include "tern/coap.h"
#include "tern/oscore.h"
#include "tern/store.h"

struct coap_server;

/** One request, alive until coap_reply(). Everything in it is borrowed from it. */
struct coap_request {
    uint8_t method; /**< enum tern_coap_code */
    const char *path;
    struct tern_bytes query;
    uint32_t content_format;
    struct tern_bytes body;
    struct tern_bytes certificates_held; /**< what the device said it holds; data NULL: nothing */
    const char *peer;                    /**< "192.0.2.1:40000" */
    struct tern_bytes psk_identity;      /**< of the DTLS session; empty without PSK */
    struct tern_bytes oscore_id;         /**< the peer's Sender ID; data NULL without OSCORE */
    void *user;                          /**< the handler's own, NULL at first */
};

struct coap_reply {
    uint8_t code;
    uint32_t content_format;       /**< TERN_COAP_FORMAT_NONE: left out */
    struct tern_bytes body;        /**< copied */
    uint32_t max_age_s;            /**< 0: the default, which is not sent */
    bool nothing_waits;            /**< tell the device that no package waits */
    struct tern_bytes certificate; /**< of certificates_reduce(); empty: none */
};

/** What an exchange cost: IP bytes with IP and UDP headers, handshakes in it. */
struct coap_exchange {
    const char *path;
    const char *peer;
    uint8_t code;
    uint64_t bytes_received;
    uint64_t bytes_sent;
    uint64_t packets_received;
    uint64_t packets_sent;
    unsigned handshake; /**< 1 when the session began since the exchange before */
    unsigned resumed;
};

/** In the loop's thread for each whole request. Answer with coap_reply(), once, from that thread.
 */
typedef void (*coap_handler)(void *context, struct coap_request *request);

struct coap_server_options {
    struct loop *loop;
    const char *listen;           /**< "127.0.0.1:5684", port 0 takes a free one */
    bool secure;                  /**< coaps; false: coap, for tests and for OSCORE */
    struct tls_identity identity; /**< coaps with certificates */
    void (*psk)(void *context, struct tern_bytes identity, struct tern_writer *key); /**< or NULL */
    bool short_tags;                       /**< offer CCM_8 too */
    const struct tern_coap_timing *timing; /**< NULL: TERN_COAP_TIMING_DEFAULT */
    coap_handler handler;
    void *context; /**< of handler, psk and on_exchange */
    void (*on_exchange)(void *context, const struct coap_exchange *exchange); /**< may be NULL */
    /**
     * OSCORE (with `secure` false; proprietary): fill the context of a kid, derived and restored,
     * or return TERN_ERR_NOT_FOUND; and make its reservation durable. NULL: plain coap.
     */
    int (*oscore_find)(void *context, struct tern_bytes kid, struct tern_bytes kid_context,
                       struct tern_oscore *oscore);
    int (*oscore_save)(void *context, struct tern_bytes kid, struct tern_bytes saved);
    void *oscore_context;
    /**
     * Sessions (space "coap.session") and bodies ("coap.body") that outlive a restart; NULL: they
     * do not. Each is saved when it is made, in whatever transaction is open.
     */
    const struct tern_store *store;
    uint64_t (*now_s)(void); /**< calendar time for what is in the store; NULL: time() */

    /* Limits; 0 means the default named in tern/limits.h. */
    size_t body_size_max;       /**< of a request. TERN_COAP_BODY_SIZE */
    unsigned session_count_max; /**< TERN_COAP_SESSION_COUNT */
    unsigned session_idle_s;    /**< TERN_COAP_SESSION_IDLE_S */
    unsigned body_keep_s;       /**< TERN_COAP_BODY_KEEP_S */
};

/** NULL, and `error` (may be NULL) says why in static text. */
struct coap_server *coap_server_start(const struct coap_server_options *options,
                                      const char **error);
const char *coap_server_address(const struct coap_server *server);
uint16_t coap_server_port(const struct coap_server *server);
/** Requests not answered yet: reply first. */
void coap_server_stop(struct coap_server *server);

/** Answer and release a request. If the peer has gone, this only releases it. */
void coap_reply(struct coap_request *request, const struct coap_reply *reply);

#endif
