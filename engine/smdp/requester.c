/* SPDX-License-Identifier: Apache-2.0 */
/* The client side of ES12: see requester.h. SGP.22, 5.9; sgp22.md 12 */
#include "engine/smdp/requester.h"

int requester_write_header(const struct tern_rsp_server *server, struct tern_json_writer *json)
{
    uint8_t id[8];
    int status = server->crypto->random(server->crypto->context, id, sizeof id);
    tern_json_begin_object(json, "header");
    tern_json_write_text(json, "functionRequesterIdentifier", server->address);
    tern_json_write_hex(json, "functionCallIdentifier", TERN_BYTES_OF(id));
    tern_json_end_object(json);
    return status;
}

void requester_write_eid(struct tern_json_writer *json, struct tern_bytes eid)
{
    uint8_t digits[32];
    struct tern_writer out = TERN_WRITER_OF(digits);
    tern_eid_to_text(&out, eid.data);
    tern_json_write_text(json, "eid", TERN_BYTES_OF(digits));
}

int requester_register_body(const struct tern_rsp_server *server, struct tern_writer *out,
                            struct tern_bytes eid, struct tern_bytes event_id, bool forward)
{
    struct tern_json_writer json = tern_json_writer(out);
    tern_json_begin_object(&json, NULL);
    int status = requester_write_header(server, &json);
    requester_write_eid(&json, eid);
    tern_json_write_text(&json, "rspServerAddress", server->address);
    tern_json_write_text(&json, "eventId", event_id);
    tern_json_write_bool(&json, "forwardingIndicator", forward);
    tern_json_end_object(&json);
    return status < 0 ? status : tern_writer_status(out);
}

int requester_delete_event(const struct tern_rsp_server *server, const struct tern_store *store,
                           struct tern_arena *arena, int64_t now, struct tern_bytes smds_address,
                           struct tern_bytes eid, struct tern_bytes event_id)
{
    struct tern_writer out = tern_arena_writer(arena);
    struct tern_json_writer json = tern_json_writer(&out);
    tern_json_begin_object(&json, NULL);
    int status = requester_write_header(server, &json);
    requester_write_eid(&json, eid);
    tern_json_write_text(&json, "eventId", event_id);
    tern_json_end_object(&json);
    struct tern_task task = {.kind = TERN_TASK_DELETE_EVENT,
                             .target = smds_address,
                             .body = tern_arena_keep(arena, &out)};
    if (status < 0 || task.body.data == NULL) {
        return status < 0 ? status : TERN_ERR_NO_SPACE;
    }
    return tern_outbox_add(server->crypto, store, arena, now, &task);
}
