/* SPDX-License-Identifier: Apache-2.0 */
/* Orders in the store: finding the right one for an eUICC, keeping the indices true. */
#include "engine/smdp/orders.h"

int order_load(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
               struct smdp_order *order)
{
    return smdp_load(smdp, arena, SPACE_ORDER, iccid, &SMDP_ORDER, order);
}

int order_save(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
               const struct smdp_order *order)
{
    return smdp_save(smdp, arena, SPACE_ORDER, iccid, &SMDP_ORDER, order);
}

int profile_load(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
                 struct smdp_profile *profile)
{
    return smdp_load(smdp, arena, SPACE_PROFILE, iccid, &SMDP_PROFILE, profile);
}

bool order_expired(const struct smdp_order *order, int64_t now)
{
    return order->expires != 0 && now > order->expires;
}

static bool waits_for_download(const struct smdp_order *order)
{
    return order->state == TERN_SMDP_STATE_Released || order->state == TERN_SMDP_STATE_Downloaded;
}

/* Whether this eUICC may take this order now. The EID comes before everything else. */
static enum tern_status_code admit(const struct smdp_order *order, struct tern_bytes eid)
{
    if (order->eid.data != NULL && !tern_bytes_equal(order->eid, eid)) {
        return TERN_STATUS_EID_REFUSED;
    }
    if (waits_for_download(order)) {
        return TERN_STATUS_SUCCESS;
    }
    return order->state < TERN_SMDP_STATE_Released ? TERN_STATUS_PROFILE_NOT_RELEASED
                                                   : TERN_STATUS_MATCHING_ID_REFUSED;
}

static int find_by_matching_id(const struct tern_smdp *smdp, struct tern_arena *arena,
                               struct tern_bytes eid, struct tern_bytes matching_id,
                               struct tern_bytes *iccid, struct smdp_order *order,
                               enum tern_status_code *code)
{
    struct tern_writer value = tern_arena_writer(arena);
    *code = TERN_STATUS_MATCHING_ID_REFUSED;
    if (matching_id.size > TERN_MATCHING_ID_SIZE) {
        return TERN_OK;
    }
    int status = smdp->store->load(smdp->store->context, SPACE_MATCH, matching_id, &value);
    if (status < 0) {
        return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
    }
    *iccid = tern_arena_keep(arena, &value);
    status = order_load(smdp, arena, *iccid, order);
    if (status == TERN_OK) {
        *code = admit(order, eid);
    }
    return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
}

/* Default SM-DP+: the first order for this EID that waits with an empty MatchingID. */
static int find_by_eid(const struct tern_smdp *smdp, struct tern_arena *arena,
                       struct tern_bytes eid, struct tern_bytes *iccid, struct smdp_order *order,
                       enum tern_status_code *code)
{
    struct tern_bytes after = TERN_BYTES_NONE;
    bool known = false;
    for (;;) {
        uint8_t key[26];
        uint8_t value[1];
        struct tern_writer key_out = TERN_WRITER_OF(key);
        struct tern_writer value_out = TERN_WRITER_OF(value);
        int status =
            smdp->store->next(smdp->store->context, SPACE_EID, eid, after, &key_out, &value_out);
        if (status <= 0) {
            *code = known ? TERN_STATUS_PROFILE_NOT_RELEASED : TERN_STATUS_EID_REFUSED;
            return status;
        }
        after = tern_arena_copy(arena, tern_writer_bytes(&key_out));
        if (after.data == NULL) {
            return TERN_ERR_NO_SPACE;
        }
        *iccid = tern_bytes_slice(after, 16, 10);
        if ((status = order_load(smdp, arena, *iccid, order)) < 0) {
            return status;
        }
        known = true;
        if ((*code = admit(order, eid)) == TERN_STATUS_SUCCESS) {
            return TERN_OK;
        }
    }
}

int order_find(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes eid,
               struct tern_bytes matching_id, struct tern_bytes *iccid, struct smdp_order *order,
               enum tern_status_code *code)
{
    return matching_id.size == 0
               ? find_by_eid(smdp, arena, eid, iccid, order, code)
               : find_by_matching_id(smdp, arena, eid, matching_id, iccid, order, code);
}

int order_index(const struct tern_smdp *smdp, struct tern_bytes iccid,
                const struct smdp_order *order)
{
    const struct tern_store *store = smdp->store;
    if (order->matching_id.data == NULL) {
        return TERN_OK;
    }
    if (order->matching_id.size > 0) {
        return store->insert(store->context, SPACE_MATCH, order->matching_id, iccid);
    }
    struct smdp_key key = smdp_key(order->ordered_eid, iccid);
    return store->save(store->context, SPACE_EID, smdp_key_bytes(&key), TERN_BYTES_TEXT("1"));
}

int order_unindex(const struct tern_smdp *smdp, struct tern_bytes iccid,
                  const struct smdp_order *order)
{
    if (order->matching_id.data == NULL) {
        return TERN_OK;
    }
    if (order->matching_id.size > 0) {
        return smdp_remove(smdp, SPACE_MATCH, order->matching_id);
    }
    struct smdp_key key = smdp_key(order->ordered_eid, iccid);
    return smdp_remove(smdp, SPACE_EID, smdp_key_bytes(&key));
}

int order_end(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
              struct tern_bytes iccid, struct smdp_order *order, enum tern_smdp_state state,
              const char *why)
{
    order->state = state;
    order->why = why == NULL ? TERN_BYTES_NONE : tern_bytes_text(why);
    int status = event_delete_queue(smdp, arena, now, order);
    if (status == TERN_OK && state != TERN_SMDP_STATE_Released) {
        status = smdp_remove(smdp, SPACE_BINDING, iccid);
    }
    return status < 0 ? status : order_save(smdp, arena, iccid, order);
}
