/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing what a card answered with hex. For cmocka programs. */
#ifndef TESTS_SUPPORT_CARD_EXPECT_H
#define TESTS_SUPPORT_CARD_EXPECT_H

#include "tests/support/card_download.h"

static inline void expect_bytes(const char *file, int line, struct tern_bytes actual,
                                const char *expected)
{
    static uint8_t bytes[70000];
    static char text[140001];
    struct tern_bytes wanted = hex(bytes, sizeof bytes, expected);
    if (tern_bytes_equal(actual, wanted)) return;
    struct tern_writer out = tern_writer(text, sizeof text - 1);
    tern_hex_encode(&out, actual);
    text[out.size < sizeof text ? out.size : sizeof text - 1] = 0;
    fprintf(stderr, "%s:%d: expected %s, got %s\n", file, line, expected, text);
    fail();
}
#define EXPECT_HEX(actual, expected) expect_bytes(__FILE__, __LINE__, actual, expected)

static inline struct tern_tlv expect_path(const char *file, int line, struct tern_bytes in,
                                          const tern_tag *path, size_t count)
{
    struct tern_tlv tlv = {.tag = 0};
    if (tern_der_path(in, path, count, &tlv) != TERN_OK) {
        fprintf(stderr, "%s:%d: no element %X\n", file, line, path[count - 1]);
        fail();
    }
    return tlv;
}
/* The element at a path of tags; the test fails when it is not there. */
#define FIND(in, ...)                                                    \
    expect_path(__FILE__, __LINE__, in, (const tern_tag[]){__VA_ARGS__}, \
                sizeof((const tern_tag[]){__VA_ARGS__}) / sizeof(tern_tag))

/* Number of direct children. */
static inline size_t count_children(struct tern_bytes value)
{
    struct tern_tlv tlv;
    size_t count = 0;
    while (tern_der_next(&value, &tlv, 0) == 1)
        count++;
    return count;
}

/* State of profile `n`: 1 enabled, 0 disabled, -1 not there. */
static inline int profile_state(struct world *world, unsigned n)
{
    char text[64];
    uint8_t iccid[10];
    char digits[24] = "";
    struct tern_writer out = tern_writer(digits, sizeof digits - 1);
    upp_iccid(iccid, n);
    tern_hex_encode(&out, TERN_BYTES_OF(iccid));
    snprintf(text, sizeof text, "BF2D12A00C5A0A%s5C029F70", digits);
    struct tern_bytes list = world_es10_hex(world, text);
    static const tern_tag PATH[] = {0xBF2D, 0xA0, 0xE3, 0x9F70};
    struct tern_tlv tlv;
    if (tern_der_path(list, PATH, 4, &tlv) != TERN_OK) return -1;
    return tlv.value.data[0];
}

#endif
