/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TUAK, 3GPP TS 35.231, over our own Keccak-f[1600]: no library exposes the bare permutation, so
 * this is the one primitive that tern makes itself. saip.md 17.3.
 *
 * The state, 200 bytes; every input lies in it with its bytes reversed:
 *
 *     0        32       33        40     56    58    64         96    135
 *     TOPc     INSTANCE "TUAK1.0" RAND   AMF   SQN   K (16, 32) 1F ...  80 ...
 */
#include <string.h>

#include "engine/uicc/aka.h"

#define LANE_COUNT 25

static const uint64_t ROUND_CONSTANTS[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
    0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
    0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};
static const uint8_t ROTATIONS[24] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                      27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
static const uint8_t LANES[24] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                  15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};

static uint64_t rotate_left(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void keccak_round(uint64_t lanes[LANE_COUNT], uint64_t constant)
{
    uint64_t column[5];
    for (size_t x = 0; x < 5; x++) {
        column[x] = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20];
    }
    for (size_t x = 0; x < 5; x++) { /* theta */
        uint64_t mix = column[(x + 4) % 5] ^ rotate_left(column[(x + 1) % 5], 1);
        for (size_t y = 0; y < LANE_COUNT; y += 5)
            lanes[y + x] ^= mix;
    }
    uint64_t carried = lanes[1];
    for (size_t i = 0; i < 24; i++) { /* rho and pi */
        uint64_t next = lanes[LANES[i]];
        lanes[LANES[i]] = rotate_left(carried, ROTATIONS[i]);
        carried = next;
    }
    for (size_t y = 0; y < LANE_COUNT; y += 5) { /* chi */
        uint64_t row[5];
        memcpy(row, lanes + y, sizeof row);
        for (size_t x = 0; x < 5; x++)
            lanes[y + x] ^= ~row[(x + 1) % 5] & row[(x + 2) % 5];
    }
    lanes[0] ^= constant; /* iota */
}

void keccak_f1600(uint8_t state[200])
{
    uint64_t lanes[LANE_COUNT] = {0};
    for (size_t i = 0; i < 200; i++)
        lanes[i / 8] |= (uint64_t)state[i] << (8 * (i % 8));
    for (size_t i = 0; i < 24; i++)
        keccak_round(lanes, ROUND_CONSTANTS[i]);
    for (size_t i = 0; i < 200; i++)
        state[i] = (uint8_t)(lanes[i / 8] >> (8 * (i % 8)));
    tern_wipe(lanes, sizeof lanes);
}

static void reversed(uint8_t *out, const uint8_t *in, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = in[size - 1 - i];
}

void tuak_run(uint8_t state[200], const struct tuak_input *input)
{
    static const uint8_t NAME[7] = {'T', 'U', 'A', 'K', '1', '.', '0'};
    memset(state, 0, 200);
    reversed(state, input->top, 32);
    state[32] = (uint8_t)(input->instance | (input->key.size == 32 ? 0x01 : 0x00));
    reversed(state + 33, NAME, sizeof NAME);
    if (input->rand != NULL) reversed(state + 40, input->rand, 16);
    if (input->amf != NULL) reversed(state + 56, input->amf, 2);
    if (input->sqn != NULL) reversed(state + 58, input->sqn, 6);
    reversed(state + 64, input->key.data, input->key.size);
    state[96] = 0x1F;
    state[135] = 0x80;
    for (unsigned i = 0; i < input->keccak; i++)
        keccak_f1600(state);
}

void tuak_topc(uint8_t topc[32], struct tern_bytes key, const uint8_t top[32], unsigned keccak)
{
    uint8_t state[200];
    const struct tuak_input input = {.key = key, .top = top, .keccak = keccak};
    tuak_run(state, &input);
    reversed(topc, state, 32);
    tern_wipe(state, sizeof state);
}

/* INSTANCE. TS 35.231, 6.2 to 6.5, for a MAC of 64 bits, CK and IK of 128. */
enum { INSTANCE_F1 = 0x08, INSTANCE_F1_STAR = 0x88, INSTANCE_F5_STAR = 0xC0 };
enum { INSTANCE_RES_64 = 0x48 };

static struct tuak_input input_of(const struct aka_parameters *parameters, uint8_t instance,
                                  const uint8_t rand[16])
{
    return (struct tuak_input){.key = tern_bytes(parameters->key, parameters->key_size),
                               .top = parameters->opc,
                               .keccak = parameters->keccak,
                               .instance = instance,
                               .rand = rand};
}

static int tuak_mac(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                    uint8_t mac[8], const struct aka_challenge *challenge)
{
    (void)crypto;
    uint8_t state[200], instance = challenge->resync ? INSTANCE_F1_STAR : INSTANCE_F1;
    struct tuak_input input = input_of(parameters, instance, challenge->rand);
    input.sqn = challenge->sqn;
    input.amf = challenge->amf;
    tuak_run(state, &input);
    reversed(mac, state, 8);
    tern_wipe(state, sizeof state);
    return TERN_OK;
}

/*
 * The coding of algorithmOptions for TUAK is not known to us (saip.md 10): RES has 64 bits. The
 * low nibble 2, as the test algorithm has it, would collide with profiles made for 64 bits.
 */
static int tuak_answer(const struct aka_parameters *parameters, const struct tern_crypto *crypto,
                       struct aka_answer *answer, const uint8_t rand[16])
{
    (void)crypto;
    uint8_t state[200];
    const struct tuak_input input = input_of(parameters, INSTANCE_RES_64, rand);
    tuak_run(state, &input);
    answer->res_size = 8;
    reversed(answer->res, state, 8);
    reversed(answer->ck, state + 32, 16);
    reversed(answer->ik, state + 64, 16);
    reversed(answer->ak, state + 96, 6);
    tern_wipe(state, sizeof state);
    return TERN_OK;
}

static int tuak_resync_key(const struct aka_parameters *parameters,
                           const struct tern_crypto *crypto, uint8_t ak[6], const uint8_t rand[16])
{
    (void)crypto;
    uint8_t state[200];
    const struct tuak_input input = input_of(parameters, INSTANCE_F5_STAR, rand);
    tuak_run(state, &input);
    reversed(ak, state + 96, 6);
    tern_wipe(state, sizeof state);
    return TERN_OK;
}

const struct aka_functions AKA_TUAK_FUNCTIONS = {tuak_mac, tuak_answer, tuak_resync_key};
