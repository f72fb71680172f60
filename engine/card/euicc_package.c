/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LoadEuiccPackage: what an eIM orders, signed. SGP.32, 3.3.1 and 5.9.1; sgp32.md 3 and 14.1.
 *
 * The ladder of checks, each with its answer:
 *
 *     eIM known, signature holds        else an unsigned error: the card is no signing oracle
 *     EID, counter range, replay,       else a signed error with its code; the counter stays
 *     emergency, size
 *
 * Then all commands run in one transaction with the counter and the stored result, up to the first
 * that fails; what went before it stays.
 */
#include <string.h>

#include "engine/card/euicc_package.h"
#include "engine/card/functions.h"
#include "engine/card/pending.h"
#include "engine/card/trust.h"
#include "tern/messages/esep.h"

#define CODE(name) TERN_EUICC_PACKAGE_ERROR_CODE_##name

static int unsigned_error(struct es10 *call, const struct tern_bytes eim_id,
                          struct tern_bytes transaction_id, const struct eim *eim)
{
    struct tern_euicc_package_result result = {
        .arm = TERN_EUICC_PACKAGE_RESULT_IS_EUICC_PACKAGE_ERROR_UNSIGNED,
        .euicc_package_error_unsigned = {.eim_id = eim_id, .eim_transaction_id = transaction_id},
    };
    if (eim != NULL && eim->record.has_token) {
        result.euicc_package_error_unsigned.has_association_token = true;
        result.euicc_package_error_unsigned.association_token = eim->record.token;
    }
    if ((call->card->config.quirks & TERN_CARD_QUIRK_UNSIGNED_ERROR_CODE) == 0) {
        return es10_encode(call, &TERN_EUICC_PACKAGE_RESULT, &result);
    }
    /* v1.3 adds a code, 8F, which readers of v1.2 have to skip. */
    int status = tern_asn_encode_as(&TERN_EUICC_PACKAGE_ERROR_UNSIGNED, &call->out,
                                    &result.euicc_package_error_unsigned, 0xA2);
    struct tern_tlv tlv;
    if (status == TERN_OK) {
        status = tern_der_single(tern_writer_bytes(&call->out), &tlv, TERN_DER_STRICT);
    }
    if (status != TERN_OK) return status;
    memmove(call->out.data, tlv.value.data, tlv.value.size);
    call->out.size = tlv.value.size;
    tern_der_write_int(&call->out, 0x8F, 1);
    status = es10_wrap(&call->out, 0, 0xA2);
    return status == TERN_OK ? es10_wrap(&call->out, 0, 0xBF51) : status;
}

static int signed_error(struct es10 *call, const struct package_frame *frame, int64_t code)
{
    struct tern_euicc_package_result result = {
        .arm = TERN_EUICC_PACKAGE_RESULT_IS_EUICC_PACKAGE_ERROR_SIGNED,
    };
    struct tern_euicc_package_error_data_signed *data =
        &result.euicc_package_error_signed.euicc_package_error_data_signed;
    *data = (struct tern_euicc_package_error_data_signed){
        .eim_id = frame->eim_id,
        .counter_value = frame->counter,
        .eim_transaction_id = frame->transaction_id,
        .euicc_package_error_code = code,
    };
    struct tern_writer encoded = tern_arena_writer(&call->scratch);
    int status = tern_asn_encode(&TERN_EUICC_PACKAGE_ERROR_DATA_SIGNED, &encoded, data);
    if (status != TERN_OK) return status;
    data->raw = tern_arena_keep(&call->scratch, &encoded);
    struct tern_bytes parts[] = {data->raw, frame->token};
    uint8_t signature[TERN_SIGNATURE_SIZE];
    status = es10_sign(call, frame->ci, signature, parts, 2);
    if (status != TERN_OK) return status;
    result.euicc_package_error_signed.euicc_sign_epe = TERN_BYTES_OF(signature);
    return es10_encode(call, &TERN_EUICC_PACKAGE_RESULT, &result);
}

