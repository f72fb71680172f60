/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EDHOC's transcript and key schedule: see tern/edhoc.h. RFC 9528, 4, 5 and appendix A.1.
 *
 *     G_XY -> PRK_2e -> PRK_3e2m -> PRK_4e3m -> PRK_out -> exporter
 *     TH_2 = H( G_Y, H(message_1) )   TH_3 = H( TH_2, PLAINTEXT_2, CRED_R )   TH_4 = H( TH_3, .. )
 *
 * `th` and `prk` hold the youngest of each: no step needs an older one.
 */
#include <string.h>

#include "core/coap/edhoc.h"
#include "tern/hkdf.h"

#define KEY_SIZE   16
#define NONCE_SIZE 13

size_t edhoc_tag_size(const struct tern_edhoc *edhoc)
{
    return edhoc->suite == 3 ? 16 : 8;
}

bool edhoc_is_static(const struct tern_edhoc *edhoc, enum tern_edhoc_role role)
{
    return role == TERN_EDHOC_INITIATOR ? edhoc->method >= 2 : (edhoc->method & 1) != 0;
}

int edhoc_kdf(const struct tern_edhoc *edhoc, uint8_t *out, size_t size,
              const uint8_t prk[TERN_SHA256_SIZE], unsigned label, struct tern_bytes context)
{
    uint8_t head[16];
    uint8_t tail[8];
    struct tern_writer before = TERN_WRITER_OF(head);
    struct tern_writer after = TERN_WRITER_OF(tail);
    tern_cbor_write_int(&before, label);
    tern_cbor_write_head(&before, TERN_CBOR_BYTES, context.size);
    tern_cbor_write_int(&after, (int64_t)size);
    const struct tern_bytes info[] = {tern_writer_bytes(&before), context,
                                      tern_writer_bytes(&after)};
    return tern_hkdf_expand(edhoc->crypto, out, size, prk, info, 3);
}

/* The x-coordinates of both ephemeral keys, G_Y first: which is whose depends on the role. */
static const uint8_t *g_y(const struct tern_edhoc *edhoc)
{
    return (edhoc->role == TERN_EDHOC_RESPONDER ? edhoc->own_point : edhoc->peer_point) + 1;
}

static int shared(const struct tern_edhoc *edhoc, uint8_t out[32], const uint8_t *scalar,
                  const uint8_t point[TERN_POINT_SIZE])
{
    struct tern_public_key peer = {.curve = TERN_CURVE_P256};
    memcpy(peer.point, point, TERN_POINT_SIZE);
    return edhoc->crypto->ecdh(edhoc->crypto->context, out, scalar, &peer);
}

int edhoc_begin_keys(struct tern_edhoc *edhoc)
{
    const struct tern_crypto *crypto = edhoc->crypto;
    static const uint8_t HEAD[2] = {0x58, 0x20};
    const struct tern_bytes parts[] = {TERN_BYTES_OF(HEAD), tern_bytes(g_y(edhoc), 32),
                                       TERN_BYTES_OF(HEAD), TERN_BYTES_OF(edhoc->h_message_1)};
    uint8_t g_xy[32];
    int status = crypto->sha256(crypto->context, edhoc->th, parts, 4);
    if (status == TERN_OK) {
        status = shared(edhoc, g_xy, edhoc->scalar, edhoc->peer_point);
    }
    if (status == TERN_OK) {
        status =
            tern_hkdf_extract(crypto, edhoc->prk, TERN_BYTES_OF(edhoc->th), TERN_BYTES_OF(g_xy));
    }
    tern_wipe(g_xy, sizeof(g_xy));
    return status;
}

