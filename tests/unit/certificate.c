/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates, lists and chains: each rule has a chain that breaks it and nothing else.
 * tests/interop/chains.py asks OpenSSL about chains that OpenSSL made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "host/crypto/openssl.h"
#include "host/pki/make.h"
#include "host/pki/pki.h"
#include "tern/der.h"
#include "tests/support/hex.h"

#define NOW INT64_C(1790000000) /* 2026-09-21 */
#define DAY INT64_C(86400)

static const struct tern_crypto *crypto;

/* A certificate with its key and the DER it lives in. */
struct made {
    uint8_t der[TERN_CERTIFICATE_SIZE];
    size_t size;
    struct tern_key key;
    struct tern_certificate certificate;
};

static void make(struct made *made, struct certificate_plan plan, const struct made *issuer)
{
    struct tern_writer out = TERN_WRITER_OF(made->der);
    enum tern_curve curve = issuer == NULL ? TERN_CURVE_P256 : issuer->key.curve;
    if (made->key.handle == NULL) {
        assert_int_equal(tern_openssl_key_generate(&made->key, curve), TERN_OK);
    }
    plan.key = tern_openssl_key_public(made->key);
    plan.not_before = plan.not_before != 0 ? plan.not_before : NOW - DAY;
    plan.not_after = plan.not_after != 0 ? plan.not_after : NOW + DAY;
    struct certificate_issuer by = {issuer == NULL ? NULL : &issuer->certificate,
                                    issuer == NULL ? made->key : issuer->key};
    assert_int_equal(make_certificate(&out, &plan, &by), TERN_OK);
    made->size = out.size;
    assert_int_equal(tern_certificate_parse(&made->certificate, NULL, tern_writer_bytes(&out)),
                     TERN_OK);
}

struct world {
    struct made ci, eum, euicc, auth, tls;
    struct tern_anchor anchor;
    struct tern_trust trust;
};

static const uint8_t OID[] = {0x88, 0x37, 0x0A};
static const char *const IINS[] = {"89049032", "89044045"};

static struct certificate_plan ci_plan(void)
{
    return (struct certificate_plan){.kind = TERN_PKI_CI, .common_name = "CI", .country = "SE"};
}

static struct certificate_plan eum_plan(void)
{
    return (struct certificate_plan){.kind = TERN_PKI_EUM,
                                     .common_name = "EUM",
                                     .organization = "maker",
                                     .iins = IINS,
                                     .iin_count = 2};
}

static struct certificate_plan euicc_plan(void)
{
    return (struct certificate_plan){.kind = TERN_PKI_EUICC,
                                     .country = "SE",
                                     .organization = "maker",
                                     .eid = "89049032123451234512345678901235",
                                     .not_after = NEVER};
}

static struct certificate_plan auth_plan(void)
{
    return (struct certificate_plan){
        .kind = TERN_PKI_DP_AUTH, .common_name = "DP", .oid = TERN_BYTES_OF(OID)};
}

static struct certificate_plan tls_plan(void)
{
    return (struct certificate_plan){
        .kind = TERN_PKI_DP_TLS,
        .common_name = "smdp.example",
        .dns_name = "smdp.example",
        .oid = TERN_BYTES_OF(OID),
        .crl_urls = {"http://ci.example/A.crl", NULL}
    };
}

static void world_trust(struct world *world)
{
    struct tern_fault fault = {NULL, 0};
    assert_int_equal(
        tern_anchor_from_certificate(crypto, &world->anchor, &fault, &world->ci.certificate),
        TERN_OK);
    world->trust = (struct tern_trust){
        .crypto = crypto, .anchors = &world->anchor, .anchor_count = 1, .now = NOW};
}

static int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    make(&world->ci, ci_plan(), NULL);
    make(&world->eum, eum_plan(), &world->ci);
    make(&world->euicc, euicc_plan(), &world->eum);
    make(&world->auth, auth_plan(), &world->ci);
    make(&world->tls, tls_plan(), &world->ci);
    world_trust(world);
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    tern_openssl_key_free(&world->ci.key);
    tern_openssl_key_free(&world->eum.key);
    tern_openssl_key_free(&world->euicc.key);
    tern_openssl_key_free(&world->auth.key);
    tern_openssl_key_free(&world->tls.key);
    free(world);
    return 0;
}

