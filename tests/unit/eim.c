/* SPDX-License-Identifier: Apache-2.0 */
/* The eIM engine on a store in memory: vectors, the write-ahead counter, a world that breaks at
 * every step. The whole protocol is played from outside by tests/conformance/eim.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/eim/turn.h"
#include "host/crypto/openssl.h"
#include "tests/support/hex.h"
#include "tests/support/memory_store.h"

#define EID_TEXT "89044045930000000000002153893210" /* sgp32.md 13 */

/* sgp32.md 13.1: the public RFC 6979 example key; test use only. */
#define VECTOR_SCALAR "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
#define VECTOR_POINT                                                     \
    "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6" \
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
#define VECTOR_EPR                                                         \
    "BF5175A073302E800F65696D2E6578616D706C652E636F6D81010182100011223344" \
    "5566778899AABBCCDDEEFF83010730038301005F3740"                         \
    "C473B95FE2EEDE384B6A3E9F6CC82593A938FB6B98A6E718C8E03284F44321C4"     \
    "878BFC2A82D99AC2551AFA1E2ED1768D6A09151323FFD7EDBADF3538ABF7E874"

struct world {
    struct memory_store memory;
    struct tern_store store;
    struct tern_eim eim;
    struct tern_eim_key keys[2];
    struct tern_trust trust;
    struct tern_arena arena;
    struct tern_eim_step step;
    struct tern_key card;
    uint8_t eid[TERN_EID_SIZE];
    uint8_t arena_memory[1 << 20];
};

static struct tern_eim_step *step(struct world *world)
{
    world->arena.used = 0;
    world->step = (struct tern_eim_step){.arena = &world->arena, .now_ms = 1700000000000};
    return &world->step;
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    uint8_t scalar[32];
    world->store = memory_store_interface(&world->memory);
    world->arena = tern_arena(world->arena_memory, sizeof(world->arena_memory));
    hex(scalar, sizeof(scalar), VECTOR_SCALAR);
    tern_openssl_key_from_scalar(&world->card, TERN_CURVE_P256, scalar);
    world->keys[0] = (struct tern_eim_key){.id = 7, .key = world->card};
    world->eim = (struct tern_eim){.crypto = tern_openssl(),
                                   .store = &world->store,
                                   .trust = &world->trust,
                                   .eim_id = TERN_BYTES_TEXT("eim.example.com"),
                                   .keys = world->keys,
                                   .key_count = 1};
    tern_eid_from_text(world->eid, TERN_BYTES_TEXT(EID_TEXT));
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    tern_openssl_key_free(&world->card);
    free(world);
    return 0;
}

static void add_device(struct world *world, int64_t token)
{
    uint8_t point[TERN_POINT_SIZE];
    struct tern_eim_device device = {.curve = TERN_CURVE_P256, .token = token};
    struct tern_eim_device_data data = {0};
    memcpy(device.eid, world->eid, sizeof(device.eid));
    device.euicc_key = hex(point, sizeof(point), VECTOR_POINT);
    assert_int_equal(tern_eim_device_add(&world->eim, step(world), &device, &data), TERN_OK);
}

static int queue(struct world *world, const char *request, int64_t *sequence)
{
    uint8_t buffer[256];
    struct tern_eim_operation operation = {.kind = TERN_EIM_KIND_PACKAGE,
                                           .request = hex(buffer, sizeof(buffer), request)};
    int error = tern_eim_queue(&world->eim, step(world), world->eid, &operation);
    *sequence = operation.sequence;
    return error;
}

static int send_text(struct world *world, const char *message)
{
    uint8_t buffer[1024];
    struct tern_eim_peer peer = {0};
    return tern_eim_receive(&world->eim, step(world), &peer, hex(buffer, sizeof(buffer), message));
}

static void check_reply(const struct world *world, const char *expected)
{
    uint8_t buffer[1024];
    assert_int_equal(world->step.outcome, TERN_EIM_REPLY);
    assert_true(tern_bytes_equal(world->step.body, hex(buffer, sizeof(buffer), expected)));
}

static int64_t state_of(struct world *world, int64_t sequence)
{
    struct tern_eim_operation operation;
    assert_int_equal(
        tern_eim_operation_load(&world->eim, step(world), world->eid, sequence, &operation),
        TERN_OK);
    return operation.state;
}

