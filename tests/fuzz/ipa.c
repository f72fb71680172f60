/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doors of the IPA: what cards, eIMs, servers and injectors answer. The input is a play:
 *
 *   features | how large pieces are, bit 7: the small buffer | items..
 *   item: kind | size (2) | bytes        kind: enum item
 *
 * Each time the IPA has asked something whole, the next item answers. Seeds are the transcripts of
 * tests/scenario/ipa (TERN_IPA_SEEDS=DIR test-scenario-ipa_transcripts writes them).
 */
#include <string.h>

#include "tern/ipa.h"
#include "tests/fuzz/fuzz.h"

enum item {
    ITEM_ANSWER = 0,
    ITEM_REFUSED = 1, /* a status word that is an error; an HTTP error */
    ITEM_LOST = 2,
    ITEM_INJECT = 3, /* in sleep: this message; otherwise an answer */
    ITEM_CUT = 4,    /* power is lost before this answer */
};

#define STEPS_MAX 20000

struct play {
    struct tern_ipa ipa;
    struct tern_ipa_config config;
    uint8_t *buffer;
    size_t buffer_size;
    uint8_t saved[TERN_IPA_SAVED_SIZE_MAX];
    size_t saved_size;
    struct tern_bytes rest;
    size_t piece;
    enum item kind;
    struct tern_bytes answer; /* of the card or the peer */
    uint32_t sent;
    bool started;
};

static bool next_item(struct play *play)
{
    if (play->rest.size < 3) {
        play->kind = ITEM_LOST;
        play->answer = TERN_BYTES_NONE;
        return false;
    }
    size_t size = (size_t)play->rest.data[1] << 8 | play->rest.data[2];
    play->kind = (enum item)(play->rest.data[0] % 5);
    play->answer = tern_bytes_slice(play->rest, 3, size);
    play->rest = tern_bytes_slice(play->rest, 3 + play->answer.size, play->rest.size);
    return true;
}

static void power_on(struct play *play)
{
    FUZZ_CHECK(tern_ipa_init(&play->ipa, &play->config, play->buffer, play->buffer_size,
                             tern_bytes(play->saved, play->saved_size)) == TERN_OK);
    memset(play->buffer, 0xEE, play->buffer_size);
    play->started = false;
}

static void card_chunk(struct play *play, struct tern_writer *out, size_t asked)
{
    size_t size = asked < play->piece ? asked : play->piece;
    struct tern_bytes chunk = tern_bytes_slice(play->answer, 0, size);
    play->answer = tern_bytes_slice(play->answer, chunk.size, play->answer.size);
    tern_write(out, chunk);
    size_t left = play->answer.size;
    tern_write_uint(out, left == 0 ? 0x9000 : left > 255 ? 0x6100 : 0x6100 | left, 2);
}

static void card(struct play *play, struct tern_bytes apdu, struct tern_writer *out)
{
    FUZZ_CHECK(apdu.size >= 4 && apdu.size <= 261);
    if (apdu.data[1] == 0xC0) {
        card_chunk(play, out, apdu.data[4] == 0 ? 256 : apdu.data[4]);
    } else if (apdu.data[1] != 0xE2) { /* TERMINAL CAPABILITY, MANAGE CHANNEL, SELECT */
        if (apdu.data[1] == 0x70) {
            tern_write_byte(out, 1);
        }
        tern_write_uint(out, 0x9000, 2);
    } else if (apdu.data[2] == 0x11) {
        tern_write_uint(out, 0x9000, 2);
    } else {
        (void)next_item(play);
        bool refused = play->kind == ITEM_REFUSED;
        size_t left = play->answer.size;
        tern_write_uint(out,
                        refused      ? 0x6A80
                        : left == 0  ? 0x9000
                        : left > 255 ? 0x6100
                                     : 0x6100 | left,
                        2);
    }
}

static void exchange(struct play *play, const struct tern_ipa_action *action,
                     struct tern_ipa_event *event)
{
    play->sent = action->first ? 0 : play->sent;
    play->sent += (uint32_t)action->data.size;
    FUZZ_CHECK(action->last == (play->sent == action->total_size));
    if (action->last && action->peer != TERN_IPA_PEER_INJECTOR) {
        (void)next_item(play);
    }
    if (action->last && play->kind == ITEM_LOST) {
        event->kind = TERN_IPA_EVENT_LINK_LOST;
    }
}

