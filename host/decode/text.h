/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and certificates as indented text for people. */
#ifndef HOST_DECODE_TEXT_H
#define HOST_DECODE_TEXT_H

#include "tern/asn.h"
#include "tern/certificate.h"

void text_indent(struct tern_writer *out, unsigned indent);

/* As tern_asn_walk(). */
int text_message(struct tern_writer *out, const struct tern_asn_record *record,
                 struct tern_bytes in, unsigned mercy, struct tern_fault *fault, unsigned indent);

/* Its role, names, dates and key identifiers, a line each. */
void text_certificate(struct tern_writer *out, const struct tern_certificate *certificate,
                      unsigned indent);

/* CN, else O; absent when it has neither. */
struct tern_bytes text_subject(const struct tern_certificate *certificate);

/* 2026-01-02T03:04:05Z */
void text_time(char text[32], int64_t seconds);

#endif
