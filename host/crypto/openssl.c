/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenSSL provider: digests, ciphers, MACs, and what each thread keeps.
 *
 * OpenSSL 3 looks an algorithm up by name each time it is asked by name, which costs more than a
 * short hash. So algorithms are fetched once and contexts made once a thread; a call only sets the
 * key. AES-CMAC (RFC 4493) is done here with one CBC context: EVP_MAC fetches its cipher at every
 * init. No key outlives its call: contexts are keyed anew each time.
 */
#include "host/crypto/openssl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/crypto/state.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static struct algorithms algorithms;
static EC_GROUP *groups[CURVE_COUNT];

static void *need(void *object, const char *what)
{
    if (object == NULL) {
        fprintf(stderr, "tern: OpenSSL has no %s\n", what);
        abort();
    }
    return object;
}

static void thread_free(void *data)
{
    struct thread_state *state = data;
    EVP_MD_CTX_free(state->digest);
    EVP_MAC_CTX_free(state->hmac);
    EVP_CIPHER_CTX_free(state->ecb);
    EVP_CIPHER_CTX_free(state->cbc);
    EVP_CIPHER_CTX_free(state->ccm);
    BN_CTX_free(state->numbers);
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        EVP_PKEY_CTX_free(state->verify[i].context);
        EVP_PKEY_free(state->verify[i].key);
    }
    for (size_t i = 0; i < SIGN_SLOT_COUNT; i++) {
        EVP_PKEY_CTX_free(state->sign[i].context);
    }
    free(state);
}

static void initialise(void)
{
    algorithms.sha256 = need(EVP_MD_fetch(NULL, "SHA256", NULL), "SHA-256");
    algorithms.sha1 = need(EVP_MD_fetch(NULL, "SHA1", NULL), "SHA-1");
    algorithms.hmac = need(EVP_MAC_fetch(NULL, "HMAC", NULL), "HMAC");
    static const char *const NAMES[2][3] = {
        {"AES-128-ECB", "AES-128-CBC", "AES-128-CCM"},
        {"AES-256-ECB", "AES-256-CBC", "AES-256-CCM"}
    };
    for (size_t i = 0; i < 2; i++) {
        algorithms.ecb[i] = need(EVP_CIPHER_fetch(NULL, NAMES[i][0], NULL), NAMES[i][0]);
        algorithms.cbc[i] = need(EVP_CIPHER_fetch(NULL, NAMES[i][1], NULL), NAMES[i][1]);
        algorithms.ccm[i] = need(EVP_CIPHER_fetch(NULL, NAMES[i][2], NULL), NAMES[i][2]);
    }
    static const int NIDS[CURVE_COUNT] = {NID_X9_62_prime256v1, NID_brainpoolP256r1};
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        groups[i] = need(EC_GROUP_new_by_curve_name(NIDS[i]), "P-256 or brainpoolP256r1");
    }
    pthread_key_create(&thread_key, thread_free);
}

const struct algorithms *crypto_algorithms(void)
{
    pthread_once(&once, initialise);
    return &algorithms;
}

const EC_GROUP *crypto_group(enum tern_curve curve)
{
    pthread_once(&once, initialise);
    return curve == TERN_CURVE_P256              ? groups[0]
           : curve == TERN_CURVE_BRAINPOOLP256R1 ? groups[1]
                                                 : NULL;
}

const char *crypto_group_name(enum tern_curve curve)
{
    return curve == TERN_CURVE_P256 ? "prime256v1" : "brainpoolP256r1";
}

const char *tern_curve_name(enum tern_curve curve)
{
    return curve == TERN_CURVE_P256              ? "p256"
           : curve == TERN_CURVE_BRAINPOOLP256R1 ? "brainpool"
                                                 : "none";
}

struct thread_state *crypto_thread(void)
{
    pthread_once(&once, initialise);
    struct thread_state *state = pthread_getspecific(thread_key);
    if (state != NULL) {
        return state;
    }
    state = need(calloc(1, sizeof *state), "memory");
    state->digest = need(EVP_MD_CTX_new(), "memory");
    state->hmac = need(EVP_MAC_CTX_new(algorithms.hmac), "memory");
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX_set_params(state->hmac, params);
    state->ecb = need(EVP_CIPHER_CTX_new(), "memory");
    state->cbc = need(EVP_CIPHER_CTX_new(), "memory");
    state->ccm = need(EVP_CIPHER_CTX_new(), "memory");
    state->numbers = need(BN_CTX_secure_new(), "memory");
    pthread_setspecific(thread_key, state);
    return state;
}

