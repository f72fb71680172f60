/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ES10: one command TLV in, one response TLV out, under the same tag. sgp22.md 15, sgp32.md 8.5.
 *
 * A handler reads `command`, writes its whole response TLV to `out` and changes the state through
 * engine/card/state.h. Its caller commits when it returns TERN_OK, before the answer is given, and
 * rolls back otherwise. Errors that the protocol has codes for are part of the response, with
 * TERN_OK; a negative return becomes a status word (es10_status_word()).
 */
#ifndef ENGINE_CARD_ES10_H
#define ENGINE_CARD_ES10_H

#include "engine/card/records.h"
#include "engine/card/session.h"
#include "engine/card/state.h"
#include "tern/asn.h"

struct es10 {
    struct tern_card *card;
    struct tern_bytes command; /**< The whole TLV. */
    struct tern_writer out;    /**< The response. */
    struct tern_arena scratch; /**< Gone after the call. */
    bool switched;             /**< Another profile is enabled now, or none. */
    bool refresh;              /**< The terminal is to be asked first. */
};

/** Run the command that `command` holds. @return the status word; the response is in the output. */
uint16_t es10_run(struct tern_card *card, struct tern_bytes command);

typedef int es10_handler(struct es10 *call);

/** What the card answers to a command that it does not know: SW 6A88. */
#define ES10_UNKNOWN TERN_ERR_UNSUPPORTED

/** Mercy that clients and SM-DP+s need: lpac and pySim send these. sgp22.md 1.8, 1.9; sgp32.md 12.
 */
#define ES10_MERCY                                                                             \
    (TERN_MERCY_LONG_LENGTHS | TERN_MERCY_BOOLEAN | TERN_MERCY_UNSIGNED | TERN_MERCY_DEFAULT | \
     TERN_MERCY_REFRESH_FLAG | TERN_MERCY_GET_CERTS | TERN_MERCY_NESTED_X509)

/** Decode the command by a table, with the mercies above. */
int es10_decode(const struct es10 *call, const struct tern_asn_record *record, void *message);
/** Encode the response by a table. */
int es10_encode(struct es10 *call, const struct tern_asn_record *record, const void *message);
/** The most frequent response: TAG { 80 code }. */
int es10_code(struct es10 *call, tern_tag tag, int64_t code);

/** Load a record into scratch. Data NULL when there is none. TERN_ERR_NO_SPACE, TERN_ERR_IO. */
int es10_load(struct es10 *call, uint32_t key, struct tern_bytes *data);
/** Encode a record by its table and put it. */
int es10_put(struct es10 *call, uint32_t key, const struct tern_asn_record *table,
             const void *record);

/** Sign the concatenation of `parts` with the key of CI number `ci`. */
int es10_sign(const struct es10 *call, unsigned ci, uint8_t signature[TERN_SIGNATURE_SIZE],
              const struct tern_bytes *parts, size_t count);

#endif
