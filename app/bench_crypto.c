/* SPDX-License-Identifier: Apache-2.0 */
/* tern bench crypto: our provider against bare OpenSSL, with keys rotated. */
#include <stdio.h>
#include <string.h>

#include "app/bench_measure.h"
#include "app/benches.h"
#include "host/crypto/openssl.h"
#include "tern/bpp.h"

#define KEY_COUNT 16
#define UPP_KIB   64
#define UPP_SIZE  (UPP_KIB * 1024)

struct provider {
    const struct tern_crypto *crypto;
    enum tern_curve curve;
    struct tern_key keys[KEY_COUNT];
    struct tern_public_key publics[KEY_COUNT];
    uint8_t signatures[KEY_COUNT][TERN_SIGNATURE_SIZE];
    uint8_t scalar[TERN_SCALAR_SIZE];
    uint8_t text[200]; /* about a signed object of RSP */
};

static int step_sign(void *context, uint64_t index)
{
    struct provider *provider = context;
    size_t i = index % KEY_COUNT;
    struct tern_bytes text = TERN_BYTES_OF(provider->text);
    return provider->crypto->ecdsa_sign(provider->crypto->context, provider->signatures[i],
                                        provider->keys[i], &text, 1) == TERN_OK
               ? 0
               : 2;
}

static int step_verify(void *context, uint64_t index)
{
    struct provider *provider = context;
    size_t i = index % KEY_COUNT;
    struct tern_bytes text = TERN_BYTES_OF(provider->text);
    return provider->crypto->ecdsa_verify(provider->crypto->context, &provider->publics[i],
                                          TERN_BYTES_OF(provider->signatures[i]), &text,
                                          1) == TERN_OK
               ? 0
               : 2;
}

static int step_generate(void *context, uint64_t index)
{
    struct provider *provider = context;
    uint8_t point[TERN_POINT_SIZE];
    (void)index;
    return provider->crypto->ec_generate(provider->crypto->context, provider->curve,
                                         provider->scalar, point) == TERN_OK
               ? 0
               : 2;
}

static int step_ecdh(void *context, uint64_t index)
{
    struct provider *provider = context;
    uint8_t shared[32];
    return provider->crypto->ecdh(provider->crypto->context, shared, provider->scalar,
                                  &provider->publics[index % KEY_COUNT]) == TERN_OK
               ? 0
               : 2;
}

/* All 86 TLVs of a profile: AES and CMAC over every byte. */
static int step_protect(void *context, uint64_t index)
{
    static uint8_t upp[UPP_SIZE], out[UPP_SIZE + 4096];
    struct provider *provider = context;
    struct tern_writer writer = TERN_WRITER_OF(out);
    const struct tern_bsp_keys keys = {{0}, {(uint8_t)index}, {2}};
    return tern_bpp_protect_profile(provider->crypto, &writer, &keys, TERN_BYTES_OF(upp)) == TERN_OK
               ? 0
               : 2;
}

static int bench_curve(enum tern_curve curve)
{
    struct provider provider = {.crypto = tern_openssl(), .curve = curve};
    struct bench_limits limits;
    int status = bench_limits(&limits, curve);
    for (size_t i = 0; i < KEY_COUNT && status == 0; i++) {
        status = tern_openssl_key_generate(&provider.keys[i], curve) == TERN_OK ? 0 : 2;
        provider.publics[i] = tern_openssl_key_public(provider.keys[i]);
    }
    const struct {
        const char *name;
        bench_step *step;
        double limit_us;
    } ROWS[] = {
        {"sign",     step_sign,     limits.sign_us                                            },
        {"verify",   step_verify,   limits.verify_us                                          },
        {"generate", step_generate, limits.generate_us                                        },
        {"ecdh",     step_ecdh,     limits.ecdh_us                                            },
        {"protect",  step_protect,  UPP_KIB * (limits.aes_us_per_kib + limits.cmac_us_per_kib)},
    };
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS) && status == 0; i++) {
        char name[64];
        struct bench_result result;
        snprintf(name, sizeof name, "crypto.%s.%s", ROWS[i].name, tern_curve_name(curve));
        status = bench_measure(&result, ROWS[i].step, &provider);
        if (status == 0) {
            bench_print(name, &result, ROWS[i].limit_us);
        }
    }
    for (size_t i = 0; i < KEY_COUNT; i++) {
        tern_openssl_key_free(&provider.keys[i]);
    }
    return status;
}

int bench_crypto(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        puts("usage: tern bench crypto\n\nOur provider against bare OpenSSL, both curves.");
        return 0;
    }
    int status = bench_curve(TERN_CURVE_P256);
    return status == 0 ? bench_curve(TERN_CURVE_BRAINPOOLP256R1) : status;
}
