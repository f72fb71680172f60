/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decode: a table leads, the bytes follow. X.690; sgp32.md 0; sgp22.md 1.
 *
 * One walk serves three users: decoding into a struct (message not NULL), checking (NULL), and
 * printing (a visitor that is told of everything met). A row owns an element by its tag; the rules:
 *
 *   SEQUENCE     known elements in the order of the rows and once each, unknown ones skipped
 *   CHOICE       the element is one of the arms; or the tag of the field wraps one arm
 *   SEQUENCE OF  the content is kept as a slice after a look at each element
 *   TLV          the whole element is kept after a look inside
 *
 * Where two siblings share a tag (30 30 30 in AuthenticateResponseOk) the order decides: an element
 * belongs to the first row, from the present one on, that has its tag.
 */
#include "core/asn/walk.h"

static int take_field(const struct asn_walk *walk, const struct tern_asn_field *field,
                      void *message, const struct tern_tlv *element);

static void *member_at(void *message, size_t offset)
{
    return message == NULL ? NULL : (uint8_t *)message + offset;
}

/* tern_der_next() with its fault recorded. */
int asn_next_element(const struct asn_walk *walk, const char *name, struct tern_bytes *rest,
                     struct tern_tlv *element)
{
    unsigned mercy = asn_mercy(walk, TERN_MERCY_LONG_LENGTHS) ? TERN_DER_LONG_LENGTHS : 0;
    int got = tern_der_next(rest, element, mercy);
    return got < 0 ? asn_fail(walk, got, name, rest->data) : got;
}

/* The row of a CHOICE that has this tag, or NULL. */
const struct tern_asn_field *asn_find_arm(const struct tern_asn_record *choice, tern_tag tag)
{
    for (size_t i = 0; i < choice->field_count; i++) {
        if (choice->fields[i].tag == tag) {
            return &choice->fields[i];
        }
    }
    return NULL;
}

static const struct tern_asn_alias *find_alias(const struct asn_walk *walk,
                                               const struct tern_asn_record *record, tern_tag tag)
{
    const struct tern_asn_alias *alias = record->aliases;
    for (; alias != NULL && alias->mercy != 0; alias++) {
        if (alias->tag == tag && asn_mercy(walk, alias->mercy)) {
            return alias;
        }
    }
    return NULL;
}

static bool field_has_tag(const struct asn_walk *walk, const struct tern_asn_field *field,
                          tern_tag tag)
{
    if (field->tag != 0 && field->tag == tag) {
        return true;
    }
    bool bare = field->tag == 0 || asn_mercy(walk, TERN_MERCY_BARE_CHOICE);
    return field->kind == TERN_ASN_CHOICE && bare && field->of.record->tag == 0 &&
           asn_find_arm(field->of.record, tag) != NULL;
}

/* @return the index of the row, or field_count for an unknown element. */
static size_t find_row(const struct asn_walk *walk, const struct tern_asn_record *record,
                       size_t from, tern_tag tag, bool *in_order)
{
    *in_order = true;
    for (size_t i = from; i < record->field_count; i++) {
        if (field_has_tag(walk, &record->fields[i], tag)) {
            return i;
        }
    }
    const struct tern_asn_alias *alias = find_alias(walk, record, tag);
    if (alias != NULL) {
        return alias->field;
    }
    *in_order = false;
    for (size_t i = 0; i < from; i++) {
        if (record->fields[i].tag == tag) {
            return i;
        }
    }
    return record->field_count;
}

static void set_defaults(const struct tern_asn_record *record, void *message)
{
    for (size_t i = 0; message != NULL && i < record->field_count; i++) {
        const struct tern_asn_field *field = &record->fields[i];
        if (field->defaults && field->kind == TERN_ASN_BOOL) {
            *(bool *)member_at(message, field->offset) = field->extra != 0;
        } else if (field->defaults) {
            *(int64_t *)member_at(message, field->offset) = field->extra;
        }
    }
}

static int take_sequence(const struct asn_walk *walk, const struct tern_asn_record *record,
                         void *message, struct tern_bytes content)
{
    uint64_t seen = 0;
    size_t from = 0;
    struct tern_tlv element;
    int got;
    set_defaults(record, message);
    while ((got = asn_next_element(walk, record->name, &content, &element)) == 1) {
        bool in_order;
        size_t row = find_row(walk, record, from, element.tag, &in_order);
        if (row == record->field_count) {
            asn_visit(walk, TERN_ASN_SKIPPED, record->name, NULL, record, &element);
            continue;
        }
        const struct tern_asn_field *field = &record->fields[row];
        if (!in_order || (seen >> row & 1) != 0) {
            return asn_fail(walk, TERN_ERR_UNEXPECTED, field->name, element.raw.data);
        }
        int error = take_field(walk, field, message, &element);
        if (error != TERN_OK) {
            return error;
        }
        seen |= (uint64_t)1 << row;
        from = row + 1 > from ? row + 1 : from;
    }
    for (size_t i = 0; got == 0 && i < record->field_count; i++) {
        if ((seen >> i & 1) == 0 && !record->fields[i].optional) {
            return asn_fail(walk, TERN_ERR_MISSING, record->fields[i].name, content.data);
        }
    }
    return got;
}

