/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles of GSMA's PKI in TLS (sgp22.md 2.4, 2.7). To OpenSSL an EUM is a CA like any other: without
 * this look, whoever makes eUICCs could also make a certificate for the host name of an SM-DP+.
 */
#include "host/tls/roles.h"

#include "tern/certificate.h"

#define DEFAULT_ROLES (1U << TERN_ROLE_DP_TLS | 1U << TERN_ROLE_DS_TLS | 1U << TERN_ROLE_NONE)

/* False when our strict reader refuses it: no GSMA certificate is so. */
static bool read_role(X509 *certificate, enum tern_role *role)
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    struct tern_certificate parsed;
    bool read =
        size > 0 && tern_certificate_parse(&parsed, NULL, tern_bytes(der, (size_t)size)) == TERN_OK;
    *role = read ? parsed.role : TERN_ROLE_NONE;
    OPENSSL_free(der);
    return read;
}

bool tls_roles_fit(STACK_OF(X509) * chain, uint32_t roles)
{
    int count = sk_X509_num(chain);
    enum tern_role role;
    if (count == 0) {
        return false;
    }
    if (!read_role(sk_X509_value(chain, count - 1), &role) || role != TERN_ROLE_CI) {
        return true;
    }
    roles = roles == 0 ? DEFAULT_ROLES : roles;
    if (!read_role(sk_X509_value(chain, 0), &role) || (roles & 1U << role) == 0) {
        return false;
    }
    for (int i = 1; i < count - 1; i++) {
        if (!read_role(sk_X509_value(chain, i), &role) ||
            (role != TERN_ROLE_CI && role != TERN_ROLE_NONE)) {
            return false;
        }
    }
    return true;
}
