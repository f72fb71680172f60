/* SPDX-License-Identifier: Apache-2.0 */
/* Chapter two: the platform binds the eIM to each sensor over its short-range link. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/demo/demo.h"

static bool write_enrolment(struct demo *demo, struct row *row)
{
    struct arguments arguments;
    struct outcome outcome;
    demo_arguments(demo, &arguments, "eim enrol-file");
    argument(&arguments, "--pki");
    argument(&arguments, "%s", demo->pki);
    argument(&arguments, "--fqdn");
    argument(&arguments, "%s:%d", demo->eim_fqdn, demo->device_port);
    argument(&arguments, "--protocol");
    const char *carrier = demo->options.carrier;
    argument(&arguments, "%s",
             strcmp(carrier, "https") == 0   ? "retrieve-https"
             : strcmp(carrier, "coaps") == 0 ? "retrieve-coaps"
                                             : "proprietary");
    argument(&arguments, "--output");
    argument(&arguments, "%s", demo_path(demo, "enrol.der"));
    bool held = demo_run(demo, row, &arguments, 0, &outcome);
    outcome_free(&outcome);
    return held;
}

/* The platform knocks with this code. */
static bool knock(struct demo *demo, struct row *row, struct sensor *sensor, const char *code,
                  int expected)
{
    struct arguments arguments;
    struct outcome outcome;
    demo_arguments(demo, &arguments, "ipa commission --json");
    argument(&arguments, "--link");
    argument(&arguments, "unix:%s/link-%d", demo->sockets, sensor->number);
    argument(&arguments, "--code");
    argument(&arguments, "%s", code);
    argument(&arguments, "--enrol");
    argument(&arguments, "%s", demo_path(demo, "enrol.der"));
    argument(&arguments, "--out");
    argument(&arguments, "%s/device.json", sensor->directory);
    argument(&arguments, "--label");
    argument(&arguments, "%s", sensor->label);
    bool held = demo_run(demo, row, &arguments, expected, &outcome);
    if (held && expected == 0 && json_number(outcome.json, "association_token") < 1) {
        held = row_fail(row, "%s brought back no association token", sensor->label);
    }
    outcome_free(&outcome);
    return held;
}

/* The code that is printed on the sensor: its commissioning state says it first. */
static bool read_pairing_code(struct row *row, struct sensor *sensor, const char *log)
{
    char line[256] = "";
    FILE *file = fopen(log, "re");
    if (file != NULL) {
        (void)fgets(line, sizeof(line), file);
        fclose(file);
    }
    cJSON *json = cJSON_Parse(line);
    snprintf(sensor->pairing_code, sizeof(sensor->pairing_code), "%s",
             json_text(json, "pairing_code"));
    cJSON_Delete(json);
    return sensor->pairing_code[0] != '\0' ||
           row_fail(row, "%s says no pairing code", sensor->label);
}

static bool commission(struct demo *demo, struct row *row, struct sensor *sensor)
{
    struct process device = {0};
    demo_arguments(demo, &device.arguments, "ipa commission-serve --json");
    argument(&device.arguments, "--reader");
    argument(&device.arguments, "%s", sensor->reader);
    argument(&device.arguments, "--state");
    argument(&device.arguments, "%s/ipa", sensor->directory);
    argument(&device.arguments, "--link");
    argument(&device.arguments, "unix:%s/link-%d", demo->sockets, sensor->number);
    argument(&device.arguments, "--ready");
    snprintf(device.ready, sizeof(device.ready), "%s/link.ready", sensor->directory);
    argument(&device.arguments, "%s", device.ready);
    snprintf(device.log, sizeof(device.log), "%s/link.log", sensor->directory);
    snprintf(device.name, sizeof(device.name), "link-%d", sensor->number);
    cJSON *ready = process_start(&device) ? process_wait_ready(&device, 10000) : NULL;
    bool held =
        ready != NULL || row_fail(row, "%s opens no link; see %s", sensor->label, device.log);
    held = held && read_pairing_code(row, sensor, device.log) &&
           knock(demo, row, sensor, "AAAA-AAAA-AAAA-AAAA", 1) &&
           knock(demo, row, sensor, sensor->pairing_code, 0);
    cJSON_Delete(ready);
    process_end(&device, SIGTERM);
    arguments_free(&device.arguments);
    return held;
}

static bool import_device(struct demo *demo, struct row *row, const struct sensor *sensor)
{
    struct arguments arguments;
    struct outcome outcome;
    eim_arguments(demo, &arguments, "device import");
    argument(&arguments, "%s/device.json", sensor->directory);
    bool held = demo_run(demo, row, &arguments, 0, &outcome);
    outcome_free(&outcome);
    return held;
}

bool step_commission(struct demo *demo, struct row *row)
{
    row_message(row, "ES10b.AddInitialEim");
    row_message(row, "ES10b.GetEID");
    row_message(row, "ES10b.GetCerts");
    if (!write_enrolment(demo, row)) {
        return false;
    }
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (!commission(demo, row, &demo->sensors[i]) ||
            !import_device(demo, row, &demo->sensors[i])) {
            return false;
        }
    }
    return true;
}
