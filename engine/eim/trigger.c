/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a download and hearing how it ended (SGP.32, 2.11.1.3, 2.11.2.3; sgp32.md 5.1, 5.2).
 *
 *     BF54 { A0{ 80 activation code | 81 00 | A2{80 SM-DS} }?, 82 eimTransactionId }
 *
 * The data is left out when the IPA leaves it to the eIM (eimDownloadDataHandling): we know it and
 * answer BF39 without an address from it.
 */
#include <string.h>

#include "engine/eim/turn.h"
#include "tern/asn.h"
#include "tern/messages/rsp.h"

#define FEATURE_INDIRECT      (1 << 1)
#define FEATURE_DATA_HANDLING (1 << 2)

/* Up to the next '$'; `rest` behind it, data NULL when there was none. */
static struct tern_bytes next_part(struct tern_bytes *rest)
{
    struct tern_bytes all = *rest;
    for (size_t i = 0; i < all.size; i++) {
        if (all.data[i] == '$') {
            *rest = tern_bytes(all.data + i + 1, all.size - i - 1);
            return tern_bytes(all.data, i);
        }
    }
    *rest = TERN_BYTES_NONE;
    return all;
}

/* sgp22.md 4.1 */
bool parse_activation_code(struct activation_code *code, struct tern_bytes text)
{
    *code = (struct activation_code){0};
    if (text.size > TERN_ACTIVATION_CODE_SIZE || !tern_utf8_valid(text)) {
        return false;
    }
    if (tern_bytes_starts_with(text, TERN_BYTES_TEXT("LPA:"))) {
        text = tern_bytes_slice(text, 4, text.size);
    }
    if (!tern_bytes_equal(next_part(&text), TERN_BYTES_TEXT("1")) || text.data == NULL) {
        return false;
    }
    code->address = next_part(&text);
    if (code->address.size == 0 || code->address.size > TERN_ADDRESS_SIZE || text.data == NULL) {
        return false;
    }
    code->matching_id = next_part(&text);
    if (text.data != NULL) {
        code->oid = next_part(&text);
    }
    if (text.data != NULL) {
        code->confirmation_code_required = tern_bytes_equal(next_part(&text), TERN_BYTES_TEXT("1"));
    }
    return true;
}

int trigger_check(struct turn *turn, struct tern_eim_operation *operation)
{
    struct tern_tlv data;
    int error = tern_der_single(operation->request, &data, TERN_DER_STRICT);
    if (error != TERN_OK) {
        return error;
    }
    if (data.tag == 0x81) {
        return data.value.size == 0 ? TERN_OK : TERN_ERR_MALFORMED;
    }
    if (data.tag == 0xA2) {
        struct tern_bytes address = child_value(data.value, 0x80);
        return address.size <= TERN_ADDRESS_SIZE ? TERN_OK : TERN_ERR_RANGE;
    }
    struct activation_code code;
    if (data.tag != 0x80 || !parse_activation_code(&code, data.value)) {
        turn->step->fault = (struct tern_fault){"activationCode", 0};
        return TERN_ERR_MALFORMED;
    }
    if (tern_bytes_starts_with(data.value, TERN_BYTES_TEXT("LPA:"))) {
        operation->request = WRAP(turn, 0x80, tern_bytes_slice(data.value, 4, data.value.size));
    }
    if (code.oid.size > 0) {
        struct tern_writer out = tern_arena_writer(turn->arena);
        if (tern_asn_oid_from_text(&out, code.oid) != TERN_OK) {
            turn->step->fault = (struct tern_fault){"activationCode OID", 0};
            return TERN_ERR_MALFORMED;
        }
        operation->smdp_oid = tern_arena_keep(turn->arena, &out);
    }
    return turn->error;
}

struct tern_bytes trigger_message(struct turn *turn, const struct tern_eim_device *device,
                                  const struct tern_eim_operation *operation)
{
    int64_t both = FEATURE_INDIRECT | FEATURE_DATA_HANDLING;
    bool ours =
        (device->features & both) == both && (operation->options & TERN_EIM_OPTION_DIRECT) == 0;
    return WRAP(turn, 0xBF54, ours ? TERN_BYTES_NONE : WRAP(turn, 0xA0, operation->request),
                WRAP(turn, 0x82, operation->transaction));
}

