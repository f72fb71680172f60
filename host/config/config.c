/* SPDX-License-Identifier: Apache-2.0 */
/* YAML through libyaml's document tree, held to limits: see config.h. */
#include "host/config/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "host/config/files.h"

struct config {
    yaml_document_t document;
    char name[200];
    char error[400];
};

static yaml_node_t *look(struct config_node node)
{
    return node.index == 0 ? NULL : yaml_document_get_node(&node.config->document, node.index);
}

static bool is_kind(struct config_node node, yaml_node_type_t kind)
{
    const yaml_node_t *found = look(node);
    return found != NULL && found->type == kind;
}

/*
 * The events before the document is built: no aliases (they multiply), no anchors, limited depth
 * and count. Reading them apart keeps libyaml's loader from doing work for a hostile file.
 */
static const char *check_events(struct tern_bytes text, size_t *line)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) {
        return "out of memory";
    }
    yaml_parser_set_input_string(&parser, text.data, text.size);
    const char *why = NULL;
    size_t depth = 0;
    size_t count = 0;
    size_t documents = 0;
    for (bool ended = false; why == NULL && !ended;) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event) == 0) {
            *line = parser.problem_mark.line + 1;
            why = parser.problem == NULL ? "is no YAML" : parser.problem;
            break;
        }
        *line = event.start_mark.line + 1;
        switch (event.type) {
        case YAML_ALIAS_EVENT:
            why = "aliases are not allowed";
            break;
        case YAML_MAPPING_START_EVENT:
        case YAML_SEQUENCE_START_EVENT:
            why = ++depth > CONFIG_DEPTH_MAX ? "is nested too deep" : NULL;
            count++;
            break;
        case YAML_MAPPING_END_EVENT:
        case YAML_SEQUENCE_END_EVENT:
            depth--;
            break;
        case YAML_SCALAR_EVENT:
            count++;
            why = memchr(event.data.scalar.value, 0, event.data.scalar.length) != NULL
                      ? "has a NUL in a text"
                      : NULL;
            break;
        case YAML_DOCUMENT_START_EVENT:
            why = ++documents > 1 ? "more than one document" : NULL;
            break;
        default:
            ended = event.type == YAML_STREAM_END_EVENT;
            break;
        }
        why = count > CONFIG_NODE_COUNT_MAX ? "has too many values" : why;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return why;
}

/* Keys are plain texts and no two of a map are equal. */
static int check_keys(struct config *config)
{
    for (int index = 1;; index++) {
        const yaml_node_t *node = yaml_document_get_node(&config->document, index);
        if (node == NULL) {
            return TERN_OK;
        }
        if (node->type != YAML_MAPPING_NODE) {
            continue;
        }
        struct config_node map = {config, index};
        size_t count = config_count(map);
        for (size_t i = 0; i < count; i++) {
            const char *key = config_key(map, i);
            if (key == NULL) {
                return config_complain(map, "has a key that is no text");
            }
            struct config_node first = config_get(map, key);
            if (first.index != config_at(map, i).index) {
                return config_complain(config_at(map, i), "stands here twice");
            }
        }
    }
}

int config_parse(struct config **config, const char *name, struct tern_bytes text, char *error,
                 size_t error_size)
{
    *config = NULL;
    size_t line = 0;
    const char *why = check_events(text, &line);
    if (why != NULL) {
        snprintf(error, error_size, "%s:%zu: %s", name, line, why);
        return TERN_ERR_MALFORMED;
    }
    struct config *made = calloc(1, sizeof(*made));
    yaml_parser_t parser;
    if (made == NULL || yaml_parser_initialize(&parser) == 0) {
        free(made);
        snprintf(error, error_size, "%s: out of memory", name);
        return TERN_ERR_NO_SPACE;
    }
    snprintf(made->name, sizeof(made->name), "%s", name);
    yaml_parser_set_input_string(&parser, text.data, text.size);
    int loaded = yaml_parser_load(&parser, &made->document);
    yaml_parser_delete(&parser);
    if (loaded == 0) {
        free(made);
        snprintf(error, error_size, "%s: is no YAML", name);
        return TERN_ERR_MALFORMED;
    }
    if (check_keys(made) != TERN_OK) {
        snprintf(error, error_size, "%s", made->error);
        config_free(made);
        return TERN_ERR_MALFORMED;
    }
    *config = made;
    return TERN_OK;
}

