/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IpaEuiccDataRequest and its answer (SGP.32, 2.11.1.2, 2.11.2.2; sgp32.md 4).
 *
 * The answer is not signed. What carries its own proof is verified (certificates by their chain,
 * package results and notifications by their signatures); the rest is kept as what the device says.
 */
#include "engine/eim/turn.h"

enum data_error { DATA_INCORRECT_TAG_LIST = 1 };

/* v1.2's tag and the one v1.0 had for the same thing: sgp32.md 1.4. */
static const struct {
    tern_tag now;
    tern_tag before;
} TAGS_1_0[] = {
    {0xA0, 0xBF2B},
    {0x81, 0x80  },
    {0xA8, 0x88  }
};

/* Take one tag off a tag list; 0 when the rest is none. */
static tern_tag next_tag(struct tern_bytes *rest)
{
    if (rest->size == 0) {
        return 0;
    }
    size_t size = (rest->data[0] & 0x1F) == 0x1F ? 2 : 1;
    if (rest->size < size || (size == 2 && (rest->data[1] & 0x80) != 0)) {
        return 0;
    }
    tern_tag tag = (tern_tag)tern_read_uint(tern_bytes(rest->data, size));
    *rest = tern_bytes(rest->data + size, rest->size - size);
    return tag;
}

int data_check(struct tern_bytes tags)
{
    static const tern_tag KNOWN[] = {0xA0, 0x81, 0xA2, 0xBF20, 0xBF22, 0x83,
                                     0x84, 0xA5, 0xA6, 0xA8,   0xA9};
    if (tags.size == 0) {
        return TERN_ERR_MISSING;
    }
    while (tags.size > 0) {
        tern_tag tag = next_tag(&tags);
        bool known = false;
        for (size_t i = 0; i < TERN_COUNT_OF(KNOWN); i++) {
            known = known || tag == KNOWN[i];
        }
        if (!known) {
            return TERN_ERR_UNEXPECTED; /* 5A and BF2D too: sgp32.md 4.2 */
        }
    }
    return TERN_OK;
}

static struct tern_bytes tag_list(struct turn *turn, const struct tern_eim_device *device,
                                  struct tern_bytes tags)
{
    if ((device->quirks & TERN_EIM_QUIRK_TAG_LIST_1_0) == 0) {
        return tags;
    }
    struct tern_writer out = tern_arena_writer(turn->arena);
    while (tags.size > 0) {
        tern_tag tag = next_tag(&tags);
        for (size_t i = 0; i < TERN_COUNT_OF(TAGS_1_0); i++) {
            tag = tag == TAGS_1_0[i].now ? TAGS_1_0[i].before : tag;
        }
        if (tag == 0) {
            break;
        }
        tern_write_uint(&out, tag, tag > 0xFF ? 2 : 1);
    }
    return tern_arena_keep(turn->arena, &out);
}

struct tern_bytes data_request(struct turn *turn, const struct tern_eim_device *device,
                               const struct tern_eim_operation *operation)
{
    struct tern_bytes chain = TERN_BYTES_NONE;
    if (device->ci_key_id.size > 0) {
        chain = WRAP(turn, 0x04, device->ci_key_id);
    }
    return WRAP(turn, 0xBF52, WRAP(turn, 0x5C, tag_list(turn, device, operation->request)), chain,
                WRAP(turn, 0x83, operation->transaction));
}

static void replace(struct tern_bytes *known, struct tern_bytes said)
{
    if (said.data != NULL) {
        *known = said;
    }
}

static void take_certificates(struct turn *turn, struct tern_eim_device *device,
                              struct tern_eim_device_data *data, struct tern_bytes content)
{
    struct tern_bytes eum = untag_certificate(turn, child_value(content, 0xA5));
    struct tern_bytes euicc = untag_certificate(turn, child_value(content, 0xA6));
    if (eum.data == NULL || euicc.data == NULL ||
        (tern_bytes_equal(eum, data->eum_certificate) &&
         tern_bytes_equal(euicc, data->euicc_certificate) && device->curve != 0)) {
        return;
    }
    if (adopt_chain(turn, device, data, euicc, eum) != TERN_OK) {
        turn_event(turn, TERN_EIM_EVENT_SUSPECT, device->eid, 0, TERN_EIM_OWN_RESULT_UNTRUSTED);
    }
}

