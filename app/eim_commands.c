/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `tern eim`: each builds one request of the API and shows the answer. */
#include "app/eim_commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/eim_client.h"
#include "host/config/files.h"

#define FILE_SIZE_MAX (64u * 1024 * 1024)

static const struct column DEVICE_COLUMNS[] = {
    {"EID",      "eid"            },
    {"LABEL",    "label"          },
    {"ENABLED",  "enabled_profile"},
    {"VERIFIED", "verified"       },
    {"OPEN",     "open_operations"},
    {"SEEN",     "seen"           },
    {"FLAGS",    "flags"          }
};
static const struct column OPERATION_COLUMNS[] = {
    {"ID",       "id"      },
    {"KIND",     "kind"    },
    {"STATE",    "state"   },
    {"COMMANDS", "commands"},
    {"ERROR",    "error"   },
    {"CREATED",  "created" }
};
static const struct column CODE_COLUMNS[] = {
    {"ID",       "id"      },
    {"STATE",    "state"   },
    {"POOL",     "pool"    },
    {"SMDP",     "smdp"    },
    {"EID",      "eid"     },
    {"OPERATOR", "operator"}
};
static const struct column PROFILE_COLUMNS[] = {
    {"ICCID",    "iccid"           },
    {"STATE",    "state"           },
    {"CLASS",    "class"           },
    {"PROVIDER", "service_provider"},
    {"NAME",     "name"            }
};
static const struct column USER_COLUMNS[] = {
    {"ID",      "id"     },
    {"NAME",    "name"   },
    {"ROLE",    "role"   },
    {"TENANT",  "tenant" },
    {"EXPIRES", "expires"}
};
static const struct column AUDIT_COLUMNS[] = {
    {"NUMBER", "number"},
    {"TIME",   "time"  },
    {"USER",   "user"  },
    {"METHOD", "method"},
    {"PATH",   "path"  },
    {"STATUS", "status"}
};
static const struct column EVENT_COLUMNS[] = {
    {"NUMBER",    "number"   },
    {"TIME",      "time"     },
    {"EVENT",     "event"    },
    {"EID",       "eid"      },
    {"OPERATION", "operation"},
    {"STATE",     "state"    }
};
static const struct column WEBHOOK_COLUMNS[] = {
    {"ID",       "id"      },
    {"URL",      "url"     },
    {"AFTER",    "after"   },
    {"ATTEMPTS", "attempts"}
};
static const struct column KEY_COLUMNS[] = {
    {"ID",     "id"    },
    {"CURVE",  "curve" },
    {"ACTIVE", "active"}
};
#define COLUMNS(table) table, TERN_COUNT_OF(table)

static int usage(const char *text)
{
    fprintf(stderr, "usage: %s\n", text);
    return 2;
}

/* "?a=b&c=d" of what was given. */
static void add_query(char *path, size_t path_size, const char *name, const char *value)
{
    size_t size = strlen(path);
    if (value == NULL) {
        return;
    }
    size += (size_t)snprintf(path + size, path_size - size,
                             "%c%s=", strchr(path, '?') == NULL ? '?' : '&', name);
    for (const char *c = value; *c != '\0' && size + 4 < path_size; c++) {
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= 'a' && *c <= 'z') || strchr("-_.~", *c) != NULL;
        size += plain ? (size_t)snprintf(path + size, path_size - size, "%c", *c)
                      : (size_t)snprintf(path + size, path_size - size, "%%%02X",
                                         (unsigned)(unsigned char)*c);
    }
}

static void add_limit(char *path, size_t path_size, const struct eim_client *client)
{
    char number[24];
    snprintf(number, sizeof(number), "%llu", (unsigned long long)client->limit);
    add_query(path, path_size, "limit", client->limit == 0 ? NULL : number);
    add_query(path, path_size, "after", client->after);
}

static void add_text(cJSON *object, const char *name, const char *value)
{
    if (value != NULL) {
        cJSON_AddStringToObject(object, name, value);
    }
}

