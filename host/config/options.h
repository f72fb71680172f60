/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The command line of every verb, from one table: parsing, --help, and the same names as keys of a
 * YAML file given with --config (flags override the file).
 *
 * A verb keeps its options in a struct and describes it once:
 *
 *     struct serve {
 *         const char *listen;
 *         uint64_t workers;
 *         bool json;
 *         struct option_list resolve;
 *     };
 *     static const struct option_row ROWS[] = {
 *         OPTION_TEXT(struct serve, listen, "listen", "ADDR:PORT", "where to listen"),
 *         OPTION_UINT(struct serve, workers, "workers", 1, 64, "threads"),
 *         OPTION_LIST(struct serve, resolve, "resolve", "HOST:PORT:ADDR", "instead of DNS"),
 *         OPTION_FLAG(struct serve, json, "json", "print JSON"),
 *     };
 *     static const struct option_table TABLE = OPTION_TABLE("tern x serve [OPTION ...]", "Serves.",
 *                                                           ROWS);
 *     struct serve serve = {.listen = "127.0.0.1:8443", .workers = 1};   // the defaults
 *     int status = options_parse(&TABLE, &serve, &argc, argv);
 *     if (status != OPTIONS_GO) {
 *         return status;
 *     }
 *
 * Afterwards argv[1] to argv[argc - 1] are the arguments that are no options, in their order.
 */
#ifndef HOST_CONFIG_OPTIONS_H
#define HOST_CONFIG_OPTIONS_H

#include "tern/bytes.h"

/** options_parse(): go on. Anything else is the exit status to return. */
#define OPTIONS_GO (-1)

/** How often a repeatable option may be given. */
#define OPTION_LIST_MAX 128

enum option_kind {
    OPTION_KIND_FLAG, /**< bool; --name sets it, --no-name clears it */
    OPTION_KIND_TEXT, /**< const char *; into argv or the configuration, never freed */
    OPTION_KIND_UINT, /**< uint64_t, decimal or 0x hexadecimal, within minimum and maximum */
    OPTION_KIND_LIST, /**< struct option_list */
};

/** The values of a repeatable option, in their order. */
struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

struct option_row {
    enum option_kind kind;
    const char *name;       /**< without its dashes */
    const char *value_name; /**< how --help calls the value; NULL for a flag */
    size_t offset;          /**< of the member in the caller's struct */
    uint64_t minimum;       /**< OPTION_KIND_UINT */
    uint64_t maximum;
    const char *help; /**< one line */
};

struct option_table {
    const char *usage; /**< "tern eim serve [OPTION ...]" */
    const char *story; /**< a sentence or more; may hold newlines */
    const struct option_row *rows;
    size_t count;
};

#define OPTION_MEMBER_(type, member, wanted) \
    (offsetof(type, member) + 0 * sizeof(*(1 ? &((type *)0)->member : (wanted *)0)))
#define OPTION_FLAG(type, member, name, help)                                        \
    {                                                                                \
        OPTION_KIND_FLAG, name, NULL, OPTION_MEMBER_(type, member, bool), 0, 0, help \
    }
#define OPTION_TEXT(type, member, name, value_name, help)                                          \
    {                                                                                              \
        OPTION_KIND_TEXT, name, value_name, OPTION_MEMBER_(type, member, const char *), 0, 0, help \
    }
#define OPTION_UINT(type, member, name, minimum, maximum, help)                                \
    {                                                                                          \
        OPTION_KIND_UINT, name, "N", OPTION_MEMBER_(type, member, uint64_t), minimum, maximum, \
            help                                                                               \
    }
#define OPTION_LIST(type, member, name, value_name, help)                                        \
    {                                                                                            \
        OPTION_KIND_LIST, name, value_name, OPTION_MEMBER_(type, member, struct option_list), 0, \
            0, help                                                                              \
    }
#define OPTION_TABLE(usage, story, rows)        \
    {                                           \
        usage, story, rows, TERN_COUNT_OF(rows) \
    }

/**
 * Parse argv[1..]. Knows --help (prints it on stdout, returns 0), --config FILE (YAML, keys as the
 * rows are named; only where the table has no row "config" of its own), `--name value`,
 * `--name=value`, and `--`, which ends the options. A complaint goes to stderr and returns 2.
 *
 * `values` holds the defaults before and the result after. Texts from a configuration file live
 * until the process ends.
 *
 * @return OPTIONS_GO, or the exit status.
 */
int options_parse(const struct option_table *table, void *values, int *argc, char **argv);

/** Print what --help prints. */
void options_help(const struct option_table *table, void *file);

/** A verb with sub-commands: `tern eim serve`. End the table with a row of NULLs. */
struct command_row {
    const char *name;
    int (*run)(int argc, char **argv); /**< argv[0] is the sub-command's name */
    const char *help;
};

/** Run the sub-command argv[1]; --help lists them. Returns the exit status. */
int command_run(const char *usage, const struct command_row *rows, int argc, char **argv);

#endif
