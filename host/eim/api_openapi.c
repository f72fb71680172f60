/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenAPI 3 document, made from the table of routes, so that it cannot name a path that is not
 * served. The schemas are written out below.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/eim/api.h"

/* name, then members: name:type[:description], '!' in front of mandatory ones. */
struct schema {
    const char *name;
    const char *members;
};
/* clang-format off */
static const struct schema SCHEMAS[] = {
    {"Error",            "!error:object:code, what, where (member or parameter), next (what to do)"},
    {"Health",           "!status:string:ok or store-failed"},
    {"Done",             "!ok:boolean;file:string"},
    {"User",             "id:integer;!name:string;!role:string:viewer, operator, administrator;tenant:string;expires:string;added:string;token:string:only in the answer that made it"},
    {"UserRequest",      "!name:string;!role:string:viewer, operator, administrator;tenant:string;expires_in_days:integer"},
    {"Eim",              "!eim_id:string;!fqdn:string;keys:array;tls_spki:string;test_pki:boolean;started:string"},
    {"Trust",            "!key_id:string;curve:string;not_before:string;not_after:string"},
    {"Enrolment",        "!eid:string;format:string;eim_id:string;initial_counter:integer;association_token:integer;euicc_certificate:string;eum_certificate:string;euicc_info1:string;euicc_info2:string;ipa_capabilities:string;device_info:string;label:string;address:string;key_id:integer"},
    {"ImportResult",     "!added:integer;!known:integer;!failed:array;ids:array"},
    {"Device",           "!eid:string;label:string;tenant:string;address:string;enabled_profile:string;verified:boolean;counter:integer;association_token:integer;key_id:integer;open_operations:integer;features:array;protocols:array;flags:array;quirks:array;state_change_cause:integer;rplmn:string;ci_key_id:string;profiles:array;eims:array;default_smdp:string;root_smds:string;eum_certificate:string;euicc_certificate:string;euicc_info1:string;euicc_info2:string;ipa_capabilities:string;device_info:string;rat:string;profiles_at:string;infos_at:string;added:string;seen:string"},
    {"DeviceChange",     "label:string;tenant:string;address:string;quirks:array;association_token:integer"},
    {"OperationRequest", "!kind:string:package, download or data;commands:array:of a package: {command, iccid, rollback ..};activation_code:string;confirmation_code:string;code:string:id of an imported code;pool:string;default_smdp:boolean;smds:string:address, or true for the root SM-DS;direct:boolean;tags:array:names of IpaEuiccData;expires_in_s:integer;reference:string;force:string:strand-device or remove-this-eim"},
    {"Operation",        "!id:string;!eid:string;!kind:string;!state:string:queued, signing, fetched, running, done, failed, expired, cancelled, superseded, lost;attempts:integer;counter:integer;commands:array;results:array;error:object:code, what, where, party, next;tags:string;iccid:string;eim_transaction_id:string;reference:string;result:string;created:string;fetched:string;finished:string;expires:string"},
    {"Rollover",         "!key_id:integer;counter:integer:with a new key it may be lower"},
    {"Handover",         "!stage:string:add, undo or finish;configuration:string:base64 of the other eIM's enrolment file;eim_id:string;force:string:remove-this-eim, for finish"},
    {"Code",             "!id:integer;!state:string:free, reserved, assigned, used, failed;!smdp:string;pool:string;tenant:string;eid:string;operation:string;confirmation_code:string;has_confirmation_code:boolean;activation_code:string;iccid:string;operator:string;note:string;added:string"},
    {"CodeRequest",      "!activation_code:string;confirmation_code:string;iccid:string;operator:string;note:string"},
    {"CodeChange",       "state:string:free or reserved;note:string;confirmation_code:string"},
    {"Notification",     "!id:string;address:string;attempts:integer;due:string;done:boolean"},
    {"Event",            "!number:integer;!event:string;time:string;eid:string;operation:string;state:string;quirk:string;code:integer"},
    {"Webhook",          "!id:integer;!url:string;secret:string:only in the answer that made it;after:integer;attempts:integer;tenant:string"},
    {"WebhookRequest",   "!url:string"},
    {"Audit",            "!number:integer;time:string;user:string;tenant:string;peer:string;kind:string;force:string;method:string;path:string;status:integer;result:string;previous:string:SHA-256 of the record before"},
    {"Backup",           ""},
};
/* clang-format on */

