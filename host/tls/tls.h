/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What TLS and DTLS share: our own certificate and key, whom we trust, and which suites.
 *
 * Always verified; there is no way to turn it off. Certificates and keys come as PEM or DER;
 * several DER certificates simply follow one another.
 */
#ifndef HOST_TLS_TLS_H
#define HOST_TLS_TLS_H

#include "tern/bytes.h"

struct ssl_ctx_st;
struct ssl_st;

/** Our side: the chain, leaf first, and the leaf's private key (PKCS#8 or SEC1). Borrowed. */
struct tls_identity {
    struct tern_bytes certificates;
    struct tern_bytes key;
};

/**
 * How a server is recognised. Fill what applies; the first that is present decides:
 * `spki`         the leaf's key equals this SubjectPublicKeyInfo; chain, dates and name do not
 *                matter (trustedEimPkTls; sgp32.md 7.4)
 * `certificate`  the leaf is this certificate; or this is a CA certificate, the chain leads to it
 *                and the name fits (trustedCertificateTls; sgp32.md 7.4)
 * `anchors`      the chain leads to one of these and the name fits (CI root; sgp22.md 2.7)
 * Borrowed; must outlive the call or the context made with it.
 */
struct tls_trust {
    struct tern_bytes spki;
    struct tern_bytes certificate;
    struct tern_bytes anchors;
    /** GSMA roles a server may have under a CI, bits 1 << enum tern_role. 0: dp-tls, ds-tls and,
     * for an eIM, none. Matters only where the chain ends at a certificate with the role of a CI.
     */
    uint32_t roles;
};

/** Why the last TLS function of this thread failed, for a log line. Never NULL. */
const char *tls_error(void);

/**
 * A server's context: TLS 1.2 and newer (DTLS 1.2 with `datagram`), ECDHE-ECDSA with AES-128-GCM
 * and -CCM, P-256; with a brainpool key its group is named and TLS stops at 1.2. No tickets, no
 * renegotiation, no automatic chain.
 *
 * @param client_anchors  when present, clients must show a certificate that leads to one of these
 * @return NULL with tls_error()
 */
struct ssl_ctx_st *tls_server_context(const struct tls_identity *identity,
                                      struct tern_bytes client_anchors, bool datagram);

/**
 * Make a client's context verify by `trust` and, when `identity` has a certificate, show it.
 * `host` is the name that must be in the certificate. All three are borrowed by the context.
 */
int tls_client_setup(struct ssl_ctx_st *context, const struct tls_trust *trust,
                     const struct tls_identity *identity, const char *host);

/** DER of the peer's leaf certificate into `out`; nothing when there is none. */
void tls_peer_certificate(struct ssl_st *ssl, struct tern_writer *out);

/** Raw bytes that crossed the socket below `ssl`. */
void tls_bytes(struct ssl_st *ssl, uint64_t *received, uint64_t *sent);

#endif
