/* SPDX-License-Identifier: Apache-2.0 */
/* ES2+: a request as read, and the four functions that change orders. */
#ifndef ENGINE_SMDP_ES2PLUS_H
#define ENGINE_SMDP_ES2PLUS_H

#include "engine/smdp/orders.h"

struct es2plus_request {
    struct tern_bytes requester;
    struct tern_bytes call_id;
    struct tern_bytes iccid;        /* 10 bytes, or absent */
    struct tern_bytes eid;          /* 16 bytes, or absent */
    struct tern_bytes profile_type; /* or absent */
    struct tern_bytes matching_id;  /* or absent, or empty */
    struct tern_bytes confirmation_code;
    struct tern_bytes smds_address;
    struct tern_bytes final_status; /* "Available" or "Unavailable" */
    bool has_release_flag;
    bool release_flag;
};

/* One function at work. */
struct es2plus {
    const struct tern_smdp *smdp;
    struct tern_es2plus_call *call;
    struct es2plus_request request;
    const char *member; /* That a refusal is about, or NULL. */
    /* For the response. */
    struct tern_bytes iccid;
    struct tern_bytes eid;
    struct tern_bytes matching_id;
    bool names_server; /* smdpAddress is in the response. */
};

/* Each sets `code`; a negative result is our failure. call->asks may be set instead. */
int download_order(struct es2plus *es2, enum tern_status_code *code);
int confirm_order(struct es2plus *es2, enum tern_status_code *code);
int cancel_order(struct es2plus *es2, enum tern_status_code *code);
int release_profile(struct es2plus *es2, enum tern_status_code *code);

/* JSON to request; `code` and es2->member say what is wrong with it. */
int es2plus_read(struct es2plus *es2, struct tern_bytes body, enum tern_status_code *code);

#endif