int edhoc_mix_static(struct tern_edhoc *edhoc, unsigned salt_label, const uint8_t *scalar,
                     const uint8_t point[TERN_POINT_SIZE])
{
    uint8_t salt[TERN_SHA256_SIZE];
    uint8_t secret[32];
    int status =
        edhoc_kdf(edhoc, salt, sizeof(salt), edhoc->prk, salt_label, TERN_BYTES_OF(edhoc->th));
    if (status == TERN_OK) {
        status = shared(edhoc, secret, scalar, point);
    }
    if (status == TERN_OK) {
        status = tern_hkdf_extract(edhoc->crypto, edhoc->prk, TERN_BYTES_OF(salt),
                                   TERN_BYTES_OF(secret));
    }
    tern_wipe(salt, sizeof(salt));
    tern_wipe(secret, sizeof(secret));
    return status;
}

int edhoc_next_th(struct tern_edhoc *edhoc, struct tern_bytes cred)
{
    static const uint8_t HEAD[2] = {0x58, 0x20};
    uint8_t th[TERN_SHA256_SIZE];
    const struct tern_bytes parts[] = {TERN_BYTES_OF(HEAD), TERN_BYTES_OF(edhoc->th),
                                       tern_bytes(edhoc->plaintext, edhoc->plaintext_size), cred};
    int status = edhoc->crypto->sha256(edhoc->crypto->context, th, parts, 4);
    memcpy(edhoc->th, th, sizeof(th));
    return status;
}

/*
 * context_2 = << C_R, ID_CRED_R, TH_2, CRED_R, ?EAD_2 >>
 * context_3 = << ID_CRED_I, TH_3, CRED_I, ?EAD_3 >>
 */
int edhoc_mac(const struct tern_edhoc *edhoc, uint8_t mac[TERN_SHA256_SIZE], bool second,
              const struct tern_edhoc_credential *credential, struct tern_bytes ead)
{
    enum tern_edhoc_role role = second ? TERN_EDHOC_RESPONDER : TERN_EDHOC_INITIATOR;
    size_t size = edhoc_is_static(edhoc, role) ? edhoc_tag_size(edhoc) : TERN_SHA256_SIZE;
    uint8_t id[TERN_EDHOC_ID_SIZE_MAX + 1];
    uint8_t head[16];
    uint8_t th[2 + TERN_SHA256_SIZE];
    uint8_t tail[4];
    struct tern_writer c_r = TERN_WRITER_OF(id);
    struct tern_writer before = TERN_WRITER_OF(head);
    struct tern_writer transcript = TERN_WRITER_OF(th);
    struct tern_writer after = TERN_WRITER_OF(tail);
    if (second) {
        edhoc_write_id(&c_r, tern_bytes(edhoc->c_r.data, edhoc->c_r.size));
    }
    tern_cbor_write_bytes(&transcript, TERN_BYTES_OF(edhoc->th));
    size_t context =
        c_r.size + credential->id_cred.size + transcript.size + credential->cred.size + ead.size;
    tern_cbor_write_int(&before, second ? LABEL_MAC_2 : LABEL_MAC_3);
    tern_cbor_write_head(&before, TERN_CBOR_BYTES, context);
    tern_write(&before, tern_writer_bytes(&c_r));
    tern_cbor_write_int(&after, (int64_t)size);
    const struct tern_bytes info[] = {tern_writer_bytes(&before),
                                      credential->id_cred,
                                      tern_writer_bytes(&transcript),
                                      credential->cred,
                                      ead,
                                      tern_writer_bytes(&after)};
    int status = tern_hkdf_expand(edhoc->crypto, mac, size, edhoc->prk, info, 6);
    return status == TERN_OK ? (int)size : status;
}

/* The signed bytes in parts: [ "Signature1", << ID_CRED >>, << TH, CRED, ?EAD >>, MAC ]. */
struct signed_parts {
    uint8_t head[16];
    uint8_t middle[8 + 2 + TERN_SHA256_SIZE];
    uint8_t tail[2 + TERN_SHA256_SIZE];
    struct tern_bytes parts[6];
};

