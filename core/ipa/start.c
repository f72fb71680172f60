/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a wake begins and ends: the card, then one Associated eIM after the other, then sleep.
 * SGP.32, 3.8 and 3.1.1.1; sgp32.md 7.2, 8.3, 8.4.
 */
#include <string.h>

#include "core/ipa/machine.h"

#define EIM_COUNT_MAX    8
#define DAY_MS           86400000U
#define RETRY_MS         10000U
#define ROLLBACK_TRIES   3
#define BACK_OFF_DOUBLES 10
#define WAIT_MAX_MS      0x40000000U

/* ---- The card ---- */

static int apdu(struct tern_ipa *ipa, struct tern_bytes bytes)
{
    memcpy(ipa->buffer, bytes.data, bytes.size);
    ipa->staged = (uint8_t)bytes.size;
    return NEXT;
}

static int ask_terminal_capability(struct tern_ipa *ipa)
{
    static const uint8_t CAPABILITY[] = {0x80, 0xAA, 0x00, 0x00, 0x05,
                                         0xA9, 0x03, 0x83, 0x01, 0x07};
    ipa->channel = 0;
    ipa->keep_size = 0;
    ipa->hold_size = 0;
    ipa->installed = false;
    return apdu(ipa, TERN_BYTES_OF(CAPABILITY));
}

static int ask_channel(struct tern_ipa *ipa)
{
    static const uint8_t OPEN[] = {0x00, 0x70, 0x00, 0x00, 0x01};
    return apdu(ipa, TERN_BYTES_OF(OPEN));
}

/* A reader that opens channels itself refuses; then the basic one serves. */
static int channel_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    (void)last;
    ipa->channel = data.data[0] < 20 ? data.data[0] : 0;
    return SINK_MORE;
}

static int ask_select(struct tern_ipa *ipa)
{
    static const uint8_t SELECT[] = {0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00,
                                     0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF,
                                     0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
    apdu(ipa, TERN_BYTES_OF(SELECT));
    ipa->buffer[0] = ipa_class(ipa, 0x00);
    return NEXT;
}

int ipa_card_lost(struct tern_ipa *ipa)
{
    ipa->booted = false;
    ipa->failed = true;
    return ipa_go(ipa, IPA_SLEEP);
}

static int take_select(struct tern_ipa *ipa)
{
    return ipa->outcome == OUTCOME_OK ? NEXT : ipa_card_lost(ipa);
}

static int ask_eid(struct tern_ipa *ipa)
{
    static const uint8_t GET_EID[] = {0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A};
    return ipa_command(ipa, TERN_BYTES_OF(GET_EID));
}

static int take_eid(struct tern_ipa *ipa)
{
    struct tern_bytes eid = tern_bytes(ipa_hold(ipa), ipa->hold_size);
    if (ipa->outcome != OUTCOME_OK || eid.size < 5 + TERN_EID_SIZE || eid.data[1] != 0x3E ||
        eid.data[4] != TERN_EID_SIZE) {
        return ipa_card_lost(ipa);
    }
    memcpy(ipa->eid, eid.data + 5, TERN_EID_SIZE);
    ipa->hold_size = 0;
    ipa->booted = true;
    return ipa_go(ipa, IPA_EIM);
}

/* clang-format off */
const struct tern_ipa_step IPA_BOOT[] = {
    {.name = "TERMINAL CAPABILITY",
     .kind = STEP_APDU,
     .ask = ask_terminal_capability,
     .piece = ipa_ignore},
    {.name = "MANAGE CHANNEL", .kind = STEP_APDU, .ask = ask_channel, .piece = channel_piece},
    {.name = "SELECT ISD-R",
     .kind = STEP_APDU,
     .ask = ask_select,
     .piece = ipa_ignore,
     .take = take_select},
    {.name = "ES10b.GetEID", .kind = STEP_CARD, .ask = ask_eid, .take = take_eid},
};
/* clang-format on */

/* ---- The eIM ---- */

static int ask_configuration(struct tern_ipa *ipa)
{
    static const uint8_t ALL[] = {0xBF, 0x55, 0x00};
    if (ipa->eim_index >= EIM_COUNT_MAX) {
        return ipa_go(ipa, IPA_SLEEP);
    }
    ipa->hold_size = 0;
    ipa->eim_count = 0;
    ipa->eim_id_size = 0;
    ipa->eim_fqdn_size = 0;
    ipa->eim_indirect = false;
    ipa->eim_protocols = TERN_IPA_PROPRIETARY; /* when absent; sgp32.md 2.1 */
    ipa->trust_first = true;
    ipa->trust_last = false;
    ipa->out_size = 0;
    return ipa_command(ipa, TERN_BYTES_OF(ALL));
}

static void append(uint8_t *value, size_t capacity, size_t *size, struct tern_bytes chunk)
{
    struct tern_writer out = tern_writer(value, capacity);
    out.size = *size;
    tern_write(&out, chunk);
    *size = tern_writer_bytes(&out).size;
}

/* A piece of a member of the entry in hand. */
static void configuration_member(struct tern_ipa *ipa, struct tern_bytes chunk)
{
    size_t size;
    switch (walk_tag(&ipa->walk, 4)) {
    case 0x80:
        size = ipa->eim_id_size;
        append(ipa->eim_id, sizeof(ipa->eim_id), &size, chunk);
        ipa->eim_id_size = (uint8_t)size;
        break;
    case 0x81:
        size = ipa->eim_fqdn_size;
        append(ipa->eim_fqdn, sizeof(ipa->eim_fqdn), &size, chunk);
        ipa->eim_fqdn_size = (uint16_t)size;
        break;
    case 0x87: /* unused bits, then bit 0 as the highest; it may come in two pieces */
        ipa->seq = ipa->seq << 8 | chunk.data[0];
        ipa->seq = chunk.size > 1 ? ipa->seq << 8 | chunk.data[1] : ipa->seq;
        ipa->eim_protocols = 0;
        for (unsigned bit = 0; bit < 8; bit++) {
            if ((ipa->seq & 0x80U >> bit) != 0) {
                ipa->eim_protocols |= (uint8_t)(1U << bit);
            }
        }
        break;
    case 0xA6:
        memcpy(ipa->buffer, chunk.data, chunk.size);
        ipa->out_size = (uint16_t)chunk.size;
        ipa->trust_last = ipa->walk.left[3] == 0;
        break;
    default:
        break;
    }
}

/* BF55{A0{30{80 eimId, 81 eimFqdn, 87 protocols, A6 trust, 89 indirect, ..}..}} */
static int configuration_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    (void)last;
    ipa->out_size = 0;
    while ((kind = walk_next(&ipa->walk, &chunk, &data)) > 0) {
        if (kind == WALK_OPEN && ipa->walk.depth == 3) {
            ipa->eim_count++;
        }
        if (ipa->walk.depth != 4 || ipa->eim_count != ipa->eim_index + 1) {
            continue;
        }
        tern_tag tag = walk_tag(&ipa->walk, 4);
        if (kind == WALK_OPEN) {
            ipa->seq = 0;
            ipa->walk.whole = true;
            ipa->eim_indirect |= tag == 0x89;
        } else if (kind == WALK_DATA) {
            configuration_member(ipa, chunk);
        }
    }
    if (kind < 0) {
        return kind;
    }
    return ipa->out_size > 0 ? SINK_PUSH : SINK_MORE;
}

