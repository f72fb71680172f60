/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile elements as tables, to be read beside PEDefinitions 3.3.1. saip.md 3 to 12.
 *
 * Where a 4F or an A0 comes twice its place tells them apart: rows are taken in order.
 * DEFAULTs longer than a number (lcsi, sqnDelta ...) are OPTIONAL here and filled in by who reads.
 */
#include "tern/saip.h"

#include "tern/asn_table.h"

/* clang-format off */
#define TYPE tern_pe_header
SEQUENCE(TERN_PE_HEADER, "PEHeader", 0x30,
         FIELD(mandated,       "mandated",       0x80, PRESENT),
         FIELD(identification, "identification", 0x81, UINT, SIZE(0, 32767)));
#undef TYPE

struct octets {
    struct tern_bytes value;
};
#define TYPE octets
VALUE_OF(TERN_SAIP_OID, "OBJECT IDENTIFIER", 0x06,
         FIELD(value, "OBJECT IDENTIFIER", 0x06, OID));
VALUE_OF(TERN_SAIP_OCTETS, "OCTET STRING", 0x04,
         FIELD(value, "OCTET STRING", 0x04, BYTES));
#undef TYPE

#define TYPE tern_saip_aid
SEQUENCE(TERN_SAIP_AID, "eUICC-Mandatory-AID", 0x30,
         FIELD(aid,     "aid",     0x80, BYTES, SIZE(5, 16)),
         FIELD(version, "version", 0x81, BYTES, SIZE(2, 2)));
#undef TYPE

#define TYPE tern_iot_options
SEQUENCE(TERN_IOT_OPTIONS, "IotOptions", 0x30,
         FIELD(pix, "pix", 0x80, BYTES, SIZE(7, 11)));
#undef TYPE

#define TYPE tern_profile_header
SEQUENCE(TERN_PROFILE_HEADER, "ProfileHeader", 0xA0,
         FIELD(major_version, "major-version",                 0x80, UINT, SIZE(0, 255)),
         FIELD(minor_version, "minor-version",                 0x81, UINT, SIZE(0, 255)),
         FIELD(profile_type,  "profileType",                   0x82, TEXT, SIZE(1, 100), OPTIONAL),
         FIELD(iccid,         "iccid",                         0x83, BYTES, SIZE(10, 10)),
         FIELD(pol,           "pol",                           0x84, BYTES, OPTIONAL),
         FIELD(services,      "eUICC-Mandatory-services",      0xA5, ANY),
         FIELD(gfste,         "eUICC-Mandatory-GFSTEList",     0xA6, LIST(TERN_SAIP_OID)),
         FIELD(connectivity_parameters, "connectivityParameters", 0x87, BYTES, OPTIONAL),
         FIELD(aids,          "eUICC-Mandatory-AIDs",          0xA8, LIST(TERN_SAIP_AID), OPTIONAL),
         MAYBE(iot_options,   "iotOptions",                    0xA9, RECORD(TERN_IOT_OPTIONS)));
#undef TYPE

#define TYPE tern_proprietary_info
SEQUENCE(TERN_PROPRIETARY_INFO, "ProprietaryInfo", 0xA5,
         FIELD(special_file_information, "specialFileInformation", 0xC0, BYTES, SIZE(1, 1), OPTIONAL),
         FIELD(fill_pattern,             "fillPattern",            0xC1, BYTES, SIZE(1, 200), OPTIONAL),
         FIELD(repeat_pattern,           "repeatPattern",          0xC2, BYTES, SIZE(1, 200), OPTIONAL),
         FIELD(maximum_file_size,        "maximumFileSize",        0x86, BYTES, OPTIONAL),
         FIELD(file_details,             "fileDetails",            0x84, BYTES, SIZE(1, 1), OPTIONAL));
#undef TYPE

#define TYPE tern_fcp
SEQUENCE(TERN_FCP, "Fcp", 0xA1,
         FIELD(file_descriptor,        "fileDescriptor",      0x82, BYTES, SIZE(2, 4), OPTIONAL),
         FIELD(file_id,                "fileID",              0x83, BYTES, SIZE(2, 2), OPTIONAL),
         FIELD(df_name,                "dfName",              0x84, BYTES, SIZE(5, 16), OPTIONAL),
         FIELD(lcsi,                   "lcsi",                0x8A, BYTES, SIZE(1, 1), OPTIONAL),
         FIELD(security_attributes_referenced, "securityAttributesReferenced", 0x8B, BYTES, SIZE(1, 3), OPTIONAL),
         FIELD(ef_file_size,           "efFileSize",          0x80, BYTES, OPTIONAL),
         FIELD(pin_status_template_do, "pinStatusTemplateDO", 0xC6, BYTES, OPTIONAL),
         FIELD(short_efid,             "shortEFID",           0x88, BYTES, SIZE(0, 1), OPTIONAL),
         MAYBE(proprietary_ef_info,    "proprietaryEFInfo",   0xA5, RECORD(TERN_PROPRIETARY_INFO)),
         FIELD(link_path,              "linkPath",            0xC7, BYTES, SIZE(0, 8), OPTIONAL));
