/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The USIM of a description: IMSI, service table, name, access classes, AKA. TS 31.102, 4.2.
 * What the description leaves out has a default that lets the USIM attach.
 */
#include <stdlib.h>
#include <string.h>

#include "app/profile/build.h"
#include "host/crypto/openssl.h"

#define USIM_AID "A0000000871002FFFFFFFF8907090000"

/* EF.IMSI: size, then the digits with an odd/even mark in front, nibbles swapped. 4.2.2 */
static struct tern_bytes imsi_file(struct build *build, const char *imsi)
{
    uint8_t file[9];
    size_t count = strlen(imsi);
    memset(file, 0xFF, sizeof file);
    file[0] = (uint8_t)((count + 2) / 2);
    file[1] = (uint8_t)((imsi[0] - '0') << 4 | (count % 2 == 1 ? 0x9 : 0x1));
    for (size_t i = 1; i < count; i += 2) {
        uint8_t high = i + 1 < count ? (uint8_t)(imsi[i + 1] - '0') : 0xF;
        file[(i + 3) / 2] = (uint8_t)(high << 4 | (imsi[i] - '0'));
    }
    return build_keep(build, TERN_BYTES_OF(file));
}

/* EF.ACC: the class of the IMSI's last digit. TS 22.011, 4.2 */
static struct tern_bytes acc_file(struct build *build, struct config_node usim, const char *imsi)
{
    uint8_t file[2];
    struct config_node node = config_get(usim, "acc");
    if (config_present(node)) {
        struct tern_bytes given = description_hex(build, node);
        if (given.size != 2) build_fail(build, node, "wants 2 bytes");
        return given;
    }
    unsigned bit = 1u << (imsi[strlen(imsi) - 1] - '0');
    file[0] = (uint8_t)(bit >> 8);
    file[1] = (uint8_t)bit;
    return build_keep(build, TERN_BYTES_OF(file));
}

/* EF.SPN: display condition, then the name. 4.2.12 */
static struct tern_bytes spn_file(struct build *build, struct config_node usim)
{
    uint8_t file[17];
    struct config_node node = config_get(usim, "spn");
    const char *name = config_text(node);
    memset(file, 0xFF, sizeof file);
    file[0] = 0x00;
    if (name != NULL && strlen(name) > 16)
        build_fail(build, node, "has more than 16 bytes");
    else if (name != NULL)
        memcpy(file + 1, name, strlen(name));
    return build_keep(build, TERN_BYTES_OF(file));
}

/* EF.ECC: three bytes of digits and a category, a record a number. 4.2.21 */
static void describe_ecc(struct build *build, struct file_set *set, struct config_node list)
{
    uint8_t records[4 * 32] = {0};
    size_t count = config_present(list) ? config_count(list) : 1;
    if (count > 32) count = 32;
    for (size_t i = 0; i < count; i++) {
        const char *number = config_present(list) ? config_text(config_at(list, i)) : "112";
        uint8_t *record = records + 4 * i;
        memset(record, 0xFF, 3);
        record[3] = 0x00;
        if (number == NULL || strlen(number) > 6 ||
            strspn(number, "0123456789") != strlen(number)) {
            build_fail(build, config_at(list, i), "wants up to 6 digits");
            return;
        }
        swapped_digits(record, number);
    }
    struct file_entry *entry =
        file_set_content(set, "ef-ecc", build_keep(build, tern_bytes(records, 4 * count)));
    if (count != 1) entry_records(entry, 0x42, 4, (uint32_t)(4 * count));
}

/* EF.SMSP with the service centre's number. 4.2.27 */
static void describe_smsc(struct build *build, struct file_set *set, struct config_node node)
{
    uint8_t record[38];
    const char *number = config_text(node);
    if (number == NULL) return;
    memset(record, 0xFF, sizeof record);
    uint8_t *address = record + 10 + 13;
    bool international = number[0] == '+';
    if (international) number++;
    size_t count = strlen(number);
    if (count == 0 || count > 20 || strspn(number, "0123456789") != count) {
        build_fail(build, node, "wants a telephone number");
        return;
    }
    record[10] = 0xFD; /* only the service centre is given */
    address[0] = (uint8_t)(1 + (count + 1) / 2);
    address[1] = international ? 0x91 : 0x81;
    swapped_digits(address + 2, number);
    file_set_content(set, "ef-smsp", build_keep(build, TERN_BYTES_OF(record)));
}

