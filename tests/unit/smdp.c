/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SM-DP+ engine from inside: a package that a seed decides byte for byte, compared with one
 * computed in Python from the specification; and a store that fails at every single operation.
 * What the engine says to the outside is walked by tests/conformance/smdp.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/smdp/es9plus.h"
#include "host/store/sqlite_store.h"
#include "tern/messages/es10b.h"
#include "tern/smdp.h"
#include "tests/support/hex.h"
#include "tests/support/seeded_crypto.h"

#define NOW 1800000000

/* A store that fails at operation number `fail_at`, else passes on. */
struct brittle {
    struct tern_store store;
    const struct tern_store *real;
    int count;
    int fail_at;
};

static bool breaks(struct brittle *brittle)
{
    return brittle->count++ == brittle->fail_at;
}

static int brittle_load(void *context, const char *space, struct tern_bytes key,
                        struct tern_writer *value)
{
    struct brittle *b = context;
    return breaks(b) ? TERN_ERR_IO : b->real->load(b->real->context, space, key, value);
}

static int brittle_save(void *context, const char *space, struct tern_bytes key,
                        struct tern_bytes value)
{
    struct brittle *b = context;
    return breaks(b) ? TERN_ERR_IO : b->real->save(b->real->context, space, key, value);
}

static int brittle_insert(void *context, const char *space, struct tern_bytes key,
                          struct tern_bytes value)
{
    struct brittle *b = context;
    return breaks(b) ? TERN_ERR_IO : b->real->insert(b->real->context, space, key, value);
}

static int brittle_remove(void *context, const char *space, struct tern_bytes key)
{
    struct brittle *b = context;
    return breaks(b) ? TERN_ERR_IO : b->real->remove(b->real->context, space, key);
}

static int brittle_next(void *context, const char *space, struct tern_bytes prefix,
                        struct tern_bytes after, struct tern_writer *key, struct tern_writer *value)
{
    struct brittle *b = context;
    return breaks(b) ? TERN_ERR_IO
                     : b->real->next(b->real->context, space, prefix, after, key, value);
}

struct world {
    struct seeded_crypto crypto;
    struct sqlite_store *sqlite;
    struct brittle brittle;
    struct tern_rsp_identity identity;
    struct tern_smdp smdp;
    struct tern_key euicc;
    void *memory;
    struct tern_arena arena;
    uint8_t transaction_id[16];
};

static const uint8_t EID[16] = {0x89, 0x04, 0x90, 0x32, 0x12, 0x34, 0x51, 0x23,
                                0x45, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x35};
static const uint8_t METADATA[] = {0xBF, 0x25, 0x1A, 0x5A, 0x0A, 0x98, 0x00, 0x10, 0x32, 0x54,
                                   0x76, 0x98, 0x10, 0x32, 0x14, 0x91, 0x04, 't',  'e',  'r',
                                   'n',  0x92, 0x06, 's',  'e',  'e',  'd',  'e',  'd'};

static void open_world(struct world *world, uint64_t seed)
{
    uint8_t scalar[TERN_SCALAR_SIZE] = {0};
    memset(world, 0, sizeof *world);
    assert_int_equal(sqlite_store_open(&world->sqlite, ":memory:"), TERN_OK);
    world->brittle = (struct brittle){
        .store = {&world->brittle, brittle_load, brittle_save, brittle_insert, brittle_remove,
                  brittle_next, NULL},
        .real = sqlite_store_interface(world->sqlite),
        .fail_at = -1,
    };
    scalar[31] = 7;
    assert_int_equal(tern_openssl_key_from_scalar(&world->identity.pb_key, TERN_CURVE_P256, scalar),
                     TERN_OK);
    scalar[31] = 9;
    assert_int_equal(tern_openssl_key_from_scalar(&world->euicc, TERN_CURVE_P256, scalar), TERN_OK);
    world->identity.ci = TERN_BYTES_TEXT("01234567890123456789");
    world->identity.oid = TERN_BYTES_TEXT("\x88\x37\x0A");
    world->smdp.server.crypto = seeded_crypto(&world->crypto, seed);
    world->smdp.server.identities = &world->identity;
    world->smdp.server.identity_count = 1;
    world->smdp.server.address = TERN_BYTES_TEXT("smdp.example");
    world->smdp.server.session_lifetime_s = 3600;
    world->smdp.store = &world->brittle.store;
    world->smdp.policy.confirmation_failures_max = 3;
    world->memory = malloc(TERN_SMDP_ARENA_SIZE);
    world->arena = tern_arena(world->memory, TERN_SMDP_ARENA_SIZE);
}

