/* SPDX-License-Identifier: Apache-2.0 */
/* The relay's turn: poll, count, hold back, deliver. See relay.h. */
#include "host/link/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/http/address.h"
#include "host/link/relay_inside.h"

#define POLL_MAX  (1 + RELAY_DOOR_MAX + RELAY_FLOW_MAX + 2 * RELAY_STREAM_MAX)
#define RETRY_US  1000
#define BACKLOG   64
#define ROOM_SIZE (4 << 20)

uint64_t relay_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* splitmix64: the same seed, the same luck. */
double relay_chance(struct relay *relay)
{
    uint64_t z = (relay->random += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

void relay_count_packet(struct relay *relay, enum relay_direction direction, size_t size,
                        bool is_ack, bool is_tcp)
{
    relay->count.bytes[direction] += size;
    relay->count.packets[direction]++;
    if (relay->trace_count < RELAY_TRACE_MAX) {
        relay->trace[relay->trace_count++] =
            (struct relay_packet){(uint16_t)size, (uint8_t)direction, is_ack, is_tcp};
    }
}

struct parcel *relay_parcel(size_t size)
{
    struct parcel *parcel = calloc(1, sizeof(*parcel) + size);
    if (parcel != NULL) {
        parcel->size = size;
    }
    return parcel;
}

static void insert(struct relay *relay, struct parcel *parcel)
{
    struct parcel **link = &relay->queue;
    while (*link != NULL && (*link)->due_us <= parcel->due_us) {
        link = &(*link)->next;
    }
    parcel->next = *link;
    *link = parcel;
}

void relay_post(struct relay *relay, struct parcel *parcel, size_t ip_size, uint64_t extra_us,
                uint64_t *last_us)
{
    const struct relay_faults *faults = &relay->faults;
    uint64_t now = relay_now_us();
    uint64_t rate = faults->rate_bps[parcel->direction];
    uint64_t *free_us = &relay->free_us[parcel->direction];
    uint64_t jitter =
        faults->jitter_ms == 0 ? 0 : (uint64_t)(relay_chance(relay) * faults->jitter_ms * 1000.0);
    *free_us = *free_us > now ? *free_us : now;
    if (rate != 0) {
        *free_us += ip_size * 8 * 1000000 / rate;
    }
    parcel->due_us = *free_us + (uint64_t)faults->delay_ms * 1000 + jitter + extra_us;
    if (last_us != NULL) {
        parcel->due_us = parcel->due_us > *last_us ? parcel->due_us : *last_us;
        *last_us = parcel->due_us;
    }
    insert(relay, parcel);
}

static void drop_queue(struct relay *relay)
{
    while (relay->queue != NULL) {
        struct parcel *next = relay->queue->next;
        relay->count.dropped++;
        free(relay->queue);
        relay->queue = next;
    }
}

bool relay_cut(struct relay *relay)
{
    relay->packet_number++;
    if (relay->faults.cut_at != 0 && relay->packet_number == relay->faults.cut_at) {
        relay->dark = true;
        relay->dark_until_us = relay_now_us() + (uint64_t)relay->faults.cut_ms * 1000;
        relay->count.cuts++;
        drop_queue(relay);
    }
    return relay->dark;
}

/* Light again: the device has a new address, and connections of before are dead. */
static void end_dark(struct relay *relay)
{
    if (relay->dark && relay_now_us() >= relay->dark_until_us) {
        relay->dark = false;
        relay_udp_rebind(relay);
        relay_tcp_break(relay);
    }
}

static bool deliver(struct relay *relay, struct parcel *parcel)
{
    if (parcel->tcp) {
        return relay_tcp_deliver(relay, parcel);
    }
    relay_udp_deliver(relay, parcel);
    return true;
}

/* No room yet: all later pieces of this stream stay behind it. */
static void put_off(struct parcel *parcel, uint64_t due_us)
{
    parcel->due_us = due_us;
    for (struct parcel *later = parcel->next; later != NULL; later = later->next) {
        bool same =
            later->tcp && later->index == parcel->index && later->direction == parcel->direction;
        if (same && later->due_us < due_us) {
            later->due_us = due_us;
        }
    }
}

/* Everything that has arrived by now. */
static void deliver_due(struct relay *relay)
{
    uint64_t now = relay_now_us();
    struct parcel **link = &relay->queue;
    while (*link != NULL && (*link)->due_us <= now) {
        struct parcel *parcel = *link;
        if (!deliver(relay, parcel)) {
            put_off(parcel, now + RETRY_US);
            link = &parcel->next;
        } else {
            *link = parcel->next;
            free(parcel);
        }
    }
}

/* ---- poll ---- */

enum watched_kind { WATCH_CONTROL, WATCH_DOOR, WATCH_FLOW, WATCH_STREAM };

struct watched {
    enum watched_kind kind;
    size_t index;
    int side;
};

static void watch(struct pollfd *fds, struct watched *watched, nfds_t *count, int fd, short events,
                  struct watched what)
{
    fds[*count] = (struct pollfd){fd, events, 0};
    watched[*count] = what;
    (*count)++;
}

static nfds_t collect(struct relay *relay, struct pollfd *fds, struct watched *watched)
{
    nfds_t count = 0;
    watch(fds, watched, &count, relay->request[0], POLLIN, (struct watched){WATCH_CONTROL, 0, 0});
    for (size_t i = 0; i < relay->door_count; i++) {
        watch(fds, watched, &count, relay->doors[i].fd, POLLIN, (struct watched){WATCH_DOOR, i, 0});
    }
    for (size_t i = 0; i < RELAY_FLOW_MAX; i++) {
        if (relay->flows[i].fd >= 0) {
            watch(fds, watched, &count, relay->flows[i].fd, POLLIN,
                  (struct watched){WATCH_FLOW, i, 0});
        }
    }
    for (size_t i = 0; i < relay->stream_count; i++) {
        const struct stream *stream = &relay->streams[i];
        for (int side = 0; side < 2; side++) {
            bool connecting = side == 1 && stream->connecting;
            short events = connecting ? POLLOUT : POLLIN;
            if (stream->fd[side] >= 0 && (connecting || !stream->ended[side])) {
                watch(fds, watched, &count, stream->fd[side], events,
                      (struct watched){WATCH_STREAM, i, side});
            }
        }
    }
    return count;
}

static void handle(struct relay *relay, const struct watched *watched, short events)
{
    if (watched->kind == WATCH_DOOR) {
        struct door *door = &relay->doors[watched->index];
        if (door->udp) {
            relay_udp_receive(relay, door);
        } else {
            relay_tcp_accept(relay, door);
        }
    } else if (watched->kind == WATCH_FLOW && relay->flows[watched->index].fd >= 0) {
        relay_udp_answer(relay, watched->index);
    } else if (watched->kind == WATCH_STREAM &&
               relay->streams[watched->index].fd[watched->side] >= 0) {
        relay_tcp_move(relay, watched->index, watched->side, (events & ~POLLOUT) != 0,
                       (events & POLLOUT) != 0);
    }
}

static int wait_of(const struct relay *relay, uint64_t wait_ms)
{
    uint64_t now = relay_now_us();
    uint64_t until = now + wait_ms * 1000;
    if (relay->queue != NULL && relay->queue->due_us < until) {
        until = relay->queue->due_us;
    }
    if (relay->dark && relay->dark_until_us < until) {
        until = relay->dark_until_us;
    }
    return until <= now ? 0 : (int)((until - now + 999) / 1000);
}

/* True when anything but the control pipe had something. */
static bool turn(struct relay *relay, int wait_ms, bool *control)
{
    struct pollfd fds[POLL_MAX];
    struct watched watched[POLL_MAX];
    nfds_t count = collect(relay, fds, watched);
    bool moved = false;
    *control = false;
    end_dark(relay);
    int ready = poll(fds, count, wait_ms);
    for (nfds_t i = 0; ready > 0 && i < count; i++) {
        if (fds[i].revents == 0) {
            continue;
        }
        if (watched[i].kind == WATCH_CONTROL) {
            *control = true;
        } else {
            handle(relay, &watched[i], fds[i].revents);
            moved = true;
        }
    }
    end_dark(relay);
    deliver_due(relay);
    return moved;
}

int relay_turn(struct relay *relay, uint64_t wait_ms)
{
    bool control;
    turn(relay, wait_of(relay, wait_ms), &control);
    return TERN_OK;
}

void relay_read(struct relay *relay, struct relay_count *count)
{
    *count = relay->count;
}

/* ---- doors ---- */

int relay_add(struct relay *relay, bool udp, const char *listen_at, const char *target,
              char *address, size_t address_size)
{
    struct sockaddr_storage at;
    socklen_t size = 0;
    int on = 1;
    int room = ROOM_SIZE;
    int segment = RELAY_MSS;
    if (relay->door_count == RELAY_DOOR_MAX) {
        return TERN_ERR_NO_SPACE;
    }
    struct door *door = &relay->doors[relay->door_count];
    if (address_parse(listen_at, &at, &size) != TERN_OK ||
        address_parse(target, &door->target, &door->target_size) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    door->udp = udp;
    door->fd =
        socket(at.ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (door->fd < 0) {
        return TERN_ERR_IO;
    }
    if (udp) {
        setsockopt(door->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    } else {
        setsockopt(door->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        setsockopt(door->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
    }
    if (bind(door->fd, (struct sockaddr *)&at, size) != 0 ||
        (!udp && listen(door->fd, BACKLOG) != 0) ||
        getsockname(door->fd, (struct sockaddr *)&at, &size) != 0) {
        close(door->fd);
        return TERN_ERR_IO;
    }
    relay->door_count++;
    uint16_t port = 0;
    address_print((struct sockaddr *)&at, address, address_size, &port);
    return TERN_OK;
}

struct relay *relay_new(const struct relay_faults *faults)
{
    struct relay *relay = calloc(1, sizeof(*relay));
    if (relay == NULL) {
        return NULL;
    }
    relay->faults = *faults;
    relay->random = faults->seed;
    for (size_t i = 0; i < RELAY_FLOW_MAX; i++) {
        relay->flows[i].fd = -1;
    }
    if (pipe2(relay->request, O_CLOEXEC) != 0) {
        free(relay);
        return NULL;
    }
    if (pipe2(relay->answer, O_CLOEXEC) != 0) {
        close(relay->request[0]);
        close(relay->request[1]);
        free(relay);
        return NULL;
    }
    return relay;
}

static void close_all(struct relay *relay)
{
    relay_tcp_break(relay);
    drop_queue(relay);
    for (size_t i = 0; i < RELAY_FLOW_MAX; i++) {
        if (relay->flows[i].fd >= 0) {
            close(relay->flows[i].fd);
            relay->flows[i].fd = -1;
        }
    }
}

void relay_free(struct relay *relay)
{
    if (relay == NULL) {
        return;
    }
    relay_stop(relay);
    close_all(relay);
    for (size_t i = 0; i < relay->door_count; i++) {
        close(relay->doors[i].fd);
    }
    for (int i = 0; i < 2; i++) {
        close(relay->request[i]);
        close(relay->answer[i]);
    }
    free(relay);
}

/* ---- the thread ---- */

enum order { ORDER_SYNC = 'y', ORDER_RESET = 'r', ORDER_SPOIL = 'f', ORDER_STOP = 's' };

static void *run(void *context)
{
    struct relay *relay = context;
    for (;;) {
        bool control;
        bool moved = turn(relay, wait_of(relay, 1000), &control);
        /* Orders come last: what was sent before them is counted before them. */
        if (!control || moved || (relay->queue != NULL && relay->queue->due_us <= relay_now_us())) {
            continue;
        }
        char order = 0;
        if (read(relay->request[0], &order, 1) != 1) {
            continue;
        }
        if (order == ORDER_RESET) {
            memset(&relay->count, 0, sizeof(relay->count));
            relay->trace_count = 0;
            relay->packet_number = 0;
        }
        if (order == ORDER_SPOIL) {
            relay->faults = relay->wanted;
            relay->random = relay->wanted.seed;
            relay->packet_number = 0;
        }
        if (write(relay->answer[1], &order, 1) != 1 || order == ORDER_STOP) {
            return NULL;
        }
    }
}

static void order(struct relay *relay, char what)
{
    char answer;
    if (write(relay->request[1], &what, 1) != 1 || read(relay->answer[0], &answer, 1) != 1) {
        abort(); /* pipes of our own do not fail */
    }
}

int relay_start(struct relay *relay)
{
    relay->threaded = pthread_create(&relay->thread, NULL, run, relay) == 0;
    return relay->threaded ? TERN_OK : TERN_ERR_NO_SPACE;
}

void relay_stop(struct relay *relay)
{
    if (relay->threaded) {
        order(relay, ORDER_STOP);
        pthread_join(relay->thread, NULL);
        relay->threaded = false;
    }
}

void relay_sync(struct relay *relay, struct relay_count *count)
{
    order(relay, ORDER_SYNC);
    *count = relay->count;
}

void relay_reset(struct relay *relay)
{
    order(relay, ORDER_RESET);
}

void relay_spoil(struct relay *relay, const struct relay_faults *faults)
{
    relay->wanted = *faults;
    order(relay, ORDER_SPOIL);
}

size_t relay_trace(struct relay *relay, struct relay_packet *packets, size_t max)
{
    size_t count = relay->trace_count < max ? relay->trace_count : max;
    memcpy(packets, relay->trace, count * sizeof(*packets));
    return count;
}
