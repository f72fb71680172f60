/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card in the test's process with the world around it: a PKI on disk, an eIM that signs packages,
 * an SM-DP+ that authenticates and binds. The other sides are written here by hand from the digests
 * (DER element by element), not with the engines of the servers.
 */
#ifndef TESTS_SUPPORT_CARD_WORLD_H
#define TESTS_SUPPORT_CARD_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/card/blocks.h"
#include "host/crypto/openssl.h"
#include "host/pki/pki.h"
#include "tern/bpp.h"
#include "tern/card.h"
#include "tests/support/hex.h"
#include "tests/support/upp.h"

#define WORLD_EID      "89049032123451234512345678901235"
#define WORLD_EIM      "eim.example"
#define WORLD_SMDP     "smdp.example"
#define WORLD_SMDS     "smds.example"
#define WORLD_MEMORY   262144
#define WORLD_EPR_SIZE 131072

/* The PKI of the test program, made once. */
struct world_pki {
    char directory[64];
    struct tern_pki *pki;
};

static struct world_pki world_pki;

static inline int world_make_pki(void **state)
{
    (void)state;
    static const char *const CURVES[] = {"p256", "brainpool"};
    static const char *const EIDS[] = {WORLD_EID};
    static const char *const EIMS[] = {WORLD_EIM, "eim2.example"};
    static const char *const SMDPS[] = {WORLD_SMDP, "smdp2.example"};
    static const char *const SMDSS[] = {WORLD_SMDS};
    struct tern_pki_plan plan = {
        .curves = CURVES,
        .curve_count = 2,
        .eum_count = 1,
        .euiccs = EIDS,
        .euicc_count = 1,
        .eims = EIMS,
        .eim_count = 2,
        .smdps = SMDPS,
        .smdp_count = 2,
        .smdss = SMDSS,
        .smds_count = 1,
        .now = 1750000000,
    };
    struct tern_pki_why why = {""};
    char template[] = "/tmp/tern-card-XXXXXX";
    if (mkdtemp(template) == NULL) return -1;
    snprintf(world_pki.directory, sizeof world_pki.directory, "%s", template);
    if (tern_pki_create(template, &plan, &why) == TERN_OK) {
        world_pki.pki = tern_pki_load(template, 0, TERN_TIME_NONE, &why);
    }
    if (world_pki.pki == NULL) fprintf(stderr, "no PKI: %s\n", why.text);
    return world_pki.pki == NULL ? -1 : 0;
}

static inline int world_remove_pki(void **state)
{
    (void)state;
    char command[128];
    tern_pki_free(world_pki.pki);
    snprintf(command, sizeof command, "rm -r %s", world_pki.directory);
    return system(command);
}

struct world {
    struct tern_card card;
    struct tern_card_config config;
    struct tern_card_ci cis[2];
    struct card_blocks blocks;
    struct tern_card_store_entry entries[TERN_CARD_ENTRY_COUNT(WORLD_MEMORY)];
    uint8_t *work;
    uint16_t sw;
    uint8_t response[WORLD_EPR_SIZE];
    size_t response_size;
    /* The eIM. */
    struct tern_key eim_key;
    int64_t counter;
    int64_t token; /* 0: none */
    /* The SM-DP+. */
    enum tern_curve curve;
    const char *smdp;
    uint8_t transaction_id[16];
    uint8_t euicc_signature1[67];
    uint8_t euicc_otpk[65];
    unsigned next_transaction;
};

/* Entry of the PKI: kind, name, curve. */
static inline const struct tern_pki_entry *world_entry(enum tern_pki_kind kind, const char *name,
                                                       enum tern_curve curve)
{
    const struct tern_pki_entry *entry = NULL;
    do {
        entry = tern_pki_find(world_pki.pki, kind, name, TERN_BYTES_NONE, entry);
    } while (entry != NULL && entry->certificate.public_key.curve != curve);
    if (entry == NULL) {
        fprintf(stderr, "the PKI has no %s %s\n", tern_pki_kind_name(kind), name ? name : "");
        abort();
    }
    return entry;
}

