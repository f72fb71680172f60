/* SPDX-License-Identifier: Apache-2.0 */
/* The ES2+ client: see smdp_link.h. */
#include "app/smdp_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/crypto/openssl.h"

#define MEMORY_SIZE (1u << 20)

static int open_online(struct es2_link *link)
{
    const struct es2_options *options = link->options;
    struct tern_pki_why why = {""};
    if (options->pki == NULL || options->operator_name == NULL) {
        fprintf(stderr, "tern smdp: --es2 wants --pki DIR and --operator NAME\n");
        return TERN_ERR_MISSING;
    }
    link->pki = tern_pki_load(options->pki, TERN_PKI_SKIP_EUICCS, (int64_t)time(NULL), &why);
    const struct tern_pki_entry *entry =
        link->pki == NULL ? NULL
                          : tern_pki_find(link->pki, TERN_PKI_CLIENT, options->operator_name,
                                          TERN_BYTES_NONE, NULL);
    if (entry == NULL || tls_material_from_entry(&link->tls, entry) != TERN_OK) {
        fprintf(stderr, "tern smdp: %s has no client certificate and key of %s%s%s\n", options->pki,
                options->operator_name, why.text[0] == '\0' ? "" : ": ", why.text);
        return TERN_ERR_CERTIFICATE;
    }
    size_t size;
    link->anchor_data = tls_anchors_of(link->pki, &size);
    link->anchors = tern_bytes(link->anchor_data, size);
    struct http_client_options client = {.resolve = options->resolve.items,
                                         .resolve_count = options->resolve.count};
    link->client = http_client_new(&client);
    return link->client == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

int es2_open(struct es2_link *link, const struct es2_options *options)
{
    memset(link, 0, sizeof *link);
    link->options = options;
    link->memory = malloc(MEMORY_SIZE);
    link->arena = tern_arena(link->memory, link->memory == NULL ? 0 : MEMORY_SIZE);
    if ((options->es2 == NULL) == (options->base.data == NULL)) {
        fprintf(stderr, "tern smdp: give either --es2 URL or --data DIR\n");
        return TERN_ERR_MISSING;
    }
    if (options->es2 != NULL) {
        return open_online(link);
    }
    return smdp_open(&options->base, &link->store, &link->smdp);
}

void es2_close(struct es2_link *link)
{
    if (link->client != NULL) {
        http_client_free(link->client);
    }
    if (link->store != NULL) {
        sqlite_store_close(link->store);
    }
    tls_material_free(&link->tls);
    free(link->anchor_data);
    tern_pki_free(link->pki);
    tern_wipe(&link->smdp, sizeof link->smdp);
    free(link->memory);
}

static const char *requester(const struct es2_link *link)
{
    return link->options->operator_name != NULL ? link->options->operator_name : "local";
}

void es2_begin(struct es2_link *link, struct es2_request *request,
               enum tern_es2plus_function function)
{
    uint8_t id[8];
    const struct tern_crypto *crypto = tern_openssl();
    (void)crypto->random(crypto->context, id, sizeof id);
    request->function = function;
    request->out = TERN_WRITER_OF(request->buffer);
    request->json = tern_json_writer(&request->out);
    tern_json_begin_object(&request->json, NULL);
    tern_json_begin_object(&request->json, "header");
    tern_json_write_text(&request->json, "functionRequesterIdentifier",
                         tern_bytes_text(requester(link)));
    tern_json_write_hex(&request->json, "functionCallIdentifier", TERN_BYTES_OF(id));
    tern_json_end_object(&request->json);
}

void es2_add(struct es2_request *request, const char *key, const char *text)
{
    if (text != NULL) {
        tern_json_write_text(&request->json, key, tern_bytes_text(text));
    }
}

static int send_online(struct es2_link *link, const struct es2_request *request,
                       struct tern_bytes *body)
{
    static const char *const PATHS[] = {"", "downloadOrder", "confirmOrder", "cancelOrder",
                                        "releaseProfile"};
    static const struct http_header HEADERS[] = {
        {"Content-Type",     TERN_ES9PLUS_JSON_TYPE},
        {"X-Admin-Protocol", TERN_ES9PLUS_PROTOCOL },
    };
    char url[700];
    struct http_response response;
    snprintf(url, sizeof url, "%s/gsma/rsp2/es2plus/%s", link->options->es2,
             PATHS[request->function]);
    struct http_call call = {.url = url,
                             .headers = HEADERS,
                             .header_count = TERN_COUNT_OF(HEADERS),
                             .body = tern_writer_bytes(&request->out),
                             .trust = {.anchors = link->anchors},
                             .identity = link->tls.identity};
    int status = http_client_call(link->client, &call, &response);
    if (status < 0 || response.status != 200) {
        fprintf(stderr, "tern smdp: %s: %s (HTTP %d)\n", url,
                status < 0 ? response.reason : "refused", response.status);
        status = status < 0 ? status : TERN_ERR_IO;
    } else {
        *body = tern_arena_copy(&link->arena, response.body);
    }
    http_response_release(&response);
    return status;
}

static int send_offline(struct es2_link *link, const struct es2_request *request,
                        struct tern_bytes *body)
{
    const struct tern_bytes name = tern_bytes_text(requester(link));
    struct tern_es2plus_call call = {.now = (int64_t)time(NULL),
                                     .arena = &link->arena,
                                     .function = request->function,
                                     .body = tern_writer_bytes(&request->out),
                                     .names = &name,
                                     .name_count = 1};
    int status = sqlite_store_begin(link->store);
    if (status == TERN_OK) {
        status = tern_smdp_es2plus(&link->smdp, &call);
    }
    if (status == TERN_OK && call.asks) {
        fprintf(stderr, "tern smdp: an order for an SM-DS needs the server: use --es2\n");
        status = TERN_ERR_UNSUPPORTED;
    }
    if (status == TERN_OK) {
        status = sqlite_store_commit(link->store);
        *body = call.response;
    } else {
        sqlite_store_rollback(link->store);
        fprintf(stderr, "tern smdp: %s\n", tern_error_text(status));
    }
    return status;
}

int es2_send(struct es2_link *link, struct es2_request *request, struct es2_response *response)
{
    struct tern_bytes body = TERN_BYTES_NONE;
    tern_json_end_object(&request->json);
    link->arena.used = 0;
    if (tern_writer_status(&request->out) < 0) {
        fprintf(stderr, "tern smdp: the request is too long\n");
        return TERN_ERR_NO_SPACE;
    }
    int status = link->options->es2 != NULL ? send_online(link, request, &body)
                                            : send_offline(link, request, &body);
    if (status < 0) {
        return status;
    }
    if (tern_json_parse(&response->object, body) < 0 ||
        tern_status_read_header(&response->object, &link->arena, &response->status) < 0) {
        fprintf(stderr, "tern smdp: the server's answer is no ES2+ answer\n");
        return TERN_ERR_MALFORMED;
    }
    return TERN_OK;
}

void es2_text(struct es2_link *link, const struct es2_response *response, const char *key,
              char *out, size_t out_size)
{
    struct tern_bytes text;
    out[0] = '\0';
    if (tern_json_member_text(&response->object, key, &link->arena, &text) == TERN_OK &&
        text.size < out_size) {
        snprintf(out, out_size, "%.*s", (int)text.size, (const char *)text.data);
    }
}

int es2_refused(const struct es2_response *response)
{
    const struct tern_status *status = &response->status;
    enum tern_status_code code = tern_status_find(status->subject_code, status->reason_code);
    char pair[24];
    fprintf(stderr, "tern smdp: %s: ", smdp_status_text(pair, sizeof pair, status));
    if (code == TERN_STATUS_SUCCESS) {
        fprintf(stderr, "%.*s\n", (int)status->message.size, (const char *)status->message.data);
    } else {
        fprintf(stderr, "%s; to act: %s\n", tern_status_text(code)->meaning,
                tern_status_text(code)->action);
    }
    if (status->subject_identifier.size > 0) {
        fprintf(stderr, "tern smdp: it is about %.*s\n", (int)status->subject_identifier.size,
                (const char *)status->subject_identifier.data);
    }
    return 1;
}
