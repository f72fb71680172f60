/* SPDX-License-Identifier: Apache-2.0 */
/* tern pki: make a test PKI, add to it, show what a directory or a file holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/verbs.h"
#include "host/config/options.h"
#include "host/crypto/openssl.h"
#include "host/pki/pki.h"
#include "tern/der.h"

struct pki_options {
    const char *curve;
    uint64_t eum;
    struct option_list euicc, smdp, smds, eim, operator_name;
    const char *now;
    bool json;
};

#define MAKING_ROWS                                                                      \
    OPTION_LIST(struct pki_options, euicc, "euicc", "EID|N",                             \
                "an eUICC with this EID, or N new ones (repeatable)"),                   \
        OPTION_LIST(struct pki_options, smdp, "smdp", "FQDN", "an SM-DP+ (repeatable)"), \
        OPTION_LIST(struct pki_options, smds, "smds", "FQDN", "an SM-DS (repeatable)"),  \
        OPTION_LIST(struct pki_options, eim, "eim", "FQDN", "an eIM (repeatable)"),      \
        OPTION_LIST(struct pki_options, operator_name, "operator", "NAME",               \
                    "an operator's ES2+ client certificate (repeatable)"),               \
        OPTION_UINT(struct pki_options, eum, "eum", 0, 99, "how many EUMs"),             \
        OPTION_TEXT(struct pki_options, now, "now", "YYYY-MM-DD",                        \
                    "date to go by instead of today's"),                                 \
        OPTION_FLAG(struct pki_options, json, "json", "print JSON")

static const struct option_row INIT_ROWS[] = {
    OPTION_TEXT(struct pki_options, curve, "curve", "p256|brainpool|both",
                "the CI's curve; both makes two CIs"),
    MAKING_ROWS,
};
static const struct option_row ADD_ROWS[] = {MAKING_ROWS};
static const struct option_row SHOW_ROWS[] = {
    OPTION_TEXT(struct pki_options, now, "now", "YYYY-MM-DD", "date to go by instead of today's"),
    OPTION_FLAG(struct pki_options, json, "json", "print JSON, one object"),
};

static const struct option_table INIT_TABLE = OPTION_TABLE(
    "tern pki init DIR [OPTION ...]",
    "Makes a complete test PKI: CI, EUM, eUICCs, SM-DP+, SM-DS, eIM and operators.\n"
    "Brainpool certificates work with TLS 1.2 only; where both curves exist, TLS uses P-256.",
    INIT_ROWS);
static const struct option_table ADD_TABLE = OPTION_TABLE(
    "tern pki add DIR [OPTION ...]", "Adds to a test PKI; what is there already stays.", ADD_ROWS);
static const struct option_table SHOW_TABLE = OPTION_TABLE(
    "tern pki show DIR|FILE [OPTION ...]",
    "Lists certificates with role, chain and expiry. Exits 1 when one is not valid.", SHOW_ROWS);

/* Days from 1970-01-01 to the date, at noon; or the clock's time. -1 when it is no date. */
static int64_t go_by(const char *date)
{
    struct tm parts = {0};
    if (date == NULL) {
        return (int64_t)time(NULL);
    }
    const char *end = strptime(date, "%Y-%m-%d", &parts);
    if (end == NULL || *end != '\0') {
        fprintf(stderr, "tern pki: --now: '%s' is no date such as 2026-01-31\n", date);
        return -1;
    }
    parts.tm_hour = 12;
    return (int64_t)timegm(&parts);
}

