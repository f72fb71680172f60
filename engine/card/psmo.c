/* SPDX-License-Identifier: Apache-2.0 */
/* Profile state management operations, a row each: SGP.32, 2.11.1.1.3 and 3.4; sgp32.md 3.6. */
#include <string.h>

#include "engine/card/euicc_package.h"
#include "engine/card/proactive.h"
#include "engine/card/profiles_info.h"
#include "engine/card/settings.h"

#define ENABLE(name)  TERN_ENABLE_PROFILE_RESULT_##name
#define DISABLE(name) TERN_DISABLE_PROFILE_RESULT_##name
#define DELETE(name)  TERN_DELETE_PROFILE_RESULT_##name

static int64_t check_enable(const struct package *package, int slot, bool rollback_flag)
{
    const struct tern_card *card = package->call->card;
    if (slot == PROFILE_NONE) return ENABLE(iccidOrAidNotFound);
    if (card->profiles[slot].enabled) return ENABLE(profileNotInDisabledState);
    /* At most one a package. sgp32.md 3.5 no. 5; the code is our choice, 12 no. 33. */
    if (package->enabled) return ENABLE(undefinedError);
    if (card->profiles[slot].ecall) return ENABLE(disallowedByPolicy);
    if (change_forbidden(card, state_enabled_slot(card), TERN_PPR_IDS_ppr1)) {
        return ENABLE(disallowedByPolicy);
    }
    if (proactive_busy(card)) return ENABLE(catBusy);
    if (rollback_flag && package->changes.before == PROFILE_NONE) {
        return ENABLE(rollbackNotAvailable);
    }
    return ENABLE(ok);
}

/** An eIM that switches profiles ends the fallback. sgp32.md 3.9 */
static int end_fallback(struct tern_card *card)
{
    if (!card->numbers.fallback_active) return TERN_OK;
    card->numbers.fallback_active = false;
    card->numbers.fallback_return = false;
    return state_save_numbers(card);
}

static int run_enable(struct package *package, struct tern_euicc_result_data *result,
                      const struct tern_psmo *command)
{
    struct tern_card *card = package->call->card;
    int slot = state_find_iccid(card, command->enable.iccid);
    bool already = slot != PROFILE_NONE && card->profiles[slot].enabled;
    result->arm = TERN_EUICC_RESULT_DATA_IS_ENABLE_RESULT;
    if (already && (card->config.quirks & TERN_CARD_QUIRK_ENABLE_ENABLED_OK) != 0) {
        result->enable_result = ENABLE(ok);
        return TERN_OK;
    }
    result->enable_result = check_enable(package, slot, command->enable.rollback_flag);
    if (result->enable_result != ENABLE(ok)) return TERN_OK;
    change_enable(card, &package->changes, slot);
    package->enabled = true;
    package->changed = true;
    package->grant_rollback = command->enable.rollback_flag;
    return end_fallback(card);
}

static int64_t check_disable(const struct package *package, int slot)
{
    const struct tern_card *card = package->call->card;
    if (slot == PROFILE_NONE) return DISABLE(iccidOrAidNotFound);
    if (package->enabled || package->disabled) return DISABLE(undefinedError);
    if (!card->profiles[slot].enabled) return DISABLE(profileNotInEnabledState);
    if (change_forbidden(card, slot, TERN_PPR_IDS_ppr1)) return DISABLE(disallowedByPolicy);
    if (proactive_busy(card)) return DISABLE(catBusy);
    return DISABLE(ok);
}

static int run_disable(struct package *package, struct tern_euicc_result_data *result,
                       const struct tern_psmo *command)
{
    struct tern_card *card = package->call->card;
    int slot = state_find_iccid(card, command->disable.iccid);
    result->arm = TERN_EUICC_RESULT_DATA_IS_DISABLE_RESULT;
    result->disable_result = check_disable(package, slot);
    if (result->disable_result != DISABLE(ok)) return TERN_OK;
    change_enable(card, &package->changes, PROFILE_NONE);
    package->disabled = true;
    package->changed = true;
    return end_fallback(card);
}

static int64_t check_delete(const struct package *package, int slot)
{
    const struct tern_card *card = package->call->card;
    if (slot == PROFILE_NONE) return DELETE(iccidOrAidNotFound);
    if (card->profiles[slot].enabled) return DELETE(profileNotInDisabledState);
    if (change_forbidden(card, slot, TERN_PPR_IDS_ppr2)) return DELETE(disallowedByPolicy);
    if (package->grant_rollback && slot == package->changes.before) {
        return DELETE(rollbackNotAvailable);
    }
    if (card->numbers.fallback_active && card->numbers.fallback_return &&
        memcmp(card->numbers.fallback_iccid, card->profiles[slot].iccid, TERN_ICCID_SIZE) == 0) {
        return DELETE(returnFallbackProfile);
    }
    return DELETE(ok);
}

