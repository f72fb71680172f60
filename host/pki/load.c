/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a PKI directory: every file is tried as PEM, certificate, revocation list or key; what
 * it is follows from what it says, never from its name. Keys find their certificates by the public
 * point, certificates their issuers by key identifier and name.
 */
#include <dirent.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/pki/pki.h"

#define FILE_SIZE_MAX  (1u << 20)
#define DEPTH_MAX      8
#define PATH_SIZE_MAX  4096
#define CHAIN_SIZE_MAX 4

struct loose_key {
    struct tern_key key;
    struct tern_public_key public_key;
    char *path;
};

struct tern_pki {
    bool is_test;
    unsigned flags;
    /* Pointers, so that entries stay where they are while the list grows. */
    struct tern_pki_entry **entries;
    size_t count;
    struct loose_key *keys;
    size_t key_count;
    struct tern_crl *crls;
    size_t crl_count;
    struct tern_anchor *anchors;
    size_t anchor_count;
    struct tern_pki_problem *problems;
    size_t problem_count;
    uint8_t *ci_certificates;
    size_t ci_certificates_size;
};

static const char *const KIND_NAMES[TERN_PKI_KIND_COUNT] = {
    [TERN_PKI_CI] = "CI",          [TERN_PKI_EUM] = "EUM",       [TERN_PKI_EUICC] = "eUICC",
    [TERN_PKI_DP_AUTH] = "DPauth", [TERN_PKI_DP_PB] = "DPpb",    [TERN_PKI_DP_TLS] = "DPtls",
    [TERN_PKI_DS_AUTH] = "DSauth", [TERN_PKI_DS_TLS] = "DStls",  [TERN_PKI_EIM_SIGN] = "EIMsign",
    [TERN_PKI_EIM_TLS] = "EIMtls", [TERN_PKI_CLIENT] = "client", [TERN_PKI_OTHER] = "other",
};

const char *tern_pki_kind_name(enum tern_pki_kind kind)
{
    return (size_t)kind < TERN_PKI_KIND_COUNT ? KIND_NAMES[kind] : "other";
}

static enum tern_pki_kind kind_of(const struct tern_certificate *certificate)
{
    switch (certificate->role) {
    case TERN_ROLE_CI:
        return TERN_PKI_CI;
    case TERN_ROLE_EUM:
        return TERN_PKI_EUM;
    case TERN_ROLE_EUICC:
        return TERN_PKI_EUICC;
    case TERN_ROLE_DP_TLS:
        return TERN_PKI_DP_TLS;
    case TERN_ROLE_DP_AUTH:
        return TERN_PKI_DP_AUTH;
    case TERN_ROLE_DP_PB:
        return TERN_PKI_DP_PB;
    case TERN_ROLE_DS_TLS:
        return TERN_PKI_DS_TLS;
    case TERN_ROLE_DS_AUTH:
        return TERN_PKI_DS_AUTH;
    case TERN_ROLE_NONE:
        break;
    }
    uint32_t usage = certificate->ext_key_usage;
    if (certificate->is_ca) {
        return TERN_PKI_OTHER;
    }
    return (usage & TERN_EXT_KEY_USAGE_SERVER) != 0 ? TERN_PKI_EIM_TLS
           : usage == TERN_EXT_KEY_USAGE_CLIENT     ? TERN_PKI_CLIENT
           : usage == 0 && (certificate->key_usage & TERN_KEY_USAGE_DIGITAL_SIGNATURE) != 0
               ? TERN_PKI_EIM_SIGN
               : TERN_PKI_OTHER;
}

/* Grow a list by one element. Memory is small here: without it nothing can run. */
static void *grow(void *list, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0) { /* at 0, 1, 2, 4, 8, ... */
        list = realloc(list, (count == 0 ? 1 : 2 * count) * size);
        if (list == NULL) {
            abort();
        }
    }
    return list;
}