/* PIR: BF37{BF27{80 tx, BF2F{..}, 06 oid, A2{A0 ok | A1{80 command, 81 reason}}}, 5F37}. */
void finish_download(struct turn *turn, struct tern_eim_device *device,
                     struct tern_eim_operation *operation, struct tern_bytes result,
                     struct tern_bytes metadata)
{
    static const tern_tag FINAL[] = {0xBF37, 0xBF27, 0xA2};
    static const tern_tag ICCID[] = {0xBF37, 0xBF27, 0xBF2F, 0x5A};
    struct tern_tlv final_result;
    struct tern_tlv iccid;
    operation->result = result;
    if (tern_der_path(result, ICCID, TERN_COUNT_OF(ICCID), &iccid) == TERN_OK) {
        operation->iccid = iccid.value;
    }
    if (tern_der_path(result, FINAL, TERN_COUNT_OF(FINAL), &final_result) != TERN_OK) {
        fail_operation(turn, device, operation, TERN_EIM_ORIGIN_INSTALL, 0, 127);
        return;
    }
    if (child_value(final_result.value, 0xA0).data != NULL) {
        apply_installed(turn, device, operation->iccid, metadata);
        operation->origin = operation->where = operation->code = 0;
        finish_operation(turn, device, operation, TERN_EIM_DONE);
        return;
    }
    struct tern_bytes error = child_value(final_result.value, 0xA1);
    uint32_t command = 127;
    uint32_t reason = 127;
    (void)read_number(child_value(error, 0x80), &command);
    (void)read_number(child_value(error, 0x81), &reason);
    if (reason == TERN_ERROR_REASON_installFailedDueToInterruption) {
        /* Power was cut in the middle: the trigger is given again, as often as any. */
        operation->origin = TERN_EIM_ORIGIN_INSTALL;
        operation->where = command;
        operation->code = reason;
        operation->state = TERN_EIM_FETCHED;
        save_operation(turn, device->eid, operation);
        return;
    }
    fail_operation(turn, device, operation, TERN_EIM_ORIGIN_INSTALL, command, reason);
}

static bool installation_signed(struct turn *turn, struct tern_eim_device *device,
                                struct tern_bytes content)
{
    struct tern_bytes data = child_raw(content, 0xBF27);
    return data.data != NULL && euicc_signed(turn, device, child_value(content, 0x5F37), &data, 1);
}

/* errorResponse: the card's or server's answer that stopped it, when it says why. */
static void blame(struct tern_eim_operation *operation, struct tern_bytes response)
{
    static const tern_tag CARD[] = {0xBF38, 0xA1, 0x02};
    static const tern_tag PREPARE[] = {0xBF21, 0xA1, 0x02};
    struct tern_tlv code;
    if (tern_der_path(response, CARD, 3, &code) == TERN_OK) {
        operation->origin = TERN_EIM_ORIGIN_AUTHENTICATE;
    } else if (tern_der_path(response, PREPARE, 3, &code) == TERN_OK) {
        operation->origin = TERN_EIM_ORIGIN_PREPARE;
    } else {
        return;
    }
    uint32_t number = 127;
    (void)read_number(code.value, &number);
    operation->code = number;
}

void take_trigger_result(struct turn *turn, struct tern_eim_device *device,
                         struct tern_bytes content)
{
    struct tern_eim_operation operation;
    struct tern_bytes result = child_raw(content, 0xBF37);
    struct tern_bytes error = child_value(content, 0x30);
    if (match_operation(turn, device, TERN_EIM_KIND_DOWNLOAD, child_value(content, 0x82),
                        &operation) != TERN_OK ||
        !tern_eim_state_open(operation.state) || operation.state == TERN_EIM_QUEUED) {
        return;
    }
    if (result.data != NULL) {
        bool proven = installation_signed(turn, device, child_value(result, 0xBF37));
        if (!proven) {
            turn_event(turn, TERN_EIM_EVENT_SUSPECT, device->eid, operation.sequence,
                       TERN_EIM_OWN_RESULT_UNTRUSTED);
        }
        if (proven || device->curve == TERN_CURVE_NONE) {
            finish_download(turn, device, &operation, result, TERN_BYTES_NONE);
        }
        return;
    }
    uint32_t reason = 127;
    (void)read_number(child_value(error, 0x80), &reason);
    if (operation.origin == 0) {
        operation.origin = TERN_EIM_ORIGIN_TRIGGER;
        operation.code = reason;
        blame(&operation, child_value(error, 0x04));
    }
    operation.result = error;
    if (operation.origin == TERN_EIM_ORIGIN_EIM &&
        operation.code == TERN_EIM_OWN_SMDP_UNREACHABLE) {
        operation.state = TERN_EIM_FETCHED; /* it may be back: offered again after a while */
        operation.fetched_ms = (int64_t)turn->now_ms;
        save_operation(turn, device->eid, &operation);
        return;
    }
    finish_operation(turn, device, &operation, TERN_EIM_FAILED);
}
