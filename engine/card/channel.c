/* SPDX-License-Identifier: Apache-2.0 */
/* Logical channels, SELECT, GET RESPONSE: the commands around all applications. */
#include <string.h>

#include "engine/card/apdu.h"
#include "engine/card/state.h"

/** MANAGE CHANNEL, TS 102 221, 11.1.17; sgp22.md 17.2. */
static uint16_t open_channel(struct tern_card *card, unsigned origin, const struct tern_apdu *apdu)
{
    unsigned number = apdu->p2;
    if (number >= TERN_UICC_CHANNEL_COUNT) return SW_WRONG_P1_P2;
    if (number == 0) {
        if (apdu->le == 0 && card->config.protocol == TERN_CARD_T0) return SW_EXACT_LENGTH | 1;
        if (apdu->le > 1 && card->config.protocol == TERN_CARD_T0) return SW_EXACT_LENGTH | 1;
        number = 1;
        while (number < TERN_UICC_CHANNEL_COUNT && card->channels[number].open)
            number++;
        if (number == TERN_UICC_CHANNEL_COUNT) return SW_FUNCTION_NOT_SUPPORTED;
        struct tern_writer out = apdu_output(card);
        tern_write_byte(&out, (uint8_t)number);
        apdu_keep_output(card, &out);
    } else if (card->channels[number].open) {
        return SW_WRONG_P1_P2;
    }
    card->channels[number] = (struct tern_card_channel){.open = true};
    if (origin != 0) card->channels[number].application = card->channels[origin].application;
    tern_uicc_channel_open(&card->uicc, number, origin);
    return SW_OK;
}

static uint16_t close_channel(struct tern_card *card, unsigned number)
{
    if (number == 0 || number >= TERN_UICC_CHANNEL_COUNT) return SW_WRONG_P1_P2;
    if (!card->channels[number].open) return SW_CHANNEL_NOT_SUPPORTED;
    card->channels[number] = (struct tern_card_channel){.open = false};
    tern_uicc_channel_close(&card->uicc, number);
    if (card->chaining && card->chain_channel == number) card->chaining = false;
    return SW_OK;
}

uint16_t apdu_manage_channel(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu)
{
    if (apdu->data.size != 0) return SW_WRONG_LENGTH;
    if (apdu->p1 == 0x00) return open_channel(card, channel, apdu);
    if (apdu->p1 == 0x80) return close_channel(card, apdu->p2);
    return SW_WRONG_P1_P2;
}

/** FCI of the ISD-R: sgp22.md 17.1, sgp32.md 8.3. */
static void write_isdr_fci(const struct tern_card *card, struct tern_writer *out)
{
    static const uint8_t LONGEST_BLOCK[] = {0x00, 0xFF};
    static const uint8_t SVN[] = {0x02, 0x05, 0x00};
    uint8_t body[64];
    struct tern_writer inner = TERN_WRITER_OF(body);
    tern_der_write(&inner, 0x84, TERN_BYTES_OF(ISDR_AID));
    tern_der_write_header(&inner, 0xA5, 5);
    tern_der_write(&inner, 0x9F65, TERN_BYTES_OF(LONGEST_BLOCK));
    tern_der_write_header(&inner, 0xE0, 5);
    tern_der_write(&inner, 0x82, TERN_BYTES_OF(SVN));
    if (!card->config.without_iot) {
        /* ISDRProprietaryApplicationTemplateIoT: bit 0 ipaeSupported, bit 1 enabledProfile. */
        bool enabled = state_enabled(card) != NULL;
        uint8_t bits = (uint8_t)((card->config.ipae_supported ? 0x80 : 0) | (enabled ? 0x40 : 0));
        uint8_t unused = bits == 0 ? 0 : enabled ? 6 : 7;
        uint8_t content[2] = {unused, bits};
        size_t size = bits == 0 ? 1 : 2;
        tern_der_write_header(&inner, 0xE1, 2 + size);
        tern_der_write(&inner, 0x80, tern_bytes(content, size));
    }
    tern_der_write(out, 0x6F, tern_writer_bytes(&inner));
}

static void write_ecasd_fci(struct tern_writer *out)
{
    tern_der_write_header(out, 0x6F, 2 + sizeof ECASD_AID);
    tern_der_write(out, 0x84, TERN_BYTES_OF(ECASD_AID));
}

