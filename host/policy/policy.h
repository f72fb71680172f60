/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where a server may connect to: SM-DP+ addresses, activation codes and webhooks are input.
 *
 * The scheme and port are checked on the URL, the address on what the name resolved to, right
 * before connecting: a name that turns into 127.0.0.1 between check and use gains nothing.
 */
#ifndef HOST_POLICY_POLICY_H
#define HOST_POLICY_POLICY_H

#include <sys/socket.h>

#include "tern/bytes.h"

#define OUTBOUND_ENTRY_MAX 32

/** Zero-initialised: https to port 443 of public addresses. */
struct outbound_policy {
    const char *schemes[4]; /**< none listed: "https" and "coaps" */
    size_t scheme_count;
    struct {
        uint16_t first, last;
    } ports[OUTBOUND_ENTRY_MAX]; /**< none listed: 443 and 5684 */
    size_t port_count;
    struct {
        uint8_t address[16];        /**< IPv4 as ::ffff:a.b.c.d */
        uint8_t prefix;             /**< 0 to 128 */
    } networks[OUTBOUND_ENTRY_MAX]; /**< private networks that are allowed all the same */
    size_t network_count;
};

/** "8444" or "1024-65535". TERN_ERR_MALFORMED, TERN_ERR_NO_SPACE. */
int outbound_allow_ports(struct outbound_policy *policy, const char *text);
/** "127.0.0.0/8", "fd00::/8", "10.1.2.3". */
int outbound_allow_network(struct outbound_policy *policy, const char *text);

/** TERN_OK or TERN_ERR_DENIED. NULL policy: TERN_OK. */
int outbound_check_url(const struct outbound_policy *policy, const char *scheme, uint16_t port);
/**
 * TERN_ERR_DENIED for loopback, private, link-local, shared, multicast, unspecified and reserved
 * addresses (also IPv4 inside IPv6) that are not in `networks`.
 */
int outbound_check_address(const struct outbound_policy *policy, const struct sockaddr *address);

#endif
