/* SPDX-License-Identifier: Apache-2.0 */
/* An RSP server as the requester of another: ES12 from an SM-DP+, and from one SM-DS to the next.
 */
#ifndef ENGINE_SMDP_REQUESTER_H
#define ENGINE_SMDP_REQUESTER_H

#include "tern/json.h"
#include "tern/outbox.h"
#include "tern/rsp_server.h"

/* "header":{functionRequesterIdentifier, functionCallIdentifier}. */
int requester_write_header(const struct tern_rsp_server *server, struct tern_json_writer *json);
void requester_write_eid(struct tern_json_writer *json, struct tern_bytes eid);

/* JSON of ES12.RegisterEvent with our address as rspServerAddress. */
int requester_register_body(const struct tern_rsp_server *server, struct tern_writer *out,
                            struct tern_bytes eid, struct tern_bytes event_id, bool forward);
/* Queue ES12.DeleteEvent at `smds_address`. */
int requester_delete_event(const struct tern_rsp_server *server, const struct tern_store *store,
                           struct tern_arena *arena, int64_t now, struct tern_bytes smds_address,
                           struct tern_bytes eid, struct tern_bytes event_id);

#endif
