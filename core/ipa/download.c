/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile download: the trigger, Common Mutual Authentication, the bound profile package into the
 * card. One table for both ways; through the eIM the messages are ESipa's and DER, to the SM-DP+
 * they are ES9+ and JSON. SGP.32, 3.2.3.1 and 3.2.3.2; sgp32.md 5, sgp22.md 6, 7 and 10.
 *
 *   card                        IPA                                  eIM or SM-DP+
 *    <- GetEUICCChallenge        |   InitiateAuthentication  ->       |
 *    <- AuthenticateServer       |   <- serverSigned1 ..              |
 *    euiccSigned1 ..  ->         |   AuthenticateClient  ->           |
 *    <- PrepareDownload          |   <- metadata, smdpSigned2 ..      |
 *    euiccSigned2 ..  ->         |   GetBoundProfilePackage  ->       |
 *    <- segments, one by one     |   <- BoundProfilePackage           |
 *    ProfileInstallationResult, which stays in the card's list until it is delivered (notify.c)
 */
#include "core/ipa/download.h"

#include <string.h>

/* ---- Addresses ---- */

static int ask_emergency(struct tern_ipa *ipa)
{
    ipa->hold_size = 0;
    ipa->keep_size = 0;
    ipa->transaction[0] = 0;
    return ipa_ask_emergency(ipa);
}

static int take_emergency(struct tern_ipa *ipa)
{
    return ipa->code == 104 ? ipa_download_failed(ipa, 104, TERN_BYTES_NONE) : NEXT;
}

static int ask_addresses(struct tern_ipa *ipa)
{
    static const uint8_t ADDRESSES[] = {0xBF, 0x3C, 0x00};
    bool known = ipa->address_size > 0 || (ipa->download & DOWNLOAD_NO_DATA) != 0;
    return known ? SKIP : ipa_command(ipa, TERN_BYTES_OF(ADDRESSES));
}

static int take_addresses(struct tern_ipa *ipa)
{
    tern_tag path[] = {0xBF3C, (ipa->download & DOWNLOAD_SMDS) != 0 ? 0x81 : 0x80};
    struct tern_tlv address = {.value = TERN_BYTES_NONE};
    struct tern_bytes held = tern_bytes(ipa_hold(ipa), ipa->hold_size);
    if (ipa->outcome != OUTCOME_OK || tern_der_path(held, path, 2, &address) != TERN_OK ||
        address.value.size == 0 || address.value.size > sizeof(ipa->address)) {
        return ipa_download_failed(ipa, 127, TERN_BYTES_NONE);
    }
    memcpy(ipa->address, address.value.data, address.value.size);
    ipa->address_size = (uint8_t)address.value.size;
    ipa->hold_size = 0;
    return NEXT;
}

/* ---- May we leave out what the eIM knows? ---- */

static int ask_info2(struct tern_ipa *ipa)
{
    return ipa_indirect(ipa) && ipa_eim_rebuilds(ipa) ? ipa_ask_info2(ipa) : SKIP;
}

static int take_info2(struct tern_ipa *ipa)
{
    if (ipa->outcome == OUTCOME_OK && ipa->info2_digest == ipa->memory.info2_digest) {
        ipa->download |= DOWNLOAD_COMPACT;
    }
    return NEXT;
}

/* ---- Rules ---- */

static int ask_rules(struct tern_ipa *ipa)
{
    static const uint8_t GET_RAT[] = {0xBF, 0x43, 0x00};
    return ipa_metadata_has_rules(ipa) ? ipa_command(ipa, TERN_BYTES_OF(GET_RAT)) : SKIP;
}

static int take_rules(struct tern_ipa *ipa)
{
    return ipa_rules_allowed(ipa) ? NEXT : ipa_download_cancel(ipa, 3, TERN_BYTES_NONE);
}

/* ---- PrepareDownload, GetBoundProfilePackage ---- */

/* hashCc = SHA-256(SHA-256(code) | transactionId), as 04 20 behind what is held. */
static int hash_code(struct tern_ipa *ipa)
{
    const struct tern_crypto *crypto = ipa->config->crypto;
    uint8_t hash[2 + TERN_SHA256_SIZE] = {0x04, TERN_SHA256_SIZE};
    struct tern_bytes parts[2] = {ipa->config->confirmation_code, TERN_BYTES_NONE};
    if (crypto == NULL || parts[0].size == 0) {
        return TERN_ERR_MISSING;
    }
    int status = crypto->sha256(crypto->context, hash + 2, parts, 1);
    parts[0] = tern_bytes(hash + 2, TERN_SHA256_SIZE);
    parts[1] = tern_bytes(ipa->transaction + 1, ipa->transaction[0]);
    if (status == TERN_OK) {
        status = crypto->sha256(crypto->context, hash + 2, parts, 2);
    }
    ipa->slots[SLOT_OCTETS] = (struct tern_ipa_span){ipa->hold_size, sizeof(hash)};
    return status == TERN_OK ? ipa_hold_add(ipa, TERN_BYTES_OF(hash)) : status;
}

static int ask_prepare(struct tern_ipa *ipa)
{
    static const uint8_t SLOTS[] = {SLOT_SIGNED, SLOT_SIGNATURE, SLOT_OCTETS, SLOT_CERTIFICATE};
    struct tern_tlv signed2;
    struct tern_tlv flag;
    bool wants =
        tern_der_single(ipa_slot(ipa, SLOT_SIGNED), &signed2, TERN_DER_LONG_LENGTHS) == TERN_OK &&
        tern_der_find(signed2.value, 0x01, &flag) == TERN_OK && flag.value.size == 1 &&
        flag.value.data[0] != 0;
    if (ipa->slots[SLOT_OCTETS].size > 0) {
        ipa->download |= DOWNLOAD_EIM_CC;
    } else if (wants && hash_code(ipa) != TERN_OK) {
        return ipa_download_cancel(ipa, 1, TERN_BYTES_NONE); /* postponed: no code here */
    }
    if (!wants) {
        ipa->slots[SLOT_OCTETS].size = 0;
    }
    ipa->held.offset = ipa->hold_size;
    return ipa_join(ipa, 0xBF21, SLOTS, TERN_COUNT_OF(SLOTS), TERN_BYTES_NONE);
}

