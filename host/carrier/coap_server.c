/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core/coap's server for each peer, DTLS in between, one UDP socket below: see coap_server.h.
 *
 *     socket -> session by address -> dtls_receive -> tern_coap_server_receive -> handler
 *     coap_reply -> tern_coap_server_reply -> tern_coap_server_send -> dtls_send -> socket
 */
#include "host/carrier/coap_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/carrier/coap_bodies.h"
#include "host/http/address.h"
#include "host/log/log.h"
#include "host/udp/dtls.h"
#include "tern/limits.h"

#define BUCKET_COUNT     4096
#define ENTRY_COUNT      8
#define ECHO_SIZE        8
#define DATAGRAM_MAX     2048
#define DATAGRAMS_A_TURN 64
#define SWEEP_MS         10000
#define IP_UDP_IPV4      28
#define IP_UDP_IPV6      48

struct session;

struct request {
    struct coap_request public;
    struct session *session; /* NULL when the peer has gone */
    struct request *next;
    uint8_t entry;
    char path[TERN_COAP_PATH_SIZE_MAX + 1];
    char peer[80];
    uint8_t held[TERN_COAP_CERTIFICATE_HELD_MAX];
    uint8_t *body;
};

struct session {
    struct coap_server *server;
    struct session *next;
    struct session **link;
    struct sockaddr_storage key; /* the address, or the kid of an OSCORE context */
    socklen_t key_size;
    struct sockaddr_storage address; /* where it was heard from last */
    socklen_t address_size;
    char peer[80];
    struct dtls *dtls;
    struct dtls *replacement; /* a new handshake; the old association holds until it is done */
    struct tern_oscore *oscore;
    struct tern_coap_server core;
    uint8_t *memory;
    struct loop_timer *timer;
    struct request *requests;
    struct coap_body *body; /* the response that is going out */
    uint8_t *small;         /* or one of a single block */
    uint8_t echo[ECHO_SIZE];
    uint64_t used_ms;
    bool established;
    bool doomed; /* ended inside a callback of its DTLS: freed when that returns */
    bool busy;
    struct coap_exchange cost;
};

struct coap_server {
    struct coap_server_options options;
    int fd;
    char address[80];
    uint16_t port;
    struct loop_watch *watch;
    struct loop_timer *sweep;
    struct dtls_server *dtls;
    struct coap_bodies *bodies;
    struct session *buckets[BUCKET_COUNT];
    unsigned count;
    uint8_t echo_key[32];
    /* where greetings go before there is a session */
    struct sockaddr_storage greeted;
    socklen_t greeted_size;
    uint64_t greeted_sent;
    unsigned greeted_packets;
};

/* ---- sessions ---- */

static unsigned bucket_of(const struct sockaddr_storage *address, socklen_t size)
{
    const uint8_t *bytes = (const uint8_t *)address;
    uint32_t hash = 2166136261u;
    for (socklen_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 16777619u;
    }
    return hash % BUCKET_COUNT;
}

static struct session *find_session(struct coap_server *server,
                                    const struct sockaddr_storage *address, socklen_t size)
{
    for (struct session *at = server->buckets[bucket_of(address, size)]; at != NULL;
         at = at->next) {
        if (at->key_size == size && memcmp(&at->key, address, size) == 0) {
            return at;
        }
    }
    return NULL;
}

static void free_session(struct session *session)
{
    for (struct request *request = session->requests; request != NULL; request = request->next) {
        request->session = NULL;
    }
    *session->link = session->next;
    if (session->next != NULL) {
        session->next->link = session->link;
    }
    session->server->count--;
    dtls_free(session->dtls);
    dtls_free(session->replacement);
    if (session->oscore != NULL) {
        tern_wipe(session->oscore, sizeof(*session->oscore));
        free(session->oscore);
    }
    loop_timer_free(session->timer);
    coap_body_release(session->body);
    free(session->small);
    free(session->memory);
    free(session);
}

static uint64_t overhead(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? IP_UDP_IPV6 : IP_UDP_IPV4;
}

