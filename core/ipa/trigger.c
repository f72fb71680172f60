/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trigger of a download and how one ends without a ProfileInstallationResult.
 * SGP.32, 2.11.1.3, 3.2.3.3; sgp32.md 5.1, 5.2, 5.6.
 *
 *   BF54{A0{80 "1$address$matchingId[$oid[$flag]]" | 81 00 | A2{80 smdsAddress?}}?, 82 tx?}
 */
#include <string.h>

#include "core/ipa/machine.h"

/* Field `index` of the activation code, counted from 0. */
struct tern_bytes ipa_activation_field(struct tern_ipa *ipa, unsigned index)
{
    const uint8_t *begin = ipa->activation;
    const uint8_t *end = begin + ipa->activation_size;
    for (const uint8_t *at = begin;; at++) {
        if (at == end || *at == '$') {
            if (index == 0) {
                return tern_bytes(begin, (size_t)(at - begin));
            }
            if (at == end) {
                return TERN_BYTES_NONE;
            }
            index--;
            begin = at + 1;
        }
    }
}

static void set_address(struct tern_ipa *ipa, struct tern_bytes address)
{
    size_t size = address.size < sizeof(ipa->address) ? address.size : 0;
    memcpy(ipa->address, address.data, size);
    ipa->address_size = (uint8_t)size;
}

static bool take_code(struct tern_ipa *ipa, struct tern_bytes code)
{
    if (tern_bytes_starts_with(code, TERN_BYTES_TEXT("LPA:"))) {
        code = tern_bytes_slice(code, 4, code.size);
    }
    if (code.size > TERN_ACTIVATION_CODE_SIZE ||
        !tern_bytes_starts_with(code, TERN_BYTES_TEXT("1$"))) {
        return false;
    }
    memmove(ipa->activation, code.data, code.size);
    ipa->activation_size = (uint16_t)code.size;
    struct tern_bytes address = ipa_activation_field(ipa, 1);
    if (address.data == NULL || ipa_activation_field(ipa, 2).data == NULL) {
        return false;
    }
    set_address(ipa, address);
    return ipa->address_size > 0;
}

