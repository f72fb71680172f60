/* SPDX-License-Identifier: Apache-2.0 */
/* `tern network attach`: one card, one attempt, the outcome in words. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "app/network/network.h"
#include "host/config/options.h"
#include "host/modem/modem.h"

struct options {
    const char *reader;
    const char *network;
    const char *plmn;
    const char *coverage;
    const char *pin;
    bool json;
};

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct options, reader, "reader", "SPEC", "tcp:HOST:PORT, unix:PATH, pcsc:NAME"),
    OPTION_TEXT(struct options, network, "network", "ADDRESS", "one network in reach"),
    OPTION_TEXT(struct options, plmn, "plmn", "PLMN", "its PLMN, when the IMSI does not tell"),
    OPTION_TEXT(struct options, coverage, "coverage", "FILE", "networks in reach, instead"),
    OPTION_TEXT(struct options, pin, "pin", "PIN", "PIN1 of the profile"),
    OPTION_FLAG(struct options, json, "json", "print JSON"),
};
static const struct option_table TABLE =
    OPTION_TABLE("tern network attach --reader SPEC (--network ADDRESS | --coverage FILE)",
                 "Attaches the profile that is enabled in a card. Exit 0 attached, 1 not.", ROWS);

static void print_json(const struct modem_result *result)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddBoolToObject(object, "attached", result->cause == MODEM_ATTACHED);
    cJSON_AddStringToObject(object, "cause", modem_cause_name(result->cause));
    cJSON_AddStringToObject(object, "plmn", result->plmn);
    cJSON_AddStringToObject(object, "network", result->network_name);
    cJSON_AddStringToObject(object, "iccid", result->iccid);
    cJSON_AddStringToObject(object, "imsi", result->imsi);
    cJSON_AddBoolToObject(object, "resynchronised", result->resynchronised);
    cJSON_AddStringToObject(object, "why", result->why);
    char *text = cJSON_PrintUnformatted(object);
    puts(text == NULL ? "{}" : text);
    free(text);
    cJSON_Delete(object);
}

static void print_words(const struct modem_result *result)
{
    if (result->cause != MODEM_ATTACHED) {
        printf("not attached (%s): %s\n", modem_cause_name(result->cause), result->why);
        return;
    }
    printf("attached to %s (%s) as %s%s\n", result->network_name, result->plmn, result->imsi,
           result->resynchronised ? ", after a resynchronisation" : "");
}

/* A coverage file of the one network given on the command line. */
static bool write_coverage(char path[64], const struct options *options)
{
    snprintf(path, 64, "/tmp/tern-coverage-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0) return false;
    dprintf(fd, "networks:\n  - {plmn: \"%s\", address: \"%s\"}\n",
            options->plmn == NULL ? "00000" : options->plmn, options->network);
    close(fd);
    return true;
}

int network_attach_command(int argc, char **argv)
{
    struct options options = {0};
    char why[256] = "", path[64] = "";
    struct tern_writer why_out = tern_writer(why, sizeof why - 1);
    struct tern_reader reader;
    struct modem_result result;
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) return status;
    if (options.reader == NULL || (options.network == NULL) == (options.coverage == NULL)) {
        fprintf(stderr, "tern: usage: %s\n", TABLE.usage);
        return 2;
    }
    if (reader_open(&reader, options.reader, &why_out) != TERN_OK) {
        fprintf(stderr, "tern: %s: %s\n", options.reader, why);
        return 2;
    }
    if (options.network != NULL && !write_coverage(path, &options)) return 2;
    struct modem modem = {.reader = &reader,
                          .coverage = options.coverage != NULL ? options.coverage : path,
                          .pin = options.pin};
    (void)reader.reset(reader.context);
    bool attached = modem_attach(&modem, &result);
    if (path[0] != '\0') (void)unlink(path);
    reader.close(reader.context);
    if (options.json)
        print_json(&result);
    else
        print_words(&result);
    return attached ? 0 : 1;
}
