/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's DTLS between two functions instead of a socket: see dtls.h.
 *
 * A BIO of our own hands one datagram to OpenSSL and takes every record flight from it. The server
 * keeps one SSL object for greeting: DTLSv1_listen() answers hellos without state, and when a
 * cookie comes back that object becomes the association and a new one does the greeting.
 */
#include "host/udp/dtls.h"

#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/loop/loop.h"

/* IPv6 minimum MTU less IPv6 and UDP headers: no flight is cut by any path. */
#define FLIGHT_SIZE  1232
#define DATAGRAM_MAX 2048
#define COOKIE_SIZE  16
#define TIMER_US_MAX 60000000u
/* First timeout times this: four sends and the wait after the last. OpenSSL counts some timeouts
 * without asking, so time is what ends a handshake, not their number. A cookie binds an address:
 * when that changes, only a handshake from the start gets on, so patience is no virtue. */
#define HANDSHAKE_PATIENCE 15

#define SUITES_CERTIFICATE "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-CCM"
#define SUITES_PSK         "PSK-AES128-GCM-SHA256:PSK-AES128-CCM"
#define SUITES_SHORT       "ECDHE-ECDSA-AES128-CCM8"
#define SUITES_PSK_SHORT   "PSK-AES128-CCM8"

struct dtls {
    SSL *ssl;
    SSL_CTX *own_context; /* a client's */
    struct dtls_events events;
    struct dtls_server *server;
    struct tern_bytes incoming; /* the datagram that OpenSSL may read */
    struct sockaddr_storage peer;
    unsigned timer_us;
    uint64_t ends_ms; /* of the handshake */
    bool established;
    int status;
    char reason[160];
    uint8_t identity[DTLS_IDENTITY_SIZE_MAX];
    size_t identity_size;
    uint8_t psk[DTLS_PSK_SIZE_MAX];
    size_t psk_size;
};

struct dtls_server {
    SSL_CTX *context;
    struct dtls *greeter;
    struct dtls_sessions sessions;
    void (*psk)(void *context, struct tern_bytes identity, struct tern_writer *key);
    void *psk_context;
    uint8_t cookie_key[32];
};

static int server_index(void)
{
    static int index = -1;
    if (index < 0) {
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    }
    return index;
}

__attribute__((constructor)) static void claim_index(void)
{
    server_index();
}

static struct dtls_server *server_of(const SSL *ssl)
{
    return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), server_index());
}

/* ---- the BIO ---- */

static int bio_write(BIO *bio, const char *data, int size)
{
    struct dtls *dtls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    dtls->events.send(dtls->events.context, tern_bytes(data, (size_t)size));
    return size;
}

static int bio_read(BIO *bio, char *out, int size)
{
    struct dtls *dtls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (dtls->incoming.data == NULL) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t take = dtls->incoming.size < (size_t)size ? dtls->incoming.size : (size_t)size;
    memcpy(out, dtls->incoming.data, take);
    dtls->incoming = TERN_BYTES_NONE;
    return (int)take;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DGRAM_SET_CONNECTED:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
    case BIO_CTRL_DGRAM_GET_MTU:
        return FLIGHT_SIZE;
    default:
        return 0;
    }
}

static const BIO_METHOD *bio_method(void)
{
    static BIO_METHOD *method;
    if (method == NULL) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tern datagrams");
        BIO_meth_set_write(method, bio_write);
        BIO_meth_set_read(method, bio_read);
        BIO_meth_set_ctrl(method, bio_ctrl);
    }
    return method;
}

__attribute__((constructor)) static void make_method(void)
{
    bio_method();
}

/* ---- an association ---- */

static unsigned next_timer(SSL *ssl, unsigned before_us)
{
    const struct dtls *dtls = SSL_get_app_data(ssl);
    unsigned wanted = before_us == 0 ? dtls->timer_us : before_us * 2;
    return wanted > TIMER_US_MAX ? TIMER_US_MAX : wanted;
}

static void set_patience(struct dtls *dtls, const struct tern_coap_timing *timing)
{
    dtls->timer_us = timing->ack_timeout_ms * 1000;
    dtls->ends_ms = loop_now_ms() + (uint64_t)timing->ack_timeout_ms * HANDSHAKE_PATIENCE;
}

