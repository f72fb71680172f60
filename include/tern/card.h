/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The software eUICC: one command APDU in, one response APDU out.
 *
 *     tern_card_init(&card, &config)              power on: mount the state, ISD-R and profile
 * ready tern_card_lend(&card, memory, size)         room to work in loop: tern_card_time(&card,
 * now_ms) tern_card_transmit(&card, &response, command) tern_card_reset(&card) a reset of the card,
 * warm or cold
 *
 * What must survive lies in two banks of non-volatile memory (struct tern_card_blocks). Every
 * change of state is one transaction, durable before its answer leaves the card: after a power cut
 * at any write the card is in the state before or after, never between.
 *
 * The card follows SGP.32 v1.2 on SGP.22 v2.5; quirk levels make it less perfect, by name.
 * Spec  sgp32.md 2, 3, 6, 8; sgp22.md 6 to 9, 15 to 17; ETSI TS 102 221.
 */
#ifndef TERN_CARD_H
#define TERN_CARD_H

#include "tern/crypto.h"
#include "tern/limits.h"
#include "tern/uicc.h"

/* ---- Non-volatile memory ---- */

/**
 * Two banks, each erased as a whole. A bank reads as FF after erasing and every byte is programmed
 * at most once until the next erase, at rising offsets (the 12 bytes at the start may come last):
 * the manners of flash. All return TERN_OK or TERN_ERR_IO; after an error the card is mute until
 * its next reset. A write may be torn at any byte.
 */
struct tern_card_blocks {
    void *context;
    size_t bank_size; /**< Bytes in a bank: the card's memory and some room to move. */
    int (*read)(void *context, unsigned bank, size_t offset, uint8_t *out, size_t size);
    int (*program)(void *context, unsigned bank, size_t offset, struct tern_bytes bytes);
    int (*erase)(void *context, unsigned bank);
    /** Everything programmed so far is durable when this returns. */
    int (*sync)(void *context);
};

/** What a bank needs beyond the memory of the card: one transaction's worth. */
#define TERN_CARD_BANK_SLACK 24576
/** Kept back from profiles for counters, eIMs, notifications and results. */
#define TERN_CARD_RESERVE 12288

/** Where a record lies. Private. */
struct tern_card_store_entry {
    uint32_t key;
    uint32_t offset;
    uint32_t size;
};

/** Index entries that a memory of so many bytes can need. */
#define TERN_CARD_ENTRY_COUNT(memory) ((memory) / 264 + 192)

/** The state of the store; engine/card/store.h. Private. */
struct tern_card_store {
    const struct tern_card_blocks *blocks;
    struct tern_card_store_entry *entries;
    size_t entry_capacity;
    size_t entry_count;
    size_t capacity;
    size_t reserve;
    size_t live;
    uint32_t tail;
    uint32_t generation;
    uint32_t sequence;
    uint32_t crc;
    uint8_t bank;
    bool changed;
    bool switching;
    bool broken;
};

/* ---- Who the card is ---- */

/** A CI the card knows. With a key it also signs under it. All is borrowed. */
struct tern_card_ci {
    struct tern_bytes ci_certificate;    /**< DER: the anchor for verification. */
    struct tern_bytes eum_certificate;   /**< DER; absent: this CI is for verification only. */
    struct tern_bytes euicc_certificate; /**< DER; absent as above. */
    struct tern_key key;                 /**< SK.EUICC of euicc_certificate. */
};

/**
 * Deviations, by name (sgp32.md 12 and 1.4). The levels are sums of them.
 * A card without any is the strict v1.2 card.
 */