static inline struct tern_card_ci world_ci(enum tern_curve curve)
{
    const struct tern_pki_entry *euicc = world_entry(TERN_PKI_EUICC, WORLD_EID, curve);
    return (struct tern_card_ci){
        .ci_certificate = euicc->ci->certificate.raw,
        .eum_certificate = euicc->issuer->certificate.raw,
        .euicc_certificate = euicc->certificate.raw,
        .key = euicc->key,
    };
}

static inline void world_power_on(struct world *world)
{
    if (tern_card_init(&world->card, &world->config) != TERN_OK) abort();
    tern_card_lend(&world->card, world->work, TERN_CARD_WORK_SIZE);
}

/* A new card, empty; nothing is selected. Change world->config and power on for another kind. */
static inline struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    static const uint8_t RAT[] = {0x30, 0x10, 0x80, 0x02, 0x05, 0x60, 0xA1, 0x07, 0x30,
                                  0x05, 0x80, 0x03, 0xEE, 0xEE, 0xEE, 0x82, 0x01, 0x00};
    if (world == NULL) abort();
    world->work = malloc(TERN_CARD_WORK_SIZE);
    world->cis[0] = world_ci(TERN_CURVE_P256);
    world->cis[1] = world_ci(TERN_CURVE_BRAINPOOLP256R1);
    card_blocks_open_memory(&world->blocks, WORLD_MEMORY + TERN_CARD_BANK_SLACK);
    world->config = (struct tern_card_config){
        .cis = world->cis,
        .ci_count = 2,
        .crypto = tern_openssl(),
        .blocks = &world->blocks.blocks,
        .entries = world->entries,
        .entry_capacity = TERN_COUNT_OF(world->entries),
        .memory = WORLD_MEMORY,
        .rules_authorisation_table = TERN_BYTES_OF(RAT),
        .root_ds = TERN_BYTES_TEXT(WORLD_SMDS),
        .extra_capability = 3u << 23,
    };
    (void)tern_eid_from_text(world->config.eid, tern_bytes_text(WORLD_EID));
    world->eim_key = world_entry(TERN_PKI_EIM_SIGN, WORLD_EIM, TERN_CURVE_P256)->key;
    world->curve = TERN_CURVE_P256;
    world->smdp = WORLD_SMDP;
    world_power_on(world);
    return world;
}

static inline void world_free(struct world *world)
{
    card_blocks_close(&world->blocks);
    free(world->work);
    free(world);
}

/* ---- APDUs ---- */

/* One APDU; the response data is appended to world->response. Returns the status word. */
static inline uint16_t world_apdu(struct world *world, struct tern_bytes command)
{
    uint8_t bytes[TERN_CARD_RESPONSE_SIZE];
    struct tern_writer out = TERN_WRITER_OF(bytes);
    /* An exact allocation, so that the sanitizer sees a read beyond it. */
    uint8_t *copy = malloc(command.size == 0 ? 1 : command.size);
    memcpy(copy, command.data, command.size);
    tern_card_transmit(&world->card, &out, tern_bytes(copy, command.size));
    free(copy);
    if (out.size < 2 || out.size > sizeof bytes) abort();
    memcpy(world->response + world->response_size, bytes, out.size - 2);
    world->response_size += out.size - 2;
    world->sw = (uint16_t)(bytes[out.size - 2] << 8 | bytes[out.size - 1]);
    return world->sw;
}

/* The same from hex; response data begins anew. */
static inline uint16_t world_apdu_hex(struct world *world, const char *text)
{
    uint8_t bytes[600];
    world->response_size = 0;
    return world_apdu(world, hex(bytes, sizeof bytes, text));
}

static inline uint16_t world_select_isdr(struct world *world)
{
    return world_apdu_hex(world, "00A4040C10A0000005591010FFFFFFFF8900000100");
}

/* Fetch what 61xx announces. */
static inline uint16_t world_fetch(struct world *world)
{
    while (world->sw >> 8 == 0x61) {
        uint8_t get[] = {0x80, 0xC0, 0x00, 0x00, (uint8_t)world->sw};
        world_apdu(world, TERN_BYTES_OF(get));
    }
    return world->sw;
}

