/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation lists (sgp22.md 2.6; RFC 5280, 5). A CI may cut its list into parts
 * (totalPartialCrlNumber, partialCrlNumber): each part is a list of its own here, and a certificate
 * is revoked when any part says so.
 */
#include <string.h>

#include "core/crypto/x509.h"

static int small_integer(struct tern_bytes value, int64_t *number)
{
    struct tern_tlv tlv;
    if (tern_der_single(value, &tlv, TERN_DER_STRICT) != TERN_OK || tlv.tag != 0x02 ||
        tern_der_int(tlv.value, number) != TERN_OK || *number < 1) {
        return TERN_ERR_MALFORMED;
    }
    return TERN_OK;
}

static int take_number(struct tern_bytes value, struct tern_bytes *number)
{
    struct tern_tlv tlv;
    if (tern_der_single(value, &tlv, TERN_DER_STRICT) != TERN_OK || tlv.tag != 0x02) {
        return TERN_ERR_MALFORMED;
    }
    *number = tlv.value;
    return TERN_OK;
}

static int take_extension(struct tern_crl *crl, const struct x509_extension *extension)
{
    static const uint8_t RSP_EXT[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x00};
    struct tern_bytes oid = extension->oid;
    if (oid.size == 3 && oid.data[0] == 0x55 && oid.data[1] == 0x1D) {
        switch (oid.data[2]) {
        case 20:
            return take_number(extension->value, &crl->number);
        case 28: /* issuingDistributionPoint: what it leaves out, it does not revoke */
            return TERN_OK;
        case 35:
            return x509_authority_key_id(extension->value, &crl->authority_key_id);
        default:
            break;
        }
    }
    if (oid.size == sizeof RSP_EXT + 1 && tern_bytes_starts_with(oid, TERN_BYTES_OF(RSP_EXT))) {
        switch (oid.data[sizeof RSP_EXT]) {
        case 2:
            return small_integer(extension->value, &crl->total_partial);
        case 3:
            return small_integer(extension->value, &crl->partial_number);
        default:
            break;
        }
    }
    return extension->critical ? TERN_ERR_UNSUPPORTED : TERN_OK;
}

/* reasonCode, invalidityDate and id-rsp-expDate say nothing that would take a revocation back. */
static bool entry_extension_known(struct tern_bytes oid)
{
    static const uint8_t REASON[] = {0x55, 0x1D, 21}, INVALIDITY[] = {0x55, 0x1D, 24};
    static const uint8_t EXP_DATE[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x00, 0x01};
    return tern_bytes_equal(oid, TERN_BYTES_OF(REASON)) ||
           tern_bytes_equal(oid, TERN_BYTES_OF(INVALIDITY)) ||
           tern_bytes_equal(oid, TERN_BYTES_OF(EXP_DATE));
}

static int check_entry(const struct x509_reader *reader, struct tern_bytes *rest)
{
    struct tern_tlv entry, list;
    struct tern_bytes serial;
    int64_t when;
    int error = x509_take(reader, rest, 0x30, "revokedCertificates", &entry);
    if (error == TERN_OK) {
        error = x509_integer(reader, &entry.value, "userCertificate", &serial);
    }
    if (error == TERN_OK) {
        error = x509_time(reader, &entry.value, "revocationDate", &when);
    }
    if (error != TERN_OK || entry.value.size == 0) {
        return error;
    }
    error = x509_take(reader, &entry.value, 0x30, "crlEntryExtensions", &list);
    if (error != TERN_OK) {
        return error;
    }
    struct x509_extension extension;
    int got;
    while ((got = x509_extension_next(reader, &list.value, &extension)) == 1) {
        if (extension.critical && !entry_extension_known(extension.oid)) {
            return x509_fail(reader, "an unknown critical entry extension", extension.at,
                             TERN_ERR_UNSUPPORTED);
        }
    }
    return got == 0 ? x509_end(reader, entry.value, "revokedCertificates") : got;
}

static int take_entries(const struct x509_reader *reader, struct tern_crl *crl,
                        struct tern_bytes *rest)
{
    struct tern_tlv list;
    crl->entries = tern_bytes(rest->data, 0);
    if (!x509_next_is(*rest, 0x30)) {
        return TERN_OK;
    }
    int error = x509_take(reader, rest, 0x30, "revokedCertificates", &list);
    if (error != TERN_OK) {
        return error;
    }
    crl->entries = list.value;
    while (error == TERN_OK && list.value.size > 0) {
        error = check_entry(reader, &list.value);
    }
    return error;
}

