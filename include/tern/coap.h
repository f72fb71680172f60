/* SPDX-License-Identifier: Apache-2.0 */
/**
 * CoAP (RFC 7252) with block-wise transfer (RFC 7959), Echo and Request-Tag (RFC 9175), without
 * I/O, heap or clock: datagrams and time in, datagrams and deadlines out.
 *
 * Three parts: messages as bytes; a client that performs one exchange at a time and streams both
 * bodies; a server for one peer. coap-oscore-edhoc.md 1 to 3, 9; transports.md 4.1.
 */
#ifndef TERN_COAP_H
#define TERN_COAP_H

#include "tern/bytes.h"

/* ---- messages (RFC 7252, 3) ---- */

enum tern_coap_type {
    TERN_COAP_CON = 0,
    TERN_COAP_NON = 1,
    TERN_COAP_ACK = 2,
    TERN_COAP_RST = 3,
};

/** Class << 5 | detail, as the RFC prints them. */
enum tern_coap_code {
    TERN_COAP_EMPTY = 0x00,
    TERN_COAP_GET = 0x01,
    TERN_COAP_POST = 0x02,
    TERN_COAP_PUT = 0x03,
    TERN_COAP_DELETE = 0x04,
    TERN_COAP_FETCH = 0x05,
    TERN_COAP_CREATED = 0x41,
    TERN_COAP_DELETED = 0x42,
    TERN_COAP_VALID = 0x43,
    TERN_COAP_CHANGED = 0x44,
    TERN_COAP_CONTENT = 0x45,
    TERN_COAP_CONTINUE = 0x5F,
    TERN_COAP_BAD_REQUEST = 0x80,
    TERN_COAP_UNAUTHORIZED = 0x81,
    TERN_COAP_BAD_OPTION = 0x82,
    TERN_COAP_FORBIDDEN = 0x83,
    TERN_COAP_NOT_FOUND = 0x84,
    TERN_COAP_METHOD_NOT_ALLOWED = 0x85,
    TERN_COAP_NOT_ACCEPTABLE = 0x86,
    TERN_COAP_INCOMPLETE = 0x88,
    TERN_COAP_TOO_LARGE = 0x8D,
    TERN_COAP_UNSUPPORTED_FORMAT = 0x8F,
    TERN_COAP_INTERNAL_ERROR = 0xA0,
    TERN_COAP_NOT_IMPLEMENTED = 0xA1,
    TERN_COAP_BAD_GATEWAY = 0xA2,
    TERN_COAP_UNAVAILABLE = 0xA3,
    TERN_COAP_GATEWAY_TIMEOUT = 0xA4,
};
#define TERN_COAP_CLASS(code) ((unsigned)(code) >> 5)

enum tern_coap_option {
    TERN_COAP_IF_MATCH = 1,
    TERN_COAP_URI_HOST = 3,
    TERN_COAP_ETAG = 4,
    TERN_COAP_IF_NONE_MATCH = 5,
    TERN_COAP_OBSERVE = 6,
    TERN_COAP_URI_PORT = 7,
    TERN_COAP_LOCATION_PATH = 8,
    TERN_COAP_OSCORE = 9,
    TERN_COAP_URI_PATH = 11,
    TERN_COAP_CONTENT_FORMAT = 12,
    TERN_COAP_MAX_AGE = 14,
    TERN_COAP_URI_QUERY = 15,
    TERN_COAP_HOP_LIMIT = 16,
    TERN_COAP_ACCEPT = 17,
    TERN_COAP_LOCATION_QUERY = 20,
    TERN_COAP_EDHOC = 21,
    TERN_COAP_BLOCK2 = 23,
    TERN_COAP_BLOCK1 = 27,
    TERN_COAP_SIZE2 = 28,
    TERN_COAP_PROXY_URI = 35,
    TERN_COAP_PROXY_SCHEME = 39,
    TERN_COAP_SIZE1 = 60,
    TERN_COAP_ECHO = 252,
    TERN_COAP_NO_RESPONSE = 258,
    TERN_COAP_REQUEST_TAG = 292,
    /**
     * Ours, elective and safe (RFC 7252, 12.2: 65000 to 65535 are for experiments): the eIM says in
     * a reply that no package waits. Empty. A peer that does not know it ignores it.
     */
    TERN_COAP_NOTHING_WAITS = 65000,
    /**
     * Ours, elective and safe: the device holds certificates and need not get them again
     * (host/carrier/certificates.h). In a request hashes of those, in an answer a place.
     */
    TERN_COAP_CERTIFICATES_HELD = 65004,
    TERN_COAP_CERTIFICATE = 65008,
};
#define TERN_COAP_CERTIFICATE_HASH_SIZE   6 /**< of SHA-256 */
#define TERN_COAP_CERTIFICATE_HELD_MAX    12
#define TERN_COAP_CERTIFICATE_OPTION_SIZE 3

