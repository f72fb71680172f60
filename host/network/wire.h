/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What goes over the simulated radio: one JSON object a line, both ways. docs/FORMATS.md,
 * "Simulated radio".
 */
#ifndef HOST_NETWORK_WIRE_H
#define HOST_NETWORK_WIRE_H

#include <cjson/cJSON.h>

#include "tern/bytes.h"

#define WIRE_LINE_SIZE  4096
#define WIRE_TIMEOUT_MS 5000

struct wire {
    int fd;
    size_t size; /**< Bytes in `buffer` that are not read yet. */
    char buffer[WIRE_LINE_SIZE];
};

/** Connect to "unix:PATH" or "HOST:PORT" (or "tcp:HOST:PORT"). TERN_ERR_IO, TERN_ERR_MALFORMED. */
int wire_connect(struct wire *wire, const char *address);
/**
 * Listen. `bound` gets the address that wire_connect() takes; port 0 takes a free one.
 * @return the descriptor, or a negative error.
 */
int wire_listen(const char *address, char *bound, size_t bound_size);
void wire_close(struct wire *wire);

/** Send an object and free it. TERN_ERR_IO. */
int wire_send(struct wire *wire, cJSON *object);
/** NULL when the line ended, did not come within WIRE_TIMEOUT_MS, or is no JSON object. */
cJSON *wire_receive(struct wire *wire);

/** Members. */
void wire_add_hex(cJSON *object, const char *name, struct tern_bytes bytes);
/** TERN_ERR_MISSING, TERN_ERR_MALFORMED unless it has `least` to `most` bytes. */
int wire_get_hex(const cJSON *object, const char *name, struct tern_writer *out, size_t least,
                 size_t most);
/** The text of a member; "" when there is none. */
const char *wire_text(const cJSON *object, const char *name);

#endif
