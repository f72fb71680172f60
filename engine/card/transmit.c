/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command in, one response out: who handles it, and how its data get back.
 *
 * T=0 manners (sgp22.md 17.8): a command without Le whose answer has data gets 61xx, and GET
 * RESPONSE brings them; with Le they come at once, the rest by 61xx. T=1 always answers at once.
 * A proactive command is announced by 91xx in place of 9000, but never inside a transfer (17.6).
 */
#include <string.h>

#include "engine/card/apdu.h"
#include "engine/card/proactive.h"

#define ANY_CLASS       0
#define INTERINDUSTRY   1 /* 0X, 4X */
#define PROPRIETARY     2 /* 8X, CX */
#define ANY_APPLICATION 0xFF

/* Commands of the card itself. All others go to the enabled profile. */
static const struct command {
    uint8_t class;
    uint8_t ins;
    uint8_t application;
    apdu_handler *handle;
} COMMANDS[] = {
    {INTERINDUSTRY, 0x70, ANY_APPLICATION,   apdu_manage_channel     },
    {INTERINDUSTRY, 0xA4, ANY_APPLICATION,   apdu_select             },
    {ANY_CLASS,     0xC0, ANY_APPLICATION,   apdu_get_response       },
    {PROPRIETARY,   0xAA, ANY_APPLICATION,   apdu_terminal_capability},
    {PROPRIETARY,   0x10, ANY_APPLICATION,   apdu_terminal_profile   },
    {PROPRIETARY,   0x12, ANY_APPLICATION,   apdu_fetch              },
    {PROPRIETARY,   0x14, ANY_APPLICATION,   apdu_terminal_response  },
    {PROPRIETARY,   0xE2, APPLICATION_ISDR,  apdu_store_data         },
    {ANY_CLASS,     0xCA, APPLICATION_ECASD, apdu_get_data           },
    {PROPRIETARY,   0xF2, APPLICATION_ISDR,  apdu_status             },
    {PROPRIETARY,   0xF2, APPLICATION_ECASD, apdu_status             },
};

static const struct command *find_command(const struct tern_apdu *apdu, uint8_t application)
{
    uint8_t class = (apdu->cla & 0x80) != 0 ? PROPRIETARY : INTERINDUSTRY;
    for (size_t i = 0; i < TERN_COUNT_OF(COMMANDS); i++) {
        const struct command *row = &COMMANDS[i];
        if (row->ins != apdu->ins) continue;
        if (row->class != ANY_CLASS && row->class != class) continue;
        if (row->application == ANY_APPLICATION || row->application == application) return row;
    }
    return NULL;
}

/** The class of a known instruction is wrong: 6E00, as against 6D00 for an unknown one. */
static bool known_in_other_class(const struct tern_apdu *apdu, uint8_t application)
{
    struct tern_apdu other = *apdu;
    other.cla ^= 0x80;
    return find_command(&other, application) != NULL;
}

static uint16_t handle(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu)
{
    uint8_t application = card->channels[channel].application;
    const struct command *row = find_command(apdu, application);
    if (row != NULL) return row->handle(card, channel, apdu);
    if (application == APPLICATION_UICC) return apdu_uicc(card, channel, apdu);
    return known_in_other_class(apdu, application) ? SW_WRONG_CLASS : SW_WRONG_INS;
}

struct tern_writer apdu_output(const struct tern_card *card)
{
    return session_output(card);
}

void apdu_keep_output(struct tern_card *card, const struct tern_writer *out)
{
    card->output_size = (uint32_t)tern_writer_bytes(out).size;
}

/** Session keys of AUTHENTICATE lie there: nothing stays for the next card that borrows it. */
static void drop_output(struct tern_card *card)
{
    if (card->output_size != 0) tern_wipe(session_output(card).data, card->output_size);
    card->output_size = 0;
    card->output_done = 0;
}

/** 61xx for what is left; 00 means 256 or more. */
static uint16_t response_waiting(const struct tern_card *card)
{
    uint32_t left = card->output_size - card->output_done;
    return (uint16_t)(SW_RESPONSE | (left >= 256 ? 0 : left));
}

/** Move up to `size` bytes of the kept response out; say what comes after. */
static uint16_t send_output(struct tern_card *card, struct tern_writer *response, uint32_t size,
                            uint16_t status)
{
    uint32_t left = card->output_size - card->output_done;
    if (size > left) size = left;
    const uint8_t *data = session_output(card).data;
    tern_write(response, tern_bytes(data + card->output_done, size));
    card->output_done += size;
    if (card->output_done < card->output_size) return response_waiting(card);
    drop_output(card);
    return status;
}

/** What to say at the end of a command that wrote `output_size` bytes. */
static uint16_t deliver(struct tern_card *card, struct tern_writer *response, unsigned channel,
                        const struct tern_apdu *apdu, uint16_t status)
{
    bool said_ok = status == SW_OK || status >> 8 == 0x62 || status >> 8 == 0x63;
    if (card->output_size == 0 || !said_ok) {
        drop_output(card);
        return status;
    }
    card->response_channel = (uint8_t)channel;
    card->response_status = status;
    bool get_response = apdu->ins == 0xC0;
    uint32_t left = card->output_size - card->output_done;
    if (apdu->le == 0 && card->config.protocol == TERN_CARD_T0) return response_waiting(card);
    uint32_t expected = apdu->le == 0 ? 256 : apdu->le;
    /* Without command data this is case 2: T=0 tells the exact length instead of sending less. */
    bool case_two = apdu->data.size == 0 && card->config.protocol == TERN_CARD_T0;
    if ((case_two || get_response) && expected > left && left < 256 &&
        card->config.protocol == TERN_CARD_T0) {
        if (!get_response) drop_output(card);
        return (uint16_t)(SW_EXACT_LENGTH | left);
    }
    return send_output(card, response, expected, status);
}

void tern_card_transmit(struct tern_card *card, struct tern_writer *response,
                        struct tern_bytes command)
{
    TERN_ASSERT(card->work != NULL);
    struct tern_apdu apdu;
    unsigned channel = 0;
    uint16_t status = apdu_parse(&apdu, &channel, command);
    apdu.exact = card->config.protocol == TERN_CARD_T0 && apdu.data.size == 0;
    if (card->mute) {
        status = SW_TECHNICAL_PROBLEM;
    } else if (status == SW_OK) {
        bool get_response = apdu.ins == 0xC0;
        if (!get_response) drop_output(card);
        if (!card->channels[channel].open) {
            status = SW_CHANNEL_NOT_SUPPORTED;
        } else {
            status = handle(card, channel, &apdu);
            status = deliver(card, response, channel, &apdu, status);
        }
    }
    if (status == SW_OK) status = proactive_announce(card);
    tern_write_uint(response, status, 2);
}
