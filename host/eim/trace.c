/* SPDX-License-Identifier: Apache-2.0 */
/* --trace DIR: every message that crosses a border of the eIM as a file of its own. docs/FORMATS.md
 */
#include <stdio.h>

#include "host/config/files.h"
#include "host/eim/eim_server.h"

void eim_trace(struct eim_server *server, const char *interface, const char *direction,
               const char *name, bool json, struct tern_bytes message)
{
    char file[256];
    char path[1024];
    if (server->options->trace == NULL || message.size == 0) {
        return;
    }
    unsigned long long number = ++server->trace_number;
    snprintf(file, sizeof(file), "%013llu-%06llu-eim-%s-%s-%s.%s", (unsigned long long)unix_ms(),
             number, interface, direction, name, json ? "json" : "der");
    if (path_join(path, sizeof(path), server->options->trace, file) == TERN_OK) {
        FILE *out = fopen(path, "wb");
        if (out != NULL) {
            fwrite(message.data, 1, message.size, out);
            fclose(out);
        }
    }
}
