/* SPDX-License-Identifier: Apache-2.0 */
/**
 * ASN.1 messages as tables: one description of a type; decode, encode and print walk it.
 *
 * A type is a struct and a table beside it. In a header:
 *
 *     struct tern_eim_id_info {
 *         struct tern_bytes eim_id;
 *         bool has_eim_id_type;
 *         int64_t eim_id_type;
 *     };
 *     extern const struct tern_asn_record TERN_EIM_ID_INFO;
 *
 * and in a .c file that includes tern/asn_table.h (the words of a row are explained there):
 *
 *     #define TYPE tern_eim_id_info
 *     SEQUENCE(TERN_EIM_ID_INFO, "EimIdInfo", 0x30,
 *              FIELD(eim_id,      "eimId",     0x80, TEXT, SIZE(1, 128)),
 *              MAYBE(eim_id_type, "eimIdType", 0x82, CODE(TERN_EIM_ID_TYPE)));
 *     #undef TYPE
 *
 * Then
 *
 *     struct tern_eim_id_info info;
 *     int error = tern_asn_decode(&TERN_EIM_ID_INFO, &info, &fault, bytes);
 *     error = tern_asn_encode(&TERN_EIM_ID_INFO, &writer, &info);
 *
 * What a member of a struct is, by the kind of its row:
 *
 *     INT UINT CODE   int64_t                        MAYBE adds `bool has_NAME` beside it
 *     BITS            uint64_t, bit n is 1 << n      MAYBE adds `bool has_NAME`
 *     BOOL            bool                           MAYBE adds `bool has_NAME`
 *     PRESENT         bool: a NULL that is there
 *     BYTES TEXT OID  struct tern_bytes: the content; absent when `data` is NULL
 *     LIST            struct tern_bytes: the encodings of the elements one after the other;
 *                     walk them with tern_asn_next(), build them by encoding one after the other
 *     TLV             struct tern_bytes: a whole element, tag and length included, as received.
 *                     Checked against its record, decoded by a second call when somebody cares.
 *                     Encoding puts it under the tag of the row, whatever tag it came with, so
 *                     that the BF41 of a card can be given as it is where the spec wants A1.
 *     RECORD          the struct of that record, embedded; MAYBE adds `bool has_NAME`
 *     CHOICE          the struct of that record, embedded; absent when `arm` is 0
 *
 * A struct of a CHOICE begins with `int arm; struct tern_bytes raw;`. `arm` is one of
 * TERN_x_IS_y; 0 is absent; TERN_ASN_RAW is an alternative that this version does not know, whole
 * in `raw`. After decoding, `raw` has the chosen element as received; encoding looks at it for
 * TERN_ASN_RAW only: so bytes may be copied through verbatim by choosing that arm.
 *
 * A struct of a SIGNED sequence begins with `struct tern_bytes raw`: the whole element as received,
 * beside the decoded view. Signatures are made and verified over `raw`. Encoding writes `raw` when
 * its data is not NULL and ignores the other members. To build one: leave raw empty, encode it on
 * its own, sign those bytes, and put them into `raw` of the message that carries them.
 *
 * All slices borrow from the input and live as long as it. Nothing is allocated; recursion is as
 * deep as the tables nest.
 *
 * Unknown elements of a SEQUENCE are skipped, wherever they stand (EXTENSIBILITY IMPLIED); an
 * unknown alternative is TERN_ASN_RAW. An element that is known must be in its place, at most once,
 * and in strict DER. Mercy for deployed peers is granted by name: enum tern_mercy.
 *
 * Spec  sgp32.md 0, sgp22.md 1
 */
#ifndef TERN_ASN_H
#define TERN_ASN_H

#include "tern/bytes.h"
#include "tern/der.h"

/** The arm of a CHOICE that is written and read as the bytes in `raw`. */
#define TERN_ASN_RAW (-1)

