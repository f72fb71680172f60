/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a template, and what its older versions have different. saip.md 2, 6. */
#include "engine/profile/templates.h"

#include <string.h>

#include "engine/profile/template_tables.h"

/* 2.23.143.1.2 */
static const uint8_t OID_PREFIX[] = {0x67, 0x81, 0x0F, 0x01, 0x02};

static const char *const ELEMENT_NAMES[16] = {
    "header",
    "genericFileManagement",
    "pinCodes",
    "pukCodes",
    "akaParameter",
    "cdmaParameter",
    "securityDomain",
    "rfm",
    "application",
    "nonStandard",
    "end",
    "rfu1",
    "rfu2",
    "rfu3",
    "rfu4",
    "rfu5",
};

const struct template_table *template_find(unsigned number)
{
    for (size_t i = 0; i < TEMPLATE_TABLE_COUNT; i++) {
        if (TEMPLATE_TABLES[i].number == number) return &TEMPLATE_TABLES[i];
    }
    return NULL;
}

const struct template_table *template_by_oid(struct tern_bytes oid, unsigned *version)
{
    if (!tern_bytes_starts_with(oid, TERN_BYTES_OF(OID_PREFIX))) return NULL;
    struct tern_bytes arcs = tern_bytes_slice(oid, sizeof OID_PREFIX, oid.size);
    if (arcs.size < 1 || arcs.size > 2) return NULL;
    unsigned y = arcs.size == 2 ? arcs.data[1] : 1;
    for (size_t i = 0; i < TEMPLATE_TABLE_COUNT; i++) {
        const struct template_table *table = &TEMPLATE_TABLES[i];
        if (table->arc != arcs.data[0] || y > table->versions) continue;
        if (version != NULL) *version = y;
        return table;
    }
    return NULL;
}

struct template_file template_row(const struct template_table *table, size_t index,
                                  unsigned version)
{
    struct template_file row = table->files[index];
    if (table->number == 19 && version < 2 && row.fid == 0x6F38) row.size = 14; /* EF.UST */
    if (table->number == 28 && version < 3) {
        if (row.fid == 0x4F03 || row.fid == 0x4F04) { /* EF.5GS3GPPNSC, EF.5GSN3GPPNSC */
            row.records = 1;
            row.size = 57;
        }
        if (row.fid == 0x4F0A) row.fill = "F0FFFFFF"; /* EF.Routing_Indicator */
    }
    return row;
}

int element_number(tern_tag tag)
{
    if (tag >= 0xA0 && tag <= 0xBE) return (int)(tag - 0xA0);
    if (tag >= 0xBF1F && tag <= 0xBF7F) return (int)(tag - 0xBF00);
    return -1;
}

tern_tag element_tag(unsigned number)
{
    return number < 31 ? 0xA0 + number : 0xBF00 + number;
}

const char *element_name(unsigned number)
{
    if (number < TERN_COUNT_OF(ELEMENT_NAMES)) return ELEMENT_NAMES[number];
    const struct template_table *table = template_find(number);
    return table == NULL ? NULL : table->name;
}
