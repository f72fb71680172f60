/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP through the relay: two connections back to back.
 *
 * Counted are the bytes of each direction and the data segments its sender cut them into
 * (tcpi_data_segs_in of the end that faces the sender, with the MSS of the MTU). What carries no
 * data follows by rule, because on loopback the kernel acknowledges as its scheduler likes: SYN,
 * SYN+ACK, ACK; one ACK for every second full segment of a flight (RFC 5681, 4.2), the last riding
 * on the answer; FIN+ACK both ways and the last ACK.
 */
#include <errno.h>
#include <linux/tcp.h>
#include <string.h>
#include <unistd.h>

#include "host/link/relay_inside.h"

#define READ_SIZE (64 * 1024)

static uint64_t data_segments(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);
    memset(&info, 0, sizeof(info));
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_data_segs_in : 0;
}

static void set_options(int fd)
{
    int segment = RELAY_MSS;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
}

static void count_bare(struct relay *relay, enum relay_direction direction, size_t size,
                       bool is_ack)
{
    relay_count_packet(relay, direction, size, is_ack, true);
}

void relay_tcp_accept(struct relay *relay, struct door *door)
{
    int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    size_t i = 0;
    while (i < relay->stream_count && relay->streams[i].fd[0] >= 0) {
        i++;
    }
    int server =
        i == RELAY_STREAM_MAX || relay_cut(relay)
            ? -1
            : socket(door->target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server < 0) {
        close(fd);
        return;
    }
    set_options(fd);
    set_options(server);
    struct stream *stream = &relay->streams[i];
    memset(stream, 0, sizeof(*stream));
    stream->fd[0] = fd;
    stream->fd[1] = server;
    stream->direction = -1;
    stream->connecting = true;
    /* The device's kernel connected to us at once. Over the link SYN and SYN+ACK go first. */
    stream->last_us[RELAY_UP] = relay_now_us() + 3000ull * relay->faults.delay_ms;
    relay->stream_count = i < relay->stream_count ? relay->stream_count : i + 1;
    relay->count.connections++;
    count_bare(relay, RELAY_UP, RELAY_TCP_SYN, false);
    count_bare(relay, RELAY_DOWN, RELAY_TCP_SYN, false);
    count_bare(relay, RELAY_UP, RELAY_TCP_HEAD, true);
    if (connect(server, (struct sockaddr *)&door->target, door->target_size) != 0 &&
        errno != EINPROGRESS) {
        relay_tcp_close(relay, stream);
    }
}

/* The other side speaks: what came before is over. Its full segments were acknowledged by twos, the
 * rest by this answer. */
static void turn_flight(struct relay *relay, struct stream *stream, int direction)
{
    if (stream->direction == direction) {
        return;
    }
    if (stream->direction >= 0) {
        uint64_t full = stream->flight_bytes / RELAY_MSS;
        bool tail = stream->flight_bytes % RELAY_MSS != 0;
        uint64_t acks = full == 0 ? 0 : (full - (tail ? 0 : 1)) / 2;
        for (uint64_t i = 0; i < acks; i++) {
            count_bare(relay, stream->direction == RELAY_UP ? RELAY_DOWN : RELAY_UP, RELAY_TCP_HEAD,
                       true);
        }
    }
    stream->direction = direction;
    stream->flight_bytes = 0;
}

/* Segments that the sender made since last time; the model's trace gets them one by one. */
static void count_data(struct relay *relay, struct stream *stream, int side, size_t size)
{
    enum relay_direction direction = side == 0 ? RELAY_UP : RELAY_DOWN;
    turn_flight(relay, stream, (int)direction);
    stream->flight_bytes += size;
    stream->bytes[side] += size;
    uint64_t now = data_segments(stream->fd[side]);
    uint64_t fresh = now > stream->segments[side] ? now - stream->segments[side] : 0;
    stream->segments[side] = now;
    size_t left = size;
    for (uint64_t i = 0; i < fresh; i++) {
        size_t part = i + 1 == fresh || left < RELAY_MSS ? left : RELAY_MSS;
        relay_count_packet(relay, direction, part + RELAY_TCP_HEAD, false, true);
        left -= part;
    }
    if (fresh == 0) { /* segments counted with the read before */
        relay->count.bytes[direction] += size;
    }
}

/* FIN+ACK, FIN+ACK, ACK. */
static void count_end(struct relay *relay, struct stream *stream)
{
    if (!stream->closed) {
        stream->closed = true;
        turn_flight(relay, stream, -1);
        count_bare(relay, RELAY_UP, RELAY_TCP_HEAD, true);
        count_bare(relay, RELAY_DOWN, RELAY_TCP_HEAD, true);
        count_bare(relay, RELAY_UP, RELAY_TCP_HEAD, true);
    }
}

