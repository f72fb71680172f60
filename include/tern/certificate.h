/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Certificates of the GSMA PKI: reading them, and believing them.
 *
 * A certificate is read by our own strict DER reader into slices of the input, with its role taken
 * from certificatePolicies. A chain is believed when every link holds: signature, names and key
 * identifiers, key usage, CA and path length, role, validity, revocation, and for an eUICC the
 * EUM's constraint on the EID. nameConstraints have GSMA's meaning, not RFC 5280's.
 *
 * Spec  sgp22.md 2 (SGP.22, 4.5; SGP.14), sgp32.md 9.
 */
#ifndef TERN_CERTIFICATE_H
#define TERN_CERTIFICATE_H

#include "tern/crypto.h"
#include "tern/limits.h"

/** id-rspRole, 2.23.146.1.2.1.N; the enumerator is N + 1. */
enum tern_role {
    TERN_ROLE_NONE = 0, /**< No role OID: an eIM, an operator, anything else. */
    TERN_ROLE_CI = 1,
    TERN_ROLE_EUICC = 2,
    TERN_ROLE_EUM = 3,
    TERN_ROLE_DP_TLS = 4,
    TERN_ROLE_DP_AUTH = 5,
    TERN_ROLE_DP_PB = 6,
    TERN_ROLE_DS_TLS = 7,
    TERN_ROLE_DS_AUTH = 8,
};

/** "ci", "euicc", "eum", "dp-tls", "dp-auth", "dp-pb", "ds-tls", "ds-auth" or "none". */
const char *tern_role_name(enum tern_role role);

/* keyUsage, bit n of the BIT STRING as 1 << n. */
#define TERN_KEY_USAGE_DIGITAL_SIGNATURE (1U << 0)
#define TERN_KEY_USAGE_KEY_CERT_SIGN     (1U << 5)
#define TERN_KEY_USAGE_CRL_SIGN          (1U << 6)

/* extKeyUsage, the ones we look at. */
#define TERN_EXT_KEY_USAGE_SERVER (1U << 0)
#define TERN_EXT_KEY_USAGE_CLIENT (1U << 1)
#define TERN_EXT_KEY_USAGE_OTHER  (1U << 2)

#define TERN_PATH_LENGTH_NONE (-1)

/** A certificate, read. Slices point into the DER given to tern_certificate_parse(). */
struct tern_certificate {
    struct tern_bytes raw;
    struct tern_bytes tbs;                   /**< tbsCertificate TLV, what the issuer signed */
    struct tern_bytes serial_number;         /**< INTEGER content */
    struct tern_bytes issuer;                /**< Name TLV */
    struct tern_bytes subject;               /**< Name TLV */
    struct tern_bytes subject_organization;  /**< O, characters; absent when none */
    struct tern_bytes subject_common_name;   /**< CN */
    struct tern_bytes subject_serial_number; /**< serialNumber: the EID of an eUICC, 32 digits */
    int64_t not_before;                      /**< Seconds since 1970-01-01, no leap seconds */
    int64_t not_after;                       /**< Years to 9999 */
    struct tern_bytes spki;                  /**< SubjectPublicKeyInfo TLV */
    struct tern_public_key public_key;
    uint8_t signature[TERN_SIGNATURE_SIZE]; /**< r | s */
    struct tern_bytes subject_key_id;       /**< Absent when none */
    struct tern_bytes authority_key_id;     /**< keyIdentifier; absent when none */
    uint32_t key_usage;                     /**< TERN_KEY_USAGE_..; 0 when absent */
    uint32_t ext_key_usage;                 /**< TERN_EXT_KEY_USAGE_..; 0 when absent */
    bool is_ca;                             /**< basicConstraints cA */
    int path_length;                        /**< TERN_PATH_LENGTH_NONE when not given */
    enum tern_role role;                    /**< First role OID of certificatePolicies */
    struct tern_bytes subject_alt_names;    /**< GeneralNames content; absent when none */
    struct tern_bytes registered_id;        /**< First registeredID, OID content; or absent */
    struct tern_bytes dns_name;             /**< First dNSName; or absent */
    struct tern_bytes name_constraints;     /**< permittedSubtrees content; or absent */
    struct tern_bytes permitted_eins;       /**< SEQUENCE OF PrintableString content; or absent */
    struct tern_bytes crl_distribution_points; /**< Extension value content; or absent */
};

/**
 * Read one certificate that fills `der`.
 *
 * Strict DER, with one mercy: FALSE written out for a DEFAULT (critical, cA), which deployed
 * issuers do. Names and slices live as long as `der`. Nothing is verified here.
 *
 * Fails  TERN_ERR_TRUNCATED, TERN_ERR_MALFORMED  not DER or not a version 3 certificate
 *        TERN_ERR_UNSUPPORTED  another signature algorithm or curve, an unknown critical extension
 *        `fault` (may be NULL) names the field and its offset.
 */
int tern_certificate_parse(struct tern_certificate *certificate, struct tern_fault *fault,
                           struct tern_bytes der);

/** True when `name` equals a dNSName of the SAN, or matches its one left-most "*" label. */
bool tern_certificate_has_dns_name(const struct tern_certificate *certificate,
                                   struct tern_bytes name);

/** The subjectKeyIdentifier a key has by the usual rule: SHA-1 of the point. */
int tern_key_identifier(const struct tern_crypto *crypto, uint8_t key_id[TERN_SHA1_SIZE],
                        const struct tern_public_key *key);

