/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A YAML file as a tree of texts, and complaints that name the file, the line and the field.
 *
 * Scalars stay strings; the functions below parse them. Anchors, aliases, doubled keys, several
 * documents, and anything deeper or larger than the limits are refused.
 * (libcyaml fills structs but forgets the lines; docs/decisions has why this is libyaml.)
 */
#ifndef HOST_CONFIG_CONFIG_H
#define HOST_CONFIG_CONFIG_H

#include "tern/bytes.h"

#define CONFIG_FILE_SIZE_MAX  (4u << 20)
#define CONFIG_DEPTH_MAX      16
#define CONFIG_NODE_COUNT_MAX 200000

/** A loaded document. Everything below borrows from it. */
struct config;

/** A place in the document. `config` always set; `index` 0 when nothing is there. */
struct config_node {
    struct config *config;
    int index;
};

/**
 * Load a file. On failure `*config` is NULL and `error` has "FILE:LINE: why".
 * @return TERN_OK, TERN_ERR_NOT_FOUND, TERN_ERR_IO, TERN_ERR_MALFORMED, TERN_ERR_NO_SPACE
 */
int config_load(struct config **config, const char *path, char *error, size_t error_size);
/** The same from memory; `name` stands for the file in complaints. */
int config_parse(struct config **config, const char *name, struct tern_bytes text, char *error,
                 size_t error_size);
void config_free(struct config *config);

struct config_node config_root(struct config *config);

/** The first complaint of any function below, "FILE:LINE: field: why"; "" when there was none. */
const char *config_error(const struct config *config);

/** Complain about a node: keep the first one. Returns TERN_ERR_MALFORMED. */
int config_complain(struct config_node node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

bool config_present(struct config_node node);
bool config_is_map(struct config_node node);
bool config_is_list(struct config_node node);
bool config_is_text(struct config_node node);
unsigned config_line(struct config_node node);

/** The value under a key of a map; an absent node when there is none (also for an absent map). */
struct config_node config_get(struct config_node map, const char *key);
/** Elements of a list or pairs of a map. */
size_t config_count(struct config_node node);
/** Element `i` of a list, or value `i` of a map. */
struct config_node config_at(struct config_node node, size_t i);
/** Key `i` of a map. */
const char *config_key(struct config_node map, size_t i);
/** Complain about every key of a map that is not in the NULL-terminated list. */
int config_only(struct config_node map, const char *const *keys);

/** The text of a scalar, NULL (no complaint) when absent; complains when it is a list or a map. */
const char *config_text(struct config_node node);
/** The text of a key that must be there and not empty. NULL after a complaint. */
const char *config_text_required(struct config_node map, const char *key);
/** TERN_OK also when absent (`value` untouched); TERN_ERR_MALFORMED after a complaint. */
int config_uint(struct config_node node, uint64_t minimum, uint64_t maximum, uint64_t *value);
int config_bool(struct config_node node, bool *value);
/** Hex text, spaces allowed between bytes, appended to `out`. */
int config_hex(struct config_node node, struct tern_writer *out);

#endif
