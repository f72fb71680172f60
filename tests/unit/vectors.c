/* SPDX-License-Identifier: Apache-2.0 */
/* The 718 DER encodings of the reference data decode and encode to themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tern/messages/all.h"
#include "tests/support/returns.h"

/* One row: module, type, value, DER. */
static void check_row(const char *file, unsigned line, char *row)
{
    char *fields[4];
    for (size_t i = 0; i < 4; i++) {
        fields[i] = strsep(&row, "\t\n");
        assert_non_null(fields[i]);
    }
    const struct tern_asn_record *record = tern_message_by_name(tern_bytes_text(fields[1]));
    if (record == NULL) {
        fprintf(stderr, "%s:%u: no table for %s\n", file, line, fields[1]);
    }
    assert_non_null(record);
    size_t size = strlen(fields[3]) / 2;
    uint8_t *der = malloc(size);
    struct tern_writer out = tern_writer(der, size);
    assert_int_equal(tern_hex_decode(&out, tern_bytes_text(fields[3])), TERN_OK);
    assert_returns(record, tern_bytes(der, size));
    free(der);
}

static void vectors_decode_and_encode_to_themselves(void **state)
{
    (void)state;
    static const char *const FILES[] = {"sgp32-der.tsv", "sgp22-der.tsv"};
    static const unsigned ROWS[] = {464, 254};
    const char *refdata = getenv("TERN_REFDATA");
    for (size_t i = 0; i < TERN_COUNT_OF(FILES); i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/vectors/%s", refdata == NULL ? "." : refdata, FILES[i]);
        FILE *file = fopen(path, "r");
        if (file == NULL) {
            printf("skipped: no reference data at %s\n", path);
            exit(77);
        }
        static char row[1 << 16];
        unsigned line = 0;
        unsigned rows = 0;
        while (fgets(row, sizeof row, file) != NULL) {
            line++;
            if (row[0] != '#' && row[0] != '\n') {
                check_row(path, line, row);
                rows++;
            }
        }
        fclose(file);
        assert_int_equal(rows, ROWS[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_decode_and_encode_to_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
