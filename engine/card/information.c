/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the card says of itself: EUICCInfo1 and 2, EID, RAT, certificates, connectivity parameters.
 * sgp22.md 15.1 and 15.2; sgp32.md 8.2 and 8.5.
 */
#include "engine/card/information.h"

#include <string.h>

#include "engine/card/functions.h"
#include "engine/card/trust.h"
#include "tern/messages/es10b.h"
#include "tern/messages/es10b_iot.h"
#include "tern/messages/es10c.h"

static const uint8_t SVN[] = {2, 5, 0};
static const uint8_t PROFILE_VERSION[] = {2, 3, 1};
static const uint8_t FIRMWARE_VERSION[] = {0, 1, 0};
static const uint8_t TS102241_VERSION[] = {9, 2, 0};
static const uint8_t GLOBALPLATFORM_VERSION[] = {2, 3, 0};
static const uint8_t PP_VERSION[] = {1, 0, 0};

/** Lists of SubjectKeyIdentifier, in the order of preference. */
struct ci_lists {
    uint8_t bytes[2][TERN_CARD_CI_COUNT_MAX * 22];
    struct tern_bytes verification;
    struct tern_bytes signing;
};

static void list_cis(const struct tern_card *card, struct ci_lists *lists)
{
    struct tern_writer verification = TERN_WRITER_OF(lists->bytes[0]);
    struct tern_writer signing = TERN_WRITER_OF(lists->bytes[1]);
    for (unsigned ci = 0; ci < card->config.ci_count; ci++) {
        struct tern_bytes key_id = trust_ci_key_id(card, ci);
        tern_der_write(&verification, 0x04, key_id);
        if (trust_can_sign(card, ci)) tern_der_write(&signing, 0x04, key_id);
    }
    lists->verification = tern_writer_bytes(&verification);
    lists->signing = tern_writer_bytes(&signing);
}

int es10_get_euicc_info1(struct es10 *call)
{
    int status = es10_decode(call, &TERN_GET_EUICC_INFO1_REQUEST, NULL);
    if (status != TERN_OK) return status;
    struct ci_lists lists;
    list_cis(call->card, &lists);
    struct tern_euicc_info1 info = {TERN_BYTES_OF(SVN), lists.verification, lists.signing};
    return es10_encode(call, &TERN_EUICC_INFO1, &info);
}

/** Extended card resources, TS 102 226: applications, free memory that does and does not stay. */
static struct tern_bytes card_resource(const struct tern_card *card, uint8_t buffer[16])
{
    struct tern_writer out = tern_writer(buffer, 16);
    uint64_t count = 0;
    for (size_t i = 0; i < TERN_CARD_PROFILE_COUNT_MAX; i++) {
        if (card->profiles[i].installed) count++;
    }
    tern_der_write_header(&out, 0x81, 1);
    tern_write_uint(&out, count, 1);
    tern_der_write_header(&out, 0x82, 4);
    tern_write_uint(&out, tern_card_memory_free(card), 4);
    tern_der_write_header(&out, 0x83, 4);
    tern_write_uint(&out, TERN_PROFILE_ELEMENT_SIZE_MIN, 4);
    return tern_writer_bytes(&out);
}

/** iotVersion: what the card claims, quirks in view. */
static struct tern_bytes iot_versions(const struct tern_card *card)
{
    static const uint8_t V1_0[] = {0x04, 0x03, 1, 0, 0};
    static const uint8_t V1_1[] = {0x04, 0x03, 1, 1, 0};
    static const uint8_t V1_2[] = {0x04, 0x03, 1, 2, 0};
    static const uint8_t V1_3[] = {0x04, 0x03, 1, 3, 0};
    uint32_t quirks = card->config.quirks;
    if ((quirks & TERN_CARD_QUIRK_IOT_VERSION_1_0) != 0) return TERN_BYTES_OF(V1_0);
    if ((quirks & TERN_CARD_QUIRK_IOT_VERSION_1_1) != 0) return TERN_BYTES_OF(V1_1);
    if ((quirks & TERN_CARD_QUIRK_IOT_VERSION_1_3) != 0) return TERN_BYTES_OF(V1_3);
    return TERN_BYTES_OF(V1_2);
}

static void describe_iot(const struct tern_card *card, struct tern_euicc_info2 *info)
{
    if (card->config.without_iot) return;
    bool v1_2 = (card->config.quirks & TERN_CARD_QUIRK_NO_V1_2_FUNCTIONS) == 0;
    info->has_ipa_mode = true;
    info->ipa_mode = card->numbers.ipae_active ? TERN_IPA_MODE_ipae : TERN_IPA_MODE_ipad;
    info->has_iot_specific_info = true;
    info->iot_specific_info.iot_version = iot_versions(card);
    info->iot_specific_info.ecall_supported = v1_2;
    info->iot_specific_info.fallback_supported = v1_2;
}

