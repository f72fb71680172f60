/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl behind our own rules: see client.h.
 *
 * Trust lives in our verify callback (host/tls/tls.c), which libcurl does not know of when it looks
 * for a connection to reuse. So every combination of trust and identity gets a CAPATH of its own, a
 * path that does not exist: libcurl compares it, OpenSSL finds nothing there, and a connection made
 * for one trust is never used under another.
 *
 * Bytes and segments on the wire come from TCP_INFO, whose counters stand for a whole connection:
 * the socket table keeps what was charged already.
 */
#include "host/http/client.h"

#include <curl/curl.h>
#include <linux/tcp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "host/http/address.h"
#include "tern/limits.h"

#define HEADERS_SIZE_MAX 16384
#define FD_MAX           65536

/* What a socket has carried: sent, received, segments sent, segments received. */
struct traffic {
    uint64_t counts[4];
};

struct socket_record {
    struct traffic charged; /* to calls that are done */
    struct traffic total;   /* as of its closing */
    bool closed;
};

struct resolve_entry {
    char host[260];
    uint16_t port;
    char address[80];
};

struct http_client {
    struct loop *loop;
    CURLM *multi;   /* driven by the loop */
    CURLM *waiting; /* driven by http_client_call() */
    struct loop_timer *timer;
    struct loop_timer *refusals;
    struct resolve_entry *resolve;
    size_t resolve_count;
    const struct outbound_policy *policy;
    struct http_transfer *first;
    struct socket_record **sockets; /* by file descriptor */
};

struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

struct http_transfer {
    struct http_client *client;
    struct http_transfer *next;
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    struct http_call call;
    uint8_t *copies[6]; /* what `call` points to */
    char host[260];
    char error_text[CURL_ERROR_SIZE];
    struct buffer body;
    struct buffer header_lines;
    bool refused; /* never given to libcurl */
    int error;    /* set by a callback: it tells more than libcurl's code */
    bool connected;
    bool verification_failed;
    int fd;
    void (*on_done)(void *context, const struct http_response *response);
    void *done_context;
};

/* ---- traffic ---- */

static void read_traffic(int fd, struct traffic *traffic)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);
    memset(&info, 0, sizeof(info));
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) {
        /* A busy machine's spurious retransmissions are not what the exchange costs. */
        traffic->counts[0] = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
        traffic->counts[1] = info.tcpi_bytes_received;
        traffic->counts[2] = info.tcpi_segs_out;
        traffic->counts[3] = info.tcpi_segs_in;
    }
}

static void charge(struct http_transfer *transfer, struct http_response *response)
{
    if (transfer->fd < 0 || transfer->client->sockets[transfer->fd] == NULL) {
        return;
    }
    struct socket_record *record = transfer->client->sockets[transfer->fd];
    if (!record->closed) {
        read_traffic(transfer->fd, &record->total);
    }
    uint64_t cost[4];
    for (size_t i = 0; i < 4; i++) {
        cost[i] = record->total.counts[i] - record->charged.counts[i];
    }
    record->charged = record->total;
    response->bytes_sent = cost[0];
    response->bytes_received = cost[1];
    response->segments_sent = cost[2];
    response->segments_received = cost[3];
}

/* ---- libcurl's questions ---- */

static bool is_resolved_here(const struct http_client *client, const char *address)
{
    for (size_t i = 0; i < client->resolve_count; i++) {
        const char *entry = client->resolve[i].address;
        size_t size = strlen(address);
        if (strncmp(entry, address, size) == 0 ||
            (entry[0] == '[' && strncmp(entry + 1, address, size) == 0)) {
            return true;
        }
    }
    return false;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_transfer *transfer = context;
    struct http_client *client = transfer->client;
    char text[INET6_ADDRSTRLEN];
    uint16_t port = 0;
    (void)purpose;
    address_text(&address->addr, text, &port);
    if (!is_resolved_here(client, text) &&
        outbound_check_address(client->policy, &address->addr) != TERN_OK) {
        transfer->error = TERN_ERR_DENIED;
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0 || fd >= FD_MAX) {
        return CURL_SOCKET_BAD;
    }
    if (client->sockets[fd] == NULL) {
        client->sockets[fd] = malloc(sizeof(struct socket_record));
    }
    if (client->sockets[fd] != NULL) {
        *client->sockets[fd] = (struct socket_record){0};
    }
    transfer->fd = fd;
    transfer->connected = true;
    return fd;
}

