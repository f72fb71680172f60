/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of the engine while it runs: what every handler gets, and the helpers all of them use.
 *
 * Trouble of our own (arena full, store broken, no randomness) is sticky in `error` and ends the
 * step; the host then rolls back. Handlers check it where going on would be wrong and otherwise
 * read straight down. What the peer did wrong is answered, never put into `error`.
 */
#ifndef ENGINE_EIM_TURN_H
#define ENGINE_EIM_TURN_H

#include "tern/der.h"
#include "tern/eim.h"
#include "tern/es9plus.h"

struct turn {
    struct tern_eim *eim;
    struct tern_eim_step *step;
    struct tern_arena *arena;
    uint64_t now_ms;
    int error;
    enum tern_eim_binding binding;
    tern_tag message_tag;    /* of the message that is being answered */
    const uint8_t *peer_eid; /* what the connection is known to belong to, or NULL */
    uint32_t quirks_seen;    /* on the way through the parser, before the device is known */
};

/* What a question needs when its answer comes. Encoded as the ticket. */
enum ticket_stage {
    STAGE_SIGN = 1,
    STAGE_INITIATE = 2,
    STAGE_CLIENT = 3,
    STAGE_PACKAGE = 4,
    STAGE_CANCEL = 5,
    STAGE_OUTBOUND = 6,
    STAGE_TRANSFER = 7,
};
struct ticket {
    int64_t stage;
    int64_t binding;
    int64_t message_tag;
    int64_t sequence;
    int64_t extra;
    struct tern_bytes eid;
    struct tern_bytes transaction; /* SM-DP+ transactionId, or the key of an outbound message */
    struct tern_bytes address;
    struct tern_bytes detail;
};

/* A download session, space eim.session. */
enum session_state { SESSION_CLIENT = 1, SESSION_PREPARE = 2, SESSION_LOAD = 3 };
struct session {
    struct tern_bytes transaction; /* key; not in the value */
    struct tern_bytes eid;
    int64_t sequence;
    int64_t state;
    int64_t refused; /* CancelSessionReason + 1 that our own refusal implies; 0 none */
    int64_t touched_ms;
    struct tern_bytes address;
    struct tern_bytes smdp_oid;        /* OID content */
    struct tern_bytes server_signed1;  /* TLV */
    struct tern_bytes ctx_params1;     /* TLV A0{..} as sent in BF39, or empty */
    struct tern_bytes metadata;        /* BF25 */
    struct tern_bytes smdp_signed2;    /* TLV */
    struct tern_bytes smdp_signature2; /* TLV 5F37 */
    struct tern_bytes hash_cc;         /* 32 bytes sent, or empty */
};

/* A message to an SM-DP+ that waits, space eim.outbound. */
enum outbound_kind { OUTBOUND_NOTIFICATION = 1, OUTBOUND_CANCEL = 2 };
struct outbound {
    int64_t kind;
    int64_t attempts;
    int64_t done;   /* kept for a while so that a repetition is not sent again */
    int64_t leased; /* somebody is sending it: due again only if they do not come back */
    int64_t due_ms;
    int64_t created_ms;
    struct tern_bytes eid;
    struct tern_bytes address;
    struct tern_bytes transaction; /* cancels */
    struct tern_bytes message;     /* BF37, 30 or BF41 */
};

/* ---- turn.c: memory and DER ---- */

void turn_begin(struct turn *turn, struct tern_eim *eim, struct tern_eim_step *step);
/* The sticky error, or TERN_OK with the outcome set. */
int turn_end(struct turn *turn);
void turn_fail(struct turn *turn, int error);
void turn_event(struct turn *turn, enum tern_eim_event_kind kind, const uint8_t *eid,
                int64_t sequence, int64_t code);

/* TLVs into the arena. Absent parts add nothing; a full arena is the turn's error. */
struct tern_bytes turn_wrap(struct turn *turn, tern_tag tag, const struct tern_bytes *parts,
                            size_t count);
