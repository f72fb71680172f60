/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test PKI in a directory (docs/FORMATS.md, "PKI directory"). Making one and adding to one are
 * the same: what the plan names and is not there yet is made, under every CI of the directory.
 *
 * It is a test PKI and says so: in a file, in every CI's name, and in the OIDs under 2.999.
 */
#include <dirent.h>
#include <errno.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/pki/make.h"

#define PATH_SIZE    4096
#define DAY          INT64_C(86400)
#define YEAR         (365 * DAY)
#define ORGANIZATION "tern"
#define FIRST_IIN    89049032 /* of the first EUM; SGP.26 uses it as well */

/* One CI of the directory, with its key. */
struct place {
    const char *dir;
    const char *ci_name; /* "p256" */
    enum tern_curve curve;
    struct certificate_issuer issuer;
    int64_t now;
    struct tern_pki_why *why;
};

static int complain(struct tern_pki_why *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int complain(struct tern_pki_why *why, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    return error;
}

static enum tern_curve curve_of_name(const char *name)
{
    return strcmp(name, "p256") == 0        ? TERN_CURVE_P256
           : strcmp(name, "brainpool") == 0 ? TERN_CURVE_BRAINPOOLP256R1
                                            : TERN_CURVE_NONE;
}

static bool exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

static int write_pem(const char *path, const char *label, struct tern_bytes der)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    int error = TERN_ERR_CRYPTO;
    if (bio != NULL && PEM_write_bio(bio, label, "", der.data, (long)der.size) > 0) {
        long size = BIO_get_mem_data(bio, &text);
        error = file_write(path, tern_bytes(text, (size_t)size), 0644);
    }
    BIO_free(bio);
    return error;
}

/* Make a key and its certificate as FOLDER/NAME.key and FOLDER/NAME.pem; both are kept if there. */
static int issue(const struct place *place, const char *folder, const char *name,
                 struct certificate_plan *plan)
{
    char path[PATH_SIZE + 8];
    char base[PATH_SIZE];
    int length =
        snprintf(base, sizeof base, "%s/%s/%s/%s", place->dir, place->ci_name, folder, name);
    if (length < 0 || (size_t)length >= sizeof base) {
        return complain(place->why, TERN_ERR_RANGE, "path too long");
    }
    snprintf(path, sizeof path, "%s.pem", base);
    if (exists(path)) {
        return TERN_OK;
    }
    *strrchr(base, '/') = '\0';
    int error = folder_make(base, 0755);
    base[strlen(base)] = '/';
    struct tern_key key = {TERN_CURVE_NONE, NULL};
    if (error == TERN_OK) {
        error = tern_openssl_key_generate(&key, place->curve);
    }
    if (error == TERN_OK) {
        snprintf(path, sizeof path, "%s.key", base);
        error = tern_openssl_key_save(key, path);
    }
    uint8_t der[TERN_CERTIFICATE_SIZE];
    struct tern_writer out = TERN_WRITER_OF(der);
    if (error == TERN_OK) {
        struct certificate_issuer self = {NULL, key};
        plan->key = tern_openssl_key_public(key);
        error = make_certificate(&out, plan,
                                 place->issuer.certificate == NULL ? &self : &place->issuer);
    }
    if (error == TERN_OK) {
        snprintf(path, sizeof path, "%s.pem", base);
        error = write_pem(path, "CERTIFICATE", tern_writer_bytes(&out));
    }
    tern_openssl_key_free(&key);
    return error == TERN_OK ? TERN_OK
                            : complain(place->why, error, "%s: %s", path, tern_error_text(error));
}

/* 2.999.first, and 2.999.first.number from the second on. */
static struct tern_bytes test_oid(uint8_t buffer[8], uint8_t first, unsigned number)
{
    struct tern_writer out = tern_writer(buffer, 8);
    tern_write_byte(&out, 0x88);
    tern_write_byte(&out, 0x37);
    tern_write_byte(&out, first);
    if (number > 1) {
        if (number >= 128) {
            tern_write_byte(&out, (uint8_t)(0x80 | (number >> 7)));
        }
        tern_write_byte(&out, (uint8_t)(number & 0x7F));
    }
    return tern_writer_bytes(&out);
}