/* What this file owns behind a const pointer that others read by. */
static void *writable(const void *pointer)
{
    void *owned;
    memcpy(&owned, &pointer, sizeof owned);
    return owned;
}

static uint8_t *copy_of(struct tern_bytes bytes)
{
    uint8_t *copy = malloc(bytes.size + 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, bytes.data, bytes.size);
    return copy;
}

static bool already_here(const struct tern_pki *pki, struct tern_bytes der)
{
    for (size_t i = 0; i < pki->count; i++) {
        if (tern_bytes_equal(pki->entries[i]->certificate.raw, der)) {
            return true;
        }
    }
    return false;
}

static void add_problem(struct tern_pki *pki, const char *path, const char *what, int error,
                        struct tern_fault fault)
{
    pki->problems = grow(pki->problems, pki->problem_count, sizeof *pki->problems);
    pki->problems[pki->problem_count++] =
        (struct tern_pki_problem){strdup(path), what, error, fault};
}

static int add_certificate(struct tern_pki *pki, struct tern_bytes der, const char *path,
                           struct tern_fault *fault)
{
    struct tern_certificate probe;
    int error = tern_certificate_parse(&probe, fault, der);
    if (error != TERN_OK || already_here(pki, der)) {
        return error;
    }
    struct tern_pki_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        abort();
    }
    tern_certificate_parse(&entry->certificate, NULL, tern_bytes(copy_of(der), der.size));
    entry->kind = kind_of(&entry->certificate);
    entry->path = strdup(path);
    pki->entries = grow(pki->entries, pki->count, sizeof(struct tern_pki_entry *));
    pki->entries[pki->count++] = entry;
    return TERN_OK;
}

static int add_crl(struct tern_pki *pki, struct tern_bytes der, struct tern_fault *fault)
{
    struct tern_crl crl;
    int error = tern_crl_parse(&crl, fault, der);
    if (error == TERN_OK) {
        pki->crls = grow(pki->crls, pki->crl_count, sizeof *pki->crls);
        tern_crl_parse(&pki->crls[pki->crl_count++], NULL, tern_bytes(copy_of(der), der.size));
    }
    return error;
}

static int add_key(struct tern_pki *pki, struct tern_bytes text, const char *path)
{
    struct tern_key key;
    int error = tern_openssl_key_read(&key, text);
    if (error == TERN_OK) {
        pki->keys = grow(pki->keys, pki->key_count, sizeof *pki->keys);
        pki->keys[pki->key_count++] =
            (struct loose_key){key, tern_openssl_key_public(key), strdup(path)};
    }
    return error;
}

static void add_block(struct tern_pki *pki, const char *name, struct tern_bytes der,
                      const char *path)
{
    struct tern_fault fault = {NULL, 0};
    const char *what = NULL;
    int error = TERN_OK;
    if (strstr(name, "CERTIFICATE") != NULL) {
        what = "certificate";
        error = add_certificate(pki, der, path, &fault);
    } else if (strstr(name, "CRL") != NULL) {
        what = "revocation list";
        error = add_crl(pki, der, &fault);
    } else if (strstr(name, "PRIVATE KEY") != NULL) {
        what = "private key";
        error = add_key(pki, der, path);
    }
    if (error != TERN_OK) {
        add_problem(pki, path, what, error, fault);
    }
}

/* Every block of a PEM file. */
static void add_pem(struct tern_pki *pki, struct tern_bytes text, const char *path)
{
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long size = 0;
    while (bio != NULL && PEM_read_bio(bio, &name, &header, &data, &size) == 1) {
        struct tern_bytes der = tern_bytes(data, (size_t)size);
        add_block(pki, name, der, path);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)size);
    }
    ERR_clear_error();
    BIO_free(bio);
}

