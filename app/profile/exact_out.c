/* SPDX-License-Identifier: Apache-2.0 */
/* Elements to YAML, by the same tables that decode them. See exact.h. */
#include "app/profile/exact.h"

#include <stdlib.h>
#include <string.h>

#include "tern/der.h"

static bool put_record(FILE *out, const struct tern_asn_record *record, struct tern_bytes value);

const struct tern_asn_record *exact_record(unsigned number)
{
    static const struct tern_asn_record *const RECORDS[] = {
        &TERN_PROFILE_HEADER,     &TERN_PE_GFM, &TERN_PE_PIN_CODES,
        &TERN_PE_PUK_CODES,       &TERN_PE_AKA, &TERN_PE_CDMA,
        &TERN_PE_SECURITY_DOMAIN, &TERN_PE_RFM, &TERN_PE_APPLICATION,
        &TERN_PE_NON_STANDARD,    &TERN_PE_END};
    return number < TERN_COUNT_OF(RECORDS) ? RECORDS[number] : NULL;
}

static void put_hex(FILE *out, struct tern_bytes bytes)
{
    fputc('"', out);
    for (size_t i = 0; i < bytes.size; i++)
        fprintf(out, "%02X", bytes.data[i]);
    fputc('"', out);
}

static void put_text(FILE *out, struct tern_bytes text)
{
    fputc('"', out);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\') fputc('\\', out);
        if (text.data[i] < 0x20)
            fprintf(out, "\\x%02X", text.data[i]);
        else
            fputc(text.data[i], out);
    }
    fputc('"', out);
}

static bool put_oid(FILE *out, struct tern_bytes content)
{
    char text[128];
    struct tern_writer writer = TERN_WRITER_OF(text);
    if (tern_asn_oid_to_text(&writer, content) != TERN_OK) return false;
    fprintf(out, "%.*s", (int)writer.size, text);
    return true;
}

static bool put_services(FILE *out, struct tern_bytes value)
{
    struct tern_tlv service;
    const char *comma = "";
    fputc('[', out);
    while (value.size > 0) {
        if (tern_der_next(&value, &service, TERN_DER_STRICT) != 1) return false;
        const char *name = tern_asn_name(TERN_SAIP_SERVICE_NAMES, (int64_t)service.tag - 0x80);
        if (name == NULL || service.value.size != 0) return false;
        fprintf(out, "%s%s", comma, name);
        comma = ", ";
    }
    fputc(']', out);
    return true;
}

static bool put_value(FILE *out, const struct tern_asn_field *field, const struct tern_tlv *tlv);

static bool put_list(FILE *out, const struct tern_asn_record *record, struct tern_bytes value)
{
    struct tern_tlv item;
    const char *comma = "";
    fputc('[', out);
    while (value.size > 0) {
        if (tern_der_next(&value, &item, TERN_DER_STRICT) != 1 || item.tag != record->tag)
            return false;
        fputs(comma, out);
        bool ok = record->form == TERN_ASN_FORM_VALUE ? put_value(out, &record->fields[0], &item)
                                                      : put_record(out, record, item.value);
        if (!ok) return false;
        comma = ", ";
    }
    fputc(']', out);
    return true;
}

static bool put_choice(FILE *out, const struct tern_asn_record *record, struct tern_bytes value)
{
    struct tern_tlv arm;
    if (tern_der_single(value, &arm, TERN_DER_STRICT) != TERN_OK) return false;
    for (size_t i = 0; i < record->field_count; i++) {
        if (record->fields[i].tag != arm.tag) continue;
        fprintf(out, "{%s: ", record->fields[i].name);
        if (!put_value(out, &record->fields[i], &arm)) return false;
        fputc('}', out);
        return true;
    }
    return false;
}

