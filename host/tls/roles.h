/* SPDX-License-Identifier: Apache-2.0 */
/* Private to host/tls: GSMA's roles in a chain that OpenSSL has verified. */
#ifndef HOST_TLS_ROLES_H
#define HOST_TLS_ROLES_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * True when the chain, leaf first, fits the roles (bits 1 << enum tern_role; 0 as in struct
 * tls_trust). A chain whose last certificate has no role of a CI is not GSMA's and always fits.
 */
bool tls_roles_fit(STACK_OF(X509) * chain, uint32_t roles);

#endif
