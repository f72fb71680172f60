/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message as indented text for people: what tern_asn_print() says, and beside it what bytes mean:
 * an ICCID in digits, a PLMN as MCC-MNC, a list of tags taken apart, a certificate by its names and
 * dates instead of a page of TLVs.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/decode/text.h"
#include "tern/certificate.h"

void text_indent(struct tern_writer *out, unsigned indent)
{
    for (unsigned i = 0; i < indent; i++) {
        tern_write_text(out, "  ");
    }
}

void text_time(char text[32], int64_t seconds)
{
    time_t clock = (time_t)seconds;
    struct tm parts;
    if (gmtime_r(&clock, &parts) == NULL || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        snprintf(text, 32, "%lld", (long long)seconds);
    }
}

struct tern_bytes text_subject(const struct tern_certificate *certificate)
{
    return certificate->subject_common_name.data != NULL ? certificate->subject_common_name
                                                         : certificate->subject_organization;
}

void text_certificate(struct tern_writer *out, const struct tern_certificate *certificate,
                      unsigned indent)
{
    char from[32];
    char until[32];
    text_time(from, certificate->not_before);
    text_time(until, certificate->not_after);
    const struct {
        const char *name;
        struct tern_bytes value;
        bool text;
    } rows[] = {
        {"role",                   tern_bytes_text(tern_role_name(certificate->role)), true },
        {"subject",                text_subject(certificate),                          true },
        {"EID",                    certificate->subject_serial_number,                 true },
        {"serialNumber",           certificate->serial_number,                         false},
        {"notBefore",              tern_bytes_text(from),                              true },
        {"notAfter",               tern_bytes_text(until),                             true },
        {"subjectKeyIdentifier",   certificate->subject_key_id,                        false},
        {"authorityKeyIdentifier", certificate->authority_key_id,                      false},
        {"dNSName",                certificate->dns_name,                              true },
    };
    for (size_t i = 0; i < TERN_COUNT_OF(rows); i++) {
        if (rows[i].value.data == NULL) {
            continue;
        }
        struct tern_asn_field field = {.kind = rows[i].text ? TERN_ASN_TEXT : TERN_ASN_BYTES};
        text_indent(out, indent);
        tern_write_text(out, rows[i].name);
        tern_write_text(out, ": ");
        tern_asn_print_value(out, &field, rows[i].value);
        tern_write_byte(out, '\n');
    }
}

/* TS 24.008: digits swapped in pairs, F where the MNC has two digits. 02 F8 01 is 208-10. */
static void say_plmn(struct tern_writer *out, struct tern_bytes value)
{
    char text[16];
    const uint8_t *b = value.data;
    int size = snprintf(text, sizeof text, " (%X%X%X-%X%X", b[0] & 15u, (unsigned)b[0] >> 4,
                        b[1] & 15u, b[2] & 15u, (unsigned)b[2] >> 4);
    if (b[1] >> 4 != 0xF && size > 0) {
        snprintf(text + size, sizeof text - (size_t)size, "%X", (unsigned)b[1] >> 4);
    }
    tern_write_text(out, text);
    tern_write_text(out, ")");
}

/* Tags one after the other: BF20 BF22 A0. */
static void say_tags(struct tern_writer *out, struct tern_bytes value)
{
    size_t start = 0;
    tern_write_text(out, " (");
    while (start < value.size) {
        size_t end = start + 1;
        if ((value.data[start] & 0x1F) == 0x1F) {
            while (end < value.size && (value.data[end] & 0x80) != 0) {
                end++;
            }
            end += end < value.size;
        }
        tern_write_text(out, start == 0 ? "" : " ");
        tern_hex_encode(out, tern_bytes_slice(value, start, end - start));
        start = end;
    }
    tern_write_text(out, ")");
}

static void say_meaning(struct tern_writer *out, const struct tern_asn_field *field,
                        struct tern_bytes value)
{
    if (field->kind != TERN_ASN_BYTES) {
        return;
    }
    uint8_t digits[20];
    struct tern_writer iccid = TERN_WRITER_OF(digits);
    if (strcmp(field->name, "iccid") == 0 && tern_iccid_to_text(&iccid, value) == TERN_OK) {
        tern_write_text(out, " (");
        tern_write(out, tern_writer_bytes(&iccid));
        tern_write_text(out, ")");
    } else if (value.size == 3 &&
               (strcmp(field->name, "mccMnc") == 0 || strcmp(field->name, "rPLMN") == 0)) {
        say_plmn(out, value);
    } else if (value.size > 1 && strcmp(field->name, "tagList") == 0) {
        say_tags(out, value);
    }
}

static void say_tag(struct tern_writer *out, tern_tag tag)
{
    uint8_t bytes[4];
    struct tern_writer writer = TERN_WRITER_OF(bytes);
    tern_write_uint(&writer, tag, tag > 0xFFFF ? 3 : tag > 0xFF ? 2 : 1);
    tern_write_byte(out, ' ');
    tern_hex_encode(out, tern_writer_bytes(&writer));
}

struct printer {
    struct tern_asn_visitor visitor; /* first: the visit function casts back */
    struct tern_writer *out;
    unsigned depth;
};

static void say_kept(struct printer *printer, const struct tern_tlv *element)
{
    struct tern_certificate certificate;
    uint8_t der[TERN_CERTIFICATE_SIZE];
    struct tern_writer out = TERN_WRITER_OF(der);
    say_tag(printer->out, element->tag);
    tern_write_byte(printer->out, '\n');
    if (tern_asn_retag(&out, 0x30, element->raw) == TERN_OK &&
        tern_certificate_parse(&certificate, NULL, tern_writer_bytes(&out)) == TERN_OK) {
        text_certificate(printer->out, &certificate, printer->depth + 1);
    } else {
        tern_der_print(printer->out, element->raw, printer->depth + 1);
    }
}

static void text_visit(struct tern_asn_visitor *visitor, enum tern_asn_event event,
                       const char *name, const struct tern_asn_field *field,
                       const struct tern_asn_record *record, const struct tern_tlv *element)
{
    struct printer *printer = (struct printer *)visitor;
    struct tern_writer *out = printer->out;
    (void)record;
    if (event == TERN_ASN_LEAVE) {
        printer->depth--;
        return;
    }
    text_indent(out, printer->depth);
    tern_write_text(out, event == TERN_ASN_SKIPPED ? "(unknown)" : name);
    if (event == TERN_ASN_ENTER) {
        printer->depth++;
        say_tag(out, element->tag);
    } else if (event == TERN_ASN_SKIPPED) {
        tern_write_byte(out, '\n');
        tern_der_print(out, element->raw, printer->depth + 1);
        return;
    } else if (field->kind == TERN_ASN_TLV) {
        say_kept(printer, element);
        return;
    } else {
        tern_write_text(out, ": ");
        tern_asn_print_value(out, field, element->value);
        say_meaning(out, field, element->value);
    }
    tern_write_byte(out, '\n');
}

int text_message(struct tern_writer *out, const struct tern_asn_record *record,
                 struct tern_bytes in, unsigned mercy, struct tern_fault *fault, unsigned indent)
{
    struct printer printer = {{text_visit}, out, indent};
    return tern_asn_walk(record, in, 0, mercy, fault, &printer.visitor);
}
