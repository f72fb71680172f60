/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the installer share. A handler returns a PEStatus: 0 or why it cannot be. */
#ifndef ENGINE_PROFILE_INSTALL_H
#define ENGINE_PROFILE_INSTALL_H

#include "engine/profile/image.h"
#include "engine/profile/templates.h"
#include "tern/profile.h"
#include "tern/saip.h"

/* One element with its header taken apart. */
struct element {
    unsigned number;
    struct tern_bytes raw;
    struct tern_bytes value;
    bool truncated; /* only its beginning is here; it will be skipped or refused */
    struct tern_pe_header header;
    bool has_header;
};

/* A value that `link` of a record has until PE-End: its payload is a path still to be resolved. */
#define LINK_PENDING 0xFFFFFFFFu

/* install.c */

/* Append a record: sets node->offset, checks the room. Its payload is still to be written. */
unsigned install_append(struct tern_profile_install *install, struct image_node *node);
unsigned install_write(struct tern_profile_install *install, const struct image_node *node,
                       size_t at, struct tern_bytes bytes);
/* Append a record whose payload is `bytes`. */
unsigned install_append_bytes(struct tern_profile_install *install, struct image_node *node,
                              struct tern_bytes bytes);
unsigned install_status_of(int error);
/* A child of a directory by FID, ADFs by their temporary one included. */
bool install_child(const struct tern_profile_install *install, uint32_t directory, uint16_t fid,
                   struct image_node *node);
/* A file by path from the MF; an empty path is the MF. */
bool install_path(const struct tern_profile_install *install, struct tern_bytes path,
                  struct image_node *node);

/* install_files.c */
unsigned install_template(struct tern_profile_install *install, const struct element *element);
unsigned install_gfm(struct tern_profile_install *install, const struct element *element);

/* file_plan.c: a file before it is created. */
struct file_plan {
    const char *name; /* of the row; NULL in GenericFileManagement */
    uint8_t kind;     /* enum template_kind */
    bool do_not_create;
    uint16_t fid;
    uint32_t size;        /* whole; 0 not known */
    uint16_t record_size; /* 0 not known */
    uint16_t records;     /* rows give it; the size decides */
    uint8_t sfi;
    uint8_t lcsi;
    uint16_t arr_fid;
    uint8_t arr_record;
    uint8_t special;
    bool is_link;
    struct tern_bytes link;
    struct tern_bytes aid;
    struct tern_bytes pin_status;
    const char *fill; /* of the row, used when no pattern is given */
    struct tern_bytes fill_pattern;
    struct tern_bytes repeat_pattern;
};

void plan_from_row(struct file_plan *plan, const struct template_file *row);
/* Put the parameters of an Fcp over the plan. `in_mf`: the file lies directly under the MF. */
unsigned plan_apply_fcp(struct file_plan *plan, const struct tern_fcp *fcp, bool in_mf);
/* Create the file below a directory with its initial contents. `content_size`: a size by contents
 * when nobody gave one. On return node->offset is 0 when it was not created for lack of a size. */
unsigned plan_create(struct tern_profile_install *install, const struct file_plan *plan,
                     uint32_t parent, size_t content_size, struct image_node *node);

/* install_keys.c */
unsigned install_pin_codes(struct tern_profile_install *install, const struct element *element);
unsigned install_puk_codes(struct tern_profile_install *install, const struct element *element);
unsigned install_aka(struct tern_profile_install *install, const struct element *element);
unsigned install_cdma(struct tern_profile_install *install, const struct element *element);
unsigned install_security_domain(struct tern_profile_install *install,
                                 const struct element *element);
unsigned install_rfm(struct tern_profile_install *install, const struct element *element);

/* install_header.c */
unsigned install_header(struct tern_profile_install *install, const struct element *element);
/* What can only be judged at PE-End: links, services that were promised. */
unsigned install_end(struct tern_profile_install *install, const struct element *element);

/* install_iot.c: what PE-IoT leaves to the eUICC. */
struct tern_bytes iot_content(const struct tern_profile_install *install,
                              const struct template_file *row, uint8_t buffer[512]);

#endif