static int close_socket(void *context, curl_socket_t fd)
{
    struct http_client *client = context;
    if (fd >= 0 && fd < FD_MAX && client->sockets[fd] != NULL) {
        read_traffic(fd, &client->sockets[fd]->total);
        client->sockets[fd]->closed = true;
    }
    return close(fd);
}

static CURLcode set_up_tls(CURL *easy, void *tls, void *context)
{
    struct http_transfer *transfer = context;
    (void)easy;
    int status =
        tls_client_setup(tls, &transfer->call.trust, &transfer->call.identity, transfer->host);
    if (status != TERN_OK) {
        transfer->error = status;
        snprintf(transfer->error_text, sizeof(transfer->error_text), "%s", tls_error());
        return CURLE_SSL_CERTPROBLEM;
    }
    return CURLE_OK;
}

static bool keep(struct buffer *buffer, const void *data, size_t size, size_t size_max)
{
    if (size > size_max - buffer->size) {
        return false;
    }
    if (buffer->size + size > buffer->capacity) {
        size_t capacity = buffer->capacity == 0 ? 2048 : buffer->capacity;
        while (capacity < buffer->size + size) {
            capacity *= 2;
        }
        uint8_t *larger = realloc(buffer->data, capacity);
        if (larger == NULL) {
            return false;
        }
        buffer->data = larger;
        buffer->capacity = capacity;
    }
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    return true;
}

