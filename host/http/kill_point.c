/* SPDX-License-Identifier: Apache-2.0 */
/* See kill_point.h. */
#include "host/http/kill_point.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "host/log/log.h"

void kill_point(const char *moment, const char *path)
{
    static atomic_long passed;
    const char *wanted = getenv("TERN_TEST_KILL");
    size_t size = strlen(moment);
    if (wanted == NULL || strncmp(wanted, moment, size) != 0 || wanted[size] != ':') {
        return;
    }
    char *prefix = NULL;
    long number = strtol(wanted + size + 1, &prefix, 10);
    if (*prefix == ':' && strncmp(path, prefix + 1, strlen(prefix + 1)) != 0) {
        return;
    }
    if (atomic_fetch_add(&passed, 1) + 1 == number) {
        log_warn("test.kill", "moment", moment, "path", path);
        raise(SIGKILL);
    }
}
