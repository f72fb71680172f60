/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTPS for a device: one request after the other, each body streamed in and out.
 *
 * libcurl serves the servers' client side (host/http); here its manners are in the way: it pushes
 * a reply as fast as it comes, while a device must pull, because the card behind it takes its
 * time, and RAM must not grow with the profile. What is left of HTTP/1.1 is little: a head with a
 * known Content-Length out, a status line, three headers and a counted or chunked body in.
 * docs/decisions/https-carrier.md
 */
#include "host/carrier/https.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <unistd.h>

#define HEAD_SIZE   2048
#define TIMEOUT_MS  120000
#define SEGMENT     1348
#define RECORD_SIZE (SEGMENT - 29) /* with its head and tag (TLS 1.2, GCM) one segment */
#define IP_TCP_SIZE 52             /* IPv4 and TCP with timestamps */

enum body {
    BODY_NONE,
    BODY_COUNTED,
    BODY_CHUNKED,
    BODY_TO_END,
};

struct https {
    struct carrier carrier;
    struct https_options options;
    struct carrier_request request;
    char address[RESOLVE_HOST_SIZE + 8];
    char path[128];
    /* the connection */
    int fd;
    SSL_CTX *context;
    SSL *ssl;
    char connected_to[RESOLVE_HOST_SIZE + 8];
    uint64_t spki_mark; /* of the trust it was made with */
    uint64_t seen[4];   /* of tcp_info: bytes and segments already counted */
    /* the exchange */
    bool head_sent;
    bool head_read;
    bool nothing_waits;
    bool close_after;
    enum body body;
    uint64_t body_left; /* counted: of the body; chunked: of the chunk */
    bool chunk_open;
    uint8_t out[RECORD_SIZE]; /* what goes out with the next record */
    size_t out_size;
    char head[HEAD_SIZE]; /* what was read ahead */
    size_t head_start;
    size_t head_end;
};

static struct https *self(struct carrier *carrier)
{
    return (struct https *)(void *)carrier;
}

/* ---- The connection ---- */

static void count(struct https *https)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);
    memset(&info, 0, sizeof(info));
    if (https->fd < 0 || getsockopt(https->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return;
    }
    uint64_t now[4] = {info.tcpi_bytes_sent, info.tcpi_bytes_received, info.tcpi_segs_out,
                       info.tcpi_segs_in};
    struct carrier_traffic *traffic = &https->carrier.traffic;
    uint64_t *seen = https->seen;
    traffic->packets_up += now[2] - seen[2];
    traffic->packets_down += now[3] - seen[3];
    traffic->bytes_up += now[0] - seen[0] + (now[2] - seen[2]) * IP_TCP_SIZE;
    traffic->bytes_down += now[1] - seen[1] + (now[3] - seen[3]) * IP_TCP_SIZE;
    memcpy(seen, now, sizeof(now));
}

static void disconnect(struct https *https)
{
    if (https->ssl != NULL) {
        SSL_shutdown(https->ssl);
    }
    count(https);
    SSL_free(https->ssl);
    SSL_CTX_free(https->context);
    https->ssl = NULL;
    https->context = NULL;
    if (https->fd >= 0) {
        close(https->fd);
    }
    https->fd = -1;
    https->connected_to[0] = '\0';
    ERR_clear_error();
}

/* A peer that has closed is readable: nothing was asked yet. */
static bool is_stale(const struct https *https)
{
    struct pollfd pollfd = {.fd = https->fd, .events = POLLIN};
    return poll(&pollfd, 1, 0) != 0;
}

static uint64_t mark_of(const struct tls_trust *trust)
{
    uint64_t mark = 14695981039346656037U;
    const struct tern_bytes all[] = {trust->spki, trust->certificate, trust->anchors};
    for (size_t i = 0; i < TERN_COUNT_OF(all); i++) {
        for (size_t j = 0; j < all[i].size; j++) {
            mark = (mark ^ all[i].data[j]) * 1099511628211U;
        }
        mark ^= all[i].size + i;
    }
    return mark;
}