static void send_to_socket(void *context, struct tern_bytes datagram)
{
    struct session *session = context;
    session->cost.bytes_sent += datagram.size + overhead(&session->address);
    session->cost.packets_sent++;
    ssize_t sent = sendto(session->server->fd, datagram.data, datagram.size, 0,
                          (struct sockaddr *)&session->address, session->address_size);
    (void)sent; /* lost is lost: whoever needs it asks again */
}

static void flush(struct session *session);

static void drop_failed_replacement(struct session *session)
{
    if (session->replacement != NULL && dtls_status(session->replacement) != TERN_OK) {
        dtls_free(session->replacement);
        session->replacement = NULL;
    }
}

static void on_timer(void *context)
{
    struct session *session = context;
    if (session->dtls != NULL) {
        dtls_tick(session->dtls);
    }
    if (session->replacement != NULL) {
        dtls_tick(session->replacement);
        drop_failed_replacement(session);
    }
    flush(session);
}

/* From now on it is reached there. */
static void move_session(struct session *session, const struct sockaddr_storage *address,
                         socklen_t size)
{
    uint16_t port = 0;
    memcpy(&session->address, address, sizeof(*address));
    session->address_size = size;
    address_print((const struct sockaddr *)address, session->peer, sizeof(session->peer), &port);
}

/* A session with this key, for the address that is being greeted. */
static struct session *new_session(struct coap_server *server,
                                   const struct sockaddr_storage *address, socklen_t size)
{
    const struct coap_server_options *options = &server->options;
    size_t memory_size = TERN_COAP_SERVER_MEMORY(ENTRY_COUNT, options->body_size_max);
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        return NULL;
    }
    session->server = server;
    session->memory = malloc(memory_size);
    session->timer = loop_timer_new(options->loop, on_timer, session);
    uint64_t random = 0;
    if (session->memory == NULL || session->timer == NULL ||
        RAND_bytes((unsigned char *)&random, sizeof(random)) != 1) {
        loop_timer_free(session->timer);
        free(session->memory);
        free(session);
        return NULL;
    }
    memcpy(&session->key, address, sizeof(*address));
    session->key_size = size;
    move_session(session, &server->greeted, server->greeted_size);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_size = 0;
    HMAC(EVP_sha256(), server->echo_key, sizeof(server->echo_key), (const uint8_t *)address, size,
         digest, &digest_size);
    memcpy(session->echo, digest, ECHO_SIZE);
    /* The cookie of DTLS has shown the address to be real; OSCORE knows the peer, not where it is.
     */
    bool proved = options->secure || options->oscore_find != NULL;
    struct tern_bytes echo = proved ? TERN_BYTES_NONE : TERN_BYTES_OF(session->echo);
    tern_coap_server_init(&session->core, options->timing, session->memory, memory_size,
                          ENTRY_COUNT, 6, echo, random);
    struct session **first = &server->buckets[bucket_of(address, size)];
    session->next = *first;
    session->link = first;
    if (*first != NULL) {
        (*first)->link = &session->next;
    }
    *first = session;
    server->count++;
    return session;
}

static void sweep(void *context)
{
    struct coap_server *server = context;
    uint64_t now_ms = loop_now_ms();
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        for (struct session *at = server->buckets[i]; at != NULL;) {
            struct session *next = at->next;
            uint64_t idle_ms = now_ms - at->used_ms;
            bool half_open = at->dtls != NULL && !dtls_established(at->dtls);
            if (at->requests == NULL &&
                (idle_ms > (uint64_t)server->options.session_idle_s * 1000 ||
                 (half_open && idle_ms > 120000))) {
                free_session(at);
            }
            at = next;
        }
    }
    coap_bodies_sweep(server->bodies);
    loop_timer_set(server->sweep, SWEEP_MS);
}

/* ---- requests ---- */

static void take_plaintext(void *context, struct tern_bytes plaintext);