static void add_file(struct tern_pki *pki, const char *path)
{
    uint8_t *data;
    size_t size;
    if (file_read(path, FILE_SIZE_MAX, &data, &size) != TERN_OK) {
        return;
    }
    struct tern_bytes content = tern_bytes(data, size);
    if (strstr((const char *)data, "-----BEGIN ") != NULL) {
        add_pem(pki, content, path);
    } else if (size > 0 && data[0] == 0x30) {
        struct tern_fault fault = {NULL, 0};
        int error = add_certificate(pki, content, path, &fault);
        if (error != TERN_OK && add_crl(pki, content, NULL) != TERN_OK &&
            add_key(pki, content, path) != TERN_OK) {
            add_problem(pki, path, "file", error, fault);
        }
    }
    tern_wipe(data, size);
    free(data);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void add_directory(struct tern_pki *pki, const char *path, unsigned depth)
{
    struct dirent **names = NULL;
    int count = scandir(path, &names, not_hidden, by_name);
    for (int i = 0; i < count; i++) {
        char child[PATH_SIZE_MAX];
        struct stat status;
        bool fits = path_join(child, sizeof child, path, names[i]->d_name) == TERN_OK;
        bool skip =
            (pki->flags & TERN_PKI_SKIP_EUICCS) != 0 && strcmp(names[i]->d_name, "euicc") == 0;
        if (fits && !skip && stat(child, &status) == 0) {
            if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX) {
                add_directory(pki, child, depth + 1);
            } else if (S_ISREG(status.st_mode)) {
                add_file(pki, child);
            }
        }
        free(names[i]);
    }
    free(names);
}

/* Give each certificate its key; one key may have several certificates. */
static void pair_keys(struct tern_pki *pki)
{
    for (size_t i = 0; i < pki->count; i++) {
        struct tern_pki_entry *entry = pki->entries[i];
        for (size_t j = 0; j < pki->key_count && entry->key.handle == NULL; j++) {
            if (memcmp(pki->keys[j].public_key.point, entry->certificate.public_key.point,
                       TERN_POINT_SIZE) != 0 ||
                pki->keys[j].public_key.curve != entry->certificate.public_key.curve) {
                continue;
            }
            unsigned char *der = NULL;
            int size = i2d_PrivateKey(tern_openssl_key_pkey(pki->keys[j].key), &der);
            entry->key = pki->keys[j].key;
            entry->key_path = pki->keys[j].path;
            entry->key_der = size > 0 ? tern_bytes(der, (size_t)size) : TERN_BYTES_NONE;
        }
    }
}

static const struct tern_pki_entry *issuer_of(const struct tern_pki *pki,
                                              const struct tern_certificate *certificate)
{
    for (size_t i = 0; i < pki->count && certificate->authority_key_id.size > 0; i++) {
        const struct tern_certificate *other = &pki->entries[i]->certificate;
        if (other->is_ca && other->raw.data != certificate->raw.data &&
            tern_bytes_equal(other->subject_key_id, certificate->authority_key_id) &&
            tern_bytes_equal(other->subject, certificate->issuer)) {
            return pki->entries[i];
        }
    }
    return NULL;
}

static void link_chains(struct tern_pki *pki)
{
    for (size_t i = 0; i < pki->count; i++) {
        struct tern_pki_entry *entry = pki->entries[i];
        entry->issuer = entry->kind == TERN_PKI_CI ? NULL : issuer_of(pki, &entry->certificate);
    }
    for (size_t i = 0; i < pki->count; i++) {
        const struct tern_pki_entry *up = pki->entries[i];
        for (size_t depth = 0; depth < CHAIN_SIZE_MAX && up->issuer != NULL; depth++) {
            up = up->issuer;
        }
        pki->entries[i]->ci = up->kind == TERN_PKI_CI ? up : NULL;
    }
}

