/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LoadBoundProfilePackage: what the opener of core/bpp finds in the bytes becomes a profile.
 *
 *     BF23  session keys            A1  metadata: ICCID, class, policy rules; the slot is taken
 *     A0    ConfigureISDP           A3  the profile, piece by piece to the installer
 *
 * While it is being loaded, a profile is a record in state LOADING and pieces of its image. A power
 * cut leaves these, and the next start removes them. Only the last piece makes it a profile, in one
 * transaction with its ProfileInstallationResult. An error removes all and is reported the same
 * way.
 */
#include "engine/card/bound_package.h"

#include <string.h>

#include "engine/card/apdu.h"
#include "engine/card/installation_result.h"
#include "engine/card/one_time_key.h"
#include "engine/card/pending.h"
#include "engine/card/settings.h"
#include "engine/card/store_metadata.h"
#include "tern/messages/es8plus.h"

#define KEY_LOADING STORE_KEY(RECORD_LOADING, 0, 0)

bool bound_package_wants(const struct tern_card *card, struct tern_bytes first)
{
    const struct tern_card_session *session = card->session;
    if (first.size >= 2 && first.data[0] == 0xBF) return first.data[1] == 0x36;
    if (session->load == LOAD_NONE) return false;
    return (first.data[0] >= 0xA0 && first.data[0] <= 0xA3) ||
           (first.data[0] >= 0x86 && first.data[0] <= 0x88);
}

static struct installation describe(const struct tern_card_session *session)
{
    return (struct installation){
        .transaction_id = tern_bytes(session->transaction_id, session->transaction_id_size),
        .smdp_address = tern_bytes(session->server_address, session->server_address_size),
        .smdp_oid = tern_bytes(session->server_oid, session->server_oid_size),
        .iccid = session->iccid_known ? TERN_BYTES_OF(session->iccid) : TERN_BYTES_NONE,
        .ci = session->ci,
    };
}

int bound_package_forget(struct tern_card *card)
{
    return store_remove(&card->store, KEY_LOADING);
}

/** Write down that a load began, for the report after a power cut. */
static int remember(struct es10 *call)
{
    struct installation installation = describe(call->card->session);
    struct loading_record record = {installation.transaction_id, installation.smdp_address,
                                    installation.smdp_oid, installation.ci, TERN_BYTES_NONE};
    record.iccid = installation.iccid;
    return es10_put(call, KEY_LOADING, &LOADING_RECORD, &record);
}

/** Errors after which the same package may be sent again keep the one-time key. sgp22.md 9 */
static bool may_retry(int64_t reason)
{
    return reason == TERN_ERROR_REASON_installFailedDueToInterruption ||
           reason == TERN_ERROR_REASON_installFailedDueToInsufficientMemoryForProfile;
}

/** The load ends here: everything of it goes, the reason stays. */
static int fail(struct es10 *call, int64_t command_id, int64_t reason, struct tern_bytes sima)
{
    struct tern_card *card = call->card;
    struct tern_card_session *session = card->session;
    int status = TERN_OK;
    if (session->slot_taken) status = state_remove_profile(card, session->slot);
    session->slot_taken = false;
    tern_bpp_opener_wipe(&session->opener);
    session->load = LOAD_DONE;
    if (status == TERN_OK && !may_retry(reason)) status = one_time_key_forget(card);
    if (status == TERN_OK) status = bound_package_forget(card);
    if (status != TERN_OK) return status;
    struct installation installation = describe(session);
    struct tern_final_result result = {
        .arm = TERN_FINAL_RESULT_IS_ERROR_RESULT,
        .error_result = {command_id, reason, sima},
    };
    return installation_result(call, &installation, &result);
}

static int on_initialise(struct es10 *call, struct tern_bytes tlv)
{
    struct tern_card *card = call->card;
    struct tern_card_session *session = card->session;
    struct tern_bpp_session keys = {
        .transaction_id = tern_bytes(session->transaction_id, session->transaction_id_size),
        .dppb_key = &session->dppb_key,
        .euicc_otsk = session->otsk,
        .euicc_otpk = TERN_BYTES_OF(session->otpk),
        .eid = card->config.eid,
    };
    int status = tern_bpp_opener_start(&session->opener, card->config.crypto, &keys, tlv);
    if (status != TERN_OK) {
        return fail(call, TERN_BPP_COMMAND_ID_initialiseSecureChannel, session->opener.reason,
                    TERN_BYTES_NONE);
    }
    return remember(call);
}

static int on_configure_isdp(struct es10 *call, struct tern_bytes tlv)
{
    struct tern_card_session *session = call->card->session;
    struct tern_configure_isdp_request request;
    int status =
        tern_asn_decode_as(&TERN_CONFIGURE_ISDP_REQUEST, &request, NULL, tlv, 0, ES10_MERCY);
    struct tern_bytes data = request.dp_proprietary_data;
    if (status != TERN_OK || data.size > sizeof session->proprietary) {
        return fail(call, TERN_BPP_COMMAND_ID_configureISDP, TERN_ERROR_REASON_incorrectInputValues,
                    TERN_BYTES_NONE);
    }
    session->proprietary_size = (uint8_t)data.size;
    if (data.size > 0) memcpy(session->proprietary, data.data, data.size);
    return TERN_OK;
}

