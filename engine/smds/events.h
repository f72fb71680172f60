/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events in the store.
 *
 *   space    key                  value
 *   event    EID, EventID         requester, address, times, EventID at the parent
 *   cascade  EID, parent EventID  EventID
 */
#ifndef ENGINE_SMDS_EVENTS_H
#define ENGINE_SMDS_EVENTS_H

#include "tern/asn.h"
#include "tern/smds.h"

#define SPACE_EVENT   "event"
#define SPACE_CASCADE "cascade"

struct smds_event {
    struct tern_bytes event_id;
    struct tern_bytes rsp_server_address;
    struct tern_bytes requester;
    struct tern_bytes cascade_id;
    int64_t created;
    int64_t expires;
};
extern const struct tern_asn_record SMDS_EVENT;

struct event_key {
    uint8_t data[TERN_STORE_KEY_SIZE_MAX];
    size_t size;
};
struct event_key event_key(const uint8_t eid[16], struct tern_bytes event_id);
static inline struct tern_bytes event_key_bytes(const struct event_key *key)
{
    return tern_bytes(key->data, key->size);
}

/* TERN_ERR_NOT_FOUND. */
int event_load(const struct tern_smds *smds, struct tern_arena *arena, struct tern_bytes key,
               struct smds_event *event);
int event_save(const struct tern_smds *smds, struct tern_arena *arena, const uint8_t eid[16],
               const struct smds_event *event);
/* With what hangs on it; the parent is told later. */
int event_remove(const struct tern_smds *smds, struct tern_arena *arena, int64_t now,
                 const uint8_t eid[16], const struct smds_event *event);
/* The event behind `after` whose key begins with `prefix`. 1, 0 or an error. */
int event_next(const struct tern_smds *smds, struct tern_arena *arena, struct tern_bytes prefix,
               struct tern_bytes after, struct tern_bytes *key, struct smds_event *event);

static inline bool event_expired(const struct smds_event *event, int64_t now)
{
    return event->expires != 0 && now > event->expires;
}

#endif
