/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a profile image: see image.h for the picture. */
#include "engine/profile/image.h"

#include <string.h>

static const uint8_t MAGIC[4] = {'T', 'P', 'I', '1'};

static void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value & 0xFFFF);
}

static uint16_t get16(const uint8_t *from)
{
    return (uint16_t)(from[0] << 8 | from[1]);
}

static uint32_t get32(const uint8_t *from)
{
    return (uint32_t)get16(from) << 16 | get16(from + 2);
}

static int read_at(const struct tern_image *image, size_t offset, uint8_t *out, size_t size)
{
    if (offset > image->capacity || size > image->capacity - offset) return TERN_ERR_MALFORMED;
    return size == 0 ? TERN_OK : image->read(image->context, offset, out, size);
}

static int write_at(const struct tern_image *image, size_t offset, struct tern_bytes bytes)
{
    if (offset > image->capacity || bytes.size > image->capacity - offset) {
        return TERN_ERR_NO_SPACE;
    }
    return bytes.size == 0 ? TERN_OK : image->write(image->context, offset, bytes);
}

int image_begin(const struct tern_image *image)
{
    static const uint8_t EMPTY[IMAGE_HEAD_SIZE] = {0};
    return write_at(image, 0, TERN_BYTES_OF(EMPTY));
}

int image_seal(const struct tern_image *image, uint32_t size, const uint8_t iccid[10],
               uint16_t pin_count)
{
    uint8_t head[IMAGE_HEAD_SIZE] = {0};
    memcpy(head, MAGIC, sizeof MAGIC);
    put32(head + 4, size);
    memcpy(head + 8, iccid, 10);
    put16(head + 18, pin_count);
    return write_at(image, 0, TERN_BYTES_OF(head));
}

int image_size(const struct tern_image *image, uint32_t *size)
{
    uint8_t head[IMAGE_HEAD_SIZE];
    int status = read_at(image, 0, head, sizeof head);
    if (status != TERN_OK) return status;
    if (memcmp(head, MAGIC, sizeof MAGIC) != 0) return TERN_ERR_MALFORMED;
    *size = get32(head + 4);
    if (*size < IMAGE_HEAD_SIZE || *size > image->capacity) return TERN_ERR_MALFORMED;
    return TERN_OK;
}

int image_node_read(const struct tern_image *image, struct image_node *node, uint32_t offset)
{
    uint8_t raw[IMAGE_NODE_SIZE];
    int status = read_at(image, offset, raw, sizeof raw);
    if (status != TERN_OK) return status;
    *node = (struct image_node){
        .offset = offset,
        .kind = raw[0],
        .descriptor = raw[1],
        .fid = get16(raw + 2),
        .parent = get32(raw + 4),
        .size = get32(raw + 8),
        .record_size = get16(raw + 12),
        .record_count = get16(raw + 14),
        .sfi = raw[16],
        .lcsi = raw[17],
        .arr_record = raw[18],
        .special = raw[19],
        .arr_fid = get16(raw + 20),
        .first = get16(raw + 22),
        .link = get32(raw + 24),
        .used = get32(raw + 28),
    };
    if (node->size > image->capacity - offset - IMAGE_NODE_SIZE) return TERN_ERR_MALFORMED;
    return TERN_OK;
}

int image_node_write(const struct tern_image *image, const struct image_node *node)
{
    uint8_t raw[IMAGE_NODE_SIZE];
    raw[0] = node->kind;
    raw[1] = node->descriptor;
    put16(raw + 2, node->fid);
    put32(raw + 4, node->parent);
    put32(raw + 8, node->size);
    put16(raw + 12, node->record_size);
    put16(raw + 14, node->record_count);
    raw[16] = node->sfi;
    raw[17] = node->lcsi;
    raw[18] = node->arr_record;
    raw[19] = node->special;
    put16(raw + 20, node->arr_fid);
    put16(raw + 22, node->first);
    put32(raw + 24, node->link);
    put32(raw + 28, node->used);
    return write_at(image, node->offset, TERN_BYTES_OF(raw));
}

int image_next(const struct tern_image *image, struct image_node *node, uint32_t end)
{
    uint32_t offset =
        node->offset == 0 ? IMAGE_HEAD_SIZE : node->offset + IMAGE_NODE_SIZE + node->size;
    if (offset >= end) return 0;
    int status = image_node_read(image, node, offset);
    return status == TERN_OK ? 1 : status;
}

int image_read(const struct tern_image *image, const struct image_node *node, size_t at,
               uint8_t *out, size_t size)
{
    if (at > node->size || size > node->size - at) return TERN_ERR_MALFORMED;
    return read_at(image, node->offset + IMAGE_NODE_SIZE + at, out, size);
}

int image_write(const struct tern_image *image, const struct image_node *node, size_t at,
                struct tern_bytes bytes)
{
    if (at > node->size || bytes.size > node->size - at) return TERN_ERR_NO_SPACE;
    return write_at(image, node->offset + IMAGE_NODE_SIZE + at, bytes);
}

static int memory_read(void *context, size_t offset, uint8_t *out, size_t size)
{
    const struct tern_image_memory *memory = context;
    memcpy(out, memory->data + offset, size);
    return TERN_OK;
}

static int memory_write(void *context, size_t offset, struct tern_bytes bytes)
{
    struct tern_image_memory *memory = context;
    memory->write_count++;
    memcpy(memory->data + offset, bytes.data, bytes.size);
    return TERN_OK;
}

struct tern_image tern_image_in_memory(struct tern_image_memory *memory)
{
    return (struct tern_image){
        .context = memory, .read = memory_read, .write = memory_write, .capacity = memory->size};
}
