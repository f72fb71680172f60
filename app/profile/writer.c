/* SPDX-License-Identifier: Apache-2.0 */
/* Elements and files of a package in the making. */
#include <stdlib.h>
#include <string.h>

#include "app/profile/build.h"

struct kept {
    struct kept *next;
    uint8_t data[];
};

struct build_memory {
    struct build build;
    struct kept *kept;
};

struct build *build_new(struct config_node root)
{
    struct build_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL) abort();
    struct build *build = &memory->build;
    uint8_t *upp = malloc(PROFILE_SIZE_MAX), *body = malloc(ELEMENT_SIZE_MAX);
    if (upp == NULL || body == NULL) abort();
    build->root = root;
    build->upp = tern_writer(upp, PROFILE_SIZE_MAX);
    build->body = tern_writer(body, ELEMENT_SIZE_MAX);
    return build;
}

void build_free(struct build *build)
{
    struct build_memory *memory = (struct build_memory *)build;
    while (memory->kept != NULL) {
        struct kept *next = memory->kept->next;
        free(memory->kept);
        memory->kept = next;
    }
    tern_wipe(build->upp.data, PROFILE_SIZE_MAX);
    tern_wipe(build->body.data, ELEMENT_SIZE_MAX);
    free(build->upp.data);
    free(build->body.data);
    free(memory);
}

struct tern_bytes build_keep(struct build *build, struct tern_bytes bytes)
{
    struct build_memory *memory = (struct build_memory *)build;
    struct kept *kept = malloc(sizeof *kept + bytes.size + 1);
    if (kept == NULL) abort();
    kept->next = memory->kept;
    memory->kept = kept;
    if (bytes.size > 0) memcpy(kept->data, bytes.data, bytes.size);
    return tern_bytes(kept->data, bytes.size);
}

void build_fail(struct build *build, struct config_node node, const char *why)
{
    build->failed = true;
    (void)config_complain(node.config == NULL ? build->root : node, "%s", why);
}

void swapped_digits(uint8_t *out, const char *digits)
{
    for (size_t i = 0; digits[i] != '\0'; i += 2) {
        unsigned low = (unsigned)(digits[i] - '0');
        unsigned high = digits[i + 1] == '\0' ? 0xFu : (unsigned)(digits[i + 1] - '0');
        out[i / 2] = (uint8_t)(high << 4 | low);
        if (digits[i + 1] == '\0') break;
    }
}

struct tern_pe_header build_header(struct build *build)
{
    return (struct tern_pe_header){.mandated = true,
                                   .identification = (int64_t)++build->identification};
}

void build_element(struct build *build, unsigned number)
{
    uint8_t header[16];
    struct tern_writer out = TERN_WRITER_OF(header);
    struct tern_pe_header pe = build_header(build);
    (void)tern_asn_encode_as(&TERN_PE_HEADER, &out, &pe, 0xA0);
    tern_der_write_header(&build->upp, element_tag(number), out.size + build->body.size);
    tern_write(&build->upp, tern_writer_bytes(&out));
    tern_write(&build->upp, tern_writer_bytes(&build->body));
    if (tern_writer_status(&build->body) != TERN_OK || tern_writer_status(&build->upp) != TERN_OK) {
        build_fail(build, build->root, "the profile is too large");
    }
    build->body.size = 0;
}

void build_record(struct build *build, const struct tern_asn_record *record, const void *message)
{
    if (tern_asn_encode(record, &build->upp, message) != TERN_OK) {
        build->failed = true;
        (void)config_complain(build->root, "%s: a value does not fit its ASN.1 type", record->name);
    }
}

struct file_set *file_set_new(struct build *build, const char *element, unsigned version)
{
    struct file_set *set = calloc(1, sizeof *set);
    if (set == NULL) abort();
    for (unsigned i = 16; i < ELEMENT_COUNT; i++) {
        if (strcmp(element_name(i), element) == 0) set->table = template_find(i);
    }
    set->version = build->modern ? version : 1;
    return set;
}

static int row_index(const struct file_set *set, const char *name)
{
    for (int i = 0; i < set->table->count; i++) {
        if (strcmp(set->table->files[i].name, name) == 0) return i;
    }
    return -1;
}

struct file_entry *file_set_entry(struct file_set *set, const char *name)
{
    int index = row_index(set, name);
    if (index < 0) return NULL;
    set->entries[index].used = true;
    return &set->entries[index];
}

void entry_bytes(struct file_entry *entry, struct tern_bytes *member, struct tern_bytes bytes)
{
    if (entry->room_size + bytes.size > sizeof entry->room) return;
    uint8_t *to = entry->room + entry->room_size;
    if (bytes.size > 0) memcpy(to, bytes.data, bytes.size);
    entry->room_size += bytes.size;
    *member = tern_bytes(to, bytes.size);
    entry->has_fcp = true;
}

