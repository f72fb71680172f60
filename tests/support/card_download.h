/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-DP+ (and SM-DS) beside a card of card_world.h: authentication, preparation, binding. */
#ifndef TESTS_SUPPORT_CARD_DOWNLOAD_H
#define TESTS_SUPPORT_CARD_DOWNLOAD_H

#include "tests/support/card_world.h"

/* What goes wrong, and what the profile is; zero members are a good download of number `n`. */
struct download {
    unsigned n;            /* number of the ICCID */
    const char *metadata;  /* hex behind profileName; "" for none, NULL: operational, notifying */
    const char *elements;  /* further elements of the UPP, hex */
    struct tern_bytes upp; /* in place of the generated one */
    bool ppk;
    const char *configure; /* BF24 in hex; NULL: BF2400 */
    size_t block;          /* bytes a STORE DATA block; 0: 255 */
    /* AuthenticateServer */
    bool no_challenge;
    bool wrong_challenge;
    bool bad_server_signature;
    bool wrong_ci;
    bool pb_certificate;      /* CERT.DPpb where CERT.DPauth is due */
    bool foreign_certificate; /* a certificate whose signature does not hold */
    bool smds;
    /* PrepareDownload */
    bool bad_smdp_signature;
    bool wrong_transaction_id;
    bool other_oid;        /* CERT.DPpb of another SM-DP+ */
    bool auth_certificate; /* CERT.DPauth where CERT.DPpb is due */
    const uint8_t *otpk;   /* bppEuiccOtpk */
    bool hash_cc;
    /* BF23 and the segments */
    bool bpp_transaction_id;
    bool bpp_signature;
    bool bpp_operation;
    bool bpp_key_type;
    bool flip_mac;        /* in the first 86 */
    bool short_tlv;       /* an 86 of broken structure */
    const uint8_t *iccid; /* of a package that was not generated */
    unsigned metadata_n;  /* another ICCID in the metadata */
    size_t stop_after;    /* segments; 0: all */
};

/* The metadata used when none is given: notifications of all kinds to two addresses. */
#define DOWNLOAD_METADATA      \
    "B628"                     \
    "3012"                     \
    "800204F0"                 \
    "810C"                     \
    "736D64702E6578616D706C65" \
    "3012"                     \
    "800204F0"                 \
    "810C"                     \
    "6E6F74652E6578616D706C65"

static inline void world_server_signed1(struct world *world, struct tern_writer *out,
                                        const struct download *download,
                                        const uint8_t challenge[16])
{
    uint8_t body[200];
    struct tern_writer inner = TERN_WRITER_OF(body);
    const char *address = download->smds ? WORLD_SMDS : world->smdp;
    memset(world->transaction_id, 0x40, 16);
    world->transaction_id[15] = (uint8_t)++world->next_transaction;
    tern_der_write(&inner, 0x80, TERN_BYTES_OF(world->transaction_id));
    tern_der_write(&inner, 0x81, tern_bytes(challenge, 16));
    tern_der_write(&inner, 0x83, tern_bytes_text(address));
    tern_der_write(&inner, 0x84, TERN_BYTES_TEXT("server-challenge"));
    tern_der_write(out, 0x30, tern_writer_bytes(&inner));
}

