/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tern bench smdp: whole download sessions of a 64 KB profile, the server's side alone.
 *
 * Measured is what the SM-DP+ does between the bytes of a request and the bytes of its answer:
 * JSON, base64, certificates, signatures, key agreement, the store with its commits (one for the 32
 * sessions under way, as the group commit of a loaded server has it). HTTP and TLS are not in it.
 * The eUICC's side runs in the same process, outside the clock.
 *
 * The limit is the bare cryptography of a session: 3 signatures, 4 verifications (each eUICC is
 * new, its EUM is not), a one-time key, an agreement, and AES with CMAC over what must be
 * encrypted: with protection keys a few hundred bytes, with session keys the whole profile.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/bench_measure.h"
#include "app/benches.h"
#include "app/rsp_material.h"
#include "host/config/files.h"
#include "host/crypto/openssl.h"
#include "host/store/sqlite_store.h"
#include "tern/json.h"
#include "tern/messages/es10b.h"
#include "tern/messages/rsp.h"
#include "tern/smdp.h"

#define NAME        "smdp.bench.example"
#define EUICCS      64
#define BATCH       32
#define BATCHES     4
#define RUNS        6 /* the first warms up */
#define SESSIONS    (BATCH * BATCHES)
#define UPP_SIZE    65536
#define MESSAGE_MAX (512u * 1024)

struct session {
    uint8_t iccid[TERN_ICCID_SIZE];
    char matching_id[24];
    const struct tern_pki_entry *euicc;
    const struct tern_pki_entry *eum;
    uint8_t scalar[TERN_SCALAR_SIZE];
    struct tern_arena request_arena; /* the client's: what it sends */
    struct tern_bytes request;
    struct tern_arena arena; /* the server's: one request at a time */
    struct tern_smdp_call call;
    struct tern_bytes answer;
    struct tern_es9plus_response response; /* as the client read it */
    struct tern_arena response_arena;
};

struct world {
    char folder[64];
    struct tern_pki *euiccs;
    struct rsp_material *material;
    struct sqlite_store *store;
    struct tern_smdp smdp;
    uint8_t remembered[TERN_SHA256_SIZE];
    bool has_remembered;
    struct tern_chain_cache cache;
    struct session sessions[BATCH];
    uint64_t next_profile;
};

/* A cache that keeps the first link it sees, the EUM's: every eUICC is a new one. */
static bool known(void *context, const uint8_t digest[TERN_SHA256_SIZE])
{
    const struct world *world = context;
    return world->has_remembered && memcmp(world->remembered, digest, TERN_SHA256_SIZE) == 0;
}

static void remember(void *context, const uint8_t digest[TERN_SHA256_SIZE])
{
    struct world *world = context;
    if (!world->has_remembered) {
        memcpy(world->remembered, digest, TERN_SHA256_SIZE);
        world->has_remembered = true;
    }
}

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- Setting up ---- */

static int make_pki(struct world *world)
{
    static char eids[EUICCS][33];
    const char *euiccs[EUICCS];
    static const char *const CURVES[] = {"p256"};
    static const char *const SMDPS[] = {NAME};
    char path[100];
    struct tern_pki_why why = {""};
    for (uint64_t i = 0; i < EUICCS; i++) {
        (void)tern_eid_make(eids[i], "89049032", i + 1);
        euiccs[i] = eids[i];
    }
    struct tern_pki_plan plan = {.curves = CURVES,
                                 .curve_count = 1,
                                 .eum_count = 1,
                                 .euiccs = euiccs,
                                 .euicc_count = EUICCS,
                                 .smdps = SMDPS,
                                 .smdp_count = 1,
                                 .now = (int64_t)time(NULL)};
    snprintf(path, sizeof path, "%s/pki", world->folder);
    if (tern_pki_create(path, &plan, &why) < 0) {
        fprintf(stderr, "tern bench: %s\n", why.text);
        return 2;
    }
    world->euiccs = tern_pki_load(path, 0, (int64_t)time(NULL), &why);
    world->material = rsp_material_load(path, NAME, false);
    return world->euiccs == NULL || world->material == NULL ? 2 : 0;
}

