/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UDP socket, DTLS, and core/coap's client in a blocking loop: see coap.h.
 *
 * A session that was kept over sleep may be dead without our knowing: the server was restarted, a
 * NAT has forgotten us. So patience is short: when a request was repeated three times (twice over a
 * session that has not answered yet) and nothing came at all, the socket is replaced, the session
 * resumed, and the exchange goes on.
 */
#include "host/carrier/coap.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/carrier/certificates.h"
#include "host/carrier/oscore_file.h"
#include "host/config/files.h"
#include "host/http/address.h"
#include "host/log/log.h"
#include "host/loop/loop.h"
#include "host/udp/dtls.h"

#define DATAGRAM_MAX    2048
#define TARGET_SIZE_MAX 280
#define WAIT_MS_MAX     60000
#define PAUSE_MS_MAX    8000

struct coap_carrier {
    struct carrier base;
    struct coap_options options;
    struct tern_coap_client client;
    uint8_t *memory;
    struct tern_oscore *oscore; /* NULL: none */
    /* the connection */
    int fd;
    struct dtls *dtls;
    uint64_t overhead; /* of IP and UDP */
    char target[TARGET_SIZE_MAX];
    uint8_t trust_digest[SHA256_DIGEST_LENGTH];
    bool heard; /* something came over this connection since it was made or kept */
    /* the exchange */
    struct tls_trust trust;
    char path[TERN_COAP_PATH_SIZE_MAX];
    char host[260];
    struct certificates certificates;
    uint8_t held[TERN_COAP_CERTIFICATE_HELD_MAX];
    bool written;  /* the request has begun */
    bool splicing; /* what the answer says of a certificate is known */
    bool ended;    /* all of the peer's bytes were read */
    unsigned attempts;
    unsigned unanswered; /* request datagrams since something came */
    char reason[200];
    uint8_t session[DTLS_SESSION_SIZE_MAX];
    size_t session_size;
    bool (*pass)(void *context, bool up);
    void *pass_context;
};

static struct coap_carrier *own(struct carrier *carrier)
{
    return (struct coap_carrier *)(void *)carrier;
}

static int fail(struct coap_carrier *carrier, int status, const char *reason)
{
    snprintf(carrier->reason, sizeof(carrier->reason), "%s", reason);
    return status;
}

/* ---- sessions ---- */

/* One file for each target and trust. */
static int session_path(const struct coap_carrier *carrier, char *out, size_t out_size)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    uint8_t all[SHA256_DIGEST_LENGTH + TARGET_SIZE_MAX] = {0};
    memcpy(all, carrier->trust_digest, SHA256_DIGEST_LENGTH);
    memcpy(all + SHA256_DIGEST_LENGTH, carrier->target, strlen(carrier->target));
    SHA256(all, sizeof(all), digest);
    char name[40] = "dtls-";
    struct tern_writer writer = tern_writer(name + 5, sizeof(name) - 6);
    tern_hex_encode(&writer, tern_bytes(digest, 12));
    return path_join(out, out_size, carrier->options.session_folder, name);
}

static void load_session(struct coap_carrier *carrier)
{
    char path[4096];
    uint8_t *data = NULL;
    size_t size = 0;
    if (carrier->session_size > 0 || carrier->options.session_folder == NULL ||
        session_path(carrier, path, sizeof(path)) != TERN_OK ||
        file_read(path, sizeof(carrier->session), &data, &size) != TERN_OK) {
        return;
    }
    memcpy(carrier->session, data, size);
    carrier->session_size = size;
    tern_wipe(data, size);
    free(data);
}

/* After each handshake; a power cut from here on costs a resumption and no more. */
static void keep_session(struct coap_carrier *carrier)
{
    char path[4096];
    struct tern_writer out = TERN_WRITER_OF(carrier->session);
    carrier->session_size = 0;
    if (carrier->options.no_session) {
        return;
    }
    dtls_session(carrier->dtls, &out);
    carrier->session_size = out.size;
    if (out.size > 0 && carrier->options.session_folder != NULL &&
        session_path(carrier, path, sizeof(path)) == TERN_OK) {
        file_write(path, tern_writer_bytes(&out), 0600);
    }
}

