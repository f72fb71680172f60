/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A description from its top: header, MF, PINs, then what else there is, then PE-End.
 * saip.md 13 has the order, 7 the access rules that the templates count on.
 */
#include <stdlib.h>
#include <string.h>

#include "app/profile/build.h"

#include "app/profile/exact.h"

#define PIN1      "A406830101950108"
#define ADM1      "A40683010A950108"
#define RULE_SIZE 33

/* EF.ARR as every template assumes it, saip.md 7. */
static const char *const RULES[] = {
    "8001019000800102" PIN1 "800158" ADM1,
    "800101" PIN1 "80015A" ADM1,
    "80015B" ADM1,
    "800101900080011A9700800140" ADM1,
    "800103" PIN1 "800158" ADM1,
    "800111" PIN1 "80014A" ADM1,
    "800103" PIN1 "800158" ADM1 "840132" PIN1,
    "800101" PIN1 "800102A406830181950108800158" ADM1,
    "800101900080011A" PIN1 "800140" ADM1,
    "800101900080015A" ADM1,
    "8001019000800118" ADM1 "8001429700",
    "800101" PIN1 "80015A9700",
    "800113" PIN1 "800148" ADM1,
    "80015E" ADM1,
};

struct tern_bytes description_hex(struct build *build, struct config_node node)
{
    uint8_t buffer[4096];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    if (!config_present(node)) return TERN_BYTES_NONE;
    if (config_hex(node, &out) != TERN_OK || tern_writer_status(&out) != TERN_OK) {
        build->failed = true;
        return TERN_BYTES_NONE;
    }
    struct tern_bytes kept = build_keep(build, tern_writer_bytes(&out));
    tern_wipe(buffer, sizeof buffer);
    return kept;
}

struct tern_bytes description_aid(struct build *build, struct config_node map, const char *fallback)
{
    uint8_t buffer[16];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    struct config_node node = config_get(map, "aid");
    if (config_present(node)) {
        struct tern_bytes aid = description_hex(build, node);
        if (aid.size < 5 || aid.size > 16) build_fail(build, node, "wants 5 to 16 bytes");
        return aid;
    }
    (void)tern_hex_decode(&out, tern_bytes_text(fallback));
    return build_keep(build, tern_writer_bytes(&out));
}

bool only_digits(const char *text, size_t least, size_t most)
{
    size_t size = strlen(text);
    return size >= least && size <= most && strspn(text, "0123456789") == size;
}

const char *description_imsi(struct build *build)
{
    struct config_node node = config_get(config_get(build->root, "usim"), "imsi");
    const char *imsi = config_text(node);
    if (imsi != NULL && only_digits(imsi, 6, 15)) return imsi;
    build_fail(build, node, "wants an IMSI of 6 to 15 digits");
    return NULL;
}

unsigned description_mnc_length(struct build *build)
{
    uint64_t length = 2;
    struct config_node node = config_get(config_get(build->root, "usim"), "mnc_length");
    if (config_uint(node, 2, 3, &length) != TERN_OK) build->failed = true;
    return (unsigned)length;
}

static bool description_iccid(struct build *build, uint8_t iccid[10])
{
    struct config_node node = config_get(build->root, "iccid");
    const char *text = config_text(node);
    if (text != NULL && tern_iccid_from_text(iccid, tern_bytes_text(text)) == TERN_OK) return true;
    build_fail(build, node, "wants an ICCID of 18 to 20 digits");
    return false;
}

/* Header bits: what the description uses, and what `services:` adds. */
static uint32_t description_services(struct build *build)
{
    uint32_t services = build->services;
    struct config_node list = config_get(build->root, "services");
    for (size_t i = 0; i < config_count(list); i++) {
        const char *wanted = config_text(config_at(list, i));
        const struct tern_asn_name *name = TERN_SAIP_SERVICE_NAMES;
        while (name->text != NULL && wanted != NULL && strcmp(name->text, wanted) != 0)
            name++;
        if (name->text == NULL || wanted == NULL) {
            build_fail(build, config_at(list, i), "no service of eUICC-Mandatory-services");
        } else {
            services |= (uint32_t)1 << name->value;
        }
    }
    return services;
}

static void read_version(struct build *build, struct tern_profile_header *header)
{
    char *dot = NULL, *end = NULL;
    struct config_node node = config_get(build->root, "version");
    const char *text = config_text(node);
    header->major_version = 2;
    header->minor_version = 3;
    if (text == NULL) return;
    unsigned long major = strtoul(text, &dot, 10);
    unsigned long minor = *dot == '.' ? strtoul(dot + 1, &end, 10) : 256;
    if (major > 255 || minor > 255 || *end != '\0') {
        build_fail(build, node, "wants MAJOR.MINOR");
        return;
    }
    header->major_version = (int64_t)major;
    header->minor_version = (int64_t)minor;
    build->modern = major > 3 || (major == 3 && minor >= 1);
}