#define TERN_COAP_FORMAT_OCTETS  42
#define TERN_COAP_FORMAT_NONE    0xFFFFFFFFu
#define TERN_COAP_TOKEN_SIZE_MAX 8
#define TERN_COAP_ETAG_SIZE_MAX  8
#define TERN_COAP_ECHO_SIZE_MAX  40
#define TERN_COAP_BLOCK_SIZE_MAX 1024
#define TERN_COAP_DATAGRAM_MAX   1280 /**< a block of 1024, options, OSCORE, with room */
#define TERN_COAP_HEAD_SIZE_MAX  160  /**< what the client's own requests take beside a block */

/** A parsed message. All slices borrow from the datagram. */
struct tern_coap_message {
    enum tern_coap_type type;
    uint8_t code;
    uint16_t id;
    struct tern_bytes token;
    struct tern_bytes options; /**< encoded, checked: tern_coap_next_option() cannot fail on it */
    struct tern_bytes payload; /**< data NULL when there is no marker */
};

/**
 * Parse a datagram.
 * @return TERN_OK, TERN_ERR_UNSUPPORTED (another version: ignore it silently), TERN_ERR_TRUNCATED,
 *         TERN_ERR_MALFORMED. With an error of the last two, `type` and `id` are set when four
 * bytes were there, for a RST.
 */
int tern_coap_parse(struct tern_coap_message *message, struct tern_bytes datagram);

/** One option at a time; start with `number` 0 and `rest` = message.options. */
struct tern_coap_walk {
    struct tern_bytes rest;
    uint32_t number;
    struct tern_bytes value;
};
/** @return 1 with an option, 0 at the end, TERN_ERR_MALFORMED, TERN_ERR_TRUNCATED */
int tern_coap_next_option(struct tern_coap_walk *walk);

/** The first option with this number; data NULL when there is none. */
struct tern_bytes tern_coap_find_option(const struct tern_coap_message *message, uint32_t number);

/** Value of an uint option, 0 to 4 bytes, leading zeros allowed; `otherwise` when absent or long.
 */
uint32_t tern_coap_option_uint(const struct tern_coap_message *message, uint32_t number,
                               uint32_t otherwise);

/** A message under construction. Options must come in ascending order. */
struct tern_coap_builder {
    struct tern_writer *out;
    uint32_t number;
};
struct tern_coap_builder tern_coap_build(struct tern_writer *out, enum tern_coap_type type,
                                         uint8_t code, uint16_t id, struct tern_bytes token);
/** Only the options of a message, from 0 on, as the plaintext of OSCORE has them. */
struct tern_coap_builder tern_coap_build_options(struct tern_writer *out);
void tern_coap_put(struct tern_coap_builder *builder, uint32_t number, struct tern_bytes value);
void tern_coap_put_uint(struct tern_coap_builder *builder, uint32_t number, uint32_t value);
/** "/a/b" as one Uri-Path option a segment. */
void tern_coap_put_path(struct tern_coap_builder *builder, struct tern_bytes path);
/** Marker and payload; nothing when it is empty. */
void tern_coap_put_payload(struct tern_coap_builder *builder, struct tern_bytes payload);

/** Block option: NUM << 4 | M << 3 | SZX. RFC 7959, 2.2. */
struct tern_coap_block {
    uint32_t number;
    bool more;
    uint8_t szx; /**< block size is 16 << szx */
};
/** @return 1 when present, 0 when absent, TERN_ERR_MALFORMED (szx 7, more than three bytes) */
int tern_coap_get_block(struct tern_coap_block *block, const struct tern_coap_message *message,
                        uint32_t number);
void tern_coap_put_block(struct tern_coap_builder *builder, uint32_t number,
                         struct tern_coap_block block);

