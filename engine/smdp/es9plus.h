/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of ES9+, each in two steps: check (no change) and commit (in a transaction). */
#ifndef ENGINE_SMDP_ES9PLUS_H
#define ENGINE_SMDP_ES9PLUS_H

#include "engine/smdp/authentication.h"
#include "engine/smdp/orders.h"
#include "tern/messages/es10b.h"

/* Leniency towards eUICCs and what relays their messages, by name. sgp22.md 1, 10.6 */
#define ES9PLUS_MERCY                                                            \
    (TERN_MERCY_LONG_LENGTHS | TERN_MERCY_DOUBLE_WRAP | TERN_MERCY_NESTED_X509 | \
     TERN_MERCY_BARE_CHOICE | TERN_MERCY_UNSIGNED)

int authenticate_client_check(const struct tern_smdp *smdp, struct tern_smdp_call *call);
int authenticate_client_commit(const struct tern_smdp *smdp, struct tern_smdp_call *call);
int get_package_check(const struct tern_smdp *smdp, struct tern_smdp_call *call);
int get_package_commit(const struct tern_smdp *smdp, struct tern_smdp_call *call);
int notification_check(const struct tern_smdp *smdp, struct tern_smdp_call *call);
int notification_commit(const struct tern_smdp *smdp, struct tern_smdp_call *call);
int cancel_session_check(const struct tern_smdp *smdp, struct tern_smdp_call *call);
int cancel_session_commit(const struct tern_smdp *smdp, struct tern_smdp_call *call);

/* Space for what check() found, kept in call->checked. NULL when the arena is full. */
void *checked_make(struct tern_smdp_call *call, size_t size);

/* Refuse: set the status and want no commit. */
int refuse(struct tern_smdp_call *call, enum tern_status_code code);
/* Refuse a member of the request that is not what it should be. */
int refuse_member(struct tern_smdp_call *call, const char *member);

/* The session of a transaction; TERN_ERR_NOT_FOUND. */
int session_load(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                 struct tern_bytes transaction_id, struct smdp_session *session);
int session_save(const struct tern_smdp *smdp, struct tern_smdp_call *call,
                 struct tern_bytes transaction_id, const struct smdp_session *session);
struct tern_public_key session_key(const struct smdp_session *session);
/* Our certificates that the session uses; NULL when they are not there any more. */
const struct tern_rsp_identity *session_identity(const struct tern_smdp *smdp,
                                                 const struct smdp_session *session);
/* Tell the log whom this is about. */
void note_subject(struct tern_smdp_call *call, struct tern_bytes eid, struct tern_bytes iccid);

/* SHA-256 of one slice, in the arena. */
int hash_of(const struct tern_smdp *smdp, struct tern_arena *arena, struct tern_bytes bytes,
            struct tern_bytes *hash);

#endif
