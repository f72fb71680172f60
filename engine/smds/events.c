/* SPDX-License-Identifier: Apache-2.0 */
/* Events in the store: see events.h. */
#include "engine/smds/events.h"

#include <string.h>

#include "engine/smdp/requester.h"
#include "tern/asn_table.h"

/* clang-format off */
#define TYPE smds_event
SEQUENCE(SMDS_EVENT, "Event", 0x30,
         FIELD(event_id,           "eventId",          0x80, TEXT),
         FIELD(rsp_server_address, "rspServerAddress", 0x81, TEXT),
         FIELD(requester,          "requester",        0x82, TEXT),
         FIELD(cascade_id,         "cascadeId",        0x83, TEXT, OPTIONAL),
         FIELD(created,            "created",          0x84, INT),
         FIELD(expires,            "expires",          0x85, INT));
#undef TYPE
/* clang-format on */

struct event_key event_key(const uint8_t eid[16], struct tern_bytes event_id)
{
    struct event_key key;
    struct tern_writer out = TERN_WRITER_OF(key.data);
    tern_write(&out, tern_bytes(eid, 16));
    tern_write(&out, event_id);
    key.size = tern_writer_bytes(&out).size;
    return key;
}

int event_load(const struct tern_smds *smds, struct tern_arena *arena, struct tern_bytes key,
               struct smds_event *event)
{
    struct tern_writer value = tern_arena_writer(arena);
    int status = smds->store->load(smds->store->context, SPACE_EVENT, key, &value);
    if (status < 0) {
        return status;
    }
    struct tern_bytes bytes = tern_arena_keep(arena, &value);
    return bytes.data == NULL ? TERN_ERR_NO_SPACE
                              : tern_asn_decode(&SMDS_EVENT, event, NULL, bytes);
}

int event_save(const struct tern_smds *smds, struct tern_arena *arena, const uint8_t eid[16],
               const struct smds_event *event)
{
    const struct tern_store *store = smds->store;
    struct event_key key = event_key(eid, event->event_id);
    struct tern_writer value = tern_arena_writer(arena);
    int status = tern_asn_encode(&SMDS_EVENT, &value, event);
    if (status == TERN_OK) {
        status = store->insert(store->context, SPACE_EVENT, event_key_bytes(&key),
                               tern_writer_bytes(&value));
    }
    if (status == TERN_OK && event->cascade_id.data != NULL) {
        struct event_key cascade = event_key(eid, event->cascade_id);
        status =
            store->save(store->context, SPACE_CASCADE, event_key_bytes(&cascade), event->event_id);
    }
    return status;
}

int event_remove(const struct tern_smds *smds, struct tern_arena *arena, int64_t now,
                 const uint8_t eid[16], const struct smds_event *event)
{
    const struct tern_store *store = smds->store;
    struct event_key key = event_key(eid, event->event_id);
    int status = store->remove(store->context, SPACE_EVENT, event_key_bytes(&key));
    if (status < 0 || event->cascade_id.data == NULL) {
        return status;
    }
    struct event_key cascade = event_key(eid, event->cascade_id);
    status = store->remove(store->context, SPACE_CASCADE, event_key_bytes(&cascade));
    if ((status < 0 && status != TERN_ERR_NOT_FOUND) || smds->parent.size == 0) {
        return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
    }
    return requester_delete_event(&smds->server, store, arena, now, smds->parent,
                                  tern_bytes(eid, 16), event->cascade_id);
}

int event_next(const struct tern_smds *smds, struct tern_arena *arena, struct tern_bytes prefix,
               struct tern_bytes after, struct tern_bytes *key, struct smds_event *event)
{
    uint8_t key_buffer[TERN_STORE_KEY_SIZE_MAX];
    struct tern_writer key_out = TERN_WRITER_OF(key_buffer);
    struct tern_writer value = tern_arena_writer(arena);
    int status =
        smds->store->next(smds->store->context, SPACE_EVENT, prefix, after, &key_out, &value);
    if (status <= 0) {
        return status;
    }
    struct tern_bytes bytes = tern_arena_keep(arena, &value);
    *key = tern_arena_copy(arena, tern_writer_bytes(&key_out));
    if (bytes.data == NULL || key->data == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    status = tern_asn_decode(&SMDS_EVENT, event, NULL, bytes);
    return status < 0 ? status : 1;
}

int tern_smds_next_event(const struct tern_smds *smds, struct tern_arena *arena,
                         struct tern_bytes after, struct tern_smds_event *event)
{
    struct smds_event stored;
    int status = event_next(smds, arena, TERN_BYTES_NONE, after, &event->key, &stored);
    if (status != 1) {
        return status;
    }
    memcpy(event->eid, event->key.data, sizeof event->eid);
    event->event_id = stored.event_id;
    event->rsp_server_address = stored.rsp_server_address;
    event->requester = stored.requester;
    event->cascade_id = stored.cascade_id;
    event->created = stored.created;
    event->expires = stored.expires;
    return 1;
}

int tern_smds_sweep(const struct tern_smds *smds, struct tern_arena *arena, int64_t now,
                    size_t count_max)
{
    uint8_t after_buffer[TERN_STORE_KEY_SIZE_MAX];
    struct tern_bytes after = TERN_BYTES_NONE;
    for (size_t i = 0; i < count_max; i++) {
        struct tern_arena scratch = *arena;
        struct tern_bytes key;
        struct smds_event event;
        int status = event_next(smds, &scratch, TERN_BYTES_NONE, after, &key, &event);
        if (status <= 0) {
            return status;
        }
        struct tern_writer copy = TERN_WRITER_OF(after_buffer);
        tern_write(&copy, key);
        after = tern_writer_bytes(&copy);
        if (event_expired(&event, now) &&
            (status = event_remove(smds, &scratch, now, after.data, &event)) < 0) {
            return status;
        }
    }
    return TERN_OK;
}
