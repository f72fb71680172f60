/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of a test PKI, written from the profiles of sgp22.md 2.3.
 *
 * Everything is written from its end, so that each length is known when its turn comes; functions
 * therefore read upwards: what is written last stands first.
 */
#include "host/pki/make.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/crypto/openssl.h"
#include "tern/der.h"

#define TBS_SIZE_MAX 4096

static const uint8_t ECDSA_WITH_SHA256[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86,
                                            0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};

static void back_text(struct tern_back_writer *out, tern_tag tag, const char *text)
{
    tern_back_write_tlv(out, tag, tern_bytes_text(text));
}

/* SET { SEQUENCE { 2.5.4.arc, text } }; country and serialNumber are PrintableString. */
static void back_attribute(struct tern_back_writer *out, uint8_t arc, const char *text)
{
    if (text == NULL) {
        return;
    }
    const uint8_t oid[] = {0x55, 0x04, arc};
    size_t mark = out->size;
    back_text(out, arc == 5 || arc == 6 ? 0x13 : 0x0C, text);
    tern_back_write_tlv(out, 0x06, TERN_BYTES_OF(oid));
    tern_back_write_header(out, 0x30, mark);
    tern_back_write_header(out, 0x31, mark);
}

/* In the order that SGP.26 has for the kind. */
static void back_subject(struct tern_back_writer *out, const struct certificate_plan *plan)
{
    size_t mark = out->size;
    if (plan->kind == TERN_PKI_CI) {
        back_attribute(out, 6, plan->country);
        back_attribute(out, 10, plan->organization);
        back_attribute(out, 11, plan->unit);
        back_attribute(out, 3, plan->common_name);
    } else {
        back_attribute(out, 3, plan->common_name);
        back_attribute(out, 5, plan->eid);
        back_attribute(out, 10, plan->organization);
        back_attribute(out, 6, plan->country);
    }
    tern_back_write_header(out, 0x30, mark);
}

void make_subject(struct tern_writer *out, const struct certificate_plan *plan)
{
    uint8_t buffer[512];
    struct tern_back_writer back = tern_back_writer(buffer, sizeof buffer);
    back_subject(&back, plan);
    tern_write(out, tern_back_writer_bytes(&back));
}

/* UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
static void back_time(struct tern_back_writer *out, int64_t seconds)
{
    char text[40];
    time_t when = (time_t)seconds;
    struct tm parts;
    gmtime_r(&when, &parts);
    bool utc = parts.tm_year < 150 && parts.tm_year >= 50;
    int skip = utc ? 2 : 0;
    snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02dZ", parts.tm_year + 1900, parts.tm_mon + 1,
             parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    back_text(out, utc ? 0x17 : 0x18, text + skip);
}

/* Close an extension whose value was written since `mark`: OCTET STRING, critical, OID. */
static void back_extension_of(struct tern_back_writer *out, size_t mark, struct tern_bytes oid,
                              bool critical)
{
    tern_back_write_header(out, 0x04, mark);
    if (critical) {
        tern_back_write_tlv(out, 0x01, tern_bytes("\xFF", 1));
    }
    tern_back_write_tlv(out, 0x06, oid);
    tern_back_write_header(out, 0x30, mark);
}

/* One of 2.5.29.arc. */
static void back_extension(struct tern_back_writer *out, size_t mark, uint8_t arc, bool critical)
{
    const uint8_t oid[] = {0x55, 0x1D, arc};
    back_extension_of(out, mark, TERN_BYTES_OF(oid), critical);
}

static void back_crl_urls(struct tern_back_writer *out, const struct certificate_plan *plan)
{
    size_t list = out->size;
    for (size_t i = TERN_COUNT_OF(plan->crl_urls); i > 0; i--) {
        if (plan->crl_urls[i - 1] == NULL) {
            continue;
        }
        size_t mark = out->size;
        back_text(out, 0x86, plan->crl_urls[i - 1]);
        tern_back_write_header(out, 0xA0, mark); /* fullName */
        tern_back_write_header(out, 0xA0, mark); /* distributionPoint */
        tern_back_write_header(out, 0x30, mark);
    }
    if (out->size != list) {
        tern_back_write_header(out, 0x30, list);
        back_extension(out, list, 31, false);
    }
}

