/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message as JSON, told by the decoding walk:
 *
 *   SEQUENCE object · CHOICE object of one member, its arm · SEQUENCE OF array · BOOLEAN · NULL
 * null INTEGER number, or {"value":13,"name":"installFailedDueToDataMismatch"} where names exist
 *   named bits array of names · UTF8String text · OID in dots · everything else upper-case hex
 *
 * An element that no table knows is a member "unknown_N" with its tag and value in hex.
 */
#include <stdio.h>

#include "host/decode/decode.h"

#define DEPTH_MAX 64

enum frame { FRAME_OBJECT, FRAME_ARRAY, FRAME_NONE };

struct printer {
    struct tern_asn_visitor visitor; /* first: the visit function casts back */
    struct tern_json_writer *json;
    enum frame frames[DEPTH_MAX];
    const char *keys[DEPTH_MAX]; /* of a FRAME_NONE: the key its only child takes */
    unsigned depth;
    unsigned unknown_count;
};

static const char *key_here(const struct printer *printer, const char *name)
{
    if (printer->depth == 0) {
        return name;
    }
    enum frame frame = printer->frames[printer->depth - 1];
    return frame == FRAME_ARRAY  ? NULL
           : frame == FRAME_NONE ? printer->keys[printer->depth - 1]
                                 : name;
}

static void enter(struct printer *printer, const char *name, const struct tern_asn_field *field,
                  const struct tern_asn_record *record)
{
    const char *key = key_here(printer, name);
    enum frame frame = FRAME_OBJECT;
    if (field != NULL && field->kind == TERN_ASN_LIST) {
        frame = FRAME_ARRAY;
    } else if (record->form == TERN_ASN_FORM_VALUE) {
        frame = FRAME_NONE;
    }
    TERN_ASSERT(printer->depth < DEPTH_MAX);
    printer->frames[printer->depth] = frame;
    printer->keys[printer->depth++] = key;
    if (frame == FRAME_ARRAY) {
        tern_json_begin_array(printer->json, key);
    } else if (frame == FRAME_OBJECT) {
        tern_json_begin_object(printer->json, key);
    }
}

static void leave(struct printer *printer)
{
    enum frame frame = printer->frames[--printer->depth];
    if (frame == FRAME_ARRAY) {
        tern_json_end_array(printer->json);
    } else if (frame == FRAME_OBJECT) {
        tern_json_end_object(printer->json);
    }
}

static void write_int(struct tern_json_writer *json, const char *key,
                      const struct tern_asn_field *field, struct tern_bytes value)
{
    int64_t number;
    if (tern_der_int(value, &number) != TERN_OK) {
        tern_json_write_hex(json, key, value);
        return;
    }
    const char *name = tern_asn_name(field->of.names, number);
    if (name == NULL) {
        tern_json_write_int(json, key, number);
        return;
    }
    tern_json_begin_object(json, key);
    tern_json_write_int(json, "value", number);
    tern_json_write_text(json, "name", tern_bytes_text(name));
    tern_json_end_object(json);
}

static void write_bits(struct tern_json_writer *json, const char *key,
                       const struct tern_asn_field *field, struct tern_bytes value)
{
    uint64_t bits = 0;
    (void)tern_asn_bits(value, &bits);
    tern_json_begin_array(json, key);
    for (unsigned n = 0; n < 64; n++) {
        const char *name = tern_asn_name(field->of.names, n);
        char number[16];
        snprintf(number, sizeof number, "bit %u", n);
        if ((bits >> n & 1) != 0) {
            tern_json_write_text(json, NULL, tern_bytes_text(name != NULL ? name : number));
        }
    }
    tern_json_end_array(json);
}

static void write_null(struct tern_json_writer *json, const char *key)
{
    tern_json_write_raw(json, key, TERN_BYTES_TEXT("null"));
}

static void write_value(struct tern_json_writer *json, const char *key,
                        const struct tern_asn_field *field, const struct tern_tlv *element)
{
    char text[256];
    struct tern_writer out = TERN_WRITER_OF(text);
    switch ((enum tern_asn_kind)field->kind) {
    case TERN_ASN_INT:
    case TERN_ASN_UINT:
        write_int(json, key, field, element->value);
        return;
    case TERN_ASN_BITS:
        write_bits(json, key, field, element->value);
        return;
    case TERN_ASN_BOOL:
        tern_json_write_bool(json, key, element->value.size > 0 && element->value.data[0] != 0);
        return;
    case TERN_ASN_PRESENT:
        write_null(json, key);
        return;
    case TERN_ASN_TLV:
        tern_json_write_hex(json, key, element->raw);
        return;
    case TERN_ASN_TEXT:
        if (tern_utf8_valid(element->value)) {
            tern_json_write_text(json, key, element->value);
            return;
        }
        break;
    case TERN_ASN_OID:
        if (tern_asn_oid_to_text(&out, element->value) == TERN_OK) {
            tern_json_write_text(json, key, tern_writer_bytes(&out));
            return;
        }
        break;
    default:
        break;
    }
    tern_json_write_hex(json, key, element->value);
}

static void write_unknown(struct printer *printer, const struct tern_tlv *element)
{
    char name[24];
    uint8_t tag[4];
    struct tern_writer out = TERN_WRITER_OF(tag);
    snprintf(name, sizeof name, "unknown_%u", ++printer->unknown_count);
    tern_write_uint(&out, element->tag, element->tag > 0xFFFF ? 3 : element->tag > 0xFF ? 2 : 1);
    tern_json_begin_object(printer->json, key_here(printer, name));
    tern_json_write_hex(printer->json, "tag", tern_writer_bytes(&out));
    tern_json_write_hex(printer->json, "value", element->value);
    tern_json_end_object(printer->json);
}

static void json_visit(struct tern_asn_visitor *visitor, enum tern_asn_event event,
                       const char *name, const struct tern_asn_field *field,
                       const struct tern_asn_record *record, const struct tern_tlv *element)
{
    struct printer *printer = (struct printer *)visitor;
    const char *key = key_here(printer, name);
    switch (event) {
    case TERN_ASN_ENTER:
        enter(printer, name, field, record);
        return;
    case TERN_ASN_LEAVE:
        leave(printer);
        return;
    case TERN_ASN_SKIPPED:
        write_unknown(printer, element);
        return;
    case TERN_ASN_VALUE:
        if (field->secret) {
            write_null(printer->json, key);
        } else {
            write_value(printer->json, key, field, element);
        }
        return;
    }
}

int decode_to_json(struct tern_json_writer *json, const char *key,
                   const struct tern_asn_record *record, struct tern_bytes in, unsigned mercy,
                   struct tern_fault *fault)
{
    /* A first level without a frame of its own: it gives the key to the outermost element. */
    struct printer printer = {.visitor = {json_visit}, .json = json, .depth = 1};
    printer.frames[0] = FRAME_NONE;
    printer.keys[0] = key;
    return tern_asn_walk(record, in, 0, mercy, fault, &printer.visitor);
}
