/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One scenario: prepare what is to be done, warm up where a session is to be alive or resumed,
 * then count one wake of the device.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bench_wire.h"
#include "host/carrier/coap.h"
#include "host/carrier/https.h"
#include "host/config/files.h"

#define QUIET_WAKES_MAX 12

static const char *const FEATURES[WIRE_FORM_COUNT] = {
    "indirect",
    "indirect,eim-download-data,eim-ctx-params1,eim-metadata,minimize",
    "direct",
};

/* The device in this process, while a scenario runs. */
struct runner {
    struct ipa_setup setup;
    struct ipa_options options;
    char state[340];
    char ca[340];
    char oscore[340];
    char oscore_state[360];
    struct psk_file *psk;
    char resolve[4][140];
    const char *resolve_items[3];
    struct wire_world *world;
    struct wire_result *result; /* NULL: not counted */
    struct relay_count before;  /* of the message under way */
};

static bool fail(struct wire_world *world, const char *why, const char *what)
{
    if (world->error[0] == '\0') {
        snprintf(world->error, sizeof(world->error), "%s: %s", what, why);
    }
    return false;
}

/* ---- a carrier that trusts a root in place of the pinned key ---- */

struct rooted {
    struct carrier base;
    struct carrier *below;
    struct tern_bytes anchors;
};

static struct rooted *own(struct carrier *carrier)
{
    return (struct rooted *)(void *)carrier;
}

static int rooted_begin(struct carrier *carrier, const struct carrier_request *request)
{
    struct rooted *rooted = own(carrier);
    struct carrier_request changed = *request;
    changed.trust = (struct tls_trust){.anchors = rooted->anchors};
    return rooted->below->verbs->begin(rooted->below, &changed);
}

static int rooted_send(struct carrier *carrier, struct tern_bytes piece, bool last)
{
    return own(carrier)->below->verbs->send(own(carrier)->below, piece, last);
}

static int rooted_read(struct carrier *carrier, uint8_t *out, size_t out_size, size_t *size,
                       bool *last, bool *nothing_waits)
{
    struct rooted *rooted = own(carrier);
    int status =
        rooted->below->verbs->read(rooted->below, out, out_size, size, last, nothing_waits);
    carrier->traffic = rooted->below->traffic;
    return status;
}

static void rooted_sleep(struct carrier *carrier)
{
    own(carrier)->below->verbs->sleep(own(carrier)->below);
}

static void rooted_free(struct carrier *carrier)
{
    own(carrier)->below->verbs->free(own(carrier)->below);
    free(carrier);
}

static struct carrier *rooted_new(struct carrier *below, struct tern_bytes anchors)
{
    static const struct carrier_verbs VERBS = {rooted_begin, rooted_send, rooted_read, rooted_sleep,
                                               rooted_free};
    struct rooted *rooted = calloc(1, sizeof(*rooted));
    if (rooted == NULL || below == NULL) {
        free(rooted);
        return NULL;
    }
    rooted->base.verbs = &VERBS;
    rooted->below = below;
    rooted->anchors = anchors;
    return &rooted->base;
}

/* ---- the device ---- */

static void subtract(struct relay_count *a, const struct relay_count *b)
{
    for (int i = 0; i < 2; i++) {
        a->bytes[i] -= b->bytes[i];
        a->packets[i] -= b->packets[i];
        a->handshake_bytes[i] -= b->handshake_bytes[i];
    }
    a->handshakes -= b->handshakes;
    a->resumptions -= b->resumptions;
}

static void on_exchange(void *context, const struct device_exchange *exchange)
{
    struct runner *runner = context;
    struct wire_result *result = runner->result;
    struct relay_count now;
    if (result == NULL) {
        return;
    }
    relay_sync(runner->world->relay, &now);
    if (result->message_count < WIRE_MESSAGE_MAX) {
        struct wire_message *message = &result->messages[result->message_count++];
        snprintf(message->name, sizeof(message->name), "%s%s", exchange->name, exchange->outcome);
        message->count = now;
        subtract(&message->count, &runner->before);
    }
    runner->before = now;
}

