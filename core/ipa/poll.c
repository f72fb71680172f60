/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages: asked for (GetEimPackage) or injected (TransferEimPackage), told apart by their tag and
 * handed on. An eUICC package goes into the card as it arrives. SGP.32, 3.1.1; sgp32.md 7.1 to 7.3.
 */
#include "core/ipa/machine.h"

#define ERROR_POLLS 16
#define POLLS_MAX   64 /* in one wake and of one eIM: an eIM that never ends is left for the next */

static uint8_t eim_bit(const struct tern_ipa *ipa)
{
    return (uint8_t)(1U << (ipa->eim_index & 7));
}

static bool cause_waits(const struct tern_ipa *ipa)
{
    return (ipa->memory.cause_eims & eim_bit(ipa)) != 0;
}

static int ask_poll(struct tern_ipa *ipa)
{
    ipa->injected = false;
    if ((ipa->memory.flags & SAVED_TRIGGER) != 0 && ipa->polls == 0 &&
        ipa->memory.download_eim == ipa->eim_index) {
        return ipa_trigger_resume(ipa);
    }
    if (ipa->polls >= POLLS_MAX) {
        ipa->failed = true;
        return ipa_next_eim(ipa);
    }
    if (ipa->nothing_waits && !cause_waits(ipa)) {
        return ipa_next_eim(ipa);
    }
    ipa->polls++;
    ipa->eim_tx[0] = 0;
    ipa_message(ipa, TERN_IPA_PEER_EIM, ESIPA_PATH);
    return NEXT;
}

/* BF4F{5A eid, 80 00 notifyStateChange?, 81 cause?, 82 rPLMN?} */
static void head_poll(struct tern_ipa *ipa, struct tern_writer *out)
{
    const uint8_t *rplmn = ipa->config->rplmn;
    bool place = ipa->polls == 1 && (rplmn[0] | rplmn[1] | rplmn[2]) != 0;
    bool cause = cause_waits(ipa);
    tern_der_write_header(out, 0xBF4F, 2 + TERN_EID_SIZE + (cause ? 5U : 0) + (place ? 5U : 0));
    tern_der_write(out, 0x5A, TERN_BYTES_OF(ipa->eid));
    if (cause) {
        tern_der_write(out, 0x80, tern_bytes("", 0));
        tern_der_write_int(out, 0x81, ipa->memory.cause);
    }
    if (place) {
        tern_der_write(out, 0x82, tern_bytes(rplmn, 3));
    }
}

/* ---- What to do with a package ---- */

static int switched(struct tern_ipa *ipa)
{
    ipa->memory.cause = TERN_IPA_CAUSE_OTHER_EIM;
    ipa->memory.cause_eims = (uint8_t)~eim_bit(ipa);
    ipa->dirty = true;
    return ipa_go(ipa, IPA_SWITCHED);
}

/* The card answered a package; its signed results are in its list now, errors are in the hold. */
static int executed(struct tern_ipa *ipa)
{
    if ((ipa->marks & MARK_ERROR) != 0) {
        ipa->tally.package_errors++;
        ipa->polls += ERROR_POLLS; /* should the eIM give it again and again */
        ipa_answer_held(ipa, 0);
        return JUMPED;
    }
    ipa->tally.packages++;
    ipa->results_done = false;
    if ((ipa->marks & MARK_SWITCH) == 0) {
        return ipa_go(ipa, IPA_RESULTS);
    }
    if (!ipa->injected) {
        return switched(ipa);
    }
    ipa->eim_index = 0;
    return ipa_go(ipa, IPA_ANSWER); /* received; the result comes over the new profile */
}

static int remove_acknowledged(struct tern_ipa *ipa)
{
    struct tern_tlv acks;
    struct tern_bytes held = tern_bytes(ipa_hold(ipa), ipa->hold_size);
    if (tern_der_single(held, &acks, TERN_DER_STRICT) != TERN_OK) {
        return ipa_package_error(ipa, 1);
    }
    ipa->acks.offset = (uint16_t)(acks.value.data - held.data);
    ipa->acks.size = (uint16_t)acks.value.size;
    ipa->then = IPA_ANSWER;
    return ipa_go(ipa, IPA_ACKS);
}

static int take_package(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_MALFORMED || ipa->outcome == OUTCOME_FULL) {
        return ipa_package_error(ipa, 1);
    }
    if (ipa->outcome == OUTCOME_CARD || ipa->answered) {
        return ipa->answered ? executed(ipa) : ipa_package_error(ipa, 127);
    }
    switch (ipa->arm) {
    case 0xBF52:
        ipa->tally.data_requests++;
        return ipa_go(ipa, IPA_DATA);
    case 0xBF53:
        return ipa->injected ? remove_acknowledged(ipa) : ipa_package_error(ipa, 2);
    case 0xBF54:
        return ipa_trigger(ipa, tern_bytes(ipa_hold(ipa), ipa->hold_size));
    case 0:
        return ipa_package_error(ipa, 1);
    default:
        return ipa_package_error(ipa, 2);
    }
}