/* ---- reliability (RFC 7252, 4.8) ---- */

struct tern_coap_timing {
    uint32_t ack_timeout_ms;
    uint32_t ack_random_ms; /**< the first timeout is ack_timeout plus 0 to this */
    uint8_t retransmit_max;
    uint32_t separate_ms;      /**< a server that has no answer by then sends an empty ACK */
    uint32_t response_wait_ms; /**< a client waits that long for a separate response */
    uint32_t exchange_lifetime_ms;
};
/** The RFC's defaults: 2 s, factor 1.5, 4 retransmissions. */
extern const struct tern_coap_timing TERN_COAP_TIMING_DEFAULT;
/** NB-IoT, coverage enhancement 0 to 2: 10 s (transports.md 4.1). */
extern const struct tern_coap_timing TERN_COAP_TIMING_NB_IOT;

/* ---- the client ---- */

#define TERN_COAP_WINDOW_MAX 8

enum tern_coap_phase {
    TERN_COAP_IDLE = 0,
    TERN_COAP_SENDING,   /**< the request body goes up */
    TERN_COAP_WAITING,   /**< all is sent, no answer yet */
    TERN_COAP_RECEIVING, /**< the answer came or is coming; read it */
    TERN_COAP_DONE,      /**< read to its end */
    TERN_COAP_FAILED,    /**< `error` says why; see tern_coap_client_resume() */
};

struct tern_coap_request {
    uint8_t method;          /**< TERN_COAP_POST .. */
    struct tern_bytes path;  /**< "/gsma/rsp2/asn1"; borrowed until the exchange is over */
    struct tern_bytes host;  /**< Uri-Host, empty: left out */
    uint32_t content_format; /**< TERN_COAP_FORMAT_NONE: left out */
    uint32_t accept;         /**< TERN_COAP_FORMAT_NONE: left out */
    uint32_t total_size;     /**< of the body: Size1 goes with the first of several blocks */
    /** TERN_COAP_CERTIFICATES_HELD, goes with the last block; data NULL: left out. Borrowed. */
    struct tern_bytes certificates_held;
};

struct tern_coap_slot {
    uint8_t state; /**< enum slot_state, private */
    uint8_t retransmits;
    bool more;
    uint16_t id;
    uint32_t token;
    uint32_t number; /**< of the block asked for */
    uint32_t timeout_ms;
    uint64_t due_ms;
    uint16_t size; /**< received bytes kept for the reader */
};

/** One exchange at a time with one peer. Members are private but for those commented. */
struct tern_coap_client {
    const struct tern_coap_timing *timing;
    uint8_t *memory; /**< upload block, then `window` download blocks */
    uint16_t block_size;
    uint8_t window;
    uint8_t szx_max;
    enum tern_coap_phase phase; /**< read it */
    int error;                  /**< read it in TERN_COAP_FAILED */
    uint8_t code;               /**< read it from RECEIVING on: the response code */
    uint32_t content_format;    /**< of the response, TERN_COAP_FORMAT_NONE when absent */
    uint32_t max_age_s;         /**< of the response, 60 when absent */
    bool nothing_waits;         /**< the response has TERN_COAP_NOTHING_WAITS */
    uint8_t certificate[TERN_COAP_CERTIFICATE_OPTION_SIZE]; /**< TERN_COAP_CERTIFICATE of it */
    uint8_t certificate_size;                               /**< 0: it has none */
    struct tern_coap_request request;
    /* identifiers */
    uint16_t next_id;
    uint32_t next_token;
    uint32_t random;
    /* up */
    uint16_t up_size;   /**< bytes in the upload block */
    uint16_t up_acked;  /**< of those, taken by the peer */
    uint32_t up_offset; /**< of the upload block in the body */
    bool up_last;
    uint8_t up_szx;
    uint8_t request_tag; /**< 0: none; changes when an upload broke off (RFC 9175, 3.3) */
    /* down */
    uint8_t down_szx;
    uint8_t etag[TERN_COAP_ETAG_SIZE_MAX];
    uint8_t etag_size;
    uint32_t read_number; /**< block the reader is in */
    uint16_t read_offset;
    uint32_t last_number; /**< known once a block without `more` came */
    bool last_known;
    bool resumed; /**< requests name the ETag */
    uint8_t echo[TERN_COAP_ECHO_SIZE_MAX];
    uint8_t echo_size;
    bool echo_used;
    /* what goes out besides requests: ACK and RST */
    struct {
        uint8_t type;
        uint16_t id;
    } answers[4];
    uint8_t answer_count;
    uint16_t recent[4]; /**< CON responses acknowledged last, to acknowledge a repetition again */
    uint8_t recent_next;
    bool head_known; /**< the response's first block came */
    struct tern_coap_slot slots[TERN_COAP_WINDOW_MAX];
    uint32_t retransmissions; /**< counted for whoever asks */
};