#undef TYPE

#define TYPE tern_pe_gfm
SEQUENCE(TERN_PE_GFM, "PE-GenericFileManagement", 0xA1,
         FIELD(header,   "gfm-header",        0xA0, RECORD(TERN_PE_HEADER)),
         FIELD(commands, "fileManagementCMD", 0xA1, .kind = TERN_ASN_LIST, LOOSE));
#undef TYPE

#define TYPE tern_pin_configuration
SEQUENCE(TERN_PIN_CONFIGURATION, "PINConfiguration", 0x30,
         FIELD(key_reference,            "keyReference",           0x80, UINT, SIZE(1, 142)),
         FIELD(pin_value,                "pinValue",               0x81, BYTES, SIZE(8, 8), SECRET),
         MAYBE(unblocking_pin_reference, "unblockingPINReference", 0x82, UINT, SIZE(1, 136)),
         FIELD(pin_attributes,           "pinAttributes",          0x83, UINT, DEFAULT(7), SIZE(0, 255)),
         FIELD(max_num_of_attempts_retry_left, "maxNumOfAttemps-retryNumLeft", 0x84, UINT, DEFAULT(51), SIZE(0, 255)));
#undef TYPE

#define TYPE tern_pin_codes
CHOICE_OF(TERN_PIN_CODES, "pinCodes", 0xA1,
          ARM(TERN_PIN_CODES_IS_CONFIG, pin_config, "pinconfig", 0xA0, LIST(TERN_PIN_CONFIGURATION)),
          ARM(TERN_PIN_CODES_IS_PATH,   file_path,  "filePath",  0x81, BYTES, SIZE(0, 8)));
#undef TYPE

#define TYPE tern_pe_pin_codes
SEQUENCE(TERN_PE_PIN_CODES, "PE-PINCodes", 0xA2,
         FIELD(header,    "pin-Header", 0xA0, RECORD(TERN_PE_HEADER)),
         FIELD(pin_codes, "pinCodes",   0xA1, CHOICE(TERN_PIN_CODES)));
#undef TYPE

#define TYPE tern_puk_configuration
SEQUENCE(TERN_PUK_CONFIGURATION, "PUKConfiguration", 0x30,
         FIELD(key_reference, "keyReference", 0x80, UINT, SIZE(1, 136)),
         FIELD(puk_value,     "pukValue",     0x81, BYTES, SIZE(8, 8), SECRET),
         FIELD(max_num_of_attempts_retry_left, "maxNumOfAttemps-retryNumLeft", 0x82, UINT, DEFAULT(170), SIZE(0, 255)));
#undef TYPE

#define TYPE tern_pe_puk_codes
SEQUENCE(TERN_PE_PUK_CODES, "PE-PUKCodes", 0xA3,
         FIELD(header,    "puk-Header", 0xA0, RECORD(TERN_PE_HEADER)),
         FIELD(puk_codes, "pukCodes",   0xA1, LIST(TERN_PUK_CONFIGURATION)));
#undef TYPE

#define TYPE tern_mapping_parameter
SEQUENCE(TERN_MAPPING_PARAMETER, "MappingParameter", 0xA0,
         FIELD(mapping_options, "mappingOptions", 0x80, BYTES, SIZE(1, 1)),
         FIELD(mapping_source,  "mappingSource",  0x81, BYTES, SIZE(5, 16)));
#undef TYPE

static const struct tern_asn_name ALGORITHM_NAMES[] = {
    {1, "milenage"}, {2, "tuak"}, {3, "usim-test-algorithm"}, {0, NULL}};