struct tern_bytes turn_join(struct turn *turn, const struct tern_bytes *parts, size_t count);
struct tern_bytes turn_int(struct turn *turn, tern_tag tag, int64_t value);
struct tern_bytes turn_copy(struct turn *turn, struct tern_bytes bytes);
void *turn_take(struct turn *turn, size_t size);
#define PARTS(...)                            \
    (const struct tern_bytes[]){__VA_ARGS__}, \
        sizeof((const struct tern_bytes[]){__VA_ARGS__}) / sizeof(struct tern_bytes)
#define WRAP(turn, tag, ...) turn_wrap(turn, tag, PARTS(__VA_ARGS__))
#define JOIN(turn, ...)      turn_join(turn, PARTS(__VA_ARGS__))

/* First child of `value` with this tag, lengths read mercifully; data NULL when there is none. */
struct tern_bytes child_value(struct tern_bytes value, tern_tag tag);
struct tern_bytes child_raw(struct tern_bytes value, tern_tag tag);
/* Take the next element; false at the end and when malformed. */
bool next_tlv(struct tern_bytes *rest, struct tern_tlv *tlv);
/* True when `value` is a clean run of TLVs, one level deep. */
bool well_formed(struct tern_bytes value);
/* An INTEGER that must be unsigned and fit; false else. Also takes what was meant unsigned. */
bool read_number(struct tern_bytes content, uint32_t *number);
/* Named bits (unused-bits byte first) as 1 << n. */
uint32_t read_bits(struct tern_bytes content);

/* Say who sent this, for the host. */
void turn_known(struct turn *turn, const struct tern_eim_device *device);

/* ---- Outcomes ---- */

void turn_reply(struct turn *turn, struct tern_bytes body);
void turn_reply_none(struct turn *turn); /* 204 */
void turn_refuse(struct turn *turn, unsigned status);
/* TAG{02 code}, or TAG{81 code} for the answers that have it so. */
void turn_reply_code(struct turn *turn, tern_tag tag, tern_tag arm, int64_t code);
void turn_ask_sign(struct turn *turn, struct tern_key key, struct tern_bytes first,
                   struct tern_bytes second, const struct ticket *ticket);
void turn_ask_call(struct turn *turn, enum tern_eim_function function, struct tern_bytes address,
                   struct tern_bytes body, const struct ticket *ticket);

/* ---- records.c: the store ---- */

/* TERN_OK, TERN_ERR_NOT_FOUND; anything else is also the turn's error. */
int load_device(struct turn *turn, const uint8_t *eid, struct tern_eim_device *device);
void save_device(struct turn *turn, const struct tern_eim_device *device);
int load_data(struct turn *turn, const uint8_t *eid, struct tern_eim_device_data *data);
void save_data(struct turn *turn, const uint8_t *eid, const struct tern_eim_device_data *data);
int load_operation(struct turn *turn, const uint8_t *eid, int64_t sequence,
                   struct tern_eim_operation *operation);
void save_operation(struct turn *turn, const uint8_t *eid,
                    const struct tern_eim_operation *operation);
int load_session(struct turn *turn, struct tern_bytes transaction, struct session *session);
void save_session(struct turn *turn, const struct session *session);
void remove_session(struct turn *turn, struct tern_bytes transaction);
int load_outbound(struct turn *turn, struct tern_bytes key, struct outbound *outbound);
void save_outbound(struct turn *turn, struct tern_bytes key, const struct outbound *outbound);
void remove_outbound(struct turn *turn, struct tern_bytes key);
struct tern_bytes encode_ticket(struct turn *turn, const struct ticket *ticket);
int decode_ticket(struct ticket *ticket, struct tern_bytes in);
int decode_device(struct tern_eim_device *device, struct tern_bytes value);
int decode_operation(struct tern_eim_operation *operation, struct tern_bytes value);
struct tern_bytes operation_key(uint8_t out[20], const uint8_t *eid, int64_t sequence);