static void add_member(cJSON *properties, cJSON *required, char *text)
{
    bool mandatory = text[0] == '!';
    char *name = mandatory ? text + 1 : text;
    char *type = strchr(name, ':');
    if (type == NULL) {
        return;
    }
    *type++ = '\0';
    char *description = strchr(type, ':');
    if (description != NULL) {
        *description++ = '\0';
    }
    cJSON *member = cJSON_AddObjectToObject(properties, name);
    if (strcmp(name, "smds") != 0) { /* a text or true */
        cJSON_AddStringToObject(member, "type", type);
    }
    if (strcmp(type, "array") == 0) {
        cJSON_AddObjectToObject(member, "items");
    }
    if (description != NULL) {
        cJSON_AddStringToObject(member, "description", description);
    }
    if (mandatory) {
        cJSON_AddItemToArray(required, cJSON_CreateString(name));
    }
}

static void add_schema(cJSON *schemas, const struct schema *schema)
{
    char text[2048];
    char *rest = NULL;
    cJSON *out = cJSON_AddObjectToObject(schemas, schema->name);
    cJSON_AddStringToObject(out, "type", "object");
    cJSON *properties = cJSON_AddObjectToObject(out, "properties");
    cJSON *required = cJSON_CreateArray();
    snprintf(text, sizeof(text), "%s", schema->members);
    for (char *at = strtok_r(text, ";", &rest); at != NULL; at = strtok_r(NULL, ";", &rest)) {
        add_member(properties, required, at);
    }
    if (cJSON_GetArraySize(required) > 0) {
        cJSON_AddItemToObject(out, "required", required);
    } else {
        cJSON_Delete(required);
    }
}

static cJSON *reference(const char *name)
{
    char text[96];
    cJSON *out = cJSON_CreateObject();
    snprintf(text, sizeof(text), "#/components/schemas/%s", name);
    cJSON_AddStringToObject(out, "$ref", text);
    return out;
}

static void add_content(cJSON *object, const char *type, cJSON *schema)
{
    cJSON *content = cJSON_AddObjectToObject(object, "content");
    cJSON *media = cJSON_AddObjectToObject(content, type);
    cJSON_AddItemToObject(media, "schema", schema);
}

static cJSON *response_schema(const struct api_route *route)
{
    if (!route->list) {
        return reference(route->response);
    }
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "type", "object");
    cJSON *properties = cJSON_AddObjectToObject(out, "properties");
    cJSON *items = cJSON_AddObjectToObject(properties, "items");
    cJSON_AddStringToObject(items, "type", "array");
    cJSON_AddItemToObject(items, "items", reference(route->response));
    cJSON_AddStringToObject(cJSON_AddObjectToObject(properties, "next"), "type", "string");
    return out;
}

static void add_parameter(cJSON *parameters, const char *name, const char *in)
{
    cJSON *parameter = cJSON_CreateObject();
    cJSON_AddStringToObject(parameter, "name", name);
    cJSON_AddStringToObject(parameter, "in", in);
    cJSON_AddBoolToObject(parameter, "required", strcmp(in, "path") == 0);
    cJSON_AddStringToObject(cJSON_AddObjectToObject(parameter, "schema"), "type", "string");
    cJSON_AddItemToArray(parameters, parameter);
}

