/* SPDX-License-Identifier: Apache-2.0 */
/* The world of `tern bench wire`: a PKI, profiles, an SM-DP+, an eIM, three cards that were bound
 * to it as in a factory, and the relay in front of the servers. */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/bench_wire.h"
#include "host/config/files.h"

#define COMMAND_MS 60000
#define READY_MS   20000

static const unsigned SIZES[WIRE_SIZES] = {12200, 4096, 2048, 1000};
static const char *const FEATURES[WIRE_FORM_COUNT] = {
    "indirect",
    "indirect,eim-download-data,eim-ctx-params1,eim-metadata,minimize",
    "direct",
};

static bool fail(struct wire_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool fail(struct wire_world *world, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (world->error[0] == '\0') {
        vsnprintf(world->error, sizeof(world->error), format, list);
    }
    va_end(list);
    return false;
}

/* ---- commands ---- */

/* Arguments that begin with this executable: words, then formatted ones. */
static void begin(struct wire_world *world, struct arguments *arguments, const char *words)
{
    char copy[256];
    memset(arguments, 0, sizeof(*arguments));
    argument(arguments, "%s", world->self);
    snprintf(copy, sizeof(copy), "%s", words);
    char *rest = copy;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
        argument(arguments, "%s", word);
    }
}

static bool finish(struct wire_world *world, struct arguments *arguments, struct outcome *outcome)
{
    process_run(outcome, arguments->list, NULL, COMMAND_MS);
    bool held = outcome->status == 0;
    if (!held) {
        fail(world, "tern %s %s: exit %d: %.300s%.300s", arguments->list[1], arguments->list[2],
             outcome->status, outcome->errors, outcome->output);
    }
    arguments_free(arguments);
    return held;
}

static bool finish_quietly(struct wire_world *world, struct arguments *arguments)
{
    struct outcome outcome;
    bool held = finish(world, arguments, &outcome);
    outcome_free(&outcome);
    return held;
}

static void option(struct arguments *arguments, const char *name, const char *value)
{
    argument(arguments, "--%s", name);
    argument(arguments, "%s", value);
}

static void option_path(struct wire_world *world, struct arguments *arguments, const char *name,
                        const char *below)
{
    argument(arguments, "--%s", name);
    argument(arguments, "%s/%s", world->directory, below);
}

static bool serve(struct wire_world *world, struct process *process, const char *name,
                  cJSON **ready)
{
    snprintf(process->name, sizeof(process->name), "%s", name);
    snprintf(process->ready, sizeof(process->ready), "%s/%s.ready", world->directory, name);
    snprintf(process->log, sizeof(process->log), "%s/%s.log", world->directory, name);
    option(&process->arguments, "ready", process->ready);
    *ready = process_start(process) ? process_wait_ready(process, READY_MS) : NULL;
    return *ready != NULL || fail(world, "%s did not get ready; its log is %s", name, process->log);
}

