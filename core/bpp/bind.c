/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding: a profile, its metadata and session keys become a bound profile package (sgp22.md 7.3).
 *
 * Three parts with different lives. The 86 TLVs under PPKs belong to no eUICC: made once, bound
 * often. The body A0 to A3 belongs to one pair of one-time keys. BF23 belongs to one transaction,
 * so a retry signs it again and keeps the body. smdpSign is made outside: it may be an HSM's.
 */
#include "tern/bpp.h"

#define REMOTE_OP_INSTALL 1
#define KEY_TYPE_AES      0x88

static struct tern_bytes take(struct tern_bytes *rest, size_t most)
{
    struct tern_bytes piece = tern_bytes_slice(*rest, 0, most);
    *rest = tern_bytes_slice(*rest, piece.size, rest->size);
    return piece;
}

static size_t plaintext_most(tern_tag tag)
{
    return tag == 0x88 ? TERN_BSP_MAC_ONLY_TEXT_SIZE : TERN_BSP_PLAINTEXT_SIZE;
}

/* Bytes that `size` bytes of plaintext take as TLVs of this tag. */
static size_t protected_size(tern_tag tag, size_t size)
{
    size_t most = plaintext_most(tag);
    size_t whole = size / most;
    size_t total = whole * tern_bsp_protected_size(tag, most);
    return size % most == 0 ? total : total + tern_bsp_protected_size(tag, size % most);
}

static int protect_all(struct tern_bsp *bsp, const struct tern_crypto *crypto,
                       struct tern_writer *out, tern_tag tag, struct tern_bytes plaintext)
{
    int first = TERN_OK;
    while (plaintext.size > 0) {
        int error = tern_bsp_protect(bsp, crypto, out, tag, take(&plaintext, plaintext_most(tag)));
        if (error != TERN_OK && error != TERN_ERR_NO_SPACE) {
            return error;
        }
        first = first == TERN_OK ? error : first; /* go on counting after NO_SPACE */
    }
    return first;
}

/* A section header, then the protected content. */
static int write_section(struct tern_bsp *bsp, const struct tern_crypto *crypto,
                         struct tern_writer *out, tern_tag section, tern_tag tag,
                         struct tern_bytes plaintext)
{
    tern_der_write_header(out, section, protected_size(tag, plaintext.size));
    return protect_all(bsp, crypto, out, tag, plaintext);
}

int tern_bpp_protect_profile(const struct tern_crypto *crypto, struct tern_writer *out,
                             const struct tern_bsp_keys *ppk, struct tern_bytes upp)
{
    struct tern_bsp bsp;
    tern_bsp_init(&bsp, ppk);
    int error = protect_all(&bsp, crypto, out, 0x86, upp);
    tern_wipe(&bsp, sizeof bsp);
    return error;
}

/* ReplaceSessionKeysRequest, BF26 { 80 initialMacChainingValue, 81 ppkEnc, 82 ppkCmac }. */
static struct tern_bytes replace_session_keys(uint8_t buffer[57], const struct tern_bsp_keys *ppk)
{
    struct tern_writer out = tern_writer(buffer, 57);
    tern_der_write_header(&out, 0xBF26, 54);
    tern_der_write(&out, 0x80, TERN_BYTES_OF(ppk->initial_mac_chaining_value));
    tern_der_write(&out, 0x81, TERN_BYTES_OF(ppk->s_enc));
    tern_der_write(&out, 0x82, TERN_BYTES_OF(ppk->s_mac));
    return tern_writer_bytes(&out);
}

static struct tern_bytes configure_isdp(const struct tern_bpp_content *content)
{
    static const uint8_t EMPTY[] = {0xBF, 0x24, 0x00};
    return content->configure_isdp.data != NULL ? content->configure_isdp : TERN_BYTES_OF(EMPTY);
}