/** Deviations of deployed peers that a caller may let pass. 0 is strict. */
enum tern_mercy {
    TERN_MERCY_NONE = 0,
    TERN_MERCY_LONG_LENGTHS = 1 << 0,   /**< lengths in more bytes than needed. sgp22.md 1.4 */
    TERN_MERCY_NESTED_X509 = 1 << 1,    /**< A5{30{..}} for A5{..}, also A6, A1. sgp32.md 0.1, 4 */
    TERN_MERCY_DOUBLE_WRAP = 1 << 2,    /**< BF51{BF51{..}}, A1{BF41{..}}. sgp32.md 0.1, 3 */
    TERN_MERCY_EPR_WITHOUT_A0 = 1 << 3, /**< BF51{30 5F37}. sgp32.md 12, no. 17 */
    TERN_MERCY_REFRESH_FLAG = 1 << 4,   /**< refreshFlag as 01. sgp32.md 12, no. 3 */
    TERN_MERCY_ROLLBACK_FLAG = 1 << 5,  /**< rollbackFlag as 81. sgp32.md 12, no. 4 */
    TERN_MERCY_GET_CERTS = 1 << 6,      /**< euiccCiPKId of GetCerts as 04. sgp32.md 12, no. 5 */
    TERN_MERCY_CMD_RESULT = 1 << 7,     /**< cmdResult as 80. sgp32.md 12, no. 7 */
    TERN_MERCY_VERSION_1_0 = 1 << 8,    /**< 80, 88, BF2B in IpaEuiccData. sgp32.md 1.4 */
    TERN_MERCY_ES9_WRAPPER = 1 << 9,    /**< an outer A2 around an ESipa message. sgp32.md 7.5 */
    TERN_MERCY_BARE_CHOICE = 1 << 10,   /**< BF3D{BF37} for BF3D{A0{BF37}}. sgp22.md 10.6 */
    TERN_MERCY_BOOLEAN = 1 << 11,       /**< any non-zero byte is TRUE. sgp22.md 1.8 */
    TERN_MERCY_UNSIGNED = 1 << 12,      /**< 80 01 C8 for 80 02 00 C8. sgp22.md 1.9 */
    TERN_MERCY_DEFAULT = 1 << 13,       /**< a DEFAULT value written out. */
    TERN_MERCY_DER_SIGNATURE = 1 << 14, /**< SEQUENCE{r,s} in 5F37. sgp32.md 3.2 */
    TERN_MERCY_ALL = (1 << 15) - 1,
};

enum tern_asn_kind {
    TERN_ASN_INT,     /**< INTEGER; with names it prints them. */
    TERN_ASN_UINT,    /**< INTEGER that is never negative. */
    TERN_ASN_BOOL,    /**< BOOLEAN */
    TERN_ASN_PRESENT, /**< NULL */
    TERN_ASN_BYTES,   /**< OCTET STRING; or content that is kept as it is */
    TERN_ASN_TEXT,    /**< UTF8String; SIZE counts characters */
    TERN_ASN_OID,     /**< OBJECT IDENTIFIER, content bytes */
    TERN_ASN_BITS,    /**< BIT STRING with named bits */
    TERN_ASN_LIST,    /**< SEQUENCE OF */
    TERN_ASN_TLV,     /**< a whole element, kept */
    TERN_ASN_RECORD,  /**< an embedded SEQUENCE */
    TERN_ASN_CHOICE,  /**< an embedded CHOICE: tag 0 when its arms stand for themselves */
};

/** A number and its name in the spec. Lists end with a NULL text. */
struct tern_asn_name {
    int32_t value; /**< Integer value, or bit number. */
    const char *text;
};

/** One row of a table. Write it with the macros of tern/asn_table.h. */
struct tern_asn_field {
    const char *name; /**< As the spec spells it. */
    tern_tag tag;     /**< On the wire; 0 for a CHOICE whose arms stand for themselves. */
    unsigned kind : 6;
    unsigned optional : 1;
    unsigned has : 1;      /**< `extra` is the offset of has_NAME. */
    unsigned defaults : 1; /**< `extra` is the DEFAULT value. */
    unsigned loose : 1;    /**< Elements of a LIST are framed here and checked by who walks them. */
    unsigned x509 : 1;     /**< A certificate or key: TERN_MERCY_NESTED_X509 applies. */
    unsigned secret : 1;   /**< Never printed. */
    uint16_t offset;       /**< Of the member in its struct. */
    uint16_t size;         /**< Of the member. */
    uint16_t extra;        /**< See `has`, `defaults`; in a CHOICE the number of the arm. */
    uint16_t min;          /**< SIZE or range; checked when max is not 0. */
    uint16_t max;
    union {
        const struct tern_asn_record *record; /**< LIST, TLV (NULL: anything), RECORD, CHOICE */
        const struct tern_asn_name *names;    /**< INT, UINT, BITS, or NULL */
    } of;
};

