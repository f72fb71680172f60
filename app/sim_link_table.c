/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What scenarios cost over modelled links. Their packets are measured now, between real processes
 * (tern bench wire), or come from a file that it printed; the model only moves them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "app/bench_wire.h"
#include "app/sim_link.h"

#define TRAFFIC_MAX 128
#define RUNS        200
#define LINE_MAX_B  200000

struct traffic {
    char name[48];
    struct relay_packet *packets;
    size_t count;
};

/* "u120t": up, 120 bytes, TCP; a: a bare acknowledgement. */
static bool read_packet(struct relay_packet *packet, const char *text)
{
    char *end;
    if (text[0] != 'u' && text[0] != 'd') {
        return false;
    }
    unsigned long size = strtoul(text + 1, &end, 10);
    packet->size = (uint16_t)size;
    packet->direction = text[0] == 'u' ? RELAY_UP : RELAY_DOWN;
    packet->is_tcp = *end == 't';
    packet->is_ack = strchr(end, 'a') != NULL;
    return end != text + 1 && size > 0 && size <= UINT16_MAX;
}

static bool read_line(struct traffic *traffic, const char *line)
{
    cJSON *json = cJSON_Parse(line);
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "bench");
    const cJSON *packets = cJSON_GetObjectItemCaseSensitive(json, "packets");
    const cJSON *packet;
    bool held = cJSON_IsString(name) && cJSON_IsArray(packets);
    if (held) {
        snprintf(traffic->name, sizeof(traffic->name), "%s", name->valuestring);
        traffic->packets =
            calloc((size_t)cJSON_GetArraySize(packets) + 1, sizeof(*traffic->packets));
        held = traffic->packets != NULL;
    }
    if (held) {
        cJSON_ArrayForEach(packet, packets)
        {
            held = held && cJSON_IsString(packet) &&
                   read_packet(&traffic->packets[traffic->count++], packet->valuestring);
        }
    }
    cJSON_Delete(json);
    return held;
}

static int read_traffic(struct traffic *traffic, size_t *count, const char *path)
{
    FILE *file = fopen(path, "re");
    char *line = malloc(LINE_MAX_B);
    int status = file == NULL || line == NULL ? 2 : 0;
    while (status == 0 && *count < TRAFFIC_MAX && fgets(line, LINE_MAX_B, file) != NULL) {
        status = read_line(&traffic[(*count)++], line) ? 0 : 2;
    }
    if (status != 0) {
        fprintf(stderr, "tern sim link: %s is not what tern bench wire --packets --json prints\n",
                path);
    }
    if (file != NULL) {
        fclose(file);
    }
    free(line);
    return status;
}

static int measure(struct traffic *traffic, size_t *count, int argc, char **argv)
{
    static struct wire_world world;
    static struct wire_result result;
    static char *usual[] = {"link", ".ts48", ".min", ".poll", NULL};
    struct wire_scenario scenarios[TRAFFIC_MAX];
    size_t sizes[WIRE_SIZES];
    size_t wanted = argc > 1 ? wire_choose(scenarios, TRAFFIC_MAX, argc, argv)
                             : wire_choose(scenarios, TRAFFIC_MAX, 4, usual);
    wire_sizes(sizes, scenarios, wanted);
    memset(&world, 0, sizeof(world));
    world.delay_ms = WIRE_TRACE_DELAY_MS;
    bool held = wanted > 0 && wire_world_open(&world, sizes);
    for (size_t i = 0; held && i < wanted; i++) {
        struct traffic *to = &traffic[*count];
        held = wire_run(&world, &result, &scenarios[i]);
        to->packets = held ? calloc(result.packet_count + 1, sizeof(*to->packets)) : NULL;
        if (to->packets != NULL) {
            snprintf(to->name, sizeof(to->name), "%s", scenarios[i].name);
            memcpy(to->packets, result.packets, result.packet_count * sizeof(*to->packets));
            to->count = result.packet_count;
            (*count)++;
        }
    }
    if (!held) {
        fprintf(stderr, "tern sim link: %s\n", wanted == 0 ? "no such scenario" : world.error);
    }
    if (wanted > 0) {
        wire_world_close(&world);
    }
    return held ? 0 : 2;
}

static void print_json(const struct link_preset *preset, const struct traffic *traffic,
                       const struct link_cost *cost)
{
    printf("{\"link\":\"%s\",\"bench\":\"%s\",\"seconds\":%.2f,\"joules\":%.3f,"
           "\"radio_joules\":%.3f,\"tail_seconds\":%.1f,\"retransmitted\":%.2f,"
           "\"bytes_paid\":%.0f}\n",
           preset->name, traffic->name, cost->seconds, cost->joules, cost->radio_joules,
           cost->tail_seconds, cost->retransmitted, cost->bytes_paid);
}

static void print_rows(const struct sim_link *options, const struct traffic *traffic, size_t count)
{
    for (size_t p = 0; p < options->preset_count; p++) {
        const struct link_preset *preset = &options->presets[p];
        if (options->chosen != NULL && preset != options->chosen) {
            continue;
        }
        if (!options->json) {
            printf("%s (%s)\n    %-34s %9s %9s %8s\n", preset->title, preset->name, "", "seconds",
                   "joules", "bytes");
        }
        for (size_t i = 0; i < count; i++) {
            struct link_cost cost = link_replay(preset, traffic[i].packets, traffic[i].count,
                                                options->release, options->seed, RUNS);
            if (options->json) {
                print_json(preset, &traffic[i], &cost);
            } else {
                printf("    %-34s %9.1f %9.2f %8.0f\n", traffic[i].name, cost.seconds, cost.joules,
                       cost.bytes_paid);
            }
        }
    }
}

int sim_link_table(const struct sim_link *options, int argc, char **argv)
{
    static struct traffic traffic[TRAFFIC_MAX];
    size_t count = 0;
    int status = options->traffic != NULL ? read_traffic(traffic, &count, options->traffic)
                                          : measure(traffic, &count, argc, argv);
    if (status == 0) {
        print_rows(options, traffic, count);
    }
    for (size_t i = 0; i < count; i++) {
        free(traffic[i].packets);
    }
    return status;
}
