/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File control parameters, what SELECT and STATUS tell of a file. TS 102 221, 11.1.1.3;
 * saip.md 16.3
 *
 *     62 { 82 descriptor | 83 FID | 84 AID | A5 proprietary | 8A life cycle | 8B ARR record |
 *          C6 PIN status (directories) | 80 size, 88 SFI (EFs) }
 */
#include "engine/uicc/uicc.h"

#include "tern/der.h"

#define SHAREABLE 0x40

static void write_tlv(struct tern_writer *out, uint8_t tag, const uint8_t *value, uint8_t size)
{
    tern_write_byte(out, tag);
    tern_write_byte(out, size);
    tern_write(out, tern_bytes(value, size));
}

static void write_descriptor(struct tern_writer *out, const struct image_node *node,
                             const struct image_node *content)
{
    uint8_t value[5] = {(uint8_t)(node->descriptor | SHAREABLE), 0x21,
                        (uint8_t)(content->record_size >> 8), (uint8_t)content->record_size,
                        (uint8_t)content->record_count};
    unsigned structure = content->descriptor & ~(unsigned)SHAREABLE;
    bool records = structure == IMAGE_LINEAR || structure == IMAGE_CYCLIC;
    write_tlv(out, 0x82, value, records && !is_directory(node) ? 5 : 2);
}

/* C6 { 90 bitmap of enabled PINs | 83 key reference ... }, in the order of pinStatusTemplateDO. */
static uint16_t write_pin_status(const struct request *request, const struct image_node *node)
{
    uint8_t references[32], bitmap[4] = {0}, enabled;
    struct image_node pin;
    size_t count = node->size - node->used;
    if (count > sizeof references) count = sizeof references;
    uint16_t sw = payload_load(request->uicc, node, node->used, references, count);
    if (sw != SW_OK || count == 0) return sw;
    for (size_t i = 0; i < count; i++) {
        if (!pin_find(request->uicc, node->offset, references[i], &pin)) continue;
        sw = payload_load(request->uicc, &pin, PIN_ENABLED, &enabled, 1);
        if (sw != SW_OK) return sw;
        if (enabled != 0) bitmap[i / 8] |= (uint8_t)(0x80 >> i % 8);
    }
    size_t bitmap_size = (count + 7) / 8;
    tern_write_byte(request->response, 0xC6);
    tern_write_byte(request->response, (uint8_t)(2 + bitmap_size + 3 * count));
    write_tlv(request->response, 0x90, bitmap, (uint8_t)bitmap_size);
    for (size_t i = 0; i < count; i++)
        write_tlv(request->response, 0x83, references + i, 1);
    return SW_OK;
}

static uint16_t write_directory(const struct request *request, const struct image_node *node)
{
    static const uint8_t CHARACTERISTICS[] = {0x80, 0x01, 0x71}; /* clock stop, 3 V and 1.8 V */
    uint8_t aid[16];
    struct tern_writer *out = request->response;
    if (node->kind == IMAGE_ADF && node->used <= sizeof aid) {
        uint16_t sw = payload_load(request->uicc, node, 0, aid, node->used);
        if (sw != SW_OK) return sw;
        write_tlv(out, 0x84, aid, (uint8_t)node->used);
    }
    write_tlv(out, 0xA5, CHARACTERISTICS, sizeof CHARACTERISTICS);
    return SW_OK;
}

static uint16_t write_parameters(const struct request *request, const struct image_node *node,
                                 const struct image_node *content)
{
    struct tern_writer *out = request->response;
    uint16_t sw = SW_OK;
    uint16_t fid = node->kind == IMAGE_ADF ? FID_CURRENT_ADF : node->fid;
    uint8_t number[4] = {(uint8_t)(fid >> 8), (uint8_t)fid};
    write_descriptor(out, node, content);
    write_tlv(out, 0x83, number, 2);
    if (is_directory(node)) sw = write_directory(request, node);
    if (node->kind == IMAGE_EF && node->special != 0) {
        uint8_t special[] = {0xC0, 0x01, node->special};
        write_tlv(out, 0xA5, special, sizeof special);
    }
    write_tlv(out, 0x8A, &node->lcsi, 1);
    uint8_t rule[3] = {(uint8_t)(node->arr_fid >> 8), (uint8_t)node->arr_fid, node->arr_record};
    if (node->arr_record != 0) write_tlv(out, 0x8B, rule, sizeof rule);
    if (is_directory(node)) return sw != SW_OK ? sw : write_pin_status(request, node);
    for (size_t i = 0; i < 4; i++)
        number[i] = (uint8_t)(content->size >> (24 - 8 * i));
    uint8_t size_size = content->size > 0xFFFF ? 4 : 2;
    write_tlv(out, 0x80, number + 4 - size_size, size_size);
    uint8_t sfi = (uint8_t)(node->sfi << 3);
    write_tlv(out, 0x88, &sfi, node->sfi == 0 ? 0 : 1);
    return SW_OK;
}

uint16_t fcp_write(const struct request *request, const struct image_node *node)
{
    uint8_t buffer[TERN_UICC_RESPONSE_SIZE];
    struct tern_writer inner = TERN_WRITER_OF(buffer);
    struct request part = *request;
    struct image_node content = *node;
    part.response = &inner;
    uint16_t sw = node->kind == IMAGE_EF ? follow_link(request->uicc, &content) : SW_OK;
    if (sw == SW_OK) sw = write_parameters(&part, node, &content);
    if (sw != SW_OK) return sw;
    if (inner.size > TERN_UICC_RESPONSE_SIZE - 3) return SW_INTERNAL;
    tern_der_write(request->response, 0x62, tern_writer_bytes(&inner));
    return SW_OK;
}