/** Bytes of memory for a window of blocks of this size. */
#define TERN_COAP_CLIENT_MEMORY(block_size, window) ((size_t)(block_size) * (1u + (window)))

/**
 * @param memory  TERN_COAP_CLIENT_MEMORY bytes, the client's as long as it lives
 * @param szx     blocks of 16 << szx bytes, 0 to 6
 * @param window  blocks asked for at once, 1 to TERN_COAP_WINDOW_MAX; 4 is good (transports.md 5)
 * @param random  64 random bits: where message IDs and tokens begin, and jitter
 */
int tern_coap_client_init(struct tern_coap_client *client, const struct tern_coap_timing *timing,
                          uint8_t *memory, size_t memory_size, uint8_t szx, uint8_t window,
                          uint64_t random);

/** Begin an exchange; an open one is given up. */
void tern_coap_client_begin(struct tern_coap_client *client,
                            const struct tern_coap_request *request);
/**
 * Take bytes of the request body; `last` ends it (also with none left). `*taken` may be less than
 * given while a block is under way: send, receive, and write the rest.
 */
int tern_coap_client_write(struct tern_coap_client *client, size_t *taken, struct tern_bytes bytes,
                           bool last, uint64_t now_ms);
/** Take up to the writer's room of the response body, in order. True once the end was read. */
bool tern_coap_client_read(struct tern_coap_client *client, struct tern_writer *out);

/** A datagram of the peer. What makes no sense is dropped. */
void tern_coap_client_receive(struct tern_coap_client *client, struct tern_bytes datagram,
                              uint64_t now_ms);
/** The next datagram to send now into `out` (TERN_COAP_DATAGRAM_MAX bytes). 1, or 0 for none. */
int tern_coap_client_send(struct tern_coap_client *client, struct tern_writer *out,
                          uint64_t now_ms);
/** Call send again by then, when nothing is received before. UINT64_MAX: nothing is due. */
uint64_t tern_coap_client_due_ms(const struct tern_coap_client *client);

/**
 * After a lost link go on, over whatever connection there is now: with the response at the first
 * block that was not read, when part of it had come with an ETag (the server must keep bodies by
 * ETag, as ours does); or with the request, when the peer had acknowledged no block of it (it may
 * see the request twice).
 * @return TERN_OK, or TERN_ERR_STATE: begin the exchange again
 */
int tern_coap_client_resume(struct tern_coap_client *client, uint64_t now_ms);

/* ---- the server, for one peer ---- */

#define TERN_COAP_SERVER_ENTRIES_MAX 8
#define TERN_COAP_PATH_SIZE_MAX      128

/** A request that is whole. Slices borrow from the server until the next receive. */
struct tern_coap_incoming {
    uint8_t method;
    struct tern_bytes path;  /**< "/gsma/rsp2/asn1" */
    struct tern_bytes query; /**< "a=b&c", empty when there is none */
    uint32_t content_format;
    struct tern_bytes body;
    struct tern_bytes certificates_held; /**< data NULL when the device sent no list */
    uint8_t entry;                       /**< name it in tern_coap_server_reply() */
};

struct tern_coap_entry {
    uint8_t state; /**< enum entry_state, private */
    bool non;      /**< the request was NON */
    bool acked;    /**< an empty ACK went out: the response is a separate one */
    uint8_t retransmits;
    uint8_t token_size;
    uint8_t token[TERN_COAP_TOKEN_SIZE_MAX];
    uint16_t id;                   /**< of the request */
    uint16_t response_id;          /**< of a separate response */
    struct tern_coap_block block2; /**< what the request asked for */
    struct tern_coap_block block1;
    bool has_block1;
    uint32_t timeout_ms;
    uint64_t due_ms;
    uint64_t ends_ms;
    uint16_t size; /**< of the response datagram kept in memory */
};

