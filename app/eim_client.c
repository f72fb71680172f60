/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the eIM's API, and showing what it says. */
#include "app/eim_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/config/files.h"
#include "host/http/client.h"

#define ANSWER_SIZE_MAX (32u * 1024 * 1024)
#define CALL_MS         70000

/* clang-format off */
static const struct option_row ROWS[] = {
    OPTION_TEXT(struct eim_client, data, "data", "DIR", "data folder of the server, when it is on this machine"),
    OPTION_TEXT(struct eim_client, api, "api", "HOST:PORT", "where the API is"),
    OPTION_TEXT(struct eim_client, token_file, "token-file", "FILE", "token; else the environment's TERN_EIM_TOKEN"),
    OPTION_TEXT(struct eim_client, spki, "spki", "BASE64", "public key of the server, as its api.json has it"),
    OPTION_TEXT(struct eim_client, ca, "ca", "FILE", "CA certificate the server's certificate leads to"),
    OPTION_LIST(struct eim_client, resolve, "resolve", "HOST:PORT:ADDR", "instead of DNS"),
    OPTION_FLAG(struct eim_client, json, "json", "print JSON"),
    OPTION_FLAG(struct eim_client, wait, "wait", "wait for the operation's result"),
    OPTION_UINT(struct eim_client, timeout_s, "timeout", 1, 86400, "seconds to wait at most"),
    OPTION_TEXT(struct eim_client, label, "label", "TEXT", "label of a device"),
    OPTION_TEXT(struct eim_client, tenant, "tenant", "NAME", "tenant"),
    OPTION_TEXT(struct eim_client, pool, "pool", "NAME", "pool of activation codes"),
    OPTION_TEXT(struct eim_client, state, "state", "STATE", "only in this state"),
    OPTION_TEXT(struct eim_client, kind, "kind", "KIND", "only of this kind"),
    OPTION_TEXT(struct eim_client, address, "address", "HOST:PORT", "where the IPA serves"),
    OPTION_TEXT(struct eim_client, code, "code", "1$..", "activation code"),
    OPTION_TEXT(struct eim_client, code_id, "code-id", "N", "id of an imported activation code"),
    OPTION_TEXT(struct eim_client, smds, "smds", "ADDRESS|root", "look at this SM-DS"),
    OPTION_TEXT(struct eim_client, confirmation_code, "confirmation-code", "CODE", "confirmation code"),
    OPTION_TEXT(struct eim_client, force, "force", "NAME", "what you accept: strand-device, remove-this-eim, forget-device"),
    OPTION_TEXT(struct eim_client, reference, "reference", "TEXT", "kept with the operation"),
    OPTION_TEXT(struct eim_client, commands, "commands", "JSON", "commands of a package"),
    OPTION_TEXT(struct eim_client, url, "url", "URL", "address of a webhook"),
    OPTION_TEXT(struct eim_client, after, "after", "NEXT", "go on after this"),
    OPTION_TEXT(struct eim_client, role, "role", "ROLE", "viewer, operator or administrator"),
    OPTION_FLAG(struct eim_client, default_smdp, "default-smdp", "from the device's default SM-DP+"),
    OPTION_FLAG(struct eim_client, direct, "direct", "the IPA talks to the SM-DP+ itself"),
    OPTION_FLAG(struct eim_client, rollback, "rollback", "let the device return when the profile does not connect"),
    OPTION_FLAG(struct eim_client, reveal, "reveal", "show the activation code"),
    OPTION_UINT(struct eim_client, limit, "limit", 1, 1000, "at most so many"),
    OPTION_UINT(struct eim_client, expires_in_s, "expires-in", 1, 315360000, "seconds until an operation that was not fetched ends"),
    OPTION_UINT(struct eim_client, expires_in_days, "expires-in-days", 1, 3650, "days a token lives"),
    OPTION_UINT(struct eim_client, counter, "counter", 0, 8388607, "counter that goes with a new key"),
};
/* clang-format on */

