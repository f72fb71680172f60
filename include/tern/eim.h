/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The eIM protocol engine (SGP.32, 2.11, 3, 5.14): ESipa and ESep as a pure step.
 *
 *     message in  ->  reply                       send it, done
 *                 ->  question + ticket           sign these bytes, or POST this to that server;
 *                                                 give the answer back with the ticket
 *
 * There is no socket, thread, clock or database here. The host opens a transaction on the store,
 * lets the engine take one or many steps, commits, and only then releases replies and works on
 * questions. A ticket is plain bytes without pointers: it may wait in a queue, and losing it in a
 * crash loses nothing, because the device repeats its message and the state is in the store.
 *
 * Packages (SGP.32, 3.3): the counter is stored and durable before the package is signed, the
 * signed bytes are stored before they are sent, and those same bytes are sent again on every
 * GetEimPackage until a result is stored.
 */
#ifndef TERN_EIM_H
#define TERN_EIM_H

#include "tern/arena.h"
#include "tern/bytes.h"
#include "tern/certificate.h"
#include "tern/crypto.h"
#include "tern/limits.h"
#include "tern/store.h"

#define TERN_EIM_OPEN_OPERATIONS_MAX 64           /**< operations not finished, a device */
#define TERN_EIM_EVENTS_MAX          16           /**< events one step can have */
#define TERN_EIM_ARENA_SIZE_MIN      (256 * 1024) /**< plus four times the largest message */
#define TERN_EIM_MESSAGE_SIZE_MAX    (1024 * 1024)
#define TERN_EIM_RECORD_SIZE_MAX     (256 * 1024)

/** What the engine is configured with. The caller owns it all; it outlives every step. */
struct tern_eim_key {
    uint32_t id;         /**< Devices remember by it which key their eUICC trusts. */
    struct tern_key key; /**< Passed back in TERN_EIM_SIGN; never used inside. */
    struct tern_bytes
        key_data; /**< eimPublicKeyData: A0{SubjectPublicKeyInfo} or A1{Certificate}. */
};

struct tern_eim {
    const struct tern_crypto *crypto; /**< Verifies, hashes, random. Signing is a question. */
    const struct tern_store *store;
    struct tern_bytes eim_id;        /**< 1 to 128 bytes, as the eUICCs have it. */
    const struct tern_eim_key *keys; /**< The first one signs for new devices. */
    size_t key_count;
    const struct tern_trust
        *trust;                /**< CIs that eUICC chains may end in, CRLs, cache; `now` unused. */
    uint64_t session_ms;       /**< A download session without a message ends. 0: 10 min. */
    uint64_t retry_ms;         /**< First retry of a notification. 0: 30 s; it doubles. */
    uint32_t trigger_attempts; /**< Deliveries of one trigger. 0: 16. */
};

/** Deviations that are tolerated for one device, by name. sgp32.md 1.4 and 12. */
enum tern_eim_quirk {
    TERN_EIM_QUIRK_SIGNATURE_1_0 = 1 << 0, /**< EPR/EPE signed over data | eimSignature (v1.0). */
    TERN_EIM_QUIRK_TAG_LIST_1_0 = 1 << 1,  /**< Wants BF2B, 80, 88 in tagList (v1.0). */
    TERN_EIM_QUIRK_RESULT_NO_ARM = 1 << 2, /**< BF51{30,5F37} without A0. */
    TERN_EIM_QUIRK_DER_SIGNATURE = 1 << 3, /**< 5F37 holds SEQUENCE{r,s}. */
    TERN_EIM_QUIRK_WRAPPED_TWICE = 1 << 4, /**< BF51{BF51{..}}, BF38{BF38{..}}, A1{BF41{..}}. */
    TERN_EIM_QUIRK_OUTER_A2 = 1 << 5,      /**< Message inside A2, as ES9+ has it. */
    TERN_EIM_QUIRK_BARE_NOTIFICATION = 1 << 6, /**< BF3D{BF37|30} without A0 (v1.0). */
    TERN_EIM_QUIRK_NO_EID = 1 << 7,            /**< Never sends 5A in BF50. */
    TERN_EIM_QUIRK_FULL_FORMS = 1 << 8, /**< A compact form could not be rebuilt: ask for full. */
    TERN_EIM_QUIRK_V1_3 = 1 << 9,       /**< v1.3 shapes seen (8F in the unsigned error). */
    TERN_EIM_QUIRK_NESTED_CERTIFICATE = 1 << 10, /**< A5/A6 with a whole 30 certificate inside. */
};
/** The name of one quirk bit, such as "signature-1.0"; NULL for a bit that is none. */
const char *tern_eim_quirk_name(uint32_t quirk);

