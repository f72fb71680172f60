/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tern bench wire`: what ESipa costs on the wire, counted between real processes.
 *
 * A world of children (SM-DP+, eIM, cards) and a device in this process, with a counting relay
 * (host/link/relay.h) between the device and every server. docs/decisions/wire-counting.md
 */
#ifndef APP_BENCH_WIRE_H
#define APP_BENCH_WIRE_H

#include "app/demo/process.h"
#include "app/ipa.h"
#include "host/link/relay.h"

#define WIRE_SMDP           "smdp.example"
#define WIRE_EIM            "eim.example"
#define WIRE_TRACE_DELAY_MS 25
#define WIRE_CODES_MAX      64
#define WIRE_MESSAGE_MAX    64

/** Devices by what their IPA says of itself; a card each. */
enum wire_form { WIRE_FULL, WIRE_COMPACT, WIRE_DIRECT, WIRE_FORM_COUNT };

enum wire_carrier {
    WIRE_HTTPS_DIRECT,
    WIRE_HTTPS,
    WIRE_COAPS_CERT,
    WIRE_COAPS_PINNED,
    WIRE_COAPS_PSK,
    WIRE_COAPS_RESUMED,
    WIRE_COAPS_LIVE,
    WIRE_OSCORE,
    WIRE_CARRIER_COUNT
};

enum wire_work { WIRE_POLL, WIRE_PSMO, WIRE_TS48, WIRE_4K, WIRE_2K, WIRE_MIN, WIRE_WORK_COUNT };
#define WIRE_SIZES 4 /**< kinds of profiles: from WIRE_TS48 on */

struct wire_scenario {
    enum wire_carrier carrier;
    enum wire_form form;
    enum wire_work work;
    char name[48]; /**< "wire.coaps_cert.compact.ts48" */
};

struct wire_device {
    char eid[33];
    char directory[300];
    char reader[120];
    struct process card;
    char iccid[2][24]; /**< two small profiles that PSMOs switch between */
    int enabled;       /**< of those; -1: none */
};

struct wire_world {
    char self[300];
    char directory[260];
    char sockets[64];
    struct process smdp;
    struct process eim;
    struct wire_device devices[WIRE_FORM_COUNT];
    struct relay *relay;
    char smdp_address[80]; /**< the servers themselves */
    char esipa_address[80];
    char coaps_address[80];
    char oscore_address[80];
    char relay_smdp[80]; /**< the relay's doors to them */
    char relay_esipa[80];
    char relay_coaps[80];
    char relay_oscore[80];
    char *codes[WIRE_SIZES][WIRE_CODES_MAX];
    char iccids[WIRE_SIZES][WIRE_CODES_MAX][24];
    size_t code_count[WIRE_SIZES];
    size_t code_used[WIRE_SIZES];
    bool keep; /**< leave the folder behind */
    /** Each way, while a wake is counted: without it requests that a device sends ahead of the
     * answers would look as if they had waited for them. */
    unsigned delay_ms;
    bool certificates_held; /**< the compact device has seen those of the SM-DP+ */
    char error[1000];
};

/** One message and its answer. */
struct wire_message {
    char name[64];
    struct relay_count count; /**< only of it */
};

struct wire_result {
    struct relay_count count;
    uint64_t round_trips;
    struct wire_message messages[WIRE_MESSAGE_MAX];
    size_t message_count;
    struct relay_packet packets[RELAY_TRACE_MAX];
    size_t packet_count;
};

/** `sizes[i]`: so many profiles of kind i will be downloaded. False with world->error. */
bool wire_world_open(struct wire_world *world, const size_t sizes[WIRE_SIZES]);
void wire_world_close(struct wire_world *world);
/** Ask the eIM: the words, then `rest`. Free the outcome. */
bool wire_eim(struct wire_world *world, struct outcome *outcome, const char *words,
              const char *rest);

/** Run one. False with world->error. */
bool wire_run(struct wire_world *world, struct wire_result *result,
              const struct wire_scenario *scenario);

/** All scenarios there are, in their order; count. */
size_t wire_scenarios(struct wire_scenario *scenarios, size_t max);
/** Those whose name holds one of the words; all when there is no word. */
size_t wire_choose(struct wire_scenario *scenarios, size_t max, int argc, char **argv);
/** Is it measured with certificates by reference? */
bool wire_needs_certificates(const struct wire_scenario *scenario);
/** Profiles that these need of each kind. */
void wire_sizes(size_t sizes[WIRE_SIZES], const struct wire_scenario *scenarios, size_t count);

#endif
