/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AUTHENTICATE in the 3G and the GSM context, and the freshness of sequence numbers.
 * TS 31.102, 7.1; TS 33.102, 6.3.3 and annex C.1.2, C.2; saip.md 16.6 and 16.7.
 *
 *     SQN, 48 bits:  SEQ (43) | IND (5)          one highest SEQ is kept for each of the 32 INDs
 *     AUTN        :  SQN ^ AK (6) | AMF (2) | MAC (8)
 *
 * A number is taken when it is above the one kept for its IND, not further ahead of all than
 * sqnDelta, and not further behind than sqnAgeLimit. The new one is written before the answer is
 * given: the card commits in between.
 */
#include "engine/uicc/uicc.h"

#include <string.h>

#include "engine/uicc/aka.h"

#define SQN_SIZE  6
#define IND_COUNT 32
#define IND_BITS  5

static bool aka_of(const struct tern_uicc *uicc, uint32_t application, uint8_t kind,
                   struct image_node *node)
{
    *node = (struct image_node){0};
    while (node_next(uicc, node)) {
        if (node->kind == kind && node->parent == application) return true;
    }
    return false;
}

/* The application whose AID is the payload of a mapping. */
static bool mapped_application(const struct tern_uicc *uicc, const struct image_node *mapping,
                               uint32_t *application)
{
    uint8_t wanted[16], name[16];
    struct image_node node = {0};
    if (mapping->size > sizeof wanted) return false;
    if (payload_load(uicc, mapping, 0, wanted, mapping->size) != SW_OK) return false;
    while (node_next(uicc, &node)) {
        if (node.kind != IMAGE_ADF || node.used > sizeof name) continue;
        if (payload_load(uicc, &node, 0, name, node.used) != SW_OK) return false;
        if (tern_bytes_equal(tern_bytes(name, node.used), tern_bytes(wanted, mapping->size))) {
            *application = node.offset;
            return true;
        }
    }
    return false;
}

bool aka_find(const struct tern_uicc *uicc, uint32_t application, struct image_node *node)
{
    if (aka_of(uicc, application, IMAGE_AKA, node)) return true;
    if (!aka_of(uicc, application, IMAGE_AKA_SHARE, node)) return false;
    return mapped_application(uicc, node, &application) &&
           aka_of(uicc, application, IMAGE_AKA, node);
}

bool service_available(const struct tern_uicc *uicc, const struct image_node *application,
                       unsigned service)
{
    enum { EF_UST = 0x6F38 };
    struct image_node table;
    uint8_t byte = 0;
    size_t at = (service - 1) / 8;
    if (!child_find(uicc, application, EF_UST, &table)) return false;
    if (follow_link(uicc, &table) != SW_OK || at >= table.size) return false;
    if (payload_load(uicc, &table, at, &byte, 1) != SW_OK) return false;
    return (byte >> (service - 1) % 8 & 1) != 0;
}

/* What a request for authentication works with. Holds secrets. */
struct authentication {
    struct image_node application;
    struct image_node node; /* the parameter set */
    struct aka_parameters parameters;
    struct aka_answer answer;
    uint64_t delta;
    uint64_t age_limit;
    uint32_t counter_max; /* 0: not limited */
    uint32_t counter;
};

static uint16_t parameters_load(const struct request *request, struct authentication *auth)
{
    uint8_t raw[AKA_SEQ];
    struct aka_parameters *parameters = &auth->parameters;
    if (!aka_find(request->uicc, auth->application.offset, &auth->node)) return SW_CONDITIONS;
    uint16_t sw = payload_load(request->uicc, &auth->node, 0, raw, sizeof raw);
    if (sw != SW_OK) return sw;
    parameters->algorithm = raw[AKA_ALGORITHM];
    parameters->options = raw[AKA_OPTIONS];
    parameters->key_size = raw[AKA_KEY_SIZE];
    parameters->keccak = raw[AKA_KECCAK];
    memcpy(parameters->key, raw + AKA_KEY, sizeof parameters->key);
    memcpy(parameters->opc, raw + AKA_OPC, sizeof parameters->opc);
    memcpy(parameters->rotation, raw + AKA_ROTATION, sizeof parameters->rotation);
    memcpy(parameters->xoring, raw + AKA_XORING, sizeof parameters->xoring);
    auth->delta = tern_read_uint(tern_bytes(raw + AKA_SQN_DELTA, SQN_SIZE));
    auth->age_limit = tern_read_uint(tern_bytes(raw + AKA_SQN_AGE_LIMIT, SQN_SIZE));
    auth->counter = (uint32_t)tern_read_uint(tern_bytes(raw + AKA_COUNTER, 3));
    auth->counter_max = (uint32_t)tern_read_uint(tern_bytes(raw + AKA_COUNTER_MAX, 3));
    if (raw[AKA_COUNTER_LIMITED] == 0) auth->counter_max = 0;
    tern_wipe(raw, sizeof raw);
    if (parameters->key_size > sizeof parameters->key) return SW_MEMORY;
    return SW_OK;
}

