/* SPDX-License-Identifier: Apache-2.0 */
/* One APDU to a card of this process. Idle cards give their work memory back to the pool. */
#include "host/card/power.h"

#include <stdlib.h>
#include <unistd.h>

#include "host/loop/loop.h"

/** Free pieces, linked through their first bytes. One thread serves all cards. */
static uint8_t *pool;

static uint8_t *take_work(void)
{
    uint8_t *work = pool;
    if (work == NULL) return malloc(TERN_CARD_WORK_SIZE);
    pool = *(uint8_t **)(void *)work;
    return work;
}

static void give_work(uint8_t *work)
{
    *(uint8_t **)(void *)work = pool;
    pool = work;
}

void power_release_pool(void)
{
    while (pool != NULL) {
        uint8_t *work = pool;
        pool = *(uint8_t **)(void *)work;
        free(work);
    }
}

/** A chip whose power went says nothing more; the test starts another process. */
static void die_when_cut(const struct powered_card *powered)
{
    if (powered->host->blocks.cut) _exit(POWER_CUT_STATUS);
}

void power_transmit(struct powered_card *powered, struct tern_writer *response,
                    struct tern_bytes command)
{
    struct tern_card *card = &powered->host->card;
    if (card->work == NULL) {
        uint8_t *work = take_work();
        if (work == NULL) {
            tern_write_uint(response, 0x6F00, 2);
            return;
        }
        tern_card_lend(card, work, TERN_CARD_WORK_SIZE);
    }
    size_t start = response->size;
    tern_card_time(card, loop_now_ms());
    tern_card_transmit(card, response, command);
    die_when_cut(powered);
    trace_message(powered->trace, "command", "apdu", command);
    trace_message(powered->trace, "response", "apdu",
                  tern_bytes_slice(tern_writer_bytes(response), start, SIZE_MAX));
    if (!tern_card_busy(card)) {
        uint8_t *work = card->work;
        tern_card_lend(card, NULL, 0);
        give_work(work);
    }
}

void power_reset(struct powered_card *powered)
{
    struct tern_card *card = &powered->host->card;
    (void)tern_card_reset(card);
    die_when_cut(powered);
    if (card->work != NULL) {
        uint8_t *work = card->work;
        tern_card_lend(card, NULL, 0);
        give_work(work);
    }
}
