/* SPDX-License-Identifier: Apache-2.0 */
/* `tern bench wire`: which scenarios there are, and what is printed of them. */
#include "app/bench_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/benches.h"
#include "host/config/options.h"

#define SCENARIO_MAX 128

static const char *const CARRIERS[WIRE_CARRIER_COUNT] = {
    "https_direct", "https",         "coaps_cert", "coaps_pinned",
    "coaps_psk",    "coaps_resumed", "coaps_live", "oscore"};
static const char *const WORKS[WIRE_WORK_COUNT] = {"poll", "psmo", "ts48", "4k", "2k", "min"};

struct wire_options {
    bool json;
    bool messages;
    bool packets;
    bool list;
    bool keep;
};

/* A direct download has no eIM in it that could expand compact forms. */
static bool exists(enum wire_carrier carrier, enum wire_form form)
{
    return carrier == WIRE_HTTPS_DIRECT ? form == WIRE_FULL : form != WIRE_DIRECT;
}

size_t wire_scenarios(struct wire_scenario *scenarios, size_t max)
{
    size_t count = 0;
    for (unsigned i = 0; i < WIRE_CARRIER_COUNT * 2 * WIRE_WORK_COUNT && count < max; i++) {
        struct wire_scenario *scenario = &scenarios[count];
        scenario->work = (enum wire_work)(i % WIRE_WORK_COUNT);
        scenario->form = (enum wire_form)(i / WIRE_WORK_COUNT % 2);
        scenario->carrier = (enum wire_carrier)(i / WIRE_WORK_COUNT / 2);
        if (!exists(scenario->carrier, scenario->form)) {
            continue;
        }
        snprintf(scenario->name, sizeof(scenario->name), "wire.%s.%s.%s",
                 CARRIERS[scenario->carrier], scenario->form == WIRE_FULL ? "full" : "compact",
                 WORKS[scenario->work]);
        if (scenario->carrier == WIRE_HTTPS_DIRECT) {
            scenario->form = WIRE_DIRECT;
        }
        count++;
    }
    return count;
}

size_t wire_choose(struct wire_scenario *scenarios, size_t max, int argc, char **argv)
{
    struct wire_scenario all[SCENARIO_MAX];
    size_t count = wire_scenarios(all, SCENARIO_MAX);
    size_t chosen = 0;
    for (size_t i = 0; i < count && chosen < max; i++) {
        bool wanted = argc <= 1;
        for (int a = 1; a < argc; a++) {
            wanted = wanted || strstr(all[i].name, argv[a]) != NULL;
        }
        if (wanted) {
            scenarios[chosen++] = all[i];
        }
    }
    return chosen;
}

bool wire_needs_certificates(const struct wire_scenario *scenario)
{
    return scenario->carrier == WIRE_OSCORE && scenario->form == WIRE_COMPACT &&
           scenario->work >= WIRE_TS48;
}

void wire_sizes(size_t sizes[WIRE_SIZES], const struct wire_scenario *scenarios, size_t count)
{
    bool psmo[WIRE_FORM_COUNT] = {false};
    bool certificates = false;
    memset(sizes, 0, WIRE_SIZES * sizeof(*sizes));
    for (size_t i = 0; i < count; i++) {
        if (scenarios[i].work >= WIRE_TS48) {
            sizes[scenarios[i].work - WIRE_TS48]++;
        }
        if (wire_needs_certificates(&scenarios[i]) && !certificates) {
            certificates = true;
            sizes[WIRE_SIZES - 1]++;
        }
        if (scenarios[i].work == WIRE_PSMO && !psmo[scenarios[i].form]) {
            psmo[scenarios[i].form] = true;
            sizes[WIRE_SIZES - 1] += 2;
        }
    }
}

/* ---- printing ---- */

static void print_counts(const struct relay_count *count)
{
    uint64_t handshake = count->handshake_bytes[RELAY_UP] + count->handshake_bytes[RELAY_DOWN];
    printf("\"bytes_up\":%llu,\"bytes_down\":%llu,\"packets_up\":%llu,\"packets_down\":%llu,"
           "\"handshake_bytes\":%llu,\"handshakes\":%llu,\"resumptions\":%llu",
           (unsigned long long)count->bytes[RELAY_UP], (unsigned long long)count->bytes[RELAY_DOWN],
           (unsigned long long)count->packets[RELAY_UP],
           (unsigned long long)count->packets[RELAY_DOWN], (unsigned long long)handshake,
           (unsigned long long)count->handshakes, (unsigned long long)count->resumptions);
}

