/* SPDX-License-Identifier: Apache-2.0 */
/**
 * EDHOC (RFC 9528): three messages that authenticate both ends and give the keys of an OSCORE
 * context. Suites 2 and 3 (P-256, ES256, AES-CCM), methods 0 to 3, without I/O or heap.
 * coap-oscore-edhoc.md 7 and 8.
 *
 *     Initiator                                     Responder
 *     tern_edhoc_message_1()     -- message_1 -->   tern_edhoc_take_1()
 *     tern_edhoc_take_2()        <-- message_2 --   tern_edhoc_message_2()
 *     (find the credential of peer_id_cred)
 *     tern_edhoc_verify()
 *     tern_edhoc_message_3()     -- message_3 -->   tern_edhoc_take_3()
 *                                                   (find the credential of peer_id_cred)
 *                                                   tern_edhoc_verify()
 *     tern_edhoc_take_4()        <-- message_4 --   tern_edhoc_message_4()       when it is used
 *     tern_edhoc_oscore()                           tern_edhoc_oscore()
 *
 * After any error the session is over: wipe it. A message is never composed twice for one session;
 * keep the bytes and send those again.
 */
#ifndef TERN_EDHOC_H
#define TERN_EDHOC_H

#include "tern/crypto.h"
#include "tern/oscore.h"

#define TERN_EDHOC_ID_SIZE_MAX        7   /**< C_I and C_R become OSCORE's Sender IDs */
#define TERN_EDHOC_PLAINTEXT_SIZE_MAX 700 /**< PLAINTEXT_2 and 3; a certificate by value fits */
#define TERN_EDHOC_MESSAGE_SIZE_MAX   760

enum tern_edhoc_method {
    TERN_EDHOC_SIGN_SIGN = 0,   /**< I and R sign */
    TERN_EDHOC_SIGN_STATIC = 1, /**< I signs, R has a static DH key */
    TERN_EDHOC_STATIC_SIGN = 2,
    TERN_EDHOC_STATIC_STATIC = 3, /**< the smallest */
};

/** Who somebody is. Byte for byte the same at both ends. Borrowed for the session. */
struct tern_edhoc_credential {
    struct tern_bytes id_cred; /**< CBOR map: A1 04 41 32 (kid), A1 18 22 82 2E 48 .. (x5t) */
    struct tern_bytes cred; /**< CBOR item: a CCS as it is, or a byte string with a certificate */
    struct tern_public_key key;
    /* For oneself, as the method wants: */
    struct tern_key sign_key;     /**< signature */
    const uint8_t *static_scalar; /**< static DH: TERN_SCALAR_SIZE bytes */
};

enum tern_edhoc_role { TERN_EDHOC_INITIATOR = 1, TERN_EDHOC_RESPONDER = 2 };

struct tern_edhoc_id {
    uint8_t size;
    uint8_t data[TERN_EDHOC_ID_SIZE_MAX];
};

/** A session. Members are private but for those with a comment; it holds keys: wipe it. */
struct tern_edhoc {
    const struct tern_crypto *crypto;
    const struct tern_edhoc_credential *own;
    enum tern_edhoc_role role;
    uint8_t step;
    uint8_t method; /**< read it after take_1 */
    uint8_t suite;  /**< 2 or 3, as agreed */
    bool suite_3_only;
    struct tern_edhoc_id c_i;         /**< the Responder's Sender ID in OSCORE */
    struct tern_edhoc_id c_r;         /**< the Initiator's */
    uint8_t scalar[TERN_SCALAR_SIZE]; /* ephemeral */
    uint8_t own_point[TERN_POINT_SIZE];
    uint8_t peer_point[TERN_POINT_SIZE];
    uint8_t h_message_1[TERN_SHA256_SIZE];
    uint8_t th[TERN_SHA256_SIZE];  /* TH_2, TH_3, TH_4 in turn */
    uint8_t prk[TERN_SHA256_SIZE]; /* PRK_2e, PRK_3e2m, PRK_4e3m in turn */
    uint8_t prk_out[TERN_SHA256_SIZE];
    struct tern_bytes peer_id_cred; /**< after take_2 and take_3: a CBOR map; not proved yet */
    uint8_t peer_kid[4 + TERN_EDHOC_ID_SIZE_MAX];
    struct tern_bytes mac; /* Signature_or_MAC of the peer */
    struct tern_bytes ead;
    uint8_t plaintext[TERN_EDHOC_PLAINTEXT_SIZE_MAX];
    uint16_t plaintext_size;
};

/** What goes to the peer when tern_edhoc_take_1() fails: an error message (RFC 9528, 6). */
#define TERN_EDHOC_ERROR_UNSPECIFIED 1
#define TERN_EDHOC_ERROR_SUITE       2
#define TERN_EDHOC_ERROR_CREDENTIAL  3

/** `suite` 2 or 3; `c_i` up to 7 bytes, not in use as a Recipient ID. */
void tern_edhoc_initiate(struct tern_edhoc *edhoc, const struct tern_crypto *crypto,
                         const struct tern_edhoc_credential *own, enum tern_edhoc_method method,
                         uint8_t suite, struct tern_bytes c_i);
/** A Responder of both suites, for any method that its credential can do. */
void tern_edhoc_respond(struct tern_edhoc *edhoc, const struct tern_crypto *crypto,
                        const struct tern_edhoc_credential *own, struct tern_bytes c_r);

/**
 * All of them: TERN_OK, TERN_ERR_STATE out of turn, TERN_ERR_MALFORMED and TERN_ERR_TRUNCATED for
 * a message that breaks its format, TERN_ERR_UNSUPPORTED, TERN_ERR_RANGE (a point that is none),
 * TERN_ERR_SIGNATURE, TERN_ERR_NO_SPACE, TERN_ERR_CRYPTO.
 */
int tern_edhoc_message_1(struct tern_edhoc *edhoc, struct tern_writer *out);
/** `error` gets the message to answer with when it fails. */
int tern_edhoc_take_1(struct tern_edhoc *edhoc, struct tern_writer *error,
                      struct tern_bytes message_1);
int tern_edhoc_message_2(struct tern_edhoc *edhoc, struct tern_writer *out);
int tern_edhoc_take_2(struct tern_edhoc *edhoc, struct tern_bytes message_2);
/** The peer is whom this credential names: proved, or TERN_ERR_SIGNATURE. Never one's own. */
int tern_edhoc_verify(struct tern_edhoc *edhoc, const struct tern_edhoc_credential *peer);
int tern_edhoc_message_3(struct tern_edhoc *edhoc, struct tern_writer *out);
int tern_edhoc_take_3(struct tern_edhoc *edhoc, struct tern_bytes message_3);
int tern_edhoc_message_4(struct tern_edhoc *edhoc, struct tern_writer *out);
int tern_edhoc_take_4(struct tern_edhoc *edhoc, struct tern_bytes message_4);

/** EDHOC_Exporter (RFC 9528, 4.2.1), once both ends are proved. */
int tern_edhoc_export(const struct tern_edhoc *edhoc, uint8_t *out, size_t size, uint32_t label,
                      struct tern_bytes context);
/** The OSCORE context of this session (RFC 9528, A.1). */
int tern_edhoc_oscore(const struct tern_edhoc *edhoc, struct tern_oscore *oscore);

/** An error message. `code` 1 takes a text, 2 lists our suites, 3 says that a credential lacks. */
void tern_edhoc_write_error(struct tern_writer *out, unsigned code, const char *text);

#endif
