/* SPDX-License-Identifier: Apache-2.0 */
/* ES9+: from a request to its function, and what the functions share. tern/smdp.h */
#include "engine/smdp/es9plus.h"

#include <string.h>

struct function_row {
    int (*check)(const struct tern_smdp *smdp, struct tern_smdp_call *call);
    int (*commit)(const struct tern_smdp *smdp, struct tern_smdp_call *call);
};

static int initiate_authentication(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    return rsp_initiate_authentication(&smdp->server, &call->rsp);
}

static const struct function_row FUNCTIONS[TERN_ES9PLUS_FUNCTION_COUNT] = {
    [TERN_ES9PLUS_INITIATE_AUTHENTICATION] = {initiate_authentication,   NULL                      },
    [TERN_ES9PLUS_AUTHENTICATE_CLIENT] = {authenticate_client_check, authenticate_client_commit},
    [TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE] = {get_package_check,         get_package_commit        },
    [TERN_ES9PLUS_HANDLE_NOTIFICATION] = {notification_check,        notification_commit       },
    [TERN_ES9PLUS_CANCEL_SESSION] = {cancel_session_check,      cancel_session_commit     },
};

static const struct function_row *row_of(const struct tern_smdp_call *call)
{
    size_t index = (size_t)call->rsp.request.function;
    TERN_ASSERT(index < TERN_COUNT_OF(FUNCTIONS));
    return &FUNCTIONS[index];
}

int tern_smdp_check(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    const struct function_row *row = row_of(call);
    call->commit = false;
    call->has_eid = false;
    call->iccid = TERN_BYTES_NONE;
    call->checked = NULL;
    call->rsp.response = (struct tern_es9plus_response){.function = call->rsp.request.function};
    if (row->check == NULL) {
        return refuse(call, TERN_STATUS_FUNCTION_UNSUPPORTED);
    }
    return row->check(smdp, call);
}

int tern_smdp_commit(const struct tern_smdp *smdp, struct tern_smdp_call *call)
{
    TERN_ASSERT(call->commit);
    return row_of(call)->commit(smdp, call);
}

void *checked_make(struct tern_smdp_call *call, size_t size)
{
    call->checked = tern_arena_take(call->rsp.arena, size);
    return call->checked;
}

int refuse(struct tern_smdp_call *call, enum tern_status_code code)
{
    rsp_fail(&call->rsp, code);
    call->commit = false;
    return TERN_OK;
}

int refuse_member(struct tern_smdp_call *call, const char *member)
{
    refuse(call, TERN_STATUS_FUNCTION_INVALID);
    call->rsp.response.status.subject_identifier = tern_bytes_text(member);
    return TERN_OK;
}

int session_load(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                 struct tern_bytes transaction_id, struct smdp_session *session)
{
    int status =
        smdp_load(smdp, call->rsp.arena, SPACE_SESSION, transaction_id, &SMDP_SESSION, session);
    if (status == TERN_OK) {
        note_subject(call, session->eid, session->iccid);
    }
    return status;
}

int session_save(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                 struct tern_bytes transaction_id, const struct smdp_session *session)
{
    return smdp_save(smdp, call->rsp.arena, SPACE_SESSION, transaction_id, &SMDP_SESSION, session);
}

struct tern_public_key session_key(const struct smdp_session *session)
{
    struct tern_public_key key = {.curve = (enum tern_curve)session->curve};
    memcpy(key.point, session->euicc_key.data, sizeof key.point);
    return key;
}

const struct tern_rsp_identity *session_identity(const struct tern_smdp *smdp,
                                                 const struct smdp_session *session)
{
    for (size_t i = 0; i < smdp->server.identity_count; i++) {
        if (tern_bytes_equal(smdp->server.identities[i].ci, session->server_ci)) {
            return &smdp->server.identities[i];
        }
    }
    return NULL;
}

void note_subject(struct tern_smdp_call *call, struct tern_bytes eid, struct tern_bytes iccid)
{
    call->has_eid = true;
    memcpy(call->eid, eid.data, sizeof call->eid);
    call->iccid = iccid;
}

int hash_of(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes bytes,
            struct tern_bytes *hash)
{
    uint8_t digest[TERN_SHA256_SIZE];
    int status = smdp->server.crypto->sha256(smdp->server.crypto->context, digest, &bytes, 1);
    *hash = tern_arena_copy(arena, TERN_BYTES_OF(digest));
    return status < 0 ? status : hash->data == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}
