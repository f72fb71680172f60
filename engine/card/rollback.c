/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ProfileRollback: back to the profile before, when the new one reaches nobody. SGP.32, 3.3.2 and
 * 5.9.16; sgp32.md 3.7. A new result, for the same counter, takes the place of the first one: the
 * results of the package and rollbackResult behind them (12, no. 26).
 */
#include "engine/card/euicc_package.h"
#include "engine/card/functions.h"
#include "engine/card/pending.h"
#include "engine/card/proactive.h"
#include "tern/messages/es10b_iot.h"

#define CODE(name) TERN_PROFILE_ROLLBACK_CMD_RESULT_##name

/** BF58 { 02 code, BF51? }; `call->out` holds the BF51 or nothing. */
static int answer(struct es10 *call, int64_t code)
{
    uint8_t head[3];
    struct tern_writer out = TERN_WRITER_OF(head);
    bool context = (call->card->config.quirks & TERN_CARD_QUIRK_CMD_RESULT_80) != 0;
    tern_der_write_int(&out, context ? 0x80 : 0x02, code);
    int status = es10_prepend(&call->out, tern_writer_bytes(&out));
    return status == TERN_OK ? es10_wrap(&call->out, 0, 0xBF58) : status;
}

static int64_t check(const struct tern_card *card, int *slot)
{
    *slot = PROFILE_NONE;
    if (!card->numbers.rollback_granted) return CODE(rollbackNotAllowed);
    if (proactive_busy(card)) return CODE(catBusy);
    if (!card->numbers.rollback_return) return CODE(ok);
    *slot = state_find_iccid(card, TERN_BYTES_OF(card->numbers.rollback_iccid));
    return *slot == PROFILE_NONE ? CODE(commandError) : CODE(ok);
}

/** The results of the package, and what became of them. */
static int write_results(struct es10 *call, struct tern_bytes results)
{
    bool alone = (call->card->config.quirks & TERN_CARD_QUIRK_ROLLBACK_RESULT_ALONE) != 0;
    if (!alone) tern_write(&call->out, results);
    struct tern_euicc_result_data data = {
        .arm = TERN_EUICC_RESULT_DATA_IS_ROLLBACK_RESULT,
        .rollback_result = TERN_ROLLBACK_PROFILE_RESULT_ok,
    };
    return es10_encode(call, &TERN_EUICC_RESULT_DATA, &data);
}

static int roll_back(struct es10 *call, int slot)
{
    struct tern_card *card = call->card;
    struct tern_bytes data;
    struct rollback_record record;
    int status = es10_load(call, STORE_KEY(RECORD_ROLLBACK, 0, 0), &data);
    if (status == TERN_OK) status = tern_asn_decode(&ROLLBACK_RECORD, &record, NULL, data);
    if (status == TERN_OK) status = change_clear_rollback(card);
    if (status != TERN_OK) return status;
    int removed = pending_remove(card, record.sequence_number);
    if (removed < 0) return removed;
    struct package_frame frame = {record.eim_id, record.counter, record.transaction_id,
                                  (unsigned)record.ci, record.token};
    int64_t sequence = 0;
    status = write_results(call, record.results);
    if (status == TERN_OK) status = state_next_sequence(card, &sequence);
    if (status == TERN_OK) status = package_result(call, &frame, sequence);
    if (status != TERN_OK) return status;
    struct profile_changes *changes = tern_arena_take(&call->scratch, sizeof *changes);
    if (changes == NULL) return TERN_ERR_NO_SPACE;
    change_begin(card, changes);
    change_enable(card, changes, slot);
    return change_apply(call, changes);
}

int es10_profile_rollback(struct es10 *call)
{
    struct tern_refresh_flag request;
    int slot = PROFILE_NONE;
    int status = es10_decode(call, &TERN_PROFILE_ROLLBACK_REQUEST, &request);
    if (status != TERN_OK) return status;
    int64_t code = check(call->card, &slot);
    if (code == CODE(ok)) status = roll_back(call, slot);
    call->refresh = request.refresh_flag;
    return status == TERN_OK ? answer(call, code) : status;
}
