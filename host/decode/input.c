/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms of input. Bytes that are not all text are DER. Text is PEM when it has a BEGIN line, JSON
 * when it begins with a brace, APDUs when its first line has an arrow, hex when it has only hex
 * digits, else base64.
 */
#include "host/decode/input.h"

#include <stdlib.h>
#include <string.h>

#define PEM_BEGIN "-----BEGIN "
#define PEM_END   "-----END "

static bool is_space(uint8_t character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static bool is_hex(uint8_t character)
{
    return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'F') ||
           (character >= 'a' && character <= 'f');
}

static struct tern_bytes trim(struct tern_bytes text)
{
    while (text.size > 0 && is_space(text.data[0])) {
        text = tern_bytes_slice(text, 1, text.size);
    }
    while (text.size > 0 && is_space(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

bool input_line(struct tern_bytes *text, struct tern_bytes *line)
{
    if (text->size == 0) {
        return false;
    }
    const uint8_t *end = memchr(text->data, '\n', text->size);
    size_t size = end == NULL ? text->size : (size_t)(end - text->data);
    *line = trim(tern_bytes_slice(*text, 0, size));
    *text = tern_bytes_slice(*text, end == NULL ? size : size + 1, text->size);
    return true;
}

static bool is_text(struct tern_bytes input)
{
    for (size_t i = 0; i < input.size; i++) {
        if (input.data[i] < 0x20 && !is_space(input.data[i])) {
            return false;
        }
    }
    return tern_utf8_valid(input);
}

static bool has(struct tern_bytes input, const char *part)
{
    return input.size > 0 && memmem(input.data, input.size, part, strlen(part)) != NULL;
}

static bool starts(struct tern_bytes input, const char *part)
{
    return tern_bytes_starts_with(input, tern_bytes_text(part));
}

static bool first_line_is_apdu(struct tern_bytes input)
{
    struct tern_bytes line;
    while (input_line(&input, &line)) {
        if (line.size > 0 && line.data[0] != '#') {
            return starts(line, ">") || starts(line, "<") || starts(line, "=>") ||
                   starts(line, "->") || starts(line, "C-APDU");
        }
    }
    return false;
}

enum input_form input_form(struct tern_bytes input)
{
    if (!is_text(input)) {
        return INPUT_DER;
    }
    if (has(input, PEM_BEGIN)) {
        return INPUT_PEM;
    }
    struct tern_bytes text = trim(input);
    if (starts(text, "{") || starts(text, "[")) {
        return INPUT_JSON;
    }
    if (first_line_is_apdu(input)) {
        return INPUT_APDUS;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (!is_hex(text.data[i]) && !is_space(text.data[i]) && text.data[i] != ':') {
            return INPUT_BASE64;
        }
    }
    return INPUT_HEX;
}

/* The characters of `text` that count, in `kept`; where each stood is not kept. */
static size_t keep(char *kept, struct tern_bytes text, bool colons)
{
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (!is_space(text.data[i]) && !(colons && text.data[i] == ':')) {
            kept[size++] = (char)text.data[i];
        }
    }
    return size;
}

static int hex_bytes(struct tern_bytes text, uint8_t **data, size_t *size, size_t *offset)
{
    *data = malloc(text.size + 1);
    if (*data == NULL) {
        return TERN_ERR_IO;
    }
    size_t count = keep((char *)*data, text, true);
    struct tern_writer out = tern_writer(*data, count);
    struct tern_bytes digits = tern_bytes(*data, count);
    uint8_t *copy = malloc(count + 1);
    int error = copy == NULL ? TERN_ERR_IO : TERN_OK;
    if (error == TERN_OK) {
        memcpy(copy, *data, count);
        digits.data = copy;
        error = tern_hex_decode(&out, digits);
    }
    free(copy);
    *size = out.size;
    *offset = text.size; /* only an odd count gets here */
    return error;
}

static size_t first_stranger(struct tern_bytes text)
{
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                   "+/-_=";
    for (size_t i = 0; i < text.size; i++) {
        if (!is_space(text.data[i]) &&
            (text.data[i] == 0 || strchr(ALPHABET, text.data[i]) == NULL)) {
            return i;
        }
    }
    return text.size;
}

int input_base64(struct tern_bytes text, uint8_t **data, size_t *size, size_t *offset)
{
    *offset = first_stranger(text);
    *data = malloc(text.size + 1);
    if (*data == NULL) {
        return TERN_ERR_IO;
    }
    size_t count = keep((char *)*data, text, false);
    struct tern_writer out = tern_writer(*data, count);
    int error = tern_base64_decode(&out, tern_bytes(*data, count));
    if (error != TERN_OK) {
        out.size = 0;
        error = tern_base64url_decode(&out, tern_bytes(*data, count));
    }
    *size = out.size;
    return error;
}

static int pem_bytes(struct tern_bytes input, uint8_t **data, size_t *size, size_t *offset,
                     struct tern_bytes *rest)
{
    const uint8_t *begin = memmem(input.data, input.size, PEM_BEGIN, strlen(PEM_BEGIN));
    *offset = 0;
    if (begin == NULL) {
        return TERN_ERR_MALFORMED;
    }
    struct tern_bytes after = tern_bytes(begin, input.size - (size_t)(begin - input.data));
    struct tern_bytes line;
    (void)input_line(&after, &line);
    const uint8_t *end =
        after.size == 0 ? NULL : memmem(after.data, after.size, PEM_END, strlen(PEM_END));
    if (end == NULL) {
        *offset = input.size;
        return TERN_ERR_TRUNCATED;
    }
    int error =
        input_base64(tern_bytes(after.data, (size_t)(end - after.data)), data, size, offset);
    *offset += (size_t)(after.data - input.data);
    *rest = tern_bytes(end, after.size - (size_t)(end - after.data));
    (void)input_line(rest, &line);
    return error;
}

int input_bytes(enum input_form form, struct tern_bytes input, uint8_t **data, size_t *size,
                size_t *offset, struct tern_bytes *rest)
{
    *data = NULL;
    *rest = TERN_BYTES_NONE;
    switch (form) {
    case INPUT_HEX:
        return hex_bytes(input, data, size, offset);
    case INPUT_BASE64:
        return input_base64(input, data, size, offset);
    case INPUT_PEM:
        return pem_bytes(input, data, size, offset, rest);
    default:
        return TERN_ERR_UNEXPECTED;
    }
}
