/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The authentication centre of a home network: vectors and resynchronisation.
 * 3GPP TS 33.102, 6.3; TS 35.206 (Milenage), TS 35.231 (TUAK), TS 34.108 (test algorithm).
 *
 * It calls OpenSSL itself and shares no code with the card (engine/uicc): when both sides agree,
 * two implementations agree. TUAK comes from SHAKE256 here: the state that TS 35.231 permutes is,
 * byte for byte, SHAKE256's after absorbing 96 bytes, so permutation n is block n of its output.
 */
#ifndef HOST_NETWORK_AUC_H
#define HOST_NETWORK_AUC_H

#include "tern/bytes.h"

enum auc_algorithm { AUC_MILENAGE = 1, AUC_TUAK = 2, AUC_TEST = 3 };

/** One subscriber. Holds secrets: wipe it. */
struct auc_subscriber {
    char imsi[16];
    enum auc_algorithm algorithm;
    uint8_t key[32];
    size_t key_size; /**< 16, or 32 for TUAK */
    uint8_t opc[32]; /**< OPc, or TOPc */
    unsigned keccak; /**< TUAK: permutations */
    uint64_t seq;    /**< The last SEQ given out, 43 bits, without IND. */
};

/** An authentication vector. Holds secrets: wipe it. */
struct auc_vector {
    uint8_t rand[16];
    uint8_t autn[16];
    uint8_t xres[16];
    size_t xres_size;
    uint8_t ck[16];
    uint8_t ik[16];
};

/** OPc from OP; TOPc from TOP. TERN_ERR_CRYPTO. */
int auc_opc(uint8_t opc[16], const uint8_t key[16], const uint8_t op[16]);
int auc_topc(uint8_t topc[32], struct tern_bytes key, const uint8_t top[32], unsigned keccak);

/** The next vector: moves `seq`. TERN_ERR_CRYPTO. */
int auc_vector_make(struct auc_subscriber *subscriber, struct auc_vector *vector);
/** The vector for a given RAND and SQN, AMF as given. For tests. */
int auc_vector_for(const struct auc_subscriber *subscriber, struct auc_vector *vector,
                   const uint8_t rand[16], const uint8_t sqn[6], const uint8_t amf[2]);

/**
 * What the card says when its sequence number is ahead: set `seq` to it.
 * TERN_ERR_SIGNATURE when MAC-S is not the subscriber's.
 */
int auc_resync(struct auc_subscriber *subscriber, const uint8_t rand[16], const uint8_t auts[14]);

#endif
