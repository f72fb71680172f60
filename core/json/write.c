/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: commas, quotes, escapes. It cannot write anything the reader refuses except a
 * doubled key, which is the caller's to avoid. */
#include "tern/json.h"

static void begin_value(struct tern_json_writer *json, const char *key)
{
    if (json->comma) {
        tern_write_byte(json->out, ',');
    }
    json->comma = true;
    if (key != NULL) {
        tern_write_byte(json->out, '"');
        tern_write_text(json->out, key);
        tern_write_text(json->out, "\":");
    }
}

static void begin_container(struct tern_json_writer *json, const char *key, uint8_t bracket)
{
    begin_value(json, key);
    tern_write_byte(json->out, bracket);
    json->comma = false;
}

static void end_container(struct tern_json_writer *json, uint8_t bracket)
{
    tern_write_byte(json->out, bracket);
    json->comma = true;
}

void tern_json_begin_object(struct tern_json_writer *json, const char *key)
{
    begin_container(json, key, '{');
}

void tern_json_end_object(struct tern_json_writer *json)
{
    end_container(json, '}');
}

void tern_json_begin_array(struct tern_json_writer *json, const char *key)
{
    begin_container(json, key, '[');
}

void tern_json_end_array(struct tern_json_writer *json)
{
    end_container(json, ']');
}

static void write_escaped(struct tern_writer *out, uint8_t character)
{
    if (character == '"' || character == '\\') {
        tern_write_byte(out, '\\');
        tern_write_byte(out, character);
    } else if (character < 0x20) {
        tern_write_text(out, "\\u00");
        tern_hex_encode(out, tern_bytes(&character, 1));
    } else {
        tern_write_byte(out, character);
    }
}

void tern_json_write_text(struct tern_json_writer *json, const char *key, struct tern_bytes text)
{
    begin_value(json, key);
    tern_write_byte(json->out, '"');
    for (size_t i = 0; i < text.size; i++) {
        write_escaped(json->out, text.data[i]);
    }
    tern_write_byte(json->out, '"');
}

void tern_json_write_int(struct tern_json_writer *json, const char *key, int64_t number)
{
    begin_value(json, key);
    if (number < 0) {
        tern_write_byte(json->out, '-');
    }
    tern_write_decimal(json->out, number < 0 ? (uint64_t)(-(number + 1)) + 1 : (uint64_t)number);
}

void tern_json_write_bool(struct tern_json_writer *json, const char *key, bool flag)
{
    begin_value(json, key);
    tern_write_text(json->out, flag ? "true" : "false");
}

void tern_json_write_base64(struct tern_json_writer *json, const char *key, struct tern_bytes bytes)
{
    begin_value(json, key);
    tern_write_byte(json->out, '"');
    tern_base64_encode(json->out, bytes);
    tern_write_byte(json->out, '"');
}

void tern_json_write_hex(struct tern_json_writer *json, const char *key, struct tern_bytes bytes)
{
    begin_value(json, key);
    tern_write_byte(json->out, '"');
    tern_hex_encode(json->out, bytes);
    tern_write_byte(json->out, '"');
}

void tern_json_write_raw(struct tern_json_writer *json, const char *key, struct tern_bytes text)
{
    begin_value(json, key);
    tern_write(json->out, text);
}
