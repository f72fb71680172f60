/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Believing a chain (sgp22.md 2.4, 2.5; sgp32.md 9).
 *
 * Walked from the CI down, so that the certificate nearest to the root is blamed first: servers
 * answer "EUM certificate invalid" before "eUICC certificate invalid". In each link first the
 * profile, then the signature, then time and revocation: a forged certificate is "invalid", never
 * "expired".
 *
 * nameConstraints of an EUM have GSMA's meaning: the eUICC's O equals the constraint's and its EID
 * begins with the constraint's serialNumber. RFC 5280's subtree rule would refuse every real eUICC
 * (its subject begins with C and its serialNumber is longer).
 */
#include "core/crypto/x509.h"

static int refuse(struct tern_fault *fault, size_t index, const char *words, int error)
{
    if (fault != NULL) {
        fault->field = words;
        fault->offset = index;
    }
    return error;
}

/* ---- The EUM's constraint ---- */

static bool is_serial_number(struct tern_bytes oid)
{
    static const uint8_t SERIAL_NUMBER[] = {0x55, 0x04, 0x05};
    return tern_bytes_equal(oid, TERN_BYTES_OF(SERIAL_NUMBER));
}

/* The subject has this attribute: the serialNumber as a prefix, anything else equal. */
static bool subject_has(struct tern_bytes subject, struct tern_bytes oid, struct tern_bytes value)
{
    struct x509_name_walk walk = x509_name_walk(subject);
    struct tern_bytes subject_oid, subject_value;
    while (x509_name_next(&walk, &subject_oid, &subject_value) == 1) {
        if (!tern_bytes_equal(subject_oid, oid)) {
            continue;
        }
        if (is_serial_number(oid) ? value.size > 0 && tern_bytes_starts_with(subject_value, value)
                                  : tern_bytes_equal(subject_value, value)) {
            return true;
        }
    }
    return false;
}

/* One GeneralSubtree: a directoryName that names a serialNumber, all of whose parts fit. */
static bool subtree_fits(struct tern_bytes subtree, struct tern_bytes subject)
{
    struct tern_tlv base;
    if (tern_der_next(&subtree, &base, TERN_DER_STRICT) != 1 || base.tag != 0xA4) {
        return false;
    }
    struct x509_name_walk walk = x509_name_walk(base.value);
    struct tern_bytes oid, value;
    bool constrains_eid = false;
    int got;
    while ((got = x509_name_next(&walk, &oid, &value)) == 1) {
        if (!subject_has(subject, oid, value)) {
            return false;
        }
        constrains_eid = constrains_eid || is_serial_number(oid);
    }
    return got == 0 && constrains_eid;
}

static bool any_subtree_fits(struct tern_bytes subtrees, struct tern_bytes subject)
{
    struct tern_tlv subtree;
    while (tern_der_next(&subtrees, &subtree, TERN_DER_STRICT) == 1) {
        if (subtree_fits(subtree.value, subject)) {
            return true;
        }
    }
    return false;
}

static bool any_ein_fits(struct tern_bytes eins, struct tern_bytes eid)
{
    struct tern_tlv ein;
    while (tern_der_next(&eins, &ein, TERN_DER_STRICT) == 1) {
        if (ein.tag == 0x13 && ein.value.size > 0 && tern_bytes_starts_with(eid, ein.value)) {
            return true;
        }
    }
    return false;
}

bool tern_eum_permits(const struct tern_certificate *eum, const struct tern_certificate *euicc)
{
    bool by_name = eum->name_constraints.data != NULL;
    bool by_ein = eum->permitted_eins.data != NULL;
    if (by_name && !any_subtree_fits(eum->name_constraints, euicc->subject)) {
        return false;
    }
    if (by_ein && !any_ein_fits(eum->permitted_eins, euicc->subject_serial_number)) {
        return false;
    }
    return by_name || by_ein;
}

/* ---- Anchors ---- */