static void print_json(const struct wire_options *options, const struct wire_scenario *scenario,
                       const struct wire_result *result)
{
    printf("{\"bench\":\"%s\",", scenario->name);
    print_counts(&result->count);
    printf(",\"round_trips\":%llu,\"messages\":[", (unsigned long long)result->round_trips);
    for (size_t i = 0; i < result->message_count; i++) {
        printf("%s{\"name\":\"%s\",", i == 0 ? "" : ",", result->messages[i].name);
        print_counts(&result->messages[i].count);
        printf("}");
    }
    printf("]");
    if (options->packets) { /* size, negative when down; a for bare acknowledgements, t for TCP */
        printf(",\"packets\":[");
        for (size_t i = 0; i < result->packet_count; i++) {
            const struct relay_packet *packet = &result->packets[i];
            printf("%s\"%c%u%s%s\"", i == 0 ? "" : ",", packet->direction == RELAY_UP ? 'u' : 'd',
                   packet->size, packet->is_tcp ? "t" : "", packet->is_ack ? "a" : "");
        }
        printf("]");
    }
    puts("}");
}

static void print_row(const char *name, const struct relay_count *count)
{
    uint64_t sum = count->bytes[RELAY_UP] + count->bytes[RELAY_DOWN];
    printf("%-36s %6llu %6llu %7llu %4llu %4llu\n", name,
           (unsigned long long)count->bytes[RELAY_UP], (unsigned long long)count->bytes[RELAY_DOWN],
           (unsigned long long)sum, (unsigned long long)count->packets[RELAY_UP],
           (unsigned long long)count->packets[RELAY_DOWN]);
}

static void print_text(const struct wire_options *options, const struct wire_scenario *scenario,
                       const struct wire_result *result)
{
    print_row(scenario->name, &result->count);
    for (size_t i = 0; options->messages && i < result->message_count; i++) {
        char name[80];
        snprintf(name, sizeof(name), "    %s", result->messages[i].name);
        print_row(name, &result->messages[i].count);
    }
}

/* ---- the command ---- */

static const struct option_row ROWS[] = {
    OPTION_FLAG(struct wire_options, json, "json", "one JSON object a line"),
    OPTION_FLAG(struct wire_options, messages, "messages", "every message (JSON has them anyway)"),
    OPTION_FLAG(struct wire_options, packets, "packets", "every packet, for tern sim link"),
    OPTION_FLAG(struct wire_options, list, "list", "print the names and end"),
    OPTION_FLAG(struct wire_options, keep, "keep", "leave the folder of the servers behind"),
};
static const struct option_table TABLE = OPTION_TABLE(
    "tern bench wire [WORD ...] [OPTION ...]",
    "Counts IP bytes and packets of ESipa between real processes, handshakes and all headers in.\n"
    "A scenario is run when its name holds one of the words: wire.coaps_cert.compact.ts48.",
    ROWS);

static int list_names(const struct wire_scenario *scenarios, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        puts(scenarios[i].name);
    }
    return 0;
}

int bench_wire(int argc, char **argv)
{
    static struct wire_world world;
    static struct wire_result result;
    struct wire_scenario scenarios[SCENARIO_MAX];
    struct wire_options options = {0};
    size_t sizes[WIRE_SIZES];
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    size_t count = wire_choose(scenarios, SCENARIO_MAX, argc, argv);
    if (options.list || count == 0) {
        return list_names(scenarios, count);
    }
    wire_sizes(sizes, scenarios, count);
    memset(&world, 0, sizeof(world));
    world.keep = options.keep;
    world.delay_ms = options.packets ? WIRE_TRACE_DELAY_MS : 0;
    bool held = wire_world_open(&world, sizes);
    if (held && !options.json) {
        printf("%-36s %6s %6s %7s %4s %4s\n", "IP bytes and packets", "up B", "down B", "sum B",
               "up", "down");
    }
    for (size_t i = 0; held && i < count; i++) {
        held = wire_run(&world, &result, &scenarios[i]);
        if (held) {
            (options.json ? print_json : print_text)(&options, &scenarios[i], &result);
            fflush(stdout);
        }
    }
    if (!held) {
        fprintf(stderr, "tern bench wire: %s\n", world.error);
    }
    wire_world_close(&world);
    return held ? 0 : 2;
}
