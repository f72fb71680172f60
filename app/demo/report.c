/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's report: see report.h. */
#include "app/demo/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row *report_begin(struct report *report, const char *name, const char *words)
{
    if (report->count == ROWS_MAX) {
        fputs("tern demo: too many steps\n", stderr);
        exit(2);
    }
    struct row *row = &report->rows[report->count++];
    memset(row, 0, sizeof(*row));
    snprintf(row->name, sizeof(row->name), "%s", name);
    snprintf(row->words, sizeof(row->words), "%s", words);
    if (report->live) {
        fprintf(stderr, "  .... %s", row->words);
        fflush(stderr);
    }
    return row;
}

void row_message(struct row *row, const char *message)
{
    for (size_t i = 0; i < row->message_count; i++) {
        if (strcmp(row->messages[i], message) == 0) {
            return;
        }
    }
    if (row->message_count < MESSAGES_MAX) {
        row->messages[row->message_count++] = strdup(message);
    }
}

bool row_fail(struct row *row, const char *format, ...)
{
    if (row->failure[0] == '\0') {
        va_list list;
        va_start(list, format);
        vsnprintf(row->failure, sizeof(row->failure), format, list);
        va_end(list);
    }
    return false;
}

static long number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? (long)item->valuedouble : 0;
}

void row_add_wire(struct row *row, const cJSON *outcome)
{
    row->round_trips += number(outcome, "round_trips");
    row->bytes_up += number(outcome, "bytes_up");
    row->bytes_down += number(outcome, "bytes_down");
    const cJSON *message;
    cJSON_ArrayForEach(message, cJSON_GetObjectItemCaseSensitive(outcome, "messages"))
    {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(message, "name");
        if (cJSON_IsString(name)) {
            row_message(row, name->valuestring);
        }
    }
}

void report_end_row(struct report *report, struct row *row)
{
    row->ok = row->failure[0] == '\0';
    if (report->live) {
        fprintf(stderr, "\r  %s %s (%lld ms)\n", row->ok ? "ok  " : "FAIL", row->words, row->ms);
        if (!row->ok) {
            fprintf(stderr, "       %s\n", row->failure);
        }
    }
}

bool report_ok(const struct report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        if (!report->rows[i].ok) {
            return false;
        }
    }
    return report->count > 0;
}

/* Messages as one line, at most `width` columns, the rest as "...". */
static void join_messages(char *line, size_t size, const struct row *row, size_t width)
{
    size_t used = 0;
    line[0] = '\0';
    for (size_t i = 0; i < row->message_count; i++) {
        const char *gap = i == 0 ? "" : ", ";
        if (used + strlen(gap) + strlen(row->messages[i]) + 5 > width) {
            snprintf(line + used, size - used, "%s...", gap);
            return;
        }
        used += (size_t)snprintf(line + used, size - used, "%s%s", gap, row->messages[i]);
    }
}

void report_print_table(const struct report *report)
{
    long trips = 0, up = 0, down = 0;
    long long ms = 0;
    printf("\n%-4s %-62s %5s %8s %8s %7s\n", "", "what happened", "trips", "up B", "down B", "ms");
    for (size_t i = 0; i < report->count; i++) {
        const struct row *row = &report->rows[i];
        char line[200];
        printf("%-4s %-62.62s %5ld %8ld %8ld %7lld\n", row->ok ? "ok" : "FAIL", row->words,
               row->round_trips, row->bytes_up, row->bytes_down, row->ms);
        join_messages(line, sizeof(line), row, 96);
        if (line[0] != '\0') {
            printf("       %s\n", line);
        }
        if (!row->ok) {
            printf("       because: %s\n", row->failure);
        }
        trips += row->round_trips;
        up += row->bytes_up;
        down += row->bytes_down;
        ms += row->ms;
    }
    printf("%-4s %-62s %5ld %8ld %8ld %7lld\n", "", "all steps", trips, up, down, ms);
}

static cJSON *row_json(const struct row *row)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", row->name);
    cJSON_AddBoolToObject(object, "ok", row->ok);
    cJSON_AddStringToObject(object, "what", row->words);
    cJSON *messages = cJSON_AddArrayToObject(object, "messages");
    for (size_t i = 0; i < row->message_count; i++) {
        cJSON_AddItemToArray(messages, cJSON_CreateString(row->messages[i]));
    }
    cJSON_AddNumberToObject(object, "round_trips", (double)row->round_trips);
    cJSON_AddNumberToObject(object, "bytes_up", (double)row->bytes_up);
    cJSON_AddNumberToObject(object, "bytes_down", (double)row->bytes_down);
    cJSON_AddNumberToObject(object, "ms", (double)row->ms);
    if (!row->ok) {
        cJSON_AddStringToObject(object, "failure", row->failure);
    }
    return object;
}

void report_print_json(const struct report *report)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddBoolToObject(object, "ok", report_ok(report));
    cJSON *steps = cJSON_AddArrayToObject(object, "steps");
    for (size_t i = 0; i < report->count; i++) {
        cJSON_AddItemToArray(steps, row_json(&report->rows[i]));
    }
    char *text = cJSON_Print(object);
    puts(text);
    free(text);
    cJSON_Delete(object);
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        for (size_t j = 0; j < report->rows[i].message_count; j++) {
            free(report->rows[i].messages[j]);
        }
    }
    report->count = 0;
}