static void add_parameters(cJSON *operation, const struct api_route *route)
{
    char text[128];
    char *rest = NULL;
    cJSON *parameters = cJSON_AddArrayToObject(operation, "parameters");
    for (const char *at = strchr(route->pattern, '{'); at != NULL; at = strchr(at, '{')) {
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(at + 1, "}"), at + 1);
        add_parameter(parameters, text, "path");
        at++;
    }
    snprintf(text, sizeof(text), "%s", route->query == NULL ? "" : route->query);
    for (char *at = strtok_r(text, ",", &rest); at != NULL; at = strtok_r(NULL, ",", &rest)) {
        add_parameter(parameters, at, "query");
    }
    if (strcmp(route->method, "GET") != 0) {
        add_parameter(parameters, "Idempotency-Key", "header");
    }
}

static void add_route(cJSON *paths, const struct api_route *route)
{
    static const char *const ROLES[] = {"anyone", "viewer", "operator", "administrator"};
    static const char *const METHODS[][2] = {
        {"GET",    "get"   },
        {"POST",   "post"  },
        {"PATCH",  "patch" },
        {"DELETE", "delete"}
    };
    const char *method = "get";
    cJSON *path = cJSON_GetObjectItemCaseSensitive(paths, route->pattern);
    if (path == NULL) {
        path = cJSON_AddObjectToObject(paths, route->pattern);
    }
    for (size_t i = 0; i < TERN_COUNT_OF(METHODS); i++) {
        method = strcmp(METHODS[i][0], route->method) == 0 ? METHODS[i][1] : method;
    }
    cJSON *operation = cJSON_AddObjectToObject(path, method);
    cJSON_AddStringToObject(operation, "summary", route->summary);
    cJSON_AddStringToObject(operation, "x-role", ROLES[route->role]);
    add_parameters(operation, route);
    if (route->request != NULL) {
        cJSON *body = cJSON_AddObjectToObject(operation, "requestBody");
        add_content(body, "application/json", reference(route->request));
    }
    cJSON *responses = cJSON_AddObjectToObject(operation, "responses");
    cJSON *ok = cJSON_AddObjectToObject(responses, "2XX");
    cJSON_AddStringToObject(ok, "description", "done");
    if (route->response != NULL) {
        add_content(ok, "application/json", response_schema(route));
    }
    cJSON *failed = cJSON_AddObjectToObject(responses, "default");
    cJSON_AddStringToObject(failed, "description", "refused");
    add_content(failed, "application/json", reference("Error"));
    if (route->role == API_ANYONE) {
        cJSON_AddArrayToObject(operation, "security");
    }
}

int api_openapi(struct api_call *call)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "openapi", "3.0.3");
    cJSON *info = cJSON_AddObjectToObject(out, "info");
    cJSON_AddStringToObject(info, "title", "tern eIM");
    cJSON_AddStringToObject(info, "version", "1");
    cJSON_AddStringToObject(info, "description",
                            "Fleets of IoT devices with SGP.32 eUICCs: devices, activation codes, "
                            "operations, events.");
    cJSON *servers = cJSON_AddArrayToObject(out, "servers");
    cJSON *here = cJSON_CreateObject();
    cJSON_AddStringToObject(here, "url", "/api/v1");
    cJSON_AddItemToArray(servers, here);
    cJSON *paths = cJSON_AddObjectToObject(out, "paths");
    for (size_t i = 0; i < API_ROUTE_COUNT; i++) {
        add_route(paths, &API_ROUTES[i]);
    }
    cJSON *components = cJSON_AddObjectToObject(out, "components");
    cJSON *schemas = cJSON_AddObjectToObject(components, "schemas");
    for (size_t i = 0; i < TERN_COUNT_OF(SCHEMAS); i++) {
        add_schema(schemas, &SCHEMAS[i]);
    }
    cJSON *schemes = cJSON_AddObjectToObject(components, "securitySchemes");
    cJSON *bearer = cJSON_AddObjectToObject(schemes, "token");
    cJSON_AddStringToObject(bearer, "type", "http");
    cJSON_AddStringToObject(bearer, "scheme", "bearer");
    cJSON *security = cJSON_AddArrayToObject(out, "security");
    cJSON *use = cJSON_CreateObject();
    cJSON_AddArrayToObject(use, "token");
    cJSON_AddItemToArray(security, use);
    return api_answer(call, 200, out);
}