/* ---- operation.c: the life of an operation ---- */

/* Queue from inside the engine; `front` before everything that was not fetched yet. */
int queue_operation(struct turn *turn, struct tern_eim_device *device,
                    struct tern_eim_operation *operation, bool front);
/* Out of the open list, into its final state, with its event; saves the operation only. */
void finish_operation(struct turn *turn, struct tern_eim_device *device,
                      struct tern_eim_operation *operation, int64_t state);
/* Set why, then finish as FAILED. */
void fail_operation(struct turn *turn, struct tern_eim_device *device,
                    struct tern_eim_operation *operation, int64_t origin, int64_t where,
                    int64_t code);
/* The first open operation of this kind that was fetched. TERN_ERR_NOT_FOUND. */
int find_fetched(struct turn *turn, const struct tern_eim_device *device, int64_t kind,
                 struct tern_eim_operation *operation);
/* By eimTransactionId among all open operations of all devices. */
int find_transaction(struct turn *turn, struct tern_bytes transaction, uint8_t eid[16],
                     int64_t *sequence);
/* The operation a result belongs to: by its eimTransactionId when it is this device's, else the
 * first fetched one of the kind. */
int match_operation(struct turn *turn, const struct tern_eim_device *device, int64_t kind,
                    struct tern_bytes transaction, struct tern_eim_operation *operation);
/* True when an open operation has this option. */
bool has_open_option(struct turn *turn, const struct tern_eim_device *device, int64_t option);
int64_t recent_sequence(const struct tern_eim_device *device, int64_t counter);
void queue_data_request(struct turn *turn, struct tern_eim_device *device, const char *tags,
                        size_t tags_size, int64_t option, bool front);
void queue_profile_list(struct turn *turn, struct tern_eim_device *device, int64_t option);

/* ---- poll.c ---- */

void handle_get_eim_package(struct turn *turn, struct tern_bytes message);
/* What goes to this device next: 1 with the message to send, 0 with a question asked or nothing. */
int next_message(struct turn *turn, struct tern_eim_device *device, bool injecting,
                 struct tern_bytes *message, int64_t *sequence);
void touch_device(struct turn *turn, struct tern_eim_device *device);
void answer_sign(struct turn *turn, const struct ticket *ticket,
                 const struct tern_eim_answer *answer);
void inject_message(struct turn *turn, const uint8_t *eid, int64_t sequence,
                    struct tern_bytes address, struct tern_bytes message);

/* ---- package.c ---- */

/* Allot the counter and ask for the signature; or fail the operation (counter exhausted). */
bool sign_package(struct turn *turn, struct tern_eim_device *device,
                  struct tern_eim_operation *operation, const struct ticket *ticket);
const struct tern_eim_key *find_key(const struct tern_eim *eim, int64_t id);
struct tern_bytes token_object(struct turn *turn, int64_t token);

/* ---- verify.c ---- */

/* Verify a chain that came with a message; on success its key goes into the device. */
int adopt_chain(struct turn *turn, struct tern_eim_device *device,
                struct tern_eim_device_data *data, struct tern_bytes euicc_certificate,
                struct tern_bytes eum_certificate);
/* ECDSA of the device's eUICC over parts; `signature` is the content of 5F37. */
bool euicc_signed(struct turn *turn, struct tern_eim_device *device, struct tern_bytes signature,
                  const struct tern_bytes *parts, size_t count);
/* X.509 DER out of a context-tagged certificate, implicit or nested; data NULL when it is none. */
struct tern_bytes untag_certificate(struct turn *turn, struct tern_bytes value);
/* The EID of an eUICC certificate; false when there is none. */
bool certificate_eid(struct tern_bytes certificate, uint8_t eid[16]);
void learn_quirk(struct turn *turn, struct tern_eim_device *device, int64_t quirk);

/* ---- result.c ---- */

