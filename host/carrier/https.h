/* SPDX-License-Identifier: Apache-2.0 */
/**
 * HTTPS as a carrier: ESipa in the ASN.1 binding, ES9+ and ES11 in JSON (sgp32.md 7.5,
 * sgp22.md 10.1). Both directions are streams of constant memory; one connection is kept per
 * wake and peer and used again while the peer keeps it open.
 */
#ifndef HOST_CARRIER_HTTPS_H
#define HOST_CARRIER_HTTPS_H

#include "host/carrier/carrier.h"
#include "host/carrier/resolve.h"

struct https_options {
    struct resolve_list resolve;
    const char *user_agent;     /**< NULL: gsma-rsp-ipad */
    const char *admin_protocol; /**< NULL: gsma/rsp/v2.1.0 */
    unsigned timeout_ms;        /**< of connect, one write, one read; 0: 120 s (sgp32.md 7.7) */
    unsigned segment_size;      /**< TCP payload of a segment; 0: 1348, an MTU of 1400 */
    uint16_t default_port;      /**< where an address names none; 0: 443 */
    /** Asked before a connection is made; false: there is no coverage. NULL: always. */
    bool (*may_connect)(void *context);
    void *context;
};

/** NULL when out of memory. Options are copied, what they point to is borrowed. */
struct carrier *https_carrier_new(const struct https_options *options);

#endif
