/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Certificates by reference, the device's side: those that came with a download are kept, and the
 * next answer that holds one of them travels without it (transports.md 6, no. 2).
 *
 * Below ASN.1 and above blocks: the carrier takes bytes out and puts the same bytes in again, so
 * IPA and eUICC see plain DER. Ours, not GSMA's; a peer that does not know the options gets and
 * gives plain DER. docs/decisions/certificates-by-reference.md
 */
#ifndef HOST_CARRIER_CERTIFICATES_H
#define HOST_CARRIER_CERTIFICATES_H

#include "tern/bytes.h"
#include "tern/coap.h"

#define CERTIFICATE_SLOTS    2 /**< CERT.DPauth and CERT.DPpb of the SM-DP+ used last */
#define CERTIFICATE_SIZE_MAX 1024

struct certificates {
    const char *folder; /**< borrowed; NULL: as long as the process lives */
    struct {
        uint8_t data[CERTIFICATE_SIZE_MAX];
        size_t size; /**< 0: free */
    } slots[CERTIFICATE_SLOTS];
    uint8_t slot_of[CERTIFICATE_SLOTS]; /**< behind the n-th hash that was sent */
    uint8_t next;                       /**< slot that is given up next */
    /* the answer that is being read */
    bool inserts;
    bool keeps;
    uint8_t slot;
    size_t offset;
    size_t position; /**< in the answer as the reader gets it */
    size_t kept;     /**< bytes of the slot that are filled */
};

/** Load what was kept. */
void certificates_open(struct certificates *certificates, const char *folder);
/** The value of TERN_COAP_CERTIFICATES_HELD: a hash for each. */
void certificates_write_held(struct certificates *certificates, struct tern_writer *out);

/** An answer begins; `option` is the value of its TERN_COAP_CERTIFICATE, empty when it has none. */
int certificates_begin(struct certificates *certificates, struct tern_bytes option);
/** What goes in before anything more is read from the peer: bytes put into `out`, or 0. */
size_t certificates_insert(struct certificates *certificates, uint8_t *out, size_t out_size);
/** How much may be read from the peer at once. */
size_t certificates_room(const struct certificates *certificates, size_t out_size);
/** That much came from the peer. */
void certificates_pass(struct certificates *certificates, struct tern_bytes piece);
/** The peer's bytes are at their end: is there something to insert yet? */
bool certificates_wait(const struct certificates *certificates);

/**
 * The eIM's side. Take the certificate out of an answer: `*without` is filled with the rest and
 * `option` with what the reply says of it. Nothing happens (false) when the answer has none, or the
 * device sent no list (`held.data` NULL).
 */
bool certificates_reduce(struct tern_bytes answer, struct tern_bytes held,
                         struct tern_writer *without, struct tern_writer *option);

#endif