void handle_provide_result(struct turn *turn, struct tern_bytes message);
/* BF50's content. `quiet`: the answer is 204 without a body. */
void take_result(struct turn *turn, struct tern_bytes content, bool quiet);
/* One BF51; the sequence number to acknowledge is appended to `acks`. False: do not answer ok. */
enum result_fate { RESULT_TAKEN, RESULT_REFUSED, RESULT_UNVERIFIABLE };
enum result_fate take_package_result(struct turn *turn, struct tern_eim_device *device,
                                     struct tern_bytes package_result, struct tern_writer *acks);
void recovery_finished(struct turn *turn, struct tern_eim_device *device);
struct tern_bytes acknowledgements(struct turn *turn, struct tern_writer *acks);
/* ---- judge.c ---- */
/* Compare the results with the commands and set state, origin, where, code. */
void judge_results(struct turn *turn, struct tern_eim_device *device,
                   struct tern_eim_operation *operation, struct tern_bytes results);
/* ---- apply.c ---- */
void apply_results(struct turn *turn, struct tern_eim_device *device,
                   const struct tern_eim_operation *operation, struct tern_bytes results);
void apply_installed(struct turn *turn, struct tern_eim_device *device, struct tern_bytes iccid,
                     struct tern_bytes metadata);
bool result_ok(const struct tern_tlv *result);

/* ---- data.c ---- */

/* A tagList of whole tags, never 5A or BF2D. */
int data_check(struct tern_bytes tags);

struct tern_bytes data_request(struct turn *turn, const struct tern_eim_device *device,
                               const struct tern_eim_operation *operation);
void take_data(struct turn *turn, struct tern_eim_device *device, struct tern_bytes response,
               struct tern_writer *acks);

/* ---- trigger.c ---- */

/* ProfileDownloadData as queued; fills smdp_oid from an activation code. */
int trigger_check(struct turn *turn, struct tern_eim_operation *operation);

struct tern_bytes trigger_message(struct turn *turn, const struct tern_eim_device *device,
                                  const struct tern_eim_operation *operation);
void take_trigger_result(struct turn *turn, struct tern_eim_device *device,
                         struct tern_bytes content);
/* A verified or unverified ProfileInstallationResult ends the download. */
void finish_download(struct turn *turn, struct tern_eim_device *device,
                     struct tern_eim_operation *operation, struct tern_bytes result,
                     struct tern_bytes metadata);
struct activation_code {
    struct tern_bytes address, matching_id, oid; /* oid is text */
    bool confirmation_code_required;
};
bool parse_activation_code(struct activation_code *code, struct tern_bytes text);
bool oid_from_text(struct tern_writer *out, struct tern_bytes text);

/* ---- initiate.c, client.c, bound_package.c, cancel.c ---- */

void handle_initiate_authentication(struct turn *turn, struct tern_bytes message);
void answer_initiate(struct turn *turn, const struct ticket *ticket,
                     const struct tern_eim_answer *answer);
void handle_authenticate_client(struct turn *turn, struct tern_bytes message);
void answer_client(struct turn *turn, const struct ticket *ticket,
                   const struct tern_eim_answer *answer);
void handle_get_bound_profile_package(struct turn *turn, struct tern_bytes message);
void answer_package(struct turn *turn, const struct ticket *ticket,
                    const struct tern_eim_answer *answer);
void handle_cancel_session(struct turn *turn, struct tern_bytes message);
void answer_cancel(struct turn *turn, const struct ticket *ticket,
                   const struct tern_eim_answer *answer);
/* The session of a message; false when it is unknown, past its time or another device's. */
bool open_session(struct turn *turn, struct tern_bytes transaction, struct session *session);
/* Session, device and operation together; the operation may be over (returns it all the same). */
bool session_operation(struct turn *turn, const struct session *session,
                       struct tern_eim_device *device, struct tern_eim_operation *operation);
