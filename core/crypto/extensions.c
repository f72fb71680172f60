/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extensions of a GSMA certificate (sgp22.md 2.2, 2.3; RFC 5280, 4.2), one row each.
 *
 * An extension that is not in the table is refused when it is critical and skipped when not. None
 * may come twice: two answers to one question are how parsers are made to disagree.
 */
#include "core/crypto/x509.h"

typedef int take_extension(struct tern_certificate *certificate, struct tern_bytes value);

static int single(struct tern_bytes value, tern_tag tag, struct tern_bytes *content)
{
    struct tern_tlv tlv;
    if (tern_der_single(value, &tlv, TERN_DER_STRICT) != TERN_OK || tlv.tag != tag) {
        return TERN_ERR_MALFORMED;
    }
    *content = tlv.value;
    return TERN_OK;
}

static int take_subject_key_id(struct tern_certificate *certificate, struct tern_bytes value)
{
    int error = single(value, 0x04, &certificate->subject_key_id);
    return error == TERN_OK && certificate->subject_key_id.size == 0 ? TERN_ERR_MALFORMED : error;
}

int x509_authority_key_id(struct tern_bytes value, struct tern_bytes *key_id)
{
    struct tern_bytes rest;
    struct tern_tlv tlv;
    int error = single(value, 0x30, &rest);
    if (error != TERN_OK) {
        return error;
    }
    int got;
    while ((got = tern_der_next(&rest, &tlv, TERN_DER_STRICT)) == 1) {
        if (tlv.tag == 0x80) {
            *key_id = tlv.value;
        }
    }
    return got < 0 ? TERN_ERR_MALFORMED : TERN_OK;
}

static int take_authority_key_id(struct tern_certificate *certificate, struct tern_bytes value)
{
    return x509_authority_key_id(value, &certificate->authority_key_id);
}

static int take_key_usage(struct tern_certificate *certificate, struct tern_bytes value)
{
    struct tern_bytes bits;
    int error = single(value, 0x03, &bits);
    if (error != TERN_OK || bits.size < 2 || bits.size > 3 || bits.data[0] > 7) {
        return TERN_ERR_MALFORMED;
    }
    for (size_t i = 0; i < 8 * (bits.size - 1); i++) {
        if ((bits.data[1 + i / 8] & (0x80 >> (i % 8))) != 0) {
            certificate->key_usage |= 1U << i;
        }
    }
    return TERN_OK;
}

