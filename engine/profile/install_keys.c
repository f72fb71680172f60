/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements that hold secrets and parameters: PINs, PUKs, AKA, CDMA, security domains, RFM.
 * saip.md 9 to 11.
 *
 * Security domains and RFM instances are checked whole and kept as received: no OTA runs on this
 * platform, so nothing reads them yet. What could not be kept at all (CAT-TP) is refused.
 */
#include "engine/profile/install.h"

#include <string.h>

static bool puk_exists(const struct tern_profile_install *install, uint8_t reference)
{
    struct image_node node = {0};
    while (image_next(&install->options.image, &node, (uint32_t)install->image_size) == 1) {
        if (node.kind == IMAGE_PUK && node.descriptor == reference) return true;
    }
    return false;
}

static bool pin_exists(const struct tern_profile_install *install, uint32_t directory,
                       uint8_t reference)
{
    struct image_node node = {0};
    while (image_next(&install->options.image, &node, (uint32_t)install->image_size) == 1) {
        if (node.kind == IMAGE_PIN && node.parent == directory && node.descriptor == reference) {
            return true;
        }
    }
    return false;
}

static unsigned install_pin(struct tern_profile_install *install,
                            const struct tern_pin_configuration *pin)
{
    uint8_t payload[PIN_SIZE];
    uint8_t reference = (uint8_t)pin->key_reference;
    uint8_t tries = (uint8_t)pin->max_num_of_attempts_retry_left;
    if (tries >> 4 == 0 || (tries & 0x0F) > tries >> 4) return TERN_PE_BAD_VALUES;
    if (pin_exists(install, install->context, reference)) return TERN_PE_BAD_VALUES;
    if (install->pin_count >= 64) return TERN_PE_NOT_ENOUGH_MEMORY;
    memcpy(payload + PIN_VALUE, pin->pin_value.data, 8);
    payload[PIN_PUK] =
        pin->has_unblocking_pin_reference ? (uint8_t)pin->unblocking_pin_reference : 0;
    payload[PIN_ATTRIBUTES] = (uint8_t)pin->pin_attributes;
    payload[PIN_MAX] = tries >> 4;
    payload[PIN_LEFT] = tries & 0x0F;
    payload[PIN_ENABLED] = (pin->pin_attributes & PIN_ATTRIBUTE_ENABLED) != 0 ? 1 : 0;
    unsigned status = TERN_PE_OK;
    if (payload[PIN_PUK] != 0 && !puk_exists(install, payload[PIN_PUK])) {
        status = TERN_PE_PIN_CODE_MISSING;
    }
    struct image_node node = {.kind = IMAGE_PIN,
                              .descriptor = reference,
                              .parent = install->context,
                              .record_count = install->pin_count};
    if (status == TERN_PE_OK) {
        status = install_append_bytes(install, &node, TERN_BYTES_OF(payload));
        install->pin_count++;
    }
    tern_wipe(payload, sizeof payload);
    return status;
}

unsigned install_pin_codes(struct tern_profile_install *install, const struct element *element)
{
    struct tern_pe_pin_codes codes;
    struct tern_pin_configuration pin;
    int error =
        tern_asn_decode_as(&TERN_PE_PIN_CODES, &codes, NULL, element->raw, 0, TERN_MERCY_DEFAULT);
    unsigned status = install_status_of(error);
    if (status != TERN_PE_OK) return status;
    if (install->context == 0) return TERN_PE_INVALID_REQUEST_FORMAT;
    if (codes.pin_codes.arm == TERN_PIN_CODES_IS_PATH) {
        struct image_node other;
        if (!install_path(install, codes.pin_codes.file_path, &other))
            return TERN_PE_PIN_CODE_MISSING;
        struct image_node node = {
            .kind = IMAGE_PIN_SHARE, .parent = install->context, .link = other.offset};
        return install_append(install, &node);
    }
    if (codes.pin_codes.arm != TERN_PIN_CODES_IS_CONFIG) return TERN_PE_INVALID_REQUEST_FORMAT;
    struct tern_bytes rest = codes.pin_codes.pin_config;
    while (status == TERN_PE_OK &&
           (error = tern_asn_next(&TERN_PIN_CONFIGURATION, &pin, &rest, TERN_MERCY_DEFAULT)) != 0) {
        status = error < 0 ? install_status_of(error) : install_pin(install, &pin);
    }
    return status;
}

