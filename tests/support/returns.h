/* SPDX-License-Identifier: Apache-2.0 */
/** A message that decodes and encodes to itself. For cmocka programs. */
#ifndef TESTS_SUPPORT_RETURNS_H
#define TESTS_SUPPORT_RETURNS_H

#include <stdio.h>
#include <stdlib.h>

#include "tern/asn.h"

/* The `raw` of signed parts would make encoding a copy: empty them, so that members are encoded. */
static inline void forget_raw(const struct tern_asn_record *record, void *message)
{
    uint8_t *start = message;
    if (record->keeps_raw) {
        *(struct tern_bytes *)message = TERN_BYTES_NONE;
    }
    for (size_t i = 0; i < record->field_count; i++) {
        const struct tern_asn_field *field = &record->fields[i];
        bool chosen = record->form != TERN_ASN_FORM_CHOICE || *(int *)message == field->extra;
        bool inside = field->kind == TERN_ASN_RECORD || field->kind == TERN_ASN_CHOICE;
        if (chosen && inside && field->size != 0) {
            forget_raw(field->of.record, start + field->offset);
        }
    }
}

/** `der` decodes, and encodes to itself: with `raw` copied and from the members alone. */
static inline void assert_returns(const struct tern_asn_record *record, struct tern_bytes der)
{
    void *message = calloc(1, record->size);
    uint8_t *back = malloc(der.size);
    struct tern_fault fault;
    int error = tern_asn_decode(record, message, &fault, der);
    if (error != TERN_OK) {
        fprintf(stderr, "%s: %s at byte %zu: %s\n", record->name, fault.field, fault.offset,
                tern_error_text(error));
    }
    assert_int_equal(error, TERN_OK);
    for (int with_raw = 1; with_raw >= 0; with_raw--) {
        if (!with_raw) {
            forget_raw(record, message);
        }
        struct tern_writer out = tern_writer(back, der.size);
        error = tern_asn_encode(record, &out, message);
        if (error != TERN_OK) {
            fprintf(stderr, "%s: does not encode: %s\n", record->name, tern_error_text(error));
        }
        assert_int_equal(error, TERN_OK);
        assert_int_equal(out.size, der.size);
        assert_memory_equal(back, der.data, der.size);
    }
    free(back);
    free(message);
}

#endif
