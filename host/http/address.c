/* SPDX-License-Identifier: Apache-2.0 */
/* Socket addresses and text: see address.h. */
#include "host/http/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int address_parse(const char *text, struct sockaddr_storage *address, socklen_t *size)
{
    char host[INET6_ADDRSTRLEN + 2];
    const char *colon = text == NULL ? NULL : strrchr(text, ':');
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host)) {
        return TERN_ERR_MALFORMED;
    }
    char *end = NULL;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535) {
        return TERN_ERR_MALFORMED;
    }
    size_t length = (size_t)(colon - text);
    memcpy(host, text, length);
    host[length] = '\0';
    memset(address, 0, sizeof(*address));
    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)address;
        host[length - 1] = '\0';
        ipv6->sin6_family = AF_INET6;
        ipv6->sin6_port = htons((uint16_t)port);
        *size = sizeof(*ipv6);
        return inet_pton(AF_INET6, host + 1, &ipv6->sin6_addr) == 1 ? TERN_OK : TERN_ERR_MALFORMED;
    }
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)address;
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons((uint16_t)port);
    *size = sizeof(*ipv4);
    const char *name = length == 0                      ? "0.0.0.0"
                       : strcmp(host, "localhost") == 0 ? "127.0.0.1"
                                                        : host;
    return inet_pton(AF_INET, name, &ipv4->sin_addr) == 1 ? TERN_OK : TERN_ERR_MALFORMED;
}

void address_text(const struct sockaddr *address, char out[INET6_ADDRSTRLEN], uint16_t *port)
{
    out[0] = '\0';
    *port = 0;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, address, sizeof(ipv4));
        inet_ntop(AF_INET, &ipv4.sin_addr, out, INET6_ADDRSTRLEN);
        *port = ntohs(ipv4.sin_port);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, address, sizeof(ipv6));
        inet_ntop(AF_INET6, &ipv6.sin6_addr, out, INET6_ADDRSTRLEN);
        *port = ntohs(ipv6.sin6_port);
    }
}

void address_print(const struct sockaddr *address, char *out, size_t out_size, uint16_t *port)
{
    char host[INET6_ADDRSTRLEN];
    address_text(address, host, port);
    snprintf(out, out_size, address->sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, *port);
}

int address_host(const char *target, char *host, size_t host_size)
{
    const char *end = target[0] == '[' ? strchr(target, ']') : strchr(target, ':');
    const char *begin = target[0] == '[' ? target + 1 : target;
    size_t size = end == NULL ? strlen(begin) : (size_t)(end - begin);
    if (size == 0 || size >= host_size || (target[0] == '[' && end == NULL)) {
        return TERN_ERR_MALFORMED;
    }
    memcpy(host, begin, size);
    host[size] = '\0';
    return TERN_OK;
}

/* The port behind the host, or the default. 0 when it makes no sense. */
static unsigned long target_port(const char *target, uint16_t default_port)
{
    const char *from = target[0] == '[' ? strchr(target, ']') : target;
    const char *colon = from == NULL ? NULL : strchr(from, ':');
    if (colon == NULL) {
        return default_port;
    }
    char *end = NULL;
    unsigned long port = strtoul(colon + 1, &end, 10);
    return colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535 ? 0 : port;
}

/* "HOST:PORT:ADDRESS[:PORT]" for this host and port? Then its address. */
static bool take_entry(const char *entry, const char *host, unsigned long port,
                       struct sockaddr_storage *address, socklen_t *size)
{
    size_t host_size = strlen(host);
    if (strncasecmp(entry, host, host_size) != 0 || entry[host_size] != ':') {
        return false;
    }
    char *rest = NULL;
    if (strtoul(entry + host_size + 1, &rest, 10) != port || *rest != ':') {
        return false;
    }
    char text[100];
    const char *where = rest + 1;
    bool has_port = where[0] == '[' ? strstr(where, "]:") != NULL : strchr(where, ':') != NULL;
    if (has_port) {
        snprintf(text, sizeof(text), "%s", where);
    } else {
        snprintf(text, sizeof(text), "%s:%lu", where, port);
    }
    return address_parse(text, address, size) == TERN_OK;
}

int address_resolve(const char *target, uint16_t default_port, const char *const *entries,
                    size_t entry_count, struct sockaddr_storage *address, socklen_t *size)
{
    char host[260];
    unsigned long port = target_port(target, default_port);
    if (port == 0 || address_host(target, host, sizeof(host)) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    for (size_t i = 0; i < entry_count; i++) {
        if (take_entry(entries[i], host, port, address, size)) {
            return TERN_OK;
        }
    }
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    char service[8];
    snprintf(service, sizeof(service), "%lu", port);
    if (getaddrinfo(host, service, &hints, &found) != 0 || found == NULL) {
        return TERN_ERR_NOT_FOUND;
    }
    memset(address, 0, sizeof(*address));
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *size = found->ai_addrlen;
    freeaddrinfo(found);
    return TERN_OK;
}