static int verify_one(const struct world *world, const struct made *leaf, enum tern_role role,
                      struct tern_fault *fault)
{
    const struct tern_certificate *chain[] = {&leaf->certificate};
    return tern_chain_verify(&world->trust, fault, NULL, chain, 1, role);
}

static int verify_euicc(const struct world *world, struct tern_fault *fault)
{
    const struct tern_certificate *chain[] = {&world->euicc.certificate, &world->eum.certificate};
    const struct tern_anchor *anchor = NULL;
    int error = tern_chain_verify(&world->trust, fault, &anchor, chain, 2, TERN_ROLE_EUICC);
    assert_true(error != TERN_OK || anchor == &world->anchor);
    return error;
}

static void what_we_write_we_read(void **state)
{
    struct world *world = *state;
    const struct tern_certificate *tls = &world->tls.certificate;
    assert_int_equal(tls->role, TERN_ROLE_DP_TLS);
    assert_int_equal(tls->key_usage, TERN_KEY_USAGE_DIGITAL_SIGNATURE);
    assert_int_equal(tls->ext_key_usage, TERN_EXT_KEY_USAGE_SERVER | TERN_EXT_KEY_USAGE_CLIENT);
    assert_int_equal(tls->not_before, NOW - DAY);
    assert_int_equal(tls->not_after, NOW + DAY);
    assert_false(tls->is_ca);
    assert_int_equal(tls->path_length, TERN_PATH_LENGTH_NONE);
    assert_true(tern_bytes_equal(tls->registered_id, TERN_BYTES_OF(OID)));
    assert_true(tern_bytes_equal(tls->dns_name, TERN_BYTES_TEXT("smdp.example")));
    assert_true(tern_bytes_equal(tls->issuer, world->ci.certificate.subject));
    assert_true(tern_bytes_equal(tls->authority_key_id, world->ci.certificate.subject_key_id));
    assert_int_equal(world->eum.certificate.path_length, 0);
    assert_true(world->eum.certificate.is_ca);
    assert_int_equal(world->euicc.certificate.not_after, NEVER);
    uint8_t eid[16];
    assert_int_equal(tern_certificate_eid(&world->euicc.certificate, eid), TERN_OK);
    assert_true(tern_eid_check(eid));
    uint8_t key_id[20];
    tern_key_identifier(crypto, key_id, &tls->public_key);
    assert_memory_equal(key_id, tls->subject_key_id.data, 20);
    uint8_t spki[100];
    struct tern_writer out = TERN_WRITER_OF(spki);
    tern_spki_write(&out, &tls->public_key);
    assert_true(tern_bytes_equal(tern_writer_bytes(&out), tls->spki));
}

static void good_chains_are_believed(void **state)
{
    struct world *world = *state;
    struct tern_fault fault = {NULL, 0};
    assert_int_equal(verify_one(world, &world->auth, TERN_ROLE_DP_AUTH, &fault), TERN_OK);
    assert_int_equal(verify_one(world, &world->tls, TERN_ROLE_DP_TLS, &fault), TERN_OK);
    assert_int_equal(verify_euicc(world, &fault), TERN_OK);
    world->trust.now = TERN_TIME_NONE;
    assert_int_equal(verify_euicc(world, &fault), TERN_OK);
    /* The second IIN of the EUM. */
    struct certificate_plan plan = euicc_plan();
    plan.eid = "89044045930000000000002153893210";
    make(&world->euicc, plan, &world->eum);
    assert_int_equal(verify_euicc(world, &fault), TERN_OK);
}

/* Every byte of the certificate carries weight: change one and the chain is refused. */
static void any_flipped_byte_is_refused(void **state)
{
    struct world *world = *state;
    struct made *const leaves[] = {&world->auth, &world->tls, &world->euicc, &world->eum};
    for (size_t i = 0; i < TERN_COUNT_OF(leaves); i++) {
        struct made *leaf = leaves[i];
        struct made good = *leaf;
        for (size_t at = 0; at < leaf->size; at++) {
            uint8_t *copy = malloc(leaf->size);
            memcpy(copy, good.der, leaf->size);
            copy[at] ^= (uint8_t)(1 << at % 8);
            struct tern_fault fault = {NULL, 0};
            int error =
                tern_certificate_parse(&leaf->certificate, &fault, tern_bytes(copy, leaf->size));
            if (error == TERN_OK) {
                error = i < 2 ? verify_one(world, leaf, TERN_ROLE_NONE, &fault)
                              : verify_euicc(world, &fault);
            }
            assert_int_not_equal(error, TERN_OK);
            assert_non_null(fault.field);
            free(copy);
        }
        *leaf = good;
        assert_int_equal(
            tern_certificate_parse(&leaf->certificate, NULL, tern_bytes(leaf->der, leaf->size)),
            TERN_OK);
    }
}

