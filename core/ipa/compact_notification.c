/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact notifications: a full one carries two certificates that the eIM has. sgp32.md 5.7.
 *
 *   30{BF2F, 5F37, 30, 30}                        ->  A1{5A eid, BF2F, 5F37}
 *   BF37{BF27{80, BF2F{80 seq, 81, 0C, 5A?}, 06, A2{A0{4F aid, 04 sima} | A1}}, 5F37}
 *                                                 ->  A0{A0{80, 02 seq, 01?, A2{A0{4F xxyy, 04?} |
 * A1}}, 5F37}
 *
 * The signed part is collected in the hold while the card's list streams by, and rewritten there.
 */
#include <string.h>

#include "core/ipa/machine.h"

/* Collect the element that the list gave: all of a PIR, of another what is not certificates. */
int ipa_notification_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    struct tern_ipa_walk *walk = &ipa->walk;
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    (void)last;
    while ((kind = walk_next(walk, &chunk, &data)) > 0) {
        bool pir = walk_tag(walk, 3) == 0xBF37;
        if (walk->depth == 1 && kind == WALK_OPEN) {
            ipa->seen = 0;
        }
        if (walk->depth == 3 && kind == WALK_OPEN) {
            ipa->seen++;
            walk->whole = pir || ipa->seen != ipa->index;
        }
        if (ipa->seen != ipa->index || walk->depth < 3) {
            continue;
        }
        if (walk->depth == 4 && kind == WALK_OPEN) {
            walk->whole = true;
            ipa->found = walk->header.tag != 0x30; /* a certificate */
        }
        if (kind == WALK_CLOSE && walk->depth == 3) {
            return SINK_STOP;
        }
        int status = TERN_OK;
        if (kind == WALK_OPEN && (pir || (walk->depth == 4 && ipa->found))) {
            status = ipa_hold_add(ipa, tern_bytes(walk->header.raw, walk->header.raw_size));
        } else if (kind == WALK_DATA && (pir || ipa->found)) {
            status = ipa_hold_add(ipa, chunk);
        }
        if (status != TERN_OK) {
            return status;
        }
    }
    return kind;
}

static int held_since(struct tern_ipa *ipa, const struct tern_writer *out)
{
    int status = tern_writer_status(out);
    ipa->held = (struct tern_ipa_span){ipa->hold_size, (uint16_t)out->size};
    ipa->hold_size = (uint16_t)(ipa->hold_size + (status == TERN_OK ? out->size : 0));
    return status;
}

/* The final result in short: compactAid and simaResponse, or the error as it is. */
static int write_final(struct tern_writer *out, struct tern_bytes final)
{
    static const uint8_t SIMA_OK[] = {0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00};
    static const uint8_t AID[] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10,
                                  0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00};
    struct tern_tlv result;
    struct tern_tlv aid;
    struct tern_tlv sima;
    if (tern_der_single(final, &result, TERN_DER_STRICT) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    if (result.tag != 0xA0) {
        tern_write(out, result.raw);
        return TERN_OK;
    }
    if (tern_der_find(result.value, 0x4F, &aid) != TERN_OK || aid.value.size != 16 ||
        memcmp(aid.value.data, AID, sizeof(AID)) != 0 || aid.value.data[15] != 0 ||
        tern_der_find(result.value, 0x04, &sima) != TERN_OK) {
        return TERN_ERR_UNSUPPORTED; /* the eIM could not rebuild it */
    }
    bool usual = tern_bytes_equal(sima.value, TERN_BYTES_OF(SIMA_OK));
    tern_der_write_header(out, 0xA0, 4 + (usual ? 0 : sima.raw.size));
    tern_der_write(out, 0x4F, tern_bytes(aid.value.data + 13, 2));
    tern_write(out, usual ? TERN_BYTES_NONE : sima.raw);
    return TERN_OK;
}

static int compact_installation(struct tern_ipa *ipa, struct tern_bytes full)
{
    uint8_t short_form[160];
    struct tern_writer inner = TERN_WRITER_OF(short_form);
    struct tern_tlv pir;
    struct tern_tlv data;
    struct tern_tlv transaction;
    struct tern_tlv metadata;
    struct tern_tlv number;
    struct tern_tlv final;
    struct tern_tlv signature;
    uint8_t result[120];
    struct tern_writer result_out = TERN_WRITER_OF(result);
    if (tern_der_single(full, &pir, TERN_DER_STRICT) != TERN_OK ||
        tern_der_find(pir.value, 0xBF27, &data) != TERN_OK ||
        tern_der_find(pir.value, 0x5F37, &signature) != TERN_OK ||
        tern_der_find(data.value, 0x80, &transaction) != TERN_OK ||
        tern_der_find(data.value, 0xBF2F, &metadata) != TERN_OK ||
        tern_der_find(data.value, 0xA2, &final) != TERN_OK ||
        tern_der_find(metadata.value, 0x80, &number) != TERN_OK ||
        write_final(&result_out, final.value) != TERN_OK) {
        return TERN_ERR_UNSUPPORTED;
    }
    tern_write(&inner, transaction.raw);
    tern_der_write(&inner, 0x02, number.value);
    if (tern_der_find(metadata.value, 0x5A, &number) != TERN_OK) {
        tern_der_write(&inner, 0x01, TERN_BYTES_TEXT("\0")); /* iccidPresent DEFAULT TRUE */
    }
    tern_der_write(&inner, 0xA2, tern_writer_bytes(&result_out));
    if (tern_writer_status(&inner) != TERN_OK || tern_writer_status(&result_out) != TERN_OK) {
        return TERN_ERR_NO_SPACE;
    }
    struct tern_writer out = ipa_command_writer(ipa);
    tern_der_write_header(&out, 0xA0,
                          tern_der_header_size(0xA0, inner.size) + inner.size + signature.raw.size);
    tern_der_write(&out, 0xA0, tern_writer_bytes(&inner));
    tern_write(&out, signature.raw);
    return held_since(ipa, &out);
}

/* Rewrite what was collected; `held` is the compact form then. An error: send the full one. */
int ipa_compact_notification(struct tern_ipa *ipa)
{
    struct tern_bytes full = tern_bytes(ipa_hold(ipa), ipa->hold_size);
    if ((ipa->notice & MARK_PIR) != 0) {
        return compact_installation(ipa, full);
    }
    struct tern_writer out = ipa_command_writer(ipa);
    tern_der_write_header(&out, 0xA1, 2 + TERN_EID_SIZE + full.size);
    tern_der_write(&out, 0x5A, TERN_BYTES_OF(ipa->eid));
    tern_write(&out, full);
    return held_since(ipa, &out);
}
