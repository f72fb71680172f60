/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The card's state over the store: counters, profiles, images. What is in struct tern_card mirrors
 * records; it is read back from them whenever a transaction is given up.
 */
#ifndef ENGINE_CARD_STATE_H
#define ENGINE_CARD_STATE_H

#include "engine/card/store.h"

/** First byte of a record's key. */
enum record_kind {
    RECORD_NUMBERS = 1,
    RECORD_DEFAULT_DP = 2,   /**< text */
    RECORD_IMMEDIATE = 3,    /**< struct immediate_record */
    RECORD_ROLLBACK = 4,     /**< struct rollback_record */
    RECORD_EIM = 5,          /**< struct eim_record; number: order of adding */
    RECORD_PENDING = 6,      /**< a notification or result; place and number: seqNumber */
    RECORD_PROFILE = 7,      /**< struct profile_record; place: slot */
    RECORD_IMAGE = 8,        /**< a piece of a profile; place: slot, number: piece */
    RECORD_ONE_TIME_KEY = 9, /**< struct one_time_key_record */
    RECORD_CRL = 10,         /**< a CRL; place: CI, number: part */
    RECORD_METADATA = 11,    /**< StoreMetadataRequest, BF25 as received; place: slot */
    RECORD_LOADING = 13,     /**< struct loading_record */
    RECORD_PROPRIETARY = 14, /**< dpProprietaryData, B8 as received; place: slot */
    RECORD_NICKNAME = 12,    /**< text; place: slot */
};

#define PROFILE_NONE (-1)

/** Read all mirrors from the store. Removes what a power cut left half loaded. TERN_ERR_IO. */
int state_load(struct tern_card *card);

/**
 * Make changes durable. TERN_ERR_NO_SPACE: nothing was, roll back. On any other failure the card is
 * mute until its reset.
 */
int state_commit(struct tern_card *card);
/** Give changes up and read the mirrors again. */
int state_rollback(struct tern_card *card);

/** Put a record, within the memory that the card has: TERN_ERR_NO_SPACE beyond. */
int state_put(struct tern_card *card, uint32_t key, struct tern_bytes data);

/** Save card->numbers. */
int state_save_numbers(struct tern_card *card);

/** Mount the image of the enabled profile, or none. */
void state_mount_enabled(struct tern_card *card);

/** The enabled profile, or NULL. */
const struct tern_card_profile *state_enabled(const struct tern_card *card);
/** Slot of the enabled profile, or PROFILE_NONE. */
int state_enabled_slot(const struct tern_card *card);
/** Slot of the installed profile with this ICCID, or PROFILE_NONE. */
int state_find_iccid(const struct tern_card *card, struct tern_bytes iccid);
/** Slot of the installed profile with this ISD-P AID, or PROFILE_NONE. */
int state_find_aid(const struct tern_card *card, struct tern_bytes aid);

/** The ISD-P AID of a profile. sgp22.md 16.8 */
void state_aid(const struct tern_card_profile *profile, uint8_t aid[16]);

/** The image of a slot, as engine/uicc and engine/profile see it. */
struct tern_image state_image(struct tern_card_image *context, struct tern_card *card, int slot,
                              size_t capacity);
/** Write the piece that is held back. Part of every commit. */
int state_flush(struct tern_card *card);
/** Forget it. */
void state_forget_chunk(struct tern_card *card);

/** Save card->profiles[slot]. */
int state_save_profile(struct tern_card *card, int slot);
/** Remove a profile with its image, metadata and nickname. */
int state_remove_profile(struct tern_card *card, int slot);

/** The next seqNumber, saved; TERN_ERR_RANGE when there is none left. */
int state_next_sequence(struct tern_card *card, int64_t *sequence);

#endif
