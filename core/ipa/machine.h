/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the IPA that know no procedure: rows, the card, messages to peers, streams.
 *
 *   buffer:  | out, 520 bytes                   | hold                         | keep |
 *              the APDU or the piece of a         what was collected (hold_size)  metadata
 *              request that goes out now;         and behind it the command       while a
 *              bytes staged towards the card      being sent                      BPP loads
 *
 * A procedure is a table of rows. A row asks (builds a command or says what a message is made of),
 * its bytes travel, `piece` sees what comes back in pieces (none: it is collected in the hold), and
 * `take` decides. Streams need no row of their own: parts of a message may be elements of card
 * responses, measured in a first pass and copied in a second, and a reply may be loaded into the
 * card while it arrives (load.c).
 */
#ifndef CORE_IPA_MACHINE_H
#define CORE_IPA_MACHINE_H

#include "core/ipa/walk.h"

#define OUT_SIZE    520
#define BLOCK_SIZE  255
#define APDU_HEADER 5
#define STAGE_SIZE  BLOCK_SIZE

enum step_kind {
    STEP_LOCAL, /* ask only */
    STEP_APDU,  /* ask wrote one APDU at the start of `out` */
    STEP_CARD,  /* ask set spans: a command in STORE DATA blocks */
    STEP_PEER,  /* ask set peer, path and parts */
    STEP_READ,  /* an injected message waits: read it as a reply is read */
    STEP_TRUST, /* tell the host that no trust object follows */
    STEP_SAVE,
    STEP_RESET,
    STEP_SLEEP,
};

/* What ask and take answer. */
enum verdict {
    NEXT = 0,   /* ask: do it. take: the row below. */
    SKIP = 1,   /* ask: the row below */
    JUMPED = 2, /* ipa_go() was called */
    AGAIN = 3,  /* take: the same row once more */
};

/* What a piece function answers; negative is an error. */
enum sink {
    SINK_MORE = 0,
    SINK_STOP = 1, /* enough was seen; the rest may stay where it is */
    SINK_PUSH = 2, /* `out` has something for the peer (or the host: trust) */
    SINK_LOAD = 3, /* bytes are staged towards the card */
};

enum outcome {
    OUTCOME_OK,
    OUTCOME_CARD,      /* a status word that is an error, in ipa->sw */
    OUTCOME_LINK,      /* the peer was not reached, or was lost */
    OUTCOME_REFUSED,   /* the peer was reached and gave no answer */
    OUTCOME_MALFORMED, /* what came breaks its format */
    OUTCOME_FULL,      /* it is longer than the buffer can hold */
};

enum stage {
    STAGE_MEASURE,
    STAGE_HEAD,
    STAGE_COPY,
    STAGE_TAIL,
};

enum phase {
    PHASE_SLEEP,
    PHASE_ASK,
    PHASE_COMMAND,
    PHASE_RESPONSE,
    PHASE_PUSH,
    PHASE_READ,
    PHASE_LOAD,
    PHASE_SAVE,
    PHASE_RESET,
    PHASE_TRUST,
};

struct tern_ipa_step {
    const char *name;
    uint8_t kind;
    int (*ask)(struct tern_ipa *ipa);
    void (*head)(struct tern_ipa *ipa, struct tern_writer *out);
    void (*tail)(struct tern_ipa *ipa, struct tern_writer *out);
    int (*piece)(struct tern_ipa *ipa, struct tern_bytes data, bool last);
    int (*take)(struct tern_ipa *ipa);
};

/* What a message is made of between head and tail. The order is the one of IpaEuiccData. */
enum part {
    PART_NOTIFICATIONS, /* A0 */
    PART_DEFAULT_SMDP,  /* 81 */
    PART_RESULTS,       /* A2 */
    PART_INFO1,         /* BF20 */
    PART_INFO2,         /* BF22 */
    PART_ROOT_SMDS,     /* 83 */
    PART_TOKEN,         /* 84 */
    PART_EUM,           /* A5 */
    PART_EUICC,         /* A6 */
    PART_RESULT,        /* one BF51 of this eIM */
    PART_NOTIFICATION,  /* one BF37 or 30 */
    PART_HELD,          /* ipa->held */
    PART_LIVE,          /* the response to the command in ipa->spans, which cannot be repeated */
};