static void read_reply(struct play *play, const struct tern_ipa_action *action,
                       struct tern_ipa_event *event, struct tern_writer *out)
{
    FUZZ_CHECK(action->size_max > 0);
    if (play->kind == ITEM_REFUSED) {
        event->kind = TERN_IPA_EVENT_REFUSED;
        return;
    }
    size_t size = action->size_max < play->piece ? action->size_max : play->piece;
    struct tern_bytes chunk = tern_bytes_slice(play->answer, 0, size);
    play->answer = tern_bytes_slice(play->answer, chunk.size, play->answer.size);
    tern_write(out, chunk);
    event->kind = TERN_IPA_EVENT_RECEIVED;
    event->last = play->answer.size == 0;
}

/* What to wake it with; false when the play is over. */
static bool wake(struct play *play, struct tern_ipa_event *event)
{
    if (!play->started) {
        play->started = true;
        event->kind = TERN_IPA_EVENT_START;
        return true;
    }
    if (play->rest.size < 3) {
        return false;
    }
    event->kind = TERN_IPA_EVENT_WAKE;
    if (play->rest.data[0] % 5 == ITEM_INJECT) {
        (void)next_item(play);
        event->kind = TERN_IPA_EVENT_INJECTED;
    }
    return true;
}

static bool perform(struct play *play, const struct tern_ipa_action *action,
                    struct tern_ipa_event *event, struct tern_writer *out)
{
    event->kind = TERN_IPA_EVENT_DONE;
    event->last = false;
    switch (action->want) {
    case TERN_IPA_WANT_APDU:
        event->kind = TERN_IPA_EVENT_RESPONSE;
        card(play, action->data, out);
        break;
    case TERN_IPA_WANT_EXCHANGE:
        exchange(play, action, event);
        break;
    case TERN_IPA_WANT_READ:
        read_reply(play, action, event, out);
        break;
    case TERN_IPA_WANT_SAVE:
        FUZZ_CHECK(action->data.size <= sizeof(play->saved));
        memcpy(play->saved, action->data.data, action->data.size);
        play->saved_size = action->data.size;
        break;
    case TERN_IPA_WANT_SLEEP:
        return wake(play, event);
    default:
        break;
    }
    if (play->kind == ITEM_CUT) {
        play->kind = ITEM_ANSWER;
        power_on(play);
        return wake(play, event);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t DEVICE[] = {0x80, 0x04, 0x35, 0x29, 0x06, 0x11, 0xA1, 0x00};
    static struct play play;
    if (size < 2) {
        return 0;
    }
    memset(&play, 0, sizeof(play));
    play.rest = tern_bytes(data + 2, size - 2);
    play.piece = (size_t)(data[1] & 0x7F) * 2 + 1;
    play.buffer_size = (data[1] & 0x80) != 0 ? TERN_IPA_BUFFER_SIZE_MIN : TERN_IPA_BUFFER_SIZE;
    play.buffer = malloc(play.buffer_size);
    play.config = (struct tern_ipa_config){.features = data[0] & 0x3F,
                                           .immediate_enable = (data[0] & 0x40) != 0,
                                           .prefer_direct = (data[0] & 0x80) != 0,
                                           .protocols = TERN_IPA_RETRIEVE_HTTPS,
                                           .rollback_attempts = 2,
                                           .device = TERN_BYTES_OF(DEVICE)};
    power_on(&play);
    struct tern_ipa_event event = {.kind = TERN_IPA_EVENT_START};
    play.started = true;
    uint8_t *own = NULL;
    for (unsigned step = 0; step < STEPS_MAX; step++) {
        struct tern_ipa_action action;
        uint8_t piece[300];
        struct tern_writer out = TERN_WRITER_OF(piece);
        FUZZ_CHECK(tern_ipa_step(&play.ipa, &action, &event) == TERN_OK);
        if (!perform(&play, &action, &event, &out)) {
            break;
        }
        free(own);
        own = malloc(out.size + 1); /* gone with the next step */
        memcpy(own, piece, out.size);
        event.received = tern_bytes(own, event.kind == TERN_IPA_EVENT_RECEIVED ||
                                                 event.kind == TERN_IPA_EVENT_RESPONSE
                                             ? out.size
                                             : 0);
        event.now_ms++;
    }
    free(own);
    free(play.buffer);
    return 0;
}
