/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact forms back to the bytes that the eUICC signed (sgp32.md 5.7).
 *
 * An IPA that minimises leaves out what the eIM has seen: we relayed serverSigned1, we have the
 * card's EUICCInfo2 and certificates. The full object is rebuilt in DER with exactly those bytes;
 * whether it is the right one, the eUICC's signature says, and the caller checks it before anything
 * is forwarded. A member that we do not have gives data NULL, and the IPA has to send the full
 * form.
 */
#include "engine/eim/turn.h"

static bool signed1_parts(const struct session *session, struct tern_tlv *signed1)
{
    return tern_der_single(session->server_signed1, signed1, TERN_DER_LONG_LENGTHS) == TERN_OK;
}

/* EUICCInfo2 with the extended card resources of now: free memory changes all the time. */
static struct tern_bytes info2_with(struct turn *turn, struct tern_bytes info2,
                                    struct tern_bytes ext_card_resource)
{
    struct tern_tlv outer;
    struct tern_tlv item;
    if (tern_der_single(info2, &outer, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return TERN_BYTES_NONE;
    }
    struct tern_bytes out = TERN_BYTES_TEXT("");
    struct tern_bytes rest = outer.value;
    while (next_tlv(&rest, &item)) {
        out = JOIN(turn, out, item.tag == 0x84 ? WRAP(turn, 0x84, ext_card_resource) : item.raw);
    }
    return WRAP(turn, 0xBF22, out);
}

/* A2 {A0 {84 extCardResource, A2{A0 ctxParams1}?} | 30 euiccSigned1, 5F37, A1 cert?, A2 cert?} */
struct tern_bytes expand_authenticate(struct turn *turn, const struct session *session,
                                      const struct tern_eim_device_data *data,
                                      struct tern_bytes compact)
{
    struct tern_tlv first;
    struct tern_tlv signed1;
    struct tern_bytes rest = compact;
    if (!next_tlv(&rest, &first) || !signed1_parts(session, &signed1)) {
        return TERN_BYTES_NONE;
    }
    struct tern_bytes signature = child_raw(rest, 0x5F37);
    struct tern_bytes euicc = untag_certificate(turn, child_value(rest, 0xA1));
    struct tern_bytes eum = untag_certificate(turn, child_value(rest, 0xA2));
    euicc = euicc.data != NULL ? euicc : data->euicc_certificate;
    eum = eum.data != NULL ? eum : data->eum_certificate;
    struct tern_bytes euicc_signed1 = first.raw;
    if (first.tag == 0xA0) {
        struct tern_bytes context = child_value(first.value, 0xA2);
        context = context.data != NULL ? context : session->ctx_params1;
        struct tern_bytes info2 =
            info2_with(turn, data->euicc_info2, child_value(first.value, 0x84));
        if (info2.data == NULL || context.data == NULL) {
            return TERN_BYTES_NONE;
        }
        euicc_signed1 =
            WRAP(turn, 0x30, child_raw(signed1.value, 0x80), child_raw(signed1.value, 0x83),
                 child_raw(signed1.value, 0x84), info2, context);
    }
    if (signature.data == NULL || euicc.data == NULL || eum.data == NULL) {
        return TERN_BYTES_NONE;
    }
    return WRAP(turn, 0xBF38, WRAP(turn, 0xA0, euicc_signed1, signature, euicc, eum));
}

/* A2 {30 {5F49 otpk?, 04 hashCc?}, 5F37} */
struct tern_bytes expand_prepare(struct turn *turn, const struct session *session,
                                 struct tern_bytes compact)
{
    struct tern_tlv smdp_signed2;
    struct tern_bytes given = child_value(compact, 0x30);
    struct tern_bytes signature = child_raw(compact, 0x5F37);
    if (given.data == NULL || signature.data == NULL ||
        tern_der_single(session->smdp_signed2, &smdp_signed2, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return TERN_BYTES_NONE;
    }
    struct tern_bytes otpk = child_raw(given, 0x5F49);
    struct tern_bytes hash = child_raw(given, 0x04);
    if (otpk.data == NULL) {
        otpk = child_raw(smdp_signed2.value, 0x5F49);
    }
    if (hash.data == NULL && session->hash_cc.size > 0) {
        hash = WRAP(turn, 0x04, session->hash_cc);
    }
    if (otpk.data == NULL) {
        return TERN_BYTES_NONE;
    }
    return WRAP(turn, 0xBF21,
                WRAP(turn, 0xA0,
                     WRAP(turn, 0x30, WRAP(turn, 0x80, session->transaction), otpk, hash),
                     signature));
}

/* The A2{..} of a compact result as the A2{..} of the full one. */
static struct tern_bytes final_result(struct turn *turn, struct tern_bytes compact)
{
    static const uint8_t RID[] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10,
                                  0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00};
    static const uint8_t SIMA_OK[] = {0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00};
    struct tern_tlv arm;
    struct tern_bytes rest = child_value(compact, 0xA2);
    if (!next_tlv(&rest, &arm)) {
        return TERN_BYTES_NONE;
    }
    if (arm.tag != 0xA0) {
        return WRAP(turn, 0xA2, arm.raw);
    }
    struct tern_bytes two = child_value(arm.value, 0x4F);
    struct tern_bytes sima = child_raw(arm.value, 0x04);
    if (sima.data == NULL) {
        sima = WRAP(turn, 0x04, TERN_BYTES_OF(SIMA_OK));
    }
    return WRAP(
        turn, 0xA2,
        WRAP(turn, 0xA0, WRAP(turn, 0x4F, TERN_BYTES_OF(RID), two, TERN_BYTES_TEXT("\0")), sima));
}

/* A0 {A0 {80 tx, 02 seq, 01 iccidPresent?, A2{A0{4F xxyy, 04?} | A1}}, 5F37} */
struct tern_bytes expand_installation(struct turn *turn, const struct session *session,
                                      struct tern_bytes compact)
{
    struct tern_tlv signed1;
    struct tern_tlv metadata;
    struct tern_bytes given = child_value(compact, 0xA0);
    struct tern_bytes signature = child_raw(compact, 0x5F37);
    struct tern_bytes sequence_number = child_value(given, 0x02);
    struct tern_bytes present = child_value(given, 0x01);
    bool has_iccid = present.size != 1 || present.data[0] != 0;
    struct tern_bytes iccid = TERN_BYTES_NONE;
    if (has_iccid && tern_der_single(session->metadata, &metadata, 0) == TERN_OK) {
        iccid = child_raw(metadata.value, 0x5A);
    }
    struct tern_bytes result = final_result(turn, given);
    if (signature.data == NULL || sequence_number.data == NULL || result.data == NULL ||
        (has_iccid && iccid.data == NULL) || !signed1_parts(session, &signed1)) {
        return TERN_BYTES_NONE;
    }
    struct tern_bytes notification =
        WRAP(turn, 0xBF2F, WRAP(turn, 0x80, sequence_number), TERN_BYTES_TEXT("\x81\x02\x07\x80"),
             WRAP(turn, 0x0C, child_value(signed1.value, 0x83)), iccid);
    return WRAP(turn, 0xBF37,
                WRAP(turn, 0xBF27, WRAP(turn, 0x80, session->transaction), notification,
                     WRAP(turn, 0x06, session->smdp_oid), result),
                signature);
}

/* A1 {5A eid?, BF2F, 5F37} */
struct tern_bytes expand_other(struct turn *turn, const struct tern_eim_device_data *data,
                               struct tern_bytes compact)
{
    struct tern_bytes notification = child_raw(compact, 0xBF2F);
    struct tern_bytes signature = child_raw(compact, 0x5F37);
    if (notification.data == NULL || signature.data == NULL ||
        data->euicc_certificate.data == NULL || data->eum_certificate.data == NULL) {
        return TERN_BYTES_NONE;
    }
    return WRAP(turn, 0x30, notification, signature, data->euicc_certificate,
                data->eum_certificate);
}

/* A2 {30 {80 reason?}, 5F37} */
struct tern_bytes expand_cancel(struct turn *turn, const struct session *session,
                                struct tern_bytes compact)
{
    struct tern_bytes given = child_value(compact, 0x30);
    struct tern_bytes signature = child_raw(compact, 0x5F37);
    struct tern_bytes reason = child_value(given, 0x80);
    struct tern_bytes reason_object = TERN_BYTES_NONE;
    if (reason.data != NULL) {
        reason_object = WRAP(turn, 0x82, reason);
    } else if (session->refused != 0) {
        reason_object = turn_int(turn, 0x82, session->refused - 1);
    }
    if (given.data == NULL || signature.data == NULL || reason_object.data == NULL) {
        return TERN_BYTES_NONE;
    }
    return WRAP(turn, 0xBF41,
                WRAP(turn, 0xA0,
                     WRAP(turn, 0x30, WRAP(turn, 0x80, session->transaction),
                          WRAP(turn, 0x81, session->smdp_oid), reason_object),
                     signature));
}
