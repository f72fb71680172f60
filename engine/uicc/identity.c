/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET IDENTITY: the USIM conceals the IMSI itself. TS 31.102, 7.5 (service 125), TS 33.501, 6.12.2
 * and annex C.3 (ECIES), TS 24.501, 9.11.3.4 (the identity's bytes).
 *
 *     A1 L | 01 | PLMN 3 | routing indicator 2 | scheme | key identifier | scheme output
 *     null scheme     output = MSIN, BCD
 *     profile A, B    output = ephemeral public key | AES-128-CTR(MSIN) | HMAC-SHA-256, 8 bytes
 *
 * Profile A needs X25519 from the provider, profile B the decompression of a public key; a provider
 * without them leaves the scheme out, and the next one in the file's order is taken.
 */
#include "engine/uicc/uicc.h"

#include <string.h>

#include "tern/der.h"

enum { SCHEME_NULL = 0, SCHEME_A = 1, SCHEME_B = 2 };

#define FILE_SIZE_MAX   512
#define MSIN_SIZE_MAX   5
#define MAC_SIZE        8
#define POINT_SIZE      33
#define OUTPUT_SIZE_MAX (POINT_SIZE + MSIN_SIZE_MAX + MAC_SIZE)

struct identity {
    uint8_t plmn[3];
    uint8_t msin[MSIN_SIZE_MAX];
    size_t msin_size;
    uint8_t routing[2];
    uint8_t scheme;
    uint8_t key_identifier;
    uint8_t key[TERN_POINT_SIZE];
    size_t key_size;
    uint8_t output[OUTPUT_SIZE_MAX];
    size_t output_size;
};

/* A transparent file below the application, whole. */
static bool file_load(const struct request *request, const struct image_node *application,
                      struct tern_bytes path, uint8_t *out, size_t capacity, size_t *size)
{
    struct image_node node;
    if (!path_find(request->uicc, application, path, &node)) return false;
    if (node.kind != IMAGE_EF || follow_link(request->uicc, &node) != SW_OK) return false;
    *size = node.size < capacity ? node.size : capacity;
    return payload_load(request->uicc, &node, 0, out, *size) == SW_OK;
}

/* The digits of the IMSI: MCC and MNC to the PLMN, the rest to the MSIN. TS 31.102, 4.2.2. */
static bool imsi_load(const struct request *request, const struct image_node *application,
                      struct identity *identity)
{
    static const uint8_t PATH_IMSI[] = {0x6F, 0x07}, PATH_AD[] = {0x6F, 0xAD};
    uint8_t imsi[9], ad[4] = {0}, digits[16];
    size_t size, count = 0;
    if (!file_load(request, application, TERN_BYTES_OF(PATH_IMSI), imsi, sizeof imsi, &size) ||
        size != sizeof imsi || imsi[0] < 1 || imsi[0] > 8) {
        return false;
    }
    for (size_t i = 1; i < 2u * imsi[0] && count < sizeof digits; i++) {
        uint8_t digit = i % 2 == 0 ? imsi[1 + i / 2] & 0x0F : imsi[1 + i / 2] >> 4;
        if (digit > 9) break;
        digits[count++] = digit;
    }
    size = 0;
    (void)file_load(request, application, TERN_BYTES_OF(PATH_AD), ad, sizeof ad, &size);
    size_t mnc = size == 4 && (ad[3] & 0x0F) == 3 ? 3 : 2;
    if (count < 3 + mnc + 1) return false;
    identity->plmn[0] = (uint8_t)(digits[1] << 4 | digits[0]);
    identity->plmn[1] = (uint8_t)((mnc == 3 ? digits[5] : 0x0F) << 4 | digits[2]);
    identity->plmn[2] = (uint8_t)(digits[4] << 4 | digits[3]);
    for (size_t i = 3 + mnc; i < count && identity->msin_size < MSIN_SIZE_MAX; i += 2) {
        uint8_t high = i + 1 < count ? digits[i + 1] : 0x0F;
        identity->msin[identity->msin_size++] = (uint8_t)(high << 4 | digits[i]);
    }
    return true;
}

static bool scheme_possible(const struct tern_crypto *crypto, uint8_t scheme, size_t key_size)
{
    if (scheme == SCHEME_NULL) return true;
    if (crypto == NULL) return false;
    if (scheme == SCHEME_A) return crypto->x25519 != NULL && key_size == 32;
    if (scheme != SCHEME_B) return false;
    return key_size == TERN_POINT_SIZE || (crypto->ec_decompress != NULL && key_size == POINT_SIZE);
}

/* Key number `index` (from 1) of the list A1 { 80 identifier, 81 key, ... }. */
static bool key_find(struct tern_bytes list, unsigned index, struct identity *identity)
{
    struct tern_tlv element;
    unsigned number = 0;
    while (tern_der_next(&list, &element, TERN_DER_LONG_LENGTHS) == 1) {
        if (element.tag == 0x80) {
            number++;
            if (element.value.size == 1) identity->key_identifier = element.value.data[0];
        } else if (element.tag == 0x81 && number == index) {
            identity->key_size = element.value.size;
            if (element.value.size > sizeof identity->key) return false;
            memcpy(identity->key, element.value.data, element.value.size);
            return true;
        }
    }
    return false;
}

/* EF.SUCI_Calc_Info: A0 { scheme, key index, ... } A1 { keys }, by falling priority. 4.4.11.8 */
static bool scheme_choose(const struct request *request, struct tern_bytes file,
                          struct identity *identity)
{
    struct tern_tlv schemes = {0}, keys = {0}, element;
    while (file.size > 0 && file.data[0] != 0xFF &&
           tern_der_next(&file, &element, TERN_DER_LONG_LENGTHS) == 1) {
        if (element.tag == 0xA0) schemes = element;
        if (element.tag == 0xA1) keys = element;
    }
    for (size_t i = 0; i + 1 < schemes.value.size; i += 2) {
        uint8_t scheme = schemes.value.data[i], index = schemes.value.data[i + 1];
        identity->key_size = 0;
        identity->key_identifier = 0;
        if (scheme != SCHEME_NULL && !key_find(keys.value, index, identity)) continue;
        if (!scheme_possible(request->uicc->crypto, scheme, identity->key_size)) continue;
        identity->scheme = scheme;
        return true;
    }
    identity->scheme = SCHEME_NULL;
    identity->key_identifier = 0;
    return schemes.value.size == 0;
}

/* The ephemeral key pair, its public half into the output, and the shared secret. */
static int agree_a(const struct tern_crypto *crypto, struct identity *identity, uint8_t shared[32])
{
    static const uint8_t BASE[32] = {9};
    uint8_t scalar[32];
    int status = crypto->random(crypto->context, scalar, sizeof scalar);
    if (status == TERN_OK) status = crypto->x25519(crypto->context, identity->output, scalar, BASE);
    if (status == TERN_OK) status = crypto->x25519(crypto->context, shared, scalar, identity->key);
    identity->output_size = 32;
    tern_wipe(scalar, sizeof scalar);
    return status;
}

static int agree_b(const struct tern_crypto *crypto, struct identity *identity, uint8_t shared[32])
{
    uint8_t scalar[TERN_SCALAR_SIZE], point[TERN_POINT_SIZE] = {0};
    struct tern_public_key peer = {.curve = TERN_CURVE_P256};
    int status = TERN_OK;
    if (identity->key_size == TERN_POINT_SIZE) {
        memcpy(peer.point, identity->key, sizeof peer.point);
    } else {
        status = crypto->ec_decompress(crypto->context, &peer, identity->key);
    }
    if (status == TERN_OK) {
        status = crypto->ec_generate(crypto->context, TERN_CURVE_P256, scalar, point);
    }
    if (status == TERN_OK) status = crypto->ecdh(crypto->context, shared, scalar, &peer);
    identity->output[0] = (uint8_t)(0x02 | (point[64] & 1));
    memcpy(identity->output + 1, point + 1, 32);
    identity->output_size = POINT_SIZE;
    tern_wipe(scalar, sizeof scalar);
    return status;
}

/* ANSI X9.63 KDF: encryption key 16, counter block 16, MAC key 32. TS 33.501, C.3.2. */
static int derive(const struct tern_crypto *crypto, uint8_t keys[64], const uint8_t shared[32],
                  struct tern_bytes info)
{
    int status = TERN_OK;
    for (uint8_t i = 0; i < 2 && status == TERN_OK; i++) {
        uint8_t counter[4] = {0, 0, 0, (uint8_t)(i + 1)};
        struct tern_bytes parts[] = {tern_bytes(shared, 32), TERN_BYTES_OF(counter), info};
        status = crypto->sha256(crypto->context, keys + (size_t)32 * i, parts, 3);
    }
    return status;
}

static int conceal(const struct tern_crypto *crypto, struct identity *identity)
{
    uint8_t shared[32] = {0}, keys[64], stream[16], mac[TERN_SHA256_SIZE];
    int status = identity->scheme == SCHEME_A ? agree_a(crypto, identity, shared)
                                              : agree_b(crypto, identity, shared);
    struct tern_bytes info = tern_bytes(identity->output, identity->output_size);
    if (status == TERN_OK) status = derive(crypto, keys, shared, info);
    if (status == TERN_OK) {
        status =
            crypto->aes_encrypt_block(crypto->context, stream, tern_bytes(keys, 16), keys + 16);
    }
    if (status == TERN_OK) {
        uint8_t *cipher = identity->output + identity->output_size;
        for (size_t i = 0; i < identity->msin_size; i++)
            cipher[i] = identity->msin[i] ^ stream[i];
        struct tern_bytes part = tern_bytes(cipher, identity->msin_size);
        status = crypto->hmac_sha256(crypto->context, mac, tern_bytes(keys + 32, 32), &part, 1);
        if (status == TERN_OK) memcpy(cipher + identity->msin_size, mac, MAC_SIZE);
        identity->output_size += identity->msin_size + MAC_SIZE;
    }
    tern_wipe(shared, sizeof shared);
    tern_wipe(keys, sizeof keys);
    return status;
}

static uint16_t write_identity(const struct request *request, const struct identity *identity)
{
    enum { SUPI_IMSI_AS_SUCI = 0x01 };
    uint8_t buffer[16 + OUTPUT_SIZE_MAX];
    struct tern_writer out = TERN_WRITER_OF(buffer);
    tern_write_byte(&out, SUPI_IMSI_AS_SUCI);
    tern_write(&out, TERN_BYTES_OF(identity->plmn));
    tern_write(&out, TERN_BYTES_OF(identity->routing));
    tern_write_byte(&out, identity->scheme);
    tern_write_byte(&out, identity->key_identifier);
    tern_write(&out, tern_bytes(identity->output, identity->output_size));
    tern_der_write(request->response, 0xA1, tern_writer_bytes(&out));
    return SW_OK;
}

uint16_t command_get_identity(const struct request *request)
{
    enum { CONTEXT_SUCI = 0x01, SERVICE_PRIVACY = 124, SERVICE_IN_USIM = 125 };
    static const uint8_t PATH_CALC_INFO[] = {0x5F, 0xD0, 0x4F, 0x01};
    static const uint8_t PATH_ROUTING[] = {0x5F, 0xC0, 0x4F, 0x0A};
    struct image_node application;
    struct identity identity = {0};
    uint8_t file[FILE_SIZE_MAX];
    size_t size = 0;
    const struct tern_apdu *command = request->command;
    if (command->p1 != 0 || command->p2 != CONTEXT_SUCI) return SW_WRONG_P1P2;
    if (request->channel->application == 0) return SW_CONDITIONS;
    uint16_t sw = node_load(request->uicc, &application, request->channel->application);
    if (sw != SW_OK) return sw;
    if (!service_available(request->uicc, &application, SERVICE_PRIVACY) ||
        !service_available(request->uicc, &application, SERVICE_IN_USIM)) {
        return SW_CONDITIONS;
    }
    struct image_node pin;
    if (pin_find(request->uicc, application.offset, 0x01, &pin) &&
        !pin_satisfied(request->uicc, &pin)) {
        return SW_SECURITY;
    }
    if (!imsi_load(request, &application, &identity)) return SW_CONDITIONS;
    identity.routing[0] = 0xF0;
    identity.routing[1] = 0xFF;
    (void)file_load(request, &application, TERN_BYTES_OF(PATH_ROUTING), identity.routing,
                    sizeof identity.routing, &size);
    size = 0;
    (void)file_load(request, &application, TERN_BYTES_OF(PATH_CALC_INFO), file, sizeof file, &size);
    if (!scheme_choose(request, tern_bytes(file, size), &identity)) return SW_CONDITIONS;
    if (identity.scheme == SCHEME_NULL) {
        memcpy(identity.output, identity.msin, identity.msin_size);
        identity.output_size = identity.msin_size;
    } else if (conceal(request->uicc->crypto, &identity) != TERN_OK) {
        return SW_INTERNAL;
    }
    return write_identity(request, &identity);
}
