/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notifications: one after the other from the card's list to whom they are for, through the eIM
 * when it relays, else to the SM-DP+ itself; removed when taken. SGP.32, 3.7; sgp32.md 6.
 *
 * The result of a direct download goes to the eIM first (ProfileDownloadTriggerResult) and only
 * then to the SM-DP+, because the card forgets it after that.
 */
#include "core/ipa/machine.h"

static bool through_eim(const struct tern_ipa *ipa)
{
    return ipa->eim_indirect && (ipa->config->features & TERN_IPA_INDIRECT) != 0;
}

/* The result of the download that the saved bytes speak of. */
static bool of_download(const struct tern_ipa *ipa)
{
    const uint8_t both = MARK_PIR | MARK_OURS;
    return (ipa->notice & both) == both && (ipa->memory.flags & SAVED_DOWNLOAD) != 0;
}

static bool of_direct_download(const struct tern_ipa *ipa)
{
    return of_download(ipa) && (ipa->memory.flags & SAVED_DIRECT) != 0;
}

static int ask_list(struct tern_ipa *ipa)
{
    ipa->hold_size = 0;
    ipa->found = false;
    ipa->part_index = 0;
    ipa_message(ipa, TERN_IPA_PEER_EIM, ESIPA_PATH);
    ipa_part(ipa, PART_NOTIFICATION);
    return ipa_extract_command(ipa, PART_NOTIFICATION);
}

static int take_list(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_CARD) {
        return ipa_card_lost(ipa);
    }
    ipa->notice = ipa->marks;
    return ipa->outcome == OUTCOME_OK && ipa->found ? NEXT : ipa_go(ipa, IPA_POLL);
}

/* ---- To the eIM: what became of the trigger ---- */

static int ask_report(struct tern_ipa *ipa)
{
    if (!of_direct_download(ipa) || (ipa->memory.flags & SAVED_REPORTED) != 0) {
        return SKIP;
    }
    ipa_message(ipa, TERN_IPA_PEER_EIM, ESIPA_PATH);
    ipa_part(ipa, PART_NOTIFICATION);
    return NEXT;
}

static void head_report(struct tern_ipa *ipa, struct tern_writer *out)
{
    const uint8_t *tx = ipa->memory.eim_tx;
    size_t size = ipa_parts_size(ipa) + (tx[0] > 0 ? 2U + tx[0] : 0);
    ipa_write_envelope(ipa, out, tern_der_header_size(0xBF54, size) + size);
    tern_der_write_header(out, 0xBF54, size);
    if (tx[0] > 0) {
        tern_der_write(out, 0x82, tern_bytes(tx + 1, tx[0]));
    }
}

static int take_report(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_LINK) {
        return ipa_lost(ipa);
    }
    if (ipa->outcome != OUTCOME_OK) {
        ipa->failed = true;
        return ipa_next_eim(ipa);
    }
    ipa_reached(ipa);
    ipa->memory.flags |= SAVED_REPORTED;
    ipa->dirty = true;
    return NEXT;
}

static int ask_save(struct tern_ipa *ipa)
{
    return ipa->dirty ? NEXT : SKIP;
}

/* ---- To whom it is for ---- */

/* Without its certificates, when the eIM can put them back. */
static int ask_compact(struct tern_ipa *ipa)
{
    ipa->compact_begun = false;
    ipa->hold_size = 0;
    if (!through_eim(ipa) || of_direct_download(ipa) || !ipa_eim_rebuilds(ipa)) {
        return SKIP;
    }
    return ipa_extract_command(ipa, PART_NOTIFICATION);
}

static int take_compact(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_CARD) {
        return ipa_card_lost(ipa);
    }
    ipa->compact_begun = ipa->outcome == OUTCOME_OK && ipa_compact_notification(ipa) == TERN_OK;
    return NEXT;
}

static int ask_deliver(struct tern_ipa *ipa)
{
    if (through_eim(ipa) && !of_direct_download(ipa)) {
        ipa_message(ipa, TERN_IPA_PEER_EIM, ESIPA_PATH);
    } else {
        ipa_message(ipa, TERN_IPA_PEER_SMDP, "/gsma/rsp2/es9plus/handleNotification");
    }
    ipa_part(ipa, ipa->compact_begun ? PART_HELD : PART_NOTIFICATION);
    return NEXT;
}

static void head_deliver(struct tern_ipa *ipa, struct tern_writer *out)
{
    if (ipa->text) {
        tern_write_text(out, "{\"pendingNotification\":\"");
        return;
    }
    size_t size = ipa_parts_size(ipa);
    tern_der_write_header(out, 0xBF3D, tern_der_header_size(0xA0, size) + size);
    tern_der_write_header(out, 0xA0, size);
}

