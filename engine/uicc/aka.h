/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions f1 to f5, f1* and f5* of 3GPP TS 33.102, annex B, in three algorithms:
 * Milenage (TS 35.206), TUAK (TS 35.231) and the test algorithm of TS 34.108, 8.1.2.
 * saip.md 17.
 */
#ifndef ENGINE_UICC_AKA_H
#define ENGINE_UICC_AKA_H

#include "tern/crypto.h"

/* What a profile says about one NAA's algorithm. Holds secrets: wipe it. */
struct aka_parameters {
    uint8_t algorithm; /* enum aka_algorithm */
    uint8_t options;   /* algorithmOptions: the length of RES for the test algorithm */
    uint8_t key[32];
    uint8_t key_size;    /* 16, or 32 for TUAK */
    uint8_t opc[32];     /* OPc (16) or TOPc (32) */
    uint8_t rotation[5]; /* Milenage r1 to r5 in bits */
    uint8_t xoring[80];  /* Milenage c1 to c5 */
    uint8_t keccak;      /* TUAK: permutations */
};

#define AKA_RES_SIZE_MAX 16

/* f2 to f5. Holds secrets: wipe it. */
struct aka_answer {
    uint8_t res[AKA_RES_SIZE_MAX];
    size_t res_size;
    uint8_t ck[16];
    uint8_t ik[16];
    uint8_t ak[6];
};

/* What f1 and f1* take besides the key. */
struct aka_challenge {
    const uint8_t *rand; /* 16 */
    const uint8_t *sqn;  /* 6 */
    const uint8_t *amf;  /* 2 */
    bool resync;         /* f1* in place of f1 */
};

int aka_mac(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
            uint8_t mac[8], const struct aka_challenge *challenge);
int aka_answer(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
               struct aka_answer *answer, const uint8_t rand[16]);
/* f5*: the anonymity key of a resynchronisation. */
int aka_resync_key(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                   uint8_t ak[6], const uint8_t rand[16]);

/* One algorithm. */
struct aka_functions {
    int (*mac)(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
               uint8_t mac[8], const struct aka_challenge *challenge);
    int (*answer)(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                  struct aka_answer *answer, const uint8_t rand[16]);
    int (*resync_key)(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                      uint8_t ak[6], const uint8_t rand[16]);
};

extern const struct aka_functions AKA_MILENAGE_FUNCTIONS;
extern const struct aka_functions AKA_TUAK_FUNCTIONS;
extern const struct aka_functions AKA_TEST_FUNCTIONS;

/* Conversion functions c2 and c3 for the GSM context. TS 33.102, 6.8.1.2. */
void aka_gsm_answer(uint8_t sres[4], uint8_t kc[8], const struct aka_answer *answer);

/* Keccak-f[1600] over 200 bytes. FIPS 202, 3.3. */
void keccak_f1600(uint8_t state[200]);
/* TUAK with a chosen TOP: TOPc. For tools and tests; a profile carries TOPc. */
void tuak_topc(uint8_t topc[32], struct tern_bytes key, const uint8_t top[32], unsigned keccak);

/* What goes into the TUAK state. `rand`, `amf` and `sqn` may be NULL for zeros. TS 35.231, 6. */
struct tuak_input {
    struct tern_bytes key;
    const uint8_t *top; /* TOPc, 32 */
    unsigned keccak;    /* permutations */
    uint8_t instance;   /* without its bit for a long key */
    const uint8_t *rand;
    const uint8_t *amf;
    const uint8_t *sqn;
};
void tuak_run(uint8_t state[200], const struct tuak_input *input);

#endif
