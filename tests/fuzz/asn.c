/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes against every table that their tag fits: what decodes encodes, and what was encoded
 * comes back as it is. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tern/messages/all.h"
#include "tests/fuzz/fuzz.h"

#define ROOM_SIZE (1 << 20)

static void check(const struct tern_asn_record *record, struct tern_bytes in, unsigned mercy)
{
    static uint8_t first[ROOM_SIZE];
    static uint8_t second[ROOM_SIZE];
    void *message = malloc(record->size);
    struct tern_fault fault;
    int error = tern_asn_decode_as(record, message, &fault, in, 0, mercy);
    if (error != TERN_OK && (fault.field == NULL || fault.offset > in.size)) {
        __builtin_trap();
    }
    if (error == TERN_OK) {
        struct tern_writer out = TERN_WRITER_OF(first);
        struct tern_writer again = TERN_WRITER_OF(second);
        if (tern_asn_encode(record, &out, message) != TERN_OK ||
            tern_asn_decode_as(record, message, NULL, tern_writer_bytes(&out), 0, mercy) !=
                TERN_OK ||
            tern_asn_encode(record, &again, message) != TERN_OK ||
            !tern_bytes_equal(tern_writer_bytes(&out), tern_writer_bytes(&again))) {
            __builtin_trap();
        }
    }
    struct tern_writer text = TERN_WRITER_OF(first);
    (void)tern_asn_print(record, &text, in, mercy, NULL);
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_bytes in = tern_bytes(data, size);
    struct tern_der_header header = {0};
    if (size > ROOM_SIZE / 8 || tern_der_header_feed(&header, &in) != 1) {
        return 0;
    }
    for (size_t i = 0; i < TERN_ALL_MESSAGES_COUNT; i++) {
        const struct tern_asn_record *record = TERN_ALL_MESSAGES[i].record;
        if (record->tag == 0 || record->tag == header.tag) {
            check(record, tern_bytes(data, size), TERN_MERCY_NONE);
            check(record, tern_bytes(data, size), TERN_MERCY_ALL);
        }
    }
    return 0;
}
