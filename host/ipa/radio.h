/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The simulated modem as a device's link: `--modem sim:COVERAGE[,gateway]`.
 *
 * With "gateway" the device has a second way out (a gateway at the dock, a phone): what the radio
 * cannot carry goes there. One thing never does: what has to prove a profile that was just switched
 * on. After a switch only the radio counts, until the result got through or was rolled back, else
 * a device with a second link would never notice that its new profile has no network
 * (SGP.32, 3.3.2).
 */
#ifndef HOST_IPA_RADIO_H
#define HOST_IPA_RADIO_H

#include "host/ipa/device.h"
#include "host/modem/modem.h"

struct radio {
    struct modem modem;
    char coverage[512];
    bool gateway;
    bool proving; /**< a profile was just switched: only the radio counts */
};

/**
 * From the option's text; "none" or NULL leaves `device` without a modem. `reader` must outlive the
 * radio. @return TERN_OK or TERN_ERR_MALFORMED.
 */
int radio_open(struct radio *radio, struct device_modem *device, const char *text,
               struct tern_reader *reader);

#endif