/* Sign what the engine asks and give it back. */
static int sign_it(struct world *world)
{
    uint8_t signature[TERN_SIGNATURE_SIZE];
    uint8_t ticket[256];
    const struct tern_crypto *crypto = tern_openssl();
    assert_int_equal(world->step.outcome, TERN_EIM_SIGN);
    assert_int_equal(
        crypto->ecdsa_sign(crypto->context, signature, world->step.key, world->step.sign, 2),
        TERN_OK);
    size_t size = world->step.ticket.size;
    memcpy(ticket, world->step.ticket.data, size);
    struct tern_eim_answer answer = {.body = TERN_BYTES_OF(signature)};
    return tern_eim_answer(&world->eim, step(world), tern_bytes(ticket, size), &answer);
}

/* An operation as sgp32.md 13.1 has it: counter 1, 16-byte transaction, fetched. */
static void put_vector_operation(struct world *world)
{
    uint8_t transaction[16];
    uint8_t request[32];
    int64_t sequence;
    assert_int_equal(queue(world, "A010A30E5A0A985822322420228481140500", &sequence), TERN_OK);
    struct turn turn;
    struct tern_eim_operation operation;
    turn_begin(&turn, &world->eim, step(world));
    assert_int_equal(load_operation(&turn, world->eid, sequence, &operation), TERN_OK);
    operation.state = TERN_EIM_FETCHED;
    operation.counter = 1;
    operation.transaction =
        hex(transaction, sizeof(transaction), "00112233445566778899AABBCCDDEEFF");
    operation.request = hex(request, sizeof(request), "A010A30E5A0A985822322420228481140500");
    save_operation(&turn, world->eid, &operation);
    assert_int_equal(turn_end(&turn), TERN_OK);
}

static void the_published_result_verifies(void **state)
{
    struct world *world = *state;
    add_device(world, 0);
    put_vector_operation(world);
    assert_int_equal(send_text(world, "BF50818A 5A10" EID_TEXT VECTOR_EPR), TERN_OK);
    check_reply(world, "BF5006BF5303800107");
    assert_int_equal(state_of(world, 1), TERN_EIM_DONE);
}

static void the_published_result_fails_with_a_token(void **state)
{
    struct world *world = *state;
    add_device(world, 7);
    put_vector_operation(world);
    assert_int_equal(send_text(world, "BF50818A 5A10" EID_TEXT VECTOR_EPR), TERN_OK);
    check_reply(world, "BF500302017F");
    assert_int_equal(state_of(world, 1), TERN_EIM_FETCHED);
}

static void polls_as_the_vectors_have_them(void **state)
{
    struct world *world = *state;
    assert_int_equal(send_text(world, "BF4F125A10" EID_TEXT), TERN_OK);
    check_reply(world, "BF4F03020102");
    add_device(world, 0);
    assert_int_equal(send_text(world, "BF4F125A10" EID_TEXT), TERN_OK);
    check_reply(world, "BF4F03020101");
    uint64_t writes = world->memory.writes;
    assert_int_equal(send_text(world, "BF4F125A10" EID_TEXT), TERN_OK);
    check_reply(world, "BF4F03020101");
    assert_int_equal(world->memory.writes, writes); /* an idle poll writes nothing */
}

/* What is to be signed is the vector's, but for our shorter transaction. */
static void a_package_is_what_the_spec_prints(void **state)
{
    static const struct {
        int64_t token;
        const char *object;
    } ROWS[] = {
        {0,   "840100"  },
        {1,   "840101"  },
        {7,   "840107"  },
        {128, "84020080"},
        {300, "8402012C"}
    };
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        struct world *world = *state;
        uint8_t buffer[128];
        int64_t sequence;
        world->memory.count = 0;
        add_device(world, ROWS[i].token);
        assert_int_equal(queue(world, "A010A30E5A0A985822322420228481140500", &sequence), TERN_OK);
        assert_int_equal(send_text(world, "BF4F125A10" EID_TEXT), TERN_OK);
        assert_int_equal(world->step.outcome, TERN_EIM_SIGN);
        assert_true(
            tern_bytes_equal(world->step.sign[1], hex(buffer, sizeof(buffer), ROWS[i].object)));
        struct tern_bytes head =
            hex(buffer, sizeof(buffer),
                "303E800F65696D2E6578616D706C652E636F6D5A10" EID_TEXT "8101018204");
        assert_true(tern_bytes_starts_with(world->step.sign[0], head));
        struct tern_bytes tail = tern_bytes_slice(world->step.sign[0], head.size + 4, 64);
        assert_true(tern_bytes_equal(
            tail, hex(buffer, sizeof(buffer), "A010A30E5A0A985822322420228481140500")));
    }
}

