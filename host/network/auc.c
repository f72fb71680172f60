/* SPDX-License-Identifier: Apache-2.0 */
/* Milenage, TUAK and the test algorithm as the network computes them. See auc.h. */
#include "host/network/auc.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define SQN_SIZE  6
#define IND_BITS  5
#define TUAK_RATE 136

/* What f1 to f5* give for one RAND, whatever the algorithm. */
struct functions {
    uint8_t mac[8];        /* f1 */
    uint8_t mac_resync[8]; /* f1* */
    uint8_t res[16];
    size_t res_size;
    uint8_t ck[16];
    uint8_t ik[16];
    uint8_t ak[6];
    uint8_t ak_resync[6];
};

static int aes(uint8_t out[16], const uint8_t key[16], const uint8_t in[16])
{
    int written = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int ok = context != NULL &&
             EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
             EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
             EVP_EncryptUpdate(context, out, &written, in, 16) == 1 && written == 16;
    EVP_CIPHER_CTX_free(context);
    return ok ? TERN_OK : TERN_ERR_CRYPTO;
}

int auc_opc(uint8_t opc[16], const uint8_t key[16], const uint8_t op[16])
{
    int status = aes(opc, key, op);
    for (size_t i = 0; i < 16; i++)
        opc[i] ^= op[i];
    return status;
}

/*
 * All five outputs of TS 35.206, 4.1: the input of each is TEMP ^ OPc turned by whole bytes (the
 * constants r1 to r5 are 64, 0, 32, 64, 96 bits) with c1 to c5 in its last byte.
 */
static int milenage(const struct auc_subscriber *subscriber, struct functions *out,
                    const uint8_t rand[16], const uint8_t sqn[6], const uint8_t amf[2])
{
    static const size_t TURN[5] = {8, 0, 4, 8, 12};
    static const uint8_t CONSTANT[5] = {0, 1, 2, 4, 8};
    uint8_t temp[16], in[16], block[5][16];
    const uint8_t *opc = subscriber->opc;
    for (size_t i = 0; i < 16; i++)
        in[i] = rand[i] ^ opc[i];
    int status = aes(temp, subscriber->key, in);
    for (size_t n = 0; n < 5 && status == TERN_OK; n++) {
        for (size_t i = 0; i < 16; i++) {
            size_t from = (i + TURN[n]) % 16, half = from % 8;
            uint8_t in1 = half < 6 ? sqn[half] : amf[half - 6];
            in[i] =
                n == 0 ? (uint8_t)(temp[i] ^ in1 ^ opc[from]) : (uint8_t)(temp[from] ^ opc[from]);
        }
        in[15] ^= CONSTANT[n];
        status = aes(block[n], subscriber->key, in);
        for (size_t i = 0; i < 16; i++)
            block[n][i] ^= opc[i];
    }
    memcpy(out->mac, block[0], 8);
    memcpy(out->mac_resync, block[0] + 8, 8);
    memcpy(out->ak, block[1], 6);
    memcpy(out->res, block[1] + 8, 8);
    out->res_size = 8;
    memcpy(out->ck, block[2], 16);
    memcpy(out->ik, block[3], 16);
    memcpy(out->ak_resync, block[4], 6);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(temp, sizeof temp);
    return status;
}

/* Copy backwards: TUAK has every value in the state with its last byte first. */
static void put_back(uint8_t *to, const uint8_t *from, size_t size)
{
    while (size > 0)
        *to++ = from[--size];
}

/* What TUAK's state takes; NULL is zeros. */
struct tuak_values {
    struct tern_bytes key;
    const uint8_t *top;
    unsigned keccak;
    const uint8_t *rand;
    const uint8_t *sqn;
    const uint8_t *amf;
};

