/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tern bench eim: what one PSMO cycle costs the eIM beside the ECC that nobody can save.
 *
 *     cycle   GetEimPackage, counter durable, package signed and stored, sent; result verified,
 *             profile list and operation stored, acknowledged
 *     limit   one ECDSA signature and one verification, measured in the same run
 *
 * eim.psmo.warm and eim.poll.idle are engine and SQLite (WAL, synchronous FULL, 64 devices a
 * commit) without a carrier; eim.psmo.https_warm and cold_https are the whole server as a process
 * of its own, its CPU time read from outside, with 32 devices at once. The devices' own work
 * (signing results) is not counted. Every device has its own key; TLS sessions are not resumed.
 * eim.psmo.growth is the first again with more and more devices in the store.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/bench_eim.h"
#include "app/bench_measure.h"
#include "app/benches.h"
#include "host/config/options.h"
#include "host/crypto/openssl.h"

#define RUN_COUNT 5
#define RUN_NS    100e6

double eim_bench_cpu_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Five runs of a batch function that returns its own CPU time and counts its operations. */
int eim_bench_runs(struct bench_result *result, eim_bench_batch *batch, void *context)
{
    double runs[RUN_COUNT];
    *result = (struct bench_result){0, 0, 0};
    for (int run = -1; run < RUN_COUNT; run++) {
        double spent = 0;
        uint64_t ops = 0;
        while (spent < RUN_NS) {
            double took = batch(context, &ops);
            if (took < 0) {
                return 2;
            }
            spent += took;
        }
        if (run >= 0) {
            runs[run] = spent / 1000.0 / (double)ops;
            result->ops += ops;
        }
    }
    qsort(runs, RUN_COUNT, sizeof(runs[0]), by_value);
    result->cpu_us = runs[RUN_COUNT / 2];
    result->spread = runs[RUN_COUNT - 1] / runs[0];
    return 0;
}

/* ---- Devices: what an eUICC answers ---- */

/* A BF51 result for the package in `request`, signed by this device. */
size_t eim_bench_result(struct eim_bench_device *device, uint8_t *out, size_t out_size,
                        struct tern_bytes request)
{
    static const tern_tag SIGNED[] = {0xBF4F, 0xBF51, 0x30};
    static const uint8_t LIST[] = {0x30, 0x03, 0x83, 0x01, 0x00};
    struct tern_tlv package;
    struct tern_tlv item;
    uint8_t body[256];
    uint8_t data[300];
    uint8_t signature[TERN_SIGNATURE_SIZE];
    struct tern_writer inner = TERN_WRITER_OF(body);
    struct tern_writer whole = TERN_WRITER_OF(data);
    if (tern_der_path(request, SIGNED, 3, &package) != TERN_OK) {
        return 0;
    }
    static const tern_tag COPIED[] = {0x80, 0x81, 0x82};
    for (size_t i = 0; i < 3; i++) {
        if (tern_der_find(package.value, COPIED[i], &item) != TERN_OK) {
            return 0;
        }
        tern_write(&inner, item.raw);
    }
    tern_der_write_int(&inner, 0x83, ++device->sequence);
    tern_write(&inner, TERN_BYTES_OF(LIST));
    tern_der_write(&whole, 0x30, tern_writer_bytes(&inner));
    const struct tern_crypto *crypto = tern_openssl();
    struct tern_bytes parts[] = {tern_writer_bytes(&whole), TERN_BYTES_TEXT("\x84\x01\x00")};
    if (crypto->ecdsa_sign(crypto->context, signature, device->key, parts, 2) != TERN_OK) {
        return 0;
    }
    uint8_t arm[400];
    uint8_t result[420];
    uint8_t content[460];
    struct tern_writer arm_out = TERN_WRITER_OF(arm);
    struct tern_writer result_out = TERN_WRITER_OF(result);
    struct tern_writer content_out = TERN_WRITER_OF(content);
    struct tern_writer message = tern_writer(out, out_size);
    tern_write(&arm_out, tern_writer_bytes(&whole));
    tern_der_write(&arm_out, 0x5F37, TERN_BYTES_OF(signature));
    tern_der_write(&result_out, 0xA0, tern_writer_bytes(&arm_out));
    tern_der_write(&content_out, 0x5A, TERN_BYTES_OF(device->eid));
    tern_der_write(&content_out, 0xBF51, tern_writer_bytes(&result_out));
    tern_der_write(&message, 0xBF50, tern_writer_bytes(&content_out));
    return tern_writer_status(&message) == TERN_OK ? message.size : 0;
}