static int take_basic_constraints(struct tern_certificate *certificate, struct tern_bytes value)
{
    struct tern_bytes rest;
    struct tern_tlv tlv;
    if (single(value, 0x30, &rest) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    if (x509_next_is(rest, 0x01)) {
        if (tern_der_next(&rest, &tlv, TERN_DER_STRICT) != 1 || tlv.value.size != 1 ||
            (tlv.value.data[0] != 0xFF && tlv.value.data[0] != 0x00)) {
            return TERN_ERR_MALFORMED;
        }
        certificate->is_ca = tlv.value.data[0] == 0xFF;
    }
    if (x509_next_is(rest, 0x02)) {
        int64_t length;
        if (tern_der_next(&rest, &tlv, TERN_DER_STRICT) != 1 ||
            tern_der_int(tlv.value, &length) != TERN_OK || length < 0 || length > 255) {
            return TERN_ERR_MALFORMED;
        }
        certificate->path_length = (int)length;
    }
    return rest.size == 0 ? TERN_OK : TERN_ERR_MALFORMED;
}

/* id-rspRole 2.23.146.1.2.1 and one more arc, 0 to 7. */
static enum tern_role role_of(struct tern_bytes oid)
{
    static const uint8_t RSP_ROLE[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x01};
    if (oid.size != sizeof RSP_ROLE + 1 || !tern_bytes_starts_with(oid, TERN_BYTES_OF(RSP_ROLE)) ||
        oid.data[sizeof RSP_ROLE] > 7) {
        return TERN_ROLE_NONE;
    }
    return (enum tern_role)(oid.data[sizeof RSP_ROLE] + 1);
}

static int take_policies(struct tern_certificate *certificate, struct tern_bytes value)
{
    struct tern_bytes rest;
    struct tern_tlv policy, oid;
    if (single(value, 0x30, &rest) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    int got;
    while ((got = tern_der_next(&rest, &policy, TERN_DER_STRICT)) == 1) {
        if (policy.tag != 0x30 || tern_der_next(&policy.value, &oid, TERN_DER_STRICT) != 1 ||
            oid.tag != 0x06) {
            return TERN_ERR_MALFORMED;
        }
        enum tern_role role = role_of(oid.value);
        if (role != TERN_ROLE_NONE && certificate->role != TERN_ROLE_NONE) {
            return TERN_ERR_MALFORMED; /* two roles in one certificate */
        }
        certificate->role = role != TERN_ROLE_NONE ? role : certificate->role;
    }
    return got;
}

static int take_ext_key_usage(struct tern_certificate *certificate, struct tern_bytes value)
{
    static const uint8_t KEY_PURPOSE[] = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03};
    struct tern_bytes rest;
    struct tern_tlv oid;
    if (single(value, 0x30, &rest) != TERN_OK || rest.size == 0) {
        return TERN_ERR_MALFORMED;
    }
    int got;
    while ((got = tern_der_next(&rest, &oid, TERN_DER_STRICT)) == 1) {
        if (oid.tag != 0x06) {
            return TERN_ERR_MALFORMED;
        }
        bool known = oid.value.size == sizeof KEY_PURPOSE + 1 &&
                     tern_bytes_starts_with(oid.value, TERN_BYTES_OF(KEY_PURPOSE));
        uint8_t arc = known ? oid.value.data[sizeof KEY_PURPOSE] : 0;
        certificate->ext_key_usage |= arc == 1   ? TERN_EXT_KEY_USAGE_SERVER
                                      : arc == 2 ? TERN_EXT_KEY_USAGE_CLIENT
                                                 : TERN_EXT_KEY_USAGE_OTHER;
    }
    return got;
}

static int take_subject_alt_names(struct tern_certificate *certificate, struct tern_bytes value)
{
    struct tern_tlv name;
    if (single(value, 0x30, &certificate->subject_alt_names) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    struct tern_bytes rest = certificate->subject_alt_names;
    int got;
    while ((got = tern_der_next(&rest, &name, TERN_DER_STRICT)) == 1) {
        if (name.tag == 0x82 && certificate->dns_name.data == NULL) {
            certificate->dns_name = name.value;
        } else if (name.tag == 0x88 && certificate->registered_id.data == NULL) {
            certificate->registered_id = name.value;
        }
    }
    return got;
}

/* Only permitted subtrees: an excluded one is nothing that GSMA's rule has a meaning for. */
static int take_name_constraints(struct tern_certificate *certificate, struct tern_bytes value)
{
    struct tern_bytes rest;
    struct tern_tlv permitted, subtree;
    if (single(value, 0x30, &rest) != TERN_OK ||
        tern_der_next(&rest, &permitted, TERN_DER_STRICT) != 1) {
        return TERN_ERR_MALFORMED;
    }
    if (permitted.tag != 0xA0 || rest.size != 0) {
        return TERN_ERR_UNSUPPORTED;
    }
    certificate->name_constraints = permitted.value;
    int got;
    while ((got = tern_der_next(&permitted.value, &subtree, TERN_DER_STRICT)) == 1) {
        if (subtree.tag != 0x30) {
            return TERN_ERR_MALFORMED;
        }
    }
    return got;
}

static int take_permitted_eins(struct tern_certificate *certificate, struct tern_bytes value)
{
    return single(value, 0x30, &certificate->permitted_eins);
}

static int take_distribution_points(struct tern_certificate *certificate, struct tern_bytes value)
{
    return single(value, 0x30, &certificate->crl_distribution_points);
}

/* clang-format off */
#define ID_CE(arc) {0x55, 0x1D, (arc)}
static const struct {
    uint8_t oid[8];
    uint8_t oid_size;
    take_extension *take;
    const char *name;
} EXTENSIONS[] = {
    {ID_CE(14), 3, take_subject_key_id,      "subjectKeyIdentifier"},
    {ID_CE(15), 3, take_key_usage,           "keyUsage"},
    {ID_CE(17), 3, take_subject_alt_names,   "subjectAltName"},
    {ID_CE(19), 3, take_basic_constraints,   "basicConstraints"},
    {ID_CE(30), 3, take_name_constraints,    "nameConstraints"},
    {ID_CE(31), 3, take_distribution_points, "cRLDistributionPoints"},
    {ID_CE(32), 3, take_policies,            "certificatePolicies"},
    {ID_CE(35), 3, take_authority_key_id,    "authorityKeyIdentifier"},
    {ID_CE(37), 3, take_ext_key_usage,       "extKeyUsage"},
    /* 2.23.146.1.2.2.0 */
    {{0x67, 0x81, 0x12, 0x01, 0x02, 0x02, 0x00}, 7, take_permitted_eins, "permittedEins"},
};
/* clang-format on */

int x509_certificate_extensions(const struct x509_reader *reader,
                                struct tern_certificate *certificate, struct tern_bytes rest)
{
    struct x509_extension extension;
    uint32_t seen = 0;
    int got;
    while ((got = x509_extension_next(reader, &rest, &extension)) == 1) {
        size_t row = 0;
        while (row < TERN_COUNT_OF(EXTENSIONS) &&
               !tern_bytes_equal(extension.oid,
                                 tern_bytes(EXTENSIONS[row].oid, EXTENSIONS[row].oid_size))) {
            row++;
        }
        if (row == TERN_COUNT_OF(EXTENSIONS)) {
            if (extension.critical) {
                return x509_fail(reader, "an unknown critical extension", extension.at,
                                 TERN_ERR_UNSUPPORTED);
            }
            continue;
        }
        if ((seen & 1U << row) != 0) {
            return x509_fail(reader, EXTENSIONS[row].name, extension.at, TERN_ERR_MALFORMED);
        }
        seen |= 1U << row;
        int error = EXTENSIONS[row].take(certificate, extension.value);
        if (error != TERN_OK) {
            error = error == TERN_ERR_TRUNCATED ? TERN_ERR_MALFORMED : error;
            return x509_fail(reader, EXTENSIONS[row].name, extension.at, error);
        }
    }
    return got;
}
