/* SPDX-License-Identifier: Apache-2.0 */
/** Whole files: read with a limit, written so that a power cut leaves the old or the new one. */
#ifndef HOST_CONFIG_FILES_H
#define HOST_CONFIG_FILES_H

#include <sys/types.h>

#include "tern/bytes.h"

/**
 * Read a file whole; "-" is stdin. `*data` is malloc'ed, one NUL follows the content; the caller
 * frees it (and wipes it first when it is a secret).
 * @return TERN_OK, TERN_ERR_NOT_FOUND, TERN_ERR_IO, TERN_ERR_NO_SPACE (larger than `size_max`)
 */
int file_read(const char *path, size_t size_max, uint8_t **data, size_t *size);

/**
 * Write a file: to a temporary one beside it with `mode`, fsync, rename, fsync of the folder.
 * @return TERN_OK or TERN_ERR_IO
 */
int file_write(const char *path, struct tern_bytes content, mode_t mode);

/** Make a folder and its parents. TERN_OK also when it is there. */
int folder_make(const char *path, mode_t mode);

/** "folder/name" into `out`. TERN_ERR_NO_SPACE when it does not fit. */
int path_join(char *out, size_t out_size, const char *folder, const char *name);

#endif
