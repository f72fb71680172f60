/* SPDX-License-Identifier: Apache-2.0 */
/* The tables alone; templates.h has the questions one asks of them. */
#ifndef ENGINE_PROFILE_TEMPLATE_TABLES_H
#define ENGINE_PROFILE_TEMPLATE_TABLES_H

#include "engine/profile/templates.h"

extern const struct template_table TEMPLATE_TABLES[];
extern const size_t TEMPLATE_TABLE_COUNT;

#endif
