/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time for one operation, and the bare limits of OpenSSL: see bench_measure.h. */
#include "app/bench_measure.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/crypto/openssl.h"

#define RUN_COUNT   5
#define RUN_NS      100000000.0
#define KEY_COUNT   16
#define KIB_PER_RUN 64

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static int run_batch(bench_step *step, void *context, uint64_t *index, uint64_t count)
{
    int error = 0;
    for (uint64_t i = 0; i < count && error == 0; i++) {
        error = step(context, (*index)++);
    }
    return error;
}

int bench_measure(struct bench_result *result, bench_step *step, void *context)
{
    double runs[RUN_COUNT];
    uint64_t index = 0, batch = 1;
    *result = (struct bench_result){0, 0, 0};
    for (int run = -1; run < RUN_COUNT; run++) {
        uint64_t first = index;
        double start = cpu_ns(), spent = 0;
        while (spent < RUN_NS) {
            int error = run_batch(step, context, &index, batch);
            if (error != 0) {
                return error;
            }
            spent = cpu_ns() - start;
            /* Few looks at the clock: it is a system call here. */
            batch = spent < RUN_NS / 50 ? batch * 2 : batch;
        }
        if (run >= 0) {
            runs[run] = spent / 1000.0 / (double)(index - first);
            result->ops += index - first;
        }
    }
    qsort(runs, RUN_COUNT, sizeof runs[0], by_value);
    result->cpu_us = runs[RUN_COUNT / 2];
    result->spread = runs[RUN_COUNT - 1] / runs[0];
    return 0;
}

void bench_print(const char *name, const struct bench_result *result, double limit_us)
{
    printf("{\"bench\":\"%s\",\"ops\":%llu,\"cpu_us\":%.2f", name, (unsigned long long)result->ops,
           result->cpu_us);
    if (limit_us > 0) {
        printf(",\"limit_us\":%.2f,\"ratio\":%.3f", limit_us, limit_us / result->cpu_us);
    }
    printf(",\"spread\":%.2f}\n", result->spread);
    fflush(stdout);
}

/* ---- Bare OpenSSL ---- */

struct bare {
    enum tern_curve curve;
    struct tern_key keys[KEY_COUNT];
    EVP_PKEY_CTX *signers[KEY_COUNT];
    struct tern_public_key publics[KEY_COUNT];
    uint8_t signatures[KEY_COUNT][80];
    size_t sizes[KEY_COUNT];
    EVP_PKEY *verifier_key;
    EVP_PKEY_CTX *verifier;
    EC_GROUP *group;
    EC_POINT *points[KEY_COUNT];
    BIGNUM *scalar, *x;
    BN_CTX *numbers;
    uint8_t digest[32];
    EVP_CIPHER_CTX *cipher;
    EVP_MAC_CTX *mac;
    uint8_t text[1024];
};

static int bare_sign(void *context, uint64_t index)
{
    struct bare *bare = context;
    size_t i = index % KEY_COUNT;
    bare->sizes[i] = sizeof bare->signatures[i];
    return EVP_PKEY_sign(bare->signers[i], bare->signatures[i], &bare->sizes[i], bare->digest,
                         sizeof bare->digest) == 1
               ? 0
               : 2;
}

static int bare_verify(void *context, uint64_t index)
{
    struct bare *bare = context;
    size_t i = index % KEY_COUNT;
    return EVP_PKEY_set1_encoded_public_key(bare->verifier_key, bare->publics[i].point,
                                            TERN_POINT_SIZE) == 1 &&
                   EVP_PKEY_verify(bare->verifier, bare->signatures[i], bare->sizes[i],
                                   bare->digest, sizeof bare->digest) == 1
               ? 0
               : 2;
}

static int bare_generate(void *context, uint64_t index)
{
    struct bare *bare = context;
    uint8_t encoded[TERN_POINT_SIZE];
    (void)index;
    EC_POINT *point = EC_POINT_new(bare->group);
    int ok = BN_priv_rand_range_ex(bare->scalar, EC_GROUP_get0_order(bare->group), 0,
                                   bare->numbers) == 1 &&
             EC_POINT_mul(bare->group, point, bare->scalar, NULL, NULL, bare->numbers) == 1 &&
             EC_POINT_point2oct(bare->group, point, POINT_CONVERSION_UNCOMPRESSED, encoded,
                                sizeof encoded, bare->numbers) == sizeof encoded;
    EC_POINT_free(point);
    return ok ? 0 : 2;
}

static int bare_ecdh(void *context, uint64_t index)
{
    struct bare *bare = context;
    EC_POINT *shared = EC_POINT_new(bare->group);
    int ok =
        EC_POINT_mul(bare->group, shared, NULL, bare->points[index % KEY_COUNT], bare->scalar,
                     bare->numbers) == 1 &&
        EC_POINT_get_affine_coordinates(bare->group, shared, bare->x, NULL, bare->numbers) == 1;
    EC_POINT_free(shared);
    return ok ? 0 : 2;
}

