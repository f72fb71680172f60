/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The IoT Profile Assistant of a device (IPAd), as a state machine without I/O.
 *
 * The IPA carries packages from the eIM to the eUICC and results back, downloads profiles through
 * the eIM (indirect) or from the SM-DP+ itself (direct), delivers notifications, and rolls a
 * profile back when its network does not answer. SGP.32, 2.11, 3.1, 3.2, 3.3, 3.7; sgp32.md 14.2.
 *
 * A host is a loop: perform what `action` wants, tell what happened as the next event.
 *
 *     struct tern_ipa_event event = {.kind = TERN_IPA_EVENT_START, .now_ms = clock()};
 *     while (tern_ipa_step(&ipa, &action, &event) == TERN_OK) {
 *         event = perform(&action);
 *     }
 *
 * Nothing long is ever held whole, in either direction. The IPA pulls: WANT_READ asks for at most
 * so many bytes of a reply, and they go on into the card before more is asked for; a long response
 * of the card goes GET RESPONSE by GET RESPONSE into a request. RAM grows with neither.
 *
 * Everything needed to go on after a power cut is in the card and in the bytes of WANT_SAVE. The
 * list of results in the card is the source of truth: what is in it was done and not yet reported.
 */
#ifndef TERN_IPA_H
#define TERN_IPA_H

#include "tern/bytes.h"
#include "tern/crypto.h"
#include "tern/der.h"
#include "tern/limits.h"

#define TERN_IPA_BUFFER_SIZE_MIN                                                                \
    1536                             /**< Holds the certificates of small PKIs (leaf <= 700 B). \
                                      */
#define TERN_IPA_BUFFER_SIZE    2048 /**< What DESIGN.md 7 allows; take this when in doubt. */
#define TERN_IPA_SAVED_SIZE_MAX 384  /**< Bytes of one WANT_SAVE. */
#define TERN_IPA_WALK_DEPTH     8

/** IpaCapabilities.ipaFeatures, sgp32.md 8.1. */
enum tern_ipa_feature {
    TERN_IPA_DIRECT = 1 << 0,
    TERN_IPA_INDIRECT = 1 << 1,
    TERN_IPA_EIM_DOWNLOAD_DATA = 1 << 2,
    TERN_IPA_EIM_CTX_PARAMS1 = 1 << 3,
    TERN_IPA_EIM_METADATA = 1 << 4,
    TERN_IPA_MINIMIZE_BYTES = 1 << 5,
};

/** Named bits of ipaSupportedProtocols and, in the same places, eimSupportedProtocol. */
enum tern_ipa_protocol {
    TERN_IPA_RETRIEVE_HTTPS = 1 << 0,
    TERN_IPA_RETRIEVE_COAPS = 1 << 1,
    TERN_IPA_INJECT_HTTPS = 1 << 2,
    TERN_IPA_INJECT_COAPS = 1 << 3,
    TERN_IPA_PROPRIETARY = 1 << 4,
};

/** StateChangeCause, sgp32.md 7.1. */
enum tern_ipa_cause {
    TERN_IPA_CAUSE_OTHER_EIM = 0,
    TERN_IPA_CAUSE_FALLBACK = 1,
    TERN_IPA_CAUSE_EMERGENCY = 2,
    TERN_IPA_CAUSE_LOCAL = 3,
    TERN_IPA_CAUSE_RESET = 4,
    TERN_IPA_CAUSE_IMMEDIATE_ENABLE = 5,
    TERN_IPA_CAUSE_DEVICE_CHANGE = 6,
    TERN_IPA_CAUSE_UNDEFINED = 127,
};

/** What the device is and wants. Must outlive the IPA; slices are borrowed. */
struct tern_ipa_config {
    uint32_t features;         /**< enum tern_ipa_feature, at least one of the first two. */
    uint32_t protocols;        /**< enum tern_ipa_protocol; only retrieval of these is used. */
    struct tern_bytes device;  /**< DER members of DeviceInfo: 80 tac, A1 capabilities, 82 imei? */
    uint8_t rplmn[3];          /**< Registered PLMN as 24.008 has it; 000000 = unknown. */
    bool prefer_direct;        /**< With both ways possible and data in the trigger, go direct. */
    bool immediate_enable;     /**< Ask the card for ImmediateEnable after each installation. */
    uint64_t poll_ms;          /**< Between wakes when all is well; 0 = one day. */
    uint32_t retry_ms;         /**< First wait after a failure, doubled each time; 0 = 10 s. */
    uint8_t rollback_attempts; /**< Deliveries over the new profile before a rollback; 0 = 3. */
    uint8_t fallback_failures; /**< Failed wakes before ExecuteFallbackMechanism; 0 = never. */
    const struct tern_crypto *crypto;    /**< Only for a confirmation code; may be NULL. */
    struct tern_bytes confirmation_code; /**< For direct downloads that ask for one; may be none. */
};

