/* SPDX-License-Identifier: Apache-2.0 */
/* Hex in tests: a table row says what the spec prints. */
#ifndef TESTS_SUPPORT_HEX_H
#define TESTS_SUPPORT_HEX_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tern/bytes.h"

/* Decode hex text (spaces allowed) into `buffer`; stops the test program when it is none. */
static inline struct tern_bytes hex(uint8_t *buffer, size_t capacity, const char *text)
{
    size_t size = 0;
    while (*text != '\0') {
        if (*text == ' ' || *text == '\n') {
            text++;
            continue;
        }
        unsigned value;
        if (size == capacity || sscanf(text, "%2x", &value) != 1 || text[1] == '\0') {
            fprintf(stderr, "bad hex in test: %s\n", text);
            abort();
        }
        buffer[size++] = (uint8_t)value;
        text += 2;
    }
    return tern_bytes(buffer, size);
}

#endif