static int open_world(struct world *world)
{
    char path[100];
    snprintf(world->folder, sizeof world->folder, "/tmp/tern-bench-XXXXXX");
    if (mkdtemp(world->folder) == NULL || make_pki(world) != 0) {
        return 2;
    }
    snprintf(path, sizeof path, "%s/smdp.db", world->folder);
    if (sqlite_store_open(&world->store, path) != TERN_OK) {
        return 2;
    }
    rsp_server_defaults(&world->smdp.server, NAME);
    rsp_material_apply(world->material, &world->smdp.server);
    world->cache = (struct tern_chain_cache){world, known, remember};
    world->smdp.server.trust.cache = &world->cache;
    world->smdp.store = sqlite_store_interface(world->store);
    for (size_t i = 0; i < BATCH; i++) {
        struct session *session = &world->sessions[i];
        struct tern_arena *const arenas[] = {&session->request_arena, &session->arena,
                                             &session->response_arena};
        for (size_t j = 0; j < TERN_COUNT_OF(arenas); j++) {
            size_t size = j == 1 ? TERN_SMDP_ARENA_SIZE : MESSAGE_MAX;
            void *memory = malloc(size);
            *arenas[j] = tern_arena(memory, memory == NULL ? 0 : size);
        }
    }
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static void close_world(struct world *world)
{
    for (size_t i = 0; i < BATCH; i++) {
        free(world->sessions[i].request_arena.data);
        free(world->sessions[i].arena.data);
        free(world->sessions[i].response_arena.data);
    }
    if (world->store != NULL) {
        sqlite_store_close(world->store);
    }
    rsp_material_free(world->material);
    tern_pki_free(world->euiccs);
    if (world->folder[0] != '\0' &&
        nftw(world->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        fprintf(stderr, "tern bench: %s stays behind\n", world->folder);
    }
}

/* A profile in the inventory and a released order for it. Inside a transaction. */
static int make_order(struct world *world, struct session *session, bool session_keys)
{
    static uint8_t upp[UPP_SIZE];
    char digits[21];
    char body[400];
    uint64_t number = world->next_profile++;
    struct tern_bytes requester = TERN_BYTES_TEXT("bench");
    snprintf(digits, sizeof digits, "8988%015llu", (unsigned long long)number);
    snprintf(session->matching_id, sizeof session->matching_id, "BENCH-%llu",
             (unsigned long long)number);
    struct tern_arena *arena = &session->arena;
    arena->used = 0;
    (void)tern_iccid_from_text(session->iccid, tern_bytes_text(digits));
    struct tern_store_metadata_request metadata = {.iccid = TERN_BYTES_OF(session->iccid),
                                                   .service_provider_name = TERN_BYTES_TEXT("tern"),
                                                   .profile_name = TERN_BYTES_TEXT("bench"),
                                                   .profile_class = TERN_PROFILE_CLASS_operational};
    struct tern_writer out = tern_arena_writer(arena);
    int status = tern_asn_encode(&TERN_STORE_METADATA_REQUEST, &out, &metadata);
    struct tern_smdp_import import = {.profile_type = TERN_BYTES_TEXT("bench"),
                                      .metadata = tern_arena_keep(arena, &out),
                                      .upp = TERN_BYTES_OF(upp),
                                      .memory = 1,
                                      .session_keys = session_keys};
    memcpy(upp, &number, sizeof number);
    if (status == TERN_OK) {
        status = tern_smdp_import_profile(&world->smdp, arena, &import);
    }
    static const char *const MEMBERS[] = {"", ",\"releaseFlag\":true,\"matchingId\":\"%s\""};
    for (int i = 0; i < 2 && status == TERN_OK; i++) {
        char more[100];
        arena->used = 0;
        snprintf(more, sizeof more, i == 0 ? "%.0s" : ",\"releaseFlag\":true,\"matchingId\":\"%s\"",
                 session->matching_id);
        snprintf(body, sizeof body,
                 "{\"header\":{\"functionRequesterIdentifier\":\"bench\","
                 "\"functionCallIdentifier\":\"%llu-%d\"},\"iccid\":\"%s\"%s}",
                 (unsigned long long)number, i, digits, i == 0 ? MEMBERS[0] : more);
        struct tern_es2plus_call call = {.now = (int64_t)time(NULL),
                                         .arena = arena,
                                         .function = i == 0 ? TERN_ES2PLUS_DOWNLOAD_ORDER
                                                            : TERN_ES2PLUS_CONFIRM_ORDER,
                                         .body = tern_bytes_text(body),
                                         .names = &requester,
                                         .name_count = 1};
        status = tern_smdp_es2plus(&world->smdp, &call);
        if (status == TERN_OK && !tern_status_ok(&call.status)) {
            status = TERN_ERR_STATE;
        }
    }
    return status;
}

static int make_orders(struct world *world, bool session_keys)
{
    int status = sqlite_store_begin(world->store);
    const struct tern_pki_entry *euicc = NULL;
    for (size_t i = 0; i < BATCH && status == TERN_OK; i++) {
        struct session *session = &world->sessions[i];
        uint64_t wanted = world->next_profile % EUICCS;
        euicc = NULL;
        for (uint64_t j = 0; j <= wanted; j++) {
            euicc = tern_pki_find(world->euiccs, TERN_PKI_EUICC, NULL, TERN_BYTES_NONE, euicc);
        }
        session->euicc = euicc;
        session->eum = euicc == NULL ? NULL : euicc->issuer;
        status =
            session->eum == NULL ? TERN_ERR_NOT_FOUND : make_order(world, session, session_keys);
    }
    return status == TERN_OK ? sqlite_store_commit(world->store) : status;
}

/* ---- The eUICC and its LPA, outside the clock ---- */

static int sign_tlv(struct session *session, const struct tern_bytes *parts, size_t count,
                    struct tern_bytes *signature)
{
    uint8_t raw[TERN_SIGNATURE_SIZE];
    const struct tern_crypto *crypto = tern_openssl();
    int status = crypto->ecdsa_sign(crypto->context, raw, session->euicc->key, parts, count);
    *signature = tern_arena_copy(&session->request_arena, TERN_BYTES_OF(raw));
    return status;
}

static int encode_request(struct session *session, const struct tern_es9plus_request *request)
{
    struct tern_writer out = tern_arena_writer(&session->request_arena);
    int status = tern_es9plus_request_encode(&out, TERN_ES9PLUS_JSON, request);
    session->request = tern_arena_keep(&session->request_arena, &out);
    return status;
}

static struct tern_bytes encode_into(struct session *session, const struct tern_asn_record *record,
                                     const void *message)
{
    struct tern_writer out = tern_arena_writer(&session->request_arena);
    return tern_asn_encode(record, &out, message) < 0
               ? TERN_BYTES_NONE
               : tern_arena_keep(&session->request_arena, &out);
}

static int ask_initiate(struct world *world, struct session *session)
{
    static const uint8_t CHALLENGE[16] = {1};
    struct tern_bytes ci = world->smdp.server.identities[0].ci;
    uint8_t list[40];
    struct tern_writer list_out = TERN_WRITER_OF(list);
    tern_der_write(&list_out, 0x04, ci);
    struct tern_euicc_info1 info = {
        .svn = TERN_BYTES_TEXT("\x02\x05\x00"),
        .euicc_ci_pk_id_list_for_verification = tern_writer_bytes(&list_out),
        .euicc_ci_pk_id_list_for_signing = tern_writer_bytes(&list_out)};
    session->request_arena.used = 0;
    struct tern_es9plus_request request = {.function = TERN_ES9PLUS_INITIATE_AUTHENTICATION,
                                           .euicc_challenge = TERN_BYTES_OF(CHALLENGE),
                                           .smdp_address = TERN_BYTES_TEXT(NAME),
                                           .euicc_info1 =
                                               encode_into(session, &TERN_EUICC_INFO1, &info)};
    return encode_request(session, &request);
}

/* EUICCInfo2 as on a real card, the CI lists put in. */
static struct tern_bytes make_info2(struct session *session, struct tern_bytes ci)
{
    uint8_t list[40];
    struct tern_writer list_out = TERN_WRITER_OF(list);
    tern_der_write(&list_out, 0x04, ci);
    struct tern_euicc_info2 info = {
        .profile_version = TERN_BYTES_TEXT("\x02\x03\x01"),
        .svn = TERN_BYTES_TEXT("\x02\x05\x00"),
        .euicc_firmware_ver = TERN_BYTES_TEXT("\x01\x00\x00"),
        .ext_card_resource = tern_bytes("\x81\x01\x00\x82\x04\x00\x10\x00\x00\x83\x02\x40\x00", 13),
        .uicc_capability = 0x1F6,
        .rsp_capability = 0x29,
        .euicc_ci_pk_id_list_for_verification = tern_writer_bytes(&list_out),
        .euicc_ci_pk_id_list_for_signing = tern_writer_bytes(&list_out),
        .pp_version = TERN_BYTES_TEXT("\x01\x00\x00"),
        .sas_acreditation_number = TERN_BYTES_TEXT("BENCH")};
    return encode_into(session, &TERN_EUICC_INFO2, &info);
}

static int ask_authenticate(struct world *world, struct session *session)
{
    struct tern_server_signed1 server;
    const struct tern_es9plus_response *response = &session->response;
    int status = tern_asn_decode(&TERN_SERVER_SIGNED1, &server, NULL, response->server_signed1);
    session->request_arena.used = 0;
    if (status < 0) {
        return status;
    }
    struct tern_authenticate_server_response answer = {
        .arm = TERN_AUTHENTICATE_SERVER_RESPONSE_IS_AUTHENTICATE_RESPONSE_OK};
    struct tern_euicc_signed1 *signed1 = &answer.authenticate_response_ok.euicc_signed1;
    signed1->transaction_id = server.transaction_id;
    signed1->server_address = server.server_address;
    signed1->server_challenge = server.server_challenge;
    signed1->euicc_info2 = make_info2(session, world->smdp.server.identities[0].ci);
    signed1->ctx_params1.arm = TERN_CTX_PARAMS1_IS_CTX_PARAMS_FOR_COMMON_AUTHENTICATION;
    signed1->ctx_params1.ctx_params_for_common_authentication.matching_id =
        tern_bytes_text(session->matching_id);
    signed1->ctx_params1.ctx_params_for_common_authentication.device_info =
        tern_bytes("\xA1\x08\x80\x04\x35\x29\x06\x11\xA1\x00", 10);
    signed1->raw = encode_into(session, &TERN_EUICC_SIGNED1, signed1);
    status = sign_tlv(session, &signed1->raw, 1, &answer.authenticate_response_ok.euicc_signature1);
    answer.authenticate_response_ok.euicc_certificate = session->euicc->certificate.raw;
    answer.authenticate_response_ok.eum_certificate = session->eum->certificate.raw;
    struct tern_es9plus_request request = {
        .function = TERN_ES9PLUS_AUTHENTICATE_CLIENT,
        .transaction_id = server.transaction_id,
        .authenticate_server_response =
            encode_into(session, &TERN_AUTHENTICATE_SERVER_RESPONSE, &answer)};
    return status < 0 ? status : encode_request(session, &request);
}

static int ask_package(struct world *world, struct session *session)
{
    uint8_t point[TERN_POINT_SIZE];
    const struct tern_crypto *crypto = tern_openssl();
    (void)world;
    session->request_arena.used = 0;
    int status = crypto->ec_generate(crypto->context, TERN_CURVE_P256, session->scalar, point);
    struct tern_prepare_download_response answer = {
        .arm = TERN_PREPARE_DOWNLOAD_RESPONSE_IS_DOWNLOAD_RESPONSE_OK};
    struct tern_euicc_signed2 *signed2 = &answer.download_response_ok.euicc_signed2;
    signed2->transaction_id = session->response.transaction_id;
    signed2->euicc_otpk = TERN_BYTES_OF(point);
    signed2->raw = encode_into(session, &TERN_EUICC_SIGNED2, signed2);
    const struct tern_bytes parts[] = {signed2->raw, session->response.smdp_signature2};
    if (status == TERN_OK) {
        status = sign_tlv(session, parts, 2, &answer.download_response_ok.euicc_signature2);
    }
    struct tern_es9plus_request request = {.function = TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE,
                                           .transaction_id = session->response.transaction_id,
                                           .prepare_download_response = encode_into(
                                               session, &TERN_PREPARE_DOWNLOAD_RESPONSE, &answer)};
    return status < 0 ? status : encode_request(session, &request);
}

static int ask_notification(struct world *world, struct session *session)
{
    struct tern_profile_installation_result result = {.euicc_sign_pir = TERN_BYTES_NONE};
    struct tern_profile_installation_result_data *data = &result.profile_installation_result_data;
    session->request_arena.used = 0;
    data->transaction_id = session->response.transaction_id;
    data->notification_metadata = (struct tern_notification_metadata){
        .seq_number = 1,
        .profile_management_operation = TERN_NOTIFICATION_EVENT_notificationInstall,
        .notification_address = TERN_BYTES_TEXT(NAME),
        .iccid = TERN_BYTES_OF(session->iccid)};
    data->smdp_oid = world->smdp.server.identities[0].oid;
    data->final_result.arm = TERN_FINAL_RESULT_IS_SUCCESS_RESULT;
    data->final_result.success_result.aid = TERN_BYTES_TEXT("AID-OF-THE-ISDP1");
    data->final_result.success_result.sima_response =
        tern_bytes("\x30\x07\xA0\x05\x30\x03\x80\x01\x00", 9);
    data->raw = encode_into(session, &TERN_PROFILE_INSTALLATION_RESULT_DATA, data);
    int status = sign_tlv(session, &data->raw, 1, &result.euicc_sign_pir);
    struct tern_es9plus_request request = {
        .function = TERN_ES9PLUS_HANDLE_NOTIFICATION,
        .pending_notification = encode_into(session, &TERN_PROFILE_INSTALLATION_RESULT, &result)};
    return status < 0 ? status : encode_request(session, &request);
}

static int read_answer(struct session *session, enum tern_es9plus_function function)
{
    struct tern_fault fault;
    session->response_arena.used = 0;
    int status = tern_es9plus_response_decode(&session->response, TERN_ES9PLUS_JSON, function,
                                              session->answer, &session->response_arena, &fault);
    return status == TERN_OK && !tern_status_ok(&session->response.status) ? TERN_ERR_STATE
                                                                           : status;
}

/* ---- The server, inside the clock ---- */

static int serve(struct world *world, struct session *session, enum tern_es9plus_function function)
{
    struct tern_fault fault;
    struct tern_arena *arena = &session->arena;
    arena->used = 0;
    session->call = (struct tern_smdp_call){
        .rsp = {.now = (int64_t)time(NULL), .arena = arena}
    };
    int status = tern_es9plus_request_decode(&session->call.rsp.request, TERN_ES9PLUS_JSON,
                                             function, session->request, arena, &fault);
    if (status == TERN_OK) {
        status = tern_smdp_check(&world->smdp, &session->call);
    }
    if (status == TERN_OK && session->call.commit) {
        status = tern_smdp_commit(&world->smdp, &session->call);
    }
    struct tern_writer out = tern_arena_writer(arena);
    if (status == TERN_OK) {
        status = tern_es9plus_response_encode(&out, TERN_ES9PLUS_JSON, &session->call.rsp.response);
    }
    session->answer = tern_arena_keep(arena, &out);
    return status;
}

static int serve_batch(struct world *world, enum tern_es9plus_function function, double *spent)
{
    bool writes = function != TERN_ES9PLUS_INITIATE_AUTHENTICATION;
    double begin = cpu_us();
    int status = writes ? sqlite_store_begin(world->store) : TERN_OK;
    for (size_t i = 0; i < BATCH && status == TERN_OK; i++) {
        status = serve(world, &world->sessions[i], function);
    }
    if (status == TERN_OK && writes) {
        status = sqlite_store_commit(world->store);
    }
    *spent += cpu_us() - begin;
    return status;
}

static int run_batch(struct world *world, bool session_keys, double *spent)
{
    static int (*const ASK[])(struct world *, struct session *) = {ask_initiate, ask_authenticate,
                                                                   ask_package, ask_notification};
    static const enum tern_es9plus_function FUNCTIONS[] = {
        TERN_ES9PLUS_INITIATE_AUTHENTICATION, TERN_ES9PLUS_AUTHENTICATE_CLIENT,
        TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE, TERN_ES9PLUS_HANDLE_NOTIFICATION};
    int status = make_orders(world, session_keys);
    for (size_t step = 0; step < TERN_COUNT_OF(ASK) && status == TERN_OK; step++) {
        for (size_t i = 0; i < BATCH && status == TERN_OK; i++) {
            status = ASK[step](world, &world->sessions[i]);
        }
        if (status == TERN_OK) {
            status = serve_batch(world, FUNCTIONS[step], spent);
        }
        for (size_t i = 0; i < BATCH && status == TERN_OK; i++) {
            status = read_answer(&world->sessions[i], FUNCTIONS[step]);
        }
    }
    return status;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static int measure(struct world *world, bool session_keys, struct bench_result *result)
{
    double runs[RUNS];
    int status = TERN_OK;
    for (int run = 0; run < RUNS && status == TERN_OK; run++) {
        runs[run] = 0;
        for (int batch = 0; batch < BATCHES && status == TERN_OK; batch++) {
            status = run_batch(world, session_keys, &runs[run]);
        }
        runs[run] /= SESSIONS;
    }
    if (status < 0) {
        fprintf(stderr, "tern bench: a session failed: %s\n", tern_error_text(status));
        return 2;
    }
    qsort(runs + 1, RUNS - 1, sizeof runs[0], compare);
    result->ops = (uint64_t)SESSIONS * (RUNS - 1);
    result->cpu_us = runs[1 + (RUNS - 1) / 2];
    result->spread = runs[RUNS - 1] / runs[1];
    return 0;
}

int bench_smdp(int argc, char **argv)
{
    static struct world world;
    struct bench_limits limits;
    struct bench_result result;
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        puts("usage: tern bench smdp\n\nDownload sessions of the SM-DP+, a 64 KB profile, CPU time "
             "of the server's side.");
        return 0;
    }
    int status = bench_limits(&limits, TERN_CURVE_P256);
    double ecc = 3 * limits.sign_us + 4 * limits.verify_us + limits.generate_us + limits.ecdh_us;
    double symmetric_us_per_kib = limits.aes_us_per_kib + limits.cmac_us_per_kib;
    if (status == 0) {
        status = open_world(&world);
    }
    for (int keys = 0; keys < 2 && status == 0; keys++) {
        status = measure(&world, keys == 1, &result);
        if (status == 0) {
            double kib = keys == 1 ? UPP_SIZE / 1024.0 : 0.25;
            bench_print(keys == 1 ? "smdp.download.session_keys" : "smdp.download", &result,
                        ecc + kib * symmetric_us_per_kib);
        }
    }
    close_world(&world);
    return status;
}
