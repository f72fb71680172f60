/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Common Mutual Authentication, as the IPA sees it: what the server signed goes into the card, what
 * the card signed goes to the server, nothing is looked into more than needed.
 * SGP.22, 3.0.1, with ESipa in place of ES9+ as SGP.32, 3.2.3.2 has it; sgp22.md 6, sgp32.md 5.4.
 */
#include "core/ipa/download.h"

#include <string.h>

/* ---- InitiateAuthentication ---- */

int ipa_ask_challenge(struct tern_ipa *ipa)
{
    static const uint8_t CHALLENGE[] = {0xBF, 0x2E, 0x00};
    ipa->hold_size = 0;
    return ipa_command(ipa, TERN_BYTES_OF(CHALLENGE));
}

int ipa_take_challenge(struct tern_ipa *ipa)
{
    bool ok = ipa->outcome == OUTCOME_OK && ipa->hold_size == 21;
    return ok ? NEXT : ipa_download_failed(ipa, 127, TERN_BYTES_NONE);
}

int ipa_ask_initiate(struct tern_ipa *ipa)
{
    ipa_to_server(ipa, ES9("initiateAuthentication"));
    if (!ipa_compact(ipa)) {
        ipa_part(ipa, PART_INFO1);
    }
    return NEXT;
}

void ipa_tail_initiate(struct tern_ipa *ipa, struct tern_writer *out)
{
    if (ipa->text) {
        tern_write_text(out, "\",\"smdpAddress\":\"");
        tern_write(out, tern_bytes(ipa->address, ipa->address_size));
        tern_write_text(out, "\"}");
    } else if (ipa->eim_tx[0] > 0) {
        tern_der_write(out, 0x82, tern_bytes(ipa->eim_tx + 1, ipa->eim_tx[0]));
    }
}

void ipa_head_initiate(struct tern_ipa *ipa, struct tern_writer *out)
{
    struct tern_bytes challenge = tern_bytes(ipa_hold(ipa) + 5, 16);
    struct tern_bytes address = tern_bytes(ipa->address, ipa->address_size);
    if (ipa->text) {
        tern_write_text(out, "{\"euiccChallenge\":\"");
        tern_base64_encode(out, challenge);
        tern_write_text(out, "\",\"euiccInfo1\":\"");
        return;
    }
    size_t address_size = (ipa->download & DOWNLOAD_NO_DATA) != 0
                              ? 0
                              : tern_der_header_size(0x83, address.size) + address.size;
    tern_der_write_header(out, 0xBF39, 18 + address_size + ipa_parts_size(ipa) + ipa->tail_size);
    tern_der_write(out, 0x81, challenge);
    if (address_size > 0) {
        tern_der_write(out, 0x83, address);
    }
}

static bool same_address(struct tern_bytes a, struct tern_bytes b)
{
    bool same = a.size == b.size;
    for (size_t i = 0; same && i < a.size; i++) {
        uint8_t x = a.data[i] >= 'A' && a.data[i] <= 'Z' ? (uint8_t)(a.data[i] + 32) : a.data[i];
        uint8_t y = b.data[i] >= 'A' && b.data[i] <= 'Z' ? (uint8_t)(b.data[i] + 32) : b.data[i];
        same = x == y;
    }
    return same;
}

/* transactionId, and the address we asked for, out of serverSigned1. */
static bool read_signed1(struct tern_ipa *ipa)
{
    struct tern_tlv outer;
    struct tern_tlv tlv;
    if (tern_der_single(ipa_slot(ipa, SLOT_SIGNED), &outer, TERN_DER_LONG_LENGTHS) != TERN_OK ||
        tern_der_find(outer.value, 0x80, &tlv) != TERN_OK || tlv.value.size > 16) {
        return false;
    }
    ipa->transaction[0] = 0;
    ipa_take_short(ipa->transaction, WALK_DATA, tlv.value);
    if ((ipa->download & DOWNLOAD_NO_DATA) != 0) {
        return true;
    }
    return tern_der_find(outer.value, 0x83, &tlv) == TERN_OK &&
           same_address(tlv.value, tern_bytes(ipa->address, ipa->address_size));
}

int ipa_take_initiate(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_LINK) {
        return ipa_server_lost(ipa);
    }
    struct tern_bytes error = ipa_refusal(ipa);
    if (ipa->outcome != OUTCOME_OK || error.data != NULL || ipa->slots[SLOT_SIGNATURE].size == 0 ||
        ipa->slots[SLOT_OCTETS].size == 0 || ipa->slots[SLOT_CERTIFICATE].size == 0 ||
        !read_signed1(ipa)) {
        return ipa_download_failed(ipa, 127, error);
    }
    return NEXT;
}

/* ---- AuthenticateServer, AuthenticateClient ---- */