/** The checks behind the signature. @return 0 or an euiccPackageErrorCode. */
static int64_t check(const struct es10 *call, const struct tern_euicc_package_signed *package,
                     const struct eim *eim)
{
    const struct tern_card *card = call->card;
    if (!tern_bytes_equal(package->eid_value, TERN_BYTES_OF(card->config.eid))) {
        return CODE(invalidEid);
    }
    if (package->counter_value < 0 || (uint64_t)package->counter_value > card->config.counter_max) {
        return CODE(counterValueOutOfRange);
    }
    bool equal_passes =
        (card->config.quirks & TERN_CARD_QUIRK_FIRST_COUNTER_EQUAL) != 0 && !eim->record.used;
    if (package->counter_value < eim->record.counter ||
        (package->counter_value == eim->record.counter && !equal_passes)) {
        return CODE(replayError);
    }
    if (card->numbers.emergency_active) return CODE(ecallActive);
    if (call->command.size > PACKAGE_SIZE_MAX) return CODE(sizeOverflow);
    /* No number is left for the result: nothing can be executed any more. */
    if (card->numbers.sequence_number >= TERN_CARD_SEQUENCE_MAX) return CODE(undefinedError);
    return 0;
}

static int write_terminated(struct tern_writer *out, int64_t code)
{
    struct tern_euicc_result_data data = {
        .arm = TERN_EUICC_RESULT_DATA_IS_PROCESSING_TERMINATED,
        .processing_terminated = code,
    };
    return tern_asn_encode(&TERN_EUICC_RESULT_DATA, out, &data);
}

/** Take the next command of the list and run it. @return 1 to go on, 0 at the end, an error. */
static int run_next(struct package *package, struct tern_writer *out, bool psmo,
                    struct tern_bytes *rest)
{
    struct tern_psmo command;
    struct tern_eco configuration;
    unsigned mercy = ES10_MERCY | TERN_MERCY_ROLLBACK_FLAG;
    int got = psmo ? tern_asn_next(&TERN_PSMO, &command, rest, mercy)
                   : tern_asn_next(&TERN_ECO, &configuration, rest, mercy);
    if (got == 0) return 0;
    int arm = psmo ? command.arm : configuration.arm;
    if (got < 0 || arm == TERN_ASN_RAW) {
        return write_terminated(out, TERN_PROCESSING_TERMINATED_unknownOrDamagedCommand);
    }
    struct tern_arena scratch = package->call->scratch;
    int status = psmo ? psmo_run(package, out, &command) : eco_run(package, out, &configuration);
    package->call->scratch = scratch;
    return status;
}

static int run_all(struct package *package, const struct tern_euicc_package *content)
{
    struct es10 *call = package->call;
    bool psmo = content->arm == TERN_EUICC_PACKAGE_IS_PSMO_LIST;
    struct tern_bytes rest = psmo ? content->psmo_list : content->eco_list;
    /* Room for one processingTerminated is kept. */
    size_t limit = RESULTS_SIZE_MAX - 3;
    for (;;) {
        struct tern_writer out = tern_writer(call->out.data, limit);
        out.size = call->out.size;
        int status = run_next(package, &out, psmo, &rest);
        if (status == TERN_ERR_NO_SPACE || (status >= 0 && out.size > limit)) {
            return write_terminated(&call->out, TERN_PROCESSING_TERMINATED_resultSizeOverflow);
        }
        if (status < 0) return status;
        call->out.size = out.size;
        if (status == 0) return TERN_OK;
    }
}

/** What a later rollback needs to make its result. */
static int grant_rollback(struct package *package, struct tern_bytes results, int64_t sequence)
{
    struct tern_card *card = package->call->card;
    struct rollback_record record = {
        .eim_id = package->frame.eim_id,
        .counter = package->frame.counter,
        .transaction_id = package->frame.transaction_id,
        .results = results,
        .token = package->frame.token,
        .ci = package->frame.ci,
        .sequence_number = sequence,
    };
    int before = package->changes.before;
    card->numbers.rollback_granted = true;
    card->numbers.rollback_return = before != PROFILE_NONE;
    if (before != PROFILE_NONE) {
        memcpy(card->numbers.rollback_iccid, card->profiles[before].iccid, TERN_ICCID_SIZE);
    }
    int status = state_save_numbers(card);
    if (status != TERN_OK) return status;
    return es10_put(package->call, STORE_KEY(RECORD_ROLLBACK, 0, 0), &ROLLBACK_RECORD, &record);
}

