/* SPDX-License-Identifier: Apache-2.0 */
/* The sensors: their cards in the readers, their wakes, where they are, and what a card holds. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/demo/demo.h"

static bool create_card(struct demo *demo, struct row *row, struct sensor *sensor)
{
    struct arguments arguments;
    struct outcome outcome;
    demo_arguments(demo, &arguments, "euicc create");
    argument(&arguments, "%s/card", sensor->directory);
    argument(&arguments, "--pki");
    argument(&arguments, "%s", demo->pki);
    argument(&arguments, "--eid");
    argument(&arguments, "%s", sensor->eid);
    bool held = demo_run(demo, row, &arguments, 0, &outcome);
    outcome_free(&outcome);
    return held;
}

bool sensor_insert_card(struct demo *demo, struct row *row, struct sensor *sensor,
                        const char *power_cut_after)
{
    struct process *process = &sensor->card;
    char name[64];
    arguments_free(&process->arguments);
    demo_arguments(demo, &process->arguments, "euicc serve");
    argument(&process->arguments, "%s/card", sensor->directory);
    argument(&process->arguments, "--listen");
    argument(&process->arguments, "%s", sensor->reader);
    argument(&process->arguments, "--ready");
    snprintf(process->ready, sizeof(process->ready), "%s/card.ready", sensor->directory);
    argument(&process->arguments, "%s", process->ready);
    if (power_cut_after != NULL) {
        argument(&process->arguments, "--power-cut-after");
        argument(&process->arguments, "%s", power_cut_after);
    }
    if (demo->options.trace != NULL) {
        argument(&process->arguments, "--trace");
        argument(&process->arguments, "%s/card-%d", demo->options.trace, sensor->number);
    }
    snprintf(process->log, sizeof(process->log), "%s/card.log", sensor->directory);
    snprintf(name, sizeof(name), "card-%d", sensor->number);
    return demo_serve(row, process, name);
}

void sensor_remove_card(struct sensor *sensor)
{
    process_end(&sensor->card, SIGTERM);
}

/* Everything that a card keeps, as one SHA-256; the card goes back into its reader afterwards. */
bool sensor_digest(struct demo *demo, struct row *row, struct sensor *sensor, char digest[80])
{
    struct arguments arguments;
    struct outcome outcome;
    sensor_remove_card(sensor);
    demo_arguments(demo, &arguments, "euicc show --digest");
    argument(&arguments, "%s/card", sensor->directory);
    bool held = demo_run(demo, row, &arguments, 0, &outcome);
    snprintf(digest, 80, "%.79s", outcome.output);
    digest[strcspn(digest, "\n")] = '\0';
    outcome_free(&outcome);
    if (held && strlen(digest) < 64) {
        held = row_fail(row, "tern euicc show --digest printed no digest");
    }
    return sensor_insert_card(demo, row, sensor, NULL) && held;
}

bool sensor_move(struct demo *demo, struct row *row, struct sensor *sensor, bool sweden,
                 bool singapore)
{
    char text[900];
    const struct operator_site *sites = demo->operators;
    size_t used =
        (size_t)snprintf(text, sizeof(text), "networks:%s\n", sweden || singapore ? "" : " []");
    const bool near[] = {sweden, singapore};
    for (int i = 0; i < OPERATOR_COUNT; i++) {
        if (near[i]) {
            used += (size_t)snprintf(text + used, sizeof(text) - used,
                                     "  - {plmn: \"%s\", address: \"%s\"}\n", sites[i].plmn,
                                     sites[i].network_at);
        }
    }
    return demo_write_file(row, demo_path(demo, "sensor-%d/coverage.yaml", sensor->number), text);
}

const char *sensor_trace(const struct demo *demo, const struct sensor *sensor)
{
    static char path[600];
    if (demo->options.trace != NULL) {
        snprintf(path, sizeof(path), "%s/ipa-%d", demo->options.trace, sensor->number);
    } else {
        snprintf(path, sizeof(path), "%s/trace", sensor->directory);
    }
    return path;
}

static void add_carrier(struct demo *demo, struct arguments *arguments, const struct sensor *sensor)
{
    const char *link = demo->options.link;
    bool slow = link != NULL && strncmp(link, "nb-iot", 6) == 0 && demo_over_udp(demo);
    argument(arguments, "--carrier");
    argument(arguments, "%s%s", demo->options.carrier, slow ? "-nb-iot" : "");
    if (link != NULL && demo_over_udp(demo) && !slow) {
        argument(arguments, "--ack-timeout-ms"); /* known round trip: no need for RFC 7252's 2 s */
        argument(arguments, "500");
    }
    if (strcmp(demo->options.carrier, "oscore") == 0) {
        argument(arguments, "--oscore");
        argument(arguments, "%s/oscore.yaml", sensor->directory);
    }
}

