/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-commands of `tern profile`. */
#ifndef APP_PROFILE_PROFILE_H
#define APP_PROFILE_PROFILE_H

#include "host/config/files.h"
#include "tern/bytes.h"

int profile_build(int argc, char **argv);
int profile_try(int argc, char **argv);
int profile_personalise(int argc, char **argv);
int profile_show(int argc, char **argv);
int profile_lint(int argc, char **argv);

/* A package from a file: a UPP as it is, a description built. malloc'ed; complains on stderr. */
int package_load(const char *path, uint8_t **upp, size_t *size);

/* A file, 0600, for a package holds keys; NULL or "-" is stdout. */
int profile_write(const char *path, struct tern_bytes bytes);

#endif
