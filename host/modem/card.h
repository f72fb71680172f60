/* SPDX-License-Identifier: Apache-2.0 */
/* What the modem asks of the card. Errors of the reader are negative, the rest is in the sw. */
#ifndef HOST_MODEM_CARD_H
#define HOST_MODEM_CARD_H

#include "host/modem/modem.h"

/* Outcome of AUTHENTICATE in the 3G context. Holds secrets. */
struct card_answer {
    uint16_t sw;
    bool sync_failure;
    uint8_t auts[14];
    uint8_t res[16];
    size_t res_size;
    uint8_t ck[16];
    uint8_t ik[16];
};

/* EF.ICCID as digits; "" when there is none. */
int card_iccid(struct tern_reader *reader, char iccid[21]);
/* Select the USIM and read EF.IMSI. TERN_ERR_NOT_FOUND when there is no USIM. */
int card_imsi(struct tern_reader *reader, char imsi[16], uint16_t *sw);
int card_verify_pin(struct tern_reader *reader, const char *pin, uint16_t *sw);
int card_authenticate(struct tern_reader *reader, struct card_answer *answer,
                      const uint8_t rand[16], const uint8_t autn[16]);

#endif