int tern_anchor_from_certificate(const struct tern_crypto *crypto, struct tern_anchor *anchor,
                                 struct tern_fault *fault,
                                 const struct tern_certificate *certificate)
{
    if (certificate->role != TERN_ROLE_CI) {
        return refuse(fault, 0, "the role of a CI is not in certificatePolicies",
                      TERN_ERR_CERTIFICATE);
    }
    if (!certificate->is_ca) {
        return refuse(fault, 0, "basicConstraints do not say CA", TERN_ERR_CERTIFICATE);
    }
    if ((certificate->key_usage & TERN_KEY_USAGE_KEY_CERT_SIGN) == 0) {
        return refuse(fault, 0, "keyUsage lacks keyCertSign", TERN_ERR_CERTIFICATE);
    }
    if (certificate->subject_key_id.data == NULL) {
        return refuse(fault, 0, "subjectKeyIdentifier is missing", TERN_ERR_CERTIFICATE);
    }
    if (!tern_bytes_equal(certificate->issuer, certificate->subject)) {
        return refuse(fault, 0, "a CI is its own issuer, this one is not", TERN_ERR_CERTIFICATE);
    }
    int error = crypto->ecdsa_verify(crypto->context, &certificate->public_key,
                                     TERN_BYTES_OF(certificate->signature), &certificate->tbs, 1);
    if (error != TERN_OK) {
        return refuse(fault, 0, "the CI's own signature does not verify", error);
    }
    *anchor = (struct tern_anchor){
        .key_id = certificate->subject_key_id,
        .public_key = certificate->public_key,
        .subject = certificate->subject,
        .not_before = certificate->not_before,
        .not_after = certificate->not_after,
    };
    return TERN_OK;
}

const struct tern_anchor *tern_trust_find(const struct tern_trust *trust, struct tern_bytes key_id)
{
    for (size_t i = 0; i < trust->anchor_count && key_id.size > 0; i++) {
        if (tern_bytes_equal(trust->anchors[i].key_id, key_id)) {
            return &trust->anchors[i];
        }
    }
    return NULL;
}

/* ---- Links ---- */

/* Who issued a certificate: an anchor, or the next certificate of the chain seen as one. */
static struct tern_anchor issuer_of(const struct tern_certificate *certificate)
{
    return (struct tern_anchor){
        .key_id = certificate->subject_key_id,
        .public_key = certificate->public_key,
        .subject = certificate->subject,
        .not_before = certificate->not_before,
        .not_after = certificate->not_after,
    };
}

static const char *names_broken(const struct tern_certificate *certificate,
                                const struct tern_anchor *issuer)
{
    if (issuer->subject.data != NULL && !tern_bytes_equal(certificate->issuer, issuer->subject)) {
        return "issuer is not the subject of the certificate above";
    }
    if (certificate->authority_key_id.size == 0) {
        return "authorityKeyIdentifier is missing";
    }
    if (!tern_bytes_equal(certificate->authority_key_id, issuer->key_id)) {
        return "authorityKeyIdentifier is not the key above";
    }
    return NULL;
}

static const char *ca_broken(const struct tern_certificate *ca, size_t index)
{
    if (!ca->is_ca) {
        return "basicConstraints do not say CA";
    }
    if ((ca->key_usage & TERN_KEY_USAGE_KEY_CERT_SIGN) == 0) {
        return "keyUsage lacks keyCertSign";
    }
    if (ca->path_length != TERN_PATH_LENGTH_NONE && (size_t)ca->path_length < index - 1) {
        return "pathLenConstraint is exceeded";
    }
    return NULL;
}

static const char *leaf_broken(const struct tern_certificate *leaf, enum tern_role role)
{
    if (leaf->is_ca) {
        return "basicConstraints say CA in an end entity";
    }
    if ((leaf->key_usage & TERN_KEY_USAGE_DIGITAL_SIGNATURE) == 0) {
        return "keyUsage lacks digitalSignature";
    }
    if (role != TERN_ROLE_NONE && leaf->role != role) {
        return "certificatePolicies have another role";
    }
    if ((leaf->role == TERN_ROLE_DP_TLS || leaf->role == TERN_ROLE_DS_TLS) &&
        (leaf->ext_key_usage & (TERN_EXT_KEY_USAGE_SERVER | TERN_EXT_KEY_USAGE_CLIENT)) == 0) {
        return "extKeyUsage has neither serverAuth nor clientAuth";
    }
    return NULL;
}

/* An eUICC comes from an EUM that may issue it; nothing else does. */
static const char *issuer_role_broken(const struct tern_certificate *const *chain, size_t count,
                                      size_t index)
{
    const struct tern_certificate *certificate = chain[index];
    bool from_eum = index + 1 < count && chain[index + 1]->role == TERN_ROLE_EUM;
    if (certificate->role != TERN_ROLE_EUICC) {
        return from_eum ? "an EUM issued something that is no eUICC" : NULL;
    }
    if (!from_eum) {
        return "an eUICC must be issued by an EUM";
    }
    uint8_t eid[16];
    if (tern_certificate_eid(certificate, eid) != TERN_OK) {
        return "serialNumber of the subject is no EID";
    }
    return tern_eum_permits(chain[index + 1], certificate)
               ? NULL
               : "the EUM's constraint does not permit this EID";
}

