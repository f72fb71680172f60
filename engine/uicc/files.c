/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding files in the image and reading their bytes. TS 102 221, 8: the tree, FIDs, SFIs, paths.
 */
#include "engine/uicc/uicc.h"

uint16_t status_of(int error)
{
    return error == TERN_OK ? SW_OK : SW_MEMORY;
}

uint16_t node_load(const struct tern_uicc *uicc, struct image_node *node, uint32_t offset)
{
    return status_of(image_node_read(&uicc->image, node, offset));
}

uint16_t node_store(const struct request *request, const struct image_node *node)
{
    request->uicc->changed = true;
    return status_of(image_node_write(&request->uicc->image, node));
}

uint16_t payload_load(const struct tern_uicc *uicc, const struct image_node *node, size_t at,
                      uint8_t *out, size_t size)
{
    return status_of(image_read(&uicc->image, node, at, out, size));
}

uint16_t payload_store(const struct request *request, const struct image_node *node, size_t at,
                       struct tern_bytes bytes)
{
    request->uicc->changed = true;
    return status_of(image_write(&request->uicc->image, node, at, bytes));
}

bool node_next(const struct tern_uicc *uicc, struct image_node *node)
{
    return image_next(&uicc->image, node, (uint32_t)uicc->image.capacity) == 1;
}

bool is_directory(const struct image_node *node)
{
    return node->kind == IMAGE_MF || node->kind == IMAGE_DF || node->kind == IMAGE_ADF;
}

bool master_file(const struct tern_uicc *uicc, struct image_node *node)
{
    *node = (struct image_node){0};
    while (node_next(uicc, node)) {
        if (node->kind == IMAGE_MF) return true;
    }
    return false;
}

static bool child_where(const struct tern_uicc *uicc, const struct image_node *directory,
                        struct image_node *node, uint16_t fid, uint8_t sfi)
{
    uint32_t parent = directory->link != 0 ? directory->link : directory->offset;
    *node = (struct image_node){0};
    while (node_next(uicc, node)) {
        if (node->parent != parent) continue;
        if (node->kind == IMAGE_EF && (sfi != 0 ? node->sfi == sfi : node->fid == fid)) return true;
        if (node->kind == IMAGE_DF && sfi == 0 && node->fid == fid) return true;
    }
    return false;
}

bool child_find(const struct tern_uicc *uicc, const struct image_node *directory, uint16_t fid,
                struct image_node *node)
{
    return child_where(uicc, directory, node, fid, 0);
}

bool child_find_sfi(const struct tern_uicc *uicc, const struct image_node *directory, uint8_t sfi,
                    struct image_node *node)
{
    return child_where(uicc, directory, node, 0, sfi);
}

bool path_find(const struct tern_uicc *uicc, const struct image_node *from, struct tern_bytes path,
               struct image_node *node)
{
    if (path.size % 2 != 0) return false;
    *node = *from;
    for (size_t i = 0; i < path.size; i += 2) {
        struct image_node directory = *node;
        uint16_t fid = (uint16_t)(path.data[i] << 8 | path.data[i + 1]);
        if (!is_directory(&directory) || !child_find(uicc, &directory, fid, node)) return false;
    }
    return true;
}

uint16_t follow_link(const struct tern_uicc *uicc, struct image_node *node)
{
    struct image_node target;
    if (node->link == 0) return SW_OK;
    uint16_t sw = node_load(uicc, &target, node->link);
    if (sw == SW_OK) *node = target;
    return sw;
}

uint16_t current_file(const struct request *request, struct image_node *node, uint8_t sfi)
{
    struct tern_uicc_channel *channel = request->channel;
    if (sfi == 0) {
        if (channel->file == 0) return SW_NO_EF;
        return node_load(request->uicc, node, channel->file);
    }
    struct image_node directory;
    uint16_t sw = node_load(request->uicc, &directory, channel->directory);
    if (sw != SW_OK) return sw;
    if (sfi > 30 || !child_find_sfi(request->uicc, &directory, sfi, node)) return SW_NOT_FOUND;
    channel->file = node->offset;
    channel->record = 0;
    return SW_OK;
}

uint16_t expected_length(const struct request *request, size_t available, size_t *size)
{
    size_t wanted = request->command->le == 0 ? 256 : request->command->le;
    *size = available < wanted ? available : wanted;
    if (*size == wanted) return SW_OK;
    if (request->command->exact) return (uint16_t)(SW_EXACT_LENGTH | (available & 0xFF));
    return wanted == 256 ? SW_OK : SW_END_OF_FILE;
}
