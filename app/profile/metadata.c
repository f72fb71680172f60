/* SPDX-License-Identifier: Apache-2.0 */
/*
 * StoreMetadataRequest (BF25) from the `metadata:` of a description: what the eUICC shows of a
 * profile and the rules for it. sgp22.md 7.5, sgp32.md 11 (fallbackAllowed, ecallIndication).
 */
#include <stdlib.h>
#include <string.h>

#include "app/profile/build.h"
#include "host/config/files.h"
#include "tern/messages/rsp.h"

struct metadata {
    struct config_node node;
    struct tern_store_metadata_request request;
    uint8_t iccid[10];
    uint8_t notifications[2048];
    uint8_t owner[300];
    uint8_t mcc_mnc[3];
    uint8_t gids[2][64];
    uint8_t *icon;
};

static int64_t name_value(const struct tern_asn_name *names, const char *text)
{
    for (; text != NULL && names->text != NULL; names++) {
        if (strcmp(names->text, text) == 0) return names->value;
    }
    return -1;
}

static int read_text(struct config_node node, size_t size_max, struct tern_bytes *out)
{
    const char *text = config_text(node);
    *out = tern_bytes_text(text == NULL ? "" : text);
    if (out->size > size_max) return config_complain(node, "is longer than %zu bytes", size_max);
    return TERN_OK;
}

static int read_bits(struct config_node list, const struct tern_asn_name *names, uint64_t *bits)
{
    *bits = 0;
    for (size_t i = 0; i < config_count(list); i++) {
        int64_t bit = name_value(names, config_text(config_at(list, i)));
        if (bit < 0) return config_complain(config_at(list, i), "is no name of the list");
        *bits |= (uint64_t)1 << bit;
    }
    return TERN_OK;
}

/* events: [install, enable, disable, delete] */
static int read_events(struct config_node list, uint64_t *bits)
{
    static const struct tern_asn_name EVENTS[] = {
        {0, "install"},
        {1, "enable" },
        {2, "disable"},
        {3, "delete" },
        {0, NULL     }
    };
    return read_bits(list, EVENTS, bits);
}

static int read_notifications(struct metadata *metadata)
{
    struct tern_writer out = TERN_WRITER_OF(metadata->notifications);
    struct config_node list = config_get(metadata->node, "notifications");
    int status = TERN_OK;
    if (!config_present(list)) return TERN_OK;
    for (size_t i = 0; status == TERN_OK && i < config_count(list); i++) {
        struct tern_notification_configuration_information row = {0};
        struct config_node node = config_at(list, i);
        const char *address = config_text_required(node, "address");
        status = read_events(config_get(node, "events"), &row.profile_management_operation);
        if (address == NULL) return TERN_ERR_MALFORMED;
        row.notification_address = tern_bytes_text(address);
        if (status == TERN_OK) {
            status = tern_asn_encode(&TERN_NOTIFICATION_CONFIGURATION_INFORMATION, &out, &row);
        }
    }
    metadata->request.notification_configuration_info = tern_writer_bytes(&out);
    return status == TERN_OK ? TERN_OK : config_complain(list, "does not fit its ASN.1 type");
}

/* "24001" or "310150" as TS 24.008, 10.5.1.13 has it. */
static int read_plmn(struct config_node node, uint8_t out[3])
{
    const char *text = config_text(node);
    size_t count = text == NULL ? 0 : strlen(text);
    if ((count != 5 && count != 6) || strspn(text, "0123456789") != count) {
        return config_complain(node, "wants MCC and MNC, 5 or 6 digits");
    }
    uint8_t d[6];
    for (size_t i = 0; i < count; i++)
        d[i] = (uint8_t)(text[i] - '0');
    out[0] = (uint8_t)(d[1] << 4 | d[0]);
    out[1] = (uint8_t)((count == 6 ? d[5] : 0xF) << 4 | d[2]);
    out[2] = (uint8_t)(d[4] << 4 | d[3]);
    return TERN_OK;
}

