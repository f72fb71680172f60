/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader (RFC 8259): one strict pass over the whole text.
 *
 * The pass keeps no tree. It remembers only the keys of the objects that are open, in one small
 * array that grows with `{"key":` and shrinks with `}`, because a doubled key is what lets two
 * parsers read one message in two ways. A key is compared after its escapes are undone: "a" and
 * "\u0061" are one key. What is read later (core/json/value.c) scans the checked text again, which
 * costs less than a tree would.
 */
#include "core/json/text.h"
#include "tern/json.h"

struct open_key {
    uint32_t offset; /* Of the first byte behind the quote. */
    uint32_t size;
};

struct scan {
    struct tern_bytes text;
    size_t at;
    struct open_key keys[TERN_JSON_KEYS_MAX];
    size_t key_count;
};

static int scan_value(struct scan *scan, unsigned depth);

static bool at_end(const struct scan *scan)
{
    return scan->at >= scan->text.size;
}

static uint8_t peek(const struct scan *scan)
{
    return at_end(scan) ? 0 : scan->text.data[scan->at];
}

static void skip_space(struct scan *scan)
{
    while (!at_end(scan) && json_is_space(peek(scan))) {
        scan->at++;
    }
}

static int expect(struct scan *scan, uint8_t character)
{
    skip_space(scan);
    if (at_end(scan)) {
        return TERN_ERR_TRUNCATED;
    }
    if (peek(scan) != character) {
        return TERN_ERR_MALFORMED;
    }
    scan->at++;
    return TERN_OK;
}

static int scan_literal(struct scan *scan, const char *literal)
{
    struct tern_bytes word = tern_bytes_text(literal);
    struct tern_bytes here = tern_bytes_slice(scan->text, scan->at, word.size);
    if (tern_bytes_equal(here, word)) {
        scan->at += word.size;
        return TERN_OK;
    }
    return tern_bytes_starts_with(word, here) ? TERN_ERR_TRUNCATED : TERN_ERR_MALFORMED;
}

/* A string, its escapes checked one by one. `content` is what stands between the quotes. */
static int scan_string(struct scan *scan, struct tern_bytes *content)
{
    size_t start = ++scan->at;
    while (!at_end(scan)) {
        uint8_t character = peek(scan);
        if (character == '"') {
            *content = tern_bytes(scan->text.data + start, scan->at - start);
            scan->at++;
            return TERN_OK;
        }
        if (character < 0x20) {
            return TERN_ERR_MALFORMED;
        }
        if (character != '\\') {
            scan->at++;
            continue;
        }
        struct tern_bytes rest = tern_bytes_slice(scan->text, scan->at, scan->text.size);
        size_t before = rest.size;
        uint32_t code_point;
        int status = json_unescape(&rest, &code_point);
        if (status < 0) {
            return status;
        }
        scan->at += before - rest.size;
    }
    return TERN_ERR_TRUNCATED;
}

static size_t scan_digits(struct scan *scan)
{
    size_t start = scan->at;
    while (peek(scan) >= '0' && peek(scan) <= '9') {
        scan->at++;
    }
    return scan->at - start;
}

static int missing_digit(const struct scan *scan)
{
    return at_end(scan) ? TERN_ERR_TRUNCATED : TERN_ERR_MALFORMED;
}

static int scan_number(struct scan *scan)
{
    if (peek(scan) == '-') {
        scan->at++;
    }
    bool zero = peek(scan) == '0';
    size_t digits = scan_digits(scan);
    if (digits == 0) {
        return missing_digit(scan);
    }
    if (zero && digits > 1) {
        return TERN_ERR_MALFORMED;
    }
    if (peek(scan) == '.') {
        scan->at++;
        if (scan_digits(scan) == 0) {
            return missing_digit(scan);
        }
    }
    if (peek(scan) == 'e' || peek(scan) == 'E') {
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-') {
            scan->at++;
        }
        if (scan_digits(scan) == 0) {
            return missing_digit(scan);
        }
    }
    return TERN_OK;
}

/* Remember the key of an open object; `first` is where this object's own keys begin. */
static int remember_key(struct scan *scan, size_t first, struct tern_bytes key)
{
    for (size_t i = first; i < scan->key_count; i++) {
        struct tern_bytes other =
            tern_bytes(scan->text.data + scan->keys[i].offset, scan->keys[i].size);
        if (json_text_equal(other, key)) {
            return TERN_ERR_MALFORMED;
        }
    }
    if (scan->key_count == TERN_JSON_KEYS_MAX) {
        return TERN_ERR_RANGE;
    }
    scan->keys[scan->key_count++] =
        (struct open_key){(uint32_t)(key.data - scan->text.data), (uint32_t)key.size};
    return TERN_OK;
}

static int scan_member(struct scan *scan, size_t first, unsigned depth)
{
    struct tern_bytes key;
    skip_space(scan);
    if (at_end(scan)) {
        return TERN_ERR_TRUNCATED;
    }
    if (peek(scan) != '"') {
        return TERN_ERR_MALFORMED;
    }
    int status = scan_string(scan, &key);
    if (status < 0 || (status = remember_key(scan, first, key)) < 0 ||
        (status = expect(scan, ':')) < 0) {
        return status;
    }
    return scan_value(scan, depth);
}

/* What stands between brackets; `close` is the closing one. */
static int scan_container(struct scan *scan, uint8_t close, unsigned depth)
{
    size_t first = scan->key_count;
    if (depth == TERN_JSON_DEPTH_MAX) {
        return TERN_ERR_RANGE;
    }
    scan->at++;
    skip_space(scan);
    if (peek(scan) == close) {
        scan->at++;
        return TERN_OK;
    }
    for (;;) {
        int status =
            close == '}' ? scan_member(scan, first, depth + 1) : scan_value(scan, depth + 1);
        if (status < 0) {
            return status;
        }
        skip_space(scan);
        if (peek(scan) != ',') {
            break;
        }
        scan->at++;
    }
    scan->key_count = first;
    return expect(scan, close);
}

static int scan_value(struct scan *scan, unsigned depth)
{
    struct tern_bytes ignored;
    skip_space(scan);
    if (at_end(scan)) {
        return TERN_ERR_TRUNCATED;
    }
    switch (peek(scan)) {
    case '{':
        return scan_container(scan, '}', depth);
    case '[':
        return scan_container(scan, ']', depth);
    case '"':
        return scan_string(scan, &ignored);
    case 't':
        return scan_literal(scan, "true");
    case 'f':
        return scan_literal(scan, "false");
    case 'n':
        return scan_literal(scan, "null");
    default:
        return scan_number(scan);
    }
}

int tern_json_parse(struct tern_json *value, struct tern_bytes text)
{
    struct scan scan = {.text = text};
    if (text.size > UINT32_MAX) {
        return TERN_ERR_RANGE;
    }
    if (!tern_utf8_valid(text)) {
        return TERN_ERR_MALFORMED;
    }
    skip_space(&scan);
    size_t start = scan.at;
    int status = scan_value(&scan, 0);
    if (status < 0) {
        return status;
    }
    size_t end = scan.at;
    skip_space(&scan);
    if (!at_end(&scan)) {
        return TERN_ERR_MALFORMED;
    }
    value->raw = tern_bytes(text.data + start, end - start);
    value->kind = json_kind_of(text.data[start]);
    return TERN_OK;
}
