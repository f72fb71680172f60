/* SPDX-License-Identifier: Apache-2.0 */
/* tern euicc: make a software eUICC, serve it at its front doors, look into it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/euicc.h"
#include "app/verbs.h"
#include "host/card/modem_door.h"
#include "host/card/socket_door.h"
#include "host/card/stdio_door.h"
#include "host/config/options.h"
#include "host/config/ready.h"

struct create_options {
    const char *pki, *eid, *root_ds;
    uint64_t memory;
    struct option_list curve, quirk, rat;
    bool t1, consumer, without_iot, ipae, uicc_reset;
};

static const struct option_row CREATE_ROWS[] = {
    OPTION_TEXT(struct create_options, pki, "pki", "DIR", "the PKI whose EUM makes the card"),
    OPTION_TEXT(struct create_options, eid, "eid", "EID", "32 digits"),
    OPTION_UINT(struct create_options, memory, "memory", 32768, 1u << 28, "bytes for profiles"),
    OPTION_LIST(struct create_options, curve, "curve", "p256|brainpool",
                "its CIs in order of preference (repeatable); all of the PKI"),
    OPTION_LIST(struct create_options, quirk, "quirk", "LEVEL",
                "v1.0, v1.1, v1.2, v1.3 or a single deviation (repeatable)"),
    OPTION_LIST(struct create_options, rat, "rat", "PPRS:MCCMNC[:consent]",
                "a row of the RAT, such as ppr1,ppr2:240EEE (repeatable); any operator"),
    OPTION_TEXT(struct create_options, root_ds, "root-ds", "FQDN", "the root SM-DS"),
    OPTION_FLAG(struct create_options, t1, "t1", "speak T=1 in place of T=0"),
    OPTION_FLAG(struct create_options, consumer, "consumer", "offer ES10c of SGP.22 as well"),
    OPTION_FLAG(struct create_options, without_iot, "without-iot",
                "nothing of SGP.32: a pure SGP.22 card"),
    OPTION_FLAG(struct create_options, ipae, "ipae", "say that an IPAe is supported"),
    OPTION_FLAG(struct create_options, uicc_reset, "uicc-reset",
                "ask for REFRESH as UICC Reset, not as eUICC Profile State Change"),
};
static const struct option_table CREATE_TABLE = OPTION_TABLE(
    "tern euicc create DIR --pki DIR --eid EID [OPTION ...]",
    "Makes a card: its certificates come from the PKI, its memory is empty.", CREATE_ROWS);

static int run_create(int argc, char **argv)
{
    static struct create_options options;
    options = (struct create_options){.memory = CARD_MEMORY_DEFAULT};
    int status = options_parse(&CREATE_TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    if (argc != 2 || options.pki == NULL || options.eid == NULL) {
        fprintf(stderr, "usage: %s\n", CREATE_TABLE.usage);
        return 2;
    }
    struct card_plan plan = {
        .pki = options.pki,
        .eid = options.eid,
        .memory = options.memory,
        .curves = options.curve.items,
        .curve_count = options.curve.count,
        .quirks = options.quirk.items,
        .quirk_count = options.quirk.count,
        .rat = options.rat.items,
        .rat_count = options.rat.count,
        .root_ds = options.root_ds,
        .t1 = options.t1,
        .consumer = options.consumer || options.without_iot,
        .without_iot = options.without_iot,
        .ipae = options.ipae,
        .uicc_reset = options.uicc_reset,
    };
    struct card_error error;
    status = card_directory_create(argv[1], &plan, &error);
    if (status == TERN_OK) return 0;
    fprintf(stderr, "tern euicc: %s\n", error.text);
    return status == TERN_ERR_CONFLICT ? 1 : 2;
}

struct serve_options {
    const char *vpcd, *modem, *ready, *trace;
    struct option_list listen;
    uint64_t power_cut_after;
    bool stdio, fast, no_csim;
};

static const struct option_row SERVE_ROWS[] = {
    OPTION_LIST(struct serve_options, listen, "listen", "unix:PATH|HOST:PORT",
                "take readers there; once a card (repeatable), port 0 is any free one"),
    OPTION_TEXT(struct serve_options, vpcd, "vpcd", "HOST:PORT", "connect to the vpcd of pcscd"),
    OPTION_FLAG(struct serve_options, stdio, "stdio", "speak JSON lines on stdin and stdout"),
    OPTION_TEXT(struct serve_options, modem, "modem", "LINK", "be a modem on a pty named LINK"),
    OPTION_FLAG(struct serve_options, no_csim, "no-csim",
                "the modem refuses AT+CSIM and leaves CCHO, CGLA and CCHC"),
    OPTION_TEXT(struct serve_options, ready, "ready", "FILE", "write where it listens, as JSON"),
    OPTION_TEXT(struct serve_options, trace, "trace", "DIR", "keep every APDU"),
    OPTION_UINT(struct serve_options, power_cut_after, "power-cut-after", 0, UINT64_MAX,
                "for tests: lose power at the write after so many, exit 75"),
    OPTION_FLAG(struct serve_options, fast, "fast", "do not sync the files at every change"),
};
static const struct option_table SERVE_TABLE =
    OPTION_TABLE("tern euicc serve DIR ... [OPTION ...]",
                 "Puts cards into readers. Several readers may share a card.", SERVE_ROWS);

/** One card at its doors. */
struct seat {
    struct card_host host;
    struct powered_card card;
    struct socket_door *door;
    char address[256];
};

