/* SPDX-License-Identifier: Apache-2.0 */
/* Making the directory of a card: the eUICC's certificates come from the PKI's EUM. */
#include "host/card/card_create.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "tern/messages/rsp.h"

/** TS 24.008: MCC digit 2 | 1, MNC digit 3 | MCC digit 3, MNC digit 2 | 1; E is any digit. */
static int plmn_from_text(uint8_t plmn[3], const char *text, size_t size)
{
    uint8_t digits[6] = {0, 0, 0, 0, 0, 0x0F};
    if (size != 5 && size != 6) return TERN_ERR_MALFORMED;
    for (size_t i = 0; i < size; i++) {
        bool any = text[i] == 'E' || text[i] == 'e';
        if (!any && (text[i] < '0' || text[i] > '9')) return TERN_ERR_MALFORMED;
        digits[i] = any ? 0x0E : (uint8_t)(text[i] - '0');
    }
    plmn[0] = (uint8_t)(digits[1] << 4 | digits[0]);
    plmn[1] = (uint8_t)(digits[5] << 4 | digits[2]);
    plmn[2] = (uint8_t)(digits[4] << 4 | digits[3]);
    return TERN_OK;
}

static int rat_row(struct tern_writer *out, const char *row)
{
    const char *colon = strchr(row, ':');
    if (colon == NULL) return TERN_ERR_MALFORMED;
    const char *flags = strchr(colon + 1, ':');
    size_t plmn_size = flags == NULL ? strlen(colon + 1) : (size_t)(flags - colon - 1);
    if (flags != NULL && strcmp(flags, ":consent") != 0) return TERN_ERR_MALFORMED;
    struct tern_profile_policy_authorisation_rule rule = {
        .ppr_flags = flags != NULL ? TERN_PPR_FLAGS_consentRequired : 0,
    };
    if (strncmp(row, "ppr1:", 5) == 0) rule.ppr_ids = TERN_PPR_IDS_ppr1;
    if (strncmp(row, "ppr2:", 5) == 0) rule.ppr_ids = TERN_PPR_IDS_ppr2;
    if (strncmp(row, "ppr1,ppr2:", 10) == 0) rule.ppr_ids = TERN_PPR_IDS_ppr1 | TERN_PPR_IDS_ppr2;
    if (rule.ppr_ids == 0) return TERN_ERR_MALFORMED;
    uint8_t plmn[3];
    int status = plmn_from_text(plmn, colon + 1, plmn_size);
    if (status != TERN_OK) return status;
    /* Any gid of these operators: present and empty. */
    struct tern_operator_id operator_id = {TERN_BYTES_OF(plmn), TERN_BYTES_NONE, TERN_BYTES_NONE};
    uint8_t list[32];
    struct tern_writer operators = TERN_WRITER_OF(list);
    status = tern_asn_encode(&TERN_OPERATOR_ID, &operators, &operator_id);
    if (status != TERN_OK) return status;
    rule.allowed_operators = tern_writer_bytes(&operators);
    return tern_asn_encode(&TERN_PROFILE_POLICY_AUTHORISATION_RULE, out, &rule);
}

int card_rat_from_rows(struct tern_writer *out, const char *const *rows, size_t count)
{
    static const char *const ANY[] = {"ppr1,ppr2:EEEEEE"};
    if (count == 0) {
        rows = ANY;
        count = TERN_COUNT_OF(ANY);
    }
    for (size_t i = 0; i < count; i++) {
        int status = rat_row(out, rows[i]);
        if (status != TERN_OK) return status;
    }
    return tern_writer_status(out);
}

static int copy_file(const char *from, const char *folder, const char *name, mode_t mode)
{
    uint8_t *data = NULL;
    size_t size = 0;
    char path[4096];
    int status = path_join(path, sizeof path, folder, name);
    if (status == TERN_OK) status = file_read(from, 65536, &data, &size);
    if (status == TERN_OK) status = file_write(path, tern_bytes(data, size), mode);
    if (data != NULL) tern_wipe(data, size);
    free(data);
    return status;
}

