/* SPDX-License-Identifier: Apache-2.0 */
/* `tern profile lint`: what is wrong, what costs how many bytes, what could go. */
#include "app/profile/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "app/profile/build.h"
#include "app/profile/profile.h"
#include "host/config/options.h"

#define IMAGE_SIZE   (4u << 20)
#define ELEMENT_SIZE (1u << 20)

struct options {
    const char *trim;
    bool json;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct options, trim, "trim", "UPP",
                "write the package without CDMA, 2G and bytes that say nothing"),
    OPTION_FLAG(struct options, json, "json", "print JSON"),
};
static const struct option_table TABLE = OPTION_TABLE(
    "tern profile lint PACKAGE [--trim UPP] [--json]",
    "Says what is wrong or wasteful in a package. Exit 0 fine or only wasteful, 1 wrong.", ROWS);

void finding_add(struct findings *findings, enum finding_kind kind, const char *element,
                 size_t bytes, const char *format, ...)
{
    va_list arguments;
    if (findings->count == FINDING_COUNT_MAX) return;
    struct finding *row = &findings->rows[findings->count++];
    row->kind = kind;
    row->bytes = bytes;
    snprintf(row->element, sizeof row->element, "%s", element);
    va_start(arguments, format);
    vsnprintf(row->text, sizeof row->text, format, arguments);
    va_end(arguments);
}

void install_package(struct installed *installed, struct tern_bytes upp)
{
    uint8_t answer[330], *element = malloc(ELEMENT_SIZE);
    struct tern_writer response = TERN_WRITER_OF(answer);
    *installed = (struct installed){.data = calloc(1, IMAGE_SIZE)};
    if (element == NULL || installed->data == NULL) abort();
    installed->memory = (struct tern_image_memory){.data = installed->data, .size = IMAGE_SIZE};
    installed->image = tern_image_in_memory(&installed->memory);
    struct tern_profile_install_options options = {.image = installed->image,
                                                   .buffer = element,
                                                   .buffer_size = ELEMENT_SIZE,
                                                   .extra_capability = 1u << 23 | 1u << 24};
    if (tern_profile_install_begin(&installed->install, &options) == TERN_OK) {
        (void)tern_profile_install_feed(&installed->install, upp);
        installed->ok = tern_profile_install_finish(&installed->install, &response) == TERN_OK;
    }
    free(element);
}

void install_free(struct installed *installed)
{
    tern_wipe(installed->data, IMAGE_SIZE);
    free(installed->data);
}

bool is_ballast(unsigned number)
{
    enum { CDMA = 5, GSM_ACCESS = 24, CSIM = 25, OPT_CSIM = 26 };
    return number == CDMA || number == GSM_ACCESS || number == CSIM || number == OPT_CSIM;
}

/* Header: what it promises and what there is. */
struct survey {
    uint32_t services;
    uint64_t elements; /* by number */
    uint8_t oids[32][8];
    size_t oid_count;
    uint8_t iccid[10];
    bool test_key;
};

static bool oid_listed(const struct survey *survey, struct tern_bytes oid)
{
    for (size_t i = 0; i < survey->oid_count; i++) {
        if (tern_bytes_equal(tern_bytes(survey->oids[i] + 1, survey->oids[i][0]), oid)) return true;
    }
    return false;
}

static void read_header(struct survey *survey, struct tern_bytes raw)
{
    struct tern_profile_header header;
    struct tern_tlv oid;
    if (tern_asn_decode(&TERN_PROFILE_HEADER, &header, NULL, raw) != TERN_OK) return;
    (void)tern_saip_services(header.services, &survey->services);
    memcpy(survey->iccid, header.iccid.data, 10);
    while (tern_der_next(&header.gfste, &oid, TERN_DER_STRICT) == 1 && survey->oid_count < 32) {
        if (oid.value.size > 7) continue;
        uint8_t *to = survey->oids[survey->oid_count++];
        to[0] = (uint8_t)oid.value.size;
        memcpy(to + 1, oid.value.data, oid.value.size);
    }
}

