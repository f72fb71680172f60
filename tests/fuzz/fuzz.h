/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target needs: its one function, and a check that stops on a broken promise. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tern/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                               \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

/* A slice handed out lies in the input, or is absent. */
static inline void fuzz_check_inside(struct tern_bytes slice, struct tern_bytes input)
{
    if (slice.data != NULL) {
        FUZZ_CHECK(slice.data >= input.data);
        FUZZ_CHECK(slice.data + slice.size <= input.data + input.size);
    }
}

#endif
