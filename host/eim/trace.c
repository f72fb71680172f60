/* SPDX-License-Identifier: Apache-2.0 */
/* --trace DIR: every message that crosses a border of the eIM as a file of its own. docs/FORMATS.md
 */
#include <stdio.h>
#include <string.h>

#include "host/decode/decode.h"
#include "host/eim/eim_server.h"

void eim_trace(struct eim_server *server, const char *interface, const char *direction,
               const char *name, bool json, struct tern_bytes message)
{
    char text[160];
    unsigned mercy;
    if (server->trace == NULL || message.size == 0) {
        return;
    }
    bool esipa = strcmp(interface, "esipa") == 0;
    /* The ASN.1 binding has one path for everything: the message says what it is. */
    const struct tern_message *known = json ? NULL : decode_guess(message, "ESipa", &mercy);
    snprintf(text, sizeof(text), "%s.%s-%s", esipa ? "ESipa" : "ES9+",
             known != NULL ? known->record->name : name, direction);
    trace_message(server->trace, text, json ? "json" : "der", message);
}
