/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a JSON string: escapes and surrogate pairs. RFC 8259, section 7. */
#include "core/json/text.h"

bool json_is_space(uint8_t character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

enum tern_json_kind json_kind_of(uint8_t first)
{
    switch (first) {
    case '{':
        return TERN_JSON_OBJECT;
    case '[':
        return TERN_JSON_ARRAY;
    case '"':
        return TERN_JSON_STRING;
    case 't':
    case 'f':
        return TERN_JSON_BOOL;
    case 'n':
        return TERN_JSON_NULL;
    default:
        return TERN_JSON_NUMBER;
    }
}

/* "\uXXXX" at the front of `rest`. */
static int take_unit(struct tern_bytes *rest, uint32_t *unit)
{
    uint8_t bytes[2];
    struct tern_writer out = TERN_WRITER_OF(bytes);
    if (rest->size < 6) {
        return TERN_ERR_TRUNCATED;
    }
    if (rest->data[0] != '\\' || rest->data[1] != 'u' ||
        tern_hex_decode(&out, tern_bytes_slice(*rest, 2, 4)) < 0) {
        return TERN_ERR_MALFORMED;
    }
    *unit = (uint32_t)bytes[0] << 8 | bytes[1];
    *rest = tern_bytes_slice(*rest, 6, rest->size);
    return TERN_OK;
}

static int take_code_point(struct tern_bytes *rest, uint32_t *code_point)
{
    uint32_t low;
    int status = take_unit(rest, code_point);
    if (status < 0) {
        return status;
    }
    if (*code_point == 0 || (*code_point >= 0xDC00 && *code_point <= 0xDFFF)) {
        return TERN_ERR_MALFORMED;
    }
    if (*code_point < 0xD800 || *code_point > 0xDBFF) {
        return TERN_OK;
    }
    if ((status = take_unit(rest, &low)) < 0) {
        return status;
    }
    if (low < 0xDC00 || low > 0xDFFF) {
        return TERN_ERR_MALFORMED;
    }
    *code_point = 0x10000 + ((*code_point - 0xD800) << 10) + (low - 0xDC00);
    return TERN_OK;
}

int json_unescape(struct tern_bytes *rest, uint32_t *code_point)
{
    static const char ESCAPES[] = "\"\\/bfnrt";
    static const char MEANINGS[] = "\"\\/\b\f\n\r\t";
    if (rest->size < 2) {
        return TERN_ERR_TRUNCATED;
    }
    if (rest->data[1] == 'u') {
        return take_code_point(rest, code_point);
    }
    for (size_t i = 0; ESCAPES[i] != 0; i++) {
        if (rest->data[1] == (uint8_t)ESCAPES[i]) {
            *code_point = (uint8_t)MEANINGS[i];
            *rest = tern_bytes_slice(*rest, 2, rest->size);
            return TERN_OK;
        }
    }
    return TERN_ERR_MALFORMED;
}

static void write_utf8(struct tern_writer *out, uint32_t code_point)
{
    if (code_point < 0x80) {
        tern_write_byte(out, (uint8_t)code_point);
        return;
    }
    unsigned more = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
    static const uint8_t LEADS[] = {0, 0xC0, 0xE0, 0xF0};
    tern_write_byte(out, (uint8_t)(LEADS[more] | code_point >> (6 * more)));
    while (more-- > 0) {
        tern_write_byte(out, (uint8_t)(0x80 | (code_point >> (6 * more) & 0x3F)));
    }
}

/* The next character of `rest` as UTF-8 bytes: one escape, or one plain byte. */
static void next_piece(struct tern_bytes *rest, struct tern_writer *out)
{
    uint32_t code_point;
    if (rest->data[0] == '\\' && json_unescape(rest, &code_point) == TERN_OK) {
        write_utf8(out, code_point);
        return;
    }
    tern_write_byte(out, rest->data[0]);
    *rest = tern_bytes_slice(*rest, 1, rest->size);
}

static int next_byte(struct tern_bytes *rest, struct tern_writer *piece, size_t *used)
{
    if (*used == piece->size) {
        if (rest->size == 0) {
            return -1;
        }
        piece->size = 0;
        *used = 0;
        next_piece(rest, piece);
    }
    return piece->data[(*used)++];
}

bool json_text_equal(struct tern_bytes a, struct tern_bytes b)
{
    uint8_t a_buffer[4];
    uint8_t b_buffer[4];
    struct tern_writer a_piece = TERN_WRITER_OF(a_buffer);
    struct tern_writer b_piece = TERN_WRITER_OF(b_buffer);
    size_t a_used = 0;
    size_t b_used = 0;
    for (;;) {
        int a_byte = next_byte(&a, &a_piece, &a_used);
        int b_byte = next_byte(&b, &b_piece, &b_used);
        if (a_byte != b_byte) {
            return false;
        }
        if (a_byte < 0) {
            return true;
        }
    }
}

void json_write_unescaped(struct tern_writer *out, struct tern_bytes content)
{
    while (content.size > 0) {
        next_piece(&content, out);
    }
}