enum tern_card_quirk {
    TERN_CARD_QUIRK_NONE = 0,
    /** EPR and EPE are signed over data | eimSignature, as v1.0 had it. */
    TERN_CARD_QUIRK_EPR_OVER_EIM_SIGNATURE = 1 << 0,
    /** iotSpecificInfo says 1.0.0. */
    TERN_CARD_QUIRK_IOT_VERSION_1_0 = 1 << 1,
    /** iotSpecificInfo says 1.1.0. */
    TERN_CARD_QUIRK_IOT_VERSION_1_1 = 1 << 2,
    /** iotSpecificInfo says 1.3.0 and answers carry elements that v1.2 does not know. */
    TERN_CARD_QUIRK_IOT_VERSION_1_3 = 1 << 3,
    /** No BF5B to BF5F, no BF65, no BF64: the functions of v1.2 are unknown commands. */
    TERN_CARD_QUIRK_NO_V1_2_FUNCTIONS = 1 << 4,
    /** EuiccMemoryReset is BF34 of SGP.22 and BF64 is unknown. */
    TERN_CARD_QUIRK_CONSUMER_RESET = 1 << 5,
    /** Code 8F is added to unsigned errors (v1.3). */
    TERN_CARD_QUIRK_UNSIGNED_ERROR_CODE = 1 << 6,
    /** deleteEim results as 02 01 xx where 89 is due; other results likewise untagged. */
    TERN_CARD_QUIRK_UNTAGGED_RESULTS = 1 << 7,
    /** ProfileRollback's cmdResult under 80. sgp32.md 12, no. 7 */
    TERN_CARD_QUIRK_CMD_RESULT_80 = 1 << 8,
    /** The EPR of a rollback has rollbackResult alone. sgp32.md 12, no. 26 */
    TERN_CARD_QUIRK_ROLLBACK_RESULT_ALONE = 1 << 9,
    /** A second eIM of the same id is commandError 7. sgp32.md 12, no. 10 */
    TERN_CARD_QUIRK_DUPLICATE_EIM_7 = 1 << 10,
    /** updateEim ignores an associationToken. sgp32.md 12, no. 11 */
    TERN_CARD_QUIRK_UPDATE_IGNORES_TOKEN = 1 << 11,
    /** enable of an enabled profile is ok. sgp32.md 12, no. 9 */
    TERN_CARD_QUIRK_ENABLE_ENABLED_OK = 1 << 12,
    /** Accepts the eIM counter's initial value itself. sgp32.md 12, no. 25 */
    TERN_CARD_QUIRK_FIRST_COUNTER_EQUAL = 1 << 13,
    /** ReturnFromFallback without its profile is 7. sgp32.md 12, no. 22 */
    TERN_CARD_QUIRK_RETURN_CODE_7 = 1 << 14,
    /** MemoryReset of the eIM bit alone is nothingToDelete in 80. sgp32.md 12, no. 23 */
    TERN_CARD_QUIRK_RESET_EIM_ONLY_1 = 1 << 15,
};

/** A level or a single deviation by its name, such as "v1.0" or "cmd-result-80". NOT_FOUND. */
int tern_card_quirk_from_text(uint32_t *quirks, struct tern_bytes text);
/** The name of the n-th level or deviation, NULL behind the last. */
const char *tern_card_quirk_name(size_t n);

enum tern_card_protocol {
    TERN_CARD_T0 = 0, /**< Without Le there is 61xx; sgp22.md 17.8. */
    TERN_CARD_T1 = 1, /**< Response data come with the answer. */
};

struct tern_card_config {
    uint8_t eid[TERN_EID_SIZE];
    const struct tern_card_ci *cis; /**< In order of preference, at most TERN_CARD_CI_COUNT_MAX. */
    size_t ci_count;
    const struct tern_crypto *crypto;
    const struct tern_card_blocks *blocks;
    struct tern_card_store_entry *entries; /**< Room for the index. */
    size_t entry_capacity;                 /**< TERN_CARD_ENTRY_COUNT(memory) */
    size_t memory;                         /**< Bytes for profiles and state; see blocks. */
    /** Content of the RAT: ProfilePolicyAuthorisationRule elements. Absent: empty, no PPR allowed.
     */
    struct tern_bytes rules_authorisation_table;
    uint64_t forbidden_pprs;   /**< Bit n of PprIds; never accepted. */
    struct tern_bytes root_ds; /**< rootDsAddress */
    uint32_t quirks;           /**< Sum of enum tern_card_quirk */
    enum tern_card_protocol protocol;
    bool consumer;             /**< ES10c as well: a consumer card of SGP.22. */
    bool without_iot;          /**< Nothing of SGP.32: with `consumer`, a pure SGP.22 card. */
    bool ipae_supported;       /**< ISD-R says ipaeSupported; IpaeActivation answers ok. */
    bool refresh_uicc_reset;   /**< REFRESH 04 (UICC Reset) in place of 09 (profile state). */
    uint64_t counter_max;      /**< Of eIMs; 0 means TERN_COUNTER_MAX. */
    uint32_t extra_capability; /**< As in struct tern_profile_install_options. */
};

/* ---- The card ---- */

/** Room to work in: the least, and what suits a host. */
#define TERN_CARD_WORK_SIZE_MIN 49152
#define TERN_CARD_WORK_SIZE     98304

/** What the card remembers of a profile at hand. Private. */
struct tern_card_profile {
    bool used;
    bool installed; /**< False: being loaded, invisible, gone after a power cut. */
    bool enabled;
    bool ecall;
    bool fallback_allowed;
    bool fallback_attribute;
    uint8_t profile_class;
    uint8_t pprs;  /**< PprIds, bit n. */
    uint8_t ci;    /**< Index of the CI whose key signs for this profile. */
    uint16_t isdp; /**< Bytes 14 and 15 of its AID. */
    uint32_t image_size;
    uint8_t iccid[TERN_ICCID_SIZE];
};

