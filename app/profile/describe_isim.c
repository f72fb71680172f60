/* SPDX-License-Identifier: Apache-2.0 */
/* The ISIM of a description. TS 31.103, 4.2; its names come from the IMSI, TS 23.003, 13. */
#include <string.h>

#include "app/profile/build.h"

/* TLV objects of the ISIM: 80 L text. TS 31.103, 4.2 */
static struct tern_bytes ims_text(struct build *build, const char *text)
{
    uint8_t buffer[256];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    size_t size = strlen(text) < 200 ? strlen(text) : 200;
    tern_der_write(&out, 0x80, tern_bytes((const uint8_t *)text, size));
    return build_keep(build, tern_writer_bytes(&out));
}

/* The names of TS 23.003, 13: from the IMSI when the description has none. */
static void ims_default(struct build *build, char out[200], const char *format)
{
    char mnc[4] = "0";
    const char *imsi = description_imsi(build);
    unsigned length = description_mnc_length(build);
    out[0] = '\0';
    if (imsi == NULL) return;
    memcpy(length == 3 ? mnc : mnc + 1, imsi + 3, length);
    mnc[3] = '\0';
    size_t at = 0;
    for (const char *c = format; *c != '\0' && at < 190; c++) {
        const char *piece = *c == 'I' ? imsi : *c == 'N' ? mnc : NULL;
        if (*c == 'C') {
            memcpy(out + at, imsi, 3);
            at += 3;
        } else if (piece != NULL) {
            memcpy(out + at, piece, strlen(piece));
            at += strlen(piece);
        } else {
            out[at++] = *c;
        }
    }
    out[at] = '\0';
}

static struct tern_bytes ims_name(struct build *build, struct config_node node, const char *format)
{
    char text[200];
    const char *given = config_text(node);
    if (given == NULL) ims_default(build, text, format);
    return ims_text(build, given != NULL ? given : text);
}

void describe_isim(struct build *build)
{
    static const char *const KEYS[] = {"aid",      "label", "impi",           "impu", "domain",
                                       "services", "files", "optional_files", "aka",  NULL};
    struct config_node isim = config_get(build->root, "isim");
    uint8_t table[14] = {0};
    if (config_only(isim, KEYS) != TERN_OK) build->failed = true;
    struct file_set *set = file_set_new(build, "isim", 1);
    describe_adf(set, "adf-isim", description_aid(build, isim, "A0000000871004FFFFFFFF8907090000"),
                 0x7FB0, false);
    file_set_content(set, "ef-impi",
                     ims_name(build, config_get(isim, "impi"), "I@ims.mncN.mccC.3gppnetwork.org"));
    struct tern_bytes impu =
        ims_name(build, config_get(isim, "impu"), "sip:I@ims.mncN.mccC.3gppnetwork.org");
    struct file_entry *entry = file_set_content(set, "ef-impu", impu);
    entry_records(entry, 0x42, (unsigned)impu.size, (uint32_t)impu.size);
    file_set_content(set, "ef-domain",
                     ims_name(build, config_get(isim, "domain"), "ims.mncN.mccC.3gppnetwork.org"));
    struct config_node list = config_get(isim, "services");
    for (size_t i = 0; i < config_count(list); i++) {
        uint64_t service = 1;
        if (config_uint(config_at(list, i), 1, 112, &service) != TERN_OK) build->failed = true;
        table[(service - 1) / 8] |= (uint8_t)(1u << (service - 1) % 8);
    }
    file_set_content(set, "ef-ist", build_keep(build, TERN_BYTES_OF(table)));
    describe_arr_link(set);
    file_set_describe(build, set, config_get(isim, "files"));
    build_template(build, set);
    build->services |= 1u << 2;
    if (!config_present(config_get(isim, "optional_files"))) return;
    set = file_set_new(build, "opt-isim", 2);
    file_set_describe(build, set, config_get(isim, "optional_files"));
    build_template(build, set);
}