static void add_anchor(struct tern_pki *pki, struct tern_pki_entry *entry)
{
    struct tern_anchor anchor;
    const struct tern_certificate *certificate = &entry->certificate;
    entry->status =
        tern_anchor_from_certificate(tern_openssl(), &anchor, &entry->fault, certificate);
    if (entry->status != TERN_OK) {
        return;
    }
    pki->anchors = grow(pki->anchors, pki->anchor_count, sizeof *pki->anchors);
    pki->anchors[pki->anchor_count++] = anchor;
    size_t size = pki->ci_certificates_size + certificate->raw.size;
    pki->ci_certificates = realloc(pki->ci_certificates, size);
    if (pki->ci_certificates == NULL) {
        abort();
    }
    memcpy(pki->ci_certificates + pki->ci_certificates_size, certificate->raw.data,
           certificate->raw.size);
    pki->ci_certificates_size = size;
}

/* P-256 first, then the path: the order in which a server is to prefer them. */
static int by_curve_and_path(const void *a, const void *b)
{
    const struct tern_pki_entry *left = *(struct tern_pki_entry *const *)a;
    const struct tern_pki_entry *right = *(struct tern_pki_entry *const *)b;
    int curve = (int)left->certificate.public_key.curve - (int)right->certificate.public_key.curve;
    return curve != 0 ? curve : strcmp(left->path, right->path);
}

static void drop_unverified_crls(struct tern_pki *pki)
{
    size_t kept = 0;
    for (size_t i = 0; i < pki->crl_count; i++) {
        bool good = false;
        for (size_t j = 0; j < pki->anchor_count && !good; j++) {
            good =
                tern_crl_verify(tern_openssl(), NULL, &pki->crls[i], &pki->anchors[j]) == TERN_OK;
        }
        if (good) {
            pki->crls[kept++] = pki->crls[i];
        } else {
            free(writable(pki->crls[i].raw.data));
        }
    }
    pki->crl_count = kept;
}

static void verify_chain(const struct tern_pki *pki, struct tern_pki_entry *entry, int64_t now)
{
    const struct tern_certificate *chain[CHAIN_SIZE_MAX];
    size_t count = 0;
    const struct tern_pki_entry *up = entry;
    while (up != NULL && up->kind != TERN_PKI_CI && count < CHAIN_SIZE_MAX) {
        chain[count++] = &up->certificate;
        up = up->issuer;
    }
    struct tern_trust trust = tern_pki_trust(pki, now);
    if (entry->kind == TERN_PKI_EUM) {
        /* As the middle of a chain it is checked with its eUICCs; alone as far as it goes. */
        const struct tern_anchor *anchor =
            tern_trust_find(&trust, entry->certificate.authority_key_id);
        struct tern_bytes tbs = entry->certificate.tbs;
        entry->status =
            anchor == NULL
                ? TERN_ERR_NOT_FOUND
                : trust.crypto->ecdsa_verify(trust.crypto->context, &anchor->public_key,
                                             TERN_BYTES_OF(entry->certificate.signature), &tbs, 1);
        entry->fault.field = entry->status == TERN_OK ? NULL
                             : anchor == NULL ? "no trusted CI has its authorityKeyIdentifier"
                                              : "the signature does not verify";
        if (entry->status == TERN_OK && now != TERN_TIME_NONE &&
            (now < entry->certificate.not_before || now > entry->certificate.not_after)) {
            entry->status = TERN_ERR_EXPIRED;
            entry->fault.field = now < entry->certificate.not_before ? "not yet valid" : "expired";
        }
        return;
    }
    entry->status =
        tern_chain_verify(&trust, &entry->fault, NULL, chain, count, entry->certificate.role);
}

static void verify_all(struct tern_pki *pki, int64_t now)
{
    for (size_t i = 0; i < pki->count; i++) {
        if (pki->entries[i]->kind == TERN_PKI_CI) {
            add_anchor(pki, pki->entries[i]);
        }
    }
    drop_unverified_crls(pki);
    for (size_t i = 0; i < pki->count; i++) {
        struct tern_pki_entry *entry = pki->entries[i];
        if (entry->kind != TERN_PKI_CI) {
            verify_chain(pki, entry, now);
        } else if (entry->status == TERN_OK && now != TERN_TIME_NONE &&
                   (now < entry->certificate.not_before || now > entry->certificate.not_after)) {
            entry->status = TERN_ERR_EXPIRED;
            entry->fault.field = now < entry->certificate.not_before ? "not yet valid" : "expired";
        }
    }
}

