/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the SM-DP+ keeps. Each record is DER by a table of records.c; docs/FORMATS.md lists them.
 *
 *   space      key                      value
 *   profile    ICCID                    what never changes: owner, type, metadata, needs
 *   package    ICCID                    the profile itself, protected
 *   order      ICCID                    state of the profile and of its order; absent: Available
 *   binding    ICCID                    the last binding, to send the same package again
 *   session    transactionId            an eUICC that has proved who it is
 *   free       type 00 ICCID            profiles of a type that are Available
 *   type       type                     that the type exists
 *   match      MatchingID               ICCID
 *   eid        EID ICCID                orders with an EID and an empty MatchingID
 *   call       requester 00 call id     ES2+ answers, for a repeated call
 *   task       due time, number         what is still to be sent: ES2+ call-backs, ES12
 */
#ifndef ENGINE_SMDP_RECORDS_H
#define ENGINE_SMDP_RECORDS_H

#include "tern/arena.h"
#include "tern/asn.h"
#include "tern/smdp.h"
#include "tern/store.h"

#define SPACE_PROFILE "profile"
#define SPACE_PACKAGE "package"
#define SPACE_ORDER   "order"
#define SPACE_BINDING "binding"
#define SPACE_SESSION "session"
#define SPACE_FREE    "free"
#define SPACE_TYPE    "type"
#define SPACE_MATCH   "match"
#define SPACE_EID     "eid"
#define SPACE_CALL    "call"

struct smdp_profile {
    struct tern_bytes iccid;
    struct tern_bytes owner; /* Empty: any operator may order it. */
    struct tern_bytes profile_type;
    struct tern_bytes metadata; /* BF25 */
    uint64_t needs;             /* Bits of UICCCapability that the eUICC must have. */
    int64_t memory;             /* Bytes of non-volatile memory, our estimate. */
};
extern const struct tern_asn_record SMDP_PROFILE;

/* `sealed` is AES-CCM under the key of the server, ICCID as additional data. */
struct smdp_package {
    struct tern_bytes nonce;
    bool session_keys;        /* Bind under session keys: `sealed` is the UPP. */
    struct tern_bytes sealed; /* Else the three profile protection keys. */
    struct tern_bytes body;   /* Then the 86 TLVs under them. */
};
extern const struct tern_asn_record SMDP_PACKAGE;

struct smdp_order {
    int64_t state; /* enum tern_smdp_state */
    struct tern_bytes requester;
    struct tern_bytes profile_type; /* As asked for; may be absent. */
    struct tern_bytes ordered_eid;  /* By ES2+; absent: none. */
    struct tern_bytes eid;          /* The one that authenticated first, or ordered_eid. */
    struct tern_bytes matching_id;  /* Absent before ConfirmOrder; may be empty. */
    struct tern_bytes confirmation; /* nonce and sealed hashes; absent: no code. */
    int64_t confirmation_failures;
    int64_t attempts;
    int64_t created;
    int64_t expires; /* 0: never */
    struct tern_bytes smds_address;
    bool event_registered;
    struct tern_bytes transaction_id; /* The session that holds it. */
    int64_t seq_number;               /* Last notification, -1: none yet. */
    struct tern_bytes why;            /* Words that go with Error. */
};
extern const struct tern_asn_record SMDP_ORDER;

struct smdp_binding {
    struct tern_bytes eid;
    struct tern_bytes euicc_otpk;
    struct tern_bytes smdp_otpk;
    struct tern_bytes host_id;
    struct tern_bytes body; /* A0, A1, A2 and, under session keys, A3. */
};
extern const struct tern_asn_record SMDP_BINDING;

enum smdp_session_state {
    SESSION_AUTHENTICATED = 1,
    SESSION_PACKAGE_SENT = 2,
    SESSION_ENDED = 3, /* Result known, or cancelled. */
};

struct smdp_session {
    int64_t state;
    struct tern_bytes eid;
    struct tern_bytes iccid;
    int64_t curve;
    struct tern_bytes euicc_key;       /* 65 bytes */
    struct tern_bytes server_ci;       /* Which of our identities. */
    struct tern_bytes smdp_signed2;    /* What AuthenticateClient answered. */
    struct tern_bytes smdp_signature2; /* 5F37 TLV */
    struct tern_bytes request_hash;    /* Of the AuthenticateClient that made it. */
    struct tern_bytes package_hash;    /* Of the PrepareDownloadResponse that was served. */
};
extern const struct tern_asn_record SMDP_SESSION;

struct smdp_answer {
    struct tern_bytes request_hash;
    int64_t when;
    struct tern_bytes response;
};
extern const struct tern_asn_record SMDP_ANSWER;

/* A key of several parts; parts after the first are separated by nothing. */
struct smdp_key {
    uint8_t data[TERN_STORE_KEY_SIZE_MAX];
    size_t size;
};
struct smdp_key smdp_key(struct tern_bytes first, struct tern_bytes second);
/* first 00 second */
struct smdp_key smdp_key_pair(struct tern_bytes first, struct tern_bytes second);

static inline struct tern_bytes smdp_key_bytes(const struct smdp_key *key)
{
    return tern_bytes(key->data, key->size);
}

/* Load and decode into the arena. TERN_ERR_NOT_FOUND and what store and codec say. */
int smdp_load(const struct tern_smdp *smdp, struct tern_arena *arena, const char *space,
              struct tern_bytes key, const struct tern_asn_record *record, void *message);
/* Encode in what is left of the arena (given back afterwards) and save. */
int smdp_save(const struct tern_smdp *smdp, struct tern_arena *arena, const char *space,
              struct tern_bytes key, const struct tern_asn_record *record, const void *message);
/* Like smdp_save(), TERN_ERR_CONFLICT when the key exists. */
int smdp_insert(const struct tern_smdp *smdp, struct tern_arena *arena, const char *space,
                struct tern_bytes key, const struct tern_asn_record *record, const void *message);
/* Remove; no error when there was nothing. */
int smdp_remove(const struct tern_smdp *smdp, const char *space, struct tern_bytes key);

#endif
