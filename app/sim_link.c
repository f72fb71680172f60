/* SPDX-License-Identifier: Apache-2.0 */
/* `tern sim link`: options, the list of links, and the link between processes. */
#include "app/sim_link.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/sim.h"
#include "host/config/ready.h"

#define TURN_MS     200
#define REORDER_MS  60
#define CUT_MS      300
#define PERCENT_MAX 90

/* ---- the list ---- */

static void list_json(const struct sim_link *options)
{
    for (size_t i = 0; i < options->preset_count; i++) {
        const struct link_preset *preset = &options->presets[i];
        printf("{\"link\":\"%s\",\"title\":\"%s\"", preset->name, preset->title);
        for (size_t f = 0; f < LINK_FIGURE_COUNT; f++) {
            printf(",\"%s\":%llu", LINK_FIGURES[f].key, (unsigned long long)link_figure(preset, f));
        }
        puts("}");
    }
}

static void list_text(const struct sim_link *options)
{
    for (size_t i = 0; i < options->preset_count; i++) {
        const struct link_preset *preset = &options->presets[i];
        printf("%-12s %s\n", preset->name, preset->title);
        for (size_t f = 0; f < LINK_FIGURE_COUNT; f++) {
            printf("    %-15s %9llu %s\n", LINK_FIGURES[f].key,
                   (unsigned long long)link_figure(preset, f), LINK_FIGURES[f].unit);
        }
    }
}

/* ---- between processes ---- */

static volatile sig_atomic_t ended;
static volatile sig_atomic_t asked;

static void on_signal(int number)
{
    if (number == SIGUSR1) {
        asked = 1;
    } else {
        ended = 1;
    }
}

static void print_counters(struct relay *relay)
{
    struct relay_count count;
    relay_read(relay, &count);
    const struct {
        const char *name;
        uint64_t value;
    } ROWS[] = {
        {"bytes_up",             count.bytes[RELAY_UP]            },
        {"bytes_down",           count.bytes[RELAY_DOWN]          },
        {"packets_up",           count.packets[RELAY_UP]          },
        {"packets_down",         count.packets[RELAY_DOWN]        },
        {"handshake_bytes_up",   count.handshake_bytes[RELAY_UP]  },
        {"handshake_bytes_down", count.handshake_bytes[RELAY_DOWN]},
        {"handshakes",           count.handshakes                 },
        {"resumptions",          count.resumptions                },
        {"connections",          count.connections                },
        {"dropped",              count.dropped                    },
        {"duplicated",           count.duplicated                 },
        {"reordered",            count.reordered                  },
        {"rebinds",              count.rebinds                    },
        {"cuts",                 count.cuts                       },
    };
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        printf("%c\"%s\":%llu", i == 0 ? '{' : ',', ROWS[i].name,
               (unsigned long long)ROWS[i].value);
    }
    puts("}");
    fflush(stdout);
}

/* "udp:127.0.0.1:0" and where it leads. */
static int add_door(struct relay *relay, const char *listen, const char *target, char *address,
                    size_t size)
{
    bool udp = strncmp(listen, "udp:", 4) == 0;
    if (!udp && strncmp(listen, "tcp:", 4) != 0) {
        fprintf(stderr, "tern sim link: --listen wants udp:ADDR:PORT or tcp:ADDR:PORT\n");
        return 2;
    }
    const char *colon = strchr(target, ':');
    bool named = strncmp(target, "udp:", 4) == 0 || strncmp(target, "tcp:", 4) == 0;
    int status = relay_add(relay, udp, listen + 4, named ? colon + 1 : target, address, size);
    if (status != TERN_OK) {
        fprintf(stderr, "tern sim link: %s to %s: %s\n", listen, target, tern_error_text(status));
    }
    return status == TERN_OK ? 0 : 2;
}

static struct relay_faults faults_of(const struct sim_link *options)
{
    struct relay_faults faults = {.seed = options->seed};
    if (options->chosen != NULL) {
        faults = link_preset_faults(options->chosen, options->seed);
    }
    faults.loss = options->loss == 0 ? faults.loss : (double)options->loss / 100.0;
    faults.reorder = (double)options->reorder / 100.0;
    faults.duplicate = (double)options->duplicate / 100.0;
    faults.reorder_ms = REORDER_MS + faults.jitter_ms;
    faults.rebind_every = (unsigned)options->rebind_every;
    faults.cut_at = (unsigned)options->cut_at;
    faults.cut_ms = (unsigned)(options->cut_ms == 0 ? CUT_MS : options->cut_ms);
    return faults;
}

