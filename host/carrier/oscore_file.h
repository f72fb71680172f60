/* SPDX-License-Identifier: Apache-2.0 */
/**
 * OSCORE keys in YAML, for both ends of a link:
 *
 *     oscore:
 *       - {secret: 00112233445566778899AABBCCDDEEFF, salt: 0102030405060708, device: 01, eim: 02}
 *
 * `secret` is the Master Secret (16 bytes and more), `salt` the Master Salt (may be left out),
 * `device` and `eim` the Sender IDs of the device and of the eIM (0 to 7 bytes each). A device's
 * file has one entry, an eIM's one for each device. Keep it 0600.
 */
#ifndef HOST_CARRIER_OSCORE_FILE_H
#define HOST_CARRIER_OSCORE_FILE_H

#include "tern/oscore.h"
#include "tern/store.h"

struct oscore_file;

/** Read a file. On failure NULL, and `error` says why, with the line. */
struct oscore_file *oscore_file_load(const char *path, char *error, size_t error_size);
void oscore_file_free(struct oscore_file *file);
size_t oscore_file_count(const struct oscore_file *file);

/** The device's context of the first entry; its sequence number is kept in the file `state`. */
int oscore_file_device(const struct oscore_file *file, struct tern_oscore *oscore,
                       const char *state);
/** Make the next reservation durable in `state`, then allow its use. */
int oscore_file_reserve(struct tern_oscore *oscore, const char *state);

/** For struct coap_server_options: an eIM's contexts, sequence numbers in a store ("coap.oscore").
 */
struct oscore_server {
    const struct oscore_file *file;
    const struct tern_store *store;
};
int oscore_server_find(void *oscore_server, struct tern_bytes kid, struct tern_bytes kid_context,
                       struct tern_oscore *oscore);
int oscore_server_save(void *oscore_server, struct tern_bytes kid, struct tern_bytes saved);

#endif
