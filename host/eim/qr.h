/* SPDX-License-Identifier: Apache-2.0 */
/** Reading QR images with zbarimg as a limited child process: image bytes are foreign input. */
#ifndef HOST_EIM_QR_H
#define HOST_EIM_QR_H

#include "tern/bytes.h"

/**
 * The text of the QR codes in an image, one a line, NUL-terminated. Waits for the child, at most
 * ten seconds. The child has no environment, no file of ours but its pipes, and limits on time,
 * memory and files.
 * @return TERN_OK, TERN_ERR_NOT_FOUND (no code in it), TERN_ERR_UNSUPPORTED (no zbarimg),
 *         TERN_ERR_TIMEOUT, TERN_ERR_IO, TERN_ERR_NO_SPACE
 */
int qr_read(struct tern_bytes image, char *text, size_t text_size);

#endif
