/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit: see group.h. */
#include "host/store/group.h"

#include <stdlib.h>

#define COUNT_MAX_DEFAULT 256

struct waiting {
    void (*reply)(void *context, int error);
    void *context;
    int error;
};

struct commit_group {
    struct sqlite_store *store;
    struct loop_timer *timer;
    struct waiting *waiting; /* of the open transaction */
    size_t count;
    size_t count_max;
    bool open;
};

static void on_turn_end(void *context)
{
    commit_group_flush(context);
}

struct commit_group *commit_group_new(struct loop *loop, struct sqlite_store *store,
                                      size_t count_max)
{
    struct commit_group *group = calloc(1, sizeof(*group));
    if (group == NULL) {
        return NULL;
    }
    group->store = store;
    group->count_max = count_max == 0 ? COUNT_MAX_DEFAULT : count_max;
    group->waiting = calloc(group->count_max, sizeof(*group->waiting));
    group->timer = loop_timer_new(loop, on_turn_end, group);
    if (group->waiting == NULL || group->timer == NULL) {
        commit_group_free(group);
        return NULL;
    }
    return group;
}

void commit_group_free(struct commit_group *group)
{
    if (group == NULL) {
        return;
    }
    commit_group_flush(group);
    loop_timer_free(group->timer);
    free(group->waiting);
    free(group);
}

void commit_group_flush(struct commit_group *group)
{
    if (!group->open) {
        return;
    }
    int status = sqlite_store_commit(group->store);
    size_t count = group->count;
    struct waiting *leaving = group->waiting;
    loop_timer_clear(group->timer);
    /* A reply may bring new work at once, even enough to flush again: that needs its own list. */
    group->waiting = calloc(group->count_max, sizeof(*group->waiting));
    if (group->waiting == NULL) {
        abort(); /* replies that nobody gets would be worse */
    }
    group->count = 0;
    group->open = false;
    for (size_t i = 0; i < count; i++) {
        leaving[i].reply(leaving[i].context, status == TERN_OK ? leaving[i].error : TERN_ERR_IO);
    }
    free(leaving);
}

/* The work inside its savepoint. Returns TERN_ERR_IO when the savepoint itself fails. */
static int run_work(struct commit_group *group, int (*work)(void *context), void *context,
                    int *error)
{
    if (sqlite_store_savepoint(group->store) != TERN_OK) {
        return TERN_ERR_IO;
    }
    *error = work(context);
    if (*error != TERN_OK) {
        sqlite_store_undo(group->store);
        return TERN_OK;
    }
    return sqlite_store_release(group->store);
}

int commit_group_run(struct commit_group *group, int (*work)(void *context),
                     void (*reply)(void *context, int error), void *context)
{
    if (!group->open) {
        if (sqlite_store_begin(group->store) != TERN_OK) {
            return TERN_ERR_IO;
        }
        group->open = true;
        /* Events that are ready now are handled before a timer set now: they join. */
        loop_timer_set(group->timer, 0);
    }
    int error = TERN_OK;
    int status = run_work(group, work, context, &error);
    if (status != TERN_OK) {
        return status;
    }
    group->waiting[group->count++] = (struct waiting){reply, context, error};
    if (group->count == group->count_max) {
        commit_group_flush(group);
    }
    return TERN_OK;
}