/* A0{80 matchingId?, A1 deviceInfo}, or what the eIM made of it. */
static void write_context(struct tern_ipa *ipa, struct tern_writer *out)
{
    struct tern_bytes made = ipa_slot(ipa, SLOT_CONTEXT);
    struct tern_bytes matching = ipa_slot(ipa, SLOT_MATCHING_ID);
    struct tern_tlv tlv;
    if (tern_der_single(made, &tlv, TERN_DER_STRICT) == TERN_OK) {
        ipa->download |= DOWNLOAD_EIM_CTX;
        tern_write(out, tlv.value);
        return;
    }
    if (tern_der_single(matching, &tlv, TERN_DER_STRICT) == TERN_OK) {
        matching = tlv.value;
    } else {
        matching = ipa_activation_field(ipa, 2);
    }
    size_t matching_size =
        matching.size > 0 ? tern_der_header_size(0x80, matching.size) + matching.size : 0;
    struct tern_bytes device = ipa->config->device;
    tern_der_write_header(out, 0xA0,
                          matching_size + tern_der_header_size(0xA1, device.size) + device.size);
    if (matching_size > 0) {
        tern_der_write(out, 0x80, matching);
    }
    tern_der_write(out, 0xA1, device);
}

static int authenticate_server(struct tern_ipa *ipa)
{
    static const uint8_t SLOTS[] = {SLOT_SIGNED, SLOT_SIGNATURE, SLOT_OCTETS, SLOT_CERTIFICATE};
    struct tern_writer context = ipa_command_writer(ipa);
    write_context(ipa, &context);
    if (tern_writer_status(&context) != TERN_OK) {
        return TERN_ERR_NO_SPACE;
    }
    return ipa_join(ipa, 0xBF38, SLOTS, TERN_COUNT_OF(SLOTS), tern_writer_bytes(&context));
}

int ipa_ask_authenticate_compact(struct tern_ipa *ipa)
{
    ipa->compact_begun = false;
    return ipa_compact(ipa) ? authenticate_server(ipa) : SKIP;
}

int ipa_take_authenticate_compact(struct tern_ipa *ipa)
{
    return ipa->outcome == OUTCOME_OK ? NEXT : ipa_download_failed(ipa, 127, TERN_BYTES_NONE);
}

int ipa_ask_authenticate(struct tern_ipa *ipa)
{
    int status = ipa_compact(ipa) ? TERN_OK : authenticate_server(ipa);
    ipa_to_server(ipa, ES9("authenticateClient"));
    ipa_part(ipa, ipa_compact(ipa) ? PART_HELD : PART_LIVE);
    return status;
}

void ipa_head_authenticate(struct tern_ipa *ipa, struct tern_writer *out)
{
    ipa_write_transaction(ipa, out, 0xBF3B, "authenticateServerResponse");
}

/* An SM-DS says where to go on. */
static int take_event(struct tern_ipa *ipa)
{
    if (!ipa->text) {
        struct tern_bytes trigger = ipa_slot(ipa, SLOT_CONTEXT);
        return trigger.size > 0 ? ipa_trigger(ipa, trigger)
                                : ipa_download_failed(ipa, 127, TERN_BYTES_NONE);
    }
    if (ipa->json_events != 3) {
        return ipa_download_failed(ipa, 127, TERN_BYTES_NONE);
    }
    return ipa_trigger_event(ipa);
}

int ipa_take_authenticate(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_LINK) {
        return ipa_server_lost(ipa);
    }
    struct tern_bytes error = ipa_refusal(ipa);
    if (error.data != NULL && ipa->code == 5 && ipa_compact(ipa)) {
        ipa->memory.compact_eims &= (uint8_t) ~(1U << (ipa->eim_index & 7));
        ipa->download &= (uint8_t)~DOWNLOAD_COMPACT; /* it could not rebuild it: in full, then */
        ipa->dirty = true;
        return ipa_go(ipa, IPA_DOWNLOAD);
    }
    if (error.data != NULL && !ipa->text && ipa->code == 50) {
        return ipa_download_cancel(ipa, 3, error); /* pprNotAllowed, says the eIM */
    }
    if (ipa->outcome != OUTCOME_OK || error.data != NULL) {
        return ipa_download_failed(ipa, 127, error);
    }
    if (ipa->arm == 0xA1 || (ipa->download & DOWNLOAD_SMDS) != 0) {
        return take_event(ipa);
    }
    if (ipa->slots[SLOT_SIGNED].size == 0 || ipa->slots[SLOT_SIGNATURE].size == 0 ||
        ipa->slots[SLOT_CERTIFICATE].size == 0) {
        return ipa_download_cancel(ipa, 127, TERN_BYTES_NONE);
    }
    ipa_metadata_keep(ipa);
    return NEXT;
}
