/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A PKI directory: certificates and private keys, found by what they are.
 *
 * Loading reads every certificate (PEM or DER) and private key below a directory, pairs keys with
 * certificates by their public half and finds each one's kind, issuer and chain. So the layout that
 * `tern pki init` writes (docs/FORMATS.md, "PKI directory") is for people; a folder of foreign
 * SGP.26 certificates loads as well. Several CIs may live in one directory.
 */
#ifndef HOST_PKI_PKI_H
#define HOST_PKI_PKI_H

#include "tern/certificate.h"

enum tern_pki_kind {
    TERN_PKI_CI = 0,
    TERN_PKI_EUM,
    TERN_PKI_EUICC,
    TERN_PKI_DP_AUTH,
    TERN_PKI_DP_PB,
    TERN_PKI_DP_TLS,
    TERN_PKI_DS_AUTH,
    TERN_PKI_DS_TLS,
    TERN_PKI_EIM_SIGN, /**< No role OID, digitalSignature, no extKeyUsage */
    TERN_PKI_EIM_TLS,  /**< No role OID, extKeyUsage serverAuth */
    TERN_PKI_CLIENT,   /**< No role OID, extKeyUsage clientAuth alone: an operator on ES2+ */
    TERN_PKI_OTHER,
    TERN_PKI_KIND_COUNT,
};

/** "CI", "EUM", "eUICC", "DPauth", "DPpb", "DPtls", "DSauth", "DStls", "EIMsign", ... */
const char *tern_pki_kind_name(enum tern_pki_kind kind);

struct tern_pki_entry {
    enum tern_pki_kind kind;
    struct tern_certificate certificate;
    struct tern_key key;  /**< handle NULL when the private key is not here */
    const char *path;     /**< Of the certificate */
    const char *key_path; /**< Of the private key; NULL when it is not here */
    /** The private key as DER, for TLS; absent when it is not here. Never log it. */
    struct tern_bytes key_der;
    const struct tern_pki_entry *issuer; /**< NULL for a CI and when it is not here */
    const struct tern_pki_entry *ci;     /**< The root of its chain; itself for a CI; or NULL */
    int status;                          /**< Chain at load time: TERN_OK or why not */
    struct tern_fault fault;             /**< Goes with status */
};

struct tern_pki;

#define TERN_PKI_SKIP_EUICCS 1U /**< Do not descend into directories named "euicc" */

struct tern_pki_why {
    char text[256];
};

/**
 * Load a directory (or one file). `now` is seconds since 1970 for the chain status, TERN_TIME_NONE
 * for no look at validity. NULL with `why` filled when nothing could be read.
 */
struct tern_pki *tern_pki_load(const char *path, unsigned flags, int64_t now,
                               struct tern_pki_why *why);
/** Frees certificates and keys: nothing borrowed from it may be in use. NULL is fine. */
void tern_pki_free(struct tern_pki *pki);

/** True when the directory has the TEST-PKI mark. Servers that use it say so. */
bool tern_pki_is_test(const struct tern_pki *pki);

size_t tern_pki_count(const struct tern_pki *pki);
const struct tern_pki_entry *tern_pki_at(const struct tern_pki *pki, size_t index);

/**
 * The first entry of a kind, CIs in the order P-256 first, that fits the name and the CI.
 *
 * @param name    a dNSName of its SAN, its CN or, for an eUICC, its EID in digits; NULL: any.
 *                SM-DP+ and SM-DS auth and pb certificates carry no host name: their directory's
 *                name counts, and so does the registeredID that the TLS certificate of that name
 * has.
 * @param ci      the CI's key identifier (absent: any)
 * @param after   the entry to go on behind; NULL to begin. With it all entries can be walked.
 * @return NULL when there is none (any more). Entries without a private key are found too.
 */
const struct tern_pki_entry *tern_pki_find(const struct tern_pki *pki, enum tern_pki_kind kind,
                                           const char *name, struct tern_bytes ci,
                                           const struct tern_pki_entry *after);

/** A certificate, list or key that could not be read, and why. */
struct tern_pki_problem {
    const char *path;
    const char *what; /**< "certificate", "revocation list", "private key", "file" */
    int error;
    struct tern_fault fault;
};

/** What was in the directory and could not be read; such files are left out of everything else. */
const struct tern_pki_problem *tern_pki_problems(const struct tern_pki *pki, size_t *count);

/** All CIs as anchors, P-256 first. */
const struct tern_anchor *tern_pki_anchors(const struct tern_pki *pki, size_t *count);
/** All CRLs found whose CI verifies them. */
const struct tern_crl *tern_pki_crls(const struct tern_pki *pki, size_t *count);

/** The DER of all CI certificates, one behind the other: what TLS trusts. */
struct tern_bytes tern_pki_ci_certificates(const struct tern_pki *pki);

/** A trust with the anchors and lists of `pki`, the OpenSSL provider and the process-wide cache. */
struct tern_trust tern_pki_trust(const struct tern_pki *pki, int64_t now);

/** Verified signatures of this process, bounded, safe between threads. */
const struct tern_chain_cache *tern_pki_chain_cache(void);

/* ---- Making a test PKI: host/pki/create.c ---- */

struct tern_pki_plan {
    const char *const *curves; /**< "p256", "brainpool" */
    size_t curve_count;
    unsigned eum_count;        /**< At least 1 */
    const char *const *euiccs; /**< EIDs, 32 digits; or a count to make that many new ones */
    size_t euicc_count;
    const char *const *smdps; /**< FQDNs */
    size_t smdp_count;
    const char *const *smdss;
    size_t smds_count;
    const char *const *eims;
    size_t eim_count;
    const char *const *operators; /**< Names, letters, digits, '-' and '.' */
    size_t operator_count;
    int64_t now; /**< Certificates are valid from a day before */
};

/** Make a new test PKI. TERN_ERR_CONFLICT when `dir` has something in it. */
int tern_pki_create(const char *dir, const struct tern_pki_plan *plan, struct tern_pki_why *why);

/** Add what the plan names to a PKI made by tern_pki_create(); what is already there stays. */
int tern_pki_add(const char *dir, const struct tern_pki_plan *plan, struct tern_pki_why *why);

/**
 * Name a certificate in its CI's revocation list and write the list with its number one up. The CI
 * issued it itself: lists of EUMs do not exist (an eUICC's certificate has no distribution point).
 * TERN_OK also when it is there already.
 */
int tern_pki_revoke(const char *dir, const char *certificate_path, int64_t now,
                    struct tern_pki_why *why);

/**
 * The EID with this IIN (8 digits) and serial number, with its check digits.
 * TERN_ERR_RANGE when they do not fit into 30 digits.
 */
int tern_eid_make(char eid[33], const char *iin, uint64_t number);

#endif