enum tern_ipa_peer {
    TERN_IPA_PEER_EIM = 0,      /**< ESipa, ASN.1 binding: one DER message each way. */
    TERN_IPA_PEER_SMDP = 1,     /**< ES9+, JSON binding. */
    TERN_IPA_PEER_SMDS = 2,     /**< ES11, JSON binding. */
    TERN_IPA_PEER_INJECTOR = 3, /**< The answer to an injected message; there is nothing to read. */
};

enum tern_ipa_want {
    TERN_IPA_WANT_APDU = 1,     /**< Transmit `data`; then EVENT_RESPONSE. */
    TERN_IPA_WANT_EXCHANGE = 2, /**< Send a piece of a request; then EVENT_DONE. */
    TERN_IPA_WANT_READ = 3,  /**< Give 1 to `size_max` bytes of the reply; then EVENT_RECEIVED. */
    TERN_IPA_WANT_TRUST = 4, /**< A piece of trustedPublicKeyDataTls of the eIM that follows. */
    TERN_IPA_WANT_SAVE = 5,  /**< Make `data` durable in place of the last; then EVENT_DONE. */
    TERN_IPA_WANT_RESET = 6, /**< Reset card and modem, attach again; then EVENT_DONE. */
    TERN_IPA_WANT_SLEEP = 7, /**< Step again by `wake_ms`, or earlier with anything new. */
};

struct tern_ipa_action {
    enum tern_ipa_want want;
    struct tern_bytes data; /**< In the IPA's buffer or the event's; valid until the next step. */
    const char *name;       /**< The function under way, "ESipa.GetEimPackage". Static text. */
    /* EXCHANGE */
    enum tern_ipa_peer peer;
    struct tern_bytes address; /**< FQDN with optional port. EIM: eimFqdn, may be empty. */
    const char *path;          /**< HTTP path, "/gsma/rsp2/asn1". Static text. */
    uint32_t total_size;       /**< Bytes of the whole request. */
    bool first;                /**< Begins a request (TRUST: a trust object); ends any open one. */
    bool last;                 /**< Ends it: READ follows, except for the injector. */
    bool final; /**< Hint: nothing is expected after the reply (release the radio). */
    /* READ */
    uint32_t size_max;
    /* SLEEP */
    uint64_t wake_ms;
    bool idle; /**< All is done for this wake; false while a retry of something is due. */
};

enum tern_ipa_event_kind {
    TERN_IPA_EVENT_START = 1,    /**< Power came: the card is fresh, nothing of before holds. */
    TERN_IPA_EVENT_WAKE = 2,     /**< Time came, or somebody wants a poll now. */
    TERN_IPA_EVENT_RESPONSE = 3, /**< `received` is the response APDU with its status word. */
    TERN_IPA_EVENT_DONE = 4,     /**< EXCHANGE piece sent, TRUST taken, SAVE durable, RESET over. */
    TERN_IPA_EVENT_RECEIVED = 5, /**< A piece of the reply; `last` with its end (may be empty). */
    TERN_IPA_EVENT_LINK_LOST = 6, /**< The peer cannot be reached, or the exchange broke off. */
    TERN_IPA_EVENT_REFUSED = 7,   /**< The peer was reached and gave no answer (HTTP 4xx, 5xx). */
    TERN_IPA_EVENT_CARD_LOST = 8, /**< The reader failed; the IPA starts over at the next wake. */
    TERN_IPA_EVENT_INJECTED = 9,  /**< A TransferEimPackage waits: READ gives it. Only in SLEEP. */
    TERN_IPA_EVENT_LOCAL = 10, /**< `received` is an ES10b request of the device. Only in SLEEP. */
};

