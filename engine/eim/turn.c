/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, DER and outcomes of one step: what every handler of the eIM is written with. */
#include "engine/eim/turn.h"

void turn_begin(struct turn *turn, struct tern_eim *eim, struct tern_eim_step *step)
{
    *turn = (struct turn){.eim = eim, .step = step, .arena = step->arena, .now_ms = step->now_ms};
    step->outcome = TERN_EIM_NOTHING;
    step->event_count = 0;
    step->eid_known = false;
    step->fault = (struct tern_fault){NULL, 0};
}

int turn_end(struct turn *turn)
{
    return turn->error;
}

void turn_fail(struct turn *turn, int error)
{
    if (turn->error == TERN_OK) {
        turn->error = error;
    }
}

void turn_event(struct turn *turn, enum tern_eim_event_kind kind, const uint8_t *eid,
                int64_t sequence, int64_t code)
{
    size_t index = turn->step->event_count++;
    if (index >= TERN_EIM_EVENTS_MAX) {
        return;
    }
    struct tern_eim_event *event = &turn->step->events[index];
    *event = (struct tern_eim_event){
        .kind = kind, .sequence = (uint32_t)sequence, .code = (uint32_t)code};
    for (size_t i = 0; i < TERN_EID_SIZE; i++) {
        event->eid[i] = eid[i];
    }
}

void turn_known(struct turn *turn, const struct tern_eim_device *device)
{
    turn->step->eid_known = true;
    for (size_t i = 0; i < TERN_EID_SIZE; i++) {
        turn->step->eid[i] = device->eid[i];
    }
}

void *turn_take(struct turn *turn, size_t size)
{
    void *memory = tern_arena_take(turn->arena, size);
    if (memory == NULL) {
        turn_fail(turn, TERN_ERR_NO_SPACE);
    }
    return memory;
}

static struct tern_bytes keep(struct turn *turn, const struct tern_writer *writer)
{
    struct tern_bytes bytes = tern_arena_keep(turn->arena, writer);
    if (bytes.data == NULL) {
        turn_fail(turn, TERN_ERR_NO_SPACE);
    }
    return bytes;
}

struct tern_bytes turn_wrap(struct turn *turn, tern_tag tag, const struct tern_bytes *parts,
                            size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += parts[i].size;
    }
    struct tern_writer out = tern_arena_writer(turn->arena);
    tern_der_write_header(&out, tag, size);
    for (size_t i = 0; i < count; i++) {
        tern_write(&out, parts[i]);
    }
    return keep(turn, &out);
}

struct tern_bytes turn_join(struct turn *turn, const struct tern_bytes *parts, size_t count)
{
    struct tern_writer out = tern_arena_writer(turn->arena);
    for (size_t i = 0; i < count; i++) {
        tern_write(&out, parts[i]);
    }
    return keep(turn, &out);
}

struct tern_bytes turn_int(struct turn *turn, tern_tag tag, int64_t value)
{
    struct tern_writer out = tern_arena_writer(turn->arena);
    tern_der_write_int(&out, tag, value);
    return keep(turn, &out);
}

struct tern_bytes turn_copy(struct turn *turn, struct tern_bytes bytes)
{
    return bytes.data == NULL ? TERN_BYTES_NONE : turn_join(turn, &bytes, 1);
}

bool next_tlv(struct tern_bytes *rest, struct tern_tlv *tlv)
{
    return tern_der_next(rest, tlv, TERN_DER_LONG_LENGTHS) == 1;
}

static bool find_child(struct tern_bytes value, tern_tag tag, struct tern_tlv *tlv)
{
    while (next_tlv(&value, tlv)) {
        if (tlv->tag == tag) {
            return true;
        }
    }
    return false;
}

struct tern_bytes child_value(struct tern_bytes value, tern_tag tag)
{
    struct tern_tlv tlv;
    return find_child(value, tag, &tlv) ? tlv.value : TERN_BYTES_NONE;
}

struct tern_bytes child_raw(struct tern_bytes value, tern_tag tag)
{
    struct tern_tlv tlv;
    return find_child(value, tag, &tlv) ? tlv.raw : TERN_BYTES_NONE;
}

bool well_formed(struct tern_bytes value)
{
    struct tern_tlv tlv;
    while (value.size > 0) {
        if (!next_tlv(&value, &tlv)) {
            return false;
        }
    }
    return true;
}

bool read_number(struct tern_bytes content, uint32_t *number)
{
    if (content.data == NULL || content.size == 0 || content.size > 5 ||
        (content.size == 5 && content.data[0] != 0)) {
        return false;
    }
    *number = (uint32_t)tern_read_uint(content);
    return true;
}

uint32_t read_bits(struct tern_bytes content)
{
    uint32_t bits = 0;
    for (size_t i = 1; i < content.size && i <= 4; i++) {
        for (uint32_t bit = 0; bit < 8; bit++) {
            if ((content.data[i] & (0x80U >> bit)) != 0) {
                bits |= 1U << (8 * (i - 1) + bit);
            }
        }
    }
    return bits;
}

void turn_reply(struct turn *turn, struct tern_bytes body)
{
    turn->step->outcome = TERN_EIM_REPLY;
    turn->step->status = 200;
    turn->step->body = turn->binding == TERN_EIM_BINDING_JSON ? json_response(turn, body) : body;
}

void turn_reply_none(struct turn *turn)
{
    turn->step->outcome = TERN_EIM_REPLY;
    turn->step->status = 204;
    turn->step->body = TERN_BYTES_NONE;
}

void turn_refuse(struct turn *turn, unsigned status)
{
    turn->step->outcome = TERN_EIM_REPLY;
    turn->step->status = status;
    turn->step->body = TERN_BYTES_NONE;
}

void turn_reply_code(struct turn *turn, tern_tag tag, tern_tag arm, int64_t code)
{
    turn_reply(turn, WRAP(turn, tag, turn_int(turn, arm, code)));
}

void turn_ask_sign(struct turn *turn, struct tern_key key, struct tern_bytes first,
                   struct tern_bytes second, const struct ticket *ticket)
{
    turn->step->outcome = TERN_EIM_SIGN;
    turn->step->key = key;
    turn->step->sign[0] = first;
    turn->step->sign[1] = second;
    turn->step->ticket = encode_ticket(turn, ticket);
}

void turn_ask_call(struct turn *turn, enum tern_eim_function function, struct tern_bytes address,
                   struct tern_bytes body, const struct ticket *ticket)
{
    static const char *const PATHS[] = {
        [TERN_EIM_CALL_INITIATE_AUTHENTICATION] = "/gsma/rsp2/es9plus/initiateAuthentication",
        [TERN_EIM_CALL_AUTHENTICATE_CLIENT] = "/gsma/rsp2/es9plus/authenticateClient",
        [TERN_EIM_CALL_GET_BOUND_PROFILE_PACKAGE] = "/gsma/rsp2/es9plus/getBoundProfilePackage",
        [TERN_EIM_CALL_HANDLE_NOTIFICATION] = "/gsma/rsp2/es9plus/handleNotification",
        [TERN_EIM_CALL_CANCEL_SESSION] = "/gsma/rsp2/es9plus/cancelSession",
        [TERN_EIM_CALL_TRANSFER_EIM_PACKAGE] = "/gsma/rsp2/asn1",
    };
    turn->step->outcome = TERN_EIM_CALL;
    turn->step->function = function;
    turn->step->address = address;
    turn->step->path = tern_bytes_text(PATHS[function]);
    turn->step->call = body;
    turn->step->ticket = encode_ticket(turn, ticket);
}
