/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK PIN. TS 102 221, 11.1.9 to 11.1.13; saip.md 16.5.
 *
 * A retry counter goes down before the comparison and is part of the transaction that the card
 * commits before it answers: who cuts the power between the two has used up a try.
 * That a PIN was presented belongs to the PIN and so to all channels that see it, until a reset.
 */
#include "engine/uicc/uicc.h"

#include <string.h>

#define CODE_SIZE 8

static uint16_t pin_of_command(const struct request *request, struct image_node *pin,
                               uint8_t bytes[PIN_SIZE])
{
    const struct tern_apdu *command = request->command;
    if (command->p1 != 0) return SW_WRONG_P1P2;
    if (!pin_find(request->uicc, request->channel->directory, command->p2, pin)) {
        return SW_NO_REFERENCE;
    }
    return payload_load(request->uicc, pin, 0, bytes, PIN_SIZE);
}

static void set_verified(struct tern_uicc *uicc, const struct image_node *pin, bool verified)
{
    if (pin->record_count >= 64) return;
    uint64_t bit = (uint64_t)1 << pin->record_count;
    uicc->verified = verified ? uicc->verified | bit : uicc->verified & ~bit;
}

/*
 * Compare a code with the one stored at `value_at`, with its counter at `left_at`, maximum at
 * `max_at`. 9000, 63Cx or 6983.
 */
static uint16_t code_check(const struct request *request, const struct image_node *node,
                           size_t value_at, size_t max_at, const uint8_t *code)
{
    uint8_t stored[CODE_SIZE], tries[2]; /* the maximum, then what is left */
    uint16_t sw = payload_load(request->uicc, node, max_at, tries, 2);
    if (sw != SW_OK) return sw;
    if (tries[1] == 0) return SW_BLOCKED;
    tries[1]--;
    sw = payload_store(request, node, max_at + 1, tern_bytes(tries + 1, 1));
    if (sw != SW_OK) return sw;
    sw = payload_load(request->uicc, node, value_at, stored, sizeof stored);
    bool equal = sw == SW_OK && tern_constant_time_equal(stored, code, sizeof stored);
    tern_wipe(stored, sizeof stored);
    if (sw != SW_OK) return sw;
    if (!equal) return tries[1] == 0 ? SW_BLOCKED : (uint16_t)(SW_COUNTER | (tries[1] & 0x0F));
    return payload_store(request, node, max_at + 1, tern_bytes(tries, 1));
}

/* 63C0 or 6983 when the last try is gone: TS 102 221 has 63C0 for the failed try itself. */
static uint16_t pin_check(const struct request *request, const struct image_node *pin,
                          const uint8_t *code)
{
    uint8_t left = 0;
    uint16_t sw = payload_load(request->uicc, pin, PIN_LEFT, &left, 1);
    if (sw != SW_OK) return sw;
    if (left == 0) return SW_BLOCKED;
    sw = code_check(request, pin, PIN_VALUE, PIN_MAX, code);
    set_verified(request->uicc, pin, sw == SW_OK);
    return sw == SW_BLOCKED ? SW_COUNTER : sw;
}

static bool code_valid(const uint8_t *code)
{
    size_t digits = 0;
    while (digits < CODE_SIZE && code[digits] >= '0' && code[digits] <= '9')
        digits++;
    if (digits < 4) return false;
    for (size_t i = digits; i < CODE_SIZE; i++) {
        if (code[i] != 0xFF) return false;
    }
    return true;
}

uint16_t command_verify_pin(const struct request *request)
{
    struct image_node pin;
    uint8_t bytes[PIN_SIZE] = {0};
    uint16_t sw = pin_of_command(request, &pin, bytes);
    uint8_t left = bytes[PIN_LEFT], enabled = bytes[PIN_ENABLED];
    tern_wipe(bytes, sizeof bytes);
    if (sw != SW_OK) return sw;
    if (request->command->data.size == 0) {
        if (pin_satisfied(request->uicc, &pin)) return SW_OK;
        return left == 0 ? SW_BLOCKED : (uint16_t)(SW_COUNTER | (left & 0x0F));
    }
    if (request->command->data.size != CODE_SIZE) return SW_WRONG_LENGTH;
    if (left == 0) return SW_BLOCKED;
    if (enabled == 0) return SW_INVALIDATED;
    return pin_check(request, &pin, request->command->data.data);
}

