/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a description in YAML to a profile package. docs/FORMATS.md, "Profile description".
 *
 * An element is put together in a buffer of its own and appended to the package. Files of a
 * template are gathered in a file_set first, since the ASN.1 wants them in the template's order
 * whatever the order of the description.
 */
#ifndef APP_PROFILE_BUILD_H
#define APP_PROFILE_BUILD_H

#include "engine/profile/templates.h"
#include "host/config/config.h"
#include "tern/saip.h"

#define PROFILE_SIZE_MAX (1u << 20)
#define ELEMENT_SIZE_MAX (1u << 18)

/* A package in the making. `failed` once something was complained about (config_error()). */
struct build {
    struct config_node root;
    struct tern_writer upp;
    unsigned identification;
    bool failed;
    struct tern_writer body;  /* the element at hand, without its header */
    uint32_t services;        /* of the header, by bit */
    uint8_t templates[16][8]; /* OID contents used, each led by its size */
    size_t template_count;
    struct tern_bytes iot_aid; /* of a PE-IoT, whose PIX the header has; else absent */
    bool modern;               /* SAIP 3.1 or later: second versions of the templates */
};

/* One file of a template before it is written. */
struct file_entry {
    bool used;
    bool do_not_create;
    bool has_fcp;
    struct tern_fcp fcp;
    uint8_t room[64 + 256]; /* what the Fcp's members point into */
    size_t room_size;
    struct tern_bytes content; /* borrowed */
    bool sparse;               /* runs of FF in the content are skipped, not written */
};

#define FILE_SET_MAX 90
struct file_set {
    const struct template_table *table;
    unsigned version;
    struct file_entry entries[FILE_SET_MAX];
};

/* writer.c */

struct build *build_new(struct config_node root);
void build_free(struct build *build);
/* A copy that lives as long as the build. */
struct tern_bytes build_keep(struct build *build, struct tern_bytes bytes);
void build_fail(struct build *build, struct config_node node, const char *why);

/* Of the newest version of the template that the profile's own version knows. */
struct file_set *file_set_new(struct build *build, const char *element, unsigned version);
/* An entry by the name of its row ("ef-imsi"), marked as used. NULL when there is no such row. */
struct file_entry *file_set_entry(struct file_set *set, const char *name);
/* With contents; the size is written out when the template leaves it open or has another one. */
struct file_entry *file_set_content(struct file_set *set, const char *name,
                                    struct tern_bytes content);
/* Members of an Fcp, copied into the entry. */
void entry_size(struct file_entry *entry, uint32_t size);
void entry_records(struct file_entry *entry, uint8_t descriptor, unsigned record_size,
                   uint32_t size);
void entry_bytes(struct file_entry *entry, struct tern_bytes *member, struct tern_bytes bytes);
/* Everything in `files:` of a map over the set. */
void file_set_describe(struct build *build, struct file_set *set, struct config_node files);
/* Sizes, patterns, access rule, SFI of one file from its map in the description. */
void entry_describe(struct build *build, struct file_entry *entry, const struct template_file *row,
                    struct config_node node);
/* Append the element made of the set. */
void build_template(struct build *build, struct file_set *set);
/* Append an element: its number, and build->body as what follows the header. */
void build_element(struct build *build, unsigned number);
/* A whole element encoded by a table, whose struct has the header. */
void build_record(struct build *build, const struct tern_asn_record *record, const void *message);
struct tern_pe_header build_header(struct build *build);
/* Digits with their nibbles swapped, F behind an odd last one. */
void swapped_digits(uint8_t *out, const char *digits);

/* describe.c: the whole description, in the order SAIP wants, padded to `size` unless that is 0. */
int build_description(struct build *build, size_t size);

/* describe_usim.c, describe_more.c */
void describe_usim(struct build *build);
/* EF.IMSI, EF.ACC and, for a MNC of three digits, EF.AD. */
void describe_subscription(struct build *build, struct file_set *set, struct config_node usim);
void describe_puks(struct build *build, struct config_node pins);
/* Those of the MF, or with `local` those of the application. */
void describe_pins(struct build *build, struct config_node pins, bool local);
/* The ADF of an application: AID, temporary FID, the PINs whose status it shows. */
void describe_adf(struct file_set *set, const char *row, struct tern_bytes aid, uint16_t temporary,
                  bool pin2);
/* EF.ARR as a link to the MF's. */
void describe_arr_link(struct file_set *set);
bool only_digits(const char *text, size_t least, size_t most);
void describe_aka(struct build *build, struct config_node aka, struct config_node fallback);
void describe_telecom(struct build *build);
void describe_isim(struct build *build);
void describe_5gs(struct build *build);
void describe_gsm_access(struct build *build);
void describe_gfm(struct build *build);
void describe_security_domain(struct build *build);
void describe_rfm(struct build *build);
/* Fill up to exactly `size` bytes: PE-End included. */
void describe_padding(struct build *build, size_t size);

/* The IMSI of the description as digits, at most 15; NULL after a complaint. */
const char *description_imsi(struct build *build);
unsigned description_mnc_length(struct build *build);
/* "AID in hex" of a map, or a default. */
struct tern_bytes description_aid(struct build *build, struct config_node map,
                                  const char *fallback);
/* Hex of a key; absent when there is none. */
struct tern_bytes description_hex(struct build *build, struct config_node node);

/* metadata.c: StoreMetadataRequest (BF25) of the same description. TERN_ERR_* after a complaint. */
int build_metadata(struct config_node root, struct tern_writer *out);

#endif
