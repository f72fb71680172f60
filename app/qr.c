/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A QR code as PNG. libqrencode makes the modules; the PNG around them is written here, one bit a
 * pixel, in stored (uncompressed) deflate blocks: it is a few kilobytes and needs no library.
 */
#include "app/qr.h"

#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#include "host/config/files.h"
#include "tern/bytes.h"

#define MODULE_PIXELS 8
#define MARGIN        4 /* modules, as ISO/IEC 18004 wants */

static uint32_t crc_of(struct tern_bytes bytes)
{
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < bytes.size; i++) {
        crc ^= bytes.data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
        }
    }
    return ~crc;
}

static uint32_t adler_of(struct tern_bytes bytes)
{
    uint32_t a = 1;
    uint32_t b = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        a = (a + bytes.data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* Length, type, content, CRC; the content was written behind the type already. */
static void write_chunk(struct tern_writer *out, const char *type, struct tern_bytes content)
{
    tern_write_uint(out, content.size, 4);
    size_t start = out->size;
    tern_write_text(out, type);
    tern_write(out, content);
    if (tern_writer_status(out) == TERN_OK) {
        tern_write_uint(out, crc_of(tern_bytes(out->data + start, out->size - start)), 4);
    }
}

static bool is_dark(const QRcode *code, int pixel_x, int pixel_y)
{
    int x = pixel_x / MODULE_PIXELS - MARGIN;
    int y = pixel_y / MODULE_PIXELS - MARGIN;
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           (code->data[y * code->width + x] & 1) != 0;
}

/* Rows of one bit a pixel, each led by filter type 0. White is 1. */
static void write_rows(struct tern_writer *out, const QRcode *code, int pixels)
{
    for (int y = 0; y < pixels; y++) {
        tern_write_byte(out, 0);
        for (int x = 0; x < pixels; x += 8) {
            uint8_t byte = 0;
            for (int bit = 0; bit < 8; bit++) {
                byte = (uint8_t)(byte << 1 | (is_dark(code, x + bit, y) ? 0 : 1));
            }
            tern_write_byte(out, byte);
        }
    }
}

/* zlib without compression: blocks of at most 65535 bytes. */
static void write_zlib(struct tern_writer *out, struct tern_bytes rows)
{
    tern_write_uint(out, 0x7801, 2);
    for (size_t at = 0; at < rows.size;) {
        struct tern_bytes block = tern_bytes_slice(rows, at, 65535);
        at += block.size;
        tern_write_byte(out, at == rows.size ? 1 : 0);
        tern_write_byte(out, (uint8_t)block.size);
        tern_write_byte(out, (uint8_t)(block.size >> 8));
        tern_write_byte(out, (uint8_t)~block.size);
        tern_write_byte(out, (uint8_t)(~block.size >> 8));
        tern_write(out, block);
    }
    tern_write_uint(out, adler_of(rows), 4);
}

static int write_png(const char *path, const QRcode *code)
{
    int pixels = (code->width + 2 * MARGIN) * MODULE_PIXELS;
    size_t capacity = (size_t)pixels * (size_t)(pixels / 8 + 1) + 4096;
    uint8_t *memory = malloc(3 * capacity);
    uint8_t header[13];
    if (memory == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    struct tern_writer rows = tern_writer(memory, capacity);
    struct tern_writer packed = tern_writer(memory + capacity, capacity);
    struct tern_writer png = tern_writer(memory + 2 * capacity, capacity);
    struct tern_writer header_out = TERN_WRITER_OF(header);
    write_rows(&rows, code, pixels);
    write_zlib(&packed, tern_writer_bytes(&rows));
    tern_write_uint(&header_out, (uint64_t)pixels, 4);
    tern_write_uint(&header_out, (uint64_t)pixels, 4);
    tern_write_uint(&header_out, 0x0100000000, 5); /* one bit, grey */
    tern_write(&png, TERN_BYTES_TEXT("\x89PNG\r\n\x1A\n"));
    write_chunk(&png, "IHDR", TERN_BYTES_OF(header));
    write_chunk(&png, "IDAT", tern_writer_bytes(&packed));
    write_chunk(&png, "IEND", TERN_BYTES_NONE);
    int status = tern_writer_status(&png);
    if (status == TERN_OK) {
        status = file_write(path, tern_writer_bytes(&png), 0600);
    }
    free(memory);
    return status;
}

int qr_write_png(const char *path, const char *text)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (code == NULL) {
        return TERN_ERR_RANGE;
    }
    int status = write_png(path, code);
    QRcode_free(code);
    return status;
}
