/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz and /metrics (Prometheus text format) of the SM-DS. */
#include "app/rsp_metrics.h"
#include "app/smds.h"

#define ANSWERS "tern_smds_answers_total"

static void write_metrics(void *context, struct tern_writer *out)
{
    struct smds_server *server = context;
    const struct smds_metrics *metrics = &server->metrics;
    rsp_metrics_head(out, ANSWERS, "Answers by function and status code.");
    for (size_t code = 0; code < TERN_STATUS_CODE_COUNT; code++) {
        for (size_t i = 1; i < TERN_ES9PLUS_FUNCTION_COUNT; i++) {
            rsp_metrics_answer(out, ANSWERS, tern_es9plus_name((enum tern_es9plus_function)i), code,
                               metrics->es11[i][code]);
        }
        for (size_t i = 1; i <= TERN_ES12_DELETE_EVENT; i++) {
            rsp_metrics_answer(out, ANSWERS, tern_es12_name((enum tern_es12_function)i), code,
                               metrics->es12[i][code]);
        }
    }
    rsp_metrics_counter(out, "tern_smds_refused_total", "Requests refused by HTTP 4xx.",
                        metrics->refused);
    rsp_metrics_counter(out, "tern_smds_failed_total", "Requests that we failed, HTTP 5xx.",
                        metrics->failed);
    rsp_metrics_counter(out, "tern_smds_tasks_done_total", "Deletions at the parent delivered.",
                        atomic_load(&server->outbox.done));
    rsp_metrics_counter(out, "tern_smds_tasks_failed_total", "Deletions to be retried.",
                        atomic_load(&server->outbox.failed));
}

void smds_on_admin(void *context, struct http_request *request)
{
    rsp_admin_reply(request, write_metrics, context);
}
