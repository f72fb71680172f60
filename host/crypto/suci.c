/* SPDX-License-Identifier: Apache-2.0 */
/* What concealing an IMSI needs beyond the rest: X25519 and compressed points. TS 33.501, C.3.4. */
#include <string.h>

#include "host/crypto/state.h"

int crypto_x25519(void *context, uint8_t shared[32], const uint8_t scalar[32],
                  const uint8_t point[32])
{
    (void)context;
    size_t size = 32;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, 32);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, 32);
    EVP_PKEY_CTX *agreement = own == NULL ? NULL : EVP_PKEY_CTX_new(own, NULL);
    bool ok = agreement != NULL && peer != NULL && EVP_PKEY_derive_init(agreement) == 1 &&
              EVP_PKEY_derive_set_peer(agreement, peer) == 1 &&
              EVP_PKEY_derive(agreement, shared, &size) == 1 && size == 32;
    EVP_PKEY_CTX_free(agreement);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    return ok ? TERN_OK : TERN_ERR_CRYPTO;
}

int crypto_ec_decompress(void *context, struct tern_public_key *key, const uint8_t compressed[33])
{
    (void)context;
    const EC_GROUP *group = crypto_group(key->curve);
    if (group == NULL || (compressed[0] != 0x02 && compressed[0] != 0x03)) return TERN_ERR_RANGE;
    EC_POINT *point = EC_POINT_new(group);
    int result = TERN_ERR_CRYPTO;
    if (point != NULL && EC_POINT_oct2point(group, point, compressed, 33, NULL) != 1) {
        result = TERN_ERR_RANGE;
    } else if (point != NULL &&
               EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, key->point,
                                  TERN_POINT_SIZE, NULL) == TERN_POINT_SIZE) {
        result = TERN_OK;
    }
    EC_POINT_free(point);
    return result;
}
