/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chapter eight: power is cut, the card's with it, and the next wake has to bring everything to its
 * end: nothing lost, nothing done twice.
 */
#include <stdio.h>
#include <string.h>

#include "app/demo/demo.h"

#define POWER_CUT_STATUS 3 /**< how `tern ipa once --stop-after` ends */

/* A wake that ends behind the n-th write of this ES10 function; the card loses its power, too. */
static bool cut(struct demo *demo, struct row *row, struct sensor *sensor, const char *function,
                int writes)
{
    struct arguments arguments;
    struct outcome outcome;
    sensor_wake_arguments(demo, &arguments, sensor, ",gateway");
    argument(&arguments, "--stop-in");
    argument(&arguments, "%s", function);
    argument(&arguments, "--stop-after");
    argument(&arguments, "%d", writes);
    bool held = demo_run(demo, row, &arguments, POWER_CUT_STATUS, &outcome);
    outcome_free(&outcome);
    process_end(&sensor->card, SIGKILL);
    return sensor_insert_card(demo, row, sensor, NULL) && held;
}

static int count_profiles(const cJSON *card)
{
    return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(card, "profiles"));
}

/* The card holds so many profiles; `settled`: and has nothing left to report. */
static bool holds(struct demo *demo, struct row *row, struct sensor *sensor, int profiles,
                  bool settled)
{
    struct outcome outcome = {0};
    bool held = sensor_show(demo, row, sensor, &outcome);
    if (held && count_profiles(outcome.json) != profiles) {
        held = row_fail(row, "%s holds %d profiles, not %d", sensor->label,
                        count_profiles(outcome.json), profiles);
    }
    if (held && settled && json_number(outcome.json, "pending") != 0) {
        held = row_fail(row, "%s has reports left: %.300s", sensor->label, outcome.output);
    }
    outcome_free(&outcome);
    return held;
}

bool step_cut_download(struct demo *demo, struct row *row)
{
    struct sensor *sensor = &demo->sensors[2];
    char id[OPERATION_ID_SIZE];
    struct outcome woken = {0};
    struct outcome shown = {0};
    bool held = story_queue_download(demo, row, sensor, SINGAPORE, false, id) &&
                cut(demo, row, sensor, "0xBF36", 5) && holds(demo, row, sensor, 1, false) &&
                sensor_wake(demo, row, sensor, ",gateway", &woken) &&
                story_operation(demo, row, id, "done", &shown) && holds(demo, row, sensor, 2, true);
    outcome_free(&woken);
    outcome_free(&shown);
    return held;
}

bool step_cut_enable(struct demo *demo, struct row *row)
{
    struct sensor *sensor = &demo->sensors[1];
    const char *iccid = sensor->installed[SINGAPORE];
    char id[OPERATION_ID_SIZE];
    struct outcome woken = {0};
    struct outcome shown = {0};
    bool held = sensor_move(demo, row, sensor, false, true) &&
                story_queue_profile(demo, row, sensor, "enable", iccid, false, id) &&
                cut(demo, row, sensor, "0xBF51", 1) && sensor_enabled(demo, row, sensor, iccid) &&
                sensor_wake(demo, row, sensor, ",gateway", &woken) &&
                story_operation(demo, row, id, "done", &shown) &&
                sensor_attach(demo, row, sensor, SINGAPORE) && holds(demo, row, sensor, 2, true);
    if (held && json_number(shown.json, "attempts") > 2) {
        held = row_fail(row, "the package was asked for too often: %.200s", shown.output);
    }
    outcome_free(&woken);
    outcome_free(&shown);
    return held;
}
