/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who this eIM is, out of a PKI folder: signing keys (EIMsign), the TLS identity (EIMtls), the CIs
 * that eUICCs and SM-DP+s are trusted under; and the enrolment file made of them.
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/eim/identity.h"
#include "host/log/log.h"

/* A certificate or key without its outer 30, under another tag: context tags replace it. */
static void retag(struct tern_writer *out, tern_tag tag, struct tern_bytes element)
{
    struct tern_tlv tlv;
    if (tern_der_single(element, &tlv, TERN_DER_STRICT) == TERN_OK) {
        tern_der_write(out, tag, tlv.value);
    }
}

static struct tern_bytes retagged(tern_tag tag, struct tern_bytes element)
{
    size_t capacity = element.size + 8;
    uint8_t *data = malloc(capacity);
    if (data == NULL) {
        return TERN_BYTES_NONE;
    }
    struct tern_writer out = tern_writer(data, capacity);
    retag(&out, tag, element);
    return tern_writer_bytes(&out);
}

struct tern_bytes identity_key_data(const struct tern_pki_entry *entry, bool certificate)
{
    return certificate ? retagged(0xA1, entry->certificate.raw)
                       : retagged(0xA0, entry->certificate.spki);
}

/* Keys are named by their public half, so that the number survives renaming and re-issuing. */
uint32_t identity_key_id(const struct tern_pki_entry *entry)
{
    uint8_t digest[TERN_SHA256_SIZE];
    const struct tern_crypto *crypto = tern_openssl();
    if (crypto->sha256(crypto->context, digest, &entry->certificate.spki, 1) != TERN_OK) {
        return 0;
    }
    return (uint32_t)tern_read_uint(tern_bytes(digest, 4)) & 0x7FFFFFFF;
}

static bool fits(const struct tern_pki_entry *entry, const char *curve)
{
    return entry->key.handle != NULL &&
           (curve == NULL || strcmp(curve, tern_curve_name(entry->key.curve)) == 0);
}

const struct tern_pki_entry *identity_find(const struct tern_pki *pki, enum tern_pki_kind kind,
                                           const char *name, const char *curve,
                                           const struct tern_pki_entry *after)
{
    const struct tern_pki_entry *entry = after;
    char host[TERN_FQDN_SIZE + 1];
    if (name != NULL) { /* an eimFqdn may have a port; a certificate has none */
        snprintf(host, sizeof(host), "%.*s", (int)strcspn(name, ":"), name);
        name = host;
    }
    do {
        entry = tern_pki_find(pki, kind, name, TERN_BYTES_NONE, entry);
    } while (entry != NULL && !fits(entry, curve));
    return entry;
}

struct tern_pki *identity_load(const char *path)
{
    struct tern_pki_why why = {""};
    struct tern_pki *pki = tern_pki_load(path, TERN_PKI_SKIP_EUICCS, (int64_t)time(NULL), &why);
    if (pki == NULL) {
        log_error("eim.pki", "path", path, "error", why.text);
    } else if (tern_pki_is_test(pki)) {
        log_warn("eim.pki", "path", path, "note", "this is a test PKI: for tests only");
    }
    return pki;
}

/* The private key as PEM in memory, for TLS. */
static struct tern_bytes key_pem(struct tern_key key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    struct tern_bytes out = TERN_BYTES_NONE;
    if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, tern_openssl_key_pkey(key), NULL, NULL, 0,
                                                     NULL, NULL) == 1) {
        long size = BIO_get_mem_data(bio, &text);
        uint8_t *copy = malloc((size_t)size + 1);
        if (copy != NULL) {
            memcpy(copy, text, (size_t)size);
            copy[size] = 0;
            out = tern_bytes(copy, (size_t)size);
        }
        tern_wipe(text, (size_t)size);
    }
    BIO_free(bio);
    return out;
}

static void text_of(char *out, size_t out_size, struct tern_bytes text)
{
    snprintf(out, out_size, "%.*s", (int)text.size, (const char *)text.data);
}

