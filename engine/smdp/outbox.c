/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks in the store, the next one first: tern/outbox.h.
 *
 *     key   due time 8 | random 8
 */
#include "tern/outbox.h"

#include "tern/asn_table.h"

#define SPACE_TASK "task"

struct outbox_task {
    int64_t kind;
    struct tern_bytes target;
    struct tern_bytes body;
    int64_t attempts;
    int64_t created;
};

extern const struct tern_asn_record OUTBOX_TASK;

/* clang-format off */
#define TYPE outbox_task
SEQUENCE(OUTBOX_TASK, "Task", 0x30,
         FIELD(kind,     "kind",     0x80, UINT),
         FIELD(target,   "target",   0x81, TEXT),
         FIELD(body,     "body",     0x82, TEXT),
         FIELD(attempts, "attempts", 0x83, UINT),
         FIELD(created,  "created",  0x84, INT));
#undef TYPE
/* clang-format on */

static int insert(const struct tern_crypto *crypto, const struct tern_store *store,
                  struct tern_arena *arena, int64_t due, const struct outbox_task *task)
{
    uint8_t key[TERN_OUTBOX_KEY_SIZE];
    struct tern_writer key_out = TERN_WRITER_OF(key);
    struct tern_writer value = tern_arena_writer(arena);
    tern_write_uint(&key_out, (uint64_t)due, 8);
    int status = crypto->random(crypto->context, key + 8, 8);
    if (status == TERN_OK) {
        status = tern_asn_encode(&OUTBOX_TASK, &value, task);
    }
    return status < 0 ? status
                      : store->insert(store->context, SPACE_TASK, TERN_BYTES_OF(key),
                                      tern_writer_bytes(&value));
}

int tern_outbox_add(const struct tern_crypto *crypto, const struct tern_store *store,
                    struct tern_arena *arena, int64_t due, const struct tern_task *task)
{
    struct outbox_task stored = {
        .kind = task->kind, .target = task->target, .body = task->body, .created = due};
    return insert(crypto, store, arena, due, &stored);
}

int tern_outbox_next(const struct tern_store *store, struct tern_arena *arena, int64_t now,
                     struct tern_task *task, int64_t *due)
{
    struct outbox_task stored;
    uint8_t key[TERN_OUTBOX_KEY_SIZE];
    struct tern_writer key_out = TERN_WRITER_OF(key);
    struct tern_writer value = tern_arena_writer(arena);
    *due = INT64_MAX;
    int status =
        store->next(store->context, SPACE_TASK, TERN_BYTES_NONE, TERN_BYTES_NONE, &key_out, &value);
    if (status <= 0) {
        return status;
    }
    struct tern_bytes bytes = tern_arena_keep(arena, &value);
    task->key = tern_arena_copy(arena, tern_writer_bytes(&key_out));
    if (bytes.data == NULL || task->key.data == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    if ((status = tern_asn_decode(&OUTBOX_TASK, &stored, NULL, bytes)) < 0) {
        return status;
    }
    *due = (int64_t)tern_read_uint(tern_bytes_slice(task->key, 0, 8));
    task->kind = (enum tern_task_kind)stored.kind;
    task->target = stored.target;
    task->body = stored.body;
    task->attempts = stored.attempts;
    return *due <= now ? 1 : 0;
}

int tern_outbox_finish(const struct tern_crypto *crypto, const struct tern_store *store,
                       struct tern_arena *arena, int64_t now, struct tern_bytes key, bool done)
{
    struct outbox_task task;
    struct tern_writer value = tern_arena_writer(arena);
    int status = store->load(store->context, SPACE_TASK, key, &value);
    if (status < 0) {
        return status == TERN_ERR_NOT_FOUND ? TERN_OK : status;
    }
    struct tern_bytes bytes = tern_arena_keep(arena, &value);
    if (bytes.data == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    if ((status = tern_asn_decode(&OUTBOX_TASK, &task, NULL, bytes)) < 0 ||
        (status = store->remove(store->context, SPACE_TASK, key)) < 0 || done) {
        return status;
    }
    task.attempts++;
    if (task.attempts >= TERN_OUTBOX_ATTEMPTS || now - task.created > TERN_OUTBOX_KEPT_S) {
        return TERN_OK;
    }
    /* 2, 4, 8 ... seconds, an hour at most. */
    int64_t wait = task.attempts > 11 ? 3600 : (int64_t)1 << task.attempts;
    return insert(crypto, store, arena, now + wait, &task);
}
