/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes of the demo: every role of the story is its own `tern` process.
 *
 * A server is started, waited for until its ready file appears, and ended by its pid. A command is
 * run to its end with a deadline, its standard output captured.
 */
#ifndef APP_DEMO_PROCESS_H
#define APP_DEMO_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <cjson/cJSON.h>

#define PROCESS_ARGUMENTS_MAX 64
#define PROCESS_OUTPUT_MAX    (1 << 20)

/** An argument list under construction; strings are copied. Zero it to begin. */
struct arguments {
    char *list[PROCESS_ARGUMENTS_MAX + 1];
    size_t count;
};

/** Append one argument, printf-style. */
void argument(struct arguments *arguments, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void arguments_free(struct arguments *arguments);

/** A running server. `pid` 0 means not running. */
struct process {
    char name[48];
    pid_t pid;
    struct arguments arguments; /**< As it was started, so that it can be started again. */
    char ready[512];            /**< Its ready file; empty when it writes none. */
    char log[512];              /**< Where its standard error goes. */
    /** Where it is to be killed, TERN_TEST_KILL of one start after the other, by commas. */
    const char *kills;
};

/** The end of a command: its status and what it printed. Free with outcome_free(). */
struct outcome {
    int status;   /**< Exit status; 128 + signal when a signal ended it; -1 when it timed out. */
    char *output; /**< Standard output, NUL-terminated. Never NULL. */
    char *errors; /**< Standard error, NUL-terminated. Never NULL. */
    cJSON *json;  /**< `output` parsed, or NULL when it is not JSON. */
};

/** Start a server; false with a message on stderr when it cannot be. */
bool process_start(struct process *process);
/** Wait for the ready file; its JSON, or NULL when the server ended or the deadline passed. */
cJSON *process_wait_ready(struct process *process, int deadline_ms);
/** End it by its pid: the signal, then SIGKILL after two seconds. */
void process_end(struct process *process, int signal_number);
bool process_running(struct process *process);

/** Run to the end. `input` (may be NULL) goes to its standard input. */
void process_run(struct outcome *outcome, char *const *argv, const char *input, int deadline_ms);
void outcome_free(struct outcome *outcome);

/** Wait so long. */
void process_pause(int ms);
/** Monotonic milliseconds. */
long long now_ms(void);

#endif
