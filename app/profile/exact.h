/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exact form of a package in YAML: every element with the names of PEDefinitions, every byte
 * kept. What the tables cannot say byte for byte is written as `raw:`.
 */
#ifndef APP_PROFILE_EXACT_H
#define APP_PROFILE_EXACT_H

#include <stdio.h>

#include "app/profile/build.h"

/* The record of an element that is not made of files; NULL for the others. */
const struct tern_asn_record *exact_record(unsigned number);

/* One element as an item of `elements:`. False when it cannot be written; nothing is written then.
 */
bool exact_write(FILE *out, const struct tern_tlv *element);
void exact_write_raw(FILE *out, const struct tern_tlv *element);
/* Append the element of an item. False after a complaint. */
bool exact_read(struct config_node item, struct tern_writer *out);

#endif