static void forget_session(struct coap_carrier *carrier)
{
    char path[4096];
    tern_wipe(carrier->session, sizeof(carrier->session));
    carrier->session_size = 0;
    if (carrier->options.session_folder != NULL &&
        session_path(carrier, path, sizeof(path)) == TERN_OK) {
        unlink(path);
    }
}

/* ---- the connection ---- */

static void disconnect(struct coap_carrier *carrier)
{
    dtls_free(carrier->dtls);
    carrier->dtls = NULL;
    if (carrier->fd >= 0) {
        close(carrier->fd);
    }
    carrier->fd = -1;
}

static void send_to_socket(void *context, struct tern_bytes datagram)
{
    struct coap_carrier *carrier = context;
    carrier->base.traffic.bytes_up += datagram.size + carrier->overhead;
    carrier->base.traffic.packets_up++;
    if (carrier->pass != NULL && !carrier->pass(carrier->pass_context, true)) {
        return;
    }
    ssize_t sent = send(carrier->fd, datagram.data, datagram.size, 0);
    (void)sent; /* lost is lost */
}

static void take_plaintext(void *context, struct tern_bytes plaintext)
{
    struct coap_carrier *carrier = context;
    uint8_t opened[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer out = TERN_WRITER_OF(opened);
    if (carrier->oscore != NULL) {
        if (tern_oscore_unprotect(carrier->oscore, &out, NULL, plaintext) != TERN_OSCORE_PLAIN) {
            return;
        }
        plaintext = tern_writer_bytes(&out);
    }
    carrier->heard = true;
    carrier->unanswered = 0;
    tern_coap_client_receive(&carrier->client, plaintext, loop_now_ms());
}

/* One message of the client to the peer, protected as configured. */
static int send_message(struct coap_carrier *carrier, struct tern_bytes message)
{
    uint8_t sealed[TERN_COAP_DATAGRAM_MAX];
    struct tern_writer out = TERN_WRITER_OF(sealed);
    if (carrier->oscore != NULL) {
        int status = TERN_OK;
        if (tern_oscore_wants_save(carrier->oscore)) {
            status = oscore_file_reserve(carrier->oscore, carrier->options.oscore_state);
        }
        status = status == TERN_OK ? tern_oscore_protect(carrier->oscore, &out, message) : status;
        if (status != 1) {
            return fail(carrier, status, "OSCORE cannot protect");
        }
        message = tern_writer_bytes(&out);
    }
    if (carrier->dtls != NULL) {
        return dtls_send(carrier->dtls, message) == TERN_OK
                   ? TERN_OK
                   : fail(carrier, TERN_ERR_IO, dtls_reason(carrier->dtls));
    }
    send_to_socket(carrier, message);
    return TERN_OK;
}

/* One datagram from the socket, if it comes within this time. TERN_ERR_IO: nobody is there. */
static int take_datagram(struct coap_carrier *carrier, uint64_t wait_ms)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct pollfd ready = {.fd = carrier->fd, .events = POLLIN};
    int wait = (int)(wait_ms > WAIT_MS_MAX ? WAIT_MS_MAX : wait_ms);
    if (poll(&ready, 1, wait) <= 0) {
        return TERN_OK;
    }
    ssize_t size = recv(carrier->fd, datagram, sizeof(datagram), MSG_DONTWAIT);
    if (size < 0) {
        /* The kernel matched this ICMP error to our own packet. */
        return errno == EAGAIN || errno == EINTR ? TERN_OK
                                                 : fail(carrier, TERN_ERR_IO, strerror(errno));
    }
    carrier->base.traffic.bytes_down += (uint64_t)size + carrier->overhead;
    carrier->base.traffic.packets_down++;
    if (carrier->pass != NULL && !carrier->pass(carrier->pass_context, false)) {
        return TERN_OK;
    }
    if (carrier->dtls != NULL) {
        dtls_receive(carrier->dtls, tern_bytes(datagram, (size_t)size));
    } else {
        take_plaintext(carrier, tern_bytes(datagram, (size_t)size));
    }
    return TERN_OK;
}

