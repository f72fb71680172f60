/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EDHOC's messages: see tern/edhoc.h. RFC 9528, 3.3, 5.2 to 5.5 and 6.
 *
 *     message_1 = METHOD, SUITES_I, G_X, C_I, ?EAD_1
 *     message_2 = bstr( G_Y | CIPHERTEXT_2 )      PLAINTEXT_2 = C_R, ID_CRED_R, proof, ?EAD_2
 *     message_3 = bstr( CIPHERTEXT_3 )            PLAINTEXT_3 = ID_CRED_I, proof, ?EAD_3
 *     message_4 = bstr( CIPHERTEXT_4 )            PLAINTEXT_4 = ?EAD_4
 *
 * The reader is strict: one spelling each, as RFC 9529, 4 demands.
 */
#include <string.h>

#include "core/coap/edhoc.h"

/* ---- message_1 ---- */

static int hash_message_1(struct tern_edhoc *edhoc, struct tern_bytes message_1)
{
    return edhoc->crypto->sha256(edhoc->crypto->context, edhoc->h_message_1, &message_1, 1);
}

int tern_edhoc_message_1(struct tern_edhoc *edhoc, struct tern_writer *out)
{
    const struct tern_crypto *crypto = edhoc->crypto;
    size_t begin = out->size;
    if (edhoc->step != STEP_START || edhoc->role != TERN_EDHOC_INITIATOR) {
        return TERN_ERR_STATE;
    }
    int status =
        crypto->ec_generate(crypto->context, TERN_CURVE_P256, edhoc->scalar, edhoc->own_point);
    if (status != TERN_OK) {
        return status;
    }
    tern_cbor_write_int(out, edhoc->method);
    tern_cbor_write_int(out, edhoc->suite);
    tern_cbor_write_bytes(out, tern_bytes(edhoc->own_point + 1, 32));
    edhoc_write_id(out, tern_bytes(edhoc->c_i.data, edhoc->c_i.size));
    if (tern_writer_status(out) != TERN_OK) {
        return TERN_ERR_NO_SPACE;
    }
    edhoc->step = STEP_SENT_1;
    return hash_message_1(edhoc, tern_bytes(out->data + begin, out->size - begin));
}

/* SUITES_I: an int, or an array of two and more, the selected one last. RFC 9528, 5.2.1 and 6.3. */
static int read_suites(struct tern_edhoc *edhoc, struct tern_bytes *rest)
{
    struct tern_cbor_item item;
    int64_t suite = -1;
    int64_t first_of_ours = -1;
    uint64_t count = 1;
    int status = tern_cbor_next(rest, &item);
    if (status == 1 && item.major == TERN_CBOR_ARRAY) {
        count = item.value;
        status = count < 2 ? TERN_ERR_MALFORMED : tern_cbor_next(rest, &item);
    }
    for (uint64_t i = 0; status == 1; i++) {
        if (tern_cbor_int(&item, &suite) != TERN_OK) {
            return TERN_ERR_MALFORMED;
        }
        if (first_of_ours < 0 && (suite == 2 || suite == 3)) {
            first_of_ours = suite;
        }
        if (i + 1 == count) {
            edhoc->suite = (uint8_t)(suite == 3 ? 3 : 2);
            return suite == first_of_ours ? TERN_OK : TERN_ERR_UNSUPPORTED;
        }
        status = tern_cbor_next(rest, &item);
    }
    return status == 0 ? TERN_ERR_TRUNCATED : status;
}

static int lift(const struct tern_edhoc *edhoc, uint8_t point[TERN_POINT_SIZE], struct tern_bytes x)
{
    if (x.size != 32) {
        return TERN_ERR_MALFORMED;
    }
    struct tern_public_key key = {.curve = TERN_CURVE_P256};
    uint8_t compressed[33] = {2}; /* either root: ECDH gives the same x */
    memcpy(compressed + 1, x.data, 32);
    int status = edhoc->crypto->ec_decompress(edhoc->crypto->context, &key, compressed);
    memcpy(point, key.point, TERN_POINT_SIZE);
    return status;
}

