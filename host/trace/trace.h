/* SPDX-License-Identifier: Apache-2.0 */
/**
 * `--trace DIR`: every message that crosses an interface, one file each, for `tern decode DIR`.
 *
 *     DIR/1700000000123456-smdp-ES9+.InitiateAuthentication-request.json
 *
 * The name begins with microseconds since 1970, so that the files of several processes sort into
 * one story. The ending tells the encoding: json, der, apdu. Traces hold secrets that logs must not
 * (activation codes, hashes); files are 0600.
 */
#ifndef HOST_TRACE_TRACE_H
#define HOST_TRACE_TRACE_H

#include "tern/bytes.h"

struct trace;

/** NULL when `dir` is NULL (then all calls do nothing) or cannot be made. `role` is kept. */
struct trace *trace_open(const char *dir, const char *role);
void trace_close(struct trace *trace);

/** `name` such as "ES9+.GetBoundProfilePackage-response", `ending` such as "json". Any thread. */
void trace_message(struct trace *trace, const char *name, const char *ending,
                   struct tern_bytes message);

#endif
