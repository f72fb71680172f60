/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notifications on their way to SM-DP+s (SGP.32, 3.7, 5.14.7; sgp32.md 6.3).
 *
 *     BF3D { A0 { BF37 PIR | 30 other | A0 compact PIR | A1 compact other } | BF50 {..} }  -> 204
 *
 * What is forwarded was signed by a device we know: the address inside is then the card's word, not
 * any client's. A notification that we cannot attribute is not acknowledged, so that the card keeps
 * it; one whose signature is wrong is taken off the device's hands and goes nowhere.
 */
#include <string.h>

#include "engine/eim/turn.h"

/* The session stays until the next one of this device has ended: the acknowledgement may be lost,
 * and a device that repeats its PIR from another address is known by nothing else. */
static void retire_session(struct turn *turn, struct tern_eim_device *device,
                           const struct session *session)
{
    if (tern_bytes_equal(device->last_session, session->transaction)) {
        return;
    }
    if (device->last_session.size > 0) {
        remove_session(turn, device->last_session);
    }
    device->last_session = session->transaction;
    save_device(turn, device);
}

/* PIR: full form in `pir`. */
static enum result_fate take_installation(struct turn *turn, struct tern_eim_device *device,
                                          bool device_known, struct tern_bytes pir,
                                          const struct session *session)
{
    static const tern_tag ADDRESS[] = {0xBF37, 0xBF27, 0xBF2F, 0x0C};
    struct tern_tlv outer;
    struct tern_tlv address;
    struct tern_eim_operation operation;
    if (tern_der_single(pir, &outer, TERN_DER_LONG_LENGTHS) != TERN_OK ||
        tern_der_path(pir, ADDRESS, TERN_COUNT_OF(ADDRESS), &address) != TERN_OK) {
        return RESULT_REFUSED;
    }
    if (!device_known || device->curve == TERN_CURVE_NONE) {
        return RESULT_UNVERIFIABLE;
    }
    struct tern_bytes data = child_raw(outer.value, 0xBF27);
    if (!euicc_signed(turn, device, child_value(outer.value, 0x5F37), &data, 1)) {
        turn_event(turn, TERN_EIM_EVENT_SUSPECT, device->eid, 0, TERN_EIM_OWN_RESULT_UNTRUSTED);
        return RESULT_TAKEN;
    }
    queue_outbound(turn, OUTBOUND_NOTIFICATION, device->eid, address.value, TERN_BYTES_NONE, pir);
    if (session == NULL) {
        return RESULT_TAKEN;
    }
    if (load_operation(turn, device->eid, session->sequence, &operation) == TERN_OK &&
        tern_eim_state_open(operation.state)) {
        finish_download(turn, device, &operation, pir, session->metadata);
    }
    retire_session(turn, device, session);
    return RESULT_TAKEN;
}