static int read_message_1(struct tern_edhoc *edhoc, struct tern_bytes rest)
{
    struct tern_cbor_item item;
    int64_t method = -1;
    int status = tern_cbor_next(&rest, &item);
    if (status != 1 || tern_cbor_int(&item, &method) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    status = read_suites(edhoc, &rest);
    if (status != TERN_OK) {
        return status;
    }
    if (method < 0 || method > 3) {
        return TERN_ERR_RANGE;
    }
    edhoc->method = (uint8_t)method;
    bool able = edhoc_is_static(edhoc, TERN_EDHOC_RESPONDER) ? edhoc->own->static_scalar != NULL
                                                             : edhoc->own->sign_key.handle != NULL;
    if (!able) {
        return TERN_ERR_RANGE;
    }
    status = tern_cbor_next(&rest, &item);
    if (status != 1 || item.major != TERN_CBOR_BYTES) {
        return TERN_ERR_MALFORMED;
    }
    status = lift(edhoc, edhoc->peer_point, item.string);
    if (status == TERN_OK) {
        status = edhoc_read_id(&rest, &edhoc->c_i);
    }
    if (status == TERN_OK && edhoc->c_i.size == edhoc->c_r.size &&
        memcmp(edhoc->c_i.data, edhoc->c_r.data, edhoc->c_i.size) == 0) {
        status = TERN_ERR_CONFLICT; /* choose another C_R and begin again */
    }
    return status == TERN_OK ? edhoc_check_ead(rest) : status;
}

int tern_edhoc_take_1(struct tern_edhoc *edhoc, struct tern_writer *error,
                      struct tern_bytes message_1)
{
    if (edhoc->step != STEP_START || edhoc->role != TERN_EDHOC_RESPONDER) {
        return TERN_ERR_STATE;
    }
    int status = read_message_1(edhoc, message_1);
    if (status != TERN_OK) {
        bool suite = status == TERN_ERR_UNSUPPORTED;
        tern_edhoc_write_error(error, suite ? TERN_EDHOC_ERROR_SUITE : TERN_EDHOC_ERROR_UNSPECIFIED,
                               "message_1");
        return status;
    }
    edhoc->step = STEP_TOOK_1;
    return hash_message_1(edhoc, message_1);
}

/* ---- message_2 ---- */

static int xor_keystream(const struct tern_edhoc *edhoc, uint8_t *data, size_t size)
{
    uint8_t keystream[TERN_EDHOC_PLAINTEXT_SIZE_MAX];
    int status =
        edhoc_kdf(edhoc, keystream, size, edhoc->prk, LABEL_KEYSTREAM_2, TERN_BYTES_OF(edhoc->th));
    for (size_t i = 0; status == TERN_OK && i < size; i++) {
        data[i] ^= keystream[i];
    }
    tern_wipe(keystream, sizeof(keystream));
    return status;
}

/* PLAINTEXT_2 or 3 of ours into edhoc->plaintext. */
static int write_plaintext(struct tern_edhoc *edhoc, bool second)
{
    uint8_t proof[TERN_SIGNATURE_SIZE];
    struct tern_writer out = TERN_WRITER_OF(edhoc->plaintext);
    int size = edhoc_sign_or_mac(edhoc, proof, second);
    if (size < 0) {
        return size;
    }
    if (second) {
        edhoc_write_id(&out, tern_bytes(edhoc->c_r.data, edhoc->c_r.size));
    }
    edhoc_write_id_cred(&out, edhoc->own->id_cred);
    tern_cbor_write_bytes(&out, tern_bytes(proof, (size_t)size));
    edhoc->plaintext_size = (uint16_t)tern_writer_bytes(&out).size;
    return tern_writer_status(&out);
}

int tern_edhoc_message_2(struct tern_edhoc *edhoc, struct tern_writer *out)
{
    const struct tern_crypto *crypto = edhoc->crypto;
    if (edhoc->step != STEP_TOOK_1) {
        return TERN_ERR_STATE;
    }
    int status =
        crypto->ec_generate(crypto->context, TERN_CURVE_P256, edhoc->scalar, edhoc->own_point);
    status = status == TERN_OK ? edhoc_begin_keys(edhoc) : status;
    uint8_t prk_2e[TERN_SHA256_SIZE];
    memcpy(prk_2e, edhoc->prk, sizeof(prk_2e));
    if (status == TERN_OK && edhoc_is_static(edhoc, TERN_EDHOC_RESPONDER)) {
        status =
            edhoc_mix_static(edhoc, LABEL_SALT_3E2M, edhoc->own->static_scalar, edhoc->peer_point);
    }
    status = status == TERN_OK ? write_plaintext(edhoc, true) : status;
    size_t size = 32u + edhoc->plaintext_size;
    tern_cbor_write_head(out, TERN_CBOR_BYTES, size);
    tern_write(out, tern_bytes(edhoc->own_point + 1, 32));
    size_t begin = out->size;
    tern_write(out, tern_bytes(edhoc->plaintext, edhoc->plaintext_size));
    if (status == TERN_OK) {
        status = tern_writer_status(out);
    }
    if (status == TERN_OK) {
        /* The keystream is of PRK_2e and TH_2; PRK_3e2m stays. */
        uint8_t prk_3e2m[TERN_SHA256_SIZE];
        memcpy(prk_3e2m, edhoc->prk, sizeof(prk_3e2m));
        memcpy(edhoc->prk, prk_2e, sizeof(prk_2e));
        status = xor_keystream(edhoc, out->data + begin, edhoc->plaintext_size);
        memcpy(edhoc->prk, prk_3e2m, sizeof(prk_3e2m));
        tern_wipe(prk_3e2m, sizeof(prk_3e2m));
    }
    tern_wipe(prk_2e, sizeof(prk_2e));
    status = status == TERN_OK ? edhoc_next_th(edhoc, edhoc->own->cred) : status;
    edhoc->step = STEP_SENT_2;
    return status;
}

int tern_edhoc_take_2(struct tern_edhoc *edhoc, struct tern_bytes message_2)
{
    struct tern_bytes content;
    if (edhoc->step != STEP_SENT_1) {
        return TERN_ERR_STATE;
    }
    int status = edhoc_read_single(message_2, &content);
    if (status != TERN_OK) {
        return status;
    }
    if (content.size < 32 + 3 || content.size - 32 > sizeof(edhoc->plaintext)) {
        return TERN_ERR_MALFORMED;
    }
    edhoc->plaintext_size = (uint16_t)(content.size - 32);
    memcpy(edhoc->plaintext, content.data + 32, edhoc->plaintext_size);
    status = lift(edhoc, edhoc->peer_point, tern_bytes(content.data, 32));
    status = status == TERN_OK ? edhoc_begin_keys(edhoc) : status;
    status =
        status == TERN_OK ? xor_keystream(edhoc, edhoc->plaintext, edhoc->plaintext_size) : status;
    struct tern_bytes rest = tern_bytes(edhoc->plaintext, edhoc->plaintext_size);
    status = status == TERN_OK ? edhoc_read_id(&rest, &edhoc->c_r) : status;
    if (status == TERN_OK && edhoc->c_i.size == edhoc->c_r.size &&
        memcmp(edhoc->c_i.data, edhoc->c_r.data, edhoc->c_i.size) == 0) {
        return TERN_ERR_MALFORMED;
    }
    status = status == TERN_OK ? edhoc_read_proof(edhoc, rest) : status;
    if (status == TERN_OK) {
        edhoc->step = STEP_TOOK_2;
    }
    return status;
}

/* ---- verification ---- */

static int verify_2(struct tern_edhoc *edhoc, const struct tern_edhoc_credential *peer)
{
    int status = TERN_OK;
    if (edhoc_is_static(edhoc, TERN_EDHOC_RESPONDER)) {
        status = edhoc_mix_static(edhoc, LABEL_SALT_3E2M, edhoc->scalar, peer->key.point);
    }
    status = status == TERN_OK ? edhoc_check(edhoc, true, peer) : status;
    status = status == TERN_OK ? edhoc_next_th(edhoc, peer->cred) : status;
    if (status == TERN_OK) {
        edhoc->step = STEP_VERIFIED_2;
    }
    return status;
}

static int verify_3(struct tern_edhoc *edhoc, const struct tern_edhoc_credential *peer)
{
    int status = TERN_OK;
    if (edhoc_is_static(edhoc, TERN_EDHOC_INITIATOR)) {
        status = edhoc_mix_static(edhoc, LABEL_SALT_4E3M, edhoc->scalar, peer->key.point);
    }
    status = status == TERN_OK ? edhoc_check(edhoc, false, peer) : status;
    status = status == TERN_OK ? edhoc_next_th(edhoc, peer->cred) : status;
    status = status == TERN_OK ? edhoc_finish_keys(edhoc) : status;
    if (status == TERN_OK) {
        edhoc->step = STEP_DONE;
    }
    return status;
}

int tern_edhoc_verify(struct tern_edhoc *edhoc, const struct tern_edhoc_credential *peer)
{
    if (tern_bytes_equal(peer->cred, edhoc->own->cred)) {
        return TERN_ERR_SIGNATURE; /* our own words come back: RFC 9528, 9.1 */
    }
    uint8_t step = edhoc->step;
    edhoc->step = UINT8_MAX; /* over, unless it verifies */
    return step == STEP_TOOK_2   ? verify_2(edhoc, peer)
           : step == STEP_TOOK_3 ? verify_3(edhoc, peer)
                                 : TERN_ERR_STATE;
}

/* ---- message_3 and message_4 ---- */

int tern_edhoc_message_3(struct tern_edhoc *edhoc, struct tern_writer *out)
{
    if (edhoc->step != STEP_VERIFIED_2) {
        return TERN_ERR_STATE;
    }
    /* K_3 and IV_3 are of PRK_3e2m; the proof is of PRK_4e3m. */
    struct tern_edhoc before = *edhoc;
    int status = TERN_OK;
    if (edhoc_is_static(edhoc, TERN_EDHOC_INITIATOR)) {
        status =
            edhoc_mix_static(edhoc, LABEL_SALT_4E3M, edhoc->own->static_scalar, edhoc->peer_point);
    }
    status = status == TERN_OK ? write_plaintext(edhoc, false) : status;
    size_t size = edhoc->plaintext_size + edhoc_tag_size(edhoc);
    tern_cbor_write_head(out, TERN_CBOR_BYTES, size);
    size_t begin = out->size;
    if (status == TERN_OK && begin + size > out->capacity) {
        status = TERN_ERR_NO_SPACE;
    }
    if (status == TERN_OK) {
        status = edhoc_seal(&before, 3, out->data + begin,
                            tern_bytes(edhoc->plaintext, edhoc->plaintext_size));
        out->size = begin + size;
    }
    status = status == TERN_OK ? edhoc_next_th(edhoc, edhoc->own->cred) : status;
    status = status == TERN_OK ? edhoc_finish_keys(edhoc) : status;
    edhoc->step = status == TERN_OK ? STEP_DONE : UINT8_MAX;
    tern_wipe(&before, sizeof(before));
    return status;
}

int tern_edhoc_take_3(struct tern_edhoc *edhoc, struct tern_bytes message_3)
{
    struct tern_bytes content;
    if (edhoc->step != STEP_SENT_2) {
        return TERN_ERR_STATE;
    }
    edhoc->step = UINT8_MAX; /* one message_3 a session, good or bad */
    int status = edhoc_read_single(message_3, &content);
    if (status != TERN_OK) {
        return status;
    }
    size_t tag = edhoc_tag_size(edhoc);
    if (content.size < tag + 2 || content.size - tag > sizeof(edhoc->plaintext)) {
        return TERN_ERR_MALFORMED;
    }
    edhoc->plaintext_size = (uint16_t)(content.size - tag);
    status = edhoc_open(edhoc, 3, edhoc->plaintext, content);
    if (status == TERN_OK) {
        status = edhoc_read_proof(edhoc, tern_bytes(edhoc->plaintext, edhoc->plaintext_size));
    }
    if (status == TERN_OK) {
        edhoc->step = STEP_TOOK_3;
    }
    return status;
}

int tern_edhoc_message_4(struct tern_edhoc *edhoc, struct tern_writer *out)
{
    uint8_t sealed[16];
    if (edhoc->step != STEP_DONE || edhoc->role != TERN_EDHOC_RESPONDER) {
        return TERN_ERR_STATE;
    }
    int status = edhoc_seal(edhoc, 4, sealed, TERN_BYTES_TEXT(""));
    tern_cbor_write_bytes(out, tern_bytes(sealed, edhoc_tag_size(edhoc)));
    return status == TERN_OK ? tern_writer_status(out) : status;
}

int tern_edhoc_take_4(struct tern_edhoc *edhoc, struct tern_bytes message_4)
{
    uint8_t opened[TERN_EDHOC_PLAINTEXT_SIZE_MAX];
    struct tern_bytes content;
    if (edhoc->step != STEP_DONE || edhoc->role != TERN_EDHOC_INITIATOR) {
        return TERN_ERR_STATE;
    }
    int status = edhoc_read_single(message_4, &content);
    if (status != TERN_OK) {
        return status;
    }
    size_t tag = edhoc_tag_size(edhoc);
    if (content.size < tag || content.size - tag > sizeof(opened)) {
        return TERN_ERR_MALFORMED;
    }
    status = edhoc_open(edhoc, 4, opened, content);
    return status == TERN_OK ? edhoc_check_ead(tern_bytes(opened, content.size - tag)) : status;
}