enum mark {
    MARK_ENABLE = 1 << 0,   /* A3 in a package */
    MARK_ROLLBACK = 1 << 1, /* its rollbackFlag */
    MARK_SWITCH = 1 << 2,   /* in a result: a profile was enabled or disabled */
    MARK_OURS = 1 << 3,     /* eimId or transactionId is the one in hand */
    MARK_PIR = 1 << 4,      /* the notification is a ProfileInstallationResult */
    MARK_ERROR = 1 << 5,    /* A1 or A2 in place of A0 */
    MARK_REVERTED = 1 << 6, /* rollbackResult in a result */
};

/* Which slot a child of a reply goes to; see collect.c. */
enum slot {
    SLOT_TRANSACTION, /* 80 */
    SLOT_METADATA,    /* BF25 */
    SLOT_SIGNED,      /* the first 30 */
    SLOT_SIGNATURE,   /* 5F37 */
    SLOT_OCTETS,      /* 04: euiccCiPKIdentifierToBeUsed, hashCc */
    SLOT_CERTIFICATE, /* the second 30 */
    SLOT_MATCHING_ID, /* 0C */
    SLOT_CONTEXT,     /* A2 */
    SLOT_COUNT,
};

enum loading {
    LOADING_NOTHING,
    LOADING_PACKAGE, /* BF51 */
    LOADING_BPP,     /* BF36 */
};

/* step.c: rows */
int ipa_go(struct tern_ipa *ipa, const struct tern_ipa_step *row);
void ipa_finish_row(struct tern_ipa *ipa);
void ipa_fail_row(struct tern_ipa *ipa, enum outcome outcome);
void ipa_read_begin(struct tern_ipa *ipa);

/* hold.c */
uint8_t *ipa_hold(struct tern_ipa *ipa);
size_t ipa_hold_room(const struct tern_ipa *ipa);
struct tern_bytes ipa_span(struct tern_ipa *ipa, struct tern_ipa_span span);
/** Append to what is collected. TERN_ERR_NO_SPACE. */
int ipa_hold_add(struct tern_ipa *ipa, struct tern_bytes data);
/** Collect all that comes; the piece function of rows that name none. */
int ipa_collect(struct tern_ipa *ipa, struct tern_bytes data, bool last);
/** Look at nothing. */
int ipa_ignore(struct tern_ipa *ipa, struct tern_bytes data, bool last);
/** A writer behind what is collected, for a command. */
struct tern_writer ipa_command_writer(struct tern_ipa *ipa);
/** What was written there is the command, alone. */
int ipa_command_end(struct tern_ipa *ipa, const struct tern_writer *writer);
/** The bytes are the command. */
int ipa_command(struct tern_ipa *ipa, struct tern_bytes command);

/* card.c */
uint8_t ipa_class(const struct tern_ipa *ipa, uint8_t base);
void ipa_next_block(struct tern_ipa *ipa, struct tern_ipa_action *action);
void ipa_get_response(struct tern_ipa *ipa, struct tern_ipa_action *action);
void ipa_take_response(struct tern_ipa *ipa, struct tern_bytes response);
void ipa_command_start(struct tern_ipa *ipa);
void ipa_response_continue(struct tern_ipa *ipa);

