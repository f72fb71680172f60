/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of packages: from the card's list to the eIM, acknowledged, removed. A profile that does
 * not carry them there is rolled back, once. SGP.32, 3.3.1, 3.3.2; sgp32.md 3.7, 6.
 *
 * The list in the card decides: a result is in it from the moment the package was executed until
 * the eIM has acknowledged it. So this procedure begins every wake, and a power cut anywhere leads
 * here again.
 */
#include "core/ipa/machine.h"

static bool through_eim(const struct tern_ipa *ipa)
{
    return ipa->eim_indirect && (ipa->config->features & TERN_IPA_INDIRECT) != 0;
}

static int ask_results(struct tern_ipa *ipa)
{
    if (ipa->results_done) {
        return ipa_go(ipa, IPA_NOTIFY);
    }
    ipa_message(ipa, TERN_IPA_PEER_EIM, ESIPA_PATH);
    if (ipa->injected) {
        ipa->peer = TERN_IPA_PEER_INJECTOR;
    }
    ipa_part(ipa, PART_RESULT);
    if (through_eim(ipa) && !ipa_eim_rebuilds(ipa)) { /* compact ones go one by one */
        ipa_part(ipa, PART_NOTIFICATIONS);
    }
    return NEXT;
}

/* BF51, or 30{BF51, A0{notifications}} when there are any. */
static void head_results(struct tern_ipa *ipa, struct tern_writer *out)
{
    size_t size = ipa_parts_size(ipa);
    bool both = ipa->part_count == 2 && ipa->part_sizes[1] > 0;
    ipa_write_envelope(ipa, out, both ? tern_der_header_size(0x30, size) + size : size);
    if (both) {
        tern_der_write_header(out, 0x30, size);
    }
    ipa->result_seq = ipa->seq;
}

static void clear_rollback(struct tern_ipa *ipa)
{
    if ((ipa->memory.flags & SAVED_ROLLBACK) != 0) {
        ipa->memory.flags &= (uint8_t)~SAVED_ROLLBACK;
        ipa->dirty = true;
    }
}

static int take_results(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_LINK) {
        return ipa->injected ? ipa_go(ipa, IPA_SLEEP) : ipa_lost(ipa);
    }
    if (ipa->nothing) {
        clear_rollback(ipa);
        ipa->results_done = true;
        return ipa_go(ipa, ipa->injected ? IPA_SLEEP : IPA_NOTIFY);
    }
    if (ipa->outcome == OUTCOME_CARD) {
        return ipa_card_lost(ipa);
    }
    if (ipa->injected) { /* acknowledgements come by another TransferEimPackage */
        ipa->injected = false;
        return ipa_go(ipa, IPA_SLEEP);
    }
    ipa->results_done = true; /* unless it is acknowledged: then there may be another */
    return ipa_take_acks(ipa, IPA_RESULTS);
}

/* clang-format off */
const struct tern_ipa_step IPA_RESULTS[] = {
    {.name = "ESipa.ProvideEimPackageResult",
     .kind = STEP_PEER,
     .ask = ask_results,
     .head = head_results,
     .take = take_results},
};
/* clang-format on */

/* ---- Acknowledgements ---- */

/* BF50{BF53{80 n..}} | BF50{30 00} | BF50{02 code}, or nothing at all. */
int ipa_take_acks(struct tern_ipa *ipa, const struct tern_ipa_step *then)
{
    static const tern_tag ACKS[] = {0xBF50, 0xBF53};
    static const tern_tag ERROR[] = {0xBF50, 0x02};
    struct tern_bytes reply = tern_bytes(ipa_hold(ipa), ipa->hold_size);
    struct tern_tlv tlv;
    if (ipa->outcome == OUTCOME_LINK) {
        return ipa_lost(ipa);
    }
    ipa_reached(ipa);
    ipa->acks = (struct tern_ipa_span){0, 0};
    ipa->then = then;
    if (ipa->outcome != OUTCOME_OK) {
        ipa->failed = true; /* kept, and tried again another time */
        return ipa_go(ipa, then);
    }
    if (tern_der_path(reply, ACKS, TERN_COUNT_OF(ACKS), &tlv) == TERN_OK) {
        ipa->acks.offset = (uint16_t)(tlv.value.data - reply.data);
        ipa->acks.size = (uint16_t)tlv.value.size;
    } else if (tern_der_path(reply, ERROR, TERN_COUNT_OF(ERROR), &tlv) == TERN_OK) {
        ipa->tally.last_error = (uint8_t)tern_read_uint(tlv.value);
        ipa->failed = true;
    }
    return ipa_go(ipa, IPA_ACKS);
}

