/* SPDX-License-Identifier: Apache-2.0 */
/* tern decode on any input: text and JSON; the JSON is JSON, unless it nests deeper than our reader
 * goes or has the NUL that it refuses. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "host/decode/decode.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[1 << 22];
    for (int json = 0; json <= 1; json++) {
        struct tern_writer out = TERN_WRITER_OF(text);
        struct decode decode = {.out = &out, .json = json, .name = "fuzz.der"};
        int error = decode_input(&decode, tern_bytes(data, size));
        if (error != TERN_OK && error != TERN_ERR_NO_SPACE && decode.complaint[0] == '\0') {
            __builtin_trap();
        }
        struct tern_json value;
        if (json && error != TERN_ERR_NO_SPACE) {
            struct tern_bytes said = tern_writer_bytes(&out);
            int bad = memmem(said.data, said.size, "\\u0000", 6) != NULL
                          ? TERN_OK
                          : tern_json_parse(&value, said);
            if (bad != TERN_OK && bad != TERN_ERR_RANGE) {
                __builtin_trap();
            }
        }
    }
    return 0;
}