static void post(struct relay *relay, struct stream *stream, int side, const uint8_t *data,
                 size_t size)
{
    struct parcel *parcel = relay_parcel(size);
    if (parcel == NULL) {
        return;
    }
    if (size > 0) {
        memcpy(parcel->data, data, size);
    }
    parcel->tcp = true;
    parcel->end = size == 0;
    parcel->index = (size_t)(stream - relay->streams);
    parcel->direction = side == 0 ? RELAY_UP : RELAY_DOWN;
    /* A lost segment is sent again after a round trip and a bit: the bytes are paid, time too. */
    uint64_t extra_us = 0;
    while (size > 0 && relay_chance(relay) < relay->faults.loss && extra_us < 10000000) {
        extra_us += 200000 + 2000ull * relay->faults.delay_ms;
        relay_count_packet(relay, parcel->direction, size + RELAY_TCP_HEAD, false, true);
        relay->count.dropped++;
    }
    relay_post(relay, parcel, size + RELAY_TCP_HEAD, extra_us, &stream->last_us[parcel->direction]);
}

static void post_pieces(struct relay *relay, struct stream *stream, int side, const uint8_t *data,
                        size_t size)
{
    for (size_t done = 0; done < size; done += RELAY_MSS) {
        size_t piece = size - done < RELAY_MSS ? size - done : RELAY_MSS;
        post(relay, stream, side, data + done, piece);
    }
}

static void read_side(struct relay *relay, struct stream *stream, int side)
{
    uint8_t data[READ_SIZE];
    while (stream->fd[side] >= 0 && !stream->ended[side]) {
        ssize_t size = recv(stream->fd[side], data, sizeof(data), MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        /* The device has closed: what the server still says never arrives. */
        bool deaf = side == 1 && stream->ended[0];
        if (size <= 0) {
            stream->ended[side] = true;
            count_end(relay, stream);
            post(relay, stream, side, NULL, 0);
            return;
        }
        if (!deaf) {
            count_data(relay, stream, side, (size_t)size);
        }
        if (relay_cut(relay)) {
            return;
        }
        post_pieces(relay, stream, side, data, (size_t)size);
    }
}

void relay_tcp_move(struct relay *relay, size_t index, int side, bool readable, bool writable)
{
    struct stream *stream = &relay->streams[index];
    if (side == 1 && stream->connecting && writable) {
        int error = 0;
        socklen_t size = sizeof(error);
        getsockopt(stream->fd[1], SOL_SOCKET, SO_ERROR, &error, &size);
        stream->connecting = false;
        if (error != 0) {
            relay_tcp_close(relay, stream);
            return;
        }
    }
    if (readable) {
        read_side(relay, stream, side);
    }
}

bool relay_tcp_deliver(struct relay *relay, struct parcel *parcel)
{
    struct stream *stream = &relay->streams[parcel->index];
    int to = parcel->direction == RELAY_UP ? 1 : 0;
    if (stream->fd[to] < 0) {
        return true;
    }
    if (stream->connecting) {
        return false;
    }
    if (parcel->end) {
        shutdown(stream->fd[to], SHUT_WR);
        stream->shut[to] = true;
        if (stream->shut[0] && stream->shut[1]) {
            relay_tcp_close(relay, stream);
        }
        return true;
    }
    while (parcel->done < parcel->size) {
        ssize_t sent = send(stream->fd[to], parcel->data + parcel->done,
                            parcel->size - parcel->done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            return false;
        }
        if (sent < 0) { /* the receiver is gone */
            relay_tcp_close(relay, stream);
            return true;
        }
        parcel->done += (size_t)sent;
    }
    return true;
}

void relay_tcp_close(struct relay *relay, struct stream *stream)
{
    for (int side = 0; side < 2; side++) {
        if (stream->fd[side] >= 0) {
            close(stream->fd[side]);
        }
        stream->fd[side] = -1;
    }
    count_end(relay, stream);
}

/* The link is cut: no goodbye, the device learns it from its first packet afterwards. */
void relay_tcp_break(struct relay *relay)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    for (size_t i = 0; i < relay->stream_count; i++) {
        for (int side = 0; side < 2; side++) {
            if (relay->streams[i].fd[side] >= 0) {
                setsockopt(relay->streams[i].fd[side], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
            }
        }
        if (relay->streams[i].fd[0] >= 0) {
            relay_tcp_close(relay, &relay->streams[i]);
        }
    }
}