static int open_doors(struct loop *loop, struct seat *seats, size_t count,
                      const struct serve_options *options, struct card_error *error)
{
    for (size_t i = 0; i < options->listen.count; i++) {
        seats[i].door = socket_door_listen(loop, &seats[i].card, options->listen.items[i],
                                           seats[i].address, sizeof seats[i].address, error);
        if (seats[i].door == NULL) return TERN_ERR_IO;
    }
    if (options->vpcd != NULL) {
        seats[count - 1].door =
            socket_door_connect(loop, &seats[count - 1].card, options->vpcd, error);
        if (seats[count - 1].door == NULL) return TERN_ERR_IO;
    }
    return TERN_OK;
}

static int tell_ready(const struct seat *seats, size_t count, const struct serve_options *options)
{
    struct ready_entry *entries = calloc(count + 2, sizeof *entries);
    size_t used = 0;
    if (entries == NULL) return TERN_ERR_NO_SPACE;
    for (size_t i = 0; i < count; i++) {
        if (seats[i].address[0] == 0) continue;
        if (i == 0) entries[used++] = (struct ready_entry){"card", seats[i].address};
        entries[used++] = (struct ready_entry){seats[i].host.eid, seats[i].address};
    }
    if (options->modem != NULL) entries[used++] = (struct ready_entry){"modem", options->modem};
    int status = ready_write(options->ready, entries, used);
    free(entries);
    return status;
}

static int serve(struct seat *seats, size_t count, const struct serve_options *options,
                 struct card_error *error)
{
    if (options->stdio) return stdio_door_serve(&seats[0].card, stdin, stdout);
    struct loop *loop = loop_new();
    if (loop == NULL) return TERN_ERR_NO_SPACE;
    struct modem_door *modem = NULL;
    int status = open_doors(loop, seats, count, options, error);
    if (status == TERN_OK && options->modem != NULL) {
        modem = modem_door_open(loop, &seats[0].card, options->modem, options->no_csim, error);
        if (modem == NULL) status = TERN_ERR_IO;
    }
    if (status == TERN_OK) status = loop_stop_on_signals(loop);
    if (status == TERN_OK) status = tell_ready(seats, count, options);
    if (status == TERN_OK) status = loop_run(loop);
    modem_door_close(modem);
    for (size_t i = 0; i < count; i++)
        socket_door_close(seats[i].door);
    loop_free(loop);
    return status;
}

static int run_serve(int argc, char **argv)
{
    static struct serve_options options;
    options = (struct serve_options){.power_cut_after = UINT64_MAX};
    int status = options_parse(&SERVE_TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    size_t count = argc < 1 ? 0 : (size_t)argc - 1;
    bool doors = options.listen.count > 0 || options.vpcd || options.stdio || options.modem;
    if (count == 0 || !doors || options.listen.count > count) {
        fprintf(stderr, "usage: %s\n", SERVE_TABLE.usage);
        return 2;
    }
    struct seat *seats = calloc(count, sizeof *seats);
    struct trace *trace = trace_open(options.trace, "euicc");
    struct card_error error = {""};
    size_t open = 0;
    if (seats == NULL) return 2;
    for (status = TERN_OK; open < count && status == TERN_OK; open++) {
        struct seat *seat = &seats[open];
        status = card_directory_open(&seat->host, argv[1 + open], &error);
        if (status != TERN_OK) break;
        seat->card = (struct powered_card){&seat->host, trace};
        seat->host.blocks.fast = options.fast;
        if (options.power_cut_after != UINT64_MAX) {
            card_blocks_power(&seat->host.blocks, options.power_cut_after);
        }
    }
    if (status == TERN_OK) status = serve(seats, count, &options, &error);
    for (size_t i = 0; i < open; i++) {
        power_reset(&seats[i].card);
        card_directory_close(&seats[i].host);
    }
    power_release_pool();
    trace_close(trace);
    free(seats);
    if (status == TERN_OK) return 0;
    fprintf(stderr, "tern euicc: %s\n", error.text[0] != 0 ? error.text : tern_error_text(status));
    return 2;
}

static const struct command_row COMMANDS[] = {
    {"create", run_create,     "make a card from a PKI"       },
    {"serve",  run_serve,      "put cards into readers"       },
    {"show",   euicc_run_show, "its state, without any reader"},
    {NULL,     NULL,           NULL                           },
};

int verb_euicc(int argc, char **argv)
{
    return command_run("tern euicc create|serve|show ...", COMMANDS, argc, argv);
}