static bool take_address(struct wire_world *world, char *out, size_t size, const cJSON *ready,
                         const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(ready, name);
    snprintf(out, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
    return out[0] != '\0' || fail(world, "a server did not say where its %s is", name);
}

bool wire_eim(struct wire_world *world, struct outcome *outcome, const char *words,
              const char *rest)
{
    struct arguments arguments;
    char line[128];
    snprintf(line, sizeof(line), "eim %s --json", words);
    begin(world, &arguments, line);
    option_path(world, &arguments, "data", "eim");
    char copy[600];
    snprintf(copy, sizeof(copy), "%s", rest);
    char *left = copy;
    for (char *word; (word = strtok_r(left, " ", &left)) != NULL;) {
        argument(&arguments, "%s", word);
    }
    return finish(world, &arguments, outcome);
}

/* ---- PKI and profiles ---- */

static void invent_eid(char eid[33], unsigned number)
{
    unsigned rest = 0;
    memcpy(eid, "89049032000000000000000000000000", 33);
    eid[29] = (char)('0' + number % 10);
    for (int i = 0; i < 32; i++) {
        rest = (rest * 10 + (unsigned)(eid[i] - '0')) % 97;
    }
    eid[30] = (char)('0' + (98 - rest) / 10);
    eid[31] = (char)('0' + (98 - rest) % 10);
}

static bool make_pki(struct wire_world *world)
{
    struct arguments arguments;
    begin(world, &arguments, "pki init --smdp " WIRE_SMDP " --eim " WIRE_EIM " --operator op");
    argument(&arguments, "%s/pki", world->directory);
    for (unsigned i = 0; i < WIRE_FORM_COUNT; i++) {
        invent_eid(world->devices[i].eid, i + 1);
        option(&arguments, "euicc", world->devices[i].eid);
    }
    return finish_quietly(world, &arguments);
}

static bool build_profile(struct wire_world *world, unsigned kind, size_t number)
{
    struct arguments arguments;
    char text[900];
    char path[400];
    char digits[24];
    int sum = 0;
    snprintf(digits, sizeof(digits), "8946010000%04u%04u", SIZES[kind] % 10000,
             (unsigned)(number % 10000));
    for (int i = 0; i < 18; i++) { /* Luhn */
        int digit = digits[17 - i] - '0';
        digit = i % 2 == 0 ? digit * 2 : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    snprintf(text, sizeof(text),
             "type: bench-%u\niccid: \"%s%d\"\n"
             "pins:\n  pin1: {value: \"1234\", enabled: no}\n"
             "usim:\n  imsi: \"24001%04u%06zu\"\n  mnc_length: 2\n"
             "aka: {algorithm: milenage, key: \"000102030405060708090A0B0C0D0E0F\", "
             "opc: \"101112131415161718191A1B1C1D1E1F\"}\n"
             "metadata:\n  service_provider_name: Nordlys\n  profile_name: Nordlys IoT\n",
             kind, digits, (10 - sum % 10) % 10, SIZES[kind] % 10000, number);
    snprintf(path, sizeof(path), "%s/profile.yaml", world->directory);
    if (file_write(path, tern_bytes_text(text), 0600) != TERN_OK) {
        return fail(world, "%s cannot be written", path);
    }
    begin(world, &arguments, "profile build");
    argument(&arguments, "%s", path);
    argument(&arguments, "--size");
    argument(&arguments, "%u", SIZES[kind]);
    argument(&arguments, "--output");
    argument(&arguments, "%s/bench-%u/%s.upp", world->directory, kind, digits);
    argument(&arguments, "--metadata");
    argument(&arguments, "%s/bench-%u/%s.metadata", world->directory, kind, digits);
    return finish_quietly(world, &arguments);
}

/* CODE,confirmation code,ICCID,operator, */
static void take_codes(struct wire_world *world, unsigned kind, char *text)
{
    char *rest = text;
    for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;) {
        char *code = strsep(&line, ",");
        strsep(&line, ",");
        const char *iccid = strsep(&line, ",");
        size_t at = world->code_count[kind];
        if (iccid != NULL && strncmp(code, "1$", 2) == 0 && at < WIRE_CODES_MAX) {
            world->codes[kind][at] = strdup(code);
            snprintf(world->iccids[kind][at], sizeof(world->iccids[0][0]), "%s", iccid);
            world->code_count[kind]++;
        }
    }
}

static bool order_profiles(struct wire_world *world, unsigned kind, size_t count)
{
    struct arguments arguments;
    struct outcome outcome;
    begin(world, &arguments, "smdp profile import --name " WIRE_SMDP);
    option_path(world, &arguments, "data", "smdp");
    argument(&arguments, "--type");
    argument(&arguments, "bench-%u", kind);
    argument(&arguments, "%s/bench-%u", world->directory, kind);
    if (!finish_quietly(world, &arguments)) {
        return false;
    }
    begin(world, &arguments, "smdp order --operator op --csv - --name " WIRE_SMDP);
    option_path(world, &arguments, "data", "smdp");
    argument(&arguments, "--type");
    argument(&arguments, "bench-%u", kind);
    argument(&arguments, "--count");
    argument(&arguments, "%zu", count);
    bool held = finish(world, &arguments, &outcome);
    if (held) {
        take_codes(world, kind, outcome.output);
        held = world->code_count[kind] == count ||
               fail(world, "%zu codes of %zu were ordered", world->code_count[kind], count);
    }
    outcome_free(&outcome);
    return held;
}

static bool make_profiles(struct wire_world *world, const size_t sizes[WIRE_SIZES])
{
    char path[400];
    for (unsigned kind = 0; kind < WIRE_SIZES; kind++) {
        snprintf(path, sizeof(path), "%s/bench-%u", world->directory, kind);
        mkdir(path, 0700);
        for (size_t i = 0; i < sizes[kind]; i++) {
            if (!build_profile(world, kind, i)) {
                return false;
            }
        }
        if (sizes[kind] > 0 && !order_profiles(world, kind, sizes[kind])) {
            return false;
        }
    }
    return true;
}

/* ---- servers ---- */

static bool start_smdp(struct wire_world *world)
{
    cJSON *ready;
    struct arguments *arguments = &world->smdp.arguments;
    begin(world, arguments, "smdp serve --listen-es9 127.0.0.1:0 --name " WIRE_SMDP);
    option_path(world, arguments, "data", "smdp");
    option_path(world, arguments, "pki", "pki");
    bool held =
        serve(world, &world->smdp, "smdp", &ready) &&
        take_address(world, world->smdp_address, sizeof(world->smdp_address), ready, "es9plus");
    cJSON_Delete(ready);
    return held;
}

/* One key a device, in a file of its own and in the eIM's. */
static bool write_keys(struct wire_world *world, const char *kind, const char *format)
{
    char path[400];
    char all[1200];
    char one[400];
    size_t used = (size_t)snprintf(all, sizeof(all), "%s:\n", kind);
    bool held = true;
    for (unsigned i = 0; i < WIRE_FORM_COUNT; i++) {
        char entry[300];
        snprintf(entry, sizeof(entry), format, i + 1, world->devices[i].eid);
        snprintf(one, sizeof(one), "%s:\n%s", kind, entry);
        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s", entry);
        snprintf(path, sizeof(path), "%s/%s-%u.yaml", world->directory, kind, i);
        held = held && file_write(path, tern_bytes_text(one), 0600) == TERN_OK;
    }
    snprintf(path, sizeof(path), "%s/%s.yaml", world->directory, kind);
    held = held && file_write(path, tern_bytes_text(all), 0600) == TERN_OK;
    return held || fail(world, "%s cannot be written", path);
}

static bool start_eim(struct wire_world *world)
{
    static const char PSK[] = "  - {key: 000102030405060708090A0B0C0D0E%02u, identity: \"%s\"}\n";
    static const char OSCORE[] = "  - {secret: 000102030405060708090A0B0C0D0E0F, salt: "
                                 "9E7CA92223786340, device: %02u, eim: 77} # %s\n";
    cJSON *ready = NULL;
    struct arguments *arguments = &world->eim.arguments;
    begin(world, arguments,
          "eim serve --listen-esipa 127.0.0.1:0 --listen-coaps 127.0.0.1:0 --listen-oscore "
          "127.0.0.1:0 --listen-api 127.0.0.1:0 --allow-network 127.0.0.0/8 --allow-port 1-65535");
    option_path(world, arguments, "data", "eim");
    option_path(world, arguments, "pki", "pki");
    option_path(world, arguments, "psk", "psk.yaml");
    option_path(world, arguments, "oscore", "oscore.yaml");
    argument(arguments, "--resolve");
    argument(arguments, WIRE_SMDP ":443:%s", world->smdp_address);
    bool held =
        write_keys(world, "psk", PSK) && write_keys(world, "oscore", OSCORE) &&
        serve(world, &world->eim, "eim", &ready) &&
        take_address(world, world->esipa_address, sizeof(world->esipa_address), ready, "esipa") &&
        take_address(world, world->coaps_address, sizeof(world->coaps_address), ready, "coaps") &&
        take_address(world, world->oscore_address, sizeof(world->oscore_address), ready, "oscore");
    cJSON_Delete(ready);
    return held;
}

static bool start_relay(struct wire_world *world)
{
    static const char ANY[] = "127.0.0.1:0";
    const struct relay_faults none = {0};
    world->relay = relay_new(&none);
    return (world->relay != NULL &&
            relay_add(world->relay, false, ANY, world->smdp_address, world->relay_smdp,
                      sizeof(world->relay_smdp)) == TERN_OK &&
            relay_add(world->relay, false, ANY, world->esipa_address, world->relay_esipa,
                      sizeof(world->relay_esipa)) == TERN_OK &&
            relay_add(world->relay, true, ANY, world->coaps_address, world->relay_coaps,
                      sizeof(world->relay_coaps)) == TERN_OK &&
            relay_add(world->relay, true, ANY, world->oscore_address, world->relay_oscore,
                      sizeof(world->relay_oscore)) == TERN_OK &&
            relay_start(world->relay) == TERN_OK) ||
           fail(world, "the relay cannot be started");
}

/* ---- devices ---- */

static bool write_enrolment(struct wire_world *world, enum wire_form form)
{
    struct arguments arguments;
    begin(world, &arguments,
          "eim enrol-file --fqdn " WIRE_EIM " --protocol retrieve-https --protocol retrieve-coaps");
    option_path(world, &arguments, "pki", "pki");
    argument(&arguments, "--output");
    argument(&arguments, "%s/enrol.der", world->devices[form].directory);
    if (form == WIRE_DIRECT) {
        argument(&arguments, "--without-indirect");
    }
    return finish_quietly(world, &arguments);
}

static bool insert_card(struct wire_world *world, enum wire_form form)
{
    struct arguments arguments;
    struct wire_device *device = &world->devices[form];
    char name[32];
    cJSON *ready;
    begin(world, &arguments, "euicc create --memory 4000000");
    argument(&arguments, "%s/card", device->directory);
    option_path(world, &arguments, "pki", "pki");
    option(&arguments, "eid", device->eid);
    if (!finish_quietly(world, &arguments)) {
        return false;
    }
    begin(world, &device->card.arguments, "euicc serve --fast");
    argument(&device->card.arguments, "%s/card", device->directory);
    option(&device->card.arguments, "listen", device->reader);
    snprintf(name, sizeof(name), "card-%d", (int)form);
    bool held = serve(world, &device->card, name, &ready);
    cJSON_Delete(ready);
    return held;
}

static bool pairing_code(struct wire_world *world, const char *log, char code[40])
{
    char line[256] = "";
    FILE *file = fopen(log, "re");
    if (file != NULL) {
        (void)fgets(line, sizeof(line), file);
        fclose(file);
    }
    cJSON *json = cJSON_Parse(line);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "pairing_code");
    snprintf(code, 40, "%s", cJSON_IsString(item) ? item->valuestring : "");
    cJSON_Delete(json);
    return code[0] != '\0' || fail(world, "a device says no pairing code");
}

