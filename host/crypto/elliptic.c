/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA and ECKA on the two curves, by OpenSSL.
 *
 * A verification spends most of its time in the curve when nothing around it is made anew: every
 * thread keeps one key and one verifying context a curve and exchanges the point in it (DESIGN.md
 * 3). The call that sets a point also takes infinity and compressed points, so the encoding is
 * checked first: 65 bytes that begin with 04. It checks that the point is on the curve.
 *
 * One-time keys are scalars in the open; their multiplication is EC_POINT_mul(), a constant-time
 * ladder for one point and one scalar.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

#include "host/crypto/state.h"
#include "tern/certificate.h"

#define DER_SIGNATURE_SIZE_MAX 80

static int failed(int error)
{
    ERR_clear_error();
    return error;
}

/* A signing context for the key: found in its slot, or made in the oldest. */
static EVP_PKEY_CTX *sign_context(const struct key_handle *handle)
{
    struct thread_state *state = crypto_thread();
    for (size_t i = 0; i < SIGN_SLOT_COUNT; i++) {
        if (state->sign[i].key_number == handle->number) {
            return state->sign[i].context;
        }
    }
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(handle->pkey, NULL);
    if (context == NULL || EVP_PKEY_sign_init(context) != 1) {
        EVP_PKEY_CTX_free(context);
        return NULL;
    }
    struct sign_slot *slot = &state->sign[state->sign_next++ % SIGN_SLOT_COUNT];
    EVP_PKEY_CTX_free(slot->context);
    *slot = (struct sign_slot){handle->number, context};
    return context;
}

int crypto_ecdsa_sign(void *context, uint8_t signature[TERN_SIGNATURE_SIZE], struct tern_key key,
                      const struct tern_bytes *parts, size_t count)
{
    if (key.handle == NULL) {
        return TERN_ERR_CRYPTO;
    }
    uint8_t digest[TERN_SHA256_SIZE];
    uint8_t der[DER_SIGNATURE_SIZE_MAX];
    size_t size = sizeof der;
    EVP_PKEY_CTX *sign = sign_context(key.handle);
    if (sign == NULL || crypto_sha256(context, digest, parts, count) != TERN_OK ||
        EVP_PKEY_sign(sign, der, &size, digest, sizeof digest) != 1) {
        return failed(TERN_ERR_CRYPTO);
    }
    return tern_signature_from_der(signature, tern_bytes(der, size));
}

/* The thread's verifying slot of this curve with this point in it; NULL when it is no point. */
static struct verify_slot *verify_slot(const struct tern_public_key *key)
{
    if (crypto_group(key->curve) == NULL || key->point[0] != 0x04) {
        return NULL;
    }
    struct verify_slot *slot = &crypto_thread()->verify[key->curve - 1];
    if (slot->point_set && memcmp(slot->point, key->point, sizeof slot->point) == 0) {
        return slot;
    }
    slot->point_set = false;
    if (slot->key == NULL) {
        /* OpenSSL makes no key without a point: begin with this one, later ones replace it. */
        OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                             (char *)crypto_group_name(key->curve), 0),
            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)key->point,
                                              TERN_POINT_SIZE),
            OSSL_PARAM_construct_end(),
        };
        EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        if (make == NULL || EVP_PKEY_fromdata_init(make) != 1 ||
            EVP_PKEY_fromdata(make, &slot->key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
            slot->key = NULL;
        }
        EVP_PKEY_CTX_free(make);
    } else if (EVP_PKEY_set1_encoded_public_key(slot->key, key->point, TERN_POINT_SIZE) != 1) {
        return NULL;
    }
    if (slot->key != NULL && slot->context == NULL) {
        slot->context = EVP_PKEY_CTX_new(slot->key, NULL);
        if (slot->context == NULL || EVP_PKEY_verify_init(slot->context) != 1) {
            EVP_PKEY_CTX_free(slot->context);
            slot->context = NULL;
        }
    }
    if (slot->context == NULL) {
        return NULL;
    }
    memcpy(slot->point, key->point, sizeof slot->point);
    slot->point_set = true;
    return slot;
}

