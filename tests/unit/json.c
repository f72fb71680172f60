/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON reader and writer: what is taken, what is refused, and that no prefix passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tern/json.h"

struct row {
    const char *shows;
    const char *text;
    int status;
};

/* RFC 8259, one row a sentence, and the doubtful inputs that tern/json.h names. */
/* clang-format off */
static const struct row ROWS[] = {
    {"an object",                    "{\"a\":1}",                       TERN_OK           },
    {"space around everything",      " \t\r\n{ \"a\" : [ 1 , 2 ] } ",   TERN_OK           },
    {"empty containers",             "[{},[],\"\"]",                    TERN_OK           },
    {"a number alone",               "-0.5e+10",                        TERN_OK           },
    {"literals",                     "[true,false,null]",               TERN_OK           },
    {"every escape",                 "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e5\"", TERN_OK     },
    {"a surrogate pair",             "\"\\uD83D\\uDE00\"",              TERN_OK           },
    {"the same key in two objects",  "[{\"a\":1},{\"a\":2}]",           TERN_OK           },
    {"the same key inside",          "{\"a\":{\"a\":1}}",               TERN_OK           },
    {"sixteen deep",                 "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", TERN_OK          },
    {"seventeen deep",               "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", TERN_ERR_RANGE },
    {"nothing",                      "",                                TERN_ERR_TRUNCATED},
    {"only space",                   "  ",                              TERN_ERR_TRUNCATED},
    {"trailing bytes",               "{}x",                             TERN_ERR_MALFORMED},
    {"a second value",               "{}{}",                            TERN_ERR_MALFORMED},
    {"a doubled key",                "{\"a\":1,\"b\":2,\"a\":3}",       TERN_ERR_MALFORMED},
    {"a doubled key, escaped",       "{\"a\":1,\"\\u0061\":2}",         TERN_ERR_MALFORMED},
    {"a doubled key after a nested", "{\"a\":{\"b\":1},\"a\":2}",       TERN_ERR_MALFORMED},
    {"a comma too many",             "[1,]",                            TERN_ERR_MALFORMED},
    {"a comma too few",              "[1 2]",                           TERN_ERR_MALFORMED},
    {"a key without quotes",         "{a:1}",                           TERN_ERR_MALFORMED},
    {"a leading zero",               "01",                              TERN_ERR_MALFORMED},
    {"a plus",                       "+1",                              TERN_ERR_MALFORMED},
    {"a dot without digits",         "[1.]",                            TERN_ERR_MALFORMED},
    {"an exponent without digits",   "[1e]",                            TERN_ERR_MALFORMED},
    {"NaN",                          "NaN",                             TERN_ERR_MALFORMED},
    {"a raw control character",      "\"\x01\"",                        TERN_ERR_MALFORMED},
    {"an unknown escape",            "\"\\x41\"",                       TERN_ERR_MALFORMED},
    {"an escaped NUL",               "\"\\u0000\"",                     TERN_ERR_MALFORMED},
    {"a lone high surrogate",        "\"\\uD83Dabcdef\"",               TERN_ERR_MALFORMED},
    {"a lone low surrogate",         "\"\\uDE00\"",                     TERN_ERR_MALFORMED},
    {"two high surrogates",          "\"\\uD83D\\uD83D\"",              TERN_ERR_MALFORMED},
    {"bad UTF-8",                    "\"\xC3\x28\"",                    TERN_ERR_MALFORMED},
    {"overlong UTF-8",               "\"\xC0\xAF\"",                    TERN_ERR_MALFORMED},
    {"a bracket of the other kind",  "[1}",                             TERN_ERR_MALFORMED},
    {"a comment",                    "{}/*x*/",                         TERN_ERR_MALFORMED},
    {"an open string",               "\"abc",                           TERN_ERR_TRUNCATED},
    {"an open literal",              "[tru",                            TERN_ERR_TRUNCATED},
};
/* clang-format on */

