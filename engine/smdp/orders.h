/* SPDX-License-Identifier: Apache-2.0 */
/* Orders: found, changed, watched over. */
#ifndef ENGINE_SMDP_ORDERS_H
#define ENGINE_SMDP_ORDERS_H

#include "engine/smdp/records.h"

/* The order of a profile; TERN_ERR_NOT_FOUND when it is Available. */
int order_load(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
               struct smdp_order *order);
int order_save(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
               const struct smdp_order *order);
int profile_load(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes iccid,
                 struct smdp_profile *profile);

/*
 * The order that an eUICC may download: by MatchingID, or by EID when that is absent or empty.
 * sgp22.md 10.3. `code` is SUCCESS, or why not; other errors are ours.
 */
int order_find(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes eid,
               struct tern_bytes matching_id, struct tern_bytes *iccid, struct smdp_order *order,
               enum tern_status_code *code);

bool order_expired(const struct smdp_order *order, int64_t now);

/* Indices that follow from the order's fields; call before forgetting and after setting them. */
int order_index(const struct tern_smdp *smdp, struct tern_bytes iccid,
                const struct smdp_order *order);
int order_unindex(const struct tern_smdp *smdp, struct tern_bytes iccid,
                  const struct smdp_order *order);

/* The order is over: state, reason, what hangs on it. */
int order_end(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
              struct tern_bytes iccid, struct smdp_order *order, enum tern_smdp_state state,
              const char *why);

/* notificationPointId of HandleDownloadProgressInfo. sgp22.md 13 */
enum progress_point {
    PROGRESS_ELIGIBILITY = 1, /* Failure: attempts, eligibility. */
    PROGRESS_CONFIRMATION = 2,
    PROGRESS_DOWNLOADED = 3,
    PROGRESS_INSTALLED = 4,
    PROGRESS_DELETED = 5,
    PROGRESS_ENABLED = 101,
    PROGRESS_DISABLED = 102,
};

/* Queue ES2+.HandleDownloadProgressInfo to the requester of the order. */
int progress_queue(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                   struct tern_bytes iccid, const struct smdp_order *order,
                   enum progress_point point, const struct tern_status *status,
                   struct tern_bytes result_data);

/* Queue ES12.DeleteEvent when an event is registered, and note that it is not any more. */
int event_delete_queue(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                       struct smdp_order *order);
/* Queue the deletion of an event that no order has. */
int event_delete(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                 struct tern_bytes smds_address, struct tern_bytes eid, struct tern_bytes event_id);

/* JSON of ES12.RegisterEvent. */
int event_register_body(const struct tern_smdp *smdp, struct tern_writer *out,
                        struct tern_bytes eid, struct tern_bytes event_id);

/* "YYYY-MM-DDThh:mm:ssZ" */
void write_timestamp(struct tern_writer *out, int64_t when);

#endif
