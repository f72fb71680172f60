/* SPDX-License-Identifier: Apache-2.0 */
/* A card on a socket. One connection is one reader; frames may arrive in any pieces. */
#include "host/card/socket_door.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/card/card_create.h"
#include "host/reader/vpcd.h"

/** The longest frame a reader may send: an APDU with extended length would be refused anyway. */
#define FRAME_SIZE_MAX 4096
/** How long a reader may take to take its answer. */
#define SEND_TIMEOUT_MS 5000

struct connection {
    struct socket_door *door;
    struct connection *next;
    struct loop_watch *watch;
    int fd;
    bool on; /**< The reader switched the card on. */
    size_t filled;
    uint8_t frame[2 + FRAME_SIZE_MAX];
};

struct socket_door {
    struct loop *loop;
    struct powered_card *card;
    struct loop_watch *watch;
    int fd;
    char path[108]; /**< Of a unix socket, removed at the end. */
    bool driver;    /**< Connected out: the end of the connection is the end. */
    struct connection *connections;
};

/** Of one that is in no list any more. */
static void end_connection(struct connection *connection)
{
    loop_watch_free(connection->watch);
    close(connection->fd);
    free(connection);
}

static void close_connection(struct connection *connection)
{
    struct socket_door *door = connection->door;
    for (struct connection **link = &door->connections; *link != NULL; link = &(*link)->next) {
        if (*link == connection) {
            *link = connection->next;
            break;
        }
    }
    end_connection(connection);
    /* The last reader took its hand away: the card lost its power. */
    if (door->connections == NULL) power_reset(door->card);
    if (door->driver) loop_stop(door->loop);
}

/** Does another reader use the card now? Then one reader's switch does not take its power. */
static bool shared(const struct connection *connection)
{
    for (const struct connection *other = connection->door->connections; other != NULL;
         other = other->next) {
        if (other != connection && other->on) return true;
    }
    return false;
}

/** @return false when the connection is lost. */
static bool control(struct connection *connection, uint8_t byte)
{
    struct powered_card *card = connection->door->card;
    uint8_t atr[40];
    struct tern_writer out = TERN_WRITER_OF(atr);
    switch (byte) {
    case VPCD_OFF:
    case VPCD_ON:
        if (!shared(connection)) power_reset(card);
        connection->on = byte == VPCD_ON;
        return true;
    case VPCD_RESET:
        power_reset(card);
        return true;
    case VPCD_ATR:
        tern_card_atr(&card->host->card, &out);
        return vpcd_send(connection->fd, tern_writer_bytes(&out), SEND_TIMEOUT_MS) == TERN_OK;
    default:
        return true;
    }
}

static bool handle_frame(struct connection *connection, struct tern_bytes frame)
{
    if (frame.size == 0) return true;
    if (frame.size == 1) return control(connection, frame.data[0]);
    uint8_t response[TERN_CARD_RESPONSE_SIZE];
    struct tern_writer out = TERN_WRITER_OF(response);
    connection->on = true;
    power_transmit(connection->door->card, &out, frame);
    return vpcd_send(connection->fd, tern_writer_bytes(&out), SEND_TIMEOUT_MS) == TERN_OK;
}

/** Handle all whole frames. */
static bool handle_frames(struct connection *connection)
{
    while (connection->filled >= 2) {
        size_t size = (size_t)connection->frame[0] << 8 | connection->frame[1];
        if (size > FRAME_SIZE_MAX) return false;
        if (connection->filled < 2 + size) return true;
        if (!handle_frame(connection, tern_bytes(connection->frame + 2, size))) return false;
        connection->filled -= 2 + size;
        memmove(connection->frame, connection->frame + 2 + size, connection->filled);
    }
    return true;
}

static void on_readable(void *context, int fd, unsigned what)
{
    struct connection *connection = context;
    (void)what;
    ssize_t got = recv(fd, connection->frame + connection->filled,
                       sizeof connection->frame - connection->filled, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got > 0) {
        connection->filled += (size_t)got;
        if (handle_frames(connection)) return;
    }
    close_connection(connection);
}