static void check_template(const struct survey *survey, struct findings *findings, unsigned number,
                           struct tern_bytes value)
{
    struct tern_tlv field;
    (void)tern_der_next(&value, &field, TERN_DER_STRICT);
    if (tern_der_next(&value, &field, TERN_DER_STRICT) != 1 || field.tag != 0x81) return;
    if (!oid_listed(survey, field.value)) {
        finding_add(findings, FINDING_WARNING, element_name(number), 0,
                    "its template is not in eUICC-Mandatory-GFSTEList (saip.md 13, 10)");
    }
}

static void check_aka(struct survey *survey, struct findings *findings, struct tern_bytes raw)
{
    struct tern_pe_aka aka;
    int status = tern_asn_decode_as(&TERN_PE_AKA, &aka, NULL, raw, 0, TERN_MERCY_DEFAULT);
    if (status != TERN_OK || aka.configuration.arm != TERN_ALGO_CONFIGURATION_IS_ALGO) return;
    struct tern_bytes key = aka.configuration.algo.key;
    bool counting = true, same = true;
    for (size_t i = 0; i < key.size; i++) {
        counting = counting && key.data[i] == i;
        same = same && key.data[i] == key.data[0];
    }
    if ((counting || same) && !survey->test_key) {
        survey->test_key = true;
        finding_add(findings, FINDING_WARNING, "akaParameter", 0,
                    "the key is a test key that everybody knows");
    }
}

/* The last of 20 digits (or of 19) is a Luhn digit. ITU-T E.118 */
static bool luhn(const uint8_t iccid[10])
{
    unsigned digits[20], count = 0, sum = 0;
    for (size_t i = 0; i < 20; i++) {
        unsigned digit = i % 2 == 0 ? iccid[i / 2] >> 4 : iccid[i / 2] & 0x0Fu;
        if (digit > 9) break;
        digits[count++] = digit;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned digit = digits[count - 1 - i];
        if (i % 2 == 1) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
        sum += digit;
    }
    return count >= 18 && sum % 10 == 0;
}

static void check_services(const struct survey *survey, struct findings *findings)
{
    enum { USIM = 19, ISIM = 21, CSIM = 25, SECURITY_DOMAIN = 6, AKA = 4 };
    static const struct {
        unsigned service;
        unsigned number;
    } PAIRS[] = {
        {1, USIM},
        {2, ISIM},
        {3, CSIM}
    };
    for (size_t i = 0; i < TERN_COUNT_OF(PAIRS); i++) {
        bool promised = (survey->services >> PAIRS[i].service & 1) != 0;
        bool there = (survey->elements >> PAIRS[i].number & 1) != 0;
        if (there && !promised) {
            finding_add(findings, FINDING_WARNING, element_name(PAIRS[i].number), 0,
                        "the header does not name the service");
        }
    }
    if ((survey->services >> 11 & 1) != 0 && (survey->elements >> 8 & 1) == 0) {
        finding_add(findings, FINDING_WARNING, "header", 2,
                    "mandates javacard, but no application needs it");
    }
    if ((survey->elements >> AKA & 1) == 0) {
        finding_add(findings, FINDING_WARNING, "", 0, "no akaParameter: it attaches nowhere");
    }
    if ((survey->elements >> SECURITY_DOMAIN & 1) == 0) {
        finding_add(findings, FINDING_WARNING, "", 0,
                    "no security domain: some eUICCs want an MNO-SD in an operational profile");
    }
    if (!luhn(survey->iccid)) {
        finding_add(findings, FINDING_WARNING, "header", 0,
                    "the ICCID has no Luhn digit at its end (E.118)");
    }
}