static long status_of(const struct http_transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t take_body(char *data, size_t one, size_t size, void *context)
{
    struct http_transfer *transfer = context;
    size *= one;
    if (transfer->call.on_body != NULL && status_of(transfer) / 100 == 2) {
        transfer->body.size += size; /* only counted */
        transfer->error =
            transfer->body.size > transfer->call.response_size_max
                ? TERN_ERR_NO_SPACE
                : transfer->call.on_body(transfer->call.context, tern_bytes(data, size));
    } else if (!keep(&transfer->body, data, size, transfer->call.response_size_max)) {
        transfer->error = TERN_ERR_NO_SPACE;
    }
    return transfer->error == TERN_OK ? size : 0;
}

static size_t take_header(char *data, size_t one, size_t size, void *context)
{
    struct http_transfer *transfer = context;
    curl_socket_t fd = CURL_SOCKET_BAD;
    size *= one;
    if (curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd >= 0 &&
        fd < FD_MAX) {
        transfer->fd = fd; /* a reused connection shows itself here first */
    }
    if (size > 5 && memcmp(data, "HTTP/", 5) == 0) {
        transfer->header_lines.size = 0; /* after 100 Continue the real one begins */
    }
    if (!keep(&transfer->header_lines, data, size, HEADERS_SIZE_MAX)) {
        transfer->error = TERN_ERR_NO_SPACE;
        return 0;
    }
    return size;
}

/* ---- one transfer ---- */

static void free_transfer(struct http_transfer *transfer)
{
    for (struct http_transfer **at = &transfer->client->first; *at != NULL; at = &(*at)->next) {
        if (*at == transfer) {
            *at = transfer->next;
            break;
        }
    }
    if (transfer->easy != NULL) {
        curl_easy_cleanup(transfer->easy);
    }
    curl_slist_free_all(transfer->headers);
    curl_slist_free_all(transfer->connect_to);
    if (transfer->copies[5] != NULL) {
        tern_wipe(transfer->copies[5], transfer->call.identity.key.size);
    }
    for (size_t i = 0; i < TERN_COUNT_OF(transfer->copies); i++) {
        free(transfer->copies[i]);
    }
    free(transfer->body.data);
    free(transfer->header_lines.data);
    free(transfer);
}

static bool copy_bytes(struct tern_bytes *bytes, uint8_t **copy)
{
    if (bytes->data == NULL) {
        return true;
    }
    *copy = malloc(bytes->size + 1);
    if (*copy != NULL) {
        if (bytes->size > 0) {
            memcpy(*copy, bytes->data, bytes->size);
        }
        bytes->data = *copy;
    }
    return *copy != NULL;
}

static bool copy_call(struct http_transfer *transfer, const struct http_call *call)
{
    struct http_call *own = &transfer->call;
    *own = *call;
    own->timeout_ms = own->timeout_ms == 0 ? TERN_HTTP_CLIENT_TIMEOUT_MS : own->timeout_ms;
    own->response_size_max =
        own->response_size_max == 0 ? TERN_HTTP_BODY_SIZE : own->response_size_max;
    return copy_bytes(&own->body, &transfer->copies[0]) &&
           copy_bytes(&own->trust.spki, &transfer->copies[1]) &&
           copy_bytes(&own->trust.certificate, &transfer->copies[2]) &&
           copy_bytes(&own->trust.anchors, &transfer->copies[3]) &&
           copy_bytes(&own->identity.certificates, &transfer->copies[4]) &&
           copy_bytes(&own->identity.key, &transfer->copies[5]);
}

static bool has_header(const struct http_call *call, const char *name)
{
    for (size_t i = 0; i < call->header_count; i++) {
        if (strcasecmp(call->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    *list = longer == NULL ? *list : longer;
    return longer != NULL;
}

static bool set_headers(struct http_transfer *transfer, const struct http_call *call)
{
    /* What libcurl would add on its own, and every byte costs on NB-IoT. */
    static const char *const UNWANTED[][2] = {
        {"Accept",       "Accept:"      },
        {"Expect",       "Expect:"      },
        {"Content-Type", "Content-Type:"}
    };
    bool ok = true;
    for (size_t i = 0; i < TERN_COUNT_OF(UNWANTED); i++) {
        if (!has_header(call, UNWANTED[i][0])) {
            ok = ok && add_line(&transfer->headers, UNWANTED[i][1]);
        }
    }
    for (size_t i = 0; i < call->header_count; i++) {
        char line[1100];
        const char *value = call->headers[i].value;
        int size = snprintf(line, sizeof(line), "%s: %s", call->headers[i].name, value);
        ok = ok && size > 0 && (size_t)size < sizeof(line) && strpbrk(line, "\r\n") == NULL &&
             add_line(&transfer->headers, line);
    }
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    return ok;
}

/* Scheme, host and port of the URL, checked against the policy and the resolve entries. */
static int set_target(struct http_transfer *transfer, const char *url)
{
    struct http_client *client = transfer->client;
    CURLU *parsed = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    int status = TERN_ERR_MALFORMED;
    if (parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        size_t size = strlen(host);
        bool bracketed = host[0] == '[' && size > 2;
        snprintf(transfer->host, sizeof(transfer->host), "%.*s", (int)(bracketed ? size - 2 : size),
                 host + (bracketed ? 1 : 0));
        unsigned long number = strtoul(port, NULL, 10);
        status = outbound_check_url(client->policy, scheme, (uint16_t)number);
        for (size_t i = 0; i < client->resolve_count; i++) {
            const struct resolve_entry *entry = &client->resolve[i];
            if (entry->port == number && strcasecmp(entry->host, host) == 0) {
                char line[400];
                snprintf(line, sizeof(line), "%s:%s:%s", host, port, entry->address);
                status = add_line(&transfer->connect_to, line) ? TERN_OK : TERN_ERR_NO_SPACE;
            }
        }
        if (strcmp(scheme, "https") != 0) {
            status = TERN_ERR_DENIED;
        }
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parsed);
    return status;
}

static void set_reuse_key(struct http_transfer *transfer)
{
    const struct tern_bytes parts[] = {transfer->call.trust.spki, transfer->call.trust.certificate,
                                       transfer->call.trust.anchors,
                                       transfer->call.identity.certificates};
    uint8_t digest[SHA256_DIGEST_LENGTH];
    uint8_t all[4][SHA256_DIGEST_LENGTH];
    for (size_t i = 0; i < TERN_COUNT_OF(parts); i++) {
        SHA256(parts[i].data == NULL ? (const uint8_t *)"" : parts[i].data, parts[i].size, all[i]);
    }
    SHA256(all[0], sizeof(all), digest);
    char path[100];
    struct tern_writer out = TERN_WRITER_OF(path);
    tern_write_text(&out, "/nonexistent/tern/");
    tern_hex_encode(&out, TERN_BYTES_OF(digest));
    tern_write_byte(&out, 0);
    curl_easy_setopt(transfer->easy, CURLOPT_CAPATH, path);
    curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, NULL);
}

static void set_options(struct http_transfer *transfer, const struct http_call *call)
{
    CURL *easy = transfer->easy;
    const struct http_call *own = &transfer->call;
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* behind one the policy would not see addresses */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)own->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)own->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* Our own callback verifies chain, pin and name; libcurl's look at the name would break pins.
     */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_up_tls);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer);
    set_reuse_key(transfer);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, own->fresh ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->client);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error_text);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer->connect_to);
    bool post =
        own->body.data != NULL || (call->method != NULL && strcmp(call->method, "POST") == 0);
    if (post) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                         own->body.data == NULL ? "" : (const char *)own->body.data);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)own->body.size);
    }
    if (call->method != NULL && strcmp(call->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (call->method != NULL) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
    }
}