static int write_body(struct tern_bsp *bsp, const struct tern_crypto *crypto,
                      struct tern_writer *out, const struct tern_bpp_content *content)
{
    int results[4] = {TERN_OK};
    results[0] = write_section(bsp, crypto, out, 0xA0, 0x87, configure_isdp(content));
    results[1] = write_section(bsp, crypto, out, 0xA1, 0x88, content->store_metadata);
    if (content->ppk != NULL) {
        uint8_t request[57];
        results[2] = write_section(bsp, crypto, out, 0xA2, 0x87,
                                   replace_session_keys(request, content->ppk));
        tern_wipe(request, sizeof request);
        tern_bsp_replace_session_keys(bsp, content->ppk);
    }
    if (content->protected_profile.data != NULL) {
        tern_der_write(out, 0xA3, content->protected_profile);
    } else {
        results[3] = write_section(bsp, crypto, out, 0xA3, 0x86, content->upp);
    }
    for (size_t i = 0; i < TERN_COUNT_OF(results); i++) {
        if (results[i] != TERN_OK) {
            return results[i];
        }
    }
    return tern_writer_status(out);
}

int tern_bpp_bind_body(const struct tern_crypto *crypto, struct tern_writer *out,
                       const struct tern_bsp_keys *keys, const struct tern_bpp_content *content)
{
    TERN_ASSERT(content->ppk != NULL || content->protected_profile.data == NULL);
    struct tern_bsp bsp;
    tern_bsp_init(&bsp, keys);
    int error = write_body(&bsp, crypto, out, content);
    tern_wipe(&bsp, sizeof bsp);
    return error;
}

/* The four TLVs of BF23 that are signed. */
static void write_signed_part(struct tern_writer *out, const struct tern_bpp_initialise *initialise)
{
    tern_der_write_int(out, 0x82, REMOTE_OP_INSTALL);
    tern_der_write(out, 0x80, initialise->transaction_id);
    tern_der_write_header(out, 0xA6, 3 + 3 + 2 + initialise->host_id.size);
    tern_der_write(out, 0x80, tern_bytes("\x88", 1));
    tern_der_write(out, 0x81, tern_bytes("\x10", 1));
    tern_der_write(out, 0x84, initialise->host_id);
    tern_der_write(out, 0x5F49, initialise->smdp_otpk);
}

int tern_bpp_signed_bytes(struct tern_writer *out, const struct tern_bpp_initialise *initialise,
                          struct tern_bytes euicc_otpk)
{
    write_signed_part(out, initialise);
    tern_der_write(out, 0x5F49, euicc_otpk);
    return tern_writer_status(out);
}

int tern_bpp_assemble(struct tern_writer *out, const struct tern_bpp_initialise *initialise,
                      const uint8_t smdp_sign[TERN_SIGNATURE_SIZE], struct tern_bytes body)
{
    struct tern_writer counter = tern_writer(NULL, 0);
    write_signed_part(&counter, initialise);
    size_t size = counter.size + 3 + TERN_SIGNATURE_SIZE;
    size_t total = tern_der_header_size(0xBF23, size) + size + body.size;
    tern_der_write_header(out, 0xBF36, total);
    tern_der_write_header(out, 0xBF23, size);
    write_signed_part(out, initialise);
    tern_der_write(out, 0x5F37, tern_bytes(smdp_sign, TERN_SIGNATURE_SIZE));
    tern_write(out, body);
    return tern_writer_status(out);
}

size_t tern_bpp_size_max(const struct tern_bpp_content *content)
{
    /* BF36, BF23 with everything at its largest, and four section headers of 5 bytes. */
    const size_t frame =
        6 + 4 + 3 + 18 + 2 + 3 + 3 + 18 + 3 + TERN_POINT_SIZE + 3 + TERN_SIGNATURE_SIZE + 4 * 5;
    size_t profile = content->protected_profile.data != NULL
                         ? content->protected_profile.size
                         : protected_size(0x86, content->upp.size);
    return frame + protected_size(0x87, configure_isdp(content).size) +
           protected_size(0x88, content->store_metadata.size) + protected_size(0x87, 57) + profile;
}