/* OpenSSL's queue of errors is the thread's; what we report is our own, so leave none behind. */
static int failed(void)
{
    ERR_clear_error();
    return TERN_ERR_CRYPTO;
}

static int provider_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    while (size > 0) {
        int run = size > 1 << 20 ? 1 << 20 : (int)size;
        if (RAND_bytes(out, run) != 1) {
            return failed();
        }
        out += run;
        size -= (size_t)run;
    }
    return TERN_OK;
}

int crypto_sha256(void *context, uint8_t digest[TERN_SHA256_SIZE], const struct tern_bytes *parts,
                  size_t count)
{
    (void)context;
    EVP_MD_CTX *ctx = crypto_thread()->digest;
    int ok = EVP_DigestInit_ex2(ctx, algorithms.sha256, NULL);
    for (size_t i = 0; i < count; i++) {
        ok &= EVP_DigestUpdate(ctx, parts[i].data, parts[i].size);
    }
    ok &= EVP_DigestFinal_ex(ctx, digest, NULL);
    return ok == 1 ? TERN_OK : failed();
}

static int provider_sha1(void *context, uint8_t digest[TERN_SHA1_SIZE], struct tern_bytes in)
{
    (void)context;
    EVP_MD_CTX *ctx = crypto_thread()->digest;
    int ok = EVP_DigestInit_ex2(ctx, algorithms.sha1, NULL);
    ok &= EVP_DigestUpdate(ctx, in.data, in.size);
    ok &= EVP_DigestFinal_ex(ctx, digest, NULL);
    return ok == 1 ? TERN_OK : failed();
}

static int provider_hmac(void *context, uint8_t mac[TERN_SHA256_SIZE], struct tern_bytes key,
                         const struct tern_bytes *parts, size_t count)
{
    (void)context;
    static const uint8_t NOTHING[1];
    EVP_MAC_CTX *ctx = crypto_thread()->hmac;
    int ok = EVP_MAC_init(ctx, key.data == NULL ? NOTHING : key.data, key.size, NULL);
    for (size_t i = 0; i < count && ok == 1; i++) {
        ok &= EVP_MAC_update(ctx, parts[i].data, parts[i].size);
    }
    size_t size = TERN_SHA256_SIZE;
    ok = ok == 1 && EVP_MAC_final(ctx, mac, &size, TERN_SHA256_SIZE) == 1;
    return ok == 1 ? TERN_OK : failed();
}

/* The index of the AES variant for this key, or -1. */
static int variant(struct tern_bytes key)
{
    return key.size == 16 ? 0 : key.size == 32 ? 1 : -1;
}

static int provider_aes_block(void *context, uint8_t out[16], struct tern_bytes key,
                              const uint8_t in[16])
{
    (void)context;
    EVP_CIPHER_CTX *ctx = crypto_thread()->ecb;
    int which = variant(key);
    int size = 0;
    int ok = which >= 0 && EVP_EncryptInit_ex2(ctx, algorithms.ecb[which], key.data, NULL, NULL) &&
             EVP_CIPHER_CTX_set_padding(ctx, 0) && EVP_EncryptUpdate(ctx, out, &size, in, 16);
    return ok && size == 16 ? TERN_OK : failed();
}

static int cbc(uint8_t *out, struct tern_bytes key, const uint8_t iv[16], struct tern_bytes in,
               int encrypt)
{
    EVP_CIPHER_CTX *ctx = crypto_thread()->cbc;
    int which = variant(key);
    if (which < 0 || in.size % TERN_AES_BLOCK_SIZE != 0 || in.size > INT32_MAX) {
        return TERN_ERR_CRYPTO;
    }
    int size = 0;
    int ok = EVP_CipherInit_ex2(ctx, algorithms.cbc[which], key.data, iv, encrypt, NULL) &&
             EVP_CIPHER_CTX_set_padding(ctx, 0) &&
             (in.size == 0 || EVP_CipherUpdate(ctx, out, &size, in.data, (int)in.size));
    return ok && (size_t)size == in.size ? TERN_OK : failed();
}

