/* SPDX-License-Identifier: Apache-2.0 */
/* Slices and writers: see tern/bytes.h. */
#include "tern/bytes.h"

#include <string.h>

struct tern_bytes tern_bytes_text(const char *text)
{
    return tern_bytes(text, text == NULL ? 0 : strlen(text));
}

bool tern_bytes_equal(struct tern_bytes a, struct tern_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int tern_bytes_compare(struct tern_bytes a, struct tern_bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0) {
        return order;
    }
    return a.size < b.size ? -1 : a.size > b.size;
}

bool tern_bytes_starts_with(struct tern_bytes bytes, struct tern_bytes prefix)
{
    return bytes.size >= prefix.size &&
           (prefix.size == 0 || memcmp(bytes.data, prefix.data, prefix.size) == 0);
}

struct tern_bytes tern_bytes_slice(struct tern_bytes bytes, size_t offset, size_t size)
{
    if (offset > bytes.size) {
        offset = bytes.size;
    }
    if (size > bytes.size - offset) {
        size = bytes.size - offset;
    }
    return tern_bytes(bytes.data == NULL ? NULL : bytes.data + offset, size);
}

bool tern_constant_time_equal(const void *a, const void *b, size_t size)
{
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < size; i++) {
        difference = (uint8_t)(difference | (left[i] ^ right[i]));
    }
    return difference == 0;
}

void tern_wipe(void *data, size_t size)
{
    volatile uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = 0;
    }
}

void tern_write(struct tern_writer *writer, struct tern_bytes bytes)
{
    if (writer->size < writer->capacity && bytes.size > 0) {
        size_t room = writer->capacity - writer->size;
        memmove(writer->data + writer->size, bytes.data, bytes.size < room ? bytes.size : room);
    }
    writer->size += bytes.size;
}

void tern_write_byte(struct tern_writer *writer, uint8_t byte)
{
    if (writer->size < writer->capacity) {
        writer->data[writer->size] = byte;
    }
    writer->size++;
}

void tern_write_text(struct tern_writer *writer, const char *text)
{
    tern_write(writer, tern_bytes_text(text));
}

void tern_write_decimal(struct tern_writer *writer, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value > 0);
    while (count > 0) {
        tern_write_byte(writer, (uint8_t)digits[--count]);
    }
}

void tern_write_uint(struct tern_writer *writer, uint64_t value, size_t size)
{
    TERN_ASSERT(size >= 1 && size <= 8);
    for (size_t i = size; i > 0; i--) {
        tern_write_byte(writer, (uint8_t)(value >> (8 * (i - 1))));
    }
}

int tern_writer_status(const struct tern_writer *writer)
{
    return writer->size > writer->capacity ? TERN_ERR_NO_SPACE : TERN_OK;
}

struct tern_bytes tern_writer_bytes(const struct tern_writer *writer)
{
    return tern_bytes(writer->data,
                      writer->size < writer->capacity ? writer->size : writer->capacity);
}

uint64_t tern_read_uint(struct tern_bytes bytes)
{
    TERN_ASSERT(bytes.size <= 8);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        value = value << 8 | bytes.data[i];
    }
    return value;
}

/* The length of the UTF-8 sequence at the start of `text`, or 0 when it is none (RFC 3629, 4). */
static size_t utf8_sequence_size(struct tern_bytes text)
{
    uint8_t first = text.data[0];
    if (first < 0x80) {
        return 1;
    }
    size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (size == 0 || size > text.size) {
        return 0;
    }
    uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (text.data[1] < low || text.data[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if ((text.data[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return size;
}

bool tern_utf8_valid(struct tern_bytes text)
{
    while (text.size > 0) {
        size_t size = utf8_sequence_size(text);
        if (size == 0) {
            return false;
        }
        text = tern_bytes_slice(text, size, text.size);
    }
    return true;
}
