/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print: a visitor of the decoding walk, so that what is shown is what decode understood, plus what
 * it skipped. Names are the spec's; a code is shown as number and name.
 *
 *   EuiccPackageResult BF51
 *     euiccPackageResultSigned A0
 *       euiccPackageResultDataSigned 30
 *         counterValue: 1
 *         euiccResult 30
 *           EuiccResultData 83
 *             enableResult: 0 (ok)
 */
#include "core/asn/walk.h"

#define HEX_SIZE_MAX 512 /* of a value that is printed whole; longer ones show their size */

const char *tern_asn_name(const struct tern_asn_name *names, int64_t value)
{
    for (; names != NULL && names->text != NULL; names++) {
        if (names->value == value) {
            return names->text;
        }
    }
    return NULL;
}

static void write_signed(struct tern_writer *out, int64_t value)
{
    if (value < 0) {
        tern_write_byte(out, '-');
    }
    tern_write_decimal(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static void print_hex(struct tern_writer *out, struct tern_bytes bytes)
{
    tern_hex_encode(out, tern_bytes_slice(bytes, 0, HEX_SIZE_MAX));
    if (bytes.size > HEX_SIZE_MAX) {
        tern_write_text(out, "... (");
        tern_write_decimal(out, bytes.size);
        tern_write_text(out, " bytes)");
    }
}

static void print_int(struct tern_writer *out, const struct tern_asn_name *names,
                      struct tern_bytes value)
{
    int64_t number;
    if (tern_der_int(value, &number) != TERN_OK) {
        print_hex(out, value);
        return;
    }
    write_signed(out, number);
    const char *name = tern_asn_name(names, number);
    if (name != NULL || names != NULL) {
        tern_write_text(out, " (");
        tern_write_text(out, name != NULL ? name : "not in the spec");
        tern_write_text(out, ")");
    }
}

static void print_bits(struct tern_writer *out, const struct tern_asn_name *names,
                       struct tern_bytes value)
{
    uint64_t bits;
    if (tern_asn_bits(value, &bits) != TERN_OK) {
        print_hex(out, value);
        return;
    }
    tern_write_text(out, "{");
    const char *separator = "";
    for (unsigned n = 0; n < 64; n++) {
        if ((bits >> n & 1) == 0) {
            continue;
        }
        const char *name = tern_asn_name(names, n);
        tern_write_text(out, separator);
        if (name != NULL) {
            tern_write_text(out, name);
        } else {
            tern_write_text(out, "bit ");
            tern_write_decimal(out, n);
        }
        separator = ", ";
    }
    tern_write_text(out, "}");
}

/* Text in quotes; what would disturb a terminal is escaped. */
static void print_text(struct tern_writer *out, struct tern_bytes value)
{
    if (!tern_utf8_valid(value)) {
        print_hex(out, value);
        return;
    }
    tern_write_byte(out, '"');
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = value.data[i];
        if (byte < 0x20 || byte == 0x7F) {
            tern_write_text(out, "\\x");
            tern_hex_encode(out, tern_bytes(&byte, 1));
        } else {
            if (byte == '"' || byte == '\\') {
                tern_write_byte(out, '\\');
            }
            tern_write_byte(out, byte);
        }
    }
    tern_write_byte(out, '"');
}

void tern_asn_print_value(struct tern_writer *out, const struct tern_asn_field *field,
                          struct tern_bytes value)
{
    if (field->secret) {
        tern_write_text(out, "(secret)");
        return;
    }
    switch ((enum tern_asn_kind)field->kind) {
    case TERN_ASN_INT:
    case TERN_ASN_UINT:
        print_int(out, field->of.names, value);
        return;
    case TERN_ASN_BITS:
        print_bits(out, field->of.names, value);
        return;
    case TERN_ASN_BOOL:
        tern_write_text(out, value.size == 1 && value.data[0] == 0 ? "FALSE" : "TRUE");
        return;
    case TERN_ASN_PRESENT:
        tern_write_text(out, "NULL");
        return;
    case TERN_ASN_TEXT:
        print_text(out, value);
        return;
    case TERN_ASN_OID:
        if (tern_asn_oid_to_text(out, value) == TERN_OK) {
            return;
        }
        break;
    default:
        break;
    }
    print_hex(out, value);
}

static void indent_line(struct tern_writer *out, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        tern_write_text(out, "  ");
    }
}

static void print_tag(struct tern_writer *out, tern_tag tag)
{
    tern_write_byte(out, ' ');
    uint8_t bytes[4];
    struct tern_writer writer = TERN_WRITER_OF(bytes);
    tern_write_uint(&writer, tag, tag > 0xFFFF ? 3 : tag > 0xFF ? 2 : 1);
    tern_hex_encode(out, tern_writer_bytes(&writer));
}

struct printer {
    struct tern_asn_visitor visitor; /* first: the visit function casts back */
    struct tern_writer *out;
    unsigned depth;
};

static void print_visit(struct tern_asn_visitor *visitor, enum tern_asn_event event,
                        const char *name, const struct tern_asn_field *field,
                        const struct tern_asn_record *record, const struct tern_tlv *element)
{
    struct printer *printer = (struct printer *)visitor;
    struct tern_writer *out = printer->out;
    (void)record;
    switch (event) {
    case TERN_ASN_LEAVE:
        printer->depth--;
        return;
    case TERN_ASN_ENTER:
        indent_line(out, printer->depth++);
        tern_write_text(out, name);
        print_tag(out, element->tag);
        tern_write_byte(out, '\n');
        return;
    case TERN_ASN_SKIPPED:
        indent_line(out, printer->depth);
        tern_write_text(out, "(unknown)\n");
        tern_der_print(out, element->raw, printer->depth + 1);
        return;
    case TERN_ASN_VALUE:
        indent_line(out, printer->depth);
        tern_write_text(out, name);
        if (field->kind == TERN_ASN_TLV) {
            tern_write_byte(out, '\n');
            tern_der_print(out, element->raw, printer->depth + 1);
            return;
        }
        tern_write_text(out, ": ");
        tern_asn_print_value(out, field, element->value);
        tern_write_byte(out, '\n');
        return;
    }
}

int tern_asn_print(const struct tern_asn_record *record, struct tern_writer *out,
                   struct tern_bytes in, unsigned mercy, struct tern_fault *fault)
{
    struct printer printer = {{print_visit}, out, 0};
    return tern_asn_walk(record, in, 0, mercy, fault, &printer.visitor);
}
