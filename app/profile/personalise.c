/* SPDX-License-Identifier: Apache-2.0 */
/* `tern profile personalise`: thousands of packages from one template and a CSV file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/profile/build.h"
#include "app/profile/profile.h"
#include "host/config/options.h"
#include "host/config/subscribers.h"
#include "tern/profile.h"

#define CSV_SIZE_MAX (256u << 20)

struct options {
    const char *csv;
    const char *output;
    const char *metadata;
    bool json;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct options, csv, "csv", "FILE", "ICCID,IMSI,Ki,OPc a line (docs/FORMATS.md)"),
    OPTION_TEXT(struct options, output, "out", "DIR", "where ICCID.der goes, a file a profile"),
    OPTION_TEXT(struct options, metadata, "metadata", "FILE",
                "a StoreMetadataRequest: written as ICCID.metadata with the ICCID of each"),
    OPTION_FLAG(struct options, json, "json", "print JSON"),
};
static const struct option_table TABLE = OPTION_TABLE(
    "tern profile personalise TEMPLATE --csv FILE --out DIR",
    "Writes a package for every line. TEMPLATE is a package (UPP) or a description (YAML).", ROWS);

struct work {
    const struct options *options;
    uint8_t *upp; /* the template, personalised again and again */
    size_t upp_size;
    uint8_t *metadata;
    size_t metadata_size;
    size_t count;
};

/* Thousands of files: no fsync for each, the run can be repeated. */
static int write_quickly(const char *path, struct tern_bytes bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return TERN_ERR_IO;
    ssize_t written = write(fd, bytes.data, bytes.size);
    return close(fd) == 0 && written == (ssize_t)bytes.size ? TERN_OK : TERN_ERR_IO;
}

static int write_one(struct work *work, const char *iccid, const uint8_t swapped[10])
{
    char name[64], path[4096];
    struct tern_tlv metadata, field;
    snprintf(name, sizeof name, "%.20s.der", iccid);
    if (path_join(path, sizeof path, work->options->output, name) != TERN_OK)
        return TERN_ERR_NO_SPACE;
    int status = write_quickly(path, tern_bytes(work->upp, work->upp_size));
    if (status != TERN_OK || work->metadata == NULL) return status;
    struct tern_bytes all = tern_bytes(work->metadata, work->metadata_size);
    status = tern_der_single(all, &metadata, TERN_DER_STRICT);
    if (status == TERN_OK) status = tern_der_find(metadata.value, 0x5A, &field);
    if (status != TERN_OK || field.value.size != 10) return TERN_ERR_MALFORMED;
    memcpy(work->metadata + (field.value.data - work->metadata), swapped, 10);
    snprintf(name, sizeof name, "%.20s.metadata", iccid);
    if (path_join(path, sizeof path, work->options->output, name) != TERN_OK)
        return TERN_ERR_NO_SPACE;
    return write_quickly(path, all);
}

static int personalise_row(struct work *work, const struct subscriber_row *row)
{
    uint8_t iccid[10], imsi[9], key[32], opc[32];
    struct tern_writer key_out = TERN_WRITER_OF(key), opc_out = TERN_WRITER_OF(opc);
    int status = tern_iccid_from_text(iccid, tern_bytes_text(row->iccid));
    if (status == TERN_OK) status = tern_imsi_from_text(imsi, tern_bytes_text(row->imsi));
    if (status == TERN_OK) status = tern_hex_decode(&key_out, tern_bytes_text(row->ki));
    if (status == TERN_OK) status = tern_hex_decode(&opc_out, tern_bytes_text(row->opc));
    if (status == TERN_OK) status = tern_writer_status(&key_out);
    if (status == TERN_OK) status = tern_writer_status(&opc_out);
    struct tern_personal_data data = {.iccid = TERN_BYTES_OF(iccid),
                                      .imsi = TERN_BYTES_OF(imsi),
                                      .key = tern_writer_bytes(&key_out),
                                      .opc = tern_writer_bytes(&opc_out)};
    if (status == TERN_OK) status = tern_profile_personalise(work->upp, work->upp_size, &data);
    if (status == TERN_OK) status = write_one(work, row->iccid, iccid);
    tern_wipe(key, sizeof key);
    tern_wipe(opc, sizeof opc);
    return status;
}

static int personalise_all(struct work *work, char *text)
{
    struct subscriber_csv csv;
    struct subscriber_row row;
    int got;
    subscriber_csv_open(&csv, text);
    while ((got = subscriber_csv_next(&csv, &row)) == 1) {
        got = personalise_row(work, &row);
        if (got != TERN_OK) break;
        work->count++;
    }
    if (got >= 0) return 0;
    fprintf(stderr, "tern: %s:%zu: %s\n", work->options->csv, csv.line, tern_error_text(got));
    return 2;
}

/* A template: a package begins with A0, the header; anything else is a description. */
int package_load(const char *path, uint8_t **upp, size_t *size)
{
    char error[512];
    struct config *config;
    if (file_read(path, PROFILE_SIZE_MAX, upp, size) != TERN_OK) {
        fprintf(stderr, "tern: cannot read %s\n", path);
        return TERN_ERR_IO;
    }
    if (*size > 0 && (*upp)[0] == 0xA0) return TERN_OK;
    free(*upp);
    *upp = NULL;
    if (config_load(&config, path, error, sizeof error) != TERN_OK) {
        fprintf(stderr, "tern: %s\n", error);
        return TERN_ERR_MALFORMED;
    }
    struct build *build = build_new(config_root(config));
    int status = build_description(build, 0);
    if (status == TERN_OK) {
        *size = build->upp.size;
        *upp = malloc(*size);
        if (*upp == NULL) abort();
        memcpy(*upp, build->upp.data, *size);
    } else {
        fprintf(stderr, "tern: %s\n", config_error(config));
    }
    build_free(build);
    config_free(config);
    return status;
}

int profile_personalise(int argc, char **argv)
{
    struct options options = {0};
    uint8_t *csv;
    size_t csv_size;
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    if (argc != 2 || options.csv == NULL || options.output == NULL) {
        fprintf(stderr, "tern: usage: %s\n", TABLE.usage);
        return 2;
    }
    struct work work = {.options = &options};
    if (package_load(argv[1], &work.upp, &work.upp_size) != TERN_OK) return 2;
    if (options.metadata != NULL &&
        file_read(options.metadata, 65536, &work.metadata, &work.metadata_size) != TERN_OK) {
        fprintf(stderr, "tern: cannot read %s\n", options.metadata);
        free(work.upp);
        return 2;
    }
    if (file_read(options.csv, CSV_SIZE_MAX, &csv, &csv_size) != TERN_OK ||
        folder_make(options.output, 0700) != TERN_OK) {
        fprintf(stderr, "tern: cannot read %s or make %s\n", options.csv, options.output);
        free(work.upp);
        free(work.metadata);
        return 2;
    }
    status = personalise_all(&work, (char *)csv);
    if (status == 0 && options.json)
        printf("{\"profiles\":%zu,\"bytes\":%zu}\n", work.count, work.upp_size);
    else if (status == 0)
        printf("%zu profiles of %zu bytes\n", work.count, work.upp_size);
    tern_wipe(csv, csv_size);
    tern_wipe(work.upp, work.upp_size);
    free(csv);
    free(work.upp);
    free(work.metadata);
    return status;
}
