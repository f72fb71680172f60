/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two ends of a package: what its header demands of the platform, and what PE-End settles.
 * saip.md 3 and 13.
 */
#include "engine/profile/install.h"

#include <string.h>

/* A service of the header, the bit of UICCCapability that stands for it, and what proves it. */
struct service {
    uint8_t service;
    int8_t capability; /* -1: accepted without one */
};

/*
 * javacard is accepted: TS.48 v1 mandates it and brings no application. A PE-Application is then
 * refused with runtime-not-supported.
 */
static const struct service SERVICES[] = {
    {0,  0 },
    {1,  1 },
    {2,  2 },
    {3,  3 },
    {4,  4 },
    {5,  6 },
    {6,  5 },
    {7,  10},
    {8,  11},
    {9,  12},
    {10, 13},
    {11, -1},
    {12, 15},
    {13, 16},
    {14, 17},
    {15, 18},
    {16, 7 },
    {17, 8 },
    {18, 19},
    {19, 20},
    {20, 21},
    {21, 22},
    {22, 23},
    {23, 24},
    {24, 25},
    {25, 26},
    {26, 27},
    {27, 28},
    {28, 29},
    {29, 30},
};

static unsigned check_services(const struct tern_profile_install *install)
{
    uint32_t can = TERN_PROFILE_UICC_CAPABILITY | install->options.extra_capability;
    for (size_t i = 0; i < TERN_COUNT_OF(SERVICES); i++) {
        if ((install->services >> SERVICES[i].service & 1) == 0) continue;
        if (SERVICES[i].capability < 0) continue;
        if ((can >> SERVICES[i].capability & 1) == 0) return TERN_PE_FEATURE_NOT_SUPPORTED;
    }
    return TERN_PE_OK;
}

static unsigned check_templates(struct tern_bytes list)
{
    struct tern_tlv oid;
    int got;
    while ((got = tern_der_next(&list, &oid, TERN_DER_STRICT)) == 1) {
        if (oid.tag != 0x06) return TERN_PE_INVALID_REQUEST_FORMAT;
        if (template_by_oid(oid.value, NULL) == NULL) return TERN_PE_TEMPLATE_NOT_SUPPORTED;
    }
    return install_status_of(got);
}

unsigned install_header(struct tern_profile_install *install, const struct element *element)
{
    struct tern_profile_header header;
    int error = tern_asn_decode(&TERN_PROFILE_HEADER, &header, NULL, element->raw);
    if (error != TERN_OK) return install_status_of(error);
    if (header.major_version < 1 || header.major_version > 3) {
        return TERN_PE_UNSUPPORTED_PROFILE_VERSION;
    }
    for (size_t i = 0; i < 10; i++) {
        uint8_t pair = header.iccid.data[i];
        install->iccid[i] = (uint8_t)(pair << 4 | pair >> 4);
    }
    error = tern_saip_services(header.services, &install->services);
    if (error == TERN_ERR_UNSUPPORTED) return TERN_PE_FEATURE_NOT_SUPPORTED;
    if (error != TERN_OK) return install_status_of(error);
    unsigned status = check_services(install);
    if (status == TERN_PE_OK) status = check_templates(header.gfste);
    /* Nothing can be a library here: there is no runtime that could link to one. */
    if (status == TERN_PE_OK && header.aids.size > 0) status = TERN_PE_LIB_NOT_SUPPORTED;
    if (status != TERN_PE_OK) return status;
    uint8_t payload[12];
    if (header.has_iot_options) {
        struct image_node node = {.kind = IMAGE_CONNECTIVITY, .descriptor = 1};
        size_t size = header.iot_options.pix.size;
        memcpy(payload, header.iot_options.pix.data, size);
        status = install_append_bytes(install, &node, tern_bytes(payload, size));
    }
    if (status == TERN_PE_OK && header.connectivity_parameters.data != NULL) {
        struct image_node node = {.kind = IMAGE_CONNECTIVITY};
        status = install_append_bytes(install, &node, header.connectivity_parameters);
        install->connectivity = node.offset;
    }
    return status;
}

/* The file a pending link points to; links to links are followed at once. */
static unsigned resolve_link(struct tern_profile_install *install, struct image_node *node)
{
    const struct tern_image *image = &install->options.image;
    struct image_node target;
    uint8_t path[8];
    if (node->size > sizeof path) return TERN_PE_BAD_VALUES;
    int error = image_read(image, node, 0, path, node->size);
    if (error != TERN_OK) return install_status_of(error);
    if (!install_path(install, tern_bytes(path, node->size), &target)) return 0x6A82;
    for (unsigned depth = 0; target.link != 0 && depth < 4; depth++) {
        if (target.link == LINK_PENDING) {
            if (target.size > sizeof path) return TERN_PE_BAD_VALUES;
            error = image_read(image, &target, 0, path, target.size);
            if (error != TERN_OK) return install_status_of(error);
            if (!install_path(install, tern_bytes(path, target.size), &target)) return 0x6A82;
        } else {
            error = image_node_read(image, &target, target.link);
            if (error != TERN_OK) return install_status_of(error);
        }
    }
    bool directory = node->kind == IMAGE_DF;
    if (target.link != 0 || target.offset == node->offset) return TERN_PE_BAD_VALUES;
    if (directory != (target.kind != IMAGE_EF)) return TERN_PE_BAD_VALUES;
    node->link = target.offset;
    if (!directory) node->descriptor = target.descriptor;
    return install_status_of(image_node_write(image, node));
}

