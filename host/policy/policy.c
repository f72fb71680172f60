/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server may connect to: see policy.h. */
#include "host/policy/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is not the public internet (IANA special-purpose registries), IPv4 as ::ffff:0:0/96. */
static const char *const NOT_PUBLIC[] = {
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
    "::/128",        "::1/128",         "::/96",          "64:ff9b:1::/48", "100::/64",
    "2001::/23",     "2001:db8::/32",   "fc00::/7",       "fe80::/10",      "fec0::/10",
    "ff00::/8",
};

/* These carry an IPv4 address inside: offset of its four bytes. */
static const struct {
    const char *network;
    size_t offset;
} EMBEDDED[] = {
    {"64:ff9b::/96", 12},
    {"2002::/16",    2 }
};

static void map_ipv4(uint8_t out[16], const uint8_t ipv4[4])
{
    memset(out, 0, 10);
    out[10] = out[11] = 0xFF;
    memcpy(out + 12, ipv4, 4);
}

static int read_network(const char *text, uint8_t address[16], uint8_t *prefix)
{
    char host[INET6_ADDRSTRLEN + 1];
    const char *slash = strchr(text, '/');
    size_t size = slash == NULL ? strlen(text) : (size_t)(slash - text);
    if (size == 0 || size >= sizeof(host)) {
        return TERN_ERR_MALFORMED;
    }
    memcpy(host, text, size);
    host[size] = '\0';
    uint8_t ipv4[4];
    unsigned long bits_max = 128;
    if (inet_pton(AF_INET, host, ipv4) == 1) {
        map_ipv4(address, ipv4);
        bits_max = 32;
    } else if (inet_pton(AF_INET6, host, address) != 1) {
        return TERN_ERR_MALFORMED;
    }
    unsigned long bits = bits_max;
    if (slash != NULL) {
        char *end = NULL;
        if (slash[1] < '0' || slash[1] > '9') {
            return TERN_ERR_MALFORMED;
        }
        bits = strtoul(slash + 1, &end, 10);
        if (*end != '\0' || bits > bits_max) {
            return TERN_ERR_MALFORMED;
        }
    }
    *prefix = (uint8_t)(128 - bits_max + bits);
    return TERN_OK;
}

static bool in_network(const uint8_t address[16], const uint8_t network[16], uint8_t prefix)
{
    size_t whole = prefix / 8;
    if (memcmp(address, network, whole) != 0) {
        return false;
    }
    uint8_t mask = (uint8_t)(0xFF00u >> (prefix % 8));
    return prefix % 8 == 0 || ((address[whole] ^ network[whole]) & mask) == 0;
}

static bool in_text_network(const uint8_t address[16], const char *text)
{
    uint8_t network[16];
    uint8_t prefix = 0;
    int status = read_network(text, network, &prefix);
    TERN_ASSERT(status == TERN_OK);
    return in_network(address, network, prefix);
}

int outbound_allow_ports(struct outbound_policy *policy, const char *text)
{
    if (policy->port_count == OUTBOUND_ENTRY_MAX) {
        return TERN_ERR_NO_SPACE;
    }
    char *end = NULL;
    unsigned long first = strtoul(text, &end, 10);
    unsigned long last = first;
    if (end == text || text[0] < '0' || text[0] > '9') {
        return TERN_ERR_MALFORMED;
    }
    if (*end == '-' && end[1] >= '0' && end[1] <= '9') {
        last = strtoul(end + 1, &end, 10);
    }
    if (*end != '\0' || first < 1 || last > 65535 || first > last) {
        return TERN_ERR_MALFORMED;
    }
    policy->ports[policy->port_count].first = (uint16_t)first;
    policy->ports[policy->port_count++].last = (uint16_t)last;
    return TERN_OK;
}

int outbound_allow_network(struct outbound_policy *policy, const char *text)
{
    if (policy->network_count == OUTBOUND_ENTRY_MAX) {
        return TERN_ERR_NO_SPACE;
    }
    size_t i = policy->network_count;
    int status = read_network(text, policy->networks[i].address, &policy->networks[i].prefix);
    if (status == TERN_OK) {
        policy->network_count++;
    }
    return status;
}

static bool scheme_is_allowed(const struct outbound_policy *policy, const char *scheme)
{
    static const char *const DEFAULT[] = {"https", "coaps"};
    const char *const *list = policy->scheme_count == 0 ? DEFAULT : policy->schemes;
    size_t count = policy->scheme_count == 0 ? TERN_COUNT_OF(DEFAULT) : policy->scheme_count;
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(list[i], scheme) == 0) {
            return true;
        }
    }
    return false;
}

int outbound_check_url(const struct outbound_policy *policy, const char *scheme, uint16_t port)
{
    if (policy == NULL) {
        return TERN_OK;
    }
    if (!scheme_is_allowed(policy, scheme)) {
        return TERN_ERR_DENIED;
    }
    if (policy->port_count == 0) {
        return port == 443 || port == 5684 ? TERN_OK : TERN_ERR_DENIED;
    }
    for (size_t i = 0; i < policy->port_count; i++) {
        if (port >= policy->ports[i].first && port <= policy->ports[i].last) {
            return TERN_OK;
        }
    }
    return TERN_ERR_DENIED;
}

static bool is_public(const uint8_t address[16])
{
    for (size_t i = 0; i < TERN_COUNT_OF(EMBEDDED); i++) {
        if (in_text_network(address, EMBEDDED[i].network)) {
            uint8_t inner[16];
            map_ipv4(inner, address + EMBEDDED[i].offset);
            return is_public(inner);
        }
    }
    for (size_t i = 0; i < TERN_COUNT_OF(NOT_PUBLIC); i++) {
        if (in_text_network(address, NOT_PUBLIC[i])) {
            return false;
        }
    }
    return true;
}

int outbound_check_address(const struct outbound_policy *policy, const struct sockaddr *address)
{
    uint8_t bytes[16];
    if (policy == NULL) {
        return TERN_OK;
    }
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, address, sizeof(ipv4));
        uint8_t four[4];
        memcpy(four, &ipv4.sin_addr, 4);
        map_ipv4(bytes, four);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, address, sizeof(ipv6));
        memcpy(bytes, &ipv6.sin6_addr, 16);
    } else {
        return TERN_ERR_DENIED;
    }
    for (size_t i = 0; i < policy->network_count; i++) {
        if (in_network(bytes, policy->networks[i].address, policy->networks[i].prefix)) {
            return TERN_OK;
        }
    }
    return is_public(bytes) ? TERN_OK : TERN_ERR_DENIED;
}
