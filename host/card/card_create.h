/* SPDX-License-Identifier: Apache-2.0 */
/** Shared by the files that make and open the directory of a card. */
#ifndef HOST_CARD_CARD_CREATE_H
#define HOST_CARD_CARD_CREATE_H

#include "host/card/card_directory.h"

/** Fill `error` and return `status`. */
int card_complain(struct card_error *error, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** DER of a RAT from rows "ppr1,ppr2:MCCMNC[:consent]". TERN_ERR_MALFORMED. */
int card_rat_from_rows(struct tern_writer *out, const char *const *rows, size_t count);

#endif
