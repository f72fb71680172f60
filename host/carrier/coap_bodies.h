/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a CoAP server keeps for devices that come back: response bodies by ETag, and DTLS sessions
 * by their ID; in memory, and in a store when there is one.
 */
#ifndef HOST_CARRIER_COAP_BODIES_H
#define HOST_CARRIER_COAP_BODIES_H

#include "host/carrier/coap_server.h"
#include "host/udp/dtls.h"

struct coap_bodies;
struct coap_body;

/** `now_s` NULL: time(). */
struct coap_bodies *coap_bodies_new(const struct tern_store *store, uint64_t (*now_s)(void),
                                    unsigned keep_s);
void coap_bodies_free(struct coap_bodies *bodies);

/** Keep a copy under a new ETag. NULL when out of memory. Release it when done. */
struct coap_body *coap_bodies_add(struct coap_bodies *bodies, const struct coap_reply *reply);
/** The body of an ETag, from memory or the store; NULL when unknown or past its time. Release it.
 */
struct coap_body *coap_bodies_find(struct coap_bodies *bodies, struct tern_bytes etag);
void coap_body_release(struct coap_body *body);
/** As core/coap wants it; borrows from the body. */
struct tern_coap_response coap_body_response(const struct coap_body *body);

/** Drop what is past its time. */
void coap_bodies_sweep(struct coap_bodies *bodies);

/** The session callbacks; empty without a store: OpenSSL then keeps them itself. */
struct dtls_sessions coap_bodies_sessions(struct coap_bodies *bodies);

#endif