/* message.c */
void ipa_message(struct tern_ipa *ipa, enum tern_ipa_peer peer, const char *path);
void ipa_part(struct tern_ipa *ipa, enum part part);
void ipa_message_start(struct tern_ipa *ipa);
/** The card refused a command that a message needed. False: that is not for a message to mend. */
bool ipa_message_refused(struct tern_ipa *ipa);
void ipa_message_part_done(struct tern_ipa *ipa);
void ipa_message_pushed(struct tern_ipa *ipa);
void ipa_message_push(struct tern_ipa *ipa, struct tern_ipa_action *action);
void ipa_peer_write(struct tern_ipa *ipa, struct tern_bytes data);
int ipa_message_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last);
uint32_t ipa_parts_size(const struct tern_ipa *ipa);
/** BF50 with the EID, or BF4E for an injector, around `inner_size` bytes. */
void ipa_write_envelope(struct tern_ipa *ipa, struct tern_writer *out, size_t inner_size);

/* extract.c */
int ipa_extract_command(struct tern_ipa *ipa, enum part part);
int ipa_extract_measure(struct tern_ipa *ipa, struct tern_bytes data, bool last);
int ipa_extract_copy(struct tern_ipa *ipa, struct tern_bytes data, bool last);

/* load.c */
int ipa_load_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last);
int ipa_load_stage(struct tern_ipa *ipa, struct tern_bytes data);
void ipa_load_begin(struct tern_ipa *ipa);
uint32_t ipa_load_room(const struct tern_ipa *ipa);
void ipa_load_block(struct tern_ipa *ipa, struct tern_ipa_action *action);
void ipa_load_continue(struct tern_ipa *ipa);
int ipa_load_response(struct tern_ipa *ipa, struct tern_bytes data, bool last);

void ipa_take_short(uint8_t value[17], int kind, struct tern_bytes chunk);

/* collect.c */
void ipa_slots_begin(struct tern_ipa *ipa, uint8_t base);
int ipa_collect_slots(struct tern_ipa *ipa, struct tern_bytes data, bool last);
struct tern_bytes ipa_slot(struct tern_ipa *ipa, enum slot slot);

/* json.c */
void ipa_json_begin(struct tern_ipa *ipa);
int ipa_json_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last);

/* saved.c */
enum saved_flag {
    SAVED_ROLLBACK = 1 << 1, /* a package that allows a rollback runs, or waits to be reported */
    SAVED_DOWNLOAD = 1 << 2, /* a download was begun and its result is not delivered */
    SAVED_REPORTED = 1 << 3, /* the eIM has its result, the SM-DP+ not yet */
    SAVED_TRIGGER = 1 << 4,  /* an injected trigger that is not done; its data are saved too */
    SAVED_DIRECT = 1 << 5,   /* of the download: not through the eIM */
};
struct tern_bytes ipa_saved_write(struct tern_ipa *ipa);
void ipa_saved_read(struct tern_ipa *ipa, struct tern_bytes saved);

/* The procedures. */
extern const struct tern_ipa_step IPA_BOOT[];           /* start.c */
extern const struct tern_ipa_step IPA_EIM[];            /* start.c */
extern const struct tern_ipa_step IPA_SLEEP[];          /* start.c */
extern const struct tern_ipa_step IPA_RETRY[];          /* start.c */
extern const struct tern_ipa_step IPA_RESULTS[];        /* results.c */
extern const struct tern_ipa_step IPA_ACKS[];           /* results.c */
extern const struct tern_ipa_step IPA_SWITCHED[];       /* results.c */
extern const struct tern_ipa_step IPA_ROLLBACK[];       /* results.c */
extern const struct tern_ipa_step IPA_NOTIFY[];         /* notify.c */
extern const struct tern_ipa_step IPA_ENABLE[];         /* notify.c */
extern const struct tern_ipa_step IPA_POLL[];           /* poll.c */
extern const struct tern_ipa_step IPA_INJECTED[];       /* poll.c */
extern const struct tern_ipa_step IPA_ANSWER[];         /* poll.c */
extern const struct tern_ipa_step IPA_DATA[];           /* data.c */
extern const struct tern_ipa_step IPA_DOWNLOAD[];       /* download.c */
extern const struct tern_ipa_step IPA_CANCEL[];         /* cancel.c */
extern const struct tern_ipa_step IPA_TRIGGER_RESULT[]; /* cancel.c */
extern const struct tern_ipa_step IPA_LOCAL[];          /* start.c */