static void sign_parts(const struct tern_edhoc *edhoc, struct signed_parts *made,
                       const struct tern_edhoc_credential *credential, struct tern_bytes ead,
                       struct tern_bytes mac)
{
    struct tern_writer head = TERN_WRITER_OF(made->head);
    struct tern_writer middle = TERN_WRITER_OF(made->middle);
    struct tern_writer tail = TERN_WRITER_OF(made->tail);
    tern_cbor_write_head(&head, TERN_CBOR_ARRAY, 4);
    tern_cbor_write_text(&head, "Signature1");
    tern_cbor_write_head(&head, TERN_CBOR_BYTES, credential->id_cred.size);
    tern_cbor_write_head(&middle, TERN_CBOR_BYTES,
                         2 + TERN_SHA256_SIZE + credential->cred.size + ead.size);
    tern_cbor_write_bytes(&middle, TERN_BYTES_OF(edhoc->th));
    tern_cbor_write_bytes(&tail, mac);
    made->parts[0] = tern_writer_bytes(&head);
    made->parts[1] = credential->id_cred;
    made->parts[2] = tern_writer_bytes(&middle);
    made->parts[3] = credential->cred;
    made->parts[4] = ead;
    made->parts[5] = tern_writer_bytes(&tail);
}

int edhoc_sign_or_mac(const struct tern_edhoc *edhoc, uint8_t out[TERN_SIGNATURE_SIZE], bool second)
{
    uint8_t mac[TERN_SHA256_SIZE];
    struct signed_parts made;
    const struct tern_crypto *crypto = edhoc->crypto;
    int size = edhoc_mac(edhoc, mac, second, edhoc->own, TERN_BYTES_NONE);
    if (size < 0) {
        return size;
    }
    if (edhoc_is_static(edhoc, edhoc->role)) {
        memcpy(out, mac, (size_t)size);
        return size;
    }
    sign_parts(edhoc, &made, edhoc->own, TERN_BYTES_NONE, tern_bytes(mac, (size_t)size));
    int status = crypto->ecdsa_sign(crypto->context, out, edhoc->own->sign_key, made.parts, 6);
    return status == TERN_OK ? TERN_SIGNATURE_SIZE : status;
}

int edhoc_check(const struct tern_edhoc *edhoc, bool second,
                const struct tern_edhoc_credential *peer)
{
    uint8_t mac[TERN_SHA256_SIZE];
    struct signed_parts made;
    const struct tern_crypto *crypto = edhoc->crypto;
    enum tern_edhoc_role role = second ? TERN_EDHOC_RESPONDER : TERN_EDHOC_INITIATOR;
    int size = edhoc_mac(edhoc, mac, second, peer, edhoc->ead);
    if (size < 0) {
        return size;
    }
    if (edhoc_is_static(edhoc, role)) {
        return edhoc->mac.size == (size_t)size &&
                       tern_constant_time_equal(mac, edhoc->mac.data, (size_t)size)
                   ? TERN_OK
                   : TERN_ERR_SIGNATURE;
    }
    if (edhoc->mac.size != TERN_SIGNATURE_SIZE) {
        return TERN_ERR_SIGNATURE;
    }
    sign_parts(edhoc, &made, peer, edhoc->ead, tern_bytes(mac, (size_t)size));
    return crypto->ecdsa_verify(crypto->context, &peer->key, edhoc->mac, made.parts, 6);
}

int edhoc_finish_keys(struct tern_edhoc *edhoc)
{
    int status = edhoc_kdf(edhoc, edhoc->prk_out, TERN_SHA256_SIZE, edhoc->prk, LABEL_PRK_OUT,
                           TERN_BYTES_OF(edhoc->th));
    tern_wipe(edhoc->scalar, sizeof(edhoc->scalar));
    return status;
}

/* Key, nonce and AAD of message_3 or message_4. */
struct aead {
    uint8_t key[KEY_SIZE];
    uint8_t nonce[NONCE_SIZE];
    uint8_t aad[48];
    size_t aad_size;
};

