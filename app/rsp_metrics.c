/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz and /metrics: see rsp_metrics.h. */
#include "app/rsp_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRICS_SIZE 65536

void rsp_metrics_answer(struct tern_writer *out, const char *name, const char *function,
                        size_t code, unsigned long count)
{
    const struct tern_status_text *text = tern_status_text((enum tern_status_code)code);
    char line[256];
    if (count == 0) {
        return;
    }
    snprintf(line, sizeof line, "%s{function=\"%s\",status=\"%s%s%s\"} %lu\n", name, function,
             code == 0 ? "ok" : text->subject, code == 0 ? "" : "/", code == 0 ? "" : text->reason,
             count);
    tern_write_text(out, line);
}

void rsp_metrics_head(struct tern_writer *out, const char *name, const char *help)
{
    char lines[300];
    snprintf(lines, sizeof lines, "# HELP %s %s\n# TYPE %s counter\n", name, help, name);
    tern_write_text(out, lines);
}

void rsp_metrics_counter(struct tern_writer *out, const char *name, const char *help,
                         unsigned long count)
{
    char line[128];
    rsp_metrics_head(out, name, help);
    snprintf(line, sizeof line, "%s %lu\n", name, count);
    tern_write_text(out, line);
}

void rsp_admin_reply(struct http_request *request,
                     void (*write)(void *context, struct tern_writer *out), void *context)
{
    static const struct http_header TEXT[] = {
        {"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}
    };
    if (strcmp(request->path, "/healthz") == 0) {
        http_reply(request, 200, TEXT, 1, TERN_BYTES_TEXT("ok\n"));
        return;
    }
    uint8_t *buffer = strcmp(request->path, "/metrics") == 0 ? malloc(METRICS_SIZE) : NULL;
    if (buffer == NULL) {
        http_reply(request, 404, NULL, 0, TERN_BYTES_NONE);
        return;
    }
    struct tern_writer out = tern_writer(buffer, METRICS_SIZE);
    write(context, &out);
    http_reply(request, 200, TEXT, 1, tern_writer_bytes(&out));
    free(buffer);
}
