/* SPDX-License-Identifier: Apache-2.0 */
/* The rest of a description: 5G files, files of one's own, security domains, RFM, padding. */
#include <stdlib.h>
#include <string.h>

#include "app/profile/build.h"

/* EF.SUCI_Calc_Info: A0 { scheme, key index ... } A1 { 80 identifier, 81 key ... }. 4.4.11.8 */
static struct tern_bytes suci_file(struct build *build, struct config_node list)
{
    uint8_t schemes[32], keys[1024], file[1200];
    struct tern_writer scheme_list = TERN_WRITER_OF(schemes), key_list = TERN_WRITER_OF(keys);
    struct tern_writer out = TERN_WRITER_OF(file);
    uint8_t index = 0;
    for (size_t i = 0; i < config_count(list) && i < 16; i++) {
        struct config_node row = config_at(list, i);
        const char *scheme = config_text(config_get(row, "scheme"));
        uint64_t identifier = 0;
        unsigned number = scheme == NULL                ? 3
                          : strcmp(scheme, "null") == 0 ? 0
                          : strcmp(scheme, "a") == 0    ? 1
                          : strcmp(scheme, "b") == 0    ? 2
                                                        : 3;
        if (number == 3 ||
            config_uint(config_get(row, "identifier"), 0, 255, &identifier) != TERN_OK) {
            build_fail(build, row, "wants scheme null, a or b, and an identifier");
            continue;
        }
        tern_write_byte(&scheme_list, (uint8_t)number);
        tern_write_byte(&scheme_list, number == 0 ? 0 : ++index);
        if (number == 0) continue;
        struct tern_bytes key = description_hex(build, config_get(row, "key"));
        bool fits = number == 1 ? key.size == 32 : key.size == 33 || key.size == 65;
        if (!fits) build_fail(build, config_get(row, "key"), "wants the home network's public key");
        uint8_t byte = (uint8_t)identifier;
        tern_der_write(&key_list, 0x80, tern_bytes(&byte, 1));
        tern_der_write(&key_list, 0x81, key);
    }
    tern_der_write(&out, 0xA0, tern_writer_bytes(&scheme_list));
    tern_der_write(&out, 0xA1, tern_writer_bytes(&key_list));
    return build_keep(build, tern_writer_bytes(&out));
}

/* Routing indicator: 1 to 4 digits, swapped, F behind. 4.4.11.11 */
static struct tern_bytes routing_file(struct build *build, struct config_node node)
{
    uint8_t file[4] = {0xFF, 0xFF, 0x00, 0x00};
    const char *digits = config_text(node);
    size_t count = digits == NULL ? 0 : strlen(digits);
    if (count < 1 || count > 4 || strspn(digits, "0123456789") != count) {
        build_fail(build, node, "wants 1 to 4 digits");
        return TERN_BYTES_NONE;
    }
    swapped_digits(file, digits);
    return build_keep(build, TERN_BYTES_OF(file));
}

static void give_status(struct file_entry *df)
{
    static const uint8_t STATUS[] = {0x01, 0x0A};
    entry_bytes(df, &df->fcp.pin_status_template_do, TERN_BYTES_OF(STATUS));
}

void describe_5gs(struct build *build)
{
    static const char *const KEYS[] = {"routing_indicator", "suci", "suci_in_usim", "files", NULL};
    struct config_node node = config_get(build->root, "df_5gs");
    struct config_node suci = config_get(node, "suci");
    struct config_node routing = config_get(node, "routing_indicator");
    bool in_usim = false;
    if (!config_present(node)) return;
    if (config_only(node, KEYS) != TERN_OK ||
        config_bool(config_get(node, "suci_in_usim"), &in_usim) != TERN_OK) {
        build->failed = true;
    }
    struct file_set *set = file_set_new(build, "df-5gs", 3);
    give_status(file_set_entry(set, "df-df-5gs"));
    (void)file_set_entry(set, "ef-5gs3gpploci");
    (void)file_set_entry(set, "ef-5gsn3gpploci");
    (void)file_set_entry(set, "ef-5gs3gppnsc");
    if (config_present(routing)) {
        file_set_content(set, "ef-routing-indicator", routing_file(build, routing));
    }
    struct tern_bytes info = TERN_BYTES_NONE;
    if (config_present(suci)) info = suci_file(build, suci);
    if (info.data != NULL && !in_usim) file_set_content(set, "ef-suci-calc-info", info);
    file_set_describe(build, set, config_get(node, "files"));
    build_template(build, set);
    if (info.data == NULL || !in_usim) return;
    set = file_set_new(build, "df-saip", 1);
    give_status(file_set_entry(set, "df-df-saip"));
    file_set_content(set, "ef-suci-calc-info-usim", info);
    build_template(build, set);
    build->services |= 1u << 21;
    for (size_t i = 0; i < config_count(suci); i++) {
        const char *scheme = config_text(config_get(config_at(suci, i), "scheme"));
        if (scheme != NULL && strcmp(scheme, "a") == 0) build->services |= 1u << 22;
        if (scheme != NULL && strcmp(scheme, "b") == 0) build->services |= 1u << 23;
    }
}