static int make(const struct option_table *table, bool fresh, int argc, char **argv)
{
    static struct pki_options options;
    options = (struct pki_options){.curve = "p256", .eum = fresh ? 1 : 0};
    int status = options_parse(table, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    int64_t now = go_by(options.now);
    if (argc != 2 || now < 0) {
        fprintf(stderr, "usage: %s\n", table->usage);
        return 2;
    }
    static const char *const BOTH[] = {"p256", "brainpool"};
    bool both = strcmp(options.curve, "both") == 0;
    struct tern_pki_plan plan = {
        .curves = both ? BOTH : &options.curve,
        .curve_count = both ? 2 : 1,
        .eum_count = (unsigned)options.eum,
        .euiccs = options.euicc.items,
        .euicc_count = options.euicc.count,
        .smdps = options.smdp.items,
        .smdp_count = options.smdp.count,
        .smdss = options.smds.items,
        .smds_count = options.smds.count,
        .eims = options.eim.items,
        .eim_count = options.eim.count,
        .operators = options.operator_name.items,
        .operator_count = options.operator_name.count,
        .now = now,
    };
    for (size_t i = 0; i < plan.euicc_count; i++) {
        uint8_t eid[16];
        if (tern_eid_from_text(eid, tern_bytes_text(plan.euiccs[i])) == TERN_OK &&
            !tern_eid_check(eid)) {
            fprintf(stderr, "tern pki: EID %s has wrong check digits; taken as it is\n",
                    plan.euiccs[i]);
        }
    }
    struct tern_pki_why why = {""};
    int error = fresh ? tern_pki_create(argv[1], &plan, &why) : tern_pki_add(argv[1], &plan, &why);
    if (error != TERN_OK) {
        fprintf(stderr, "tern pki: %s\n", why.text);
        return error == TERN_ERR_CONFLICT ? 1 : 2;
    }
    if (options.json) {
        printf("{\"ok\":true}\n");
    } else {
        fprintf(stderr, "%s: a test PKI; tern pki show %s lists it\n", argv[1], argv[1]);
    }
    return 0;
}

static int run_init(int argc, char **argv)
{
    return make(&INIT_TABLE, true, argc, argv);
}

static int run_add(int argc, char **argv)
{
    return make(&ADD_TABLE, false, argc, argv);
}

static const struct option_table REVOKE_TABLE = OPTION_TABLE(
    "tern pki revoke DIR CERTIFICATE [OPTION ...]",
    "Names a certificate in its CI's revocation list. Servers read the list when they reload.",
    SHOW_ROWS);

static int run_revoke(int argc, char **argv)
{
    struct pki_options options = {0};
    int status = options_parse(&REVOKE_TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    int64_t now = go_by(options.now);
    if (argc != 3 || now < 0) {
        fprintf(stderr, "usage: %s\n", REVOKE_TABLE.usage);
        return 2;
    }
    struct tern_pki_why why = {""};
    int error = tern_pki_revoke(argv[1], argv[2], now, &why);
    if (error != TERN_OK) {
        fprintf(stderr, "tern pki: %s\n", why.text);
        return error == TERN_ERR_NOT_FOUND ? 1 : 2;
    }
    if (options.json) {
        printf("{\"ok\":true}\n");
    }
    return 0;
}

/* ---- show ---- */

static void print_json_text(const char *name, struct tern_bytes text)
{
    printf("\"%s\":", name);
    if (text.data == NULL) {
        printf("null");
        return;
    }
    putchar('"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = text.data[i];
        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c < 0x20 || c == 0x7F) {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

static const char *text_of_oid(char *text, size_t size, struct tern_bytes oid)
{
    unsigned long arc = 0;
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < oid.size && used + 24 < size; i++) {
        arc = arc << 7 | (oid.data[i] & 0x7F);
        if ((oid.data[i] & 0x80) != 0) {
            continue;
        }
        unsigned long first = arc < 80 ? arc / 40 : 2;
        int wrote = used == 0 ? snprintf(text, size, "%lu.%lu", first, arc - 40 * first)
                              : snprintf(text + used, size - used, ".%lu", arc);
        used += (size_t)wrote;
        arc = 0;
    }
    return text;
}

static void text_of_time(char text[32], int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm parts;
    gmtime_r(&when, &parts);
    strftime(text, 32, "%Y-%m-%d", &parts);
}

/* What a person knows it by: host name, EID or CN. */
static struct tern_bytes name_of(const struct tern_certificate *certificate)
{
    return certificate->dns_name.data != NULL                ? certificate->dns_name
           : certificate->subject_serial_number.data != NULL ? certificate->subject_serial_number
                                                             : certificate->subject_common_name;
}

static void print_json(const struct tern_pki_entry *entry)
{
    const struct tern_certificate *certificate = &entry->certificate;
    char oid[128], before[32], after[32], key_id[64] = "";
    struct tern_writer hex = tern_writer(key_id, sizeof key_id - 1);
    tern_hex_encode(&hex, certificate->subject_key_id);
    text_of_time(before, certificate->not_before);
    text_of_time(after, certificate->not_after);
    printf("{\"kind\":\"%s\",\"role\":\"%s\",\"curve\":\"%s\",", tern_pki_kind_name(entry->kind),
           tern_role_name(certificate->role), tern_curve_name(certificate->public_key.curve));
    print_json_text("name", name_of(certificate));
    putchar(',');
    print_json_text("common_name", certificate->subject_common_name);
    printf(",\"oid\":\"%s\",\"key_id\":\"%s\",\"not_before\":\"%s\",\"not_after\":\"%s\","
           "\"size\":%zu,\"private_key\":%s,\"ok\":%s,\"why\":",
           text_of_oid(oid, sizeof oid, certificate->registered_id), key_id, before, after,
           certificate->raw.size, entry->key.handle != NULL ? "true" : "false",
           entry->status == TERN_OK ? "true" : "false");
    if (entry->status == TERN_OK) {
        printf("null,");
    } else {
        printf("\"%s\",",
               entry->fault.field != NULL ? entry->fault.field : tern_error_text(entry->status));
    }
    print_json_text("path", tern_bytes_text(entry->path));
    putchar('}');
}

static void print_row(const struct tern_pki_entry *entry)
{
    const struct tern_certificate *certificate = &entry->certificate;
    struct tern_bytes name = name_of(certificate);
    char after[32];
    text_of_time(after, certificate->not_after);
    printf("%-8s %-9s %-34.*s %-11s %4zu  %-3s  %s\n", tern_pki_kind_name(entry->kind),
           tern_curve_name(certificate->public_key.curve), (int)name.size, (const char *)name.data,
           after, certificate->raw.size, entry->key.handle != NULL ? "yes" : "no",
           entry->status == TERN_OK     ? "good"
           : entry->fault.field != NULL ? entry->fault.field
                                        : tern_error_text(entry->status));
}

static void print_problem(const struct tern_pki_problem *problem, bool json, bool first)
{
    const char *why =
        problem->fault.field != NULL ? problem->fault.field : tern_error_text(problem->error);
    if (!json) {
        printf("%s: this %s cannot be read: %s (byte %zu)\n", problem->path, problem->what, why,
               problem->fault.offset);
        return;
    }
    printf("%s{\"what\":\"%s\",\"why\":\"%s\",\"offset\":%zu,", first ? "" : ",", problem->what,
           why, problem->fault.offset);
    print_json_text("path", tern_bytes_text(problem->path));
    putchar('}');
}

static int run_show(int argc, char **argv)
{
    struct pki_options options = {0};
    int status = options_parse(&SHOW_TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    int64_t now = go_by(options.now);
    if (argc != 2 || now < 0) {
        fprintf(stderr, "usage: %s\n", SHOW_TABLE.usage);
        return 2;
    }
    struct tern_pki_why why;
    struct tern_pki *pki = tern_pki_load(argv[1], 0, now, &why);
    if (pki == NULL) {
        fprintf(stderr, "tern pki: %s\n", why.text);
        return 2;
    }
    bool good = true;
    if (options.json) {
        printf("{\"test\":%s,\"certificates\":[", tern_pki_is_test(pki) ? "true" : "false");
    } else {
        printf("%s%-8s %-9s %-34s %-11s %4s  %-3s  %s\n",
               tern_pki_is_test(pki) ? "A test PKI: trust it nowhere else.\n" : "", "KIND", "CURVE",
               "NAME", "EXPIRES", "SIZE", "KEY", "CHAIN");
    }
    for (size_t i = 0; i < tern_pki_count(pki); i++) {
        const struct tern_pki_entry *entry = tern_pki_at(pki, i);
        good = good && entry->status == TERN_OK;
        if (options.json) {
            fputs(i > 0 ? "," : "", stdout);
            print_json(entry);
        } else {
            print_row(entry);
        }
    }
    size_t crl_count, problem_count;
    tern_pki_crls(pki, &crl_count);
    const struct tern_pki_problem *problems = tern_pki_problems(pki, &problem_count);
    if (options.json) {
        fputs("],\"problems\":[", stdout);
    }
    for (size_t i = 0; i < problem_count; i++) {
        print_problem(&problems[i], options.json, i == 0);
    }
    good = good && problem_count == 0;
    if (options.json) {
        printf("],\"revocation_lists\":%zu}\n", crl_count);
    }
    tern_pki_free(pki);
    return good ? 0 : 1;
}

int verb_pki(int argc, char **argv)
{
    static const struct command_row COMMANDS[] = {
        {"init",   run_init,   "make a complete test PKI"                      },
        {"add",    run_add,    "add eUICCs, servers or operators to one"       },
        {"revoke", run_revoke, "name a certificate in its CI's revocation list"},
        {"show",   run_show,   "list certificates: role, chain, expiry"        },
        {NULL,     NULL,       NULL                                            },
    };
    return command_run("tern pki init|add|revoke|show ...", COMMANDS, argc, argv);
}