static bool put_value(FILE *out, const struct tern_asn_field *field, const struct tern_tlv *tlv)
{
    int64_t number;
    switch (field->kind) {
    case TERN_ASN_INT:
    case TERN_ASN_UINT:
        if (tern_der_int(tlv->value, &number) != TERN_OK) return false;
        fprintf(out, "%lld", (long long)number);
        return true;
    case TERN_ASN_PRESENT:
        fputs("true", out);
        return tlv->value.size == 0;
    case TERN_ASN_TEXT:
        put_text(out, tlv->value);
        return true;
    case TERN_ASN_OID:
        return put_oid(out, tlv->value);
    case TERN_ASN_BYTES:
        put_hex(out, tlv->value);
        return true;
    case TERN_ASN_LIST:
        return put_list(out, field->of.record, tlv->value);
    case TERN_ASN_RECORD:
        return put_record(out, field->of.record, tlv->value);
    case TERN_ASN_CHOICE:
        return put_choice(out, field->of.record, tlv->value);
    case TERN_ASN_TLV:
        if (strcmp(field->name, "eUICC-Mandatory-services") == 0) {
            return put_services(out, tlv->value);
        }
        put_hex(out, tlv->raw);
        return true;
    default:
        return false;
    }
}

/* The row of a table that an element belongs to, from `from` on. */
static size_t row_of(const struct tern_asn_record *record, tern_tag tag, size_t from)
{
    while (from < record->field_count && record->fields[from].tag != tag)
        from++;
    return from;
}

static bool put_record(FILE *out, const struct tern_asn_record *record, struct tern_bytes value)
{
    struct tern_tlv item;
    const char *comma = "";
    size_t row = 0;
    fputc('{', out);
    while (value.size > 0) {
        if (tern_der_next(&value, &item, TERN_DER_STRICT) != 1) return false;
        row = row_of(record, item.tag, row);
        if (row == record->field_count) return false;
        fprintf(out, "%s%s: ", comma, record->fields[row].name);
        if (!put_value(out, &record->fields[row], &item)) return false;
        comma = ", ";
        row++;
    }
    fputc('}', out);
    return true;
}

/* A command of GenericFileManagement or a part of a File: its name and value. */
static bool put_part(FILE *out, const struct tern_tlv *part, bool gfm)
{
    int64_t number;
    if (!gfm && part->tag == 0x80) {
        fputs("{doNotCreate: true}", out);
        return part->value.size == 0;
    }
    if (part->tag == (gfm ? 0x62u : 0xA1u)) {
        fprintf(out, "{%s: ", gfm ? "createFCP" : "fileDescriptor");
        if (!put_record(out, &TERN_FCP, part->value)) return false;
        fputc('}', out);
        return true;
    }
    if (part->tag == (gfm ? 0x02u : 0x82u)) {
        if (tern_der_int(part->value, &number) != TERN_OK) return false;
        fprintf(out, "{fillFileOffset: %lld}", (long long)number);
        return true;
    }
    if (part->tag != (gfm ? 0x81u : 0x83u) && !(gfm && part->tag == 0x80)) return false;
    fputs(part->tag == 0x80 ? "{filePath: " : "{fillFileContent: ", out);
    put_hex(out, part->value);
    fputc('}', out);
    return true;
}

static bool put_parts(FILE *out, struct tern_bytes value, bool gfm, const char *indent)
{
    struct tern_tlv part;
    if (value.size == 0) fputs(" []", out);
    fputc('\n', out);
    while (value.size > 0) {
        if (tern_der_next(&value, &part, TERN_DER_STRICT) != 1) return false;
        fprintf(out, "%s- ", indent);
        if (!put_part(out, &part, gfm)) return false;
        fputc('\n', out);
    }
    return true;
}