static const struct {
    const char *name;
    uint8_t kind;
    uint8_t descriptor;
} TYPES[] = {
    {"transparent", KIND_TR, 0x41},
    {"linear",      KIND_LF, 0x42},
    {"cyclic",      KIND_CY, 0x46},
    {"ber-tlv",     KIND_BT, 0x79},
    {"directory",   KIND_DF, 0x78}
};

/* One file of `files:`: path (FIDs below the MF; empty: the MF), fid, type, and the rest. */
static void describe_own_file(struct build *build, struct config_node node, struct tern_writer *out)
{
    uint8_t path[8], fid[2];
    struct tern_writer path_out = TERN_WRITER_OF(path), fid_out = TERN_WRITER_OF(fid);
    struct template_file row = {.name = "file", .kind = KIND_TR};
    const char *type = config_text(config_get(node, "type"));
    size_t index = 0;
    while (type != NULL && index < TERN_COUNT_OF(TYPES) && strcmp(TYPES[index].name, type) != 0) {
        index++;
    }
    if (index == TERN_COUNT_OF(TYPES)) {
        build_fail(build, node, "type wants transparent, linear, cyclic, ber-tlv or directory");
        return;
    }
    if ((config_present(config_get(node, "path")) &&
         config_hex(config_get(node, "path"), &path_out) != TERN_OK) ||
        config_hex(config_get(node, "fid"), &fid_out) != TERN_OK || fid_out.size != 2 ||
        tern_writer_status(&path_out) != TERN_OK) {
        build_fail(build, node, "wants a path of whole FIDs and a fid");
        return;
    }
    row.kind = TYPES[index].kind;
    struct file_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL) abort();
    uint8_t descriptor[2] = {TYPES[index].descriptor, 0x21};
    entry_describe(build, entry, &row, node);
    if (entry->fcp.file_descriptor.data == NULL) {
        entry_bytes(entry, &entry->fcp.file_descriptor, TERN_BYTES_OF(descriptor));
    }
    entry_bytes(entry, &entry->fcp.file_id, TERN_BYTES_OF(fid));
    tern_der_write(out, 0x80, tern_writer_bytes(&path_out));
    if (tern_asn_encode_as(&TERN_FCP, out, &entry->fcp, 0x62) != TERN_OK) {
        build_fail(build, node, "a parameter does not fit");
    }
    if (entry->content.size > 0) tern_der_write(out, 0x81, entry->content);
    free(entry);
}

void describe_gfm(struct build *build)
{
    struct config_node list = config_get(build->root, "files");
    if (!config_present(list)) return;
    uint8_t *buffer = malloc(ELEMENT_SIZE_MAX), *wrapped = malloc(ELEMENT_SIZE_MAX);
    if (buffer == NULL || wrapped == NULL) abort();
    struct tern_writer out = tern_writer(buffer, ELEMENT_SIZE_MAX);
    struct tern_writer group = tern_writer(wrapped, ELEMENT_SIZE_MAX);
    for (size_t i = 0; i < config_count(list); i++) {
        describe_own_file(build, config_at(list, i), &out);
    }
    tern_der_write(&group, 0x30, tern_writer_bytes(&out));
    tern_der_write(&build->body, 0xA1, tern_writer_bytes(&group));
    build_element(build, 1);
    free(buffer);
    free(wrapped);
}

static struct tern_bytes hex_or(struct build *build, struct config_node node, const char *fallback)
{
    uint8_t buffer[64];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    if (config_present(node)) return description_hex(build, node);
    (void)tern_hex_decode(&out, tern_bytes_text(fallback));
    return build_keep(build, tern_writer_bytes(&out));
}

