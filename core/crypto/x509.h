/* SPDX-License-Identifier: Apache-2.0 */
/* Private to core/crypto: the pieces that certificates and revocation lists share (RFC 5280). */
#ifndef CORE_CRYPTO_X509_H
#define CORE_CRYPTO_X509_H

#include "tern/certificate.h"
#include "tern/der.h"

/* Where reading stands, for the fault. */
struct x509_reader {
    const uint8_t *start; /* Of the whole input */
    struct tern_fault *fault;
};

/* Record the fault and pass the error on. */
int x509_fail(const struct x509_reader *reader, const char *field, const uint8_t *at, int error);

/* The next element, which must be there and have this tag. */
int x509_take(const struct x509_reader *reader, struct tern_bytes *rest, tern_tag tag,
              const char *field, struct tern_tlv *tlv);

/* Nothing may be left. */
int x509_end(const struct x509_reader *reader, struct tern_bytes rest, const char *field);

/* True when the next element has this tag; nothing is taken. */
bool x509_next_is(struct tern_bytes rest, uint8_t tag);

/* The three elements of SIGNED{}: tbs, ecdsa-with-SHA256, and the signature as r | s. */
int x509_signed(const struct x509_reader *reader, struct tern_bytes der, struct tern_tlv *tbs,
                uint8_t signature[TERN_SIGNATURE_SIZE]);
/* An AlgorithmIdentifier that is ecdsa-with-SHA256. */
int x509_algorithm(const struct x509_reader *reader, struct tern_bytes *rest, const char *field);

/* UTCTime or GeneralizedTime, in the DER forms of RFC 5280, to seconds since 1970. */
int x509_time(const struct x509_reader *reader, struct tern_bytes *rest, const char *field,
              int64_t *seconds);

/* An INTEGER's content, checked to be DER. */
int x509_integer(const struct x509_reader *reader, struct tern_bytes *rest, const char *field,
                 struct tern_bytes *content);

/* One attribute after the other of a Name. */
struct x509_name_walk {
    struct tern_bytes names;      /* RelativeDistinguishedNames left */
    struct tern_bytes attributes; /* of the current one */
};

/* @return 1 with an attribute, 0 at the end, or a negative error. */
int x509_name_next(struct x509_name_walk *walk, struct tern_bytes *oid, struct tern_bytes *value);
struct x509_name_walk x509_name_walk(struct tern_bytes name);

/* Extensions. */
struct x509_extension {
    struct tern_bytes oid;
    bool critical;
    struct tern_bytes value; /* Content of the OCTET STRING */
    const uint8_t *at;
};
/* @return 1 with an extension, 0 at the end, or a negative error. */
int x509_extension_next(const struct x509_reader *reader, struct tern_bytes *rest,
                        struct x509_extension *extension);
/* extensions.c: all of a certificate's, `rest` being the content of the Extensions sequence. */
int x509_certificate_extensions(const struct x509_reader *reader,
                                struct tern_certificate *certificate, struct tern_bytes rest);
/* keyIdentifier out of an AuthorityKeyIdentifier. */
int x509_authority_key_id(struct tern_bytes value, struct tern_bytes *key_id);

#endif