static bool take_tls(struct eim_server *server)
{
    const struct tern_pki_entry *tls =
        identity_find(server->pki, TERN_PKI_EIM_TLS, server->options->fqdn, NULL, NULL);
    if (tls == NULL) {
        log_error("eim.identity", "error", "the PKI has no TLS certificate and key of an eIM");
        return false;
    }
    text_of(server->fqdn, sizeof(server->fqdn), tls->certificate.dns_name);
    server->identity.certificates = tls->certificate.raw;
    server->identity.key = key_pem(tls->key);
    server->tls_spki_size = tls->certificate.spki.size;
    if (server->tls_spki_size > sizeof(server->tls_spki) || server->identity.key.data == NULL) {
        return false;
    }
    memcpy(server->tls_spki, tls->certificate.spki.data, server->tls_spki_size);
    return true;
}

static bool take_signing_keys(struct eim_server *server)
{
    const struct tern_pki_entry *entry = NULL;
    while (server->key_count < EIM_KEY_MAX &&
           (entry = identity_find(server->pki, TERN_PKI_EIM_SIGN, NULL, NULL, entry)) != NULL) {
        if (server->key_count == 0 && server->options->eim_id == NULL) {
            text_of(server->eim_id, sizeof(server->eim_id), entry->certificate.subject_common_name);
        }
        server->keys[server->key_count++] =
            (struct tern_eim_key){.id = identity_key_id(entry),
                                  .key = entry->key,
                                  .key_data = identity_key_data(entry, false)};
    }
    if (server->options->eim_id != NULL) {
        snprintf(server->eim_id, sizeof(server->eim_id), "%s", server->options->eim_id);
    }
    if (server->key_count == 0 || server->eim_id[0] == '\0') {
        log_error("eim.identity", "error", "the PKI has no signing certificate and key of an eIM");
        return false;
    }
    return true;
}

static bool take_anchors(struct eim_server *server)
{
    size_t size = 0;
    for (size_t i = 0; i < tern_pki_count(server->pki); i++) {
        const struct tern_pki_entry *entry = tern_pki_at(server->pki, i);
        size += entry->kind == TERN_PKI_CI ? entry->certificate.raw.size : 0;
    }
    uint8_t *all = malloc(size + 1);
    if (all == NULL) {
        return false;
    }
    struct tern_writer out = tern_writer(all, size);
    for (size_t i = 0; i < tern_pki_count(server->pki); i++) {
        const struct tern_pki_entry *entry = tern_pki_at(server->pki, i);
        if (entry->kind == TERN_PKI_CI) {
            tern_write(&out, entry->certificate.raw);
        }
    }
    server->client_anchors = tern_writer_bytes(&out);
    server->trust = tern_pki_trust(server->pki, TERN_TIME_NONE);
    if (server->trust.anchor_count == 0) {
        log_error("eim.identity", "error", "the PKI has no CI certificate");
        return false;
    }
    return true;
}

bool identity_take(struct eim_server *server)
{
    server->pki = identity_load(server->options->pki);
    return server->pki != NULL && take_tls(server) && take_signing_keys(server) &&
           take_anchors(server);
}

void identity_release(struct eim_server *server)
{
    if (server->identity.key.data != NULL) {
        tern_wipe((void *)server->identity.key.data, server->identity.key.size);
        free((void *)server->identity.key.data);
    }
    free((void *)server->client_anchors.data);
    for (size_t i = 0; i < server->key_count; i++) {
        free((void *)server->keys[i].key_data.data);
    }
    tern_pki_free(server->pki);
}

/* ---- tern eim enrol-file ---- */

static uint32_t protocol_bits(const struct option_list *names, bool *ok)
{
    static const char *const NAMES[] = {"retrieve-https", "retrieve-coaps", "inject-https",
                                        "inject-coaps", "proprietary"};
    uint32_t bits = names->count == 0 ? 1 : 0;
    for (size_t i = 0; i < names->count; i++) {
        uint32_t bit = 0;
        for (uint32_t n = 0; n < TERN_COUNT_OF(NAMES); n++) {
            bit |= strcmp(names->items[i], NAMES[n]) == 0 ? 1U << n : 0;
        }
        if (bit == 0) {
            fprintf(stderr, "tern eim enrol-file: no protocol '%s'\n", names->items[i]);
            *ok = false;
        }
        bits |= bit;
    }
    return bits;
}