/** True when `aid` is `name`, or its beginning and long enough to mean nothing else. */
static bool aid_matches(struct tern_bytes aid, const uint8_t name[16], size_t size_min)
{
    return aid.size >= size_min && tern_bytes_starts_with(tern_bytes(name, 16), aid);
}

static uint16_t select_isdr(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu,
                            enum application application)
{
    if ((apdu->p2 & 0x03) != 0) return SW_NOT_FOUND; /* next, previous: there is but one */
    if ((apdu->p2 & 0xF0) != 0) return SW_WRONG_P1_P2;
    card->channels[channel].application = (uint8_t)application;
    if ((apdu->p2 & 0x0C) == 0x0C) return SW_OK;
    struct tern_writer out = apdu_output(card);
    if (application == APPLICATION_ISDR) {
        write_isdr_fci(card, &out);
    } else {
        write_ecasd_fci(&out);
    }
    apdu_keep_output(card, &out);
    return SW_OK;
}

/** SELECT, TS 102 221, 11.1.1. The ISD-R and the ECASD are there on all channels, always. */
uint16_t apdu_select(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu)
{
    if (apdu->p1 == 0x04 && apdu->data.size != 0) {
        if (aid_matches(apdu->data, ISDR_AID, 15)) {
            return select_isdr(card, channel, apdu, APPLICATION_ISDR);
        }
        if (aid_matches(apdu->data, ECASD_AID, 15)) {
            return select_isdr(card, channel, apdu, APPLICATION_ECASD);
        }
    }
    uint16_t status = apdu_uicc(card, channel, apdu);
    bool selected = status == SW_OK || status >> 8 == 0x62;
    if (selected) card->channels[channel].application = APPLICATION_UICC;
    return status;
}

/** STATUS while the ISD-R or the ECASD is selected, TS 102 221, 11.1.2: the terminal polls with it.
 */
uint16_t apdu_status(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu)
{
    bool isdr = card->channels[channel].application == APPLICATION_ISDR;
    struct tern_writer out = apdu_output(card);
    if (apdu->p1 > 0x02) return SW_WRONG_P1_P2;
    switch (apdu->p2) {
    case 0x00:
        if (isdr) {
            write_isdr_fci(card, &out);
        } else {
            write_ecasd_fci(&out);
        }
        break;
    case 0x01:
        tern_der_write(&out, 0x84, isdr ? TERN_BYTES_OF(ISDR_AID) : TERN_BYTES_OF(ECASD_AID));
        break;
    case 0x0C:
        break;
    default:
        return SW_WRONG_P1_P2;
    }
    apdu_keep_output(card, &out);
    return SW_OK;
}

/** GET RESPONSE, in either class: clients use both. sgp22.md 17.5. */
uint16_t apdu_get_response(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu)
{
    if (apdu->p1 != 0 || apdu->p2 != 0) return SW_WRONG_P1_P2;
    if (apdu->data.size != 0) return SW_WRONG_LENGTH;
    if (card->output_size == 0 || card->response_channel != channel) {
        return SW_CONDITIONS_NOT_SATISFIED;
    }
    return card->response_status;
}

/** GET DATA of the ECASD, for those who look for an M2M card first: the EID. */
uint16_t apdu_get_data(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu)
{
    (void)channel;
    if (apdu->p1 != 0x00 || apdu->p2 != 0x5A) return SW_REFERENCED_DATA_NOT_FOUND;
    struct tern_writer out = apdu_output(card);
    tern_der_write(&out, 0x5A, TERN_BYTES_OF(card->config.eid));
    apdu_keep_output(card, &out);
    return SW_OK;
}

uint16_t apdu_uicc(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu)
{
    struct tern_writer out = apdu_output(card);
    if (out.capacity > TERN_UICC_RESPONSE_SIZE) out.capacity = TERN_UICC_RESPONSE_SIZE;
    uint16_t status = tern_uicc_command(&card->uicc, &out, channel, apdu);
    apdu_keep_output(card, &out);
    if (!card->uicc.changed) return status;
    /* What a failing write left half done is given up, never kept. */
    int stored = status == SW_MEMORY_PROBLEM ? state_rollback(card) : state_commit(card);
    return stored == TERN_OK ? status : SW_MEMORY_PROBLEM;
}
