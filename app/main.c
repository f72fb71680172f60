/* SPDX-License-Identifier: Apache-2.0 */
/* The `tern` command: finds the verb in the table of app/verbs.h and runs it. */
#include <stdio.h>
#include <string.h>

#include "app/verbs.h"

struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
};

#define VERB_ROW(name, function, help) {name, function, help},
static const struct verb VERBS[] = {TERN_VERBS(VERB_ROW)};
#undef VERB_ROW

#define VERB_COUNT (sizeof(VERBS) / sizeof(VERBS[0]))

static void print_help(FILE *out)
{
    fputs("usage: tern VERB [ARGUMENT ...]\n\n", out);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        fprintf(out, "  %-10s %s\n", VERBS[i].name, VERBS[i].help);
    }
    fputs("\nEvery verb knows --help. Exit status: 0 yes, 1 the answer is no, 2 could not ask.\n",
          out);
}

int verb_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("tern " TERN_VERSION);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(argv[1], VERBS[i].name) == 0) {
            return VERBS[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "tern: no verb '%s'; tern --help lists them\n", argv[1]);
    return 2;
}
