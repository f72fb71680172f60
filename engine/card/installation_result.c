/* SPDX-License-Identifier: Apache-2.0 */
/* The ProfileInstallationResult, BF37: sgp22.md 9. */
#include "engine/card/installation_result.h"

#include "engine/card/pending.h"

int installation_result(struct es10 *call, const struct installation *installation,
                        const struct tern_final_result *final_result)
{
    int64_t sequence = 0;
    int status = state_next_sequence(call->card, &sequence);
    if (status != TERN_OK) return status;
    struct tern_profile_installation_result result = {.euicc_sign_pir = TERN_BYTES_NONE};
    struct tern_profile_installation_result_data *data = &result.profile_installation_result_data;
    *data = (struct tern_profile_installation_result_data){
        .transaction_id = installation->transaction_id,
        .notification_metadata =
            {
                                    .seq_number = sequence,
                                    .profile_management_operation = TERN_NOTIFICATION_EVENT_notificationInstall,
                                    .notification_address = installation->smdp_address,
                                    .iccid = installation->iccid,
                                    },
        .smdp_oid = installation->smdp_oid,
        .final_result = *final_result,
    };
    struct tern_writer encoded = tern_arena_writer(&call->scratch);
    status = tern_asn_encode(&TERN_PROFILE_INSTALLATION_RESULT_DATA, &encoded, data);
    if (status != TERN_OK) return status;
    data->raw = tern_arena_keep(&call->scratch, &encoded);
    uint8_t signature[TERN_SIGNATURE_SIZE];
    status = es10_sign(call, installation->ci, signature, &data->raw, 1);
    if (status != TERN_OK) return status;
    result.euicc_sign_pir = TERN_BYTES_OF(signature);
    size_t start = call->out.size;
    status = es10_encode(call, &TERN_PROFILE_INSTALLATION_RESULT, &result);
    if (status != TERN_OK) return status;
    struct tern_bytes written = tern_bytes_slice(tern_writer_bytes(&call->out), start, SIZE_MAX);
    struct pending_record record = {PENDING_INSTALLATION, installation->ci, written};
    return pending_add(call, sequence, &record);
}
