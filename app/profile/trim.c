/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A package without what says nothing: CDMA and 2G, Fcp values that the template has anyway,
 * DEFAULTs written out, runs of FF in files that are FF already.
 *
 * The proof is in the card: both packages are installed, and every file of the trimmed one must be
 * in the original, equal in all its parameters and contents. Only EF.DIR may differ, which loses
 * the records of applications that went, and EF.UST, which loses service 27 with DF.GSM-ACCESS.
 */
#include <stdlib.h>
#include <string.h>

#include "app/profile/build.h"
#include "app/profile/lint.h"

/* In byte 4 of EF.UST: all but service 27, GSM access. */
#define SERVICE_27_GONE 0xFB

enum { FILE_DESCRIPTOR = 0xA1, FILE_OFFSET = 0x82, FILE_CONTENT = 0x83 };
enum { NUMBER_GFM = 1, NUMBER_PIN = 2, NUMBER_AKA = 4, NUMBER_RFM = 7, NUMBER_MF = 16 };

struct trim {
    struct tern_writer *out;
    bool context_gone;     /* the elements that follow belong to an application that went */
    struct tern_bytes aid; /* of CSIM */
    uint16_t temporary;    /* its temporary FID */
    bool gsm_access;       /* there was a DF.GSM-ACCESS */
};

static struct tern_writer scratch(size_t capacity)
{
    uint8_t *data = malloc(capacity);
    if (data == NULL) abort();
    return tern_writer(data, capacity);
}

static void finish(struct tern_writer *inner, tern_tag tag, struct tern_writer *out)
{
    tern_der_write(out, tag, tern_writer_bytes(inner));
    free(inner->data);
}

static void trim_header(struct trim *trim, struct tern_bytes raw)
{
    struct tern_profile_header header;
    uint8_t services[96], inner_bytes[96], oids[400];
    struct tern_writer list = TERN_WRITER_OF(services), inner = TERN_WRITER_OF(inner_bytes);
    struct tern_writer oid_list = TERN_WRITER_OF(oids);
    struct tern_tlv item;
    if (tern_asn_decode(&TERN_PROFILE_HEADER, &header, NULL, raw) != TERN_OK) {
        tern_write(trim->out, raw);
        return;
    }
    (void)tern_der_single(header.services, &item, TERN_DER_STRICT);
    struct tern_bytes rest = item.value;
    while (tern_der_next(&rest, &item, TERN_DER_STRICT) == 1) {
        bool gone = item.tag == 0x83 || item.tag == 0x86 || item.tag == 0x8F; /* csim, cave */
        if (!gone) tern_write(&inner, item.raw);
    }
    tern_der_write(&list, 0xA5, tern_writer_bytes(&inner));
    while (tern_der_next(&header.gfste, &item, TERN_DER_STRICT) == 1) {
        const struct template_table *table = template_by_oid(item.value, NULL);
        if (table == NULL || !is_ballast(table->number)) tern_write(&oid_list, item.raw);
    }
    header.services = tern_writer_bytes(&list);
    header.gfste = tern_writer_bytes(&oid_list);
    if (tern_asn_encode(&TERN_PROFILE_HEADER, trim->out, &header) != TERN_OK) {
        tern_write(trim->out, raw);
    }
}

static uint8_t kind_of(uint8_t descriptor)
{
    uint8_t structure = descriptor & 0x3F;
    return structure == IMAGE_TRANSPARENT ? KIND_TR
           : structure == IMAGE_LINEAR    ? KIND_LF
           : structure == IMAGE_CYCLIC    ? KIND_CY
           : structure == IMAGE_BER_TLV   ? KIND_BT
                                          : KIND_DF;
}

