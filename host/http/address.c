/* SPDX-License-Identifier: Apache-2.0 */
/* Socket addresses and text: see address.h. */
#include "host/http/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