/* DATA/api.json: where, and which key. */
static void read_api_file(struct eim_client *client)
{
    static char api_text[300];
    static char spki_text[300];
    char path[1024];
    uint8_t *text = NULL;
    size_t size = 0;
    if (client->data == NULL ||
        path_join(path, sizeof(path), client->data, "api.json") != TERN_OK ||
        file_read(path, 1 << 16, &text, &size) != TERN_OK) {
        return;
    }
    cJSON *file = cJSON_ParseWithLength((const char *)text, size);
    free(text);
    const cJSON *api = cJSON_GetObjectItem(file, "api");
    const cJSON *spki = cJSON_GetObjectItem(file, "spki");
    if (client->api == NULL && cJSON_IsString(api)) {
        snprintf(api_text, sizeof(api_text), "%s", api->valuestring);
        client->api = api_text;
    }
    if (client->spki == NULL && client->ca == NULL && cJSON_IsString(spki)) {
        snprintf(spki_text, sizeof(spki_text), "%s", spki->valuestring);
        client->spki = spki_text;
    }
    cJSON_Delete(file);
}

static bool read_token(struct eim_client *client, char *token, size_t token_size)
{
    char path[1024];
    uint8_t *text = NULL;
    size_t size = 0;
    const char *from = getenv("TERN_EIM_TOKEN");
    if (client->token_file == NULL && from != NULL) {
        snprintf(token, token_size, "%s", from);
        return true;
    }
    const char *file = client->token_file;
    if (file == NULL && client->data != NULL &&
        path_join(path, sizeof(path), client->data, "enrolment-token") == TERN_OK) {
        file = path;
    }
    if (file == NULL || file_read(file, 4096, &text, &size) != TERN_OK) {
        return false;
    }
    snprintf(token, token_size, "%.*s", (int)strcspn((const char *)text, "\r\n"),
             (const char *)text);
    tern_wipe(text, size);
    free(text);
    return true;
}

