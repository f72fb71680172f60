/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELECT, STATUS, and switching a file on and off. TS 102 221, 8.4, 11.1.1, 11.1.2, 11.1.14.
 */
#include "engine/uicc/uicc.h"

enum { BY_FID = 0x00, PARENT = 0x03, BY_AID = 0x04, BY_PATH = 0x08, BY_PATH_FROM_HERE = 0x09 };
enum { RETURN_NOTHING = 0x0C, RETURN_MASK = 0x0C, TERMINATE = 0x40, OCCURRENCE_MASK = 0x03 };

static uint16_t fid_at(struct tern_bytes path, size_t at)
{
    return (uint16_t)(path.data[at] << 8 | path.data[at + 1]);
}

static bool current_directory(const struct request *request, struct image_node *node)
{
    return node_load(request->uicc, node, request->channel->directory) == SW_OK;
}

static bool current_application(const struct request *request, struct image_node *node)
{
    return request->channel->application != 0 &&
           node_load(request->uicc, node, request->channel->application) == SW_OK;
}

/* By FID: the MF, the ADF, then children, the parent, its children that are directories. 8.4.1 */
static bool find_by_fid(const struct request *request, uint16_t fid, struct image_node *node)
{
    struct image_node here, parent;
    const struct tern_uicc *uicc = request->uicc;
    if (fid == FID_MF) return master_file(uicc, node);
    if (fid == FID_CURRENT_ADF) return current_application(request, node);
    if (!current_directory(request, &here)) return false;
    if (child_find(uicc, &here, fid, node)) return true;
    if (here.parent == 0 || node_load(uicc, &parent, here.parent) != SW_OK) return false;
    if (parent.kind == IMAGE_DF && parent.fid == fid) {
        *node = parent;
        return true;
    }
    return child_find(uicc, &parent, fid, node) && is_directory(node);
}

/* From the MF, or from the current ADF when the path begins with its alias. */
static bool find_by_path(const struct request *request, struct tern_bytes path,
                         struct image_node *node)
{
    struct image_node from;
    if (path.size == 0 || path.size % 2 != 0) return false;
    bool ok;
    if (fid_at(path, 0) == FID_CURRENT_ADF) {
        ok = current_application(request, &from);
        path = tern_bytes_slice(path, 2, path.size);
    } else {
        ok = master_file(request->uicc, &from);
    }
    return ok && path_find(request->uicc, &from, path, node);
}

/* Compare an application's AID, cut to the length of the one asked for. */
static bool aid_matches(const struct tern_uicc *uicc, const struct image_node *node,
                        struct tern_bytes aid)
{
    uint8_t name[16];
    if (node->kind != IMAGE_ADF || node->used > sizeof name || node->used < aid.size) return false;
    if (payload_load(uicc, node, 0, name, node->used) != SW_OK) return false;
    return tern_bytes_starts_with(tern_bytes(name, node->used), aid);
}

/* First, last, next or previous occurrence among the applications that match. */
static bool find_by_aid(const struct request *request, struct tern_bytes aid,
                        struct image_node *found)
{
    enum { FIRST = 0, LAST = 1, NEXT = 2, PREVIOUS = 3 };
    unsigned occurrence = request->command->p2 & OCCURRENCE_MASK;
    uint32_t mark = request->channel->occurrence;
    struct image_node node = {0};
    bool any = false;
    while (node_next(request->uicc, &node)) {
        if (!aid_matches(request->uicc, &node, aid)) continue;
        if (occurrence == NEXT && node.offset <= mark) continue;
        if (occurrence == PREVIOUS && node.offset >= mark) continue;
        *found = node;
        any = true;
        if (occurrence == FIRST || occurrence == NEXT) break;
    }
    return any;
}

static void make_current(const struct request *request, const struct image_node *node)
{
    struct tern_uicc_channel *channel = request->channel;
    channel->record = 0;
    channel->object_size = 0;
    if (node->kind == IMAGE_EF) {
        channel->file = node->offset;
        channel->directory = node->parent;
        return;
    }
    channel->file = 0;
    channel->directory = node->offset;
    if (node->kind == IMAGE_ADF) channel->application = node->offset;
}

/*
 * An EF of a directory that is reached through a link lies below another directory; where we are
 * is what the image says, so the channel goes there.
 */
static uint16_t select_found(const struct request *request, const struct image_node *node)
{
    uint8_t p2 = request->command->p2;
    make_current(request, node);
    if ((p2 & RETURN_MASK) != RETURN_NOTHING) {
        uint16_t sw = fcp_write(request, node);
        if (sw != SW_OK) return sw;
    }
    return node->lcsi == 0x04 ? SW_DEACTIVATED : SW_OK;
}