enum tern_coap_server_event {
    TERN_COAP_NOTHING = 0,
    TERN_COAP_REQUEST = 1,     /**< `incoming` has a request: reply now or later */
    TERN_COAP_BODY_WANTED = 2, /**< `etag` names a body: tern_coap_server_offer() or _no_body() */
};

struct tern_coap_server {
    const struct tern_coap_timing *timing;
    uint8_t *memory; /**< `entry_count` datagrams, then the request body */
    uint8_t entry_count;
    uint8_t szx_max;
    uint8_t *body;
    size_t body_capacity;
    uint16_t next_id;
    uint32_t random;
    struct tern_bytes echo; /**< demanded before anything is done; data NULL: not */
    bool echo_seen;
    /* a request body that is coming in blocks */
    bool gathering;
    size_t body_size;
    uint8_t body_key[16];
    uint64_t body_ends_ms;
    uint8_t path[TERN_COAP_PATH_SIZE_MAX];
    uint8_t path_size;
    /* the response body that is going out in blocks; the host's memory */
    struct tern_bytes response;
    uint8_t response_code;
    uint32_t response_format;
    uint32_t response_max_age_s;
    bool response_nothing_waits;
    uint8_t response_certificate[TERN_COAP_CERTIFICATE_OPTION_SIZE];
    uint8_t response_certificate_size;
    uint8_t etag[TERN_COAP_ETAG_SIZE_MAX]; /**< of it, and with BODY_WANTED the one wanted */
    uint8_t etag_size;
    uint8_t wanted; /**< entry that waits for a body */
    struct {
        uint8_t type;
        uint16_t id;
    } answers[4];
    uint8_t answer_count;
    struct tern_coap_entry entries[TERN_COAP_SERVER_ENTRIES_MAX];
};

/** Bytes of memory for so many entries (4 and more for a window of 4) and bodies of that size. */
#define TERN_COAP_SERVER_MEMORY(entries, body) \
    ((size_t)(entries)*TERN_COAP_DATAGRAM_MAX + (size_t)(body))

/**
 * @param echo  a value that this peer must return in Echo before its requests are looked at, to
 *              show that its address is real (RFC 9175, 2.4); data NULL behind DTLS and OSCORE
 */
int tern_coap_server_init(struct tern_coap_server *server, const struct tern_coap_timing *timing,
                          uint8_t *memory, size_t memory_size, uint8_t entry_count, uint8_t szx,
                          struct tern_bytes echo, uint64_t random);

/** A datagram of the peer. */
enum tern_coap_server_event tern_coap_server_receive(struct tern_coap_server *server,
                                                     struct tern_coap_incoming *incoming,
                                                     struct tern_bytes datagram, uint64_t now_ms);

struct tern_coap_response {
    uint8_t code;
    uint32_t content_format; /**< TERN_COAP_FORMAT_NONE: left out */
    struct tern_bytes body;  /**< kept by the caller until the next reply or the end of the peer */
    struct tern_bytes etag;  /**< of a body that needs several blocks; empty: no block-wise, cut */
    uint32_t max_age_s;      /**< 60, the default, is not sent */
    bool nothing_waits;      /**< TERN_COAP_NOTHING_WAITS goes with it */
    /** TERN_COAP_CERTIFICATE goes with the first block, at most 3 bytes; empty: left out. */
    struct tern_bytes certificate;
};

/** Answer the request in `entry`. */
void tern_coap_server_reply(struct tern_coap_server *server, uint8_t entry,
                            const struct tern_coap_response *response, uint64_t now_ms);
/** After BODY_WANTED: the body of server->etag. The request is then answered from it. */
void tern_coap_server_offer(struct tern_coap_server *server,
                            const struct tern_coap_response *response, uint64_t now_ms);
/** After BODY_WANTED: there is none; answers 4.08. */
void tern_coap_server_no_body(struct tern_coap_server *server, uint64_t now_ms);

/** As tern_coap_client_send() and tern_coap_client_due_ms(). */
int tern_coap_server_send(struct tern_coap_server *server, struct tern_writer *out,
                          uint64_t now_ms);
uint64_t tern_coap_server_due_ms(const struct tern_coap_server *server);

#endif
