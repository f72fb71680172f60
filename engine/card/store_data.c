/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STORE DATA on the ISD-R (sgp22.md 17.4): commands of ES10 in blocks of up to 255 bytes.
 *
 *     P1 11 more blocks follow, 91 the last one (10 and 90 likewise); P2 counts from 00
 *
 * A command is collected whole and then run. Segments of a bound profile package are not: their
 * bytes go straight on to the opener, so that a package never lies in memory.
 */
#include <string.h>

#include "engine/card/apdu.h"
#include "engine/card/bound_package.h"
#include "engine/card/es10.h"

#define P1_LAST 0x80

static void drop_chain(struct tern_card *card)
{
    card->chaining = false;
    card->chain_is_package = false;
    card->input_size = 0;
}

/** Check the block against the chain it belongs to. P2 00 always begins a new one. */
static uint16_t take_place(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu)
{
    if ((apdu->p1 & 0x7E) != 0x10) return SW_WRONG_P1_P2;
    if (apdu->p2 == 0 && !(card->chaining && card->chain_block == 0)) {
        /* A first block; what was begun before on any channel is forgotten. */
        drop_chain(card);
        card->chain_channel = (uint8_t)channel;
        card->chain_block = 0;
        card->chaining = true;
        return SW_OK;
    }
    if (!card->chaining || card->chain_channel != channel || card->chain_block != apdu->p2) {
        drop_chain(card);
        return SW_WRONG_P1_P2;
    }
    return SW_OK;
}

static uint16_t collect(struct tern_card *card, const struct tern_apdu *apdu, bool last)
{
    struct tern_writer input = session_input(card);
    input.size = card->input_size;
    tern_write(&input, apdu->data);
    if (tern_writer_status(&input) != TERN_OK) {
        drop_chain(card);
        return SW_NO_MEMORY;
    }
    card->input_size = (uint32_t)input.size;
    if (!last) return SW_OK;
    struct tern_bytes command = tern_writer_bytes(&input);
    drop_chain(card);
    return es10_run(card, command);
}

/** The tag BF36 came in two blocks of which the first had one byte only. */
static bool splits_tag(const struct tern_card *card, const struct tern_apdu *apdu)
{
    return !card->chain_is_package && card->input_size == 1 &&
           session_input(card).data[0] == 0xBF && apdu->data.data[0] == 0x36;
}

uint16_t apdu_store_data(struct tern_card *card, unsigned channel, const struct tern_apdu *apdu)
{
    bool last = (apdu->p1 & P1_LAST) != 0;
    bool first = apdu->p2 == 0 && !(card->chaining && card->chain_block == 0);
    uint16_t status = take_place(card, channel, apdu);
    if (status != SW_OK) return status;
    if (apdu->data.size == 0) {
        drop_chain(card);
        return SW_WRONG_LENGTH;
    }
    card->chain_block++;
    if (first) card->chain_is_package = bound_package_wants(card, apdu->data);
    if (splits_tag(card, apdu)) {
        card->chain_is_package = true;
        card->input_size = 0;
        status = bound_package_bytes(card, tern_bytes("\xBF", 1), false);
        if (status != SW_OK) return status;
    }
    if (!card->chain_is_package) return collect(card, apdu, last);
    if (last) drop_chain(card);
    return bound_package_bytes(card, apdu->data, last);
}