static int open_socket(struct coap_carrier *carrier)
{
    struct sockaddr_storage address;
    socklen_t size = 0;
    const struct coap_options *options = &carrier->options;
    if (options->may_connect != NULL && !options->may_connect(options->context)) {
        return fail(carrier, TERN_ERR_IO, "no coverage");
    }
    int status = address_resolve(carrier->target, options->default_port, options->resolve,
                                 options->resolve_count, &address, &size);
    if (status != TERN_OK) {
        return fail(carrier, status, "the name leads nowhere");
    }
    carrier->fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (carrier->fd < 0 || connect(carrier->fd, (struct sockaddr *)&address, size) != 0) {
        return fail(carrier, TERN_ERR_IO, strerror(errno));
    }
    carrier->overhead = address.ss_family == AF_INET6 ? 48 : 28;
    return TERN_OK;
}

static int shake_hands(struct coap_carrier *carrier)
{
    const struct coap_options *options = &carrier->options;
    const struct dtls_events events = {carrier, send_to_socket, take_plaintext};
    if (!options->no_session) {
        load_session(carrier);
    }
    const struct dtls_client_options dtls = {
        .trust = carrier->trust,
        .identity = options->identity,
        .host = carrier->host,
        .psk_identity = options->psk_identity,
        .psk = options->psk,
        .session = carrier->session_size == 0 ? TERN_BYTES_NONE
                                              : tern_bytes(carrier->session, carrier->session_size),
        .short_tags = options->short_tags,
    };
    carrier->dtls = dtls_client_new(&dtls, &events, options->timing);
    if (carrier->dtls == NULL) {
        return fail(carrier, TERN_ERR_CERTIFICATE, tls_error());
    }
    dtls_start(carrier->dtls);
    while (!dtls_established(carrier->dtls)) {
        if (dtls_status(carrier->dtls) != TERN_OK) {
            if (dtls_status(carrier->dtls) != TERN_ERR_TIMEOUT) {
                forget_session(carrier); /* refused, not lost: it is of no use any more */
            }
            return fail(carrier, dtls_status(carrier->dtls), dtls_reason(carrier->dtls));
        }
        int status = take_datagram(carrier, dtls_wait_ms(carrier->dtls));
        if (status != TERN_OK) {
            return status;
        }
        dtls_tick(carrier->dtls);
    }
    bool resumed = dtls_resumed(carrier->dtls);
    carrier->base.traffic.handshakes += resumed ? 0 : 1;
    carrier->base.traffic.resumptions += resumed ? 1 : 0;
    keep_session(carrier);
    return TERN_OK;
}

static int reconnect(struct coap_carrier *carrier)
{
    disconnect(carrier);
    int status = open_socket(carrier);
    if (status == TERN_OK && !carrier->options.plain) {
        status = shake_hands(carrier);
    }
    if (status != TERN_OK) {
        disconnect(carrier);
    }
    carrier->heard = false;
    carrier->unanswered = 0;
    return status;
}

/* After a failure: wait a little, connect again, go on where it stopped. */
static int recover(struct coap_carrier *carrier, int status)
{
    while (carrier->attempts > 1 && status != TERN_ERR_CERTIFICATE) {
        uint64_t pause_ms = 200u << (carrier->options.attempts - carrier->attempts);
        carrier->attempts--;
        poll(NULL, 0, (int)(pause_ms > PAUSE_MS_MAX ? PAUSE_MS_MAX : pause_ms));
        if (tern_coap_client_resume(&carrier->client, loop_now_ms()) != TERN_OK) {
            return status;
        }
        status = reconnect(carrier);
        if (status == TERN_OK) {
            return TERN_OK;
        }
    }
    disconnect(carrier);
    return status;
}

/* Unanswered so often that another connection promises more than another retransmission. */
static bool seems_dead(const struct coap_carrier *carrier)
{
    uint8_t most = 0;
    for (size_t i = 0; i < carrier->client.window; i++) {
        const struct tern_coap_slot *slot = &carrier->client.slots[i];
        most = slot->retransmits > most ? slot->retransmits : most;
    }
    unsigned patience = carrier->heard ? 3 : 2;
    return carrier->dtls != NULL && carrier->unanswered > patience && most >= patience;
}