static void set_resolve(struct runner *runner)
{
    struct wire_world *world = runner->world;
    snprintf(runner->resolve[0], sizeof(runner->resolve[0]), WIRE_EIM ":443:%s",
             world->relay_esipa);
    snprintf(runner->resolve[1], sizeof(runner->resolve[1]), WIRE_EIM ":5684:%s",
             world->relay_coaps);
    snprintf(runner->resolve[2], sizeof(runner->resolve[2]), WIRE_SMDP ":443:%s",
             world->relay_smdp);
    snprintf(runner->resolve[3], sizeof(runner->resolve[3]), WIRE_EIM ":5684:%s",
             world->relay_oscore);
    for (size_t i = 0; i < 3; i++) {
        runner->resolve_items[i] = runner->resolve[i];
        runner->options.resolve.items[i] = runner->resolve[i];
    }
    runner->options.resolve.count = 3;
}

static struct carrier *make_carrier(struct runner *runner, enum wire_form form,
                                    enum wire_carrier kind)
{
    if (kind == WIRE_HTTPS || kind == WIRE_HTTPS_DIRECT) {
        const struct https_options https = {
            .resolve = {runner->resolve_items, 3},
              .segment_size = RELAY_MTU - RELAY_TCP_HEAD
        };
        return https_carrier_new(&https);
    }
    struct coap_options coap = {
        .resolve = runner->resolve_items,
        .resolve_count = 3,
        .no_session =
            kind == WIRE_COAPS_CERT || kind == WIRE_COAPS_PINNED || kind == WIRE_COAPS_PSK,
        .session_folder = kind == WIRE_COAPS_RESUMED ? runner->state : NULL,
        .certificate_folder = runner->state,
        .no_certificates = form == WIRE_FULL || kind != WIRE_OSCORE,
    };
    if (kind == WIRE_COAPS_PSK) {
        psk_file_device(runner->psk, &coap.psk_identity, &coap.psk);
    }
    if (kind == WIRE_OSCORE) {
        coap.plain = true;
        coap.oscore_file = runner->oscore;
        coap.oscore_state = runner->oscore_state;
        runner->resolve_items[1] = runner->resolve[3];
    }
    struct carrier *carrier = coap_carrier_new(&coap);
    if (kind == WIRE_COAPS_CERT) {
        carrier = rooted_new(carrier, runner->setup.device.options.anchors);
    }
    return carrier;
}

static bool load_keys(struct runner *runner, enum wire_form form)
{
    char path[340];
    char why[300];
    struct wire_world *world = runner->world;
    snprintf(runner->oscore, sizeof(runner->oscore), "%s/oscore-%d.yaml", world->directory,
             (int)form);
    snprintf(runner->oscore_state, sizeof(runner->oscore_state), "%s/oscore.state", runner->state);
    snprintf(path, sizeof(path), "%s/psk-%d.yaml", world->directory, (int)form);
    psk_file_free(runner->psk);
    runner->psk = psk_file_load(path, why, sizeof(why));
    return runner->psk != NULL || fail(world, why, "psk");
}

static bool open_device(struct runner *runner, enum wire_form form, enum wire_carrier kind)
{
    struct wire_world *world = runner->world;
    snprintf(runner->state, sizeof(runner->state), "%s/ipa", world->devices[form].directory);
    snprintf(runner->ca, sizeof(runner->ca), "%s/pki/tls-ca.pem", world->directory);
    memset(&runner->options, 0, sizeof(runner->options));
    runner->options.reader = world->devices[form].reader;
    runner->options.state = runner->state;
    runner->options.ca = runner->ca;
    runner->options.carrier = "https";
    runner->options.features = FEATURES[form];
    runner->options.retry_ms = 1;
    set_resolve(runner);
    if (!load_keys(runner, form)) {
        return false;
    }
    if (ipa_setup(&runner->setup, &runner->options) != 0) {
        return fail(world, "cannot be set up", "device");
    }
    struct device_options *options = &runner->setup.device.options;
    options->eim_carrier->verbs->free(options->eim_carrier);
    options->eim_carrier = make_carrier(runner, form, kind);
    options->on_exchange = on_exchange;
    options->context = runner;
    return options->eim_carrier != NULL || fail(world, "out of memory", "carrier");
}