static void close_world(struct world *world)
{
    tern_openssl_key_free(&world->identity.pb_key);
    tern_openssl_key_free(&world->euicc);
    sqlite_store_close(world->sqlite);
    free(world->memory);
}

static int import_profile(struct world *world)
{
    uint8_t upp[3000];
    for (size_t i = 0; i < sizeof upp; i++) {
        upp[i] = (uint8_t)(i * 7);
    }
    struct tern_smdp_import profile = {.profile_type = TERN_BYTES_TEXT("iot"),
                                       .metadata = TERN_BYTES_OF(METADATA),
                                       .upp = TERN_BYTES_OF(upp)};
    world->arena.used = 0;
    return tern_smdp_import_profile(&world->smdp, &world->arena, &profile);
}

static int es2plus(struct world *world, enum tern_es2plus_function function, const char *members)
{
    char body[500];
    const struct tern_bytes name = TERN_BYTES_TEXT("op");
    snprintf(
        body, sizeof body,
        "{\"header\":{\"functionRequesterIdentifier\":\"op\",\"functionCallIdentifier\":\"%d\"},"
        "\"iccid\":\"89000123456789012341\"%s}",
        (int)function, members);
    world->arena.used = 0;
    struct tern_es2plus_call call = {.now = NOW,
                                     .arena = &world->arena,
                                     .function = function,
                                     .body = tern_bytes_text(body),
                                     .names = &name,
                                     .name_count = 1};
    int status = tern_smdp_es2plus(&world->smdp, &call);
    return status < 0 ? status : tern_status_ok(&call.status) ? TERN_OK : TERN_ERR_DENIED;
}

/* The session that AuthenticateClient would have left. */
static int open_session(struct world *world)
{
    struct tern_public_key key = tern_openssl_key_public(world->euicc);
    struct smdp_order order;
    struct tern_bytes iccid = tern_bytes(METADATA + 5, 10);
    struct tern_bytes id = TERN_BYTES_OF(world->transaction_id);
    struct tern_writer out = TERN_WRITER_OF(world->transaction_id);
    tern_write_uint(&out, NOW, 4);
    world->arena.used = 0;
    struct smdp_session session = {.state = SESSION_AUTHENTICATED,
                                   .eid = TERN_BYTES_OF(EID),
                                   .iccid = iccid,
                                   .curve = TERN_CURVE_P256,
                                   .euicc_key = TERN_BYTES_OF(key.point),
                                   .server_ci = world->identity.ci,
                                   .smdp_signed2 = TERN_BYTES_TEXT("\x30\x00"),
                                   .smdp_signature2 = TERN_BYTES_TEXT("\x5F\x37\x01\x01"),
                                   .request_hash = TERN_BYTES_TEXT("hash")};
    int status = order_load(&world->smdp, &world->arena, iccid, &order);
    if (status == TERN_OK) {
        order.eid = session.eid;
        order.transaction_id = id;
        status = order_save(&world->smdp, &world->arena, iccid, &order);
    }
    return status < 0
               ? status
               : smdp_save(&world->smdp, &world->arena, SPACE_SESSION, id, &SMDP_SESSION, &session);
}

static const char MEMBERS[] = ",\"releaseFlag\":true,\"matchingId\":\"SEED\"";

