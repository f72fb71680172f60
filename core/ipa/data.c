/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IpaEuiccDataRequest: the eIM names tags, the device answers with what it has. Every value is a
 * part of one message, streamed from the card. SGP.32, 2.11.1.2; sgp32.md 4.
 */
#include "core/ipa/machine.h"

#define TAG_CAPABILITIES (1U << 30)
#define TAG_DEVICE       (1U << 31)

/* clang-format off */
/* Tags of IpaEuiccData; the second row of some is what v1.0 called them (sgp32.md 4.2). */
static const struct { uint16_t tag; uint32_t bit; } TAGS[] = {
    {0xA0,   1U << PART_NOTIFICATIONS}, {0xBF2B, 1U << PART_NOTIFICATIONS},
    {0x81,   1U << PART_DEFAULT_SMDP},  {0x80,   1U << PART_DEFAULT_SMDP},
    {0xA2,   1U << PART_RESULTS},
    {0xBF20, 1U << PART_INFO1},
    {0xBF22, 1U << PART_INFO2},
    {0x83,   1U << PART_ROOT_SMDS},
    {0x84,   1U << PART_TOKEN},
    {0xA5,   1U << PART_EUM},
    {0xA6,   1U << PART_EUICC},
    {0xA8,   TAG_CAPABILITIES},         {0x88,   TAG_CAPABILITIES},
    {0xA9,   TAG_DEVICE},
};
/* clang-format on */

#define COMPACT_NEEDS (1U << PART_EUM | 1U << PART_EUICC | 1U << PART_INFO2)

/* ---- Is an Emergency Profile enabled? Then nothing else happens. sgp32.md 3.10 ---- */

int ipa_ask_emergency(struct tern_ipa *ipa)
{
    /* state and ecallIndication of all profiles */
    static const uint8_t LIST[] = {0xBF, 0x2D, 0x06, 0x5C, 0x04, 0x9F, 0x70, 0x9F, 0x7B};
    ipa->marks = 0;
    ipa->code = 0;
    return ipa_command(ipa, TERN_BYTES_OF(LIST));
}

/* BF2D{A0{E3{9F70 state, 9F7B FF}..}} */
int ipa_emergency_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    (void)last;
    while ((kind = walk_next(&ipa->walk, &chunk, &data)) > 0) {
        if (kind == WALK_OPEN && ipa->walk.depth == 3) {
            ipa->marks = 0;
        }
        if (kind == WALK_DATA && ipa->walk.depth == 4 && chunk.data[0] != 0) {
            tern_tag tag = walk_tag(&ipa->walk, 4);
            ipa->marks |= tag == 0x9F70 ? 1 : tag == 0x9F7B ? 2 : 0;
            ipa->code = ipa->marks == 3 ? 104 : ipa->code;
        }
    }
    return kind;
}

/* ---- The request ---- */

static int data_error(struct tern_ipa *ipa, uint8_t code);

static bool take_tags(struct tern_ipa *ipa, struct tern_bytes list)
{
    ipa->wanted = 0;
    while (list.size > 0) {
        size_t size = (list.data[0] & 0x1F) == 0x1F ? 2 : 1;
        tern_tag tag = (tern_tag)tern_read_uint(tern_bytes_slice(list, 0, size));
        uint32_t bit = 0;
        for (size_t i = 0; i < TERN_COUNT_OF(TAGS); i++) {
            bit = TAGS[i].tag == tag ? TAGS[i].bit : bit;
        }
        if (bit == 0) {
            return false;
        }
        ipa->wanted |= bit;
        list = tern_bytes_slice(list, size, list.size);
    }
    return true;
}

static void keep_value(struct tern_ipa *ipa, enum slot slot, struct tern_bytes value)
{
    ipa->slots[slot].offset = (uint16_t)(value.data - ipa_hold(ipa));
    ipa->slots[slot].size = (uint16_t)value.size;
}

