/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements that create files: from a template (PE-MF, PE-USIM ...) and GenericFileManagement.
 * saip.md 5, 6 and 8.
 *
 *     File ::= SEQUENCE OF CHOICE { 80 doNotCreate | A1 fileDescriptor | 82 offset | 83 content }
 *
 * Offsets are relative to where the last content ended.
 */
#include "engine/profile/install.h"

#include <string.h>

enum { FILE_DO_NOT_CREATE = 0x80, FILE_DESCRIPTOR = 0xA1, FILE_OFFSET = 0x82, FILE_CONTENT = 0x83 };
enum { GFM_PATH = 0x80, GFM_FCP = 0x62, GFM_OFFSET = 0x02, GFM_CONTENT = 0x81 };

/* Where the next fillFileContent goes. */
struct filling {
    struct image_node node; /* offset 0: there is no file */
    size_t at;
};

static unsigned fill_offset(struct filling *filling, struct tern_bytes value)
{
    int64_t skip;
    int status = tern_der_int(value, &skip);
    if (status != TERN_OK) return install_status_of(status);
    if (skip < 0 || skip > 0xFFFF) return TERN_PE_BAD_VALUES;
    filling->at += (size_t)skip;
    return TERN_PE_OK;
}

static unsigned fill_content(struct tern_profile_install *install, struct filling *filling,
                             struct tern_bytes content)
{
    if (filling->node.offset == 0) return TERN_PE_BAD_VALUES;
    if (filling->node.link != 0 || filling->node.kind != IMAGE_EF) return TERN_PE_BAD_VALUES;
    unsigned status = install_write(install, &filling->node, filling->at, content);
    filling->at += content.size;
    if (status == TERN_PE_OK && filling->node.descriptor == IMAGE_BER_TLV) {
        filling->node.used = (uint32_t)filling->at;
        status = install_status_of(image_node_write(&install->options.image, &filling->node));
    }
    return status;
}

/* A File taken apart: the one descriptor in front, the bytes that the rest would fill. */
struct file_value {
    bool do_not_create;
    bool has_fcp;
    struct tern_fcp fcp;
    struct tern_bytes contents; /* what follows the descriptor */
    size_t content_size;
};

static unsigned read_file(struct file_value *file, struct tern_bytes value)
{
    struct tern_bytes rest = value;
    struct tern_tlv item;
    int got;
    bool first = true;
    *file = (struct file_value){.contents = value};
    while ((got = tern_der_next(&rest, &item, TERN_DER_STRICT)) == 1) {
        int64_t skip = 0;
        int status = TERN_OK;
        if (file->do_not_create) return TERN_PE_INVALID_REQUEST_FORMAT; /* it stands alone */
        switch (item.tag) {
        case FILE_DO_NOT_CREATE:
            if (!first || item.value.size != 0) return TERN_PE_INVALID_REQUEST_FORMAT;
            file->do_not_create = true;
            break;
        case FILE_DESCRIPTOR:
            if (!first) return TERN_PE_INVALID_REQUEST_FORMAT;
            status = tern_asn_decode_as(&TERN_FCP, &file->fcp, NULL, item.raw, FILE_DESCRIPTOR,
                                        TERN_MERCY_DEFAULT);
            file->has_fcp = true;
            file->contents = rest;
            break;
        case FILE_OFFSET:
            status = tern_der_int(item.value, &skip);
            if (skip < 0 || skip > 0xFFFF) status = TERN_ERR_RANGE;
            file->content_size += (size_t)skip;
            break;
        case FILE_CONTENT:
            file->content_size += item.value.size;
            break;
        default:
            return TERN_PE_INVALID_REQUEST_FORMAT;
        }
        if (status != TERN_OK) return install_status_of(status);
        first = false;
    }
    return install_status_of(got);
}

static unsigned fill_from(struct tern_profile_install *install, const struct image_node *node,
                          struct tern_bytes contents)
{
    struct filling filling = {.node = *node};
    struct tern_tlv item;
    unsigned status = TERN_PE_OK;
    while (status == TERN_PE_OK && tern_der_next(&contents, &item, TERN_DER_STRICT) == 1) {
        if (item.tag == FILE_OFFSET) status = fill_offset(&filling, item.value);
        if (item.tag == FILE_CONTENT) status = fill_content(install, &filling, item.value);
    }
    return status;
}

