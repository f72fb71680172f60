/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What carries an exchange of the IPA to a peer and back: HTTPS, CoAP over DTLS or OSCORE, a local
 * socket. One file a carrier, all behind these verbs, all blocking: a device does one thing at a
 * time.
 *
 * An exchange is begin, send once or more (the last piece marked), read until the end. Both
 * directions are streams: nothing long is ever held whole.
 *
 * Returned errors, and the event of the IPA they become:
 *     TERN_ERR_UNEXPECTED              the peer was reached and gave no answer (4xx, 5xx): REFUSED
 *     TERN_ERR_CERTIFICATE             the peer is not whom we trust: LINK_LOST, and worth a log
 *     anything else negative           LINK_LOST
 * After an error the exchange is over; begin starts the next one.
 */
#ifndef HOST_CARRIER_CARRIER_H
#define HOST_CARRIER_CARRIER_H

#include "host/tls/tls.h"

/** ESipa's path in the ASN.1 binding (SGP.32, 6.1.1), and what stands for it under OSCORE, where
 * the binding is ours and each block pays for the path again. */
#define CARRIER_ESIPA_PATH  "/gsma/rsp2/asn1"
#define CARRIER_OSCORE_PATH "/e"

struct carrier_request {
    const char *address;    /**< "host" or "host:port"; the carrier knows its default port */
    const char *path;       /**< "/gsma/rsp2/asn1" */
    bool json;              /**< HTTPS: application/json, else application/x-gsma-rsp-asn1 */
    struct tls_trust trust; /**< borrowed until the exchange is over */
    size_t total_size;      /**< of the request body */
    bool final;             /**< nothing is expected after the reply: the radio may be released */
};

/** What an exchange cost; IP bytes with all headers, handshakes in it. */
struct carrier_traffic {
    uint64_t bytes_up;
    uint64_t bytes_down;
    uint64_t packets_up;
    uint64_t packets_down;
    uint64_t handshakes; /**< full ones */
    uint64_t resumptions;
    uint64_t round_trips; /**< requests that waited for an answer */
};

struct carrier;

struct carrier_verbs {
    /** Begin an exchange; an open one is given up. May connect now or with the first piece. */
    int (*begin)(struct carrier *carrier, const struct carrier_request *request);
    int (*send)(struct carrier *carrier, struct tern_bytes piece, bool last);
    /**
     * Give 1 to `out_size` bytes of the reply. `*last` with its end, then `*size` may be 0.
     * `*nothing_waits` (with `*last`): the eIM said that no package waits.
     */
    int (*read)(struct carrier *carrier, uint8_t *out, size_t out_size, size_t *size, bool *last,
                bool *nothing_waits);
    /** The device sleeps: close what need not stay open, keep what makes waking cheap. */
    void (*sleep)(struct carrier *carrier);
    void (*free)(struct carrier *carrier);
};

/** The head of every carrier's own struct. */
struct carrier {
    const struct carrier_verbs *verbs;
    struct carrier_traffic traffic; /**< since it was made; the host takes differences */
};

#endif
