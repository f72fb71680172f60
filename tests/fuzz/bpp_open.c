/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bound profile package into the eUICC's opener, with a provider that protects nothing. First
 * byte: how large the pieces are in which the rest arrives.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/open_crypto.h"

#include "tern/bpp.h"

#define CAPACITY 1200

static void take(struct tern_bpp_opener *opener, const struct tern_bpp_event *event,
                 const uint8_t *buffer)
{
    static const uint8_t SECRET[32], POINT[65], EID[16], TRANSACTION[1] = {0x42};
    static const struct tern_public_key KEY = {.curve = TERN_CURVE_P256};
    const struct tern_bpp_session session = {
        .transaction_id = TERN_BYTES_OF(TRANSACTION),
        .dppb_key = &KEY,
        .euicc_otsk = SECRET,
        .euicc_otpk = TERN_BYTES_OF(POINT),
        .eid = EID,
    };
    fuzz_check_inside(event->data, tern_bytes(buffer, CAPACITY));
    if (event->kind == TERN_BPP_EVENT_INITIALISE &&
        tern_bpp_opener_start(opener, &OPEN_CRYPTO, &session, event->data) != TERN_OK) {
        FUZZ_CHECK(opener->reason != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_bpp_opener opener;
    uint8_t *buffer = malloc(CAPACITY);
    if (size == 0 || buffer == NULL) {
        free(buffer);
        return 0;
    }
    size_t piece_size = (size_t)data[0] + 1;
    struct tern_bytes package = tern_bytes(data + 1, size - 1);
    int got = 0;
    unsigned done = 0;
    tern_bpp_opener_init(&opener, buffer, CAPACITY);
    while (package.size > 0 && got >= 0) {
        struct tern_bytes in = tern_bytes_slice(package, 0, piece_size);
        struct tern_bpp_event event;
        package = tern_bytes_slice(package, in.size, package.size);
        while ((got = tern_bpp_opener_step(&opener, &OPEN_CRYPTO, &event, &in)) == 1) {
            take(&opener, &event, buffer);
            done += event.kind == TERN_BPP_EVENT_DONE ? 1 : 0;
        }
        FUZZ_CHECK(got < 0 || in.size == 0);
    }
    FUZZ_CHECK(done <= 1);
    free(buffer);
    return 0;
}