static void every_prefix_fails_cleanly(void **state)
{
    struct world *world = *state;
    const struct made *all[] = {&world->ci, &world->eum, &world->euicc, &world->tls};
    for (size_t i = 0; i < TERN_COUNT_OF(all); i++) {
        for (size_t size = 0; size < all[i]->size; size++) {
            uint8_t *copy = malloc(size + (size == 0));
            memcpy(copy, all[i]->der, size);
            struct tern_certificate certificate;
            struct tern_fault fault = {NULL, 0};
            assert_true(tern_certificate_parse(&certificate, &fault, tern_bytes(copy, size)) < 0);
            assert_non_null(fault.field);
            free(copy);
        }
        uint8_t longer[TERN_CERTIFICATE_SIZE + 1];
        memcpy(longer, all[i]->der, all[i]->size);
        longer[all[i]->size] = 0;
        struct tern_certificate certificate;
        assert_int_equal(
            tern_certificate_parse(&certificate, NULL, tern_bytes(longer, all[i]->size + 1)),
            TERN_ERR_MALFORMED);
    }
}

static void a_role_is_never_another(void **state)
{
    struct world *world = *state;
    static const enum tern_role ROLES[] = {TERN_ROLE_EUICC, TERN_ROLE_DP_TLS, TERN_ROLE_DP_AUTH,
                                           TERN_ROLE_DP_PB, TERN_ROLE_DS_TLS, TERN_ROLE_DS_AUTH,
                                           TERN_ROLE_NONE};
    static const enum tern_pki_kind KINDS[] = {TERN_PKI_DP_TLS, TERN_PKI_DP_AUTH, TERN_PKI_DP_PB,
                                               TERN_PKI_DS_TLS, TERN_PKI_DS_AUTH};
    for (size_t i = 0; i < TERN_COUNT_OF(KINDS); i++) {
        struct certificate_plan plan = tls_plan();
        plan.kind = KINDS[i];
        make(&world->tls, plan, &world->ci);
        for (size_t j = 0; j < TERN_COUNT_OF(ROLES); j++) {
            struct tern_fault fault = {NULL, 0};
            int error = verify_one(world, &world->tls, ROLES[j], &fault);
            bool same = ROLES[j] == world->tls.certificate.role || ROLES[j] == TERN_ROLE_NONE;
            assert_int_equal(error, same ? TERN_OK : TERN_ERR_CERTIFICATE);
        }
    }
}

static void expect(int got, struct tern_fault fault, int error, const char *words, size_t index)
{
    if (got != error || fault.field == NULL || strcmp(fault.field, words) != 0) {
        fail_msg("wanted %d \"%s\", got %d \"%s\"", error, words, got,
                 fault.field == NULL ? "" : fault.field);
    }
    assert_int_equal(fault.offset, index);
}

