/* SPDX-License-Identifier: Apache-2.0 */
/* EID and ICCID: decimal digits in nibbles (sgp22.md, 1.11 and 3). */
#include "tern/bytes.h"

int tern_eid_from_text(uint8_t eid[16], struct tern_bytes text)
{
    if (text.size != 32) {
        return TERN_ERR_MALFORMED;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return TERN_ERR_MALFORMED;
        }
    }
    struct tern_writer out = tern_writer(eid, 16);
    return tern_hex_decode(&out, text);
}

void tern_eid_to_text(struct tern_writer *out, const uint8_t eid[16])
{
    tern_hex_encode(out, tern_bytes(eid, 16));
}

bool tern_eid_check(const uint8_t eid[16])
{
    uint32_t rest = 0;
    for (size_t i = 0; i < 32; i++) {
        uint8_t digit = i % 2 == 0 ? eid[i / 2] >> 4 : eid[i / 2] & 0x0F;
        if (digit > 9) {
            return false;
        }
        rest = (rest * 10 + digit) % 97;
    }
    return rest == 1;
}

int tern_iccid_from_text(uint8_t iccid[10], struct tern_bytes text)
{
    while (text.size > 0 && (text.data[text.size - 1] == 'F' || text.data[text.size - 1] == 'f')) {
        text.size--;
    }
    if (text.size < 18 || text.size > 20) {
        return TERN_ERR_RANGE;
    }
    for (size_t i = 0; i < 20; i++) {
        uint8_t digit = 0x0F;
        if (i < text.size) {
            if (text.data[i] < '0' || text.data[i] > '9') {
                return TERN_ERR_MALFORMED;
            }
            digit = (uint8_t)(text.data[i] - '0');
        }
        iccid[i / 2] = (uint8_t)(i % 2 == 0 ? digit : iccid[i / 2] | digit << 4);
    }
    return TERN_OK;
}

int tern_iccid_to_text(struct tern_writer *out, struct tern_bytes iccid)
{
    if (iccid.size != 10) {
        return TERN_ERR_RANGE;
    }
    bool ended = false;
    for (size_t i = 0; i < 20; i++) {
        uint8_t digit = i % 2 == 0 ? iccid.data[i / 2] & 0x0F : iccid.data[i / 2] >> 4;
        if (digit > 9 || ended) {
            if (digit != 0x0F) {
                return TERN_ERR_MALFORMED;
            }
            ended = true;
            continue;
        }
        tern_write_byte(out, (uint8_t)('0' + digit));
    }
    return tern_writer_status(out);
}
