/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package results (SGP.32, 2.11.2.1; sgp32.md 3.11, 6.3).
 *
 * A result is believed when the eUICC's signature verifies over the bytes received and the token of
 * this association; it is applied when it answers a package we know, kept as a stray when it does
 * not, and acknowledged in both cases. What does not verify is refused and changes nothing. The
 * unsigned error is believed only so far that the operation ends as failed: a signed result that
 * comes later still wins.
 */
#include "engine/eim/turn.h"

#define COUNTER_GAP 100 /* after a replayError that nothing explains */

enum epe_code { EPE_REPLAY = 4 };

/* EuiccPackageResult, taken apart. */
struct package_result {
    tern_tag arm; /* 0xA0 signed result, 0xA1 signed error, 0xA2 unsigned error */
    struct tern_bytes raw;
    struct tern_bytes to_verify; /* the 30 that was signed */
    struct tern_bytes signature;
    struct tern_bytes eim_id;
    uint32_t counter;
    struct tern_bytes transaction;
    uint32_t sequence_number;
    uint32_t code;
    uint32_t token;
    bool has_token;
    struct tern_bytes results;
};

static bool read_signed(struct package_result *result, struct tern_bytes value)
{
    struct tern_tlv data;
    struct tern_bytes rest = value;
    if (!next_tlv(&rest, &data) || data.tag != 0x30) {
        return false;
    }
    result->to_verify = data.raw;
    result->signature = child_value(rest, 0x5F37);
    result->eim_id = child_value(data.value, 0x80);
    result->transaction = child_value(data.value, 0x82);
    if (result->signature.data == NULL || result->eim_id.data == NULL ||
        !read_number(child_value(data.value, 0x81), &result->counter)) {
        return false;
    }
    if (result->arm == 0xA1) {
        return read_number(child_value(data.value, 0x02), &result->code);
    }
    result->results = child_value(data.value, 0x30);
    return result->results.data != NULL && well_formed(result->results) &&
           read_number(child_value(data.value, 0x83), &result->sequence_number);
}

static bool read_result(struct turn *turn, struct package_result *result, struct tern_bytes raw)
{
    *result = (struct package_result){.raw = raw};
    struct tern_tlv outer;
    struct tern_bytes rest = raw;
    if (!next_tlv(&rest, &outer) || outer.tag != 0xBF51) {
        return false;
    }
    struct tern_tlv arm;
    rest = outer.value;
    if (!next_tlv(&rest, &arm)) {
        return false;
    }
    if (arm.tag == 0xBF51) {
        turn->quirks_seen |= TERN_EIM_QUIRK_WRAPPED_TWICE;
        outer = arm;
        rest = arm.value;
        if (!next_tlv(&rest, &arm)) {
            return false;
        }
    }
    if (arm.tag == 0x30) { /* sgp32.md 3.3: one library leaves A0 out */
        turn->quirks_seen |= TERN_EIM_QUIRK_RESULT_NO_ARM;
        result->arm = child_value(arm.value, 0x02).data != NULL ? 0xA1 : 0xA0;
        return read_signed(result, outer.value);
    }
    result->arm = arm.tag;
    if (arm.tag == 0xA2) {
        result->eim_id = child_value(arm.value, 0x80);
        result->transaction = child_value(arm.value, 0x82);
        result->has_token = read_number(child_value(arm.value, 0x84), &result->token);
        if (child_value(arm.value, 0x8F).data != NULL) {
            turn->quirks_seen |= TERN_EIM_QUIRK_V1_3;
        }
        return true;
    }
    return (arm.tag == 0xA0 || arm.tag == 0xA1) && read_signed(result, arm.value);
}

/* iotVersion 1.0.x only: there the request's signature stands in place of the token. */
static bool is_version_1_0(struct turn *turn, const struct tern_eim_device *device)
{
    static const tern_tag PATH[] = {0xBF22, 0xB4, 0xA0, 0x04};
    struct tern_eim_device_data data;
    struct tern_tlv version;
    return (device->quirks & TERN_EIM_QUIRK_SIGNATURE_1_0) != 0 ||
           (load_data(turn, device->eid, &data) == TERN_OK &&
            tern_der_path(data.euicc_info2, PATH, TERN_COUNT_OF(PATH), &version) == TERN_OK &&
            version.value.size == 3 && version.value.data[0] == 1 && version.value.data[1] == 0);
}