int config_load(struct config **config, const char *path, char *error, size_t error_size)
{
    uint8_t *data = NULL;
    size_t size = 0;
    *config = NULL;
    int status = file_read(path, CONFIG_FILE_SIZE_MAX, &data, &size);
    if (status != TERN_OK) {
        snprintf(error, error_size, "%s: %s", path,
                 status == TERN_ERR_NOT_FOUND ? "there is no such file" : "cannot be read");
        return status;
    }
    status = config_parse(config, path, tern_bytes(data, size), error, error_size);
    tern_wipe(data, size);
    free(data);
    return status;
}

void config_free(struct config *config)
{
    if (config != NULL) {
        yaml_document_delete(&config->document);
        free(config);
    }
}

struct config_node config_root(struct config *config)
{
    return (struct config_node){config,
                                yaml_document_get_root_node(&config->document) == NULL ? 0 : 1};
}

const char *config_error(const struct config *config)
{
    return config->error;
}

/* The key under which a node hangs, or NULL. */
static const char *name_of(struct config_node node)
{
    for (int index = 1;; index++) {
        const yaml_node_t *parent = yaml_document_get_node(&node.config->document, index);
        if (parent == NULL) {
            return NULL;
        }
        struct config_node map = {node.config, index};
        for (size_t i = 0; parent->type == YAML_MAPPING_NODE && i < config_count(map); i++) {
            if (config_at(map, i).index == node.index) {
                return config_key(map, i);
            }
        }
        for (size_t i = 0; parent->type == YAML_SEQUENCE_NODE && i < config_count(map); i++) {
            if (config_at(map, i).index == node.index) {
                return name_of(map);
            }
        }
    }
}

int config_complain(struct config_node node, const char *format, ...)
{
    struct config *config = node.config;
    if (config->error[0] != '\0') {
        return TERN_ERR_MALFORMED;
    }
    const char *name = node.index == 0 ? NULL : name_of(node);
    int used = snprintf(config->error, sizeof(config->error), "%s:%u: %s%s", config->name,
                        config_line(node), name == NULL ? "" : name, name == NULL ? "" : ": ");
    va_list arguments;
    va_start(arguments, format);
    if (used > 0 && (size_t)used < sizeof(config->error)) {
        vsnprintf(config->error + used, sizeof(config->error) - (size_t)used, format, arguments);
    }
    va_end(arguments);
    return TERN_ERR_MALFORMED;
}

bool config_present(struct config_node node)
{
    return look(node) != NULL;
}

bool config_is_map(struct config_node node)
{
    return is_kind(node, YAML_MAPPING_NODE);
}

bool config_is_list(struct config_node node)
{
    return is_kind(node, YAML_SEQUENCE_NODE);
}

bool config_is_text(struct config_node node)
{
    return is_kind(node, YAML_SCALAR_NODE);
}

unsigned config_line(struct config_node node)
{
    const yaml_node_t *found = look(node);
    return found == NULL ? 1 : (unsigned)found->start_mark.line + 1;
}

size_t config_count(struct config_node node)
{
    const yaml_node_t *found = look(node);
    if (found == NULL || found->type == YAML_SCALAR_NODE) {
        return 0;
    }
    return found->type == YAML_SEQUENCE_NODE
               ? (size_t)(found->data.sequence.items.top - found->data.sequence.items.start)
               : (size_t)(found->data.mapping.pairs.top - found->data.mapping.pairs.start);
}

