/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements of card responses as parts of a message: which command yields which element under which
 * tag, found while the response streams by. One row a part; sgp32.md 4.2 and 6.1.
 *
 * Lists are walked to one element: the first EuiccPackageResult whose eimId is that of the eIM in
 * hand, the first notification not yet tried in this wake. Number and size are noted in the
 * measuring pass, the copying pass counts to the same number.
 */
#include <string.h>

#include "core/ipa/machine.h"

struct extract {
    uint8_t command[7]; /* the first is the size */
    uint8_t depth;
    uint16_t path[4]; /* 0 is any tag */
    uint16_t tag;     /* to send it under; 0: as it is */
};

/* clang-format off */
static const struct extract EXTRACTS[] = {
    [PART_NOTIFICATIONS] = {{3, 0xBF, 0x2B, 0x00},                   2, {0xBF2B, 0xA0},             0},
    [PART_DEFAULT_SMDP]  = {{3, 0xBF, 0x3C, 0x00},                   2, {0xBF3C, 0x80},             0x81},
    [PART_RESULTS]       = {{6, 0xBF, 0x2B, 0x04, 0xA0, 0x02, 0x82}, 2, {0xBF2B, 0xA2},             0},
    [PART_INFO1]         = {{3, 0xBF, 0x20, 0x00},                   1, {0xBF20},                   0},
    [PART_INFO2]         = {{3, 0xBF, 0x22, 0x00},                   1, {0xBF22},                   0},
    [PART_ROOT_SMDS]     = {{3, 0xBF, 0x3C, 0x00},                   2, {0xBF3C, 0x81},             0x83},
    [PART_TOKEN]         = {{0},                                     4, {0xBF55, 0xA0, 0x30, 0x84}, 0},
    [PART_EUM]           = {{3, 0xBF, 0x56, 0x00},                   3, {0xBF56, 0xA0, 0xA5},       0},
    [PART_EUICC]         = {{3, 0xBF, 0x56, 0x00},                   3, {0xBF56, 0xA0, 0xA6},       0},
    [PART_RESULT]        = {{6, 0xBF, 0x2B, 0x04, 0xA0, 0x02, 0x82}, 3, {0xBF2B, 0xA2, 0xBF51},     0},
    [PART_NOTIFICATION]  = {{3, 0xBF, 0x2B, 0x00},                   3, {0xBF2B, 0xA0, 0},          0},
};
/* clang-format on */

/* The criteria of an IpaEuiccDataRequest lie in the hold (data.c), as spans. */
static struct tern_bytes criterion(struct tern_ipa *ipa, enum part part)
{
    if (ipa->parts_of_data && part == PART_NOTIFICATIONS) {
        return ipa_slot(ipa, SLOT_SIGNED);
    }
    if (ipa->parts_of_data && part == PART_RESULTS) {
        return ipa_slot(ipa, SLOT_CONTEXT);
    }
    if (part == PART_EUM || part == PART_EUICC) {
        return ipa_slot(ipa, SLOT_OCTETS);
    }
    return TERN_BYTES_NONE;
}

int ipa_extract_command(struct tern_ipa *ipa, enum part part)
{
    const struct extract *extract = &EXTRACTS[part];
    struct tern_writer out = ipa_command_writer(ipa);
    struct tern_bytes wanted = criterion(ipa, part);
    if (part == PART_TOKEN) {
        size_t id_size = 2 + (size_t)ipa->eim_id_size + (ipa->eim_id_size > 127);
        tern_der_write_header(&out, 0xBF55, tern_der_header_size(0xA0, id_size) + id_size);
        tern_der_write_header(&out, 0xA0, id_size);
        tern_der_write(&out, 0x80, tern_bytes(ipa->eim_id, ipa->eim_id_size));
    } else if (wanted.size > 0 && (part == PART_EUM || part == PART_EUICC)) {
        tern_der_write_header(&out, 0xBF56, wanted.size + 2);
        tern_der_write(&out, 0x80, wanted);
    } else if (wanted.size > 0) {
        tern_der_write_header(&out, 0xBF2B, wanted.size + 2);
        tern_der_write(&out, 0xA0, wanted);
    } else {
        tern_write(&out, tern_bytes(extract->command + 1, extract->command[0]));
        if (extract->command[0] == 6) {
            tern_write_byte(&out, 0x00);
        }
    }
    return ipa_command_end(ipa, &out);
}

static const struct extract *current(const struct tern_ipa *ipa)
{
    return &EXTRACTS[ipa->parts[ipa->part_index]];
}

static bool at_element(const struct tern_ipa *ipa, const struct extract *extract)
{
    if (ipa->walk.depth != extract->depth) {
        return false;
    }
    for (unsigned i = 0; i < extract->depth; i++) {
        if (extract->path[i] != 0 && extract->path[i] != ipa->walk.tags[i]) {
            return false;
        }
    }
    return true;
}

/* Compare a value that may arrive in pieces with one that is known. */
static void match(struct tern_ipa *ipa, int kind, struct tern_bytes data, const uint8_t *known,
                  size_t known_size)
{
    if (kind == WALK_OPEN) {
        ipa->compared = 0;
        ipa->mismatch = ipa->walk.header.value_size != known_size;
    } else if (kind == WALK_DATA && !ipa->mismatch) {
        ipa->mismatch = memcmp(known + ipa->compared, data.data, data.size) != 0;
        ipa->compared = (uint16_t)(ipa->compared + data.size);
    } else if (kind == WALK_CLOSE && !ipa->mismatch) {
        ipa->marks |= MARK_OURS;
    }
}

static void number(struct tern_ipa *ipa, int kind, struct tern_bytes data)
{
    if (kind == WALK_OPEN) {
        ipa->seq = 0;
    }
    for (size_t i = 0; kind == WALK_DATA && i < data.size; i++) {
        ipa->seq = ipa->seq << 8 | data.data[i];
    }
}

