/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the SM-DP+ has to tell others, later and until they have heard it: ES2+ call-backs to
 * operators and deletions of events at an SM-DS. A task is stored in the transaction that caused
 * it, so nothing is promised that a crash could lose; it may be sent twice, and both receivers take
 * that well.
 *
 *     key   due time 8 | random 8        so that the first key is the next task
 */
#include "engine/smdp/orders.h"
#include "tern/json.h"

#define KEY_SIZE    16
#define TASK_KEPT_S (7 * 24 * 3600) /* A call-back older than this is of no use to anybody. */

static int task_insert(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t due,
                       const struct smdp_task *task)
{
    uint8_t key[KEY_SIZE];
    struct tern_writer out = TERN_WRITER_OF(key);
    tern_write_uint(&out, (uint64_t)due, 8);
    int status = smdp->server.crypto->random(smdp->server.crypto->context, key + 8, 8);
    return status < 0 ? status
                      : smdp_insert(smdp, arena, SPACE_TASK, TERN_BYTES_OF(key), &SMDP_TASK, task);
}

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

/* header{functionRequesterIdentifier, functionCallIdentifier}: we call. */
static int write_header(const struct tern_smdp *smdp, struct tern_json_writer *json)
{
    uint8_t id[8];
    int status = smdp->server.crypto->random(smdp->server.crypto->context, id, sizeof id);
    tern_json_begin_object(json, "header");
    tern_json_write_text(json, "functionRequesterIdentifier", smdp->server.address);
    tern_json_write_hex(json, "functionCallIdentifier", TERN_BYTES_OF(id));
    tern_json_end_object(json);
    return status;
}

static void write_eid(struct tern_json_writer *json, struct tern_bytes eid)
{
    uint8_t digits[32];
    struct tern_writer out = TERN_WRITER_OF(digits);
    tern_eid_to_text(&out, eid.data);
    tern_json_write_text(json, "eid", TERN_BYTES_OF(digits));
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
    result = write_header(smdp, &json);
    if (order->eid.data != NULL) {
        write_eid(&json, order->eid);
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
    struct smdp_task task = {.kind = TERN_SMDP_TASK_PROGRESS,
                             .target = order->requester,
                             .body = tern_arena_keep(arena, &out),
                             .created = now};
    if (result < 0 || task.body.data == NULL) {
        return result < 0 ? result : TERN_ERR_NO_SPACE;
    }
    return task_insert(smdp, arena, now, &task);
}

int event_register_body(const struct tern_smdp *smdp, struct tern_writer *out,
                        struct tern_bytes eid, struct tern_bytes event_id)
{
    struct tern_json_writer json = tern_json_writer(out);
    tern_json_begin_object(&json, NULL);
    int status = write_header(smdp, &json);
    write_eid(&json, eid);
    tern_json_write_text(&json, "rspServerAddress", smdp->server.address);
    tern_json_write_text(&json, "eventId", event_id);
    tern_json_write_bool(&json, "forwardingIndicator", true);
    tern_json_end_object(&json);
    return status < 0 ? status : tern_writer_status(out);
}

int event_delete(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                 struct tern_bytes smds_address, struct tern_bytes eid, struct tern_bytes event_id)
{
    struct tern_writer out = tern_arena_writer(arena);
    struct tern_json_writer json = tern_json_writer(&out);
    tern_json_begin_object(&json, NULL);
    int status = write_header(smdp, &json);
    write_eid(&json, eid);
    tern_json_write_text(&json, "eventId", event_id);
    tern_json_end_object(&json);
    struct smdp_task task = {.kind = TERN_SMDP_TASK_DELETE_EVENT,
                             .target = smds_address,
                             .body = tern_arena_keep(arena, &out),
                             .created = now};
    if (status < 0 || task.body.data == NULL) {
        return status < 0 ? status : TERN_ERR_NO_SPACE;
    }
    return task_insert(smdp, arena, now, &task);
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

static int first_task(const struct tern_smdp *smdp, struct tern_arena *arena,
                      struct tern_bytes *key, struct smdp_task *task)
{
    uint8_t key_buffer[KEY_SIZE];
    struct tern_writer key_out = TERN_WRITER_OF(key_buffer);
    struct tern_writer value = tern_arena_writer(arena);
    int status = smdp->store->next(smdp->store->context, SPACE_TASK, TERN_BYTES_NONE,
                                   TERN_BYTES_NONE, &key_out, &value);
    if (status <= 0) {
        return status;
    }
    struct tern_bytes bytes = tern_arena_keep(arena, &value);
    *key = tern_arena_copy(arena, tern_writer_bytes(&key_out));
    if (bytes.data == NULL || key->data == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    status = tern_asn_decode(&SMDP_TASK, task, NULL, bytes);
    return status < 0 ? status : 1;
}

int tern_smdp_next_task(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                        struct tern_smdp_task *task, int64_t *due)
{
    struct smdp_task stored;
    struct tern_bytes key;
    *due = INT64_MAX;
    int status = first_task(smdp, arena, &key, &stored);
    if (status <= 0) {
        return status;
    }
    *due = (int64_t)tern_read_uint(tern_bytes_slice(key, 0, 8));
    *task = (struct tern_smdp_task){.key = key,
                                    .kind = (enum tern_smdp_task_kind)stored.kind,
                                    .target = stored.target,
                                    .body = stored.body,
                                    .attempts = stored.attempts};
    return *due <= now ? 1 : 0;
}

int tern_smdp_finish_task(const struct tern_smdp *smdp, struct tern_arena *arena, int64_t now,
                          struct tern_bytes key, bool done)
{
    struct smdp_task task;
    int status = smdp_load(smdp, arena, SPACE_TASK, key, &SMDP_TASK, &task);
    if (status < 0) {
        return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
    }
    if ((status = smdp_remove(smdp, SPACE_TASK, key)) < 0 || done) {
        return status;
    }
    task.attempts++;
    if (task.attempts >= TERN_SMDP_TASK_ATTEMPTS || now - task.created > TASK_KEPT_S) {
        return TERN_OK;
    }
    /* 2, 4, 8 ... seconds, an hour at most. */
    int64_t wait = task.attempts > 11 ? 3600 : (int64_t)1 << task.attempts;
    return task_insert(smdp, arena, now + wait, &task);
}
