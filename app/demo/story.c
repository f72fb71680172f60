/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chapters three to six: the first profile, the landing in Singapore, the rollback, home again.
 *
 * Each operation is asked of the eIM's API, carried out by a wake of the sensor, and believed only
 * when the eIM has verified the eUICC's signed result.
 */
#include <stdio.h>
#include <string.h>

#include "app/demo/demo.h"

#define CARRY_MAX 8

/* Queue something; `id` gets the operation. The arguments are freed. */
static bool queue(struct demo *demo, struct row *row, struct arguments *arguments,
                  char id[OPERATION_ID_SIZE])
{
    struct outcome outcome;
    bool held = demo_run(demo, row, arguments, 0, &outcome);
    snprintf(id, OPERATION_ID_SIZE, "%s", json_text(outcome.json, "id"));
    if (held && id[0] == '\0') {
        held = row_fail(row, "the eIM gave no operation: %.200s", outcome.output);
    }
    outcome_free(&outcome);
    return held;
}

static bool story_look(struct demo *demo, struct row *row, const char *id, struct outcome *outcome)
{
    struct arguments arguments;
    eim_arguments(demo, &arguments, "operation show");
    argument(&arguments, "%s", id);
    return demo_run(demo, row, &arguments, 0, outcome);
}

bool story_operation(struct demo *demo, struct row *row, const char *id, const char *state,
                     struct outcome *outcome)
{
    bool held = story_look(demo, row, id, outcome);
    if (held && strcmp(json_text(outcome->json, "state"), state) != 0) {
        held = row_fail(row, "operation %s is %s, not %s: %.300s", id,
                        json_text(outcome->json, "state"), state, outcome->output);
    }
    return held;
}

/*
 * Wake until the operation has ended. One wake does it, unless a server was killed under it: then
 * the eIM offers a download again only after a while.
 */
static bool carry(struct demo *demo, struct row *row, const struct sensor *sensor,
                  const char *modem, const char *flag, const char *id, struct outcome *shown)
{
    for (int i = 0; i < CARRY_MAX; i++) {
        struct outcome woken = {0};
        bool held = sensor_wake_with(demo, row, sensor, modem, flag, &woken) &&
                    story_look(demo, row, id, shown);
        outcome_free(&woken);
        if (!held) {
            return false;
        }
        const char *state = json_text(shown->json, "state");
        bool open = strcmp(state, "fetched") == 0 || strcmp(state, "running") == 0;
        if (demo->revived == 0 || !open || i + 1 == CARRY_MAX) {
            return strcmp(state, "done") == 0 ||
                   row_fail(row, "operation %s is %s, not done: %.300s", id, state, shown->output);
        }
        outcome_free(shown);
        process_pause(600);
    }
    return false;
}

bool story_queue_download(struct demo *demo, struct row *row, const struct sensor *sensor,
                          int index, bool direct, char id[OPERATION_ID_SIZE])
{
    struct arguments arguments;
    eim_arguments(demo, &arguments, "download");
    argument(&arguments, "%s", sensor->eid);
    argument(&arguments, "--pool");
    argument(&arguments, "%s", demo->operators[index].name);
    if (direct) {
        argument(&arguments, "--direct");
    }
    return queue(demo, row, &arguments, id);
}

bool story_queue_profile(struct demo *demo, struct row *row, const struct sensor *sensor,
                         const char *command, const char *iccid, bool rollback,
                         char id[OPERATION_ID_SIZE])
{
    struct arguments arguments;
    char words[64];
    snprintf(words, sizeof(words), "profile %s", command);
    eim_arguments(demo, &arguments, words);
    argument(&arguments, "%s", sensor->eid);
    argument(&arguments, "%s", iccid);
    if (rollback) {
        argument(&arguments, "--rollback");
    }
    return queue(demo, row, &arguments, id);
}

