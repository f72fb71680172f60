/* SPDX-License-Identifier: Apache-2.0 */
/* `tern profile build`: a package and its metadata from a description in YAML. */
#include <stdio.h>
#include <stdlib.h>

#include "app/profile/build.h"

#include "app/profile/profile.h"
#include "host/config/options.h"

struct options {
    const char *output;
    const char *metadata;
    uint64_t size;
    bool json;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct options, output, "output", "UPP", "where the package goes; - is stdout"),
    OPTION_TEXT(struct options, metadata, "metadata", "FILE",
                "write StoreMetadataRequest (BF25, DER) as well"),
    OPTION_UINT(struct options, size, "size", 0, PROFILE_SIZE_MAX,
                "pad with files to exactly this many bytes"),
    OPTION_FLAG(struct options, json, "json", "print what was built as JSON"),
};
static const struct option_table TABLE =
    OPTION_TABLE("tern profile build FILE.yaml [-o UPP] [OPTION ...]",
                 "Builds a profile package from a description (docs/FORMATS.md).", ROWS);

static int write_metadata(struct config_node root, const char *path)
{
    static uint8_t buffer[8192];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    if (build_metadata(root, &out) != TERN_OK) return TERN_ERR_MALFORMED;
    return profile_write(path, tern_writer_bytes(&out));
}

static int build_from(struct config *config, const struct options *options, const char *output)
{
    struct build *build = build_new(config_root(config));
    int status = build_description(build, (size_t)options->size);
    if (status == TERN_OK && options->metadata != NULL) {
        status = write_metadata(build->root, options->metadata);
    }
    if (status != TERN_OK) {
        fprintf(stderr, "tern: %s\n", config_error(config));
    } else {
        status = profile_write(output, tern_writer_bytes(&build->upp));
        if (options->json && status == TERN_OK) {
            printf("{\"bytes\":%zu,\"elements\":%u}\n", build->upp.size, build->identification + 1);
        }
    }
    build_free(build);
    return status == TERN_OK ? 0 : 2;
}

int profile_build(int argc, char **argv)
{
    struct options options = {0};
    char error[512];
    struct config *config;
    /* -o as everyone types it */
    for (int i = 1; i < argc; i++) {
        static char output[] = "--output";
        if (argv[i][0] == '-' && argv[i][1] == 'o' && argv[i][2] == '\0') argv[i] = output;
    }
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    if (argc != 2) {
        fprintf(stderr, "tern: which description? usage: %s\n", TABLE.usage);
        return 2;
    }
    if (options.output == NULL && options.json) options.output = "/dev/null";
    if (config_load(&config, argv[1], error, sizeof error) != TERN_OK) {
        fprintf(stderr, "tern: %s\n", error);
        return 2;
    }
    status = build_from(config, &options, options.output);
    config_free(config);
    return status;
}