static void take_infos(struct turn *turn, struct tern_eim_device *device,
                       struct tern_eim_device_data *data, struct tern_bytes content)
{
    replace(&data->euicc_info1, child_raw(content, 0xBF20));
    replace(&data->euicc_info2, child_raw(content, 0xBF22));
    replace(&data->root_smds, child_value(content, 0x83));
    replace(&data->device_info, child_raw(content, 0xA9));
    struct tern_bytes smdp = child_value(content, 0x81);
    struct tern_bytes capabilities = child_raw(content, 0xA8);
    if (smdp.data == NULL) {
        smdp = child_value(content, 0x80);
    }
    if (capabilities.data == NULL && child_raw(content, 0x88).data != NULL) {
        capabilities = WRAP(turn, 0xA8, child_value(content, 0x88));
    }
    replace(&data->default_smdp, smdp);
    replace(&data->ipa_capabilities, capabilities);
    struct tern_tlv parsed;
    if (capabilities.data != NULL && tern_der_single(capabilities, &parsed, 0) == TERN_OK) {
        device->features = read_bits(child_value(parsed.value, 0x80));
        device->protocols = read_bits(child_value(parsed.value, 0x81));
    }
    data->infos_ms = (int64_t)turn->now_ms;
}

static void take_lists(struct turn *turn, struct tern_eim_device *device, struct tern_bytes content,
                       struct tern_writer *acks)
{
    struct tern_tlv item;
    struct tern_bytes results = child_value(content, 0xA2);
    while (next_tlv(&results, &item)) {
        if (item.tag == 0xBF51) {
            (void)take_package_result(turn, device, item.raw, acks);
        }
    }
    struct tern_bytes notifications = child_value(content, 0xA0);
    if (notifications.data == NULL) {
        notifications = child_value(content, 0xBF2B);
        if (child_value(notifications, 0xA0).data != NULL) {
            notifications = child_value(notifications, 0xA0);
        }
    }
    while (next_tlv(&notifications, &item)) {
        (void)take_notification(turn, device, item.raw, acks);
    }
}

static void take_data_error(struct turn *turn, struct tern_eim_device *device,
                            struct tern_bytes error, struct tern_bytes raw)
{
    struct tern_eim_operation operation;
    uint32_t code = 127;
    (void)read_number(child_value(error, 0x02), &code);
    if (match_operation(turn, device, TERN_EIM_KIND_DATA, child_value(error, 0x80), &operation) !=
            TERN_OK ||
        operation.state != TERN_EIM_FETCHED) {
        return;
    }
    if (code == DATA_INCORRECT_TAG_LIST && (device->quirks & TERN_EIM_QUIRK_TAG_LIST_1_0) == 0 &&
        !tern_bytes_equal(operation.request, TERN_BYTES_TEXT(""))) {
        /* Perhaps it knows the v1.0 tags only: ask once more with those. */
        learn_quirk(turn, device, TERN_EIM_QUIRK_TAG_LIST_1_0);
        operation.state = TERN_EIM_QUEUED;
        save_operation(turn, device->eid, &operation);
        return;
    }
    if (code == DATA_INCORRECT_TAG_LIST) {
        device->quirks &= ~(int64_t)TERN_EIM_QUIRK_TAG_LIST_1_0; /* that was not it */
    }
    bool recovery = (operation.options & TERN_EIM_OPTION_RECOVERY) != 0;
    operation.result = raw;
    fail_operation(turn, device, &operation, TERN_EIM_ORIGIN_DATA, 0, code);
    if (recovery) {
        recovery_finished(turn, device);
    }
}

void take_data(struct turn *turn, struct tern_eim_device *device, struct tern_bytes response,
               struct tern_writer *acks)
{
    struct tern_tlv arm = {0};
    struct tern_bytes rest = response;
    struct tern_eim_device_data data;
    struct tern_eim_operation operation;
    if (next_tlv(&rest, &arm) && arm.tag == 0xBF52) {
        learn_quirk(turn, device, TERN_EIM_QUIRK_WRAPPED_TWICE);
        rest = arm.value;
        (void)next_tlv(&rest, &arm);
    }
    if (arm.tag == 0xA1) {
        take_data_error(turn, device, arm.value, arm.raw);
        return;
    }
    if (arm.tag != 0xA0 || load_data(turn, device->eid, &data) != TERN_OK) {
        return;
    }
    take_certificates(turn, device, &data, arm.value);
    take_infos(turn, device, &data, arm.value);
    save_data(turn, device->eid, &data);
    take_lists(turn, device, arm.value, acks);
    turn_event(turn, TERN_EIM_EVENT_DATA, device->eid, 0, 0);
    if (match_operation(turn, device, TERN_EIM_KIND_DATA, child_value(arm.value, 0x87),
                        &operation) != TERN_OK ||
        operation.state != TERN_EIM_FETCHED) {
        return;
    }
    uint32_t token = 0;
    bool asked = (operation.options & TERN_EIM_OPTION_RESYNC) != 0;
    if (asked && read_number(child_value(arm.value, 0x84), &token)) {
        device->token = token; /* unsigned, but a wrong one can only make signatures fail */
    }
    operation.result = arm.raw;
    finish_operation(turn, device, &operation, TERN_EIM_DONE);
    if ((operation.options & TERN_EIM_OPTION_RECOVERY) != 0) {
        recovery_finished(turn, device);
    }
}
