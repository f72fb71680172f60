/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One place that decides whom TLS and DTLS trust and what they offer: see tls.h.
 *
 * GSMA's certificates are ordinary X.509 to OpenSSL as far as TLS needs them: a self-signed CI
 * root, critical certificatePolicies, P-256 or brainpoolP256r1 (sgp22.md 2.7). What OpenSSL does
 * not know are their roles: host/tls/roles.c looks at them.
 */
#include "host/tls/tls.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/tls/roles.h"

#define SUITES_12 \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-CCM"
#define SUITES_13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_AES_128_CCM_SHA256"

static _Thread_local char last_error[200] = "";

const char *tls_error(void)
{
    return last_error;
}

/* Keep the first OpenSSL reason and clear the queue. */
static int fail(const char *what, int status)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    snprintf(last_error, sizeof(last_error), "%s%s%s", what, reason == NULL ? "" : ": ",
             reason == NULL ? "" : reason);
    ERR_clear_error();
    return status;
}

static bool is_pem(struct tern_bytes bytes)
{
    static const char MARK[] = "-----BEGIN ";
    for (size_t i = 0; i + sizeof(MARK) - 1 <= bytes.size; i++) {
        if (bytes.data[i] == '-' && memcmp(bytes.data + i, MARK, sizeof(MARK) - 1) == 0) {
            return true;
        }
    }
    return false;
}

/* All certificates of a PEM text or of DER elements one after the other; NULL when there is none.
 */
static STACK_OF(X509) * read_certificates(struct tern_bytes bytes)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    bool bad = list == NULL;
    if (is_pem(bytes)) {
        BIO *bio = BIO_new_mem_buf(bytes.data, (int)bytes.size);
        X509 *certificate = NULL;
        while (!bad && bio != NULL &&
               (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
            bad = sk_X509_push(list, certificate) == 0;
        }
        /* At the end PEM says "no start line"; anything else is a broken certificate. */
        bad = bad || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
        BIO_free(bio);
        if (!bad) {
            ERR_clear_error();
        }
    } else {
        const unsigned char *at = bytes.data;
        const unsigned char *end = at + bytes.size;
        while (!bad && at < end) {
            X509 *certificate = d2i_X509(NULL, &at, end - at);
            bad = certificate == NULL || sk_X509_push(list, certificate) == 0;
        }
    }
    if (bad || sk_X509_num(list) == 0) {
        sk_X509_pop_free(list, X509_free);
        return NULL;
    }
    return list;
}

static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1; /* never ask on the terminal */
}

static EVP_PKEY *read_key(struct tern_bytes bytes)
{
    if (is_pem(bytes)) {
        BIO *bio = BIO_new_mem_buf(bytes.data, (int)bytes.size);
        EVP_PKEY *key =
            bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
        BIO_free(bio);
        return key;
    }
    const unsigned char *at = bytes.data;
    return d2i_AutoPrivateKey(NULL, &at, (long)bytes.size);
}

/* The group of an EC key by OpenSSL's name, "" when it is none. */
static void key_group(EVP_PKEY *key, char name[40])
{
    size_t size = 0;
    name[0] = '\0';
    if (EVP_PKEY_get_group_name(key, name, 40, &size) != 1) {
        name[0] = '\0';
    }
}

/* Certificate chain and key into a context; `group` gets the key's group. */
static int use_identity(SSL_CTX *context, const struct tls_identity *identity, char group[40])
{
    STACK_OF(X509) *chain = read_certificates(identity->certificates);
    if (chain == NULL) {
        return fail("no certificate can be read", TERN_ERR_CERTIFICATE);
    }
    EVP_PKEY *key = read_key(identity->key);
    int status = TERN_OK;
    if (key == NULL) {
        status = fail("no private key can be read", TERN_ERR_CRYPTO);
    } else {
        key_group(key, group);
        if (SSL_CTX_use_certificate(context, sk_X509_value(chain, 0)) != 1 ||
            SSL_CTX_use_PrivateKey(context, key) != 1 || SSL_CTX_check_private_key(context) != 1) {
            status = fail("the key does not fit the certificate", TERN_ERR_CRYPTO);
        }
    }
    for (int i = 1; status == TERN_OK && i < sk_X509_num(chain); i++) {
        if (SSL_CTX_add1_chain_cert(context, sk_X509_value(chain, i)) != 1) {
            status = fail("the chain is refused", TERN_ERR_CERTIFICATE);
        }
    }
    EVP_PKEY_free(key);
    sk_X509_pop_free(chain, X509_free);
    return status;
}

