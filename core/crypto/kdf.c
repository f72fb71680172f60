/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ANSI X9.63 key derivation with SHA-256, as SGP.22 uses it (sgp22.md 5).
 *
 *   SharedInfo  88 keyType | 10 keyLen | LV(hostId) | LV(EID)
 *   output      initial MAC chaining value 16 | S-ENC 16 | S-MAC 16
 */
#include "tern/kdf.h"

#include <string.h>

#define KEY_TYPE_AES 0x88

int tern_kdf_x963(const struct tern_crypto *crypto, uint8_t *out, size_t size,
                  struct tern_bytes secret, struct tern_bytes shared_info)
{
    uint8_t block[TERN_SHA256_SIZE];
    uint8_t counter[4];
    struct tern_bytes parts[] = {secret, TERN_BYTES_OF(counter), shared_info};
    int error = TERN_OK;
    for (uint32_t i = 1; size > 0 && error == TERN_OK; i++) {
        struct tern_writer writer = TERN_WRITER_OF(counter);
        tern_write_uint(&writer, i, sizeof counter);
        error = crypto->sha256(crypto->context, block, parts, TERN_COUNT_OF(parts));
        size_t run = size < sizeof block ? size : sizeof block;
        if (error == TERN_OK) {
            memcpy(out, block, run);
        }
        out += run;
        size -= run;
    }
    tern_wipe(block, sizeof block);
    return error;
}

int tern_kdf_bsp_secret(const struct tern_crypto *crypto, struct tern_bsp_keys *keys,
                        const uint8_t shared_secret[32], struct tern_bytes host_id,
                        const uint8_t eid[16])
{
    if (host_id.size == 0 || host_id.size > TERN_HOST_ID_SIZE_MAX) {
        return TERN_ERR_RANGE;
    }
    uint8_t info[2 + 1 + TERN_HOST_ID_SIZE_MAX + 1 + 16];
    struct tern_writer writer = TERN_WRITER_OF(info);
    tern_write_byte(&writer, KEY_TYPE_AES);
    tern_write_byte(&writer, TERN_BSP_KEY_SIZE);
    tern_write_byte(&writer, (uint8_t)host_id.size);
    tern_write(&writer, host_id);
    tern_write_byte(&writer, 16);
    tern_write(&writer, tern_bytes(eid, 16));

    uint8_t derived[3 * TERN_BSP_KEY_SIZE];
    int error = tern_kdf_x963(crypto, derived, sizeof derived, tern_bytes(shared_secret, 32),
                              tern_writer_bytes(&writer));
    if (error == TERN_OK) {
        memcpy(keys->initial_mac_chaining_value, derived, TERN_BSP_KEY_SIZE);
        memcpy(keys->s_enc, derived + TERN_BSP_KEY_SIZE, TERN_BSP_KEY_SIZE);
        memcpy(keys->s_mac, derived + 2 * TERN_BSP_KEY_SIZE, TERN_BSP_KEY_SIZE);
    }
    tern_wipe(derived, sizeof derived);
    return error;
}

int tern_kdf_bsp(const struct tern_crypto *crypto, struct tern_bsp_keys *keys,
                 const uint8_t scalar[TERN_SCALAR_SIZE], const struct tern_public_key *peer,
                 struct tern_bytes host_id, const uint8_t eid[16])
{
    uint8_t shared_secret[32];
    int error = crypto->ecdh(crypto->context, shared_secret, scalar, peer);
    if (error == TERN_OK) {
        error = tern_kdf_bsp_secret(crypto, keys, shared_secret, host_id, eid);
    }
    tern_wipe(shared_secret, sizeof shared_secret);
    return error;
}
