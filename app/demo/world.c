/* SPDX-License-Identifier: Apache-2.0 */
/* Chapter one: a PKI, two operators with profiles, SM-DP+ and network, and the eIM. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/demo/demo.h"

bool step_pki(struct demo *demo, struct row *row)
{
    struct arguments arguments;
    struct outcome outcome;
    demo_arguments(demo, &arguments, "pki init");
    argument(&arguments, "%s", demo->pki);
    argument(&arguments, "--curve");
    argument(&arguments, "%s", demo->options.curve);
    for (int i = 0; i < OPERATOR_COUNT; i++) {
        argument(&arguments, "--smdp");
        argument(&arguments, "%s", demo->operators[i].fqdn);
        argument(&arguments, "--operator");
        argument(&arguments, "%s", demo->operators[i].name);
    }
    argument(&arguments, "--eim");
    argument(&arguments, "%s", demo->eim_fqdn);
    for (int i = 0; i < SENSOR_COUNT; i++) {
        argument(&arguments, "--euicc");
        argument(&arguments, "%s", demo->sensors[i].eid);
    }
    bool held = demo_run(demo, row, &arguments, 0, &outcome);
    outcome_free(&outcome);
    return held;
}

/* The last digit of an ICCID (ISO/IEC 7812, Luhn). */
static char luhn(const char *digits)
{
    int sum = 0;
    size_t size = strlen(digits);
    for (size_t i = 0; i < size; i++) {
        int digit = digits[size - 1 - i] - '0';
        digit = i % 2 == 0 ? digit * 2 : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

static void invent_subscription(struct operator_site *site, const char *country, unsigned number)
{
    struct subscription *subscription = &site->subscriptions[number - 1];
    char digits[24];
    snprintf(digits, sizeof(digits), "%.4s0100000000010%u", country, number % 10);
    snprintf(subscription->iccid, sizeof(subscription->iccid), "%.18s%c", digits, luhn(digits));
    snprintf(subscription->imsi, sizeof(subscription->imsi), "%.5s000000010%u", site->plmn,
             number % 10);
    demo_random_hex(subscription->key, 16);
    demo_random_hex(subscription->opc, 16);
}

const struct subscription *subscription_of(const struct operator_site *site, const char *iccid)
{
    for (int i = 0; i < PROFILE_COUNT; i++) {
        if (strcmp(site->subscriptions[i].iccid, iccid) == 0) {
            return &site->subscriptions[i];
        }
    }
    return NULL;
}

static bool describe_profile(struct row *row, const struct operator_site *site,
                             const struct subscription *subscription, const char *path)
{
    char text[1500];
    snprintf(text, sizeof(text),
             "# A subscription of %s\n"
             "type: %s-iot\n"
             "iccid: \"%s\"\n"
             "pins:\n"
             "  pin1: {value: \"1234\", enabled: no}\n"
             "usim:\n"
             "  imsi: \"%s\"\n"
             "  mnc_length: 2\n"
             "  spn: %s\n"
             "aka: {algorithm: milenage, key: \"%s\", opc: \"%s\"}\n"
             "metadata:\n"
             "  service_provider_name: %s\n"
             "  profile_name: %s IoT\n",
             site->provider, site->name, subscription->iccid, subscription->imsi, site->provider,
             subscription->key, subscription->opc, site->provider, site->provider);
    return demo_write_file(row, path, text);
}

static bool build_profile(struct demo *demo, struct row *row, const struct operator_site *site,
                          const struct subscription *subscription)
{
    const char *yaml = demo_path(demo, "%s/%s.yaml", site->name, subscription->iccid);
    struct arguments arguments;
    struct outcome outcome;
    if (!describe_profile(row, site, subscription, yaml)) {
        return false;
    }
    demo_arguments(demo, &arguments, "profile build");
    argument(&arguments, "%s", yaml);
    argument(&arguments, "--output");
    argument(&arguments, "%s",
             demo_path(demo, "%s/profiles/%s.upp", site->name, subscription->iccid));
    argument(&arguments, "--metadata");
    argument(&arguments, "%s",
             demo_path(demo, "%s/profiles/%s.metadata", site->name, subscription->iccid));
    bool held = demo_run(demo, row, &arguments, 0, &outcome);
    outcome_free(&outcome);
    return held;
}

static bool import_profiles(struct demo *demo, struct row *row, struct operator_site *site)
{
    struct arguments arguments;
    struct outcome outcome;
    demo_arguments(demo, &arguments, "smdp profile import");
    argument(&arguments, "--data");
    argument(&arguments, "%s", demo_path(demo, "%s/smdp", site->name));
    argument(&arguments, "--name");
    argument(&arguments, "%s", site->address);
    argument(&arguments, "--type");
    argument(&arguments, "%s-iot", site->name);
    argument(&arguments, "%s", demo_path(demo, "%s/profiles", site->name));
    bool held = demo_run(demo, row, &arguments, 0, &outcome);
    outcome_free(&outcome);
    return held;
}

static bool describe_network(struct demo *demo, struct row *row, const struct operator_site *site)
{
    char text[4000];
    size_t used = (size_t)snprintf(text, sizeof(text), "plmn: \"%s\"\nname: %s\nsubscribers:\n",
                                   site->plmn, site->provider);
    for (int i = 0; i < PROFILE_COUNT; i++) {
        const struct subscription *subscription = &site->subscriptions[i];
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used,
                             "  - {imsi: \"%s\", algorithm: milenage, key: \"%s\", opc: \"%s\"}\n",
                             subscription->imsi, subscription->key, subscription->opc);
    }
    return demo_write_file(row, demo_path(demo, "%s/network.yaml", site->name), text);
}

bool step_profiles(struct demo *demo, struct row *row)
{
    static const char *const COUNTRIES[] = {"8946", "8965"};
    for (int index = 0; index < OPERATOR_COUNT; index++) {
        struct operator_site *site = &demo->operators[index];
        mkdir(demo_path(demo, "%s", site->name), 0700);
        mkdir(demo_path(demo, "%s/profiles", site->name), 0700);
        for (unsigned i = 0; i < PROFILE_COUNT; i++) {
            invent_subscription(site, COUNTRIES[index], i + 1);
            if (!build_profile(demo, row, site, &site->subscriptions[i])) {
                return false;
            }
        }
        if (!describe_network(demo, row, site) || !import_profiles(demo, row, site)) {
            return false;
        }
    }
    return true;
}

static void add_trace(const struct demo *demo, struct arguments *arguments, const char *name)
{
    if (demo->options.trace != NULL) {
        argument(arguments, "--trace");
        argument(arguments, "%s/%s", demo->options.trace, name);
    }
}

static bool start_smdp(struct demo *demo, struct row *row, struct operator_site *site)
{
    struct process *process = &site->smdp;
    char name[64];
    demo_arguments(demo, &process->arguments, "smdp serve");
    argument(&process->arguments, "--data");
    argument(&process->arguments, "%s", demo_path(demo, "%s/smdp", site->name));
    argument(&process->arguments, "--pki");
    argument(&process->arguments, "%s", demo->pki);
    argument(&process->arguments, "--name");
    argument(&process->arguments, "%s", site->address);
    argument(&process->arguments, "--listen-es9");
    argument(&process->arguments, "127.0.0.1:%d", site->es9_port);
    argument(&process->arguments, "--listen-es2");
    argument(&process->arguments, "127.0.0.1:%d", site->es2_port);
    argument(&process->arguments, "--ready");
    snprintf(process->ready, sizeof(process->ready), "%s",
             demo_path(demo, "%s/smdp.ready", site->name));
    argument(&process->arguments, "%s", process->ready);
    snprintf(process->log, sizeof(process->log), "%s", demo_path(demo, "%s/smdp.log", site->name));
    snprintf(name, sizeof(name), "smdp-%s", site->name);
    add_trace(demo, &process->arguments, name);
    return demo_serve(row, process, name);
}

static bool start_network(struct demo *demo, struct row *row, struct operator_site *site)
{
    struct process *process = &site->network;
    char name[64];
    demo_arguments(demo, &process->arguments, "network serve");
    argument(&process->arguments, "--config");
    argument(&process->arguments, "%s", demo_path(demo, "%s/network.yaml", site->name));
    argument(&process->arguments, "--listen");
    argument(&process->arguments, "%s", site->network_at);
    argument(&process->arguments, "--ready");
    snprintf(process->ready, sizeof(process->ready), "%s",
             demo_path(demo, "%s/network.ready", site->name));
    argument(&process->arguments, "%s", process->ready);
    snprintf(process->log, sizeof(process->log), "%s",
             demo_path(demo, "%s/network.log", site->name));
    snprintf(name, sizeof(name), "network-%s", site->name);
    return demo_serve(row, process, name);
}

bool demo_over_udp(const struct demo *demo)
{
    return strcmp(demo->options.carrier, "https") != 0;
}

/* OSCORE keys, one a sensor: the eIM's file has all, a sensor's its own. Proprietary, see GLOSSARY.
 */
static bool write_oscore_keys(struct demo *demo, struct row *row)
{
    char all[1000];
    size_t used = (size_t)snprintf(all, sizeof(all), "oscore:\n");
    for (int i = 0; i < SENSOR_COUNT; i++) {
        const struct sensor *sensor = &demo->sensors[i];
        char secret[33];
        char line[160];
        char own[200];
        demo_random_hex(secret, 16);
        snprintf(line, sizeof(line), "  - {secret: %s, device: 0%d, eim: 10}\n", secret, i + 1);
        snprintf(own, sizeof(own), "oscore:\n%s", line);
        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s", line);
        if (!demo_write_file(row, demo_path(demo, "sensor-%d/oscore.yaml", sensor->number), own)) {
            return false;
        }
    }
    return demo_write_file(row, demo_path(demo, "oscore.yaml"), all);
}

static bool add_eim_doors(struct demo *demo, struct row *row, struct arguments *arguments)
{
    const char *carrier = demo->options.carrier;
    int esipa = demo_over_udp(demo) ? 0 : demo->eim_port;
    argument(arguments, "--listen-esipa");
    argument(arguments, "127.0.0.1:%d", esipa);
    if (strcmp(carrier, "coaps") == 0) {
        argument(arguments, "--listen-coaps");
        argument(arguments, "127.0.0.1:%d", demo->eim_port);
    } else if (strcmp(carrier, "oscore") == 0) {
        argument(arguments, "--listen-oscore");
        argument(arguments, "127.0.0.1:%d", demo->eim_port);
        argument(arguments, "--oscore");
        argument(arguments, "%s", demo_path(demo, "oscore.yaml"));
    }
    if (demo_over_udp(demo) && demo->options.link != NULL) {
        argument(arguments, "--coap-timing");
        argument(arguments, "nb-iot");
    }
    return strcmp(carrier, "oscore") != 0 || demo->eim.pid != 0 || write_oscore_keys(demo, row);
}

bool demo_start_eim(struct demo *demo, struct row *row)
{
    struct process *process = &demo->eim;
    arguments_free(&process->arguments);
    demo_arguments(demo, &process->arguments, "eim serve --allow-network 127.0.0.0/8");
    argument(&process->arguments, "--allow-port");
    argument(&process->arguments, "1-65535");
    argument(&process->arguments, "--data");
    argument(&process->arguments, "%s", demo_path(demo, "eim"));
    argument(&process->arguments, "--pki");
    argument(&process->arguments, "%s", demo->pki);
    if (!add_eim_doors(demo, row, &process->arguments)) {
        return false;
    }
    argument(&process->arguments, "--listen-api");
    argument(&process->arguments, "127.0.0.1:%d", demo->api_port);
    argument(&process->arguments, "--ready");
    snprintf(process->ready, sizeof(process->ready), "%s", demo_path(demo, "eim.ready"));
    argument(&process->arguments, "%s", process->ready);
    snprintf(process->log, sizeof(process->log), "%s", demo_path(demo, "eim.log"));
    demo_add_resolve(demo, &process->arguments);
    add_trace(demo, &process->arguments, "eim");
    return demo_serve(row, process, "eim");
}

/* The modelled link, between the sensors and the eIM. */
static bool start_link(struct demo *demo, struct row *row)
{
    struct process *process = &demo->link;
    if (demo->options.link == NULL) {
        return true;
    }
    char words[200];
    snprintf(words, sizeof(words), "sim link --preset %s", demo->options.link);
    demo_arguments(demo, &process->arguments, words);
    argument(&process->arguments, "--listen");
    argument(&process->arguments, "%s:127.0.0.1:%d", demo_over_udp(demo) ? "udp" : "tcp",
             demo->device_port);
    argument(&process->arguments, "--to");
    argument(&process->arguments, "127.0.0.1:%d", demo->eim_port);
    argument(&process->arguments, "--ready");
    snprintf(process->ready, sizeof(process->ready), "%s", demo_path(demo, "link.ready"));
    argument(&process->arguments, "%s", process->ready);
    snprintf(process->log, sizeof(process->log), "%s", demo_path(demo, "link.log"));
    return demo_serve(row, process, "link");
}

bool step_servers(struct demo *demo, struct row *row)
{
    for (int i = 0; i < OPERATOR_COUNT; i++) {
        if (!start_smdp(demo, row, &demo->operators[i]) ||
            !start_network(demo, row, &demo->operators[i])) {
            return false;
        }
    }
    return demo_start_eim(demo, row) && start_link(demo, row);
}

/* Sweden's MSP sends a list, Singapore's a QR image for each profile. */
static bool order(struct demo *demo, struct row *row, struct operator_site *site, const char *how,
                  const char *where)
{
    struct arguments arguments;
    struct outcome outcome;
    demo_arguments(demo, &arguments, "smdp order --json");
    argument(&arguments, "--es2");
    argument(&arguments, "https://%s:%d", site->fqdn, site->es2_port);
    argument(&arguments, "--pki");
    argument(&arguments, "%s", demo->pki);
    argument(&arguments, "--operator");
    argument(&arguments, "%s", site->name);
    argument(&arguments, "--type");
    argument(&arguments, "%s-iot", site->name);
    argument(&arguments, "--count");
    argument(&arguments, "%d", PROFILE_COUNT);
    argument(&arguments, "%s", how);
    argument(&arguments, "%s", where);
    demo_add_resolve(demo, &arguments);
    bool held = demo_run(demo, row, &arguments, 0, &outcome);
    outcome_free(&outcome);
    row_message(row, "ES2+.DownloadOrder");
    row_message(row, "ES2+.ConfirmOrder");
    return held;
}

static bool import_codes(struct demo *demo, struct row *row, const char *pool,
                         const struct arguments *files)
{
    struct arguments arguments;
    struct outcome outcome;
    eim_arguments(demo, &arguments, "code import");
    argument(&arguments, "--pool");
    argument(&arguments, "%s", pool);
    for (size_t i = 0; i < files->count; i++) {
        argument(&arguments, "%s", files->list[i]);
    }
    bool held = demo_run(demo, row, &arguments, 0, &outcome);
    outcome_free(&outcome);
    return held;
}

static bool import_qr_images(struct demo *demo, struct row *row)
{
    struct arguments files = {0};
    for (int i = 0; i < PROFILE_COUNT; i++) {
        const struct subscription *subscription = &demo->operators[SINGAPORE].subscriptions[i];
        argument(&files, "%s", demo_path(demo, "qr/%sF.png", subscription->iccid));
    }
    bool held = import_codes(demo, row, "singapore", &files);
    arguments_free(&files);
    return held;
}

bool step_orders(struct demo *demo, struct row *row)
{
    struct operator_site *sweden = &demo->operators[SWEDEN];
    struct operator_site *singapore = &demo->operators[SINGAPORE];
    struct arguments list = {0};
    mkdir(demo_path(demo, "qr"), 0700);
    argument(&list, "%s", demo_path(demo, "sweden.csv"));
    bool held = order(demo, row, sweden, "--csv", list.list[0]) &&
                order(demo, row, singapore, "--qr", demo_path(demo, "qr")) &&
                import_codes(demo, row, "sweden", &list) && import_qr_images(demo, row);
    arguments_free(&list);
    return held;
}
