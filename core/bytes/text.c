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

static void base64_encode(struct tern_writer *out, struct tern_bytes in, const char *alphabet,
                          bool padded)
{
    for (size_t i = 0; i < in.size; i += 3) {
        size_t count = in.size - i < 3 ? in.size - i : 3;
        uint32_t group = (uint32_t)in.data[i] << 16;
        group |= count > 1 ? (uint32_t)in.data[i + 1] << 8 : 0;
        group |= count > 2 ? (uint32_t)in.data[i + 2] : 0;
        for (size_t j = 0; j < 4; j++) {
            if (j <= count) {
                tern_write_byte(out, (uint8_t)alphabet[group >> (18 - 6 * j) & 0x3F]);
            } else if (padded) {
                tern_write_byte(out, '=');
            }
        }
    }
}

static int base64_value(uint8_t character, const char *alphabet)
{
    if (character >= 'A' && character <= 'Z') {
        return character - 'A';
    }
    if (character >= 'a' && character <= 'z') {
        return character - 'a' + 26;
    }
    if (character >= '0' && character <= '9') {
        return character - '0' + 52;
    }
    return character == (uint8_t)alphabet[62] ? 62 : character == (uint8_t)alphabet[63] ? 63 : -1;
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

/* `text` without padding. Reads each group before it writes, so that it works in place. */
static int base64_decode(struct tern_writer *out, struct tern_bytes text, const char *alphabet)
{
    if (base64_check(text, alphabet) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    for (size_t i = 0; i < text.size; i += 4) {
        size_t count = text.size - i < 4 ? text.size - i : 4;
        uint32_t group = 0;
        for (size_t j = 0; j < 4; j++) {
            uint32_t value = j < count ? (uint32_t)base64_value(text.data[i + j], alphabet) : 0;
            group = group << 6 | value;
        }
        for (size_t j = 0; j + 1 < count; j++) {
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