static bool wake(struct runner *runner, const char *what)
{
    int status = device_wake(&runner->setup.device);
    const char *failure = runner->setup.device.failure;
    return (status == TERN_OK && failure == NULL) ||
           fail(runner->world, failure == NULL ? tern_error_text(status) : failure, what);
}

/* ---- work ---- */

static bool queue_download(struct wire_world *world, struct wire_device *device, unsigned kind)
{
    char rest[400];
    struct outcome outcome;
    if (world->code_used[kind] == world->code_count[kind]) {
        return fail(world, "no activation code is left", "download");
    }
    snprintf(rest, sizeof(rest), "%s --code %s", device->eid,
             world->codes[kind][world->code_used[kind]++]);
    bool held = wire_eim(world, &outcome, "download", rest);
    outcome_free(&outcome);
    return held;
}

/* Wake over HTTPS, uncounted, until the device has nothing to say and the eIM nothing to ask. */
static bool settle(struct wire_world *world, enum wire_form form)
{
    static struct runner runner;
    runner.world = world;
    runner.result = NULL;
    size_t count = 2;
    for (int i = 0; i < QUIET_WAKES_MAX && count > 1; i++) {
        struct wire_result *result = calloc(1, sizeof(*result));
        if (result == NULL || !open_device(&runner, form, WIRE_HTTPS)) {
            free(result);
            return false;
        }
        runner.result = result;
        bool held = wake(&runner, "quiet wake");
        count = result->message_count;
        runner.result = NULL;
        ipa_teardown(&runner.setup);
        free(result);
        if (!held) {
            return false;
        }
    }
    return true;
}

/* The ICCIDs on a card, as the eIM knows them. */
static bool read_iccids(struct wire_world *world, struct wire_device *device)
{
    struct outcome outcome;
    bool held = wire_eim(world, &outcome, "profile list", device->eid);
    size_t count = 0;
    const char *rest = held ? outcome.output : "";
    while (count < 2 && (rest = strstr(rest, "\"iccid\"")) != NULL) {
        const char *digits = strpbrk(rest + 7, "0123456789");
        snprintf(device->iccid[count++], sizeof(device->iccid[0]), "%.*s",
                 digits == NULL ? 0 : (int)strspn(digits, "0123456789"), digits);
        rest += 7;
    }
    outcome_free(&outcome);
    return held && (count == 2 || fail(world, "the eIM does not know two profiles", "PSMO"));
}

/* Two small profiles, one of them enabled. */
static bool prepare_psmo(struct wire_world *world, enum wire_form form)
{
    struct wire_device *device = &world->devices[form];
    struct outcome outcome;
    if (device->enabled < 0) {
        for (int i = 0; i < 2; i++) {
            if (!queue_download(world, device, WIRE_SIZES - 1) || !settle(world, form)) {
                return false;
            }
        }
        if (!read_iccids(world, device)) {
            return false;
        }
        device->enabled = 1;
        char rest[80];
        snprintf(rest, sizeof(rest), "%s %s", device->eid, device->iccid[1]);
        bool held = wire_eim(world, &outcome, "profile enable", rest);
        outcome_free(&outcome);
        if (!held || !settle(world, form)) {
            return false;
        }
    }
    device->enabled = 1 - device->enabled;
    char rest[80];
    snprintf(rest, sizeof(rest), "%s %s", device->eid, device->iccid[device->enabled]);
    bool held = wire_eim(world, &outcome, "profile enable", rest);
    outcome_free(&outcome);
    return held;
}