/* ---- What the store holds ------------------------------------------------------------------ */

/*
 * space            key                        value
 * eim.device       EID                        EimDevice: all that a poll needs
 * eim.counter      EID                        a counter: the last counterValue used
 * eim.data         EID                        EimDeviceData: certificates, infos, profiles
 * eim.operation    EID | sequence (4)         EimOperation
 * eim.transaction  eimTransactionId           EID | sequence (4), while the operation is open
 * eim.session      SM-DP+ transactionId       EimSession
 * eim.outbound     SHA-256 of the message     EimOutbound: notifications and cancels to SM-DP+s
 * eim.due          time (8) | SHA-256         empty: when to try
 * eim.stray        EID | counter (8)          EPR that answers no known package, kept
 */

/**
 * One device. Slices borrow from the arena of the step that loaded it. Numbers are int64_t because
 * the records are ASN.1 tables; their ranges are those of what they name.
 */
struct tern_eim_device {
    uint8_t eid[TERN_EID_SIZE];
    int64_t key_id;             /**< Which of the eIM's keys its eUICC has. */
    int64_t counter;            /**< Last used; see eim.counter. */
    int64_t token;              /**< associationToken, 0 for none. */
    int64_t next_sequence;      /**< Of operations; starts at 1. */
    int64_t quirks;             /**< enum tern_eim_quirk */
    int64_t features;           /**< ipaFeatures, bit n = 1 << n. */
    int64_t protocols;          /**< ipaSupportedProtocols. */
    int64_t flags;              /**< enum tern_eim_device_flag */
    int64_t state_change_cause; /**< Last one notified plus 1; 0 never. */
    int64_t added_ms;
    int64_t seen_ms;             /**< Last message; 0 never. */
    int64_t curve;               /**< enum tern_curve of `euicc_key`; 0: no verified chain yet. */
    struct tern_bytes euicc_key; /**< 65-byte point from the verified eUICC certificate. */
    struct tern_bytes ci_key_id; /**< CI that signs results for this eIM; empty: the first. */
    struct tern_bytes open;    /**< Open operations, oldest first: kind (1) | sequence (4) each. */
    struct tern_bytes recent;  /**< Last packages finished: counter (4) | sequence (4) each. */
    struct tern_bytes tenant;  /**< The host's; the engine only keeps it. */
    struct tern_bytes label;   /**< The host's. */
    struct tern_bytes plmn;    /**< rPLMN last reported, 3 bytes, or empty. */
    struct tern_bytes enabled; /**< ICCID of the enabled profile as last known, or empty. */
    struct tern_bytes address; /**< Where an injecting eIM reaches the IPA (host:port). */
    struct tern_bytes last_session; /**< transactionId of the last download that ended. */
};

enum tern_eim_device_flag {
    TERN_EIM_DEVICE_STALE = 1 << 0,       /**< State changed: profile list and infos are old. */
    TERN_EIM_DEVICE_GONE = 1 << 1,        /**< Our configuration was deleted from the eUICC. */
    TERN_EIM_DEVICE_SUSPECT = 1 << 2,     /**< Something forged came in its name. */
    TERN_EIM_DEVICE_ROLLED_BACK = 1 << 3, /**< The last enable was rolled back. */
};

/** What is known about a device beyond the poll. Everything as received (whole TLVs). */
struct tern_eim_device_data {
    struct tern_bytes eum_certificate;   /**< X.509 DER (30..). */
    struct tern_bytes euicc_certificate; /**< X.509 DER. */
    struct tern_bytes euicc_info1;       /**< BF20 */
    struct tern_bytes euicc_info2;       /**< BF22 */
    struct tern_bytes ipa_capabilities;  /**< A8 or v1.0 88 */
    struct tern_bytes device_info;       /**< A9 */
    struct tern_bytes profiles;          /**< E3.. one after the other. */
    struct tern_bytes rat;               /**< Content of getRATResult. */
    struct tern_bytes eims;              /**< listEim: EimIdInfo one after the other. */
    struct tern_bytes default_smdp;      /**< UTF-8 */
    struct tern_bytes root_smds;         /**< UTF-8 */
    int64_t profiles_ms;                 /**< When `profiles` was last a signed list. */
    int64_t infos_ms;
};

