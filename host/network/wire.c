/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines over a stream socket, with a deadline for every line. */
#include "host/network/wire.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "HOST:PORT" in two. */
static int split(const char *address, char host[256], char port[16])
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address || (size_t)(colon - address) >= 256) {
        return TERN_ERR_MALFORMED;
    }
    if (strlen(colon + 1) == 0 || strlen(colon + 1) >= 16) return TERN_ERR_MALFORMED;
    memcpy(host, address, (size_t)(colon - address));
    host[colon - address] = '\0';
    snprintf(port, 16, "%s", colon + 1);
    return TERN_OK;
}

static int unix_address(struct sockaddr_un *name, const char *path)
{
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name->sun_path) return TERN_ERR_MALFORMED;
    snprintf(name->sun_path, sizeof name->sun_path, "%s", path);
    return TERN_OK;
}

static struct addrinfo *look_up(const char *address, int flags)
{
    char host[256], port[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags}, *found = NULL;
    if (split(address, host, port) != TERN_OK) return NULL;
    return getaddrinfo(host, port, &hints, &found) == 0 ? found : NULL;
}

int wire_connect(struct wire *wire, const char *address)
{
    struct sockaddr_un name;
    *wire = (struct wire){.fd = -1};
    if (strncmp(address, "tcp:", 4) == 0) address += 4;
    if (strncmp(address, "unix:", 5) == 0) {
        if (unix_address(&name, address + 5) != TERN_OK) return TERN_ERR_MALFORMED;
        wire->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (wire->fd >= 0 && connect(wire->fd, (struct sockaddr *)&name, sizeof name) == 0) {
            return TERN_OK;
        }
        wire_close(wire);
        return TERN_ERR_IO;
    }
    struct addrinfo *found = look_up(address, 0);
    for (struct addrinfo *one = found; one != NULL && wire->fd < 0; one = one->ai_next) {
        wire->fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (wire->fd >= 0 && connect(wire->fd, one->ai_addr, one->ai_addrlen) != 0)
            wire_close(wire);
    }
    if (found != NULL) freeaddrinfo(found);
    return wire->fd >= 0 ? TERN_OK : TERN_ERR_IO;
}

static int listen_unix(const char *path, char *bound, size_t bound_size)
{
    struct sockaddr_un name;
    if (unix_address(&name, path) != TERN_OK) return TERN_ERR_MALFORMED;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return TERN_ERR_IO;
    (void)unlink(path);
    if (bind(fd, (struct sockaddr *)&name, sizeof name) != 0 || listen(fd, 64) != 0) {
        close(fd);
        return TERN_ERR_IO;
    }
    snprintf(bound, bound_size, "unix:%s", path);
    return fd;
}

int wire_listen(const char *address, char *bound, size_t bound_size)
{
    char host[256], port[16];
    if (strncmp(address, "unix:", 5) == 0) return listen_unix(address + 5, bound, bound_size);
    if (strncmp(address, "tcp:", 4) == 0) address += 4;
    struct addrinfo *found = look_up(address, AI_PASSIVE);
    if (found == NULL) return TERN_ERR_MALFORMED;
    int one = 1, fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
              bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 64) == 0;
    freeaddrinfo(found);
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    if (ok) ok = getsockname(fd, (struct sockaddr *)&name, &size) == 0;
    if (ok) {
        ok = getnameinfo((struct sockaddr *)&name, size, host, sizeof host, port, sizeof port,
                         NI_NUMERICHOST | NI_NUMERICSERV) == 0;
    }
    if (!ok) {
        if (fd >= 0) close(fd);
        return TERN_ERR_IO;
    }
    snprintf(bound, bound_size, "%s:%s", host, port);
    return fd;
}

void wire_close(struct wire *wire)
{
    if (wire->fd >= 0) close(wire->fd);
    wire->fd = -1;
    wire->size = 0;
}

int wire_send(struct wire *wire, cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (text == NULL) return TERN_ERR_NO_SPACE;
    size_t size = strlen(text), done = 0;
    char *line = realloc(text, size + 2);
    if (line == NULL) {
        free(text);
        return TERN_ERR_NO_SPACE;
    }
    line[size++] = '\n';
    while (done < size) {
        ssize_t count = send(wire->fd, line + done, size - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        done += (size_t)count;
    }
    tern_wipe(line, size);
    free(line);
    return done == size ? TERN_OK : TERN_ERR_IO;
}

/* Read more into the buffer before the deadline. */
static bool fill(struct wire *wire, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - now_ms();
        struct pollfd wait = {.fd = wire->fd, .events = POLLIN};
        if (left <= 0 || wire->size == sizeof wire->buffer) return false;
        int ready = poll(&wait, 1, (int)left);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        ssize_t count =
            recv(wire->fd, wire->buffer + wire->size, sizeof wire->buffer - wire->size, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        wire->size += (size_t)count;
        return true;
    }
}

cJSON *wire_receive(struct wire *wire)
{
    int64_t deadline = now_ms() + WIRE_TIMEOUT_MS;
    char *end;
    while ((end = memchr(wire->buffer, '\n', wire->size)) == NULL) {
        if (!fill(wire, deadline)) return NULL;
    }
    size_t size = (size_t)(end - wire->buffer);
    cJSON *object = cJSON_ParseWithLength(wire->buffer, size);
    wire->size -= size + 1;
    memmove(wire->buffer, end + 1, wire->size);
    if (object != NULL && !cJSON_IsObject(object)) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

void wire_add_hex(cJSON *object, const char *name, struct tern_bytes bytes)
{
    char text[513];
    struct tern_writer out = tern_writer(text, sizeof text - 1);
    tern_hex_encode(&out, bytes);
    text[tern_writer_bytes(&out).size] = '\0';
    cJSON_AddStringToObject(object, name, text);
}

int wire_get_hex(const cJSON *object, const char *name, struct tern_writer *out, size_t least,
                 size_t most)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    size_t before = out->size;
    if (text == NULL) return TERN_ERR_MISSING;
    int status = tern_hex_decode(out, tern_bytes_text(text));
    if (status != TERN_OK) return status;
    size_t size = out->size - before;
    return size < least || size > most ? TERN_ERR_MALFORMED : tern_writer_status(out);
}

const char *wire_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text == NULL ? "" : text;
}