enum tern_asn_form {
    TERN_ASN_FORM_SEQUENCE,
    TERN_ASN_FORM_CHOICE,
    TERN_ASN_FORM_VALUE, /**< A single row that is the whole type: SEQUENCE OF, INTEGER ... */
};

/** Another tag under which a named mercy accepts a row. Lists end with mercy 0. */
struct tern_asn_alias {
    uint16_t mercy;
    uint16_t field; /**< Index of the row. */
    tern_tag tag;
};

/** A type. */
struct tern_asn_record {
    const char *name; /**< As the spec spells it. */
    tern_tag tag;     /**< Its own tag; 0 for a CHOICE without one. */
    uint8_t form;
    uint8_t keeps_raw;    /**< SIGNED: the struct begins with `struct tern_bytes raw`. */
    uint16_t field_count; /**< At most 64. */
    uint16_t size;        /**< Of the struct. */
    const struct tern_asn_field *fields;
    const struct tern_asn_alias *aliases; /**< NULL: none. */
};

/** A SEQUENCE {} and its struct. C knows no empty struct. */
struct tern_empty {
    bool unused;
};
extern const struct tern_asn_record TERN_EMPTY;

/**
 * Decode the one element that fills `in`.
 *
 * `message` is the struct of `record`, overwritten whole; or NULL to check only. `fault` may be
 * NULL; on failure it says which field, and at which byte of `in`.
 *
 * Fails  TERN_ERR_TRUNCATED   the input, or an element in it, ends early
 *        TERN_ERR_MALFORMED   not DER, not UTF-8, bytes after the element
 *        TERN_ERR_UNEXPECTED  another tag, a doubled element, one out of its order
 *        TERN_ERR_MISSING     a mandatory element is not there
 *        TERN_ERR_RANGE       SIZE or range broken, an INTEGER over eight bytes
 */
int tern_asn_decode(const struct tern_asn_record *record, void *message, struct tern_fault *fault,
                    struct tern_bytes in);

/**
 * The same with an outer tag in place of the type's own (0: its own; TERN_ASN_ANY_TAG: whatever is
 * there, such as the A9 or A1 of a DeviceInfo kept as TLV) and with mercies.
 */
int tern_asn_decode_as(const struct tern_asn_record *record, void *message,
                       struct tern_fault *fault, struct tern_bytes in, tern_tag tag,
                       unsigned mercy);
#define TERN_ASN_ANY_TAG 0xFFFFFFFFu

/**
 * Decode the next element of a LIST.
 *
 *     struct tern_bytes rest = message.sequence_numbers;
 *     while ((got = tern_asn_next(&TERN_SEQUENCE_NUMBER, &number, &rest, 0)) == 1) ...
 *
 * @return 1 with an element (`rest` moved behind it), 0 at the end, or a negative error with `rest`
 *         already behind the damaged element when that element is framed well, so that a walk may
 *         go on.
 */
int tern_asn_next(const struct tern_asn_record *element, void *message, struct tern_bytes *rest,
                  unsigned mercy);

/** How many elements are in a LIST. Elements are counted, not checked. */
size_t tern_asn_count(struct tern_bytes list);

/**
 * Append the DER of `message`. It is built backwards at the end of the room left in `out` and then
 * moved to its place, so `out` needs no more room than the message.
 *
 * @return TERN_OK, TERN_ERR_NO_SPACE (out->size then says how much is needed), TERN_ERR_MISSING for
 *         a mandatory member that is absent, TERN_ERR_RANGE for one that breaks its SIZE,
 *         TERN_ERR_MALFORMED for text that is not UTF-8 or a TLV member that is no element.
 *         On other errors than TERN_ERR_NO_SPACE `out` is as before.
 */
int tern_asn_encode(const struct tern_asn_record *record, struct tern_writer *out,
                    const void *message);
/** The same with an outer tag in place of the type's own; 0: its own. */
int tern_asn_encode_as(const struct tern_asn_record *record, struct tern_writer *out,
                       const void *message, tern_tag tag);