#define TYPE tern_algo_parameter
SEQUENCE(TERN_ALGO_PARAMETER, "AlgoParameter", 0xA1,
         FIELD(algorithm_id,       "algorithmID",       0x80, CODE(ALGORITHM)),
         FIELD(algorithm_options,  "algorithmOptions",  0x81, BYTES, SIZE(1, 1)),
         FIELD(key,                "key",               0x82, BYTES, SECRET),
         FIELD(opc,                "opc",               0x83, BYTES, SECRET),
         FIELD(rotation_constants, "rotationConstants", 0x84, BYTES, SIZE(5, 5), OPTIONAL),
         FIELD(xoring_constants,   "xoringConstants",   0x85, BYTES, SIZE(80, 80), OPTIONAL),
         FIELD(auth_counter_max,   "authCounterMax",    0x86, BYTES, SIZE(3, 3), OPTIONAL),
         FIELD(number_of_keccak,   "numberOfKeccak",    0x87, UINT, DEFAULT(1), SIZE(0, 255)));
#undef TYPE

#define TYPE tern_algo_configuration
CHOICE_OF(TERN_ALGO_CONFIGURATION, "algoConfiguration", 0xA1,
          ARM(TERN_ALGO_CONFIGURATION_IS_MAPPING, mapping, "mappingParameter", 0xA0, RECORD(TERN_MAPPING_PARAMETER)),
          ARM(TERN_ALGO_CONFIGURATION_IS_ALGO,    algo,    "algoParameter",    0xA1, RECORD(TERN_ALGO_PARAMETER)));
#undef TYPE

#define TYPE tern_pe_aka
SEQUENCE(TERN_PE_AKA, "PE-AKAParameter", 0xA4,
         FIELD(header,        "aka-header",        0xA0, RECORD(TERN_PE_HEADER)),
         FIELD(configuration, "algoConfiguration", 0xA1, CHOICE(TERN_ALGO_CONFIGURATION)),
         FIELD(sqn_options,   "sqnOptions",        0x82, BYTES, SIZE(1, 1), OPTIONAL),
         FIELD(sqn_delta,     "sqnDelta",          0x83, BYTES, SIZE(6, 6), OPTIONAL),
         FIELD(sqn_age_limit, "sqnAgeLimit",       0x84, BYTES, SIZE(6, 6), OPTIONAL),
         FIELD(sqn_init,      "sqnInit",           0xA5, LIST(TERN_SAIP_OCTETS), OPTIONAL));
#undef TYPE

#define TYPE tern_pe_cdma
SEQUENCE(TERN_PE_CDMA, "PE-CDMAParameter", 0xA5,
         FIELD(header,             "cdma-header",                  0xA0, RECORD(TERN_PE_HEADER)),
         FIELD(authentication_key, "authenticationKey",            0x81, BYTES, SIZE(8, 8), SECRET),
         FIELD(ssd,                "ssd",                          0x82, BYTES, SIZE(16, 16), OPTIONAL, SECRET),
         FIELD(hrpd,               "hrpdAccessAuthenticationData", 0x83, BYTES, SIZE(2, 32), OPTIONAL, SECRET),
         FIELD(simple_ip,          "simpleIPAuthenticationData",   0x84, BYTES, SIZE(3, 483), OPTIONAL, SECRET),
         FIELD(mobile_ip,          "mobileIPAuthenticationData",   0x85, BYTES, SIZE(5, 957), OPTIONAL, SECRET));
#undef TYPE

#define TYPE tern_application_instance
SEQUENCE(TERN_APPLICATION_INSTANCE, "ApplicationInstance", 0x30,
         FIELD(load_package_aid, "applicationLoadPackageAID",       0x4F, BYTES, SIZE(5, 16)),
         FIELD(class_aid,        "classAID",                        0x4F, BYTES, SIZE(5, 16)),
         FIELD(instance_aid,     "instanceAID",                     0x4F, BYTES, SIZE(5, 16)),
         FIELD(extradite_aid,    "extraditeSecurityDomainAID",      0x4F, BYTES, SIZE(5, 16), OPTIONAL),
         FIELD(privileges,       "applicationPrivileges",           0x82, BYTES),
         FIELD(life_cycle_state, "lifeCycleState",                  0x83, BYTES, SIZE(1, 1), OPTIONAL),
         FIELD(parameters_c9,    "applicationSpecificParametersC9", 0xC9, BYTES),
         FIELD(system_parameters,      "systemSpecificParameters",  0xEF, ANY, OPTIONAL),
         FIELD(application_parameters, "applicationParameters",     0xEA, ANY, OPTIONAL),
         FIELD(process_data,     "processData",                     0x30, LIST(TERN_SAIP_OCTETS), OPTIONAL),
         FIELD(control_reference, "controlReferenceTemplate",       0xB0, ANY, OPTIONAL));