static int open_socket(struct https *https, const struct sockaddr_storage *address, socklen_t size)
{
    unsigned timeout_ms = https->options.timeout_ms != 0 ? https->options.timeout_ms : TIMEOUT_MS;
    struct timeval timeout = {.tv_sec = timeout_ms / 1000,
                              .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};
    int segment = (int)(https->options.segment_size != 0 ? https->options.segment_size : SEGMENT);
    int on = 1;
    https->fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (https->fd < 0) {
        return TERN_ERR_IO;
    }
    setsockopt(https->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(https->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    setsockopt(https->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
    setsockopt(https->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    memset(https->seen, 0, sizeof(https->seen));
    return connect(https->fd, (const struct sockaddr *)(const void *)address, size) == 0
               ? TERN_OK
               : TERN_ERR_IO;
}

static int shake_hands(struct https *https, const char *host)
{
    https->context = SSL_CTX_new(TLS_client_method());
    if (https->context == NULL) {
        return TERN_ERR_CRYPTO;
    }
    int status = tls_client_setup(https->context, &https->request.trust, NULL, host);
    if (status != TERN_OK) {
        return status;
    }
    https->ssl = SSL_new(https->context);
    if (https->ssl == NULL || SSL_set_fd(https->ssl, https->fd) != 1 ||
        SSL_set_tlsext_host_name(https->ssl, host) != 1) {
        return TERN_ERR_CRYPTO;
    }
    if (SSL_connect(https->ssl) != 1) {
        bool refused = SSL_get_verify_result(https->ssl) != X509_V_OK;
        return refused ? TERN_ERR_CERTIFICATE : TERN_ERR_IO;
    }
    https->carrier.traffic.handshakes++;
    return TERN_OK;
}

static int connect_peer(struct https *https)
{
    char host[RESOLVE_HOST_SIZE];
    uint16_t port;
    struct sockaddr_storage address;
    socklen_t size;
    uint64_t mark = mark_of(&https->request.trust);
    if (https->ssl != NULL && strcmp(https->connected_to, https->address) == 0 &&
        https->spki_mark == mark && !is_stale(https)) {
        return TERN_OK;
    }
    disconnect(https);
    if (https->options.may_connect != NULL && !https->options.may_connect(https->options.context)) {
        return TERN_ERR_IO;
    }
    uint16_t default_port = https->options.default_port != 0 ? https->options.default_port : 443;
    int status = resolve_split(https->address, default_port, host, &port);
    if (status == TERN_OK) {
        status = resolve_address(&https->options.resolve, host, port, SOCK_STREAM, &address, &size);
    }
    if (status == TERN_OK) {
        status = open_socket(https, &address, size);
    }
    if (status == TERN_OK) {
        status = shake_hands(https, host);
    }
    if (status != TERN_OK) {
        disconnect(https);
        return status;
    }
    snprintf(https->connected_to, sizeof(https->connected_to), "%s", https->address);
    https->spki_mark = mark;
    return TERN_OK;
}

static int give_up(struct https *https, int status)
{
    disconnect(https);
    return status;
}

/* ---- Sending ---- */

static int begin(struct carrier *carrier, const struct carrier_request *request)
{
    struct https *https = self(carrier);
    bool open = https->head_sent; /* the last exchange was not read to its end */
    https->request = *request;
    if (open) {
        disconnect(https);
    }
    snprintf(https->address, sizeof(https->address), "%s", request->address);
    snprintf(https->path, sizeof(https->path), "%s", request->path);
    https->head_sent = false;
    https->head_read = false;
    https->nothing_waits = false;
    https->close_after = false;
    https->head_start = 0;
    https->head_end = 0;
    return TERN_OK;
}

static int write_all(struct https *https, const void *data, size_t size)
{
    const uint8_t *at = data;
    while (size > 0) {
        int written = SSL_write(https->ssl, at, (int)size);
        if (written <= 0) {
            return TERN_ERR_IO;
        }
        at += written;
        size -= (size_t)written;
    }
    return TERN_OK;
}

/* What waits for a whole record: a piece of its own would be a packet of its own. */
static int flush(struct https *https)
{
    int status = write_all(https, https->out, https->out_size);
    https->out_size = 0;
    return status;
}

static int put(struct https *https, struct tern_bytes bytes)
{
    while (bytes.size > 0) {
        size_t room = RECORD_SIZE - https->out_size;
        size_t take = bytes.size < room ? bytes.size : room;
        memcpy(https->out + https->out_size, bytes.data, take);
        https->out_size += take;
        bytes = tern_bytes_slice(bytes, take, bytes.size);
        int status = https->out_size == RECORD_SIZE ? flush(https) : TERN_OK;
        if (status != TERN_OK) {
            return status;
        }
    }
    return TERN_OK;
}

static int write_head(struct https *https)
{
    char out[HEAD_SIZE];
    const struct https_options *options = &https->options;
    int size = snprintf(
        out, sizeof(out),
        "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nX-Admin-Protocol: %s\r\n"
        "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
        https->path, https->address,
        options->user_agent != NULL ? options->user_agent : "gsma-rsp-ipad",
        options->admin_protocol != NULL ? options->admin_protocol : "gsma/rsp/v2.1.0",
        https->request.json ? "application/json;charset=UTF-8" : "application/x-gsma-rsp-asn1",
        https->request.total_size);
    if (size < 0 || (size_t)size >= sizeof(out)) {
        return TERN_ERR_NO_SPACE;
    }
    return put(https, tern_bytes(out, (size_t)size));
}

static int send_piece(struct carrier *carrier, struct tern_bytes piece, bool last)
{
    struct https *https = self(carrier);
    int status = TERN_OK;
    if (!https->head_sent) {
        status = connect_peer(https);
        if (status == TERN_OK) {
            https->head_sent = true;
            https->out_size = 0;
            status = write_head(https);
        }
    }
    if (status == TERN_OK) {
        status = put(https, piece);
    }
    if (status == TERN_OK && last) {
        status = flush(https);
    }
    if (last) {
        https->carrier.traffic.round_trips++;
    }
    if (status != TERN_OK) {
        https->head_sent = false;
        return give_up(https, status);
    }
    return TERN_OK;
}

/* ---- Reading ---- */

static int fill(struct https *https)
{
    if (https->head_start > 0) {
        memmove(https->head, https->head + https->head_start, https->head_end - https->head_start);
        https->head_end -= https->head_start;
        https->head_start = 0;
    }
    if (https->head_end == sizeof(https->head)) {
        return TERN_ERR_NO_SPACE;
    }
    int size = SSL_read(https->ssl, https->head + https->head_end,
                        (int)(sizeof(https->head) - https->head_end));
    if (size <= 0) {
        bool end = SSL_get_error(https->ssl, size) == SSL_ERROR_ZERO_RETURN;
        return end ? TERN_ERR_TRUNCATED : TERN_ERR_IO;
    }
    https->head_end += (size_t)size;
    return TERN_OK;
}

/* The next line, its end cut off, in place. */
static int read_line(struct https *https, char **line)
{
    for (;;) {
        char *start = https->head + https->head_start;
        size_t size = https->head_end - https->head_start;
        char *end = size > 0 ? memchr(start, '\n', size) : NULL;
        if (end != NULL) {
            https->head_start += (size_t)(end - start) + 1;
            *end = '\0';
            if (end > start && end[-1] == '\r') {
                end[-1] = '\0';
            }
            *line = start;
            return TERN_OK;
        }
        int status = fill(https);
        if (status != TERN_OK) {
            return status;
        }
    }
}

static const char *header_value(const char *line, const char *name)
{
    size_t size = strlen(name);
    if (strncasecmp(line, name, size) != 0 || line[size] != ':') {
        return NULL;
    }
    line += size + 1;
    while (*line == ' ' || *line == '\t') {
        line++;
    }
    return line;
}

static int take_header(struct https *https, const char *line)
{
    const char *value;
    if ((value = header_value(line, "Content-Length")) != NULL) {
        char *end;
        errno = 0;
        https->body_left = strtoull(value, &end, 10);
        if (end == value || *end != '\0' || errno != 0 || https->body == BODY_CHUNKED) {
            return TERN_ERR_MALFORMED;
        }
        https->body = BODY_COUNTED;
    } else if ((value = header_value(line, "Transfer-Encoding")) != NULL) {
        if (strcasecmp(value, "chunked") != 0 || https->body == BODY_COUNTED) {
            return TERN_ERR_MALFORMED;
        }
        https->body = BODY_CHUNKED;
        https->body_left = 0;
        https->chunk_open = false;
    } else if ((value = header_value(line, "Connection")) != NULL) {
        https->close_after = strcasecmp(value, "close") == 0;
    } else if ((value = header_value(line, "X-Tern-Waiting")) != NULL) {
        https->nothing_waits = strcmp(value, "0") == 0;
    }
    return TERN_OK;
}

static int read_head(struct https *https)
{
    char *line;
    int status = read_line(https, &line);
    if (status != TERN_OK) {
        return status;
    }
    if (strncmp(line, "HTTP/1.", 7) != 0 || strlen(line) < 12 || line[8] != ' ') {
        return TERN_ERR_MALFORMED;
    }
    char *end;
    unsigned long code = strtoul(line + 9, &end, 10);
    if (end != line + 12) {
        return TERN_ERR_MALFORMED;
    }
    https->body = BODY_TO_END;
    while ((status = read_line(https, &line)) == TERN_OK && line[0] != '\0') {
        status = take_header(https, line);
        if (status != TERN_OK) {
            return status;
        }
    }
    if (status != TERN_OK) {
        return status;
    }
    if (code == 204) {
        https->body = BODY_NONE;
    }
    if (code == 100) {
        return read_head(https);
    }
    https->head_read = true;
    return code == 200 || code == 204 ? TERN_OK : TERN_ERR_UNEXPECTED;
}

/* Bytes of the body that may be taken now; 0 at its end. */
static int body_offer(struct https *https, uint64_t *offer)
{
    *offer = https->body == BODY_TO_END ? UINT64_MAX : 0;
    if (https->body == BODY_COUNTED) {
        *offer = https->body_left;
    }
    if (https->body != BODY_CHUNKED) {
        return TERN_OK;
    }
    if (https->body_left == 0) {
        char *line;
        int status = TERN_OK;
        if (https->chunk_open) {
            status = read_line(https, &line); /* the end of the last chunk */
        }
        if (status == TERN_OK) {
            status = read_line(https, &line);
        }
        if (status != TERN_OK) {
            return status;
        }
        https->chunk_open = true;
        https->body_left = strtoull(line, NULL, 16);
        while (https->body_left == 0 && line[0] != '\0') { /* trailers */
            status = read_line(https, &line);
            if (status != TERN_OK) {
                return status;
            }
        }
    }
    *offer = https->body_left;
    return TERN_OK;
}

static int read_body(struct https *https, uint8_t *out, size_t out_size, size_t *size)
{
    uint64_t offer;
    *size = 0;
    int status = body_offer(https, &offer);
    if (status != TERN_OK || offer == 0) {
        return status;
    }
    if (https->head_start == https->head_end) {
        https->head_start = 0;
        https->head_end = 0;
        status = fill(https);
        if (status == TERN_ERR_TRUNCATED && https->body == BODY_TO_END) {
            https->body = BODY_NONE;
            https->close_after = true;
            return TERN_OK;
        }
        if (status != TERN_OK) {
            return status;
        }
    }
    size_t have = https->head_end - https->head_start;
    size_t take = have < out_size ? have : out_size;
    take = take < offer ? take : (size_t)offer;
    memcpy(out, https->head + https->head_start, take);
    https->head_start += take;
    https->body_left -= https->body == BODY_TO_END ? 0 : take;
    *size = take;
    return TERN_OK;
}

static int read_piece(struct carrier *carrier, uint8_t *out, size_t out_size, size_t *size,
                      bool *last, bool *nothing_waits)
{
    struct https *https = self(carrier);
    int status = https->head_read ? TERN_OK : read_head(https);
    *last = false;
    if (status == TERN_OK) {
        status = read_body(https, out, out_size, size);
    }
    if (status != TERN_OK) {
        https->head_sent = false;
        return give_up(https, status);
    }
    bool counted_out = https->body == BODY_COUNTED && https->body_left == 0;
    *last = *size == 0 || counted_out;
    *nothing_waits = https->nothing_waits;
    if (*last) {
        https->head_sent = false;
        count(https);
        if (https->close_after) {
            disconnect(https);
        }
    }
    return TERN_OK;
}

/* A TCP connection does not outlive the sleep of a device: NATs forget it. */
static void sleep_now(struct carrier *carrier)
{
    disconnect(self(carrier));
}

static void free_carrier(struct carrier *carrier)
{
    disconnect(self(carrier));
    free(carrier);
}

struct carrier *https_carrier_new(const struct https_options *options)
{
    static const struct carrier_verbs VERBS = {begin, send_piece, read_piece, sleep_now,
                                               free_carrier};
    struct https *https = calloc(1, sizeof(*https));
    if (https == NULL) {
        return NULL;
    }
    https->carrier.verbs = &VERBS;
    https->options = *options;
    https->fd = -1;
    return &https->carrier;
}