/* Numbers are used only when their reservation is durable. */
static int reserve(struct session *session)
{
    const struct coap_server_options *options = &session->server->options;
    uint8_t saved[TERN_OSCORE_SAVED_SIZE];
    struct tern_writer out = TERN_WRITER_OF(saved);
    if (!tern_oscore_wants_save(session->oscore)) {
        return TERN_OK;
    }
    tern_oscore_save(session->oscore, &out);
    int status = options->oscore_save(
        options->oscore_context,
        tern_bytes(session->oscore->recipient_id, session->oscore->recipient_id_size),
        tern_writer_bytes(&out));
    if (status == TERN_OK) {
        tern_oscore_saved(session->oscore);
    }
    return status;
}

static void send_protected(struct session *session, struct tern_bytes message)
{
    uint8_t datagram[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer out = TERN_WRITER_OF(datagram);
    int status = reserve(session);
    if (status == TERN_OK && tern_oscore_protect(session->oscore, &out, message) == 1) {
        send_to_socket(session, tern_writer_bytes(&out));
    }
}

/* Send what the core has and set the timer. Frees the session when its DTLS has ended. */
static void flush(struct session *session)
{
    uint64_t now_ms = loop_now_ms();
    uint8_t datagram[TERN_COAP_DATAGRAM_MAX];
    for (;;) {
        struct tern_writer out = TERN_WRITER_OF(datagram);
        if (tern_coap_server_send(&session->core, &out, now_ms) == 0) {
            break;
        }
        if (session->oscore != NULL) {
            send_protected(session, tern_writer_bytes(&out));
        } else if (session->dtls == NULL) {
            send_to_socket(session, tern_writer_bytes(&out));
        } else {
            dtls_send(session->dtls, tern_writer_bytes(&out));
        }
    }
    if (session->dtls != NULL && dtls_status(session->dtls) != TERN_OK && !session->busy) {
        free_session(session);
        return;
    }
    uint64_t due_ms = tern_coap_server_due_ms(&session->core);
    uint64_t wait_ms = due_ms == UINT64_MAX ? UINT64_MAX : due_ms > now_ms ? due_ms - now_ms : 0;
    uint64_t dtls_ms = session->dtls == NULL ? UINT64_MAX : dtls_wait_ms(session->dtls);
    wait_ms = dtls_ms < wait_ms ? dtls_ms : wait_ms;
    dtls_ms = session->replacement == NULL ? UINT64_MAX : dtls_wait_ms(session->replacement);
    wait_ms = dtls_ms < wait_ms ? dtls_ms : wait_ms;
    if (wait_ms == UINT64_MAX) {
        loop_timer_clear(session->timer);
    } else {
        loop_timer_set(session->timer, wait_ms + (wait_ms > 0 ? 1 : 0));
    }
}

static void give_to_handler(struct session *session, const struct tern_coap_incoming *incoming)
{
    struct request *request = calloc(1, sizeof(*request));
    uint8_t *body = request == NULL ? NULL : malloc(incoming->body.size + 1);
    if (body == NULL) {
        free(request);
        struct tern_coap_response busy = {.code = TERN_COAP_UNAVAILABLE, .max_age_s = 10};
        busy.content_format = TERN_COAP_FORMAT_NONE;
        tern_coap_server_reply(&session->core, incoming->entry, &busy, loop_now_ms());
        return;
    }
    if (incoming->body.size > 0) {
        memcpy(body, incoming->body.data, incoming->body.size);
    }
    if (incoming->path.size > 0) {
        memcpy(request->path, incoming->path.data, incoming->path.size);
    }
    snprintf(request->peer, sizeof(request->peer), "%s", session->peer);
    request->body = body;
    request->session = session;
    request->entry = incoming->entry;
    request->next = session->requests;
    session->requests = request;
    struct tern_bytes held = TERN_BYTES_NONE;
    if (incoming->certificates_held.data != NULL &&
        incoming->certificates_held.size <= sizeof(request->held)) {
        held = tern_bytes(request->held, incoming->certificates_held.size);
        memcpy(request->held, incoming->certificates_held.data, held.size);
    }
    request->public = (struct coap_request){
        .certificates_held = held,
        .method = incoming->method,
        .path = request->path[0] == '\0' ? "/" : request->path,
        .content_format = incoming->content_format,
        .body = tern_bytes(body, incoming->body.size),
        .peer = request->peer,
        .psk_identity = session->dtls == NULL ? TERN_BYTES_NONE : dtls_psk_identity(session->dtls),
        .oscore_id = session->oscore == NULL ? TERN_BYTES_NONE
                                             : tern_bytes(session->oscore->recipient_id,
                                                          session->oscore->recipient_id_size),
    };
    session->server->options.handler(session->server->options.context, &request->public);
}

static void take_plaintext(void *context, struct tern_bytes plaintext)
{
    struct session *session = context;
    struct tern_coap_incoming incoming;
    uint64_t now_ms = loop_now_ms();
    session->used_ms = now_ms;
    switch (tern_coap_server_receive(&session->core, &incoming, plaintext, now_ms)) {
    case TERN_COAP_REQUEST:
        give_to_handler(session, &incoming);
        break;
    case TERN_COAP_BODY_WANTED: {
        struct coap_body *body = coap_bodies_find(
            session->server->bodies, tern_bytes(session->core.etag, session->core.etag_size));
        if (body == NULL) {
            tern_coap_server_no_body(&session->core, now_ms);
            break;
        }
        coap_body_release(session->body);
        session->body = body;
        struct tern_coap_response response = coap_body_response(body);
        tern_coap_server_offer(&session->core, &response, now_ms);
        break;
    }
    default:
        break;
    }
}

static void report(struct request *request, uint8_t code)
{
    struct session *session = request->session;
    const struct coap_server_options *options = &session->server->options;
    session->cost.path = request->public.path;
    session->cost.peer = session->peer;
    session->cost.code = code;
    if (options->on_exchange != NULL) {
        options->on_exchange(options->context, &session->cost);
    }
    session->cost = (struct coap_exchange){0};
}

/* The core borrows the body: small ones live with the session, others by their ETag. */
static int keep_body(struct session *session, struct tern_coap_response *response,
                     const struct coap_reply *reply)
{
    coap_body_release(session->body);
    free(session->small);
    session->body = NULL;
    session->small = NULL;
    if (reply->body.size > TERN_COAP_BLOCK_SIZE_MAX / 2) { /* a client may ask for smaller blocks */
        session->body = coap_bodies_add(session->server->bodies, reply);
        if (session->body == NULL) {
            return TERN_ERR_NO_SPACE;
        }
        *response = coap_body_response(session->body);
        return TERN_OK;
    }
    session->small = malloc(reply->body.size + 1);
    if (session->small == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    if (reply->body.size > 0) {
        memcpy(session->small, reply->body.data, reply->body.size);
    }
    response->body = tern_bytes(session->small, reply->body.size);
    return TERN_OK;
}

void coap_reply(struct coap_request *public, const struct coap_reply *reply)
{
    struct request *request = (struct request *)(void *)public;
    struct session *session = request->session;
    if (session != NULL) {
        struct tern_coap_response response = {.code = reply->code,
                                              .content_format = reply->content_format};
        /* Small bodies get an ETag as well, for clients that want blocks smaller still. */
        uint8_t etag[4] = {0};
        RAND_bytes(etag, sizeof(etag));
        response.etag = TERN_BYTES_OF(etag);
        if (keep_body(session, &response, reply) != TERN_OK) {
            response = (struct tern_coap_response){.code = TERN_COAP_INTERNAL_ERROR,
                                                   .content_format = TERN_COAP_FORMAT_NONE};
        }
        response.max_age_s = reply->max_age_s == 0 ? 60 : reply->max_age_s;
        response.nothing_waits = reply->nothing_waits;
        response.certificate = reply->certificate;
        tern_coap_server_reply(&session->core, request->entry, &response, loop_now_ms());
        struct request **link = &session->requests;
        while (*link != request) {
            link = &(*link)->next;
        }
        *link = request->next;
        if (!session->busy) {
            session->busy = true; /* the report below still needs it */
            flush(session);
            report(request, reply->code);
            session->busy = false;
            flush(session);
        } else {
            report(request, reply->code);
        }
    }
    free(request->body);
    free(request);
}

/* ---- the socket ---- */

static void send_greeting(void *context, struct tern_bytes datagram)
{
    struct coap_server *server = context;
    server->greeted_sent += datagram.size + overhead(&server->greeted);
    server->greeted_packets++;
    ssize_t sent = sendto(server->fd, datagram.data, datagram.size, 0,
                          (struct sockaddr *)&server->greeted, server->greeted_size);
    (void)sent;
}

/* A hello from nobody we know, or from a device that lost its session and kept its port. */
static struct session *greet(struct coap_server *server, struct session *before,
                             struct tern_bytes datagram)
{
    const struct dtls_events greeting = {.context = server, .send = send_greeting};
    server->greeted_sent = server->greeted_packets = 0;
    struct dtls *dtls = dtls_server_greet(server->dtls, (struct sockaddr *)&server->greeted,
                                          &greeting, server->options.timing, datagram);
    if (dtls == NULL) {
        return NULL;
    }
    if (before != NULL) {
        const struct dtls_events events = {
            .context = before, .send = send_to_socket, .receive = take_plaintext};
        dtls_set_events(dtls, &events);
        dtls_free(before->replacement);
        before->replacement = dtls;
        return before;
    }
    struct session *session = server->count >= server->options.session_count_max
                                  ? NULL
                                  : new_session(server, &server->greeted, server->greeted_size);
    if (session == NULL) {
        dtls_free(dtls);
        return NULL;
    }
    const struct dtls_events events = {
        .context = session, .send = send_to_socket, .receive = take_plaintext};
    dtls_set_events(dtls, &events);
    session->dtls = dtls;
    session->cost.bytes_sent = server->greeted_sent;
    session->cost.packets_sent = server->greeted_packets;
    session->used_ms = loop_now_ms();
    return session;
}

static void count_in(struct session *session, struct tern_bytes datagram)
{
    session->cost.bytes_received += datagram.size + overhead(&session->address);
    session->cost.packets_received++;
    session->used_ms = loop_now_ms();
}

/* Another association: message IDs and tokens of the one before mean nothing any more. */
static void forget_peer(struct session *session)
{
    for (struct request *request = session->requests; request != NULL; request = request->next) {
        request->session = NULL;
    }
    session->requests = NULL;
    const struct coap_server_options *options = &session->server->options;
    uint64_t random = 0;
    RAND_bytes((unsigned char *)&random, sizeof(random));
    tern_coap_server_init(&session->core, options->timing, session->memory,
                          TERN_COAP_SERVER_MEMORY(ENTRY_COUNT, options->body_size_max), ENTRY_COUNT,
                          6, TERN_BYTES_NONE, random);
}

static void take_secure(struct coap_server *server, struct session *session,
                        struct tern_bytes datagram)
{
    bool hello = datagram.size > 13 && datagram.data[0] == 22 && datagram.data[3] == 0 &&
                 datagram.data[4] == 0 && datagram.data[13] == 1;
    if (session == NULL || (hello && session->established)) {
        session = greet(server, session, datagram);
        if (session != NULL) {
            count_in(session, datagram);
            flush(session);
        }
        return;
    }
    count_in(session, datagram);
    session->busy = true;
    /* Handshake records go to the new association, data to the one that is proved. */
    bool data = datagram.size > 0 && datagram.data[0] == 23;
    dtls_receive(session->replacement != NULL && !data ? session->replacement : session->dtls,
                 datagram);
    session->busy = false;
    if (session->replacement != NULL && dtls_established(session->replacement)) {
        dtls_free(session->dtls);
        session->dtls = session->replacement;
        session->replacement = NULL;
        session->established = false;
        forget_peer(session);
    }
    drop_failed_replacement(session);
    if (!session->established && dtls_established(session->dtls)) {
        session->established = true;
        session->cost.handshake = 1;
        session->cost.resumed = dtls_resumed(session->dtls) ? 1 : 0;
    }
    flush(session);
}

/* The session of a kid, made when the keys are known. */
static struct session *oscore_session(struct coap_server *server,
                                      const struct tern_oscore_option *option)
{
    const struct coap_server_options *options = &server->options;
    struct sockaddr_storage key;
    memset(&key, 0, sizeof(key));
    memcpy(&key, "\xFF\xFFkid", 5);
    memcpy((uint8_t *)&key + 5, option->kid.data, option->kid.size);
    socklen_t key_size = (socklen_t)(5 + option->kid.size);
    struct session *session = find_session(server, &key, key_size);
    if (session != NULL || server->count >= options->session_count_max) {
        return session;
    }
    struct tern_oscore *oscore = calloc(1, sizeof(*oscore));
    if (oscore == NULL || options->oscore_find(options->oscore_context, option->kid,
                                               option->kid_context, oscore) != TERN_OK) {
        free(oscore);
        return NULL;
    }
    session = new_session(server, &key, key_size);
    if (session == NULL) {
        tern_wipe(oscore, sizeof(*oscore));
        free(oscore);
        return NULL;
    }
    session->oscore = oscore;
    return session;
}

/* An ACK or RST has no kid: only its address tells whose it is. */
static struct session *session_at(struct coap_server *server,
                                  const struct sockaddr_storage *address, socklen_t size)
{
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        for (struct session *at = server->buckets[i]; at != NULL; at = at->next) {
            if (at->oscore != NULL && at->address_size == size &&
                memcmp(&at->address, address, size) == 0) {
                return at;
            }
        }
    }
    return NULL;
}

static void take_oscore(struct coap_server *server, const struct sockaddr_storage *address,
                        socklen_t size, struct tern_bytes datagram)
{
    uint8_t opened[TERN_COAP_DATAGRAM_MAX];
    uint8_t reply[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer plain = TERN_WRITER_OF(opened);
    struct tern_writer answer = TERN_WRITER_OF(reply);
    struct tern_oscore_option option;
    bool request = tern_oscore_look(&option, datagram) == TERN_OK &&
                   option.kid.size <= TERN_OSCORE_ID_SIZE_MAX;
    bool empty = datagram.size == 4;
    struct session *session = request ? oscore_session(server, &option)
                              : empty ? session_at(server, address, size)
                                      : NULL;
    if (session == NULL) {
        if (!empty) {
            tern_oscore_refuse(&answer, datagram, TERN_COAP_UNAUTHORIZED,
                               request ? "Security context not found" : "OSCORE is needed");
            send_greeting(server, tern_writer_bytes(&answer));
        }
        return;
    }
    if (reserve(session) != TERN_OK) {
        return;
    }
    switch (tern_oscore_unprotect(session->oscore, &plain, &answer, datagram)) {
    case TERN_OSCORE_PLAIN:
        move_session(session, address, size); /* a NAT may have moved it */
        count_in(session, datagram);
        session->busy = true;
        take_plaintext(session, tern_writer_bytes(&plain));
        session->busy = false;
        flush(session);
        break;
    case TERN_OSCORE_ANSWER:
        send_greeting(server, tern_writer_bytes(&answer));
        break;
    default:
        break;
    }
}

static void take_datagram(struct coap_server *server, const struct sockaddr_storage *address,
                          socklen_t size, struct tern_bytes datagram)
{
    struct session *session = find_session(server, address, size);
    memcpy(&server->greeted, address, sizeof(*address));
    server->greeted_size = size;
    if (server->options.secure) {
        take_secure(server, session, datagram);
        return;
    }
    if (server->options.oscore_find != NULL) {
        take_oscore(server, address, size, datagram);
        return;
    }
    if (session == NULL && server->count < server->options.session_count_max) {
        session = new_session(server, address, size);
    }
    if (session != NULL) {
        count_in(session, datagram);
        session->busy = true;
        take_plaintext(session, datagram);
        session->busy = false;
        flush(session);
    }
}

static void on_readable(void *context, int fd, unsigned what)
{
    struct coap_server *server = context;
    uint8_t datagram[DATAGRAM_MAX];
    (void)what;
    for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
        struct sockaddr_storage address;
        socklen_t size = sizeof(address);
        memset(&address, 0, sizeof(address));
        ssize_t got = recvfrom(fd, datagram, sizeof(datagram), MSG_DONTWAIT,
                               (struct sockaddr *)&address, &size);
        if (got < 0) {
            return;
        }
        take_datagram(server, &address, size, tern_bytes(datagram, (size_t)got));
    }
}

/* ---- start and stop ---- */

static void apply_defaults(struct coap_server_options *options)
{
#define DEFAULT_TO(member, value) options->member = options->member == 0 ? (value) : options->member
    DEFAULT_TO(body_size_max, TERN_COAP_BODY_SIZE);
    DEFAULT_TO(session_count_max, TERN_COAP_SESSION_COUNT);
    DEFAULT_TO(session_idle_s, TERN_COAP_SESSION_IDLE_S);
    DEFAULT_TO(body_keep_s, TERN_COAP_BODY_KEEP_S);
    DEFAULT_TO(timing, &TERN_COAP_TIMING_DEFAULT);
#undef DEFAULT_TO
    if (options->body_size_max < TERN_COAP_BLOCK_SIZE_MAX) {
        options->body_size_max = TERN_COAP_BLOCK_SIZE_MAX;
    }
}

static const char *open_socket(struct coap_server *server)
{
    struct sockaddr_storage address;
    socklen_t size = 0;
    int room = 4 << 20;
    if (address_parse(server->options.listen, &address, &size) != TERN_OK) {
        return "the address to listen on is not ADDRESS:PORT";
    }
    server->fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, size) != 0) {
        return "cannot listen";
    }
    setsockopt(server->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    getsockname(server->fd, (struct sockaddr *)&address, &size);
    address_print((struct sockaddr *)&address, server->address, sizeof(server->address),
                  &server->port);
    return NULL;
}

