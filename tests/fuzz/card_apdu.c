/* SPDX-License-Identifier: Apache-2.0 */
/* The card's APDU door: commands one after the other, each behind a byte that says its length.
 * Length 0 is a reset. */
#include "tests/fuzz/card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    card_begin();
    struct tern_bytes rest = tern_bytes(data, size);
    while (rest.size > 0) {
        size_t length = rest.data[0];
        struct tern_bytes command = tern_bytes_slice(rest, 1, length);
        rest = tern_bytes_slice(rest, 1 + command.size, SIZE_MAX);
        if (length == 0) {
            FUZZ_CHECK(tern_card_reset(&fuzz_card.card) == TERN_OK);
            continue;
        }
        uint8_t *copy = malloc(command.size + 1);
        memcpy(copy, command.data, command.size);
        card_apdu(tern_bytes(copy, command.size));
        free(copy);
    }
    card_end();
    return 0;
}