/** Append one element with another tag: X.509 `30 ..` from an implicit `A5 ..`, and back. */
int tern_asn_retag(struct tern_writer *out, tern_tag tag, struct tern_bytes element);

/** What a walk over a message meets. */
enum tern_asn_event {
    TERN_ASN_ENTER,   /**< A SEQUENCE, CHOICE or list begins. */
    TERN_ASN_LEAVE,   /**< It ends. */
    TERN_ASN_VALUE,   /**< A single value; `field` says how to read element->value. */
    TERN_ASN_SKIPPED, /**< An element the tables do not know. */
};

struct tern_asn_visitor {
    /**
     * `name` is the field's, or the type's for the outermost one and elements of lists. `field` is
     * NULL for those, `record` for values and skipped elements.
     */
    void (*visit)(struct tern_asn_visitor *visitor, enum tern_asn_event event, const char *name,
                  const struct tern_asn_field *field, const struct tern_asn_record *record,
                  const struct tern_tlv *element);
};

/** Walk a message in its order on the wire; goes into kept TLVs and loose lists as well. */
int tern_asn_walk(const struct tern_asn_record *record, struct tern_bytes in, tern_tag tag,
                  unsigned mercy, struct tern_fault *fault, struct tern_asn_visitor *visitor);

/**
 * Append a message as an indented tree with the names of the spec, one line a value:
 *
 *     errorReason: 13 (installFailedDueToDataMismatch)
 *
 * @return as tern_asn_decode_as(); what was understood before the fault is printed.
 */
int tern_asn_print(const struct tern_asn_record *record, struct tern_writer *out,
                   struct tern_bytes in, unsigned mercy, struct tern_fault *fault);

/** Append one value as text: numbers with their names, bits by name, text quoted, bytes in hex. */
void tern_asn_print_value(struct tern_writer *out, const struct tern_asn_field *field,
                          struct tern_bytes value);

/** Append any elements as a generic tree. What is not DER is printed as hex. */
void tern_der_print(struct tern_writer *out, struct tern_bytes in, unsigned indent);

/** The name of a number in a list, or NULL. */
const char *tern_asn_name(const struct tern_asn_name *names, int64_t value);

/** The content of a BIT STRING as bits: bit n is 1 << n. Bits over 63 are left out. */
int tern_asn_bits(struct tern_bytes content, uint64_t *bits);

/** The content of an OID in dots, such as 2.23.146.1. TERN_ERR_MALFORMED when it is none. */
int tern_asn_oid_to_text(struct tern_writer *out, struct tern_bytes oid);
/** Back: appends the content bytes. TERN_ERR_MALFORMED. */
int tern_asn_oid_from_text(struct tern_writer *out, struct tern_bytes text);

/**
 * The 64 bytes r | s of a signature field. With TERN_MERCY_DER_SIGNATURE a SEQUENCE{r, s} too.
 * TERN_ERR_MALFORMED for anything else.
 */
int tern_asn_signature(uint8_t plain[64], struct tern_bytes signature, unsigned mercy);

/*
 * Codes. One list gives the enumerators and the names that print:
 *
 *     #define TERN_EIM_ID_TYPE_LIST(X, P) X(P, eimIdTypeOid, 1) X(P, eimIdTypeFqdn, 2)
 *     TERN_CODES(tern_eim_id_type, TERN_EIM_ID_TYPE);            in a header
 *     NAMES(TERN_EIM_ID_TYPE);                                   in a .c file, tern/asn_table.h
 *
 * makes TERN_EIM_ID_TYPE_eimIdTypeOid = 1 and TERN_EIM_ID_TYPE_NAMES. TERN_BITS_NAMED is the same
 * for bits: the enumerator is the mask.
 */
#define TERN_CODE_ENUMERATOR(P, name, value) P##_##name = (value),
#define TERN_BIT_ENUMERATOR(P, name, value)  P##_##name = 1 << (value),
#define TERN_CODES(tag, P)                          \
    enum tag { P##_LIST(TERN_CODE_ENUMERATOR, P) }; \
    extern const struct tern_asn_name P##_NAMES[]
#define TERN_BITS_NAMED(tag, P)                    \
    enum tag { P##_LIST(TERN_BIT_ENUMERATOR, P) }; \
    extern const struct tern_asn_name P##_NAMES[]

#endif
