/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What certificates and revocation lists have in common: the signed frame, names, times,
 * extensions (RFC 5280). Everything is strict DER; a fault names the field it was met in.
 */
#include "core/crypto/x509.h"

int x509_fail(const struct x509_reader *reader, const char *field, const uint8_t *at, int error)
{
    if (reader->fault != NULL) {
        reader->fault->field = field;
        reader->fault->offset = (size_t)(at - reader->start);
    }
    return error;
}

int x509_take(const struct x509_reader *reader, struct tern_bytes *rest, tern_tag tag,
              const char *field, struct tern_tlv *tlv)
{
    const uint8_t *at = rest->data;
    int got = tern_der_next(rest, tlv, TERN_DER_STRICT);
    if (got < 0) {
        return x509_fail(reader, field, at, got);
    }
    if (got == 0) {
        return x509_fail(reader, field, at, TERN_ERR_MALFORMED);
    }
    return tlv->tag == tag ? TERN_OK : x509_fail(reader, field, at, TERN_ERR_MALFORMED);
}

int x509_end(const struct x509_reader *reader, struct tern_bytes rest, const char *field)
{
    return rest.size == 0 ? TERN_OK : x509_fail(reader, field, rest.data, TERN_ERR_MALFORMED);
}

bool x509_next_is(struct tern_bytes rest, uint8_t tag)
{
    return rest.size > 0 && rest.data[0] == tag;
}

