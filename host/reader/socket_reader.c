/* SPDX-License-Identifier: Apache-2.0 */
/* A reader whose card listens on TCP or on a unix socket and speaks the framing of vpcd. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/reader/reader.h"
#include "host/reader/vpcd.h"

/** An APDU may sign twice on a slow machine under a sanitizer; a minute is not a card's time. */
#define EXCHANGE_TIMEOUT_MS 60000

struct socket_reader {
    int fd;
};

static int reader_control(const struct socket_reader *reader, uint8_t control)
{
    return vpcd_send(reader->fd, tern_bytes(&control, 1), EXCHANGE_TIMEOUT_MS);
}

static int socket_transmit(void *context, struct tern_writer *response, struct tern_bytes command)
{
    struct socket_reader *reader = context;
    if (command.size < 2) return TERN_ERR_MALFORMED; /* one byte would be a control */
    int status = vpcd_send(reader->fd, command, EXCHANGE_TIMEOUT_MS);
    if (status != TERN_OK) return status;
    status = vpcd_receive(reader->fd, response, EXCHANGE_TIMEOUT_MS);
    if (status < 0) return status;
    return status == 1 ? TERN_OK : TERN_ERR_IO;
}

static int socket_reset(void *context)
{
    return reader_control(context, VPCD_RESET);
}

static int socket_atr(void *context, struct tern_writer *atr)
{
    struct socket_reader *reader = context;
    int status = reader_control(reader, VPCD_ATR);
    if (status != TERN_OK) return status;
    status = vpcd_receive(reader->fd, atr, EXCHANGE_TIMEOUT_MS);
    if (status < 0) return status;
    return status == 1 ? TERN_OK : TERN_ERR_IO;
}

static void socket_close(void *context)
{
    struct socket_reader *reader = context;
    reader_control(reader, VPCD_OFF);
    close(reader->fd);
    free(reader);
}

/** Power the card on and hand the connection over. */
static int adopt(struct tern_reader *reader, int fd)
{
    struct socket_reader *state = malloc(sizeof *state);
    if (state == NULL) {
        close(fd);
        return TERN_ERR_NO_SPACE;
    }
    state->fd = fd;
    int status = reader_control(state, VPCD_ON);
    if (status != TERN_OK) {
        close(fd);
        free(state);
        return status;
    }
    *reader = (struct tern_reader){state, socket_transmit, socket_reset, socket_atr, socket_close};
    return TERN_OK;
}

static int fail(struct tern_writer *why, const char *what, const char *reason)
{
    if (why != NULL) {
        tern_write_text(why, what);
        tern_write_text(why, ": ");
        tern_write_text(why, reason);
    }
    return TERN_ERR_IO;
}

int reader_open_unix(struct tern_reader *reader, const char *target, struct tern_writer *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(target) >= sizeof address.sun_path) return fail(why, target, "path too long");
    memcpy(address.sun_path, target, strlen(target) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(why, target, strerror(errno));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        int status = fail(why, target, strerror(errno));
        close(fd);
        return status;
    }
    return adopt(reader, fd);
}

static int connect_any(const struct addrinfo *list)
{
    for (const struct addrinfo *item = list; item != NULL; item = item->ai_next) {
        int fd = socket(item->ai_family, item->ai_socktype | SOCK_CLOEXEC, item->ai_protocol);
        if (fd < 0) continue;
        if (connect(fd, item->ai_addr, item->ai_addrlen) == 0) return fd;
        close(fd);
    }
    return -1;
}

int reader_open_tcp(struct tern_reader *reader, const char *target, struct tern_writer *why)
{
    const char *colon = strrchr(target, ':');
    char host[256];
    if (colon == NULL || (size_t)(colon - target) >= sizeof host) {
        fail(why, target, "HOST:PORT expected");
        return TERN_ERR_MALFORMED;
    }
    memcpy(host, target, (size_t)(colon - target));
    host[colon - target] = 0;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int found = getaddrinfo(host, colon + 1, &hints, &list);
    if (found != 0) return fail(why, target, gai_strerror(found));
    int fd = connect_any(list);
    freeaddrinfo(list);
    if (fd < 0) return fail(why, target, strerror(errno));
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return adopt(reader, fd);
}
