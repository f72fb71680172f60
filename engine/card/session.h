/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What lies in the memory that the host lends: the download session, the command being collected,
 * the response being fetched, scratch.
 *
 *     work  | session | input ... | output ... | scratch ... |
 */
#ifndef ENGINE_CARD_SESSION_H
#define ENGINE_CARD_SESSION_H

#include "tern/arena.h"
#include "tern/bpp.h"
#include "tern/card.h"
#include "tern/certificate.h"
#include "tern/profile.h"

/** dpProprietaryData, SGP.22: at most 128 bytes of value. */
#define PROPRIETARY_SIZE_MAX 132

/** Where a bound profile package is. */
enum load_state {
    LOAD_NONE = 0,
    LOAD_OPEN, /**< Segments are being taken. */
    LOAD_DONE, /**< The result was given; further segments are refused. */
};

/** Common mutual authentication and download. sgp22.md 6 and 7. Lost at a reset, as it should. */
struct tern_card_session {
    bool challenge_given;
    uint8_t challenge[16];

    bool authenticated; /**< AuthenticateServer succeeded. */
    bool is_smdp;       /**< With an SM-DP+; else an SM-DS. */
    bool prepared;      /**< PrepareDownload succeeded. */
    uint8_t ci;         /**< Index of the CI that signs for us. */
    uint8_t server_ci;  /**< Index of the CI that the server's certificate chains to. */
    uint8_t transaction_id_size;
    uint8_t transaction_id[TERN_TRANSACTION_ID_SIZE];
    uint16_t server_address_size;
    uint8_t server_address[TERN_ADDRESS_SIZE];
    uint8_t server_oid_size;
    uint8_t server_oid[32];
    uint8_t euicc_signature1[TERN_SIGNATURE_SIZE];
    struct tern_public_key dppb_key;
    uint8_t otsk[TERN_SCALAR_SIZE];
    uint8_t otpk[TERN_POINT_SIZE];

    enum load_state load;
    bool slot_taken; /**< `slot` is a profile being loaded. */
    uint8_t slot;
    bool iccid_known;
    uint8_t iccid[TERN_ICCID_SIZE];
    struct tern_card_image image;
    uint32_t result_size; /**< The result lies in the output until its segment ends. */
    struct tern_bpp_opener opener;
    struct tern_profile_install install;

    uint8_t proprietary_size;
    uint8_t proprietary[PROPRIETARY_SIZE_MAX]; /**< dpProprietaryData of ConfigureISDP */

    uint8_t opener_buffer[TERN_BPP_OPENER_BUFFER_SIZE];
    uint8_t element_buffer[TERN_PROFILE_ELEMENT_SIZE_MIN];
};

/** The parts of the lent memory. */
struct tern_writer session_input(const struct tern_card *card);
struct tern_writer session_output(const struct tern_card *card);
struct tern_arena session_scratch(const struct tern_card *card);

/** Forget the download session and the one-time key in it, but not a challenge that was given; a
 * profile half loaded is removed. */
void session_drop(struct tern_card *card);

/**
 * Give up what a command changed. When a profile is being loaded and pieces of it were among that,
 * the load cannot be finished any more and ends. TERN_ERR_IO: the card is mute.
 */
int session_rollback(struct tern_card *card);

#endif