static void tail_deliver(struct tern_ipa *ipa, struct tern_writer *out)
{
    if (ipa->text) {
        tern_write_text(out, "\"}");
    }
}

static int take_deliver(struct tern_ipa *ipa)
{
    ipa->notified_seq = ipa->seq; /* once a wake */
    if (ipa->outcome == OUTCOME_CARD) {
        return ipa_card_lost(ipa);
    }
    if (ipa->outcome == OUTCOME_LINK && !ipa->text) {
        return ipa_lost(ipa);
    }
    if (ipa->outcome != OUTCOME_OK) {
        ipa->failed = true; /* kept in the card; the others have their turn */
        return ipa_go(ipa, IPA_NOTIFY);
    }
    if (!ipa->text) {
        ipa_reached(ipa);
    }
    ipa->tally.notifications++;
    return NEXT;
}

static int ask_remove(struct tern_ipa *ipa)
{
    struct tern_writer out;
    ipa->hold_size = 0;
    out = ipa_command_writer(ipa);
    uint8_t number[8];
    struct tern_writer seq = TERN_WRITER_OF(number);
    tern_der_write_int(&seq, 0x80, ipa->seq);
    tern_der_write_header(&out, 0xBF30, seq.size);
    tern_write(&out, tern_writer_bytes(&seq));
    return ipa_command_end(ipa, &out);
}

static int delivered(struct tern_ipa *ipa)
{
    ipa->notified_seq = ipa->seq;
    if (!of_download(ipa)) {
        return ipa_go(ipa, IPA_NOTIFY);
    }
    ipa->memory.flags &=
        (uint8_t) ~(SAVED_DOWNLOAD | SAVED_REPORTED | SAVED_DIRECT | SAVED_TRIGGER);
    ipa->dirty = true;
    return ipa_go(ipa, ipa->installed && ipa->config->immediate_enable ? IPA_ENABLE : IPA_NOTIFY);
}

/* clang-format off */
const struct tern_ipa_step IPA_NOTIFY[] = {
    {.name = "ES10b.RetrieveNotificationsList",
     .kind = STEP_CARD,
     .ask = ask_list,
     .piece = ipa_extract_measure,
     .take = take_list},
    {.name = "ESipa.ProvideEimPackageResult",
     .kind = STEP_PEER,
     .ask = ask_report,
     .head = head_report,
     .take = take_report},
    {.name = "save", .kind = STEP_SAVE, .ask = ask_save},
    {.name = "ES10b.RetrieveNotificationsList",
     .kind = STEP_CARD,
     .ask = ask_compact,
     .piece = ipa_notification_piece,
     .take = take_compact},
    {.name = "HandleNotification",
     .kind = STEP_PEER,
     .ask = ask_deliver,
     .head = head_deliver,
     .tail = tail_deliver,
     .piece = ipa_ignore,
     .take = take_deliver},
    {.name = "ES10b.RemoveNotificationFromList",
     .kind = STEP_CARD,
     .ask = ask_remove,
     .piece = ipa_ignore},
    {.kind = STEP_LOCAL, .ask = delivered},
};
/* clang-format on */

/* ---- Immediate enabling. SGP.32, 3.4.4; sgp32.md 3.8 ---- */

static int ask_enable(struct tern_ipa *ipa)
{
    static const uint8_t IMMEDIATE_ENABLE[] = {0xBF, 0x5A, 0x03, 0x80, 0x01, 0xFF};
    ipa->installed = false;
    ipa->hold_size = 0;
    return ipa_command(ipa, TERN_BYTES_OF(IMMEDIATE_ENABLE));
}

static int take_enable(struct tern_ipa *ipa)
{
    const uint8_t *answer = ipa_hold(ipa);
    if (ipa->outcome != OUTCOME_OK || ipa->hold_size < 6 || answer[5] != 0) {
        return ipa_go(ipa, IPA_NOTIFY); /* not configured: the eIM will enable it */
    }
    ipa->tally.immediate_enables++;
    ipa->memory.cause = TERN_IPA_CAUSE_IMMEDIATE_ENABLE;
    ipa->memory.cause_eims = 0xFF;
    return NEXT;
}

static int enabled(struct tern_ipa *ipa)
{
    return ipa_go(ipa, IPA_SWITCHED);
}

/* clang-format off */
const struct tern_ipa_step IPA_ENABLE[] = {
    {.name = "ES10b.ImmediateEnable", .kind = STEP_CARD, .ask = ask_enable, .take = take_enable},
    {.name = "save", .kind = STEP_SAVE},
    {.kind = STEP_LOCAL, .ask = enabled},
};
/* clang-format on */
