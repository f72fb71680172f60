/* SPDX-License-Identifier: Apache-2.0 */
/* eIM configuration operations: SGP.32, 2.11.1.1.2 and 3.5.1; sgp32.md 2.5. */
#include "engine/card/eim_table.h"
#include "engine/card/euicc_package.h"
#include "engine/card/pending.h"
#include "engine/card/trust.h"

#define UPDATE(name) TERN_UPDATE_EIM_RESULT_##name

static bool quirk(const struct package *package, uint32_t name)
{
    return (package->call->card->config.quirks & name) != 0;
}

static int run_add(struct package *package, struct tern_euicc_result_data *result,
                   const struct tern_eco *command)
{
    struct es10 *call = package->call;
    struct tern_add_eim_result *answer = &result->add_eim_result;
    struct eim eim;
    result->arm = TERN_EUICC_RESULT_DATA_IS_ADD_EIM_RESULT;
    answer->arm = TERN_ADD_EIM_RESULT_IS_ADD_EIM_RESULT_CODE;
    int found = eim_find(call, command->add_eim.eim_id, &eim);
    if (found < 0) return found;
    if (found == 1) {
        answer->add_eim_result_code = quirk(package, TERN_CARD_QUIRK_DUPLICATE_EIM_7)
                                          ? TERN_ADD_EIM_RESULT_CODE_commandError
                                          : TERN_ADD_EIM_RESULT_CODE_associatedEimAlreadyExists;
        return TERN_OK;
    }
    int64_t code = 0;
    int64_t token = 0;
    int status = eim_add(call, &command->add_eim, &code, &token);
    answer->add_eim_result_code = code;
    if (status == TERN_OK && code == 0 && token != 0) {
        answer->arm = TERN_ADD_EIM_RESULT_IS_ASSOCIATION_TOKEN;
        answer->association_token = token;
    }
    return status;
}

static int run_delete(struct package *package, struct tern_euicc_result_data *result,
                      const struct tern_eco *command)
{
    struct es10 *call = package->call;
    struct eim eim;
    result->arm = TERN_EUICC_RESULT_DATA_IS_DELETE_EIM_RESULT;
    result->delete_eim_result = TERN_DELETE_EIM_RESULT_eimNotFound;
    int found = eim_find(call, command->delete_eim.eim_id, &eim);
    if (found <= 0) return found;
    int status = store_remove(&call->card->store, eim.key);
    result->delete_eim_result = eim_count(call->card) == 0 ? TERN_DELETE_EIM_RESULT_lastEimDeleted
                                                           : TERN_DELETE_EIM_RESULT_ok;
    return status;
}

/** Present fields replace stored ones. @return how many were present. */
static size_t merge(struct tern_eim_configuration_data *data,
                    const struct tern_eim_configuration_data *update)
{
    size_t count = 0;
#define TAKE(present, member)              \
    do {                                   \
        if (present) {                     \
            data->member = update->member; \
            count++;                       \
        }                                  \
    } while (0)
    TAKE(update->eim_fqdn.data != NULL, eim_fqdn);
    TAKE(update->has_eim_id_type, eim_id_type);
    if (update->has_eim_id_type) data->has_eim_id_type = true;
    TAKE(update->eim_public_key_data.arm > 0, eim_public_key_data);
    TAKE(update->trusted_public_key_data_tls.arm > 0, trusted_public_key_data_tls);
    TAKE(update->has_eim_supported_protocol, eim_supported_protocol);
    if (update->has_eim_supported_protocol) data->has_eim_supported_protocol = true;
    TAKE(update->euicc_ci_pk_id.data != NULL, euicc_ci_pk_id);
    TAKE(update->indirect_profile_download, indirect_profile_download);
#undef TAKE
    return count;
}

/** The rules of updateEim. @return its code, with `eim` changed when that is ok. */
static int64_t update(const struct package *package, struct eim *eim,
                      const struct tern_eim_configuration_data *request)
{
    const struct tern_card *card = package->call->card;
    struct tern_public_key key;
    bool new_key = request->eim_public_key_data.arm > 0;
    if (request->has_association_token && !quirk(package, TERN_CARD_QUIRK_UPDATE_IGNORES_TOKEN)) {
        return UPDATE(commandError);
    }
    size_t changes = merge(&eim->data, request) + (request->has_counter_value ? 1 : 0);
    if (changes == 0) return UPDATE(commandError);
    if (new_key && eim_public_key(&eim->data, &key) != TERN_OK) return UPDATE(commandError);
    if (eim_ci(card, &eim->data) == CI_NONE) return UPDATE(ciPKUnknown);
    if (request->has_counter_value) {
        int64_t counter = request->counter_value;
        if (counter < 0) return UPDATE(commandError);
        if ((uint64_t)counter > card->config.counter_max) return UPDATE(counterValueOutOfRange);
        if (counter < eim->record.counter && !new_key) return UPDATE(commandError);
        eim->record.counter = counter;
        eim->record.used = false;
    }
    return UPDATE(ok);
}

