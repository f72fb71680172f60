/* SPDX-License-Identifier: Apache-2.0 */
/* `tern profile show`: any package as YAML from which `tern profile build` makes the same bytes. */
#include <stdio.h>
#include <stdlib.h>

#include "app/profile/exact.h"
#include "app/profile/lint.h"
#include "app/profile/profile.h"
#include "host/config/options.h"

struct options {
    const char *output;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct options, output, "output", "FILE", "where the YAML goes (0600)"),
};
static const struct option_table TABLE =
    OPTION_TABLE("tern profile show UPP [--output FILE]",
                 "Prints a package as YAML: every element, every byte, keys included.", ROWS);

/* What a person wants to know first: read from the profile as a card would hold it. */
static void summarise(FILE *out, struct tern_bytes upp)
{
    static const char *const ALGORITHMS[] = {"none", "Milenage", "TUAK", "test algorithm"};
    struct installed installed;
    struct image_node node = {0};
    install_package(&installed, upp);
    if (!installed.ok) fprintf(out, "# A card refuses it: see tern profile lint.\n");
    while (installed.ok &&
           image_next(&installed.image, &node, (uint32_t)installed.install.image_size) == 1) {
        const uint8_t *payload = installed.data + node.offset + IMAGE_NODE_SIZE;
        if (node.kind == IMAGE_EF && node.fid == 0x2FE2 && node.size == 10) {
            char iccid[21] = "";
            struct tern_writer text = tern_writer(iccid, 20);
            (void)tern_iccid_to_text(&text, tern_bytes(payload, 10));
            fprintf(out, "# ICCID %s\n", iccid);
        } else if (node.kind == IMAGE_ADF) {
            fputs("# application ", out);
            for (uint32_t i = 0; i < node.used; i++)
                fprintf(out, "%02X", payload[i]);
            fputc('\n', out);
        } else if (node.kind == IMAGE_EF && node.fid == 0x6F07 && node.size == 9) {
            fputs("# IMSI ", out);
            for (size_t i = 1; i < 2u * payload[0] && i < 17; i++) {
                unsigned digit = i % 2 == 0 ? payload[1 + i / 2] & 0x0Fu : payload[1 + i / 2] >> 4;
                if (digit < 10) fprintf(out, "%u", digit);
            }
            fputc('\n', out);
        } else if (node.kind == IMAGE_AKA && payload[AKA_ALGORITHM] < TERN_COUNT_OF(ALGORITHMS)) {
            fprintf(out, "# AKA: %s, key of %u bits\n", ALGORITHMS[payload[AKA_ALGORITHM]],
                    payload[AKA_KEY_SIZE] * 8u);
        }
    }
    if (installed.ok) fprintf(out, "# %zu bytes of card memory\n", installed.install.image_size);
    install_free(&installed);
}

static int show(FILE *out, struct tern_bytes upp, const char *path)
{
    struct tern_bytes rest = upp;
    struct tern_tlv element;
    size_t count = 0, raw = 0;
    int got;
    fprintf(out, "# %s: %zu bytes. Holds keys in the clear.\n", path, upp.size);
    summarise(out, upp);
    fputs("elements:\n", out);
    while ((got = tern_der_next(&rest, &element, TERN_DER_STRICT)) == 1) {
        fprintf(out, "  # %zu bytes at %zu\n", element.raw.size,
                (size_t)(element.raw.data - upp.data));
        if (!exact_write(out, &element)) {
            exact_write_raw(out, &element);
            raw++;
        }
        count++;
    }
    if (got < 0)
        fprintf(stderr, "tern: %s: byte %zu: %s\n", path, upp.size - rest.size,
                tern_error_text(got));
    else if (raw > 0)
        fprintf(stderr, "tern: %zu of %zu elements are shown as raw bytes\n", raw, count);
    return got < 0 || count == 0 ? 1 : 0;
}

int profile_show(int argc, char **argv)
{
    struct options options = {0};
    uint8_t *upp;
    size_t size, text_size = 0;
    char *text = NULL;
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    if (argc != 2) {
        fprintf(stderr, "tern: which package? usage: %s\n", TABLE.usage);
        return 2;
    }
    if (package_load(argv[1], &upp, &size) != TERN_OK) return 2;
    FILE *out = open_memstream(&text, &text_size);
    if (out == NULL) return 2;
    status = show(out, tern_bytes(upp, size), argv[1]);
    fclose(out);
    struct tern_bytes bytes = tern_bytes((const uint8_t *)text, text_size);
    if (status == 0 && profile_write(options.output, bytes) != TERN_OK) status = 2;
    tern_wipe(upp, size);
    tern_wipe(text, text_size);
    free(upp);
    free(text);
    return status;
}
