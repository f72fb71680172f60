/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of a download, which is the eIM or the server itself, and commands put together
 * from what it sent.
 */
#include "core/ipa/download.h"

#include <string.h>

bool ipa_indirect(const struct tern_ipa *ipa)
{
    return (ipa->download & DOWNLOAD_INDIRECT) != 0;
}

bool ipa_compact(const struct tern_ipa *ipa)
{
    return (ipa->download & DOWNLOAD_COMPACT) != 0;
}

void ipa_to_server(struct tern_ipa *ipa, const char *path)
{
    enum tern_ipa_peer server =
        (ipa->download & DOWNLOAD_SMDS) != 0 ? TERN_IPA_PEER_SMDS : TERN_IPA_PEER_SMDP;
    ipa_message(ipa, ipa_indirect(ipa) ? TERN_IPA_PEER_EIM : server,
                ipa_indirect(ipa) ? ESIPA_PATH : path);
}

int ipa_slots_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    return ipa->text ? ipa_json_piece(ipa, data, last) : ipa_collect_slots(ipa, data, last);
}

/* What the server said instead of yes, for errorResponse. NULL data: it said yes. */
struct tern_bytes ipa_refusal(struct tern_ipa *ipa)
{
    if (ipa->text) {
        return ipa->json_failed ? tern_bytes(ipa_hold(ipa), ipa->hold_size) : TERN_BYTES_NONE;
    }
    if (ipa->arm == 0xA0 || ipa->arm == 0xA1) {
        return TERN_BYTES_NONE;
    }
    uint8_t *error = ipa_hold(ipa); /* the answer again: BF39{81 code} */
    error[0] = 0xBF;
    error[1] = (uint8_t)ipa->walk.tags[0];
    error[2] = 3;
    error[3] = (uint8_t)ipa->arm;
    error[4] = 1;
    error[5] = ipa->code;
    return tern_bytes(error, 6);
}

/* The server did not answer. The eIM repeats its trigger; an SM-DP+ that stays away is reported. */
int ipa_server_lost(struct tern_ipa *ipa)
{
    if (!ipa->text) {
        return ipa_lost(ipa);
    }
    ipa->tally.link_losses++;
    return ipa_download_failed(ipa, 127, TERN_BYTES_TEXT("no answer from the server"));
}

/* Put the command together: header, slots as they were received, then perhaps more of ours. */
int ipa_join(struct tern_ipa *ipa, tern_tag tag, const uint8_t *slots, size_t count,
             struct tern_bytes more)
{
    size_t size = more.size;
    uint8_t raw[8];
    struct tern_writer header = TERN_WRITER_OF(raw);
    ipa->span_count = 1;
    for (size_t i = 0; i < count; i++) {
        size += ipa->slots[slots[i]].size;
        if (ipa->slots[slots[i]].size > 0) {
            ipa->spans[ipa->span_count++] = ipa->slots[slots[i]];
        }
    }
    tern_der_write_header(&header, tag, size);
    struct tern_writer out = ipa_command_writer(ipa);
    out.size = more.size; /* which lies there already */
    tern_write(&out, tern_writer_bytes(&header));
    ipa->spans[0].offset = (uint16_t)(ipa->hold_size + more.size);
    ipa->spans[0].size = (uint16_t)header.size;
    if (more.size > 0) {
        ipa->spans[ipa->span_count].offset = ipa->hold_size;
        ipa->spans[ipa->span_count++].size = (uint16_t)more.size;
    }
    return tern_writer_status(&out);
}

/* BF3B or BF3A {80 transactionId, ..}; {"transactionId":"..","<name>":" */
void ipa_write_transaction(struct tern_ipa *ipa, struct tern_writer *out, tern_tag tag,
                           const char *name)
{
    struct tern_bytes transaction = tern_bytes(ipa->transaction + 1, ipa->transaction[0]);
    if (ipa->text) {
        tern_write_text(out, "{\"transactionId\":\"");
        tern_hex_encode(out, transaction);
        tern_write_text(out, "\",\"");
        tern_write_text(out, name);
        tern_write_text(out, "\":\"");
        return;
    }
    tern_der_write_header(out, tag, 2 + transaction.size + ipa_parts_size(ipa));
    tern_der_write(out, 0x80, transaction);
}

void ipa_tail_text(struct tern_ipa *ipa, struct tern_writer *out)
{
    if (ipa->text) {
        tern_write_text(out, "\"}");
    }
}
