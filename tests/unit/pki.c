/* SPDX-License-Identifier: Apache-2.0 */
/* PKI directories: made, added to, loaded, searched, revoked in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/pki/pki.h"

#define NOW INT64_C(1790000000) /* 2026-09-21 */

static char folder[64];
static char dir[80];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/tern-pki-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(dir, sizeof dir, "%s/pki", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *const CURVES[] = {"p256", "brainpool"};
static const char *const SMDPS[] = {"smdp.sweden.example", "smdp.singapore.example"};
static const char *const EUICCS[] = {"2", "89044045930000000000002153893210"};

static struct tern_pki_plan plan_of_two_curves(void)
{
    return (struct tern_pki_plan){.curves = CURVES,
                                  .curve_count = 2,
                                  .eum_count = 1,
                                  .euiccs = EUICCS,
                                  .euicc_count = 2,
                                  .smdps = SMDPS,
                                  .smdp_count = 2,
                                  .now = NOW};
}

static struct tern_pki *load(unsigned flags, int64_t now)
{
    struct tern_pki_why why = {""};
    struct tern_pki *pki = tern_pki_load(dir, flags, now, &why);
    if (pki == NULL) {
        fail_msg("%s", why.text);
    }
    return pki;
}

static void create(const struct tern_pki_plan *plan)
{
    struct tern_pki_why why = {""};
    if (tern_pki_create(dir, plan, &why) != TERN_OK) {
        fail_msg("%s", why.text);
    }
}

static size_t count_kind(const struct tern_pki *pki, enum tern_pki_kind kind)
{
    size_t count = 0;
    const struct tern_pki_entry *entry = NULL;
    while ((entry = tern_pki_find(pki, kind, NULL, TERN_BYTES_NONE, entry)) != NULL) {
        count++;
    }
    return count;
}

static void a_server_finds_what_it_needs_by_name_and_ci(void **state)
{
    (void)state;
    struct tern_pki_plan plan = plan_of_two_curves();
    create(&plan);
    struct tern_pki *pki = load(0, NOW);
    size_t anchor_count, crl_count;
    const struct tern_anchor *anchors = tern_pki_anchors(pki, &anchor_count);
    (void)tern_pki_crls(pki, &crl_count);
    assert_int_equal(anchor_count, 2);
    assert_int_equal(crl_count, 2);
    assert_int_equal(anchors[0].public_key.curve, TERN_CURVE_P256);
    assert_true(tern_pki_is_test(pki));
    for (size_t i = 0; i < 2; i++) {
        const struct tern_pki_entry *sweden =
            tern_pki_find(pki, TERN_PKI_DP_AUTH, "smdp.sweden.example", anchors[i].key_id, NULL);
        const struct tern_pki_entry *pb =
            tern_pki_find(pki, TERN_PKI_DP_PB, "smdp.sweden.example", anchors[i].key_id, NULL);
        const struct tern_pki_entry *tls =
            tern_pki_find(pki, TERN_PKI_DP_TLS, "smdp.sweden.example", anchors[i].key_id, NULL);
        const struct tern_pki_entry *other =
            tern_pki_find(pki, TERN_PKI_DP_AUTH, "smdp.singapore.example", anchors[i].key_id, NULL);
        assert_non_null(sweden);
        assert_non_null(pb);
        assert_non_null(tls);
        assert_non_null(other);
        assert_non_null(sweden->key.handle);
        assert_int_equal(sweden->certificate.public_key.curve, anchors[i].public_key.curve);
        assert_true(
            tern_bytes_equal(sweden->certificate.registered_id, pb->certificate.registered_id));
        assert_true(
            tern_bytes_equal(sweden->certificate.registered_id, tls->certificate.registered_id));
        assert_false(
            tern_bytes_equal(sweden->certificate.registered_id, other->certificate.registered_id));
        assert_true(tls->certificate.raw.size <= 600);
        assert_null(
            tern_pki_find(pki, TERN_PKI_DP_AUTH, "smdp.norway.example", anchors[i].key_id, NULL));
        const struct tern_pki_entry *euicc =
            tern_pki_find(pki, TERN_PKI_EUICC, EUICCS[1], anchors[i].key_id, NULL);
        assert_non_null(euicc);
        assert_int_equal(euicc->issuer->kind, TERN_PKI_EUM);
        assert_ptr_equal(euicc->issuer->issuer, euicc->ci);
        /* The key belongs to the certificate. */
        uint8_t signature[64];
        struct tern_bytes text = TERN_BYTES_TEXT("text");
        const struct tern_crypto *crypto = tern_openssl();
        assert_int_equal(crypto->ecdsa_sign(crypto->context, signature, euicc->key, &text, 1),
                         TERN_OK);
        assert_int_equal(crypto->ecdsa_verify(crypto->context, &euicc->certificate.public_key,
                                              TERN_BYTES_OF(signature), &text, 1),
                         TERN_OK);
    }
    for (size_t i = 0; i < tern_pki_count(pki); i++) {
        const struct tern_pki_entry *entry = tern_pki_at(pki, i);
        struct stat status;
        assert_int_equal(entry->status, TERN_OK);
        assert_int_equal(stat(entry->key_path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
    tern_pki_free(pki);
    pki = load(TERN_PKI_SKIP_EUICCS, NOW);
    assert_int_equal(count_kind(pki, TERN_PKI_EUICC), 0);
    assert_int_equal(count_kind(pki, TERN_PKI_EUM), 2);
    tern_pki_free(pki);
}

static void adding_keeps_what_is_there(void **state)
{
    (void)state;
    struct tern_pki_plan plan = plan_of_two_curves();
    struct tern_pki_why why = {""};
    create(&plan);
    assert_int_equal(tern_pki_create(dir, &plan, &why), TERN_ERR_CONFLICT);
    struct tern_pki *before = load(0, NOW);
    static const char *const MORE[] = {"3", "89033023422340000000000000000050"};
    static const char *const SMDP[] = {"smdp.norway.example", "smdp.sweden.example"};
    plan = (struct tern_pki_plan){
        .euiccs = MORE, .euicc_count = 2, .smdps = SMDP, .smdp_count = 2, .now = NOW};
    assert_int_equal(tern_pki_add(dir, &plan, &why), TERN_OK);
    struct tern_pki *after = load(0, NOW);
    assert_int_equal(count_kind(after, TERN_PKI_EUICC), count_kind(before, TERN_PKI_EUICC) + 8);
    assert_int_equal(count_kind(after, TERN_PKI_DP_TLS), count_kind(before, TERN_PKI_DP_TLS) + 2);
    assert_int_equal(count_kind(after, TERN_PKI_EUM), 4); /* the foreign IIN got EUMs of its own */
    for (size_t i = 0; i < tern_pki_count(before); i++) {
        struct tern_bytes raw = tern_pki_at(before, i)->certificate.raw;
        bool kept = false;
        for (size_t j = 0; j < tern_pki_count(after); j++) {
            kept = kept || tern_bytes_equal(raw, tern_pki_at(after, j)->certificate.raw);
        }
        assert_true(kept);
    }
    for (size_t i = 0; i < tern_pki_count(after); i++) {
        assert_int_equal(tern_pki_at(after, i)->status, TERN_OK);
    }
    static const char *const BAD[] = {"../../etc", "a/b", "", "no host"};
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        plan = (struct tern_pki_plan){.smdps = &BAD[i], .smdp_count = 1, .now = NOW};
        assert_int_equal(tern_pki_add(dir, &plan, &why), TERN_ERR_RANGE);
    }
    tern_pki_free(before);
    tern_pki_free(after);
}

static void time_passes_and_lists_revoke(void **state)
{
    (void)state;
    struct tern_pki_plan plan = plan_of_two_curves();
    struct tern_pki_why why = {""};
    create(&plan);
    const int64_t later = NOW + 2 * 365 * INT64_C(86400); /* TLS is over, auth is not */
    struct tern_pki *pki = load(0, later);
    const struct tern_pki_entry *tls =
        tern_pki_find(pki, TERN_PKI_DP_TLS, NULL, TERN_BYTES_NONE, NULL);
    const struct tern_pki_entry *auth =
        tern_pki_find(pki, TERN_PKI_DP_AUTH, NULL, TERN_BYTES_NONE, NULL);
    assert_int_equal(tls->status, TERN_ERR_EXPIRED);
    assert_string_equal(tls->fault.field, "expired");
    assert_int_equal(auth->status, TERN_OK);
    char paths[2][200];
    snprintf(paths[0], sizeof paths[0], "%s", auth->path);
    const struct tern_pki_entry *euicc =
        tern_pki_find(pki, TERN_PKI_EUICC, NULL, TERN_BYTES_NONE, NULL);
    snprintf(paths[1], sizeof paths[1], "%s", euicc->path);
    struct tern_bytes ci = auth->ci->certificate.subject_key_id;
    assert_int_equal(tern_pki_revoke(dir, paths[0], NOW, &why), TERN_OK);
    assert_int_equal(tern_pki_revoke(dir, paths[0], NOW, &why), TERN_OK); /* once is enough */
    assert_int_equal(tern_pki_revoke(dir, paths[1], NOW, &why), TERN_ERR_NOT_FOUND);
    struct tern_pki *after = load(0, NOW);
    size_t revoked = 0, crl_count;
    for (size_t i = 0; i < tern_pki_count(after); i++) {
        const struct tern_pki_entry *entry = tern_pki_at(after, i);
        revoked += entry->status == TERN_ERR_REVOKED ? 1 : 0;
        assert_int_equal(entry->status,
                         strcmp(entry->path, paths[0]) == 0 ? TERN_ERR_REVOKED : TERN_OK);
    }
    assert_int_equal(revoked, 1);
    const struct tern_crl *crls = tern_pki_crls(after, &crl_count);
    assert_int_equal(crl_count, 2);
    for (size_t i = 0; i < crl_count; i++) {
        bool ours = tern_bytes_equal(crls[i].authority_key_id, ci);
        assert_int_equal(tern_read_uint(crls[i].number), ours ? 2 : 1);
    }
    tern_pki_free(pki);
    tern_pki_free(after);
}

static void broken_files_are_told(void **state)
{
    (void)state;
    static const char *const CURVE[] = {"p256"};
    struct tern_pki_plan plan = {.curves = CURVE, .curve_count = 1, .eum_count = 1, .now = NOW};
    create(&plan);
    char path[120];
    struct tern_pki *pki = load(0, NOW);
    struct tern_bytes ci = tern_pki_ci_certificates(pki);
    uint8_t broken[2048];
    memcpy(broken, ci.data, ci.size);
    broken[ci.size - 90] ^= 0x40; /* in or near the signature's frame: no certificate any more */
    broken[0] = 0x30;
    broken[4] = 0x31;
    snprintf(path, sizeof path, "%s/broken.der", dir);
    assert_int_equal(file_write(path, tern_bytes(broken, ci.size), 0644), TERN_OK);
    size_t count = tern_pki_count(pki), problem_count;
    tern_pki_free(pki);
    pki = load(0, NOW);
    const struct tern_pki_problem *problems = tern_pki_problems(pki, &problem_count);
    assert_int_equal(tern_pki_count(pki), count);
    assert_int_equal(problem_count, 1);
    assert_string_equal(problems[0].path, path);
    assert_non_null(problems[0].fault.field);
    tern_pki_free(pki);
    struct tern_pki_why why = {""};
    assert_null(tern_pki_load("/nowhere/at/all", 0, NOW, &why));
    assert_true(strlen(why.text) > 0);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_server_finds_what_it_needs_by_name_and_ci),
        CASE(adding_keeps_what_is_there),
        CASE(time_passes_and_lists_revoke),
        CASE(broken_files_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
