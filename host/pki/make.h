/* SPDX-License-Identifier: Apache-2.0 */
/* Private to host/pki: writing certificates and revocation lists of a test PKI. */
#ifndef HOST_PKI_MAKE_H
#define HOST_PKI_MAKE_H

#include "host/pki/pki.h"

/* What a certificate says. Members that do not apply are NULL or empty. */
struct certificate_plan {
    enum tern_pki_kind kind;
    const char *country;      /* C, two letters */
    const char *organization; /* O */
    const char *unit;         /* OU */
    const char *common_name;  /* CN */
    const char *eid;          /* serialNumber, for an eUICC */
    const char *dns_name;     /* SAN dNSName */
    struct tern_bytes oid;    /* SAN registeredID, content */
    const char *const *eins;  /* permittedEins of an EUM, as later variants have it */
    size_t ein_count;
    const char *const *iins; /* nameConstraints of an EUM, with its organization */
    size_t iin_count;
    const char *crl_urls[2];
    int64_t not_before;
    int64_t not_after;
    struct tern_public_key key;
};

/* Who signs it. `certificate` NULL: itself. */
struct certificate_issuer {
    const struct tern_certificate *certificate;
    struct tern_key key;
};

/* The subject Name TLV of a plan. */
void make_subject(struct tern_writer *out, const struct certificate_plan *plan);

/* Append the certificate's DER. */
int make_certificate(struct tern_writer *out, const struct certificate_plan *plan,
                     const struct certificate_issuer *issuer);

/* What a revocation list says. */
struct crl_plan {
    const struct tern_bytes *serials; /* INTEGER contents */
    size_t count;
    int64_t this_update;
    int64_t next_update;
    int64_t number;
    int64_t total_partial; /* Parts the list is cut into; 0: not cut */
    int64_t partial_number;
};

/* Append a revocation list's DER. */
int make_crl(struct tern_writer *out, const struct crl_plan *plan,
             const struct certificate_issuer *issuer);

/* The end of time in certificates that never expire, 9999-12-31 23:59:59. */
#define NEVER INT64_C(253402300799)

#endif
