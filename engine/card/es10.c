/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of ES10, a row each; who may call them; what every handler needs. */
#include "engine/card/es10.h"

#include <string.h>

#include "engine/card/apdu.h"
#include "engine/card/bound_package.h"
#include "engine/card/functions.h"
#include "engine/card/proactive.h"

#define BOTH     (CONSUMER | IOT)
#define CONSUMER 1 /* SGP.22: only when the card is a consumer card as well */
#define IOT      2 /* SGP.32 */

static const struct function {
    uint16_t tag;
    uint8_t kind;
    uint32_t refused_by; /* quirks that make it unknown */
    es10_handler *run;
} FUNCTIONS[] = {
    {0xBF20, BOTH,     0,                                 es10_get_euicc_info1             },
    {0xBF21, BOTH,     0,                                 es10_prepare_download            },
    {0xBF22, BOTH,     0,                                 es10_get_euicc_info2             },
    {0xBF28, BOTH,     0,                                 es10_list_notification           },
    {0xBF29, CONSUMER, 0,                                 es10_set_nickname                },
    {0xBF2B, BOTH,     0,                                 es10_retrieve_notifications_list },
    {0xBF2D, BOTH,     0,                                 es10_get_profiles_info           },
    {0xBF2E, BOTH,     0,                                 es10_get_euicc_challenge         },
    {0xBF30, BOTH,     0,                                 es10_remove_notification         },
    {0xBF31, CONSUMER, 0,                                 es10_enable_profile              },
    {0xBF32, CONSUMER, 0,                                 es10_disable_profile             },
    {0xBF33, CONSUMER, 0,                                 es10_delete_profile              },
    {0xBF34, BOTH,     0,                                 es10_euicc_memory_reset_consumer },
    {0xBF35, BOTH,     0,                                 es10_load_crl                    },
    {0xBF38, BOTH,     0,                                 es10_authenticate_server         },
    {0xBF3C, BOTH,     0,                                 es10_get_configured_addresses    },
    {0xBF3E, BOTH,     0,                                 es10_get_eid                     },
    {0xBF3F, CONSUMER, 0,                                 es10_set_default_dp_address      },
    {0xBF41, BOTH,     0,                                 es10_cancel_session              },
    {0xBF42, IOT,      0,                                 es10_ipae_activation             },
    {0xBF43, BOTH,     0,                                 es10_get_rat                     },
    {0xBF51, IOT,      0,                                 es10_load_euicc_package          },
    {0xBF55, IOT,      0,                                 es10_get_eim_configuration_data  },
    {0xBF56, IOT,      0,                                 es10_get_certs                   },
    {0xBF57, IOT,      0,                                 es10_add_initial_eim             },
    {0xBF58, IOT,      0,                                 es10_profile_rollback            },
    {0xBF59, IOT,      0,                                 es10_configure_immediate_enabling},
    {0xBF5A, IOT,      0,                                 es10_immediate_enable            },
    {0xBF5B, IOT,      TERN_CARD_QUIRK_NO_V1_2_FUNCTIONS, es10_enable_emergency_profile    },
    {0xBF5C, IOT,      TERN_CARD_QUIRK_NO_V1_2_FUNCTIONS, es10_disable_emergency_profile   },
    {0xBF5D, IOT,      TERN_CARD_QUIRK_NO_V1_2_FUNCTIONS, es10_execute_fallback            },
    {0xBF5E, IOT,      TERN_CARD_QUIRK_NO_V1_2_FUNCTIONS, es10_return_from_fallback        },
    {0xBF5F, IOT,      TERN_CARD_QUIRK_NO_V1_2_FUNCTIONS, es10_get_connectivity_parameters },
    {0xBF64, IOT,      TERN_CARD_QUIRK_CONSUMER_RESET,    es10_euicc_memory_reset          },
    {0xBF65, IOT,      TERN_CARD_QUIRK_NO_V1_2_FUNCTIONS, es10_set_default_dp_address      },
};

static bool offered(const struct tern_card *card, const struct function *row)
{
    if ((row->refused_by & card->config.quirks) != 0) return false;
    if (row->run == es10_euicc_memory_reset_consumer) {
        return card->config.consumer || (card->config.quirks & TERN_CARD_QUIRK_CONSUMER_RESET) != 0;
    }
    if ((row->kind & IOT) != 0 && !card->config.without_iot) return true;
    return (row->kind & CONSUMER) != 0 && card->config.consumer;
}