#undef TYPE

#define TYPE tern_key_component
SEQUENCE(TERN_KEY_COMPONENT, "keyComponent", 0x30,
         FIELD(key_type,   "keyType",   0x80, BYTES),
         FIELD(key_data,   "keyData",   0x86, BYTES, SECRET),
         FIELD(mac_length, "macLength", 0x87, UINT, DEFAULT(8), SIZE(0, 255)));
#undef TYPE

#define TYPE tern_key_object
SEQUENCE(TERN_KEY_OBJECT, "KeyObject", 0x30,
         FIELD(key_usage_qualifier, "keyUsageQualifier", 0x95, BYTES, SIZE(1, 2)),
         FIELD(key_access,          "keyAccess",         0x96, BYTES, SIZE(1, 1), OPTIONAL),
         FIELD(key_identifier,      "keyIdentifier",     0x82, BYTES, SIZE(1, 1)),
         FIELD(key_version_number,  "keyVersionNumber",  0x83, BYTES, SIZE(1, 1)),
         FIELD(key_counter_value,   "keyCounterValue",   0x85, BYTES, OPTIONAL),
         FIELD(key_components,      "keyComponents",     0x30, LIST(TERN_KEY_COMPONENT)));
#undef TYPE

#define TYPE tern_pe_security_domain
SEQUENCE(TERN_PE_SECURITY_DOMAIN, "PE-SecurityDomain", 0xA6,
         FIELD(header,            "sd-Header",       0xA0, RECORD(TERN_PE_HEADER)),
         FIELD(instance,          "instance",        0xA1, RECORD(TERN_APPLICATION_INSTANCE)),
         FIELD(key_list,          "keyList",         0xA2, LIST(TERN_KEY_OBJECT), OPTIONAL),
         FIELD(sd_perso_data,     "sdPersoData",     0xA3, LIST(TERN_SAIP_OCTETS), OPTIONAL),
         FIELD(open_perso_data,   "openPersoData",   0xA4, ANY, OPTIONAL),
         FIELD(cat_tp_parameters, "catTpParameters", 0xA5, ANY, OPTIONAL));
#undef TYPE

#define TYPE tern_adf_rfm_access
SEQUENCE(TERN_ADF_RFM_ACCESS, "ADFRFMAccess", 0x30,
         FIELD(adf_aid,                 "adfAID",               0x80, BYTES, SIZE(5, 16)),
         FIELD(adf_access_domain,       "adfAccessDomain",      0x81, BYTES),
         FIELD(adf_admin_access_domain, "adfAdminAccessDomain", 0x82, BYTES));
#undef TYPE

#define TYPE tern_pe_rfm
SEQUENCE(TERN_PE_RFM, "PE-RFM", 0xA7,
         FIELD(header,                   "rfm-header",            0xA0, RECORD(TERN_PE_HEADER)),
         FIELD(instance_aid,             "instanceAID",           0x4F, BYTES, SIZE(5, 16)),
         FIELD(security_domain_aid,      "securityDomainAID",     0x4F, BYTES, SIZE(5, 16), OPTIONAL),
         FIELD(tar_list,                 "tarList",               0xA0, LIST(TERN_SAIP_OCTETS), OPTIONAL),
         FIELD(minimum_security_level,   "minimumSecurityLevel",  0x81, BYTES, SIZE(1, 1)),
         FIELD(uicc_access_domain,       "uiccAccessDomain",      0x04, BYTES),
         FIELD(uicc_admin_access_domain, "uiccAdminAccessDomain", 0x04, BYTES),
         MAYBE(adf_access,               "adfRFMAccess",          0x30, RECORD(TERN_ADF_RFM_ACCESS)));
#undef TYPE

#define TYPE tern_load_package
SEQUENCE(TERN_LOAD_PACKAGE, "ApplicationLoadPackage", 0xA1,
         FIELD(load_package_aid,    "loadPackageAID",         0x4F, BYTES, SIZE(5, 16)),
         FIELD(security_domain_aid, "securityDomainAID",      0x4F, BYTES, SIZE(5, 16), OPTIONAL),
         FIELD(code_limit,          "nonVolatileCodeLimitC6", 0xC6, BYTES, OPTIONAL),
         FIELD(volatile_limit,      "volatileDataLimitC7",    0xC7, BYTES, OPTIONAL),
         FIELD(non_volatile_limit,  "nonVolatileDataLimitC8", 0xC8, BYTES, OPTIONAL),
         FIELD(hash_value,          "hashValue",              0xC1, BYTES, OPTIONAL),
         FIELD(load_block_object,   "loadBlockObject",        0xC4, BYTES));