static bool verified(struct turn *turn, struct tern_eim_device *device,
                     const struct package_result *result,
                     const struct tern_eim_operation *operation)
{
    struct tern_bytes parts[2] = {result->to_verify, token_object(turn, device->token)};
    if (euicc_signed(turn, device, result->signature, parts, 2)) {
        return true;
    }
    struct tern_tlv request;
    if (operation == NULL || device->curve == TERN_CURVE_NONE ||
        tern_der_single(operation->message, &request, 0) != TERN_OK ||
        !is_version_1_0(turn, device)) {
        return false;
    }
    parts[1] = child_raw(request.value, 0x5F37);
    if (!euicc_signed(turn, device, result->signature, parts, 2)) {
        return false;
    }
    learn_quirk(turn, device, TERN_EIM_QUIRK_SIGNATURE_1_0);
    return true;
}

/* The package that has this counter: open, or among the last ones finished. */
static bool find_package(struct turn *turn, const struct tern_eim_device *device, int64_t counter,
                         struct tern_eim_operation *operation)
{
    for (size_t at = 0; at + 5 <= device->open.size; at += 5) {
        int64_t sequence = (int64_t)tern_read_uint(tern_bytes_slice(device->open, at + 1, 4));
        if (device->open.data[at] == TERN_EIM_KIND_PACKAGE &&
            load_operation(turn, device->eid, sequence, operation) == TERN_OK &&
            operation->counter == counter) {
            return true;
        }
    }
    int64_t sequence = recent_sequence(device, counter);
    return sequence != 0 && load_operation(turn, device->eid, sequence, operation) == TERN_OK &&
           operation->counter == counter;
}

static void keep_stray(struct turn *turn, const struct tern_eim_device *device,
                       const struct package_result *result)
{
    uint8_t key[TERN_EID_SIZE + 8];
    struct tern_writer writer = TERN_WRITER_OF(key);
    tern_write(&writer, TERN_BYTES_OF(device->eid));
    tern_write_uint(&writer, result->counter, 8);
    const struct tern_store *store = turn->eim->store;
    int error = store->insert(store->context, "eim.stray", tern_writer_bytes(&writer), result->raw);
    if (error == TERN_OK) {
        turn_event(turn, TERN_EIM_EVENT_STRAY, device->eid, 0, result->counter);
    } else if (error != TERN_ERR_CONFLICT) {
        turn_fail(turn, error);
    }
}

static void ask_for_results(struct turn *turn, struct tern_eim_device *device)
{
    static const char TAGS[] = "\xA2\xA5\xA6\x84";
    queue_data_request(turn, device, TAGS, sizeof(TAGS) - 1,
                       TERN_EIM_OPTION_RECOVERY | TERN_EIM_OPTION_RESYNC, true);
}

static void take_epr(struct turn *turn, struct tern_eim_device *device,
                     const struct package_result *result, struct tern_eim_operation *operation)
{
    bool repeated =
        !tern_eim_state_open(operation->state) && tern_bytes_equal(operation->result, result->raw);
    if (repeated) {
        return;
    }
    operation->result = result->raw;
    judge_results(turn, device, operation, result->results);
    apply_results(turn, device, operation, result->results);
    finish_operation(turn, device, operation, operation->state);
}

static void take_epe(struct turn *turn, struct tern_eim_device *device,
                     const struct package_result *result, struct tern_eim_operation *operation)
{
    if (!tern_eim_state_open(operation->state)) {
        return;
    }
    if (result->code == EPE_REPLAY && operation->state != TERN_EIM_LOST) {
        operation->state = TERN_EIM_LOST; /* executed before: sgp32.md 2.2, its result is stored */
        save_operation(turn, device->eid, operation);
        ask_for_results(turn, device);
        return;
    }
    if (operation->state == TERN_EIM_LOST) {
        return;
    }
    operation->result = result->raw;
    fail_operation(turn, device, operation, TERN_EIM_ORIGIN_PACKAGE, 0, result->code);
}

