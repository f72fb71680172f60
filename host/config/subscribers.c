/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions in CSV: see subscribers.h. */
#include "host/config/subscribers.h"

#include <string.h>
#include <strings.h>

#define FIELD_COUNT_MAX 32

void subscriber_csv_open(struct subscriber_csv *csv, char *text)
{
    *csv = (struct subscriber_csv){
        .rest = text, .columns = {0, 1, 2, 3}
    };
}

/* Without blanks and quotes around it. */
static char *trimmed(char *field)
{
    field += strspn(field, " \t\"");
    for (size_t size = strlen(field); size > 0 && strchr(" \t\r\"", field[size - 1]) != NULL;
         size--) {
        field[size - 1] = '\0';
    }
    return field;
}

static size_t split(char *line, char *fields[FIELD_COUNT_MAX])
{
    size_t count = 0;
    char *field;
    while (count < FIELD_COUNT_MAX && (field = strsep(&line, ",;")) != NULL) {
        fields[count++] = trimmed(field);
    }
    return count;
}

/* A line of names sets the columns. */
static bool take_names(struct subscriber_csv *csv, char *const *fields, size_t count)
{
    static const struct {
        const char *name;
        size_t column;
    } NAMES[] = {
        {"iccid", 0},
        {"imsi",  1},
        {"ki",    2},
        {"key",   2},
        {"k",     2},
        {"opc",   3}
    };
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < TERN_COUNT_OF(NAMES); j++) {
            if (strcasecmp(fields[i], NAMES[j].name) != 0) continue;
            csv->columns[NAMES[j].column] = i;
            any = true;
        }
    }
    return any;
}

int subscriber_csv_next(struct subscriber_csv *csv, struct subscriber_row *row)
{
    char *line;
    while ((line = strsep(&csv->rest, "\n")) != NULL) {
        char *fields[FIELD_COUNT_MAX], *wanted[SUBSCRIBER_COLUMN_COUNT];
        csv->line++;
        size_t count = split(line, fields);
        if (count <= 1 && (count == 0 || fields[0][0] == '\0' || fields[0][0] == '#')) continue;
        if (csv->line == 1 && take_names(csv, fields, count)) continue;
        for (size_t i = 0; i < SUBSCRIBER_COLUMN_COUNT; i++) {
            if (csv->columns[i] >= count) return TERN_ERR_MISSING;
            wanted[i] = fields[csv->columns[i]];
        }
        *row = (struct subscriber_row){wanted[0], wanted[1], wanted[2], wanted[3]};
        return 1;
    }
    return 0;
}
