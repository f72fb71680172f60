/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Injection (SGP.32, 3.1.1.2, 5.14.4): the eIM calls an IPA that serves.
 *
 *     BF4E {BF51 | BF52 | BF54 | BF53}  ->  BF4E {BF51 | 30 | BF52 | 05 00 | 02 error}
 *
 * What is sent is what a poll would have given. A result in the answer is acknowledged by another
 * TransferEimPackage with BF53.
 */
#include "engine/eim/turn.h"

#define ACKS_SIZE 8192

void inject_message(struct turn *turn, const uint8_t *eid, int64_t sequence,
                    struct tern_bytes address, struct tern_bytes message)
{
    struct ticket ticket = {.stage = STAGE_TRANSFER,
                            .message_tag = 0xBF4E,
                            .sequence = sequence,
                            .eid = tern_bytes(eid, TERN_EID_SIZE)};
    turn_ask_call(turn, TERN_EIM_CALL_TRANSFER_EIM_PACKAGE, address,
                  turn_wrap(turn, 0xBF4E, &message, 1), &ticket);
}

int tern_eim_inject(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    struct tern_eim_device device;
    int error = load_device(&turn, eid, &device);
    if (error != TERN_OK) {
        return error;
    }
    if (device.address.size == 0) {
        return TERN_OK; /* TERN_EIM_NOTHING: it does not serve */
    }
    struct tern_bytes message;
    int64_t sequence;
    if (next_message(&turn, &device, true, &message, &sequence) == 1) {
        inject_message(&turn, device.eid, sequence, device.address, message);
    }
    return turn_end(&turn);
}

/* The IPA could not take the package: format (1) or kind (2). */
static void take_transfer_error(struct turn *turn, struct tern_eim_device *device, int64_t sequence,
                                struct tern_bytes content)
{
    struct tern_eim_operation operation;
    uint32_t code = 127;
    (void)read_number(content, &code);
    if (sequence != 0 && load_operation(turn, device->eid, sequence, &operation) == TERN_OK &&
        tern_eim_state_open(operation.state)) {
        fail_operation(turn, device, &operation, TERN_EIM_ORIGIN_IPA, 0, code);
    }
}

static void take_transfer(struct turn *turn, struct tern_eim_device *device, int64_t sequence,
                          const struct tern_tlv *content)
{
    struct tern_tlv item;
    struct tern_bytes rest = content->value;
    uint8_t *buffer = (uint8_t *)turn_take(turn, ACKS_SIZE);
    if (buffer == NULL) {
        return;
    }
    struct tern_writer acks = tern_writer(buffer, ACKS_SIZE);
    switch (content->tag) {
    case 0xBF51:
        (void)take_package_result(turn, device, content->raw, &acks);
        break;
    case 0x30:
        if (next_tlv(&rest, &item) && item.tag == 0xBF51) {
            (void)take_package_result(turn, device, item.raw, &acks);
            rest = child_value(content->value, 0xA0);
            while (next_tlv(&rest, &item)) {
                (void)take_notification(turn, device, item.raw, &acks);
            }
        }
        break;
    case 0xBF52:
        take_data(turn, device, content->value, &acks);
        break;
    case 0x02:
        take_transfer_error(turn, device, sequence, content->value);
        break;
    default: /* 05 00, eimPackageReceived: the result comes later */
        break;
    }
    touch_device(turn, device);
    save_device(turn, device);
    if (acks.size > 0) {
        inject_message(turn, device->eid, 0, device->address, acknowledgements(turn, &acks));
    }
}

void answer_transfer(struct turn *turn, const struct ticket *ticket,
                     const struct tern_eim_answer *answer)
{
    struct tern_eim_device device;
    struct tern_tlv outer;
    struct tern_tlv content;
    turn->step->outcome = TERN_EIM_NOTHING;
    if (answer->error != TERN_OK || answer->status != 200 || ticket->eid.size != TERN_EID_SIZE ||
        load_device(turn, ticket->eid.data, &device) != TERN_OK ||
        tern_der_single(answer->body, &outer, TERN_DER_LONG_LENGTHS) != TERN_OK ||
        outer.tag != 0xBF4E) {
        return; /* the operation stays open: injected or polled again later */
    }
    struct tern_bytes rest = outer.value;
    if (next_tlv(&rest, &content)) {
        take_transfer(turn, &device, ticket->sequence, &content);
    }
}