void sensor_wake_arguments(struct demo *demo, struct arguments *arguments,
                           const struct sensor *sensor, const char *modem)
{
    demo_arguments(demo, arguments, "ipa once --json");
    argument(arguments, "--reader");
    argument(arguments, "%s", sensor->reader);
    argument(arguments, "--state");
    argument(arguments, "%s/ipa", sensor->directory);
    argument(arguments, "--ca");
    argument(arguments, "%s/tls-ca.pem", demo->pki);
    argument(arguments, "--retry-ms");
    argument(arguments, "50");
    if (modem != NULL) {
        argument(arguments, "--modem");
        argument(arguments, "sim:%s/coverage.yaml%s", sensor->directory, modem);
    }
    add_carrier(demo, arguments, sensor);
    argument(arguments, "--trace"); /* the malware of a later chapter steals from it */
    argument(arguments, "%s", sensor_trace(demo, sensor));
    demo_add_resolve(demo, arguments);
}

static bool wake(struct demo *demo, struct row *row, struct arguments *arguments, int expected,
                 struct outcome *outcome)
{
    bool held = demo_run(demo, row, arguments, expected, outcome);
    if (held && outcome->json == NULL) {
        held = row_fail(row, "tern ipa once printed no JSON: %.200s", outcome->errors);
    }
    row_add_wire(row, outcome->json);
    return held;
}

bool sensor_wake_with(struct demo *demo, struct row *row, const struct sensor *sensor,
                      const char *modem, const char *flag, struct outcome *outcome)
{
    struct arguments arguments;
    sensor_wake_arguments(demo, &arguments, sensor, modem);
    if (flag != NULL) {
        argument(&arguments, "%s", flag);
    }
    return wake(demo, row, &arguments, 0, outcome);
}

bool sensor_wake(struct demo *demo, struct row *row, const struct sensor *sensor, const char *modem,
                 struct outcome *outcome)
{
    return sensor_wake_with(demo, row, sensor, modem, NULL, outcome);
}

bool sensor_wake_any(struct demo *demo, struct row *row, const struct sensor *sensor,
                     const char *modem, struct outcome *outcome)
{
    struct arguments arguments;
    sensor_wake_arguments(demo, &arguments, sensor, modem);
    return wake(demo, row, &arguments, EXIT_ANY, outcome);
}

static void attach_arguments(struct demo *demo, struct arguments *arguments,
                             const struct sensor *sensor)
{
    demo_arguments(demo, arguments, "network attach --json");
    argument(arguments, "--reader");
    argument(arguments, "%s", sensor->reader);
    argument(arguments, "--coverage");
    argument(arguments, "%s/coverage.yaml", sensor->directory);
}

bool sensor_attach(struct demo *demo, struct row *row, const struct sensor *sensor, int index)
{
    struct arguments arguments;
    struct outcome outcome;
    const struct operator_site *site = &demo->operators[index];
    attach_arguments(demo, &arguments, sensor);
    bool held = demo_run(demo, row, &arguments, 0, &outcome);
    if (held && strcmp(json_text(outcome.json, "plmn"), site->plmn) != 0) {
        held = row_fail(row, "%s is attached to %s, not to %s", sensor->label,
                        json_text(outcome.json, "plmn"), site->plmn);
    }
    outcome_free(&outcome);
    return held;
}

bool sensor_attached(struct demo *demo, struct row *row, const struct sensor *sensor)
{
    struct arguments arguments;
    struct outcome outcome;
    attach_arguments(demo, &arguments, sensor);
    bool refused = demo_run(demo, row, &arguments, 1, &outcome);
    outcome_free(&outcome);
    return !refused;
}

static cJSON *find_profile(cJSON *card, const char *iccid)
{
    cJSON *profile;
    cJSON_ArrayForEach(profile, cJSON_GetObjectItemCaseSensitive(card, "profiles"))
    {
        if (strcmp(json_text(profile, "iccid"), iccid) == 0) {
            return profile;
        }
    }
    return NULL;
}

bool sensor_show(struct demo *demo, struct row *row, struct sensor *sensor, struct outcome *outcome)
{
    struct arguments arguments;
    sensor_remove_card(sensor);
    demo_arguments(demo, &arguments, "euicc show --json");
    argument(&arguments, "%s/card", sensor->directory);
    bool held = demo_run(demo, row, &arguments, 0, outcome);
    return sensor_insert_card(demo, row, sensor, NULL) && held;
}

bool sensor_enabled(struct demo *demo, struct row *row, struct sensor *sensor, const char *iccid)
{
    struct outcome outcome = {0};
    bool held = sensor_show(demo, row, sensor, &outcome);
    cJSON *profile = held ? find_profile(outcome.json, iccid) : NULL;
    if (held && (profile == NULL || strcmp(json_text(profile, "state"), "enabled") != 0)) {
        held = row_fail(row, "%s: profile %s is not the enabled one: %.300s", sensor->label, iccid,
                        outcome.output);
    }
    outcome_free(&outcome);
    return held;
}

bool step_cards(struct demo *demo, struct row *row)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        struct sensor *sensor = &demo->sensors[i];
        if (!create_card(demo, row, sensor) || !sensor_insert_card(demo, row, sensor, NULL) ||
            !sensor_move(demo, row, sensor, true, false)) {
            return false;
        }
    }
    return true;
}