static int take_extensions(const struct x509_reader *reader, struct tern_crl *crl,
                           struct tern_bytes *rest)
{
    struct tern_tlv outer, list;
    if (rest->size == 0) {
        return TERN_OK;
    }
    int error = x509_take(reader, rest, 0xA0, "crlExtensions", &outer);
    if (error == TERN_OK) {
        error = x509_take(reader, &outer.value, 0x30, "crlExtensions", &list);
    }
    if (error != TERN_OK) {
        return error;
    }
    struct x509_extension extension;
    int got;
    while ((got = x509_extension_next(reader, &list.value, &extension)) == 1) {
        error = take_extension(crl, &extension);
        if (error != TERN_OK) {
            error = error == TERN_ERR_TRUNCATED ? TERN_ERR_MALFORMED : error;
            return x509_fail(reader, "crlExtensions", extension.at, error);
        }
    }
    if (got != 0) {
        return got;
    }
    error = x509_end(reader, outer.value, "crlExtensions");
    return error == TERN_OK ? x509_end(reader, *rest, "crlExtensions") : error;
}

int tern_crl_parse(struct tern_crl *crl, struct tern_fault *fault, struct tern_bytes der)
{
    static const uint8_t VERSION_2[] = {0x02, 0x01, 0x01};
    const struct x509_reader reader = {der.data, fault};
    memset(crl, 0, sizeof *crl);
    crl->raw = der;
    crl->next_update = INT64_MAX;
    crl->total_partial = crl->partial_number = 1;
    struct tern_tlv tbs, version, issuer = {0};
    int error = x509_signed(&reader, der, &tbs, crl->signature);
    if (error != TERN_OK) {
        return error;
    }
    crl->tbs = tbs.raw;
    struct tern_bytes rest = tbs.value;
    error = x509_take(&reader, &rest, 0x02, "version", &version);
    if (error == TERN_OK && !tern_bytes_equal(version.raw, TERN_BYTES_OF(VERSION_2))) {
        error = x509_fail(&reader, "version", version.raw.data, TERN_ERR_MALFORMED);
    }
    if (error == TERN_OK) {
        error = x509_algorithm(&reader, &rest, "signature");
    }
    if (error == TERN_OK) {
        error = x509_take(&reader, &rest, 0x30, "issuer", &issuer);
        crl->issuer = issuer.raw;
    }
    if (error == TERN_OK) {
        error = x509_time(&reader, &rest, "thisUpdate", &crl->this_update);
    }
    if (error == TERN_OK && (x509_next_is(rest, 0x17) || x509_next_is(rest, 0x18))) {
        error = x509_time(&reader, &rest, "nextUpdate", &crl->next_update);
    }
    if (error == TERN_OK) {
        error = take_entries(&reader, crl, &rest);
    }
    return error == TERN_OK ? take_extensions(&reader, crl, &rest) : error;
}

static int refuse(struct tern_fault *fault, const char *field, int error)
{
    if (fault != NULL) {
        fault->field = field;
        fault->offset = 0;
    }
    return error;
}

int tern_crl_verify(const struct tern_crypto *crypto, struct tern_fault *fault,
                    const struct tern_crl *crl, const struct tern_anchor *issuer)
{
    if (issuer->subject.data != NULL && !tern_bytes_equal(crl->issuer, issuer->subject)) {
        return refuse(fault, "the list has another issuer", TERN_ERR_CERTIFICATE);
    }
    if (crl->authority_key_id.data != NULL &&
        !tern_bytes_equal(crl->authority_key_id, issuer->key_id)) {
        return refuse(fault, "the list names another key of its issuer", TERN_ERR_CERTIFICATE);
    }
    int error = crypto->ecdsa_verify(crypto->context, &issuer->public_key,
                                     TERN_BYTES_OF(crl->signature), &crl->tbs, 1);
    return error == TERN_OK ? TERN_OK
                            : refuse(fault, "the signature of the list does not verify", error);
}

bool tern_crl_revokes(const struct tern_crl *crl, const struct tern_certificate *certificate)
{
    if (!tern_bytes_equal(crl->issuer, certificate->issuer) ||
        (crl->authority_key_id.data != NULL && certificate->authority_key_id.data != NULL &&
         !tern_bytes_equal(crl->authority_key_id, certificate->authority_key_id))) {
        return false;
    }
    struct tern_bytes rest = crl->entries;
    struct tern_tlv entry, serial;
    while (tern_der_next(&rest, &entry, TERN_DER_STRICT) == 1) {
        if (tern_der_next(&entry.value, &serial, TERN_DER_STRICT) == 1 &&
            tern_bytes_equal(serial.value, certificate->serial_number)) {
            return true;
        }
    }
    return false;
}