/* The number whose OID nobody has yet, or the one that this name's certificates already have. */
static unsigned free_number(const struct tern_pki *pki, enum tern_pki_kind kind, const char *name,
                            uint8_t first)
{
    const struct tern_pki_entry *own = tern_pki_find(pki, kind, name, TERN_BYTES_NONE, NULL);
    for (unsigned number = 1; number < 16384; number++) {
        uint8_t buffer[8];
        struct tern_bytes oid = test_oid(buffer, first, number);
        bool taken = false;
        for (size_t i = 0; i < tern_pki_count(pki) && own == NULL && !taken; i++) {
            taken = tern_bytes_equal(tern_pki_at(pki, i)->certificate.registered_id, oid);
        }
        if (own != NULL ? tern_bytes_equal(own->certificate.registered_id, oid) : !taken) {
            return number;
        }
    }
    return 1;
}

static struct certificate_plan plan_of(const struct place *place, enum tern_pki_kind kind,
                                       int64_t validity)
{
    return (struct certificate_plan){
        .kind = kind,
        .organization = ORGANIZATION,
        .not_before = place->now - DAY,
        .not_after = place->now - DAY + validity,
    };
}

static int make_ci(struct place *place)
{
    char common_name[64];
    uint8_t oid[8];
    snprintf(common_name, sizeof common_name, "TEST CI %s", place->ci_name);
    struct certificate_plan plan = plan_of(place, TERN_PKI_CI, 35 * YEAR);
    plan.common_name = common_name;
    plan.unit = "TEST";
    plan.country = "SE";
    plan.oid = test_oid(oid, 1, 1);
    plan.crl_urls[0] = "http://ci.example/A.crl";
    plan.crl_urls[1] = "http://ci.example/B.crl";
    return issue(place, ".", "ci", &plan);
}

static int make_eum(struct place *place, const struct tern_pki *pki, unsigned number,
                    const char *const *iins, size_t iin_count)
{
    char name[32], organization[64];
    uint8_t oid[8];
    (void)pki;
    snprintf(name, sizeof name, "eum%u", number);
    snprintf(organization, sizeof organization, "%s EUM %u", ORGANIZATION, number);
    struct certificate_plan plan = plan_of(place, TERN_PKI_EUM, 34 * YEAR);
    plan.country = "SE";
    plan.organization = organization;
    plan.common_name = name;
    plan.oid = test_oid(oid, 5, number);
    plan.iins = iins;
    plan.iin_count = iin_count;
    plan.crl_urls[0] = "http://ci.example/B.crl";
    return issue(place, "eum", name, &plan);
}

static int make_server(const struct place *place, const char *folder, const char *fqdn,
                       struct tern_bytes oid, enum tern_pki_kind kind)
{
    char directory[300];
    const char *name = kind == TERN_PKI_DP_AUTH || kind == TERN_PKI_DS_AUTH ? "auth"
                       : kind == TERN_PKI_DP_PB                             ? "pb"
                       : kind == TERN_PKI_EIM_SIGN                          ? "sign"
                                                                            : "tls";
    bool tls = strcmp(name, "tls") == 0;
    bool eim = kind == TERN_PKI_EIM_SIGN || kind == TERN_PKI_EIM_TLS;
    snprintf(directory, sizeof directory, "%s/%s", folder, fqdn);
    struct certificate_plan plan = plan_of(place, kind, tls ? 397 * DAY : 3 * YEAR);
    char common_name[64];
    snprintf(common_name, sizeof common_name, "TEST %s", fqdn);
    /* X.520 ends a CN at 64 characters: a longer name stands in the SAN alone. */
    plan.common_name = tls || eim ? (strlen(fqdn) <= 64 ? fqdn : "TEST") : common_name;
    plan.dns_name = tls ? fqdn : NULL;
    plan.oid = oid;
    plan.crl_urls[0] = eim ? NULL : "http://ci.example/A.crl";
    return issue(place, directory, name, &plan);
}

static int make_operator(const struct place *place, const char *name)
{
    char directory[300];
    snprintf(directory, sizeof directory, "operator/%s", name);
    struct certificate_plan plan = plan_of(place, TERN_PKI_CLIENT, 397 * DAY);
    plan.common_name = name;
    return issue(place, directory, "client", &plan);
}

