/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Group commit: many pieces of work in one transaction, their replies released after it is durable.
 *
 * Work runs at once, in the loop's thread, inside the open transaction (the first piece opens it)
 * and inside a savepoint of its own, so that a piece that fails undoes only itself. The commit
 * happens when the loop has nothing ready any more in this turn, or after `count_max` pieces; then
 * every piece's reply function is called in order.
 */
#ifndef HOST_STORE_GROUP_H
#define HOST_STORE_GROUP_H

#include "host/loop/loop.h"
#include "host/store/sqlite_store.h"

struct commit_group;

/** `count_max` 0: 256. */
struct commit_group *commit_group_new(struct loop *loop, struct sqlite_store *store,
                                      size_t count_max);
/** Commits what is open. */
void commit_group_free(struct commit_group *group);

/**
 * Run `work` in the transaction and `reply` when it is durable.
 *
 * `work` returns TERN_OK, or an error: then its changes are undone and `reply` gets that error, in
 * its turn. `reply` gets TERN_ERR_IO when the commit failed: nothing of the whole batch is stored.
 * @return TERN_OK, or TERN_ERR_IO / TERN_ERR_NO_SPACE when nothing could be begun (no reply then)
 */
int commit_group_run(struct commit_group *group, int (*work)(void *context),
                     void (*reply)(void *context, int error), void *context);

/** Commit and release replies now. */
void commit_group_flush(struct commit_group *group);

#endif