uint16_t command_change_pin(const struct request *request)
{
    struct image_node pin;
    uint8_t bytes[PIN_SIZE] = {0};
    struct tern_bytes data = request->command->data;
    uint16_t sw = pin_of_command(request, &pin, bytes);
    uint8_t enabled = bytes[PIN_ENABLED];
    tern_wipe(bytes, sizeof bytes);
    if (sw != SW_OK) return sw;
    if (data.size != (size_t)2 * CODE_SIZE) return SW_WRONG_LENGTH;
    if (enabled == 0) return SW_INVALIDATED;
    if (!code_valid(data.data + CODE_SIZE)) return SW_WRONG_DATA;
    sw = pin_check(request, &pin, data.data);
    if (sw != SW_OK) return sw;
    return payload_store(request, &pin, PIN_VALUE, tern_bytes(data.data + CODE_SIZE, CODE_SIZE));
}

static uint16_t pin_switch(const struct request *request, uint8_t wanted)
{
    struct image_node pin;
    uint8_t bytes[PIN_SIZE] = {0};
    struct tern_bytes data = request->command->data;
    uint16_t sw = pin_of_command(request, &pin, bytes);
    uint8_t enabled = bytes[PIN_ENABLED], attributes = bytes[PIN_ATTRIBUTES];
    tern_wipe(bytes, sizeof bytes);
    if (sw != SW_OK) return sw;
    if (data.size != CODE_SIZE) return SW_WRONG_LENGTH;
    if (wanted == 0 && (attributes & PIN_ATTRIBUTE_SWITCHABLE) == 0) return SW_CONDITIONS;
    if (enabled == wanted) return wanted == 0 ? SW_INVALIDATED : SW_CONDITIONS;
    sw = pin_check(request, &pin, data.data);
    if (sw != SW_OK) return sw;
    return payload_store(request, &pin, PIN_ENABLED, tern_bytes(&wanted, 1));
}

uint16_t command_disable_pin(const struct request *request)
{
    return pin_switch(request, 0);
}

uint16_t command_enable_pin(const struct request *request)
{
    return pin_switch(request, 1);
}

static bool puk_find(const struct tern_uicc *uicc, uint8_t reference, struct image_node *puk)
{
    *puk = (struct image_node){0};
    while (reference != 0 && node_next(uicc, puk)) {
        if (puk->kind == IMAGE_PUK && puk->descriptor == reference) return true;
    }
    return false;
}

uint16_t command_unblock_pin(const struct request *request)
{
    struct image_node pin, puk;
    uint8_t bytes[PIN_SIZE] = {0}, left = 0;
    struct tern_bytes data = request->command->data;
    uint16_t sw = pin_of_command(request, &pin, bytes);
    uint8_t reference = bytes[PIN_PUK], max = bytes[PIN_MAX];
    tern_wipe(bytes, sizeof bytes);
    if (sw != SW_OK) return sw;
    if (!puk_find(request->uicc, reference, &puk)) return SW_NO_REFERENCE;
    sw = payload_load(request->uicc, &puk, PUK_LEFT, &left, 1);
    if (sw != SW_OK) return sw;
    if (left == 0) return SW_BLOCKED;
    if (data.size == 0) return (uint16_t)(SW_COUNTER | (left & 0x0F));
    if (data.size != (size_t)2 * CODE_SIZE) return SW_WRONG_LENGTH;
    if (!code_valid(data.data + CODE_SIZE)) return SW_WRONG_DATA;
    sw = code_check(request, &puk, PUK_VALUE, PUK_MAX, data.data);
    if (sw != SW_OK) return sw == SW_BLOCKED ? SW_COUNTER : sw;
    sw = payload_store(request, &pin, PIN_VALUE, tern_bytes(data.data + CODE_SIZE, CODE_SIZE));
    if (sw == SW_OK) sw = payload_store(request, &pin, PIN_LEFT, tern_bytes(&max, 1));
    if (sw == SW_OK) set_verified(request->uicc, &pin, true);
    return sw;
}