/* The EUM of this CI whose constraint permits the EID, with its key; NULL when there is none. */
static const struct tern_pki_entry *eum_for(const struct tern_pki *pki, const struct place *place,
                                            const char *eid)
{
    struct tern_bytes ci = place->issuer.certificate->subject_key_id;
    const struct tern_pki_entry *eum = NULL;
    while ((eum = tern_pki_find(pki, TERN_PKI_EUM, NULL, ci, eum)) != NULL) {
        uint8_t subject[512];
        char organization[128];
        struct tern_writer out = TERN_WRITER_OF(subject);
        struct tern_bytes o = eum->certificate.subject_organization;
        snprintf(organization, sizeof organization, "%.*s", (int)o.size, (const char *)o.data);
        struct certificate_plan plan = {
            .kind = TERN_PKI_EUICC, .organization = organization, .eid = eid};
        make_subject(&out, &plan);
        struct tern_certificate euicc = {.subject = tern_writer_bytes(&out),
                                         .subject_serial_number = tern_bytes_text(eid)};
        if (eum->key.handle != NULL && tern_eum_permits(&eum->certificate, &euicc)) {
            return eum;
        }
    }
    return NULL;
}

static int make_euicc(const struct place *place, const struct tern_pki_entry *eum, const char *eid)
{
    char directory[64], organization[128];
    struct tern_bytes o = eum->certificate.subject_organization;
    snprintf(directory, sizeof directory, "euicc/%s", eid);
    snprintf(organization, sizeof organization, "%.*s", (int)o.size, (const char *)o.data);
    struct place below = *place;
    below.issuer = (struct certificate_issuer){&eum->certificate, eum->key};
    struct certificate_plan plan = plan_of(place, TERN_PKI_EUICC, YEAR);
    plan.country = "SE";
    plan.organization = organization;
    plan.eid = eid;
    plan.common_name = "TEST eUICC";
    plan.not_after = NEVER;
    return issue(&below, directory, "euicc", &plan);
}

int tern_eid_make(char eid[33], const char *iin, uint64_t number)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%s%022llu", iin, (unsigned long long)number);
    if (strlen(iin) != 8 || strspn(iin, "0123456789") != 8 || length != 30) {
        return TERN_ERR_RANGE;
    }
    /* ISO 7064 MOD 97-10: append 00, the rest makes the whole 1 modulo 97. */
    unsigned rest = 0;
    for (int i = 0; i < 30; i++) {
        rest = (rest * 10 + (unsigned)(text[i] - '0')) % 97;
    }
    snprintf(eid, 33, "%.30s%02u", text, (98 - rest * 100 % 97) % 100);
    return TERN_OK;
}

/* ---- The plan ---- */

static bool is_host(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size <= TERN_FQDN_SIZE && name[0] != '.' && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
               size &&
           strstr(name, "..") == NULL;
}

static bool is_eid(const char *text)
{
    return strlen(text) == 32 && strspn(text, "0123456789") == 32;
}

static bool is_count(const char *text)
{
    return strlen(text) > 0 && strlen(text) < 8 && strspn(text, "0123456789") == strlen(text);
}

static int check_names(const char *const *names, size_t count, struct tern_pki_why *why)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_host(names[i])) {
            return complain(why, TERN_ERR_RANGE, "'%s' is no host name or name", names[i]);
        }
    }
    return TERN_OK;
}

static int check_plan(const struct tern_pki_plan *plan, struct tern_pki_why *why)
{
    int error = check_names(plan->smdps, plan->smdp_count, why);
    if (error == TERN_OK) {
        error = check_names(plan->smdss, plan->smds_count, why);
    }
    if (error == TERN_OK) {
        error = check_names(plan->eims, plan->eim_count, why);
    }
    if (error == TERN_OK) {
        error = check_names(plan->operators, plan->operator_count, why);
    }
    for (size_t i = 0; i < plan->euicc_count && error == TERN_OK; i++) {
        if (!is_eid(plan->euiccs[i]) && !is_count(plan->euiccs[i])) {
            error = complain(why, TERN_ERR_RANGE, "'%s' is no EID (32 digits) and no count",
                             plan->euiccs[i]);
        }
    }
    for (size_t i = 0; i < plan->curve_count && error == TERN_OK; i++) {
        if (curve_of_name(plan->curves[i]) == TERN_CURVE_NONE) {
            error = complain(why, TERN_ERR_RANGE, "'%s' is no curve; p256 and brainpool are",
                             plan->curves[i]);
        }
    }
    return error;
}

