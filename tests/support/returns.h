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

struct stranger_count {
    struct tern_asn_visitor visitor; /* first: the visit function casts back */
    unsigned count;
};

static inline void count_stranger(struct tern_asn_visitor *visitor, enum tern_asn_event event,
                                  const char *name, const struct tern_asn_field *field,
                                  const struct tern_asn_record *record,
                                  const struct tern_tlv *element)
{
    (void)name;
    (void)field;
    (void)record;
    (void)element;
    ((struct stranger_count *)visitor)->count += event == TERN_ASN_SKIPPED;
}

/* Nothing is skipped: an alternative nobody knows would come back as well, by its bytes. */
static inline void assert_no_strangers(const struct tern_asn_record *record, struct tern_bytes der)
{
    struct stranger_count strangers = {{count_stranger}, 0};
    assert_int_equal(tern_asn_walk(record, der, 0, 0, NULL, &strangers.visitor), TERN_OK);
    if (strangers.count != 0) {
        fprintf(stderr, "%s: %u unknown elements\n", record->name, strangers.count);
    }
    assert_int_equal(strangers.count, 0);
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
    assert_no_strangers(record, der);
}

#endif