static int run_delete(struct package *package, struct tern_euicc_result_data *result,
                      const struct tern_psmo *command)
{
    struct tern_card *card = package->call->card;
    int slot = state_find_iccid(card, command->delete.iccid);
    result->arm = TERN_EUICC_RESULT_DATA_IS_DELETE_RESULT;
    result->delete_result = check_delete(package, slot);
    if (result->delete_result != DELETE(ok)) return TERN_OK;
    change_delete(card, &package->changes, slot);
    package->changed = true;
    return TERN_OK;
}

static int run_list_profile_info(struct package *package, struct tern_euicc_result_data *result,
                                 const struct tern_psmo *command)
{
    struct es10 *call = package->call;
    struct tern_profile_info_list_response *list = &result->list_profile_info_result;
    result->arm = TERN_EUICC_RESULT_DATA_IS_LIST_PROFILE_INFO_RESULT;
    if (package->changed) {
        list->arm = TERN_PROFILE_INFO_LIST_RESPONSE_IS_PROFILE_INFO_LIST_ERROR;
        list->profile_info_list_error = TERN_PROFILE_INFO_LIST_ERROR_profileChangeOngoing;
        return TERN_OK;
    }
    /* The list may be long: it is written behind the results and used from there. */
    struct tern_writer out = call->out;
    out.data += RESULTS_SIZE_MAX;
    out.capacity -= RESULTS_SIZE_MAX;
    out.size = 0;
    int status = profiles_info_write(call, &out, &command->list_profile_info);
    if (status != TERN_OK) return status;
    return tern_asn_decode(&TERN_PROFILE_INFO_LIST_RESPONSE, list, NULL, tern_writer_bytes(&out));
}

static int run_get_rat(struct package *package, struct tern_euicc_result_data *result,
                       const struct tern_psmo *command)
{
    (void)command;
    struct tern_bytes rat = package->call->card->config.rules_authorisation_table;
    result->arm = TERN_EUICC_RESULT_DATA_IS_GET_RAT_RESULT;
    result->get_rat_result = rat.data != NULL ? rat : TERN_BYTES_TEXT("");
    return TERN_OK;
}

static int run_configure_immediate(struct package *package, struct tern_euicc_result_data *result,
                                   const struct tern_psmo *command)
{
    const struct tern_configure_immediate_enable *request = &command->configure_immediate_enable;
    struct immediate_record record = {request->immediate_enable_flag, request->default_smdp_oid,
                                      request->default_smdp_address};
    result->arm = TERN_EUICC_RESULT_DATA_IS_CONFIGURE_IMMEDIATE_ENABLE_RESULT;
    result->configure_immediate_enable_result = TERN_CONFIGURE_IMMEDIATE_ENABLE_RESULT_ok;
    int status = settings_set_immediate(package->call, &record);
    if (status == TERN_ERR_RANGE) {
        result->configure_immediate_enable_result =
            TERN_CONFIGURE_IMMEDIATE_ENABLE_RESULT_commandError;
        return TERN_OK;
    }
    if (status != TERN_ERR_NO_SPACE) return status;
    result->configure_immediate_enable_result =
        TERN_CONFIGURE_IMMEDIATE_ENABLE_RESULT_insufficientMemory;
    return TERN_OK;
}

static int run_set_fallback(struct package *package, struct tern_euicc_result_data *result,
                            const struct tern_psmo *command)
{
    struct tern_card *card = package->call->card;
    int slot = state_find_iccid(card, command->set_fallback_attribute.iccid);
    int64_t *code = &result->set_fallback_attribute_result;
    result->arm = TERN_EUICC_RESULT_DATA_IS_SET_FALLBACK_ATTRIBUTE_RESULT;
    *code = TERN_SET_FALLBACK_ATTRIBUTE_RESULT_ok;
    if (slot == PROFILE_NONE) {
        *code = TERN_SET_FALLBACK_ATTRIBUTE_RESULT_iccidOrAidNotFound;
    } else if (card->profiles[slot].fallback_attribute) {
        return TERN_OK;
    } else if (!card->profiles[slot].fallback_allowed || card->profiles[slot].ecall) {
        *code = TERN_SET_FALLBACK_ATTRIBUTE_RESULT_fallbackNotAllowed;
    } else if (card->numbers.fallback_active) {
        *code = TERN_SET_FALLBACK_ATTRIBUTE_RESULT_fallbackProfileEnabled;
    }
    if (*code != TERN_SET_FALLBACK_ATTRIBUTE_RESULT_ok) return TERN_OK;
    int old = change_fallback_slot(card);
    if (old != PROFILE_NONE) card->profiles[old].fallback_attribute = false;
    card->profiles[slot].fallback_attribute = true;
    return TERN_OK; /* change_apply() saves both */
}