static int bare_aes(void *context, uint64_t index)
{
    struct bare *bare = context;
    (void)index;
    int size = 0;
    for (int i = 0; i < KIB_PER_RUN; i++) {
        if (EVP_EncryptUpdate(bare->cipher, bare->text, &size, bare->text, sizeof bare->text) !=
            1) {
            return 2;
        }
    }
    return 0;
}

static int bare_cmac(void *context, uint64_t index)
{
    struct bare *bare = context;
    (void)index;
    for (int i = 0; i < KIB_PER_RUN; i++) {
        if (EVP_MAC_update(bare->mac, bare->text, sizeof bare->text) != 1) {
            return 2;
        }
    }
    return 0;
}

static bool bare_prepare(struct bare *bare)
{
    bool ok = true;
    bare->group = EC_GROUP_new_by_curve_name(bare->curve == TERN_CURVE_P256 ? NID_X9_62_prime256v1
                                                                            : NID_brainpoolP256r1);
    bare->numbers = BN_CTX_secure_new();
    bare->scalar = BN_secure_new();
    bare->x = BN_secure_new();
    ok = bare->group != NULL &&
         BN_priv_rand_range_ex(bare->scalar, EC_GROUP_get0_order(bare->group), 0, bare->numbers) ==
             1;
    for (size_t i = 0; i < KEY_COUNT && ok; i++) {
        ok = tern_openssl_key_generate(&bare->keys[i], bare->curve) == TERN_OK;
        bare->publics[i] = tern_openssl_key_public(bare->keys[i]);
        bare->signers[i] = EVP_PKEY_CTX_new(tern_openssl_key_pkey(bare->keys[i]), NULL);
        bare->points[i] = EC_POINT_new(bare->group);
        ok = ok && EVP_PKEY_sign_init(bare->signers[i]) == 1 &&
             EC_POINT_oct2point(bare->group, bare->points[i], bare->publics[i].point,
                                TERN_POINT_SIZE, bare->numbers) == 1 &&
             bare_sign(bare, i) == 0;
    }
    if (!ok) {
        return false;
    }
    bare->verifier_key = EVP_PKEY_new();
    ok = EVP_PKEY_copy_parameters(bare->verifier_key, tern_openssl_key_pkey(bare->keys[0])) == 1 &&
         EVP_PKEY_set1_encoded_public_key(bare->verifier_key, bare->publics[0].point,
                                          TERN_POINT_SIZE) == 1;
    bare->verifier = ok ? EVP_PKEY_CTX_new(bare->verifier_key, NULL) : NULL;
    bare->cipher = EVP_CIPHER_CTX_new();
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
    bare->mac = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("cipher", (char *)"AES-128-CBC", 0),
                           OSSL_PARAM_construct_end()};
    return ok && EVP_PKEY_verify_init(bare->verifier) == 1 &&
           EVP_EncryptInit_ex(bare->cipher, EVP_aes_128_cbc(), NULL, bare->digest, bare->digest) ==
               1 &&
           EVP_MAC_init(bare->mac, bare->digest, 16, params) == 1;
}

static void bare_free(struct bare *bare)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        EVP_PKEY_CTX_free(bare->signers[i]);
        EC_POINT_free(bare->points[i]);
        tern_openssl_key_free(&bare->keys[i]);
    }
    EVP_PKEY_CTX_free(bare->verifier);
    EVP_PKEY_free(bare->verifier_key);
    EVP_CIPHER_CTX_free(bare->cipher);
    EVP_MAC_CTX_free(bare->mac);
    BN_clear_free(bare->scalar);
    BN_clear_free(bare->x);
    BN_CTX_free(bare->numbers);
    EC_GROUP_free(bare->group);
}

int bench_limits(struct bench_limits *limits, enum tern_curve curve)
{
    static struct bench_limits known[3];
    static bool measured[3];
    if (curve != TERN_CURVE_P256 && curve != TERN_CURVE_BRAINPOOLP256R1) {
        return 2;
    }
    if (!measured[curve]) {
        const struct {
            bench_step *step;
            double *place;
            double divisor;
        } ROWS[] = {
            {bare_sign,     &known[curve].sign_us,         1          },
            {bare_verify,   &known[curve].verify_us,       1          },
            {bare_generate, &known[curve].generate_us,     1          },
            {bare_ecdh,     &known[curve].ecdh_us,         1          },
            {bare_aes,      &known[curve].aes_us_per_kib,  KIB_PER_RUN},
            {bare_cmac,     &known[curve].cmac_us_per_kib, KIB_PER_RUN},
        };
        struct bare bare = {.curve = curve, .digest = {1}};
        int status = bare_prepare(&bare) ? 0 : 2;
        for (size_t i = 0; i < TERN_COUNT_OF(ROWS) && status == 0; i++) {
            struct bench_result result;
            status = bench_measure(&result, ROWS[i].step, &bare);
            *ROWS[i].place = result.cpu_us / ROWS[i].divisor;
        }
        bare_free(&bare);
        if (status != 0) {
            return status;
        }
        measured[curve] = true;
    }
    *limits = known[curve];
    return 0;
}