void eim_bench_poll(struct eim_bench_device *device, struct tern_writer *out)
{
    uint8_t body[20];
    struct tern_writer inner = TERN_WRITER_OF(body);
    tern_der_write(&inner, 0x5A, TERN_BYTES_OF(device->eid));
    tern_der_write(out, 0xBF4F, tern_writer_bytes(&inner));
}

void eim_bench_eid(uint8_t eid[TERN_EID_SIZE], uint64_t number)
{
    char text[33];
    snprintf(text, sizeof(text), "89049032%024llu", (unsigned long long)number);
    (void)tern_eid_from_text(eid, tern_bytes(text, 32));
}

/* ---- The engine with its store ---- */

int eim_bench_open(struct eim_bench *bench, const char *folder)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/eim.db", folder);
    bench->key.id = 1;
    bench->trust = (struct tern_trust){.crypto = tern_openssl()};
    if (sqlite_store_open(&bench->store, path) != TERN_OK ||
        tern_openssl_key_generate(&bench->key.key, TERN_CURVE_P256) != TERN_OK) {
        return 2;
    }
    bench->arena = tern_arena(bench->memory, sizeof(bench->memory));
    bench->eim = (struct tern_eim){.crypto = tern_openssl(),
                                   .store = sqlite_store_interface(bench->store),
                                   .eim_id = TERN_BYTES_TEXT("eim.example.com"),
                                   .keys = &bench->key,
                                   .key_count = 1,
                                   .trust = &bench->trust};
    return 0;
}

struct tern_eim_step eim_bench_step(struct eim_bench *bench)
{
    bench->arena.used = 0;
    return (struct tern_eim_step){.arena = &bench->arena, .now_ms = 1700000000000 + bench->now++};
}

/* Devices number `from` to `to` into the store; those below EIM_BENCH_ACTIVE have real keys. */
int eim_bench_fill(struct eim_bench *bench, uint64_t from, uint64_t to)
{
    for (uint64_t number = from; number < to; number++) {
        if (number % 4096 == from % 4096 || number == from) {
            if (number != from && sqlite_store_commit(bench->store) != TERN_OK) {
                return 2;
            }
            if (sqlite_store_begin(bench->store) != TERN_OK) {
                return 2;
            }
        }
        struct tern_eim_step step = eim_bench_step(bench);
        struct tern_eim_device device = {.curve = TERN_CURVE_P256};
        struct tern_public_key public = bench->devices[number % EIM_BENCH_ACTIVE].public;
        struct tern_eim_device_data data = {0};
        eim_bench_eid(device.eid, number * 7919 % 100000007);
        device.euicc_key = TERN_BYTES_OF(public.point);
        if (tern_eim_device_add(&bench->eim, &step, &device, &data) != TERN_OK) {
            return 2;
        }
    }
    return sqlite_store_commit(bench->store) == TERN_OK ? 0 : 2;
}

int eim_bench_make_devices(struct eim_bench *bench)
{
    for (size_t i = 0; i < EIM_BENCH_ACTIVE; i++) {
        struct eim_bench_device *device = &bench->devices[i];
        eim_bench_eid(device->eid, i * 7919 % 100000007);
        if (tern_openssl_key_generate(&device->key, TERN_CURVE_P256) != TERN_OK) {
            return 2;
        }
        device->public = tern_openssl_key_public(device->key);
    }
    return 0;
}

static int queue_enable(struct eim_bench *bench, struct eim_bench_device *device)
{
    uint8_t commands[32];
    uint8_t list[40];
    struct tern_writer inner = TERN_WRITER_OF(commands);
    struct tern_writer out = TERN_WRITER_OF(list);
    struct tern_eim_step step = eim_bench_step(bench);
    static const uint8_t ICCID[10] = {0x98, 0x64, 1, 2, 3, 4, 5, 6, 7, 8};
    tern_eim_psmo_enable(&inner, TERN_BYTES_OF(ICCID), false);
    tern_der_write(&out, 0xA0, tern_writer_bytes(&inner));
    struct tern_eim_operation operation = {.kind = TERN_EIM_KIND_PACKAGE,
                                           .request = tern_writer_bytes(&out)};
    return tern_eim_queue(&bench->eim, &step, device->eid, &operation) == TERN_OK ? 0 : 2;
}

/* One operation for each of a run of devices, in one commit; not measured. */
int eim_bench_queue(struct eim_bench *bench, size_t first, size_t count)
{
    if (sqlite_store_begin(bench->store) != TERN_OK) {
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        if (queue_enable(bench, &bench->devices[(first + i) % EIM_BENCH_ACTIVE]) != 0) {
            return 2;
        }
    }
    return sqlite_store_commit(bench->store) == TERN_OK ? 0 : 2;
}

