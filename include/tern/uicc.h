/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The SIM that the enabled profile is: file system, PINs, access rules, USIM and ISIM.
 * ETSI TS 102 221, TS 31.102, TS 31.103; saip.md 16 and 17.
 *
 * One command in, one response out. The caller (the card) owns the transport: it parses the APDU,
 * does GET RESPONSE and 61xx, MANAGE CHANNEL, TERMINAL CAPABILITY and all that belongs to the
 * ISD-R, and gives the rest to tern_uicc_command(). It also owns persistence:
 *
 *     open a transaction
 *     sw = tern_uicc_command(&uicc, &response, channel, &command)
 *     uicc.changed ? commit : nothing to do          (commit failed: answer 6581, mount again)
 *     answer
 *
 * so that a sequence number or a retry counter is durable before its answer can be seen.
 */
#ifndef TERN_UICC_H
#define TERN_UICC_H

#include "tern/crypto.h"
#include "tern/image.h"

/** Basic channels 0 to 3 and extended 4 to 19. TS 102 221, 10.1.1. */
#define TERN_UICC_CHANNEL_COUNT 20
/** Longest response data of one command; what a response writer should hold. */
#define TERN_UICC_RESPONSE_SIZE 256

/** A command APDU, taken apart. */
struct tern_apdu {
    uint8_t cla; /**< Channel bits may be left in; they are ignored. */
    uint8_t ins;
    uint8_t p1;
    uint8_t p2;
    struct tern_bytes data; /**< Command data; size 0 when there is none. */
    unsigned le;            /**< 1 to 256 bytes expected (Le 00 is 256); 0 when Le is absent. */
    bool exact;             /**< T=0 manners: a Le that is not the exact length gets 6Cxx. */
};

/** What one logical channel has selected. Offsets are into the image; 0 means nothing. */
struct tern_uicc_channel {
    bool open;
    uint32_t application; /**< The current ADF. */
    uint32_t directory;   /**< The current MF, DF or ADF. */
    uint32_t file;        /**< The current EF. */
    uint16_t record;      /**< Record pointer: 0 not set, else the number. */
    uint32_t occurrence;  /**< The ADF of the last SELECT by AID, for "next occurrence". */
    uint32_t object;      /**< BER-TLV: start of the object being read or written. */
    uint32_t object_size; /**< BER-TLV: its size; 0 when none is. */
    uint32_t object_done; /**< BER-TLV: how much of it went over. */
};

struct tern_uicc {
    struct tern_image image;
    bool mounted;                     /**< False: the bare card, with EF.ICCID and EF.DIR only. */
    bool changed;                     /**< The last command wrote to the image. */
    const struct tern_crypto *crypto; /**< AES, and for SUCI the rest. May be NULL without AKA. */
    uint64_t verified;                /**< Bit n: PIN n of the image was presented. */
    struct tern_uicc_channel channels[TERN_UICC_CHANNEL_COUNT];
};

/**
 * Put a profile in, or with `image` NULL take it out: a bare card that has MF, EF.ICCID, EF.DIR and
 * EF.PL with nothing in them. All channels but 0 close, all PINs are forgotten.
 *
 * @return TERN_OK; TERN_ERR_MALFORMED when these bytes are no image, TERN_ERR_IO. The card is
 *         bare then.
 */
int tern_uicc_mount(struct tern_uicc *uicc, const struct tern_image *image,
                    const struct tern_crypto *crypto);

/** A reset of the card: channel 0 on the MF, PINs to be verified again. The profile stays. */
void tern_uicc_reset(struct tern_uicc *uicc);

/** MANAGE CHANNEL open, from channel `origin`: opened from 0 it starts at the MF, opened from
 * another one it inherits what is selected there. TS 102 221, 11.1.17. */
void tern_uicc_channel_open(struct tern_uicc *uicc, unsigned channel, unsigned origin);
void tern_uicc_channel_close(struct tern_uicc *uicc, unsigned channel);

/**
 * Run one command on a channel that is open.
 *
 * Appends the response data to `response` (at most TERN_UICC_RESPONSE_SIZE bytes; room for them is
 * the caller's contract) and returns the status word. Never 61xx: that is transport. A SELECT by
 * AID that no application of the profile matches answers 6A82 and leaves the channel as it was, so
 * the card may ask here first or last.
 */
uint16_t tern_uicc_command(struct tern_uicc *uicc, struct tern_writer *response, unsigned channel,
                           const struct tern_apdu *command);

/** True when the profile has an application whose AID starts with `aid`. */
bool tern_uicc_has_application(const struct tern_uicc *uicc, struct tern_bytes aid);

/** True when an application of the profile is selected on any channel (refreshFlag, sgp22 15.4). */
bool tern_uicc_in_use(const struct tern_uicc *uicc);

#endif
