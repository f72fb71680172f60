/* SPDX-License-Identifier: Apache-2.0 */
/* Proactive commands: FETCH, do, TERMINAL RESPONSE. TS 102 223, 6.4.7 (REFRESH), 6.8, 6.12. */
#include "host/modem/modem.h"

#include <string.h>

#include "tern/der.h"

enum { COMMAND_REFRESH = 0x01, RESULT_OK = 0x00, RESULT_BEYOND_ME = 0x30 };
enum { REFRESH_UICC_RESET = 0x04, REFRESH_PROFILE_STATE_CHANGE = 0x09 };

/* D0 { 81 03 number, type, qualifier | ... }, tags with or without the comprehension bit. */
static bool read_command(struct tern_bytes raw, uint8_t details[3])
{
    struct tern_tlv proactive, element;
    if (tern_der_single(raw, &proactive, TERN_DER_LONG_LENGTHS) != TERN_OK) return false;
    if (proactive.tag != 0xD0) return false;
    while (tern_der_next(&proactive.value, &element, TERN_DER_LONG_LENGTHS) == 1) {
        if ((element.tag & 0x7F) != 0x01 || element.value.size != 3) continue;
        memcpy(details, element.value.data, 3);
        return true;
    }
    return false;
}

int modem_fetch(struct modem *modem, unsigned size)
{
    uint8_t fetch[] = {0x80, 0x12, 0x00, 0x00, (uint8_t)size};
    uint8_t bytes[2 * TERN_READER_RESPONSE_SIZE], details[3] = {1, 0, 0};
    struct tern_writer out = TERN_WRITER_OF(bytes);
    uint16_t sw;
    int status = modem_transmit(modem->reader, TERN_BYTES_OF(fetch), &out, &sw);
    if (status != TERN_OK) return status;
    bool read = read_command(tern_writer_bytes(&out), details);
    bool refresh = read && details[1] == COMMAND_REFRESH;
    uint8_t response[] = {0x80,
                          0x14,
                          0x00,
                          0x00,
                          0x0C,
                          0x81,
                          0x03,
                          details[0],
                          details[1],
                          details[2],
                          0x82,
                          0x02,
                          0x82,
                          0x81,
                          0x83,
                          0x01,
                          refresh ? RESULT_OK : RESULT_BEYOND_ME};
    if (refresh) modem_detach(modem);
    bool resets = refresh && details[2] >= REFRESH_UICC_RESET;
    if (!resets || details[2] == REFRESH_PROFILE_STATE_CHANGE) {
        out = TERN_WRITER_OF(bytes);
        status = modem_transmit(modem->reader, TERN_BYTES_OF(response), &out, &sw);
    }
    if (status == TERN_OK && resets) status = modem->reader->reset(modem->reader->context);
    return status;
}
