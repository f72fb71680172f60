/* SPDX-License-Identifier: Apache-2.0 */
/* `tern ipa probe`: what a card says of itself and of its eIMs, for a person or a script. */
#include <stdio.h>
#include <string.h>

#include "app/ipa.h"
#include "host/ipa/es10.h"

struct probe {
    const char *reader;
    bool json;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct probe, reader, "reader", "SPEC", "the card"),
    OPTION_FLAG(struct probe, json, "json", "print JSON"),
};

static const struct option_table TABLE = OPTION_TABLE(
    "tern ipa probe --reader SPEC",
    "What the card says of itself: EID, eIMs, profiles, what waits to be delivered.", ROWS);

static const struct {
    const char *name;
    uint8_t size;
    uint8_t command[8];
} QUESTIONS[] = {
    {"eid",                  6, {0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A}      },
    {"euicc_info1",          3, {0xBF, 0x20, 0x00}                        },
    {"euicc_info2",          3, {0xBF, 0x22, 0x00}                        },
    {"configured_addresses", 3, {0xBF, 0x3C, 0x00}                        },
    {"eims",                 3, {0xBF, 0x55, 0x00}                        },
    {"profiles",             3, {0xBF, 0x2D, 0x00}                        },
    {"notifications",        3, {0xBF, 0x28, 0x00}                        },
    {"results",              7, {0xBF, 0x2B, 0x04, 0xA0, 0x02, 0x82, 0x00}},
};

static int ask(const struct probe *probe, struct es10 *es10, size_t index, bool *first)
{
    static uint8_t memory[65536];
    static char text[2 * sizeof(memory) + 1];
    struct tern_writer answer = TERN_WRITER_OF(memory);
    struct tern_writer hex = tern_writer(text, sizeof(text) - 1);
    int status =
        es10_command(es10, &answer, tern_bytes(QUESTIONS[index].command, QUESTIONS[index].size));
    if (status != TERN_OK && status != TERN_ERR_DENIED) {
        return status;
    }
    tern_hex_encode(&hex, tern_writer_bytes(&answer));
    text[tern_writer_bytes(&hex).size] = '\0';
    if (probe->json) {
        printf("%s\"%s\":\"%s\"", *first ? "{" : ",", QUESTIONS[index].name, text);
    } else if (status == TERN_ERR_DENIED) {
        printf("%-22s %04X\n", QUESTIONS[index].name, es10->sw);
    } else {
        printf("%-22s %s\n", QUESTIONS[index].name, text);
    }
    *first = false;
    return TERN_OK;
}

int ipa_probe(int argc, char **argv)
{
    struct probe probe = {0};
    struct tern_reader reader;
    struct es10 es10;
    bool first = true;
    int status = options_parse(&TABLE, &probe, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (ipa_open_reader(&reader, probe.reader) != 0) {
        return 2;
    }
    status = es10_open(&es10, &reader);
    for (size_t i = 0; status == TERN_OK && i < TERN_COUNT_OF(QUESTIONS); i++) {
        status = ask(&probe, &es10, i, &first);
    }
    if (probe.json && !first) {
        puts("}");
    }
    if (status != TERN_OK) {
        fprintf(stderr, "tern ipa probe: %s\n",
                status == TERN_ERR_NOT_FOUND ? "the card has no ISD-R" : tern_error_text(status));
    } else {
        es10_close(&es10);
    }
    reader.close(reader.context);
    return status == TERN_OK ? 0 : status == TERN_ERR_NOT_FOUND ? 1 : 2;
}
