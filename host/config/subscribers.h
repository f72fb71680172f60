/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Subscriptions in CSV: ICCID, IMSI, Ki, OPc. docs/FORMATS.md, "Personalisation".
 *
 * Columns stand in this order unless the first line names them (iccid, imsi, ki or key, opc; case
 * and blanks do not matter, other columns are ignored).
 */
#ifndef HOST_CONFIG_SUBSCRIBERS_H
#define HOST_CONFIG_SUBSCRIBERS_H

#include "tern/bytes.h"

#define SUBSCRIBER_COLUMN_COUNT 4

struct subscriber_csv {
    char *rest;  /**< What is still to be read; written to. */
    size_t line; /**< The line of the last row, from 1. */
    size_t columns[SUBSCRIBER_COLUMN_COUNT];
};

/** One subscription; texts live as long as the CSV. */
struct subscriber_row {
    const char *iccid;
    const char *imsi;
    const char *ki;
    const char *opc;
};

/** `text` ends with a NUL and is taken apart in place. */
void subscriber_csv_open(struct subscriber_csv *csv, char *text);

/** @return 1 with a row, 0 at the end, TERN_ERR_MISSING for a line without all four columns. */
int subscriber_csv_next(struct subscriber_csv *csv, struct subscriber_row *row);

#endif