static int provider_cbc_encrypt(void *context, uint8_t *out, struct tern_bytes key,
                                const uint8_t iv[16], struct tern_bytes in)
{
    (void)context;
    return cbc(out, key, iv, in, 1);
}

static int provider_cbc_decrypt(void *context, uint8_t *out, struct tern_bytes key,
                                const uint8_t iv[16], struct tern_bytes in)
{
    (void)context;
    return cbc(out, key, iv, in, 0);
}

/* Multiply by x in GF(2^128), as RFC 4493 makes its subkeys; no branch on the secret. */
static void double_block(uint8_t block[16])
{
    uint8_t carry = (uint8_t)(0U - (unsigned)(block[0] >> 7));
    for (size_t i = 0; i < 15; i++) {
        block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7);
    }
    block[15] = (uint8_t)((uint8_t)(block[15] << 1) ^ (0x87 & carry));
}

/* The message of a CMAC on its way: a block is held back until it is known whether it is last. */
struct cmac {
    EVP_CIPHER_CTX *ctx;
    uint8_t held[16];
    size_t held_size;
    uint8_t chain[1024]; /* Output of CBC; only its last block matters. */
    int ok;
};

static void cmac_blocks(struct cmac *mac, const uint8_t *data, size_t size)
{
    while (size > 0) {
        int run = (int)(size < sizeof mac->chain ? size : sizeof mac->chain);
        int done = 0;
        mac->ok &= EVP_EncryptUpdate(mac->ctx, mac->chain, &done, data, run);
        data += run;
        size -= (size_t)run;
    }
}

static void cmac_update(struct cmac *mac, struct tern_bytes part)
{
    while (part.size > 0) {
        if (mac->held_size == 16) {
            cmac_blocks(mac, mac->held, 16);
            mac->held_size = 0;
        }
        size_t whole = mac->held_size == 0 ? (part.size - 1) / 16 * 16 : 0;
        cmac_blocks(mac, part.data, whole);
        part = tern_bytes(part.data + whole, part.size - whole);
        size_t room = 16 - mac->held_size;
        size_t run = part.size < room ? part.size : room;
        memcpy(mac->held + mac->held_size, part.data, run);
        mac->held_size += run;
        part = tern_bytes(part.data + run, part.size - run);
    }
}

static int provider_cmac(void *context, uint8_t out[16], struct tern_bytes key,
                         const struct tern_bytes *parts, size_t count)
{
    (void)context;
    static const uint8_t ZERO[16];
    uint8_t subkey[16];
    int which = variant(key);
    int size = 0;
    struct cmac mac;
    mac.ctx = crypto_thread()->cbc;
    mac.held_size = 0;
    mac.ok = which >= 0 &&
             EVP_EncryptInit_ex2(mac.ctx, algorithms.cbc[which], key.data, ZERO, NULL) &&
             EVP_CIPHER_CTX_set_padding(mac.ctx, 0) &&
             EVP_EncryptUpdate(mac.ctx, subkey, &size, ZERO, 16) &&
             EVP_EncryptInit_ex2(mac.ctx, NULL, NULL, ZERO, NULL);
    if (!mac.ok) {
        return failed();
    }
    for (size_t i = 0; i < count; i++) {
        cmac_update(&mac, parts[i]);
    }
    double_block(subkey);
    if (mac.held_size < 16) {
        double_block(subkey);
        mac.held[mac.held_size] = 0x80;
        memset(mac.held + mac.held_size + 1, 0, 15 - mac.held_size);
    }
    for (size_t i = 0; i < 16; i++) {
        mac.held[i] ^= subkey[i];
    }
    cmac_blocks(&mac, mac.held, 16);
    memcpy(out, mac.chain, 16);
    tern_wipe(subkey, sizeof subkey);
    tern_wipe(&mac.chain, sizeof mac.chain);
    return mac.ok ? TERN_OK : failed();
}