#undef TYPE

#define TYPE tern_pe_application
SEQUENCE(TERN_PE_APPLICATION, "PE-Application", 0xA8,
         FIELD(header,        "app-Header",   0xA0, RECORD(TERN_PE_HEADER)),
         MAYBE(load_block,    "loadBlock",    0xA1, RECORD(TERN_LOAD_PACKAGE)),
         FIELD(instance_list, "instanceList", 0xA2, LIST(TERN_APPLICATION_INSTANCE), OPTIONAL));
#undef TYPE

#define TYPE tern_pe_non_standard
SEQUENCE(TERN_PE_NON_STANDARD, "PE-NonStandard", 0xA9,
         FIELD(header,    "nonStandard-header", 0xA0, RECORD(TERN_PE_HEADER)),
         FIELD(issuer_id, "issuerID",           0x81, OID),
         FIELD(content,   "content",            0x82, BYTES));
#undef TYPE

#define TYPE tern_pe_end
SEQUENCE(TERN_PE_END, "PE-End", 0xAA,
         FIELD(header, "end-header", 0xA0, RECORD(TERN_PE_HEADER)));
#undef TYPE

static const struct tern_asn_name STATUS_NAMES[] = {
    {0, "ok"}, {1, "pe-not-supported"}, {2, "memory-failure"}, {3, "bad-values"},
    {4, "not-enough-memory"}, {5, "invalid-request-format"}, {6, "invalid-parameter"},
    {7, "runtime-not-supported"}, {8, "lib-not-supported"}, {9, "template-not-supported"},
    {10, "feature-not-supported"}, {11, "pin-code-missing"}, {31, "unsupported-profile-version"},
    {0, NULL}};

#define TYPE tern_saip_pe_status
SEQUENCE(TERN_SAIP_PE_STATUS, "PEStatus", 0x30,
         FIELD(status,                 "status",                 0x80, CODE(STATUS)),
         MAYBE(identification,         "identification",         0x81, UINT, SIZE(0, 32767)),
         MAYBE(additional_information, "additional-information", 0x82, UINT, SIZE(0, 255)),
         MAYBE(offset,                 "offset",                 0x83, UINT));
#undef TYPE

#define TYPE tern_saip_euicc_response
SEQUENCE(TERN_SAIP_EUICC_RESPONSE, "EUICCResponse", 0x30,
         FIELD(pe_status,                    "peStatus",                   0xA0, LIST(TERN_SAIP_PE_STATUS)),
         FIELD(profile_installation_aborted, "profileInstallationAborted", 0x81, PRESENT),
         FIELD(status_message,               "statusMessage",              0x82, TEXT, SIZE(2, 64), OPTIONAL));
#undef TYPE

const struct tern_asn_name TERN_SAIP_SERVICE_NAMES[] = {
    {0, "contactless"}, {1, "usim"}, {2, "isim"}, {3, "csim"}, {4, "milenage"}, {5, "tuak128"},
    {6, "cave"}, {7, "gba-usim"}, {8, "gba-isim"}, {9, "mbms"}, {10, "eap"}, {11, "javacard"},
    {12, "multos"}, {13, "multiple-usim"}, {14, "multiple-isim"}, {15, "multiple-csim"},
    {16, "tuak256"}, {17, "usim-test-algorithm"}, {18, "ber-tlv"}, {19, "dfLink"}, {20, "cat-tp"},
    {21, "get-identity"}, {22, "profile-a-x25519"}, {23, "profile-b-p256"},
    {24, "suciCalculatorApi"}, {25, "dns-resolution"}, {26, "scp11ac"},
    {27, "scp11c-authorization-mechanism"}, {28, "s16mode"}, {29, "eaka"}, {0, NULL}};
/* clang-format on */

int tern_saip_services(struct tern_bytes element, uint32_t *services)
{
    struct tern_tlv list, service;
    int status = tern_der_single(element, &list, TERN_DER_STRICT);
    *services = 0;
    while (status >= 0 && (status = tern_der_next(&list.value, &service, TERN_DER_STRICT)) == 1) {
        if (service.tag < 0x80 || service.value.size != 0) return TERN_ERR_MALFORMED;
        if (service.tag > 0x9D) return TERN_ERR_UNSUPPORTED;
        *services |= (uint32_t)1 << (service.tag - 0x80);
    }
    return status;
}
