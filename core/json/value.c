/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members, elements and values of a JSON text that tern_json_parse() has checked. Navigation scans
 * forward; a value that is stepped over costs one look at each of its bytes.
 */
#include "core/json/text.h"
#include "tern/json.h"

static void skip_space(struct tern_bytes *rest)
{
    while (rest->size > 0 &&
           (json_is_space(rest->data[0]) || rest->data[0] == ',' || rest->data[0] == ':')) {
        *rest = tern_bytes_slice(*rest, 1, rest->size);
    }
}

/* Bytes of the string at the front, quotes included. */
static size_t string_size(struct tern_bytes rest)
{
    size_t at = 1;
    while (at < rest.size && rest.data[at] != '"') {
        at += rest.data[at] == '\\' ? 2 : 1;
    }
    return at < rest.size ? at + 1 : rest.size;
}

static bool ends_scalar(uint8_t character)
{
    return json_is_space(character) || character == ',' || character == ']' || character == '}';
}

/* Bytes of the value at the front. */
static size_t value_size(struct tern_bytes rest)
{
    size_t at = 0;
    size_t depth = 0;
    do {
        uint8_t character = rest.data[at];
        if (character == '"') {
            at += string_size(tern_bytes_slice(rest, at, rest.size));
        } else if (character == '{' || character == '[') {
            depth++;
            at++;
        } else if (character == '}' || character == ']') {
            depth--;
            at++;
        } else if (depth > 0) {
            at++;
        } else {
            while (at < rest.size && !ends_scalar(rest.data[at])) {
                at++;
            }
        }
    } while (depth > 0 && at < rest.size);
    return at;
}

static int take_value(struct tern_bytes *rest, struct tern_json *value)
{
    skip_space(rest);
    if (rest->size == 0 || rest->data[0] == '}' || rest->data[0] == ']') {
        return 0;
    }
    size_t size = value_size(*rest);
    value->kind = json_kind_of(rest->data[0]);
    value->raw = tern_bytes_slice(*rest, 0, size);
    *rest = tern_bytes_slice(*rest, size, rest->size);
    return 1;
}

int tern_json_walk(struct tern_json_walk *walk, const struct tern_json *container)
{
    if (container->kind != TERN_JSON_OBJECT && container->kind != TERN_JSON_ARRAY) {
        return TERN_ERR_UNEXPECTED;
    }
    walk->members = container->kind == TERN_JSON_OBJECT;
    walk->rest = tern_bytes_slice(container->raw, 1, container->raw.size - 2);
    return TERN_OK;
}

int tern_json_next(struct tern_json_walk *walk, struct tern_json *key, struct tern_json *value)
{
    struct tern_json name;
    if (walk->members) {
        if (take_value(&walk->rest, &name) == 0) {
            return 0;
        }
        if (key != NULL) {
            *key = name;
        }
    }
    return take_value(&walk->rest, value);
}

static struct tern_bytes content_of(const struct tern_json *string)
{
    return tern_bytes_slice(string->raw, 1, string->raw.size - 2);
}

int tern_json_member(const struct tern_json *object, const char *key, struct tern_json *value)
{
    struct tern_json_walk walk;
    struct tern_json name;
    if (object->kind != TERN_JSON_OBJECT || tern_json_walk(&walk, object) < 0) {
        return TERN_ERR_UNEXPECTED;
    }
    while (tern_json_next(&walk, &name, value) == 1) {
        if (json_text_equal(content_of(&name), tern_bytes_text(key))) {
            return TERN_OK;
        }
    }
    return TERN_ERR_NOT_FOUND;
}

static bool has_escape(struct tern_bytes content)
{
    for (size_t i = 0; i < content.size; i++) {
        if (content.data[i] == '\\') {
            return true;
        }
    }
    return false;
}

