/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Random messages of any type, led by its table: what may be absent sometimes is, sizes prefer the
 * edges (0x7E 0x7F 0x80 0xFF 0x100), codes are known and unknown ones. A seed gives the same
 * message everywhere. Certificates inside are real ones made for this file by openssl; nothing is
 * signed.
 */
#ifndef TESTS_SUPPORT_GENERATE_H
#define TESTS_SUPPORT_GENERATE_H

#include <string.h>

#include "tern/arena.h"
#include "tern/messages/all.h"
#include "tests/support/hex.h"

struct generator {
    uint64_t state;
    struct tern_arena arena; /* everything that is generated lives here */
    bool sgp22;              /* leave out what only SGP.32 has */
};

static const char GENERATED_CERTIFICATE[] =
    "3082017E30820123A00302010202147E9F857FBB5FB7A9BEB8FDD519002124CACE9EFA300A06082A8648CE3D"
    "04030230143112301006035504030C0967656E657261746564301E170D3236313132333037323733365A170D"
    "3336313132303037323733365A30143112301006035504030C0967656E6572617465643059301306072A8648"
    "CE3D020106082A8648CE3D03010703420004584310A915A6DD37B55E2643F253AB4CCCFF1915510AF0729358"
    "7CE7E68DDAAD3FA5E3947EE63859125ADE851BE5482E2E5C619CFB234851D6AF473020422C31A3533051301D"
    "0603551D0E041604142330CB6C4FBF49232F0E6072847707DC0266E318301F0603551D230418301680142330"
    "CB6C4FBF49232F0E6072847707DC0266E318300F0603551D130101FF040530030101FF300A06082A8648CE3D"
    "0403020349003046022100D69BD5E55AAA8DC1069D5F6817D105BF9EB2354E5E2D11E7FA3CD6F8CA4F5A2C02"
    "2100B7F8BBEB3014BCD8E9C38386C6BE7AA2CC0D2D181324D4245EA734434758A9F9";
static const char GENERATED_PUBLIC_KEY[] =
    "3059301306072A8648CE3D020106082A8648CE3D03010703420004584310A915A6DD37B55E2643F253AB4CCC"
    "FF1915510AF07293587CE7E68DDAAD3FA5E3947EE63859125ADE851BE5482E2E5C619CFB234851D6AF473020"
    "422C31";
static const char GENERATED_CRL[] =
    "3081AA3053020101300A06082A8648CE3D04030230143112301006035504030C0967656E657261746564170D"
    "3236313132333037323733365A170D3236313232333037323733365AA00E300C300A0603551D140403020101"
    "300A06082A8648CE3D0403020347003044022051125F13AC8568212DC6281338EA581B81DCCE146CD6A141A7"
    "7F40C115EC12DB02200103B0C2BAD31D7936CEDBA56A1BF8E8C492950A984D8F6B6145D6E24D37E912";

/* Not assert(): it must also hold in builds without it. */
static inline void generate_check(bool condition)
{
    if (!condition) {
        fprintf(stderr, "the generator of test messages fails\n");
        abort();
    }
}

