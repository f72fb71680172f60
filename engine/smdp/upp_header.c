/* SPDX-License-Identifier: Apache-2.0 */
/* What the SM-DP+ reads of a profile package: its header (saip.md 3). The rest is the eUICC's. */
#include "tern/der.h"
#include "tern/smdp.h"

/* eUICC-Mandatory-services: the tag less 0x80 is the index, the value the bit of UICCCapability. */
static const uint8_t SERVICE_BITS[] = {0,  1, 2, 3,  4,  6,  5,  10, 11, 12, 13, 14, 15, 16, 17,
                                       18, 7, 8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30};

static uint64_t needs_of(struct tern_bytes services)
{
    struct tern_tlv service;
    uint64_t needs = 0;
    while (tern_der_next(&services, &service, TERN_DER_LONG_LENGTHS) == 1) {
        size_t index = service.tag - 0x80;
        if (service.tag >= 0x80 && index < TERN_COUNT_OF(SERVICE_BITS)) {
            needs |= (uint64_t)1 << SERVICE_BITS[index];
        }
    }
    return needs;
}

int tern_smdp_read_upp(struct tern_bytes upp, uint8_t iccid[TERN_ICCID_SIZE], uint64_t *needs)
{
    struct tern_tlv header;
    struct tern_tlv member;
    int status = tern_der_next(&upp, &header, TERN_DER_LONG_LENGTHS);
    if (status <= 0 || header.tag != 0xA0) {
        return status < 0 ? status : TERN_ERR_UNEXPECTED;
    }
    status = tern_der_find(header.value, 0x83, &member);
    if (status < 0 || member.value.size != TERN_ICCID_SIZE) {
        return status < 0 ? status : TERN_ERR_RANGE;
    }
    for (size_t i = 0; i < TERN_ICCID_SIZE; i++) { /* plain BCD there, swapped everywhere else */
        iccid[i] = (uint8_t)(member.value.data[i] << 4 | member.value.data[i] >> 4);
    }
    *needs = tern_der_find(header.value, 0xA5, &member) == TERN_OK ? needs_of(member.value) : 0;
    return TERN_OK;
}