int tern_json_text(const struct tern_json *value, struct tern_arena *arena, struct tern_bytes *text)
{
    if (value->kind != TERN_JSON_STRING) {
        return TERN_ERR_UNEXPECTED;
    }
    struct tern_bytes content = content_of(value);
    if (!has_escape(content)) {
        *text = content;
        return TERN_OK;
    }
    struct tern_writer out = tern_arena_writer(arena);
    json_write_unescaped(&out, content);
    *text = tern_arena_keep(arena, &out);
    return text->data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

int tern_json_int(const struct tern_json *value, int64_t *number)
{
    if (value->kind != TERN_JSON_NUMBER) {
        return TERN_ERR_UNEXPECTED;
    }
    bool negative = value->raw.data[0] == '-';
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    uint64_t sum = 0;
    for (size_t i = negative ? 1 : 0; i < value->raw.size; i++) {
        if (value->raw.data[i] < '0' || value->raw.data[i] > '9') {
            return TERN_ERR_RANGE;
        }
        uint64_t digit = (uint64_t)(value->raw.data[i] - '0');
        if (sum > (limit - digit) / 10) {
            return TERN_ERR_RANGE;
        }
        sum = sum * 10 + digit;
    }
    if (!negative) {
        *number = (int64_t)sum;
    } else {
        *number = sum == 0 ? 0 : -(int64_t)(sum - 1) - 1;
    }
    return TERN_OK;
}

int tern_json_bool(const struct tern_json *value, bool *flag)
{
    if (value->kind != TERN_JSON_BOOL) {
        return TERN_ERR_UNEXPECTED;
    }
    *flag = value->raw.data[0] == 't';
    return TERN_OK;
}

static int decode(const struct tern_json *value, struct tern_arena *arena, struct tern_bytes *bytes,
                  int (*decoder)(struct tern_writer *, struct tern_bytes))
{
    struct tern_bytes text;
    int status = tern_json_text(value, arena, &text);
    if (status < 0) {
        return status;
    }
    struct tern_writer out = tern_arena_writer(arena);
    if ((status = decoder(&out, text)) < 0) {
        return status;
    }
    *bytes = tern_arena_keep(arena, &out);
    return bytes->data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

int tern_json_base64(const struct tern_json *value, struct tern_arena *arena,
                     struct tern_bytes *bytes)
{
    return decode(value, arena, bytes, tern_base64_decode);
}

int tern_json_hex(const struct tern_json *value, struct tern_arena *arena, struct tern_bytes *bytes)
{
    return decode(value, arena, bytes, tern_hex_decode);
}

static int member(const struct tern_json *object, const char *key, struct tern_json *value)
{
    int status = tern_json_member(object, key, value);
    bool absent =
        status == TERN_ERR_NOT_FOUND || (status == TERN_OK && value->kind == TERN_JSON_NULL);
    return absent ? TERN_ERR_MISSING : status;
}

int tern_json_member_text(const struct tern_json *object, const char *key, struct tern_arena *arena,
                          struct tern_bytes *text)
{
    struct tern_json value;
    int status = member(object, key, &value);
    return status < 0 ? status : tern_json_text(&value, arena, text);
}

int tern_json_member_int(const struct tern_json *object, const char *key, int64_t *number)
{
    struct tern_json value;
    int status = member(object, key, &value);
    return status < 0 ? status : tern_json_int(&value, number);
}

int tern_json_member_bool(const struct tern_json *object, const char *key, bool *flag)
{
    struct tern_json value;
    int status = member(object, key, &value);
    return status < 0 ? status : tern_json_bool(&value, flag);
}

int tern_json_member_base64(const struct tern_json *object, const char *key,
                            struct tern_arena *arena, struct tern_bytes *bytes)
{
    struct tern_json value;
    int status = member(object, key, &value);
    return status < 0 ? status : tern_json_base64(&value, arena, bytes);
}

int tern_json_member_hex(const struct tern_json *object, const char *key, struct tern_arena *arena,
                         struct tern_bytes *bytes)
{
    struct tern_json value;
    int status = member(object, key, &value);
    return status < 0 ? status : tern_json_hex(&value, arena, bytes);
}