/* splitmix64 */
static inline uint64_t generate_number(struct generator *generator)
{
    uint64_t z = generator->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static inline size_t generate_below(struct generator *generator, size_t limit)
{
    return (size_t)(generate_number(generator) % limit);
}

static inline uint8_t *generate_room(struct generator *generator, size_t size)
{
    uint8_t *room = tern_arena_take(&generator->arena, size == 0 ? 1 : size);
    generate_check(room != NULL);
    return room;
}

static inline size_t generate_size(struct generator *generator, const struct tern_asn_field *field)
{
    static const size_t EDGES[] = {0, 1, 2, 3, 16, 32, 64, 0x7E, 0x7F, 0x80, 0x81, 0xFF, 0x100};
    size_t size = EDGES[generate_below(generator, TERN_COUNT_OF(EDGES))];
    if (field->max != 0) {
        size = generate_below(generator, 3) == 0 ? field->max
               : size < field->min               ? field->min
               : size > field->max               ? field->max
                                                 : size;
    }
    return size;
}

static inline struct tern_bytes generate_bytes(struct generator *generator, size_t size)
{
    uint8_t *room = generate_room(generator, size);
    for (size_t i = 0; i < size; i++) {
        room[i] = (uint8_t)generate_number(generator);
    }
    return tern_bytes(room, size);
}

static inline struct tern_bytes generate_text(struct generator *generator, size_t count)
{
    static const char *const CHARACTERS[] = {"a",
                                             "Z",
                                             "0",
                                             ".",
                                             "-",
                                             "$",
                                             " ",
                                             "\"",
                                             "\\",
                                             "/",
                                             "\n",
                                             "\xC3\xA5",
                                             "\xE2\x82\xAC",
                                             "\xF0\x9F\x90\xA6"};
    uint8_t *room = generate_room(generator, count * 4);
    struct tern_writer out = tern_writer(room, count * 4);
    for (size_t i = 0; i < count; i++) {
        tern_write_text(&out, CHARACTERS[generate_below(generator, TERN_COUNT_OF(CHARACTERS))]);
    }
    return tern_bytes(room, out.size);
}

static inline struct tern_bytes generate_oid(struct generator *generator)
{
    uint8_t *room = generate_room(generator, 64);
    char text[64];
    snprintf(text, sizeof text, "%u.%u.%u.%u", (unsigned)generate_below(generator, 3),
             (unsigned)generate_below(generator, 40), (unsigned)generate_below(generator, 400),
             (unsigned)generate_number(generator));
    struct tern_writer out = tern_writer(room, 64);
    generate_check(tern_asn_oid_from_text(&out, tern_bytes_text(text)) == TERN_OK);
    return tern_bytes(room, out.size);
}

static inline struct tern_bytes generate_hex(struct generator *generator, const char *text)
{
    return hex(generate_room(generator, strlen(text) / 2), strlen(text) / 2, text);
}

static inline int64_t generate_int(struct generator *generator, const struct tern_asn_field *field)
{
    static const int64_t EDGES[] = {0,     1,     127,      128,      255,        256,
                                    32767, 32768, 0x7FFFFF, 0x800000, 0x7FFFFFFF, 0x80000000,
                                    -1,    -128,  -129,     -32768,   INT64_MAX,  INT64_MIN};
    size_t count = 0;
    while (field->of.names != NULL && field->of.names[count].text != NULL) {
        count++;
    }
    if (count > 0 && generate_below(generator, 8) != 0) {
        return field->of.names[generate_below(generator, count)].value;
    }
    int64_t value = EDGES[generate_below(generator, TERN_COUNT_OF(EDGES))];
    return field->kind == TERN_ASN_UINT && value < 0 ? INT64_MAX : value;
}

static inline uint64_t generate_bits(struct generator *generator,
                                     const struct tern_asn_field *field)
{
    uint64_t bits = 0;
    for (size_t i = 0; field->of.names != NULL && field->of.names[i].text != NULL; i++) {
        bits |= (generate_number(generator) & 1) << field->of.names[i].value;
    }
    return bits;
}

static inline void generate_fill(struct generator *generator, const struct tern_asn_record *record,
                                 void *message, const struct tern_asn_field *parent);

static inline struct tern_bytes generate_encoded(struct generator *generator,
                                                 const struct tern_asn_record *record, tern_tag tag)
{
    static _Alignas(16) uint8_t scratch[1 << 16];
    void *message = generate_room(generator, record->size);
    memset(message, 0, record->size);
    generate_fill(generator, record, message, NULL);
    struct tern_writer out = TERN_WRITER_OF(scratch);
    int error = tern_asn_encode_as(record, &out, message, tag);
    generate_check(error == TERN_OK);
    struct tern_bytes copy = tern_arena_copy(&generator->arena, tern_writer_bytes(&out));
    generate_check(copy.data != NULL);
    return copy;
}

static inline struct tern_bytes generate_list(struct generator *generator,
                                              const struct tern_asn_field *field)
{
    struct tern_bytes elements[3];
    size_t count = generate_below(generator, TERN_COUNT_OF(elements) + 1);
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        elements[i] = generate_encoded(generator, field->of.record, 0);
        size += elements[i].size;
    }
    uint8_t *room = generate_room(generator, size);
    struct tern_writer out = tern_writer(room, size);
    for (size_t i = 0; i < count; i++) {
        tern_write(&out, elements[i]);
    }
    return tern_bytes(room, size);
}

static inline struct tern_bytes generate_tlv(struct generator *generator,
                                             const struct tern_asn_field *field)
{
    if (field->of.record == &TERN_X509_CERTIFICATE) {
        return generate_hex(generator, GENERATED_CERTIFICATE);
    }
    if (field->of.record == &TERN_X509_CERTIFICATE_LIST) {
        return generate_hex(generator, GENERATED_CRL);
    }
    if (field->of.record == &TERN_X509_SUBJECT_PUBLIC_KEY_INFO) {
        return generate_hex(generator, GENERATED_PUBLIC_KEY);
    }
    if (field->of.record == NULL) { /* an open type: one element in the wrapper */
        return generate_hex(generator, "A1050403010203");
    }
    return generate_encoded(generator, field->of.record, field->tag);
}

