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

#define INPUT_SIZE_MAX     (64u << 20)
#define FOLDER_DEPTH_MAX   4
#define APDU_TEXT_SIZE_MAX (16u << 20) /* of a chain of 1 MiB, printed */

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

/* The card that the APDUs of one writer in a trace folder talk to. */
struct talker {
    char name[300]; /* folder and role */
    struct decode_card card;
};

#define TALKER_MAX 64

struct run {
    struct decode_options options;
    struct talker talkers[TALKER_MAX];
    size_t talker_count;
};

/* "DIR/1700000000123456-ipa-APDU-command.apdu": what stands before the second hyphen's text. */
static struct decode_card *card_of(struct run *run, const char *name)
{
    char key[300];
    const char *slash = strrchr(name, '/');
    const char *role = strchr(slash == NULL ? name : slash, '-');
    const char *end = role == NULL ? NULL : strchr(role + 1, '-');
    snprintf(key, sizeof key, "%.*s%.*s", slash == NULL ? 0 : (int)(slash - name), name,
             end == NULL ? 0 : (int)(end - role), role == NULL ? "" : role);
    for (size_t i = 0; i < run->talker_count; i++) {
        if (strcmp(run->talkers[i].name, key) == 0) {
            return &run->talkers[i].card;
        }
    }
    if (run->talker_count == TALKER_MAX) {
        return &run->talkers[0].card;
    }
    struct talker *talker = &run->talkers[run->talker_count++];
    snprintf(talker->name, sizeof talker->name, "%s", key);
    return &talker->card;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t size = text == NULL ? 0 : strlen(text);
    return size >= strlen(ending) && strcmp(text + size - strlen(ending), ending) == 0;
}

static int decode_one(struct run *run, struct decode *decode, struct tern_bytes input)
{
    bool command = ends_with(decode->name, "command.apdu");
    if (!command && !ends_with(decode->name, "response.apdu")) {
        return decode_input(decode, input);
    }
    struct decode_card *card = card_of(run, decode->name);
    return decode_apdu(decode, card, command, input);
}

static int say(struct run *run, const char *name, struct tern_bytes input)
{
    /* An APDU moves its card's chain on: it must fit at once. */
    size_t capacity = ends_with(name, ".apdu") ? APDU_TEXT_SIZE_MAX : 1u << 16;
    for (;;) {
        char *text = malloc(capacity);
        if (text == NULL) {
            fputs("tern decode: out of memory\n", stderr);
            return 2;
        }
        struct tern_writer out = tern_writer(text, capacity);
        struct decode decode = {.out = &out,
                                .json = run->options.json,
                                .strict = run->options.strict,
                                .type = run->options.type,
                                .name = name};
        int error = decode_one(run, &decode, input);
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

static int say_file(struct run *run, const char *path, const char *name, bool in_folder)
{
    uint8_t *data = NULL;
    size_t size = 0;
    int error = file_read(path, INPUT_SIZE_MAX, &data, &size);
    if (error != TERN_OK) {
        fprintf(stderr, "tern decode: %s: %s\n", path, tern_error_text(error));
        return 2;
    }
    int status = 0;
    if (size == 0 && in_folder && run->options.json) { /* an answer without a body: 204 */
        printf("{\"file\":\"%s\",\"elements\":[]}\n", name);
    } else if (size == 0 && in_folder) {
        puts("(no body)");
    } else {
        status = say(run, name, tern_bytes(data, size));
    }
    free(data);
    return status;
}

/* Files below a folder, by their own names: writers in several folders make one story. */
struct found {
    char **paths; /* each malloc'ed */
    size_t count;
    size_t capacity;
};

static void find_files(struct found *found, const char *folder, unsigned depth)
{
    DIR *handle = opendir(folder);
    const struct dirent *entry;
    while (handle != NULL && (entry = readdir(handle)) != NULL) {
        char path[4096];
        struct stat about;
        if (entry->d_name[0] == '.' ||
            path_join(path, sizeof path, folder, entry->d_name) != TERN_OK ||
            stat(path, &about) != 0) {
            continue;
        }
        if (S_ISDIR(about.st_mode) && depth < FOLDER_DEPTH_MAX) {
            find_files(found, path, depth + 1);
            continue;
        }
        if (found->count == found->capacity) {
            size_t capacity = found->capacity * 2 + 64;
            char **larger = realloc(found->paths, capacity * sizeof *larger);
            if (larger == NULL) {
                break;
            }
            found->paths = larger;
            found->capacity = capacity;
        }
        found->paths[found->count] = strdup(path);
        found->count += found->paths[found->count] != NULL;
    }
    if (handle != NULL) {
        closedir(handle);
    }
}

static int by_name(const void *a, const void *b)
{
    const char *left = *(char *const *)a;
    const char *right = *(char *const *)b;
    int order = strcmp(strrchr(left, '/') + 1, strrchr(right, '/') + 1);
    return order != 0 ? order : strcmp(left, right);
}

static int say_folder(struct run *run, const char *folder)
{
    struct found found = {0};
    find_files(&found, folder, 0);
    if (found.count == 0) {
        fprintf(stderr, "tern decode: %s has no files\n", folder);
        free(found.paths);
        return 2;
    }
    qsort(found.paths, found.count, sizeof *found.paths, by_name);
    int status = 0;
    for (size_t i = 0; i < found.count; i++) {
        const char *name = found.paths[i] + strlen(folder);
        name += strspn(name, "/");
        if (!run->options.json) {
            printf("== %s\n", name);
        }
        int worse = say_file(run, found.paths[i], name, true);
        status = worse > status ? worse : status;
        free(found.paths[i]);
    }
    free(found.paths);
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
    static struct run run; /* too large for a stack */
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
    run.options = options;
    if (argc < 2) {
        return say_file(&run, "-", NULL, false);
    }
    status = 0;
    for (int i = 1; i < argc; i++) {
        struct stat about;
        bool folder = stat(argv[i], &about) == 0 && S_ISDIR(about.st_mode);
        int worse =
            folder ? say_folder(&run, argv[i])
                   : say_file(&run, argv[i], strcmp(argv[i], "-") == 0 ? NULL : argv[i], false);
        status = worse > status ? worse : status;
    }
    for (size_t i = 0; i < run.talker_count; i++) {
        decode_card_end(&run.talkers[i].card);
    }
    return status;
}