/* The header goes in front of what is already in the package. */
static void prepend_header(struct build *build)
{
    struct tern_profile_header header = {0};
    uint8_t iccid[10], plain[10], services[80], oids[160];
    struct tern_writer service_list = TERN_WRITER_OF(services), oid_list = TERN_WRITER_OF(oids);
    uint8_t list[80];
    struct tern_writer inner = TERN_WRITER_OF(list);
    if (!description_iccid(build, iccid)) return;
    for (size_t i = 0; i < 10; i++)
        plain[i] = (uint8_t)(iccid[i] << 4 | iccid[i] >> 4);
    uint32_t bits = description_services(build);
    for (unsigned i = 0; i < 30; i++) {
        if ((bits >> i & 1) != 0) tern_der_write(&inner, 0x80 + i, TERN_BYTES_TEXT(""));
    }
    tern_der_write(&service_list, 0xA5, tern_writer_bytes(&inner));
    for (size_t i = 0; i < build->template_count; i++) {
        tern_der_write(&oid_list, 0x06,
                       tern_bytes(build->templates[i] + 1, build->templates[i][0]));
    }
    read_version(build, &header);
    const char *type = config_text(config_get(build->root, "type"));
    if (type != NULL) header.profile_type = tern_bytes_text(type);
    header.iccid = TERN_BYTES_OF(plain);
    header.services = tern_writer_bytes(&service_list);
    header.gfste = tern_writer_bytes(&oid_list);
    header.connectivity_parameters =
        description_hex(build, config_get(build->root, "connectivity"));
    if (build->iot_aid.size > 5) {
        header.has_iot_options = true;
        header.iot_options.pix = tern_bytes_slice(build->iot_aid, 5, build->iot_aid.size);
        header.major_version = 3;
        header.minor_version = 3;
    }
    size_t before = build->upp.size;
    build_record(build, &TERN_PROFILE_HEADER, &header);
    size_t size = build->upp.size - before;
    uint8_t front[2048];
    if (build->failed) return;
    if (size > sizeof front) {
        build_fail(build, build->root, "the header is too large");
        return;
    }
    memcpy(front, build->upp.data + before, size);
    memmove(build->upp.data + size, build->upp.data, before);
    memcpy(build->upp.data, front, size);
}

/* `arr:` of the description, or the rules of the templates. */
static void describe_rules(struct build *build, struct file_set *set)
{
    static uint8_t content[256 * 254];
    struct config_node list = config_get(config_get(build->root, "mf"), "arr");
    size_t count = config_present(list) ? config_count(list) : TERN_COUNT_OF(RULES);
    size_t record_size = RULE_SIZE;
    uint8_t rule[256];
    if (count > 254) count = 254;
    for (size_t i = 0; config_present(list) && i < count; i++) {
        struct tern_writer out = TERN_WRITER_OF(rule);
        if (config_hex(config_at(list, i), &out) != TERN_OK) build->failed = true;
        if (i == 0 || out.size > record_size) record_size = out.size;
    }
    if (record_size > 255) record_size = 255;
    memset(content, 0xFF, count * record_size);
    size_t last = 0;
    for (size_t i = 0; i < count; i++) {
        struct tern_writer out = tern_writer(content + i * record_size, record_size);
        if (config_present(list)) {
            (void)config_hex(config_at(list, i), &out);
        } else {
            (void)tern_hex_decode(&out, tern_bytes_text(RULES[i]));
        }
        last = out.size;
    }
    struct file_entry *entry = file_set_entry(set, "ef-arr");
    entry_records(entry, 0x42, (unsigned)record_size, (uint32_t)(count * record_size));
    entry->content = tern_bytes(content, (count - 1) * record_size + last);
    entry->sparse = true;
}

static size_t directory_record(uint8_t record[64], struct tern_bytes aid, const char *label)
{
    struct tern_writer out = tern_writer(record, 64);
    size_t label_size = label == NULL ? 0 : strlen(label);
    if (label_size > 32) label_size = 32;
    size_t inner = 2 + aid.size + (label_size == 0 ? 0 : 2 + label_size);
    tern_der_write_header(&out, 0x61, inner);
    tern_der_write(&out, 0x4F, aid);
    if (label_size > 0) tern_der_write(&out, 0x50, tern_bytes((const uint8_t *)label, label_size));
    return out.size;
}

/* EF.DIR: a record an application. */
static void describe_directory(struct build *build, struct file_set *set)
{
    static uint8_t content[3 * 64];
    uint8_t records[2][64];
    size_t sizes[2] = {0}, count = 0, record_size = 0;
    struct config_node usim = config_get(build->root, "usim");
    struct config_node isim = config_get(build->root, "isim");
    if (config_present(usim)) {
        sizes[count] = directory_record(
            records[count], description_aid(build, usim, "A0000000871002FFFFFFFF8907090000"),
            config_text(config_get(usim, "label")));
        count++;
    }
    if (config_present(isim)) {
        sizes[count] = directory_record(
            records[count], description_aid(build, isim, "A0000000871004FFFFFFFF8907090000"),
            config_text(config_get(isim, "label")));
        count++;
    }
    for (size_t i = 0; i < count; i++)
        record_size = sizes[i] > record_size ? sizes[i] : record_size;
    memset(content, 0xFF, sizeof content);
    for (size_t i = 0; i < count; i++)
        memcpy(content + i * record_size, records[i], sizes[i]);
    if (count == 0) return;
    struct file_entry *entry = file_set_entry(set, "ef-dir");
    entry_records(entry, 0x42, (unsigned)record_size, (uint32_t)(count * record_size));
    entry->content = tern_bytes(content, count * record_size);
}