/* The directory that files of an element go to when it brings none of its own; 0: missing. */
static uint32_t base_of(const struct tern_profile_install *install,
                        const struct template_table *table)
{
    switch (table->base) {
    case BASE_USIM:
        return install->usim;
    case BASE_ISIM:
        return install->isim;
    case BASE_CSIM:
        return install->csim;
    case BASE_NAA:
        return install->naa;
    default:
        return install->mf;
    }
}

static void remember_application(struct tern_profile_install *install,
                                 const struct template_table *table, uint32_t offset)
{
    enum { USIM = 19, ISIM = 21, CSIM = 25, IOT = 32 };
    if (table->number == USIM || table->number == IOT) install->usim = offset;
    if (table->number == ISIM) install->isim = offset;
    if (table->number == CSIM) install->csim = offset;
}

/* EF.UST without what the platform cannot do: GBA (68) and MBMS (69). saip.md 6.2 */
static unsigned mask_services(struct tern_profile_install *install, const struct image_node *node)
{
    enum { GBA_USIM = 7, MBMS = 9, BYTE_OF_68 = 8, BIT_OF_68 = 0x08, BIT_OF_69 = 0x10 };
    uint8_t byte;
    if (node->size <= BYTE_OF_68 || node->link != 0) return TERN_PE_OK;
    int status = image_read(&install->options.image, node, BYTE_OF_68, &byte, 1);
    if (status != TERN_OK) return install_status_of(status);
    uint8_t masked = byte;
    if ((install->services >> GBA_USIM & 1) == 0) masked &= (uint8_t)~BIT_OF_68;
    if ((install->services >> MBMS & 1) == 0) masked &= (uint8_t)~BIT_OF_69;
    return masked == byte ? TERN_PE_OK
                          : install_write(install, node, BYTE_OF_68, tern_bytes(&masked, 1));
}

/* Where we are within an element. */
struct template_walk {
    const struct template_table *table;
    unsigned version;
    uint32_t root;    /* the element's own first directory, or its base */
    uint32_t current; /* the directory of the rows that follow */
    bool own_root;
};

static bool row_is_directory(const struct template_file *row)
{
    return row->kind == KIND_MF || row->kind == KIND_DF || row->kind == KIND_ADF;
}

static void enter_directory(struct tern_profile_install *install, struct template_walk *walk,
                            const struct template_file *row, uint32_t offset)
{
    walk->current = offset;
    if (!walk->own_root || row->kind == KIND_ADF) {
        bool opens = walk->table->number != 33; /* PE-OPT-IoT: its DFs lie below the USIM */
        if (opens) walk->root = offset;
        walk->own_root = walk->own_root || opens;
        install->context = offset;
    }
    if (row->kind == KIND_ADF) remember_application(install, walk->table, offset);
}

