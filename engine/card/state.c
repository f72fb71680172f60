/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and profiles: from records to mirrors and back; transactions as the card sees them. */
#include "engine/card/state.h"

#include <string.h>

#include "engine/card/apdu.h"
#include "engine/card/records.h"

/** The largest of the small records: numbers or a profile without its metadata. */
#define SMALL_RECORD_SIZE 128

static bool copy_iccid(uint8_t out[TERN_ICCID_SIZE], struct tern_bytes iccid)
{
    memset(out, 0, TERN_ICCID_SIZE);
    if (iccid.size == TERN_ICCID_SIZE) memcpy(out, iccid.data, TERN_ICCID_SIZE);
    return iccid.data != NULL;
}

static int load_numbers(struct tern_card *card)
{
    uint8_t buffer[SMALL_RECORD_SIZE];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    struct tern_card_numbers *numbers = &card->numbers;
    memset(numbers, 0, sizeof *numbers);
    int status = store_load(&card->store, STORE_KEY(RECORD_NUMBERS, 0, 0), &out);
    if (status == TERN_ERR_NOT_FOUND) return TERN_OK;
    if (status != TERN_OK) return status;
    struct numbers_record record;
    status = tern_asn_decode(&NUMBERS_RECORD, &record, NULL, tern_writer_bytes(&out));
    if (status != TERN_OK) return status;
    numbers->sequence_number = record.sequence_number;
    numbers->association_token = record.association_token;
    numbers->isdp = record.isdp;
    numbers->dropped = record.dropped;
    numbers->fallback_active = record.fallback_active;
    numbers->emergency_active = record.emergency_active;
    numbers->rollback_granted = record.rollback_granted;
    numbers->ipae_active = record.ipae_active;
    numbers->fallback_return = copy_iccid(numbers->fallback_iccid, record.fallback_iccid);
    numbers->emergency_return = copy_iccid(numbers->emergency_iccid, record.emergency_iccid);
    numbers->rollback_return = copy_iccid(numbers->rollback_iccid, record.rollback_iccid);
    return TERN_OK;
}

static struct tern_bytes iccid_if(bool present, const uint8_t iccid[TERN_ICCID_SIZE])
{
    return present ? tern_bytes(iccid, TERN_ICCID_SIZE) : TERN_BYTES_NONE;
}

/** Encode one small record and put it, unless it is there as it is. */
static int put_small(struct tern_card *card, uint32_t key, const struct tern_asn_record *table,
                     const void *record)
{
    uint8_t buffer[SMALL_RECORD_SIZE];
    uint8_t old[SMALL_RECORD_SIZE];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    struct tern_writer before = TERN_WRITER_OF(old);
    int status = tern_asn_encode(table, &out, record);
    if (status != TERN_OK) return status;
    if (store_load(&card->store, key, &before) == TERN_OK &&
        tern_bytes_equal(tern_writer_bytes(&before), tern_writer_bytes(&out))) {
        return TERN_OK;
    }
    return store_put(&card->store, key, tern_writer_bytes(&out));
}

int state_put(struct tern_card *card, uint32_t key, struct tern_bytes data)
{
    int old = store_size(&card->store, key);
    size_t freed = old < 0 ? 0 : (size_t)old + STORE_RECORD_OVERHEAD;
    size_t used = card->store.live - freed + data.size + STORE_RECORD_OVERHEAD;
    if (used > card->store.capacity) return TERN_ERR_NO_SPACE;
    return store_put(&card->store, key, data);
}

int state_save_numbers(struct tern_card *card)
{
    const struct tern_card_numbers *numbers = &card->numbers;
    struct numbers_record record = {
        .sequence_number = numbers->sequence_number,
        .association_token = numbers->association_token,
        .isdp = numbers->isdp,
        .dropped = numbers->dropped,
        .fallback_active = numbers->fallback_active,
        .emergency_active = numbers->emergency_active,
        .rollback_granted = numbers->rollback_granted,
        .ipae_active = numbers->ipae_active,
        .fallback_iccid = iccid_if(numbers->fallback_return, numbers->fallback_iccid),
        .emergency_iccid = iccid_if(numbers->emergency_return, numbers->emergency_iccid),
        .rollback_iccid = iccid_if(numbers->rollback_return, numbers->rollback_iccid),
    };
    return put_small(card, STORE_KEY(RECORD_NUMBERS, 0, 0), &NUMBERS_RECORD, &record);
}

int state_next_sequence(struct tern_card *card, int64_t *sequence)
{
    if (card->numbers.sequence_number >= TERN_CARD_SEQUENCE_MAX) return TERN_ERR_RANGE;
    *sequence = ++card->numbers.sequence_number;
    return state_save_numbers(card);
}

int state_save_profile(struct tern_card *card, int slot)
{
    const struct tern_card_profile *profile = &card->profiles[slot];
    struct profile_record record = {
        .iccid = TERN_BYTES_OF(profile->iccid),
        .state = !profile->installed ? PROFILE_LOADING
                 : profile->enabled  ? PROFILE_ENABLED
                                     : PROFILE_DISABLED,
        .isdp = profile->isdp,
        .image_size = profile->image_size,
        .profile_class = profile->profile_class,
        .pprs = profile->pprs,
        .ecall = profile->ecall,
        .fallback_allowed = profile->fallback_allowed,
        .fallback_attribute = profile->fallback_attribute,
        .ci = profile->ci,
    };
    return put_small(card, STORE_KEY(RECORD_PROFILE, slot, 0), &PROFILE_RECORD, &record);
}