/* Mutual authentication; the BF38 response. */
static inline struct tern_bytes world_authenticate(struct world *world,
                                                   const struct download *download)
{
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t signed1[250];
    uint8_t command[4000];
    uint8_t body[3900];
    uint8_t challenge[16] = {0};
    if (!download->no_challenge) {
        struct tern_bytes response = world_es10_hex(world, "BF2E00");
        if (response.size != 21) abort();
        memcpy(challenge, response.data + 5, 16);
    }
    if (download->wrong_challenge) challenge[3] ^= 1;
    struct tern_writer one = TERN_WRITER_OF(signed1);
    world_server_signed1(world, &one, download, challenge);
    enum tern_pki_kind kind = download->smds             ? TERN_PKI_DS_AUTH
                              : download->pb_certificate ? TERN_PKI_DP_PB
                                                         : TERN_PKI_DP_AUTH;
    const struct tern_pki_entry *server =
        world_entry(kind, download->smds ? WORLD_SMDS : world->smdp, world->curve);
    uint8_t shown[2048];
    memcpy(shown, server->certificate.raw.data, server->certificate.raw.size);
    if (download->foreign_certificate) shown[server->certificate.raw.size - 1] ^= 1;
    uint8_t signature[64];
    struct tern_bytes part = tern_writer_bytes(&one);
    if (crypto->ecdsa_sign(crypto->context, signature, server->key, &part, 1) != 0) abort();
    if (download->bad_server_signature) signature[9] ^= 4;
    uint8_t key_id[20];
    memcpy(key_id, server->ci->certificate.subject_key_id.data, 20);
    if (download->wrong_ci) key_id[0] ^= 1;
    struct tern_writer inner = TERN_WRITER_OF(body);
    tern_write(&inner, part);
    tern_der_write(&inner, 0x5F37, TERN_BYTES_OF(signature));
    tern_der_write(&inner, 0x04, TERN_BYTES_OF(key_id));
    tern_write(&inner, tern_bytes(shown, server->certificate.raw.size));
    static const uint8_t CONTEXT[] = {0xA0, 0x0F, 0x80, 0x03, 'A',  'B',  'C',  0xA1, 0x08,
                                      0x80, 0x04, 0x35, 0x29, 0x06, 0x11, 0xA1, 0x00};
    tern_write(&inner, TERN_BYTES_OF(CONTEXT));
    struct tern_writer out = TERN_WRITER_OF(command);
    tern_der_write(&out, 0xBF38, tern_writer_bytes(&inner));
    struct tern_bytes response = world_es10(world, tern_writer_bytes(&out));
    static const tern_tag PATH[] = {0xBF38, 0xA0, 0x5F37};
    struct tern_tlv tlv;
    if (tern_der_path(response, PATH, 3, &tlv) == TERN_OK && tlv.raw.size == 67) {
        memcpy(world->euicc_signature1, tlv.raw.data, 67);
    }
    return response;
}

/* PrepareDownload; the BF21 response. */
static inline struct tern_bytes world_prepare(struct world *world, const struct download *download)
{
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t inner_bytes[200];
    uint8_t signed2[220];
    uint8_t body[2500];
    uint8_t command[2600];
    struct tern_writer inner = TERN_WRITER_OF(inner_bytes);
    uint8_t id[16];
    memcpy(id, world->transaction_id, 16);
    if (download->wrong_transaction_id) id[0] ^= 1;
    tern_der_write(&inner, 0x80, TERN_BYTES_OF(id));
    tern_der_write(&inner, 0x01,
                   download->hash_cc ? TERN_BYTES_TEXT("\xFF") : TERN_BYTES_TEXT("\0"));
    if (download->otpk != NULL) tern_der_write(&inner, 0x5F49, tern_bytes(download->otpk, 65));
    struct tern_writer two = TERN_WRITER_OF(signed2);
    tern_der_write(&two, 0x30, tern_writer_bytes(&inner));
    const struct tern_pki_entry *pb =
        world_entry(download->auth_certificate ? TERN_PKI_DP_AUTH : TERN_PKI_DP_PB,
                    download->other_oid ? "smdp2.example" : world->smdp, world->curve);
    uint8_t signature[64];
    struct tern_bytes parts[] = {tern_writer_bytes(&two), TERN_BYTES_OF(world->euicc_signature1)};
    if (crypto->ecdsa_sign(crypto->context, signature, pb->key, parts, 2) != 0) abort();
    if (download->bad_smdp_signature) signature[1] ^= 1;
    struct tern_writer out = TERN_WRITER_OF(body);
    tern_write(&out, tern_writer_bytes(&two));
    tern_der_write(&out, 0x5F37, TERN_BYTES_OF(signature));
    if (download->hash_cc) {
        tern_der_write(&out, 0x04, TERN_BYTES_TEXT("0123456789abcdef0123456789abcdef"));
    }
    tern_write(&out, pb->certificate.raw);
    struct tern_writer whole = TERN_WRITER_OF(command);
    tern_der_write(&whole, 0xBF21, tern_writer_bytes(&out));
    struct tern_bytes response = world_es10(world, tern_writer_bytes(&whole));
    static const tern_tag PATH[] = {0xBF21, 0xA0, 0x30, 0x5F49};
    struct tern_tlv tlv;
    if (tern_der_path(response, PATH, 4, &tlv) == TERN_OK && tlv.value.size == 65) {
        memcpy(world->euicc_otpk, tlv.value.data, 65);
    }
    return response;
}