/* A transfer that is ready to go. NULL when out of memory; `*refused` when it must not go. */
static struct http_transfer *new_transfer(struct http_client *client, const struct http_call *call,
                                          int *refused)
{
    struct http_transfer *transfer = calloc(1, sizeof(*transfer));
    if (transfer == NULL) {
        return NULL;
    }
    transfer->client = client;
    transfer->fd = -1;
    transfer->next = client->first;
    client->first = transfer;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || !copy_call(transfer, call)) {
        free_transfer(transfer);
        return NULL;
    }
    *refused = set_target(transfer, call->url);
    if (*refused == TERN_OK && !set_headers(transfer, call)) {
        *refused = TERN_ERR_MALFORMED;
    }
    set_options(transfer, call);
    return transfer;
}

static int error_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return TERN_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return TERN_ERR_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
        return TERN_ERR_CERTIFICATE;
    case CURLE_OUT_OF_MEMORY:
        return TERN_ERR_NO_SPACE;
    default:
        return TERN_ERR_IO;
    }
}

/* What the caller sees. The slices are the transfer's. */
static void fill_response(struct http_transfer *transfer, CURLcode code,
                          struct http_response *response)
{
    *response = (struct http_response){.error = transfer->error};
    if (response->error == TERN_OK) {
        response->error = error_of(code);
    }
    if (response->error != TERN_OK) {
        const char *text =
            transfer->error_text[0] != '\0' ? transfer->error_text : curl_easy_strerror(code);
        snprintf(response->reason, sizeof(response->reason), "%s",
                 transfer->error != TERN_OK && transfer->error_text[0] == '\0'
                     ? tern_error_text(transfer->error)
                     : text);
    }
    response->status = (int)status_of(transfer);
    response->body =
        tern_bytes(transfer->body.data, transfer->body.data == NULL ? 0 : transfer->body.size);
    response->headers = tern_bytes(transfer->header_lines.data, transfer->header_lines.size);
    response->connected = transfer->connected;
    charge(transfer, response);
}

/* ---- the loop ---- */

static void collect(struct http_client *client)
{
    int left = 0;
    CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct http_transfer *transfer = NULL;
        struct http_response response;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        fill_response(transfer, code, &response);
        curl_multi_remove_handle(client->multi, transfer->easy);
        transfer->on_done(transfer->done_context, &response);
        free_transfer(transfer);
    }
}

