/* SPDX-License-Identifier: Apache-2.0 */
/* DER elements: every edge of length, tag and INTEGER; headers that arrive in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tern/der.h"
#include "tests/support/hex.h"

static const struct {
    size_t size;
    const char *length; /* X.690, 8.1.3, shortest form */
} LENGTHS[] = {
    {0,       "00"      },
    {1,       "01"      },
    {0x7E,    "7E"      },
    {0x7F,    "7F"      },
    {0x80,    "8180"    },
    {0x81,    "8181"    },
    {0xFF,    "81FF"    },
    {0x100,   "820100"  },
    {0x101,   "820101"  },
    {0xFFFF,  "82FFFF"  },
    {0x10000, "83010000"},
};

/* An element of `size` bytes by hand, exactly as large as its allocation. */
static uint8_t *element(const char *tag, const char *length, size_t size, struct tern_bytes *whole)
{
    uint8_t head[16];
    char text[32];
    snprintf(text, sizeof text, "%s%s", tag, length);
    struct tern_bytes header = hex(head, sizeof head, text);
    uint8_t *bytes = malloc(header.size + size);
    memcpy(bytes, header.data, header.size);
    memset(bytes + header.size, 0xAB, size);
    *whole = tern_bytes(bytes, header.size + size);
    return bytes;
}

static void lengths_at_their_edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(LENGTHS); i++) {
        size_t size = LENGTHS[i].size;
        struct tern_bytes whole;
        uint8_t *bytes = element("BF36", LENGTHS[i].length, size, &whole);
        struct tern_bytes rest = whole;
        struct tern_tlv tlv;
        assert_int_equal(tern_der_next(&rest, &tlv, TERN_DER_STRICT), 1);
        assert_int_equal(tlv.tag, 0xBF36);
        assert_int_equal(tlv.value.size, size);
        assert_int_equal(tlv.raw.size, whole.size);
        assert_int_equal(rest.size, 0);
        assert_non_null(tlv.value.data);

        uint8_t *written = malloc(whole.size);
        struct tern_writer out = tern_writer(written, whole.size);
        tern_der_write(&out, 0xBF36, tlv.value);
        assert_int_equal(out.size, whole.size);
        assert_memory_equal(written, bytes, whole.size);
        memset(written, 0, whole.size);
        struct tern_back_writer back = tern_back_writer(written, whole.size);
        tern_back_write_tlv(&back, 0xBF36, tlv.value);
        assert_int_equal(back.size, whole.size);
        assert_memory_equal(written, bytes, whole.size);
        assert_int_equal(tern_der_header_size(0xBF36, size), whole.size - size);
        free(written);

        /* One too few bytes: cut off. */
        rest = tern_bytes(bytes, whole.size - 1);
        assert_int_equal(tern_der_next(&rest, &tlv, TERN_DER_STRICT), TERN_ERR_TRUNCATED);
        assert_int_equal(rest.size, whole.size - 1);
        free(bytes);
        /* One too many: the next element's. */
        bytes = element("BF36", LENGTHS[i].length, size + 1, &whole);
        rest = whole;
        assert_int_equal(tern_der_next(&rest, &tlv, TERN_DER_STRICT), 1);
        assert_int_equal(rest.size, 1);
        assert_int_equal(tern_der_single(whole, &tlv, TERN_DER_STRICT), TERN_ERR_MALFORMED);
        free(bytes);
    }
}

static const struct {
    const char *hex;
    int strict, lenient;
} HEADERS[] = {
    {"",               0,                  0                 },
    {"30",             TERN_ERR_TRUNCATED, TERN_ERR_TRUNCATED},
    {"3000",           1,                  1                 },
    {"30 8100",        TERN_ERR_MALFORMED, 1                 }, /* long where short fits */
    {"30 820000",      TERN_ERR_MALFORMED, 1                 },
    {"30 84 00000000", TERN_ERR_MALFORMED, TERN_ERR_MALFORMED}, /* over 16 MiB has no use */
    {"30 80 0000",     TERN_ERR_MALFORMED, TERN_ERR_MALFORMED}, /* indefinite */
    {"30 FF",          TERN_ERR_MALFORMED, TERN_ERR_MALFORMED},
    {"5F37 00",        1,                  1                 },
    {"5F",             TERN_ERR_TRUNCATED, TERN_ERR_TRUNCATED},
    {"5F1E 00",        TERN_ERR_MALFORMED, TERN_ERR_MALFORMED}, /* number 30 fits one byte */
    {"5F1F 00",        1,                  1                 },
    {"5F80 01 00",     TERN_ERR_MALFORMED, TERN_ERR_MALFORMED}, /* padded number */
    {"5F8101 00",      1,                  1                 },
    {"5F818101 00",    TERN_ERR_MALFORMED, TERN_ERR_MALFORMED}, /* four bytes of tag */
    {"30 83 FFFFFF",   TERN_ERR_TRUNCATED, TERN_ERR_TRUNCATED},
};