/* GET and print. */
static int list(struct eim_client *client, const char *path, const struct column *columns,
                size_t count)
{
    cJSON *answer;
    int status = eim_client_call(client, "GET", path, NULL, &answer);
    return status == 0 ? eim_client_print(client, answer, columns, count) : status;
}

static int change(struct eim_client *client, const char *method, const char *path, cJSON *body)
{
    cJSON *answer;
    int status = eim_client_call(client, method, path, body, &answer);
    return status == 0 ? eim_client_print(client, answer, NULL, 0) : status;
}

static int queue(struct eim_client *client, const char *eid, cJSON *body)
{
    char path[128];
    cJSON *answer;
    snprintf(path, sizeof(path), "/devices/%s/operations", eid);
    add_text(body, "force", client->force);
    add_text(body, "reference", client->reference);
    if (client->expires_in_s != 0) {
        cJSON_AddNumberToObject(body, "expires_in_s", (double)client->expires_in_s);
    }
    int status = eim_client_call(client, "POST", path, body, &answer);
    return status == 0 ? eim_client_finish(client, answer) : status;
}

/* Send a file; `type` NULL: by its name. */
static int send_file(struct eim_client *client, const char *path, const char *file,
                     const char *type)
{
    uint8_t *data = NULL;
    size_t size = 0;
    cJSON *answer;
    if (file_read(file, FILE_SIZE_MAX, &data, &size) != TERN_OK) {
        fprintf(stderr, "tern eim: cannot read %s\n", file);
        return 2;
    }
    int status = eim_client_send(client, "POST", path, type, tern_bytes(data, size), &answer);
    tern_wipe(data, size);
    free(data);
    return status == 0 ? eim_client_print(client, answer, NULL, 0) : status;
}

/* ---- device ---- */