/* Leave out of an Fcp what the row says. Members that stay are slices of the original. */
static void trim_fcp(struct tern_fcp *fcp, const struct template_file *row, bool in_mf)
{
    struct tern_bytes descriptor = fcp->file_descriptor;
    bool records = row->kind == KIND_LF || row->kind == KIND_CY;
    if (descriptor.size >= 2 && kind_of(descriptor.data[0]) == row->kind) {
        bool same = !records || descriptor.size < 4 ||
                    tern_read_uint(tern_bytes_slice(descriptor, 2, 2)) == row->size;
        if (same) fcp->file_descriptor = TERN_BYTES_NONE;
    }
    if (fcp->file_id.size == 2 && row->fid != 0 && tern_read_uint(fcp->file_id) == row->fid) {
        fcp->file_id = TERN_BYTES_NONE;
    }
    if (fcp->lcsi.size == 1 && fcp->lcsi.data[0] == 0x05) fcp->lcsi = TERN_BYTES_NONE;
    uint32_t size = records ? (uint32_t)row->records * row->size : row->size;
    if (size != 0 && fcp->ef_file_size.size > 0 && tern_read_uint(fcp->ef_file_size) == size &&
        fcp->file_descriptor.data == NULL) {
        fcp->ef_file_size = TERN_BYTES_NONE;
    }
    struct tern_bytes *rule = &fcp->security_attributes_referenced;
    uint16_t implicit = in_mf || row->kind == KIND_MF || row->kind == KIND_ADF ? 0x2F06 : 0x6F06;
    if (rule->size == 3 && tern_read_uint(tern_bytes_slice(*rule, 0, 2)) == implicit) {
        *rule = tern_bytes_slice(*rule, 2, 1);
    }
    if (rule->size == 1 && rule->data[0] == row->arr) *rule = TERN_BYTES_NONE;
    struct tern_proprietary_info *info = &fcp->proprietary_ef_info;
    uint8_t special = (row->flags & FLAG_HIGH) != 0 ? 0x80 : 0x00;
    if (info->special_file_information.size == 1 &&
        info->special_file_information.data[0] == special) {
        info->special_file_information = TERN_BYTES_NONE;
    }
    if (info->file_details.size == 1 && info->file_details.data[0] == 0x01) {
        info->file_details = TERN_BYTES_NONE;
    }
    bool empty = info->special_file_information.data == NULL && info->fill_pattern.data == NULL &&
                 info->repeat_pattern.data == NULL && info->maximum_file_size.data == NULL &&
                 info->file_details.data == NULL;
    if (empty) fcp->has_proprietary_ef_info = false;
}

static bool fcp_empty(const struct tern_fcp *fcp)
{
    return fcp->file_descriptor.data == NULL && fcp->file_id.data == NULL &&
           fcp->df_name.data == NULL && fcp->lcsi.data == NULL &&
           fcp->security_attributes_referenced.data == NULL && fcp->ef_file_size.data == NULL &&
           fcp->pin_status_template_do.data == NULL && fcp->short_efid.data == NULL &&
           !fcp->has_proprietary_ef_info && fcp->link_path.data == NULL;
}

/* The contents of a File from its parts; bytes nobody wrote are FF in `content`. */
static size_t expand(struct tern_bytes parts, uint8_t *content, size_t capacity)
{
    struct tern_tlv part;
    size_t at = 0;
    memset(content, 0xFF, capacity);
    while (tern_der_next(&parts, &part, TERN_DER_STRICT) == 1) {
        int64_t skip = 0;
        if (part.tag == FILE_OFFSET && tern_der_int(part.value, &skip) == TERN_OK)
            at += (size_t)skip;
        if (part.tag != FILE_CONTENT || at + part.value.size > capacity) continue;
        memcpy(content + at, part.value.data, part.value.size);
        at += part.value.size;
    }
    return at;
}

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
        if (at > start)
            tern_der_write(out, FILE_CONTENT, tern_bytes_slice(content, start, at - start));
        if (run < content.size) tern_der_write_int(out, FILE_OFFSET, (int64_t)(run - at));
        start = run;
        at = run;
    }
    if (at > start) tern_der_write(out, FILE_CONTENT, tern_bytes_slice(content, start, at - start));
}

/* EF.DIR: blank the record of the application that went. */
static void forget_application(const struct trim *trim, uint8_t *content, size_t size,
                               size_t record_size)
{
    for (size_t at = 0; record_size > 0 && at + record_size <= size; at += record_size) {
        for (size_t i = 0; trim->aid.size > 0 && i + trim->aid.size <= record_size; i++) {
            if (memcmp(content + at + i, trim->aid.data, trim->aid.size) != 0) continue;
            memset(content + at, 0xFF, record_size);
            break;
        }
    }
}

