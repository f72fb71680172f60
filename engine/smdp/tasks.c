/* SPDX-License-Identifier: Apache-2.0 */
/* What the SM-DP+ has to tell others: the JSON of ES2+.HandleDownloadProgressInfo and of ES12, put
 * into the outbox (tern/outbox.h). SGP.22, 5.3.4, 5.9; sgp22.md 12, 13 */
#include "engine/smdp/orders.h"
#include "engine/smdp/requester.h"
#include "tern/json.h"

static void write_two(struct tern_writer *out, int64_t value)
{
    tern_write_byte(out, (uint8_t)('0' + value / 10 % 10));
    tern_write_byte(out, (uint8_t)('0' + value % 10));
}

/* Days since 1970 to a date of the Gregorian calendar: years begin in March, 400 of them repeat. */
void write_timestamp(struct tern_writer *out, int64_t when)
{
    int64_t days = when / 86400 + 719468;
    int64_t second = when % 86400;
    int64_t era = days / 146097;
    int64_t day_of_era = days % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
    write_two(out, year / 100);
    write_two(out, year % 100);
    tern_write_byte(out, '-');
    write_two(out, month);
    tern_write_byte(out, '-');
    write_two(out, day_of_year - (153 * shifted + 2) / 5 + 1);
    tern_write_byte(out, 'T');
    write_two(out, second / 3600);
    tern_write_byte(out, ':');
    write_two(out, second / 60 % 60);
    tern_write_byte(out, ':');
    write_two(out, second % 60);
    tern_write_byte(out, 'Z');
}

static void write_iccid(struct tern_json_writer *json, struct tern_bytes iccid)
{
    uint8_t digits[20];
    struct tern_writer out = TERN_WRITER_OF(digits);
    if (tern_iccid_to_text(&out, iccid) == TERN_OK) {
        tern_json_write_text(json, "iccid", tern_writer_bytes(&out));
    }
}

int progress_queue(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                   struct tern_bytes iccid, const struct smdp_order *order,
                   enum progress_point point, const struct tern_status *status,
                   struct tern_bytes result_data)
{
    uint8_t time[20];
    struct tern_writer time_out = TERN_WRITER_OF(time);
    struct smdp_profile profile;
    int result = profile_load(smdp, arena, iccid, &profile);
    if (result < 0) {
        return result;
    }
    struct tern_writer out = tern_arena_writer(arena);
    struct tern_json_writer json = tern_json_writer(&out);
    write_timestamp(&time_out, now);
    tern_json_begin_object(&json, NULL);
    result = requester_write_header(&smdp->server, &json);
    if (order->eid.data != NULL) {
        requester_write_eid(&json, order->eid);
    }
    write_iccid(&json, iccid);
    tern_json_write_text(&json, "profileType", profile.profile_type);
    tern_json_write_text(&json, "timestamp", TERN_BYTES_OF(time));
    tern_json_write_int(&json, "notificationPointId", point);
    tern_status_write(&json, "notificationPointStatus", status);
    if (result_data.data != NULL) {
        tern_json_write_base64(&json, "resultData", result_data);
    }
    tern_json_end_object(&json);
    struct tern_task task = {.kind = TERN_TASK_PROGRESS,
                             .target = order->requester,
                             .body = tern_arena_keep(arena, &out)};
    if (result < 0 || task.body.data == NULL) {
        return result < 0 ? result : TERN_ERR_NO_SPACE;
    }
    return tern_outbox_add(smdp->server.crypto, smdp->store, arena, now, &task);
}

int event_register_body(const struct tern_smdp *smdp, struct tern_writer *out,
                        struct tern_bytes eid, struct tern_bytes event_id)
{
    return requester_register_body(&smdp->server, out, eid, event_id, true);
}

int event_delete(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                 struct tern_bytes smds_address, struct tern_bytes eid, struct tern_bytes event_id)
{
    return requester_delete_event(&smdp->server, smdp->store, arena, now, smds_address, eid,
                                  event_id);
}

int event_delete_queue(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                       struct smdp_order *order)
{
    if (!order->event_registered) {
        return TERN_OK;
    }
    order->event_registered = false;
    return event_delete(smdp, arena, now, order->smds_address, order->ordered_eid,
                        order->matching_id);
}
