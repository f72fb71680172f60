/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What an RSP server has to tell others, later and until they have heard it: ES2+ call-backs to
 * operators, deletions of events at an SM-DS.
 *
 * A task is stored in the transaction that caused it, so nothing is promised that a crash could
 * lose. It may be sent twice; its receivers take that well.
 */
#ifndef TERN_OUTBOX_H
#define TERN_OUTBOX_H

#include "tern/arena.h"
#include "tern/crypto.h"
#include "tern/store.h"

#define TERN_OUTBOX_ATTEMPTS 20                 /**< Then a task is given up, */
#define TERN_OUTBOX_KEPT_S   (7 * 24 * 60 * 60) /**< or after a week. */
#define TERN_OUTBOX_KEY_SIZE 16

enum tern_task_kind {
    TERN_TASK_PROGRESS = 1,     /**< ES2+.HandleDownloadProgressInfo to operator `target` */
    TERN_TASK_DELETE_EVENT = 2, /**< ES12.DeleteEvent at SM-DS `target` */
};

struct tern_task {
    struct tern_bytes key; /**< Set by tern_outbox_next(). */
    enum tern_task_kind kind;
    struct tern_bytes target;
    struct tern_bytes body; /**< JSON */
    int64_t attempts;
};

/** Add a task that is due at `due`. Inside the transaction that causes it. */
int tern_outbox_add(const struct tern_crypto *crypto, const struct tern_store *store,
                    struct tern_arena *arena, int64_t due, const struct tern_task *task);
/** The first task that is due. @return 1, 0 (`due` then says when to ask again), or an error. */
int tern_outbox_next(const struct tern_store *store, struct tern_arena *arena, int64_t now,
                     struct tern_task *task, int64_t *due);
/** Done, or put back for later: attempts grow, so does the wait. Inside a transaction. */
int tern_outbox_finish(const struct tern_crypto *crypto, const struct tern_store *store,
                       struct tern_arena *arena, int64_t now, struct tern_bytes key, bool done);

#endif
