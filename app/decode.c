/* SPDX-License-Identifier: Apache-2.0 */
/* tern decode: say what bytes are. A file, stdin, or a whole trace folder in its order. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/verbs.h"
#include "host/config/files.h"
#include "host/config/options.h"
#include "host/decode/decode.h"

#define INPUT_SIZE_MAX (64u << 20)

struct decode_options {
    const char *type;
    bool json, strict, types;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct decode_options, type, "type", "NAME",
                "the type as the module names it, instead of guessing"),
    OPTION_FLAG(struct decode_options, strict, "strict", "no mercy for deviations of peers"),
    OPTION_FLAG(struct decode_options, types, "types", "list the types"),
    OPTION_FLAG(struct decode_options, json, "json",
                "print JSON, one object a line for each input"),
};
static const struct option_table TABLE = OPTION_TABLE(
    "tern decode [OPTION ...] [FILE|DIR|- ...]",
    "Says what bytes are, with the names of SGP.22 and SGP.32: DER, hex, base64, PEM, JSON "
    "bodies,\n"
    "APDU traces, or a trace folder. Without a file it reads stdin. Unknown data is a DER tree.\n"
    "Exits 0 when all is understood, 1 when an input is damaged, 2 when it cannot be read.",
    ROWS);

static int say(const struct decode_options *options, const char *name, struct tern_bytes input)
{
    size_t capacity = 1u << 16;
    for (;;) {
        char *text = malloc(capacity);
        if (text == NULL) {
            fputs("tern decode: out of memory\n", stderr);
            return 2;
        }
        struct tern_writer out = tern_writer(text, capacity);
        struct decode decode = {.out = &out,
                                .json = options->json,
                                .strict = options->strict,
                                .type = options->type,
                                .name = name};
        int error = decode_input(&decode, input);
        if (error != TERN_ERR_NO_SPACE) {
            fwrite(text, 1, out.size, stdout);
            fflush(stdout);
        }
        free(text);
        if (error == TERN_ERR_NO_SPACE) {
            capacity = out.size + 1;
            continue;
        }
        if (error != TERN_OK) {
            fprintf(stderr, "tern decode: %s%s%s\n", name == NULL ? "" : name,
                    name == NULL ? "" : ": ", decode.complaint);
        }
        return error == TERN_OK ? 0 : 1;
    }
}

static int say_file(const struct decode_options *options, const char *path, const char *name)
{
    uint8_t *data = NULL;
    size_t size = 0;
    int error = file_read(path, INPUT_SIZE_MAX, &data, &size);
    if (error != TERN_OK) {
        fprintf(stderr, "tern decode: %s: %s\n", path, tern_error_text(error));
        return 2;
    }
    int status = say(options, name, tern_bytes(data, size));
    free(data);
    return status;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int say_folder(const struct decode_options *options, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, not_hidden, alphasort);
    if (count < 0) {
        fprintf(stderr, "tern decode: %s cannot be read\n", folder);
        return 2;
    }
    int status = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat about;
        if (path_join(path, sizeof path, folder, entries[i]->d_name) == TERN_OK &&
            stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
            if (!options->json) {
                printf("== %s (%lld bytes)\n", entries[i]->d_name, (long long)about.st_size);
            }
            int worse = say_file(options, path, entries[i]->d_name);
            status = worse > status ? worse : status;
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

static int list_types(const struct decode_options *options)
{
    for (size_t i = 0; i < TERN_ALL_MESSAGES_COUNT; i++) {
        const struct tern_message *message = &TERN_ALL_MESSAGES[i];
        if (options->json) {
            printf("{\"type\":\"%s\",\"interface\":\"%s\",\"tag\":\"%X\"}\n", message->record->name,
                   message->interface, message->record->tag);
        } else {
            printf("%-44s %-7s %X\n", message->record->name, message->interface,
                   message->record->tag);
        }
    }
    return 0;
}

int verb_decode(int argc, char **argv)
{
    struct decode_options options = {0};
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (options.types) {
        return list_types(&options);
    }
    if (options.type != NULL && tern_message_by_name(tern_bytes_text(options.type)) == NULL) {
        fprintf(stderr, "tern decode: no type '%s'; --types lists them\n", options.type);
        return 2;
    }
    if (argc < 2) {
        return say_file(&options, "-", NULL);
    }
    status = 0;
    for (int i = 1; i < argc; i++) {
        struct stat about;
        bool folder = stat(argv[i], &about) == 0 && S_ISDIR(about.st_mode);
        int worse = folder
                        ? say_folder(&options, argv[i])
                        : say_file(&options, argv[i], strcmp(argv[i], "-") == 0 ? NULL : argv[i]);
        status = worse > status ? worse : status;
    }
    return status;
}
