/* SPDX-License-Identifier: Apache-2.0 */
/* `tern sim link`: its options, and its two halves. */
#ifndef APP_SIM_LINK_H
#define APP_SIM_LINK_H

#include "host/config/options.h"
#include "host/link/preset.h"

struct sim_link {
    const char *preset;
    const char *links;
    const char *traffic;
    const char *ready;
    struct option_list listen;
    struct option_list to;
    uint64_t seed;
    uint64_t loss;
    uint64_t reorder;
    uint64_t duplicate;
    uint64_t rebind_every;
    uint64_t cut_at;
    uint64_t cut_ms;
    bool release;
    bool list;
    bool json;
    struct link_preset presets[LINK_PRESET_MAX];
    size_t preset_count;
    const struct link_preset *chosen; /* NULL: all, or a good cable */
};

/* Between processes, until a signal ends it. */
int sim_link_relay(const struct sim_link *options);
/* What the scenarios of `tern bench wire` cost over the presets. */
int sim_link_table(const struct sim_link *options, int argc, char **argv);

#endif
