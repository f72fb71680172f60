/* SPDX-License-Identifier: Apache-2.0 */
/* Names to addresses; see resolve.h. */
#include "host/carrier/resolve.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/http/address.h"

static int parse_port(const char *text, uint16_t *port)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value > 65535) {
        return TERN_ERR_MALFORMED;
    }
    *port = (uint16_t)value;
    return TERN_OK;
}

int resolve_split(const char *address, uint16_t default_port, char host[RESOLVE_HOST_SIZE],
                  uint16_t *port)
{
    const char *colon = strrchr(address, ':');
    size_t size = colon != NULL ? (size_t)(colon - address) : strlen(address);
    if (size == 0 || size >= RESOLVE_HOST_SIZE) {
        return TERN_ERR_MALFORMED;
    }
    memcpy(host, address, size);
    host[size] = '\0';
    *port = default_port;
    return colon != NULL ? parse_port(colon + 1, port) : TERN_OK;
}

/* HOST:PORT:ADDRESS or HOST:PORT:ADDRESS:PORT, ADDRESS may be [v6]. */
static int match_entry(const char *entry, const char *host, uint16_t port, char *target,
                       size_t target_size)
{
    const char *first = strchr(entry, ':');
    const char *second = first != NULL ? strchr(first + 1, ':') : NULL;
    if (second == NULL) {
        return TERN_ERR_MALFORMED;
    }
    char port_text[8];
    uint16_t entry_port;
    size_t port_size = (size_t)(second - first - 1);
    if (port_size >= sizeof(port_text)) {
        return TERN_ERR_MALFORMED;
    }
    memcpy(port_text, first + 1, port_size);
    port_text[port_size] = '\0';
    if (parse_port(port_text, &entry_port) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    size_t host_size = (size_t)(first - entry);
    if (entry_port != port || strlen(host) != host_size ||
        strncasecmp(entry, host, host_size) != 0) {
        return TERN_ERR_NOT_FOUND;
    }
    const char *address = second + 1;
    const char *bracket = strchr(address, ']');
    const char *own_port = strchr(bracket != NULL ? bracket : address, ':');
    if (own_port != NULL) {
        snprintf(target, target_size, "%s", address);
    } else {
        snprintf(target, target_size, "%s:%u", address, (unsigned)port);
    }
    return TERN_OK;
}

int resolve_address(const struct resolve_list *list, const char *host, uint16_t port, int type,
                    struct sockaddr_storage *address, socklen_t *size)
{
    char target[RESOLVE_HOST_SIZE + 16];
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        int status = match_entry(list->items[i], host, port, target, sizeof(target));
        if (status == TERN_OK) {
            return address_parse(target, address, size);
        }
        if (status != TERN_ERR_NOT_FOUND) {
            return status;
        }
    }
    char port_text[8];
    struct addrinfo hints = {.ai_socktype = type, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    snprintf(port_text, sizeof(port_text), "%u", (unsigned)port);
    if (getaddrinfo(host, port_text, &hints, &found) != 0 || found == NULL) {
        return TERN_ERR_NOT_FOUND;
    }
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *size = found->ai_addrlen;
    freeaddrinfo(found);
    return TERN_OK;
}