static int open_doors(struct relay *relay, const struct sim_link *options)
{
    static char addresses[RELAY_DOOR_MAX][80];
    static char names[RELAY_DOOR_MAX][16];
    struct ready_entry entries[RELAY_DOOR_MAX];
    for (size_t i = 0; i < options->listen.count; i++) {
        int status = add_door(relay, options->listen.items[i], options->to.items[i], addresses[i],
                              sizeof(addresses[i]));
        if (status != 0) {
            return status;
        }
        snprintf(names[i], sizeof(names[i]), i == 0 ? "link" : "link%zu", i);
        entries[i] = (struct ready_entry){names[i], addresses[i]};
        fprintf(stderr, "%s -> %s\n", addresses[i], options->to.items[i]);
    }
    if (ready_write(options->ready, entries, options->listen.count) != TERN_OK) {
        fprintf(stderr, "tern sim link: %s: %s\n", options->ready, strerror(errno));
        return 2;
    }
    return 0;
}

int sim_link_relay(const struct sim_link *options)
{
    const struct relay_faults faults = faults_of(options);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    if (options->listen.count != options->to.count || options->listen.count > RELAY_DOOR_MAX) {
        fprintf(stderr, "tern sim link: as many --to as --listen, at most %d\n", RELAY_DOOR_MAX);
        return 2;
    }
    struct relay *relay = relay_new(&faults);
    if (relay == NULL) {
        fputs("tern sim link: out of memory\n", stderr);
        return 2;
    }
    int status = open_doors(relay, options);
    while (status == 0 && !ended) {
        relay_turn(relay, TURN_MS);
        if (asked) {
            asked = 0;
            print_counters(relay);
        }
    }
    if (status == 0) {
        print_counters(relay);
    }
    relay_free(relay);
    return status;
}

/* ---- the command ---- */

/* clang-format off */
static const struct option_row ROWS[] = {
    OPTION_TEXT(struct sim_link, preset, "preset", "NAME", "the link; --list has them all"),
    OPTION_TEXT(struct sim_link, links, "links", "FILE", "other presets than the installed links.yaml"),
    OPTION_TEXT(struct sim_link, traffic, "traffic", "FILE", "what tern bench wire --packets --json printed, in place of measuring now"),
    OPTION_LIST(struct sim_link, listen, "listen", "udp|tcp:ADDR:PORT", "be the link: take packets here"),
    OPTION_LIST(struct sim_link, to, "to", "ADDR:PORT", "and bring them there, one for each --listen"),
    OPTION_TEXT(struct sim_link, ready, "ready", "FILE", "written once it listens: {\"link\":\"ADDR:PORT\",\"link1\":..}"),
    OPTION_UINT(struct sim_link, seed, "seed", 0, UINT64_MAX, "of chance: the same seed, the same luck"),
    OPTION_UINT(struct sim_link, loss, "loss", 0, PERCENT_MAX, "percent of packets lost, in place of the preset's"),
    OPTION_UINT(struct sim_link, reorder, "reorder", 0, PERCENT_MAX, "percent of datagrams held back behind later ones"),
    OPTION_UINT(struct sim_link, duplicate, "duplicate", 0, PERCENT_MAX, "percent of datagrams that come twice"),
    OPTION_UINT(struct sim_link, rebind_every, "rebind-every", 0, 1000000, "a new source address after so many datagrams of the device"),
    OPTION_UINT(struct sim_link, cut_at, "cut-at-packet", 0, 1000000, "at this packet, counted both ways, the link is gone"),
    OPTION_UINT(struct sim_link, cut_ms, "cut-ms", 0, 3600000, "for so long (0: 300), then the device has a new address"),
    OPTION_FLAG(struct sim_link, release, "release", "the device announces its last packet (release assistance)"),
    OPTION_FLAG(struct sim_link, list, "list", "print the presets and end"),
    OPTION_FLAG(struct sim_link, json, "json", "print JSON, one object a line"),
};
/* clang-format on */

static const struct option_table TABLE = OPTION_TABLE(
    "tern sim link [--preset NAME] [SCENARIO ...]\n"
    "       tern sim link --listen udp:ADDR:PORT --to ADDR:PORT [...] [OPTION ...]",
    "Says how long and how many joules the scenarios of tern bench wire take over modelled links.\n"
    "With --listen it is the link: between processes, until a signal ends it; SIGUSR1 and the end\n"
    "print counters as JSON.",
    ROWS);

int sim_link(int argc, char **argv)
{
    static struct sim_link options;
    char why[300] = "";
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    int count =
        link_presets_load(options.presets, LINK_PRESET_MAX, options.links, why, sizeof(why));
    if (count < 0) {
        fprintf(stderr, "tern sim link: %s\n", why);
        return 2;
    }
    options.preset_count = (size_t)count;
    if (options.preset != NULL) {
        options.chosen = link_preset_find(options.presets, options.preset_count, options.preset);
        if (options.chosen == NULL) {
            fprintf(stderr, "tern sim link: no link '%s'; --list has them\n", options.preset);
            return 2;
        }
    }
    if (options.list) {
        (options.json ? list_json : list_text)(&options);
        return 0;
    }
    if (options.listen.count > 0) {
        return sim_link_relay(&options);
    }
    return sim_link_table(&options, argc, argv);
}
