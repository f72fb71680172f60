/* SPDX-License-Identifier: Apache-2.0 */
/* What the UDP half, the TCP half and the turn of the relay share. */
#ifndef HOST_LINK_RELAY_INSIDE_H
#define HOST_LINK_RELAY_INSIDE_H

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "host/link/relay.h"

#define RELAY_FLOW_MAX   64
#define RELAY_STREAM_MAX 256
#define RELAY_PIECE      2048
#define RELAY_MSS        (RELAY_MTU - RELAY_TCP_HEAD)

struct door {
    bool udp;
    int fd;
    struct sockaddr_storage target;
    socklen_t target_size;
};

/* A device's address and the one that the server sees. */
struct flow {
    int fd; /* towards the server; -1: free */
    struct door *door;
    struct sockaddr_storage client;
    socklen_t client_size;
    uint64_t used_us;
    unsigned datagrams; /* since the last rebinding */
    uint8_t hello[32];  /* random of the last ServerHello */
    bool hello_open;    /* neither full nor resumed yet */
};

/* A TCP connection: [0] is the device's end, [1] the server's. */
struct stream {
    int fd[2];       /* -1: closed */
    bool connecting; /* [1] */
    bool ended[2];   /* end of file read from it */
    bool shut[2];    /* shutdown was passed on to it */
    uint64_t bytes[2];
    uint64_t segments[2]; /* data segments as its sender cut them */
    /* the flight under way, for acknowledgements */
    int direction; /* -1: none yet */
    uint64_t flight_bytes;
    bool closed;         /* both ends, counted */
    uint64_t last_us[2]; /* arrival of the last piece of each direction: a stream keeps order */
};

/* Something on its way. Ordered by time; `data` behind it. */
struct parcel {
    struct parcel *next;
    uint64_t due_us;
    enum relay_direction direction;
    size_t index; /* flow or stream */
    bool tcp;
    bool end; /* TCP: end of file */
    size_t size;
    size_t done;
    uint8_t data[];
};

struct relay {
    struct relay_faults faults;
    struct relay_faults wanted; /* relay_spoil() */
    uint64_t random;
    struct door doors[RELAY_DOOR_MAX];
    size_t door_count;
    struct flow flows[RELAY_FLOW_MAX];
    struct stream streams[RELAY_STREAM_MAX];
    size_t stream_count;
    struct parcel *queue;
    uint64_t free_us[2]; /* when the last packet has left the sender's radio */
    struct relay_count count;
    uint64_t packet_number;
    uint64_t dark_until_us;
    bool dark;
    struct relay_packet trace[RELAY_TRACE_MAX];
    size_t trace_count;
    /* the thread */
    pthread_t thread;
    bool threaded;
    int request[2];
    int answer[2];
};

uint64_t relay_now_us(void);
double relay_chance(struct relay *relay);
void relay_count_packet(struct relay *relay, enum relay_direction direction, size_t size,
                        bool is_ack, bool is_tcp);
/* Put something on its way; the link's rate, delay and jitter tell when it arrives. `last_us` (NULL
 * for datagrams): not before what went before it. */
void relay_post(struct relay *relay, struct parcel *parcel, size_t ip_size, uint64_t extra_us,
                uint64_t *last_us);
struct parcel *relay_parcel(size_t size);
/* One packet more: true when it, or the dark that follows a cut, swallows it. */
bool relay_cut(struct relay *relay);

void relay_udp_receive(struct relay *relay, struct door *door);
void relay_udp_answer(struct relay *relay, size_t flow);
void relay_udp_deliver(struct relay *relay, const struct parcel *parcel);
void relay_udp_rebind(struct relay *relay);

void relay_tcp_accept(struct relay *relay, struct door *door);
/* What `side` has sent, or has room for again. */
void relay_tcp_move(struct relay *relay, size_t stream, int side, bool readable, bool writable);
/* False: no room yet, keep the parcel. */
bool relay_tcp_deliver(struct relay *relay, struct parcel *parcel);
void relay_tcp_close(struct relay *relay, struct stream *stream);
void relay_tcp_break(struct relay *relay);

#endif
