/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making an eUICC package (SGP.32, 2.11.1.1; sgp32.md 3):
 *
 *     BF51 { 30 { 80 eimId, 5A eid, 81 counter, 82 eimTransactionId, A0 psmoList | A1 ecoList }
 *            5F37 signature over that 30 | associationToken object }
 *
 * The counter is moved by compare-and-set and is durable (with the bytes to be signed) before the
 * signature is asked for: a crash can waste a counter, never use one twice.
 */
#include "engine/eim/turn.h"

const struct tern_eim_key *find_key(const struct tern_eim *eim, int64_t id)
{
    for (size_t i = 0; i < eim->key_count; i++) {
        if (id == 0 || (int64_t)eim->keys[i].id == id) { /* 0: whichever is the first */
            return &eim->keys[i];
        }
    }
    return NULL;
}

struct tern_bytes token_object(struct turn *turn, int64_t token)
{
    return turn_int(turn, 0x84, token); /* 84 01 00 when there is none: sgp32.md 2.3 */
}

/* Take the next counter of this device; 0 when there is none any more. */
static int64_t allot_counter(struct turn *turn, struct tern_eim_device *device)
{
    const struct tern_store *store = turn->eim->store;
    uint64_t actual = 0;
    for (int tries = 0; tries < 2; tries++) {
        int64_t next = device->counter + 1;
        if (next > TERN_COUNTER_MAX) {
            return 0;
        }
        int error = store->counter_set(store->context, "eim.counter", TERN_BYTES_OF(device->eid),
                                       (uint64_t)device->counter, (uint64_t)next, &actual);
        if (error == TERN_OK) {
            device->counter = next;
            return next;
        }
        if (error != TERN_ERR_CONFLICT) {
            turn_fail(turn, error);
            return 0;
        }
        device->counter = (int64_t)actual; /* the record is older than the counter: follow it */
    }
    turn_fail(turn, TERN_ERR_CONFLICT);
    return 0;
}

static struct tern_bytes package_signed(struct turn *turn, const struct tern_eim_device *device,
                                        const struct tern_eim_operation *operation)
{
    return WRAP(turn, 0x30, turn_wrap(turn, 0x80, &turn->eim->eim_id, 1),
                WRAP(turn, 0x5A, TERN_BYTES_OF(device->eid)),
                turn_int(turn, 0x81, operation->counter), WRAP(turn, 0x82, operation->transaction),
                operation->request);
}

bool sign_package(struct turn *turn, struct tern_eim_device *device,
                  struct tern_eim_operation *operation, const struct ticket *ticket)
{
    if (operation->state == TERN_EIM_QUEUED) {
        operation->counter = allot_counter(turn, device);
        if (operation->counter == 0) {
            fail_operation(turn, device, operation, TERN_EIM_ORIGIN_EIM, 0,
                           TERN_EIM_OWN_COUNTER_EXHAUSTED);
            save_device(turn, device);
            return false;
        }
        operation->key_id = device->key_id;
        operation->to_sign = package_signed(turn, device, operation);
        operation->state = TERN_EIM_SIGNING;
        save_operation(turn, device->eid, operation);
        save_device(turn, device);
    }
    const struct tern_eim_key *key = find_key(turn->eim, operation->key_id);
    if (key == NULL) {
        turn_fail(turn, TERN_ERR_NOT_FOUND);
        return false;
    }
    turn_ask_sign(turn, key->key, operation->to_sign, token_object(turn, device->token), ticket);
    return true;
}
