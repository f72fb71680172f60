/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Names to addresses for carriers: `--resolve HOST:PORT:ADDRESS[:PORT]` entries first, then DNS.
 * With an entry a certificate may have its real name while the server is on loopback.
 */
#ifndef HOST_CARRIER_RESOLVE_H
#define HOST_CARRIER_RESOLVE_H

#include <sys/socket.h>

#include "tern/bytes.h"

#define RESOLVE_HOST_SIZE 256

struct resolve_list {
    const char *const *items; /**< borrowed */
    size_t count;
};

/** "host" or "host:port" into its halves. TERN_ERR_MALFORMED. */
int resolve_split(const char *address, uint16_t default_port, char host[RESOLVE_HOST_SIZE],
                  uint16_t *port);

/**
 * The socket address of host and port; `type` is SOCK_STREAM or SOCK_DGRAM.
 * @return TERN_OK, TERN_ERR_NOT_FOUND, or TERN_ERR_MALFORMED for an entry that makes no sense
 */
int resolve_address(const struct resolve_list *list, const char *host, uint16_t port, int type,
                    struct sockaddr_storage *address, socklen_t *size);

#endif