/** The point out of a SubjectPublicKeyInfo TLV. TERN_ERR_UNSUPPORTED for another curve. */
int tern_spki_parse(struct tern_public_key *key, struct tern_bytes spki);
/** The 91 (P-256) or 92 bytes of the SubjectPublicKeyInfo of a key. */
void tern_spki_write(struct tern_writer *out, const struct tern_public_key *key);

/** An ECDSA-Sig-Value to r | s. TERN_ERR_MALFORMED. */
int tern_signature_from_der(uint8_t signature[TERN_SIGNATURE_SIZE], struct tern_bytes der);
void tern_signature_to_der(struct tern_writer *out, const uint8_t signature[TERN_SIGNATURE_SIZE]);

/* ---- Revocation lists ---- */

/** A CRL, read. Slices point into the DER. */
struct tern_crl {
    struct tern_bytes raw;
    struct tern_bytes tbs;
    struct tern_bytes issuer;           /**< Name TLV */
    struct tern_bytes authority_key_id; /**< Absent when none */
    int64_t this_update;
    int64_t next_update;       /**< INT64_MAX when absent */
    struct tern_bytes entries; /**< revokedCertificates content; empty when none */
    struct tern_bytes number;  /**< cRLNumber, INTEGER content; or absent */
    int64_t total_partial;     /**< totalPartialCrlNumber; 1 when not segmented */
    int64_t partial_number;    /**< partialCrlNumber; 1 when not segmented */
    uint8_t signature[TERN_SIGNATURE_SIZE];
};

int tern_crl_parse(struct tern_crl *crl, struct tern_fault *fault, struct tern_bytes der);

struct tern_anchor;
/** Signature, issuer and key identifier against the CI. */
int tern_crl_verify(const struct tern_crypto *crypto, struct tern_fault *fault,
                    const struct tern_crl *crl, const struct tern_anchor *issuer);

/** True when the list, issued by the certificate's issuer, names its serial number. */
bool tern_crl_revokes(const struct tern_crl *crl, const struct tern_certificate *certificate);

/* ---- Chains ---- */

/** A CI that is trusted. */
struct tern_anchor {
    struct tern_bytes key_id; /**< SubjectKeyIdentifier, 20 bytes: the CI's name in RSP */
    struct tern_public_key public_key;
    struct tern_bytes subject; /**< Name TLV; absent when only the key is known */
    int64_t not_before;
    int64_t not_after;
};

/**
 * An anchor from a self-signed CI certificate; slices borrow from it. Checks its own signature,
 * CA, keyCertSign and the role.
 */
int tern_anchor_from_certificate(const struct tern_crypto *crypto, struct tern_anchor *anchor,
                                 struct tern_fault *fault,
                                 const struct tern_certificate *certificate);

/** "No clock": validity is not looked at, as in an eUICC. */
#define TERN_TIME_NONE INT64_MIN

/**
 * Signatures already verified, by SHA-256 over the issuer's key and the certificate. Only the
 * ECDSA is spared; everything else is looked at every time.
 */
struct tern_chain_cache {
    void *context;
    bool (*known)(void *context, const uint8_t digest[TERN_SHA256_SIZE]);
    void (*remember)(void *context, const uint8_t digest[TERN_SHA256_SIZE]);
};

/** What a verifier trusts and knows. */
struct tern_trust {
    const struct tern_crypto *crypto;
    const struct tern_anchor *anchors;
    size_t anchor_count;
    int64_t now;                 /**< Seconds since 1970-01-01, or TERN_TIME_NONE */
    const struct tern_crl *crls; /**< Verified lists; NULL when crl_count is 0 */
    size_t crl_count;
    const struct tern_chain_cache *cache; /**< NULL: none */
};

/** The anchor with this key identifier, or NULL. */
const struct tern_anchor *tern_trust_find(const struct tern_trust *trust, struct tern_bytes key_id);

/**
 * Believe a chain: `chain[0]` is the leaf, the last one was issued by an anchor. The leaf must have
 * `role` (TERN_ROLE_NONE: any). An eUICC's chain is {eUICC, EUM}; a server's is {server} or, as
 * later variants have it, {server, sub-CA}.
 *
 * Fails  TERN_ERR_CERTIFICATE  a rule of the profile or chain; fault.field says it in words
 *        TERN_ERR_SIGNATURE    a signature does not verify
 *        TERN_ERR_EXPIRED      past its time, or before it
 *        TERN_ERR_REVOKED      a revocation list names it
 *        TERN_ERR_NOT_FOUND    no anchor has the last one's authorityKeyIdentifier
 *        fault.offset is the index in the chain. `anchor` (may be NULL) gets the anchor used.
 */
int tern_chain_verify(const struct tern_trust *trust, struct tern_fault *fault,
                      const struct tern_anchor **anchor,
                      const struct tern_certificate *const *chain, size_t count,
                      enum tern_role role);

/** The EID of an eUICC certificate. TERN_ERR_CERTIFICATE unless its serialNumber has 32 digits. */
int tern_certificate_eid(const struct tern_certificate *euicc, uint8_t eid[16]);

/** True when the EUM's certificate allows this subject: O equal and EID within an IIN or EIN. */
bool tern_eum_permits(const struct tern_certificate *eum, const struct tern_certificate *euicc);

#endif