/* Send what is due, take what comes, until something has changed or time has passed. */
static int pump(struct coap_carrier *carrier, uint64_t wait_ms)
{
    uint8_t datagram[TERN_COAP_DATAGRAM_MAX];
    struct tern_coap_client *client = &carrier->client;
    uint64_t now_ms = loop_now_ms();
    for (;;) {
        struct tern_writer out = TERN_WRITER_OF(datagram);
        if (tern_coap_client_send(client, &out, now_ms) == 0) {
            break;
        }
        carrier->unanswered++;
        int status = send_message(carrier, tern_writer_bytes(&out));
        if (status != TERN_OK) {
            return recover(carrier, status);
        }
    }
    bool dead = seems_dead(carrier);
    if (client->phase == TERN_COAP_FAILED || dead) {
        int error = dead ? TERN_ERR_TIMEOUT : client->error;
        return recover(carrier, fail(carrier, error, tern_error_text(error)));
    }
    uint64_t due_ms = tern_coap_client_due_ms(client);
    uint64_t left_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    int status = take_datagram(carrier, left_ms < wait_ms ? left_ms : wait_ms);
    if (status == TERN_OK && carrier->dtls != NULL && dtls_status(carrier->dtls) != TERN_OK) {
        status = fail(carrier, TERN_ERR_IO, dtls_reason(carrier->dtls)); /* the peer said goodbye */
    }
    return status == TERN_OK ? TERN_OK : recover(carrier, status);
}

/* ---- the verbs ---- */

static void digest_trust(const struct tls_trust *trust, uint8_t out[SHA256_DIGEST_LENGTH])
{
    const struct tern_bytes parts[] = {trust->spki, trust->certificate, trust->anchors};
    uint8_t digests[3][SHA256_DIGEST_LENGTH];
    for (size_t i = 0; i < 3; i++) {
        SHA256(parts[i].data == NULL ? (const uint8_t *)"" : parts[i].data, parts[i].size,
               digests[i]);
    }
    SHA256(digests[0], sizeof(digests), out);
}

static int coap_begin(struct carrier *base, const struct carrier_request *request)
{
    struct coap_carrier *carrier = own(base);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    carrier->reason[0] = '\0';
    digest_trust(&request->trust, digest);
    carrier->trust = request->trust;
    carrier->attempts = carrier->options.attempts;
    if (strlen(request->address) >= sizeof(carrier->target) ||
        strlen(request->path) >= sizeof(carrier->path) || request->json ||
        address_host(request->address, carrier->host, sizeof(carrier->host)) != TERN_OK) {
        return fail(carrier, TERN_ERR_UNSUPPORTED, "not for this carrier");
    }
    bool same = strcmp(carrier->target, request->address) == 0 &&
                memcmp(carrier->trust_digest, digest, sizeof(digest)) == 0;
    if (!same) {
        disconnect(carrier);
        tern_wipe(carrier->session, sizeof(carrier->session));
        carrier->session_size = 0;
    }
    memcpy(carrier->trust_digest, digest, sizeof(digest));
    snprintf(carrier->target, sizeof(carrier->target), "%s", request->address);
    bool shorter = carrier->oscore != NULL && strcmp(request->path, CARRIER_ESIPA_PATH) == 0;
    snprintf(carrier->path, sizeof(carrier->path), "%s",
             shorter ? CARRIER_OSCORE_PATH : request->path);
    carrier->heard = false;
    carrier->unanswered = 0;
    const struct tern_coap_request coap = {
        .method = carrier->options.method == 0 ? TERN_COAP_POST : carrier->options.method,
        .path = tern_bytes_text(carrier->path),
        .content_format = carrier->options.content_format,
        .accept = TERN_COAP_FORMAT_NONE,
        .total_size = (uint32_t)request->total_size,
    };
    tern_coap_client_begin(&carrier->client, &coap);
    carrier->written = carrier->splicing = carrier->ended = false;
    if (carrier->fd >= 0) {
        return TERN_OK;
    }
    int status = reconnect(carrier);
    while (status != TERN_OK && status != TERN_ERR_CERTIFICATE && carrier->attempts > 1) {
        carrier->attempts--;
        poll(NULL, 0, 200);
        status = reconnect(carrier);
    }
    return status;
}

