/* SPDX-License-Identifier: Apache-2.0 */
/**
 * OSCORE (RFC 8613): CoAP messages protected end to end without a handshake.
 *
 * For ESipa this is tern's own mode, not GSMA's: it is announced as proprietary (sgp32.md 2.1,
 * eimSupportedProtocol bit 4). AES-CCM-16-64-128 and HKDF-SHA-256. coap-oscore-edhoc.md 5 and 6.
 *
 * It is a transform between core/coap and the socket, the same for client and server: plain
 * messages go in, protected ones come out, with the same type, message ID and token.
 *
 * What must survive a power cut is the sender's sequence number: numbers are reserved in advance
 * (B.1.1), and none is used before the reservation is durable. The replay window is not stored: a
 * server that lost it asks once with Echo (B.1.2).
 */
#ifndef TERN_OSCORE_H
#define TERN_OSCORE_H

#include "tern/coap.h"
#include "tern/crypto.h"

#define TERN_OSCORE_ID_SIZE_MAX      7
#define TERN_OSCORE_CONTEXT_SIZE_MAX 32 /**< ID Context; B.2 uses 16 */
#define TERN_OSCORE_KEY_SIZE         16
#define TERN_OSCORE_NONCE_SIZE       13
#define TERN_OSCORE_TAG_SIZE         8
#define TERN_OSCORE_EXCHANGES        8 /**< requests whose responses can still come or be repeated */
#define TERN_OSCORE_RESERVE          64 /**< sequence numbers a save buys */
#define TERN_OSCORE_SAVED_SIZE       8
#define TERN_OSCORE_ECHO_SIZE        8
#define TERN_OSCORE_OVERHEAD         64 /**< at most, of a protected message over its plain one */
#define TERN_OSCORE_SEQUENCE_END     ((uint64_t)1 << 40)

/** A request under protection: what its response needs. Private. */
struct tern_oscore_exchange {
    uint8_t state; /**< 0 free, 1 ours, 2 the peer's */
    bool answered; /**< the peer's: a response took the request's nonce */
    uint16_t id;
    uint8_t token_size;
    uint8_t token[TERN_COAP_TOKEN_SIZE_MAX];
    uint64_t sequence;     /**< of the request, its Partial IV */
    uint8_t digest[8];     /**< of the plain bytes that took the nonce */
    uint64_t own_sequence; /**< the peer's: Partial IV of our response, when it has one */
    bool own_nonce;
};

/** A security context. Place it anywhere; it holds keys: wipe it at the end. */
struct tern_oscore {
    const struct tern_crypto *crypto;
    uint8_t sender_key[TERN_OSCORE_KEY_SIZE];
    uint8_t recipient_key[TERN_OSCORE_KEY_SIZE];
    uint8_t common_iv[TERN_OSCORE_NONCE_SIZE];
    uint8_t sender_id[TERN_OSCORE_ID_SIZE_MAX];
    uint8_t sender_id_size;
    uint8_t recipient_id[TERN_OSCORE_ID_SIZE_MAX];
    uint8_t recipient_id_size;
    uint8_t id_context[TERN_OSCORE_CONTEXT_SIZE_MAX];
    uint8_t id_context_size;
    bool send_id_context; /**< put the ID Context into our requests */
    uint64_t sequence;    /**< next to be used */
    uint64_t reserved;    /**< none at or above is used */
    bool window_known;    /**< false: Echo is demanded */
    bool window_used;     /**< `window_top` holds */
    uint64_t window_top;
    uint64_t window_bits; /**< bit i: top - i was accepted */
    uint8_t echo[TERN_OSCORE_ECHO_SIZE];
    bool echo_made;
    uint8_t next_exchange;
    struct tern_oscore_exchange exchanges[TERN_OSCORE_EXCHANGES];
};

struct tern_oscore_keys {
    struct tern_bytes master_secret;
    struct tern_bytes master_salt;  /**< empty: none */
    struct tern_bytes id_context;   /**< data NULL: none; present and empty is another context */
    struct tern_bytes sender_id;    /**< ours, 0 to 7 bytes */
    struct tern_bytes recipient_id; /**< the peer's, another one */
};

/**
 * Derive a context that was never used: sequence number 0, window empty.
 * @return TERN_OK, TERN_ERR_RANGE (sizes, equal IDs), TERN_ERR_CRYPTO
 */
int tern_oscore_init(struct tern_oscore *oscore, const struct tern_crypto *crypto,
                     const struct tern_oscore_keys *keys);

/**
 * The reservation that must be durable before more is sent: TERN_OSCORE_SAVED_SIZE bytes into
 * `out`. Write them, then call tern_oscore_saved().
 */
void tern_oscore_save(const struct tern_oscore *oscore, struct tern_writer *out);
void tern_oscore_saved(struct tern_oscore *oscore);
/** True when fewer than a window of numbers is left: save soon. */
bool tern_oscore_wants_save(const struct tern_oscore *oscore);
/** After tern_oscore_init() on a context that was used before: go on from the saved bytes. */
int tern_oscore_restore(struct tern_oscore *oscore, struct tern_bytes saved);

/**
 * Protect a message that core/coap gave. Empty messages pass as they are. A repetition of the same
 * bytes under the same message ID gives the same bytes again.
 * @return 1 with the message in `out`
 *         TERN_ERR_STATE     no reserved number is left: save first
 *         TERN_ERR_EXPIRED   the context is used up
 *         TERN_ERR_NOT_FOUND a response to no request
 *         or another error of the message
 */
int tern_oscore_protect(struct tern_oscore *oscore, struct tern_writer *out,
                        struct tern_bytes plain);

enum tern_oscore_verdict {
    TERN_OSCORE_DROPPED = 0,
    TERN_OSCORE_PLAIN = 1,  /**< `plain` has a message for core/coap */
    TERN_OSCORE_ANSWER = 2, /**< `answer` has a datagram to send back: an error, or Echo wanted */
};

/**
 * Unprotect a datagram. `plain` and `answer` need TERN_COAP_DATAGRAM_MAX bytes each; `answer` may
 * be NULL for a client. An answer with Echo takes a sequence number: save as with protect.
 */
enum tern_oscore_verdict tern_oscore_unprotect(struct tern_oscore *oscore,
                                               struct tern_writer *plain,
                                               struct tern_writer *answer,
                                               struct tern_bytes datagram);

/** The OSCORE option of a message. Slices borrow. */
struct tern_oscore_option {
    struct tern_bytes partial_iv;  /**< empty: none */
    struct tern_bytes kid_context; /**< data NULL: none */
    struct tern_bytes kid;         /**< data NULL: none */
};
/** Decode option 9. TERN_ERR_MALFORMED. */
int tern_oscore_read_option(struct tern_oscore_option *option, struct tern_bytes value);
/** Which context a request is for. TERN_ERR_NOT_FOUND when the datagram is no OSCORE request. */
int tern_oscore_look(struct tern_oscore_option *option, struct tern_bytes datagram);

/** An unprotected error for a request whose context nobody has (RFC 8613, 8.2). */
void tern_oscore_refuse(struct tern_writer *answer, struct tern_bytes datagram, uint8_t code,
                        const char *text);

#endif