static void trim_file(const struct trim *trim, const struct template_file *row, bool in_mf,
                      const struct tern_tlv *field, struct tern_writer *out)
{
    enum { EF_DIR = 0x2F00, EF_UST = 0x6F38 };
    struct tern_bytes parts = field->value;
    struct tern_tlv first;
    struct tern_fcp fcp = {0};
    bool has_fcp =
        tern_der_next(&parts, &first, TERN_DER_STRICT) == 1 && first.tag == FILE_DESCRIPTOR;
    if (!has_fcp) parts = field->value;
    if (has_fcp && tern_asn_decode_as(&TERN_FCP, &fcp, NULL, first.raw, FILE_DESCRIPTOR,
                                      TERN_MERCY_DEFAULT) != TERN_OK) {
        tern_write(out, field->raw);
        return;
    }
    size_t record_size = row->size;
    if (fcp.file_descriptor.size == 4) {
        record_size = (size_t)tern_read_uint(tern_bytes_slice(fcp.file_descriptor, 2, 2));
    }
    size_t size = (size_t)tern_read_uint(tern_bytes_slice(fcp.ef_file_size, 0, 4));
    struct tern_proprietary_info *info = &fcp.proprietary_ef_info;
    bool blank = info->fill_pattern.data == NULL && info->repeat_pattern.data == NULL &&
                 (row->fill[0] == '\0' || strcmp(row->fill, "FF") == 0) && row->kind != KIND_BT &&
                 (size != 0 || row->size != 0);
    trim_fcp(&fcp, row, in_mf);
    struct tern_writer inner = scratch(field->raw.size + 64);
    if (has_fcp && !fcp_empty(&fcp)) {
        (void)tern_asn_encode_as(&TERN_FCP, &inner, &fcp, FILE_DESCRIPTOR);
    }
    if (blank && parts.size > 0 && field->value.data[0] != 0x80) {
        size_t capacity = 65536;
        uint8_t *content = malloc(capacity);
        if (content == NULL) abort();
        size_t used = expand(parts, content, capacity);
        if (row->fid == EF_DIR) forget_application(trim, content, used, record_size);
        if (row->fid == EF_UST && trim->gsm_access && used > 3) content[3] &= SERVICE_27_GONE;
        write_sparse(&inner, tern_bytes(content, used));
        free(content);
    } else {
        tern_write(&inner, parts);
    }
    finish(&inner, field->tag, out);
}

static void trim_template(struct trim *trim, unsigned number, const struct tern_tlv *element)
{
    const struct template_table *table = template_find(number);
    struct tern_bytes rest = element->value;
    struct tern_tlv field;
    unsigned version = 1;
    bool in_mf = number == NUMBER_MF;
    struct tern_writer inner = scratch(element->raw.size + 64);
    while (tern_der_next(&rest, &field, TERN_DER_STRICT) == 1) {
        size_t index = field.tag >= 0xBF00 ? field.tag - 0xBF00 : field.tag - 0xA0;
        if (field.tag == 0x81) (void)template_by_oid(field.value, &version);
        if (field.tag < 0xA2 || index - 2 >= table->count) {
            tern_write(&inner, field.raw);
            continue;
        }
        struct template_file row = template_row(table, index - 2, version);
        bool under_mf = in_mf || (index == 2 && (number == 17 || number == 18));
        trim_file(trim, &row, under_mf, &field, &inner);
    }
    finish(&inner, element->tag, trim->out);
}

static bool path_gone(const struct trim *trim, struct tern_bytes path)
{
    enum { GSM_ACCESS = 0x5F3B };
    if (path.size < 2) return false;
    uint64_t first = tern_read_uint(tern_bytes_slice(path, 0, 2));
    if (trim->temporary != 0 && first == trim->temporary) return true;
    return path.size >= 4 && first == 0x7FD0 &&
           tern_read_uint(tern_bytes_slice(path, 2, 2)) == GSM_ACCESS;
}

/* Commands below an application that went go with it. */
static void trim_gfm(struct trim *trim, const struct tern_tlv *element)
{
    struct tern_bytes rest = element->value;
    struct tern_tlv header, commands, group, command;
    struct tern_writer body = scratch(element->raw.size + 64);
    struct tern_writer groups = scratch(element->raw.size + 64);
    size_t kept = 0;
    (void)tern_der_next(&rest, &header, TERN_DER_STRICT);
    (void)tern_der_single(rest, &commands, TERN_DER_STRICT);
    bool gone = false;
    while (tern_der_next(&commands.value, &group, TERN_DER_STRICT) == 1) {
        struct tern_writer inner = scratch(group.raw.size + 16);
        while (tern_der_next(&group.value, &command, TERN_DER_STRICT) == 1) {
            if (command.tag == 0x80) gone = path_gone(trim, command.value);
            if (gone) continue;
            tern_write(&inner, command.raw);
            kept++;
        }
        if (inner.size > 0) {
            finish(&inner, 0x30, &groups);
        } else {
            free(inner.data);
        }
    }
    tern_write(&body, header.raw);
    finish(&groups, 0xA1, &body);
    if (kept > 0) {
        finish(&body, element->tag, trim->out);
    } else {
        free(body.data);
    }
}

static bool rfm_gone(const struct trim *trim, struct tern_bytes raw)
{
    struct tern_pe_rfm rfm;
    if (tern_asn_decode(&TERN_PE_RFM, &rfm, NULL, raw) != TERN_OK || !rfm.has_adf_access)
        return false;
    return trim->aid.size > 0 && tern_bytes_equal(rfm.adf_access.adf_aid, trim->aid);
}