/* 30 {BF2F, 5F37, 30 CERT.EUICC, 30 CERT.EUM} */
static enum result_fate take_other(struct turn *turn, struct tern_eim_device *device,
                                   bool device_known, struct tern_bytes other)
{
    struct tern_tlv outer;
    struct tern_tlv item[4];
    if (tern_der_single(other, &outer, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return RESULT_REFUSED;
    }
    struct tern_bytes rest = outer.value;
    for (size_t i = 0; i < 4; i++) {
        if (!next_tlv(&rest, &item[i])) {
            return RESULT_REFUSED;
        }
    }
    struct tern_bytes address = child_value(item[0].value, 0x0C);
    uint8_t eid[TERN_EID_SIZE];
    if (address.size == 0 || !certificate_eid(item[2].raw, eid)) {
        return RESULT_REFUSED;
    }
    struct tern_eim_device signer;
    struct tern_eim_device_data data;
    bool same = device_known && memcmp(eid, device->eid, TERN_EID_SIZE) == 0;
    if (same) {
        signer = *device;
    } else if (load_device(turn, eid, &signer) != TERN_OK) {
        return RESULT_UNVERIFIABLE;
    }
    if (load_data(turn, eid, &data) != TERN_OK) {
        return RESULT_UNVERIFIABLE;
    }
    signer.ci_key_id = TERN_BYTES_NONE;
    bool known = signer.curve != 0 && tern_bytes_equal(item[2].raw, data.euicc_certificate);
    if ((!known && adopt_chain(turn, &signer, &data, item[2].raw, item[3].raw) != TERN_OK) ||
        !euicc_signed(turn, &signer, item[1].value, &item[0].raw, 1)) {
        turn_event(turn, TERN_EIM_EVENT_SUSPECT, eid, 0, TERN_EIM_OWN_RESULT_UNTRUSTED);
        return RESULT_TAKEN;
    }
    if (same) {
        device->quirks = signer.quirks;
    }
    queue_outbound(turn, OUTBOUND_NOTIFICATION, eid, address, TERN_BYTES_NONE, other);
    return RESULT_TAKEN;
}

/* The session and device of a PIR, full (BF37) or compact (A0). */
static bool find_installation(struct turn *turn, const struct tern_tlv *item,
                              struct session *session)
{
    struct tern_bytes data = child_value(item->value, item->tag == 0xBF37 ? 0xBF27 : 0xA0);
    return load_session(turn, child_value(data, 0x80), session) == TERN_OK;
}

static void acknowledge(struct tern_bytes metadata, struct tern_writer *acks)
{
    uint32_t sequence_number;
    if (acks != NULL && read_number(child_value(metadata, 0x80), &sequence_number)) {
        tern_der_write_int(acks, 0x80, sequence_number);
    }
}

/* The device of a session in place of the one we have, when we have none. */
static bool adopt_session_device(struct turn *turn, const struct session *session,
                                 struct tern_eim_device *device, bool known)
{
    return known ? memcmp(session->eid.data, device->eid, TERN_EID_SIZE) == 0
                 : load_device(turn, session->eid.data, device) == TERN_OK;
}

static enum result_fate take_one(struct turn *turn, struct tern_eim_device *device, bool *known,
                                 struct tern_bytes notification, struct tern_writer *acks)
{
    static const tern_tag METADATA[] = {0xBF37, 0xBF27, 0xBF2F};
    struct tern_tlv item;
    struct tern_tlv metadata;
    struct session session;
    struct tern_eim_device_data data;
    if (tern_der_single(notification, &item, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return RESULT_REFUSED;
    }
    struct tern_bytes full = item.raw;
    enum result_fate fate;
    bool in_session = (item.tag == 0xBF37 || item.tag == 0xA0) &&
                      find_installation(turn, &item, &session) &&
                      adopt_session_device(turn, &session, device, *known);
    *known = *known || in_session;
    if (item.tag == 0xA0) {
        full = in_session ? expand_installation(turn, &session, item.value) : TERN_BYTES_NONE;
    } else if (item.tag == 0xA1) {
        struct tern_bytes eid = child_value(item.value, 0x5A);
        if (!*known && eid.size == TERN_EID_SIZE) {
            *known = load_device(turn, eid.data, device) == TERN_OK;
        }
        full = *known && load_data(turn, device->eid, &data) == TERN_OK
                   ? expand_other(turn, &data, item.value)
                   : TERN_BYTES_NONE;
    }
    if (full.data == NULL) {
        return RESULT_UNVERIFIABLE;
    }
    if (item.tag == 0xBF37 || item.tag == 0xA0) {
        fate = take_installation(turn, device, *known, full, in_session ? &session : NULL);
        if (fate == RESULT_TAKEN &&
            tern_der_path(full, METADATA, TERN_COUNT_OF(METADATA), &metadata) == TERN_OK) {
            acknowledge(metadata.value, acks);
        }
        return fate;
    }
    if (item.tag != 0x30 && item.tag != 0xA1) {
        return RESULT_REFUSED;
    }
    fate = take_other(turn, device, *known, full);
    if (fate == RESULT_TAKEN && tern_der_single(full, &item, 0) == TERN_OK) {
        acknowledge(child_value(item.value, 0xBF2F), acks);
    }
    return fate;
}

enum result_fate take_notification(struct turn *turn, struct tern_eim_device *device,
                                   struct tern_bytes notification, struct tern_writer *acks)
{
    bool known = true;
    return take_one(turn, device, &known, notification, acks);
}

void handle_notification(struct turn *turn, struct tern_bytes message)
{
    struct tern_tlv item;
    struct tern_bytes rest = message;
    struct tern_eim_device device = {0};
    if (!next_tlv(&rest, &item)) {
        turn_refuse(turn, 400);
        return;
    }
    if (item.tag == 0xBF50) {
        take_result(turn, item.value, true);
        return;
    }
    struct tern_bytes notification = item.tag == 0xA0 ? item.value : message;
    struct tern_tlv inner;
    /* A0 is the wrapper, or (bare, v1.0) a compact result: the wrapper holds one TLV. */
    if (item.tag == 0xBF37 || item.tag == 0x30) {
        turn->quirks_seen |= TERN_EIM_QUIRK_BARE_NOTIFICATION;
    } else if (item.tag != 0xA0 ||
               tern_der_single(notification, &inner, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        turn_refuse(turn, 400);
        return;
    }
    bool known = turn->peer_eid != NULL && load_device(turn, turn->peer_eid, &device) == TERN_OK;
    enum result_fate fate = take_one(turn, &device, &known, notification, NULL);
    if (fate != RESULT_TAKEN) {
        turn_refuse(turn, fate == RESULT_REFUSED ? 400 : 404); /* not acknowledged: kept there */
        return;
    }
    if (known) {
        turn_known(turn, &device);
        learn_quirk(turn, &device, turn->quirks_seen);
        touch_device(turn, &device);
        save_device(turn, &device);
    }
    turn_reply_none(turn);
}
