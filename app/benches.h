/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmarks of `tern bench`, one line each: name, function, help line. A benchmark measures
 * the limit it is held to in the same run and prints one JSON object a line (DESIGN.md, 7). It gets
 * argv[0] = its own name and returns 0, or 2 when it could not measure.
 */
#ifndef APP_BENCHES_H
#define APP_BENCHES_H

/* clang-format off */
#define TERN_BENCHES(X)                                                                            \
    X("card", bench_card, "ten thousand eUICCs: memory of one, CPU of an APDU") \
    X("crypto", bench_crypto, "signing, verifying, agreeing, protecting: ours against OpenSSL alone") \
    X("eim", bench_eim, "PSMO cycles and polls of the eIM as shares of the ECC limit") \
    X("smdp", bench_smdp, "download sessions of the SM-DP+, the server's side") \
    X("wire", bench_wire, "bytes and packets of ESipa between real processes")
/* clang-format on */

#define TERN_BENCH_PROTOTYPE(name, function, help) int function(int argc, char **argv);
TERN_BENCHES(TERN_BENCH_PROTOTYPE)
#undef TERN_BENCH_PROTOTYPE

#endif
