/* SPDX-License-Identifier: Apache-2.0 */
/* `tern demo`: options, the table of steps, and the end of every process that was started. */
#include "app/demo/demo.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/verbs.h"
#include "host/config/options.h"

/* clang-format off */
const struct demo_step DEMO_STEPS[] = {
    {"pki", "a test PKI: CI, EUM, three eUICCs, two SM-DP+s, the eIM", step_pki, true},
    {"profiles", "profiles built from YAML, five an operator, each with its own keys", step_profiles, true},
    {"servers", "two SM-DP+s, two home networks and the eIM start", step_servers, true},
    {"orders", "activation codes ordered: a CSV list and QR images", step_orders, true},
    {"cards", "three sensors leave the factory: no profile, no eIM", step_cards, true},
    {"commission", "the eIM is bound by short range; a wrong pairing code is not let in", step_commission, true},
    {"download.sweden", "the Swedish profile comes, relayed by the eIM", step_download_sweden, true},
    {"enable.sweden", "a signed package enables it; the signed result is verified", step_enable_sweden, true},
    {"attach.sweden", "all three attach in Sweden: RES, CK and IK agree", step_attach_sweden, true},
    {"attach.flipped-key", "one flipped bit of Ki: the attach fails at the keys", step_flipped_key, false},
    {"landing", "in Singapore: Sweden is out of reach, the gateway still serves", step_landing, true},
    {"download.singapore", "two sensors get the local profile through the eIM", step_download_singapore, true},
    {"download.direct", "the third one gets it straight from the SM-DP+", step_download_direct, true},
    {"enable.singapore", "enabled with rollback allowed; two attach in Singapore", step_enable_singapore, true},
    {"rollback", "no coverage in the hold: back by itself, and says so signed", step_rollback, true},
    {"home", "home again: the first profile enabled, the second deleted", step_home, true},
    {"malware.unsigned", "malware: an enable without a signature: unsigned error, nothing changes", step_unsigned, false},
    {"malware.other-key", "malware: a package signed by its own key: unsigned error", step_other_key, false},
    {"malware.replay", "malware: an old package again: replayError, signed", step_replay, false},
    {"malware.other-eid", "malware: another sensor's package: invalidEid, signed", step_other_eid, false},
    {"malware.other-package", "malware: another sensor's bound profile package: refused, reported", step_other_package, false},
    {"power.download", "power cut in mid-download: done on the next wake, once", step_cut_download, false},
    {"power.enable", "power cut between enable and report: reported on the next wake", step_cut_enable, false},
};
/* clang-format on */
const size_t DEMO_STEP_COUNT = sizeof(DEMO_STEPS) / sizeof(DEMO_STEPS[0]);

static void set_operator(struct demo *demo, int index, const char *name, const char *provider,
                         const char *plmn, const char *fqdn)
{
    struct operator_site *site = &demo->operators[index];
    site->name = name;
    site->provider = provider;
    site->plmn = plmn;
    site->fqdn = fqdn;
    site->es9_port = demo_free_port();
    site->es2_port = demo_free_port();
    snprintf(site->address, sizeof(site->address), "%s:%d", fqdn, site->es9_port);
    snprintf(site->network_at, sizeof(site->network_at), "unix:%s/%s.radio", demo->sockets, name);
}

/* An EID of the test EUM with its check digits (sgp22.md 3). */
static void invent_eid(char eid[33], unsigned number)
{
    unsigned rest = 0;
    memcpy(eid, "89049032000000000000000000000000", 33);
    eid[28] = (char)('0' + number / 10 % 10);
    eid[29] = (char)('0' + number % 10);
    for (int i = 0; i < 32; i++) {
        rest = (rest * 10 + (unsigned)(eid[i] - '0')) % 97;
    }
    eid[30] = (char)('0' + (98 - rest) / 10);
    eid[31] = (char)('0' + (98 - rest) % 10);
}

