/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a certificate of the GSMA PKI (sgp22.md 2.3; RFC 5280).
 *
 * Our own reader, because the libraries' are slow (20 times the cost of setting a point) and know
 * other rules than GSMA's. What is signed stays a slice of what was received.
 */
#include <string.h>

#include "core/crypto/x509.h"

/* Attribute types 2.5.4.N. */
#define AT_COMMON_NAME   3
#define AT_SERIAL_NUMBER 5
#define AT_ORGANIZATION  10

static const char *const ROLE_NAMES[] = {
    [TERN_ROLE_NONE] = "none",   [TERN_ROLE_CI] = "ci",         [TERN_ROLE_EUICC] = "euicc",
    [TERN_ROLE_EUM] = "eum",     [TERN_ROLE_DP_TLS] = "dp-tls", [TERN_ROLE_DP_AUTH] = "dp-auth",
    [TERN_ROLE_DP_PB] = "dp-pb", [TERN_ROLE_DS_TLS] = "ds-tls", [TERN_ROLE_DS_AUTH] = "ds-auth",
};

const char *tern_role_name(enum tern_role role)
{
    return (size_t)role < TERN_COUNT_OF(ROLE_NAMES) ? ROLE_NAMES[role] : ROLE_NAMES[0];
}

/* The whole Name is walked, so that what is taken from it later holds; each of ours comes once. */
static int take_subject(const struct x509_reader *reader, struct tern_certificate *certificate)
{
    struct x509_name_walk walk = x509_name_walk(certificate->subject);
    struct tern_bytes oid, value;
    int got;
    while ((got = x509_name_next(&walk, &oid, &value)) == 1) {
        if (oid.size != 3 || oid.data[0] != 0x55 || oid.data[1] != 0x04) {
            continue;
        }
        struct tern_bytes *place =
            oid.data[2] == AT_COMMON_NAME     ? &certificate->subject_common_name
            : oid.data[2] == AT_SERIAL_NUMBER ? &certificate->subject_serial_number
            : oid.data[2] == AT_ORGANIZATION  ? &certificate->subject_organization
                                              : NULL;
        if (place == NULL) {
            continue;
        }
        if (place->data != NULL) {
            return x509_fail(reader, "subject has an attribute twice", oid.data,
                             TERN_ERR_MALFORMED);
        }
        *place = value;
    }
    return got == 0 ? TERN_OK
                    : x509_fail(reader, "subject", certificate->subject.data, TERN_ERR_MALFORMED);
}

static int take_issuer(const struct x509_reader *reader, const struct tern_certificate *certificate)
{
    struct x509_name_walk walk = x509_name_walk(certificate->issuer);
    struct tern_bytes oid, value;
    int got;
    while ((got = x509_name_next(&walk, &oid, &value)) == 1) {
    }
    return got == 0 ? TERN_OK
                    : x509_fail(reader, "issuer", certificate->issuer.data, TERN_ERR_MALFORMED);
}

/* version [0] EXPLICIT, which must say 3, then serialNumber and the inner algorithm. */
static int take_head(const struct x509_reader *reader, struct tern_certificate *certificate,
                     struct tern_bytes *rest)
{
    static const uint8_t VERSION_3[] = {0x02, 0x01, 0x02};
    struct tern_tlv version;
    int error = x509_take(reader, rest, 0xA0, "version", &version);
    if (error == TERN_OK && !tern_bytes_equal(version.value, TERN_BYTES_OF(VERSION_3))) {
        error = x509_fail(reader, "version", version.raw.data, TERN_ERR_MALFORMED);
    }
    if (error == TERN_OK) {
        error = x509_integer(reader, rest, "serialNumber", &certificate->serial_number);
    }
    return error == TERN_OK ? x509_algorithm(reader, rest, "signature") : error;
}

static int take_validity(const struct x509_reader *reader, struct tern_certificate *certificate,
                         struct tern_bytes *rest)
{
    struct tern_tlv validity;
    int error = x509_take(reader, rest, 0x30, "validity", &validity);
    if (error == TERN_OK) {
        error = x509_time(reader, &validity.value, "notBefore", &certificate->not_before);
    }
    if (error == TERN_OK) {
        error = x509_time(reader, &validity.value, "notAfter", &certificate->not_after);
    }
    return error == TERN_OK ? x509_end(reader, validity.value, "validity") : error;
}

