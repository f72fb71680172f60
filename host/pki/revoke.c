/* SPDX-License-Identifier: Apache-2.0 */
/* Adding a certificate to the revocation list of its CI, in a directory of `tern pki`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/pki/make.h"
#include "tern/der.h"

#define YEAR            (365 * INT64_C(86400))
#define SERIAL_MAX      2048
#define LIST_SIZE_MAX   (1u << 16)
#define NUMBER_SIZE_MAX 8

/* The list being made: what was in the old one, and one more. */
struct list {
    struct tern_bytes serials[SERIAL_MAX];
    struct crl_plan plan;
};

static int complain(struct tern_pki_why *why, int error, const char *path, const char *words)
{
    snprintf(why->text, sizeof why->text, "%.180s: %.60s", path, words);
    return error;
}

/* Take over the old list's entries and number. False when the serial number is there already. */
static bool take_over(struct list *list, const struct tern_crl *old, struct tern_bytes serial)
{
    struct tern_bytes rest = old->entries;
    struct tern_tlv entry, number;
    while (tern_der_next(&rest, &entry, TERN_DER_STRICT) == 1 && list->plan.count < SERIAL_MAX) {
        if (tern_der_next(&entry.value, &number, TERN_DER_STRICT) == 1) {
            list->serials[list->plan.count++] = number.value;
            if (tern_bytes_equal(number.value, serial)) {
                return false;
            }
        }
    }
    if (old->number.size > 0 && old->number.size <= NUMBER_SIZE_MAX) {
        (void)tern_der_int(old->number, &list->plan.number);
    }
    return true;
}

static int write_list(const char *path, struct list *list, const struct tern_pki_entry *ci,
                      struct tern_bytes serial, struct tern_pki_why *why)
{
    const struct certificate_issuer issuer = {&ci->certificate, ci->key};
    uint8_t *der = malloc(LIST_SIZE_MAX);
    if (list->plan.count == SERIAL_MAX || der == NULL) {
        free(der);
        return complain(why, TERN_ERR_NO_SPACE, path, "the list is full");
    }
    list->serials[list->plan.count++] = serial;
    list->plan.serials = list->serials;
    list->plan.number++;
    struct tern_writer out = tern_writer(der, LIST_SIZE_MAX);
    int error = make_crl(&out, &list->plan, &issuer);
    if (error == TERN_OK) {
        error = file_write(path, tern_writer_bytes(&out), 0644);
    }
    free(der);
    return error == TERN_OK ? TERN_OK : complain(why, error, path, tern_error_text(error));
}

static int revoke(const char *dir, const struct tern_pki *pki, const struct tern_pki_entry *entry,
                  int64_t now, struct tern_pki_why *why)
{
    const struct tern_certificate *certificate = &entry->certificate;
    const struct tern_pki_entry *ci = NULL;
    while ((ci = tern_pki_find(pki, TERN_PKI_CI, NULL, TERN_BYTES_NONE, ci)) != NULL &&
           !tern_bytes_equal(ci->certificate.subject_key_id, certificate->authority_key_id)) {
    }
    if (ci == NULL || ci->key.handle == NULL) {
        return complain(why, TERN_ERR_NOT_FOUND, entry->path,
                        "no CI with its private key here issued it");
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/ci.crl", dir,
             tern_curve_name(ci->certificate.public_key.curve));
    struct list *list = calloc(1, sizeof *list);
    uint8_t *data = NULL;
    size_t size = 0;
    struct tern_crl old;
    bool missing = true;
    if (list == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    list->plan.this_update = now;
    list->plan.next_update = now + 10 * YEAR;
    if (file_read(path, LIST_SIZE_MAX, &data, &size) == TERN_OK &&
        tern_crl_parse(&old, NULL, tern_bytes(data, size)) == TERN_OK) {
        missing = take_over(list, &old, certificate->serial_number);
    }
    int error = missing ? write_list(path, list, ci, certificate->serial_number, why) : TERN_OK;
    free(data);
    free(list);
    return error;
}

int tern_pki_revoke(const char *dir, const char *certificate_path, int64_t now,
                    struct tern_pki_why *why)
{
    struct tern_pki *one = tern_pki_load(certificate_path, 0, TERN_TIME_NONE, why);
    struct tern_pki *pki =
        one == NULL ? NULL : tern_pki_load(dir, TERN_PKI_SKIP_EUICCS, TERN_TIME_NONE, why);
    int error = TERN_ERR_NOT_FOUND;
    if (pki != NULL) {
        error = revoke(dir, pki, tern_pki_at(one, 0), now, why);
    }
    tern_pki_free(pki);
    tern_pki_free(one);
    return error;
}