static int run_unset_fallback(struct package *package, struct tern_euicc_result_data *result,
                              const struct tern_psmo *command)
{
    (void)command;
    struct tern_card *card = package->call->card;
    int slot = change_fallback_slot(card);
    int64_t *code = &result->unset_fallback_attribute_result;
    result->arm = TERN_EUICC_RESULT_DATA_IS_UNSET_FALLBACK_ATTRIBUTE_RESULT;
    if (slot == PROFILE_NONE) {
        *code = TERN_UNSET_FALLBACK_ATTRIBUTE_RESULT_noFallbackAttribute;
    } else if (card->numbers.fallback_active) {
        *code = TERN_UNSET_FALLBACK_ATTRIBUTE_RESULT_fallbackProfileEnabled;
    } else {
        *code = TERN_UNSET_FALLBACK_ATTRIBUTE_RESULT_ok;
        card->profiles[slot].fallback_attribute = false;
    }
    return TERN_OK;
}

static int run_set_default_dp(struct package *package, struct tern_euicc_result_data *result,
                              const struct tern_psmo *command)
{
    int64_t *code = &result->set_default_dp_address_result.set_default_dp_address_result;
    result->arm = TERN_EUICC_RESULT_DATA_IS_SET_DEFAULT_DP_ADDRESS_RESULT;
    *code = TERN_SET_DEFAULT_DP_ADDRESS_RESULT_ok;
    int status = settings_set_default_dp(package->call->card,
                                         command->set_default_dp_address.default_dp_address);
    if (status != TERN_ERR_NO_SPACE && status != TERN_ERR_RANGE) return status;
    *code = TERN_SET_DEFAULT_DP_ADDRESS_RESULT_undefinedError;
    return TERN_OK;
}

typedef int psmo_handler(struct package *package, struct tern_euicc_result_data *result,
                         const struct tern_psmo *command);

static psmo_handler *const HANDLERS[] = {
    [TERN_PSMO_IS_ENABLE] = run_enable,
    [TERN_PSMO_IS_DISABLE] = run_disable,
    [TERN_PSMO_IS_DELETE] = run_delete,
    [TERN_PSMO_IS_LIST_PROFILE_INFO] = run_list_profile_info,
    [TERN_PSMO_IS_GET_RAT] = run_get_rat,
    [TERN_PSMO_IS_CONFIGURE_IMMEDIATE_ENABLE] = run_configure_immediate,
    [TERN_PSMO_IS_SET_FALLBACK_ATTRIBUTE] = run_set_fallback,
    [TERN_PSMO_IS_UNSET_FALLBACK_ATTRIBUTE] = run_unset_fallback,
    [TERN_PSMO_IS_SET_DEFAULT_DP_ADDRESS] = run_set_default_dp,
};

/** Did it fail? Every code but 0 stops the list. */
static bool succeeded(const struct tern_euicc_result_data *result)
{
    switch (result->arm) {
    case TERN_EUICC_RESULT_DATA_IS_LIST_PROFILE_INFO_RESULT:
        return result->list_profile_info_result.arm ==
               TERN_PROFILE_INFO_LIST_RESPONSE_IS_PROFILE_INFO_LIST_OK;
    case TERN_EUICC_RESULT_DATA_IS_GET_RAT_RESULT:
        return true;
    case TERN_EUICC_RESULT_DATA_IS_SET_DEFAULT_DP_ADDRESS_RESULT:
        return result->set_default_dp_address_result.set_default_dp_address_result == 0;
    default:
        return result->enable_result == 0; /* all others are one int64_t at the same place */
    }
}

int psmo_run(struct package *package, struct tern_writer *out, const struct tern_psmo *command)
{
    struct tern_euicc_result_data result = {.arm = 0};
    int status = HANDLERS[command->arm](package, &result, command);
    if (status == TERN_OK) status = tern_asn_encode(&TERN_EUICC_RESULT_DATA, out, &result);
    if (status != TERN_OK) return status;
    return succeeded(&result) ? 1 : 0;
}
