/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server listens, for whoever started it: see ready.h. */
#include "host/config/ready.h"

#include "host/config/files.h"

int ready_write(const char *path, const struct ready_entry *entries, size_t count)
{
    if (path == NULL) {
        return TERN_OK;
    }
    char text[2048];
    struct tern_writer out = TERN_WRITER_OF(text);
    for (size_t i = 0; i < count; i++) {
        /* Names and addresses are ours: no character of them needs escaping. */
        tern_write_text(&out, i == 0 ? "{\"" : ",\"");
        tern_write_text(&out, entries[i].name);
        tern_write_text(&out, "\":\"");
        tern_write_text(&out, entries[i].address);
        tern_write_text(&out, "\"");
    }
    tern_write_text(&out, count == 0 ? "{}\n" : "}\n");
    if (tern_writer_status(&out) != TERN_OK) {
        return TERN_ERR_NO_SPACE;
    }
    return file_write(path, tern_writer_bytes(&out), 0644);
}
