/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a download share: authentication.c, download.c, server.c. */
#ifndef CORE_IPA_DOWNLOAD_H
#define CORE_IPA_DOWNLOAD_H

#include "core/ipa/machine.h"

#define ES9(function) "/gsma/rsp2/es9plus/" function

/** Through the eIM. */
bool ipa_indirect(const struct tern_ipa *ipa);
/** The eIM can rebuild compact forms. */
bool ipa_compact(const struct tern_ipa *ipa);
/** Address a message to whom this download talks to. */
void ipa_to_server(struct tern_ipa *ipa, const char *path);
int ipa_slots_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last);
/** What the server said instead of yes, for errorResponse. NULL data: it said yes. */
struct tern_bytes ipa_refusal(struct tern_ipa *ipa);
/** It did not answer. */
int ipa_server_lost(struct tern_ipa *ipa);
/** A command of slots as they were received, and `more`, which lies behind what is held. */
int ipa_join(struct tern_ipa *ipa, tern_tag tag, const uint8_t *slots, size_t count,
             struct tern_bytes more);
void ipa_write_transaction(struct tern_ipa *ipa, struct tern_writer *out, tern_tag tag,
                           const char *name);
void ipa_tail_text(struct tern_ipa *ipa, struct tern_writer *out);

/* authentication.c: functions of rows */
int ipa_ask_challenge(struct tern_ipa *ipa);
int ipa_take_challenge(struct tern_ipa *ipa);
int ipa_ask_initiate(struct tern_ipa *ipa);
void ipa_tail_initiate(struct tern_ipa *ipa, struct tern_writer *out);
void ipa_head_initiate(struct tern_ipa *ipa, struct tern_writer *out);
int ipa_take_initiate(struct tern_ipa *ipa);
int ipa_ask_authenticate_compact(struct tern_ipa *ipa);
int ipa_take_authenticate_compact(struct tern_ipa *ipa);
int ipa_ask_authenticate(struct tern_ipa *ipa);
void ipa_head_authenticate(struct tern_ipa *ipa, struct tern_writer *out);
int ipa_take_authenticate(struct tern_ipa *ipa);

#endif
