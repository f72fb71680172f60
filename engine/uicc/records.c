/* SPDX-License-Identifier: Apache-2.0 */
/*
 * READ, UPDATE and SEARCH RECORD, INCREASE: linear fixed and cyclic files.
 * TS 102 221, 11.1.5 to 11.1.8.
 *
 * A cyclic file is a ring: its record 1 is the one written last, and a new one takes the place of
 * the oldest, so that storage index `first` moves back by one at each write.
 */
#include "engine/uicc/uicc.h"

#include <string.h>

enum { NEXT = 2, PREVIOUS = 3, ABSOLUTE = 4 };

static bool is_cyclic(const struct image_node *node)
{
    return (node->descriptor & 0x3F) == IMAGE_CYCLIC;
}

static uint16_t record_file(const struct request *request, struct image_node *node, uint8_t sfi,
                            enum access_mode mode)
{
    uint16_t sw = current_file(request, node, sfi);
    if (sw != SW_OK) return sw;
    sw = access_check(request, node, mode);
    if (sw != SW_OK) return sw;
    if (node->lcsi == 0x04) return SW_CONDITIONS;
    sw = follow_link(request->uicc, node);
    if (sw != SW_OK) return sw;
    bool linear = (node->descriptor & 0x3F) == IMAGE_LINEAR;
    if (!linear && !is_cyclic(node)) return SW_WRONG_STRUCTURE;
    if (node->record_size == 0 || node->record_size > RECORD_SIZE_MAX) return SW_MEMORY;
    return SW_OK;
}

/* Where record `number` (from 1) lies in the payload. */
static size_t record_place(const struct image_node *node, unsigned number)
{
    unsigned index = number - 1;
    if (is_cyclic(node)) index = (index + node->first) % node->record_count;
    return (size_t)index * node->record_size;
}

/* The record a command means; NEXT and PREVIOUS move the pointer. */
static uint16_t record_number(const struct request *request, const struct image_node *node,
                              unsigned *number)
{
    const struct tern_apdu *command = request->command;
    unsigned mode = command->p2 & 0x07, current = request->channel->record;
    unsigned count = node->record_count;
    if (mode == ABSOLUTE) {
        *number = command->p1 == 0 ? current : command->p1;
        return *number == 0 || *number > count ? SW_NO_RECORD : SW_OK;
    }
    if (mode != NEXT && mode != PREVIOUS) return SW_WRONG_P1P2;
    if (count == 0) return SW_NO_RECORD;
    if (mode == NEXT) {
        *number = current + 1;
    } else {
        *number = current == 0 ? count : current - 1;
    }
    if (*number > count || *number == 0) {
        if (!is_cyclic(node)) return SW_NO_RECORD;
        *number = *number == 0 ? count : 1;
    }
    request->channel->record = (uint16_t)*number;
    return SW_OK;
}

uint16_t command_read_record(const struct request *request)
{
    struct image_node node;
    unsigned number;
    size_t size;
    uint8_t record[RECORD_SIZE_MAX];
    const struct tern_apdu *command = request->command;
    if (command->data.size != 0) return SW_WRONG_LENGTH;
    uint16_t sw = record_file(request, &node, command->p2 >> 3, ACCESS_READ);
    if (sw != SW_OK) return sw;
    /* The length first, so that a 6Cxx does not move the pointer. */
    if (command->le != 0 && command->le < node.record_size) {
        return (uint16_t)(SW_EXACT_LENGTH | node.record_size);
    }
    uint16_t end = expected_length(request, node.record_size, &size);
    if (end != SW_OK && end != SW_END_OF_FILE) return end;
    sw = record_number(request, &node, &number);
    if (sw != SW_OK) return sw;
    sw = payload_load(request->uicc, &node, record_place(&node, number), record, size);
    if (sw != SW_OK) return sw;
    tern_write(request->response, tern_bytes(record, size));
    return end;
}

/* Write over the oldest record of a ring and call it number 1. */
static uint16_t cyclic_store(const struct request *request, struct image_node *node,
                             struct tern_bytes record)
{
    uint16_t first = (uint16_t)((node->first + node->record_count - 1) % node->record_count);
    uint16_t sw = payload_store(request, node, (size_t)first * node->record_size, record);
    if (sw != SW_OK) return sw;
    node->first = first;
    request->channel->record = 1;
    return node_store(request, node);
}

uint16_t command_update_record(const struct request *request)
{
    struct image_node node;
    unsigned number;
    const struct tern_apdu *command = request->command;
    if (command->data.size == 0) return SW_WRONG_LENGTH;
    uint16_t sw = record_file(request, &node, command->p2 >> 3, ACCESS_UPDATE);
    if (sw != SW_OK) return sw;
    if (command->data.size != node.record_size) return SW_WRONG_LENGTH;
    if (is_cyclic(&node)) {
        if ((command->p2 & 0x07) != PREVIOUS || command->p1 != 0) return SW_WRONG_P1P2;
        if (node.record_count == 0) return SW_NO_RECORD;
        return cyclic_store(request, &node, command->data);
    }
    sw = record_number(request, &node, &number);
    if (sw != SW_OK) return sw;
    return payload_store(request, &node, record_place(&node, number), command->data);
}

