/* SPDX-License-Identifier: Apache-2.0 */
/** Between the files of OSCORE: oscore.c has keys and numbers, the other two have messages. */
#ifndef CORE_COAP_OSCORE_H
#define CORE_COAP_OSCORE_H

#include "tern/oscore.h"

/* A Partial IV: the sequence number in its shortest form, at least one byte. */
struct partial_iv {
    uint8_t data[5];
    size_t size;
};
struct partial_iv partial_iv(uint64_t sequence);

void oscore_nonce(const struct tern_oscore *oscore, uint8_t nonce[TERN_OSCORE_NONCE_SIZE],
                  struct tern_bytes id, struct tern_bytes sequence);
/* RFC 8613, 5.4; `kid` and `sequence` are the request's, also for responses. */
struct tern_bytes oscore_aad(uint8_t buffer[40], struct tern_bytes kid, struct tern_bytes sequence);

/* A sequence number of ours, used up. TERN_ERR_STATE or TERN_ERR_EXPIRED. */
int oscore_take_sequence(struct tern_oscore *oscore, uint64_t *sequence);

/* RFC 8613, 7.4: may it be accepted, and it was. */
bool oscore_window_allows(const struct tern_oscore *oscore, uint64_t sequence);
void oscore_window_accept(struct tern_oscore *oscore, uint64_t sequence);

void oscore_write_option(struct tern_coap_builder *builder, struct tern_bytes sequence,
                         struct tern_bytes kid_context, struct tern_bytes kid);

/* ---- between protect and unprotect ---- */

enum exchange_state { EXCHANGE_FREE = 0, EXCHANGE_OURS = 1, EXCHANGE_THEIRS = 2 };

/* What one message is sealed with. */
struct seal {
    uint8_t nonce[TERN_OSCORE_NONCE_SIZE];
    uint8_t aad_buffer[40];
    struct tern_bytes aad;
    struct partial_iv shown; /* in the option; size 0: none */
    bool request;
};

/* Class U: for proxies, outside only. Observe is on both sides. All else is inside. */
bool oscore_is_outer(uint32_t number);
struct tern_bytes oscore_own_id(const struct tern_oscore *oscore);
struct tern_bytes oscore_peer_id(const struct tern_oscore *oscore);
struct tern_oscore_exchange *oscore_find(struct tern_oscore *oscore, enum exchange_state state,
                                         struct tern_bytes token);
struct tern_oscore_exchange *oscore_remember(struct tern_oscore *oscore, enum exchange_state state,
                                             const struct tern_coap_message *message,
                                             uint64_t sequence);

#endif