static void headers_good_and_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(HEADERS); i++) {
        uint8_t buffer[16];
        struct tern_tlv tlv;
        struct tern_bytes in = hex(buffer, sizeof buffer, HEADERS[i].hex);
        struct tern_bytes rest = in;
        assert_int_equal(tern_der_next(&rest, &tlv, TERN_DER_STRICT), HEADERS[i].strict);
        rest = in;
        assert_int_equal(tern_der_next(&rest, &tlv, TERN_DER_LONG_LENGTHS), HEADERS[i].lenient);
    }
}

static void headers_arrive_in_any_pieces(void **state)
{
    (void)state;
    static const char *const TAGS[] = {"30", "5F37", "BF36", "9F8101"};
    static const tern_tag VALUES[] = {0x30, 0x5F37, 0xBF36, 0x9F8101};
    for (size_t t = 0; t < TERN_COUNT_OF(TAGS); t++) {
        for (size_t i = 0; i < TERN_COUNT_OF(LENGTHS); i++) {
            uint8_t buffer[16];
            char text[32];
            snprintf(text, sizeof text, "%s%sEEEE", TAGS[t], LENGTHS[i].length);
            struct tern_bytes in = hex(buffer, sizeof buffer, text);
            size_t header_size = in.size - 2;
            /* Bit k of `cuts`: a border after byte k. */
            for (unsigned cuts = 0; cuts < 1u << in.size; cuts++) {
                struct tern_der_header header = {0};
                size_t taken = 0;
                size_t start = 0;
                for (size_t end = 1; end <= in.size && !header.complete; end++) {
                    if (end < in.size && (cuts >> (end - 1) & 1) == 0) {
                        continue;
                    }
                    struct tern_bytes piece = tern_bytes_slice(in, start, end - start);
                    size_t before = piece.size;
                    int got = tern_der_header_feed(&header, &piece);
                    taken += before - piece.size;
                    assert_int_equal(got, taken >= header_size ? 1 : 0);
                    start = end;
                }
                assert_true(header.complete);
                assert_int_equal(taken, header_size);
                assert_int_equal(header.tag, VALUES[t]);
                assert_int_equal(header.value_size, LENGTHS[i].size);
                assert_memory_equal(header.raw, in.data, header_size);
            }
        }
    }
}

static const struct {
    int64_t value;
    const char *hex;
} INTEGERS[] = {
    {0,         "00"              },
    {1,         "01"              },
    {127,       "7F"              },
    {128,       "0080"            },
    {200,       "00C8"            },
    {255,       "00FF"            },
    {256,       "0100"            },
    {32767,     "7FFF"            },
    {32768,     "008000"          },
    {0x7FFFFF,  "7FFFFF"          },
    {0x800000,  "00800000"        },
    {-1,        "FF"              },
    {-128,      "80"              },
    {-129,      "FF7F"            },
    {INT64_MAX, "7FFFFFFFFFFFFFFF"},
    {INT64_MIN, "8000000000000000"},
};

static void integers_at_their_edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(INTEGERS); i++) {
        uint8_t expected[16];
        uint8_t written[16];
        struct tern_bytes content = hex(expected, sizeof expected, INTEGERS[i].hex);
        int64_t value;
        assert_int_equal(tern_der_int(content, &value), TERN_OK);
        assert_true(value == INTEGERS[i].value);
        struct tern_writer out = TERN_WRITER_OF(written);
        tern_der_write_int(&out, 0x81, INTEGERS[i].value);
        assert_int_equal(out.size, content.size + 2);
        assert_memory_equal(written + 2, content.data, content.size);
    }
    static const char *const BAD[] = {"", "0000", "007F", "FF80", "FFFF", "000000000000000001"};
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        uint8_t bytes[16];
        int64_t value;
        assert_int_equal(tern_der_int(hex(bytes, sizeof bytes, BAD[i]), &value),
                         TERN_ERR_MALFORMED);
    }
    uint8_t bytes[16];
    int64_t value;
    assert_int_equal(tern_der_int(hex(bytes, sizeof bytes, "008000000000000000"), &value),
                     TERN_ERR_RANGE);
}

static void the_backward_writer_counts_on(void **state)
{
    (void)state;
    uint8_t content[300] = {1};
    uint8_t room[304];
    for (size_t capacity = 0; capacity <= sizeof room; capacity++) {
        memset(room, 0xEE, sizeof room);
        struct tern_back_writer back = tern_back_writer(room, capacity);
        tern_back_write_tlv(&back, 0x30, TERN_BYTES_OF(content));
        assert_int_equal(back.size, 304);
        assert_int_equal(tern_back_writer_bytes(&back).size, capacity == 304 ? 304 : 0);
        assert_true(capacity == sizeof room || room[capacity] == 0xEE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_at_their_edges),        cmocka_unit_test(headers_good_and_bad),
        cmocka_unit_test(headers_arrive_in_any_pieces),  cmocka_unit_test(integers_at_their_edges),
        cmocka_unit_test(the_backward_writer_counts_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