struct tern_pki *tern_pki_load(const char *path, unsigned flags, int64_t now,
                               struct tern_pki_why *why)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        snprintf(why->text, sizeof why->text, "%s: not there", path);
        return NULL;
    }
    struct tern_pki *pki = calloc(1, sizeof *pki);
    if (pki == NULL) {
        abort();
    }
    pki->flags = flags;
    if (S_ISDIR(status.st_mode)) {
        char mark[PATH_SIZE_MAX];
        struct stat mark_status;
        pki->is_test = path_join(mark, sizeof mark, path, "TEST-PKI") == TERN_OK &&
                       stat(mark, &mark_status) == 0;
        add_directory(pki, path, 0);
    } else {
        add_file(pki, path);
    }
    if (pki->count == 0) {
        const char *field = pki->problem_count > 0 ? pki->problems[0].fault.field : NULL;
        snprintf(why->text, sizeof why->text, "%s: no certificate found%s%s", path,
                 field == NULL ? "" : "; one is broken at: ", field == NULL ? "" : field);
        tern_pki_free(pki);
        return NULL;
    }
    qsort(pki->entries, pki->count, sizeof(struct tern_pki_entry *), by_curve_and_path);
    pair_keys(pki);
    link_chains(pki);
    verify_all(pki, now);
    return pki;
}

void tern_pki_free(struct tern_pki *pki)
{
    if (pki == NULL) {
        return;
    }
    for (size_t i = 0; i < pki->count; i++) {
        struct tern_pki_entry *entry = pki->entries[i];
        if (entry->key_der.data != NULL) {
            OPENSSL_clear_free(writable(entry->key_der.data), entry->key_der.size);
        }
        free(writable(entry->certificate.raw.data));
        free(writable(entry->path));
        free(entry);
    }
    for (size_t i = 0; i < pki->key_count; i++) {
        tern_openssl_key_free(&pki->keys[i].key);
        free(pki->keys[i].path);
    }
    for (size_t i = 0; i < pki->crl_count; i++) {
        free(writable(pki->crls[i].raw.data));
    }
    for (size_t i = 0; i < pki->problem_count; i++) {
        free(writable(pki->problems[i].path));
    }
    free(pki->problems);
    free(pki->entries);
    free(pki->keys);
    free(pki->crls);
    free(pki->anchors);
    free(pki->ci_certificates);
    free(pki);
}

bool tern_pki_is_test(const struct tern_pki *pki)
{
    return pki->is_test;
}

size_t tern_pki_count(const struct tern_pki *pki)
{
    return pki->count;
}

const struct tern_pki_entry *tern_pki_at(const struct tern_pki *pki, size_t index)
{
    return pki->entries[index];
}

const struct tern_anchor *tern_pki_anchors(const struct tern_pki *pki, size_t *count)
{
    *count = pki->anchor_count;
    return pki->anchors;
}

const struct tern_crl *tern_pki_crls(const struct tern_pki *pki, size_t *count)
{
    *count = pki->crl_count;
    return pki->crls;
}

const struct tern_pki_problem *tern_pki_problems(const struct tern_pki *pki, size_t *count)
{
    *count = pki->problem_count;
    return pki->problems;
}

struct tern_bytes tern_pki_ci_certificates(const struct tern_pki *pki)
{
    return tern_bytes(pki->ci_certificates, pki->ci_certificates_size);
}

struct tern_trust tern_pki_trust(const struct tern_pki *pki, int64_t now)
{
    return (struct tern_trust){
        .crypto = tern_openssl(),
        .anchors = pki->anchors,
        .anchor_count = pki->anchor_count,
        .now = now,
        .crls = pki->crls,
        .crl_count = pki->crl_count,
        .cache = tern_pki_chain_cache(),
    };
}
