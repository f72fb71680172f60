/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which type is it? All tables whose outermost tag fits are tried. The best one leaves no element
 * unknown, understands the most, and is hinted at by the name of the file (its interface; request
 * or response). Ties go to the first in the list of tables.
 */
#include <ctype.h>
#include <string.h>

#include "host/decode/decode.h"

struct counter {
    struct tern_asn_visitor visitor; /* first: the visit function casts back */
    unsigned values;
    unsigned skipped;
};

static void count_visit(struct tern_asn_visitor *visitor, enum tern_asn_event event,
                        const char *name, const struct tern_asn_field *field,
                        const struct tern_asn_record *record, const struct tern_tlv *element)
{
    struct counter *counter = (struct counter *)visitor;
    (void)name;
    (void)field;
    (void)record;
    (void)element;
    counter->values += event == TERN_ASN_VALUE;
    counter->skipped += event == TERN_ASN_SKIPPED;
}

/* Types that exist only inside others are named like fields. */
static bool is_a_type_of_its_own(const struct tern_asn_record *record)
{
    return isupper((unsigned char)record->name[0]) && strcmp(record->name, "SEQUENCE") != 0 &&
           strcmp(record->name, "INTEGER") != 0 && strcmp(record->name, "OCTET STRING") != 0 &&
           strncmp(record->name, "EsipaMessage", 12) != 0;
}

static bool tag_fits(const struct tern_asn_record *record, tern_tag tag)
{
    bool fits = record->tag == tag;
    for (size_t i = 0; record->tag == 0 && i < record->field_count; i++) {
        fits = fits || record->fields[i].tag == tag;
    }
    return fits;
}

static bool contains(const char *text, const char *part)
{
    return text != NULL && strcasestr(text, part) != NULL;
}

/* More is better. */
static long hint_score(const struct tern_message *message, const char *name)
{
    long score = 0;
    const char *type = message->record->name;
    score += contains(name, type) ? 4 : 0;
    score += contains(name, message->interface) ? 2 : 0;
    score += contains(name, "request") && contains(type, "request") ? 3 : 0;
    score += contains(name, "response") && contains(type, "response") ? 3 : 0;
    return score;
}

static long score(const struct tern_message *message, struct tern_bytes element, const char *name,
                  unsigned mercy)
{
    struct counter counter = {{count_visit}, 0, 0};
    const struct tern_asn_record *record = message->record;
    if (tern_asn_walk(record, element, 0, mercy, NULL, &counter.visitor) != TERN_OK) {
        return -1;
    }
    bool vague = record->tag == 0x30 || record->tag == 0 || record->tag == 0x04;
    if (counter.skipped > 0 && (vague || counter.values == 0)) {
        return -1; /* a CHOICE of nothing known, or any SEQUENCE: that says nothing */
    }
    if (vague && counter.values == 0) {
        return -1;
    }
    long points = 1000000 - 10000L * counter.skipped + 100L * counter.values;
    return points + 10 * hint_score(message, name) - (record->tag == 0 ? 500000 : 0);
}

static const struct tern_message *best(struct tern_bytes element, tern_tag tag, const char *name,
                                       unsigned mercy)
{
    const struct tern_message *found = NULL;
    long found_score = -1;
    for (size_t i = 0; i < TERN_ALL_MESSAGES_COUNT; i++) {
        const struct tern_message *message = &TERN_ALL_MESSAGES[i];
        if (is_a_type_of_its_own(message->record) && tag_fits(message->record, tag)) {
            long points = score(message, element, name, mercy);
            if (points > found_score) {
                found = message;
                found_score = points;
            }
        }
    }
    return found;
}

const struct tern_message *decode_guess(struct tern_bytes element, const char *name,
                                        unsigned *mercy)
{
    static const unsigned MERCIES[] = {TERN_MERCY_NONE, TERN_MERCY_ALL};
    struct tern_tlv tlv;
    if (tern_der_single(element, &tlv, TERN_DER_LONG_LENGTHS) != TERN_OK) {
        return NULL;
    }
    for (size_t i = 0; i < TERN_COUNT_OF(MERCIES); i++) {
        *mercy = MERCIES[i];
        const struct tern_message *message = best(element, tlv.tag, name, *mercy);
        if (message != NULL) {
            return message;
        }
    }
    return NULL;
}