/* EF.ARR of a file, as the card looks for it. */
static bool rule_exists(const struct installed *installed, const struct image_node *file)
{
    struct image_node node, place;
    uint32_t end = (uint32_t)installed->install.image_size;
    uint16_t fid = file->arr_fid;
    uint32_t directory = file->kind == IMAGE_MF ? file->offset : file->parent;
    for (unsigned depth = 0; directory != 0 && depth < 8; depth++) {
        node = (struct image_node){0};
        while (image_next(&installed->image, &node, end) == 1) {
            if (node.kind != IMAGE_EF || node.parent != directory || node.fid != fid) continue;
            if (node.link != 0 && image_node_read(&installed->image, &node, node.link) != TERN_OK) {
                return false;
            }
            return file->arr_record <= node.record_count;
        }
        if (image_node_read(&installed->image, &place, directory) != TERN_OK) return false;
        if (place.kind == IMAGE_MF && fid == 0x6F06) {
            fid = 0x2F06; /* the MF's own rules, as the card has it */
            continue;
        }
        directory = place.parent;
    }
    return false;
}

static bool pin_exists(const struct installed *installed, uint32_t directory, uint8_t reference)
{
    struct image_node node, place;
    for (unsigned depth = 0; directory != 0 && depth < 8; depth++) {
        node = (struct image_node){0};
        while (image_next(&installed->image, &node, (uint32_t)installed->install.image_size) == 1) {
            if (node.kind == IMAGE_PIN && node.parent == directory &&
                node.descriptor == reference) {
                return true;
            }
            if (node.kind == IMAGE_PIN_SHARE && node.parent == directory) return true;
        }
        if (image_node_read(&installed->image, &place, directory) != TERN_OK) return false;
        directory = place.parent;
    }
    return false;
}

static void check_files(const struct installed *installed, struct findings *findings)
{
    struct image_node node = {0};
    while (image_next(&installed->image, &node, (uint32_t)installed->install.image_size) == 1) {
        if (node.kind > IMAGE_EF) continue;
        if (node.arr_record != 0 && !rule_exists(installed, &node)) {
            finding_add(findings, FINDING_ERROR, "files", 0,
                        "%04X names record %u of EF.ARR %04X, which is not there", node.fid,
                        node.arr_record, node.arr_fid);
        }
        if (node.kind == IMAGE_EF || node.link != 0) continue;
        for (uint32_t at = node.used; at < node.size; at++) {
            uint8_t reference = 0;
            (void)image_read(&installed->image, &node, at, &reference, 1);
            if (pin_exists(installed, node.offset, reference)) continue;
            finding_add(findings, FINDING_WARNING, "files", 1,
                        "%04X shows the status of key %02X, which is not defined", node.fid,
                        reference);
        }
    }
}

static void survey_elements(struct survey *survey, struct findings *findings, struct tern_bytes upp)
{
    struct tern_tlv element;
    while (tern_der_next(&upp, &element, TERN_DER_STRICT) == 1) {
        int number = element_number(element.tag);
        if (number < 0 || number > 62) continue;
        survey->elements |= (uint64_t)1 << number;
        if (number == 0) read_header(survey, element.raw);
        if (number == 4) check_aka(survey, findings, element.raw);
        if (template_find((unsigned)number) != NULL) {
            check_template(survey, findings, (unsigned)number, element.value);
        }
        if (!is_ballast((unsigned)number)) continue;
        finding_add(findings, FINDING_WASTE, element_name((unsigned)number), element.raw.size,
                    "%s ballast: no network of today needs it", number == 24 ? "2G" : "CDMA");
    }
}

static const char *kind_name(enum finding_kind kind)
{
    return kind == FINDING_ERROR ? "error" : kind == FINDING_WARNING ? "warning" : "waste";
}

static void print_json(struct tern_bytes upp, const struct findings *findings, size_t trimmed)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *elements = cJSON_AddArrayToObject(object, "elements");
    cJSON *rows = cJSON_AddArrayToObject(object, "findings");
    struct tern_tlv element;
    cJSON_AddNumberToObject(object, "bytes", (double)upp.size);
    if (trimmed != 0) cJSON_AddNumberToObject(object, "trimmed_bytes", (double)trimmed);
    while (tern_der_next(&upp, &element, TERN_DER_STRICT) == 1) {
        int number = element_number(element.tag);
        const char *name = number < 0 ? NULL : element_name((unsigned)number);
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "element", name == NULL ? "unknown" : name);
        cJSON_AddNumberToObject(row, "bytes", (double)element.raw.size);
        cJSON_AddItemToArray(elements, row);
    }
    for (size_t i = 0; i < findings->count; i++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "kind", kind_name(findings->rows[i].kind));
        cJSON_AddStringToObject(row, "element", findings->rows[i].element);
        cJSON_AddStringToObject(row, "text", findings->rows[i].text);
        cJSON_AddNumberToObject(row, "bytes", (double)findings->rows[i].bytes);
        cJSON_AddItemToArray(rows, row);
    }
    char *text = cJSON_PrintUnformatted(object);
    puts(text == NULL ? "{}" : text);
    free(text);
    cJSON_Delete(object);
}

