/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF: see tern/hkdf.h. RFC 5869, 2. */
#include "tern/hkdf.h"

#include <string.h>

#define INFO_COUNT_MAX 6

int tern_hkdf_extract(const struct tern_crypto *crypto, uint8_t prk[TERN_SHA256_SIZE],
                      struct tern_bytes salt, struct tern_bytes secret)
{
    static const uint8_t ZEROS[TERN_SHA256_SIZE];
    return crypto->hmac_sha256(crypto->context, prk, salt.size == 0 ? TERN_BYTES_OF(ZEROS) : salt,
                               &secret, 1);
}

int tern_hkdf_expand(const struct tern_crypto *crypto, uint8_t *out, size_t size,
                     const uint8_t prk[TERN_SHA256_SIZE], const struct tern_bytes *info,
                     size_t info_count)
{
    uint8_t block[TERN_SHA256_SIZE];
    int status = TERN_OK;
    if (size > TERN_HKDF_SIZE_MAX || info_count > INFO_COUNT_MAX) {
        return TERN_ERR_RANGE;
    }
    for (uint8_t counter = 1; status == TERN_OK && size > 0; counter++) {
        struct tern_bytes parts[INFO_COUNT_MAX + 2];
        size_t count = 0;
        if (counter > 1) {
            parts[count++] = TERN_BYTES_OF(block);
        }
        for (size_t i = 0; i < info_count; i++) {
            parts[count++] = info[i];
        }
        parts[count++] = tern_bytes(&counter, 1);
        status = crypto->hmac_sha256(crypto->context, block, tern_bytes(prk, TERN_SHA256_SIZE),
                                     parts, count);
        size_t take = size < sizeof(block) ? size : sizeof(block);
        if (status == TERN_OK) {
            memcpy(out, block, take);
        }
        out += take;
        size -= take;
    }
    tern_wipe(block, sizeof(block));
    return status;
}
