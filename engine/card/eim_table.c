/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of Associated eIMs, a record each in the order of adding; GetEimConfigurationData.
 * sgp32.md 2.1 to 2.6. The configuration is kept as DER without counterValue, which is never given
 * out, and without the token, which is.
 */
#include "engine/card/eim_table.h"

#include "engine/card/functions.h"
#include "engine/card/pending.h"
#include "engine/card/trust.h"
#include "tern/messages/es10b_iot.h"

#define CODE(name) TERN_ADD_EIM_RESULT_CODE_##name

/** Mercy for the certificate forms of configuration data. */
#define CONFIGURATION_MERCY (TERN_MERCY_NESTED_X509 | TERN_MERCY_LONG_LENGTHS)

size_t eim_count(const struct tern_card *card)
{
    size_t count = 0;
    uint32_t key = STORE_KEY(RECORD_EIM, 0, 0);
    while (store_next(&card->store, key, &key) == 1 && key >> 24 == RECORD_EIM) {
        count++;
        key++;
    }
    return count;
}

int eim_next(struct es10 *call, uint32_t key, struct eim *eim)
{
    uint32_t first = STORE_KEY(RECORD_EIM, 0, 0);
    if (key < first) key = first;
    if (store_next(&call->card->store, key, &key) == 0 || key >> 24 != RECORD_EIM) return 0;
    struct tern_bytes bytes;
    eim->key = key;
    int status = es10_load(call, key, &bytes);
    if (status == TERN_OK) status = tern_asn_decode(&EIM_RECORD, &eim->record, NULL, bytes);
    if (status == TERN_OK) {
        status = tern_asn_decode_as(&TERN_EIM_CONFIGURATION_DATA, &eim->data, NULL,
                                    eim->record.configuration, 0, CONFIGURATION_MERCY);
    }
    return status == TERN_OK ? 1 : status;
}

int eim_find(struct es10 *call, struct tern_bytes eim_id, struct eim *eim)
{
    uint32_t key = 0;
    for (;;) {
        struct tern_arena scratch = call->scratch;
        int status = eim_next(call, key, eim);
        if (status != 1) return status;
        if (tern_bytes_equal(eim->data.eim_id, eim_id)) return 1;
        call->scratch = scratch;
        key = eim->key + 1;
    }
}

int eim_save(struct es10 *call, const struct eim *eim)
{
    struct tern_arena scratch = call->scratch;
    struct eim_record record = eim->record;
    struct tern_eim_configuration_data data = eim->data;
    data.has_counter_value = false;
    data.has_association_token = false;
    struct tern_writer out = tern_arena_writer(&call->scratch);
    int status = tern_asn_encode(&TERN_EIM_CONFIGURATION_DATA, &out, &data);
    if (status == TERN_OK) {
        record.configuration = tern_arena_keep(&call->scratch, &out);
        status = es10_put(call, eim->key, &EIM_RECORD, &record);
    }
    call->scratch = scratch;
    return status;
}

int eim_public_key(const struct tern_eim_configuration_data *data, struct tern_public_key *key)
{
    uint8_t buffer[TERN_CERTIFICATE_SIZE];
    struct tern_writer der = TERN_WRITER_OF(buffer);
    struct tern_bytes element;
    bool is_certificate =
        data->eim_public_key_data.arm == TERN_EIM_PUBLIC_KEY_DATA_IS_EIM_CERTIFICATE;
    element = is_certificate ? data->eim_public_key_data.eim_certificate
                             : data->eim_public_key_data.eim_public_key;
    int status = tern_asn_retag(&der, 0x30, element);
    if (status == TERN_OK) status = tern_writer_status(&der);
    if (status != TERN_OK) return status;
    if (!is_certificate) return tern_spki_parse(key, tern_writer_bytes(&der));
    /* A container for the key: neither its chain nor its dates are looked at. sgp32.md 3.2 */
    struct tern_certificate certificate;
    status = tern_certificate_parse(&certificate, NULL, tern_writer_bytes(&der));
    if (status == TERN_OK) *key = certificate.public_key;
    return status;
}

