/* SPDX-License-Identifier: Apache-2.0 */
/* Which form the input has, and its bytes. */
#ifndef HOST_DECODE_INPUT_H
#define HOST_DECODE_INPUT_H

#include "tern/bytes.h"

enum input_form { INPUT_DER, INPUT_HEX, INPUT_BASE64, INPUT_PEM, INPUT_JSON, INPUT_APDUS };

enum input_form input_form(struct tern_bytes input);

/**
 * The bytes behind hex, base64 or the first PEM block of `input`. `*data` is malloc'ed. For PEM
 * `rest` is what follows the block.
 * @return TERN_OK; TERN_ERR_MALFORMED with `offset` at the first character that is wrong
 */
int input_bytes(enum input_form form, struct tern_bytes input, uint8_t **data, size_t *size,
                size_t *offset, struct tern_bytes *rest);

/** Base64 in either alphabet, white space allowed. As input_bytes(). */
int input_base64(struct tern_bytes text, uint8_t **data, size_t *size, size_t *offset);

/** Take a line off `text`, without its end and the white space around it; false at the end. */
bool input_line(struct tern_bytes *text, struct tern_bytes *line);

#endif