/* The EUMs that are asked for, the first with the IINs of all EIDs that no IIN of ours covers. */
static int make_eums(struct place *place, const struct tern_pki *pki,
                     const struct tern_pki_plan *plan)
{
    int error = TERN_OK;
    for (unsigned number = 1; number <= plan->eum_count && error == TERN_OK; number++) {
        char texts[32][9];
        const char *iins[32];
        size_t count = 1;
        snprintf(texts[0], sizeof texts[0], "%08u", FIRST_IIN + number - 1);
        for (size_t i = 0; i < plan->euicc_count && number == 1 && count < 32; i++) {
            bool covered = !is_eid(plan->euiccs[i]) || eum_for(pki, place, plan->euiccs[i]) != NULL;
            unsigned long iin = 0;
            if (!covered) {
                snprintf(texts[count], sizeof texts[count], "%.8s", plan->euiccs[i]);
                iin = strtoul(texts[count], NULL, 10);
                covered = iin >= FIRST_IIN && iin < FIRST_IIN + plan->eum_count;
            }
            for (size_t j = 0; j < count && !covered; j++) {
                covered = strcmp(texts[j], texts[count]) == 0;
            }
            count += covered ? 0 : 1;
        }
        for (size_t i = 0; i < count; i++) {
            iins[i] = texts[i];
        }
        error = make_eum(place, pki, number, iins, count);
    }
    return error;
}

/* An EID that no EUM may issue gets an EUM of its own. */
static int make_missing_eum(struct place *place, const struct tern_pki *pki, const char *eid)
{
    unsigned number = 1;
    struct tern_bytes ci = place->issuer.certificate->subject_key_id;
    const struct tern_pki_entry *eum = NULL;
    while ((eum = tern_pki_find(pki, TERN_PKI_EUM, NULL, ci, eum)) != NULL) {
        number++;
    }
    char iin[9];
    snprintf(iin, sizeof iin, "%.8s", eid);
    const char *iins[] = {iin};
    return make_eum(place, pki, number, iins, 1);
}

static int make_servers(const struct place *place, const struct tern_pki *pki, const char *folder,
                        const char *fqdn)
{
    static const struct {
        const char *folder;
        uint8_t oid;
        enum tern_pki_kind kinds[3];
        size_t count;
    } ROWS[] = {
        {"smdp", 10, {TERN_PKI_DP_TLS, TERN_PKI_DP_AUTH, TERN_PKI_DP_PB}, 3},
        {"smds", 15, {TERN_PKI_DS_TLS, TERN_PKI_DS_AUTH},                 2},
        {"eim",  0,  {TERN_PKI_EIM_TLS, TERN_PKI_EIM_SIGN},               2},
    };
    int error = TERN_OK;
    for (size_t row = 0; row < TERN_COUNT_OF(ROWS); row++) {
        if (strcmp(ROWS[row].folder, folder) != 0) {
            continue;
        }
        uint8_t buffer[8];
        struct tern_bytes oid = TERN_BYTES_NONE;
        if (ROWS[row].oid != 0) {
            oid = test_oid(buffer, ROWS[row].oid,
                           free_number(pki, ROWS[row].kinds[0], fqdn, ROWS[row].oid));
        }
        for (size_t i = 0; i < ROWS[row].count && error == TERN_OK; i++) {
            error = make_server(place, folder, fqdn, oid, ROWS[row].kinds[i]);
        }
    }
    return error;
}

static struct tern_pki *reload(const char *dir, unsigned flags, struct tern_pki_why *why)
{
    return tern_pki_load(dir, flags, TERN_TIME_NONE, why);
}

/* All servers of one kind: loaded anew for each, so that every one gets an OID of its own. */
static int make_all(const char *dir, const struct tern_pki_plan *plan, const char *folder,
                    const char *const *names, size_t count, struct tern_pki_why *why)
{
    int error = TERN_OK;
    for (size_t i = 0; i < count && error == TERN_OK; i++) {
        struct tern_pki *pki = reload(dir, TERN_PKI_SKIP_EUICCS, why);
        const struct tern_pki_entry *ci = NULL;
        while (pki != NULL && error == TERN_OK &&
               (ci = tern_pki_find(pki, TERN_PKI_CI, NULL, TERN_BYTES_NONE, ci)) != NULL) {
            enum tern_curve curve = ci->certificate.public_key.curve;
            struct place place = {
                dir, tern_curve_name(curve), curve, {&ci->certificate, ci->key},
                   plan->now, why
            };
            error = strcmp(folder, "operator") == 0 ? make_operator(&place, names[i])
                                                    : make_servers(&place, pki, folder, names[i]);
        }
        error = pki == NULL ? TERN_ERR_NOT_FOUND : error;
        tern_pki_free(pki);
    }
    return error;
}