static const char *start(struct coap_server *server)
{
    const struct coap_server_options *options = &server->options;
    const char *why = open_socket(server);
    if (why != NULL) {
        return why;
    }
    server->bodies = coap_bodies_new(options->store, options->now_s, options->body_keep_s);
    if (server->bodies == NULL || RAND_bytes(server->echo_key, sizeof(server->echo_key)) != 1) {
        return "out of memory";
    }
    if (options->secure) {
        const struct dtls_server_options dtls = {
            .identity = options->identity,
            .sessions = coap_bodies_sessions(server->bodies),
            .psk = options->psk,
            .psk_context = options->context,
            .short_tags = options->short_tags,
        };
        server->dtls = dtls_server_new(&dtls);
        if (server->dtls == NULL) {
            return tls_error();
        }
    }
    server->watch = loop_watch_new(options->loop, server->fd, LOOP_READ, on_readable, server);
    server->sweep = loop_timer_new(options->loop, sweep, server);
    if (server->watch == NULL || server->sweep == NULL) {
        return "out of memory";
    }
    loop_timer_set(server->sweep, SWEEP_MS);
    return NULL;
}

struct coap_server *coap_server_start(const struct coap_server_options *options, const char **error)
{
    struct coap_server *server = calloc(1, sizeof(*server));
    const char *why = "out of memory";
    if (server != NULL) {
        server->fd = -1;
        server->options = *options;
        apply_defaults(&server->options);
        why = start(server);
    }
    if (why != NULL) {
        if (error != NULL) {
            *error = why;
        }
        coap_server_stop(server);
        return NULL;
    }
    return server;
}

const char *coap_server_address(const struct coap_server *server)
{
    return server->address;
}

uint16_t coap_server_port(const struct coap_server *server)
{
    return server->port;
}

void coap_server_stop(struct coap_server *server)
{
    if (server == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        while (server->buckets[i] != NULL) {
            free_session(server->buckets[i]);
        }
    }
    loop_watch_free(server->watch);
    loop_timer_free(server->sweep);
    dtls_server_free(server->dtls);
    coap_bodies_free(server->bodies);
    if (server->fd >= 0) {
        close(server->fd);
    }
    free(server);
}