static void counters_never_repeat(void **state)
{
    struct world *world = *state;
    int64_t sequence;
    add_device(world, 0);
    for (uint8_t counter = 1; counter < 5; counter++) {
        assert_int_equal(queue(world, "A002A600", &sequence), TERN_OK);
        assert_int_equal(send_text(world, "BF4F125A10" EID_TEXT), TERN_OK);
        assert_int_equal(world->step.sign[0].data[2 + 17 + 18 + 2], counter);
        assert_int_equal(sign_it(world), TERN_OK);
        struct turn turn; /* as if its result had come */
        struct tern_eim_device device;
        struct tern_eim_operation operation;
        turn_begin(&turn, &world->eim, step(world));
        load_device(&turn, world->eid, &device);
        load_operation(&turn, world->eid, sequence, &operation);
        finish_operation(&turn, &device, &operation, TERN_EIM_DONE);
        save_device(&turn, &device);
    }
    /* The record is lost and made again (a backup, a mistake): the counter goes on. */
    assert_int_equal(tern_eim_device_remove(&world->eim, step(world), world->eid), TERN_OK);
    add_device(world, 0);
    assert_int_equal(queue(world, "A002A600", &sequence), TERN_OK);
    assert_int_equal(send_text(world, "BF4F125A10" EID_TEXT), TERN_OK);
    assert_int_equal(world->step.sign[0].data[2 + 17 + 18 + 2], 5);
}

static void a_counter_is_durable_before_it_is_signed(void **state)
{
    struct world *world = *state;
    int64_t sequence;
    uint8_t first[200];
    add_device(world, 0);
    assert_int_equal(queue(world, "A002A600", &sequence), TERN_OK);
    assert_int_equal(send_text(world, "BF4F125A10" EID_TEXT), TERN_OK);
    size_t size = world->step.sign[0].size;
    memcpy(first, world->step.sign[0].data, size);
    assert_int_equal(state_of(world, sequence), TERN_EIM_SIGNING);
    /* The answer never comes (a crash): the same bytes are to be signed again. */
    assert_int_equal(send_text(world, "BF4F125A10" EID_TEXT), TERN_OK);
    assert_int_equal(world->step.outcome, TERN_EIM_SIGN);
    assert_int_equal(world->step.sign[0].size, size);
    assert_memory_equal(world->step.sign[0].data, first, size);
    assert_int_equal(sign_it(world), TERN_OK);
    uint8_t reply[300];
    size_t reply_size = world->step.body.size;
    memcpy(reply, world->step.body.data, reply_size);
    assert_int_equal(send_text(world, "BF4F125A10" EID_TEXT), TERN_OK);
    assert_true(tern_bytes_equal(world->step.body, tern_bytes(reply, reply_size)));
}

static void the_last_counter_ends_the_association(void **state)
{
    struct world *world = *state;
    int64_t sequence;
    struct tern_eim_device device = {.counter = TERN_COUNTER_MAX};
    struct tern_eim_device_data data = {0};
    memcpy(device.eid, world->eid, sizeof(device.eid));
    assert_int_equal(tern_eim_device_add(&world->eim, step(world), &device, &data), TERN_OK);
    assert_int_equal(queue(world, "A002A600", &sequence), TERN_OK);
    assert_int_equal(send_text(world, "BF4F125A10" EID_TEXT), TERN_OK);
    check_reply(world, "BF4F03020101");
    assert_int_equal(state_of(world, sequence), TERN_EIM_FAILED);
}

/* The store fails at its n-th operation: rolled back and sent again, the outcome is the same. */
static void the_store_may_fail_at_every_step(void **state)
{
    struct world *world = *state;
    static struct memory_store before;
    add_device(world, 0);
    put_vector_operation(world);
    before = world->memory;
    uint64_t n = 1;
    for (;; n++) {
        world->memory = before;
        world->memory.operations = 0;
        world->memory.fail_at = n;
        int error = send_text(world, "BF50818A 5A10" EID_TEXT VECTOR_EPR);
        if (error == TERN_OK) {
            break;
        }
        assert_int_equal(error, TERN_ERR_IO);
        world->memory = before; /* the host's rollback */
        assert_int_equal(send_text(world, "BF50818A 5A10" EID_TEXT VECTOR_EPR), TERN_OK);
        check_reply(world, "BF5006BF5303800107");
        assert_int_equal(state_of(world, 1), TERN_EIM_DONE);
    }
    assert_true(n > 5); /* it did break on the way */
}

