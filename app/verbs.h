/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of `tern`, one line each: name, the function that runs it, its help line.
 *
 * A verb gets argv[0] = its own name. It returns 0 (yes), 1 (the answer is no) or 2 (it could not
 * ask); results go to stdout, everything else to stderr; it knows --help and --json.
 */
#ifndef APP_VERBS_H
#define APP_VERBS_H

/* clang-format off */
#define TERN_VERBS(X)                                                                              \
    X("bench", verb_bench, "the benchmarks, as ratios to limits measured in the same run")         \
    X("euicc", verb_euicc, "software eUICCs: create, serve, show")                                   \
    X("ipa", verb_ipa, "the IPA of a device: once, run, probe, commission, inject")              \
    X("demo", verb_demo, "the whole story on this machine in a minute")                           \
    X("decode", verb_decode, "say what bytes are: DER, hex, base64, PEM, JSON, APDUs, a trace folder") \
    X("sim", verb_sim, "worlds that are expensive to have: a modelled link")                       \
    X("pki", verb_pki, "make and show a PKI: init, add, revoke, show")                                       \
    X("network", verb_network, "a home network to attach to: serve, attach")                       \
    X("profile", verb_profile, "profile packages: build, show, lint, personalise")                  \
    X("smdp", verb_smdp, "the SM-DP+: serve, order, confirm, release, cancel, show")               \
    X("smds", verb_smds, "the SM-DS: serve, show")                                                     \
    X("eim", verb_eim, "the eIM: serve, enrol-file, and the client of its API")                    \
    X("version", verb_version, "print the version")
/* clang-format on */

#define TERN_VERB_PROTOTYPE(name, function, help) int function(int argc, char **argv);
TERN_VERBS(TERN_VERB_PROTOTYPE)
#undef TERN_VERB_PROTOTYPE

#endif