int crypto_ecdsa_verify(void *context, const struct tern_public_key *key,
                        struct tern_bytes signature, const struct tern_bytes *parts, size_t count)
{
    if (signature.size != TERN_SIGNATURE_SIZE) {
        return TERN_ERR_SIGNATURE;
    }
    uint8_t digest[TERN_SHA256_SIZE];
    uint8_t der[DER_SIGNATURE_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(der);
    tern_signature_to_der(&out, signature.data);
    struct verify_slot *slot = verify_slot(key);
    if (slot == NULL) {
        return failed(TERN_ERR_SIGNATURE);
    }
    if (crypto_sha256(context, digest, parts, count) != TERN_OK) {
        return TERN_ERR_CRYPTO;
    }
    int verified = EVP_PKEY_verify(slot->context, der, out.size, digest, sizeof digest);
    return verified == 1 ? TERN_OK : failed(TERN_ERR_SIGNATURE);
}

/* The number of a scalar when it is 1 to order - 1, else NULL. Wiped by BN_clear_free(). */
static BIGNUM *scalar_number(const EC_GROUP *group, const uint8_t scalar[TERN_SCALAR_SIZE])
{
    BIGNUM *number = BN_secure_new();
    if (number != NULL && BN_bin2bn(scalar, TERN_SCALAR_SIZE, number) != NULL &&
        !BN_is_zero(number) && BN_cmp(number, EC_GROUP_get0_order(group)) < 0) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
        return number;
    }
    BN_clear_free(number);
    return NULL;
}

int tern_openssl_point(uint8_t point[TERN_POINT_SIZE], enum tern_curve curve,
                       const uint8_t scalar[TERN_SCALAR_SIZE])
{
    const EC_GROUP *group = crypto_group(curve);
    BIGNUM *number = group == NULL ? NULL : scalar_number(group, scalar);
    if (number == NULL) {
        return failed(TERN_ERR_RANGE);
    }
    BN_CTX *numbers = crypto_thread()->numbers;
    EC_POINT *product = EC_POINT_new(group);
    bool ok = product != NULL && EC_POINT_mul(group, product, number, NULL, NULL, numbers) == 1 &&
              EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED, point,
                                 TERN_POINT_SIZE, numbers) == TERN_POINT_SIZE;
    EC_POINT_free(product);
    BN_clear_free(number);
    return ok ? TERN_OK : failed(TERN_ERR_CRYPTO);
}

int crypto_ec_generate(void *context, enum tern_curve curve, uint8_t scalar[TERN_SCALAR_SIZE],
                       uint8_t point[TERN_POINT_SIZE])
{
    if (crypto_group(curve) == NULL) {
        return TERN_ERR_CRYPTO;
    }
    /* A random scalar is out of range about once in 2^32 (P-256); a provider that fails 64 times
     * in a row is broken. */
    for (int i = 0; i < 64; i++) {
        int error = tern_openssl()->random(context, scalar, TERN_SCALAR_SIZE);
        if (error != TERN_OK) {
            return error;
        }
        error = tern_openssl_point(point, curve, scalar);
        if (error != TERN_ERR_RANGE) {
            return error;
        }
    }
    return TERN_ERR_CRYPTO;
}

int crypto_ecdh(void *context, uint8_t shared[32], const uint8_t scalar[TERN_SCALAR_SIZE],
                const struct tern_public_key *peer)
{
    (void)context;
    const EC_GROUP *group = crypto_group(peer->curve);
    if (group == NULL || peer->point[0] != 0x04) {
        return TERN_ERR_RANGE;
    }
    BN_CTX *numbers = crypto_thread()->numbers;
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *x = BN_secure_new();
    BIGNUM *number = scalar_number(group, scalar);
    int result = TERN_ERR_CRYPTO;
    if (point != NULL &&
        EC_POINT_oct2point(group, point, peer->point, TERN_POINT_SIZE, numbers) != 1) {
        result = TERN_ERR_RANGE; /* not on the curve */
    } else if (point != NULL && x != NULL && number != NULL &&
               EC_POINT_mul(group, point, NULL, point, number, numbers) == 1 &&
               EC_POINT_get_affine_coordinates(group, point, x, NULL, numbers) == 1 &&
               BN_bn2binpad(x, shared, 32) == 32) {
        result = TERN_OK;
    }
    BN_clear_free(number);
    BN_clear_free(x);
    EC_POINT_clear_free(point);
    return result == TERN_OK ? TERN_OK : failed(result);
}