/* INCREASE: add to record 1 of a ring; the answer is the new value and what was added. 11.1.8 */
uint16_t command_increase(const struct request *request)
{
    struct image_node node;
    uint8_t value[RECORD_SIZE_MAX];
    const struct tern_apdu *command = request->command;
    struct tern_bytes add = command->data;
    bool by_sfi = (command->p1 & 0x80) != 0;
    if (command->p2 != 0 || (!by_sfi && command->p1 != 0)) return SW_WRONG_P1P2;
    if (by_sfi && (command->p1 & SFI_MASK) == 0) return SW_WRONG_P1P2;
    if (add.size == 0 || add.size > 127) return SW_WRONG_LENGTH;
    uint16_t sw =
        record_file(request, &node, by_sfi ? command->p1 & SFI_MASK : 0, ACCESS_INSTRUCTION);
    if (sw != SW_OK) return sw;
    if (!is_cyclic(&node)) return SW_WRONG_STRUCTURE;
    if (node.record_count == 0 || add.size > node.record_size) return SW_WRONG_LENGTH;
    sw = payload_load(request->uicc, &node, record_place(&node, 1), value, node.record_size);
    if (sw != SW_OK) return sw;
    unsigned carry = 0;
    for (size_t i = 0; i < node.record_size; i++) {
        size_t at = node.record_size - 1u - i;
        carry += value[at] + (i < add.size ? add.data[add.size - 1 - i] : 0u);
        value[at] = (uint8_t)carry;
        carry >>= 8;
    }
    if (carry != 0) return SW_INCREASE_LIMIT;
    if (node.record_size + add.size > TERN_UICC_RESPONSE_SIZE) return SW_WRONG_LENGTH;
    sw = cyclic_store(request, &node, tern_bytes(value, node.record_size));
    if (sw != SW_OK) return sw;
    tern_write(request->response, tern_bytes(value, node.record_size));
    tern_write(request->response, add);
    return SW_OK;
}

/* How a search goes. */
struct search {
    struct tern_bytes string;
    bool backward;
    unsigned start;    /* first record to look at */
    bool after_marker; /* compare behind the first `marker`, else from `offset` on */
    uint8_t marker;
    size_t offset;
};

static bool record_contains(const struct search *search, struct tern_bytes record)
{
    size_t at = search->offset;
    if (search->after_marker) {
        for (at = 0; at < record.size && record.data[at] != search->marker; at++)
            continue;
        at++;
    }
    for (; at + search->string.size <= record.size; at++) {
        if (memcmp(record.data + at, search->string.data, search->string.size) == 0) return true;
    }
    return false;
}

/* P1, P2 and, for the enhanced search, the two bytes before the string. TS 102 221, table 11.7. */
static uint16_t search_parse(const struct request *request, const struct image_node *node,
                             struct search *search)
{
    enum { FORWARD = 4, BACKWARD = 5, ENHANCED = 6 };
    const struct tern_apdu *command = request->command;
    unsigned mode = command->p2 & 0x07, current = request->channel->record;
    *search = (struct search){.string = command->data, .start = command->p1};
    if (mode == ENHANCED) {
        if (command->data.size < 3) return SW_WRONG_LENGTH;
        uint8_t indication = command->data.data[0];
        search->string = tern_bytes_slice(command->data, 2, command->data.size);
        search->after_marker = (indication & 0x08) != 0;
        search->marker = command->data.data[1];
        search->offset = command->data.data[1];
        mode = indication & 0x07;
        if ((indication & 0xF0) != 0 || mode < 4) return SW_WRONG_DATA;
        if (mode >= 6) { /* from the next or the previous record on */
            search->start = mode == 6      ? current + 1
                            : current == 0 ? node->record_count
                                           : current - 1;
            if (search->start == 0) search->start = node->record_count + 1u;
        }
        search->backward = mode == 5 || mode == 7;
    } else if (mode == FORWARD || mode == BACKWARD) {
        search->backward = mode == BACKWARD;
    } else {
        return SW_WRONG_P1P2;
    }
    if (search->start == 0) search->start = current;
    if (search->start == 0) search->start = search->backward ? node->record_count : 1;
    return search->start > node->record_count ? SW_NO_RECORD : SW_OK;
}

uint16_t command_search_record(const struct request *request)
{
    struct image_node node;
    struct search search;
    uint8_t record[RECORD_SIZE_MAX];
    const struct tern_apdu *command = request->command;
    size_t mark = request->response->size, size;
    if (command->data.size == 0) return SW_WRONG_LENGTH;
    uint16_t sw = record_file(request, &node, command->p2 >> 3, ACCESS_READ);
    if (sw == SW_OK) sw = search_parse(request, &node, &search);
    if (sw != SW_OK) return sw;
    unsigned number = search.start, hit = 0;
    while (number >= 1 && number <= node.record_count && number <= 254) {
        sw = payload_load(request->uicc, &node, record_place(&node, number), record,
                          node.record_size);
        if (sw != SW_OK) return sw;
        if (record_contains(&search, tern_bytes(record, node.record_size))) {
            if (hit == 0) hit = number;
            tern_write_byte(request->response, (uint8_t)number);
        }
        number = search.backward ? number - 1 : number + 1;
    }
    if (hit == 0) return SW_SEARCH_EMPTY;
    request->channel->record = (uint16_t)hit;
    /* A case 4 command: Le only limits what comes back. */
    size = command->le == 0 ? 256 : command->le;
    if (request->response->size - mark > size) request->response->size = mark + size;
    return SW_OK;
}