/* The first 136 bytes of the state after `keccak` permutations. */
static int tuak_block(uint8_t block[TUAK_RATE], const struct tuak_values *values, uint8_t instance)
{
    static const uint8_t NAME[7] = {'0', '.', '1', 'K', 'A', 'U', 'T'};
    uint8_t input[96] = {0}, output[256 * TUAK_RATE];
    unsigned keccak = values->keccak;
    if (keccak == 0 || keccak > 255 || values->key.size > 32) return TERN_ERR_RANGE;
    put_back(input, values->top, 32);
    input[32] = (uint8_t)(instance + (values->key.size == 32 ? 1 : 0));
    memcpy(input + 33, NAME, sizeof NAME);
    if (values->rand != NULL) put_back(input + 40, values->rand, 16);
    if (values->amf != NULL) put_back(input + 56, values->amf, 2);
    if (values->sqn != NULL) put_back(input + 58, values->sqn, 6);
    put_back(input + 64, values->key.data, values->key.size);
    EVP_MD_CTX *shake = EVP_MD_CTX_new();
    int ok = shake != NULL && EVP_DigestInit_ex(shake, EVP_shake256(), NULL) == 1 &&
             EVP_DigestUpdate(shake, input, sizeof input) == 1 &&
             EVP_DigestFinalXOF(shake, output, (size_t)keccak * TUAK_RATE) == 1;
    EVP_MD_CTX_free(shake);
    if (ok) memcpy(block, output + (size_t)(keccak - 1) * TUAK_RATE, TUAK_RATE);
    OPENSSL_cleanse(input, sizeof input);
    OPENSSL_cleanse(output, (size_t)keccak * TUAK_RATE);
    return ok ? TERN_OK : TERN_ERR_CRYPTO;
}

int auc_topc(uint8_t topc[32], struct tern_bytes key, const uint8_t top[32], unsigned keccak)
{
    uint8_t block[TUAK_RATE] = {0};
    const struct tuak_values values = {.key = key, .top = top, .keccak = keccak};
    int status = tuak_block(block, &values, 0);
    put_back(topc, block, 32);
    return status;
}

static int tuak(const struct auc_subscriber *subscriber, struct functions *out,
                const uint8_t rand[16], const uint8_t sqn[6], const uint8_t amf[2])
{
    enum { F1 = 0x08, F1_RESYNC = 0x88, F2345 = 0x48, F5_RESYNC = 0xC0 };
    struct tuak_values values = {.key = tern_bytes(subscriber->key, subscriber->key_size),
                                 .top = subscriber->opc,
                                 .keccak = subscriber->keccak,
                                 .rand = rand,
                                 .sqn = sqn,
                                 .amf = amf};
    uint8_t block[TUAK_RATE];
    int status = tuak_block(block, &values, F1);
    if (status != TERN_OK) return status;
    put_back(out->mac, block, 8);
    status = tuak_block(block, &values, F1_RESYNC);
    if (status != TERN_OK) return status;
    put_back(out->mac_resync, block, 8);
    values.sqn = NULL;
    values.amf = NULL;
    status = tuak_block(block, &values, F2345);
    if (status != TERN_OK) return status;
    out->res_size = 8;
    put_back(out->res, block, 8);
    put_back(out->ck, block + 32, 16);
    put_back(out->ik, block + 64, 16);
    put_back(out->ak, block + 96, 6);
    status = tuak_block(block, &values, F5_RESYNC);
    put_back(out->ak_resync, block + 96, 6);
    OPENSSL_cleanse(block, sizeof block);
    return status;
}

/* TS 34.108, 8.1.2: K ^ RAND, turned. RES as TS.48 has it, 128 bits. */
static int test_algorithm(const struct auc_subscriber *subscriber, struct functions *out,
                          const uint8_t rand[16], const uint8_t sqn[6], const uint8_t amf[2])
{
    uint8_t x[16];
    for (size_t i = 0; i < 16; i++)
        x[i] = subscriber->key[i] ^ rand[i];
    for (size_t i = 0; i < 8; i++)
        out->mac[i] = x[i] ^ (i < 6 ? sqn[i] : amf[i - 6]);
    memcpy(out->mac_resync, out->mac, 8);
    memcpy(out->res, x, 16);
    out->res_size = 16;
    for (size_t i = 0; i < 16; i++) {
        out->ck[i] = x[(i + 1) & 15];
        out->ik[i] = x[(i + 2) & 15];
    }
    memcpy(out->ak, x + 3, 6);
    memcpy(out->ak_resync, x + 3, 6);
    OPENSSL_cleanse(x, sizeof x);
    return TERN_OK;
}

