/* SPDX-License-Identifier: Apache-2.0 */
/* What STORE DATA carries: ES10 commands one after the other, each behind two bytes of length. */
#include "tests/fuzz/card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    card_begin();
    struct tern_bytes rest = tern_bytes(data, size);
    while (rest.size > 2) {
        size_t length = (size_t)rest.data[0] << 8 | rest.data[1];
        struct tern_bytes command = tern_bytes_slice(rest, 2, length);
        rest = tern_bytes_slice(rest, 2 + command.size, SIZE_MAX);
        card_command(command);
    }
    card_end();
    return 0;
}
