/* SPDX-License-Identifier: Apache-2.0 */
/* QR images of activation codes. */
#ifndef APP_QR_H
#define APP_QR_H

/* Write `text` as a QR code to a grey PNG, eight pixels a module, 0600. TERN_ERR_IO. */
int qr_write_png(const char *path, const char *text);

#endif
