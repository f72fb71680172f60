/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: adding one with its certificates verified, walking them, removing one. SGP.32, 2.10. */
#include <string.h>

#include "engine/eim/turn.h"

static void fill_capabilities(struct tern_eim_device *device,
                              const struct tern_eim_device_data *data)
{
    struct tern_tlv capabilities;
    struct tern_bytes rest = data->ipa_capabilities;
    if (next_tlv(&rest, &capabilities)) {
        device->features = read_bits(child_value(capabilities.value, 0x80));
        device->protocols = read_bits(child_value(capabilities.value, 0x81));
    }
}

int tern_eim_device_add(struct tern_eim *eim, struct tern_eim_step *step,
                        struct tern_eim_device *device, const struct tern_eim_device_data *data)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    struct tern_eim_device known;
    int error = load_device(&turn, device->eid, &known);
    if (error != TERN_ERR_NOT_FOUND) {
        return error == TERN_OK ? TERN_ERR_CONFLICT : error;
    }
    struct tern_eim_device_data copy = *data;
    if (data->euicc_certificate.data != NULL) {
        error = adopt_chain(&turn, device, &copy, data->euicc_certificate, data->eum_certificate);
        if (error != TERN_OK) {
            return error;
        }
    }
    fill_capabilities(device, data);
    device->added_ms = (int64_t)turn.now_ms;
    device->next_sequence = 1;
    if (device->key_id == 0 && eim->key_count > 0) {
        device->key_id = eim->keys[0].id;
    }
    /* A counter that was used for this EID before is never used again. */
    uint64_t actual = 0;
    error = eim->store->counter_set(eim->store->context, "eim.counter", TERN_BYTES_OF(device->eid),
                                    0, (uint64_t)device->counter, &actual);
    if (error == TERN_ERR_CONFLICT && actual > (uint64_t)device->counter) {
        device->counter = (int64_t)actual;
        error = TERN_OK;
    } else if (error == TERN_ERR_CONFLICT) {
        error =
            eim->store->counter_set(eim->store->context, "eim.counter", TERN_BYTES_OF(device->eid),
                                    actual, (uint64_t)device->counter, &actual);
    }
    if (error != TERN_OK) {
        return error;
    }
    save_device(&turn, device);
    save_data(&turn, device->eid, &copy);
    return turn_end(&turn);
}

int tern_eim_device_load(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                         struct tern_eim_device *device)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    return load_device(&turn, eid, device);
}

int tern_eim_device_save(struct tern_eim *eim, struct tern_eim_step *step,
                         const struct tern_eim_device *device)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    save_device(&turn, device);
    return turn_end(&turn);
}

/* Every record of `space` that begins with the EID. */
static int remove_all(struct turn *turn, const char *space, const uint8_t *eid)
{
    const struct tern_store *store = turn->eim->store;
    struct tern_bytes prefix = tern_bytes(eid, TERN_EID_SIZE);
    for (;;) {
        uint8_t found[TERN_STORE_KEY_SIZE_MAX];
        struct tern_writer key = TERN_WRITER_OF(found);
        struct tern_writer value = tern_arena_writer(turn->arena);
        int got = store->next(store->context, space, prefix, TERN_BYTES_NONE, &key, &value);
        if (got != 1) {
            return got;
        }
        int error = store->remove(store->context, space, tern_writer_bytes(&key));
        if (error != TERN_OK) {
            return error;
        }
    }
}

int tern_eim_device_remove(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    struct tern_eim_device device;
    int error = load_device(&turn, eid, &device);
    if (error != TERN_OK) {
        return error;
    }
    for (size_t at = 0; at + 5 <= device.open.size; at += 5) {
        struct tern_eim_operation operation;
        int64_t sequence = (int64_t)tern_read_uint(tern_bytes_slice(device.open, at + 1, 4));
        if (load_operation(&turn, eid, sequence, &operation) == TERN_OK) {
            (void)eim->store->remove(eim->store->context, "eim.transaction", operation.transaction);
        }
    }
    static const char *const SPACES[] = {"eim.operation", "eim.stray", "eim.data", "eim.device"};
    for (size_t i = 0; i < TERN_COUNT_OF(SPACES); i++) {
        error = remove_all(&turn, SPACES[i], eid);
        if (error != TERN_OK) {
            return error;
        }
    }
    return turn_end(&turn);
}

int tern_eim_device_next(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *after,
                         struct tern_eim_device *device)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    uint8_t found[TERN_STORE_KEY_SIZE_MAX];
    struct tern_writer key = TERN_WRITER_OF(found);
    struct tern_writer value = tern_arena_writer(turn.arena);
    int got = eim->store->next(eim->store->context, "eim.device", TERN_BYTES_TEXT(""),
                               tern_bytes(after, after == NULL ? 0 : TERN_EID_SIZE), &key, &value);
    if (got != 1) {
        return got;
    }
    int error = decode_device(device, tern_arena_keep(turn.arena, &value));
    memcpy(device->eid, found, TERN_EID_SIZE);
    return error == TERN_OK ? 1 : error;
}

int tern_eim_data_load(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                       struct tern_eim_device_data *data)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    return load_data(&turn, eid, data);
}

int tern_eim_data_save(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                       const struct tern_eim_device_data *data)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    save_data(&turn, eid, data);
    return turn_end(&turn);
}
