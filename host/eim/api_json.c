/* SPDX-License-Identifier: Apache-2.0 */
/* How the API shows devices, operations, commands and results. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/eim/api.h"
#include "tern/asn.h"

#define TEXT_MAX 4096

void eid_text(char out[33], const uint8_t eid[TERN_EID_SIZE])
{
    struct tern_writer writer = tern_writer(out, 32);
    tern_eid_to_text(&writer, eid);
    out[32] = '\0';
}

void json_bytes_text(cJSON *object, const char *name, struct tern_bytes bytes)
{
    char text[TEXT_MAX];
    if (bytes.size > 0 && bytes.size < sizeof(text) && tern_utf8_valid(bytes)) {
        memcpy(text, bytes.data, bytes.size);
        text[bytes.size] = '\0';
        cJSON_AddStringToObject(object, name, text);
    }
}

static void add_encoded(cJSON *object, const char *name, struct tern_bytes bytes,
                        void (*encode)(struct tern_writer *, struct tern_bytes))
{
    if (bytes.size == 0) {
        return;
    }
    size_t capacity = bytes.size * 2 + 8;
    char *text = malloc(capacity + 1);
    if (text == NULL) {
        return;
    }
    struct tern_writer writer = tern_writer(text, capacity);
    encode(&writer, bytes);
    text[writer.size] = '\0';
    cJSON_AddStringToObject(object, name, text);
    free(text);
}

void json_hex(cJSON *object, const char *name, struct tern_bytes bytes)
{
    add_encoded(object, name, bytes, tern_hex_encode);
}

void json_base64(cJSON *object, const char *name, struct tern_bytes bytes)
{
    add_encoded(object, name, bytes, tern_base64_encode);
}

struct tern_bytes json_unbase64(const char *text, uint8_t *out, size_t out_size)
{
    struct tern_writer writer = tern_writer(out, out_size);
    if (text == NULL || tern_base64_decode(&writer, tern_bytes_text(text)) != TERN_OK) {
        return TERN_BYTES_NONE;
    }
    return tern_writer_status(&writer) == TERN_OK ? tern_writer_bytes(&writer) : TERN_BYTES_NONE;
}

void json_time(cJSON *object, const char *name, int64_t ms)
{
    char text[64];
    char whole[40];
    struct tm parts;
    time_t seconds = (time_t)(ms / 1000);
    if (ms <= 0 || gmtime_r(&seconds, &parts) == NULL) {
        return;
    }
    strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, sizeof(text), "%s.%03dZ", whole, (int)(ms % 1000));
    cJSON_AddStringToObject(object, name, text);
}

void json_iccid(cJSON *object, const char *name, struct tern_bytes iccid)
{
    char text[24];
    struct tern_writer writer = tern_writer(text, sizeof(text) - 1);
    if (iccid.size == TERN_ICCID_SIZE && tern_iccid_to_text(&writer, iccid) == TERN_OK) {
        text[writer.size] = '\0';
        cJSON_AddStringToObject(object, name, text);
    }
}

static void add_names(cJSON *object, const char *name, int64_t bits, const char *const *names,
                      size_t count)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);
    for (size_t i = 0; i < count; i++) {
        if ((bits >> i & 1) != 0) {
            cJSON_AddItemToArray(list, cJSON_CreateString(names[i]));
        }
    }
}

static const char *const FEATURES[] = {
    "directRspServerCommunication", "indirectRspServerCommunication", "eimDownloadDataHandling",
    "eimCtxParams1Generation",      "eimProfileMetadataVerification", "minimizeEsipaBytes"};
static const char *const PROTOCOLS[] = {"ipaRetrieveHttps", "ipaRetrieveCoaps", "ipaInjectHttps",
                                        "ipaInjectCoaps", "ipaProprietary"};
static const char *const FLAGS[] = {"stale", "gone", "suspect", "rolled-back"};

cJSON *json_device(const struct tern_eim_device *device)
{
    char eid[33];
    cJSON *out = cJSON_CreateObject();
    eid_text(eid, device->eid);
    cJSON_AddStringToObject(out, "eid", eid);
    json_bytes_text(out, "label", device->label);
    json_bytes_text(out, "tenant", device->tenant);
    json_bytes_text(out, "address", device->address);
    json_iccid(out, "enabled_profile", device->enabled);
    cJSON_AddBoolToObject(out, "verified", device->curve != 0);
    cJSON_AddNumberToObject(out, "counter", (double)device->counter);
    cJSON_AddNumberToObject(out, "association_token", (double)device->token);
    cJSON_AddNumberToObject(out, "key_id", (double)device->key_id);
    size_t open_count = device->open.size / 5;
    cJSON_AddNumberToObject(out, "open_operations", (double)open_count);
    add_names(out, "features", device->features, FEATURES, TERN_COUNT_OF(FEATURES));
    add_names(out, "protocols", device->protocols, PROTOCOLS, TERN_COUNT_OF(PROTOCOLS));
    add_names(out, "flags", device->flags, FLAGS, TERN_COUNT_OF(FLAGS));
    cJSON *quirks = cJSON_AddArrayToObject(out, "quirks");
    for (uint32_t bit = 1; tern_eim_quirk_name(bit) != NULL; bit <<= 1) {
        if ((device->quirks & bit) != 0) {
            cJSON_AddItemToArray(quirks, cJSON_CreateString(tern_eim_quirk_name(bit)));
        }
    }
    if (device->state_change_cause != 0) {
        cJSON_AddNumberToObject(out, "state_change_cause",
                                (double)(device->state_change_cause - 1));
    }
    json_hex(out, "ci_key_id", device->ci_key_id);
    json_hex(out, "rplmn", device->plmn);
    json_time(out, "added", device->added_ms);
    json_time(out, "seen", device->seen_ms);
    return out;
}

static struct tern_bytes find(struct tern_bytes value, tern_tag tag)
{
    struct tern_tlv tlv;
    return tern_der_find(value, tag, &tlv) == TERN_OK ? tlv.value : TERN_BYTES_NONE;
}

static cJSON *json_profiles(struct tern_bytes list)
{
    static const char *const CLASSES[] = {"test", "provisioning", "operational"};
    cJSON *out = cJSON_CreateArray();
    struct tern_tlv profile;
    while (tern_der_next(&list, &profile, TERN_DER_LONG_LENGTHS) == 1) {
        cJSON *item = cJSON_CreateObject();
        struct tern_bytes state = find(profile.value, 0x9F70);
        struct tern_bytes class = find(profile.value, 0x95);
        struct tern_bytes fallback = find(profile.value, 0x9F26);
        json_iccid(item, "iccid", find(profile.value, 0x5A));
        json_hex(item, "aid", find(profile.value, 0x4F));
        cJSON_AddStringToObject(item, "state",
                                state.size == 1 && state.data[0] == 1 ? "enabled" : "disabled");
        if (class.size == 1 && class.data[0] < 3) {
            cJSON_AddStringToObject(item, "class", CLASSES[class.data[0]]);
        }
        json_bytes_text(item, "nickname", find(profile.value, 0x90));
        json_bytes_text(item, "service_provider", find(profile.value, 0x91));
        json_bytes_text(item, "name", find(profile.value, 0x92));
        json_hex(item, "owner", find(find(profile.value, 0xB7), 0x80));
        if (fallback.size == 1 && fallback.data[0] != 0) {
            cJSON_AddBoolToObject(item, "fallback", true);
        }
        cJSON_AddItemToArray(out, item);
    }
    return out;
}

void json_device_data(cJSON *out, const struct tern_eim_device_data *data)
{
    cJSON_AddItemToObject(out, "profiles", json_profiles(data->profiles));
    cJSON *eims = cJSON_AddArrayToObject(out, "eims");
    struct tern_bytes list = data->eims;
    struct tern_tlv eim;
    while (tern_der_next(&list, &eim, TERN_DER_LONG_LENGTHS) == 1) {
        cJSON *item = cJSON_CreateObject();
        json_bytes_text(item, "eim_id", find(eim.value, 0x80));
        cJSON_AddItemToArray(eims, item);
    }
    json_bytes_text(out, "default_smdp", data->default_smdp);
    json_bytes_text(out, "root_smds", data->root_smds);
    json_base64(out, "eum_certificate", data->eum_certificate);
    json_base64(out, "euicc_certificate", data->euicc_certificate);
    json_base64(out, "euicc_info1", data->euicc_info1);
    json_base64(out, "euicc_info2", data->euicc_info2);
    json_base64(out, "ipa_capabilities", data->ipa_capabilities);
    json_base64(out, "device_info", data->device_info);
    json_hex(out, "rat", data->rat);
    json_time(out, "profiles_at", data->profiles_ms);
    json_time(out, "infos_at", data->infos_ms);
}

/* ---- Operations ---- */