int eim_device(int argc, char **argv)
{
    static const char USAGE[] =
        "tern eim device import FILE ... | list | show EID | set EID | remove EID";
    struct eim_client client;
    char path[512] = "/devices";
    int status = eim_client_parse(&client, USAGE, "Devices of the eIM.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    const char *what = argc > 1 ? argv[1] : "list";
    if (strcmp(what, "list") == 0) {
        add_limit(path, sizeof(path), &client);
        add_query(path, sizeof(path), "label", client.label);
        add_query(path, sizeof(path), "flag", client.state);
        return list(&client, path, COLUMNS(DEVICE_COLUMNS));
    }
    if (strcmp(what, "import") == 0 && argc > 2) {
        add_query(path, sizeof(path), "tenant", client.tenant);
        status = 0;
        for (int i = 2; i < argc && status == 0; i++) {
            status = send_file(&client, path, argv[i], "application/json");
        }
        return status;
    }
    if (argc != 3) {
        return usage(USAGE);
    }
    snprintf(path, sizeof(path), "/devices/%s", argv[2]);
    if (strcmp(what, "show") == 0) {
        return list(&client, path, NULL, 0);
    }
    if (strcmp(what, "remove") == 0) {
        add_query(path, sizeof(path), "force", client.force);
        return change(&client, "DELETE", path, NULL);
    }
    if (strcmp(what, "set") == 0) {
        cJSON *body = cJSON_CreateObject();
        add_text(body, "label", client.label);
        add_text(body, "tenant", client.tenant);
        add_text(body, "address", client.address);
        return change(&client, "PATCH", path, body);
    }
    return usage(USAGE);
}

/* ---- profile ---- */

static int list_profiles(struct eim_client *client, const char *eid)
{
    char path[128];
    cJSON *answer;
    snprintf(path, sizeof(path), "/devices/%s", eid);
    int status = eim_client_call(client, "GET", path, NULL, &answer);
    if (status != 0) {
        return status;
    }
    cJSON *shown = cJSON_CreateObject();
    cJSON_AddItemToObject(shown, "items", cJSON_DetachItemFromObject(answer, "profiles"));
    cJSON_Delete(answer);
    return eim_client_print(client, shown, COLUMNS(PROFILE_COLUMNS));
}

int eim_profile(int argc, char **argv)
{
    static const char USAGE[] =
        "tern eim profile list EID | refresh EID | enable|disable|delete|set-fallback EID ICCID";
    struct eim_client client;
    int status = eim_client_parse(&client, USAGE, "Profiles of a device.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc == 3 && strcmp(argv[1], "list") == 0) {
        return list_profiles(&client, argv[2]);
    }
    bool refresh = argc == 3 && strcmp(argv[1], "refresh") == 0;
    if (!refresh && argc != 4) {
        return usage(USAGE);
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "kind", "package");
    cJSON *commands = cJSON_AddArrayToObject(body, "commands");
    cJSON *command = cJSON_CreateObject();
    cJSON_AddItemToArray(commands, command);
    cJSON_AddStringToObject(command, "command", refresh ? "list-profile-info" : argv[1]);
    if (!refresh) {
        cJSON_AddStringToObject(command, "iccid", argv[3]);
    }
    if (client.rollback) {
        cJSON_AddBoolToObject(command, "rollback", true);
    }
    return queue(&client, argv[2], body);
}

int eim_download(int argc, char **argv)
{
    static const char USAGE[] =
        "tern eim download EID --code 1$.. | --code-id N | --pool NAME | --default-smdp | --smds X";
    struct eim_client client;
    int status = eim_client_parse(&client, USAGE, "Has a device download a profile.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc != 2) {
        return usage(USAGE);
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "kind", "download");
    add_text(body, "activation_code", client.code);
    add_text(body, "code", client.code_id);
    add_text(body, "pool", client.pool);
    add_text(body, "confirmation_code", client.confirmation_code);
    if (client.smds != NULL && strcmp(client.smds, "root") == 0) {
        cJSON_AddBoolToObject(body, "smds", true);
    } else {
        add_text(body, "smds", client.smds);
    }
    if (client.default_smdp) {
        cJSON_AddBoolToObject(body, "default_smdp", true);
    }
    if (client.direct) {
        cJSON_AddBoolToObject(body, "direct", true);
    }
    return queue(&client, argv[1], body);
}

int eim_package(int argc, char **argv)
{
    static const char USAGE[] = "tern eim package EID --commands '[{\"command\":\"enable\",..}]'";
    struct eim_client client;
    int status =
        eim_client_parse(&client, USAGE, "Queues a package of several commands.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    cJSON *commands = client.commands == NULL ? NULL : cJSON_Parse(client.commands);
    if (argc != 2 || commands == NULL) {
        cJSON_Delete(commands);
        return usage(USAGE);
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "kind", "package");
    cJSON_AddItemToObject(body, "commands", commands);
    return queue(&client, argv[1], body);
}

int eim_data(int argc, char **argv)
{
    static const char USAGE[] = "tern eim data EID [euiccInfo2 | euiccCertificate | ..] ...";
    struct eim_client client;
    int status = eim_client_parse(&client, USAGE, "Asks a device for its data.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc < 2) {
        return usage(USAGE);
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "kind", "data");
    cJSON *tags = argc > 2 ? cJSON_AddArrayToObject(body, "tags") : NULL;
    for (int i = 2; i < argc; i++) {
        cJSON_AddItemToArray(tags, cJSON_CreateString(argv[i]));
    }
    return queue(&client, argv[1], body);
}

/* ---- code ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    size_t end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

int eim_code(int argc, char **argv)
{
    static const char USAGE[] =
        "tern eim code import FILE.csv|FILE.png ... | add 1$.. | list | show|free|reserve|remove N";
    struct eim_client client;
    char path[512] = "/codes";
    int status = eim_client_parse(&client, USAGE, "Activation codes.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    const char *what = argc > 1 ? argv[1] : "list";
    if (strcmp(what, "list") == 0) {
        add_limit(path, sizeof(path), &client);
        add_query(path, sizeof(path), "pool", client.pool);
        add_query(path, sizeof(path), "state", client.state);
        return list(&client, path, COLUMNS(CODE_COLUMNS));
    }
    if (argc > 2 && strcmp(what, "import") == 0) {
        add_query(path, sizeof(path), "pool", client.pool);
        status = 0;
        for (int i = 2; i < argc && status == 0; i++) {
            status = send_file(&client, path, argv[i],
                               ends_with(argv[i], ".png") ? "image/png" : "text/csv");
        }
        return status;
    }
    if (argc != 3) {
        return usage(USAGE);
    }
    cJSON *body = cJSON_CreateObject();
    if (strcmp(what, "add") == 0) {
        add_query(path, sizeof(path), "pool", client.pool);
        cJSON_AddStringToObject(body, "activation_code", argv[2]);
        add_text(body, "confirmation_code", client.confirmation_code);
        return change(&client, "POST", path, body);
    }
    snprintf(path, sizeof(path), "/codes/%s", argv[2]);
    if (strcmp(what, "free") == 0 || strcmp(what, "reserve") == 0) {
        cJSON_AddStringToObject(body, "state", what[0] == 'f' ? "free" : "reserved");
        return change(&client, "PATCH", path, body);
    }
    cJSON_Delete(body);
    if (strcmp(what, "show") == 0) {
        add_query(path, sizeof(path), "reveal", client.reveal ? "true" : NULL);
        return list(&client, path, NULL, 0);
    }
    return strcmp(what, "remove") == 0 ? change(&client, "DELETE", path, NULL) : usage(USAGE);
}

/* ---- operation ---- */

int eim_operation(int argc, char **argv)
{
    static const char USAGE[] = "tern eim operation list [EID] | show|wait|cancel ID";
    struct eim_client client;
    char path[512] = "/operations";
    cJSON *answer;
    int status = eim_client_parse(&client, USAGE, "Operations and their results.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    const char *what = argc > 1 ? argv[1] : "list";
    if (strcmp(what, "list") == 0) {
        if (argc > 2) {
            snprintf(path, sizeof(path), "/devices/%s/operations", argv[2]);
        }
        add_limit(path, sizeof(path), &client);
        add_query(path, sizeof(path), "state", client.state);
        add_query(path, sizeof(path), "kind", client.kind);
        return list(&client, path, COLUMNS(OPERATION_COLUMNS));
    }
    if (argc != 3) {
        return usage(USAGE);
    }
    snprintf(path, sizeof(path), "/operations/%s", argv[2]);
    if (strcmp(what, "cancel") == 0) {
        return change(&client, "DELETE", path, NULL);
    }
    client.wait = client.wait || strcmp(what, "wait") == 0;
    status = eim_client_call(&client, "GET", path, NULL, &answer);
    return status == 0 ? eim_client_finish(&client, answer) : status;
}

/* ---- key, handover ---- */

int eim_key(int argc, char **argv)
{
    static const char USAGE[] = "tern eim key list | rollover EID KEY-ID";
    struct eim_client client;
    char path[128];
    cJSON *answer;
    int status = eim_client_parse(&client, USAGE, "Signing keys of this eIM.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc == 4 && strcmp(argv[1], "rollover") == 0) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddNumberToObject(body, "key_id", strtod(argv[3], NULL));
        if (client.counter != 0) {
            cJSON_AddNumberToObject(body, "counter", (double)client.counter);
        }
        snprintf(path, sizeof(path), "/devices/%s/rollover", argv[2]);
        status = eim_client_call(&client, "POST", path, body, &answer);
        return status == 0 ? eim_client_finish(&client, answer) : status;
    }
    if (argc > 2) {
        return usage(USAGE);
    }
    status = eim_client_call(&client, "GET", "/eim", NULL, &answer);
    if (status != 0) {
        return status;
    }
    cJSON *shown = cJSON_CreateObject();
    cJSON_AddItemToObject(shown, "items", cJSON_DetachItemFromObject(answer, "keys"));
    cJSON_Delete(answer);
    return eim_client_print(&client, shown, COLUMNS(KEY_COLUMNS));
}

static char *file_as_base64(const char *file)
{
    uint8_t *data = NULL;
    size_t size = 0;
    if (file_read(file, 1 << 16, &data, &size) != TERN_OK) {
        fprintf(stderr, "tern eim: cannot read %s\n", file);
        return NULL;
    }
    char *text = malloc(size * 2 + 8);
    if (text != NULL) {
        struct tern_writer out = tern_writer(text, size * 2 + 7);
        tern_base64_encode(&out, tern_bytes(data, size));
        text[out.size] = '\0';
    }
    free(data);
    return text;
}

int eim_handover(int argc, char **argv)
{
    static const char USAGE[] =
        "tern eim handover EID add ENROLMENT-FILE | undo EIM-ID | finish --force remove-this-eim";
    struct eim_client client;
    char path[128];
    cJSON *answer;
    int status = eim_client_parse(&client, USAGE, "Hands a device to another eIM.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc < 3) {
        return usage(USAGE);
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "stage", argv[2]);
    if (argc == 4 && strcmp(argv[2], "add") == 0) {
        char *text = file_as_base64(argv[3]);
        add_text(body, "configuration", text);
        free(text);
    } else if (argc == 4) {
        cJSON_AddStringToObject(body, "eim_id", argv[3]);
    }
    add_text(body, "force", client.force);
    snprintf(path, sizeof(path), "/devices/%s/handover", argv[1]);
    status = eim_client_call(&client, "POST", path, body, &answer);
    return status == 0 ? eim_client_finish(&client, answer) : status;
}

/* ---- user, audit, event, webhook, backup ---- */

int eim_user(int argc, char **argv)
{
    static const char USAGE[] = "tern eim user list | add NAME --role ROLE | remove ID";
    struct eim_client client;
    char path[128] = "/users";
    int status = eim_client_parse(&client, USAGE, "Tokens of the API.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc == 3 && strcmp(argv[1], "add") == 0) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "name", argv[2]);
        add_text(body, "role", client.role == NULL ? "viewer" : client.role);
        add_text(body, "tenant", client.tenant);
        if (client.expires_in_days != 0) {
            cJSON_AddNumberToObject(body, "expires_in_days", (double)client.expires_in_days);
        }
        return change(&client, "POST", path, body);
    }
    if (argc == 3 && strcmp(argv[1], "remove") == 0) {
        snprintf(path, sizeof(path), "/users/%s", argv[2]);
        return change(&client, "DELETE", path, NULL);
    }
    return argc > 2 ? usage(USAGE) : list(&client, path, COLUMNS(USER_COLUMNS));
}

int eim_audit(int argc, char **argv)
{
    struct eim_client client;
    char path[256] = "/audit";
    int status = eim_client_parse(&client, "tern eim audit", "Who did what.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    add_limit(path, sizeof(path), &client);
    return list(&client, path, COLUMNS(AUDIT_COLUMNS));
}

int eim_event(int argc, char **argv)
{
    struct eim_client client;
    char path[256] = "/events";
    int status = eim_client_parse(&client, "tern eim event [--after N] [--wait]",
                                  "What happened; with --wait for up to 55 s.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    add_limit(path, sizeof(path), &client);
    add_query(path, sizeof(path), "wait", client.wait ? "55" : NULL);
    return list(&client, path, COLUMNS(EVENT_COLUMNS));
}

int eim_webhook(int argc, char **argv)
{
    static const char USAGE[] = "tern eim webhook list | add --url URL | remove ID";
    struct eim_client client;
    char path[128] = "/webhooks";
    int status =
        eim_client_parse(&client, USAGE, "Who is called when something happens.", &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (argc == 2 && strcmp(argv[1], "add") == 0 && client.url != NULL) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "url", client.url);
        return change(&client, "POST", path, body);
    }
    if (argc == 3 && strcmp(argv[1], "remove") == 0) {
        snprintf(path, sizeof(path), "/webhooks/%s", argv[2]);
        return change(&client, "DELETE", path, NULL);
    }
    return argc > 2 ? usage(USAGE) : list(&client, path, COLUMNS(WEBHOOK_COLUMNS));
}

int eim_backup(int argc, char **argv)
{
    struct eim_client client;
    int status = eim_client_parse(&client, "tern eim backup",
                                  "Writes a copy of the database beside it.", &argc, argv);
    return status == OPTIONS_GO ? change(&client, "POST", "/backup", cJSON_CreateObject()) : status;
}