/* Create one row. `file` NULL: the element does not list it, the template creates it by default. */
static unsigned create_row(struct tern_profile_install *install, struct template_walk *walk,
                           const struct template_file *row, const struct file_value *file)
{
    struct file_plan plan;
    struct image_node node;
    uint8_t buffer[512];
    struct tern_bytes made = TERN_BYTES_NONE;
    uint32_t parent = row_is_directory(row) ? walk->root : walk->current;
    if (row->kind == KIND_MF) parent = 0;
    if (row->kind == KIND_ADF) parent = install->mf;
    bool in_mf = parent == install->mf;
    plan_from_row(&plan, row);
    plan.arr_fid = in_mf || row->kind == KIND_MF ? 0x2F06 : 0x6F06;
    unsigned status = TERN_PE_OK;
    if (file != NULL && file->has_fcp) status = plan_apply_fcp(&plan, &file->fcp, in_mf);
    if (status != TERN_PE_OK) return status;
    if (file == NULL && walk->table->number == 32) {
        made = iot_content(install, row, buffer);
        if (row->kind == KIND_ADF) {
            plan.aid = made;
            plan.fid = 0x7FD0;
        } else if (row->kind == KIND_LF && made.size > 0 && plan.size == 0) {
            plan.record_size = (uint16_t)(row->fid == 0x2F00 ? made.size : made.size / 14);
        }
    }
    size_t content_size = file != NULL ? file->content_size : row_is_directory(row) ? 0 : made.size;
    status = plan_create(install, &plan, parent, content_size, &node);
    if (status != TERN_PE_OK) return status;
    if (node.offset == 0) {
        bool needed = file != NULL && (row->flags & FLAG_MUST) != 0 && walk->table->number != 25;
        return needed ? TERN_PE_BAD_VALUES : TERN_PE_OK;
    }
    if (row_is_directory(row)) enter_directory(install, walk, row, node.offset);
    if (file != NULL) status = fill_from(install, &node, file->contents);
    if (status == TERN_PE_OK && !row_is_directory(row) && made.size > 0) {
        status = install_write(install, &node, 0, made);
    }
    bool service_table = walk->table->number == 19 && row->fid == 0x6F38;
    return status == TERN_PE_OK && service_table ? mask_services(install, &node) : status;
}

/* One row with the field of the element that belongs to it, if it is the next one. */
static unsigned take_row(struct tern_profile_install *install, struct template_walk *walk,
                         size_t index, struct tern_bytes *rest)
{
    struct template_file row = template_row(walk->table, index, walk->version);
    tern_tag tag = index + 2 < 31 ? 0xA0 + (tern_tag)index + 2 : 0xBF00 + (tern_tag)index + 2;
    struct tern_bytes after = *rest;
    struct tern_tlv field;
    struct file_value file;
    int got = tern_der_next(&after, &field, TERN_DER_STRICT);
    if (got < 0) return install_status_of(got);
    if (got == 0 || field.tag != tag) {
        if ((row.flags & FLAG_MUST) != 0) return TERN_PE_INVALID_REQUEST_FORMAT;
        return walk->table->by_default ? create_row(install, walk, &row, NULL) : TERN_PE_OK;
    }
    *rest = after;
    unsigned status = read_file(&file, field.value);
    if (status != TERN_PE_OK) return status;
    if (file.do_not_create) {
        if (!walk->table->by_default || row_is_directory(&row)) return TERN_PE_BAD_VALUES;
        if (walk->table->number != 16) return TERN_PE_OK; /* has no effect in the MF */
        file.contents = TERN_BYTES_NONE;
    }
    return create_row(install, walk, &row, &file);
}

/* Two applications of a kind only when the header says so. */
static unsigned check_multiple(const struct tern_profile_install *install, unsigned number)
{
    enum { USIM = 19, ISIM = 21, CSIM = 25 };
    static const struct {
        unsigned number;
        unsigned service;
    } ROWS[] = {
        {USIM, 13},
        {ISIM, 14},
        {CSIM, 15}
    };
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        bool again = ROWS[i].number == number && (install->seen >> number & 1) != 0;
        if (again && (install->services >> ROWS[i].service & 1) == 0) return TERN_PE_BAD_VALUES;
    }
    return TERN_PE_OK;
}

unsigned install_template(struct tern_profile_install *install, const struct element *element)
{
    struct tern_bytes rest = element->value;
    struct tern_tlv field;
    struct template_walk walk = {.table = template_find(element->number), .version = 1};
    (void)tern_der_next(&rest, &field, TERN_DER_STRICT); /* the header, read before */
    if (tern_der_next(&rest, &field, TERN_DER_STRICT) != 1 || field.tag != 0x81) {
        return TERN_PE_INVALID_REQUEST_FORMAT;
    }
    if (template_by_oid(field.value, &walk.version) != walk.table) {
        return element->header.mandated ? TERN_PE_TEMPLATE_NOT_SUPPORTED : TERN_PE_NOT_SUPPORTED;
    }
    unsigned status = check_multiple(install, element->number);
    walk.root = base_of(install, walk.table);
    walk.current = walk.root;
    if (status == TERN_PE_OK && walk.root == 0 && walk.table->files[0].kind != KIND_MF) {
        status = walk.table->number == 32 ? TERN_PE_OK : TERN_PE_INVALID_REQUEST_FORMAT;
    }
    for (size_t i = 0; status == TERN_PE_OK && i < walk.table->count; i++) {
        status = take_row(install, &walk, i, &rest);
    }
    /* PE-IoT makes the MF and the USIM at once; the PINs that follow are global ones. */
    if (walk.table->number == 32) install->context = install->mf;
    /* What is left is out of its order or newer than the tables. */
    if (status == TERN_PE_OK && rest.size > 0) status = TERN_PE_INVALID_REQUEST_FORMAT;
    return status;
}