static int take_configuration(struct tern_ipa *ipa)
{
    uint32_t ways = TERN_IPA_RETRIEVE_HTTPS | TERN_IPA_RETRIEVE_COAPS | TERN_IPA_PROPRIETARY;
    if (ipa->outcome != OUTCOME_OK) {
        return ipa_card_lost(ipa);
    }
    if (ipa->eim_index >= ipa->eim_count) {
        return ipa_go(ipa, IPA_SLEEP);
    }
    if ((ipa->eim_protocols & ipa->config->protocols & ways) == 0) {
        return ipa_next_eim(ipa);
    }
    return NEXT;
}

static int ask_trust(struct tern_ipa *ipa)
{
    return ipa->trust_last ? SKIP : NEXT;
}

static int begin_eim(struct tern_ipa *ipa)
{
    ipa->results_done = false;
    ipa->nothing_waits = false;
    ipa->notified_seq = 0;
    ipa->polls = 0;
    return ipa_go(ipa, IPA_RESULTS);
}

/* clang-format off */
const struct tern_ipa_step IPA_EIM[] = {
    {.name = "ES10b.GetEimConfigurationData",
     .kind = STEP_CARD,
     .ask = ask_configuration,
     .piece = configuration_piece,
     .take = take_configuration},
    {.name = "trust", .kind = STEP_TRUST, .ask = ask_trust},
    {.kind = STEP_LOCAL, .ask = begin_eim},
};
/* clang-format on */

int ipa_next_eim(struct tern_ipa *ipa)
{
    ipa->eim_index++;
    return ipa_go(ipa, ipa->eim_index < ipa->eim_count ? IPA_EIM : IPA_SLEEP);
}

void ipa_reached(struct tern_ipa *ipa)
{
    ipa->attempts = 0;
    ipa->answered_eim = true;
    if ((ipa->memory.flags & SAVED_ROLLBACK) != 0) {
        ipa->memory.flags &= (uint8_t)~SAVED_ROLLBACK;
        ipa->dirty = true;
    }
}

/* 32 bits: Cortex-M0+ multiplies no more without a library. */
static uint32_t retry_wait(const struct tern_ipa *ipa, unsigned doubles)
{
    uint32_t wait = ipa->config->retry_ms != 0 ? ipa->config->retry_ms : RETRY_MS;
    uint64_t poll = ipa->config->poll_ms != 0 ? ipa->config->poll_ms : DAY_MS;
    uint32_t most = poll < WAIT_MAX_MS ? (uint32_t)poll : WAIT_MAX_MS;
    for (unsigned i = 0; i < doubles && i < BACK_OFF_DOUBLES && wait < most; i++) {
        wait <<= 1;
    }
    wait = wait < most ? wait : most;
    /* Devices that lost the same network at once should not come back at once. */
    wait += (wait >> 10) * ipa->eid[TERN_EID_SIZE - 2];
    return wait < most ? wait : most;
}