/** Persistent numbers. Private. */
struct tern_card_numbers {
    int64_t sequence_number;   /**< Last one given. */
    int64_t association_token; /**< Last one given. */
    int64_t isdp;              /**< Last one given. */
    int64_t dropped;           /**< Notifications and results given up for want of room. */
    bool fallback_active;      /**< Fallback was executed. */
    bool fallback_return;      /**< There is a profile to return to. */
    bool emergency_active;
    bool emergency_return;
    bool rollback_granted;
    bool rollback_return; /**< False: roll back to no profile. */
    bool ipae_active;
    uint8_t fallback_iccid[TERN_ICCID_SIZE];
    uint8_t emergency_iccid[TERN_ICCID_SIZE];
    uint8_t rollback_iccid[TERN_ICCID_SIZE];
};

/** One logical channel as the card sees it. Private. */
struct tern_card_channel {
    bool open;
    uint8_t application; /**< enum in engine/card/apdu.h: UICC, ISD-R, ECASD */
};

/** One piece of a profile's image, held while it changes. Private. */
struct tern_card_chunk {
    uint32_t key; /**< 0: none */
    uint16_t size;
    bool dirty;
    uint8_t data[TERN_CARD_CHUNK_SIZE];
};

/** The context of an image that the UICC or the installer works on. Private. */
struct tern_card_image {
    struct tern_card *card;
    uint8_t slot;
};

struct tern_card_session; /* in the work memory; engine/card/session.h */

struct tern_card {
    struct tern_card_config config;
    struct tern_card_store store;
    struct tern_uicc uicc;
    struct tern_card_profile profiles[TERN_CARD_PROFILE_COUNT_MAX];
    struct tern_card_numbers numbers;
    struct tern_card_channel channels[TERN_UICC_CHANNEL_COUNT];
    struct tern_card_chunk chunk;
    struct tern_card_image image; /**< Of the mounted profile. */
    uint64_t now_ms;
    uint64_t refresh_deadline_ms;
    uint8_t refresh;             /**< enum in engine/card/proactive.h */
    bool terminal_profile;       /**< The terminal fetches proactive commands. */
    bool mute;                   /**< The memory failed: nothing but a reset helps. */
    bool switch_pending;         /**< The mounted profile is not the enabled one yet. */
    int installed_slot;          /**< What was installed since the reset, for ImmediateEnable; -1 */
    bool installed_from_default; /**< From the SM-DP+ of immediate enabling */
    bool euicc_capability;       /**< TERMINAL CAPABILITY announced an LPA or IPA. */

    uint8_t *work;
    size_t work_size;
    struct tern_card_session *session;
    uint8_t chain_channel;
    uint8_t chain_block; /**< Next block number of STORE DATA. */
    bool chaining;
    bool chain_is_package; /**< The chain is a segment of a bound profile package. */
    uint8_t response_channel;
    uint16_t response_status; /**< What to say behind the last byte. */
    uint32_t input_size;
    uint32_t output_size;
    uint32_t output_done;
};

/**
 * Power on. `config` is copied; what it points to must outlive the card.
 * TERN_ERR_IO when the memory fails, TERN_ERR_RANGE for a configuration that cannot be.
 */
int tern_card_init(struct tern_card *card, const struct tern_card_config *config);

/**
 * Lend the card memory to work in, aligned for any object; at least TERN_CARD_WORK_SIZE_MIN bytes.
 * It must be there at every transmit. A host with many cards may lend one piece to one after the
 * other, whenever the card that had it is not busy: tern_card_busy() tells whether a chain, a
 * response or a download session lies in it. With NULL the card has none.
 */
void tern_card_lend(struct tern_card *card, uint8_t *work, size_t work_size);
bool tern_card_busy(const struct tern_card *card);

/** Tell the time: any clock that never goes back. It runs the timer of REFRESH. */
void tern_card_time(struct tern_card *card, uint64_t now_ms);

/** Reset: channels, sessions and pending responses are gone, the enabled profile is mounted. */
int tern_card_reset(struct tern_card *card);

/** Append the ATR; it says eUICC (sgp22.md 17.9). */
void tern_card_atr(const struct tern_card *card, struct tern_writer *atr);

/** Longest response APDU: 256 bytes and the status word. */
#define TERN_CARD_RESPONSE_SIZE 258

/**
 * One command APDU, whole; appends the response, which is never empty: data (at most 256 bytes)
 * and status word. `response` needs room for TERN_CARD_RESPONSE_SIZE bytes.
 */
void tern_card_transmit(struct tern_card *card, struct tern_writer *response,
                        struct tern_bytes command);

/* ---- Looking at a card, without APDUs ---- */

/** Bytes that a further profile may take. */
size_t tern_card_memory_free(const struct tern_card *card);

/**
 * Walk all that is persistent, in order of keys: nothing is left out.
 * @return 1 with the next record at or behind `*key` (its data appended to `data`), 0 at the end,
 *         TERN_ERR_NO_SPACE, TERN_ERR_IO. Add 1 to `*key` to go on. Data may be secret.
 */
int tern_card_record_next(struct tern_card *card, uint32_t *key, struct tern_writer *data);

#endif