/* BF2B{A2{ BF51{A0{30{80 eimId, 81 counter, 82?, 83 seq, ...}}} }}. @return true when decided. */
static bool look_into_result(struct tern_ipa *ipa, int kind, struct tern_bytes data)
{
    static const uint16_t ID[] = {0xBF2B, 0xA2, 0xBF51, 0xA0, 0x30, 0x80};
    static const uint16_t SEQ[] = {0xBF2B, 0xA2, 0xBF51, 0xA0, 0x30, 0x83};
    if (walk_at(&ipa->walk, ID, TERN_COUNT_OF(ID))) {
        match(ipa, kind, data, ipa->eim_id, ipa->eim_id_size);
    }
    if (walk_at(&ipa->walk, SEQ, TERN_COUNT_OF(SEQ))) {
        number(ipa, kind, data);
        return kind == WALK_CLOSE && (ipa->marks & MARK_OURS) != 0;
    }
    return false;
}

/* BF37{BF27{80 tx, BF2F{80 seq, 81, 0C address, 5A?}, ..}, ..} or 30{BF2F{..}, ..}. */
static bool look_into_notification(struct tern_ipa *ipa, int kind, struct tern_bytes data)
{
    const struct tern_ipa_walk *walk = &ipa->walk;
    bool pir = walk_tag(walk, 3) == 0xBF37;
    unsigned depth = pir ? 5 : 4; /* of BF2F */
    if (pir && walk->depth == 5 && walk_tag(walk, 5) == 0x80) {
        match(ipa, kind, data, ipa->memory.transaction + 1, ipa->memory.transaction[0]);
        ipa->marks |= MARK_PIR;
    }
    if (walk_tag(walk, depth) != 0xBF2F) {
        return false;
    }
    if (walk->depth == depth + 1 && walk_tag(walk, depth + 1) == 0x80) {
        number(ipa, kind, data);
    }
    if (walk->depth == depth + 1 && walk_tag(walk, depth + 1) == 0x0C) {
        struct tern_writer address = tern_writer(ipa->address, sizeof(ipa->address));
        address.size = kind == WALK_OPEN ? 0 : ipa->address_size;
        tern_write(&address, kind == WALK_DATA ? data : TERN_BYTES_NONE);
        ipa->address_size = (uint8_t)tern_writer_bytes(&address).size;
    }
    return kind == WALK_CLOSE && walk->depth == depth && ipa->seq > ipa->notified_seq;
}

/* An element of the wanted kind begins. @return true when nothing inside it matters. */
static bool begin_element(struct tern_ipa *ipa, const struct extract *extract)
{
    uint32_t header_size = ipa->walk.header.raw_size;
    if (extract->tag != 0) {
        header_size = (uint32_t)tern_der_header_size(extract->tag, ipa->walk.header.value_size);
    }
    ipa->found_size = header_size + ipa->walk.header.value_size;
    ipa->marks = 0;
    ipa->seen++;
    return ipa->parts[ipa->part_index] < PART_RESULT;
}

int ipa_extract_measure(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    const struct extract *extract = current(ipa);
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    (void)last;
    while ((kind = walk_next(&ipa->walk, &chunk, &data)) > 0) {
        if (ipa->walk.depth == 1 && kind == WALK_OPEN) {
            ipa->seen = 0;
        }
        if (kind == WALK_OPEN && at_element(ipa, extract)) {
            ipa->found = begin_element(ipa, extract);
        } else if (ipa->walk.depth > extract->depth) {
            ipa->found = ipa->parts[ipa->part_index] == PART_RESULT
                             ? look_into_result(ipa, kind, chunk)
                             : look_into_notification(ipa, kind, chunk);
        } else if (kind == WALK_OPEN && walk_tag(&ipa->walk, 1) == 0xBF56 &&
                   walk_tag(&ipa->walk, 2) == 0x81) {
            ipa->code = 5; /* GetCerts: invalidCiPKId */
        }
        if (ipa->found) {
            ipa->index = ipa->parts[ipa->part_index] >= PART_RESULT ? ipa->seen : ipa->index;
            return SINK_STOP;
        }
    }
    return kind;
}

int ipa_extract_copy(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    const struct extract *extract = current(ipa);
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind = WALK_MORE;
    (void)last;
    while (!ipa->part_done && (kind = walk_next(&ipa->walk, &chunk, &data)) > 0) {
        if (ipa->walk.depth == 1 && kind == WALK_OPEN) {
            ipa->seen = 0;
        }
        if (!at_element(ipa, extract)) {
            continue;
        }
        ipa->seen = (uint8_t)(ipa->seen + (kind == WALK_OPEN));
        if (ipa->parts[ipa->part_index] >= PART_RESULT && ipa->seen != ipa->index) {
            ipa->walk.whole = ipa->walk.whole || kind == WALK_OPEN;
            continue;
        }
        if (kind == WALK_OPEN) {
            const struct tern_der_header *header = &ipa->walk.header;
            uint8_t raw[8];
            struct tern_writer writer = TERN_WRITER_OF(raw);
            tern_der_write_header(&writer, extract->tag, header->value_size);
            ipa_peer_write(ipa, extract->tag != 0 ? tern_writer_bytes(&writer)
                                                  : tern_bytes(header->raw, header->raw_size));
            ipa->walk.whole = true;
        } else if (kind == WALK_DATA) {
            ipa_peer_write(ipa, chunk);
        } else {
            ipa->part_done = true;
        }
    }
    if (kind < 0) {
        return kind;
    }
    if (ipa->out_size > 0) {
        return SINK_PUSH;
    }
    return ipa->part_done ? SINK_STOP : SINK_MORE;
}