static int take_prepare(struct tern_ipa *ipa)
{
    ipa->held.size = (uint16_t)(ipa->hold_size - ipa->held.offset);
    if (ipa->outcome != OUTCOME_OK || ipa->held.size == 0) {
        return ipa_download_cancel(ipa, 127, TERN_BYTES_NONE);
    }
    if (ipa_compact(ipa)) {
        ipa_compact_prepare(ipa);
    }
    memcpy(ipa->memory.eim_tx, ipa->eim_tx, sizeof(ipa->eim_tx));
    memcpy(ipa->memory.transaction, ipa->transaction, sizeof(ipa->transaction));
    ipa->memory.download_eim = ipa->eim_index;
    ipa->memory.flags &= (uint8_t) ~(SAVED_REPORTED | SAVED_DIRECT);
    ipa->memory.flags |= ipa_indirect(ipa) ? SAVED_DOWNLOAD : SAVED_DOWNLOAD | SAVED_DIRECT;
    return NEXT;
}

static int ask_package(struct tern_ipa *ipa)
{
    ipa_to_server(ipa, ES9("getBoundProfilePackage"));
    ipa_part(ipa, PART_HELD);
    return NEXT;
}

static void head_package(struct tern_ipa *ipa, struct tern_writer *out)
{
    ipa_write_transaction(ipa, out, 0xBF3A, "prepareDownloadResponse");
}

/* BF37{BF27{80, BF2F, 06, A2{A0 success | A1 error}}, 5F37} */
static bool installed(struct tern_ipa *ipa)
{
    static const tern_tag RESULT[] = {0xBF37, 0xBF27, 0xA2, 0xA0};
    struct tern_tlv tlv;
    return tern_der_path(tern_bytes(ipa_hold(ipa), ipa->hold_size), RESULT, 4, &tlv) == TERN_OK;
}

static int take_package(struct tern_ipa *ipa)
{
    ipa->keep_size = 0;
    if (ipa->outcome == OUTCOME_OK && ipa->answered) {
        ipa->installed = installed(ipa);
        ipa->tally.downloads = (uint16_t)(ipa->tally.downloads + ipa->installed);
        ipa->tally.download_errors = (uint16_t)(ipa->tally.download_errors + !ipa->installed);
        ipa->notified_seq = 0;
        return ipa_go(ipa, IPA_NOTIFY);
    }
    if (ipa->outcome == OUTCOME_LINK) {
        return ipa_server_lost(ipa);
    }
    if (ipa->mismatch) {
        return ipa_download_cancel(ipa, 4, TERN_BYTES_NONE);
    }
    if (ipa->outcome == OUTCOME_OK && (ipa->text ? ipa->json_failed : ipa->arm != 0)) {
        struct tern_bytes error = ipa_refusal(ipa);
        return !ipa->text && ipa->code == 50 ? ipa_download_cancel(ipa, 4, error)
                                             : ipa_download_failed(ipa, 127, error);
    }
    return ipa_download_cancel(ipa, 5, TERN_BYTES_NONE); /* loadBppExecutionError */
}

/* clang-format off */
const struct tern_ipa_step IPA_DOWNLOAD[] = {
    {.name = "ES10b.GetProfilesInfo",
     .kind = STEP_CARD,
     .ask = ask_emergency,
     .piece = ipa_emergency_piece,
     .take = take_emergency},
    {.name = "ES10a.GetEuiccConfiguredAddresses",
     .kind = STEP_CARD,
     .ask = ask_addresses,
     .take = take_addresses},
    {.name = "ES10b.GetEUICCInfo",
     .kind = STEP_CARD,
     .ask = ask_info2,
     .piece = ipa_info2_piece,
     .take = take_info2},
    {.name = "ES10b.GetEUICCChallenge",
     .kind = STEP_CARD,
     .ask = ipa_ask_challenge,
     .take = ipa_take_challenge},
    {.name = "InitiateAuthentication",
     .kind = STEP_PEER,
     .ask = ipa_ask_initiate,
     .head = ipa_head_initiate,
     .tail = ipa_tail_initiate,
     .piece = ipa_slots_piece,
     .take = ipa_take_initiate},
    {.name = "ES10b.AuthenticateServer",
     .kind = STEP_CARD,
     .ask = ipa_ask_authenticate_compact,
     .piece = ipa_compact_piece,
     .take = ipa_take_authenticate_compact},
    {.name = "AuthenticateClient",
     .kind = STEP_PEER,
     .ask = ipa_ask_authenticate,
     .head = ipa_head_authenticate,
     .tail = ipa_tail_text,
     .piece = ipa_slots_piece,
     .take = ipa_take_authenticate},
    {.name = "ES10b.GetRAT",
     .kind = STEP_CARD,
     .ask = ask_rules,
     .piece = ipa_rules_piece,
     .take = take_rules},
    {.name = "ES10b.PrepareDownload",
     .kind = STEP_CARD,
     .ask = ask_prepare,
     .take = take_prepare},
    {.name = "save", .kind = STEP_SAVE},
    {.name = "GetBoundProfilePackage",
     .kind = STEP_PEER,
     .ask = ask_package,
     .head = head_package,
     .tail = ipa_tail_text,
     .piece = ipa_load_piece,
     .take = take_package},
};
/* clang-format on */
