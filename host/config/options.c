/* SPDX-License-Identifier: Apache-2.0 */
/* The command line from one table: see options.h. */
#include "host/config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config/config.h"

#define HELP_COLUMN 30

/* What one parse knows beside the table: which rows the command line has set already. */
struct parse {
    const struct option_table *table;
    unsigned char *values;
    bool set[256];
};

static void *member(const struct parse *parse, const struct option_row *row)
{
    return parse->values + row->offset;
}

static const struct option_row *find_row(const struct option_table *table, const char *name,
                                         size_t name_size)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strlen(table->rows[i].name) == name_size &&
            memcmp(table->rows[i].name, name, name_size) == 0) {
            return &table->rows[i];
        }
    }
    return NULL;
}

static bool parse_uint(const char *text, uint64_t *value)
{
    if (*text == '\0' || strchr("+- \t\n", *text) != NULL) {
        return false;
    }
    char *end = NULL;
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    *value = strtoull(text, &end, hexadecimal ? 16 : 10);
    return *end == '\0' && !(*value == UINT64_MAX && strlen(text) > 20);
}

/* NULL, or what is wrong with the value. */
static const char *apply(struct parse *parse, const struct option_row *row, const char *value)
{
    static char complaint[120];
    switch (row->kind) {
    case OPTION_KIND_FLAG:
        *(bool *)member(parse, row) = strcmp(value, "false") != 0;
        return NULL;
    case OPTION_KIND_TEXT:
        *(const char **)member(parse, row) = value;
        return NULL;
    case OPTION_KIND_UINT: {
        uint64_t number = 0;
        if (!parse_uint(value, &number) || number < row->minimum || number > row->maximum) {
            snprintf(complaint, sizeof(complaint), "takes a number from %llu to %llu",
                     (unsigned long long)row->minimum, (unsigned long long)row->maximum);
            return complaint;
        }
        *(uint64_t *)member(parse, row) = number;
        return NULL;
    }
    default: {
        struct option_list *list = member(parse, row);
        if (list->count == OPTION_LIST_MAX) {
            return "is given too often";
        }
        list->items[list->count++] = value;
        return NULL;
    }
    }
}

void options_help(const struct option_table *table, void *file)
{
    FILE *out = file;
    bool own_config = find_row(table, "config", 6) != NULL;
    fprintf(out, "usage: %s\n\n%s\n\n", table->usage, table->story);
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        char left[80];
        snprintf(left, sizeof(left), "--%s%s%s", row->name, row->value_name == NULL ? "" : " ",
                 row->value_name == NULL ? "" : row->value_name);
        fprintf(out, "  %-*s %s%s\n", HELP_COLUMN, left, row->help,
                row->kind == OPTION_KIND_LIST ? " (repeatable)" : "");
    }
    if (!own_config) {
        fprintf(out, "  %-*s %s\n", HELP_COLUMN, "--config FILE",
                "YAML with the names above as keys; flags override it");
    }
    fprintf(out, "  %-*s %s\n", HELP_COLUMN, "--help", "this text");
}

static int complain(const struct option_table *table, const char *name, size_t name_size,
                    const char *why)
{
    fprintf(stderr, "%.*s %s\nusage: %s\n", (int)name_size, name, why, table->usage);
    return 2;
}

/* One value of the file, as the row's kind wants it. */
static int apply_node(struct parse *parse, const struct option_row *row, struct config_node node)
{
    if (row->kind == OPTION_KIND_LIST && config_is_list(node)) {
        for (size_t i = 0; i < config_count(node); i++) {
            const char *text = config_text(config_at(node, i));
            const char *why = text == NULL ? "wants texts" : apply(parse, row, text);
            if (why != NULL) {
                return config_complain(config_at(node, i), "%s", why);
            }
        }
        return TERN_OK;
    }
    if (row->kind == OPTION_KIND_FLAG) {
        return config_bool(node, member(parse, row));
    }
    const char *text = config_text(node);
    const char *why = text == NULL ? "wants a text" : apply(parse, row, text);
    return why == NULL ? TERN_OK : config_complain(node, "%s", why);
}