static void set_up(struct world *world, uint64_t seed)
{
    open_world(world, seed);
    assert_int_equal(import_profile(world), TERN_OK);
    assert_int_equal(es2plus(world, TERN_ES2PLUS_DOWNLOAD_ORDER, ""), TERN_OK);
    assert_int_equal(es2plus(world, TERN_ES2PLUS_CONFIRM_ORDER, MEMBERS), TERN_OK);
    assert_int_equal(open_session(world), TERN_OK);
}

/* GetBoundProfilePackage behind its checks; the eUICC's one-time scalar is 0x11 repeated. */
static int get_package(struct world *world, struct tern_bytes *package)
{
    uint8_t scalar[TERN_SCALAR_SIZE];
    uint8_t point[TERN_POINT_SIZE];
    struct {
        struct tern_euicc_signed2 signed2;
        struct tern_bytes package_hash;
        enum tern_curve curve;
    } checked = {.package_hash = TERN_BYTES_TEXT("hash")};
    memset(scalar, 0x11, sizeof scalar);
    assert_int_equal(tern_openssl_point(point, TERN_CURVE_P256, scalar), TERN_OK);
    checked.signed2.euicc_otpk = TERN_BYTES_OF(point);
    world->arena.used = 0;
    struct tern_smdp_call call = {
        .rsp = {.now = NOW, .arena = &world->arena},
          .checked = &checked
    };
    call.rsp.request.function = TERN_ES9PLUS_GET_BOUND_PROFILE_PACKAGE;
    call.rsp.request.transaction_id = TERN_BYTES_OF(world->transaction_id);
    int status = get_package_commit(&world->smdp, &call);
    *package = call.rsp.response.bound_profile_package;
    return status < 0                                  ? status
           : tern_status_ok(&call.rsp.response.status) ? TERN_OK
                                                       : TERN_ERR_DENIED;
}

/* SHA-256 of what follows BF23. */
static void body_hash(struct world *world, uint8_t hash[32])
{
    struct tern_bytes package;
    struct tern_tlv whole;
    struct tern_tlv first;
    assert_int_equal(get_package(world, &package), TERN_OK);
    assert_int_equal(tern_der_single(package, &whole, TERN_DER_STRICT), TERN_OK);
    struct tern_bytes rest = whole.value;
    assert_int_equal(tern_der_next(&rest, &first, TERN_DER_STRICT), 1);
    assert_int_equal(first.tag, 0xBF23);
    assert_int_equal(tern_openssl()->sha256(tern_openssl()->context, hash, &rest, 1), TERN_OK);
}

/* Computed by tests/support/seeded_package.py, which shares nothing with tern. */
static const char EXPECTED[] = "02AAFC104B9AE93D42C03B8017ED49C9979C73AF3EF29009A646ED057FB6E21B";

static void a_seed_decides_every_byte(void **state)
{
    (void)state;
    uint8_t expected[32];
    uint8_t hashes[3][32];
    static const uint64_t SEEDS[] = {42, 42, 43};
    for (size_t i = 0; i < 3; i++) {
        struct world world;
        set_up(&world, SEEDS[i]);
        body_hash(&world, hashes[i]);
        close_world(&world);
    }
    hex(expected, sizeof expected, EXPECTED);
    assert_memory_equal(hashes[0], expected, 32);
    assert_memory_equal(hashes[1], expected, 32);
    assert_memory_not_equal(hashes[2], expected, 32);
}

static enum tern_smdp_state state_of(struct world *world)
{
    struct tern_smdp_view view;
    world->brittle.fail_at = -1;
    world->arena.used = 0;
    assert_int_equal(tern_smdp_next_profile(&world->smdp, &world->arena, TERN_BYTES_NONE, &view),
                     1);
    return view.state;
}

static int step_confirm(struct world *world)
{
    return es2plus(world, TERN_ES2PLUS_CONFIRM_ORDER, MEMBERS);
}

static int step_cancel(struct world *world)
{
    return es2plus(world, TERN_ES2PLUS_CANCEL_ORDER,
                   ",\"finalProfileStatusIndicator\":\"Unavailable\"");
}

