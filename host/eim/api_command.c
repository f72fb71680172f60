/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as the API names them, one row each; and the refusal of what would strand a device. */
#include "host/eim/api_command.h"

#include <stdlib.h>
#include <string.h>

#include "tern/asn.h"

#define COMMANDS_MAX 32
#define LIST_SIZE    8000

struct arguments {
    struct api_call *call;
    const cJSON *object;
    struct tern_bytes iccid;
};

static int refuse(struct api_call *call, const char *where, const char *next)
{
    return api_refuse(call, 400, "command.malformed", "a command is not well-formed", where, next);
}

static int write_enable(struct arguments *a, struct tern_writer *out)
{
    tern_eim_psmo_enable(out, a->iccid, api_flag(a->object, "rollback"));
    return TERN_OK;
}

static int write_disable(struct arguments *a, struct tern_writer *out)
{
    tern_eim_psmo_disable(out, a->iccid);
    return TERN_OK;
}

static int write_delete(struct arguments *a, struct tern_writer *out)
{
    tern_eim_psmo_delete(out, a->iccid);
    return TERN_OK;
}

static int write_fallback(struct arguments *a, struct tern_writer *out)
{
    tern_eim_psmo_set_fallback(out, a->iccid);
    return TERN_OK;
}

static int write_unset_fallback(struct arguments *a, struct tern_writer *out)
{
    (void)a;
    tern_eim_psmo_unset_fallback(out);
    return TERN_OK;
}

static int write_get_rat(struct arguments *a, struct tern_writer *out)
{
    (void)a;
    tern_eim_psmo_get_rat(out);
    return TERN_OK;
}

static int write_list(struct arguments *a, struct tern_writer *out)
{
    bool bad = false;
    uint8_t criterion[32];
    uint8_t tags[64];
    struct tern_writer by = TERN_WRITER_OF(criterion);
    struct tern_writer wanted = TERN_WRITER_OF(tags);
    const char *iccid = api_text(a->object, "iccid", &bad);
    const char *aid = api_text(a->object, "aid", &bad);
    const char *list = api_text(a->object, "tags", &bad);
    int64_t class = api_number(a->object, "class", -1);
    if (iccid != NULL) {
        tern_der_write(&by, 0x5A, a->iccid);
    } else if (aid != NULL) {
        uint8_t raw[16];
        struct tern_writer aid_out = TERN_WRITER_OF(raw);
        bad = bad || tern_hex_decode(&aid_out, tern_bytes_text(aid)) != TERN_OK ||
              tern_writer_status(&aid_out) != TERN_OK;
        tern_der_write(&by, 0x4F, tern_writer_bytes(&aid_out));
    } else if (class >= 0) {
        tern_der_write_int(&by, 0x95, class);
    }
    if (list != NULL) {
        bad = bad || tern_hex_decode(&wanted, tern_bytes_text(list)) != TERN_OK;
    }
    if (bad || tern_writer_status(&wanted) != TERN_OK) {
        return refuse(a->call, "list-profile-info", "tags and aid are hexadecimal");
    }
    tern_eim_psmo_list_profile_info(out, tern_writer_bytes(&by), tern_writer_bytes(&wanted));
    return TERN_OK;
}

static int write_immediate(struct arguments *a, struct tern_writer *out)
{
    bool bad = false;
    uint8_t oid[32];
    struct tern_writer oid_out = TERN_WRITER_OF(oid);
    const char *text = api_text(a->object, "smdp_oid", &bad);
    const char *address = api_text(a->object, "address", &bad);
    if (bad ||
        (text != NULL && tern_asn_oid_from_text(&oid_out, tern_bytes_text(text)) != TERN_OK)) {
        return refuse(a->call, "smdp_oid", "give the OID in dots");
    }
    tern_eim_psmo_configure_immediate_enable(
        out, api_flag(a->object, "allow"), tern_writer_bytes(&oid_out),
        address == NULL ? TERN_BYTES_NONE : tern_bytes_text(address));
    return TERN_OK;
}

static int write_default_smdp(struct arguments *a, struct tern_writer *out)
{
    bool bad = false;
    const char *address = api_text(a->object, "address", &bad);
    if (address == NULL || strlen(address) > TERN_ADDRESS_SIZE) {
        return refuse(a->call, "address", "give the SM-DP+ address, or an empty text to clear it");
    }
    tern_eim_psmo_set_default_smdp(out, tern_bytes_text(address));
    return TERN_OK;
}

