/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access rules: EF.ARR records in the expanded format. TS 102 221, 9.2; saip.md 7.
 *
 *     80 01 03 | A4 06 83 01 01 95 01 08 | 80 01 58 | A4 06 83 01 0A ...
 *     AM: read   SC: PIN with key 01        AM: rest    SC: key 0A (ADM1)
 *     + update
 *
 * The first AM_DO that covers the operation decides, by any of the SC_DOs up to the next AM_DO;
 * none covers it: never. A file without security attributes can be read by all and changed by none.
 */
#include "engine/uicc/uicc.h"

#include "tern/der.h"

enum { SC_ALWAYS = 0x90, SC_NEVER = 0x97, SC_KEY = 0xA4, SC_OR = 0xA0, SC_AND = 0xAF };
enum { AM_BYTE = 0x80, AM_INS = 0x84 };

/* A tree is never deeper; a broken image may have a circle. */
#define DEPTH_MAX 8

/* A directory, its parent and so on up to the MF. */
static size_t chain_of(const struct tern_uicc *uicc, uint32_t directory, uint32_t chain[DEPTH_MAX])
{
    size_t count = 0;
    while (directory != 0 && count < DEPTH_MAX) {
        struct image_node node;
        chain[count++] = directory;
        if (node_load(uicc, &node, directory) != SW_OK) break;
        directory = node.parent;
    }
    return count;
}

static size_t place_in(const uint32_t *chain, size_t count, uint32_t directory)
{
    size_t place = 0;
    while (place < count && chain[place] != directory)
        place++;
    return place;
}

/*
 * One walk over the records finds the nearest PIN of this reference, and the nearest directory that
 * shares its PINs with another one. A share that is nearer than any PIN of its own is followed.
 */
bool pin_find(const struct tern_uicc *uicc, uint32_t directory, uint8_t reference,
              struct image_node *pin)
{
    uint32_t chain[DEPTH_MAX], shared = 0;
    size_t count = chain_of(uicc, directory, chain), best = count, share = count;
    struct image_node node = {0};
    while (node_next(uicc, &node)) {
        bool is_pin = node.kind == IMAGE_PIN && node.descriptor == reference;
        if (!is_pin && node.kind != IMAGE_PIN_SHARE) continue;
        size_t place = place_in(chain, count, node.parent);
        if (is_pin && place < best) {
            best = place;
            *pin = node;
        } else if (!is_pin && place < share) {
            share = place;
            shared = node.link;
        }
    }
    if (share >= best || shared == 0) return best < count;
    for (node = (struct image_node){0}; node_next(uicc, &node);) {
        if (node.kind != IMAGE_PIN || node.parent != shared || node.descriptor != reference)
            continue;
        *pin = node;
        return true;
    }
    return best < count;
}

bool pin_satisfied(const struct tern_uicc *uicc, const struct image_node *pin)
{
    uint8_t enabled = 0;
    if (payload_load(uicc, pin, PIN_ENABLED, &enabled, 1) != SW_OK) return false;
    if (enabled == 0) return true;
    return pin->record_count < 64 && (uicc->verified >> pin->record_count & 1) != 0;
}

/* One security condition. Nested groups are walked one level deep, as TS 102 221 has them. */
static bool condition_met(const struct tern_uicc *uicc, uint32_t directory,
                          const struct tern_tlv *condition)
{
    struct tern_tlv key;
    struct image_node pin;
    if (condition->tag == SC_ALWAYS) return true;
    if (condition->tag != SC_KEY) return false;
    if (tern_der_find(condition->value, 0x83, &key) != TERN_OK || key.value.size != 1) return false;
    if (!pin_find(uicc, directory, key.value.data[0], &pin)) return false;
    return pin_satisfied(uicc, &pin);
}

static bool group_met(const struct tern_uicc *uicc, uint32_t directory,
                      const struct tern_tlv *condition)
{
    if (condition->tag != SC_OR && condition->tag != SC_AND) {
        return condition_met(uicc, directory, condition);
    }
    struct tern_bytes rest = condition->value;
    struct tern_tlv inner;
    bool all = true, any = false;
    while (tern_der_next(&rest, &inner, TERN_DER_LONG_LENGTHS) == 1) {
        bool met = condition_met(uicc, directory, &inner);
        all = all && met;
        any = any || met;
    }
    return condition->tag == SC_OR ? any : all && any;
}

static bool mode_covers(const struct tern_tlv *mode, const struct request *request,
                        enum access_mode wanted)
{
    if (mode->value.size != 1) return false;
    if (mode->tag == AM_INS) return mode->value.data[0] == request->command->ins;
    return mode->tag == AM_BYTE && (mode->value.data[0] & (unsigned)wanted) != 0;
}

/* Records end with FF, which is no tag. */
static bool rule_allows(const struct request *request, uint32_t directory, struct tern_bytes rule,
                        enum access_mode wanted)
{
    struct tern_tlv element;
    bool covered = false;
    while (rule.size > 0 && rule.data[0] != 0xFF &&
           tern_der_next(&rule, &element, TERN_DER_LONG_LENGTHS) == 1) {
        if (element.tag >= 0x80 && element.tag <= 0x8F) {
            if (covered) return false;
            covered = mode_covers(&element, request, wanted);
        } else if (covered && group_met(request->uicc, directory, &element)) {
            return true;
        }
    }
    return false;
}

/*
 * EF.ARR in the file's directory or the next one above that has it. Where no directory up to the
 * MF has the implicit 6F06 (DF.CD has none in its template), the MF's own rules count.
 */
static bool rules_find(const struct tern_uicc *uicc, const struct image_node *node,
                       struct image_node *rules)
{
    uint32_t directory = node->kind == IMAGE_MF ? node->offset : node->parent;
    for (unsigned depth = 0; directory != 0 && depth < DEPTH_MAX; depth++) {
        struct image_node place;
        if (node_load(uicc, &place, directory) != SW_OK) return false;
        if (child_find(uicc, &place, node->arr_fid, rules)) {
            return follow_link(uicc, rules) == SW_OK;
        }
        if (place.kind == IMAGE_MF && node->arr_fid == FID_EF_ARR) {
            return child_find(uicc, &place, FID_EF_ARR_MF, rules);
        }
        directory = place.parent;
    }
    return false;
}

uint16_t access_check(const struct request *request, const struct image_node *node,
                      enum access_mode mode)
{
    struct image_node rules;
    uint8_t rule[RECORD_SIZE_MAX];
    const struct tern_uicc *uicc = request->uicc;
    if (node->arr_record == 0) return mode == ACCESS_READ ? SW_OK : SW_SECURITY;
    if (!rules_find(uicc, node, &rules)) return SW_SECURITY;
    if (node->arr_record > rules.record_count || rules.record_size > sizeof rule) {
        return SW_SECURITY;
    }
    size_t at = (size_t)(node->arr_record - 1) * rules.record_size;
    uint16_t sw = payload_load(uicc, &rules, at, rule, rules.record_size);
    if (sw != SW_OK) return sw;
    uint32_t directory = is_directory(node) ? node->offset : node->parent;
    return rule_allows(request, directory, tern_bytes(rule, rules.record_size), mode) ? SW_OK
                                                                                      : SW_SECURITY;
}
