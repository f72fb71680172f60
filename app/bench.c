/* SPDX-License-Identifier: Apache-2.0 */
/* `tern bench`: finds the benchmark in the table of app/benches.h and runs it; `all` runs them all.
 */
#include <stdio.h>
#include <string.h>

#include "app/benches.h"
#include "app/verbs.h"

struct bench {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
};

#define BENCH_ROW(name, function, help) {name, function, help},
static const struct bench BENCHES[] = {TERN_BENCHES(BENCH_ROW)};
#undef BENCH_ROW

#define BENCH_COUNT (sizeof(BENCHES) / sizeof(BENCHES[0]))

static void print_help(FILE *out)
{
    fputs("usage: tern bench NAME|all [ARGUMENT ...]\n\n"
          "Each prints one JSON object a line; ratios are to limits measured in the same run.\n\n",
          out);
    for (size_t i = 0; i < BENCH_COUNT; i++) {
        fprintf(out, "  %-10s %s\n", BENCHES[i].name, BENCHES[i].help);
    }
}

static int run_all(void)
{
    int worst = 0;
    for (size_t i = 0; i < BENCH_COUNT; i++) {
        char *argv[] = {(char *)BENCHES[i].name, NULL};
        int status = BENCHES[i].run(1, argv);
        worst = status > worst ? status : worst;
        fflush(stdout);
    }
    return worst;
}

int verb_bench(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "all") == 0) {
        return run_all();
    }
    for (size_t i = 0; i < BENCH_COUNT; i++) {
        if (strcmp(argv[1], BENCHES[i].name) == 0) {
            return BENCHES[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "tern bench: no benchmark '%s'; tern bench --help lists them\n", argv[1]);
    return 2;
}
