/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact forms: what the eIM holds or gave is left out, the eIM puts it back and the card's
 * signature over the full object proves that it did so rightly. sgp32.md 5.7.
 */
#include <string.h>

#include "core/ipa/machine.h"

/* What was written behind the hold is part of it now, and what a message will carry. */
static int hold_written(struct tern_ipa *ipa, const struct tern_writer *out)
{
    int status = tern_writer_status(out);
    if (status == TERN_OK) {
        ipa->held = (struct tern_ipa_span){ipa->hold_size, (uint16_t)out->size};
        ipa->hold_size = (uint16_t)(ipa->hold_size + out->size);
    }
    return status;
}

/* BF38{A0{30{80, 83, 84, BF22{.., 84 extCardResource, ..}, A0 ctxParams1}, 5F37, 30, 30}}
 *   ->  BF38{A2{A0{84 extCardResource, A2{A0 ctxParams1}?}, 5F37}}
 * Collected: extCardResource, then ctxParams1, then the signature. Written when all is seen. */
int ipa_compact_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    static const uint16_t RESOURCE[] = {0xBF38, 0xA0, 0x30, 0xBF22, 0x84};
    static const uint16_t CONTEXT[] = {0xBF38, 0xA0, 0x30, 0xA0};
    static const uint16_t SIGNATURE[] = {0xBF38, 0xA0, 0x5F37};
    struct tern_bytes chunk = TERN_BYTES_NONE;
    int kind;
    if (!ipa->compact_begun) {
        ipa->compact_begun = true;
        ipa->hold_size = 0;
        memset(ipa->slots, 0, sizeof(ipa->slots));
    }
    while ((kind = walk_next(&ipa->walk, &chunk, &data)) > 0) {
        const struct tern_ipa_walk *walk = &ipa->walk;
        int slot = walk_at(walk, RESOURCE, TERN_COUNT_OF(RESOURCE))     ? SLOT_OCTETS
                   : walk_at(walk, CONTEXT, TERN_COUNT_OF(CONTEXT))     ? SLOT_CONTEXT
                   : walk_at(walk, SIGNATURE, TERN_COUNT_OF(SIGNATURE)) ? SLOT_SIGNATURE
                                                                        : SLOT_COUNT;
        if (slot == SLOT_COUNT) {
            continue;
        }
        if (slot == SLOT_CONTEXT && (ipa->download & DOWNLOAD_EIM_CTX) != 0) {
            continue; /* the eIM made it */
        }
        struct tern_ipa_span *span = &ipa->slots[slot];
        int status = TERN_OK;
        if (kind == WALK_OPEN) {
            span->offset = ipa->hold_size;
            ipa->walk.whole = true;
            status = ipa_hold_add(ipa, tern_bytes(walk->header.raw, walk->header.raw_size));
        } else if (kind == WALK_DATA) {
            status = ipa_hold_add(ipa, chunk);
        } else {
            span->size = (uint16_t)(ipa->hold_size - span->offset);
        }
        if (status != TERN_OK) {
            return status;
        }
        if (slot == SLOT_SIGNATURE && kind == WALK_CLOSE) {
            int made = ipa_compact_authenticate(ipa);
            return made == TERN_OK ? SINK_STOP : made;
        }
    }
    return kind < 0 ? kind : last ? TERN_ERR_MISSING : SINK_MORE;
}

/* Behind what was collected, the compact form is put together; it becomes what is held. */
int ipa_compact_authenticate(struct tern_ipa *ipa)
{
    struct tern_bytes resource = ipa_slot(ipa, SLOT_OCTETS);
    struct tern_bytes context = ipa_slot(ipa, SLOT_CONTEXT);
    struct tern_bytes signature = ipa_slot(ipa, SLOT_SIGNATURE);
    size_t inner = resource.size;
    if (context.size > 0) {
        inner += tern_der_header_size(0xA2, context.size) + context.size;
    }
    size_t size = tern_der_header_size(0xA0, inner) + inner + signature.size;
    struct tern_writer out = ipa_command_writer(ipa);
    tern_der_write_header(&out, 0xBF38, tern_der_header_size(0xA2, size) + size);
    tern_der_write_header(&out, 0xA2, size);
    tern_der_write_header(&out, 0xA0, inner);
    tern_write(&out, resource);
    if (context.size > 0) {
        tern_der_write_header(&out, 0xA2, context.size);
        tern_write(&out, context);
    }
    tern_write(&out, signature);
    return hold_written(ipa, &out);
}

/* BF21{A0{30{80 tx, 5F49 otpk, 04 hashCc?}, 5F37}} -> BF21{A2{30{5F49, 04?}, 5F37}} in place.
 * An error stays as it is. */
void ipa_compact_prepare(struct tern_ipa *ipa)
{
    static const tern_tag OK[] = {0xBF21, 0xA0};
    struct tern_bytes full = ipa_span(ipa, ipa->held);
    struct tern_tlv ok;
    struct tern_tlv signed2;
    struct tern_tlv otpk;
    struct tern_tlv code = {.raw = TERN_BYTES_NONE};
    struct tern_tlv signature;
    if (tern_der_path(full, OK, TERN_COUNT_OF(OK), &ok) != TERN_OK ||
        tern_der_find(ok.value, 0x30, &signed2) != TERN_OK ||
        tern_der_find(ok.value, 0x5F37, &signature) != TERN_OK ||
        tern_der_find(signed2.value, 0x5F49, &otpk) != TERN_OK) {
        return;
    }
    if ((ipa->download & DOWNLOAD_EIM_CC) == 0) {
        (void)tern_der_find(signed2.value, 0x04, &code);
    }
    size_t inner = otpk.raw.size + code.raw.size;
    size_t size = tern_der_header_size(0x30, inner) + inner + signature.raw.size;
    struct tern_writer out = ipa_command_writer(ipa);
    tern_der_write_header(&out, 0xBF21, tern_der_header_size(0xA2, size) + size);
    tern_der_write_header(&out, 0xA2, size);
    tern_der_write_header(&out, 0x30, inner);
    tern_write(&out, otpk.raw);
    tern_write(&out, code.raw);
    tern_write(&out, signature.raw);
    (void)hold_written(ipa, &out); /* no room: in full, then */
}
