/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory: profiles come in whole and are encrypted at once. With profile protection keys
 * (the rule) what is kept is already what will be sent: the 86 TLVs under keys of this profile, and
 * the three keys sealed. SGP.22, 2.5.3
 */
#include "engine/smdp/orders.h"
#include "engine/smdp/seal.h"
#include "tern/bpp.h"
#include "tern/messages/rsp.h"

static int random_keys(const struct tern_smdp *smdp, struct tern_bsp_keys *keys)
{
    const struct tern_crypto *crypto = smdp->server.crypto;
    return crypto->random(crypto->context, (uint8_t *)keys, sizeof *keys);
}

static int protect(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
                   struct tern_bytes upp, struct smdp_package *package)
{
    struct tern_bsp_keys ppk;
    struct tern_writer out;
    int status = random_keys(smdp, &ppk);
    if (status == TERN_OK) {
        out = tern_arena_writer(arena);
        status = tern_bpp_protect_profile(smdp->server.crypto, &out, &ppk, upp);
        package->body = tern_arena_keep(arena, &out);
    }
    if (status == TERN_OK && package->body.data == NULL) {
        status = TERN_ERR_NO_SPACE;
    }
    if (status == TERN_OK) {
        status = seal(smdp, arena, iccid, tern_bytes(&ppk, sizeof ppk), &package->nonce,
                      &package->sealed);
    }
    tern_wipe(&ppk, sizeof ppk);
    return status;
}

static int save_package(const struct tern_smdp *smdp, struct tern_arena *arena,
                        struct tern_bytes iccid, const struct tern_smdp_import *profile)
{
    struct smdp_package package = {.session_keys = profile->session_keys};
    int status = profile->session_keys
                     ? seal(smdp, arena, iccid, profile->upp, &package.nonce, &package.sealed)
                     : protect(smdp, arena, iccid, profile->upp, &package);
    return status < 0 ? status
                      : smdp_save(smdp, arena, SPACE_PACKAGE, iccid, &SMDP_PACKAGE, &package);
}

static int check_free(const struct tern_smdp *smdp, struct tern_arena *arena,
                      struct tern_bytes iccid, bool replace)
{
    struct smdp_profile profile;
    struct smdp_order order;
    int status = profile_load(smdp, arena, iccid, &profile);
    if (status == TERN_ERR_NOT_FOUND) {
        return TERN_OK;
    }
    if (status < 0) {
        return status;
    }
    status = order_load(smdp, arena, iccid, &order);
    if (!replace || status != TERN_ERR_NOT_FOUND) {
        return status < 0 && status != TERN_ERR_NOT_FOUND ? status : TERN_ERR_CONFLICT;
    }
    struct smdp_key key = smdp_key_pair(profile.profile_type, iccid);
    return smdp_remove(smdp, SPACE_FREE, smdp_key_bytes(&key));
}

static int check_input(const struct tern_smdp_import *profile,
                       struct tern_store_metadata_request *metadata)
{
    int status = tern_asn_decode(&TERN_STORE_METADATA_REQUEST, metadata, NULL, profile->metadata);
    if (status < 0) {
        return status;
    }
    bool fits = profile->profile_type.size > 0 &&
                profile->profile_type.size <= TERN_SMDP_TYPE_SIZE &&
                profile->owner.size <= TERN_SMDP_REQUESTER_SIZE && profile->upp.size > 0 &&
                tern_utf8_valid(profile->profile_type) && tern_utf8_valid(profile->owner);
    return fits ? TERN_OK : TERN_ERR_RANGE;
}

