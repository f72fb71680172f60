/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of vpcd over a stream socket, with one deadline for a whole message. */
#include "host/reader/vpcd.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** Wait until `fd` is ready. A negative deadline means for ever. */
static int wait_for(int fd, short events, int64_t deadline)
{
    for (;;) {
        int left = -1;
        if (deadline >= 0) {
            int64_t rest = deadline - now_ms();
            if (rest <= 0) return TERN_ERR_TIMEOUT;
            left = rest > 60000 ? 60000 : (int)rest;
        }
        struct pollfd item = {.fd = fd, .events = events};
        int ready = poll(&item, 1, left);
        if (ready > 0) return TERN_OK;
        if (ready < 0 && errno != EINTR) return TERN_ERR_IO;
    }
}

int vpcd_send(int fd, struct tern_bytes message, int timeout_ms)
{
    uint8_t frame[2 + VPCD_MESSAGE_SIZE];
    struct tern_writer out = TERN_WRITER_OF(frame);
    tern_write_uint(&out, message.size, 2);
    tern_write(&out, message);
    if (tern_writer_status(&out) != TERN_OK) return TERN_ERR_IO;
    int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    for (size_t done = 0; done < out.size;) {
        int status = wait_for(fd, POLLOUT, deadline);
        if (status != TERN_OK) return status;
        ssize_t sent = send(fd, frame + done, out.size - done, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (sent <= 0) return TERN_ERR_IO;
        done += (size_t)sent;
    }
    return TERN_OK;
}

/** Fill `data`. 1 when full, 0 when the peer closed before the first byte. */
static int receive_all(int fd, uint8_t *data, size_t size, int64_t deadline)
{
    for (size_t done = 0; done < size;) {
        int status = wait_for(fd, POLLIN, deadline);
        if (status != TERN_OK) return status;
        ssize_t got = recv(fd, data + done, size - done, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got == 0 && done == 0) return 0;
        if (got <= 0) return TERN_ERR_IO;
        done += (size_t)got;
    }
    return 1;
}

int vpcd_receive(int fd, struct tern_writer *message, int timeout_ms)
{
    int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    uint8_t header[2] = {0, 0};
    int status = receive_all(fd, header, sizeof header, deadline);
    if (status != 1) return status;
    size_t size = (size_t)header[0] << 8 | header[1];
    if (size == 0) return 1;
    if (message->size > message->capacity || size > message->capacity - message->size) {
        return TERN_ERR_IO;
    }
    status = receive_all(fd, message->data + message->size, size, deadline);
    if (status != 1) return status == 0 ? TERN_ERR_IO : status;
    message->size += size;
    return 1;
}
