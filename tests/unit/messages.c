/* SPDX-License-Identifier: Apache-2.0 */
/* Every type: its table fits its struct, generated values come back, cut and damaged
 * ones do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/generate.h"
#include "tests/support/returns.h"

#define ROUNDS 40

static uint8_t memory[8 << 20];

static struct generator begin(uint64_t seed, const char *name)
{
    struct generator generator = {seed, tern_arena(memory, sizeof memory), false};
    for (; *name != '\0'; name++) {
        generator.state = generator.state * 131 + (uint8_t)*name;
    }
    return generator;
}

/* An exact-size copy: the sanitizer sees a read of one byte too many. */
static uint8_t *exact(struct tern_bytes bytes)
{
    uint8_t *copy = malloc(bytes.size == 0 ? 1 : bytes.size);
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.size);
    return copy;
}

static void tables_fit_their_structs(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_ALL_MESSAGES_COUNT; i++) {
        const struct tern_asn_record *record = TERN_ALL_MESSAGES[i].record;
        assert_true(record->field_count <= 64);
        for (size_t j = 0; j < record->field_count; j++) {
            const struct tern_asn_field *field = &record->fields[j];
            size_t expected = 0;
            switch ((enum tern_asn_kind)field->kind) {
            case TERN_ASN_INT:
            case TERN_ASN_UINT:
            case TERN_ASN_BITS:
                expected = 8;
                break;
            case TERN_ASN_BOOL:
            case TERN_ASN_PRESENT:
                expected = sizeof(bool);
                break;
            case TERN_ASN_RECORD:
            case TERN_ASN_CHOICE:
                assert_non_null(field->of.record);
                expected = field->of.record->size;
                break;
            default:
                expected = sizeof(struct tern_bytes);
                break;
            }
            bool bare_arm = field->size == 0 && record->form == TERN_ASN_FORM_CHOICE;
            if (field->size != expected && !bare_arm) {
                fprintf(stderr, "%s.%s: member of %u bytes\n", record->name, field->name,
                        field->size);
            }
            assert_true(bare_arm || field->size == expected);
            assert_true(field->offset + field->size <= record->size);
            bool choice = record->form == TERN_ASN_FORM_CHOICE;
            assert_true(!choice || field->extra == j + 1); /* arms count in the order of rows */
            assert_true(field->tag != 0 || field->kind == TERN_ASN_CHOICE);
            assert_true(field->kind != TERN_ASN_CHOICE ||
                        field->of.record->form == TERN_ASN_FORM_CHOICE);
        }
    }
}

static void generated_messages_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_ALL_MESSAGES_COUNT; i++) {
        const struct tern_asn_record *record = TERN_ALL_MESSAGES[i].record;
        for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
            struct generator generator = begin(seed, record->name);
            assert_returns(record, generate_message(&generator, record));
        }
    }
}

static void a_message_that_does_not_fit_is_counted(void **state)
{
    (void)state;
    struct generator generator = begin(7, "EuiccPackageRequest");
    struct tern_bytes der = generate_message(&generator, &TERN_EUICC_PACKAGE_REQUEST);
    struct tern_euicc_package_request request;
    assert_int_equal(tern_asn_decode(&TERN_EUICC_PACKAGE_REQUEST, &request, NULL, der), TERN_OK);
    uint8_t *room = malloc(der.size + 3);
    for (size_t capacity = 0; capacity <= der.size + 3; capacity++) {
        struct tern_writer out = tern_writer(room, capacity);
        tern_write_text(&out, "abc");
        int error = tern_asn_encode(&TERN_EUICC_PACKAGE_REQUEST, &out, &request);
        assert_int_equal(error, capacity < der.size + 3 ? TERN_ERR_NO_SPACE : TERN_OK);
        assert_int_equal(out.size, der.size + 3);
        assert_true(capacity < 3 || memcmp(room, "abc", 3) == 0);
    }
    assert_memory_equal(room + 3, der.data, der.size);
    struct tern_writer nothing = tern_writer(NULL, 0);
    assert_int_equal(tern_asn_encode(&TERN_EUICC_PACKAGE_REQUEST, &nothing, &request),
                     TERN_ERR_NO_SPACE);
    assert_int_equal(nothing.size, der.size);
    free(room);
}

static void every_proper_prefix_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_ALL_MESSAGES_COUNT; i++) {
        const struct tern_asn_record *record = TERN_ALL_MESSAGES[i].record;
        void *message = calloc(1, record->size);
        struct generator generator = begin(3, record->name);
        struct tern_bytes der = generate_message(&generator, record);
        for (size_t size = 0; size < der.size; size++) {
            uint8_t *copy = exact(tern_bytes(der.data, size));
            struct tern_fault fault;
            int error = tern_asn_decode(record, message, &fault, tern_bytes(copy, size));
            assert_int_equal(error, TERN_ERR_TRUNCATED);
            assert_non_null(fault.field);
            assert_true(fault.offset <= size);
            free(copy);
        }
        free(message);
    }
}

/* Whatever a flipped byte does, nothing is read outside and what decodes encodes. */
static void flipped_bytes_do_no_harm(void **state)
{
    (void)state;
    static uint8_t room[1 << 16];
    for (size_t i = 0; i < TERN_ALL_MESSAGES_COUNT; i++) {
        const struct tern_asn_record *record = TERN_ALL_MESSAGES[i].record;
        void *message = calloc(1, record->size);
        struct generator generator = begin(5, record->name);
        struct tern_bytes der = generate_message(&generator, record);
        for (size_t round = 0; round < 200 && der.size > 0; round++) {
            uint8_t *copy = exact(der);
            copy[generate_below(&generator, der.size)] ^=
                (uint8_t)(1 + generate_below(&generator, 255));
            for (unsigned mercy = 0; mercy <= TERN_MERCY_ALL; mercy += TERN_MERCY_ALL) {
                if (tern_asn_decode_as(record, message, NULL, tern_bytes(copy, der.size), 0,
                                       mercy) == TERN_OK) {
                    struct tern_writer out = TERN_WRITER_OF(room);
                    assert_int_equal(tern_asn_encode(record, &out, message), TERN_OK);
                    out = TERN_WRITER_OF(room);
                    (void)tern_asn_print(record, &out, tern_bytes(copy, der.size), mercy, NULL);
                }
            }
            free(copy);
        }
        free(message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_fit_their_structs),
        cmocka_unit_test(generated_messages_come_back),
        cmocka_unit_test(a_message_that_does_not_fit_is_counted),
        cmocka_unit_test(every_proper_prefix_is_refused),
        cmocka_unit_test(flipped_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