/* BF25 for this download. */
static inline void world_write_metadata(struct tern_writer *out, const struct download *download)
{
    uint8_t body[3000];
    uint8_t more[2500];
    uint8_t iccid[10];
    struct tern_writer inner = TERN_WRITER_OF(body);
    upp_iccid(iccid, download->metadata_n != 0 ? download->metadata_n : download->n);
    if (download->iccid != NULL) memcpy(iccid, download->iccid, sizeof iccid);
    tern_der_write(&inner, 0x5A, TERN_BYTES_OF(iccid));
    tern_der_write(&inner, 0x91, TERN_BYTES_TEXT("Operator"));
    tern_der_write(&inner, 0x92, TERN_BYTES_TEXT("Test"));
    const char *rest = download->metadata == NULL ? DOWNLOAD_METADATA : download->metadata;
    tern_write(&inner, hex(more, sizeof more, rest));
    tern_der_write(out, 0xBF25, tern_writer_bytes(&inner));
}

/* The bound profile package, in a buffer of this program. */
static inline struct tern_bytes world_bind(struct world *world, const struct download *download)
{
    static uint8_t package[200000];
    static uint8_t body[190000];
    static uint8_t upp_bytes[UPP_SIZE_MAX];
    static uint8_t metadata_bytes[4000];
    static uint8_t configure_bytes[300];
    const struct tern_crypto *crypto = tern_openssl();
    const struct tern_pki_entry *pb = world_entry(TERN_PKI_DP_PB, world->smdp, world->curve);
    uint8_t scalar[32];
    uint8_t point[65];
    if (crypto->ec_generate(crypto->context, world->curve, scalar, point) != 0) abort();
    struct tern_public_key euicc = {.curve = world->curve};
    memcpy(euicc.point, world->euicc_otpk, 65);
    struct tern_bsp_keys keys;
    struct tern_bsp_keys ppk;
    memset(&ppk, 0x5C, sizeof ppk);
    if (tern_kdf_bsp(crypto, &keys, scalar, &euicc, TERN_BYTES_TEXT("host"), world->config.eid) !=
        0) {
        abort();
    }
    struct tern_writer metadata = TERN_WRITER_OF(metadata_bytes);
    world_write_metadata(&metadata, download);
    struct tern_bpp_content content = {
        .store_metadata = tern_writer_bytes(&metadata),
        .ppk = download->ppk ? &ppk : NULL,
        .upp = download->upp,
    };
    if (download->configure != NULL) {
        content.configure_isdp = hex(configure_bytes, sizeof configure_bytes, download->configure);
    }
    if (content.upp.data == NULL) {
        content.upp =
            upp_make(upp_bytes, download->n, download->elements ? download->elements : "");
    }
    struct tern_writer inner = TERN_WRITER_OF(body);
    if (tern_bpp_bind_body(crypto, &inner, &keys, &content) != 0) abort();
    /* BF23 by hand, so that it can be wrong. */
    uint8_t id[16];
    memcpy(id, world->transaction_id, 16);
    if (download->bpp_transaction_id) id[2] ^= 1;
    uint8_t head[200];
    struct tern_writer front = TERN_WRITER_OF(head);
    tern_der_write_int(&front, 0x82, download->bpp_operation ? 2 : 1);
    tern_der_write(&front, 0x80, TERN_BYTES_OF(id));
    uint8_t crt[] = {0x80, 0x01, 0x88, 0x81, 0x01, 0x10, 0x84, 0x04, 'h', 'o', 's', 't'};
    if (download->bpp_key_type) crt[2] = 0x80;
    tern_der_write(&front, 0xA6, TERN_BYTES_OF(crt));
    tern_der_write(&front, 0x5F49, TERN_BYTES_OF(point));
    uint8_t otpk[70];
    struct tern_writer own = TERN_WRITER_OF(otpk);
    tern_der_write(&own, 0x5F49, TERN_BYTES_OF(world->euicc_otpk));
    struct tern_bytes parts[] = {tern_writer_bytes(&front), tern_writer_bytes(&own)};
    uint8_t signature[64];
    if (crypto->ecdsa_sign(crypto->context, signature, pb->key, parts, 2) != 0) abort();
    if (download->bpp_signature) signature[7] ^= 1;
    tern_der_write(&front, 0x5F37, TERN_BYTES_OF(signature));
    struct tern_writer out = TERN_WRITER_OF(package);
    size_t size = tern_der_header_size(0xBF23, front.size) + front.size + inner.size;
    tern_der_write_header(&out, 0xBF36, size);
    tern_der_write(&out, 0xBF23, tern_writer_bytes(&front));
    tern_write(&out, tern_writer_bytes(&inner));
    if (tern_writer_status(&out) != 0) abort();
    return tern_writer_bytes(&out);
}

