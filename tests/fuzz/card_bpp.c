/* SPDX-License-Identifier: Apache-2.0 */
/* A bound profile package into a card that is prepared for it: installer and file system behind the
 * opener. Segments one after the other, each behind two bytes of length. */
#include "tests/fuzz/card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    card_begin();
    card_prepare();
    struct tern_bytes rest = tern_bytes(data, size);
    while (rest.size > 2) {
        size_t length = (size_t)rest.data[0] << 8 | rest.data[1];
        struct tern_bytes segment = tern_bytes_slice(rest, 2, length);
        rest = tern_bytes_slice(rest, 2 + segment.size, SIZE_MAX);
        card_command(segment);
    }
    card_end();
    return 0;
}
