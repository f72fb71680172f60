/* SPDX-License-Identifier: Apache-2.0 */
/* What the demo tells: a row a step, on the terminal as they happen, as a table and as JSON. */
#ifndef APP_DEMO_REPORT_H
#define APP_DEMO_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#define ROWS_MAX     48
#define MESSAGES_MAX 24

/** One step of the story. Bytes are those on the wire as the device's link saw them. */
struct row {
    char name[64];                /**< Stable, for programs: "download.sweden". */
    char words[200];              /**< What happened, for people. */
    char failure[600];            /**< Why it did not hold; empty when it did. */
    char *messages[MESSAGES_MAX]; /**< The spec's message names, in order of first appearance. */
    size_t message_count;
    bool ok;
    long round_trips;
    long bytes_up;
    long bytes_down;
    long long ms;
};

struct report {
    struct row rows[ROWS_MAX];
    size_t count;
    bool live; /**< Print each row as it ends. */
};

/** Begin a step; the row stays valid until the report ends. */
struct row *report_begin(struct report *report, const char *name, const char *words);
/** Name a message once per row. */
void row_message(struct row *row, const char *message);
/** Record a failure, printf-style; the first one stays. Always returns false. */
bool row_fail(struct row *row, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Add the counters that `tern ipa once --json` prints. */
void row_add_wire(struct row *row, const cJSON *outcome);
void report_end_row(struct report *report, struct row *row);

bool report_ok(const struct report *report);
void report_print_table(const struct report *report);
void report_print_json(const struct report *report);
void report_free(struct report *report);

#endif