static struct dtls *new_dtls(SSL_CTX *context, const struct dtls_events *events,
                             const struct tern_coap_timing *timing)
{
    struct dtls *dtls = calloc(1, sizeof(*dtls));
    if (dtls == NULL) {
        return NULL;
    }
    dtls->events = *events;
    set_patience(dtls, timing);
    dtls->ssl = SSL_new(context);
    BIO *bio = BIO_new(bio_method());
    if (dtls->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        dtls_free(dtls);
        return NULL;
    }
    BIO_set_data(bio, dtls);
    BIO_set_init(bio, 1);
    SSL_set_bio(dtls->ssl, bio, bio);
    SSL_set_app_data(dtls->ssl, (char *)dtls);
    SSL_set_options(dtls->ssl, SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(dtls->ssl, FLIGHT_SIZE);
    DTLS_set_timer_cb(dtls->ssl, next_timer);
    return dtls;
}

void dtls_free(struct dtls *dtls)
{
    if (dtls == NULL) {
        return;
    }
    /* Without this OpenSSL would think the session bad and forget it. */
    if (dtls->ssl != NULL && dtls->established) {
        SSL_set_shutdown(dtls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(dtls->ssl);
    SSL_CTX_free(dtls->own_context);
    tern_wipe(dtls->psk, sizeof(dtls->psk));
    free(dtls);
}

static void end(struct dtls *dtls, int status)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    long verdict = SSL_get_verify_result(dtls->ssl);
    bool refused = ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED;
    dtls->status = refused ? TERN_ERR_CERTIFICATE : status;
    snprintf(dtls->reason, sizeof(dtls->reason), "%s%s%s",
             reason == NULL ? tern_error_text(status) : reason, refused ? ": " : "",
             refused ? X509_verify_cert_error_string(verdict) : "");
    ERR_clear_error();
}

/* After any step of OpenSSL: is it over? */
static bool went_on(struct dtls *dtls, int result)
{
    int error = SSL_get_error(dtls->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        ERR_clear_error();
        return true;
    }
    end(dtls, TERN_ERR_IO);
    return false;
}

static void move(struct dtls *dtls)
{
    uint8_t plaintext[DATAGRAM_MAX];
    if (dtls->status != TERN_OK) {
        return;
    }
    ERR_clear_error();
    if (!dtls->established) {
        int result = SSL_do_handshake(dtls->ssl);
        if (result != 1) {
            went_on(dtls, result);
            return;
        }
        dtls->established = true;
    }
    for (;;) {
        int size = SSL_read(dtls->ssl, plaintext, sizeof(plaintext));
        if (size <= 0) {
            went_on(dtls, size);
            return;
        }
        dtls->events.receive(dtls->events.context, tern_bytes(plaintext, (size_t)size));
    }
}

void dtls_set_events(struct dtls *dtls, const struct dtls_events *events)
{
    dtls->events = *events;
}

void dtls_start(struct dtls *dtls)
{
    move(dtls);
}

void dtls_receive(struct dtls *dtls, struct tern_bytes datagram)
{
    dtls->incoming = datagram;
    move(dtls);
    dtls->incoming = TERN_BYTES_NONE;
}

int dtls_send(struct dtls *dtls, struct tern_bytes plaintext)
{
    if (!dtls->established || dtls->status != TERN_OK) {
        return TERN_ERR_STATE;
    }
    ERR_clear_error();
    int size = SSL_write(dtls->ssl, plaintext.data, (int)plaintext.size);
    return size == (int)plaintext.size || went_on(dtls, size) ? TERN_OK : TERN_ERR_IO;
}

bool dtls_established(const struct dtls *dtls)
{
    return dtls->established && dtls->status == TERN_OK;
}

int dtls_status(const struct dtls *dtls)
{
    return dtls->status;
}

const char *dtls_reason(const struct dtls *dtls)
{
    return dtls->reason;
}

bool dtls_resumed(const struct dtls *dtls)
{
    return SSL_session_reused(dtls->ssl) == 1;
}

uint64_t dtls_wait_ms(struct dtls *dtls)
{
    struct timeval left;
    uint64_t wait_ms = UINT64_MAX;
    if (dtls->status != TERN_OK) {
        return UINT64_MAX;
    }
    if (DTLSv1_get_timeout(dtls->ssl, &left) == 1) {
        wait_ms = (uint64_t)left.tv_sec * 1000 + (uint64_t)(left.tv_usec + 999) / 1000;
    }
    if (!dtls->established) {
        uint64_t now_ms = loop_now_ms();
        uint64_t end_ms = now_ms < dtls->ends_ms ? dtls->ends_ms - now_ms : 0;
        wait_ms = end_ms < wait_ms ? end_ms : wait_ms;
    }
    return wait_ms;
}

void dtls_tick(struct dtls *dtls)
{
    if (dtls->status != TERN_OK) {
        return;
    }
    bool late = !dtls->established && loop_now_ms() >= dtls->ends_ms;
    if (late || DTLSv1_handle_timeout(dtls->ssl) < 0) {
        end(dtls, TERN_ERR_TIMEOUT);
    }
}

void dtls_close(struct dtls *dtls)
{
    if (dtls_established(dtls)) {
        SSL_shutdown(dtls->ssl);
    }
    if (dtls->status == TERN_OK) {
        dtls->status = TERN_ERR_IO;
    }
}

void dtls_session(struct dtls *dtls, struct tern_writer *out)
{
    SSL_SESSION *session = SSL_get0_session(dtls->ssl);
    uint8_t der[DTLS_SESSION_SIZE_MAX];
    uint8_t *at = der;
    int size = session == NULL || !dtls->established || SSL_SESSION_is_resumable(session) != 1
                   ? 0
                   : i2d_SSL_SESSION(session, NULL);
    if (size > 0 && size <= (int)sizeof(der)) {
        i2d_SSL_SESSION(session, &at);
        tern_write(out, tern_bytes(der, (size_t)size));
        tern_wipe(der, sizeof(der));
    }
}

struct tern_bytes dtls_psk_identity(const struct dtls *dtls)
{
    return tern_bytes(dtls->identity, dtls->identity_size);
}

void dtls_peer_certificate(struct dtls *dtls, struct tern_writer *out)
{
    tls_peer_certificate(dtls->ssl, out);
}

/* ---- contexts ---- */

static bool set_suites(SSL_CTX *context, bool certificate, bool psk, bool short_tags)
{
    char list[200];
    snprintf(list, sizeof(list), "%s%s%s%s%s%s%s", certificate ? SUITES_CERTIFICATE : "",
             certificate && short_tags ? ":" SUITES_SHORT : "", certificate && psk ? ":" : "",
             psk ? SUITES_PSK : "", psk && short_tags ? ":" SUITES_PSK_SHORT : "", "", "");
    return SSL_CTX_set_cipher_list(context, list) == 1;
}

/* Every extension that nobody uses costs its bytes in each handshake. */
static void make_lean(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_NO_ENCRYPT_THEN_MAC);
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
}

static unsigned client_psk(SSL *ssl, const char *hint, char *identity, unsigned identity_max,
                           unsigned char *key, unsigned key_max)
{
    const struct dtls *dtls = SSL_get_app_data(ssl);
    (void)hint;
    if (dtls->identity_size + 1 > identity_max || dtls->psk_size > key_max) {
        return 0;
    }
    memcpy(identity, dtls->identity, dtls->identity_size);
    identity[dtls->identity_size] = '\0';
    memcpy(key, dtls->psk, dtls->psk_size);
    return (unsigned)dtls->psk_size;
}

static unsigned server_psk(SSL *ssl, const char *identity, unsigned char *key, unsigned key_max)
{
    struct dtls *dtls = SSL_get_app_data(ssl);
    struct dtls_server *server = server_of(ssl);
    struct tern_writer out = tern_writer(key, key_max);
    struct tern_bytes name = tern_bytes_text(identity);
    if (name.size > sizeof(dtls->identity)) {
        return 0;
    }
    server->psk(server->psk_context, name, &out);
    if (out.size == 0 || tern_writer_status(&out) != TERN_OK) {
        return 0;
    }
    memcpy(dtls->identity, name.data, name.size);
    dtls->identity_size = name.size;
    return (unsigned)out.size;
}

struct dtls *dtls_client_new(const struct dtls_client_options *options,
                             const struct dtls_events *events,
                             const struct tern_coap_timing *timing)
{
    bool psk = options->psk.data != NULL;
    SSL_CTX *context = SSL_CTX_new(DTLS_client_method());
    if (context == NULL || options->psk.size > DTLS_PSK_SIZE_MAX ||
        options->psk_identity.size >= DTLS_IDENTITY_SIZE_MAX) {
        SSL_CTX_free(context);
        return NULL;
    }
    make_lean(context);
    SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION);
    bool ok = psk || tls_client_setup(context, &options->trust, &options->identity,
                                      options->host) == TERN_OK;
    ok = ok && set_suites(context, !psk, psk, options->short_tags);
    ok = ok && (psk || (SSL_CTX_set1_groups_list(context, "P-256:brainpoolP256r1") == 1 &&
                        SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256") == 1));
    if (psk) {
        SSL_CTX_set_psk_client_callback(context, client_psk);
    }
    struct dtls *dtls = ok ? new_dtls(context, events, timing) : NULL;
    if (dtls == NULL) {
        SSL_CTX_free(context);
        return NULL;
    }
    dtls->own_context = context;
    if (psk) {
        memcpy(dtls->identity, options->psk_identity.data, options->psk_identity.size);
        dtls->identity_size = options->psk_identity.size;
        memcpy(dtls->psk, options->psk.data, options->psk.size);
        dtls->psk_size = options->psk.size;
    }
    const unsigned char *at = options->session.data;
    SSL_SESSION *session =
        at == NULL ? NULL : d2i_SSL_SESSION(NULL, &at, (long)options->session.size);
    if (session != NULL) {
        SSL_set_session(dtls->ssl, session);
        SSL_SESSION_free(session);
    }
    if (!psk && options->host != NULL && strpbrk(options->host, ":") == NULL &&
        options->host[strspn(options->host, "0123456789.")] != '\0') {
        SSL_set_tlsext_host_name(dtls->ssl, options->host);
    }
    ERR_clear_error();
    SSL_set_connect_state(dtls->ssl);
    return dtls;
}

/* ---- the server ---- */

/* The cookie binds the address: RFC 6347, 4.2.1. */
static void make_cookie(const SSL *ssl, uint8_t cookie[EVP_MAX_MD_SIZE])
{
    const struct dtls *dtls = SSL_get_app_data(ssl);
    const struct dtls_server *server = server_of(ssl);
    size_t size =
        dtls->peer.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    unsigned length = 0;
    HMAC(EVP_sha256(), server->cookie_key, sizeof(server->cookie_key),
         (const unsigned char *)&dtls->peer, size, cookie, &length);
}

static int generate_cookie(SSL *ssl, unsigned char *cookie, unsigned *size)
{
    uint8_t whole[EVP_MAX_MD_SIZE];
    make_cookie(ssl, whole);
    memcpy(cookie, whole, COOKIE_SIZE);
    *size = COOKIE_SIZE;
    return 1;
}

static int verify_cookie(SSL *ssl, const unsigned char *cookie, unsigned size)
{
    uint8_t whole[EVP_MAX_MD_SIZE];
    make_cookie(ssl, whole);
    return size == COOKIE_SIZE && tern_constant_time_equal(cookie, whole, COOKIE_SIZE) ? 1 : 0;
}

static int save_session(SSL *ssl, SSL_SESSION *session)
{
    const struct dtls_sessions *sessions = &server_of(ssl)->sessions;
    uint8_t der[DTLS_SESSION_SIZE_MAX];
    uint8_t *at = der;
    unsigned id_size = 0;
    const unsigned char *id = SSL_SESSION_get_id(session, &id_size);
    int size = i2d_SSL_SESSION(session, NULL);
    if (size > 0 && size <= (int)sizeof(der)) {
        i2d_SSL_SESSION(session, &at);
        sessions->save(sessions->context, tern_bytes(id, id_size), tern_bytes(der, (size_t)size));
        tern_wipe(der, sizeof(der));
    }
    return 0; /* OpenSSL keeps its reference */
}

static SSL_SESSION *load_session(SSL *ssl, const unsigned char *id, int id_size, int *copy)
{
    const struct dtls_sessions *sessions = &server_of(ssl)->sessions;
    uint8_t der[DTLS_SESSION_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(der);
    const unsigned char *at = der;
    *copy = 0;
    sessions->load(sessions->context, tern_bytes(id, (size_t)id_size), &out);
    SSL_SESSION *session = out.size == 0 || tern_writer_status(&out) != TERN_OK
                               ? NULL
                               : d2i_SSL_SESSION(NULL, &at, (long)out.size);
    tern_wipe(der, sizeof(der));
    return session;
}

static void remove_session(SSL_CTX *context, SSL_SESSION *session)
{
    struct dtls_server *server = SSL_CTX_get_ex_data(context, server_index());
    unsigned id_size = 0;
    const unsigned char *id = SSL_SESSION_get_id(session, &id_size);
    if (server != NULL && server->sessions.remove != NULL) {
        server->sessions.remove(server->sessions.context, tern_bytes(id, id_size));
    }
}

static void keep_sessions(struct dtls_server *server)
{
    SSL_CTX *context = server->context;
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"tern", 4);
    SSL_CTX_set_timeout(context, DTLS_SESSION_S);
    if (server->sessions.save == NULL) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
        return;
    }
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, save_session);
    SSL_CTX_sess_set_get_cb(context, load_session);
    SSL_CTX_sess_set_remove_cb(context, remove_session);
}