static es10_handler *find_function(const struct tern_card *card, tern_tag tag)
{
    for (size_t i = 0; i < TERN_COUNT_OF(FUNCTIONS); i++) {
        if (FUNCTIONS[i].tag == tag && offered(card, &FUNCTIONS[i])) return FUNCTIONS[i].run;
    }
    return NULL;
}

static uint16_t status_word(int status)
{
    switch (status) {
    case TERN_OK:
        return SW_OK;
    case TERN_ERR_TRUNCATED:
    case TERN_ERR_MALFORMED:
    case TERN_ERR_UNEXPECTED:
    case TERN_ERR_MISSING:
    case TERN_ERR_RANGE:
        return SW_WRONG_DATA;
    case ES10_UNKNOWN:
        return SW_REFERENCED_DATA_NOT_FOUND;
    case TERN_ERR_STATE:
        return SW_CONDITIONS_NOT_SATISFIED;
    case TERN_ERR_NO_SPACE:
        return SW_NO_MEMORY;
    case TERN_ERR_IO:
        return SW_MEMORY_PROBLEM;
    default:
        return SW_TECHNICAL_PROBLEM;
    }
}

static uint16_t finish(struct es10 *call, int status)
{
    struct tern_card *card = call->card;
    if (status == TERN_OK) status = tern_writer_status(&call->out);
    if (status == TERN_OK) status = state_commit(card);
    if (status != TERN_OK) {
        (void)session_rollback(card);
        return status_word(status);
    }
    apdu_keep_output(card, &call->out);
    if (call->switched) proactive_switch(card, call->refresh);
    return SW_OK;
}

uint16_t es10_run(struct tern_card *card, struct tern_bytes command)
{
    struct tern_tlv tlv;
    if (tern_der_single(command, &tlv, TERN_DER_LONG_LENGTHS) != TERN_OK) return SW_WRONG_DATA;
    es10_handler *run = find_function(card, tlv.tag);
    if (run == NULL) return SW_REFERENCED_DATA_NOT_FOUND;
    /* While the IPAe is active nobody else gets through. sgp32.md 8.3 */
    if (card->numbers.ipae_active) return SW_CONDITIONS_NOT_SATISFIED;
    int status = bound_package_report_interruption(card);
    if (status != TERN_OK) {
        (void)session_rollback(card);
        return status_word(status);
    }
    struct es10 call = {
        .card = card,
        .command = command,
        .out = apdu_output(card),
        .scratch = session_scratch(card),
    };
    return finish(&call, run(&call));
}

int es10_decode(const struct es10 *call, const struct tern_asn_record *record, void *message)
{
    return tern_asn_decode_as(record, message, NULL, call->command, 0, ES10_MERCY);
}

int es10_encode(struct es10 *call, const struct tern_asn_record *record, const void *message)
{
    return tern_asn_encode(record, &call->out, message);
}

int es10_code(struct es10 *call, tern_tag tag, int64_t code)
{
    tern_der_write_header(&call->out, tag, 3);
    tern_der_write_int(&call->out, 0x80, code);
    return TERN_OK;
}

int es10_load(struct es10 *call, uint32_t key, struct tern_bytes *data)
{
    struct tern_writer out = tern_arena_writer(&call->scratch);
    *data = TERN_BYTES_NONE;
    int status = store_load(&call->card->store, key, &out);
    if (status == TERN_ERR_NOT_FOUND) return TERN_OK;
    if (status == TERN_OK) *data = tern_arena_keep(&call->scratch, &out);
    return status;
}

int es10_put(struct es10 *call, uint32_t key, const struct tern_asn_record *table,
             const void *record)
{
    struct tern_writer out = tern_arena_writer(&call->scratch);
    int status = tern_asn_encode(table, &out, record);
    if (status == TERN_OK) status = state_put(call->card, key, tern_writer_bytes(&out));
    tern_wipe(out.data, tern_writer_bytes(&out).size);
    return status;
}

int es10_sign(const struct es10 *call, unsigned ci, uint8_t signature[TERN_SIGNATURE_SIZE],
              const struct tern_bytes *parts, size_t count)
{
    const struct tern_card_config *config = &call->card->config;
    if (ci >= config->ci_count || config->cis[ci].key.handle == NULL) return TERN_ERR_CRYPTO;
    return config->crypto->ecdsa_sign(config->crypto->context, signature, config->cis[ci].key,
                                      parts, count);
}
