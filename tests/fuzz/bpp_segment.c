/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A package into the segmenter: whole and in pieces it is cut at the same places, and what comes
 * out is what went in. First byte: how large the pieces are.
 */
#include "tests/fuzz/fuzz.h"

#include "tern/bpp.h"

#define END_COUNT_MAX 4096

struct ends {
    size_t offsets[END_COUNT_MAX];
    size_t count;
    int result;
    size_t taken;
};

static void cut(struct ends *ends, struct tern_bytes package, size_t piece_size)
{
    struct tern_bpp_segmenter segmenter = {0};
    const uint8_t *next = package.data;
    const uint8_t *start = package.data;
    ends->count = 0;
    ends->result = 0;
    while (package.size > 0 && ends->result >= 0) {
        struct tern_bytes in = tern_bytes_slice(package, 0, piece_size);
        struct tern_bpp_piece piece;
        package = tern_bytes_slice(package, in.size, package.size);
        while ((ends->result = tern_bpp_segmenter_next(&segmenter, &piece, &in)) == 1) {
            FUZZ_CHECK(piece.bytes.data == next);
            FUZZ_CHECK(piece.bytes.size > 0);
            FUZZ_CHECK(piece.section < TERN_BPP_END);
            next += piece.bytes.size;
            if (piece.last && ends->count < END_COUNT_MAX) {
                ends->offsets[ends->count++] = (size_t)(next - start);
            }
        }
    }
    ends->taken = (size_t)(next - start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ends whole, pieces;
    if (size == 0) {
        return 0;
    }
    struct tern_bytes package = tern_bytes(data + 1, size - 1);
    cut(&whole, package, size);
    cut(&pieces, package, (size_t)data[0] + 1);
    FUZZ_CHECK(whole.result == pieces.result);
    FUZZ_CHECK(whole.count == pieces.count);
    for (size_t i = 0; i < whole.count; i++) {
        FUZZ_CHECK(whole.offsets[i] == pieces.offsets[i]);
    }
    uint8_t metadata[64];
    struct tern_writer out = TERN_WRITER_OF(metadata);
    (void)tern_bpp_metadata(&out, package);
    return 0;
}