static void back_name_constraints(struct tern_back_writer *out, const struct certificate_plan *plan)
{
    size_t list = out->size;
    for (size_t i = plan->iin_count; i > 0; i--) {
        size_t mark = out->size;
        back_attribute(out, 5, plan->iins[i - 1]);
        back_attribute(out, 10, plan->organization);
        tern_back_write_header(out, 0x30, mark);
        tern_back_write_header(out, 0xA4, mark); /* directoryName */
        tern_back_write_header(out, 0x30, mark); /* GeneralSubtree */
    }
    if (out->size != list) {
        tern_back_write_header(out, 0xA0, list); /* permittedSubtrees */
        tern_back_write_header(out, 0x30, list);
        back_extension(out, list, 30, true);
    }
}

/* permittedEins, SEQUENCE OF PrintableString, under GSMA's own OID 2.23.146.1.2.2.0. */
static void back_permitted_eins(struct tern_back_writer *out, const struct certificate_plan *plan)
{
    static const uint8_t OID[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x02, 0x00};
    size_t mark = out->size;
    for (size_t i = plan->ein_count; i > 0; i--) {
        back_text(out, 0x13, plan->eins[i - 1]);
    }
    if (out->size != mark) {
        tern_back_write_header(out, 0x30, mark);
        back_extension_of(out, mark, TERN_BYTES_OF(OID), true);
    }
}

static void back_alt_names(struct tern_back_writer *out, const struct certificate_plan *plan)
{
    size_t mark = out->size;
    if (plan->oid.data != NULL) {
        tern_back_write_tlv(out, 0x88, plan->oid);
    }
    if (plan->dns_name != NULL) {
        back_text(out, 0x82, plan->dns_name);
    }
    if (out->size != mark) {
        tern_back_write_header(out, 0x30, mark);
        back_extension(out, mark, 17, false);
    }
}

/* The arc of id-rspRole, or -1. */
static int role_arc(enum tern_pki_kind kind)
{
    static const int ARCS[TERN_PKI_KIND_COUNT] = {
        [TERN_PKI_CI] = 0,       [TERN_PKI_EUICC] = 1,   [TERN_PKI_EUM] = 2,
        [TERN_PKI_DP_TLS] = 3,   [TERN_PKI_DP_AUTH] = 4, [TERN_PKI_DP_PB] = 5,
        [TERN_PKI_DS_TLS] = 6,   [TERN_PKI_DS_AUTH] = 7, [TERN_PKI_EIM_SIGN] = -1,
        [TERN_PKI_EIM_TLS] = -1, [TERN_PKI_CLIENT] = -1, [TERN_PKI_OTHER] = -1,
    };
    return ARCS[kind];
}

static bool is_tls(enum tern_pki_kind kind)
{
    return kind == TERN_PKI_DP_TLS || kind == TERN_PKI_DS_TLS || kind == TERN_PKI_EIM_TLS;
}

static void back_policy(struct tern_back_writer *out, const struct certificate_plan *plan)
{
    int arc = role_arc(plan->kind);
    if (arc < 0) {
        return;
    }
    const uint8_t oid[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x01, (uint8_t)arc};
    size_t mark = out->size;
    tern_back_write_tlv(out, 0x06, TERN_BYTES_OF(oid));
    tern_back_write_header(out, 0x30, mark);
    tern_back_write_header(out, 0x30, mark);
    back_extension(out, mark, 32, !is_tls(plan->kind));
}

static void back_ext_key_usage(struct tern_back_writer *out, enum tern_pki_kind kind)
{
    static const uint8_t SERVER[] = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
    static const uint8_t CLIENT[] = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};
    if (!is_tls(kind) && kind != TERN_PKI_CLIENT) {
        return;
    }
    size_t mark = out->size;
    tern_back_write_tlv(out, 0x06, TERN_BYTES_OF(CLIENT));
    if (is_tls(kind)) {
        tern_back_write_tlv(out, 0x06, TERN_BYTES_OF(SERVER));
    }
    tern_back_write_header(out, 0x30, mark);
    back_extension(out, mark, 37, true);
}