static void reader_takes_json_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        struct tern_json value;
        int status = tern_json_parse(&value, tern_bytes_text(ROWS[i].text));
        if (status != ROWS[i].status) {
            fail_msg("%s: %d, expected %d", ROWS[i].shows, status, ROWS[i].status);
        }
    }
    struct tern_json value;
    assert_int_equal(tern_json_parse(&value, TERN_BYTES_TEXT("[1]\0")), TERN_ERR_MALFORMED);
    assert_int_equal(tern_json_parse(&value, TERN_BYTES_TEXT("\"a\0b\"")), TERN_ERR_MALFORMED);
}

/* Every proper prefix of an object fails, from an allocation of its exact size. */
static void every_prefix_fails(void **state)
{
    (void)state;
    static const char TEXT[] =
        "{\"header\":{\"a\":[1,-2.5e3,true,null,{}]},\"b\":\"x\\u0041\\uD83D\\uDE00\\n\"}";
    for (size_t size = 0; size < sizeof TEXT - 1; size++) {
        uint8_t *copy = malloc(size == 0 ? 1 : size);
        struct tern_json value;
        assert_non_null(copy);
        memcpy(copy, TEXT, size);
        assert_true(tern_json_parse(&value, tern_bytes(copy, size)) < 0);
        free(copy);
    }
}

static void values_come_out_as_they_went_in(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct tern_arena arena = tern_arena(memory, sizeof memory);
    struct tern_json root;
    struct tern_json value;
    struct tern_bytes bytes;
    int64_t number;
    bool flag;
    static const char TEXT[] =
        "{\"skip\":[{\"plain\":\"no\"},\"}\\\"]\"],\"plain\":\"text\",\"esc\":\"a\\/\\u00e5\\uD83D"
        "\\uDE00\",\"min\":-9223372036854775808,\"max\":9223372036854775807,"
        "\"over\":9223372036854775808,\"half\":0.5,\"yes\":true,\"b64\":\"Zm9vYg==\","
        "\"b64esc\":\"\\/\\/8=\",\"bad64\":\"Zm9vYg\",\"hex\":\"0aFF\",\"nil\":null}";
    assert_int_equal(tern_json_parse(&root, tern_bytes_text(TEXT)), TERN_OK);

    assert_int_equal(tern_json_member_text(&root, "plain", &arena, &bytes), TERN_OK);
    assert_true(tern_bytes_equal(bytes, TERN_BYTES_TEXT("text")));
    assert_int_equal(tern_json_member_text(&root, "esc", &arena, &bytes), TERN_OK);
    assert_true(tern_bytes_equal(bytes, TERN_BYTES_TEXT("a/\xC3\xA5\xF0\x9F\x98\x80")));
    assert_int_equal(tern_json_member_int(&root, "min", &number), TERN_OK);
    assert_true(number == INT64_MIN);
    assert_int_equal(tern_json_member_int(&root, "max", &number), TERN_OK);
    assert_true(number == INT64_MAX);
    assert_int_equal(tern_json_member_int(&root, "over", &number), TERN_ERR_RANGE);
    assert_int_equal(tern_json_member_int(&root, "half", &number), TERN_ERR_RANGE);
    assert_int_equal(tern_json_member_int(&root, "plain", &number), TERN_ERR_UNEXPECTED);
    assert_int_equal(tern_json_member_bool(&root, "yes", &flag), TERN_OK);
    assert_true(flag);
    assert_int_equal(tern_json_member_base64(&root, "b64", &arena, &bytes), TERN_OK);
    assert_true(tern_bytes_equal(bytes, TERN_BYTES_TEXT("foob")));
    assert_int_equal(tern_json_member_base64(&root, "b64esc", &arena, &bytes), TERN_OK);
    assert_true(tern_bytes_equal(bytes, TERN_BYTES_TEXT("\xFF\xFF")));
    assert_int_equal(tern_json_member_base64(&root, "bad64", &arena, &bytes), TERN_ERR_MALFORMED);
    assert_int_equal(tern_json_member_hex(&root, "hex", &arena, &bytes), TERN_OK);
    assert_true(tern_bytes_equal(bytes, TERN_BYTES_TEXT("\x0A\xFF")));
    assert_int_equal(tern_json_member_text(&root, "nil", &arena, &bytes), TERN_ERR_MISSING);
    assert_int_equal(tern_json_member_text(&root, "none", &arena, &bytes), TERN_ERR_MISSING);
    assert_int_equal(tern_json_member(&root, "none", &value), TERN_ERR_NOT_FOUND);

    struct tern_arena small = tern_arena(memory, 2);
    assert_int_equal(tern_json_member_text(&root, "esc", &small, &bytes), TERN_ERR_NO_SPACE);
}