int eim_ci(const struct tern_card *card, const struct tern_eim_configuration_data *data)
{
    return data->euicc_ci_pk_id.data == NULL ? trust_first_signing(card)
                                             : trust_find_signing(card, data->euicc_ci_pk_id);
}

void eim_write_token(struct tern_writer *out, const struct eim_record *record)
{
    tern_der_write_int(out, 0x84, record->has_token ? record->token : 0);
}

/** The checks of sgp32.md 2.4, in their order. */
static int64_t check(const struct tern_card *card, const struct tern_eim_configuration_data *data)
{
    struct tern_public_key key;
    if (!data->has_counter_value || data->counter_value < 0) return CODE(commandError);
    if (data->eim_public_key_data.arm <= 0) return CODE(commandError);
    if (eim_public_key(data, &key) != TERN_OK) return CODE(commandError);
    if ((uint64_t)data->counter_value > card->config.counter_max) {
        return CODE(counterValueOutOfRange);
    }
    if (data->has_association_token && data->association_token != -1) {
        return CODE(invalidAssociationToken);
    }
    if (eim_ci(card, data) == CI_NONE) return CODE(ciPKUnknown);
    return 0;
}

/** So that the order stays that of adding. */
static uint32_t key_behind_last(const struct tern_card *card)
{
    uint32_t key = STORE_KEY(RECORD_EIM, 0, 0);
    uint32_t found = key;
    while (store_next(&card->store, key, &found) == 1 && found >> 24 == RECORD_EIM)
        key = found + 1;
    return key;
}

int eim_add(struct es10 *call, const struct tern_eim_configuration_data *data, int64_t *code,
            int64_t *token)
{
    struct tern_card *card = call->card;
    *token = 0;
    *code = check(card, data);
    if (*code != 0) return TERN_OK;
    *code = CODE(insufficientMemory);
    if (eim_count(card) >= TERN_CARD_EIM_COUNT_MAX) return TERN_OK;
    struct eim eim = {
        .key = key_behind_last(card),
        .record = {.counter = data->counter_value},
        .data = *data,
    };
    if (data->has_association_token) {
        *token = ++card->numbers.association_token;
        eim.record.has_token = true;
        eim.record.token = *token;
        int status = state_save_numbers(card);
        if (status != TERN_OK) return status;
    }
    int status = eim_save(call, &eim);
    if (status == TERN_ERR_NO_SPACE) return TERN_OK;
    *code = 0;
    return status;
}

/** Append one EimConfigurationData as the card gives it out. */
static int write_eim(struct tern_writer *out, const struct eim *eim)
{
    struct tern_eim_configuration_data data = eim->data;
    data.has_association_token = eim->record.has_token;
    data.association_token = eim->record.token;
    return tern_asn_encode(&TERN_EIM_CONFIGURATION_DATA, out, &data);
}

int es10_get_eim_configuration_data(struct es10 *call)
{
    struct tern_get_eim_configuration_data_request request;
    int status = es10_decode(call, &TERN_GET_EIM_CONFIGURATION_DATA_REQUEST, &request);
    if (status != TERN_OK) return status;
    bool all = request.search_criteria.arm == 0;
    struct eim eim = {.key = 0};
    for (uint32_t key = 0;; key = eim.key + 1) {
        struct tern_arena scratch = call->scratch;
        int found = eim_next(call, key, &eim);
        if (found < 0) return found;
        if (found == 0) break;
        bool match = tern_bytes_equal(eim.data.eim_id, request.search_criteria.eim_id);
        if (all || match) status = write_eim(&call->out, &eim);
        call->scratch = scratch;
        if (status != TERN_OK) return status;
    }
    status = es10_wrap(&call->out, 0, 0xA0);
    return status == TERN_OK ? es10_wrap(&call->out, 0, 0xBF55) : status;
}