static bool is_brainpool(const char *group)
{
    return strncmp(group, "brainpool", 9) == 0;
}

static int add_anchors(X509_STORE *store, struct tern_bytes anchors)
{
    STACK_OF(X509) *list = read_certificates(anchors);
    if (list == NULL) {
        return fail("no trust anchor can be read", TERN_ERR_CERTIFICATE);
    }
    int status = TERN_OK;
    for (int i = 0; status == TERN_OK && i < sk_X509_num(list); i++) {
        if (X509_STORE_add_cert(store, sk_X509_value(list, i)) != 1) {
            status = fail("a trust anchor is refused", TERN_ERR_CERTIFICATE);
        }
    }
    sk_X509_pop_free(list, X509_free);
    return status;
}

/* Common to both sides. A context for brainpool has no 1.3: RFC 8446 dropped the curve. */
static int set_common(SSL_CTX *context, const char *group, bool datagram)
{
    bool brainpool = is_brainpool(group);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
    /* No read-ahead: libevent asks SSL_pending(), which does not see what was read ahead. */
    long oldest = datagram ? DTLS1_2_VERSION : TLS1_2_VERSION;
    bool ok = SSL_CTX_set_min_proto_version(context, (int)oldest) == 1;
    if (brainpool && !datagram) {
        ok = ok && SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION) == 1;
    }
    ok = ok && SSL_CTX_set_cipher_list(context, SUITES_12) == 1;
    ok = ok && (datagram || SSL_CTX_set_ciphersuites(context, SUITES_13) == 1);
    ok =
        ok && SSL_CTX_set1_groups_list(context, brainpool ? "brainpoolP256r1:P-256" : "P-256") == 1;
    return ok ? TERN_OK : fail("suites or groups are refused", TERN_ERR_CRYPTO);
}

SSL_CTX *tls_server_context(const struct tls_identity *identity, struct tern_bytes client_anchors,
                            bool datagram)
{
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(datagram ? DTLS_server_method() : TLS_server_method());
    char group[40] = "";
    int status = context == NULL ? fail("no context", TERN_ERR_NO_SPACE)
                                 : use_identity(context, identity, group);
    status = status == TERN_OK ? set_common(context, group, datagram) : status;
    if (status == TERN_OK) {
        SSL_CTX_set_num_tickets(context, 0); /* nor in 1.3; it resumes nobody we know */
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    }
    if (status == TERN_OK && client_anchors.data != NULL) {
        status = add_anchors(SSL_CTX_get_cert_store(context), client_anchors);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        /* EUM and SM certificates may sit under an intermediate that is the configured anchor. */
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
        X509_VERIFY_PARAM_set_purpose(SSL_CTX_get0_param(context), X509_PURPOSE_SSL_CLIENT);
    }
    if (status != TERN_OK) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

/* What the verification of a client context needs; hangs on the context and dies with it. */
struct client_trust {
    struct tls_trust trust;
    char host[260];
};

static void free_client_trust(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index,
                              long argl, void *argp)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    free(pointer);
}

static int trust_index(void)
{
    static int index = -1;
    if (index < 0) {
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_client_trust);
    }
    return index;
}

__attribute__((constructor)) static void claim_index(void)
{
    trust_index(); /* before any thread */
}

static bool key_equals(X509 *leaf, struct tern_bytes spki)
{
    unsigned char *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
    bool equal = size > 0 && tern_bytes_equal(tern_bytes(der, (size_t)size), spki);
    OPENSSL_free(der);
    return equal;
}

static bool certificate_equals(X509 *leaf, struct tern_bytes der)
{
    unsigned char *own = NULL;
    int size = i2d_X509(leaf, &own);
    bool equal = size > 0 && tern_bytes_equal(tern_bytes(own, (size_t)size), der);
    OPENSSL_free(own);
    return equal;
}