/** The package is accepted: counter, commands, result, changes. */
static int execute(struct package *package, const struct tern_euicc_package *content,
                   struct eim *eim)
{
    struct es10 *call = package->call;
    int64_t sequence = 0;
    eim->record.counter = package->frame.counter;
    eim->record.used = true;
    int status = eim_save(call, eim);
    if (status == TERN_OK) status = change_clear_rollback(call->card);
    if (status == TERN_OK) status = run_all(package, content);
    if (status == TERN_OK) status = state_next_sequence(call->card, &sequence);
    if (status != TERN_OK) return status;
    if (package->grant_rollback) {
        status = grant_rollback(package, tern_writer_bytes(&call->out), sequence);
    }
    if (status == TERN_OK) status = package_result(call, &package->frame, sequence);
    if (status == TERN_OK) status = change_apply(call, &package->changes);
    call->refresh = true;
    return status;
}

/** What is signed behind the data: the token, or in v1.0 the eIM's signature. */
static void freeze_token(const struct es10 *call, struct tern_writer *token, const struct eim *eim,
                         struct tern_bytes eim_signature)
{
    if ((call->card->config.quirks & TERN_CARD_QUIRK_EPR_OVER_EIM_SIGNATURE) != 0) {
        tern_der_write(token, 0x5F37, eim_signature);
    } else {
        eim_write_token(token, &eim->record);
    }
}

static bool signature_holds(const struct es10 *call, const struct eim *eim,
                            const struct tern_euicc_package_request *request)
{
    const struct tern_crypto *crypto = call->card->config.crypto;
    uint8_t token[EIM_TOKEN_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(token);
    struct tern_public_key key;
    eim_write_token(&out, &eim->record);
    if (eim_public_key(&eim->data, &key) != TERN_OK) return false;
    struct tern_bytes parts[] = {request->euicc_package_signed.raw, tern_writer_bytes(&out)};
    return crypto->ecdsa_verify(crypto->context, &key, request->eim_signature, parts, 2) == TERN_OK;
}

/** A package that cannot be read: its eimId may still be. sgp32.md 12, no. 34 */
static int answer_damaged(struct es10 *call)
{
    static const tern_tag PATH[] = {0xBF51, 0x30, 0x80};
    struct tern_tlv eim_id;
    int status = tern_der_path(call->command, PATH, TERN_COUNT_OF(PATH), &eim_id);
    if (status != TERN_OK || eim_id.value.size == 0 || eim_id.value.size > TERN_EIM_ID_SIZE ||
        !tern_utf8_valid(eim_id.value)) {
        return TERN_ERR_MALFORMED;
    }
    return unsigned_error(call, eim_id.value, TERN_BYTES_NONE, NULL);
}

int es10_load_euicc_package(struct es10 *call)
{
    struct tern_euicc_package_request request;
    if (es10_decode(call, &TERN_EUICC_PACKAGE_REQUEST, &request) != TERN_OK) {
        return answer_damaged(call);
    }
    const struct tern_euicc_package_signed *content = &request.euicc_package_signed;
    struct eim eim;
    int found = eim_find(call, content->eim_id, &eim);
    if (found < 0) return found;
    if (found == 0) {
        return unsigned_error(call, content->eim_id, content->eim_transaction_id, NULL);
    }
    if (!signature_holds(call, &eim, &request)) {
        return unsigned_error(call, content->eim_id, content->eim_transaction_id, &eim);
    }
    struct package *package = tern_arena_take(&call->scratch, sizeof *package);
    if (package == NULL) return TERN_ERR_NO_SPACE;
    uint8_t token_bytes[3 + TERN_SIGNATURE_SIZE];
    struct tern_writer token = TERN_WRITER_OF(token_bytes);
    freeze_token(call, &token, &eim, request.eim_signature);
    package->call = call;
    package->frame = (struct package_frame){
        .eim_id = content->eim_id,
        .counter = content->counter_value,
        .transaction_id = content->eim_transaction_id,
        .ci = (unsigned)eim_ci(call->card, &eim.data),
        .token = tern_writer_bytes(&token),
    };
    change_begin(call->card, &package->changes);
    int64_t code = check(call, content, &eim);
    if (code != 0) return signed_error(call, &package->frame, code);
    return execute(package, &content->euicc_package, &eim);
}
