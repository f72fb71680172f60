/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines: see log.h. A line is built in a buffer and leaves in one write(). */
#include "host/log/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE  4096
#define VALUE_SIZE 1024

static const char *const LEVEL_NAMES[] = {"debug", "info", "warn", "error", "none"};

static atomic_int chosen_level = LOG_LEVEL_INFO;
static atomic_int chosen_fd = STDERR_FILENO;

void log_set_level(enum log_level level)
{
    atomic_store(&chosen_level, (int)level);
}

void log_set_fd(int fd)
{
    atomic_store(&chosen_fd, fd);
}

int log_level_from_text(const char *text, enum log_level *level)
{
    for (size_t i = 0; text != NULL && i < TERN_COUNT_OF(LEVEL_NAMES); i++) {
        if (strcmp(text, LEVEL_NAMES[i]) == 0) {
            *level = (enum log_level)i;
            return TERN_OK;
        }
    }
    return TERN_ERR_MALFORMED;
}

/* A JSON string. Bytes that are no UTF-8 as a whole are written as if Latin-1. */
static void write_string(struct tern_writer *out, const char *text)
{
    struct tern_bytes bytes = tern_bytes_text(text);
    bytes = tern_bytes_slice(bytes, 0, VALUE_SIZE);
    bool utf8 = tern_utf8_valid(bytes);
    tern_write_byte(out, '"');
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = bytes.data[i];
        if (byte == '"' || byte == '\\') {
            tern_write_byte(out, '\\');
            tern_write_byte(out, byte);
        } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8)) {
            tern_write_text(out, "\\u00");
            tern_hex_encode(out, tern_bytes(&byte, 1));
        } else {
            tern_write_byte(out, byte);
        }
    }
    tern_write_byte(out, '"');
}

static void write_time(struct tern_writer *out)
{
    struct timespec now = {0};
    struct tm utc = {0};
    char text[40];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    tern_write_text(out, text);
    snprintf(text, sizeof(text), ".%03dZ", (int)(now.tv_nsec / 1000000));
    tern_write_text(out, text);
}

void log_line(enum log_level level, const char *event, ...)
{
    if ((int)level < atomic_load(&chosen_level) || level >= LOG_LEVEL_NONE) {
        return;
    }
    char line[LINE_SIZE];
    struct tern_writer out = tern_writer(line, sizeof(line) - 2);
    tern_write_text(&out, "{\"time\":\"");
    write_time(&out);
    tern_write_text(&out, "\",\"level\":\"");
    tern_write_text(&out, LEVEL_NAMES[level]);
    tern_write_text(&out, "\",\"event\":");
    write_string(&out, event);
    va_list pairs;
    va_start(pairs, event);
    for (const char *key = va_arg(pairs, const char *); key != NULL;
         key = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);
        struct tern_writer before = out;
        if (value != NULL) {
            tern_write_byte(&out, ',');
            write_string(&out, key);
            tern_write_byte(&out, ':');
            write_string(&out, value);
        }
        if (tern_writer_status(&out) != TERN_OK) {
            out = before; /* a pair that does not fit is left out whole */
        }
    }
    va_end(pairs);
    size_t size = tern_writer_bytes(&out).size;
    line[size++] = '}';
    line[size++] = '\n';
    ssize_t wrote = write(atomic_load(&chosen_fd), line, size);
    (void)wrote; /* nobody is left to tell */
}

const char *log_number(char buffer[LOG_NUMBER_SIZE], uint64_t value)
{
    snprintf(buffer, LOG_NUMBER_SIZE, "%llu", (unsigned long long)value);
    return buffer;
}