static void set_service(uint8_t table[17], unsigned service)
{
    table[(service - 1) / 8] |= (uint8_t)(1u << (service - 1) % 8);
}

/* EF.UST: EPS and the name always, what the description has, and `services:` on top. 4.2.8 */
static struct tern_bytes ust_file(struct build *build, struct config_node usim)
{
    uint8_t table[17] = {0};
    struct config_node df_5gs = config_get(build->root, "df_5gs");
    set_service(table, 19);
    set_service(table, 85);
    if (config_present(config_get(usim, "smsc"))) set_service(table, 12);
    if (config_present(config_get(build->root, "gsm_access"))) {
        set_service(table, 27);
        set_service(table, 38);
    }
    if (config_present(df_5gs)) {
        set_service(table, 122);
        if (config_present(config_get(df_5gs, "suci"))) {
            bool in_usim = false;
            (void)config_bool(config_get(df_5gs, "suci_in_usim"), &in_usim);
            set_service(table, 124);
            if (in_usim) set_service(table, 125);
        }
    }
    struct config_node list = config_get(usim, "services");
    for (size_t i = 0; i < config_count(list); i++) {
        uint64_t service = 1;
        if (config_uint(config_at(list, i), 1, 136, &service) != TERN_OK) build->failed = true;
        set_service(table, (unsigned)service);
    }
    size_t size = sizeof table; /* as long as the template has it, unless a service lies behind */
    while (!build->modern && size > 14 && table[size - 1] == 0)
        size--;
    return build_keep(build, tern_bytes(table, size));
}

void describe_adf(struct file_set *set, const char *row, struct tern_bytes aid, uint16_t temporary,
                  bool pin2)
{
    struct file_entry *adf = file_set_entry(set, row);
    uint8_t fid[2] = {(uint8_t)(temporary >> 8), (uint8_t)temporary};
    uint8_t status[3] = {0x01, 0x81, 0x0A};
    if (!pin2) status[1] = 0x0A;
    entry_bytes(adf, &adf->fcp.file_id, TERN_BYTES_OF(fid));
    entry_bytes(adf, &adf->fcp.df_name, aid);
    entry_bytes(adf, &adf->fcp.pin_status_template_do, tern_bytes(status, pin2 ? 3 : 2));
}

/* EF.ARR of an application is the MF's, by a link. */
void describe_arr_link(struct file_set *set)
{
    static const uint8_t PATH[] = {0x2F, 0x06};
    struct file_entry *arr = file_set_entry(set, "ef-arr");
    entry_bytes(arr, &arr->fcp.link_path, TERN_BYTES_OF(PATH));
}

static void describe_optional(struct build *build, struct config_node usim)
{
    struct config_node files = config_get(usim, "optional_files");
    if (!config_present(files)) return;
    struct file_set *set = file_set_new(build, "opt-usim", 2);
    file_set_describe(build, set, files);
    build_template(build, set);
}

void describe_subscription(struct build *build, struct file_set *set, struct config_node usim)
{
    const char *imsi = description_imsi(build);
    uint8_t ad[4] = {0, 0, 0, (uint8_t)description_mnc_length(build)};
    if (imsi == NULL) return;
    file_set_content(set, "ef-imsi", imsi_file(build, imsi));
    file_set_content(set, "ef-acc", acc_file(build, usim, imsi));
    if (ad[3] != 2) file_set_content(set, "ef-ad", build_keep(build, TERN_BYTES_OF(ad)));
}