static void back_key_usage(struct tern_back_writer *out, enum tern_pki_kind kind)
{
    /* unused bits, then bit 0 first: digitalSignature 80, keyCertSign 04, cRLSign 02 */
    static const uint8_t CI[] = {0x01, 0x06}, EUM[] = {0x02, 0x04}, LEAF[] = {0x07, 0x80};
    const uint8_t *bits = kind == TERN_PKI_CI ? CI : kind == TERN_PKI_EUM ? EUM : LEAF;
    size_t mark = out->size;
    tern_back_write_tlv(out, 0x03, tern_bytes(bits, 2));
    back_extension(out, mark, 15, true);
}

static void back_basic_constraints(struct tern_back_writer *out, enum tern_pki_kind kind)
{
    if (kind != TERN_PKI_CI && kind != TERN_PKI_EUM) {
        return;
    }
    size_t mark = out->size;
    if (kind == TERN_PKI_EUM) {
        tern_back_write_int(out, 0x02, 0);
    }
    tern_back_write_tlv(out, 0x01, tern_bytes("\xFF", 1));
    tern_back_write_header(out, 0x30, mark);
    back_extension(out, mark, 19, true);
}

static void back_key_ids(struct tern_back_writer *out, const uint8_t own[TERN_SHA1_SIZE],
                         struct tern_bytes issuer)
{
    size_t mark = out->size;
    if (issuer.data != NULL) {
        tern_back_write_tlv(out, 0x80, issuer);
        tern_back_write_header(out, 0x30, mark);
        back_extension(out, mark, 35, false);
    }
    if (own != NULL) {
        mark = out->size;
        tern_back_write_tlv(out, 0x04, tern_bytes(own, TERN_SHA1_SIZE));
        back_extension(out, mark, 14, false);
    }
}

static void back_extensions(struct tern_back_writer *out, const struct certificate_plan *plan,
                            const uint8_t own[TERN_SHA1_SIZE], struct tern_bytes issuer)
{
    bool own_key_id = plan->kind != TERN_PKI_EIM_SIGN && plan->kind != TERN_PKI_EIM_TLS &&
                      plan->kind != TERN_PKI_CLIENT;
    size_t mark = out->size;
    back_permitted_eins(out, plan);
    back_name_constraints(out, plan);
    back_crl_urls(out, plan);
    back_alt_names(out, plan);
    back_policy(out, plan);
    back_ext_key_usage(out, plan->kind);
    back_key_usage(out, plan->kind);
    back_basic_constraints(out, plan->kind);
    back_key_ids(out, own_key_id ? own : NULL, issuer);
    tern_back_write_header(out, 0x30, mark);
    tern_back_write_header(out, 0xA3, mark);
}

/* Sign what `tbs` has and append SIGNED{}. */
static int write_signed(struct tern_writer *out, struct tern_bytes tbs, struct tern_key key)
{
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t signature[TERN_SIGNATURE_SIZE], bits[80];
    if (tbs.size == 0) {
        return TERN_ERR_NO_SPACE;
    }
    int error = crypto->ecdsa_sign(crypto->context, signature, key, &tbs, 1);
    if (error != TERN_OK) {
        return error;
    }
    struct tern_writer string = TERN_WRITER_OF(bits);
    tern_write_byte(&string, 0);
    tern_signature_to_der(&string, signature);
    struct tern_bytes content = tern_writer_bytes(&string);
    size_t size = tbs.size + sizeof ECDSA_WITH_SHA256 + tern_der_header_size(0x03, content.size) +
                  content.size;
    tern_der_write_header(out, 0x30, size);
    tern_write(out, tbs);
    tern_write(out, TERN_BYTES_OF(ECDSA_WITH_SHA256));
    tern_der_write(out, 0x03, content);
    return tern_writer_status(out);
}

