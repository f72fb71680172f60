/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tern bench card: ten thousand eUICCs in one process. What one with two profiles takes in memory,
 * and what an APDU to the SIM costs, one card after the other so that no cache flatters it.
 *
 * The cards are copies of one that was furnished here; each has its own EID, memory and index.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bench_measure.h"
#include "app/benches.h"
#include "app/profile/build.h"
#include "engine/card/state.h"
#include "host/card/blocks.h"
#include "host/config/options.h"
#include "host/crypto/openssl.h"
#include "tern/profile.h"

#define MEMORY 65536

/* Two IoT profiles as the demo describes them. */
static const char DESCRIPTION[] = "type: bench-iot\n"
                                  "iccid: \"8946000000000000001%d\"\n"
                                  "pins:\n"
                                  "  pin1: {value: \"1234\", enabled: no}\n"
                                  "usim:\n"
                                  "  imsi: \"24001000000000%d\"\n"
                                  "  mnc_length: 2\n"
                                  "aka: {algorithm: milenage, key: "
                                  "\"000102030405060708090A0B0C0D0E0F\", opc: "
                                  "\"101112131415161718191A1B1C1D1E1F\"}\n";

struct one_card {
    struct tern_card card;
    struct card_blocks blocks;
    struct tern_card_store_entry *entries;
};

struct fleet {
    struct one_card *cards;
    size_t count;
    uint8_t *work; /* shared: none of them is in the middle of something */
};

static size_t entry_count(void)
{
    return TERN_CARD_ENTRY_COUNT(MEMORY);
}

static int start(struct one_card *one, uint64_t number)
{
    struct tern_card_config config = {
        .crypto = tern_openssl(),
        .blocks = &one->blocks.blocks,
        .entries = one->entries,
        .entry_capacity = entry_count(),
        .memory = MEMORY,
    };
    for (size_t i = 0; i < 8; i++)
        config.eid[15 - i] = (uint8_t)(number >> 8 * i);
    return tern_card_init(&one->card, &config);
}