static void print_words(struct tern_bytes upp, const struct findings *findings, size_t trimmed)
{
    struct tern_bytes rest = upp;
    struct tern_tlv element;
    printf("%-24s %8s %6s\n", "element", "bytes", "share");
    while (tern_der_next(&rest, &element, TERN_DER_STRICT) == 1) {
        int number = element_number(element.tag);
        const char *name = number < 0 ? NULL : element_name((unsigned)number);
        printf("%-24s %8zu %5.1f%%\n", name == NULL ? "unknown" : name, element.raw.size,
               100.0 * (double)element.raw.size / (double)upp.size);
    }
    printf("%-24s %8zu\n\n", "all", upp.size);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *row = &findings->rows[i];
        printf("%s: %s%s%s", kind_name(row->kind), row->element, row->element[0] == 0 ? "" : ": ",
               row->text);
        if (row->bytes > 0 && row->kind == FINDING_WASTE) printf(" (%zu bytes)", row->bytes);
        putchar('\n');
    }
    if (trimmed != 0) printf("trimmed: %zu bytes, %zu less\n", trimmed, upp.size - trimmed);
}

static int lint(struct tern_bytes upp, const struct options *options)
{
    static struct findings findings;
    struct survey survey = {0};
    struct installed installed;
    const char *why = NULL;
    uint8_t *room = malloc(upp.size + 4096);
    struct tern_writer out = tern_writer(room, upp.size + 4096);
    if (room == NULL) abort();
    install_package(&installed, upp);
    if (!installed.ok) {
        const struct tern_pe_report *failure = &installed.install.failure;
        finding_add(&findings, FINDING_ERROR, "", 0, "a card refuses it: %s at element %d",
                    tern_pe_status_name(failure->status),
                    failure->has_identification ? failure->identification : 0);
    }
    survey_elements(&survey, &findings, upp);
    check_services(&survey, &findings);
    if (installed.ok) check_files(&installed, &findings);
    bool trimmed = installed.ok && trim_package(upp, &out, &why) && out.size < upp.size;
    if (trimmed) {
        finding_add(&findings, FINDING_WASTE, "", upp.size - out.size,
                    "--trim saves %zu of %zu bytes: ballast, values that a template has anyway, "
                    "runs of FF",
                    upp.size - out.size, upp.size);
    }
    int status = 0;
    for (size_t i = 0; i < findings.count; i++) {
        if (findings.rows[i].kind == FINDING_ERROR) status = 1;
    }
    if (options->trim != NULL && status == 0) {
        if (why != NULL) fprintf(stderr, "tern: not trimmed: %s\n", why);
        struct tern_bytes result = trimmed ? tern_writer_bytes(&out) : upp;
        if (why != NULL || profile_write(options->trim, result) != TERN_OK) status = 2;
    }
    if (options->json)
        print_json(upp, &findings, trimmed ? out.size : 0);
    else
        print_words(upp, &findings, trimmed ? out.size : 0);
    install_free(&installed);
    tern_wipe(room, upp.size + 4096);
    free(room);
    return status;
}

int profile_lint(int argc, char **argv)
{
    struct options options = {0};
    uint8_t *upp;
    size_t size;
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    if (argc != 2) {
        fprintf(stderr, "tern: which package? usage: %s\n", TABLE.usage);
        return 2;
    }
    if (package_load(argv[1], &upp, &size) != TERN_OK) return 2;
    status = lint(tern_bytes(upp, size), &options);
    tern_wipe(upp, size);
    free(upp);
    return status;
}