static uint16_t select_aid(const struct request *request)
{
    struct image_node node;
    struct tern_bytes aid = request->command->data;
    if (aid.size == 0) { /* ISO 7816-4: the default application; here that is the MF */
        if (!master_file(request->uicc, &node)) return SW_NOT_FOUND;
        return select_found(request, &node);
    }
    if (aid.size > 16) return SW_WRONG_LENGTH;
    if (!find_by_aid(request, aid, &node)) return SW_NOT_FOUND;
    request->channel->occurrence = node.offset;
    if ((request->command->p2 & 0x60) == TERMINATE) { /* the application's session ends */
        struct image_node master;
        if (!master_file(request->uicc, &master)) return SW_NOT_FOUND;
        *request->channel = (struct tern_uicc_channel){.open = true, .directory = master.offset};
        return SW_OK;
    }
    return select_found(request, &node);
}

uint16_t command_select(const struct request *request)
{
    struct image_node node, here;
    const struct tern_apdu *command = request->command;
    struct tern_bytes data = command->data;
    uint8_t allowed = command->p1 == BY_AID ? 0x6F : 0x0C;
    bool found = false;
    if ((command->p2 & ~allowed) != 0) return SW_WRONG_P1P2;
    if ((command->p2 & RETURN_MASK) == 0x08) return SW_WRONG_P1P2; /* FMD: not for a UICC */
    switch (command->p1) {
    case BY_AID:
        return select_aid(request);
    case BY_FID:
        if (data.size != 0 && data.size != 2) return SW_WRONG_LENGTH;
        found = find_by_fid(request, data.size == 0 ? FID_MF : fid_at(data, 0), &node);
        break;
    case PARENT:
        if (data.size != 0) return SW_WRONG_LENGTH;
        found = current_directory(request, &here) && here.parent != 0 &&
                node_load(request->uicc, &node, here.parent) == SW_OK;
        break;
    case BY_PATH:
        if (data.size == 0 || data.size % 2 != 0) return SW_WRONG_LENGTH;
        found = find_by_path(request, data, &node);
        break;
    case BY_PATH_FROM_HERE:
        if (data.size == 0 || data.size % 2 != 0) return SW_WRONG_LENGTH;
        found = current_directory(request, &here) && path_find(request->uicc, &here, data, &node);
        break;
    default:
        return SW_WRONG_P1P2;
    }
    return found ? select_found(request, &node) : SW_NOT_FOUND;
}

/* The AID of the current application. */
static uint16_t status_name(const struct request *request)
{
    struct image_node node;
    uint8_t name[18] = {0x84, 0};
    if (!current_application(request, &node) || node.used > 16) return SW_CONDITIONS;
    uint16_t sw = payload_load(request->uicc, &node, 0, name + 2, node.used);
    name[1] = (uint8_t)node.used;
    if (sw == SW_OK) tern_write(request->response, tern_bytes(name, 2 + node.used));
    return sw;
}

uint16_t command_status(const struct request *request)
{
    enum { WITH_FCP = 0x00, WITH_NAME = 0x01, WITH_NOTHING = 0x0C };
    struct image_node node;
    const struct tern_apdu *command = request->command;
    size_t mark = request->response->size;
    uint16_t sw;
    if (command->p1 > 0x02) return SW_WRONG_P1P2;
    if (command->data.size != 0) return SW_WRONG_LENGTH;
    switch (command->p2) {
    case WITH_FCP:
        if (!current_directory(request, &node)) return SW_MEMORY;
        sw = fcp_write(request, &node);
        break;
    case WITH_NAME:
        sw = status_name(request);
        break;
    case WITH_NOTHING:
        return SW_OK;
    default:
        return SW_WRONG_P1P2;
    }
    if (sw != SW_OK) return sw;
    size_t size;
    sw = expected_length(request, request->response->size - mark, &size);
    request->response->size = sw == SW_OK || sw == SW_END_OF_FILE ? mark + size : mark;
    return sw;
}

static uint16_t switch_file(const struct request *request, uint8_t lcsi, enum access_mode mode)
{
    struct image_node node;
    const struct tern_apdu *command = request->command;
    uint16_t sw = SW_OK;
    bool found = true;
    if (command->data.size == 0 && command->p1 == 0) {
        sw = current_file(request, &node, 0);
    } else if (command->p1 == BY_FID && command->data.size == 2) {
        found = find_by_fid(request, fid_at(command->data, 0), &node);
    } else if (command->p1 == BY_PATH) {
        found = find_by_path(request, command->data, &node);
    } else {
        return SW_WRONG_P1P2;
    }
    if (sw != SW_OK) return sw;
    if (!found) return SW_NOT_FOUND;
    if (node.kind != IMAGE_EF) return SW_WRONG_STRUCTURE;
    sw = access_check(request, &node, mode);
    if (sw != SW_OK) return sw;
    node.lcsi = lcsi;
    return node_store(request, &node);
}

uint16_t command_activate(const struct request *request)
{
    return switch_file(request, 0x05, ACCESS_ACTIVATE);
}

uint16_t command_deactivate(const struct request *request)
{
    return switch_file(request, 0x04, ACCESS_DEACTIVATE);
}