static int run(const struct auc_subscriber *subscriber, struct functions *out,
               const uint8_t rand[16], const uint8_t sqn[6], const uint8_t amf[2])
{
    memset(out, 0, sizeof *out);
    switch (subscriber->algorithm) {
    case AUC_MILENAGE:
        return milenage(subscriber, out, rand, sqn, amf);
    case AUC_TUAK:
        return tuak(subscriber, out, rand, sqn, amf);
    case AUC_TEST:
        return test_algorithm(subscriber, out, rand, sqn, amf);
    }
    return TERN_ERR_UNSUPPORTED;
}

int auc_vector_for(const struct auc_subscriber *subscriber, struct auc_vector *vector,
                   const uint8_t rand[16], const uint8_t sqn[6], const uint8_t amf[2])
{
    struct functions functions;
    int status = run(subscriber, &functions, rand, sqn, amf);
    memcpy(vector->rand, rand, 16);
    for (size_t i = 0; i < SQN_SIZE; i++)
        vector->autn[i] = sqn[i] ^ functions.ak[i];
    memcpy(vector->autn + 6, amf, 2);
    memcpy(vector->autn + 8, functions.mac, 8);
    memcpy(vector->xres, functions.res, sizeof vector->xres);
    vector->xres_size = functions.res_size;
    memcpy(vector->ck, functions.ck, 16);
    memcpy(vector->ik, functions.ik, 16);
    OPENSSL_cleanse(&functions, sizeof functions);
    return status;
}

/* SQN = SEQ | IND; IND runs with SEQ. TS 33.102, C.1.2. AMF bit 0: EPS (TS 33.401, 6.1.1). */
int auc_vector_make(struct auc_subscriber *subscriber, struct auc_vector *vector)
{
    static const uint8_t AMF[2] = {0x80, 0x00};
    uint8_t rand[16], sqn[SQN_SIZE];
    if (RAND_bytes(rand, sizeof rand) != 1) return TERN_ERR_CRYPTO;
    subscriber->seq++;
    uint64_t value = subscriber->seq << IND_BITS | (subscriber->seq & 31);
    for (size_t i = 0; i < SQN_SIZE; i++)
        sqn[i] = (uint8_t)(value >> (40 - 8 * i));
    return auc_vector_for(subscriber, vector, rand, sqn, AMF);
}

int auc_resync(struct auc_subscriber *subscriber, const uint8_t rand[16], const uint8_t auts[14])
{
    static const uint8_t AMF[2] = {0, 0}, ZERO[SQN_SIZE] = {0};
    struct functions functions;
    uint8_t sqn[SQN_SIZE];
    int status = run(subscriber, &functions, rand, ZERO, AMF); /* AK* does not depend on SQN */
    for (size_t i = 0; i < SQN_SIZE; i++)
        sqn[i] = auts[i] ^ functions.ak_resync[i];
    if (status == TERN_OK) status = run(subscriber, &functions, rand, sqn, AMF);
    if (status == TERN_OK && CRYPTO_memcmp(functions.mac_resync, auts + SQN_SIZE, 8) != 0) {
        status = TERN_ERR_SIGNATURE;
    }
    OPENSSL_cleanse(&functions, sizeof functions);
    if (status != TERN_OK) return status;
    uint64_t value = 0;
    for (size_t i = 0; i < SQN_SIZE; i++)
        value = value << 8 | sqn[i];
    subscriber->seq = value >> IND_BITS;
    return TERN_OK;
}
