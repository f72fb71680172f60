/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tern profile try`: install a package into a UICC in this process and talk to it, an APDU a line.
 * What a card would say of the package (EUICCResponse) comes first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/profile/profile.h"
#include "host/config/options.h"
#include "host/crypto/openssl.h"
#include "tern/profile.h"
#include "tern/uicc.h"

#define PACKAGE_SIZE_MAX (4u << 20)
#define IMAGE_SIZE       (1u << 20)
#define ELEMENT_SIZE     (1u << 15) /* as large as a card with some RAM would have it */

struct options {
    uint64_t memory;
    bool exact;
    bool apdu;
    bool json;
};

static const struct option_row ROWS[] = {
    OPTION_UINT(struct options, memory, "memory", 64, IMAGE_SIZE, "bytes the card has left"),
    OPTION_FLAG(struct options, apdu, "apdu",
                "answer APDUs: hexadecimal lines on stdin and stdout"),
    OPTION_FLAG(struct options, exact, "t0", "with T=0's 6Cxx for a Le that is not exact"),
    OPTION_FLAG(struct options, json, "json", "print JSON"),
};
static const struct option_table TABLE =
    OPTION_TABLE("tern profile try UPP [--apdu]",
                 "Installs a package into a UICC in memory. Exit 0 installed, 1 refused.", ROWS);

static void print_outcome(const struct tern_profile_install *install, struct tern_bytes response,
                          const struct options *options)
{
    char hex[700];
    struct tern_writer out = tern_writer(hex, sizeof hex - 1);
    tern_hex_encode(&out, response);
    hex[tern_writer_bytes(&out).size] = '\0';
    const char *status = tern_pe_status_name(install->failure.status);
    if (options->json) {
        printf("{\"installed\":%s,\"status\":\"%s\",\"identification\":%d,\"image_bytes\":%zu,"
               "\"euicc_response\":\"%s\"}\n",
               install->aborted ? "false" : "true", status,
               install->failure.has_identification ? install->failure.identification : -1,
               install->image_size, hex);
    } else if (install->aborted) {
        printf("refused: %s at element %d\n", status,
               install->failure.has_identification ? install->failure.identification : 0);
    } else {
        printf("installed: %zu bytes of card memory, %u elements, %u skipped\n",
               install->image_size, install->element_count, install->report_count);
    }
    fflush(stdout);
}

/* One APDU in hexadecimal to one response. */
static void answer(struct tern_uicc *uicc, const char *line, bool exact)
{
    uint8_t bytes[300], response[TERN_UICC_RESPONSE_SIZE + 2];
    char hex[2 * sizeof response + 1];
    struct tern_writer in = TERN_WRITER_OF(bytes), out = TERN_WRITER_OF(response);
    struct tern_writer text = TERN_WRITER_OF(hex);
    struct tern_apdu apdu = {.exact = exact};
    uint16_t sw = 0x6700;
    size_t size = strcspn(line, " \r\n");
    if (tern_hex_decode(&in, tern_bytes((const uint8_t *)line, size)) == TERN_OK && in.size >= 4 &&
        in.size <= sizeof bytes) {
        apdu.cla = bytes[0];
        apdu.ins = bytes[1];
        apdu.p1 = bytes[2];
        apdu.p2 = bytes[3];
        size_t data = in.size > 5 ? bytes[4] : 0, rest = in.size > 5 ? in.size - 5 - data : 0;
        if (in.size == 5) apdu.le = bytes[4] == 0 ? 256 : bytes[4];
        if (in.size > 5 && data <= in.size - 5) apdu.data = tern_bytes(bytes + 5, data);
        if (in.size > 5 && rest == 1) apdu.le = bytes[5 + data] == 0 ? 256 : bytes[5 + data];
        bool framed = in.size <= 5 || (data <= in.size - 5 && rest <= 1);
        if (framed) sw = tern_uicc_command(uicc, &out, apdu.cla & 3, &apdu);
    }
    tern_write_uint(&out, sw, 2);
    tern_hex_encode(&text, tern_writer_bytes(&out));
    printf("%.*s\n", (int)text.size, hex);
    fflush(stdout);
}

static void talk(const struct tern_image *image, bool exact)
{
    static struct tern_uicc uicc;
    char line[1024];
    if (tern_uicc_mount(&uicc, image, tern_openssl()) != TERN_OK) return;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "reset", 5) == 0) {
            tern_uicc_reset(&uicc);
            puts("ok");
            fflush(stdout);
        } else {
            answer(&uicc, line, exact);
        }
    }
}

int profile_try(int argc, char **argv)
{
    static uint8_t memory[IMAGE_SIZE], element[ELEMENT_SIZE];
    struct options options = {.memory = IMAGE_SIZE};
    struct tern_profile_install install;
    uint8_t *upp, answer_bytes[330];
    struct tern_writer response = TERN_WRITER_OF(answer_bytes);
    size_t size;
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    if (argc != 2 || file_read(argv[1], PACKAGE_SIZE_MAX, &upp, &size) != TERN_OK) {
        fprintf(stderr, "tern: which package? usage: %s\n", TABLE.usage);
        return 2;
    }
    struct tern_image_memory image_memory = {.data = memory, .size = (size_t)options.memory};
    struct tern_profile_install_options install_options = {.image =
                                                               tern_image_in_memory(&image_memory),
                                                           .buffer = element,
                                                           .buffer_size = sizeof element,
                                                           .extra_capability = 1u << 23 | 1u << 24};
    status = tern_profile_install_begin(&install, &install_options);
    if (status == TERN_OK) (void)tern_profile_install_feed(&install, tern_bytes(upp, size));
    if (status == TERN_OK) status = tern_profile_install_finish(&install, &response);
    print_outcome(&install, tern_writer_bytes(&response), &options);
    if (status == TERN_OK && options.apdu) talk(&install_options.image, options.exact);
    tern_wipe(upp, size);
    free(upp);
    return status == TERN_OK ? 0 : 1;
}
