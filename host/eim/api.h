/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The REST API of the eIM under /api/v1: one table of routes, each a function that runs inside the
 * open transaction and fills a call's status and answer. Private to host/eim.
 */
#ifndef HOST_EIM_API_H
#define HOST_EIM_API_H

#include <cjson/cJSON.h>

#include "host/eim/eim_server.h"

#define API_PARAMETERS 3
#define API_TEXT_SIZE  128

enum api_role { API_ANYONE = 0, API_VIEWER = 1, API_OPERATOR = 2, API_ADMINISTRATOR = 3 };

struct api_route;

struct api_call {
    struct eim_worker *worker;
    struct eim_server *server;
    struct http_request *request;
    const struct api_route *route;
    char parameters[API_PARAMETERS][API_TEXT_SIZE];
    cJSON *body; /* NULL when there is none or it is no JSON */
    /* Who calls. */
    char user[API_TEXT_SIZE];
    char tenant[API_TEXT_SIZE]; /* "" sees all */
    enum api_role role;
    /* What is answered. */
    int status;
    cJSON *answer;
    const char *text; /* in place of `answer`: static or owned by `text_owned` */
    char *text_owned;
    const char *type;
    bool later; /* a long poll or a QR image: somebody else replies */
    bool wants_qr;
    const char *qr_text;
    bool replayed;
    uint8_t inject_eid[TERN_EID_SIZE];
    bool wants_inject;
};

struct api_route {
    const char *method;
    const char *pattern; /* "/devices/{eid}" */
    enum api_role role;
    int (*run)(struct api_call *call);
    const char *summary;
    const char *query;    /* "limit,after" or NULL */
    const char *request;  /* name of a schema, or NULL */
    const char *response; /* name of a schema */
    bool list;            /* {"items":[..],"next":..} of it */
};

extern const struct api_route API_ROUTES[];
extern const size_t API_ROUTE_COUNT;

/* ---- Answers ---- */

/* Refuse: `what` happened, `where` (a member or parameter, NULL), what to do `next`. Always
 * TERN_ERR_STATE, so that a route can `return api_refuse(..)` and everything is undone. */
int api_refuse(struct api_call *call, int status, const char *code, const char *what,
               const char *where, const char *next);
int api_answer(struct api_call *call, int status, cJSON *answer);

/* ---- Reading requests ---- */

const char *api_query(const struct api_call *call, const char *name, char *out, size_t out_size);
uint64_t api_query_number(const struct api_call *call, const char *name, uint64_t otherwise);
/* A text member; NULL when absent. `bad` is set when it is something else. */
const char *api_text(const cJSON *object, const char *name, bool *bad);
bool api_flag(const cJSON *object, const char *name);
int64_t api_number(const cJSON *object, const char *name, int64_t otherwise);
/* Parse strictly: what tern_json_parse() refuses is refused. */
cJSON *api_parse(struct tern_bytes text);

/* ---- JSON of our things (api_json.c) ---- */

void json_hex(cJSON *object, const char *name, struct tern_bytes bytes);
void json_base64(cJSON *object, const char *name, struct tern_bytes bytes);
void json_bytes_text(cJSON *object, const char *name, struct tern_bytes bytes);
void json_time(cJSON *object, const char *name, int64_t ms);
void json_iccid(cJSON *object, const char *name, struct tern_bytes iccid);
struct tern_bytes json_unbase64(const char *text, uint8_t *out, size_t out_size);
cJSON *json_device(const struct tern_eim_device *device);
void json_device_data(cJSON *out, const struct tern_eim_device_data *data);
cJSON *json_operation(const uint8_t eid[TERN_EID_SIZE], const struct tern_eim_operation *operation);
void operation_id(char out[64], const uint8_t eid[TERN_EID_SIZE], int64_t sequence);
bool operation_id_read(const char *text, uint8_t eid[TERN_EID_SIZE], int64_t *sequence);
void eid_text(char out[33], const uint8_t eid[TERN_EID_SIZE]);

/* ---- Records of the API in the store: JSON texts ---- */

cJSON *record_load(struct api_call *call, const char *space, struct tern_bytes key);
int record_save(struct eim_worker *worker, const char *space, struct tern_bytes key,
                const cJSON *value);
int record_remove(struct api_call *call, const char *space, struct tern_bytes key);
/* The first record after `after` (size 0: from the start); `key` gets 8 bytes or what fits. */
cJSON *record_next(struct eim_worker *worker, const char *space, struct tern_bytes after,
                   uint8_t *key, size_t *key_size);
/* The next number of a space, from 1. */
uint64_t record_number(struct eim_worker *worker, const char *space, int *error);
struct tern_bytes number_key(uint8_t out[8], uint64_t number);

/* The device of {eid} that this caller may see; refuses else. */
int api_device(struct api_call *call, struct tern_eim_step *step, struct tern_eim_device *device);

/* ---- Routes ---- */

int api_list_devices(struct api_call *call);
int api_import_devices(struct api_call *call);
int api_show_device(struct api_call *call);
int api_change_device(struct api_call *call);
int api_remove_device(struct api_call *call);
int api_queue_operation(struct api_call *call);
int api_device_operations(struct api_call *call);
int api_list_operations(struct api_call *call);
int api_show_operation(struct api_call *call);
int api_cancel_operation(struct api_call *call);
int api_rollover(struct api_call *call);
int api_handover(struct api_call *call);
int api_inject(struct api_call *call);
int api_import_codes(struct api_call *call);
int api_list_codes(struct api_call *call);
int api_show_code(struct api_call *call);
int api_change_code(struct api_call *call);
int api_remove_code(struct api_call *call);
int api_me(struct api_call *call);
int api_eim(struct api_call *call);
int api_trust(struct api_call *call);
int api_list_users(struct api_call *call);
int api_add_user(struct api_call *call);
int api_remove_user(struct api_call *call);
int api_audit(struct api_call *call);
int api_backup(struct api_call *call);
int api_events(struct api_call *call);
int api_list_webhooks(struct api_call *call);
int api_add_webhook(struct api_call *call);
int api_remove_webhook(struct api_call *call);
int api_openapi(struct api_call *call);
int api_healthz(struct api_call *call);
int api_metrics(struct api_call *call);
int api_outbound(struct api_call *call);

/* A code for a download: by id, or the first free one of a pool. Marks it as assigned. */
struct code_taken {
    char activation_code[TERN_ACTIVATION_CODE_SIZE + 1];
    char confirmation_code[API_TEXT_SIZE]; /* kept when it is given already */
    char reference[32];
};
int code_take(struct api_call *call, const char *id, const char *pool, const uint8_t *eid,
              struct code_taken *taken);
int code_assigned(struct api_call *call, const char *reference, const char *operation);

/* Finish a call: reply and free it. */
void api_finish(struct api_call *call);
/* Answer long polls and webhooks: the API's thread. */
void api_look_at_events(struct eim_server *server);
int webhook_secret(char out[65]);
int token_make(char token[64], uint8_t digest[TERN_SHA256_SIZE]);
struct api_user {
    uint64_t number;
    const char *name, *role, *tenant;
    uint64_t expires_ms;
};
int user_save(struct eim_worker *worker, const uint8_t digest[TERN_SHA256_SIZE],
              const struct api_user *user);
int audit_append(struct eim_worker *worker, const struct api_call *call, int status);

#endif
