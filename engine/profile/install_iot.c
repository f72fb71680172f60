/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PE-IoT leaves to the eUICC: ICCID from the header, the AID from iotOptions, EF.DIR and
 * EF.ARR. SAIP 3.3, saip.md 6.15 and 15. No table for it is public [unverified]: EF.ARR gets the
 * fourteen records that the templates assume (saip.md 7), EF.DIR the USIM alone, EF.UST no service.
 */
#include "engine/profile/install.h"

#include <string.h>

#define RULE_COUNT 14
#define RULE_SIZE  33
#define PIN1       "A406830101950108"
#define ADM1       "A40683010A950108"

static const char *const RULES[RULE_COUNT] = {
    "8001019000800102" PIN1 "800158" ADM1,
    "800101" PIN1 "80015A" ADM1,
    "80015B" ADM1,
    "800101900080011A9700800140" ADM1,
    "800103" PIN1 "800158" ADM1,
    "800111" PIN1 "80014A" ADM1,
    "800103" PIN1 "800158" ADM1 "840132" PIN1,
    "800101" PIN1 "800102A406830181950108800158" ADM1,
    "800101900080011A" PIN1 "800140" ADM1,
    "800101900080015A" ADM1,
    "8001019000800118" ADM1 "8001429700",
    "800101" PIN1 "80015A9700",
    "800113" PIN1 "800148" ADM1,
    "80015E" ADM1,
};

/* RID A000000087 and the PIX of the header. */
static struct tern_bytes aid_of(const struct tern_profile_install *install, uint8_t buffer[16])
{
    static const uint8_t RID[5] = {0xA0, 0x00, 0x00, 0x00, 0x87};
    struct image_node node = {0};
    memcpy(buffer, RID, sizeof RID);
    while (image_next(&install->options.image, &node, (uint32_t)install->image_size) == 1) {
        if (node.kind != IMAGE_CONNECTIVITY || node.descriptor != 1 || node.size > 11) continue;
        if (image_read(&install->options.image, &node, 0, buffer + 5, node.size) != TERN_OK) break;
        return tern_bytes(buffer, 5 + node.size);
    }
    return TERN_BYTES_NONE;
}

static struct tern_bytes rules(uint8_t buffer[512])
{
    memset(buffer, 0xFF, (size_t)RULE_COUNT * RULE_SIZE);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        struct tern_writer out = tern_writer(buffer + i * RULE_SIZE, RULE_SIZE);
        if (tern_hex_decode(&out, tern_bytes_text(RULES[i])) != TERN_OK) return TERN_BYTES_NONE;
    }
    return tern_bytes(buffer, (size_t)RULE_COUNT * RULE_SIZE);
}

struct tern_bytes iot_content(const struct tern_profile_install *install,
                              const struct template_file *row, uint8_t buffer[512])
{
    uint8_t aid_buffer[16];
    struct tern_bytes aid = aid_of(install, aid_buffer);
    if (row->kind == KIND_ADF) {
        memcpy(buffer, aid_buffer, sizeof aid_buffer);
        return aid.size == 0 ? TERN_BYTES_NONE : tern_bytes(buffer, aid.size);
    }
    switch (row->fid) {
    case 0x2FE2: /* EF.ICCID */
        memcpy(buffer, install->iccid, 10);
        return tern_bytes(buffer, 10);
    case 0x2F00: /* EF.DIR */
        buffer[0] = 0x61;
        buffer[1] = (uint8_t)(2 + aid.size);
        buffer[2] = 0x4F;
        buffer[3] = (uint8_t)aid.size;
        memcpy(buffer + 4, aid_buffer, aid.size);
        return tern_bytes(buffer, 4 + aid.size);
    case 0x2F06: /* EF.ARR */
    case 0x6F06:
        return rules(buffer);
    case 0x6F38: /* EF.UST */
        memset(buffer, 0, 17);
        return tern_bytes(buffer, 17);
    default:
        return TERN_BYTES_NONE;
    }
}