static bool add_connection(struct socket_door *door, int fd)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) return false;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connection->door = door;
    connection->fd = fd;
    connection->watch = loop_watch_new(door->loop, fd, LOOP_READ, on_readable, connection);
    if (connection->watch == NULL) {
        free(connection);
        return false;
    }
    connection->next = door->connections;
    door->connections = connection;
    return true;
}

static void on_acceptable(void *context, int fd, unsigned what)
{
    struct socket_door *door = context;
    (void)what;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (peer >= 0 && !add_connection(door, peer)) close(peer);
}

static int listen_unix(struct socket_door *door, const char *path, struct card_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return card_complain(error, -1, "%s: path too long", path);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    memcpy(door->path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return card_complain(error, -1, "%s: %s", path, strerror(errno));
    /* A socket that a killed process left behind; the card's lock tells that nobody serves it. */
    unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0) {
        card_complain(error, -1, "%s: %s", path, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

/** HOST:PORT into its addresses. */
static struct addrinfo *resolve(const char *where, bool passive, struct card_error *error)
{
    const char *colon = strrchr(where, ':');
    char host[256];
    if (colon == NULL || (size_t)(colon - where) >= sizeof host) {
        card_complain(error, -1, "%s: unix:PATH or HOST:PORT expected", where);
        return NULL;
    }
    memcpy(host, where, (size_t)(colon - where));
    host[colon - where] = 0;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0};
    struct addrinfo *list = NULL;
    int found = getaddrinfo(host, colon + 1, &hints, &list);
    if (found == 0) return list;
    card_complain(error, -1, "%s: %s", where, gai_strerror(found));
    return NULL;
}

static int listen_tcp(const char *where, char *address, size_t address_size,
                      struct card_error *error)
{
    struct addrinfo *list = resolve(where, true, error);
    if (list == NULL) return -1;
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    bool listening =
        fd >= 0 && bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, 16) == 0;
    freeaddrinfo(list);
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[64];
    char port[16];
    if (!listening || getsockname(fd, (struct sockaddr *)&bound, &size) != 0 ||
        getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        card_complain(error, -1, "%s: %s", where, strerror(errno));
        if (fd >= 0) close(fd);
        return -1;
    }
    snprintf(address, address_size, "tcp:%s:%s", host, port);
    return fd;
}

struct socket_door *socket_door_listen(struct loop *loop, struct powered_card *card,
                                       const char *where, char *address, size_t address_size,
                                       struct card_error *error)
{
    struct socket_door *door = calloc(1, sizeof *door);
    if (door == NULL) return NULL;
    door->loop = loop;
    door->card = card;
    if (strncmp(where, "unix:", 5) == 0) {
        door->fd = listen_unix(door, where + 5, error);
        snprintf(address, address_size, "%s", where);
    } else {
        door->fd = listen_tcp(where, address, address_size, error);
    }
    if (door->fd < 0) {
        free(door);
        return NULL;
    }
    door->watch = loop_watch_new(loop, door->fd, LOOP_READ, on_acceptable, door);
    return door;
}

struct socket_door *socket_door_connect(struct loop *loop, struct powered_card *card,
                                        const char *where, struct card_error *error)
{
    struct addrinfo *list = resolve(where, false, error);
    if (list == NULL) return NULL;
    int fd = -1;
    for (const struct addrinfo *item = list; item != NULL && fd < 0; item = item->ai_next) {
        fd = socket(item->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, item->ai_addr, item->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    struct socket_door *door = fd < 0 ? NULL : calloc(1, sizeof *door);
    if (door == NULL) {
        card_complain(error, -1, "%s: %s", where, strerror(errno));
        if (fd >= 0) close(fd);
        return NULL;
    }
    door->loop = loop;
    door->card = card;
    door->fd = -1;
    door->driver = true;
    if (add_connection(door, fd)) return door;
    close(fd);
    free(door);
    return NULL;
}

void socket_door_close(struct socket_door *door)
{
    if (door == NULL) return;
    while (door->connections != NULL) {
        struct connection *connection = door->connections;
        door->connections = connection->next;
        end_connection(connection);
    }
    if (door->watch != NULL) loop_watch_free(door->watch);
    if (door->fd >= 0) close(door->fd);
    if (door->path[0] != 0) unlink(door->path);
    free(door);
}
