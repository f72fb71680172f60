/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DTLS 1.2 as a transform of datagrams, both sides, over OpenSSL: datagrams in, plaintext out, and
 * back; the socket belongs to somebody else.
 *
 * The hello is lean: one group, one signature algorithm, two suites, no tickets. A server answers a
 * hello without a cookie and keeps nothing (RFC 6347, 4.2.1). Sessions are resumed by their ID, on
 * the server from a store that outlives a restart. Debian's OpenSSL has neither raw public keys nor
 * connection IDs: a pinned key is matched in the certificate (host/tls/tls.h, `spki`), and a peer
 * whose address changed resumes.
 */
#ifndef HOST_UDP_DTLS_H
#define HOST_UDP_DTLS_H

#include <sys/socket.h>

#include "host/tls/tls.h"
#include "tern/coap.h"

#define DTLS_PSK_SIZE_MAX      64
#define DTLS_IDENTITY_SIZE_MAX 128
#define DTLS_SESSION_SIZE_MAX  2048
#define DTLS_SESSION_S         (7u * 86400) /**< a session can be resumed that long */

struct dtls;

/** What happens to a record or a message; called from inside the functions below. */
struct dtls_events {
    void *context;
    void (*send)(void *context, struct tern_bytes datagram); /**< to the peer, now */
    void (*receive)(void *context, struct tern_bytes plaintext);
};

/** Sessions of a server by their ID. All may be NULL: then they live as long as the process. */
struct dtls_sessions {
    void *context;
    void (*save)(void *context, struct tern_bytes id, struct tern_bytes session);
    /** Append to `session`; nothing when unknown. */
    void (*load)(void *context, struct tern_bytes id, struct tern_writer *session);
    void (*remove)(void *context, struct tern_bytes id);
};

struct dtls_server_options {
    struct tls_identity identity; /**< empty: only PSK */
    struct dtls_sessions sessions;
    /** The key of an identity into `key`; nothing written refuses it. NULL: no PSK. */
    void (*psk)(void *context, struct tern_bytes identity, struct tern_writer *key);
    void *psk_context;
    bool short_tags; /**< also CCM_8, for peers that have nothing else */
};

struct dtls_server;
/** NULL with tls_error(). */
struct dtls_server *dtls_server_new(const struct dtls_server_options *options);
void dtls_server_free(struct dtls_server *server);

/**
 * A datagram from an address that has no association. Hellos are answered through `send`; once one
 * has proved its address this gives the association, which has taken the hello.
 * @return NULL when there is none yet
 */
struct dtls *dtls_server_greet(struct dtls_server *server, const struct sockaddr *peer,
                               const struct dtls_events *events,
                               const struct tern_coap_timing *timing, struct tern_bytes datagram);

/** Another context for the events, once the caller has a place for the association. */
void dtls_set_events(struct dtls *dtls, const struct dtls_events *events);

struct dtls_client_options {
    struct tls_trust trust;         /**< borrowed; not for PSK */
    struct tls_identity identity;   /**< empty: none shown */
    const char *host;               /**< SNI and the name in the certificate */
    struct tern_bytes psk_identity; /**< present: PSK instead of certificates */
    struct tern_bytes psk;
    struct tern_bytes session; /**< to resume, from dtls_session() */
    bool short_tags;
};

/** A client's association; its hello goes out from dtls_start(). NULL with tls_error(). */
struct dtls *dtls_client_new(const struct dtls_client_options *options,
                             const struct dtls_events *events,
                             const struct tern_coap_timing *timing);
void dtls_free(struct dtls *dtls);

/** Begin the handshake. */
void dtls_start(struct dtls *dtls);
/** A datagram of the peer: moves the handshake, gives plaintext through `receive`. */
void dtls_receive(struct dtls *dtls, struct tern_bytes datagram);
/** Protect and send. TERN_ERR_STATE before the handshake is done or after the end. */
int dtls_send(struct dtls *dtls, struct tern_bytes plaintext);

bool dtls_established(const struct dtls *dtls);
/** TERN_OK, or why it ended: TERN_ERR_CERTIFICATE, TERN_ERR_TIMEOUT, TERN_ERR_IO (closed). */
int dtls_status(const struct dtls *dtls);
/** In words, when dtls_status() is an error. */
const char *dtls_reason(const struct dtls *dtls);
bool dtls_resumed(const struct dtls *dtls);
/** Milliseconds until dtls_tick() must be called, UINT64_MAX for never. */
uint64_t dtls_wait_ms(struct dtls *dtls);
/** Retransmit what is due. */
void dtls_tick(struct dtls *dtls);
/** Say goodbye: the peer may forget the association, not the session. */
void dtls_close(struct dtls *dtls);

/** The session for a later resumption, DER with secrets in it; nothing when there is none. */
void dtls_session(struct dtls *dtls, struct tern_writer *out);
/** PSK identity of the peer (server), empty without PSK. */
struct tern_bytes dtls_psk_identity(const struct dtls *dtls);
/** The peer's leaf certificate, DER; nothing without one. */
void dtls_peer_certificate(struct dtls *dtls, struct tern_writer *out);

#endif