/* So may the arena end anywhere: an error, never half a reply. */
static void the_arena_may_end_anywhere(void **state)
{
    struct world *world = *state;
    uint8_t message[512];
    struct tern_eim_peer peer = {0};
    static struct memory_store before;
    add_device(world, 0);
    put_vector_operation(world);
    before = world->memory;
    struct tern_bytes text = hex(message, sizeof(message), "BF50818A 5A10" EID_TEXT VECTOR_EPR);
    int error = TERN_ERR_NO_SPACE;
    size_t size = 0;
    for (; error != TERN_OK && size < 64 * 1024; size += 64) {
        world->memory = before;
        step(world);
        world->arena.capacity = size;
        error = tern_eim_receive(&world->eim, &world->step, &peer, text);
        assert_true(error == TERN_OK || error == TERN_ERR_NO_SPACE);
    }
    world->arena.capacity = sizeof(world->arena_memory);
    assert_int_equal(error, TERN_OK);
    check_reply(world, "BF5006BF5303800107");
}

static void every_prefix_leaves_no_trace(void **state)
{
    struct world *world = *state;
    uint8_t message[512];
    struct tern_eim_peer peer = {0};
    add_device(world, 0);
    put_vector_operation(world);
    struct tern_bytes text = hex(message, sizeof(message), "BF50818A 5A10" EID_TEXT VECTOR_EPR);
    uint64_t writes = world->memory.writes;
    for (size_t size = 0; size < text.size; size++) {
        uint8_t *exact = malloc(size == 0 ? 1 : size); /* the sanitizer guards its end */
        memcpy(exact, text.data, size);
        assert_int_equal(tern_eim_receive(&world->eim, step(world), &peer, tern_bytes(exact, size)),
                         TERN_OK);
        assert_int_equal(world->step.status, 400);
        free(exact);
    }
    assert_int_equal(world->memory.writes, writes);
}

static void commands_are_checked(void **state)
{
    struct world *world = *state;
    int64_t sequence;
    static const struct {
        const char *request;
        int error;
    } ROWS[] = {
        {"A00EA30C5A0A98582232242022848114",                             TERN_OK            },
        {"A01CA30C5A0A98582232242022848114A30C5A0A98582232242022848114", TERN_ERR_STATE     },
        {"A01CA30C5A0A98582232242022848114A40C5A0A98582232242022848114", TERN_ERR_STATE     },
        {"A011A30C5A0A98582232242022848114BF2D00",                       TERN_ERR_STATE     },
        {"A000",                                                         TERN_ERR_MALFORMED },
        {"A002A300",                                                     TERN_ERR_MISSING   },
        {"A0029F0100",                                                   TERN_ERR_MALFORMED },
        {"A002BB00",                                                     TERN_ERR_UNEXPECTED},
        {"A102AB00",                                                     TERN_OK            },
        {"A102A900",                                                     TERN_ERR_MISSING   },
        {"A105A803800161",                                               TERN_ERR_MISSING   },
        {"A108AA068001618401FF",                                         TERN_ERR_UNEXPECTED},
        {"A2020500",                                                     TERN_ERR_MALFORMED },
    };
    add_device(world, 0);
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        assert_int_equal(queue(world, ROWS[i].request, &sequence), ROWS[i].error);
    }
}

static void a_device_has_so_many_open_operations(void **state)
{
    struct world *world = *state;
    int64_t sequence;
    add_device(world, 0);
    for (int i = 0; i < TERN_EIM_OPEN_OPERATIONS_MAX; i++) {
        assert_int_equal(queue(world, "A002A600", &sequence), TERN_OK);
    }
    assert_int_equal(queue(world, "A002A600", &sequence), TERN_ERR_NO_SPACE);
    assert_int_equal(tern_eim_cancel(&world->eim, step(world), world->eid, 3, TERN_EIM_CANCELLED),
                     TERN_OK);
    assert_int_equal(queue(world, "A002A600", &sequence), TERN_OK);
}