static bool prepare(struct wire_world *world, const struct wire_scenario *scenario)
{
    if (scenario->work == WIRE_POLL) {
        return true;
    }
    if (scenario->work == WIRE_PSMO) {
        return prepare_psmo(world, scenario->form);
    }
    return queue_download(world, &world->devices[scenario->form],
                          (unsigned)scenario->work - WIRE_TS48);
}

/* What was downloaded to be counted goes again: a card holds a limited number. */
static bool tidy(struct wire_world *world, const struct wire_scenario *scenario)
{
    if (scenario->work < WIRE_TS48) {
        return true;
    }
    char rest[120];
    struct outcome outcome;
    unsigned kind = (unsigned)scenario->work - WIRE_TS48;
    snprintf(rest, sizeof(rest), "%s %s --force strand-device", world->devices[scenario->form].eid,
             world->iccids[kind][world->code_used[kind] - 1]);
    bool held = wire_eim(world, &outcome, "profile delete", rest);
    outcome_free(&outcome);
    return held;
}

/* ---- one scenario ---- */

static bool count_wake(struct runner *runner, struct wire_result *result,
                       const struct wire_scenario *scenario)
{
    struct relay *relay = runner->world->relay;
    struct device *device = &runner->setup.device;
    struct carrier_traffic before = device_traffic(device);
    uint16_t downloads = device->ipa.tally.downloads;
    const struct relay_faults none = {0};
    const struct relay_faults delay = {.delay_ms = runner->world->delay_ms};
    relay_reset(relay);
    relay_spoil(relay, &delay);
    memset(&runner->before, 0, sizeof(runner->before));
    runner->result = result;
    bool held = wake(runner, scenario->name);
    runner->result = NULL;
    relay_sync(relay, &result->count);
    relay_spoil(relay, &none);
    result->round_trips = device_traffic(device).round_trips - before.round_trips;
    result->packet_count = relay_trace(relay, result->packets, RELAY_TRACE_MAX);
    if (held && scenario->work >= WIRE_TS48 && device->ipa.tally.downloads != downloads + 1) {
        held = fail(runner->world, "no profile was installed", scenario->name);
    }
    return held;
}

/* Certificates travel by reference once they have been seen: one download before, uncounted. */
static bool teach_certificates(struct runner *runner, const struct wire_scenario *scenario)
{
    struct wire_world *world = runner->world;
    const struct wire_scenario first = {WIRE_OSCORE, WIRE_COMPACT, WIRE_MIN, "first download"};
    bool needed = wire_needs_certificates(scenario) && !world->certificates_held;
    world->certificates_held = world->certificates_held || needed;
    return !needed || (prepare(world, &first) && wake(runner, first.name) && tidy(world, &first) &&
                       wake(runner, "delete it again"));
}

bool wire_run(struct wire_world *world, struct wire_result *result,
              const struct wire_scenario *scenario)
{
    static struct runner runner;
    bool warm = scenario->carrier == WIRE_COAPS_RESUMED || scenario->carrier == WIRE_COAPS_LIVE;
    memset(result, 0, sizeof(*result));
    runner.world = world;
    runner.result = NULL;
    if (!settle(world, scenario->form) ||
        !open_device(&runner, scenario->form, scenario->carrier)) {
        return false;
    }
    bool held = !warm || wake(&runner, "first wake");
    if (held && scenario->carrier == WIRE_COAPS_RESUMED) { /* asleep: the process is gone */
        ipa_teardown(&runner.setup);
        held = open_device(&runner, scenario->form, scenario->carrier);
        if (!held) {
            return false;
        }
    }
    held = held && teach_certificates(&runner, scenario) && prepare(world, scenario) &&
           count_wake(&runner, result, scenario);
    ipa_teardown(&runner.setup);
    return held && tidy(world, scenario);
}