static void describe_key(struct build *build, struct config_node node, struct tern_writer *keys)
{
    static const char *const KEYS[] = {"version", "id",         "usage",   "type",
                                       "data",    "mac_length", "counter", NULL};
    uint8_t components[256];
    struct tern_writer out = TERN_WRITER_OF(components);
    uint64_t version = 0, id = 0, mac_length = 8;
    const char *type = config_text(config_get(node, "type"));
    if (config_only(node, KEYS) != TERN_OK ||
        config_uint(config_get(node, "version"), 1, 255, &version) != TERN_OK ||
        config_uint(config_get(node, "id"), 1, 127, &id) != TERN_OK ||
        config_uint(config_get(node, "mac_length"), 1, 255, &mac_length) != TERN_OK ||
        version == 0 || id == 0) {
        build_fail(build, node, "wants version, id and data");
        return;
    }
    uint8_t bytes[3] = {(uint8_t)id, (uint8_t)version,
                        type != NULL && strcmp(type, "des") == 0 ? 0x80 : 0x88};
    struct tern_key_component component = {.key_type = tern_bytes(bytes + 2, 1),
                                           .key_data =
                                               description_hex(build, config_get(node, "data")),
                                           .mac_length = (int64_t)mac_length};
    (void)tern_asn_encode(&TERN_KEY_COMPONENT, &out, &component);
    struct tern_key_object key = {
        .key_usage_qualifier = hex_or(build, config_get(node, "usage"),
                                      id == 1   ? "18"
                                      : id == 2 ? "14"
                                                : "48"),
        .key_identifier = tern_bytes(bytes, 1),
        .key_version_number = tern_bytes(bytes + 1, 1),
        .key_counter_value = description_hex(build, config_get(node, "counter")),
        .key_components = tern_writer_bytes(&out),
    };
    if (tern_asn_encode(&TERN_KEY_OBJECT, keys, &key) != TERN_OK) {
        build_fail(build, node, "a value does not fit");
    }
}

/* The MNO-SD, with the AIDs that TS.48 uses unless others are given. saip.md 11.1 */
void describe_security_domain(struct build *build)
{
    static const char *const KEYS[] = {"package_aid", "class_aid",  "aid",  "privileges",
                                       "state",       "parameters", "keys", NULL};
    uint8_t keys[4096];
    struct tern_writer key_list = TERN_WRITER_OF(keys);
    struct config_node node = config_get(build->root, "security_domain");
    if (!config_present(node)) return;
    if (config_only(node, KEYS) != TERN_OK) build->failed = true;
    struct config_node list = config_get(node, "keys");
    struct tern_pe_security_domain domain = {.header = build_header(build)};
    struct tern_application_instance *instance = &domain.instance;
    instance->load_package_aid = hex_or(build, config_get(node, "package_aid"), "A0000001515350");
    instance->class_aid = hex_or(build, config_get(node, "class_aid"), "A000000151535041");
    instance->instance_aid = hex_or(build, config_get(node, "aid"), "A000000151000000");
    instance->privileges = hex_or(build, config_get(node, "privileges"), "82DC00");
    instance->life_cycle_state = hex_or(build, config_get(node, "state"), "0F");
    instance->parameters_c9 =
        hex_or(build, config_get(node, "parameters"), "810280008201F08301F08701F0");
    for (size_t i = 0; i < config_count(list); i++) {
        describe_key(build, config_at(list, i), &key_list);
    }
    if (key_list.size > 0) domain.key_list = tern_writer_bytes(&key_list);
    build_record(build, &TERN_PE_SECURITY_DOMAIN, &domain);
}

static void describe_one_rfm(struct build *build, struct config_node node)
{
    static const char *const KEYS[] = {
        "aid", "security_domain", "tar",       "msl", "access", "admin",
        "adf", "adf_access",      "adf_admin", NULL};
    uint8_t tars[64];
    struct tern_writer tar_list = TERN_WRITER_OF(tars);
    struct config_node tar = config_get(node, "tar"), adf = config_get(node, "adf");
    if (config_only(node, KEYS) != TERN_OK) build->failed = true;
    size_t count = config_is_list(tar) ? config_count(tar) : config_present(tar) ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        struct tern_bytes value =
            description_hex(build, config_is_list(tar) ? config_at(tar, i) : tar);
        if (value.size != 3) build_fail(build, tar, "wants 3 bytes each");
        tern_der_write(&tar_list, 0x04, value);
    }
    struct tern_pe_rfm rfm = {
        .header = build_header(build),
        .instance_aid = hex_or(build, config_get(node, "aid"), "A00000055910100001"),
        .security_domain_aid = description_hex(build, config_get(node, "security_domain")),
        .minimum_security_level = hex_or(build, config_get(node, "msl"), "02"),
        .uicc_access_domain = hex_or(build, config_get(node, "access"), "00"),
        .uicc_admin_access_domain = hex_or(build, config_get(node, "admin"), "00"),
        .has_adf_access = config_present(adf),
    };
    if (tar_list.size > 0) rfm.tar_list = tern_writer_bytes(&tar_list);
    rfm.adf_access.adf_aid = description_hex(build, adf);
    rfm.adf_access.adf_access_domain = hex_or(build, config_get(node, "adf_access"), "00");
    rfm.adf_access.adf_admin_access_domain = hex_or(build, config_get(node, "adf_admin"), "00");
    build_record(build, &TERN_PE_RFM, &rfm);
}