static int take_poll(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_LINK) {
        return ipa_lost(ipa);
    }
    if (ipa->answered) {
        ipa->answered_eim = true; /* but the package has just granted a rollback, perhaps */
    } else {
        ipa_reached(ipa);
    }
    if (cause_waits(ipa)) {
        ipa->memory.cause_eims &= (uint8_t)~eim_bit(ipa);
        ipa->dirty = true;
    }
    if (ipa->outcome == OUTCOME_REFUSED) {
        ipa->failed = true;
        return ipa_next_eim(ipa);
    }
    if (ipa->arm == 0x02) { /* noEimPackageAvailable, or it does not want us */
        if (ipa->code != 1) {
            ipa->tally.last_error = ipa->code;
            ipa->failed = true;
        }
        return ipa_next_eim(ipa);
    }
    return take_package(ipa);
}

/* clang-format off */
const struct tern_ipa_step IPA_POLL[] = {
    {.name = "ESipa.GetEimPackage",
     .kind = STEP_PEER,
     .ask = ask_poll,
     .head = head_poll,
     .piece = ipa_load_piece,
     .take = take_poll},
};
/* clang-format on */

/* ---- Injection ---- */

static int begin_injected(struct tern_ipa *ipa)
{
    ipa_message(ipa, TERN_IPA_PEER_INJECTOR, ESIPA_PATH);
    ipa->injected = true;
    ipa->eim_tx[0] = 0;
    return NEXT;
}

static int take_injected(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_LINK || ipa->outcome == OUTCOME_REFUSED) {
        return ipa_go(ipa, IPA_SLEEP);
    }
    return take_package(ipa);
}

/* clang-format off */
const struct tern_ipa_step IPA_INJECTED[] = {
    {.name = "ESipa.TransferEimPackage",
     .kind = STEP_READ,
     .ask = begin_injected,
     .piece = ipa_load_piece,
     .take = take_injected},
};
/* clang-format on */

/* BF4E{05 00}: eimPackageReceived. What is left to do is done as if woken. */
static int ask_received(struct tern_ipa *ipa)
{
    ipa_message(ipa, TERN_IPA_PEER_INJECTOR, ESIPA_PATH);
    return NEXT;
}

static void head_received(struct tern_ipa *ipa, struct tern_writer *out)
{
    (void)ipa;
    tern_der_write_header(out, 0xBF4E, 2);
    tern_der_write(out, 0x05, tern_bytes("", 0));
}

static int take_received(struct tern_ipa *ipa)
{
    bool reset = (ipa->marks & MARK_SWITCH) != 0 && ipa->arm == 0;
    ipa->injected = false;
    if (reset) {
        return ipa_go(ipa, IPA_SWITCHED);
    }
    ipa->eim_index = 0;
    return ipa_go(ipa, (ipa->memory.flags & SAVED_TRIGGER) != 0 ? IPA_EIM : IPA_SLEEP);
}

static int ask_save(struct tern_ipa *ipa)
{
    return ipa->dirty ? NEXT : SKIP;
}

/* clang-format off */
const struct tern_ipa_step IPA_ANSWER[] = {
    {.name = "save", .kind = STEP_SAVE, .ask = ask_save},
    {.name = "ESipa.TransferEimPackage",
     .kind = STEP_PEER,
     .ask = ask_received,
     .head = head_received,
     .take = take_received},
};
/* clang-format on */

/* ---- A short answer that lies in the hold ---- */

static void head_held(struct tern_ipa *ipa, struct tern_writer *out)
{
    ipa_write_envelope(ipa, out, ipa_parts_size(ipa));
}

static int take_held(struct tern_ipa *ipa)
{
    if (ipa->injected) {
        ipa->injected = false;
        return ipa_go(ipa, IPA_SLEEP);
    }
    return ipa_take_acks(ipa, IPA_POLL);
}

/* clang-format off */
static const struct tern_ipa_step HELD_ANSWER[] = {
    {.name = "ESipa.ProvideEimPackageResult",
     .kind = STEP_PEER,
     .head = head_held,
     .take = take_held},
};
/* clang-format on */

void ipa_answer_held(struct tern_ipa *ipa, size_t offset)
{
    ipa_message(ipa, ipa->injected ? TERN_IPA_PEER_INJECTOR : TERN_IPA_PEER_EIM, ESIPA_PATH);
    ipa->held = (struct tern_ipa_span){(uint16_t)offset, (uint16_t)(ipa->hold_size - offset)};
    ipa_part(ipa, PART_HELD);
    ipa_go(ipa, HELD_ANSWER);
}

/* BF50{5A, A0{80 tx?, 02 code}}, or BF4E{02 code}. */
int ipa_package_error(struct tern_ipa *ipa, uint8_t code)
{
    const uint8_t *tx = ipa->eim_tx;
    ipa->hold_size = 0;
    struct tern_writer out = ipa_command_writer(ipa);
    if (!ipa->injected) {
        tern_der_write_header(&out, 0xA0, (tx[0] > 0 ? 2U + tx[0] : 0) + 3U);
        if (tx[0] > 0) {
            tern_der_write(&out, 0x80, tern_bytes(tx + 1, tx[0]));
        }
    }
    tern_der_write_int(&out, 0x02, code);
    ipa->hold_size = (uint16_t)out.size;
    ipa_answer_held(ipa, 0);
    return JUMPED;
}
