/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file from a template row and the Fcp that overrides it. saip.md 5.
 *
 * Initial contents: the pattern of the Fcp, else of the template, else FF; then what the element
 * fills in. A pattern starts anew in every record.
 */
#include "engine/profile/install.h"

#include <string.h>

#define FID_EF_ARR_OF_MF 0x2F06
#define FID_EF_ARR       0x6F06

void plan_from_row(struct file_plan *plan, const struct template_file *row)
{
    bool records = row->kind == KIND_LF || row->kind == KIND_CY;
    bool special = (row->flags & FLAG_HIGH) != 0;
    *plan = (struct file_plan){
        .name = row->name,
        .kind = row->kind,
        .fid = row->fid,
        .record_size = records ? row->size : (uint16_t)0,
        .records = row->records,
        .size = records ? (uint32_t)row->records * row->size : row->size,
        .sfi = row->sfi,
        .lcsi = 0x05,
        .arr_record = row->arr,
        .special = special ? 0x80 : 0x00,
        .fill = row->fill,
    };
}

static unsigned apply_descriptor(struct file_plan *plan, struct tern_bytes descriptor)
{
    uint8_t structure = descriptor.data[0] & 0x3F;
    uint8_t kind = structure == IMAGE_TRANSPARENT ? KIND_TR
                   : structure == IMAGE_LINEAR    ? KIND_LF
                   : structure == IMAGE_CYCLIC    ? KIND_CY
                   : structure == IMAGE_BER_TLV   ? KIND_BT
                                                  : KIND_DF;
    if (kind == KIND_DF && structure != IMAGE_DIRECTORY) return TERN_PE_BAD_VALUES;
    bool directory = plan->kind == KIND_MF || plan->kind == KIND_DF || plan->kind == KIND_ADF;
    if (plan->name == NULL) {
        if (plan->kind != KIND_ADF) plan->kind = kind;
    } else if (directory ? kind != KIND_DF : kind != plan->kind) {
        return TERN_PE_BAD_VALUES; /* a template's type does not change */
    }
    if (kind == KIND_LF || kind == KIND_CY) {
        if (descriptor.size < 3) return plan->record_size == 0 ? TERN_PE_BAD_VALUES : TERN_PE_OK;
        uint64_t size = tern_read_uint(tern_bytes_slice(descriptor, 2, 2));
        if (size == 0 || size > 255) return TERN_PE_BAD_VALUES;
        plan->record_size = (uint16_t)size;
        plan->size = (uint32_t)plan->records * plan->record_size;
    }
    return TERN_PE_OK;
}

static unsigned apply_security(struct file_plan *plan, struct tern_bytes reference)
{
    if (reference.size == 1) {
        plan->arr_record = reference.data[0];
    } else if (reference.size == 3) {
        plan->arr_fid = (uint16_t)(reference.data[0] << 8 | reference.data[1]);
        plan->arr_record = reference.data[2];
    } else {
        return TERN_PE_BAD_VALUES;
    }
    return TERN_PE_OK;
}

static unsigned apply_proprietary(struct file_plan *plan, const struct tern_proprietary_info *info)
{
    if (info->special_file_information.data != NULL) {
        plan->special = info->special_file_information.data[0];
    }
    if (info->fill_pattern.data != NULL && info->repeat_pattern.data != NULL) {
        return TERN_PE_BAD_VALUES;
    }
    plan->fill_pattern = info->fill_pattern;
    plan->repeat_pattern = info->repeat_pattern;
    if (plan->kind == KIND_BT && info->maximum_file_size.size > 0) {
        uint64_t size = tern_read_uint(tern_bytes_slice(info->maximum_file_size, 0, 8));
        if (size > plan->size && size <= 0xFFFF) plan->size = (uint32_t)size;
    }
    return TERN_PE_OK;
}