static void on_socket(void *context, int fd, unsigned what)
{
    struct http_client *client = context;
    int running = 0;
    int mask = ((what & LOOP_READ) != 0 ? CURL_CSELECT_IN : 0) |
               ((what & LOOP_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(client->multi, fd, mask, &running);
    collect(client);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    struct http_client *client = context;
    struct loop_watch *watch = socket_context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        loop_watch_free(watch);
        curl_multi_assign(client->multi, fd, NULL);
        return 0;
    }
    unsigned wanted = ((what & CURL_POLL_IN) != 0 ? LOOP_READ : 0) |
                      ((what & CURL_POLL_OUT) != 0 ? LOOP_WRITE : 0);
    if (watch != NULL) {
        loop_watch_set(watch, wanted);
        return 0;
    }
    watch = loop_watch_new(client->loop, fd, wanted, on_socket, client);
    curl_multi_assign(client->multi, fd, watch);
    return watch == NULL ? -1 : 0;
}

static int set_timer(CURLM *multi, long after_ms, void *context)
{
    struct http_client *client = context;
    (void)multi;
    if (after_ms < 0) {
        loop_timer_clear(client->timer);
    } else {
        loop_timer_set(client->timer, (uint64_t)after_ms);
    }
    return 0;
}

static void on_timer(void *context)
{
    struct http_client *client = context;
    int running = 0;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(client);
}

/* Calls that were refused before they began report that from the loop, like any other. */
static void report_refusals(void *context)
{
    struct http_client *client = context;
    for (;;) {
        struct http_transfer *transfer = client->first;
        while (transfer != NULL && !transfer->refused) {
            transfer = transfer->next;
        }
        if (transfer == NULL) {
            return;
        }
        struct http_response response;
        fill_response(transfer, CURLE_OK, &response);
        transfer->refused = false;
        transfer->on_done(transfer->done_context, &response);
        free_transfer(transfer);
    }
}

struct http_transfer *http_client_start(struct http_client *client, const struct http_call *call,
                                        void (*on_done)(void *done_context,
                                                        const struct http_response *response),
                                        void *done_context)
{
    TERN_ASSERT(client->multi != NULL);
    int refused = TERN_OK;
    struct http_transfer *transfer = new_transfer(client, call, &refused);
    if (transfer == NULL) {
        return NULL;
    }
    transfer->on_done = on_done;
    transfer->done_context = done_context;
    transfer->error = refused;
    transfer->refused = refused != TERN_OK;
    if (transfer->refused) {
        loop_timer_set(client->refusals, 0);
        return transfer;
    }
    if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) {
        free_transfer(transfer);
        return NULL;
    }
    return transfer;
}

void http_transfer_cancel(struct http_transfer *transfer)
{
    if (!transfer->refused) {
        curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    }
    free_transfer(transfer);
}

/* ---- waiting ---- */

int http_client_call(struct http_client *client, const struct http_call *call,
                     struct http_response *response)
{
    int refused = TERN_OK;
    struct http_transfer *transfer = new_transfer(client, call, &refused);
    if (transfer == NULL) {
        *response = (struct http_response){.error = TERN_ERR_NO_SPACE};
        return TERN_ERR_NO_SPACE;
    }
    CURLcode code = CURLE_OK;
    transfer->error = refused;
    if (refused == TERN_OK) {
        int running = 1;
        curl_multi_add_handle(client->waiting, transfer->easy);
        while (running > 0 && curl_multi_perform(client->waiting, &running) == CURLM_OK) {
            if (running > 0) {
                curl_multi_poll(client->waiting, NULL, 0, 1000, NULL);
            }
        }
        int left = 0;
        CURLMsg *message = curl_multi_info_read(client->waiting, &left);
        code = message == NULL ? CURLE_FAILED_INIT : message->data.result;
    }
    fill_response(transfer, code, response);
    if (refused == TERN_OK) {
        curl_multi_remove_handle(client->waiting, transfer->easy);
    }
    /* Body and headers change owner. */
    transfer->body.data = NULL;
    transfer->header_lines.data = NULL;
    free_transfer(transfer);
    return response->error;
}

void http_response_release(struct http_response *response)
{
    free((void *)(uintptr_t)response->body.data);
    free((void *)(uintptr_t)response->headers.data);
    response->body = response->headers = TERN_BYTES_NONE;
}

