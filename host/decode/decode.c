/* SPDX-License-Identifier: Apache-2.0 */
/* One input: find its form, then say each element that it holds. See decode.h. */
#include "host/decode/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/decode/input.h"
#include "host/decode/text.h"
#include "tern/certificate.h"

#define TREE_DEPTH_MAX 32

static void complain(struct decode *decode, const char *what, const struct tern_fault *fault,
                     int error)
{
    if (decode->complaint[0] == '\0') {
        snprintf(decode->complaint, sizeof decode->complaint, "%s: %s%s%s at byte %zu", what,
                 fault->field != NULL ? fault->field : "", fault->field != NULL ? ": " : "",
                 tern_error_text(error), fault->offset);
    }
}

static void certificate_json(struct tern_json_writer *json, const struct tern_certificate *c)
{
    char time[32];
    tern_json_write_text(json, "role", tern_bytes_text(tern_role_name(c->role)));
    if (text_subject(c).data != NULL && tern_utf8_valid(text_subject(c))) {
        tern_json_write_text(json, "subject", text_subject(c));
    }
    if (c->subject_serial_number.data != NULL && tern_utf8_valid(c->subject_serial_number)) {
        tern_json_write_text(json, "eid", c->subject_serial_number);
    }
    tern_json_write_hex(json, "serialNumber", c->serial_number);
    text_time(time, c->not_before);
    tern_json_write_text(json, "notBefore", tern_bytes_text(time));
    text_time(time, c->not_after);
    tern_json_write_text(json, "notAfter", tern_bytes_text(time));
    tern_json_write_hex(json, "subjectKeyIdentifier", c->subject_key_id);
    tern_json_write_hex(json, "authorityKeyIdentifier", c->authority_key_id);
}

static int say_message(struct decode *decode, struct tern_json_writer *json,
                       const struct tern_message *message, struct tern_bytes element,
                       unsigned mercy)
{
    unsigned indent = decode->indent;
    struct tern_fault fault;
    struct tern_certificate certificate;
    const struct tern_asn_record *record = message->record;
    bool known_certificate = record == &TERN_X509_CERTIFICATE &&
                             tern_certificate_parse(&certificate, NULL, element) == TERN_OK;
    int error = TERN_OK;
    if (json != NULL) {
        tern_json_write_text(json, "type", tern_bytes_text(record->name));
        tern_json_write_text(json, "interface", tern_bytes_text(message->interface));
        tern_json_write_int(json, "size", (int64_t)element.size);
        tern_json_write_bool(json, "strict", mercy == TERN_MERCY_NONE);
        if (known_certificate) {
            tern_json_begin_object(json, "value");
            certificate_json(json, &certificate);
            tern_json_end_object(json);
        } else {
            error = decode_to_json(json, "value", record, element, mercy, &fault);
        }
    } else if (known_certificate) {
        text_indent(decode->out, indent);
        tern_write_text(decode->out, "Certificate 30\n");
        text_certificate(decode->out, &certificate, indent + 1);
    } else {
        error = text_message(decode->out, record, element, mercy, &fault, indent);
        if (error == TERN_OK && mercy != TERN_MERCY_NONE) {
            text_indent(decode->out, indent);
            tern_write_text(decode->out, "(not strict: accepted with mercy for deployed peers)\n");
        }
    }
    if (error != TERN_OK) {
        complain(decode, record->name, &fault, error);
    }
    return error;
}

static void say_tree(struct decode *decode, struct tern_json_writer *json,
                     struct tern_bytes element)
{
    if (json == NULL) {
        tern_der_print(decode->out, element, decode->indent);
        return;
    }
    tern_json_write_raw(json, "type", TERN_BYTES_TEXT("null"));
    tern_json_write_int(json, "size", (int64_t)element.size);
    tern_json_write_hex(json, "value", element);
}

/* Where the inside of constructed elements stops to be DER; TERN_OK when it does not. */
static int check_tree(struct tern_bytes in, const uint8_t *start, unsigned depth, size_t *offset)
{
    struct tern_tlv element;
    int got;
    while ((got = tern_der_next(&in, &element, TERN_DER_LONG_LENGTHS)) == 1) {
        if (tern_tag_constructed(element.tag) && depth < TREE_DEPTH_MAX) {
            int error = check_tree(element.value, start, depth + 1, offset);
            if (error != TERN_OK) {
                return error;
            }
        }
    }
    *offset = (size_t)(in.data - start);
    return got;
}

/* No table fits: say where the nearest one stops, or where it stops to be DER. */
static int explain(struct decode *decode, struct tern_bytes element, tern_tag tag)
{
    struct tern_fault nearest = {NULL, 0};
    const char *name = NULL;
    unsigned mercy = decode->strict ? TERN_MERCY_NONE : TERN_MERCY_ALL;
    bool may_be_newer = false; /* a CHOICE with an arm that no table knows */
    int why = check_tree(element, element.data, 0, &nearest.offset);
    if (why != TERN_OK) {
        complain(decode, "not DER inside", &nearest, why);
        return why;
    }
    for (size_t i = 0; i < TERN_ALL_MESSAGES_COUNT; i++) {
        const struct tern_asn_record *record = TERN_ALL_MESSAGES[i].record;
        struct tern_fault fault;
        if (record->tag != tag || tag == 0x30 || tag == 0x04 || tag == 0x02) {
            continue;
        }
        int error = tern_asn_decode_as(record, NULL, &fault, element, 0, mercy);
        may_be_newer = may_be_newer || error == TERN_OK;
        if (error != TERN_OK && (name == NULL || fault.offset > nearest.offset)) {
            nearest = fault;
            name = record->name;
            why = error;
        }
    }
    if (may_be_newer && (why == TERN_ERR_MISSING || why == TERN_ERR_UNEXPECTED)) {
        return TERN_OK;
    }
    if (name != NULL) {
        complain(decode, name, &nearest, why);
    }
    return why;
}