/* BF52{5C tagList, 04 ci?, A1{80|81}?, A2{80}?, 83 tx?}, whole in the hold. */
static int begin_data(struct tern_ipa *ipa)
{
    struct tern_tlv request;
    struct tern_tlv tlv;
    struct tern_bytes tags = TERN_BYTES_NONE;
    struct tern_bytes held = tern_bytes(ipa_hold(ipa), ipa->hold_size);
    ipa->eim_tx[0] = 0;
    if (tern_der_single(held, &request, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return ipa_package_error(ipa, 1);
    }
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        ipa->slots[i].size = 0;
    }
    int status;
    while ((status = tern_der_next(&request.value, &tlv, TERN_DER_LONG_LENGTHS)) == 1) {
        if (tlv.tag == 0x5C) {
            tags = tlv.value;
        } else if (tlv.tag == 0x04) {
            keep_value(ipa, SLOT_OCTETS, tlv.value);
        } else if (tlv.tag == 0xA1) {
            keep_value(ipa, SLOT_SIGNED, tlv.value);
        } else if (tlv.tag == 0xA2) {
            keep_value(ipa, SLOT_CONTEXT, tlv.value);
        } else if (tlv.tag == 0x83) {
            ipa_take_short(ipa->eim_tx, WALK_DATA, tlv.value);
        }
    }
    if (status != 0 || tags.data == NULL) {
        return ipa_package_error(ipa, 1);
    }
    return take_tags(ipa, tags) ? SKIP : data_error(ipa, 1);
}

static int take_emergency(struct tern_ipa *ipa)
{
    return ipa->code == 104 ? data_error(ipa, 104) : NEXT;
}

static int ask_data(struct tern_ipa *ipa)
{
    ipa_message(ipa, ipa->injected ? TERN_IPA_PEER_INJECTOR : TERN_IPA_PEER_EIM, ESIPA_PATH);
    ipa->parts_of_data = true;
    ipa->code = 0;
    for (unsigned part = PART_NOTIFICATIONS; part <= PART_EUICC; part++) {
        if ((ipa->wanted & 1U << part) != 0) {
            ipa_part(ipa, (enum part)part);
        }
    }
    return NEXT;
}

static void write_bits(struct tern_writer *out, tern_tag tag, uint32_t bits)
{
    uint8_t value[2] = {0, 0};
    for (unsigned bit = 0; bit < 8; bit++) {
        if ((bits & 1U << bit) != 0) {
            value[1] |= (uint8_t)(0x80 >> bit);
            value[0] = (uint8_t)(7 - bit);
        }
    }
    tern_der_write(out, tag, tern_bytes(value, bits != 0 ? 2 : 1));
}

/* What the IPA itself knows: 87 tx, A8 ipaCapabilities, A9 deviceInfo. */
static void tail_data(struct tern_ipa *ipa, struct tern_writer *out)
{
    const uint8_t *tx = ipa->eim_tx;
    if (tx[0] > 0) {
        tern_der_write(out, 0x87, tern_bytes(tx + 1, tx[0]));
    }
    if ((ipa->wanted & TAG_CAPABILITIES) != 0) {
        tern_der_write_header(out, 0xA8, 8);
        write_bits(out, 0x80, ipa->config->features);
        write_bits(out, 0x81, ipa->config->protocols);
    }
    if ((ipa->wanted & TAG_DEVICE) != 0) {
        tern_der_write(out, 0xA9, ipa->config->device);
    }
}

static void head_data(struct tern_ipa *ipa, struct tern_writer *out)
{
    size_t size = ipa_parts_size(ipa) + ipa->tail_size;
    size_t inner = tern_der_header_size(0xA0, size) + size;
    ipa_write_envelope(ipa, out, tern_der_header_size(0xBF52, inner) + inner);
    tern_der_write_header(out, 0xBF52, inner);
    tern_der_write_header(out, 0xA0, size);
}