static void broken_links_say_what_is_broken(void **state)
{
    struct world *world = *state;
    struct tern_fault fault = {NULL, 0};
    struct made other_ci = {.size = 0}, leaf = {.size = 0};

    make(&other_ci, ci_plan(), NULL); /* the same name, another key */
    make(&leaf, auth_plan(), &other_ci);
    expect(verify_one(world, &leaf, TERN_ROLE_DP_AUTH, &fault), fault, TERN_ERR_NOT_FOUND,
           "no trusted CI has its authorityKeyIdentifier", 0);

    struct certificate_plan plan = ci_plan();
    plan.common_name = "other";
    struct made renamed = {.key = world->ci.key};
    make(&renamed, plan, NULL); /* the CI's key under another name */
    make(&leaf, auth_plan(), &renamed);
    expect(verify_one(world, &leaf, TERN_ROLE_DP_AUTH, &fault), fault, TERN_ERR_CERTIFICATE,
           "issuer is not the subject of the certificate above", 0);

    /* Signed by another key that claims the CI's identifier. */
    struct made forger = {.key = other_ci.key, .certificate = world->ci.certificate};
    make(&leaf, auth_plan(), &forger);
    expect(verify_one(world, &leaf, TERN_ROLE_DP_AUTH, &fault), fault, TERN_ERR_SIGNATURE,
           "the signature does not verify", 0);

    plan = auth_plan();
    plan.not_before = NOW + 1;
    make(&leaf, plan, &world->ci);
    expect(verify_one(world, &leaf, TERN_ROLE_DP_AUTH, &fault), fault, TERN_ERR_EXPIRED,
           "not yet valid", 0);
    plan = auth_plan();
    plan.not_after = NOW - 1;
    make(&leaf, plan, &world->ci);
    expect(verify_one(world, &leaf, TERN_ROLE_DP_AUTH, &fault), fault, TERN_ERR_EXPIRED, "expired",
           0);
    world->trust.now = TERN_TIME_NONE;
    assert_int_equal(verify_one(world, &leaf, TERN_ROLE_DP_AUTH, &fault), TERN_OK);
    world->trust.now = NOW;
    /* The edges belong to the validity. */
    plan.not_before = plan.not_after = NOW;
    make(&leaf, plan, &world->ci);
    assert_int_equal(verify_one(world, &leaf, TERN_ROLE_DP_AUTH, &fault), TERN_OK);

    make(&leaf, eum_plan(), &world->ci); /* a CA as a leaf */
    expect(verify_one(world, &leaf, TERN_ROLE_NONE, &fault), fault, TERN_ERR_CERTIFICATE,
           "basicConstraints say CA in an end entity", 0);

    tern_openssl_key_free(&leaf.key);
    tern_openssl_key_free(&other_ci.key);
}

static void an_euicc_needs_its_eum(void **state)
{
    struct world *world = *state;
    struct tern_fault fault = {NULL, 0};

    struct certificate_plan plan = euicc_plan();
    plan.eid = "89049033123451234512345678901235";
    make(&world->euicc, plan, &world->eum);
    expect(verify_euicc(world, &fault), fault, TERN_ERR_CERTIFICATE,
           "the EUM's constraint does not permit this EID", 0);
    plan = euicc_plan();
    plan.organization = "another maker";
    make(&world->euicc, plan, &world->eum);
    expect(verify_euicc(world, &fault), fault, TERN_ERR_CERTIFICATE,
           "the EUM's constraint does not permit this EID", 0);
    plan = euicc_plan();
    plan.eid = "8904903212345123451234567890123"; /* 31 digits */
    make(&world->euicc, plan, &world->eum);
    expect(verify_euicc(world, &fault), fault, TERN_ERR_CERTIFICATE,
           "serialNumber of the subject is no EID", 0);

    make(&world->euicc, euicc_plan(), &world->ci); /* without an EUM */
    expect(verify_one(world, &world->euicc, TERN_ROLE_EUICC, &fault), fault, TERN_ERR_CERTIFICATE,
           "an eUICC must be issued by an EUM", 0);

    struct made server = {.size = 0};
    make(&server, auth_plan(), &world->eum); /* an EUM that plays CI */
    const struct tern_certificate *chain[] = {&server.certificate, &world->eum.certificate};
    int error = tern_chain_verify(&world->trust, &fault, NULL, chain, 2, TERN_ROLE_DP_AUTH);
    expect(error, fault, TERN_ERR_CERTIFICATE, "an EUM issued something that is no eUICC", 0);

    /* A leaf used as an issuer. */
    struct made below = {.size = 0};
    make(&below, auth_plan(), &world->auth);
    const struct tern_certificate *chain2[] = {&below.certificate, &world->auth.certificate};
    error = tern_chain_verify(&world->trust, &fault, NULL, chain2, 2, TERN_ROLE_DP_AUTH);
    expect(error, fault, TERN_ERR_CERTIFICATE, "basicConstraints do not say CA", 1);

    /* pathlen 0 of the EUM leaves no room for an EUM below it. */
    struct made eum2 = {.size = 0};
    make(&eum2, eum_plan(), &world->eum);
    make(&world->euicc, euicc_plan(), &eum2);
    const struct tern_certificate *chain3[] = {&world->euicc.certificate, &eum2.certificate,
                                               &world->eum.certificate};
    error = tern_chain_verify(&world->trust, &fault, NULL, chain3, 3, TERN_ROLE_EUICC);
    expect(error, fault, TERN_ERR_CERTIFICATE, "pathLenConstraint is exceeded", 2);

    /* An EUM without any constraint may issue nothing. */
    plan = eum_plan();
    plan.iin_count = 0;
    make(&world->eum, plan, &world->ci);
    make(&world->euicc, euicc_plan(), &world->eum);
    expect(verify_euicc(world, &fault), fault, TERN_ERR_CERTIFICATE,
           "the EUM's constraint does not permit this EID", 0);

    /* Later variants name the EINs themselves; a prefix of any length. */
    static const char *const EINS[] = {"890330", "8904903212345"}, *const OTHER[] = {"8904903213"};
    plan.eins = EINS;
    plan.ein_count = 2;
    make(&world->eum, plan, &world->ci);
    make(&world->euicc, euicc_plan(), &world->eum);
    assert_int_equal(verify_euicc(world, &fault), TERN_OK);
    plan.eins = OTHER;
    plan.ein_count = 1;
    make(&world->eum, plan, &world->ci);
    make(&world->euicc, euicc_plan(), &world->eum);
    expect(verify_euicc(world, &fault), fault, TERN_ERR_CERTIFICATE,
           "the EUM's constraint does not permit this EID", 0);
    /* With both constraints both must hold. */
    plan.iins = IINS;
    plan.iin_count = 2;
    make(&world->eum, plan, &world->ci);
    make(&world->euicc, euicc_plan(), &world->eum);
    expect(verify_euicc(world, &fault), fault, TERN_ERR_CERTIFICATE,
           "the EUM's constraint does not permit this EID", 0);

    tern_openssl_key_free(&server.key);
    tern_openssl_key_free(&below.key);
    tern_openssl_key_free(&eum2.key);
}