/* The members of the one EimConfigurationData in an enrolment file, BF57{A0{30}} or 30. */
static struct tern_bytes configuration_members(struct tern_bytes file)
{
    static const tern_tag PATH[] = {0xBF57, 0xA0, 0x30};
    struct tern_tlv found;
    if (tern_der_path(file, PATH, TERN_COUNT_OF(PATH), &found) == TERN_OK ||
        (tern_der_single(file, &found, TERN_DER_STRICT) == TERN_OK && found.tag == 0x30)) {
        return found.value;
    }
    return TERN_BYTES_NONE;
}

static int write_configuration(struct arguments *a, struct tern_writer *out, bool add)
{
    bool bad = false;
    uint8_t file[6000];
    const char *text = api_text(a->object, "configuration", &bad);
    struct tern_bytes members = configuration_members(json_unbase64(text, file, sizeof(file)));
    if (members.data == NULL) {
        return refuse(a->call, "configuration",
                      "give base64 of the other eIM's enrolment file (tern eim enrol-file)");
    }
    if (add) {
        tern_eim_eco_add(out, members);
    } else {
        tern_eim_eco_update(out, members);
    }
    return TERN_OK;
}

static int write_add_eim(struct arguments *a, struct tern_writer *out)
{
    return write_configuration(a, out, true);
}

static int write_update_eim(struct arguments *a, struct tern_writer *out)
{
    return write_configuration(a, out, false);
}

int command_add_eim(struct api_call *call, struct tern_writer *out, const cJSON *object)
{
    struct arguments a = {.call = call, .object = object};
    return write_configuration(&a, out, true);
}

static int write_delete_eim(struct arguments *a, struct tern_writer *out)
{
    bool bad = false;
    const char *eim_id = api_text(a->object, "eim_id", &bad);
    if (eim_id == NULL || strlen(eim_id) > TERN_EIM_ID_SIZE) {
        return refuse(a->call, "eim_id", "name the eIM");
    }
    tern_eim_eco_delete(out, tern_bytes_text(eim_id));
    return TERN_OK;
}

static int write_list_eim(struct arguments *a, struct tern_writer *out)
{
    (void)a;
    tern_eim_eco_list(out);
    return TERN_OK;
}

struct command_name_row {
    const char *name;
    int (*write)(struct arguments *a, struct tern_writer *out);
    bool eco;
    bool iccid; /* mandatory */
};
/* clang-format off */
static const struct command_name_row COMMANDS[] = {
    {"enable",                     write_enable,         false, true},
    {"disable",                    write_disable,        false, true},
    {"delete",                     write_delete,         false, true},
    {"list-profile-info",          write_list,           false, false},
    {"get-rat",                    write_get_rat,        false, false},
    {"configure-immediate-enable", write_immediate,      false, false},
    {"set-fallback",               write_fallback,       false, true},
    {"unset-fallback",             write_unset_fallback, false, false},
    {"set-default-smdp",           write_default_smdp,   false, false},
    {"add-eim",                    write_add_eim,        true,  false},
    {"update-eim",                 write_update_eim,     true,  false},
    {"delete-eim",                 write_delete_eim,     true,  false},
    {"list-eim",                   write_list_eim,       true,  false},
};
/* clang-format on */

static int write_command(struct api_call *call, const cJSON *object, struct tern_writer *out,
                         int *eco)
{
    bool bad = false;
    uint8_t iccid[TERN_ICCID_SIZE];
    const char *name = api_text(object, "command", &bad);
    const char *digits = api_text(object, "iccid", &bad);
    const struct command_name_row *row = NULL;
    for (size_t i = 0; name != NULL && i < TERN_COUNT_OF(COMMANDS); i++) {
        row = strcmp(name, COMMANDS[i].name) == 0 ? &COMMANDS[i] : row;
    }
    if (row == NULL) {
        return refuse(call, "command", "see the commands of OperationRequest in openapi.json");
    }
    if (*eco >= 0 && *eco != (int)row->eco) {
        return api_refuse(call, 422, "command.mixed",
                          "profile commands and eIM commands cannot be in one package", "commands",
                          "queue two packages");
    }
    *eco = row->eco;
    struct arguments a = {.call = call, .object = object};
    if (row->iccid || digits != NULL) {
        if (digits == NULL || tern_iccid_from_text(iccid, tern_bytes_text(digits)) != TERN_OK) {
            return refuse(call, "iccid", "give the ICCID's 18 to 20 digits");
        }
        a.iccid = TERN_BYTES_OF(iccid);
    }
    return row->write(&a, out);
}

