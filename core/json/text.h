/* SPDX-License-Identifier: Apache-2.0 */
/* What reader and values share: characters, escapes, kinds. */
#ifndef CORE_JSON_TEXT_H
#define CORE_JSON_TEXT_H

#include "tern/json.h"

bool json_is_space(uint8_t character);
enum tern_json_kind json_kind_of(uint8_t first);

/**
 * Undo the escape at the front of `rest`, which begins with a backslash; a surrogate pair is one.
 * TERN_ERR_TRUNCATED; TERN_ERR_MALFORMED for an unknown escape, a lone surrogate or \u0000.
 */
int json_unescape(struct tern_bytes *rest, uint32_t *code_point);

/** Equal after both had their escapes undone. Both were checked before. */
bool json_text_equal(struct tern_bytes a, struct tern_bytes b);

/** Write `content` (between quotes, checked) with its escapes undone. */
void json_write_unescaped(struct tern_writer *out, struct tern_bytes content);

#endif