static int read_owner(struct metadata *metadata)
{
    static const char *const KEYS[] = {"plmn", "gid1", "gid2", NULL};
    struct tern_operator_id owner = {0};
    struct config_node node = config_get(metadata->node, "owner");
    struct tern_writer out = TERN_WRITER_OF(metadata->owner);
    if (!config_present(node)) return TERN_OK;
    int status = config_only(node, KEYS);
    if (status == TERN_OK) status = read_plmn(config_get(node, "plmn"), metadata->mcc_mnc);
    owner.mcc_mnc = TERN_BYTES_OF(metadata->mcc_mnc);
    for (size_t i = 0; status == TERN_OK && i < 2; i++) {
        struct config_node gid = config_get(node, i == 0 ? "gid1" : "gid2");
        struct tern_writer bytes = TERN_WRITER_OF(metadata->gids[i]);
        if (!config_present(gid)) continue;
        status = config_hex(gid, &bytes);
        *(i == 0 ? &owner.gid1 : &owner.gid2) = tern_writer_bytes(&bytes);
    }
    if (status == TERN_OK) status = tern_asn_encode_as(&TERN_OPERATOR_ID, &out, &owner, 0xB7);
    metadata->request.profile_owner = tern_writer_bytes(&out);
    return status;
}

static int read_icon(struct metadata *metadata)
{
    struct config_node node = config_get(metadata->node, "icon");
    const char *path = config_text(node);
    size_t size = 0;
    if (path == NULL) return TERN_OK;
    if (file_read(path, 1024, &metadata->icon, &size) != TERN_OK) {
        return config_complain(node, "cannot be read, or is larger than 1024 bytes");
    }
    bool png = size > 8 && memcmp(metadata->icon, "\x89PNG", 4) == 0;
    metadata->request.has_icon_type = true;
    metadata->request.icon_type = png ? 1 : 0; /* IconType: jpg 0, png 1 */
    metadata->request.icon = tern_bytes(metadata->icon, size);
    return TERN_OK;
}

static int read_rules(struct metadata *metadata)
{
    struct tern_store_metadata_request *request = &metadata->request;
    struct config_node list = config_get(metadata->node, "ppr");
    struct config_node fallback = config_get(metadata->node, "fallback_allowed");
    struct config_node ecall = config_get(metadata->node, "ecall");
    if (config_present(list)) {
        request->has_profile_policy_rules = true;
        if (read_bits(list, TERN_PPR_IDS_NAMES, &request->profile_policy_rules) != TERN_OK) {
            return TERN_ERR_MALFORMED;
        }
    }
    request->has_fallback_allowed = config_present(fallback);
    request->has_ecall_indication = config_present(ecall);
    int status = config_bool(fallback, &request->fallback_allowed);
    return status == TERN_OK ? config_bool(ecall, &request->ecall_indication) : status;
}

static int read_metadata(struct metadata *metadata, struct config_node root)
{
    static const char *const KEYS[] = {
        "service_provider_name", "profile_name", "class", "icon", "notifications", "owner", "ppr",
        "fallback_allowed",      "ecall",        NULL};
    struct tern_store_metadata_request *request = &metadata->request;
    const char *iccid = config_text(config_get(root, "iccid"));
    if (iccid == NULL || tern_iccid_from_text(metadata->iccid, tern_bytes_text(iccid)) != TERN_OK) {
        return config_complain(config_get(root, "iccid"), "wants an ICCID of 18 to 20 digits");
    }
    request->iccid = TERN_BYTES_OF(metadata->iccid);
    request->profile_class = TERN_PROFILE_CLASS_operational;
    int status = config_only(metadata->node, KEYS);
    if (status == TERN_OK) {
        status = read_text(config_get(metadata->node, "service_provider_name"), 32,
                           &request->service_provider_name);
    }
    if (status == TERN_OK) {
        status = read_text(config_get(metadata->node, "profile_name"), 64, &request->profile_name);
    }
    struct config_node class = config_get(metadata->node, "class");
    if (status == TERN_OK && config_present(class)) {
        request->profile_class = name_value(TERN_PROFILE_CLASS_NAMES, config_text(class));
        if (request->profile_class < 0) {
            status = config_complain(class, "wants test, provisioning or operational");
        }
    }
    if (status == TERN_OK) status = read_icon(metadata);
    if (status == TERN_OK) status = read_notifications(metadata);
    if (status == TERN_OK) status = read_owner(metadata);
    return status == TERN_OK ? read_rules(metadata) : status;
}

int build_metadata(struct config_node root, struct tern_writer *out)
{
    struct metadata *metadata = calloc(1, sizeof *metadata);
    if (metadata == NULL) abort();
    metadata->node = config_get(root, "metadata");
    int status = read_metadata(metadata, root);
    if (status == TERN_OK) {
        status = tern_asn_encode(&TERN_STORE_METADATA_REQUEST, out, &metadata->request);
        if (status != TERN_OK) (void)config_complain(metadata->node, "does not fit its ASN.1 type");
    }
    free(metadata->icon);
    free(metadata);
    return status;
}
