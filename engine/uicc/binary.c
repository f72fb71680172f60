/* SPDX-License-Identifier: Apache-2.0 */
/* READ BINARY and UPDATE BINARY: transparent files. TS 102 221, 11.1.3 and 11.1.4. */
#include "engine/uicc/uicc.h"

/* P1 and P2: an SFI and an offset of 8 bits, or an offset of 15. */
static uint16_t binary_file(const struct request *request, struct image_node *node, size_t *offset,
                            enum access_mode mode)
{
    const struct tern_apdu *command = request->command;
    bool by_sfi = (command->p1 & 0x80) != 0;
    uint8_t sfi = by_sfi ? command->p1 & SFI_MASK : 0;
    if (by_sfi && (sfi == 0 || (command->p1 & 0x60) != 0)) return SW_WRONG_P1P2;
    *offset = by_sfi ? command->p2 : (size_t)(command->p1 << 8 | command->p2);
    uint16_t sw = current_file(request, node, sfi);
    if (sw != SW_OK) return sw;
    sw = access_check(request, node, mode);
    if (sw != SW_OK) return sw;
    if (node->lcsi == 0x04) return SW_CONDITIONS;
    sw = follow_link(request->uicc, node);
    if (sw != SW_OK) return sw;
    return (node->descriptor & 0x3F) == IMAGE_TRANSPARENT ? SW_OK : SW_WRONG_STRUCTURE;
}

uint16_t command_read_binary(const struct request *request)
{
    struct image_node node;
    size_t offset, size;
    uint8_t bytes[256];
    if (request->command->data.size != 0) return SW_WRONG_LENGTH;
    uint16_t sw = binary_file(request, &node, &offset, ACCESS_READ);
    if (sw != SW_OK) return sw;
    if (offset >= node.size) return SW_WRONG_OFFSET;
    uint16_t end = expected_length(request, node.size - offset, &size);
    if (end != SW_OK && end != SW_END_OF_FILE) return end;
    sw = payload_load(request->uicc, &node, offset, bytes, size);
    if (sw != SW_OK) return sw;
    tern_write(request->response, tern_bytes(bytes, size));
    return end;
}

uint16_t command_update_binary(const struct request *request)
{
    struct image_node node;
    size_t offset;
    struct tern_bytes data = request->command->data;
    if (data.size == 0) return SW_WRONG_LENGTH;
    uint16_t sw = binary_file(request, &node, &offset, ACCESS_UPDATE);
    if (sw != SW_OK) return sw;
    if (offset >= node.size) return SW_WRONG_OFFSET;
    if (data.size > node.size - offset) return SW_WRONG_LENGTH;
    return payload_store(request, &node, offset, data);
}
