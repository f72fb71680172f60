/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Say what bytes are: RSP messages with the names of the spec, certificates, JSON bodies, APDU
 * traces; and a generic DER tree for anything else.
 *
 * Input comes as DER, hex, base64, PEM, JSON or text lines of APDUs, told apart by looking. Output
 * goes to a writer that keeps counting past its end: run again with the room that it asks for.
 */
#ifndef HOST_DECODE_DECODE_H
#define HOST_DECODE_DECODE_H

#include "tern/json.h"
#include "tern/messages/all.h"

struct decode {
    struct tern_writer *out;
    bool json;        /**< one JSON object for each input instead of text */
    bool strict;      /**< no mercy for deviations of deployed peers */
    const char *type; /**< the type as the module names it; NULL: guess */
    const char *name; /**< of the file, a hint for guessing and a member of the JSON; may be NULL */
    const char *hint; /**< set by decode_input(): what guessing goes by, `name` or a member's key */
    unsigned indent;  /**< set by decode_elements() */
    char complaint[200]; /**< after a failure: what is wrong, and at which byte */
};

/**
 * Decode one input of any form.
 * @return TERN_OK; TERN_ERR_NO_SPACE when the writer is too small; another error with `complaint`
 *         filled: the input is not what it should be (what was understood is written).
 */
int decode_input(struct decode *decode, struct tern_bytes input);

/* Pieces, for tools and tests. */

/** The type that fits best, or NULL. `mercy` is what it takes. */
const struct tern_message *decode_guess(struct tern_bytes element, const char *name,
                                        unsigned *mercy);

/** The message as one JSON value: {"eimId":"..","counterValue":1,..}. As tern_asn_walk(). */
int decode_to_json(struct tern_json_writer *json, const char *key,
                   const struct tern_asn_record *record, struct tern_bytes in, unsigned mercy,
                   struct tern_fault *fault);

/** One element and all after it, each guessed. `indent` levels of two spaces for text. */
int decode_elements(struct decode *decode, struct tern_json_writer *json, struct tern_bytes in,
                    unsigned indent);

int decode_json_body(struct decode *decode, struct tern_bytes text);
int decode_apdus(struct decode *decode, struct tern_bytes text);

/** What was collected of a chain of STORE DATA or GET RESPONSE of one card. Zero to begin. */
struct decode_card {
    uint8_t *command; /**< malloc'ed */
    size_t command_size;
    uint8_t *response; /**< malloc'ed */
    size_t response_size;
};

/** One APDU that stands alone, such as a file of a trace folder. As decode_input(). */
int decode_apdu(struct decode *decode, struct decode_card *card, bool is_command,
                struct tern_bytes apdu);
void decode_card_end(struct decode_card *card);

/** A status word in words, such as "ok" or "referenced data not found"; never NULL. */
const char *decode_status_word(unsigned status_word);

#endif
