/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated modem behind a device: see radio.h. */
#include "host/ipa/radio.h"

#include <stdio.h>
#include <string.h>

#include "host/log/log.h"

static int attach(void *context)
{
    struct radio *radio = context;
    struct modem_result result;
    modem_detach(&radio->modem);
    bool attached = modem_attach(&radio->modem, &result);
    log_info("modem.attach", "cause", modem_cause_name(result.cause), "plmn", result.plmn, "iccid",
             result.iccid, "why", result.why);
    return attached ? TERN_OK : TERN_ERR_IO;
}

static int switched(void *context)
{
    struct radio *radio = context;
    radio->proving = true;
    return attach(context);
}

static bool covered(void *context)
{
    struct radio *radio = context;
    if (radio->modem.registered && modem_data(&radio->modem)) {
        return true;
    }
    return radio->gateway && !radio->proving;
}

static void settled(void *context)
{
    struct radio *radio = context;
    radio->proving = false;
}

/* MCC and MNC as TS 24.008 has them: "24001" is 42 F0 10. */
static void rplmn(void *context, uint8_t out[3])
{
    const struct radio *radio = context;
    const char *plmn = radio->modem.plmn;
    size_t size = strlen(plmn);
    if (!radio->modem.registered || size < 5) {
        memset(out, 0, 3);
        return;
    }
    unsigned third = size > 5 ? (unsigned)(plmn[5] - '0') : 0x0F;
    out[0] = (uint8_t)((plmn[1] - '0') << 4 | (plmn[0] - '0'));
    out[1] = (uint8_t)(third << 4 | (unsigned)(plmn[2] - '0'));
    out[2] = (uint8_t)((plmn[4] - '0') << 4 | (plmn[3] - '0'));
}

int radio_open(struct radio *radio, struct device_modem *device, const char *text,
               struct tern_reader *reader)
{
    static const char PREFIX[] = "sim:";
    static const char GATEWAY[] = ",gateway";
    memset(radio, 0, sizeof(*radio));
    if (text == NULL || strcmp(text, "none") == 0) {
        return TERN_OK;
    }
    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0) {
        return TERN_ERR_MALFORMED;
    }
    text += strlen(PREFIX);
    size_t size = strlen(text);
    size_t ending = strlen(GATEWAY);
    if (size > ending && strcmp(text + size - ending, GATEWAY) == 0) {
        radio->gateway = true;
        size -= ending;
    }
    if (size == 0 || size >= sizeof(radio->coverage)) {
        return TERN_ERR_MALFORMED;
    }
    memcpy(radio->coverage, text, size);
    radio->modem = (struct modem){.reader = reader, .coverage = radio->coverage};
    *device = (struct device_modem){.context = radio,
                                    .attach = attach,
                                    .switched = switched,
                                    .settled = settled,
                                    .covered = covered,
                                    .rplmn = rplmn};
    return TERN_OK;
}