static int ask_remove(struct tern_ipa *ipa)
{
    struct tern_bytes rest = ipa_span(ipa, ipa->acks);
    struct tern_tlv tlv;
    if (tern_der_next(&rest, &tlv, TERN_DER_STRICT) != 1 || tlv.tag != 0x80) {
        return ipa_go(ipa, ipa->then);
    }
    ipa->acks.offset = (uint16_t)(ipa->acks.offset + tlv.raw.size);
    ipa->acks.size = (uint16_t)(ipa->acks.size - tlv.raw.size);
    if (ipa->results_done && tern_read_uint(tlv.value) == ipa->result_seq) {
        ipa->results_done = false;
        ipa->tally.results++;
        clear_rollback(ipa);
    } else {
        ipa->tally.notifications++;
    }
    struct tern_writer out = ipa_command_writer(ipa);
    tern_der_write_header(&out, 0xBF30, tlv.raw.size);
    tern_write(&out, tlv.raw);
    return ipa_command_end(ipa, &out);
}

static int take_remove(struct tern_ipa *ipa)
{
    return ipa->outcome == OUTCOME_CARD ? ipa_card_lost(ipa) : AGAIN;
}

/* clang-format off */
const struct tern_ipa_step IPA_ACKS[] = {
    {.name = "ES10b.RemoveNotificationFromList",
     .kind = STEP_CARD,
     .ask = ask_remove,
     .piece = ipa_ignore,
     .take = take_remove},
};
/* clang-format on */

/* ---- Another profile is in force ---- */

static int ask_reset(struct tern_ipa *ipa)
{
    ipa->attempts = 0;
    ipa->idle = false;
    return NEXT;
}

static int boot_again(struct tern_ipa *ipa)
{
    return ipa_go(ipa, IPA_BOOT);
}

/* clang-format off */
const struct tern_ipa_step IPA_SWITCHED[] = {
    {.name = "reset", .kind = STEP_RESET, .ask = ask_reset},
    {.kind = STEP_LOCAL, .ask = boot_again},
};
/* clang-format on */

/* ---- Rollback ---- */

static int ask_rollback(struct tern_ipa *ipa)
{
    static const uint8_t ROLLBACK[] = {0xBF, 0x58, 0x03, 0x80, 0x01, 0xFF};
    ipa->hold_size = 0;
    ipa->code = 127;
    return ipa_command(ipa, TERN_BYTES_OF(ROLLBACK));
}

/* BF58{02 cmdResult, BF51?}; simulators say 80 (sgp32.md 12, no. 7). */
static int rollback_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    (void)last;
    while ((kind = walk_next(&ipa->walk, &chunk, &data)) > 0) {
        tern_tag tag = walk_tag(&ipa->walk, 2);
        if (kind == WALK_DATA && ipa->walk.depth == 2 && (tag == 0x02 || tag == 0x80)) {
            ipa->code = chunk.data[0];
        }
    }
    return kind;
}

/* Whatever the card says, it is not asked again for this package. */
static int take_rollback(struct tern_ipa *ipa)
{
    ipa->memory.flags &= (uint8_t)~SAVED_ROLLBACK;
    if (ipa->outcome == OUTCOME_OK && ipa->code == 0) {
        ipa->tally.rollbacks++;
    } else {
        ipa->code = 127;
    }
    return NEXT;
}

static int rolled_back(struct tern_ipa *ipa)
{
    return ipa->code == 0 ? ipa_go(ipa, IPA_SWITCHED) : ipa_next_eim(ipa);
}

/* clang-format off */
const struct tern_ipa_step IPA_ROLLBACK[] = {
    {.name = "ES10b.ProfileRollback",
     .kind = STEP_CARD,
     .ask = ask_rollback,
     .piece = rollback_piece,
     .take = take_rollback},
    {.name = "save", .kind = STEP_SAVE},
    {.kind = STEP_LOCAL, .ask = rolled_back},
};
/* clang-format on */