static int open_card(struct one_card *one)
{
    card_blocks_open_memory(&one->blocks, MEMORY + TERN_CARD_BANK_SLACK);
    one->entries = calloc(entry_count(), sizeof *one->entries);
    return one->entries == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

static int describe(struct tern_writer *out, int number)
{
    char text[sizeof DESCRIPTION + 16];
    char error[256];
    struct config *config = NULL;
    snprintf(text, sizeof text, DESCRIPTION, number, number);
    int status = config_parse(&config, "bench", tern_bytes_text(text), error, sizeof error);
    if (status != TERN_OK) return status;
    struct build *build = build_new(config_root(config));
    if (build == NULL) status = TERN_ERR_NO_SPACE;
    if (status == TERN_OK) status = build_description(build, 0);
    if (status == TERN_OK) tern_write(out, tern_writer_bytes(&build->upp));
    if (build != NULL) build_free(build);
    config_free(config);
    return status;
}

/* Install into slot `slot`, as LoadBoundProfilePackage does behind its cryptography. */
static int install(struct one_card *one, int slot)
{
    static uint8_t upp[65536];
    static uint8_t element[16384];
    uint8_t response[256];
    struct tern_card_image context;
    struct tern_profile_install state;
    struct tern_writer package = TERN_WRITER_OF(upp);
    struct tern_writer sima = TERN_WRITER_OF(response);
    struct tern_profile_install_options options = {
        .image = state_image(&context, &one->card, slot, 30000),
        .buffer = element,
        .buffer_size = sizeof element,
    };
    int status = describe(&package, slot);
    if (status == TERN_OK) status = tern_profile_install_begin(&state, &options);
    if (status == TERN_OK) {
        status = tern_profile_install_feed(&state, tern_writer_bytes(&package));
    }
    if (status >= 0) status = tern_profile_install_finish(&state, &sima);
    if (status != TERN_OK) return status;
    struct tern_card_profile *profile = &one->card.profiles[slot];
    *profile = (struct tern_card_profile){
        .used = true,
        .installed = true,
        .enabled = slot == 0,
        .profile_class = 2,
        .isdp = (uint16_t)(16 + slot),
        .image_size = (uint32_t)state.image_size,
    };
    memcpy(profile->iccid, state.iccid, sizeof profile->iccid);
    status = state_save_profile(&one->card, slot);
    return status == TERN_OK ? state_commit(&one->card) : status;
}

static int clone(struct one_card *one, const struct one_card *from, uint64_t number)
{
    int status = open_card(one);
    for (unsigned bank = 0; bank < 2 && status == TERN_OK; bank++) {
        size_t size = from->blocks.size[bank];
        if (size == 0) continue;
        one->blocks.data[bank] = malloc(size);
        if (one->blocks.data[bank] == NULL) return TERN_ERR_NO_SPACE;
        memcpy(one->blocks.data[bank], from->blocks.data[bank], size);
        one->blocks.size[bank] = size;
        one->blocks.capacity[bank] = size;
        one->blocks.synced[bank] = size;
    }
    return status == TERN_OK ? start(one, number) : status;
}

static int make_fleet(struct fleet *fleet)
{
    struct one_card *first = &fleet->cards[0];
    int status = open_card(first);
    if (status == TERN_OK) status = start(first, 0);
    if (status == TERN_OK) status = install(first, 0);
    if (status == TERN_OK) status = install(first, 1);
    if (status == TERN_OK) status = tern_card_reset(&first->card);
    for (size_t i = 1; i < fleet->count && status == TERN_OK; i++) {
        status = clone(&fleet->cards[i], first, i);
    }
    return status;
}

static uint16_t apdu(struct one_card *one, const uint8_t *command, size_t size)
{
    uint8_t bytes[TERN_CARD_RESPONSE_SIZE];
    struct tern_writer out = TERN_WRITER_OF(bytes);
    tern_card_transmit(&one->card, &out, tern_bytes(command, size));
    return (uint16_t)(bytes[out.size - 2] << 8 | bytes[out.size - 1]);
}

/* One APDU: the next of a short story, on the next card. */
static int step(void *context, uint64_t index)
{
    static const uint8_t SELECT_USIM[] = {0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0,
                                          0x00, 0x00, 0x00, 0x87, 0x10, 0x02};
    static const uint8_t SELECT_IMSI[] = {0x00, 0xA4, 0x00, 0x0C, 0x02, 0x6F, 0x07};
    static const uint8_t READ[] = {0x00, 0xB0, 0x00, 0x00, 0x09};
    static const uint8_t STATUS[] = {0x80, 0xF2, 0x00, 0x0C};
    static const uint8_t AUTHENTICATE[39] = {0x00, 0x88, 0x00, 0x81, 0x22, 0x10, [22] = 0x10};
    static const struct {
        const uint8_t *command;
        size_t size;
        uint16_t status;
    } STORY[] = {
        {SELECT_USIM,  sizeof SELECT_USIM,  0x9000},
        {SELECT_IMSI,  sizeof SELECT_IMSI,  0x9000},
        {READ,         sizeof READ,         0x9000},
        {STATUS,       sizeof STATUS,       0x9000},
        {AUTHENTICATE, sizeof AUTHENTICATE, 0x9862}, /* nobody knows its MAC */
    };
    struct fleet *fleet = context;
    size_t line = index / fleet->count % TERN_COUNT_OF(STORY);
    struct one_card *one = &fleet->cards[index % fleet->count];
    tern_card_lend(&one->card, fleet->work, TERN_CARD_WORK_SIZE);
    uint16_t status = apdu(one, STORY[line].command, STORY[line].size);
    tern_card_lend(&one->card, NULL, 0);
    /* The measurement begins anew in the middle of the story: then files are not selected. */
    return status == STORY[line].status || (line > 0 && status != 0x6F00) ? 0 : 2;
}

static void print_memory(const struct fleet *fleet)
{
    const struct one_card *one = &fleet->cards[fleet->count - 1];
    size_t state = card_blocks_memory(&one->blocks);
    size_t whole = sizeof *one + entry_count() * sizeof *one->entries + state;
    printf("{\"bench\":\"card.memory\",\"cards\":%zu,\"profiles\":2,\"bytes\":%zu,"
           "\"state_bytes\":%zu}\n",
           fleet->count, whole, state);
}

struct options {
    uint64_t cards;
};
static const struct option_row ROWS[] = {
    OPTION_UINT(struct options, cards, "cards", 1, 1000000, "how many; 10000"),
};
static const struct option_table TABLE = OPTION_TABLE(
    "tern bench card [--cards N]",
    "Memory of a card with two profiles, and the CPU time of an APDU over all of them.", ROWS);

int bench_card(int argc, char **argv)
{
    static struct options options;
    options = (struct options){.cards = 10000};
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    struct fleet fleet = {
        .cards = calloc(options.cards, sizeof *fleet.cards),
        .count = options.cards,
        .work = malloc(TERN_CARD_WORK_SIZE),
    };
    status = fleet.cards == NULL || fleet.work == NULL ? TERN_ERR_NO_SPACE : make_fleet(&fleet);
    if (status == TERN_OK) {
        struct bench_result result;
        print_memory(&fleet);
        status = bench_measure(&result, step, &fleet);
        if (status == 0) bench_print("card.apdu", &result, 0);
    } else {
        fprintf(stderr, "tern bench card: %s\n", tern_error_text(status));
    }
    for (size_t i = 0; fleet.cards != NULL && i < fleet.count; i++) {
        if (fleet.cards[i].entries == NULL) break;
        card_blocks_close(&fleet.cards[i].blocks);
        free(fleet.cards[i].entries);
    }
    free(fleet.cards);
    free(fleet.work);
    return status == TERN_OK ? 0 : 2;
}