static bool bind_device(struct wire_world *world, enum wire_form form)
{
    struct wire_device *device = &world->devices[form];
    struct process link = {0};
    struct arguments arguments;
    struct outcome outcome;
    cJSON *ready;
    char name[32];
    char code[40];
    begin(world, &link.arguments, "ipa commission-serve --json");
    option(&link.arguments, "reader", device->reader);
    option(&link.arguments, "feature", FEATURES[form]);
    argument(&link.arguments, "--state");
    argument(&link.arguments, "%s/ipa", device->directory);
    argument(&link.arguments, "--link");
    argument(&link.arguments, "unix:%s/link-%d", world->sockets, (int)form);
    snprintf(name, sizeof(name), "link-%d", (int)form);
    bool held = serve(world, &link, name, &ready) && pairing_code(world, link.log, code);
    cJSON_Delete(ready);
    if (held) {
        begin(world, &arguments, "ipa commission --json");
        argument(&arguments, "--link");
        argument(&arguments, "unix:%s/link-%d", world->sockets, (int)form);
        option(&arguments, "code", code);
        argument(&arguments, "--enrol");
        argument(&arguments, "%s/enrol.der", device->directory);
        argument(&arguments, "--out");
        argument(&arguments, "%s/device.json", device->directory);
        held = finish_quietly(world, &arguments);
    }
    process_end(&link, SIGTERM);
    arguments_free(&link.arguments);
    if (held) {
        char path[400];
        snprintf(path, sizeof(path), "%s/device.json", device->directory);
        held = wire_eim(world, &outcome, "device import", path);
        outcome_free(&outcome);
    }
    if (held && form == WIRE_COMPACT) { /* once in a device's life: what will be left out */
        held = wire_eim(world, &outcome, "data", device->eid);
        outcome_free(&outcome);
    }
    return held;
}

