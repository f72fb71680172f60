/* SPDX-License-Identifier: Apache-2.0 */
/* Specifications of readers: "KIND:TARGET", one row a kind. */
#include "host/reader/reader.h"

#include <string.h>

static const struct kind {
    const char *prefix;
    int (*open)(struct tern_reader *reader, const char *target, struct tern_writer *why);
} KINDS[] = {
    {"tcp:",  reader_open_tcp },
    {"unix:", reader_open_unix},
    {"pcsc:", reader_open_pcsc},
    {"at:",   reader_open_at  },
};

int reader_open(struct tern_reader *reader, const char *specification, struct tern_writer *why)
{
    for (size_t i = 0; i < TERN_COUNT_OF(KINDS); i++) {
        size_t size = strlen(KINDS[i].prefix);
        if (strncmp(specification, KINDS[i].prefix, size) == 0) {
            return KINDS[i].open(reader, specification + size, why);
        }
    }
    if (why != NULL) {
        tern_write_text(why, "a reader is tcp:HOST:PORT, unix:PATH, pcsc:NAME or at:DEVICE");
    }
    return TERN_ERR_MALFORMED;
}