struct dtls_server *dtls_server_new(const struct dtls_server_options *options)
{
    bool certificate = options->identity.key.data != NULL;
    struct dtls_server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return NULL;
    }
    server->sessions = options->sessions;
    server->psk = options->psk;
    server->psk_context = options->psk_context;
    server->context = certificate ? tls_server_context(&options->identity, TERN_BYTES_NONE, true)
                                  : SSL_CTX_new(DTLS_server_method());
    if (server->context == NULL || RAND_bytes(server->cookie_key, 32) != 1 ||
        SSL_CTX_set_ex_data(server->context, server_index(), server) != 1 ||
        !set_suites(server->context, certificate, options->psk != NULL, options->short_tags)) {
        dtls_server_free(server);
        return NULL;
    }
    make_lean(server->context);
    SSL_CTX_set_min_proto_version(server->context, DTLS1_2_VERSION);
    SSL_CTX_set_cookie_generate_cb(server->context, generate_cookie);
    SSL_CTX_set_cookie_verify_cb(server->context, verify_cookie);
    if (options->psk != NULL) {
        SSL_CTX_set_psk_server_callback(server->context, server_psk);
    }
    keep_sessions(server);
    return server;
}

void dtls_server_free(struct dtls_server *server)
{
    if (server == NULL) {
        return;
    }
    dtls_free(server->greeter);
    if (server->context != NULL) {
        SSL_CTX_set_ex_data(server->context, server_index(), NULL);
    }
    SSL_CTX_free(server->context);
    tern_wipe(server->cookie_key, sizeof(server->cookie_key));
    free(server);
}

