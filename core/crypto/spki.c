/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys and signatures between their X.509 spelling and ours.
 *
 *   SubjectPublicKeyInfo  30 { 30 { 06 id-ecPublicKey, 06 curve }, 03 00 04 X Y }
 *   ECDSA-Sig-Value       30 { 02 r, 02 s }      ours: r | s, 32 bytes each, left-padded
 */
#include <string.h>

#include "tern/certificate.h"
#include "tern/der.h"

/* AlgorithmIdentifier TLVs, whole: RFC 5480 and RFC 5639. */
static const uint8_t ALGORITHM_P256[] = {0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                         0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
                                         0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static const uint8_t ALGORITHM_BRAINPOOL[] = {0x30, 0x14, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE,
                                              0x3D, 0x02, 0x01, 0x06, 0x09, 0x2B, 0x24, 0x03,
                                              0x03, 0x02, 0x08, 0x01, 0x01, 0x07};

static enum tern_curve curve_of(struct tern_bytes algorithm)
{
    if (tern_bytes_equal(algorithm, TERN_BYTES_OF(ALGORITHM_P256))) {
        return TERN_CURVE_P256;
    }
    return tern_bytes_equal(algorithm, TERN_BYTES_OF(ALGORITHM_BRAINPOOL))
               ? TERN_CURVE_BRAINPOOLP256R1
               : TERN_CURVE_NONE;
}

int tern_spki_parse(struct tern_public_key *key, struct tern_bytes spki)
{
    struct tern_tlv outer, algorithm, point;
    int error = tern_der_single(spki, &outer, TERN_DER_STRICT);
    if (error != TERN_OK) {
        return error;
    }
    struct tern_bytes rest = outer.value;
    if (outer.tag != 0x30 || tern_der_next(&rest, &algorithm, TERN_DER_STRICT) != 1 ||
        algorithm.tag != 0x30 || tern_der_next(&rest, &point, TERN_DER_STRICT) != 1 ||
        point.tag != 0x03 || rest.size != 0) {
        return TERN_ERR_MALFORMED;
    }
    enum tern_curve curve = curve_of(algorithm.raw);
    if (curve == TERN_CURVE_NONE) {
        return TERN_ERR_UNSUPPORTED;
    }
    if (point.value.size != 1 + TERN_POINT_SIZE || point.value.data[0] != 0 ||
        point.value.data[1] != 0x04) {
        return TERN_ERR_MALFORMED;
    }
    key->curve = curve;
    memcpy(key->point, point.value.data + 1, TERN_POINT_SIZE);
    return TERN_OK;
}

void tern_spki_write(struct tern_writer *out, const struct tern_public_key *key)
{
    struct tern_bytes algorithm = key->curve == TERN_CURVE_P256
                                      ? TERN_BYTES_OF(ALGORITHM_P256)
                                      : TERN_BYTES_OF(ALGORITHM_BRAINPOOL);
    size_t string_size = 1 + TERN_POINT_SIZE;
    tern_der_write_header(out, 0x30,
                          algorithm.size + tern_der_header_size(0x03, string_size) + string_size);
    tern_write(out, algorithm);
    tern_der_write_header(out, 0x03, string_size);
    tern_write_byte(out, 0);
    tern_write(out, TERN_BYTES_OF(key->point));
}

/* A positive INTEGER of at most 32 bytes, left-padded. */
static int take_number(uint8_t out[32], struct tern_bytes *rest)
{
    struct tern_tlv number;
    int got = tern_der_next(rest, &number, TERN_DER_STRICT);
    if (got < 0) {
        return got;
    }
    struct tern_bytes value = number.value;
    if (got == 0 || number.tag != 0x02 || value.size == 0 || (value.data[0] & 0x80) != 0) {
        return TERN_ERR_MALFORMED;
    }
    if (value.size > 1 && value.data[0] == 0) {
        if ((value.data[1] & 0x80) == 0) {
            return TERN_ERR_MALFORMED;
        }
        value = tern_bytes_slice(value, 1, value.size);
    }
    if (value.size > 32) {
        return TERN_ERR_MALFORMED;
    }
    memset(out, 0, 32 - value.size);
    memcpy(out + 32 - value.size, value.data, value.size);
    return TERN_OK;
}

int tern_signature_from_der(uint8_t signature[TERN_SIGNATURE_SIZE], struct tern_bytes der)
{
    struct tern_tlv outer;
    int error = tern_der_single(der, &outer, TERN_DER_STRICT);
    if (error != TERN_OK) {
        return error;
    }
    struct tern_bytes rest = outer.value;
    if (outer.tag != 0x30) {
        return TERN_ERR_MALFORMED;
    }
    error = take_number(signature, &rest);
    if (error == TERN_OK) {
        error = take_number(signature + 32, &rest);
    }
    return error == TERN_OK && rest.size != 0 ? TERN_ERR_MALFORMED : error;
}

/* The INTEGER of 32 big-endian bytes, in its shortest form. */
static struct tern_bytes shortest(uint8_t buffer[33], const uint8_t number[32])
{
    size_t skip = 0;
    while (skip < 31 && number[skip] == 0) {
        skip++;
    }
    buffer[0] = 0;
    memcpy(buffer + 1, number + skip, 32 - skip);
    bool sign = (number[skip] & 0x80) != 0;
    return tern_bytes(buffer + (sign ? 0 : 1), 32 - skip + (sign ? 1 : 0));
}

void tern_signature_to_der(struct tern_writer *out, const uint8_t signature[TERN_SIGNATURE_SIZE])
{
    uint8_t buffers[2][33];
    struct tern_bytes r = shortest(buffers[0], signature);
    struct tern_bytes s = shortest(buffers[1], signature + 32);
    tern_der_write_header(out, 0x30, 2 + r.size + 2 + s.size);
    tern_der_write(out, 0x02, r);
    tern_der_write(out, 0x02, s);
}