void describe_rfm(struct build *build)
{
    struct config_node list = config_get(build->root, "rfm");
    for (size_t i = 0; i < config_count(list); i++)
        describe_one_rfm(build, config_at(list, i));
}

/*
 * Padding: what makes real profiles large. Files of an operator's own directory below the MF,
 * filled with entries of an abbreviated dialling kind that do not compress to nothing.
 */
#define PADDING_DF   0x7F7F
#define PADDING_FILE 900u

static void padding_bytes(uint8_t *out, size_t size, uint32_t *state)
{
    for (size_t i = 0; i < size; i++) {
        *state = *state * 1664525u + 1013904223u;
        out[i] = (uint8_t)(*state >> 24);
    }
}

static void padding_file(struct tern_writer *out, unsigned number, const uint8_t *content,
                         size_t size, bool split)
{
    uint8_t fid[2] = {0x4F, (uint8_t)number};
    uint8_t file_size[2] = {(uint8_t)(size >> 8), (uint8_t)size};
    static const uint8_t DESCRIPTOR[] = {0x41, 0x21}, RULE[] = {0x2F, 0x06, 0x0A};
    struct tern_fcp fcp = {.file_descriptor = TERN_BYTES_OF(DESCRIPTOR),
                           .file_id = TERN_BYTES_OF(fid),
                           .security_attributes_referenced = TERN_BYTES_OF(RULE),
                           .ef_file_size = size > 0xFF ? TERN_BYTES_OF(file_size)
                                                       : tern_bytes(file_size + 1, 1),
                           .short_efid = TERN_BYTES_TEXT("")};
    (void)tern_asn_encode_as(&TERN_FCP, out, &fcp, 0x62);
    size_t first = split ? 1 : size;
    tern_der_write(out, 0x81, tern_bytes(content, first));
    if (split) tern_der_write(out, 0x81, tern_bytes(content + 1, size - 1));
}

/* Elements with `bytes` of contents, two files in each. Their size; kept when `write` is set. */
static size_t padding_elements(struct build *build, size_t bytes, bool split, bool write)
{
    static const uint8_t DF[] = {0x78, 0x21}, FID[] = {PADDING_DF >> 8, PADDING_DF & 0xFF};
    static const uint8_t STATUS[] = {0x01, 0x0A}, RULE[] = {0x2F, 0x06, 0x0E};
    uint8_t buffer[4096], wrapped[4096], content[PADDING_FILE];
    uint32_t state = 12200;
    unsigned number = 0, identification = build->identification;
    size_t before = build->upp.size;
    const struct tern_fcp fcp = {.file_descriptor = TERN_BYTES_OF(DF),
                                 .file_id = TERN_BYTES_OF(FID),
                                 .security_attributes_referenced = TERN_BYTES_OF(RULE),
                                 .pin_status_template_do = TERN_BYTES_OF(STATUS)};
    while (bytes > 0) {
        struct tern_writer out = TERN_WRITER_OF(buffer), group = TERN_WRITER_OF(wrapped);
        if (number == 0) (void)tern_asn_encode_as(&TERN_FCP, &out, &fcp, 0x62);
        tern_der_write(&out, 0x80, TERN_BYTES_OF(FID));
        for (unsigned i = 0; i < 2 && bytes > 0; i++) {
            size_t size = bytes < PADDING_FILE ? bytes : PADDING_FILE;
            padding_bytes(content, size, &state);
            padding_file(&out, ++number, content, size, split && bytes == size && size > 1);
            bytes -= size;
        }
        tern_der_write(&group, 0x30, tern_writer_bytes(&out));
        tern_der_write(&build->body, 0xA1, tern_writer_bytes(&group));
        build_element(build, 1);
    }
    size_t size = build->upp.size - before;
    if (!write) {
        build->upp.size = before;
        build->identification = identification;
    }
    return size;
}

void describe_padding(struct build *build, size_t size)
{
    enum { END_SIZE = 9 };
    size_t rest = build->upp.size + END_SIZE;
    size_t needed = size > rest ? size - rest : 0;
    /* Headers of the files take a few per cent; where lengths jump a split content makes it fit. */
    for (size_t bytes = needed - needed / 10 - (needed > 200 ? 100 : needed / 2); bytes < needed;
         bytes++) {
        for (int split = 0; split < 2; split++) {
            if (padding_elements(build, bytes, split == 1, false) != needed) continue;
            (void)padding_elements(build, bytes, split == 1, true);
            return;
        }
    }
    if (needed != 0 || size < rest) {
        build_fail(build, config_get(build->root, "size"), "this size cannot be made");
    }
}
