/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest profile package (minimal_profile.h) with an ICCID of its own. */
#ifndef TESTS_SUPPORT_UPP_H
#define TESTS_SUPPORT_UPP_H

#include "tests/support/hex.h"
#include "tests/support/minimal_profile.h"

#define UPP_SIZE_MAX 70000
#define UPP_ICCID_AT 10 /* in the header, in reading order */
#define UPP_EF_ICCID "98001032547698103214"

/* ICCID number `n`: digits 8900012345678901 and four of n. Swapped as EF.ICCID has it. */
static inline void upp_iccid(uint8_t iccid[10], unsigned n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "8900012345678901%04u", n % 10000);
    (void)tern_iccid_from_text(iccid, tern_bytes_text(digits));
}

/* The package with ICCID number `n`. `elements`: further elements in hex before the end, or "". */
static inline struct tern_bytes upp_make(uint8_t *buffer, unsigned n, const char *elements)
{
    char text[4096] = "";
    size_t last = TERN_COUNT_OF(MINIMAL_PROFILE) - 1;
    for (size_t i = 0; i < last; i++)
        strcat(text, MINIMAL_PROFILE[i]);
    strcat(text, elements);
    strcat(text, MINIMAL_PROFILE[last]);
    struct tern_bytes upp = hex(buffer, UPP_SIZE_MAX, text);
    uint8_t old[10];
    uint8_t iccid[10];
    upp_iccid(iccid, n);
    (void)hex(old, sizeof old, UPP_EF_ICCID);
    for (size_t i = 0; i < 10; i++) {
        buffer[UPP_ICCID_AT + i] = (uint8_t)(iccid[i] << 4 | iccid[i] >> 4);
    }
    for (size_t i = 0; i + 10 <= upp.size; i++) {
        if (memcmp(buffer + i, old, 10) == 0) memcpy(buffer + i, iccid, 10);
    }
    return upp;
}

#endif
