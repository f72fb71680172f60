/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Links by name, from data/links.yaml: rates, delay, loss, radio states and what they cost; each
 * figure with its source. And the time and energy that a trace of packets takes over one of them.
 */
#ifndef HOST_LINK_PRESET_H
#define HOST_LINK_PRESET_H

#include "host/link/relay.h"

#define LINK_PRESET_MAX 32

/** All that is known of a link; the keys of the YAML file have the same names. */
struct link_preset {
    char name[32];  /**< "nb-iot-ce1" */
    char title[96]; /**< for people */
    uint64_t rate_up_bps;
    uint64_t rate_down_bps;
    uint64_t round_trip_ms; /**< median, without the time of the bits themselves */
    uint64_t jitter_ms;     /**< added to each way, 0 to this */
    uint64_t loss_permille; /**< of packets */
    uint64_t mtu;
    uint64_t wake_ms;      /**< from power saving to the first packet */
    uint64_t wake_mj;      /**< energy of that */
    uint64_t transmit_mw;  /**< while sending */
    uint64_t receive_mw;   /**< while receiving */
    uint64_t connected_mw; /**< while waiting, connected */
    uint64_t tail_ms;      /**< connected after the last packet */
    uint64_t released_ms;  /**< the same when the device says that it was the last */
    uint64_t sleep_uw;     /**< in power saving mode or eDRX */
    uint64_t psm_s;        /**< longest sleep in power saving mode (T3412 extended) */
    uint64_t edrx_ms;      /**< cycle of extended reception; 0: none */
    uint64_t coap_ms;      /**< ACK_TIMEOUT that suits it */
};

struct link_figure {
    const char *key;
    size_t offset;
    const char *unit;
};
extern const struct link_figure LINK_FIGURES[];
extern const size_t LINK_FIGURE_COUNT;
uint64_t link_figure(const struct link_preset *preset, size_t index);

/**
 * Read the file; NULL: the installed one, or the one in the source tree this was built from.
 * @return presets read, or a negative error with the complaint in `why`
 */
int link_presets_load(struct link_preset *presets, size_t max, const char *path, char *why,
                      size_t why_size);
const struct link_preset *link_preset_find(const struct link_preset *presets, size_t count,
                                           const char *name);
/** As faults for a relay. */
struct relay_faults link_preset_faults(const struct link_preset *preset, uint64_t seed);

/** What an exchange costs over a link: from power saving to power saving. */
struct link_cost {
    double seconds;       /**< wake and packets */
    double joules;        /**< with the tail */
    double radio_joules;  /**< of those: sending and receiving */
    double tail_seconds;  /**< connected afterwards */
    double retransmitted; /**< packets sent again, mean */
    double bytes_paid;    /**< mean, with those */
};

/**
 * Replay packets over a link. A packet leaves when the last one of the other direction before it
 * has arrived and the radio is free; a lost one leaves again after a timeout. The mean of `runs`
 * runs of a seed.
 *
 * `released`: the device told the network with its last packet that it was the last (RAI).
 */
struct link_cost link_replay(const struct link_preset *preset, const struct relay_packet *packets,
                             size_t count, bool released, uint64_t seed, unsigned runs);

#endif
