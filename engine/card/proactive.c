/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REFRESH. A terminal that sent TERMINAL PROFILE is told by 91xx, fetches the command, forgets what
 * it knew of the SIM and answers; only then the new profile is mounted. One that never sent a
 * TERMINAL PROFILE cannot be asked, so the switch is immediate. If nobody comes in time, the card
 * goes on by itself: the new state has been durable since the command that asked for it.
 */
#include "engine/card/proactive.h"

#include "engine/card/apdu.h"
#include "engine/card/state.h"

#define QUALIFIER_UICC_RESET           0x04
#define QUALIFIER_PROFILE_STATE_CHANGE 0x09
#define REFRESH_SIZE                   11

/** BER-TLV proactive command: details, devices. */
static void write_refresh(const struct tern_card *card, struct tern_writer *out)
{
    uint8_t command[REFRESH_SIZE] = {0xD0, 0x09, 0x81, 0x03, 0x01, 0x01,
                                     0x00, 0x82, 0x02, 0x81, 0x82};
    command[6] =
        card->config.refresh_uicc_reset ? QUALIFIER_UICC_RESET : QUALIFIER_PROFILE_STATE_CHANGE;
    tern_write(out, TERN_BYTES_OF(command));
}

void proactive_switch_now(struct tern_card *card)
{
    card->refresh = REFRESH_NONE;
    card->switch_pending = false;
    state_mount_enabled(card);
    for (unsigned i = 1; i < TERN_UICC_CHANNEL_COUNT; i++) {
        struct tern_card_channel *channel = &card->channels[i];
        if (!channel->open) continue;
        if (channel->application == APPLICATION_UICC) {
            channel->open = false;
        } else {
            tern_uicc_channel_open(&card->uicc, i, 0);
        }
    }
}

void proactive_switch(struct tern_card *card, bool refresh)
{
    card->switch_pending = true;
    if (!refresh || !card->terminal_profile) {
        proactive_switch_now(card);
        return;
    }
    card->refresh = REFRESH_WAITING;
    card->refresh_deadline_ms = card->now_ms + REFRESH_TIMEOUT_MS;
}

bool proactive_busy(const struct tern_card *card)
{
    return card->refresh != REFRESH_NONE;
}

uint16_t proactive_announce(const struct tern_card *card)
{
    bool loading = card->session != NULL && card->session->load != LOAD_NONE;
    bool transfer = card->chaining || card->output_size != 0 || loading;
    if (card->refresh != REFRESH_WAITING || transfer) return SW_OK;
    return SW_PROACTIVE | REFRESH_SIZE;
}

void tern_card_time(struct tern_card *card, uint64_t now_ms)
{
    card->now_ms = now_ms;
    if (card->refresh != REFRESH_NONE && now_ms >= card->refresh_deadline_ms && !card->mute) {
        proactive_switch_now(card);
    }
}

/** TERMINAL CAPABILITY, TS 102 221, 11.1.19: A9 with 83 for what an eUICC wants to know. */
uint16_t apdu_terminal_capability(struct tern_card *card, unsigned channel,
                                  const struct tern_apdu *apdu)
{
    (void)channel;
    if (apdu->p1 != 0 || apdu->p2 != 0) return SW_WRONG_P1_P2;
    if (apdu->data.size == 0) return SW_WRONG_LENGTH;
    struct tern_tlv template;
    if (tern_der_single(apdu->data, &template, TERN_DER_STRICT) != TERN_OK ||
        template.tag != 0xA9) {
        return SW_WRONG_DATA;
    }
    struct tern_tlv capability;
    card->euicc_capability = tern_der_find(template.value, 0x83, &capability) == TERN_OK &&
                             capability.value.size >= 1 && (capability.value.data[0] & 0x07) != 0;
    return SW_OK;
}

uint16_t apdu_terminal_profile(struct tern_card *card, unsigned channel,
                               const struct tern_apdu *apdu)
{
    if (channel != 0 || apdu->p1 != 0 || apdu->p2 != 0) return SW_WRONG_P1_P2;
    if (apdu->data.size == 0) return SW_WRONG_LENGTH;
    card->terminal_profile = true;
    return SW_OK;
}

uint16_t apdu_fetch(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu)
{
    (void)channel;
    if (apdu->p1 != 0 || apdu->p2 != 0) return SW_WRONG_P1_P2;
    if (card->refresh != REFRESH_WAITING) return SW_CONDITIONS_NOT_SATISFIED;
    if (apdu->le < REFRESH_SIZE) return SW_EXACT_LENGTH | REFRESH_SIZE;
    struct tern_writer out = apdu_output(card);
    write_refresh(card, &out);
    apdu_keep_output(card, &out);
    if (apdu->exact && apdu->le != REFRESH_SIZE)
        return SW_OK; /* 6C0B will be said; still waiting */
    card->refresh = REFRESH_FETCHED;
    card->refresh_deadline_ms = card->now_ms + REFRESH_TIMEOUT_MS;
    return SW_OK;
}

/** The general result of a TERMINAL RESPONSE, TS 102 223, 8.12; -1 when there is none. */
static int general_result(struct tern_bytes data)
{
    struct tern_tlv item;
    while (tern_der_next(&data, &item, TERN_DER_STRICT) == 1) {
        if ((item.tag & 0x7F) == 0x03 && item.value.size >= 1) return item.value.data[0];
    }
    return -1;
}

uint16_t apdu_terminal_response(struct tern_card *card, unsigned channel,
                                const struct tern_apdu *apdu)
{
    (void)channel;
    if (apdu->p1 != 0 || apdu->p2 != 0) return SW_WRONG_P1_P2;
    if (card->refresh != REFRESH_FETCHED) return SW_CONDITIONS_NOT_SATISFIED;
    int result = general_result(apdu->data);
    if (result < 0) return SW_WRONG_DATA;
    if (result == 0x20 || result == 0x21) {
        /* The terminal or the network is busy: ask again, until the first deadline. */
        card->refresh = REFRESH_WAITING;
        return SW_OK;
    }
    proactive_switch_now(card);
    return SW_OK;
}