/* ProfileDownloadData. False when it is none. */
static bool take_data(struct tern_ipa *ipa, struct tern_bytes data)
{
    struct tern_tlv tlv;
    struct tern_tlv address = {.value = TERN_BYTES_NONE};
    if (tern_der_single(data, &tlv, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return false;
    }
    if (tlv.tag == 0x80) {
        return take_code(ipa, tlv.value);
    }
    if (tlv.tag == 0x81) {
        ipa->download |= DOWNLOAD_DEFAULT;
        return true;
    }
    if (tlv.tag == 0xA2 && tern_der_find(tlv.value, 0x80, &address) == TERN_OK) {
        set_address(ipa, address.value);
    }
    ipa->download |= DOWNLOAD_SMDS;
    return tlv.tag == 0xA2;
}

static int choose_way(struct tern_ipa *ipa)
{
    uint32_t features = ipa->config->features;
    bool through = ipa->eim_indirect && (features & TERN_IPA_INDIRECT) != 0;
    bool direct = (features & TERN_IPA_DIRECT) != 0;
    bool no_data = (ipa->download & DOWNLOAD_NO_DATA) != 0;
    if (no_data && (!through || (features & TERN_IPA_EIM_DOWNLOAD_DATA) == 0)) {
        return ipa_package_error(ipa, 1);
    }
    if (!through && !direct) {
        return ipa_package_error(ipa, 2);
    }
    if (through && (no_data || !direct || !ipa->config->prefer_direct)) {
        ipa->download |= DOWNLOAD_INDIRECT;
    }
    return ipa_go(ipa, IPA_DOWNLOAD);
}

int ipa_trigger(struct tern_ipa *ipa, struct tern_bytes trigger)
{
    struct tern_tlv outer;
    struct tern_tlv tlv;
    bool event = (ipa->download & DOWNLOAD_SMDS) != 0 && ipa->arm == 0xA1;
    if (!event) {
        ipa->eim_tx[0] = 0; /* an event goes on under the transaction of its trigger */
    }
    ipa->download = 0;
    ipa->address_size = 0;
    ipa->activation_size = 0;
    if (tern_der_single(trigger, &outer, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return ipa_package_error(ipa, 1);
    }
    if (tern_der_find(outer.value, 0x82, &tlv) == TERN_OK) {
        ipa->eim_tx[0] = 0;
        ipa_take_short(ipa->eim_tx, WALK_DATA, tlv.value);
    }
    int status = tern_der_find(outer.value, 0xA0, &tlv);
    if (status == TERN_ERR_NOT_FOUND) {
        ipa->download |= DOWNLOAD_NO_DATA;
    } else if (status != TERN_OK || !take_data(ipa, tlv.value)) {
        return ipa_package_error(ipa, 1);
    }
    return ipa->injected ? ipa_trigger_keep(ipa) : choose_way(ipa);
}

/* ES11 gave rspServerAddress and eventId: "1$address$eventId". */
int ipa_trigger_event(struct tern_ipa *ipa)
{
    size_t address = ipa->address_size;
    size_t event = ipa->activation_size;
    if (address + event + 3 > sizeof(ipa->activation)) {
        return ipa_download_failed(ipa, 127, TERN_BYTES_NONE);
    }
    memmove(ipa->activation + 3 + address, ipa->activation, event);
    memcpy(ipa->activation + 2, ipa->address, address);
    ipa->activation[0] = '1';
    ipa->activation[1] = '$';
    ipa->activation[2 + address] = '$';
    ipa->activation_size = (uint16_t)(address + event + 3);
    ipa->download &= (uint8_t)~DOWNLOAD_SMDS;
    return ipa_go(ipa, IPA_DOWNLOAD);
}

/* ---- An injected trigger is durable before it is accepted ---- */

/* The shape of the data, with an activation code behind it when there is one. */
int ipa_trigger_keep(struct tern_ipa *ipa)
{
    ipa->memory.flags |= SAVED_TRIGGER;
    ipa->memory.download_eim = 0;
    memcpy(ipa->memory.eim_tx, ipa->eim_tx, sizeof(ipa->eim_tx));
    if (ipa->activation_size == 0) { /* '0' default, '2' SM-DS, '3' no data; then the address */
        ipa->activation[0] = (ipa->download & DOWNLOAD_DEFAULT) != 0 ? '0'
                             : (ipa->download & DOWNLOAD_SMDS) != 0  ? '2'
                                                                     : '3';
        memcpy(ipa->activation + 1, ipa->address, ipa->address_size);
        ipa->activation_size = (uint16_t)(1 + ipa->address_size);
    }
    ipa->dirty = true;
    return ipa_go(ipa, IPA_ANSWER);
}

int ipa_trigger_resume(struct tern_ipa *ipa)
{
    struct tern_bytes saved = tern_bytes(ipa->activation, ipa->activation_size);
    ipa->polls = 1; /* once a wake */
    ipa->download = 0;
    ipa->address_size = 0;
    memcpy(ipa->eim_tx, ipa->memory.eim_tx, sizeof(ipa->eim_tx));
    if (saved.size == 0) {
        ipa->memory.flags &= (uint8_t)~SAVED_TRIGGER;
        return ipa_go(ipa, IPA_POLL);
    }
    if (saved.data[0] == '1') {
        return take_code(ipa, saved) ? choose_way(ipa) : ipa_package_error(ipa, 1);
    }
    ipa->download = saved.data[0] == '0'   ? DOWNLOAD_DEFAULT
                    : saved.data[0] == '2' ? DOWNLOAD_SMDS
                                           : DOWNLOAD_NO_DATA;
    set_address(ipa, tern_bytes(saved.data + 1, saved.size - 1));
    return choose_way(ipa);
}

/* ---- It ends without a result of the card ---- */

static void keep_error(struct tern_ipa *ipa, uint8_t reason, struct tern_bytes error)
{
    size_t size = error.size < sizeof(ipa->activation) ? error.size : sizeof(ipa->activation);
    ipa->tally.download_errors++;
    ipa->keep_size = 0;
    ipa->reason = reason;
    if (size > 0) {
        memmove(ipa->activation, error.data, size);
    }
    ipa->activation_size = (uint16_t)size;
    ipa->memory.flags &= (uint8_t) ~(SAVED_DOWNLOAD | SAVED_TRIGGER);
    ipa->dirty = true;
}

int ipa_download_failed(struct tern_ipa *ipa, uint8_t reason, struct tern_bytes error)
{
    keep_error(ipa, reason, error);
    return ipa_go(ipa, IPA_TRIGGER_RESULT);
}

int ipa_download_cancel(struct tern_ipa *ipa, uint8_t reason, struct tern_bytes error)
{
    keep_error(ipa, reason, error);
    return ipa_go(ipa, IPA_CANCEL);
}

static int ask_cancel(struct tern_ipa *ipa)
{
    const uint8_t *tx = ipa->transaction;
    ipa->hold_size = 0;
    struct tern_writer out = ipa_command_writer(ipa);
    tern_der_write_header(&out, 0xBF41, 5U + tx[0]);
    tern_der_write(&out, 0x80, tern_bytes(tx + 1, tx[0]));
    tern_der_write_int(&out, 0x81, ipa->reason);
    ipa->reason = 127; /* of the trigger result */
    return ipa_command_end(ipa, &out);
}

static int take_cancel(struct tern_ipa *ipa)
{
    struct tern_tlv tlv;
    struct tern_bytes held = tern_bytes(ipa_hold(ipa), ipa->hold_size);
    if (ipa->outcome != OUTCOME_OK ||
        tern_der_single(held, &tlv, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return ipa_go(ipa, IPA_TRIGGER_RESULT);
    }
    bool inside = (ipa->download & DOWNLOAD_INDIRECT) != 0; /* A1 in place of BF41 */
    ipa->held.offset = (uint16_t)(inside ? tlv.value.data - held.data : 0);
    ipa->held.size = (uint16_t)(inside ? tlv.value.size : held.size);
    return NEXT;
}

static int ask_cancel_session(struct tern_ipa *ipa)
{
    bool inside = (ipa->download & DOWNLOAD_INDIRECT) != 0;
    ipa_message(ipa, inside ? TERN_IPA_PEER_EIM : TERN_IPA_PEER_SMDP,
                inside ? ESIPA_PATH : "/gsma/rsp2/es9plus/cancelSession");
    ipa_part(ipa, PART_HELD);
    return NEXT;
}

/* BF41{80 tx, A1{A0{..} | 81 code}} */
static void head_cancel_session(struct tern_ipa *ipa, struct tern_writer *out)
{
    struct tern_bytes tx = tern_bytes(ipa->transaction + 1, ipa->transaction[0]);
    size_t size = ipa_parts_size(ipa);
    if (ipa->text) {
        tern_write_text(out, "{\"transactionId\":\"");
        tern_hex_encode(out, tx);
        tern_write_text(out, "\",\"cancelSessionResponse\":\"");
        return;
    }
    tern_der_write_header(out, 0xBF41, 2 + tx.size + tern_der_header_size(0xA1, size) + size);
    tern_der_write(out, 0x80, tx);
    tern_der_write_header(out, 0xA1, size);
}

static void tail_cancel_session(struct tern_ipa *ipa, struct tern_writer *out)
{
    if (ipa->text) {
        tern_write_text(out, "\"}");
    }
}

static int take_cancel_session(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_LINK && !ipa->text) {
        return ipa_lost(ipa);
    }
    return ipa_go(ipa, IPA_TRIGGER_RESULT);
}

/* clang-format off */
const struct tern_ipa_step IPA_CANCEL[] = {
    {.name = "ES10b.CancelSession", .kind = STEP_CARD, .ask = ask_cancel, .take = take_cancel},
    {.name = "CancelSession",
     .kind = STEP_PEER,
     .ask = ask_cancel_session,
     .head = head_cancel_session,
     .tail = tail_cancel_session,
     .piece = ipa_ignore,
     .take = take_cancel_session},
};
/* clang-format on */

static int ask_trigger_result(struct tern_ipa *ipa)
{
    ipa_message(ipa, TERN_IPA_PEER_EIM, ESIPA_PATH);
    return NEXT;
}

/* BF50{5A, BF54{82 tx?, 30{80 reason, 04 errorResponse?}}} */
static void head_trigger_result(struct tern_ipa *ipa, struct tern_writer *out)
{
    const uint8_t *tx = ipa->eim_tx;
    struct tern_bytes error = tern_bytes(ipa->activation, ipa->activation_size);
    size_t error_size = error.size > 0 ? tern_der_header_size(0x04, error.size) + error.size : 0;
    size_t inner = 3 + error_size;
    size_t size = (tx[0] > 0 ? 2U + tx[0] : 0) + tern_der_header_size(0x30, inner) + inner;
    ipa_write_envelope(ipa, out, tern_der_header_size(0xBF54, size) + size);
    tern_der_write_header(out, 0xBF54, size);
    if (tx[0] > 0) {
        tern_der_write(out, 0x82, tern_bytes(tx + 1, tx[0]));
    }
    tern_der_write_header(out, 0x30, inner);
    tern_der_write_int(out, 0x80, ipa->reason);
    if (error_size > 0) {
        tern_der_write(out, 0x04, error);
    }
}

static int take_trigger_result(struct tern_ipa *ipa)
{
    return ipa_take_acks(ipa, IPA_POLL);
}

/* clang-format off */
const struct tern_ipa_step IPA_TRIGGER_RESULT[] = {
    {.name = "ESipa.ProvideEimPackageResult",
     .kind = STEP_PEER,
     .ask = ask_trigger_result,
     .head = head_trigger_result,
     .take = take_trigger_result},
};
/* clang-format on */
