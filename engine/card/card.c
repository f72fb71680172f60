/* SPDX-License-Identifier: Apache-2.0 */
/* Power on, reset, memory lent and taken back, the ATR, looking in. */
#include "tern/card.h"

#include <string.h>

#include "engine/card/apdu.h"
#include "engine/card/proactive.h"
#include "engine/card/state.h"

#define INPUT_SIZE_MIN   12288
#define SCRATCH_SIZE_MIN 10240
/* What is left after session, input and scratch of TERN_CARD_WORK_SIZE_MIN. */
_Static_assert(sizeof(struct tern_card_session) <= 12288, "the session has outgrown its room");

static size_t surplus(const struct tern_card *card)
{
    return card->work_size - TERN_CARD_WORK_SIZE_MIN;
}

/** The input takes a quarter of what is more than the least. */
static size_t input_size(const struct tern_card *card)
{
    return INPUT_SIZE_MIN + surplus(card) / 4;
}

struct tern_writer session_input(const struct tern_card *card)
{
    return tern_writer(card->work + sizeof(struct tern_card_session), input_size(card));
}

struct tern_arena session_scratch(const struct tern_card *card)
{
    return tern_arena(card->work + card->work_size - SCRATCH_SIZE_MIN, SCRATCH_SIZE_MIN);
}

struct tern_writer session_output(const struct tern_card *card)
{
    size_t start = sizeof(struct tern_card_session) + input_size(card);
    return tern_writer(card->work + start, card->work_size - SCRATCH_SIZE_MIN - start);
}

void tern_card_lend(struct tern_card *card, uint8_t *work, size_t work_size)
{
    TERN_ASSERT(!tern_card_busy(card));
    TERN_ASSERT(work == NULL || work_size >= TERN_CARD_WORK_SIZE_MIN);
    card->work = work;
    card->work_size = work_size & ~(size_t)15;
    card->session = (struct tern_card_session *)(void *)work;
    if (work != NULL) memset(card->session, 0, offsetof(struct tern_card_session, opener_buffer));
}

void session_drop(struct tern_card *card)
{
    struct tern_card_session *session = card->session;
    if (session->slot_taken && !card->mute) {
        /* What was loaded so far goes; that it was is reported by the next command. */
        (void)state_remove_profile(card, session->slot);
        (void)state_commit(card);
    }
    tern_bpp_opener_wipe(&session->opener);
    size_t start = offsetof(struct tern_card_session, authenticated);
    tern_wipe((uint8_t *)session + start,
              offsetof(struct tern_card_session, opener_buffer) - start);
}

int session_rollback(struct tern_card *card)
{
    bool changed = store_changed(&card->store) || card->chunk.dirty;
    int status = card->mute ? TERN_ERR_IO : state_rollback(card);
    if (changed && card->session->slot_taken) session_drop(card);
    return status;
}

bool tern_card_busy(const struct tern_card *card)
{
    if (card->session == NULL) return false;
    if (card->chaining || card->output_size != 0) return true;
    return card->session->challenge_given || card->session->authenticated ||
           card->session->load != LOAD_NONE;
}

int tern_card_reset(struct tern_card *card)
{
    card->chaining = false;
    card->chain_is_package = false;
    card->output_size = 0;
    card->output_done = 0;
    card->refresh = REFRESH_NONE;
    card->terminal_profile = false;
    card->switch_pending = false;
    card->euicc_capability = false;
    card->installed_slot = PROFILE_NONE;
    card->installed_from_default = false;
    card->mute = false;
    if (card->session != NULL) {
        tern_bpp_opener_wipe(&card->session->opener);
        tern_wipe(card->session, sizeof *card->session);
    }
    memset(card->channels, 0, sizeof card->channels);
    card->channels[0].open = true;
    int status = store_mount(&card->store);
    if (status == TERN_OK) status = state_load(card);
    if (status == TERN_OK && card->numbers.ipae_active) {
        /* The IPAe rests after a reset until it is activated again. sgp32.md 8.3 */
        card->numbers.ipae_active = false;
        status = state_save_numbers(card);
        if (status == TERN_OK) status = state_commit(card);
    }
    state_mount_enabled(card);
    if (status != TERN_OK) card->mute = true;
    return card->mute ? TERN_ERR_IO : TERN_OK;
}

int tern_card_init(struct tern_card *card, const struct tern_card_config *config)
{
    bool fits = config->blocks->bank_size >= config->memory + TERN_CARD_BANK_SLACK;
    if (!fits || config->ci_count > TERN_CARD_CI_COUNT_MAX) return TERN_ERR_RANGE;
    memset(card, 0, sizeof *card);
    card->config = *config;
    if (card->config.counter_max == 0) card->config.counter_max = TERN_COUNTER_MAX;
    card->store = (struct tern_card_store){
        .blocks = config->blocks,
        .entries = config->entries,
        .entry_capacity = config->entry_capacity,
        .capacity = config->memory,
        .reserve = TERN_CARD_RESERVE,
    };
    return tern_card_reset(card);
}

/* TA1 96; T=0 and then T=15 with TA3 C7 and TB3 82: eUICC functions. sgp22.md 17.9 */
void tern_card_atr(const struct tern_card *card, struct tern_writer *atr)
{
    static const uint8_t T0[] = {0x3B, 0x9F, 0x96, 0x80, 0x3F, 0xC7, 0x82, 0x80,
                                 0x31, 0xA0, 0x73, 0xBE, 0x21, 0x13, 0x67, 0x43,
                                 0x20, 0x07, 0x18, 0x00, 0x00, 0x01, 0x07};
    static const uint8_t T1[] = {0x3B, 0x9F, 0x96, 0x81, 0x3F, 0xC7, 0x82, 0x80,
                                 0x31, 0xA0, 0x73, 0xBE, 0x21, 0x13, 0x67, 0x43,
                                 0x20, 0x07, 0x18, 0x00, 0x00, 0x01, 0x06};
    tern_write(atr, card->config.protocol == TERN_CARD_T1 ? TERN_BYTES_OF(T1) : TERN_BYTES_OF(T0));
}

size_t tern_card_memory_free(const struct tern_card *card)
{
    return store_free(&card->store);
}

int tern_card_record_next(struct tern_card *card, uint32_t *key, struct tern_writer *data)
{
    if (store_next(&card->store, *key, key) == 0) return 0;
    int status = store_load(&card->store, *key, data);
    return status == TERN_OK ? 1 : status;
}
