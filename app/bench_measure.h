/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How `tern bench` measures: CPU time for one operation, the median of several runs, and beside it
 * the bare cost of the cryptography that no implementation can save, measured in the same run
 * (DESIGN.md, 7). Wall clocks swing on shared machines; ratios of CPU time do not.
 */
#ifndef APP_BENCH_MEASURE_H
#define APP_BENCH_MEASURE_H

#include "tern/crypto.h"

struct bench_result {
    uint64_t ops;  /* of all runs */
    double cpu_us; /* for one operation: the median of the runs */
    double spread; /* slowest run / fastest run */
};

/* One operation; `index` counts up, so that keys can be rotated. Not 0: the measurement fails. */
typedef int bench_step(void *context, uint64_t index);

/* Five runs of at least 100 ms CPU each, after one that warms up. The step's error, or 0. */
int bench_measure(struct bench_result *result, bench_step *step, void *context);

/* Print the line of DESIGN.md, 7; a `limit_us` of 0 leaves limit and ratio out. */
void bench_print(const char *name, const struct bench_result *result, double limit_us);

/* What OpenSSL takes alone, with everything prepared and keys rotated. */
struct bench_limits {
    double sign_us;     /* ECDSA over a digest that is there */
    double verify_us;   /* the point set anew each time, as every peer has another key */
    double generate_us; /* a one-time key pair */
    double ecdh_us;
    double aes_us_per_kib;  /* AES-128-CBC */
    double cmac_us_per_kib; /* AES-128-CMAC */
};

/* 0, or 2 when OpenSSL fails. Takes a few seconds; measured once a process and curve. */
int bench_limits(struct bench_limits *limits, enum tern_curve curve);

#endif
