/* SPDX-License-Identifier: Apache-2.0 */
/* What tern_json_parse() took can be walked whole, inside its bytes; every text is UTF-8, and what
 * the writer makes of it is read back as the same. */
#include <stddef.h>
#include <stdint.h>

#include "tern/json.h"
#include "tests/fuzz/fuzz.h"

static uint8_t memory[1 << 20];
static uint8_t written[1 << 20];

static void check_text(const struct tern_json *value)
{
    struct tern_arena arena = tern_arena(memory, sizeof memory);
    struct tern_bytes text;
    struct tern_bytes again;
    struct tern_json read;
    struct tern_writer out = TERN_WRITER_OF(written);
    struct tern_json_writer json = tern_json_writer(&out);
    if (tern_json_text(value, &arena, &text) != TERN_OK) {
        return; /* longer than the arena */
    }
    tern_json_write_text(&json, NULL, text);
    if (tern_writer_status(&out) == TERN_OK &&
        (!tern_utf8_valid(text) || tern_json_parse(&read, tern_writer_bytes(&out)) != TERN_OK ||
         tern_json_text(&read, &arena, &again) != TERN_OK || !tern_bytes_equal(text, again))) {
        __builtin_trap();
    }
}

static void check_value(const struct tern_json *value, struct tern_bytes in)
{
    struct tern_json_walk walk;
    struct tern_json key;
    struct tern_json inner;
    int64_t number;
    bool flag;
    if (value->raw.data < in.data || value->raw.data + value->raw.size > in.data + in.size) {
        __builtin_trap();
    }
    (void)tern_json_int(value, &number);
    (void)tern_json_bool(value, &flag);
    if (value->kind == TERN_JSON_STRING) {
        check_text(value);
    }
    if (tern_json_walk(&walk, value) != TERN_OK) {
        return;
    }
    key.kind = TERN_JSON_NONE;
    while (tern_json_next(&walk, &key, &inner) == 1) {
        if (key.kind == TERN_JSON_STRING) {
            check_text(&key);
        }
        check_value(&inner, in);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tern_bytes in = tern_bytes(data, size);
    struct tern_json value;
    if (tern_json_parse(&value, in) == TERN_OK) {
        check_value(&value, in);
    }
    return 0;
}