static void set_the_scene(struct demo *demo)
{
    snprintf(demo->pki, sizeof(demo->pki), "%s/pki", demo->directory);
    snprintf(demo->eim_fqdn, sizeof(demo->eim_fqdn), "eim.owner.example");
    demo->eim_port = demo_free_port();
    demo->device_port = demo->options.link == NULL ? demo->eim_port : demo_free_port();
    demo->api_port = demo_free_port();
    set_operator(demo, SWEDEN, "sweden", "Nordlys", "24001", "smdp.sweden.example");
    set_operator(demo, SINGAPORE, "singapore", "Merlion", "52501", "smdp.singapore.example");
    for (int i = 0; i < SENSOR_COUNT; i++) {
        struct sensor *sensor = &demo->sensors[i];
        sensor->number = i + 1;
        snprintf(sensor->label, sizeof(sensor->label), "sensor %d", i + 1);
        invent_eid(sensor->eid, (unsigned)i + 1);
        demo_random_hex(sensor->pairing_code, 10);
        snprintf(sensor->directory, sizeof(sensor->directory), "%s/sensor-%d", demo->directory,
                 i + 1);
        snprintf(sensor->reader, sizeof(sensor->reader), "unix:%s/card-%d", demo->sockets, i + 1);
        mkdir(sensor->directory, 0700);
    }
}

static bool make_directories(struct demo *demo)
{
    ssize_t size = readlink("/proc/self/exe", demo->self, sizeof(demo->self) - 1);
    if (size <= 0) {
        fputs("tern demo: cannot tell where this program is\n", stderr);
        return false;
    }
    snprintf(demo->sockets, sizeof(demo->sockets), "/tmp/tern-demo-XXXXXX");
    bool made = mkdtemp(demo->sockets) != NULL;
    if (demo->options.directory != NULL) {
        snprintf(demo->directory, sizeof(demo->directory), "%s", demo->options.directory);
        made = made && mkdir(demo->directory, 0700) == 0;
    } else {
        int folder = (int)(strrchr(demo->self, '/') - demo->self);
        snprintf(demo->directory, sizeof(demo->directory), "%.*s/demo-XXXXXX", folder, demo->self);
        made = made && mkdtemp(demo->directory) != NULL;
    }
    if (!made) {
        fprintf(stderr, "tern demo: %s: %s\n", demo->directory, strerror(errno));
    }
    return made;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void run_steps(struct demo *demo)
{
    for (size_t i = 0; i < DEMO_STEP_COUNT; i++) {
        const struct demo_step *step = &DEMO_STEPS[i];
        struct row *row = report_begin(&demo->report, step->name, step->words);
        long long start = now_ms();
        if (!step->run(demo, row)) {
            row_fail(row, "it did not hold");
        }
        row->ms = now_ms() - start;
        report_end_row(&demo->report, row);
        if (!row->ok && step->needed) {
            break;
        }
    }
}

static void end_processes(struct demo *demo)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        process_end(&demo->sensors[i].card, SIGTERM);
        arguments_free(&demo->sensors[i].card.arguments);
    }
    process_end(&demo->link, SIGTERM);
    arguments_free(&demo->link.arguments);
    process_end(&demo->eim, SIGTERM);
    arguments_free(&demo->eim.arguments);
    for (int i = 0; i < OPERATOR_COUNT; i++) {
        process_end(&demo->operators[i].smdp, SIGTERM);
        process_end(&demo->operators[i].network, SIGTERM);
        arguments_free(&demo->operators[i].smdp.arguments);
        arguments_free(&demo->operators[i].network.arguments);
    }
}

static int stay(struct demo *demo)
{
    sigset_t set;
    int got;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    fprintf(stderr, "\nThe servers stay until you end this (Ctrl-C). Data: %s\n", demo->directory);
    for (int i = 0; i < OPERATOR_COUNT; i++) {
        fprintf(stderr, "  SM-DP+ %-24s ES9+ 127.0.0.1:%d  ES2+ 127.0.0.1:%d\n",
                demo->operators[i].fqdn, demo->operators[i].es9_port, demo->operators[i].es2_port);
    }
    fprintf(stderr, "  eIM    %-24s ESipa 127.0.0.1:%d  API 127.0.0.1:%d\n", demo->eim_fqdn,
            demo->eim_port, demo->api_port);
    for (int i = 0; i < SENSOR_COUNT; i++) {
        fprintf(stderr, "  %s, EID %s: card at %s\n", demo->sensors[i].label, demo->sensors[i].eid,
                demo->sensors[i].reader);
    }
    sigwait(&set, &got);
    return 0;
}

