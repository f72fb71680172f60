/* SPDX-License-Identifier: Apache-2.0 */
/* The ES2+ client: a call goes over mutual TLS to a server, or straight into a data directory. */
#ifndef APP_SMDP_LINK_H
#define APP_SMDP_LINK_H

#include "app/smdp.h"
#include "tern/json.h"

/* Where orders go. Options that all ES2+ verbs share. */
struct es2_options {
    const char *es2; /* https://HOST[:PORT], or NULL */
    const char *pki; /* for the client certificate and the anchors */
    const char *operator_name;
    struct option_list resolve;
    struct smdp_options base; /* data, name: without a server */
    bool json;
};

#define ES2_OPTIONS(type)                                                                        \
    OPTION_TEXT(struct type, link.es2, "es2", "URL", "ES2+ of the SM-DP+, https://HOST[:PORT]"), \
        OPTION_TEXT(struct type, link.pki, "pki", "DIR", "our client certificate, trusted CIs"), \
        OPTION_TEXT(struct type, link.operator_name, "operator", "NAME",                         \
                    "functionRequesterIdentifier"),                                              \
        OPTION_LIST(struct type, link.resolve, "resolve", "HOST:PORT:ADDR", "instead of DNS"),   \
        OPTION_TEXT(struct type, link.base.data, "data", "DIR",                                  \
                    "order in this data directory, without a server"),                           \
        OPTION_TEXT(struct type, link.base.name, "name", "FQDN",                                 \
                    "the SM-DP+ address, with --data"),                                          \
        OPTION_FLAG(struct type, link.json, "json", "print JSON")

struct es2_link {
    const struct es2_options *options;
    struct sqlite_store *store; /* without a server */
    struct tern_smdp smdp;
    struct tern_pki *pki; /* with one */
    struct tls_material tls;
    uint8_t *anchor_data;
    struct tern_bytes anchors;
    struct http_client *client;
    void *memory;
    struct tern_arena arena;
};

/* TERN_OK, or a message on stderr. */
int es2_open(struct es2_link *link, const struct es2_options *options);
void es2_close(struct es2_link *link);

/* A request: begin, add members, send. */
struct es2_request {
    enum tern_es2plus_function function;
    uint8_t buffer[4096];
    struct tern_writer out;
    struct tern_json_writer json;
};
void es2_begin(struct es2_link *link, struct es2_request *request,
               enum tern_es2plus_function function);
void es2_add(struct es2_request *request, const char *key, const char *text); /* NULL: nothing */

/* The outcome: `object` borrows from the link until the next call. */
struct es2_response {
    struct tern_json object;
    struct tern_status status;
};
/* TERN_OK when there is an answer, whatever it says; else a message on stderr. */
int es2_send(struct es2_link *link, struct es2_request *request, struct es2_response *response);

/* A text member of the response as a C string; "" when it is not there. */
void es2_text(struct es2_link *link, const struct es2_response *response, const char *key,
              char *out, size_t out_size);

/* Say on stderr what a refusal means and who has to act. Returns the exit status 1. */
int es2_refused(const struct es2_response *response);

#endif