static void lists_revoke(void **state)
{
    struct world *world = *state;
    struct tern_fault fault = {NULL, 0};
    uint8_t der[1024];
    const struct certificate_issuer issuer = {&world->ci.certificate, world->ci.key};
    const struct tern_bytes serials[] = {world->eum.certificate.serial_number,
                                         world->auth.certificate.serial_number};
    struct tern_writer out = TERN_WRITER_OF(der);
    assert_int_equal(make_crl(&out,
                              &(struct crl_plan){.serials = serials,
                                                 .count = 2,
                                                 .this_update = NOW - 1,
                                                 .next_update = NOW + 1,
                                                 .number = 7},
                              &issuer),
                     TERN_OK);
    struct tern_crl crl;
    assert_int_equal(tern_crl_parse(&crl, &fault, tern_writer_bytes(&out)), TERN_OK);
    assert_int_equal(crl.this_update, NOW - 1);
    assert_int_equal(crl.next_update, NOW + 1);
    assert_int_equal(crl.number.size, 1);
    assert_int_equal(crl.number.data[0], 7);
    assert_int_equal(tern_crl_verify(crypto, &fault, &crl, &world->anchor), TERN_OK);
    world->trust.crls = &crl;
    world->trust.crl_count = 1;
    expect(verify_one(world, &world->auth, TERN_ROLE_DP_AUTH, &fault), fault, TERN_ERR_REVOKED,
           "revoked", 0);
    expect(verify_euicc(world, &fault), fault, TERN_ERR_REVOKED, "revoked", 1);
    assert_int_equal(verify_one(world, &world->tls, TERN_ROLE_DP_TLS, &fault), TERN_OK);
    for (size_t at = 0; at < out.size; at++) {
        uint8_t *copy = malloc(out.size);
        memcpy(copy, der, out.size);
        copy[at] ^= 1;
        struct tern_crl broken;
        int error = tern_crl_parse(&broken, &fault, tern_bytes(copy, out.size));
        if (error == TERN_OK) {
            error = tern_crl_verify(crypto, &fault, &broken, &world->anchor);
        }
        assert_int_not_equal(error, TERN_OK);
        free(copy);
    }
    for (size_t size = 0; size < out.size; size++) {
        assert_true(tern_crl_parse(&crl, &fault, tern_bytes(der, size)) < 0);
    }
    assert_int_equal(crl.total_partial, 1);
    assert_int_equal(crl.partial_number, 1);
    /* An empty list is a list; this is the second of three parts. */
    out = TERN_WRITER_OF(der);
    assert_int_equal(make_crl(&out,
                              &(struct crl_plan){.this_update = NOW - 1,
                                                 .next_update = NOW + 1,
                                                 .number = 8,
                                                 .total_partial = 3,
                                                 .partial_number = 2},
                              &issuer),
                     TERN_OK);
    assert_int_equal(tern_crl_parse(&crl, &fault, tern_writer_bytes(&out)), TERN_OK);
    assert_int_equal(crl.total_partial, 3);
    assert_int_equal(crl.partial_number, 2);
    assert_int_equal(tern_crl_verify(crypto, &fault, &crl, &world->anchor), TERN_OK);
    assert_int_equal(tern_crl_verify(crypto, &fault, &crl,
                                     &(struct tern_anchor){.public_key = world->anchor.public_key,
                                                           .key_id = TERN_BYTES_TEXT("other"),
                                                           .subject = world->anchor.subject}),
                     TERN_ERR_CERTIFICATE);
    assert_int_equal(verify_one(world, &world->auth, TERN_ROLE_DP_AUTH, &fault), TERN_OK);
}

