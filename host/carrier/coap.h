/* SPDX-License-Identifier: Apache-2.0 */
/**
 * CoAP as a carrier of the IPA: ESipa over coaps (sgp32.md 7.6), blocks in flight, sessions kept
 * over sleep and resumed, downloads that go on at the block where the link broke.
 */
#ifndef HOST_CARRIER_COAP_H
#define HOST_CARRIER_COAP_H

#include "host/carrier/carrier.h"
#include "tern/coap.h"

struct coap_options {
    const char *const *resolve; /**< "HOST:PORT:ADDRESS[:PORT]", borrowed */
    size_t resolve_count;
    uint16_t default_port;                 /**< 0: 5684 */
    const struct tern_coap_timing *timing; /**< NULL: TERN_COAP_TIMING_DEFAULT */
    uint8_t szx;       /**< blocks of 16 << szx bytes; 0: 6. Use 5 where datagrams of 512 pass */
    uint8_t window;    /**< blocks in flight; 0: 4 */
    unsigned attempts; /**< connections tried for one exchange; 0: 4 */
    uint8_t method;    /**< 0: POST */
    uint32_t content_format; /**< 0: none, as sgp32.md 7.6 has it */
    /** Sessions to resume live here (0600, a file a peer); NULL: in memory only. */
    const char *session_folder;
    /** Certificates that came with answers are kept there and need not come again; NULL: in memory.
     */
    const char *certificate_folder;
    bool no_certificates;           /**< do not say that certificates are held */
    bool no_session;                /**< a full handshake each time, for comparison */
    bool plain;                     /**< coap without DTLS, for tests and under OSCORE */
    bool short_tags;                /**< CCM_8 */
    struct tls_identity identity;   /**< a certificate of ours; usually none */
    struct tern_bytes psk_identity; /**< PSK instead of the server's certificate */
    struct tern_bytes psk;
    /**
     * OSCORE in place of DTLS (with `plain`): a file as host/carrier/oscore_file.h has it, and
     * where the sequence number is kept. Proprietary: no GSMA specification has it. NULL: none.
     */
    const char *oscore_file;
    const char *oscore_state;
    /** Asked before a connection is made; false: there is no coverage. NULL: always. */
    bool (*may_connect)(void *context);
    void *context;
};

/** NULL when out of memory. Options are copied, what they point to is borrowed. */
struct carrier *coap_carrier_new(const struct coap_options *options);

/** Why the last exchange failed, in words. */
const char *coap_carrier_reason(const struct carrier *carrier);

/**
 * For tests and simulators: called with every datagram before it is sent; false drops it.
 */
void coap_carrier_filter(struct carrier *carrier, bool (*pass)(void *context, bool up),
                         void *context);

#endif