static int load_profile(struct tern_card *card, uint32_t key)
{
    uint8_t buffer[SMALL_RECORD_SIZE];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    size_t slot = key >> 16 & 0xFF;
    if (slot >= TERN_CARD_PROFILE_COUNT_MAX) return TERN_ERR_RANGE;
    int status = store_load(&card->store, key, &out);
    struct profile_record record;
    if (status == TERN_OK) {
        status = tern_asn_decode(&PROFILE_RECORD, &record, NULL, tern_writer_bytes(&out));
    }
    if (status != TERN_OK) return status;
    struct tern_card_profile *profile = &card->profiles[slot];
    *profile = (struct tern_card_profile){
        .used = true,
        .installed = record.state != PROFILE_LOADING,
        .enabled = record.state == PROFILE_ENABLED,
        .ecall = record.ecall,
        .fallback_allowed = record.fallback_allowed,
        .fallback_attribute = record.fallback_attribute,
        .profile_class = (uint8_t)record.profile_class,
        .pprs = (uint8_t)record.pprs,
        .ci = (uint8_t)record.ci,
        .isdp = (uint16_t)record.isdp,
        .image_size = (uint32_t)record.image_size,
    };
    memcpy(profile->iccid, record.iccid.data, TERN_ICCID_SIZE);
    return TERN_OK;
}

static int load_mirrors(struct tern_card *card)
{
    memset(card->profiles, 0, sizeof card->profiles);
    int status = load_numbers(card);
    uint32_t key = STORE_KEY(RECORD_PROFILE, 0, 0);
    while (status == TERN_OK && store_next(&card->store, key, &key) == 1 &&
           key >> 24 == RECORD_PROFILE) {
        status = load_profile(card, key);
        key++;
    }
    return status;
}

int state_remove_profile(struct tern_card *card, int slot)
{
    static const uint8_t KINDS[] = {RECORD_PROFILE, RECORD_METADATA, RECORD_NICKNAME,
                                    RECORD_PROPRIETARY, RECORD_IMAGE};
    if (card->chunk.key >> 16 == STORE_KEY(RECORD_IMAGE, slot, 0) >> 16) state_forget_chunk(card);
    int status = TERN_OK;
    for (size_t i = 0; i < TERN_COUNT_OF(KINDS) && status == TERN_OK; i++) {
        status = store_remove_range(&card->store, STORE_KEY(KINDS[i], slot, 0),
                                    STORE_KEY(KINDS[i], slot, 0xFFFF));
    }
    if (status == TERN_OK) card->profiles[slot] = (struct tern_card_profile){.used = false};
    return status;
}

int state_load(struct tern_card *card)
{
    state_forget_chunk(card);
    int status = load_mirrors(card);
    bool removed = false;
    for (int slot = 0; slot < TERN_CARD_PROFILE_COUNT_MAX && status == TERN_OK; slot++) {
        if (!card->profiles[slot].used || card->profiles[slot].installed) continue;
        status = state_remove_profile(card, slot);
        removed = true;
    }
    if (status == TERN_OK && removed) status = state_commit(card);
    return status;
}

int state_commit(struct tern_card *card)
{
    int status = state_flush(card);
    /* No room for the last piece: nothing is broken, the caller gives the changes up. */
    if (status == TERN_ERR_NO_SPACE) return status;
    if (status == TERN_OK) status = store_commit(&card->store);
    if (status != TERN_OK) card->mute = true;
    return status;
}

int state_rollback(struct tern_card *card)
{
    state_forget_chunk(card);
    int status = store_rollback(&card->store);
    if (status == TERN_OK) status = load_mirrors(card);
    if (status != TERN_OK) card->mute = true;
    return status;
}

int state_enabled_slot(const struct tern_card *card)
{
    for (int slot = 0; slot < TERN_CARD_PROFILE_COUNT_MAX; slot++) {
        if (card->profiles[slot].installed && card->profiles[slot].enabled) return slot;
    }
    return PROFILE_NONE;
}

const struct tern_card_profile *state_enabled(const struct tern_card *card)
{
    int slot = state_enabled_slot(card);
    return slot == PROFILE_NONE ? NULL : &card->profiles[slot];
}

int state_find_iccid(const struct tern_card *card, struct tern_bytes iccid)
{
    for (int slot = 0; slot < TERN_CARD_PROFILE_COUNT_MAX; slot++) {
        const struct tern_card_profile *profile = &card->profiles[slot];
        if (profile->installed && tern_bytes_equal(iccid, TERN_BYTES_OF(profile->iccid))) {
            return slot;
        }
    }
    return PROFILE_NONE;
}

void state_aid(const struct tern_card_profile *profile, uint8_t aid[16])
{
    memcpy(aid, ISDR_AID, 16);
    aid[13] = (uint8_t)(profile->isdp >> 8);
    aid[14] = (uint8_t)profile->isdp;
}

int state_find_aid(const struct tern_card *card, struct tern_bytes aid)
{
    for (int slot = 0; slot < TERN_CARD_PROFILE_COUNT_MAX; slot++) {
        uint8_t own[16];
        if (!card->profiles[slot].installed) continue;
        state_aid(&card->profiles[slot], own);
        if (tern_bytes_equal(aid, TERN_BYTES_OF(own))) return slot;
    }
    return PROFILE_NONE;
}

void state_mount_enabled(struct tern_card *card)
{
    int slot = state_enabled_slot(card);
    int status = TERN_OK;
    if (slot == PROFILE_NONE) {
        status = tern_uicc_mount(&card->uicc, NULL, card->config.crypto);
    } else {
        struct tern_image image =
            state_image(&card->image, card, slot, card->profiles[slot].image_size);
        status = tern_uicc_mount(&card->uicc, &image, card->config.crypto);
    }
    if (status == TERN_ERR_IO) card->mute = true;
}