static int take_names(const struct x509_reader *reader, struct tern_certificate *certificate,
                      struct tern_bytes *rest)
{
    struct tern_tlv name = {0};
    int error = x509_take(reader, rest, 0x30, "issuer", &name);
    certificate->issuer = name.raw;
    if (error == TERN_OK) {
        error = take_issuer(reader, certificate);
    }
    if (error == TERN_OK) {
        error = take_validity(reader, certificate, rest);
    }
    if (error == TERN_OK) {
        error = x509_take(reader, rest, 0x30, "subject", &name);
        certificate->subject = name.raw;
    }
    return error == TERN_OK ? take_subject(reader, certificate) : error;
}

static int take_key(const struct x509_reader *reader, struct tern_certificate *certificate,
                    struct tern_bytes *rest)
{
    struct tern_tlv spki;
    int error = x509_take(reader, rest, 0x30, "subjectPublicKeyInfo", &spki);
    if (error != TERN_OK) {
        return error;
    }
    certificate->spki = spki.raw;
    error = tern_spki_parse(&certificate->public_key, spki.raw);
    error = error == TERN_ERR_TRUNCATED ? TERN_ERR_MALFORMED : error;
    return error == TERN_OK ? TERN_OK
                            : x509_fail(reader, "subjectPublicKeyInfo", spki.raw.data, error);
}

static int take_extensions(const struct x509_reader *reader, struct tern_certificate *certificate,
                           struct tern_bytes *rest)
{
    struct tern_tlv outer, list;
    if (rest->size == 0) {
        return TERN_OK;
    }
    int error = x509_take(reader, rest, 0xA3, "extensions", &outer);
    if (error == TERN_OK) {
        error = x509_take(reader, &outer.value, 0x30, "extensions", &list);
    }
    if (error == TERN_OK) {
        error = x509_end(reader, outer.value, "extensions");
    }
    if (error == TERN_OK) {
        error = x509_end(reader, *rest, "bytes behind the extensions");
    }
    return error == TERN_OK ? x509_certificate_extensions(reader, certificate, list.value) : error;
}

int tern_certificate_parse(struct tern_certificate *certificate, struct tern_fault *fault,
                           struct tern_bytes der)
{
    const struct x509_reader reader = {der.data, fault};
    memset(certificate, 0, sizeof *certificate);
    certificate->raw = der;
    certificate->path_length = TERN_PATH_LENGTH_NONE;
    struct tern_tlv tbs;
    int error = x509_signed(&reader, der, &tbs, certificate->signature);
    if (error != TERN_OK) {
        return error;
    }
    certificate->tbs = tbs.raw;
    struct tern_bytes rest = tbs.value;
    error = take_head(&reader, certificate, &rest);
    if (error == TERN_OK) {
        error = take_names(&reader, certificate, &rest);
    }
    if (error == TERN_OK) {
        error = take_key(&reader, certificate, &rest);
    }
    return error == TERN_OK ? take_extensions(&reader, certificate, &rest) : error;
}

static uint8_t lower(uint8_t character)
{
    return character >= 'A' && character <= 'Z' ? (uint8_t)(character + 32) : character;
}

static bool same_host(struct tern_bytes a, struct tern_bytes b)
{
    if (a.size != b.size || a.size == 0) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

/* "*.example.com" stands for exactly one label. */
static bool dns_name_fits(struct tern_bytes pattern, struct tern_bytes name)
{
    if (!tern_bytes_starts_with(pattern, TERN_BYTES_TEXT("*."))) {
        return same_host(pattern, name);
    }
    size_t dot = 0;
    while (dot < name.size && name.data[dot] != '.') {
        dot++;
    }
    struct tern_bytes parent = tern_bytes_slice(pattern, 1, pattern.size);
    return dot > 0 && same_host(parent, tern_bytes_slice(name, dot, name.size));
}

bool tern_certificate_has_dns_name(const struct tern_certificate *certificate,
                                   struct tern_bytes name)
{
    struct tern_bytes rest = certificate->subject_alt_names;
    struct tern_tlv entry;
    while (tern_der_next(&rest, &entry, TERN_DER_STRICT) == 1) {
        if (entry.tag == 0x82 && dns_name_fits(entry.value, name)) {
            return true;
        }
    }
    return false;
}

int tern_certificate_eid(const struct tern_certificate *euicc, uint8_t eid[16])
{
    return tern_eid_from_text(eid, euicc->subject_serial_number) == TERN_OK ? TERN_OK
                                                                            : TERN_ERR_CERTIFICATE;
}

int tern_key_identifier(const struct tern_crypto *crypto, uint8_t key_id[TERN_SHA1_SIZE],
                        const struct tern_public_key *key)
{
    return crypto->sha1(crypto->context, key_id, TERN_BYTES_OF(key->point));
}
