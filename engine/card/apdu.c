/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a command APDU apart: class, channel, the four cases. ISO/IEC 7816-4, 5.1. */
#include "engine/card/apdu.h"

/* sgp22.md 16.8 */
const uint8_t ISDR_AID[16] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                              0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
const uint8_t ECASD_AID[16] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                               0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x02, 0x00};

/**
 * CLA: 0X and 8X carry channels 0 to 3 in two bits, 4X and CX channels 4 to 19 in four. Bits that
 * ask for secure messaging are refused, and so are all other classes (A0 of old SIMs, B0 of
 * probes).
 */
static uint16_t parse_class(unsigned *channel, uint8_t cla)
{
    switch (cla & 0xF0) {
    case 0x00:
    case 0x80:
        *channel = cla & 0x03;
        return (cla & 0x0C) == 0 ? SW_OK : SW_SECURE_MESSAGING_NOT_SUPPORTED;
    case 0x40:
    case 0xC0:
        *channel = 4u + (cla & 0x0Fu);
        return SW_OK;
    case 0x60:
    case 0xE0:
        *channel = 4u + (cla & 0x0Fu);
        return SW_SECURE_MESSAGING_NOT_SUPPORTED;
    default:
        return SW_WRONG_CLASS;
    }
}

uint16_t apdu_parse(struct tern_apdu *apdu, unsigned *channel, struct tern_bytes command)
{
    *channel = 0;
    if (command.size < 4) return SW_WRONG_LENGTH;
    const uint8_t *bytes = command.data;
    *apdu = (struct tern_apdu){.cla = bytes[0], .ins = bytes[1], .p1 = bytes[2], .p2 = bytes[3]};
    uint16_t status = parse_class(channel, bytes[0]);
    if (status != SW_OK) return status;
    if (command.size == 4) return SW_OK;
    if (command.size == 5) {
        apdu->le = bytes[4] == 0 ? 256 : bytes[4];
        return SW_OK;
    }
    /* A zero here begins an extended length, which this card does not have. */
    size_t lc = bytes[4];
    if (lc == 0) return SW_WRONG_LENGTH;
    apdu->data = tern_bytes_slice(command, 5, lc);
    if (command.size == 5 + lc) return SW_OK;
    if (command.size != 6 + lc) return SW_WRONG_LENGTH;
    apdu->le = bytes[5 + lc] == 0 ? 256 : bytes[5 + lc];
    return SW_OK;
}
