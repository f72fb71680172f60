/* SPDX-License-Identifier: Apache-2.0 */
/* data/links.yaml as structs. A figure without a source is refused: nobody could check it. */
#include "host/link/preset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/config/config.h"

#define FIGURE_MAX 1000000000u

#define FIGURE(key, unit)                             \
    {                                                 \
#key, offsetof(struct link_preset, key), unit \
    }
const struct link_figure LINK_FIGURES[] = {
    FIGURE(rate_up_bps, "bit/s"), FIGURE(rate_down_bps, "bit/s"),  FIGURE(round_trip_ms, "ms"),
    FIGURE(jitter_ms, "ms"),      FIGURE(loss_permille, "1/1000"), FIGURE(mtu, "B"),
    FIGURE(wake_ms, "ms"),        FIGURE(wake_mj, "mJ"),           FIGURE(transmit_mw, "mW"),
    FIGURE(receive_mw, "mW"),     FIGURE(connected_mw, "mW"),      FIGURE(tail_ms, "ms"),
    FIGURE(released_ms, "ms"),    FIGURE(sleep_uw, "uW"),          FIGURE(psm_s, "s"),
    FIGURE(edrx_ms, "ms"),        FIGURE(coap_ms, "ms"),
};
#define FIGURE_COUNT TERN_COUNT_OF(LINK_FIGURES)
const size_t LINK_FIGURE_COUNT = FIGURE_COUNT;

uint64_t link_figure(const struct link_preset *preset, size_t index)
{
    uint64_t value;
    memcpy(&value, (const char *)preset + LINK_FIGURES[index].offset, sizeof(value));
    return value;
}

/* KEY: {is: 16000, source: where from} */
static int read_figure(struct link_preset *preset, const struct link_figure *figure,
                       struct config_node map)
{
    static const char *const KEYS[] = {"is", "source", NULL};
    struct config_node node = config_get(map, figure->key);
    uint64_t value = 0;
    if (!config_present(node)) {
        return config_complain(map, "%s is missing", figure->key);
    }
    if (config_only(node, KEYS) != TERN_OK || config_text_required(node, "is") == NULL ||
        config_text_required(node, "source") == NULL ||
        config_uint(config_get(node, "is"), 0, FIGURE_MAX, &value) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    memcpy((char *)preset + figure->offset, &value, sizeof(value));
    return TERN_OK;
}

static int read_preset(struct link_preset *preset, const char *name, struct config_node map)
{
    const char *keys[FIGURE_COUNT + 2];
    keys[0] = "title";
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        keys[i + 1] = LINK_FIGURES[i].key;
    }
    keys[FIGURE_COUNT + 1] = NULL;
    const char *title = config_text_required(map, "title");
    if (title == NULL || config_only(map, keys) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    snprintf(preset->name, sizeof(preset->name), "%s", name);
    snprintf(preset->title, sizeof(preset->title), "%s", title);
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        if (read_figure(preset, &LINK_FIGURES[i], map) != TERN_OK) {
            return TERN_ERR_MALFORMED;
        }
    }
    if (preset->rate_up_bps == 0 || preset->rate_down_bps == 0 || preset->loss_permille >= 900) {
        return config_complain(map, "a link needs rates, and a loss below 900");
    }
    return TERN_OK;
}

/* Beside the command: PREFIX/share/tern when installed, data/ of the tree when just built. */
static const char *find_file(void)
{
    static const char *const FOLDERS[] = {"../share/tern", "../data", "../../data"};
    static char path[1100];
    char self[1000];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(self, '/');
    int folder = slash == NULL ? 0 : (int)(slash - self);
    for (size_t i = 0; i < TERN_COUNT_OF(FOLDERS); i++) {
        snprintf(path, sizeof(path), "%.*s/%s/links.yaml", folder, self, FOLDERS[i]);
        if (access(path, R_OK) == 0) {
            break;
        }
    }
    return path;
}

int link_presets_load(struct link_preset *presets, size_t max, const char *path, char *why,
                      size_t why_size)
{
    static const char *const KEYS[] = {"links", NULL};
    struct config *config;
    int status = config_load(&config, path == NULL ? find_file() : path, why, why_size);
    if (status != TERN_OK) {
        return status;
    }
    struct config_node root = config_root(config);
    struct config_node links = config_get(root, "links");
    size_t count = config_count(links);
    if (config_only(root, KEYS) != TERN_OK || !config_is_map(links) || count > max) {
        config_complain(root, "wants links, at most %zu", max);
    } else {
        for (size_t i = 0; i < count; i++) {
            if (read_preset(&presets[i], config_key(links, i), config_at(links, i)) != TERN_OK) {
                break;
            }
        }
    }
    status = config_error(config)[0] == '\0' ? (int)count : TERN_ERR_MALFORMED;
    snprintf(why, why_size, "%s", config_error(config));
    config_free(config);
    return status;
}

const struct link_preset *link_preset_find(const struct link_preset *presets, size_t count,
                                           const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(presets[i].name, name) == 0) {
            return &presets[i];
        }
    }
    return NULL;
}

struct relay_faults link_preset_faults(const struct link_preset *preset, uint64_t seed)
{
    return (struct relay_faults){
        .seed = seed,
        .loss = (double)preset->loss_permille / 1000.0,
        .rate_bps = {preset->rate_up_bps, preset->rate_down_bps},
        .delay_ms = (unsigned)(preset->round_trip_ms / 2),
        .jitter_ms = (unsigned)preset->jitter_ms,
    };
}