/** CI, EUM and eUICC of one CI into DIR/pki/CURVE. @return 1 when the card can sign under it. */
static int copy_ci(const struct tern_pki *pki, const struct tern_pki_entry *ci, const char *eid,
                   const char *folder)
{
    const struct tern_pki_entry *euicc =
        tern_pki_find(pki, TERN_PKI_EUICC, eid, ci->certificate.subject_key_id, NULL);
    int status = folder_make(folder, 0700);
    if (status == TERN_OK) status = copy_file(ci->path, folder, "ci.pem", 0644);
    if (status != TERN_OK) return status;
    if (euicc == NULL || euicc->issuer == NULL || euicc->key_path == NULL) return 0;
    status = copy_file(euicc->issuer->path, folder, "eum.pem", 0644);
    if (status == TERN_OK) status = copy_file(euicc->path, folder, "euicc.pem", 0644);
    if (status == TERN_OK) status = copy_file(euicc->key_path, folder, "euicc.key", 0600);
    return status == TERN_OK ? 1 : status;
}

static bool asked_for(const struct card_plan *plan, const char *curve)
{
    for (size_t i = 0; i < plan->curve_count; i++) {
        if (strcmp(plan->curves[i], curve) == 0) return true;
    }
    return plan->curve_count == 0;
}

static int copy_pki(const char *directory, const struct card_plan *plan, struct card_error *error)
{
    struct tern_pki_why why = {""};
    struct tern_pki *pki = tern_pki_load(plan->pki, 0, TERN_TIME_NONE, &why);
    if (pki == NULL) return card_complain(error, TERN_ERR_IO, "%s", why.text);
    int status = TERN_OK;
    int signing = 0;
    const struct tern_pki_entry *ci = NULL;
    while (status == TERN_OK &&
           (ci = tern_pki_find(pki, TERN_PKI_CI, NULL, TERN_BYTES_NONE, ci)) != NULL) {
        const char *curve = tern_curve_name(ci->certificate.public_key.curve);
        char folder[4096];
        if (!asked_for(plan, curve)) continue;
        int size = snprintf(folder, sizeof folder, "%s/pki/%s-%d", directory, curve, signing);
        if (size < 0 || (size_t)size >= sizeof folder) status = TERN_ERR_NO_SPACE;
        if (status == TERN_OK) status = copy_ci(pki, ci, plan->eid, folder);
        if (status == 1) {
            signing++;
            status = TERN_OK;
        }
    }
    tern_pki_free(pki);
    if (status == TERN_OK && signing == 0) {
        return card_complain(error, TERN_ERR_MISSING, "%s: no EUM there can issue EID %s",
                             plan->pki, plan->eid);
    }
    if (status != TERN_OK) card_complain(error, status, "%s: cannot copy the PKI", directory);
    return status;
}

static void write_list(FILE *out, const char *key, const char *const *items, size_t count)
{
    fprintf(out, "%s: [", key);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ", ", items[i]);
    fprintf(out, "]\n");
}

static void write_values(FILE *out, const struct card_plan *plan, const char *rat)
{
    static const char *const BOTH[] = {"p256", "brainpool"};
    bool all = plan->curve_count == 0;
    fprintf(out, "eid: \"%s\"\nmemory: %llu\nt1: %s\nconsumer: %s\nwithout-iot: %s\n", plan->eid,
            (unsigned long long)plan->memory, plan->t1 ? "true" : "false",
            plan->consumer ? "true" : "false", plan->without_iot ? "true" : "false");
    fprintf(out, "ipae: %s\nuicc-reset: %s\nrat: \"%s\"\n", plan->ipae ? "true" : "false",
            plan->uicc_reset ? "true" : "false", rat);
    if (plan->root_ds != NULL) fprintf(out, "root-ds: \"%s\"\n", plan->root_ds);
    write_list(out, "curves", all ? BOTH : plan->curves, all ? 2 : plan->curve_count);
    if (plan->quirk_count > 0) write_list(out, "quirks", plan->quirks, plan->quirk_count);
}

