/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tern ipa inject`: what malware on a device can do, and a tool for tests. It talks to the card
 * behind the IPA's back; the card has to say no by itself.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/ipa.h"
#include "host/config/files.h"
#include "host/ipa/es10.h"
#include "tern/bpp.h"

#define FILE_SIZE_MAX (4 * 1024 * 1024)

struct inject {
    const char *reader;
    bool json;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct inject, reader, "reader", "SPEC", "the card"),
    OPTION_FLAG(struct inject, json, "json", "print JSON"),
};

static const struct option_table TABLE = OPTION_TABLE(
    "tern ipa inject --reader SPEC FILE|HEX ...",
    "Sends ES10 requests to the card as they are (DER or hex, in a file or right here) and prints\n"
    "the answers in hex. A bound profile package (BF36) goes in segments.",
    ROWS);

/* Hex text becomes bytes; anything else stays. */
static struct tern_bytes from_hex(uint8_t *data, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        if (isxdigit(data[i])) {
            continue;
        }
        if (!isspace(data[i])) {
            return tern_bytes(data, size);
        }
    }
    for (size_t i = 0; i < size; i++) {
        if (!isspace(data[i])) {
            data[kept++] = data[i];
        }
    }
    struct tern_writer out = tern_writer(data, kept / 2);
    return tern_hex_decode(&out, tern_bytes(data, kept)) == TERN_OK ? tern_writer_bytes(&out)
                                                                    : tern_bytes(data, size);
}

static int send_package(struct es10 *es10, struct tern_writer *answer, struct tern_bytes package)
{
    struct tern_bpp_segmenter segmenter;
    struct tern_bytes segment;
    memset(&segmenter, 0, sizeof(segmenter));
    int status = TERN_OK;
    while (status == TERN_OK && answer->size == 0 &&
           tern_bpp_next_segment(&segmenter, &segment, &package) == 1) {
        status = es10_command(es10, answer, segment);
    }
    return status;
}

static void print_answer(const struct inject *inject, const struct es10 *es10,
                         struct tern_bytes answer)
{
    char *text = malloc(answer.size * 2 + 1);
    if (text == NULL) {
        return;
    }
    struct tern_writer out = tern_writer(text, answer.size * 2);
    tern_hex_encode(&out, answer);
    text[answer.size * 2] = '\0';
    if (inject->json) {
        printf("{\"sw\":\"%04X\",\"answer\":\"%s\"}\n", es10->sw, text);
    } else {
        printf("%04X %s\n", es10->sw, text);
    }
    free(text);
}

static int send_file(const struct inject *inject, struct es10 *es10, const char *name)
{
    static uint8_t memory[65536];
    struct tern_writer answer = TERN_WRITER_OF(memory);
    uint8_t *data;
    size_t size;
    if (file_read(name, FILE_SIZE_MAX, &data, &size) != TERN_OK) {
        size = strlen(name);
        data = (uint8_t *)strdup(name);
        if (data == NULL || strspn(name, "0123456789abcdefABCDEF") != size) {
            fprintf(stderr, "tern ipa inject: cannot read %s\n", name);
            free(data);
            return 2;
        }
    }
    struct tern_bytes message = from_hex(data, size);
    bool package = message.size > 2 && message.data[0] == 0xBF && message.data[1] == 0x36;
    int status =
        package ? send_package(es10, &answer, message) : es10_command(es10, &answer, message);
    free(data);
    if (status != TERN_OK && status != TERN_ERR_DENIED) {
        fprintf(stderr, "tern ipa inject: %s\n", tern_error_text(status));
        return 2;
    }
    print_answer(inject, es10, tern_writer_bytes(&answer));
    return status == TERN_OK ? 0 : 1;
}

int ipa_inject(int argc, char **argv)
{
    struct inject inject = {0};
    struct tern_reader reader;
    struct es10 es10;
    int status = options_parse(&TABLE, &inject, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (ipa_open_reader(&reader, inject.reader) != 0) {
        return 2;
    }
    if (es10_open(&es10, &reader) != TERN_OK) {
        fputs("tern ipa inject: the card has no ISD-R\n", stderr);
        reader.close(reader.context);
        return 2;
    }
    status = 0;
    for (int i = 1; i < argc && status != 2; i++) {
        int outcome = send_file(&inject, &es10, argv[i]);
        status = outcome > status ? outcome : status;
    }
    es10_close(&es10);
    reader.close(reader.context);
    return status;
}