static int make_one_euicc(const struct place *place, const struct tern_pki *pki, const char *eid)
{
    const struct tern_pki_entry *eum = eum_for(pki, place, eid);
    return eum == NULL ? complain(place->why, TERN_ERR_NOT_FOUND,
                                  "no EUM with a private key may issue %s", eid)
                       : make_euicc(place, eum, eid);
}

/* `count` EIDs of the first EUM that are not there yet. */
static int make_new_euiccs(const struct place *place, const struct tern_pki *pki,
                           unsigned long count)
{
    int error = TERN_OK;
    for (uint64_t serial = 1; count > 0 && error == TERN_OK; serial++) {
        char iin[9], eid[33], folder[PATH_SIZE];
        snprintf(iin, sizeof iin, "%08d", FIRST_IIN);
        tern_eid_make(eid, iin, serial);
        snprintf(folder, sizeof folder, "%s/%s/euicc/%s", place->dir, place->ci_name, eid);
        if (!exists(folder)) {
            error = make_one_euicc(place, pki, eid);
            count--;
        }
    }
    return error;
}

/* Every eUICC of the plan under one CI. */
static int make_euiccs(const struct place *place, const struct tern_pki *pki,
                       const struct tern_pki_plan *plan)
{
    int error = TERN_OK;
    for (size_t i = 0; i < plan->euicc_count && error == TERN_OK; i++) {
        const char *text = plan->euiccs[i];
        error = is_count(text) ? make_new_euiccs(place, pki, strtoul(text, NULL, 10))
                               : make_one_euicc(place, pki, text);
    }
    return error;
}

static int make_crls(const struct place *place)
{
    char path[PATH_SIZE];
    uint8_t der[1024];
    struct tern_writer out = TERN_WRITER_OF(der);
    const struct crl_plan plan = {
        .this_update = place->now - DAY, .next_update = place->now + 10 * YEAR, .number = 1};
    int error = make_crl(&out, &plan, &place->issuer);
    snprintf(path, sizeof path, "%s/%s/ci.crl", place->dir, place->ci_name);
    if (error == TERN_OK && !exists(path)) {
        error = file_write(path, tern_writer_bytes(&out), 0644);
    }
    return error;
}

/* Its revocation list, and an EUM for the first EID that has none; the next round sees it. */
static int make_missing(struct place *place, const struct tern_pki *pki,
                        const struct tern_pki_plan *plan)
{
    int error = make_crls(place);
    for (size_t i = 0; i < plan->euicc_count && error == TERN_OK; i++) {
        if (is_eid(plan->euiccs[i]) && eum_for(pki, place, plan->euiccs[i]) == NULL) {
            return make_missing_eum(place, pki, plan->euiccs[i]);
        }
    }
    return error;
}

/* One pass over every CI: its EUMs (0), what is missing (1), its eUICCs (2). */
static int each_ci(const char *dir, const struct tern_pki_plan *plan, int pass,
                   struct tern_pki_why *why)
{
    struct tern_pki *pki = reload(dir, TERN_PKI_SKIP_EUICCS, why);
    const struct tern_pki_entry *ci = NULL;
    int error = pki == NULL ? TERN_ERR_NOT_FOUND : TERN_OK;
    while (error == TERN_OK &&
           (ci = tern_pki_find(pki, TERN_PKI_CI, NULL, TERN_BYTES_NONE, ci)) != NULL) {
        if (ci->key.handle == NULL) {
            error = complain(why, TERN_ERR_NOT_FOUND, "%s: its private key is not here", ci->path);
            break;
        }
        enum tern_curve curve = ci->certificate.public_key.curve;
        struct place place = {
            dir, tern_curve_name(curve), curve, {&ci->certificate, ci->key},
               plan->now, why
        };
        error = pass == 0   ? make_eums(&place, pki, plan)
                : pass == 1 ? make_missing(&place, pki, plan)
                            : make_euiccs(&place, pki, plan);
    }
    tern_pki_free(pki);
    return error;
}