/* Segment by segment until data come back; what came back (BF37, or nothing). */
static inline struct tern_bytes world_load_segments(struct world *world, struct tern_bytes package,
                                                    const struct download *download)
{
    struct tern_bpp_segmenter segmenter = {.state = 0};
    struct tern_bytes segment;
    struct tern_bytes rest = package;
    static uint8_t spoiled[70000];
    world_select_isdr(world);
    for (size_t count = 1; tern_bpp_next_segment(&segmenter, &segment, &rest) == 1; count++) {
        bool profile = segment.size > 4 && segment.data[0] == 0x86;
        if (profile && (download->flip_mac || download->short_tlv)) {
            memcpy(spoiled, segment.data, segment.size);
            if (download->flip_mac) spoiled[segment.size - 1] ^= 1;
            if (download->short_tlv) spoiled[spoiled[1] == 0x82 ? 3 : 2]--;
            segment = tern_bytes(spoiled, segment.size - (download->short_tlv ? 1 : 0));
        }
        world_store_data(world, segment, download->block != 0 ? download->block : 255);
        if (world->sw != 0x9000 || world->response_size > 0) break;
        if (count == download->stop_after) break;
    }
    return tern_bytes(world->response, world->response_size);
}

/* A whole download; the ProfileInstallationResult. */
static inline struct tern_bytes world_download(struct world *world, const struct download *download)
{
    world_authenticate(world, download);
    world_prepare(world, download);
    return world_load_segments(world, world_bind(world, download), download);
}

/* errorReason of a BF37, 0 for success, -1 when it is none; `command` gets bppCommandId. */
static inline int world_error_reason(struct tern_bytes result, int *command)
{
    static const tern_tag ERROR[] = {0xBF37, 0xBF27, 0xA2, 0xA1, 0x81};
    static const tern_tag COMMAND[] = {0xBF37, 0xBF27, 0xA2, 0xA1, 0x80};
    static const tern_tag SUCCESS[] = {0xBF37, 0xBF27, 0xA2, 0xA0, 0x4F};
    struct tern_tlv tlv;
    if (tern_der_path(result, SUCCESS, 5, &tlv) == TERN_OK) return 0;
    if (tern_der_path(result, ERROR, 5, &tlv) != TERN_OK) return -1;
    int reason = tlv.value.data[0];
    if (command != NULL && tern_der_path(result, COMMAND, 5, &tlv) == TERN_OK) {
        *command = tlv.value.data[0];
    }
    return reason;
}

/* Install profile number `n`; aborts the test program when that fails. */
static inline void world_install(struct world *world, unsigned n, const char *metadata)
{
    struct download download = {.n = n, .metadata = metadata};
    struct tern_bytes result = world_download(world, &download);
    if (world_error_reason(result, NULL) != 0) {
        fprintf(stderr, "profile %u was not installed: %d, SW %04X\n", n,
                world_error_reason(result, NULL), world->sw);
        abort();
    }
}

/* PSMO text with the ICCID of profile `n`: "A3" for enable. */
static inline const char *world_on(char *text, const char *tag, unsigned n, const char *more)
{
    uint8_t iccid[10];
    char digits[24] = "";
    struct tern_writer out = tern_writer(digits, sizeof digits - 1);
    upp_iccid(iccid, n);
    tern_hex_encode(&out, TERN_BYTES_OF(iccid));
    sprintf(text, "%s%02X5A0A%s%s", tag, (unsigned)(12 + strlen(more) / 2), digits, more);
    return text;
}

#endif
