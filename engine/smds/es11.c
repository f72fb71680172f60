/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES11: an eUICC proves itself and gets its events. SGP.22, 5.8; sgp22.md 11.
 *
 * An absent or empty MatchingID asks for all events of the EID; another one names the one event,
 * by its EventID here or by the EventID under which it was announced at the parent.
 */
#include "engine/smdp/authentication.h"
#include "engine/smds/events.h"

#define EVENTS_DEFAULT 64

static uint32_t events_max(const struct tern_smds *smds)
{
    return smds->events_per_eid_max == 0 ? EVENTS_DEFAULT : smds->events_per_eid_max;
}

/*
 * All events of an EID. The entries are gathered at the end of the arena: what each step of the
 * walk took is given back before the next.
 */
static int all_events(const struct tern_smds *smds, struct tern_rsp_call *call,
                      const uint8_t eid[16], struct tern_writer *entries)
{
    uint8_t after_buffer[TERN_STORE_KEY_SIZE_MAX];
    struct tern_bytes after = TERN_BYTES_NONE;
    for (uint32_t i = 0; i < events_max(smds); i++) {
        struct tern_arena scratch = *call->arena;
        struct tern_bytes key;
        struct smds_event event;
        int status = event_next(smds, &scratch, tern_bytes(eid, 16), after, &key, &event);
        if (status <= 0) {
            return status;
        }
        if (!event_expired(&event, call->now)) {
            tern_es11_write_event(
                entries, &(struct tern_es11_event){event.event_id, event.rsp_server_address});
        }
        struct tern_writer copy = TERN_WRITER_OF(after_buffer);
        tern_write(&copy, key);
        after = tern_writer_bytes(&copy);
    }
    return TERN_OK;
}

/* The event with this EventID, here or at the parent. */
static int one_event(const struct tern_smds *smds, struct tern_rsp_call *call,
                     const uint8_t eid[16], struct tern_bytes event_id, struct tern_writer *entries)
{
    struct smds_event event;
    if (event_id.size > TERN_SMDS_EVENT_ID_SIZE) {
        rsp_fail(call, TERN_STATUS_EVENT_UNKNOWN);
        return TERN_OK;
    }
    struct event_key key = event_key(eid, event_id);
    struct tern_writer own = tern_arena_writer(call->arena);
    int status =
        smds->store->load(smds->store->context, SPACE_CASCADE, event_key_bytes(&key), &own);
    if (status == TERN_OK) {
        key = event_key(eid, tern_writer_bytes(&own));
    }
    status = event_load(smds, call->arena, event_key_bytes(&key), &event);
    if (status == TERN_ERR_NOT_FOUND || (status == TERN_OK && event_expired(&event, call->now))) {
        rsp_fail(call, TERN_STATUS_EVENT_UNKNOWN);
        return TERN_OK;
    }
    if (status == TERN_OK) {
        tern_es11_write_event(entries,
                              &(struct tern_es11_event){event.event_id, event.rsp_server_address});
    }
    return status;
}

static int authenticate_client(const struct tern_smds *smds, struct tern_rsp_call *call,
                               uint8_t eid[16], bool *has_eid)
{
    struct rsp_euicc euicc;
    call->response.function = TERN_ES11_AUTHENTICATE_CLIENT;
    int status = rsp_authenticate(&smds->server, call, &euicc);
    if (status < 0 || !tern_status_ok(&call->response.status)) {
        return status;
    }
    *has_eid = true;
    for (size_t i = 0; i < 16; i++) {
        eid[i] = euicc.eid[i];
    }
    /* A quarter of what is left holds more entries than may exist; the walk has the rest. */
    size_t room = (call->arena->capacity - call->arena->used) / 4;
    uint8_t *memory = tern_arena_take(call->arena, room);
    if (memory == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    struct tern_writer entries = tern_writer(memory, room);
    status = euicc.matching_id.size == 0
                 ? all_events(smds, call, euicc.eid, &entries)
                 : one_event(smds, call, euicc.eid, euicc.matching_id, &entries);
    call->response.transaction_id = call->request.transaction_id;
    call->response.event_entries = tern_writer_bytes(&entries);
    return status < 0 ? status : tern_writer_status(&entries);
}

int tern_smds_es11(const struct tern_smds *smds, struct tern_rsp_call *call, uint8_t eid[16],
                   bool *has_eid)
{
    *has_eid = false;
    call->response = (struct tern_es9plus_response){.function = call->request.function};
    switch (call->request.function) {
    case TERN_ES9PLUS_INITIATE_AUTHENTICATION:
        return rsp_initiate_authentication(&smds->server, call);
    case TERN_ES9PLUS_AUTHENTICATE_CLIENT:
    case TERN_ES11_AUTHENTICATE_CLIENT:
        return authenticate_client(smds, call, eid, has_eid);
    default:
        rsp_fail(call, TERN_STATUS_FUNCTION_UNSUPPORTED);
        return TERN_OK;
    }
}