int eim_client_parse(struct eim_client *client, const char *usage, const char *story, int *argc,
                     char **argv)
{
    *client = (struct eim_client){.timeout_s = 300};
    struct option_table table = {usage, story, ROWS, TERN_COUNT_OF(ROWS)};
    int status = options_parse(&table, client, argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    read_api_file(client);
    if (client->api == NULL) {
        fprintf(stderr, "tern eim: give --data DIR of the server, or --api HOST:PORT\n");
        return 2;
    }
    return OPTIONS_GO;
}

static int complain(const cJSON *answer, int http_status)
{
    const cJSON *error = cJSON_GetObjectItem(answer, "error");
    const cJSON *what = cJSON_GetObjectItem(error, "what");
    const cJSON *where = cJSON_GetObjectItem(error, "where");
    const cJSON *next = cJSON_GetObjectItem(error, "next");
    const cJSON *code = cJSON_GetObjectItem(error, "code");
    if (!cJSON_IsString(what)) {
        fprintf(stderr, "tern eim: the server answered %d\n", http_status);
        return 2;
    }
    fprintf(stderr, "tern eim: %s", what->valuestring);
    if (cJSON_IsString(where)) {
        fprintf(stderr, " (%s)", where->valuestring);
    }
    if (cJSON_IsString(code)) {
        fprintf(stderr, " [%s]", code->valuestring);
    }
    fprintf(stderr, "\n");
    if (cJSON_IsString(next)) {
        fprintf(stderr, "next: %s\n", next->valuestring);
    }
    return http_status >= 500 ? 2 : 1;
}

/* Pinned key, or a CA. `ca` is to be freed. */
static bool take_trust(struct eim_client *client, struct tls_trust *trust, uint8_t spki[256],
                       uint8_t **ca)
{
    struct tern_writer spki_out = tern_writer(spki, 256);
    size_t ca_size = 0;
    if (client->spki != NULL &&
        tern_base64_decode(&spki_out, tern_bytes_text(client->spki)) == TERN_OK) {
        trust->spki = tern_writer_bytes(&spki_out);
    } else if (client->ca != NULL && file_read(client->ca, 1 << 20, ca, &ca_size) == TERN_OK) {
        trust->anchors = tern_bytes(*ca, ca_size);
    } else {
        fprintf(stderr, "tern eim: how to trust the server? give --data, --spki or --ca\n");
        return false;
    }
    return true;
}

/* Make the call and read the answer. */
static int ask(struct eim_client *client, const struct http_call *call, cJSON **answer)
{
    struct http_client_options options = {.resolve = client->resolve.items,
                                          .resolve_count = client->resolve.count};
    struct http_client *http = http_client_new(&options);
    struct http_response response = {.error = TERN_ERR_NO_SPACE};
    int status = 2;
    if (http != NULL && http_client_call(http, call, &response) == TERN_OK) {
        *answer = cJSON_ParseWithLength((const char *)response.body.data, response.body.size);
        status = response.status >= 200 && response.status < 300
                     ? 0
                     : complain(*answer, response.status);
    } else {
        fprintf(stderr, "tern eim: %s: %s\n", client->api,
                response.reason[0] != '\0' ? response.reason : tern_error_text(response.error));
    }
    if (status != 0) {
        cJSON_Delete(*answer);
        *answer = NULL;
    }
    http_response_release(&response);
    http_client_free(http);
    return status;
}

int eim_client_send(struct eim_client *client, const char *method, const char *path,
                    const char *type, struct tern_bytes body, cJSON **answer)
{
    char url[1200];
    char token[256];
    char authorization[300];
    uint8_t spki[256];
    uint8_t *ca = NULL;
    *answer = NULL;
    if (!read_token(client, token, sizeof(token))) {
        fprintf(stderr, "tern eim: no token: give --token-file or set TERN_EIM_TOKEN\n");
        return 2;
    }
    snprintf(authorization, sizeof(authorization), "Bearer %s", token);
    tern_wipe(token, sizeof(token));
    snprintf(url, sizeof(url), "https://%s/api/v1%s", client->api, path);
    const struct http_header headers[] = {
        {"Authorization", authorization                           },
        {"Content-Type",  type == NULL ? "application/json" : type}
    };
    struct http_call call = {.method = method,
                             .url = url,
                             .headers = headers,
                             .header_count = type == NULL && body.size == 0 ? 1 : 2,
                             .body = body,
                             .timeout_ms = CALL_MS,
                             .response_size_max = ANSWER_SIZE_MAX};
    int status = take_trust(client, &call.trust, spki, &ca) ? ask(client, &call, answer) : 2;
    tern_wipe(authorization, sizeof(authorization));
    free(ca);
    return status;
}

int eim_client_call(struct eim_client *client, const char *method, const char *path, cJSON *body,
                    cJSON **answer)
{
    char *text = body == NULL ? NULL : cJSON_PrintUnformatted(body);
    cJSON_Delete(body);
    int status = eim_client_send(client, method, path, text == NULL ? NULL : "application/json",
                                 text == NULL ? TERN_BYTES_NONE : tern_bytes_text(text), answer);
    if (text != NULL) {
        tern_wipe(text, strlen(text));
    }
    free(text);
    return status;
}

/* ---- Showing ---- */

static void cell(const cJSON *item, char *out, size_t out_size)
{
    out[0] = '\0';
    if (cJSON_IsString(item)) {
        snprintf(out, out_size, "%s", item->valuestring);
    } else if (cJSON_IsNumber(item)) {
        snprintf(out, out_size, "%.0f", item->valuedouble);
    } else if (cJSON_IsBool(item)) {
        snprintf(out, out_size, "%s", cJSON_IsTrue(item) ? "yes" : "no");
    } else if (cJSON_IsArray(item)) {
        const cJSON *element;
        size_t size = 0;
        cJSON_ArrayForEach(element, item)
        {
            const char *text = cJSON_IsString(element) ? element->valuestring : NULL;
            const cJSON *command = cJSON_GetObjectItem(element, "command");
            text = cJSON_IsString(command) ? command->valuestring : text;
            if (text != NULL && size < out_size) {
                size += (size_t)snprintf(out + size, out_size - size, "%s%s", size > 0 ? "," : "",
                                         text);
            }
        }
    } else if (cJSON_IsObject(item)) {
        const cJSON *code = cJSON_GetObjectItem(item, "code");
        snprintf(out, out_size, "%s", cJSON_IsString(code) ? code->valuestring : "");
    }
}

static void print_table(const cJSON *items, const struct column *columns, size_t count)
{
    size_t widths[16];
    char text[512];
    const cJSON *item;
    for (size_t c = 0; c < count; c++) {
        widths[c] = strlen(columns[c].title);
        cJSON_ArrayForEach(item, items)
        {
            cell(cJSON_GetObjectItem(item, columns[c].member), text, sizeof(text));
            widths[c] = strlen(text) > widths[c] ? strlen(text) : widths[c];
        }
    }
    for (size_t c = 0; c < count; c++) {
        printf("%-*s%s", c + 1 < count ? (int)widths[c] : 0, columns[c].title,
               c + 1 < count ? "  " : "\n");
    }
    cJSON_ArrayForEach(item, items)
    {
        for (size_t c = 0; c < count; c++) {
            cell(cJSON_GetObjectItem(item, columns[c].member), text, sizeof(text));
            printf("%-*s%s", c + 1 < count ? (int)widths[c] : 0, text, c + 1 < count ? "  " : "\n");
        }
    }
}

static void print_object(const cJSON *object)
{
    const cJSON *member;
    char text[2048];
    cJSON_ArrayForEach(member, object)
    {
        if (cJSON_IsObject(member)) {
            const cJSON *inner;
            cJSON_ArrayForEach(inner, member)
            {
                cell(inner, text, sizeof(text));
                printf("%s.%s: %s\n", member->string, inner->string, text);
            }
            continue;
        }
        if (cJSON_IsArray(member) && cJSON_IsObject(cJSON_GetArrayItem(member, 0)) &&
            cJSON_GetObjectItem(cJSON_GetArrayItem(member, 0), "command") == NULL) {
            const cJSON *element;
            cJSON_ArrayForEach(element, member)
            {
                char *line = cJSON_PrintUnformatted(element);
                printf("%s: %s\n", member->string, line == NULL ? "" : line);
                free(line);
            }
            continue;
        }
        cell(member, text, sizeof(text));
        printf("%s: %s\n", member->string, text);
    }
}

int eim_client_print(struct eim_client *client, cJSON *answer, const struct column *columns,
                     size_t count)
{
    const cJSON *items = cJSON_GetObjectItem(answer, "items");
    if (client->json) {
        char *text = cJSON_PrintUnformatted(answer);
        printf("%s\n", text == NULL ? "null" : text);
        free(text);
    } else if (items != NULL && columns != NULL) {
        print_table(items, columns, count);
        const cJSON *next = cJSON_GetObjectItem(answer, "next");
        if (cJSON_IsString(next)) {
            fprintf(stderr, "more: --after %s\n", next->valuestring);
        }
    } else {
        print_object(answer);
    }
    cJSON_Delete(answer);
    return 0;
}

static bool over(const cJSON *answer)
{
    static const char *const OPEN[] = {"queued", "signing", "fetched", "running", "lost"};
    const cJSON *state = cJSON_GetObjectItem(answer, "state");
    for (size_t i = 0; cJSON_IsString(state) && i < TERN_COUNT_OF(OPEN); i++) {
        if (strcmp(state->valuestring, OPEN[i]) == 0) {
            return false;
        }
    }
    return true;
}

int eim_client_finish(struct eim_client *client, cJSON *answer)
{
    char path[256];
    const cJSON *id = cJSON_GetObjectItem(answer, "id");
    snprintf(path, sizeof(path), "/operations/%s", cJSON_IsString(id) ? id->valuestring : "");
    time_t end = time(NULL) + (time_t)client->timeout_s;
    while (client->wait && !over(answer)) {
        if (time(NULL) >= end) {
            fprintf(stderr, "tern eim: no result in %llu s\n",
                    (unsigned long long)client->timeout_s);
            eim_client_print(client, answer, NULL, 0);
            return 2;
        }
        struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
        nanosleep(&pause, NULL); /* polling a server, not hiding a race */
        cJSON_Delete(answer);
        int status = eim_client_call(client, "GET", path, NULL, &answer);
        if (status != 0) {
            return status;
        }
    }
    const cJSON *state = cJSON_GetObjectItem(answer, "state");
    bool done = cJSON_IsString(state) && strcmp(state->valuestring, "done") == 0;
    eim_client_print(client, answer, NULL, 0);
    return !client->wait || done ? 0 : 1;
}
