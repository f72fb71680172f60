/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hold: the part of the caller's buffer where short things are collected. A command is built
 * behind what is collected, so that asking the card something in between loses nothing.
 */
#include <string.h>

#include "core/ipa/machine.h"

uint8_t *ipa_hold(struct tern_ipa *ipa)
{
    return ipa->buffer + OUT_SIZE;
}

size_t ipa_hold_room(const struct tern_ipa *ipa)
{
    return (size_t)ipa->buffer_size - OUT_SIZE - ipa->keep_size - ipa->hold_size;
}

struct tern_bytes ipa_span(struct tern_ipa *ipa, struct tern_ipa_span span)
{
    return tern_bytes(ipa_hold(ipa) + span.offset, span.size);
}

int ipa_hold_add(struct tern_ipa *ipa, struct tern_bytes data)
{
    if (data.size > ipa_hold_room(ipa)) {
        return TERN_ERR_NO_SPACE;
    }
    if (data.size > 0) {
        memcpy(ipa_hold(ipa) + ipa->hold_size, data.data, data.size);
    }
    ipa->hold_size = (uint16_t)(ipa->hold_size + data.size);
    return TERN_OK;
}

int ipa_collect(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    (void)last;
    return ipa_hold_add(ipa, data);
}

int ipa_ignore(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    (void)ipa;
    (void)data;
    (void)last;
    return SINK_MORE;
}

struct tern_writer ipa_command_writer(struct tern_ipa *ipa)
{
    return tern_writer(ipa_hold(ipa) + ipa->hold_size, ipa_hold_room(ipa));
}

int ipa_command_end(struct tern_ipa *ipa, const struct tern_writer *writer)
{
    ipa->spans[0] = (struct tern_ipa_span){ipa->hold_size, (uint16_t)writer->size};
    ipa->span_count = 1;
    return tern_writer_status(writer);
}

int ipa_command(struct tern_ipa *ipa, struct tern_bytes command)
{
    struct tern_writer writer = ipa_command_writer(ipa);
    tern_write(&writer, command);
    return ipa_command_end(ipa, &writer);
}