struct dtls *dtls_server_greet(struct dtls_server *server, const struct sockaddr *peer,
                               const struct dtls_events *events,
                               const struct tern_coap_timing *timing, struct tern_bytes datagram)
{
    /* Only a handshake record of epoch 0 can be a hello: all else is not worth a parse. */
    if (datagram.size < 25 || datagram.data[0] != 22 || datagram.data[3] != 0 ||
        datagram.data[4] != 0 || datagram.data[13] != 1) {
        return NULL;
    }
    if (server->greeter == NULL) {
        server->greeter = new_dtls(server->context, events, timing);
    }
    struct dtls *dtls = server->greeter;
    BIO_ADDR *nobody = BIO_ADDR_new();
    if (dtls == NULL || nobody == NULL) {
        BIO_ADDR_free(nobody);
        return NULL;
    }
    memset(&dtls->peer, 0, sizeof(dtls->peer));
    memcpy(&dtls->peer, peer,
           peer->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    dtls->events = *events;
    set_patience(dtls, timing);
    dtls->incoming = datagram;
    ERR_clear_error();
    int result = DTLSv1_listen(dtls->ssl, nobody);
    dtls->incoming = TERN_BYTES_NONE;
    BIO_ADDR_free(nobody);
    ERR_clear_error();
    if (result != 1) {
        if (result < 0) { /* never reuse what an error has left behind */
            dtls_free(server->greeter);
            server->greeter = NULL;
        }
        return NULL;
    }
    server->greeter = NULL;
    dtls->server = server;
    move(dtls); /* DTLSv1_listen() has set the accept state; setting it again would clear it */
    return dtls;
}
