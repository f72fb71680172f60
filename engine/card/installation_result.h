/* SPDX-License-Identifier: Apache-2.0 */
/** The ProfileInstallationResult: made, signed, kept as a notification. sgp22.md 9. */
#ifndef ENGINE_CARD_INSTALLATION_RESULT_H
#define ENGINE_CARD_INSTALLATION_RESULT_H

#include "engine/card/es10.h"
#include "tern/messages/rsp.h"

/** Whose download it was. */
struct installation {
    struct tern_bytes transaction_id;
    struct tern_bytes smdp_address;
    struct tern_bytes smdp_oid;
    struct tern_bytes iccid; /**< Absent: not known yet */
    unsigned ci;
};

/** Build and store the result; appends the BF37 to `call->out`. */
int installation_result(struct es10 *call, const struct installation *installation,
                        const struct tern_final_result *final_result);

#endif
