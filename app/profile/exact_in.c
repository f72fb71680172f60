/* SPDX-License-Identifier: Apache-2.0 */
/* YAML back to elements, by the same tables. See exact.h. */
#include "app/profile/exact.h"

#include <stdlib.h>
#include <string.h>

#include "tern/der.h"

static bool take_record(struct config_node node, const struct tern_asn_record *record, tern_tag tag,
                        struct tern_writer *out);

static bool complain(struct config_node node, const char *why)
{
    (void)config_complain(node, "%s", why);
    return false;
}

/* A buffer that is as large as anything in the package may be. */
static struct tern_writer scratch(void)
{
    uint8_t *data = malloc(ELEMENT_SIZE_MAX);
    if (data == NULL) abort();
    return tern_writer(data, ELEMENT_SIZE_MAX);
}

/* Wrap what was written into a TLV and free the buffer. */
static bool finish(struct tern_writer *inner, tern_tag tag, struct tern_writer *out)
{
    bool ok = tern_writer_status(inner) == TERN_OK;
    if (ok) tern_der_write(out, tag, tern_writer_bytes(inner));
    tern_wipe(inner->data, inner->size < inner->capacity ? inner->size : inner->capacity);
    free(inner->data);
    return ok;
}

static bool take_hex(struct config_node node, tern_tag tag, struct tern_writer *out)
{
    struct tern_writer inner = scratch();
    bool ok = config_hex(node, &inner) == TERN_OK;
    return finish(&inner, tag, out) && ok;
}

/* Hexadecimal that is a whole element already. */
static bool take_whole(struct config_node node, struct tern_writer *out)
{
    return config_hex(node, out) == TERN_OK;
}

static bool take_number(struct config_node node, tern_tag tag, struct tern_writer *out)
{
    uint64_t value = 0;
    if (config_uint(node, 0, INT32_MAX, &value) != TERN_OK || !config_present(node)) return false;
    tern_der_write_int(out, tag, (int64_t)value);
    return true;
}

static bool take_oid(struct config_node node, tern_tag tag, struct tern_writer *out)
{
    uint8_t content[64];
    struct tern_writer inner = TERN_WRITER_OF(content);
    const char *text = config_text(node);
    if (text == NULL || tern_asn_oid_from_text(&inner, tern_bytes_text(text)) != TERN_OK) {
        return complain(node, "wants an OID");
    }
    tern_der_write(out, tag, tern_writer_bytes(&inner));
    return true;
}

static bool take_services(struct config_node node, tern_tag tag, struct tern_writer *out)
{
    struct tern_writer inner = scratch();
    bool ok = true;
    for (size_t i = 0; i < config_count(node) && ok; i++) {
        const char *text = config_text(config_at(node, i));
        const struct tern_asn_name *name = TERN_SAIP_SERVICE_NAMES;
        while (name->text != NULL && (text == NULL || strcmp(name->text, text) != 0))
            name++;
        ok = name->text != NULL;
        if (!ok)
            complain(config_at(node, i), "no service of eUICC-Mandatory-services");
        else
            tern_der_write(&inner, 0x80 + (tern_tag)name->value, TERN_BYTES_TEXT(""));
    }
    return finish(&inner, tag, out) && ok;
}

static bool take_value(struct config_node node, const struct tern_asn_field *field,
                       struct tern_writer *out);

static bool take_list(struct config_node node, const struct tern_asn_record *record, tern_tag tag,
                      struct tern_writer *out)
{
    struct tern_writer inner = scratch();
    bool ok = config_is_list(node);
    for (size_t i = 0; ok && i < config_count(node); i++) {
        struct config_node item = config_at(node, i);
        ok = record->form == TERN_ASN_FORM_VALUE ? take_value(item, &record->fields[0], &inner)
                                                 : take_record(item, record, record->tag, &inner);
    }
    return finish(&inner, tag, out) && ok;
}

static bool take_choice(struct config_node node, const struct tern_asn_record *record, tern_tag tag,
                        struct tern_writer *out)
{
    struct tern_writer inner = scratch();
    bool ok = false;
    for (size_t i = 0; i < record->field_count && config_count(node) == 1; i++) {
        if (strcmp(record->fields[i].name, config_key(node, 0)) != 0) continue;
        ok = take_value(config_at(node, 0), &record->fields[i], &inner);
    }
    if (!ok) complain(node, "wants one alternative of the CHOICE");
    return finish(&inner, tag, out) && ok;
}

static bool take_value(struct config_node node, const struct tern_asn_field *field,
                       struct tern_writer *out)
{
    const char *text;
    bool yes = false;
    switch (field->kind) {
    case TERN_ASN_INT:
    case TERN_ASN_UINT:
        return take_number(node, field->tag, out);
    case TERN_ASN_PRESENT:
        if (config_bool(node, &yes) != TERN_OK) return false;
        if (yes) tern_der_write(out, field->tag, TERN_BYTES_TEXT(""));
        return true;
    case TERN_ASN_TEXT:
        text = config_text(node);
        if (text == NULL) return false;
        tern_der_write(out, field->tag, tern_bytes_text(text));
        return true;
    case TERN_ASN_OID:
        return take_oid(node, field->tag, out);
    case TERN_ASN_BYTES:
        return take_hex(node, field->tag, out);
    case TERN_ASN_LIST:
        return take_list(node, field->of.record, field->tag, out);
    case TERN_ASN_RECORD:
        return take_record(node, field->of.record, field->tag, out);
    case TERN_ASN_CHOICE:
        return take_choice(node, field->of.record, field->tag, out);
    case TERN_ASN_TLV:
        if (strcmp(field->name, "eUICC-Mandatory-services") == 0) {
            return take_services(node, field->tag, out);
        }
        return take_whole(node, out);
    default:
        return false;
    }
}