static int take_data(struct tern_ipa *ipa)
{
    ipa->parts_of_data = false;
    if (ipa->nothing) {
        return data_error(ipa, 5);
    }
    if (ipa->injected) {
        ipa->injected = false;
        return ipa_go(ipa, IPA_SLEEP);
    }
    if (ipa->outcome == OUTCOME_OK && (ipa->wanted & COMPACT_NEEDS) == COMPACT_NEEDS &&
        (ipa->config->features & TERN_IPA_MINIMIZE_BYTES) != 0) {
        return NEXT;
    }
    return ipa_take_acks(ipa, IPA_POLL);
}

bool ipa_eim_rebuilds(const struct tern_ipa *ipa)
{
    return (ipa->config->features & TERN_IPA_MINIMIZE_BYTES) != 0 &&
           (ipa->memory.compact_eims & 1U << (ipa->eim_index & 7)) != 0;
}

/* ---- Remember what the eIM has, so that it need not be sent again ---- */

int ipa_ask_info2(struct tern_ipa *ipa)
{
    static const uint8_t INFO2[] = {0xBF, 0x22, 0x00};
    ipa->info2_digest = 2166136261U;
    return ipa_command(ipa, TERN_BYTES_OF(INFO2));
}

/* FNV-1a over EUICCInfo2 without extCardResource, which changes all the time. It guards against
 * sending a compact form in vain, not against anybody: a wrong form does not verify at the eIM. */
int ipa_info2_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    (void)last;
    while ((kind = walk_next(&ipa->walk, &chunk, &data)) > 0) {
        for (size_t i = 0; kind == WALK_DATA && i < chunk.size; i++) {
            if (walk_tag(&ipa->walk, 2) != 0x84) {
                ipa->info2_digest = (ipa->info2_digest ^ chunk.data[i]) * 16777619U;
            }
        }
    }
    return kind;
}

static int take_info2(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_OK) {
        ipa->memory.info2_digest = ipa->info2_digest;
        ipa->memory.compact_eims |= (uint8_t)(1U << (ipa->eim_index & 7));
        ipa->dirty = true;
    }
    ipa->outcome = OUTCOME_OK;
    return ipa_take_acks(ipa, IPA_POLL); /* the reply is still in the hold */
}

/* clang-format off */
static const struct tern_ipa_step DATA[] = {
    {.name = "ES10b.GetProfilesInfo",
     .kind = STEP_CARD,
     .ask = ipa_ask_emergency,
     .piece = ipa_emergency_piece,
     .take = take_emergency  },
    {.name = "ESipa.ProvideEimPackageResult",
     .kind = STEP_PEER,
     .ask = ask_data,
     .head = head_data,
     .tail = tail_data,
     .take = take_data},
    {.name = "ES10b.GetEUICCInfo",
     .kind = STEP_CARD,
     .ask = ipa_ask_info2,
     .piece = ipa_info2_piece,
     .take = take_info2},
};
/* clang-format on */

static int go_data(struct tern_ipa *ipa)
{
    return ipa_go(ipa, DATA);
}

/* clang-format off */
const struct tern_ipa_step IPA_DATA[] = {
    {.kind = STEP_LOCAL, .ask = begin_data},
    {.kind = STEP_LOCAL, .ask = go_data   },
};
/* clang-format on */

/* BF52{A1{80 tx?, 02 code}} */
static int data_error(struct tern_ipa *ipa, uint8_t code)
{
    const uint8_t *tx = ipa->eim_tx;
    size_t size = (tx[0] > 0 ? 2U + tx[0] : 0) + 3U;
    ipa->hold_size = 0;
    struct tern_writer out = ipa_command_writer(ipa);
    tern_der_write_header(&out, 0xBF52, size + 2);
    tern_der_write_header(&out, 0xA1, size);
    if (tx[0] > 0) {
        tern_der_write(&out, 0x80, tern_bytes(tx + 1, tx[0]));
    }
    tern_der_write_int(&out, 0x02, code);
    ipa->hold_size = (uint16_t)out.size;
    ipa_answer_held(ipa, 0);
    return JUMPED;
}
