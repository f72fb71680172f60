/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The profile elements of SAIP that are more than files, as tables for tern/asn.h.
 * PEDefinitions 3.3.1; saip.md 3 to 5 and 8 to 12. AUTOMATIC TAGS.
 *
 * Elements that create files from a template (PE-MF, PE-USIM ...) have no table here: their rows
 * are the templates themselves, and a File is a SEQUENCE OF CHOICE that is walked.
 */
#ifndef TERN_SAIP_H
#define TERN_SAIP_H

#include "tern/asn.h"

/** PEHeader, A0 of every element but the header. */
struct tern_pe_header {
    bool mandated;
    int64_t identification; /**< 0 to 32767 */
};
extern const struct tern_asn_record TERN_PE_HEADER;

/** One of eUICC-Mandatory-AIDs. */
struct tern_saip_aid {
    struct tern_bytes aid;
    struct tern_bytes version;
};
extern const struct tern_asn_record TERN_SAIP_AID;
extern const struct tern_asn_record TERN_SAIP_OID;
extern const struct tern_asn_record TERN_SAIP_OCTETS;

struct tern_iot_options {
    struct tern_bytes pix;
};
extern const struct tern_asn_record TERN_IOT_OPTIONS;

/** ProfileHeader, A0. */
struct tern_profile_header {
    int64_t major_version;
    int64_t minor_version;
    struct tern_bytes profile_type;
    struct tern_bytes iccid; /**< Plain BCD in reading order: not as in EF.ICCID. */
    struct tern_bytes pol;
    struct tern_bytes services; /**< A whole element, A5: tern_saip_services() */
    struct tern_bytes gfste;    /**< LIST of TERN_SAIP_OID */
    struct tern_bytes connectivity_parameters;
    struct tern_bytes aids; /**< LIST of TERN_SAIP_AID */
    bool has_iot_options;
    struct tern_iot_options iot_options;
};
extern const struct tern_asn_record TERN_PROFILE_HEADER;

/** Names of ServicesList by tag number: 0 contactless, 1 usim ... 29 eaka. Ends with NULL. */
extern const struct tern_asn_name TERN_SAIP_SERVICE_NAMES[];
/** Services of an A5 element as bits. TERN_ERR_MALFORMED, TERN_ERR_UNSUPPORTED for a new one. */
int tern_saip_services(struct tern_bytes element, uint32_t *services);

struct tern_proprietary_info {
    struct tern_bytes special_file_information;
    struct tern_bytes fill_pattern;
    struct tern_bytes repeat_pattern;
    struct tern_bytes maximum_file_size;
    struct tern_bytes file_details;
};

struct tern_fcp {
    struct tern_bytes file_descriptor;
    struct tern_bytes file_id;
    struct tern_bytes df_name;
    struct tern_bytes lcsi;
    struct tern_bytes security_attributes_referenced;
    struct tern_bytes ef_file_size;
    struct tern_bytes pin_status_template_do;
    struct tern_bytes short_efid;
    bool has_proprietary_ef_info;
    struct tern_proprietary_info proprietary_ef_info;
    struct tern_bytes link_path;
};
extern const struct tern_asn_record TERN_PROPRIETARY_INFO;
/** Fcp; tag A1 in a File, 62 in GenericFileManagement. */
extern const struct tern_asn_record TERN_FCP;

struct tern_pe_gfm {
    struct tern_pe_header header;
    struct tern_bytes commands; /**< LIST of 30 { FileManagement } */
};
extern const struct tern_asn_record TERN_PE_GFM;

struct tern_pin_configuration {
    int64_t key_reference;
    struct tern_bytes pin_value;
    bool has_unblocking_pin_reference;
    int64_t unblocking_pin_reference;
    int64_t pin_attributes;                 /**< DEFAULT 7 */
    int64_t max_num_of_attempts_retry_left; /**< DEFAULT 51 */
};
extern const struct tern_asn_record TERN_PIN_CONFIGURATION;

struct tern_pin_codes {
    int arm;
    struct tern_bytes raw;
    struct tern_bytes pin_config; /**< LIST of TERN_PIN_CONFIGURATION */
    struct tern_bytes file_path;
};
enum { TERN_PIN_CODES_IS_CONFIG = 1, TERN_PIN_CODES_IS_PATH = 2 };
extern const struct tern_asn_record TERN_PIN_CODES;

struct tern_pe_pin_codes {
    struct tern_pe_header header;
    struct tern_pin_codes pin_codes;
};
extern const struct tern_asn_record TERN_PE_PIN_CODES;

struct tern_puk_configuration {
    int64_t key_reference;
    struct tern_bytes puk_value;
    int64_t max_num_of_attempts_retry_left; /**< DEFAULT 170 */
};
extern const struct tern_asn_record TERN_PUK_CONFIGURATION;

struct tern_pe_puk_codes {
    struct tern_pe_header header;
    struct tern_bytes puk_codes; /**< LIST of TERN_PUK_CONFIGURATION */
};
extern const struct tern_asn_record TERN_PE_PUK_CODES;

struct tern_mapping_parameter {
    struct tern_bytes mapping_options;
    struct tern_bytes mapping_source;
};
extern const struct tern_asn_record TERN_MAPPING_PARAMETER;

struct tern_algo_parameter {
    int64_t algorithm_id; /**< 1 milenage, 2 tuak, 3 usim-test-algorithm */
    struct tern_bytes algorithm_options;
    struct tern_bytes key;
    struct tern_bytes opc;
    struct tern_bytes rotation_constants;
    struct tern_bytes xoring_constants;
    struct tern_bytes auth_counter_max;
    int64_t number_of_keccak; /**< DEFAULT 1 */
};
extern const struct tern_asn_record TERN_ALGO_PARAMETER;