struct tern_ipa_event {
    enum tern_ipa_event_kind kind;
    struct tern_bytes received; /**< Borrowed for this step only. */
    bool last;                  /**< RECEIVED: nothing follows. */
    bool nothing_waits; /**< RECEIVED: the eIM said that no package waits (carrier level). */
    uint64_t now_ms;    /**< Any clock that never goes back. The core owns none. */
};

/** What happened since tern_ipa_init, for hosts that print it. */
struct tern_ipa_tally {
    uint16_t packages;       /**< Accepted and signed by the card. */
    uint16_t package_errors; /**< Answered with a signed or unsigned error. */
    uint16_t results;        /**< Results that the eIM acknowledged. */
    uint16_t notifications;  /**< Notifications acknowledged. */
    uint16_t data_requests;
    uint16_t downloads; /**< Profiles installed. */
    uint16_t download_errors;
    uint16_t rollbacks; /**< ProfileRollback that the card granted. */
    uint16_t immediate_enables;
    uint16_t link_losses;
    uint8_t last_error; /**< Last function error of an eIM (1..127), 0 none. */
};

/** A place in the buffer behind the outgoing area. */
struct tern_ipa_span {
    uint16_t offset;
    uint16_t size;
};

/** A walk over TLVs that arrive in any pieces. Private; see core/ipa/walk.h. */
struct tern_ipa_walk {
    struct tern_der_header header;
    uint16_t tags[TERN_IPA_WALK_DEPTH]; /* no tag of GSMA's has three bytes; such a one is 0 */
    uint32_t left[TERN_IPA_WALK_DEPTH];
    uint8_t depth;
    bool whole;   /**< Give the content of the innermost element as it is, do not descend. */
    bool closing; /**< The innermost element leaves the stack at the next call. */
    bool done;    /**< The outermost element is complete. */
};

/** What survives a power cut; core/ipa/saved.c writes it as bytes. */
struct tern_ipa_memory {
    uint8_t flags;           /**< enum saved_flag */
    uint8_t failures;        /**< Wakes in a row that reached no eIM. */
    uint8_t cause;           /**< StateChangeCause still to be told. */
    uint8_t cause_eims;      /**< Bit i: eIM i has yet to hear it. */
    uint8_t download_eim;    /**< Index of the eIM whose download is under way. */
    uint8_t compact_eims;    /**< Bit i: eIM i has certificates and EUICCInfo2. */
    uint8_t eim_tx[17];      /**< Size, then eimTransactionId of the download. */
    uint8_t transaction[17]; /**< Size, then transactionId of the SM-DP+. */
    uint32_t info2_digest;   /**< Of EUICCInfo2 without extCardResource, as the eIM has it. */
};

struct tern_ipa_step;

/**
 * The state. Its members are the IPA's own; it may be moved between steps, `buffer` may not.
 *
 * They stand in the order that Thumb code reaches them cheaply: bytes in the first 32, halves in
 * the first 64, words in the first 128, what is only pointed at behind.
 */
