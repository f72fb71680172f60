/* SPDX-License-Identifier: Apache-2.0 */
/** Between the two files of the CoAP server: server.c has requests, server_reply.c what goes out.
 */
#ifndef CORE_COAP_SERVER_H
#define CORE_COAP_SERVER_H

#include "tern/coap.h"

enum entry_state {
    ENTRY_FREE = 0,
    ENTRY_PROCESSING, /* with the host; due_ms is when an empty ACK goes out */
    ENTRY_SEND,       /* its datagram goes out at the next send */
    ENTRY_CONFIRM,    /* a separate response waits for its ACK */
    ENTRY_ANSWERED,   /* kept to answer repetitions, until ends_ms */
};

/* A response without a body, or with a short text. */
void server_answer(struct tern_coap_server *server, struct tern_coap_entry *entry, uint8_t code,
                   struct tern_bytes text);
/* Block `number` of the response body that the server has. */
void server_answer_block(struct tern_coap_server *server, struct tern_coap_entry *entry,
                         uint32_t number);
void server_queue(struct tern_coap_server *server, enum tern_coap_type type, uint16_t id);

#endif