/* InitiateAuthentication and AuthenticateClient are answered with a certificate: say which ones are
 * here already. */
static void say_held(struct coap_carrier *carrier, struct tern_bytes piece)
{
    bool answered_so =
        piece.size > 1 && piece.data[0] == 0xBF && (piece.data[1] == 0x39 || piece.data[1] == 0x3B);
    if (!carrier->written && answered_so && !carrier->options.no_certificates) {
        struct tern_writer held = TERN_WRITER_OF(carrier->held);
        certificates_write_held(&carrier->certificates, &held);
        carrier->client.request.certificates_held = tern_bytes(carrier->held, held.size);
    }
    carrier->written = true;
}

static int coap_send(struct carrier *base, struct tern_bytes piece, bool last)
{
    struct coap_carrier *carrier = own(base);
    if (carrier->fd < 0) {
        return TERN_ERR_STATE;
    }
    say_held(carrier, piece);
    for (;;) {
        size_t taken = 0;
        enum tern_coap_phase before = carrier->client.phase;
        int status = tern_coap_client_write(&carrier->client, &taken, piece, last, loop_now_ms());
        if (status != TERN_OK) {
            return status;
        }
        bool took_last = before != TERN_COAP_SENDING || carrier->client.phase != TERN_COAP_SENDING;
        piece = tern_bytes_slice(piece, taken, piece.size);
        if (piece.size == 0 && (!last || took_last)) {
            return TERN_OK;
        }
        status = pump(carrier, WAIT_MS_MAX);
        if (status != TERN_OK) {
            return status;
        }
    }
}

/* The answer's head says whether a certificate is left out of it or to be kept. */
static int begin_splicing(struct coap_carrier *carrier)
{
    const struct tern_coap_client *client = &carrier->client;
    if (carrier->splicing || !client->head_known) {
        return TERN_OK;
    }
    carrier->splicing = true;
    return certificates_begin(&carrier->certificates,
                              tern_bytes(client->certificate, client->certificate_size));
}

/* Take what the peer sent, and put in what it left out. False: nothing is there yet. */
static bool take_body(struct coap_carrier *carrier, struct tern_writer *out, bool *last)
{
    struct certificates *certificates = &carrier->certificates;
    size_t inserted = certificates_insert(certificates, out->data, out->capacity);
    out->size = inserted;
    if (inserted == 0 && !carrier->ended) {
        struct tern_writer piece =
            tern_writer(out->data, certificates_room(certificates, out->capacity));
        carrier->ended = tern_coap_client_read(&carrier->client, &piece);
        certificates_pass(certificates, tern_writer_bytes(&piece));
        out->size = piece.size;
    }
    *last = carrier->ended && !certificates_wait(certificates);
    return out->size > 0 || *last;
}

static int coap_read(struct carrier *base, uint8_t *out, size_t out_size, size_t *size, bool *last,
                     bool *nothing_waits)
{
    struct coap_carrier *carrier = own(base);
    struct tern_coap_client *client = &carrier->client;
    *size = 0;
    *last = false;
    if (carrier->fd < 0) {
        return TERN_ERR_STATE;
    }
    for (;;) {
        struct tern_writer writer = tern_writer(out, out_size);
        bool answered = client->phase == TERN_COAP_RECEIVING || client->phase == TERN_COAP_DONE;
        if (answered && TERN_COAP_CLASS(client->code) != 2) {
            char text[40];
            snprintf(text, sizeof(text), "%u.%02u", client->code >> 5, client->code & 31u);
            return fail(carrier, TERN_ERR_UNEXPECTED, text);
        }
        int status = begin_splicing(carrier);
        if (status != TERN_OK) {
            return fail(carrier, status, "a certificate is meant that we do not hold");
        }
        if (answered && take_body(carrier, &writer, last)) {
            *size = writer.size;
            *nothing_waits = *last && client->nothing_waits;
            carrier->base.traffic.round_trips += *last ? 1 : 0;
            carrier->attempts = carrier->options.attempts; /* it moves: patience begins anew */
            /* While the reader is busy with this, the next blocks are on their way. */
            if (!*last) {
                pump(carrier, 0); /* an error shows itself again at the next call */
            }
            return TERN_OK;
        }
        if (carrier->ended) {
            return fail(carrier, TERN_ERR_MALFORMED, "a certificate is meant behind the end");
        }
        status = pump(carrier, WAIT_MS_MAX);
        if (status != TERN_OK) {
            return status;
        }
    }
}

