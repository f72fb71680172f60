/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tern demo`: the vaccine shipment, told by the real programs on this machine.
 *
 * Every role is a process of its own (`tern smdp serve`, `tern eim serve`, `tern euicc serve`,
 * `tern network serve`); a sensor's wake is `tern ipa once`. The demo only starts, asks, and
 * checks.
 */
#ifndef APP_DEMO_DEMO_H
#define APP_DEMO_DEMO_H

#include <signal.h>

#include "app/demo/process.h"
#include "app/demo/report.h"

#define SENSOR_COUNT   3
#define PROFILE_COUNT  5 /**< An operator's: one a sensor and two for what goes wrong. */
#define OPERATOR_COUNT 2
#define SWEDEN         0
#define SINGAPORE      1
#define COMMAND_MS     30000
#define LINK_MS        600000 /**< The same over a modelled link. */
#define REVIVALS_MAX   8 /**< How often a command is repeated after a server was killed under it. */
#define EXIT_ANY       (-2) /**< For demo_run(): what it printed is judged, not how it ended. */

struct demo_options {
    const char *directory; /**< Where everything is kept; fresh when not named. */
    const char *curve;     /**< "p256" or "brainpool" */
    const char *carrier;   /**< "https", "coaps" or "oscore" */
    const char *link;      /**< A preset of `tern sim link` between sensors and eIM; NULL: none. */
    const char *trace;     /**< Keep every message there; NULL keeps none. */
    bool json;
    bool stay;
    const char *kill_eim;       /**< Tests: where to kill the eIM, see struct process. */
    const char *kill_sweden;    /**< Tests: ... Sweden's SM-DP+ */
    const char *kill_singapore; /**< Tests: ... Singapore's SM-DP+ */
    bool keep;                  /**< Leave the directory behind also when all held. */
};

/** What an operator sells: a number, its keys, and the profile that holds them. */
struct subscription {
    char iccid[24];
    char imsi[16];
    char key[33];
    char opc[33];
};

/** An operator with its SM-DP+ and its home network. */
struct operator_site {
    const char *name;     /**< "sweden" */
    const char *provider; /**< serviceProviderName */
    const char *plmn;     /**< "24001" */
    const char *fqdn;
    int es9_port;
    int es2_port;
    struct process smdp;
    struct process network;
    char address[128];    /**< FQDN:PORT, as activation codes have it. */
    char network_at[300]; /**< unix:PATH */
    struct subscription subscriptions[PROFILE_COUNT];
};

struct sensor {
    int number; /**< From 1. */
    char eid[33];
    char label[24];
    char pairing_code[40];
    char directory[300];
    char reader[320];                   /**< unix:PATH of its card */
    char installed[OPERATOR_COUNT][24]; /**< The profile it has got. */
    struct process card;
};

struct demo {
    struct demo_options options;
    struct report report;
    char self[300]; /**< This executable. */
    char directory[260];
    char sockets[64]; /**< A short path for Unix sockets, which hold 108 bytes. */
    char pki[280];
    struct operator_site operators[OPERATOR_COUNT];
    struct sensor sensors[SENSOR_COUNT];
    struct process eim;
    int revived; /**< How often a killed server was started again. */
    struct process link;
    int eim_port;    /**< Where the eIM itself takes ESipa. */
    int device_port; /**< What devices are told: the eIM's, or the link's before it. */
    int api_port;
    char eim_fqdn[64];
};

/** One step: false when it did not hold (the row says why). */
struct demo_step {
    const char *name;
    const char *words;
    bool (*run)(struct demo *demo, struct row *row);
    bool needed; /**< Nothing after it can be told when it failed. */
};

extern const struct demo_step DEMO_STEPS[];
extern const size_t DEMO_STEP_COUNT;

/* The tools of the steps (tools.c). */

/** The path of something below the demo's directory, in a buffer that lasts some calls. */
const char *demo_path(const struct demo *demo, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool demo_write_file(struct row *row, const char *path, const char *text);
/** Arguments that begin with this executable. */
void demo_arguments(const struct demo *demo, struct arguments *arguments, const char *words);
/** Arguments of a client of the eIM's API: "download", "operation show" ... */
void eim_arguments(const struct demo *demo, struct arguments *arguments, const char *words);
/** --resolve for every server of the story. */
void demo_add_resolve(const struct demo *demo, struct arguments *arguments);
/**
 * Run a command to its end and free its arguments. False, with the row told, unless it exits with
 * `expected`.
 */
bool demo_run(struct demo *demo, struct row *row, struct arguments *arguments, int expected,
              struct outcome *outcome);
/** Start a server and wait until it is ready. */
bool demo_serve(struct row *row, struct process *process, const char *name);
bool demo_start_eim(struct demo *demo, struct row *row);
/** Whether ESipa goes over UDP. */
bool demo_over_udp(const struct demo *demo);
/** A port that was free a moment ago on loopback. */
int demo_free_port(void);
void demo_random_hex(char *out, size_t bytes);
const char *json_text(const cJSON *object, const char *name);
long json_number(const cJSON *object, const char *name);
bool json_true(const cJSON *object, const char *name);

/* The sensors (sensors.c). `modem` is NULL for the gateway alone, "" for the radio, ",gateway" for
 * both. */

bool sensor_insert_card(struct demo *demo, struct row *row, struct sensor *sensor,
                        const char *power_cut_after);
void sensor_remove_card(struct sensor *sensor);
bool sensor_digest(struct demo *demo, struct row *row, struct sensor *sensor, char digest[80]);
/** Which home networks it can hear from now on. */
bool sensor_move(struct demo *demo, struct row *row, struct sensor *sensor, bool sweden,
                 bool singapore);
void sensor_wake_arguments(struct demo *demo, struct arguments *arguments,
                           const struct sensor *sensor, const char *modem);
/** One wake; its counters go into the row. Free the outcome also on failure. */
bool sensor_wake(struct demo *demo, struct row *row, const struct sensor *sensor, const char *modem,
                 struct outcome *outcome);
bool sensor_wake_with(struct demo *demo, struct row *row, const struct sensor *sensor,
                      const char *modem, const char *flag, struct outcome *outcome);
/** A wake in which links are expected to fail: judged by what it says. */
bool sensor_wake_any(struct demo *demo, struct row *row, const struct sensor *sensor,
                     const char *modem, struct outcome *outcome);
/** Where the messages of its IPA are kept. Valid until the next call. */
const char *sensor_trace(const struct demo *demo, const struct sensor *sensor);
/** The enabled profile attaches, and to this operator. */
bool sensor_attach(struct demo *demo, struct row *row, const struct sensor *sensor, int index);
/** Does any network in reach take it? */
bool sensor_attached(struct demo *demo, struct row *row, const struct sensor *sensor);
/** What the card holds, as JSON; its reader is interrupted for it. */
bool sensor_show(struct demo *demo, struct row *row, struct sensor *sensor,
                 struct outcome *outcome);
/** This profile is the enabled one, in the card's own memory. */
bool sensor_enabled(struct demo *demo, struct row *row, struct sensor *sensor, const char *iccid);
/** The subscription with this ICCID; NULL when there is none. */
const struct subscription *subscription_of(const struct operator_site *site, const char *iccid);

/* Operations at the eIM (story.c). */

#define OPERATION_ID_SIZE 64
bool story_queue_download(struct demo *demo, struct row *row, const struct sensor *sensor,
                          int index, bool direct, char id[OPERATION_ID_SIZE]);
bool story_queue_profile(struct demo *demo, struct row *row, const struct sensor *sensor,
                         const char *command, const char *iccid, bool rollback,
                         char id[OPERATION_ID_SIZE]);
/** The operation is in this state. Free the outcome also on failure. */
bool story_operation(struct demo *demo, struct row *row, const char *id, const char *state,
                     struct outcome *outcome);

/* The steps, by chapter. */
bool step_pki(struct demo *demo, struct row *row);
bool step_profiles(struct demo *demo, struct row *row);
bool step_servers(struct demo *demo, struct row *row);
bool step_orders(struct demo *demo, struct row *row);
bool step_cards(struct demo *demo, struct row *row);
bool step_commission(struct demo *demo, struct row *row);

bool step_download_sweden(struct demo *demo, struct row *row);
bool step_enable_sweden(struct demo *demo, struct row *row);
bool step_attach_sweden(struct demo *demo, struct row *row);
bool step_flipped_key(struct demo *demo, struct row *row);
bool step_landing(struct demo *demo, struct row *row);
bool step_download_singapore(struct demo *demo, struct row *row);
bool step_download_direct(struct demo *demo, struct row *row);
bool step_enable_singapore(struct demo *demo, struct row *row);
bool step_rollback(struct demo *demo, struct row *row);
bool step_home(struct demo *demo, struct row *row);
bool step_unsigned(struct demo *demo, struct row *row);
bool step_other_key(struct demo *demo, struct row *row);
bool step_replay(struct demo *demo, struct row *row);
bool step_other_eid(struct demo *demo, struct row *row);
bool step_other_package(struct demo *demo, struct row *row);
bool step_cut_download(struct demo *demo, struct row *row);
bool step_cut_enable(struct demo *demo, struct row *row);

#endif
