/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verified result changes in the picture we have of the device: its profiles and which one
 * is enabled, its eIMs, its rules, our own key and presence. SGP.32, 3.4, 3.5; sgp32.md 3.11.
 */
#include "engine/eim/turn.h"

struct picture {
    struct turn *turn;
    struct tern_eim_device *device;
    struct tern_eim_device_data data;
    bool changed;
};

/* One ProfileInfo with its state set. */
static struct tern_bytes with_state(struct turn *turn, const struct tern_tlv *profile, bool enabled)
{
    struct tern_bytes state =
        enabled ? TERN_BYTES_TEXT("\x9F\x70\x01\x01") : TERN_BYTES_TEXT("\x9F\x70\x01\x00");
    struct tern_bytes out = TERN_BYTES_TEXT("");
    struct tern_bytes rest = profile->value;
    struct tern_tlv item;
    bool placed = false;
    while (next_tlv(&rest, &item)) {
        out = JOIN(turn, out, item.tag == 0x9F70 ? state : item.raw);
        placed = placed || item.tag == 0x9F70;
    }
    return WRAP(turn, 0xE3, out, placed ? TERN_BYTES_NONE : state);
}

enum change { CHANGE_ENABLE, CHANGE_DISABLE, CHANGE_DELETE };

static void change_profiles(struct picture *picture, enum change change, struct tern_bytes iccid)
{
    struct turn *turn = picture->turn;
    struct tern_bytes out = TERN_BYTES_TEXT("");
    struct tern_bytes rest = picture->data.profiles;
    struct tern_tlv profile;
    bool met = false;
    while (next_tlv(&rest, &profile)) {
        bool same = tern_bytes_equal(child_value(profile.value, 0x5A), iccid);
        met = met || same;
        if (same && change == CHANGE_DELETE) {
            continue;
        }
        bool touched = same || change == CHANGE_ENABLE;
        out = JOIN(turn, out,
                   touched ? with_state(turn, &profile, same && change == CHANGE_ENABLE)
                           : profile.raw);
    }
    if (!met && change != CHANGE_DELETE) {
        struct tern_tlv fresh = {.value = WRAP(turn, 0x5A, iccid)};
        out = JOIN(turn, out, with_state(turn, &fresh, change == CHANGE_ENABLE));
    }
    picture->data.profiles = out;
    picture->changed = true;
    if (change == CHANGE_ENABLE) {
        picture->device->enabled = iccid;
    } else if (tern_bytes_equal(picture->device->enabled, iccid)) {
        picture->device->enabled = TERN_BYTES_NONE;
    }
}

/* A whole list, not one filtered by a criterion, replaces what we had. */
static void take_profiles(struct picture *picture, const struct tern_tlv *command,
                          const struct tern_tlv *result)
{
    struct tern_bytes criterion = child_value(command->value, 0xA0);
    struct tern_bytes tags = child_value(command->value, 0x5C);
    if (criterion.data != NULL || tags.data != NULL) {
        return;
    }
    picture->data.profiles = child_value(result->value, 0xA0);
    picture->data.profiles_ms = (int64_t)picture->turn->now_ms;
    picture->device->flags &= ~(int64_t)TERN_EIM_DEVICE_STALE;
    picture->device->enabled = TERN_BYTES_NONE;
    struct tern_bytes rest = picture->data.profiles;
    struct tern_tlv profile;
    while (next_tlv(&rest, &profile)) {
        struct tern_bytes state = child_value(profile.value, 0x9F70);
        if (state.size == 1 && state.data[0] == 1) {
            picture->device->enabled = child_value(profile.value, 0x5A);
        }
    }
    picture->changed = true;
}

static void apply_psmo(struct picture *picture, const struct tern_tlv *command,
                       const struct tern_tlv *result)
{
    struct tern_bytes iccid = child_value(command->value, 0x5A);
    switch (command->tag) {
    case 0xA3:
        change_profiles(picture, CHANGE_ENABLE, iccid);
        picture->device->flags &= ~(int64_t)TERN_EIM_DEVICE_ROLLED_BACK;
        break;
    case 0xA4:
        change_profiles(picture, CHANGE_DISABLE, iccid);
        break;
    case 0xA5:
        change_profiles(picture, CHANGE_DELETE, iccid);
        break;
    case 0xBF2D:
        take_profiles(picture, command, result);
        break;
    case 0xA6:
        picture->data.rat = result->value;
        picture->changed = true;
        break;
    case 0xBF65:
        picture->data.default_smdp = child_value(command->value, 0x80);
        picture->changed = true;
        break;
    default:
        break;
    }
}