static void activation_codes(void **state)
{
    static const struct {
        const char *text;
        const char *address; /* NULL: refused */
        const char *matching_id;
        bool confirmation;
    } ROWS[] = {
        {"1$smdp.example.com$04386-AGYFT-A74Y8-3F815",   "smdp.example.com",
         "04386-AGYFT-A74Y8-3F815",                                                     false},
        {"LPA:1$smdp.example.com$X",                     "smdp.example.com",      "X",  false},
        {"1$smdp.example.com$",                          "smdp.example.com",      "",   false},
        {"1$smdp.example.com:8443$X$2.999.10",           "smdp.example.com:8443", "X",  false},
        {"1$smdp.example.com$X$$1",                      "smdp.example.com",      "X",  true },
        {"1$smdp.example.com$X$2.999.10$1$later$fields", "smdp.example.com",      "X",  true },
        {"2$smdp.example.com$X",                         NULL,                    NULL, false},
        {"1$smdp.example.com",                           NULL,                    NULL, false},
        {"1$$X",                                         NULL,                    NULL, false},
        {"",                                             NULL,                    NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        struct activation_code code;
        bool ok = parse_activation_code(&code, tern_bytes_text(ROWS[i].text));
        assert_int_equal(ok, ROWS[i].address != NULL);
        if (ok) {
            assert_true(tern_bytes_equal(code.address, tern_bytes_text(ROWS[i].address)));
            assert_true(tern_bytes_equal(code.matching_id, tern_bytes_text(ROWS[i].matching_id)));
            assert_int_equal(code.confirmation_code_required, ROWS[i].confirmation);
        }
    }
}

/* sgp22.md 16.6 */
static void rules_need_a_row_of_the_table(void **state)
{
    static const struct {
        const char *what;
        const char *rat;      /* content of getRATResult */
        const char *profiles; /* E3.. */
        const char *metadata; /* BF25.. with 99 and B7 */
        bool allowed;
    } ROWS[] = {
        {"no rules",              "",                                          "",     "BF25025A00",                   true },
        {"no table",              "",                                          "",     "BF250B99020520B705800342F010", false},
        {"any operator",          "3011800205 20A107300580 03EEEEEE8202 0700", "",
         "BF250B99020520B705800342F010",                                                                               true },
        {"wildcard digits",       "30118002 0520A1073005800342F01E82020700",   "",
         "BF250B99020520B705800342F010",                                                                               true },
        {"another operator",      "30118002 0520A1073005800325F51082020700",   "",
         "BF250B99020520B705800342F010",                                                                               false},
        {"consent is asked for",  "30118002 0520A10730058003EEEEEE82020780",   "",
         "BF250B99020520B705800342F010",                                                                               false},
        {"ppr1 on an empty card", "30118002 0640A10730058003EEEEEE82020700",   "",
         "BF250B99020640B705800342F010",                                                                               true },
        {"ppr1 beside a profile", "30118002 0640A10730058003EEEEEE82020700",   "E300",
         "BF250B99020640B705800342F010",                                                                               false},
    };
    struct world *world = *state;
    add_device(world, 0);
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        uint8_t rat[64];
        uint8_t profiles[16];
        uint8_t metadata[64];
        struct tern_eim_device_data data = {.rat = hex(rat, sizeof(rat), ROWS[i].rat),
                                            .profiles =
                                                hex(profiles, sizeof(profiles), ROWS[i].profiles)};
        struct turn turn;
        turn_begin(&turn, &world->eim, step(world));
        save_data(&turn, world->eid, &data);
        bool allowed =
            rules_allowed(&turn, world->eid, hex(metadata, sizeof(metadata), ROWS[i].metadata));
        if (allowed != ROWS[i].allowed) {
            fail_msg("%s", ROWS[i].what);
        }
    }
}

static void every_explanation_is_whole(void **state)
{
    (void)state;
    unsigned known = 0;
    for (int64_t origin = 1; origin <= TERN_EIM_ORIGIN_EIM; origin++) {
        for (int64_t code = 0; code < 128; code++) {
            struct tern_eim_explanation words;
            tern_eim_explain(&words, origin, 0x83, code);
            assert_true(words.code[0] != '\0' && words.cause[0] != '\0' && words.party[0] != '\0' &&
                        words.next[0] != '\0');
            known += strcmp(words.code, "unknown") != 0;
        }
    }
    assert_true(known > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_published_result_verifies, setup, teardown),
        cmocka_unit_test_setup_teardown(the_published_result_fails_with_a_token, setup, teardown),
        cmocka_unit_test_setup_teardown(polls_as_the_vectors_have_them, setup, teardown),
        cmocka_unit_test_setup_teardown(a_package_is_what_the_spec_prints, setup, teardown),
        cmocka_unit_test_setup_teardown(counters_never_repeat, setup, teardown),
        cmocka_unit_test_setup_teardown(a_counter_is_durable_before_it_is_signed, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_counter_ends_the_association, setup, teardown),
        cmocka_unit_test_setup_teardown(the_store_may_fail_at_every_step, setup, teardown),
        cmocka_unit_test_setup_teardown(the_arena_may_end_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(every_prefix_leaves_no_trace, setup, teardown),
        cmocka_unit_test_setup_teardown(commands_are_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_has_so_many_open_operations, setup, teardown),
        cmocka_unit_test(activation_codes),
        cmocka_unit_test_setup_teardown(rules_need_a_row_of_the_table, setup, teardown),
        cmocka_unit_test(every_explanation_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