static unsigned verified, remembered;
static uint8_t last_digest[32];

static bool cache_known(void *context, const uint8_t digest[32])
{
    (void)context;
    return remembered > 0 && memcmp(digest, last_digest, 32) == 0;
}

static void cache_remember(void *context, const uint8_t digest[32])
{
    (void)context;
    remembered++;
    memcpy(last_digest, digest, 32);
}

static int counting_verify(void *context, const struct tern_public_key *key,
                           struct tern_bytes signature, const struct tern_bytes *parts,
                           size_t count)
{
    verified++;
    return crypto->ecdsa_verify(context, key, signature, parts, count);
}

static void a_cache_spares_the_signature_only(void **state)
{
    struct world *world = *state;
    struct tern_fault fault = {NULL, 0};
    const struct tern_chain_cache cache = {NULL, cache_known, cache_remember};
    struct tern_crypto counting = *crypto;
    counting.ecdsa_verify = counting_verify;
    world->trust.crypto = &counting;
    world->trust.cache = &cache;
    verified = remembered = 0;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(verify_one(world, &world->auth, TERN_ROLE_DP_AUTH, &fault), TERN_OK);
    }
    assert_int_equal(verified, 1);
    assert_int_equal(remembered, 1);
    assert_int_equal(verify_one(world, &world->auth, TERN_ROLE_DP_PB, &fault),
                     TERN_ERR_CERTIFICATE);
    world->trust.now = NOW + 10 * DAY;
    assert_int_equal(verify_one(world, &world->auth, TERN_ROLE_DP_AUTH, &fault), TERN_ERR_EXPIRED);
    assert_int_equal(verified, 1);
    /* What did not verify is not remembered. */
    world->trust.now = NOW;
    world->tls.certificate.signature[5] ^= 1;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(verify_one(world, &world->tls, TERN_ROLE_DP_TLS, &fault),
                         TERN_ERR_SIGNATURE);
        assert_int_equal(verified, 2 + i);
    }
    assert_int_equal(remembered, 1);
}

static void an_anchor_is_a_ci(void **state)
{
    struct world *world = *state;
    struct tern_anchor anchor;
    struct tern_fault fault = {NULL, 0};
    expect(tern_anchor_from_certificate(crypto, &anchor, &fault, &world->eum.certificate), fault,
           TERN_ERR_CERTIFICATE, "the role of a CI is not in certificatePolicies", 0);
    world->ci.certificate.signature[1] ^= 1;
    expect(tern_anchor_from_certificate(crypto, &anchor, &fault, &world->ci.certificate), fault,
           TERN_ERR_SIGNATURE, "the CI's own signature does not verify", 0);
}

/* A certificate whose notAfter has this text, unsigned: only reading matters here. */
static int read_time(struct world *world, const char *text, int64_t *seconds)
{
    struct certificate_plan plan = auth_plan();
    plan.not_after = strlen(text) == 13 ? NOW + DAY : NEVER;
    make(&world->auth, plan, &world->ci);
    const struct tern_certificate *good = &world->auth.certificate;
    /* notAfter ends right before the subject. */
    uint8_t *end = world->auth.der + (good->subject.data - world->auth.der);
    size_t size = strlen(text);
    if (end[-(ptrdiff_t)size - 1] != size) {
        return 1;
    }
    memcpy(end - size, text, size);
    struct tern_certificate certificate;
    int error =
        tern_certificate_parse(&certificate, NULL, tern_bytes(world->auth.der, world->auth.size));
    *seconds = certificate.not_after;
    return error;
}