static bool known_key(const struct tern_asn_record *record, const char *key)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if (strcmp(record->fields[i].name, key) == 0) return true;
    }
    return false;
}

static bool take_fields(struct config_node node, const struct tern_asn_record *record,
                        struct tern_writer *out)
{
    if (!config_is_map(node)) return complain(node, "wants a map of fields");
    for (size_t i = 0; i < config_count(node); i++) {
        if (!known_key(record, config_key(node, i))) {
            return complain(config_at(node, i), "no field of this element");
        }
    }
    for (size_t i = 0; i < record->field_count; i++) {
        struct config_node value = config_get(node, record->fields[i].name);
        if (!config_present(value)) {
            bool needed = !record->fields[i].optional && !record->fields[i].defaults;
            if (!needed) continue;
            (void)config_complain(node, "%s is missing", record->fields[i].name);
            return false;
        }
        if (!take_value(value, &record->fields[i], out)) {
            return complain(value, "does not fit its type");
        }
    }
    return true;
}

static bool take_record(struct config_node node, const struct tern_asn_record *record, tern_tag tag,
                        struct tern_writer *out)
{
    struct tern_writer inner = scratch();
    bool ok = take_fields(node, record, &inner);
    return finish(&inner, tag, out) && ok;
}

/* {fillFileContent: ...} and its like: part of a File, or a command of GenericFileManagement. */
static bool take_part(struct config_node node, bool gfm, struct tern_writer *out)
{
    if (!config_is_map(node) || config_count(node) != 1) return complain(node, "wants one part");
    const char *key = config_key(node, 0);
    struct config_node value = config_at(node, 0);
    if (!gfm && strcmp(key, "doNotCreate") == 0) {
        tern_der_write(out, 0x80, TERN_BYTES_TEXT(""));
        return true;
    }
    if (strcmp(key, gfm ? "createFCP" : "fileDescriptor") == 0) {
        return take_record(value, &TERN_FCP, gfm ? 0x62 : 0xA1, out);
    }
    if (strcmp(key, "fillFileOffset") == 0) return take_number(value, gfm ? 0x02 : 0x82, out);
    if (strcmp(key, "fillFileContent") == 0) return take_hex(value, gfm ? 0x81 : 0x83, out);
    if (gfm && strcmp(key, "filePath") == 0) return take_hex(value, 0x80, out);
    return complain(value, "no part of a file");
}

static bool take_parts(struct config_node list, bool gfm, tern_tag tag, struct tern_writer *out)
{
    struct tern_writer inner = scratch();
    bool ok = config_is_list(list);
    for (size_t i = 0; ok && i < config_count(list); i++) {
        ok = take_part(config_at(list, i), gfm, &inner);
    }
    return finish(&inner, tag, out) && ok;
}

static bool read_gfm(struct config_node node, struct tern_writer *out)
{
    struct config_node groups = config_get(node, "fileManagementCMD");
    if (!take_record(config_get(node, "gfm-header"), &TERN_PE_HEADER, 0xA0, out)) return false;
    struct tern_writer inner = scratch();
    bool ok = config_is_list(groups);
    for (size_t i = 0; ok && i < config_count(groups); i++) {
        ok = take_parts(config_at(groups, i), true, 0x30, &inner);
    }
    return finish(&inner, 0xA1, out) && ok;
}

static bool read_template(struct config_node node, const struct template_table *table,
                          struct tern_writer *out)
{
    size_t taken = 2;
    if (!take_record(config_get(node, "header"), &TERN_PE_HEADER, 0xA0, out)) return false;
    if (!take_oid(config_get(node, "templateID"), 0x81, out)) return false;
    for (size_t i = 0; i < table->count; i++) {
        struct config_node file = config_get(node, table->files[i].name);
        tern_tag tag = i + 2 < 31 ? 0xA0 + (tern_tag)i + 2 : 0xBF00 + (tern_tag)i + 2;
        if (!config_present(file)) continue;
        taken++;
        if (!take_parts(file, false, tag, out)) return complain(file, "is no File");
    }
    return taken == config_count(node) || complain(node, "has a file that its template has not");
}

bool exact_read(struct config_node item, struct tern_writer *out)
{
    if (!config_is_map(item) || config_count(item) != 1) {
        return complain(item, "wants one element");
    }
    const char *name = config_key(item, 0);
    struct config_node node = config_at(item, 0);
    if (strcmp(name, "raw") == 0) return take_whole(node, out);
    unsigned number = 0;
    while (number < ELEMENT_COUNT && strcmp(element_name(number), name) != 0)
        number++;
    if (number == ELEMENT_COUNT) return complain(node, "no profile element");
    struct tern_writer inner = scratch();
    const struct template_table *table = template_find(number);
    const struct tern_asn_record *record = exact_record(number);
    bool ok = number == 1      ? read_gfm(node, &inner)
              : table != NULL  ? read_template(node, table, &inner)
              : record != NULL ? take_fields(node, record, &inner)
                               : complain(node, "can only be given as raw");
    return finish(&inner, element_tag(number), out) && ok;
}
