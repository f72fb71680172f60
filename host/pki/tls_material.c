/* SPDX-License-Identifier: Apache-2.0 */
/* From a PKI directory to TLS: see tls_material.h. */
#include "host/pki/tls_material.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "host/crypto/openssl.h"

int tls_material_from_entry(struct tls_material *material, const struct tern_pki_entry *entry)
{
    memset(material, 0, sizeof *material);
    if (entry->key.handle == NULL) {
        return TERN_ERR_MISSING;
    }
    int size = i2d_PrivateKey(tern_openssl_key_pkey(entry->key), &material->key);
    material->certificate = malloc(entry->certificate.raw.size);
    if (size <= 0 || material->certificate == NULL) {
        tls_material_free(material);
        return TERN_ERR_CRYPTO;
    }
    material->key_size = (size_t)size;
    memcpy(material->certificate, entry->certificate.raw.data, entry->certificate.raw.size);
    material->identity.certificates =
        tern_bytes(material->certificate, entry->certificate.raw.size);
    material->identity.key = tern_bytes(material->key, material->key_size);
    return TERN_OK;
}

void tls_material_free(struct tls_material *material)
{
    if (material->key != NULL) {
        OPENSSL_clear_free(material->key, material->key_size);
    }
    free(material->certificate);
    memset(material, 0, sizeof *material);
}

uint8_t *tls_anchors_of(const struct tern_pki *pki, size_t *size)
{
    const struct tern_pki_entry *entry = NULL;
    *size = 0;
    while ((entry = tern_pki_find(pki, TERN_PKI_CI, NULL, TERN_BYTES_NONE, entry)) != NULL) {
        *size += entry->certificate.raw.size;
    }
    uint8_t *data = malloc(*size == 0 ? 1 : *size);
    struct tern_writer out = tern_writer(data, data == NULL ? 0 : *size);
    while ((entry = tern_pki_find(pki, TERN_PKI_CI, NULL, TERN_BYTES_NONE, entry)) != NULL) {
        tern_write(&out, entry->certificate.raw);
    }
    return data;
}
