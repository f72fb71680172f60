/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys: read, made, kept in files of mode 0600. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/crypto/state.h"

#define KEY_FILE_SIZE_MAX 16384

static atomic_uint_fast64_t next_number = 1;

static enum tern_curve curve_of(EVP_PKEY *pkey)
{
    char name[64];
    size_t size = 0;
    if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof name,
                                       &size) != 1) {
        return TERN_CURVE_NONE;
    }
    return strcmp(name, "prime256v1") == 0        ? TERN_CURVE_P256
           : strcmp(name, "brainpoolP256r1") == 0 ? TERN_CURVE_BRAINPOOLP256R1
                                                  : TERN_CURVE_NONE;
}

/* Take the point out in its uncompressed form, whatever form the file has. */
static int point_of(uint8_t point[TERN_POINT_SIZE], EVP_PKEY *pkey, enum tern_curve curve)
{
    uint8_t scalar[TERN_SCALAR_SIZE];
    BIGNUM *number = NULL;
    int error = TERN_ERR_MALFORMED;
    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
        BN_bn2binpad(number, scalar, sizeof scalar) == sizeof scalar) {
        error = tern_openssl_point(point, curve, scalar);
    }
    tern_wipe(scalar, sizeof scalar);
    BN_clear_free(number);
    return error;
}

/* Wraps `pkey`, which it takes over also on failure. */
static int wrap(struct tern_key *key, EVP_PKEY *pkey)
{
    *key = (struct tern_key){TERN_CURVE_NONE, NULL};
    if (pkey == NULL) {
        ERR_clear_error();
        return TERN_ERR_MALFORMED;
    }
    enum tern_curve curve = curve_of(pkey);
    struct key_handle *handle = calloc(1, sizeof *handle);
    int error = curve == TERN_CURVE_NONE ? TERN_ERR_UNSUPPORTED
                : handle == NULL         ? TERN_ERR_NO_SPACE
                                         : point_of(handle->point, pkey, curve);
    if (error != TERN_OK) {
        free(handle);
        EVP_PKEY_free(pkey);
        ERR_clear_error();
        return error;
    }
    handle->pkey = pkey;
    handle->number = atomic_fetch_add(&next_number, 1);
    *key = (struct tern_key){curve, handle};
    return TERN_OK;
}

/* An encrypted PEM gets no passphrase, and asks nobody for one. */
static int no_passphrase(char *buffer, int size, int writing, void *data)
{
    (void)buffer, (void)size, (void)writing, (void)data;
    return -1;
}

int tern_openssl_key_read(struct tern_key *key, struct tern_bytes text)
{
    static const char BEGIN[] = "-----BEGIN";
    *key = (struct tern_key){TERN_CURVE_NONE, NULL};
    if (text.size == 0 || text.size > KEY_FILE_SIZE_MAX) {
        return TERN_ERR_MALFORMED;
    }
    bool pem = false;
    for (size_t i = 0; i + sizeof BEGIN <= text.size && !pem; i++) {
        pem = memcmp(text.data + i, BEGIN, sizeof BEGIN - 1) == 0;
    }
    if (pem) {
        BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
        EVP_PKEY *pkey =
            bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
        BIO_free(bio);
        return wrap(key, pkey);
    }
    const unsigned char *data = text.data;
    return wrap(key, d2i_AutoPrivateKey(NULL, &data, (long)text.size));
}

int tern_openssl_key_load(struct tern_key *key, const char *path)
{
    *key = (struct tern_key){TERN_CURVE_NONE, NULL};
    uint8_t text[KEY_FILE_SIZE_MAX];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return TERN_ERR_IO;
    }
    size_t size = 0;
    ssize_t got;
    while ((got = read(file, text + size, sizeof text - size)) > 0) {
        size += (size_t)got;
    }
    close(file);
    int error = got < 0 ? TERN_ERR_IO : tern_openssl_key_read(key, tern_bytes(text, size));
    tern_wipe(text, sizeof text);
    return error;
}

static EVP_PKEY *from_parts(enum tern_curve curve, BIGNUM *number,
                            const uint8_t point[TERN_POINT_SIZE])
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *params = NULL;
    if (build != NULL && make != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, crypto_group_name(curve),
                                        0) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, TERN_POINT_SIZE) &&
        (params = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(make) == 1) {
        if (EVP_PKEY_fromdata(make, &pkey, EVP_PKEY_KEYPAIR, params) != 1) {
            pkey = NULL;
        }
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(make);
    return pkey;
}

int tern_openssl_key_from_scalar(struct tern_key *key, enum tern_curve curve,
                                 const uint8_t scalar[TERN_SCALAR_SIZE])
{
    uint8_t point[TERN_POINT_SIZE];
    *key = (struct tern_key){TERN_CURVE_NONE, NULL};
    int error = tern_openssl_point(point, curve, scalar);
    if (error != TERN_OK) {
        return error;
    }
    BIGNUM *number = BN_secure_new();
    if (number == NULL || BN_bin2bn(scalar, TERN_SCALAR_SIZE, number) == NULL) {
        BN_clear_free(number);
        return TERN_ERR_CRYPTO;
    }
    EVP_PKEY *pkey = from_parts(curve, number, point);
    BN_clear_free(number);
    return pkey == NULL ? TERN_ERR_CRYPTO : wrap(key, pkey);
}

int tern_openssl_key_generate(struct tern_key *key, enum tern_curve curve)
{
    uint8_t scalar[TERN_SCALAR_SIZE];
    uint8_t point[TERN_POINT_SIZE];
    const struct tern_crypto *crypto = tern_openssl();
    int error = crypto->ec_generate(crypto->context, curve, scalar, point);
    if (error == TERN_OK) {
        error = tern_openssl_key_from_scalar(key, curve, scalar);
    }
    tern_wipe(scalar, sizeof scalar);
    return error;
}

int tern_openssl_key_save(struct tern_key key, const char *path)
{
    char temporary[4096];
    int length = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    EVP_PKEY *pkey = tern_openssl_key_pkey(key);
    if (pkey == NULL || length < 0 || (size_t)length >= sizeof temporary) {
        return TERN_ERR_IO;
    }
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = file < 0 ? NULL : fdopen(file, "w");
    if (out == NULL) {
        if (file >= 0) {
            close(file);
        }
        return TERN_ERR_IO;
    }
    bool ok = fchmod(file, 0600) == 0 &&
              PEM_write_PKCS8PrivateKey(out, pkey, NULL, NULL, 0, NULL, NULL) == 1;
    ok = fflush(out) == 0 && fsync(file) == 0 && ok;
    ok = fclose(out) == 0 && ok && rename(temporary, path) == 0;
    if (!ok) {
        unlink(temporary);
        ERR_clear_error();
    }
    return ok ? TERN_OK : TERN_ERR_IO;
}

void tern_openssl_key_free(struct tern_key *key)
{
    struct key_handle *handle; /* const for everybody else */
    memcpy(&handle, &key->handle, sizeof(void *));
    if (handle != NULL) {
        EVP_PKEY_free(handle->pkey);
        free(handle);
    }
    *key = (struct tern_key){TERN_CURVE_NONE, NULL};
}

struct tern_public_key tern_openssl_key_public(struct tern_key key)
{
    struct tern_public_key public_key = {.curve = key.curve};
    const struct key_handle *handle = key.handle;
    if (handle != NULL) {
        memcpy(public_key.point, handle->point, sizeof public_key.point);
    }
    return public_key;
}

EVP_PKEY *tern_openssl_key_pkey(struct tern_key key)
{
    const struct key_handle *handle = key.handle;
    return handle == NULL ? NULL : handle->pkey;
}
