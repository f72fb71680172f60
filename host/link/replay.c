/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace of packets over a modelled link: how long, and how many joules.
 *
 *     sent  = max(arrival of the last packet from the other side, radio free)
 *     free  = sent + size / rate
 *     there = free + half a round trip + jitter          lost: again after a timeout
 *
 * Bare acknowledgements occupy the radio and hold nobody up. Cards and servers take no time here:
 * the link is what is compared. Energy is power times time in each state of the radio.
 */
#include "host/link/preset.h"

#define TCP_TIMEOUT_MIN_S 1.0
#define AGAIN_MAX         8
#define JITTER_OF_TIMEOUT 1.25

struct radio {
    uint64_t random;
    double free[2]; /* seconds */
    double there[2];
    double busy[2]; /* sending, receiving */
    double end;
    double again;
    double bytes;
};

static double chance(struct radio *radio)
{
    uint64_t z = (radio->random += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static void send_packet(struct radio *radio, const struct link_preset *preset,
                        const struct relay_packet *packet)
{
    unsigned way = packet->direction;
    double rate = (double)(way == RELAY_UP ? preset->rate_up_bps : preset->rate_down_bps);
    double air = packet->size * 8.0 / rate;
    double round_trip = (double)preset->round_trip_ms / 1000.0;
    double timeout = packet->is_tcp
                         ? larger(TCP_TIMEOUT_MIN_S, 2 * round_trip)
                         : larger((double)preset->coap_ms / 1000.0 * JITTER_OF_TIMEOUT, round_trip);
    double sent = larger(radio->free[way], radio->there[1 - way]);
    for (unsigned again = 0;; again++) {
        radio->free[way] = sent + air;
        radio->busy[way] += air;
        radio->bytes += packet->size;
        bool lost = chance(radio) < (double)preset->loss_permille / 1000.0;
        if (!lost || again == AGAIN_MAX || packet->is_ack) {
            break;
        }
        radio->again += 1;
        sent = larger(radio->free[way], sent + timeout * (double)(1u << again));
    }
    double there =
        radio->free[way] + round_trip / 2 + chance(radio) * (double)preset->jitter_ms / 1000.0;
    if (!packet->is_ack) {
        radio->there[way] = larger(radio->there[way], there);
    }
    radio->end = larger(radio->end, larger(there, radio->free[way]));
}

struct link_cost link_replay(const struct link_preset *preset, const struct relay_packet *packets,
                             size_t count, bool released, uint64_t seed, unsigned runs)
{
    struct link_cost cost = {0};
    double tail = (double)(released ? preset->released_ms : preset->tail_ms) / 1000.0;
    for (unsigned run = 0; run < runs; run++) {
        struct radio radio = {.random = seed + run};
        for (size_t i = 0; i < count; i++) {
            send_packet(&radio, preset, &packets[i]);
        }
        double waiting = larger(0, radio.end - radio.busy[0] - radio.busy[1]);
        double active = radio.busy[0] * (double)preset->transmit_mw / 1000.0 +
                        radio.busy[1] * (double)preset->receive_mw / 1000.0;
        cost.seconds += (double)preset->wake_ms / 1000.0 + radio.end;
        cost.radio_joules += active;
        cost.joules += (double)preset->wake_mj / 1000.0 + active +
                       (waiting + tail) * (double)preset->connected_mw / 1000.0;
        cost.retransmitted += radio.again;
        cost.bytes_paid += radio.bytes;
    }
    cost.seconds /= runs;
    cost.radio_joules /= runs;
    cost.joules /= runs;
    cost.retransmitted /= runs;
    cost.bytes_paid /= runs;
    cost.tail_seconds = tail;
    return cost;
}
