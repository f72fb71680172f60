/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding an entry by kind, name and CI. A DPauth or DPpb certificate says no host name: it answers
 * to its directory's name, and to the name of the TLS certificate with the same registeredID.
 */
#include <string.h>
#include <strings.h>

#include "host/pki/pki.h"

static bool directory_is(const char *path, const char *name)
{
    const char *end = strrchr(path, '/');
    if (end == NULL) {
        return false;
    }
    const char *start = end;
    while (start > path && start[-1] != '/') {
        start--;
    }
    return (size_t)(end - start) == strlen(name) && strncasecmp(start, name, strlen(name)) == 0;
}

static bool has_name(const struct tern_pki_entry *entry, struct tern_bytes name)
{
    const struct tern_certificate *certificate = &entry->certificate;
    return tern_certificate_has_dns_name(certificate, name) ||
           tern_bytes_equal(certificate->subject_serial_number, name) ||
           tern_bytes_equal(certificate->subject_common_name, name);
}

/* The TLS sibling of an auth or pb certificate. */
static bool sibling_has_name(const struct tern_pki *pki, const struct tern_pki_entry *entry,
                             struct tern_bytes name)
{
    enum tern_pki_kind tls = entry->kind == TERN_PKI_DS_AUTH ? TERN_PKI_DS_TLS : TERN_PKI_DP_TLS;
    struct tern_bytes oid = entry->certificate.registered_id;
    if (oid.size == 0 || (entry->kind != TERN_PKI_DP_AUTH && entry->kind != TERN_PKI_DP_PB &&
                          entry->kind != TERN_PKI_DS_AUTH)) {
        return false;
    }
    for (size_t i = 0; i < tern_pki_count(pki); i++) {
        const struct tern_pki_entry *other = tern_pki_at(pki, i);
        if (other->kind == tls && tern_bytes_equal(other->certificate.registered_id, oid) &&
            tern_certificate_has_dns_name(&other->certificate, name)) {
            return true;
        }
    }
    return false;
}

static bool answers_to(const struct tern_pki *pki, const struct tern_pki_entry *entry,
                       const char *name)
{
    struct tern_bytes bytes = tern_bytes_text(name);
    return name == NULL || has_name(entry, bytes) || directory_is(entry->path, name) ||
           sibling_has_name(pki, entry, bytes);
}

const struct tern_pki_entry *tern_pki_find(const struct tern_pki *pki, enum tern_pki_kind kind,
                                           const char *name, struct tern_bytes ci,
                                           const struct tern_pki_entry *after)
{
    bool begun = after == NULL;
    for (size_t i = 0; i < tern_pki_count(pki); i++) {
        const struct tern_pki_entry *entry = tern_pki_at(pki, i);
        if (!begun) {
            begun = entry == after;
            continue;
        }
        bool ci_fits =
            ci.size == 0 ||
            (entry->ci != NULL && tern_bytes_equal(entry->ci->certificate.subject_key_id, ci));
        if (entry->kind == kind && ci_fits && answers_to(pki, entry, name)) {
            return entry;
        }
    }
    return NULL;
}