int information_write_info2(const struct tern_card *card, struct tern_writer *out)
{
    struct ci_lists lists;
    uint8_t resource[16];
    list_cis(card, &lists);
    struct tern_euicc_info2 info = {
        .profile_version = TERN_BYTES_OF(PROFILE_VERSION),
        .svn = TERN_BYTES_OF(SVN),
        .euicc_firmware_ver = TERN_BYTES_OF(FIRMWARE_VERSION),
        .ext_card_resource = card_resource(card, resource),
        .uicc_capability = TERN_PROFILE_UICC_CAPABILITY | card->config.extra_capability,
        .ts102241_version = TERN_BYTES_OF(TS102241_VERSION),
        .globalplatform_version = TERN_BYTES_OF(GLOBALPLATFORM_VERSION),
        .rsp_capability = TERN_RSP_CAPABILITY_additionalProfile | TERN_RSP_CAPABILITY_crlSupport |
                          TERN_RSP_CAPABILITY_testProfileSupport |
                          TERN_RSP_CAPABILITY_serviceSpecificDataSupport,
        .euicc_ci_pk_id_list_for_verification = lists.verification,
        .euicc_ci_pk_id_list_for_signing = lists.signing,
        .has_euicc_category = true,
        .euicc_category = TERN_EUICC_CATEGORY_mediumEuicc,
        .has_forbidden_profile_policy_rules = card->config.forbidden_pprs != 0,
        .forbidden_profile_policy_rules = card->config.forbidden_pprs,
        .pp_version = TERN_BYTES_OF(PP_VERSION),
        .sas_acreditation_number = TERN_BYTES_TEXT("TERN-TEST-0000"),
    };
    describe_iot(card, &info);
    return tern_asn_encode(&TERN_EUICC_INFO2, out, &info);
}

int es10_get_euicc_info2(struct es10 *call)
{
    int status = es10_decode(call, &TERN_GET_EUICC_INFO2_REQUEST, NULL);
    return status == TERN_OK ? information_write_info2(call->card, &call->out) : status;
}

int es10_get_eid(struct es10 *call)
{
    struct tern_get_euicc_data_request request;
    int status = es10_decode(call, &TERN_GET_EUICC_DATA_REQUEST, &request);
    if (status != TERN_OK) return status;
    if (request.tag_list.size != 1 || request.tag_list.data[0] != 0x5A) return TERN_ERR_RANGE;
    struct tern_get_euicc_data_response response = {TERN_BYTES_OF(call->card->config.eid)};
    return es10_encode(call, &TERN_GET_EUICC_DATA_RESPONSE, &response);
}

int es10_get_rat(struct es10 *call)
{
    int status = es10_decode(call, &TERN_GET_RAT_REQUEST, NULL);
    if (status != TERN_OK) return status;
    struct tern_bytes rat = call->card->config.rules_authorisation_table;
    struct tern_get_rat_response response = {rat.data != NULL ? rat : TERN_BYTES_TEXT("")};
    return es10_encode(call, &TERN_GET_RAT_RESPONSE, &response);
}

int es10_get_certs(struct es10 *call)
{
    struct tern_get_certs_request request;
    int status = es10_decode(call, &TERN_GET_CERTS_REQUEST, &request);
    if (status != TERN_OK) return status;
    int ci = request.euicc_ci_pk_id.data == NULL
                 ? trust_first_signing(call->card)
                 : trust_find_signing(call->card, request.euicc_ci_pk_id);
    struct tern_get_certs_response response = {.arm = TERN_GET_CERTS_RESPONSE_IS_GET_CERTS_ERROR};
    if (ci == CI_NONE) {
        response.get_certs_error = TERN_GET_CERTS_ERROR_invalidCiPKId;
    } else {
        response.arm = TERN_GET_CERTS_RESPONSE_IS_CERTS;
        response.certs.eum_certificate = call->card->config.cis[ci].eum_certificate;
        response.certs.euicc_certificate = call->card->config.cis[ci].euicc_certificate;
    }
    return es10_encode(call, &TERN_GET_CERTS_RESPONSE, &response);
}

/** IpaeActivation, SGP.32, 3.8.4: the IPAe takes over until the next reset. */
int es10_ipae_activation(struct es10 *call)
{
    struct tern_ipae_activation_request request;
    int status = es10_decode(call, &TERN_IPAE_ACTIVATION_REQUEST, &request);
    if (status != TERN_OK) return status;
    bool activate = (request.ipae_option & TERN_IPAE_OPTION_activateIpae) != 0;
    bool supported = call->card->config.ipae_supported;
    if (activate && supported) {
        call->card->numbers.ipae_active = true;
        status = state_save_numbers(call->card);
        if (status != TERN_OK) return status;
    }
    return es10_code(call, 0xBF42,
                     supported ? TERN_IPAE_ACTIVATION_RESULT_ok
                               : TERN_IPAE_ACTIVATION_RESULT_notSupported);
}

/** GetConnectivityParameters, SGP.32, 5.9.24: from the enabled profile. */
int es10_get_connectivity_parameters(struct es10 *call)
{
    struct tern_card *card = call->card;
    int status = es10_decode(call, &TERN_GET_CONNECTIVITY_PARAMETERS_REQUEST, NULL);
    if (status != TERN_OK) return status;
    struct tern_get_connectivity_parameters_response response = {
        .arm = TERN_GET_CONNECTIVITY_PARAMETERS_RESPONSE_IS_CONNECTIVITY_PARAMETERS_ERROR,
        .connectivity_parameters_error = TERN_CONNECTIVITY_PARAMETERS_ERROR_parametersNotAvailable,
    };
    int slot = state_enabled_slot(card);
    if (slot != PROFILE_NONE) {
        struct tern_card_image context;
        struct tern_image image =
            state_image(&context, card, slot, card->profiles[slot].image_size);
        struct tern_writer parameters = tern_arena_writer(&call->scratch);
        status = tern_profile_connectivity(&image, &parameters);
        if (status == TERN_OK) {
            response.arm = TERN_GET_CONNECTIVITY_PARAMETERS_RESPONSE_IS_CONNECTIVITY_PARAMETERS;
            response.connectivity_parameters.http_params =
                tern_arena_keep(&call->scratch, &parameters);
        } else if (status != TERN_ERR_NOT_FOUND) {
            return status;
        }
    }
    return es10_encode(call, &TERN_GET_CONNECTIVITY_PARAMETERS_RESPONSE, &response);
}
