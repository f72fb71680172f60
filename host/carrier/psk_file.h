/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DTLS pre-shared keys in YAML, for both ends of a link:
 *
 *     psk:
 *       - {identity: "89049032000000000000000000000128", key: 00112233445566778899AABBCCDDEEFF}
 *
 * A device's file has one entry, an eIM's one for each device. Keep it 0600.
 */
#ifndef HOST_CARRIER_PSK_FILE_H
#define HOST_CARRIER_PSK_FILE_H

#include "tern/bytes.h"

struct psk_file;

/** Read a file. On failure NULL, and `error` says why, with the line. */
struct psk_file *psk_file_load(const char *path, char *error, size_t error_size);
void psk_file_free(struct psk_file *file);

/** The first entry, for a device; both borrow from the file. */
void psk_file_device(const struct psk_file *file, struct tern_bytes *identity,
                     struct tern_bytes *key);
/** The key of an identity into `key`; nothing when it is unknown. */
void psk_file_find(const struct psk_file *file, struct tern_bytes identity,
                   struct tern_writer *key);

#endif