enum tern_eim_kind {
    TERN_EIM_KIND_PACKAGE = 1,  /**< euiccPackageRequest: PSMOs or eCOs */
    TERN_EIM_KIND_DOWNLOAD = 2, /**< profileDownloadTriggerRequest */
    TERN_EIM_KIND_DATA = 3,     /**< ipaEuiccDataRequest */
};

enum tern_eim_state {
    TERN_EIM_QUEUED = 1,
    TERN_EIM_SIGNING = 2, /**< counter durable, signature asked for */
    TERN_EIM_FETCHED = 3, /**< sent at least once, result awaited */
    TERN_EIM_RUNNING = 4, /**< a download session is under way */
    TERN_EIM_DONE = 5,    /**< result verified, all commands ok */
    TERN_EIM_FAILED = 6,  /**< result verified, it says no; or it cannot come any more */
    TERN_EIM_EXPIRED = 7,
    TERN_EIM_CANCELLED = 8,  /**< by the operator, before it was fetched */
    TERN_EIM_SUPERSEDED = 9, /**< replaced by a later one before it was fetched */
    TERN_EIM_LOST = 10,      /**< executed (replayError) but the result is being fetched */
};
static inline bool tern_eim_state_open(int64_t state)
{
    return state <= TERN_EIM_RUNNING || state == TERN_EIM_LOST;
}
const char *tern_eim_state_name(int64_t state);
const char *tern_eim_kind_name(int64_t kind);

/** Where a failure was said; with `code` it explains itself: tern_eim_explain(). */
enum tern_eim_origin {
    TERN_EIM_ORIGIN_NONE = 0,
    TERN_EIM_ORIGIN_RESULT = 1,   /**< EuiccResultData: code, `where` is its tag */
    TERN_EIM_ORIGIN_PACKAGE = 2,  /**< EuiccPackageErrorCode */
    TERN_EIM_ORIGIN_UNSIGNED = 3, /**< euiccPackageErrorUnsigned */
    TERN_EIM_ORIGIN_IPA = 4,      /**< EimPackageResultErrorCode */
    TERN_EIM_ORIGIN_DATA = 5,     /**< IpaEuiccDataErrorCode */
    TERN_EIM_ORIGIN_TRIGGER = 6,  /**< profileDownloadErrorReason */
    TERN_EIM_ORIGIN_INSTALL =
        7, /**< ErrorReason of a ProfileInstallationResult; `where` bppCommandId */
    TERN_EIM_ORIGIN_SMDP =
        8, /**< status code: `where` = subject (0x080206 is 8.2.6), `code` = reason (0x0308) */
    TERN_EIM_ORIGIN_AUTHENTICATE = 9, /**< authenticateErrorCode of the card */
    TERN_EIM_ORIGIN_PREPARE = 10,     /**< downloadErrorCode of the card */
    TERN_EIM_ORIGIN_CANCEL = 11,      /**< CancelSessionReason */
    TERN_EIM_ORIGIN_EIM = 12,         /**< enum tern_eim_own_code */
};
enum tern_eim_own_code {
    TERN_EIM_OWN_EXPIRED = 1,
    TERN_EIM_OWN_COUNTER_EXHAUSTED = 2,
    TERN_EIM_OWN_SMDP_UNREACHABLE = 3,
    TERN_EIM_OWN_SMDP_MISMATCH = 4,
    TERN_EIM_OWN_OID_MISMATCH = 5,
    TERN_EIM_OWN_METADATA_MISMATCH = 6,
    TERN_EIM_OWN_PPR_REFUSED = 7,
    TERN_EIM_OWN_RESULT_LOST = 8,
    TERN_EIM_OWN_ATTEMPTS = 9,
    TERN_EIM_OWN_ROLLED_BACK = 10,
    TERN_EIM_OWN_NO_EVENT = 11,
    TERN_EIM_OWN_RESULT_UNTRUSTED = 12,
    TERN_EIM_OWN_CODE_MISSING = 13,
    TERN_EIM_OWN_POLICY = 14,
    TERN_EIM_OWN_SMDP_ANSWER = 15,
};

