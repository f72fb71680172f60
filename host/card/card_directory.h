/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A card as a directory: who it is, its keys, its non-volatile memory.
 *
 *     DIR/card.yaml           EID, memory, quirks, protocol
 *     DIR/pki/...             CI, EUM and eUICC certificates and the eUICC's keys (host/pki)
 *     DIR/state-0, state-1    the two banks (host/card/blocks.h)
 *     DIR/lock                held by the process that uses the card
 */
#ifndef HOST_CARD_CARD_DIRECTORY_H
#define HOST_CARD_CARD_DIRECTORY_H

#include "host/card/blocks.h"
#include "host/pki/pki.h"
#include "tern/card.h"

#define CARD_MEMORY_DEFAULT 524288

/** What `tern euicc create` is asked for. */
struct card_plan {
    const char *pki; /**< A PKI directory with an EUM's key. */
    const char *eid; /**< 32 digits */
    uint64_t memory; /**< Bytes */
    const char *const
        *curves; /**< "p256", "brainpool": order of preference; none: all of the PKI */
    size_t curve_count;
    const char *const *quirks; /**< Names of levels and deviations */
    size_t quirk_count;
    const char *const
        *rat; /**< Rows "ppr1,ppr2:MCCMNC[:consent]", E any digit; none: any operator */
    size_t rat_count;
    const char *root_ds;
    bool t1;
    bool consumer;    /**< ES10c as well */
    bool without_iot; /**< SGP.22 only */
    bool ipae;
    bool uicc_reset; /**< REFRESH as UICC Reset */
};

struct card_error {
    char text[256];
};

/** Make the directory. TERN_ERR_CONFLICT when there is a card in it already. */
int card_directory_create(const char *directory, const struct card_plan *plan,
                          struct card_error *error);

/** An open card. */
struct card_host {
    struct tern_card card;
    struct tern_card_config config;
    struct card_blocks blocks;
    struct tern_card_ci cis[TERN_CARD_CI_COUNT_MAX];
    struct tern_pki *pki;
    struct tern_card_store_entry *entries;
    uint8_t *rat;
    char *root_ds;
    char eid[33];
    int lock;
};

/** Open and power on. The struct stays where it is until card_directory_close(). */
int card_directory_open(struct card_host *host, const char *directory, struct card_error *error);
void card_directory_close(struct card_host *host);

#endif
