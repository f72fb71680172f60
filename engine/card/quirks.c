/* SPDX-License-Identifier: Apache-2.0 */
/* Quirks by name: the levels and the single deviations of sgp32.md 1.4 and 12. */
#include "tern/card.h"

#include <string.h>

#define QUIRK(name) TERN_CARD_QUIRK_##name

static const struct {
    const char *name;
    uint32_t quirks;
} NAMES[] = {
    {"v1.0",                   QUIRK(EPR_OVER_EIM_SIGNATURE) | QUIRK(IOT_VERSION_1_0) | QUIRK(NO_V1_2_FUNCTIONS) |
                 QUIRK(CONSUMER_RESET)                                },
    {"v1.1",                   QUIRK(IOT_VERSION_1_1) | QUIRK(NO_V1_2_FUNCTIONS)  },
    {"v1.2",                   QUIRK(NONE)                                        },
    {"v1.3",                   QUIRK(IOT_VERSION_1_3) | QUIRK(UNSIGNED_ERROR_CODE)},
    {"epr-over-eim-signature", QUIRK(EPR_OVER_EIM_SIGNATURE)                      },
    {"no-v1.2-functions",      QUIRK(NO_V1_2_FUNCTIONS)                           },
    {"consumer-reset",         QUIRK(CONSUMER_RESET)                              },
    {"unsigned-error-code",    QUIRK(UNSIGNED_ERROR_CODE)                         },
    {"untagged-results",       QUIRK(UNTAGGED_RESULTS)                            },
    {"cmd-result-80",          QUIRK(CMD_RESULT_80)                               },
    {"rollback-result-alone",  QUIRK(ROLLBACK_RESULT_ALONE)                       },
    {"duplicate-eim-7",        QUIRK(DUPLICATE_EIM_7)                             },
    {"update-ignores-token",   QUIRK(UPDATE_IGNORES_TOKEN)                        },
    {"enable-enabled-ok",      QUIRK(ENABLE_ENABLED_OK)                           },
    {"first-counter-equal",    QUIRK(FIRST_COUNTER_EQUAL)                         },
    {"return-code-7",          QUIRK(RETURN_CODE_7)                               },
    {"reset-eim-only-1",       QUIRK(RESET_EIM_ONLY_1)                            },
};

int tern_card_quirk_from_text(uint32_t *quirks, struct tern_bytes text)
{
    for (size_t i = 0; i < TERN_COUNT_OF(NAMES); i++) {
        if (tern_bytes_equal(tern_bytes_text(NAMES[i].name), text)) {
            *quirks |= NAMES[i].quirks;
            return TERN_OK;
        }
    }
    return TERN_ERR_NOT_FOUND;
}

const char *tern_card_quirk_name(size_t n)
{
    return n < TERN_COUNT_OF(NAMES) ? NAMES[n].name : NULL;
}