int tern_smdp_import_profile(const struct tern_smdp *smdp, struct tern_arena *arena,
                             const struct tern_smdp_import *profile)
{
    struct tern_store_metadata_request metadata;
    int status = check_input(profile, &metadata);
    if (status == TERN_OK) {
        status = check_free(smdp, arena, metadata.iccid, profile->replace);
    }
    if (status < 0) {
        return status;
    }
    int64_t memory = profile->memory != 0 ? profile->memory : (int64_t)profile->upp.size;
    struct smdp_profile record = {.iccid = metadata.iccid,
                                  .owner = profile->owner.data == NULL ? TERN_BYTES_TEXT("")
                                                                       : profile->owner,
                                  .profile_type = profile->profile_type,
                                  .metadata = profile->metadata,
                                  .needs = profile->needs,
                                  .memory = memory};
    struct smdp_key key = smdp_key_pair(profile->profile_type, metadata.iccid);
    const struct tern_store *store = smdp->store;
    if ((status = smdp_save(smdp, arena, SPACE_PROFILE, metadata.iccid, &SMDP_PROFILE, &record)) <
            0 ||
        (status = save_package(smdp, arena, metadata.iccid, profile)) < 0 ||
        (status = store->save(store->context, SPACE_FREE, smdp_key_bytes(&key),
                              TERN_BYTES_TEXT("1"))) < 0) {
        return status;
    }
    return store->save(store->context, SPACE_TYPE, profile->profile_type, TERN_BYTES_TEXT("1"));
}

int tern_smdp_remove_profile(const struct tern_smdp *smdp, struct tern_arena *arena,
                             struct tern_bytes iccid)
{
    struct smdp_profile profile;
    struct smdp_order order;
    int status = profile_load(smdp, arena, iccid, &profile);
    if (status < 0) {
        return status;
    }
    status = order_load(smdp, arena, iccid, &order);
    if (status == TERN_OK && order.state < TERN_SMDP_STATE_Installed) {
        return TERN_ERR_STATE;
    }
    if (status == TERN_OK) {
        status = order_unindex(smdp, iccid, &order);
    }
    if (status < 0 && status != TERN_ERR_NOT_FOUND) {
        return status;
    }
    struct smdp_key key = smdp_key_pair(profile.profile_type, iccid);
    static const char *const SPACES[] = {SPACE_ORDER, SPACE_BINDING, SPACE_PACKAGE, SPACE_PROFILE};
    status = smdp_remove(smdp, SPACE_FREE, smdp_key_bytes(&key));
    for (size_t i = 0; status == TERN_OK && i < TERN_COUNT_OF(SPACES); i++) {
        status = smdp_remove(smdp, SPACES[i], iccid);
    }
    return status;
}

/* The record behind `after` in a space, key and value in the arena. */
static int next_record(const struct tern_smdp *smdp, struct tern_arena *arena, const char *space,
                       struct tern_bytes after, struct tern_bytes *key, struct tern_bytes *value)
{
    uint8_t key_buffer[TERN_STORE_KEY_SIZE_MAX];
    struct tern_writer key_out = TERN_WRITER_OF(key_buffer);
    struct tern_writer value_out = tern_arena_writer(arena);
    int status = smdp->store->next(smdp->store->context, space, TERN_BYTES_NONE, after, &key_out,
                                   &value_out);
    if (status <= 0) {
        return status;
    }
    *value = tern_arena_keep(arena, &value_out);
    *key = tern_arena_copy(arena, tern_writer_bytes(&key_out));
    return value->data == NULL || key->data == NULL ? TERN_ERR_NO_SPACE : 1;
}

static void view_order(struct tern_smdp_view *view, const struct smdp_order *order)
{
    view->state = (enum tern_smdp_state)order->state;
    view->requester = order->requester;
    view->eid = order->eid;
    view->matching_id = order->matching_id;
    view->confirmation_required = order->confirmation.data != NULL;
    view->confirmation_failures = order->confirmation_failures;
    view->attempts = order->attempts;
    view->created = order->created;
    view->expires = order->expires;
    view->smds_address = order->smds_address;
    view->event_registered = order->event_registered;
    view->transaction_id = order->transaction_id;
    view->why = order->why;
}