void operation_id(char out[64], const uint8_t eid[TERN_EID_SIZE], int64_t sequence)
{
    char text[33];
    eid_text(text, eid);
    snprintf(out, 64, "%s-%lld", text, (long long)sequence);
}

bool operation_id_read(const char *text, uint8_t eid[TERN_EID_SIZE], int64_t *sequence)
{
    char *end;
    if (strlen(text) < 34 || text[32] != '-' ||
        tern_eid_from_text(eid, tern_bytes(text, 32)) != TERN_OK) {
        return false;
    }
    long long number = strtoll(text + 33, &end, 10);
    *sequence = number;
    return *end == '\0' && number > 0 && number <= 0xFFFFFFFF;
}

struct command_name {
    tern_tag tag;
    const char *name;
};
static const struct command_name PSMO_NAMES[] = {
    {0xA3,   "enable"                    },
    {0xA4,   "disable"                   },
    {0xA5,   "delete"                    },
    {0xBF2D, "list-profile-info"         },
    {0xA6,   "get-rat"                   },
    {0xA7,   "configure-immediate-enable"},
    {0xA8,   "set-fallback"              },
    {0xA9,   "unset-fallback"            },
    {0xBF65, "set-default-smdp"          }
};
static const struct command_name ECO_NAMES[] = {
    {0xA8, "add-eim"   },
    {0xA9, "delete-eim"},
    {0xAA, "update-eim"},
    {0xAB, "list-eim"  }
};