static void take_unsigned(struct turn *turn, struct tern_eim_device *device,
                          const struct package_result *result)
{
    static const char TAGS[] = "\x84\xA5\xA6\xBF\x22";
    struct tern_eim_operation operation;
    if (match_operation(turn, device, TERN_EIM_KIND_PACKAGE, result->transaction, &operation) !=
            TERN_OK ||
        operation.state == TERN_EIM_QUEUED || operation.state == TERN_EIM_LOST) {
        return;
    }
    operation.result = result->raw;
    fail_operation(turn, device, &operation, TERN_EIM_ORIGIN_UNSIGNED, 0,
                   result->has_token ? result->token : 0);
    queue_data_request(turn, device, TAGS, sizeof(TAGS) - 1, TERN_EIM_OPTION_RESYNC, true);
}

enum result_fate take_package_result(struct turn *turn, struct tern_eim_device *device,
                                     struct tern_bytes package_result, struct tern_writer *acks)
{
    struct package_result result;
    if (!read_result(turn, &result, package_result)) {
        return RESULT_REFUSED;
    }
    if (result.eim_id.data == NULL || !tern_bytes_equal(result.eim_id, turn->eim->eim_id)) {
        return RESULT_REFUSED; /* another eIM's result */
    }
    if (result.arm == 0xA2) {
        take_unsigned(turn, device, &result);
        return RESULT_TAKEN;
    }
    struct tern_eim_operation operation;
    bool known = find_package(turn, device, result.counter, &operation);
    if (device->curve == TERN_CURVE_NONE) {
        ask_for_results(turn, device); /* no chain yet: certificates and the stored results */
        return RESULT_UNVERIFIABLE;
    }
    if (!verified(turn, device, &result, known ? &operation : NULL)) {
        turn_event(turn, TERN_EIM_EVENT_SUSPECT, device->eid, known ? operation.sequence : 0,
                   TERN_EIM_OWN_RESULT_UNTRUSTED);
        return RESULT_REFUSED;
    }
    learn_quirk(turn, device, turn->quirks_seen);
    bool same_transaction = known && (result.transaction.data == NULL ||
                                      tern_bytes_equal(result.transaction, operation.transaction));
    if (result.arm == 0xA1) {
        if (same_transaction) {
            take_epe(turn, device, &result, &operation);
        }
        return RESULT_TAKEN;
    }
    if (same_transaction) {
        take_epr(turn, device, &result, &operation);
    } else {
        keep_stray(turn, device, &result);
    }
    tern_der_write_int(acks, 0x80, result.sequence_number);
    return RESULT_TAKEN;
}

void recovery_finished(struct turn *turn, struct tern_eim_device *device)
{
    struct tern_eim_operation operation;
    for (size_t at = 0; at + 5 <= device->open.size; at += 5) {
        int64_t sequence = (int64_t)tern_read_uint(tern_bytes_slice(device->open, at + 1, 4));
        if (device->open.data[at] != TERN_EIM_KIND_PACKAGE ||
            load_operation(turn, device->eid, sequence, &operation) != TERN_OK ||
            operation.state != TERN_EIM_LOST) {
            continue;
        }
        /* Neither executed nor stored: our counter is behind. Jump, gaps are accepted. */
        uint64_t actual;
        uint64_t from = (uint64_t)device->counter;
        const struct tern_store *store = turn->eim->store;
        if (from + COUNTER_GAP < TERN_COUNTER_MAX &&
            store->counter_set(store->context, "eim.counter", TERN_BYTES_OF(device->eid), from,
                               from + COUNTER_GAP, &actual) == TERN_OK) {
            device->counter += COUNTER_GAP;
        }
        fail_operation(turn, device, &operation, TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_RESULT_LOST);
        queue_profile_list(turn, device, TERN_EIM_OPTION_REFRESH);
        return;
    }
}

struct tern_bytes acknowledgements(struct turn *turn, struct tern_writer *acks)
{
    if (tern_writer_status(acks) != TERN_OK) {
        turn_fail(turn, TERN_ERR_NO_SPACE);
    }
    return acks->size == 0 ? TERN_BYTES_TEXT("\x30\x00")
                           : WRAP(turn, 0xBF53, tern_writer_bytes(acks));
}
