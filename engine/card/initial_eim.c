/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AddInitialEim: the device binds its first eIMs, without a signature, as long as none is there.
 * SGP.32, 3.5.2.1 and 5.9.4; sgp32.md 2.4. All entries are stored, or none.
 */
#include "engine/card/eim_table.h"
#include "engine/card/functions.h"
#include "engine/card/pending.h"
#include "tern/messages/es10b_iot.h"

#define CODE(name) TERN_ADD_INITIAL_EIM_ERROR_##name

static int refuse(struct es10 *call, int64_t code)
{
    /* What earlier entries of the list stored goes again. */
    int status = session_rollback(call->card);
    if (status != TERN_OK) return status;
    call->out.size = 0;
    struct tern_add_initial_eim_response response = {
        .arm = TERN_ADD_INITIAL_EIM_RESPONSE_IS_ADD_INITIAL_EIM_ERROR,
        .add_initial_eim_error = code,
    };
    return es10_encode(call, &TERN_ADD_INITIAL_EIM_RESPONSE, &response);
}

/** One entry; its item of addInitialEimOk goes to the response. */
static int add_one(struct es10 *call, const struct tern_eim_configuration_data *data, int64_t *code)
{
    struct tern_arena scratch = call->scratch;
    struct tern_add_initial_eim_ok item = {.arm = TERN_ADD_INITIAL_EIM_OK_IS_ADD_OK};
    int status = eim_add(call, data, code, &item.association_token);
    call->scratch = scratch;
    if (status != TERN_OK || *code != 0) return status;
    if (item.association_token != 0) item.arm = TERN_ADD_INITIAL_EIM_OK_IS_ASSOCIATION_TOKEN;
    return es10_encode(call, &TERN_ADD_INITIAL_EIM_OK, &item);
}

int es10_add_initial_eim(struct es10 *call)
{
    struct tern_tlv tlv;
    int status = tern_der_single(call->command, &tlv, TERN_DER_LONG_LENGTHS);
    if (status != TERN_OK) return status;
    if (eim_count(call->card) > 0) return refuse(call, CODE(associatedEimAlreadyExists));
    status = tern_der_find(tlv.value, 0xA0, &tlv);
    if (status != TERN_OK) return refuse(call, CODE(commandError));
    struct tern_bytes rest = tlv.value;
    if (rest.size == 0) return refuse(call, CODE(commandError));
    struct tern_eim_configuration_data data;
    for (;;) {
        int got = tern_asn_next(&TERN_EIM_CONFIGURATION_DATA, &data, &rest, ES10_MERCY);
        if (got == 0) break;
        if (got < 0) return refuse(call, CODE(commandError));
        int64_t code = 0;
        status = add_one(call, &data, &code);
        if (status != TERN_OK) return status;
        if (code != 0) return refuse(call, code);
    }
    status = es10_wrap(&call->out, 0, 0xA0);
    return status == TERN_OK ? es10_wrap(&call->out, 0, 0xBF57) : status;
}