static int verify_signature(const struct tern_trust *trust,
                            const struct tern_certificate *certificate,
                            const struct tern_anchor *issuer)
{
    const struct tern_crypto *crypto = trust->crypto;
    uint8_t digest[TERN_SHA256_SIZE];
    const uint8_t curve = (uint8_t)issuer->public_key.curve;
    if (trust->cache != NULL) {
        struct tern_bytes parts[] = {tern_bytes(&curve, 1), TERN_BYTES_OF(issuer->public_key.point),
                                     certificate->raw};
        int error = crypto->sha256(crypto->context, digest, parts, TERN_COUNT_OF(parts));
        if (error != TERN_OK) {
            return error;
        }
        if (trust->cache->known(trust->cache->context, digest)) {
            return TERN_OK;
        }
    }
    int error = crypto->ecdsa_verify(crypto->context, &issuer->public_key,
                                     TERN_BYTES_OF(certificate->signature), &certificate->tbs, 1);
    if (error == TERN_OK && trust->cache != NULL) {
        trust->cache->remember(trust->cache->context, digest);
    }
    return error;
}

static int check_time(const struct tern_trust *trust, struct tern_fault *fault, size_t index,
                      int64_t not_before, int64_t not_after)
{
    if (trust->now == TERN_TIME_NONE) {
        return TERN_OK;
    }
    if (trust->now < not_before) {
        return refuse(fault, index, "not yet valid", TERN_ERR_EXPIRED);
    }
    return trust->now > not_after ? refuse(fault, index, "expired", TERN_ERR_EXPIRED) : TERN_OK;
}

static int check_revocation(const struct tern_trust *trust, struct tern_fault *fault, size_t index,
                            const struct tern_certificate *certificate)
{
    for (size_t i = 0; i < trust->crl_count; i++) {
        if (tern_crl_revokes(&trust->crls[i], certificate)) {
            return refuse(fault, index, "revoked", TERN_ERR_REVOKED);
        }
    }
    return TERN_OK;
}

/* A chain under examination. */
struct walk {
    const struct tern_certificate *const *chain;
    size_t count;
    enum tern_role role;
};

static int check_link(const struct tern_trust *trust, struct tern_fault *fault,
                      const struct walk *walk, size_t index, const struct tern_anchor *issuer)
{
    const struct tern_certificate *certificate = walk->chain[index];
    const char *broken = names_broken(certificate, issuer);
    if (broken == NULL) {
        broken = index > 0 ? ca_broken(certificate, index) : leaf_broken(certificate, walk->role);
    }
    if (broken == NULL) {
        broken = issuer_role_broken(walk->chain, walk->count, index);
    }
    if (broken != NULL) {
        return refuse(fault, index, broken, TERN_ERR_CERTIFICATE);
    }
    int error = verify_signature(trust, certificate, issuer);
    if (error != TERN_OK) {
        return refuse(fault, index, "the signature does not verify", error);
    }
    error = check_time(trust, fault, index, certificate->not_before, certificate->not_after);
    return error == TERN_OK ? check_revocation(trust, fault, index, certificate) : error;
}

int tern_chain_verify(const struct tern_trust *trust, struct tern_fault *fault,
                      const struct tern_anchor **anchor,
                      const struct tern_certificate *const *chain, size_t count,
                      enum tern_role role)
{
    TERN_ASSERT(count > 0);
    const struct tern_anchor *root = tern_trust_find(trust, chain[count - 1]->authority_key_id);
    if (root == NULL) {
        return refuse(fault, count - 1, "no trusted CI has its authorityKeyIdentifier",
                      TERN_ERR_NOT_FOUND);
    }
    int error = check_time(trust, fault, count, root->not_before, root->not_after);
    const struct walk walk = {chain, count, role};
    struct tern_anchor issuer = *root;
    for (size_t i = count; i > 0 && error == TERN_OK; i--) {
        error = check_link(trust, fault, &walk, i - 1, &issuer);
        issuer = issuer_of(chain[i - 1]);
    }
    if (error == TERN_OK && anchor != NULL) {
        *anchor = root;
    }
    return error;
}