unsigned install_puk_codes(struct tern_profile_install *install, const struct element *element)
{
    struct tern_pe_puk_codes codes;
    struct tern_puk_configuration puk;
    int error =
        tern_asn_decode_as(&TERN_PE_PUK_CODES, &codes, NULL, element->raw, 0, TERN_MERCY_DEFAULT);
    unsigned status = install_status_of(error);
    while (status == TERN_PE_OK &&
           (error = tern_asn_next(&TERN_PUK_CONFIGURATION, &puk, &codes.puk_codes,
                                  TERN_MERCY_DEFAULT)) != 0) {
        uint8_t payload[PUK_SIZE];
        if (error < 0) return install_status_of(error);
        uint8_t tries = (uint8_t)puk.max_num_of_attempts_retry_left;
        uint8_t reference = (uint8_t)puk.key_reference;
        if (tries >> 4 == 0 || (tries & 0x0F) > tries >> 4) return TERN_PE_BAD_VALUES;
        if (puk_exists(install, reference)) return TERN_PE_BAD_VALUES;
        memcpy(payload + PUK_VALUE, puk.puk_value.data, 8);
        payload[PUK_MAX] = tries >> 4;
        payload[PUK_LEFT] = tries & 0x0F;
        struct image_node node = {.kind = IMAGE_PUK, .descriptor = reference};
        status = install_append_bytes(install, &node, TERN_BYTES_OF(payload));
        tern_wipe(payload, sizeof payload);
    }
    return status;
}

