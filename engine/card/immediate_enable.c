/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Immediate enabling: a profile from the configured SM-DP+ is enabled as soon as it is installed.
 * SGP.32, 3.4.4, 5.9.15 and 5.9.17; sgp32.md 3.8.
 */
#include "engine/card/eim_table.h"
#include "engine/card/functions.h"
#include "engine/card/proactive.h"
#include "engine/card/profile_change.h"
#include "engine/card/settings.h"
#include "tern/messages/es10b_iot.h"

#define KEY_IMMEDIATE STORE_KEY(RECORD_IMMEDIATE, 0, 0)
#define CODE(name)    TERN_IMMEDIATE_ENABLE_RESULT_##name

int settings_set_immediate(struct es10 *call, const struct immediate_record *record)
{
    if (record->smdp_address.size > TERN_ADDRESS_SIZE || record->smdp_oid.size > 32) {
        return TERN_ERR_RANGE;
    }
    if (!record->flag) return store_remove(&call->card->store, KEY_IMMEDIATE);
    return es10_put(call, KEY_IMMEDIATE, &IMMEDIATE_RECORD, record);
}

int settings_load_immediate(struct es10 *call, struct immediate_record *record)
{
    struct tern_bytes data;
    *record = (struct immediate_record){.flag = false};
    int status = es10_load(call, KEY_IMMEDIATE, &data);
    if (status != TERN_OK || data.data == NULL) return status;
    return tern_asn_decode(&IMMEDIATE_RECORD, record, NULL, data);
}

int es10_configure_immediate_enabling(struct es10 *call)
{
    struct tern_configure_immediate_enable request;
    int status = es10_decode(call, &TERN_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_REQUEST, &request);
    if (status != TERN_OK) return status;
    struct tern_configure_immediate_profile_enabling_response response = {
        TERN_CONFIG_IMMEDIATE_ENABLE_RESULT_ok};
    struct immediate_record record = {request.immediate_enable_flag, request.default_smdp_oid,
                                      request.default_smdp_address};
    if (eim_count(call->card) > 0) {
        response.config_immediate_enable_result =
            TERN_CONFIG_IMMEDIATE_ENABLE_RESULT_associatedEimAlreadyExists;
    } else {
        status = settings_set_immediate(call, &record);
        if (status == TERN_ERR_NO_SPACE) {
            response.config_immediate_enable_result =
                TERN_CONFIG_IMMEDIATE_ENABLE_RESULT_insufficientMemory;
        } else if (status == TERN_ERR_RANGE) {
            response.config_immediate_enable_result =
                TERN_CONFIG_IMMEDIATE_ENABLE_RESULT_undefinedError;
        } else if (status != TERN_OK) {
            return status;
        }
    }
    return es10_encode(call, &TERN_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_RESPONSE, &response);
}

int settings_remember_source(struct es10 *call, int slot, struct tern_bytes oid,
                             struct tern_bytes address)
{
    struct tern_card *card = call->card;
    struct immediate_record record;
    int status = settings_load_immediate(call, &record);
    if (status != TERN_OK) return status;
    card->installed_slot = slot;
    card->installed_from_default =
        (record.smdp_oid.data == NULL || tern_bytes_equal(record.smdp_oid, oid)) &&
        (record.smdp_address.data == NULL || tern_bytes_equal(record.smdp_address, address));
    return TERN_OK;
}

static int64_t check(const struct tern_card *card, const struct immediate_record *record)
{
    if (!record->flag) return CODE(immediateEnableNotAvailable);
    int slot = card->installed_slot;
    if (slot == PROFILE_NONE || !card->profiles[slot].installed) return CODE(noSessionContext);
    if (!card->installed_from_default) return CODE(immediateEnableNotAvailable);
    if (proactive_busy(card)) return CODE(catBusy);
    bool forbidden = card->numbers.emergency_active || card->profiles[slot].ecall ||
                     card->profiles[slot].enabled ||
                     change_forbidden(card, state_enabled_slot(card), TERN_PPR_IDS_ppr1);
    return forbidden ? CODE(undefinedError) : CODE(ok);
}

int es10_immediate_enable(struct es10 *call)
{
    struct tern_refresh_flag request;
    int status = es10_decode(call, &TERN_IMMEDIATE_ENABLE_REQUEST, &request);
    struct immediate_record record;
    if (status == TERN_OK) status = settings_load_immediate(call, &record);
    if (status != TERN_OK) return status;
    int64_t code = check(call->card, &record);
    if (code == CODE(ok)) {
        struct profile_changes *changes = tern_arena_take(&call->scratch, sizeof *changes);
        if (changes == NULL) return TERN_ERR_NO_SPACE;
        change_begin(call->card, changes);
        change_enable(call->card, changes, call->card->installed_slot);
        status = change_apply(call, changes);
        if (status == TERN_OK) status = change_clear_rollback(call->card);
        call->refresh = request.refresh_flag;
        call->card->installed_slot = PROFILE_NONE;
    }
    return status == TERN_OK ? es10_code(call, 0xBF5A, code) : status;
}