/* One download: queued, carried, verified; the ICCID that came goes into the sensor's record. */
static bool download(struct demo *demo, struct row *row, struct sensor *sensor, int index,
                     bool direct)
{
    char id[OPERATION_ID_SIZE];
    struct outcome shown = {0};
    bool held = story_queue_download(demo, row, sensor, index, direct, id) &&
                carry(demo, row, sensor, NULL, direct ? "--prefer-direct" : NULL, id, &shown);
    if (held) {
        snprintf(sensor->installed[index], sizeof(sensor->installed[0]), "%s",
                 json_text(shown.json, "iccid"));
        held = sensor->installed[index][0] != '\0' ||
               row_fail(row, "the eIM does not know which profile was installed: %.200s",
                        shown.output);
    }
    outcome_free(&shown);
    return held;
}

/* Enable, disable or delete; carried by a wake and verified. */
static bool change(struct demo *demo, struct row *row, struct sensor *sensor, const char *command,
                   int index, bool rollback)
{
    char id[OPERATION_ID_SIZE];
    struct outcome shown = {0};
    bool held =
        story_queue_profile(demo, row, sensor, command, sensor->installed[index], rollback, id) &&
        carry(demo, row, sensor, ",gateway", NULL, id, &shown);
    outcome_free(&shown);
    return held;
}

bool step_download_sweden(struct demo *demo, struct row *row)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (!download(demo, row, &demo->sensors[i], SWEDEN, false)) {
            return false;
        }
    }
    return true;
}

bool step_enable_sweden(struct demo *demo, struct row *row)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (!change(demo, row, &demo->sensors[i], "enable", SWEDEN, false)) {
            return false;
        }
    }
    return true;
}

bool step_attach_sweden(struct demo *demo, struct row *row)
{
    row_message(row, "AUTHENTICATE");
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (!sensor_attach(demo, row, &demo->sensors[i], SWEDEN)) {
            return false;
        }
    }
    return true;
}

/* The last digit of a key with one bit changed. */
static char flip(char digit)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    return DIGITS[(strchr(DIGITS, digit) - DIGITS) ^ 1];
}

/* A home network that has one bit of a subscriber's Ki wrong. */
static bool start_wrong_network(struct demo *demo, struct row *row,
                                const struct subscription *subscription, struct process *process)
{
    char text[400];
    char key[33];
    const struct operator_site *site = &demo->operators[SWEDEN];
    snprintf(key, sizeof(key), "%s", subscription->key);
    key[31] = flip(key[31]);
    snprintf(text, sizeof(text),
             "plmn: \"%s\"\nname: %s\nsubscribers:\n"
             "  - {imsi: \"%s\", algorithm: milenage, key: \"%s\", opc: \"%s\"}\n",
             site->plmn, site->provider, subscription->imsi, key, subscription->opc);
    demo_arguments(demo, &process->arguments, "network serve");
    argument(&process->arguments, "--config");
    argument(&process->arguments, "%s", demo_path(demo, "wrong-network.yaml"));
    argument(&process->arguments, "--listen");
    argument(&process->arguments, "unix:%s/wrong.radio", demo->sockets);
    argument(&process->arguments, "--ready");
    snprintf(process->ready, sizeof(process->ready), "%s", demo_path(demo, "wrong.ready"));
    argument(&process->arguments, "%s", process->ready);
    snprintf(process->log, sizeof(process->log), "%s", demo_path(demo, "wrong.log"));
    return demo_write_file(row, demo_path(demo, "wrong-network.yaml"), text) &&
           demo_serve(row, process, "wrong-network");
}