unsigned plan_apply_fcp(struct file_plan *plan, const struct tern_fcp *fcp, bool in_mf)
{
    unsigned status = TERN_PE_OK;
    if (fcp->df_name.data != NULL) {
        if (plan->name == NULL) plan->kind = KIND_ADF;
        plan->aid = fcp->df_name;
    }
    if (fcp->file_descriptor.data != NULL) status = apply_descriptor(plan, fcp->file_descriptor);
    if (status != TERN_PE_OK) return status;
    if (fcp->file_id.data != NULL) plan->fid = (uint16_t)tern_read_uint(fcp->file_id);
    if (fcp->lcsi.data != NULL) plan->lcsi = fcp->lcsi.data[0];
    bool adf = plan->kind == KIND_ADF || plan->kind == KIND_MF;
    plan->arr_fid = in_mf || adf ? FID_EF_ARR_OF_MF : FID_EF_ARR;
    if (fcp->security_attributes_referenced.data != NULL) {
        status = apply_security(plan, fcp->security_attributes_referenced);
    }
    if (status != TERN_PE_OK) return status;
    if (fcp->ef_file_size.data != NULL) {
        if (fcp->ef_file_size.size > 4) return TERN_PE_BAD_VALUES;
        plan->size = (uint32_t)tern_read_uint(fcp->ef_file_size);
        if (plan->record_size != 0 && plan->size % plan->record_size != 0) {
            return TERN_PE_BAD_VALUES;
        }
    }
    plan->pin_status = fcp->pin_status_template_do;
    if (fcp->short_efid.data != NULL) {
        plan->sfi = fcp->short_efid.size == 0 ? 0 : fcp->short_efid.data[0] >> 3;
    } else if (plan->name == NULL) {
        plan->sfi = plan->fid & 0x1F;
    }
    if (plan->sfi > 30) plan->sfi = 0;
    if (fcp->has_proprietary_ef_info) status = apply_proprietary(plan, &fcp->proprietary_ef_info);
    if (fcp->link_path.size > 0) {
        plan->is_link = true;
        plan->link = fcp->link_path;
    }
    return status;
}

/* Initial contents of one stretch: a record or a whole transparent file. */
struct filler {
    uint8_t pattern[256];
    size_t pattern_size;
    bool repeat;
    uint8_t tail[16]; /* at the end of the stretch */
    size_t tail_size;
};

static size_t hex_of(uint8_t *out, size_t capacity, const char *text, size_t count)
{
    struct tern_writer writer = tern_writer(out, capacity);
    int status = tern_hex_decode(&writer, tern_bytes((const uint8_t *)text, count));
    return status == TERN_OK ? tern_writer_bytes(&writer).size : 0;
}

static void filler_from_row(struct filler *filler, const char *fill)
{
    filler->repeat = fill[0] == '*';
    if (filler->repeat) fill++;
    const char *tail = strchr(fill, '~');
    size_t count = tail == NULL ? strlen(fill) : (size_t)(tail - fill);
    filler->pattern_size = hex_of(filler->pattern, sizeof filler->pattern, fill, count);
    if (tail != NULL) {
        filler->tail_size = hex_of(filler->tail, sizeof filler->tail, tail + 1, strlen(tail + 1));
    }
}

static struct filler filler_of(const struct file_plan *plan)
{
    struct filler filler = {0};
    struct tern_bytes given =
        plan->repeat_pattern.data != NULL ? plan->repeat_pattern : plan->fill_pattern;
    if (given.data != NULL) {
        filler.repeat = plan->repeat_pattern.data != NULL;
        filler.pattern_size = given.size;
        memcpy(filler.pattern, given.data, given.size); /* at most 200: SIZE of the table */
    } else if (plan->fill != NULL) {
        filler_from_row(&filler, plan->fill);
    }
    if (filler.pattern_size == 0) {
        filler.pattern[0] = 0xFF;
        filler.pattern_size = 1;
    }
    return filler;
}

static uint8_t fill_byte(const struct filler *filler, size_t at, size_t stretch)
{
    if (filler->tail_size <= stretch && at >= stretch - filler->tail_size) {
        return filler->tail[at - (stretch - filler->tail_size)];
    }
    if (at < filler->pattern_size) return filler->pattern[at];
    return filler->repeat ? filler->pattern[at % filler->pattern_size]
                          : filler->pattern[filler->pattern_size - 1];
}

