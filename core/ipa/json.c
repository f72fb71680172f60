/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES9+ and ES11 replies, a few characters at a time (sgp22.md 10).
 *
 * The members we know are given away as they arrive: base64 is decoded on the fly and walked as
 * DER, so that a bound profile package goes from the text into the card. All else is skipped. Keys
 * count only at their own depth.
 *
 *   {"header":{"functionExecutionStatus":{"status":"..","statusCodeData":{"subjectCode":".."}}},
 *    "transactionId":"hex","boundProfilePackage":"base64","eventEntries":[{"eventId":".."}]}
 */
#include <string.h>

#include "core/ipa/machine.h"

enum json_state {
    OUTSIDE,
    IN_KEY,
    IN_VALUE,
    IN_SKIPPED,
};

enum field {
    FIELD_NONE,
    FIELD_DER,    /* base64 of DER into a slot */
    FIELD_BPP,    /* base64 of BF36 into the card */
    FIELD_HEX,    /* transactionId */
    FIELD_STATUS, /* of functionExecutionStatus */
    FIELD_CODE,   /* subjectCode and reasonCode, into the hold */
    FIELD_EVENT,  /* eventId */
    FIELD_SERVER, /* rspServerAddress */
};

struct member {
    const char *name;
    uint8_t depth;
    uint8_t field;
    uint8_t slot;
};

/* clang-format off */
static const struct member MEMBERS[] = {
    {"status",                3, FIELD_STATUS, 0},
    {"subjectCode",           4, FIELD_CODE,   0},
    {"reasonCode",            4, FIELD_CODE,   0},
    {"transactionId",         1, FIELD_HEX,    0},
    {"serverSigned1",         1, FIELD_DER,    SLOT_SIGNED},
    {"serverSignature1",      1, FIELD_DER,    SLOT_SIGNATURE},
    {"euiccCiPKIdToBeUsed",   1, FIELD_DER,    SLOT_OCTETS},
    {"serverCertificate",     1, FIELD_DER,    SLOT_CERTIFICATE},
    {"profileMetadata",       1, FIELD_DER,    SLOT_METADATA},
    {"smdpSigned2",           1, FIELD_DER,    SLOT_SIGNED},
    {"smdpSignature2",        1, FIELD_DER,    SLOT_SIGNATURE},
    {"smdpCertificate",       1, FIELD_DER,    SLOT_CERTIFICATE},
    {"boundProfilePackage",   1, FIELD_BPP,    0},
    {"eventId",               3, FIELD_EVENT,  0},
    {"rspServerAddress",      3, FIELD_SERVER, 0},
};
/* clang-format on */

void ipa_json_begin(struct tern_ipa *ipa)
{
    ipa->json_state = OUTSIDE;
    ipa->json_depth = 0;
    ipa->json_objects = 0;
    ipa->json_expect_key = false;
    ipa->json_escape = false;
    ipa->json_failed = false;
    ipa->json_events = 0;
}

/* A key is complete: what is its value for us? */
static void take_key(struct tern_ipa *ipa)
{
    ipa->json_field = FIELD_NONE;
    for (size_t i = 0; i < TERN_COUNT_OF(MEMBERS); i++) {
        const struct member *member = &MEMBERS[i];
        if (member->depth == ipa->json_depth &&
            tern_bytes_equal(tern_bytes_text(member->name),
                             tern_bytes(ipa->json_key, ipa->json_count))) {
            ipa->json_field = member->field;
            ipa->json_slot = member->slot;
        }
    }
}

static void begin_value(struct tern_ipa *ipa)
{
    ipa->json_count = 0;
    ipa->json_bits = 1;
    if (ipa->json_field == FIELD_DER) {
        ipa_slots_begin(ipa, 0);
        ipa->slot = ipa->json_slot;
    } else if (ipa->json_field == FIELD_BPP) {
        ipa->base = 0;
        walk_begin(&ipa->walk);
    }
    /* Of several events the first is taken: into the place of the SM-DS's own data. */
    if (ipa->json_field == FIELD_EVENT || ipa->json_field == FIELD_SERVER) {
        uint8_t bit = ipa->json_field == FIELD_EVENT ? 1 : 2;
        if ((ipa->json_events & bit) != 0) {
            ipa->json_field = FIELD_NONE;
        } else if (bit == 1) {
            ipa->activation_size = 0;
        } else {
            ipa->address_size = 0;
        }
        ipa->json_events |= bit;
    }
}