/* A chain of its own against these anchors, with the name. Leaves its error in `outer`. */
static int verify_chain(X509_STORE_CTX *outer, struct tern_bytes anchors,
                        const struct client_trust *trust)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *inner = X509_STORE_CTX_new();
    int verdict = 0;
    int error = X509_V_ERR_UNSPECIFIED;
    const char *host = trust->host;
    if (store != NULL && inner != NULL && add_anchors(store, anchors) == TERN_OK &&
        X509_STORE_CTX_init(inner, store, X509_STORE_CTX_get0_cert(outer),
                            X509_STORE_CTX_get0_untrusted(outer)) == 1) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(inner);
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
        X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
        X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
        bool address = X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
        if (address || X509_VERIFY_PARAM_set1_host(param, host, 0) == 1) {
            verdict = X509_verify_cert(inner) == 1;
            error = X509_STORE_CTX_get_error(inner);
            if (verdict == 1 &&
                !tls_roles_fit(X509_STORE_CTX_get0_chain(inner), trust->trust.roles)) {
                verdict = 0;
                error = X509_V_ERR_INVALID_PURPOSE;
            }
        }
    }
    X509_STORE_CTX_set_error(outer, verdict == 1 ? X509_V_OK : error);
    X509_STORE_CTX_free(inner);
    X509_STORE_free(store);
    ERR_clear_error();
    return verdict;
}

/* OpenSSL asks here instead of X509_verify_cert(). 1 accepts. */
static int verify_server(X509_STORE_CTX *store_context, void *argument)
{
    const struct client_trust *trust = argument;
    X509 *leaf = X509_STORE_CTX_get0_cert(store_context);
    if (leaf == NULL) {
        return 0;
    }
    bool pinned = false;
    if (trust->trust.spki.data != NULL) {
        pinned = key_equals(leaf, trust->trust.spki);
    } else if (trust->trust.certificate.data != NULL) {
        pinned = certificate_equals(leaf, trust->trust.certificate);
        const unsigned char *at = trust->trust.certificate.data;
        X509 *anchor = pinned ? NULL : d2i_X509(NULL, &at, (long)trust->trust.certificate.size);
        bool authority = anchor != NULL && X509_check_ca(anchor) == 1;
        X509_free(anchor);
        if (authority) {
            return verify_chain(store_context, trust->trust.certificate, trust);
        }
    } else {
        return verify_chain(store_context, trust->trust.anchors, trust);
    }
    X509_STORE_CTX_set_error(store_context,
                             pinned ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
    return pinned ? 1 : 0;
}

int tls_client_setup(SSL_CTX *context, const struct tls_trust *trust,
                     const struct tls_identity *identity, const char *host)
{
    ERR_clear_error();
    if (trust->spki.data == NULL && trust->certificate.data == NULL &&
        trust->anchors.data == NULL) {
        return fail("nothing to trust is configured", TERN_ERR_CERTIFICATE);
    }
    char group[40] = "";
    if (identity != NULL && identity->certificates.data != NULL) {
        int status = use_identity(context, identity, group);
        if (status != TERN_OK) {
            return status;
        }
    }
    struct client_trust *kept = calloc(1, sizeof(*kept));
    if (kept == NULL) {
        return TERN_ERR_NO_SPACE;
    }
    kept->trust = *trust;
    snprintf(kept->host, sizeof(kept->host), "%s", host);
    if (SSL_CTX_set_ex_data(context, trust_index(), kept) != 1) {
        free(kept);
        return TERN_ERR_NO_SPACE;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify_server, kept);
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    /* Both curves are offered: what the server's certificate is on is not known yet. */
    if (SSL_CTX_set_cipher_list(context, SUITES_12) != 1 ||
        SSL_CTX_set1_groups_list(context, "P-256:brainpoolP256r1") != 1) {
        return fail("suites or groups are refused", TERN_ERR_CRYPTO);
    }
    return TERN_OK;
}

void tls_peer_certificate(SSL *ssl, struct tern_writer *out)
{
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    unsigned char *der = NULL;
    int size = leaf == NULL ? 0 : i2d_X509(leaf, &der);
    if (size > 0) {
        tern_write(out, tern_bytes(der, (size_t)size));
    }
    OPENSSL_free(der);
}

void tls_bytes(SSL *ssl, uint64_t *received, uint64_t *sent)
{
    BIO *read_bio = SSL_get_rbio(ssl);
    BIO *write_bio = SSL_get_wbio(ssl);
    *received = read_bio == NULL ? 0 : BIO_number_read(read_bio);
    *sent = write_bio == NULL ? 0 : BIO_number_written(write_bio);
}