void describe_usim(struct build *build)
{
    static const char *const KEYS[] = {"aid",
                                       "label",
                                       "imsi",
                                       "mnc_length",
                                       "spn",
                                       "acc",
                                       "ecc",
                                       "smsc",
                                       "services",
                                       "files",
                                       "optional_files",
                                       "hplmn_search_minutes",
                                       "minimal",
                                       NULL};
    struct config_node usim = config_get(build->root, "usim");
    if (config_only(usim, KEYS) != TERN_OK) {
        build->failed = true;
        return;
    }
    struct file_set *set = file_set_new(build, "usim", 2);
    static const uint8_t EST[] = {0x00};
    bool pin2 = config_present(config_get(config_get(build->root, "pins"), "pin2"));
    describe_adf(set, "adf-usim", description_aid(build, usim, USIM_AID), 0x7FD0, pin2);
    describe_subscription(build, set, usim);
    describe_arr_link(set);
    file_set_content(set, "ef-ust", ust_file(build, usim));
    file_set_content(set, "ef-spn", spn_file(build, usim));
    file_set_content(set, "ef-est", TERN_BYTES_OF(EST));
    describe_ecc(build, set, config_get(usim, "ecc"));
    describe_smsc(build, set, config_get(usim, "smsc"));
    struct config_node search = config_get(usim, "hplmn_search_minutes");
    if (config_present(search)) {
        uint64_t minutes = 0;
        if (config_uint(search, 0, 2040, &minutes) != TERN_OK) build->failed = true;
        uint8_t interval = (uint8_t)((minutes + 5) / 6); /* in units of 6 minutes */
        file_set_content(set, "ef-hpplmn", build_keep(build, tern_bytes(&interval, 1)));
    }
    bool minimal = false;
    if (config_bool(config_get(usim, "minimal"), &minimal) != TERN_OK) build->failed = true;
    if (minimal) { /* files of voice and SMS that a meter never reads */
        static const char *const BALLAST[] = {"ef-fdn", "ef-sms", "ef-smsp", "ef-smss",
                                              "ef-netpar"};
        for (size_t i = 0; i < TERN_COUNT_OF(BALLAST); i++) {
            struct file_entry *entry = file_set_entry(set, BALLAST[i]);
            if (entry->content.size == 0) entry->do_not_create = true;
        }
    }
    file_set_describe(build, set, config_get(usim, "files"));
    build_template(build, set);
    build->services |= 1u << 1;
    describe_optional(build, usim);
}

/* OPc = AES(K, OP) ^ OP, when the description has the operator's OP. */
static struct tern_bytes opc_of(struct build *build, struct config_node aka, struct tern_bytes key)
{
    uint8_t opc[16];
    struct config_node node = config_get(aka, "op");
    struct tern_bytes op = description_hex(build, node);
    const struct tern_crypto *crypto = tern_openssl();
    if (op.size != 16 || key.size != 16) {
        build_fail(build, aka, "wants opc, or op, of 16 bytes");
        return TERN_BYTES_NONE;
    }
    if (crypto->aes_encrypt_block(crypto->context, opc, key, op.data) != TERN_OK) {
        build->failed = true;
        return TERN_BYTES_NONE;
    }
    for (size_t i = 0; i < 16; i++)
        opc[i] ^= op.data[i];
    return build_keep(build, TERN_BYTES_OF(opc));
}

static void describe_algorithm(struct build *build, struct config_node aka,
                               struct tern_algo_parameter *algo)
{
    static const uint8_t ZERO[16] = {0};
    static const char *const NAMES[] = {"milenage", "tuak", "test"};
    static const uint8_t OPTIONS[] = {0x00, 0x00, 0x02};
    static const unsigned SERVICES[] = {4, 5, 17};
    const char *name = config_text(config_get(aka, "algorithm"));
    unsigned index = 0;
    while (name != NULL && index < 3 && strcmp(NAMES[index], name) != 0)
        index++;
    if (index == 3) {
        build_fail(build, config_get(aka, "algorithm"), "wants milenage, tuak or test");
        return;
    }
    algo->algorithm_id = (int64_t)index + 1;
    algo->algorithm_options = tern_bytes(&OPTIONS[index], 1);
    struct tern_bytes options = description_hex(build, config_get(aka, "options"));
    if (options.data != NULL) algo->algorithm_options = options;
    algo->key = description_hex(build, config_get(aka, "key"));
    if (algo->key.size != 16 && !(index == 1 && algo->key.size == 32)) {
        build_fail(build, config_get(aka, "key"), "wants a key of 16 bytes (TUAK: 16 or 32)");
    }
    algo->opc = description_hex(build, config_get(aka, index == 1 ? "topc" : "opc"));
    if (index == 0 && algo->opc.data == NULL) algo->opc = opc_of(build, aka, algo->key);
    if (index == 2 && algo->opc.data == NULL) algo->opc = TERN_BYTES_OF(ZERO);
    if (algo->opc.size != (index == 1 ? 32u : 16u)) {
        build_fail(build, aka, index == 1 ? "wants topc, 32 bytes" : "wants opc, 16 bytes");
    }
    algo->rotation_constants = description_hex(build, config_get(aka, "rotation"));
    algo->xoring_constants = description_hex(build, config_get(aka, "xoring"));
    algo->auth_counter_max = description_hex(build, config_get(aka, "counter_max"));
    uint64_t keccak = 1;
    if (config_uint(config_get(aka, "keccak"), 1, 255, &keccak) != TERN_OK) build->failed = true;
    algo->number_of_keccak = (int64_t)keccak;
    unsigned service = algo->key.size == 32 ? 16 : SERVICES[index];
    build->services |= 1u << service;
}

