/* SPDX-License-Identifier: Apache-2.0 */
/* Slices, writers, hex, base64 and BCD: vectors in tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tern/bytes.h"

static void writer_counts_past_its_end(void **state)
{
    (void)state;
    uint8_t buffer[4] = {0};
    struct tern_writer writer = tern_writer(buffer, 3);
    tern_write_text(&writer, "abcde");
    assert_int_equal(writer.size, 5);
    assert_int_equal(tern_writer_status(&writer), TERN_ERR_NO_SPACE);
    assert_memory_equal(buffer, "abc\0", 4);
}

static void base64_follows_rfc_4648(void **state)
{
    (void)state;
    /* RFC 4648, section 10. */
    static const char *const VECTORS[][2] = {
        {"",       ""        },
        {"f",      "Zg=="    },
        {"fo",     "Zm8="    },
        {"foo",    "Zm9v"    },
        {"foob",   "Zm9vYg=="},
        {"fooba",  "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        uint8_t buffer[16];
        struct tern_writer out = TERN_WRITER_OF(buffer);
        tern_base64_encode(&out, tern_bytes_text(VECTORS[i][0]));
        assert_true(tern_bytes_equal(tern_writer_bytes(&out), tern_bytes_text(VECTORS[i][1])));
        out = TERN_WRITER_OF(buffer);
        assert_int_equal(tern_base64_decode(&out, tern_bytes_text(VECTORS[i][1])), TERN_OK);
        assert_true(tern_bytes_equal(tern_writer_bytes(&out), tern_bytes_text(VECTORS[i][0])));
    }
}

static void base64_refuses_what_is_not_canonical(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Z===", "Zm 9", "Zm9v\n", "Zm-v"};
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        uint8_t buffer[16];
        struct tern_writer out = TERN_WRITER_OF(buffer);
        assert_int_equal(tern_base64_decode(&out, tern_bytes_text(BAD[i])), TERN_ERR_MALFORMED);
        assert_int_equal(out.size, 0);
    }
}

static void eid_and_iccid(void **state)
{
    (void)state;
    uint8_t eid[16];
    assert_int_equal(tern_eid_from_text(eid, TERN_BYTES_TEXT("89049032123451234512345678901235")),
                     TERN_OK);
    assert_true(tern_eid_check(eid)); /* sgp22.md 3 */
    eid[15] ^= 1;
    assert_false(tern_eid_check(eid));
    assert_int_equal(tern_eid_from_text(eid, TERN_BYTES_TEXT("8904")), TERN_ERR_MALFORMED);

    uint8_t iccid[10];
    static const uint8_t EXPECTED[] = {0x98, 0x00, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14};
    assert_int_equal(tern_iccid_from_text(iccid, TERN_BYTES_TEXT("89000123456789012341")), TERN_OK);
    assert_memory_equal(iccid, EXPECTED, sizeof(EXPECTED)); /* sgp22.md 1.11 */
    assert_int_equal(tern_iccid_from_text(iccid, TERN_BYTES_TEXT("8900012345678901239F")), TERN_OK);
    assert_int_equal(iccid[9], 0xF9);
    char text[20];
    struct tern_writer out = TERN_WRITER_OF(text);
    assert_int_equal(tern_iccid_to_text(&out, TERN_BYTES_OF(iccid)), TERN_OK);
    assert_int_equal(out.size, 19);
    assert_memory_equal(text, "8900012345678901239", 19);
}

static void utf8(void **state)
{
    (void)state;
    assert_true(tern_utf8_valid(TERN_BYTES_TEXT("\xC3\xA5 \xE2\x82\xAC \xF0\x9F\x90\xA6")));
    assert_false(tern_utf8_valid(TERN_BYTES_TEXT("\xC0\x80")));
    assert_false(tern_utf8_valid(TERN_BYTES_TEXT("\xED\xA0\x80")));
    assert_false(tern_utf8_valid(TERN_BYTES_TEXT("\xF4\x90\x80\x80")));
    assert_false(tern_utf8_valid(TERN_BYTES_TEXT("\xE2\x82")));
}

static void every_error_has_its_text(void **state)
{
    (void)state;
#define CHECK_TEXT(name, value, text) assert_string_equal(tern_error_text(name), text);
    TERN_ERRORS(CHECK_TEXT)
#undef CHECK_TEXT
    assert_string_equal(tern_error_text(12345), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writer_counts_past_its_end),
        cmocka_unit_test(base64_follows_rfc_4648),
        cmocka_unit_test(base64_refuses_what_is_not_canonical),
        cmocka_unit_test(eid_and_iccid),
        cmocka_unit_test(utf8),
        cmocka_unit_test(every_error_has_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