struct tern_ipa {
    uint8_t phase;
    uint8_t outcome;  /* how the row ended */
    uint8_t stage;    /* of a message */
    uint8_t loading;  /* what is staged for the card */
    uint8_t download; /* how */
    uint8_t part_index;
    uint8_t part_count;
    uint8_t code;  /* error code seen */
    uint8_t marks; /* what was seen */
    uint8_t base;  /* depth of the element whose children matter */
    uint8_t slot;
    uint8_t seen;
    uint8_t staged; /* bytes for the card; size of a raw APDU */
    uint8_t scanned;
    uint8_t span_count;
    uint8_t eim_index;
    uint8_t eim_id_size;
    uint8_t address_size;
    uint8_t json_field;
    uint8_t json_state;
    uint8_t json_count;
    uint8_t polls; /* GetEimPackage of this eIM in this wake */
    bool text;     /* base64 between head and tail */
    bool injected; /* the package in hand came by injection */
    bool dirty;    /* `memory` is newer than what is saved */
    bool failed;   /* something has to be tried again */
    bool booted;   /* the ISD-R is selected */
    bool found;
    bool mismatch;
    bool answered; /* the card gave response data */
    bool results_done;
    bool parts_of_data;
    uint16_t hold_size;
    uint16_t keep_size; /* metadata kept at the end of the buffer */
    uint16_t out_size;
    uint16_t held_sent;
    uint16_t activation_size;
    uint16_t arm;  /* which alternative a reply is, as a tag */
    uint16_t more; /* bytes that GET RESPONSE offers, 0 none */
    uint16_t compared;
    uint16_t span_offset;
    uint16_t buffer_size;
    uint16_t eim_fqdn_size;
    uint16_t sw;
    struct tern_ipa_span held;
    struct tern_ipa_span acks;
    uint8_t *buffer;
    const struct tern_ipa_config *config;
    const struct tern_ipa_step *row;
    const struct tern_ipa_step *wake_row;
    const struct tern_ipa_step *then; /* after acknowledgements */
    const char *path;
    uint32_t seq; /* seqNumber of what was found */
    uint32_t result_seq;
    uint32_t notified_seq;
    uint32_t found_size;
    uint32_t wanted; /* parts of an IpaEuiccDataRequest, as bits */
    uint32_t total_size;
    uint32_t sent_size;
    uint32_t tail_size;
    uint32_t json_bits;
    uint32_t json_objects;
    struct tern_ipa_memory memory;
    struct tern_ipa_tally tally;
    uint32_t info2_digest;
    uint64_t now_ms;
    uint64_t wake_ms;
    uint8_t index; /* which element of the kind, from 1 */
    uint8_t peer;
    uint8_t reason;
    uint8_t package_marks;
    uint8_t notice;   /* marks of the notification in hand */
    uint8_t attempts; /* deliveries over a new profile that failed */
    uint8_t channel;
    uint8_t block; /* P2 of the next STORE DATA */
    uint8_t span_index;
    uint8_t local_tag;
    uint8_t eim_count;
    uint8_t eim_protocols;
    uint8_t carry_size;
    uint8_t carry[3];
    uint8_t json_depth;
    uint8_t json_slot;
    uint8_t json_events;
    uint8_t row_rules;
    uint8_t allowed_rules;
    bool idle;         /* what SLEEP says */
    bool answered_eim; /* an eIM answered in this wake */
    bool installed;    /* a profile was installed in this card session */
    bool part_done;
    bool nothing; /* there is nothing to send */
    bool final;
    bool block_last;
    bool reply_last;
    bool load_complete;
    bool nothing_waits;
    bool eim_indirect;
    bool trust_first;
    bool trust_last;
    bool json_expect_key;
    bool json_escape;
    bool json_failed;
    bool row_fits;
    bool row_consent;
    bool operator_fits;
    bool compact_begun;
    struct tern_ipa_span spans[7]; /* the command, in order */
    struct tern_ipa_span slots[8];
    uint8_t parts[10];
    uint32_t part_sizes[10];
    struct tern_ipa_walk walk;
    struct tern_ipa_walk inner;
    uint8_t eim_tx[17];      /* size, then eimTransactionId */
    uint8_t transaction[17]; /* size, then transactionId of the server */
    uint8_t eid[TERN_EID_SIZE];
    char json_key[28];
    uint8_t operator_value[20];
    uint8_t eim_id[TERN_EIM_ID_SIZE];
    uint8_t eim_fqdn[TERN_ADDRESS_SIZE];
    uint8_t address[TERN_ADDRESS_SIZE - 5];
    uint8_t activation[TERN_ACTIVATION_CODE_SIZE + 10];
};

/**
 * Make an IPA that has not begun; the first event is START.
 *
 * @param buffer  the IPA's for as long as it lives, at least TERN_IPA_BUFFER_SIZE_MIN bytes
 * @param saved   the bytes of the last SAVE, or none on a fresh device
 * @return TERN_ERR_NO_SPACE when the buffer is too small. Saved bytes that make no sense are taken
 *         as none: the card knows what is owed.
 */
int tern_ipa_init(struct tern_ipa *ipa, const struct tern_ipa_config *config, uint8_t *buffer,
                  size_t buffer_size, struct tern_bytes saved);

/**
 * Take what happened, say what is wanted next. `action` is always filled.
 *
 * @return TERN_OK, or TERN_ERR_STATE for an event that cannot be at this place (action unchanged in
 *         meaning: it repeats SLEEP).
 */
int tern_ipa_step(struct tern_ipa *ipa, struct tern_ipa_action *action,
                  const struct tern_ipa_event *event);

#endif