/* A chain of STORE DATA with blocks of `block` bytes; the response is fetched. */
static inline uint16_t world_store_data(struct world *world, struct tern_bytes data, size_t block)
{
    world->response_size = 0;
    for (uint8_t number = 0; data.size > 0; number++) {
        uint8_t apdu[260];
        struct tern_writer out = TERN_WRITER_OF(apdu);
        struct tern_bytes part = tern_bytes_slice(data, 0, block);
        data = tern_bytes_slice(data, part.size, data.size);
        tern_write_uint(&out, 0x80E2, 2);
        tern_write_byte(&out, data.size == 0 ? 0x91 : 0x11);
        tern_write_byte(&out, number);
        tern_write_byte(&out, (uint8_t)part.size);
        tern_write(&out, part);
        world_apdu(world, tern_writer_bytes(&out));
        if (data.size > 0 && world->sw != 0x9000) return world->sw;
    }
    return world_fetch(world);
}

/* One ES10 command on the ISD-R. The response TLV; empty when the status word is an error. */
static inline struct tern_bytes world_es10(struct world *world, struct tern_bytes command)
{
    world_select_isdr(world);
    world_store_data(world, command, 255);
    return tern_bytes(world->response, world->response_size);
}

static inline struct tern_bytes world_es10_hex(struct world *world, const char *text)
{
    static uint8_t bytes[70000];
    return world_es10(world, hex(bytes, sizeof bytes, text));
}

/* ---- The eIM ---- */

/* Append EimConfigurationData (30): FQDN, counter, token request, key, SPKI of `key`. */
static inline void world_write_eim(struct tern_writer *out, const char *id, int64_t counter,
                                   bool token, struct tern_key key, const char *more)
{
    uint8_t body[600];
    uint8_t spki[100];
    uint8_t extra[300];
    struct tern_writer inner = TERN_WRITER_OF(body);
    struct tern_writer point = TERN_WRITER_OF(spki);
    struct tern_public_key public_key = tern_openssl_key_public(key);
    struct tern_tlv tlv;
    tern_der_write(&inner, 0x80, tern_bytes_text(id));
    tern_der_write(&inner, 0x81, tern_bytes_text(id));
    tern_der_write_int(&inner, 0x82, 2);
    if (counter >= 0) tern_der_write_int(&inner, 0x83, counter);
    if (token) tern_der_write_int(&inner, 0x84, -1);
    tern_spki_write(&point, &public_key);
    (void)tern_der_single(tern_writer_bytes(&point), &tlv, 0);
    tern_der_write_header(&inner, 0xA5,
                          tern_der_header_size(0xA0, tlv.value.size) + tlv.value.size);
    tern_der_write(&inner, 0xA0, tlv.value);
    tern_write(&inner, hex(extra, sizeof extra, more));
    tern_der_write(out, 0x30, tern_writer_bytes(&inner));
}

/* AddInitialEim of one eIM; the response. */
static inline struct tern_bytes world_add_initial_eim(struct world *world, int64_t counter,
                                                      bool token)
{
    uint8_t list[800];
    uint8_t command[900];
    struct tern_writer eims = TERN_WRITER_OF(list);
    struct tern_writer out = TERN_WRITER_OF(command);
    world_write_eim(&eims, WORLD_EIM, counter, token, world->eim_key, "");
    tern_der_write_header(&out, 0xBF57, tern_der_header_size(0xA0, eims.size) + eims.size);
    tern_der_write(&out, 0xA0, tern_writer_bytes(&eims));
    struct tern_bytes response = world_es10(world, tern_writer_bytes(&out));
    world->counter = counter;
    world->token = token ? 1 : 0;
    return response;
}

static inline void world_write_token(struct tern_writer *out, int64_t token)
{
    tern_der_write_int(out, 0x84, token);
}

/* What goes into a package; zero members are the usual. */
struct world_package {
    const char *eim_id;
    const char *eid;
    int64_t counter;      /* 0: the next one */
    const char *commands; /* hex of the list's elements */
    struct tern_bytes raw_commands;
    bool eco;
    bool no_transaction_id;
    int64_t token; /* -1: the wrong one */
    bool bad_signature;
};