int x509_algorithm(const struct x509_reader *reader, struct tern_bytes *rest, const char *field)
{
    static const uint8_t ECDSA_WITH_SHA256[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86,
                                                0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
    struct tern_tlv algorithm;
    int error = x509_take(reader, rest, 0x30, field, &algorithm);
    if (error == TERN_OK && !tern_bytes_equal(algorithm.raw, TERN_BYTES_OF(ECDSA_WITH_SHA256))) {
        error = x509_fail(reader, field, algorithm.raw.data, TERN_ERR_UNSUPPORTED);
    }
    return error;
}

int x509_signed(const struct x509_reader *reader, struct tern_bytes der, struct tern_tlv *tbs,
                uint8_t signature[TERN_SIGNATURE_SIZE])
{
    struct tern_tlv outer, bits;
    int error = x509_take(reader, &der, 0x30, "the outer SEQUENCE", &outer);
    if (error == TERN_OK) {
        error = x509_end(reader, der, "bytes behind the end");
    }
    if (error == TERN_OK) {
        error = x509_take(reader, &outer.value, 0x30, "the part that is signed", tbs);
    }
    if (error == TERN_OK) {
        error = x509_algorithm(reader, &outer.value, "signatureAlgorithm");
    }
    if (error == TERN_OK) {
        error = x509_take(reader, &outer.value, 0x03, "signatureValue", &bits);
    }
    if (error == TERN_OK) {
        error = x509_end(reader, outer.value, "bytes behind the signature");
    }
    if (error != TERN_OK) {
        return error;
    }
    if (bits.value.size == 0 || bits.value.data[0] != 0 ||
        tern_signature_from_der(signature, tern_bytes_slice(bits.value, 1, bits.value.size)) !=
            TERN_OK) {
        return x509_fail(reader, "signatureValue", bits.raw.data, TERN_ERR_MALFORMED);
    }
    return TERN_OK;
}

int x509_integer(const struct x509_reader *reader, struct tern_bytes *rest, const char *field,
                 struct tern_bytes *content)
{
    struct tern_tlv number;
    int64_t value;
    int error = x509_take(reader, rest, 0x02, field, &number);
    if (error != TERN_OK) {
        return error;
    }
    *content = number.value;
    return tern_der_int(number.value, &value) == TERN_ERR_MALFORMED
               ? x509_fail(reader, field, number.raw.data, TERN_ERR_MALFORMED)
               : TERN_OK;
}

/* Two digits, or -1. */
static int two_digits(const uint8_t *text)
{
    for (size_t i = 0; i < 2; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
    }
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in March.
 */
static int64_t days_from_date(int year, int month, int day)
{
    int64_t years = month > 2 ? year : year - 1;
    int64_t months = month > 2 ? month - 3 : month + 9;
    return 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 1 -
           719468;
}

static int days_in_month(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : DAYS[month - 1];
}

/* MMDDhhmmss of a year to seconds. False when it is no date and time. */
static bool seconds_in_year(int year, const uint8_t *text, int64_t *seconds)
{
    int month = two_digits(text), day = two_digits(text + 2), hour = two_digits(text + 4);
    int minute = two_digits(text + 6), second = two_digits(text + 8);
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
        return false;
    }
    *seconds = ((days_from_date(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

int x509_time(const struct x509_reader *reader, struct tern_bytes *rest, const char *field,
              int64_t *seconds)
{
    struct tern_tlv tlv;
    bool utc = x509_next_is(*rest, 0x17);
    int error = x509_take(reader, rest, utc ? 0x17 : 0x18, field, &tlv);
    if (error != TERN_OK) {
        return error;
    }
    const uint8_t *text = tlv.value.data;
    size_t year_size = utc ? 2 : 4;
    int year = -1;
    if (tlv.value.size == year_size + 11 && text[tlv.value.size - 1] == 'Z') {
        int first = two_digits(text);
        int second = utc ? 0 : two_digits(text + 2);
        year = first < 0 || second < 0 ? -1
               : !utc                  ? first * 100 + second
               : first < 50            ? 2000 + first
                                       : 1900 + first;
    }
    if (year < 0 || !seconds_in_year(year, text + year_size, seconds)) {
        return x509_fail(reader, field, tlv.raw.data, TERN_ERR_MALFORMED);
    }
    return TERN_OK;
}

struct x509_name_walk x509_name_walk(struct tern_bytes name)
{
    struct tern_tlv tlv;
    struct x509_name_walk walk = {TERN_BYTES_NONE, TERN_BYTES_NONE};
    if (tern_der_single(name, &tlv, TERN_DER_STRICT) == TERN_OK) {
        walk.names = tlv.value;
    }
    return walk;
}

int x509_name_next(struct x509_name_walk *walk, struct tern_bytes *oid, struct tern_bytes *value)
{
    struct tern_tlv tlv;
    if (walk->attributes.size == 0) {
        int got = tern_der_next(&walk->names, &tlv, TERN_DER_STRICT);
        if (got <= 0) {
            return got;
        }
        if (tlv.tag != 0x31 || tlv.value.size == 0) {
            return TERN_ERR_MALFORMED;
        }
        walk->attributes = tlv.value;
    }
    struct tern_tlv type, text;
    if (tern_der_next(&walk->attributes, &tlv, TERN_DER_STRICT) != 1 || tlv.tag != 0x30 ||
        tern_der_next(&tlv.value, &type, TERN_DER_STRICT) != 1 || type.tag != 0x06 ||
        type.value.size == 0 || tern_der_next(&tlv.value, &text, TERN_DER_STRICT) != 1 ||
        tlv.value.size != 0) {
        return TERN_ERR_MALFORMED;
    }
    *oid = type.value;
    *value = text.value;
    return 1;
}

int x509_extension_next(const struct x509_reader *reader, struct tern_bytes *rest,
                        struct x509_extension *extension)
{
    if (rest->size == 0) {
        return 0;
    }
    struct tern_tlv outer, part = {0};
    int error = x509_take(reader, rest, 0x30, "extensions", &outer);
    if (error == TERN_OK) {
        error = x509_take(reader, &outer.value, 0x06, "extnID", &part);
    }
    if (error != TERN_OK) {
        return error;
    }
    extension->oid = part.value;
    extension->at = outer.raw.data;
    extension->critical = false;
    if (x509_next_is(outer.value, 0x01)) {
        error = x509_take(reader, &outer.value, 0x01, "critical", &part);
        /* FALSE written out is not DER but deployed. */
        if (error == TERN_OK &&
            (part.value.size != 1 || (part.value.data[0] != 0xFF && part.value.data[0] != 0x00))) {
            error = x509_fail(reader, "critical", part.raw.data, TERN_ERR_MALFORMED);
        }
        extension->critical = error == TERN_OK && part.value.data[0] == 0xFF;
    }
    if (error == TERN_OK) {
        error = x509_take(reader, &outer.value, 0x04, "extnValue", &part);
    }
    if (error == TERN_OK) {
        error = x509_end(reader, outer.value, "extensions");
    }
    extension->value = part.value;
    return error == TERN_OK ? 1 : error;
}
