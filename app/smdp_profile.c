/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tern smdp profile import|remove`: the inventory. A profile is a package (NAME.upp or NAME.der)
 * and its metadata beside it (NAME.metadata); without the latter, metadata is made from the options
 * and the ICCID in the package's header.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/smdp.h"
#include "host/config/files.h"
#include "tern/messages/rsp.h"

#define UPP_SIZE_MAX      (1u << 20)
#define METADATA_SIZE_MAX 8192

struct import {
    struct smdp_options base;
    const char *type;
    const char *owner;
    const char *service_provider;
    const char *profile_name;
    bool session_keys;
    bool replace;
    bool json;
    struct sqlite_store *store;
    struct tern_smdp smdp;
    struct tern_arena arena;
    unsigned count;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct import, base.data, "data", "DIR", "the data directory of the SM-DP+"),
    OPTION_TEXT(struct import, base.name, "name", "FQDN", "the SM-DP+ address, the first time"),
    OPTION_TEXT(struct import, type, "type", "NAME", "profileType, by which operators order"),
    OPTION_TEXT(struct import, owner, "owner", "OPERATOR", "who may order it; default anybody"),
    OPTION_TEXT(struct import, service_provider, "service-provider", "TEXT",
                "serviceProviderName, where there is no metadata file"),
    OPTION_TEXT(struct import, profile_name, "profile-name", "TEXT",
                "profileName, where there is no metadata file"),
    OPTION_FLAG(struct import, session_keys, "session-keys",
                "encrypt for each eUICC anew instead of once with profile protection keys"),
    OPTION_FLAG(struct import, replace, "replace", "replace what is there and Available"),
    OPTION_FLAG(struct import, json, "json", "print JSON, one object a profile"),
};
static const struct option_table TABLE =
    OPTION_TABLE("tern smdp profile import --data DIR --type NAME [OPTION ...] FILE|DIR ...",
                 "Takes profiles into the inventory, encrypted.", ROWS);

/* Read NAME.metadata for NAME.upp; `*data` NULL when there is none. */
static int read_metadata(const char *upp_path, uint8_t **data, size_t *size)
{
    char path[1024];
    const char *dot = strrchr(upp_path, '.');
    const char *slash = strrchr(upp_path, '/');
    size_t stem =
        dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - upp_path) : strlen(upp_path);
    *data = NULL;
    static const char *const ENDINGS[] = {".metadata", ".metadata.der"};
    for (size_t i = 0; i < TERN_COUNT_OF(ENDINGS); i++) {
        int length = snprintf(path, sizeof path, "%.*s%s", (int)stem, upp_path, ENDINGS[i]);
        if (length < 0 || (size_t)length >= sizeof path) {
            return TERN_ERR_RANGE;
        }
        int status = file_read(path, METADATA_SIZE_MAX, data, size);
        if (status != TERN_ERR_NOT_FOUND) {
            return status;
        }
    }
    return TERN_OK;
}

static int make_metadata(struct import *import, const uint8_t iccid[TERN_ICCID_SIZE],
                         struct tern_bytes *metadata)
{
    struct tern_store_metadata_request request = {
        .iccid = tern_bytes(iccid, TERN_ICCID_SIZE),
        .service_provider_name = tern_bytes_text(import->service_provider),
        .profile_name =
            tern_bytes_text(import->profile_name != NULL ? import->profile_name : import->type),
        .profile_class = TERN_PROFILE_CLASS_operational,
    };
    struct tern_writer out = tern_arena_writer(&import->arena);
    int status = tern_asn_encode(&TERN_STORE_METADATA_REQUEST, &out, &request);
    *metadata = tern_arena_keep(&import->arena, &out);
    return status;
}

static void report(const struct import *import, const uint8_t iccid[TERN_ICCID_SIZE],
                   const char *path, size_t size)
{
    char digits[21] = "";
    struct tern_writer out = tern_writer(digits, 20);
    (void)tern_iccid_to_text(&out, tern_bytes(iccid, TERN_ICCID_SIZE));
    if (import->json) {
        printf("{\"iccid\":\"%s\",\"profileType\":\"%s\",\"bytes\":%zu}\n", digits, import->type,
               size);
    } else {
        printf("%s  %s  %zu bytes  %s\n", digits, import->type, size, path);
    }
}

static int import_bytes(struct import *import, const char *path, struct tern_bytes upp,
                        struct tern_bytes metadata)
{
    uint8_t iccid[TERN_ICCID_SIZE];
    struct tern_smdp_import profile = {.profile_type = tern_bytes_text(import->type),
                                       .owner = tern_bytes_text(import->owner),
                                       .metadata = metadata,
                                       .upp = upp,
                                       .session_keys = import->session_keys,
                                       .replace = import->replace};
    int status = tern_smdp_read_upp(upp, iccid, &profile.needs);
    if (status == TERN_OK && metadata.data == NULL) {
        status = make_metadata(import, iccid, &profile.metadata);
    }
    if (status == TERN_OK) {
        status = tern_smdp_import_profile(&import->smdp, &import->arena, &profile);
    }
    if (status < 0) {
        fprintf(stderr, "tern smdp: %s: %s\n", path,
                status == TERN_ERR_CONFLICT ? "a profile with this ICCID is in the inventory"
                                            : tern_error_text(status));
        return status;
    }
    import->count++;
    report(import, iccid, path, upp.size);
    return TERN_OK;
}

static int import_file(struct import *import, const char *path)
{
    uint8_t *upp = NULL;
    uint8_t *metadata = NULL;
    size_t upp_size = 0;
    size_t metadata_size = 0;
    int status = file_read(path, UPP_SIZE_MAX, &upp, &upp_size);
    if (status == TERN_OK) {
        status = read_metadata(path, &metadata, &metadata_size);
    }
    if (status < 0) {
        fprintf(stderr, "tern smdp: cannot read %s: %s\n", path, tern_error_text(status));
    } else {
        import->arena.used = 0;
        status = import_bytes(import, path, tern_bytes(upp, upp_size),
                              tern_bytes(metadata, metadata_size));
    }
    if (upp != NULL) {
        tern_wipe(upp, upp_size);
    }
    free(upp);
    free(metadata);
    return status;
}

static bool is_package(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && strstr(name, ".metadata") == NULL &&
           (strcmp(dot, ".upp") == 0 || strcmp(dot, ".der") == 0);
}

static int import_folder(struct import *import, const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    int status = count < 0 ? TERN_ERR_IO : TERN_OK;
    for (int i = 0; i < count; i++) {
        char child[1024];
        int length = snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
        if (status == TERN_OK && is_package(entries[i]->d_name) && length > 0 &&
            (size_t)length < sizeof child) {
            status = import_file(import, child);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

static int import_all(struct import *import, int argc, char **argv)
{
    int status = sqlite_store_begin(import->store);
    for (int i = 1; i < argc && status == TERN_OK; i++) {
        struct stat info;
        bool folder = stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode);
        status = folder ? import_folder(import, argv[i]) : import_file(import, argv[i]);
    }
    if (status == TERN_OK && sqlite_store_commit(import->store) == TERN_OK) {
        return 0;
    }
    sqlite_store_rollback(import->store);
    fprintf(stderr, "tern smdp: nothing was imported\n");
    return 1;
}

static int run_import(int argc, char **argv)
{
    struct import import = {.service_provider = "tern"};
    int status = options_parse(&TABLE, &import, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (import.type == NULL || argc < 2) {
        fprintf(stderr, "usage: %s\n", TABLE.usage);
        return 2;
    }
    if (smdp_open(&import.base, &import.store, &import.smdp) != TERN_OK) {
        return 2;
    }
    void *memory = malloc(TERN_SMDP_ARENA_SIZE);
    import.arena = tern_arena(memory, memory == NULL ? 0 : TERN_SMDP_ARENA_SIZE);
    status = memory == NULL ? 2 : import_all(&import, argc, argv);
    free(memory);
    sqlite_store_close(import.store);
    tern_wipe(&import.smdp, sizeof import.smdp);
    return status;
}

struct removal {
    struct smdp_options base;
};

static const struct option_row REMOVE_ROWS[] = {
    OPTION_TEXT(struct removal, base.data, "data", "DIR", "the data directory of the SM-DP+"),
};
static const struct option_table REMOVE_TABLE =
    OPTION_TABLE("tern smdp profile remove --data DIR ICCID ...",
                 "Takes profiles out that are Available or finished.", REMOVE_ROWS);

static int run_remove(int argc, char **argv)
{
    struct removal removal = {.base = {.data = NULL}};
    struct sqlite_store *store;
    struct tern_smdp smdp;
    int result = options_parse(&REMOVE_TABLE, &removal, &argc, argv);
    if (result != OPTIONS_GO) {
        return result;
    }
    if (smdp_open(&removal.base, &store, &smdp) != TERN_OK) {
        return 2;
    }
    void *memory = malloc(TERN_SMDP_ARENA_SIZE);
    result = memory == NULL ? 2 : 0;
    for (int i = 1; i < argc && memory != NULL; i++) {
        uint8_t iccid[TERN_ICCID_SIZE];
        struct tern_arena arena = tern_arena(memory, TERN_SMDP_ARENA_SIZE);
        int status = tern_iccid_from_text(iccid, tern_bytes_text(argv[i]));
        if (status == TERN_OK && (status = sqlite_store_begin(store)) == TERN_OK) {
            status = tern_smdp_remove_profile(&smdp, &arena, TERN_BYTES_OF(iccid));
            status =
                status < 0 ? (sqlite_store_rollback(store), status) : sqlite_store_commit(store);
        }
        if (status < 0) {
            fprintf(stderr, "tern smdp: %s: %s\n", argv[i], tern_error_text(status));
            result = 1;
        }
    }
    free(memory);
    sqlite_store_close(store);
    tern_wipe(&smdp, sizeof smdp);
    return result;
}

int smdp_profile(int argc, char **argv)
{
    static const struct command_row COMMANDS[] = {
        {"import", run_import, "take profiles into the inventory"  },
        {"remove", run_remove, "take profiles out of the inventory"},
        {NULL,     NULL,       NULL                                },
    };
    return command_run("tern smdp profile COMMAND [OPTION ...]", COMMANDS, argc, argv);
}