static const uint8_t ROTATION_DEFAULT[5] = {0x40, 0x00, 0x20, 0x40, 0x60};
static const uint8_t SQN_DEFAULT[6] = {0x00, 0x00, 0x10, 0x00, 0x00, 0x00};
static const uint8_t SEQ_MAX[6] = {0x07, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

static bool over_seq_max(struct tern_bytes seq)
{
    return tern_bytes_compare(seq, TERN_BYTES_OF(SEQ_MAX)) > 0;
}

static unsigned algorithm_payload(uint8_t payload[AKA_SIZE], const struct tern_algo_parameter *algo)
{
    bool tuak = algo->algorithm_id == AKA_TUAK;
    if (algo->algorithm_id < AKA_MILENAGE || algo->algorithm_id > AKA_TEST) {
        return TERN_PE_FEATURE_NOT_SUPPORTED;
    }
    if (algo->key.size != 16 && !(tuak && algo->key.size == 32)) return TERN_PE_BAD_VALUES;
    if (algo->algorithm_id == AKA_MILENAGE && algo->opc.size != 16) return TERN_PE_BAD_VALUES;
    if (tuak && (algo->opc.size != 32 || algo->number_of_keccak == 0)) return TERN_PE_BAD_VALUES;
    payload[AKA_ALGORITHM] = (uint8_t)algo->algorithm_id;
    payload[AKA_OPTIONS] = algo->algorithm_options.data[0];
    payload[AKA_KEY_SIZE] = (uint8_t)algo->key.size;
    payload[AKA_KECCAK] = (uint8_t)algo->number_of_keccak;
    memcpy(payload + AKA_KEY, algo->key.data, algo->key.size);
    if (algo->opc.size <= 32) memcpy(payload + AKA_OPC, algo->opc.data, algo->opc.size);
    bool rotation = algo->rotation_constants.data != NULL;
    memcpy(payload + AKA_ROTATION, rotation ? algo->rotation_constants.data : ROTATION_DEFAULT, 5);
    if (algo->xoring_constants.data != NULL) {
        memcpy(payload + AKA_XORING, algo->xoring_constants.data, 80);
    } else {
        for (size_t i = 1; i < 5; i++)
            payload[AKA_XORING + 16 * i + 15] = (uint8_t)(1u << (i - 1));
    }
    if (algo->auth_counter_max.data != NULL && algo->algorithm_id != AKA_TEST) {
        payload[AKA_COUNTER_LIMITED] = 1;
        memcpy(payload + AKA_COUNTER_MAX, algo->auth_counter_max.data, 3);
    }
    return TERN_PE_OK;
}

static unsigned sequence_payload(uint8_t payload[AKA_SIZE], const struct tern_pe_aka *aka)
{
    struct tern_bytes rest = aka->sqn_init;
    struct tern_tlv seq;
    size_t count = 0;
    const uint8_t *delta = aka->sqn_delta.data != NULL ? aka->sqn_delta.data : SQN_DEFAULT;
    const uint8_t *age = aka->sqn_age_limit.data != NULL ? aka->sqn_age_limit.data : SQN_DEFAULT;
    if (over_seq_max(tern_bytes(delta, 6)) || over_seq_max(tern_bytes(age, 6))) {
        return TERN_PE_BAD_VALUES;
    }
    payload[AKA_SQN_OPTIONS] = aka->sqn_options.data != NULL ? aka->sqn_options.data[0] : 0x02;
    memcpy(payload + AKA_SQN_DELTA, delta, 6);
    memcpy(payload + AKA_SQN_AGE_LIMIT, age, 6);
    while (tern_der_next(&rest, &seq, TERN_DER_STRICT) == 1) {
        if (seq.tag != 0x04 || seq.value.size != 6 || count == 32) return TERN_PE_BAD_VALUES;
        if (over_seq_max(seq.value)) return TERN_PE_BAD_VALUES;
        memcpy(payload + AKA_SEQ + 6 * count++, seq.value.data, 6);
    }
    return aka->sqn_init.data != NULL && count != 32 ? TERN_PE_BAD_VALUES : TERN_PE_OK;
}

unsigned install_aka(struct tern_profile_install *install, const struct element *element)
{
    struct tern_pe_aka aka;
    uint8_t payload[AKA_SIZE] = {0};
    int error = tern_asn_decode_as(&TERN_PE_AKA, &aka, NULL, element->raw, 0, TERN_MERCY_DEFAULT);
    unsigned status = install_status_of(error);
    if (status != TERN_PE_OK) return status;
    if (install->naa == 0) return TERN_PE_INVALID_REQUEST_FORMAT;
    struct image_node node = {.kind = IMAGE_AKA, .parent = install->naa};
    if (aka.configuration.arm == TERN_ALGO_CONFIGURATION_IS_MAPPING) {
        /* All parameters and the sequence numbers are shared: saip.md 10. */
        node.kind = IMAGE_AKA_SHARE;
        return install_append_bytes(install, &node, aka.configuration.mapping.mapping_source);
    }
    if (aka.configuration.arm != TERN_ALGO_CONFIGURATION_IS_ALGO) {
        return TERN_PE_INVALID_REQUEST_FORMAT;
    }
    const struct tern_algo_parameter *algo = &aka.configuration.algo;
    status = algorithm_payload(payload, algo);
    if (status == TERN_PE_OK) status = sequence_payload(payload, &aka);
    if (status == TERN_PE_OK) {
        unsigned bit = (unsigned)algo->algorithm_id + (algo->key.size == 32 ? 8u : 0u);
        install->algorithms |= (uint16_t)(1u << bit);
        status = install_append_bytes(install, &node, TERN_BYTES_OF(payload));
    }
    tern_wipe(payload, sizeof payload);
    return status;
}

static unsigned keep(struct tern_profile_install *install, uint8_t kind, uint32_t parent,
                     struct tern_bytes raw)
{
    struct image_node node = {.kind = kind, .parent = parent};
    return install_append_bytes(install, &node, raw);
}

unsigned install_cdma(struct tern_profile_install *install, const struct element *element)
{
    struct tern_pe_cdma cdma;
    int error = tern_asn_decode(&TERN_PE_CDMA, &cdma, NULL, element->raw);
    if (error != TERN_OK) return install_status_of(error);
    return keep(install, IMAGE_CDMA, install->naa, element->raw);
}

unsigned install_security_domain(struct tern_profile_install *install,
                                 const struct element *element)
{
    struct tern_pe_security_domain domain;
    struct tern_key_object key;
    struct tern_key_component component;
    int error = tern_asn_decode_as(&TERN_PE_SECURITY_DOMAIN, &domain, NULL, element->raw, 0,
                                   TERN_MERCY_DEFAULT);
    if (error != TERN_OK) return install_status_of(error);
    while ((error = tern_asn_next(&TERN_KEY_OBJECT, &key, &domain.key_list, TERN_MERCY_DEFAULT)) ==
           1) {
        int inner;
        while ((inner = tern_asn_next(&TERN_KEY_COMPONENT, &component, &key.key_components,
                                      TERN_MERCY_DEFAULT)) == 1) {
            continue;
        }
        if (inner < 0) return install_status_of(inner);
    }
    if (error < 0) return install_status_of(error);
    if (domain.cat_tp_parameters.data != NULL) {
        return element->header.mandated ? TERN_PE_FEATURE_NOT_SUPPORTED : TERN_PE_NOT_SUPPORTED;
    }
    return keep(install, IMAGE_SECURITY_DOMAIN, 0, element->raw);
}

unsigned install_rfm(struct tern_profile_install *install, const struct element *element)
{
    struct tern_pe_rfm rfm;
    int error = tern_asn_decode(&TERN_PE_RFM, &rfm, NULL, element->raw);
    if (error != TERN_OK) return install_status_of(error);
    return keep(install, IMAGE_RFM, 0, element->raw);
}
