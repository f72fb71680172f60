/* SPDX-License-Identifier: Apache-2.0 */
/* Making a transactionId and the challenge that belongs to it. */
#ifndef ENGINE_SMDP_TRANSACTION_H
#define ENGINE_SMDP_TRANSACTION_H

#include "engine/smdp/authentication.h"

/* `euicc_ci` is an index into the trusted CIs, `server_ci` one into our identities. A server whose
 * CIs change ends the sessions that it has open. */
int transaction_make(const struct tern_rsp_server *server, int64_t now, uint8_t euicc_ci,
                     uint8_t server_ci, uint8_t id[TERN_TRANSACTION_ID_SIZE]);
int transaction_challenge(const struct tern_rsp_server *server, struct tern_bytes id,
                          uint8_t challenge[16]);
/* Of a transaction that is ours. */
uint8_t transaction_euicc_ci(struct tern_bytes id);
uint8_t transaction_server_ci(struct tern_bytes id);

#endif
