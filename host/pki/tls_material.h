/* SPDX-License-Identifier: Apache-2.0 */
/** Certificates and keys of a PKI directory in the form that host/tls takes. */
#ifndef HOST_PKI_TLS_MATERIAL_H
#define HOST_PKI_TLS_MATERIAL_H

#include "host/pki/pki.h"
#include "host/tls/tls.h"

/** An identity that owns its bytes. The key is wiped when it is freed. */
struct tls_material {
    struct tls_identity identity; /**< For http_server_start(), http_call and the like. */
    uint8_t *certificate;
    uint8_t *key;
    size_t key_size;
};

/** From an entry with its private key. TERN_ERR_MISSING without one, TERN_ERR_CRYPTO. */
int tls_material_from_entry(struct tls_material *material, const struct tern_pki_entry *entry);
void tls_material_free(struct tls_material *material);

/** All CI certificates, DER after DER, malloc'ed: anchors for trust and mutual TLS. NULL without
 * memory. */
uint8_t *tls_anchors_of(const struct tern_pki *pki, size_t *size);

#endif