static unsigned gfm_create(struct tern_profile_install *install, uint32_t directory,
                           struct tern_bytes raw, struct filling *filling)
{
    struct tern_fcp fcp;
    struct file_plan plan = {.lcsi = 0x05};
    int error = tern_asn_decode_as(&TERN_FCP, &fcp, NULL, raw, GFM_FCP, TERN_MERCY_DEFAULT);
    if (error != TERN_OK) return install_status_of(error);
    if (fcp.file_id.data == NULL) return TERN_PE_BAD_VALUES;
    bool mf = tern_read_uint(fcp.file_id) == 0x3F00;
    if (mf != (install->mf == 0)) return TERN_PE_BAD_VALUES;
    if (mf) plan.kind = KIND_MF;
    if (fcp.file_descriptor.data == NULL && fcp.df_name.data == NULL && !mf) {
        return TERN_PE_BAD_VALUES;
    }
    unsigned status = plan_apply_fcp(&plan, &fcp, directory == install->mf);
    if (status != TERN_PE_OK) return status;
    if (mf) plan.kind = KIND_MF;
    uint32_t parent = plan.kind == KIND_MF ? 0 : plan.kind == KIND_ADF ? install->mf : directory;
    status = plan_create(install, &plan, parent, 0, &filling->node);
    filling->at = 0;
    bool made = filling->node.kind == IMAGE_MF || filling->node.kind == IMAGE_DF ||
                filling->node.kind == IMAGE_ADF;
    if (status == TERN_PE_OK && made) install->context = filling->node.offset;
    if (status == TERN_PE_OK && plan.kind == KIND_ADF && install->usim == 0) {
        install->usim = filling->node.offset;
    }
    return status;
}

static unsigned gfm_command(struct tern_profile_install *install, uint32_t *directory,
                            const struct tern_tlv *command, struct filling *filling)
{
    struct image_node node;
    switch (command->tag) {
    case GFM_PATH:
        if (command->value.size > 8 || !install_path(install, command->value, &node)) return 0x6A82;
        if (node.kind == IMAGE_EF) return 0x6A82;
        *directory = node.offset;
        return TERN_PE_OK;
    case GFM_FCP:
        if (*directory == 0) *directory = install->mf;
        return gfm_create(install, *directory, command->raw, filling);
    case GFM_OFFSET:
        return fill_offset(filling, command->value);
    case GFM_CONTENT:
        return fill_content(install, filling, command->value);
    default:
        return TERN_PE_INVALID_REQUEST_FORMAT;
    }
}

unsigned install_gfm(struct tern_profile_install *install, const struct element *element)
{
    struct tern_pe_gfm gfm;
    struct filling filling = {0};
    struct tern_tlv group, command;
    uint32_t directory = install->mf;
    unsigned status = install_status_of(tern_asn_decode(&TERN_PE_GFM, &gfm, NULL, element->raw));
    while (status == TERN_PE_OK && tern_der_next(&gfm.commands, &group, TERN_DER_STRICT) == 1) {
        if (group.tag != 0x30) return TERN_PE_INVALID_REQUEST_FORMAT;
        int got = 0;
        while (status == TERN_PE_OK &&
               (got = tern_der_next(&group.value, &command, TERN_DER_STRICT)) == 1) {
            status = gfm_command(install, &directory, &command, &filling);
        }
        if (status == TERN_PE_OK && got < 0) status = install_status_of(got);
    }
    return status;
}