static int run_update(struct package *package, struct tern_euicc_result_data *result,
                      const struct tern_eco *command)
{
    struct es10 *call = package->call;
    struct eim eim;
    result->arm = TERN_EUICC_RESULT_DATA_IS_UPDATE_EIM_RESULT;
    result->update_eim_result = UPDATE(eimNotFound);
    int found = eim_find(call, command->update_eim.eim_id, &eim);
    if (found <= 0) return found;
    result->update_eim_result = update(package, &eim, &command->update_eim);
    if (result->update_eim_result != UPDATE(ok)) return TERN_OK;
    int status = eim_save(call, &eim);
    if (status != TERN_ERR_NO_SPACE) return status;
    result->update_eim_result = UPDATE(undefinedError);
    return TERN_OK;
}

static int run_list(struct package *package, struct tern_euicc_result_data *result,
                    const struct tern_eco *command)
{
    (void)command;
    struct es10 *call = package->call;
    struct tern_writer out = call->out;
    out.data += RESULTS_SIZE_MAX;
    out.capacity -= RESULTS_SIZE_MAX;
    out.size = 0;
    struct eim eim;
    for (uint32_t key = 0;; key = eim.key + 1) {
        struct tern_arena scratch = call->scratch;
        int found = eim_next(call, key, &eim);
        if (found < 0) return found;
        if (found == 0) break;
        /* eimIdType only for OIDs and FQDNs. */
        bool told =
            eim.data.has_eim_id_type && (eim.data.eim_id_type == TERN_EIM_ID_TYPE_eimIdTypeOid ||
                                         eim.data.eim_id_type == TERN_EIM_ID_TYPE_eimIdTypeFqdn);
        struct tern_eim_id_info info = {eim.data.eim_id, told, eim.data.eim_id_type};
        int status = tern_asn_encode(&TERN_EIM_ID_INFO, &out, &info);
        call->scratch = scratch;
        if (status != TERN_OK) return status;
    }
    result->arm = TERN_EUICC_RESULT_DATA_IS_LIST_EIM_RESULT;
    result->list_eim_result.arm = TERN_LIST_EIM_RESULT_IS_EIM_ID_LIST;
    result->list_eim_result.eim_id_list = tern_writer_bytes(&out);
    return TERN_OK;
}

typedef int eco_handler(struct package *package, struct tern_euicc_result_data *result,
                        const struct tern_eco *command);

static eco_handler *const HANDLERS[] = {
    [TERN_ECO_IS_ADD_EIM] = run_add,
    [TERN_ECO_IS_DELETE_EIM] = run_delete,
    [TERN_ECO_IS_UPDATE_EIM] = run_update,
    [TERN_ECO_IS_LIST_EIM] = run_list,
};

static bool succeeded(const struct tern_euicc_result_data *result)
{
    switch (result->arm) {
    case TERN_EUICC_RESULT_DATA_IS_ADD_EIM_RESULT:
        return result->add_eim_result.arm == TERN_ADD_EIM_RESULT_IS_ASSOCIATION_TOKEN ||
               result->add_eim_result.add_eim_result_code == 0;
    case TERN_EUICC_RESULT_DATA_IS_DELETE_EIM_RESULT:
        return result->delete_eim_result == TERN_DELETE_EIM_RESULT_ok ||
               result->delete_eim_result == TERN_DELETE_EIM_RESULT_lastEimDeleted;
    case TERN_EUICC_RESULT_DATA_IS_UPDATE_EIM_RESULT:
        return result->update_eim_result == UPDATE(ok);
    default:
        return true;
    }
}

int eco_run(struct package *package, struct tern_writer *out, const struct tern_eco *command)
{
    struct tern_euicc_result_data result = {.arm = 0};
    int status = HANDLERS[command->arm](package, &result, command);
    if (status != TERN_OK) return status;
    bool untagged = quirk(package, TERN_CARD_QUIRK_UNTAGGED_RESULTS) &&
                    result.arm == TERN_EUICC_RESULT_DATA_IS_DELETE_EIM_RESULT;
    if (untagged) {
        tern_der_write_int(out, 0x02, result.delete_eim_result);
        status = tern_writer_status(out);
    } else {
        status = tern_asn_encode(&TERN_EUICC_RESULT_DATA, out, &result);
    }
    if (status != TERN_OK) return status;
    return succeeded(&result) ? 1 : 0;
}
