/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generic tree: any DER without a table. Tags in hex, universal types by name, values as text,
 * numbers or OIDs where the tag says so, else in hex.
 *
 * A tree as deep as the input pretends to be would recurse without bound, so levels below
 * DEPTH_MAX are printed as hex.
 */
#include "core/asn/walk.h"

#define DEPTH_MAX 32

static const struct {
    tern_tag tag;
    unsigned kind; /* enum tern_asn_kind */
    const char *name;
} UNIVERSAL[] = {
    {0x01, TERN_ASN_BOOL,    "BOOLEAN"        },
    {0x02, TERN_ASN_INT,     "INTEGER"        },
    {0x03, TERN_ASN_BYTES,   "BIT STRING"     },
    {0x04, TERN_ASN_BYTES,   "OCTET STRING"   },
    {0x05, TERN_ASN_PRESENT, "NULL"           },
    {0x06, TERN_ASN_OID,     "OID"            },
    {0x0C, TERN_ASN_TEXT,    "UTF8String"     },
    {0x13, TERN_ASN_TEXT,    "PrintableString"},
    {0x16, TERN_ASN_TEXT,    "IA5String"      },
    {0x17, TERN_ASN_TEXT,    "UTCTime"        },
    {0x18, TERN_ASN_TEXT,    "GeneralizedTime"},
    {0x30, TERN_ASN_RECORD,  "SEQUENCE"       },
    {0x31, TERN_ASN_RECORD,  "SET"            },
};

static void print_head(struct tern_writer *out, const struct tern_tlv *element, unsigned indent)
{
    for (unsigned i = 0; i < indent; i++) {
        tern_write_text(out, "  ");
    }
    struct tern_bytes tag = element->raw;
    size_t header = element->raw.size - element->value.size;
    size_t size = 1;
    while (size < header && element->tag >> (8 * size) != 0) {
        size++;
    }
    tern_hex_encode(out, tern_bytes_slice(tag, 0, size));
}

static void print_primitive(struct tern_writer *out, const struct tern_tlv *element)
{
    struct tern_asn_field field = {.kind = TERN_ASN_BYTES};
    for (size_t i = 0; i < TERN_COUNT_OF(UNIVERSAL); i++) {
        if (UNIVERSAL[i].tag == element->tag) {
            tern_write_byte(out, ' ');
            tern_write_text(out, UNIVERSAL[i].name);
            field.kind = UNIVERSAL[i].kind & 0x3Fu;
        }
    }
    tern_write_text(out, ": ");
    tern_asn_print_value(out, &field, element->value);
    tern_write_byte(out, '\n');
}

static void print_tree(struct tern_writer *out, struct tern_bytes in, unsigned indent,
                       unsigned depth)
{
    struct tern_tlv element;
    int got;
    while ((got = tern_der_next(&in, &element, TERN_DER_LONG_LENGTHS)) == 1) {
        print_head(out, &element, indent);
        if (tern_tag_constructed(element.tag) && depth < DEPTH_MAX) {
            tern_write_byte(out, '\n');
            print_tree(out, element.value, indent + 1, depth + 1);
        } else {
            print_primitive(out, &element);
        }
    }
    if (got < 0) {
        for (unsigned i = 0; i < indent; i++) {
            tern_write_text(out, "  ");
        }
        tern_write_text(out, "(not DER) ");
        tern_hex_encode(out, in);
        tern_write_byte(out, '\n');
    }
}

void tern_der_print(struct tern_writer *out, struct tern_bytes in, unsigned indent)
{
    print_tree(out, in, indent, 0);
}
