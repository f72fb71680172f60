/* SPDX-License-Identifier: Apache-2.0 */
/* The list of all tables, and a type by its name. */
#include "tern/messages/all.h"

#define MESSAGE_ROW(table, interface) {&table, interface},
const struct tern_message TERN_ALL_MESSAGES[] = {TERN_MESSAGES(MESSAGE_ROW)};
#undef MESSAGE_ROW

const size_t TERN_ALL_MESSAGES_COUNT = TERN_COUNT_OF(TERN_ALL_MESSAGES);

/* Types that the modules define twice and that one table serves. */
static const struct {
    const char *name;
    const struct tern_asn_record *record;
} SAME[] = {
    {"EuiccSigned2",                       &TERN_EUICC_SIGNED2                    },
    {"AuthenticateClientRequestEsipa",     &TERN_AUTHENTICATE_CLIENT_REQUEST      },
    {"GetBoundProfilePackageRequestEsipa", &TERN_GET_BOUND_PROFILE_PACKAGE_REQUEST},
    {"CancelSessionRequestEsipa",          &TERN_CANCEL_SESSION_REQUEST_ES9       },
    {"CancelSessionResponseEsipa",         &TERN_CANCEL_SESSION_RESPONSE_ES9      },
};

static const struct tern_asn_record *find(struct tern_bytes name)
{
    for (size_t i = 0; i < TERN_ALL_MESSAGES_COUNT; i++) {
        if (tern_bytes_equal(tern_bytes_text(TERN_ALL_MESSAGES[i].record->name), name)) {
            return TERN_ALL_MESSAGES[i].record;
        }
    }
    for (size_t i = 0; i < TERN_COUNT_OF(SAME); i++) {
        if (tern_bytes_equal(tern_bytes_text(SAME[i].name), name)) {
            return SAME[i].record;
        }
    }
    return NULL;
}

const struct tern_asn_record *tern_message_by_name(struct tern_bytes name)
{
    struct tern_bytes prefix = TERN_BYTES_TEXT("SGP32-");
    const struct tern_asn_record *record = find(name);
    if (record == NULL && tern_bytes_starts_with(name, prefix)) {
        record = find(tern_bytes_slice(name, prefix.size, name.size));
    }
    return record;
}