/* EIDs of the plan that still have no EUM. */
static bool eum_missing(const char *dir, const struct tern_pki_plan *plan, struct tern_pki_why *why)
{
    struct tern_pki *pki = reload(dir, TERN_PKI_SKIP_EUICCS, why);
    const struct tern_pki_entry *ci = NULL;
    bool missing = false;
    while (pki != NULL && !missing &&
           (ci = tern_pki_find(pki, TERN_PKI_CI, NULL, TERN_BYTES_NONE, ci)) != NULL) {
        struct place place = {
            .issuer = {&ci->certificate, ci->key}
        };
        for (size_t i = 0; i < plan->euicc_count && !missing; i++) {
            missing = is_eid(plan->euiccs[i]) && eum_for(pki, &place, plan->euiccs[i]) == NULL;
        }
    }
    tern_pki_free(pki);
    return missing;
}

int tern_pki_add(const char *dir, const struct tern_pki_plan *plan, struct tern_pki_why *why)
{
    int error = check_plan(plan, why);
    if (error == TERN_OK) {
        error = each_ci(dir, plan, 0, why);
    }
    if (error == TERN_OK) {
        error = each_ci(dir, plan, 1, why);
    }
    for (size_t i = 0; i < plan->euicc_count && error == TERN_OK && eum_missing(dir, plan, why);
         i++) {
        error = each_ci(dir, plan, 1, why);
    }
    if (error == TERN_OK) {
        error = each_ci(dir, plan, 2, why);
    }
    if (error == TERN_OK) {
        error = make_all(dir, plan, "smdp", plan->smdps, plan->smdp_count, why);
    }
    if (error == TERN_OK) {
        error = make_all(dir, plan, "smds", plan->smdss, plan->smds_count, why);
    }
    if (error == TERN_OK) {
        error = make_all(dir, plan, "eim", plan->eims, plan->eim_count, why);
    }
    if (error == TERN_OK) {
        error = make_all(dir, plan, "operator", plan->operators, plan->operator_count, why);
    }
    return error;
}

static bool is_empty(const char *dir)
{
    DIR *folder = opendir(dir);
    bool empty = true;
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        empty = empty && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return empty;
}

/* tls-ca.pem: what an HTTPS client outside tern is to trust. */
static int write_bundle(const char *dir, const struct tern_pki_plan *plan)
{
    char path[PATH_SIZE];
    uint8_t buffer[16384];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    for (size_t i = 0; i < plan->curve_count; i++) {
        uint8_t *text;
        size_t size;
        snprintf(path, sizeof path, "%s/%s/ci.pem", dir, plan->curves[i]);
        int error = file_read(path, sizeof buffer, &text, &size);
        if (error != TERN_OK) {
            return error;
        }
        tern_write(&out, tern_bytes(text, size));
        free(text);
    }
    snprintf(path, sizeof path, "%s/tls-ca.pem", dir);
    int error = tern_writer_status(&out);
    return error == TERN_OK ? file_write(path, tern_writer_bytes(&out), 0644) : error;
}

int tern_pki_create(const char *dir, const struct tern_pki_plan *plan, struct tern_pki_why *why)
{
    static const char MARK[] = "A test PKI made by `tern pki init`. Its private keys lie beside "
                               "it: trust it nowhere else.\n";
    char path[PATH_SIZE];
    int error = check_plan(plan, why);
    if (error != TERN_OK) {
        return error;
    }
    if (!is_empty(dir)) {
        return complain(why, TERN_ERR_CONFLICT, "%s: not empty", dir);
    }
    error = folder_make(dir, 0755);
    if (error == TERN_OK) {
        error = path_join(path, sizeof path, dir, "TEST-PKI");
    }
    if (error == TERN_OK) {
        error = file_write(path, tern_bytes_text(MARK), 0644);
    }
    if (error != TERN_OK) {
        return complain(why, error, "%s: %s", dir, strerror(errno));
    }
    for (size_t i = 0; i < plan->curve_count && error == TERN_OK; i++) {
        struct place place = {
            .dir = dir,
            .ci_name = plan->curves[i],
            .curve = curve_of_name(plan->curves[i]),
            .now = plan->now,
            .why = why,
        };
        error = make_ci(&place);
    }
    if (error == TERN_OK) {
        error = write_bundle(dir, plan);
    }
    return error == TERN_OK ? tern_pki_add(dir, plan, why) : error;
}
