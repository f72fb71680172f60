/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A relay between a device and its servers that counts what IP would carry, and that can be as bad
 * as a link: rate, delay, loss, reordering, duplication, new addresses (NAT), cuts.
 *
 * UDP is counted datagram by datagram. A TCP relay cannot see packets, so it counts what both
 * kernels say: bytes of each direction, and data segments as the sender cut them, with the MSS of
 * the MTU; acknowledgements, SYN and FIN follow by rule. docs/decisions/wire-counting.md
 *
 * One thread runs it. "Up" is from the device to the server.
 */
#ifndef HOST_LINK_RELAY_H
#define HOST_LINK_RELAY_H

#include "tern/bytes.h"

#define RELAY_DOOR_MAX  8
#define RELAY_TRACE_MAX 4096
#define RELAY_MTU       1400
/** IPv4 and TCP with timestamps, as every Linux sends them: 20 + 20 + 12. */
#define RELAY_TCP_HEAD 52
/** SYN with MSS, SACK, timestamps and window scale: 20 + 40. */
#define RELAY_TCP_SYN  60
#define RELAY_UDP_HEAD 28

enum relay_direction { RELAY_UP = 0, RELAY_DOWN = 1 };

/** Counted in IP bytes, index: enum relay_direction. */
struct relay_count {
    uint64_t bytes[2];
    uint64_t packets[2];
    uint64_t handshake_bytes[2]; /**< of those: (D)TLS handshake records with their packets */
    uint64_t handshakes;         /**< full DTLS handshakes seen to their server's flight */
    uint64_t resumptions;        /**< DTLS sessions resumed */
    uint64_t connections;        /**< TCP */
    uint64_t dropped;            /**< datagrams that did not get through */
    uint64_t duplicated;
    uint64_t reordered;
    uint64_t rebinds; /**< new addresses towards the server */
    uint64_t cuts;
};

/** One packet, for a model that replays it. */
struct relay_packet {
    uint16_t size;     /**< IP bytes */
    uint8_t direction; /**< enum relay_direction */
    bool is_ack;       /**< acknowledges and carries nothing: nobody waits for it */
    bool is_tcp;
};

/** How bad the link is. Zeroes: a good cable. */
struct relay_faults {
    uint64_t seed;
    double loss;      /**< 0 to 1, of datagrams; TCP: of segments, paid in time */
    double duplicate; /**< 0 to 1 */
    double reorder;   /**< 0 to 1: held back behind the ones that follow */
    unsigned reorder_ms;
    unsigned rebind_every; /**< a new address after so many datagrams; 0: never */
    unsigned cut_at;       /**< at this packet (from 1) the link is gone; 0: never */
    unsigned cut_ms;       /**< for so long; then the device has a new address */
    uint64_t rate_bps[2];  /**< 0: no limit */
    unsigned delay_ms;     /**< one way */
    unsigned jitter_ms;    /**< 0 to this on top */
};

struct relay;

/** NULL when out of resources. */
struct relay *relay_new(const struct relay_faults *faults);
void relay_free(struct relay *relay);

/**
 * Relay from `listen` ("127.0.0.1:0") to `target`, both numeric; its address goes to `address`.
 * @return TERN_OK, TERN_ERR_MALFORMED, TERN_ERR_IO, TERN_ERR_NO_SPACE
 */
int relay_add(struct relay *relay, bool udp, const char *listen, const char *target, char *address,
              size_t address_size);

/** Wait for something, at most `wait_ms`, and do it. TERN_ERR_IO when the system refuses. */
int relay_turn(struct relay *relay, uint64_t wait_ms);

/** What was counted until now. From the relay's thread. */
void relay_read(struct relay *relay, struct relay_count *count);

/** Run in a thread of its own until relay_stop(). */
int relay_start(struct relay *relay);
void relay_stop(struct relay *relay);
/** From another thread: all that was sent to the relay before is counted. */
void relay_sync(struct relay *relay, struct relay_count *count);
/** Forget packets and counters; connections stay. Like relay_sync(). */
void relay_reset(struct relay *relay);
/** Other faults from now on; packet numbers begin again. Like relay_sync(). */
void relay_spoil(struct relay *relay, const struct relay_faults *faults);
/** Packets since the last reset, at most RELAY_TRACE_MAX. After relay_sync(). */
size_t relay_trace(struct relay *relay, struct relay_packet *packets, size_t max);

#endif