/* Minimal octets, as efFileSize wants. */
void entry_size(struct file_entry *entry, uint32_t size)
{
    uint8_t bytes[4];
    struct tern_writer out = TERN_WRITER_OF(bytes);
    tern_write_uint(&out, size, size > 0xFFFFFF ? 4 : size > 0xFFFF ? 3 : size > 0xFF ? 2 : 1);
    entry_bytes(entry, &entry->fcp.ef_file_size, tern_writer_bytes(&out));
}

void entry_records(struct file_entry *entry, uint8_t descriptor, unsigned record_size,
                   uint32_t size)
{
    uint8_t bytes[4] = {descriptor, 0x21, (uint8_t)(record_size >> 8), (uint8_t)record_size};
    entry_bytes(entry, &entry->fcp.file_descriptor, TERN_BYTES_OF(bytes));
    entry_size(entry, size);
}

struct file_entry *file_set_content(struct file_set *set, const char *name,
                                    struct tern_bytes content)
{
    struct file_entry *entry = file_set_entry(set, name);
    if (entry == NULL) return NULL;
    struct template_file row = template_row(set->table, (size_t)row_index(set, name), set->version);
    bool records = row.kind == KIND_LF || row.kind == KIND_CY;
    uint32_t size = records ? (uint32_t)row.records * row.size : row.size;
    entry->content = content;
    if (!records && content.size > 0 && (size == 0 || content.size > size)) {
        entry_size(entry, (uint32_t)content.size);
    }
    return entry;
}

static void describe_security(struct build *build, struct file_entry *entry,
                              struct config_node node)
{
    const char *text = config_text(node);
    unsigned fid = 0, record = 0;
    uint8_t bytes[3];
    if (text == NULL) return;
    const char *colon = strchr(text, ':');
    char *end;
    if (colon != NULL) {
        fid = (unsigned)strtoul(text, &end, 16);
        record = (unsigned)strtoul(colon + 1, &end, 10);
    } else {
        record = (unsigned)strtoul(text, &end, 10);
    }
    if (*end != '\0' || record == 0 || record > 254 || fid > 0xFFFF) {
        build_fail(build, node, "not RECORD or FID:RECORD");
        return;
    }
    bytes[0] = (uint8_t)(fid >> 8);
    bytes[1] = (uint8_t)fid;
    bytes[2] = (uint8_t)record;
    struct tern_bytes value = TERN_BYTES_OF(bytes);
    if (colon == NULL) value = tern_bytes(bytes + 2, 1);
    entry_bytes(entry, &entry->fcp.security_attributes_referenced, value);
}

static void describe_sfi(struct build *build, struct file_entry *entry, struct config_node node)
{
    const char *text = config_text(node);
    uint64_t sfi = 0;
    if (text == NULL) return;
    if (strcmp(text, "none") == 0) {
        entry_bytes(entry, &entry->fcp.short_efid, TERN_BYTES_TEXT(""));
    } else if (config_uint(node, 1, 30, &sfi) == TERN_OK) {
        uint8_t byte = (uint8_t)(sfi << 3);
        entry_bytes(entry, &entry->fcp.short_efid, tern_bytes(&byte, 1));
    } else {
        build->failed = true;
    }
}

static void describe_sizes(struct build *build, struct file_entry *entry,
                           const struct template_file *row, struct config_node node)
{
    uint64_t size = 0, record_size = row->size, records = row->records;
    bool has_records = row->kind == KIND_LF || row->kind == KIND_CY;
    if (config_uint(config_get(node, "size"), 1, 65535, &size) != TERN_OK ||
        config_uint(config_get(node, "record_size"), 1, 255, &record_size) != TERN_OK ||
        config_uint(config_get(node, "records"), 1, 254, &records) != TERN_OK) {
        build->failed = true;
        return;
    }
    if (has_records && records == 0 && record_size > 0) {
        records = (entry->content.size + record_size - 1) / record_size;
    }
    if (has_records) {
        if (record_size == 0 || records == 0) {
            build_fail(build, node, "record_size and records are needed");
        } else if (record_size != row->size || records != row->records) {
            entry_records(entry, row->kind == KIND_LF ? 0x42 : 0x46, (unsigned)record_size,
                          (uint32_t)(records * record_size));
        }
        size = records * record_size;
    } else if (size != 0 && size != row->size) {
        entry_size(entry, (uint32_t)size);
    } else if (size == 0) {
        size = row->size;
        if (entry->content.size > size) {
            entry_size(entry, (uint32_t)entry->content.size);
            size = entry->content.size;
        }
    }
    if (entry->content.size > size) build_fail(build, node, "the content is larger than the file");
}