static int on_store_metadata(struct es10 *call, struct tern_bytes tlv)
{
    struct tern_card_session *session = call->card->session;
    int64_t reason = 0;
    int slot = PROFILE_NONE;
    int status = store_metadata(call, tlv, &slot, &reason);
    if (status != TERN_OK) return status;
    if (reason != 0) {
        return fail(call, TERN_BPP_COMMAND_ID_storeMetadata, reason, TERN_BYTES_NONE);
    }
    session->slot_taken = true;
    session->slot = (uint8_t)slot;
    status = remember(call);
    if (status != TERN_OK) return status;
    /* What is free, less what the records of the pieces take besides their bytes. */
    size_t room = tern_card_memory_free(call->card);
    room = room / (TERN_CARD_CHUNK_SIZE + STORE_RECORD_OVERHEAD) * TERN_CARD_CHUNK_SIZE;
    struct tern_profile_install_options options = {
        .image = state_image(&session->image, call->card, slot, room),
        .buffer = session->element_buffer,
        .buffer_size = sizeof session->element_buffer,
        .extra_capability = call->card->config.extra_capability,
    };
    status = tern_profile_install_begin(&session->install, &options);
    if (status != TERN_ERR_NO_SPACE) return status;
    return fail(call, TERN_BPP_COMMAND_ID_storeMetadata,
                TERN_ERROR_REASON_installFailedDueToInsufficientMemoryForProfile, TERN_BYTES_NONE);
}

/** The installer gave up: its EUICCResponse tells the SM-DP+ why. */
static int fail_install(struct es10 *call)
{
    struct tern_card_session *session = call->card->session;
    struct tern_writer sima = tern_arena_writer(&call->scratch);
    int status = tern_profile_install_finish(&session->install, &sima);
    if (status == TERN_ERR_IO) return status;
    unsigned failure = session->install.failure.status;
    bool memory = failure == TERN_PE_NOT_ENOUGH_MEMORY || failure == TERN_PE_MEMORY_FAILURE;
    return fail(call, TERN_BPP_COMMAND_ID_loadProfileElements,
                memory ? TERN_ERROR_REASON_installFailedDueToInsufficientMemoryForProfile
                       : TERN_ERROR_REASON_installFailedDueToPEProcessingError,
                tern_arena_keep(&call->scratch, &sima));
}

static int on_profile(struct es10 *call, struct tern_bytes piece)
{
    int status = tern_profile_install_feed(&call->card->session->install, piece);
    if (status == TERN_ERR_IO) return status;
    return status < 0 ? fail_install(call) : TERN_OK;
}

/** The profile becomes one: record, result and notifications in one transaction. */
static int succeed(struct es10 *call, struct tern_bytes sima)
{
    struct tern_card *card = call->card;
    struct tern_card_session *session = card->session;
    struct tern_card_profile *profile = &card->profiles[session->slot];
    uint8_t aid[16];
    profile->installed = true;
    profile->image_size = (uint32_t)session->install.image_size;
    state_aid(profile, aid);
    int status = state_flush(card);
    if (status == TERN_OK) status = state_save_profile(card, session->slot);
    if (status == TERN_OK) status = one_time_key_forget(card);
    if (status == TERN_OK) status = bound_package_forget(card);
    if (status != TERN_OK) return status;
    struct installation installation = describe(session);
    struct tern_final_result result = {
        .arm = TERN_FINAL_RESULT_IS_SUCCESS_RESULT,
        .success_result = {TERN_BYTES_OF(aid), sima},
    };
    status = installation_result(call, &installation, &result);
    if (status == TERN_OK) {
        status = pending_notify(call, session->slot, TERN_NOTIFICATION_EVENT_notificationInstall);
    }
    if (status != TERN_OK) return status;
    tern_bpp_opener_wipe(&session->opener);
    session->load = LOAD_DONE;
    session->slot_taken = false;
    return settings_remember_source(call, session->slot, installation.smdp_oid,
                                    installation.smdp_address);
}

static int on_done(struct es10 *call)
{
    struct tern_card_session *session = call->card->session;
    if (!session->install.finished || session->install.aborted) return fail_install(call);
    if (memcmp(session->install.iccid, session->iccid, sizeof session->iccid) != 0) {
        return fail(call, TERN_BPP_COMMAND_ID_loadProfileElements,
                    TERN_ERROR_REASON_installFailedDueToDataMismatch, TERN_BYTES_NONE);
    }
    struct tern_writer sima = tern_arena_writer(&call->scratch);
    if (tern_profile_install_finish(&session->install, &sima) != TERN_OK) {
        return fail_install(call);
    }
    int status = succeed(call, tern_arena_keep(&call->scratch, &sima));
    if (status != TERN_ERR_NO_SPACE) return status;
    status = state_rollback(call->card);
    if (status != TERN_OK) return status;
    session->slot_taken = true;
    call->out.size = 0;
    return fail(call, TERN_BPP_COMMAND_ID_loadProfileElements,
                TERN_ERROR_REASON_installFailedDueToInsufficientMemoryForProfile, TERN_BYTES_NONE);
}

