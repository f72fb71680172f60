/* SPDX-License-Identifier: Apache-2.0 */
/** Socket addresses and text: "127.0.0.1:8443", "[::1]:0". */
#ifndef HOST_HTTP_ADDRESS_H
#define HOST_HTTP_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "tern/bytes.h"

/** Numeric "ADDRESS:PORT", "[V6]:PORT", or ":PORT" for any. TERN_ERR_MALFORMED. */
int address_parse(const char *text, struct sockaddr_storage *address, socklen_t *size);
/** The address alone, without brackets, and its port. */
void address_text(const struct sockaddr *address, char out[INET6_ADDRSTRLEN], uint16_t *port);
/** "ADDRESS:PORT", brackets around IPv6. */
void address_print(const struct sockaddr *address, char *out, size_t out_size, uint16_t *port);

/**
 * Where "host" and "host:port" lead: a `--resolve` entry "HOST:PORT:ADDRESS[:PORT]" that names
 * them, a numeric address, or DNS.
 * @return TERN_OK, TERN_ERR_MALFORMED, TERN_ERR_NOT_FOUND
 */
int address_resolve(const char *target, uint16_t default_port, const char *const *entries,
                    size_t entry_count, struct sockaddr_storage *address, socklen_t *size);
/** The host part of "host:port" or "[v6]:port". TERN_ERR_MALFORMED when it does not fit. */
int address_host(const char *target, char *host, size_t host_size);

#endif