int make_certificate(struct tern_writer *out, const struct certificate_plan *plan,
                     const struct certificate_issuer *issuer)
{
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t buffer[TBS_SIZE_MAX], key_id[TERN_SHA1_SIZE], spki[100], serial[8];
    int error = tern_key_identifier(crypto, key_id, &plan->key);
    if (error == TERN_OK) {
        error = crypto->random(crypto->context, serial, sizeof serial);
    }
    if (error != TERN_OK) {
        return error;
    }
    serial[0] = (uint8_t)((serial[0] & 0x3F) | 0x40); /* positive and in its shortest form */
    struct tern_writer spki_out = TERN_WRITER_OF(spki);
    tern_spki_write(&spki_out, &plan->key);

    const struct tern_certificate *above = issuer->certificate;
    struct tern_back_writer tbs = tern_back_writer(buffer, sizeof buffer);
    back_extensions(&tbs, plan, key_id, above == NULL ? TERN_BYTES_NONE : above->subject_key_id);
    tern_back_write(&tbs, tern_writer_bytes(&spki_out));
    back_subject(&tbs, plan);
    size_t mark = tbs.size;
    back_time(&tbs, plan->not_after);
    back_time(&tbs, plan->not_before);
    tern_back_write_header(&tbs, 0x30, mark);
    if (above == NULL) {
        back_subject(&tbs, plan);
    } else {
        tern_back_write(&tbs, above->subject);
    }
    tern_back_write(&tbs, TERN_BYTES_OF(ECDSA_WITH_SHA256));
    tern_back_write_tlv(&tbs, 0x02, TERN_BYTES_OF(serial));
    mark = tbs.size;
    tern_back_write_int(&tbs, 0x02, 2);
    tern_back_write_header(&tbs, 0xA0, mark);
    tern_back_write_header(&tbs, 0x30, 0);
    return write_signed(out, tern_back_writer_bytes(&tbs), issuer->key);
}

/* id-rsp-totalPartialCrlNumber (2) or id-rsp-partialCrlNumber (3), 2.23.146.1.2.0.arc. */
static void back_part(struct tern_back_writer *out, uint8_t arc, int64_t number)
{
    const uint8_t oid[] = {0x67, 0x81, 0x12, 0x01, 0x02, 0x00, arc};
    size_t mark = out->size;
    tern_back_write_int(out, 0x02, number);
    back_extension_of(out, mark, TERN_BYTES_OF(oid), true);
}

int make_crl(struct tern_writer *out, const struct crl_plan *plan,
             const struct certificate_issuer *issuer)
{
    static uint8_t buffer[1 << 16];
    struct tern_back_writer tbs = tern_back_writer(buffer, sizeof buffer);
    if (plan->total_partial > 0) {
        back_part(&tbs, 3, plan->partial_number);
        back_part(&tbs, 2, plan->total_partial);
    }
    size_t mark = tbs.size;
    tern_back_write_int(&tbs, 0x02, plan->number);
    back_extension(&tbs, mark, 20, false);
    back_key_ids(&tbs, NULL, issuer->certificate->subject_key_id);
    tern_back_write_header(&tbs, 0x30, 0);
    tern_back_write_header(&tbs, 0xA0, 0);
    size_t list = tbs.size;
    for (size_t i = plan->count; i > 0; i--) {
        mark = tbs.size;
        back_time(&tbs, plan->this_update);
        tern_back_write_tlv(&tbs, 0x02, plan->serials[i - 1]);
        tern_back_write_header(&tbs, 0x30, mark);
    }
    if (plan->count > 0) {
        tern_back_write_header(&tbs, 0x30, list);
    }
    back_time(&tbs, plan->next_update);
    back_time(&tbs, plan->this_update);
    tern_back_write(&tbs, issuer->certificate->subject);
    tern_back_write(&tbs, TERN_BYTES_OF(ECDSA_WITH_SHA256));
    tern_back_write_int(&tbs, 0x02, 1);
    tern_back_write_header(&tbs, 0x30, 0);
    return write_signed(out, tern_back_writer_bytes(&tbs), issuer->key);
}
