/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz and /metrics (Prometheus text format) of the SM-DP+. */
#include "app/rsp_metrics.h"
#include "app/smdp.h"

#define ANSWERS "tern_smdp_answers_total"

static void write_metrics(void *context, struct tern_writer *out)
{
    struct smdp_server *server = context;
    struct smdp_metrics *metrics = &server->metrics;
    rsp_metrics_head(out, ANSWERS, "Answers by function and status code.");
    for (size_t code = 0; code < TERN_STATUS_CODE_COUNT; code++) {
        for (size_t i = 1; i < TERN_ES9PLUS_FUNCTION_COUNT; i++) {
            rsp_metrics_answer(out, ANSWERS, tern_es9plus_name((enum tern_es9plus_function)i), code,
                               atomic_load(&metrics->es9[i][code]));
        }
        for (size_t i = 1; i <= TERN_ES2PLUS_RELEASE_PROFILE; i++) {
            rsp_metrics_answer(out, ANSWERS, tern_es2plus_name((enum tern_es2plus_function)i), code,
                               atomic_load(&metrics->es2[i][code]));
        }
    }
    rsp_metrics_counter(out, "tern_smdp_refused_total", "Requests refused by HTTP 4xx.",
                        atomic_load(&metrics->refused));
    rsp_metrics_counter(out, "tern_smdp_failed_total", "Requests that we failed, HTTP 5xx.",
                        atomic_load(&metrics->failed));
    rsp_metrics_counter(out, "tern_smdp_tasks_done_total", "Call-backs and events delivered.",
                        atomic_load(&server->outbox.done));
    rsp_metrics_counter(out, "tern_smdp_tasks_failed_total", "Call-backs and events to be retried.",
                        atomic_load(&server->outbox.failed));
}

void smdp_on_admin(void *context, struct http_request *request)
{
    rsp_admin_reply(request, write_metrics, context);
}
