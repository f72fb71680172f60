/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Events as JSON lines on stderr: {"time":"2026-01-02T03:04:05.678Z","level":"info",
 * "event":"http.listening","address":"127.0.0.1:8443"}.
 *
 * Keys and values are texts; never pass Ki, OPc, codes, tokens or keys. Values that are not UTF-8
 * are escaped. Safe from any thread.
 */
#ifndef HOST_LOG_LOG_H
#define HOST_LOG_LOG_H

#include "tern/bytes.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_NONE };

/** What is written; LOG_LEVEL_INFO at the start. */
void log_set_level(enum log_level level);
/** "debug", "info", "warn", "error", "none". TERN_ERR_MALFORMED for another name. */
int log_level_from_text(const char *text, enum log_level *level);
/** Another file descriptor than 2. */
void log_set_fd(int fd);

/** `event`, then pairs of key and value, then NULL. A NULL value leaves its pair out. */
void log_line(enum log_level level, const char *event, ...) __attribute__((sentinel));

/** log_info("eim.device", "eid", eid_text, "state", "enrolled"); */
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__, (const char *)NULL)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__, (const char *)NULL)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__, (const char *)NULL)
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__, (const char *)NULL)

/** A number as text for a log line, in a buffer of the caller: log_number(buffer, 5). */
#define LOG_NUMBER_SIZE 24
const char *log_number(char buffer[LOG_NUMBER_SIZE], uint64_t value);

#endif
