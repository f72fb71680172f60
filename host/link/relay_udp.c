/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams through the relay: one socket towards the server for each address of a device, replaced
 * when the "NAT" forgets. DTLS records are looked at as any eavesdropper could. */
#include <string.h>
#include <unistd.h>

#include "host/link/relay_inside.h"

#define RECORD_HEAD    13
#define MESSAGE_HEAD   12
#define HANDSHAKE      22
#define APPLICATION    23
#define SERVER_HELLO   2
#define SERVER_HELLO_D 14

static size_t overhead(const struct flow *flow)
{
    return flow->client.ss_family == AF_INET6 ? RELAY_UDP_HEAD + 20 : RELAY_UDP_HEAD;
}

/* A ServerHello that is followed by ServerHelloDone is a whole handshake; one that is not resumes.
 * Both messages are in the clear, in epoch 0. */
static void see_message(struct relay *relay, struct flow *flow, const uint8_t *message, size_t size)
{
    if (message[0] == SERVER_HELLO && size >= MESSAGE_HEAD + 34) {
        const uint8_t *random = message + MESSAGE_HEAD + 2;
        if (memcmp(flow->hello, random, sizeof(flow->hello)) != 0) {
            memcpy(flow->hello, random, sizeof(flow->hello));
            flow->hello_open = true;
            relay->count.resumptions++;
        }
    } else if (message[0] == SERVER_HELLO_D && flow->hello_open) {
        flow->hello_open = false;
        relay->count.resumptions--;
        relay->count.handshakes++;
    }
}

/* True when the datagram holds nothing but handshake. */
static bool see_records(struct relay *relay, struct flow *flow, enum relay_direction direction,
                        const uint8_t *data, size_t size)
{
    bool only_handshake = false;
    while (size > RECORD_HEAD && data[0] >= 20 && data[0] <= 23 && data[1] == 0xFE) {
        size_t record = RECORD_HEAD + ((size_t)data[11] << 8 | data[12]);
        if (record > size || data[0] == APPLICATION) {
            return false;
        }
        only_handshake = true;
        bool clear = data[3] == 0 && data[4] == 0;
        if (direction == RELAY_DOWN && data[0] == HANDSHAKE && clear &&
            record >= RECORD_HEAD + MESSAGE_HEAD) {
            see_message(relay, flow, data + RECORD_HEAD, record - RECORD_HEAD);
        }
        data += record;
        size -= record;
    }
    return only_handshake;
}

static void forward(struct relay *relay, size_t index, enum relay_direction direction,
                    const uint8_t *data, size_t size)
{
    struct flow *flow = &relay->flows[index];
    size_t ip_size = size + overhead(flow);
    relay_count_packet(relay, direction, ip_size, false, false);
    if (see_records(relay, flow, direction, data, size)) {
        relay->count.handshake_bytes[direction] += ip_size;
    }
    if (relay_cut(relay) || relay_chance(relay) < relay->faults.loss) {
        relay->count.dropped++;
        return;
    }
    unsigned copies = relay_chance(relay) < relay->faults.duplicate ? 2 : 1;
    relay->count.duplicated += copies - 1;
    uint64_t extra_us = 0;
    if (relay_chance(relay) < relay->faults.reorder) {
        extra_us = (uint64_t)relay->faults.reorder_ms * 1000;
        relay->count.reordered++;
    }
    for (unsigned i = 0; i < copies; i++) {
        struct parcel *parcel = relay_parcel(size);
        if (parcel == NULL) {
            return;
        }
        memcpy(parcel->data, data, size);
        parcel->index = index;
        parcel->direction = direction;
        relay_post(relay, parcel, ip_size, extra_us, NULL);
    }
}

static int connect_flow(const struct door *door)
{
    int fd = socket(door->target.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&door->target, door->target_size) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The flow of a device's address; a new one takes a free place. */
static size_t find_flow(struct relay *relay, struct door *door,
                        const struct sockaddr_storage *client, socklen_t size)
{
    size_t empty = RELAY_FLOW_MAX;
    size_t oldest = 0;
    for (size_t i = 0; i < RELAY_FLOW_MAX; i++) {
        struct flow *flow = &relay->flows[i];
        if (flow->fd < 0) {
            empty = empty == RELAY_FLOW_MAX ? i : empty;
        } else if (flow->door == door && flow->client_size == size &&
                   memcmp(&flow->client, client, size) == 0) {
            return i;
        }
        oldest = flow->used_us < relay->flows[oldest].used_us ? i : oldest;
    }
    if (empty == RELAY_FLOW_MAX) {
        empty = oldest;
        close(relay->flows[empty].fd);
    }
    struct flow *flow = &relay->flows[empty];
    memset(flow, 0, sizeof(*flow));
    flow->door = door;
    flow->client = *client;
    flow->client_size = size;
    flow->fd = connect_flow(door);
    return flow->fd < 0 ? RELAY_FLOW_MAX : empty;
}

static void rebind_flow(struct relay *relay, struct flow *flow)
{
    close(flow->fd);
    flow->fd = connect_flow(flow->door);
    flow->datagrams = 0;
    relay->count.rebinds++;
}

void relay_udp_rebind(struct relay *relay)
{
    for (size_t i = 0; i < RELAY_FLOW_MAX; i++) {
        if (relay->flows[i].fd >= 0) {
            rebind_flow(relay, &relay->flows[i]);
        }
    }
}

void relay_udp_receive(struct relay *relay, struct door *door)
{
    uint8_t data[RELAY_PIECE];
    for (;;) {
        struct sockaddr_storage client;
        socklen_t client_size = sizeof(client);
        memset(&client, 0, sizeof(client));
        ssize_t size = recvfrom(door->fd, data, sizeof(data), MSG_DONTWAIT,
                                (struct sockaddr *)&client, &client_size);
        if (size < 0) {
            return;
        }
        size_t index = find_flow(relay, door, &client, client_size);
        if (index == RELAY_FLOW_MAX) {
            return;
        }
        struct flow *flow = &relay->flows[index];
        flow->datagrams++;
        flow->used_us = relay_now_us();
        if (relay->faults.rebind_every != 0 && flow->datagrams > relay->faults.rebind_every) {
            rebind_flow(relay, flow);
        }
        forward(relay, index, RELAY_UP, data, (size_t)size);
    }
}

void relay_udp_answer(struct relay *relay, size_t index)
{
    uint8_t data[RELAY_PIECE];
    for (;;) {
        ssize_t size = recv(relay->flows[index].fd, data, sizeof(data), MSG_DONTWAIT);
        if (size < 0) {
            return;
        }
        forward(relay, index, RELAY_DOWN, data, (size_t)size);
    }
}

void relay_udp_deliver(struct relay *relay, const struct parcel *parcel)
{
    struct flow *flow = &relay->flows[parcel->index];
    ssize_t sent;
    if (flow->fd < 0) {
        return;
    }
    if (parcel->direction == RELAY_UP) {
        sent = send(flow->fd, parcel->data, parcel->size, MSG_DONTWAIT);
    } else {
        sent = sendto(flow->door->fd, parcel->data, parcel->size, MSG_DONTWAIT,
                      (struct sockaddr *)&flow->client, flow->client_size);
    }
    (void)sent; /* lost is lost */
}
