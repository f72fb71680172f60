/* SPDX-License-Identifier: Apache-2.0 */
/** `--ready FILE`: once a server listens it says where, as JSON, atomically. */
#ifndef HOST_CONFIG_READY_H
#define HOST_CONFIG_READY_H

#include "tern/bytes.h"

struct ready_entry {
    const char *name;    /**< "es9plus" */
    const char *address; /**< "127.0.0.1:40123" */
};

/** {"es9plus":"127.0.0.1:40123"} into `path`; nothing to do when `path` is NULL. */
int ready_write(const char *path, const struct ready_entry *entries, size_t count);

#endif
