/* SPDX-License-Identifier: Apache-2.0 */
/* The slice reader and the streaming header reader agree on any bytes, in any pieces. */
#include <stddef.h>
#include <stdint.h>

#include "tern/der.h"
#include "tests/fuzz/fuzz.h"

static void check_walk(struct tern_bytes in, unsigned depth)
{
    struct tern_tlv element;
    size_t total = 0;
    size_t whole = in.size;
    int got;
    while ((got = tern_der_next(&in, &element, TERN_DER_LONG_LENGTHS)) == 1) {
        total += element.raw.size;
        if (element.value.data + element.value.size != element.raw.data + element.raw.size) {
            __builtin_trap();
        }
        if (tern_tag_constructed(element.tag) && depth < 32) {
            check_walk(element.value, depth + 1);
        }
    }
    if (total + in.size != whole || (got == 0) != (in.size == 0)) {
        __builtin_trap();
    }
}

/* The first byte is the size of the pieces. */
static void check_pieces(struct tern_bytes in, size_t piece_size)
{
    struct tern_der_header header = {0};
    struct tern_tlv element;
    struct tern_bytes rest = in;
    size_t taken = 0;
    int got = 0;
    while (got == 0 && taken < in.size) {
        struct tern_bytes piece = tern_bytes_slice(in, taken, piece_size);
        size_t before = piece.size;
        got = tern_der_header_feed(&header, &piece);
        taken += before - piece.size;
    }
    int whole = tern_der_next(&rest, &element, TERN_DER_STRICT);
    if (whole == 1 &&
        (got != 1 || header.tag != element.tag || header.value_size != element.value.size ||
         taken != element.raw.size - element.value.size)) {
        __builtin_trap();
    }
    if ((got < 0) != (whole == TERN_ERR_MALFORMED)) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        check_pieces(tern_bytes(data + 1, size - 1), (size_t)data[0] % 8 + 1);
        check_walk(tern_bytes(data + 1, size - 1), 0);
    }
    return 0;
}
