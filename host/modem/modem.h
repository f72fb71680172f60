/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A simulated modem: brings the SIM behind a reader into a simulated network.
 *
 * It does what a modem does with the card (sgp22.md 16.9 as saip.md has it): reads EF.ICCID,
 * selects the USIM, reads IMSI and EF.AD, runs AUTHENTICATE with the challenge of the network,
 * compares keys. The radio is `tern network serve` (host/network); which networks are in reach says
 * a coverage file, read again at each attempt, so that a test can move the device:
 *
 *     networks:
 *       - {plmn: "24001", address: "unix:/tmp/sweden.sock"}
 *
 * It uses the basic logical channel; an IPA may talk to the ISD-R on another one in between.
 */
#ifndef HOST_MODEM_MODEM_H
#define HOST_MODEM_MODEM_H

#include "host/reader/reader.h"

enum modem_cause {
    MODEM_ATTACHED = 0,
    MODEM_NO_SIM,          /**< no card, or no USIM in it: no profile is enabled */
    MODEM_PIN_NEEDED,      /**< PIN1 is enabled and was not presented */
    MODEM_NO_COVERAGE,     /**< no network in reach */
    MODEM_REFUSED,         /**< the network refused; `why` has its words */
    MODEM_WRONG_NETWORK,   /**< the card refused the network's challenge (9862) */
    MODEM_WRONG_KEYS,      /**< the network's confirmation is wrong: CK or IK differ */
    MODEM_NETWORK_FAILURE, /**< the network did not answer */
    MODEM_CARD_FAILURE,    /**< the card answered with an error, see `why` */
};

struct modem {
    struct tern_reader *reader; /**< Borrowed. */
    const char *coverage;       /**< Path of the coverage file. */
    const char *pin;            /**< PIN1 to present when it is asked for; NULL: none. */

    /* What it knows. Read only. */
    bool registered;
    char plmn[8];      /**< of the network it is registered in */
    char address[260]; /**< of that network */
    char iccid[21];    /**< digits; "" when it could not be read */
    char imsi[16];
};

struct modem_result {
    enum modem_cause cause;
    char plmn[8]; /**< attached: the network's; else the last one that was tried, or "" */
    char network_name[64];
    char iccid[21];
    char imsi[16];
    bool resynchronised; /**< the card asked for another sequence number on the way */
    char why[256];       /**< a sentence for a person; "" when attached */
};

/** "attached", "no-sim" ... */
const char *modem_cause_name(enum modem_cause cause);

/**
 * Attach with the profile that is enabled now: tries the networks in coverage, the IMSI's home
 * network first. @return true when attached.
 */
bool modem_attach(struct modem *modem, struct modem_result *result);

/**
 * Can data flow: registered, the network is still in coverage, and it says so. Does not touch the
 * card. A modem that lost its network has to attach again.
 */
bool modem_data(struct modem *modem);

/** Forget the registration: after a profile was switched, or a power cut. */
void modem_detach(struct modem *modem);

/**
 * A command ended with 91xx: FETCH what the card wants (xx bytes, 0 is 256), do it, and tell the
 * card. A REFRESH with UICC reset resets the card, any REFRESH detaches the modem.
 *
 * @return TERN_OK (also when the command was none that it knows: it was answered as such),
 *         TERN_ERR_IO and others of the reader.
 */
int modem_fetch(struct modem *modem, unsigned size);

/** One exchange on the basic channel with 61xx and 6Cxx done. `sw` gets the status word. */
int modem_transmit(struct tern_reader *reader, struct tern_bytes command, struct tern_writer *data,
                   uint16_t *sw);

#endif