static void apply_eco(struct picture *picture, const struct tern_eim_operation *operation,
                      const struct tern_tlv *command, const struct tern_tlv *result)
{
    struct turn *turn = picture->turn;
    struct tern_bytes eim_id = child_value(command->value, 0x80);
    bool ours = tern_bytes_equal(eim_id, turn->eim->eim_id);
    uint32_t number;
    switch (command->tag) {
    case 0xA8:
        if (read_number(child_value(result->value, 0x84), &number)) {
            turn_event(turn, TERN_EIM_EVENT_TOKEN, picture->device->eid, operation->sequence,
                       number);
        }
        break;
    case 0xA9:
        if (ours) {
            picture->device->flags |= TERN_EIM_DEVICE_GONE;
        }
        break;
    case 0xAA:
        if (ours && operation->new_key_id != 0) {
            picture->device->key_id = operation->new_key_id;
        }
        if (ours && read_number(child_value(command->value, 0x83), &number) &&
            number > picture->device->counter) {
            uint64_t actual;
            const struct tern_store *store = turn->eim->store;
            if (store->counter_set(
                    store->context, "eim.counter", TERN_BYTES_OF(picture->device->eid),
                    (uint64_t)picture->device->counter, number, &actual) == TERN_OK) {
                picture->device->counter = number;
            }
        }
        break;
    case 0xAB:
        picture->data.eims = child_value(result->value, 0xA0);
        picture->changed = true;
        break;
    default:
        break;
    }
}

void apply_results(struct turn *turn, struct tern_eim_device *device,
                   const struct tern_eim_operation *operation, struct tern_bytes results)
{
    struct picture picture = {.turn = turn, .device = device};
    struct tern_tlv list;
    struct tern_tlv command;
    struct tern_tlv result;
    if (operation->code == TERN_EIM_OWN_ROLLED_BACK && operation->origin == TERN_EIM_ORIGIN_EIM) {
        device->flags |= TERN_EIM_DEVICE_ROLLED_BACK | TERN_EIM_DEVICE_STALE;
        queue_profile_list(turn, device, TERN_EIM_OPTION_REFRESH);
        return;
    }
    if (operation->origin == TERN_EIM_ORIGIN_EIM ||
        tern_der_single(operation->request, &list, 0) != TERN_OK ||
        load_data(turn, device->eid, &picture.data) != TERN_OK) {
        return;
    }
    struct tern_bytes commands = list.value;
    while (next_tlv(&commands, &command) && next_tlv(&results, &result) && result_ok(&result)) {
        if (list.tag == 0xA0) {
            apply_psmo(&picture, &command, &result);
        } else {
            apply_eco(&picture, operation, &command, &result);
        }
    }
    if (picture.changed) {
        save_data(turn, device->eid, &picture.data);
    }
}

/* A profile was installed, disabled: put what its metadata says into the list. SGP.32, 4.4. */
void apply_installed(struct turn *turn, struct tern_eim_device *device, struct tern_bytes iccid,
                     struct tern_bytes metadata)
{
    static const tern_tag KEPT[] = {0x91, 0x92, 0x95, 0xB7, 0x99, 0x9F7B, 0x9F67};
    struct tern_eim_device_data data;
    struct tern_tlv outer;
    if (iccid.data == NULL || load_data(turn, device->eid, &data) != TERN_OK) {
        return;
    }
    struct tern_bytes rest = data.profiles;
    struct tern_tlv profile;
    while (next_tlv(&rest, &profile)) {
        if (tern_bytes_equal(child_value(profile.value, 0x5A), iccid)) {
            return;
        }
    }
    struct tern_bytes members =
        JOIN(turn, WRAP(turn, 0x5A, iccid), TERN_BYTES_TEXT("\x9F\x70\x01\x00"));
    if (metadata.data != NULL && tern_der_single(metadata, &outer, 0) == TERN_OK) {
        for (size_t i = 0; i < TERN_COUNT_OF(KEPT); i++) {
            members = JOIN(turn, members, child_raw(outer.value, KEPT[i]));
        }
    }
    data.profiles = JOIN(turn, data.profiles, WRAP(turn, 0xE3, members));
    save_data(turn, device->eid, &data);
}