int commands_read(struct api_call *call, struct tern_writer *out, const cJSON *commands)
{
    static uint8_t list[LIST_SIZE];
    struct tern_writer inner = TERN_WRITER_OF(list);
    const cJSON *command;
    int eco = -1;
    int count = cJSON_GetArraySize(commands);
    if (!cJSON_IsArray(commands) || count == 0 || count > COMMANDS_MAX) {
        return refuse(call, "commands", "give a list of 1 to 32 commands");
    }
    cJSON_ArrayForEach(command, commands)
    {
        int error = write_command(call, command, &inner, &eco);
        if (error != TERN_OK) {
            return error;
        }
    }
    if (tern_writer_status(&inner) != TERN_OK) {
        return refuse(call, "commands", "the package is too large: split it");
    }
    tern_der_write(out, eco == 1 ? 0xA1 : 0xA0, tern_writer_bytes(&inner));
    return tern_writer_status(out);
}

/* ---- Stranding ---- */

static size_t profile_count(struct tern_bytes profiles)
{
    struct tern_tlv profile;
    size_t count = 0;
    while (tern_der_next(&profiles, &profile, TERN_DER_LONG_LENGTHS) == 1) {
        count++;
    }
    return count;
}

static bool forced(const struct api_call *call, const char *name)
{
    bool bad = false;
    const char *force = api_text(call->body, "force", &bad);
    return force != NULL && strcmp(force, name) == 0;
}

static int judge_profiles(struct api_call *call, const struct tern_eim_device *device,
                          const struct tern_eim_device_data *data, struct tern_bytes commands)
{
    struct tern_tlv command;
    struct tern_tlv iccid;
    bool enables = false;
    bool loses = false;
    while (tern_der_next(&commands, &command, TERN_DER_STRICT) == 1) {
        enables = enables || command.tag == 0xA3;
        if ((command.tag != 0xA4 && command.tag != 0xA5) ||
            tern_der_find(command.value, 0x5A, &iccid) != TERN_OK) {
            continue;
        }
        bool working = tern_bytes_equal(iccid.value, device->enabled);
        bool last = command.tag == 0xA5 && profile_count(data->profiles) == 1;
        loses = loses || working || last;
    }
    if (loses && !enables && !forced(call, "strand-device")) {
        return api_refuse(call, 409, "device.would-strand",
                          "this disables or deletes the only working profile", "commands",
                          "enable another profile in the same package, or repeat with "
                          "\"force\":\"strand-device\"");
    }
    return TERN_OK;
}

static int judge_eims(struct api_call *call, struct tern_bytes commands)
{
    struct tern_tlv command;
    struct tern_tlv eim_id;
    while (tern_der_next(&commands, &command, TERN_DER_STRICT) == 1) {
        if (command.tag == 0xA9 && tern_der_find(command.value, 0x80, &eim_id) == TERN_OK &&
            tern_bytes_equal(eim_id.value, tern_bytes_text(call->server->eim_id)) &&
            !forced(call, "remove-this-eim")) {
            return api_refuse(call, 409, "eim.would-leave",
                              "this removes this eIM from the card: it cannot be managed from here "
                              "any more",
                              "commands",
                              "prove first that the other eIM works, then repeat with "
                              "\"force\":\"remove-this-eim\"");
        }
    }
    return TERN_OK;
}

int commands_judge(struct api_call *call, struct tern_eim_step *step,
                   const struct tern_eim_device *device, struct tern_bytes request)
{
    struct tern_tlv list;
    struct tern_eim_device_data data;
    if (tern_der_single(request, &list, TERN_DER_STRICT) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    if (list.tag == 0xA1) {
        return judge_eims(call, list.value);
    }
    int error = tern_eim_data_load(&call->worker->eim, step, device->eid, &data);
    return error == TERN_OK ? judge_profiles(call, device, &data, list.value) : error;
}