static void describe_mf(struct build *build)
{
    static const char *const KEYS[] = {"arr", "files", NULL};
    uint8_t iccid[10];
    struct config_node mf = config_get(build->root, "mf");
    struct file_set *set = file_set_new(build, "mf", 1);
    if (config_only(mf, KEYS) != TERN_OK || !description_iccid(build, iccid)) build->failed = true;
    struct file_entry *root = file_set_entry(set, "mf");
    static const uint8_t STATUS[] = {0x01, 0x0A};
    entry_bytes(root, &root->fcp.pin_status_template_do, TERN_BYTES_OF(STATUS));
    file_set_content(set, "ef-iccid", build_keep(build, TERN_BYTES_OF(iccid)));
    describe_directory(build, set);
    describe_rules(build, set);
    file_set_describe(build, set, config_get(mf, "files"));
    build_template(build, set);
}

static void describe_end(struct build *build)
{
    struct tern_pe_end end = {.header = build_header(build)};
    build_record(build, &TERN_PE_END, &end);
}

/* SAIP 3.3's minimal profile for things: PE-IoT in place of PE-MF and PE-USIM. saip.md 6.15 */
static void describe_iot(struct build *build)
{
    struct config_node usim = config_get(build->root, "usim");
    struct file_set *set = file_set_new(build, "iot", 1);
    build->iot_aid = description_aid(build, usim, "A0000000871002FFFFFFFF8907090000");
    describe_subscription(build, set, usim);
    file_set_describe(build, set, config_get(usim, "files"));
    build_template(build, set);
    build->services |= 1u << 1;
}

static void describe_all(struct build *build, size_t size)
{
    bool iot = false;
    if (config_bool(config_get(build->root, "iot"), &iot) != TERN_OK) build->failed = true;
    struct tern_profile_header versions;
    read_version(build, &versions);
    struct config_node pins = config_get(build->root, "pins");
    if (iot) {
        describe_iot(build);
    } else {
        describe_mf(build);
    }
    describe_puks(build, pins);
    describe_pins(build, pins, false);
    describe_telecom(build);
    if (config_present(config_get(build->root, "usim"))) {
        if (!iot) describe_usim(build);
        describe_pins(build, pins, true);
        describe_aka(build, config_get(build->root, "aka"), (struct config_node){0});
        describe_gsm_access(build);
        describe_5gs(build);
    }
    if (config_present(config_get(build->root, "isim"))) {
        describe_isim(build);
        describe_aka(build, config_get(config_get(build->root, "isim"), "aka"),
                     config_get(build->root, "aka"));
    }
    describe_gfm(build);
    describe_security_domain(build);
    describe_rfm(build);
    prepend_header(build);
    if (size != 0 && !build->failed) describe_padding(build, size);
    describe_end(build);
}

/* `elements:`, the exact form: nothing is added. */
static int build_elements(struct build *build, struct config_node list)
{
    static const char *const KEYS[] = {"elements", "iccid", "metadata", NULL};
    if (config_only(build->root, KEYS) != TERN_OK) return TERN_ERR_MALFORMED;
    for (size_t i = 0; i < config_count(list); i++) {
        if (!exact_read(config_at(list, i), &build->upp)) return TERN_ERR_MALFORMED;
    }
    build->identification = config_count(list) == 0 ? 0 : (unsigned)config_count(list) - 1;
    return tern_writer_status(&build->upp);
}

int build_description(struct build *build, size_t size)
{
    static const char *const KEYS[] = {
        "version", "type",     "iccid",      "services", "connectivity",
        "mf",      "pins",     "usim",       "aka",      "isim",
        "telecom", "df_5gs",   "gsm_access", "files",    "security_domain",
        "rfm",     "metadata", "size",       "elements", "iot",
        NULL};
    uint64_t described = 0;
    struct config_node elements = config_get(build->root, "elements");
    if (config_present(elements)) return build_elements(build, elements);
    if (config_only(build->root, KEYS) != TERN_OK ||
        config_uint(config_get(build->root, "size"), 0, PROFILE_SIZE_MAX, &described) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    describe_all(build, size != 0 ? size : (size_t)described);
    if (!build->failed && config_error(build->root.config)[0] != '\0') build->failed = true;
    return build->failed ? TERN_ERR_MALFORMED : TERN_OK;
}