#define ESIPA_PATH "/gsma/rsp2/asn1"

/** Another function with the eIM, or the end of this wake for it. */
int ipa_next_eim(struct tern_ipa *ipa);
/** The exchange with the eIM failed: again, roll back, or leave it for the next wake. */
int ipa_lost(struct tern_ipa *ipa);
/** The eIM answered, so the profile in force works. */
void ipa_reached(struct tern_ipa *ipa);
/** The card does not do what it must; start over at the next wake. */
int ipa_card_lost(struct tern_ipa *ipa);
/** BF50 answers a result: note acknowledgements, remove those numbers, then go on at `then`. */
int ipa_take_acks(struct tern_ipa *ipa, const struct tern_ipa_step *then);
/** Answer the eIM that its package cannot be used. 1 invalidPackageFormat, 2 unknownPackage. */
int ipa_package_error(struct tern_ipa *ipa, uint8_t code);
/** Send eIM or injector what is in the hold from `offset` on. */
void ipa_answer_held(struct tern_ipa *ipa, size_t offset);
/** Begin a download from the BF54 in the hold. */
int ipa_trigger(struct tern_ipa *ipa, struct tern_bytes trigger);
/** One that was saved. */
int ipa_trigger_resume(struct tern_ipa *ipa);
/** True when a ProfileInfoList says that an Emergency Profile is enabled; a row's functions. */
int ipa_ask_emergency(struct tern_ipa *ipa);
int ipa_emergency_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last);
/** EUICCInfo2 without extCardResource as a number; a row's functions. */
int ipa_ask_info2(struct tern_ipa *ipa);
int ipa_info2_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last);
int ipa_trigger_keep(struct tern_ipa *ipa);
int ipa_trigger_event(struct tern_ipa *ipa);
/** Field of the activation code, from 0; NULL data when there is none. */
struct tern_bytes ipa_activation_field(struct tern_ipa *ipa, unsigned index);
/** True when the eIM in hand can rebuild compact forms. */
bool ipa_eim_rebuilds(const struct tern_ipa *ipa);
/* compact_notification.c */
int ipa_notification_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last);
int ipa_compact_notification(struct tern_ipa *ipa);
/* compact.c */
int ipa_compact_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last);
int ipa_compact_authenticate(struct tern_ipa *ipa);
void ipa_compact_prepare(struct tern_ipa *ipa);
/** A download that ends without a ProfileInstallationResult. */
int ipa_download_failed(struct tern_ipa *ipa, uint8_t reason, struct tern_bytes error);
/** The same, and the session with the server and the card is cancelled first. */
int ipa_download_cancel(struct tern_ipa *ipa, uint8_t reason, struct tern_bytes error);

/* metadata.c */
void ipa_metadata_keep(struct tern_ipa *ipa);
/** A member of the kept metadata: 99, B7, 95. */
struct tern_bytes ipa_metadata_find(struct tern_ipa *ipa, tern_tag tag);
bool ipa_metadata_has_rules(struct tern_ipa *ipa);
int ipa_rules_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last);
/** After GetRAT went through ipa_rules_piece: are all rules authorised? */
bool ipa_rules_allowed(struct tern_ipa *ipa);

enum download_flag {
    DOWNLOAD_INDIRECT = 1 << 0,
    DOWNLOAD_SMDS = 1 << 1,    /* the server is an SM-DS */
    DOWNLOAD_DEFAULT = 1 << 2, /* address from the card */
    DOWNLOAD_NO_DATA = 1 << 3, /* the eIM knows */
    DOWNLOAD_COMPACT = 1 << 4, /* the eIM can rebuild what we leave out */
    DOWNLOAD_EIM_CTX = 1 << 5, /* ctxParams1 came from the eIM */
    DOWNLOAD_EIM_CC = 1 << 6,  /* hashCc came from the eIM */
};

#endif
