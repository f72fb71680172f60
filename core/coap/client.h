/* SPDX-License-Identifier: Apache-2.0 */
/** Between the two files of the CoAP client: client.c has the bodies, client_link.c the datagrams.
 */
#ifndef CORE_COAP_CLIENT_H
#define CORE_COAP_CLIENT_H

#include "tern/coap.h"

enum slot_state {
    SLOT_FREE = 0,
    SLOT_READY, /* goes out at the next send */
    SLOT_SENT,  /* CON without ACK; due_ms is the next retransmission */
    SLOT_ACKED, /* a separate response will come; due_ms is the end of patience */
    SLOT_FULL,  /* a block for the reader */
};

void slot_ready(struct tern_coap_client *client, struct tern_coap_slot *slot, uint32_t number);
void client_fail(struct tern_coap_client *client, int error);
void client_keep_block(struct tern_coap_client *client, struct tern_coap_slot *slot,
                       struct tern_bytes payload, bool more);
void client_plan(struct tern_coap_client *client);

#endif