static inline bool generate_is_left_out(const struct generator *generator, const char *name,
                                        const struct tern_asn_field *parent)
{
    static const char *const SGP32_ONLY[] = {"compactProfileInstallationResult",
                                             "compactOtherSignedNotification",
                                             "compactAuthenticateResponseOk",
                                             "compactDownloadResponseOk",
                                             "compactCancelSessionResponseOk",
                                             "euiccPackageResults",
                                             "euiccPackageResultList",
                                             "ipaMode",
                                             "euiccCiPKIdListForSigningV3",
                                             "additionalEuiccInfo",
                                             "highestSvn",
                                             "iotSpecificInfo",
                                             "ecallIndication",
                                             "fallbackAttribute",
                                             "fallbackAllowed"};
    for (size_t i = 0; generator->sgp22 && i < TERN_COUNT_OF(SGP32_ONLY); i++) {
        if (strcmp(name, SGP32_ONLY[i]) == 0) {
            return true;
        }
    }
    /* The criteria of ES10b and ESipa share a table; this arm is not ESipa's. */
    return parent != NULL && strcmp(parent->name, "searchCriteriaNotification") == 0 &&
           strcmp(name, "euiccPackageResults") == 0;
}

static inline void generate_member(struct generator *generator, const struct tern_asn_field *field,
                                   void *member)
{
    struct tern_bytes *bytes = member;
    switch ((enum tern_asn_kind)field->kind) {
    case TERN_ASN_INT:
    case TERN_ASN_UINT:
        *(int64_t *)member = generate_int(generator, field);
        return;
    case TERN_ASN_BITS:
        *(uint64_t *)member = generate_bits(generator, field);
        return;
    case TERN_ASN_BOOL:
        *(bool *)member = generate_below(generator, 2) == 0;
        return;
    case TERN_ASN_PRESENT:
        if (field->size != 0) {
            *(bool *)member = true;
        }
        return;
    case TERN_ASN_BYTES:
        *bytes = strcmp(field->name, "catSupportedClasses") == 0
                     ? generate_hex(generator, "04FFF0") /* content of a BIT STRING */
                     : generate_bytes(generator, generate_size(generator, field));
        return;
    case TERN_ASN_TEXT:
        *bytes = generate_text(generator, generate_size(generator, field));
        return;
    case TERN_ASN_OID:
        *bytes = generate_oid(generator);
        return;
    case TERN_ASN_LIST:
        *bytes = generate_list(generator, field);
        return;
    case TERN_ASN_TLV:
        *bytes = generate_tlv(generator, field);
        return;
    case TERN_ASN_RECORD:
    case TERN_ASN_CHOICE:
        if (field->size != 0) {
            generate_fill(generator, field->of.record, member, field);
        }
        return;
    }
}

static inline void generate_arm(struct generator *generator, const struct tern_asn_record *choice,
                                uint8_t *message, const struct tern_asn_field *parent)
{
    const struct tern_asn_field *arm;
    do {
        arm = &choice->fields[generate_below(generator, choice->field_count)];
    } while (generate_is_left_out(generator, arm->name, parent));
    *(int *)(void *)message = arm->extra;
    generate_member(generator, arm, message + arm->offset);
}

/** Fill the zeroed struct of `record`. */
static inline void generate_fill(struct generator *generator, const struct tern_asn_record *record,
                                 void *message, const struct tern_asn_field *parent)
{
    uint8_t *start = message;
    if (record->form == TERN_ASN_FORM_CHOICE) {
        generate_arm(generator, record, start, parent);
        return;
    }
    for (size_t i = 0; i < record->field_count; i++) {
        const struct tern_asn_field *field = &record->fields[i];
        bool absent = field->optional && !field->defaults && generate_below(generator, 2) == 0;
        if (absent || generate_is_left_out(generator, field->name, parent)) {
            continue;
        }
        if (field->has) {
            *(bool *)(void *)(start + field->extra) = true;
        }
        generate_member(generator, field, start + field->offset);
    }
}

/** A message of this type in DER, inside the generator's arena. */
static inline struct tern_bytes generate_message(struct generator *generator,
                                                 const struct tern_asn_record *record)
{
    if (record == &TERN_X509_CERTIFICATE) {
        return generate_hex(generator, GENERATED_CERTIFICATE);
    }
    if (record == &TERN_X509_CERTIFICATE_LIST) {
        return generate_hex(generator, GENERATED_CRL);
    }
    if (record == &TERN_X509_SUBJECT_PUBLIC_KEY_INFO) {
        return generate_hex(generator, GENERATED_PUBLIC_KEY);
    }
    return generate_encoded(generator, record, 0);
}

#endif
