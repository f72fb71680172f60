/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping and making notifications. A notification is stored without its certificates, which are
 * the card's own and would take most of the room; they are put back when it is read.
 */
#include "engine/card/pending.h"

#include <string.h>

#include "tern/asn_table.h"
#include "tern/messages/rsp.h"

/* clang-format off */
#define TYPE pending_record
SEQUENCE(PENDING_RECORD, "Pending", 0x30,
    FIELD(kind, "kind", 0x80, INT),
    FIELD(ci,   "ci",   0x81, INT),
    FIELD(body, "body", 0x82, BYTES));
#undef TYPE
/* clang-format on */

static uint32_t pending_key(int64_t sequence)
{
    return (uint32_t)RECORD_PENDING << 24 | ((uint32_t)sequence & 0xFFFFFF);
}

/** The oldest one has the lowest number. @return 1 when there was one. */
static int drop_oldest(struct tern_card *card)
{
    uint32_t key = 0;
    if (store_next(&card->store, pending_key(0), &key) == 0 || key >> 24 != RECORD_PENDING) {
        return 0;
    }
    int status = store_remove(&card->store, key);
    if (status != TERN_OK) return status;
    card->numbers.dropped++;
    status = state_save_numbers(card);
    return status == TERN_OK ? 1 : status;
}

static size_t count(const struct tern_card *card)
{
    size_t total = 0;
    uint32_t key = pending_key(0);
    while (store_next(&card->store, key, &key) == 1 && key >> 24 == RECORD_PENDING) {
        total++;
        key++;
    }
    return total;
}

int pending_add(struct es10 *call, int64_t sequence, const struct pending_record *record)
{
    while (count(call->card) >= TERN_CARD_PENDING_COUNT_MAX) {
        int status = drop_oldest(call->card);
        if (status != 1) return status;
    }
    for (;;) {
        int status = es10_put(call, pending_key(sequence), &PENDING_RECORD, record);
        if (status != TERN_ERR_NO_SPACE) return status;
        status = drop_oldest(call->card);
        if (status <= 0) return status == 0 ? TERN_ERR_NO_SPACE : status;
    }
}

int pending_remove(struct tern_card *card, int64_t sequence)
{
    if (sequence < 0 || sequence > TERN_CARD_SEQUENCE_MAX) return 0;
    if (store_size(&card->store, pending_key(sequence)) < 0) return 0;
    int status = store_remove(&card->store, pending_key(sequence));
    return status == TERN_OK ? 1 : status;
}

/** One OtherSignedNotification to one address. */
static int notify_address(struct es10 *call, int slot, uint64_t event, struct tern_bytes address)
{
    const struct tern_card_profile *profile = &call->card->profiles[slot];
    struct tern_arena scratch = call->scratch;
    struct tern_notification_metadata metadata = {
        .profile_management_operation = event,
        .notification_address = address,
        .iccid = TERN_BYTES_OF(profile->iccid),
    };
    int status = state_next_sequence(call->card, &metadata.seq_number);
    if (status != TERN_OK) return status;
    struct tern_writer body = tern_arena_writer(&call->scratch);
    status = tern_asn_encode(&TERN_NOTIFICATION_METADATA, &body, &metadata);
    if (status != TERN_OK) return status;
    struct tern_bytes part = tern_writer_bytes(&body);
    uint8_t signature[TERN_SIGNATURE_SIZE];
    status = es10_sign(call, profile->ci, signature, &part, 1);
    if (status != TERN_OK) return status;
    tern_der_write(&body, 0x5F37, TERN_BYTES_OF(signature));
    struct pending_record record = {PENDING_OTHER, profile->ci,
                                    tern_arena_keep(&call->scratch, &body)};
    if (record.body.data == NULL) return TERN_ERR_NO_SPACE;
    status = pending_add(call, metadata.seq_number, &record);
    call->scratch = scratch;
    return status;
}

int pending_notify(struct es10 *call, int slot, uint64_t event)
{
    struct tern_arena scratch = call->scratch;
    struct tern_bytes raw;
    int status = es10_load(call, STORE_KEY(RECORD_METADATA, slot, 0), &raw);
    if (status != TERN_OK || raw.data == NULL) return status;
    struct tern_store_metadata_request metadata;
    status = tern_asn_decode_as(&TERN_STORE_METADATA_REQUEST, &metadata, NULL, raw, 0, ES10_MERCY);
    if (status != TERN_OK) return status;
    struct tern_bytes rest = metadata.notification_configuration_info;
    struct tern_notification_configuration_information entry;
    while (status == TERN_OK &&
           tern_asn_next(&TERN_NOTIFICATION_CONFIGURATION_INFORMATION, &entry, &rest, 0) == 1) {
        if ((entry.profile_management_operation & event) == 0) continue;
        status = notify_address(call, slot, event, entry.notification_address);
    }
    call->scratch = scratch;
    return status;
}

int es10_prepend(struct tern_writer *out, struct tern_bytes front)
{
    if (out->size + front.size > out->capacity) return TERN_ERR_NO_SPACE;
    memmove(out->data + front.size, out->data, out->size);
    memcpy(out->data, front.data, front.size);
    out->size += front.size;
    return TERN_OK;
}

int es10_wrap(struct tern_writer *out, size_t mark, tern_tag tag)
{
    size_t size = out->size - mark;
    size_t header = tern_der_header_size(tag, size);
    if (out->size + header > out->capacity) {
        out->size += header;
        return TERN_ERR_NO_SPACE;
    }
    memmove(out->data + mark + header, out->data + mark, size);
    struct tern_writer front = tern_writer(out->data + mark, header);
    tern_der_write_header(&front, tag, size);
    out->size += header;
    return TERN_OK;
}