struct tern_eim_operation {
    int64_t sequence;
    int64_t kind;    /**< enum tern_eim_kind */
    int64_t state;   /**< enum tern_eim_state */
    int64_t options; /**< enum tern_eim_option */
    int64_t counter; /**< packages; 0 until signed */
    int64_t key_id; /**< packages: the key that signs; updateEim: the key to come is `new_key_id` */
    int64_t new_key_id; /**< 0, or the key this package's updateEim installs */
    int64_t attempts;   /**< times sent */
    int64_t origin;     /**< enum tern_eim_origin of a failure */
    int64_t where;
    int64_t code;
    int64_t created_ms;
    int64_t fetched_ms;
    int64_t finished_ms;
    int64_t expires_ms;            /**< 0: never */
    struct tern_bytes transaction; /**< eimTransactionId */
    struct tern_bytes
        request; /**< package: A0{..} or A1{..}; data: tagList; download: ProfileDownloadData */
    struct tern_bytes message;           /**< what is sent, once it is fixed: BF51, BF52, BF54 */
    struct tern_bytes to_sign;           /**< euiccPackageSigned, between counter and signature */
    struct tern_bytes result;            /**< as received */
    struct tern_bytes confirmation_code; /**< secret */
    struct tern_bytes
        smdp_oid;            /**< download: SM-DP+ OID the activation code demands (OID content) */
    struct tern_bytes iccid; /**< download: of the profile, once known */
    struct tern_bytes reference; /**< the host's: code id, campaign .. */
};

enum tern_eim_option {
    TERN_EIM_OPTION_DIRECT = 1 << 0,     /**< download: give the data, leave ES9+ to the IPA */
    TERN_EIM_OPTION_RECOVERY = 1 << 1,   /**< queued by the engine to find a lost result */
    TERN_EIM_OPTION_DELETES_US = 1 << 2, /**< eCO that deletes our own configuration */
    TERN_EIM_OPTION_RESYNC = 1 << 3,     /**< queued by the engine after an unsigned error */
    TERN_EIM_OPTION_REFRESH = 1 << 4,    /**< queued by the engine after a state change */
};

/* ---- Steps ---------------------------------------------------------------------------------- */

enum tern_eim_binding { TERN_EIM_BINDING_ASN1 = 0, TERN_EIM_BINDING_JSON = 1 };

struct tern_eim_peer {
    enum tern_eim_binding binding;
    struct tern_bytes function; /**< JSON binding: last part of the path, "getEimPackage" .. */
    const uint8_t *eid;         /**< EID that the connection is known to belong to, or NULL. */
};

enum tern_eim_event_kind {
    TERN_EIM_EVENT_SEEN = 1,         /**< first message of a device ever */
    TERN_EIM_EVENT_STATE_CHANGE = 2, /**< notifyStateChange; code = cause */
    TERN_EIM_EVENT_FETCHED = 3,
    TERN_EIM_EVENT_FINISHED = 4,     /**< code = enum tern_eim_state */
    TERN_EIM_EVENT_DATA = 5,         /**< device data updated */
    TERN_EIM_EVENT_NOTIFICATION = 6, /**< accepted for forwarding */
    TERN_EIM_EVENT_FORWARDED = 7,
    TERN_EIM_EVENT_FORWARD_FAILED = 8,
    TERN_EIM_EVENT_QUIRK = 9,    /**< code = the bit learnt */
    TERN_EIM_EVENT_SUSPECT = 10, /**< a result or certificate that does not verify */
    TERN_EIM_EVENT_ROLLED_BACK = 11,
    TERN_EIM_EVENT_STRAY = 12, /**< verified result that answers no known package */
    TERN_EIM_EVENT_TOKEN = 13, /**< addEim gave `code` as token for another eIM */
};
struct tern_eim_event {
    enum tern_eim_event_kind kind;
    uint8_t eid[TERN_EID_SIZE];
    uint32_t sequence; /**< operation, or 0 */
    uint32_t code;
};
const char *tern_eim_event_name(enum tern_eim_event_kind kind);

enum tern_eim_outcome {
    TERN_EIM_NOTHING = 0, /**< tern_eim_due() and tern_eim_inject() only: nothing to do */
    TERN_EIM_REPLY = 1,
    TERN_EIM_SIGN = 2,
    TERN_EIM_CALL = 3,
};

enum tern_eim_function { /**< What a TERN_EIM_CALL asks. */
                         TERN_EIM_CALL_INITIATE_AUTHENTICATION = 1, /**< ES9+' or ES11' */
                         TERN_EIM_CALL_AUTHENTICATE_CLIENT = 2,
                         TERN_EIM_CALL_GET_BOUND_PROFILE_PACKAGE = 3,
                         TERN_EIM_CALL_HANDLE_NOTIFICATION = 4,
                         TERN_EIM_CALL_CANCEL_SESSION = 5,
                         TERN_EIM_CALL_TRANSFER_EIM_PACKAGE =
                             6, /**< ESipa injection; address is the IPA's */
};