static int on_event(struct es10 *call, const struct tern_bpp_event *event)
{
    switch (event->kind) {
    case TERN_BPP_EVENT_INITIALISE:
        return on_initialise(call, event->data);
    case TERN_BPP_EVENT_CONFIGURE_ISDP:
        return on_configure_isdp(call, event->data);
    case TERN_BPP_EVENT_STORE_METADATA:
        return on_store_metadata(call, event->data);
    case TERN_BPP_EVENT_PROFILE:
        return on_profile(call, event->data);
    case TERN_BPP_EVENT_DONE:
        return on_done(call);
    default:
        return TERN_OK;
    }
}

/** Let the opener work through the bytes. */
static int take_bytes(struct es10 *call, struct tern_bytes bytes)
{
    struct tern_card_session *session = call->card->session;
    int status = TERN_OK;
    while (status == TERN_OK && session->load == LOAD_OPEN) {
        struct tern_bpp_event event;
        int got = tern_bpp_opener_step(&session->opener, call->card->config.crypto, &event, &bytes);
        if (got == 0) return TERN_OK;
        if (got < 0) {
            return fail(call, session->opener.command_id, session->opener.reason, TERN_BYTES_NONE);
        }
        status = on_event(call, &event);
    }
    return status;
}

/** Write the piece that is held back; what others stored meanwhile may have taken its room. */
static int write_out(struct es10 *call)
{
    if (call->card->session->load != LOAD_OPEN) return TERN_OK;
    int status = state_flush(call->card);
    if (status != TERN_ERR_NO_SPACE) return status;
    return fail(call, TERN_BPP_COMMAND_ID_loadProfileElements,
                TERN_ERROR_REASON_installFailedDueToInsufficientMemoryForProfile, TERN_BYTES_NONE);
}

/** The end of a segment: make it durable and hand out the result, if there is one. */
static uint16_t end_segment(struct es10 *call)
{
    struct tern_card_session *session = call->card->session;
    if (state_commit(call->card) != TERN_OK) return SW_MEMORY_PROBLEM;
    if (session->result_size == 0) return SW_OK;
    call->card->output_size = session->result_size;
    session_drop(call->card);
    return SW_OK;
}

uint16_t bound_package_bytes(struct tern_card *card, struct tern_bytes bytes, bool last)
{
    struct tern_card_session *session = card->session;
    struct es10 call = {.card = card, .scratch = session_scratch(card), .out = apdu_output(card)};
    if (card->numbers.ipae_active) return SW_CONDITIONS_NOT_SATISFIED;
    if (session->load == LOAD_NONE) {
        if (!session->prepared) return SW_CONDITIONS_NOT_SATISFIED;
        tern_bpp_opener_init(&session->opener, session->opener_buffer,
                             sizeof session->opener_buffer);
        session->load = LOAD_OPEN;
    }
    if (session->load == LOAD_DONE && session->result_size == 0) {
        return SW_CONDITIONS_NOT_SATISFIED;
    }
    if (session->load == LOAD_OPEN) {
        int status = take_bytes(&call, bytes);
        if (status == TERN_OK && last) status = write_out(&call);
        if (status == TERN_OK) status = tern_writer_status(&call.out);
        if (status != TERN_OK) {
            if (!card->mute) (void)state_rollback(card);
            session_drop(card);
            return status == TERN_ERR_IO ? SW_MEMORY_PROBLEM : SW_TECHNICAL_PROBLEM;
        }
        session->result_size = (uint32_t)call.out.size;
    }
    return last ? end_segment(&call) : SW_OK;
}

int bound_package_report_interruption(struct tern_card *card)
{
    if (card->session->load == LOAD_OPEN) return TERN_OK;
    if (store_size(&card->store, KEY_LOADING) < 0) return TERN_OK;
    struct es10 call = {.card = card, .scratch = session_scratch(card), .out = apdu_output(card)};
    struct tern_bytes data;
    struct loading_record record;
    int status = es10_load(&call, KEY_LOADING, &data);
    if (status == TERN_OK) status = tern_asn_decode(&LOADING_RECORD, &record, NULL, data);
    if (status == TERN_OK) status = bound_package_forget(card);
    if (status != TERN_OK) return status;
    struct installation installation = {record.transaction_id, record.smdp_address, record.smdp_oid,
                                        record.iccid, (unsigned)record.ci};
    struct tern_final_result result = {
        .arm = TERN_FINAL_RESULT_IS_ERROR_RESULT,
        .error_result = {TERN_BPP_COMMAND_ID_loadProfileElements,
                         TERN_ERROR_REASON_installFailedDueToInterruption, TERN_BYTES_NONE},
    };
    status = installation_result(&call, &installation, &result);
    return status == TERN_OK ? state_commit(card) : status;
}