static int poll_batch(struct eim_bench *bench, size_t first)
{
    static const struct tern_eim_peer PEER = {0};
    const struct tern_crypto *crypto = tern_openssl();
    int status = sqlite_store_begin(bench->store);
    for (size_t i = 0; i < EIM_BENCH_BATCH && status == TERN_OK; i++) {
        struct eim_bench_device *device = &bench->devices[(first + i) % EIM_BENCH_ACTIVE];
        uint8_t message[32];
        struct tern_writer out = TERN_WRITER_OF(message);
        struct tern_eim_step step = eim_bench_step(bench);
        eim_bench_poll(device, &out);
        status = tern_eim_receive(&bench->eim, &step, &PEER, tern_writer_bytes(&out));
        if (status != TERN_OK || step.outcome != TERN_EIM_SIGN) {
            return 2;
        }
        struct eim_bench_question *question = &bench->questions[i];
        question->key = step.key;
        for (size_t part = 0; part < 2; part++) {
            question->sign_size[part] = step.sign[part].size;
            memcpy(question->sign[part], step.sign[part].data, step.sign[part].size);
        }
        question->ticket_size = step.ticket.size;
        memcpy(question->ticket, step.ticket.data, step.ticket.size);
    }
    if (status != TERN_OK || sqlite_store_commit(bench->store) != TERN_OK) {
        return 2;
    }
    for (size_t i = 0; i < EIM_BENCH_BATCH; i++) {
        struct eim_bench_question *question = &bench->questions[i];
        struct tern_bytes parts[] = {tern_bytes(question->sign[0], question->sign_size[0]),
                                     tern_bytes(question->sign[1], question->sign_size[1])};
        if (crypto->ecdsa_sign(crypto->context, question->signature, question->key, parts, 2) !=
            TERN_OK) {
            return 2;
        }
    }
    return 0;
}

static int answer_batch(struct eim_bench *bench)
{
    int status = sqlite_store_begin(bench->store);
    for (size_t i = 0; i < EIM_BENCH_BATCH && status == TERN_OK; i++) {
        struct eim_bench_question *question = &bench->questions[i];
        struct tern_eim_step step = eim_bench_step(bench);
        struct tern_eim_answer answer = {.body = TERN_BYTES_OF(question->signature)};
        status = tern_eim_answer(&bench->eim, &step,
                                 tern_bytes(question->ticket, question->ticket_size), &answer);
        if (status != TERN_OK || step.outcome != TERN_EIM_REPLY ||
            step.body.size > sizeof(question->reply)) {
            return 2;
        }
        question->reply_size = step.body.size;
        memcpy(question->reply, step.body.data, step.body.size);
    }
    return status == TERN_OK && sqlite_store_commit(bench->store) == TERN_OK ? 0 : 2;
}

static int result_batch(struct eim_bench *bench)
{
    static const struct tern_eim_peer PEER = {0};
    int status = sqlite_store_begin(bench->store);
    for (size_t i = 0; i < EIM_BENCH_BATCH && status == TERN_OK; i++) {
        struct eim_bench_question *question = &bench->questions[i];
        struct tern_eim_step step = eim_bench_step(bench);
        status = tern_eim_receive(&bench->eim, &step, &PEER,
                                  tern_bytes(question->reply, question->reply_size));
        if (status == TERN_OK && (step.body.size < 6 || step.body.data[3] != 0xBF)) {
            return 2; /* not acknowledged */
        }
    }
    return status == TERN_OK && sqlite_store_commit(bench->store) == TERN_OK ? 0 : 2;
}

static double warm_batch(void *context, uint64_t *ops)
{
    struct eim_bench *bench = context;
    size_t first = bench->next;
    bench->next = (bench->next + EIM_BENCH_BATCH) % EIM_BENCH_ACTIVE;
    if (eim_bench_queue(bench, first, EIM_BENCH_BATCH) != 0) {
        return -1;
    }
    double start = eim_bench_cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    if (poll_batch(bench, first) != 0 || answer_batch(bench) != 0) {
        return -1;
    }
    double spent = eim_bench_cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
    for (size_t i = 0; i < EIM_BENCH_BATCH; i++) { /* the devices' work */
        struct eim_bench_question *question = &bench->questions[i];
        uint8_t message[512];
        size_t size =
            eim_bench_result(&bench->devices[(first + i) % EIM_BENCH_ACTIVE], message,
                             sizeof(message), tern_bytes(question->reply, question->reply_size));
        memcpy(question->reply, message, size);
        question->reply_size = size;
    }
    start = eim_bench_cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    if (result_batch(bench) != 0) {
        return -1;
    }
    spent += eim_bench_cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
    *ops += EIM_BENCH_BATCH;
    return spent;
}

