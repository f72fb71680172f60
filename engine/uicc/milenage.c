/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Milenage, 3GPP TS 35.206. Everything is AES of something under K; saip.md 17.1.
 *
 *     TEMP = E(RAND ^ OPc)       OUT1 = E(TEMP ^ rot(IN1 ^ OPc, r1) ^ c1) ^ OPc
 *                                OUTn = E(rot(TEMP ^ OPc, rn) ^ cn) ^ OPc       n = 2 to 5
 */
#include <string.h>

#include "engine/uicc/aka.h"

static void xor16(uint8_t *to, const uint8_t *with)
{
    for (size_t i = 0; i < 16; i++)
        to[i] ^= with[i];
}

/* Rotate 128 bits to the left, by any number of bits. */
static void rotate(uint8_t out[16], const uint8_t in[16], unsigned bits)
{
    size_t bytes = bits / 8 % 16;
    unsigned rest = bits % 8;
    for (size_t i = 0; i < 16; i++) {
        unsigned high = in[(i + bytes) % 16];
        unsigned low = in[(i + bytes + 1) % 16];
        out[i] = (uint8_t)((high << rest | low >> (8 - rest)) & 0xFF);
    }
}

static int encrypt(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                   uint8_t block[16])
{
    if (crypto == NULL || parameters->key_size != 16) return TERN_ERR_CRYPTO;
    uint8_t in[16];
    memcpy(in, block, sizeof in);
    int status = crypto->aes_encrypt_block(crypto->context, block,
                                           tern_bytes(parameters->key, parameters->key_size), in);
    tern_wipe(in, sizeof in);
    return status;
}

static int milenage_temp(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                         uint8_t temp[16], const uint8_t rand[16])
{
    memcpy(temp, rand, 16);
    xor16(temp, parameters->opc);
    return encrypt(parameters, crypto, temp);
}

/* OUTn for n = 2 to 5. */
static int milenage_out(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                        uint8_t out[16], const uint8_t temp[16], unsigned n)
{
    uint8_t mixed[16];
    memcpy(mixed, temp, 16);
    xor16(mixed, parameters->opc);
    rotate(out, mixed, parameters->rotation[n - 1]);
    xor16(out, parameters->xoring + 16 * (size_t)(n - 1));
    int status = encrypt(parameters, crypto, out);
    xor16(out, parameters->opc);
    tern_wipe(mixed, sizeof mixed);
    return status;
}

static int milenage_mac(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                        uint8_t mac[8], const struct aka_challenge *challenge)
{
    uint8_t temp[16], in1[16], out[16];
    memcpy(in1, challenge->sqn, 6);
    memcpy(in1 + 6, challenge->amf, 2);
    memcpy(in1 + 8, in1, 8);
    xor16(in1, parameters->opc);
    int status = milenage_temp(parameters, crypto, temp, challenge->rand);
    rotate(out, in1, parameters->rotation[0]);
    xor16(out, temp);
    xor16(out, parameters->xoring);
    if (status == TERN_OK) status = encrypt(parameters, crypto, out);
    xor16(out, parameters->opc);
    memcpy(mac, challenge->resync ? out + 8 : out, 8);
    tern_wipe(temp, sizeof temp);
    tern_wipe(in1, sizeof in1);
    tern_wipe(out, sizeof out);
    return status;
}

static int milenage_answer(const struct aka_parameters *parameters,
                           const struct tern_crypto *crypto, struct aka_answer *answer,
                           const uint8_t rand[16])
{
    uint8_t temp[16], out[16] = {0};
    int status = milenage_temp(parameters, crypto, temp, rand);
    if (status == TERN_OK) status = milenage_out(parameters, crypto, out, temp, 2);
    memcpy(answer->ak, out, 6);
    memcpy(answer->res, out + 8, 8);
    answer->res_size = 8;
    if (status == TERN_OK) status = milenage_out(parameters, crypto, answer->ck, temp, 3);
    if (status == TERN_OK) status = milenage_out(parameters, crypto, answer->ik, temp, 4);
    tern_wipe(temp, sizeof temp);
    tern_wipe(out, sizeof out);
    return status;
}

static int milenage_resync_key(const struct aka_parameters *parameters,
                               const struct tern_crypto *crypto, uint8_t ak[6],
                               const uint8_t rand[16])
{
    uint8_t temp[16], out[16] = {0};
    int status = milenage_temp(parameters, crypto, temp, rand);
    if (status == TERN_OK) status = milenage_out(parameters, crypto, out, temp, 5);
    memcpy(ak, out, 6);
    tern_wipe(temp, sizeof temp);
    tern_wipe(out, sizeof out);
    return status;
}

const struct aka_functions AKA_MILENAGE_FUNCTIONS = {milenage_mac, milenage_answer,
                                                     milenage_resync_key};
