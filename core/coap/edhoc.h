/* SPDX-License-Identifier: Apache-2.0 */
/** Between the files of EDHOC: edhoc.c has the key schedule, the others the messages. */
#ifndef CORE_COAP_EDHOC_H
#define CORE_COAP_EDHOC_H

#include "tern/cbor.h"
#include "tern/edhoc.h"

enum edhoc_step {
    STEP_START = 0,
    STEP_SENT_1,
    STEP_TOOK_1,
    STEP_SENT_2,
    STEP_TOOK_2, /* the peer's credential is wanted */
    STEP_TOOK_3, /* likewise */
    STEP_VERIFIED_2,
    STEP_DONE, /* keys are there */
};

/* Labels of EDHOC_KDF, RFC 9528, 4.1.2. */
enum edhoc_label {
    LABEL_KEYSTREAM_2 = 0,
    LABEL_SALT_3E2M = 1,
    LABEL_MAC_2 = 2,
    LABEL_K_3 = 3,
    LABEL_IV_3 = 4,
    LABEL_SALT_4E3M = 5,
    LABEL_MAC_3 = 6,
    LABEL_PRK_OUT = 7,
    LABEL_K_4 = 8,
    LABEL_IV_4 = 9,
    LABEL_PRK_EXPORTER = 10,
};

size_t edhoc_tag_size(const struct tern_edhoc *edhoc);
/* Does this role authenticate with a static DH key? */
bool edhoc_is_static(const struct tern_edhoc *edhoc, enum tern_edhoc_role role);

int edhoc_kdf(const struct tern_edhoc *edhoc, uint8_t *out, size_t size,
              const uint8_t prk[TERN_SHA256_SIZE], unsigned label, struct tern_bytes context);
/* TH_2 and PRK_2e, once both ephemeral keys are there. */
int edhoc_begin_keys(struct tern_edhoc *edhoc);
/* PRK_3e2m or PRK_4e3m into edhoc->prk; `point` and `scalar` are of the static DH. */
int edhoc_mix_static(struct tern_edhoc *edhoc, unsigned salt_label, const uint8_t *scalar,
                     const uint8_t point[TERN_POINT_SIZE]);
/* TH_3 or TH_4: H( bstr(TH), PLAINTEXT, CRED ). */
int edhoc_next_th(struct tern_edhoc *edhoc, struct tern_bytes cred);
/* MAC_2 or MAC_3 of this credential. Returns its size, or an error. */
int edhoc_mac(const struct tern_edhoc *edhoc, uint8_t mac[TERN_SHA256_SIZE], bool second,
              const struct tern_edhoc_credential *credential, struct tern_bytes ead);
/* Signature_or_MAC of ours into `out` (64 bytes). Returns its size, or an error. */
int edhoc_sign_or_mac(const struct tern_edhoc *edhoc, uint8_t out[TERN_SIGNATURE_SIZE],
                      bool second);
/* Whether the peer's Signature_or_MAC is right. */
int edhoc_check(const struct tern_edhoc *edhoc, bool second,
                const struct tern_edhoc_credential *peer);
int edhoc_finish_keys(struct tern_edhoc *edhoc);

/* CIPHERTEXT_3 and 4. `number` 3 or 4. */
int edhoc_seal(const struct tern_edhoc *edhoc, unsigned number, uint8_t *out, struct tern_bytes in);
int edhoc_open(const struct tern_edhoc *edhoc, unsigned number, uint8_t *out, struct tern_bytes in);

/* Identifiers in their wire form (RFC 9528, 3.3.2). */
void edhoc_write_id(struct tern_writer *out, struct tern_bytes id);
int edhoc_read_id(struct tern_bytes *rest, struct tern_edhoc_id *id);
/* ID_CRED, kid compacted. */
void edhoc_write_id_cred(struct tern_writer *out, struct tern_bytes id_cred);
/* ( ID_CRED, Signature_or_MAC, ?EAD ) of the peer out of edhoc->plaintext from `rest` on. */
int edhoc_read_proof(struct tern_edhoc *edhoc, struct tern_bytes rest);
int edhoc_check_ead(struct tern_bytes ead);
/* A message that is one byte string. */
int edhoc_read_single(struct tern_bytes message, struct tern_bytes *content);

#endif