struct tern_algo_configuration {
    int arm;
    struct tern_bytes raw;
    struct tern_mapping_parameter mapping;
    struct tern_algo_parameter algo;
};
enum { TERN_ALGO_CONFIGURATION_IS_MAPPING = 1, TERN_ALGO_CONFIGURATION_IS_ALGO = 2 };
extern const struct tern_asn_record TERN_ALGO_CONFIGURATION;

struct tern_pe_aka {
    struct tern_pe_header header;
    struct tern_algo_configuration configuration;
    struct tern_bytes sqn_options;   /**< absent: 02 */
    struct tern_bytes sqn_delta;     /**< absent: 000010000000 */
    struct tern_bytes sqn_age_limit; /**< absent: 000010000000 */
    struct tern_bytes sqn_init;      /**< LIST of 32 TERN_SAIP_OCTETS; absent: all zero */
};
extern const struct tern_asn_record TERN_PE_AKA;

struct tern_pe_cdma {
    struct tern_pe_header header;
    struct tern_bytes authentication_key;
    struct tern_bytes ssd;
    struct tern_bytes hrpd;
    struct tern_bytes simple_ip;
    struct tern_bytes mobile_ip;
};
extern const struct tern_asn_record TERN_PE_CDMA;

struct tern_application_instance {
    struct tern_bytes load_package_aid;
    struct tern_bytes class_aid;
    struct tern_bytes instance_aid;
    struct tern_bytes extradite_aid;
    struct tern_bytes privileges;
    struct tern_bytes life_cycle_state; /**< absent: 07 */
    struct tern_bytes parameters_c9;
    struct tern_bytes system_parameters;      /**< whole EF element */
    struct tern_bytes application_parameters; /**< whole EA element */
    struct tern_bytes process_data;           /**< LIST of TERN_SAIP_OCTETS */
    struct tern_bytes control_reference;      /**< whole B0 element */
};
extern const struct tern_asn_record TERN_APPLICATION_INSTANCE;

struct tern_key_object {
    struct tern_bytes key_usage_qualifier;
    struct tern_bytes key_access; /**< absent: 00 */
    struct tern_bytes key_identifier;
    struct tern_bytes key_version_number;
    struct tern_bytes key_counter_value;
    struct tern_bytes key_components; /**< LIST of TERN_KEY_COMPONENT */
};
extern const struct tern_asn_record TERN_KEY_OBJECT;

struct tern_key_component {
    struct tern_bytes key_type;
    struct tern_bytes key_data;
    int64_t mac_length; /**< DEFAULT 8 */
};
extern const struct tern_asn_record TERN_KEY_COMPONENT;

struct tern_pe_security_domain {
    struct tern_pe_header header;
    struct tern_application_instance instance;
    struct tern_bytes key_list;          /**< LIST of TERN_KEY_OBJECT */
    struct tern_bytes sd_perso_data;     /**< LIST of TERN_SAIP_OCTETS */
    struct tern_bytes open_perso_data;   /**< whole A4 element */
    struct tern_bytes cat_tp_parameters; /**< whole A5 element */
};
extern const struct tern_asn_record TERN_PE_SECURITY_DOMAIN;

struct tern_adf_rfm_access {
    struct tern_bytes adf_aid;
    struct tern_bytes adf_access_domain;
    struct tern_bytes adf_admin_access_domain;
};
extern const struct tern_asn_record TERN_ADF_RFM_ACCESS;

struct tern_pe_rfm {
    struct tern_pe_header header;
    struct tern_bytes instance_aid;
    struct tern_bytes security_domain_aid;
    struct tern_bytes tar_list; /**< LIST of TERN_SAIP_OCTETS */
    struct tern_bytes minimum_security_level;
    struct tern_bytes uicc_access_domain;
    struct tern_bytes uicc_admin_access_domain;
    bool has_adf_access;
    struct tern_adf_rfm_access adf_access;
};
extern const struct tern_asn_record TERN_PE_RFM;

struct tern_load_package {
    struct tern_bytes load_package_aid;
    struct tern_bytes security_domain_aid;
    struct tern_bytes code_limit;
    struct tern_bytes volatile_limit;
    struct tern_bytes non_volatile_limit;
    struct tern_bytes hash_value;
    struct tern_bytes load_block_object;
};
extern const struct tern_asn_record TERN_LOAD_PACKAGE;

struct tern_pe_application {
    struct tern_pe_header header;
    bool has_load_block;
    struct tern_load_package load_block;
    struct tern_bytes instance_list; /**< LIST of TERN_APPLICATION_INSTANCE */
};
extern const struct tern_asn_record TERN_PE_APPLICATION;

struct tern_pe_non_standard {
    struct tern_pe_header header;
    struct tern_bytes issuer_id;
    struct tern_bytes content;
};
extern const struct tern_asn_record TERN_PE_NON_STANDARD;

struct tern_pe_end {
    struct tern_pe_header header;
};
extern const struct tern_asn_record TERN_PE_END;

/** PEStatus and EUICCResponse, saip.md 12. */
struct tern_saip_pe_status {
    int64_t status;
    bool has_identification;
    int64_t identification;
    bool has_additional_information;
    int64_t additional_information;
    bool has_offset;
    int64_t offset;
};
extern const struct tern_asn_record TERN_SAIP_PE_STATUS;

struct tern_saip_euicc_response {
    struct tern_bytes pe_status; /**< LIST of TERN_SAIP_PE_STATUS */
    bool profile_installation_aborted;
    struct tern_bytes status_message;
};
extern const struct tern_asn_record TERN_SAIP_EUICC_RESPONSE;

#endif