static void find_ballast(struct trim *trim, struct tern_bytes upp)
{
    struct tern_tlv element, field, descriptor;
    struct tern_fcp fcp;
    while (tern_der_next(&upp, &element, TERN_DER_STRICT) == 1) {
        if (element_number(element.tag) == 24) trim->gsm_access = true;
        if (element_number(element.tag) != 25) continue;
        if (tern_der_find(element.value, 0xA2, &field) != TERN_OK) continue;
        if (tern_der_find(field.value, FILE_DESCRIPTOR, &descriptor) != TERN_OK) continue;
        if (tern_asn_decode_as(&TERN_FCP, &fcp, NULL, descriptor.raw, FILE_DESCRIPTOR,
                               TERN_MERCY_DEFAULT) != TERN_OK) {
            continue;
        }
        trim->aid = fcp.df_name;
        trim->temporary = (uint16_t)tern_read_uint(tern_bytes_slice(fcp.file_id, 0, 2));
    }
}

static void trim_elements(struct trim *trim, struct tern_bytes upp)
{
    struct tern_tlv element;
    while (tern_der_next(&upp, &element, TERN_DER_STRICT) == 1) {
        int number = element_number(element.tag);
        if (number >= 0 && is_ballast((unsigned)number)) {
            trim->context_gone = trim->context_gone || number == 25 || number == 26;
            continue;
        }
        bool follows = number == NUMBER_PIN || number == NUMBER_AKA;
        if (follows && trim->context_gone) continue;
        trim->context_gone = false;
        if (number == NUMBER_RFM && rfm_gone(trim, element.raw)) continue;
        if (number == 0)
            trim_header(trim, element.raw);
        else if (number == NUMBER_GFM)
            trim_gfm(trim, &element);
        else if (number > 0 && template_find((unsigned)number) != NULL) {
            trim_template(trim, (unsigned)number, &element);
        } else {
            tern_write(trim->out, element.raw);
        }
    }
}

/* The file of the other image with the same path; offset 0 when there is none. */
static uint32_t same_place(const struct installed *from, const struct installed *to,
                           const struct image_node *node)
{
    struct image_node parent = {0}, other = {0};
    uint32_t other_parent = 0;
    if (node->parent != 0) {
        if (image_node_read(&from->image, &parent, node->parent) != TERN_OK) return 0;
        other_parent = same_place(from, to, &parent);
        if (other_parent == 0) return 0;
    }
    while (image_next(&to->image, &other, (uint32_t)to->install.image_size) == 1) {
        if (other.kind == node->kind && other.parent == other_parent && other.fid == node->fid) {
            return other.offset;
        }
    }
    return 0;
}

static bool same_file(const struct installed *from, const struct installed *to,
                      const struct image_node *node)
{
    struct image_node other;
    uint32_t offset = same_place(from, to, node);
    if (offset == 0 || image_node_read(&to->image, &other, offset) != TERN_OK) return false;
    if (node->descriptor != other.descriptor || node->size != other.size ||
        node->record_size != other.record_size || node->sfi != other.sfi ||
        node->lcsi != other.lcsi || node->arr_record != other.arr_record ||
        node->arr_fid != other.arr_fid || node->special != other.special ||
        (node->link == 0) != (other.link == 0)) {
        return false;
    }
    if (node->fid == 0x2F00) return true;
    const uint8_t *mine = from->data + node->offset + IMAGE_NODE_SIZE;
    const uint8_t *theirs = to->data + offset + IMAGE_NODE_SIZE;
    for (size_t i = 0; i < node->size; i++) {
        uint8_t mask = node->fid == 0x6F38 && i == 3 ? SERVICE_27_GONE : 0xFF;
        if (((mine[i] ^ theirs[i]) & mask) != 0) return false;
    }
    return true;
}

static bool same_profile(struct tern_bytes upp, struct tern_bytes trimmed, const char **why)
{
    struct installed before, after;
    struct image_node node = {0};
    bool same = true;
    install_package(&before, upp);
    install_package(&after, trimmed);
    if (!before.ok || !after.ok) {
        *why = "the trimmed package does not install";
        same = false;
    }
    while (same && image_next(&after.image, &node, (uint32_t)after.install.image_size) == 1) {
        if (node.kind > IMAGE_EF || same_file(&after, &before, &node)) continue;
        *why = "a file would change";
        same = false;
    }
    install_free(&before);
    install_free(&after);
    return same;
}

bool trim_package(struct tern_bytes upp, struct tern_writer *out, const char **why)
{
    struct trim trim = {.out = out};
    find_ballast(&trim, upp);
    trim_elements(&trim, upp);
    if (tern_writer_status(out) != TERN_OK) {
        *why = "it would grow";
        return false;
    }
    return same_profile(upp, tern_writer_bytes(out), why);
}