/* Base64 digits gather behind a leading 1 bit until four are there. */
static int take_base64(struct tern_ipa *ipa, char c)
{
    uint8_t bytes[3];
    uint32_t digit;
    if (c >= 'A' && c <= 'Z') {
        digit = (uint32_t)(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
        digit = (uint32_t)(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
        digit = (uint32_t)(c - '0') + 52;
    } else if (c == '+' || c == '/') {
        digit = c == '+' ? 62 : 63;
    } else if (c == '=') {
        digit = 0;
        ipa->json_count++; /* of padding */
    } else {
        return TERN_ERR_MALFORMED;
    }
    ipa->json_bits = ipa->json_bits << 6 | digit;
    if ((ipa->json_bits & 1U << 24) == 0) {
        return TERN_OK;
    }
    bytes[0] = (uint8_t)(ipa->json_bits >> 16);
    bytes[1] = (uint8_t)(ipa->json_bits >> 8);
    bytes[2] = (uint8_t)ipa->json_bits;
    ipa->json_bits = 1;
    if (ipa->json_count > 2) {
        return TERN_ERR_MALFORMED;
    }
    struct tern_bytes decoded = tern_bytes(bytes, 3U - ipa->json_count);
    if (ipa->json_field == FIELD_BPP) {
        return ipa_load_stage(ipa, decoded);
    }
    return ipa_collect_slots(ipa, decoded, false);
}

static int take_hex(struct tern_ipa *ipa, char c)
{
    struct tern_writer out = tern_writer(ipa->transaction + 1, sizeof(ipa->transaction) - 1);
    ipa->json_key[ipa->json_count++ % 2] = c;
    if (ipa->json_count % 2 == 0) {
        out.size = ipa->json_count / 2U - 1;
        if (tern_hex_decode(&out, tern_bytes(ipa->json_key, 2)) != TERN_OK ||
            tern_writer_status(&out) != TERN_OK) {
            return TERN_ERR_MALFORMED;
        }
        ipa->transaction[0] = (uint8_t)out.size;
    }
    return TERN_OK;
}

static int take_character(struct tern_ipa *ipa, char c)
{
    static const char EXECUTED[] = "Executed";
    switch (ipa->json_field) {
    case FIELD_DER:
    case FIELD_BPP:
        return take_base64(ipa, c);
    case FIELD_HEX:
        return take_hex(ipa, c);
    case FIELD_STATUS: /* "Executed-Success", "Executed-WithWarning"; not "Failed", "Expired" */
        ipa->json_failed |=
            ipa->json_count < sizeof(EXECUTED) - 1 && c != EXECUTED[ipa->json_count];
        ipa->json_count = (uint8_t)(ipa->json_count + (ipa->json_count < UINT8_MAX));
        return TERN_OK;
    case FIELD_CODE:
        return ipa_hold_add(ipa, tern_bytes(&c, 1));
    case FIELD_EVENT:
        ipa->activation[ipa->activation_size] = (uint8_t)c;
        ipa->activation_size =
            (uint16_t)(ipa->activation_size + (ipa->activation_size < TERN_MATCHING_ID_SIZE));
        return TERN_OK;
    case FIELD_SERVER:
        ipa->address[ipa->address_size] = (uint8_t)c;
        ipa->address_size =
            (uint8_t)(ipa->address_size + (ipa->address_size < sizeof(ipa->address) - 1));
        return TERN_OK;
    default:
        return TERN_OK;
    }
}

static int end_value(struct tern_ipa *ipa)
{
    bool base64 = ipa->json_field == FIELD_DER || ipa->json_field == FIELD_BPP;
    if (base64 && (ipa->json_bits != 1 || (ipa->json_field == FIELD_DER && !ipa->walk.done))) {
        return TERN_ERR_MALFORMED;
    }
    if (ipa->json_field == FIELD_CODE) {
        return ipa_hold_add(ipa, TERN_BYTES_TEXT("/"));
    }
    return TERN_OK;
}

static int in_string(struct tern_ipa *ipa, char c)
{
    if (!ipa->json_escape && c == '\\') {
        ipa->json_escape = true;
        return TERN_OK;
    }
    if (!ipa->json_escape && c == '"') {
        bool value = ipa->json_state == IN_VALUE;
        if (ipa->json_state == IN_KEY) {
            take_key(ipa);
        }
        ipa->json_state = OUTSIDE;
        return value ? end_value(ipa) : TERN_OK;
    }
    ipa->json_escape = false;
    if (ipa->json_state == IN_VALUE) {
        return take_character(ipa, c); /* \/ is the one escape that base64 meets */
    }
    if (ipa->json_state == IN_KEY && ipa->json_count < sizeof(ipa->json_key)) {
        ipa->json_key[ipa->json_count++] = c;
    }
    return TERN_OK;
}

static int outside(struct tern_ipa *ipa, char c)
{
    uint32_t bit = 1U << (ipa->json_depth & 31);
    switch (c) {
    case '{':
    case '[':
        if (++ipa->json_depth > 30) {
            return TERN_ERR_MALFORMED;
        }
        bit <<= 1;
        ipa->json_objects = c == '{' ? ipa->json_objects | bit : ipa->json_objects & ~bit;
        ipa->json_expect_key = c == '{';
        break;
    case '}':
    case ']':
        if (ipa->json_depth == 0) {
            return TERN_ERR_MALFORMED;
        }
        ipa->json_depth--;
        break;
    case ',':
        ipa->json_expect_key = (ipa->json_objects & bit) != 0;
        break;
    case ':':
        ipa->json_expect_key = false;
        break;
    case '"':
        if (ipa->json_expect_key) {
            ipa->json_state = IN_KEY;
            ipa->json_count = 0;
        } else {
            ipa->json_state = IN_VALUE;
            begin_value(ipa);
        }
        break;
    default: /* numbers, words and spaces */
        break;
    }
    return TERN_OK;
}

int ipa_json_piece(struct tern_ipa *ipa, struct tern_bytes data, bool last)
{
    for (size_t i = 0; i < data.size; i++) {
        char c = (char)data.data[i];
        int status = ipa->json_state == OUTSIDE ? outside(ipa, c) : in_string(ipa, c);
        if (status != TERN_OK) {
            return status;
        }
    }
    if (last && (ipa->json_depth != 0 || ipa->json_state != OUTSIDE)) {
        return TERN_ERR_TRUNCATED;
    }
    return ipa->staged > 0 ? SINK_LOAD : SINK_MORE;
}
