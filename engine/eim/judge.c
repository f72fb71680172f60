/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Did it do what we asked? The result list is read against the command list, one by one: each
 * result must be of its command's kind, the first that says no ends the list, and a list that is
 * short without a no does not pass for a success. SGP.32, 3.3.1; sgp32.md 3.3 to 3.5.
 */
#include "engine/eim/turn.h"

struct pair {
    tern_tag command;
    tern_tag result;
};

/* sgp32.md 3.3 and 3.6. A8 and A9 mean other things in eCO lists. */
/* clang-format off */
static const struct pair PSMO_RESULTS[] = {
    {0xA3, 0x83}, {0xA4, 0x84}, {0xA5, 0x85}, {0xBF2D, 0xBF2D}, {0xA6, 0xA6},
    {0xA7, 0x87}, {0xA8, 0x8D}, {0xA9, 0x8E}, {0xBF65, 0xBF65},
};
static const struct pair ECO_RESULTS[] = {
    {0xA8, 0xA8}, {0xA9, 0x89}, {0xAA, 0x8A}, {0xAB, 0xAB},
};
/* clang-format on */

static tern_tag expected_result(bool eco, tern_tag command)
{
    const struct pair *pairs = eco ? ECO_RESULTS : PSMO_RESULTS;
    size_t count = eco ? TERN_COUNT_OF(ECO_RESULTS) : TERN_COUNT_OF(PSMO_RESULTS);
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].command == command) {
            return pairs[i].result;
        }
    }
    return 0;
}

/* The code in a result: 0 for success, else what the card said. */
static uint32_t result_code(const struct tern_tlv *result)
{
    uint32_t code = 127;
    switch (result->tag) {
    case 0xA6:
        return 0;
    case 0xBF2D:
    case 0xAB:
        if (child_value(result->value, 0xA0).data != NULL) {
            return 0;
        }
        return read_number(child_value(result->value, 0x81), &code) ? code : 127;
    case 0xA8:
        if (child_value(result->value, 0x84).data != NULL) {
            return 0;
        }
        return read_number(child_value(result->value, 0x02), &code) ? code : 127;
    case 0xBF65:
        return read_number(child_value(result->value, 0x80), &code) ? code : 127;
    default:
        return read_number(result->value, &code) ? code : 127;
    }
}

bool result_ok(const struct tern_tlv *result)
{
    uint32_t code = result_code(result);
    return code == 0 || (result->tag == 0x89 && code == 2); /* lastEimDeleted is a success */
}

static void judge(struct tern_eim_operation *operation, int64_t origin, int64_t where, int64_t code)
{
    operation->state = TERN_EIM_FAILED;
    operation->origin = origin;
    operation->where = where;
    operation->code = code;
}

void judge_results(struct turn *turn, struct tern_eim_device *device,
                   struct tern_eim_operation *operation, struct tern_bytes results)
{
    struct tern_tlv list;
    struct tern_tlv command;
    struct tern_tlv result;
    operation->state = TERN_EIM_DONE;
    operation->origin = operation->where = operation->code = 0;
    bool eco = tern_der_single(operation->request, &list, 0) == TERN_OK && list.tag == 0xA1;
    struct tern_bytes commands = list.value;
    bool failed = false;
    while (!failed && next_tlv(&commands, &command)) {
        if (!next_tlv(&results, &result)) {
            judge(operation, TERN_EIM_ORIGIN_EIM, command.tag, TERN_EIM_OWN_RESULT_UNTRUSTED);
            return; /* short without a no */
        }
        bool in_place = result.tag == expected_result(eco, command.tag);
        bool plain_ok = result.tag == 0x02 && result_code(&result) == 0; /* real cards: 0.2 */
        if (plain_ok) {
            continue;
        }
        if (!in_place && result.tag != 0x02 && result.tag != 0x8C) {
            judge(operation, TERN_EIM_ORIGIN_EIM, result.tag, TERN_EIM_OWN_RESULT_UNTRUSTED);
            return;
        }
        if (result.tag == 0x8C) { /* only the rollback is reported: sgp32.md 12, no. 26 */
            results = result.raw;
            break;
        }
        if (!in_place || !result_ok(&result)) {
            judge(operation, TERN_EIM_ORIGIN_RESULT, result.tag, result_code(&result));
            failed = true;
        }
    }
    while (next_tlv(&results, &result)) {
        if (result.tag == 0x8C && result_code(&result) == 0) {
            judge(operation, TERN_EIM_ORIGIN_EIM, 0x8C, TERN_EIM_OWN_ROLLED_BACK);
            turn_event(turn, TERN_EIM_EVENT_ROLLED_BACK, device->eid, operation->sequence, 0);
        } else if (result.tag == 0x02 && operation->state == TERN_EIM_DONE) {
            judge(operation, TERN_EIM_ORIGIN_RESULT, 0x02, result_code(&result));
        }
    }
}