static bool make_devices(struct wire_world *world)
{
    for (unsigned i = 0; i < WIRE_FORM_COUNT; i++) {
        struct wire_device *device = &world->devices[i];
        enum wire_form form = (enum wire_form)i;
        device->enabled = -1;
        snprintf(device->directory, sizeof(device->directory), "%s/device-%u", world->directory, i);
        snprintf(device->reader, sizeof(device->reader), "unix:%s/card-%u", world->sockets, i);
        mkdir(device->directory, 0700);
        if (!write_enrolment(world, form) || !insert_card(world, form) ||
            !bind_device(world, form)) {
            return false;
        }
    }
    return true;
}

/* ---- the world ---- */

bool wire_world_open(struct wire_world *world, const size_t sizes[WIRE_SIZES])
{
    ssize_t size = readlink("/proc/self/exe", world->self, sizeof(world->self) - 1);
    const char *folder = getenv("TMPDIR");
    snprintf(world->directory, sizeof(world->directory), "%.200s/tern-wire-XXXXXX",
             folder == NULL ? "/tmp" : folder);
    snprintf(world->sockets, sizeof(world->sockets), "/tmp/tern-wire-XXXXXX");
    if (size <= 0 || mkdtemp(world->directory) == NULL || mkdtemp(world->sockets) == NULL) {
        return fail(world, "no temporary folder: %s", strerror(errno));
    }
    return make_pki(world) && make_profiles(world, sizes) && start_smdp(world) &&
           start_eim(world) && start_relay(world) && make_devices(world);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void wire_world_close(struct wire_world *world)
{
    relay_free(world->relay);
    for (unsigned i = 0; i < WIRE_FORM_COUNT; i++) {
        process_end(&world->devices[i].card, SIGTERM);
        arguments_free(&world->devices[i].card.arguments);
    }
    process_end(&world->eim, SIGTERM);
    arguments_free(&world->eim.arguments);
    process_end(&world->smdp, SIGTERM);
    arguments_free(&world->smdp.arguments);
    for (unsigned kind = 0; kind < WIRE_SIZES; kind++) {
        for (size_t i = 0; i < world->code_count[kind]; i++) {
            free(world->codes[kind][i]);
        }
    }
    if (!world->keep) {
        nftw(world->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    } else {
        fprintf(stderr, "kept: %s\n", world->directory);
    }
    nftw(world->sockets, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
