/* SPDX-License-Identifier: Apache-2.0 */
/* The names of states, kinds, events and quirks, as the API and the log show them. */
#include "engine/eim/turn.h"

const char *tern_eim_state_name(int64_t state)
{
    static const char *const NAMES[] = {"",          "queued",     "signing", "fetched",
                                        "running",   "done",       "failed",  "expired",
                                        "cancelled", "superseded", "lost"};
    return state > 0 && state < (int64_t)TERN_COUNT_OF(NAMES) ? NAMES[state] : "unknown";
}

const char *tern_eim_kind_name(int64_t kind)
{
    static const char *const NAMES[] = {"", "package", "download", "data"};
    return kind > 0 && kind < (int64_t)TERN_COUNT_OF(NAMES) ? NAMES[kind] : "unknown";
}

const char *tern_eim_event_name(enum tern_eim_event_kind kind)
{
    static const char *const NAMES[] = {
        "",
        "device.seen",
        "device.state-change",
        "operation.fetched",
        "operation.finished",
        "device.data",
        "notification.accepted",
        "notification.forwarded",
        "notification.failed",
        "device.quirk",
        "device.suspect",
        "profile.rolled-back",
        "result.stray",
        "eim.token",
    };
    return kind > 0 && (size_t)kind < TERN_COUNT_OF(NAMES) ? NAMES[kind] : "unknown";
}

const char *tern_eim_quirk_name(uint32_t quirk)
{
    static const char *const NAMES[] = {
        "signature-1.0", "tag-list-1.0", "result-without-arm", "der-signature",
        "wrapped-twice", "outer-a2",     "bare-notification",  "no-eid",
        "full-forms",    "version-1.3",  "nested-certificate",
    };
    for (size_t i = 0; i < TERN_COUNT_OF(NAMES); i++) {
        if (quirk == 1U << i) {
            return NAMES[i];
        }
    }
    return NULL;
}
