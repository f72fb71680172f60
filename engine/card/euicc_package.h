/* SPDX-License-Identifier: Apache-2.0 */
/** A package being executed, and its result. sgp32.md 3. */
#ifndef ENGINE_CARD_EUICC_PACKAGE_H
#define ENGINE_CARD_EUICC_PACKAGE_H

#include "engine/card/eim_table.h"
#include "engine/card/profile_change.h"

/** The longest package that is executed, and the longest list of results that is signed. */
#define PACKAGE_SIZE_MAX 8192
#define RESULTS_SIZE_MAX 6144

/** For whom the result is, and how it is signed: fixed when the package is accepted. */
struct package_frame {
    struct tern_bytes eim_id;
    int64_t counter;
    struct tern_bytes transaction_id; /**< Absent: none */
    unsigned ci;
    struct tern_bytes token; /**< What is signed behind the data: the token's data object */
};

/** What the commands of one package share. */
struct package {
    struct es10 *call;
    struct package_frame frame;
    struct profile_changes changes;
    bool enabled;        /**< An enable was executed. */
    bool disabled;       /**< A disable was executed. */
    bool changed;        /**< Some profile is marked. */
    bool grant_rollback; /**< By the enable of this package. */
};

/** Run one command: append its EuiccResultData to `out`. @return 1 to go on, 0 to stop, or an
 * error (TERN_ERR_NO_SPACE: the result does not fit). */
int psmo_run(struct package *package, struct tern_writer *out, const struct tern_psmo *command);
int eco_run(struct package *package, struct tern_writer *out, const struct tern_eco *command);

/**
 * Make a signed result of the `results` that stand at the start of `call->out` and store it under
 * `sequence`.
 */
int package_result(struct es10 *call, const struct package_frame *frame, int64_t sequence);

#endif