static double idle_batch(void *context, uint64_t *ops)
{
    static const struct tern_eim_peer PEER = {0};
    struct eim_bench *bench = context;
    double start = eim_bench_cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    if (sqlite_store_begin(bench->store) != TERN_OK) {
        return -1;
    }
    for (size_t i = 0; i < EIM_BENCH_BATCH; i++) {
        uint8_t message[32];
        struct tern_writer out = TERN_WRITER_OF(message);
        struct tern_eim_step step = eim_bench_step(bench);
        eim_bench_poll(&bench->devices[(bench->next + i) % EIM_BENCH_ACTIVE], &out);
        if (tern_eim_receive(&bench->eim, &step, &PEER, tern_writer_bytes(&out)) != TERN_OK ||
            step.body.size != 6) {
            return -1;
        }
    }
    if (sqlite_store_commit(bench->store) != TERN_OK) {
        return -1;
    }
    bench->next = (bench->next + EIM_BENCH_BATCH) % EIM_BENCH_ACTIVE;
    *ops += EIM_BENCH_BATCH;
    return eim_bench_cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static int growth(struct eim_bench *bench, double limit_us, uint64_t most)
{
    static const uint64_t SIZES[] = {1000, 10000, 100000, 1000000};
    uint64_t have = EIM_BENCH_ACTIVE;
    for (size_t i = 0; i < TERN_COUNT_OF(SIZES) && SIZES[i] <= most; i++) {
        struct bench_result result;
        if (SIZES[i] > have && eim_bench_fill(bench, have, SIZES[i]) != 0) {
            return 2;
        }
        have = SIZES[i] > have ? SIZES[i] : have;
        if (eim_bench_runs(&result, warm_batch, bench) != 0) {
            return 2;
        }
        printf("{\"bench\":\"eim.psmo.growth\",\"devices\":%llu,\"ops\":%llu,\"cpu_us\":%.2f,"
               "\"limit_us\":%.2f,\"ratio\":%.3f,\"spread\":%.2f}\n",
               (unsigned long long)SIZES[i], (unsigned long long)result.ops, result.cpu_us,
               limit_us, limit_us / result.cpu_us, result.spread);
        fflush(stdout);
    }
    return 0;
}

static int run_engine(struct eim_bench *bench, const char *folder, double limit_us, uint64_t most)
{
    struct bench_result result;
    if (eim_bench_open(bench, folder) != 0 || eim_bench_make_devices(bench) != 0 ||
        eim_bench_fill(bench, 0, EIM_BENCH_ACTIVE) != 0 ||
        eim_bench_runs(&result, warm_batch, bench) != 0) {
        return 2;
    }
    bench_print("eim.psmo.warm", &result, limit_us);
    if (eim_bench_runs(&result, idle_batch, bench) != 0) {
        return 2;
    }
    bench_print("eim.poll.idle", &result, 0);
    return growth(bench, limit_us, most);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

struct bench_eim_options {
    uint64_t devices;
    bool engine_only;
    bool json; /* lines are JSON anyway */
};

int bench_eim(int argc, char **argv)
{
    static const struct option_row ROWS[] = {
        OPTION_UINT(struct bench_eim_options, devices, "devices", 1000, 1000000,
                    "how many devices the store grows to"),
        OPTION_FLAG(struct bench_eim_options, engine_only, "engine-only", "no server process"),
        OPTION_FLAG(struct bench_eim_options, json, "json", "JSON lines, as always"),
    };
    static const struct option_table TABLE = OPTION_TABLE(
        "tern bench eim [--devices N]", "PSMO cycles and polls as shares of the ECC limit.", ROWS);
    struct bench_eim_options options = {.devices = 1000000};
    int status = options_parse(&TABLE, &options, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    struct bench_limits limits;
    char folder[] = "/tmp/tern-bench-XXXXXX";
    struct eim_bench *bench = calloc(1, sizeof(*bench));
    if (bench == NULL || mkdtemp(folder) == NULL || bench_limits(&limits, TERN_CURVE_P256) != 0) {
        free(bench);
        return 2;
    }
    double limit_us = limits.sign_us + limits.verify_us;
    status = run_engine(bench, folder, limit_us, options.devices);
    if (bench->store != NULL) {
        sqlite_store_close(bench->store);
        bench->store = NULL;
    }
    tern_openssl_key_free(&bench->key.key);
    if (status == 0 && !options.engine_only) {
        status = bench_eim_https(bench, folder, limit_us);
    }
    for (size_t i = 0; i < EIM_BENCH_ACTIVE; i++) {
        tern_openssl_key_free(&bench->devices[i].key);
    }
    free(bench);
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ? status : 2;
}