void describe_aka(struct build *build, struct config_node aka, struct config_node fallback)
{
    static const char *const KEYS[] = {"algorithm",     "options", "key",         "op",
                                       "opc",           "topc",    "rotation",    "xoring",
                                       "counter_max",   "keccak",  "sqn_options", "sqn_delta",
                                       "sqn_age_limit", "sqn",     "map",         NULL};
    struct tern_pe_aka pe = {0};
    if (!config_present(aka)) aka = fallback;
    if (!config_present(aka)) return; /* a profile without AKA installs, but attaches nowhere */
    if (config_only(aka, KEYS) != TERN_OK) build->failed = true;
    uint8_t sequence[32 * 8];
    struct tern_writer out = TERN_WRITER_OF(sequence);
    struct config_node map = config_get(aka, "map"), sqn = config_get(aka, "sqn");
    pe.header = build_header(build);
    if (config_present(map)) {
        static const uint8_t ALL[] = {0xFF};
        pe.configuration.arm = TERN_ALGO_CONFIGURATION_IS_MAPPING;
        pe.configuration.mapping.mapping_options = TERN_BYTES_OF(ALL);
        pe.configuration.mapping.mapping_source = description_hex(build, map);
    } else {
        pe.configuration.arm = TERN_ALGO_CONFIGURATION_IS_ALGO;
        describe_algorithm(build, aka, &pe.configuration.algo);
    }
    pe.sqn_options = description_hex(build, config_get(aka, "sqn_options"));
    pe.sqn_delta = description_hex(build, config_get(aka, "sqn_delta"));
    pe.sqn_age_limit = description_hex(build, config_get(aka, "sqn_age_limit"));
    if (config_present(sqn)) { /* one SEQ for all 32 indices */
        struct tern_bytes seq = description_hex(build, sqn);
        if (seq.size != 6) build_fail(build, sqn, "wants 6 bytes");
        for (size_t i = 0; i < 32; i++)
            tern_der_write(&out, 0x04, seq);
        pe.sqn_init = tern_writer_bytes(&out);
    }
    if (!build->failed) build_record(build, &TERN_PE_AKA, &pe);
}

/* DF.TELECOM: its files as the description has them. */
void describe_telecom(struct build *build)
{
    static const char *const KEYS[] = {"files", NULL};
    struct config_node telecom = config_get(build->root, "telecom");
    if (!config_present(telecom)) return;
    if (config_only(telecom, KEYS) != TERN_OK) build->failed = true;
    struct file_set *set = file_set_new(build, "telecom", 2);
    struct file_entry *df = file_set_entry(set, "df-telecom");
    static const uint8_t STATUS[] = {0x01, 0x0A};
    entry_bytes(df, &df->fcp.pin_status_template_do, TERN_BYTES_OF(STATUS));
    describe_arr_link(set);
    file_set_describe(build, set, config_get(telecom, "files"));
    build_template(build, set);
}

void describe_gsm_access(struct build *build)
{
    struct config_node node = config_get(build->root, "gsm_access");
    if (!config_present(node)) return;
    struct file_set *set = file_set_new(build, "gsm-access", 1);
    struct file_entry *df = file_set_entry(set, "df-gsm-access");
    static const uint8_t STATUS[] = {0x01, 0x0A};
    entry_bytes(df, &df->fcp.pin_status_template_do, TERN_BYTES_OF(STATUS));
    (void)file_set_entry(set, "ef-kc");
    (void)file_set_entry(set, "ef-kcgprs");
    file_set_describe(build, set, config_get(node, "files"));
    build_template(build, set);
}
