/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What survives a power cut, as bytes: a version, then the members in order. Small, because flash
 * wears; rare, because most of what matters is in the card.
 *
 *   01 flags cause cause_eims compact_eims download_eim digest(4) eim_tx(17) transaction(17)
 *   size(2) activation
 */
#include <string.h>

#include "core/ipa/machine.h"

#define VERSION 0x01
#define FIXED   (1 + 5 + 4 + 17 + 17 + 2)

struct tern_bytes ipa_saved_write(struct tern_ipa *ipa)
{
    const struct tern_ipa_memory *memory = &ipa->memory;
    struct tern_writer out = ipa_command_writer(ipa);
    bool trigger = (memory->flags & SAVED_TRIGGER) != 0;
    const uint8_t head[] = {VERSION,
                            memory->flags,
                            memory->cause,
                            memory->cause_eims,
                            memory->compact_eims,
                            memory->download_eim};
    tern_write(&out, TERN_BYTES_OF(head));
    tern_write_uint(&out, memory->info2_digest, 4);
    tern_write(&out, TERN_BYTES_OF(memory->eim_tx));
    tern_write(&out, TERN_BYTES_OF(memory->transaction));
    tern_write_uint(&out, trigger ? ipa->activation_size : 0, 2);
    tern_write(&out, tern_bytes(ipa->activation, trigger ? ipa->activation_size : 0));
    ipa->dirty = false;
    return tern_writer_bytes(&out);
}

void ipa_saved_read(struct tern_ipa *ipa, struct tern_bytes saved)
{
    struct tern_ipa_memory *memory = &ipa->memory;
    if (saved.size < FIXED || saved.data[0] != VERSION) {
        return;
    }
    size_t size = (size_t)tern_read_uint(tern_bytes(saved.data + FIXED - 2, 2));
    if (size > sizeof(ipa->activation) || saved.size != FIXED + size || saved.data[10] > 16 ||
        saved.data[27] > 16) {
        return;
    }
    memory->flags = saved.data[1];
    memory->cause = saved.data[2];
    memory->cause_eims = saved.data[3];
    memory->compact_eims = saved.data[4];
    memory->download_eim = saved.data[5];
    memory->info2_digest = (uint32_t)tern_read_uint(tern_bytes(saved.data + 6, 4));
    memcpy(memory->eim_tx, saved.data + 10, sizeof(memory->eim_tx));
    memcpy(memory->transaction, saved.data + 27, sizeof(memory->transaction));
    memcpy(ipa->activation, saved.data + FIXED, size);
    ipa->activation_size = (uint16_t)size;
}