int tern_smdp_next_profile(const struct tern_smdp *smdp, struct tern_arena *arena,
                           struct tern_bytes after, struct tern_smdp_view *view)
{
    struct tern_bytes key;
    struct tern_bytes value;
    struct smdp_profile profile;
    struct smdp_order order;
    int status = next_record(smdp, arena, SPACE_PROFILE, after, &key, &value);
    if (status <= 0) {
        return status;
    }
    if ((status = tern_asn_decode(&SMDP_PROFILE, &profile, NULL, value)) < 0) {
        return status;
    }
    *view = (struct tern_smdp_view){.iccid = profile.iccid,
                                    .owner = profile.owner,
                                    .profile_type = profile.profile_type,
                                    .metadata = profile.metadata,
                                    .state = TERN_SMDP_STATE_Available};
    status = order_load(smdp, arena, profile.iccid, &order);
    if (status == TERN_OK) {
        view_order(view, &order);
    }
    return status < 0 && status != TERN_ERR_NOT_FOUND ? status : 1;
}

int tern_smdp_next_session(const struct tern_smdp *smdp, struct tern_arena *arena,
                           struct tern_bytes after, struct tern_smdp_session_view *view)
{
    static const char *const STATES[] = {"", "authenticated", "package sent", "ended"};
    struct tern_bytes value;
    struct smdp_session session;
    int status = next_record(smdp, arena, SPACE_SESSION, after, &view->transaction_id, &value);
    if (status <= 0) {
        return status;
    }
    if ((status = tern_asn_decode(&SMDP_SESSION, &session, NULL, value)) < 0) {
        return status;
    }
    view->eid = session.eid;
    view->iccid = session.iccid;
    view->state = session.state <= SESSION_ENDED ? STATES[session.state] : "";
    view->began = (int64_t)tern_read_uint(tern_bytes_slice(view->transaction_id, 0, 4));
    return 1;
}

/* Sessions are in the order of their time, because their keys begin with it. */
static int sweep_sessions(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                          size_t count_max)
{
    int64_t limit = now - (int64_t)smdp->policy.session_keep_s;
    for (size_t i = 0; i < count_max; i++) {
        struct tern_arena scratch = *arena;
        struct tern_smdp_session_view view;
        int status = tern_smdp_next_session(smdp, &scratch, TERN_BYTES_NONE, &view);
        if (status <= 0 || view.began > limit) {
            return status < 0 ? status : TERN_OK;
        }
        if ((status = smdp_remove(smdp, SPACE_SESSION, view.transaction_id)) < 0) {
            return status;
        }
    }
    return TERN_OK;
}

static int sweep_answers(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                         size_t count_max)
{
    int64_t limit = now - (int64_t)smdp->policy.answer_keep_s;
    struct tern_bytes after = TERN_BYTES_NONE;
    uint8_t after_buffer[TERN_STORE_KEY_SIZE_MAX];
    for (size_t i = 0; i < count_max; i++) {
        struct tern_arena scratch = *arena;
        struct tern_bytes key;
        struct tern_bytes value;
        struct smdp_answer answer;
        int status = next_record(smdp, &scratch, SPACE_CALL, after, &key, &value);
        if (status <= 0) {
            return status;
        }
        if (tern_asn_decode(&SMDP_ANSWER, &answer, NULL, value) < 0 || answer.when < limit) {
            if ((status = smdp_remove(smdp, SPACE_CALL, key)) < 0) {
                return status;
            }
        }
        struct tern_writer copy = TERN_WRITER_OF(after_buffer);
        tern_write(&copy, key);
        after = tern_writer_bytes(&copy);
    }
    return TERN_OK;
}

int tern_smdp_sweep(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                    size_t count_max)
{
    int status = sweep_sessions(smdp, arena, now, count_max);
    return status < 0 ? status : sweep_answers(smdp, arena, now, count_max);
}
