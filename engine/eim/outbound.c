/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue to the SM-DP+s: notifications and cancels wait in the store until they are delivered,
 * independent of what the IPA was answered. The key is the SHA-256 of the message: a device that
 * repeats itself adds nothing. Delivered ones are kept for a week so that late repetitions are
 * known, too. Retries double from 30 s to 6 h and end after two weeks.
 */
#include <string.h>

#include "engine/eim/turn.h"

#define RETRY_MS_DEFAULT (30 * 1000)
#define RETRY_MS_MAX     ((uint64_t)6 * 3600 * 1000)
#define LEASE_MS         (90 * 1000)
#define KEPT_MS          ((uint64_t)7 * 24 * 3600 * 1000)
#define GIVE_UP_MS       ((uint64_t)14 * 24 * 3600 * 1000)

static struct tern_bytes due_key(uint8_t out[40], uint64_t due_ms, struct tern_bytes hash)
{
    struct tern_writer writer = tern_writer(out, 40);
    tern_write_uint(&writer, due_ms, 8);
    tern_write(&writer, hash);
    return tern_writer_bytes(&writer);
}

/* Move a message in the order of times. */
static void schedule(struct turn *turn, struct tern_bytes hash, struct outbound *outbound,
                     uint64_t due_ms)
{
    const struct tern_store *store = turn->eim->store;
    uint8_t key[40];
    if (outbound->due_ms != 0) {
        int error = store->remove(store->context, "eim.due",
                                  due_key(key, (uint64_t)outbound->due_ms, hash));
        if (error != TERN_OK && error != TERN_ERR_NOT_FOUND) {
            turn_fail(turn, error);
        }
    }
    outbound->due_ms = (int64_t)due_ms;
    int error =
        store->save(store->context, "eim.due", due_key(key, due_ms, hash), TERN_BYTES_TEXT(""));
    if (error != TERN_OK) {
        turn_fail(turn, error);
    }
    save_outbound(turn, hash, outbound);
}

void queue_outbound(struct turn *turn, int64_t kind, const uint8_t *eid, struct tern_bytes address,
                    struct tern_bytes transaction, struct tern_bytes message)
{
    const struct tern_crypto *crypto = turn->eim->crypto;
    uint8_t *digest = (uint8_t *)turn_take(turn, TERN_SHA256_SIZE);
    struct outbound outbound;
    if (digest == NULL || crypto->sha256(crypto->context, digest, &message, 1) != TERN_OK) {
        turn_fail(turn, TERN_ERR_CRYPTO);
        return;
    }
    struct tern_bytes hash = tern_bytes(digest, TERN_SHA256_SIZE);
    if (address.size == 0 || address.size > TERN_ADDRESS_SIZE ||
        load_outbound(turn, hash, &outbound) != TERN_ERR_NOT_FOUND) {
        return;
    }
    outbound = (struct outbound){.kind = kind,
                                 .created_ms = (int64_t)turn->now_ms,
                                 .eid = tern_bytes(eid, TERN_EID_SIZE),
                                 .address = address,
                                 .transaction = transaction,
                                 .message = message};
    schedule(turn, hash, &outbound, turn->now_ms);
    turn_event(turn, TERN_EIM_EVENT_NOTIFICATION, eid, 0, kind);
}

static void ask_outbound(struct turn *turn, struct tern_bytes hash, const struct outbound *outbound)
{
    struct ticket ticket = {.stage = STAGE_OUTBOUND, .transaction = hash};
    enum tern_eim_function function = outbound->kind == OUTBOUND_CANCEL
                                          ? TERN_EIM_CALL_CANCEL_SESSION
                                          : TERN_EIM_CALL_HANDLE_NOTIFICATION;
    turn_ask_call(turn, function, outbound->address,
                  es9_session_call(turn, function, outbound->transaction, outbound->message),
                  &ticket);
}