static void times_reach_the_year_9999(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *text;
        int error;
        int64_t seconds; /* by `date -u -d ... +%s` */
    } VECTORS[] = {
        {"700101000000Z",   TERN_OK,            0           },
        {"491231235959Z",   TERN_OK,            2524607999  },
        {"500101000000Z",   TERN_OK,            -631152000  },
        {"240229120000Z",   TERN_OK,            1709208000  },
        {"230229120000Z",   TERN_ERR_MALFORMED, 0           },
        {"231301000000Z",   TERN_ERR_MALFORMED, 0           },
        {"230100000000Z",   TERN_ERR_MALFORMED, 0           },
        {"230101240000Z",   TERN_ERR_MALFORMED, 0           },
        {"230101006000Z",   TERN_ERR_MALFORMED, 0           },
        {"230101000060Z",   TERN_ERR_MALFORMED, 0           },
        {"2301010000000",   TERN_ERR_MALFORMED, 0           },
        {"23010100000aZ",   TERN_ERR_MALFORMED, 0           },
        {"74960124094858Z", TERN_OK,            174385734538},
        {"99991231235959Z", TERN_OK,            253402300799},
        {"21000229000000Z", TERN_ERR_MALFORMED, 0           }, /* 2100 is no leap year */
        {"20000229000000Z", TERN_OK,            951782400   },
    };
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        int64_t seconds = 0;
        assert_int_equal(read_time(world, VECTORS[i].text, &seconds), VECTORS[i].error);
        if (VECTORS[i].error == TERN_OK) {
            assert_int_equal(seconds, VECTORS[i].seconds);
        }
    }
}

static void host_names_match_whole_labels(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *pattern, *name;
        bool fits;
    } VECTORS[] = {
        {"smdp.example", "smdp.example",   true },
        {"smdp.example", "SMDP.Example",   true },
        {"smdp.example", "smdp.example.",  false},
        {"smdp.example", "xsmdp.example",  false},
        {"smdp.example", "smdp.exampl",    false},
        {"*.example",    "smdp.example",   true },
        {"*.example",    "a.smdp.example", false},
        {"*.example",    ".example",       false},
        {"*.example",    "example",        false},
        {"smdp.*",       "smdp.example",   false},
        {"smdp.example", "",               false},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(VECTORS); i++) {
        struct certificate_plan plan = tls_plan();
        plan.dns_name = VECTORS[i].pattern;
        make(&world->tls, plan, &world->ci);
        assert_int_equal(tern_certificate_has_dns_name(&world->tls.certificate,
                                                       tern_bytes_text(VECTORS[i].name)),
                         VECTORS[i].fits);
    }
}

static void eids_get_their_check_digits(void **state)
{
    (void)state;
    char eid[33];
    /* sgp22.md 3: body 890490321234512345123456789012 has 35. */
    assert_int_equal(tern_eid_make(eid, "89049032", UINT64_C(1234512345123456789)), TERN_OK);
    assert_string_equal(eid, "89049032000123451234512345678950");
    for (uint64_t number = 0; number < 500; number++) {
        uint8_t bytes[16];
        assert_int_equal(tern_eid_make(eid, "89049033", number), TERN_OK);
        assert_int_equal(tern_eid_from_text(bytes, tern_bytes_text(eid)), TERN_OK);
        assert_true(tern_eid_check(bytes));
    }
    assert_int_equal(tern_eid_make(eid, "8904903", 1), TERN_ERR_RANGE);
    assert_int_equal(tern_eid_make(eid, "8904903x", 1), TERN_ERR_RANGE);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
    crypto = tern_openssl();
    const struct CMUnitTest tests[] = {
        CASE(what_we_write_we_read),
        CASE(good_chains_are_believed),
        CASE(any_flipped_byte_is_refused),
        CASE(every_prefix_fails_cleanly),
        CASE(a_role_is_never_another),
        CASE(broken_links_say_what_is_broken),
        CASE(an_euicc_needs_its_eum),
        CASE(lists_revoke),
        CASE(a_cache_spares_the_signature_only),
        CASE(an_anchor_is_a_ci),
        CASE(times_reach_the_year_9999),
        CASE(host_names_match_whole_labels),
        cmocka_unit_test(eids_get_their_check_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
