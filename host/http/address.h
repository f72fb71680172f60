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

#endif