int tern_eim_due(struct tern_eim *eim, struct tern_eim_step *step, uint64_t *wake_ms)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    *wake_ms = UINT64_MAX;
    while (turn.error == TERN_OK) {
        uint8_t *found = (uint8_t *)turn_take(&turn, 40);
        if (found == NULL) {
            break;
        }
        struct tern_writer key = tern_writer(found, 40);
        uint8_t nothing[1];
        struct tern_writer value = TERN_WRITER_OF(nothing);
        int got = eim->store->next(eim->store->context, "eim.due", TERN_BYTES_TEXT(""),
                                   TERN_BYTES_NONE, &key, &value);
        if (got != 1) {
            turn_fail(&turn, got < 0 ? got : TERN_OK);
            break;
        }
        uint64_t due_ms = tern_read_uint(tern_bytes(found, 8));
        struct tern_bytes hash = tern_bytes(found + 8, TERN_SHA256_SIZE);
        struct outbound outbound;
        if (due_ms > step->now_ms) {
            *wake_ms = due_ms;
            break;
        }
        int error = load_outbound(&turn, hash, &outbound);
        if (error == TERN_OK && !outbound.done) {
            outbound.leased = 1;
            schedule(&turn, hash, &outbound, step->now_ms + LEASE_MS);
            ask_outbound(&turn, hash, &outbound);
            break;
        }
        (void)eim->store->remove(eim->store->context, "eim.due", tern_writer_bytes(&key));
        if (error == TERN_OK) {
            remove_outbound(&turn, hash); /* delivered, and kept long enough */
        }
    }
    return turn_end(&turn);
}

int tern_eim_recover(struct tern_eim *eim, struct tern_eim_step *step)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    const struct tern_store *store = eim->store;
    uint8_t after[40];
    size_t after_size = 0;
    while (turn.error == TERN_OK) {
        size_t mark = turn.arena->used; /* a long queue must not fill the arena */
        uint8_t found[40];
        uint8_t nothing[1];
        struct tern_writer key = TERN_WRITER_OF(found);
        struct tern_writer value = TERN_WRITER_OF(nothing);
        int got = store->next(store->context, "eim.due", TERN_BYTES_TEXT(""),
                              after_size == 0 ? TERN_BYTES_NONE : tern_bytes(after, after_size),
                              &key, &value);
        if (got != 1 || key.size != sizeof(found)) {
            turn_fail(&turn, got < 0 ? got : TERN_OK);
            break;
        }
        memcpy(after, found, sizeof(after));
        after_size = sizeof(after);
        struct tern_bytes hash = tern_bytes(found + 8, TERN_SHA256_SIZE);
        struct outbound outbound;
        if (load_outbound(&turn, hash, &outbound) == TERN_OK && outbound.leased) {
            outbound.leased = 0;
            schedule(&turn, hash, &outbound, step->now_ms);
        }
        turn.arena->used = mark;
    }
    return turn_end(&turn);
}

static uint64_t retry_delay(const struct turn *turn, int64_t attempts)
{
    uint64_t delay = turn->eim->retry_ms == 0 ? RETRY_MS_DEFAULT : turn->eim->retry_ms;
    for (int64_t i = 1; i < attempts && delay < RETRY_MS_MAX; i++) {
        delay *= 2;
    }
    return delay < RETRY_MS_MAX ? delay : RETRY_MS_MAX;
}

void answer_outbound(struct turn *turn, const struct ticket *ticket,
                     const struct tern_eim_answer *answer)
{
    struct outbound outbound;
    struct tern_bytes hash = ticket->transaction;
    turn->step->outcome = TERN_EIM_NOTHING;
    if (load_outbound(turn, hash, &outbound) != TERN_OK || outbound.done) {
        return;
    }
    outbound.attempts++;
    outbound.leased = 0;
    bool accepted = answer->error == TERN_OK && answer->status >= 200 && answer->status < 300;
    bool old = (uint64_t)outbound.created_ms + GIVE_UP_MS < turn->now_ms;
    if (accepted || old) {
        turn_event(turn, accepted ? TERN_EIM_EVENT_FORWARDED : TERN_EIM_EVENT_FORWARD_FAILED,
                   outbound.eid.data, 0, outbound.attempts);
        outbound.done = 1;
        outbound.message = TERN_BYTES_NONE;
        schedule(turn, hash, &outbound, turn->now_ms + KEPT_MS);
    } else {
        schedule(turn, hash, &outbound, turn->now_ms + retry_delay(turn, outbound.attempts));
    }
}
