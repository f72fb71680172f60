/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EDHOC from the network, with a provider that lets every proof and every point through, so that
 * the search reaches what lies behind them. The first byte chooses who receives what.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "tern/edhoc.h"

static int fake_hash(void *context, uint8_t digest[32], const struct tern_bytes *parts,
                     size_t count)
{
    (void)context;
    (void)parts;
    memset(digest, (int)count, 32);
    return TERN_OK;
}

/* Zeros: the keystream leaves the plaintext as it is. */
static int fake_hmac(void *context, uint8_t mac[32], struct tern_bytes key,
                     const struct tern_bytes *parts, size_t count)
{
    (void)context;
    (void)key;
    (void)parts;
    (void)count;
    memset(mac, 0, 32);
    return TERN_OK;
}

static int fake_open(void *context, uint8_t *out, size_t tag_size, struct tern_bytes key,
                     struct tern_bytes nonce, struct tern_bytes aad, struct tern_bytes in)
{
    (void)context;
    (void)key;
    (void)nonce;
    (void)aad;
    FUZZ_CHECK(in.size >= tag_size);
    memmove(out, in.data, in.size - tag_size);
    return TERN_OK;
}

static int fake_seal(void *context, uint8_t *out, size_t tag_size, struct tern_bytes key,
                     struct tern_bytes nonce, struct tern_bytes aad, struct tern_bytes in)
{
    (void)context;
    (void)key;
    (void)nonce;
    (void)aad;
    memmove(out, in.data, in.size);
    memset(out + in.size, 0, tag_size);
    return TERN_OK;
}

static int fake_generate(void *context, enum tern_curve curve, uint8_t scalar[32],
                         uint8_t point[65])
{
    (void)context;
    (void)curve;
    memset(scalar, 1, 32);
    memset(point, 4, 65);
    return TERN_OK;
}

static int fake_ecdh(void *context, uint8_t shared[32], const uint8_t scalar[32],
                     const struct tern_public_key *peer)
{
    (void)context;
    (void)scalar;
    memcpy(shared, peer->point + 1, 32);
    return TERN_OK;
}

static int fake_decompress(void *context, struct tern_public_key *key, const uint8_t compressed[33])
{
    (void)context;
    memset(key->point, 4, 65);
    memcpy(key->point + 1, compressed + 1, 32);
    return TERN_OK;
}

static int fake_sign(void *context, uint8_t signature[64], struct tern_key key,
                     const struct tern_bytes *parts, size_t count)
{
    (void)context;
    (void)key;
    (void)parts;
    (void)count;
    memset(signature, 's', 64);
    return TERN_OK;
}

static int fake_verify(void *context, const struct tern_public_key *key,
                       struct tern_bytes signature, const struct tern_bytes *parts, size_t count)
{
    (void)context;
    (void)key;
    (void)parts;
    (void)count;
    FUZZ_CHECK(signature.size == 64);
    return TERN_OK;
}

static const struct tern_crypto FAKE = {.sha256 = fake_hash,
                                        .hmac_sha256 = fake_hmac,
                                        .aes_ccm_seal = fake_seal,
                                        .aes_ccm_open = fake_open,
                                        .ecdsa_sign = fake_sign,
                                        .ecdsa_verify = fake_verify,
                                        .ec_generate = fake_generate,
                                        .ecdh = fake_ecdh,
                                        .ec_decompress = fake_decompress};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t SCALAR[32] = {1};
    static const int HANDLE = 0;
    const struct tern_edhoc_credential own = {
        .id_cred = TERN_BYTES_TEXT("\xA1\x04\x41\x2B"),
        .cred = TERN_BYTES_TEXT("\x41\x31"),
        .sign_key = {TERN_CURVE_P256, &HANDLE},
        .static_scalar = SCALAR
    };
    struct tern_edhoc edhoc;
    uint8_t buffer[TERN_EDHOC_MESSAGE_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    if (size < 1) {
        return 0;
    }
    struct tern_bytes message = tern_bytes(data + 1, size - 1);
    struct tern_edhoc_credential peer = own;
    peer.cred = TERN_BYTES_TEXT("\x41\x32");
    if ((data[0] & 1) == 0) {
        tern_edhoc_respond(&edhoc, &FAKE, &own, TERN_BYTES_TEXT("\x27"));
        struct tern_bytes first = tern_bytes_slice(message, 0, 37);
        if (tern_edhoc_take_1(&edhoc, &out, first) != TERN_OK) {
            FUZZ_CHECK(out.size > 0);
            return 0;
        }
        FUZZ_CHECK(edhoc.method <= 3);
        FUZZ_CHECK(edhoc.suite == 2 || edhoc.suite == 3);
        out = TERN_WRITER_OF(buffer);
        FUZZ_CHECK(tern_edhoc_message_2(&edhoc, &out) == TERN_OK);
        if (tern_edhoc_take_3(&edhoc, tern_bytes_slice(message, 37, message.size)) != TERN_OK) {
            return 0;
        }
        FUZZ_CHECK(edhoc.peer_id_cred.size > 0);
        peer.id_cred = edhoc.peer_id_cred;
        tern_edhoc_verify(&edhoc, &peer);
        return 0;
    }
    tern_edhoc_initiate(&edhoc, &FAKE, &own, (enum tern_edhoc_method)(data[0] >> 1 & 3),
                        (data[0] & 8) == 0 ? 2 : 3, TERN_BYTES_TEXT("\x37"));
    FUZZ_CHECK(tern_edhoc_message_1(&edhoc, &out) == TERN_OK);
    if (tern_edhoc_take_2(&edhoc, message) != TERN_OK) {
        return 0;
    }
    FUZZ_CHECK(edhoc.peer_id_cred.size > 0);
    FUZZ_CHECK(edhoc.c_r.size <= TERN_EDHOC_ID_SIZE_MAX);
    peer.id_cred = edhoc.peer_id_cred;
    if (tern_edhoc_verify(&edhoc, &peer) == TERN_OK) {
        out = TERN_WRITER_OF(buffer);
        FUZZ_CHECK(tern_edhoc_message_3(&edhoc, &out) == TERN_OK);
    }
    return 0;
}
