/* SPDX-License-Identifier: Apache-2.0 */
/* Deterministic CBOR: RFC 8949, appendix A, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tern/cbor.h"

static struct tern_bytes hex(const char *text)
{
    static uint8_t buffer[2][128];
    static unsigned turn;
    turn = (turn + 1) % 2;
    struct tern_writer out = TERN_WRITER_OF(buffer[turn]);
    assert_int_equal(tern_hex_decode(&out, tern_bytes_text(text)), TERN_OK);
    return tern_writer_bytes(&out);
}

static void integers_follow_rfc_8949(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *text;
    } CASES[] = {
        {0,             "00"                },
        {1,             "01"                },
        {10,            "0a"                },
        {23,            "17"                },
        {24,            "1818"              },
        {25,            "1819"              },
        {100,           "1864"              },
        {1000,          "1903e8"            },
        {1000000,       "1a000f4240"        },
        {1000000000000, "1b000000e8d4a51000"},
        {INT64_MAX,     "1b7fffffffffffffff"},
        {-1,            "20"                },
        {-10,           "29"                },
        {-24,           "37"                },
        {-25,           "3818"              },
        {-100,          "3863"              },
        {-1000,         "3903e7"            },
        {INT64_MIN,     "3b7fffffffffffffff"},
        {255,           "18ff"              },
        {256,           "190100"            },
        {65535,         "19ffff"            },
        {65536,         "1a00010000"        },
        {4294967295,    "1affffffff"        },
        {4294967296,    "1b0000000100000000"},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(CASES); i++) {
        uint8_t buffer[16];
        struct tern_writer out = TERN_WRITER_OF(buffer);
        tern_cbor_write_int(&out, CASES[i].value);
        assert_true(tern_bytes_equal(tern_writer_bytes(&out), hex(CASES[i].text)));
        struct tern_bytes rest = tern_writer_bytes(&out);
        struct tern_cbor_item item;
        int64_t value = 0;
        assert_int_equal(tern_cbor_next(&rest, &item), 1);
        assert_int_equal(tern_cbor_int(&item, &value), TERN_OK);
        assert_int_equal(value, CASES[i].value);
        assert_int_equal(rest.size, 0);
        for (size_t cut = 1; cut < out.size; cut++) {
            rest = tern_bytes(buffer, cut);
            assert_int_equal(tern_cbor_next(&rest, &item), TERN_ERR_TRUNCATED);
            assert_int_equal(rest.size, cut);
        }
    }
}

static void strings_and_whole_items(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    tern_cbor_write_bytes(&out, hex("01020304"));
    tern_cbor_write_text(&out, "IETF");
    assert_true(tern_bytes_equal(tern_writer_bytes(&out), hex("44010203046449455446")));

    /* {"a": 1, "b": [2, 3]} and then a 5. */
    struct tern_bytes rest = hex("a26161016162820203"
                                 "05");
    struct tern_bytes raw;
    assert_int_equal(tern_cbor_skip(&rest, &raw), 1);
    assert_true(tern_bytes_equal(raw, hex("a26161016162820203")));
    assert_int_equal(tern_cbor_skip(&rest, &raw), 1);
    assert_int_equal(raw.size, 1);
    assert_int_equal(tern_cbor_skip(&rest, &raw), 0);
}

static void what_is_not_deterministic_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "1800",
        "1817",
        "190000",
        "1900ff",
        "1a00000000",
        "1a0000ffff",
        "1b0000000000000000",
        "1b00000000ffffffff",
        "3800",
        "5800",
        "1c",
        "1f",
        "5f",
        "9f",
        "bf",
        "ff",
        "f97c00",
        "fa47c35000",
        "f818",
        "fc",
    };
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        struct tern_bytes rest = hex(BAD[i]);
        struct tern_cbor_item item;
        if (tern_cbor_next(&rest, &item) != TERN_ERR_MALFORMED) {
            fail_msg("%s", BAD[i]);
        }
    }
    struct tern_bytes raw;
    struct tern_bytes deep = hex("8181818181818181818181818100");
    assert_int_equal(tern_cbor_skip(&deep, &raw), TERN_ERR_MALFORMED);
    struct tern_bytes wide = hex("9bffffffffffffffff");
    assert_int_equal(tern_cbor_skip(&wide, &raw), TERN_ERR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_follow_rfc_8949),
        cmocka_unit_test(strings_and_whole_items),
        cmocka_unit_test(what_is_not_deterministic_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