/** Zero it, set `arena` and `now_ms`, call. Everything else is output, in the arena. */
struct tern_eim_step {
    struct tern_arena *arena;
    uint64_t now_ms; /**< Wall clock, milliseconds since 1970 UTC. */

    enum tern_eim_outcome outcome;
    /* TERN_EIM_REPLY */
    unsigned status; /**< HTTP's: 200, 204 (no body), 400, 404, 500. */
    struct tern_bytes body;
    /** No operation is open: the device need not ask. Carriers tell it as they can; ours only. */
    bool nothing_waits;
    /* TERN_EIM_SIGN: ECDSA with this key over sign[0] | sign[1] */
    struct tern_key key;
    struct tern_bytes sign[2];
    /* TERN_EIM_CALL: POST body as JSON to https://ADDRESS/PATH (ASN.1 for injection) */
    enum tern_eim_function function;
    struct tern_bytes address;
    struct tern_bytes path; /**< begins with a slash */
    struct tern_bytes call; /**< the body */
    /* TERN_EIM_SIGN and TERN_EIM_CALL: give it back with the answer */
    struct tern_bytes ticket;

    bool eid_known; /**< `eid` is who sent it; the host may tie the connection to it. */
    uint8_t eid[TERN_EID_SIZE];
    struct tern_eim_event events[TERN_EIM_EVENTS_MAX];
    size_t event_count;      /**< may be more than EVENTS_MAX: the rest was dropped */
    struct tern_fault fault; /**< where a malformed message is wrong */
};

/** The answer to a question. */
struct tern_eim_answer {
    int error;              /**< TERN_OK, or why there is none (TERN_ERR_TIMEOUT, _DENIED ..). */
    unsigned status;        /**< TERN_EIM_CALL: HTTP status */
    struct tern_bytes body; /**< TERN_EIM_SIGN: 64 bytes r|s; TERN_EIM_CALL: the response body */
};

/**
 * One message of an IPA.
 *
 * Returns TERN_OK with an outcome, also for messages that are refused: those get their protocol
 * error (SGP.32, 5.14) or, where the protocol has none, HTTP status 400, and leave no trace in the
 * store. TERN_ERR_IO, TERN_ERR_NO_SPACE, TERN_ERR_CRYPTO: the host rolls back and answers 503.
 */
int tern_eim_receive(struct tern_eim *eim, struct tern_eim_step *step,
                     const struct tern_eim_peer *peer, struct tern_bytes message);

/** The answer to the question of an earlier step. Same results as tern_eim_receive(). */
int tern_eim_answer(struct tern_eim *eim, struct tern_eim_step *step, struct tern_bytes ticket,
                    const struct tern_eim_answer *answer);

/**
 * Background work: the next notification or cancel that is due goes out as a TERN_EIM_CALL (and is
 * leased for 90 s, so that two workers do not send it twice). TERN_EIM_NOTHING when none is due.
 * @param wake_ms out: when to ask again, UINT64_MAX for not before something is queued.
 */
int tern_eim_due(struct tern_eim *eim, struct tern_eim_step *step, uint64_t *wake_ms);

/** At the start of the only process on this store: what a process that died had leased is due. */
int tern_eim_recover(struct tern_eim *eim, struct tern_eim_step *step);

/** Injection (SGP.32, 3.1.1.2): what waits for this device as a TERN_EIM_SIGN or TERN_EIM_CALL. */
int tern_eim_inject(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid);

/* ---- Devices and operations ----------------------------------------------------------------- */

/**
 * Add a device. When `data` has certificates, the chain is verified against the roots and the EID
 * (SGP.32, 9; TERN_ERR_CERTIFICATE, _EXPIRED, _DENIED else). TERN_ERR_CONFLICT: already known.
 */
int tern_eim_device_add(struct tern_eim *eim, struct tern_eim_step *step,
                        struct tern_eim_device *device, const struct tern_eim_device_data *data);
int tern_eim_device_load(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                         struct tern_eim_device *device);
int tern_eim_device_save(struct tern_eim *eim, struct tern_eim_step *step,
                         const struct tern_eim_device *device);
/** All its records go, the counter stays: it may never be used again for this EID. */
int tern_eim_device_remove(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid);
/** The first device after `after` (NULL: from the start). @return 1, 0 at the end, or an error. */
int tern_eim_device_next(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *after,
                         struct tern_eim_device *device);