static const char *command_name(bool eco, tern_tag tag)
{
    const struct command_name *names = eco ? ECO_NAMES : PSMO_NAMES;
    size_t count = eco ? TERN_COUNT_OF(ECO_NAMES) : TERN_COUNT_OF(PSMO_NAMES);
    for (size_t i = 0; i < count; i++) {
        if (names[i].tag == tag) {
            return names[i].name;
        }
    }
    return "unknown";
}

static void add_commands(cJSON *out, struct tern_bytes request)
{
    struct tern_tlv list;
    struct tern_tlv command;
    if (tern_der_single(request, &list, TERN_DER_STRICT) != TERN_OK) {
        return;
    }
    bool eco = list.tag == 0xA1;
    cJSON *commands = cJSON_AddArrayToObject(out, "commands");
    struct tern_bytes rest = list.value;
    while (tern_der_next(&rest, &command, TERN_DER_STRICT) == 1) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "command", command_name(eco, command.tag));
        if (eco) {
            json_bytes_text(item, "eim_id", find(command.value, 0x80));
        } else {
            json_iccid(item, "iccid", find(command.value, 0x5A));
            if (command.tag == 0xA3 && find(command.value, 0x05).data != NULL) {
                cJSON_AddBoolToObject(item, "rollback", true);
            }
        }
        cJSON_AddItemToArray(commands, item);
    }
}