static int apply_file(struct parse *parse, const char *path)
{
    char error[300];
    struct config *config = NULL;
    if (config_load(&config, path, error, sizeof(error)) != TERN_OK) {
        fprintf(stderr, "%s\n", error);
        return 2;
    }
    struct config_node root = config_root(config);
    int status = config_is_map(root) ? TERN_OK : config_complain(root, "is no map of options");
    for (size_t i = 0; status == TERN_OK && i < config_count(root); i++) {
        const char *key = config_key(root, i);
        const struct option_row *row = find_row(parse->table, key, strlen(key));
        if (row == NULL) {
            status = config_complain(config_at(root, i), "is no option here");
        } else if (!parse->set[row - parse->table->rows]) {
            status = apply_node(parse, row, config_at(root, i));
        }
    }
    if (status != TERN_OK) {
        fprintf(stderr, "%s\n", config_error(config));
        config_free(config);
        return 2;
    }
    /* The texts live on in `values`: the document stays, as options.h says. */
    static struct config *kept[64];
    static size_t kept_count;
    if (kept_count < TERN_COUNT_OF(kept)) {
        kept[kept_count++] = config;
    }
    return OPTIONS_GO;
}

/* The option at argv[*i]; takes its value too. `*file` gets the value of --config. */
static int parse_one(struct parse *parse, int argc, char **argv, int *i, const char **file)
{
    const struct option_table *table = parse->table;
    const char *argument = argv[*i];
    const char *name = argument + 2;
    size_t name_size = strcspn(name, "=");
    const char *value = name[name_size] == '=' ? name + name_size + 1 : NULL;
    const struct option_row *row = find_row(table, name, name_size);
    bool is_file = row == NULL && name_size == 6 && memcmp(name, "config", 6) == 0;
    if (row == NULL && strncmp(name, "no-", 3) == 0 && value == NULL) {
        row = find_row(table, name + 3, name_size - 3);
        row = row != NULL && row->kind == OPTION_KIND_FLAG ? row : NULL;
        value = "false";
    }
    if (row == NULL && !is_file) {
        return complain(table, argument, name_size + 2, "is no option here");
    }
    if (!is_file && row->kind == OPTION_KIND_FLAG) {
        if (value != NULL && strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
            return complain(table, argument, name_size + 2, "takes no value");
        }
        value = value == NULL ? "true" : value;
    } else if (value == NULL) {
        if (*i + 1 >= argc) {
            return complain(table, argument, name_size + 2, "needs a value");
        }
        value = argv[++*i];
    }
    if (is_file) {
        *file = value;
        return OPTIONS_GO;
    }
    const char *why = apply(parse, row, value);
    if (why != NULL) {
        return complain(table, argument, name_size + 2, why);
    }
    parse->set[row - table->rows] = true;
    return OPTIONS_GO;
}

int options_parse(const struct option_table *table, void *values, int *argc, char **argv)
{
    struct parse parse = {.table = table, .values = values};
    TERN_ASSERT(table->count <= TERN_COUNT_OF(parse.set));
    const char *file = NULL;
    int kept = 1;
    bool ended = false;
    for (int i = 1; i < *argc; i++) {
        if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[kept++] = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            ended = true;
            continue;
        }
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            options_help(table, stdout);
            return 0;
        }
        if (argv[i][1] != '-') {
            return complain(table, argv[i], strlen(argv[i]), "is no option here");
        }
        int status = parse_one(&parse, *argc, argv, &i, &file);
        if (status != OPTIONS_GO) {
            return status;
        }
    }
    *argc = kept;
    return file == NULL ? OPTIONS_GO : apply_file(&parse, file);
}

static void print_commands(const char *usage, const struct command_row *rows, FILE *out)
{
    fprintf(out, "usage: %s\n\n", usage);
    for (const struct command_row *row = rows; row->name != NULL; row++) {
        fprintf(out, "  %-16s %s\n", row->name, row->help);
    }
    fputs("\nEvery one knows --help.\n", out);
}

int command_run(const char *usage, const struct command_row *rows, int argc, char **argv)
{
    if (argc < 2) {
        print_commands(usage, rows, stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_commands(usage, rows, stdout);
        return 0;
    }
    for (const struct command_row *row = rows; row->name != NULL; row++) {
        if (strcmp(argv[1], row->name) == 0) {
            return row->run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "'%s' is no command here\nusage: %s\n", argv[1], usage);
    return 2;
}