/* `element` is one of the arms, by itself. */
int asn_take_arm(const struct asn_walk *walk, const struct tern_asn_record *choice, void *message,
                 const struct tern_tlv *element)
{
    const struct tern_asn_field *arm = asn_find_arm(choice, element->tag);
    for (size_t i = 0; arm == NULL && i < choice->field_count; i++) {
        arm = field_has_tag(walk, &choice->fields[i], element->tag) ? &choice->fields[i] : NULL;
    }
    if (message != NULL) {
        *(int *)message = arm == NULL ? TERN_ASN_RAW : arm->extra;
        *(struct tern_bytes *)member_at(message, offsetof(struct asn_choice, raw)) = element->raw;
    }
    if (arm == NULL) {
        asn_visit(walk, TERN_ASN_SKIPPED, choice->name, NULL, choice, element);
        return TERN_OK;
    }
    return take_field(walk, arm, message, element);
}

/* `outer` wraps one arm. */
static int take_wrapped(const struct asn_walk *walk, const struct tern_asn_record *choice,
                        void *message, const struct tern_tlv *outer)
{
    struct tern_bytes rest = outer->value;
    struct tern_tlv element;
    int got = asn_next_element(walk, choice->name, &rest, &element);
    if (got <= 0) {
        return got < 0 ? got : asn_fail(walk, TERN_ERR_MISSING, choice->name, rest.data);
    }
    bool known = asn_find_arm(choice, element.tag) != NULL;
    const struct tern_asn_alias *alias = known ? NULL : find_alias(walk, choice, element.tag);
    if (alias != NULL) {
        /* The level of the arm was left out: its content stands directly in the wrapper. */
        struct tern_tlv arm = {choice->fields[alias->field].tag, outer->value, outer->raw};
        return asn_take_arm(walk, choice, message, &arm);
    }
    if (rest.size != 0) {
        return asn_fail(walk, TERN_ERR_MALFORMED, choice->name, rest.data);
    }
    if (!known && choice->tag != 0 && element.tag == choice->tag &&
        asn_mercy(walk, TERN_MERCY_DOUBLE_WRAP)) {
        struct asn_walk once = *walk;
        once.mercy &= ~(unsigned)TERN_MERCY_DOUBLE_WRAP;
        return take_wrapped(&once, choice, message, &element);
    }
    return asn_take_arm(walk, choice, message, &element);
}

/* One element of a SEQUENCE OF. An arm nobody knows makes only itself unknown. */
static int take_element(const struct asn_walk *walk, const struct tern_asn_record *of,
                        const char *name, const struct tern_tlv *element)
{
    bool bare_choice = of->form == TERN_ASN_FORM_CHOICE && of->tag == 0;
    if (!bare_choice && element->tag != of->tag) {
        return asn_fail(walk, TERN_ERR_UNEXPECTED, name, element->raw.data);
    }
    if (of->form == TERN_ASN_FORM_VALUE) {
        return asn_take_record(walk, of, NULL, element);
    }
    asn_visit(walk, TERN_ASN_ENTER, of->name, NULL, of, element);
    int error = bare_choice ? asn_take_arm(walk, of, NULL, element)
                            : asn_take_record(walk, of, NULL, element);
    asn_visit(walk, TERN_ASN_LEAVE, of->name, NULL, of, element);
    return error;
}

static int take_list(const struct asn_walk *walk, const struct tern_asn_field *field,
                     struct tern_bytes content)
{
    struct tern_tlv element;
    int got;
    while ((got = asn_next_element(walk, field->name, &content, &element)) == 1) {
        int error = TERN_OK;
        if (!field->loose) {
            error = take_element(walk, field->of.record, field->name, &element);
        } else if (walk->visitor != NULL) {
            struct asn_walk shown = *walk;
            shown.fault = NULL; /* a damaged element is the business of who walks the list */
            (void)take_element(&shown, field->of.record, field->name, &element);
        }
        if (error != TERN_OK) {
            return error;
        }
    }
    return got;
}

