/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file templates of SAIP: what every file of a profile element is before the element says
 * anything about it. saip.md 2 and 6; the rows follow PEDefinitions 3.3.1 field by field.
 */
#ifndef ENGINE_PROFILE_TEMPLATES_H
#define ENGINE_PROFILE_TEMPLATES_H

#include "tern/der.h"

enum template_kind {
    KIND_MF,
    KIND_DF,
    KIND_ADF,
    KIND_TR, /* transparent */
    KIND_LF, /* linear fixed */
    KIND_CY, /* cyclic */
    KIND_BT, /* BER-TLV */
};

enum template_flag {
    FLAG_MUST = 1, /* mandatory in the ASN.1 */
    FLAG_HIGH = 2, /* high update activity: special file information C0 80 */
};

/* Row n of a table has the context tag n + 2 of its element: A0 is the header, 81 templateID. */
struct template_file {
    const char *name; /* as PEDefinitions spells it */
    uint16_t fid;     /* 0: the element has to give it */
    uint8_t kind;
    uint8_t flags;
    uint8_t sfi; /* 0 none */
    uint8_t arr; /* record in EF.ARR; 0 none */
    uint8_t records;
    uint16_t size; /* of a record, or of the file; 0: the element has to give it */
    /*
     * Hex: "07FF" is written once and its last byte repeated, per record. "*FFFFFF0000" is
     * repeated whole. "FF~07" is FF up to a tail of 07. "" is FF.
     */
    const char *fill;
};

/* Where the files of an element go that do not lie in a directory of its own. */
enum template_base { BASE_MF, BASE_USIM, BASE_ISIM, BASE_CSIM, BASE_NAA };

struct template_table {
    const char *name; /* the ProfileElement's alternative */
    uint8_t number;   /* of the alternative: tag A0 + n, or BF1F and on */
    uint8_t base;
    bool by_default;  /* all files whose size is known are created, listed or not */
    uint8_t arc;      /* x in 2.23.143.1.2.x and 2.23.143.1.2.x.y */
    uint8_t versions; /* highest y that we know; 1 is the OID without y */
    uint8_t count;
    const struct template_file *files;
};

/* By number of the alternative, or NULL. */
const struct template_table *template_find(unsigned number);
/* By OID content bytes, or NULL when the template is not known; `version` may be NULL. */
const struct template_table *template_by_oid(struct tern_bytes oid, unsigned *version);
/* A row as a version of its template has it. */
struct template_file template_row(const struct template_table *table, size_t index,
                                  unsigned version);

/* Number of a ProfileElement from its tag; -1 when it is none. */
int element_number(tern_tag tag);
tern_tag element_tag(unsigned number);
/* "header", "genericFileManagement" ... ; NULL for numbers PEDefinitions 3.3.1 does not know. */
const char *element_name(unsigned number);

#define ELEMENT_COUNT 34

#endif
