/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RETRIEVE DATA and SET DATA: files of BER-TLV objects. TS 102 221, 11.3.
 *
 * The objects lie one after the other in the file; `used` of its record is where they end. What is
 * longer than an APDU goes over in blocks: P2 bit 8 marks the first one. A new object is appended
 * piece by piece behind `used` and counts only when its last byte is there: then the old object of
 * that tag goes and `used` moves, all in the one transaction of that last command.
 */
#include "engine/uicc/uicc.h"

#include "tern/der.h"

#define FIRST_BLOCK 0x80
#define TAG_OF_TAGS 0x5C

static uint16_t tlv_file(const struct request *request, struct image_node *node,
                         enum access_mode mode)
{
    const struct tern_apdu *command = request->command;
    if (command->p1 != 0 || (command->p2 & 0x60) != 0) return SW_WRONG_P1P2;
    uint16_t sw = current_file(request, node, command->p2 & SFI_MASK);
    if (sw == SW_OK) sw = access_check(request, node, mode);
    if (sw != SW_OK) return sw;
    if (node->lcsi == 0x04) return SW_CONDITIONS;
    sw = follow_link(request->uicc, node);
    if (sw != SW_OK) return sw;
    return (node->descriptor & 0x3F) == IMAGE_BER_TLV ? SW_OK : SW_WRONG_STRUCTURE;
}

/* Tag and whole size of the object at `at`; false at the end or when it is broken. */
static bool object_at(const struct tern_uicc *uicc, const struct image_node *node, uint32_t at,
                      tern_tag *tag, uint32_t *size)
{
    uint8_t raw[8] = {0};
    struct tern_der_header header = {0};
    if (at >= node->used) return false;
    size_t count = node->used - at < sizeof raw ? node->used - at : sizeof raw;
    struct tern_bytes rest = tern_bytes(raw, count);
    if (payload_load(uicc, node, at, raw, count) != SW_OK) return false;
    if (tern_der_header_feed(&header, &rest) != 1) return false;
    *tag = header.tag;
    *size = (uint32_t)header.raw_size + header.value_size;
    return *size <= node->used - at && *size > header.value_size;
}

static bool object_find(const struct tern_uicc *uicc, const struct image_node *node, tern_tag tag,
                        uint32_t *at, uint32_t *size)
{
    tern_tag found;
    for (*at = 0; object_at(uicc, node, *at, &found, size); *at += *size) {
        if (found == tag) return true;
    }
    return false;
}

/* The list of all tags, 5C { tags }. */
static uint16_t write_tags(const struct request *request, const struct image_node *node)
{
    uint8_t tags[200];
    struct tern_writer out = TERN_WRITER_OF(tags);
    tern_tag tag;
    uint32_t size;
    for (uint32_t at = 0; object_at(request->uicc, node, at, &tag, &size); at += size) {
        tern_write_uint(&out, tag, tag > 0xFFFF ? 3 : tag > 0xFF ? 2 : 1);
    }
    if (tern_writer_status(&out) != TERN_OK) return SW_INTERNAL;
    tern_der_write(request->response, TAG_OF_TAGS, tern_writer_bytes(&out));
    return SW_OK;
}

uint16_t command_retrieve_data(const struct request *request)
{
    struct image_node node;
    uint8_t bytes[256];
    const struct tern_apdu *command = request->command;
    struct tern_uicc_channel *channel = request->channel;
    uint16_t sw = tlv_file(request, &node, ACCESS_READ);
    if (sw != SW_OK) return sw;
    if ((command->p2 & FIRST_BLOCK) != 0) {
        if (command->data.size < 1 || command->data.size > 3) return SW_WRONG_LENGTH;
        tern_tag tag = (tern_tag)tern_read_uint(command->data);
        if (tag == TAG_OF_TAGS) return write_tags(request, &node);
        if (!object_find(request->uicc, &node, tag, &channel->object, &channel->object_size)) {
            channel->object_size = 0;
            return SW_NO_REFERENCE;
        }
        channel->object_done = 0;
    } else if (command->data.size != 0) {
        return SW_WRONG_LENGTH;
    }
    if (channel->object_done >= channel->object_size) return SW_CONDITIONS;
    size_t left = channel->object_size - channel->object_done;
    size_t size = command->le == 0 ? 256 : command->le;
    if (size > left) size = left;
    sw = payload_load(request->uicc, &node, channel->object + channel->object_done, bytes, size);
    if (sw != SW_OK) return sw;
    tern_write(request->response, tern_bytes(bytes, size));
    channel->object_done += (uint32_t)size;
    return size == left ? SW_OK : 0x62F1; /* more data available */
}

/* Move what lies behind an object over it. */
static uint16_t object_remove(const struct request *request, struct image_node *node, uint32_t at,
                              uint32_t size, uint32_t end)
{
    uint8_t bytes[256];
    for (uint32_t from = at + size; from < end;) {
        uint32_t count = end - from < sizeof bytes ? end - from : (uint32_t)sizeof bytes;
        uint16_t sw = payload_load(request->uicc, node, from, bytes, count);
        if (sw == SW_OK) sw = payload_store(request, node, from - size, tern_bytes(bytes, count));
        if (sw != SW_OK) return sw;
        from += count;
    }
    return SW_OK;
}

/* The last byte is there: the new object counts, an old one of its tag goes. */
static uint16_t object_finish(const struct request *request, struct image_node *node)
{
    struct tern_uicc_channel *channel = request->channel;
    uint32_t end = channel->object + channel->object_size, at, size, new_size;
    tern_tag tag;
    uint32_t used = node->used;
    node->used = end;
    if (!object_at(request->uicc, node, channel->object, &tag, &new_size)) return SW_WRONG_DATA;
    channel->object_size = 0;
    node->used = used;
    bool old = object_find(request->uicc, node, tag, &at, &size);
    bool empty = new_size <= tern_der_header_size(tag, 0);
    node->used = empty ? used : end; /* an object without a value is deleted */
    if (old) {
        uint16_t sw = object_remove(request, node, at, size, node->used);
        if (sw != SW_OK) return sw;
        node->used -= size;
    }
    return node_store(request, node);
}

uint16_t command_set_data(const struct request *request)
{
    struct image_node node;
    const struct tern_apdu *command = request->command;
    struct tern_uicc_channel *channel = request->channel;
    uint16_t sw = tlv_file(request, &node, ACCESS_UPDATE);
    if (sw != SW_OK) return sw;
    if (command->data.size == 0) return SW_WRONG_LENGTH;
    if ((command->p2 & FIRST_BLOCK) != 0) {
        struct tern_der_header header = {0};
        struct tern_bytes rest = command->data;
        channel->object_size = 0;
        if (tern_der_header_feed(&header, &rest) != 1) return SW_WRONG_DATA;
        if (header.value_size > node.size || header.tag == TAG_OF_TAGS) return SW_NO_SPACE;
        uint32_t size = (uint32_t)header.raw_size + header.value_size;
        if (size > node.size - node.used) return SW_NO_SPACE;
        channel->object = node.used;
        channel->object_size = size;
        channel->object_done = 0;
    }
    if (channel->object != node.used || channel->object_done >= channel->object_size) {
        return SW_CONDITIONS;
    }
    if (command->data.size > channel->object_size - channel->object_done) return SW_WRONG_LENGTH;
    sw = payload_store(request, &node, channel->object + channel->object_done, command->data);
    if (sw != SW_OK) return sw;
    channel->object_done += (uint32_t)command->data.size;
    if (channel->object_done < channel->object_size) return SW_OK;
    return object_finish(request, &node);
}