/* v1.0 has the list of notifications as BF2B; whether A0 stood inside is not known: take both. */
static struct tern_bytes list_content(const struct asn_walk *walk,
                                      const struct tern_asn_field *field,
                                      const struct tern_tlv *element)
{
    struct tern_tlv inner;
    bool aliased = element->tag == 0xBF2B && field->tag == 0xA0;
    if (aliased && asn_mercy(walk, TERN_MERCY_VERSION_1_0) &&
        tern_der_single(element->value, &inner, TERN_DER_STRICT) == TERN_OK && inner.tag == 0xA0) {
        return inner.value;
    }
    return element->value;
}

/*
 * A tag that should have replaced another one and was put around it: the 30 of a certificate kept
 * inside A5, the BF41 of a CHOICE inside A1. The inner element is meant; it is what is kept, so
 * that the deviation is not passed on.
 */
static void unwrap(const struct asn_walk *walk, const struct tern_asn_field *field,
                   struct tern_tlv *element)
{
    const struct tern_asn_record *of = field->of.record;
    bool choice = of != NULL && of->form == TERN_ASN_FORM_CHOICE && of->tag != 0;
    struct tern_tlv inner;
    if ((field->x509 && element->tag != 0x30 && asn_mercy(walk, TERN_MERCY_NESTED_X509)) ||
        (choice && asn_mercy(walk, TERN_MERCY_DOUBLE_WRAP))) {
        tern_tag wanted = field->x509 ? 0x30 : of->tag;
        if (tern_der_single(element->value, &inner, TERN_DER_LONG_LENGTHS) == TERN_OK &&
            inner.tag == wanted) {
            *element = inner;
        }
    }
}

static int take_tlv(const struct asn_walk *walk, const struct tern_asn_field *field, void *member,
                    const struct tern_tlv *received)
{
    struct tern_tlv element = *received;
    unwrap(walk, field, &element);
    if (member != NULL) {
        *(struct tern_bytes *)member = element.raw;
    }
    if (field->of.record == NULL || (field->x509 && walk->visitor != NULL)) {
        asn_visit(walk, TERN_ASN_VALUE, field->name, field, NULL, &element);
        return TERN_OK;
    }
    asn_visit(walk, TERN_ASN_ENTER, field->name, field, field->of.record, &element);
    int error = asn_take_record(walk, field->of.record, NULL, &element);
    asn_visit(walk, TERN_ASN_LEAVE, field->name, field, field->of.record, &element);
    return error;
}

static int take_structure(const struct asn_walk *walk, const struct tern_asn_field *field,
                          void *member, const struct tern_tlv *element)
{
    int error;
    asn_visit(walk, TERN_ASN_ENTER, field->name, field, field->of.record, element);
    if (field->kind == TERN_ASN_LIST) {
        struct tern_bytes content = list_content(walk, field, element);
        if (member != NULL) {
            *(struct tern_bytes *)member = content;
        }
        error = take_list(walk, field, content);
    } else if (field->kind == TERN_ASN_CHOICE && element->tag != field->tag) {
        error = asn_take_arm(walk, field->of.record, member, element);
    } else if (field->kind == TERN_ASN_CHOICE) {
        error = take_wrapped(walk, field->of.record, member, element);
    } else {
        error = asn_take_record(walk, field->of.record, member, element);
    }
    asn_visit(walk, TERN_ASN_LEAVE, field->name, field, field->of.record, element);
    return error;
}

static int take_field(const struct asn_walk *walk, const struct tern_asn_field *field,
                      void *message, const struct tern_tlv *element)
{
    void *member = field->size == 0 ? NULL : member_at(message, field->offset);
    if (member != NULL && field->has) {
        *(bool *)member_at(message, field->extra) = true;
    }
    switch ((enum tern_asn_kind)field->kind) {
    case TERN_ASN_LIST:
    case TERN_ASN_RECORD:
    case TERN_ASN_CHOICE:
        return take_structure(walk, field, member, element);
    case TERN_ASN_TLV:
        return take_tlv(walk, field, member, element);
    default:
        asn_visit(walk, TERN_ASN_VALUE, field->name, field, NULL, element);
        return asn_take_value(walk, field, member, element);
    }
}

/* The tag of `element` is settled; its content is a `record`. */
int asn_take_record(const struct asn_walk *walk, const struct tern_asn_record *record,
                    void *message, const struct tern_tlv *element)
{
    switch ((enum tern_asn_form)record->form) {
    case TERN_ASN_FORM_CHOICE: {
        bool arm = record->tag == 0 && asn_find_arm(record, element->tag) != NULL;
        return arm ? asn_take_arm(walk, record, message, element)
                   : take_wrapped(walk, record, message, element);
    }
    case TERN_ASN_FORM_VALUE:
        return take_field(walk, &record->fields[0], message, element);
    default:
        if (record->keeps_raw && message != NULL) {
            *(struct tern_bytes *)message = element->raw;
        }
        return take_sequence(walk, record, message, element->value);
    }
}