static int say_element(struct decode *decode, struct tern_json_writer *json,
                       const struct tern_tlv *element)
{
    unsigned mercy = decode->strict ? TERN_MERCY_NONE : TERN_MERCY_ALL;
    const struct tern_message *message = NULL;
    for (size_t i = 0; decode->type != NULL && i < TERN_ALL_MESSAGES_COUNT; i++) {
        const struct tern_asn_record *wanted = tern_message_by_name(tern_bytes_text(decode->type));
        if (TERN_ALL_MESSAGES[i].record == wanted) {
            message = &TERN_ALL_MESSAGES[i];
            bool strict = tern_asn_decode(wanted, NULL, NULL, element->raw) == TERN_OK;
            mercy = strict ? TERN_MERCY_NONE : mercy;
        }
    }
    if (decode->type == NULL) {
        message = decode_guess(element->raw, decode->hint, &mercy);
        message = decode->strict && mercy != TERN_MERCY_NONE ? NULL : message;
    }
    if (message != NULL) {
        return say_message(decode, json, message, element->raw, mercy);
    }
    say_tree(decode, json, element->raw);
    return explain(decode, element->raw, element->tag);
}

int decode_elements(struct decode *decode, struct tern_json_writer *json, struct tern_bytes in,
                    unsigned indent)
{
    const uint8_t *start = in.data;
    struct tern_tlv element;
    int got;
    int error = TERN_OK;
    decode->indent = indent;
    while ((got = tern_der_next(&in, &element, TERN_DER_LONG_LENGTHS)) == 1) {
        if (json != NULL) {
            tern_json_begin_object(json, NULL);
        }
        int worse = say_element(decode, json, &element);
        error = error == TERN_OK ? worse : error;
        if (json != NULL) {
            tern_json_end_object(json);
        }
    }
    if (got < 0) {
        struct tern_fault fault = {NULL, (size_t)(in.data - start)};
        complain(decode, "not DER", &fault, got);
        error = error == TERN_OK ? got : error;
    }
    return error;
}

static int decode_der(struct decode *decode, struct tern_json_writer *json, struct tern_bytes der)
{
    int error = decode_elements(decode, json, der, 0);
    if (error == TERN_OK && der.size == 0) {
        snprintf(decode->complaint, sizeof decode->complaint, "nothing to decode");
        error = TERN_ERR_TRUNCATED;
    }
    return error;
}

static int decode_encoded(struct decode *decode, struct tern_json_writer *json,
                          enum input_form form, struct tern_bytes input)
{
    static const char *const NAMES[] = {"DER", "hex", "base64", "PEM"};
    int error = TERN_OK;
    do {
        uint8_t *data = NULL;
        size_t size = 0;
        size_t offset = 0;
        struct tern_bytes rest;
        error = input_bytes(form, input, &data, &size, &offset, &rest);
        if (error == TERN_OK) {
            error = decode_der(decode, json, tern_bytes(data, size));
        } else {
            snprintf(decode->complaint, sizeof decode->complaint, "not %s: stopped at byte %zu",
                     form == INPUT_BASE64 ? "DER, hex or base64" : NAMES[form], offset);
        }
        free(data);
        input = rest;
    } while (error == TERN_OK && form == INPUT_PEM && input.size > 0 &&
             input_form(input) == INPUT_PEM);
    return error;
}

static int decode_form(struct decode *decode, struct tern_json_writer *json,
                       struct tern_bytes input)
{
    enum input_form form = input_form(input);
    switch (form) {
    case INPUT_DER:
        return decode_der(decode, json, input);
    case INPUT_JSON:
        return decode_json_body(decode, input);
    case INPUT_APDUS:
        return decode_apdus(decode, input);
    default:
        return decode_encoded(decode, json, form, input);
    }
}

int decode_input(struct decode *decode, struct tern_bytes input)
{
    struct tern_json_writer json = tern_json_writer(decode->out);
    enum input_form form = input_form(input);
    decode->complaint[0] = '\0';
    decode->hint = decode->name;
    bool own = form == INPUT_JSON || form == INPUT_APDUS; /* they write their own object */
    if (decode->json && !own) {
        tern_json_begin_object(&json, NULL);
        if (decode->name != NULL) {
            tern_json_write_text(&json, "file", tern_bytes_text(decode->name));
        }
        tern_json_begin_array(&json, "elements");
    }
    int error = decode_form(decode, decode->json ? &json : NULL, input);
    if (decode->json && !own) {
        tern_json_end_array(&json);
        if (error != TERN_OK) {
            tern_json_write_text(&json, "error", tern_bytes_text(decode->complaint));
        }
        tern_json_end_object(&json);
    }
    if (decode->json) {
        tern_write_byte(decode->out, '\n');
    }
    return tern_writer_status(decode->out) != TERN_OK ? TERN_ERR_NO_SPACE : error;
}