static int tell(struct demo *demo)
{
    if (!make_directories(demo)) {
        return 2;
    }
    set_the_scene(demo);
    demo->eim.kills = demo->options.kill_eim;
    demo->operators[SWEDEN].smdp.kills = demo->options.kill_sweden;
    demo->operators[SINGAPORE].smdp.kills = demo->options.kill_singapore;
    run_steps(demo);
    bool ok = report_ok(&demo->report);
    if (demo->options.json) {
        report_print_json(&demo->report);
    } else {
        report_print_table(&demo->report);
    }
    fflush(stdout);
    if (demo->options.stay) {
        stay(demo);
    }
    end_processes(demo);
    remove_tree(demo->sockets);
    if (ok && !demo->options.keep && !demo->options.stay && demo->options.directory == NULL) {
        remove_tree(demo->directory);
    } else {
        fprintf(stderr, "What the programs kept and logged is in %s\n", demo->directory);
    }
    report_free(&demo->report);
    return ok ? 0 : 1;
}

/* Ctrl-C ends the story; the children die with it. */
static void block_signals_for_stay(bool stays)
{
    if (stays) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
    }
}

static const struct option_row ROWS[] = {
    OPTION_TEXT(struct demo_options, curve, "curve", "p256|brainpool", "the curve of the PKI"),
    OPTION_TEXT(struct demo_options, carrier, "carrier", "https|coaps|oscore",
                "how ESipa travels; oscore is ours, not GSMA's"),
    OPTION_TEXT(
        struct demo_options, link, "link", "'PRESET [OPTION ...]'",
        "a modelled link between sensors and eIM; more options of tern sim link may follow"),
    OPTION_TEXT(struct demo_options, directory, "data", "DIR",
                "keep everything there; must not exist"),
    OPTION_TEXT(struct demo_options, trace, "trace", "DIR",
                "keep every message that crossed an interface (tern decode DIR)"),
    OPTION_TEXT(struct demo_options, kill_eim, "kill-eim", "MOMENT:N[:PATH],...",
                "for tests: SIGKILL the eIM there, and start it again"),
    OPTION_TEXT(struct demo_options, kill_sweden, "kill-sweden", "MOMENT:N[:PATH],...",
                "for tests: the same to Sweden's SM-DP+"),
    OPTION_TEXT(struct demo_options, kill_singapore, "kill-singapore", "MOMENT:N[:PATH],...",
                "for tests: the same to Singapore's SM-DP+"),
    OPTION_FLAG(struct demo_options, stay, "stay", "leave the servers running and say where"),
    OPTION_FLAG(struct demo_options, keep, "keep", "keep the data also when every step held"),
    OPTION_FLAG(struct demo_options, json, "json", "print JSON"),
};
static const struct option_table TABLE = OPTION_TABLE(
    "tern demo [OPTION ...]",
    "Tells the whole story on this machine: PKI, operators, eIM, three sensors that are\n"
    "bound, given a profile, moved abroad and brought home; attacks and power cuts.\n"
    "Exits 0 only if every step was checked and held.",
    ROWS);

int verb_demo(int argc, char **argv)
{
    static struct demo demo;
    demo.options.curve = "p256";
    demo.options.carrier = "https";
    int status = options_parse(&TABLE, &demo.options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    if (strcmp(demo.options.curve, "p256") != 0 && strcmp(demo.options.curve, "brainpool") != 0) {
        fputs("tern demo: --curve wants p256 or brainpool\n", stderr);
        return 2;
    }
    if (strcmp(demo.options.carrier, "https") != 0 && strcmp(demo.options.carrier, "coaps") != 0 &&
        strcmp(demo.options.carrier, "oscore") != 0) {
        fputs("tern demo: --carrier wants https, coaps or oscore\n", stderr);
        return 2;
    }
    block_signals_for_stay(demo.options.stay);
    demo.report.live = isatty(STDERR_FILENO);
    return tell(&demo);
}