/* authCounterMax: how often this set may be used at all (saip.md 10, unverified). */
static uint16_t count_use(const struct request *request, struct authentication *auth)
{
    uint8_t bytes[3];
    if (auth->counter_max == 0) return SW_OK;
    if (auth->counter >= auth->counter_max) return SW_CONDITIONS;
    auth->counter++;
    struct tern_writer out = TERN_WRITER_OF(bytes);
    tern_write_uint(&out, auth->counter, sizeof bytes);
    return payload_store(request, &auth->node, AKA_COUNTER, TERN_BYTES_OF(bytes));
}

struct sequence {
    uint64_t kept;    /* for the IND in question */
    uint64_t highest; /* of all */
    uint8_t highest_ind;
};

static uint16_t sequence_load(const struct request *request, const struct authentication *auth,
                              struct sequence *sequence, unsigned ind)
{
    *sequence = (struct sequence){0};
    for (unsigned i = 0; i < IND_COUNT; i++) {
        uint8_t raw[SQN_SIZE];
        uint16_t sw = payload_load(request->uicc, &auth->node, AKA_SEQ + (size_t)i * SQN_SIZE, raw,
                                   sizeof raw);
        if (sw != SW_OK) return sw;
        uint64_t seq = tern_read_uint(TERN_BYTES_OF(raw));
        if (i == ind) sequence->kept = seq;
        if (seq > sequence->highest) {
            sequence->highest = seq;
            sequence->highest_ind = (uint8_t)i;
        }
    }
    return SW_OK;
}

static void put_sqn(uint8_t out[SQN_SIZE], uint64_t value)
{
    struct tern_writer writer = tern_writer(out, SQN_SIZE);
    tern_write_uint(&writer, value, SQN_SIZE);
}

/*
 * The test algorithm ignores sqnDelta and sqnAgeLimit (PEDefinitions, PE-AKAParameter) and lets
 * the network ask for a resynchronisation with an AMF of FFFF (TS 34.108, 8.1.2.2).
 */
static bool sequence_fresh(const struct authentication *auth, const struct sequence *sequence,
                           uint64_t seq, const uint8_t amf[2])
{
    if (auth->parameters.algorithm == AKA_TEST && amf[0] == 0xFF && amf[1] == 0xFF) return false;
    if (seq <= sequence->kept) return false;
    if (auth->parameters.algorithm == AKA_TEST) return true;
    if (seq > sequence->highest && seq - sequence->highest > auth->delta) return false;
    return seq >= sequence->highest || sequence->highest - seq < auth->age_limit;
}

/* DC 0E AUTS: SQN_MS ^ AK* | MAC-S. */
static uint16_t write_resync(const struct request *request, const struct authentication *auth,
                             const struct sequence *sequence, const uint8_t rand[16])
{
    static const uint8_t AMF_RESYNC[2] = {0, 0};
    const struct tern_crypto *crypto = request->uicc->crypto;
    uint8_t auts[SQN_SIZE + 8], sqn[SQN_SIZE], ak[SQN_SIZE];
    put_sqn(sqn, sequence->highest << IND_BITS | sequence->highest_ind);
    int status = aka_resync_key(&auth->parameters, crypto, ak, rand);
    if (status == TERN_OK) {
        const struct aka_challenge challenge = {rand, sqn, AMF_RESYNC, true};
        status = aka_mac(&auth->parameters, crypto, auts + SQN_SIZE, &challenge);
    }
    for (size_t i = 0; i < SQN_SIZE; i++)
        auts[i] = sqn[i] ^ ak[i];
    tern_wipe(ak, sizeof ak);
    if (status != TERN_OK) return SW_INTERNAL;
    tern_write_byte(request->response, 0xDC);
    tern_write_byte(request->response, sizeof auts);
    tern_write(request->response, TERN_BYTES_OF(auts));
    return SW_OK;
}

static void write_sized(struct tern_writer *out, const uint8_t *bytes, size_t size)
{
    tern_write_byte(out, (uint8_t)size);
    tern_write(out, tern_bytes(bytes, size));
}

