/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of `tern bench eim` share: devices, the store, a way to time. */
#ifndef APP_BENCH_EIM_H
#define APP_BENCH_EIM_H

#include <time.h>

#include "app/bench_measure.h"
#include "host/store/sqlite_store.h"
#include "tern/der.h"
#include "tern/eim.h"

#define EIM_BENCH_ACTIVE 512 /* devices that take part, each with its own key */
#define EIM_BENCH_BATCH  64  /* devices a commit */

struct eim_bench_device {
    uint8_t eid[TERN_EID_SIZE];
    struct tern_key key;
    struct tern_public_key public;
    int64_t sequence;
};

struct eim_bench_question {
    struct tern_key key;
    uint8_t sign[2][300];
    size_t sign_size[2];
    uint8_t signature[TERN_SIGNATURE_SIZE];
    uint8_t ticket[256];
    size_t ticket_size;
    uint8_t reply[1024];
    size_t reply_size;
};

struct eim_bench {
    struct sqlite_store *store;
    struct tern_eim eim;
    struct tern_eim_key key;
    struct tern_trust trust;
    struct tern_arena arena;
    uint64_t now;
    size_t next;
    struct eim_bench_device devices[EIM_BENCH_ACTIVE];
    struct eim_bench_question questions[EIM_BENCH_BATCH];
    uint8_t memory[1 << 20];
};

typedef double eim_bench_batch(void *context, uint64_t *ops);

double eim_bench_cpu_ns(clockid_t clock);
int eim_bench_runs(struct bench_result *result, eim_bench_batch *batch, void *context);
size_t eim_bench_result(struct eim_bench_device *device, uint8_t *out, size_t out_size,
                        struct tern_bytes request);
void eim_bench_poll(struct eim_bench_device *device, struct tern_writer *out);
void eim_bench_eid(uint8_t eid[TERN_EID_SIZE], uint64_t number);
int eim_bench_open(struct eim_bench *bench, const char *folder);
struct tern_eim_step eim_bench_step(struct eim_bench *bench);
int eim_bench_make_devices(struct eim_bench *bench);
int eim_bench_fill(struct eim_bench *bench, uint64_t from, uint64_t to);
int eim_bench_queue(struct eim_bench *bench, size_t first, size_t count);

/* eim.psmo.https_warm and eim.psmo.cold_https: the server as a process. */
int bench_eim_https(struct eim_bench *bench, const char *folder, double limit_us);

#endif
