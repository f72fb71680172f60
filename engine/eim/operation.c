/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an operation:
 *
 *     queued -> signing -> fetched ------------> done | failed
 *        |                   |  `-> running -----^       (downloads)
 *        |                   `----> lost --------^       (executed, result being fetched)
 *        `-> expired | cancelled | superseded
 *
 * The device record lists what is open, so that a poll reads two records and no index. An operation
 * that was fetched is never cancelled: the eUICC may have executed it, and only its signed result
 * says so.
 */
#include <string.h>

#include "engine/eim/turn.h"

#define OPEN_ENTRY        5 /* kind | sequence (4) */
#define RECENT_ENTRY      8 /* counter (4) | sequence (4) */
#define RECENT_MAX        8
#define TRANSACTION_SIZE  4 /* sgp32.md 10 asks for short ones; unique by the store's insert */
#define TRANSACTION_TRIES 8

static int64_t entry_sequence(struct tern_bytes open, size_t index)
{
    return (int64_t)tern_read_uint(tern_bytes_slice(open, index * OPEN_ENTRY + 1, 4));
}

static size_t open_count(const struct tern_eim_device *device)
{
    return device->open.size / OPEN_ENTRY;
}

static void open_insert(struct turn *turn, struct tern_eim_device *device, size_t at, int64_t kind,
                        int64_t sequence)
{
    uint8_t entry[OPEN_ENTRY];
    struct tern_writer writer = TERN_WRITER_OF(entry);
    tern_write_byte(&writer, (uint8_t)kind);
    tern_write_uint(&writer, (uint64_t)sequence, 4);
    device->open =
        JOIN(turn, tern_bytes_slice(device->open, 0, at * OPEN_ENTRY), tern_writer_bytes(&writer),
             tern_bytes_slice(device->open, at * OPEN_ENTRY, device->open.size));
}

static bool open_remove(struct turn *turn, struct tern_eim_device *device, int64_t sequence)
{
    for (size_t i = 0; i < open_count(device); i++) {
        if (entry_sequence(device->open, i) == sequence) {
            device->open =
                JOIN(turn, tern_bytes_slice(device->open, 0, i * OPEN_ENTRY),
                     tern_bytes_slice(device->open, (i + 1) * OPEN_ENTRY, device->open.size));
            return true;
        }
    }
    return false;
}

static void remember_recent(struct turn *turn, struct tern_eim_device *device,
                            const struct tern_eim_operation *operation)
{
    if (recent_sequence(device, operation->counter) != 0) {
        return;
    }
    uint8_t entry[RECENT_ENTRY];
    struct tern_writer writer = TERN_WRITER_OF(entry);
    tern_write_uint(&writer, (uint64_t)operation->counter, 4);
    tern_write_uint(&writer, (uint64_t)operation->sequence, 4);
    device->recent =
        JOIN(turn, tern_writer_bytes(&writer),
             tern_bytes_slice(device->recent, 0, (RECENT_MAX - 1) * (size_t)RECENT_ENTRY));
}

int64_t recent_sequence(const struct tern_eim_device *device, int64_t counter)
{
    for (size_t at = 0; at + RECENT_ENTRY <= device->recent.size; at += RECENT_ENTRY) {
        if ((int64_t)tern_read_uint(tern_bytes_slice(device->recent, at, 4)) == counter) {
            return (int64_t)tern_read_uint(tern_bytes_slice(device->recent, at + 4, 4));
        }
    }
    return 0;
}

/* A new eimTransactionId, unique among all open operations. */
static void allot_transaction(struct turn *turn, const uint8_t *eid,
                              struct tern_eim_operation *operation)
{
    const struct tern_store *store = turn->eim->store;
    const struct tern_crypto *crypto = turn->eim->crypto;
    uint8_t *id = (uint8_t *)turn_take(turn, TRANSACTION_SIZE);
    uint8_t value[20];
    struct tern_bytes owner = operation_key(value, eid, operation->sequence);
    int error = id == NULL ? TERN_ERR_NO_SPACE : TERN_ERR_CONFLICT;
    for (int i = 0; i < TRANSACTION_TRIES && error == TERN_ERR_CONFLICT; i++) {
        error = crypto->random(crypto->context, id, TRANSACTION_SIZE);
        if (error == TERN_OK) {
            error = store->insert(store->context, "eim.transaction",
                                  tern_bytes(id, TRANSACTION_SIZE), owner);
        }
    }
    if (error != TERN_OK) {
        turn_fail(turn, error);
        return;
    }
    operation->transaction = tern_bytes(id, TRANSACTION_SIZE);
}

/* True when this open operation was already given to the device. */
static bool was_fetched(struct turn *turn, const struct tern_eim_device *device, size_t index)
{
    struct tern_eim_operation other;
    return load_operation(turn, device->eid, entry_sequence(device->open, index), &other) ==
               TERN_OK &&
           other.state != TERN_EIM_QUEUED;
}

int queue_operation(struct turn *turn, struct tern_eim_device *device,
                    struct tern_eim_operation *operation, bool front)
{
    if (open_count(device) >= TERN_EIM_OPEN_OPERATIONS_MAX) {
        return TERN_ERR_NO_SPACE;
    }
    operation->sequence = device->next_sequence++;
    operation->state = TERN_EIM_QUEUED;
    operation->created_ms = (int64_t)turn->now_ms;
    operation->key_id = device->key_id;
    allot_transaction(turn, device->eid, operation);
    size_t at = open_count(device);
    if (front) {
        at = 0;
        bool recovering = (operation->options & TERN_EIM_OPTION_RECOVERY) != 0;
        while (!recovering && at < open_count(device) && was_fetched(turn, device, at)) {
            at++;
        }
    }
    open_insert(turn, device, at, operation->kind, operation->sequence);
    save_operation(turn, device->eid, operation);
    save_device(turn, device);
    return turn->error;
}

void finish_operation(struct turn *turn, struct tern_eim_device *device,
                      struct tern_eim_operation *operation, int64_t state)
{
    const struct tern_store *store = turn->eim->store;
    operation->state = state;
    operation->finished_ms = (int64_t)turn->now_ms;
    operation->confirmation_code = TERN_BYTES_NONE; /* a secret is kept no longer than needed */
    operation->to_sign = TERN_BYTES_NONE;
    if (open_remove(turn, device, operation->sequence)) {
        int error = store->remove(store->context, "eim.transaction", operation->transaction);
        if (error != TERN_OK && error != TERN_ERR_NOT_FOUND) {
            turn_fail(turn, error);
        }
    }
    if (operation->kind == TERN_EIM_KIND_PACKAGE && operation->counter != 0) {
        remember_recent(turn, device, operation);
    }
    save_operation(turn, device->eid, operation);
    turn_event(turn, TERN_EIM_EVENT_FINISHED, device->eid, operation->sequence, state);
}

void fail_operation(struct turn *turn, struct tern_eim_device *device,
                    struct tern_eim_operation *operation, int64_t origin, int64_t where,
                    int64_t code)
{
    operation->origin = origin;
    operation->where = where;
    operation->code = code;
    finish_operation(turn, device, operation, TERN_EIM_FAILED);
}

int find_fetched(struct turn *turn, const struct tern_eim_device *device, int64_t kind,
                 struct tern_eim_operation *operation)
{
    for (size_t i = 0; i < open_count(device); i++) {
        if (device->open.data[i * OPEN_ENTRY] != (uint8_t)kind) {
            continue;
        }
        int error = load_operation(turn, device->eid, entry_sequence(device->open, i), operation);
        if (error != TERN_OK) {
            return error;
        }
        if (operation->state != TERN_EIM_QUEUED) {
            return TERN_OK;
        }
    }
    return TERN_ERR_NOT_FOUND;
}

int find_transaction(struct turn *turn, struct tern_bytes transaction, uint8_t eid[16],
                     int64_t *sequence)
{
    const struct tern_store *store = turn->eim->store;
    if (transaction.size == 0 || transaction.size > TERN_TRANSACTION_ID_SIZE) {
        return TERN_ERR_NOT_FOUND;
    }
    uint8_t owner[20];
    struct tern_writer writer = TERN_WRITER_OF(owner);
    int error = store->load(store->context, "eim.transaction", transaction, &writer);
    if (error != TERN_OK) {
        if (error != TERN_ERR_NOT_FOUND) {
            turn_fail(turn, error);
        }
        return error;
    }
    if (writer.size != sizeof(owner)) {
        return TERN_ERR_NOT_FOUND;
    }
    memcpy(eid, owner, TERN_EID_SIZE);
    *sequence = (int64_t)tern_read_uint(tern_bytes(owner + TERN_EID_SIZE, 4));
    return TERN_OK;
}

int match_operation(struct turn *turn, const struct tern_eim_device *device, int64_t kind,
                    struct tern_bytes transaction, struct tern_eim_operation *operation)
{
    if (transaction.data == NULL) {
        return find_fetched(turn, device, kind, operation);
    }
    uint8_t owner[TERN_EID_SIZE];
    int64_t sequence;
    int error = find_transaction(turn, transaction, owner, &sequence);
    if (error != TERN_OK) {
        return error;
    }
    if (memcmp(owner, device->eid, TERN_EID_SIZE) != 0) {
        return TERN_ERR_NOT_FOUND;
    }
    error = load_operation(turn, owner, sequence, operation);
    return error == TERN_OK && (kind == 0 || operation->kind == kind) ? TERN_OK
                                                                      : TERN_ERR_NOT_FOUND;
}

bool has_open_option(struct turn *turn, const struct tern_eim_device *device, int64_t option)
{
    struct tern_eim_operation operation;
    for (size_t i = 0; i < open_count(device); i++) {
        if (load_operation(turn, device->eid, entry_sequence(device->open, i), &operation) ==
                TERN_OK &&
            (operation.options & option) != 0) {
            return true;
        }
    }
    return false;
}

void queue_data_request(struct turn *turn, struct tern_eim_device *device, const char *tags,
                        size_t tags_size, int64_t option, bool front)
{
    struct tern_eim_operation operation = {
        .kind = TERN_EIM_KIND_DATA, .options = option, .request = tern_bytes(tags, tags_size)};
    if (!has_open_option(turn, device, option)) {
        (void)queue_operation(turn, device, &operation,
                              front); /* full: the next event asks again */
    }
}

void queue_profile_list(struct turn *turn, struct tern_eim_device *device, int64_t option)
{
    struct tern_eim_operation operation = {.kind = TERN_EIM_KIND_PACKAGE,
                                           .options = option,
                                           .request = TERN_BYTES_TEXT("\xA0\x03\xBF\x2D\x00")};
    (void)queue_operation(turn, device, &operation, false);
}

int tern_eim_queue(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                   struct tern_eim_operation *operation)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    int error = TERN_OK;
    if (operation->kind == TERN_EIM_KIND_PACKAGE) {
        error = tern_eim_command_check(operation->request, &step->fault);
    } else if (operation->kind == TERN_EIM_KIND_DOWNLOAD) {
        error = trigger_check(&turn, operation);
    } else {
        error = data_check(operation->request);
    }
    struct tern_eim_device device;
    if (error == TERN_OK) {
        error = load_device(&turn, eid, &device);
    }
    return error == TERN_OK ? queue_operation(&turn, &device, operation, false) : error;
}

int tern_eim_operation_load(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                            int64_t sequence, struct tern_eim_operation *operation)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    return load_operation(&turn, eid, sequence, operation);
}

int tern_eim_operation_next(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                            int64_t after, struct tern_eim_operation *operation)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    uint8_t from[20];
    uint8_t found[20];
    struct tern_writer key = TERN_WRITER_OF(found);
    struct tern_writer value = tern_arena_writer(turn.arena);
    int got = eim->store->next(eim->store->context, "eim.operation", tern_bytes(eid, TERN_EID_SIZE),
                               operation_key(from, eid, after), &key, &value);
    if (got != 1) {
        return got;
    }
    int error = decode_operation(operation, tern_arena_keep(turn.arena, &value));
    operation->sequence = (int64_t)tern_read_uint(tern_bytes(found + TERN_EID_SIZE, 4));
    return error == TERN_OK ? 1 : error;
}

int tern_eim_cancel(struct tern_eim *eim, struct tern_eim_step *step, const uint8_t *eid,
                    int64_t sequence, int64_t state)
{
    struct turn turn;
    turn_begin(&turn, eim, step);
    struct tern_eim_device device;
    struct tern_eim_operation operation;
    int error = load_device(&turn, eid, &device);
    if (error == TERN_OK) {
        error = load_operation(&turn, eid, sequence, &operation);
    }
    if (error != TERN_OK) {
        return error;
    }
    bool waiting = operation.state == TERN_EIM_QUEUED ||
                   (operation.state == TERN_EIM_FETCHED && operation.kind != TERN_EIM_KIND_PACKAGE);
    if (!waiting) {
        return TERN_ERR_STATE;
    }
    finish_operation(&turn, &device, &operation, state);
    save_device(&turn, &device);
    return turn_end(&turn);
}