static int step_package(struct world *world)
{
    struct tern_bytes package;
    return get_package(world, &package);
}

/* Fail at operation 0, 1, 2 ...: each failure is an error, undone it leaves the state as it was;
 * the first run without a failure changes it. */
static void break_at_every_operation(struct world *world, int (*step)(struct world *),
                                     enum tern_smdp_state before, enum tern_smdp_state after)
{
    int status = TERN_ERR_IO;
    int failures = 0;
    for (int n = 0; status == TERN_ERR_IO; n++) {
        assert_int_equal(state_of(world), before);
        assert_int_equal(sqlite_store_begin(world->sqlite), TERN_OK);
        world->brittle.count = 0;
        world->brittle.fail_at = n;
        status = step(world);
        if (status == TERN_OK) {
            assert_int_equal(sqlite_store_commit(world->sqlite), TERN_OK);
        } else {
            assert_int_equal(status, TERN_ERR_IO);
            sqlite_store_rollback(world->sqlite);
            failures++;
        }
    }
    assert_int_equal(status, TERN_OK);
    assert_true(failures >= 4);
    assert_int_equal(state_of(world), after);
}

static void a_store_that_fails_leaves_the_order_as_it_was(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, 1);
    assert_int_equal(import_profile(&world), TERN_OK);
    assert_int_equal(es2plus(&world, TERN_ES2PLUS_DOWNLOAD_ORDER, ""), TERN_OK);
    break_at_every_operation(&world, step_confirm, TERN_SMDP_STATE_Allocated,
                             TERN_SMDP_STATE_Released);
    assert_int_equal(open_session(&world), TERN_OK);
    break_at_every_operation(&world, step_package, TERN_SMDP_STATE_Released,
                             TERN_SMDP_STATE_Downloaded);
    break_at_every_operation(&world, step_cancel, TERN_SMDP_STATE_Downloaded,
                             TERN_SMDP_STATE_Unavailable);
    close_world(&world);
}

/* An arena of any size gives an error or the package, never something in between. */
static void an_arena_that_is_too_small_is_an_error(void **state)
{
    (void)state;
    struct world world;
    struct tern_bytes package;
    set_up(&world, 5);
    size_t full = world.arena.capacity;
    int status = TERN_ERR_NO_SPACE;
    for (size_t size = 0; size < 40000 && status == TERN_ERR_NO_SPACE; size += 997) {
        assert_int_equal(sqlite_store_begin(world.sqlite), TERN_OK);
        world.arena.capacity = size;
        status = get_package(&world, &package);
        sqlite_store_rollback(world.sqlite);
    }
    assert_int_equal(status, TERN_OK);
    assert_true(package.size > 3000);
    world.arena.capacity = full;
    close_world(&world);
}

static void a_upp_names_its_iccid_and_needs(void **state)
{
    (void)state;
    uint8_t upp[64];
    uint8_t iccid[TERN_ICCID_SIZE];
    uint64_t needs;
    struct tern_bytes bytes = hex(upp, sizeof upp,
                                  "A0 1C 80 01 02 81 01 03 83 0A 89000123456789012341"
                                  "A5 08 8100 8400 9000 9D00 AA 00");
    assert_int_equal(tern_smdp_read_upp(bytes, iccid, &needs), TERN_OK);
    assert_memory_equal(iccid, METADATA + 5, 10);
    /* usim 1, milenage 4, tuak256 7, eaka 30. PEDefinitions, ServicesList */
    assert_true(needs == (1U << 1 | 1U << 4 | 1U << 7 | 1U << 30));
    assert_int_equal(tern_smdp_read_upp(TERN_BYTES_TEXT("\xB0"), iccid, &needs),
                     TERN_ERR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_decides_every_byte),
        cmocka_unit_test(a_store_that_fails_leaves_the_order_as_it_was),
        cmocka_unit_test(an_arena_that_is_too_small_is_an_error),
        cmocka_unit_test(a_upp_names_its_iccid_and_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