static int aead_keys(const struct tern_edhoc *edhoc, unsigned number, struct aead *aead)
{
    struct tern_bytes th = TERN_BYTES_OF(edhoc->th);
    struct tern_writer aad = TERN_WRITER_OF(aead->aad);
    tern_cbor_write_head(&aad, TERN_CBOR_ARRAY, 3);
    tern_cbor_write_text(&aad, "Encrypt0");
    tern_cbor_write_bytes(&aad, TERN_BYTES_NONE);
    tern_cbor_write_bytes(&aad, th);
    aead->aad_size = aad.size;
    int status =
        edhoc_kdf(edhoc, aead->key, KEY_SIZE, edhoc->prk, number == 3 ? LABEL_K_3 : LABEL_K_4, th);
    if (status == TERN_OK) {
        status = edhoc_kdf(edhoc, aead->nonce, NONCE_SIZE, edhoc->prk,
                           number == 3 ? LABEL_IV_3 : LABEL_IV_4, th);
    }
    return status;
}

int edhoc_seal(const struct tern_edhoc *edhoc, unsigned number, uint8_t *out, struct tern_bytes in)
{
    struct aead aead;
    int status = aead_keys(edhoc, number, &aead);
    if (status == TERN_OK) {
        status = edhoc->crypto->aes_ccm_seal(edhoc->crypto->context, out, edhoc_tag_size(edhoc),
                                             TERN_BYTES_OF(aead.key), TERN_BYTES_OF(aead.nonce),
                                             tern_bytes(aead.aad, aead.aad_size), in);
    }
    tern_wipe(&aead, sizeof(aead));
    return status;
}

int edhoc_open(const struct tern_edhoc *edhoc, unsigned number, uint8_t *out, struct tern_bytes in)
{
    struct aead aead;
    int status = aead_keys(edhoc, number, &aead);
    if (status == TERN_OK) {
        status = edhoc->crypto->aes_ccm_open(edhoc->crypto->context, out, edhoc_tag_size(edhoc),
                                             TERN_BYTES_OF(aead.key), TERN_BYTES_OF(aead.nonce),
                                             tern_bytes(aead.aad, aead.aad_size), in);
    }
    tern_wipe(&aead, sizeof(aead));
    return status;
}

int tern_edhoc_export(const struct tern_edhoc *edhoc, uint8_t *out, size_t size, uint32_t label,
                      struct tern_bytes context)
{
    uint8_t prk[TERN_SHA256_SIZE];
    if (edhoc->step != STEP_DONE) {
        return TERN_ERR_STATE;
    }
    int status =
        edhoc_kdf(edhoc, prk, sizeof(prk), edhoc->prk_out, LABEL_PRK_EXPORTER, TERN_BYTES_NONE);
    if (status == TERN_OK) {
        status = edhoc_kdf(edhoc, out, size, prk, label, context);
    }
    tern_wipe(prk, sizeof(prk));
    return status;
}

int tern_edhoc_oscore(const struct tern_edhoc *edhoc, struct tern_oscore *oscore)
{
    uint8_t secret[16];
    uint8_t salt[8];
    bool initiator = edhoc->role == TERN_EDHOC_INITIATOR;
    struct tern_bytes c_i = tern_bytes(edhoc->c_i.data, edhoc->c_i.size);
    struct tern_bytes c_r = tern_bytes(edhoc->c_r.data, edhoc->c_r.size);
    int status = tern_edhoc_export(edhoc, secret, sizeof(secret), 0, TERN_BYTES_NONE);
    if (status == TERN_OK) {
        status = tern_edhoc_export(edhoc, salt, sizeof(salt), 1, TERN_BYTES_NONE);
    }
    if (status == TERN_OK) {
        const struct tern_oscore_keys keys = {.master_secret = TERN_BYTES_OF(secret),
                                              .master_salt = TERN_BYTES_OF(salt),
                                              .sender_id = initiator ? c_r : c_i,
                                              .recipient_id = initiator ? c_i : c_r};
        status = tern_oscore_init(oscore, edhoc->crypto, &keys);
    }
    tern_wipe(secret, sizeof(secret));
    tern_wipe(salt, sizeof(salt));
    return status;
}