static unsigned resolve_links(struct tern_profile_install *install)
{
    struct image_node node = {0};
    unsigned status = TERN_PE_OK;
    while (status == TERN_PE_OK &&
           image_next(&install->options.image, &node, (uint32_t)install->image_size) == 1) {
        if (node.link == LINK_PENDING && node.kind <= IMAGE_EF)
            status = resolve_link(install, &node);
    }
    return status;
}

/* EF.ICCID says what the header says. saip.md 13, 9 */
static unsigned check_iccid(const struct tern_profile_install *install)
{
    struct image_node node;
    uint8_t iccid[10];
    if (!install_child(install, install->mf, 0x2FE2, &node)) return TERN_PE_BAD_VALUES;
    if (node.size != sizeof iccid) return TERN_PE_BAD_VALUES;
    int error = image_read(&install->options.image, &node, 0, iccid, sizeof iccid);
    if (error != TERN_OK) return install_status_of(error);
    return memcmp(iccid, install->iccid, sizeof iccid) == 0 ? TERN_PE_OK : TERN_PE_BAD_VALUES;
}

/* Every mandatory service is used. saip.md 13, 6 */
static unsigned check_promises(const struct tern_profile_install *install)
{
    enum { USIM = 1, ISIM = 2, CSIM = 3, MILENAGE = 4, TUAK_128 = 5, TUAK_256 = 16, TEST = 17 };
    const struct {
        unsigned service;
        bool kept;
    } promises[] = {
        {USIM,     install->usim != 0                  },
        {ISIM,     install->isim != 0                  },
        {CSIM,     install->csim != 0                  },
        {MILENAGE, (install->algorithms >> 1 & 1) != 0 },
        {TUAK_128, (install->algorithms >> 2 & 1) != 0 },
        {TUAK_256, (install->algorithms >> 10 & 1) != 0},
        {TEST,     (install->algorithms >> 3 & 1) != 0 },
    };
    /* An application that GenericFileManagement built is not told apart by its kind. */
    bool built = (install->seen >> 1 & 1) != 0 && install->usim != 0;
    for (size_t i = 0; i < TERN_COUNT_OF(promises); i++) {
        if ((install->services >> promises[i].service & 1) == 0 || promises[i].kept) continue;
        if (built && promises[i].service <= CSIM) continue;
        return TERN_PE_BAD_VALUES;
    }
    return TERN_PE_OK;
}

unsigned install_end(struct tern_profile_install *install, const struct element *element)
{
    struct tern_pe_end end;
    int error = tern_asn_decode(&TERN_PE_END, &end, NULL, element->raw);
    if (error != TERN_OK) return install_status_of(error);
    if (install->mf == 0) return TERN_PE_INVALID_REQUEST_FORMAT;
    unsigned status = resolve_links(install);
    if (status == TERN_PE_OK) status = check_iccid(install);
    if (status == TERN_PE_OK) status = check_promises(install);
    if (status != TERN_PE_OK) return status;
    error = image_seal(&install->options.image, (uint32_t)install->image_size, install->iccid,
                       install->pin_count);
    install->finished = error == TERN_OK;
    return install_status_of(error);
}

int tern_profile_iccid(const struct tern_image *image, uint8_t iccid[10])
{
    uint32_t size;
    int status = image_size(image, &size);
    return status != TERN_OK ? status : image->read(image->context, 8, iccid, 10);
}

int tern_profile_connectivity(const struct tern_image *image, struct tern_writer *out)
{
    struct image_node node = {0};
    uint32_t size;
    int status = image_size(image, &size);
    if (status != TERN_OK) return status;
    while ((status = image_next(image, &node, size)) == 1) {
        if (node.kind != IMAGE_CONNECTIVITY || node.descriptor != 0) continue;
        for (size_t at = 0; at < node.size; at++) {
            uint8_t byte;
            status = image_read(image, &node, at, &byte, 1);
            if (status != TERN_OK) return status;
            tern_write_byte(out, byte);
        }
        return TERN_OK;
    }
    return status < 0 ? status : TERN_ERR_NOT_FOUND;
}