static int write_configuration(const char *directory, const struct card_plan *plan,
                               struct card_error *error)
{
    uint8_t rat[1024];
    char hex[2 * sizeof rat + 1];
    struct tern_writer der = TERN_WRITER_OF(rat);
    struct tern_writer text = tern_writer(hex, sizeof hex - 1);
    if (card_rat_from_rows(&der, plan->rat, plan->rat_count) != TERN_OK) {
        return card_complain(error, TERN_ERR_MALFORMED,
                             "a row of the RAT is ppr1,ppr2:MCCMNC[:consent]");
    }
    tern_hex_encode(&text, tern_writer_bytes(&der));
    hex[text.size] = 0;
    char path[4096];
    if (path_join(path, sizeof path, directory, "card.yaml") != TERN_OK) return TERN_ERR_NO_SPACE;
    char *content = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&content, &size);
    if (out == NULL) return TERN_ERR_NO_SPACE;
    write_values(out, plan, hex);
    fclose(out);
    int status = file_write(path, tern_bytes(content, size), 0600);
    free(content);
    return status;
}

static int check_plan(const char *directory, const struct card_plan *plan, struct card_error *error)
{
    uint8_t eid[16];
    uint32_t quirks = 0;
    char path[4096];
    struct stat info;
    if (tern_eid_from_text(eid, tern_bytes_text(plan->eid)) != TERN_OK) {
        return card_complain(error, TERN_ERR_MALFORMED, "an EID has 32 digits");
    }
    for (size_t i = 0; i < plan->quirk_count; i++) {
        if (tern_card_quirk_from_text(&quirks, tern_bytes_text(plan->quirks[i])) != TERN_OK) {
            return card_complain(error, TERN_ERR_MALFORMED, "no quirk level '%s'", plan->quirks[i]);
        }
    }
    if (path_join(path, sizeof path, directory, "card.yaml") != TERN_OK) return TERN_ERR_NO_SPACE;
    if (stat(path, &info) == 0) {
        return card_complain(error, TERN_ERR_CONFLICT, "%s is a card already", directory);
    }
    return TERN_OK;
}

/** A foreign PKI may have the eUICC's certificate and key already. */
static bool has_euicc(const struct card_plan *plan)
{
    struct tern_pki_why why = {""};
    struct tern_pki *pki = tern_pki_load(plan->pki, 0, TERN_TIME_NONE, &why);
    if (pki == NULL) return false;
    const struct tern_pki_entry *entry =
        tern_pki_find(pki, TERN_PKI_EUICC, plan->eid, TERN_BYTES_NONE, NULL);
    bool found = entry != NULL && entry->key.handle != NULL;
    tern_pki_free(pki);
    return found;
}

int card_directory_create(const char *directory, const struct card_plan *plan,
                          struct card_error *error)
{
    struct tern_pki_why why = {""};
    struct tern_pki_plan euicc = {
        .eum_count = 1,
        .euiccs = &plan->eid,
        .euicc_count = 1,
        .now = (int64_t)time(NULL),
    };
    error->text[0] = 0;
    int status = check_plan(directory, plan, error);
    if (status != TERN_OK) return status;
    if (!has_euicc(plan)) status = tern_pki_add(plan->pki, &euicc, &why);
    if (status != TERN_OK) return card_complain(error, status, "%s", why.text);
    status = folder_make(directory, 0700);
    if (status == TERN_OK) status = copy_pki(directory, plan, error);
    if (status == TERN_OK) status = write_configuration(directory, plan, error);
    if (status != TERN_OK && error->text[0] == 0) {
        card_complain(error, status, "%s: %s", directory, tern_error_text(status));
    }
    return status;
}