/* The results of a signed result, beside the commands. */
static void add_results(cJSON *out, struct tern_bytes result)
{
    static const tern_tag PATH[] = {0xBF51, 0xA0, 0x30, 0x30};
    struct tern_tlv list;
    struct tern_tlv item;
    if (tern_der_path(result, PATH, TERN_COUNT_OF(PATH), &list) != TERN_OK) {
        return;
    }
    cJSON *results = cJSON_AddArrayToObject(out, "results");
    struct tern_bytes rest = list.value;
    while (tern_der_next(&rest, &item, TERN_DER_LONG_LENGTHS) == 1) {
        cJSON *entry = cJSON_CreateObject();
        char tag[16];
        snprintf(tag, sizeof(tag), "%X", (unsigned)item.tag);
        cJSON_AddStringToObject(entry, "tag", tag);
        struct tern_bytes token = find(item.value, 0x84);
        if (item.tag == 0xBF2D) {
            cJSON_AddItemToObject(entry, "profiles", json_profiles(find(item.value, 0xA0)));
        } else if (item.tag == 0xA8 && token.data != NULL) {
            cJSON_AddNumberToObject(entry, "association_token", (double)tern_read_uint(token));
        } else if (!tern_tag_constructed(item.tag) && item.value.size <= 4) {
            cJSON_AddNumberToObject(entry, "code", (double)tern_read_uint(item.value));
        } else {
            json_hex(entry, "value", item.value);
        }
        cJSON_AddItemToArray(results, entry);
    }
}

static void add_error(cJSON *out, const struct tern_eim_operation *operation)
{
    static const char *const ORIGINS[] = {
        "",        "command", "package",           "unsigned",     "ipa",    "data", "trigger",
        "install", "smdp",    "card-authenticate", "card-prepare", "cancel", "eim"};
    struct tern_eim_explanation words;
    if (operation->origin <= 0 || operation->origin >= (int64_t)TERN_COUNT_OF(ORIGINS)) {
        return;
    }
    tern_eim_explain(&words, operation->origin, operation->where, operation->code);
    cJSON *error = cJSON_AddObjectToObject(out, "error");
    cJSON_AddStringToObject(error, "code", words.code);
    cJSON_AddStringToObject(error, "what", words.cause);
    cJSON_AddStringToObject(error, "where", ORIGINS[operation->origin]);
    cJSON_AddStringToObject(error, "party", words.party);
    cJSON_AddStringToObject(error, "next", words.next);
    cJSON_AddNumberToObject(error, "number", (double)operation->code);
}

cJSON *json_operation(const uint8_t eid[TERN_EID_SIZE], const struct tern_eim_operation *operation)
{
    char id[64];
    char text[33];
    cJSON *out = cJSON_CreateObject();
    operation_id(id, eid, operation->sequence);
    eid_text(text, eid);
    cJSON_AddStringToObject(out, "id", id);
    cJSON_AddStringToObject(out, "eid", text);
    cJSON_AddStringToObject(out, "kind", tern_eim_kind_name(operation->kind));
    cJSON_AddStringToObject(out, "state", tern_eim_state_name(operation->state));
    cJSON_AddNumberToObject(out, "attempts", (double)operation->attempts);
    if (operation->kind == TERN_EIM_KIND_PACKAGE) {
        cJSON_AddNumberToObject(out, "counter", (double)operation->counter);
        add_commands(out, operation->request);
        add_results(out, operation->result);
    } else if (operation->kind == TERN_EIM_KIND_DATA) {
        json_hex(out, "tags", operation->request);
    }
    json_iccid(out, "iccid", operation->iccid);
    json_hex(out, "eim_transaction_id", operation->transaction);
    json_bytes_text(out, "reference", operation->reference);
    json_base64(out, "result", operation->result);
    add_error(out, operation);
    json_time(out, "created", operation->created_ms);
    json_time(out, "fetched", operation->fetched_ms);
    json_time(out, "finished", operation->finished_ms);
    json_time(out, "expires", operation->expires_ms);
    return out;
}
