/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with certificates of `tern pki`: who may be a server, on both curves, over memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "host/crypto/openssl.h"
#include "host/pki/make.h"
#include "host/pki/pki.h"
#include "host/tls/tls.h"

static char folder[] = "/tmp/tern-tls-roles-XXXXXX";
static struct tern_pki *pki;

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static int setup(void **state)
{
    (void)state;
    static const char *const CURVES[] = {"p256", "brainpool"};
    static const char *const SMDP[] = {"smdp.example"}, *const SMDS[] = {"smds.example"};
    static const char *const EIM[] = {"eim.example"}, *const OPERATOR[] = {"operator"};
    struct tern_pki_why why = {""};
    const struct tern_pki_plan plan = {.curves = CURVES,
                                       .curve_count = 2,
                                       .eum_count = 1,
                                       .smdps = SMDP,
                                       .smdp_count = 1,
                                       .smdss = SMDS,
                                       .smds_count = 1,
                                       .eims = EIM,
                                       .eim_count = 1,
                                       .operators = OPERATOR,
                                       .operator_count = 1,
                                       .now = (int64_t)time(NULL)};
    char path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pki", folder);
    assert_int_equal(tern_pki_create(path, &plan, &why), TERN_OK);
    pki = tern_pki_load(path, 0, plan.now, &why);
    assert_non_null(pki);
    assert_true(tern_pki_is_test(pki));
    for (size_t i = 0; i < tern_pki_count(pki); i++) {
        assert_int_equal(tern_pki_at(pki, i)->status, TERN_OK);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tern_pki_free(pki);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The TLS version both sides agreed on, or 0 when the client refused. */
static int handshake(const struct tls_identity *server, const struct tls_trust *trust,
                     const char *host)
{
    SSL_CTX *server_context = tls_server_context(server, TERN_BYTES_NONE, false);
    SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
    assert_non_null(server_context);
    assert_int_equal(tls_client_setup(client_context, trust, NULL, host), TERN_OK);
    SSL *ssl[2] = {SSL_new(server_context), SSL_new(client_context)};
    BIO *ends[2];
    BIO_new_bio_pair(&ends[0], 0, &ends[1], 0);
    for (size_t i = 0; i < 2; i++) {
        SSL_set_bio(ssl[i], ends[i], ends[i]);
    }
    SSL_set_accept_state(ssl[0]);
    SSL_set_connect_state(ssl[1]);
    SSL_set_tlsext_host_name(ssl[1], host);
    for (int round = 0; round < 20; round++) {
        SSL_do_handshake(ssl[round % 2]);
    }
    bool done = SSL_is_init_finished(ssl[0]) && SSL_is_init_finished(ssl[1]);
    int version = done ? SSL_version(ssl[1]) : 0;
    for (size_t i = 0; i < 2; i++) {
        SSL_free(ssl[i]);
    }
    SSL_CTX_free(server_context);
    SSL_CTX_free(client_context);
    ERR_clear_error();
    return version;
}

static struct tls_identity identity(enum tern_pki_kind kind, const char *name,
                                    enum tern_curve curve)
{
    const struct tern_pki_entry *entry = NULL;
    while ((entry = tern_pki_find(pki, kind, name, TERN_BYTES_NONE, entry)) != NULL) {
        if (entry->certificate.public_key.curve == curve) {
            return (struct tls_identity){entry->certificate.raw, entry->key_der};
        }
    }
    fail_msg("no certificate for %s", name);
    return (struct tls_identity){TERN_BYTES_NONE, TERN_BYTES_NONE};
}

static void every_server_is_known_by_its_ci(void **state)
{
    (void)state;
    static const struct {
        enum tern_pki_kind kind;
        const char *name;
    } SERVERS[] = {
        {TERN_PKI_DP_TLS,  "smdp.example"},
        {TERN_PKI_DS_TLS,  "smds.example"},
        {TERN_PKI_EIM_TLS, "eim.example" }
    };
    const struct tls_trust trust = {.anchors = tern_pki_ci_certificates(pki)};
    for (size_t i = 0; i < TERN_COUNT_OF(SERVERS); i++) {
        struct tls_identity p256 = identity(SERVERS[i].kind, SERVERS[i].name, TERN_CURVE_P256);
        struct tls_identity brainpool =
            identity(SERVERS[i].kind, SERVERS[i].name, TERN_CURVE_BRAINPOOLP256R1);
        assert_int_equal(handshake(&p256, &trust, SERVERS[i].name), TLS1_3_VERSION);
        assert_int_equal(handshake(&brainpool, &trust, SERVERS[i].name), TLS1_2_VERSION);
        assert_int_equal(handshake(&p256, &trust, "other.example"), 0);
    }
}

static void a_named_role_is_demanded(void **state)
{
    (void)state;
    struct tls_trust trust = {.anchors = tern_pki_ci_certificates(pki),
                              .roles = 1U << TERN_ROLE_DP_TLS};
    struct tls_identity dp = identity(TERN_PKI_DP_TLS, "smdp.example", TERN_CURVE_P256);
    struct tls_identity ds = identity(TERN_PKI_DS_TLS, "smds.example", TERN_CURVE_P256);
    assert_int_equal(handshake(&dp, &trust, "smdp.example"), TLS1_3_VERSION);
    assert_int_equal(handshake(&ds, &trust, "smds.example"), 0);
}

static void no_other_role_and_no_eum_is_a_server(void **state)
{
    (void)state;
    const struct tern_pki_entry *ci = tern_pki_find(pki, TERN_PKI_CI, NULL, TERN_BYTES_NONE, NULL);
    const struct tern_pki_entry *eum =
        tern_pki_find(pki, TERN_PKI_EUM, NULL, TERN_BYTES_NONE, NULL);
    const struct {
        enum tern_pki_kind kind;
        const struct tern_pki_entry *issuer;
        int version;
    } ROWS[] = {
        {TERN_PKI_DP_TLS,  ci,  TLS1_3_VERSION}, /* the same certificate from the CI is fine */
        {TERN_PKI_DP_TLS,  eum, 0             },
        {TERN_PKI_EIM_TLS, eum, 0             },
        {TERN_PKI_DP_AUTH, ci,  0             },
        {TERN_PKI_DP_PB,   ci,  0             },
        {TERN_PKI_EUICC,   eum, 0             },
    };
    const struct tls_trust trust = {.anchors = tern_pki_ci_certificates(pki)};
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        struct tern_key key;
        uint8_t der[2048];
        struct tern_writer out = TERN_WRITER_OF(der);
        assert_int_equal(tern_openssl_key_generate(&key, TERN_CURVE_P256), TERN_OK);
        char organization[64];
        struct tern_bytes o = eum->certificate.subject_organization;
        snprintf(organization, sizeof organization, "%.*s", (int)o.size, (const char *)o.data);
        /* The subject that the EUM's constraint allows by RFC 5280, so that only the role speaks.
         */
        const struct certificate_plan plan = {.kind = ROWS[i].kind,
                                              .organization = organization,
                                              .eid = "89049032",
                                              .dns_name = "smdp.example",
                                              .not_before = (int64_t)time(NULL) - 60,
                                              .not_after = (int64_t)time(NULL) + 3600,
                                              .key = tern_openssl_key_public(key)};
        const struct certificate_issuer issuer = {&ROWS[i].issuer->certificate,
                                                  ROWS[i].issuer->key};
        assert_int_equal(make_certificate(&out, &plan, &issuer), TERN_OK);
        if (ROWS[i].issuer == eum) {
            tern_write(&out, eum->certificate.raw); /* the server sends its EUM along */
        }
        unsigned char *key_der = NULL;
        int key_size = i2d_PrivateKey(tern_openssl_key_pkey(key), &key_der);
        const struct tls_identity server = {tern_writer_bytes(&out),
                                            tern_bytes(key_der, (size_t)key_size)};
        assert_int_equal(handshake(&server, &trust, "smdp.example"), ROWS[i].version);
        OPENSSL_free(key_der);
        tern_openssl_key_free(&key);
    }
}

static void a_pinned_key_needs_no_role(void **state)
{
    (void)state;
    const struct tern_pki_entry *eim =
        tern_pki_find(pki, TERN_PKI_EIM_TLS, "eim.example", TERN_BYTES_NONE, NULL);
    const struct tern_pki_entry *other =
        tern_pki_find(pki, TERN_PKI_DP_TLS, "smdp.example", TERN_BYTES_NONE, NULL);
    struct tls_identity server = identity(TERN_PKI_EIM_TLS, "eim.example", TERN_CURVE_P256);
    struct tls_trust trust = {.spki = eim->certificate.spki};
    assert_int_equal(handshake(&server, &trust, "anything.example"), TLS1_3_VERSION);
    trust.spki = other->certificate.spki;
    assert_int_equal(handshake(&server, &trust, "eim.example"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_server_is_known_by_its_ci),
        cmocka_unit_test(a_named_role_is_demanded),
        cmocka_unit_test(no_other_role_and_no_eum_is_a_server),
        cmocka_unit_test(a_pinned_key_needs_no_role),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