struct config_node config_at(struct config_node node, size_t i)
{
    const yaml_node_t *found = look(node);
    if (i >= config_count(node)) {
        return (struct config_node){node.config, 0};
    }
    return (struct config_node){node.config, found->type == YAML_SEQUENCE_NODE
                                                 ? found->data.sequence.items.start[i]
                                                 : found->data.mapping.pairs.start[i].value};
}

const char *config_key(struct config_node map, size_t i)
{
    const yaml_node_t *found = look(map);
    if (found == NULL || found->type != YAML_MAPPING_NODE || i >= config_count(map)) {
        return NULL;
    }
    const yaml_node_t *key =
        yaml_document_get_node(&map.config->document, found->data.mapping.pairs.start[i].key);
    return key->type == YAML_SCALAR_NODE ? (const char *)key->data.scalar.value : NULL;
}

struct config_node config_get(struct config_node map, const char *key)
{
    for (size_t i = 0; config_is_map(map) && i < config_count(map); i++) {
        const char *found = config_key(map, i);
        if (found != NULL && strcmp(found, key) == 0) {
            return config_at(map, i);
        }
    }
    return (struct config_node){map.config, 0};
}

int config_only(struct config_node map, const char *const *keys)
{
    for (size_t i = 0; config_is_map(map) && i < config_count(map); i++) {
        size_t k = 0;
        while (keys[k] != NULL && strcmp(keys[k], config_key(map, i)) != 0) {
            k++;
        }
        if (keys[k] == NULL) {
            return config_complain(config_at(map, i), "is no key that is known here");
        }
    }
    return TERN_OK;
}

const char *config_text(struct config_node node)
{
    const yaml_node_t *found = look(node);
    if (found == NULL) {
        return NULL;
    }
    if (found->type != YAML_SCALAR_NODE) {
        config_complain(node, "wants one value, not a list or a map");
        return NULL;
    }
    return (const char *)found->data.scalar.value;
}

const char *config_text_required(struct config_node map, const char *key)
{
    struct config_node node = config_get(map, key);
    const char *text = config_text(node);
    if (text == NULL || *text == '\0') {
        config_complain(config_present(node) ? node : map, "%s is missing", key);
        return NULL;
    }
    return text;
}

int config_uint(struct config_node node, uint64_t minimum, uint64_t maximum, uint64_t *value)
{
    if (!config_present(node)) {
        return TERN_OK;
    }
    const char *text = config_text(node);
    if (text == NULL) {
        return TERN_ERR_MALFORMED;
    }
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char *end = NULL;
    unsigned long long number = strtoull(text, &end, hexadecimal ? 16 : 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || strlen(text) > 20 || number < minimum ||
        number > maximum) {
        return config_complain(node, "wants a number from %llu to %llu",
                               (unsigned long long)minimum, (unsigned long long)maximum);
    }
    *value = number;
    return TERN_OK;
}

int config_bool(struct config_node node, bool *value)
{
    static const char *const WORDS[2][3] = {
        {"false", "no",  "off"},
        {"true",  "yes", "on" }
    };
    if (!config_present(node)) {
        return TERN_OK;
    }
    const char *text = config_text(node);
    for (size_t i = 0; text != NULL && i < 6; i++) {
        if (strcmp(text, WORDS[i / 3][i % 3]) == 0) {
            *value = i / 3 == 1;
            return TERN_OK;
        }
    }
    return config_complain(node, "wants true or false");
}

int config_hex(struct config_node node, struct tern_writer *out)
{
    const char *text = config_text(node);
    size_t before = out->size;
    for (; text != NULL && *text != '\0'; text += 2) {
        while (*text == ' ') {
            text++;
        }
        if (*text == '\0') {
            break;
        }
        if (text[1] == '\0' || tern_hex_decode(out, tern_bytes(text, 2)) != TERN_OK) {
            out->size = before;
            return config_complain(node, "wants hexadecimal digits");
        }
    }
    return text == NULL ? TERN_ERR_MALFORMED : TERN_OK;
}