/* CCM wants tag and nonce sizes before the key, and the total size before the AAD. */
static int ccm_begin(EVP_CIPHER_CTX *ctx, int encrypt, uint8_t *tag, size_t tag_size,
                     struct tern_bytes key, struct tern_bytes nonce)
{
    int which = variant(key);
    return which >= 0 && nonce.size >= 7 && nonce.size <= 13 &&
           EVP_CipherInit_ex2(ctx, algorithms.ccm[which], NULL, NULL, encrypt, NULL) &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce.size, NULL) > 0 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag_size, tag) > 0 &&
           EVP_CipherInit_ex2(ctx, NULL, key.data, nonce.data, encrypt, NULL);
}

static int ccm_text(EVP_CIPHER_CTX *ctx, uint8_t *out, struct tern_bytes aad, struct tern_bytes in)
{
    static const uint8_t NOTHING[1];
    uint8_t unused[16];
    int size = 0;
    if (!EVP_CipherUpdate(ctx, NULL, &size, NULL, (int)in.size)) {
        return 0;
    }
    if (aad.size > 0 && !EVP_CipherUpdate(ctx, NULL, &size, aad.data, (int)aad.size)) {
        return 0;
    }
    return EVP_CipherUpdate(ctx, in.size == 0 ? unused : out, &size,
                            in.size == 0 ? NOTHING : in.data, (int)in.size);
}

/* NOLINTNEXTLINE(readability-function-size): the interface has seven parameters */
static int provider_ccm_seal(void *context, uint8_t *out, size_t tag_size, struct tern_bytes key,
                             struct tern_bytes nonce, struct tern_bytes aad, struct tern_bytes in)
{
    (void)context;
    EVP_CIPHER_CTX *ctx = crypto_thread()->ccm;
    int ok = in.size <= INT32_MAX && aad.size <= INT32_MAX &&
             ccm_begin(ctx, 1, NULL, tag_size, key, nonce) && ccm_text(ctx, out, aad, in) &&
             EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)tag_size, out + in.size) > 0;
    EVP_CIPHER_CTX_reset(ctx);
    return ok ? TERN_OK : failed();
}

/* NOLINTNEXTLINE(readability-function-size): the interface has seven parameters */
static int provider_ccm_open(void *context, uint8_t *out, size_t tag_size, struct tern_bytes key,
                             struct tern_bytes nonce, struct tern_bytes aad, struct tern_bytes in)
{
    (void)context;
    if (in.size < tag_size || in.size > INT32_MAX || aad.size > INT32_MAX) {
        return TERN_ERR_SIGNATURE;
    }
    EVP_CIPHER_CTX *ctx = crypto_thread()->ccm;
    struct tern_bytes text = tern_bytes(in.data, in.size - tag_size);
    uint8_t tag[16];
    memcpy(tag, in.data + text.size, tag_size <= sizeof tag ? tag_size : 0);
    if (tag_size > sizeof tag || !ccm_begin(ctx, 0, tag, tag_size, key, nonce)) {
        EVP_CIPHER_CTX_reset(ctx);
        return failed();
    }
    int ok = ccm_text(ctx, out, aad, text);
    EVP_CIPHER_CTX_reset(ctx);
    if (!ok) {
        tern_wipe(out, text.size);
        ERR_clear_error();
        return TERN_ERR_SIGNATURE;
    }
    return TERN_OK;
}

static const struct tern_crypto PROVIDER = {
    .context = NULL,
    .random = provider_random,
    .sha256 = crypto_sha256,
    .sha1 = provider_sha1,
    .hmac_sha256 = provider_hmac,
    .aes_encrypt_block = provider_aes_block,
    .aes_cbc_encrypt = provider_cbc_encrypt,
    .aes_cbc_decrypt = provider_cbc_decrypt,
    .aes_cmac = provider_cmac,
    .aes_ccm_seal = provider_ccm_seal,
    .aes_ccm_open = provider_ccm_open,
    .ecdsa_sign = crypto_ecdsa_sign,
    .ecdsa_verify = crypto_ecdsa_verify,
    .ec_generate = crypto_ec_generate,
    .ecdh = crypto_ecdh,
    .x25519 = crypto_x25519,
    .ec_decompress = crypto_ec_decompress,
};

const struct tern_crypto *tern_openssl(void)
{
    pthread_once(&once, initialise);
    return &PROVIDER;
}