bool step_flipped_key(struct demo *demo, struct row *row)
{
    struct sensor *sensor = &demo->sensors[0];
    struct process network = {0};
    struct arguments arguments;
    struct outcome outcome = {0};
    const struct subscription *subscription =
        subscription_of(&demo->operators[SWEDEN], sensor->installed[SWEDEN]);
    if (subscription == NULL) {
        return row_fail(row, "no subscription has ICCID %s", sensor->installed[SWEDEN]);
    }
    bool held = start_wrong_network(demo, row, subscription, &network);
    demo_arguments(demo, &arguments, "network attach --json");
    argument(&arguments, "--reader");
    argument(&arguments, "%s", sensor->reader);
    argument(&arguments, "--network");
    argument(&arguments, "unix:%s/wrong.radio", demo->sockets);
    held = held && demo_run(demo, row, &arguments, 1, &outcome);
    if (held && strcmp(json_text(outcome.json, "cause"), "wrong-network") != 0) {
        held = row_fail(row, "the attach failed, but not at the keys: %.200s", outcome.output);
    }
    outcome_free(&outcome);
    process_end(&network, SIGTERM);
    arguments_free(&network.arguments);
    return held;
}

/* Landed: Sweden cannot be heard any more, and Singapore's network does not know these sensors yet.
 */
bool step_landing(struct demo *demo, struct row *row)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        struct sensor *sensor = &demo->sensors[i];
        struct outcome outcome = {0};
        if (!sensor_move(demo, row, sensor, false, i != 1)) {
            return false;
        }
        bool held = !sensor_attached(demo, row, sensor);
        if (!held) {
            return row_fail(row, "%s is attached, though Sweden is out of reach", sensor->label);
        }
        held = sensor_wake(demo, row, sensor, ",gateway", &outcome);
        outcome_free(&outcome);
        if (!held) {
            return false;
        }
    }
    return true;
}

bool step_download_singapore(struct demo *demo, struct row *row)
{
    return download(demo, row, &demo->sensors[0], SINGAPORE, false) &&
           download(demo, row, &demo->sensors[1], SINGAPORE, false);
}

bool step_download_direct(struct demo *demo, struct row *row)
{
    return download(demo, row, &demo->sensors[2], SINGAPORE, true);
}

bool step_enable_singapore(struct demo *demo, struct row *row)
{
    return change(demo, row, &demo->sensors[0], "enable", SINGAPORE, true) &&
           change(demo, row, &demo->sensors[2], "enable", SINGAPORE, true) &&
           sensor_attach(demo, row, &demo->sensors[0], SINGAPORE) &&
           sensor_attach(demo, row, &demo->sensors[2], SINGAPORE);
}

/* Sensor 2 lies in a hold without coverage: enable, no network, back, and the signed word of it. */
bool step_rollback(struct demo *demo, struct row *row)
{
    struct sensor *sensor = &demo->sensors[1];
    char id[OPERATION_ID_SIZE];
    struct outcome woken = {0};
    struct outcome shown = {0};
    bool held =
        story_queue_profile(demo, row, sensor, "enable", sensor->installed[SINGAPORE], true, id) &&
        sensor_wake_any(demo, row, sensor, ",gateway", &woken);
    if (held && json_number(woken.json, "rollbacks") != 1 && demo->revived == 0) {
        held = row_fail(row, "%s did not roll back: %.300s", sensor->label, woken.output);
    }
    row_message(row, "ES10b.ProfileRollback");
    held = held && story_operation(demo, row, id, "failed", &shown);
    if (held && strstr(shown.output, "roll") == NULL) {
        held = row_fail(row, "the eIM does not say that it was rolled back: %.300s", shown.output);
    }
    held = held && sensor_enabled(demo, row, sensor, sensor->installed[SWEDEN]);
    outcome_free(&woken);
    outcome_free(&shown);
    return held;
}

bool step_home(struct demo *demo, struct row *row)
{
    for (int i = 0; i < SENSOR_COUNT; i += 2) {
        struct sensor *sensor = &demo->sensors[i];
        if (!sensor_move(demo, row, sensor, true, false) ||
            !change(demo, row, sensor, "enable", SWEDEN, false) ||
            !sensor_attach(demo, row, sensor, SWEDEN) ||
            !change(demo, row, sensor, "delete", SINGAPORE, false)) {
            return false;
        }
        sensor->installed[SINGAPORE][0] = '\0';
    }
    return true;
}
