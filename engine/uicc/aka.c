/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithm a profile asks for, by its algorithmID, and the conversions to GSM. */
#include "engine/uicc/aka.h"

#include <string.h>

#include "engine/profile/image.h"

static const struct aka_functions *functions_of(const struct aka_parameters *parameters)
{
    switch (parameters->algorithm) {
    case AKA_MILENAGE:
        return &AKA_MILENAGE_FUNCTIONS;
    case AKA_TUAK:
        return &AKA_TUAK_FUNCTIONS;
    case AKA_TEST:
        return &AKA_TEST_FUNCTIONS;
    default:
        return NULL;
    }
}

int aka_mac(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
            uint8_t mac[8], const struct aka_challenge *challenge)
{
    const struct aka_functions *functions = functions_of(parameters);
    if (functions == NULL) return TERN_ERR_UNSUPPORTED;
    return functions->mac(parameters, crypto, mac, challenge);
}

int aka_answer(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
               struct aka_answer *answer, const uint8_t rand[16])
{
    const struct aka_functions *functions = functions_of(parameters);
    if (functions == NULL) return TERN_ERR_UNSUPPORTED;
    return functions->answer(parameters, crypto, answer, rand);
}

int aka_resync_key(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                   uint8_t ak[6], const uint8_t rand[16])
{
    const struct aka_functions *functions = functions_of(parameters);
    if (functions == NULL) return TERN_ERR_UNSUPPORTED;
    return functions->resync_key(parameters, crypto, ak, rand);
}

void aka_gsm_answer(uint8_t sres[4], uint8_t kc[8], const struct aka_answer *answer)
{
    memset(sres, 0, 4);
    for (size_t i = 0; i < answer->res_size; i++)
        sres[i % 4] ^= answer->res[i];
    for (size_t i = 0; i < 8; i++) {
        kc[i] = answer->ck[i] ^ answer->ck[i + 8] ^ answer->ik[i] ^ answer->ik[i + 8];
    }
}

/*
 * The test algorithm: one XOR, then rotations. TS 34.108, 8.1.2; saip.md 17.2.
 * f1* is f1 and f5* is f5 [unverified].
 */
static void test_xdout(const struct aka_parameters *parameters, uint8_t xdout[16],
                       const uint8_t rand[16])
{
    for (size_t i = 0; i < 16; i++)
        xdout[i] = parameters->key[i] ^ rand[i];
}

static int test_mac(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                    uint8_t mac[8], const struct aka_challenge *challenge)
{
    (void)crypto;
    uint8_t xdout[16];
    test_xdout(parameters, xdout, challenge->rand);
    for (size_t i = 0; i < 6; i++)
        mac[i] = xdout[i] ^ challenge->sqn[i];
    mac[6] = xdout[6] ^ challenge->amf[0];
    mac[7] = xdout[7] ^ challenge->amf[1];
    tern_wipe(xdout, sizeof xdout);
    return TERN_OK;
}

static int test_answer(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                       struct aka_answer *answer, const uint8_t rand[16])
{
    (void)crypto;
    uint8_t xdout[16];
    test_xdout(parameters, xdout, rand);
    /* algorithmOptions 00, 01, 02: 32, 64, 128 bits. saip.md 10. */
    answer->res_size = parameters->options == 0 ? 4 : parameters->options == 1 ? 8 : 16;
    memcpy(answer->res, xdout, 16);
    for (size_t i = 0; i < 16; i++) {
        answer->ck[i] = xdout[(i + 1) % 16];
        answer->ik[i] = xdout[(i + 2) % 16];
    }
    memcpy(answer->ak, xdout + 3, 6);
    tern_wipe(xdout, sizeof xdout);
    return TERN_OK;
}

static int test_resync_key(const struct aka_parameters *parameters,
                           const struct tern_crypto *crypto, uint8_t ak[6], const uint8_t rand[16])
{
    (void)crypto;
    for (size_t i = 0; i < 6; i++)
        ak[i] = parameters->key[i + 3] ^ rand[i + 3];
    return TERN_OK;
}

const struct aka_functions AKA_TEST_FUNCTIONS = {test_mac, test_answer, test_resync_key};
