/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BSP, the SCP03t of SGP.22 (sgp22.md 8).
 *
 *   ICV = AES(S-ENC, counter as 16 bytes)
 *   C   = AES-CBC(S-ENC, ICV, plaintext | 80 | 00..)      86 and 87; 88 has C = plaintext
 *   MAC = CMAC(S-MAC, chaining value | tag | L | C)        8 bytes go out, 16 become the next value
 *
 * The traps: 88 takes a counter value though it encrypts nothing, and aligned plaintext still gets
 * a whole block of padding.
 */
#include "tern/bsp.h"

#include <string.h>

#define BLOCK TERN_AES_BLOCK_SIZE

void tern_bsp_init(struct tern_bsp *bsp, const struct tern_bsp_keys *keys)
{
    bsp->keys = *keys;
    bsp->counter = 1;
}

void tern_bsp_replace_session_keys(struct tern_bsp *bsp, const struct tern_bsp_keys *ppk)
{
    tern_bsp_init(bsp, ppk);
}

static bool encrypts(tern_tag tag)
{
    return tag == 0x86 || tag == 0x87;
}

static size_t value_size(tern_tag tag, size_t plaintext_size)
{
    size_t text = encrypts(tag) ? (plaintext_size / BLOCK + 1) * BLOCK : plaintext_size;
    return text + TERN_BSP_MAC_SIZE;
}

size_t tern_bsp_protected_size(tern_tag tag, size_t plaintext_size)
{
    size_t size = value_size(tag, plaintext_size);
    return tern_der_header_size(tag, size) + size;
}

static int make_icv(const struct tern_bsp *bsp, const struct tern_crypto *crypto,
                    uint8_t icv[BLOCK])
{
    uint8_t block[BLOCK] = {0};
    struct tern_writer writer = tern_writer(block + BLOCK - 4, 4);
    tern_write_uint(&writer, bsp->counter, 4);
    return crypto->aes_encrypt_block(crypto->context, icv, TERN_BYTES_OF(bsp->keys.s_enc), block);
}

static int make_mac(const struct tern_bsp *bsp, const struct tern_crypto *crypto,
                    uint8_t mac[BLOCK], struct tern_bytes covered)
{
    struct tern_bytes parts[] = {TERN_BYTES_OF(bsp->keys.initial_mac_chaining_value), covered};
    return crypto->aes_cmac(crypto->context, mac, TERN_BYTES_OF(bsp->keys.s_mac), parts,
                            TERN_COUNT_OF(parts));
}

static void advance(struct tern_bsp *bsp, const uint8_t mac[BLOCK])
{
    memcpy(bsp->keys.initial_mac_chaining_value, mac, BLOCK);
    bsp->counter++;
}

int tern_bsp_protect(struct tern_bsp *bsp, const struct tern_crypto *crypto,
                     struct tern_writer *out, tern_tag tag, struct tern_bytes plaintext)
{
    TERN_ASSERT(encrypts(tag) || tag == 0x88);
    size_t total = tern_bsp_protected_size(tag, plaintext.size);
    if (out->size > out->capacity || total > out->capacity - out->size) {
        out->size += total;
        return TERN_ERR_NO_SPACE;
    }
    uint8_t *start = out->data + out->size;
    size_t before = out->size;
    size_t value = value_size(tag, plaintext.size);
    tern_der_write_header(out, tag, value);
    uint8_t *text = out->data + out->size;
    size_t text_size = value - TERN_BSP_MAC_SIZE;
    tern_write(out, plaintext);
    int error = TERN_OK;
    if (encrypts(tag)) {
        uint8_t icv[BLOCK];
        text[plaintext.size] = 0x80;
        memset(text + plaintext.size + 1, 0, text_size - plaintext.size - 1);
        error = make_icv(bsp, crypto, icv);
        if (error == TERN_OK) {
            error = crypto->aes_cbc_encrypt(crypto->context, text, TERN_BYTES_OF(bsp->keys.s_enc),
                                            icv, tern_bytes(text, text_size));
        }
    }
    uint8_t mac[BLOCK];
    if (error == TERN_OK) {
        error = make_mac(bsp, crypto, mac, tern_bytes(start, total - TERN_BSP_MAC_SIZE));
    }
    if (error != TERN_OK) {
        tern_wipe(start, total);
        out->size = before;
        return error;
    }
    memcpy(start + total - TERN_BSP_MAC_SIZE, mac, TERN_BSP_MAC_SIZE);
    out->size = before + total;
    advance(bsp, mac);
    tern_wipe(mac, sizeof mac);
    return TERN_OK;
}

/* Size without the padding: zeros, then one 80. TERN_ERR_SIGNATURE when there is none. */
static int strip_padding(const uint8_t *text, size_t *size)
{
    size_t end = *size;
    while (end > 0 && text[end - 1] == 0) {
        end--;
    }
    if (end == 0 || text[end - 1] != 0x80 || *size - end >= BLOCK) {
        return TERN_ERR_SIGNATURE;
    }
    *size = end - 1;
    return TERN_OK;
}

static int decrypt(const struct tern_bsp *bsp, const struct tern_crypto *crypto, uint8_t *text,
                   size_t *size)
{
    uint8_t icv[BLOCK];
    int error = make_icv(bsp, crypto, icv);
    if (error == TERN_OK) {
        error = crypto->aes_cbc_decrypt(crypto->context, text, TERN_BYTES_OF(bsp->keys.s_enc), icv,
                                        tern_bytes(text, *size));
    }
    return error == TERN_OK ? strip_padding(text, size) : error;
}

int tern_bsp_unprotect(struct tern_bsp *bsp, const struct tern_crypto *crypto,
                       struct tern_bytes *plaintext, uint8_t *raw, size_t raw_size)
{
    struct tern_tlv tlv;
    int error = tern_der_single(tern_bytes(raw, raw_size), &tlv, TERN_DER_LONG_LENGTHS);
    if (error != TERN_OK || (!encrypts(tlv.tag) && tlv.tag != 0x88) ||
        tlv.value.size < TERN_BSP_MAC_SIZE) {
        return TERN_ERR_MALFORMED;
    }
    size_t text_size = tlv.value.size - TERN_BSP_MAC_SIZE;
    uint8_t *text = raw + (tlv.value.data - raw);
    if (encrypts(tlv.tag) && (text_size == 0 || text_size % BLOCK != 0)) {
        return TERN_ERR_MALFORMED;
    }
    uint8_t mac[BLOCK];
    error = make_mac(bsp, crypto, mac, tern_bytes(raw, raw_size - TERN_BSP_MAC_SIZE));
    if (error == TERN_OK &&
        !tern_constant_time_equal(mac, raw + raw_size - TERN_BSP_MAC_SIZE, TERN_BSP_MAC_SIZE)) {
        error = TERN_ERR_SIGNATURE;
    }
    if (error == TERN_OK && encrypts(tlv.tag)) {
        error = decrypt(bsp, crypto, text, &text_size);
    }
    if (error == TERN_OK) {
        advance(bsp, mac);
        *plaintext = tern_bytes(text, text_size);
    }
    tern_wipe(mac, sizeof mac);
    return error;
}