/* DB { RES, CK, IK and, with service 27 (GSM access), Kc }. */
static void write_success(const struct request *request, const struct authentication *auth)
{
    uint8_t sres[4], kc[8];
    const struct aka_answer *answer = &auth->answer;
    tern_write_byte(request->response, 0xDB);
    write_sized(request->response, answer->res, answer->res_size);
    write_sized(request->response, answer->ck, sizeof answer->ck);
    write_sized(request->response, answer->ik, sizeof answer->ik);
    if (service_available(request->uicc, &auth->application, 27)) {
        aka_gsm_answer(sres, kc, answer);
        write_sized(request->response, kc, sizeof kc);
    }
    tern_wipe(kc, sizeof kc);
}

static uint16_t authenticate_3g(const struct request *request, struct authentication *auth)
{
    struct tern_bytes data = request->command->data;
    const struct tern_crypto *crypto = request->uicc->crypto;
    uint8_t sqn[SQN_SIZE], mac[8], seq_bytes[SQN_SIZE];
    struct sequence sequence;
    if (data.size != 34 || data.data[0] != 16 || data.data[17] != 16) return SW_WRONG_LENGTH;
    const uint8_t *rand = data.data + 1, *autn = data.data + 18, *amf = autn + SQN_SIZE;
    if (aka_answer(&auth->parameters, crypto, &auth->answer, rand) != TERN_OK) return SW_INTERNAL;
    for (size_t i = 0; i < SQN_SIZE; i++)
        sqn[i] = autn[i] ^ auth->answer.ak[i];
    const struct aka_challenge challenge = {rand, sqn, amf, false};
    if (aka_mac(&auth->parameters, crypto, mac, &challenge) != TERN_OK) {
        return SW_INTERNAL;
    }
    if (!tern_constant_time_equal(mac, amf + 2, sizeof mac)) return SW_WRONG_MAC;
    uint64_t value = tern_read_uint(TERN_BYTES_OF(sqn)), seq = value >> IND_BITS;
    unsigned ind = (unsigned)value & (IND_COUNT - 1);
    uint16_t sw = sequence_load(request, auth, &sequence, ind);
    if (sw != SW_OK) return sw;
    if (!sequence_fresh(auth, &sequence, seq, amf)) {
        return write_resync(request, auth, &sequence, rand);
    }
    sw = count_use(request, auth);
    if (sw != SW_OK) return sw;
    put_sqn(seq_bytes, seq);
    sw = payload_store(request, &auth->node, AKA_SEQ + (size_t)ind * SQN_SIZE,
                       TERN_BYTES_OF(seq_bytes));
    if (sw == SW_OK) write_success(request, auth);
    return sw;
}

/* 04 SRES 08 Kc. Needs service 38 (GSM security context). */
static uint16_t authenticate_gsm(const struct request *request, struct authentication *auth)
{
    struct tern_bytes data = request->command->data;
    uint8_t sres[4], kc[8];
    if (data.size != 17 || data.data[0] != 16) return SW_WRONG_LENGTH;
    if (!service_available(request->uicc, &auth->application, 38)) return SW_WRONG_CONTEXT;
    uint16_t sw = count_use(request, auth);
    if (sw != SW_OK) return sw;
    if (aka_answer(&auth->parameters, request->uicc->crypto, &auth->answer, data.data + 1) !=
        TERN_OK) {
        return SW_INTERNAL;
    }
    aka_gsm_answer(sres, kc, &auth->answer);
    write_sized(request->response, sres, sizeof sres);
    write_sized(request->response, kc, sizeof kc);
    tern_wipe(kc, sizeof kc);
    return SW_OK;
}

/* PIN1 of the application, when the profile has one. */
static bool user_verified(const struct request *request, const struct image_node *application)
{
    struct image_node pin;
    if (!pin_find(request->uicc, application->offset, 0x01, &pin)) return true;
    return pin_satisfied(request->uicc, &pin);
}

uint16_t command_authenticate(const struct request *request)
{
    enum { CONTEXT_GSM = 0x80, CONTEXT_3G = 0x81 };
    struct authentication auth = {0};
    const struct tern_apdu *command = request->command;
    if (command->p1 != 0 || (command->p2 & 0x80) == 0 || (command->p2 & 0x78) != 0) {
        return SW_WRONG_P1P2;
    }
    if (request->channel->application == 0) return SW_CONDITIONS;
    uint16_t sw = node_load(request->uicc, &auth.application, request->channel->application);
    if (sw != SW_OK) return sw;
    if (!user_verified(request, &auth.application)) return SW_SECURITY;
    if (command->p2 != CONTEXT_GSM && command->p2 != CONTEXT_3G) return SW_WRONG_CONTEXT;
    sw = parameters_load(request, &auth);
    if (sw == SW_OK) {
        sw = command->p2 == CONTEXT_3G ? authenticate_3g(request, &auth)
                                       : authenticate_gsm(request, &auth);
    }
    tern_wipe(&auth, sizeof auth);
    return sw;
}