int ipa_lost(struct tern_ipa *ipa)
{
    unsigned tries = ipa->config->rollback_attempts;
    ipa->tally.link_losses++;
    ipa->failed = true;
    if ((ipa->memory.flags & SAVED_ROLLBACK) == 0) {
        return ipa_next_eim(ipa);
    }
    if (++ipa->attempts >= (tries != 0 ? tries : ROLLBACK_TRIES)) {
        return ipa_go(ipa, IPA_ROLLBACK);
    }
    ipa->idle = false;
    ipa->wake_ms = ipa->now_ms + retry_wait(ipa, ipa->attempts - 1U);
    ipa->wake_row = IPA_EIM;
    return ipa_go(ipa, IPA_RETRY);
}

/* ---- Sleep ---- */

static int fall_back(struct tern_ipa *ipa)
{
    static const uint8_t EXECUTE_FALLBACK[] = {0xBF, 0x5D, 0x03, 0x80, 0x01, 0xFF};
    ipa->hold_size = 0;
    (void)ipa_hold_add(ipa, TERN_BYTES_OF(EXECUTE_FALLBACK));
    return ipa_go(ipa, IPA_LOCAL);
}

static int settle(struct tern_ipa *ipa)
{
    uint64_t poll = ipa->config->poll_ms != 0 ? ipa->config->poll_ms : DAY_MS;
    bool failed = ipa->failed && !ipa->answered_eim;
    ipa->memory.failures = failed ? (uint8_t)(ipa->memory.failures + 1) : 0;
    ipa->wake_ms = ipa->now_ms + (ipa->failed ? retry_wait(ipa, ipa->memory.failures) : poll);
    ipa->idle = true;
    ipa->wake_row = IPA_EIM;
    ipa->eim_index = 0;
    ipa->failed = false;
    ipa->answered_eim = false;
    ipa->attempts = 0;
    ipa->keep_size = 0;
    ipa->hold_size = 0;
    if (ipa->config->fallback_failures != 0 && ipa->booted &&
        ipa->memory.failures == ipa->config->fallback_failures) {
        return fall_back(ipa);
    }
    return SKIP;
}

static int ask_save(struct tern_ipa *ipa)
{
    return ipa->dirty ? NEXT : SKIP;
}

/* clang-format off */
const struct tern_ipa_step IPA_SLEEP[] = {
    {.kind = STEP_LOCAL, .ask = settle},
    {.name = "save", .kind = STEP_SAVE, .ask = ask_save},
    {.name = "sleep", .kind = STEP_SLEEP},
};
/* clang-format on */

/* clang-format off */
const struct tern_ipa_step IPA_RETRY[] = {
    {.name = "retry", .kind = STEP_SLEEP},
};
/* clang-format on */

/* ---- What the device itself wants of the card ---- */

static int ask_local(struct tern_ipa *ipa)
{
    ipa->spans[0] = (struct tern_ipa_span){0, ipa->hold_size};
    ipa->span_count = 1;
    ipa->local_tag = ipa->hold_size > 2 ? ipa_hold(ipa)[1] : 0;
    return NEXT;
}

/* StateChangeCause of the functions that change state without an eIM. sgp32.md 8.5 */
static int take_local(struct tern_ipa *ipa)
{
    static const uint8_t CAUSES[][2] = {
        {0x5D, TERN_IPA_CAUSE_FALLBACK        },
        {0x5E, TERN_IPA_CAUSE_FALLBACK        },
        {0x5B, TERN_IPA_CAUSE_EMERGENCY       },
        {0x5C, TERN_IPA_CAUSE_EMERGENCY       },
        {0x64, TERN_IPA_CAUSE_RESET           },
        {0x5A, TERN_IPA_CAUSE_IMMEDIATE_ENABLE},
    };
    size_t size = ipa->spans[0].size;
    const uint8_t *answer = ipa_hold(ipa) + size;
    bool ok = ipa->outcome == OUTCOME_OK && ipa->hold_size >= size + 6 && answer[5] == 0;
    for (size_t i = 0; ok && i < TERN_COUNT_OF(CAUSES); i++) {
        if (CAUSES[i][0] == ipa->local_tag) {
            ipa->memory.cause = CAUSES[i][1];
            ipa->memory.cause_eims = 0xFF;
            return NEXT;
        }
    }
    return ipa_go(ipa, IPA_SLEEP);
}

static int local_done(struct tern_ipa *ipa)
{
    ipa->eim_index = 0;
    return ipa_go(ipa, IPA_SWITCHED);
}

/* clang-format off */
const struct tern_ipa_step IPA_LOCAL[] = {
    {.name = "ES10b", .kind = STEP_CARD, .ask = ask_local, .take = take_local},
    {.name = "save", .kind = STEP_SAVE},
    {.kind = STEP_LOCAL, .ask = local_done},
};
/* clang-format on */