void entry_describe(struct build *build, struct file_entry *entry, const struct template_file *row,
                    struct config_node node)
{
    static const char *const KEYS[] = {
        "content", "text",    "size", "records", "record_size", "arr",  "sfi",  "fill",   "repeat",
        "link",    "special", "pins", "aid",     "fid",         "type", "path", "create", NULL};
    bool create = true;
    if (config_only(node, KEYS) != TERN_OK ||
        config_bool(config_get(node, "create"), &create) != TERN_OK) {
        build->failed = true;
        return;
    }
    entry->do_not_create = !create;
    const char *text = config_text(config_get(node, "text"));
    if (text != NULL) entry->content = build_keep(build, tern_bytes_text(text));
    struct tern_bytes content = description_hex(build, config_get(node, "content"));
    if (content.data != NULL) entry->content = content;
    bool directory = row->kind == KIND_MF || row->kind == KIND_DF || row->kind == KIND_ADF;
    bool link = config_present(config_get(node, "link"));
    if (!directory && !link && create) describe_sizes(build, entry, row, node);
    describe_security(build, entry, config_get(node, "arr"));
    describe_sfi(build, entry, config_get(node, "sfi"));
    struct tern_bytes special = description_hex(build, config_get(node, "special"));
    struct tern_bytes fill = description_hex(build, config_get(node, "fill"));
    struct tern_bytes repeat = description_hex(build, config_get(node, "repeat"));
    struct tern_bytes pins = description_hex(build, config_get(node, "pins"));
    struct tern_bytes path = description_hex(build, config_get(node, "link"));
    struct tern_proprietary_info *info = &entry->fcp.proprietary_ef_info;
    if (special.data != NULL) entry_bytes(entry, &info->special_file_information, special);
    if (fill.data != NULL) entry_bytes(entry, &info->fill_pattern, fill);
    if (repeat.data != NULL) entry_bytes(entry, &info->repeat_pattern, repeat);
    entry->fcp.has_proprietary_ef_info =
        special.data != NULL || fill.data != NULL || repeat.data != NULL;
    if (pins.data != NULL) entry_bytes(entry, &entry->fcp.pin_status_template_do, pins);
    if (path.data != NULL) entry_bytes(entry, &entry->fcp.link_path, path);
}

void file_set_describe(struct build *build, struct file_set *set, struct config_node files)
{
    for (size_t i = 0; i < config_count(files); i++) {
        const char *name = config_key(files, i);
        int index = name == NULL ? -1 : row_index(set, name);
        if (index < 0) {
            build_fail(build, config_at(files, i), "no such file in this template");
            continue;
        }
        struct template_file row = template_row(set->table, (size_t)index, set->version);
        struct file_entry *entry = &set->entries[index];
        *entry = (struct file_entry){.used = true};
        entry_describe(build, entry, &row, config_at(files, i));
    }
}

/* Contents with an offset for every run of FF that is longer than an offset costs. */
static void write_sparse(struct tern_writer *out, struct tern_bytes content)
{
    size_t start = 0, at = 0;
    while (at < content.size) {
        size_t run = at;
        while (run < content.size && content.data[run] == 0xFF)
            run++;
        if (run - at < 6 && run < content.size) {
            at = run + 1;
            continue;
        }
        if (at > start) tern_der_write(out, 0x83, tern_bytes_slice(content, start, at - start));
        if (run < content.size) tern_der_write_int(out, 0x82, (int64_t)(run - at));
        start = run;
        at = run;
    }
    if (at > start) tern_der_write(out, 0x83, tern_bytes_slice(content, start, at - start));
}

static void write_entry(struct build *build, tern_tag tag, const struct file_entry *entry)
{
    size_t capacity = entry->content.size + 512;
    uint8_t *buffer = malloc(capacity);
    if (buffer == NULL) abort();
    struct tern_writer out = tern_writer(buffer, capacity);
    if (entry->do_not_create) {
        tern_der_write(&out, 0x80, TERN_BYTES_TEXT(""));
    } else {
        if (entry->has_fcp) (void)tern_asn_encode_as(&TERN_FCP, &out, &entry->fcp, 0xA1);
        if (entry->sparse)
            write_sparse(&out, entry->content);
        else if (entry->content.size > 0)
            tern_der_write(&out, 0x83, entry->content);
    }
    tern_der_write(&build->body, tag, tern_writer_bytes(&out));
    free(buffer);
}

static void note_template(struct build *build, struct tern_bytes oid)
{
    for (size_t i = 0; i < build->template_count; i++) {
        const uint8_t *known = build->templates[i];
        if (tern_bytes_equal(tern_bytes(known + 1, known[0]), oid)) return;
    }
    if (build->template_count == TERN_COUNT_OF(build->templates)) return;
    uint8_t *to = build->templates[build->template_count++];
    to[0] = (uint8_t)oid.size;
    memcpy(to + 1, oid.data, oid.size);
}

void build_template(struct build *build, struct file_set *set)
{
    uint8_t oid[7] = {0x67, 0x81, 0x0F, 0x01, 0x02, set->table->arc, (uint8_t)set->version};
    struct tern_bytes template_id = tern_bytes(oid, set->version > 1 ? 7 : 6);
    note_template(build, template_id);
    tern_der_write(&build->body, 0x81, template_id);
    for (size_t i = 0; i < set->table->count; i++) {
        tern_tag tag = i + 2 < 31 ? 0xA0 + (tern_tag)i + 2 : 0xBF00 + (tern_tag)i + 2;
        if (set->entries[i].used) write_entry(build, tag, &set->entries[i]);
    }
    build_element(build, set->table->number);
    free(set);
}