static unsigned fill_file(struct tern_profile_install *install, const struct file_plan *plan,
                          const struct image_node *node)
{
    struct filler filler = filler_of(plan);
    uint8_t bytes[256];
    size_t stretch = node->record_size != 0 ? node->record_size : node->size;
    for (size_t at = 0; at < node->size;) {
        size_t count = node->size - at < sizeof bytes ? node->size - at : sizeof bytes;
        for (size_t i = 0; i < count; i++)
            bytes[i] = fill_byte(&filler, (at + i) % stretch, stretch);
        unsigned status = install_write(install, node, at, tern_bytes(bytes, count));
        if (status != TERN_PE_OK) return status;
        at += count;
    }
    return TERN_PE_OK;
}

static unsigned create_directory(struct tern_profile_install *install, const struct file_plan *plan,
                                 struct image_node *node)
{
    uint8_t payload[16 + 32];
    struct tern_writer out = TERN_WRITER_OF(payload);
    bool adf = plan->kind == KIND_ADF;
    if (adf && plan->aid.size == 0) return TERN_PE_BAD_VALUES;
    node->kind = plan->kind == KIND_MF ? IMAGE_MF : adf ? IMAGE_ADF : IMAGE_DF;
    node->descriptor = IMAGE_DIRECTORY;
    if (adf) tern_write(&out, plan->aid);
    node->used = adf ? (uint32_t)plan->aid.size : 0;
    tern_write(&out, plan->pin_status);
    if (tern_writer_status(&out) != TERN_OK) return TERN_PE_BAD_VALUES;
    unsigned status = install_append_bytes(install, node, tern_writer_bytes(&out));
    if (status != TERN_PE_OK) return status;
    if (node->kind == IMAGE_MF) install->mf = node->offset;
    if (adf) install->naa = node->offset;
    return TERN_PE_OK;
}

static unsigned create_link(struct tern_profile_install *install, const struct file_plan *plan,
                            struct image_node *node)
{
    bool directory = plan->kind == KIND_DF;
    node->kind = directory ? IMAGE_DF : IMAGE_EF;
    node->link = LINK_PENDING;
    if (directory) node->descriptor = IMAGE_DIRECTORY;
    return install_append_bytes(install, node, plan->link);
}

unsigned plan_create(struct tern_profile_install *install, const struct file_plan *plan,
                     uint32_t parent, size_t content_size, struct image_node *node)
{
    static const uint8_t STRUCTURES[] = {[KIND_TR] = IMAGE_TRANSPARENT,
                                         [KIND_LF] = IMAGE_LINEAR,
                                         [KIND_CY] = IMAGE_CYCLIC,
                                         [KIND_BT] = IMAGE_BER_TLV};
    struct image_node other;
    *node = (struct image_node){
        .fid = plan->fid,
        .parent = parent,
        .sfi = plan->sfi,
        .lcsi = plan->lcsi,
        .arr_record = plan->arr_record,
        .arr_fid = plan->arr_fid,
        .special = plan->special,
    };
    if (plan->fid == 0) return plan->name == NULL ? TERN_PE_BAD_VALUES : TERN_PE_OK;
    if (plan->kind != KIND_MF && install_child(install, parent, plan->fid, &other)) return 0x6A89;
    if (plan->kind == KIND_MF || plan->kind == KIND_ADF)
        return create_directory(install, plan, node);
    if (plan->is_link) {
        if (plan->kind != KIND_DF) node->descriptor = STRUCTURES[plan->kind];
        return create_link(install, plan, node);
    }
    if (plan->kind == KIND_DF) return create_directory(install, plan, node);
    uint32_t size = plan->size != 0 ? plan->size : (uint32_t)content_size;
    if (plan->record_size != 0) {
        if (plan->size == 0) {
            size = (size + plan->record_size - 1u) / plan->record_size * plan->record_size;
        }
        if (size / plan->record_size > 254) return TERN_PE_BAD_VALUES;
        node->record_size = plan->record_size;
        node->record_count = (uint16_t)(size / plan->record_size);
    }
    bool unknown =
        size == 0 || (plan->record_size == 0 && (plan->kind == KIND_LF || plan->kind == KIND_CY));
    if (unknown) return plan->name == NULL ? TERN_PE_BAD_VALUES : TERN_PE_OK;
    node->kind = IMAGE_EF;
    node->descriptor = STRUCTURES[plan->kind];
    node->size = size;
    unsigned status = install_append(install, node);
    return status != TERN_PE_OK ? status : fill_file(install, plan, node);
}