/* Metadata against RAT and profiles: true when every profile policy rule is authorised. */
bool rules_allowed(struct turn *turn, const uint8_t *eid, struct tern_bytes metadata);
/* BF25 out of a bound profile package; data NULL when it has none. */
struct tern_bytes package_metadata(struct turn *turn, struct tern_bytes bound_profile_package);

/* The SM-DP+ said no, or nothing: remember why, end what asking again cannot help. */
struct es9_answer;
void download_refused(struct turn *turn, struct tern_eim_device *device,
                      struct tern_eim_operation *operation, const struct es9_answer *answer);
/* The arm of a response that may be wrapped twice in `tag`; its value. */
struct tern_bytes response_arm(struct turn *turn, struct tern_bytes value, tern_tag tag,
                               struct tern_tlv *arm);

/* ---- compact.c: SGP.32 compact forms back to the bytes that were signed (sgp32.md 5.7) ---- */

struct tern_bytes expand_authenticate(struct turn *turn, const struct session *session,
                                      const struct tern_eim_device_data *data,
                                      struct tern_bytes compact);
struct tern_bytes expand_prepare(struct turn *turn, const struct session *session,
                                 struct tern_bytes compact);
struct tern_bytes expand_installation(struct turn *turn, const struct session *session,
                                      struct tern_bytes compact);
struct tern_bytes expand_other(struct turn *turn, const struct tern_eim_device_data *data,
                               struct tern_bytes compact);
struct tern_bytes expand_cancel(struct turn *turn, const struct session *session,
                                struct tern_bytes compact);

/* ---- notification.c, outbound.c ---- */

void handle_notification(struct turn *turn, struct tern_bytes message);
/* One PendingNotification of any form; its sequence number goes to `acks` when we answer for it. */
enum result_fate take_notification(struct turn *turn, struct tern_eim_device *device,
                                   struct tern_bytes notification, struct tern_writer *acks);
void queue_outbound(struct turn *turn, int64_t kind, const uint8_t *eid, struct tern_bytes address,
                    struct tern_bytes transaction, struct tern_bytes message);
void answer_outbound(struct turn *turn, const struct ticket *ticket,
                     const struct tern_eim_answer *answer);

/* ---- es9.c: the client side of ES9+' and ES11' ---- */

struct es9_answer {
    bool reached; /* an answer of the function came */
    bool ok;
    enum tern_es9plus_function function;
    struct tern_status status;
    int64_t subject; /* packed: 8.2.6 is 0x080206; 8.1 is 0x080100 */
    int64_t reason;  /* packed: 3.8 is 0x0308 */
    struct tern_bytes transaction, server_signed1, server_signature1, ci_key_id, certificate,
        metadata, smdp_signed2, smdp_signature2, bound_profile_package;
    bool has_events;
    struct tern_bytes event_id, event_address;
};
struct tern_bytes es9_initiate(struct turn *turn, struct tern_bytes challenge,
                               struct tern_bytes info1, struct tern_bytes address);
/* The functions of one transactionId and one TLV. */
struct tern_bytes es9_session_call(struct turn *turn, enum tern_eim_function function,
                                   struct tern_bytes transaction, struct tern_bytes message);
void es9_read(struct turn *turn, enum tern_eim_function function, const struct tern_eim_answer *in,
              struct es9_answer *out);
/* The integer of an ESipa error that goes with a status code; 127 when none does. */
int64_t es9_error(enum tern_eim_function function, const struct es9_answer *answer);

/* ---- binding_json.c ---- */

/* The JSON binding's request as the ASN.1 binding's message; data NULL when it is malformed. */
struct tern_bytes json_request(struct turn *turn, struct tern_bytes function,
                               struct tern_bytes body);
struct tern_bytes json_response(struct turn *turn, struct tern_bytes message);

/* ---- inject.c ---- */

void answer_transfer(struct turn *turn, const struct ticket *ticket,
                     const struct tern_eim_answer *answer);

#endif
