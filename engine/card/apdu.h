/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The transport of the card: what comes in as an APDU, what goes out, and who gets it.
 * ISO/IEC 7816-4, ETSI TS 102 221 chapters 7, 10 and 11; sgp22.md 17.
 */
#ifndef ENGINE_CARD_APDU_H
#define ENGINE_CARD_APDU_H

#include "engine/card/session.h"

/** Status words. TS 102 221, 10.2. */
enum status_word {
    SW_OK = 0x9000,
    SW_RESPONSE = 0x6100,
    SW_MEMORY_PROBLEM = 0x6581,
    SW_WRONG_LENGTH = 0x6700,
    SW_CHANNEL_NOT_SUPPORTED = 0x6881,
    SW_SECURE_MESSAGING_NOT_SUPPORTED = 0x6882,
    SW_CONDITIONS_NOT_SATISFIED = 0x6985,
    SW_WRONG_DATA = 0x6A80,
    SW_FUNCTION_NOT_SUPPORTED = 0x6A81,
    SW_NOT_FOUND = 0x6A82,
    SW_NO_MEMORY = 0x6A84,
    SW_WRONG_P1_P2 = 0x6A86,
    SW_REFERENCED_DATA_NOT_FOUND = 0x6A88,
    SW_EXACT_LENGTH = 0x6C00,
    SW_WRONG_INS = 0x6D00,
    SW_WRONG_CLASS = 0x6E00,
    SW_TECHNICAL_PROBLEM = 0x6F00,
    SW_PROACTIVE = 0x9100,
};

/** Who is selected on a channel. */
enum application {
    APPLICATION_UICC = 0, /**< The enabled profile, or the bare card. */
    APPLICATION_ISDR = 1,
    APPLICATION_ECASD = 2,
};

extern const uint8_t ISDR_AID[16];
extern const uint8_t ECASD_AID[16];

/**
 * Take a command apart. @return SW_OK, SW_WRONG_LENGTH (also for extended length) or
 * SW_WRONG_CLASS, SW_SECURE_MESSAGING_NOT_SUPPORTED. `channel` is the one in CLA.
 */
uint16_t apdu_parse(struct tern_apdu *apdu, unsigned *channel, struct tern_bytes command);

/** One command of the transport or of the ISD-R. Writes its data to card->output. */
typedef uint16_t apdu_handler(struct tern_card *card, unsigned channel,
                              const struct tern_apdu *apdu);

apdu_handler apdu_manage_channel;
apdu_handler apdu_select;
apdu_handler apdu_get_response;
apdu_handler apdu_terminal_capability;
apdu_handler apdu_terminal_profile;
apdu_handler apdu_fetch;
apdu_handler apdu_terminal_response;
apdu_handler apdu_store_data;
apdu_handler apdu_get_data;
apdu_handler apdu_status;

/** Give a command to the enabled profile; commits what it changed. */
uint16_t apdu_uicc(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu);

/** The response being built: what handlers write to. */
struct tern_writer apdu_output(const struct tern_card *card);
void apdu_keep_output(struct tern_card *card, const struct tern_writer *out);

#endif
