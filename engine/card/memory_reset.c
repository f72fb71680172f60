/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EuiccMemoryReset: BF64 of SGP.32 and BF34 of SGP.22, whose three bits are the first of BF64's.
 * SGP.32, 5.9.5; sgp32.md 8.5; sgp22.md 15.5. Policy rules do not protect from it.
 */
#include "engine/card/functions.h"
#include "engine/card/proactive.h"
#include "engine/card/profile_change.h"
#include "engine/card/settings.h"
#include "tern/messages/es10b_iot.h"

#define BIT(name)    TERN_SGP32_RESET_OPTIONS_##name
#define RESULT(name) TERN_SGP32_RESET_RESULT_##name
#define PROFILE_BITS                                                       \
    (BIT(deleteOperationalProfiles) | BIT(deleteFieldLoadedTestProfiles) | \
     BIT(deletePreLoadedTestProfiles) | BIT(deleteProvisioningProfiles))

/** All test profiles of this card came by download: none is pre-loaded. */
static bool selected(const struct tern_card_profile *profile, uint64_t options)
{
    switch (profile->profile_class) {
    case TERN_PROFILE_CLASS_test:
        return (options & BIT(deleteFieldLoadedTestProfiles)) != 0;
    case TERN_PROFILE_CLASS_provisioning:
        return (options & BIT(deleteProvisioningProfiles)) != 0;
    default:
        return (options & BIT(deleteOperationalProfiles)) != 0;
    }
}

static int delete_profiles(struct es10 *call, uint64_t options, bool *any)
{
    struct tern_card *card = call->card;
    struct profile_changes *changes = tern_arena_take(&call->scratch, sizeof *changes);
    if (changes == NULL) return TERN_ERR_NO_SPACE;
    change_begin(card, changes);
    for (int slot = 0; slot < TERN_CARD_PROFILE_COUNT_MAX; slot++) {
        if (!card->profiles[slot].installed || !selected(&card->profiles[slot], options)) continue;
        change_delete(card, changes, slot);
        *any = true;
    }
    if (changes->count == 0) return TERN_OK;
    card->numbers.fallback_active = false;
    card->numbers.fallback_return = false;
    int status = state_save_numbers(card);
    if (status == TERN_OK) status = change_clear_rollback(card);
    return status == TERN_OK ? change_apply(call, changes) : status;
}

static int reset(struct es10 *call, uint64_t options, bool *any)
{
    struct tern_card *card = call->card;
    int status = TERN_OK;
    *any = false;
    if ((options & PROFILE_BITS) != 0) status = delete_profiles(call, options, any);
    uint32_t key = STORE_KEY(RECORD_DEFAULT_DP, 0, 0);
    if (status == TERN_OK && (options & BIT(resetDefaultSmdpAddress)) != 0 &&
        store_size(&card->store, key) >= 0) {
        *any = true;
        status = store_remove(&card->store, key);
    }
    call->refresh = true;
    return status;
}

/** The eIMs go; tokens are never given twice, so their counter stays. sgp32.md 12, no. 29 */
static int reset_eims(struct tern_card *card, int64_t *result)
{
    uint32_t key = 0;
    bool any =
        store_next(&card->store, STORE_KEY(RECORD_EIM, 0, 0), &key) == 1 && key >> 24 == RECORD_EIM;
    *result = any ? TERN_RESET_EIM_RESULT_ok : TERN_RESET_EIM_RESULT_nothingToDelete;
    int status = change_clear_rollback(card);
    if (status != TERN_OK) return status;
    return store_remove_range(&card->store, STORE_KEY(RECORD_EIM, 0, 0),
                              STORE_KEY(RECORD_EIM, 0xFF, 0xFFFF));
}

/** What is said in 80 when only the eIM or the immediate bit was set: sgp32.md 12, no. 23. */
static int64_t overall(const struct tern_card *card, uint64_t options, bool any, int64_t eims)
{
    if (any) return RESULT(ok);
    bool others = (options & (PROFILE_BITS | BIT(resetDefaultSmdpAddress))) != 0;
    bool quirk = (card->config.quirks & TERN_CARD_QUIRK_RESET_EIM_ONLY_1) != 0;
    bool other_ok = ((options & BIT(resetEimConfigData)) != 0 && eims == 0) ||
                    (options & BIT(resetImmediateEnableConfig)) != 0;
    return !others && other_ok && !quirk ? RESULT(ok) : RESULT(nothingToDelete);
}

int es10_euicc_memory_reset(struct es10 *call)
{
    struct tern_card *card = call->card;
    struct tern_sgp32_euicc_memory_reset_request request;
    struct tern_sgp32_euicc_memory_reset_response response = {.reset_result = RESULT(ok)};
    int status = es10_decode(call, &TERN_SGP32_EUICC_MEMORY_RESET_REQUEST, &request);
    if (status != TERN_OK) return status;
    uint64_t options = request.reset_options;
    if (card->numbers.emergency_active)
        response.reset_result = RESULT(ecallActive);
    else if (proactive_busy(card))
        response.reset_result = RESULT(catBusy);
    if (response.reset_result != RESULT(ok)) {
        return es10_encode(call, &TERN_SGP32_EUICC_MEMORY_RESET_RESPONSE, &response);
    }
    bool any = false;
    status = reset(call, options, &any);
    if (status == TERN_OK && (options & BIT(resetEimConfigData)) != 0) {
        response.has_reset_eim_result = true;
        status = reset_eims(card, &response.reset_eim_result);
    }
    if (status == TERN_OK && (options & BIT(resetImmediateEnableConfig)) != 0) {
        struct immediate_record none = {.flag = false};
        response.has_reset_immediate_enable_config_result = true;
        status = settings_set_immediate(call, &none);
    }
    if (status != TERN_OK) return status;
    response.reset_result = overall(card, options, any, response.reset_eim_result);
    return es10_encode(call, &TERN_SGP32_EUICC_MEMORY_RESET_RESPONSE, &response);
}

int es10_euicc_memory_reset_consumer(struct es10 *call)
{
    struct tern_card *card = call->card;
    struct tern_sgp32_euicc_memory_reset_request request;
    int status = tern_asn_decode_as(&TERN_SGP32_EUICC_MEMORY_RESET_REQUEST, &request, NULL,
                                    call->command, 0xBF34, ES10_MERCY);
    if (status != TERN_OK) return status;
    bool any = false;
    int64_t code = RESULT(catBusy);
    if (!proactive_busy(card)) {
        status = reset(call, request.reset_options & 0x07, &any);
        code = any ? RESULT(ok) : RESULT(nothingToDelete);
    }
    return status == TERN_OK ? es10_code(call, 0xBF34, code) : status;
}
