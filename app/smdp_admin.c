/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz and /metrics (Prometheus text format) of the SM-DP+. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/smdp.h"

#define METRICS_SIZE 65536

static void write_row(struct tern_writer *out, const char *function, size_t code,
                      unsigned long count)
{
    const struct tern_status_text *text = tern_status_text((enum tern_status_code)code);
    char line[256];
    if (count == 0) {
        return;
    }
    snprintf(line, sizeof line, "tern_smdp_answers_total{function=\"%s\",status=\"%s%s%s\"} %lu\n",
             function, code == 0 ? "ok" : text->subject, code == 0 ? "" : "/",
             code == 0 ? "" : text->reason, count);
    tern_write_text(out, line);
}

static void write_counter(struct tern_writer *out, const char *name, const char *help,
                          unsigned long count)
{
    char lines[300];
    snprintf(lines, sizeof lines, "# HELP %s %s\n# TYPE %s counter\n%s %lu\n", name, help, name,
             name, count);
    tern_write_text(out, lines);
}

static void write_metrics(struct smdp_server *server, struct tern_writer *out)
{
    struct smdp_metrics *metrics = &server->metrics;
    tern_write_text(out, "# HELP tern_smdp_answers_total Answers by function and status code.\n"
                         "# TYPE tern_smdp_answers_total counter\n");
    for (size_t code = 0; code < TERN_STATUS_CODE_COUNT; code++) {
        for (size_t i = 1; i < TERN_ES9PLUS_FUNCTION_COUNT; i++) {
            write_row(out, tern_es9plus_name((enum tern_es9plus_function)i), code,
                      atomic_load(&metrics->es9[i][code]));
        }
        for (size_t i = 1; i <= TERN_ES2PLUS_RELEASE_PROFILE; i++) {
            write_row(out, tern_es2plus_name((enum tern_es2plus_function)i), code,
                      atomic_load(&metrics->es2[i][code]));
        }
    }
    write_counter(out, "tern_smdp_refused_total", "Requests refused by HTTP 4xx.",
                  atomic_load(&metrics->refused));
    write_counter(out, "tern_smdp_failed_total", "Requests that we failed, HTTP 5xx.",
                  atomic_load(&metrics->failed));
    write_counter(out, "tern_smdp_tasks_done_total", "Call-backs and events delivered.",
                  atomic_load(&server->outbox.done));
    write_counter(out, "tern_smdp_tasks_failed_total", "Call-backs and events to be retried.",
                  atomic_load(&server->outbox.failed));
}

void smdp_on_admin(void *context, struct http_request *request)
{
    static const struct http_header TEXT[] = {
        {"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}
    };
    struct smdp_server *server = context;
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
    write_metrics(server, &out);
    http_reply(request, 200, TEXT, 1, tern_writer_bytes(&out));
    free(buffer);
}