bool http_response_header(const struct http_response *response, const char *name, char *out,
                          size_t out_size)
{
    struct tern_bytes rest = response->headers;
    size_t name_size = strlen(name);
    out[0] = '\0';
    while (rest.size > 0) {
        const uint8_t *newline = memchr(rest.data, '\n', rest.size);
        size_t line_size = newline == NULL ? rest.size : (size_t)(newline - rest.data) + 1;
        const char *line = (const char *)rest.data;
        if (line_size > name_size && line[name_size] == ':' &&
            strncasecmp(line, name, name_size) == 0) {
            const char *value = line + name_size + 1;
            const char *end = line + line_size;
            while (value < end && (*value == ' ' || *value == '\t')) {
                value++;
            }
            while (end > value && strchr(" \t\r\n", end[-1]) != NULL) {
                end--;
            }
            snprintf(out, out_size, "%.*s", (int)(end - value), value);
            return true;
        }
        rest = tern_bytes_slice(rest, line_size, rest.size);
    }
    return false;
}

/* ---- making and freeing ---- */

/* "HOST:PORT:ADDRESS", "HOST:PORT:ADDRESS:PORT"; IPv6 addresses in brackets. */
static bool read_resolve(struct resolve_entry *entry, const char *text)
{
    const char *port = strchr(text, ':');
    const char *address = port == NULL ? NULL : strchr(port + 1, ':');
    if (address == NULL || address[1] == '\0' || (size_t)(port - text) >= sizeof(entry->host)) {
        return false;
    }
    char *end = NULL;
    unsigned long number = strtoul(port + 1, &end, 10);
    if (end != address || number < 1 || number > 65535) {
        return false;
    }
    snprintf(entry->host, sizeof(entry->host), "%.*s", (int)(port - text), text);
    entry->port = (uint16_t)number;
    address++;
    bool has_port =
        address[0] == '[' ? strstr(address, "]:") != NULL : strchr(address, ':') != NULL;
    int size =
        snprintf(entry->address, sizeof(entry->address), "%s%s", address, has_port ? "" : ":");
    return size > 0 && (size_t)size < sizeof(entry->address);
}

static bool open_multis(struct http_client *client, const struct http_client_options *options)
{
    long kept = options->connection_count_max == 0 ? 16 : (long)options->connection_count_max;
    client->waiting = curl_multi_init();
    if (client->waiting == NULL) {
        return false;
    }
    curl_multi_setopt(client->waiting, CURLMOPT_MAXCONNECTS, kept);
    if (client->loop == NULL) {
        return true;
    }
    client->multi = curl_multi_init();
    client->timer = loop_timer_new(client->loop, on_timer, client);
    client->refusals = loop_timer_new(client->loop, report_refusals, client);
    if (client->multi == NULL || client->timer == NULL || client->refusals == NULL) {
        return false;
    }
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, kept);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    return true;
}

__attribute__((constructor)) static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT); /* not thread-safe: before there are threads */
}

struct http_client *http_client_new(const struct http_client_options *options)
{
    struct http_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return NULL;
    }
    client->loop = options->loop;
    client->policy = options->policy;
    client->sockets = calloc(FD_MAX, sizeof(struct socket_record *));
    client->resolve = calloc(options->resolve_count + 1, sizeof(*client->resolve));
    bool ok = client->sockets != NULL && client->resolve != NULL && open_multis(client, options);
    for (size_t i = 0; ok && i < options->resolve_count; i++) {
        ok = read_resolve(&client->resolve[client->resolve_count++], options->resolve[i]);
    }
    if (!ok) {
        http_client_free(client);
        return NULL;
    }
    return client;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL) {
        return;
    }
    while (client->first != NULL) {
        http_transfer_cancel(client->first);
    }
    curl_multi_cleanup(client->multi);
    curl_multi_cleanup(client->waiting);
    loop_timer_free(client->timer);
    loop_timer_free(client->refusals);
    for (size_t i = 0; client->sockets != NULL && i < FD_MAX; i++) {
        free(client->sockets[i]);
    }
    free(client->sockets);
    free(client->resolve);
    free(client);
}