/* The connection stays: its state costs nothing, and the next exchange begins without a handshake.
 */
static void coap_sleep(struct carrier *base)
{
    (void)base;
}

static void coap_free(struct carrier *base)
{
    struct coap_carrier *carrier = own(base);
    disconnect(carrier);
    tern_wipe(carrier->session, sizeof(carrier->session));
    if (carrier->oscore != NULL) {
        tern_wipe(carrier->oscore, sizeof(*carrier->oscore));
    }
    free(carrier->oscore);
    free(carrier->memory);
    free(carrier);
}

static const struct carrier_verbs VERBS = {coap_begin, coap_send, coap_read, coap_sleep, coap_free};

static int open_oscore(struct coap_carrier *carrier)
{
    char error[300];
    struct oscore_file *file = oscore_file_load(carrier->options.oscore_file, error, sizeof(error));
    carrier->oscore = calloc(1, sizeof(*carrier->oscore));
    int status = TERN_ERR_MALFORMED;
    if (file == NULL) {
        log_error("coap.oscore", "reason", error);
    } else if (carrier->oscore != NULL) {
        status = oscore_file_device(file, carrier->oscore, carrier->options.oscore_state);
    }
    oscore_file_free(file);
    return status;
}

struct carrier *coap_carrier_new(const struct coap_options *options)
{
    struct coap_carrier *carrier = calloc(1, sizeof(*carrier));
    if (carrier == NULL) {
        return NULL;
    }
    carrier->base.verbs = &VERBS;
    carrier->fd = -1;
    carrier->options = *options;
    struct coap_options *own_options = &carrier->options;
    certificates_open(&carrier->certificates, options->certificate_folder);
    own_options->default_port = options->default_port == 0 ? 5684 : options->default_port;
    own_options->szx = options->szx == 0 ? 6 : options->szx;
    own_options->window = options->window == 0 ? 4 : options->window;
    own_options->attempts = options->attempts == 0 ? 4 : options->attempts;
    own_options->timing = options->timing == NULL ? &TERN_COAP_TIMING_DEFAULT : options->timing;
    own_options->content_format =
        options->content_format == 0 ? TERN_COAP_FORMAT_NONE : options->content_format;
    size_t memory_size =
        TERN_COAP_CLIENT_MEMORY((size_t)16 << own_options->szx, own_options->window);
    carrier->memory = malloc(memory_size);
    uint64_t random = 0;
    if (options->oscore_file != NULL && open_oscore(carrier) != TERN_OK) {
        coap_free(&carrier->base);
        return NULL;
    }
    if (carrier->memory == NULL || RAND_bytes((unsigned char *)&random, sizeof(random)) != 1 ||
        tern_coap_client_init(&carrier->client, own_options->timing, carrier->memory, memory_size,
                              own_options->szx, own_options->window, random) != TERN_OK) {
        coap_free(&carrier->base);
        return NULL;
    }
    return &carrier->base;
}

const char *coap_carrier_reason(const struct carrier *carrier)
{
    return ((const struct coap_carrier *)(const void *)carrier)->reason;
}

void coap_carrier_filter(struct carrier *carrier, bool (*pass)(void *context, bool up),
                         void *context)
{
    own(carrier)->pass = pass;
    own(carrier)->pass_context = context;
}