static void arrays_are_walked_in_order(void **state)
{
    (void)state;
    struct tern_json root;
    struct tern_json value;
    struct tern_json_walk walk;
    assert_int_equal(tern_json_parse(&root, TERN_BYTES_TEXT("[ 1 , [2,3],{\"a\":4} ,\"5\"]")),
                     TERN_OK);
    static const char *const EXPECTED[] = {"1", "[2,3]", "{\"a\":4}", "\"5\""};
    assert_int_equal(tern_json_walk(&walk, &root), TERN_OK);
    for (size_t i = 0; i < TERN_COUNT_OF(EXPECTED); i++) {
        assert_int_equal(tern_json_next(&walk, NULL, &value), 1);
        assert_true(tern_bytes_equal(value.raw, tern_bytes_text(EXPECTED[i])));
    }
    assert_int_equal(tern_json_next(&walk, NULL, &value), 0);
    assert_int_equal(tern_json_walk(&walk, &value), TERN_ERR_UNEXPECTED);
}

static void writer_is_read_back(void **state)
{
    (void)state;
    uint8_t buffer[256];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    struct tern_json_writer json = tern_json_writer(&out);
    tern_json_begin_object(&json, NULL);
    tern_json_write_text(&json, "text", TERN_BYTES_TEXT("q\"b\\c\n\xC3\xA5"));
    tern_json_begin_array(&json, "list");
    tern_json_write_int(&json, NULL, INT64_MIN);
    tern_json_write_bool(&json, NULL, false);
    tern_json_begin_object(&json, NULL);
    tern_json_end_object(&json);
    tern_json_end_array(&json);
    tern_json_write_base64(&json, "b", TERN_BYTES_TEXT("foob"));
    tern_json_write_hex(&json, "h", TERN_BYTES_TEXT("\x0A\xFF"));
    tern_json_write_raw(&json, "r", TERN_BYTES_TEXT("[]"));
    tern_json_end_object(&json);
    static const char EXPECTED[] =
        "{\"text\":\"q\\\"b\\\\c\\u000A\xC3\xA5\",\"list\":[-9223372036854775808,false,{}],"
        "\"b\":\"Zm9vYg==\",\"h\":\"0AFF\",\"r\":[]}";
    assert_int_equal(tern_writer_status(&out), TERN_OK);
    assert_true(tern_bytes_equal(tern_writer_bytes(&out), tern_bytes_text(EXPECTED)));
    struct tern_json root;
    assert_int_equal(tern_json_parse(&root, tern_writer_bytes(&out)), TERN_OK);
}

static void keys_have_a_limit(void **state)
{
    (void)state;
    uint8_t buffer[4096];
    for (int keys = TERN_JSON_KEYS_MAX; keys <= TERN_JSON_KEYS_MAX + 1; keys++) {
        struct tern_writer out = TERN_WRITER_OF(buffer);
        struct tern_json_writer json = tern_json_writer(&out);
        tern_json_begin_object(&json, NULL);
        for (int i = 0; i < keys; i++) {
            char key[3] = {(char)('a' + i / 26), (char)('a' + i % 26), 0};
            tern_json_write_int(&json, key, i);
        }
        tern_json_end_object(&json);
        struct tern_json root;
        assert_int_equal(tern_json_parse(&root, tern_writer_bytes(&out)),
                         keys > TERN_JSON_KEYS_MAX ? TERN_ERR_RANGE : TERN_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_takes_json_and_nothing_else),
        cmocka_unit_test(every_prefix_fails),
        cmocka_unit_test(values_come_out_as_they_went_in),
        cmocka_unit_test(arrays_are_walked_in_order),
        cmocka_unit_test(writer_is_read_back),
        cmocka_unit_test(keys_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
