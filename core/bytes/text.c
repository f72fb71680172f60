/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text: hex and base64 (RFC 4648). */
#include "tern/bytes.h"

static int hex_value(uint8_t character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'A' && character <= 'F') {
        return character - 'A' + 10;
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    return -1;
}

void tern_hex_encode(struct tern_writer *out, struct tern_bytes in)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    for (size_t i = 0; i < in.size; i++) {
        tern_write_byte(out, (uint8_t)DIGITS[in.data[i] >> 4]);
        tern_write_byte(out, (uint8_t)DIGITS[in.data[i] & 0x0F]);
    }
}

int tern_hex_decode(struct tern_writer *out, struct tern_bytes text)
{
    if (text.size % 2 != 0) {
        return TERN_ERR_MALFORMED;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (hex_value(text.data[i]) < 0) {
            return TERN_ERR_MALFORMED;
        }
    }
    for (size_t i = 0; i < text.size; i += 2) {
        int value = hex_value(text.data[i]) << 4 | hex_value(text.data[i + 1]);
        tern_write_byte(out, (uint8_t)value);
    }
    return tern_writer_status(out);
}

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The last group: one or two bytes, padded or not. */
static void base64_encode_rest(struct tern_writer *out, struct tern_bytes in, const char *alphabet,
                               bool padded)
{
    uint32_t group = (uint32_t)in.data[0] << 16;
    group |= in.size > 1 ? (uint32_t)in.data[1] << 8 : 0;
    for (size_t j = 0; j < 4; j++) {
        if (j <= in.size) {
            tern_write_byte(out, (uint8_t)alphabet[group >> (18 - 6 * j) & 0x3F]);
        } else if (padded) {
            tern_write_byte(out, '=');
        }
    }
}

/* Whole groups are written straight into the buffer: a profile package has twenty thousand. */
static void base64_encode(struct tern_writer *out, struct tern_bytes in, const char *alphabet,
                          bool padded)
{
    size_t groups = in.size / 3;
    if (out->data != NULL && out->size <= out->capacity &&
        groups <= (out->capacity - out->size) / 4) {
        const uint8_t *from = in.data;
        uint8_t *to = out->data + out->size;
        for (size_t i = 0; i < groups; i++, from += 3, to += 4) {
            uint32_t group = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
            to[0] = (uint8_t)alphabet[group >> 18];
            to[1] = (uint8_t)alphabet[group >> 12 & 0x3F];
            to[2] = (uint8_t)alphabet[group >> 6 & 0x3F];
            to[3] = (uint8_t)alphabet[group & 0x3F];
        }
        out->size += 4 * groups;
    } else {
        for (size_t i = 0; i < 3 * groups; i += 3) {
            uint32_t group =
                (uint32_t)in.data[i] << 16 | (uint32_t)in.data[i + 1] << 8 | in.data[i + 2];
            for (size_t j = 0; j < 4; j++) {
                tern_write_byte(out, (uint8_t)alphabet[group >> (18 - 6 * j) & 0x3F]);
            }
        }
    }
    if (in.size % 3 != 0) {
        base64_encode_rest(out, tern_bytes_slice(in, 3 * groups, 3), alphabet, padded);
    }
}

/* Values of ' ' to 'z' of both alphabets, 255 for what is none. */
#define NO 255
/* clang-format off */
static const uint8_t BASE64_VALUES[] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, 62, NO, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
    NO,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, 63,
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
};
/* clang-format on */

static int base64_value(uint8_t character, const char *alphabet)
{
    size_t index = (size_t)character - ' ';
    int value = index < sizeof BASE64_VALUES ? BASE64_VALUES[index] : NO;
    bool ours = value < 62 || (value < 64 && (uint8_t)alphabet[value] == character);
    return ours ? value : -1;
}

static int base64_check(struct tern_bytes text, const char *alphabet)
{
    for (size_t i = 0; i < text.size; i++) {
        if (base64_value(text.data[i], alphabet) < 0) {
            return TERN_ERR_MALFORMED;
        }
    }
    size_t rest = text.size % 4;
    if (rest == 0) {
        return TERN_OK;
    }
    int last = base64_value(text.data[text.size - 1], alphabet);
    int unused = rest == 2 ? 0x0F : 0x03;
    return rest == 1 || (last & unused) != 0 ? TERN_ERR_MALFORMED : TERN_OK;
}

static uint32_t base64_group(const uint8_t *text)
{
    return (uint32_t)BASE64_VALUES[text[0] - ' '] << 18 |
           (uint32_t)BASE64_VALUES[text[1] - ' '] << 12 |
           (uint32_t)BASE64_VALUES[text[2] - ' '] << 6 | BASE64_VALUES[text[3] - ' '];
}

/* `text` without padding. Reads each group before it writes, so that it works in place. */
static int base64_decode(struct tern_writer *out, struct tern_bytes text, const char *alphabet)
{
    if (base64_check(text, alphabet) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    size_t whole = text.size / 4 * 4;
    for (size_t i = 0; i < whole; i += 4) {
        uint32_t group = base64_group(text.data + i);
        if (out->size <= out->capacity && out->capacity - out->size >= 3) {
            out->data[out->size] = (uint8_t)(group >> 16);
            out->data[out->size + 1] = (uint8_t)(group >> 8);
            out->data[out->size + 2] = (uint8_t)group;
            out->size += 3;
        } else {
            tern_write_uint(out, group, 3);
        }
    }
    if (text.size > whole) {
        uint8_t last[4] = {'A', 'A', 'A', 'A'};
        for (size_t i = whole; i < text.size; i++) {
            last[i - whole] = text.data[i];
        }
        uint32_t group = base64_group(last);
        for (size_t j = 0; j + 1 < text.size - whole; j++) {
            tern_write_byte(out, (uint8_t)(group >> (16 - 8 * j)));
        }
    }
    return tern_writer_status(out);
}

void tern_base64_encode(struct tern_writer *out, struct tern_bytes in)
{
    base64_encode(out, in, STANDARD, true);
}

int tern_base64_decode(struct tern_writer *out, struct tern_bytes text)
{
    if (text.size % 4 != 0) {
        return TERN_ERR_MALFORMED;
    }
    size_t padding = 0;
    while (padding < 2 && padding < text.size && text.data[text.size - 1 - padding] == '=') {
        padding++;
    }
    return base64_decode(out, tern_bytes_slice(text, 0, text.size - padding), STANDARD);
}

void tern_base64url_encode(struct tern_writer *out, struct tern_bytes in)
{
    base64_encode(out, in, URL, false);
}

int tern_base64url_decode(struct tern_writer *out, struct tern_bytes text)
{
    return base64_decode(out, text, URL);
}