/** TERN_OK also when nothing is known: all members are empty then. */
int tern_eim_data_load(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                       struct tern_eim_device_data *data);
int tern_eim_data_save(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                       const struct tern_eim_device_data *data);

/**
 * Queue an operation: kind, options, request, expires_ms, confirmation_code, smdp_oid, reference,
 * new_key_id are read; sequence, transaction, state and created_ms are set.
 *   PACKAGE   request = A0{Psmo..} or A1{Eco..}, at least one command (tern_eim_command_check())
 *   DOWNLOAD  request = ProfileDownloadData: 80 activation code, 81 00, A2{80 fqdn?}
 *   DATA      request = whole tags for tagList, never 5A or BF2D
 * TERN_ERR_NOT_FOUND no such device, TERN_ERR_NO_SPACE too many open, TERN_ERR_MALFORMED request.
 */
int tern_eim_queue(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                   struct tern_eim_operation *operation);
int tern_eim_operation_load(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                            int64_t sequence, struct tern_eim_operation *operation);
/** The first operation of the device with a sequence over `after`. @return 1, 0 or an error. */
int tern_eim_operation_next(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                            int64_t after, struct tern_eim_operation *operation);
/** TERN_ERR_STATE when it was fetched: the eUICC may have executed it. */
int tern_eim_cancel(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                    int64_t sequence, int64_t state);

/* ---- Commands of packages (SGP.32, 3.4, 3.5): each appends one Psmo or Eco ------------------- */

void tern_eim_psmo_enable(struct tern_writer *out, struct tern_bytes iccid, bool rollback);
void tern_eim_psmo_disable(struct tern_writer *out, struct tern_bytes iccid);
void tern_eim_psmo_delete(struct tern_writer *out, struct tern_bytes iccid);
/** `criterion` is a whole TLV (4F, 5A or 95) or empty; `tags` the tag list or empty. */
void tern_eim_psmo_list_profile_info(struct tern_writer *out, struct tern_bytes criterion,
                                     struct tern_bytes tags);
void tern_eim_psmo_get_rat(struct tern_writer *out);
/** `oid` is the OID's content or empty. */
void tern_eim_psmo_configure_immediate_enable(struct tern_writer *out, bool allow,
                                              struct tern_bytes oid, struct tern_bytes address);
void tern_eim_psmo_set_fallback(struct tern_writer *out, struct tern_bytes iccid);
void tern_eim_psmo_unset_fallback(struct tern_writer *out);
void tern_eim_psmo_set_default_smdp(struct tern_writer *out, struct tern_bytes address);
/** `configuration`: the members of EimConfigurationData, without the 30 around them. */
void tern_eim_eco_add(struct tern_writer *out, struct tern_bytes configuration);
void tern_eim_eco_update(struct tern_writer *out, struct tern_bytes configuration);
void tern_eim_eco_delete(struct tern_writer *out, struct tern_bytes eim_id);
void tern_eim_eco_list(struct tern_writer *out);
/** Members absent when empty or negative. Writes the members of EimConfigurationData. */
struct tern_eim_configuration {
    struct tern_bytes eim_id;
    struct tern_bytes fqdn;
    int32_t id_type;            /**< 1 OID, 2 FQDN, 3 proprietary; 0: left out */
    int64_t counter;            /**< -1: left out */
    bool token_request;         /**< associationToken -1 */
    struct tern_bytes key_data; /**< A0{SPKI} or A1{certificate} */
    struct tern_bytes tls_data; /**< trustedPublicKeyDataTls: A0{SPKI} or A1{certificate} */
    uint32_t protocols;         /**< eimSupportedProtocol bits; 0: left out */
    struct tern_bytes ci_key_id;
    bool indirect; /**< indirectProfileDownload */
};
void tern_eim_configuration_write(struct tern_writer *out,
                                  const struct tern_eim_configuration *configuration);
/** TERN_OK for a well-formed list that the rules of SGP.32, 3.3.1 allow; `fault` says what not. */
int tern_eim_command_check(struct tern_bytes request, struct tern_fault *fault);

/* ---- Plain words ---------------------------------------------------------------------------- */

struct tern_eim_explanation {
    const char *code;  /**< the spec's name, such as "profileNotInDisabledState" */
    const char *cause; /**< what happened, one sentence */
    const char *party; /**< who has to act: device, card, eIM, SM-DP+, MSP, network, operator */
    const char *next;  /**< what to do */
};
/** Never fails: an unknown code is explained as such. */
void tern_eim_explain(struct tern_eim_explanation *out, int64_t origin, int64_t where,
                      int64_t code);

#endif