static bool write_gfm(FILE *out, struct tern_bytes value)
{
    struct tern_tlv header, commands, group;
    if (tern_der_next(&value, &header, TERN_DER_STRICT) != 1 || header.tag != 0xA0) return false;
    if (tern_der_single(value, &commands, TERN_DER_STRICT) != TERN_OK) return false;
    if (commands.tag != 0xA1) return false;
    fputs("      gfm-header: ", out);
    if (!put_record(out, &TERN_PE_HEADER, header.value)) return false;
    fputs("\n      fileManagementCMD:\n", out);
    while (commands.value.size > 0) {
        if (tern_der_next(&commands.value, &group, TERN_DER_STRICT) != 1) return false;
        if (group.tag != 0x30) return false;
        fputs("        -", out);
        if (!put_parts(out, group.value, true, "          ")) return false;
    }
    return true;
}

static bool write_template(FILE *out, const struct template_table *table, struct tern_bytes value)
{
    struct tern_tlv field;
    if (tern_der_next(&value, &field, TERN_DER_STRICT) != 1 || field.tag != 0xA0) return false;
    fputs("      header: ", out);
    if (!put_record(out, &TERN_PE_HEADER, field.value)) return false;
    if (tern_der_next(&value, &field, TERN_DER_STRICT) != 1 || field.tag != 0x81) return false;
    fputs("\n      templateID: ", out);
    if (!put_oid(out, field.value)) return false;
    fputc('\n', out);
    while (value.size > 0) {
        if (tern_der_next(&value, &field, TERN_DER_STRICT) != 1) return false;
        size_t index = field.tag >= 0xBF00 ? field.tag - 0xBF00 : field.tag - 0xA0;
        if (field.tag < 0xA2 || index - 2 >= table->count) return false;
        fprintf(out, "      %s:", table->files[index - 2].name);
        if (!put_parts(out, field.value, false, "        ")) return false;
    }
    return true;
}

static bool write_record(FILE *out, const struct tern_asn_record *record, struct tern_bytes value)
{
    struct tern_tlv item;
    size_t row = 0;
    while (value.size > 0) {
        if (tern_der_next(&value, &item, TERN_DER_STRICT) != 1) return false;
        row = row_of(record, item.tag, row);
        if (row == record->field_count) return false;
        fprintf(out, "      %s: ", record->fields[row].name);
        if (!put_value(out, &record->fields[row], &item)) return false;
        fputc('\n', out);
        row++;
    }
    return true;
}

static bool write_element(FILE *out, const struct tern_tlv *element)
{
    int number = element_number(element->tag);
    if (number < 0 || element_name((unsigned)number) == NULL) return false;
    const struct template_table *table = template_find((unsigned)number);
    const struct tern_asn_record *record = exact_record((unsigned)number);
    fprintf(out, "  - %s:\n", element_name((unsigned)number));
    if (number == 1) return write_gfm(out, element->value);
    if (table != NULL) return write_template(out, table, element->value);
    return record != NULL && write_record(out, record, element->value);
}

/* Does this text make the same bytes again? */
static bool reads_back(const char *text, size_t size, struct tern_bytes raw)
{
    char error[256];
    struct config *config;
    bool same = false;
    uint8_t *bytes = malloc(raw.size + 64);
    struct tern_writer out = tern_writer(bytes, raw.size + 64);
    if (bytes == NULL) abort();
    if (config_parse(&config, "element", tern_bytes((const uint8_t *)text, size), error,
                     sizeof error) == TERN_OK) {
        same = exact_read(config_at(config_root(config), 0), &out) &&
               tern_bytes_equal(tern_writer_bytes(&out), raw);
        config_free(config);
    }
    free(bytes);
    return same;
}

bool exact_write(FILE *out, const struct tern_tlv *element)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL) abort();
    bool ok = write_element(memory, element);
    fclose(memory);
    ok = ok && reads_back(text, size, element->raw);
    if (ok) fwrite(text, 1, size, out);
    free(text);
    return ok;
}

void exact_write_raw(FILE *out, const struct tern_tlv *element)
{
    fputs("  - raw: ", out);
    put_hex(out, element->raw);
    fputc('\n', out);
}
