/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ProvideEimPackageResult (SGP.32, 5.14.6): whose result it is, what kind, and the answer.
 *
 *     BF50 {5A eid?, BF51 | 30{BF51, A0} | BF52 | BF54 | A0{80? tx, 02 code}}
 *       -> BF50 {BF53 {80 seq ..} | 30 00 | 02 error}
 *
 * Some IPAs never say the EID; then the connection, the certificate inside or the eimTransactionId
 * does (sgp32.md 6.3).
 */
#include <string.h>

#include "engine/eim/turn.h"

#define ACKS_SIZE 8192

enum provide_error {
    PROVIDE_NOT_FOUND = 2,
    PROVIDE_INVALID = 3,
    PROVIDE_MISSING = 4,
    PROVIDE_UNDEFINED = 127
};

/* ---- Whose result is it? sgp32.md 6.3 ---- */

static struct tern_bytes result_transaction(const struct tern_tlv *content)
{
    struct tern_tlv arm;
    struct tern_bytes rest = content->value;
    if (content->tag == 0xA0) {
        return child_value(content->value, 0x80);
    }
    if (content->tag == 0xBF54) {
        return child_value(content->value, 0x82);
    }
    if (content->tag == 0x30) {
        struct tern_tlv inner;
        if (!next_tlv(&rest, &inner) || inner.tag != 0xBF51) {
            return TERN_BYTES_NONE;
        }
        return result_transaction(&inner);
    }
    if (!next_tlv(&rest, &arm)) {
        return TERN_BYTES_NONE;
    }
    if (content->tag == 0xBF52) {
        return child_value(arm.value, arm.tag == 0xA0 ? 0x87 : 0x80);
    }
    struct tern_bytes signed_data = arm.tag == 0xA2 ? arm.value : child_value(arm.value, 0x30);
    return child_value(arm.tag == 0x30 ? arm.value : signed_data, 0x82);
}

static int find_sender(struct turn *turn, struct tern_bytes eid, const struct tern_tlv *content,
                       struct tern_eim_device *device)
{
    uint8_t found[TERN_EID_SIZE];
    int64_t sequence;
    static const tern_tag PATH[] = {0xA0, 0xA6};
    struct tern_tlv certificate;
    if (eid.data != NULL) {
        return eid.size != TERN_EID_SIZE ? TERN_ERR_MALFORMED : load_device(turn, eid.data, device);
    }
    if (turn->peer_eid != NULL) {
        memcpy(found, turn->peer_eid, sizeof(found));
    } else if (content->tag == 0xBF52 &&
               tern_der_path(content->value, PATH, 2, &certificate) == TERN_OK &&
               certificate_eid(untag_certificate(turn, certificate.value), found)) {
        /* found */
    } else if (find_transaction(turn, result_transaction(content), found, &sequence) != TERN_OK) {
        return TERN_ERR_MISSING;
    }
    int error = load_device(turn, found, device);
    if (error == TERN_OK) {
        learn_quirk(turn, device, TERN_EIM_QUIRK_NO_EID);
    }
    return error;
}

static void take_ipa_error(struct turn *turn, struct tern_eim_device *device,
                           const struct tern_tlv *content)
{
    uint32_t code = 127;
    struct tern_eim_operation operation;
    (void)read_number(child_value(content->value, 0x02), &code);
    struct tern_bytes transaction = child_value(content->value, 0x80);
    int found = match_operation(turn, device, 0, transaction, &operation);
    for (int64_t kind = 1; transaction.data == NULL && found != TERN_OK && kind <= 3; kind++) {
        found = find_fetched(turn, device, kind, &operation);
    }
    if (found != TERN_OK || operation.state == TERN_EIM_QUEUED ||
        !tern_eim_state_open(operation.state)) {
        return;
    }
    operation.result = content->raw;
    bool recovery = (operation.options & TERN_EIM_OPTION_RECOVERY) != 0;
    fail_operation(turn, device, &operation, TERN_EIM_ORIGIN_IPA, 0, code);
    if (recovery) {
        recovery_finished(turn, device);
    }
}

static enum result_fate take_content(struct turn *turn, struct tern_eim_device *device,
                                     const struct tern_tlv *content, struct tern_writer *acks)
{
    struct tern_tlv item;
    struct tern_bytes rest = content->value;
    enum result_fate fate = RESULT_TAKEN;
    switch (content->tag) {
    case 0xBF51:
        return take_package_result(turn, device, content->raw, acks);
    case 0x30: /* ePRAndNotifications */
        if (!next_tlv(&rest, &item) || item.tag != 0xBF51) {
            return RESULT_REFUSED;
        }
        fate = take_package_result(turn, device, item.raw, acks);
        rest = child_value(content->value, 0xA0);
        while (fate != RESULT_REFUSED && next_tlv(&rest, &item)) {
            (void)take_notification(turn, device, item.raw, acks);
        }
        return fate;
    case 0xBF52:
        take_data(turn, device, content->value, acks);
        return RESULT_TAKEN;
    case 0xBF54:
        take_trigger_result(turn, device, content->value);
        return RESULT_TAKEN;
    case 0xA0:
        take_ipa_error(turn, device, content);
        return RESULT_TAKEN;
    default:
        return RESULT_REFUSED;
    }
}

void take_result(struct turn *turn, struct tern_bytes content, bool quiet)
{
    struct tern_bytes eid = TERN_BYTES_NONE;
    struct tern_tlv item = {0};
    bool got = next_tlv(&content, &item);
    if (got && item.tag == 0x5A) {
        eid = item.value;
        got = next_tlv(&content, &item);
    }
    struct tern_eim_device device;
    int found = got ? find_sender(turn, eid, &item, &device) : TERN_ERR_MALFORMED;
    if (found != TERN_OK) {
        int64_t code = !got                          ? PROVIDE_UNDEFINED
                       : found == TERN_ERR_MISSING   ? PROVIDE_MISSING
                       : found == TERN_ERR_NOT_FOUND ? PROVIDE_NOT_FOUND
                                                     : PROVIDE_INVALID;
        quiet ? turn_refuse(turn, 400) : turn_reply_code(turn, 0xBF50, 0x02, code);
        return;
    }
    uint8_t *buffer = (uint8_t *)turn_take(turn, ACKS_SIZE);
    if (buffer == NULL) {
        return;
    }
    struct tern_writer acks = tern_writer(buffer, ACKS_SIZE);
    turn_known(turn, &device);
    if (take_content(turn, &device, &item, &acks) == RESULT_REFUSED) {
        quiet ? turn_refuse(turn, 400) : turn_reply_code(turn, 0xBF50, 0x02, PROVIDE_UNDEFINED);
        return;
    }
    touch_device(turn, &device);
    save_device(turn, &device);
    if (quiet) {
        turn_reply_none(turn);
    } else {
        turn_reply(turn, WRAP(turn, 0xBF50, acknowledgements(turn, &acks)));
    }
}

void handle_provide_result(struct turn *turn, struct tern_bytes message)
{
    take_result(turn, message, false);
}