/* Append a signed package, BF51. */
static inline void world_write_package(struct world *world, struct tern_writer *out,
                                       const struct world_package *package)
{
    static uint8_t body[70000];
    static uint8_t list[70000];
    static uint8_t element[70000];
    const struct tern_crypto *crypto = tern_openssl();
    struct tern_writer inner = TERN_WRITER_OF(body);
    struct tern_writer signed_part = TERN_WRITER_OF(element);
    struct tern_bytes commands = package->commands == NULL
                                     ? package->raw_commands
                                     : hex(list, sizeof list, package->commands);
    uint8_t eid[16];
    (void)tern_eid_from_text(eid, tern_bytes_text(package->eid ? package->eid : WORLD_EID));
    int64_t counter = package->counter != 0 ? package->counter : world->counter + 1;
    tern_der_write(&inner, 0x80, tern_bytes_text(package->eim_id ? package->eim_id : WORLD_EIM));
    tern_der_write(&inner, 0x5A, TERN_BYTES_OF(eid));
    tern_der_write_int(&inner, 0x81, counter);
    if (!package->no_transaction_id) tern_der_write(&inner, 0x82, TERN_BYTES_TEXT("\1\2\3"));
    tern_der_write(&inner, package->eco ? 0xA1 : 0xA0, commands);
    tern_der_write(&signed_part, 0x30, tern_writer_bytes(&inner));
    uint8_t token[12];
    struct tern_writer token_out = TERN_WRITER_OF(token);
    world_write_token(&token_out, package->token == -1 ? world->token + 1 : world->token);
    struct tern_bytes parts[] = {tern_writer_bytes(&signed_part), tern_writer_bytes(&token_out)};
    uint8_t signature[64];
    if (crypto->ecdsa_sign(crypto->context, signature, world->eim_key, parts, 2) != 0) abort();
    if (package->bad_signature) signature[5] ^= 1;
    tern_der_write_header(out, 0xBF51, signed_part.size + 67);
    tern_write(out, tern_writer_bytes(&signed_part));
    tern_der_write(out, 0x5F37, TERN_BYTES_OF(signature));
}

static inline struct tern_bytes world_load_package(struct world *world,
                                                   const struct world_package *package)
{
    static uint8_t command[80000];
    struct tern_writer out = TERN_WRITER_OF(command);
    world_write_package(world, &out, package);
    int64_t counter = package->counter != 0 ? package->counter : world->counter + 1;
    struct tern_bytes response = world_es10(world, tern_writer_bytes(&out));
    if (response.size > 4 && response.data[0] == 0xBF &&
        memchr(response.data, 0xA0, response.size < 8 ? response.size : 8) != NULL) {
        world->counter = counter;
    }
    return response;
}

/* Run PSMOs given in hex; the element list of euiccResult, empty when it is no signed result. */
static inline struct tern_bytes world_results(struct tern_bytes response)
{
    static const tern_tag PATH[] = {0xBF51, 0xA0, 0x30, 0x30};
    struct tern_tlv tlv;
    if (tern_der_path(response, PATH, 4, &tlv) != TERN_OK) return TERN_BYTES_NONE;
    return tlv.value;
}

static inline struct tern_bytes world_psmo(struct world *world, const char *commands)
{
    struct world_package package = {.commands = commands};
    return world_results(world_load_package(world, &package));
}

static inline struct tern_bytes world_eco(struct world *world, const char *commands)
{
    struct world_package package = {.commands = commands, .eco = true};
    return world_results(world_load_package(world, &package));
}

/* True when `signature_tlv` (5F37) over `parts` is the card's under this curve's certificate. */
static inline bool world_card_signed(enum tern_curve curve, struct tern_bytes signature,
                                     const struct tern_bytes *parts, size_t count)
{
    const struct tern_crypto *crypto = tern_openssl();
    const struct tern_pki_entry *euicc = world_entry(TERN_PKI_EUICC, WORLD_EID, curve);
    return crypto->ecdsa_verify(crypto->context, &euicc->certificate.public_key, signature, parts,
                                count) == TERN_OK;
}

#endif