static bool write_enrolment(const struct eim_enrol_options *options, const struct tern_pki *pki,
                            struct tern_writer *out)
{
    const struct tern_pki_entry *sign =
        identity_find(pki, TERN_PKI_EIM_SIGN, NULL, options->curve, NULL);
    const struct tern_pki_entry *tls =
        identity_find(pki, TERN_PKI_EIM_TLS, options->fqdn, NULL, NULL);
    uint8_t ci_key_id[64];
    struct tern_writer ci = TERN_WRITER_OF(ci_key_id);
    bool ok = true;
    uint32_t protocols = protocol_bits(&options->protocol, &ok);
    if (sign == NULL || tls == NULL) {
        fprintf(stderr, "tern eim enrol-file: the PKI has no %s certificate and key of an eIM\n",
                sign == NULL ? "signing" : "TLS");
        return false;
    }
    if (options->ci != NULL && tern_hex_decode(&ci, tern_bytes_text(options->ci)) != TERN_OK) {
        fprintf(stderr, "tern eim enrol-file: --ci is not hexadecimal\n");
        return false;
    }
    struct tern_eim_configuration configuration = {
        .eim_id = options->eim_id != NULL ? tern_bytes_text(options->eim_id)
                                          : sign->certificate.subject_common_name,
        .fqdn = options->fqdn != NULL ? tern_bytes_text(options->fqdn) : tls->certificate.dns_name,
        .id_type = 2,
        .counter = (int64_t)options->counter,
        .token_request = !options->no_token,
        .key_data = identity_key_data(sign, options->certificate),
        .tls_data = identity_key_data(tls, options->tls_certificate),
        .protocols = protocols,
        .ci_key_id = tern_writer_bytes(&ci),
        .indirect = !options->no_indirect,
    };
    uint8_t entry[2 * TERN_CERTIFICATE_SIZE + 1024];
    struct tern_writer members = TERN_WRITER_OF(entry);
    tern_eim_configuration_write(&members, &configuration);
    ok = ok && tern_writer_status(&members) == TERN_OK;
    uint8_t item[sizeof(entry) + 16];
    uint8_t list[sizeof(entry) + 32];
    struct tern_writer item_out = TERN_WRITER_OF(item);
    struct tern_writer list_out = TERN_WRITER_OF(list);
    tern_der_write(&item_out, 0x30, tern_writer_bytes(&members));
    tern_der_write(&list_out, 0xA0, tern_writer_bytes(&item_out));
    tern_der_write(out, 0xBF57, tern_writer_bytes(&list_out));
    free((void *)configuration.key_data.data);
    free((void *)configuration.tls_data.data);
    if (options->json) {
        fprintf(stdout, "{\"eim_id\":\"%.*s\",\"fqdn\":\"%.*s\",\"counter\":%llu,\"size\":%zu}\n",
                (int)configuration.eim_id.size, (const char *)configuration.eim_id.data,
                (int)configuration.fqdn.size, (const char *)configuration.fqdn.data,
                (unsigned long long)options->counter, out->size);
    }
    return ok && tern_writer_status(out) == TERN_OK;
}

int eim_host_enrol_file(const struct eim_enrol_options *options)
{
    static uint8_t buffer[2 * TERN_CERTIFICATE_SIZE + 2048];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    struct tern_pki *pki = identity_load(options->pki);
    if (pki == NULL) {
        return 2;
    }
    bool ok = write_enrolment(options, pki, &out);
    tern_pki_free(pki);
    if (!ok) {
        return 2;
    }
    if (options->output == NULL || strcmp(options->output, "-") == 0) {
        return fwrite(buffer, 1, out.size, stdout) == out.size ? 0 : 2;
    }
    return file_write(options->output, tern_writer_bytes(&out), 0644) == TERN_OK ? 0 : 2;
}
