/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made on the spot for tests of TLS and DTLS, in the shape of GSMA's: a self-signed CI
 * root, leaves with a critical certificatePolicies, EC keys. OpenSSL makes them, not our code. */
#ifndef TESTS_SUPPORT_CERTIFICATES_H
#define TESTS_SUPPORT_CERTIFICATES_H

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "host/tls/tls.h"

struct test_certificate {
    EVP_PKEY *key;
    X509 *x509;
    uint8_t der[2048];
    size_t der_size;
    uint8_t key_der[512];
    size_t key_size;
    uint8_t spki[200];
    size_t spki_size;
};

static inline void test_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    CONF *nothing = NCONF_new(NULL); /* some extensions insist on a configuration */
    X509V3_set_nconf(&context, nothing);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(nothing, &context, nid, value);
    NCONF_free(nothing);
    if (extension == NULL || X509_add_ext(x509, extension, -1) != 1) {
        ERR_print_errors_fp(stderr);
        abort();
    }
    X509_EXTENSION_free(extension);
}

/* `host` NULL makes an authority. `issuer` NULL signs itself. */
static inline void test_certificate_make(struct test_certificate *made, const char *curve,
                                         const char *name, const char *host,
                                         const struct test_certificate *issuer, const char *usage)
{
    static long serial = 1;
    made->key = EVP_EC_gen(curve);
    made->x509 = X509_new();
    X509_set_version(made->x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made->x509), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made->x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made->x509), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made->x509), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509 *signer = issuer == NULL ? made->x509 : issuer->x509;
    X509_set_issuer_name(made->x509, X509_get_subject_name(signer));
    X509_set_pubkey(made->x509, made->key);
    if (host == NULL) {
        test_extension(made->x509, signer, NID_basic_constraints, "critical,CA:TRUE");
        test_extension(made->x509, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
        test_extension(made->x509, signer, NID_certificate_policies, "critical,2.23.146.1.2.1.0");
    } else {
        char names[300];
        snprintf(names, sizeof(names), "DNS:%s", host);
        test_extension(made->x509, signer, NID_key_usage, "critical,digitalSignature");
        test_extension(made->x509, signer, NID_ext_key_usage, usage);
        test_extension(made->x509, signer, NID_certificate_policies, "critical,2.23.146.1.2.1.3");
        test_extension(made->x509, signer, NID_subject_alt_name, names);
    }
    test_extension(made->x509, signer, NID_subject_key_identifier, "hash");
    X509_sign(made->x509, issuer == NULL ? made->key : issuer->key, EVP_sha256());

    unsigned char *at = made->der;
    made->der_size = (size_t)i2d_X509(made->x509, &at);
    at = made->key_der;
    made->key_size = (size_t)i2d_PrivateKey(made->key, &at);
    at = made->spki;
    made->spki_size = (size_t)i2d_PUBKEY(made->key, &at);
}

static inline void test_certificate_free(struct test_certificate *made)
{
    X509_free(made->x509);
    EVP_PKEY_free(made->key);
}

static inline struct tern_bytes test_certificate_der(const struct test_certificate *made)
{
    return tern_bytes(made->der, made->der_size);
}

static inline struct tls_identity test_identity(const struct test_certificate *made)
{
    return (struct tls_identity){tern_bytes(made->der, made->der_size),
                                 tern_bytes(made->key_der, made->key_size)};
}

#endif
