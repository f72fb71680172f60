/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus text of an RSP server, and the little HTTP around it. */
#ifndef APP_RSP_METRICS_H
#define APP_RSP_METRICS_H

#include "host/http/server.h"
#include "tern/status_code.h"

/* One sample NAME{function="F",status="8.2.6/3.8"} COUNT; nothing when COUNT is 0. */
void rsp_metrics_answer(struct tern_writer *out, const char *name, const char *function,
                        size_t code, unsigned long count);
/* The two lines that introduce a counter. */
void rsp_metrics_head(struct tern_writer *out, const char *name, const char *help);
/* A counter without labels, whole. */
void rsp_metrics_counter(struct tern_writer *out, const char *name, const char *help,
                         unsigned long count);

/* Answer /healthz and /metrics; 404 for the rest. `write` fills in the metrics. */
void rsp_admin_reply(struct http_request *request,
                     void (*write)(void *context, struct tern_writer *out), void *context);

#endif
